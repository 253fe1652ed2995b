"""Named data sets, and anyone's class folders, as uint8 image tensors with labels, class names and splits.

    data = load("cifar10")                  # from $DROP_DATA, downloaded there once where the network allows
    data = load("folder:~/birds")           # ~/birds/train/<class>/*.png and ~/birds/test/<class>/*.png
    data = load("metadata:~/waterbirds")    # metadata.csv and images, with groups; see metadata.py

A named data set is what its published md5 sums say it is. Every file is hashed at every load, before anything is
unpickled (0.25 s for CIFAR-10), and `digest` is the sha256 of the list that `md5sum` would print: known without the
data, so that records can be read, keyed and compared on a machine that has none.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import socket
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drop import places
from drop.experiments import folders, garments, longtails, metadata, readers
from drop.experiments.originals import Original, check_groups, digest_of
from drop.places import DATA

if TYPE_CHECKING:
    from torch import Tensor

PACKAGED = DATA
FOLDER = "folder:"
VALIDATION = ("test", "swapped", "train")  # where the validation set comes from, see `load`


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set."""

    images: Tensor  # uint8 (N, C, H, W)
    labels: Tensor  # int64 (N,)
    groups: Tensor | None = None  # int64 (N,): label * values of the attribute + value; None: no attribute is known
    clusters: Tensor | None = None  # int64 (N,), of test images that share a scene; None: all are independent

    @property
    def strata(self) -> Tensor:
        """What quotas and recalls are per: the groups where there are some, the classes elsewhere."""
        return self.labels if self.groups is None else self.groups


@dataclass(frozen=True, eq=False)
class DataSet:
    """A verified data set; `digest` identifies what was published, whichever validation set or long tail was cut.

    cut: the `digest_of` the published training images that `train` holds; None where it holds all of them.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    digest: str
    groups: tuple[str, ...] = ()  # names, class after class, each with all values of the attribute
    cut: str | None = None

    @property
    def strata(self) -> tuple[str, ...]:
        """The names of what quotas and recalls are per: the groups where there are some, the classes elsewhere."""
        return self.groups or self.classes


@dataclass(frozen=True)
class Source:
    """Where a named data set comes from (see data/sources.toml) and how its files are read."""

    read: Callable[[Path, dict[str, bytes]], Original]  # (data root, content of each file)
    files: dict[str, str]
    archives: dict[str, str]
    folder: str


@dataclass(frozen=True)
class Made:
    """A data set that is computed from published ones; `content` is the sha256 of what is made."""

    make: Callable[..., Original]
    parts: tuple[str, ...]
    content: str


def data_root() -> Path:
    """The folder of all downloaded data sets: $DROP_DATA, or ~/.cache/drop."""
    return places.named("DROP_DATA") or places.absolute("~/.cache/drop")


def load(name: str, root: str | Path | None = None, validation: str = "test") -> DataSet:
    """Load a data set by name, or `folder:PATH`, and carve its validation set.

    validation="test": the first half of each class of the original test set, in file order; the other half reports, and
    gets the extra image of an odd class (as in the paper). "swapped": the same halves, each in the other's place.
    "train": the first tenth (rounded down) of each class of the training set; the whole test set reports. A folder with
    val/ and test/ brings its own validation set.
    Raises ValueError (unknown name; altered file; class too small to carve) and FileNotFoundError (no data).
    """
    if validation not in VALIDATION:
        raise ValueError(f"validation is {validation!r}: it must be one of {', '.join(map(repr, VALIDATION))}")
    identity = digest(name)
    found = original(name, root)
    strata = found.groups or found.classes
    train, test, held_out = map(found.columns, ("train", "test", "validation"))
    indices, carve = found.indices, partial(_carve, at=2 if found.groups else 1, strata=strata)
    if validation == "train":
        everything = np.arange(len(train[1])) if indices is None else indices
        (*held_out, _), (*train, indices) = carve((*train, everything), 10, "training")
    elif not held_out:
        held_out, test = carve(test, 2, "test")[:: -1 if validation == "swapped" else 1]
    if found.groups:
        check_groups({"training": train[2], "validation": held_out[2], "test": test[2]}, found.groups)
    cut = None if indices is None else digest_of(indices)
    return DataSet(name, found.classes, *map(_tensors, (train, held_out, test)), identity, found.groups, cut)


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
    elif name in metadata.NAMED or name.startswith(metadata.PREFIX):
        layout = metadata.Layout.of(name, data_root())
        md5s = {os.path.relpath(file, layout.path): _md5(file.read_bytes()) for file in layout.files()}
    elif name in MADE:
        return MADE[name].content
    else:
        md5s = _source(name).files
    return hashlib.sha256("".join(f"{md5s[path]}  {path}\n" for path in sorted(md5s)).encode()).hexdigest()


def original(name: str, root: str | Path | None = None) -> Original:
    """The verified arrays of a data set with its published split into train and test; errors as in `load`."""
    if name.startswith(FOLDER):
        classes, splits = folders.index(_path_of(name))
        return Original(classes, **folders.decode(splits))
    if name in metadata.NAMED or name.startswith(metadata.PREFIX):
        return metadata.read(metadata.Layout.of(name, data_root() if root is None else Path(root).expanduser()))
    if name in MADE:
        return _made(name, root)
    source = _source(name)
    home = data_root() if root is None else Path(root).expanduser()
    if not source.archives:
        home = PACKAGED
    return source.read(home, _verified(name, source, home))


def _made(name: str, root: str | Path | None) -> Original:
    found = MADE[name].make(*(original(part, root) for part in MADE[name].parts))
    if found.content != MADE[name].content:
        raise ValueError(f"{name} was made with the content {found.content}, but should have {MADE[name].content}")
    return found


def _path_of(name: str) -> Path:
    return Path(name.removeprefix(FOLDER)).expanduser()


def _source(name: str) -> Source:
    if name not in SOURCES:
        near = " or ".join(difflib.get_close_matches(name, NAMES, n=2, cutoff=0.5))
        hint = f"did you mean {near}? " if near else ""
        known = ", ".join([*NAMES, *metadata.NAMED, "metadata:PATH or folder:PATH"])
        raise ValueError(f"unknown data set {name!r}: {hint}It must be one of {known}")
    return SOURCES[name]


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _carve(columns: tuple, parts: int, split: str, at: int, strata: tuple[str, ...]) -> tuple[tuple, tuple]:
    """The first 1/parts of each class or group in file order (rounded down), and the rest, both in file order.

    columns: images, labels, and whatever else has one entry a sample; at: which of them numbers the strata.
    """
    of = columns[at]
    sizes = np.bincount(of, minlength=len(strata))
    if sizes.min() < parts:
        kind = "class" if at == 1 else "group"
        raise ValueError(
            f"{kind} {strata[sizes.argmin()]!r} has {sizes.min()} {split} images: it takes at least "
            f"{parts} to carve a validation set out of them"
        )
    order = np.argsort(of, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(of)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # within its class
    first = place < (sizes // parts)[of]
    return tuple(column[first] for column in columns), tuple(column[~first] for column in columns)


def _tensors(columns: tuple[np.ndarray, ...]) -> Split:
    import torch

    return Split(*(torch.from_numpy(np.require(column, requirements=("C", "W"))) for column in columns))


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


def _read_long_tail(read: Callable, imbalance: float, order, home: Path, contents: dict[str, bytes]) -> Original:
    return longtails.cut(read(home, contents), imbalance, order)


_READERS = {
    "fashion-mnist-mini": readers.mini,
    "fashion-mnist": readers.fashion,
    "cifar10": readers.cifar,
    "cifar100": readers.cifar,
    "tiny-imagenet": readers.tiny_imagenet,
}
SOURCES = {
    name: Source(_READERS[name], entry["files"], entry.get("archives", {}), entry.get("folder", "."))
    for name, entry in tomllib.loads((PACKAGED / "sources.toml").read_text(encoding="utf-8")).items()
}
for _name, _tails in {
    "fashion-mnist-mini": {"fashion-mnist-mini-long-tail": (10, None)},
    "fashion-mnist": {"fashion-mnist-long-tail": (10, None)},
    "cifar10": {},
}.items():
    for _tail, (_imbalance, _order) in (_tails | longtails.variants(_name)).items():
        _cut = partial(_read_long_tail, SOURCES[_name].read, _imbalance, _order)
        SOURCES[_tail] = replace(SOURCES[_name], read=_cut)
MADE = {  # with the sha256 of their content
    "garments-on-scenes": Made(
        partial(garments.compose, plan=garments.FULL), ("fashion-mnist", "cifar100"),
        "47ab4579027f844d2a642f77eed41c335c4d51035d49bd003e318b410dffe6ae",
    ),
    "garments-on-scenes-mini": Made(
        partial(garments.compose, plan=garments.MINI), ("fashion-mnist-mini", "fashion-mnist-mini"),
        "26471940f3aba4cd10f1805e4007c95c09b39ea16cf5eeab1cad21d2bc98e956",
    ),
}  # fmt: skip
NAMES = (*SOURCES, *MADE)
