"""The claims file: tests written down before a measurement, read and held to what can be judged.

A line of a test reads `metric: LEFT @ density > RIGHT @ density + margin`; claims.yml explains it.
"""

import itertools
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from drop.experiments import benchmarks, intervals

PATH = Path(__file__).with_name("claims.yml")
COSTS = ("query_cost", "query_share", "total_cost")  # of training times, as multiples
COUNTED = ("smallest_class", "density_correlation", *COSTS)  # of runs, without test images
MEASURED = (*intervals.ALL, *COUNTED)
EXACT = ("threshold", "closed")  # metrics of a benchmark "mixture μ0 μ1 σ0 σ1", computed without records
MIXTURE_PRUNERS = ("full", "far", "random+drop", "random+ideal")
LINE = re.compile(r"(\S+)(?: @ ([\d.]+))? > (\S+)(?: @ ([\d.]+))?(?: ([+-]) ([\d.]+))?")

Side = float | tuple[str, float]  # a plain number, or a pruner and a density
Planned = dict[str, Any] | None  # names by kind, see claims.yml


@dataclass(frozen=True)
class Line:
    """metric(left) - metric(right) > margin on one benchmark, as a part has it for certain values under `for`."""

    benchmark: str
    metric: str
    text: str
    left: Side
    right: Side
    margin: float
    template: str = ""  # the text before the values were put in,
    values: tuple[str, ...] = ()  # and those values
    given: bool = False  # a condition of its case

    @property
    def compared(self) -> tuple:
        """What is compared, whichever stands left and whatever the margin: lines that share it count as one."""
        return self.benchmark, self.metric, frozenset((self.left, self.right))


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
        groups = ((how, entry) for how in ("given", quantifier(part)) for entry in part.get(how, []))
        for how, metric, text in ((how, *pair) for how, entry in groups for pair in entry.items()):
            filled = text
            for name, value in zip(names, values, strict=True):
                filled = filled.replace(f"{{{name}}}", str(value))
            line = line_of(benchmark, metric, filled, planned or {})
            lines.append(replace(line, template=text, values=tuple(map(str, values)), given=how == "given"))
    return lines


def cases_of(part: dict[str, Any], benchmark: str, planned: Planned = None) -> list[list[Line]]:
    """The lines of a part by the values that were put in."""
    lines = lines_of(part, benchmark, planned)
    return [list(case) for _, case in itertools.groupby(lines, lambda line: line.values)]


def quantifier(part: dict[str, Any]) -> str:
    """Whether a case of a part needs `all` of its lines or `any`."""
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
            benchmark_of(benchmark)
        if name not in planned.get("pruners", ()):
            benchmarks.parts(name)
    elif name not in MIXTURE_PRUNERS:
        raise ValueError(f"unknown pruner {name!r} of a mixture; it must be one of {', '.join(MIXTURE_PRUNERS)}")
    return name, float(density or 1)


def benchmark_of(name: str) -> benchmarks.Benchmark:
    """The benchmark of a name such as cifar10-laptop; ValueError for one that is not in the table."""
    scale = next((scale for scale in benchmarks.SCALES if name.endswith(f"-{scale}")), "")
    return benchmarks.benchmark(name.removesuffix(f"-{scale}"), scale)
