"""Here, first: cut what a remote box needs into pieces: python -m rerun.remote.send --data cifar10 --limit 48

For a machine with a GPU that is reached by copying files alone: no network, a limit on the size of a copy, and nothing
that stays when it is given back. The repository travels as it is; this packs what git does not hold:

    data      the files of named data sets, from your data root
    wheels    what notebooks need there (papermill, jupytext, ipykernel), downloaded with pip for the box's Python
    store     records and query models of the listed benchmarks that are not in the repository yet

Then, for every piece: copy the repository and the piece, and run the command that is printed. The last one measures
(box.py) and leaves records, query models, executed notebooks and a log to be copied home (home.py).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from drop.experiments import datasets, records
from rerun.remote import parcels

ROOT = Path(__file__).resolve().parents[2]

FOR_NOTEBOOKS = ("papermill", "jupytext", "ipykernel")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=[], help="names of data sets")
    parser.add_argument(
        "--cells", type=Path, default=Path(__file__).with_name("cells.txt"), help="what is to be measured"
    )
    parser.add_argument("--limit", type=float, default=48, help="MiB a piece: what a copy may hold less the repository")
    parser.add_argument("--python", default="", help="the box's Python, such as 3.12, to download wheels for")
    parser.add_argument("--wheels", nargs="*", default=FOR_NOTEBOOKS, help="packages, with all that they need")
    parser.add_argument("--minutes", type=float, default=8, help="how long to measure")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "kit")
    options = parser.parse_args()
    bundles = {}
    if options.python:
        wheels = download(options.wheels, options.python, options.out / "wheels")
        bundles["wheels"] = parcels.bundle({path.name: path for path in wheels}, options.out / "wheels.tar")
    if store := travelling(options.cells.read_text(encoding="utf-8"), records.Store().root):
        bundles["store"] = parcels.bundle(store, options.out / "store.tar")
    if options.data:
        bundles["data"] = parcels.bundle(data_files(options.data), options.out / "data.tar.xz", row=32)
    pieces = parcels.deal(bundles, options.out / "pieces", int(options.limit * parcels.MIB))
    for piece in pieces:
        name = piece.relative_to(ROOT) if piece.is_relative_to(ROOT) else piece
        size = sum(file.stat().st_size for file in piece.iterdir()) / parcels.MIB
        last = f" --minutes {options.minutes:g} --home HOME" if piece == pieces[-1] else ""
        print(f"{size:5.1f} MiB   python -m rerun.remote.box {name}{last}")
    if not pieces:
        print(f"nothing to carry   python -m rerun.remote.box --minutes {options.minutes:g} --home HOME")


def data_files(names: list[str]) -> dict[str, Path]:
    """The files of data sets by their place under the data root; ValueError for an unknown name or a missing file."""
    files = {}
    for name in names:
        if name not in datasets.SOURCES:
            raise ValueError(f"unknown data set {name!r}; there are {', '.join(datasets.NAMES)}")
        files |= {path: datasets.data_root() / path for path in datasets.SOURCES[name].files}
    if missing := [path for path in files.values() if not path.is_file()]:
        raise ValueError(f"{missing[0]} is not there; load the data set once, so that it is downloaded")
    return files


def travelling(cells: str, store: Path) -> dict[str, Path]:
    """Records and query models of the benchmarks in a list of cells, by their place in the store.

    A query model that came home without its weights cannot give GraNd: it stays here where that is asked for.
    """
    runs = [line.split() for line in cells.splitlines() if line.startswith("run ")]
    files: dict[str, Path] = {}
    for place in sorted({f"{words[1]}-{words[2]}" for words in runs}):
        found = [*(store / place).glob("*/*.json"), *(store / "queries" / place).glob("*.npz")]
        if "grand" in cells:
            found = [path for path in found if not lacks_grand(path)]
        files |= {str(path.relative_to(store)): path for path in found}
    return files


def lacks_grand(path: Path) -> bool:
    """Whether a file is a short query model with neither weights nor GraNd."""
    import numpy as np

    if path.suffix != ".npz" or path.with_suffix(".grand.npz").exists():
        return False
    names = np.load(path).files
    return "el2n" in names and not any(name.startswith("weight:") for name in names)


def download(packages: list[str], python: str, folder: Path) -> list[Path]:
    """Wheels of some packages and of all that they need, for x86-64 Linux and a version of Python; once."""
    if not list(folder.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest", str(folder)]
        command += ["--implementation", "cp", "--python-version", python]
        for platform in PLATFORMS:
            command += ["--platform", platform]
        subprocess.run([*command, *packages], check=True)
    return sorted(folder.glob("*.whl"))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
