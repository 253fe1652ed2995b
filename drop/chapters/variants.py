"""What definitions.py measured of one benchmark, as the chapter on definitions reads it.

found = read("fashion-mnist", "laptop", seeds=[0, 1, 2])
found.rows("el2n")                         another seed first, then every variant of EL2N
found.moved("full query, last epoch")      what other recalls move of DRoP's kept set to other classes
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from drop import released
from drop.chapters.grid import TITLES

AT = ("0.1", "0.3")
SEED = "another seed"
FIRST = "short queries, best epoch"  # the way in which this book reads recalls


class Variant(NamedTuple):
    """One variant of a score, a row a seed (or a pair of seeds)."""

    name: str
    rows: list[dict[str, Any]]

    def mean(self, density: str, what: str = "replaced") -> float:
        """Of the kept set at a density: the share replaced, or moved to other classes; or the Jaccard index."""
        return float(np.mean([row[density][what] for row in self.rows]))

    @property
    def correlation(self) -> float | None:
        values = [row["spearman"] for row in self.rows]
        return None if None in values else float(np.mean(values))


@dataclass(frozen=True)
class Definitions:
    """The measured comparisons of one benchmark, of some seeds."""

    found: dict[str, Any]
    seeds: list[int]

    @property
    def title(self) -> str:
        return TITLES.get(self.found["benchmark"], self.found["benchmark"])

    @property
    def sizes(self) -> np.ndarray:
        return np.array(self.found["class_sizes"])

    def rows(self, score: str) -> list[Variant]:
        """Another seed first (where there are two), then every variant."""
        between = [r for r in self.found["between_seeds"] if r["score"] == score and set(r["seeds"]) <= set(self.seeds)]
        mine = [row for row in self.found["variants"] if row["score"] == score and row["seed"] in self.seeds]
        names = list(dict.fromkeys((row["variant"], row["base"]) for row in mine))
        given = [Variant(name, [r for r in mine if (r["variant"], r["base"]) == (name, base)]) for name, base in names]
        return [Variant(SEED, between)] * bool(between) + given

    def variant(self, score: str, name: str) -> Variant:
        """One variant by the beginning of its name; KeyError where it was not measured."""
        for found in self.rows(score):
            if found.name.startswith(name):
                return found
        raise KeyError(name)

    def ties(self, score: str) -> list[float]:
        """The share of samples whose score another sample has too, by seed."""
        return [self.found["ties"][str(seed)][score] for seed in self.seeds]

    def _recalls(self, seed: int, way: str) -> dict[str, Any]:
        return next(r for r in self.found["recalls"] if (r["seed"], r["way"]) == (seed, way))

    def densities(self, way: str, density: str = "0.1") -> np.ndarray:
        """DRoP's class densities (seeds, K) from recalls that are read in this way."""
        return np.array([np.divide(self._recalls(s, way)["counts"][density], self.sizes) for s in self.seeds])

    def errors(self, way: str) -> np.ndarray:
        """Class errors (K,) that are read in this way, means over the seeds."""
        return 1 - np.mean([self._recalls(seed, way)["recalls"] for seed in self.seeds], axis=0)

    @property
    def ways(self) -> list[str]:
        """The ways to read recalls that give other quotas than the first."""
        ways = list(dict.fromkeys(row["way"] for row in self.found["recalls"]))
        return [w for i, w in enumerate(ways) if not i or (self.densities(w) != self.densities(ways[0])).any()]

    def shift(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The share of the kept set that goes to another class when class densities (…, K) change from `a` to `b`."""
        return (np.abs(a - b) * self.sizes).sum(axis=-1) / 2 / (a * self.sizes).sum(axis=-1)

    def moved(self, way: str, density: str = "0.1") -> float:
        """What recalls that are read in this way move of DRoP's kept set to other classes, against the first way."""
        return float(self.shift(self.densities(FIRST, density), self.densities(way, density)).mean())

    def moved_by_seed(self, density: str = "0.1") -> float:
        """What another seed's networks move, read in the first way; NaN for a single seed."""
        found = self.densities(FIRST, density)
        pairs = [(a, b) for a in range(len(found)) for b in range(a)]
        return float(np.mean([self.shift(found[a], found[b]) for a, b in pairs])) if pairs else float("nan")

    def orders(self, score: str, density: float) -> list[dict[str, Any]]:
        """What is kept of each class under each rule for ties, a row a seed."""
        rows = [r for r in self.found["orders"] if (r["score"], r["density"]) == (score, density)]
        return sorted((r for r in rows if r["seed"] in self.seeds), key=lambda row: row["seed"])

    @property
    def tested(self) -> list[float]:
        return sorted({row["density"] for row in self.found["orders"]})

    def trend(self, rows: list[dict[str, Any]], order: str) -> float:
        """Rank correlation of class density with the class's index, averaged over the seeds."""
        K = range(len(self.sizes))
        return float(np.mean([spearmanr(np.divide(row[order], self.sizes), K).statistic for row in rows]))

    def partial_ties(self) -> list[tuple[float, dict[str, Any]]]:
        """(density, row) of Forgetting where only some of the tied samples can stay."""
        cases = [(density, row) for density in self.tested for row in self.orders("forgetting", density)]
        return [(density, row) for density, row in cases if row["wanted"] < row["tied"]]


def gain(rows: list[dict[str, Any]], order: str) -> np.ndarray:
    """Samples that each class gains (seeds, K) against ties broken by shuffles."""
    return np.array([np.subtract(row[order], row["shuffled"]) for row in rows])


def last_classes_gain(row: dict[str, Any]) -> bool:
    """Whether the last class gains and the first loses by index, and the other way round in the opposite order."""
    forward, backward = gain([row], "sorted")[0], gain([row], "reversed")[0]
    return bool(forward[-1] > 0 > forward[0] and backward[0] > 0 > backward[-1])


def read(benchmark: str, scale: str, seeds: Sequence[int]) -> Definitions | None:
    """What was measured of a benchmark; None where nothing was."""
    path = released.FOLDER / f"{benchmark}-{scale}-definitions.json"
    return of(json.loads(path.read_bytes()), seeds) if path.exists() else None


def of(found: dict[str, Any], seeds: Sequence[int]) -> Definitions:
    return Definitions(found, [seed for seed in seeds if seed in found["seeds"]])
