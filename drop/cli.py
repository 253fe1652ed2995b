"""The command line, `drop COMMAND` or `python -m drop COMMAND`. It stands above all rooms and opens each when asked."""

from __future__ import annotations

import functools
import io
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import drop
from drop.commands import own
from drop.commands.folder import folder

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(stderr=True)

Name = Annotated[str, typer.Argument(help="benchmark, such as fashion-mnist")]
Scale = Annotated[str, typer.Argument(help="smoke | laptop | desk | paper-fast | paper")]
Pruners = Annotated[str, typer.Option(help="names separated by commas, such as random,el2n,random+drop")]
Densities = Annotated[str, typer.Option(help="core, extended, or numbers separated by commas")]
Seeds = Annotated[str, typer.Option(help="numbers and ranges, such as 0-4 or 0,2")]


class Terminated(KeyboardInterrupt):
    """SIGTERM, as batch systems send it where time is up."""


def _terminated(*_) -> None:
    raise Terminated


def guarded(command: Callable, panel: str = "The paper's benchmarks") -> Callable:
    """Turn errors into one line and exit code 2, Ctrl-C into 130, SIGTERM into 143; help lists commands by panel."""

    @functools.wraps(command)
    def inner(*args, **kwargs) -> None:
        before = signal.signal(signal.SIGTERM, _terminated)
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except KeyboardInterrupt as end:
            console.print("stopped; what is finished is kept, and the same command goes on")
            raise typer.Exit(143 if isinstance(end, Terminated) else 130) from None
        except BrokenPipeError:  # whoever reads has enough, as in `drop table | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is flushed into it at the end
            raise typer.Exit(0) from None
        except (ValueError, OSError, ImportError) as error:
            console.print(f"error: {error}", highlight=False, markup=False, soft_wrap=True)
            raise typer.Exit(2) from None
        finally:
            signal.signal(signal.SIGTERM, before)

    return app.command(rich_help_panel=panel)(inner)


def _open_streams() -> None:
    """Let what is printed into a closed stream (`>&-`) be lost, and what an encoding lacks become a question mark."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _version(asked: bool) -> None:
    if asked:
        print(f"drop-companion {drop.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="say which")] = False,
) -> None:
    """Keep part of your data without forgetting a class; drop COMMAND --help shows examples.

    Tables, lists and arrays: drop plan shows what would be kept, drop prune writes it. Photos: drop folder.
    """
    _open_streams()


for each in (own.plan, own.prune, folder, own.score):
    guarded(each, "Your own data")


@guarded
def table() -> None:
    """Show the benchmarks and what has been measured of each."""
    from drop.experiments import benchmarks, records

    measured = Counter((r["run"]["benchmark"], r["run"]["scale"]) for r in records.Store().all())
    rows = [("benchmark", "scale", "data set", "model", "epochs", "records")]
    for e in benchmarks.TABLE:
        count = measured[e.name, e.scale]
        rows.append((e.name, e.scale, e.dataset, e.recipe.model, str(e.recipe.epochs), str(count)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        named = [text.ljust(width) for text, width in zip(row[:4], widths, strict=False)]
        print("  ".join([*named, row[4].rjust(widths[4]), row[5].rjust(widths[5])]))


@guarded
def run(
    name: Name, scale: Scale, pruners: Pruners = "random,el2n,random+drop", densities: Densities = "core",
    seeds: Seeds = "0", workers: Annotated[int, typer.Option(help="processes on a CPU; 0: one a core")] = 0,
    lanes: Annotated[int, typer.Option(help="networks side by side on a GPU")] = 4,
    minutes: Annotated[float, typer.Option(help="stop after so long; what is finished stays")] = float("inf"),
    dry: Annotated[bool, typer.Option("--dry-run", help="only say what would be trained")] = False,
    arithmetic: Annotated[str, typer.Option(help="bf16 or fp32 instead of what the device suggests")] = "",
    again: Annotated[bool, typer.Option(help="what other code measured, see status; second records are kept")] = False,
) -> None:  # fmt: skip
    """Train what has no record yet; stop it whenever you like, finished runs stay."""
    from drop.experiments import benchmarks, ranges, records

    entry = benchmarks.benchmark(name, scale)
    names = [pruner.strip() for pruner in pruners.split(",")]
    runs = benchmarks.plan(entry, names, ranges.densities_of(densities), ranges.seeds_of(seeds))
    store = records.Store()
    if again:
        other = {record["key"] for record, _ in records.status(store.all())}
        runs = [run for run in runs if run.key in other]
        store = records.Store(store.root / "again" / records.code_hash(), also=())  # goes on where it was stopped
    missing = [run for run in runs if store.get(run.key) is None]
    done = len(runs) - len(missing)
    console.print(f"{len(runs)} runs, {done} have a record, {len(missing)} to train -> {store.root}", soft_wrap=True)
    if dry or not missing:
        return _list(missing, store, workers, lanes, arithmetic)
    from drop.experiments.arithmetic import SETTING
    from drop.experiments.runs import measure
    from drop.metrics import right_of

    if arithmetic:
        os.environ[SETTING] = arithmetic  # the processes that train read it too
    clocks = (TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *clocks, console=console) as bar:
        tasks, end = {}, time.monotonic() + 60 * minutes

        def report(stage, done, total, what, result) -> None:
            task = tasks[stage] if stage in tasks else tasks.setdefault(stage, bar.add_task(stage, total=total))
            correct = right_of(result.validation[-1]) / result.validation[-1].sum(1)
            of = f"{what.pruner} {what.density:g}" if isinstance(what, benchmarks.Run) else "query"
            text = f"{stage}: {of} seed {what.seed}: validation {correct.mean():.3f}, worst {correct.min():.3f}"
            bar.update(task, completed=done, description=text)
            if not console.is_terminal:
                print(f"{done}/{total} {text}", flush=True)
            if time.monotonic() > end:
                raise TimeoutError

        try:
            measure(missing, store, workers or None, lanes=lanes, report=report, say=console.print)
        except TimeoutError:
            console.print(f"stopped after {minutes:g} minutes; the same command goes on")
    if again:
        print(f"{records.Store().merge(store.root)} second records kept beside the first")


def _list(missing: list, store, workers: int, lanes: int, arithmetic: str) -> None:
    """Name the missing runs of one benchmark, and what they cost on this machine: it is timed, but for smoke scale."""
    from drop.experiments import benchmarks

    for each in missing:
        print(f"{each.pruner} {each.density} seed {each.seed} {each.key}")
    if not missing or missing[0].benchmark.scale == "smoke":
        return
    from drop.experiments import costs, pace
    from drop.experiments.arithmetic import SETTING

    os.environ |= {SETTING: arithmetic} if arithmetic else {}
    console.print("timing this machine for about half a minute ...")
    entry = missing[0].benchmark
    runs = [run for run in benchmarks.with_rounds_before(missing) if store.get(run.key) is None]
    found = pace.of_this_machine([entry], workers=workers or None, lanes=lanes)
    networks = costs.networks(runs, found.table([entry]))
    price = "not known" if networks is None else found.says(costs.wall(networks, found.at_once))
    console.print(f"estimated cost: {price}", highlight=False, soft_wrap=True)


@guarded
def status() -> None:
    """List what is being trained, and the records made by other code or under another protocol.

    Nothing is retrained unless asked.
    """
    from drop.experiments import records
    from drop.experiments.record import circumstances
    from drop.experiments.running import running

    for note in running(records.Store().root):
        where = f"{note['what']}, step {note['done']} of {note['steps']} when last written down"
        how = f"running since {note['since']}" if note["alive"] else "interrupted, the same command goes on"
        print(f"{how}: {where} ({note['host']}, process {note['process']})")
    found = records.Store().all(protocol=None)
    for how, count in Counter(map(circumstances, found)).most_common():
        print(f"{count} records: {how}")
    stale = records.status(found)
    counts = Counter((r["run"]["benchmark"], r["run"]["scale"], r["run"]["pruner"], reason) for r, reason in stale)
    for (name, scale, pruner, reason), count in sorted(counts.items()):
        print(f"{name} {scale} {pruner}: {count} records, {reason}")
    if stale:
        print("measure some of them again: python -m drop run BENCHMARK SCALE --pruners ... --seeds ... --again")
    print(f"{len(found)} records, {len(found) - len(stale)} made by the present code under the present protocol")


@guarded
def pack(folder: Annotated[Path | None, typer.Argument(help="default: the package's own")] = None) -> None:
    """Merge the records measured here into the repository's, ready to be committed."""
    from drop.experiments import records

    changed = records.pack(records.Store(), folder)
    print(*changed, f"{len(changed)} files changed", sep="\n")


@guarded
def merge(folders: Annotated[list[Path], typer.Argument(help="record stores of other machines")]) -> None:
    """Take over the records of other machines; a second record of a run is kept beside the first."""
    from drop.experiments import records

    for store in folders:
        if not store.is_dir():
            raise ValueError(f"{store} is no folder; give the record stores to merge")
    print(f"{records.Store().merge(*folders)} records merged into {records.Store().root}")
