"""A grid of runs as the chapters read it: pruners x densities x seeds of one benchmark, from records or trained now.

grid = Grid("fashion-mnist", "laptop", ["random", "random+drop"], [0.1, 1.0], [0, 1, 2], train="never")
grid.recalls("random", 0.1)                                test recalls (seeds, K)
grid.estimate("random+drop", 0.1, "worst_class")           with its interval; None without records
grid.compare("random+drop", "random", 0.1)                 image by image, all seeds of both
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from drop import metrics
from drop.chapters import figures
from drop.experiments import benchmarks, intervals
from drop.experiments.collect import collect
from drop.experiments.intervals import Estimate, Trials
from drop.experiments.records import Record

WAYS = {  # other ways to measure, see `benchmarks.changed`
    "longer": "four times as long", "query3": "queries of 3 epochs", "query10": "queries of 10 epochs",
    "equal-epochs": "as many epochs as for all data", "equal-steps": "as many steps as for all data",
    "swapped": "halves of the test set swapped",
}  # fmt: skip
TITLES = {
    "fashion-mnist": "Fashion-MNIST", "fashion-mnist-long-tail": "Fashion-MNIST, long tail", "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100", "tiny-imagenet": "Tiny ImageNet", "garments-on-scenes": "Garments on scenes",
    "waterbirds": "Waterbirds",
    **{f"{name}-tail{imbalance}-hard-{order}": f"{title}, 1 : {imbalance}, hard classes {order}"
       for name, title in (("fashion-mnist", "Fashion-MNIST"), ("cifar10", "CIFAR-10"))
       for imbalance in (10, 100) for order in ("rare", "frequent")},
    **{f"{name}-{way}": f"{title}, {words}" for way, words in WAYS.items()
       for name, title in (("fashion-mnist", "Fashion-MNIST"), ("cifar10", "CIFAR-10"))},
}  # fmt: skip
METRICS = {
    "average": (lambda recalls: recalls.mean(axis=-1), "average accuracy (%)"),
    "worst_class": (metrics.worst_class, "worst-class accuracy (%)"),
    "gap": (metrics.gap, "best minus worst class (points)"),
    "spread": (metrics.spread, "standard deviation over classes (points)"),
}  # functions of recalls (..., K)
DRAWN = METRICS | {"worst_group": (metrics.worst_class, "worst-group accuracy (%)")}


class Grid:
    """The records of a grid. At density 1 all pruners but CDB-W are full training."""

    def __init__(
        self, benchmark: str, scale: str, pruners: Sequence[str], densities: Sequence[float], seeds: Sequence[int],
        train: str = "never", more: Iterable[tuple[Sequence[str], Sequence[float]]] = (),
        also: Iterable[tuple[Sequence[str], Sequence[float], Sequence[int]]] = (),
    ):  # fmt: skip
        """`more`: further (pruners, densities) of the same seeds; `also`: (pruners, densities, seeds) that are shown
        where they have been measured, and neither trained nor missed."""
        self.entry = benchmarks.benchmark(benchmark, scale)
        grids = [(pruners, densities), *more]
        runs = [run for names, ds in grids for run in benchmarks.plan(self.entry, names, ds, seeds)]
        self.plan = list(dict.fromkeys(runs))
        extra = [run for grid in also for run in benchmarks.plan(self.entry, *grid)]
        self.found = {**collect(self.plan, train), **(collect(extra) if extra else {})}
        self._records: dict[tuple[str, float], list[Record]] = {}
        for run, record in self.found.items():
            self._records.setdefault((run.pruner, run.density), []).append(record)
        self._trials: dict[tuple[str, float], Trials] = {}
        self.benchmark, self.scale = benchmark, scale
        self._estimates: dict[tuple, Estimate | None] = {}  # a page asks for each several times

    def of(self, pruner: str, density: float) -> list[Record]:
        """The records of a pruner at a density, one a seed."""
        if density == 1:  # there all pruners are full training, but those with a loss of their own
            [run] = benchmarks.plan(self.entry, [pruner], [1.0])
            pruner = run.pruner
        return self._records.get((pruner, density), [])

    @property
    def some(self) -> Record:
        """Any record of the grid, for what all have in common; ValueError where there is none."""
        for record in self.found.values():
            return record
        raise ValueError(
            f"{self.benchmark} at {self.scale} scale has no record yet; give train = 'missing', or measure it before"
        )

    @property
    def classes(self) -> list[str]:
        return self.some["classes"]

    def recalls(self, pruner: str, density: float) -> np.ndarray:
        """Test recalls (seeds, K)."""
        return np.array([metrics.recalls_of(record["test"]) for record in self.of(pruner, density)])

    def kept(self, pruner: str, density: float) -> np.ndarray:
        """Class densities (seeds, K): the fraction that each class keeps of its training samples."""
        return np.array([np.divide(r["kept"], r["class_sizes"]) for r in self.of(pruner, density)])

    def value(self, pruner: str, density: float, metric: str) -> float:
        """A metric of the mean recalls over the seeds, NaN without records."""
        recalls = self.recalls(pruner, density)
        return float(DRAWN[metric][0](recalls.mean(axis=0))) if len(recalls) else float("nan")

    def trials(self, pruner: str, density: float) -> Trials:
        """What the intervals see of a pruner at a density; ValueError where it has no record."""
        where = (pruner, float(density))
        if where not in self._trials:
            self._trials[where] = Trials.of_records(self.of(*where))
        return self._trials[where]

    def estimate(self, pruner: str, density: float, metric: str) -> Estimate | None:
        """A metric with its 95 % interval over seeds and test images."""
        key = (pruner, density, metric)
        if key not in self._estimates:
            some = bool(self.of(pruner, density))
            self._estimates[key] = intervals.estimate(self.trials(pruner, density), metric) if some else None
        return self._estimates[key]

    def compare(
        self, a: str, b: str, density: float, metric: str = "worst_class", density_b: float | None = None
    ) -> Estimate | None:
        """`a` minus `b`, image by image, each with all the seeds it has; None where one has fewer than two."""
        places = ((a, density), (b, density if density_b is None else density_b))
        if (*places, metric) not in self._estimates:
            trials = [self.trials(*place) for place in places if len(self.of(*place)) > 1]
            self._estimates[*places, metric] = intervals.difference(*trials, metric) if len(trials) == 2 else None
        return self._estimates[*places, metric]

    def area(self, pruner: str, densities: Sequence[float], metric: str = "worst_class") -> Estimate | None:
        """Mean height of the metric's curve over these densities; None where one of them has no record."""
        estimates = [self.estimate(pruner, d, metric) for d in sorted(densities)]
        return intervals.area(sorted(densities), estimates) if all(estimates) else None

    @property
    def title(self) -> str:
        """The name of the benchmark, as people write it."""
        return TITLES.get(self.benchmark, self.benchmark)

    @property
    def done(self) -> str:
        """How much of the plan has records, in words."""
        found, planned = sum(run in self.found for run in self.plan), len(self.plan)
        return f"all {planned} runs" if found == planned else f"{found} of {planned} runs"

    @property
    def n(self) -> str:
        """Seeds of a point, such as "3" or "3–5"."""
        counts = sorted({len(records) for records in self._records.values()})
        return f"{counts[0]}–{counts[-1]}" if len(counts) > 1 else f"{counts[0]}" if counts else "0"

    @property
    def scope(self) -> str:
        """What every figure says of itself."""
        return f"{self.title}, {self.scale} scale, n = {self.n} seeds"

    def lacks(self) -> str:
        """What of the plan has no record, in words: "1 of 3 seeds of GraNd, Forgetting at 0.1; ..."; "" if nothing."""
        wanted = Counter((run.pruner, run.density) for run in self.plan)
        had = Counter((run.pruner, run.density) for run in self.plan if run in self.found)
        groups: dict[tuple[str, str], list[str]] = {}
        for pruner in dict.fromkeys(name for name, _ in wanted):
            short: dict[str, list[str]] = {}
            for (name, d), k in wanted.items():
                if name == pruner and had[name, d] < k:
                    short.setdefault(f"{k - had[name, d]} of {k} seeds", []).append(f"{d:g}")
            for count, places in short.items():
                groups.setdefault((count, ", ".join(places)), []).append(figures.method(pruner).label)
        return "; ".join(f"{count} of {', '.join(names)} at {where}" for (count, where), names in groups.items())

    def recipe_in_words(self) -> str:
        """Network, schedule, query models and what reports."""
        recipe, some, more = self.entry.recipe, self.some, len(self.found.keys() - self.plan)
        images = metrics.tally(some["test"])[1].min()
        split = (
            f"Validation images of their own give the quotas of groups; test images report, {images:,} a group."
            if some.get("groups") else
            "Half of the test set is the validation set that gives DRoP's quotas; the other half reports, "
            f"{images} images a class."
        )  # fmt: skip
        return (
            f"network {recipe.model}, {recipe.epochs} epochs on all the data and up to "
            f"{self.entry.recipe_at(min(d for _, d in self._records)).epochs} on less, so that density d takes "
            f"{recipe.budget:g} + {1 - recipe.budget:g} d of the steps of a full training; {recipe.short_queries} "
            f"short query models of {recipe.short_epochs} epoch{'s' * (recipe.short_epochs > 1)}, a full one of "
            f"{recipe.full_epochs}. {split} {self.done.capitalize()} of the plan have records"
            f"{': without ' + self.lacks() if self.lacks() else ''}{f'; shown beside it: {more}' if more else ''}."
        )

    def command(self) -> str:
        """What measures the runs of the plan that have no record yet and no others, a line for those of one shape."""
        lacking: dict[str, dict[float, list[int]]] = {}
        for run in self.plan:
            if run not in self.found:
                lacking.setdefault(run.pruner, {}).setdefault(run.density, []).append(run.seed)
        groups: dict[tuple[tuple[float, ...], tuple[int, ...]], list[str]] = {}
        for pruner, seeds_at in lacking.items():
            for seeds in dict.fromkeys(map(tuple, seeds_at.values())):
                same = tuple(sorted(d for d, found in seeds_at.items() if tuple(found) == seeds))
                groups.setdefault((same, seeds), []).append(pruner)
        return "\n".join(
            f"python -m drop run {self.benchmark} {self.scale} --pruners {','.join(pruners)} --densities "
            f"{','.join(f'{d:g}' for d in densities)} --seeds {','.join(map(str, sorted(seeds)))}"
            for (densities, seeds), pruners in groups.items()
        )

    def cost(self) -> str:
        """What the runs took, where, when and with which versions; empty at smoke scale, where each time differs."""
        made = [record["provenance"] for record in self.found.values()]
        if self.scale == "smoke" or not made:
            return ""
        devices = Counter(p["device"] for p in made)
        versions = sorted({f"torch {p['torch']}, NumPy {p['numpy']}, Python {p['python']}" for p in made})
        dates = sorted(p["date"][:10] for p in made)
        hours = sum(record["seconds"] for record in self.found.values()) / 3600
        return (
            f"{len(made)} final networks took {hours:.1f} hours, added up over networks that trained side by side "
            f"({', '.join(f'{count} on {device}' for device, count in devices.items())}; "
            f"{' to '.join(sorted({dates[0], dates[-1]}))}; {'; '.join(versions)})."
        )


def side_by_side(
    benchmark: str, beside: Sequence[str], scale: str, pruners: Sequence[str], densities: Sequence[float],
    seeds: Sequence[int], train: str = "never", **more,
) -> list[Grid]:  # fmt: skip
    """Grids of several benchmarks: the first is trained if asked, and must have a record (ValueError); the others are
    shown as far as they have been measured. `more`: as of Grid."""
    first = Grid(benchmark, scale, pruners, densities, seeds, train, **more)
    _ = first.some  # or a ValueError
    known = [entry.name for entry in benchmarks.TABLE if entry.scale == scale]
    others = [name for name in beside if name in known and name != benchmark]
    found = [Grid(name, scale, pruners, densities, seeds, **more) for name in others]
    return [first, *(grid for grid in found if grid.found)]


def scope_of(grids: Sequence[Grid]) -> str:
    """What a figure of several benchmarks says of itself."""
    return f"{grids[0].scale} scale, seeds: " + ", ".join(f"{grid.title} n = {grid.n}" for grid in grids)
