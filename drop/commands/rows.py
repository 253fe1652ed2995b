"""Rows out of text, each with its line as it stands: byte order mark, line ends and quotes included."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

DELIMITERS = ",;\t|"
LONGEST = 2**31 - 1  # characters in a field
QUOTED = r'(?:^|(?<=[,;\t|]))"(?:[^"]|"")*"'  # a field in quotes


class Rows(NamedTuple):
    """Columns by name, lists (N,); what comes before the lines; the lines (N,), None where none can be cut out."""

    columns: dict[str, Any]
    header: str = ""
    lines: list[str] | None = None


def separated(name: str, text: str, tab: bool) -> Rows:
    """Fields between commas, or another delimiter that the first row has more often; a line may hold line ends."""
    between = "\t" if tab else delimiter(text)
    rows, spans = [], []
    try:
        for row, span in _fields(text, between):
            rows.append(row)
            spans.append(span)
    except csv.Error as error:
        raise ValueError(f"{name}, row {len(rows) + 1}: {error}") from None
    if spans and not _closed(text[slice(*spans[-1])], between):
        raise ValueError(f"{name}, row {len(rows)}: a quote opens there that never closes")
    while rows and not rows[-1]:
        rows.pop()
    if not any(rows):
        raise ValueError(f"{name} is empty")
    first = next(i for i, row in enumerate(rows) if row)
    names = once(rows[first], f"{name} names column")
    if len(names) == 1:
        rows[first:] = [row or [""] for row in rows[first:]]  # the only field is missing
    filled = [i for i, row in enumerate(rows) if row]
    for number, i in enumerate(filled, 1):
        if len(rows[i]) != len(names):
            raise ValueError(
                f"{name}: row {number} has {len(rows[i])} fields, but the first row names {len(names)} columns"
            )
    header, *lines = _ended([text[slice(*spans[i])] for i in filled])
    return Rows({key: [rows[i][k] for i in filled[1:]] for k, key in enumerate(names)}, header, lines)


def delimiter(text: str) -> str:
    """What the first row has most often outside quotes, a comma where it has none.

    >>> delimiter('"name, first";label')
    ';'
    """
    found = re.match(rf"(?:{QUOTED}|[^\r\n])*", text.lstrip("\r\n"))
    return max(DELIMITERS, key=re.sub(QUOTED, "", found[0] if found else "").count)


def _fields(text: str, between: str) -> Iterator[tuple[list[str], tuple[int, int]]]:
    """Each row's fields, and where its text begins and ends."""
    ends = [0]

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            ends.append(ends[-1] + len(line))
            yield line

    csv.field_size_limit(LONGEST)
    reader, seen = csv.reader(lines(), delimiter=between), 0
    for row in reader:
        yield row, (ends[seen], ends[reader.line_num])
        seen = reader.line_num


def _closed(last: str, between: str) -> bool:
    """Whether the quotes of the last row are closed; if not, all that follows them is one field."""
    try:
        list(csv.reader(io.StringIO(last, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        return "unexpected end of data" not in str(error)
    return True


def once(names: list[str], who: str) -> list[str]:
    """The names of columns; ValueError where two are alike, but for blank ones, which nobody asks for."""
    if len(set(names)) < len(names):
        for name, count in Counter(names).items():
            if count > 1 and name.strip():
                raise ValueError(f"{who} {name!r} twice: give each a name of its own")
    return names


def plain(text: str) -> Rows:
    """One value a line; blank lines at the end are none."""
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return Rows({"value": [line.removesuffix("\r") for line in lines]})


def json_lines(name: str, text: str) -> Rows:
    """One object a line."""
    lines = [(i, line) for i, line in enumerate(io.StringIO(text, newline="\n"), 1) if line.strip()]
    found = [parsed(f"{name}, line {i}", line) for i, line in lines]
    return _objects(name, found, _ended([line for _, line in lines]))


def json_list(name: str, found: Any) -> Rows:
    """A list of objects; its lines are written anew."""
    lines = [json.dumps(row, ensure_ascii=False) + ",\n" for row in found] if isinstance(found, list) else []
    return _objects(name, found, lines)


def parsed(where: str, text: str) -> Any:
    """JSON; ValueError where it is none, or names something twice, of which the last would win."""

    def single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        once([key for key, _ in pairs], f"{where} names")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=single)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where} is no JSON: {error}") from None


def _objects(name: str, rows: Any, lines: list[str]) -> Rows:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f'{name} must hold objects such as {{"label": "cat"}}, one a row')
    names = dict.fromkeys(key for row in rows for key in row)
    return Rows({key: [row.get(key) for row in rows] for key in names}, "", lines)


def _ended(lines: list[str]) -> list[str]:
    """The lines, the last of them ended as the first is."""
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\r\n" if lines[0].endswith("\r\n") else "\r" if lines[0].endswith("\r") else "\n"
    return lines
