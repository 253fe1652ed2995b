"""What is known of each class: its recall in any form that people have it in, and how many samples stand behind it."""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from drop.names import Coded, Name, by_place, coded, listed
from drop.quotas import as_array

AVERAGES = ("accuracy", "macro avg", "micro avg", "weighted avg", "samples avg")  # rows of a report that are no classes
WAYS = "recalls={'cat': 0.9, …}, (right, total), or validation=(labels, predictions)"
Z = 1.959964  # of a normal 95 % interval


class Known(NamedTuple):
    """Of K classes: recalls float64 (K,), NaN where there is none; total int64 (K,) behind them, or None if unknown."""

    recalls: NDArray[np.float64]
    total: NDArray[np.int64] | None
    notes: tuple[str, ...] = ()


def wilson(recalls: NDArray[np.float64], total: NDArray[np.int64]) -> NDArray[np.float64]:
    """95 % intervals of shares, float64 (K, 2), by Wilson's score; (0, 1) where total is 0.

    >>> wilson(np.array([0.9]), np.array([100])).round(3).tolist()
    [[0.826, 0.945]]
    """
    n = np.maximum(total, 1e-9)
    r = np.where(total > 0, recalls, 0.5)
    middle, width = r + Z**2 / (2 * n), Z * np.sqrt(r * (1 - r) / n + Z**2 / (4 * n**2))
    return np.clip(np.stack([middle - width, middle + width], axis=1) / (1 + Z**2 / n)[:, None], 0, 1)


def from_validation(
    names: Sequence[Name], validation: Any, grouped: bool = False, classes: Sequence[Name] | None = None
) -> Known:
    """Right and all validation samples of each class, from (labels, predictions), or with groups= also their groups.

    classes: all names in order, where whole numbers may stand for them
    ValueError for parts that misfit, and where no prediction or no label is the name of a class

    >>> known = from_validation(["cat", "dog"], (["cat", "dog", "dog", "dog"], ["cat", "dog", "dog", "cat"]))
    >>> known.recalls.round(2).tolist(), known.total.tolist()
    ([1.0, 0.67], [1, 3])
    """
    parts = ("labels", "predictions", "groups")[: 2 + grouped]
    if not isinstance(validation, Sequence) or len(validation) != len(parts):
        raise ValueError(f"validation must be ({', '.join(parts)}) of the validation samples")
    whats = ("validation labels", "predictions", "validation groups")
    found = [coded(given, what) for given, what in zip(validation, whats, strict=False)]
    if classes is not None and not grouped:
        found = [by_place(part, classes, what) for part, what in zip(found, whats, strict=False)]
    true, predicted, units = found[0], found[1], found[2 * grouped]
    if classes is not None and grouped:
        units = by_place(units, classes, whats[2])
    lengths = {name: len(part.codes) for name, part in zip(parts, (true, predicted, units), strict=False)}
    if len(set(lengths.values())) > 1:
        raise ValueError("validation has " + ", ".join(f"{n} {name}" for name, n in lengths.items()))
    if not len(true.codes):
        raise ValueError("validation has no samples")
    if not {_key(name) for name in predicted.names} & {_key(name) for name in true.names}:
        some = f"labels such as {listed(true.names, 2)}, predictions such as {listed(predicted.names, 2)}"
        raise ValueError(f"no prediction is the name of a class: validation has {some}")
    place = _places(names)
    number = _places(dict.fromkeys([*map(_key, true.names), *map(_key, predicted.names)]))
    asked, said = (np.array([number[_key(n)] for n in part.names])[part.codes] for part in (true, predicted))
    right = asked == said
    where = np.array([place.get(_key(name), -1) for name in units.names])
    inside = where[units.codes] >= 0
    if not inside.any():
        raise ValueError(f"validation names {listed(units.names)}, but the training labels name {listed(names)}")
    codes = where[units.codes][inside]
    total = np.bincount(codes, minlength=len(names)).astype(np.int64)
    recalls = np.bincount(codes, right[inside], minlength=len(names)) / np.where(total, total, np.nan)
    notes = []
    if strange := [name for name, k in zip(units.names, where, strict=True) if k < 0]:
        notes.append(f"validation samples of {listed(strange)} say nothing: no training sample has that label")
    classes_known = {_key(name) for name in true.names} | set(place)
    unknown = [k for k, name in enumerate(predicted.names) if _key(name) not in classes_known]
    if unknown and not grouped:  # with groups the training labels are not known here
        many, strays = int(np.isin(predicted.codes, unknown).sum()), listed(predicted.names[k] for k in unknown)
        notes.append(f"{many} predictions count as wrong, because no class is called {strays}")
    return Known(recalls, total, tuple(notes))


def from_recalls(labels: Coded, given: Any, ordered: bool = False) -> tuple[Coded, Known]:
    """Recalls in any form, aligned with the classes; and these, with classes added that have a recall but no sample.

    ordered: the order of the classes was given, so that recalls need no names
    ValueError for a class without a recall, and for what is no recall; each says what to do

    >>> from_recalls(coded(["cat", "dog"]), {"dog": (30, 50), "cat": (45, 50)})[1].recalls.tolist()
    [0.9, 0.6]
    """
    named = _named(given)
    if named is None:
        return _unnamed(labels, given, ordered)
    if ordered:
        keys = by_place(Coded(list(named), np.arange(len(named))), labels.names, "recalls")
        named = {keys.names[k]: value for k, value in zip(keys.codes, named.values(), strict=True)}
    if all(type(name) is int for name in labels.names):  # of whole floats, which scikit-learn's report calls "1.0"
        short = {_short(name): value for name, value in named.items()}
        named = short if len(short) == len(named) else named
    place = {_key(name): name for name in named}
    if len(place) < len(named):
        raise ValueError(f"two recalls have names that read alike, among {listed(named)}")
    lacking = [n for n, size in zip(labels.names, labels.sizes(), strict=True) if size and _key(n) not in place]
    known = {_key(name) for name in labels.names}
    extra = [name for name in named if _key(name) not in known]
    if lacking:
        also = f", and recalls name {listed(extra)}, which no label does" if extra else ""
        numbered = extra and all(type(name) is int for name in lacking)
        way = ": classes=[…] names the classes in the order of their numbers" if numbered else ""
        raise ValueError(f"there is no recall for {listed(lacking)}{also}{way}")
    names = [*labels.names, *extra]
    absent = (np.nan, 0)
    values = [named[place[_key(name)]] if _key(name) in place else absent for name in names]
    total = None if any(pair[1] is None for pair in values) else np.array([pair[1] for pair in values], np.int64)
    recalls = np.array([pair[0] for pair in values], np.float64)
    _check(names, recalls, np.array([pair[1] == 0 for pair in values], bool))
    return Coded(names, labels.codes), Known(recalls, total)


def _unnamed(labels: Coded, given: Any, ordered: bool) -> tuple[Coded, Known]:
    """Recalls in the order of the classes: (right, total), a confusion matrix, or one number a class."""
    right, total = _pair(given)
    names = labels.names
    if len(right) != len(names):
        numbered = all(type(name) is int and name >= 0 for name in names)
        if not names or not numbered or len(right) != cast(int, names[-1]) + 1:
            raise ValueError(
                f"there are {len(right)} recalls, but labels name {len(names)} classes, {listed(names)}: {WAYS}"
            )
        labels = Coded(list(range(len(right))), np.array(names, np.int64)[labels.codes])
    elif not ordered and any(isinstance(name, str) for name in names):
        way = "recalls={'cat': 0.9, …} or {'cat': (right, total), …}; or give their order, classes=['cat', …]"
        raise ValueError(f"classes have names, {listed(names)}, so recalls need them too: {way}")
    if total is None:
        _check(labels.names, right, np.zeros(len(right), bool))
        return labels, Known(right, None)
    if (odd := ~np.array([_is_count(*pair) for pair in zip(right.tolist(), total.tolist(), strict=True)], bool)).any():
        k = int(np.argmax(odd))
        raise ValueError(_no_counts(labels.names[k], right[k], total[k]))
    if ((right < 0) | (right > total)).any():
        k = int(np.argmax((right < 0) | (right > total)))
        raise ValueError(f"of class {labels.names[k]!r} {right[k]:g} of {total[k]:g} are right: pass (right, total)")
    return labels, Known(right / np.where(total > 0, total, np.nan), total.astype(np.int64))


def _pair(given: Any) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    try:
        if isinstance(given, list) and len(given) == 2 and all(isinstance(p, list) and len(p) == 2 for p in given):
            way = "pass ([right, …], [total, …]) or np.array([[…], […]])"
            raise ValueError(f"recalls {given} may be (right, total) or a confusion matrix: {way}")
        if isinstance(given, tuple | list) and len(given) == 2 and all(np.ndim(as_array(part)) == 1 for part in given):
            right, total = (as_array(part).astype(np.float64) for part in given)
            if right.shape != total.shape:
                raise ValueError(f"(right, total) have {len(right)} and {len(total)} entries")
            return right, total
        array = as_array(given)
        if array.dtype.kind in "OUS" and array.ndim == 1:
            array = np.array([_number(k, value) for k, value in enumerate(array.tolist())])
        array = array.astype(np.float64)
    except TypeError:
        raise ValueError(f"recalls cannot be {type(given).__name__}: {WAYS}") from None
    if array.ndim == 2 and array.shape[0] == array.shape[1]:
        return array.diagonal(), array.sum(axis=1)
    if array.ndim != 1:
        raise ValueError(f"recalls have shape {array.shape}, but must be one a class: {WAYS}")
    return array, None


def _named(given: Any) -> dict[Name, tuple[float, int | None]] | None:
    """{name: (recall, total or None)} of a dictionary, a Series, a DataFrame or scikit-learn's report; else None."""
    if isinstance(given, str):
        raise ValueError(f"recalls cannot be text (a printed report?): {WAYS}; of a report pass output_dict=True")
    if hasattr(given, "columns") and hasattr(given, "index"):
        if "recall" not in given.columns and "right" not in given.columns and "recall" in given.index:
            given = given.T
        given = _keyed(given)
        rows = zip(given.index.tolist(), given.to_dict("records"), strict=True)
        return {name: _entry(name, row) for name, row in rows if name not in AVERAGES}
    if hasattr(given, "index") and hasattr(given, "to_numpy"):
        return {name: _entry(name, value) for name, value in zip(given.index.tolist(), given.to_numpy(), strict=True)}
    if not isinstance(given, Mapping):
        return None
    is_report = any(isinstance(value, Mapping) for value in given.values())
    return {name: _entry(name, value) for name, value in given.items() if not (is_report and name in AVERAGES)}


def _keyed(frame: Any) -> Any:
    """A table with its classes as index, where a column names them."""
    column = next((name for name in ("class", "name", "label", "group") if name in frame.columns), None)
    return frame if column is None else frame.set_index(column)


def _entry(name: Name, value: Any) -> tuple[float, int | None]:
    """(recall, total) of a number, (right, total), or a mapping with recall and support, or right and total."""
    if isinstance(value, Mapping):
        total = next((value[key] for key in ("total", "support") if key in value), None)
        if "right" in value and total is not None:
            value = (value["right"], total)
        elif "recall" not in value:
            raise ValueError(f"the entry of {name!r} has {listed(value)}, but needs recall, or right and total")
        else:
            return _number(name, value["recall"]), None if total is None else _whole(name, total)
    if isinstance(value, tuple | list) and len(value) == 2:
        right, total = value
        if not _is_count(right, total):
            raise ValueError(_no_counts(name, right, total))
        if not 0 <= right <= total:
            raise ValueError(f"of class {name!r} {right} of {total} are right: pass (right, total)")
        return (right / total if total else np.nan), int(total)
    return _number(name, value), None


def _number(name: Name, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        hint = ": divide percentages by 100" if "%" in str(value) else ""
        raise ValueError(f"the recall of {name!r} is {value!r}, but recalls are numbers in [0, 1]{hint}") from None


def _whole(name: Name, total: Any) -> int:
    if not _is_whole(total) or total < 0:
        raise ValueError(f"behind the recall of {name!r} stand {total!r} samples: give a whole number")
    return int(total)


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Real) and float(value).is_integer()


def _is_count(right: Any, total: Any) -> bool:
    """Whether these are counts and no shares; a mean of several models' counts of right ones may be broken."""
    return _is_whole(total) and isinstance(right, numbers.Real) and (_is_whole(right) or total > 1)


def _no_counts(name: Name, right: Any, total: Any) -> str:
    way = "pass counts, not shares (scikit-learn's confusion_matrix without normalize)"
    return f"of class {name!r} {right} of {total} are right, which are no counts: {way}"


def _check(names: Sequence[Name], recalls: NDArray[np.float64], unseen: NDArray[np.bool_]) -> None:
    wrong = ~((recalls >= 0) & (recalls <= 1)) & ~unseen
    if wrong.any():
        k = int(np.argmax(wrong))
        hint = ": divide percentages by 100" if 1 < recalls[k] <= 100 else ""
        raise ValueError(f"the recall of class {names[k]!r} is {recalls[k]:g}, but recalls must lie in [0, 1]{hint}")


def _short(name: Name) -> Name:
    return re.sub(r"\.0+$", "", name) if isinstance(name, str) else name


def _key(name: Name) -> str:
    """Names that read alike are alike: a report calls class 3 '3'."""
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def _places(names: Iterable[Name]) -> dict[str, int]:
    return {_key(name): k for k, name in enumerate(names)}
