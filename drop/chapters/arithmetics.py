"""Do bf16 and fp32 products give the same results? Pairs of runs that differ in nothing else.

    python -m drop.chapters.arithmetics            trains what is missing, then writes drop/measured/arithmetics.json
    python -m drop.chapters.arithmetics --dry-run  says what it would train

Each pair is measured from the start in both: query models, scores, quotas, selection, final model, with the same seeds.
All are trained on one machine, so it must multiply bf16 natively, or be patient. They are replicates of runs that have
their records elsewhere, and enter no verdict. The rule, written down before the first was trained: both arithmetics
give the same results if on each data set the 95 % interval of the mean difference of the average accuracy, over all
pairs, lies within one point on either side of zero.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.special import stdtrit

from drop import metrics
from drop.experiments import records
from drop.experiments.benchmarks import Benchmark, Run, benchmark, plan
from drop.experiments.records import Record, Store
from drop.places import MEASURED

PATH = MEASURED / "arithmetics.json"
NAMES = ("bf16", "fp32")
BENCHMARKS, SCALE, DENSITY, SEEDS = ("cifar10", "fashion-mnist"), "laptop", 0.3, range(3)
PRUNERS = ("full", "random", "random+drop", "el2n")
MARGIN = 0.01  # of the average accuracy


def pairs(entry: Benchmark, seeds: Iterable[int] = SEEDS) -> list[Run]:
    """The runs of one benchmark that are trained in both arithmetics."""
    return plan(entry, PRUNERS, [DENSITY], seeds)


def measure(runs: list[Run], root: Store, workers: int | None = None) -> dict[str, Store]:
    """Train the runs in each arithmetic into a store of its own beside the records, and return the stores by name."""
    from drop.experiments.arithmetic import SETTING
    from drop.experiments.runs import measure as train

    def report(stage: str, done: int, total: int, *_) -> None:
        print(f"{name}: {stage} {done} of {total}", flush=True)

    stores, before = {}, os.environ.get(SETTING)
    for name in NAMES:
        os.environ[SETTING] = name
        stores[name] = Store(root.root / "arithmetics" / name, also=())
        train(runs, stores[name], workers, device="cpu", report=report, say=print)
    os.environ[SETTING] = before or ""
    return stores


def entry_of(run: Run, both: dict[str, Record]) -> dict[str, Any]:
    """What is kept of a pair: the run, and per arithmetic each class's correct test images and where it was trained."""
    entry: dict[str, Any] = {"benchmark": run.benchmark.name, "scale": run.benchmark.scale, "pruner": run.pruner}
    entry |= {"density": run.density, "seed": run.seed, "key": run.key}
    for name, record in both.items():
        if record["provenance"]["arithmetic"] != name:
            raise ValueError(f"the record of {run.key} was trained in {record['provenance']['arithmetic']}, not {name}")
        correct, total = metrics.tally(record["test"])
        taken = {field: record[field] for field in ("seconds", "kept_digest", "provenance")}
        entry |= {"total": total, name: {"correct": correct, **taken}}
    return records.plain(entry)


def differences(entries: list[dict], metric: str = "average") -> np.ndarray:
    """bf16 minus fp32 of each pair, float64 (pairs,); metric: "average" or "worst_class" test accuracy."""

    def value(entry: dict, name: str) -> float:
        correct, total = np.array(entry[name]["correct"]), np.array(entry["total"])
        return float((correct / total).min() if metric == "worst_class" else correct.sum() / total.sum())

    return np.array([value(entry, "bf16") - value(entry, "fp32") for entry in entries])


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Mean, lower and upper bound of Student's interval of the mean of some independent values."""
    n = len(values)
    half = float(stdtrit(n - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.inf
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def passed(entries: list[dict]) -> bool:
    """The rule above, for the pairs of one data set."""
    _, low, high = interval(differences(entries))
    return -MARGIN <= low and high <= MARGIN


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="name the runs, and train nothing")
    runs = [run for name in BENCHMARKS for run in pairs(benchmark(name, SCALE))]
    if parser.parse_args().dry_run:
        print(*(f"{run.benchmark.name} {run.pruner} {run.density:g} seed {run.seed}" for run in runs), sep="\n")
        return 0
    stores = measure(runs, Store())
    entries = [entry_of(run, {name: store.get(run.key) for name, store in stores.items()}) for run in runs]
    records.write(PATH, json.dumps(entries, indent=1, sort_keys=True) + "\n")
    for name in BENCHMARKS:
        mine = [entry for entry in entries if entry["benchmark"] == name]
        mean, low, high = (100 * value for value in interval(differences(mine)))
        print(
            f"{name}: average {mean:+.2f} points ({low:+.2f} to {high:+.2f}), {'passed' if passed(mine) else 'failed'}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
