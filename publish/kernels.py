"""Notebooks run in this interpreter's own kernel, untouched by the settings of whoever runs them."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from traitlets import default

from drop import places

logging.getLogger("papermill").setLevel(logging.ERROR)  # names are checked before; it warns of cells it cannot parse
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# A kernel that ends may say on the terminal, by chance, that its own control task still waited: nobody's fault.
QUIET_END = (
    "get_ipython().log.manager.getLogger('asyncio').addFilter(lambda r: 'dispatch_control' not in r.getMessage())"
)


class ThisInterpreter(AsyncKernelManager):
    """Starts the kernel of this interpreter, whatever JUPYTER_PATH or the user's folders call `python3`."""

    @default("kernel_spec_manager")
    def _no_folders(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def run(notebook: NotebookNode, target: Path | None, values: dict[str, Any], folder: Path, *extra: str) -> NotebookNode:
    """Execute a notebook in a folder through papermill and return it; the first error in a cell is raised.

    target: where papermill keeps it while it runs, if anywhere. extra: arguments of the kernel.
    """
    with surroundings():
        return papermill.execute_notebook(
            notebook, target and str(target), parameters=values, cwd=str(folder), progress_bar=False,
            kernel_name=KERNEL["name"], language="python", kernel_manager_class=ThisInterpreter,
            extra_arguments=[
                "--IPKernelApp.log_level=50",  # no lines about its own sockets and signals
                "--IPKernelApp.capture_fd_output=False",  # what is said to the terminal is not put out by a cell
                f"--IPKernelApp.exec_lines={QUIET_END}",
                *extra,
            ],
        )  # fmt: skip


@contextlib.contextmanager
def surroundings() -> Iterator[None]:
    """The environment of kernels: Matplotlib's and IPython's defaults, a folder of their own, absolute data folders.

    OSError where the folder for temporary files cannot be written.
    """
    before = dict(os.environ)
    with _private() as folder:
        places.settle()
        places.shelter(folder)
        os.environ |= {name: str(folder) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
        os.environ["MATPLOTLIBRC"] = str(_matplotlib() / "mpl-data" / "matplotlibrc")
        os.environ.pop("PYTHONSTARTUP", None)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def check() -> None:
    """OSError, before any work, where a kernel could not start for want of room."""
    with _private():
        pass


@contextlib.contextmanager
def _private() -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix="drop-", ignore_cleanup_errors=True)
        Path(made.name, "probe").write_bytes(bytes(2**20))
    except OSError as error:
        hint = "set TMPDIR to a folder with room"
        place = os.environ.get("TMPDIR") or "for temporary files"
        raise OSError(f"the folder {place} cannot be written ({error.strerror}); {hint}") from None
    with made as folder:
        yield Path(folder)


def _matplotlib() -> Path:
    """Where Matplotlib is, without importing it: it would read the user's settings."""
    return Path(importlib.util.find_spec("matplotlib").submodule_search_locations[0])
