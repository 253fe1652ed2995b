"""Which rule may be the default for one's own data: what `rerun/own_data.py` measured, judged as it says there.

own_data.table()            all rules on the data sets that chose the default and on those that judge it
own_data.by_set()           the rules that matter, data set by data set
own_data.chosen()           the rule that the protocol names
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from drop.chapters import charts, figures, tables
from drop.places import MEASURED

FILE = MEASURED / "own_data.json"
LEVEL = 0.05
DENSITY = 0.3  # of the examples
COMPARED = ("random", "proportional", "balanced", "drop")  # no candidates
CHECKED = ("prune", "prune-bare")  # added when the rule had been chosen
LABELS = {
    "random": "Random, whatever the class", "proportional": "one density for all classes",
    "balanced": "balanced classes", "drop": "DRoP, bare",
    "laplace": "DRoP, smoothed", "shrunken": "DRoP, shrunken", "root": "DRoP, smoothed, γ = ½",
    "size": "balanced × DRoP", "half": "½ smoothed DRoP + ½ one density", "half-bare": "½ bare DRoP + ½ one density",
    "half-shrunken": "½ shrunken DRoP + ½ one density", "half-size": "½ balanced × DRoP + ½ one density",
    "half-balanced": "½ smoothed DRoP + ½ balanced", "prune": "drop.prune, from counts",
    "prune-bare": "drop.prune, from bare recalls",
}  # fmt: skip


class Before(NamedTuple):
    """Recalls by class of models trained on all of the training set ("full"), at random, and as drop.prune keeps."""

    names: Sequence[str]
    recalls: dict[str, Sequence[float]]
    kept: Sequence[float]
    sizes: Sequence[float]  # of the training set

    def average(self, name: str) -> float:
        """Share right of all samples, where each class is as frequent in use as in training."""
        return float(np.average(self.recalls[name], weights=self.sizes))

    def figure(self, title: str = "") -> Figure:
        """The picture before and after, class by class; of several runs put together the mean."""
        looks = {
            "full": figures.method("full")._replace(label="all samples"),
            "random": figures.method("random")._replace(label="random"),
            "drop": figures.method("random+drop")._replace(label="drop.prune"),
        }
        values = {name: [100 * r for r in self.recalls[name]] for name in looks}
        return charts.classes(values, [str(name) for name in self.names], title, "right, % of the class", looks=looks)

    def picture(self, file: str) -> None:
        """The figure as a file, and its numbers in the terminal."""
        for name, values in self.recalls.items():
            print(f"{name}: average {100 * self.average(name):.1f}, worst class {100 * min(values):.1f} %")
        self.figure().savefig(file, bbox_inches="tight", dpi=200)


def examples() -> dict[str, list[Before]]:
    """The recorded runs of `drop.chapters.examples`, one a seed, as `rerun/own_examples.py` wrote them."""
    found = json.loads((MEASURED / "own_examples.json").read_text(encoding="utf-8"))
    return {name: [Before(**run) for run in runs] for name, runs in found["runs"].items()}


def rivals() -> dict:
    """What other libraries keep of one small case, measured by `rerun/rivals.py`."""
    return json.loads((MEASURED / "rivals.json").read_text(encoding="utf-8"))


def together(runs: Sequence[Before]) -> Before:
    """The means over several runs."""
    recalls = {name: list(np.mean([run.recalls[name] for run in runs], axis=0)) for name in runs[0].recalls}
    kept, sizes = (list(np.mean([getattr(run, what) for run in runs], axis=0)) for what in ("kept", "sizes"))
    return Before(runs[0].names, recalls, kept, sizes)


class Outcome(NamedTuple):
    """A rule against random pruning on some data sets: differences in points, averaged over cells, then over sets."""

    rule: str
    fails: int  # cells whose worst class is below random's by the test,
    gains: int  # and above it
    lower: int  # cells whose worst class is below random's in the mean over draws, whatever the test says
    cells: int
    worst: float
    average: float
    least: float  # the mean difference of the worst class in the cell where it is lowest


@functools.cache
def measured() -> dict:
    """All that was measured: draws, the sets that choose and judge, and per cell and rule the draws' accuracies."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def sets(part: str) -> list[dict]:
    """The data sets that "choose" the default, or "judge" it."""
    return [found for found in measured()["sets"] if found["part"] == part]


def outcomes(data: Iterable[dict]) -> dict[str, Outcome]:
    """Every rule on some data sets, Holm's correction over all their cells."""
    found: dict[str, list[tuple[str, float, float, float, float]]] = {}
    for each in data:
        cells = {(c["validation"], c["density"], c["rule"]): c for c in each["cells"]}
        for (n, density, rule), cell in cells.items():
            base = cells[n, density, "random"]
            worst, average = ((np.array(cell[k]) - np.array(base[k])) / 10 for k in ("worst", "average"))
            entry = each["name"], worst.mean(), average.mean(), _below(worst), _below(-worst)
            found.setdefault(rule, []).append(entry)
    return {rule: _outcome(rule, entries) for rule, entries in found.items()}


def _below(differences: np.ndarray) -> float:
    """One-sided p of a paired t-test that the mean is below 0; differences that are all alike decide by their sign."""
    if np.ptp(differences) == 0:
        return float(differences[0] >= 0)
    return float(stats.ttest_1samp(differences, 0, alternative="less").pvalue)


def _outcome(rule: str, entries: list[tuple[str, float, float, float, float]]) -> Outcome:
    names = sorted({name for name, *_ in entries})
    worst, average = (np.mean([np.mean([e[i] for e in entries if e[0] == n]) for n in names]) for i in (1, 2))
    fails, gains = (holm([entry[i] for entry in entries]) for i in (3, 4))
    each = [entry[1] for entry in entries]
    lower = sum(mean < 0 for mean in each)
    return Outcome(rule, fails, gains, lower, len(each), float(worst), float(average), float(min(each)))


def holm(values: list[float], level: float = LEVEL) -> int:
    """How many hypotheses Holm's procedure rejects."""
    for rejected, p in enumerate(sorted(values)):
        if p > level / (len(values) - rejected):
            return rejected
    return len(values)


def chosen() -> str:
    """The candidate with the fewest failing cells among the sets that choose, of equals the one that gains most."""
    found = outcomes(sets("choose"))
    candidates = [rule for rule in found if rule not in (*COMPARED, *CHECKED)]
    return min(candidates, key=lambda rule: (found[rule].fails, -found[rule].worst))


def table(name: str = "") -> None:
    """All rules on both parts: failing cells, and gains of the worst class and the average over random pruning."""
    parts = {"choosing": outcomes(sets("choose")), "judging": outcomes(sets("judge"))}
    order = sorted(parts["choosing"].values(), key=lambda o: (o.rule not in CHECKED, o.fails, -o.worst))
    shown = [o.rule for o in order if o.rule != "random"]
    rows = [[LABELS[rule], *(value for found in parts.values() for value in _cells(found[rule]))] for rule in shown]
    heads = [(part, head) for part in parts for head in ("cells below", "cells above", "worst class", "average")]
    count = {part: next(iter(found.values())).cells for part, found in parts.items()}
    caption = (
        f"Rules against random pruning on four data sets that choose the default ({count['choosing']} cells of data "
        f"set, validation samples a class and density) and four that judge it ({count['judging']} cells): cells whose "
        f"worst class is below or above random pruning's (paired t-test over {measured()['draws']} draws, one-sided "
        "95 %, Holm), and mean differences of the worst class and of the average in percentage points. Linear models."
    )
    signed = [head for head in heads if head[1] in ("worst class", "average")]
    tables.show(rows, ["rule", *heads], caption, signed=signed, name=name)


def _cells(o: Outcome) -> list[int | float]:
    return [o.fails, o.gains, o.worst, o.average]


def by_set(rules: Iterable[str] = ("prune", "drop", "balanced", "proportional"), name: str = "") -> None:
    """Gains of the worst class over random pruning on each data set."""
    rules, rows = list(rules), []
    for each in measured()["sets"]:
        found = outcomes([each])
        shape = f"{each['kind']}, {len(each['classes'])} classes of {min(each['classes'])} to {max(each['classes'])}"
        rows.append([f"{each['name']} ({shape}; {each['part']}s)", *(found[rule].worst for rule in rules)])
    columns = [LABELS[rule] for rule in rules]
    tables.show(rows, ["data set", *columns],
                "Mean difference of the worst class from random pruning, in percentage points, over all densities and "
                "numbers of validation samples.", signed=columns, name=name)  # fmt: skip
