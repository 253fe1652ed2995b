"""Rules for class quotas in mixtures of two classes, where the best quotas are known, and how noisy quotas are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from drop import quotas
from drop.chapters.grid import Grid
from drop.mixture import Floats, GaussianMixture, damped_exponent

THEORY = "random+gamma*"  # the exponent from the theory


@dataclass(frozen=True)
class Bench:
    """A mixture of two classes in which rules are tried: at one density, `images` for recalls, minimax rounds at
    `rate`."""

    mixture: GaussianMixture
    density: float
    images: int
    rate: float

    def learnt(self, weights: Floats) -> Floats:
        """Class risks (2,) of the learner after random pruning at a rule's weights."""
        pruned = self.mixture.prune_randomly(self.mixture.densities_of(weights, self.density))
        return pruned.class_risks(pruned.average_optimal_threshold())

    def weights(self, rule: str) -> Floats:
        """The class weights (2,) of a rule; recalls are those of the unpruned mixture, in later rounds of the last."""
        mixture, name = self.mixture, rule.removeprefix("random").lstrip("+")
        risks = mixture.class_risks(mixture.average_optimal_threshold())
        if name.startswith("minimax"):
            return self.climb(int(name[7:]))[-1]
        if name.startswith("gamma"):
            query = mixture.average_risk(mixture.average_optimal_threshold())
            return risks ** (damped_exponent(query) if name == "gamma*" else float(name[5:]))
        if name == "shrunken":
            images = np.full(2, self.images)
            return 1 - quotas.shrunken_recalls((1 - risks) * images, images)
        simple = {"": np.ones(2), "balanced": 1 / mixture.priors, "drop": risks, "size": risks / mixture.priors}
        return simple[name] if name in simple else self.learnt(risks) if name == "iterated2" else self.mean_el2n()

    def climb(self, rounds: int) -> list[Floats]:
        """The weights of exponentiated gradient before the first and after each of so many rounds."""
        path = [np.ones(2)]
        for _ in range(rounds):
            path.append(quotas.minimax_weights(path[-1], 1 - self.learnt(path[-1]), self.rate))
        return path

    def iterate(self, rounds: int) -> list[Floats]:
        """The risks with equal densities, which are the weights of the next round, and so on."""
        path = [self.learnt(np.ones(2))]
        for _ in range(rounds):
            path.append(self.learnt(path[-1]))
        return path

    def mean_el2n(self) -> Floats:
        """Mean EL2N of both classes under the true probabilities, (2,), up to the factor √2."""
        means, stds = self.mixture.means, self.mixture.stds
        x = np.linspace(*(means + np.array([-9, 9]) * stds.max()), 20_001)
        density = norm.pdf(x[:, None], means, stds)
        parts = self.mixture.priors * density
        wrong = 1 - parts / np.maximum(parts.sum(axis=1, keepdims=True), 1e-300)
        return np.trapezoid(density * wrong, x, axis=0)

    def floor(self) -> float:
        """The least worst-class risk that any class densities reach at this density."""
        if self.mixture.minimax_reachable():
            best = self.mixture.prune_randomly(self.mixture.optimal_densities(self.density))
            return float(best.worst_class_risk(best.stationary_threshold()))
        return float(self.mixture.least_reachable_risk())

    def left(self, rule: str) -> float:
        """What a rule leaves of the worst class, as a multiple of what random pruning leaves: 0 is the optimum."""
        start, best = self.learnt(np.ones(2)).max(), self.floor()
        return float((self.learnt(self.weights(rule)).max() - best) / (start - best))

    def rate_row(self) -> list[float]:
        """The best and the largest rate, and the factor by which a round near the optimum multiplies the distance from
        it: by the formula, and by the iteration itself."""
        m = self.mixture
        z = float(np.diff(m.means)[0] / m.stds.sum())
        star, wanted = z / norm.pdf(z), np.log(m.stds[0] / m.stds[1])
        near = m.prune_randomly(m.optimal_densities(self.density) * (1 - 1e-4 * np.array([1.0, 0.0])))
        start = np.log(near.priors[0] / near.priors[1]) - wanted
        risks = near.class_risks(near.stationary_threshold())
        return [star, 2 * star, 1 - self.rate / star, 1 + self.rate * (risks[0] - risks[1]) / start]


@dataclass(frozen=True)
class Noise:
    """How DRoP's quotas at a density scatter: recalls (seeds, K) of the queries, class sizes, images that gave them."""

    recalls: Floats
    sizes: np.ndarray
    density: float
    images: int

    @classmethod
    def of(cls, grid: Grid, density: float, images: int) -> Noise | None:
        found = grid.of("random+drop", density)
        return (
            cls(np.array([r["quota_recalls"] for r in found]), np.array(found[0]["class_sizes"]), density, images)
            if (found)
            else None
        )

    def shares(self, recalls: Floats, shrink: int | None = None) -> Floats:
        """DRoP's share of the budget for each class, (K,); shrink: of recalls from so many images a class."""
        if shrink is not None:
            recalls = quotas.shrunken_recalls(np.round(recalls * shrink).astype(int), np.full(len(recalls), shrink))
        densities = quotas.drop_densities(self.sizes, np.minimum(recalls, 1 - 1e-9), self.density)
        return densities * self.sizes / (self.density * self.sizes.sum())

    def of_images(self, counts: Sequence[int], draws: int, rng: np.random.Generator) -> dict[int, list[Floats]]:
        """For each number of validation images the shares (draws, K), plain and from shrunken recalls."""
        truth = self.recalls.mean(axis=0)
        drawn = {n: rng.binomial(n, truth, size=(draws, len(truth))) / n for n in counts}
        return {n: [np.array([self.shares(r, s) for r in found]) for s in (None, n)] for n, found in drawn.items()}

    def of_models(self, models: int, draws: int, rng: np.random.Generator) -> list[tuple[int, float, float, float]]:
        """For 1 to `models` query models a seed: how many, the share misplaced, and the mean and deviation of the share
        of the hardest class. From the spread over seeds, each of which has `models` fresh ones."""
        truth, rows = self.recalls.mean(axis=0), []
        for m in range(1, models + 1):
            noise = (
                rng.normal(size=(draws, len(self.recalls))) @ (self.recalls - truth) / np.sqrt(len(self.recalls) - 1)
            )
            found = np.array([self.shares(r) for r in np.clip(truth + np.sqrt(models / m) * noise, 0, 1)])
            hardest = found[:, np.argmin(truth)]
            rows.append((m, misplaced(found, self.shares(truth)), float(hardest.mean()), float(hardest.std())))
        return rows


def misplaced(found: Floats, truth: Floats) -> float:
    """The share of the budget that goes to the wrong class, mean over the first axis."""
    return float(np.abs(found - truth).sum(axis=-1).mean() / 2)


def follow(grid: Grid, rule: str, density: float, rate: float) -> tuple[int, int]:
    """Runs whose kept counts follow from the recalls in their own records, and runs for which it can be checked."""
    name, right, checked = rule.removeprefix("random").lstrip("+"), 0, 0
    for record in grid.of(rule, density) if name not in ("", "nucs") else ():
        sizes, seed = np.array(record["class_sizes"]), record["run"]["seed"]
        errors = 1 - np.array(record["quota_recalls"] or np.ones(len(sizes)))
        if name.startswith("minimax"):
            earlier = [f"random+minimax{i}" for i in range(1, int(name[7:]) + 1)]
            path = [r["quota_recalls"] for p in earlier for r in grid.of(p, density) if r["run"]["seed"] == seed]
            if len(path) < len(earlier):
                continue
            weights = np.ones(len(sizes))
            for recalls in path:
                weights = quotas.minimax_weights(weights, recalls, rate)
        else:
            gamma = float(name.removeprefix("gamma")) if name.startswith("gamma") else 1.0
            weights = {"balanced": 1 / sizes, "size": errors / sizes}.get(name, errors**gamma)
        checked += 1
        right += bool((quotas.counts(sizes, weights, density) == record["kept"]).all())
    return right, checked
