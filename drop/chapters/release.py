"""Release scores and kept sets as small files that need neither torch nor images to be used: drop/measured/released.

    python -m drop.chapters.release fashion-mnist laptop --seed 0

Reads the query models of one seed from the record store and writes `<benchmark>-<scale>-seed<k>.npz`, which
`drop.released.load` reads, `…-pictures.webp`, the images of the chapter on what pruners keep, and their entry in
`manifest.json`. The same query models give the same bytes. Nothing is trained: `python -m drop run` has done that.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Iterable

import numpy as np
import torch

from drop.chapters import pictures
from drop.experiments import datasets, records
from drop.experiments.arena import Arena
from drop.experiments.arithmetic import name_of
from drop.experiments.benchmarks import Benchmark, Run, benchmark, parts
from drop.experiments.datasets import DataSet
from drop.experiments.models import Network, build
from drop.experiments.queries import WEIGHT, Shelf, queries_for
from drop.experiments.records import Store
from drop.experiments.runs import Trainer, keep
from drop.quotas import drop_counts
from drop.released import FOLDER, Released
from drop.scores import share_of_ties
from drop.selection import select, top

RANKINGS = ("el2n", "grand", "forgetting", "dynamic-uncertainty", "k-center", "prototype")
PRUNERS = (*RANKINGS, "random", "random+drop", *(f"{name}+drop" for name in RANKINGS[:4]))
DENSITIES = (0.1, 0.3, 0.5, 0.8)


def train_missing(entry: Benchmark, seeds: Iterable[int], store: Store) -> tuple[DataSet, Arena]:
    """Train the query models that the store lacks, and return the data set and its arena."""
    data = datasets.load(entry.dataset, validation=entry.recipe.validation)
    shelf, size = Shelf(store.root), len(data.train.labels)
    wanted = [query for seed in seeds for name in ("el2n", "forgetting") for query in queries_for(entry, seed, name)]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with Trainer(entry, data, device, workers=1, lanes=4) as trainer:
        for query, result in trainer([(query, query.job(size)) for query in wanted if not shelf.has(query)]):
            shelf.put(query, result)
        return data, trainer.arena


def gather(entry: Benchmark, seed: int, store: Store, data: DataSet, arena: Arena) -> Released:
    """Everything that is released of one seed, from its query models; FileNotFoundError where one was not trained.

    Scores are rounded to float32, except one whose rounding would change a set that a run keeps. RuntimeError where
    what is released would not give exactly these sets.
    """
    shelf, labels, K = Shelf(store.root), data.train.labels.numpy(), len(data.classes)
    for query in queries_for(entry, seed, "grand"):
        shelf.grand(query, arena)
    exact = {name: shelf.score(entry, seed, name, labels) for name in RANKINGS}
    scores = {name: values.astype(np.float32) for name, values in exact.items()}
    arrays = {
        "classes": np.array(data.classes), "labels": _small(labels), "recalls": shelf.recalls(entry, seed),
        **{f"scores/{name}": values for name, values in scores.items()}, **_of_full_query(entry, seed, shelf, arena),
    }  # fmt: skip
    ties = {name: round(share_of_ties(values), 6) for name, values in exact.items()}
    given = Released(scores, arrays["recalls"], arrays, _about(entry, seed, shelf, data, arena, ties))
    for pruner in PRUNERS:
        for density in DENSITIES:
            kept, _ = keep(Run(entry, pruner, density, seed), labels, K, store)
            if not np.array_equal(kept, kept_by(given, pruner, density, seed)):
                name, _ = parts(pruner)
                scores[name] = arrays[f"scores/{name}"] = exact[name]
                if not np.array_equal(kept, kept_by(given, pruner, density, seed)):
                    raise RuntimeError(f"the released scores do not give the set of {pruner} at density {density:g}")
            arrays[f"kept/{pruner}/{density:g}"] = np.packbits(np.isin(np.arange(len(labels)), kept))
    return given


def kept_by(given: Released, pruner: str, density: float, seed: int) -> np.ndarray:
    """What a pruner keeps, from what was released alone: sorted int64 (n,)."""
    score, quota = parts(pruner)
    labels, ranking = given.arrays["labels"].astype(np.int64), given.scores.get(score)
    if quota is None:
        return top(np.zeros(len(labels)) if ranking is None else ranking, round(density * len(labels)), seed)
    return select(labels, drop_counts(np.bincount(labels), given.recalls, density), ranking, seed)


def network_of(arrays: dict[str, np.ndarray], arena: Arena) -> Network:
    """The trained network of a query model."""
    network = build(arena.recipe.model, arena.num_classes, arena.channels, arena.size).to(arena.device)
    weights = {name.removeprefix(WEIGHT): array for name, array in arrays.items() if name.startswith(WEIGHT)}
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return network


def _of_full_query(entry: Benchmark, seed: int, shelf: Shelf, arena: Arena) -> dict[str, np.ndarray]:
    """What the full query says of each sample when it is trained, and in how many epochs it was right."""
    [query] = queries_for(entry, seed, "forgetting")
    arrays = shelf.get(query)
    _, logits = arena.apply(network_of(arrays, arena), arena.train_images())
    right = arrays["correct"].sum(axis=0)
    return {"predicted": _small(logits.argmax(1).cpu().numpy()), "epochs_right": _small(right)}


def _small(values: np.ndarray) -> np.ndarray:
    return values.astype(np.min_scalar_type(int(values.max())))


def provenance(entry: Benchmark, data: DataSet, arena: Arena) -> dict[str, str | None]:
    """When, by which code and on which device, an arena's, something is computed."""
    return records.provenance(name_of(arena.device))


def _about(
    entry: Benchmark, seed: int, shelf: Shelf, data: DataSet, arena: Arena, ties: dict[str, float]
) -> dict:  # fmt: skip
    short, [full] = (queries_for(entry, seed, name) for name in ("el2n", "forgetting"))
    seconds = {query: round(float(shelf.get(query)["seconds"]), 1) for query in [*short, full]}
    return {
        "data": data.digest, "dataset": data.name, "seed": seed, "recipe": entry.recipe.settings(),
        "short": {"keys": [query.key for query in short], "epochs": short[0].recipe.epochs,
                  "seconds": [seconds[query] for query in short]},
        "full": {"key": full.key, "epochs": full.recipe.epochs, "seconds": seconds[full]},
        "ties": ties, "provenance": provenance(entry, data, arena),
    }  # fmt: skip


def release(entry: Benchmark, seed: int, store: Store) -> list[str]:
    """Write the files of one seed and their entry in the manifest; returns what is there now, a line a file."""
    data = datasets.load(entry.dataset, validation=entry.recipe.validation)
    given = gather(entry, seed, store, data, Arena(data, entry.recipe))
    buffer, stem = io.BytesIO(), f"{entry.name}-{entry.scale}-seed{seed}"
    np.savez_compressed(buffer, **given.arrays)
    images, each = pictures.encode(data.train.images.numpy(), pictures.choose(given, seed))
    files = {f"{stem}.npz": buffer.getvalue(), f"{stem}-pictures.webp": images}
    for name, content in files.items():
        records.write(FOLDER / name, content)
    sums = [hashlib.sha256(content).hexdigest() for content in files.values()]
    shown = {"file": f"{stem}-pictures.webp", "sha256": sums[1], "each": each}
    _enter(f"{stem}.npz", {**given.about, "sha256": sums[0], "pictures": shown})
    return [f"{FOLDER.name}/{name}: {len(content):,} bytes" for name, content in files.items()]


def _enter(name: str, entry: dict) -> None:
    """Put an entry into the manifest; one that says the same of the same files stays as it is, with its date."""
    path = FOLDER / "manifest.json"
    manifest = json.loads(path.read_bytes()) if path.exists() else {}
    before = manifest.get(name, {})
    if records.plain(entry | {"provenance": None}) != before | {"provenance": None}:
        manifest[name] = records.plain(entry)
        records.write(path, json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Release the scores and kept sets of one benchmark and seed.")
    parser.add_argument("benchmark")
    parser.add_argument("scale")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        lines = release(benchmark(options.benchmark, options.scale), options.seed, Store())
    except (ValueError, OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
