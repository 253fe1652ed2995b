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

from drop.quotas import counts, error_weights, fill, shrunken_recalls, size_weights, whole
from drop.selection import random_keys

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Evidence(NamedTuple):
    """What is known of K classes that have samples.

    sizes: int64 (K,) training samples; recalls: float64 (K,) in [0, 1], anything where total is 0
    total: int64 (K,) validation samples behind each recall, or None where that is not known

    >>> Evidence(np.array([200, 100]), np.array([0.9, 0.6])).total is None
    True
    """

    sizes: Counts
    recalls: Floats
    total: Counts | None = None


def laplace(known: Evidence) -> Floats:
    """(right + 1) / (total + 2), float64 (K,): never 0 or 1; the recalls as they are where totals are not known.

    >>> laplace(Evidence(np.array([20, 20]), np.array([1.0, 0.5]), np.array([8, 8]))).tolist()
    [0.9, 0.5]
    """
    if known.total is None:
        return known.recalls
    right = np.where(known.total > 0, known.recalls * known.total, 0)
    return (right + 1) / (known.total + 2)


def shrunken(known: Evidence) -> Floats:
    """The recalls shrunk to their mean (`quotas.shrunken_recalls`), which a class without validation samples gets.

    >>> shrunken(Evidence(np.array([20, 20]), np.array([0.9, 0.5]), np.array([10, 10]))).round(3).tolist()
    [0.864, 0.536]
    """
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
LABELS_ONLY = ("proportional", "balanced")  # need no recalls
DEFAULT = "half-balanced"  # chosen by rerun/own_data.py
ASSUMED = 30  # validation samples behind a recall that comes without a count


def quotas(rule: str, known: Evidence, density: float, floor: int = 0, seed: int = 0) -> Counts:
    """Whole samples a class, int64 (K,), summing to round(density * N): by the rule, but at least `floor` or all of it.

    Equal remainders go to classes drawn by `seed`; under the bare rule to the lower class, as in `drop.quotas`.
    ValueError for an unknown rule, and for a floor that exceeds the budget.

    >>> quotas("drop", Evidence(np.array([200, 200, 200]), np.array([0.98, 1.0, 0.95])), 0.3, floor=20).tolist()
    [46, 20, 114]
    """
    if rule not in RULES:
        raise ValueError(f"there is no rule {rule!r}; there are {', '.join(RULES)}")
    sizes, budget = known.sizes, round(density * int(known.sizes.sum()))
    least = np.minimum(sizes, floor)
    if least.sum() > budget:
        raise ValueError(f"{floor} samples of each class are {least.sum()}, but density {density:g} keeps {budget}")
    if known.total is None and rule != "drop":
        known = known._replace(total=np.full(len(sizes), ASSUMED))
    elif known.total is not None and rule in ("drop", "half-bare"):
        known = known._replace(recalls=np.where(known.total > 0, known.recalls, shrunken(known)))
    ideal = RULES[rule](known, density)
    order = np.arange(len(sizes)) if rule == "drop" else np.argsort(random_keys(len(sizes), seed))
    kept, low = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), bool)
    while True:  # in each round the classes below the floor are lifted to it, and the others share what is left
        kept[low] = least[low]
        rest = order[~low[order]]
        left = budget - int(least[low].sum())
        if not len(rest):
            return kept
        if rule == "drop" and not low.any():
            kept = whole(sizes, ideal, budget)
        else:
            kept[rest] = _counts(sizes[rest], ideal[rest], left / int(sizes[rest].sum()))
        if not (kept < least).any():
            return kept
        low |= kept < least


def _counts(sizes: Counts, weights: Floats, density: float) -> Counts:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return counts(sizes, weights, density)
