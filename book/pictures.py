"""The training images with the highest and lowest scores of each class, for the chapter on what pruners keep.

    chosen = choose(given, seed)               score -> indices (K, 2n): the n lowest and the n highest of each class
    content, each = encode(images, chosen)     one small lossless WebP of all of them, and the n that fitted
    tiles = decode(content, each, K)           score by score again, uint8 (scores, K, 2n, S, S, 3)
    album = read("fashion-mnist", "laptop", 0, train="never")
    figure = album.figure("el2n")

Of data sets with many classes it shows a few, spread over all of them: then K is the number of classes shown.
"""

from __future__ import annotations

import hashlib
import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from drop import figures, released
from drop.benchmarks import benchmark
from drop.records import Store
from drop.released import Released
from drop.selection import random_keys

MOST = 3  # images of each end, class and score
CLASSES = 10  # shown at most
LIMIT = 400_000  # bytes of a file
GAP = 3  # transparent pixels between images


def choose(given: Released, seed: int, each: int = MOST) -> dict[str, np.ndarray]:
    """Of every score the samples at both ends of each class, int64 (K, 2 each): from the lowest to the highest.

    Equal scores stand in the order of the seeded shuffle that also decides which of them are kept.
    """
    labels, chosen = given.arrays["labels"], {}
    for name, scores in given.scores.items():
        order = np.lexsort((random_keys(len(scores), seed), scores))
        members = [order[labels[order] == k] for k in classes_shown(len(given.arrays["classes"]))]
        chosen[name] = np.array([np.concatenate([of[:each], of[-each:]]) for of in members])
    return chosen


def classes_shown(K: int) -> np.ndarray:
    """The classes that are shown of K."""
    return np.linspace(0, K - 1, min(K, CLASSES)).round().astype(int)


def encode(images: np.ndarray, chosen: dict[str, np.ndarray]) -> tuple[bytes, int]:
    """One WebP of all chosen images, without loss, and how many of each end it holds: as many as stay in the limit.

    images: uint8 (N, C, S, S), grey or colour. Each class is a row; scores follow each other from left to right.
    """
    most = next(iter(chosen.values())).shape[1] // 2
    for each in range(most, 0, -1):
        ends = [np.concatenate([of[:, :each], of[:, -each:]], axis=1) for of in chosen.values()]
        grid = images[np.concatenate(ends, axis=1)]  # (K, columns, C, S, S)
        K, columns, C, S, _ = grid.shape
        sheet = np.broadcast_to(grid.transpose(0, 3, 1, 4, 2), (K, S, columns, S, C)).reshape(K * S, columns * S, C)
        buffer = io.BytesIO()
        Image.fromarray(sheet if C == 3 else sheet.repeat(3, axis=2)).save(buffer, "webp", lossless=True, quality=100)
        if len(buffer.getvalue()) <= LIMIT:
            break
    return buffer.getvalue(), each


def decode(content: bytes, each: int, classes: int) -> np.ndarray:
    """The images of such a file, uint8 (scores, K, 2 each, S, S, 3)."""
    sheet = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    side = len(sheet) // classes
    grid = sheet.reshape(classes, side, -1, 2 * each, side, 3)  # (K, S, scores, 2 each, S, 3)
    return grid.transpose(2, 0, 3, 1, 4, 5)


class Album(NamedTuple):
    """What was released of one seed, with its pictures."""

    given: Released
    tiles: np.ndarray  # uint8 (scores, K, 2n, S, S, 3)
    digest: str  # sha256 of the pictures' file

    @property
    def classes(self) -> list[str]:
        """The names of the classes that are shown."""
        names = self.given.arrays["classes"]
        return [str(names[k]) for k in classes_shown(len(names))]

    def figure(self, score: str):
        """One score's images: a row a class, the lowest scores on the left, the highest on the right."""
        import matplotlib.pyplot as plt

        tiles = self.tiles[list(self.given.scores).index(score)]
        canvas, columns, step = _canvas(tiles)
        height, width = canvas.shape[:2]
        fig, ax = plt.subplots(figsize=(4.6, 4.6 * 0.78 * height / width + 0.5))
        ax.imshow(canvas, interpolation="none")
        ax.set_yticks(np.arange(len(tiles)) * step + step / 2, self.classes)
        middle = columns.reshape(2, -1).mean(axis=1)
        ax.set_xticks(middle, ["lowest scores", "highest scores"])
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.grid(False)
        ax.spines[:].set_visible(False)
        ax.set_title(figures.method(score).label, color=figures.method(score).colour)
        return fig


def _canvas(tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Images (K, 2n, S, S, 3) on one transparent ground, RGBA; the middle of each column; the step from row to row."""
    K, columns, side = tiles.shape[:3]
    step = side + GAP
    left = np.arange(columns) * step + (np.arange(columns) >= columns // 2) * 4 * GAP
    canvas = np.zeros((K * step, left[-1] + step, 4), np.uint8)
    for k in range(K):
        for column, x in enumerate(left):
            canvas[k * step : k * step + side, x : x + side] = np.dstack(
                [tiles[k, column], np.full((side, side), 255, np.uint8)]
            )
    return canvas, left + side / 2, step


def read(name: str, scale: str, seed: int, train: str = "never") -> Album:
    """What was released; train="missing" makes it from the store instead, and trains what query models that lacks.

    ValueError where nothing was released.
    """
    if train == "missing":
        import release

        entry, store = benchmark(name, scale), Store()
        data, arena = release.train_missing(entry, [seed], store)
        given = release.gather(entry, seed, store, data, arena)
        content, each = encode(data.train.images.numpy(), choose(given, seed))
    else:
        given = released.load(name, scale, seed)
        shown = given.about["pictures"]
        content, each = (released.FOLDER / shown["file"]).read_bytes(), shown["each"]
    tiles = decode(content, each, len(classes_shown(len(given.arrays["classes"]))))
    return Album(given, tiles, hashlib.sha256(content).hexdigest())
