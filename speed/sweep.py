"""A whole experiment from nothing: python -m speed.sweep [--out FILE]

The runs behind "The finding in one experiment" (three pruners, eight densities, five seeds on Fashion-MNIST at laptop
scale), their query models included, trained again as if nothing had ever been measured. It says how long that took, and
how the new runs agree with the records of this repository. Takes about an hour; nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from drop import metrics
from drop.experiments import benchmarks, records
from drop.experiments.benchmarks import Run
from drop.experiments.records import Record, Store
from speed.training import machine, save

PRUNERS, SEEDS = ("random", "el2n", "random+drop"), range(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=["laptop", "smoke"], default="laptop", help="smoke: seconds, a rehearsal")
    parser.add_argument("--out", type=Path, help="where to write the results as JSON")
    options = parser.parse_args()
    plan = benchmarks.plan(benchmarks.benchmark("fashion-mnist", options.scale), PRUNERS, benchmarks.EXTENDED, SEEDS)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder, also=())
        where, seconds = machine("cpu"), measured(plan, store)
        found = {"machine": where, "seconds": round(seconds), **agreement(store.all())}
    print(", ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    if options.out:
        save(found, options.out)


def measured(plan: list[Run], store: Store) -> float:
    """Train all runs of a plan and their query models; the seconds that it took."""
    from drop.experiments.runs import measure

    def report(stage: str, done: int, total: int, *_) -> None:
        print(f"{stage}: {done} of {total}", flush=True)

    begin = time.perf_counter()
    measure(plan, store, report=report)
    return time.perf_counter() - begin


def agreement(again: list[Record]) -> dict:
    """How runs that were repeated agree with the repository's: the same on every test image, or how far apart."""
    first = {record["key"]: record for record in records.load(records.committed())}
    pairs = [(record, first[record["key"]]) for record in again if record["key"] in first]
    apart = [_apart(one, other) for one, other in pairs]
    most = {name: max((abs(float(d[name])) for d in apart), default=0.0) for name in ("average", "worst_class")}
    return {
        "runs": len(again), "compared": len(pairs), "identical": sum(d["images"] == 0 for d in apart),
        "largest_difference": most,
    }  # fmt: skip


def _apart(one: Record, other: Record) -> dict[str, float]:
    """Two records of one run: test images that only one of them has right, differences of the accuracies."""
    images = sum(a != b for a, b in zip(records.hits_of(one), records.hits_of(other), strict=True))
    recalls = [metrics.recalls_of(record["test"]) for record in (one, other)]
    return {
        "images": images, "average": recalls[0].mean() - recalls[1].mean(),
        "worst_class": recalls[0].min() - recalls[1].min(),
    }  # fmt: skip


if __name__ == "__main__":
    main()
