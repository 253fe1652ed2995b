"""Where pairs of classes lie among all mixtures of two classes, and how well these foretell class risks."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from drop.chapters import charts, figures
from drop.chapters.charts import TEXT
from drop.chapters.figures import INK
from drop.mixture import Floats

ZONES = {  # of the map of mixtures: colour by the share of the way that a step covers
    "worse": "#b0651a", "0 to ½": "#e2b98a", "½ to 0.8": "#8fc9c2", "over 0.8": "#0b8a80", "one class lost": "#5b4a8a"
}  # fmt: skip


Placed = tuple[Floats, Floats, str, str, float]  # overlap and ratio of pairs (P,), their marker, face and size


def mixture_map(
    overlap: Floats, ratio: Floats, share: Floats, lost: Floats, title: str, placed: Mapping[str, Placed]
) -> Figure:
    """Where one step helps: mixtures by overlap and ratio of the widths, coloured by `ZONES`, and pairs among them."""
    fig, ax = charts.panel(4.0, title, "overlap: minimax risk (%)", "ratio of the widths")
    colours, top = list(ZONES.values()), ratio.max()
    ax.contourf(100 * overlap, ratio, np.clip(share, -0.999, 1), levels=[-1, 0, 0.5, 0.8, 1.001], colors=colours[:4])
    ax.contourf(100 * overlap, ratio, lost.astype(float), levels=[0.5, 1.5], colors=colours[4:])
    ax.plot(100 / (1 + ratio[:, 0]), ratio[:, 0], color="#ffffff", ls="--", lw=1.4)
    for x, y, marker, face, size in placed.values():
        x, y = np.clip(x, overlap.min(), overlap.max()), np.clip(y, 1.03, 0.98 * top)
        ax.plot(100 * x, y, marker, ms=size, mfc=face, mec="#000000", mew=0.8, clip_on=False)
    ax.set_yscale("log")
    ax.set_yticks([1.02, 1.5, 2, 4, 8], ["1", "1.5", "2", "4", "8"])
    ax.minorticks_off()
    ax.grid(visible=False)
    ax.set(xlim=(100 * overlap.min(), 100 * overlap.max()), ylim=(ratio.min(), top))
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in colours]
    fig.legend([*handles, *ax.get_lines()[1:]], [*ZONES, *placed], loc="outside lower left", ncols=2, fontsize=TEXT,
               handlelength=1, columnspacing=1, labelspacing=0.25)  # fmt: skip
    return fig


def foretold(changes: Mapping[str, tuple[Floats, Floats]], title: str) -> Figure:
    """Changes of class risks, foretold against measured, in points, a mark a class; pruner -> (foretold, measured)."""
    fig, ax = charts.panel(3.4, title, "foretold change (points)", "measured change (points)")
    for pruner, (said, seen) in changes.items():
        look = figures.method(pruner)
        ax.plot(100 * said, 100 * seen, look.marker, color=look.colour, ms=5, label=look.label.removeprefix("Random+"))
    ends = np.array([min(ax.get_xlim()[0], ax.get_ylim()[0]), max(ax.get_xlim()[1], ax.get_ylim()[1])])
    ax.plot(ends, ends, color=INK, ls=":", lw=1)
    ax.axhline(0, color=INK, lw=0.8)
    ax.axvline(0, color=INK, lw=0.8)
    fig.legend(loc="outside lower center", ncols=4, fontsize=TEXT, handletextpad=0.1, columnspacing=0.7)
    return fig
