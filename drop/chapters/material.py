"""What the definitions of a score are computed from: the query models of one seed, and what is read off them."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from drop import scores
from drop.chapters import release
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import Benchmark
from drop.experiments.datasets import DataSet
from drop.experiments.lanes import AHEAD, Lane, seed_of
from drop.experiments.models import Network, build
from drop.experiments.queries import Query, Shelf, queries_for
from drop.experiments.records import Store
from drop.metrics import recalls_of


class Material:
    """The query models of one benchmark and seed; FileNotFoundError, on use, where one was not trained."""

    def __init__(self, entry: Benchmark, seed: int, store: Store, data: DataSet, arena: Arena):
        self.entry, self.seed, self.arena, self.shelf = entry, seed, arena, Shelf(store.root)
        self.labels = data.train.labels.numpy()
        self.short, [self.full] = (queries_for(entry, seed, name) for name in ("el2n", "forgetting"))

    @functools.cached_property
    def dynamics(self) -> dict[str, np.ndarray]:
        """The full query: `probability` float16 and `correct` bool (E, N), `embeddings`, `validation` (E, K, K)."""
        return self.shelf.get(self.full)

    def score(self, name: str) -> np.ndarray:
        """A score as this book defines it, float64 (N,)."""
        return self.shelf.score(self.entry, self.seed, name, self.labels)

    def network(self, query: Query) -> Network:
        return release.network_of(self.shelf.get(query), self.arena)

    def probabilities(self, query: Query) -> np.ndarray:
        """What a trained query model says of the training images, float32 (N, K)."""
        return self.arena.apply(self.network(query), self.arena.train_images())[1].softmax(1).cpu().numpy()

    def _kept(self, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """What takes long, kept on the shelf beside the full query."""
        return self.shelf.derived(self.full, name, lambda _: compute())

    def _averaged(self, name: str, score: Callable[[Query], np.ndarray]) -> np.ndarray:
        """The mean of a score over the short queries, kept beside the first one under a name with their number."""
        first, name = self.short[0], f"{name}-{len(self.short)}"
        return self.shelf.derived(first, name, lambda _: np.mean([score(query) for query in self.short], axis=0))

    def squared(self) -> np.ndarray:
        """EL2N from squared lengths, float64 (N,)."""
        return self._averaged("el2n-squared", lambda q: scores.el2n(self.probabilities(q), self.labels, squared=True))

    def late(self) -> np.ndarray:
        """EL2N of the full query when it is trained, float64 (N,)."""
        return self._kept("el2n-late", lambda: scores.el2n(self.probabilities(self.full), self.labels))

    def dynamic_uncertainty(self, window: int, variant: str = "paper") -> np.ndarray:
        return scores.dynamic_uncertainty(self.dynamics["probability"], window, variant)

    def forgetting(self, never_learned: str = "zero", epochs: int | None = None) -> np.ndarray:
        return scores.forgetting(self.dynamics["correct"][:epochs], never_learned)

    def grand(self, network: Network, scope: str = "full") -> np.ndarray:
        """GraNd of every training image under one network, float64 (N,)."""
        parts = zip(self.arena.train_images().split(5000), self.arena.labels.split(5000), strict=True)
        return np.concatenate([scores.grand(network, self.arena.nchw(x), y, scope) for x, y in parts])

    def last_layer(self) -> np.ndarray:
        """GraNd of the last layer alone, averaged over the short queries, float64 (N,)."""
        return self._averaged("grand-last", lambda query: self.grand(self.network(query), "last"))

    def untrained(self) -> np.ndarray:
        """GraNd under the initial weights of the first short query, float64 (N,)."""
        arena, seed = self.arena, seed_of("weights", *self.short[0].job(len(self.labels)).name) % 2**32
        network = build(arena.recipe.model, arena.num_classes, arena.channels, arena.size, seed)
        return self.shelf.derived(self.short[0], "grand-untrained", lambda _: self.grand(network.to(arena.device)))

    def other_centre(self, density: float) -> np.ndarray:
        """k-center from sample `seed + 1`, as far as density reaches, float64 (N,); what was not chosen ties at 0."""
        N = len(self.labels)
        return scores.k_center(self.dynamics["embeddings"], round(density * N), start=self.seed + 1)

    def other_half(self) -> np.ndarray:
        """The short queries' class recalls on the half of the test set that reports, float64 (K,)."""
        guesses = [self.arena.predictions(self.network(query), "test") for query in self.short]
        return np.mean([recalls_of(self.arena.confusion(guess, "test").cpu().numpy()) for guess in guesses], axis=0)

    def passes(self) -> np.ndarray:
        """Whether each image is right after each epoch of the full query, bool (E, N); trains it again, once."""
        return self._kept("passes", lambda: evaluated(self.full, self.arena))


def evaluated(query: Query, arena: Arena) -> np.ndarray:
    """Train a query model once more and look at all training images after every epoch; bool (E, N)."""
    lane, images, right = Lane(arena), arena.train_images(), []
    lane.load(query.job(len(arena.labels)))
    while len(right) < query.recipe.epochs:
        steps = min(AHEAD, lane.progress.until_stop)
        lane.fill(steps)
        for _ in range(steps):
            lane.step()
        lane.collect(steps)
        if lane.progress.done in lane.progress.stops:
            right.append((arena.apply(lane.network, images)[1].argmax(1) == arena.labels).cpu().numpy())
    return np.array(right)
