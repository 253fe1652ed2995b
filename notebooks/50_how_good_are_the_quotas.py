# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # How good are the quotas?
#
# *How much of the worst class does each rule for class quotas leave on the table?*
#
# {term}`DRoP` is one rule among many: class densities in proportion to $1 - r_k$. Why not $(1 - r_k)^2$, why not the
# recalls after pruning, why densities and not sizes? The paper {cite:p}`vysogorets2025drop` does not say. This chapter
# puts eleven rules behind one interface, `drop.quotas.counts(class_sizes, weights, density)`, with random choice inside
# the classes everywhere, so that nothing but the {term}`quotas <quota>` differs. They meet twice: in the Gaussian
# mixtures of [the theory](10_why_class_densities_matter.ipynb), where the best quotas are known exactly, and on real
# images, where they are not. Expect the mixture to separate the rules clearly, and a few seeds of real data to separate
# only the extremes.

# %% tags=["parameters"]
benchmark = "fashion-mnist"
scale = "laptop"
pruners = [
    "random", "random+balanced", "random+nucs", "random+gamma0.5", "random+gamma0.7", "random+shrunken", "random+drop",
    "random+size", "random+gamma2", "random+iterated2", "random+minimax1", "random+minimax2", "random+minimax3",
]  # fmt: skip
densities = [0.1, 1.0]  # fractions of the training set that are kept; 1 is full training
seeds = [0, 1, 2]
more_seeds = [3, 4]  # shown where they have been measured
mixtures = [  # means and standard deviations of two equally frequent classes: μ0, μ1, σ0, σ1
    [-1.0, 1.0, 0.3, 0.9], [-1.0, 1.0, 0.5, 0.75], [-1.0, 1.0, 0.5, 1.0], [0.0, 1.0, 0.5, 1.0],
]  # fmt: skip
rate = 5.0  # of the minimax rules, as in the runs
rounds = 10
draws = 400  # of validation images
mixture_part = True  # False on a second page: the mixtures are the same for every data set
train = "never"  # or "missing": train every run that has no record

# %% tags=["hide-input"]
import json
import re

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm, spearmanr

from drop import metrics, quotas
from drop.chapters import figures
from drop.chapters.deviations import clipped_difficulty, released_quotas, taken
from drop.chapters.grid import Sweep, cell, points
from drop.experiments import records
from drop.mixture import GaussianMixture, damped_exponent

figures.style()
THEORY = "random+gamma*"  # exponent from the theory: in the mixtures only
rules = [*pruners, THEORY]
if scale == "smoke":  # lasts seconds
    pruners = [p for p in pruners if p in ("random", "random+drop", "random+minimax1")]
grid = Sweep(benchmark, scale, pruners, densities, seeds, train, also=[(pruners, densities, [*seeds, *more_seeds])])
if not grid.found:
    raise ValueError(f"{benchmark} at {scale} scale has no record yet; give train = 'missing', or measure it before")
classes, first = grid.classes, next(iter(grid.found.values()))
sizes, images = np.array(first["class_sizes"]), metrics.tally(first["validation"])[1]
pruned = sorted(d for d in densities if d < 1 and grid.of("random+drop", d))
low = pruned[0] if pruned else min(densities)
if not mixture_part:
    rules = [p for p in pruners if any(grid.of(p, d) for d in pruned)]


def look(rule):
    return figures.Method("γ*", figures.INK, "*") if rule == THEORY else figures.method(rule)


def label(rule):
    return look(rule).label.removeprefix("Random+")


def listed(names):
    """Names in a sentence: "A, B and C"."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "none"


def percent(value, digits=0):
    return f"{100 * value:.{digits}f} %"


def minus(text):
    """Text with proper minus signs before numbers."""
    return re.sub(r"\+?-(?=\d)", "−", text)


# %% [markdown]
# ## The rules
#
# Each rule gives every class a weight; `fill` makes class densities in proportion to the weights, keeps classes that
# would exceed 1 whole, and shares what is left among the others. $r_k$ is the validation {term}`recall` of class $k$.
#
# | rule | weight of class $k$ | where it comes from |
# |:--|:--|:--|
# | Random | $1$ | the same density everywhere |
# | Balanced | $1/N_k$ | the same number of samples everywhere |
# | NUCS | mean {term}`EL2N` score of the class | budgets by mean difficulty (arXiv 2504.13234), see below |
# | DRoP | $1 - r_k$ | Algorithm 1 of the paper |
# | Size rule | $(1 - r_k)/N_k$ | the paper's released code: class *sizes* go with $1 - r_k$ |
# | γ = ½, 0.7, 2 | $(1 - r_k)^\gamma$ | an exponent, smaller or larger than DRoP's |
# | Shrunken | $1 - \tilde r_k$ | recalls drawn to their mean where they differ no more than by chance |
# | Iterated | $1 - r_k'$ | $r_k'$ from the final model that DRoP's set gave: DRoP a second time |
# | Minimax $n$ | $\prod_{i \le n} e^{\eta(1 - r_k^{(i)})}$ | exponentiated gradient, a training a round |
#
# **γ\*** stands beside them in the mixtures: the exponent that [the theory](10_why_class_densities_matter.ipynb)
# proposes, from the average risk of the query. Minimax climbs to the class priors that are hardest for a learner, where
# its worst class is best; Iterated and Minimax need a training for every round after the first. NUCS is *NUCS-like*
# here: a plain mean, where that paper winsorises (clips the scores at both ends of a class) before it takes the mean,
# and random choice inside the classes, where that paper takes a window of difficulty.

# %% tags=["hide-input"]
lacks = f" Still missing: {grid.lacks()}. The command at the end measures it." if grid.lacks() else ""
smoke = " At smoke scale only Random, DRoP and Minimax 1 are run." if scale == "smoke" else ""
clipped = clipped_difficulty(benchmark, scale, low, (0.01, 0.05, 0.1))
if clipped:
    figures.say(
        f"What the plain mean changes: clipping {listed(map(percent, clipped))} of a class's scores at "
        f"each end would move {listed(percent(share, 1) for share in clipped.values())} of NUCS's budget to other "
        f"classes at density {low:g} ({benchmark}, {scale} scale, released EL2N scores of seed 0). Which fraction that "
        "paper clips is not available to us; what it does to accuracies is not measured."
    )
elsewhere = (
    " The Gaussian mixtures are the same for every data set; they are on [the first "
    "page](50_how_good_are_the_quotas.ipynb), and so is the choice between sizes and densities."
) * (not mixture_part)
figures.say(
    f"Real data: `{grid.entry.dataset}` with `{grid.entry.recipe.model}`, densities "
    f"{listed(f'{d:g}' for d in densities)}, seeds {', '.join(map(str, seeds))}: {grid.done} of this plan, and further "
    f"seeds where they have been measured.{smoke}{lacks}{elsewhere}"
)


# %% [markdown] tags=["first-page"]
# ## In the mixtures
#
# Everything is exact here. A rule's densities change the prior ratio, the learner takes the threshold of least average
# risk, and the worst-class risk that follows is compared with the best that any densities can reach. Recalls are
# those of the unpruned mixture, for the later rounds those of the model of the round before. For NUCS the query's
# probabilities are the true ones, and Shrunken has as many validation images a class as the real data.


# %% tags=["first-page"]
def mean_el2n(mixture):
    """Mean EL2N of both classes under the true probabilities, (2,), up to the factor √2."""
    x = np.linspace(*(mixture.means + np.array([-9, 9]) * mixture.stds.max()), 20_001)
    parts = mixture.priors * norm.pdf(x[:, None], mixture.means, mixture.stds)
    wrong = 1 - parts / np.maximum(parts.sum(axis=1, keepdims=True), 1e-300)
    return np.trapezoid(norm.pdf(x[:, None], mixture.means, mixture.stds) * wrong, x, axis=0)


def learnt(mixture, weights, density):
    """Class risks of the learner after random pruning at a rule's weights."""
    pruned_ = mixture.prune_randomly(mixture.densities_of(weights, density))
    return mixture.class_risks(pruned_.average_optimal_threshold())


def weights_of(rule, mixture, density):
    """The class weights of a rule in a mixture, (2,)."""
    risks, name = mixture.class_risks(mixture.average_optimal_threshold()), rule.removeprefix("random").lstrip("+")
    if name in ("", "balanced"):
        return 1 / mixture.priors if name else np.ones(2)
    if name == "nucs":
        return mean_el2n(mixture)
    if name == "shrunken":
        n = np.full(2, int(images.min()))
        return 1 - quotas.shrunken_recalls((1 - risks) * n, n)
    if name == "iterated2":
        return learnt(mixture, risks, density)
    if name.startswith("minimax"):
        return minimax_path(mixture, int(name[7:]), density)[-1]
    if name == "size":
        return risks / mixture.priors
    if name == "gamma*":
        return risks ** damped_exponent(mixture.average_risk(mixture.average_optimal_threshold()))
    return risks ** (float(name.removeprefix("gamma")) if name.startswith("gamma") else 1.0)


def minimax_path(mixture, count, density, eta=rate):
    """The weights of exponentiated gradient before the first and after each of `count` rounds."""
    path = [np.ones(2)]
    for _ in range(count):
        risks = learnt(mixture, path[-1], density)
        path.append(quotas.minimax_weights(path[-1], 1 - risks, eta))
    return path


# %% tags=["hide-input", "first-page"]
worlds = sorted((GaussianMixture(m[:2], m[2:]) for m in mixtures), key=lambda w: w.least_reachable_risk())


def floor(world, density):
    """The least worst-class risk that any class densities reach at an overall density."""
    if world.minimax_reachable():
        pruned_ = world.prune_randomly(world.optimal_densities(density))
        return float(world.worst_class_risk(pruned_.stationary_threshold()))
    return float(world.least_reachable_risk())


def share_left(rule, world, density):
    """What a rule leaves of the worst class, as a multiple of what random pruning leaves."""
    start, best = learnt(world, np.ones(2), density).max(), floor(world, density)
    return float((learnt(world, weights_of(rule, world, density), density).max() - best) / (start - best))


left = {rule: [share_left(rule, world, low) for world in worlds] for rule in rules}
names = [percent(float(world.least_reachable_risk()), 1) for world in worlds]
rows = [[label(rule), *(percent(max(v, 0)) for v in left[rule])] for rule in rules]
rows.append(["Random, worst risk", *(float(learnt(w, np.ones(2), low).max()) for w in worlds)])
rows.append(["least worst risk", *(floor(w, low) for w in worlds)])
figures.table(rows, ["left on the table", *(f"minimax {name}" for name in names)])

# %% tags=["hide-input", "first-page"]
same = max(abs(a - b) for r in rules for a, b in zip(
    left[r], (share_left(r, w, max(pruned or [low])) for w in worlds), strict=True))  # fmt: skip
figures.say(
    f"Shares of what random pruning leaves: 0 % is the minimax optimum, 100 % no better than Random, more is worse. "
    f"A column is a mixture, named after its minimax risk. Density {low:g}"
    + (f"; the table is the same at {max(pruned):g}: no class is full." if len(pruned) > 1 and same < 5e-3 else ".")
)

# %% [markdown] tags=["first-page"]
# Two rows of 100 % are no accident. **Balanced** quotas do nothing where the classes are equally large. And **NUCS**
# does nothing more than Balanced, whatever the overlap:
#
# ````{prf:proposition} Mean difficulty of two classes
# :label: thm-mean-difficulty
#
# Let the query's probabilities be calibrated, $p(x) = P(y = 1 \mid x)$, and let class $k$'s weight be its mean EL2N
# score. For two classes, NUCS then keeps equally many samples of both, on any data.
# ````
#
# ````{prf:proof}
# The EL2N score of $(x, k)$ is $\sqrt2\,(1 - p_k(x))$. So
# $\varphi_0 w_0 = \sqrt2\,E[P(y = 0 \mid x)\,P(y = 1 \mid x)] = \varphi_1 w_1$, and class $k$ keeps a share in
# proportion to $\varphi_k w_k$. $\square$
# ````
#
# Mean difficulty counts how often two classes are confused, and confusion is mutual; the recall of a trained learner
# says who *pays* for it. With more than two classes a class that is confused with many others does stand out, which is
# what NUCS sees on real data.
#
# **Shrunken** is not made for this, but with two classes it moves the two errors towards each other, which acts like an
# exponent below 1, and that is what the mixtures ask for.

# %% [markdown]
# ## On real images
#
# Real data have no known optimum. The yardstick is DRoP, the paper's rule, whatever the records say. The rule that does
# best would be no yardstick: it is picked among many with the luck of the very seeds that judge it.

# %% tags=["hide-input"]
gaps = {
    d: {p: e for p in pruners if p != "random+drop" and (e := grid.compare(p, "random+drop", d))} for d in pruned
}  # worst class of a rule minus DRoP's, by density
averages = {d: {p: grid.compare(p, "random+drop", d, "average") for p in gaps[d]} for d in pruned}


# %% tags=["hide-input", "first-page"]
COLOURS = ("#2b8f9b", "#6b5bd6", "#c2559c", "#d55e00")


def in_mixtures(top=2.0):
    """The share of Random's loss that each rule leaves, one mark a mixture."""
    fig, ax = plt.subplots(figsize=(4.6, 1.5 + 0.29 * len(rules)))
    for i, name in enumerate(names):
        colour, marker = COLOURS[i % len(COLOURS)], "osD^vph<"[i % 8]
        inside = [(left[rule][i], y) for y, rule in enumerate(rules) if left[rule][i] <= top]
        ax.plot(*zip(*inside, strict=True), marker, color=colour, markersize=6, alpha=0.9, label=name)
    for y, rule in enumerate(rules):
        if beyond := sorted({round(100 * v) for v in left[rule] if v > top}):
            text = "–".join(map(str, [beyond[0], *beyond[1:][-1:]])) + " % ►"
            last = max(i for i, v in enumerate(left[rule]) if v > top)
            ax.text(top, y, text, color=COLOURS[last % len(COLOURS)], fontsize=8, ha="right", va="center")
    ax.axvline(1, color=figures.METHODS["random"].colour, linewidth=1)
    ax.axvline(0, color=figures.INK, linewidth=1)
    ax.set_xlim(-0.08, top)
    ax.set_xticks([0, 0.5, 1, 1.5, 2], ["0", "50 %", "Random", "150 %", "200 %"])
    ax.set_yticks(range(len(rules)), map(label, rules), fontsize=9)
    ax.set_ylim(len(rules) - 0.4, -0.6)
    ax.set_xlabel("left on the table, of what Random leaves")
    ax.legend(title="minimax risk", fontsize=8, title_fontsize=8, loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=4,
              columnspacing=0.8, handletextpad=0.1, alignment="left")  # fmt: skip
    fig.suptitle("Mixtures", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


# %% tags=["hide-input"]
def on_images(density):
    """Worst class of DRoP minus that of each rule, in points, with intervals."""
    fig, ax = plt.subplots(figsize=(4.6, 1.5 + 0.29 * len(rules)))
    for y, rule in enumerate(rules):
        of, e = look(rule), gaps[density].get(rule)
        if rule == "random+drop":
            ax.plot(0, y, marker=of.marker, color=of.colour, markersize=8)
            ax.annotate("yardstick", (0, y), (8, 0), textcoords="offset points", fontsize=8, va="center")
        elif e:
            ax.plot([-100 * e.low, -100 * e.high], [y, y], color=of.colour, linewidth=1.8)
            ax.plot(-100 * e.value, y, marker=of.marker, color=of.colour, markersize=7)
        else:
            text = " in the mixtures only" if rule == THEORY else " not measured"
            ax.text(0, y, text, fontsize=8, va="center")
    full = grid.compare("random+drop", "full", density, density_b=1.0)
    if full:
        ax.axvline(100 * full.value, color=figures.INK, linestyle=":", linewidth=1)
        ax.annotate("full data", (100 * full.value, 1), (0, 3), ("data", "axes fraction"), "offset points", fontsize=8,
                    ha="center")  # fmt: skip
    ax.axvline(0, color=figures.INK, linewidth=1)
    ax.set_yticks(range(len(rules)), map(label, rules), fontsize=9)
    ax.set_ylim(len(rules) - 0.4, -0.6)
    reach = max([100 * abs(e.value) for e in gaps[density].values()] + [4.0])
    ax.set_xlim(-1.3 * reach, 1.6 * reach)
    ax.set_xlabel("behind DRoP (points of worst class)")
    fig.suptitle(f"{benchmark}, density {density:g}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


# %% tags=["hide-input", "nbval-ignore-output"]
panels, exact = [on_images(d) for d in gaps if gaps[d]], ""
if mixture_part:
    panels.insert(0, in_mixtures())
    exact = ", ".join(f"{label(r)} {100 * min(left[r]):.0f} to {100 * max(left[r]):.0f} %" for r in rules)
    exact = f"Mixtures, as a share of what random pruning leaves: {exact}. "
if panels:
    figures.show(
        panels,
        f"What each quota rule leaves of the worst class. {exact}Real images ({grid.scope}), in points behind DRoP: "
        + "; ".join(f"density {d:g}: " + ", ".join(f"{label(p)} {-100 * e.value:.1f}" for p, e in gaps[d].items())
                    for d in gaps) + ".",
        name="central",
    )  # fmt: skip
    figures.say(
        f"*What each rule leaves of the worst class. {'Left: in the mixtures, exact. ' * mixture_part}Real images: "
        f"worst-class accuracy of DRoP minus that of each rule, on the test half, with 95 % intervals over seeds and "
        f"images ({grid.scope}); lines that leave the panel go on. Left is good.*"
    )

# %% tags=["hide-input"]
rows, more = [], []
for d in [*pruned, *([1.0] if grid.of("full", 1.0) else [])]:
    for p in (p for p in pruners if grid.of(p, d)) if d < 1 else ["full"]:
        start = ["Full data" if p == "full" else label(p), f"{d:g}", len(grid.of(p, d))]
        behind = [
            "" if d == 1 else "yardstick" if p == "random+drop" else cell(found.get(d, {}).get(p))
            for found in (gaps, averages)
        ]
        gains = [grid.compare(p, "random", d, m) if p != "random" else None for m in ("worst_class", "average")]
        rows.append([*start, cell(grid.estimate(p, d, "worst_class")), *behind])
        more.append([*start, cell(grid.estimate(p, d, "average")), *(map(cell, gains) if d < 1 else ["", ""])])
figures.table(rows, ["%, points", "density", "seeds", "worst class", "minus DRoP's", "average minus DRoP's"])

# %% tags=["hide-input", "hide-output"]
figures.table(more, ["%, points", "density", "seeds", "average", "worst minus Random's", "average minus Random's"])

# %% [markdown]
# ### What the rules do to the classes
#
# The class density of each rule, as a multiple of the overall density. Classes stand from the hardest to the easiest
# for the query models.


# %% tags=["hide-input"]
def recalls_of_rule(rule="random+drop"):
    """The recalls that set a rule's quotas, (seeds, K); they are the same at every density for the first round."""
    d = next((d for d in pruned if grid.of(rule, d)), None)
    return np.array([r["quota_recalls"] for r in grid.of(rule, d)]) if d else np.empty((0, len(classes)))


query = recalls_of_rule()
order = np.argsort(query.mean(axis=0)) if len(query) else np.arange(len(classes))


def heat(density):
    """A map of class densities over the overall density: a row a rule, a column a class, a number in each cell."""
    here = [p for p in rules if grid.of(p, density)]
    values = np.array([grid.kept(p, density).mean(axis=0)[order] / density for p in here])
    fig, ax = plt.subplots(figsize=(5.2, 1.3 + 0.31 * len(here)))
    colours = plt.get_cmap("PuOr_r")(0.5 + 0.5 * np.clip(np.log2(np.maximum(values, 1e-3)) / 3.2, -0.9, 0.9))
    ax.imshow(colours, aspect="auto")
    if len(classes) <= 12:
        for (y, x), value in np.ndenumerate(values):
            dark = colours[y, x, :3] @ (0.3, 0.59, 0.11) < 0.55
            ax.text(x, y, f"{value:.1f}" if value >= 0.95 else f"{value:.2f}".lstrip("0"), fontsize=8, ha="center",
                    va="center", color="#ffffff" if dark else "#000000")  # fmt: skip
    ax.set_yticks(range(len(here)), map(label, here), fontsize=9)
    ax.set_xticks(range(len(classes)), np.array(classes)[order], rotation=45, ha="right", fontsize=8)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    fig.suptitle(f"Class density / density, d = {density:g}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig, here, values


# %% tags=["hide-input", "nbval-ignore-output"]
maps = {d: heat(d) for d in pruned}
for d, (fig, here, values) in maps.items():
    figures.show(
        fig,
        f"Class densities over the overall density {d:g}, one row a rule, one column a class, hardest class first, on "
        f"{grid.scope}. The hardest class, {classes[order[0]]}, gets: "
        + ", ".join(f"{label(p)} {v[0]:.1f}" for p, v in zip(here, values, strict=True)) + ".",
        name="densities" if d == pruned[0] else "",
    )  # fmt: skip

# %% tags=["hide-input", "hide-output"]
for d, (_, here, values) in maps.items():
    rows = [[label(p), *(f"{v:.2f}" for v in row)] for p, row in zip(here, values, strict=True)]
    figures.table(rows, [f"d = {d:g}", *(str(classes[k])[:9] for k in order)])
    print()

# %% [markdown]
# Where a rule's quotas follow from the recalls in its own {term}`record`, they are worked out again here and compared
# with what the run kept:


# %% tags=["hide-input"]
def again(rule, density):
    """(runs whose kept counts follow from their recalls, runs that can be checked)."""
    name, right, checked = rule.removeprefix("random").lstrip("+"), 0, 0
    for record in grid.of(rule, density):
        seed, errors = record["run"]["seed"], 1 - np.array(record["quota_recalls"] or np.ones(len(sizes)))
        if name in ("", "nucs"):
            continue
        if name.startswith("minimax"):
            earlier = [f"random+minimax{i}" for i in range(1, int(name[7:]) + 1)]
            path = [r["quota_recalls"] for p in earlier for r in grid.of(p, density) if r["run"]["seed"] == seed]
            if len(path) < len(earlier):
                continue
            weights = np.ones(len(sizes))
            for recalls in path:
                weights = quotas.minimax_weights(weights, recalls, rate)
        else:
            gamma = float(name.removeprefix("gamma")) if name.startswith("gamma") else 1.0
            weights = {"balanced": 1 / sizes, "size": errors / sizes}.get(name, errors**gamma)
        checked += 1
        right += bool((quotas.counts(sizes, weights, density) == record["kept"]).all())
    return right, checked


tally = {rule: np.sum([again(rule, d) for d in pruned], axis=0) for rule in rules if pruned}
rows = [[label(rule), f"{right} of {total}"] for rule, (right, total) in tally.items() if total]
figures.table(rows, ["rule", "quotas follow"])

# %% [markdown]
# ## Does another round help?
#
# In a mixture [one step of DRoP always overshoots](10_why_class_densities_matter.ipynb). Two ways to go on: make the
# densities anew from the recalls of the pruned model (*Iterated*), or multiply up (*Minimax*).


# %% tags=["hide-input", "first-page"]
def iterated(world):
    """Class risks (rounds + 1, 2) with equal densities, and after each round of densities made from the last risks."""
    risks = [learnt(world, np.ones(2), low)]
    for _ in range(rounds):
        risks.append(learnt(world, risks[-1], low))
    return np.array(risks)


def climbed(world):
    """Class risks (rounds + 1, 2) before and after each round of exponentiated gradient."""
    return np.array([learnt(world, weights, low) for weights in minimax_path(world, rounds, low)])


def excess(risks, world):
    """Worst-class risk above the least possible, in points."""
    return 100 * (risks.max(axis=-1) - floor(world, low))


def rounds_panel(path, title):
    fig, ax = plt.subplots(figsize=(4.6, 3.5))
    top = max(excess(learnt(world, np.ones(2), low), world) for world in worlds)
    for i, (world, name) in enumerate(zip(worlds, names, strict=True)):
        heights = np.minimum(excess(path(world), world), 2 * top)
        ax.plot(range(rounds + 1), heights, color=COLOURS[i % 4], marker="osD^vph<"[i % 8], label=name)
    ax.axhline(0, color=figures.INK, linewidth=1)
    ax.set_ylim(-0.05 * top, 1.5 * top)
    ax.set_xlabel("round")
    ax.set_ylabel("left on the table (points)")
    ax.legend(title="minimax risk", fontsize=8, title_fontsize=8, loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=4,
              columnspacing=0.8, handletextpad=0.3, handlelength=1.4, alignment="left")  # fmt: skip
    fig.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


# %% tags=["hide-input", "nbval-ignore-output", "first-page"]
ends = {name: (world, iterated(world), climbed(world)) for name, world in zip(names, worlds, strict=True)}
last = [f"risk {n}: iterated {excess(a[-1], w):.1f}, minimax {excess(b[-1], w):.1f}" for n, (w, a, b) in ends.items()]
figures.show(
    [rounds_panel(iterated, "Iterated DRoP"), rounds_panel(climbed, f"Minimax, rate {rate:g}")],
    f"Worst-class risk above the least possible, in points, against the round, in the mixtures. After {rounds} rounds: "
    f"{'; '.join(last)}.",
    name="rounds",
)
figures.say(
    "*Points of worst-class risk above the least that any densities reach, round after round, in the mixtures (exact; "
    "round 0 is random pruning). Lines that leave a panel go on above it.*"
)

# %% [markdown] tags=["first-page"]
# The rate decides whether Minimax settles, as the exponent does for DRoP:
#
# ````{prf:proposition} How fast exponentiated gradient may go
# :label: thm-rate
#
# Let $z = \Delta/(\sigma_0 + \sigma_1)$ and $\phi$ the standard normal density. Near the minimax ratio a round at rate
# $\eta$ multiplies the distance of the log prior ratio from it by $1 - \eta\,\phi(z)/z$. It closes in if
# $\eta < 2\eta^*$ with $\eta^* = z/\phi(z)$, fastest at $\eta^*$, and runs away beyond $2\eta^*$.
# ````
#
# ````{prf:proof}
# With the notation of the proof that [DRoP overshoots](10_why_class_densities_matter.ipynb), a round maps the log ratio
# $u$ to $u + \eta\,(R_0 - R_1)$. At $\hat t$ both $f_k = \phi(z)/\sigma_k$, so
# $\frac{d}{dt}(R_0 - R_1) = -\phi(z)\big(\frac1{\sigma_0} + \frac1{\sigma_1}\big)$, and
# $\frac{dt}{du} = 1/\big(\frac z{\sigma_0} + \frac z{\sigma_1}\big)$. Their product is $-\phi(z)/z$. $\square$
# ````
#
# So a rate $\eta$ acts like an exponent $\gamma = \eta\,\Phi(-z)$ on multiplied risks, and one rate cannot suit easy
# and hard problems: the harder the problem, the smaller the rate that still settles. The check compares the factor with
# the iteration itself.

# %% tags=["first-page"]
rows = []
for world, name in zip(worlds, names, strict=True):
    z = float(np.diff(world.means)[0] / world.stds.sum())
    star, wanted = z / norm.pdf(z), np.log(world.stds[0] / world.stds[1])
    near = world.prune_randomly(world.optimal_densities(low) * (1 - 1e-4 * np.array([1.0, 0.0])))
    start = np.log(near.priors[0] / near.priors[1]) - wanted
    risks = near.class_risks(near.stationary_threshold())
    factor = 1 + rate * (risks[0] - risks[1]) / start
    verdict = "settles" if rate < 2 * star else "runs away"
    rows.append([name, star, 2 * star, 1 - rate / star, factor, verdict])
figures.table(rows, ["minimax risk", "best rate", "largest rate", f"factor at {rate:g}", "iterated", ""])

# %% tags=["hide-input", "nbval-ignore-output"]
STEPS = {
    "random+drop": ("random", "random+drop", "random+iterated2"),
    "random+minimax1": ("random", "random+minimax1", "random+minimax2", "random+minimax3"),
}
figs, climbs = [], [d for d in pruned if grid.of("random+iterated2", d) or grid.of("random+minimax1", d)]
for d in climbs:
    fig, ax = plt.subplots(figsize=(4.6, 3.3))
    for which, steps in STEPS.items():
        colour, known = look(which).colour, [(i, p) for i, p in enumerate(steps) if grid.of(p, d)]
        estimates = [(i, grid.estimate(p, d, "worst_class")) for i, p in known]
        shift = -0.04 if which == "random+drop" else 0.04
        x = [i + shift for i, _ in known]
        ax.plot(x, [100 * e.value for _, e in estimates], color=colour, marker="D" if shift < 0 else "o",
                linestyle="--" if shift < 0 else "-", label="Iterated DRoP" if shift < 0 else "Minimax")  # fmt: skip
        for at, (_, e) in zip(x, estimates, strict=True):
            if e.seeds > 1:
                ax.plot([at, at], [100 * e.low, 100 * e.high], color=colour, linewidth=1)
    if grid.of("full", 1.0):
        ax.axhline(100 * grid.value("full", 1.0, "worst_class"), color=figures.INK, linestyle=":", linewidth=1)
    ax.set_xticks(range(4), ["Random", "1", "2", "3"])
    ax.set_xlabel("round")
    ax.set_ylabel("worst-class accuracy (%)")
    ax.legend(loc="lower right")
    fig.suptitle(f"{benchmark}, density {d:g}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    figs.append(fig)
if figs:
    figures.show(
        figs,
        f"Worst-class accuracy on real images after each round, on {grid.scope}. "
        + "; ".join(f"density {d:g}: " + ", ".join(
            f"{label(p)} {100 * grid.value(p, d, 'worst_class'):.1f} %"
            for p in dict.fromkeys(sum(STEPS.values(), ())) if grid.of(p, d)) for d in climbs) + ".",
        name="rounds_on_images",
    )  # fmt: skip
    figures.say(
        f"*Worst class after each round on real images ({grid.scope}), with 95 % intervals; dotted: training on "
        "everything.*"
    )
else:
    figures.say("On these images no later round has been measured.")

# %% [markdown] tags=["first-page"]
# ## Sizes or densities?
#
# On balanced data the paper's Algorithm 1 and its released code agree. On unequal classes they do not: the algorithm
# makes class *densities* go with the errors, the code class *sizes*. An example with four classes:

# %% tags=["first-page"]
N, r, d = np.array([5000, 2500, 1000, 500]), np.array([0.95, 0.9, 0.8, 0.6]), 0.3
example = {
    "random": np.ones(4), "random+balanced": 1 / N, "random+gamma0.5": quotas.error_weights(r, 0.5),
    "random+drop": quotas.error_weights(r), "random+gamma2": quotas.error_weights(r, 2.0),
    "random+size": quotas.size_weights(N, r),
}  # fmt: skip
kept = {rule: quotas.counts(N, weights, d) for rule, weights in example.items()}
figures.table([["all", *N], *([label(rule), *n] for rule, n in kept.items())],
              ["rule", *(f"recall {v:g}" for v in r)])  # fmt: skip

# %% tags=["hide-input", "first-page"]
released = taken(released_quotas(N, r, round(d * N.sum())), N, round(d * N.sum()))
figures.say(
    f"Algorithm 1 keeps {', '.join(map(str, kept['random+drop']))}, the released code's rule "
    f"{', '.join(map(str, kept['random+size']))}: with sizes, the small and hard classes get much more. (The code "
    f"itself truncates on its way, to {', '.join(map(str, released))}, and tops up with samples of any class; see "
    "[the deviations](41_deviations.ipynb).)"
)

# %% [markdown] tags=["first-page"]
# Which is right? In the mixture the best class *sizes* go with $\sigma_k$ and do not depend on the priors at all: no
# rule that multiplies the data's imbalance by something can know that. Here one mixture is made imbalanced, from few
# samples of the hard class to many.

# %% tags=["hide-input", "first-page"]
world = worlds[len(worlds) // 2]
prior = np.linspace(0.05, 0.95, 91)  # of class 1, the more spread out
tiny = 0.02  # so little that no class is ever full
skewed = [GaussianMixture(world.means, world.stds, (1 - p, p)) for p in prior]
shown = ("random", "random+balanced", "random+drop", "random+size", "random+gamma0.5")
lines = {rule: np.array([learnt(w, weights_of(rule, w, tiny), tiny).max() for w in skewed]) for rule in shown}
least = floor(world, tiny)

# %% tags=["hide-input", "nbval-ignore-output", "first-page"]
fig, ax = plt.subplots(figsize=(5.2, 3.7))
for rule, values in lines.items():
    of = look(rule)
    ax.plot(prior, 100 * values, color=of.colour, marker=of.marker, markevery=10, markersize=5, label=label(rule))
ax.axhline(100 * least, color=figures.INK, linestyle=":", linewidth=1)
ax.annotate("minimax", (prior[-1], 100 * least), (0, -10), textcoords="offset points", ha="right", fontsize=9)
ax.set_ylim(0, min(100, 100 * max(2.2 * lines["random+balanced"].max(), 1.5 * lines["random+drop"].max())))
ax.set_xlabel("share of the hard class in the data")
ax.set_ylabel("worst-class risk (%)")
ax.legend(fontsize=9, ncols=2)
figures.show(
    fig,
    "Worst-class risk after random pruning by five rules against the share of the hard class in the data. "
    + "; ".join(f"{label(rule)} from {100 * v.min():.0f} to {100 * v.max():.0f} %" for rule, v in lines.items()) + ".",
    name="imbalance",
)  # fmt: skip

# %% tags=["hide-input", "first-page"]
at = [int(np.argmin(abs(prior - p))) for p in (0.1, 0.3, 0.5, 0.7, 0.9)]
rows = [[label(rule), *(100 * v[i] for i in at), 100 * v.max()] for rule, v in lines.items()]
figures.table(rows, ["worst-class risk, %", *(f"share {prior[i]:.1f}" for i in at), "largest"], 1)
where = lines["random+size"] < lines["random+drop"] - 1e-9
better = float(where.mean())
steady = min(lines, key=lambda rule: lines[rule].max())
beaten = f", at shares from {prior[where].min():.2f} to {prior[where].max():.2f}" if better else ""
figures.say(
    f"The size rule beats Algorithm 1 on {percent(better)} of this range{beaten}. The smallest risk in the worst case "
    f"has **{label(steady)}** ({percent(lines[steady].max(), 1)}, against {percent(least, 1)} at best, "
    f"{percent(lines['random+drop'].max(), 1)} for DRoP, {percent(lines['random+size'].max(), 1)} for the size rule)."
    + (" The size rule corrects the imbalance twice: sizes, not densities, follow the errors, and the errors are large "
       "already because the query saw few samples of that class." if better < 0.5 else "")
)  # fmt: skip

# %% [markdown]
# ## How noisy are the quotas?
#
# Quotas are made of recalls, and recalls are estimates. Two things make them noisy: the validation images, the same for
# all query models, and the query models themselves, new ones for every seed. The first can be worked out from the
# binomial law; the second shows in the spread over seeds. Five query models do not make five times as many images:
# errors on an image are shared.


# %% tags=["hide-input"]
def shares(recalls, shrink=None):
    """DRoP's share of the budget for each class, (K,), at the lowest density; shrink: with so many images a class."""
    if shrink is not None:
        recalls = quotas.shrunken_recalls(np.round(recalls * shrink).astype(int), np.full(len(recalls), shrink))
    return quotas.drop_densities(sizes, np.minimum(recalls, 1 - 1e-9), low) * sizes / (low * sizes.sum())


def misplaced(found, truth):
    """The share of the budget that goes to the wrong class, mean over the first axis."""
    return float(np.abs(found - truth).sum(axis=-1).mean() / 2)


rng = np.random.default_rng(0)
enough = len(query) > 0
if enough:
    truth, counts_of_images = query.mean(axis=0), [10, 20, 50, 100, 200, 500, 1000]
    drawn = {n: rng.binomial(n, truth, size=(draws, len(truth))) / n for n in [*counts_of_images, int(images.min())]}
    made = {n: [np.array([shares(r, s) for r in drawn[n]]) for s in (None, n)] for n in drawn}  # plain, shrunken
    noisy = {n: [misplaced(found, shares(truth)) for found in both] for n, both in made.items()}
    between = misplaced(np.array([shares(r) for r in query]), shares(truth)) if len(query) > 1 else float("nan")


# %% tags=["hide-input", "nbval-ignore-output"]
def spread_panel():
    """Class densities over the overall density: 90 % of the draws of images, and the seeds' own."""
    fig, ax = plt.subplots(figsize=(4.6, 3.7))
    scale_ = sizes.sum() / sizes
    cloud, colour = made[int(images.min())][0] * scale_, figures.METHODS["random+drop"].colour
    for x, k in enumerate(order):
        ends_ = np.quantile(cloud[:, k], [0.05, 0.95])
        ax.plot([x, x], ends_, color=colour, linewidth=5, alpha=0.5, solid_capstyle="butt")
    for recalls in query:
        ax.plot(range(len(order)), (shares(recalls) * scale_)[order], ".", color=figures.INK, markersize=5)
    ax.set_xticks(range(len(order)), np.array(classes)[order], rotation=45, ha="right", fontsize=8)
    ax.set_ylim(0, None)
    ax.set_ylabel("class density / density")
    fig.suptitle("DRoP's quotas, class by class", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


def images_panel():
    fig, ax = plt.subplots(figsize=(4.6, 3.7))
    for i, rule in enumerate(("random+drop", "random+shrunken")):
        of, heights = look(rule), [100 * noisy[n][i] for n in counts_of_images]
        ax.plot(counts_of_images, heights, color=of.colour, marker=of.marker, label=label(rule))
    if np.isfinite(between):
        ax.axhline(100 * between, color=figures.INK, linestyle=":", linewidth=1)
        where = (counts_of_images[0], 100 * between)
        ax.annotate("query models alone", where, (0, 4), textcoords="offset points", fontsize=9)
    ax.set_xscale("log")
    ax.set_xticks(counts_of_images, map(str, counts_of_images))
    ax.minorticks_off()
    ax.set_ylim(0, None)
    ax.set_xlabel("validation images a class")
    ax.set_ylabel("budget in the wrong class (%)")
    ax.legend()
    fig.suptitle("The fewer images, the worse", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


if enough:
    figures.show(
        [spread_panel(), images_panel()],
        f"Noise of DRoP's quotas on {benchmark}. With {images.min()} validation images a class "
        f"{percent(noisy[int(images.min())][0], 1)} of the budget is in the wrong class, with {counts_of_images[0]} "
        f"{percent(noisy[counts_of_images[0]][0], 1)}; the query models alone misplace {percent(between, 1)}.",
        name="noise",
    )
    figures.say(
        f"*Left: class densities over the overall density; bars hold 90 % of {draws} draws of {images.min()} "
        f"validation images a class, a dot is a seed ({len(query)}), with query models of its own on the same "
        "images. Right: share of the budget that goes to the wrong class, against the number of validation images.*"
    )

# %% tags=["hide-input"]
if enough:
    rows = [[str(n), *(100 * v for v in noisy[n])] for n in counts_of_images]
    figures.table(rows, ["images a class", "DRoP, % misplaced", "Shrunken, % misplaced"], 1)
    n = int(images.min())
    gain = noisy[n][0] - noisy[n][1]
    ahead = [str(m) for m in counts_of_images if noisy[m][1] < 0.95 * noisy[m][0]]
    figures.say(
        f"With the {n} images a class of this benchmark, {percent(noisy[n][0], 1)} of the budget goes to the wrong "
        "class. "
        + (f"The query models of a seed, on the same images, misplace {percent(between, 1)}. " if between > 0 else "")
        + minus(f"Shrinking the recalls takes {100 * gain:.2f} points off the first")
        + (", next to nothing: these recalls differ far beyond chance. " if abs(gain) < 0.1 * noisy[n][0] else ". ")
        + (f"It helps by a twentieth or more with {listed(ahead)} images." if ahead else
           "At none of the numbers shown does it help by a twentieth.")
    )  # fmt: skip

# %% [markdown]
# ### How many query models?
#
# The paper averages over five. What fewer would do is seen from single query models where their recalls have been
# released; where not, it follows from the spread over seeds, each of which has fresh ones.

# %% tags=["hide-input"]
path = records.committed().parent / "released" / "manifest.json"
manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
entries = [entry for name, entry in manifest.items() if name.startswith(f"{benchmark}-{scale}-seed")]
single = np.array([recalls for entry in entries for recalls in entry["short"].get("recalls", [])])
models = grid.entry.recipe.short_queries
rows = []
for m in range(1, models + 1) if enough else ():
    if len(single) >= 2 * models:
        groups = np.array([single[rng.permutation(len(single))[:m]].mean(axis=0) for _ in range(draws)])
        centre = single.mean(axis=0)
    elif len(query) > 1:
        noise = rng.normal(size=(draws, len(query))) @ (query - truth) / np.sqrt(len(query) - 1)
        groups, centre = np.clip(truth + np.sqrt(models / m) * noise, 0, 1), truth
    else:
        break
    worst = int(np.argmin(centre))
    found = 100 * np.array([shares(recalls) for recalls in groups])
    rows.append([str(m), misplaced(found, 100 * shares(centre)), found[:, worst].mean(), found[:, worst].std()])
if rows:
    figures.table(rows, ["query models", "% misplaced", f"share of {classes[worst]}, %", "its deviation"], 1)
    of_images = 100 * noisy[int(images.min())][0]
    enough_models = [row[0] for row in rows if row[1] < of_images]
    source = "single query models" if len(single) >= 2 * models else "the spread over seeds"
    figures.say(
        f"From {source}: one query model puts {rows[0][1]:.1f} % of the budget in another class than many would, "
        f"{models} put {rows[-1][1]:.1f} %. The validation images alone misplace {of_images:.1f} %: "
        + (f"from {enough_models[0]} query model{'s' * (enough_models[0] != '1')} on they are the larger source of "
           "noise, and more query models bring little." if enough_models else
           "even so many query models are the larger source of noise.")
    )  # fmt: skip
else:
    figures.say("Too few seeds to tell.")

# %% [markdown]
# ## What it means


# %% tags=["hide-input"]
def ranks():
    """How well the mixtures foretell the order of the rules on real images: rank correlation by density."""
    found = {}
    for d in gaps:
        both = [(np.mean(np.minimum(left[p], 2)), -gaps[d][p].value if p in gaps[d] else 0.0) for p in rules
                if p in gaps[d] or p == "random+drop"]  # fmt: skip
        if len(both) > 3:
            found[d] = float(spearmanr(*zip(*both, strict=True)).statistic)
    return found


FLAT = ("random+gamma0.5", "random+gamma0.7")


def in_the_mixtures():
    """What the mixtures say, line by line."""
    middle = {rule: float(np.median(left[rule])) for rule in rules}
    leader = min(middle, key=middle.get)
    harmful = [rule for rule in rules if max(left[rule]) > 1 + 1e-6]
    gains = [f"{label(p)} in {sum(np.less(left[p], left['random+drop']))}" for p in FLAT if p in rules]
    yield (
        f"**In the mixtures** DRoP leaves {100 * min(left['random+drop']):.0f} to {100 * max(left['random+drop']):.0f} "
        f"% of what random pruning leaves; {label(leader)} has the least median ({percent(middle[leader])}). "
        + (f"An exponent below 1 leaves less than DRoP: {listed(gains)} of {len(worlds)} mixtures. " if gains else "")
        + f"Rules that make some mixture worse than random pruning does: {listed(map(label, harmful))}."
    )
    if correlations := ranks():
        yield (
            "**Do the mixtures foretell the order on real images?** Rank correlation of what is left: "
            + ", ".join(f"{v:.2f} at density {d:g}" for d, v in correlations.items())
            + "."
        )
    extra = 100 * np.abs(lines["random+size"] - lines["random+drop"]).max()
    yield (
        "**Sizes or densities?** On balanced data the paper's rule and the released code's are one, but for "
        "[how it fills classes](41_deviations.ipynb). In the mixture of unequal classes they differ by up to "
        f"{extra:.0f} points of worst-class risk; on images, see [imbalanced data](43_imbalanced_data.ipynb)."
    )


def sure(estimates):
    """The rules that are surely above, surely below, and neither, in words."""
    above = [p for p, e in estimates.items() if e.low > 0]
    below = [p for p, e in estimates.items() if e.high < 0]
    rest = [p for p in estimates if p not in above + below]
    above, below, rest = (listed(map(label, group)) for group in (above, below, rest))
    return f"surely better: {above}; surely worse: {below}; not told apart: {rest}"


# %% tags=["hide-input"]
found = list(in_the_mixtures()) if mixture_part else []
for d in (d for d in gaps if gaps[d]):
    shared = sorted({e.seeds for e in gaps[d].values()})
    few = ", which can tell next to nothing apart" * (shared == [2])
    found.append(
        f"**On real images at density {d:g}**, beside DRoP ({'–'.join(map(str, shared))} shared seeds{few}; 95 % for "
        f"each comparison, whatever their number). Worst class, {sure(gaps[d])}. Average, {sure(averages[d])}."
    )
    if flat := [p for p in FLAT if p in gaps[d]]:
        moves = [f"{label(p)} worst class {points(gaps[d][p])}, average {points(averages[d][p])}" for p in flat]
        found.append(f"**An exponent below 1 at {d:g}**, minus DRoP: {'; '.join(moves)}.")
    if rivals := [p for p in gaps[d] if p not in ("random", "random+balanced")]:
        top = max(rivals, key=lambda p: gaps[d][p].value)
        hardest = [grid.kept(p, d).mean(axis=0)[order[0]] for p in (top, "random+drop")]
        found.append(
            f"**Flatter or steeper at {d:g}?** The best worst class of the other rules is {label(top)}'s: "
            f"{points(gaps[d][top])} against DRoP, with {hardest[0] / hardest[1]:.1f} times DRoP's samples of "
            f"{classes[order[0]]}, the hardest class. The best of {len(rivals)} is partly luck."
        )
errors = 1 - query.mean() if enough else float("nan")
if enough:
    found.append(
        f"**Which exponent would the theory choose here?** The query models err on {percent(errors)} of the validation "
        f"images, for which γ* is {float(damped_exponent(errors)):.2f}. It is a formula for two classes on a line: "
        "a hint, not a claim."
    )
figures.say("\n".join(f"- {minus(line)}" for line in found), name="short")

# %% tags=["hide-input"]
found = []
for d in pruned:
    turns = [("random+iterated2", "random+drop", "a second round of DRoP moves"),
             ("random+minimax3", "random+minimax1", "two more rounds of Minimax move")]  # fmt: skip
    for later, earlier, words in turns:
        if e := grid.compare(later, earlier, d):
            found.append(f"At density {d:g} {words} the worst class by {points(e)}.")
if mixture_part:
    settled = [[n for n, ways in ends.items() if np.ptp(ways[i][-2:], axis=0).max() < 1e-3] for i in (1, 2)]
    found.append(
        f"In the mixtures, after {rounds} rounds, Iterated DRoP has settled for {listed(settled[0])} of the minimax "
        f"risks {listed(names)}, Minimax at rate {rate:g} for {listed(settled[1])}. Densities made anew jump to and "
        "fro between too little and too much, as the corollary on damping says; rounds that *multiply* settle where "
        "the rate is small enough for the problem."
    )
found.append(
    "Random and Balanced need nothing but the labels; Iterated and Minimax a training for every round after the first; "
    "all other rules a few short query models and no more."
)
found.append("The paper has one rule and makes no claim about others, so nothing here contradicts it.")
figures.say("\n".join(f"- {line}" for line in found))

# %% [markdown]
# ## What it cost

# %% tags=["hide-input"]
if cost := grid.cost():
    figures.say(
        f"{cost} To measure what is missing, or all of it elsewhere:\n\n```bash\n"
        f"python -m drop run {benchmark} {scale} --pruners {','.join(pruners)} \\\n"
        f"  --densities {','.join(f'{d:g}' for d in densities)} --seeds {','.join(map(str, seeds))}\n```"
    )
