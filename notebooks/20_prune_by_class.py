# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The finding in one experiment
#
# *What does pruning do to the class that it hurts most?*
#
# This chapter measures the paper's main finding {cite:p}`vysogorets2025drop` on real images with three methods: drop
# samples at **random**, keep those with the highest **EL2N** score {cite:p}`paul2021diet`, or drop at random with
# **DRoP**'s {term}`quota` for every class. Expect three things. Average accuracy falls slowly while random samples go.
# EL2N keeps up as long as little is pruned, then loses whole classes. And DRoP gives up a little average accuracy for a
# {term}`worst class` that is better than without pruning.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
scale = "laptop"
pruners = ["random", "el2n", "random+drop"]
densities = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.9, 1.0]  # fractions of the training set that are kept
seeds = [0, 1, 2, 3, 4]
imitation_densities = [0.1, 0.3]  # where random samples are drawn at EL2N's class ratios
train = "never"  # or "missing": train every run that has no record

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

from drop.chapters import figures
from drop.chapters.grid import METRICS, Sweep, cell, points

figures.style()
imitation = [(["random+el2nq"], imitation_densities)] if "el2n" in pruners else []
grid = Sweep(benchmark, scale, pruners, densities, seeds, train, more=imitation)
entry, scope = grid.entry, grid.scope

# %% [markdown]
# ## The experiment

# %% tags=["hide-input"]
recipe = entry.recipe
longest = entry.recipe_at(min(densities)).epochs
figures.say(
    f"The data set is `{entry.dataset}`, the network `{recipe.model}`: {recipe.epochs} epochs on all the data, and "
    f"more on less, so that density d takes {recipe.budget:g} + {1 - recipe.budget:g} d of the steps of a full "
    f"training (up to {longest} epochs). For every seed, {recipe.short_queries} short query models see all the "
    f"training images {'once' if recipe.short_epochs == 1 else f'for {recipe.short_epochs} epochs'}: the lengths of "
    "their errors give EL2N, their recalls on the validation half of the test set give DRoP's quotas. The other half "
    "of the test set reports. "
    f"This page shows {grid.done} that its parameters name."
)

# %% [markdown]
# ## Average and worst class


# %% tags=["hide-input"]
def panels(first, second, shared, alt, name=""):
    """Two figures side by side, on one scale where they can be compared."""
    figs = []
    for metric in (first, second):
        fig, ax = plt.subplots(figsize=(4.6, 3.7))
        grid.draw(ax, metric, pruners, densities)
        ax.set_ylim(*shared)
        if grid.of("full", 1.0):
            ax.axhline(100 * grid.value("full", 1.0, metric), color=figures.INK, linestyle=":", linewidth=1)
        figs.append(fig)
    figs[0].axes[0].legend(loc="lower right" if first == "average" else "upper right")
    figures.show(figs, alt, name)


# %% tags=["hide-input", "nbval-ignore-output"]
lowest = {p: 100 * grid.value(p, min(densities), "worst_class") for p in pruners if grid.of(p, min(densities))}
panels(
    "average", "worst_class", (0, 100),
    f"Average and worst-class test accuracy against density for {', '.join(map(str, pruners))} on {scope}. At density "
    f"{min(densities):g} the worst class has " + ", ".join(f"{lowest[p]:.0f} % under {p}" for p in lowest)
    + "; the dotted line is training on everything.", name="average_and_worst",
)  # fmt: skip
figures.say(
    f"*Left: average accuracy; right: accuracy of the worst class, on the same scale ({scope}). Dots are single seeds. "
    "A line is computed from each class's mean recall over the seeds, so it lies above the mean of the seeds' minima, "
    "which picks the unluckiest class of each. Dotted: training on everything.*"
)

# %% tags=["hide-input", "hide-output"]
rows = []
for density in densities:
    for pruner in pruners if density < 1 else ["full"]:
        if records := grid.of(pruner, density):
            cells = [cell(grid.estimate(pruner, density, metric)) for metric in METRICS]
            rows.append([figures.method(pruner).label, f"{density:g}", len(records), *cells])
figures.table(rows, ["pruner", "density", "seeds", "average", "worst class", "gap", "spread"])

# %% [markdown]
# The table behind this figure lists every value with its 95 % interval, which covers the spread over seeds and the
# finite test set.
#
# ## Gap and spread
#
# The difference between the best and the worst class, and the standard deviation over classes, tell the same story from
# the side of fairness: smaller is fairer.

# %% tags=["hide-input", "nbval-ignore-output"]
panels(
    "gap", "spread", (0, None),
    f"Best minus worst class, and standard deviation over classes, against density on {scope}.",
)  # fmt: skip

# %% [markdown]
# ## Who loses

# %% tags=["hide-input", "nbval-ignore-output"]
focus = min((d for d in densities if d < 1), key=lambda d: abs(d - 0.1))
shown = [p for p in pruners if grid.of(p, focus)]
base = ("full", 1.0) if grid.of("full", 1.0) else (shown[0], focus)
order = np.argsort(-grid.recalls(*base).mean(axis=0))
figs = []
for title in ("kept", "recall"):
    fig, ax = plt.subplots(figsize=(4.6, 4.0))
    for pruner in shown + ["full"] * bool(grid.of("full", 1.0)):
        where, look = (pruner, focus if pruner != "full" else 1.0), figures.method(pruner)
        values = 100 * (grid.kept(*where) if title == "kept" else grid.recalls(*where)).mean(axis=0)
        if title == "recall" or pruner != "full":
            ax.plot(values[order], np.arange(len(order)), look.marker, color=look.colour, label=look.label)
    ax.set_yticks(np.arange(len(order)), np.array(grid.classes)[order])
    ax.set_title("kept of the class (%)" if title == "kept" else "test accuracy of the class (%)", fontsize=10)
    figs.append(fig)
figs[0].axes[0].legend(*figs[1].axes[0].get_legend_handles_labels(), loc="lower right")
figures.show(
    figs,
    f"What each class keeps at density {focus:g}, and its test accuracy, on {scope}; classes from the easiest (bottom) "
    "to the hardest (top) after training on everything.",
)

# %% tags=["hide-input"]
rows = []
for k in order[::-1]:
    cells = [grid.classes[k]]
    for pruner in shown:
        cells += [f"{100 * values(pruner, focus).mean(axis=0)[k]:.1f}" for values in (grid.kept, grid.recalls)]
    rows.append(cells)
labels = [figures.method(p).label for p in shown]
figures.table(rows, ["kept %, accuracy %", *(name for label in labels for name in (label, "acc."))])

# %% [markdown]
# ## Ratios or samples?
#
# The paper says that the class ratios decide, and that the choice of samples inside a class hardly matters. The direct
# test is to keep as many samples of each class as EL2N does, but to draw them at random.

# %% tags=["hide-input"]
rows = []
for density in imitation_densities:
    for pruner in ("el2n", "random+el2nq", "random+drop"):
        if records := grid.of(pruner, density):
            cells = [cell(grid.estimate(pruner, density, metric)) for metric in ("average", "worst_class")]
            rows.append([figures.method(pruner).label, f"{density:g}", len(records), *cells])
figures.table(rows, ["pruner", "density", "seeds", "average", "worst class"])

# %% tags=["hide-input"]
if grid.of("el2n", focus) and grid.of("random+el2nq", focus) and grid.of("random+drop", focus):
    alike = np.corrcoef(*(grid.kept(pruner, focus).mean(axis=0) for pruner in ("el2n", "random+drop")))[0, 1]
    gain = grid.compare("random+el2nq", "el2n", focus, "average")
    if gain and gain.low > 0.05 and alike > 0.8:
        meaning = (
            "So EL2N's *ratios* are good ones here. What ruins it is the choice inside the classes: the hardest "
            "samples, kept without easy ones, are too little to learn from. That random samples at a strategy's ratios "
            "are no worse than the strategy's own holds; that the choice inside a class hardly matters does not."
        )
    else:
        meaning = "These differences alone do not tell ratios and samples apart."
    figures.say(
        f"At density {focus:g} EL2N's class densities correlate with DRoP's at {alike:.2f}. Random samples at EL2N's"
        f" ratios differ from EL2N's own by {points(gain)} on average and "
        f"by {points(grid.compare('random+el2nq', 'el2n', focus))} in the worst class, and from DRoP by "
        f"{points(grid.compare('random+el2nq', 'random+drop', focus))} in the worst class. {meaning}"
    )

# %% [markdown]
# ## What it means


# %% tags=["hide-input"]
if {"random", "el2n", "random+drop"} <= set(shown) and grid.of("full", 1.0):
    figures.say(
        f"At density {focus:g} the worst class differs between DRoP and random pruning by "
        f"{points(grid.compare('random+drop', 'random', focus))}, between EL2N and random pruning by "
        f"{points(grid.compare('el2n', 'random', focus))}, and between DRoP and training on everything by "
        f"{points(grid.compare('random+drop', 'full', focus, density_b=1.0))}. The price is in the average: "
        f"{points(grid.compare('random+drop', 'random', focus, 'average'))} against random pruning.",
        name="verdict",
    )

# %% tags=["hide-input"]
best = {}
for pruner in pruners:
    worst = {d: grid.value(pruner, d, "worst_class") for d in densities if grid.of(pruner, d)}
    if worst:
        best[pruner] = max(worst, key=worst.get), max(worst.values())
figures.say(
    "The paper says that the baselines reach their best worst class at high densities, while DRoP goes on gaining as "
    "pruning goes on. Here the best worst class is at density "
    + ", ".join(f"{d:g} ({100 * v:.1f} %) for {figures.method(p).label}" for p, (d, v) in best.items()) + "."
)  # fmt: skip

# %% [markdown]
# Below the scales `paper` and `paper-fast` the network is smaller and its schedule shorter than the paper's, so levels
# cannot be compared; what can be compared is the order of the methods and the direction of the effects.
# Whether the differences are large enough to count is decided by tests that were written down before these runs, in the
# [claims ledger](60_claims_ledger.ipynb).
#
# ## What it cost

# %% tags=["hide-input"]
if cost := grid.cost():
    figures.say(
        f"{cost} To measure it again: `python -m drop run {benchmark} {scale} --pruners {','.join(pruners)} "
        f"--densities extended --seeds {min(seeds)}-{max(seeds)}`."
    )
