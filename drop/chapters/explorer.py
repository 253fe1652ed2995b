"""What the explorer page shows: every measured cell with its intervals, as plain data for a script.

data = cells(records.load(records.committed()))
data["cifar10-laptop"]["cells"][0]     {"pruner": "cdb-w", "density": 0.1, "seeds": 3, "average": [...], ...}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from drop.chapters import figures
from drop.chapters.grid import TITLES
from drop.experiments import intervals, methods
from drop.experiments.intervals import Trials
from drop.experiments.records import Record

METRICS = ("average", "worst_class", "gap")


def cells(measured: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """Of every benchmark at a scale: its title, classes, the look of its pruners, a cell for each pruner and density.

    A metric is [value, low, high] in percent, rounded to hundredths; low and high are missing for a single seed. Trials
    of settings are left out: they are no results.
    """
    groups: dict[str, dict[tuple[str, float], list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in measured:
        run = record["run"]
        if run["seed"] == methods.SEED:
            continue
        groups[f"{run['benchmark']}-{run['scale']}"][run["pruner"], run["density"]].append(record)
    return {name: _place(cells_) for name, cells_ in sorted(groups.items())}


def _place(groups: dict[tuple[str, float], list[Record]]) -> dict[str, Any]:
    first = next(iter(groups.values()))[0]
    pruners = sorted({pruner for pruner, _ in groups}, key=lambda p: (p != "full", not p.startswith("random"), p))
    looks = {pruner: figures.method(pruner) for pruner in pruners}
    benchmark, scale = first["run"]["benchmark"], first["run"]["scale"]
    return {
        "title": f"{TITLES.get(benchmark, benchmark)}, {scale}",
        "classes": first["classes"],
        "pruners": {
            pruner: {"label": look.label, "colour": look.colour.replace(figures.INK, "currentColor")}
            for pruner, look in looks.items()
        },
        "cells": [_cell(pruner, density, records) for (pruner, density), records in sorted(groups.items())],
    }


def _cell(pruner: str, density: float, records: list[Record]) -> dict[str, Any]:
    trials = Trials.of_records(records)
    kept = np.mean([np.divide(record["kept"], record["class_sizes"]) for record in records], axis=0)
    cell: dict[str, Any] = {
        "pruner": pruner, "density": density, "seeds": len(records),
        "recalls": _percent(trials.test.mean(axis=0)), "densities": _percent(kept),
    }  # fmt: skip
    for metric in METRICS:
        found = intervals.estimate(trials, metric)
        cell[metric] = _percent([found.value, *([found.low, found.high] if len(records) > 1 else [])])
    return cell


def _percent(values: Iterable[float]) -> list[float]:
    return [round(100 * float(value), 2) for value in values]
