"""Labels of any kind in, whole numbers out: the names of the classes, and for each sample the place of its name.

    names, codes = coded(["cat", "dog", "cat"])      ['cat', 'dog'], [0, 1, 0]

Strings, whole numbers of any type, booleans, pandas' Series and Categorical, columns of Arrow and of Hugging Face,
torch tensors. What is no list of labels is refused with the way out.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from drop.quotas import as_array

SHOWN = 5  # names in a message
BLOCK = 2**16  # labels that are looked at together
USUAL = ("label", "labels", "class", "target", "y", "category")  # columns that hold classes
Name = Hashable


class Coded(NamedTuple):
    """The names of K classes, sorted or in the order that the labels bring along, and int64 (N,) places in them."""

    names: list[Name]
    codes: NDArray[np.int64]

    def sizes(self) -> NDArray[np.int64]:
        """Samples of each class, int64 (K,)."""
        return np.bincount(self.codes, minlength=len(self.names)).astype(np.int64)


def coded(labels: Any, what: str = "labels", classes: Sequence[Name] | None = None) -> Coded:
    """The names of the classes, and each sample's place among them; ValueError for what is no list of labels.

    classes: all names in the order that is wanted, also those without samples; labels that are whole numbers are places
    in it, where it holds names of another kind; ValueError for a label that is not in it

    >>> coded(["dog", "cat", "dog"])
    Coded(names=['cat', 'dog'], codes=array([1, 0, 1]))
    >>> coded([1.0, 2.0, 1.0]).names
    [1, 2]
    >>> coded([1, 0], classes=["dog", "cat"])
    Coded(names=['dog', 'cat'], codes=array([1, 0]))
    """
    found = _categorical(labels, what) or _plain(_listed(labels, what), what)
    if classes is None:
        return found
    classes = named(classes)
    found = by_place(found, classes, what)
    place = {name: k for k, name in enumerate(classes)}
    unknown = [name for name, n in zip(found.names, found.sizes(), strict=True) if n and name not in place]
    if len(place) < len(classes) or unknown:
        wrong = f"lacks {listed(unknown)}" if unknown else "names a class twice"
        raise ValueError(f"classes {wrong}: it must name every class of the {what} once")
    moved = np.array([place.get(name, -1) for name in found.names], dtype=np.int64)
    return Coded(list(classes), moved[found.codes])


def named(classes: Any) -> list[Name]:
    """The names of the classes as a list of plain values, from a list, an array, an Index or a tensor.

    >>> named(np.array([2, 1, 0]))
    [2, 1, 0]
    """
    if isinstance(classes, str | bytes):
        raise ValueError(f"classes is {classes!r}, but must list the name of every class")
    values = as_array(classes).tolist() if hasattr(classes, "__array__") or hasattr(classes, "detach") else classes
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def by_place(found: Coded, classes: Sequence[Name], what: str = "labels") -> Coded:
    """Labels under the names of their classes where they are places in a list of names, else as they are."""
    classes = named(classes)
    if any(isinstance(name, int | float) for name in classes) or any(type(name) is not int for name in found.names):
        return found
    if odd := [name for name in found.names if not 0 <= cast(int, name) < len(classes)]:
        raise ValueError(f"{what} hold {listed(odd)}, but classes names those from 0 to {len(classes) - 1}")
    return Coded(list(classes), np.array(found.names, np.int64)[found.codes])


def listed(names: Iterable[Any], shown: int = SHOWN) -> str:
    """Some names for a message: 'cat', 'dog' and 3 more."""
    names = list(names)
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(repr(name) for name in names[:shown]) + more


def _categorical(labels: Any, what: str) -> Coded | None:
    """pandas' Categorical, or a Series of that type, with its own order of classes."""
    given = getattr(labels, "cat", labels)
    if not (hasattr(given, "categories") and hasattr(given, "codes")):
        return None
    codes = np.asarray(given.codes).astype(np.int64)
    if (codes < 0).any():
        raise ValueError(_missing(what, int(np.argmax(codes < 0)), int((codes < 0).sum())))
    return Coded(np.asarray(given.categories).tolist(), codes)


def _listed(labels: Any, what: str) -> NDArray[Any]:
    """The labels as an array (N,)."""
    kind = type(labels).__name__
    columns = getattr(labels, "column_names", getattr(labels, "columns", None))
    if columns is not None:
        inside = f"[{next(iter(columns), '')!r}]" if isinstance(columns, Mapping) else ""  # a dictionary of data sets
        own = list(next(iter(columns.values()), ()) if isinstance(columns, Mapping) else columns) or ["label"]
        usual = next((name for name in own if name in USUAL), own[-1])
        raise ValueError(f"{what} is a whole {kind}: pass one column, such as data{inside}[{usual!r}]")
    if hasattr(labels, "targets"):
        raise ValueError(f"{what} is a {kind}: pass its labels, dataset.targets")
    if hasattr(labels, "to_pylist"):  # Arrow
        labels = labels.to_pylist()
    if isinstance(labels, np.ma.MaskedArray) and (mask := np.ma.getmaskarray(labels)).any():
        raise ValueError(_missing(what, int(np.argmax(mask)), int(mask.sum())))
    known = isinstance(labels, Sequence) and not isinstance(labels, str | bytes)
    if not known and not hasattr(labels, "__array__") and not hasattr(labels, "detach"):
        stream = hasattr(labels, "__iter__") and not isinstance(labels, str | bytes | Mapping | Set)
        way = "list(…) of it" if stream else "one label a sample, such as [label for _, label in dataset]"
        raise ValueError(f"{what} is a {kind}: pass {way}")
    pair = known and len(labels) and isinstance(labels[0], tuple) and any(isinstance(part, str) for part in labels[0])
    if pair or (known and len(labels) and isinstance(labels[0], str)):
        return np.fromiter(labels, dtype=object, count=len(labels))  # NumPy would call 1 and "1" the same
    try:
        array = as_array(labels if hasattr(labels, "__array__") or hasattr(labels, "detach") else list(labels))
        if array.dtype.kind in "US" and known:
            array = np.array(list(labels), dtype=object)
    except ValueError:
        raise ValueError(f"{what} has rows of different lengths: pass one label a sample") from None
    if array.ndim == 2 and array.shape[1] > 1:
        raise ValueError(
            f"{what} has shape {array.shape}: of one-hot rows or probabilities pass the argmax over axis 1"
        )
    if array.ndim == 2:
        raise ValueError(f"{what} has shape {array.shape}: pass the column, ravel() makes it flat")
    if array.ndim != 1:
        raise ValueError(f"{what} has shape {array.shape}: pass one label a sample")
    return array


def _plain(array: NDArray[Any], what: str) -> Coded:
    if array.dtype.kind in "OUS":
        return _objects(array, what)
    if array.dtype.kind == "b":
        whole = _whole(array.astype(np.int64))
        return Coded([bool(name) for name in whole.names], whole.codes)
    if array.dtype.kind in "iu":
        return _whole(array)
    if array.dtype.kind != "f":
        raise ValueError(f"{what} cannot be {array.dtype}: they name classes")
    if np.isnan(array).any():
        raise ValueError(_missing(what, int(np.argmax(np.isnan(array))), int(np.isnan(array).sum())))
    odd = (array != np.floor(array)) | (np.abs(array.astype(np.float64)) >= 2**63)
    if odd.any():
        i = int(np.argmax(odd))
        raise ValueError(f"{what} must name classes, but sample {i} has {array[i]:g}: cut what is continuous into bins")
    return _whole(array.astype(np.int64))


def _whole(array: NDArray[Any]) -> Coded:
    """Whole numbers: by counting where they lie close together, by sorting elsewhere."""
    if not len(array):
        return Coded([], np.zeros(0, np.int64))
    low, high = int(array.min()), int(array.max())
    if high - low > max(2**16, 2 * len(array)):
        values, codes = np.unique(array, return_inverse=True)
        return Coded(values.tolist(), codes.astype(np.int64))
    shifted = (array - array.dtype.type(low)).astype(np.int64) if low >= 0 else array.astype(np.int64) - low
    present = np.bincount(shifted) > 0
    names: list[Name] = [k + low for k in np.flatnonzero(present).tolist()]
    if len(names) == high - low + 1:
        return Coded(names, shifted)
    return Coded(names, (np.cumsum(present) - 1)[shifted])


def _objects(values: NDArray[Any], what: str) -> Coded:
    """Labels of any kind, block by block, so that no second list of them all is made."""
    place: dict[Name, int] = {}
    codes = np.empty(len(values), np.int32)
    for begin in range(0, len(values), BLOCK):
        block = values[begin : begin + BLOCK].tolist()
        try:
            new = set(block).difference(place)
        except TypeError:
            odd = next(value for value in block if not isinstance(value, Hashable))
            raise ValueError(f"{what} hold values such as {odd!r}: pass one label a sample") from None
        if any(map(_is_missing, new)):
            missing = [i for i, value in enumerate(values.tolist()) if _is_missing(value)]
            raise ValueError(_missing(what, missing[0], len(missing)))
        place.update(zip(new, itertools.count(len(place)), strict=False))
        codes[begin : begin + len(block)] = np.fromiter(map(place.__getitem__, block), np.int32, len(block))
    found: list[Any] = [value.item() if isinstance(value, np.generic) else value for value in place]
    try:
        order = sorted(range(len(found)), key=lambda k: found[k])
    except TypeError:
        kinds = sorted({type(value).__name__ for value in found})
        wrong = f"mix {' and '.join(kinds)}" if len(kinds) > 1 else f"are {kinds[0]}s, which have no order"
        raise ValueError(f"{what} {wrong}: give every class a name that is text or a whole number") from None
    names: list[Any] = [found[k] for k in order]
    if all(isinstance(name, float) and name.is_integer() for name in names):
        names = [int(name) for name in names]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return Coded(names, rank[codes])


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def _missing(what: str, first: int, count: int) -> str:
    return f"{what} lack {count} values, the first that of sample {first}: drop these samples or give them a class"
