"""A data set as a mixture of pairs: what a confusion matrix says of two classes at a time, and what quotas then do.

Between two classes a learner of the average risk behaves as in the mixture on the line. Its two errors fix that line:
at equal numbers of samples the densities are equal at its threshold, so the ratio of the widths is
exp((z0² − z1²)/2) and the distance of the means z0 σ0 + z1 σ1, with errors Φ(−z0) and Φ(−z1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from drop.chapters.grid import Grid
from drop.mixture import Floats, GaussianMixture

HALF = 0.5  # added to every count, so that no error is 0
FEW = 3  # a pair with fewer confusions in one direction is taken to be symmetric: its widths cannot be told


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs first < second of K classes, P in all, each as a mixture with means 0, `gap` and stds 1, `ratio`."""

    first: np.ndarray  # int (P,)
    second: np.ndarray
    gap: Floats
    ratio: Floats
    counts: Floats  # (P,) confusions, the smaller of the two directions

    @classmethod
    def of(cls, confusion: ArrayLike) -> Pairs:
        """From the confusion matrix (K, K), true class first, of a learner that had as many samples of each class."""
        confusion = np.asarray(confusion, dtype=np.float64)
        first, second = np.triu_indices(len(confusion), 1)
        there, back = confusion[first, second] + HALF, confusion[second, first] + HALF
        right = confusion.diagonal() + HALF
        fewer = np.minimum(there, back) - HALF
        there, back = (np.where(fewer < FEW, (there + back) / 2, wrong) for wrong in (there, back))
        z, other = -ndtri(there / (there + right[first])), -ndtri(back / (back + right[second]))
        ratio = np.where(fewer < FEW, 1.0, np.exp((z**2 - other**2) / 2))
        return cls(first, second, z + other * ratio, ratio, fewer)

    def mixture(self, kept: ArrayLike) -> GaussianMixture:
        """All pairs (P,) at class sizes `kept` (K,)."""
        kept = np.asarray(kept, dtype=np.float64)
        sizes = np.stack([kept[self.first], kept[self.second]], axis=-1)
        means, stds = (np.stack([0 * x + low, x], axis=-1) for x, low in ((self.gap, 0), (self.ratio, 1)))
        return GaussianMixture(means, stds, sizes / sizes.sum(axis=-1, keepdims=True))

    def overlap(self) -> Floats:
        """The minimax risk Φ(−z) of each pair, (P,)."""
        return ndtr(-self.gap / (1 + self.ratio))

    def widths(self) -> Floats:
        """The larger width (standard deviation) over the smaller of each pair, (P,)."""
        return np.maximum(self.ratio, 1 / self.ratio)

    def places(self) -> tuple[Floats, Floats]:
        """Overlap and ratio of the widths of the pairs with at least `FEW` confusions each way."""
        return self.overlap()[self.counts >= FEW], self.widths()[self.counts >= FEW]

    def risks(self, kept: ArrayLike) -> Floats:
        """The class risks (K,) foretold at class sizes `kept` (K,): each pair's threshold moves, the odds add up."""
        pairs, size = self.mixture(kept), int(self.second.max()) + 1
        errors = np.clip(pairs.class_risks(pairs.average_optimal_threshold()), 0.0, 1 - 1e-9)
        odds = errors / (1 - errors)
        against = np.bincount(self.first, odds[:, 0], size) + np.bincount(self.second, odds[:, 1], size)
        return against / (1 + against)

    def foretold(self, grid: Grid, pruner: str, density: float) -> tuple[Floats, Floats]:
        """Class risks (K,) of a pruner at a density: foretold from what it keeps, and measured on the test images."""
        said = self.risks(grid.kept(pruner, density).mean(axis=0))
        return said, 1 - grid.recalls(pruner, density).mean(axis=0)

    def minimax_risk(self, rounds: int = 1500) -> float:
        """The least worst-class risk found by raising the log sizes of classes with more risk than the mean."""
        logs, best = np.zeros(int(self.second.max()) + 1), 1.0
        for i in range(rounds):
            risks = self.risks(np.exp(logs))
            best, logs = min(best, float(risks.max())), logs + 3 / (1 + i / 100) * (risks - risks.mean())
        return best
