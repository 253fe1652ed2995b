"""The picture that a link to the book shows: its title and its main finding, drawn from the records."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

from drop.chapters import figures
from drop.chapters.grid import Grid

NAME = "preview.png"
ALT = "Worst-class accuracy after keeping a tenth of the training images at random and by DRoP, on three data sets"
PLACES = {
    "fashion-mnist": "Fashion-MNIST",
    "cifar10": "CIFAR-10",
    "fashion-mnist-long-tail": "Fashion-MNIST,\nlong tail",
}
DENSITY, SEEDS, DPI = 0.1, range(8), 100


def write(path: Path) -> None:
    """Draw the picture, 1200 by 630 pixels, the size that link previews ask for."""
    figures.style()
    fig = plt.figure(figsize=(12, 6.3), dpi=DPI, facecolor="white", layout="none")
    fig.text(0.06, 0.87, "Prune by class, not by sample", fontsize=38, fontweight="bold", color="#22262b")
    fig.text(0.06, 0.785, "DRoP (ICLR 2025), read, run and measured anew", fontsize=20, color="#50565e")
    ax = fig.add_axes((0.235, 0.16, 0.7, 0.5))
    for y, (name, title) in enumerate(PLACES.items()):
        grid = Grid(name, "laptop", ["random", "random+drop"], [DENSITY], SEEDS)
        values = [100 * grid.value(p, DENSITY, "worst_class") for p in ("random", "random+drop")]
        ax.plot(values, [y, y], color="#c3c6ca", linewidth=5, zorder=1)
        for value, pruner, side in zip(values, ("random", "random+drop"), ("right", "left"), strict=True):
            look, shift = figures.method(pruner), -2.2 if side == "right" else 2.2
            ax.plot(value, y, marker=look.marker, color=look.colour, markersize=17, linestyle="", zorder=2)
            word = f"{look.label.removeprefix('Random+')} {value:.0f} %" if y == 0 else f"{value:.0f} %"
            ax.text(value + shift, y, word, color=look.colour, fontsize=19, ha=side, va="center", fontweight="bold")
        ax.text(19, y, title, fontsize=19, ha="right", va="center", color="#22262b")
    ax.set(xlim=(20, 100), ylim=(2.5, -0.5), yticks=[])
    ax.set_xlabel("accuracy of the worst class, a tenth of the images kept (%)", fontsize=17, color="#50565e")
    ax.tick_params(labelsize=16)
    ax.spines[["left", "top", "right"]].set_visible(False)
    fig.savefig(path, facecolor="white")
    plt.close(fig)
