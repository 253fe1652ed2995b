"""What training costs, counted: the networks that some runs need, and how long they take at a machine's pace.

    costs.wall(costs.networks(runs, pace.table(entries)), pace.at_once)     seconds by the clock, see pace.py

Nothing is loaded or trained for it, so that a plan can be priced on a machine without the data.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from drop.experiments import datasets, folders, metadata
from drop.experiments.benchmarks import FRESH, RULES, SHORT, Benchmark, Recipe, Run, parts
from drop.experiments.longtails import IMBALANCES

QUERIES = ("random", FRESH, "full", "balanced", "")  # what needs no query models
EVALUATED = 1 / 3  # of what training on an image takes: going forward, where training also goes back


class Size(NamedTuple):
    """What there is to train on and to evaluate."""

    train: int  # images
    held_out: int  # of validation and test
    channels: int
    side: int  # pixels
    classes: int


SIZES = {
    "fashion-mnist": Size(60_000, 10_000, 1, 28, 10), "fashion-mnist-mini": Size(5_000, 5_000, 1, 28, 10),
    "cifar10": Size(50_000, 10_000, 3, 32, 10), "cifar100": Size(50_000, 10_000, 3, 32, 100),
    "tiny-imagenet": Size(100_000, 10_000, 3, 64, 200), "waterbirds": Size(4_795, 6_993, 3, 224, 2),
    "garments-on-scenes": Size(12_000, 6_000, 3, 32, 2), "garments-on-scenes-mini": Size(1_000, 1_400, 1, 28, 2),
}  # fmt: skip


class Work(NamedTuple):
    """All that decides how long a training step takes on a given machine; epochs and learning rates play no part."""

    model: str
    batch: int
    precision: str
    channels: int
    side: int
    classes: int


def size_of(dataset: str) -> Size | None:
    """The size of a data set, from what is published of it or from the names of its files; None where it is not known.

    A folder or a table is looked through, and one of its images opened.
    """
    name, _, tail = re.sub("-long(?=-tail)", "", dataset).partition("-tail")
    try:
        if name in SIZES:
            imbalance = int(tail.partition("-")[0] or IMBALANCES[0]) if name != dataset else 1
            whole, last = SIZES[name], SIZES[name].classes - 1
            tails = (round(whole.train / whole.classes * imbalance ** (-k / last)) for k in range(last + 1))
            return whole._replace(train=sum(tails))
        if dataset.startswith(datasets.FOLDER):
            return _size_of_folder(dataset.removeprefix(datasets.FOLDER))
        if dataset.startswith(metadata.PREFIX):
            layout = metadata.Layout.of(dataset, datasets.data_root())
            rows = layout.rows()
            train = sum(metadata.SPLIT_NAMES[row[layout.split]] == "train" for row in rows)
            return Size(train, len(rows) - train, 3, int(layout.side), len({row[layout.label] for row in rows}))
    except (OSError, ValueError):
        pass
    return None


def _size_of_folder(path: str) -> Size:
    from PIL import Image

    classes, splits = folders.index(Path(path).expanduser())
    train = splits.pop("train")
    with Image.open(train[0][0]) as image:
        return Size(len(train), sum(map(len, splits.values())), 3, image.width, len(classes))


def work_of(entry: Benchmark) -> Work | None:
    """The work of a step of a benchmark's networks; None where the size of its images is not known."""
    recipe, size = entry.recipe, size_of(entry.dataset)
    return size and Work(recipe.model, recipe.batch, recipe.precision, *size[2:])


def steps(recipe: Recipe, size: Size) -> float:
    """What a full training amounts to in steps, with its evaluations."""
    carved = size.train // 10 if recipe.validation == "train" else 0
    seen = recipe.epochs * (size.train - carved) + EVALUATED * recipe.evaluations * (size.held_out + carved)
    return seen / recipe.batch


@dataclass(frozen=True)
class Pace:
    """How fast a machine trains, measured with all that train at once busy."""

    seconds: Mapping[Work, float]  # that a network takes for a step; what could not be timed is left out
    at_once: int = 1  # networks
    how: str = "1 process"  # for people

    def table(self, entries: Iterable[Benchmark]) -> dict[tuple[str, str], float]:
        """Seconds of one full training of each (benchmark, scale) that could be timed."""
        found = ((entry, work_of(entry), size_of(entry.dataset)) for entry in entries)
        return {
            (entry.name, entry.scale): self.seconds[work] * steps(entry.recipe, size)
            for entry, work, size in found if work in self.seconds
        }  # fmt: skip

    def says(self, seconds: float) -> str:
        """What the seconds by the clock are, in words."""
        return f"about {clock(seconds)} on this machine ({self.how}; timed just now)"


def networks(runs: Iterable[Run], table: Mapping[tuple[str, str], float]) -> dict[tuple, float] | None:
    """Seconds of every network that some runs need, (benchmark, stage, which); None where one is not in the table.

    table: seconds of one full training. A run at density d takes budget + (1 - budget) d of its steps.
    """
    found = {}
    for run in runs:
        entry, recipe = run.benchmark, run.benchmark.recipe
        if (entry.name, entry.scale) not in table:
            return None
        full = table[entry.name, entry.scale]
        for name in parts(run.pruner) if run.density < 1 else ():
            found |= {
                (entry, 0, run.seed, *which): full * n / recipe.epochs for which, n in _queries(entry, name or "")
            }
        if run.method == "jtt":
            found[entry, 0, run.seed, "jtt", run.settings["epochs"]] = full * run.settings["epochs"] / recipe.epochs
        found[entry, 1, run] = full * (recipe.budget + (1 - recipe.budget) * run.density)
    return found


def _queries(entry: Benchmark, name: str) -> list[tuple[tuple[str, int], int]]:
    """Name and epochs of the query models that a score or a quota rule needs."""
    if (name := name.removesuffix("q")) in QUERIES:
        return []
    recipe = entry.recipe
    short = [(("short", i), recipe.short_epochs) for i in range(recipe.short_queries)]
    return short if name in (*SHORT, *RULES) else [(("full", 0), recipe.full_epochs)]


def cost(runs: Iterable[Run], table: Mapping[tuple[str, str], float]) -> float | None:
    """Estimated seconds of runs and of all their query models, added up over networks; None where nothing is known."""
    found = networks(runs, table)
    return None if found is None else sum(found.values())


def wall(found: Mapping[tuple, float], at_once: int) -> float:
    """Seconds by the clock for `networks`, so many at once: of each benchmark its query models first, then its runs."""
    stages: dict[tuple, list[float]] = defaultdict(list)
    for (entry, stage, *_), seconds in found.items():
        stages[entry, stage].append(seconds)
    return sum(spread(each, at_once) for each in stages.values())


def spread(seconds: Iterable[float], at_once: int) -> float:
    """When the last one ends of what is taken up by whoever is free, the longest first."""
    ends = [0.0] * at_once
    for each in sorted(seconds, reverse=True):
        heapq.heapreplace(ends, ends[0] + each)
    return max(ends)


def clock(seconds: float) -> str:
    """A duration in its unit: 45 s, 12 min, 3.4 h, 12 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 4 * 86400 else f"{seconds / 86400:.0f} days"
