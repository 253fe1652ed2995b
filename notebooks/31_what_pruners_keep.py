# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # What pruners keep
#
# *Which images get the highest scores, and do different scores choose the same ones?*
#
# A {term}`pruner` keeps the samples with the highest {term}`score`. Expect the lowest scores of most to go to plain
# images and the highest to odd ones: rare, between two classes, or to the eye not of their class at all. Expect scores
# of different names to overlap more than their class ratios explain. And expect scores that are read from a network's
# errors to disagree with those read from its embeddings, most of all where the network knows its training images by
# heart.
#
# The scores and kept sets behind this page are files of the repository: the last section says how to read them.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
scale = "laptop"
pruners = ["el2n", "forgetting"]  # whose runs train the query models, short and full; all scores come from these
densities = [0.1]  # the first is that of the kept sets
seeds = [0]  # the first is shown
train = "never"  # or "missing": train every run and every query model that is not there

# %% tags=["hide-input"]
import itertools

import matplotlib.pyplot as plt
import numpy as np

from drop.chapters import album as albums
from drop.chapters import figures, keeping, pictures
from drop.experiments import benchmarks
from drop.experiments.collect import collect

figures.style()
density, seed = densities[0], seeds[0]
if train == "missing":
    collect(benchmarks.plan(benchmarks.benchmark(benchmark, scale), pruners, densities, seeds), train)
album = albums.read(benchmark, scale, seed, train)
given, labels = album.given, album.given.arrays["labels"].astype(int)
classes, epochs = given.arrays["classes"], given.about["full"]["epochs"]
sets = {score: given.kept(score, density) for score in given.scores}
scope = f"{benchmark}, {scale} scale, seed {seed}"


def label(pruner):
    return figures.method(pruner).label


# %% [markdown]
# ## Lowest and highest
#
# Each row is a class: on the left the training images with the lowest scores of the class, which a pruner drops first,
# on the right those with the highest, which it keeps to the last. Equal scores stand in the order of the seeded shuffle
# that decides which of them are kept; {term}`Forgetting` counts whole events, so its lowest images are a few out of
# all those that were never forgotten.

# %% tags=["hide-input", "nbval-ignore-output"]
shown = album.tiles.shape[2] // 2
figures.show(
    [album.figure(score) for score in given.scores],
    f"Training images of {benchmark} (seed {seed}), a panel a score ({', '.join(map(label, given.scores))}) and a row "
    f"a class ({', '.join(album.classes)}): the {shown} with the lowest scores on the left, the {shown} with the "
    "highest on the right. The text below says what they show.",
)
figures.say(f"*The {shown} lowest and the {shown} highest of each class ({scope}).*")

# %% tags=["hide-input"]
SEEN = {
    "291a9964": (
        "In these pictures, to the eye of this page's author: the lowest EL2N and GraNd scores go to the plainest "
        "images of a class, printed T-shirts, straight trousers, bags with two handles, and largely to the same ones. "
        "The highest EL2N scores are odd in three ways. Some look mislabelled: two of the three highest shirts are "
        "long sleeveless garments, and the highest T-shirt is a white rectangle. Some stand between two "
        "classes: ankle boots that are low like sneakers, sneakers as high as boots, dungarees among trousers. Some "
        "are just rare: narrow upright bags. GraNd's highest coats include a pair of shorts, its highest dresses two "
        "T-shirts. Forgetting and Dynamic Uncertainty look milder: backpacks among handbags, polo shirts among "
        "T-shirts, shirts that could be coats. k-center's first choices are unlike anything else: two T-shirts in one "
        "image, trousers cut up by stripes, a person standing in a pullover, a round bag. Prototype's highest "
        "T-shirts have long sleeves, and its highest ankle boots are low."
    ),
    "8580df06": (
        "In these pictures, to the eye of this page's author: the lowest EL2N and GraNd scores go to the picture that "
        "the word calls up, an airliner in a blue sky, a chestnut horse from the side, a white box truck, and largely "
        "to the same images. The highest EL2N scores are of images that look like another class: both dogs could pass "
        "for horses, both cats are little but a round face, like frogs. GraNd's include two almost equal pictures of a "
        "ship at night and two ostriches. Little looks mislabelled here. Forgetting and Dynamic Uncertainty have "
        "animals in poor light, far away or cut off. k-center and Prototype are the surprise: their *highest* scores "
        "go to large, clear, typical subjects, several to the same images (a fat cat, a white horse, a truck). Both "
        "are read from the embeddings of a network that has learned every training image; the table below says how "
        "often it was right on the way."
    ),
}  # by the checksum of the pictures' file: no description stands below pictures that nobody described
if album.digest[:8] in SEEN:
    figures.say(SEEN[album.digest[:8]])

# %% [markdown]
# ## Hard, or wrong?
#
# The {term}`query model` that trains to the end says more than the eye. It saw every training image once an epoch,
# without augmentation, with the label that is to be learned. A sample that it never gets right is mislabelled, or so
# unlike its class that a network of this size cannot remember it; the data alone do not tell which.

# %% tags=["hide-input"]
right, wrong = given.arrays["epochs_right"], given.arrays["predicted"] != labels
rows = []
for score, kept in {"everything": np.arange(len(labels)), **sets}.items():
    shares = [100 * values[kept].mean() for values in (right == 0, wrong, right == epochs)]
    rows.append([score if score == "everything" else label(score), len(kept), int((right[kept] == 0).sum()), *shares])
columns = ["samples", "never right", "in %", "wrong at the end %", "always right %"]
figures.table(rows, [f"kept at density {density:g}", *columns], digits=1)

# %% tags=["hide-input"]
never = np.flatnonzero(right == 0)
found = {score: len(np.intersect1d(never, kept)) for score, kept in sets.items()}
most, least = max(found, key=found.get), min(found, key=found.get)
chosen = pictures.choose(given, seed, shown)
disputed = {score: int(wrong[chosen[score][:, shown:]].sum()) for score in sets}
if len(never):
    figures.say(
        f"{len(never)} of {len(labels):,} training images are not right in any of the {epochs} epochs. At density "
        f"{density:g} {label(most)} keeps {found[most]} of them and {label(least)} {found[least]}. Forgetting, as the "
        "released code counts it, and Dynamic Uncertainty look for change, and where a network is wrong from first to "
        "last nothing changes: to them such samples are as easy as those that are always right."
    )
counts = ", ".join(f"{n} ({label(score)})" for score, n in disputed.items())
figures.say(
    f"Of the {chosen['el2n'][:, shown:].size} images above with the highest scores, the trained full query gives "
    f"another class than the label to {counts if any(disputed.values()) else 'none, whichever the score'}."
)

# %% [markdown]
# ## Do they choose the same samples?
#
# Two sets that are drawn at random share {term}`density` of their samples. Two pruners that prefer the same classes
# share more, even if they chose at random inside the classes. What is left above that is agreement on samples.

# %% tags=["hide-input", "nbval-ignore-output"]
everyone = {**sets, **{pruner: given.kept(pruner, density) for pruner in ("random+drop", "random")}}
shared = np.array([[keeping.overlap(a, b) for b in everyone.values()] for a in everyone.values()])
pairs = dict(sorted({p: shared[p] for p in itertools.combinations(range(len(sets)), 2)}.items(), key=lambda p: -p[1]))
(i, j), (u, v) = next(iter(pairs)), list(pairs)[-1]
names = list(everyone)
fig, ax = plt.subplots(figsize=(5.2, 4.6))
for (row, column), value in np.ndenumerate(shared):
    if row != column:
        corner = (column - 0.48, row - 0.48)
        ax.add_patch(plt.Rectangle(corner, 0.96, 0.96, color="#0f7fc4", alpha=0.6 * value, linewidth=0))
        ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=10)
ax.set_yticks(range(len(names)), map(label, names))
ax.set_xticks(range(len(names)), map(label, names), rotation=40, ha="left", rotation_mode="anchor")
ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), aspect="equal")
ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
ax.grid(False)
ax.spines[:].set_visible(False)
figures.show(
    fig,
    f"For every two pruners the share of the samples kept at density {density:g} that both keep. Of the scores the "
    f"closest are {label(names[i])} and {label(names[j])} with {100 * shared[i, j]:.0f} %, the farthest apart "
    f"{label(names[u])} and {label(names[v])} with {100 * shared[u, v]:.0f} %.",
)
figures.say(
    f"*Samples that two pruners both keep, in percent of those that one keeps, at density {density:g} ({scope}). "
    "Random and Random+DRoP draw with one seeded shuffle, so they share most of what both could keep; ties, of which "
    "Forgetting has many, are broken by the same shuffle.*"
)

# %% tags=["hide-input", "hide-output"]
rows = []
for a, b in itertools.combinations(everyone, 2):
    by_ratios = keeping.overlap_by_ratios(everyone[a], everyone[b], labels)
    rows.append([f"{a}, {b}", 100 * keeping.overlap(everyone[a], everyone[b]), 100 * by_ratios])
figures.table(rows, ["two pruners", "shared %", "by class ratios alone %"], digits=1)

# %% tags=["hide-input"]
ratios = keeping.overlap_by_ratios(sets[names[i]], sets[names[j]], labels)
lower = "more than" if shared[u, v] > density else "no more than"
figures.say(
    f"The closest are {label(names[i])} and {label(names[j])}: {100 * shared[i, j]:.0f} % of the samples of one are "
    f"the other's, where their class ratios alone would give {100 * ratios:.0f} %. The two scores that agree least, "
    f"{label(names[u])} and {label(names[v])}, share {100 * shared[u, v]:.0f} %, {lower} the {100 * density:.0f} % of "
    "chance."
)

# %% [markdown]
# ## Wanted by all, wanted by none
#
# How many of the scores want a sample, counted over the whole data set.

# %% tags=["hide-input"]
counted, expected = keeping.agreement(sets, labels)
rows = [[f"{n} of {len(sets)}", int(counted[n]), round(expected[n])] for n in range(len(counted))]
figures.table(rows, ["kept by", "samples", "by class ratios alone"])

# %% tags=["hide-input"]
common = set.intersection(*(set(kept.tolist()) for kept in sets.values()))
by_class = np.bincount(labels[sorted(common)], minlength=len(classes))
leading = ", ".join(f"{by_class[k]} of class {classes[k]}" for k in np.argsort(-by_class)[:3] if by_class[k])
figures.say(
    f"All {len(sets)} scores keep {counted[-1]:,} samples in common{f' ({leading}, …)' if leading else ''}, where "
    f"class ratios alone would give {expected[-1]:.1f}. {100 * counted[0] / len(labels):.0f} % of the data set is kept "
    f"by none of them, where class ratios alone would leave {100 * expected[0] / len(labels):.0f} %."
)

# %% [markdown]
# ## What it means

# %% tags=["hide-input"]
pair_ratios = {p: keeping.overlap_by_ratios(sets[names[p[0]]], sets[names[p[1]]], labels) for p in pairs}
beyond = np.mean([shared[p] for p in pairs]) / np.mean(list(pair_ratios.values()))
surest = {score: 100 * (right[kept] == epochs).mean() for score, kept in sets.items()}
usual = 100 * (right == epochs).mean()
easy = [f"{label(score)} ({share:.0f} %)" for score, share in surest.items() if share > usual]
text = (
    f"Any two of the scores share {100 * np.mean([shared[p] for p in pairs]):.0f} % of what they keep on average, "
    f"{beyond:.1f} times what their class ratios explain. "
)
if shared[u, v] > 1.5 * pair_ratios[u, v]:
    text += "What they rank is to a good part one and the same oddity, under several names. "
else:
    text += f"But what they rank is not one thing: {label(names[u])} and {label(names[v])} hardly agree at all. "
if easy:
    text += (
        f"Nor is all of it hard: of the samples that {' and '.join(easy)} keep, more were right in every epoch than of "
        f"the whole data set ({usual:.0f} %). "
    )
if len(never):
    text += (
        "Scores that measure error keep to the last what a network cannot learn, mislabelled or not; scores that "
        'measure change drop it first. So "hard" means opposite things at the very end of the scale, where low '
        "densities look. "
    )
figures.say(
    f"{text}What becomes of networks that see only such sets is in [the experiments](20_prune_by_class.ipynb). "
    "The paper's remedy draws at random inside the classes, and so leaves exceptions at their share."
)

# %% [markdown]
# ## Take them
#
# The scores, the recalls behind DRoP's quotas and the kept sets are files of the repository, read without torch and
# without the images. Their checksums are verified first.

# %%
from drop import released

if scale != "smoke":
    files = released.load(benchmark, scale, seed=0)
    kept = files.kept("random+drop", density=0.3)  # sorted indices, in the order of the data set
    print(len(kept), "samples;", *files.scores)

# %% [markdown]
# ## What it cost

# %% tags=["hide-input"]
if scale != "smoke":
    short, full = given.about["short"]["seconds"], given.about["full"]["seconds"]
    figures.say(
        f"The {len(short)} short query models took {sum(short):.0f} s together and the one of {epochs} epochs "
        f"{full:.0f} s, on one core each ({given.about['provenance']['device']}). To make these files again: "
        f"`python -m drop run {benchmark} {scale} --pruners {','.join(pruners)} --densities {density:g} "
        f"--seeds {seed}`, then `python -m drop.chapters.release {benchmark} {scale} --seed {seed}`."
    )
