"""The claims ledger: tests stated in claims.yml before a measurement, judged by records and their intervals.

A line of a test reads `metric: LEFT @ density > RIGHT @ density + margin`; claims.yml explains it.
"""

import itertools
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from drop.chapters.mixtures import mixture_value
from drop.experiments import benchmarks, intervals, records
from drop.experiments.intervals import Estimate, Trials
from drop.places import MEASURED

PATH = Path(__file__).with_name("claims.yml")
TIMED = tuple(MEASURED / name for name in ("query_times.json", "released/manifest.json"))
COSTS = ("query_cost", "query_share", "total_cost")  # of training times, as multiples
DEAREST = 1000.0  # a cost that no pruner reaches; intervals end there
MEASURED = (*intervals.METRICS, "smallest_class", *COSTS)
QUERIES = {  # the kinds of query models, and the scores and quotas that need them
    "short": {*benchmarks.SHORT, *benchmarks.RULES} - {"balanced"},
    "full": {*benchmarks.SCORES[1:]} - {*benchmarks.SHORT},
}
EXACT = ("threshold", "closed")  # metrics of a benchmark "mixture μ0 μ1 σ0 σ1", computed without records
MIXTURE_PRUNERS = ("full", "far", "random+drop", "random+ideal")
PROMISED = ("benchmarks", "for", "given", "all", "any", "ours", "blind", "by_definition")  # by a part
RULES = ("replication", "interval", "verdicts", "measured_next")  # of a claims file, registered like its tests
LINE = re.compile(r"(\S+)(?: @ ([\d.]+))? > (\S+)(?: @ ([\d.]+))?(?: ([+-]) ([\d.]+))?")

Side = float | tuple[str, float]  # a plain number, or a pruner and a density
Runs = dict[tuple[str, str, float], dict[int, dict]]  # (benchmark, pruner, density) -> seed -> record
Planned = dict[str, Any] | None  # names by kind, see claims.yml
Times = dict[tuple[str, int], dict[str, float]]  # (benchmark, seed) -> seconds of all query models of each kind


@dataclass(frozen=True)
class Line:
    """metric(left) - metric(right) > margin on one benchmark, and what the records say about it."""

    benchmark: str
    metric: str
    text: str
    left: Side
    right: Side
    margin: float
    verdict: str = "not measured"  # or supported, contradicted, undecided
    estimate: Estimate | None = None  # of the difference
    template: str = field(default="", compare=False)  # the text before the values under `for` were put in,
    values: tuple[str, ...] = field(default=(), compare=False)  # and those values
    given: bool = field(default=False, compare=False)  # a condition of its case

    @property
    def margin_only(self) -> bool:
        """Whether the line is contradicted, but the difference may still have the claimed sign."""
        return self.verdict == "contradicted" and self.estimate.high >= 0


@dataclass(frozen=True)
class Case:
    """The lines of a part for one combination of its values, and what they say together."""

    values: tuple[str, ...]
    verdict: str  # that of a line, or "does not apply"
    lines: list[Line]

    @property
    def margin_only(self) -> bool:
        """Whether the case is contradicted, but by no line beyond the margin."""
        against = [line for line in self.lines if line.verdict == "contradicted" and not line.given]
        return self.verdict == "contradicted" and all(line.margin_only for line in against)


@dataclass(frozen=True)
class Part:
    """One part of a claim on one benchmark."""

    source: dict[str, Any]
    benchmark: str
    verdict: str
    cases: list[Case]

    @property
    def lines(self) -> list[Line]:
        """The lines of all cases."""
        return [line for case in self.cases for line in case.lines]


@dataclass(frozen=True)
class Claim:
    """One claim over all its parts and benchmarks; benchmarks without any record don't count."""

    source: dict[str, Any]
    verdict: str
    parts: list[Part]


def load(path: str | Path = PATH) -> dict[str, Any]:
    """The claims file; ValueError where an id is used twice or a line could never be judged."""
    document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    ids = Counter(entry["id"] for claim in document["claims"] for entry in (claim, *claim["parts"]))
    if ids and (most := ids.most_common(1)[0])[1] > 1:
        raise ValueError(f"claim id {most[0]!r} is used {most[1]} times, but every id must be its own")
    for claim in document["claims"]:
        for part in claim["parts"]:
            for benchmark in part["benchmarks"]:
                lines_of(part, benchmark, document.get("planned"))
    return document


def lines_of(part: dict[str, Any], benchmark: str, planned: Planned = None) -> list[Line]:
    """The lines of a part on one benchmark, with every combination of the values under `for` put in.

    planned: names of benchmarks, pruners and metrics that lines may use although the code does not know them yet.
    """
    names, choices = list(part.get("for", {})), part.get("for", {}).values()
    lines = []
    for values in itertools.product(*choices):
        groups = ((how, entry) for how in ("given", _how(part)) for entry in part.get(how, []))
        for how, metric, text in ((how, *pair) for how, entry in groups for pair in entry.items()):
            filled = text
            for name, value in zip(names, values, strict=True):
                filled = filled.replace(f"{{{name}}}", str(value))
            line = line_of(benchmark, metric, filled, planned or {})
            lines.append(replace(line, template=text, values=tuple(map(str, values)), given=how == "given"))
    return lines


def _how(part: dict[str, Any]) -> str:
    if ("all" in part) == ("any" in part):
        raise ValueError(f"part {part['id']} needs its lines either under `all` or under `any`")
    return "all" if "all" in part else "any"


def line_of(benchmark: str, metric: str, text: str, planned: dict[str, Any]) -> Line:
    """A line of a test; ValueError where it could never be judged."""
    valid = EXACT if benchmark.startswith("mixture ") else (*MEASURED, *planned.get("metrics", ()))
    if metric not in valid:
        raise ValueError(f"unknown metric {metric!r} on {benchmark}; it must be one of {', '.join(valid)}")
    if not (found := LINE.fullmatch(text)):
        raise ValueError(f"{text!r} is no test; a test reads `LEFT @ density > RIGHT @ density + margin`")
    left, left_density, right, right_density, sign, margin = found.groups()
    sides = _side(left, left_density, benchmark, planned), _side(right, right_density, benchmark, planned)
    return Line(benchmark, metric, text, *sides, float(f"{sign}{margin}") if sign else 0.0)


def _side(name: str, density: str | None, benchmark: str, planned: dict[str, Any]) -> Side:
    if re.fullmatch(r"[\d.]+", name):
        return float(name)
    if density is None and name != "full":
        raise ValueError(f"{name!r} needs a density, as in `{name} @ 0.3`")
    if not benchmark.startswith("mixture "):
        if benchmark not in planned.get("benchmarks", ()):
            _entry(benchmark)
        if name not in planned.get("pruners", ()):
            benchmarks.parts(name)
    elif name not in MIXTURE_PRUNERS:
        raise ValueError(f"unknown pruner {name!r} of a mixture; it must be one of {', '.join(MIXTURE_PRUNERS)}")
    return name, float(density or 1)


def _entry(name: str) -> benchmarks.Benchmark:
    scale = next((scale for scale in benchmarks.SCALES if name.endswith(f"-{scale}")), "")
    return benchmarks.benchmark(name.removesuffix(f"-{scale}"), scale)


def _known(name: str) -> benchmarks.Benchmark | None:
    """A benchmark of the table; None for one that somebody's script has registered."""
    try:
        return _entry(name)
    except ValueError:
        return None


def index(measured: list[dict], times: Times | None = None) -> Runs:
    """Records by benchmark, pruner, density and seed, without those of another recipe or data than the table's.

    Each has its `costs` where the times of its query models and of its seed's training on all the data are known.
    """
    runs = defaultdict(dict)
    for record in measured:
        benchmark, scale, pruner, density, seed = (record["run"][name] for name in records.RUN_FIELDS[:5])
        entry = _known(f"{benchmark}-{scale}")
        if entry and record["key"] == benchmarks.Run(entry, pruner, density, seed).key:
            runs[f"{benchmark}-{scale}", pruner, float(density)][seed] = record
    for (name, pruner, _), by_seed in runs.items():
        for seed, record in by_seed.items():
            known, full = (times or {}).get((name, seed)), runs.get((name, "full", 1.0), {}).get(seed)
            if known and full:
                by_seed[seed] = {**record, "costs": _costs(pruner, record["seconds"], full["seconds"], known)}
    return runs


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


def ledger(
    document: dict[str, Any], measured: list[dict], factor: float = 1.0, times: Times | None = None
) -> list[Claim]:  # fmt: skip
    """Every claim of a claims file, judged by records and query times, with every margin multiplied by `factor`."""
    runs, level, planned, claims = index(measured, times), document["level"], document.get("planned"), []
    recorded = {name for name, _, _ in runs}
    for source in document["claims"]:
        parts = [_part(p, b, planned, runs, level, factor) for p in source["parts"] for b in p["benchmarks"]]
        counted = [p for p in parts if p.verdict != "not measured" or p.benchmark in recorded]
        claims.append(Claim(source, combine([p.verdict for p in counted if not p.source.get("ours")]), parts))
    return claims


def _part(source: dict[str, Any], benchmark: str, planned: Planned, runs: Runs, level: float, factor: float) -> Part:
    lines = [judge(replace(l, margin=l.margin * factor), runs, level) for l in lines_of(source, benchmark, planned)]
    cases = [_case(list(group), _how(source)) for _, group in itertools.groupby(lines, lambda line: line.values)]
    return Part(source, benchmark, combine([case.verdict for case in cases]), cases)


def _case(lines: list[Line], how: str) -> Case:
    """Unless all conditions are supported, no other line is: it does not apply, or that is undecided."""
    conditions = [line.verdict for line in lines if line.given]
    if conditions and (condition := combine(conditions)) != "supported":
        verdict = "does not apply" if condition == "contradicted" else "undecided"
        lines = [replace(line, verdict=verdict) if line.estimate and not line.given else line for line in lines]
    return Case(lines[0].values, combine([line.verdict for line in lines if not line.given], how), lines)


def combine(verdicts: list[str], how: str = "all") -> str:
    """The verdict on all (any) of several statements that apply; one not measured leaves the whole undecided."""
    verdicts = [verdict for verdict in verdicts if verdict != "does not apply"] or verdicts[:1] or ["not measured"]
    if len(set(verdicts)) == 1:
        return verdicts[0]
    decisive = "contradicted" if how == "all" else "supported"
    return decisive if decisive in verdicts else "undecided"


def judge(line: Line, runs: Runs, level: float = 0.95) -> Line:
    """The line with its verdict: supported (contradicted) where the interval lies wholly above (below) the margin."""
    if line.metric not in (*MEASURED, *EXACT):
        return line  # planned
    estimate = _exact(line) if line.benchmark.startswith("mixture ") else _measured(line, runs, level)
    if estimate is None:
        return line
    above, below = estimate.low > line.margin, estimate.high < line.margin
    verdict = "supported" if above else "contradicted" if below else "undecided"
    return replace(line, verdict=verdict, estimate=estimate)


def _measured(line: Line, runs: Runs, level: float) -> Estimate | None:
    """Left - right, each with all its seeds; a number is a method that is never right, then moved by the number."""
    sides = (line.left, line.right)
    found = [runs.get((line.benchmark, *side), {}) for side in sides if not isinstance(side, float)]
    if line.metric in COSTS:
        found = [{seed: run for seed, run in by_seed.items() if "costs" in run} for by_seed in found]
    if not all(found):
        return None
    trials = [_trials([by_seed[seed] for seed in sorted(by_seed)], line.metric) for by_seed in found]
    never = intervals.nothing(trials[0])
    a, b = (never if isinstance(side, float) else trials.pop(0) for side in sides)
    result = intervals.difference(a, b, line.metric if line.metric in intervals.METRICS else "worst_class", level)
    offset = sum(sign * side for sign, side in zip((1, -1), sides, strict=True) if isinstance(side, float))
    unit = DEAREST if line.metric in COSTS else 1.0
    names = ("value", "chosen", "low", "high")
    return replace(result, **{name: unit * getattr(result, name) + offset for name in names})


def _trials(runs: list[dict], metric: str) -> Trials:
    """Of what is counted or timed, not estimated from test images, as the recalls of a single class."""
    if metric in COSTS:
        values = np.array([[run["costs"][metric] / DEAREST] for run in runs])
    elif metric == "smallest_class":
        values = np.array([[np.divide(run["kept"], run["class_sizes"]).min()] for run in runs])
    else:
        return Trials.of_records(runs)
    return Trials(values, values, np.ones(1))


def _exact(line: Line) -> Estimate:
    sides = (line.left, line.right)
    left, right = (s if isinstance(s, float) else mixture_value(line.benchmark, line.metric, *s) for s in sides)
    return Estimate(*[left - right] * 4, seeds=0)


def silent_changes(now: dict[str, Any], earlier: list[dict[str, Any]]) -> list[str]:
    """What a version of the claims lacks or has changed against earlier ones without saying so; empty is good.

    Claims and parts may be added. Whatever a part promised (its lines, values and benchmarks), the level, the estimands
    and the rules of judging may only change with one more entry {date, reason} under `changes` of the claim, the rule,
    or the file.
    """
    found, claims = set(), {claim["id"]: claim for claim in now["claims"]}
    for old in earlier:
        kept = all(now["estimands"].get(name) == text for name, text in old["estimands"].items())
        if not (kept and now["level"] == old["level"] or _explained(old, now)):
            found.add("level or estimands")
        rules = [(name, old[name], now.get(name, {})) for name in RULES if name in old]
        found.update(
            name
            for name, was, new in rules
            if {**was, "changes": 0} != {**new, "changes": 0} and not _explained(was, new)
        )
        for claim in old["claims"]:
            new = claims.get(claim["id"], {"parts": []})
            tests = {part["id"]: _promise(part) for part in new["parts"]}
            changed = [part["id"] for part in claim["parts"] if tests.get(part["id"]) != _promise(part)]
            if claim["id"] not in claims or changed and not _explained(claim, new):
                found.update(changed or [claim["id"]])
    return sorted(found)


def _promise(part: dict[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in PROMISED if name in part}


def _explained(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the new version keeps the old entries under `changes` and has one more, each with date and reason."""
    before, after = old.get("changes", []), new.get("changes", [])
    new, complete = after[len(before) :], all(entry.get("date") and entry.get("reason") for entry in after)
    return bool(new) and complete and after[: len(before)] == before
