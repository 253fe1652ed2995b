"""A plan before anything is dropped: which class keeps how many samples, why, and what to be careful about.

plan = drop.plan(labels, density=0.3, validation=(labels_v, predictions))
print(plan)                                  a table, and one sentence for each thing to know
kept = plan.positions(seed=0)                as drop.prune would return them
"""

from __future__ import annotations

import json
import numbers
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drop.known import Known, from_recalls, from_validation, wilson
from drop.names import Coded, Name, coded, listed
from drop.quotas import check_density
from drop.rules import ASSUMED, DEFAULT, LABELS_ONLY, Evidence, quotas
from drop.selection import check_seed, select

FEW, SHAKY = 10, 30  # samples kept of a class; validation samples behind a recall


@dataclass(frozen=True, eq=False)
class Row:
    """What a plan says of one class; total and recall are None where they are not known.

    >>> plan(["a", "a", "b"], density=1, rule="balanced").rows[1]
    Row(name='b', size=1, recall=None, total=None, kept=1, why='all of it')
    """

    name: Name
    size: int
    recall: float | None
    total: int | None
    kept: int
    why: str


@dataclass(frozen=True, eq=False)
class Plan:
    """How many samples each class keeps; print it, or take its `positions`.

    >>> print(plan(["a"] * 6 + ["b"] * 2, density=0.5, rule="balanced"))
    keep 4 of 8 samples (rule balanced, density 0.5)
    <BLANKLINE>
    class      size  recall  95 %              kept  why
    a             6       -                       2  0.67 × random pruning
    b             2       -                       2  all of it
    """

    rows: tuple[Row, ...]
    density: float
    rule: str
    at_least: int
    seed: int
    notes: tuple[str, ...]  # one sentence each
    labels: Coded | None = field(default=None, repr=False)

    @property
    def counts(self) -> dict[Name, int]:
        """How many samples each class keeps, by name."""
        return {row.name: row.kept for row in self.rows}

    def positions(
        self, labels: Any = None, scores: ArrayLike | None = None, seed: int | None = None
    ) -> NDArray[np.int64]:
        """The sorted positions of the samples to keep: random inside each class, or those of the highest scores.

        labels: needed by a plan that was read from JSON only; ValueError where they are not those of the plan
        """
        found = self.labels if labels is None else coded(labels, classes=[row.name for row in self.rows])
        if found is None:
            raise ValueError("a plan from JSON knows no samples: pass the labels that it was made for")
        for row, size in zip(self.rows, found.sizes(), strict=True):
            if row.size != size:
                raise ValueError(f"class {row.name!r} has {size} samples, but the plan was made for {row.size}")
        if len(found.codes) == 0:
            return np.zeros(0, np.int64)
        return select(found.codes, [row.kept for row in self.rows], scores, self.seed if seed is None else seed)

    def to_json(self) -> str:
        """The plan as text that `from_json` reads, without the samples.

        ValueError for class names that JSON does not know, such as dates: it has text, numbers, booleans and lists.
        """
        content = {"plan": 1, "density": self.density, "rule": self.rule, "at_least": self.at_least, "seed": self.seed}
        content |= {"classes": [asdict(row) for row in self.rows], "notes": list(self.notes)}
        try:
            return json.dumps(content, indent=1)
        except TypeError:
            odd = next(row.name for row in self.rows if not isinstance(row.name, str | int | float | tuple))
            raise ValueError(f"JSON has no name such as {odd!r}: make the plan with names that are text") from None

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """A plan from its JSON; ValueError for other text."""
        try:
            found = json.loads(text)
            rows = tuple(Row(**row | {"name": _hashable(row["name"])}) for row in found["classes"])
            numbers = (found["density"], found["rule"], found["at_least"], found["seed"])
            return cls(rows, *numbers, tuple(found["notes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"this is no plan in JSON: {error!r}") from None

    def __str__(self) -> str:
        width = max([5, *(len(str(row.name)) for row in self.rows)])
        kept, size = sum(row.kept for row in self.rows), sum(row.size for row in self.rows)
        lines = [f"keep {kept:,} of {size:,} samples (rule {self.rule}, density {self.density:g})", ""]
        lines.append(f"{'class':<{width}}{'size':>10}{'recall':>8}  {'95 %':<12}{'kept':>10}  why")
        for row in self.rows:
            recall, between = "-", ""
            if row.recall is not None:
                recall = f"{row.recall:.2f}"
            if row.recall is not None and row.total is not None:
                low, high = wilson(np.array([row.recall]), np.array([row.total]))[0]
                between = f"{low:.2f} – {high:.2f}"
            lines.append(f"{row.name!s:<{width}}{row.size:>10,}{recall:>8}  {between:<12}{row.kept:>10,}  {row.why}")
        return "\n".join([*lines, *([""] if self.notes else []), *(f"! {note}" for note in self.notes)])


def _hashable(name: Any) -> Any:
    return tuple(map(_hashable, name)) if isinstance(name, list) else name


def plan(
    labels: Any, recalls: Any = None, density: float | None = None, *, validation: Any = None,
    rule: str = DEFAULT, at_least: int | None = None, groups: Any = None, classes: Sequence[Name] | None = None,
    seed: int = 0) -> Plan:  # fmt: skip
    """How many samples of each class to keep, and why, before anything is dropped.

    labels: one a sample, of any kind: strings, numbers, booleans, a Series, a Categorical, a tensor, a column
    recalls: of each class on samples that were not trained on: by name (a dictionary, a Series, scikit-learn's
    classification report as dictionary or DataFrame), (right, total) or a confusion matrix; a bare array in the order
    of the sorted labels, where these are numbers
    validation: (labels, predictions) of the validation samples, instead of recalls; the best choice
    density: the fraction to keep, in [0, 1]
    rule: "half-balanced" (measured to be safe, see `drop.rules`), "drop" (the paper's, bare), or another of RULES;
    "balanced" and "proportional" need labels only
    at_least: samples that every class keeps, if it has them; None: one, where the budget allows it
    groups: one a sample, in place of labels as that between which the budget is shared; then recalls are of groups, and
    validation is (labels, predictions, groups)
    classes: all names in order: that of bare recalls, and what labels and predictions mean that are numbers, such as
    data.features["label"].names (Hugging Face) or dataset.classes (torchvision)
    seed: of the choice inside the classes, and of equal remainders

    A class without samples keeps none. ValueError for names that do not match, numbers out of range, a floor that
    exceeds the budget; each says what to do.

    >>> p = plan(["cat"] * 60 + ["dog"] * 40, {"cat": (45, 50), "dog": (30, 50)}, density=0.3)
    >>> p.counts
    {'cat': 12, 'dog': 18}
    >>> len(p.positions()), Plan.from_json(p.to_json()).counts == p.counts
    (30, True)
    """
    if density is None:
        raise ValueError("say what fraction to keep, such as density=0.3")
    density, seed = check_density(density), check_seed(seed)
    found = coded(labels, classes=None if groups is not None else classes)
    units = found if groups is None else coded(groups, "groups", classes)
    if len(units.codes) != len(found.codes):
        raise ValueError(f"there are {len(found.codes)} labels, but {len(units.codes)} groups")
    units, known = _known(units, recalls, validation, rule, groups is not None, classes)
    sizes = units.sizes()
    floor = _floor(at_least, sizes, density)
    some = sizes > 0
    total = None if known.total is None else known.total[some]
    evidence = Evidence(sizes[some], known.recalls[some], total)
    kept = np.zeros(len(sizes), np.int64)
    if some.any():
        kept[some] = quotas(rule, evidence, density, floor, seed)
    rows = tuple(_row(units.names[k], int(sizes[k]), known, k, int(kept[k]), density, floor) for k in range(len(sizes)))
    notes = (*known.notes, *_notes(units.names, sizes, known, kept, density, rule), *_lost(found, units, kept, groups))
    return Plan(rows, density, rule, floor, seed, notes, units)


def prune(
    labels: Any, recalls: Any = None, density: float | None = None, scores: ArrayLike | None = None, seed: int = 0, *,
    validation: Any = None, rule: str = DEFAULT, at_least: int | None = None, groups: Any = None,
    classes: Sequence[Name] | None = None) -> NDArray[np.int64]:  # fmt: skip
    """The sorted int64 positions of the samples to keep: quotas by class error, then random (or top) inside each class.

    The short form of `plan(…).positions(scores=scores)`, whose arguments it takes; what the plan notes are warnings.
    scores (N,), high = keep, or None for random, which the paper recommends. Positions serve as `data.iloc[kept]`
    (pandas), `data.select(kept)` (Hugging Face), `torch.utils.data.Subset(data, kept)`, `table.take(kept)` (Arrow).

    >>> import drop
    >>> labels = ["cat"] * 6 + ["dog"] * 6
    >>> drop.prune(labels, {"cat": (45, 50), "dog": (30, 50)}, density=0.5).tolist()  # 2 cats, 4 dogs
    [1, 4, 6, 8, 9, 10]
    """
    made = plan(labels, recalls, density, validation=validation, rule=rule, at_least=at_least, groups=groups,
                classes=classes, seed=seed)  # fmt: skip
    kept = made.positions(scores=scores)
    for note in made.notes:
        warnings.warn(note, stacklevel=2)
    return kept


def _known(units: Coded, recalls: Any, validation: Any, rule: str, grouped: bool,
           classes: Sequence[Name] | None) -> tuple[Coded, Known]:  # fmt: skip
    if recalls is None and validation is None and rule in LABELS_ONLY:
        return units, Known(np.full(len(units.names), np.nan), None)
    if (recalls is None) == (validation is None):
        raise ValueError("pass either recalls or validation=(labels, predictions)")
    if validation is not None:
        return units, from_validation(units.names, validation, grouped, classes)
    return from_recalls(units, recalls, classes is not None)


def _floor(at_least: int | None, sizes: NDArray[np.int64], density: float) -> int:
    budget = round(density * int(sizes.sum()))
    if at_least is None:
        return int((sizes > 0).sum() <= budget)
    if not isinstance(at_least, numbers.Real) or not float(at_least).is_integer() or at_least < 0:
        raise ValueError(f"at_least is {at_least!r}, but must be a whole number of samples")
    if (needed := int(np.minimum(sizes, at_least).sum())) > budget:
        raise ValueError(f"at_least={at_least} needs {needed} samples, but density {density:g} keeps {budget}")
    return int(at_least)


def _row(name: Name, size: int, known: Known, k: int, kept: int, density: float, floor: int) -> Row:
    recall = None if np.isnan(known.recalls[k]) else float(known.recalls[k])
    why = f"{kept / (density * size):.2f} × random pruning" if density * size else ""
    if not size:
        why = "has no samples"
    elif kept == size:
        why = "all of it"
    elif 0 < kept == floor:
        why = "the least that a class keeps"
    return Row(name, size, recall, None if known.total is None else int(known.total[k]), kept, why)


def _notes(names: list[Name], sizes: NDArray[np.int64], known: Known, kept: NDArray[np.int64], density: float,
           rule: str) -> list[str]:  # fmt: skip
    """What to be careful about, one sentence each."""
    notes, some = [], sizes > 0
    if not some.all():
        notes.append(f"no training sample belongs to {_named(names, ~some)}: nothing is kept of it")
    if density == 0 or density == 1 or not some.any():
        return notes
    if (none := some & (kept == 0)).any():
        hint = "its recall is 1" if rule == "drop" and (known.recalls[none] == 1).all() else "the budget is small"
        classes = "class" if none.sum() == 1 else "classes"
        notes.append(f"nothing is kept of {classes} {_named(names, none)} ({hint}): at_least= keeps some")
    few = (kept > 0) & (kept < FEW) & (kept < density * sizes / 2)
    if few.any():
        pairs = [f"{names[k]!r} ({kept[k]} of {sizes[k]})" for k in np.flatnonzero(few)[:5]]
        notes.append(f"few samples are kept of {', '.join(pairs)}: at_least= keeps more")
    if rule in LABELS_ONLY:
        return notes
    if known.total is None:
        taken = (
            "how far chance made them is not known" if rule == "drop" else f"each is taken as if from {ASSUMED} samples"
        )
        notes.append(
            f"recalls come without counts, so {taken}: pass (right, total) or validation=(labels, predictions)"
        )
    else:
        shaky = some & (known.total < SHAKY)
        if shaky.any():
            fewest = int(known.total[shaky].min())
            notes.append(f"recalls of {_named(names, shaky)} rest on fewer than {SHAKY} samples (the fewest: {fewest})")
    if _alike(known, some):
        notes.append("recalls do not differ by more than chance: there is nothing to rebalance")
    return notes


def _alike(known: Known, some: NDArray[np.bool_]) -> bool:
    """Whether the recalls may all be the same: chi-squared not above its mean, or equal where counts are not known."""
    recalls = known.recalls[some]
    seen = ~np.isnan(recalls)
    if seen.sum() < 2 or known.total is None:
        return bool(seen.sum() >= 2 and np.ptp(recalls[seen]) == 0)
    n, r = known.total[some][seen], recalls[seen]
    p = float((n * r).sum() / n.sum())
    return bool((n * (r - p) ** 2).sum() <= (len(n) - 1) * p * (1 - p))


def _lost(labels: Coded, units: Coded, kept: NDArray[np.int64], groups: Any) -> list[str]:
    """With groups: the classes all of whose groups keep nothing."""
    if groups is None or not kept.any():
        return []
    left = np.bincount(labels.codes[kept[units.codes] > 0], minlength=len(labels.names))
    lost = (left == 0) & (labels.sizes() > 0)
    return [f"no sample of class {_named(labels.names, lost)} is kept"] if lost.any() else []


def _named(names: list[Name], chosen: NDArray[np.bool_]) -> str:
    return listed(names[k] for k in np.flatnonzero(chosen))
