"""What the claims ledger says of the benchmarks that a chapter shows, as two of its tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from drop.chapters import ledger, tables
from drop.chapters.grid import Grid
from drop.chapters.ledger import Part
from drop.experiments import records

VERDICTS = ("supported", "contradicted", "undecided", "not measured")


def parts_of(grids: Sequence[Grid], claims: Collection[str]) -> list[tuple[Grid, Part]]:
    """The parts of these claims that are tested on the grids' benchmarks, judged by committed records and theirs."""
    found = [record for grid in grids for record in grid.found.values()]
    at_hand = {record["key"]: record for record in [*records.load(records.committed()), *found]}
    judged = ledger.ledger(ledger.load(), list(at_hand.values()), times=ledger.query_times())
    return [
        (grid, part)
        for claim in judged if claim.source["id"] in claims
        for part in claim.parts
        for grid in grids if part.benchmark == f"{grid.benchmark}-{grid.scale}"
    ]  # fmt: skip


def show(parts: Sequence[tuple[Grid, Part]]) -> None:
    """Publish the verdicts and the lines that are contradicted as two folded tables."""
    rows = [
        [part.source["id"], grid.title, part.verdict,
         *(sum(case.verdict == verdict for case in part.cases) for verdict in VERDICTS),
         ("More than the paper says: " if part.source.get("ours") else "") + " ".join(part.source["says"].split())]
        for grid, part in parts
    ]  # fmt: skip
    tables.show(
        rows, ["part", "data set", "verdict", *VERDICTS, "what it says"],
        "Verdicts of the claims ledger on these data sets, and the number of cases of each kind. One case against it "
        "contradicts a part.",
    )  # fmt: skip
    against = [
        [part.source["id"], grid.title, line.metric.replace("_", " "), line.text, line.estimate,
         "the margin only" if line.margin_only else "the sign"]
        for grid, part in parts for case in part.cases for line in case.lines
        if case.verdict == line.verdict == "contradicted"
    ]  # fmt: skip
    tables.show(
        against, ["part", "data set", "metric", "what the part predicts", "left − right", "what is against it"],
        "The lines of these parts that the intervals contradict: an inequality that the part predicts, and the "
        "difference of its two sides in points.", signed=["left − right"],
    )  # fmt: skip
