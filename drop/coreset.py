"""Scores from the geometry of embeddings: the greedy k-center coreset and the distance to the class prototype."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from drop.quotas import as_array, check_labels

CANDIDATES = 2048  # farthest samples among which the next centres are looked for
BLOCK = 2**18  # float64 of distances computed at a time: 2 MB, so that they stay in the cache


def k_center(embeddings: ArrayLike, size: int | None = None, start: str | int = "mean") -> np.ndarray:
    """Greedy k-center as scores, float64 (N,), high = keep: N for the first centre, N - 1 for the next, and so on.

    size: centres to find, all by default; the samples that are no centre then tie at 0. The rest is `k_center_order`'s.

    >>> k_center([[0, 0], [9, 0], [4, 1], [0, 8]], start=0).tolist()  # the corner, then what is farthest from it, ...
    [4.0, 3.0, 1.0, 2.0]
    """
    order = k_center_order(embeddings, len(as_array(embeddings)) if size is None else size, start)
    return scores_of_order(order, len(as_array(embeddings)))


def k_center_order(embeddings: ArrayLike, size: int, start: str | int = "mean") -> np.ndarray:
    """Greedy k-center: the order in which samples become centres, int64 (size,).

    embeddings: (N, D); start: "mean" (the sample nearest to the mean, as in the released code) or the first centre's
    index. Each next centre is the sample farthest from all centres so far, of several the lowest index. The order is
    nested: its first n entries are the coreset of size n, so one run serves every density.

    Exact in float64, as far as squared lengths are: where all samples lie very far from the origin, centre them first.
    A round looks for centres among the farthest samples only, as long as their farthest is at least
    as far as any other sample can be; then one matrix product brings all samples up to date. Samples nearer to their
    centre than half the new centres' distance need no update: by the triangle inequality no new centre is nearer.

    Source: Sener and Savarese (2018). ValueError for embeddings that are no finite matrix or all lie on one line, and
    for a size or start out of range.

    >>> k_center_order([[0, 0], [9, 0], [4, 1], [0, 8]], size=3, start=0).tolist()
    [0, 1, 3]
    """
    x = _embeddings(embeddings)
    if not 0 <= size <= len(x):
        raise ValueError(f"size is {size}, but with {len(x)} samples it must lie in [0, {len(x)}]")
    if start != "mean" and (isinstance(start, str) or not 0 <= start < len(x)):
        raise ValueError(f"start is {start!r}, but it must be 'mean' or the index of one of the {len(x)} samples")
    norms = np.einsum("nd,nd->n", x, x, dtype=np.float64)
    first = int(np.argmin(_lengths(x - x.mean(axis=0, dtype=np.float64)))) if start == "mean" else int(start)
    nearest = np.full(len(x), np.inf)  # squared distance to the nearest centre; centres get -1
    order, reach = np.array([first][:size], dtype=np.int64), np.inf
    _update(nearest, x, norms, order, reach=0)
    while len(order) < size:
        added, reach = _round(nearest, x, norms, size - len(order))
        _update(nearest, x, norms, added, reach)
        order = np.append(order, added)
    return order


def scores_of_order(order: ArrayLike, samples: int) -> np.ndarray:
    """A selection order as scores, float64 (samples,): N for the first, then N - 1, …; those not in it tie at 0.

    ValueError unless the order holds distinct indices in [0, samples).

    >>> scores_of_order([2, 0], samples=4).tolist()
    [3.0, 0.0, 4.0, 0.0]
    """
    order = as_array(order)
    if order.size and (order.min() < 0 or order.max() >= samples or len(np.unique(order)) < order.size):
        raise ValueError(f"order must hold distinct indices in [0, {samples})")
    scores = np.zeros(samples)
    order = order.astype(np.int64)  # also an empty one
    scores[order] = samples - np.arange(len(order))
    return scores


def prototype_distance(embeddings: ArrayLike, labels: ArrayLike) -> np.ndarray:
    """Distance of each sample's embedding from the mean of its class, float64 (N,); high (atypical) = keep.

    embeddings: (N, D); labels: int (N,). Ties are rare; the selection breaks them by a seeded shuffle.
    Source: Sorscher et al. (2022) with classes for clusters, the label-dependent variant in the paper's released code.
    ValueError as for `k_center`, and for labels that are not N whole numbers.

    >>> prototype_distance([[0.0, 0.0], [0.0, 2.0], [5.0, 1.0]], [0, 0, 1]).tolist()
    [1.0, 1.0, 0.0]
    """
    x = _embeddings(embeddings).astype(np.float64)
    y = as_array(labels)
    y = check_labels(y, int(y.max(initial=0)) + 1 if y.dtype.kind in "biuf" else 1)
    if len(y) != len(x):
        raise ValueError(f"there are {len(x)} embeddings but {len(y)} labels")
    distances = np.zeros(len(x))
    for k in np.unique(y):
        members = x[y == k]
        distances[y == k] = np.linalg.norm(members - members.mean(axis=0), axis=1)
    return distances


def _embeddings(embeddings: ArrayLike) -> np.ndarray:
    """Embeddings as a float32 or float64 matrix in which distances mean something; ValueError where they don't."""
    x = as_array(embeddings)
    x = x.astype(np.float64 if x.dtype.itemsize > 4 else np.float32)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"embeddings must be a matrix (samples, features), not an array of shape {x.shape}")
    if not np.isfinite(x).all():
        i = int(np.argmin(np.isfinite(x).all(axis=1)))
        raise ValueError(f"the embedding of sample {i} is not finite: did the query model diverge?")
    if len(x) > 2 and _on_one_line(x):
        raise ValueError(f"the {len(x)} embeddings all lie on one line (rank 1 or 0): did the query model collapse?")
    return x


def _on_one_line(x: np.ndarray) -> bool:
    centred = x - x.mean(axis=0, dtype=np.float64)
    lengths = _lengths(centred)
    if lengths.max() == 0:
        return True
    axis = centred[np.argmax(lengths)] / lengths.max()
    return bool(_lengths(centred - np.outer(centred @ axis, axis)).max() <= 1e-6 * lengths.max())


def _lengths(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", x, x, dtype=np.float64)))


def _round(nearest: np.ndarray, x: np.ndarray, norms: np.ndarray, wanted: int) -> tuple[np.ndarray, float]:
    """The next centres, as far as the farthest samples alone decide them, and the last one's squared distance."""
    farthest = np.argsort(-nearest, kind="stable")  # of equals the lowest index first
    candidates = np.sort(farthest[:CANDIDATES])
    bound, rival = (nearest[farthest[CANDIDATES]], farthest[CANDIDATES]) if len(x) > CANDIDATES else (-1, len(x))
    points, lengths = x[candidates].astype(np.float64), norms[candidates]
    near = nearest[candidates]
    added: list[int] = []
    while len(added) < wanted:
        best = int(np.argmax(near))
        if (near[best], -candidates[best]) < (bound, -rival):
            break
        reach = near[best]
        added.append(candidates[best])
        squared = lengths + lengths[best] - 2 * (points @ points[best])
        near = np.minimum(near, np.maximum(squared, 0))
        near[best] = -1
    return np.array(added), reach


def _update(nearest: np.ndarray, x: np.ndarray, norms: np.ndarray, centres: np.ndarray, reach: float) -> None:
    """Lower `nearest` to the squared distances of new centres, each at least sqrt(reach) away from all older ones."""
    active = np.flatnonzero(nearest > reach / 4)
    step = max(1, BLOCK // max(1, len(centres)))
    points = np.column_stack([-2 * x[centres].astype(np.float64), norms[centres]])  # |a-b|² = |a|² + (a, 1)·(-2b, |b|²)
    for begin in range(0, len(active), step):
        rows = active[begin : begin + step]
        squared = norms[rows] + (np.column_stack([x[rows], np.ones(len(rows))]) @ points.T).min(axis=1, initial=np.inf)
        nearest[rows] = np.minimum(nearest[rows], np.maximum(squared, 0))
    nearest[centres] = -1
