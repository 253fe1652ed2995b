"""What a batch says: before, what there is to do and what it costs; at the end, what was done and where to look."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import mean

from drop.experiments import records
from drop.experiments.benchmarks import RULES, SHORT, Benchmark, Run, parts, with_rounds_before
from rerun.jobs import Job, home, stamp

QUERIES = ("random", "full", "balanced", "")  # what needs no query models


def cost_table(found: Iterable[records.Record]) -> dict[tuple[str, str], float]:
    """Seconds of one full training, as measured, for each (benchmark, scale): the mean over its records.

    A run at density d takes budget + (1 - budget) d of the steps of a full training; its seconds are divided by that.
    """
    seconds = defaultdict(list)
    for record in found:
        run = record["run"]
        budget = run["recipe"].get("budget", 1.0)
        seconds[run["benchmark"], run["scale"]].append(record["seconds"] / (budget + (1 - budget) * run["density"]))
    return {place: mean(values) for place, values in seconds.items()}


def cost(runs: list[Run], table: dict[tuple[str, str], float]) -> float | None:
    """Estimated seconds of runs and of all their query models, added up over networks; None where nothing is known."""
    total, epochs = 0.0, {}
    for run in runs:
        entry, recipe = run.benchmark, run.benchmark.recipe
        if (entry.name, entry.scale) not in table:
            return None
        full = table[entry.name, entry.scale]
        total += full * (recipe.budget + (1 - recipe.budget) * run.density)
        for name in parts(run.pruner) if run.density < 1 else ():
            epochs |= {(entry, run.seed, kind): full * n / recipe.epochs for kind, n in _queries(entry, name or "")}
    return total + sum(epochs.values())


def _queries(entry: Benchmark, name: str) -> list[tuple[str, int]]:
    """Kind and epochs of the query models that a score or a quota rule needs."""
    if (name := name.removesuffix("q")) in QUERIES:
        return []
    recipe = entry.recipe
    short = name in (*SHORT, *RULES)
    return [("short", recipe.short_queries * recipe.short_epochs) if short else ("full", recipe.full_epochs)]


def rounds_before(runs: list[Run], store: records.Store) -> list[Run]:
    """The earlier rounds that the quotas of some runs build on and that have no record, other than these runs."""
    return [run for run in with_rounds_before(runs) if run not in runs and store.get(run.key) is None]


def clock(seconds: float) -> str:
    """A duration in its unit: 45 s, 12 min, 3.4 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def plan_text(jobs: list[Job]) -> str:
    """What would run, what exists, and what the rest costs."""
    store = records.Store()
    table, lines, total, unknown = cost_table(store.all()), [], 0.0, 0
    for job in jobs:
        missing = job.missing(store)
        if job.done(store):
            state = f"exists  {len(job.runs)} runs" if job.runs else "exists  executed"
        elif job.runs:
            seconds = cost(missing + rounds_before(missing, store), table)
            total, unknown = total + (seconds or 0), unknown + (seconds is None)
            price = "cost not measured yet" if seconds is None else f"about {clock(seconds)}"
            state = f"to run  {len(missing)} of {len(job.runs)} runs, {price}"
        else:
            state, unknown = "to run  cost not measured yet", unknown + 1
        lines.append(f"  {state:<46} {job.name}")
    counts = Counter(job.done(store) for job in jobs)
    lines.append(f"{len(jobs)} notebooks: {counts[False]} to run, {counts[True]} exist already")
    lines.append(f"records: {store.root}")
    if counts[False]:
        known = f"{clock(total)} of training, added up over networks" if total else ""
        rest = f"not measured yet for {unknown} of the notebooks" if unknown else ""
        lines.append(f"estimated cost: {' and '.join(filter(None, (known, rest)))}")
    return "\n".join(lines)


def end_text(jobs: list[Job], pending: list[str]) -> str:
    """Done, skipped and failed jobs after a batch, and where to look; `pending` are the names that were to run.

    A notebook can fail after its last run was recorded, so what counts here is the stamp of its success.
    """
    ran = [job for job in jobs if job.name in pending]
    failed = [job for job in ran if not stamp(job.name).exists()]
    done = len(ran) - len(failed)
    lines = [f"{done} done, {len(jobs) - len(pending)} skipped (nothing was missing), {len(failed)} not done"]
    lines += [f"  not done: {job.name}\n    {_reason(job)}" for job in failed]
    return "\n".join([*lines, f"executed notebooks: {home()}"])


def _reason(job: Job) -> str:
    path = home() / f"{job.name}.ipynb"
    try:
        state = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("batch")
    except (OSError, ValueError):
        return "was not started"
    return f"{state['failed']}; see {path}" if state and state["failed"] else f"was stopped; see {path}"
