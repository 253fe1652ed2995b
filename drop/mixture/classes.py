"""Classes on a line and linear rules in many dimensions: the thresholds of K classes, the best direction of two.

On the line the argmax of K affine functions is a row of at most K − 1 thresholds, with classes in any order. Thresholds
here have them in the order of the means; with unequal widths another order can be better (`reached_in_some_order`).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from drop.mixture.gaussian import Floats, GaussianMixture


def threshold_risks(means: Floats, stds: Floats, thresholds: ArrayLike) -> Floats:
    """Class risks (K,) of the rule that predicts class k between thresholds k − 1 and k, of K − 1 increasing ones."""
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    return ndtr((edges[:-1] - means) / stds) + ndtr((means - edges[1:]) / stds)


def average_optimal_thresholds(means: Floats, stds: Floats, priors: Floats) -> Floats:
    """The K − 1 thresholds of least average risk for increasing means; two that coincide drop a class. Exact.

    The classes that are predicted form a chain. Between two neighbours of the chain the threshold is the only local
    minimum of their two-class problem, so the best chain that ends with a pair of neighbours follows from the best
    chains that end with the pair before, of those whose threshold lies to the left.
    """
    cuts, costs = _pairs(means, stds, priors)
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {}  # by last pair: risk less its first terms, chain
    for b in range(len(means)):
        for a in (a for a in range(b) if not np.isnan(cuts[a, b])):
            before = [best[c, a] for c in range(a) if (c, a) in best and cuts[c, a] < cuts[a, b]]
            cost, chain = min([(0.0, (a,)), *before])
            best[a, b] = cost + costs[a, b], (*chain, b)
    ends = [(-priors[k], (k,)) for k in range(len(means))]
    _, chain = min([*ends, *((cost - priors[b], chain) for (_, b), (cost, chain) in best.items())])
    thresholds = np.full(len(means) - 1, np.inf)
    thresholds[: chain[0]] = -np.inf
    for a, b in pairwise(chain):
        thresholds[a:b] = cuts[a, b]
    return thresholds


def _pairs(means: Floats, stds: Floats, priors: Floats) -> tuple[Floats, Floats]:
    """For classes a < b the local minimum t of φb Fb(t) − φa Fa(t), NaN where there is none, and its value: (K, K)."""
    rows, columns = np.triu_indices(len(means), 1)
    pair = [np.stack([values[rows], values[columns]], axis=-1) for values in (means, stds, priors)]
    mixture = GaussianMixture(*pair[:2], pair[2] / pair[2].sum(axis=-1, keepdims=True))
    cut = mixture.stationary_threshold()
    below = pair[2] * ndtr((cut[:, None] - pair[0]) / pair[1])
    cuts, costs = np.full((2, len(means), len(means)), np.nan)
    cuts[rows, columns], costs[rows, columns] = cut, below[:, 1] - below[:, 0]
    return cuts, costs


def minimax_risk(means: Floats, stds: Floats) -> float:
    """The least worst-class risk of thresholds with the classes in the order given: all class risks are equal there."""

    def excess(risk: float) -> float:
        return float(ndtr((_ends(means, stds, risk)[-1] - means[-1]) / stds[-1])) - risk

    return float(brentq(excess, 1e-15, 1 - 1e-15, xtol=1e-15))


def minimax_thresholds(means: Floats, stds: Floats) -> Floats:
    """The K − 1 thresholds at which all class risks are equal.

    They are less certain than the risk where one of them already costs a class nearly all of it.
    """
    return _ends(means, stds, minimax_risk(means, stds))


def _ends(means: Floats, stds: Floats, risk: float) -> Floats:
    """Each class but the last ends where its risk has just fallen to `risk`; ∞ where it cannot."""
    edges = [-np.inf]
    for mean, std in zip(means[:-1], stds[:-1], strict=True):
        edges.append(_end(mean, std, risk, edges[-1]))
    return np.array(edges[1:])


def _end(mean: float, std: float, risk: float, start: float) -> float:
    """Where a class that is predicted from `start` on may end with this risk; ∞ where it may not."""
    return mean - std * ndtri(max(risk - ndtr((start - mean) / std), 0.0))


def reached_in_some_order(means: Floats, stds: Floats, risk: float) -> bool:
    """Whether K − 1 thresholds with the classes in any order have a worst-class risk of at most `risk`."""
    size = len(means)
    ends = np.full(2**size, -np.inf)  # by set of classes: the least end of the intervals of these
    for chosen in range(1, 2**size):
        last = [k for k in range(size) if chosen >> k & 1]
        ends[chosen] = min(_end(means[k], stds[k], risk, ends[chosen - 2**k]) for k in last)
    return bool(ends[-1] < np.inf)


def minimax_priors(means: Floats, stds: Floats) -> Floats:
    """The priors (K,) at which the minimax thresholds are stationary: φk fk = φk+1 fk+1 at threshold k."""
    cuts = minimax_thresholds(means, stds)
    left, right = (-(((cuts - means[i]) / stds[i]) ** 2) / 2 - np.log(stds[i]) for i in (np.s_[:-1], np.s_[1:]))
    logs = np.concatenate([[0.0], np.cumsum(left - right)])
    priors = np.exp(logs - logs.max())
    return priors / priors.sum()


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


def best_linear_rule(means: Floats, covariances: Floats, priors: Floats) -> tuple[Floats, float, float]:
    """w (2,), b and average risk of the best rule w·x > b in the plane: means (2, 2), covariances (2, 2, 2).

    The direction is the best of a quarter of a degree, looked at again ten times as closely until it is exact.
    """
    gap = means[1] - means[0]
    angle, reach = np.arctan2(gap[1], gap[0]), np.pi / 2
    for count in (721, *[41] * 8):  # the ends look across the gap, where a rule sees nothing
        angles = angle + np.linspace(-reach, reach, count)[1:-1]
        directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        directions = directions[directions @ gap > 1e-9]
        seen = project(means, covariances, directions)
        seen = GaussianMixture(seen.means, seen.stds, priors)
        cuts = seen.average_optimal_threshold()
        best = int(np.argmin(seen.average_risk(cuts)))
        angle, reach = np.arctan2(*directions[best, ::-1]), 4 * reach / count
    return directions[best], float(cuts[best]), float(seen.average_risk(cuts)[best])
