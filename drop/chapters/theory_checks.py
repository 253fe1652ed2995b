"""The theorems on two classes held against random mixtures: counts for the tables of the chapter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from drop.mixture import Floats, GaussianMixture, damped_exponent

Case = tuple[Sequence[float], Sequence[float]]  # means and standard deviations of two classes


def random_mixtures(count: int, seed: int) -> GaussianMixture:
    """Mixtures (count,), from well apart to one on top of the other, rare and frequent classes."""
    rng = np.random.default_rng(seed)
    left, gap = rng.normal(size=count), rng.uniform(0.1, 4, count)
    stds, prior = np.exp(rng.uniform(-1.5, 1.5, (count, 2))), rng.uniform(0.02, 0.98, count)
    return GaussianMixture(np.stack([left, left + gap], -1), stds, np.stack([prior, 1 - prior], -1))


def thresholds(many: GaussianMixture) -> dict[str, int]:
    """How often the threshold of the theorem fails against a fine grid of thresholds."""
    local, best = many.stationary_threshold(), many.average_optimal_threshold()
    found = many.average_risk(best)
    grid = np.linspace(-1, 1, 801)[:, None] * 8 * many.stds.max(axis=-1) + many.means[:, 0]
    tried = np.minimum(many.average_risk(grid).min(axis=0), many.priors.min(axis=-1))
    return {
        "mixtures": len(local),
        "without stationary point": int(np.isnan(local).sum()),
        "local but not global minimum": int((~np.isnan(local) & np.isinf(best)).sum()),
        "grid better than the theorem": int((tried < found - 1e-12).sum()),
        "grid worse by more than 0.001": int((tried > found + 1e-3).sum()),
    }


def _step(base: GaussianMixture, exponent: ArrayLike) -> tuple[Floats, Floats]:
    """The learner's thresholds before and after one step, when so little is kept that no class is full."""
    start = base.average_optimal_threshold()
    kept = base.densities_of(base.class_risks(start) ** np.asarray(exponent)[..., None], 1e-3 * base.priors.min(-1))
    return start, base.prune_randomly(kept).average_optimal_threshold()


def overshooting(many: GaussianMixture) -> dict[str, list[int]]:
    """Of the mixtures with a local minimum, counts for one plain step of DRoP and for one with the exponent γ*.

    The log prior ratio moves as from the local minimum; the risks are those of the learner, the global minimum.
    """
    local = many.stationary_threshold()
    step = -np.diff(np.log(many.class_risks(np.nan_to_num(local))), axis=-1)[:, 0]
    usable = ~np.isnan(local) & np.isfinite(step)
    some = GaussianMixture(many.means[usable], many.stds[usable], many.priors[usable])
    distance = -np.diff(np.log(some.priors / some.stds), axis=-1)[:, 0]  # from the wanted log ratio
    plain, counts = np.ones(len(distance)), []
    for exponent in (plain, damped_exponent(some.worst_class_risk(some.worst_class_threshold()))):
        ratio, (before, after) = distance + exponent * step[usable], _step(some, exponent)
        worse = some.worst_class_risk(after) > some.worst_class_risk(before) + 1e-9
        given_up = np.isinf(after) & np.isfinite(before)
        crossed, further = np.sign(ratio) == -np.sign(distance), abs(ratio) > abs(distance)
        counts.append([int(sum(found)) for found in (plain, crossed, further, worse, given_up)])
    names = ("with a local minimum", "crossed the wanted ratio", "ended further from it", "worst class worse off",
             "a class given up")  # fmt: skip
    return {name: list(pair) for name, pair in zip(names, zip(*counts, strict=True), strict=True)}


def _named(means: Sequence[float], stds: Sequence[float]) -> str:
    return "; ".join(", ".join(f"{value:g}" for value in values) for values in (means, stds)).replace("-", "−")


def reachable(cases: Sequence[Case]) -> list[list]:
    """Φ(−z), σ0/(σ0+σ1), the least reachable worst-class risk, and the least over 4001 prior ratios; a row a case."""
    odds, rows = np.exp(np.linspace(-6, 6, 4001)), []
    ratios = np.stack([odds / (1 + odds), 1 / (1 + odds)], axis=-1)
    for case in cases:
        base, sweep = GaussianMixture(*case), GaussianMixture(*case, ratios)
        tried = sweep.worst_class_risk(sweep.average_optimal_threshold()).min()
        fair = base.worst_class_risk(base.worst_class_threshold())
        rows.append([_named(*case), fair, base.stds.min() / base.stds.sum(), base.least_reachable_risk(), tried])
    return rows


def one_step(cases: Sequence[Case]) -> list[list]:
    """From equal priors: t*, its risks, the minimax risk, the wanted and the reached ratio, the risks after one plain
    step of DRoP; a row a case."""
    rows = []
    for means, stds in cases:
        base = GaussianMixture(means, stds)
        step = base.prune_randomly(base.drop_densities(0.1))
        before, after = float(base.stationary_threshold()), step.stationary_threshold()
        fair = base.worst_class_risk(base.worst_class_threshold())
        ratios = [stds[0] / stds[1], step.priors[0] / step.priors[1]]
        rows.append([_named(means, stds), before, *base.class_risks(before), fair, *ratios, *base.class_risks(after)])
    return rows


def step_share(overlap: Floats, ratio: Floats, priors: Floats, damped: bool) -> tuple[Floats, Floats]:
    """The share of the way to the minimax risk that one step covers in mixtures of two classes with this overlap and
    ratio of the widths, when so little is kept that no class is full, and where the learner then gives a class up."""
    means, stds = (np.stack(pair, -1) for pair in ((0 * ratio, -ndtri(overlap) * (1 + ratio)), (ratio**0, ratio)))
    plane = GaussianMixture(means, stds, priors)
    start, end = map(plane.worst_class_risk, _step(plane, damped_exponent(overlap) if damped else 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(start > overlap, (start - end) / (start - overlap), 0.0)
    return share, end > 0.999


def step_map(priors: Floats, damped: bool, points: int = 180) -> tuple[Floats, Floats, Floats, Floats]:
    """Overlap and ratio of the widths (points, points), and `step_share` there."""
    overlap, ratio = np.meshgrid(np.linspace(0.005, 0.45, points), np.geomspace(1.02, 8, points))
    return overlap, ratio, *step_share(overlap, ratio, priors, damped)
