# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The bias audit: what every pruner does to every class
#
# *Which ways to prune cost the worst class, how sure can we be of it, and is it the class ratios that do it?*
#
# :::{admonition} In short
# :class: tip
# **Where scores lose the worst class, they lose the average as well**, and mostly by *which* images they keep of a
# class. The paper's bias at a kept average is not what we see on Fashion-MNIST; on CIFAR-10, at this scale, hardly a
# score keeps the average below density 0.8; [on a hundred classes](42_a_hundred_classes.ipynb) one score of three has
# the bias. At a tenth of the data the {term}`worst class` falls to {glue:text}`lowest_fashion` under EL2N on
# Fashion-MNIST and to {glue:text}`lowest_cifar` under GraNd on CIFAR-10. By its intervals only Random+DRoP is better
# than random pruning on both, with {glue:text}`highest_fashion` and {glue:text}`highest_cifar`.
# :::

# %% tags=["parameters", "hide-input"]
benchmark = "fashion-mnist"
beside = ["cifar10"]  # shown beside it as far as they have been measured
scale = "laptop"
pruners = [
    "random", "el2n", "grand", "forgetting", "dynamic-uncertainty",
    "k-center", "prototype", "random+balanced", "random+drop",
]  # fmt: skip
densities = [0.1, 0.3, 0.5, 0.8, 1.0]  # fractions of the training set that are kept
seeds = [0, 1, 2, 3, 4]
strategies = ["el2n", "grand", "forgetting", "dynamic-uncertainty", "k-center"]
imitation_densities = [0.1, 0.3, 0.8]  # where random samples imitate their ratios
train = "never"  # or "missing": train every run that has no record

# %% tags=["remove-input"]
import numpy as np

from drop.chapters import charts, extract, figures, prose, tables
from drop.chapters.audit import BOTH, Audit, mean_heights
from drop.chapters.grid import scope_of, side_by_side

figures.style()
if scale == "smoke" and len(seeds) * len(densities) <= 2:  # a test of the page, in seconds: two short query models do
    pruners, strategies = [pruner for pruner in pruners if pruner in ("random", "el2n", "random+drop")], []
strategies = [strategy for strategy in strategies if strategy in pruners]
imitated = [d for d in densities if d in imitation_densities and d < 1]
more = [([f"random+{strategy}q" for strategy in strategies], imitated)]
grids = side_by_side(benchmark, beside, scale, pruners, densities, seeds, train, more=more)
audits = [Audit(grid, pruners, densities, strategies) for grid in grids]
by_name = {audit.grid.benchmark: audit for audit in audits}
fashion, cifar = by_name.get("fashion-mnist"), by_name.get("cifar10")
scope, focus = scope_of(grids), audits[0].pruned[0]
label = {p: figures.method(p).label for p in [*pruners, "full"]}
here = [p for p in pruners if grids[0].of(p, focus)]
others = [p for p in here if p != "random"]

# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    [
        charts.differences(a.grid, [(p, "random", focus) for p in others], BOTH, f"{a.grid.title}, density {focus:g}",
                           reach=30)
        for a in audits
    ],
    caption=f"Each pruner minus random pruning at density {focus:g}, in points of the worst class (filled) and of the "
    f"average (open), with 95 % intervals ({scope}). Dashed: fewer than five seeds. Beyond 30 points a value "
    "stands at the edge, the average in brackets.",
    alt="Worst class minus that of random pruning: "
    + "; ".join(f"{a.grid.title}: " + ", ".join(f"{label[p]} {prose.points(e['worst_class'])}"
                for (p, d), e in a.to_random.items() if d == focus) for a in audits) + ".",
    name="audit",
)  # fmt: skip

# %% tags=["remove-input"]
few = round(np.sqrt(len(grids[0].classes)))
for a in audits:
    places = [*a.places, *([("full", 1.0)] if a.grid.of("full", 1.0) else [])]
    tables.show(
        [[f"{label[p]} {d:g}", *a.numbers(p, d)] for p, d in places],
        ["pruner, density", "seeds", "average", "worst class", "chosen", f"mean of {few} worst", "gap", "spread"],
        f"{a.grid.title}: every value with its 95 % interval over seeds and test images (%; gap and spread in points). "
        "The worst class is the smallest of the recalls; beside it the recall of the class that looked worst on "
        "validation images.",
    )  # fmt: skip


def side(pairs, name, value, words, caption, **options):
    """One table of all data sets side by side: a row a pair, `value(audit, pair)` the cells under `words`."""
    columns = [(a.grid.title, word) for a in audits for word in words]
    rows = [
        [f"{label[p]} {d:g}", *(cell for a in audits for cell in (value(a, (p, d)) or [None] * len(words)))]
        for p, d in dict.fromkeys(pair for a in audits for pair in pairs(a))
    ]
    tables.show(rows, [name, *columns], caption, signed=columns, **options)


side(lambda a: a.to_random, "pruner, density", lambda a, pair: [a.to_random[pair][m] for m in BOTH]
     if pair in a.to_random else None, ["worst class", "average"],
     "Each pruner minus random pruning, in points: image by image, over all the seeds that each has.")  # fmt: skip

# %% [markdown]
# ## The pruners
#
# A {term}`pruner` keeps the samples of highest {term}`score` in the whole training set, wherever they fall:
# **{term}`EL2N`** and **{term}`GraNd`** read the score from short {term}`query models <query model>`,
# **{term}`Forgetting`** and **{term}`Dynamic Uncertainty`** from one long training, **{term}`k-center`** and
# **Prototype** (far from the mean of the own class, {cite:p}`sorscher2022scaling`) from its embeddings. They are
# compared with **Random**, with **Random+Balanced** (as many samples of every class as possible, chosen at random) and
# with **Random+DRoP** ({term}`quotas <quota>` that keep of each class a fraction in proportion to a query model's error
# on it, filled at random).
# An interval covers the spread over seeds and the finite test set;
# [how sure a worst class is](36_how_sure_is_a_worst_class.ipynb) has a chapter of its own.
#
# ## On Fashion-MNIST a score that keeps the average does not lose the worst class
#
# The paper's first finding is that pruning by score is biased: the average holds while single classes are lost
# {cite:p}`vysogorets2025drop`. Here the average stays within a point of random pruning's, by its interval, in
# {glue:text}`holding_fashion` pairs of a score and a {term}`density` on Fashion-MNIST and in {glue:text}`holding_cifar`
# on CIFAR-10. Among these no interval puts the worst class below random pruning's, and {glue:text}`higher`
# (all on Fashion-MNIST) put it above. Of CIFAR-10's pairs below density 0.8 only {glue:text}`holding_low` keep the
# average: too few to tell. Losing on average need not cost the worst class: k-center at a tenth of Fashion-MNIST
# ({glue:text}`k_center_average` points on average) gains {glue:text}`k_center_worst`, EL2N at half of CIFAR-10
# ({glue:text}`half_average`) {glue:text}`half_worst`.

# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    [charts.differences(a.grid, [(p, "random", d) for p, d in a.holding], BOTH, a.grid.title,
                        lambda p, _, d: f"{label[p]} {d:g}", reach=20) for a in audits if a.holding],
    caption="The scores, at the density beside the name, whose average (open) stays within a point of that of random "
    "pruning, by its 95 % interval: their worst class (filled) minus that of random pruning, in points "
    f"({scope}).",
    alt="Worst class minus random pruning's: " + "; ".join(f"{a.grid.title} " + ", ".join(
        f"{label[p]} at {d:g} {prose.points(a.to_random[p, d]['worst_class'])}" for p, d in a.holding)
        for a in audits) + " points.",
)  # fmt: skip

# %% tags=["hide-input", "nbval-ignore-output"]
GROUPS = [["el2n", "grand", "forgetting", "dynamic-uncertainty"],
          ["k-center", "prototype", "random+balanced", "random+drop"]]  # fmt: skip
figures.show(
    [charts.curves(a.grid, "worst_class", ["random", *(p for p in members if p in here)], densities, height=2.3)
     for members in GROUPS for a in audits],
    caption=f"Worst-class accuracy (%) against the fraction kept ({scope}); Random is in every panel. Dots: single "
    "seeds. Dotted: training on everything. A line is computed from each class's mean recall over the seeds.",
    alt="; ".join(f"On {a.grid.title} at density {focus:g} the worst class has "
                  + ", ".join(f"{100 * a.grid.value(p, focus, 'worst_class'):.0f} % under {label[p]}" for p in here)
                  for a in audits) + ".",
    name="curves",
)  # fmt: skip

# %% [markdown]
# ### One number a pruner
#
# The area under a curve over density, divided by the range of densities, is the curve's mean height: one number that
# does not depend on which density is picked. Density 1 is left out, since all pruners are equal there. Random+DRoP has
# the highest worst class on both data sets, and pays {glue:text}`area_price` points of average on Fashion-MNIST.


# %% tags=["hide-input", "nbval-ignore-output"]
if any(a.areas for a in audits):
    figures.show(
        [mean_heights(a, *BOTH) for a in audits if a.areas],
        caption="Mean height of the curves over density: worst class (filled) and average (open), with 95 % intervals "
        f"({scope}). Dotted: worst class after training on everything.",
        alt="; ".join(f"{a.grid.title}, worst class: "
                      + ", ".join(f"{label[p]} {100 * e['worst_class'].value:.1f} %" for p, e in a.areas.items())
                      for a in audits) + ".",
    )  # fmt: skip

# %% tags=["remove-input"]
for a in audits:
    tables.show(
        [[label[p], e["worst_class"].seeds, *e.values()] for p, e in a.areas.items()],
        ["pruner", "seeds", "worst class", "minus Random", "average"],
        f"{a.grid.title}: mean height of the curves over densities {', '.join(map(str, a.pruned))} (%, points).",
        best=["worst class", "average"], signed=["minus Random"],
    )  # fmt: skip

# %% [markdown]
# ## On Fashion-MNIST scores agree on which classes keep much
#
# There every score and Random+DRoP keep far more shirts than their share and far fewer trousers. On CIFAR-10 all but
# GraNd keep more birds and fewer ships; GraNd does the opposite: cats have {glue:text}`grand_cat` of their share, frogs
# {glue:text}`grand_frog` and ships {glue:text}`grand_ship`. No class is left without a sample; the smallest
# is {glue:text}`smallest_fashion` on Fashion-MNIST and {glue:text}`smallest_cifar` on CIFAR-10 at density 0.1.


# %% tags=["hide-input", "nbval-ignore-output"]
def by_class(audit, values, most=20):
    """The classes that lose most under any pruner, the hardest first, and a value of each for every pruner."""
    loses = np.min([audit.change(p, focus) for p in here if audit.grid.of(p, focus)], axis=0)
    order = np.argsort(loses, kind="stable")[:most]
    order = order[np.argsort(audit.before[order], kind="stable")]
    shown = {p: values(p)[order] for p in here if audit.grid.of(p, focus)}
    return shown, [audit.grid.classes[k] for k in order]


def kept(audit):
    return by_class(audit, lambda p: audit.grid.kept(p, focus).mean(axis=0) / focus)


figures.show(
    [charts.class_map(*kept(a), f"{a.grid.title}, density {focus:g}", ratio=True) for a in audits],
    caption=f"What each class keeps at density {focus:g}, as a multiple of {focus:g}, the hardest class on top "
    f"({scope}). Green is more than an equal share, brown less.",
    alt="; ".join(f"On {a.grid.title} {names[0]} keeps "
                  + ", ".join(f"{v[0]:.1f} times its share under {label[p]}" for p, v in values.items())
                  for a in audits for values, names in [kept(a)]) + ".",
    name="kept",
)  # fmt: skip

# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    [charts.ranked(a.grid, "el2n" if "el2n" in here else here[-1], a.pruned) for a in audits],
    caption="EL2N: fraction kept of each class, from the class that keeps least to the one that keeps most, at "
    f"each density of the data set (faint lines); thin lines are single seeds ({scope}). The numbers count the samples "
    "of the smallest class in the seed where it is smallest.",
    alt=f"Fewest samples of a class at density {focus:g}: "
    + "; ".join(f"{a.grid.title} " + ", ".join(f"{label[p]} {a.smallest(p, focus)[0]:,}" for p in here
                                               if a.grid.of(p, focus)) for a in audits) + ".",
)  # fmt: skip

# %% tags=["remove-input"]
for a in audits:
    rows = []
    for p, d in a.places:
        shares, (fewest, name) = 100 * a.grid.kept(p, d).mean(axis=0), a.smallest(p, d)
        rows.append([f"{label[p]} {d:g}", fewest, None if a.is_flat(p) else name, shares.min(), shares.max(),
                     shares.std()])  # fmt: skip
    tables.show(
        rows,
        ["pruner, density", "fewest samples", "of class", "lowest class density", "highest", "spread"],
        f"{a.grid.title}: the smallest class in any seed, and the class densities (%).",
    )

# %% [markdown]
# ## The correlation of density and accuracy says where samples go, not whether they help
#
# The paper sets each class's density against its accuracy after pruning. A negative correlation over classes means that
# the classes that end up weak were given more. Is that evidence of a robust pruner? Not by itself. Difficulty is in
# both: a difficult class has low accuracy whatever it keeps. The correlation has no size: densities that differ by a
# hair correlate as well as those that differ tenfold. And success destroys it: had the weak classes caught up, there
# would be nothing left to correlate with. On Fashion-MNIST it is negative in {glue:text}`negative_fashion` pairs, on
# CIFAR-10 in {glue:text}`negative_cifar`; among these the worst class is better than random pruning's, by its interval,
# in {glue:text}`negative_better`, and worse in {glue:text}`negative_worse`.
#
# The correlation with the *change* from full training is closer to a test: positive where samples help the classes that
# get them. The intervals treat the classes as a sample of classes.

# %% tags=["hide-input", "nbval-ignore-output"]
uneven = [p for p in others if audits[0].relations(p, focus)[0]]
figures.show(
    [
        charts.forest([charts.Row(label[p], figures.method(p), a.relations(p, focus)) for p in uneven
                       if a.grid.of(p, focus)], a.grid.title, "correlation over classes", (-1, 1), unit=1)
        for a in audits if uneven
    ],
    caption=f"Correlation of the classes' densities at density {focus:g} with their accuracy after this pruning "
    f"(filled) and with its change from training on everything (open), with 95 % intervals ({scope}). Random has none: "
    "its class densities differ by chance.",
    alt="; ".join(f"{a.grid.title}: " + ", ".join(f"{label[p]} {r.value:.2f}" for p in uneven
                  if a.grid.of(p, focus) and (r := a.relations(p, focus)[0])) for a in audits) + ".",
) if uneven else None  # fmt: skip

# %% tags=["remove-input"]
side(lambda a: [(p, d) for p, d in a.places if p in uneven], "pruner, density",
     lambda a, pair: a.relations(*pair) if pair in a.places else None, ["with accuracy", "with its change"],
     "Correlation over the classes of their densities with accuracy after this pruning, and with its change from "
     "training on everything.",
     digits=2, scale=1)  # fmt: skip

# %% [markdown]
# ## The hardest class is seldom the one that loses most
#
# Where EL2N and GraNd fail, they take the easy classes along: bags and ankle boots, which a network trained on
# everything hardly ever misses, fall by more than 80 points. The hardest class of Fashion-MNIST, Shirt, loses most
# under Random and Random+Balanced only; that of CIFAR-10, cat, under none.


# %% tags=["hide-input", "nbval-ignore-output"]
def lost(audit):
    return by_class(audit, lambda p: audit.change(p, focus))


figures.show(
    [charts.class_map(*lost(a), f"{a.grid.title}, density {focus:g}") for a in audits],
    caption=f"Test accuracy of each class at density {focus:g} minus that after training on everything, in points, the "
    f"hardest class on top ({scope}). Brown is a loss, green a gain.",
    alt="Largest loss: " + "; ".join(
        f"{a.grid.title} " + ", ".join(f"{label[p]}: {a.grid.classes[a.change(p, focus).argmin()]} "
                                       f"{a.change(p, focus).min():.0f} points" for p in here if a.grid.of(p, focus))
        for a in audits).replace("-", "−") + ".",
    name="lost",
)  # fmt: skip

# %% tags=["remove-input"]
for a in audits:
    rows = []
    for p in (p for p in here if a.grid.of(p, focus)):
        change, k = a.change(p, focus), int(a.change(p, focus).argmin())
        rows.append([label[p], a.grid.classes[k], 100 * a.before[k], 100 * a.grid.kept(p, focus).mean(axis=0)[k],
                     change[k], int((change < -1).sum()), int((change > 1).sum())])  # fmt: skip
    tables.show(
        rows, ["pruner", "loses most", "accuracy before", "kept", "change", "classes down", "up"],
        f"{a.grid.title} at density {focus:g}: the class that loses most (%, points), and how many classes lose or "
        "gain more than a point.", signed=["change"],
    )  # fmt: skip

# %% [markdown]
# ## Low density: the choice of samples does the harm, the ratios do good
#
# A strategy does two things at once: it decides how many samples each class keeps, and which. The paper says that the
# first matters and the second does not. {term}`StrategyQ` takes them apart: keep as many samples of each class as the
# strategy does, but choose them at random. Then strategy − Random is the sum of what the ratios do (Random at its
# ratios − Random) and of what the choice does (strategy − Random at its ratios). At 0.1 random samples at the ratios of
# EL2N, GraNd and Forgetting are better on average by {glue:text}`choice_least` points or more on both data sets. At 0.8
# the worst class shows nothing, and the average at most a point. In between Forgetting and Dynamic Uncertainty choose
# well on Fashion-MNIST, by about two points of average at 0.3.

# %% tags=["hide-input", "nbval-ignore-output"]
if any(a.choice for a in audits):
    figures.show(
        [
            charts.differences(a.grid, [(f"random+{s}q", s, d) for s, d in a.choice], BOTH, a.grid.title, reach=50,
                               names=lambda _, s, d: f"{label[s]} {d:g}", margin=-1)
            for a in audits
        ],
        caption="Random samples at a strategy's class ratios minus the strategy's own, at the density beside the "
        f"name, in points of the worst class (filled) and of the average (open), with 95 % intervals ({scope}). "
        "Right of the dotted line, at −1, random samples are no worse; right of 0 they are better. Beyond 50 points a "
        "value stands at the edge, the average in brackets.",
        alt="Worst class: " + "; ".join(f"{a.grid.title} " + ", ".join(
            f"{label[s]} at {d:g} {prose.points(e['worst_class'])}" for (s, d), e in a.choice.items())
            for a in audits) + " points.",
        name="choice",
    )  # fmt: skip

# %% tags=["remove-input"]
for a in audits:
    rows = [
        [f"{label[s]} {d:g}", e["average"].seeds, e["average"], e["worst_class"],
         a.grid.compare(f"random+{s}q", "random", d), a.grid.compare(s, f"random+{s}q", d)]
        for (s, d), e in a.choice.items()
    ]  # fmt: skip
    columns = [("Random at its ratios minus its own", "average"), ("Random at its ratios minus its own", "worst class"),
               ("worst class", "what the ratios do"), ("worst class", "what the choice does")]  # fmt: skip
    tables.show(rows, ["strategy, density", ("", "seeds"), *columns], f"{a.grid.title}: ratios and samples, in points.",
                signed=columns)  # fmt: skip

# %% tags=["remove-input"]
BOTH_SETS, LOSING = (fashion, cifar), ("el2n", "grand", "forgetting")


MEASURED = (("worst", "worst_class"), ("average", "average"))


def total(pairs):
    """How many pairs there are on both data sets."""
    return str(sum(len(pairs(a)) for a in BOTH_SETS))


def share(audit, p, name):
    """What a class keeps at density 0.1, as a multiple of 0.1."""
    return audit.grid.kept(p, 0.1).mean(axis=0)[audit.grid.classes.index(name)] / 0.1


prose.values({
    "lowest_fashion": lambda: prose.percent(fashion.grid.value("el2n", 0.1, "worst_class")),
    "highest_fashion": lambda: prose.percent(fashion.grid.value("random+drop", 0.1, "worst_class")),
    "lowest_cifar": lambda: prose.percent(cifar.grid.value("grand", 0.1, "worst_class")),
    "highest_cifar": lambda: prose.percent(cifar.grid.value("random+drop", 0.1, "worst_class")),
    "holding_fashion": lambda: f"{len(fashion.holding)} of {len(fashion.scored)}",
    "holding_cifar": lambda: f"{len(cifar.holding)} of {len(cifar.scored)}",
    "holding_low": lambda: "{} of {}".format(*(
        sum(d < 0.8 for _, d in pairs) for pairs in (cifar.holding, cifar.scored))),
    **{f"k_center_{key}": lambda m=m: prose.points(fashion.to_random["k-center", 0.1][m]) for key, m in MEASURED},
    **{f"half_{key}": lambda m=m: prose.points(cifar.grid.compare("el2n", "random", 0.5, m)) for key, m in MEASURED},
    **{f"grand_{c}": lambda c=c: prose.percent(share(cifar, "grand", c), 0) for c in ("cat", "frog", "ship")},
    "higher": lambda: str(len(fashion.among(fashion.holding, "worst_class", 1))),
    "failing": lambda: total(lambda a: a.failing),
    "failing_lower": lambda: total(lambda a: a.among(a.failing, "worst_class", -1)),
    "area_price": lambda: "{:.1f}".format(100 * (
        fashion.areas["random"]["average"].value - fashion.areas["random+drop"]["average"].value)),
    "smallest_fashion": lambda: "{1} with {0} images under Prototype".format(*fashion.smallest("prototype", 0.1)),
    "smallest_cifar": lambda: "{1} with {0} under Prototype".format(*cifar.smallest("prototype", 0.1)),
    "negative_fashion": lambda: f"{sum(r < 0 for r in fashion.related.values())} of {len(fashion.related)}",
    "negative_cifar": lambda: f"{sum(r < 0 for r in cifar.related.values())} of {len(cifar.related)}",
    "negative_better": lambda: total(lambda a: a.among(a.negative, "worst_class", 1)),
    "negative_worse": lambda: total(lambda a: a.among(a.negative, "worst_class", -1)),
    "choice_least": lambda: "{:.0f}".format(100 * min(
        a.choice[s, 0.1]["average"].value for a in BOTH_SETS for s in LOSING)),
})  # fmt: skip


# %% tags=["remove-input"]
def extreme(audit, pick, density=0.1):
    """The pruner with the smallest or largest worst class at a density."""
    return pick(here, key=lambda p: audit.grid.value(p, density, "worst_class"))


def better(audit):
    """The pruners whose worst class is better than random pruning's at 0.1, by their intervals."""
    return {p for p, _ in audit.among([(p, 0.1) for p in others], "worst_class", 1)}


prose.holds({
    "Random+DRoP's worst class is the best at 0.1, EL2N's and GraNd's the worst": lambda: (
        {extreme(a, max) for a in BOTH_SETS} == {"random+drop"}
        and [extreme(a, min) for a in BOTH_SETS] == ["el2n", "grand"]),
    "only Random+DRoP is better than random pruning on both": lambda: set.intersection(
        *map(better, BOTH_SETS)) == {"random+drop"},
    "where a score keeps the average no worst class is lower": lambda: not any(
        a.among(a.holding, "worst_class", -1) for a in BOTH_SETS),
    "where a score's worst class is lower, its average is, too": lambda: all(
        a.to_random[pair]["average"].high < 0 for a in BOTH_SETS for pair in a.among(a.scored, "worst_class", -1)),
    "below 0.8 hardly a score keeps the average on CIFAR-10": lambda: sum(d < 0.8 for _, d in cifar.holding) <= 2,
    "k-center at 0.1 and EL2N at 0.5 lose on average and gain in the worst class": lambda: all(
        e["average"].high < 0 < e["worst_class"].value for e in (fashion.to_random["k-center", 0.1], {
            m: cifar.grid.compare("el2n", "random", 0.5, m) for m in BOTH})),
    "the higher ones are on Fashion-MNIST": lambda: not cifar.among(cifar.holding, "worst_class", 1),
    "Random+DRoP has the highest mean": lambda: {next(iter(a.areas)) for a in BOTH_SETS} == {"random+drop"},
    "no class is left without a sample": lambda: all(a.smallest(*pair)[0] > 0 for a in BOTH_SETS for pair in a.places),
    "Prototype leaves the smallest class": lambda: all(
        min(here, key=lambda p: a.smallest(p, 0.1)[0]) == "prototype" for a in BOTH_SETS),
    "scores and DRoP keep many shirts and few trousers; but for GraNd many birds and few ships": lambda: all(
        share(fashion, p, "Shirt") > 1.5 > 0.5 > share(fashion, p, "Trouser")
        and (p == "grand") == (share(cifar, p, "bird") < 1) == (share(cifar, p, "ship") > 1)
        for p in others if p != "random+balanced"),
    "the hardest classes lose most where the text says": lambda: [
        [p for p in here if a.change(p, 0.1).argmin() == a.before.argmin()] for a in BOTH_SETS
    ] == [["random", "random+balanced"], []],
    "bags and ankle boots fall by more than 80 points": lambda: all(
        fashion.change(p, 0.1).min() < -80 for p in ("el2n", "grand")),
    "at 0.8 the choice is worth at most a point of average and cannot be seen in the worst class": lambda: all(
        e["worst_class"].low <= 0 <= e["worst_class"].high and abs(e["average"].value) < 0.0105
        for a in BOTH_SETS for (_, d), e in a.choice.items() if d == 0.8),
    "Forgetting and Dynamic Uncertainty choose well at 0.3 on Fashion-MNIST": lambda: all(
        fashion.choice[s, 0.3]["average"].high < 0 for s in ("forgetting", "dynamic-uncertainty")),
})  # fmt: skip

# %% [markdown]
# ## What it means, and where it disagrees with the paper
#
# **Does a score that keeps the average lose the worst class?** The paper says so. On Fashion-MNIST no interval says so:
# where the average holds, the worst class is as good as random pruning's or better. CIFAR-10 leaves it open, as below
# 0.8 hardly a score keeps the average; on a hundred classes [one score of three](42_a_hundred_classes.ipynb) does as
# the paper says. The average falls by more than a point in {glue:text}`failing` pairs on both data sets, and in
# {glue:text}`failing_lower` of these the worst class falls too, by its interval. With a larger network, trained longer,
# EL2N, Forgetting and Dynamic Uncertainty still lose average at a tenth of CIFAR-10. At 0.3 all three keep the average
# there; no interval shows a worst class that falls, and two are better ([how we measured](45_how_we_measured.ipynb)).
#
# **Does the choice inside the classes matter?** The paper says hardly. Here it does the harm at low density, and random
# samples at a strategy's ratios are seldom worse; so its remedy, random choice inside quotas, is right where it
# matters, for a stronger reason than the paper gives.
#
# **What the ledger says.** The [claims ledger](60_claims_ledger.ipynb) has every test of these claims with its
# interval, allows for their number, and says which were written down before the runs.

# %% tags=["remove-input"]
extract.show(extract.families(grids, ("C1", "C2", "C5")))

# %% tags=["remove-input"]
prose.made(grids, f"Seeds {min(seeds)} to {max(seeds)}, as far as they were measured. A difference compares what two "
           "methods make of each test image, each over all the seeds it has here, which need not be the same; a page "
           "with more or other seeds has slightly other numbers. The query models are shared by all pruners and "
           "densities of a seed.")  # fmt: skip
