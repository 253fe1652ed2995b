"""What the claims ledger says of some claims and data sets, as tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from drop.chapters import claims, coverage, tables
from drop.chapters.grid import Grid
from drop.chapters.judging import Cells, Judged, query_times
from drop.chapters.ledger import STATES, Family, apart, ledger
from drop.experiments import intervals, records
from drop.experiments.intervals import Estimate


def families(grids: Sequence[Grid], names: Collection[str]) -> list[tuple[str, Family]]:
    """The measured families of these claims on the grids' benchmarks, with the title of each grid.

    Judged by committed records and the grids'. Parts that are judged for themselves come with their claim.
    """
    found = [record for grid in grids for record in grid.found.values()]
    at_hand = {record["key"]: record for record in [*records.load(records.committed()), *found]}
    document = claims.load()
    judged = ledger(document, Cells(list(at_hand.values()), query_times()))
    wanted = [entry["id"] for claim in document["claims"] if claim["id"] in names
              for entry in (claim, *(part for part in claim["parts"] if apart(part)))]  # fmt: skip
    scales = {grid.scale: f", {grid.scale} scale" * (grid.scale != "laptop") for grid in grids}
    places = {f"{grid.benchmark}-{grid.scale}": grid.title + scales[grid.scale] for grid in grids}
    return [(title, judged[name, place]) for name in wanted for place, title in places.items()
            if (name, place) in judged and judged[name, place].verdict != "not measured"]  # fmt: skip


def show(found: Sequence[tuple[str, Family]]) -> None:
    """Publish the verdicts and, if there are any, the lines that lie below their margin, as two folded tables."""
    tables.show(
        [[f"{family.source['id']}, {title}", family.verdict, *(family.counts[state] for state in STATES), said(family)]
         for title, family in found],
        ["claim, data set", "verdict", *STATES, "what it says"],
        "Verdicts of the claims ledger on these data sets, and how many lines lie above and below their margins, each "
        "by itself; a verdict allows for their number.",
    )  # fmt: skip
    against = [test for _, family in found for test in family.lines if test.verdict == "below"]
    if against:
        show_lines(against, "The lines that lie below their margin: left minus right in points, with 95 % intervals.")


def said(family: Family) -> str:
    """What a claim, or a part that is judged for itself, says."""
    text = " ".join((family.source.get("says") or family.source["claim"]).split())
    return ("More than the paper says: " if family.source.get("ours") and "says" in family.source else "") + text


def show_lines(lines: Iterable[Judged], caption: str) -> None:
    """Publish lines with their differences, p-values and what would decide them."""
    tables.show(
        [[f"{test.line.metric.replace('_', ' ')}: {test.line.text}", test.line.benchmark.removesuffix("-laptop"),
          difference(test), test.verdict, p_in_words(test.above), p_in_words(test.below), seeds_in_words(test),
          coverage_in_words(test)] for test in lines],
        ["left > right + margin", "data set", "left − right", "lies", "p above", "p below", "seeds needed", "covers"],
        f"{caption} Covers: how often such intervals contained the truth in simulations (%); ! outside 93 to 98.",
        signed=["left − right"],
    )  # fmt: skip


def difference(test: Judged) -> Estimate | str:
    """Left minus right of a line: an Estimate where it is in points, else in words in its own unit."""
    e = test.estimate
    if e is None or test.line.metric in intervals.ALL or test.line.metric == "smallest_class":
        return e
    return f"{e.value:.2f}" + (f" [{e.low:.2f}, {e.high:.2f}]" if e.seeds else "")


def coverage_in_words(test: Judged) -> str:
    """Coverage (%) of the simulated intervals that are most alike, with a mark where it lies outside the target."""
    if test.estimate is None or test.images is None:
        return ""
    kind = "alone" if float in map(type, (test.line.left, test.line.right)) else "difference"
    found = coverage.of(test.line.metric.replace("worst_group", "worst_class"), kind, *test.images, test.estimate.seeds)
    if found is None:
        return ""
    outside = min(found) < coverage.TARGET[0] or max(found) > coverage.TARGET[1]
    return "–".join(f"{100 * share:.0f}" for share in sorted(set(found))) + " !" * outside


def p_in_words(p: float) -> str:
    """A p-value to two digits, as a table has it."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else "–"


def seeds_in_words(test: Judged) -> str:
    """How many seeds of each method would decide a line that is open."""
    if test.needed is None:
        return ""
    return "none suffices" if test.needed == float("inf") else f"{test.needed:.0f}"
