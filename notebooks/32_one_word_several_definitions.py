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
# Here the variants are computed from the same query models, so that nothing but the definition differs. The yardstick
# is chance: the same definition with the query models of another seed. Expect that some differences which read like
# details replace more samples than another seed does, that others change nothing at all, and that a rank correlation
# close to 1 can still mean another kept set.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
scale = "laptop"
pruners = ["el2n", "forgetting"]  # whose runs train the query models, short and full; all scores come from these
densities = [0.1]
seeds = [0, 1, 2]
train = "never"  # or "missing": train every run and every query model that is not there

# %% tags=["hide-input"]
import json

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from drop import released
from drop.chapters import figures
from drop.experiments import benchmarks
from drop.experiments.collect import collect

figures.style()
if train == "missing":
    from drop.chapters import definitions

    entry = benchmarks.benchmark(benchmark, scale)
    collect(benchmarks.plan(entry, pruners, densities, seeds), train)
    found = definitions.measure(entry, seeds, definitions.Store())
else:
    found = json.loads((released.FOLDER / f"{benchmark}-{scale}-definitions.json").read_bytes())
seeds = [seed for seed in seeds if seed in found["seeds"]]
classes, sizes, epochs, J = found["classes"], np.array(found["class_sizes"]), found["epochs"], found["window"]
scope = f"{benchmark}, {scale} scale, n = {len(seeds)} seed{'s' * (len(seeds) > 1)}"
DENSITIES = ("0.1", "0.3")


def label(score):
    return figures.method(score).label


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
# Two more would need other training: EL2N summed over epochs while training, which needs the whole probability vector
# of every epoch, and recalls from a part of the training set held out.

# %% [markdown]
# ## What it replaces
#
# For each variant: keep the same number of samples by the definition used in this book and by the variant, and count
# how many of the first set the second lacks.


# %% tags=["hide-input"]
def rows_of(score):
    """(variant, what it varies, its rows): another seed first, then every variant, a row a seed."""
    between = [row for row in found["between_seeds"] if row["score"] == score and set(row["seeds"]) <= set(seeds)]
    mine = [row for row in found["variants"] if row["score"] == score and row["seed"] in seeds]
    names = list(dict.fromkeys((row["variant"], row["base"]) for row in mine))
    given = [(name, base, [row for row in mine if row["variant"] == name]) for name, base in names]
    return [("another seed", "", between)] * bool(between) + given


def mean(rows, density, what="replaced"):
    return float(np.mean([row[density][what] for row in rows]))


def correlation(rows):
    values = [row["spearman"] for row in rows]
    return None if None in values else float(np.mean(values))


def draw(score):
    """A line for each variant: the share replaced at both densities, a faint dot for each seed."""
    listed, colour = rows_of(score)[::-1], figures.method(score).colour
    fig, ax = plt.subplots(figsize=(4.8, 0.33 * len(listed) + 1.1))
    for y, (name, _, rows) in enumerate(listed):
        ink = figures.INK if name == "another seed" else colour
        for density, fill in zip(DENSITIES, (ink, "none"), strict=True):
            for row in rows:
                ax.plot(100 * row[density]["replaced"], y, ".", color=ink, alpha=0.35, markersize=4)
            ax.plot(100 * mean(rows, density), y, "o", color=ink, markerfacecolor=fill, markersize=7)
        if name == "another seed":
            ax.axvline(100 * mean(rows, "0.1"), color=ink, linestyle=":", linewidth=1)
    ax.set_yticks(range(len(listed)), [name for name, _, _ in listed])
    ax.set(xlim=(-3, 100), ylim=(-0.6, len(listed) - 0.4), xlabel="of the kept set replaced (%)")
    ax.set_title(label(score), color=colour)
    return fig


# %% tags=["hide-input", "nbval-ignore-output"]
panels = ["el2n", "grand", "forgetting", "dynamic-uncertainty"]
extremes = [max(rows_of(s), key=lambda r: mean(r[2], "0.1")) for s in panels]
figures.show(
    [draw(score) for score in panels],
    "The share of the kept set that each variant of a score replaces, at densities 0.1 and 0.3. The most at 0.1: "
    + "; ".join(f"{label(s)}, {name}, {100 * mean(rows, '0.1'):.0f} %"
                for s, (name, _, rows) in zip(panels, extremes, strict=True)) + ".",
)  # fmt: skip
figures.say(
    f"*Filled: density 0.1; open: 0.3; small dots: single seeds ({scope}). Dotted: the same definition with another "
    f"seed's query models, at 0.1. Windows are compared with this book's J = {J}, the released code with windows of "
    "the same J as the paper defines them. Two random sets would differ in 90 % and 70 %.*"
)

# %% tags=["hide-input", "hide-output"]
rows = []
for score in benchmarks.SCORES[1:]:
    for name, _, given in rows_of(score):
        cells = [correlation(given)]
        cells += [mean(given, d, what) for what in ("replaced", "jaccard", "moved") for d in DENSITIES]
        rows.append([f"{label(score)}: {name}", len(given), *cells])
columns = [f"{what} {d}" for what in ("replaced", "Jaccard", "to other classes") for d in DENSITIES]
figures.table(rows, ["variant", "n", "Spearman", *columns])

# %% [markdown]
# The hidden table has the rank correlations and Jaccard indices too, and the share of the kept set that goes to other
# classes, which is what moves class densities.


# %% tags=["hide-input"]
def named(listed):
    return ", ".join(f"{name} ({100 * mean(rows, '0.1'):.0f} %)" for name, _, rows in listed)


for score in benchmarks.SCORES[1:]:
    listed = rows_of(score)
    own = [entry for entry in listed if entry[0] != "another seed" and not entry[0].startswith("ties")]
    if not own or listed[0][0] != "another seed":
        continue
    seed_to_seed = listed[0][2]
    bar = mean(seed_to_seed, "0.1")
    above, below = ([row for row in own if (mean(row[2], "0.1") > bar) == more] for more in (True, False))
    text = (
        f"**{label(score)}.** Another seed replaces {100 * bar:.0f} % of the kept set at density 0.1 (rank correlation "
        f"{correlation(seed_to_seed):.2f}). "
    )
    text += f"More than that: {named(above)}. " if above else "No variant replaces more than that. "
    figures.say(text + f"Less: {named(below)}." * bool(below))

# %% tags=["hide-input"]
variants = [(f"{label(s)}, {n}", correlation(r), mean(r, "0.1"))
            for s in benchmarks.SCORES[1:] for n, _, r in rows_of(s) if n != "another seed"]  # fmt: skip
alike = [v for v in variants if v[1] is not None and v[1] > 0.9 and v[2] > 0.1 and "ties" not in v[0]]
if alike:
    worst = max(alike, key=lambda v: v[2])
    figures.say(
        f"A high rank correlation promises little: {worst[0]} correlates at {worst[1]:.3f} with the definition it "
        f"varies and still replaces {100 * worst[2]:.0f} % of the kept set, for the correlation is of all samples, and "
        "the kept set is one end of them."
    )
elsewhere = []
for score in benchmarks.SCORES[1:] if len(seeds) > 1 else ():
    (_, _, between), *others = rows_of(score)
    for name, _, r in others:
        mine, usual = (100 * mean(rows, "0.1", "moved") for rows in (r, between))
        elsewhere += [f"{label(score)}, {name} ({mine:.0f} against {usual:.0f} %)"] * (mine > max(5, 2 * usual))
if elsewhere:
    figures.say(
        "For class bias it matters how much of the kept set goes to other classes. At density 0.1 these move more than "
        f"twice as much as another seed does: {'; '.join(elsewhere)}."
    )
learned = {n: r for n, _, r in rows_of("forgetting") if n.startswith("never learned")}
share = 100 * mean(next(iter(learned.values())), "0.1")
figures.say(
    "Whether samples that were never right score the maximum or infinity makes no difference to any ranking, since no "
    "sample can be forgotten as often as there are epochs. Whether they score that or 0 decides if they are the first "
    + (f"to stay or among the first to go: {share:.1f} % of the kept set at density 0.1." if share
       else "to stay or among the first to go; here every sample is right in some epoch, so that it changes nothing.")
)  # fmt: skip

# %% [markdown]
# ## Ties
#
# The share of samples whose score another sample has too. Where scores are equal, this book draws by a seeded shuffle.

# %% tags=["hide-input"]
rows = [[label(s), *(100 * found["ties"][str(seed)][s] for seed in seeds)] for s in benchmarks.SCORES[1:]]
figures.table(rows, ["tied samples (%)", *(f"seed {seed}" for seed in seeds)], digits=1)

# %% tags=["hide-input"]
shuffled = {s: r for s in benchmarks.SCORES[1:] for n, _, r in rows_of(s) if n == "ties: another shuffle"}
if shuffled:
    figures.say(
        "Another shuffle of the ties alone replaces, at densities 0.1 and 0.3, "
        + "; ".join(f"{100 * mean(r, '0.1'):.0f} % and {100 * mean(r, '0.3'):.0f} % of what {label(s)} keeps"
                    for s, r in shuffled.items())
        + ". So much of a kept set the score did not choose. Ties below the lowest kept score do no harm."
    )  # fmt: skip

# %% [markdown]
# ## Where recalls are read
#
# DRoP's quotas come from the class recalls of a query model. Which model, when, and on which images?

# %% tags=["hide-input"]
ways = list(dict.fromkeys(row["way"] for row in found["recalls"]))
recalls = {row["seed"]: {r["way"]: r for r in found["recalls"] if r["seed"] == row["seed"]} for row in found["recalls"]}


def densities_of(way, density="0.1"):
    """DRoP's class densities (seeds, K) from recalls that are read in this way."""
    return np.array([np.divide(recalls[seed][way]["counts"][density], sizes) for seed in seeds])


def moved(a, b):
    """The share of the kept set that goes to another class when class densities (…, K) change from `a` to `b`."""
    return (np.abs(a - b) * sizes).sum(axis=-1) / 2 / (a * sizes).sum(axis=-1)


rows = []
ways = [w for i, w in enumerate(ways) if not i or (densities_of(w) != densities_of(ways[0])).any()]
for way in ways:
    at = [100 * moved(densities_of(ways[0], d), densities_of(way, d)).mean() for d in DENSITIES]
    mine = densities_of(way).mean(axis=0)
    rows.append([way, *at, 100 * mine.min(), 100 * mine.max()])
if len(seeds) > 1:
    pairs = [(a, b) for a in range(len(seeds)) for b in range(a)]
    at = [100 * np.mean([moved(densities_of(ways[0], d)[a], densities_of(ways[0], d)[b]) for a, b in pairs])
          for d in DENSITIES]  # fmt: skip
    rows.append(["(the first way, another seed)", *at, None, None])
columns = ["moved at 0.1 %", "at 0.3 %", "lowest class density at 0.1 %", "highest %"]
figures.table(rows, ["recalls of", *columns], digits=1)

# %% tags=["hide-input", "nbval-ignore-output"]
SHOWN = {
    "short queries, best epoch": ("D", "#d55e00"), "short queries, other half of the test set": ("o", "#7d8287"),
    "full query, last epoch": ("s", "#0f7fc4"), "full query, last epoch, training images": ("^", "#c2559c"),
}  # fmt: skip
order = np.argsort(densities_of(ways[0]).mean(axis=0))
fig, ax = plt.subplots(figsize=(5.4, 0.28 * min(len(order), 30) + 1.6))
for way, (marker, colour) in SHOWN.items():
    ax.plot(100 * densities_of(way).mean(axis=0)[order], range(len(order)), marker, color=colour, label=way)
ax.axvline(10, color=figures.INK, linestyle=":", linewidth=1)
ax.set_yticks(range(len(order)), np.array(classes)[order])
ax.set(xlabel="kept of the class (%)", xlim=(0, None))
ax.legend(loc="lower right", fontsize=9)
figures.show(
    fig,
    f"DRoP's class densities at density 0.1 on {scope}, from recalls that are read in four ways: "
    + "; ".join(
        f"{way}, {classes[order[-1]]} keeps {100 * densities_of(way).mean(axis=0)[order[-1]]:.0f} %" for way in SHOWN
    ) + ".",
)  # fmt: skip
figures.say(f"*DRoP's class densities at density 0.1, averaged over the seeds ({scope}). Dotted: no quotas.*")

# %% tags=["hide-input"]
TRAINING = "full query, last epoch, training images"
final = np.mean([recalls[seed][TRAINING]["recalls"] for seed in seeds], axis=0)
late, early = densities_of("full query, last epoch").mean(axis=0), densities_of(ways[0]).mean(axis=0)
half = moved(densities_of(ways[0]), densities_of("short queries, other half of the test set")).mean()
text = (
    f"The other half of the test set, seen by the same networks, moves {100 * half:.1f} % of DRoP's kept set at "
    "density 0.1 to other classes"
)
if len(seeds) > 1:
    text += f", other networks on the same half {at[0]:.1f} %: " + (
        "the quotas depend more on which images the recalls are read from than on which networks are asked"
        if 100 * half > at[0]
        else "the networks matter more than the images"
    )
text += (
    ". The class densities of the short queries and of the trained full query correlate at "
    f"{spearmanr(early, late).statistic:.2f} in rank; they reach from {100 * early.min():.1f} to "
    f"{100 * early.max():.1f} % with the short ones and from {100 * late.min():.1f} to {100 * late.max():.1f} % with "
    "the full one. On its training images the full query's errors are "
)
errors, off = 100 * (1 - final), 100 * moved(densities_of(ways[0]), densities_of(TRAINING)).mean()
if errors.max() < 0.01:
    text += "nought by then: recalls must be read from images that were held out, or there is nothing to go by."
else:
    text += (
        f"{errors.min():.2f} to {errors.max():.1f} % by then, and quotas from these would move {off:.0f} % of the kept "
        "set to other classes."
    )
figures.say(text)

# %% [markdown]
# ## Do ties favour the last classes?
#
# The released code sorts scores and keeps the last, so that of equal scores the highest index wins. Where the samples
# stand class by class, as torchvision's `ImageFolder` lists them, these are samples of the last classes. Scores that
# are whole numbers, such as Forgetting, would then favour classes by their place in the alphabet. That is a hypothesis
# from reading the code. Here it is tested on the measured scores, without training: rank the same samples in the order
# of their classes, in the opposite order, and as the data set stores them.


# %% tags=["hide-input"]
def orders(score, density):
    """The rows of a score at a density, one a seed."""
    chosen = [r for r in found["orders"] if (r["score"], r["density"]) == (score, density) and r["seed"] in seeds]
    return sorted(chosen, key=lambda row: row["seed"])


def gain(rows, order):
    """Samples that each class gains (seeds, K) against ties broken by shuffles."""
    return np.array([np.subtract(row[order], row["shuffled"]) for row in rows])


def trend(rows, order):
    """Rank correlation of class density with the class's index, averaged over the seeds."""
    return np.mean([spearmanr(np.divide(row[order], sizes), range(len(sizes))).statistic for row in rows])


tested = sorted({row["density"] for row in found["orders"]})
rows = []
for score in ("forgetting", "el2n"):
    for density in tested:
        given = orders(score, density)
        ties = [np.mean([row[name] for row in given]) for name in ("tied", "wanted")]
        ends = gain(given, "sorted").mean(axis=0)[[0, -1]]
        cells = [f"{value:.0f}" for value in (*ties, *(ends + 0.0))]
        trends = [trend(given, order) for order in ("sorted", "reversed", "file", "shuffled")]
        rows.append([f"{label(score)} {density:g}", *cells, *trends])
columns = ["tied", "of them kept", "first class", "last class", "sorted", "reversed", "file", "shuffled"]
figures.table(rows, ["score, density", *columns], digits=2)
figures.say(
    "*Tied: samples that share the lowest kept score. First and last class: samples they gain or lose when the data "
    "set is sorted by class and the highest index wins, against shuffled ties. The last four columns: rank "
    "correlation of class density and class index when ties are broken by index in three orders, and by shuffles "
    f"(means, {scope}).*"
)

# %% tags=["hide-input", "nbval-ignore-output"]
LOOKS = {
    "sorted": ("by index, classes in order", "o", "#009068", "-"),
    "reversed": ("by index, classes reversed", "s", "#c2559c", "--"), "shuffled": ("shuffled", ".", "#7d8287", ":"),
}  # fmt: skip
figs = []
for density in (0.1, 0.5):
    fig, ax = plt.subplots(figsize=(4.6, 3.7))
    for order, (name, marker, colour, dashes) in LOOKS.items():
        values = np.mean([np.divide(row[order], sizes) for row in orders("forgetting", density)], axis=0)
        ax.plot(range(len(sizes)), 100 * values, marker + dashes, color=colour, label=name)
    ax.set(xlabel="class index", ylim=(0, 105))
    ax.set_title(f"density {density:g}: kept of the class (%)", fontsize=10)
    figs.append(fig)
figs[0].axes[0].legend(loc="upper right", fontsize=9)
last = {o: 100 * np.mean([row[o][-1] for row in orders("forgetting", 0.5)]) / sizes[-1] for o in LOOKS}
figures.show(
    figs,
    f"Class densities of Forgetting at densities 0.1 and 0.5 on {scope}, with ties broken by shuffles and by index, "
    "the samples sorted by class in both directions. Of the last class, at density 0.5, shuffles keep "
    f"{last['shuffled']:.0f} %, index order {last['sorted']:.0f} %, and {last['reversed']:.0f} % with the classes "
    "reversed.",
)
figures.say(f"*What Forgetting keeps of each class when only the rule for ties changes ({scope}).*")

# %% tags=["hide-input"]
cases = [(density, row) for density in tested for row in orders("forgetting", density)]
with_ties = [(density, row) for density, row in cases if row["wanted"] < row["tied"]]
forward = [gain([row], "sorted")[0] for _, row in with_ties]
backward = [gain([row], "reversed")[0] for _, row in with_ties]
held = sum(a[-1] > 0 > a[0] and b[0] > 0 > b[-1] for a, b in zip(forward, backward, strict=True))
rules = ("file", "sorted", "reversed")
control = max(np.abs(gain(orders("el2n", density), rule)).max() for density in tested for rule in rules)
stored = max(np.abs(gain([row], "file")).max() for _, row in cases)
density, row = max(with_ties, key=lambda case: gain([case[1]], "sorted")[0][-1])
most = gain([row], "sorted")[0]
verdict = "holds" if held > 0.9 * len(with_ties) else "does not hold" if held < 0.5 * len(with_ties) else "is undecided"
figures.say(
    f"The hypothesis **{verdict}**: in {held} of {len(with_ties)} cases (density, seed) in which only some of the tied "
    "samples can stay, the last class gains and the first loses when samples are sorted by class, and the other way "
    f"round when the order is reversed. The largest gain is at density {density:g}, {most[-1]:,.0f} of "
    f"{sizes[-1]:,} samples for {classes[-1]}, where {classes[0]} loses {-most[0]:,.0f}. In the order in which the "
    f"data set stores them, no class gains or loses more than {stored:.0f} samples, and under EL2N, which has few "
    f"ties, no more than {control:.0f} in any order.",
    name="verdict",
)

# %% [markdown]
# On data sets that are listed class by class such a bias looks like a finding about classes, and a paper that studies
# what pruning does to classes should not have it in its tools. It takes no more than a shuffle to be rid of it, which
# is what this module does unless it is asked for index order.
#
# ## What it means
#
# What reads like a detail of definition often is none: see the figure for which variants replace more of the kept set
# than another seed does. Whoever compares pruners across papers compares these choices too. Rank correlations over
# all samples hide it, since pruning looks at one end. And no number of this page says which definition is better: that
# takes training, and the kept sets of all of them can be made from the released scores and query models.
#
# ## What it cost

# %% tags=["hide-input"]
if scale != "smoke":
    made = found["provenance"]
    again = sorted({r["seed"] for r in found["variants"] if r["variant"] == "in evaluation passes"})
    figures.say(
        f"The query models are those of the experiments. Evaluation passes took one full query trained again for "
        f"{len(again)} of {len(found['seeds'])} seeds; everything else is forward passes and gradients, a few minutes "
        f"a seed on one core (made {made['date'][:10]} with torch {made['torch']}, NumPy {made['numpy']} on "
        f"{made['device']}). To measure it again: `python -m drop run {benchmark} {scale} --pruners "
        f"{','.join(pruners)} --densities {densities[0]:g} --seeds {min(found['seeds'])}-{max(found['seeds'])}`, then "
        f"`python -m drop.chapters.definitions {benchmark} {scale} --seeds {min(found['seeds'])}-{max(found['seeds'])}"
        + (f" --passes {','.join(map(str, again))}`." if again else "`.")
    )
