"""What a batch is: notebooks and parameters, checked, as jobs; each knows from the records whether it is done.

A job is one papermill execution of a notebook (rerun/job.py); the Snakefile runs the jobs that are not done. A
notebook with a parameter `train` measures: its job is done when all its runs have a record, and it needs the parameters
benchmark, scale, pruners, densities and seeds, and may have `imitation_densities`, see `_besides`. Any other notebook's
job is done when it was executed with these parameters and this code. File times and prose play no part, so nothing
becomes stale by being edited.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drop.experiments import benchmarks, records
from drop.experiments.benchmarks import Run
from publish import pages
from rerun.request import PLAN, defaults, entries_of, expand

WAYS = "45_how_we_measured"  # the notebook that measures everything once more in each of `benchmarks.changed`


def home() -> Path:
    """The folder of all batches: executed notebooks and Snakemake's own files, beside the records they fill."""
    return records.default_root() / "batch"


@dataclass(frozen=True)
class Job:
    """One execution of a notebook."""

    source: Path
    values: dict[str, Any]
    register: str = ""  # a script that adds benchmarks to the table, run before anything else

    @functools.cached_property
    def runs(self) -> list[Run]:
        """What it measures; empty for a notebook that needs no records. ValueError for an unknown name."""
        if "train" not in defaults(self.source):
            return []
        registered(self.register)
        values = {**defaults(self.source), **self.values}
        name, scale, *rest = (values[part] for part in PLAN)
        plan = benchmarks.plan(benchmarks.benchmark(name, scale), *rest)
        return list(dict.fromkeys(plan + _besides(self.source.stem, values)))

    @functools.cached_property
    def name(self) -> str:
        """A readable file name, its own for every notebook and values, and for the code where there are no records."""
        code = "" if self.runs else _code(self.source)
        digest = hashlib.sha256(records.text([self.values, self.register, code]).encode()).hexdigest()[:8]
        if not self.runs:
            return f"{self.source.stem}-{digest}"
        first, seeds = self.runs[0].benchmark, sorted({run.seed for run in self.runs})
        span = f"seed-{seeds[0]}" if len(seeds) == 1 else f"seeds-{seeds[0]}-{seeds[-1]}"
        safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in first.name)
        return f"{self.source.stem}-{safe}-{first.scale}-{span}-{digest}"

    def missing(self, store: records.Store) -> list[Run]:
        """The runs that have no record yet."""
        keys = set(store.missing(run.key for run in self.runs))
        return [run for run in self.runs if run.key in keys]

    def done(self, store: records.Store) -> bool:
        return not self.missing(store) if self.runs else stamp(self.name).exists()

    def spec(self) -> dict[str, Any]:
        """What the Snakefile and the executing process need to know, in JSON's types."""
        scales = {run.benchmark.scale for run in self.runs}
        return {
            "source": str(self.source), "register": self.register, "gpu": int(any("paper" in s for s in scales)),
            "values": {**self.values, "train": "missing"} if self.runs else self.values,
            "keys": [run.key for run in self.runs],
            "groups": sorted({f"{run.benchmark.name}-{run.benchmark.scale}-{run.seed}" for run in self.runs}),
        }  # fmt: skip


def _besides(notebook: str, values: dict[str, Any]) -> list[Run]:
    """What chapters train besides their pruners: random samples at scores' class ratios, other ways to measure."""
    name, scale, pruners, densities, seeds = (values[part] for part in PLAN)
    entry = benchmarks.benchmark(name, scale)
    if "imitation_densities" in values:
        strategies, imitated = values.get("strategies"), values["imitation_densities"]
        if strategies is not None:
            imitated = [density for density in densities if density in imitated and density < 1]
            strategies = [] if scale == "smoke" and len(seeds) * len(densities) <= 2 else strategies
        names = [f"random+{score}q" for score in (["el2n"] if strategies is None else strategies) if score in pruners]
        return benchmarks.plan(entry, names, imitated, seeds)
    if notebook != WAYS:
        return []
    known = {each.name: each for each in benchmarks.TABLE if each.scale == scale}
    places = [name, *(f"{name}-{ending}" for ending in benchmarks.changed(entry.recipe))]
    plans = [benchmarks.plan(known.get(each, entry), pruners, [*densities, 1.0], seeds) for each in places
             if each == name or each in known]  # fmt: skip
    return [run for plan in plans for run in plan]


def stamp(name: str) -> Path:
    """The target of a job; says nothing by itself where there are records."""
    return home() / f"{name}.done"


def spec(name: str) -> dict[str, Any]:
    """The specification of a prepared job."""
    return json.loads((home() / f"{name}.json").read_text(encoding="utf-8"))


@functools.cache
def registered(script: str) -> None:
    """Run a script that registers benchmarks, once; ValueError where it fails."""
    if script:
        try:
            runpy.run_path(script)
        except Exception as error:
            raise ValueError(f"register: {script} failed with {type(error).__name__}: {error}") from error


def _code(source: Path) -> str:
    return "\n".join(cell.source for cell in pages.read(pages.Page(source)).cells if cell.cell_type == "code")


def _whole(value: Any) -> int:
    if not str(value).isdecimal() or int(value) < 1:
        raise ValueError(f"jobs is {value!r}, but must be a whole number from 1")
    return int(value)


def jobs_of(request: dict[str, Any]) -> list[Job]:
    """All jobs of a request, checked, without repeats; ValueError before anything has started.

    One seed a job; at smoke scale, where runs take less time than starting a notebook, as many jobs as run at a time.
    """
    entries, folder = entries_of(request)
    at_once = _whole(request.get("jobs") or 1)
    found = []
    for entry in entries:
        for source, values, register in expand(entry, folder):
            whole = Job(source, values, register)
            seeds = list(dict.fromkeys(run.seed for run in whole.runs))
            short = all(run.benchmark.scale == "smoke" for run in whole.runs)
            parts = min(len(seeds), at_once) if short else len(seeds)
            groups = [seeds[i::parts] for i in range(parts)] if whole.runs else [None]
            found += [whole if g is None else Job(source, {**values, "seeds": g}, register) for g in groups]
    if request.get("pages") and any(run.benchmark.scale == "smoke" for job in found for run in job.runs):
        raise ValueError("pages=1 would put records of smoke scale into the book; measure at another scale for it")
    return list({job.name: job for job in found}.values())


def prepare(request: dict[str, Any]) -> list[Job]:
    """The jobs that are not done, ready for the Snakefile: specifications written, untrue stamps removed."""
    store = records.Store()
    pending = [job for job in jobs_of(request) if not job.done(store)]
    home().mkdir(parents=True, exist_ok=True)
    for job in pending:
        stamp(job.name).unlink(missing_ok=True)
        part = home() / f".{job.name}.{os.getpid()}.tmp"
        part.write_text(json.dumps(job.spec(), indent=1), encoding="utf-8")
        os.replace(part, home() / f"{job.name}.json")
    return pending
