"""Eight ways to prune the mixture of two classes: the threshold that a learner then has, exactly and by experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from drop import quotas, selection
from drop.mixture import Floats, GaussianMixture, empirical_threshold
from drop.mixture.distance import DistancePruned, class_margins, shared_margin

LABELS = {
    "random": "Random", "random+drop": "Random+DRoP", "minimax": "Minimax quotas",
    "random+prototypeq": "Random at distance quotas", "prototype": "Far from the mean",
    "within": "Far, same density per class", "near": "Near the mean", "near within": "Near, same density per class",
}  # fmt: skip


def exact(mixture: GaussianMixture) -> dict[str, Callable[[Floats], Floats]]:
    """For each pruner the threshold of least average risk as a function of the density kept."""

    def by_quota(densities: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
        return lambda d: mixture.prune_randomly(densities(d)).average_optimal_threshold()

    def far(d: Floats) -> DistancePruned:
        return DistancePruned(mixture, shared_margin(mixture, d))

    def by_distance(margins: Callable, keep: str) -> Callable[[Floats], Floats]:
        return lambda d: DistancePruned(mixture, margins(mixture, d, keep), keep).average_optimal_threshold()

    return {
        "random": by_quota(lambda d: np.stack([d, d], axis=-1)),
        "random+drop": by_quota(mixture.drop_densities),
        "minimax": by_quota(mixture.optimal_densities),
        "random+prototypeq": by_quota(lambda d: far(d).densities()),
        "prototype": lambda d: far(d).average_optimal_threshold(),
        "within": by_distance(class_margins, "far"),
        "near": by_distance(shared_margin, "near"),
        "near within": by_distance(class_margins, "near"),
    }


def drawn(mixture: GaussianMixture, densities: Sequence[float], size: int, seed: int) -> dict[str, list[float]]:
    """The threshold of fewest errors on what each pruner keeps of `size` samples, by density.

    DRoP's recalls are those of the threshold of all samples on as many fresh ones.
    """
    (x, y), (fresh, truth) = mixture.sample(size, seed), mixture.sample(size, seed + 1)
    sizes, query = np.bincount(y, minlength=2), empirical_threshold(x, y)
    recalls = np.array([np.mean((fresh > query)[truth == k] == k) for k in (0, 1)])
    recalls = np.minimum(recalls, 1 - 1e-6)  # a recall of 1 would leave its class without samples
    distance, found = np.abs(x - mixture.means[y]), {name: [] for name in LABELS}
    for d in densities:
        keep, even = round(d * size), quotas.proportional_counts(sizes, d)
        far = selection.top(distance, keep)
        chosen = {
            "random": selection.top(np.zeros(size), keep),
            "random+drop": selection.select(y, quotas.drop_counts(sizes, recalls, d)),
            "minimax": selection.select(y, quotas.counts(sizes, mixture.optimal_densities(d), d)),
            "random+prototypeq": selection.select(y, quotas.counts_of(y, far, 2)),
            "prototype": far,
            "within": selection.select(y, even, scores=distance),
            "near": selection.top(-distance, keep),
            "near within": selection.select(y, even, scores=-distance),
        }
        for name, kept in chosen.items():
            found[name].append(empirical_threshold(x[kept], y[kept]))
    return found
