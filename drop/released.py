"""Released scores and kept sets, for everyone who wants only those: files of the repository, no torch, no images.

    given = load("fashion-mnist", "laptop")
    given.scores["el2n"]                     (N,), high = keep, in the order of the data set
    given.kept("random+drop", 0.3)           sorted indices of the samples that this pruner keeps

`drop/chapters/release.py` writes the files. Each is hashed before anything in it is read.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from drop.places import MEASURED

FOLDER = MEASURED / "released"


class Released(NamedTuple):
    """What was released of one benchmark, scale and seed.

    scores: (N,) each, high = keep; float32, or float64 where rounding would change a kept set
    recalls: float64 (K,), DRoP's
    arrays: all that the file holds: also labels (N,), classes (K,), and from the full query `predicted` (N,), its
    answers, and `epochs_right` (N,), in how many epochs it was right
    about: the entry in the manifest: digest of the data, query models, their times, share of ties, provenance
    """

    scores: dict[str, np.ndarray]
    recalls: np.ndarray
    arrays: dict[str, np.ndarray]
    about: dict[str, Any]

    def kept(self, pruner: str, density: float) -> np.ndarray:
        """Sorted int64 indices (n,) that a pruner keeps at a density; ValueError for a set that was not released.

        >>> load("fashion-mnist", "laptop").kept("random+drop", 0.1).shape
        (6000,)
        """
        if (name := f"kept/{pruner}/{density:g}") not in self.arrays:
            raise ValueError(f"{name} was not released; there are {', '.join(n for n in self.arrays if 'kept/' in n)}")
        return np.flatnonzero(np.unpackbits(self.arrays[name], count=len(self.arrays["labels"])))


def load(name: str, scale: str, seed: int = 0, folder: Path = FOLDER) -> Released:
    """Read what was released; ValueError for what was not, and for a file that differs from its checksum.

    >>> given = load("fashion-mnist", "laptop")
    >>> given.scores["el2n"].shape, len(given.recalls)
    ((60000,), 10)
    """
    file, manifest = f"{name}-{scale}-seed{seed}.npz", json.loads((folder / "manifest.json").read_bytes())
    if file not in manifest:
        raise ValueError(f"{file} was not released; there are {', '.join(manifest)}")
    content = (folder / file).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest[file]["sha256"]:
        raise ValueError(f"{file} is altered: its sha256 is not {manifest[file]['sha256']}; check it out again")
    arrays = dict(np.load(io.BytesIO(content)))
    return Released({n[7:]: a for n, a in arrays.items() if "scores/" in n}, arrays["recalls"], arrays, manifest[file])
