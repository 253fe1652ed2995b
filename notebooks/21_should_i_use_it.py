# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Should I use it?
#
# *I have a data set and less compute than I would like. Will DRoP help me, and what should I use instead if not?*
#
# :::{admonition} In short
# :class: tip
# On ten equal classes, Fashion-MNIST and CIFAR-10 with small networks, DRoP lifts the {term}`worst class` by
# {glue:text}`gain_low` to {glue:text}`gain_high` points against random pruning where 10 or 30 % are kept, and costs at
# most {glue:text}`price_high` points of the average. At 80 % the gain is {glue:text}`nothing`. On
# [a hundred classes](42_a_hundred_classes.ipynb) it is not settled. The default of `drop.prune`, half DRoP and half
# balanced, keeps most of the gain and hardly costs any average. If your classes are of unequal size, keep equally many
# of each first: that needs labels only.
# :::

# %% tags=["parameters", "hide-input"]
benchmarks = ["fashion-mnist", "cifar10", "fashion-mnist-long-tail"]
scale = "laptop"
pruners = ["random", "random+balanced", "random+gamma0.7", "random+nucs", "random+drop", "el2n+drop", "forgetting+drop"]
densities = [0.1, 0.3, 0.8]
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
default = "random+half-balanced"  # the rule that drop.prune takes if none is named, shown where it was measured
draws = 400  # of validation images, for the figure of quotas

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np

from drop import quotas
from drop.chapters import charts, figures, own_data, prose, tables
from drop.chapters.grid import Grid
from drop.experiments.benchmarks import benchmark

figures.style()
also = [([default], densities[:2], seeds[:5])]
found = [Grid(name, scale, pruners, [*densities, 1.0], seeds, also=also) for name in benchmarks]
grids = [grid for grid in found if grid.found]
by_name = {grid.benchmark: grid for grid in grids}
fashion, cifar, tail = (by_name.get(n) for n in ("fashion-mnist", "cifar10", "fashion-mnist-long-tail"))
fewest = {g.title: min(len(g.of("random+drop", d)) for d in densities if g.of("random+drop", d)) for g in grids}
scopes = f"{scale} scale, seeds: " + ", ".join(f"{title} n = {n}" for title, n in fewest.items())
label = {p: figures.method(p).label for p in [*pruners, "full"]}
BOTH = ("worst_class", "average")
scenes = Grid("garments-on-scenes", "laptop", ["random", "random+balanced"], [0.2, 1.0], seeds[:5])

# %% tags=["hide-input", "nbval-ignore-output"]
drop_look, SHORT = figures.method("random+drop"), {"fashion-mnist-long-tail": "Long tail"}
places = [(g, d) for g in grids for d in densities if g.of("random+drop", d)]


def against_random(chosen, where, title):
    """Worst class and average of pruners minus random pruning's, a row a data set and density; the first is filled."""
    return [
        charts.forest([charts.Row(f"{SHORT.get(g.benchmark, g.title)}, {100 * d:g} %", drop_look,
                                  [g.compare(p, "random", d, m) for p in chosen]) for g, d in where],
                      f"{word}: {title} − Random", "points", (-10, 40), {"": 0})
        for m, word in zip(BOTH, ("Worst class", "Average"), strict=True)
    ]  # fmt: skip


figures.show(
    against_random(["random+drop"], places, "DRoP"),
    caption="What DRoP changes against random pruning, in points, when 10, 30 or 80 % of the images are kept; bars are "
    f"95 % intervals, dashed from fewer than five seeds ({scopes}; the long tail is Fashion-MNIST with rare classes).",
    alt="When 10 % are kept DRoP changes the worst class by " + ", ".join(
        f"{prose.points(e)} on {g.title}" for g in grids if (e := g.compare("random+drop", "random", 0.1)))
    + " points.",
    name="should_i_use_it",
)  # fmt: skip

# %% tags=["remove-input"]
tables.show(
    [[f"{g.title}, keep {100 * d:g} %", *(g.compare("random+drop", "random", d, m) for m in BOTH)] for g, d in places],
    ["data set", "worst class", "average"], "DRoP minus random pruning (points).", signed=["worst class", "average"],
)  # fmt: skip

# %% tags=["remove-input"]
RIVALS = ["random+balanced", "el2n", "grand", "forgetting", "dynamic-uncertainty", "k-center", "cdb-w"]
others = {g.benchmark: Grid(g.benchmark, scale, RIVALS, [0.1], seeds) for g in grids}


def both(grid, pruner, density):
    """Worst class and, in brackets, average."""
    worst, average = (100 * grid.value(pruner, density, m) for m in BOTH)
    return f"{worst:.0f} ({average:.0f}) %"


rows = []
for g in grids:
    rivals = others[g.benchmark]
    best = max((p for p in RIVALS if rivals.of(p, 0.1)), key=lambda p: rivals.value(p, 0.1, "worst_class"))
    few = "⁰¹²³⁴"[len(rivals.of(best, 0.1)) :][:1]
    rival = f"{figures.method(best).label.removeprefix('Random+')} {both(rivals, best, 0.1)}{few}"
    rows.append([g.title, both(g, "random", 0.1), both(g, "random+drop", 0.1), rival, both(g, "full", 1.0)])
tables.show(
    rows, ["data set", "random", "DRoP", "best other", "all the data"],
    "Worst class (average) when 10 % are kept. Best other: of the scores, k-center, CDB-W and equal class sizes "
    "(raised figures: few seeds). Random draws at class ratios like DRoP's, which do about as well, are left out.",
    folded=False, name="at_a_glance",
)  # fmt: skip

# %% [markdown]
# ## The decision in six steps
#
# 1. Do you keep 80 % or more? The gain is none that can be seen on Fashion-MNIST, and {glue:text}`left_cifar` points on
#    CIFAR-10: prune at random, unless the recalls cost you little.
# 2. Are the classes of unequal size? Keep equally many of each (`drop.quotas.balanced_counts`).
# 3. Do some classes have rare groups that fail, such as birds before the wrong background? Then labels of the groups
#    are worth having. With a fifth of our garments on land and on water, equally many images of each group lift the
#    worst group by {glue:text}`groups_balanced` points above random pruning and by {glue:text}`groups_full`
#    above training on everything ([Groups](44_groups.ipynb)).
# 4. Does the worst class matter to you, and are classes of equal size differently hard? Train short query models on
#    everything, and keep by DRoP with random samples inside the classes: `drop.prune` does, by a more careful rule that
#    is measured below; `rule="drop"` is the paper's.
# 5. Do you have few validation images, thirty a class or less? Give counts, not recalls, and a floor (`at_least=`).
# 6. Would a loss of average accuracy hurt more than the gain helps? Keep to the default of `drop.prune`, or use the
#    exponent 0.7.
#
# The [calculator](calculator) computes these quotas for your classes; the [quickstart](00_quickstart) prunes a data set
# in five lines.
#
# ## When it helps
#
# Much is pruned, the classes are about equally large, and they differ in how hard they are. Then the worst class gains
# and the average hardly loses. The rule does not have to be exact: the exponent 0.7 instead of 1, or budgets from the
# mean difficulty of a class (NUCS), lift the worst class at density 0.1 as much, and no interval puts their average
# below that of DRoP. On Fashion-MNIST the exponent 0.7 even keeps more of it: {glue:text}`gamma_average` points.
#
# In brackets stand 95 % intervals; a raised figure says how many seeds an interval comes from where they are fewer than
# five.
#
# ## What to use instead
#
# On classes of unequal size, keeping equally many of each is simpler and better on average: {glue:text}`balanced_gain`
# points above DRoP's average on the long tail at density 0.1. In the worst class DRoP is ahead there at 0.1
# ({glue:text}`balanced_worst`), and at 0.8 it is Balanced's that is ahead ({glue:text}`balanced_worst_high`). On the
# steeper tails of CIFAR-10 balanced classes are the safer choice, and a method for long tails on all the data is better
# than either ([imbalanced data](43_imbalanced_data.ipynb)).

# %% tags=["remove-input"]
for grid in grids:
    rows = [[label[p], len(grid.of(p, d)), *(grid.estimate(p, d, m) for m in BOTH)]
            for p, d in [*((p, 0.1) for p in pruners), ("full", 1.0)] if grid.of(p, d)]  # fmt: skip
    tables.show(rows, ["what is kept", "seeds", "worst class", "average"], f"{grid.title}, 10 % kept (%).",
                best=["worst class", "average"])  # fmt: skip

# %% [markdown]
# ## When it does nothing, and when it harms
#
# - **At density 0.8** there is little room to rebalance. What is left in the worst class, in points:
#   {glue:text}`nothing`.
# - **Scores inside the quotas** do not help, and at 10 % they do harm: with EL2N instead of chance inside DRoP's quotas
#   the worst class of Fashion-MNIST changes by {glue:text}`scores_harm` points.
# - **Classes that overlap heavily, or differ much in how widely they scatter,** can lose by it: quotas in proportion to
#   the error overshoot ([why class densities matter](10_why_class_densities_matter.ipynb) says when).
# - **Few validation samples**: on four data sets of other kinds the paper's bare rule changes the worst class by
#   {glue:text}`bare_worst` points in the mean, because a class whose recall is 1 keeps nothing. The default of
#   `drop.prune` prevents that (see below).
# - **Better than training on everything?** In the worst class the interval says so on the long tail
#   ({glue:text}`beyond_full` points at 0.3) and, where 80 % are kept, on CIFAR-10 ({glue:text}`beyond_full_late`). At
#   0.3 it is {glue:text}`beyond_full_cifar` on CIFAR-10 and {glue:text}`beyond_full_fashion` on Fashion-MNIST.
#
# ## What it costs
#
# The recalls come from {term}`query models <query model>` that are trained first. Here these are five short ones, which
# take {glue:text}`query_cost` of one full training (for the [larger network](45_how_we_measured.ipynb) three longer
# ones, {glue:text}`query_cost_desk`). **Whoever trains once saves nothing**: query models and final training together
# take longer than training on everything, because pruned data are seen for more epochs. It pays where
# the pruned set is used again and again, or where storage is what is short.
#
# ## How many validation images it takes
#
# Quotas are only as good as the recalls. The figure draws validation sets of several sizes from the recalls that were
# measured, and counts which share of the kept samples goes to another class than it would with the true recalls.


# %% tags=["remove-input"]
def misplaced(sizes, recalls, density, images):
    """The mean share of kept samples that sampling noise in the recalls moves to other classes."""
    true, rng = quotas.drop_counts(sizes, recalls, density), np.random.default_rng(0)
    noisy = rng.binomial(images, recalls, (draws, len(recalls))) / images
    moved = [np.abs(quotas.drop_counts(sizes, r, density) - true).sum() / 2 for r in np.minimum(noisy, 1 - 1e-9)]
    return float(np.mean(moved) / true.sum())


SIZES = (10, 25, 50, 100, 250, 500)
balanced = [g for g in (fashion, cifar) if g and g.of("random+drop", 0.1)]
recalls = {g.title: np.mean([r["quota_recalls"] for r in g.of("random+drop", 0.1)], axis=0) for g in balanced}
sizes = {g.title: np.array(g.of("random+drop", 0.1)[0]["class_sizes"]) for g in balanced}
lost = {name: [misplaced(sizes[name], r, 0.1, n) for n in SIZES] for name, r in recalls.items()}

# %% tags=["hide-input", "nbval-ignore-output"]
fig, ax = charts.panel(2.8, "Share of the kept samples in the wrong class", "validation images a class")
looks = zip("os", ("-", "--"), strict=True)
for (name, values), (marker, dashes) in zip(lost.items(), looks, strict=False):
    ax.plot(SIZES, [100 * v for v in values], dashes, marker=marker, color=drop_look.colour, label=name)
ax.set_xscale("log")
ax.set_xticks(SIZES, [str(n) for n in SIZES])
ax.set_xticks([], minor=True)
ax.set_ylim(0)
ax.legend()
figures.show(
    fig,
    caption="Kept samples (%) that sampling noise in the recalls gives to another class, mean over "
    f"{draws} draws of the validation images, at density 0.1 and at the recalls measured by short query models.",
    alt="With 100 validation images a class " + " and ".join(
        f"{100 * v[SIZES.index(100)]:.0f} % of the kept samples on {name}" for name, v in lost.items())
    + " are misplaced.",
)  # fmt: skip

# %% tags=["remove-input"]
tables.show(
    [[name, *(100 * v for v in values)] for name, values in lost.items()], ["data set", *map(str, SIZES)],
    "Share of the kept samples (%) in another class than with the true recalls, by validation images a class.",
)  # fmt: skip

# %% [markdown]
# With a hundred validation images a class {glue:text}`lost_fashion` of the budget is misplaced on Fashion-MNIST and
# {glue:text}`lost_cifar` on CIFAR-10. With ten it is several times as much: shrink the recalls (`drop.prune` does when
# it is given counts or predictions instead of recalls), or keep the classes balanced.
#
# ## The default of `drop.prune` on these images
#
# What is measured above is the paper's rule. The default of `drop.prune` gives half of the budget to DRoP on smoothed
# recalls and half to the classes evenly. **It keeps most of the gain and hardly costs any average.** At a tenth of the
# images its worst class gains {glue:text}`default_worst_fashion` points on Fashion-MNIST,
# {glue:text}`default_worst_cifar` on CIFAR-10 and {glue:text}`default_worst_tail` on the long tail, and its average
# {glue:text}`default_average_fashion`, {glue:text}`default_average_cifar` and {glue:text}`default_average_tail`. No
# interval tells its worst class from that of DRoP alone, and on Fashion-MNIST and its tail its average is better
# there. That was tested as N3 of the [claims ledger](60_claims_ledger.ipynb), written down before the first of these
# networks was trained.


# %% tags=["hide-input", "nbval-ignore-output"]
beside = [(g, d) for g, d in places if g.of(default, d)]
figures.show(
    against_random(["random+drop", default], beside, "DRoP, default"),
    caption="DRoP (filled) and the default of drop.prune (open) minus random pruning, in points, when 10 or 30 % of "
    "the images are kept; 95 % intervals, dashed from fewer than five seeds.",
    alt="The default changes the worst class by " + ", ".join(
        f"{prose.points(g.compare(default, 'random', d))} on {g.title} at {d:g}" for g, d in beside) + " points.",
    name="default_rule",
)  # fmt: skip

# %% tags=["remove-input"]
columns = [(f"− {label[p]}", word) for p in ("random", "random+drop") for word in ("worst class", "average")]
tables.show(
    [[f"{g.title}, keep {100 * d:g} %", len(g.of(default, d)),
      *(g.compare(default, p, d, m) for p in ("random", "random+drop") for m in BOTH)] for g, d in beside],
    ["data set", ("", "seeds"), *columns], "The default of drop.prune minus random pruning and minus DRoP (points).",
    signed=columns,
)  # fmt: skip

# %% [markdown]
# ## Other kinds of data
#
# Images of equal classes are the paper's ground. `drop.prune` was tried on eight more data sets of images, texts and
# tables with linear models: four chose its default rule, four only judged it, all named beforehand. A cell is a data
# set, a density and a number of validation samples. By a paired test, corrected for their number, the default (half
# DRoP on smoothed recalls, half balanced classes) has a worse worst class than random pruning in none of the
# {glue:text}`cells` judging cells. In the mean over draws it is lower in {glue:text}`prune_lower` of them, by at most
# {glue:text}`prune_least` points; in the mean over cells the worst class changes by {glue:text}`prune_worst` points and
# the average by {glue:text}`prune_average`. Balanced classes alone, which need no recalls, do as well there
# ({glue:text}`balanced_own` and {glue:text}`balanced_own_average`). The paper's bare rule is below random pruning in
# {glue:text}`bare_below` cells, by the same test: where recalls are high or noisy it empties classes.

# %% tags=["remove-input"]
own_data.table()


# %% tags=["remove-input"]
def ends(metric, pruner="random+drop", grids=(fashion, cifar)):
    values = [100 * g.compare(pruner, "random", d, metric).value for g in grids for d in (0.1, 0.3)]
    return min(values), max(values)


def cost(recipe):
    """What the short query models take of one full training, in percent of its passes over the data."""
    return 100 * recipe.short_queries * recipe.short_epochs / recipe.epochs


recipes = [g.entry.recipe for g in grids]


def plain(value):
    return f"{value:+.1f}".replace("-", "−")


judged = own_data.outcomes(own_data.sets("judge"))
prose.values({
    "bare_below": lambda: str(judged["drop"].fails), "bare_worst": lambda: plain(judged["drop"].worst),
    "cells": lambda: str(judged["prune"].cells), "prune_lower": lambda: str(judged["prune"].lower),
    "prune_least": lambda: plain(-judged["prune"].least).lstrip("+"),
    "prune_worst": lambda: plain(judged["prune"].worst), "prune_average": lambda: plain(judged["prune"].average),
    "balanced_own": lambda: plain(judged["balanced"].worst),
    "balanced_own_average": lambda: plain(judged["balanced"].average),
    **{f"worst_{word}": lambda p=p, d=d: f"{100 * fashion.value(p, d, 'worst_class'):.0f} %"
       for word, p, d in (("random", "random", 0.1), ("drop", "random+drop", 0.1), ("full", "full", 1.0))},
    "gamma_average": lambda: prose.points(fashion.compare("random+gamma0.7", "random+drop", 0.1, "average")),
    "gain_low": lambda: plain(ends("worst_class")[0]).lstrip("+"),
    "gain_high": lambda: plain(ends("worst_class")[1]).lstrip("+"),
    "price_high": lambda: plain(-ends("average")[0]).lstrip("+"),
    "groups_balanced": lambda: prose.points(scenes.compare("random+balanced", "random", 0.2, "worst_group")),
    "groups_full": lambda: prose.points(scenes.compare("random+balanced", "full", 0.2, "worst_group", 1.0)),
    "balanced_gain": lambda: prose.points(tail.compare("random+balanced", "random+drop", 0.1, "average")),
    "balanced_worst": lambda: prose.points(tail.compare("random+drop", "random+balanced", 0.1)),
    "balanced_worst_high": lambda: prose.points(tail.compare("random+balanced", "random+drop", 0.8)),
    "left_cifar": lambda: plain(100 * cifar.compare("random+drop", "random", 0.8).value).lstrip("+"),
    "nothing": lambda: " and ".join(
        f"{prose.points(g.compare('random+drop', 'random', 0.8))} on {g.title}" for g in (fashion, cifar)),
    **{f"default_{m.removesuffix('_class')}_{word}": lambda g=g, m=m: prose.points(g.compare(default, "random", 0.1, m))
       for word, g in (("fashion", fashion), ("cifar", cifar), ("tail", tail)) for m in BOTH},
    "scores_harm": lambda: prose.points(fashion.compare("el2n+drop", "random+drop", 0.1)),
    **{f"beyond_full{word}": lambda g=g, d=d: prose.points(g.compare("random+drop", "full", d, density_b=1.0))
       for word, g, d in (("", tail, 0.3), ("_late", cifar, 0.8), ("_cifar", cifar, 0.3), ("_fashion", fashion, 0.3))},
    "query_cost": lambda: "{:.0f} % to {:.0f} %".format(*(pick(map(cost, recipes)) for pick in (min, max))),
    "query_cost_desk": lambda: f"{cost(benchmark('cifar10', 'desk').recipe):.0f} %",
    **{f"lost_{word}": lambda name=name: f"{100 * lost[name][SIZES.index(100)]:.0f} %"
       for word, name in (("fashion", "Fashion-MNIST"), ("cifar", "CIFAR-10"))},
})  # fmt: skip

# %% tags=["remove-input"]
prose.holds({
    "by the test the default is below random nowhere, in the mean somewhere": lambda: judged["prune"].lower
    > judged["prune"].fails == 0 == own_data.outcomes(own_data.sets("choose"))["prune"].fails,
    "the bare rule is": lambda: judged["drop"].fails > 0,
    "balanced classes do as well as the default": lambda: judged["balanced"].worst >= judged["prune"].worst
    and judged["balanced"].average >= judged["prune"].average and judged["balanced"].fails == 0,
    "the front page: at 0.1 DRoP's worst class of Fashion-MNIST is that of full data within the interval": lambda: (
        e := fashion.compare("random+drop", "full", 0.1, density_b=1.0)).low < 0 < e.high,
    "the exponent 0.7 and NUCS lift the worst class as much as DRoP, and lose no more of the average": lambda: all(
        (e := g.compare(p, "random+drop", 0.1)).low < 0 < e.high and g.compare(p, "random", 0.1).value > 0.05
        and g.compare(p, "random+drop", 0.1, "average").value > 0
        for g in (fashion, cifar) for p in ("random+gamma0.7", "random+nucs")),
    "on Fashion-MNIST the exponent 0.7 keeps more of the average": lambda: fashion.compare(
        "random+gamma0.7", "random+drop", 0.1, "average").low > 0,
    "DRoP's worst class is above Random's at 0.1 on every data set": lambda: all(
        g.compare("random+drop", "random", 0.1).low > 0 for g in (fashion, cifar, tail)),
    "DRoP gains in the worst class at 0.1 and 0.3": lambda: ends("worst_class")[0] > 0,
    "it costs less than 3 points on average": lambda: -3 < ends("average")[0],
    "drop.prune's default gains more than half of that, for less than a point": lambda: all(
        (e := g.compare(default, "random", d)).low > 0 and e.value > g.compare("random+drop", "random", d).value / 2
        and g.compare(default, "random", d, "average").value > -0.01
        and (e := g.compare(default, "random+drop", d)).low < 0 < e.high for g, d in beside)
    and all(g.compare(default, "random+drop", 0.1, "average").low > 0 for g in (fashion, tail)),
    "nothing can be seen at 0.8 on Fashion-MNIST, and less than at 0.1 on CIFAR-10": lambda: (
        e := fashion.compare("random+drop", "random", 0.8)).low < 0 < e.high
    and cifar.compare("random+drop", "random", 0.8).value < cifar.compare("random+drop", "random", 0.1).value,
    "Balanced is above DRoP on average on the long tail": lambda: tail.compare(
        "random+balanced", "random+drop", 0.1, "average").low > 0,
    "DRoP's worst class is above Balanced's at 0.1 on the long tail": lambda: tail.compare(
        "random+drop", "random+balanced", 0.1).low > 0,
    "Balanced's worst class is above DRoP's at 0.8 on the long tail": lambda: tail.compare(
        "random+balanced", "random+drop", 0.8).low > 0,
    "EL2N inside DRoP's quotas is worse than random there": lambda: fashion.compare(
        "el2n+drop", "random+drop", 0.1).high < 0,
    "better than full data at 0.3 on the long tail only, at 0.8 on CIFAR-10": lambda: all(
        g.compare("random+drop", "full", d, density_b=1.0).low > 0 for g, d in ((tail, 0.3), (cifar, 0.8)))
    and all(g.compare("random+drop", "full", 0.3, density_b=1.0).low < 0 for g in (fashion, cifar)),
    "query models and final training together take longer than full training": lambda: all(
        cost(recipe) / 100 + 0.55 > 1 for recipe in recipes),
})  # fmt: skip
plt.close("all")
prose.made(grids)
