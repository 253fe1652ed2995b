# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # What pruners keep
#
# *Which images get the highest scores, and do different scores choose the same ones?*
#
# :::{admonition} In short
# :class: tip
# **On Fashion-MNIST different scores keep many of the same images, on CIFAR-10 few**: two of six share
# {glue:text}`mean_fashion` of what they keep at density 0.1 on average, {glue:text}`factor_fashion` times what their
# class ratios explain; on CIFAR-10 it is {glue:text}`mean_cifar`, and Forgetting and Prototype agree less than chance.
# "Hard" means opposite things for the {glue:text}`never` images of Fashion-MNIST (one seed; CIFAR-10 has none) that a
# network never learned: scores that measure error keep them to the last, scores that measure change drop them first.
# :::

# %% tags=["parameters", "hide-input"]
benchmark = "fashion-mnist"
beside = ["cifar10"]  # shown beside it where its scores were released
scale = "laptop"
pruners = ["el2n", "forgetting"]  # whose runs train the query models, short and full; all scores come from these
densities = [0.1]  # the first is that of the kept sets
seeds = [0]  # the first is shown
train = "never"  # or "missing": train every run and every query model that is not there

# %% tags=["remove-input"]
import numpy as np

from drop.chapters import album as albums
from drop.chapters import figures, keeping, pictures, prose, tables
from drop.experiments import benchmarks
from drop.experiments.collect import collect

figures.style()
label = figures.label
density, seed = densities[0], seeds[0]
if train == "missing":
    collect(benchmarks.plan(benchmarks.benchmark(benchmark, scale), pruners, densities, seeds), train)
shown = {album.title: (album, keeping.Kept(album.given, density))
         for album in albums.side_by_side(benchmark, beside, scale, seed, train)}  # fmt: skip
fashion, cifar = (shown.get(name, (None, None))[1] for name in ("Fashion-MNIST", "CIFAR-10"))
scope = f"{scale} scale, seed {seed}"


# %% tags=["hide-input", "nbval-ignore-output"]
def extremes(kept):
    """The two scores that share most, and the two that share least, in words."""
    (a, b), (u, v) = kept.pairs[0], kept.pairs[-1]
    return (f"the closest are {label(a)} and {label(b)} with {100 * kept.shared[a, b]:.0f} %, the farthest apart "
            f"{label(u)} and {label(v)} with {100 * kept.shared[u, v]:.0f} %")  # fmt: skip


figures.show(
    [kept.figure(f"{title}, density {density:g}") for title, (_, kept) in shown.items()],
    caption=f"Samples that two pruners both keep, in percent of those that one keeps, at density {density:g} "
    f"({scope}). Two random sets would share 10 %. Random and Random+DRoP draw with one seeded shuffle, so they share "
    "most of what both could keep; ties, of which Forgetting has many, are broken by the same shuffle.",
    alt="; ".join(f"On {title} {extremes(kept)}" for title, (_, kept) in shown.items()) + ".",
    name="shared",
)  # fmt: skip

# %% tags=["remove-input"]
everyone = list(next(iter(shown.values()))[1].everyone)
columns = [(title, word) for title in shown for word in ("shared", "by class ratios")]
rows = [
    [f"{label(a)}, {label(b)}", *(100 * values[a, b] for _, kept in shown.values()
                                  for values in (kept.shared, kept.by_ratios))]
    for i, a in enumerate(everyone) for b in everyone[i + 1 :]
]  # fmt: skip
tables.show(rows, ["two pruners", *columns], "Samples that both keep (%), and what class ratios alone would give.")

# %% [markdown]
# Two sets that are drawn at random share {term}`density` of their samples. Two pruners that prefer the same classes
# share more, even if they chose at random inside the classes; what is left above that is agreement on samples. On
# Fashion-MNIST EL2N and GraNd share {glue:text}`closest_fashion` where their class ratios would give
# {glue:text}`closest_ratios`; on CIFAR-10 Forgetting and Dynamic Uncertainty are closest, with
# {glue:text}`closest_cifar`.
#
# ## Lowest and highest
#
# A {term}`pruner` keeps the samples with the highest {term}`score`. Each row is a class: on the left the training
# images with the lowest scores of the class, which a pruner drops first, on the right those with the highest, which it
# keeps to the last. Equal scores stand in the order of the seeded shuffle that decides which of them are kept;
# {term}`Forgetting` counts whole events, so its lowest images are a few out of all that were never forgotten.


# %% tags=["hide-input", "nbval-ignore-output"]
def pictures_of(title):
    """The panels of one data set, a score each."""
    album, _ = shown[title]
    each = album.tiles.shape[2] // 2
    figures.show(
        [album.figure(score) for score in album.given.scores],
        caption=f"{title}: the {each} training images with the lowest and the {each} with the highest score of each "
        f"class ({scope}).",
        alt=f"Training images of {title}, a panel a score ({', '.join(map(label, album.given.scores))}) and a row a "
        f"class ({', '.join(album.classes)}), lowest scores on the left, highest on the right. The text beside them "
        "says what they show.",
    )


pictures_of(next(iter(shown)))

# %% [markdown]
# On Fashion-MNIST, to the eye of this page's author: the lowest EL2N and GraNd scores go to the plainest images of a
# class, printed T-shirts, straight trousers, bags with two handles, and largely to the same ones. The highest EL2N
# scores are odd in three ways. Some look mislabelled: two of the three highest shirts are long sleeveless garments, and
# the highest T-shirt is a white rectangle. Some stand between two classes: ankle boots that are low like sneakers,
# sneakers as high as boots, dungarees among trousers. Some are just rare: narrow upright bags. GraNd's highest coats
# include a pair of shorts, its highest dresses two T-shirts. Forgetting and Dynamic Uncertainty look milder: backpacks
# among handbags, polo shirts among T-shirts, shirts that could be coats. k-center's first choices are unlike anything
# else: two T-shirts in one image, trousers cut up by stripes, a person standing in a pullover, a round bag. Prototype's
# highest T-shirts have long sleeves, and its highest ankle boots are low.

# %% tags=["remove-input", "nbval-ignore-output"]
for title in list(shown)[1:]:
    pictures_of(title)

# %% [markdown]
# On CIFAR-10 the lowest EL2N and GraNd scores go to the picture that the word calls up, an airliner in a blue sky, a
# chestnut horse from the side, a white box truck, and largely to the same images. The highest EL2N scores are of images
# that look like another class: both dogs could pass for horses, both cats are little but a round face, like frogs.
# GraNd's include two almost equal pictures of a ship at night and two ostriches. Little looks mislabelled here.
# Forgetting and Dynamic Uncertainty have animals in poor light, far away or cut off. k-center and Prototype are the
# surprise: their *highest* scores go to large, clear, typical subjects, several to the same images (a fat cat, a white
# horse, a truck). Both are read from the embeddings of a network that has learned every training image.
#
# ## Hard, or wrong?
#
# The {term}`query model` that trains to the end says more than the eye. It saw every training image once an epoch,
# without augmentation, with the label that is to be learned. A sample that it never gets right is mislabelled, or so
# unlike its class that a network of this size cannot remember it; the data alone do not tell which. On Fashion-MNIST
# {glue:text}`never` training images are not right in any of the {glue:text}`epochs` epochs. At density 0.1 EL2N keeps
# {glue:text}`never_el2n` of them and Forgetting {glue:text}`never_forgetting`: Forgetting, as the released code counts
# it, and Dynamic Uncertainty look for change, and where a network is wrong from first to last nothing changes. To them
# such samples are as easy as those that are always right. On CIFAR-10 every image is learned.

# %% tags=["remove-input"]
for title, (album, kept) in shown.items():
    rows = [
        [name, *kept.learnt(indices)]
        for name, indices in {
            "everything": np.arange(len(kept.labels)),
            **{label(s): k for s, k in kept.sets.items()},
        }.items()
    ]
    tables.show(
        rows, [f"kept at {density:g}", "samples", "never right", "in %", "wrong at the end %", "always right %"],
        f"{title}: what the full query made of the samples that each score keeps.",
    )  # fmt: skip
    highest = pictures.choose(album.given, seed, album.tiles.shape[2] // 2)
    rows = [[label(s), int(kept.wrong[of[:, of.shape[1] // 2 :]].sum()), of[:, of.shape[1] // 2 :].size]
            for s, of in highest.items()]  # fmt: skip
    tables.show(rows, ["score", "another class than the label", "of"], f"{title}: the images above with the highest "
                "scores, and how many of them the trained full query gives another class.")  # fmt: skip

# %% [markdown]
# ## Wanted by all, wanted by none
#
# How many of the scores want a sample, counted over the whole data set. All six keep {glue:text}`all_fashion` samples
# of Fashion-MNIST in common and {glue:text}`all_cifar` of CIFAR-10, where class ratios alone would give
# {glue:text}`all_ratios_fashion` and {glue:text}`all_ratios_cifar`; {glue:text}`none_fashion` and
# {glue:text}`none_cifar` of the data sets are kept by none of them, where class ratios would leave
# {glue:text}`none_ratios_fashion` and {glue:text}`none_ratios_cifar`.

# %% tags=["remove-input"]
wanted = {title: keeping.agreement(kept.sets, kept.labels) for title, (_, kept) in shown.items()}
number = len(next(iter(wanted.values()))[0])
tables.show(
    [[f"{n} of {number - 1}", *(value for counted, expected in wanted.values()
                                for value in (int(counted[n]), round(expected[n])))] for n in range(number)],
    ["kept by", *((title, word) for title in shown for word in ("samples", "by class ratios"))],
    "How many of the scores keep a sample, and as many by class ratios alone.",
)  # fmt: skip
for title, (_, kept) in shown.items():
    common = set.intersection(*(set(of.tolist()) for of in kept.sets.values()))
    counts = np.bincount(kept.labels[sorted(common)], minlength=len(kept.given.arrays["classes"]))
    rows = [[kept.given.arrays["classes"][k], int(counts[k])] for k in np.argsort(-counts, kind="stable") if counts[k]]
    tables.show(rows, ["class", "samples"], f"{title}: the samples that all the scores keep, by class.")

# %% [markdown]
# ## What it means
#
# Not all that scores keep is hard: of the samples that Prototype keeps on CIFAR-10 {glue:text}`sure_prototype` were
# right in every epoch, of the whole data set {glue:text}`sure_all`. And scores that measure error keep exceptions to
# the last, mislabelled or not, while the paper's remedy draws at random inside the classes, and so leaves exceptions at
# their share. What becomes of networks that see only such sets is in [the experiments](20_prune_by_class.ipynb).
#
# ## Take them
#
# The scores, the recalls behind DRoP's quotas and the kept sets are files of the package, read without torch and
# without the images. Their checksums are verified first.

# %%
from drop import released

files = released.load("fashion-mnist", "laptop", seed=0)
indices = files.kept("random+drop", density=0.3)  # sorted, as in the data set
print(len(indices), "samples;", *files.scores)

# %% tags=["remove-input"]
NAMED = {"fashion": (fashion, "Fashion-MNIST"), "cifar": (cifar, "CIFAR-10")}
prose.values({
    **{f"mean_{n}": lambda kept=kept: prose.percent(kept.mean, 0) for n, (kept, _) in NAMED.items()},
    **{f"factor_{n}": lambda kept=kept: f"{kept.factor:.1f}" for n, (kept, _) in NAMED.items()},
    **{f"closest_{n}": lambda k=kept: prose.percent(k.shared[k.pairs[0]], 0) for n, (kept, _) in NAMED.items()},
    **{f"all_{n}": lambda t=t: f"{wanted[t][0][-1]:,}" for n, (_, t) in NAMED.items()},
    **{f"all_ratios_{n}": lambda t=t: f"{wanted[t][1][-1]:.1f}" for n, (_, t) in NAMED.items()},
    **{f"none_{n}": lambda t=t: prose.percent(wanted[t][0][0] / wanted[t][0].sum(), 0) for n, (_, t) in NAMED.items()},
    **{f"none_ratios_{n}": lambda t=t: prose.percent(wanted[t][1][0] / wanted[t][0].sum(), 0)
       for n, (_, t) in NAMED.items()},
    "closest_ratios": lambda: prose.percent(fashion.by_ratios[fashion.pairs[0]], 0),
    "never": lambda: str(int((fashion.right == 0).sum())),
    "epochs": lambda: str(fashion.given.about["full"]["epochs"]),
    **{f"never_{s}": lambda s=s: str(fashion.learnt(fashion.sets[s])[1]) for s in ("el2n", "forgetting")},
    "sure_prototype": lambda: prose.percent(cifar.learnt(cifar.sets["prototype"])[-1] / 100, 0),
    "sure_all": lambda: prose.percent((cifar.right == cifar.given.about["full"]["epochs"]).mean(), 0),
})  # fmt: skip
prose.holds({
    "the pictures are those that the text describes": lambda: [
        album.digest[:8] for album, _ in shown.values()] == ["291a9964", "8580df06"],
    "the closest pairs are those of the text": lambda: [kept.pairs[0] for kept, _ in NAMED.values()] == [
        ("el2n", "grand"), ("forgetting", "dynamic-uncertainty")],
    "on Fashion-MNIST every two scores share more than their class ratios give": lambda: all(
        fashion.shared[pair] > 1.5 * fashion.by_ratios[pair] for pair in fashion.pairs),
    "Forgetting and Prototype agree less than chance on CIFAR-10": lambda: cifar.pairs[-1] == (
        "forgetting", "prototype") and cifar.shared[cifar.pairs[-1]] < 0.1,
    "scores that measure error keep nearly all that is never right": lambda: all(
        fashion.learnt(fashion.sets[s])[1] > 0.9 * (fashion.right == 0).sum() for s in ("el2n", "grand")),
    "scores that measure change keep nothing that is never right": lambda: all(
        fashion.learnt(fashion.sets[s])[1] == 0 for s in ("forgetting", "dynamic-uncertainty")),
    "every image of CIFAR-10 is learned": lambda: (cifar.right > 0).all(),
    "Prototype keeps easy samples on CIFAR-10": lambda: cifar.learnt(cifar.sets["prototype"])[-1] > 100 * (
        cifar.right == cifar.given.about["full"]["epochs"]).mean(),
})  # fmt: skip
about = [
    f"{title}: the {len(a.given.about['short']['seconds'])} short query models took "
    f"{sum(a.given.about['short']['seconds']):.0f} s together and the one of {a.given.about['full']['epochs']} epochs "
    f"{a.given.about['full']['seconds']:.0f} s, on one core each ({a.given.about['provenance']['device']})."
    for title, (a, _) in shown.items()
]
prose.box(about, [
    f"python -m drop run {name} {scale} --pruners {','.join(pruners)} --densities {density:g} --seeds {seed}\n"
    f"python -m drop.chapters.release {name} {scale} --seed {seed}" for name in dict.fromkeys([benchmark, *beside])
])  # fmt: skip
