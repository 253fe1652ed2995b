"""Named data sets, and anyone's class folders, as uint8 image tensors with labels, class names and splits.

    data = load("cifar10")                  # from $DROP_DATA, downloaded there once where the network allows
    data = load("folder:~/birds")           # birds/train/<class>/*.png, birds/test/<class>/*.png

A named data set is what its published md5 sums say it is. Every file is hashed at every load (0.3 s for CIFAR-10), before
anything is unpacked, and `digest` is the sha256 of the list that `md5sum` would print: known without the data, so that
records can be read, keyed and compared on a machine that has none.
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
import warnings
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

PACKAGED = Path(__file__).parent / "data"
FOLDER = "folder:"
Pair = tuple[np.ndarray, np.ndarray]  # images uint8 (N, C, H, W), labels int64 (N,)
Sample = tuple[str, int]  # image file, label


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set; `groups` is for data with annotated subgroups (no data set here has them yet)."""

    images: Tensor  # uint8 (N, C, H, W)
    labels: Tensor  # int64 (N,)
    groups: Tensor | None = None  # int64 (N,)


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set whose files were verified; `digest` identifies its content, not its split into validation and test."""

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
    """Where a named data set comes from and how its files are read."""

    files: dict[str, str]  # path under the data root: md5 of its content
    read: Callable[[Path, dict[str, bytes]], Original]  # (data root, content of each file)
    archives: dict[str, str]  # URL: md5, both as published
    folder: str = "."  # where, under the data root, the archives are stored and unpacked


def data_root() -> Path:
    """The folder of all downloaded data sets: $DROP_DATA, or ~/.cache/drop."""
    return Path(os.environ.get("DROP_DATA") or "~/.cache/drop").expanduser()


def load(name: str, root: str | Path | None = None, validation: str = "test") -> DataSet:
    """Load a data set by name, or `folder:PATH`, and carve its validation set.

    validation="test": the first half of each class of the original test set, in file order; the other half reports, and
    gets the extra image of an odd class (paper, section 5). validation="train": the first tenth of each class of the
    training set; the whole test set reports. A folder that has val/ and test/ brings its own validation set.
    Raises ValueError (unknown name; altered file; class too small to carve) and FileNotFoundError (no data).
    """
    if validation not in ("test", "train"):
        raise ValueError(f"validation is {validation!r}: it must be 'test' (half of the test set) or 'train' (a tenth)")
    identity = digest(name)
    found = original(name, root)
    train, test, held_out = found.train, found.test, found.validation
    if validation == "train":
        held_out, train = _carve(train, 10, found.classes, "training")
    elif held_out is None:
        held_out, test = _carve(test, 2, found.classes, "test")
    return DataSet(name, found.classes, _tensors(train), _tensors(held_out), _tensors(test), identity)


def digest(name: str) -> str:
    """The identity of a data set: a constant of a named one, needing no data; `folder:PATH` is hashed file by file."""
    if not name.startswith(FOLDER):
        return _sha256_of_listing(_source(name).files)
    classes, splits = _index(_folder_path(name))
    return _sha256_of_listing({
        f"{split}/{classes[label]}/{Path(file).name}": _md5(Path(file).read_bytes())
        for split, samples in splits.items() for file, label in samples
    })


def original(name: str, root: str | Path | None = None) -> Original:
    """The verified arrays of a data set with its published split into train and test; errors as in `load`."""
    if name.startswith(FOLDER):
        return _decode(*_index(_folder_path(name)))
    source = _source(name)
    home = Path(root).expanduser() if root is not None else data_root()
    home = home if source.archives else PACKAGED
    return source.read(home, _verified(name, source, home))


def _source(name: str) -> Source:
    if name not in SOURCES:
        near = " or ".join(difflib.get_close_matches(name, NAMES, n=2, cutoff=0.5))
        hint = f"did you mean {near}? " if near else ""
        raise ValueError(f"unknown data set {name!r}: {hint}It must be one of {', '.join(NAMES)}, or folder:PATH")
    return SOURCES[name]


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _sha256_of_listing(md5s: dict[str, str]) -> str:
    return hashlib.sha256("".join(f"{md5s[path]}  {path}\n" for path in sorted(md5s)).encode()).hexdigest()


def _carve(pair: Pair, parts: int, classes: tuple[str, ...], split: str) -> tuple[Pair, Pair]:
    """The first 1/parts of each class in file order (rounded down), and the rest, both in file order."""
    images, labels = pair
    sizes = np.bincount(labels, minlength=len(classes))
    if sizes.min() < parts:
        smallest = int(sizes.argmin())
        raise ValueError(f"class {classes[smallest]!r} has {sizes[smallest]} {split} images: carving a validation set "
                         f"from them takes at least {parts}")
    order = np.argsort(labels, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # place within its class
    first = rank < (sizes // parts)[labels]
    return (images[first], labels[first]), (images[~first], labels[~first])


def _tensors(pair: Pair) -> Split:
    import torch

    images, labels = (np.require(array, requirements=("C", "W")) for array in pair)
    return Split(torch.from_numpy(images), torch.from_numpy(labels))


# --- named data sets: files, verified


def _verified(name: str, source: Source, home: Path) -> dict[str, bytes]:
    """The content of every file of a source, downloaded if one is missing, each equal to its md5."""
    if source.archives and _missing(source, home):
        _download(name, source, home)
    contents = {}
    for path, expected in source.files.items():
        contents[path] = (home / path).read_bytes()
        if (found := _md5(contents[path])) != expected:
            raise ValueError(f"{name}: {home / path} is truncated or altered: expected md5 {expected}, found {found} "
                             f"({len(contents[path]):,} bytes); delete it to have it replaced")
    return contents


def _missing(source: Source, home: Path) -> list[str]:
    return [path for path in source.files if not (home / path).is_file()]


def _download(name: str, source: Source, home: Path) -> None:
    """Fetch and unpack the archives, with torchvision's progress bar; FileNotFoundError says what to do by hand."""
    from torchvision.datasets.utils import download_and_extract_archive, download_url

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(30)  # a firewall that drops packets must not look like a slow download
    try:
        for url, md5 in source.archives.items():
            fetch = download_url if Path(url).name in source.files else download_and_extract_archive
            fetch(url, home / source.folder, md5=md5)
        reason = "the archives lack them"
    except (OSError, RuntimeError, EOFError) as error:
        reason = f"the download failed: {error}"
    finally:
        socket.setdefaulttimeout(timeout)
    if missing := _missing(source, home):
        raise FileNotFoundError(
            f"{name} is not under {home}, and {reason}. Set DROP_DATA to the folder that holds it, or put there\n"
            + "".join(f"  {path}  (md5 {source.files[path]})\n" for path in missing)
            + "or the archives that they come from\n"
            + "".join(f"  {Path(source.folder, Path(url).name)}  (md5 {md5}, from {url})\n"
                      for url, md5 in source.archives.items()))


def _read_mini(home: Path, contents: dict[str, bytes]) -> Original:
    (content,) = contents.values()
    with np.load(io.BytesIO(lzma.decompress(content))) as arrays:
        return Original(FASHION_CLASSES, *((arrays[f"{split}_images"], arrays[f"{split}_labels"].astype(np.int64))
                                           for split in ("train", "test")))


def _read_fashion(home: Path, contents: dict[str, bytes]) -> Original:
    arrays = []
    for split in ("train", "t10k"):
        images, labels = (np.frombuffer(contents[f"FashionMNIST/raw/{split}-{kind}-ubyte"], np.uint8, offset=offset)
                          for kind, offset in (("images-idx3", 16), ("labels-idx1", 8)))
        arrays.append((images.reshape(-1, 1, 28, 28), labels.astype(np.int64)))
    return Original(FASHION_CLASSES, *arrays)


def _read_cifar(home: Path, contents: dict[str, bytes]) -> Original:
    """CIFAR-10's six batches and meta, or CIFAR-100's train, test and meta (fine labels)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy 2.4 frowns on how the arrays of 2009 were pickled
        found = {Path(path).name: pickle.loads(raw, encoding="latin1") for path, raw in contents.items()}
    meta = found.pop("batches.meta" if "batches.meta" in found else "meta")
    test = found.pop("test_batch" if "test_batch" in found else "test")
    arrays = []
    for batches in (list(found.values()), [test]):
        labels = np.concatenate([batch.get("labels") or batch["fine_labels"] for batch in batches])
        arrays.append((np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32), labels))
    return Original(tuple(meta.get("fine_label_names") or meta["label_names"]), *arrays)


def _read_tiny_imagenet(home: Path, contents: dict[str, bytes]) -> Original:
    """The class folders of the archive, unpacked once; every image is compared with the archive's checksum of it."""
    (content,) = contents.values()
    tree = home / "tiny-imagenet-200"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if not tree.is_dir():
            with tempfile.TemporaryDirectory(dir=home) as partial:  # renamed when complete: no half-unpacked tree
                archive.extractall(partial)
                os.replace(Path(partial, tree.name), tree)
        expected = {str(home / member.filename): member.CRC for member in archive.infolist()
                    if member.filename.endswith(".JPEG") and "/test/" not in member.filename}  # test has no labels
        words = dict(line.split("\t") for line in archive.read(f"{tree.name}/words.txt").decode().splitlines())
    classes, splits = _index(tree)
    files = {file for samples in splits.values() for file, _ in samples}
    for file in sorted(files | expected.keys()):
        if file not in files or zlib.crc32(Path(file).read_bytes()) != expected.get(file):
            raise ValueError(f"tiny-imagenet: {file} is not as in tiny-imagenet-200.zip; delete {tree} to unpack it again")
    return _decode(tuple(words[wnid].split(",")[0] for wnid in classes), splits)


# --- class folders


def _folder_path(name: str) -> Path:
    path = Path(name.removeprefix(FOLDER)).expanduser()
    if not (path / "train").is_dir() or not ((path / "test").is_dir() or (path / "val").is_dir()):
        raise FileNotFoundError(f"{name}: {path} must hold train/<class>/<images> and test/<class>/<images>")
    return path


def _index(path: Path) -> tuple[tuple[str, ...], dict[str, list[Sample]]]:
    """Class names and the samples of each split, by class and file name (torchvision's ImageFolder), nothing decoded.

    val/ beside test/ is the validation set; alone, or with Tiny-ImageNet's val_annotations.txt, it is the test set.
    """
    from torchvision.datasets import ImageFolder

    train = ImageFolder(path / "train")
    annotations = path / "val" / "val_annotations.txt"
    if annotations.is_file():
        rows = sorted(line.split("\t")[1::-1] for line in annotations.read_text().splitlines())
        test = [(str(path / "val" / "images" / file), train.class_to_idx[wnid]) for wnid, file in rows]
        return tuple(train.classes), {"train": train.samples, "test": test}
    splits = {"train": train.samples}
    given = [split for split in ("test", "val") if (path / split).is_dir()]
    for split, folder in zip(("test", "validation"), given):
        held_out = ImageFolder(path / folder)
        if held_out.classes != train.classes:
            odd = sorted(set(held_out.classes) ^ set(train.classes))
            raise ValueError(f"{path}: train and {folder} must hold the same classes, but only one of them has {odd}")
        splits[split] = held_out.samples
    return tuple(train.classes), splits


def _decode(classes: tuple[str, ...], splits: dict[str, list[Sample]]) -> Original:
    """All images as RGB, in one array that the splits share; ValueError if one has another size than the first."""
    files = [file for samples in splits.values() for file, _ in samples]
    first = _rgb(files[0])
    images = np.empty((len(files), *first.shape), np.uint8)

    def fill(i: int) -> None:
        image = _rgb(files[i])
        if image.shape != first.shape:
            raise ValueError(f"{files[i]} is {image.shape[2]} x {image.shape[1]} pixels, but {files[0]} is "
                             f"{first.shape[2]} x {first.shape[1]}: resize the images to one size first")
        images[i] = image

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(len(files))))
    ends = np.cumsum([len(samples) for samples in splits.values()])
    labels = [np.array([label for _, label in samples], np.int64) for samples in splits.values()]
    pairs = {split: (images[end - len(y):end], y) for split, end, y in zip(splits, ends, labels)}
    return Original(classes, **pairs)


def _rgb(file: str) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{file} is not a readable image: {error}") from error


# --- the table


FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                   "Ankle boot")
SOURCES = {
    "fashion-mnist-mini": Source({"fashion-mnist-mini.npz.xz": "34aefc9a020469d315f623ca72650c29"}, _read_mini, {}),
    "fashion-mnist": Source(
        {"FashionMNIST/raw/train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
         "FashionMNIST/raw/train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
         "FashionMNIST/raw/t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
         "FashionMNIST/raw/t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965"},
        _read_fashion,
        {f"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{file}": md5 for file, md5 in (
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"))},
        "FashionMNIST/raw"),
    "cifar10": Source(
        {"cifar-10-batches-py/data_batch_1": "c99cafc152244af753f735de768cd75f",
         "cifar-10-batches-py/data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
         "cifar-10-batches-py/data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
         "cifar-10-batches-py/data_batch_4": "634d18415352ddfa80567beed471001a",
         "cifar-10-batches-py/data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
         "cifar-10-batches-py/test_batch": "40351d587109b95175f43aff81a1287e",
         "cifar-10-batches-py/batches.meta": "5ff9c542aee3614f3951f8cda6e48888"},
        _read_cifar,
        {"https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"}),
    "cifar100": Source(
        {"cifar-100-python/train": "16019d7e3df5f24257cddd939b257f8d",
         "cifar-100-python/test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
         "cifar-100-python/meta": "7973b15100ade9c7d40fb424638fde48"},
        _read_cifar,
        {"https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"}),
    "tiny-imagenet": Source(
        {"tiny-imagenet-200.zip": "90528d7ca1a48142e341f4ef8d21d0de"},
        _read_tiny_imagenet,
        {"http://cs231n.stanford.edu/tiny-imagenet-200.zip": "90528d7ca1a48142e341f4ef8d21d0de"}),
}
NAMES = tuple(SOURCES)
