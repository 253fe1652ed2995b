"""A data set as it was published, or as it is made from published ones, before a validation set is carved out of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]  # images uint8 (N, C, H, W), labels int64 (N,)
SPLITS = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True, eq=False)
class Attribute:
    """What splits every class into groups, such as the scene behind an object: one value a sample.

    train, test, validation: int64 (N,) numbers of `names`. clusters: int64 (test samples,), which test images are not
    independent of each other, because they share a scene; intervals resample whole clusters. None: all are.
    """

    names: tuple[str, ...]
    train: np.ndarray
    test: np.ndarray
    validation: np.ndarray | None = None
    clusters: np.ndarray | None = None


class Original(NamedTuple):
    """The published split of a data set; with an attribute, its groups are class x attribute, class after class."""

    classes: tuple[str, ...]
    train: Pair
    test: Pair
    validation: Pair | None = None
    attribute: Attribute | None = None
    indices: np.ndarray | None = None  # int64 (N,): which published training images these are; None: all of them

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups; () without an attribute."""
        values = self.attribute.names if self.attribute else ()
        return tuple(f"{label} {value}" for label in self.classes for value in values)

    def columns(self, split: str) -> tuple[np.ndarray, ...]:
        """Images and labels of a split, with an attribute also groups, perhaps clusters; () where there is no split.

        ValueError for values of the attribute that are not those of the images, and where there is only one.
        """
        pair, attribute = getattr(self, split), self.attribute
        if pair is None or attribute is None:
            return pair or ()
        values, of, number = getattr(attribute, split), SPLITS[split], len(attribute.names)
        if number < 2:
            raise ValueError(f"the attribute has one value, {attribute.names[0]!r}: groups need two, or leave it out")
        if values is None or len(values) != len(pair[1]):
            found = "no" if values is None else f"{len(values):,}"
            raise ValueError(f"there are {len(pair[1]):,} {of} images, but {found} values of their attribute")
        if len(values) and not 0 <= min(values) <= max(values) < number:
            raise ValueError(f"the attribute of the {of} images must lie in [0, {number}), found {max(values)}")
        clusters = attribute.clusters if split == "test" else None
        return (*pair, pair[1] * number + values, *([] if clusters is None else [clusters]))

    @property
    def content(self) -> str:
        """The sha256, hex, of all images, labels, groups and clusters, the same on every machine."""
        joined = hashlib.sha256()
        for column in (column for split in SPLITS for column in self.columns(split)):
            joined.update(np.ascontiguousarray(column, column.dtype.newbyteorder("<")))
        return joined.hexdigest()


def digest_of(indices: np.ndarray) -> str:
    """16 hex digits that identify some indices and their order, the same on every machine."""
    return hashlib.sha256(np.asarray(indices, "<i8").tobytes()).hexdigest()[:16]


def check_groups(splits: dict[str, np.ndarray], groups: tuple[str, ...]) -> None:
    """ValueError, with what to do, where a split has no image of a group; splits: "training" and so on, int64 (N,)."""
    for split, members in splits.items():
        sizes = np.bincount(members, minlength=len(groups))
        if (sizes == 0).any():
            group = groups[int(sizes.argmin())]
            raise ValueError(
                f"there is no {split} image of the group {group!r}: "
                + {
                    "training": "nothing can be learned about it; leave it out or merge it with another group",
                    "validation": "its quota would be a guess; carve validation images out of the training set "
                    "(validation='train'), or merge it with another group",
                    "test": "its accuracy cannot be told; merge it with another group",
                }[split]
            )
