"""How biased the smallest of many measured recalls is, exactly and by simulation.

X hits of n test images a class are binomial with the true recall p. The smallest X/n lies too low on average, since it
picks the unluckiest class as well as the worst; the recall on test images of the class that looked worst on others lies
too high, since the choice is sometimes wrong.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc  # P(X > x) of a binomial


def expected_minimum(p: np.ndarray, n: int) -> float:
    """Mean of the smallest of K measured recalls; true recalls p (K,), n test images a class."""
    x = np.arange(1, n + 1)
    return float(bdtrc(x[:, None] - 1, n, np.asarray(p)).prod(axis=1).sum() / n)


def expected_chosen(p: np.ndarray, n: int) -> float:
    """Mean test recall of the class that looks worst on n other images a class; the first of several."""
    x, p = np.arange(n + 1)[:, None], np.asarray(p)
    above, from_here = bdtrc(x, n, p), bdtrc(x - 1, n, p)  # P(X > x), P(X >= x), (n + 1, K)
    ones = np.ones((n + 1, 1))
    earlier = np.hstack([ones, above[:, :-1]]).cumprod(axis=1)  # all classes before this one lie above x,
    later = np.hstack([from_here[:, 1:], ones])[:, ::-1].cumprod(axis=1)[:, ::-1]  # and none after it below
    return float(((from_here - above) * earlier * later).sum(axis=0) @ p)


def simulated(p: np.ndarray, n: int, draws: int = 4000, seed: int = 0) -> tuple[float, float]:
    """The two means by simulation."""
    generator, p = np.random.default_rng(seed), np.asarray(p)
    validation, test = (generator.binomial(n, p, size=(draws, len(p))) / n for _ in range(2))
    chosen = np.take_along_axis(test, validation.argmin(axis=1, keepdims=True), axis=1)
    return float(test.min(axis=1).mean()), float(chosen.mean())


def row(p: np.ndarray, n: int) -> list[float]:
    """In percent: the smallest true recall, the expected minimum, the expected recall of the chosen class, each of
    these exactly and simulated."""
    exact, drawn = (expected_minimum(p, n), expected_chosen(p, n)), simulated(p, n)
    return [100 * float(np.min(p)), *(100 * mean for pair in zip(exact, drawn, strict=True) for mean in pair)]
