"""The Bayes rule of K normal classes, on the line or in the plane, and the prior that is hardest for it.

Along a line the log densities of all classes are quadratic, so a rule's regions end where two of them meet, and their
masses are exact. The plane is cut into parallel strips, each as a line of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr

from drop.mixture.gaussian import Floats

FLOOR = 1e-6  # the least prior that is tried: it costs the value at most K times as much


class Lines(NamedTuple):
    """K classes on M lines: on line m class k is normal, with the share `masses[m, k]` of its samples."""

    masses: Floats  # (M, K), columns sum to 1
    means: Floats  # (M, K)
    stds: Floats  # (M, K)


def on_the_line(means: Floats, stds: Floats) -> Lines:
    """Classes on one line, exact: means and stds (K,)."""
    return Lines(np.ones((1, len(means))), means[None], stds[None])


def strips(means: Floats, covariances: Floats, count: int = 300) -> Lines:
    """Classes in the plane, means (K, 2) and covariances (K, 2, 2), in `count` strips of equal shares of all classes.

    Within a strip the second coordinate stands at its median: class risks are right to about 0.001.
    """
    height, stds = means[:, 1], np.sqrt(covariances[:, 1, 1])
    grid = np.linspace((height - 8 * stds).min(), (height + 8 * stds).max(), 20_001)
    share = ndtr((grid[:, None] - height) / stds).mean(axis=1)
    edges = np.concatenate([[-np.inf], np.interp(np.arange(1, count) / count, share, grid), [np.inf]])
    at = np.interp((np.arange(count) + 0.5) / count, share, grid)
    slope = covariances[:, 0, 1] / covariances[:, 1, 1]
    rest = np.sqrt(covariances[:, 0, 0] - slope * covariances[:, 0, 1])
    masses = np.diff(ndtr((edges[:, None] - height) / stds), axis=0)
    return Lines(masses, means[:, 0] + slope * (at[:, None] - height), np.broadcast_to(rest, masses.shape))


def bayes_risks(lines: Lines, priors: Floats) -> Floats:
    """The class risks (K,) of the Bayes rule at positive `priors` (K,)."""
    means, stds = lines.means, lines.stds
    with np.errstate(divide="ignore"):  # a class without mass on a line is nowhere the largest
        level = np.log(lines.masses * priors / stds) - (means / stds) ** 2 / 2
    curve = np.stack([-0.5 / stds**2, means / stds**2, level])  # coefficients of x², x, 1: (3, M, K)
    edges = np.sort(_meetings(curve), axis=-1)
    ends = np.full((len(edges), 1), np.inf)
    edges = np.concatenate([-ends, edges, ends], axis=-1)
    reach = np.abs(means).max() + 40 * stds.max()
    within = np.clip(edges, -reach, reach)
    x = ((within[:, 1:] + within[:, :-1]) / 2)[..., None]
    largest = np.argmax(curve[0, :, None] * x * x + curve[1, :, None] * x + curve[2, :, None], axis=-1)
    mean, std, mass = (np.take_along_axis(values, largest, axis=1) for values in (means, stds, lines.masses))
    right = mass * (ndtr((edges[:, 1:] - mean) / std) - ndtr((edges[:, :-1] - mean) / std))
    return 1 - np.bincount(largest.ravel(), right.ravel(), minlength=len(priors))


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _meetings(curve: Floats) -> Floats:
    """Where two of K quadratics, coefficients (3, M, K), are equal: (M, K (K − 1)), ∞ where they are not."""
    first, second = np.triu_indices(curve.shape[-1], 1)
    a, b, c = curve[..., first] - curve[..., second]
    half = -(b + np.copysign(np.sqrt(b * b - 4 * a * c), b)) / 2
    roots = np.concatenate([half / a, c / half], axis=-1)
    return np.where(np.isfinite(roots), roots, np.inf)


def least_favourable_prior(lines: Lines, rounds: int = 8, gap: float = 1e-7) -> tuple[Floats, float, float]:
    """The prior (K,) of largest Bayes risk, that risk, and how far it can be from the least worst-class risk at most.

    The Bayes risk is concave in the prior, with the class risks as its gradient. At any prior it is a lower bound on
    the worst-class risk of every rule, and the worst class of its Bayes rule is an upper bound: their difference is the
    certificate. Priors below `FLOOR` are not tried.
    """
    size = lines.means.shape[1]
    best = np.full(size, 1 / size)
    for _ in range(rounds):  # anew from the end: the search's picture of the curvature is stale there
        best = minimize(
            lambda p: (-(p @ (risks := bayes_risks(lines, p))), -risks), best, jac=True, method="SLSQP",
            bounds=[(FLOOR, 1.0)] * size, options={"ftol": 1e-15, "maxiter": 200},
            constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": np.ones_like},
        ).x  # fmt: skip
        best = np.maximum(best, FLOOR) / np.maximum(best, FLOOR).sum()
        risks = bayes_risks(lines, best)
        if risks.max() - best @ risks < gap:
            break
    return best, float(best @ risks), float(risks.max() - best @ risks)
