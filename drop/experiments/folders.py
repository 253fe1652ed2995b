"""Class-per-folder image data: `train/<class>/*` and `test/<class>/*`, as torchvision's ImageFolder reads them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

Samples = list[tuple[str, int]]  # image file, label


def index(path: Path) -> tuple[tuple[str, ...], dict[str, Samples]]:
    """Class names, and the samples of "train", "test" and perhaps "validation", ordered by class and file name.

    val/ beside test/ is the validation set; alone, or with Tiny-ImageNet's val_annotations.txt, it is the test set.
    Decodes nothing. Raises FileNotFoundError (a folder or an empty class) and ValueError (classes that differ).
    """
    given = [part for part in ("test", "val") if (path / part).is_dir()]
    if not (path / "train").is_dir() or not given:
        raise FileNotFoundError(f"{path} must hold train/<class>/<images> and test/<class>/<images>")
    classes, train = _scan(path / "train")
    splits = {"train": train}
    annotations = path / "val" / "val_annotations.txt"
    if annotations.is_file():
        splits["test"] = _annotated(annotations, classes)
        return classes, splits
    for split, part in zip(("test", "validation"), given, strict=False):
        found, splits[split] = _scan(path / part)
        _check_same(classes, found, path / part)
    return classes, splits


def _scan(folder: Path) -> tuple[tuple[str, ...], Samples]:
    from torchvision.datasets import ImageFolder

    found = ImageFolder(folder)
    return tuple(found.classes), found.samples


def _annotated(annotations: Path, classes: tuple[str, ...]) -> Samples:
    """Tiny-ImageNet's val/: one folder of images, and a table of (image, class, box)."""
    rows = sorted(line.split("\t")[1::-1] for line in annotations.read_text(encoding="utf-8").splitlines())
    _check_same(classes, {name for name, _ in rows}, annotations)
    return [(str(annotations.parent / "images" / file), classes.index(name)) for name, file in rows]


def _check_same(classes: tuple[str, ...], found, where: Path) -> None:
    if odd := sorted(set(classes) ^ set(found)):
        raise ValueError(f"{where} and train must hold the same classes, but only one of the two has {', '.join(odd)}")


def decode(splits: dict[str, Samples], side: int | None = None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each split's RGB images, uint8 (N, 3, H, W), and labels, int64 (N,).

    side: scale the largest square in the middle of an image to side * 8 / 7 pixels, and keep the middle of that.
    Raises ValueError for a file that is no image, or without `side` for one whose size is not that of the first.
    """
    files = [file for samples in splits.values() for file, _ in samples]
    first = _rgb(files[0], side)
    images = np.empty((len(files), *first.shape), np.uint8)

    def fill(i: int) -> None:
        image = _rgb(files[i], side)
        if image.shape != first.shape:
            sizes = ["{2} x {1}".format(*shape) for shape in (image.shape, first.shape)]
            raise ValueError(f"{files[i]} is {sizes[0]} pixels, but {files[0]} is {sizes[1]}: resize to one size first")
        images[i] = image

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(len(files))))
    labels = [np.array([label for _, label in samples], np.int64) for samples in splits.values()]
    parts = np.split(images, np.cumsum([len(y) for y in labels])[:-1])
    return dict(zip(splits, zip(parts, labels, strict=True), strict=True))


def _rgb(file: str, side: int | None) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            image = image.convert("RGB")
        if side is not None:
            scaled = round(side * 8 / 7)
            image = ImageOps.fit(image, (scaled, scaled))  # the largest square of the centre, to that size
            edge = (scaled - side) // 2
            image = image.crop((edge, edge, edge + side, edge + side))
        return np.asarray(image).transpose(2, 0, 1)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{file} is not a readable image: {error}") from error
