"""A batch from its settings to the Snakemake that runs it.

python -m rerun.batch scale=laptop benchmark=fashion-mnist seeds=0-4             (what `make rerun SCALE=…` runs)
python -m rerun.batch list=rerun/lists/example.yaml dry=1
snakemake --snakefile rerun/Snakefile --profile rerun/profiles/slurm --config scale=paper …    on a cluster
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from drop import places
from drop.experiments import records
from publish import kernels
from publish.pages import ROOT
from rerun import report
from rerun.jobs import home, jobs_of
from rerun.request import REQUEST, split

HELP = """python -m rerun.batch NAME=VALUE ...   (make rerun NAME=VALUE ... is the same; names may be capitals)

scale=laptop           smoke, laptop, desk, paper-fast or paper
benchmark=cifar10      names, separated by commas; default: the notebook's
seeds=0-4              numbers and ranges; default: the notebook's
notebook=NN_topic      names, separated by commas; default: every notebook that measures
list=FILE              a YAML list of notebooks and parameters, instead of the four above
jobs=1                 notebooks at a time
dry=1                  only say what would run, what exists, and what the rest costs on this machine
pages=1                then pack the records, make the pages and render the book
Options (-...) are passed on to Snakemake."""
SWITCHES = {"dry", "pages"}
ANSWERS = dict.fromkeys(("1", "yes", "true", "on"), "1") | dict.fromkeys(("0", "no", "false", "off"), "0")
# Snakemake without its account of progress; its warnings and errors stay.
QUIETLY = "import logging; logging.disable(logging.INFO); from snakemake.cli import main; main()"


def settings_of(arguments: list[str]) -> dict[str, str]:
    """The settings among the arguments, such as scale=laptop or SCALE=laptop, less dry=0 and pages=0.

    ValueError for what is no setting, given twice, or neither yes nor no.
    """
    pairs = [argument.split("=", 1) for argument in arguments if not argument.startswith("-")]
    if odd := [pair[0] for pair in pairs if len(pair) < 2]:
        raise ValueError(f"{odd[0]!r} is no setting; they look like scale=laptop")
    names = [name.lower() for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]} is given twice")
    settings = {name.lower(): value for name, value in pairs if value}
    for name in SWITCHES & settings.keys():
        if (answer := ANSWERS.get(settings[name].lower())) is None:
            raise ValueError(f"{name} is {settings[name]!r}, but must be 1 or 0")
        settings[name] = answer
    return {name: value for name, value in settings.items() if name not in SWITCHES or value == "1"}


def from_make() -> list[str]:
    """The settings that `make` was given: it hands names and values on in the environment.

    ValueError for one that stands before `make`, where it would be passed over, and hours of training begin.
    """
    names = os.environ.get("MAKE_SETTINGS", "").split()
    behind = {name.upper() for name in names}
    if early := [name for each in (*REQUEST, "dry") if os.environ.get(name := each.upper()) and name not in behind]:
        example = f"make rerun {early[0]}={os.environ[early[0]]}"
        raise ValueError(f"{early[0]} is set in the environment, where make passes it over: write it behind, {example}")
    return [f"{name}={os.environ.get(name, '')}" for name in names if name not in ("PYTHON", *places.NAMED)]


def main(arguments: list[str]) -> int:
    """Check, say what there is to do, and become the Snakemake that does it; 0 where there is nothing to do."""
    if {"-h", "--help"} & set(arguments):
        print(HELP)
        return 0
    try:
        if "--make" in arguments:
            arguments = [*from_make(), *(argument for argument in arguments if argument != "--make")]
        places.settle()
        request = settings_of(arguments)
        dry = request.pop("dry", "")
        jobs = jobs_of(request)
        print(report.plan_text(jobs), flush=True)
        if dry or (all(job.done(records.Store()) for job in jobs) and not request.get("pages")):
            return 0
        records.Store().check()
        kernels.check()
        places.shelter(home())
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    passed_on = [argument for argument in arguments if argument.startswith("-")]
    os.execv(sys.executable, [*command(request), *passed_on])  # one process less to kill or to survive


def command(request: dict[str, Any]) -> list[str]:
    """The call of Snakemake for a request on this machine; rerun/profiles/default holds what all batches share."""
    settings = [f"{name}={value}" for name, value in request.items() if name != "list"]
    settings += [f"list={Path(request['list']).resolve()}"] if request.get("list") else []
    gpus = f"gpu={len(gpus_here())}" if gpus_here() else "gpu=1"  # without one, jobs for a GPU run one at a time
    snakemake = [sys.executable, "-c", QUIETLY, "--snakefile", str(ROOT / "rerun" / "Snakefile")]
    snakemake += ["--profile", str(ROOT / "rerun" / "profiles" / "default"), "--directory", str(home())]
    return [*snakemake, "--cores", request.get("jobs", "1"), "--resources", gpus, "--config", *settings]


@functools.cache
def gpus_here() -> tuple[str, ...]:
    """The identifiers of this machine's GPUs that may be used."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return tuple(split(os.environ["CUDA_VISIBLE_DEVICES"]))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    except OSError:
        return ()
    return tuple(str(i) for i in range(listed.stdout.count("GPU "))) if listed.returncode == 0 else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
