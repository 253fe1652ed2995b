"""The Gaussian mixture of two classes on the line, in closed form: thresholds, risks, quotas, random pruning.

`x | y=k ~ N(μk, σk²)` with priors φ0 + φ1 = 1 and μ0 < μ1; a rule is a threshold t: predict class 1 where x > t, so
t = −∞ predicts 1 everywhere. Arrays carry the class on their last axis; the other axes broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtr, ndtri

Floats = NDArray[np.float64]


def two_classes(name: str, values: ArrayLike) -> Floats:
    """`values` as float64 (..., 2); ValueError where they are not finite or the last axis is not the two classes."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, got {values!r}.") from None
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ValueError(f"{name} must hold one number for each of the two classes, got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}.")
    return array


def _density(density: ArrayLike) -> Floats:
    array = np.asarray(density, dtype=np.float64)
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"density must lie in [0, 1] (the fraction kept), got {density!r}.")
    return array


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Two normal classes: means μ, standard deviations σ > 0 and priors φ, each (..., 2) and broadcast to one shape.

    Raises ValueError unless μ0 < μ1, σ > 0, φ ≥ 0 and φ0 + φ1 = 1 (to 1e-9).
    """

    means: Floats  # (..., 2)
    stds: Floats  # (..., 2)
    priors: Floats = (0.5, 0.5)  # (..., 2)

    def __post_init__(self) -> None:
        arrays = [two_classes(name, getattr(self, name)) for name in ("means", "stds", "priors")]
        means, stds, priors = np.broadcast_arrays(*arrays)
        if (stds <= 0).any():
            raise ValueError(f"stds must be positive, got {stds[stds <= 0][0]}.")
        if (wrong := (priors < 0).any(axis=-1) | (abs(priors.sum(axis=-1) - 1) > 1e-9)).any():
            raise ValueError(f"priors must be non-negative and sum to 1, got {priors[wrong][0].tolist()}.")
        if (wrong := means[..., 0] >= means[..., 1]).any():
            raise ValueError(f"means must increase, the mean of class 0 first, got {means[wrong][0].tolist()}.")
        for name, array in zip(("means", "stds", "priors"), (means, stds, priors), strict=True):
            object.__setattr__(self, name, array)

    def class_risks(self, threshold: ArrayLike) -> Floats:
        """R0(t) = Φ((μ0 − t)/σ0) and R1(t) = Φ((t − μ1)/σ1), (..., 2): one minus the class recalls."""
        z = (np.asarray(threshold, dtype=np.float64)[..., None] - self.means) / self.stds
        return ndtr(z * [-1.0, 1.0])

    def average_risk(self, threshold: ArrayLike) -> Floats:
        """R(t) = φ0 R0(t) + φ1 R1(t), (...)."""
        return (self.priors * self.class_risks(threshold)).sum(axis=-1)

    def worst_class_risk(self, threshold: ArrayLike) -> Floats:
        """max(R0(t), R1(t)), (...)."""
        return self.class_risks(threshold).max(axis=-1)

    def stationary_threshold(self) -> Floats:
        """t*, the only local minimum of the average risk, (...); NaN where the risk has no stationary point.

        |error| ≤ 1e-9 max(|μ0|, |μ1|, σ0, σ1, |t*|) for any σ0/σ1 and φ0/φ1, next to a double root too.
        """
        mirrored = self.stds[..., 0] > self.stds[..., 1]  # x → −x exchanges the classes
        mean = np.where(mirrored, -self.means[..., 1], self.means[..., 0])
        narrow, wide = self.stds.min(axis=-1), self.stds.max(axis=-1)
        prior, other = (np.where(mirrored, self.priors[..., i], self.priors[..., 1 - i]) for i in (1, 0))
        threshold = mean + _larger_root(self.means, narrow, wide, prior, other)
        return np.where(mirrored, -threshold, threshold)

    def average_optimal_threshold(self) -> Floats:
        """The threshold of least average risk, (...): t*, or −∞ (+∞) where predicting 1 (0) everywhere is better."""
        local = self.stationary_threshold()
        local_risk = np.where(np.isnan(local), np.inf, self.average_risk(np.nan_to_num(local)))
        trivial = np.where(self.priors[..., 0] <= self.priors[..., 1], -np.inf, np.inf)
        return np.where(local_risk <= self.priors.min(axis=-1), local, trivial)

    def worst_class_threshold(self) -> Floats:
        """t̂ = (μ0σ1 + μ1σ0)/(σ0 + σ1), the minimax threshold, (...): both class risks are Φ(−Δ/(σ0 + σ1))."""
        return (self.means * self.stds[..., ::-1]).sum(axis=-1) / self.stds.sum(axis=-1)

    def prune_randomly(self, densities: ArrayLike) -> GaussianMixture:
        """The mixture after keeping the fraction `densities` (..., 2) of each class at random: priors ∝ dk φk."""
        kept = self.priors * _density(two_classes("densities", densities))
        if (kept.sum(axis=-1) == 0).any():
            raise ValueError("densities must keep samples of some class, got 0 for both.")
        return GaussianMixture(self.means, self.stds, kept / kept.sum(axis=-1, keepdims=True))

    def densities_of(self, weights: ArrayLike, density: ArrayLike) -> Floats:
        """dk ∝ weights (..., 2), Σ φk dk = density; one that would exceed 1 is full, the other takes the rest."""
        density = _density(density)[..., None]
        weights = np.asarray(weights, dtype=np.float64)
        some = (weights * self.priors).sum(axis=-1, keepdims=True) > 0  # else every weight is 0: keep the priors
        weights = np.where(some, weights, 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):  # a class with φk = 0 has no density to speak of
            free = density * weights / (weights * self.priors).sum(axis=-1, keepdims=True)
            rest = (density - self.priors[..., ::-1]) / self.priors
        return np.clip(np.where(free[..., ::-1] > 1, rest, free), 0.0, 1.0)

    def optimal_densities(self, density: ArrayLike) -> Floats:
        """The densities (..., 2) that bring t* closest to t̂: dk ∝ σk/φk; up to `feasible_density` the two are equal."""
        return self.densities_of(self.stds * self.priors[..., ::-1], density)

    def feasible_density(self) -> Floats:
        """The largest overall density at which t̂ can be made stationary, (...): min_k φk (σ0 + σ1)/σk, at most 1."""
        return (self.priors * self.stds.sum(axis=-1, keepdims=True) / self.stds).min(axis=-1)

    def minimax_reachable(self) -> NDArray[np.bool_]:
        """Whether t̂ is the global minimum at the optimal densities, (...): Φ(−Δ/(σ0+σ1)) < min(σ0, σ1)/(σ0+σ1)."""
        return self.worst_class_risk(self.worst_class_threshold()) < self.stds.min(axis=-1) / self.stds.sum(axis=-1)

    def least_reachable_risk(self) -> Floats:
        """The least worst-class risk that class densities can give a learner that minimises average risk, (...).

        It is that of t̂ where t̂ is reachable. Elsewhere it is the risk at the last t* that no constant rule beats, where
        the hazards fk/Fk of both classes agree (F from the narrower class's side): an infimum, for there the two tie.
        """
        narrow, wide = self.stds.min(axis=-1), self.stds.max(axis=-1)
        gap = self.means[..., 1] - self.means[..., 0]
        minimax = gap / (narrow + wide)
        low, high = minimax, minimax + 40.0  # (t − μ)/σ of the narrower class
        for _ in range(80):
            middle = (low + high) / 2
            before = _log_hazard(middle) - np.log(narrow) > _log_hazard((middle * narrow - gap) / wide) - np.log(wide)
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        return ndtr(np.where(self.minimax_reachable(), -minimax, (low * narrow - gap) / wide))

    def drop_densities(self, density: ArrayLike, exponent: float = 1.0, steps: int = 1) -> Floats:
        """DRoP's class densities (..., 2): dk ∝ Rk^exponent, the risks at the average-optimal threshold (Algorithm 1).

        Each further step multiplies the weights by the risks of the model that the last step's selection gives.
        """
        weights, trained = np.ones_like(self.priors), self
        for _ in range(steps):
            weights = weights * trained.class_risks(trained.average_optimal_threshold()) ** exponent
            weights = weights / np.maximum(weights.max(axis=-1, keepdims=True), 1e-300)
            trained = self.prune_randomly(self.densities_of(weights, np.maximum(_density(density), 1e-12)))
        return self.densities_of(weights, density)

    def sample(self, size: int, seed: int = 0) -> tuple[Floats, NDArray[np.int64]]:
        """`size` draws x and their labels from one mixture (no batch), the same for the same seed."""
        rng = np.random.default_rng(seed)
        labels = (rng.random(size) >= self.priors[0]).astype(np.int64)
        return rng.normal(self.means[labels], self.stds[labels]), labels


def empirical_threshold(x: ArrayLike, labels: ArrayLike) -> float:
    """The threshold of fewest errors on the samples x (N,) with labels 0 or 1; ±∞ where a constant rule makes fewer."""
    order = np.lexsort((-np.asarray(labels), x))  # of equal x the 1s first: no cut can part them
    ordered, signs = np.asarray(x, dtype=np.float64)[order], 2 * np.asarray(labels)[order] - 1
    errors = np.concatenate([[0], np.cumsum(signs)])  # relative to t = −∞: every 1 passed is an error, every 0 one less
    cuts = np.concatenate([[-np.inf], (ordered[1:] + ordered[:-1]) / 2, [np.inf]])
    return float(cuts[np.argmin(errors)])


LEAST_Z = 0.1
HARDEST = float(ndtr(-LEAST_Z))  # a larger risk counts as this: towards 0.5 the exponent goes to 0, and no step is made


def damped_exponent(risk: ArrayLike) -> Floats:
    """γ* = z/h(z), h(z) = φ(z)/Φ(−z), at Φ(−z) = risk: the exponent with which one DRoP step reaches t̂, to first order.

    The risk is the minimax risk in theory, in practice the average risk of the query; from 0.46 on it counts as 0.46.
    """
    z = np.maximum(-ndtri(np.asarray(risk, dtype=np.float64)), LEAST_Z)
    return z / np.exp(_log_hazard(-z)) * np.sqrt(2 * np.pi)


def _log_hazard(z: Floats) -> Floats:
    """log of φ(z)/Φ(z), the normal density over its distribution function, up to the constant log √2π."""
    return -z * z / 2 - log_ndtr(z)


@np.errstate(divide="ignore", invalid="ignore")
def _larger_root(means: Floats, narrow: Floats, wide: Floats, prior: Floats, other: Floats) -> Floats:
    """t* − μ0 for class 0 the narrower one with prior φ0 = `prior`; NaN where there is no root.

    σ0(Δ² + 2σ1²L)/(σ1 √(Δ² + 2(σ1² − σ0²)L) + σ0Δ), L = log(φ0σ1/φ1σ0): the root without its division by σ1² − σ0².
    """
    gap = means[..., 1] - means[..., 0]
    log_ratio = np.log(prior / other) + np.log1p((wide - narrow) / narrow)
    discriminant = gap**2 + 2 * (wide - narrow) * (wide + narrow) * log_ratio
    both = (prior > 0) & (other > 0)
    shift = narrow * (gap**2 + 2 * wide**2 * log_ratio) / (wide * np.sqrt(discriminant) + narrow * gap)
    shift = np.where(both, shift, np.nan)
    delicate = (abs(discriminant) < 1e-4 * gap**2) | (gap < 1e-4 * wide)  # floats lose digits of √ or of L here
    for index in np.argwhere(delicate & both):
        i = tuple(index)
        shift[i] = _exact_root(*means[i].tolist(), *(float(a[i]) for a in (narrow, wide, prior, other)))
    return shift


def _exact_root(*numbers: float) -> float:
    """`_larger_root` of one mixture in 60-digit decimal arithmetic."""
    with localcontext(prec=60):
        first, second, narrow, wide, prior, other = map(Decimal, numbers)
        gap, log_ratio = second - first, (prior * wide / (other * narrow)).ln()
        discriminant = gap**2 + 2 * (wide**2 - narrow**2) * log_ratio
        if discriminant <= 0:
            return float("nan")
        return float(narrow * (gap**2 + 2 * wide**2 * log_ratio) / (wide * discriminant.sqrt() + narrow * gap))
