"""Make fashion-mnist-mini, the data set that ships in the package, from the published Fashion-MNIST.

    python -m rerun.make_mini           # reads the verified originals under $DROP_DATA (downloads them if need be)

The first 500 training and the first 500 test images of each of the 10 classes, in file order: 250 images a class in the
validation half and 250 in the test half. An uncompressed .npz inside .xz (3.6 MiB; deflate takes 4.2).
"""

import argparse
import hashlib
import io
import lzma

import numpy as np

from drop.experiments import datasets
from drop.places import DATA

A_CLASS = 500


def subset(found: datasets.Original) -> bytes:
    """The first A_CLASS images of each class of each split, in file order, as an .npz: the same bytes every time."""
    arrays = {}
    for split, (images, labels) in (("train", found.train), ("test", found.test)):
        kept = np.sort(np.concatenate([np.flatnonzero(labels == k)[:A_CLASS] for k in range(len(found.classes))]))
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = images[kept], labels[kept].astype(np.uint8)
    plain = io.BytesIO()
    np.savez(plain, **arrays)
    return plain.getvalue()


def main() -> None:
    packed = lzma.compress(subset(datasets.original("fashion-mnist")), preset=9 | lzma.PRESET_EXTREME)
    target = DATA / "fashion-mnist-mini.npz.xz"
    target.write_bytes(packed)
    print(f"{target.name}: {len(packed):,} bytes, md5 {hashlib.md5(packed, usedforsecurity=False).hexdigest()}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    main()
