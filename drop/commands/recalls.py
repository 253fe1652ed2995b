"""What files say of each class: recalls in tables, reports and arrays, and predictions of validation samples."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from drop.commands import files
from drop.known import AVERAGES
from drop.names import USUAL

PREDICTED = ("prediction", "predictions", "predicted", "predicted_label", "pred", "y_pred")
TRUE = ("y_true", "true", "true_label", "actual")  # in a file of predictions; beside drop.names.USUAL
PARTS = ("recall", "right", "total", "support")  # of what a report says of a class


def validation(path: Path, label: str | None, prediction: str | None, group: str | None) -> tuple[Any, ...]:
    """Labels, predictions and where asked for groups of the validation samples; ValueError for predictions alone."""
    table = files.read(path)
    if len(table.columns) == 1:
        raise ValueError(
            f"{path} holds one column, but --predictions needs the classes of the validation samples beside what was "
            "predicted: save both, such as columns label,prediction in a .csv"
        )
    same = label if label in table.columns else None
    true, predicted = (same, (*USUAL, *TRUE), "--label"), (prediction, PREDICTED, "--prediction")
    if (name := table.find(*true)) == table.find(*predicted):
        raise ValueError(f"labels and predictions are both column {name!r} of {path}: name another by --prediction")
    return tuple(table.column(*which) for which in (true, predicted, *([(group, (), "--group")] if group else [])))


def recalls(path: Path, label: str | None) -> Any:
    """Recalls by name out of a table or a report; an array as it is, also a confusion matrix."""
    table = files.read(path)
    columns, suffix = table.columns, path.suffix.lower()
    if suffix == ".npy":
        if columns["value"].dtype.kind not in "iuf":
            raise ValueError(f"{path} holds {columns['value'].dtype}, but recalls are numbers")
        return columns["value"]
    if suffix == ".txt":
        return _listed(path, columns["value"])
    if table.by_name:
        return _entries(columns, path)
    first, *others = columns
    if "recall" in columns[first]:  # a report with its classes as columns
        at = {part: columns[first].index(part) for part in PARTS if part in columns[first]}
        return _entries({name: {part: columns[name][i] for part, i in at.items()} for name in others}, path)
    return _rows(table, label)


def _listed(path: Path, values: list[str]) -> list[float]:
    if any(len(value.split()) > 2 for value in values):
        way = "of a report save classification_report(…, output_dict=True), as .json"
        raise ValueError(f"{path} is no list of recalls, one a line: {way}")
    return [number(value, f"the recall in line {i}", path) for i, value in enumerate(values, 1)]


def _rows(table: files.Table, label: str | None) -> dict[Any, Any]:
    """One class a row, with columns class and recall, or class, right and total."""
    columns, path = table.columns, table.path
    low = {name.lower(): values for name, values in columns.items()}
    key = next((name for name in (label, "class", "name", "label", "group") if name in columns), next(iter(columns)))
    names = files.whole(columns[key])
    if len(set(names)) < len(names):
        raise ValueError(f"{path} names a class twice in column {key!r}")
    total = "total" if "total" in low else "support"
    if "right" in low and total in low:
        rows: Any = map(list, zip(low["right"], low[total], strict=True))
    elif "recall" in low:
        parts = [part for part in ("recall", total) if part in low]
        rows = (dict(zip(parts, row, strict=True)) for row in zip(*(low[part] for part in parts), strict=True))
    else:
        raise ValueError(
            f"{path} needs columns class and recall, or class, right and total; it has {', '.join(columns)}"
        )
    return _entries(dict(zip(names, rows, strict=True)), path)


def _entries(given: dict[Any, Any], path: Path) -> dict[Any, Any]:
    """What is said of each class, with numbers in place of text; averages as they are."""

    def entry(value: Any, name: Any) -> Any:
        if isinstance(value, dict):
            return value | {
                part: number(value[part], f"the {part} of {name!r}", path) for part in PARTS if part in value
            }
        if isinstance(value, list) and len(value) == 2:
            return number(value[0], f"the right of {name!r}", path), number(value[1], f"the total of {name!r}", path)
        return number(value, f"the recall of {name!r}", path)

    return {name: value if name in AVERAGES else entry(value, name) for name, value in given.items()}


def number(value: Any, what: str, path: Path) -> float:
    """A number; ValueError that names the file, what it is of, and what it must be."""
    share = what.startswith("the recall")
    try:
        found = float("" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        found = math.inf
    if math.isinf(found) or not share and math.isnan(found):
        must = "a fraction between 0 and 1, such as 0.8 for 80 %" if share else "a number of samples"
        given = "missing" if value is None or value == "" else repr(value)
        raise ValueError(f"{path}: {what} is {given}, but must be {must}")
    return found if share or not found.is_integer() else int(found)
