"""Execute one job of a batch: python -m rerun.job JOB (run by the Snakefile, here or on a cluster's node).

The executed notebook is kept beside the records, also when it fails, and says on top what happened. An earlier one of
the same job is kept under its date. A job ends with the process that started it, so nothing goes on unseen.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import re
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
import psutil
from nbclient.exceptions import DeadKernelError

from drop.experiments import records
from publish import kernels, pages
from rerun import jobs
from rerun.batch import gpus_here

try:
    import fcntl
except ImportError:  # Windows: jobs do not wait for each other there, at worst a run is measured twice
    fcntl = None


def main(name: str) -> int:
    """Execute a prepared job; 0 and a stamp if everything it should give is there, 1 and one line if not."""
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    spec, target = jobs.spec(name), jobs.home() / f"{name}.ipynb"
    _keep_earlier(target)
    with contextlib.ExitStack() as held:
        for group in spec["groups"]:  # two jobs that share runs go one after the other: the second finds records
            held.enter_context(locked(jobs.home() / "locks" / group))
        if spec["gpu"]:
            held.enter_context(one_gpu())
        begun = time.time()
        problem = attempt(spec, target)
        tell(target, spec, begun, problem)
    if problem:
        print(f"failed: {name}: {problem.splitlines()[-1]} (see {target})", flush=True)
        return 1
    part = target.with_suffix(f".{os.getpid()}.tmp")
    part.write_text(f"{begun:.0f} {time.time() - begun:.1f}\n", encoding="utf-8")
    os.replace(part, jobs.stamp(name))
    print(f"done: {name} in {time.time() - begun:.0f} s", flush=True)
    return 0


def attempt(spec: dict[str, Any], target: Path) -> str:
    """Run the notebook into `target` and return "", or what went wrong with the cause in the last line."""
    source = Path(spec["source"])
    notebook = jupytext.read(source)
    notebook.metadata = nbformat.NotebookNode(kernelspec=dict(kernels.KERNEL), language_info={"name": "python"})
    folder = pages.PAGES if source.parent == pages.SOURCES else source.parent
    extra = [f"--IPKernelApp.exec_files={spec['register']}"] if spec["register"] else []
    try:
        kernels.run(notebook, target, spec["values"], folder, *extra)
    except papermill.PapermillExecutionError as error:
        return f"{_plain(error.traceback)}\n{error.ename}: {(error.evalue.splitlines() or [''])[0]}"
    except DeadKernelError:
        advice = "where memory ran out, ask for fewer jobs or workers at a time"
        return f"DeadKernelError: the notebook's process ended by itself or was killed; {advice}"
    except Exception as error:  # a kernel that never started, a full disk
        return f"{type(error).__name__}: {str(error).strip() or 'no reason given'}"
    missing = records.Store().missing(spec["keys"])
    return f"executed, but {len(missing)} of {len(spec['keys'])} runs have no record" if missing else ""


def _plain(traceback: list[str]) -> str:
    """A traceback without the terminal's colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))


def tell(target: Path, spec: dict[str, Any], begun: float, problem: str) -> None:
    """Write on top of the executed notebook how it was made, and the traceback where it failed."""
    source = Path(spec["source"])
    try:
        notebook = nbformat.read(target, as_version=4)
    except (OSError, ValueError):  # nothing was executed, or the machine stopped while it was written
        notebook = jupytext.read(source)
    seconds = time.time() - begun
    start = datetime.datetime.fromtimestamp(begun, datetime.UTC).isoformat(timespec="seconds")
    lines = [f"# {'Failed' if problem else 'Done'}: {source.name}"]
    lines += [f"*How this notebook was made.* Begun {start}, {seconds:.0f} s, on {platform.node()}, with:", ""]
    lines += [f"- `{name} = {value!r}`" for name, value in spec["values"].items()]
    lines += ["", "```text", problem, "```"] if problem else []
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("\n".join(lines)))
    reason = problem.splitlines()[-1] if problem else ""
    notebook.metadata["batch"] = {"failed": reason, "begun": begun, "seconds": seconds}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    part = target.with_suffix(f".{os.getpid()}.tmp")
    with warnings.catch_warnings(action="ignore"):  # cells without names
        nbformat.write(notebook, part)
    os.replace(part, target)


def _keep_earlier(target: Path) -> None:
    if target.exists():
        made = datetime.datetime.fromtimestamp(target.stat().st_mtime, datetime.UTC).strftime("%Y-%m-%dT%H%M%S")
        os.replace(target, target.with_suffix(f".{made}.ipynb"))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, which the system takes back from a killed process; go on without where there are no locks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        with contextlib.suppress(OSError):  # a shared folder without locks: at worst a run is measured twice
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def one_gpu() -> Iterator[None]:
    """Take one GPU of this machine that no other job here has, if there is any."""
    gpus = gpus_here()
    while gpus:
        for gpu in gpus:
            lock = Path(tempfile.gettempdir(), f"drop-gpu-{_user()}-{gpu.replace('/', '_')}")
            with lock.open("w", encoding="utf-8") as file:
                try:
                    if fcntl:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                os.environ["CUDA_VISIBLE_DEVICES"] = gpu
                yield
                return
        time.sleep(1)
    yield


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _follow(parent: int) -> None:
    """End with the process that started this one, and take the kernel and its workers along."""
    while os.getppid() == parent:
        time.sleep(0.5)
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()
    os._exit(1)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    sys.exit(main(sys.argv[1]))
