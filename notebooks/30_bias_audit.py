# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The bias audit
#
# *What does every way to prune do to every class, how sure can we be of it, and is it the class ratios that do it?*
#
# The paper's first finding is that pruning by {term}`score` is biased: the average holds while single classes are lost
# {cite:p}`vysogorets2025drop`. This chapter audits its {term}`pruners <pruner>` and some more, with an interval for
# every difference. Expect a clear order at low {term}`density`, a less clear one at high density, and two measures that
# are easily misread: the correlation of a class's density with its accuracy, and the smallest of many noisy recalls.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
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

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import bdtrc, stdtrit  # P(X > x) of a binomial; the quantile of Student's t

from drop import metrics
from drop.chapters import figures
from drop.chapters import ledger as claims
from drop.chapters.grid import METRICS, Sweep, cell
from drop.experiments import intervals, records

figures.style()
if scale == "smoke" and len(seeds) * len(densities) <= 2:  # a test of the page, in seconds: two short query models do
    pruners, strategies = [pruner for pruner in pruners if pruner in ("random", "el2n", "random+drop")], []
strategies = [strategy for strategy in strategies if strategy in pruners]
imitations = [f"random+{strategy}q" for strategy in strategies]
imitated = sorted(d for d in densities if d in imitation_densities and d < 1)
grid = Sweep(benchmark, scale, pruners, densities, seeds, train, [(imitations, imitated)])
if not grid.found:
    raise ValueError(f"{benchmark} at {scale} scale has no records yet; measure them with train = 'missing'")

sample = next(iter(grid.found.values()))
classes, K, sizes = sample["classes"], len(sample["classes"]), np.array(sample["class_sizes"])
images = int(metrics.tally(sample["test"])[1].min())  # test images of the smallest class
pruned = sorted(d for d in densities if d < 1 and any(grid.of(p, d) for p in pruners))
shown = [p for p in pruners if any(grid.of(p, d) for d in pruned)]
focus = min(pruned, key=lambda d: (-sum(bool(grid.of(p, d)) for p in shown), d))  # the lowest with most pruners
here = [p for p in shown if grid.of(p, focus)]
full = grid.recalls("full", 1.0).mean(axis=0) if grid.of("full", 1.0) else None

# %% tags=["hide-input"]
BOTH = ("average", "worst_class")


def differences(pairs):
    """{(a, b, density): {metric: a minus b}} of those pairs that share two seeds or more."""
    found = {pair: {m: grid.compare(*pair, m) for m in BOTH} for pair in pairs}
    return {pair: by_metric for pair, by_metric in found.items() if all(by_metric.values())}


to_random = differences((p, "random", d) for d in pruned for p in shown if p != "random")
choice = differences((f"random+{s}q", s, d) for s in strategies for d in imitated)
areas = {p: grid.area(p, pruned) for p in shown} if len(pruned) > 1 else {}
areas = {p: e for p, e in sorted(areas.items(), key=lambda item: -item[1].value if item[1] else 0) if e}

scored = [pair for pair in to_random if "+" not in pair[0]]
holding = [pair for pair in scored if to_random[pair]["average"].low > -0.01]
holding_lower = [pair for pair in holding if to_random[pair]["worst_class"].high < 0]
holding_higher = [pair for pair in holding if to_random[pair]["worst_class"].low > 0]


def label(pruner):
    return figures.method(pruner).label


def listed(names, nothing="none"):
    """Names as in a sentence: "A, B and C"."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or nothing


def at(pairs):
    """Pairs of (pruner, ..., density) in words."""
    return listed(f"{label(pair[0].removeprefix('random+').removesuffix('q'))} at {pair[-1]:g}" for pair in pairs)


def counted(pairs):
    """How many pairs there are, and which, such as "2 (EL2N at 0.1 and GraNd at 0.3)"."""
    return f"{len(pairs)} ({at(pairs)})" if pairs else "none"


def minus(text):
    return text.replace("-", "−")


# %% [markdown]
# ## In short

# %% tags=["hide-input"]
worst = {p: 100 * grid.value(p, focus, "worst_class") for p in here}
ends = [pick(worst, key=worst.get) for pick in (min, max)]
verdicts = {pair[0]: e["worst_class"] for pair, e in to_random.items() if pair[2] == focus}
worse = [label(p) for p, e in verdicts.items() if e.high < 0]
better = [label(p) for p, e in verdicts.items() if e.low > 0]
order = (
    f"By 95 % intervals it is worse than under random pruning for {listed(worse)}, and better for {listed(better)}."
    if worse or better else "No interval separates one of them from random pruning."
)  # fmt: skip
findings = [
    f"At density {focus:g} the accuracy of the worst class lies between {worst[ends[0]]:.1f} % ({label(ends[0])}) and "
    f"{worst[ends[1]]:.1f} % ({label(ends[1])}); {label(here[0])} has {worst[here[0]]:.1f} %. {order}"
]
if areas:
    best = next(iter(areas))
    findings.append(
        f"Over all densities from {pruned[0]:g} to {pruned[-1]:g} the worst class is best under {label(best)}, "
        f"{cell(areas[best])} %."
    )
if scored:
    findings.append(
        f"Of {len(scored)} pairs of a score and a density, the average stays within a point of that of random pruning "
        f"in {len(holding) or 'none'}."
        + (
            f" Among these the worst class is lower than under random pruning in {len(holding_lower) or 'none'} and "
            f"higher in {len(holding_higher) or 'none'}."
            if holding
            else ""
        )
    )
if choice:
    every = [e for by_metric in choice.values() for e in by_metric.values()]
    fine, lost = sum(e.low > -0.01 for e in every), sum(e.high < -0.01 for e in every)
    findings.append(
        f"Random samples at a strategy's class ratios are, within a point, no worse than the strategy's own samples in "
        f"{fine} of {len(every)} comparisons, worse in {lost}, and {len(every) - fine - lost} are undecided."
    )
figures.say("\n".join(f"- {finding}" for finding in findings), "short")

# %% [markdown]
# ## The experiment
#
# A {term}`pruner` keeps the samples of highest {term}`score` in the whole training set, wherever they fall:
# **{term}`EL2N`** and **{term}`GraNd`** read the score from short query models, **{term}`Forgetting`** and
# **{term}`Dynamic Uncertainty`** from one long training, **{term}`k-center`** and **Prototype** (far from the mean of
# the own class, {cite:p}`sorscher2022scaling`) from its embeddings. They are compared with **Random**, with
# **Random+Balanced** (as many samples of every class as possible, chosen at random) and with **Random+DRoP** (class
# {term}`quotas <quota>` in proportion to a query model's class errors, filled at random).

# %% tags=["hide-input"]
recipe = grid.entry.recipe
lacks = f" Without a record: {grid.lacks()}." if grid.lacks() else ""
figures.say(
    f"The data set is `{grid.entry.dataset}` with {K} classes, the network `{recipe.model}`: {recipe.epochs} epochs on "
    f"all the data, up to {grid.entry.recipe_at(min(densities)).epochs} on less. One half of the test set gives "
    f"DRoP's quotas and chooses classes; the other half, with {images} images or more a class, reports. This page "
    f"shows {grid.done} of its plan.{lacks} Methods are compared on the seeds that both have, image by image."
)

# %% [markdown]
# ## Average and worst class
#
# The metrics are average accuracy, the accuracy of the {term}`worst class`, the {term}`gap` between the best and the
# worst, and the {term}`spread`, the standard deviation over classes. So many methods cannot be told apart in one panel:
# each has its own, with Random and Random+DRoP behind it for comparison.

# %% tags=["hide-input"]
REFERENCES = [p for p in ("random", "random+drop") if p in shown]
DASHED, SOLID = (0, (3, 1.5)), "-"


def quads(names, draw, across="density: fraction kept"):
    """Figures of up to two by two small panels with shared axes; `draw(ax, name)` fills one."""
    figs = []
    for part in (names[start : start + 4] for start in range(0, len(names), 4)):
        rows, columns = -(-len(part) // 2), min(2, len(part))
        fig, axes = plt.subplots(rows, columns, figsize=(4.6, 2.25 * rows), sharex=True, sharey=True, squeeze=False)
        for ax, name in zip(axes.flat, part, strict=False):
            ax.tick_params(labelsize=8.5)
            ax.set_title(label(name), fontsize=9.5, color=figures.method(name).colour)
            draw(ax, name)
        for ax in axes.flat[len(part) :]:
            ax.set_axis_off()
            axes.flat[len(part) - 2].tick_params(labelbottom=True)
        fig.supxlabel(across, fontsize=9)
        figs.append(fig)
    return figs


def curve(ax, pruner, metric, dashes, front):
    """The metric of the mean recalls against density; in front it is wide and has a mark for every seed."""
    look, measured = figures.method(pruner), [d for d in densities if grid.of(pruner, d)]
    heights = [100 * grid.value(pruner, d, metric) for d in measured]
    ax.plot(measured, heights, color=look.colour, linewidth=1.7 if front else 0.9, linestyle=dashes)
    for d in measured if front else ():
        each = 100 * METRICS[metric][0](grid.recalls(pruner, d))
        ax.plot([d] * len(each), each, look.marker, color=look.colour, alpha=0.5, markersize=3, linewidth=0)


def highest(names):
    """The largest value of these metrics in any run, in percent."""
    runs = [grid.recalls(p, d) for p in shown for d in densities if grid.of(p, d)]
    return 100 * max(METRICS[metric][0](run).max() for metric in names for run in runs)


# %% tags=["hide-input"]
def against_density(names, words):
    """Small multiples of two metrics, the first dashed and the second solid; the references share the first panel."""
    panels = [p for p in shown if p not in REFERENCES[1:]]
    top = 100 if "average" in names else 1.05 * highest(names)

    def draw(ax, pruner):
        front = REFERENCES if pruner in REFERENCES else [pruner]
        for metric, dashes in zip(names, (DASHED, SOLID), strict=True):
            for each in dict.fromkeys([*REFERENCES, pruner]):
                curve(ax, each, metric, dashes, each in front)
        ax.set_xticks(densities, [f"{d:g}".removeprefix("0") for d in densities])
        ax.set_xlim(min(densities) - 0.06, 1.04)
        ax.set_ylim(0, top)
        if pruner == panels[0]:
            explain(ax, front)

    def explain(ax, front):
        for other in front[1:]:
            ax.set_title(label(other), fontsize=9.5, color=figures.method(other).colour, loc="right")
        for metric, word in zip(names, words, strict=True):
            end = max(d for d in densities if grid.of(front[0], d))
            height = 100 * grid.value(front[0], end, metric)
            below = metric == "worst_class" and height > 25
            ax.annotate(
                word, (end, height), (2, -13 if below else 7), textcoords="offset points", fontsize=8, ha="right"
            )

    return quads(panels, draw)


# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    against_density(("average", "worst_class"), ("average", "worst class")),
    f"Average (dashed) and worst-class (solid) test accuracy in percent against density, one small panel a pruner, on "
    f"{grid.scope}. At density {focus:g} the worst class has "
    + ", ".join(f"{v:.0f} % under {label(p)}" for p, v in worst.items()) + ".",
    name="audit",
)  # fmt: skip
figures.say(
    f"*Average accuracy (dashed) and accuracy of the worst class (solid) in percent, against the fraction kept "
    f"({grid.scope}). In front the pruner of the title, each mark one seed; behind it, thin, Random (grey) and "
    "Random+DRoP (orange). At 1 all are training on everything. A line is computed from each class's mean recall over "
    "the seeds, so it lies above the mean of the seeds' minima, which picks the unluckiest class of each.*"
)

# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    against_density(("spread", "gap"), ("spread", "gap")),
    f"Gap between the best and the worst class (solid) and standard deviation over classes (dashed) in points against "
    f"density, one small panel a pruner, on {grid.scope}.",
)  # fmt: skip
figures.say(
    "*The same for fairness, in percentage points, lower is better: gap between the best and the worst class (solid) "
    "and standard deviation over the classes (dashed).*"
)

# %% [markdown]
# ## The numbers
#
# Every value with its 95 % interval, which covers the spread over seeds (Student's t: few seeds make it wide) and the
# finite test set. The worst class stands there twice: as the smallest of all recalls, and as the recall of the class
# that looked worst on the validation half ("chosen"); the section on the bias of the minimum says why.

# %% tags=["hide-input"]
FEW = round(np.sqrt(K))  # how many of the worst classes are averaged


def estimate(pruner, density, metric, k=1):
    """A metric with its interval, of the `k` worst classes if asked."""
    return intervals.estimate(intervals.Trials.of_records(grid.of(pruner, density)), metric, k=k)


def numbers(places, first=""):
    """Two tables of all metrics at these (pruner, density), with a column of densities unless `first` names one."""
    rows, more = [], []
    for p, d in places:
        start, lowest = [label(p), *([] if first else [f"{d:g}"]), len(grid.of(p, d))], estimate(p, d, "worst_class")
        rows.append([*start, cell(estimate(p, d, "average")), cell(lowest), f"{100 * lowest.chosen:.1f}"])
        others = [estimate(p, d, "worst_class", FEW), estimate(p, d, "gap"), estimate(p, d, "spread")]
        more.append([*start, *map(cell, others)])
    columns = [first or "%", *([] if first else ["density"]), "seeds"]
    figures.table(rows, [*columns, "average", "worst class", "chosen"])
    print()
    figures.table(more, [*columns, f"mean of {FEW} worst", "gap", "spread"])


places = [(p, d) for d in pruned for p in shown if grid.of(p, d)]
whole = [("full", 1.0)] if full is not None else []
numbers([place for place in places if place[1] == focus] + whole, f"density {focus:g}, %")

# %% tags=["hide-input"]
counts = sorted({len(grid.of(p, focus)) for p in here} - {1})
reach = [f"with {n} seeds {stdtrit(n - 1, 0.975):.1f} standard errors" for n in dict.fromkeys([*counts, 10])]
figures.say(f"How far an interval reaches to either side for the seeds alone: {', '.join(reach)}.")

# %% [markdown]
# The same for all densities:

# %% tags=["hide-input", "hide-output"]
numbers(places + whole)

# %% [markdown]
# ### One number a pruner
#
# The area under a curve over density, divided by the range of densities, is the curve's mean height: one number that
# does not depend on which density is picked. Density 1 is left out, since all pruners are equal there.

# %% tags=["hide-input"]
rows = []
for p, e in areas.items():
    pairs = [to_random.get((p, "random", d), {}).get("worst_class") for d in pruned]
    paired = intervals.area(pruned, pairs) if all(pairs) else None
    rows.append([label(p), e.seeds, cell(e), cell(paired), cell(grid.area(p, pruned, "average"))])
if rows:
    figures.table(rows, ["mean height, %", "seeds", "worst class", "minus Random", "average"])
else:
    figures.say("There is no area under the curve of a single density.")


# %% tags=["hide-input", "nbval-ignore-output"]
def mean_heights(metric, title):
    """The mean height of every pruner's curve with its interval, and full training as a line."""
    fig, ax = plt.subplots(figsize=(4.6, 0.9 + 0.3 * len(areas)))
    for row, p in enumerate(areas):
        e, look = grid.area(p, pruned, metric), figures.method(p)
        if e.seeds > 1:
            ax.plot([100 * e.low, 100 * e.high], [row, row], color=look.colour, linewidth=1.5)
        ax.plot(100 * e.value, row, look.marker, color=look.colour, markersize=7)
    if full is not None:
        level = 100 * METRICS[metric][0](full)
        ax.axvline(level, color=figures.INK, linestyle=":", linewidth=1)
        ax.annotate("full data ", (level, len(areas) - 0.5), fontsize=8, ha="right", va="bottom")
    ax.set_yticks(range(len(areas)), map(label, areas))
    ax.set_ylim(len(areas) - 0.4, -0.6)
    ax.set_xlim(max(0, ax.get_xlim()[0]), min(100, ax.get_xlim()[1]))
    ax.set_title(f"{title} (%), mean of {pruned[0]:g}–{pruned[-1]:g}", fontsize=9.5)
    return fig


if areas:
    figures.show(
        [mean_heights("worst_class", "worst class"), mean_heights("average", "average")],
        f"Mean height of the curves over density with 95 % intervals on {grid.scope}. Worst class: "
        + ", ".join(f"{label(p)} {100 * e.value:.1f} %" for p, e in areas.items()) + ".",
    )  # fmt: skip
    figures.say(
        f"*Mean height of the worst-class curve (left) and of the average (right) over densities {pruned[0]:g} to "
        f"{pruned[-1]:g} with 95 % intervals ({grid.scope}), best worst class on top; dotted: training on everything.*"
    )

# %% [markdown]
# ## What each class keeps
#
# The paper's figure: the densities of the classes, sorted, at each density of the data set. A pruner that knows nothing
# of classes would give flat lines. The number at the left end is the smallest number of samples that a class is left
# with, in any seed; a 0 is a class that the final network never sees.


# %% tags=["hide-input"]
def is_flat(pruner):
    """Whether the pruner keeps the same share of every class, but for whole samples."""
    return all(np.ptp(grid.kept(pruner, d)) * sizes.min() < 1.5 for d in pruned if grid.of(pruner, d))


def smallest(pruner, density):
    """The smallest number of samples that a class keeps in any seed, and the name of the class."""
    counts = np.array([record["kept"] for record in grid.of(pruner, density)])
    return int(counts.min()), classes[int(counts.min(axis=0).argmin())]


def sorted_densities(ax, pruner):
    """One line a density of the data set, with the smallest count at its left end; counts keep clear of each other."""
    look, floor = figures.method(pruner), -1.0
    for d in (d for d in pruned if grid.of(pruner, d)):
        lines, count = np.sort(grid.kept(pruner, d), axis=1), smallest(pruner, d)[0]
        ax.axhline(d, color=figures.FAINT, linewidth=0.8)
        ax.plot(range(K), lines.T, color=look.colour, alpha=0.35, linewidth=0.8)
        ax.plot(range(K), lines.mean(axis=0), color=look.colour, linewidth=1.7)
        floor = max(floor + 0.1, lines[:, 0].mean())
        ax.annotate(
            str(count), (0, floor), (-4, 0), textcoords="offset points", fontsize=8, ha="right", va="center",
            weight="normal" if count else "bold",
        )  # fmt: skip
    ax.set_xlim(-0.28 * K, K - 0.5)
    ax.set_ylim(-0.05, 1.05)
    ax.grid(visible=False)
    ax.set_xticks([0, K - 1], ["fewest", "most"])
    ax.set_yticks([0, *pruned, 1], ["0", *(f"{d:g}".removeprefix("0") for d in pruned), "1"])


# %% tags=["hide-input", "nbval-ignore-output"]
uneven = [p for p in shown if not is_flat(p)]
even = [label(p) for p in shown if is_flat(p)]
figures.show(
    quads(uneven, sorted_densities, "classes, sorted"),
    f"Sorted class densities at each density of the data set on {grid.scope}, with the smallest number of samples that "
    f"a class keeps. At density {focus:g}: " + ", ".join(f"{label(p)} {smallest(p, focus)[0]}" for p in here) + ".",
)  # fmt: skip
figures.say(
    f"*Fraction kept of each class, from the class that keeps the fewest to the one that keeps the most, at densities "
    f"{', '.join(f'{d:g}' for d in pruned)} (faint lines); thin: single seeds. Numbers: samples of the smallest class "
    f"in the seed where it is smallest ({grid.scope})."
    + (f" Left out, since all classes keep the same share here: {listed(even)}.*" if even else "*")
)

# %% tags=["hide-input"]
empty = [(p, d, smallest(p, d)[1]) for p, d in places if smallest(p, d)[0] == 0]
p = min(here, key=lambda p: smallest(p, focus)[0])
figures.say(
    "A class is left without a sample by "
    + "; ".join(f"**{label(p)}** at {d:g} ({name})" for p, d, name in empty) + "."
    if empty else
    f"No pruner leaves a class without a sample here. The smallest class at density {focus:g} is "
    f"{smallest(p, focus)[1]} under {label(p)} with {smallest(p, focus)[0]} samples; equal shares would leave it "
    f"{focus * sizes[classes.index(smallest(p, focus)[1])]:.0f}."
)  # fmt: skip

# %% tags=["hide-input", "hide-output"]
rows = []
for p, d in places:
    kept, (fewest, name) = 100 * grid.kept(p, d).mean(axis=0), smallest(p, d)
    rows.append([label(p), f"{d:g}", fewest, "–" if is_flat(p) else name, kept.min(), kept.max(), kept.std()])
columns = ["pruner", "density", "fewest samples", "of class", "lowest class density %", "highest", "spread"]
figures.table(rows, columns, digits=1)

# %% [markdown]
# ## Density of a class and its accuracy
#
# Does a class that keeps more do better? The paper sets each class's density against its accuracy after pruning. A
# negative correlation over classes means that the classes that end up weak were given more.


# %% tags=["hide-input"]
def correlation(x, y):
    """Pearson's correlation over classes with its 95 % interval by Fisher's z; None where x or y hardly varies."""
    if len(x) < 4 or min(np.std(x) / max(np.mean(x), 1e-9), np.std(y)) < 1e-3:
        return None
    r = float(np.corrcoef(x, y)[0, 1])
    z, half = np.arctanh(np.clip(r, -0.9999, 0.9999)), 1.96 / np.sqrt(len(x) - 3)
    return r, float(np.tanh(z - half)), float(np.tanh(z + half))


def relations(pruner, density):
    """Correlation of the classes' densities with their accuracies, and with the changes of these from full training."""
    if pruner == "random" or is_flat(pruner):  # class densities that differ by chance, or not at all
        return None, None
    kept, recalls = (f(pruner, density).mean(axis=0) for f in (grid.kept, grid.recalls))
    return correlation(kept, recalls), None if full is None else correlation(kept, recalls - full)


def scatter(ax, pruner):
    """One mark a class: what it keeps and how well it is recognised; the worst has its name."""
    look, (r, _) = figures.method(pruner), relations(pruner, focus)
    kept, recalls = (100 * f(pruner, focus).mean(axis=0) for f in (grid.kept, grid.recalls))
    ax.plot(
        kept, recalls, look.marker, color=look.colour, markersize=5.5 if K <= 20 else 3, alpha=0.85, markeredgewidth=0
    )
    k, words = int(recalls.argmin()), minus(f"r = {r[0]:.2f}") if r else "r = –"
    ax.text(0.97, 0.05 if r and r[0] > 0 else 0.88, words, transform=ax.transAxes, fontsize=8.5, ha="right")
    left, low = kept[k] < widest / 2, recalls[k] < 12
    ax.annotate(
        classes[k], (kept[k], recalls[k]), (5 if left else -5, 3 if low else -3), textcoords="offset points",
        fontsize=7.5, ha="left" if left else "right", va="bottom" if low else "top",
    )  # fmt: skip
    ax.set_ylim(0, 102)
    ax.set_xlim(-0.05 * widest, 1.05 * widest)


# %% tags=["hide-input", "nbval-ignore-output"]
dotted = [p for p in uneven if p in here]
widest = 100 * max(grid.kept(p, focus).mean(axis=0).max() for p in dotted)
correlated = {p: relations(p, focus)[0][0] for p in dotted if relations(p, focus)[0]}
figures.show(
    quads(dotted, scatter, "kept of the class (%)"),
    f"Class accuracy against class density at density {focus:g} on {grid.scope}, a mark a class, one panel a pruner. "
    "Correlations: " + ", ".join(f"{label(p)} {r:.2f}" for p, r in correlated.items()) + ".",
)  # fmt: skip
figures.say(
    f"*Test accuracy of a class (%, upwards) against the part of it that is kept (%, to the right) at density "
    f"{focus:g}; a mark is a class, mean over seeds ({grid.scope}), and the worst class has its name. r is the "
    f"correlation over the {K} classes; Random has none, since its class densities differ by chance.*"
)


# %% tags=["hide-input"]
def r_cell(found):
    return "{:.2f} [{:.2f}, {:.2f}]".format(*found) if found else "–"


rows = []
for p, d in [(p, d) for p in uneven if p != "random" for d in pruned if grid.of(p, d)]:
    outcome = to_random.get((p, "random", d), {}).get("worst_class")
    rows.append([label(p), f"{d:g}", *map(r_cell, relations(p, d)), cell(outcome)])
figures.table(rows, ["correlation with", "density", "accuracy", "change from full", "worst class minus Random"])

# %% [markdown]
# Is a negative correlation evidence of a robust pruner, as its use in the paper suggests and its reviewers doubted? Not
# by itself:
#
# - **Difficulty is in both.** A difficult class has low accuracy whatever it keeps. A pruner that gives difficult
#   classes more has a negative correlation before anything is trained, whether or not the samples help.
# - **It has no size.** Densities that differ by a hair correlate as well as those that differ by a factor of ten.
# - **Success destroys it.** If the weak classes caught up completely, there would be nothing left to correlate with.
#
# The second column of the table is closer to a test: do the classes that keep more lose less against training on
# everything? There a *positive* correlation means that samples help where they are given. The last column is the
# outcome itself. The intervals treat the classes as a sample of classes.

# %% tags=["hide-input"]
found = {(p, "random", d): relations(p, d)[0] for p, d in places}
found = {pair: r[0] for pair, r in found.items() if r}
negative = [pair for pair, r in found.items() if r < 0]
judged = {pair: to_random[pair]["worst_class"] for pair in negative if pair in to_random}
harmed, helped = [x for x, e in judged.items() if e.high < 0], [x for x, e in judged.items() if e.low > 0]
if harmed:
    moral = "**The sign says where samples go, not whether they help.**"
elif helped:
    moral = "So here the sign misleads nobody, which says something about these pruners, not about a correlation."
else:
    moral = "So whether the sign means anything cannot be told here."
others = [pair for pair in found if pair not in negative]
figures.say(
    f"The correlation is negative in {len(negative)} of {len(found)} pairs of a pruner and a density. In these the "
    f"worst class is, by intervals that exclude 0, better than under random pruning in {len(helped) or 'none'} and "
    f"worse in {counted(harmed)}. {moral} It is not negative in {counted(others)}."
)

# %% [markdown]
# ## Which classes lose?

# %% tags=["hide-input"]
LESS, MORE, ROWS = "#d55e00", "#0f7fc4", 20
before, start = (
    (full, "full training") if full is not None else (grid.recalls(here[0], focus).mean(axis=0), label(here[0]))
)
change = {p: 100 * (grid.recalls(p, focus).mean(axis=0) - before) for p in here}
share = {p: grid.kept(p, focus).mean(axis=0) / focus for p in here}
most = np.argsort(np.min([*change.values()], axis=0), kind="stable")[:ROWS]  # the classes that lose most under any
rows_shown = most[np.argsort(before[most], kind="stable")]


def heat_map(values, word, strength, title):
    """Classes (rows) by pruners (columns): orange for less and blue for more, deeper for a larger `strength`."""
    fig, ax = plt.subplots(figsize=(4.6, 1.15 + 0.27 * len(rows_shown)))
    for column, p in enumerate(values):
        for row, k in enumerate(rows_shown):
            s = float(np.clip(strength(values[p][k]), -1, 1))
            box = plt.Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, linewidth=0)
            box.set(facecolor=LESS if s < 0 else MORE, alpha=0.6 * abs(s))
            ax.add_patch(box)
            ax.text(column, row, word(values[p][k]), fontsize=8, ha="center", va="center")
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(values)), map(label, values), rotation=38, ha="left", fontsize=8.5)
    for tick, p in zip(ax.get_xticklabels(), values, strict=True):
        tick.set_color(figures.method(p).colour)
    ax.set_yticks(range(len(rows_shown)), [classes[k] for k in rows_shown], fontsize=9)
    ax.set_xlim(-0.5, len(values) - 0.5)
    ax.set_ylim(len(rows_shown) - 0.5, -0.5)
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_title(title, fontsize=9.5)
    return fig


# %% tags=["hide-input", "nbval-ignore-output"]
figures.show(
    [
        heat_map(share, lambda v: f"{v:.1f}", lambda v: np.log2(max(v, 0.01)) / 2.5,
                 f"kept, as a multiple of {focus:g}"),
        heat_map(change, lambda v: minus(f"{v:+.0f}") if abs(v) >= 0.5 else "0", lambda v: v / 25,
                 f"accuracy minus {start} (points)"),
    ],
    f"What each class keeps and what it loses under each pruner at density {focus:g} on {grid.scope}. Largest loss: "
    + "; ".join(f"{label(p)}: {classes[change[p].argmin()]} {change[p].min():.0f} points" for p in here) + ".",
)  # fmt: skip
figures.say(
    f"*Left: the part of each class that is kept at density {focus:g}, as a multiple of {focus:g}; right: its test "
    f"accuracy minus that of {start}, in points ({grid.scope}). The hardest class is on top; blue is more, orange less."
    + (f" Of {K} classes these are the {ROWS} that lose most under any pruner.*" if K > ROWS else "*")
)

# %% tags=["hide-input"]
rows = []
for p in here:
    k, losing, gaining = int(change[p].argmin()), int((change[p] < -1).sum()), int((change[p] > 1).sum())
    rows.append([label(p), classes[k], 100 * before[k], 100 * focus * share[p][k], change[p][k], losing, gaining])
columns = [f"density {focus:g}", "loses most", "before %", "kept %", "change", "classes down", "up"]
figures.table(rows, columns, digits=1)

# %% tags=["hide-input"]
hardest = int(before.argmin())
loses_most = listed([label(p) for p in here if change[p].argmin() == hardest], "no pruner")
still_worst = listed([label(p) for p in here if (100 * before + change[p]).argmin() == hardest], "no pruner")
figures.say(
    f"(Classes down and up: by more than one point.) The hardest class under {start} is {classes[hardest]}. It is the "
    f"one that loses most under {loses_most}, and still the worst one under {still_worst}."
)

# %% [markdown]
# ## Ratios or samples?
#
# A strategy does two things at once: it decides how many samples each class keeps, and which. The paper says that the
# first matters and the second does not (claim C5). {term}`StrategyQ` takes them apart: keep as many samples of each
# class as the strategy does, but choose them at random. Then
#
# strategy − Random = (Random at its ratios − Random) + (strategy − Random at its ratios):
#
# what the ratios do, plus what the choice inside the classes does.


# %% tags=["hide-input"]
def forest(metric, title):
    """Random samples at a strategy's ratios minus its own samples, with intervals; a row a strategy and density."""
    fig, ax = plt.subplots(figsize=(4.6, 1.1 + 0.235 * len(choice)))
    for row, ((_, strategy, _), by_metric) in enumerate(choice.items()):
        e, look = by_metric[metric], figures.method(strategy)
        ax.plot([100 * e.low, 100 * e.high], [row, row], color=look.colour, linewidth=1.5)
        ax.plot(100 * e.value, row, look.marker, color=look.colour)
    ax.axvline(0, color=figures.INK, linewidth=0.9)
    ax.axvline(-1, color=figures.INK, linewidth=0.9, linestyle=":")
    ax.set_yticks(range(len(choice)), [f"{label(strategy)} {d:g}" for _, strategy, d in choice], fontsize=8.5)
    ax.set_ylim(len(choice) - 0.4, -0.6)
    ends = [100 * getattr(e[metric], end) for e in choice.values() for end in ("low", "high")]
    ax.set_xscale("symlog", linthresh=10, linscale=1.5)
    ax.set_xlim(1.3 * min(-2, *ends), 1.3 * max(2, *ends))
    ticks = [t for t in (-50, -10, -5, 0, 5, 10, 50) if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    ax.set_xticks(ticks, [minus(f"{t:+d}") if t else "0" for t in ticks], fontsize=8.5)
    ax.set_xticks([], minor=True)
    ax.set_title(title, fontsize=9.5)
    return fig


# %% tags=["hide-input", "nbval-ignore-output"]
if choice:
    figures.show(
        [forest("average", "average (points)"), forest("worst_class", "worst class (points)")],
        f"Random samples at a strategy's class ratios minus the strategy's own samples, with 95 % intervals, on "
        f"{grid.scope}. Worst class: "
        + ", ".join(f"{label(s)} at {d:g} {100 * e['worst_class'].value:+.1f}" for (_, s, d), e in choice.items())
        + " points.",
    )
    figures.say(
        "*Random samples at a strategy's class ratios minus the strategy's own samples, at the density beside the "
        f"name, with paired 95 % intervals ({grid.scope}); beyond ±10 points the scale is logarithmic. Right of the "
        "dotted line, at −1, random samples are no worse; right of 0 they are better.*"
    )
else:
    figures.say("There are not yet two seeds on which a strategy and its class ratios can be compared.")

# %% tags=["hide-input"]
rows, parts = [], []
for (q, s, d), by_metric in choice.items():
    begin = [f"{label(s)} {d:g}", by_metric["average"].seeds]
    rows.append([*begin, *(cell(by_metric[metric]) for metric in BOTH)])
    parts.append([*begin, cell(grid.compare(q, "random", d)), cell(grid.compare(s, q, d))])
if rows:
    figures.table(rows, ["points, Random at its ratios minus", "seeds", "average", "worst class"])
    print()
    figures.table(parts, ["worst class, points", "seeds", "what the ratios do", "what the choice does"])

# %% tags=["hide-input"]
MEANS = {
    (
        True,
        False,
    ): "**So the choice inside the classes matters: it harms there.** Its samples teach less than random ones.",
    (False, True): "**So the choice inside the classes matters: it is worth something there.**",
    (True, True): "**So the choice inside the classes matters, here for better and there for worse.**",
    (False, False): "",
}
for metric, words in (("average", "On average"), ("worst_class", "In the worst class")) if choice else ():
    found = {pair: by_metric[metric] for pair, by_metric in choice.items()}
    fine, lost, gained = (
        [pair for pair, e in found.items() if test(e)]
        for test in (lambda e: e.low > -0.01, lambda e: e.high < -0.01, lambda e: e.low > 0.01)
    )
    figures.say(
        f"{words}, random samples at the strategy's ratios are no worse, within a point, in {len(fine)} of "
        f"{len(found)} cases. They are worse in {counted(lost)}, and better by more than a point in {counted(gained)}; "
        f"{len(found) - len(fine) - len(lost)} are undecided. {MEANS[bool(gained), bool(lost)]}"
    )

# %% [markdown]
# ## How biased is the minimum?
#
# The worst class is the smallest of $K$ recalls, each measured on finitely many images. The *plug-in* minimum picks the
# unluckiest class as well as the worst, so it lies too low on average. The alternative lies too high: choose the class
# that looks worst on validation images and report its recall on *test* images. That is an honest recall of one class,
# but the choice is sometimes wrong, and no class is worse than the worst. The truth is between the two averages.
#
# How far apart are they? If class $k$ has true recall $p_k$ and $n$ test images of its own, the number of hits $X_k$ is
# binomial, and the expected plug-in minimum is (that of the chosen class is a similar sum, in the code)
#
# $$\mathbb{E}\,\min_k \frac{X_k}{n} = \frac1n \sum_{x=1}^{n} \prod_{k=1}^{K} \Pr(X_k \ge x), \qquad X_k \sim
# \mathrm{Bin}(n, p_k).$$


# %% tags=["hide-input"]
def expected_minimum(p, n):
    """Mean of the smallest of K measured recalls, exactly; true recalls p (K,), n test images a class."""
    x = np.arange(1, n + 1)
    return float(bdtrc(x[:, None] - 1, n, np.asarray(p)).prod(axis=1).sum() / n)


def expected_chosen(p, n):
    """Mean test recall of the class that looks worst on n other images a class, exactly; the first of several."""
    x, p = np.arange(n + 1)[:, None], np.asarray(p)
    above, from_here = bdtrc(x, n, p), bdtrc(x - 1, n, p)  # P(X > x), P(X >= x), (n + 1, K)
    ones = np.ones((n + 1, 1))
    earlier = np.hstack([ones, above[:, :-1]]).cumprod(axis=1)  # all classes before this one lie above x,
    later = np.hstack([from_here[:, 1:], ones])[:, ::-1].cumprod(axis=1)[:, ::-1]  # and none after it below
    return float(((from_here - above) * earlier * later).sum(axis=0) @ p)


def simulated(p, n, draws=4000, seed=0):
    """The same two means by simulation."""
    generator, p = np.random.default_rng(seed), np.asarray(p)
    validation, test = (generator.binomial(n, p, size=(draws, len(p))) / n for _ in range(2))
    chosen = np.take_along_axis(test, validation.argmin(axis=1, keepdims=True), axis=1)
    return float(test.min(axis=1).mean()), float(chosen.mean())


truth = full if full is not None else grid.recalls(here[0], focus).mean(axis=0)
cases = {"100 classes at .70 (CIFAR-100, half its test set)": (np.full(100, 0.7), 50),
         "10 classes at .70 (CIFAR-10, half its test set)": (np.full(10, 0.7), 500)}  # fmt: skip
cases |= {f"{benchmark}, {label(p)} at {focus:g}": (grid.recalls(p, focus).mean(axis=0), images) for p in here}
cases |= {f"{benchmark}, {start}": (truth, images)}
rows = []
for name, (p, n) in cases.items():
    plug_in, chosen = simulated(p, n)
    values = (np.min(p), expected_minimum(p, n), plug_in, expected_chosen(p, n), chosen)
    rows.append([name, n, *(100 * value for value in values)])
figures.table(rows, ["taken as the truth", "n", "worst", "minimum", "(simulated)", "chosen", "(simulated)"], digits=1)

# %% tags=["hide-input", "nbval-ignore-output"]
SIZES = [20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000]
equal, ax = plt.subplots(figsize=(4.6, 3.5))
for many, colour in ((10, "#0f7fc4"), (100, "#6b5bd6"), (1000, "#c2559c")):
    values = [100 * expected_minimum(np.full(many, 0.7), n) for n in SIZES]
    ax.plot(SIZES, values, color=colour, label=f"{many} classes")
hundred = 100 * expected_minimum(np.full(100, 0.7), 50)
ax.plot(50, hundred, "o", color="#6b5bd6", label="_")
ax.set_title("expected smallest recall (%), all truly 70", fontsize=9.5)
unequal, ax2 = plt.subplots(figsize=(4.6, 3.5))
for estimator, colour, words, down in (
    (expected_minimum, LESS, "smallest on test", -12),
    (expected_chosen, MORE, "chosen on validation", 3),
):
    values = [100 * estimator(truth, n) for n in SIZES]
    ax2.plot(SIZES, values, color=colour)
    ax2.plot(images, 100 * estimator(truth, images), "o", color=colour)
    ax2.annotate(words, (SIZES[1], values[1]), (8, down), textcoords="offset points", fontsize=9, color=colour)
ax2.set_title(f"classes as different as on {benchmark} (%)", fontsize=9.5)
for axes, level in ((ax, 70), (ax2, 100 * truth.min())):
    axes.axhline(level, color=figures.INK, linestyle=":", linewidth=1, label="_")
    axes.set_xscale("log")
    axes.set_xticks([20, 50, 100, 200, 500, 1000], ["20", "50", "100", "200", "500", "1000"])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("test images a class", fontsize=9.5)
figures.label_ends(ax)
figures.show(
    [equal, unequal],
    "Left: the expected smallest of 10, 100 and 1000 measured recalls that are all 70 % in truth, against the number "
    f"of test images a class; with 100 classes and 50 images it is {hundred:.0f} %. Right: with recalls as different "
    f"as those on {benchmark}, the smallest on test lies below the truth and the class chosen on validation above it.",
)
figures.say(
    "*Left: mean of the smallest recall (exact) if every class has a true recall of 70 %, the dotted line; the dot is "
    f"CIFAR-100 with half of its test set. Right: with the recalls of {start} on {benchmark} taken as the truth, the "
    "means of the smallest test recall and of the test recall of the class chosen on validation enclose the true "
    f"worst class (dotted); the dots are at this audit's {images} images.*"
)

# %% tags=["hide-input"]
apart = {place: estimate(*place, "worst_class") for place in places + whole}
(p, d), e = max(apart.items(), key=lambda item: abs(item[1].chosen - item[1].value))
agree = sum(abs(e.chosen - e.value) < 0.0005 for e in apart.values())
figures.say(
    f"With 100 classes of 50 test images each, all recognised in 70 % of cases, the worst class is expected to score "
    f"**{hundred:.0f} %** (simulated: {100 * simulated(np.full(100, 0.7), 50)[0]:.0f} %): {70 - hundred:.0f} points of "
    f"bias that are not there. Here, with {K} classes of {images} images or more, the minimum of one network trained "
    f"on {'everything' if full is not None else 'what ' + start + ' keeps'} is too low by "
    f"{100 * (truth.min() - expected_minimum(truth, images)):.1f} points. Of the {len(apart)} rows of the large table "
    f"above, {agree} have two estimates that agree to 0.05 points; they are furthest apart for {label(p)} at {d:g}, "
    f"where the smallest is {100 * e.value:.1f} % and the chosen one {100 * e.chosen:.1f} %."
)

# %% [markdown]
# The bias depends on the method: a fair one, whose classes lie close together, loses more to it than an unfair one
# whose worst class stands alone, so the plug-in minimum flatters unfair methods. The intervals of this chapter allow
# for it: their lower end is the least of the classes' lower bounds, their upper end the upper bound of the class chosen
# on validation.
#
# ## What it means

# %% tags=["hide-input"]
failing = [pair for pair in scored if to_random[pair]["average"].high < -0.01]
failing_lower = [pair for pair in failing if to_random[pair]["worst_class"].high < 0]
if holding_lower and holding_higher:
    finding = "So a score that keeps the average can cost the worst class or serve it: the average does not tell."
elif holding_lower:
    finding = "Where it can be told, the average hides what the worst class loses, as the paper found."
elif holding_higher:
    finding = (
        "Where it can be told, a score that keeps the average serves the worst class too: not what the paper found."
    )
else:
    finding = "So whether a score that keeps the average costs the worst class cannot be told here."
if scored:
    undecided = len(holding) - len(holding_lower) - len(holding_higher)
    among = (
        f"There the worst class is below that of random pruning in {counted(holding_lower)}, above it in "
        f"{counted(holding_higher)}, and undecided in {undecided or 'none'}. "
    )
    whole_classifier = f"; there the classifier suffers as a whole, its worst class for sure in {len(failing_lower)}"
    figures.say(
        "**Does a score that keeps the average lose the worst class?** The average stays within a point of that of "
        f"random pruning, by its interval, in {len(holding) or 'none'} of {len(scored)} pairs of a score and a "
        f"density. {among if holding else ''}{finding} The average falls by more than a point in {counted(failing)}"
        f"{whole_classifier if failing else ''}."
    )

# %% tags=["hide-input"]
peaks = {}
for p in shown:
    heights = {d: 100 * grid.value(p, d, "worst_class") for d in densities if grid.of(p, d)}
    peaks[p] = max(heights, key=heights.get), max(heights.values())
early = [label(p) for p, (d, _) in peaks.items() if d < 0.8 and p != "random+drop"]
figures.say(
    "**Where is the worst class best?** The paper says: at 80 to 90 % density for the baselines, while DRoP goes on "
    "gaining as pruning goes on. Here it is best at "
    + ", ".join(f"{d:g} ({v:.1f} %) for {label(p)}" for p, (d, v) in peaks.items())
    + f". Baselines that are best at a lower density than the paper says: {listed(early)}. These are the largest of a "
    "few measured values, without an interval; the ledger tests differences."
)

# %% [markdown]
# ### What the ledger says
#
# The tests of the paper's claims were written down before the runs, with their margins, but for parts that say
# otherwise. The [claims ledger](60_claims_ledger.ipynb) has every line with its interval; these are its verdicts on
# this data set. What needs all of its lines is contradicted as soon as one of them is.

# %% tags=["hide-input"]
VERDICTS = ("supported", "contradicted", "undecided", "not measured", "does not apply")
at_hand = {record["key"]: record for record in [*records.load(records.committed()), *grid.found.values()]}
ledger = {claim.source["id"]: claim for claim in claims.ledger(claims.load(), list(at_hand.values()))}
ours = {name: [part for part in ledger[name].parts if part.benchmark == f"{benchmark}-{scale}"]
        for name in ("C1", "C2", "C5")}  # fmt: skip


def tally(part):
    """The verdicts of a part's cases in words."""
    counts = {verdict: sum(case.verdict == verdict for case in part.cases) for verdict in VERDICTS}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


for name, parts in ours.items():
    decisive = [part.verdict for part in parts if not part.source.get("ours")]
    if decisive:
        figures.say(
            f"**{name}: {claims.combine(decisive)}.** {ledger[name].source['claim']}\n\n"
            + "\n".join(
                f"- {'More than the paper says: ' if part.source.get('ours') else ''}{part.source['says']} "
                f"*{part.verdict.capitalize()} ({tally(part)}).*"
                for part in parts
            )
        )
if not any(ours.values()):
    figures.say(f"The ledger has no tests for {benchmark} at {scale} scale.")

# %% [markdown]
# ### Where it disagrees with the paper

# %% tags=["hide-input"]
contradicted = [
    (name, line) for name, parts in ours.items() for part in parts for case in part.cases for line in case.lines
    if case.verdict == line.verdict == "contradicted" and not part.source.get("ours")
]  # fmt: skip
if contradicted:
    figures.say(
        f"The intervals contradict {len(contradicted)} line{'s' * (len(contradicted) > 1)} of these claims. Each is an "
        "inequality that the claim predicts, followed by the difference of its two sides in points.\n\n"
        + "\n".join(
            f"- {name}, `{line.metric}: {line.text}`: {minus(cell(line.estimate))}, n = {line.estimate.seeds}"
            + (" (by the margin only: the sign may be the claimed one)" if line.margin_only else "")
            for name, line in contradicted
        )
    )
else:
    figures.say("No interval contradicts a line of these claims here." if any(ours.values()) else "This is not tested.")

# %% [markdown]
# Below the scales `paper` and `paper-fast` the network is smaller and its schedule shorter than the paper's, so levels
# cannot be compared; the order of the methods and the direction of the effects can, and even these may change with the
# schedule: a score that picks hard samples may need a network that trains long.
#
# ## What it cost


# %% tags=["hide-input"]
def command(names, spots):
    """The command that measures what has no record yet of these pruners at these densities."""
    chosen = sorted(seeds)
    whole = len(chosen) > 1 and chosen == list(range(chosen[0], chosen[-1] + 1))
    span = f"{chosen[0]}-{chosen[-1]}" if whole else ",".join(map(str, chosen))
    where = ",".join(f"{d:g}" for d in spots)
    return f"python -m drop run {benchmark} {scale} --pruners {','.join(names)} --densities {where} --seeds {span}"


both = [command(pruners, densities), *([command(imitations, imitated)] if imitations and imitated else [])]
figures.say(
    (f"{grid.cost()} The query models are shared by all pruners and densities of a seed. " if grid.cost() else "")
    + "To measure what has no record yet:\n\n```sh\n" + " &&\n".join(both) + "\n```\n\n"
    "It can be stopped at any time and goes on where it was. `python -m drop pack` then puts the new records into the "
    "book, and `make pages` writes this page again."
)  # fmt: skip
