"""Images with a table of labels and attributes, in the layout of Waterbirds: metadata.csv beside the image files.

    metadata:~/waterbirds                                       the columns of Waterbirds (Sagawa et al. 2020)
    metadata:~/metashift?image=filename&attribute=a&side=64     other names of columns, another size

Options: the names of the columns `image` (path of the file, under `folder`), `label`, `attribute` and `split` (0, 1, 2
or train, val, test), of `cluster` (images that share it are not independent), and `side`: the largest square in the
middle of an image is scaled to side * 8 / 7 pixels, and its middle cut out. `classes` and `values` name what the labels
and attributes, sorted, stand for. All errors come before an image is decoded, but for files that are no images.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np

from drop import places
from drop.experiments import folders
from drop.experiments.originals import SPLITS, Attribute, Original, check_groups

PREFIX = "metadata:"
SPLIT_NAMES = {"0": "train", "1": "validation", "2": "test", "val": "validation", "valid": "validation"}
SPLIT_NAMES |= {name: name for name in SPLITS}
WATERBIRDS = "waterbird_complete95_forest2water2"
NAMED = {  # folder under the data root, options, where it comes from
    "waterbirds": (
        WATERBIRDS, "classes=landbird,waterbird&values=on land,on water&cluster=place_filename",
        f"unpack https://nlp.stanford.edu/data/dro/{WATERBIRDS}.tar.gz there",
    ),
}  # fmt: skip
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Layout:
    """Where the table is, and what its columns are called."""

    path: Path
    source: str = "each row needs its file"  # what to do where files are missing
    file: str = "metadata.csv"
    folder: str = "."
    image: str = "img_filename"
    label: str = "y"
    attribute: str = "place"
    split: str = "split"
    cluster: str = ""
    side: str = "224"
    classes: str = ""
    values: str = ""

    @classmethod
    def of(cls, name: str, root: Path) -> Layout:
        """The layout of "metadata:PATH?options", or of a named data set under the data root; ValueError."""
        if name in NAMED:
            folder, options, source = NAMED[name]
            path, given = root / folder, {"source": source}
        else:
            folder, _, options = name.removeprefix(PREFIX).partition("?")
            path, given = places.absolute(folder), {}
        known = {field.name for field in fields(cls)} - {"path", "source"}
        given |= dict(parse_qsl(options))
        if unknown := sorted(set(given) - known - {"source"}):
            raise ValueError(f"{name}: unknown option {unknown[0]!r}; it must be one of {', '.join(sorted(known))}")
        if not given.get("side", "1").isdigit() or given.get("side") == "0":
            raise ValueError(f"{name}: side is {given['side']!r}, but must be a number of pixels")
        return cls(path, **given)

    def image_file(self, row: dict[str, str]) -> Path:
        return self.path / self.folder / row[self.image]

    def rows(self) -> Rows:
        """The rows of the table; FileNotFoundError without it or an image, ValueError for a column or a cell."""
        table = self.path / self.file
        if not table.is_file():
            raise FileNotFoundError(f"{table} is missing: {self.source}")
        with open(table, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows, found = list(reader), reader.fieldnames or []
        options = ("image", "label", "attribute", "split", *(["cluster"] if self.cluster else []))
        for option in options:
            if (column := getattr(self, option)) not in found:
                raise ValueError(f"{table} has no column {column!r}, only {', '.join(found)}: name it by {option}=…")
        for number, row in enumerate(rows, 2):
            if empty := [option for option in options if not row[getattr(self, option)]]:
                raise ValueError(f"{table}, line {number}: {getattr(self, empty[0])!r} is empty")
            if row[self.split] not in SPLIT_NAMES:
                allowed = ", ".join(SPLIT_NAMES)
                raise ValueError(f"{table}, line {number}: split is {row[self.split]!r}, but must be one of {allowed}")
        if lacking := [file for row in rows if not (file := self.image_file(row)).is_file()]:
            some = f"{len(lacking)} of {len(rows)} images are missing, such as {lacking[0]}"
            raise FileNotFoundError(f"{some}: {self.source}")
        return rows

    def files(self) -> list[Path]:
        """The table and every image."""
        return [self.path / self.file, *map(self.image_file, self.rows())]

    def names(self, option: str, rows: Rows) -> tuple[list[str], tuple[str, ...]]:
        """The values of the column of labels or of attributes, sorted, and what they are called; ValueError."""
        column, given = (self.label, self.classes) if option == "classes" else (self.attribute, self.values)
        values = sorted({row[column] for row in rows}, key=lambda text: (len(text), text))
        called = tuple(given.split(",")) if given else tuple(f"{column}={value}" for value in values)
        if len(called) != len(values):
            raise ValueError(f"column {column!r} has the values {', '.join(values)}, but {option} names {len(called)}")
        return values, called


def read(layout: Layout) -> Original:
    """The images uint8 (N, 3, side, side) with classes and attributes; errors as in `Layout.rows`."""
    rows = layout.rows()
    labels, classes = layout.names("classes", rows)
    values, named = layout.names("values", rows)
    of = {split: [row for row in rows if SPLIT_NAMES[row[layout.split]] == split] for split in SPLITS}
    for split in ("train", "test"):
        if not of[split]:
            raise ValueError(f"{layout.path / layout.file} has no row of the split {split!r}")
    used = {split: part for split, part in of.items() if part}
    y = {split: np.array([labels.index(row[layout.label]) for row in part]) for split, part in used.items()}
    where = {split: np.array([values.index(row[layout.attribute]) for row in part]) for split, part in used.items()}
    shared = np.unique([row[layout.cluster] for row in of["test"]], return_inverse=True)[1] if layout.cluster else None
    attribute = Attribute(named, where["train"], where["test"], where.get("validation"), shared)
    planned = Original(classes, **{split: (np.empty(0), y[split]) for split in used}, attribute=attribute)
    check_groups({SPLITS[split]: planned.columns(split)[2] for split in used}, planned.groups)
    files = {split: [(str(layout.image_file(row)), 0) for row in part] for split, part in used.items()}
    decoded = folders.decode(files, int(layout.side))
    return planned._replace(**{split: (decoded[split][0], y[split]) for split in used})
