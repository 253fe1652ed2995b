"""Class recalls and what is read off them: average, worst class, gap, spread; from counts or from predictions."""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drop.quotas import Counts, Floats, check_labels


def tally(counts: ArrayLike | dict[str, Any]) -> tuple[Counts, Counts]:
    """Correct and all samples of each class, from a confusion matrix (K, K) or {"correct": [K], "total": [K]}.

    ValueError for other shapes, a class without samples, and correct counts beyond the total.

    >>> tally([[8, 2], [1, 3]])
    (array([8, 3]), array([10,  4]))
    """
    if isinstance(counts, dict):
        correct, total = np.asarray(counts["correct"]), np.asarray(counts["total"])
    else:
        matrix = np.asarray(counts)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"A confusion matrix needs shape (K, K), got {matrix.shape}.")
        correct, total = matrix.diagonal(), matrix.sum(axis=1)
    if correct.ndim != 1 or correct.shape != total.shape:
        raise ValueError(f"correct and total must be (K,) each, got {correct.shape} and {total.shape}.")
    if (total <= 0).any():
        raise ValueError(f"Class {int(np.argmin(total))} has no samples: its recall is undefined.")
    if ((correct < 0) | (correct > total)).any():
        raise ValueError("Correct counts must lie between 0 and the class total.")
    return correct, total


def right_of(confusion: ArrayLike) -> NDArray[Any]:
    """Correctly classified samples of each class or group, (…, G), from counts (…, G, K): true group x prediction.

    Groups go class after class, as many a class: those of class k are the rows k G / K to (k + 1) G / K - 1.

    >>> right_of([[8, 2], [3, 1], [1, 4], [0, 5]]).tolist()  # two groups a class
    [8, 3, 4, 5]
    """
    counted = np.asarray(confusion)
    groups, classes = counted.shape[-2:]
    return np.asarray(counted[..., np.arange(groups), np.arange(groups) * classes // groups])


def recalls_of(counts: ArrayLike | dict[str, Any]) -> Floats:
    """Share of each class that is classified correctly, float64 (K,), from the counts that `tally` accepts.

    >>> recalls_of({"correct": [8, 3], "total": [10, 4]}).tolist()
    [0.8, 0.75]
    """
    correct, total = tally(counts)
    return np.asarray(correct / total)


def average_of(counts: ArrayLike | dict[str, Any]) -> float:
    """Share of all samples that is classified correctly, from the counts that `tally` accepts.

    >>> average_of([[9, 1], [4, 6]])
    0.75
    """
    correct, total = tally(counts)
    return float(correct.sum() / total.sum())


def class_recalls(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> Floats:
    """Share of each class that is predicted correctly, float64 (K,), from labels and predictions, whole numbers (N,).

    Raises ValueError for a class without samples, numbers outside [0, num_classes), and unequal lengths.

    >>> class_recalls([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], 2).round(3).tolist()
    [0.5, 0.667]
    """
    y, predicted = check_labels(labels, num_classes), check_labels(predictions, num_classes)
    if y.shape != predicted.shape:
        raise ValueError(f"There are {len(y)} labels, but {len(predicted)} predictions.")
    counts = (np.bincount(values, minlength=num_classes) for values in (y[y == predicted], y))
    return recalls_of(dict(zip(("correct", "total"), counts, strict=True)))


def worst_class(recalls: ArrayLike, k: int = 1) -> Any:
    """Smallest recall over the last axis, or the mean of the k smallest: a number, or an array of one axis less.

    ValueError for k outside 1 to K.

    >>> float(worst_class([0.9, 0.5, 0.7])), float(worst_class([0.9, 0.5, 0.7], k=2))
    (0.5, 0.6)
    """
    r = np.asarray(recalls, dtype=float)
    if not 1 <= k <= r.shape[-1]:
        raise ValueError(f"k must lie in 1..{r.shape[-1]}, got {k}.")
    return np.sort(r, axis=-1)[..., :k].mean(axis=-1) + 0 * r.sum(axis=-1)  # NaN where one is


def gap(recalls: ArrayLike) -> Any:
    """Largest minus smallest recall over the last axis: a number, or an array of one axis less.

    >>> float(gap([0.75, 0.5]))
    0.25
    """
    return np.ptp(np.asarray(recalls, dtype=float), axis=-1)


def spread(recalls: ArrayLike) -> Any:
    """Standard deviation (divisor K) of the recalls over the last axis: a number, or an array of one axis less.

    >>> float(spread([0.75, 0.5]))
    0.125
    """
    return np.std(np.asarray(recalls, dtype=float), axis=-1)


def wilson(correct: ArrayLike, total: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Bounds of the interval of a share, such as a recall, from counts alone: float64, shaped as the counts.

    correct, total: whole numbers, of one shape; level: how often the interval is to hold the true share. It speaks of
    one network and a random test set, not of training again. Source: Wilson (1927), J. American Statistical Association
    22:209. ValueError for totals that are not positive, counts beyond them, and levels outside (0, 1).

    >>> low, high = wilson([45, 9], [50, 10])  # a recall of 0.9, from 50 samples and from 10
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.79, 0.6], [0.96, 0.98])
    """
    c, n = np.broadcast_arrays(np.asarray(correct, dtype=float), np.asarray(total, dtype=float))
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, but a confidence level lies between 0 and 1")
    if (n <= 0).any() or (c < 0).any() or (c > n).any():
        raise ValueError("correct counts must lie between 0 and totals that are positive")
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre, half = (c + z**2 / 2) / (n + z**2), z * np.sqrt(c * (n - c) / n + z**2 / 4) / (n + z**2)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
