"""Query models: trained once per benchmark and seed on all the data, kept on disk, read at every density.

The short queries (a tenth of the epochs, several initialisations) give EL2N, GraNd and DRoP's recalls. The full one
gives the training dynamics of Forgetting and Dynamic Uncertainty, and the embeddings. Each set belongs to one final
seed, so that seeds are independent.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from drop import scores
from drop.experiments import datasets, records
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SHORT, Benchmark, Recipe
from drop.experiments.lanes import Job, Result
from drop.experiments.models import Network, build
from drop.metrics import right_of
from drop.quotas import shrunken_recalls

WEIGHT = "weight:"  # what the names of a network's arrays begin with
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Query:
    """One query model; index counts the short ones from 0, and is -1 for the full one, -2 for that of JTT."""

    benchmark: Benchmark
    seed: int
    index: int
    length: int = 0  # epochs of that of JTT

    @property
    def recipe(self) -> Recipe:
        """Its own recipe, without augmentation; a short query stops before the learning rate drops."""
        whole = self.benchmark.recipe
        epochs = {-1: whole.full_epochs, -2: self.length}.get(self.index, whole.short_epochs)
        drops = tuple(drop * epochs // whole.epochs if self.index < 0 else epochs for drop in whole.drops)
        unused = {"budget": 1.0, "short_queries": 0, "short_epochs": 0, "full_epochs": 0, "window": 0}
        plain = {"flip": False, "shift": 0}
        return dataclasses.replace(whole, epochs=epochs, drops=drops, evaluations=epochs, **plain, **unused)

    @functools.cached_property
    def key(self) -> str:
        """The hash of all that changes it: another final schedule makes no query model stale."""
        dataset, recipe = self.benchmark.dataset, self.recipe.settings()
        names = {"benchmark": dataset, "scale": "query", "pruner": str(self.index), "density": 1.0, "seed": self.seed}
        return records.key({**names, "recipe": recipe}, datasets.digest(dataset))

    def job(self, size: int) -> Job:
        """Its training on all `size` samples; recalls are read after every epoch."""
        name, which = ("query", self.seed, self.index), "full" if self.index < 0 else f"short {self.index}"
        label = f"{self.benchmark.name} {self.benchmark.scale} query ({which}) seed {self.seed}"
        how = {"after": {-1: read_full, -2: read_errors}.get(self.index, read_short)}
        how |= {"record_dynamics": True} if self.index == -1 else {}
        return Job(name, self.recipe, np.arange(size), augment=False, label=label, **how)


def queries_for(benchmark: Benchmark, seed: int, score: str) -> list[Query]:
    """The query models that a score is computed from."""
    short = range(benchmark.recipe.short_queries)
    return [Query(benchmark, seed, index) for index in (short if score in SHORT else (-1,))]


def read_short(network: Network, arena: Arena) -> Arrays:
    """What is kept of a short query: EL2N of every training sample, float32 (N,), and the weights."""
    _, logits = arena.apply(network, arena.train_images())
    return {"el2n": scores.el2n(logits.softmax(1).cpu(), arena.labels.cpu()).astype(np.float32), **_weights(network)}


def read_full(network: Network, arena: Arena) -> Arrays:
    """What is kept of the full query, besides its dynamics: embeddings float16 (N, D), and the weights."""
    embeddings, _ = arena.apply(network, arena.train_images())
    return {"embeddings": embeddings.cpu().numpy(), **_weights(network)}


def read_errors(network: Network, arena: Arena) -> Arrays:
    """Which training samples the network gets wrong, bool (N,)."""
    _, logits = arena.apply(network, arena.train_images())
    return {"wrong": (logits.argmax(1) != arena.labels).cpu().numpy()}


def _weights(network: Network) -> Arrays:
    return {WEIGHT + name: value.cpu().numpy().copy() for name, value in network.state_dict().items()}


def grand_of(weights: Arrays, arena: Arena, part: int = 5000) -> np.ndarray:
    """GraNd of every training sample under a short query's weights, float32 (N,)."""
    network = build(arena.recipe.model, arena.num_classes, arena.channels, arena.size).to(arena.device)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    pieces = zip(arena.train_images().split(part), arena.labels.split(part), strict=True)
    return np.concatenate([scores.grand(network, arena.nchw(images), labels) for images, labels in pieces])


class Shelf:
    """The query models of one record store, one file each, and beside them what is computed from them."""

    def __init__(self, root: Path):
        self.root = root / "queries"

    def path(self, query: Query, name: str = "") -> Path:
        folder = self.root / f"{query.benchmark.name}-{query.benchmark.scale}"
        return folder / f"{query.key}{name and '.'}{name}.npz"

    def put(self, query: Query, result: Result) -> None:
        """Write what came of a query model; OSError where it cannot be written, and then nothing has changed."""
        measured = {"validation": result.validation, "seconds": np.array(result.seconds)}
        measured["how"] = np.array(json.dumps(result.how))
        _write(self.path(query), {**result.outputs, **measured})

    def has(self, query: Query) -> bool:
        """Whether the query model is there and whole."""
        return _read(self.path(query)) is not None

    def get(self, query: Query) -> Arrays:
        """All its arrays; FileNotFoundError where it was not trained yet."""
        arrays = _read(self.path(query))
        if arrays is None:
            raise FileNotFoundError(f"the query model {query.index} of seed {query.seed} was not trained yet")
        return arrays

    def how(self, query: Query) -> dict | None:
        """The device, arithmetic and threads that it was trained on, None where an older file does not say."""
        found = self.get(query).get("how")
        return None if found is None else json.loads(str(found))

    def derived(self, query: Query, name: str, compute: Callable[[Arrays], np.ndarray]) -> np.ndarray:
        """What is computed from a query model, once, and kept beside it."""
        path = self.path(query, name)
        arrays = _read(path)
        if arrays is None:
            arrays = {name: compute(self.get(query))}
            _write(path, arrays)
        return arrays[name]

    def grand(self, query: Query, arena: Arena | None = None) -> np.ndarray:
        """GraNd under a short query, float32 (N,); the first time it needs the images."""

        def compute(arrays: Arrays) -> np.ndarray:
            weights = {name.removeprefix(WEIGHT): a for name, a in arrays.items() if name.startswith(WEIGHT)}
            if arena is None or not weights:
                raise FileNotFoundError(f"{self.path(query)} holds no weights for GraNd; delete it to train again")
            return grand_of(weights, arena).astype(np.float32)

        return self.derived(query, "grand", compute)

    def recalls(self, benchmark: Benchmark, seed: int, shrink: bool = False) -> np.ndarray:
        """DRoP's validation recalls of classes or groups, float64 (K,).

        shrink: towards their mean, as those of one draw of the validation images.
        """
        recalls, total = self.tested(benchmark, seed)
        return shrunken_recalls(recalls * total, total) if shrink else recalls

    def tested(self, benchmark: Benchmark, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The recalls float64 (K,), each short query's at its best epoch, averaged over them, and int64 (K,) images.

        The best epoch has the most validation images right.
        """
        counts = [self.get(query)["validation"] for query in queries_for(benchmark, seed, "el2n")]  # (E, G, K) each
        best = [epochs[right_of(epochs).sum(1).argmax()] for epochs in counts]
        return np.mean([right_of(c) / c.sum(1) for c in best], axis=0), best[0].sum(1)

    def score(self, benchmark: Benchmark, seed: int, name: str, labels: np.ndarray) -> np.ndarray:
        """The scores of all training samples, float64 (N,), high = keep; ValueError for an unknown name."""
        queries = queries_for(benchmark, seed, name)
        if name == "el2n":
            return np.asarray(np.mean([self.get(query)["el2n"] for query in queries], axis=0, dtype=np.float64))
        if name == "grand":
            return np.asarray(np.mean([self.grand(query) for query in queries], axis=0, dtype=np.float64))
        [query] = queries
        if name == "forgetting":
            return scores.forgetting(self.get(query)["correct"])
        if name == "dynamic-uncertainty":
            return scores.dynamic_uncertainty(self.get(query)["probability"], benchmark.recipe.window)
        if name == "prototype":
            return scores.prototype_distance(self.get(query)["embeddings"], labels)
        if name == "k-center":
            order = self.derived(query, name, lambda arrays: scores.k_center_order(arrays["embeddings"], len(labels)))
            return scores.scores_of_order(order, len(labels))
        raise ValueError(f"there is no score {name!r}")


def _read(path: Path) -> Arrays | None:
    """All arrays of a file, checked; None where there is none, or a damaged one."""
    try:
        with open(path, "rb") as file:  # np.load would leave a damaged file open
            arrays = np.load(file)
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        warnings.warn(f"{path} is damaged ({error}) and is made again", stacklevel=2)
        return None


def _write(path: Path, arrays: Arrays) -> None:
    """Write arrays at one stroke, complete or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    records.write(path, buffer.getvalue())
