"""What the claims about the Gaussian mixture speak of, computed without records."""

from drop.mixture import GaussianMixture
from drop.mixture import distance as mixture_distance


def mixture_value(benchmark: str, metric: str, pruner: str, density: float) -> float:
    """Threshold, or share of the way to minimax (see claims.yml), on "mixture μ0 μ1 σ0 σ1" with equal priors."""
    m0, m1, s0, s1 = map(float, benchmark.split()[1:])
    whole = pruned = GaussianMixture([m0, m1], [s0, s1])
    if pruner == "far":
        pruned = mixture_distance.DistancePruned(whole, mixture_distance.shared_margin(whole, density))
    elif pruner != "full":
        rule = whole.drop_densities if pruner == "random+drop" else whole.optimal_densities
        pruned = whole.prune_randomly(rule(density))
    threshold = pruned.average_optimal_threshold()
    if metric == "threshold":
        return float(threshold)
    start, best = whole.average_optimal_threshold(), whole.worst_class_threshold()
    here, start, best = map(whole.worst_class_risk, (threshold, start, best))
    return float((start - here) / (start - best))
