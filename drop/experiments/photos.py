"""Anyone's photos: one folder a class, of any format, size and orientation, as small square RGB images.

What is no image is counted and named, never silently left out: whoever deletes what a list of kept files lacks would
lose it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drop.experiments.datasets import DataSet, Split

HELD_OUT = ("val", "validation", "valid", "test")  # folders beside train/ whose images set the quotas, the first found


@dataclass(frozen=True, eq=False)
class Photos:
    """What a folder holds: files in the order of class and name, and what was not taken."""

    root: Path
    classes: tuple[str, ...]
    files: list[Path]
    labels: np.ndarray  # int64 (N,)
    held_out: tuple[list[Path], np.ndarray] | None = None  # of val/ or test/, where there is one beside train/
    skipped: list[Path] = field(default_factory=list)  # no images, by their name
    empty: tuple[str, ...] = ()  # class folders without an image


def find(root: Path) -> Photos:
    """The photos of `root/train/<class>/…` or `root/<class>/…`, and of val/ or test/ beside train/; decodes nothing.

    A folder train is a part of the data where it is beside such a part or alone; beside other folders it is a class.
    Hidden files and folders are not looked at. FileNotFoundError for no folder; ValueError for fewer than two classes.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    inner = {path.name for path in _folders(root)}
    train = root / "train" if inner == {"train"} or "train" in inner and inner & set(HELD_OUT) else root
    known = _extensions()
    folders = _folders(train)
    found = {folder.name: _below(folder) for folder in folders}
    images = {name: [p for p in paths if p.suffix.lower() in known] for name, paths in found.items()}
    skipped = [p for paths in found.values() for p in paths if p.suffix.lower() not in known]
    skipped += sorted(p for p in train.iterdir() if p.is_file() and not p.name.startswith("."))
    classes = tuple(name for name, paths in images.items() if paths)
    if len(classes) < 2:
        why = "" if train == root else f"; what is pruned of {root} is its train/, because of that name"
        raise ValueError(f"{train} holds {len(classes)} folders with images, but needs one folder for each class{why}")
    empty = tuple(name for name, paths in images.items() if not paths)
    files, labels = _flat(images, classes)
    part = next((root / name for name in HELD_OUT if train != root and (root / name).is_dir()), None)
    held_out = None
    if part is not None:
        others = {name: [p for p in _below(part / name) if p.suffix.lower() in known] for name in classes}
        held_out = _flat(others, classes)
        if not held_out[0]:
            raise ValueError(f"{part} holds no images of the classes of {train}")
    return Photos(root, classes, files, labels, held_out, skipped, empty)


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder but for hidden ones, sorted."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _below(folder: Path) -> list[Path]:
    """All files under a folder but for hidden ones, sorted; links to folders as they are, not followed."""
    found = []
    for where, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__")))
        links = [name for name in inner if os.path.islink(os.path.join(where, name))]
        found += [Path(where, name) for name in [*names, *links] if not name.startswith(".")]
    return sorted(found)


def _flat(images: dict[str, list[Path]], classes: tuple[str, ...]) -> tuple[list[Path], np.ndarray]:
    labels = np.repeat(np.arange(len(classes)), [len(images[name]) for name in classes])
    return [path for name in classes for path in images[name]], labels


def _extensions() -> set[str]:
    """What Pillow reads here, with HEIC where pillow-heif is installed."""
    from PIL import Image

    try:
        from pillow_heif import register_heif_opener

        register_heif_opener()
    except ImportError:
        pass
    Image.init()
    return {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}


def read(
    files: list[Path], size: int, report: Callable[[int], None] = lambda done: None
) -> tuple[np.ndarray, list[int]]:
    """RGB images uint8 (N, 3, size, size), and the places of files that are no readable images, which stay black."""
    images, broken = np.zeros((len(files), 3, size, size), np.uint8), []

    def fill(i: int) -> None:
        try:
            images[i] = decode(files[i], size)
        except Exception:  # Pillow raises what its plugins raise
            broken.append(i)
        report(1)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(fill, range(len(files))):
            pass
    return images, sorted(broken)


def decode(file: Path, size: int) -> np.ndarray:
    """One photo as uint8 (3, size, size): turned as its EXIF says, on white where transparent, then squeezed square."""
    from PIL import Image, ImageOps

    with Image.open(file) as image:
        image.draft("RGB", (2 * size, 2 * size))  # large JPEGs are read at a fraction of their size
        image = ImageOps.exif_transpose(image)
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            image = Image.fromarray(_eight_bits(np.asarray(image)))
        if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        small = image.convert("RGB").resize((size, size), Image.Resampling.BOX, reducing_gap=3.0)
        return np.asarray(small).transpose(2, 0, 1)


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """16-bit greys, whole numbers and floats as uint8: by their type's range, floats up to 1 as shares of white."""
    if values.dtype.kind == "f":
        top = 1.0 if values.size and np.nanmax(values) <= 1 else 255.0
    else:
        top = 255.0 if values.dtype != np.uint16 and values.size and values.max() <= 255 else 65535.0
    return (np.nan_to_num(values).astype(np.float64).clip(0, top) * (255 / top)).round().astype(np.uint8)


def cut(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which samples are held out, bool (N,): a share of each class, at least one and never all of two or more."""
    held = np.zeros(len(labels), bool)
    rng = np.random.default_rng(seed)
    for k in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == k))
        held[mine[: min(max(1, round(share * len(mine))), len(mine) - 1)]] = True
    return held


def data_set(
    classes: tuple[str, ...], train: tuple[np.ndarray, np.ndarray], held_out: tuple[np.ndarray, np.ndarray]
) -> DataSet:
    """Images and labels as a data set; what is held out validates, and one of it stands in for a test set."""
    import torch

    parts = (train, held_out, tuple(part[:1] for part in held_out))
    splits = [Split(*(torch.from_numpy(np.ascontiguousarray(array)) for array in pair)) for pair in parts]
    return DataSet("photos", classes, *splits, "")
