"""What only the chapters on the theory draw: densities, thresholds, maps of mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drop.chapters import charts, figures
from drop.chapters.charts import TEXT
from drop.chapters.figures import INK
from drop.mixture import Floats
from drop.mixture.classes import average_optimal_thresholds, minimax_thresholds

CLASS = ("#0f7fc4", "#c2559c")  # of class 0 and class 1
MINIMAX, RANDOM, DROP, DAMPED = "#3f8f3a", figures.METHODS["random"].colour, "#d55e00", "#9a6b4f"
LOOKS = {"DRoP": (DROP, "D"), "DRoP, damped": (DAMPED, "v"), "damped, 5 steps": (MINIMAX, "s")}


def normal(x: Floats, mean: float, std: float) -> Floats:
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


def _quiet(ax: Axes) -> None:
    ax.set_yticks([])
    ax.grid(visible=False)


def ordered_rules(means: Floats, stds: Floats) -> Figure:
    """Classes on a line with the thresholds of least average and of least worst-class risk, at even priors."""
    fig, ax = charts.panel(2.9, "Least average (grey), least worst (dashed)", "x")
    x = np.linspace((means - 3.2 * stds).min(), (means + 3.2 * stds).max(), 600)
    shades = plt.get_cmap("viridis")(np.linspace(0.15, 0.8, len(means)))
    even = np.full(len(means), 1 / len(means))
    for k, shade in enumerate(shades):
        curve = even[k] * normal(x, means[k], stds[k])
        ax.fill_between(x, curve, color=shade, alpha=0.45, lw=0)
        ax.annotate(f"{k + 1}", (means[k], curve.max()), (0, 3), textcoords="offset points", ha="center", fontsize=TEXT)
    best, fair = average_optimal_thresholds(means, stds, even), minimax_thresholds(means, stds)
    for cuts, colour, dashes in ((best, RANDOM, "-"), (fair, MINIMAX, "--")):
        for cut in cuts[np.isfinite(cuts)]:
            ax.axvline(cut, color=colour, ls=dashes)
    ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
    _quiet(ax)
    return fig


def class_risks(risks: Mapping[str, Floats], looks: Sequence[tuple[str, str]]) -> Figure:
    """The risks of the classes under several quotas, a row each, classes by number."""
    fig, ax = charts.panel(2.9, "Risk of each class (%)")
    for row, ((values, colour), marker) in enumerate(zip(_with(risks, looks), [m for _, m in looks], strict=True)):
        ax.plot(100 * values, np.full(len(values), -row), marker, color=colour, ms=8, alpha=0.4)
        ax.plot(100 * values[[values.argmin(), values.argmax()]], [-row, -row], color=colour, lw=1.5)
        for group in _together(values):
            names, at = ",".join(str(k + 1) for k in sorted(group)), 100 * values[group].mean()
            ax.annotate(names, (at, -row), (0, 6), textcoords="offset points", ha="center", fontsize=TEXT)
    ax.set_yticks(-np.arange(len(risks)), risks)
    ax.set_ylim(-len(risks) + 0.5, 0.6)
    ax.grid(axis="y", visible=False)
    return fig


def _with(risks: Mapping[str, Floats], looks: Sequence[tuple[str, str]]) -> list[tuple[Floats, str]]:
    return [(values, colour) for values, (colour, _) in zip(risks.values(), looks, strict=True)]


def _together(risks: Floats) -> list[Floats]:
    """Classes whose risks are too near each other for a name each, from the least risk to the largest."""
    order = np.argsort(risks)
    return np.split(order, 1 + np.flatnonzero(np.diff(risks[order]) > 0.03))


def shares_by_world(closed: Mapping[str, Mapping[str, Floats]]) -> Figure:
    """Share of the gap that quotas close: medians, the middle half and the middle 90 % of the mixtures."""
    fig, ax = charts.panel(3.9, "By world")
    ticks = {}
    for i, (world, shares) in enumerate(closed.items()):
        ticks[-4 * i - 1] = world.replace(", ", ",\n")
        for j, (name, values) in enumerate(shares.items()):
            (colour, marker), y = LOOKS[name], -4 * i - j
            q = np.clip(np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]), -1, 1)
            ax.plot(q[[0, 4]], [y, y], color=colour, lw=1.2)
            ax.plot(q[[1, 3]], [y, y], color=colour, lw=5, alpha=0.5, solid_capstyle="butt")
            ax.plot(q[2], y, marker, color=colour, ms=7, label=name if i == 0 else None)
    ax.axvline(0, color=INK, lw=1)
    ax.axvline(1, color=INK, lw=1, ls=":")
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.set_xlim(-1.06, 1.06)
    ax.set_xticks([-1, 0, 1], ["≤ −1, harm", "0", "1, best"])
    ax.grid(axis="y", visible=False)
    fig.legend(loc="outside lower center", ncols=3, fontsize=TEXT, handletextpad=0.1, columnspacing=0.8)
    return fig


def shares_by_risk(errors: Floats, closed: Mapping[str, Floats], groups: int = 8) -> Figure:
    """Share of the gap closed against the average risk of the query: a dot a mixture, medians of equal groups."""
    fig, ax = charts.panel(3.9, "From easy to hard, all worlds", "average risk of the query (%)")
    parts = np.array_split(np.argsort(errors), groups)
    for name, values in closed.items():
        colour, marker = LOOKS[name]
        ax.plot(100 * errors, np.clip(values, -1, 1), ".", color=colour, ms=3, alpha=0.25)
        centres, middles = [100 * errors[g].mean() for g in parts], [np.median(values[g]) for g in parts]
        ax.plot(centres, np.clip(middles, -1, 1), marker=marker, color=colour)
    ax.axhline(0, color=INK, lw=1)
    ax.set_ylim(-1.06, 1.06)
    ax.set_yticks([-1, 0, 1], ["≤ −1", "0", "1"])
    return fig


def linear_rules(centres: Floats, covariances: Floats, rules: Sequence[tuple[Floats, float, str, str, str]]) -> Figure:
    """Two normal classes in the plane as ellipses, and lines (w, b, colour, dashes, name)."""
    fig, ax = charts.panel(3.6, "", "x₁", "x₂")
    circle = np.stack([f(np.linspace(0, 2 * np.pi, 200)) for f in (np.cos, np.sin)])
    for k, (centre, colour) in enumerate(zip(centres, CLASS, strict=True)):
        for radius, strength in ((1, 0.9), (2, 0.5)):
            ring = centre[:, None] + radius * np.linalg.cholesky(covariances[k]) @ circle
            ax.plot(*ring, color=colour, alpha=strength, lw=1.5)
        at = np.argmax(ring[1]) if k == 0 else np.argmin(ring[0])
        ax.annotate(f"class {k}", ring[:, at], (8, 4) if k == 0 else (0, 6), textcoords="offset points",
                    color=colour, fontsize=TEXT)  # fmt: skip
    for w, b, colour, dashes, name in rules:
        ends = b * w + np.array([-20, 20])[:, None] * np.array([-w[1], w[0]])
        ax.plot(*ends.T, color=colour, ls=dashes, label=name, lw=2)
    ax.set(xlim=(-5.5, 6.8), ylim=(-5, 5.6), aspect="equal")
    fig.legend(loc="outside upper left", ncols=1, fontsize=TEXT)
    return fig
