"""How well a handful of runs and a finite test set determine what is read off class recalls.

The quantities are functions of the expected recalls p_k = E[recall of class k], the expectation being over seeds and
test images. Each is built from weighted sums of recalls, c·p, so one interval serves them all; x_s: recalls of seed s.

    mean_s c·x_s  ±  sqrt( (t_{S-1} sd_s(c·x_s) / √S)²  +  (z se_test(c))² )

The first term covers seeds. The second covers the test set and does not shrink to 0 with S, because all seeds are
tested on the same images: it is the spread over images of what the seeds say on average, so methods that find the same
images hard are compared image by image. Adding squared half-widths is the MOVER of Zou & Donner (2008, Statistics in
Medicine 27:1693). Noise of an image in one seed enters both terms, so the intervals err on the wide side.

The worst class is min_k p_k. Below: the least of the classes' lower bounds; no correction for K is needed, since only
the truly worst class must be bounded (intersection-union; Berger 1982, Technometrics 24:295). Above: any fixed class
bounds the minimum, so a class is chosen on validation images, for each seed by the other seeds' runs, and reported on
test images.
"""

import base64
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit  # the quantiles of the normal and of Student's t

from drop.metrics import recalls_of, spread, tally, worst_class

METRICS = ("average", "worst_class", "gap")


@dataclass(frozen=True)
class Estimate:
    """A quantity of the expected recalls: plug-in value, value of the class chosen on validation, interval, seeds."""

    value: float
    chosen: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, eq=False)
class Trials:
    """Recalls of S runs (one a seed) on the same images: test and validation (S, K), test images a class (K,).

    `hits`, bool (S, n), says which test images were right, class after class; None: the recalls are known exactly.
    """

    test: np.ndarray
    validation: np.ndarray
    sizes: np.ndarray
    hits: np.ndarray | None = None

    @classmethod
    def of_records(cls, records: list[dict]) -> "Trials":
        """Trials of one record a seed; ValueError unless there is one, and all have as many test images a class."""
        if len({tuple(tally(record["test"])[1]) for record in records}) != 1:
            raise ValueError("Trials need at least one record, and all of them the same classes and test images.")
        test, validation = (np.array([recalls_of(r[split]) for r in records]) for split in ("test", "validation"))
        sizes = tally(records[0]["test"])[1]
        packed = (np.frombuffer(base64.b64decode(record["test_hits"]), np.uint8) for record in records)
        return cls(test, validation, sizes, np.array([np.unpackbits(row, count=sizes.sum()) for row in packed], bool))


def _covariance(a: Trials, b: Trials) -> np.ndarray:
    """Covariance (K,), over draws of the test images, of two methods' recalls on the same images."""
    if a.hits is None or b.hits is None:
        return np.zeros(len(a.sizes))
    first, second = (t.hits.mean(axis=0) - np.repeat(t.test.mean(axis=0), t.sizes) for t in (a, b))
    return np.add.reduceat(first * second, np.cumsum(a.sizes) - a.sizes) / (a.sizes + 2) ** 2


def _variance(trials: Trials) -> np.ndarray:
    """Variance (K,) of the recalls over draws of the test images; two more squares keep it above 0 where all agree.

    So do the four successes and failures of Agresti & Coull (1998, The American Statistician 52:119) for one
    proportion, and the two of Bonett & Price (2012, J. Educational and Behavioral Statistics 37:479) for a pair.
    """
    return _covariance(trials, trials) + (0 if trials.hits is None else 2 / (trials.sizes + 2) ** 2)


def _others(validation: np.ndarray) -> np.ndarray:
    """For each seed the mean over the other seeds (S, K), so that a choice is independent of the seed it judges."""
    seeds = len(validation)
    return validation if seeds == 1 else (validation.sum(axis=0) - validation) / (seeds - 1)


def _half_width(values: np.ndarray, test_variance, level: float) -> np.ndarray:
    """Half-width of the interval of the means over seeds (axis 0) of `values`; infinite for a single seed."""
    seeds = len(values)
    if seeds < 2:
        return np.full(values.shape[1:], np.inf)
    t, z = stdtrit(seeds - 1, (1 + level) / 2), ndtri((1 + level) / 2)
    return np.sqrt(t**2 * values.var(axis=0, ddof=1) / seeds + z**2 * test_variance)


def _contrasts(metric: str, sizes: np.ndarray) -> np.ndarray:
    """Weights (M, K): the metric is their smallest weighted sum of recalls (the gap is minus it)."""
    identity = np.eye(len(sizes))
    if metric == "average":
        return (sizes / sizes.sum())[None]
    if metric == "worst_class":
        return identity
    if metric == "gap":
        return (identity[:, None] - identity[None]).reshape(-1, len(sizes))
    raise ValueError(f"Unknown metric {metric!r}: it must be one of {', '.join(METRICS)}.")


def _chosen(trials: Trials, contrasts: np.ndarray, k: int) -> np.ndarray:
    """Weights (S, K) of the k contrasts that look smallest on the validation images of the other seeds."""
    order = np.argsort(_others(trials.validation) @ contrasts.T, axis=1, kind="stable")
    return contrasts[order[:, :k]].mean(axis=1)


def _lower(a: Trials, b: Trials, contrasts: np.ndarray, k: int, level: float) -> float:
    """Lower bound of m(a) - m(b), m = mean of the k smallest c·p: every c for a, the chosen ones for b."""
    chosen = _chosen(b, contrasts, k)
    values = a.test @ contrasts.T - (b.test * chosen).sum(axis=1, keepdims=True)  # (S, M)
    w = chosen.mean(axis=0)
    variance = contrasts**2 @ _variance(a) + w**2 @ _variance(b) - 2 * (contrasts * w) @ _covariance(a, b)
    low = values.mean(axis=0) - _half_width(values, variance, level)
    return float(np.sort(low)[:k].mean())


def difference(a: Trials, b: Trials, metric: str = "worst_class", level: float = 0.95, k: int = 1) -> Estimate:
    """Metric of a minus metric of b on shared seeds (row s of both belongs to the same seed), with its interval.

    Both must have been tested on the same images, in one order. `k` > 1: the mean of the k worst classes. The interval
    ends where differences do, at -1 and 1.
    """
    if a.test.shape != b.test.shape or (a.sizes != b.sizes).any():
        raise ValueError(f"A difference needs the same seeds and test images, got {a.test.shape} and {b.test.shape}.")
    contrasts = _contrasts(metric, a.sizes)
    if metric == "gap":
        a, b = b, a  # gap = -min(c·p)
    value = worst_class(a.test.mean(axis=0) @ contrasts.T, k) - worst_class(b.test.mean(axis=0) @ contrasts.T, k)
    chosen = [(x.test * _chosen(x, contrasts, k)).sum(axis=1).mean() for x in (a, b)]
    low, high = max(_lower(a, b, contrasts, k, level), -1.0), min(-_lower(b, a, contrasts, k, level), 1.0)
    return Estimate(float(value), float(chosen[0] - chosen[1]), low, high, len(a.test))


def estimate(trials: Trials, metric: str = "worst_class", level: float = 0.95, k: int = 1) -> Estimate:
    """Metric (or "spread") of one method with its interval: the difference to a method that is never right for sure.

    The plug-in minimum is biased low (it picks the unluckiest class), the class chosen on validation biased high. The
    interval ends where the metric does, at 0 and 1.
    """
    is_spread = metric == "spread"
    e = _spread_estimate(trials, level) if is_spread else difference(trials, nothing(trials), metric, level, k)
    return replace(e, low=max(e.low, 0.0), high=min(e.high, 1.0))


def nothing(like: Trials) -> Trials:
    """Trials with recall 0 everywhere and no uncertainty."""
    return Trials(np.zeros_like(like.test), np.zeros_like(like.test), like.sizes)


def _spread_estimate(trials: Trials, level: float) -> Estimate:
    """Standard deviation over classes of the expected recalls, with a conservative interval.

    It is the largest c·p/√K over unit vectors c that sum to 0. Below: the c of the other seeds' validation recalls.
    Above: the plug-in value plus the widest half-width that any c can have.
    """
    seeds, classes = trials.test.shape
    c = _others(trials.validation)
    c = c - c.mean(axis=1, keepdims=True)
    c = c / np.maximum(np.linalg.norm(c, axis=1, keepdims=True), 1e-12)
    along, variance = (trials.test * c).sum(axis=1), _variance(trials)
    low = along.mean() - _half_width(along, c.mean(axis=0) ** 2 @ variance, level)
    # The longest axis of the runs' cloud, as S values with the largest standard deviation that any c can give.
    left, length, _ = np.linalg.svd(trials.test - trials.test.mean(axis=0), full_matrices=False)
    value = float(spread(trials.test.mean(axis=0)))
    high = value + _half_width(left[:, 0] * length[0], variance.max(), level) / np.sqrt(classes)
    return Estimate(value, float(along.mean() / np.sqrt(classes)), float(low / np.sqrt(classes)), float(high), seeds)


def area(densities, estimates: list[Estimate]) -> Estimate:
    """Area under a curve over density d (linear in d, trapezoids), divided by the range of d: the curve's mean height.

    Bounds are integrated like values: right for any dependence between densities, and wide when there is little.
    """
    d = np.asarray(densities, dtype=float)
    if d.ndim != 1 or len(d) < 2 or len(d) != len(estimates) or (np.diff(d) <= 0).any():
        raise ValueError(f"An area needs at least two increasing densities, one an estimate, got {d.tolist()}.")

    def mean_height(name: str) -> float:
        return float(np.trapezoid([getattr(e, name) for e in estimates], d) / (d[-1] - d[0]))

    return Estimate(*map(mean_height, ("value", "chosen", "low", "high")), min(e.seeds for e in estimates))
