# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # One word, several definitions
#
# *Papers and programs that use the same name for a score compute different numbers. How much of what is kept does that
# change?*
#
# :::{admonition} In short
# :class: tip
# **Some differences that read like details change more than another seed does.** EL2N read at the end of training
# instead of its beginning replaces {glue:text}`late_fashion` of the kept set on Fashion-MNIST and
# {glue:text}`late_cifar` on CIFAR-10 at density 0.1, GraNd from the last layer alone {glue:text}`layer_fashion` and
# {glue:text}`layer_cifar`; others change nothing. Recalls for quotas must be read from images that were held out, and
# ties broken by the order of the file favour the last classes of a data set that is sorted by class, in all
# {glue:text}`cases` cases.
# :::

# %% tags=["parameters", "hide-input"]
benchmark = "fashion-mnist"
beside = ["cifar10"]  # shown beside it where it was measured
scale = "laptop"
pruners = ["el2n", "forgetting"]  # whose runs train the query models, short and full; all scores come from these
densities = [0.1]
seeds = [0, 1, 2]
train = "never"  # or "missing": train every run and every query model that is not there

# %% tags=["remove-input"]
import numpy as np
from scipy.stats import spearmanr

from drop.chapters import charts, figures, prose, tables, variants
from drop.chapters.variants import AT, FIRST, SEED
from drop.experiments import benchmarks
from drop.experiments.collect import collect
from drop.experiments.intervals import Estimate

figures.style()
label = figures.label
if train == "missing":
    from drop.chapters import definitions

    entry = benchmarks.benchmark(benchmark, scale)
    collect(benchmarks.plan(entry, pruners, densities, seeds), train)
    first = variants.of(definitions.measure(entry, seeds, definitions.Store()), seeds)
else:
    first = variants.read(benchmark, scale, seeds)
found = [first, *(variants.read(name, scale, seeds) for name in beside if name != benchmark)]
found = [one for one in found if one]
fashion, cifar = ({one.title: one for one in found}.get(name) for name in ("Fashion-MNIST", "CIFAR-10"))
scope = f"{scale} scale, seeds: " + ", ".join(f"{one.title} n = {len(one.seeds)}" for one in found)
SCORES = [s for s in benchmarks.SCORES[1:] if s in first.found["ties"][str(first.seeds[0])]]


# %% tags=["hide-input", "nbval-ignore-output"]
def replaced(variant, density):
    """The share of the kept set that a variant replaces, with the range over seeds."""
    each = [row[density]["replaced"] for row in variant.rows]
    return Estimate(variant.mean(density), variant.mean(density), min(each), max(each), seeds=0)


def pairs(one):
    """How many pairs of seeds stand behind another seed."""
    return sum(len(v.rows) for v in one.rows("el2n") if v.name == SEED)


def score_panel(one, score):
    seed_look = figures.Method(SEED, figures.INK, "o")
    rows = [charts.Row(v.name, seed_look if v.name == SEED else figures.method(score),
                       [replaced(v, density) for density in AT]) for v in one.rows(score)]  # fmt: skip
    return charts.forest(rows, f"{label(score)}, {one.title}", "of the kept set replaced (%)", (-3, 100))


PANELS = ["el2n", "grand", "forgetting", "dynamic-uncertainty"]
figures.show(
    [score_panel(one, score) for score in PANELS for one in found],
    caption="The share of the kept set that each variant of a score replaces, at density 0.1 (filled) and 0.3 (open); "
    f"bars are the range over seeds ({scope}). Black: the same definition with another seed's query models (pairs of "
    f"seeds: {', '.join(f'{one.title} {pairs(one)}' for one in found)}). Windows are compared with "
    f"this book's J = {first.found['window']}, the released code with windows of the same J as the paper defines them. "
    "Two random sets would differ in 90 % and 70 %.",
    alt="The most at 0.1: " + "; ".join(
        f"{one.title}, {label(s)}, {top.name} {100 * top.mean('0.1'):.0f} %"
        for one in found for s in PANELS for top in [max(one.rows(s), key=lambda v: v.mean("0.1"))]) + ".",
    name="replaced",
)  # fmt: skip

# %% tags=["remove-input"]
for one in found:
    rows = [
        [f"{label(s)}: {v.name}", len(v.rows), v.correlation,
         *(v.mean(density, what) for what in ("replaced", "jaccard", "moved") for density in AT)]
        for s in SCORES for v in one.rows(s)
    ]  # fmt: skip
    columns = [(what, density) for what in ("replaced", "Jaccard", "to other classes") for density in AT]
    tables.show(rows, ["variant", ("", "n"), ("", "Spearman"), *columns],
                f"{one.title}: rank correlation over all samples, and at two densities the share of the kept set that "
                "variants replace, the Jaccard index, and the share that goes to other classes.", digits=3)  # fmt: skip

# %% [markdown]
# ## The definitions
#
# ```{list-table}
# :header-rows: 1
# * - name
#   - here, as in the paper or its released code
#   - elsewhere
# * - EL2N
#   - length of the error vector, averaged over five networks after a tenth of the epochs {cite:p}`paul2021diet`
#   - squared lengths; one network; the end of training; summed over the first ten epochs, of outputs seen while
#     training {cite:p}`zheng2023coverage`
# * - GraNd
#   - norm of the gradient of all parameters, the same five networks {cite:p}`paul2021diet`
#   - the last layer's gradient only {cite:p}`guo2022deepcore`; at initialisation, which did not reproduce
#     {cite:p}`kirsch2023diet`
# * - Forgetting
#   - right in one epoch, wrong in the next, counted as the training batches go by; never right scores 0
#   - never right scores the maximum {cite:p}`toneva2019forgetting`, or infinity {cite:p}`paul2021diet`; counted in
#     evaluation passes
# * - Dynamic Uncertainty
#   - deviation of the true class's probability in windows of J epochs, all windows averaged
#     {cite:p}`he2023uncertainty`
#   - the paper's released code takes windows of J − 1 and leaves the last epoch out
# * - k-center
#   - the first centre is the sample nearest to the mean
#   - a random first centre {cite:p}`guo2022deepcore`
# * - DRoP's recalls
#   - of each short query at its best epoch, on the validation half, averaged
#   - of one network, at the last epoch, on other images
# ```
#
# Here the variants are computed from the same query models, so that nothing but the definition differs. The yardstick
# is chance: the same definition with the query models of another seed. Two more variants would need other training:
# EL2N summed over epochs while training, and recalls from a part of the training set held out.
#
# ## A high rank correlation promises little
#
# The correlation is of all samples, and the kept set is one end of them. On Fashion-MNIST windows of 30 epochs
# correlate at {glue:text}`window_r` with Dynamic Uncertainty's windows of two and still replace
# {glue:text}`window_replaced` of the kept set; on CIFAR-10 EL2N correlates at {glue:text}`el2n_r` with GraNd and
# replaces {glue:text}`el2n_replaced`.
#
# More than another seed replaces, on both data sets: one query model instead of five, and the end of the full query
# instead of the short ones (EL2N); the last layer only, one query model, untrained networks, and EL2N in its place
# (GraNd). Less: squared lengths (EL2N), whatever is done with samples that are never learned (Forgetting), the released
# code's windows (Dynamic Uncertainty), another first centre (k-center). Another seed replaces most of what Forgetting
# and Dynamic Uncertainty keep of CIFAR-10, so few variants can do worse. This yardstick is short: it is
# {glue:text}`pairs_fashion` of seeds on Fashion-MNIST and {glue:text}`pairs_cifar` on CIFAR-10, and of the variants
# that replace more, the nearest does so by {glue:text}`least_fashion` and {glue:text}`least_cifar` points.
#
# **For class bias** it matters how much of the kept set goes to other classes. GraNd from the last layer only moves
# {glue:text}`layer_moved_fashion` and {glue:text}`layer_moved_cifar` of it at density 0.1, where another seed moves
# {glue:text}`seed_moved_fashion` and {glue:text}`seed_moved_cifar`; EL2N in the place of GraNd moves about as much.
#
# **Samples that were never right**: whether they score the maximum or infinity makes no difference to any ranking,
# since no sample can be forgotten as often as there are epochs. Whether they score that or 0 decides if they are the
# first to stay or among the first to go: {glue:text}`never` of the kept set at density 0.1 on Fashion-MNIST. On
# CIFAR-10 every sample is right in some epoch.
#
# **Ties**: all samples share their Forgetting score with others, and this book breaks ties by a seeded shuffle. Another
# shuffle alone replaces {glue:text}`shuffle_fashion` of what Forgetting keeps of Fashion-MNIST at density 0.1 and
# {glue:text}`shuffle_cifar` of CIFAR-10: so much of a kept set the score did not choose. Dynamic Uncertainty's ties lie
# below the lowest kept score and do no harm.

# %% tags=["remove-input"]
for one in found:
    rows = [[label(s), *(100 * share for share in one.ties(s))] for s in SCORES]
    tables.show(rows, ["score", *(f"seed {seed}" for seed in one.seeds)], f"{one.title}: samples whose score another "
                "sample has too (%).")  # fmt: skip

# %% [markdown]
# ## Recalls must be read from images that were held out
#
# DRoP's quotas come from the class recalls of a query model. Which model, when, and on which images? The other half of
# the test set, seen by the same networks, moves {glue:text}`half_fashion` and {glue:text}`half_cifar` of DRoP's kept
# set at density 0.1 to other classes, other networks on the same half {glue:text}`networks_fashion` and
# {glue:text}`networks_cifar`: the quotas depend more on which images the recalls are read from than on which networks
# are asked. Short queries and the trained full one order the classes alike (rank correlations {glue:text}`rank_fashion`
# and {glue:text}`rank_cifar`). On its *training* images the full query has next to no errors left on CIFAR-10, and
# quotas from these are noise: they would move {glue:text}`training_cifar` of the kept set.

# %% tags=["hide-input", "nbval-ignore-output"]
WAYS = {FIRST: "D", "short queries, other half of the test set": "o", "full query, last epoch": "s",
        "full query, last epoch, training images": "^"}  # fmt: skip
DROP = figures.method("random+drop").colour
INKS = (DROP, "#5b8296", figures.INK, "#7d8287")
LOOKS = {way: figures.Method(way, ink, marker) for (way, marker), ink in zip(WAYS.items(), INKS, strict=True)}


def quotas(one):
    """DRoP's class densities by way of reading recalls, in percent, the classes that keep most on top."""
    order = np.argsort(-one.densities(FIRST).mean(axis=0))[:30]
    values = {way: 100 * one.densities(way).mean(axis=0)[order] for way in WAYS}
    names = np.array(one.found["classes"])[order]
    return charts.classes(values, names, one.title, "kept of the class (%)", looks=LOOKS)


figures.show(
    [quotas(one) for one in found],
    caption=f"DRoP's class densities at density 0.1, from recalls that are read in four ways; means over seeds "
    f"({scope}).",
    alt="; ".join(f"{one.title}: {one.found['classes'][k]} keeps " + ", ".join(
        f"{100 * one.densities(way).mean(axis=0)[k]:.0f} % by {way}" for way in WAYS)
        for one in found for k in [int(one.densities(FIRST).mean(axis=0).argmax())]) + ".",
)  # fmt: skip

# %% tags=["remove-input"]
for one in found:
    rows = []
    for way in one.ways:
        ends = [pick(of) for of in (one.densities(way).mean(axis=0), one.errors(way)) for pick in (np.min, np.max)]
        rows.append([way, *(100 * one.moved(way, density) for density in AT), *(100 * end for end in ends)])
    rows.append(["(the first way, another seed)", *(100 * one.moved_by_seed(density) for density in AT), *[None] * 4])
    tables.show(
        rows, ["recalls of", "moved at 0.1", "at 0.3", "least density at 0.1", "largest", "least error", "largest "],
        f"{one.title}: what DRoP's quotas move to other classes when recalls are read otherwise, the class densities, "
        "and the class errors (%).",
    )  # fmt: skip

# %% [markdown]
# ## Ties broken by index favour the last classes
#
# The released code sorts scores and keeps the last, so that of equal scores the highest index wins. Where the samples
# stand class by class, as torchvision's `ImageFolder` lists them, these are samples of the last classes. Scores that
# are whole numbers, such as Forgetting, would then favour classes by their place in the alphabet. That is a hypothesis
# from reading the code. Here it is tested on the measured scores, without training: rank the same samples in the order
# of their classes, in the opposite order, and as the data set stores them.
#
# It **holds**: in all {glue:text}`cases` cases (density, seed) in which only some of the tied samples can stay, the
# last class gains and the first loses when samples are sorted by class, and the other way round when the order is
# reversed. The largest gains are {glue:text}`largest_fashion` on Fashion-MNIST and {glue:text}`largest_cifar` on
# CIFAR-10. In the order in which the data sets store them no class gains or loses more than {glue:text}`stored`
# samples, and under EL2N, which has few ties, none in any order.

# %% tags=["hide-input", "nbval-ignore-output"]
COLOUR = figures.method("forgetting").colour
ORDERS = {
    "sorted": figures.Method("classes in order", COLOUR, "o"), "reversed": figures.Method("reversed", "#7d8287", "s"),
    "shuffled": figures.Method("shuffled", figures.INK, "."),
}  # fmt: skip


def by_order(one, density):
    """What Forgetting keeps of each class under three rules for ties, in percent, by class index."""
    rows = one.orders("forgetting", density)
    values = {o: 100 * np.mean([np.divide(row[o], one.sizes) for row in rows], axis=0) for o in ORDERS}
    return charts.classes(values, one.found["classes"], f"{one.title}, density {density:g}", "kept of the class (%)",
                          looks=ORDERS)  # fmt: skip


figures.show(
    [by_order(one, 0.5) for one in found],
    caption="What Forgetting keeps of each class at density 0.5 when only the rule for ties changes: by index with the "
    f"classes in order and reversed, and by shuffles; means over seeds ({scope}). Classes stand in the order of their "
    "index.",
    alt="; ".join(f"Of {one.title}'s last class " + ", ".join(
        f"{100 * np.mean([row[o][-1] for row in one.orders('forgetting', 0.5)]) / one.sizes[-1]:.0f} % {o}"
        for o in ORDERS) for one in found) + ".",
    name="ties",
)  # fmt: skip

# %% tags=["remove-input"]
for one in found:
    rows = []
    for score in ("forgetting", "el2n"):
        for density in one.tested:
            given = one.orders(score, density)
            ties = [np.mean([row[name] for row in given]) for name in ("tied", "wanted")]
            ends = variants.gain(given, "sorted").mean(axis=0)[[0, -1]]
            rows.append(
                [
                    f"{label(score)} {density:g}",
                    *(round(value) for value in (*ties, *ends)),
                    *(one.trend(given, order) for order in ("sorted", "reversed", "file", "shuffled")),
                ]
            )
    tables.show(
        rows, ["score, density", "tied", "of them kept", "first class", "last class", "sorted", "reversed", "file",
               "shuffled"],
        f"{one.title}: samples that share the lowest kept score; what the first and the last class gain or lose when "
        "the data set is sorted by class and the highest index wins, against shuffled ties; and the rank correlation "
        "of class density and class index when ties are broken by index in three orders, and by shuffles.",
        digits=2, signed=["first class", "last class"],
    )  # fmt: skip

# %% tags=["remove-input"]
NAMED = {"fashion": fashion, "cifar": cifar}
MORE = [("el2n", "one query"), ("el2n", "end of"), *(("grand", n) for n in ("last", "one query", "one model", "EL2N"))]
LESS = [("el2n", "squared"), ("forgetting", "never"), ("dynamic-uncertainty", "released"), ("k-center", "another f")]


def beyond_seed(one, score, name):
    """How much more a variant replaces than another seed does at density 0.1."""
    return one.variant(score, name).mean("0.1") - one.variant(score, SEED).mean("0.1")


def shares(score, name, what="replaced", digits=0):
    """Of both data sets the share of the kept set at density 0.1 that a variant replaces or moves."""
    return {n: lambda one=one: prose.percent(one.variant(score, name).mean("0.1", what), digits)
            for n, one in NAMED.items()}  # fmt: skip


def largest_gain(one):
    gain, density = max((variants.gain([row], "sorted")[0][-1], density) for density, row in one.partial_ties())
    return f"{gain:,.0f} of {one.sizes[-1]:,} samples for {one.found['classes'][-1]} at density {density:g}"


TRAINING, HALF = "full query, last epoch, training images", "short queries, other half of the test set"
values = {
    "late": shares("el2n", "end of the full query"), "layer": shares("grand", "last layer only"),
    "layer_moved": shares("grand", "last layer only", "moved"), "seed_moved": shares("grand", SEED, "moved"),
    "shuffle": shares("forgetting", "ties: another shuffle"),
    "half": {n: lambda one=one: prose.percent(one.moved(HALF)) for n, one in NAMED.items()},
    "networks": {n: lambda one=one: prose.percent(one.moved_by_seed()) for n, one in NAMED.items()},
    "training": {n: lambda one=one: prose.percent(one.moved(TRAINING), 0) for n, one in NAMED.items()},
    "rank": {n: lambda one=one: "{:.2f}".format(spearmanr(*(
        one.densities(way).mean(axis=0) for way in (FIRST, "full query, last epoch"))).statistic)
        for n, one in NAMED.items()},
    "pairs": {n: lambda one=one: ("no pair", "a single pair", "two pairs", "three pairs")[pairs(one)]
              for n, one in NAMED.items()},
    "least": {n: lambda one=one: f"{100 * min(beyond_seed(one, *v) for v in MORE):.1f}" for n, one in NAMED.items()},
}  # fmt: skip
prose.values({f"{name}_{n}": text for name, texts in values.items() for n, text in texts.items()} | {
    "cases": lambda: str(sum(len(one.partial_ties()) for one in NAMED.values())),
    **{f"largest_{n}": lambda one=one: largest_gain(one) for n, one in NAMED.items()},
    "stored": lambda: "{:.0f}".format(max(np.abs(variants.gain(one.orders("forgetting", d), "file")).max()
                                          for one in NAMED.values() for d in one.tested)),
    "window_r": lambda: f"{fashion.variant('dynamic-uncertainty', 'windows of 30').correlation:.2f}",
    "window_replaced": lambda: prose.percent(fashion.variant("dynamic-uncertainty", "windows of 30").mean("0.1"), 0),
    "el2n_r": lambda: f"{cifar.variant('grand', 'EL2N').correlation:.2f}",
    "el2n_replaced": lambda: prose.percent(cifar.variant("grand", "EL2N").mean("0.1"), 0),
    "never": lambda: prose.percent(fashion.variant("forgetting", "never learned").mean("0.1")),
})  # fmt: skip
prose.holds({
    "these variants replace more than another seed": lambda: all(
        beyond_seed(one, *v) > 0 for v in MORE for one in NAMED.values()),
    "and these less": lambda: all(beyond_seed(one, *v) < 0 for v in LESS for one in NAMED.values()),
    "last layer and EL2N in GraNd's place move more than twice as much as another seed": lambda: all(
        one.variant("grand", n).mean("0.1", "moved") > 2 * one.variant("grand", SEED).mean("0.1", "moved")
        for one in NAMED.values() for n in ("last layer", "EL2N")),
    "another seed replaces most of what Forgetting and Dynamic Uncertainty keep of CIFAR-10": lambda: all(
        cifar.variant(s, SEED).mean("0.1") > 0.5 for s in ("forgetting", "dynamic-uncertainty")),
    "on CIFAR-10 every sample is right in some epoch": lambda: cifar.variant("forgetting", "never").mean("0.1") == 0,
    "Dynamic Uncertainty's ties do no harm": lambda: all(
        one.variant("dynamic-uncertainty", "ties").mean("0.1") < 0.001 for one in NAMED.values()),
    "images matter more than networks": lambda: all(one.moved(HALF) > one.moved_by_seed() for one in NAMED.values()),
    "next to no training errors are left on CIFAR-10": lambda: cifar.errors(TRAINING).max() < 0.001,
    "in all cases the last classes gain": lambda: all(
        variants.last_classes_gain(row) for one in NAMED.values() for _, row in one.partial_ties()),
    "under EL2N nobody gains": lambda: all(
        np.abs(variants.gain(one.orders("el2n", d), order)).max() < 0.5 for one in NAMED.values() for d in one.tested
        for order in ("file", "sorted", "reversed")),
})  # fmt: skip

# %% [markdown]
# ## What it means
#
# Whoever compares pruners across papers compares these choices too; rank correlations over all samples hide it, since
# pruning looks at one end. No number of this page says which definition is better: that takes training, and the kept
# sets of all of them can be made from the released scores and query models. The bias by ties looks like a finding about
# classes, and a paper that studies what pruning does to classes should not have it in its tools. It takes no more than
# a shuffle to be rid of it, which is what this module does unless it is asked for index order.

# %% tags=["remove-input"]
about, commands = [], []
for one in found:
    made = one.found["provenance"]
    again = sorted({row["seed"] for row in one.found["variants"] if "passes" in row["variant"]})
    about.append(
        f"{one.title}: the query models are those of the experiments. Evaluation passes took one full query trained "
        f"again for {len(again)} of {len(one.found['seeds'])} seeds; everything else is forward passes and gradients, "
        f"a few minutes a seed on one core (made {made['date'][:10]} with torch {made['torch']}, NumPy "
        f"{made['numpy']} on {made['device']})."
    )
    span = f"{min(one.found['seeds'])}-{max(one.found['seeds'])}"
    commands.append(
        f"python -m drop run {one.found['benchmark']} {scale} --pruners {','.join(pruners)} --densities "
        f"{densities[0]:g} --seeds {span}\npython -m drop.chapters.definitions {one.found['benchmark']} {scale} "
        f"--seeds {span}" + f" --passes {','.join(map(str, again))}" * bool(again)
    )
prose.box(about, commands)
