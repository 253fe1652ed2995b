"""How far pruners agree on what to keep: overlaps of kept sets, and what class ratios alone would give.

kept = Kept(given, 0.1)         given: what was released of one seed
kept.shared["el2n", "grand"]    the share of EL2N's samples that GraNd keeps too
kept.figure("Fashion-MNIST")    all pairs, in percent
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from drop.chapters import charts, figures
from drop.released import Released


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


@dataclass(frozen=True)
class Kept:
    """What the scores of one seed keep at a density, beside Random and Random+DRoP."""

    given: Released
    density: float

    @cached_property
    def sets(self) -> dict[str, np.ndarray]:
        """Kept indices of each score."""
        return {score: self.given.kept(score, self.density) for score in self.given.scores}

    @cached_property
    def everyone(self) -> dict[str, np.ndarray]:
        return self.sets | {pruner: self.given.kept(pruner, self.density) for pruner in ("random+drop", "random")}

    @property
    def labels(self) -> np.ndarray:
        return self.given.arrays["labels"].astype(int)

    @cached_property
    def shared(self) -> dict[tuple[str, str], float]:
        return {pair: overlap(*map(self.everyone.get, pair)) for pair in itertools.permutations(self.everyone, 2)}

    @cached_property
    def by_ratios(self) -> dict[tuple[str, str], float]:
        return {pair: overlap_by_ratios(*map(self.everyone.get, pair), self.labels) for pair in self.shared}

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every two scores, those that share the most first."""
        return sorted(itertools.combinations(self.sets, 2), key=lambda pair: -self.shared[pair])

    @property
    def mean(self) -> float:
        """What two scores share on average."""
        return float(np.mean([self.shared[pair] for pair in self.pairs]))

    @property
    def factor(self) -> float:
        """How many times as much as class ratios alone would give."""
        return self.mean / float(np.mean([self.by_ratios[pair] for pair in self.pairs]))

    @property
    def right(self) -> np.ndarray:
        """In how many epochs the full query got each sample right."""
        return self.given.arrays["epochs_right"]

    @property
    def wrong(self) -> np.ndarray:
        """Whether the trained full query gives another class than the label."""
        return self.given.arrays["predicted"] != self.labels

    def learnt(self, kept: np.ndarray) -> list[float]:
        """Of kept samples: how many, how many never right; in percent never right, wrong at the end, always right."""
        epochs, right = self.given.about["full"]["epochs"], self.right[kept]
        shares = [100 * values.mean() for values in (right == 0, self.wrong[kept], right == epochs)]
        return [len(kept), int((right == 0).sum()), *shares]

    def figure(self, title: str) -> Figure:
        """The share of a row's samples that a column keeps too, in percent, deeper the more."""
        names = [figures.method(name).label for name in self.everyone]
        fig, ax = charts.panel(3.9, title)
        for (a, b), share in self.shared.items():
            column, row = list(self.everyone).index(b), list(self.everyone).index(a)
            box = plt.Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, linewidth=0, clip_on=False)
            box.set(facecolor=figures.MORE, alpha=0.65 * share)
            ax.add_patch(box)
            ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=charts.TEXT)
        ax.set_yticks(range(len(names)), names)
        ax.set_xticks(range(len(names)), names, rotation=40, ha="left", rotation_mode="anchor")
        ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
        ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
        ax.grid(False)
        ax.spines[:].set_visible(False)
        return fig
