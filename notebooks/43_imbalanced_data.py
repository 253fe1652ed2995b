# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Imbalanced data
#
# *Do quotas that follow the errors still help where the classes are not equally frequent?*
#
# The paper says that its findings carry over to imbalanced data {cite:p}`vysogorets2025drop`; its numbers are not
# available to us, nor is the way in which its data were made imbalanced. Here Fashion-MNIST has a long tail, as
# {cite:t}`cui2019effective` make one: the training images of a class fall exponentially from the first class to the
# last, which keeps a tenth. Validation and test images stay as many in every class.
#
# Two rules that are one on balanced data part here. **DRoP** makes a class's *density* follow its error, the released
# code its *size* (**size rule**). Beside them stands **Balanced**, which keeps as many images of every class as far as
# it has them. What was expected stands in the [claims ledger](60_claims_ledger.ipynb) as C8, written down before any of
# these networks was trained.

# %% tags=["parameters"]
benchmark = "fashion-mnist-long-tail"
scale = "laptop"
pruners = [
    "random", "random+drop", "random+size", "random+balanced", "el2n", "forgetting", "dynamic-uncertainty", "cdb-w",
]  # fmt: skip
densities = [0.1, 0.3, 0.8, 1.0]  # fractions of the training set that are kept
seeds = [0, 1, 2]
focus = 0.1  # the density at which single classes are shown
train = "never"  # or "missing": train every run that has no record

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

from drop.chapters import figures
from drop.chapters.grid import METRICS, Sweep, cell, points

figures.style()
grid = Sweep(benchmark, scale, pruners, densities, seeds, train)
recipe, scope = grid.entry.recipe, grid.scope
rules = [p for p in ("random", "random+drop", "random+size", "random+balanced") if grid.of(p, focus)]
label = {p: figures.method(p).label for p in pruners}
if grid.found:
    sizes = np.array(next(iter(grid.found.values()))["class_sizes"])
    figures.say(
        f"The training set has {sizes.sum():,} images: {sizes.max():,} of {grid.classes[0]}, and fewer and fewer down "
        f"to {sizes.min():,} of {grid.classes[-1]}. The network is `{recipe.model}`, {recipe.epochs} epochs on all the "
        f"data. This page shows {grid.done} that its parameters name"
        + (f"; lacking: {lacks}." if (lacks := grid.lacks()) else ".")
    )

# %% [markdown]
# ## How many images each rule keeps

# %% tags=["hide-input", "nbval-ignore-output"]
images = {p: grid.kept(p, focus).mean(axis=0) * sizes for p in rules}  # of each class, mean over the seeds
if rules:
    fig, ax = plt.subplots(figsize=(6.4, 4.2))
    ax.plot(sizes, np.arange(len(sizes)), "|", color=figures.INK, markersize=14, label="in the training set")
    for pruner in rules:
        look = figures.method(pruner)
        ax.plot(images[pruner], np.arange(len(sizes)), look.marker, color=look.colour, label=look.label)
    ax.set_xscale("log" if min(map(np.min, images.values())) > 0 else "symlog")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.xaxis.minorticks_off()
    ax.set_yticks(np.arange(len(sizes)), grid.classes)
    ax.invert_yaxis()
    ax.set_xlabel("images")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, 1.2), ncols=3)
    figures.show(
        fig,
        f"Images of each class in the training set, and how many of them {', '.join(label[p] for p in rules)} keep at "
        f"density {focus:g}, on {scope}.",
    )

# %% tags=["hide-input", "hide-output"]
rows = [
    [grid.classes[k], int(sizes[k]), *(f"{images[p][k]:.0f}" for p in rules)] for k in range(len(sizes) if rules else 0)
]
figures.table(rows, ["images", "in all", *(label[p] for p in rules)])

# %% [markdown]
# Random pruning keeps the imbalance. DRoP keeps more of the classes in which the query models err; where these are the
# rare ones, it takes some of the imbalance away. The size rule forgets how frequent a class was: a rare class with a
# high error gets as many images as a frequent one, as far as it has them.
#
# ## Average and worst class

# %% tags=["hide-input", "nbval-ignore-output"]
figs = []
for metric in ("average", "worst_class"):
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    grid.draw(ax, metric, pruners, densities)
    ax.set_ylim(0, 100)
    if grid.of("full", 1.0):
        ax.axhline(100 * grid.value("full", 1.0, metric), color=figures.INK, linestyle=":", linewidth=1)
    figs.append(fig)
figs[0].axes[0].legend(loc="lower right", fontsize=8)
figures.show(
    figs,
    f"Average and worst-class test accuracy against density for {', '.join(label.values())} on {scope}. At density "
    f"{focus:g} the worst class has "
    + ", ".join(f"{100 * grid.value(p, focus, 'worst_class'):.0f} % under {label[p]}" for p in pruners
                if grid.of(p, focus))
    + "; the dotted line is training on everything.",
)  # fmt: skip
figures.say(
    f"*Left: average accuracy; right: accuracy of the worst class ({scope}). The average is over test images, which "
    "are as many in every class. Dots are single seeds. Dotted: training on everything.*"
)

# %% tags=["hide-input", "hide-output"]
rows = []
for density in densities:
    for pruner in pruners if density < 1 else ["full", "cdb-w"]:
        if records := grid.of(pruner, density):
            cells = [cell(grid.estimate(pruner, density, metric)) for metric in METRICS]
            rows.append([figures.method(pruner).label, f"{density:g}", len(records), *cells])
figures.table(rows, ["pruner", "density", "seeds", "average", "worst class", "gap", "spread"])

# %% [markdown]
# ## Which classes gain

# %% tags=["hide-input", "nbval-ignore-output"]
shown = rules + ["full"] * bool(rules and grid.of("full", 1.0))
places = [(p, 1.0 if p == "full" else focus) for p in shown]
recalls = [100 * grid.recalls(*place).mean(axis=0) for place in places]
if rules:
    fig, ax = plt.subplots(figsize=(6.4, 4.2))
    for pruner, recall in zip(shown, recalls, strict=True):
        look = figures.method(pruner)
        ax.plot(recall, np.arange(len(sizes)), look.marker, color=look.colour, label=look.label)
    ax.set_yticks(np.arange(len(sizes)), [f"{c} ({n:,})" for c, n in zip(grid.classes, sizes, strict=True)])
    ax.invert_yaxis()
    ax.set_xlabel("test accuracy of the class (%)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, 1.2), ncols=3)
    figures.show(
        fig,
        f"Test accuracy of each class, with its number of training images, after pruning to density {focus:g} and "
        f"after training on everything, on {scope}.",
    )

# %% tags=["hide-input", "hide-output"]
rows = [[grid.classes[k], *(f"{row[k]:.1f}" for row in recalls)] for k in range(len(sizes) if rules else 0)]
figures.table(rows, ["accuracy %", *(figures.method(p).label for p in shown)])

# %% tags=["hide-input"]
if rules:
    worst = []
    for (pruner, density), recall in zip(places, recalls, strict=True):
        k = recall.argmin()
        kept = f"{grid.kept(pruner, density).mean(axis=0)[k] * sizes[k]:,.0f} of {sizes[k]:,} images"
        worst.append(f"{grid.classes[k]} under {figures.method(pruner).label} ({kept})")
    figures.say(f"The worst class is {', '.join(worst)}.")

# %% [markdown]
# ## What it means

# %% tags=["hide-input"]
if rules:
    levels = [(p, *(100 * grid.value(p, focus, metric) for metric in ("worst_class", "average"))) for p in rules]
    whole = [100 * grid.value("full", 1.0, metric) for metric in ("worst_class", "average")]
    figures.say(
        f"On {benchmark} at density {focus:g} the worst class (and the average) has "
        + ", ".join(f"{worst:.0f} % ({average:.0f} %) with {label[p]}" for p, worst, average in levels)
        + (f"; training on everything gives {whole[0]:.0f} % ({whole[1]:.0f} %)." if grid.of("full", 1.0) else "."),
        name="headline",
    )

# %% tags=["hide-input"]
pruned = [d for d in densities if d < 1]
rows = [
    [figures.method(p).label]
    + [cell(grid.compare("random+drop", p, d, density_b=1.0 if p == "full" else None)) for d in pruned]
    for p in [*(p for p in pruners if p != "random+drop"), "full"]
]
figures.say("The worst class under Random+DRoP, minus that of another method, in points with 95 % intervals:")
figures.table(rows, ["Random+DRoP minus ...", *(f"density {d:g}" for d in pruned)])

# %% tags=["hide-input"]
price = [(d, grid.compare("random+drop", "random", d, "average")) for d in pruned]
if any(e for _, e in price):
    figures.say(
        "On average over the classes DRoP differs from random pruning by "
        + ", ".join(f"{points(e)} at {d:g}" for d, e in price if e) + "."
    )  # fmt: skip

# %% [markdown]
# The verdicts on C8 are in the [claims ledger](60_claims_ledger.ipynb). Why the size rule and DRoP part, and what that
# does in a mixture where the optimum is known, stands in [Where we deviate](41_deviations.ipynb). One data set with one
# long tail is little: here the three rarest classes (Sneaker, Bag, Ankle boot) are easy ones, and the hardest, Shirt,
# is in the lower middle. Group robustness (Waterbirds) is not tested here.
#
# ## What it cost

# %% tags=["hide-input"]
if cost := grid.cost():
    figures.say(
        f"{cost} To measure it again:\n\n```bash\npython -m drop run {benchmark} {scale} --pruners {','.join(pruners)} "
        f"\\\n  --densities {','.join(f'{d:g}' for d in densities)} --seeds {','.join(map(str, seeds))}\n```"
    )
