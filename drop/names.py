"""Labels of any kind in, whole numbers out: the names of the classes, and for each sample the place of its name.

    names, codes = coded(["cat", "dog", "cat"])      ['cat', 'dog'], [0, 1, 0]

Strings, whole numbers of any type, booleans, pandas' Series and Categorical, columns of Arrow and of Hugging Face,
torch tensors. What is no list of labels is refused with the way out.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drop.quotas import as_array

SHOWN = 5  # names in a message
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

    classes: all names in the order that is wanted, also those without samples; ValueError for a label that is not in it

    >>> coded(["dog", "cat", "dog"])
    Coded(names=['cat', 'dog'], codes=array([1, 0, 1]))
    >>> coded([1.0, 2.0, 1.0]).names
    [1, 2]
    """
    found = _categorical(labels, what) or _plain(_listed(labels, what), what)
    if classes is None:
        return found
    place = {name: k for k, name in enumerate(classes)}
    unknown = [name for name, n in zip(found.names, found.sizes(), strict=True) if n and name not in place]
    if len(place) < len(classes) or unknown:
        wrong = f"lacks {listed(unknown)}" if unknown else "names a class twice"
        raise ValueError(f"classes {wrong}: it must name every class of the {what} once")
    moved = np.array([place.get(name, -1) for name in found.names], dtype=np.int64)
    return Coded(list(classes), moved[found.codes])


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
    if hasattr(labels, "column_names") or hasattr(labels, "columns"):
        columns = list(getattr(labels, "column_names", getattr(labels, "columns", ())))
        raise ValueError(f"{what} is a whole {kind}: pass one column, such as data[{columns[-1]!r}]")
    if hasattr(labels, "targets"):
        raise ValueError(f"{what} is a {kind}: pass its labels, dataset.targets")
    if hasattr(labels, "to_pylist"):  # Arrow
        labels = labels.to_pylist()
    known = isinstance(labels, Sequence) and not isinstance(labels, str | bytes)
    if not known and not hasattr(labels, "__array__") and not hasattr(labels, "detach"):
        raise ValueError(f"{what} is a {kind}: pass one label a sample, such as [label for _, label in dataset]")
    try:
        array = as_array(labels if hasattr(labels, "__array__") or hasattr(labels, "detach") else list(labels))
        if array.dtype.kind in "US" and known:
            array = np.array(list(labels), dtype=object)  # NumPy would call 1 and "1" the same
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
    if array.dtype.kind == "O":
        return _objects(array.tolist(), what)
    if array.dtype.kind in "US":
        return _objects(array.tolist(), what)
    if array.dtype.kind == "b":
        whole = _whole(array.astype(np.int64))
        return Coded([bool(name) for name in whole.names], whole.codes)
    if array.dtype.kind in "iu":
        return _whole(array)
    if array.dtype.kind != "f":
        raise ValueError(f"{what} cannot be {array.dtype}: they name classes")
    if np.isnan(array).any():
        raise ValueError(_missing(what, int(np.argmax(np.isnan(array))), int(np.isnan(array).sum())))
    odd = array != np.floor(array)
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
    shifted = (array if low >= 0 else array.astype(np.int64)).astype(np.int64) - low
    present = np.bincount(shifted) > 0
    names: list[Name] = [*(np.flatnonzero(present) + low).tolist()]
    if len(names) == high - low + 1:
        return Coded(names, shifted)
    return Coded(names, (np.cumsum(present) - 1)[shifted])


def _objects(values: list[Any], what: str) -> Coded:
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    missing = [i for i, value in enumerate(values) if value is None or value != value]
    if missing:
        raise ValueError(_missing(what, missing[0], len(missing)))
    try:
        found = set(values)
        names = sorted(found)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in itertools.islice(values, 10**5)})
        raise ValueError(f"{what} mix {' and '.join(kinds)}: give every class a name of one type") from None
    if found and all(isinstance(name, float) and name.is_integer() for name in found):
        return _whole(np.array(values, np.int64))
    place = {name: k for k, name in enumerate(names)}
    return Coded(names, np.fromiter((place[value] for value in values), np.int64, len(values)))


def _missing(what: str, first: int, count: int) -> str:
    return f"{what} lack {count} values, the first that of sample {first}: drop these samples or give them a class"
