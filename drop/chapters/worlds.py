"""Random worlds of several classes: a learner, the least worst-class risk it could have, and what quotas make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from drop.experiments.intervals import Estimate
from drop.mixture import bayes, classes, offsets
from drop.mixture.gaussian import Floats, damped_exponent

STEPS = {"DRoP": (False, 1), "DRoP, damped": (True, 1), "damped, 5 steps": (True, 5)}  # damped or not, how many
LEAST_GAP = 0.005  # a world with less to close says nothing about quotas


class World(NamedTuple):
    """Class risks of a learner as a function of the priors, and a bound on its worst-class risk at any priors."""

    risks: Callable[[Floats], Floats]  # priors (K,) -> (K,)
    least: float
    doubt: float = 0.0  # `least` may be too low by so much


def gamma_of(risks: Floats, priors: Floats) -> float:
    """The damped exponent of two classes, with the average risk of the query in the place of Φ(−z)."""
    return float(damped_exponent(np.sum(priors * risks)))


def after(risks: Floats, priors: Floats, exponent: float = 1.0) -> Floats:
    """Priors (K,) after one unsaturated step of DRoP at these class risks (K,)."""
    weights = priors * np.maximum(risks, 1e-12) ** exponent
    return weights / weights.sum()


def shares_closed(world: World, size: int) -> tuple[float, Floats] | None:
    """Average risk of the query at even priors, and the share of the way to the least worst-class risk
    that each of `STEPS` covers, 1 at best.

    None for a world with less than `LEAST_GAP` between even quotas and the least possible.
    """
    even = np.full(size, 1 / size)
    first, shares = world.risks(even), []
    if first.max() - world.least < LEAST_GAP:
        return None
    for damped, count in STEPS.values():
        priors, risks = even, first
        for _ in range(count):
            priors = after(risks, priors, gamma_of(risks, priors) if damped else 1.0)
            risks = world.risks(priors)
        shares.append((first.max() - risks.max()) / (first.max() - world.least))
    return float(first.mean()), np.array(shares)


def median(values: Floats) -> Estimate:
    """The median with a 95 % interval from two of the sorted values, whatever their distribution."""
    low = max(int(binom.ppf(0.025, len(values), 0.5)) - 1, 0)
    ranked, middle = np.sort(values), float(np.median(values))
    return Estimate(middle, middle, float(ranked[low]), float(ranked[-1 - low]), 0)


def ordered(means: Floats, stds: Floats) -> World:
    """Thresholds on the line."""

    def risks(priors: Floats) -> Floats:
        return classes.threshold_risks(means, stds, classes.average_optimal_thresholds(means, stds, priors))

    return World(risks, classes.minimax_risk(means, stds))


def bayes_world(lines: bayes.Lines) -> World:
    """The Bayes rule on the line or in the plane."""
    _, least, doubt = bayes.least_favourable_prior(lines)
    return World(lambda priors: bayes.bayes_risks(lines, priors), least, doubt)


def linear(means: Floats, stds: Floats) -> tuple[World, float]:
    """Three isotropic classes and linear rules with free offsets; and the worst-class risk at the stationary priors."""
    risks, rates = offsets.offset_risks(means, stds, offsets.minimax_offsets(means, stds))
    if not np.ptp(risks) < 1e-9:
        raise ArithmeticError(f"the minimax offsets were not found: class risks {risks}.")
    learner = offsets.OffsetLearner(means, stds)
    led = learner.risks(offsets.stationary_priors(rates)).max()
    return World(learner.risks, float(risks.max())), float(led)


def line_classes(rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
    """Increasing means (K,) and standard deviations (K,), from well apart to one on top of the other."""
    means, stds = np.sort(rng.normal(size=size)) * size, np.exp(rng.uniform(np.log(0.4), np.log(1.6), size))
    return means * np.exp(rng.uniform(-0.7, 1.0)), stds


def closest_pair(means: Floats, stds: Floats) -> tuple[float, float]:
    """Of the neighbours on the line that overlap most: the overlap Φ(−z), and the wider width over the other."""
    overlap = ndtr(-np.diff(means) / (stds[1:] + stds[:-1]))
    ratio = np.maximum(stds[1:], stds[:-1]) / np.minimum(stds[1:], stds[:-1])
    return float(overlap.max()), float(ratio[overlap.argmax()])


def crowd(count: int, size: int, seed: int) -> tuple[Floats, Floats, np.ndarray]:
    """Random mixtures of `size` classes on the line (M,): their closest pairs (M, 2), the average risk of ordered
    thresholds, and whether one plain step of DRoP harms them."""
    rng = np.random.default_rng([seed, 0])
    lines = [line_classes(rng, size) for _ in range(count)]
    found = [(closest_pair(*line), shares_closed(ordered(*line), size)) for line in lines]
    told = [(*pair, shares[0], shares[1][0]) for pair, shares in found if shares]
    overlap, ratio, error, step = np.array(told).T
    return np.stack([overlap, ratio], axis=-1), error, step < -1e-6


def plane_classes(rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
    """Means (K, 2) and covariances (K, 2, 2)."""
    means = rng.normal(size=(size, 2)) * size * 0.7 * np.exp(rng.uniform(-0.7, 1.0))
    roots = rng.normal(size=(size, 2, 2)) * 0.6 + np.eye(2) * 0.5
    return means, roots @ roots.swapaxes(1, 2) + 0.05 * np.eye(2)


def isotropic_classes(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Means (3, 2) and standard deviations (3,) of three round classes."""
    means = rng.normal(size=(3, 2)) * 3 * 0.7 * np.exp(rng.uniform(-0.7, 0.3))
    return means, np.exp(rng.uniform(np.log(0.4), np.log(1.6), 3))
