"""The records of runs as chapters ask for them: read from the repository, or measured first."""

from __future__ import annotations

from collections.abc import Iterable

from drop.experiments import records
from drop.experiments.benchmarks import Run
from drop.experiments.records import Record, Store


def collect(runs: Iterable[Run], train: str = "never") -> dict[Run, Record]:
    """The records of those runs that have one.

    train: "never" reads the records of the repository, and needs neither torch nor data; "missing" first trains every
    run that has no record there or in the store. Raises ValueError for anything else.
    """
    if train not in ("never", "missing"):
        raise ValueError(f"train is {train!r}, but must be 'never' or 'missing'")
    runs, store = list(runs), Store()
    if train == "missing":
        from drop.experiments.runs import measure

        measure(runs, store, workers=1 if all(run.benchmark.scale == "smoke" for run in runs) else None)
    readable = store.all() if train == "missing" else records.load(records.committed())
    found = {record["key"]: record for record in readable}
    return {run: found[run.key] for run in runs if run.key in found}
