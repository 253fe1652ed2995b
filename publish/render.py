"""Render the book: a clean build with every warning an error, quiet unless something is wrong.

python -m publish.render            -> _build/html/index.html
python -m publish.render FOLDER     -> FOLDER/_build/html/index.html
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def render(folder: Path = ROOT, source: Path = ROOT) -> Path:
    """Build the book in `source` into `folder`/_build and return the path of the start page.

    What was there is removed first: a second build over the first would not repeat its warnings. RuntimeError with the
    builder's last words if it fails.
    """
    shutil.rmtree(folder / "_build", ignore_errors=True)
    program = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]  # its script names one place
    command = [*program, "build", str(source), "--path-output", str(folder), "-W", "--keep-going", "--quiet"]
    known = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))  # publish.extension
    environment = {**os.environ, "PYTHONPATH": known}
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
    start = folder / "_build" / "html" / "index.html"
    if done.returncode or not start.exists():
        raise RuntimeError(f"the book does not build:\n{(done.stdout + done.stderr)[-6000:]}")
    return start


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Render the book; a warning is an error.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="for its _build, made if need be")
    folder, begun = parser.parse_args(arguments).folder.resolve(), time.perf_counter()
    try:
        start = render(folder)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        return 1
    pages = len(list((start.parent / "book").glob("*.html")))
    print(f"  {pages} pages in {time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
