"""Pruning by distance to the class mean in the Gaussian mixture: it changes the densities of x, not only the priors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from drop.mixture.gaussian import Floats, GaussianMixture, two_classes

KEEP = ("far", "near")


@dataclass(frozen=True, eq=False)
class DistancePruned:
    """A mixture of which class k keeps the samples with |x − μk| ≥ Mk (keep="far") or ≤ Mk (keep="near").

    `margins` is (..., 2) and non-negative, and broadcasts against the mixture's parameters.
    """

    mixture: GaussianMixture
    margins: Floats
    keep: str = "far"

    def __post_init__(self) -> None:
        if self.keep not in KEEP:
            raise ValueError(f"keep must be one of {KEEP}, got {self.keep!r}.")
        margins = two_classes("margins", self.margins)
        if (margins < 0).any():
            raise ValueError(f"margins must be non-negative, got {margins[margins < 0][0]}.")
        object.__setattr__(self, "margins", margins)

    def densities(self) -> Floats:
        """The fraction of each class that is kept, (..., 2)."""
        return self._left_mass(np.full_like(self.margins, np.inf))

    def density(self) -> Floats:
        """The fraction of all samples that is kept, (...)."""
        return (self.mixture.priors * self.densities()).sum(axis=-1)

    def average_risk(self, threshold: ArrayLike) -> Floats:
        """The average risk on the kept samples, (...), what the learner minimises; NaN where nothing is kept."""
        with np.errstate(invalid="ignore"):
            return self._errors(threshold) / self.density()

    def average_optimal_threshold(self) -> Floats:
        """The global minimiser of the average risk on the kept samples, (...); ties go to t*, the unpruned one.

        Between the edges μk ± Mk the risk moves as without pruning or with one class alone, so t*, an edge or ±∞ it is.
        """
        means, margins = np.broadcast_arrays(self.mixture.means, self.margins)
        local = self.mixture.stationary_threshold()[..., None]
        local, edges = np.broadcast_to(local, (*means.shape[:-1], 1)), [means - margins, means + margins]
        candidates = np.concatenate([local, *edges, np.full_like(means, [-np.inf, np.inf])], axis=-1)
        risks = np.stack([self._errors(t) for t in np.moveaxis(candidates, -1, 0)], axis=-1)
        best = np.nanargmin(risks, axis=-1)[..., None]
        return np.take_along_axis(candidates, best, axis=-1)[..., 0]

    def _errors(self, threshold: ArrayLike) -> Floats:
        """The mass of kept samples on the wrong side of the threshold, (...)."""
        z = (np.asarray(threshold, dtype=np.float64)[..., None] - self.mixture.means) / self.mixture.stds
        return (self.mixture.priors * self._left_mass(z * [-1.0, 1.0])).sum(axis=-1)

    def _left_mass(self, z: Floats) -> Floats:
        """The kept mass of a class below z standard deviations from its mean; by symmetry also that above −z."""
        edge = self.margins / self.mixture.stds
        if self.keep == "near":
            return ndtr(np.clip(z, -edge, edge)) - ndtr(-edge)
        return ndtr(np.minimum(z, -edge)) + np.maximum(ndtr(-edge) - ndtr(-np.maximum(z, edge)), 0.0)


def shared_margin(mixture: GaussianMixture, density: ArrayLike, keep: str = "far") -> Floats:
    """Margins (..., 2), the same for both classes, at which the fraction `density` in (0, 1] of all samples is kept."""
    density = np.asarray(density, dtype=np.float64)
    low = np.zeros(np.broadcast_shapes(density.shape, mixture.stds.shape[:-1]))
    high = low + 40.0 * mixture.stds.max(axis=-1)
    for _ in range(100):
        middle = (low + high) / 2
        kept = DistancePruned(mixture, np.stack([middle, middle], axis=-1), keep).density()
        grow = kept > density if keep == "far" else kept < density
        low, high = np.where(grow, middle, low), np.where(grow, high, middle)
    return np.stack([low, low], axis=-1)


def class_margins(mixture: GaussianMixture, density: ArrayLike, keep: str = "far") -> Floats:
    """Margins (..., 2), one per class, at which each class keeps the fraction `density` in (0, 1] of its samples."""
    density = np.asarray(density, dtype=np.float64)[..., None]
    return mixture.stds * np.minimum(-ndtri(density / 2 if keep == "far" else (1 - density) / 2), 40.0)


def jump_margin(mixture: GaussianMixture) -> Floats:
    """The shared margin M, far samples kept, beyond which t* is no longer the global minimiser, (...).

    What each rival gains on t* grows with M, so the first M is found by bisection; NaN where t* is not between the
    means or is not the global minimiser before pruning.
    """
    local = mixture.stationary_threshold()
    high = np.minimum(local - mixture.means[..., 0], mixture.means[..., 1] - local)
    valid = (high > 0) & (mixture.average_optimal_threshold() == local)
    low, high = np.zeros_like(high), np.where(valid, high, 0.0)
    for _ in range(60):
        middle = (low + high) / 2
        pruned = DistancePruned(mixture, np.stack([middle, middle], axis=-1))
        stays = pruned.average_optimal_threshold() == local
        low, high = np.where(stays, middle, low), np.where(stays, high, middle)
    return np.where(valid, low, np.nan)
