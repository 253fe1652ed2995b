"""The claims ledger: what records say of each claim on each data set, by the rule `verdicts` that claims.yml registers.

families = ledger(claims.load(), Cells(records, query_times()))
families["C3", "cifar10-laptop"].verdict            holds, fails, mixed, open, not measured or true by definition
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from drop.chapters import claims
from drop.chapters.judging import Cells, Judged, judge

VERDICTS = ("holds", "mixed", "fails", "open", "true by definition", "not measured")
STATES = ("above", "below", "open", "does not apply", "not measured")
MIXTURES = "mixtures"  # the place of all benchmarks "mixture μ0 μ1 σ0 σ1"


@dataclass(frozen=True)
class Member:
    """What counts as one in a family: a line under `all`, a case under `any`; its conditions count with it."""

    part: dict[str, Any]
    tests: Sequence[Judged]
    conditions: Sequence[Judged]

    @property
    def above(self) -> float:
        """The p-value of its lying above: under `any` the least of its lines' times their number."""
        return max(min(1.0, len(self.tests) * min(test.above for test in self.tests)), self._given)

    @property
    def below(self) -> float:
        """The p-value of its lying below, for which all its lines must."""
        return max(max(test.below for test in self.tests), self._given)

    @property
    def _given(self) -> float:
        return max((condition.above for condition in self.conditions), default=0.0)

    def state(self, tail: float) -> str:
        """One of STATES, uncorrected."""
        if any(condition.verdict == "below" for condition in self.conditions):
            return "does not apply"
        lines = [*self.conditions, *self.tests]
        if all(t.estimate is None for t in self.tests) or any(
            line.estimate is None for line in lines[: -len(self.tests)]
        ):
            return "not measured"
        return "above" if self.above <= tail else "below" if self.below <= tail else "open"


def holm(p_values: Sequence[float], tail: float) -> np.ndarray:
    """Which hypotheses (n,) are rejected by Holm's procedure at a family-wise error of `tail`."""
    p, n = np.asarray(p_values, dtype=float), len(p_values)
    order = np.argsort(p, kind="stable")
    passed = np.logical_and.accumulate(p[order] <= tail / (n - np.arange(n)))
    rejected = np.empty(n, dtype=bool)
    rejected[order] = passed
    return rejected


@dataclass(frozen=True, eq=False)
class Family:
    """The members of a claim, or of a part that is judged for itself, on one data set and scale."""

    source: dict[str, Any]  # of the claim or the part
    place: str
    members: list[Member]
    tail: float = 0.025

    @cached_property
    def states(self) -> list[str]:
        return [member.state(self.tail) for member in self.members]

    @property
    def counts(self) -> Counter:
        """Members by state, uncorrected."""
        return Counter(self.states)

    @cached_property
    def survivors(self) -> tuple[int, int]:
        """How many members lie above and below by Holm's procedure."""
        above, below = ([getattr(member, side) for member in self.members] for side in ("above", "below"))
        return int(holm(above, self.tail).sum()), int(holm(below, self.tail).sum())

    @property
    def verdict(self) -> str:
        """One of VERDICTS, or "does not apply"."""
        counts, (above, below) = self.counts, self.survivors
        if self.source.get("by_definition") and not below:
            return "true by definition"
        if not set(self.states) - {"not measured"}:
            return "not measured"
        if set(self.states) <= {"above", "does not apply"}:
            return "holds" if counts["above"] else "does not apply"
        return ("mixed" if above else "fails") if below else "open"

    @property
    def lines(self) -> list[Judged]:
        """All measured lines but conditions."""
        return [test for member in self.members for test in member.tests if test.estimate]

    @property
    def compared(self) -> set[tuple]:
        """The distinct comparisons behind its lines."""
        return {test.line.compared for test in self.lines}

    @property
    def lacking(self) -> str:
        """What would decide it, in words; "" where nothing is open."""
        missing, undecided = self.counts["not measured"], [
            test.needed for member, state in zip(self.members, self.states, strict=True) if state == "open"
            for test in member.tests if test.verdict == "open" and test.needed
        ]  # fmt: skip
        never = sum(np.isinf(needed) for needed in undecided)
        words = [f"{missing} of {len(self.members)} not measured"] * bool(missing)
        if len(undecided) > never:
            words.append(f"the next would be decided with {min(undecided):.0f} seeds")
        if never:
            words.append(f"{never} by no number of seeds, only by more test images")
        if self.verdict == "open" and not words:
            words.append("decided test by test, but not after the correction for their number")
        return "; ".join(words)

    def by_part(self) -> "dict[str, Family]":
        """Its members part by part, each part a family of its own."""
        parts = {member.part["id"]: member.part for member in self.members}
        return {name: Family(part, self.place, [m for m in self.members if m.part["id"] == name], self.tail)
                for name, part in parts.items()}  # fmt: skip


Ledger = dict[tuple[str, str], Family]  # (id of a claim, or of a part judged for itself; place) -> family


def place_of(benchmark: str) -> str:
    """Where a benchmark's results are put together: the mixtures are one place."""
    return MIXTURES if benchmark.startswith("mixture ") else benchmark


def apart(part: dict[str, Any]) -> bool:
    """Whether a part is judged for itself: it asks more than the paper claims, or is true by definition."""
    return bool(part.get("ours") or part.get("by_definition"))


def ledger(document: dict[str, Any], cells: Cells, factor: float = 1.0) -> Ledger:
    """Every claim of a claims file on every data set, judged by records and query times; margins times `factor`.

    Parts that are judged for themselves have families of their own, by their ids.
    """
    level = document["level"]
    found: dict[tuple[str, str], tuple[dict, list[Member]]] = {}
    for claim in document["claims"]:
        for part in claim["parts"]:
            source = part if apart(part) else claim
            for benchmark in part["benchmarks"]:
                _, members = found.setdefault((source["id"], place_of(benchmark)), (source, []))
                for case in claims.cases_of(part, benchmark, document.get("planned")):
                    members += members_of(part, [judge(line, cells, level, factor) for line in case])
    return {(name, place): Family(source, place, members, (1 - level) / 2)
            for (name, place), (source, members) in found.items()}  # fmt: skip


def members_of(part: dict[str, Any], case: Sequence[Judged]) -> list[Member]:
    """The members that a case of a part makes: one under `any`, else one a line."""
    conditions, tests = ([judged for judged in case if judged.line.given == given] for given in (True, False))
    groups = [tests] if claims.quantifier(part) == "any" else [[test] for test in tests]
    return [Member(part, group, conditions) for group in groups]


def is_known(record: dict, document: dict[str, Any]) -> bool:
    """Whether a record is older than the day on which the replication by new seeds was registered."""
    return record["provenance"]["date"][:10] < str(document["replication"]["registered"])


def replicated(known: Family, new: Family) -> tuple[int, int, int]:
    """Of the comparisons of old and new seeds: how many, how many with the sign of old, how many in its interval."""
    old, now = ({test.line.text: test.estimate for test in family.lines} for family in (known, new))
    pairs = [(old[text], now[text]) for text in old if text in now]
    return (
        len(pairs),
        sum(np.sign(a.value) == np.sign(b.value) for a, b in pairs),
        sum(a.low <= b.value <= a.high for a, b in pairs),
    )
