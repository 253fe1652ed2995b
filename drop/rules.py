"""Rules for one's own data: from class sizes and what validation says of each class to class densities.

The rules of the paper stand in `drop.quotas`, bare: a class whose recall is 1 keeps nothing, however few samples say
so. Those here reckon with that: they smooth recalls that come from few samples, or give every class a part of what it
would keep without rebalancing. `rerun/own_data.py` measures them against each other; the default follows from it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drop.quotas import error_weights, fill, shrunken_recalls, size_weights

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Evidence(NamedTuple):
    """What is known of K classes that have samples.

    sizes: int64 (K,) training samples; recalls: float64 (K,) in [0, 1], anything where total is 0
    total: int64 (K,) validation samples behind each recall, or None where that is not known
    """

    sizes: Counts
    recalls: Floats
    total: Counts | None = None


def laplace(known: Evidence) -> Floats:
    """(right + 1) / (total + 2), float64 (K,): never 0 or 1; the recalls as they are where totals are not known."""
    if known.total is None:
        return known.recalls
    right = np.where(known.total > 0, known.recalls * known.total, 0)
    return (right + 1) / (known.total + 2)


def shrunken(known: Evidence) -> Floats:
    """The recalls shrunk to their mean (`quotas.shrunken_recalls`), which a class without validation samples gets."""
    if known.total is None:
        return known.recalls
    seen = known.total > 0
    right, total = (known.recalls * known.total)[seen].round(), known.total[seen]
    recalls = np.full(len(seen), right.sum() / max(1, total.sum()))
    if seen.any():
        recalls[seen] = shrunken_recalls(right, total)
    return recalls


def _quiet(sizes: Counts, weights: Floats, density: float) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where all recalls are 1 a plan says so itself
        return fill(sizes, weights, density)


def _same(known: Evidence, density: float) -> Floats:
    return np.full(len(known.sizes), density)


def _even(known: Evidence, density: float) -> Floats:
    return _quiet(known.sizes, 1 / known.sizes, density)


def _drop(known: Evidence, density: float) -> Floats:
    return _quiet(known.sizes, error_weights(known.recalls), density)


def _laplace(known: Evidence, density: float) -> Floats:
    return _quiet(known.sizes, error_weights(laplace(known)), density)


def _shrunken(known: Evidence, density: float) -> Floats:
    return _quiet(known.sizes, error_weights(shrunken(known)), density)


def _root(known: Evidence, density: float) -> Floats:
    return _quiet(known.sizes, error_weights(laplace(known), 0.5), density)


def _by_size(known: Evidence, density: float) -> Floats:
    return _quiet(known.sizes, size_weights(known.sizes, laplace(known)), density)


def _half(one: Rule, other: Rule) -> Rule:
    return lambda known, density: (one(known, density) + other(known, density)) / 2


Rule = Callable[[Evidence, float], Floats]
RULES: dict[str, Rule] = {
    "drop": _drop,  # the paper's, bare
    "proportional": _same,
    "balanced": _even,
    "laplace": _laplace,
    "shrunken": _shrunken,
    "root": _root,  # gamma = 1/2 on 1 - recall
    "half-bare": _half(_drop, _same),
    "half": _half(_laplace, _same),
    "half-shrunken": _half(_shrunken, _same),
    "size": _by_size,  # balanced x DRoP: class sizes, not densities, follow the error
    "half-size": _half(_by_size, _same),
    "half-balanced": _half(_laplace, _even),
}
