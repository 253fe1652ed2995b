"""Class recalls, what is read off them, and how well a handful of runs and a finite test set determine it.

The quantities are functions of the expected recalls p_k = E[recall of class k], the expectation being over seeds and
test images. Each is built from weighted sums of recalls, c·p, so one interval serves them all; x_s: recalls of seed s.

    mean_s c·x_s  ±  sqrt( (t_{S-1} sd_s(c·x_s) / √S)²  +  (z se_test(c))² )

The first term covers seeds. The second covers the test set and does not shrink with S, because all seeds are tested on
the same images. Adding squared half-widths is the MOVER of Zou & Donner (2008, Statistics in Medicine 27:1693); the
binomial variance is taken at the centre of Agresti & Coull (1998, The American Statistician 52:119). Noise of an image
in one seed enters both terms, so the intervals err on the wide side.

The worst class is min_k p_k. Below: the least of the classes' lower bounds; no correction for K is needed, since only
the truly worst class must be bounded (intersection-union; Berger 1982, Technometrics 24:295). Above: any fixed class
bounds the minimum, so a class is chosen on validation images, for each seed by the other seeds' runs, and reported on
test images.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit  # the quantiles of the normal and of Student's t

METRICS = ("average", "worst_class", "gap")


def confusion_matrix(labels, predictions, num_classes: int) -> np.ndarray:
    """Counts (K, K) int64 of samples by true class (rows) and predicted class (columns)."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise ValueError(f"labels and predictions need one shape (N,), got {labels.shape} and {predictions.shape}.")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"{name} must be integers, got {values.dtype}.")
        if values.size and not 0 <= values.min() <= values.max() < num_classes:
            raise ValueError(f"{name} must lie in 0..{num_classes - 1}, got {values.min()}..{values.max()}.")
    pairs = labels.astype(np.int64) * num_classes + predictions
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def tally(counts) -> tuple[np.ndarray, np.ndarray]:
    """Correct and all samples of each class, from a confusion matrix (K, K) or {"correct": [K], "total": [K]}."""
    if isinstance(counts, dict):
        correct, total = np.asarray(counts["correct"]), np.asarray(counts["total"])
    else:
        matrix = np.asarray(counts)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"A confusion matrix needs shape (K, K), got {matrix.shape}.")
        correct, total = matrix.diagonal(), matrix.sum(axis=1)
    if (total <= 0).any():
        raise ValueError(f"Class {int(np.argmin(total))} has no samples: its recall is undefined.")
    if ((correct < 0) | (correct > total)).any():
        raise ValueError("Correct counts must lie between 0 and the class total.")
    return correct, total


def recalls_of(counts) -> np.ndarray:
    """Share of each class that is classified correctly, float64 (K,), from the counts that `tally` accepts."""
    correct, total = tally(counts)
    return correct / total


def average_of(counts) -> float:
    """Share of all samples that is classified correctly, from the counts that `tally` accepts."""
    correct, total = tally(counts)
    return float(correct.sum() / total.sum())


def class_recalls(labels, predictions, num_classes: int) -> np.ndarray:
    """Share of each class that is predicted correctly, float64 (K,); a class without samples is an error."""
    return recalls_of(confusion_matrix(labels, predictions, num_classes))


def worst_class(recalls, k: int = 1):
    """Smallest recall over the last axis, or the mean of the k smallest."""
    recalls = np.asarray(recalls, dtype=float)
    if not 1 <= k <= recalls.shape[-1]:
        raise ValueError(f"k must lie in 1..{recalls.shape[-1]}, got {k}.")
    return np.sort(recalls, axis=-1)[..., :k].mean(axis=-1)


def gap(recalls):
    """Largest minus smallest recall over the last axis."""
    return np.ptp(np.asarray(recalls, dtype=float), axis=-1)


def spread(recalls):
    """Standard deviation (divisor K) of the recalls over the last axis."""
    return np.std(np.asarray(recalls, dtype=float), axis=-1)


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
    """Recalls of S runs (one a seed) on the same images: test and validation (S, K), test images a class (K,)."""

    test: np.ndarray
    validation: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, tests, validations) -> "Trials":
        """Trials from one count table (see `tally`) a seed; the class totals of all tests must agree."""
        test, validation = ([recalls_of(counts) for counts in tables] for tables in (tests, validations))
        totals = np.array([tally(counts)[1] for counts in tests])
        if len(totals) == 0 or (totals != totals[0]).any() or np.shape(test) != np.shape(validation):
            raise ValueError("Trials need at least one run, and all of them the same classes and test images.")
        return cls(np.array(test), np.array(validation), totals[0])

    def variance(self) -> np.ndarray:
        """Upper estimate (K,) of the test-set variance of the recalls: binomial, two successes and failures added."""
        p = (self.test.mean(axis=0) + 2 / self.sizes) / (1 + 4 / self.sizes)
        return p * (1 - p) / (self.sizes + 4)


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
    va, vb, w = a.variance(), b.variance(), chosen.mean(axis=0)
    opposed = np.maximum(-contrasts * w, 0) @ np.sqrt(va * vb)  # weights of opposite sign: correlation may add variance
    low = values.mean(axis=0) - _half_width(values, contrasts**2 @ va + w**2 @ vb + 2 * opposed, level)
    return float(np.sort(low)[:k].mean())


def difference(a: Trials, b: Trials, metric: str = "worst_class", level: float = 0.95, k: int = 1) -> Estimate:
    """Metric of a minus metric of b on shared seeds (row s of both belongs to the same seed), with its interval.

    The seed part is paired. The test part takes the two methods' answers to an image as uncorrelated, which is
    conservative: images that are hard for one tend to be hard for the other. `k` > 1: the mean of the k worst classes.
    """
    if a.test.shape != b.test.shape:
        raise ValueError(f"A difference needs the same seeds and classes, got {a.test.shape} and {b.test.shape}.")
    sizes = np.where(np.isfinite(a.sizes), a.sizes, b.sizes)
    contrasts = _contrasts(metric, sizes)
    if metric == "gap":
        a, b = b, a  # gap = -min(c·p)
    value = worst_class(a.test.mean(axis=0) @ contrasts.T, k) - worst_class(b.test.mean(axis=0) @ contrasts.T, k)
    chosen = [(x.test * _chosen(x, contrasts, k)).sum(axis=1).mean() for x in (a, b)]
    low, high = _lower(a, b, contrasts, k, level), -_lower(b, a, contrasts, k, level)
    return Estimate(float(value), float(chosen[0] - chosen[1]), low, high, len(a.test))


def estimate(trials: Trials, metric: str = "worst_class", level: float = 0.95, k: int = 1) -> Estimate:
    """Metric of one method with its interval: the difference to a method that is never right and known exactly.

    The plug-in minimum is biased low (it picks the unluckiest class), the class chosen on validation biased high.
    """
    return difference(trials, nothing(trials), metric, level, k)


def nothing(like: Trials) -> Trials:
    """Trials with recall 0 everywhere and no uncertainty."""
    return Trials(np.zeros_like(like.test), np.zeros_like(like.test), np.full(like.test.shape[1], np.inf))


def spread_estimate(trials: Trials, level: float = 0.95) -> Estimate:
    """Standard deviation over classes of the expected recalls, with a conservative interval.

    It is the largest c·p/√K over unit vectors c that sum to 0. Below: the c of the other seeds' validation recalls.
    Above: the plug-in value plus the widest half-width that any c can have.
    """
    seeds, classes = trials.test.shape
    c = _others(trials.validation)
    c = c - c.mean(axis=1, keepdims=True)
    c = c / np.maximum(np.linalg.norm(c, axis=1, keepdims=True), 1e-12)
    along, variance = (trials.test * c).sum(axis=1), trials.variance()
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
