# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Beyond two classes on a line
#
# *With many classes, in many dimensions, and for learners that are not linear: which class densities are best then, and
# how near does DRoP come?*
#
# [The last chapter](10_why_class_densities_matter.ipynb) had two classes and a threshold. The paper stops there; this
# chapter goes on. Expect that best class densities exist in general and can be computed; that they depend on *which
# rules the learner may use*; that one step of {term}`DRoP` closes part of the gap or overshoots, as before; and that
# the damped exponent found for two classes serves many.

# %% tags=["parameters"]
means = [-2.0, -0.8, 0.6, 2.4]  # of the example, in increasing order
stds = [0.5, 0.9, 0.4, 1.0]
classes = 5  # in the random mixtures
mixtures = 150  # how many of them, in each of three worlds
isotropic = 16  # mixtures for linear rules, in the plane and in four dimensions
pairs = 400  # random pairs of covariances
seed = 0

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

from drop.chapters import figures
from drop.mixture import GaussianMixture, damped_exponent
from drop.mixture import classes as mc

figures.style()
MINIMAX, GREY, ORANGE = "#009068", figures.METHODS["random"].colour, figures.METHODS["random+drop"].colour
means, stds = np.asarray(means, dtype=float), np.asarray(stds, dtype=float)
if means.ndim != 1 or len(means) < 2 or means.shape != stds.shape:
    raise ValueError(
        f"means and stds must be two lists of one length from 2 on, got {means.tolist()} and {stds.tolist()}."
    )
if not (np.isfinite(means).all() and (np.diff(means) > 0).all()):
    raise ValueError(f"means must be finite and increase, got {means.tolist()}.")
if not ((stds > 0) & np.isfinite(stds)).all():
    raise ValueError(f"stds must be positive and finite, got {stds.tolist()}.")
for name, value, least in (
    ("classes", classes, 2),
    ("mixtures", mixtures, 2),
    ("isotropic", isotropic, 2),
    ("pairs", pairs, 2),
):
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number from {least} on, got {value}.")
rng = np.random.default_rng(seed)

# %% [markdown]
# ## Many classes on the line
#
# On a line, the largest of $K$ affine functions changes hands at $K - 1$ thresholds. We let the classes $1, \dots, K$
# stand in the order of their means, $\mu_1 < \dots < \mu_K$, and call $t_1 \le \dots \le t_{K-1}$ an *ordered rule*:
# predict class $k$ between $t_{k-1}$ and $t_k$ (with $t_0 = -\infty$, $t_K = \infty$). This is the linear learner here;
# priors are $\varphi_k$, densities $f_k$, distribution functions $F_k$, class risks $R_k$.
#
# ````{prf:theorem} Ordered rules
# :label: thm-ordered
#
# 1. The average risk of an ordered rule is a sum of one term per threshold,
#    $R = 1 - \varphi_K + \sum_k \big[\varphi_{k+1}F_{k+1}(t_k) - \varphi_kF_k(t_k)\big]$. So each inner threshold of
#    the best rule solves the two-class problem of its neighbours, unless two thresholds coincide and a class is never
#    predicted.
# 2. There is exactly one ordered rule $\hat t_1 < \dots < \hat t_{K-1}$ whose class risks are all equal, and it has the
#    least worst-class risk.
# 3. It is stationary for the average risk if and only if the priors satisfy
#    $\frac{\varphi_{k+1}}{\varphi_k} = \frac{f_k(\hat t_k)}{f_{k+1}(\hat t_k)}$ for all $k$. Call these priors
#    $\hat\varphi$. Random pruning brings them about with $d_k = d\,\hat\varphi_k/\varphi_k$, feasible if and only if
#    $d \le \min_k \varphi_k/\hat\varphi_k$.
# ````
#
# ````{prf:proof}
# 1\. Class $k$ is right with probability $F_k(t_k) - F_k(t_{k-1})$; sum by parts.
#
# 2\. Fix a risk $p$ and go from left to right: end the interval of class 1 at the least $t_1$ with $R_1 \le p$, then
# that of class 2 at the least $t_2$ with $R_2 \le p$, and so on. Every rule whose first $K - 1$ risks are at most $p$
# has thresholds at or to the right of these, and so a larger or equal risk of class $K$. The risk $R_K$ of the greedy
# rule falls strictly and continuously in $p$ (it is 1 where an interval has no end), so it crosses $p$ once, and at
# that $p$ all risks are equal. A rule whose risks are all at most some $p' < p$ would make the greedy $R_K$ at $p'$ at
# most $p'$, though it is larger there than at $p$, where it is $p$.
#
# 3\. Set the derivative of each term in 1 to zero. After pruning the priors are $\propto d_k\varphi_k$; no density may
# exceed 1. $\square$
# ````
#
# For two classes this is $\sigma_0/\sigma_1$ again: {prf:ref}`thm-densities`.

# %% tags=["hide-input"]
size = len(means)
even = np.full(size, 1 / size)


def ordered_risks(priors):
    return mc.threshold_risks(means, stds, mc.average_optimal_thresholds(means, stds, priors))


def gamma_of(risks, priors):
    """The damped exponent of two classes, z/h(z), with the average risk of the query in the place of Φ(−z)."""
    return float(damped_exponent(np.sum(priors * risks)))


def after(risks, priors, exponent):
    """Priors after one unsaturated step of DRoP."""
    weights = priors * np.maximum(risks, 1e-12) ** exponent
    return weights / weights.sum()


query = ordered_risks(even)
gamma = gamma_of(query, even)
best = mc.minimax_priors(means, stds)
rules = {
    "Random": (even, GREY, "o"),
    "DRoP": (after(query, even, 1.0), ORANGE, "D"),
    f"DRoP, γ = {gamma:.2f}": (after(query, even, gamma), "#6b5bd6", "v"),
    "Minimax quotas": (best, MINIMAX, "s"),
}


def together(risks):
    """Classes whose risks are too near each other for a name each, from the least risk to the largest."""
    order = np.argsort(risks)
    return np.split(order, 1 + np.flatnonzero(np.diff(risks[order]) > 0.02))


# %% tags=["hide-input", "nbval-ignore-output"]
bells, ax = plt.subplots(figsize=(4.4, 3.3))
x = np.linspace((means - 3.2 * stds).min(), (means + 3.2 * stds).max(), 600)
shades = plt.get_cmap("viridis")(np.linspace(0.15, 0.8, size))
for k in range(size):
    curve = np.exp(-(((x - means[k]) / stds[k]) ** 2) / 2) / stds[k] / np.sqrt(2 * np.pi) / size
    ax.fill_between(x, curve, color=shades[k], alpha=0.45, lw=0)
    ax.annotate(f"{k + 1}", (means[k], curve.max()), (0, 3), textcoords="offset points", ha="center")
for cuts, colour, dashes in (
    (mc.average_optimal_thresholds(means, stds, even), GREY, "-"),
    (mc.minimax_thresholds(means, stds), MINIMAX, "--"),
):
    for cut in cuts[np.isfinite(cuts)]:
        ax.axvline(cut, color=colour, ls=dashes)
ax.set(xlabel="x", title="Least average (grey), least worst (dashed)", yticks=[])
ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
dots, ax = plt.subplots(figsize=(4.4, 3.3))
for row, (priors, colour, marker) in enumerate(rules.values()):
    risks = ordered_risks(priors)
    ax.plot(risks, np.full(size, -row), marker, color=colour, ms=9, alpha=0.35)
    for group in together(risks):
        names = ",".join(str(k + 1) for k in sorted(group))
        ax.annotate(names, (risks[group].mean(), -row), (0, 7), textcoords="offset points", ha="center", fontsize=9)
    ax.plot([risks.min(), risks.max()], [-row, -row], color=colour, lw=1.5)
ax.set_yticks(-np.arange(len(rules)), rules)
ax.set(xlabel="class risk", title="Risk of each class", ylim=(-len(rules) + 0.5, 0.6))
ax.grid(axis="y", visible=False)
worst = {label: float(ordered_risks(priors).max()) for label, (priors, _, _) in rules.items()}
figures.show(
    [bells, dots],
    f"{size} normal classes on a line with two rows of thresholds, and the class risks under four quotas. "
    "Worst-class risk: " + ", ".join(f"{label} {value:.3f}" for label, value in worst.items()),
)

# %% tags=["hide-input"]
rows = [
    [label, *priors, ordered_risks(priors).max(), even @ ordered_risks(priors)]
    for label, (priors, _, _) in rules.items()
]
figures.table(rows, ["quotas", *[f"share {k + 1}" for k in range(size)], "worst class", "average"])

# %% [markdown]
# ## The yardstick for any rule: the least favourable prior
#
# Thresholds are what a linear learner can do. A learner that may draw any boundary follows the Bayes rule, and for it
# there is a classical answer.
#
# ````{prf:theorem} Least favourable prior
# :label: thm-favourable
#
# Let $R_B(\varphi)$ be the risk of the Bayes rule at priors $\varphi$. It is concave. At a maximiser $\varphi^*$ the
# worst-class risk of the Bayes rule equals $R_B(\varphi^*)$, and no rule at all has a smaller one. Random pruning makes
# the Bayes learner choose it with $d_k = d\,\varphi^*_k/\varphi_k$, feasible if and only if
# $d \le \min_k\varphi_k/\varphi^*_k$.
# ````
#
# ````{prf:proof}
# $R_B$ is a minimum, over all rules, of functions $\sum_k \varphi_kR_k$ that are linear in $\varphi$; so it is concave.
# Different normal densities tie on a null set only, so the Bayes rule is unique up to that, $R_B$ is differentiable and
# its gradient is the vector of class risks. At a maximum over the simplex all classes with $\varphi^*_k > 0$ have the
# same risk, $R_B(\varphi^*)$, and the others no larger one. Any rule has a worst-class risk of at least
# $\sum_k\varphi^*_kR_k \ge R_B(\varphi^*)$. $\square$
# ````
#
# With unequal spreads the two answers differ even for two classes on a line, because the Bayes rule is an interval and
# not a threshold. So one has to say which learner is meant.

# %%
rows = []
cases = [((0, 1), (0.5, 1)), ((0, 0.3), (0.5, 2)), ((-1, 1), (0.5, 1)), ((0, 1), (0.7, 0.7))]
for where, scale in cases:
    where, scale = np.array(where, float), np.array(scale, float)
    cells = mc.line_cells(where, scale, points=20_001)
    prior = mc.least_favourable_prior(cells)
    linear = mc.minimax_priors(where, scale)
    bayes_risk = prior @ mc.bayes_risks(cells, prior)
    cut = mc.minimax_thresholds(where, scale)
    threshold_risk = mc.threshold_risks(where, scale, cut).max()
    name = f"{where.tolist()}, {scale.tolist()}"
    rows.append([name, linear[0] / linear[1], threshold_risk, prior[0] / prior[1], bayes_risk])
names = ["means, stds", "ratio, threshold", "its risk", "ratio, any rule", "its risk "]
figures.table(rows, names)

# %% [markdown]
# ## How much of the gap does DRoP close?
#
# Many random mixtures, from easy to hard, in three worlds: ordered rules on the line; Bayes rules on the line; Bayes
# rules in the plane, with general covariances. All start from even priors, and so little is kept that no class is full.
# The share of the gap that quotas close is
#
# $$
# \frac{\text{worst-class risk with even quotas} - \text{with these quotas}}
# {\text{with even quotas} - \text{the least possible}}.
# $$
#
# 1 is the optimum, 0 is no gain, below 0 is harm. The damped exponent is that of {prf:ref}`thm-damping`, with the
# average risk of the query in place of $\Phi(-z)$: something that one can measure. Repeating it *multiplies* the
# weights by the risks of the last model.


# %% tags=["hide-input"]
def world_line(rng):
    m, s = np.sort(rng.normal(size=classes)) * classes, np.exp(rng.uniform(np.log(0.4), np.log(1.6), classes))
    return m * np.exp(rng.uniform(-0.7, 1.0)), s


def ordered(rng):
    m, s = world_line(rng)
    least = mc.threshold_risks(m, s, mc.minimax_thresholds(m, s)).max()
    return lambda p: mc.threshold_risks(m, s, mc.average_optimal_thresholds(m, s, p, points=1201)), least


def bayes(cells):
    prior = mc.least_favourable_prior(cells)
    return lambda p: mc.bayes_risks(cells, p), prior @ mc.bayes_risks(cells, prior)


def plane(rng):
    centres = rng.normal(size=(classes, 2)) * classes * 0.7 * np.exp(rng.uniform(-0.7, 1.0))
    roots = rng.normal(size=(classes, 2, 2)) * 0.6 + np.eye(2) * 0.5
    return mc.sample_cells(
        centres, roots @ roots.swapaxes(1, 2) + 0.05 * np.eye(2), size=2000, seed=int(rng.integers(2**31))
    )


WORLDS = {
    "Thresholds, line": ordered,
    "Bayes, line": lambda rng: bayes(mc.line_cells(*world_line(rng), points=1201)),
    "Bayes, plane": lambda rng: bayes(plane(rng)),
}
STEPS = {"DRoP": (None, 1), "DRoP, damped": ("damped", 1), "damped, 5 steps": ("damped", 5)}
start_priors = np.full(classes, 1 / classes)
closed, errors = {}, {}
for world, make in WORLDS.items():
    shares, errors[world] = {name: [] for name in STEPS}, []
    for _ in range(mixtures):
        risks_at, least = make(rng)
        first = risks_at(start_priors)
        if first.max() - least < 0.005:
            continue  # nothing to close
        errors[world].append(first.mean())
        for name, (kind, count) in STEPS.items():
            priors, risks = start_priors, first
            for _ in range(count):
                priors = after(risks, priors, gamma_of(risks, priors) if kind else 1.0)
                risks = risks_at(priors)
            shares[name].append((first.max() - risks.max()) / (first.max() - least))
    closed[world] = {name: np.array(values) for name, values in shares.items()}

# %% tags=["hide-input", "nbval-ignore-output"]
bars, ax = plt.subplots(figsize=(4.4, 4.3))
looks = {"DRoP": (ORANGE, "D"), "DRoP, damped": ("#6b5bd6", "v"), "damped, 5 steps": (MINIMAX, "s")}
ticks = {}
for i, (world, shares) in enumerate(closed.items()):
    ticks[-4 * i - 1] = world.replace(", ", ",\n")
    for j, (name, values) in enumerate(shares.items()):
        y = -4 * i - j
        q = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
        ax.plot(np.clip(q[[0, 4]], -1, 1), [y, y], color=looks[name][0], lw=1.2)
        ax.plot(np.clip(q[[1, 3]], -1, 1), [y, y], color=looks[name][0], lw=5, alpha=0.5, solid_capstyle="butt")
        ax.plot(np.clip(q[2], -1, 1), y, looks[name][1], color=looks[name][0], ms=7, label=name if i == 0 else None)
ax.axvline(0, color=figures.INK, lw=1)
ax.axvline(1, color=figures.INK, lw=1, ls=":")
ax.set_yticks(list(ticks), list(ticks.values()))
ax.set(xlim=(-1.06, 1.06), xlabel="share of the gap closed")
ax.set_xticks([-1, 0, 1], ["≤ −1, harm", "0, no gain", "1, best"])
ax.grid(axis="y", visible=False)
bars.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.0)

trend, ax = plt.subplots(figsize=(4.4, 4.3))
every = np.concatenate(list(errors.values()))
pooled = {name: np.concatenate([closed[w][name] for w in closed]) for name in STEPS}
groups = np.array_split(np.argsort(every), 8)  # eight groups of mixtures from easy to hard
for name, values in pooled.items():
    colour, marker = looks[name]
    ax.plot(every, np.clip(values, -1, 1), ".", color=colour, ms=3, alpha=0.25)
    ax.plot(
        [every[g].mean() for g in groups],
        np.clip([np.median(values[g]) for g in groups], -1, 1),
        marker=marker,
        color=colour,
    )
ax.axhline(0, color=figures.INK, lw=1)
ax.set(
    ylim=(-1.06, 1.06),
    xlabel="average risk of the query",
    ylabel="share of the gap closed",
    title="From easy to hard, all worlds",
)
figures.show(
    [bars, trend],
    f"Share of the gap to the least possible worst-class risk that quotas close, over random mixtures of {classes} "
    "classes. Left, by world; right, against the average risk of the query. Medians: "
    + "; ".join(
        f"{world}: " + ", ".join(f"{name} {np.median(v):.2f}" for name, v in shares.items())
        for world, shares in closed.items()
    ),
)

# %% tags=["hide-input"]
rows = [
    [world, name, len(v), *np.quantile(v, [0.05, 0.25, 0.5, 0.75, 0.95]), float((v < 0).mean())]
    for world, shares in closed.items()
    for name, v in shares.items()
]
figures.table(rows, ["world", "quotas", "n", "5 %", "25 %", "median", "75 %", "95 %", "harmed"], 2)

# %% tags=["hide-input"]
easy = np.argsort(every)[: len(every) // 3]
hardest = np.argsort(every)[-(len(every) // 3) :]
figures.table(
    [
        [name, *[f(values[g]) for g in (easy, hardest) for f in (np.median, lambda v: np.mean(v < 0))]]
        for name, values in pooled.items()
    ],
    ["quotas", "easy third: median", "harmed", "hard third: median", "harmed "],
    2,
)


def say(x):
    return f"{x:.2f}".replace("-", "−")


middle = {name: float(np.median(values)) for name, values in pooled.items()}
figures.say(
    "Left: marks are medians, thick bars the middle half, thin lines the middle 90 % of the mixtures; what lies "
    "beyond −1 is drawn at −1. Right: dots are mixtures, lines join medians of eight equal groups. "
    f"In the easy third (average risk up to {every[easy].max():.0%}) one plain step of DRoP closes "
    f"{say(np.median(pooled['DRoP'][easy]))} of the gap in the median and harms the worst class in "
    f"{np.mean(pooled['DRoP'][easy] < 0):.0%} of the mixtures; in the hard third (from {every[hardest].min():.0%}) "
    f"{say(np.median(pooled['DRoP'][hardest]))} and {np.mean(pooled['DRoP'][hardest] < 0):.0%}. "
    f"Over all, the medians are {say(middle['DRoP'])} for the plain step, {say(middle['DRoP, damped'])} for the "
    f"damped one and {say(middle['damped, 5 steps'])} for five damped steps."
)

# %% [markdown]
# ## Many dimensions
#
# A linear rule in $D$ dimensions predicts class 1 where $w \cdot x > b$. What it sees is the projection $w \cdot x$, a
# mixture on the line.
#
# ````{prf:proposition} Isotropic classes are the line
# :label: thm-isotropic
#
# Let class $k$ be $\mathcal N(\mu_k, \sigma_k^2 I)$ in $D$ dimensions. For every linear rule there is one with
# direction $w = \mu_1 - \mu_0$ and no larger risk in either class. So all statements of the last chapter hold with
# $\Delta = \lVert\mu_1 - \mu_0\rVert$.
# ````
#
# ````{prf:proof}
# Take a unit vector $w$. The projection has standard deviations $\sigma_k$, whatever $w$, and distance of the means
# $\delta = w \cdot (\mu_1 - \mu_0) \le \Delta$. With $b = w \cdot \mu_0 + z\sigma_0$ the risks are $\Phi(-z)$ and
# $\Phi((z\sigma_0 - \delta)/\sigma_1)$. At the same $z$ the second is least where $\delta$ is largest,
# $\delta = \Delta$. $\square$
# ````
#
# With general covariances the direction matters.
#
# ````{prf:theorem} The Anderson-Bahadur rule
# :label: thm-anderson
#
# Let class $k$ be $\mathcal N(\mu_k, \Sigma_k)$, $\delta = \mu_1 - \mu_0$ and $s_k(w) = \sqrt{w^\top\Sigma_kw}$. The
# linear rule of least worst-class risk has the direction that maximises $z(w) = w \cdot \delta/(s_0(w) + s_1(w))$, and
# both its risks are $\Phi(-z)$ {cite:p}`anderson1962classification`. At priors with $\varphi_0/\varphi_1 = s_0/s_1$ it
# is a stationary point of the average risk among all linear rules. It need not be the minimum.
# ````
#
# ````{prf:proof}
# For a given $w$ the projection is a mixture on the line, and {prf:ref}`thm-minimax` gives the best offset and the risk
# $\Phi(-z(w))$.
#
# Write the risks of any linear rule as $\Phi(-z_k)$ with $z_0 = (b - w \cdot \mu_0)/s_0$ and
# $z_1 = (w \cdot \mu_1 - b)/s_1$; then $s_0z_0 + s_1z_1 = w \cdot \delta$. At the minimax rule $z_0 = z_1 = z$. Moving
# $w$ and $b$ changes the average risk by $-\phi(z)(\varphi_0\,dz_0 + \varphi_1\,dz_1)$, which at these priors is
# proportional to
#
# $$s_0\,dz_0 + s_1\,dz_1 = d(w \cdot \delta) - z\,d(s_0 + s_1).$$
#
# This vanishes because $w \cdot \delta - z\,(s_0 + s_1)$ with this $z$ is 0 at the minimax direction and nowhere
# positive. That it need not be the minimum is shown by the example below. $\square$
# ````
#
# The check takes random pairs of covariances in the plane and looks in every direction for a linear rule with a smaller
# average risk at the Anderson-Bahadur priors.

# %% tags=["hide-input"]
angles = np.linspace(-np.pi / 2, np.pi / 2, 721)[1:-1]


def sweep(gap, covariances, priors):
    """The mixture seen along each direction that has class 1 ahead, at these priors."""
    turn = np.arctan2(gap[1], gap[0])
    directions = np.stack([np.cos(angles + turn), np.sin(angles + turn)], axis=-1)
    seen = mc.project(np.array([[0.0, 0.0], gap]), covariances, directions)
    return directions, GaussianMixture(seen.means, seen.stds, priors)


def compare(gap, covariances):
    """The Anderson-Bahadur rule, the best linear rule at its priors, and their average risks."""
    w, b = mc.anderson_bahadur(np.array([[0.0, 0.0], gap]), covariances)
    line = mc.project(np.array([[0.0, 0.0], gap]), covariances, w)
    priors = line.stds / line.stds.sum()
    directions, seen = sweep(gap, covariances, priors)
    cuts = seen.average_optimal_threshold()
    risks = seen.average_risk(cuts)
    i = int(np.argmin(risks))
    return (
        (w, b, float(line.worst_class_risk(b))),
        (directions[i], float(cuts[i]), float(risks[i])),
        priors,
        seen.class_risks(cuts)[i],
    )


def covariance(rng):
    turn = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    return turn @ np.diag(np.exp(rng.uniform(-2, 2, 2))) @ turn.T


minimum = constant = other = 0
for _ in range(pairs):
    ab, rival, _, _ = compare(np.array([rng.uniform(0.3, 3), 0.0]), np.array([covariance(rng), covariance(rng)]))
    if rival[2] > ab[2] - 1e-6:
        minimum += 1
    elif np.isfinite(rival[1]):
        other += 1
    else:
        constant += 1
figures.table(
    [["the Anderson-Bahadur rule", minimum], ["another linear rule", other], ["a constant rule", constant]],
    ["least average risk at its priors", "pairs"],
)
figures.say(
    f"In {(other + constant) / pairs:.0%} of {pairs} random pairs a learner of the average risk does not choose the "
    "Anderson-Bahadur rule at the priors made for it."
)

# %% tags=["hide-input", "nbval-ignore-output"]
gap = np.array([1.3, 0.0])
covariances = np.array([[[0.5, 0.9], [0.9, 3.8]], [[6.4, -1.9], [-1.9, 0.9]]])
ab, rival, priors, rival_risks = compare(gap, covariances)
fig, ax = plt.subplots(figsize=(4.8, 4.4))
circle = np.stack([np.cos(np.linspace(0, 2 * np.pi, 200)), np.sin(np.linspace(0, 2 * np.pi, 200))])
for k, (centre, colour) in enumerate(((np.zeros(2), "#0f7fc4"), (gap, "#c2559c"))):
    for radius, strength in ((1, 0.9), (2, 0.5)):
        ring = centre[:, None] + radius * np.linalg.cholesky(covariances[k]) @ circle
        ax.plot(*ring, color=colour, alpha=strength, lw=1.5)
    at = np.argmax(ring[1]) if k == 0 else np.argmax(ring[0])
    ax.annotate(
        f"class {k}",
        ring[:, at],
        (8, 4) if k == 0 else (0, -24),
        textcoords="offset points",
        color=colour,
        ha="left" if k == 0 else "right",
    )
for (w, b, _), colour, text, dashes in (
    (ab, MINIMAX, "least worst-class risk", "--"),
    (rival, GREY, "least average risk", "-"),
):
    along = np.array([-w[1], w[0]])
    ends = b * w + np.array([-20, 20])[:, None] * along
    ax.plot(*ends.T, color=colour, ls=dashes, label=text, lw=2)
ax.set(xlim=(-5.5, 6.8), ylim=(-5, 5.6), aspect="equal", xlabel="x₁", ylabel="x₂")
fig.legend(loc="outside upper left", ncols=1)
figures.show(
    fig,
    f"Two elongated normal classes in the plane. The Anderson-Bahadur line has both risks {ab[2]:.3f}; at the "
    f"priors that make it stationary another line has average risk {rival[2]:.3f}.",
)

# %% tags=["hide-input"]
figures.table(
    [["Anderson-Bahadur", ab[2], ab[2], ab[2]], ["least average risk", *rival_risks, rival[2]]],
    ["rule", "R0", "R1", f"average at priors {priors[0]:.3f}, {priors[1]:.3f}"],
)

figures.say(
    f"The ellipses are one and two standard deviations. The grey line leaves all but {rival_risks[1]:.1%} of class "
    f"1 on one side, and with it {rival_risks[0]:.0%} of the smaller class 0. The dashed line is stationary at "
    "these priors and no others, so no densities lead a learner of the average risk to it: what fails is not the "
    "quotas but the learner."
)

# %% [markdown]
# ## Many classes in many dimensions
#
# A linear rule for $K$ classes predicts the class whose score $w_k \cdot x + b_k$ is largest. We fix the directions
# $w_k = \mu_k$, those of the nearest-mean rule, and leave the offsets $b_k$ to the learner; only differences of offsets
# matter. For two isotropic classes these are the best directions ({prf:ref}`thm-isotropic`), on the line the rules are
# the ordered rules above, and with equal spreads the Bayes rule is among them. With unequal spreads and three classes
# or more other directions may do better: what follows is about offsets. Coordinates orthogonal to all differences of
# means do not enter, so $K - 1$ dimensions show what any larger number does.
#
# ````{prf:theorem} Offsets
# :label: thm-offsets
#
# Let the directions differ and the densities of the classes be positive and continuous, with finite moments.
#
# 1. There is exactly one vector of offsets $\hat b$, up to a common constant, at which all class risks are equal, and
#    no offsets have a smaller worst-class risk.
# 2. There is exactly one vector of priors $\hat\varphi$ at which $\hat b$ is stationary for the average risk; all are
#    positive. Random pruning brings them about with $d_k = d\,\hat\varphi_k/\varphi_k$, feasible if and only if
#    $d \le \min_k \varphi_k/\hat\varphi_k$. If $\hat b$ is the only minimum of the average risk at $\hat\varphi$, these
#    are the best quotas.
# ````
#
# ````{prf:proof}
# Raising $b_k$ enlarges the region of class $k$ and shrinks or keeps all others.
#
# 1\. *Equal risks are minimax, and unique.* Let all risks be $p$ at $b$, and let $b'$ be other offsets. Add a constant
# to $b'$ so that $b' \ge b$ with equality for some classes, but not for all. No region of these classes has grown, and
# that of one of them has lost a set of positive measure to the others: the regions of all classes cover the connected
# space, so one of these has a face, at $b$, in common with a class whose offset rose. Its risk is larger than $p$.
#
# *They exist.* Where $b_k - b_l$ grows without bound, the risk of class $l$ tends to 1; so the worst-class risk has a
# minimum, below 1 because some offsets give every class a region. Among the minima take one with the fewest worst
# classes. If there were a class that is not worst, some such class $l$ would share a face with a worst class $k$; a
# slightly smaller $b_l$ lowers $R_k$, raises no risk but $R_l$, and leaves fewer worst classes or a smaller maximum.
#
# 2\. Let $Q_{kl} = \partial R_k/\partial b_l$ at $\hat b$. It is non-negative for $l \ne k$, positive where $k$ and $l$
# share a face, and its rows sum to 0. So $Q$ is the rate matrix of a Markov chain that moves between neighbours, from
# each class to every other. Stationary for the average risk means $\hat\varphi^\top Q = 0$: $\hat\varphi$ is the
# stationary distribution of the chain, which is unique and positive. $\square$
# ````
#
# The ratio $f_k(\hat t_k)/f_{k+1}(\hat t_k)$ of {prf:ref}`thm-ordered` is this chain on a line, where moves go to
# the left or right neighbour. As there, a stationary point need not be the minimum, and the average risk can have
# several local minima; we search from several starts, so a count of mixtures where the minimax offsets win is an upper
# bound.
#
# The mixtures are isotropic, with random means and spreads; the same ones are given to the linear learner and to the
# Bayes learner, each measured against its own optimum and left out where there is no gap to close. A risk is a mean
# over rays from each class's mean: along a ray the probability is exact, and the rays are the same for all offsets.


# %% tags=["hide-input"]
def rays(dimension):
    """Unit vectors: an even ring in the plane, random opposite pairs in more dimensions."""
    turns = 2 * np.pi * (np.arange(64) + 0.5) / 64
    drawn = np.random.default_rng(seed).normal(size=(64, dimension))
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    halves = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return ring if dimension == 2 else np.concatenate([halves, -halves])


def stationary_priors(rates):
    """The stationary distribution of a Markov chain, without subtractions (Grassmann, Taksar & Heyman 1985)."""
    a, shares = rates.copy(), np.ones(len(rates))
    for n in range(len(a) - 1, 0, -1):
        a[:n, n] /= a[n, :n].sum()
        a[:n, :n] += np.outer(a[:n, n], a[n, :n])
    for n in range(1, len(a)):
        shares[n] = shares[:n] @ a[:n, n]
    return shares / shares.sum()


def offset_learner(m, s, u, fair):
    """Class risks at the offsets of least average risk, as a function of the priors; searched from four starts."""

    def learn(priors):
        def average(b):
            risks, slopes = mc.offset_risks(m, s, b, u)
            return priors @ risks, priors @ slopes

        nearest = (priors @ s**2) * np.log(np.maximum(priors, 1e-12)) - (m**2).sum(axis=-1) / 2
        starts = [fair, nearest, nearest + len(m) * s**2, nearest - len(m) * s**2]
        fits = [minimize(average, b, jac=True, method="BFGS", options={"gtol": 1e-6}) for b in starts]
        return mc.offset_risks(m, s, min(fits, key=lambda fit: fit.fun).x, u)[0]

    return learn


def share_closed(first, risks_at, least):
    """Shares of the gap that one plain, one damped and five damped steps close, from the risks of even quotas."""
    found = []
    for kind, count in STEPS.values():
        priors, risks = start_priors, first
        for _ in range(count):
            priors = after(risks, priors, gamma_of(risks, priors) if kind else 1.0)
            risks = risks_at(priors)
        found.append((first.max() - risks.max()) / (first.max() - least))
    return found


# %% tags=["hide-input"]
rng, higher, reached = np.random.default_rng(seed + 1), {}, {}
for dimension in (2, 4):
    u, label = rays(dimension), "plane" if dimension == 2 else f"{dimension} dimensions"
    both = {f"Linear, {label}": [], f"Bayes, {label}": []}
    won = []
    for _ in range(isotropic):
        m = rng.normal(size=(classes, dimension)) * classes * 0.7 * np.exp(rng.uniform(-0.7, 0.3))
        s = np.exp(rng.uniform(np.log(0.4), np.log(1.6), classes))
        fair = mc.minimax_offsets(m, s, u)
        risks, rates = mc.offset_risks(m, s, fair, u)
        if not np.ptp(risks) < 1e-6:
            raise ArithmeticError(f"the minimax offsets were not found: class risks {risks}.")
        cells = mc.sample_cells(m, s[:, None, None] ** 2 * np.eye(dimension), size=1500, seed=int(rng.integers(2**31)))
        for name, risks_at, least in (
            (f"Linear, {label}", offset_learner(m, s, u, fair), risks.max()),
            (f"Bayes, {label}", *bayes(cells)),
        ):
            first = risks_at(start_priors)
            if first.max() - least >= 0.005:
                both[name].append(share_closed(first, risks_at, least))
                if name.startswith("Linear"):
                    reach = risks_at(stationary_priors(rates)).max()
                    won.append(reach - least < 1e-4)
    higher |= {name: np.reshape(found, (-1, len(STEPS))) for name, found in both.items()}
    reached[label] = (int(np.sum(won)), len(won))

# %% tags=["hide-input"]
figures.table(
    [
        [world, name, len(v), *np.quantile(v[:, i], [0.25, 0.5, 0.75]), float((v[:, i] < 0).mean())]
        for world, v in higher.items()
        for i, name in enumerate(STEPS)
        if len(v)
    ],
    ["world", "quotas", "n", "25 %", "median", "75 %", "harmed"],
    2,
)
figures.say(
    "At the stationary priors the linear learner was led to the minimax offsets in "
    + " and in ".join(f"{count} of {total} mixtures ({label})" for label, (count, total) in reached.items())
    + "; elsewhere no quotas lead it there, and what quotas can reach lies above the yardstick. "
    "One plain step of DRoP closes, in the median, "
    + ", ".join(f"{say(np.median(v[:, 0]))} of the gap ({world})" for world, v in higher.items() if len(v))
    + ". These are few mixtures; the quartiles say how much they differ."
)

# %% [markdown]
# ## What it means
#
# - The ratio $\sigma_0/\sigma_1$ of two classes is a special case: the best densities are those that turn the data's
#   priors into the least favourable ones *for the rules that the learner may use*.
# - Error-proportional quotas move in the right direction, too far, and the further the harder the problem: a class with
#   hardly any error is starved of samples. The numbers above say how often that harms. An exponent below 1, set by the
#   query's average error alone, is a safer first step; repeating it by multiplying comes closer to the optimum. Whether
#   networks behave like this is a question for the experiments.
# - Quotas steer a learner only as far as the minimum of its average risk can be steered. Where that minimum jumps, the
#   worst class can be lost at once; nothing of this kind is visible before the jump.
#
# Not treated: for more than two classes in the plane, linear rules whose directions are free too, and general
# covariances, where the average risk has many local minima; finite samples; quotas at densities so high that classes
# are full (the bounds above say where this begins).
