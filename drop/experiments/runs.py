"""Runs from configuration to record: query models, recalls and scores, quotas, selection, the final model, its record.

    measure(plan(benchmark("fashion-mnist", "laptop"), ["random", "random+drop"]), Store())

Whatever has a record is not run again. On a CPU the networks are shared out to processes of one thread each, which is
about 1.3 times as fast as one process with all threads; on a GPU one process trains several side by side.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np
import torch

from drop import rules
from drop.experiments import datasets, machine, records
from drop.experiments.arena import Arena
from drop.experiments.arithmetic import decide, to_the_terminal
from drop.experiments.benchmarks import FRESH, RULES, SCORES, Benchmark, Run, parts, with_rounds_before
from drop.experiments.checkpoints import Keeper
from drop.experiments.datasets import DataSet
from drop.experiments.lanes import Job, Result, seed_of
from drop.experiments.losses import LOSSES
from drop.experiments.originals import digest_of
from drop.experiments.queries import Query, Shelf, queries_for
from drop.experiments.records import Record, Store
from drop.experiments.training import train
from drop.metrics import right_of
from drop.quotas import counts, counts_of, difficulty_weights, error_weights, minimax_weights, size_weights
from drop.rules import Evidence
from drop.selection import select, top

MINIMAX_RATE = 5.0  # of exponentiated gradient: a class 0.2 below the best gains a factor e a round; not tuned
SEVERAL = 20  # classes, up to which a record keeps confusion counts; above, recalls


def needed_scores(run: Run) -> set[str]:
    """The scores that a run's ranking and quotas come from; DRoP's recalls are those of EL2N's query models."""
    score, quota = parts(run.pruner) if run.density < 1 else ("random", "balanced")
    return {score, "el2n" if quota in RULES[:-1] else (quota or "").removesuffix("q")} & set(SCORES[1:])


def needed_queries(runs: Iterable[Run]) -> list[Query]:
    """The query models that the scores and quotas of some runs come from."""
    wanted: list[Query] = []
    for run in runs:
        for name in sorted(needed_scores(run)):
            wanted += queries_for(run.benchmark, run.seed, name)
        wanted += [identification(run)] if run.method == "jtt" else []
    return list(dict.fromkeys(wanted))


def identification(run: Run) -> Query:
    """The network of a few epochs whose errors JTT weighs more."""
    return Query(run.benchmark, run.seed, -2, int(run.settings["epochs"]))


def weights_of(run: Run, labels: np.ndarray, sizes: np.ndarray, store: Store) -> tuple[np.ndarray, np.ndarray | None]:
    """The class weights float64 (K,) of a run's quota rule, one of RULES, and the recalls (K,) they come from, if any.

    `drop.quotas` has their definitions. A later round takes the validation recalls of the round before.
    """
    rule, shelf, scored = parts(run.pruner)[1], Shelf(store.root), (run.benchmark, run.seed)
    if rule == "balanced":
        return 1 / sizes, None
    if rule == "nucs":
        return difficulty_weights(shelf.score(*scored, "el2n", labels), labels, len(sizes)), None
    if rule == "half-balanced":  # what drop.prune does by default; a record's name stays where a default changes
        known = Evidence(sizes, *shelf.tested(*scored))
        return rules.RULES[rule](known, run.density), known.recalls
    if run.previous:
        recalls = np.divide(*zip(*records.right_and_total(store.get(run.previous.key)["validation"]), strict=True))
    else:
        recalls = shelf.recalls(*scored, shrink=rule == "shrunken")
    if rule.startswith("minimax"):
        before = weights_of(run.previous, labels, sizes, store)[0] if run.previous else np.ones(len(sizes))
        return minimax_weights(before, recalls, MINIMAX_RATE), recalls
    gamma = float(rule.removeprefix("gamma")) if rule.startswith("gamma") else 1.0
    return size_weights(sizes, recalls) if rule == "size" else error_weights(recalls, gamma), recalls


def keep(run: Run, labels: np.ndarray, num_classes: int, store: Store) -> tuple[np.ndarray, np.ndarray | None]:
    """The kept indices of a run, sorted int64 (n,), and the recalls float64 (K,) that set its quotas, if any did.

    labels: of groups, where the data carry some, with their number; quotas and recalls are then per group.
    With a fresh draw in every epoch they are int64 (epochs + 1, n): the last batch may reach into one epoch more.
    """
    size, recalls, shelf = round(run.density * len(labels)), None, Shelf(store.root)
    if run.method == "group-subsampling":
        sizes = np.bincount(labels, minlength=num_classes)
        return select(labels, np.full_like(sizes, sizes.min()), None, run.seed), recalls
    if run.density == 1:
        return np.arange(len(labels)), recalls

    score, quota = parts(run.pruner)
    fresh = score == FRESH
    epochs = run.benchmark.recipe_at(run.density).epochs + 1 if fresh else 1
    seeds = [seed_of("draw", run.seed, epoch) % 2**31 for epoch in range(epochs)] if fresh else [run.seed]

    def ranking(name: str) -> np.ndarray:
        return (
            np.zeros(len(labels)) if name in ("random", FRESH) else shelf.score(run.benchmark, run.seed, name, labels)
        )

    if quota is None:
        return _whole([top(ranking(score), size, seed) for seed in seeds]), recalls
    if quota in RULES:
        sizes = np.bincount(labels, minlength=num_classes)
        weights, recalls = weights_of(run, labels, sizes, store)
        quotas = counts(sizes, weights, run.density)
    else:
        quotas = counts_of(labels, top(ranking(quota.removesuffix("q")), size, run.seed), num_classes)
    return _whole([select(labels, quotas, ranking(score), seed) for seed in seeds]), recalls


def _whole(draws: list[np.ndarray]) -> np.ndarray:
    return draws[0] if len(draws) == 1 else np.stack(draws)


def job_of(run: Run, kept: np.ndarray, data: DataSet, store: Store) -> Job:
    """The final training of a run; a method has a loss, a sampling or a head of its own, or other epochs."""
    recipe, method, settings = run.benchmark.recipe_at(run.density), run.method, run.settings
    groups, how = data.train.strata.numpy(), {}
    if method in LOSSES:
        how["loss"] = (method, tuple(settings.items()))
    if method in ("cdb-w", "ldam-drw"):  # they look at the validation recalls, or wait for the fourth fifth
        recipe = dataclasses.replace(recipe, evaluations=recipe.epochs if method == "cdb-w" else 5)
    if method == "crt":
        how["retrain"] = (settings["share"], settings["rate"])
    if method == "group-dro":  # as often of every group, as in the authors' code
        how["sampling"] = 1 / np.bincount(groups[kept])[groups[kept]]
    if method == "jtt":
        how["sampling"] = np.where(Shelf(store.root).get(identification(run))["wrong"], settings["weight"], 1.0)
    if method == "group-subsampling":
        epochs = round(recipe.epochs * settings["share"] * len(groups) / len(kept))
        recipe = dataclasses.replace(recipe, epochs=max(1, epochs))
    label = f"{run.benchmark.name} {run.benchmark.scale} {run.pruner} {run.density:g} seed {run.seed}"
    return Job(("final", run.seed), recipe, kept, label=label, **how)


def record_of(run: Run, data: DataSet, kept: np.ndarray, recalls: np.ndarray | None, result: Result,
              processes: int = 1) -> Record:  # fmt: skip
    """The record of a finished run, in the fields of `drop.experiments.records`; processes trained side by side."""
    K, labels = len(data.strata), data.train.strata.numpy()
    first = kept if kept.ndim == 1 else kept[0]
    hits = right_of(result.validation)  # (evaluations, K)
    return {
        "key": records.key(run.config(), data.digest), "protocol": records.PROTOCOL, "run": run.config(),
        "data": data.digest, "classes": list(data.strata), "class_sizes": np.bincount(labels, minlength=K),
        "kept": np.bincount(labels[first], minlength=K), "quota_recalls": recalls,
        "validation": _counts(result.validation[-1]), "test": _counts(result.test[-1]),
        "test_hits": base64.b64encode(np.packbits(result.hits)).decode(),
        "curve": {
            "epoch": result.epochs.round(3), "loss": result.losses.round(5),
            "validation_average": hits.sum(1) / result.validation.sum((1, 2)),
            "validation_worst": (hits / result.validation.sum(2)).min(1),
        },
        "seconds": round(result.seconds, 2), "kept_digest": digest_of(kept), **({"cut": data.cut} if data.cut else {}),
        "query_keys": sorted(query.key for query in needed_queries([run])), **_groups(data),
        "provenance": records.provenance(result.how["device"]) | result.how | {"processes": processes},
    }  # fmt: skip


def _groups(data: DataSet) -> dict[str, Any]:
    """What a record of grouped data says beside the counts: the classes, and which test images share a scene."""
    if not data.groups:
        return {}
    clusters, order = data.test.clusters, data.test.groups.argsort(stable=True)
    packed = None if clusters is None else records.packed_clusters(clusters[order].tolist())
    return {"groups": {"of_classes": list(data.classes), "clusters": packed}}


def _counts(confusion: np.ndarray) -> np.ndarray | dict[str, np.ndarray]:
    G, K = confusion.shape
    return confusion if G == K <= SEVERAL else {"correct": right_of(confusion), "total": confusion.sum(1)}


def measure(
    runs: Iterable[Run], store: Store, workers: int | None = None, device: str | None = None, lanes: int = 4,
    report: Callable[[str, int, int, Run | Query, Result], None] | None = None,
    say: Callable[[str], None] = to_the_terminal) -> list[Run]:  # fmt: skip
    """Train every run that has no record, put each record into the store at once, and return those runs.

    workers: processes on a CPU, default one a core as far as memory reaches; device: default "cuda" where there is one;
    lanes: networks side by side on a GPU; report(stage, done, total, what, result) is called after each network;
    say(line) names the arithmetic. OSError, before any training, for a store that cannot be written.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    missing = [run for run in with_rounds_before(runs) if store.get(run.key) is None]
    lines = dict.fromkeys(str(decide(run.benchmark.recipe.precision, device)) for run in missing)
    if missing:
        store.check()
        records.provenance(device)  # the commit and the code that this process has loaded, before anyone edits them
    for line in lines:
        say(line)
    groups = {(len(with_rounds_before([run])), run.benchmark): [] for run in missing}
    for run in missing:
        groups[len(with_rounds_before([run])), run.benchmark].append(run)
    for (_, benchmark), mine in sorted(groups.items(), key=lambda item: item[0][0]):  # the first rounds first
        _measure(benchmark, mine, store, device, workers or machine.workers(), lanes, report or (lambda *_: None))
    return missing


def _measure(benchmark, runs, store, device, workers, lanes, report) -> None:
    """The missing query models of one benchmark, then its runs, the longest first."""
    data = datasets.load(benchmark.dataset, validation=benchmark.recipe.validation)
    labels, shelf = data.train.strata.numpy(), Shelf(store.root)
    if runs and not round(least := min(run.density for run in runs) * len(labels)):
        raise ValueError(f"a density keeps none of {len(labels)} images: the least one means {least:.2g} of them")
    queries = [query for query in needed_queries(runs) if not shelf.has(query)]
    keeper = Keeper(store.root, data.digest)
    with Trainer(benchmark, data, device, workers, lanes, keeper) as trainer:
        work = sorted(((query, query.job(len(labels))) for query in queries), key=lambda item: -item[1].recipe.epochs)
        jobs = dict(work)
        for done, (query, result) in enumerate(trainer(work), 1):
            shelf.put(query, result)
            keeper.end(jobs[query])
            report("query models", done, len(queries), query, result)
        for query in needed_queries(run for run in runs if "grand" in needed_scores(run)):
            if query.index >= 0:
                shelf.grand(query, trainer.arena)
        chosen = {run: keep(run, labels, len(data.strata), store) for run in runs}
        work = [
            (r, job_of(r, chosen[r][0], data, store)) for r in sorted(runs, key=lambda run: (run.seed, -run.density))
        ]
        jobs = dict(work)
        for done, (run, result) in enumerate(trainer(work), 1):
            store.put(record_of(run, data, *chosen[run], result, trainer.workers))
            keeper.end(jobs[run])
            report("runs", done, len(runs), run, result)


class Trainer:
    """Trains (what, job) pairs of a benchmark, on a GPU, in processes or right here, and yields (what, result)."""

    def __init__(
        self, benchmark: Benchmark, data: DataSet, device: str, workers: int, lanes: int, keeper: Keeper | None = None
    ):
        self.benchmark, self.data, self.device, self.lanes, self.keeper = benchmark, data, device, lanes, keeper
        self.workers = workers if device == "cpu" else 1
        self.pool: ProcessPoolExecutor | None = None

    @functools.cached_property
    def arena(self) -> Arena:
        return Arena(self.data, self.benchmark.recipe, self.device)

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_) -> None:
        if self.pool is not None:
            for process in list(self.pool._processes.values()):
                process.terminate()  # runs in flight are lost, finished ones are on the disk
            self.pool.shutdown(cancel_futures=True)

    def __call__(self, work: Sequence[tuple]) -> Iterator[tuple]:
        if self.workers > 1 and len(work) > 1:
            yield from self._in_processes(work)
        elif work:
            what = {job: item for item, job in work}
            lanes = self.lanes if self.device != "cpu" else 1
            for job, result in train(self.arena, [job for _, job in work], lanes, self.keeper):
                yield what[job], result

    def _in_processes(self, work: Sequence[tuple]) -> Iterator[tuple]:
        if self.pool is None:
            settings = (self.benchmark, max(1, machine.cores() // self.workers), self.keeper)
            spawn = multiprocessing.get_context("spawn")
            self.pool = ProcessPoolExecutor(self.workers, spawn, initializer=_start_worker, initargs=settings)
        futures = {self.pool.submit(_train_one, job): what for what, job in work}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        except BrokenProcessPool:
            raise ChildProcessError(lost(self.workers)) from None


def lost(workers: int) -> str:
    """What to say when one of so many workers is gone."""
    room = f"{machine.memory() / 1e9:.1f} GB of memory are free, a worker takes about {machine.WORKER / 1e9:g}"
    less = f"go on with fewer, --workers {max(1, workers // 2)}" if workers > 1 else "free some memory"
    return f"one of {workers} workers was killed or ended by itself ({room}); finished runs are kept: {less}"


_arena: Arena  # of a worker process
_keeper: Keeper | None


def _start_worker(benchmark: Benchmark, threads: int, keeper: Keeper | None) -> None:
    """Ctrl-C is the parent's to handle; a parent that was killed takes its workers along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process().sentinel
    threading.Thread(target=lambda: (multiprocessing.connection.wait([parent]), os._exit(1)), daemon=True).start()
    torch.set_num_threads(threads)
    data = datasets.load(benchmark.dataset, validation=benchmark.recipe.validation)
    global _arena, _keeper
    _arena, _keeper = Arena(data, benchmark.recipe), keeper


def _train_one(job: Job) -> Result:
    return next(train(_arena, [job], keeper=_keeper))[1]
