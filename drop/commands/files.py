"""Tables of any common format in, the kept rows out: complete or not at all, never over a file that is there."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

READ = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".npy", ".txt")
DELIMITERS = ",;\t|"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with named columns; `lines` holds them as they stand in the file, where that is text."""

    path: Path
    columns: dict[str, Any]  # of lists or arrays (N,)
    header: str = ""
    lines: list[str] | None = None
    arrow: Any = None
    by_name: bool = False  # one object in JSON: what it names are no columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def column(self, name: str | None, usual: tuple[str, ...], option: str) -> Any:
        """A column by name, or the first of the usual names; ValueError that lists what there is."""
        found = [name] if name else [column for column in self.columns if column.lower() in usual][:1]
        if not found and len(self.columns) == 1:
            found = list(self.columns)
        if not found or found[0] not in self.columns:
            what = f"{self.path} has no column {name!r}" if name else f"say which column of {self.path} it is"
            raise ValueError(f"{what}: {option} takes one of {', '.join(map(repr, self.columns))}")
        return whole(self.columns[found[0]])

    def content(self, kept: np.ndarray, suffix: str) -> bytes:
        """The kept rows in the format of this file, or their positions as .npy or .txt."""
        buffer = io.BytesIO()
        if suffix == ".npy":
            np.save(buffer, kept)
        elif suffix == ".txt":
            buffer.write("".join(f"{i}\n" for i in kept).encode())
        elif suffix != self.path.suffix.lower():
            raise ValueError(f"{self.path.name} can be written as {self.path.suffix}, or as positions in .npy or .txt")
        elif self.arrow is not None:
            from pyarrow import parquet

            parquet.write_table(self.arrow.take(kept), buffer)
        elif self.lines is None:
            raise ValueError(f"the rows of {self.path.name} cannot be cut out: write positions, to .npy or .txt")
        else:
            content = self.header + "".join(self.lines[i] for i in kept)
            content = "[\n" + content.removesuffix(",\n") + "\n]\n" if suffix == ".json" else content
            buffer.write(content.encode())
        return buffer.getvalue()


def read(path: Path) -> Table:
    """A table; FileNotFoundError or ValueError in one sentence."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    if suffix not in READ:
        raise ValueError(f"{path.name} has a format that is not known: it must be one of {', '.join(READ)}")
    try:
        if suffix == ".npy":
            array = np.load(path)
            return Table(path, {"value": array})
        if suffix == ".parquet":
            from pyarrow import parquet

            table = parquet.read_table(path)
            return Table(path, {name: table[name].to_pylist() for name in table.column_names}, arrow=table)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8: save it so (in Excel as 'CSV UTF-8')") from None
    except (ValueError, EOFError) as error:
        if str(error).startswith("Object arrays cannot be loaded"):
            raise ValueError(f"{path} holds Python objects: save text, np.save(file, labels.astype(str))") from None
        raise ValueError(f"{path} cannot be read as {suffix}: {str(error).splitlines()[0]}") from None
    if suffix == ".txt":
        lines = text.splitlines(keepends=True)
        return Table(path, {"value": [line.rstrip("\r\n") for line in lines]}, lines=_ended(lines))
    return _json(path, text) if suffix in (".json", ".jsonl", ".ndjson") else _separated(path, text)


def _separated(path: Path, text: str) -> Table:
    first = text.partition("\n")[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(DELIMITERS, key=first.count)
    source = io.StringIO(text, newline="")
    ends = [0]

    def lines():  # the text as the reader takes it, with the place where each of its lines ends
        for line in source:
            ends.append(ends[-1] + len(line))
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    rows, spans = [], []
    seen = 0
    try:
        for row in reader:
            if row:
                rows.append(row)
                spans.append((ends[seen], ends[reader.line_num]))
            seen = reader.line_num
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
    if not rows:
        raise ValueError(f"{path} is empty")
    names = rows[0]
    for row, number in zip(rows[1:], range(2, len(rows) + 1), strict=True):
        if len(row) != len(names):
            raise ValueError(
                f"{path}: row {number} has {len(row)} fields, but the first row names {len(names)} columns"
            )
    parts = _ended([text[begin:end] for begin, end in spans])
    columns = {name: [row[k] for row in rows[1:]] for k, name in enumerate(names)}
    return Table(path, columns, parts[0], parts[1:])


def _json(path: Path, text: str) -> Table:
    """JSON lines, or one JSON value: a list of objects, or an object (a report, recalls by name)."""
    if path.suffix.lower() == ".json":
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path} is no JSON: {error}") from None
        if isinstance(found, dict):
            return Table(path, found, by_name=True)
        rows = found
        lines = [json.dumps(row, ensure_ascii=False) + ",\n" for row in found] if isinstance(found, list) else None
    else:
        lines = [line for line in text.splitlines(keepends=True) if line.strip()]
        rows = []
        for number, line in enumerate(lines, 1):
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ValueError(f"{path}, line {number} is no JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f'{path} must hold objects such as {{"label": "cat"}}, one a row')
    names = dict.fromkeys(name for row in rows for name in row)
    return Table(path, {name: [row.get(name) for row in rows] for name in names}, lines=lines and _ended(lines))


def _ended(lines: list[str]) -> list[str]:
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def whole(values: Any) -> Any:
    """Values that are all whole numbers written as text, as numbers: class 10 comes after class 9."""
    if (
        isinstance(values, list)
        and values
        and all(isinstance(v, str) and re.fullmatch(r"0|-?[1-9]\d*", v) for v in values)
    ):
        return [int(value) for value in values]
    return values


def free(path: Path | None, overwrite: bool) -> None:
    """FileExistsError where a file would be written over; FileNotFoundError where its folder is missing."""
    if path is None:
        return
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already: name another file, or say --overwrite")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.absolute().parent}")


def write(path: Path, content: bytes) -> None:
    """A file at one stroke, complete or not at all."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
