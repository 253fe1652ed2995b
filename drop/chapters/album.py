"""The pictures of the chapter on what pruners keep, as it shows them.

album = read("fashion-mnist", "laptop", 0, train="never")
figure = album.figure("el2n")
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from drop import released
from drop.chapters import charts, figures
from drop.chapters.grid import TITLES
from drop.chapters.pictures import GAP, choose, classes_shown, decode, encode
from drop.experiments.benchmarks import benchmark
from drop.experiments.records import Store
from drop.released import Released


class Album(NamedTuple):
    """What was released of one seed, with its pictures."""

    given: Released
    tiles: np.ndarray  # uint8 (scores, K, 2n, S, S, 3)
    digest: str  # sha256 of the pictures' file

    @property
    def title(self) -> str:
        """The name of the data set, as people write it."""
        return TITLES.get(self.given.about["dataset"], self.given.about["dataset"])

    @property
    def classes(self) -> list[str]:
        """The names of the classes that are shown."""
        names = self.given.arrays["classes"]
        return [str(names[k]) for k in classes_shown(len(names))]

    def figure(self, score: str):
        """One score's images: a row a class, the lowest scores on the left, the highest on the right."""
        tiles = self.tiles[list(self.given.scores).index(score)]
        canvas, columns, step = _canvas(tiles)
        height, width = canvas.shape[:2]
        fig, ax = charts.panel(charts.WIDTH * 0.78 * height / width + 0.5)
        ax.imshow(canvas, interpolation="none")
        ax.set_yticks(np.arange(len(tiles)) * step + step / 2, self.classes)
        middle = columns.reshape(2, -1).mean(axis=1)
        ax.set_xticks(middle, ["lowest scores", "highest scores"])
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.grid(False)
        ax.spines[:].set_visible(False)
        ax.set_title(figures.method(score).label, color=figures.method(score).colour, fontsize=charts.TITLE)
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


def side_by_side(benchmark: str, beside: Sequence[str], scale: str, seed: int, train: str = "never") -> list[Album]:
    """Albums of several benchmarks: the first is made if asked, the others are shown where they were released."""
    there = [n for n in beside if n != benchmark and (released.FOLDER / f"{n}-{scale}-seed{seed}.npz").exists()]
    return [read(benchmark, scale, seed, train), *(read(name, scale, seed) for name in there)]


def read(name: str, scale: str, seed: int, train: str = "never") -> Album:
    """What was released; train="missing" makes it from the store instead, and trains what query models that lacks.

    ValueError where nothing was released.
    """
    if train == "missing":
        from drop.chapters import release

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
