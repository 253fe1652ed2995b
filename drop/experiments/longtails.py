"""Long tails: fewer and fewer training images from class to class; validation and test stay as they were published.

The most frequent class keeps all its images, the rarest one in `imbalance`; in between their numbers fall exponentially
(Cui et al. 2019). Which classes are the rare ones matters, so there are two orders beside that of the labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drop.experiments.originals import Original

IMBALANCES = (10, 100)
HARDEST = {  # the lowest validation recall of full training first: laptop scale, mean of seeds 0 to 2
    "fashion-mnist": (6, 2, 4, 0, 3, 9, 7, 5, 8, 1),
    "cifar10": (3, 5, 2, 4, 0, 7, 9, 6, 8, 1),
}
ORDERS = {"hard-frequent": 1, "hard-rare": -1}


def cut(found: Original, imbalance: float = 10, order: Sequence[int] | None = None) -> Original:
    """The data set with N_k (1 / imbalance)^(i / (K - 1)) training images of the class k at place i, the first ones.

    order: classes from the most frequent to the rarest; default as numbered.
    """
    images, labels = found.train
    places = np.argsort(range(len(found.classes)) if order is None else order)
    sizes = np.bincount(labels) * (1 / imbalance) ** np.linspace(0, 1, len(places))[places]
    kept = np.concatenate([np.flatnonzero(labels == k)[: round(n)] for k, n in enumerate(sizes)])
    return Original(found.classes, (images[kept], labels[kept]), found.test, indices=kept)


def variants(name: str) -> dict[str, tuple[float, Sequence[int]]]:
    """Imbalance and order of the sets that are cut from a data set, by name, such as cifar10-tail100-hard-rare."""
    hardest = HARDEST.get(name.removesuffix("-mini"), ())
    return {
        f"{name}-tail{imbalance}-{order}": (imbalance, hardest[::step])
        for imbalance in IMBALANCES for order, step in ORDERS.items() if hardest
    }  # fmt: skip
