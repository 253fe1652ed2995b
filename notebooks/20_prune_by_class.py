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
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from drop import benchmarks, figures, metrics

figures.style()
entry = benchmarks.benchmark(benchmark, scale)
plan = benchmarks.plan(entry, pruners, densities, seeds)
plan += benchmarks.plan(entry, ["random+el2nq"], imitation_densities, seeds) if "el2n" in pruners else []
found = benchmarks.collect(plan, train)


def of(pruner, density):
    """The records of a pruner at a density, one a seed; at density 1 every pruner is full training."""
    pruner = "full" if density == 1 else pruner
    return [record for run, record in found.items() if (run.pruner, run.density) == (pruner, density)]


def recalls(records):
    """Test recalls (seeds, K)."""
    return np.array([metrics.recalls_of(record["test"]) for record in records])


def estimate(records, metric):
    return metrics.estimate(metrics.Trials.of_records(records), metric)


done = f"{len(found)} of {len(plan)} runs" if len(found) < len(plan) else f"all {len(plan)} runs"
n = sorted({len(of(pruner, d)) for pruner in pruners for d in densities})
n = f"{n[0]}–{n[-1]}" if len(n) > 1 else f"{n[0]}"
scope = f"{benchmark}, {scale} scale, n = {n} seeds"

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
    f"This page shows {done} that its parameters name."
)

# %% [markdown]
# ## Average and worst class

# %% tags=["hide-input"]
SHOW = {
    "average": (lambda r: r.mean(axis=-1), "average accuracy (%)"),
    "worst_class": (lambda r: r.min(axis=-1), "worst-class accuracy (%)"),
    "gap": (lambda r: r.max(axis=-1) - r.min(axis=-1), "best minus worst class (points)"),
    "spread": (lambda r: r.std(axis=-1), "standard deviation over classes (points)"),
}


def draw(ax, metric):
    """A line for the value of the mean recalls over the seeds, a dot for every seed."""
    value, label = SHOW[metric]
    for pruner in pruners:
        look, shown = figures.method(pruner), [d for d in densities if of(pruner, d)]
        ax.plot(shown, [100 * value(recalls(of(pruner, d)).mean(axis=0)) for d in shown], **look.line)
        for d in shown:
            each = 100 * value(recalls(of(pruner, d)))
            ax.plot([d] * len(each), each, ".", color=look.colour, alpha=0.45, markersize=4, label="_")
    ax.set_xscale("log")
    ticks = [d for d in densities if d != 0.9]
    ax.set_xticks(ticks, [f"{d:g}" for d in ticks], minor=False)
    ax.set_xticks([], minor=True)
    ax.set_xlabel("density: fraction kept")
    ax.set_title(label, fontsize=10)


def panels(first, second, shared, alt, name=""):
    """Two figures side by side, on one scale where they can be compared."""
    figs = []
    for metric in (first, second):
        fig, ax = plt.subplots(figsize=(4.6, 3.7))
        draw(ax, metric)
        ax.set_ylim(*shared)
        if full := of("full", 1.0):
            ax.axhline(100 * SHOW[metric][0](recalls(full).mean(axis=0)), color=figures.INK, linestyle=":", linewidth=1)
        figs.append(fig)
    figs[0].axes[0].legend(loc="lower right" if first == "average" else "upper right")
    figures.show(figs, alt, name)


# %% tags=["hide-input", "nbval-ignore-output"]
lowest = {p: 100 * recalls(of(p, min(densities))).mean(axis=0).min() for p in pruners if of(p, min(densities))}
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
        if records := of(pruner, density):
            values = [estimate(records, metric) for metric in ("average", "worst_class", "gap", "spread")]
            cells = [f"{100 * e.value:.1f} [{100 * e.low:.1f}, {100 * e.high:.1f}]" for e in values]
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
shown = [p for p in pruners if of(p, focus)]
classes = next(iter(found.values()))["classes"]
base = of("full", 1.0) or of(shown[0], focus)
order = np.argsort(-recalls(base).mean(axis=0))
figs = []
for title in ("kept", "recall"):
    fig, ax = plt.subplots(figsize=(4.6, 4.0))
    for pruner in shown + ["full"] * bool(of("full", 1.0)):
        records, look = of(pruner, focus if pruner != "full" else 1.0), figures.method(pruner)
        kept = np.mean([np.array(r["kept"]) / r["class_sizes"] for r in records], axis=0)
        values = 100 * (kept if title == "kept" else recalls(records).mean(axis=0))
        if title == "recall" or pruner != "full":
            ax.plot(values[order], np.arange(len(order)), look.marker, color=look.colour, label=look.label)
    ax.set_yticks(np.arange(len(order)), np.array(classes)[order])
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
    cells = [classes[k]]
    for pruner in shown:
        kept = np.mean([r["kept"][k] / r["class_sizes"][k] for r in of(pruner, focus)])
        cells += [f"{100 * kept:.1f}", f"{100 * recalls(of(pruner, focus)).mean(axis=0)[k]:.1f}"]
    rows.append(cells)
labels = [figures.method(p).label for p in shown]
figures.table(rows, ["kept %, accuracy %", *(name for label in labels for name in (label, "acc."))])

# %% [markdown]
# ## Ratios or samples?
#
# The paper says that the class ratios decide, and that the choice of samples inside a class hardly matters. The direct
# test is to keep as many samples of each class as EL2N does, but to draw them at random.


# %% tags=["hide-input"]
def compare(a, b, density_a, density_b, metric):
    """`a` minus `b` on the seeds that both have, or None for fewer than two."""
    first, second = ({r["run"]["seed"]: r for r in of(p, d)} for p, d in ((a, density_a), (b, density_b)))
    shared = sorted(first.keys() & second.keys())
    if len(shared) < 2:
        return None
    trials = (metrics.Trials.of_records([side[seed] for seed in shared]) for side in (first, second))
    return metrics.difference(*trials, metric)


def versus(a, b, density_a, density_b, metric="worst_class"):
    """The comparison in words, in points with its interval."""
    if (e := compare(a, b, density_a, density_b, metric)) is None:
        return "an amount that one seed cannot tell"
    text = f"**{100 * e.value:+.1f} points** (95 % interval {100 * e.low:+.1f} to {100 * e.high:+.1f})"
    return text.replace("-", "−")


def mean_density(pruner):
    """Fraction kept of each class, averaged over the seeds, at the density in focus."""
    return np.mean([np.array(r["kept"]) / r["class_sizes"] for r in of(pruner, focus)], axis=0)


# %% tags=["hide-input"]
rows = []
for density in imitation_densities:
    for pruner in ("el2n", "random+el2nq", "random+drop"):
        if records := of(pruner, density):
            values = [estimate(records, metric) for metric in ("average", "worst_class")]
            cells = [f"{100 * e.value:.1f} [{100 * e.low:.1f}, {100 * e.high:.1f}]" for e in values]
            rows.append([figures.method(pruner).label, f"{density:g}", len(records), *cells])
figures.table(rows, ["pruner", "density", "seeds", "average", "worst class"])

# %% tags=["hide-input"]
if of("el2n", focus) and of("random+el2nq", focus) and of("random+drop", focus):
    alike = np.corrcoef(mean_density("el2n"), mean_density("random+drop"))[0, 1]
    gain = compare("random+el2nq", "el2n", focus, focus, "average")
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
        f" ratios differ from EL2N's own by {versus('random+el2nq', 'el2n', focus, focus, 'average')} on average and "
        f"by {versus('random+el2nq', 'el2n', focus, focus)} in the worst class, and from DRoP by "
        f"{versus('random+el2nq', 'random+drop', focus, focus)} in the worst class. {meaning}"
    )

# %% [markdown]
# ## What it means


# %% tags=["hide-input"]
if {"random", "el2n", "random+drop"} <= set(shown) and of("full", 1.0):
    figures.say(
        f"At density {focus:g} the worst class differs between DRoP and random pruning by "
        f"{versus('random+drop', 'random', focus, focus)}, between EL2N and random pruning by "
        f"{versus('el2n', 'random', focus, focus)}, and between DRoP and training on everything by "
        f"{versus('random+drop', 'full', focus, 1.0)}. The price is in the average: "
        f"{versus('random+drop', 'random', focus, focus, 'average')} against random pruning.",
        name="verdict",
    )

# %% tags=["hide-input"]
best = {}
for pruner in pruners:
    worst = {d: recalls(of(pruner, d)).mean(axis=0).min() for d in densities if of(pruner, d)}
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
made = [record["provenance"] for record in found.values()]
devices = Counter(p["device"] for p in made)
versions = sorted({f"torch {p['torch']}, NumPy {p['numpy']}, Python {p['python']}" for p in made})
dates = sorted(p["date"][:10] for p in made)
hours = sum(record["seconds"] for record in found.values()) / 3600
if scale != "smoke":  # at smoke scale the runs are made anew each time, and take what they take
    figures.say(
        f"{len(found)} final networks took {hours:.1f} hours, added up over networks that trained side by side "
        f"({', '.join(f'{count} on {device}' for device, count in devices.items())}; "
        f"{' to '.join(sorted({dates[0], dates[-1]}))}; {'; '.join(versions)}). To measure it again: "
        f"`python -m drop run {benchmark} {scale} --pruners {','.join(pruners)} --densities extended "
        f"--seeds {min(seeds)}-{max(seeds)}`."
    )
