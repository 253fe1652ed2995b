"""The bias audit of one benchmark: what pruners do to average and worst class, to each class, and by what.

audit = Audit(grid, pruners, densities, strategies)
audit.to_random["el2n", 0.1]["worst_class"]      EL2N minus Random, image by image, with its interval
audit.holding                                    pairs whose average stays within a point of Random's
audit.choice["el2n", 0.1]["average"]             random samples at EL2N's class ratios minus its own
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.figure import Figure

from drop.chapters import charts, figures
from drop.chapters.grid import METRICS, Grid
from drop.experiments import intervals
from drop.experiments.intervals import Estimate

BOTH = ("worst_class", "average")
POINT = 0.01
Pair = tuple[str, float]  # a pruner and a density


@dataclass(frozen=True)
class Audit:
    """A grid of pruners with the strategies whose class ratios random samples imitate."""

    grid: Grid
    pruners: Sequence[str]
    densities: Sequence[float]
    strategies: Sequence[str] = ()

    @cached_property
    def pruned(self) -> list[float]:
        """The densities below 1 that two thirds of the pruners or more have been measured at."""
        counts = {d: sum(bool(self.grid.of(p, d)) for p in self.pruners) for d in self.densities if d < 1}
        return sorted(d for d, count in counts.items() if count and count >= 2 / 3 * max(counts.values()))

    @cached_property
    def places(self) -> list[Pair]:
        """Every measured pair of a pruner and a density."""
        return [(p, d) for d in self.pruned for p in self.pruners if self.grid.of(p, d)]

    def _differences(self, pairs: Sequence[tuple[str, str, float]]) -> dict[tuple[str, str, float], dict]:
        found = {pair: {m: self.grid.compare(*pair, m) for m in BOTH} for pair in pairs}
        return {pair: by_metric for pair, by_metric in found.items() if all(by_metric.values())}

    @cached_property
    def to_random(self) -> dict[Pair, dict[str, Estimate]]:
        """Each pruner minus random pruning, of the pairs where both have two seeds."""
        found = self._differences([(p, "random", d) for p, d in self.places if p != "random"])
        return {(p, d): by_metric for (p, _, d), by_metric in found.items()}

    @cached_property
    def choice(self) -> dict[Pair, dict[str, Estimate]]:
        """Random samples at a strategy's class ratios minus the strategy's own samples."""
        found = self._differences([(f"random+{s}q", s, d) for s in self.strategies for d in self.pruned])
        return {(s, d): by_metric for (_, s, d), by_metric in found.items()}

    @cached_property
    def scored(self) -> list[Pair]:
        """The pairs that choose by score alone, in the whole training set."""
        return [pair for pair in self.to_random if "+" not in pair[0]]

    def among(self, pairs: Sequence[Pair], metric: str, sign: int, margin: float = 0) -> list[Pair]:
        """The pairs whose difference to random pruning lies beyond `sign` x `margin` with its whole interval."""
        ends = {pair: (self.to_random[pair][metric].low, self.to_random[pair][metric].high) for pair in pairs}
        return [pair for pair, (low, high) in ends.items() if (low > margin if sign > 0 else high < -margin)]

    @cached_property
    def holding(self) -> list[Pair]:
        """The scores that keep the average within a point of random pruning's, by its interval."""
        return [pair for pair in self.scored if self.to_random[pair]["average"].low > -POINT]

    @cached_property
    def failing(self) -> list[Pair]:
        """The scores whose average falls by more than a point."""
        return self.among(self.scored, "average", -1, POINT)

    @cached_property
    def areas(self) -> dict[str, dict[str, Estimate | None]]:
        """Mean height of the curves over density: worst class, its difference to Random, average; best first."""
        if len(self.pruned) < 2:
            return {}
        found = {}
        for p in self.pruners:
            pairs = [self.to_random.get((p, d), {}).get("worst_class") for d in self.pruned]
            if height := self.grid.area(p, self.pruned):
                found[p] = {
                    "worst_class": height, "minus_random": intervals.area(self.pruned, pairs) if all(pairs) else None,
                    "average": self.grid.area(p, self.pruned, "average"),
                }  # fmt: skip
        return dict(sorted(found.items(), key=lambda item: -item[1]["worst_class"].value))

    @cached_property
    def before(self) -> np.ndarray:
        """Recalls (K,) after training on everything, or of the first pruner at its lowest density."""
        place = ("full", 1.0) if self.grid.of("full", 1.0) else self.places[0]
        return self.grid.recalls(*place).mean(axis=0)

    @property
    def sizes(self) -> np.ndarray:
        return np.array(self.grid.some["class_sizes"])

    def is_flat(self, pruner: str) -> bool:
        """Whether the pruner keeps the same share of every class, but for whole samples."""
        kept = [self.grid.kept(p, d) for p, d in self.places if p == pruner]
        return all(np.ptp(shares) * self.sizes.min() < 1.5 for shares in kept)

    def smallest(self, pruner: str, density: float) -> tuple[int, str]:
        """The smallest number of samples that a class keeps in any seed, and the name of the class."""
        counts = np.array([record["kept"] for record in self.grid.of(pruner, density)])
        return int(counts.min()), self.grid.classes[int(counts.min(axis=0).argmin())]

    def is_even(self, pruner: str) -> bool:
        """Whether the classes' densities differ by chance or not at all."""
        return pruner == "random" or self.is_flat(pruner)

    def relations(self, pruner: str, density: float) -> tuple[Estimate | None, Estimate | None]:
        """Correlation of the classes' densities with their recalls after pruning, and with the changes of these from
        full training; None where densities are even."""
        if self.is_even(pruner):
            return None, None
        kept, recalls = (f(pruner, density).mean(axis=0) for f in (self.grid.kept, self.grid.recalls))
        return correlation(kept, recalls), correlation(kept, recalls - self.before)

    def leaning(self, pruner: str, density: float) -> Estimate | None:
        """Correlation of the classes' densities with their recalls after training on everything, whatever the pruner's
        networks then do; None where densities are even."""
        return None if self.is_even(pruner) else correlation(self.grid.kept(pruner, density).mean(axis=0), self.before)

    @cached_property
    def related(self) -> dict[Pair, float]:
        """The correlation of densities and recalls, of the pairs that have one."""
        found = {(p, d): self.relations(p, d)[0] for p, d in self.places}
        return {pair: r.value for pair, r in found.items() if r}

    @cached_property
    def negative(self) -> list[Pair]:
        """The pairs whose correlation is negative and whose worst class can be compared with random pruning's."""
        return [pair for pair, r in self.related.items() if r < 0 and pair in self.to_random]

    def numbers(self, pruner: str, density: float) -> list:
        """Seeds, average, worst class (smallest, chosen on validation, mean of the √K worst), gap and spread."""
        found, few = self.grid.of(pruner, density), round(np.sqrt(len(self.grid.classes)))
        average, lowest, gap, spread = (self.grid.estimate(pruner, density, metric) for metric in METRICS)
        mean = intervals.estimate(intervals.Trials.of_records(found), "worst_class", k=few)
        return [len(found), average, lowest, 100 * lowest.chosen, mean, gap, spread]

    def change(self, pruner: str, density: float) -> np.ndarray:
        """What the classes lose or gain against training on everything, in points (K,)."""
        return 100 * (self.grid.recalls(pruner, density).mean(axis=0) - self.before)


def mean_heights(audit: Audit, *metrics: str) -> Figure:
    """A forest of the mean heights of the curves, best worst class on top, full training as a line."""
    rows = [charts.Row(figures.label(p), figures.method(p), [e[m] for m in metrics]) for p, e in audit.areas.items()]
    grid = audit.grid
    whole = {"full data": 100 * grid.value("full", 1.0, "worst_class")} if grid.of("full", 1.0) else {}
    return charts.forest(rows, grid.title, "mean over density (%)", lines=whole)


def correlation(x: np.ndarray, y: np.ndarray) -> Estimate | None:
    """Pearson's correlation over classes with its 95 % interval by Fisher's z; None where x or y hardly varies."""
    if len(x) < 4 or min(np.std(x) / max(np.mean(x), 1e-9), np.std(y)) < 1e-3:
        return None
    r = float(np.corrcoef(x, y)[0, 1])
    z, half = np.arctanh(np.clip(r, -0.9999, 0.9999)), 1.96 / np.sqrt(len(x) - 3)
    return Estimate(r, r, float(np.tanh(z - half)), float(np.tanh(z + half)), seeds=0)
