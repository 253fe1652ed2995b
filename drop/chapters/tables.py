"""The book's tables: HTML that can be sorted and saved, folded under its number of rows; the same bytes each time.

    tables.show(
        [["Random", grid.estimate("random", 0.1, "worst_class"), None], ["Random+DRoP", ...]],
        ["pruner", "worst class", "minus Random"], "Worst class at density 0.1 (%), …",
        best=["worst class"], signed=["minus Random"],
    )

The first cell of a row is its name. Of an Estimate the value stands large and the interval small, in percent; raised
digits count the seeds where they are fewer than five. A column `(group, name)` makes a second head row.
"""

from __future__ import annotations

import csv
import html
import io
import numbers
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from drop.chapters.figures import publish
from drop.experiments.intervals import Estimate

FEW = 5  # seeds; an interval from fewer is marked
LONG = 36  # characters; a longer text may be broken into lines
NOTE = "Raised figures: an interval from so many seeds only."
Column = str | tuple[str, str]


class Words(NamedTuple):
    """A cell of words, with small print under it; tone: "above" or "below" for the colours of signs."""

    text: str
    small: str = ""
    tone: str = ""


def show(
    rows: Iterable[Sequence[Any]], columns: Sequence[Column], caption: str, *, digits: int = 1, scale: float = 100,
    best: Collection[Column] = (), least: Collection[Column] = (), signed: Collection[Column] = (),
    folded: bool = True, name: str = "",
) -> None:  # fmt: skip
    """Publish a table.

    caption: what the table says, without the figure beside it. digits: of floats and Estimates; scale: of Estimates.
    best, least: columns whose highest (lowest) value is marked. signed: columns of differences, which have a sign, and
    a colour where the interval (or the number) lies on one side of 0. name: lets another page paste the table.
    Without rows it says so. ValueError for a row of another length than `columns`, and for a marked column that is not
    there.
    """
    rows, columns = [list(row) for row in rows], list(columns)
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"row {row} has {len(row)} cells, but there are {len(columns)} columns")
    if unknown := {*best, *least, *signed} - set(columns[1:]):
        raise ValueError(f"no column {', '.join(map(str, unknown))}; there are {', '.join(map(str, columns[1:]))}")
    marked = _marked(rows, columns, best, 1) | _marked(rows, columns, least, -1)
    cells = [
        [Cell(value, digits, scale, column in signed, (y, x) in marked)
         for x, (value, column) in enumerate(zip(row[1:], columns[1:], strict=True), 1)]
        for y, row in enumerate(rows)
    ]  # fmt: skip
    if any(cell.few for row in cells for cell in row):
        caption = f"{caption} {NOTE}"
    if not rows:
        publish({"text/markdown": f"*No records: {caption}*", "text/plain": f"No records: {caption}"}, name)
        return
    names = [str(row[0]) for row in rows]
    text = "\n".join([caption, "", *_lines(names, cells, columns)])
    publish({"text/html": _html(names, cells, columns, caption, folded), "text/plain": text}, name)


class Cell:
    """One value as it stands in a table: in words, in HTML, and as the numbers that are saved."""

    def __init__(self, value: Any, digits: int, scale: float, signed: bool, marked: bool):
        self.few, self.marked, self.tone, self.interval, self.parts = 0, marked, "", "", [""]
        self.under = False
        if value is None or value != value:
            self.value = "–"
            return
        if isinstance(value, Words):
            self.value, self.interval, self.tone = value
            self.parts = [f"{value.text} ({value.small})" if value.small else value.text]
            self.under = True
        elif isinstance(value, Estimate):
            numbers_ = [_number(scale * part, digits, signed) for part in (value.value, value.low, value.high)]
            self.value, self.parts = numbers_[0], numbers_[:1]
            if value.seeds != 1:
                self.interval, self.parts = f"[{numbers_[1]}, {numbers_[2]}]", numbers_
                self.few = value.seeds if 1 < value.seeds < FEW else 0
                self.tone = _tone(value.low, value.high) if signed else ""
        elif isinstance(value, numbers.Real) and not isinstance(value, bool):
            self.value = _number(value, 0 if isinstance(value, numbers.Integral) else digits, signed)
            self.parts, self.tone = [self.value], _tone(value, value) if signed else ""
        else:
            self.value, self.parts = str(value), [str(value)]

    @property
    def text(self) -> str:
        raised = "⁰¹²³⁴"[self.few] * bool(self.few)
        return " ".join(filter(None, [self.value + "*" * self.marked, self.interval + raised]))

    @property
    def html(self) -> str:
        value = html.escape(self.value)
        if len(value) > LONG and not self.interval:
            return f'<span class="said">{value}</span>'
        value = f'<span class="{self.tone}">{value}</span>' if self.tone else value
        value = f'<b class="best">{value}</b>' if self.marked else value
        if self.under:
            return f'{value}<small class="under">{html.escape(self.interval)}</small>'
        raised = f"<sup>{self.few}</sup>" if self.few else ""
        return value + (f" <small>{self.interval}{raised}</small>" if self.interval else "")


def _number(value: float, digits: int, signed: bool) -> str:
    value = round(float(value), digits) + 0.0  # + 0.0: no minus sign before a zero
    return f"{value:{'+' if signed and value else ''}{',' if digits == 0 else ''}.{digits}f}".replace("-", "−")


def _tone(low: float, high: float) -> str:
    return "above" if low > 0 else "below" if high < 0 else ""


def _marked(rows: list[list], columns: list[Column], chosen: Collection[Column], sign: int) -> set[tuple[int, int]]:
    """The places (row, column) of the best values of the chosen columns."""
    places = set()
    for x in (columns.index(column) for column in chosen):
        values = {y: sign * getattr(row[x], "value", row[x]) for y, row in enumerate(rows) if _is_number(row[x])}
        places |= {(y, x) for y, value in values.items() if value == max(values.values())}
    return places


def _is_number(value: Any) -> bool:
    return isinstance(value, Estimate | numbers.Real) and value == value


def _lines(names: list[str], cells: list[list[Cell]], columns: list[Column]) -> list[str]:
    """The table in columns of plain text."""
    heads = [column if isinstance(column, str) else " ".join(filter(None, column)) for column in columns]
    grid = [heads, *([name, *(cell.text for cell in row)] for name, row in zip(names, cells, strict=True))]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    padded = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in grid]
    return ["  ".join(row).rstrip() for row in padded]


def _csv(names: list[str], cells: list[list[Cell]], columns: list[Column]) -> str:
    """The shown numbers with plain signs; a column with intervals becomes three."""
    widths = [max((len(row[x].parts) for row in cells), default=1) for x in range(len(columns) - 1)]
    heads = [" ".join(filter(None, c)) if isinstance(c, tuple) else c for c in columns]
    wide = [head + end for head, width in zip(heads[1:], widths, strict=True) for end in ("", " low", " high")[:width]]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([heads[0], *wide])
    for name, row in zip(names, cells, strict=True):
        parts = [part for cell, width in zip(row, widths, strict=True) for part in (cell.parts + ["", ""])[:width]]
        writer.writerow([name, *(re.sub(r"^[+−](?=\d)|(?<=\d),(?=\d{3})", _plain, part) for part in parts)])
    return out.getvalue()


def _plain(found: re.Match) -> str:
    return "-" if found[0] == "−" else ""


def _html(names: list[str], cells: list[list[Cell]], columns: list[Column], caption: str, folded: bool) -> str:
    import pandas as pd
    from pandas.io.formats.style import Styler

    frame = pd.DataFrame([[cell.html for cell in row] for row in cells], index=names, dtype=object)
    pairs = [column if isinstance(column, tuple) else ("", column) for column in columns]
    grouped = any(group for group, _ in pairs)
    frame.columns = pd.MultiIndex.from_tuples(pairs[1:]) if grouped else pd.Index([name for _, name in pairs[1:]])
    frame.columns.names = ["", pairs[0][1]] if grouped else [pairs[0][1]]
    styler = Styler(frame, uuid="0", cell_ids=False, escape=None).format(str)
    styler = styler.format_index(html.escape, axis=0).format_index(html.escape, axis=1)
    kinds = ("row_heading", "col_heading", "data", "row", "col", "level", "index_name", "blank")
    styler = styler.set_table_styles(css_class_names=dict.fromkeys(kinds, ""), overwrite=False)
    table = re.sub(r'<style.*?</style>\s*| id="T_0"| class="[ \d]*"', "", styler.to_html(), flags=re.S)
    head, body = table.split("<tbody>")
    head, body = re.sub(r"<th\b(?!ead)", '<th scope="col"', head), body.replace("<th", '<th scope="row"')
    table = re.sub(r"\s*\n\s*|(?<=\w|\") (?=>)", "", f"{head}<tbody>{body}")
    count = f"{len(names)} row{'s' * (len(names) != 1)}"
    link = quote(_csv(names, cells, columns), safe=",.:;()[]+*/=")
    said = html.escape(caption)
    return (
        f'<details class="drop-table"{"" if folded else " open"}><summary>Table ({count})</summary><p>{said}</p>'
        f'<div role="region" tabindex="0" aria-label="{said}">{table}</div>'
        f'<a download="table.csv" href="data:text/csv;charset=utf-8,{link}">Save as CSV</a></details>'
    )
