# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # DRoP against the field
#
# *Which way to prune leaves the worst class best off, and what does it cost on average?*
#
# The paper's main comparison {cite:p}`vysogorets2025drop`, on real images. The field is random pruning, four
# strategies that rank samples by {term}`score` ({term}`EL2N`, {term}`GraNd`, {term}`Forgetting`,
# {term}`Dynamic Uncertainty`), each of them also inside {term}`DRoP`'s quotas (*Strategy+DRoP*) and replaced by random
# samples at the class ratios that it chose (*Random+StrategyQ*, see {term}`StrategyQ`), class-balanced sampling, two
# strategies that work on embeddings, and {term}`CDB-W`, which rebalances the loss instead of the data. Expect the
# {term}`quotas <quota>` to matter a great deal at low {term}`density` and little at high, and expect few differences
# between neighbours to be certain: the {term}`worst class` is judged by a few hundred images.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
scale = "laptop"
pruners = [
    "random", "random+drop", "el2n", "el2n+drop", "random+el2nq", "grand", "grand+drop", "random+grandq",
    "forgetting", "forgetting+drop", "random+forgettingq", "dynamic-uncertainty", "dynamic-uncertainty+drop",
    "random+dynamic-uncertaintyq", "k-center", "prototype", "random+balanced", "cdb-w",
]  # fmt: skip
densities = [0.1, 0.3, 0.8, 1.0]  # fractions of the training set that are kept
seeds = [0, 1, 2]
table_densities = [0.1, 0.3, 0.8]  # low, middle, high; the paper's table has 0.3, 0.5, 0.8
more_densities = [0.05, 0.2, 0.5, 0.9]  # shown where they have been measured
more_seeds = [3, 4]  # these, too
paper_table = {}  # for a reader who has it: {"random+drop": {"0.3": [average, worst class]}}, in percent
train = "never"  # or "missing": train every run that has no record

# %% tags=["hide-input"]
from statistics import median

import matplotlib.pyplot as plt
import numpy as np

from drop import metrics
from drop.chapters import figures
from drop.chapters import ledger as claims
from drop.chapters.grid import METRICS, Sweep, cell, points
from drop.experiments import benchmarks, intervals, records

figures.style()
if scale == "smoke":  # lasts seconds: what two short query models are enough for
    pruners = [p for p in pruners if p in ("random", "random+drop", "el2n", "el2n+drop", "random+el2nq")]
every_density = sorted({*densities, *more_densities})
grid = Sweep(
    benchmark, scale, pruners, densities, seeds, train,
    also=[(pruners, every_density, sorted({*seeds, *more_seeds}))],
)  # fmt: skip
if not grid.found:
    raise ValueError(f"{benchmark} at {scale} scale has no record yet; give train = 'missing', or measure it before")
pruned = [d for d in every_density if d < 1 and any(grid.of(p, d) for p in pruners)]
shown = [p for p in pruners if any(grid.of(p, d) for d in pruned)]
low = min(pruned, key=lambda d: (-sum(bool(grid.of(p, d)) for p in shown), d))  # the lowest with the most methods
strategies = [s for s in benchmarks.SCORES[1:] if {f"{s}+drop", f"random+{s}q"} & set(shown) and s in shown]
full = grid.of("full", 1.0)


def label(pruner):
    return figures.method(pruner).label


def listed(names):
    """Names in a sentence: "A, B and C"."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "none"


def family(strategy):
    """What stands in one panel: the strategy, its two variants, and the two that all are compared with."""
    return [p for p in ("random", "random+drop", strategy, f"{strategy}+drop", f"random+{strategy}q") if p in shown]


def at(density):
    """The methods that have records at a density."""
    return [p for p in shown if grid.of(p, density)]


# %% [markdown]
# ## The experiment

# %% tags=["hide-input"]
recipe, images = grid.entry.recipe, metrics.tally(next(iter(grid.found.values()))["test"])[1]
lacks = "".join(f"\n- {part}" for part in grid.lacks().split("; ") if part)
lacks = f"\n\nStill missing, and measured by the command at the end:\n{lacks}" if lacks else ""
smoke = " At smoke scale only Random, EL2N and what goes with them are run." if scale == "smoke" else ""
figures.say(
    f"The data set is `{grid.entry.dataset}`, the network `{recipe.model}`: {recipe.epochs} epochs on all the data, up "
    f"to {grid.entry.recipe_at(min(pruned)).epochs} on less, so that density d takes {recipe.budget:g} + "
    f"{1 - recipe.budget:g} d of the steps. Half of the test set gives the class recalls that DRoP's quotas come from; "
    f"the other half, {images.min()} images a class, reports. The halves are the same for all seeds, so the intervals "
    "do not know what quotas another half would have given. The plan asks every method for densities "
    f"{', '.join(f'{d:g}' for d in densities)} and seeds {', '.join(map(str, seeds))}; this page shows {grid.done} of "
    f"it, and what else has been measured of these methods.{smoke}{lacks}"
)

# %% [markdown]
# ## Worst class against density
#
# One panel a strategy: alone, inside DRoP's quotas, and replaced by random samples at its own class ratios. Random and
# Random+DRoP are the same in every panel.


# %% tags=["hide-input"]
def panel(metric, names, title):
    """A metric of some methods against density, 0 to 100 % in every panel."""
    fig, ax = plt.subplots(figsize=(4.6, 3.6 + 0.2 * -(-len(names) // 2)))
    grid.draw(ax, metric, names, every_density)
    if full:
        ax.axhline(100 * grid.value("full", 1.0, metric), color=figures.INK, linestyle=":", linewidth=1)
    ax.set_ylim(0, 100)
    ax.set_ylabel(METRICS[metric][1])
    ax.set_title("")
    handles, labels = ax.get_legend_handles_labels()
    labels = [text.replace(title, "Strategy") for text in labels]  # the title says which: all legends are equally wide
    ax.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, fontsize=9, labelspacing=0.25,
        columnspacing=1.2,
    )  # fmt: skip
    fig.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


def panels(metric):
    """One panel a strategy, and one for the methods that belong to none."""
    rest = [p for p in shown if not any(p in family(s) for s in strategies) and p not in ("random", "random+drop")]
    figs = [panel(metric, family(s), label(s)) for s in strategies]
    return figs + ([panel(metric, ["random", "random+drop", *rest], "Others")] if rest or not figs else [])


def lowest(metric):
    values = sorted((100 * grid.value(p, low, metric), label(p)) for p in at(low))
    return ", ".join(f"{name} {value:.0f} %" for value, name in values)


# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    panels("worst_class"),
    f"Worst-class test accuracy against density, one panel a strategy, on {grid.scope}. At density {low:g}: "
    f"{lowest('worst_class')}.",
    name="worst",
)
figures.say(
    f"*Accuracy of the worst class against the fraction kept ({grid.scope}). Dots are single seeds. A line is computed "
    "from each class's mean recall over the seeds, so it lies above the mean of the seeds' minima, which picks the "
    "unluckiest class of each. Dotted: training on everything.*"
)

# %% [markdown]
# ## Average against density
#
# The same methods on the same scale: what the worst class gains, the average must be able to pay for.

# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    panels("average"),
    f"Average test accuracy against density, one panel a strategy, on {grid.scope}. At density {low:g}: "
    f"{lowest('average')}.",
    name="average",
)

# %% tags=["hide-input", "hide-output"]
rows = []
for d in [*pruned, *([1.0] if full else [])]:
    for p in at(d) if d < 1 else ["full", *(["cdb-w"] if grid.of("cdb-w", 1.0) else [])]:
        estimates = [grid.estimate(p, d, metric) for metric in ("average", "worst_class", "gap")]
        rows.append([label(p), f"{d:g}", len(grid.of(p, d)), *map(cell, estimates)])
figures.table(rows, ["%, points", "density", "seeds", "average", "worst class", "gap"])

# %% [markdown]
# ## The table
#
# In the layout of the paper's Table 2: low, middle and high density, with 95 % intervals that cover the spread over
# seeds and the finite test set. A star marks the highest value of a column, whether or not the next is surely lower.


# %% tags=["hide-input"]
def layout(metric):
    """One line a method, one column a density, full training below; prints the table."""
    places = {p: [grid.estimate(p, d, metric) for d in table_densities] for p in shown}
    best = [max((e[i].value for e in places.values() if e[i]), default=None) for i in range(len(table_densities))]
    rows = []
    for p, estimates in places.items():
        marks = ["*" if e and e.value == best[i] else " " for i, e in enumerate(estimates)]
        rows.append([label(p), *(cell(e) + mark for e, mark in zip(estimates, marks, strict=True))])
    for p in ("full", "cdb-w"):
        if grid.of(p, 1.0):
            name = "Full data" if p == "full" else f"{label(p)} on full data"
            rows.append([name, cell(grid.estimate(p, 1.0, metric)) + " ", *[""] * (len(table_densities) - 1)])
    figures.table(rows, [METRICS[metric][1], *(f"density {d:g} " for d in table_densities)])


layout("average")

# %% tags=["hide-input"]
layout("worst_class")

# %% tags=["hide-input"]
if paper_table:
    rows = [[label(p), d, *values] for p, by_density in paper_table.items() for d, values in by_density.items()]
    figures.table(rows, ["the paper's, %", "density", "average", "worst class"], 1)
else:
    figures.say(
        "The paper's own values are **not available to us**. A reader who has its Table 2 can give them in the "
        "parameter `paper_table`, and they appear here."
    )

# %% [markdown]
# ## Face to face
#
# Differences of two methods on the seeds that both have, image by image, which cancels much of the noise that they
# share. Full marks are the worst class, open marks the average. Where a whole bar lies on one side of 0, the
# difference is certain at 95 %.


# %% tags=["hide-input"]
def pairs(left, right, places):
    """[(row's label, colour, density, worst-class difference, average difference)] of the measured pairs."""
    rows = []
    for a, b in zip(left, right, strict=True):
        for d in places:
            both = [grid.compare(a, b, d, metric) for metric in ("worst_class", "average")]
            if all(both):
                rows.append((a, b, d, *both))
    return rows


def forest(rows, title, reach=None):
    """One line a row, named after its second method: worst class (full) above average (open), with intervals.

    reach: points to either side of 0; what lies beyond stands at the edge as a number.
    """
    fig, ax = plt.subplots(figsize=(4.6, 1.1 + 0.34 * len(rows)))
    reach = reach or max(1.25 * max(abs(100 * e.value) for row in rows for e in row[3:]), 2)
    for y, (_, other, _, worst, average) in enumerate(rows):
        look = figures.method(other)
        for e, shift, fill, width in ((worst, -0.14, look.colour, 2.2), (average, 0.2, "none", 1.0)):
            if abs(100 * e.value) < reach:
                ax.plot([100 * e.low, 100 * e.high], [y + shift] * 2, color=look.colour, linewidth=width)
                ax.plot(100 * e.value, y + shift, marker=look.marker, color=look.colour, ms=6, markerfacecolor=fill)
            elif e is worst:
                text, side = f"{100 * e.value:+.0f} ►" if e.value > 0 else f"◄ {100 * e.value:+.0f}", np.sign(e.value)
                ax.text(0.98 * side * reach, y - 0.18, text.replace("-", "−"), color=look.colour, fontsize=9,
                        va="center", ha="right" if side > 0 else "left")  # fmt: skip
    ax.axvline(0, color=figures.INK, linewidth=1)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), [label(other) for _, other, *_ in rows], fontsize=9)
    fig.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    ax.set_xlabel("difference (points)")
    return fig


def count(rows, which):
    """How many of the differences are certain, and in which direction, in words."""
    above, below = sum(row[which].low > 0 for row in rows), sum(row[which].high < 0 for row in rows)
    return f"surely better in {above} of {len(rows)} comparisons, surely worse in {below}"


# %% [markdown]
# ### A strategy inside DRoP's quotas, and without its samples
#
# Left: does a strategy gain when it may only rank inside DRoP's quotas? Right: does it lose when its samples are
# exchanged for random ones at the same class ratios?

# %% tags=["hide-input", "nbval-ignore-output"]
quota = pairs([f"{s}+drop" for s in strategies], strategies, table_densities)
ratio = pairs([f"random+{s}q" for s in strategies], strategies, table_densities)
contests = {"Strategy+DRoP − Strategy": quota, "Random+StrategyQ − Strategy": ratio}
figs = []
for d in table_densities:
    both = {title: [row for row in rows if row[2] == d] for title, rows in contests.items()}
    reach = max((125 * abs(e.value) for rows in both.values() for row in rows for e in row[3:]), default=0)
    figs += [forest(rows, f"{title}, d = {d:g}", max(reach, 4)) for title, rows in both.items() if rows]
if figs:
    figures.show(
        figs,
        f"Paired differences with 95 % intervals on {grid.scope}. "
        + "; ".join(f"{t}: worst class {count(r, 3)}, average {count(r, 4)}" for t, r in contests.items() if r) + ".",
        name="pairs",
    )  # fmt: skip
    figures.say(
        f"*Paired differences in points, one row of panels a density ({grid.scope}); full marks: worst class, open: "
        "average. Bars are 95 % intervals; those that leave a panel go on. Each density has its own scale.*"
    )
else:
    figures.say("A comparison needs two seeds that both methods have.")

# %% tags=["hide-input"]
for title, rows in contests.items():
    if rows:
        lines = [[label(b), f"{d:g}", w.seeds, cell(w), cell(a)] for _, b, d, w, a in rows]
        figures.table(lines, [title, "density", "seeds", "worst class", "average"])
        print()

# %% [markdown]
# ### Random+DRoP against each other method
#
# To the right of 0, Random+DRoP is ahead. Differences of more than 20 points are numbers at the edge.

# %% tags=["hide-input", "nbval-ignore-output"]
others = [p for p in shown if p != "random+drop"]
duels = {d: pairs(["random+drop"] * len(others), others, [d]) for d in table_densities}
duels = {d: rows for d, rows in duels.items() if rows}
figs = [forest(rows, f"Random+DRoP minus …, d = {d:g}", 20) for d, rows in duels.items()]
if figs:
    figures.show(
        figs,
        f"Random+DRoP minus each other method at the same density, with 95 % intervals, on {grid.scope}. "
        + "; ".join(f"density {d:g}: worst class {count(r, 3)}, average {count(r, 4)}" for d, r in duels.items()) + ".",
        name="duels",
    )  # fmt: skip
else:
    figures.say("A comparison needs two seeds that both methods have.")

# %% tags=["hide-input", "hide-output"]
for d, rows in duels.items():
    lines = [[label(b), w.seeds, cell(w), cell(a)] for _, b, _, w, a in rows]
    figures.table(lines, [f"Random+DRoP minus …, density {d:g}", "seeds", "worst class", "average"])
    print()

# %% [markdown]
# ## Both at once
#
# A method is on the frontier where no other is better both on average and in the worst class. Each method is a path
# over density; the star is training on everything.


# %% tags=["hide-input"]
def place(pruner, density):
    """(average, worst class) of the mean recalls, in percent."""
    return tuple(100 * grid.value(pruner, density, metric) for metric in ("average", "worst_class"))


def frontier(places):
    """The keys of those points (average, worst) that no other point is at least as good as in both, best average last.

    A point equal to another stays.
    """

    def beaten(a):
        return any(min(np.subtract(b, a)) >= 0 and max(np.subtract(b, a)) > 0 for b in places.values())

    return sorted((key for key, a in places.items() if not beaten(a)), key=lambda key: places[key])


def surely(a, b, density):
    """Whether `a` is above `b` in both metrics with whole 95 % intervals."""
    both = [grid.compare(a, b, density, metric) for metric in ("average", "worst_class")]
    return all(e and e.low > 0 for e in both)


def name_points(ax, entries, gap=0.06):
    """Write text at the right of a panel for points [(x, y, text, colour)], no two lines closer than `gap`."""
    to_axes, entries = ax.transData + ax.transAxes.inverted(), sorted(entries, key=lambda entry: entry[1])
    wanted = [to_axes.transform((x, y))[1] for x, y, *_ in entries]
    heights, floor = [], -1.0
    for height in wanted:
        floor = max(floor + gap, height)
        heights.append(floor)
    lift = max(np.mean(np.subtract(heights, wanted)), heights[-1] - 1) if entries else 0
    for (x, y, text, colour), height in zip(entries, heights, strict=True):
        ax.annotate(
            text, (x, y), (1.01, height - lift), "data", "axes fraction", fontsize=9, color=colour, va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
            annotation_clip=False,
        )  # fmt: skip


# %% tags=["hide-input", "nbval-ignore-output"]
everywhere = {(p, d): place(p, d) for d in pruned for p in at(d)}
everywhere |= {(p, 1.0): place(p, 1.0) for p in ("full", "cdb-w") if grid.of(p, 1.0)}
best = frontier(everywhere)


def paths(zoom):
    """All paths, or the corner where the frontier lies."""
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    for p in shown:
        look, ds = figures.method(p), [d for d in every_density if (p, d) in everywhere]
        x, y = np.array([everywhere[p, d] for d in ds]).T
        ax.plot(x, y, look.dashes, color=look.colour, marker=look.marker, markersize=4.5, linewidth=1, alpha=0.85)
        for d in ds:
            each = grid.recalls(p, d)
            ax.plot(100 * each.mean(-1), 100 * each.min(-1), ".", color=look.colour, alpha=0.35, markersize=3)
    ax.plot(*np.array([everywhere[key] for key in best]).T, color=figures.INK, linewidth=1, linestyle=(0, (4, 2)))
    if full:
        ax.plot(*place("full", 1.0), "*", color=figures.INK, markersize=13)
    if zoom:  # on the frontier and on the paths of the two that all are compared with
        near = np.array([everywhere[key] for key in everywhere if key in best or key[0] in ("random", "random+drop")])
        (left, bottom), (right, top) = near.min(axis=0) - 1, near.max(axis=0) + (0.5, 2)
        ax.set_xlim(left, right)
        ax.set_ylim(bottom, top)
    ax.set_xlabel("average accuracy (%)")
    ax.set_ylabel("worst-class accuracy (%)")
    ax.set_title("The corner at the top right" if zoom else "All methods, all densities", fontsize=11)
    return fig, ax


corner, ax = paths(zoom=True)
corner.canvas.draw()
name_points(ax, [(*everywhere[p, d], f"{label(p)}{f' {d:g}' if d < 1 else ''}", figures.method(p).colour)
                 for p, d in best])  # fmt: skip
figures.show(
    [paths(zoom=False)[0], corner],
    f"Average against worst-class accuracy, one path a method over density, on {grid.scope}. On the frontier: "
    + ", ".join(f"{label(p)} at {d:g} ({everywhere[p, d][0]:.1f}, {everywhere[p, d][1]:.1f})" for p, d in best) + ".",
    name="frontier",
)  # fmt: skip
figures.say(
    f"*Average against worst class, one path a method over density, in the colours of the panels above "
    f"({grid.scope}). Large marks are computed from mean recalls, dots are single seeds, the dashed line joins the "
    "frontier over all densities.*"
)

# %% [markdown]
# ### At one density
#
# Most users have a budget, so the fair frontier is the one at a fixed density. *Beaten by* counts the methods that are
# ahead in both metrics, *surely* those whose whole 95 % intervals are.

# %% tags=["hide-input"]
on, sure = {}, {}
rows = []
for d in (d for d in table_densities if len(at(d)) > 1):
    places = {p: place(p, d) for p in at(d)}
    on[d] = frontier(places)
    for p in sorted(places, key=lambda p: -places[p][1]):
        ahead = [q for q in places if min(np.subtract(places[q], places[p])) > 0]
        sure[p, d] = [q for q in ahead if surely(q, p, d)]
        rows.append([label(p), f"{d:g}", *places[p], "yes" if p in on[d] else "", len(ahead), len(sure[p, d])])
names = ["method, by worst class", "density", "average", "worst class", "frontier", "beaten by", "surely"]
figures.table(rows, names, 1)

# %% tags=["hide-input", "nbval-ignore-output"]
figs = []
for d in on:
    fig, ax = plt.subplots(figsize=(4.6, 3.9))
    for p in at(d):
        look, each = figures.method(p), grid.recalls(p, d)
        ax.plot(100 * each.mean(-1), 100 * each.min(-1), ".", color=look.colour, alpha=0.4, markersize=4)
        ax.plot(*place(p, d), marker=look.marker, color=look.colour, markersize=7)
    line = np.array([place(p, d) for p in on[d]])
    ax.plot(*line.T, color=figures.INK, linewidth=1, linestyle=(0, (4, 2)))
    if full:
        ax.plot(*place("full", 1.0), "*", color=figures.INK, markersize=13)
    ax.set_xlabel("average accuracy (%)")
    ax.set_ylabel("worst-class accuracy (%)")
    ax.set_title(f"Density {d:g}", fontsize=11)
    highest = np.max([place(p, d) for p in at(d)], axis=0)
    away = [p for p in at(d) if min(place(p, d) - highest + (12, 30)) < 0]
    near = np.array([place(p, d) for p in at(d) if p not in away] + ([place("full", 1.0)] if full else []))
    (left, bottom), (right, top) = near.min(axis=0) - (0.5, 3), near.max(axis=0) + (0.5, 3)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.locator_params(nbins=6)
    if away:
        text = "Further down: " + ",\n".join(", ".join(map(label, away[i : i + 2])) for i in range(0, len(away), 2))
        ax.text(0, -0.19, text, transform=ax.transAxes, fontsize=8, va="top")  # below the axis: it hides no mark
    fig.canvas.draw()
    name_points(ax, [(*place(p, d), label(p), figures.method(p).colour) for p in on[d]])
    figs.append(fig)
if figs:
    figures.show(
        figs,
        f"Average against worst-class accuracy of all methods, one panel a density, on {grid.scope}. On the frontier: "
        + "; ".join(f"density {d:g}: {listed(map(label, on[d]))}" for d in on) + ".",
    )  # fmt: skip

# %% [markdown]
# ## One number a method
#
# The area under the worst-class curve over density, divided by the range of densities: the curve's mean height. All
# methods are measured at the same densities, so the number does not depend on who was measured where; full training,
# the end of every curve, is left out.

# %% tags=["hide-input"]
often = [d for d in pruned if len(at(d)) > len(shown) / 2]
areas = {p: grid.area(p, often) for p in shown} if len(often) > 1 else {}
areas = {p: e for p, e in areas.items() if e}
ranked = sorted(areas, key=lambda p: -areas[p].value)
rows = []
for p in ranked:
    against = [grid.compare(p, "random", d) for d in often] if p != "random" else [None]
    paired = intervals.area(often, against) if all(against) else None
    rows.append([label(p), areas[p].seeds, cell(areas[p]), cell(paired), cell(grid.area(p, often, "average"))])
figures.table(rows, ["mean height, %", "seeds", "worst class", "minus Random, points", "average"])
out = [label(p) for p in shown if p not in areas]
figures.say(
    f"Densities that more than half of the methods have: {', '.join(f'{d:g}' for d in often) or 'none'}."
    + (f" Not all of them are measured for {listed(out)}." if out and often else "")
)

# %% tags=["hide-input", "nbval-ignore-output"]
if ranked:
    fig, ax = plt.subplots(figsize=(5.2, 0.9 + 0.28 * len(ranked)))
    for y, p in enumerate(ranked):
        e, look = areas[p], figures.method(p)
        if e.seeds > 1:
            ax.plot([100 * e.low, 100 * e.high], [y, y], color=look.colour, linewidth=1.6)
        ax.plot(100 * e.value, y, marker=look.marker, color=look.colour, markersize=7)
    if full:
        ax.axvline(100 * grid.value("full", 1.0, "worst_class"), color=figures.INK, linestyle=":", linewidth=1)
    ax.set_yticks(range(len(ranked)), map(label, ranked), fontsize=9)
    ax.set_ylim(len(ranked) - 0.4, -0.6)
    ax.set_xlabel(f"worst class, mean over density {often[0]:g} to {often[-1]:g} (%)")
    figures.show(
        fig,
        f"Mean height of the worst-class curve with 95 % intervals on {grid.scope}: "
        + ", ".join(f"{label(p)} {100 * areas[p].value:.1f} %" for p in ranked) + ".",
        name="area",
    )  # fmt: skip
    figures.say(
        f"*Mean worst-class accuracy over density with 95 % intervals ({grid.scope}); dotted: training on everything.*"
    )

# %% [markdown]
# ## What it costs
#
# The paper says that DRoP costs nothing extra, because the strategies need a {term}`query model` anyway. In units of
# one training on all the data:

# %% tags=["hide-input"]
kinds = {
    "short": recipe.short_queries * recipe.short_epochs / recipe.epochs,
    "full": recipe.full_epochs / recipe.epochs,
}
NEEDS = {
    "Random": (), "Random+DRoP": ("short",), "EL2N, GraNd": ("short",), "the same +DRoP": ("short",),
    "Forgetting, Dynamic Uncertainty": ("full",), "the same +DRoP ": ("full", "short"),
}  # fmt: skip
timed = [seconds for (name, _), seconds in claims.query_times().items() if name == f"{benchmark}-{scale}"]
whole = median(r["seconds"] for r in full) if full else None


def seconds(needs):
    """The median seconds of query models as a multiple of one training on all the data; NaN where not known."""
    known = timed and whole and all(kind in times for times in timed for kind in needs)
    return sum(median(times[kind] for times in timed) for kind in needs) / whole if known else float("nan")


share = {d: (recipe.budget + (1 - recipe.budget) * d) for d in table_densities}
rows = []
for name, needs in NEEDS.items():
    queries = sum(kinds[kind] for kind in needs)
    rows.append([name, queries, seconds(needs), *(queries + share[d] for d in share)])
columns = ["method", "queries", "measured", *(f"all, d = {d:g}" for d in share)]
figures.table(rows, columns, 2)
figures.say(
    "Counted in passes over the training images, a full training being 1: the query models, and all together with the "
    "final model at a density. *Measured* are the seconds of the query models over those of a full training, "
    + ("as recorded when both were trained." if timed and whole else "which have not been released for this benchmark.")
)

# %% tags=["hide-input"]
short, long = kinds["short"], kinds["full"]
total = short + share[min(share)]
figures.say(
    f"Beside EL2N and GraNd DRoP is indeed free: its class recalls come from the same query models. Beside Forgetting "
    f"and Dynamic Uncertainty our DRoP adds {short:.2f} of a full training, which could be saved by reading the "
    f"recalls from their own query. Beside random pruning it is not free: {recipe.short_queries} short query models "
    f"cost {short:.2f} of a full training here"
    + (f", so that at density {min(share):g} queries and final model together take {total:.2f} of one."
       + (" Whoever trains once saves nothing by pruning; it pays where the kept set is trained on more than once."
          if total > 0.95 else ""))
)  # fmt: skip

# %% [markdown]
# ## What it means


# %% tags=["hide-input"]
def versus(a, b, d, metric="worst_class"):
    return points(grid.compare(a, b, d, metric))


found = []
if {"random", "random+drop"} <= set(shown):
    for d in (d for d in table_densities if grid.of("random", d) and grid.of("random+drop", d)):
        found.append(
            f"At density {d:g} DRoP's quotas change the worst class of random pruning by "
            f"{versus('random+drop', 'random', d)}, and the average by {versus('random+drop', 'random', d, 'average')}."
        )
for d, names in on.items():
    ahead = [q for _, q, _, w, _ in duels.get(d, []) if w.value < 0]
    certain = [q for _, q, _, w, _ in duels.get(d, []) if w.high < 0]
    if "random+drop" in at(d):
        found.append(
            f"At density {d:g} the frontier is {listed(map(label, names))}. Random+DRoP is "
            f"{'on it' if 'random+drop' in names else 'not on it'}; a better worst class than Random+DRoP "
            + (f"has {listed(map(label, ahead))}" if ahead else "has none")
            + (f", surely {listed(map(label, certain))}." if certain else ", none of them surely." if ahead else ".")
        )
figures.say("\n".join(f"- {line}" for line in found) or "Too little has been measured to say.", name="short")

# %% tags=["hide-input"]
low = min(d for d in densities if grid.of("random", d) or grid.of("random+drop", d))
names = [p for p in ("random", "random+drop", "el2n", "forgetting", "k-center") if grid.of(p, low)]
both = [(label(p), *(100 * grid.value(p, low, metric) for metric in ("worst_class", "average"))) for p in names]
whole = [100 * grid.value("full", 1.0, metric) for metric in ("worst_class", "average")] if grid.of("full", 1.0) else []
figures.say(
    f"On {benchmark} at density {low:g} the worst class (and the average) has "
    + ", ".join(f"{worst:.0f} % ({average:.0f} %) with {name}" for name, worst, average in both)
    + (f"; training on everything gives {whole[0]:.0f} % ({whole[1]:.0f} %)." if whole else "."),
    name="headline",
)

# %% tags=["hide-input"]
found = []
if quota:
    found.append(
        f"**Strategy+DRoP against the strategy**: in the worst class {count(quota, 3)}; on average {count(quota, 4)}."
    )
if ratio:
    by = {d: [average for _, _, at_d, _, average in ratio if at_d == d] for d in table_densities}
    by = {f"{d:g}": averages for d, averages in by.items() if averages}
    found.append(
        f"**Random+StrategyQ against the strategy**: in the worst class {count(ratio, 3)}; on average "
        f"{count(ratio, 4)}. By the average, the choice of samples inside the classes surely does harm with "
        + listed(f"{sum(e.low > 0 for e in es)} of {len(es)} strategies at density {d}" for d, es in by.items())
        + ", and is surely worth something with "
        + listed(f"{n} of {len(es)} at {d}" for d, es in by.items() if (n := sum(e.high < 0 for e in es))) + "."
    )  # fmt: skip
same = pairs(["random+balanced"], ["random"], table_densities)
sizes = next(iter(grid.found.values()))["class_sizes"]
if same and len(set(sizes)) == 1:
    found.append(
        "**Random+Balanced against Random**: all classes of this data set are equally large, so these two differ only "
        f"by chance. In the worst class they differ by {listed(f'{100 * w.value:+.1f}' for *_, w, _ in same)} points "
        f"at densities {listed(f'{d:g}' for _, _, d, *_ in same)}: a measure of what chance alone does."
    )
costly = [(d, grid.compare("cdb-w", "full" if d == 1 else "random", d)) for d in [*table_densities, 1.0]]
costly = [(d, e) for d, e in costly if e and grid.of("cdb-w", d)]
if costly:
    found.append(
        "**CDB-W** rebalances the loss, not the data. Against plain training on the same random samples it moves the "
        "worst class by " + ", ".join(f"{points(e)} at density {d:g}" for d, e in costly) + "."
    )
figures.say("\n".join(f"- {line}" for line in found).replace("+-", "−") or "Too little has been measured to say.")

# %% [markdown]
# ## The verdicts, and where they disagree with the paper
#
# The tests were written down before these runs, but for parts that say otherwise; the
# [claims ledger](60_claims_ledger.ipynb) lists every line with its interval and its margin. Here are the verdicts on
# this benchmark alone. A case holds the lines for one method at one density; one case against it contradicts a part.

# %% tags=["hide-input"]
WANTED = ("C2", "C3", "C4", "C5", "C7")
ledger = claims.ledger(claims.load(), records.load(records.committed()), times=claims.query_times())
parts = [part for claim in ledger if claim.source["id"] in WANTED for part in claim.parts]
parts = [part for part in parts if part.benchmark == f"{benchmark}-{scale}"]
rows = []
for part in parts:
    verdicts = [case.verdict for case in part.cases]
    tally = [verdicts.count(v) for v in ("supported", "undecided", "contradicted", "not measured")]
    rows.append([part.source["id"], part.verdict, *tally])
figures.table(rows, ["part", "verdict", "supported", "undecided", "contradicted", "not measured"])

# %% tags=["hide-input"]
said = {part.source["id"]: part for part in parts}
for verdict, ours, words in (
    ("contradicted", False, "**Against the paper** (at least one case is contradicted)"),
    ("supported", False, "**With the paper**"),
    ("undecided", False, "**Open**: too few seeds or test images to tell"),
    ("contradicted", True, "**More than the paper says, and contradicted**"),
    ("supported", True, "**More than the paper says, and supported**"),
):
    lines = [
        f"- {name}: {' '.join(part.source['says'].split())}" for name, part in said.items()
        if part.verdict == verdict and part.source.get("ours", False) == ours
    ]  # fmt: skip
    if lines:
        figures.say(f"{words}:\n\n" + "\n".join(lines))
if not parts:
    figures.say(f"The ledger has no tests for {benchmark} at {scale} scale.")

# %% [markdown]
# Below the scales `paper` and `paper-fast` the network is smaller and its schedule shorter than the paper's, so levels
# cannot be compared; what can be compared is the order of the methods and the direction of the effects. What every
# pruner does to every class is told in [the bias audit](30_bias_audit.ipynb), other quotas than DRoP's in
# [how good the quotas are](50_how_good_are_the_quotas.ipynb).
#
# ## What it cost

# %% tags=["hide-input"]
if cost := grid.cost():
    figures.say(
        f"{cost} To measure what is missing, or all of it elsewhere:\n\n```bash\n"
        f"python -m drop run {benchmark} {scale} --pruners {','.join(pruners)} \\\n"
        f"  --densities {','.join(f'{d:g}' for d in densities)} --seeds {','.join(map(str, seeds))}\n```"
    )
