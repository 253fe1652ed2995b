"""What a batch is: notebooks and parameters, checked, as jobs; each knows from the records whether it is done.

    python book/batch.py scale=laptop benchmark=fashion-mnist seeds=0-4             (what `make rerun SCALE=…` runs)
    python book/batch.py list=batches/example.yaml dry=1
    snakemake --profile profiles/slurm --config scale=paper benchmark=cifar10 seeds=0-2     the same on a cluster

A job is one papermill execution of a notebook (book/batch_job.py); the Snakefile runs the jobs that are not done. A
notebook with a parameter `train` measures: its job is done when all its runs have a record, and it needs the parameters
benchmark, scale, pruners, densities and seeds. Any other notebook's job is done when it was executed with these
parameters and this code. File times and prose play no part, so nothing becomes stale by being edited.
"""

from __future__ import annotations

import ast
import difflib
import functools
import hashlib
import itertools
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pages
import yaml

from drop import benchmarks, records
from drop.__main__ import densities_of, seeds_of
from drop.benchmarks import Run

ROOT = pages.ROOT
PLAN = ("benchmark", "scale", "pruners", "densities", "seeds")  # what the runs of a measuring notebook follow from
REQUEST = ("scale", "benchmark", "seeds", "notebook", "list", "jobs", "pages")  # what --config may hold
HELP = """python book/batch.py NAME=VALUE ...   (make rerun NAME=VALUE ... is the same; names may be capitals)

scale=laptop           smoke, laptop, paper-fast or paper
benchmark=cifar10      names, separated by commas; default: the notebook's
seeds=0-4              numbers and ranges; default: the notebook's
notebook=NN_topic      names, separated by commas; default: every notebook that measures
list=FILE              a YAML list of notebooks and parameters, instead of the four above
jobs=1                 notebooks at a time
dry=1                  only say what would run, what exists and what it costs
pages=1                then pack the records, make the pages and render the book
Options (-...) are passed on to Snakemake."""
RESERVED = ("notebook", "register")  # names in a list that are no parameters


def home() -> Path:
    """The folder of all batches: executed notebooks and Snakemake's own files, beside the records they fill."""
    return records.default_root().resolve() / "batch"


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
        name, scale, *rest = ({**defaults(self.source), **self.values}[part] for part in PLAN)
        return benchmarks.plan(benchmarks.benchmark(name, scale), *rest)

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


def stamp(name: str) -> Path:
    """The target of a job; says nothing by itself where there are records."""
    return home() / f"{name}.done"


def spec(name: str) -> dict[str, Any]:
    """The specification of a prepared job."""
    return json.loads((home() / f"{name}.json").read_text(encoding="utf-8"))


@functools.cache
def defaults(source: Path) -> dict[str, Any]:
    """The parameters of a notebook with their values as Python; ValueError unless they are plain."""
    try:
        return {name: ast.literal_eval(text) for name, text in pages.parameters(source).items()}
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"{source.name}: its parameters cannot be read ({error})") from None


@functools.cache
def registered(script: str) -> None:
    """Run a script that registers benchmarks, once."""
    if script:
        runpy.run_path(script)


def _code(source: Path) -> str:
    return "\n".join(cell.source for cell in pages.read(source).cells if cell.cell_type == "code")


def source_of(name: str, folder: Path) -> Path:
    """The notebook of this name in notebooks/, or at this path; ValueError with the nearest names."""
    known = {path.stem: path for path in pages.sources()}
    path = known.get(name, folder / name)
    if path.suffix not in (".py", ".ipynb") or not path.is_file():
        raise ValueError(f"there is no notebook {name!r}; {_nearest(name, known)}")
    return path.resolve()


def _nearest(name: str, valid: Any) -> str:
    near = difflib.get_close_matches(str(name), list(valid), n=3, cutoff=0.3) or sorted(valid)
    return f"nearest: {', '.join(near)}"


def read_list(path: Path) -> list[dict[str, Any]]:
    """The entries of a YAML list; ValueError unless each is a mapping with a notebook."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "notebook" in entry for entry in entries):
        raise ValueError(f"{path} must be a list of entries, each with `notebook:` and parameters")
    return entries


def expand(entry: dict[str, Any], folder: Path) -> Iterator[tuple[Path, dict[str, Any], str]]:
    """(source, values, register) of every combination of an entry's values; ValueError for a wrong name or value.

    A list gives one execution an item, except where the notebook's own value is a list: there it is one value, and a
    list of lists gives one execution an item. Seeds and densities may be texts such as "0-4" and "core".
    """
    source = source_of(str(entry["notebook"]), folder)
    register = str((folder / entry["register"]).resolve()) if "register" in entry else ""
    if register and not Path(register).is_file():
        raise ValueError(f"register is {entry['register']!r}, but there is no such script")
    known = defaults(source)
    given = {name: value for name, value in entry.items() if name not in RESERVED}
    for name in given:
        if name not in known:
            raise ValueError(f"{source.name} has no parameter {name!r}; {_nearest(name, known)}")
    if "train" in known:
        if absent := [name for name in PLAN if name not in known]:
            raise ValueError(f"{source.name} measures, but has no parameters {absent}: its runs cannot be told")
        given.pop("train", None)
    choices = [[(name, value) for value in _choices(source, name, given[name], known[name])] for name in given]
    for combination in itertools.product(*choices):
        yield source, dict(combination), register


def _choices(source: Path, name: str, value: Any, default: Any) -> list[Any]:
    """The values that one parameter takes in turn."""
    if name == "seeds" and isinstance(value, (str, int)):
        value = seeds_of(str(value))
    if name == "densities" and isinstance(value, str):
        value = list(densities_of(value))
    several = isinstance(value, list) and not (isinstance(default, list) and not _lists(value))
    values = value if several else [value]
    for one in values:
        if not _fits(one, default):
            raise ValueError(f"{source.name}: {name} is {one!r}, but must be like {default!r}")
    if not values:
        raise ValueError(f"{source.name}: {name} is an empty list")
    return values


def _lists(value: list) -> bool:
    return bool(value) and all(isinstance(item, list) for item in value)


def _fits(value: Any, default: Any) -> bool:
    """Whether a value has the type of the default; a whole number is a number, and a list needs fitting items."""
    if isinstance(default, (list, tuple)):
        return isinstance(value, list) and len(value) > 0 and all(_fits(v, default[0]) for v in value if default)
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return default is None or type(value) is type(default)


def entries_of(request: dict[str, Any]) -> tuple[list[dict[str, Any]], Path]:
    """The entries that a request names, and the folder that their paths start from; ValueError for a wrong name."""
    for name in request:
        if name not in REQUEST:
            raise ValueError(f"a batch has no setting {name!r}; {_nearest(name, REQUEST)}")
    if request.get("list"):
        if clash := [name for name in REQUEST[:4] if request.get(name)]:
            raise ValueError(f"{', '.join(clash)} and a list were given; write these values into the list")
        path = Path(request["list"]).resolve()
        return read_list(path), path.parent
    names = _split(request.get("notebook")) or [p.stem for p in pages.sources() if "train" in defaults(p)]
    given: dict[str, Any] = {"scale": _split(request.get("scale")) or ["laptop"]}
    if request.get("benchmark"):
        given["benchmark"] = _split(request["benchmark"])
    if request.get("seeds") not in (None, ""):
        given["seeds"] = str(request["seeds"])
    return [{"notebook": name, **given} for name in names], Path.cwd()


def _whole(value: Any) -> int:
    if not str(value).isdecimal() or int(value) < 1:
        raise ValueError(f"jobs is {value!r}, but must be a whole number from 1")
    return int(value)


def _split(value: Any) -> list[str]:
    return [part for part in str(value or "").split(",") if part]


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


def settings_of(arguments: list[str]) -> dict[str, str]:
    """The settings among the arguments, such as scale=laptop or SCALE=laptop; ValueError for an unknown name."""
    pairs = [argument.split("=", 1) for argument in arguments if not argument.startswith("-")]
    if odd := [pair[0] for pair in pairs if len(pair) < 2]:
        raise ValueError(f"{odd[0]!r} is no setting; they look like scale=laptop")
    return {name.lower(): value for name, value in pairs if value}


def main(arguments: list[str]) -> int:
    """Check, say what there is to do, and become the Snakemake that does it; 0 where there is nothing to do."""
    import batch_report

    if {"-h", "--help"} & set(arguments):
        print(HELP)
        return 0
    try:
        request = settings_of(arguments)
        dry = request.pop("dry", "")
        jobs = jobs_of(request)
        print(batch_report.plan_text(jobs), flush=True)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if dry or (all(job.done(records.Store()) for job in jobs) and not request.get("pages")):
        return 0
    passed_on = [argument for argument in arguments if argument.startswith("-")]
    os.execv(sys.executable, [*command(request), *passed_on])  # one process less to kill or to survive


def command(request: dict[str, Any]) -> list[str]:
    """The call of Snakemake for a request on this machine; profiles/default holds what all batches share."""
    settings = [f"{name}={value}" for name, value in request.items() if name != "list"]
    settings += [f"list={Path(request['list']).resolve()}"] if request.get("list") else []
    gpus = f"gpu={len(gpus_here())}" if gpus_here() else "gpu=1"  # without one, jobs for a GPU run one at a time
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--quiet", "all"]
    return [*snakemake, "--cores", request.get("jobs", "1"), "--resources", gpus, "--config", *settings]


@functools.cache
def gpus_here() -> tuple[str, ...]:
    """The identifiers of this machine's GPUs that may be used."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return tuple(_split(os.environ["CUDA_VISIBLE_DEVICES"]))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    except OSError:
        return ()
    return tuple(str(i) for i in range(listed.stdout.count("GPU "))) if listed.returncode == 0 else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
