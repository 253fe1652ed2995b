"""What only the chapters on the theory draw: densities, thresholds, maps of mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from drop.chapters import charts, figures
from drop.chapters.charts import TEXT
from drop.chapters.figures import INK
from drop.mixture import Floats, GaussianMixture
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
        ax.plot(x, curve, color=shade, lw=1.2)
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
    for row, (values, (colour, marker)) in enumerate(zip(risks.values(), looks, strict=True)):
        ax.plot(100 * values, np.full(len(values), -row), marker, color=colour, ms=8, alpha=0.4)
        ax.plot(100 * values[[values.argmin(), values.argmax()]], [-row, -row], color=colour, lw=1.5)
        for group in _together(values):
            names, at = ",".join(str(k + 1) for k in sorted(group)), 100 * values[group].mean()
            ax.annotate(names, (at, -row), (0, 6), textcoords="offset points", ha="center", fontsize=TEXT)
    ax.set_yticks(-np.arange(len(risks)), risks)
    ax.set_ylim(-len(risks) + 0.5, 0.6)
    ax.grid(axis="y", visible=False)
    return fig


def _together(risks: Floats) -> list[Floats]:
    """Classes whose risks are too near each other for a name each, from the least risk to the largest."""
    order = np.argsort(risks)
    return np.split(order, 1 + np.flatnonzero(np.diff(risks[order]) > 0.03))


def shares_by_world(closed: Mapping[str, Mapping[str, Floats]]) -> Figure:
    """Share of the way that quotas go: medians, the middle half and the middle 90 % of the mixtures."""
    fig, ax = charts.panel(3.9, "By kind of mixture")
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
    """Share of the way against the average risk of the query: a dot a mixture, medians of equal groups."""
    fig, ax = charts.panel(3.9, "From easy to hard, all kinds", "average risk of the query (%)")
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


# Two classes


def hills(mixture: GaussianMixture, densities: ArrayLike, title: str, colour: str) -> Figure:
    """Both classes as hills over the line, all samples as outlines and the kept ones filled, with the learner's
    threshold (solid, `colour`), the fair one (dotted), and how often the learner errs on each class."""
    fig, ax = charts.panel(2.5, title)
    kept = np.asarray(densities, dtype=float) / np.max(densities)
    threshold = float(mixture.prune_randomly(densities).average_optimal_threshold())
    low, high = (mixture.means - 3.2 * mixture.stds).min(), (mixture.means + 3.2 * mixture.stds).max()
    x = np.linspace(low, high, 500)
    for k, colour_ in enumerate(CLASS):
        curve = mixture.priors[k] * normal(x, mixture.means[k], mixture.stds[k])
        ax.plot(x, curve, color=colour_, lw=1)
        wrong = (x > threshold) if k == 0 else (x <= threshold)
        ax.fill_between(x, kept[k] * curve, color=colour_, alpha=0.22, lw=0)
        ax.fill_between(x, kept[k] * curve, where=wrong, color=colour_, alpha=0.75, lw=0)
        ax.annotate(f"class {k}", (mixture.means[k], curve.max()), (0, 4), textcoords="offset points", ha="center",
                    fontsize=TEXT)  # fmt: skip
        said = f"{100 * mixture.class_risks(threshold)[k]:.1f} % of class {k} wrong"
        ax.annotate(said, (1, 0.92 - 0.11 * k), xycoords="axes fraction", ha="right", va="top", fontsize=TEXT,
                    color=colour_)  # fmt: skip
    fair = float(mixture.worst_class_threshold())
    ax.axvline(fair, color=INK, ls=":", lw=1.4)
    ax.axvline(np.clip(threshold, low, high), color=colour, lw=2.2)
    if abs(threshold - fair) > 0.005 * (high - low):
        side = 1 if threshold > fair else -1
        for at, word, shift in ((threshold, "learner", side), (fair, "fair", -side)):
            ax.annotate(word, (np.clip(at, low, high), 1), (4 * shift, -2), ("data", "axes fraction"), "offset points",
                        ha="left" if shift > 0 else "right", va="top", fontsize=TEXT)  # fmt: skip
    ax.set_ylim(0, 1.3 * ax.get_ylim()[1])
    ax.set_xlim(low, high)
    _quiet(ax)
    return fig


def risk_curves(mixture: GaussianMixture) -> Figure:
    """The class risks and the average risk of every threshold, with t* and t̂."""
    fig, ax = charts.panel(2.9, "Risk of the threshold at t (%)", "t")
    t = np.linspace(*(mixture.means + np.array([-2.2, 2.2]) * mixture.stds), 400)
    for k, colour in enumerate(CLASS):
        ax.plot(t, 100 * mixture.class_risks(t)[:, k], color=colour, label=f"class {k}")
    ax.plot(t, 100 * mixture.average_risk(t), color=INK, lw=1.4, label="average")
    best, fair = float(mixture.average_optimal_threshold()), float(mixture.worst_class_threshold())
    for at, name, colour, side in ((best, "t*", RANDOM, 1), (fair, "t̂", MINIMAX, -1)):
        if np.isfinite(at):
            ax.axvline(at, color=colour, lw=2)
            side = side if best >= fair else -side
            ax.annotate(name, (at, 0.93), (5 * side, 0), ("data", "axes fraction"), "offset points", fontsize=12,
                        ha="left" if side > 0 else "right")  # fmt: skip
    ax.set_ylim(0, 108)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.02), fontsize=TEXT, labelspacing=0.2)
    return fig


def steps(lines: Mapping[str, Sequence[float]], minimax: float) -> Figure:
    """Worst-class risk after each of several steps of DRoP, and the least possible."""
    fig, ax = charts.panel(3.2, "Worst-class risk (%), step after step", "step")
    for (label, values), colour, marker in zip(lines.items(), (DROP, MINIMAX, DAMPED), "Dos", strict=True):
        ax.plot(100 * np.asarray(values), color=colour, marker=marker, label=label)
    _level(ax, 100 * minimax, len(next(iter(lines.values()))) - 1)
    _log_percent(ax, 70 * minimax)
    fig.legend(loc="outside lower center", ncols=2, fontsize=TEXT, columnspacing=0.8)
    return fig


def exponents(gammas: Floats, risks: Floats, marks: Mapping[str, tuple[float, float, str]], minimax: float) -> Figure:
    """Worst-class risk after one step against the exponent; marks: name -> (exponent, risk, colour)."""
    fig, ax = charts.panel(3.2, "Worst-class risk (%) after one step", "exponent γ")
    ax.plot(gammas, 100 * risks, color=DROP)
    for name, (gamma, risk, colour) in marks.items():
        ax.plot(gamma, 100 * risk, "o", color=colour, ms=7)
        shift, side = ((0, 9), "center") if name.startswith("γ") else ((9, -4), "left")
        ax.annotate(name, (gamma, 100 * risk), shift, textcoords="offset points", fontsize=TEXT, ha=side)
    _level(ax, 100 * minimax, gammas[-1])
    ax.margins(y=0.12)
    return fig


def _log_percent(ax: Axes, bottom: float) -> None:
    ax.set_yscale("log")
    ax.set_ylim(bottom=min(bottom, ax.get_ylim()[0]))
    low, high = ax.get_ylim()
    ticks = [v for v in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= v <= high]
    ax.set_yticks(ticks, [f"{v:g}" for v in ticks])
    ax.minorticks_off()


def _level(ax: Axes, height: float, end: float) -> None:
    ax.axhline(height, color=INK, ls=":", lw=1.4)
    ax.annotate("minimax", (end, height), (0, -11), textcoords="offset points", ha="right", fontsize=TEXT)


def jump(t: Floats, lines: Sequence[tuple[str, Floats, tuple[float, float], str, str]]) -> Figure:
    """Average risk on what is kept against the threshold: (name, risks, minimum, colour, dashes) a margin."""
    fig, ax = charts.panel(3.0, "Average risk on what is kept (%)", "threshold")
    for name, risks, (at, least), colour, dashes in lines:
        ax.plot(t, 100 * risks, color=colour, ls=dashes, label=name)
        ax.plot(np.clip(at, t[0], t[-1]), 100 * least, "o", color=colour, ms=8)
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])
    ax.legend(loc="upper center", ncols=3, fontsize=TEXT, handlelength=1.4, columnspacing=0.8)
    return fig


PRUNERS = {  # of the mixture: colour and marker
    "random": (RANDOM, "o"), "random+drop": (DROP, "D"), "minimax": (MINIMAX, "s"),
    "random+prototypeq": ("#2b8f9b", "X"), "prototype": ("#2b8f9b", "h"), "within": ("#8a5193", "p"),
    "near": ("#8a8312", "<"), "near within": (INK, ">"),
}  # fmt: skip


def pruners(
    fine: Floats, risks: Mapping[str, Floats], at: Floats, drawn: Mapping[str, Floats], names: Mapping[str, str],
    title: str, minimax: float,
) -> Figure:  # fmt: skip
    """Worst-class risk against density: exact lines over `fine`, and draws (draws, densities) as means with bars."""
    fig, ax = charts.panel(3.9, title, "density kept, d")
    for name, exact in risks.items():
        colour, marker = PRUNERS[name]
        broken = np.where(np.append(np.abs(np.diff(exact)) > 0.08, False), np.nan, exact)
        ax.plot(fine, 100 * broken, color=colour, lw=1.5)
        ax.plot(at, 100 * drawn[name].mean(axis=0), marker, color=colour, ms=5, label=names[name])
        ax.vlines(at, *(100 * np.quantile(drawn[name], [0.05, 0.95], axis=0)), color=colour, lw=2, alpha=0.4)
    _level(ax, 100 * minimax, 1.0)
    _log_percent(ax, 70 * minimax)
    wide = max(len(names[name]) for name in risks) > 25
    fig.legend(loc="outside lower left", ncols=1 if wide else 2, fontsize=TEXT, handletextpad=0.1, columnspacing=0.8)
    return fig


MARKS = "osD^vph<"  # of mixtures, from easy to hard


def shades(count: int) -> Floats:
    """Colours of so many mixtures, from easy to hard, each 3:1 or better on white and on black."""
    ends = LinearSegmentedColormap.from_list("mixtures", ["#8467c4", "#3d7fb5", "#26938a", "#6f9a2a"])
    return ends(np.linspace(0, 1, count))


def left_by_rule(left: Mapping[str, Sequence[float]], names: Sequence[str], top: float = 2.0) -> Figure:
    """What each rule leaves of Random's loss, a mark a mixture; what lies beyond the edge is a number."""
    fig, ax = charts.panel(0.9 + 0.25 * len(left), "", "left, of what Random leaves")
    for y, values in enumerate(left.values()):
        for value, shade, marker in zip(values, shades(len(names)), MARKS, strict=False):
            ax.plot(min(value, top), y, marker, color=shade, ms=6, label=None if y else "mixture")
        if max(values) > top:
            ax.text(0.97 * top, y, f"{100 * max(values):.0f} % ▸", fontsize=TEXT, ha="right", va="center")
    ax.set_xticks([0, 0.5, 1, 1.5], ["0", "50 %", "Random", "150 %"])
    ax.set_yticks(range(len(left)), left)
    ax.set(xlim=(-0.05, 1.02 * top), ylim=(len(left) - 0.4, -0.6))
    ax.axvline(1, color=RANDOM, lw=1)
    ax.axvline(0, color=INK, lw=1)
    handles = ax.get_lines()[: len(names)]
    fig.legend(handles, names, title="minimax risk", fontsize=TEXT, title_fontsize=TEXT, ncols=4,
               loc="outside upper left", handletextpad=0.1, columnspacing=0.8, alignment="left")  # fmt: skip
    return fig
