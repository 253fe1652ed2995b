"""Which classes gain when ties are broken by the index of the sample, and data are sorted by class.

The released code keeps the last of equal scores. Where samples stand class by class, as ImageFolder lists them, these
are samples of the last classes. Here the same scores are ranked in several orders of the samples; nothing is trained.
"""

from __future__ import annotations

import numpy as np

from drop.selection import top

DENSITIES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.9)
SHUFFLES = 10  # of the ties: what the orders are compared with


def study(scores: np.ndarray, labels: np.ndarray) -> list[dict]:
    """By density: samples kept of each class (K,) under each rule for ties.

    "file", "sorted" and "reversed": the highest index of equal scores wins, the samples as in the data set, class by
    class, or class by class from the last to the first. "shuffled": the mean over random orders, "noise" its standard
    deviation over them. "tied": samples that share the lowest kept score; "wanted": those of them that are kept.
    """
    K, rows = int(labels.max()) + 1, []
    orders = {
        "file": np.arange(len(labels)),
        "sorted": np.argsort(labels, kind="stable"),
        "reversed": np.argsort(-labels, kind="stable"),
    }
    for density in DENSITIES:
        size = round(density * len(labels))
        threshold = np.sort(scores)[-size]
        row = {"density": density, "tied": int((scores == threshold).sum())}
        row["wanted"] = size - int((scores > threshold).sum())
        for name, order in orders.items():
            kept = order[top(scores[order], size, ties="index")]
            row[name] = np.bincount(labels[kept], minlength=K)
        shuffled = [np.bincount(labels[top(scores, size, seed)], minlength=K) for seed in range(SHUFFLES)]
        rows.append(row | {"shuffled": np.mean(shuffled, axis=0).round(2), "noise": np.std(shuffled, axis=0).round(2)})
    return rows
