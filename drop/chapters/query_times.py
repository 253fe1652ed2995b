"""Write down how long the query models of the record store trained: query_times.json, which the ledger reads.

    python -m drop.chapters.query_times

One entry a benchmark and seed whose query models are all there; entries of seeds that this store lacks stay. Nothing
is trained.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from typing import Any

from drop.experiments import records
from drop.experiments.benchmarks import TABLE, Benchmark
from drop.experiments.queries import Query, Shelf, queries_for
from drop.places import MEASURED

PATH = MEASURED / "query_times.json"
SEEDS = range(10)


def entry_of(benchmark: Benchmark, seed: int, shelf: Shelf) -> dict[str, Any] | None:
    """Recipe, epochs and seconds of the query models of one seed; None where one was not trained."""
    short, full = (queries_for(benchmark, seed, score) for score in ("el2n", "forgetting"))
    if not all(shelf.path(query).exists() for query in [*short, *full]):
        return None
    kinds = {"short": _times(short, shelf), "full": _times(full, shelf)}
    kinds["full"]["seconds"] = kinds["full"]["seconds"][0]
    return {"recipe": records.plain(benchmark.recipe.settings()), **kinds}


def _times(queries: list[Query], shelf: Shelf) -> dict[str, Any]:
    seconds = [round(float(shelf.get(query)["seconds"]), 1) for query in queries]
    return {"epochs": queries[0].recipe.epochs, "seconds": seconds}


def main() -> int:
    entries = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    shelf = Shelf(records.Store().root)
    for benchmark in (entry for entry in TABLE if entry.scale != "smoke"):
        with contextlib.suppress(FileNotFoundError):  # its data are not here, so it was trained elsewhere
            for seed in SEEDS:
                if entry := entry_of(benchmark, seed, shelf):
                    entries[f"{benchmark.name}-{benchmark.scale}-seed{seed}"] = entry
    records.write(PATH, json.dumps(entries, indent=1, sort_keys=True) + "\n")
    print(f"{PATH.name}: {len(entries)} benchmarks and seeds")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    sys.exit(main())
