# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Where we deviate
#
# *What do we do differently from the paper, where does its released code differ from it, and does it matter?*
#
# A reproduction differs from its original in more places than its authors remember. This page lists those that we know:
# first where the released code {cite:p}`vysogorets2025drop` does something else than the paper says, each with what
# follows from it, computed where it can be computed; then where this book deviates from both; then what we compared
# and found to be the same. Nothing is trained here. Expect that most differences move a handful of samples, that a few
# move a thousand, and that the largest of all is plain: our networks are small.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
scale = "laptop"
densities = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.9]  # fractions of the training set that are kept
seeds = [0, 1, 2, 3, 4]
mixture = [-1, 1, 0.5, 1]  # means and standard deviations of two classes, for imbalanced data
hard_shares = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9]  # of the class with the larger deviation

# %% tags=["hide-input"]
import json
from dataclasses import asdict
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import ndtri
from scipy.stats import spearmanr

from drop import metrics, quotas, scores, selection
from drop.chapters import deviations, figures
from drop.chapters.grid import Sweep, cell, points
from drop.experiments import benchmarks, intervals
from drop.mixture import GaussianMixture
from drop.places import MEASURED

figures.style()
grid = Sweep(benchmark, scale, ["random", "el2n", "random+drop"], [*densities, 1.0], seeds)
recalls = {}  # of the query models, by seed
for d in densities:
    recalls |= {r["run"]["seed"]: np.array(r["quota_recalls"]) for r in grid.of("random+drop", d)}
sizes = np.array(next(iter(grid.found.values()))["class_sizes"]) if grid.found else None
N = int(sizes.sum()) if grid.found else 0
measured = f"{benchmark}, {scale} scale, query models of {len(recalls)} seeds"


def link(stem, words):
    """A link to a page of the book where it exists."""
    return f"[{words}]({stem}.html)" if Path(f"{stem}.ipynb").exists() else words


# %% [markdown]
# ## The released code against the paper
#
# ### Class sizes instead of class densities
#
# Algorithm 1 of the paper makes the *density* of a class proportional to its error $1 - r_k$; the released code makes
# its *size* proportional to it. On balanced data the two are one. On imbalanced data they are not: here are the quotas
# for four classes of different size, at {term}`density` 0.3.

# %% tags=["hide-input"]
example, r = np.array([5000, 2500, 1000, 500]), np.array([0.95, 0.9, 0.8, 0.6])
by_density = quotas.drop_counts(example, r, 0.3)
by_size = quotas.counts(example, quotas.size_weights(example, r), 0.3)
as_released = deviations.released_quotas(example, r, deviations.scheduled_size(example.sum(), 0.3))
rows = [[f"{k}", example[k], r[k], by_density[k], by_size[k], as_released[k]] for k in range(4)]
figures.table(rows, ["class", "samples", "recall", "density rule", "size rule", "released"], digits=2)
even = np.full(10, 5000)
draws = [np.linspace(low, high, 10) for low in (0.2, 0.5, 0.7) for high in (0.8, 0.95, 0.99)]
apart = max(
    int(abs(quotas.drop_counts(even, x, d) - quotas.counts(even, quotas.size_weights(even, x), d)).max())
    for x in draws for d in densities
)  # fmt: skip
figures.say(
    f"The largest class gets {by_density[0]} samples by one rule and {by_size[0]} by the other; the last column is "
    "what the released code asks for, whose rounding is the subject of a section below. On ten classes of 5000, with "
    f"{len(draws)} sets of recalls and {len(densities)} densities, the rules differ by at most {apart} samples."
)

# %% [markdown]
# What the choice of rule does to a classifier can be computed in the [Gaussian
# mixture](10_why_class_densities_matter.ipynb), where the risks are known for any class shares: prune with each rule,
# take the threshold that is best on average for what is left, and look at the worst class.

# %% tags=["hide-input"]
keep = 0.3
rules = {
    "whole data": lambda m, risks: np.ones(2),
    "density rule": lambda m, risks: m.densities_of(risks, keep),
    "size rule": lambda m, risks: m.densities_of(risks / np.maximum(m.priors, 1e-12), keep),
    "ideal ratio": lambda m, risks: m.optimal_densities(keep),
}
looks = {"whole data": "full", "density rule": "random+drop", "size rule": "random+size"}
LOOKS = {name: figures.method(pruner).line for name, pruner in looks.items()}
LOOKS["ideal ratio"] = {"color": "#009068", "linestyle": "-."}  # the minimax green of the theory's page
worst, fine = {name: [] for name in rules}, np.linspace(0.05, 0.95, 91)  # shares of the hard class
for share in fine:
    m = GaussianMixture(mixture[:2], mixture[2:], [1 - share, share])
    for name, rule in rules.items():
        kept = rule(m, m.class_risks(m.average_optimal_threshold()))
        worst[name].append(float(m.worst_class_risk(m.prune_randomly(kept).average_optimal_threshold())))
at = [int(abs(fine - s).argmin()) for s in hard_shares]
figures.table([[f"{fine[i]:.2f}", *(worst[name][i] for name in rules)] for i in at],
              ["share of the hard class", *rules])  # fmt: skip

# %% tags=["hide-input", "nbval-ignore-output"]
fig, ax = plt.subplots(figsize=(5.6, 3.7))
for name in rules:
    ax.plot(fine, [100 * value for value in worst[name]], **LOOKS[name] | {"label": name, "markevery": at})
ax.set_xlabel("share of the hard class in the training data")
ax.set_title("worst-class risk (%)", fontsize=10)
figures.label_ends(ax)
means = f"means {mixture[0]:g}, {mixture[1]:g}, deviations {mixture[2]:g}, {mixture[3]:g}"
figures.show(fig, "Worst-class risk against the share of the hard class, for no pruning, DRoP's density rule, the "
             f"size rule and the ideal ratio, in a Gaussian mixture with {means}, at density {keep}.")  # fmt: skip

# %% tags=["hide-input"]
gain = np.subtract(worst["density rule"], worst["size rule"])  # of the size rule
shares = [fine[where] for where in (gain > 1e-9, gain < -1e-9)]
better, worse = (f"{len(x) / len(fine):.0%} of them (from {x.min():.2f} to {x.max():.2f})" if len(x) else "none of them"
                 for x in shares)  # fmt: skip
figures.say(
    f"*Exact, no sampling: mixture with {means}, density {keep}, {len(fine)} shares from {fine[0]:g} to {fine[-1]:g}.* "
    f"The worst class is better by the size rule at {better}, by up to {100 * max(gain.max(), 0):.1f} points, and by "
    f"the density rule at {worse}, by up to {100 * max(-gain.min(), 0):.0f} points; where "
    "both rules keep a small class whole, they agree. The size rule also undoes the imbalance itself, which the "
    "density rule leaves in place. **We use the density rule**, the paper's; the size rule is the pruner "
    "`random+size`. On balanced data they are one; what they do to images with a long tail is measured in "
    "[Imbalanced data](43_imbalanced_data.ipynb)."
)

# %% [markdown]
# ### Classes that are passed over
#
# When DRoP's quota exceeds a class, the surplus goes to the others. The released code walks along the list of unfilled
# classes and removes from it, on the way, each class that fills up; the next one then moves into its place and is
# passed over in that round. Later rounds give it its part of what is left, not of what it missed. Here are the recalls
# of our own query models, put through Algorithm 1 and through that loop:

# %% tags=["hide-input"]
rows, moved = [], {}
for d in densities if recalls else []:
    size = deviations.scheduled_size(N, d)
    exact = {s: quotas.drop_counts(sizes, x, d) for s, x in recalls.items()}
    asked = {s: deviations.released_quotas(sizes, x, size) for s, x in recalls.items()}
    final = {s: deviations.taken(q, sizes, size) for s, q in asked.items()}
    top_up = [size - int(q.sum()) for q in final.values()]
    moved[d] = {s: final[s] - exact[s] for s in recalls}
    most = [int(abs(x).max()) for x in moved[d].values()]
    rows.append([f"{d:g}", round(d * N), size, min(top_up), max(top_up), min(most), max(most)])
heads = ["density", "round(dN)", "kept", "topped up", "to", "off by", "to"]
figures.table(rows, heads)

# %% tags=["hide-input"]
far = {d: x for d, x in moved.items() if max(abs(v).max() for v in x.values()) > 10}
if far:
    d = max(far, key=lambda d: max(abs(v).max() for v in far[d].values()))
    seed = max(far[d], key=lambda s: abs(far[d][s]).max())
    k = int(abs(far[d][seed]).argmax())
    n = quotas.drop_counts(sizes, recalls[seed], d)[k]
    figures.say(
        "*Kept: samples in all; topped up: how many of them are drawn at random from any class, least and most over "
        f"the seeds; off by: the largest difference of a class from Algorithm 1 ({measured}).* At densities "
        f"{', '.join(f'{d:g}' for d in far)} classes fill up and others are passed over. At {d:g}, seed {seed}, class "
        f"{grid.classes[k]} keeps {n + far[d][seed][k]} samples instead of {n}; what it misses goes to other classes. "
        "**We use Algorithm 1.** At densities where several classes are kept whole, the released code is another "
        "method."
    )
elif rows:
    figures.say(f"*Kept, topped up at random, and the largest difference of a class from Algorithm 1 ({measured}).* "
                "At these densities no class fills up after another, so nothing is passed over.")  # fmt: skip

# %% tags=["hide-input", "nbval-ignore-output"]
if far:
    fig, ax = plt.subplots(figsize=(5.6, 3.7))
    order = np.argsort(-recalls[seed])
    for values, name, look in (
        (quotas.drop_counts(sizes, recalls[seed], d), "Algorithm 1", "random+drop"),
        (quotas.drop_counts(sizes, recalls[seed], d) + far[d][seed], "released code", "random+size"),
    ):
        style = figures.method(look)
        ax.plot(100 * values[order] / sizes[order], range(len(order)), style.marker, color=style.colour, label=name)
    ax.set_yticks(range(len(order)), np.array(grid.classes)[order])
    ax.set_title(f"kept of the class (%), density {d:g}", fontsize=10)
    ax.legend(loc="upper left")
    figures.show(fig, f"Fraction kept of each class at density {d:g} by Algorithm 1 and by the released code's loop, "
                 f"{benchmark}, seed {seed}; classes from the easiest (bottom) to the hardest (top).")  # fmt: skip

# %% [markdown]
# What does it change? We trained networks on the class counts of the released loop, random within the classes as
# Random+DRoP is, with the same recalls, seeds, order of samples and recipe (`drop/chapters/released_quotas.py`), so
# each has a twin among our records that differs in the class counts alone:

# %% tags=["hide-input"]
file = MEASURED / "released_quotas.json"
made = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
rows, effects = [], {}
for d in densities:
    ours = {r["run"]["seed"]: r for r in grid.of("random+drop", d)}
    named = {s: made.get(f"{benchmark}-{scale}-{d:g}-seed{s}") for s in ours}
    theirs = {s: r for s, r in named.items() if r and r["quota_recalls"] == ours[s]["quota_recalls"]}
    if len(theirs) > 1:
        loop, exact = (intervals.Trials.of_records([side[s] for s in theirs]) for side in (theirs, ours))
        effects[d] = [intervals.difference(loop, exact, name) for name in ("worst_class", "average")]
        most = max(int(abs(np.subtract(r["kept"], ours[s]["kept"])).max()) for s, r in theirs.items())
        values = [x.test.mean(axis=0).min() for x in (exact, loop)]
        rows.append([f"{d:g}", len(theirs), most, *(100 * v for v in values), *map(cell, effects[d])])
if rows:
    heads = ["density", "seeds", "off by", "Algorithm 1", "released", "worst minus ours", "average minus ours"]
    figures.table(rows, heads, digits=1)

# %% tags=["hide-input"]
if effects:
    clear = [f"{name} at {d:g}" for d, pair in effects.items()
             for name, e in zip(("worst class", "average"), pair, strict=True) if not e.low <= 0 <= e.high]  # fmt: skip
    made_on = sorted({f"{r['provenance']['device']}, {r['provenance']['date'][:10]}" for r in made.values()})
    figures.say(
        f"*Worst-class accuracy in percent, and the released loop minus Algorithm 1 in points, paired by seed and test "
        f"image, 95 % intervals ({benchmark}, {scale} scale; {'; '.join(made_on)}).* "
        + "".join(f"At {d:g} the worst class moves by {points(w)}, the average by {points(a)}. "
                  for d, (w, a) in effects.items())
        + (f"Surely different from 0: {', '.join(clear)}." if clear else
           "None of it is surely different from 0: with so few seeds, the loop's effect is no larger than the noise.")
    )  # fmt: skip
else:
    figures.say("What it does to the accuracies is not measured here: fewer than two seeds have a twin.")

# %% [markdown]
# ### Truncated three times, topped up at random
#
# The number of samples to keep is truncated, then each class's part of it, then, because quotas travel as fractions of
# the whole, each part once more. What is missing is drawn at random from all samples that were not chosen, of any
# class. The table above has the counts for our own recalls. For the paper's data sets the recalls are not available to
# us; with recalls spread evenly between two values the loss is of this size:

# %% tags=["hide-input"]
rows = []
for name, K, n, low, high in (("CIFAR-10", 10, 5000, 0.6, 0.95), ("CIFAR-100", 100, 500, 0.2, 0.9),
                              ("TinyImageNet", 200, 500, 0.1, 0.9)):  # fmt: skip
    for d in (0.1, 0.3, 0.5):
        size, x = deviations.scheduled_size(K * n, d), np.linspace(low, high, K)
        q = deviations.released_quotas(np.full(K, n), x, size)
        final = deviations.taken(q, np.full(K, n), size)
        rows.append([name, f"{d:g}", round(d * K * n), size, size - q.sum(), (q - final).sum(), size - final.sum()])
heads = ["classes as in", "density", "round(dN)", "kept", "lost", "again", "topped up"]
figures.table(rows, heads)
figures.say(
    f"At most {max(row[-1] for row in rows)} of thousands: it changes nothing that could be measured. **We keep "
    "exactly `round(d N)` samples**, by largest remainder."
)

# %% [markdown]
# ### A quota of 0 takes the whole class
#
# The released code takes the last `n` entries of a class sorted by score. For `n = 0` that slice is the whole array:

# %%
ranked = np.array([4, 7, 1, 9])
for n in (2, 1, 0):
    print(n, ranked[-n:])

# %% tags=["hide-input"]
empty = sorted({(r["run"]["pruner"], r["run"]["density"]) for r in grid.found.values() if min(r["kept"]) == 0})
least = min(((min(r["kept"]), r["run"]["pruner"], r["run"]["density"]) for r in grid.found.values()), default=None)
figures.say(
    "So a class of quota 0 is taken whole, more samples are chosen than were asked for, and topping up by a negative "
    "number raises an error. For DRoP's quotas that needs a class of recall 1, or nearly. For Random+StrategyQ it "
    "needs a class that the strategy emptied, which is what the paper reports of Dynamic Uncertainty on CIFAR-100: as "
    "released, the code cannot run that comparison. "
    + (f"In our records of {benchmark} it would happen for "
       f"{', '.join(f'{figures.method(p).label} at {d:g}' for p, d in empty)}." if empty else
       f"In our records of {benchmark} no class is emptied; the smallest keeps {least[0]} samples "
       f"({figures.method(least[1]).label} at {least[2]:g})." if least else "")
    + " **We keep none.**"
)  # fmt: skip

# %% [markdown]
# ### Ties go to the sample with the highest index
#
# The released code sorts by score and keeps the end of the list; Python's sort is stable, so of equal scores the later
# sample stays. Where a data set is sorted by class, as the image folders of TinyImageNet and ImageNet are, an integer
# score such as Forgetting then favours the last classes. Here are ten classes of 500 samples, sorted by class, whose
# scores are whole numbers from one and the same distribution; three tenths are kept:

# %% tags=["hide-input"]
labels = np.repeat(np.arange(10), 500)
uniform = (selection.random_keys(len(labels), 1) + 0.5) / 2.0**64
events = np.searchsorted(np.cumsum([0.45, 0.3, 0.15, 0.07]), uniform).astype(float)  # 0 to 4
found = {ties: np.bincount(labels[selection.top(events, 1500, ties=ties)], minlength=10) for ties in selection.TIES}
figures.table([[f"ties by {name}", *counts] for name, counts in found.items()], ["class", *map(str, range(10))])
figures.say(
    f"The last class keeps {found['index'][-1]} samples and the first {found['index'][0]}, by the tie rule alone. "
    "CIFAR-10 and CIFAR-100 are not sorted by class: there it does not matter. **We break ties by a seeded shuffle**; "
    f"{link('32_one_word_several_definitions', 'One word, several definitions')} measures both on real scores."
)

# %% [markdown]
# ### Dynamic Uncertainty over windows of J − 1
#
# The paper averages the standard deviation of the true class's probability over windows of J = 10 epochs
# {cite:p}`he2023uncertainty`. The released code's windows hold J − 1 epochs, the last epoch is in none of them, and
# the sum over E − J + 1 windows is divided by E − J, so that E = J divides by zero. A constant factor changes no
# ranking; the windows do, a little. On simulated learning curves:

# %% tags=["hide-input"]


def curves(samples, epochs, seed):
    """Probabilities (epochs, samples) of the true class: samples learnt at different times, with noise."""
    noise = ndtri((selection.random_keys(samples * (epochs + 2), seed) + 0.5) / 2.0**64).reshape(epochs + 2, samples)
    start, speed = 2 * noise[0] - 1, np.exp(0.7 * noise[1])
    logits = start + 6 * speed * np.linspace(0, 1, epochs)[:, None] + 0.8 * noise[2:]
    return 1 / (1 + np.exp(-logits))


rows = []
for epochs, window in ((160, 10), (60, 4), (30, 3)):
    p = curves(3000, epochs, seed=2)
    ours, theirs = (scores.dynamic_uncertainty(p, window, variant) for variant in ("paper", "released"))
    share = len(np.intersect1d(selection.top(ours, 300), selection.top(theirs, 300))) / 300
    rows.append([f"{epochs}", window, spearmanr(ours, theirs).statistic, 100 * share])
figures.table(rows, ["epochs", "window", "rank correlation", "shared of the top tenth (%)"])
figures.say(
    "**We use windows of J**; `drop.scores.dynamic_uncertainty` has the other as a variant. The shortest window of our "
    f"benchmarks is {min(e.recipe.window for e in benchmarks.TABLE)} epochs; there the released form does not exist: "
    "a single epoch has no deviation. Real training curves are compared in "
    f"{link('32_one_word_several_definitions', 'One word, several definitions')}."
)

# %% [markdown]
# ### Random crops at test time
#
# For ImageNet the transform that the released code calls plain still holds a random crop of random size
# (`RandomResizedCrop(224)`, between 8 % and 100 % of the area). Validation recalls, test accuracies and scores are then
# those of random parts of the images. For a square image the crop's share of it is distributed like this:

# %% tags=["hide-input"]
area, ratio = np.meshgrid(np.linspace(0.08, 1, 2000), np.exp(np.linspace(np.log(3 / 4), np.log(4 / 3), 401)))
seen = area[np.maximum(area * ratio, area / ratio) <= 1]  # crops that do not fit are drawn again
figures.table([[f"{q}", 100 * np.quantile(seen, q)] for q in (0.1, 0.25, 0.5, 0.75, 0.9)],
              ["quantile", "share of the image (%)"], digits=0)  # fmt: skip
figures.say(
    f"Half of the evaluations see less than {100 * np.median(seen):.0f} % of the image. **We evaluate whole images.** "
    "What it does to ImageNet's accuracies we have not measured."
)

# %% [markdown]
# ### What the code calls accuracy of a class
#
# Beside a class's recall the released code stores its *accuracy*, which is that of the question "this class or
# another?": it counts all images of all classes, nearly all of which are rightly called another. Which of the two the
# paper's figures show is not available to us; worst-class accuracy means **recall** in this book.

# %% tags=["hide-input"]


def one_against_rest(matrix):
    """Accuracy of "class k or not" for every class, from a confusion matrix (K, K)."""
    matrix = np.asarray(matrix)
    right = matrix.diagonal()
    return 1 - (matrix.sum(0) + matrix.sum(1) - 2 * right) / matrix.sum()


rows = []
for pruner, d in (("full", 1.0), *((p, d) for d in (0.1, 0.3) for p in ("random", "el2n", "random+drop"))):
    matrices = [r["test"] for r in grid.of(pruner, d) if not isinstance(r["test"], dict)]
    if matrices:
        recall = np.mean([metrics.recalls_of(m) for m in matrices], axis=0).min()
        binary = np.mean([one_against_rest(m) for m in matrices], axis=0).min()
        rows.append([figures.method(pruner).label, f"{d:g}", len(matrices), 100 * recall, 100 * binary])
figures.table(rows, ["pruner", "density", "seeds", "worst recall (%)", "one against rest (%)"], digits=1)
turned = sorted({a[1] for a in rows for b in rows if a[1] == b[1] and (a[3] - b[3]) * (a[4] - b[4]) < 0})
if turned:
    figures.say(
        f"The second column is higher, and it orders methods differently at {' and '.join(turned)}: a class that takes "
        "in many images of others is punished by the code's accuracy, not by recall."
    )

# %% [markdown]
# ### Where the recalls come from
#
# DRoP's recalls are those of whatever query models the released code has trained for the score: for Random+DRoP one
# network of 16 epochs (five in the README's example) without a drop of the learning rate; for EL2N and GraNd five
# of a tenth of the epochs, whose learning rate drops twice on the way; for Forgetting and Dynamic Uncertainty a single
# one, fully trained. **We take the recalls of the same five short queries for all of them**, so that Strategy+DRoP and
# Random+DRoP have the same quotas. A fully trained network errs less, and its errors are spread differently. Below, the
# quotas from our short queries beside those from the validation recalls of our final models on all the data, which
# stand in for a fully trained query:

# %% tags=["hide-input"]
trained = {r["run"]["seed"]: metrics.recalls_of(r["validation"]) for r in grid.of("full", 1.0)}
shared, rows = sorted(recalls.keys() & trained.keys()), []
if shared:
    short, long = (np.mean([values[s] for s in shared], axis=0) for values in (recalls, trained))
    a, b = (quotas.drop_counts(sizes, x, 0.1) for x in (short, long))
    for k in np.argsort(short):
        rows.append([grid.classes[k], 100 * short[k], 100 * long[k], int(a[k]), int(b[k])])
    figures.table(rows, ["class", "recall, short", "fully trained", "quota at 0.1", "fully trained"], digits=1)
    figures.say(
        f"Mean of {len(shared)} seeds ({measured}). A fully trained network's recalls would give "
        f"**{100 * abs(a - b).sum() / 2 / a.sum():.0f} %** of the samples to other classes, and the hardest class "
        f"{b[np.argmin(short)] / a[np.argmin(short)]:.2f} times as many."
    )

# %% [markdown]
# ### Smaller differences, and what is missing
#
# What we know of and cannot or need not follow further:

# %% tags=["hide-input"]
reach = 0.15 * 32  # pixels; uniform in between, then rounded
five = 1 - (1 - 2 * (reach - 4.5) / (2 * reach)) ** 2
figures.say("\n".join([
    "- **Shifts.** The paper moves CIFAR images by at most 4 pixels. The released code moves them by at most 15 % "
    f"of the side, {reach:g} pixels, rounded: {100 * five:.0f} % of its images move by 5 in some direction. We move by "
    "whole pixels from −4 to 4, all equally likely.",
    f"- **Epochs of DRoP's query.** 16 for every network unless told otherwise: {16 / 160:.0%} of VGG's epochs, "
    f"{16 / 200:.0%} of ResNet-18's, {16 / 90:.0%} of ResNet-50's. Ours are about a tenth.",
    "- **Learning-rate drops of short queries.** EL2N's and GraNd's in the released code drop at a half and at three "
    "quarters of their epochs, as the full schedule does; ours at the paper's scale never do. What it does to the "
    "scores is not measured.",
    "- **ResNet-50.** The released network applies its last rectifier before the shortcut is added, not after it, and "
    "takes its strides in the first convolution of a block; ours is torchvision's. No benchmark of this book uses it.",
    "- **CDB-W with perfect recalls.** Class weights that are all 0 divide 0 by 0 in the released code; ours then are "
    "all 1.",
    "- **README.** The command for CDB-W with Forgetting names the random scorer.",
    "- **Not in the released code at all:** Waterbirds and quotas per group, imbalanced data, the Gaussian mixture, "
    "the figures, the densities, and any result.",
]))  # fmt: skip

# %% [markdown]
# ## This book against both
#
# ### Networks and schedules
#
# The laptop scale is another experiment of the same design: small networks, few epochs, a triangular learning rate,
# and Fashion-MNIST {cite:p}`xiao2017fashion`, which the paper does not use. Levels of accuracy cannot be compared.
# `paper-fast` keeps data and network and shortens the schedule; `paper` is the paper's.

# %% tags=["hide-input"]
columns = [("fashion-mnist", "laptop"), ("cifar10", "laptop"), ("cifar10", "paper-fast"), ("cifar10", "paper")]
recipes = [asdict(benchmarks.benchmark(*column).recipe) for column in columns]
rows = [[name.replace("_", " "), *(str(recipe[name]) for recipe in recipes)] for name in recipes[0]]
figures.table(rows, ["", *(f"{name}, {s}" for name, s in columns)])

# %% [markdown]
# - **No drops: a triangle.** The rate rises over `warmup` of the steps and falls to 0, with Nesterov momentum. Short
#   queries run through a whole triangle of their own. So at the laptop scale they are networks at the end of a short
#   training, where the paper's stand at the beginning of a long one.
# - **The full query** is longer than a final model at the laptop scale, because Forgetting counts events; the window of
#   Dynamic Uncertainty is shorter than the paper's 10 epochs.
# - **bf16.** Autocast, with batch norm and loss in single precision, where the released code computes in single
#   precision throughout; `speed/precision.py` compares the two. Recorded probabilities and embeddings are kept in half
#   precision.
# - **One stream of batches.** What would be a short last batch is filled up from the next epoch; each sample is still
#   seen once an epoch. The images of the next batches are prepared ahead, each with a shift and a reflection of its
#   own: nothing is augmented once and used again.
# - **Whole epochs.** The number of epochs on pruned data is rounded down, here as in the released code. That costs
#   next to nothing where epochs are many, and some steps where they are few:

# %% tags=["hide-input"]
rows = []
for name, s in columns:
    entry, samples = benchmarks.benchmark(name, s), {"fashion-mnist": 60_000}.get(name, 50_000)
    for d in (0.1, 0.3, 0.8):
        asked, ours, theirs = deviations.step_shares(entry, samples, d)
        rows.append([f"{name}, {s}", f"{d:g}", entry.recipe_at(d).epochs, 100 * asked, 100 * ours, 100 * theirs])
figures.table(rows, ["", "density", "epochs", "asked for (%)", "ours (%)", "short batches (%)"], digits=1)
lost = min(rows, key=lambda row: row[4] / row[3])
figures.say(
    "*Steps of a final model in percent of those on all the data: 50 + 50 d asked for; ours, in one stream of batches; "
    "and with a short batch at the end of each epoch, as in the released code.* "
    f"{lost[0]}, loses most: {lost[4]:.0f} instead of {lost[3]:.0f} % at density {lost[1]}. Comparisons between "
    "methods at one density are not touched by it; comparisons between densities, such as those of claim C2, are."
)

# %% [markdown]
# ### Selection, seeds and evaluation
#
# - **Pairs.** A seed's final models begin with the same weights and see their samples in an order and with shifts
#   drawn from the same seeds, whatever the method; smaller selections of a method are nested in its larger ones where
#   it has no quota. So methods are compared in pairs. The released code seeds once and draws everything from there.
# - **Query models** belong to a seed, five short and one full, and serve all its densities. The released code trains
#   them anew for each density: the same in expectation, but our densities are not independent of each other.
# - **Seeds and densities.** Every page says how many seeds and which densities it shows; the paper has 3 seeds, and
#   densities from 0.1 to 0.9. Its bands are the least and the greatest seed; our intervals cover the test set too.
# - **Which epoch.** We report the last one. The released code saves every epoch; which of them the paper reports is not
#   available to us. We evaluate a few times on the way, query models and CDB-W after every epoch.
# - **Normalisation** by the mean and deviation of the training images as computed, not typed in.
# - **More methods.** Class-balanced sampling, prototype distance (in the released code as SSPY, label-dependent), other
#   quota rules, and pruning with CDB-W are not in the paper's comparison as far as we know it.
# - **NUCS-like, not NUCS.** Our rule `random+nucs` takes the plain mean EL2N of a class and chooses at random within
#   it; NUCS (arXiv 2504.13234) winsorises that mean and keeps a window of difficulty. The effect on accuracies is not
#   measured; on the budgets it is computed below.
# - **Not done here:** ImageNet and Waterbirds; CIFAR-100 and TinyImageNet are defined, not yet measured. Of imbalanced
#   data there is [one long tail](43_imbalanced_data.ipynb), which need not be the paper's.

# %% tags=["hide-input"]
if clipped := deviations.clipped_difficulty(benchmark, scale, 0.1, (0.01, 0.05, 0.1)):
    figures.say(
        f"NUCS on {benchmark} ({scale} scale, released EL2N scores of seed 0): clipping a fraction of each class's "
        "scores at both ends moves this much of the budget at density 0.1 to other classes: "
        + ", ".join(f"{100 * share:.1f} % (clipping {tail:.0%})" for tail, share in clipped.items())
        + ". Which fraction that paper clips is not available to us."
    )

# %% [markdown]
# ## Compared and found the same
#
# - Validation on the first half of each test class in file order; the other half reports.
# - Recalls at each query model's best epoch by validation accuracy, averaged over the query models.
# - ⌊E (0.5 + 0.5 d)/d⌋ epochs, with the drops of the learning rate scaled alike.
# - Xavier-normal weights with gain √2, biases of 0, a batch-norm momentum of 0.01 in VGG; SGD with momentum 0.9 and
#   weight decay on all parameters.
# - Query models without augmentation. EL2N from evaluation mode, GraNd over all parameters in evaluation mode;
#   Forgetting counted over training batches, 0 for samples never learnt.
# - The class weights of CDB-W: ones in the first epoch, then 1 minus the last epoch's validation recall.
# - The k-center set: the released code replaces its last centre by the first, we count the first from the start, and
#   both end with the same samples.
