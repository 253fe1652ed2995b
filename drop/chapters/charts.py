"""The kinds of charts of the book, each drawn here and nowhere else.

    curves      a metric against density, a line a pruner, a dot a seed
    differences one pruner minus another, with intervals        forest: any estimates with intervals, a row each
    frontier    average against worst class at one density
    ranked      the class densities of one pruner, sorted        classes: any value of each class, a mark a pruner
    class_map   a value for every class and pruner, in the diverging palette

Each takes a Grid, pruners and densities (or the numbers that a chapter computed) and returns one figure, as wide as
one of two panels that stand side by side: `figures.show([charts.curves(grid, "average", …), …], caption=…, alt=…)`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

from drop.chapters import figures
from drop.chapters.figures import FAINT, INK, Method
from drop.chapters.grid import DRAWN, Grid
from drop.experiments.intervals import Estimate

WIDTH = figures.PANEL / 96  # inches
TEXT, TITLE = 9.0, 10.0  # points
DASHES = ("-", (0, (3, 1.5)))  # of the first and the second metric of a panel
FEW, THIN = 5, (0, (2, 1))  # an interval from fewer seeds is dashed


def panel(height: float, title: str = "", x: str = "", y: str = "") -> tuple[Figure, Axes]:
    """An empty panel of the book, `height` inches high."""
    fig, ax = plt.subplots(figsize=(WIDTH, height))
    ax.tick_params(labelsize=TEXT)
    ax.set_xlabel(x, fontsize=TEXT)
    ax.set_ylabel(y, fontsize=TEXT)
    if title:
        fig.suptitle(title, x=0.01, ha="left", fontsize=TITLE, fontweight="bold")
    return fig, ax


def curves(
    grid: Grid, metric: str | Sequence[str], pruners: Sequence[str], densities: Sequence[float], title: str = "",
    limits: tuple[float, float | None] = (0, 100), height: float = 3.2,
) -> Figure:  # fmt: skip
    """A metric of the mean recalls over the seeds against density, a dot for every seed; full training dotted.

    Of two metrics the second is dashed. Legend above: the methods in their order at the lowest density.
    """
    names = [metric] if isinstance(metric, str) else list(metric)
    shown = [p for p in pruners if any(grid.of(p, d) for d in densities)]
    fig, ax = panel(height + 0.19 * -(-len(shown) // 2), title or f"{grid.title}: {DRAWN[names[0]][1]}")
    for name, dashes in zip(names, DASHES, strict=False):
        for pruner in shown:
            _curve(ax, grid, name, pruner, densities, dashes if len(names) > 1 else None)
        if grid.of("full", 1.0):
            ax.axhline(100 * grid.value("full", 1.0, name), color=INK, linestyle=":", linewidth=1, label="_full")
    _density_axis(ax, densities)
    ax.set_ylim(*limits)
    _legend(ax)
    return fig


def _curve(ax: Axes, grid: Grid, metric: str, pruner: str, densities: Sequence[float], dashes=None) -> None:
    look, measured = figures.method(pruner), [d for d in densities if grid.of(pruner, d)]
    style = look.line | ({"linestyle": dashes} if dashes else {}) | ({"label": "_"} if dashes == DASHES[1] else {})
    ax.plot(measured, [100 * grid.value(pruner, d, metric) for d in measured], **style, markersize=5, linewidth=1.5)
    each = [(d, 100 * value) for d in measured for value in DRAWN[metric][0](grid.recalls(pruner, d))]
    ax.plot(*np.transpose(each), ".", color=look.colour, alpha=0.45, markersize=4, label="_seeds")


def _density_axis(ax: Axes, densities: Sequence[float]) -> None:
    ax.set_xscale("log")
    ticks = [d for d in densities if d != 0.9]  # 0.9 would run into 1
    ax.set_xticks(ticks, [f"{d:g}" for d in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("density: fraction kept", fontsize=TEXT)


def _legend(ax: Axes) -> None:
    """The methods above the panel, the highest at the left end first."""
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(handles)), key=lambda i: -np.ravel(handles[i].get_ydata())[0])
    ax.legend(
        [handles[i] for i in order], [labels[i] for i in order], loc="lower left", bbox_to_anchor=(-0.03, 1), ncols=2,
        fontsize=TEXT, labelspacing=0.2, columnspacing=1, handlelength=1.8, borderaxespad=0.2,
    )  # fmt: skip


class Row(NamedTuple):
    """A row of a forest: its name, the look of its marks, and the estimates, the first filled and the others open."""

    name: str
    look: Method
    estimates: Sequence[Estimate | None]


def forest(
    rows: Sequence[Row], title: str = "", x: str = "", reach: tuple[float, float] | None = None,
    lines: Mapping[str, float] | None = None, margin: float | None = None, unit: float = 100,
) -> Figure:  # fmt: skip
    """Estimates with their intervals in percent, a row each; an interval from fewer than five seeds is dashed.

    reach: ends of the axis; an estimate beyond stands at the edge as a number (of two beyond, the second in brackets),
    and an interval that goes on there ends in an arrowhead. lines: dotted levels with a name, in percent. margin: one
    more dotted line, in points, that the text speaks of. unit: 1 for what is no share.
    """
    fig, ax = panel(0.75 + 0.24 * len(rows) + 0.3 * bool(title) + 0.2 * bool(lines), title, x)
    for y, row in enumerate(rows):
        found = [_scaled(e, unit) for e in row.estimates if e is not None]
        beyond = [reach is not None and _beyond(e, reach) for e in found]
        for i, e in enumerate(found):
            if not beyond[i]:
                _interval(ax, y + (i - (len(found) - 1) / 2) * 0.32, e, row.look, filled=i == 0, reach=reach)
        if reach and any(beyond):
            _at_the_edge(ax, y, [e for e, far in zip(found, beyond, strict=True) if far], row.look, reach, beyond[0])
    for name, level in (lines or {}).items():
        ax.axvline(level, color=INK, linestyle=":", linewidth=1)
        ax.annotate(name, (level, 1), (0, 2), ("data", "axes fraction"), "offset points", fontsize=TEXT, ha="center")
    if margin is not None:
        ax.axvline(margin, color=INK, linestyle=":", linewidth=0.9)
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    if reach:
        ax.set_xlim(*reach)
    ax.locator_params(axis="x", nbins=7)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    return fig


def _scaled(e: Estimate, unit: float) -> Estimate:
    return replace(e, value=unit * e.value, low=unit * e.low, high=unit * e.high)


def _interval(ax: Axes, y: float, e: Estimate, look: Method, filled: bool, reach=None) -> None:
    ends = np.clip([e.low, e.high], *(reach or (-1e3, 1e3)))
    if e.seeds > 1 or e.seeds == 0:
        dashes = THIN if 1 < e.seeds < FEW else "-"
        ax.plot(ends, [y, y], color=look.colour, linewidth=2 if filled else 1.2, linestyle=dashes, label="_interval")
        for end, cut, head in zip(ends, (e.low, e.high), (CARETLEFTBASE, CARETRIGHTBASE), strict=True):
            if end != cut:
                ax.plot(end, y, marker=head, color=look.colour, markersize=5)
    ax.plot(e.value, y, marker=look.marker, color=look.colour, markersize=9 if look.marker == "*" else 6,
            markerfacecolor=None if filled else "none")  # fmt: skip


def _at_the_edge(ax: Axes, y: float, beyond: list[Estimate], look: Method, reach, first: bool) -> None:
    """The values beyond the reach as numbers, in brackets what is not the row's first estimate."""
    right = beyond[0].value > reach[1]
    numbers = [f"{e.value:+.0f}" if first and i == 0 else f"({e.value:+.0f})" for i, e in enumerate(beyond)]
    text = " ".join([*numbers, "▸"] if right else ["◂", *numbers]).replace("-", "−")
    ax.text(reach[right], y if first else y + 0.22, text, color=look.colour, fontsize=TEXT, va="center",
            ha="right" if right else "left")  # fmt: skip


def _beyond(e: Estimate, reach: tuple[float, float]) -> bool:
    return not reach[0] <= e.value <= reach[1]


def differences(
    grid: Grid, pairs: Sequence[tuple[str, str, float]], metrics: Sequence[str] = ("worst_class",), title: str = "",
    names: Callable[[str, str, float], str] | None = None, reach: float | None = None, margin: float | None = None,
) -> Figure:  # fmt: skip
    """Differences of (a, b, density) in points, a minus b, image by image, with intervals; a row a pair.

    A row has the name and the look of b, or of a where all are compared with one b; `names` gives other names. Of two
    metrics the first is filled and the second open. Pairs where one has a single seed are left out. reach: points to
    either side of 0; margin: a second line.
    """
    of_a, rows = len({b for _, b, _ in pairs}) == 1 < len(pairs), []
    for a, b, d in pairs:
        found = [grid.compare(a, b, d, metric, 1.0 if b == "full" else None) for metric in metrics]
        if any(found):
            look = figures.method(a if of_a else b)
            rows.append(Row(names(a, b, d) if names else look.label, look, found))
    fig = forest(rows, title, "difference (points)", (-reach, reach) if reach else None, margin=margin)
    fig.axes[0].axvline(0, color=INK, linewidth=1)
    return fig


def frontier(grid: Grid, pruners: Sequence[str], density: float, title: str = "", drop: float = 15) -> Figure:
    """Average against worst class at one density, a mark a pruner, a dot a seed; the best trade-offs are joined.

    Names stand at the right without "Random+", the best trade-offs in bold. What lies more than `drop` points of worst
    class below the best is named below the panel.
    """
    places = {p: place(grid, p, density) for p in pruners if grid.of(p, density)}
    best, top = undominated(places), max(worst for _, worst in places.values())
    near = {p: at for p, at in places.items() if at[1] >= top - drop}
    away = ", ".join(_short(p) for p in places if p not in near)
    below = textwrap.wrap(f"Further down: {away}", 52) if away else []
    fig, ax = panel(3.9 + 0.17 * len(below), title or f"{grid.title}, density {density:g}", "average accuracy (%)")
    for p, at in near.items():
        look, each = figures.method(p), 100 * grid.recalls(p, density)
        ax.plot(each.mean(axis=-1), each.min(axis=-1), ".", color=look.colour, alpha=0.4, markersize=4, label="_seeds")
        ax.plot(*at, marker=look.marker, linestyle="", color=look.colour, markersize=7, label=look.label)
    ax.plot(*np.array([places[p] for p in best]).T, color=INK, linewidth=1, linestyle=(0, (4, 2)), label="_best")
    entries = {_short(p): (at, figures.method(p).colour, p in best) for p, at in near.items()}
    if grid.of("full", 1.0):
        entries["Full data"] = (place(grid, "full", 1.0), INK, False)
        ax.plot(*entries["Full data"][0], "*", color=INK, markersize=12, label=figures.METHODS["full"].label)
    low, high = (pick([at for at, *_ in entries.values()], axis=0) for pick in (np.min, np.max))
    ax.set_xlim(low[0] - 0.06 * (high - low)[0] - 0.3, high[0] + 0.06 * (high - low)[0] + 0.3)
    ax.set_ylim(low[1] - 2, high[1] + 2)
    ax.set_ylabel("worst class (%)", fontsize=TEXT)
    ax.locator_params(axis="x", nbins=5)
    if below:
        fig.supxlabel("\n".join(below), x=0.01, ha="left", fontsize=TEXT)
    _name_points(ax, entries)
    return fig


def _short(pruner: str) -> str:
    return figures.method(pruner).label.removeprefix("Random+").replace("Dynamic Uncertainty", "Dyn. Unc.")


def place(grid: Grid, pruner: str, density: float) -> tuple[float, float]:
    """Average and worst class of the mean recalls, in percent."""
    return 100 * grid.value(pruner, density, "average"), 100 * grid.value(pruner, density, "worst_class")


def undominated(places: Mapping[str, tuple[float, float]]) -> list[str]:
    """The keys of points (average, worst) that no other is at least as good as in both and better in one; best average
    last."""

    def beaten(a):
        return any(min(np.subtract(b, a)) >= 0 and max(np.subtract(b, a)) > 0 for b in places.values())

    return sorted((key for key, a in places.items() if not beaten(a)), key=lambda key: places[key])


def _name_points(ax: Axes, points: Mapping[str, tuple[tuple[float, float], str, bool]], gap: float = 0.05) -> None:
    """Names of points (place, colour, bold) at the right, a line to each, no two closer than `gap` of the height."""
    ax.figure.canvas.draw()
    to_axes, entries = ax.transData + ax.transAxes.inverted(), sorted(points.items(), key=lambda item: item[1][0][1])
    heights = [to_axes.transform(at)[1] for _, (at, *_) in entries]
    for i in range(1, len(heights)):  # push up from below, then down from the top
        heights[i] = max(heights[i], heights[i - 1] + gap)
    heights[-1] = min(heights[-1], 1)
    for i in range(len(heights) - 1, 0, -1):
        heights[i - 1] = min(heights[i - 1], heights[i] - gap)
    for (name, (at, colour, bold)), height in zip(entries, heights, strict=True):
        ax.annotate(
            name, at, (1.04, height), "data", "axes fraction", fontsize=TEXT, color=colour, va="center",
            weight="bold" if bold else "normal", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip


def ranked(grid: Grid, pruner: str, densities: Sequence[float], title: str = "") -> Figure:
    """The classes' densities, sorted, a line for each density of the data set; thin lines are single seeds.

    The number at the left end counts the samples of the smallest class in the seed where it is smallest.
    """
    look, floor = figures.method(pruner), -1.0
    fig, ax = panel(2.4, title or f"{grid.title}: {look.label}", "classes, sorted")
    for d in (d for d in sorted(densities) if grid.of(pruner, d)):
        lines, fewest = np.sort(grid.kept(pruner, d), axis=1), min(min(r["kept"]) for r in grid.of(pruner, d))
        ax.axhline(d, color=FAINT, linewidth=0.8)
        ax.plot(range(lines.shape[1]), lines.T, color=look.colour, alpha=0.35, linewidth=0.8, label="_seeds")
        ax.plot(range(lines.shape[1]), lines.mean(axis=0), color=look.colour, linewidth=1.7, label=f"{d:g}")
        floor = max(floor + 0.09, lines[:, 0].mean())
        ax.annotate(f"{fewest:,}", (0, floor), (-4, 0), textcoords="offset points", fontsize=TEXT, ha="right",
                    va="center", weight="normal" if fewest else "bold")  # fmt: skip
    K = len(grid.classes)
    ax.set_xlim(-0.22 * K, K - 0.5)
    ax.set_ylim(-0.05, 1.05)
    ax.grid(visible=False)
    ax.set_xticks([0, K - 1], ["fewest", "most"])
    ax.set_yticks([0, *sorted(d for d in densities if d < 1), 1])
    ax.yaxis.set_major_formatter("{x:g}")
    return fig


def classes(
    values: Mapping[str, Sequence[float]], names: Sequence[str], title: str = "", x: str = "", log: bool = False,
    looks: Mapping[str, Method] | None = None,
) -> Figure:  # fmt: skip
    """A value of each class for several pruners, a row a class from the top, a mark a pruner; legend above.

    looks: of what is no pruner, or has another name here.
    """
    look_of = {p: (looks or {}).get(p) or figures.method(p) for p in values}
    longest = max(len(look.label) for look in look_of.values())
    columns = 2 if longest < 24 and longest + max(map(len, names)) < 34 else 1
    fig, ax = panel(0.7 + 0.24 * len(names) + 0.19 * -(-len(values) // columns), title, x)
    rows = np.arange(len(names))
    for pruner, row in values.items():
        look = look_of[pruner]
        ax.plot(row, rows, marker=look.marker, linestyle="", color=look.colour, label=look.label, markersize=6)
    ax.set_yticks(rows, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    if log:
        ax.set_xscale("log" if min(map(min, values.values())) > 0 else "symlog")
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.xaxis.minorticks_off()
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.03, 1), ncols=columns, fontsize=TEXT, labelspacing=0.2, handlelength=1.2
    )
    return fig


def class_map(
    values: Mapping[str, Sequence[float]], names: Sequence[str], title: str = "", ratio: bool = False
) -> Figure:
    """Classes (rows) by pruners (columns), each cell with its number, above 0 (or the ratio 1) in one colour and below
    in the other, deeper the farther; the largest of the map is deepest, so none is beyond the scale."""
    fig, ax = panel(1.35 + 0.245 * len(names), title)
    numbers = np.array([np.asarray(values[p], float) for p in values])  # (P, K)
    distance = np.log2(np.maximum(numbers, 1 / 64)) if ratio else numbers
    strength = distance / max(np.abs(distance).max(), 1e-9)
    for (column, row), s in np.ndenumerate(strength):
        box = plt.Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, linewidth=0, clip_on=False)
        box.set(facecolor=figures.LESS if s < 0 else figures.MORE, alpha=0.65 * abs(s) ** 0.7)
        ax.add_patch(box)
        v = numbers[column, row]
        ax.text(column, row, _in_cell(v, ratio), fontsize=8.5, ha="center", va="center")
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(values)), [figures.method(p).label for p in values], rotation=40, ha="left", fontsize=8.5,
                  rotation_mode="anchor")  # fmt: skip
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(-0.5, len(values) - 0.5), ylim=(len(names) - 0.5, -0.5))
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


def _in_cell(value: float, ratio: bool) -> str:
    if ratio:
        return f"{value:.1f}" if value >= 0.095 else f"{value:.2f}".lstrip("0")
    return f"{round(value):+d}".replace("-", "−") if round(value) else "0"
