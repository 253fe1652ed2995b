"""Here, last: take in what was copied back from the box: python -m rerun.remote.home FOLDER...

FOLDERs are the pieces that box.py left. Records are merged into your store (`drop pack` then puts them into the
repository), query models go beside them, logs and notebooks to build/home.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from drop.experiments import records
from rerun.remote import parcels

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pieces", nargs="+", type=Path)
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "home")
    options = parser.parse_args()
    store = records.Store()
    with tempfile.TemporaryDirectory() as box:
        for piece in options.pieces:
            missing = parcels.accept(piece, Path(box))
        if missing:
            sys.exit(f"error: {', '.join(missing)} did not come back")
        came = Path(box) / "home"
        merged = store.merge(came / "store")
        queries = [path for path in (came / "store" / "queries").glob("*/*.npz")]
        for path in queries:
            target = store.root / path.relative_to(came / "store")
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        shutil.copytree(came / "results", options.results, dirs_exist_ok=True)
    print(f"{merged} records, {len(queries)} files of query models -> {store.root}; the rest -> {options.results}")


if __name__ == "__main__":
    main()
