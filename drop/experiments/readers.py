"""How the files of the named data sets are read: the data root and the verified content of each file in, arrays out."""

from __future__ import annotations

import io
import lzma
import os
import pickle
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from drop.experiments import folders
from drop.experiments.originals import Original

FASHION_CLASSES = tuple("T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(","))


def mini(home: Path, contents: dict[str, bytes]) -> Original:
    (content,) = contents.values()
    with np.load(io.BytesIO(lzma.decompress(content))) as arrays:
        return Original(
            FASHION_CLASSES,
            *((arrays[f"{split}_images"], arrays[f"{split}_labels"].astype(np.int64)) for split in ("train", "test")),
        )


def fashion(home: Path, contents: dict[str, bytes]) -> Original:
    arrays = []
    for split in ("train", "t10k"):
        images, labels = (
            np.frombuffer(contents[f"FashionMNIST/raw/{split}-{kind}-ubyte"], np.uint8, offset=offset)
            for kind, offset in (("images-idx3", 16), ("labels-idx1", 8))
        )
        arrays.append((images.reshape(-1, 1, 28, 28), labels.astype(np.int64)))
    return Original(FASHION_CLASSES, *arrays)


def cifar(home: Path, contents: dict[str, bytes]) -> Original:
    """CIFAR-10's five training batches, test batch and meta, or CIFAR-100's train, test and meta (fine labels)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy 2.4 frowns on how the arrays of 2009 were pickled
        *train, test, meta = (pickle.loads(content, encoding="latin1") for content in contents.values())
    names, labels = ("fine_label_names", "fine_labels") if "fine_labels" in test else ("label_names", "labels")
    return Original(
        tuple(meta[names]),
        *(
            (
                np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32),
                np.concatenate([batch[labels] for batch in batches]),
            )
            for batches in (train, [test])
        ),
    )


def tiny_imagenet(home: Path, contents: dict[str, bytes]) -> Original:
    """The class folders of the archive, unpacked once; each file is compared with the archive's checksum of it."""
    (content,) = contents.values()
    tree = home / "tiny-imagenet-200"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if not tree.is_dir():
            with tempfile.TemporaryDirectory(dir=home) as partial:  # renamed when complete: no half-unpacked tree
                archive.extractall(partial)
                os.replace(Path(partial, tree.name), tree)
        expected = {
            str(home / file.filename): file.CRC
            for file in archive.infolist()
            if not file.is_dir() and "/test/" not in file.filename
        }  # test/ has no labels
        words = dict(line.split("\t") for line in archive.read(f"{tree.name}/words.txt").decode().splitlines())
    altered = [
        file for file, crc in expected.items() if not Path(file).is_file() or zlib.crc32(Path(file).read_bytes()) != crc
    ]
    classes, splits = ((), {}) if altered else folders.index(tree)
    altered += [file for samples in splits.values() for file, _ in samples if file not in expected]
    if altered:
        raise ValueError(f"tiny-imagenet: {altered[0]} is not as in {tree.name}.zip; delete {tree} to unpack it again")
    return Original(tuple(words[wnid].split(",")[0] for wnid in classes), **folders.decode(splits))
