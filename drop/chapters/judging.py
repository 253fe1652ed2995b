"""Lines of the claims file judged by records: the difference of two cells with its interval and its p-values."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from drop.chapters.claims import COSTS, COUNTED, EXACT, MEASURED, Line, Side, benchmark_of
from drop.chapters.mixtures import mixture_value
from drop.experiments import benchmarks, intervals, records
from drop.experiments.intervals import Estimate, Trials
from drop.metrics import recalls_of
from drop.places import MEASURED as FOLDER

TIMED = tuple(FOLDER / name for name in ("query_times.json", "released/manifest.json"))
QUERIES = {  # the kinds of query models, and the scores and quotas that need them
    "short": {*benchmarks.SHORT, *benchmarks.RULES} - {"balanced"},
    "full": {*benchmarks.SCORES[1:]} - {*benchmarks.SHORT},
}
UNITS = dict.fromkeys(COSTS, 1000.0) | {"density_correlation": 2.0}  # no difference is larger; intervals end there
MORE = (1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)  # times as many seeds

Runs = dict[tuple[str, str, float], dict[int, dict]]  # (benchmark, pruner, density) -> seed -> record
Times = dict[tuple[str, int], dict[str, float]]  # (benchmark, seed) -> seconds of all query models of each kind


@dataclass(frozen=True)
class Judged:
    """A line and what records say of it: left - right with its interval, and one-sided p-values about its margin.

    needed: how many seeds of each method would decide it, if value and variances stay; infinitely many where the test
    images alone leave it open; None where it is decided or that is not known. images: the number of classes and the
    fewest test images of one; None of what is counted without any.
    """

    line: Line
    margin: float
    estimate: Estimate | None = None
    above: float = 1.0  # p-value of the difference lying above the margin,
    below: float = 1.0  # and below it
    needed: float | None = None
    images: tuple[int, int] | None = None

    @property
    def verdict(self) -> str:
        """Where its interval lies: above or below the margin, or on both sides of it (open)."""
        if self.estimate is None:
            return "not measured"
        if self.estimate.low > self.margin:
            return "above"
        return "below" if self.estimate.high < self.margin or self.line.metric in EXACT else "open"

    @property
    def margin_only(self) -> bool:
        """Whether it lies below the margin, but the difference may still have the claimed sign."""
        return self.verdict == "below" and self.estimate is not None and self.estimate.high >= 0


def _known(name: str) -> benchmarks.Benchmark | None:
    """A benchmark of the table; None for one that somebody's script has registered."""
    try:
        return benchmark_of(name)
    except ValueError:
        return None


class Cells:
    """Records by benchmark, pruner, density and seed, without those of another recipe or data than the table's."""

    def __init__(self, measured: list[dict], times: Times | None = None):
        """times: what `query_times` returns; costs are known where it and the seed's full training are."""
        self.runs: Runs = defaultdict(dict)
        self._trials: dict[tuple, Trials | None] = {}
        for record in measured:
            benchmark, scale, pruner, density, seed = (record["run"][name] for name in records.RUN_FIELDS[:5])
            entry = _known(f"{benchmark}-{scale}")
            if entry and record["key"] == benchmarks.Run(entry, pruner, density, seed).key:
                self.runs[f"{benchmark}-{scale}", pruner, float(density)][seed] = record
        for (name, pruner, _), by_seed in self.runs.items():
            for seed, record in by_seed.items():
                known, full = (times or {}).get((name, seed)), self.runs.get((name, "full", 1.0), {}).get(seed)
                if known and full:
                    by_seed[seed] = {**record, "costs": _costs(pruner, record["seconds"], full["seconds"], known)}

    def records(self, benchmark: str, side: Side) -> list[dict]:
        """The records of one side of a line, one a seed; none of a plain number."""
        by_seed = {} if isinstance(side, float) else self.runs.get((benchmark, *side), {})
        return [by_seed[seed] for seed in sorted(by_seed)]

    def trials(self, benchmark: str, side: Side, metric: str) -> Trials | None:
        """What the intervals see of one side in a metric; None without records."""
        where = (benchmark, side, metric if metric in COUNTED else "")
        if where not in self._trials:
            values = self._counted(benchmark, side, metric) if metric in COUNTED else None
            found = self.records(benchmark, side)
            exact = values is not None and len(values)
            self._trials[where] = (
                Trials(values, values, np.ones(1)) if exact else
                Trials.of_records(found) if found and metric not in COUNTED else None
            )  # fmt: skip
        return self._trials[where]

    def _counted(self, benchmark: str, side: Side, metric: str) -> np.ndarray:
        """What is counted or timed, not estimated from test images, as recalls (S, 1) of a single class."""
        found, full = self.records(benchmark, side), self.records(benchmark, ("full", 1.0))
        if metric in COSTS:
            values = [run["costs"][metric] for run in found if "costs" in run]
        elif metric == "smallest_class":
            values = [np.divide(run["kept"], run["class_sizes"]).min() for run in found]
        elif full:
            accuracy = np.mean([recalls_of(run["test"]) for run in full], axis=0)
            values = [_correlation(np.divide(run["kept"], run["class_sizes"]), accuracy) for run in found]
        else:
            values = []
        return np.array(values, dtype=float)[:, None] / UNITS.get(metric, 1.0)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation; 0 where x or y is constant."""
    return float(np.corrcoef(x, y)[0, 1]) if np.ptp(x) > 0 and np.ptp(y) > 0 else 0.0


def _costs(pruner: str, final: float, full: float, known: dict[str, float]) -> dict[str, float]:
    """The metrics of `COSTS` from the seconds of a final model, of full training, and of short and full queries."""
    words = {word.removesuffix("q") for word in pruner.split("+")}
    queries = sum(known[kind] for kind, users in QUERIES.items() if words & users)
    return {"query_cost": queries / full, "query_share": queries / final, "total_cost": (queries + final) / full}


def query_times(*paths: str | Path) -> Times:
    """Seconds of all short queries ("short") and of the full one, by benchmark and seed; empty where no file is.

    paths: what query_times.py and release.py write, by default; earlier files win. Query models of another recipe than
    the table's do not count.
    """
    times = {}
    for path in (Path(path) for path in paths or TIMED):
        entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for name, entry in entries.items():
            found = re.fullmatch(r"(.+)-seed(\d+)(\.npz)?", name)
            known = found and _known(found[1])
            if known and entry["recipe"] == records.plain(known.recipe.settings()):
                seconds = {"short": sum(entry["short"]["seconds"]), "full": entry["full"]["seconds"]}
                times.setdefault((found[1], int(found[2])), seconds)
    return times


def judge(line: Line, cells: Cells, level: float = 0.95, factor: float = 1.0) -> Judged:
    """A line as records decide it, its margin multiplied by `factor`."""
    judged = Judged(line, line.margin * factor)
    if line.metric in EXACT:
        sides = (line.left, line.right)
        left, right = (s if isinstance(s, float) else mixture_value(line.benchmark, line.metric, *s) for s in sides)
        is_above = left - right > judged.margin
        e = Estimate(*[left - right] * 4, seeds=0)
        return replace(judged, estimate=e, above=float(not is_above), below=float(is_above))
    return _measured(judged, cells, level) if line.metric in MEASURED else judged  # else it is planned


def _measured(judged: Judged, cells: Cells, level: float) -> Judged:
    """Left - right, each with all its seeds; a number is a method that is never right, then moved by the number."""
    line, metric = judged.line, judged.line.metric
    sides = (line.left, line.right)
    seen = [None if isinstance(side, float) else cells.trials(line.benchmark, side, metric) for side in sides]
    if any(t is None and not isinstance(side, float) for t, side in zip(seen, sides, strict=True)):
        return judged
    never = intervals.nothing(next(t for t in seen if t is not None))
    a, b = (t or never for t in seen)
    metric = metric if metric in intervals.ALL else "worst_class"
    offset = sum(sign * side for sign, side in zip((1, -1), sides, strict=True) if isinstance(side, float))
    unit = UNITS.get(line.metric, 1.0)
    result = intervals.difference(a, b, metric, level)
    names = ("value", "chosen", "low", "high")
    e = replace(result, **{name: unit * getattr(result, name) + offset for name in names})
    size = None if line.metric in COUNTED else (len(a.sizes), int(a.sizes.min()))
    judged = replace(judged, estimate=e, images=size)
    if e.seeds < 2:
        return judged
    margin, both = (judged.margin - offset) / unit, (intervals.lower(a, b, metric), intervals.lower(b, a, metric))
    above, below = (intervals.p_value(f, sign * margin) for f, sign in zip(both, (1, -1), strict=True))
    judged = replace(judged, above=above, below=below)
    return (
        replace(judged, needed=_needed(both, margin, (1 - level) / 2, e.seeds)) if judged.verdict == "open" else judged
    )


def _needed(both: tuple, margin: float, tail: float, seeds: int) -> float | None:
    """How many seeds would put the interval on one side of the margin."""
    if isinstance(both[0], partial):  # of a spread
        return None
    for factor in (*MORE, 1e9):
        if both[0].with_seeds(factor)(tail) > margin or both[1].with_seeds(factor)(tail) > -margin:
            return np.inf if factor > MORE[-1] else float(np.ceil(factor * seeds))
    return np.inf
