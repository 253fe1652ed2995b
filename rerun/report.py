"""What a batch says: before, what there is to do and what it costs; at the end, what was done and where to look."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import mean

from drop.experiments import costs, records
from drop.experiments.benchmarks import Benchmark, Run, with_rounds_before
from rerun.jobs import Job, home, stamp

UNKNOWN = {False: "not known", True: "not measured yet"}  # of what is timed, and at smoke scale, where records tell


def cost_table(found: Iterable[records.Record]) -> dict[tuple[str, str], float]:
    """Seconds of one full training, as recorded, for each (benchmark, scale): the mean over its records.

    A run at density d takes budget + (1 - budget) d of the steps of a full training; its seconds are divided by that.
    """
    seconds = defaultdict(list)
    for record in found:
        run = record["run"]
        budget = run["recipe"].get("budget", 1.0)
        seconds[run["benchmark"], run["scale"]].append(record["seconds"] / (budget + (1 - budget) * run["density"]))
    return {place: mean(values) for place, values in seconds.items()}


def timed(entries: list[Benchmark]) -> costs.Pace:
    """This machine's pace on the networks of some benchmarks, after a line that says why nothing happens meanwhile."""
    from drop.experiments import pace

    print("timing this machine for about half a minute ...", file=sys.stderr, flush=True)
    return pace.of_this_machine(entries)


def rounds_before(runs: list[Run], store: records.Store) -> list[Run]:
    """The earlier rounds that the quotas of some runs build on and that have no record, other than these runs."""
    return [run for run in with_rounds_before(runs) if run not in runs and store.get(run.key) is None]


def plan_text(jobs: list[Job]) -> str:
    """What would run, what exists, and what the rest costs on this machine, which is timed where there is a rest.

    Networks that several notebooks need count where they come first. At smoke scale, where all is over in seconds, the
    records have to do: those of any machine, added up over networks.
    """
    store = records.Store()
    missing = {job.name: job.missing(store) for job in jobs}
    wanted = {job.name: missing[job.name] + rounds_before(missing[job.name], store) for job in jobs}
    entries = list(dict.fromkeys(run.benchmark for runs in wanted.values() for run in runs if not _short(run)))
    pace = timed(entries) if entries else costs.Pace({})
    table, recorded, lines, counted = pace.table(entries), cost_table(store.all()), [], set()
    long, short, unknown = 0.0, 0.0, Counter[str]()
    for job in jobs:
        runs = wanted[job.name]
        if job.done(store):
            state = f"exists  {len(job.runs)} runs" if job.runs else "exists  executed"
        elif not job.runs:
            unknown["not measured yet"] += 1
            state = "to run  cost not measured yet"
        else:
            smoke = all(map(_short, runs))
            found = costs.networks(runs, recorded if smoke else table)
            new = {which: seconds for which, seconds in (found or {}).items() if which not in counted}
            counted |= new.keys()
            seconds = sum(new.values()) if smoke else costs.wall(new, pace.at_once)
            short, long, word = short + smoke * seconds, long + (not smoke) * seconds, UNKNOWN[smoke]
            unknown[word] += found is None
            price = f"cost {word}" if found is None else f"about {costs.clock(seconds)}"
            state = f"to run  {len(missing[job.name])} of {len(job.runs)} runs, {price}"
        lines.append(f"  {state:<46} {job.name}")
    counts = Counter(job.done(store) for job in jobs)
    lines.append(f"{len(jobs)} notebooks: {counts[False]} to run, {counts[True]} exist already")
    lines.append(f"records: {store.root}")
    if counts[False]:
        known = [pace.says(long)] if long else []
        known += [f"{costs.clock(short)} of training at smoke scale, added up over networks"] if short else []
        known += [f"{word} for {number} of the notebooks" for word, number in unknown.items() if number]
        lines.append(f"estimated cost: {' and '.join(known)}")
    return "\n".join(lines)


def _short(run: Run) -> bool:
    return run.benchmark.scale == "smoke"


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
