"""Text written by a person, with values from the records and held to them.

    prose.values({"gain": lambda: prose.points(grid.compare("random+drop", "random", 0.1))})   # {glue:text}`gain`
    prose.holds({"DRoP's worst class is above Random's": lambda: grid.compare(...).low > 0})
    prose.made([grid])

A chapter's text speaks of its committed parameters and records. Where others make a value unknown or a sentence untrue,
the page says which in one line, and `make pages` lists it and fails.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence

from drop.chapters import figures, tables
from drop.chapters.grid import Grid
from drop.experiments.intervals import Estimate

HIDDEN = "application/papermill.record/"  # such an output is not shown, but can be pasted
UNKNOWN = (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError)  # a record is missing


def points(e: Estimate, digits: int = 1) -> str:
    """A difference in percentage points with its interval: "+10.7 [+5.1, +16.3]", digits raised for few seeds."""
    return tables.Cell(_known(e), digits, 100, signed=True, marked=False).text


def percent(e: Estimate | float, digits: int = 1) -> str:
    """A share in percent, of an Estimate with its interval: "64.9 % [61.5, 68.4]"."""
    if not isinstance(e, Estimate):
        return f"{100 * float(e):.{digits}f} %"
    value, _, interval = tables.Cell(e, digits, 100, signed=False, marked=False).text.partition(" ")
    return f"{value} % {interval}".strip()


def _known(e: Estimate | None) -> Estimate:
    if e is None:
        raise ValueError("one of the two has fewer than two seeds")
    return e


def values(texts: Mapping[str, Callable[[], str]]) -> None:
    """Give values names by which the page's Markdown pastes them; what cannot be computed is a dash, and said."""
    lost = []
    for name, compute in texts.items():
        try:
            text = compute()
        except UNKNOWN:
            text, lost = "–", [*lost, f"{name} is not known"]
        figures.publish({f"{HIDDEN}text/plain": repr(text)}, name, HIDDEN)  # quoted: "1.00" is no number
    _complain(lost)


def holds(sentences: Mapping[str, Callable[[], bool]]) -> None:
    """Say which of the sentences that the page asserts are not so; nothing where all hold."""
    _complain([sentence for sentence, check in sentences.items() if not _is_so(check)])


def _is_so(check: Callable[[], bool]) -> bool:
    try:
        return bool(check())
    except UNKNOWN:
        return False


def _complain(broken: Sequence[str]) -> None:
    if broken:
        line = "The text of this page speaks of other parameters or records. Not so here: " + "; ".join(broken) + "."
        figures.publish({"text/markdown": f"*{line}*", "text/plain": line}, broken=list(broken))


def made(grids: Sequence[Grid], more: str = "") -> None:
    """Publish the folded box at the end of a chapter: scale, seeds, devices, dates, cost, and what measures more."""
    box([*(f"{grid.title}, {grid.scale} scale: {grid.recipe_in_words()} {grid.cost()}" for grid in grids), more],
        list(filter(None, (grid.command() for grid in grids))), "To measure what has no record yet:")  # fmt: skip


def box(paragraphs: Sequence[str], commands: Sequence[str], lead_in: str = "To make it again:") -> None:
    """Publish the folded box "How this was made": paragraphs, and commands, if any, with what they do."""
    lead = [lead_in] * bool(commands)
    said = [" ".join(text.split()) for text in (*paragraphs, *lead) if text.strip()]
    body = "".join(f"<p>{html.escape(text)}</p>" for text in said)
    body += f"<pre>{html.escape(chr(10).join(commands))}</pre>" * bool(commands)
    figures.publish({
        "text/html": f'<details class="drop-made"><summary>How this was made</summary>{body}</details>',
        "text/plain": "\n\n".join(["How this was made", *said, *commands]),
    })  # fmt: skip
