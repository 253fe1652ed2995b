"""What the paper's released code does where it differs from the paper, simulated from its description.

Written anew from reading the code (github.com/avysogorets/fair-data-pruning): numbers in, numbers out, no training.
At the end, how far our NUCS-like quotas are from those of clipped scores.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from drop import quotas as rules
from drop import released, selection
from drop.experiments.benchmarks import Benchmark


def scheduled_size(samples: int, density: float) -> int:
    """How many samples the released code keeps: it subtracts the fraction to remove from 1, then truncates."""
    return int(samples * (1.0 - abs(density - 1.0)))


def released_quotas(class_sizes: ArrayLike, recalls: ArrayLike, keep: int) -> np.ndarray:
    """Class sizes, int64 (K,), that the released code's quota rule asks for; it may fall short of `keep`.

    Class sizes go with 1 - recall and are truncated. What full classes cannot take is shared in rounds among the
    others, truncated too. A class that fills up in a round leaves the list that the round is walking along, so the next
    class moves into its place and is passed over in that round.
    """
    sizes, errors = np.asarray(class_sizes, dtype=np.int64), 1 - np.asarray(recalls, dtype=np.float64)
    quotas = (keep * errors / sum(errors)).astype(np.int64)
    rest = np.maximum(quotas - sizes, 0).sum()
    unfilled = list(np.flatnonzero(quotas <= sizes))
    quotas = np.minimum(quotas, sizes)
    while rest > 0 and unfilled:
        shares = (rest * errors / sum(errors[unfilled])).astype(np.int64)
        before, place = len(unfilled), 0
        while place < len(unfilled):
            k = unfilled[place]
            surplus = max(0, quotas[k] + shares[k] - sizes[k])
            quotas[k] += shares[k] - surplus
            rest -= shares[k] - surplus
            if surplus:
                del unfilled[place]
            place += 1
        if len(unfilled) == before:  # a round without a class that fills up is the last
            break
    return quotas


def taken(quotas: ArrayLike, class_sizes: ArrayLike, keep: int) -> np.ndarray:
    """Samples that the released code takes of each class, int64 (K,), before it tops up at random.

    Quotas travel as fractions of `keep` and are truncated once more; a class of quota 0 is taken whole, because the
    slice from -0 to the end is the whole array.
    """
    again = (np.asarray(quotas) / keep * keep).astype(np.int64)
    return np.where(again == 0, class_sizes, again)


def released_counts(class_sizes: ArrayLike, recalls: ArrayLike, density: float, seed: int) -> np.ndarray:
    """Class counts, int64 (K,), of a set that the released code keeps: its quotas, topped up at random by `seed`."""
    sizes = np.asarray(class_sizes, dtype=np.int64)
    keep = scheduled_size(int(sizes.sum()), density)
    counts = taken(released_quotas(sizes, recalls, keep), sizes, keep)
    return counts + np.random.default_rng(seed).multivariate_hypergeometric(sizes - counts, keep - counts.sum())


def step_shares(entry: Benchmark, samples: int, density: float) -> tuple[float, float, float]:
    """Steps of a final model as shares of those on all data: by the formula, ours, and the released code's.

    Ours: batches run across the ends of epochs. The released code ends each epoch with a short batch.
    """
    recipe, size = entry.recipe_at(density), round(density * samples)
    whole = entry.recipe.epochs * samples / entry.recipe.batch
    ours = -(-recipe.epochs * size // recipe.batch)
    theirs, all_theirs = (
        epochs * -(-n // recipe.batch) for epochs, n in ((recipe.epochs, size), (entry.recipe.epochs, samples))
    )
    return recipe.budget + (1 - recipe.budget) * density, ours / whole, theirs / all_theirs


def clipped_difficulty(name: str, scale: str, density: float, tails: Iterable[float]) -> dict[float, float]:
    """Share of the budget of NUCS that moves to other classes if `tail` of a class's scores is clipped at each end.

    From the released EL2N scores of seed 0; {} for a benchmark whose scores were not released.
    """
    if not (released.FOLDER / f"{name}-{scale}-seed0.npz").exists():
        return {}
    given = released.load(name, scale)
    labels, K = given.arrays["labels"], len(given.recalls)
    plain, *clipped = (
        rules.counts(np.bincount(labels), rules.difficulty_weights(given.scores["el2n"], labels, K, tail), density)
        for tail in (0, *tails)
    )
    return {tail: float(abs(n - plain).sum() / 2 / plain.sum()) for tail, n in zip(tails, clipped, strict=True)}


def one_against_rest(matrix: ArrayLike) -> np.ndarray:
    """What the released code calls the accuracy of a class, (K,): of "class k or not", from a confusion matrix."""
    matrix = np.asarray(matrix)
    right = matrix.diagonal()
    return 1 - (matrix.sum(0) + matrix.sum(1) - 2 * right) / matrix.sum()


def learning_curves(samples: int, epochs: int, seed: int) -> np.ndarray:
    """Simulated probabilities (epochs, samples) of the true class: learnt at different times, with noise."""
    uniform = (selection.random_keys(samples * (epochs + 2), seed) + 0.5) / 2.0**64
    noise = ndtri(uniform).reshape(epochs + 2, samples)
    start, speed = 2 * noise[0] - 1, np.exp(0.7 * noise[1])
    return 1 / (1 + np.exp(-(start + 6 * speed * np.linspace(0, 1, epochs)[:, None] + 0.8 * noise[2:])))


def crop_shares(quantiles: Iterable[float]) -> list[float]:
    """Quantiles of the share of a square image that `RandomResizedCrop` shows; what does not fit is drawn again."""
    area, ratio = np.meshgrid(np.linspace(0.08, 1, 2000), np.exp(np.linspace(np.log(3 / 4), np.log(4 / 3), 401)))
    seen = area[np.maximum(area * ratio, area / ratio) <= 1]
    return [float(np.quantile(seen, q)) for q in quantiles]
