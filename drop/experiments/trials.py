"""What the runs of one method say of the test images: the material of the intervals."""

import base64
from dataclasses import dataclass, replace

import numpy as np

from drop.experiments.record import clusters_of
from drop.metrics import class_recalls, recalls_of, tally

# The superclass of each of CIFAR-100's classes, in the order of its labels.
_CODES = "41e80677i33e9i7b397b6b5a76df3f0b1aceg9b55j88fdehiag4h420h4iha32ccgc19j2a01gc9dfdgj246j558ji12f60h8ed"
SUPERCLASS = np.array([int(code, 20) for code in _CODES])


@dataclass(frozen=True, eq=False)
class Trials:
    """Recalls of S runs (one a seed) on the same images: test and validation (S, K), test images a class (K,).

    `hits`, bool (S, n), says which test images were right, class after class; None: the recalls are known exactly.
    `parents`, int (K,): the superclass of each class. `fixed`: nothing is to be generalised from these runs' seeds.
    `clusters`, int (n,): the scene of each test image, in the order of `hits`; None: all are independent.
    `training`, float (K,): the groups' shares of the training set.
    """

    test: np.ndarray
    validation: np.ndarray | None
    sizes: np.ndarray
    hits: np.ndarray | None = None
    parents: np.ndarray | None = None
    fixed: bool = False
    clusters: np.ndarray | None = None
    training: np.ndarray | None = None

    @classmethod
    def of_records(cls, records: list[dict]) -> "Trials":
        """Trials of one record a seed; ValueError unless there is one, and all have as many test images a class."""
        if len({tuple(tally(record["test"])[1]) for record in records}) != 1:
            raise ValueError("Trials need at least one record, and all of them the same classes and test images.")
        test, validation = (np.array([recalls_of(r[split]) for r in records]) for split in ("test", "validation"))
        sizes = tally(records[0]["test"])[1]
        packed = (np.frombuffer(base64.b64decode(record["test_hits"]), np.uint8) for record in records)
        hits = np.array([np.unpackbits(row, count=sizes.sum()) for row in packed], bool)
        parents = SUPERCLASS if "classes" in records[0] and len(sizes) == len(SUPERCLASS) else None
        scenes, trained = clusters_of(records[0]), np.array(records[0].get("class_sizes", sizes))
        clusters = None if scenes is None else np.unique(scenes, return_inverse=True)[1]
        return cls(test, validation, sizes, hits, parents, clusters=clusters, training=trained / trained.sum())

    @classmethod
    def of_predictions(cls, labels, predictions, num_classes: int) -> "Trials":
        """One network's labels and predictions, whole numbers (n,): intervals then speak of the test images alone.

        Without validation images any class may be the worst: the upper bound is the least of all classes', each at
        1/K of the error.
        """
        recalls, y = class_recalls(labels, predictions, num_classes)[None], np.asarray(labels)
        hits = (y == np.asarray(predictions))[None, np.argsort(y, kind="stable")]
        return cls(recalls, None, np.bincount(y, minlength=num_classes), hits, fixed=True)

    @property
    def seeds(self) -> float:
        """How many seeds there are to generalise from; infinitely many where that is not asked for."""
        return np.inf if self.fixed else len(self.test)


def nothing(like: Trials) -> Trials:
    """Trials with recall 0 everywhere and no uncertainty."""
    zeros = np.zeros((1, like.test.shape[1]))
    return replace(like, test=zeros, validation=zeros, hits=None, fixed=True)
