"""Scores and class counts in, kept indices out: the same arguments give the same indices on every machine.

High score = keep. Randomness is SplitMix64 (Steele, Lea and Flood 2014) in plain integer arithmetic, because NumPy
does not promise that its generators shuffle alike in every version. Sample i has one random key that depends on
(seed, i) alone, so a smaller selection is always a subset of a larger one of the same seed.
"""

import numbers

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drop.quotas import Counts, as_array, check_labels

TIES = ("random", "index")


def check_seed(seed: int) -> int:
    """Return a seed as an int; ValueError unless it is a whole number in [0, 2^64).

    >>> check_seed(np.int64(3))
    3
    """
    if not (isinstance(seed, numbers.Integral) and 0 <= seed < 2**64):
        raise ValueError(f"seed is {seed!r}, but seeds are whole numbers in [0, 2^64)")
    return int(seed)


def random_keys(size: int, seed: int) -> NDArray[np.uint64]:
    """Return `size` distinct random uint64: outputs 1 to `size` of SplitMix64 started at the hash of `seed`.

    ValueError for a seed that is no whole number in [0, 2^64).

    >>> (random_keys(3, seed=0) == random_keys(5, seed=0)[:3]).all()
    np.True_
    """
    seed, step = check_seed(seed), np.uint64(0x9E3779B97F4A7C15)
    start = _mix(np.array([seed], dtype=np.uint64) + step)
    return _mix(start + step * np.arange(1, size + 1, dtype=np.uint64))


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser, a bijection of 64-bit words."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def select(labels: ArrayLike, counts: ArrayLike, scores: ArrayLike | None = None, seed: int = 0,
           ties: str = "random") -> Counts:  # fmt: skip
    """Return the sorted int64 indices that keep counts[k] samples of every class k.

    labels (N,) whole numbers in [0, K); counts (K,); scores (N,), the highest of each class are kept, or None for a
    uniformly random choice inside the classes. Equal scores: "random" by `seed`, or "index", the later sample wins
    (as in the released code). ValueError where a class has fewer samples than its count.

    >>> select([0, 0, 0, 1, 1], [1, 2], scores=[0.1, 0.9, 0.5, 0.2, 0.3]).tolist()
    [1, 3, 4]
    """
    wanted = as_array(counts)
    if wanted.ndim != 1 or wanted.dtype.kind not in "iu":
        raise ValueError(f"counts must be K whole numbers, not shape {wanted.shape} of {wanted.dtype}")
    wanted = wanted.astype(np.int64)
    y = check_labels(labels, len(wanted))
    sizes = np.bincount(y, minlength=len(wanted))
    wrong = (wanted < 0) | (wanted > sizes)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(f"class {k} should keep {wanted[k]} samples, but it has {sizes[k]}")
    order = _ascending(np.zeros(len(y)) if scores is None else scores, len(y), seed, ties)
    y = y.astype(np.min_scalar_type(len(wanted)))  # small integers are sorted by counting
    order = order[np.argsort(y[order], kind="stable")]  # class after class, the best of each last
    y = y[order]
    rank = np.cumsum(sizes)[y] - np.arange(len(y))  # 1 for the best of its class
    return np.sort(order[rank <= wanted[y]])


def top(scores: ArrayLike, size: int, seed: int = 0, ties: str = "random") -> Counts:
    """Return the sorted int64 indices of the `size` highest scores, without quotas.

    Constant scores choose uniformly at random: the Random baseline is top(np.zeros(N), size, seed). ValueError for a
    size outside [0, N], and scores that are NaN or no numbers.

    >>> top([0.1, 0.9, 0.5], 2).tolist()
    [1, 2]
    """
    N = len(as_array(scores))
    if not 0 <= size <= N:
        raise ValueError(f"size is {size}, but between 0 and {N} samples can be kept")
    return np.sort(_ascending(scores, N, seed, ties)[N - size :])


def _ascending(scores: ArrayLike, size: int, seed: int, ties: str) -> Counts:
    """Indices from the lowest to the highest score, int64 (size,)."""
    s = as_array(scores)
    if ties not in TIES:
        raise ValueError(f"ties is {ties!r}, but must be one of {', '.join(TIES)}")
    if s.shape != (size,):
        raise ValueError(f"there are {size} samples, but scores have shape {s.shape}")
    if s.dtype.kind not in "biuf":
        raise ValueError(f"scores must be real numbers, not {s.dtype}")
    if np.isnan(s).any():
        raise ValueError(f"the score of sample {int(np.argmax(np.isnan(s)))} is NaN, so samples cannot be ranked")
    if ties == "index":
        return np.argsort(s, kind="stable")
    order = np.argsort(random_keys(size, seed))  # keys are distinct
    return order if size and (s == s[0]).all() else order[np.argsort(s[order], kind="stable")]
