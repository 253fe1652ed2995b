"""There, at the end of rerun/remote/box.py: pack what was measured, python -m rerun.remote.shelf BOX HOME MIB FILES

Records, logs and notebooks come first, then query models as long as there is room, without their weights: five VGG-16
weigh 300 MB, what scores are computed from a few. What has no room is named, and is trained again where it is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from rerun.remote import parcels


def main(box: str, home: str, mib: str, files: str) -> None:
    """A piece is two files, its part and the list of parts."""
    limit, pieces = int(float(mib) * parcels.MIB), max(1, int(files) // 2)
    going, left = choose(Path(box), int(0.97 * limit * pieces))
    for folder in parcels.deal({"home": parcels.bundle(going, Path(box) / "home.tar")}, Path(home), limit):
        print(f"to be copied home: {folder}")
    for name in left:
        print(f"no room for {name}")


def choose(box: Path, room: int) -> tuple[dict[str, Path], list[str]]:
    """The files that go home, by name, and the names of those for which there is no room."""
    small = [*(box / "store").glob("*/*/*.json"), *(box / "results").glob("*")]
    going = {str(path.relative_to(box)): path for path in small}
    room -= sum(path.stat().st_size for path in small)
    left = []
    for path in sorted((box / "store" / "queries").glob("*/*.npz"), key=lambda path: path.stat().st_mtime):
        name = str(path.relative_to(box))
        light = slim(path, box / "slim" / path.relative_to(box / "store"))
        if light.stat().st_size > room:
            left.append(name)
            continue
        going[name] = light
        room -= light.stat().st_size
    return going, left


def slim(path: Path, target: Path) -> Path:
    """A query model without its weights, packed; done once."""
    if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        with np.load(path) as arrays:
            np.savez_compressed(target, **{n: arrays[n] for n in arrays.files if not n.startswith("weight:")})
    return target


if __name__ == "__main__":
    main(*sys.argv[1:])
