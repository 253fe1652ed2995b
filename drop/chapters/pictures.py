"""The training images with the highest and lowest scores of each class, for the chapter on what pruners keep.

    chosen = choose(given, seed)               score -> indices (K, 2n): the n lowest and the n highest of each class
    content, each = encode(images, chosen)     one small lossless WebP of all of them, and the n that fitted
    tiles = decode(content, each, K)           score by score again, uint8 (scores, K, 2n, S, S, 3)

Of data sets with many classes it shows a few, spread over all of them: then K is the number of classes shown.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

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
