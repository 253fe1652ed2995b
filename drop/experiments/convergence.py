"""How well each class is learned from photos: a small network, trained longer and longer until its recalls stay.

The length of a query must not depend on how long somebody means to train later: after too few steps recalls are noise.
So training starts at a few hundred steps and doubles, from scratch, until the held-out accuracy gains less than chance
would give it; that costs less than twice the last training.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator

import numpy as np

from drop.experiments.arena import Arena
from drop.experiments.benchmarks import CIFAR, Recipe
from drop.experiments.checkpoints import Keeper
from drop.experiments.datasets import DataSet
from drop.experiments.lanes import Job, Lane
from drop.experiments.training import train

STEPS = 200  # of the first training
DOUBLINGS = 5


def recipe_for(images: int, size: int, device: str) -> Recipe:
    """A small network, one block deeper where images are large, with smaller batches where they are few."""
    few = images < 10_000
    how = {
        "model": "small-16-32-64" + "-64" * (size >= 32),
        "batch": 64 if few else 256,
        "rate": CIFAR.rate / (2 if few else 1),
    }
    return dataclasses.replace(CIFAR, **how, flip=False, shift=0, precision="bf16" if device == "cuda" else "fp32")


def lengths(images: int, batch: int, epochs: int | None = None) -> list[int]:
    """The epochs to try, one after another: those asked for, or doubling ones from STEPS steps on."""
    if epochs is not None:
        if epochs < 1:
            raise ValueError(f"epochs is {epochs}, but training takes at least one")
        return [epochs]
    first = max(1, -(-STEPS * batch // images))
    return [first * 2**i for i in range(DOUBLINGS + 1)]


@dataclasses.dataclass(frozen=True)
class Watch(Keeper):
    """Keeps a training every few seconds, so that it goes on where it was stopped, and tells its steps done and all."""

    every: float = 10.0
    tell: Callable[[int, int], None] = lambda done, steps: None

    def after(self, lane: Lane) -> None:
        self.tell(lane.progress.done, lane.progress.stops[-1])
        super().after(lane)


class Teacher:
    """Trains on one data set for as many epochs as it is told; `keeper` keeps the trainings on all of it."""

    def __init__(self, data: DataSet, seed: int = 0, keeper: Keeper | None = None):
        import torch

        self.keeper = keeper
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.size, self.seed = len(data.train.labels), seed
        self.recipe = recipe_for(self.size, data.train.images.shape[2], device)
        self.arena = Arena(data, self.recipe, device)

    def confusion(self, epochs: int, kept: np.ndarray | None = None) -> np.ndarray:
        """Counts int64 (K, K) on what is held out, true class x predicted, after training on all or on `kept`."""
        keeper, kept = (self.keeper, np.arange(self.size)) if kept is None else (None, kept)
        how = dataclasses.replace(self.recipe, epochs=epochs, evaluations=1)
        job = Job(("photos", self.seed), how, kept, augment=False, label=f"photos, {epochs} epochs")
        [(_, result)] = train(self.arena, [job], keeper=keeper)
        if keeper:
            keeper.end(job)
        return result.validation[-1]

    def recalls(self, epochs: int, kept: np.ndarray | None = None) -> np.ndarray:
        """Share right of each class of what is held out, float64 (K,)."""
        counts = self.confusion(epochs, kept)
        return counts.diagonal() / np.maximum(counts.sum(axis=1), 1)

    def seconds_an_epoch(self) -> float:
        """How long an epoch takes, from a few steps, once everything is warm."""
        some = np.random.default_rng(0).permutation(self.size)[: 8 * self.recipe.batch]
        one, times = some[: self.recipe.batch], []
        for part in (one, one, some):
            began = time.perf_counter()
            self.confusion(1, part)
            times.append(time.perf_counter() - began)
        took = max(times[2] - times[1], times[2] / 8)  # without what is done once
        return took / len(some) * self.size


def settled(before: np.ndarray | None, after: np.ndarray) -> bool:
    """Whether longer training gained less than one standard error of the held-out accuracy."""
    if before is None:
        return False
    n = after.sum()
    old, new = before.trace() / n, after.trace() / n
    return bool(new - old < np.sqrt(max(new * (1 - new), 0.25 / n) / n))


def longer_and_longer(
    teacher: Teacher, epochs: int | None, known: dict[int, np.ndarray]
) -> Iterator[tuple[int, np.ndarray]]:
    """(epochs, confusion counts) of each training, until they stay; `known` ones are not trained again."""
    before = None
    for length in lengths(teacher.size, teacher.recipe.batch, epochs):
        counts = known[length] if length in known else teacher.confusion(length)
        yield length, counts
        if settled(before, counts):
            return
        before = counts
