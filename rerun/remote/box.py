"""There, on the box, in the repository's root: python -m rerun.remote.box [PIECE] [--minutes 8 --home FOLDER]

Takes a piece of send.py in. With --minutes, and once all pieces are there, it checks a GPU for at most 90
seconds (check.py), works through cells.txt from its top until the time is over, and packs what was measured
into FOLDER, in pieces that may be copied back. Run it again and it goes on where it stopped: finished runs have their
records, finished notebooks and scripts are marked. Needs Python 3.11 or newer with the package's dependencies.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from rerun.remote import parcels

ROOT = Path(__file__).resolve().parents[2]
RESERVE = 25  # seconds for the way home: stopping, packing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("piece", nargs="*", type=Path, help="folders that send.py made")
    parser.add_argument("--box", type=Path, default=Path("~/drop-box").expanduser(), help="where everything is kept")
    parser.add_argument("--minutes", type=float, help="measure for so long, packing included")
    parser.add_argument("--home", type=Path, help="where to leave what is to be copied back")
    parser.add_argument("--cells", type=Path, default=Path(__file__).with_name("cells.txt"))
    parser.add_argument("--device", default="cuda", help="what is checked first; cpu for a rehearsal")
    parser.add_argument("--back", type=float, default=15, help="MiB a file on the way back")
    parser.add_argument("--files", type=int, default=8, help="how many files may come back")
    options = parser.parse_args()
    options.box, options.home = options.box.absolute(), options.home and options.home.absolute()
    begun = time.monotonic()
    for piece in options.piece:
        parcels.accept(piece.resolve(), options.box)
    if missing := parcels.missing(options.box):
        print(f"still to come: {', '.join(missing)}")
    if options.minutes is None:
        return 0
    if missing or options.home is None:
        sys.exit("error: measuring needs all pieces, and --home to leave its results in")
    worker = Worker(options.box, begun + 60 * options.minutes - RESERVE)
    fit = worker.prepare(options.device)
    if fit:
        worker.work(options.cells.read_text(encoding="utf-8").splitlines())
    subprocess.run(
        [sys.executable, "-m", "rerun.remote.shelf", options.box, options.home, str(options.back), str(options.files)],
        env=worker.environment, cwd=ROOT, check=True,
    )  # fmt: skip
    return 0 if fit else 1


class Worker:
    """Runs commands one after another until a deadline, with a log beside what they leave."""

    def __init__(self, box: Path, deadline: float):
        self.box, self.deadline, self.results = box, deadline, box / "results"
        (box / "done").mkdir(parents=True, exist_ok=True)
        self.results.mkdir(exist_ok=True)
        paths = [str(ROOT), str(box / "site"), os.environ.get("PYTHONPATH", "")]
        stores = {"DROP_RECORDS": str(box / "store"), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        if (box / "data").is_dir():
            stores["DROP_DATA"] = str(box / "data")
        self.environment = {**os.environ, **stores, "MPLBACKEND": "agg", "PYTHONUNBUFFERED": "1"}

    def prepare(self, device: str) -> bool:
        """Install the wheels and check the device, each once; False where the check fails."""
        wheels = sorted((self.box / "wheels").glob("*.whl"))
        install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--upgrade", "--target"]
        if wheels:
            self.once([sys.executable, *install, str(self.box / "site"), *map(str, wheels)])
        limit = float("inf") if device == "cpu" else 90  # a rehearsal costs nobody's GPU
        return self.once([sys.executable, "-m", "rerun.remote.check", "--device", device], limit)

    def work(self, lines: list[str]) -> None:
        """The cells of a list in their order; one that fails is logged, and the next one begins."""
        for line in lines:
            words = shlex.split(line, comments=True)
            if words and time.monotonic() < self.deadline:
                self.log(line)
                self.cell(words)

    def cell(self, words: list[str]) -> None:
        kind, rest = words[0], words[1:]
        if kind == "run":  # its records say what is done
            left = (self.deadline - time.monotonic()) / 60
            self.call([sys.executable, "-m", "drop", "run", *rest, "--minutes", f"{left:.2f}"])
        elif kind == "python":
            self.once([sys.executable, *(word.replace("RESULTS", str(self.results)) for word in rest)])
        elif kind == "notebook":
            source, made = self.results / f"{rest[0]}-source.ipynb", self.results / f"{rest[0]}.ipynb"
            self.once([sys.executable, "-m", "jupytext", "--to", "ipynb", "-o", str(source), f"notebooks/{rest[0]}.py"])
            papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "--cwd", "book"]
            self.once([*papermill, str(source), str(made), *rest[1:]])
        else:
            self.log(f"no cell begins with {kind!r}, but with run, python or notebook")

    def once(self, command: list[str], limit: float = float("inf")) -> bool:
        """Run a command unless it has succeeded before, and say whether it has."""
        mark = self.box / "done" / hashlib.sha256(repr(command).encode()).hexdigest()[:16]
        if not mark.exists() and self.call(command, limit) == 0:
            mark.touch()
        return mark.exists()

    def call(self, command: list[str], limit: float = float("inf")) -> int:
        """Run a command to its end or to the deadline, when it is interrupted as by Ctrl-C; its exit code."""
        end = min(self.deadline, time.monotonic() + limit)
        with open(self.results / "log.txt", "ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
            try:
                code = process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGINT)
                try:
                    code = process.wait(10)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    code = process.wait()
        if code:
            tail = (self.results / "log.txt").read_text(encoding="utf-8", errors="replace")[-1500:]
            print(f"exit code {code}: {shlex.join(map(str, command))[:300]}\n{tail}", flush=True)
        return code

    def log(self, text: str) -> None:
        left = self.deadline - time.monotonic()
        with open(self.results / "log.txt", "a", encoding="utf-8") as log:
            print(f"[{left:.0f} s left] {text}", file=log)
        print(f"[{left:.0f} s left] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
