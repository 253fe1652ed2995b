"""Gaussian mixtures of K classes or D dimensions: the best quotas for linear and, apart from them, for Bayes rules.

On the line the argmax of K affine functions is a row of K − 1 thresholds, here in the order of the means. In D
dimensions the linear rules are argmax μk·x + bk: the directions of the nearest-mean rule, one free offset a class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.optimize import root as find_root
from scipy.special import gamma, gammainc, gammaincc, ndtr, ndtri

from drop.mixture.gaussian import Floats, GaussianMixture


def threshold_risks(means: Floats, stds: Floats, thresholds: ArrayLike) -> Floats:
    """Class risks (K,) of the rule that predicts class k between thresholds k − 1 and k, of K − 1 increasing ones."""
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    return ndtr((edges[:-1] - means) / stds) + ndtr((means - edges[1:]) / stds)


def average_optimal_thresholds(means: Floats, stds: Floats, priors: Floats, points: int = 4001) -> Floats:
    """The K − 1 increasing thresholds of least average risk for increasing means; two that coincide drop a class.

    The risk is a sum of one term per threshold, so dynamic programming over `points` positions finds the minimum; then
    each threshold moves to the stationary one of its two classes where that costs no more and keeps the order.
    """
    inner = np.linspace((means - 8 * stds).min(), (means + 8 * stds).max(), points)
    grid = np.concatenate([[-np.inf], inner, [np.inf]])
    below = priors[:, None] * ndtr((grid - means[:, None]) / stds[:, None])  # (K, points + 2)
    costs, choices = np.zeros_like(grid), []
    for cost in below[1:] - below[:-1]:
        best = np.minimum.accumulate(costs := costs + cost)
        choices.append(np.maximum.accumulate(np.where(costs <= best, np.arange(len(grid)), 0)))
        costs = best
    index, thresholds = len(grid) - 1, np.empty(len(means) - 1)
    for k in reversed(range(len(means) - 1)):
        index = choices[k][index]
        thresholds[k] = grid[index]
    return _to_stationary(thresholds, means, stds, priors)


def _to_stationary(thresholds: Floats, means: Floats, stds: Floats, priors: Floats) -> Floats:
    pairs = [np.stack([a[:-1], a[1:]], axis=-1) for a in (means, stds, priors)]
    mixture = GaussianMixture(*pairs[:2], pairs[2] / pairs[2].sum(axis=-1, keepdims=True))
    exact = mixture.stationary_threshold()
    moves = mixture.average_risk(np.nan_to_num(exact)) <= mixture.average_risk(thresholds) + 1e-15
    for k in np.flatnonzero(moves & ~np.isnan(exact)):
        moved = thresholds.copy()
        moved[k] = exact[k]
        if (moved[1:] >= moved[:-1]).all():
            thresholds = moved
    return thresholds


def minimax_thresholds(means: Floats, stds: Floats) -> Floats:
    """The K − 1 thresholds at which all class risks are equal: the least worst-class risk of ordered thresholds."""

    def thresholds(risk: float) -> Floats:
        """Each class in turn ends where its risk has just fallen to `risk`; ∞ where it cannot."""
        edges = [-np.inf]
        for mean, std in zip(means[:-1], stds[:-1], strict=True):
            edges.append(mean - std * ndtri(max(risk - ndtr((edges[-1] - mean) / std), 0.0)))
        return np.array(edges[1:])

    def excess(risk: float) -> float:
        return float(ndtr((thresholds(risk)[-1] - means[-1]) / stds[-1])) - risk

    return thresholds(brentq(excess, 1e-15, 1 - 1e-15, xtol=1e-15))


def minimax_priors(means: Floats, stds: Floats) -> Floats:
    """The priors (K,) at which the minimax thresholds are stationary: φk fk = φk+1 fk+1 at threshold k."""
    cuts = minimax_thresholds(means, stds)
    left, right = (-(((cuts - means[i]) / stds[i]) ** 2) / 2 - np.log(stds[i]) for i in (np.s_[:-1], np.s_[1:]))
    logs = np.concatenate([[0.0], np.cumsum(left - right)])
    priors = np.exp(logs - logs.max())
    return priors / priors.sum()


def line_cells(means: Floats, stds: Floats, points: int = 4001) -> Floats:
    """The K classes' masses in the cells of a fine grid on the line, (points, K); columns sum to 1."""
    x = np.linspace((means - 8 * stds).min(), (means + 8 * stds).max(), points + 1)
    return np.diff(ndtr((x[:, None] - means) / stds), axis=0)


def sample_cells(means: Floats, covariances: Floats, size: int = 4000, seed: int = 0) -> Floats:
    """The same with `size` random points per class as cells, (K size, K); means (K, D), covariances (K, D, D)."""
    rng = np.random.default_rng(seed)
    roots = np.linalg.cholesky(covariances)
    noise = rng.normal(size=(len(means), size, means.shape[1]))
    x = np.concatenate(means[:, None] + noise @ np.swapaxes(roots, 1, 2))
    logs = []
    for mean, root in zip(means, roots, strict=True):
        whitened = np.linalg.solve(root, (x - mean).T)
        logs.append(-(whitened**2).sum(axis=0) / 2 - np.log(np.diag(root)).sum())
    densities = np.exp(np.stack(logs, axis=-1) - np.max(logs, axis=0)[:, None])
    cells = densities / densities.sum(axis=-1, keepdims=True)  # fk over the even mixture the points are drawn from
    return cells / cells.sum(axis=0)


def bayes_risks(cells: Floats, priors: Floats) -> Floats:
    """The class risks (K,) of the Bayes rule at `priors` on cells (N, K)."""
    chosen = np.argmax(cells * priors, axis=-1)
    return 1 - np.bincount(chosen, cells[np.arange(len(cells)), chosen], minlength=len(priors))


def least_favourable_prior(cells: Floats) -> Floats:
    """The prior (K,) of largest Bayes risk on cells (N, K): its Bayes rule has the least worst-class risk of all rules.

    The risk is concave in the prior, with the class risks as its gradient.
    """
    size = cells.shape[1]
    found = minimize(
        lambda p: -1 + (cells * p).max(axis=-1).sum() + (1 - p.sum()), np.full(size, 1 / size), method="SLSQP",
        jac=lambda p: -bayes_risks(cells, p), bounds=[(0.0, 1.0)] * size, options={"ftol": 1e-9, "maxiter": 100},
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": np.ones_like})  # fmt: skip
    return np.maximum(found.x, 0) / np.maximum(found.x, 0).sum()


def offset_risks(means: Floats, stds: Floats, offsets: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Class risks (K,) of the rule argmax μk·x + bk for classes N(μk, σk² I), and their Jacobian in the offsets b.

    A region is convex, so a ray from its class's mean is inside it between two radii, whose χ probabilities are exact;
    the risk is the mean over unit vectors `directions` (N, D), the same for all classes. Exact on the line with ±1.
    """
    size, half, along = len(means), means.shape[1] / 2, directions @ means.T
    slopes = stds[:, None, None] * (along - along.T[:, :, None])  # (K, N, K): of score l less score k, on a ray of k
    slopes[slopes == 0] = 1e-100
    scores = offsets + means @ means.T
    meets = (np.diag(scores)[:, None] - scores + np.eye(size))[:, None] / slopes
    entries, exits = np.where(slopes < 0, meets, -np.inf), np.where(slopes > 0, meets, np.inf)
    inner = np.clip(entries.max(axis=-1), 0.0, 40.0)
    outer = np.clip(exits.min(axis=-1), inner, 40.0)
    risks = (gammainc(half, inner**2 / 2) + gammaincc(half, outer**2 / 2)).mean(axis=-1)
    jacobian = np.zeros((size, size))
    for radius, rival, sign in ((inner, entries.argmax(axis=-1), -1), (outer, exits.argmin(axis=-1), 1)):
        density = radius ** (2 * half - 1) * np.exp(-(radius**2) / 2) / (2 ** (half - 1) * gamma(half))
        moves = sign * density / np.take_along_axis(slopes, rival[..., None], axis=-1)[..., 0] / len(directions)
        np.add.at(jacobian, (np.arange(size)[:, None], rival), np.where((radius > 0) & (inner < outer), moves, 0.0))
    return risks, jacobian - np.diag(jacobian.sum(axis=-1))


def minimax_offsets(means: Floats, stds: Floats, directions: Floats) -> Floats:
    """The offsets (K,), up to a constant, at which all K risks are equal: the least worst-class risk of these rules."""

    def excess(offsets: Floats, spreads: Floats) -> Floats:
        z = ndtri(np.clip(offset_risks(means, spreads, offsets, directions)[0], 1e-300, 1 - 1e-16))
        return np.append(z[1:] - z[0], offsets[0])

    offsets, even = ((means[0] ** 2).sum() - (means**2).sum(axis=-1)) / 2, np.sqrt((stds**2).mean())
    for share in (0.25, 0.5, 0.75, 1.0):  # from equal spreads, where the nearest mean is a good start, to these
        offsets = find_root(excess, offsets, args=(stds**share * even ** (1 - share),)).x
    return offsets


def anderson_bahadur(means: Floats, covariances: Floats) -> tuple[Floats, float]:
    """w (D,) and b of the linear rule w·x > b of least worst-class risk: means (2, D), covariances (2, D, D).

    w = (s Σ0 + (1 − s) Σ1)⁻¹ (μ1 − μ0) with s √(w'Σ0w) = (1 − s) √(w'Σ1w); Anderson & Bahadur (1962), theorem 1.
    """
    gap = means[1] - means[0]

    def direction(s: float) -> Floats:
        return np.linalg.solve(s * covariances[0] + (1 - s) * covariances[1], gap)

    def imbalance(s: float) -> float:
        first, second = (np.sqrt(direction(s) @ c @ direction(s)) for c in covariances)
        return float(s * first - (1 - s) * second)

    w = direction(brentq(imbalance, 0.0, 1.0, xtol=1e-15))
    w = w / np.linalg.norm(w)
    return w, float(project(means, covariances, w).worst_class_threshold())


def project(means: Floats, covariances: Floats, directions: Floats) -> GaussianMixture:
    """The mixture of w·x, even priors, for each vector w of `directions` (..., D) along which the means increase."""
    variances = np.einsum("...i,kij,...j->...k", directions, covariances, directions)
    return GaussianMixture(directions @ np.transpose(means), np.sqrt(variances), (0.5, 0.5))
