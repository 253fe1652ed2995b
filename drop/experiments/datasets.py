"""Named data sets, and anyone's class folders, as uint8 image tensors with labels, class names and splits.

    data = load("cifar10")                  # from $DROP_DATA, downloaded there once where the network allows
    data = load("folder:~/birds")           # ~/birds/train/<class>/*.png and ~/birds/test/<class>/*.png

A named data set is what its published md5 sums say it is. Every file is hashed at every load, before anything is
unpickled (0.25 s for CIFAR-10), and `digest` is the sha256 of the list that `md5sum` would print: known without the
data, so that records can be read, keyed and compared on a machine that has none.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import lzma
import os
import pickle
import socket
import tempfile
import tomllib
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from drop import places
from drop.experiments import folders
from drop.places import DATA

if TYPE_CHECKING:
    from torch import Tensor

PACKAGED = DATA
FOLDER = "folder:"
FASHION_CLASSES = tuple("T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(","))
Pair = tuple[np.ndarray, np.ndarray]  # images uint8 (N, C, H, W), labels int64 (N,)


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set."""

    images: Tensor  # uint8 (N, C, H, W)
    labels: Tensor  # int64 (N,)


@dataclass(frozen=True, eq=False)
class DataSet:
    """A verified data set; `digest` identifies what was published, whichever validation set or long tail was cut."""

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    digest: str


class Original(NamedTuple):
    """A data set as it was published, before a validation set is carved out of it."""

    classes: tuple[str, ...]
    train: Pair
    test: Pair
    validation: Pair | None = None


@dataclass(frozen=True)
class Source:
    """Where a named data set comes from (see data/sources.toml) and how its files are read."""

    read: Callable[[Path, dict[str, bytes]], Original]  # (data root, content of each file)
    files: dict[str, str]
    archives: dict[str, str]
    folder: str


def data_root() -> Path:
    """The folder of all downloaded data sets: $DROP_DATA, or ~/.cache/drop."""
    return places.named("DROP_DATA") or places.absolute("~/.cache/drop")


def load(name: str, root: str | Path | None = None, validation: str = "test") -> DataSet:
    """Load a data set by name, or `folder:PATH`, and carve its validation set.

    validation="test": the first half of each class of the original test set, in file order; the other half reports, and
    gets the extra image of an odd class (as in the paper). validation="train": the first tenth (rounded down) of each
    class of the training set; the whole test set reports. A folder with val/ and test/ brings its own validation set.
    Raises ValueError (unknown name; altered file; class too small to carve) and FileNotFoundError (no data).
    """
    if validation not in ("test", "train"):
        raise ValueError(f"validation is {validation!r}: it must be 'test' (half of the test set) or 'train' (a tenth)")
    identity = digest(name)
    classes, train, test, held_out = original(name, root)
    if validation == "train":
        held_out, train = _carve(train, 10, classes, "training")
    elif held_out is None:
        held_out, test = _carve(test, 2, classes, "test")
    return DataSet(name, classes, _tensors(train), _tensors(held_out), _tensors(test), identity)


def digest(name: str) -> str:
    """The identity of a data set: a constant of a named one, needing no data; `folder:PATH` is hashed file by file."""
    if name.startswith(FOLDER):
        path = _path_of(name)
        classes, splits = folders.index(path)
        md5s = {
            f"{split}/{classes[label]}/{os.path.relpath(file, path)}": _md5(Path(file).read_bytes())
            for split, samples in splits.items()
            for file, label in samples
        }
    else:
        md5s = _source(name).files
    return hashlib.sha256("".join(f"{md5s[path]}  {path}\n" for path in sorted(md5s)).encode()).hexdigest()


def original(name: str, root: str | Path | None = None) -> Original:
    """The verified arrays of a data set with its published split into train and test; errors as in `load`."""
    if name.startswith(FOLDER):
        classes, splits = folders.index(_path_of(name))
        return Original(classes, **folders.decode(splits))
    source = _source(name)
    home = data_root() if root is None else Path(root).expanduser()
    if not source.archives:
        home = PACKAGED
    return source.read(home, _verified(name, source, home))


def _path_of(name: str) -> Path:
    return Path(name.removeprefix(FOLDER)).expanduser()


def _source(name: str) -> Source:
    if name not in SOURCES:
        near = " or ".join(difflib.get_close_matches(name, NAMES, n=2, cutoff=0.5))
        hint = f"did you mean {near}? " if near else ""
        raise ValueError(f"unknown data set {name!r}: {hint}It must be one of {', '.join(NAMES)}, or folder:PATH")
    return SOURCES[name]


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _carve(pair: Pair, parts: int, classes: tuple[str, ...], split: str) -> tuple[Pair, Pair]:
    """The first 1/parts of each class in file order (rounded down), and the rest, both in file order."""
    images, labels = pair
    sizes = np.bincount(labels, minlength=len(classes))
    if sizes.min() < parts:
        raise ValueError(
            f"class {classes[sizes.argmin()]!r} has {sizes.min()} {split} images: it takes at least "
            f"{parts} to carve a validation set out of them"
        )
    order = np.argsort(labels, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # within its class
    first = place < (sizes // parts)[labels]
    return (images[first], labels[first]), (images[~first], labels[~first])


def _tensors(pair: Pair) -> Split:
    import torch

    images, labels = (torch.from_numpy(np.require(array, requirements=("C", "W"))) for array in pair)
    return Split(images, labels)


def _verified(name: str, source: Source, home: Path) -> dict[str, bytes]:
    """The content of every file of a source, downloaded if one is missing, each equal to its md5."""
    if source.archives and _missing(source, home):
        _download(name, source, home)
    contents = {path: (home / path).read_bytes() for path in source.files}
    for path, content in contents.items():
        if (found := _md5(content)) != source.files[path]:
            raise ValueError(
                f"{name}: {home / path} is truncated or altered: expected md5 {source.files[path]}, found "
                f"{found} ({len(content):,} bytes); delete it to have it replaced"
            )
    return contents


def _missing(source: Source, home: Path) -> list[str]:
    return [path for path in source.files if not (home / path).is_file()]


def _archive(source: Source, home: Path, url: str) -> Path:
    return home / source.folder / Path(url).name


def _damaged(archive: Path, md5: str) -> bool:
    return archive.is_file() and _md5(archive.read_bytes()) != md5


def _download(name: str, source: Source, home: Path) -> None:
    """Fetch and unpack the archives, with torchvision's progress bar; FileNotFoundError says what to do by hand."""
    from torchvision.datasets.utils import download_and_extract_archive, download_url

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(30)  # a firewall that drops packets must not look like a slow download
    reason = "the archives lack it"
    try:
        for url, md5 in source.archives.items():
            fetch = download_url if Path(url).name in source.files else download_and_extract_archive
            fetch(url, home / source.folder, md5=md5)
    except (OSError, RuntimeError, EOFError) as error:
        damaged = [p for url, md5 in source.archives.items() if _damaged(p := _archive(source, home, url), md5)]
        what = f"{damaged[0]} is damaged, cut off or altered: copy it again or delete it" if damaged else error
        reason = f"downloading it failed ({what})"
    finally:
        socket.setdefaulttimeout(timeout)
    if missing := _missing(source, home):
        lines = [f"  {path}  (md5 {source.files[path]})" for path in missing]
        lines += ["or their archives, to be unpacked by the next load:"]
        lines += [
            f"  {Path(source.folder, Path(url).name)}  (md5 {md5}, {url})" for url, md5 in source.archives.items()
        ]
        raise FileNotFoundError(
            f"{name} is not complete under {home}, and {reason}. Set DROP_DATA to the folder that "
            "holds these files, or put them there:\n" + "\n".join(lines)
        )


def _read_mini(home: Path, contents: dict[str, bytes]) -> Original:
    (content,) = contents.values()
    with np.load(io.BytesIO(lzma.decompress(content))) as arrays:
        return Original(
            FASHION_CLASSES,
            *((arrays[f"{split}_images"], arrays[f"{split}_labels"].astype(np.int64)) for split in ("train", "test")),
        )


def _read_fashion(home: Path, contents: dict[str, bytes]) -> Original:
    arrays = []
    for split in ("train", "t10k"):
        images, labels = (
            np.frombuffer(contents[f"FashionMNIST/raw/{split}-{kind}-ubyte"], np.uint8, offset=offset)
            for kind, offset in (("images-idx3", 16), ("labels-idx1", 8))
        )
        arrays.append((images.reshape(-1, 1, 28, 28), labels.astype(np.int64)))
    return Original(FASHION_CLASSES, *arrays)


def _read_long_tail(read: Callable[..., Original], home: Path, contents: dict[str, bytes]) -> Original:
    """A data set with fewer and fewer training images from class to class: N_k · 10^(-k/(K-1)) (Cui et al. 2019)."""
    classes, (images, labels), test, _ = read(home, contents)
    sizes = np.bincount(labels) * 0.1 ** np.linspace(0, 1, len(classes))
    kept = np.concatenate([np.flatnonzero(labels == k)[: round(n)] for k, n in enumerate(sizes)])
    return Original(classes, (images[kept], labels[kept]), test)


def _read_cifar(home: Path, contents: dict[str, bytes]) -> Original:
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


def _read_tiny_imagenet(home: Path, contents: dict[str, bytes]) -> Original:
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


_READERS = {
    "fashion-mnist-mini": _read_mini,
    "fashion-mnist": _read_fashion,
    "cifar10": _read_cifar,
    "cifar100": _read_cifar,
    "tiny-imagenet": _read_tiny_imagenet,
}
SOURCES = {
    name: Source(_READERS[name], entry["files"], entry.get("archives", {}), entry.get("folder", "."))
    for name, entry in tomllib.loads((PACKAGED / "sources.toml").read_text()).items()
}
SOURCES |= {
    f"{name}-long-tail": replace(SOURCES[name], read=partial(_read_long_tail, SOURCES[name].read))
    for name in ("fashion-mnist-mini", "fashion-mnist")
}
NAMES = tuple(SOURCES)
