"""How far pruners agree on what to keep: overlaps of kept sets, and what class ratios alone would give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The share of `a`'s samples that `b` keeps too; indices int64 (n,) and (m,)."""
    return len(np.intersect1d(a, b)) / len(a)


def overlap_by_ratios(a: np.ndarray, b: np.ndarray, labels: np.ndarray) -> float:
    """The same, expected of two random sets with the class ratios of `a` and of `b`."""
    K = int(labels.max()) + 1
    of_a, of_b, sizes = (np.bincount(values, minlength=K) for values in (labels[a], labels[b], labels))
    return float((of_a * of_b / sizes).sum() / len(a))


def agreement(sets: Mapping[str, np.ndarray], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples kept by exactly 0, 1, … all of the pruners, int64 (P + 1,), and as many expected by class ratios alone.

    The expectation, float64 (P + 1,), is of pruners that draw at random inside the classes, each at its own ratios.
    """
    K = int(labels.max()) + 1
    times = np.bincount(np.concatenate(list(sets.values())), minlength=len(labels))
    sizes, expected = np.bincount(labels, minlength=K), np.zeros(len(sets) + 1)
    for k in range(K):
        chances = np.ones(1)  # that 0, 1, … of the pruners so far keep a sample of class k
        for kept in sets.values():
            share = (labels[kept] == k).sum() / sizes[k]
            chances = np.convolve(chances, [1 - share, share])
        expected += sizes[k] * chances
    return np.bincount(times, minlength=len(sets) + 1), expected
