# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Why class densities matter
#
# *How can throwing samples away make a classifier fairer, and how many of each class should stay?*
#
# The paper answers with two bell curves on a line {cite:p}`vysogorets2025drop`. Everything in that world has a closed
# form, so this chapter can prove what it says and check it. Expect four things: a learner that minimises the average
# risk neglects the class that spreads more; one ratio of class densities, $\sigma_0/\sigma_1$, puts that right;
# {term}`DRoP` moves the threshold to the right side but *always* too far; and pruning by distance to the class mean
# leaves the bias alone, until the threshold jumps.

# %% tags=["parameters"]
means = [-1.0, 1.0]  # of class 0 and class 1
stds = [0.5, 1.0]
priors = [0.5, 0.5]
densities = [0.1, 0.2, 0.3, 0.5, 0.8, 0.9, 1.0]  # fractions kept
draws = 20  # repeated samples for the experiment
size = 8_000  # samples in each of them, before pruning
seed = 0

# %% tags=["hide-input"]
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

import drop
from drop import quotas, selection
from drop.chapters import figures
from drop.mixture import GaussianMixture, damped_exponent, empirical_threshold
from drop.mixture.distance import DistancePruned, class_margins, jump_margin, shared_margin

figures.style()
CLASS = ("#0f7fc4", "#c2559c")
MINIMAX = "#009068"
mixture = GaussianMixture(means, stds, priors)
if mixture.means.ndim != 1:
    raise ValueError(f"means, stds and priors must describe one mixture, got shape {mixture.means.shape[:-1]} of them.")
densities = np.sort(np.asarray(densities, dtype=float))
if densities.ndim != 1 or not ((densities > 0) & (densities <= 1)).all():
    raise ValueError(f"densities must be a list of numbers in (0, 1], got {densities.tolist()}.")
if not (isinstance(draws, int) and draws >= 2 and isinstance(size, int) and size >= 100):
    raise ValueError(f"draws must be a whole number from 2 on and size one from 100 on, got {draws} and {size}.")
average, hat = float(mixture.average_optimal_threshold()), float(mixture.worst_class_threshold())
risks, minimax = mixture.class_risks(average), float(mixture.worst_class_risk(hat))
sign = {-np.inf: "−∞", np.inf: "∞"}


def number(x, digits=3):
    return sign.get(float(x), f"{x:.{digits}f}".replace("-", "−"))


# %% [markdown]
# ## The setting
#
# Two classes $y \in \{0, 1\}$ with priors $\varphi_0 + \varphi_1 = 1$; given the class, $x$ is normal with mean $\mu_k$
# and standard deviation $\sigma_k$, and $\Delta = \mu_1 - \mu_0 > 0$. A linear rule is a threshold $t$: predict class 1
# when $x > t$; $t = -\infty$ predicts class 1 everywhere. The class risks are
#
# $$
# R_0(t) = \Phi\Big(\frac{\mu_0 - t}{\sigma_0}\Big), \qquad R_1(t) = \Phi\Big(\frac{t - \mu_1}{\sigma_1}\Big),
# $$
#
# a {term}`recall` is $1 - R_k$, the average risk is $R = \varphi_0R_0 + \varphi_1R_1$ and the worst-class risk
# $\max(R_0, R_1)$. We write $f_k$ for the density of class $k$ and $F_k$ for its distribution function. Statements take
# $\sigma_0 \le \sigma_1$, so that class 1 is the hard one; the other case is the mirror image $x \to -x$, and the code
# handles both. Two thresholds matter: $t^*$, of least average risk, which a learner would choose, and $\hat t$, of
# least worst-class risk.

# %% tags=["hide-input", "nbval-ignore-output"]
low, high = hat - 4.2 * max(stds), hat + 4.2 * max(stds)
low, high = max(low, min(np.subtract(means, 3.3 * np.array(stds)))), min(high, max(np.add(means, 3.3 * np.array(stds))))
t = np.linspace(low, high, 500)


def mark(ax, at, text, colour):
    """A threshold as a line with its name beside it; one at infinity stands at the edge."""
    x = float(np.clip(at, low, high))
    ax.axvline(x, color=colour, lw=2)
    left = x > low + 0.1 * (high - low) and (at == min(average, hat) or x > high - 0.1 * (high - low))
    ax.annotate(
        text,
        (x, 0.95),
        (-5 if left else 5, 0),
        ("data", "axes fraction"),
        "offset points",
        color=colour,
        ha="right" if left else "left",
        va="center",
        fontsize=13,
    )


bells, bell = plt.subplots(figsize=(4.4, 3.4))
curves, ax = plt.subplots(figsize=(4.4, 3.4))
for k in (0, 1):
    density = priors[k] * np.exp(-(((t - means[k]) / stds[k]) ** 2) / 2) / (stds[k] * np.sqrt(2 * np.pi))
    bell.plot(t, density, color=CLASS[k])
    bell.fill_between(t, density, color=CLASS[k], alpha=0.15, lw=0)
    bell.annotate(
        f"class {k}",
        (t[density.argmax()], density.max()),
        (0, 4),
        textcoords="offset points",
        color=CLASS[k],
        ha="center",
    )
    ax.plot(t, mixture.class_risks(t)[:, k], color=CLASS[k])
    at = means[k]
    ax.annotate(
        f"R{'₀₁'[k]}",
        (at, mixture.class_risks(at)[k]),
        (6, 6 if k == 0 else -12),
        textcoords="offset points",
        color=CLASS[k],
    )
ax.plot(t, mixture.average_risk(t), color=figures.INK, lw=1.4)
ax.annotate("average", (t[-1], mixture.average_risk(t[-1])), (0, 6), textcoords="offset points", ha="right")
bell.set_ylim(0, 1.45 * bell.get_ylim()[1])
ax.set_ylim(0, 1.25)
for panel in (bell, ax):
    mark(panel, average, "t*", figures.METHODS["random"].colour)
    mark(panel, hat, "t̂", MINIMAX)
    panel.set_xlabel("x")
bell.set_title("Densities, weighted by the priors")
ax.set_title("Risk of the threshold at x")
figures.show(
    [bells, curves],
    f"Two normal densities and the risks of every threshold. The average risk is least at {average:.3f}, where the "
    "class "
    f"risks are {risks[0]:.3f} and {risks[1]:.3f}; both are {minimax:.3f} at {hat:.3f}.",
)

# %% tags=["hide-input"]
figures.table(
    [
        ["t*, least average risk", number(average, 4), *risks, mixture.average_risk(average)],
        ["t̂, least worst-class risk", number(hat, 4), minimax, minimax, mixture.average_risk(hat)],
    ],
    ["threshold", "t", "R0", "R1", "average"],
    4,
)

# %% tags=["hide-input"]
hard = int(risks[1] > risks[0])
figures.say(
    f"Here the threshold of least average risk errs on {risks[hard]:.1%} of class {hard} and {risks[1 - hard]:.1%} "
    f"of class {1 - hard}. "
    f"A threshold at {number(hat)} would treat both alike, at {minimax:.1%}."
)

# %% [markdown]
# ## Move it
#
# Four sliders, for mouse, finger and arrow keys. The wider class has standard deviation 1. Watch the orange line:
# DRoP's threshold crosses over to the other side of the dotted one wherever you go, unless a class is full.

# %% tags=["hide-input", "nbval-ignore-output"]
static = Path(drop.__file__).resolve().parents[1] / "book" / "_static"
display(
    HTML(
        f"<style>{(static / 'mixture.css').read_text(encoding='utf-8')}</style>"
        '<div class="drop-figure mixture-lab">This figure moves where scripts may run: in the rendered book and in '
        "Jupyter.</div>"
        f"<script>{(static / 'mixture.js').read_text(encoding='utf-8')}</script>"
    )
)

# %% [markdown]
# ## Two thresholds
#
# ````{prf:theorem} Threshold of least average risk
# :label: thm-average
#
# Let $\sigma_0 \le \sigma_1$, both priors positive, $L = \log\frac{\varphi_0\sigma_1}{\varphi_1\sigma_0}$ and
# $D = \Delta^2 + 2(\sigma_1^2 - \sigma_0^2)L$.
#
# 1. If $D > 0$, the average risk has exactly one local minimum,
#
#    $$t^* = \mu_0 + \frac{\sigma_0\,(\Delta^2 + 2\sigma_1^2L)}{\sigma_1\sqrt{D} + \sigma_0\Delta}.$$
#
#    It is the global minimum if and only if $R(t^*) \le \varphi_0$; if $R(t^*) > \varphi_0$, predicting class 1
#    everywhere is better than any threshold.
# 2. If $D \le 0$, predicting class 1 everywhere is better than any threshold. Both this case and the exception in 1
#    need $\sigma_0 < \sigma_1$.
# ````
#
# ````{prf:proof}
# $R'(t) = \varphi_1f_1(t) - \varphi_0f_0(t)$ has the opposite sign of
#
# $$
# q(t) = \log\frac{\varphi_0f_0(t)}{\varphi_1f_1(t)}
# = L - \frac{(t - \mu_0)^2}{2\sigma_0^2} + \frac{(t - \mu_1)^2}{2\sigma_1^2}.
# $$
#
# For $\sigma_0 < \sigma_1$ this is a downward parabola. With two roots, $R'$ has the signs $+, -, +$, so the larger
# root is the only local minimum. Put $s = t - \mu_0$; then $q = 0$ reads
#
# $$(\sigma_1^2 - \sigma_0^2)s^2 + 2\sigma_0^2\Delta s - \sigma_0^2(\Delta^2 + 2\sigma_1^2L) = 0,$$
#
# with discriminant $4\sigma_0^2\sigma_1^2D$. The larger root is
# $s = \sigma_0\,(\sigma_1\sqrt D - \sigma_0\Delta)/(\sigma_1^2 - \sigma_0^2)$; multiplied above and below by
# $\sigma_1\sqrt D + \sigma_0\Delta$ it becomes the one of the theorem, since
#
# $$\sigma_1^2D - \sigma_0^2\Delta^2 = (\sigma_1^2 - \sigma_0^2)(\Delta^2 + 2\sigma_1^2L).$$
#
# This form has no division by a small number and holds for $\sigma_0 = \sigma_1$ too, where $q$ is a falling line. With
# one root or none $R' \ge 0$ everywhere.
#
# The other candidates for the minimum are the ends, $R(-\infty) = \varphi_0$ and $R(\infty) = \varphi_1$. The right end
# never wins, for $R$ rises after its last stationary point. For $\sigma_0 = \sigma_1$, $R$ falls until $t^*$, so the
# left end does not win either. $\square$
# ````
#
# The check takes random mixtures, the awkward cases among them, and lets a fine grid of thresholds try to do better.

# %%
rng = np.random.default_rng(seed)
count = 2000
left, gap = rng.normal(size=count), rng.uniform(0.1, 4, count)
spreads, prior = np.exp(rng.uniform(-1.5, 1.5, (count, 2))), rng.uniform(0.02, 0.98, count)
both_means, both_priors = np.stack([left, left + gap], -1), np.stack([prior, 1 - prior], -1)
many = GaussianMixture(both_means, spreads, both_priors)

local, best = many.stationary_threshold(), many.average_optimal_threshold()
found = many.average_risk(best)
grid = np.linspace(-1, 1, 801)[:, None] * 8 * spreads.max(axis=-1) + left
tried = np.minimum(many.average_risk(grid).min(axis=0), both_priors.min(axis=-1))
checks = {
    "mixtures": count,
    "without stationary point": np.isnan(local).sum(),
    "local but not global minimum": (~np.isnan(local) & np.isinf(best)).sum(),
    "grid better than the theorem": (tried < found - 1e-12).sum(),
    "grid worse by more than 0.001": (tried > found + 1e-3).sum(),
}
figures.table([[name, int(value)] for name, value in checks.items()], ["check", "count"])

# %% [markdown]
# ````{prf:theorem} Threshold of least worst-class risk
# :label: thm-minimax
#
# The worst-class risk is least at $\hat t = \frac{\mu_0\sigma_1 + \mu_1\sigma_0}{\sigma_0 + \sigma_1}$, whatever the
# priors. There both class risks are $\Phi(-z)$ with $z = \Delta/(\sigma_0 + \sigma_1)$.
# ````
#
# ````{prf:proof}
# $R_0$ falls and $R_1$ rises in $t$, so $\max(R_0, R_1)$ is least where they meet:
# $(\mu_0 - t)/\sigma_0 = (t - \mu_1)/\sigma_1$, which $\hat t$ solves; both sides are then $-z$. $\square$
# ````
#
# ## The densities that make the two agree
#
# Pruning at random inside the classes with densities $d_0, d_1$ leaves the $f_k$ as they are and turns the prior ratio
# into $d_0\varphi_0/(d_1\varphi_1)$. So all that random pruning can do is choose a prior ratio, and pruning every class
# alike does nothing: *the bias of random pruning is the same at every density*.
#
# ````{prf:theorem} Minimax densities
# :label: thm-densities
#
# 1. After random pruning, $\hat t$ is stationary for the average risk if and only if
#    $\frac{d_0\varphi_0}{d_1\varphi_1} = \frac{\sigma_0}{\sigma_1}$.
# 2. At overall density $d = d_0\varphi_0 + d_1\varphi_1$ this means
#    $d_k = \frac{d\,\sigma_k}{\varphi_k(\sigma_0 + \sigma_1)}$, which is possible if and only if
#    $d \le \min_k \varphi_k(\sigma_0 + \sigma_1)/\sigma_k$. At a larger $d$ the least worst-class risk of $t^*$ is had
#    by keeping all of the class with the smallest $\varphi_k/\sigma_k$ and as much of the other as $d$ allows.
# 3. At these densities $\hat t$ is the global minimum if and only if
#    $\Phi(-z) \le \frac{\sigma_0}{\sigma_0 + \sigma_1}$ (for $\sigma_0 \le \sigma_1$).
# ````
#
# ````{prf:proof}
# 1\. At $\hat t$ both standardised distances are $z$, so the exponentials of $f_0$ and $f_1$ are equal and
# $d_0\varphi_0f_0(\hat t) = d_1\varphi_1f_1(\hat t)$ reads $d_0\varphi_0/\sigma_0 = d_1\varphi_1/\sigma_1$. By
# {prf:ref}`thm-average` it is the local minimum: $D = \Delta^2 > 0$ there.
#
# 2\. Solve 1 together with $d_0\varphi_0 + d_1\varphi_1 = d$; both densities must be at most 1. Above the bound the
# wanted ratio cannot be had, and $t^*$ grows with the prior ratio (in the proof of {prf:ref}`thm-average` $q$ rises
# with $L$, and $q$ falls through its larger root). The further $t^*$ from $\hat t$, on either side, the larger the
# greater of $R_0, R_1$. So the feasible ratio nearest to the wanted one is the best, and there the class that needs
# more than it has is full.
#
# 3\. By {prf:ref}`thm-average` the minimum is global if and only if $R(\hat t) = \Phi(-z)$ is at most the new prior of
# class 0, $\sigma_0/(\sigma_0 + \sigma_1)$. $\square$
# ````

# %% tags=["hide-input"]
full = mixture.optimal_densities(1.0)
bound = float(mixture.feasible_density())
saturated = int(np.argmin(mixture.priors / mixture.stds))
rows = []
for d in densities:
    kept = mixture.optimal_densities(d)
    model = mixture.prune_randomly(kept)
    place = model.average_optimal_threshold()
    rows.append([f"{d:g}", *kept, number(place, 4), *mixture.class_risks(place)])
figures.table(rows, ["density", "d0", "d1", "threshold", "R0", "R1"], 4)
figures.say(
    f"The minimax densities are feasible up to d = {bound:.3g}"
    + (
        f"; above, all of class {saturated} is kept and the worst-class risk climbs back to that of no pruning. "
        "Near d = 1 there is no room to rebalance."
        if bound < 1 - 1e-9
        else ", that is always."
    )
    + (
        " Up to there they do what they should: the learner chooses t̂."
        if mixture.minimax_reachable()
        else " But the learner does not follow: it would rather predict one class everywhere, see below."
    )
)

# %% [markdown]
# What if condition 3 fails? Then the classes overlap so much, and their spreads differ so much, that a learner of the
# average risk gives class 0 up before the ratio $\sigma_0/\sigma_1$ is reached. Densities still help, but only up to a
# point.
#
# ````{prf:proposition} The least reachable risk
# :label: thm-reachable
#
# Let $\sigma_0 < \sigma_1$ and $\Phi(-z) > \sigma_0/(\sigma_0 + \sigma_1)$. As the prior ratio varies, the worst-class
# risk of a learner that minimises the average risk comes as close as one likes to $R_1(t_c)$, and not below, where
# $t_c > \hat t$ is the point at which the hazards agree: $f_0(t_c)/F_0(t_c) = f_1(t_c)/F_1(t_c)$.
# ````
#
# ````{prf:proof}
# Class 1 everywhere beats $t$ if $\varphi_0 < \varphi_0R_0 + \varphi_1R_1$, that is
# $F_0(t)/F_1(t) < \varphi_1/\varphi_0$. So it wins outright if and only if $\varphi_1/\varphi_0 > \max_t F_0/F_1$. This
# maximum is attained, as $F_0/F_1$ goes to 0 at $-\infty$ and comes down to 1 at $\infty$; at a maximum the derivative
# of $\log F_0 - \log F_1$ vanishes, so the hazards agree. There is only one such point: where the hazards agree, $t$ is
# stationary for $R$ at the ratio $\varphi_1/\varphi_0 = F_0(t)/F_1(t)$, and $R(t) = \varphi_0$. As $R$ first rises from
# $\varphi_0$, $t$ must be the local minimum of $R$, hence a local maximum of $F_0/F_1$; and a smooth function has no
# two local maxima without a stationary point of another kind between them.
#
# For smaller ratios $\varphi_1/\varphi_0$ the learner takes $t^* > t_c$ (it grows with $\varphi_0/\varphi_1$), for
# larger ones it takes $-\infty$, with worst-class risk 1. Now $t_c > \hat t$, for at the ratio $\sigma_1/\sigma_0$ the
# learner takes $-\infty$. To the right of $\hat t$ the worst-class risk is $R_1$, and rises. $\square$
# ````
#
# Seen in the plane of the two class risks: the learner only ever visits the lower convex hull of the curve
# $t \mapsto (R_0(t), R_1(t))$ and the corners, and where $\hat t$ lies inside the hull, no choice of priors finds it.

# %%
odds = np.exp(np.linspace(-6, 6, 4001))
ratios = np.stack([odds / (1 + odds), 1 / (1 + odds)], axis=-1)
own = (means, stds)
rows = []
for where, scale in (((0, 1), (0.5, 2)), ((0, 0.3), (0.5, 2)), ((0, 1), (0.5, 1)), own):
    base, sweep = GaussianMixture(where, scale), GaussianMixture(where, scale, ratios)
    tried = sweep.worst_class_risk(sweep.average_optimal_threshold()).min()
    hat_risk = base.worst_class_risk(base.worst_class_threshold())
    narrow = base.stds.min() / base.stds.sum()
    rows.append([f"{list(where)}, {list(scale)}", hat_risk, narrow, base.least_reachable_risk(), tried])
names = ["means, stds", "Φ(−z)", "σ0/(σ0+σ1)", "least reachable", "best of 4001 ratios"]
figures.table(rows, names)

# %% [markdown]
# ## DRoP always overshoots
#
# DRoP sets $d_k \propto 1 - r_k = R_k(t^*)$: the class with the larger risk gets the larger density, so the threshold
# moves the right way. How far?
#
# ````{prf:theorem} One step of DRoP overshoots
# :label: thm-overshoot
#
# Let a threshold $t^*$ be the local minimum at prior ratio $\rho$, and let no class be full. The ratio after one step,
# $\rho' = \rho\,R_0(t^*)/R_1(t^*)$, lies on the other side of $\sigma_0/\sigma_1$: if $\rho > \sigma_0/\sigma_1$ then
# $\rho' < \sigma_0/\sigma_1$, and the reverse. This holds for all means, spreads and priors.
# ````
#
# ````{prf:proof}
# Let $u = \log\rho$, let $t(u)$ be the local minimum at that ratio and $g(u) = \log R_0 - \log R_1$ at $t(u)$; it is
# defined for all $u$ with $D > 0$, an interval without upper end. A step maps $u$ to $u + g(u)$, and $g$ vanishes at
# $u^* = \log(\sigma_0/\sigma_1)$ by {prf:ref}`thm-densities`. Put $z_0 = (t - \mu_0)/\sigma_0$,
# $z_1 = (\mu_1 - t)/\sigma_1$ and $h(z) = \phi(z)/\Phi(-z)$, with $\phi$ the standard normal density: the hazard of the
# normal law, which is larger than $z$ for every $z$. From $R_k = \Phi(-z_k)$ and from
# $0 = q(t) = u + \log f_0(t) - \log f_1(t)$,
#
# $$
# \begin{aligned}
# \frac{d}{dt}\log\frac{R_0}{R_1} &= -\frac{h(z_0)}{\sigma_0} - \frac{h(z_1)}{\sigma_1}, \qquad
# \frac{dt}{du} = \frac{1}{z_0/\sigma_0 + z_1/\sigma_1}, \\
# g'(u) &= -\frac{h(z_0)/\sigma_0 + h(z_1)/\sigma_1}{z_0/\sigma_0 + z_1/\sigma_1} < -1.
# \end{aligned}
# $$
#
# The denominator is positive because $q$ falls through its larger root. So $u + g(u)$ falls strictly in $u$ and equals
# $u^*$ at $u^*$. $\square$
# ````
#
# ````{prf:corollary} Exponents and further steps
# :label: thm-damping
#
# Let a step raise the risks to an exponent: $d_k \propto R_k^\gamma$. Near the minimax ratio it multiplies the distance
# $\log\rho - \log(\sigma_0/\sigma_1)$ by $1 - \gamma\,h(z)/z$, where $z = \Delta/(\sigma_0 + \sigma_1)$. So
#
# 1. the exponent that lands on the minimax ratio in one step is, to first order, $\gamma^* = z/h(z) < 1$; it depends on
#    the minimax risk $\Phi(-z)$ alone;
# 2. steps that *multiply* the densities by the risks of the last model close in on the minimax ratio if
#    $\gamma < 2\gamma^*$, and run away from it if $\gamma > 2\gamma^*$;
# 3. steps that *replace* the densities by the risks of the last model never settle with $\gamma = 1$; with a smaller
#    exponent they may, but not at the minimax ratio (unless the data had it).
# ````
#
# ````{prf:proof}
# At $u^*$ both $z_k$ equal $z$, so $g'(u^*) = -h(z)/z$. Multiplying maps $u$ to $u + \gamma g(u)$, with slope
# $1 - \gamma h(z)/z$ at the fixed point $u^*$; a fixed point attracts if the slope is between $-1$ and 1, and repels
# outside. Replacing maps $u$ to $u_0 + \gamma g(u)$ with $u_0$ the log ratio of the unpruned priors; for $\gamma = 1$
# its slope is below $-1$ everywhere, so its fixed point repels. With any $\gamma$, $u^*$ is a fixed point only if
# $u^* = u_0$. $\square$
# ````
#
# The first table holds the theorem to reference values; the second counts over the random mixtures above.

# %%
rows = []
cases = [((-1, 1), (0.5, 1)), ((-1, 1), (0.3, 0.9)), ((-1, 1), (0.5, 0.75)), ((0, 1), (0.5, 1))]
for where, scale in cases:
    base = GaussianMixture(where, scale)
    step = base.prune_randomly(base.drop_densities(0.1))
    before, after = base.stationary_threshold(), step.stationary_threshold()
    wanted, ratio = scale[0] / scale[1], step.priors[0] / step.priors[1]
    least = base.worst_class_risk(base.worst_class_threshold())
    risks_then = base.class_risks(after)
    rows.append([f"{where}, {scale}", before, *base.class_risks(before), least, wanted, ratio, *risks_then])
names = ["means, stds", "t*", "R0", "R1", "minimax", "wanted", "ratio", "R0 then", "R1 then"]
figures.table(rows, names, 4)

# %%
distance = np.log(prior / (1 - prior)) - np.log(spreads[:, 0] / spreads[:, 1])  # from the wanted log ratio
step = -np.diff(np.log(many.class_risks(np.nan_to_num(local))), axis=-1)[:, 0]
usable = ~np.isnan(local) & np.isfinite(step)
distance, step, z = distance[usable], step[usable], (gap / spreads.sum(axis=-1))[usable]
damped = damped_exponent(ndtr(-z))  # γ* = z / h(z)
checks = {
    "with a local minimum": usable.sum(),
    "crossed over": (np.sign(distance + step) == -np.sign(distance)).sum(),
    "ended further off than it began": (abs(distance + step) > abs(distance)).sum(),
    "the same with the exponent γ*": (abs(distance + damped * step) > abs(distance)).sum(),
}
figures.table([[name, int(value)] for name, value in checks.items()], ["one step", "count"])

# %% [markdown]
# So the exponent should be below 1, and the more the classes overlap, the further below.

# %% tags=["hide-input", "nbval-ignore-output"]
steps = np.arange(11)
budget = min(densities.min(), 0.5 * bound)
star = float(damped_exponent(minimax))


def worst_after(exponent, count):
    model = mixture.prune_randomly(mixture.drop_densities(budget, exponent, count))
    return float(mixture.worst_class_risk(model.average_optimal_threshold()))


def replacing(count):
    """Worst-class risk after each step when the densities are made anew from the risks of the last model."""
    model, result = mixture, []
    for _ in range(count):
        place = model.average_optimal_threshold()
        result.append(float(mixture.worst_class_risk(place)))
        model = mixture.prune_randomly(mixture.densities_of(mixture.class_risks(place), budget))
    return result


iterations, ax = plt.subplots(figsize=(4.4, 4.0))
orange = figures.METHODS["random+drop"].colour
lines = {
    "multiply, γ = 1": [worst_after(1.0, n) for n in steps],
    f"multiply, γ* = {star:.2f}": [worst_after(star, n) for n in steps],
    "replace, γ = 1": replacing(len(steps)),
}
for (label, values), colour, marker in zip(lines.items(), (orange, MINIMAX, "#6b5bd6"), "Dos", strict=True):
    ax.plot(steps, values, color=colour, marker=marker, label=label)
ax.axhline(minimax, color=figures.INK, ls=":", lw=1.4)
ax.set(xlabel="step", ylabel="worst-class risk", yscale="log")
ax.minorticks_off()
top = max(max(v) for v in lines.values())
bottom = min(minimax, min(min(v) for v in lines.values()))
ax.set_ylim(bottom / 1.25, top * 1.15)
ticks = [v for v in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0) if bottom / 1.25 < v < top * 1.15]
ax.set_yticks(ticks, [f"{v:g}" for v in ticks])
ax.annotate("minimax", (steps[-1], minimax), (0, -11), textcoords="offset points", ha="right")
iterations.legend(loc="outside upper left")

powers, ax = plt.subplots(figsize=(4.4, 4.0))
exponents = np.linspace(0, 1.5, 61)
once = np.array([worst_after(g, 1) for g in exponents])
ax.plot(exponents, once, color=orange)
ax.axhline(minimax, color=figures.INK, ls=":", lw=1.4)
for g, text, colour, shift in (
    (0.0, "Random", figures.METHODS["random"].colour, 8),
    (star, "γ*", MINIMAX, 0),
    (1.0, "DRoP", orange, 8),
):
    ax.plot(g, worst_after(g, 1), "o", color=colour)
    ax.annotate(
        text,
        (g, worst_after(g, 1)),
        (shift, 8),
        textcoords="offset points",
        color=colour,
        ha="left" if shift else "center",
    )
ax.annotate("minimax", (1.5, minimax), (0, -10), textcoords="offset points", ha="right")
span = once.max() - minimax
ax.set_ylim(minimax - 0.12 * span, once.max() + 0.15 * span)
ax.set(xlabel="exponent γ", ylabel="worst-class risk after one step")
figures.show(
    [iterations, powers],
    "Left, worst-class risk against the number of DRoP steps; right, after one step against the exponent. Random "
    f"{once[0]:.3f}, "
    f"one plain step {worst_after(1.0, 1):.3f}, one step with exponent {star:.2f} {worst_after(star, 1):.3f}, "
    f"minimax {minimax:.3f}.",
)

# %% tags=["hide-input"]
figures.table(
    [[name, *[values[n] for n in (0, 1, 2, 3, 5, 10)]] for name, values in lines.items()],
    ["steps", "0", "1", "2", "3", "5", "10"],
    4,
)
edge = brentq(lambda risk: damped_exponent(risk) - 0.5, 0.01, 0.4)  # where 2γ* = 1
relation = "below" if minimax < edge else "above"
figures.say(
    f"For this mixture γ* = {star:.2f}: one damped step leaves a worst-class risk of {worst_after(star, 1):.4f}, "
    f"against {worst_after(1.0, 1):.4f} after a plain step and "
    f"{minimax:.4f} at best. Multiplying with γ = 1 closes in if the minimax risk is below {edge:.3f}; here it is "
    f"{relation}."
)

# %% [markdown]
# ## Where one step helps and where it harms
#
# Two numbers describe a mixture at given priors: the overlap, measured by the minimax risk $\Phi(-z)$, and the ratio of
# the spreads. The map shows how much of the way from no rebalancing to the minimax risk one unsaturated step of DRoP
# covers, when the learner takes the global minimum each time: 100 % is perfect, below 0 the worst class is worse off
# than with random pruning.

# %% tags=["hide-input", "nbval-ignore-output"]
overlap, spread = np.meshgrid(np.linspace(0.005, 0.45, 180), np.exp(np.linspace(np.log(1.02), np.log(8), 180)))
plane = GaussianMixture(
    np.stack([0 * overlap, -ndtri(overlap) * (1 + spread)], -1), np.stack([0 * spread + 1, spread], -1), mixture.priors
)


def worst(densities_):
    return plane.worst_class_risk(plane.prune_randomly(densities_).average_optimal_threshold())


def share(exponent):
    start_ = plane.worst_class_risk(plane.average_optimal_threshold())
    weights = plane.class_risks(plane.average_optimal_threshold()) ** exponent
    tiny = 1e-3 * np.min(mixture.priors)  # so little is kept that no class is ever full
    end = worst(plane.densities_of(weights, tiny))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(start_ > overlap, (start_ - end) / (start_ - overlap), 0.0), start_, end


panels = []
maps = {"plain, γ = 1": share(1.0), "damped, γ*": share(damped_exponent(overlap)[..., None])}
for title, (value, _, end) in maps.items():
    fig, ax = plt.subplots(figsize=(4.4, 3.6))
    ax.contourf(
        overlap,
        spread,
        np.clip(value, -0.999, 1),
        levels=[-1, 0, 0.5, 0.8, 1.001],
        colors=["#d55e00", "#f0c26b", "#8cc0dd", "#2f7fb5"],
    )
    ax.contourf(overlap, spread, (end > 0.999).astype(float), levels=[0.5, 1.5], colors=["#5b4a8a"])
    ax.plot(1 / (1 + spread[:, 0]), spread[:, 0], color=figures.INK, ls="--", lw=1.4)
    ax.set_yscale("log")
    ax.set_yticks([1.02, 2, 4, 8], ["1", "2", "4", "8"])
    ax.set_xticks([0.1, 0.2, 0.3, 0.4])
    ax.minorticks_off()
    ax.grid(False)
    ax.set(
        xlim=(0.005, 0.45),
        ylim=(1.02, 8),
        xlabel="minimax risk Φ(−z), the overlap",
        ylabel="ratio of the spreads, σ₁/σ₀",
        title=f"One step, {title}",
    )
    panels.append(fig)
worse = float((maps["plain, γ = 1"][0] < 0).mean())
figures.show(
    panels,
    "Map of overlap against the ratio of the spreads. With the plain step the worst class is worse off than after "
    f"random pruning on {worse:.0%} of the map, "
    f"where the overlap is large; with the damped exponent on {float((maps['damped, γ*'][0] < 0).mean()):.0%}.",
)

# %% tags=["hide-input"]
figures.say(
    '<span style="color:#2f7fb5">■</span> covers more than 80 % of the way, <span style="color:#8cc0dd">■</span> '
    '50 to 80 %, <span style="color:#f0c26b">■</span> 0 to 50 %, '
    '<span style="color:#d55e00">■</span> worse than random pruning, <span style="color:#5b4a8a">■</span> the '
    "learner then predicts one class everywhere. "
    "Right of the dashed line the minimax threshold cannot be reached by any densities (part 3 of the theorem on "
    "minimax densities)."
)
rows = []
for title, (value, _, end) in maps.items():
    constant = end > 0.999
    cells = [
        value >= 0.8,
        (value >= 0.5) & (value < 0.8),
        (value >= 0) & (value < 0.5) & ~constant,
        (value < 0) & ~constant,
        constant,
    ]
    rows.append([title, *[float(cell.mean()) for cell in cells]])
figures.table(rows, ["share of the map", "> 0.8", "0.5 to 0.8", "0 to 0.5", "worse", "constant"], 2)

# %% [markdown]
# ## Pruning by distance to the class mean
#
# Score-based pruning chooses inside the classes. Here this is played by keeping the samples far from their class mean,
# $|x - \mu_k| \ge M$: one margin for both classes. A share of $2\Phi(-M/\sigma_k)$ of class $k$ stays, so the easy,
# narrow class loses more, as the paper observes. What happens to the threshold is another matter.
#
# ````{prf:theorem} Distance to the mean
# :label: thm-distance
#
# Let $t^* \in (\mu_0, \mu_1)$ be the only global minimiser of the average risk before pruning, and let the samples with
# $|x - \mu_k| \ge M$ be kept. Put $\bar M = \min(t^* - \mu_0,\ \mu_1 - t^*)$.
#
# 1. For every $M < \bar M$, $t^*$ is a local minimum of the average risk on what is kept: the bias does not move.
# 2. For every $M > 0$ with $\varphi_0f_0 > \varphi_1f_1$ at $\mu_0 - M$, there is a second local minimum at
#    $\mu_0 - M$.
# 3. Among $M \le \bar M$, what $\mu_0 - M$ gains on $t^*$ is, up to a positive factor,
#
#    $$G(M) = \varphi_1\big[F_1(t^*) - F_1(\mu_0 - M)\big] - \varphi_0\big[F_0(t^*) - F_0(\mu_0 + M)\big].$$
#
#    It increases in $M$, is negative at 0 and, where $\bar M = t^* - \mu_0$, positive at $\bar M$. So the global
#    minimiser jumps away from $t^*$ at some $M^* < \bar M$ at the latest.
# ````
#
# ````{prf:proof}
# Let $R_M$ be the risk on the kept samples times the kept mass. Where a class is kept it adds $-\varphi_0f_0$ or
# $\varphi_1f_1$ to $R_M'$; where it is removed, nothing.
#
# 1\. For $M < \bar M$ both classes are kept around $t^*$, so there $R_M' = R'$.
#
# 2\. Just left of $\mu_0 - M$ both are kept ($|\mu_0 - M - \mu_1| > M$) and $R_M' = \varphi_1f_1 - \varphi_0f_0 < 0$;
# just right of it class 0 is gone and $R_M' = \varphi_1f_1 > 0$.
#
# 3\. $G(M) = R_M(t^*) - R_M(\mu_0 - M)$: between the two points class 1 is kept throughout (as $t^* \le \mu_1 - M$) and
# class 0 from $\mu_0 + M$ on. Then
#
# $$G'(M) = \varphi_1f_1(\mu_0 - M) + \varphi_0f_0(\mu_0 + M) > 0,$$
#
# $G(0) = R(t^*) - R(\mu_0) < 0$, and at $M = t^* - \mu_0$ the second bracket is empty and the first is not. $\square$
# ````
#
# On the other side $\mu_1 + M$ is a rival in the same way, and so is the constant rule; `jump_margin` takes the first
# of all.

# %% tags=["hide-input", "nbval-ignore-output"]
jump = float(jump_margin(mixture))
reference = jump if np.isfinite(jump) else 0.5 * min(stds)
fig, ax = plt.subplots(figsize=(5.2, 3.6))
teal = figures.METHODS["prototype"].colour
rows = []
for factor, colour, dashes in ((0.0, figures.METHODS["random"].colour, "-"), (0.8, teal, "--"), (1.3, teal, "-")):
    margins = np.full(2, factor * reference)
    p = DistancePruned(mixture, margins)
    place = float(p.average_optimal_threshold())
    ax.plot(t, p.average_risk(t), color=colour, ls=dashes, label=f"M = {factor * reference:.2f}")
    ax.plot(np.clip(place, low, high), p.average_risk(place), "o", color=colour, ms=8)
    rows.append([f"{factor * reference:.3f}", *p.densities(), p.density(), number(place), *mixture.class_risks(place)])
ax.set(xlabel="threshold", ylabel="average risk on what is kept", title="The minimum jumps (dots)")
ax.legend(loc="upper center")
ax.set_ylim(0, 1.3 * ax.get_ylim()[1])
figures.show(
    fig,
    "Average risk on the kept samples against the threshold for three margins. "
    + "; ".join(f"margin {row[0]}: minimum at {row[4]}" for row in rows),
)

# %% tags=["hide-input"]
figures.table(rows, ["M", "d0", "d1", "d", "threshold", "R0", "R1"])
if np.isfinite(jump):
    at = DistancePruned(mixture, np.full(2, jump))
    bar = float(min(average - means[0], means[1] - average))
    figures.say(
        f"The minimum stays at {number(average)} up to the margin M* = {jump:.4f}, at which "
        f"{float(at.density()):.1%} of the samples are left. The local minimum itself would "
        f"last until {bar:.3f}."
    )
else:
    figures.say(
        "The theorem does not apply to this mixture: its average-optimal threshold is not between the means, or a "
        "constant rule is better."
    )

# %% tags=["hide-input"]
rows = []
for margin in np.array([0.2, 0.4, 0.6, 0.8]) * mixture.stds.max():
    p = DistancePruned(mixture, np.full(2, margin))
    own = mixture.prune_randomly(p.densities())
    place, ratio = p.average_optimal_threshold(), own.average_optimal_threshold()
    rows.append(
        [
            f"{margin:.2f}",
            p.density(),
            number(place),
            mixture.worst_class_risk(place),
            number(ratio),
            mixture.worst_class_risk(ratio),
        ]
    )
figures.table(rows, ["M", "d", "threshold", "worst risk", "ratio only: threshold", "worst risk "])

# %% [markdown]
# The last two columns are what the paper calls Random+StrategyQ ({term}`StrategyQ`): random samples at the class ratio
# that the distance rule chose. The ratio alone moves the threshold towards the narrow class; the choice inside the
# classes undoes that, until the jump.
#
# ## Every pruner at every density
#
# Eight ways to keep a fraction $d$, and the risks that a learner of the average risk then has. Lines are exact. Points
# are experiments: samples are drawn, pruned with `drop.selection`, and the threshold with the fewest errors on what is
# left is found by sorting; bars hold the middle 90 % of the draws. DRoP's {term}`recalls <recall>` come from a query
# threshold trained on all samples of the draw and judged on as many fresh ones.


# %% tags=["hide-input"]
def thresholds_of(x, y, fresh):
    """The learner's threshold for each pruner and density on one draw: {pruner: (densities,)}."""
    number_of = np.bincount(y, minlength=2)
    query = empirical_threshold(x, y)
    recalls = np.array([np.mean((fresh[0] > query)[fresh[1] == k] == k) for k in (0, 1)])
    recalls = np.minimum(recalls, 1 - 1e-6)  # a recall of 1 would leave its class without samples
    distance, result = abs(x - mixture.means[y]), {name: [] for name in EXACT}
    for d in densities:
        keep = round(d * size)
        far = selection.top(distance, keep)
        chosen = {
            "random": selection.top(np.zeros(size), keep),
            "random+drop": selection.select(y, quotas.drop_counts(number_of, recalls, d)),
            "minimax": selection.select(y, quotas.counts(number_of, mixture.optimal_densities(d), d)),
            "prototype": far,
            "random+prototypeq": selection.select(y, quotas.counts_of(y, far, 2)),
            "within": selection.select(y, quotas.proportional_counts(number_of, d), scores=distance),
            "near": selection.top(-distance, keep),
            "near within": selection.select(y, quotas.proportional_counts(number_of, d), scores=-distance),
        }
        for name, kept in chosen.items():
            result[name].append(empirical_threshold(x[kept], y[kept]))
    return result


def by_quota(densities_):
    return mixture.prune_randomly(densities_).average_optimal_threshold()


def by_distance(d, keep, margins=shared_margin):
    return DistancePruned(mixture, margins(mixture, d, keep), keep)


EXACT = {
    "random": lambda d: by_quota(np.stack([d, d], -1)),
    "random+drop": lambda d: by_quota(mixture.drop_densities(d)),
    "minimax": lambda d: by_quota(mixture.optimal_densities(d)),
    "prototype": lambda d: by_distance(d, "far").average_optimal_threshold(),
    "random+prototypeq": lambda d: by_quota(by_distance(d, "far").densities()),
    "within": lambda d: by_distance(d, "far", class_margins).average_optimal_threshold(),
    "near": lambda d: by_distance(d, "near").average_optimal_threshold(),
    "near within": lambda d: by_distance(d, "near", class_margins).average_optimal_threshold(),
}
LABELS = {
    "random": "Random",
    "random+drop": "Random+DRoP",
    "minimax": "Minimax quotas",
    "prototype": "Far from the mean",
    "random+prototypeq": "Random at distance quotas",
    "within": "Far, same density per class",
    "near": "Near the mean",
    "near within": "Near, same density per class",
}
sampled = {name: [] for name in EXACT}
for draw in range(draws):
    x, y = mixture.sample(size, seed=seed + 2 * draw)
    for name, places in thresholds_of(x, y, mixture.sample(size, seed=seed + 2 * draw + 1)).items():
        sampled[name].append(places)
measured = {
    name: np.concatenate([r := mixture.class_risks(np.array(p)), (r * mixture.priors).sum(-1, keepdims=True)], -1)
    for name, p in sampled.items()
}

# %% tags=["hide-input", "nbval-ignore-output"]
fine = np.linspace(max(0.02, densities.min() / 2), 1, 200)
panels = []
for name, threshold in EXACT.items():
    fig, ax = plt.subplots(figsize=(3.6, 2.7))
    place = threshold(fine)
    exact = [*np.moveaxis(mixture.class_risks(place), -1, 0), mixture.average_risk(place)]
    jumps = np.abs(np.diff(np.clip(place, low, high))) > 0.3 * np.abs(np.diff(mixture.means))
    for k, (colour, text) in enumerate(((CLASS[0], "class 0"), (CLASS[1], "class 1"), (figures.INK, "average"))):
        broken = np.where(np.append(jumps, False), np.nan, exact[k])
        ax.plot(fine, broken, color=colour, lw=1.5, label=text)
        values = measured[name][..., k]  # (draws, densities)
        lower, upper = np.quantile(values, [0.05, 0.95], axis=0)
        mean = values.mean(axis=0)
        ax.vlines(densities, lower, upper, color=colour, lw=2.4, alpha=0.45)
        ax.plot(densities, mean, "o", color=colour, ms=4)
    ax.axhline(minimax, color=MINIMAX, ls=":", lw=1.3)
    ax.set(
        title=LABELS[name],
        xlim=(0, 1.04),
        ylim=(-0.03, 1.03) if max(map(np.nanmax, exact)) > 0.5 else (0, 1.15 * ax.get_ylim()[1]),
    )
    if name in ("random", "prototype"):
        ax.legend(loc="best", fontsize=9, handlelength=1.2)
    ax.set(xlabel="density kept, d", ylabel="risk")
    panels.append(fig)
tops = [p.axes[0].get_ylim()[1] for p in panels]
for p, top in zip(panels, tops, strict=True):
    if top < 1:
        p.axes[0].set_ylim(0, max(v for v in tops if v < 1))
figures.show(
    panels,
    f"Class risks and average risk against the density for eight pruners, exact lines with points from {draws} draws "
    f"of {size} samples; the dotted line is the minimax risk {minimax:.3f}.",
)

# %% tags=["hide-input"]
rows = []
for name, threshold in EXACT.items():
    place = threshold(densities)
    for i in (0, len(densities) // 2, len(densities) - 1):
        exact = mixture.class_risks(place[i])
        rows.append(
            [
                LABELS[name],
                f"{densities[i]:g}",
                *exact,
                mixture.average_risk(place[i]),
                *measured[name][:, i].mean(axis=0),
            ]
        )
figures.table(rows, ["pruner", "d", "R0", "R1", "average", "R0 drawn", "R1 drawn", "average drawn"])

# %% [markdown]
# The drawn thresholds scatter: the threshold with the fewest errors converges slowly (like $n^{-1/3}$), and when little
# is kept the points lie off the lines, which hold for infinite data. Where two far-apart thresholds are nearly as good,
# some draws take the one and some the other: long bars. Where only samples near the means are kept, all thresholds
# between the two heaps are equally good: the lines then show $t^*$ where it is one of them, the points the middle.
#
# ## What it means

# %% tags=["hide-input"]
d = float(densities[0])
worst_at = {name: float(mixture.worst_class_risk(EXACT[name](np.array(d)))) for name in EXACT}
room = worst_at["random"] - worst_at["minimax"]
gain = (worst_at["random"] - worst_at["random+drop"]) / max(room, 1e-12)
if worst_at["random+drop"] > worst_at["random"] + 1e-6:
    verdict = "one step of DRoP makes the worst class worse off."
elif room < 1e-6:
    verdict = "these quotas put nothing right here."
else:
    verdict = f"one step of DRoP covers {gain:.0%} of the way."
if np.isfinite(jump):
    limit = float(DistancePruned(mixture, np.full(2, jump)).density())
    claim = f"holds here down to density {limit:.2f}; below, the learner's threshold jumps."
else:
    claim = "cannot be judged by the theorem here."
figures.say(
    f"For this mixture at density {d:g}:\n\n"
    f"- **Random** pruning leaves the worst-class risk at {worst_at['random']:.3f}, **Random+DRoP** brings it to "
    f"{worst_at['random+drop']:.3f}, the **minimax quotas** to {worst_at['minimax']:.3f}: {verdict} No class densities "
    f"bring a learner of the average risk below {float(mixture.least_reachable_risk()):.3f}.\n"
    f"- **Distance to the mean** gives {worst_at['prototype']:.3f}, random samples at its class ratio "
    f"{worst_at['random+prototypeq']:.3f}.\n"
    f"- Claim C6 of the paper, that distance pruning leaves the threshold where it was, {claim}"
)

# %% [markdown]
# - Error-proportional quotas are the right idea with the wrong exponent: one step always overshoots, mildly where
#   classes are well apart and badly where they overlap. An exponent below 1 repairs most of it, and needs to know only
#   how hard the problem is.
# - Rebalancing needs room. Near $d = 1$ no quota can reach the wanted ratio unless the data have it, which may be why
#   the method looks weak at high densities.
# - Nothing here depends on how many samples there are: the theory speaks about class *ratios*. How few samples a
#   network can live with is a matter for the experiments.
#
# Where this chapter goes beyond the paper, or corrects a first reading of it: the stationary threshold is not always
# the minimum; the local minimum survives distance pruning longer than the global one; overshooting is a theorem. The
# paper's own figures of the mixture have parameters that we do not know, so they are not set beside ours.
# [The next chapter](11_beyond_two_classes.ipynb) leaves two classes and the line.
