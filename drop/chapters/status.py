"""What the book stands on: where its records come from, and what registered tests still lack.

python -m drop.chapters.status                         the commands that measure what is missing
python -m drop.chapters.status cifar10-paper | sh    measure what is missing of one experiment
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from drop.chapters import claims
from drop.experiments import benchmarks, records
from drop.experiments.records import Record

SEEDS = 3  # that every cell of a registered test is to have
HUB_SEEDS, HUB = 8, ("full", "random", "random+drop")  # the arms that most comparisons share, see claims.yml
HUBS = {"cifar10-laptop": HUB, "fashion-mnist-laptop": HUB, "fashion-mnist-long-tail-laptop": (*HUB, "random+balanced")}
TREES = {True: "as committed", False: "changed", None: "not known"}


def origins(records: Iterable[Record]) -> list[list]:
    """A row for each kind of origin: networks, device, instruction set, arithmetic, tree, dates, torch."""
    kinds: dict[tuple, list[str]] = defaultdict(list)
    for record in records:
        p = record["provenance"]
        how = (p.get("instructions") or "not known", p.get("arithmetic") or "not known", TREES[p.get("clean")])
        kinds[(_processor(p["device"]), *how, p["torch"])].append(p["date"][:10])
    return [
        [len(dates), *kind[:4], " to ".join(sorted({min(dates), max(dates)})), kind[4]]
        for kind, dates in sorted(kinds.items())
    ]


def _processor(device: str) -> str:
    """A device's name without what its maker adds, such as "Intel Xeon, 2 cores"."""
    name = device.removeprefix("cpu (").removesuffix(")") if device.startswith("cpu (") else device
    return name.replace("(R)", "").replace(" Processor", "")


class Missing(NamedTuple):
    """What has no record: experiment, seeds, cells and their names, a row each; and the commands that measure it."""

    rows: list[tuple[str, int, int, str]]
    commands: str


def missing(found: Iterable[Record]) -> Missing:
    """The cells that lines of the claims file name, or that are hubs, and that lack records of some of their seeds."""
    runs = [record["run"] for record in found]
    wanted: dict[tuple[str, int], dict[tuple[str, float], None]] = defaultdict(dict)
    for named, enough in ((_named(claims.load()), SEEDS), (_hubs(), HUB_SEEDS)):
        mine = (run for run in runs if run["seed"] < enough)
        seeds = Counter((f"{run['benchmark']}-{run['scale']}", run["pruner"], run["density"]) for run in mine)
        for place, side in named:
            if seeds[place, *side] < enough:
                wanted[place, enough][side] = None
    rows, commands = [], []
    for (place, enough), cells in sorted(wanted.items()):
        by_density: dict[float, list[str]] = defaultdict(list)
        for pruner, density in cells:
            by_density[density].append(pruner)
        words = "; ".join(f"at {d:g}: {', '.join(sorted(p))}" for d, p in sorted(by_density.items()))
        rows.append((place, enough, len(cells), words))
        (name, scale), first = split(place), f"0-{enough - 1}"
        commands += [
            f"python -m drop run {name} {scale} --pruners {','.join(sorted(p))} --densities {d:g} --seeds {first}"
            for d, p in sorted(by_density.items())
        ]
    return Missing(rows, "\n".join(commands))


def split(place: str) -> tuple[str, str]:
    """Benchmark and scale of a name such as cifar10-paper-fast; the longest scale that fits."""
    scale = max((s for s in benchmarks.SCALES if place.endswith(f"-{s}")), key=len)
    return place.removesuffix(f"-{scale}"), scale


def _hubs() -> Iterator[tuple[str, tuple[str, float]]]:
    """Every (experiment, (pruner, density)) of the arms that are to have more seeds."""
    for place, pruners in HUBS.items():
        for pruner in pruners:
            yield from ((place, (pruner, d)) for d in ((1.0,) if pruner == "full" else (0.1, 0.3, 0.8)))


def _named(document: dict) -> Iterator[tuple[str, tuple[str, float]]]:
    """Every (experiment, (pruner, density)) that a line of the claims names; at density 1 all but a few are "full"."""
    own = set(document.get("planned", {}).get("pruners", ())) | {"cdb-w"}
    for claim in document["claims"]:
        for part in claim["parts"]:
            for place in part["benchmarks"]:
                if not place.startswith("mixture "):
                    for line in claims.lines_of(part, place, document.get("planned")):
                        for side in (line.left, line.right):
                            if not isinstance(side, float):
                                yield place, side if side[1] < 1 or side[0] in own else ("full", 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", metavar="EXPERIMENT", help="such as cifar10-paper; default: all")
    places = parser.parse_args().places
    found = missing(records.Store().all())
    known = dict.fromkeys(row[0] for row in found.rows)
    if unknown := set(places) - set(known):
        parser.error(f"nothing is missing of {', '.join(sorted(unknown))}; something is of " + ", ".join(known))
    for command in found.commands.splitlines():
        name, scale = command.split()[4:6]
        if not places or f"{name}-{scale}" in places:
            print(command)


if __name__ == "__main__":
    main()
