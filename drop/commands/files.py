"""Tables of any common format in, the kept rows out: complete or not at all, never over a file that is there."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drop.commands import rows

READ = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".npy", ".txt")
HEADED = (".csv", ".tsv")  # whose first row names the columns, where it is no sample
MARK = "\ufeff"  # of UTF-8, as Excel writes it


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with named columns; `lines` holds them as they stand in the file, where that is text."""

    path: Path
    columns: dict[str, Any]  # of lists or arrays (N,)
    header: str = ""
    lines: list[str] | None = None
    arrow: Any = None
    by_name: bool = False  # one object in JSON: what it names are no columns

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError(f"{self.path} is empty")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def find(self, name: str | None, usual: tuple[str, ...], option: str) -> str:
        """The name of a column: as asked for, or the first of the usual names, or the only one.

        ValueError that lists what there is, and where the first row may be a sample in place of names.
        """
        headed = self.path.suffix.lower() in HEADED
        own = [[column for column in self.columns if column.lower() == low] for low in usual]
        found = [name] if name else next(filter(None, own), [])
        if not found and len(self.columns) == 1:
            found = list(self.columns)
            if headed:
                raise ValueError(self._headless(found[0], f" (or say {option} {found[0]!r} where that is it)"))
        if len(found) != 1 or found[0] not in self.columns:
            what = f"{self.path} has no column {name!r}" if name else f"say which column of {self.path} it is"
            raise ValueError(f"{what}: {option} takes one of {', '.join(map(repr, self.columns))}")
        surely = len(self.columns) > 1 and found[0].lower() in usual
        if headed and not surely and found[0] in self.columns[found[0]]:
            raise ValueError(self._headless(found[0]))
        return found[0]

    def column(self, name: str | None, usual: tuple[str, ...], option: str) -> Any:
        """The values of a column that is found so: whole numbers as numbers, blank text as None, which is missing."""
        values = self.columns[self.find(name, usual, option)]
        if self.by_name and not isinstance(values, list):
            raise ValueError(f'{self.path} holds no samples: give a list of objects, such as [{{"label": "cat"}}]')
        return whole(filled(values))

    def _headless(self, name: str, way: str = "") -> str:
        bare = "" if len(self.columns) > 1 else ", or save the values alone as .txt"
        return f"the first row of {self.path}, {name!r}, may be a sample: give a header such as label{way}{bare}"

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
        if path.exists():
            what = "a folder: name a file" if path.is_dir() else "no regular file: save it first, and name that"
            raise ValueError(f"{path} is {what}")
        raise FileNotFoundError(f"there is no file {path}")
    if suffix not in READ:
        raise ValueError(f"{path.name} has a format that is not known: it must be one of {', '.join(READ)}")
    try:
        if suffix == ".npy":
            array = np.load(path)
            if not isinstance(array, np.ndarray):
                raise ValueError("it holds several arrays")
            return Table(path, {"value": array})
        if suffix == ".parquet":
            from pyarrow import parquet

            rows.once(parquet.read_schema(path).names, f"{path} names column")
            table = parquet.read_table(path)
            return Table(path, {name: table[name].to_pylist() for name in table.column_names}, arrow=table)
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8: save it so (in Excel as 'CSV UTF-8')") from None
    except (ValueError, EOFError) as error:
        if str(error).startswith("Object arrays cannot be loaded"):
            raise ValueError(f"{path} holds Python objects: save text, np.save(file, labels.astype(str))") from None
        raise ValueError(f"{path} cannot be read as {suffix}: {str(error).splitlines()[0]}") from None
    return _text(path, text.removeprefix(MARK), MARK if text.startswith(MARK) else "")


def _text(path: Path, text: str, mark: str) -> Table:
    name, suffix = str(path), path.suffix.lower()
    if suffix == ".txt":
        return Table(path, *rows.plain(text))
    if suffix == ".json":
        found = rows.parsed(name, text)
        if isinstance(found, dict):
            return Table(path, found, by_name=True)
        return Table(path, *rows.json_list(name, found))
    columns, header, lines = (
        rows.separated(name, text, suffix == ".tsv") if suffix in HEADED else rows.json_lines(name, text)
    )
    return Table(path, columns, mark + header, lines)


def filled(values: Any) -> Any:
    """Blank text as None: a field that is empty names no class."""
    if isinstance(values, np.ndarray) and values.dtype.kind != "U":
        return values
    blank = [isinstance(value, str) and not value.strip() for value in values]
    return [None if b else value for b, value in zip(blank, values, strict=True)] if any(blank) else values


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
    """An OSError where a file cannot be written, or would be written over, before there is anything to write."""
    if path is None:
        return
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{path} is there already: name another file, or say --overwrite")
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise FileExistsError(f"{path} is {'a folder' if path.is_dir() else 'no regular file'}: name another file")
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder}")
    try:
        with tempfile.TemporaryFile(dir=folder), contextlib.suppress(FileNotFoundError):
            os.stat(target)
    except OSError as error:
        raise OSError(f"{path} cannot be written ({error.strerror}): name another file") from None


def write(path: Path, content: bytes) -> None:
    """A file at one stroke, complete or not at all; where a link stands, the file that it points to."""
    target = os.path.realpath(path)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".drop-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
