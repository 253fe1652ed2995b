"""Class (or group) quotas: how many samples of each class to keep.

Every rule is a vector of weights, one a class; `fill` turns weights into class densities that use up the whole budget
without exceeding any class, and `counts` turns those into whole samples:

    counts(class_sizes, error_weights(recalls), 0.3)         DRoP, Algorithm 1 of the paper (= drop_counts)
    counts(class_sizes, error_weights(recalls, gamma), 0.3)  an exponent on 1 - r
    counts(class_sizes, size_weights(class_sizes, recalls), 0.3)         the released code's rule
    counts(class_sizes, error_weights(shrunken_recalls(correct, total)), 0.3)
    counts(class_sizes, minimax_weights(weights, recalls, rate), 0.3)    round after round
    counts(class_sizes, difficulty_weights(scores, labels, K), 0.3)      the budgets of NUCS

Iterated DRoP has two forms: drop_counts with the pruned model's recalls, or weights multiplied up by minimax_weights.
"""

import math
import numbers
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
NOISE = 1e-6  # samples; far above what float64 loses on 1e9 samples, far below what one sample weighs


def as_array(values: Any) -> NDArray[Any]:
    """Return a NumPy array of a list, an array or a tensor (any device, any float type).

    >>> as_array([1, 2]).dtype.kind
    'i'
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if "bfloat16" in str(values.dtype) else values
    return np.asarray(values)


def check_density(density: float) -> float:
    """Return the fraction to keep as a float; ValueError outside [0, 1].

    >>> check_density(1)
    1.0
    """
    if getattr(density, "ndim", None) == 0 and hasattr(density, "item"):  # a scalar of NumPy or torch
        density = density.item()
    if not (isinstance(density, numbers.Real) and 0 <= density <= 1):
        raise ValueError(f"density is {density!r}, but the fraction to keep must lie in [0, 1]")
    return float(density)


def check_sizes(class_sizes: ArrayLike) -> Counts:
    """Return class sizes as int64 (K,); ValueError unless they are K >= 1 positive whole numbers.

    >>> check_sizes([60, 40]).tolist()
    [60, 40]
    """
    sizes = as_array(class_sizes)
    if sizes.ndim != 1 or sizes.size == 0 or sizes.dtype.kind not in "iu":
        raise ValueError(f"class_sizes must be K >= 1 whole numbers, not shape {sizes.shape} of {sizes.dtype}")
    if (sizes < 1).any():
        k = int(np.argmax(sizes < 1))
        raise ValueError(f"class {k} has {sizes[k]} samples, but every class needs at least one")
    return sizes.astype(np.int64)


def check_recalls(recalls: ArrayLike) -> Floats:
    """Return class recalls as float64 (K,); ValueError outside [0, 1] or NaN.

    >>> check_recalls([1, 0.5]).tolist()
    [1.0, 0.5]
    """
    if isinstance(recalls, dict):
        raise ValueError("recalls must be one number a class, not a dictionary: drop.plan takes recalls by name")
    r = as_array(recalls).astype(np.float64)
    if r.ndim != 1 or r.size == 0:
        raise ValueError(f"recalls must be one number a class, not an array of shape {r.shape}")
    wrong = ~((r >= 0) & (r <= 1))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(f"the recall of class {k} is {r[k]}, but recalls must lie in [0, 1]")
    return r


def check_weights(weights: ArrayLike, num_classes: int) -> Floats:
    """Return class weights as float64 (K,); ValueError unless they are K finite numbers >= 0.

    >>> check_weights([3, 0], 2).tolist()
    [3.0, 0.0]
    """
    w = as_array(weights).astype(np.float64)
    if w.shape != (num_classes,):
        raise ValueError(f"there are {num_classes} classes, but the recalls or weights have shape {w.shape}")
    wrong = ~(np.isfinite(w) & (w >= 0))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(f"the weight of class {k} is {w[k]}, but weights must be finite and not negative")
    return w


def check_labels(labels: ArrayLike, num_classes: int) -> Counts:
    """Return labels as int64 (N,); ValueError unless they are whole numbers (of any type) in [0, num_classes).

    >>> check_labels([0.0, 1.0, 0.0], 2).tolist()
    [0, 1, 0]
    """
    y = as_array(labels)
    if y.ndim == 1 and y.dtype.kind == "b" or y.dtype.kind == "f" and (y == np.floor(y)).all():
        y = y.astype(np.int64)
    if y.ndim != 1 or (y.dtype.kind not in "iu" and y.size):
        raise ValueError(f"labels must be N whole numbers (see np.unique's inverse), not shape {y.shape} of {y.dtype}")
    wrong = (y < 0) | (y >= num_classes)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(f"sample {i} has label {y[i]}; with {num_classes} classes labels lie in [0, {num_classes})")
    return y.astype(np.int64)


def fill(class_sizes: ArrayLike, weights: ArrayLike, density: float) -> Floats:
    """Return class densities d_k = min(1, c w_k) float64 (K,), with c such that sum N_k d_k = density * N.

    This is where Algorithm 1 ends: in each of at most K passes classes that would exceed 1 are kept whole and the
    rest of the budget is shared anew. Classes of weight 0 receive samples only when all others are whole, then one
    density, with a warning.


    >>> fill([100, 100, 50], [3, 1, 1], 0.6).round(3).tolist()  # the first class would exceed 1: it is kept whole
    [1.0, 0.333, 0.333]
    """
    N, d = check_sizes(class_sizes), check_density(density)
    w = check_weights(weights, len(N))
    if d == 1:
        return np.ones(len(N))
    densities, active, left = np.zeros(len(N)), w > 0, d * math.fsum(N)
    while active.any():
        share = np.where(active, w, 0) / w[active].max()  # so that weights of any magnitude neither overflow nor vanish
        c = max(left, 0.0) / math.fsum(N * share)
        whole = c * share >= 1
        if not whole.any():
            densities[active] = c * share[active]
            return densities
        densities[whole] = 1
        active = active & ~whole
        left = d * math.fsum(N) - math.fsum(N[densities == 1])
    if left > NOISE:
        rest = w == 0
        text = f"{left:.6g} samples go to the {rest.sum()} classes of weight 0 (recall 1), in proportion to their size"
        warnings.warn(f"{text}, because no other class has samples left", stacklevel=2)
        densities[rest] = min(1.0, left / math.fsum(N[rest]))
    return densities


def counts(class_sizes: ArrayLike, weights: ArrayLike, density: float) -> Counts:
    """Return whole samples a class, int64 (K,), that sum to round(density * N) and never exceed N_k.

    `round` is Python's: to the nearest, halves to even. Made `whole` from what `fill` gives.

    >>> counts([100, 100], [2, 1], 0.25).tolist()
    [33, 17]
    """
    N = check_sizes(class_sizes)
    return whole(N, fill(N, weights, density), round(check_density(density) * int(N.sum())))


def whole(class_sizes: ArrayLike, densities: ArrayLike, total: int) -> Counts:
    """Return whole samples a class, int64 (K,), that sum to `total`, of class densities that do so but for rounding.

    Largest remainder; equal remainders go to the lower class.

    >>> whole([100, 100], [1 / 3, 1 / 6], 50).tolist()
    [33, 17]
    """
    N = check_sizes(class_sizes)
    ideal = np.round(as_array(densities) * N, 6)  # equal remainders stay equal, whatever the order of summation
    n = np.minimum(np.floor(ideal), N).astype(np.int64)
    order = np.argsort(n - ideal, kind="stable")
    order = order[n[order] < N[order]]
    n[order[: total - n.sum()]] += 1
    return n


def error_weights(recalls: ArrayLike, gamma: float = 1.0) -> Floats:
    """Return (1 - r_k)^gamma, float64 (K,): DRoP's weights at gamma = 1, no rebalancing at gamma = 0.

    ValueError for recalls outside [0, 1], and a gamma that is negative or infinite.

    >>> error_weights([0.75, 0.5], gamma=2).tolist()
    [0.0625, 0.25]
    """
    if not 0 <= gamma < math.inf:
        raise ValueError(f"gamma is {gamma}, but the exponent on 1 - recall must be finite and not negative")
    return (1 - check_recalls(recalls)) ** gamma


def drop_densities(class_sizes: ArrayLike, recalls: ArrayLike, density: float) -> Floats:
    """Return Algorithm 1's class densities d_k = d (1 - r_k) / Z with saturation, float64 (K,).

    >>> drop_densities([100, 100], [0.9, 0.6], 0.3).round(3).tolist()
    [0.12, 0.48]
    """
    return fill(class_sizes, error_weights(recalls), density)


def drop_counts(class_sizes: ArrayLike, recalls: ArrayLike, density: float) -> Counts:
    """Return DRoP's samples a class, int64 (K,), sum == round(density * N): Algorithm 1, after rounding.

    >>> drop_counts([100, 100], [0.9, 0.6], 0.3).tolist()
    [12, 48]
    """
    return counts(class_sizes, error_weights(recalls), density)


def proportional_counts(class_sizes: ArrayLike, density: float) -> Counts:
    """Return the same density in every class, in whole samples, int64 (K,).

    >>> proportional_counts([100, 50], 0.3).tolist()
    [30, 15]
    """
    return counts(class_sizes, np.ones(len(check_sizes(class_sizes))), density)


def balanced_counts(class_sizes: ArrayLike, density: float) -> Counts:
    """Return the same number of samples in every class, int64 (K,); what a small class lacks the others share.

    >>> balanced_counts([100, 100, 10], 0.5).tolist()
    [48, 47, 10]
    """
    return counts(class_sizes, 1 / check_sizes(class_sizes), density)


def counts_of(labels: ArrayLike, kept: ArrayLike, num_classes: int) -> Counts:
    """Return the class counts of a selection, int64 (K,): the quotas of Random+StrategyQ.

    labels (N,) and kept (n,): whole numbers; ValueError for a mask, and for indices that repeat or are out of range.

    >>> counts_of([0, 0, 1, 1], kept=[0, 2, 3], num_classes=3).tolist()
    [1, 2, 0]
    """
    y, indices = check_labels(labels, num_classes), as_array(kept)
    if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
        way = "; of a mask take np.flatnonzero" if indices.dtype.kind == "b" else ""
        raise ValueError(f"kept must be whole numbers (n,), not shape {indices.shape} of {indices.dtype}{way}")
    indices = indices.astype(np.int64)
    if indices.size and (indices.min() < 0 or indices.max() >= len(y) or len(np.unique(indices)) < indices.size):
        raise ValueError(f"kept must be distinct indices in [0, {len(y)})")
    return np.bincount(y[indices], minlength=num_classes).astype(np.int64)


def size_weights(class_sizes: ArrayLike, recalls: ArrayLike) -> Floats:
    """Return (1 - r_k) / N_k, float64 (K,): class *sizes* go with 1 - r_k, as in the authors' released code.

    >>> counts([300, 100], size_weights([300, 100], [0.5, 0.5]), 0.25).tolist()  # equal errors, equal sizes
    [50, 50]
    """
    N = check_sizes(class_sizes)
    return check_weights(error_weights(recalls), len(N)) / N


def shrunken_recalls(correct: ArrayLike, total: ArrayLike) -> Floats:
    """Return recalls shrunk to their mean, float64 (K,), the more the less they differ beyond sampling noise.

    Empirical Bayes for correct_k ~ Binomial(total_k, r_k), r_k ~ Beta: the posterior means, with the moment estimate
    of the correlation rho within classes (Kleinman 1973). rho = 0 returns the pooled recall for every class.


    >>> shrunken_recalls([9, 5], [10, 10]).round(3).tolist()
    [0.864, 0.536]
    """
    n = check_sizes(total)
    r = check_recalls(as_array(correct) / n)
    p, freedom = math.fsum(n * r) / n.sum(), len(n) - 1
    scale = n.sum() - (n**2).sum() / n.sum() - freedom
    excess = math.fsum(n * (r - p) ** 2) - freedom * p * (1 - p)
    if excess <= 0 or scale <= 0:
        return np.full(len(n), p)
    rho = min(1.0, excess / (p * (1 - p) * scale))
    trust: Floats = n * rho / (1 + (n - 1) * rho)
    return np.asarray(p + trust * (r - p))


def minimax_weights(weights: ArrayLike, recalls: ArrayLike, rate: float) -> Floats:
    """Return w_k exp(rate (1 - r_k)), scaled to mean 1, float64 (K,): one round of exponentiated gradient.

    Start with ones, train at the quotas, update with the recalls, repeat. The gradient of the best average risk with
    respect to the class priors is the class risks, so the rounds climb to the least favourable priors, where the
    worst class is best.


    >>> minimax_weights([1, 1], [0.9, 0.7], rate=5).round(3).tolist()
    [0.538, 1.462]
    """
    if not math.isfinite(rate):
        raise ValueError(f"rate is {rate}, but must be finite")
    r = check_recalls(recalls)
    w: Floats = check_weights(weights, len(r)) * np.exp(rate * (r.min() - r))
    return np.asarray(w / w.mean())


def difficulty_weights(scores: ArrayLike, labels: ArrayLike, num_classes: int, tail: float = 0.0) -> Floats:
    """Return the mean score of each class, float64 (K,), winsorized: its `tail` fractions at both ends are clipped.

    Class budgets in proportion to N_k times mean difficulty are those of NUCS (Zhang et al. 2025, arXiv 2504.13234).


    >>> difficulty_weights([1.0, 3.0, 4.0, 6.0], [0, 0, 1, 1], 2).tolist()
    [2.0, 5.0]
    """
    s, y = as_array(scores).astype(np.float64), check_labels(labels, num_classes)
    if s.shape != y.shape or not np.isfinite(s).all():
        raise ValueError(f"scores must be {len(y)} finite numbers, one a label; their shape is {s.shape}")
    if not 0 <= tail < 0.5:
        raise ValueError(f"tail is {tail}, but the fraction to clip at either end must lie in [0, 0.5)")
    check_sizes(np.bincount(y, minlength=num_classes))
    limits = [np.quantile(s[y == k], [tail, 1 - tail]) for k in range(num_classes)]
    return np.array([s[y == k].clip(*limits[k]).mean() for k in range(num_classes)])
