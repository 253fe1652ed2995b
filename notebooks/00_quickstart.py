# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Quickstart: prune a data set by class
#
# *If only a part of the training set can stay, which part should it be?*
#
# :::{admonition} In short
# :class: tip
# {term}`DRoP` keeps many samples of the classes that a short {term}`query run <query model>` finds hard, and few of the
# easy ones. This page prunes real images by three methods and trains a network on what each of them kept, live, while
# the book is built. For data of your own it is one line, by a rule that is more careful than the paper's:
# `kept = drop.prune(labels, recalls, density=0.3)`.
# :::

# %% tags=["parameters", "hide-input"]
benchmark = "fashion-mnist"
scale = "smoke"
pruners = ["random", "el2n", "random+drop"]
density = 0.3  # fraction of the training set that is kept
seed = 0

# %% tags=["hide-input"]
import tempfile

import numpy as np

from drop import metrics, quotas
from drop.chapters import charts, figures, tables
from drop.experiments import benchmarks, datasets, records, runs
from drop.experiments.queries import Shelf

figures.style()
entry = benchmarks.benchmark(benchmark, scale)
data = datasets.load(entry.dataset)
figures.say(
    f"The data set is `{data.name}`: {len(data.train.labels):,} training images in {len(data.classes)} classes, of "
    f"which {100 * density:g} % will stay. The test images are cut in two halves: {len(data.validation.labels):,} tell "
    f"how hard each class is, {len(data.test.labels):,} report at the end."
)

# %% [markdown]
# ## Train the query, prune, train again
#
# One call plans the runs, the next one does them: query models first, then what each pruner kept, then the final
# networks. Each finished network is a {term}`record`; here the records go to a temporary folder, so that everything
# is trained before your eyes.

# %%
folder = tempfile.TemporaryDirectory()
store = records.Store(folder.name, also=[])
plan = benchmarks.plan(entry, pruners, [density, 1.0], [seed])


def line(stage, done, total, what, result):
    print(f"{stage:>12} {done}/{total}  {result.seconds:4.1f} s")


measured = runs.measure(plan, store, report=line)
results = {run.pruner: store.get(run.key) for run in plan}

# %% [markdown]
# ## What each class may keep
#
# The query models recognise some classes much better than others. DRoP gives each class a {term}`density` in
# proportion to its error $1 - r_k$, so hard classes keep many samples and easy ones few.

# %%
recalls = Shelf(store.root).recalls(entry, seed)
sizes = np.bincount(data.train.labels, minlength=len(recalls))
counts = quotas.drop_counts(sizes, recalls, density)

# %% tags=["remove-input"]
tables.show(
    zip(data.classes, sizes.tolist(), 100 * recalls, counts.tolist(), strict=True),
    ["class", "samples", "recall (%)", "DRoP keeps"],
    f"Quotas at density {density:g} from the recalls of short query models.", folded=False,
)  # fmt: skip

# %% [markdown]
# ## Who gains, who loses
#
# Every line of the figure is a class, from the hardest to the easiest, with the accuracy of each final network on its
# test images.

# %% tags=["hide-input", "nbval-ignore-output"]
names = ["full", *pruners]
accuracy = {name: metrics.recalls_of(np.array(results[name]["test"])) for name in names}
order = np.argsort(recalls)

worst = {name: 100 * accuracy[name].min() for name in names}
figures.show(
    charts.classes({name: 100 * values[order] for name, values in accuracy.items()}, np.array(data.classes)[order],
                   data.name, "test accuracy of the class (%)"),
    caption=f"Test accuracy of each class after training on what each method kept ({data.name}, density {density:g}, "
    f"{scale} scale, one run each); the class that is hardest for the query models on top.",
    alt="Worst class: " + ", ".join(f"{figures.method(name).label} {worst[name]:.0f} %" for name in names) + ".",
)  # fmt: skip

# %% tags=["remove-input"]
rows = []
for name in names:
    average = metrics.average_of(np.array(results[name]["test"]))
    label, kept = figures.method(name).label, sum(results[name]["kept"])
    numbers = (average, metrics.worst_class(accuracy[name]), metrics.gap(accuracy[name]))
    rows.append([label, kept, *(100 * float(number) for number in numbers)])
tables.show(rows, ["pruner", "kept", "average", "worst class", "gap"],
            "Accuracies in percent, and best minus worst class in points; one run each.", folded=False)  # fmt: skip

# %% tags=["hide-input"]
best = max(pruners, key=worst.get)
seconds = sum(record["seconds"] for record in results.values())
figures.say(
    f"With {100 * density:g} % of the data, **{figures.method(best).label}** has the best worst class of the three: "
    f"{worst[best]:.0f} %, against {worst['full']:.0f} % after training on everything. "
    f"The final networks took {seconds:.0f} s of training together."
)

# %% [markdown]
# One run at this scale proves nothing: with a few hundred test images in a class, its accuracy is uncertain by
# several points. What many runs say stands in [what pruning does to the worst class](20_prune_by_class).
#
# ## Your own data
#
# The method needs the labels and, of any model you already have, how many validation samples of each class it gets
# right, or just its validation {term}`recall`. The default is not the rule above but a more careful one: half of the
# budget goes to the classes evenly, and no class is emptied. `rule="drop"` is the paper's
# ([when to use which](21_should_i_use_it)).

# %%
import drop

labels, total = data.train.labels, np.bincount(data.validation.labels)
kept = drop.prune(labels, (recalls * total, total), density=0.3)  # right and all validation samples of each class
print(len(kept), "of", len(labels), "samples stay:", np.bincount(labels[kept]))

# %% tags=["remove-cell"]
folder.cleanup()
