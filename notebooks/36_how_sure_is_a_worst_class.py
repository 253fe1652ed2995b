# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # How sure is a worst class?
#
# *How far off is the smallest of many measured recalls, and what do a few seeds tell?*
#
# :::{admonition} In short
# :class: tip
# The smallest of $K$ measured recalls lies too low on average, because it picks the unluckiest class as well as the
# worst: with 100 classes of 50 test images each, as CIFAR-100 has here, all recognised in 70 % of cases, it is expected
# at {glue:text}`hundred`. With ten classes of {glue:text}`images` test images the bias is hardly visible. Intervals
# are wide mostly because of the seeds where these are two or three, and as much because of the images where they are
# five.
# :::

# %% tags=["parameters", "hide-input"]
benchmark = "fashion-mnist"
beside = ["cifar10"]  # shown beside it as far as they have been measured
scale = "laptop"
pruners = [
    "random", "el2n", "grand", "forgetting", "dynamic-uncertainty",
    "k-center", "prototype", "random+balanced", "random+drop",
]  # fmt: skip
densities = [0.1, 1.0]  # fractions of the training set that are kept
seeds = [0, 1, 2, 3, 4]
train = "never"  # or "missing": train every run that has no record

# %% tags=["remove-input"]
from itertools import combinations
from statistics import mean, median

import numpy as np
from scipy.special import ndtri, stdtrit  # the quantiles of the normal and of Student's t

from drop import metrics
from drop.chapters import charts, figures, minimum, prose, tables
from drop.chapters.audit import Audit
from drop.chapters.grid import side_by_side
from drop.experiments import intervals
from drop.experiments.trials import Trials, nothing

figures.style()
if scale == "smoke":  # a test of the page, in seconds: two short query models do
    pruners = [pruner for pruner in pruners if pruner in ("random", "el2n", "random+drop")]
grids = side_by_side(benchmark, beside, scale, pruners, densities, seeds, train)
audits = [Audit(grid, pruners, densities) for grid in grids]
focus = audits[0].pruned[0]
images = int(metrics.tally(next(iter(grids[0].found.values()))["test"])[1].min())

# %% tags=["hide-input", "nbval-ignore-output"]
SIZES = [20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000]
left = charts.panel(3.0, "All classes at 70 %", "test images a class", "expected smallest recall (%)")
for many, dashes in ((10, "-"), (100, "--"), (1000, ":")):
    heights = [100 * minimum.expected_minimum(np.full(many, 0.7), n) for n in SIZES]
    left[1].plot(SIZES, heights, dashes, color=figures.INK, label=f"{many} classes")
left[1].axhline(70, color=figures.INK, linewidth=0.8)
right = charts.panel(3.0, f"Recalls as on {grids[0].title}", "test images a class", "worst class (%)")
for estimator, dashes, words in ((minimum.expected_chosen, "-", "chosen on validation"),
                                 (minimum.expected_minimum, "--", "smallest on test")):  # fmt: skip
    heights = [100 * estimator(audits[0].before, n) for n in SIZES]
    right[1].plot(SIZES, heights, dashes, color=figures.INK, label=words)
right[1].axhline(100 * audits[0].before.min(), color=figures.INK, linewidth=0.8)
for _, ax in (left, right):
    ax.set_xscale("log")
    ax.set_xticks([20, 50, 100, 200, 500, 1000], ["20", "50", "100", "200", "500", "1000"])
    ax.set_xticks([], minor=True)
    ax.legend(fontsize=charts.TEXT)
figures.show(
    [left[0], right[0]],
    caption="Exact means. First: the smallest of 10, 100 and 1000 measured recalls where every class truly has 70 % "
    f"(thin line). Second: with the recalls of {grids[0].title} after training on everything, the smallest test recall "
    "and the test recall of the class chosen on validation enclose the true worst class (thin line).",
    alt="With 100 classes and 50 images the expected smallest of recalls that are all 70 % is "
    f"{100 * minimum.expected_minimum(np.full(100, 0.7), 50):.0f} %.",
)

# %% tags=["remove-input"]
rows = [["100 classes at 70 % (CIFAR-100, half its test set)", 50, *minimum.row(np.full(100, 0.7), 50)],
        ["10 classes at 70 % (CIFAR-10, half its test set)", 500, *minimum.row(np.full(10, 0.7), 500)]]  # fmt: skip
for a in audits:
    truths = {f"{figures.method(p).label} at {focus:g}": a.grid.recalls(p, d).mean(axis=0)
              for p, d in a.places if d == focus} | {"training on everything": a.before}  # fmt: skip
    rows += [[f"{a.grid.title}, {name}", images, *minimum.row(truth, images)] for name, truth in truths.items()]
tables.show(rows, ["taken as the truth", "images", "worst", "minimum", "(simulated)", "chosen", "(simulated) "],
            "Expected smallest recall and expected recall of the class chosen on validation (%), exact and from 4000 "
            "simulated test sets.")  # fmt: skip

# %% [markdown]
# ## The smallest recall lies too low, the chosen one too high
#
# The worst class is the smallest of $K$ recalls, each measured on finitely many images. If class $k$ has true recall
# $p_k$ and $m$ test images of its own, the number of hits $X_k$ is binomial, and the expected smallest recall is
#
# $$\mathbb{E}\,\min_k \frac{X_k}{m} = \frac1m \sum_{x=1}^{m} \prod_{k=1}^{K} \Pr(X_k \ge x), \qquad X_k \sim
# \mathrm{Bin}(m, p_k).$$
#
# The alternative lies too high: choose the class that looks worst on validation images and report its recall on *test*
# images. That is an honest recall of one class, but the choice is sometimes wrong, and no class is worse than the
# worst. The truth is between the two averages. Training on everything loses {glue:text}`bias` points to the choice of
# the unluckiest class here.
#
# The bias depends on the method: a fair one, whose classes lie close together, loses more to it than an unfair one
# whose worst class stands alone, so the smallest recall flatters unfair methods. The intervals of this book allow for
# it: their lower end is the least of the classes' lower bounds, their upper end the upper bound of the class chosen on
# validation.
#
# ## Few seeds make wide intervals, and so do few test images
#
# An interval covers the spread over seeds and the finite test set. How far it reaches for the seeds alone depends on
# how well their spread is known. An *average* has nothing but its own seeds: it reaches to either side
# {glue:text}`reach_2` standard errors with two, {glue:text}`reach_3` with three, {glue:text}`reach_5` with five and
# {glue:text}`reach_10` with ten (Student's $t$). So two seeds tell next to nothing of an average. For a *worst class*
# the spreads of all classes are pooled ([how](61_intervals)), and it reaches {glue:text}`worst_2`,
# {glue:text}`worst_3` and {glue:text}`worst_5` standard errors with two, three and five seeds, in the median of the
# methods here. Two seeds of Random+Balanced on CIFAR-10 have an average of {glue:text}`two_average` and a worst class
# of {glue:text}`two_worst`. The standard errors themselves shrink with the root of the number of seeds.
#
# The part of the test images does not shrink: of the ±{glue:text}`whole_fashion` points of Random's worst class at
# density 0.1 on Fashion-MNIST, from five seeds, the images alone would make ±{glue:text}`part_fashion` with any number
# of seeds (CIFAR-10: ±{glue:text}`part_cifar` of ±{glue:text}`whole_cifar`). Of the squared reach of a worst class
# that has five seeds here the images make {glue:text}`share_2` when two of them are looked at, {glue:text}`share_3`
# with three and {glue:text}`share_5` with all (medians). Raised digits beside an interval count its seeds where they
# are fewer than five.


# %% tags=["remove-input"]
def half_widths(trials):
    """How far the 95 % interval of the worst class reaches below it, how far the test images alone would, and how many
    standard errors the seeds make."""
    bounds = intervals.bounds(trials, nothing(trials))
    worst = bounds.value.argmin()
    reach = stdtrit(min(bounds.freedom[worst], 1e9), 0.975)
    return bounds.value[worst] - bounds(0.025), ndtri(0.975) * np.sqrt(bounds.images[worst]), reach


def of_some(grid, pruner, n):
    """The medians of these three over all choices of n of a pruner's seeds."""
    some = combinations(grid.of(pruner, focus), n)
    return np.median([half_widths(Trials.of_records(list(records))) for records in some], axis=0)


at_focus = [(a.grid, p, len(a.grid.of(p, d))) for a in audits for p, d in a.places if d == focus]
some_seeds = {n: {(g.benchmark, p): of_some(g, p, n) for g, p, most in at_focus if most >= n} for n in (2, 3, 5)}
widths = {(g.benchmark, p): half_widths(g.trials(p, focus)) for g, p, _ in at_focus}
by_seeds = [(n, (widths[g.benchmark, p][1] / widths[g.benchmark, p][0]) ** 2) for g, p, n in at_focus]


def share(n):
    """The images' part of the squared reach, in the median of the methods with five seeds, from n of these."""
    return median((some_seeds[n][key][1] / some_seeds[n][key][0]) ** 2 for key in some_seeds[5])


def two(metric):
    """Random+Balanced on CIFAR-10, which has two seeds."""
    return next(g for g, p, n in at_focus if (g.benchmark, p, n) == ("cifar10", "random+balanced", 2)).estimate(
        "random+balanced", focus, metric)  # fmt: skip


prose.values({
    **{f"{what}_{key}": lambda i=i, name=name: f"{100 * widths[name, 'random'][i]:.1f}"
       for key, name in (("fashion", "fashion-mnist"), ("cifar", "cifar10"))
       for i, what in enumerate(("whole", "part"))},
    "hundred": lambda: prose.percent(minimum.expected_minimum(np.full(100, 0.7), 50), 0),
    "images": lambda: str(images),
    "bias": lambda: f"{100 * (audits[0].before.min() - minimum.expected_minimum(audits[0].before, images)):.1f}",
    **{f"reach_{n}": lambda n=n: f"{stdtrit(n - 1, 0.975):.1f}" for n in (2, 3, 5, 10)},
    **{f"worst_{n}": lambda n=n: f"{median(one[2] for one in some_seeds[n].values()):.1f}" for n in (2, 3, 5)},
    **{f"share_{n}": lambda n=n: prose.percent(share(n), 0) for n in (2, 3, 5)},
    "two_average": lambda: prose.percent(two("average")), "two_worst": lambda: prose.percent(two("worst_class")),
})  # fmt: skip
prose.holds({
    "the bias is hardly visible with ten classes": lambda: all(
        a.before.min() - minimum.expected_minimum(a.before, images) < 0.005 for a in audits),
    "two or three seeds make more of an interval than the images, mostly": lambda: mean(
        float(share < 0.5) for n, share in by_seeds if 1 < n < 4) > 0.75,
    "with five the images make as much": lambda: 0.4 < median(share for n, share in by_seeds if n > 4) < 0.7,
    "so it is of the same methods when seeds are left out": lambda: share(2) < share(3) < 0.45 < share(5),
    "two seeds bound a worst class far better than an average": lambda: all(
        one[2] < stdtrit(1, 0.975) / 4 for one in some_seeds[2].values())
    and (a := two("average")).high - a.low > (w := two("worst_class")).high - w.low,
    "the truth lies between the two averages": lambda: all(
        low - 1e-9 <= worst <= high + 1e-9 for _, _, worst, low, _, high, _ in rows),
})  # fmt: skip
prose.made(grids)
