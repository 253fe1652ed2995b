"""garments-on-scenes: two classes of garments, each pasted mostly on the scenes of its own, sometimes on the other's.

A benchmark of group robustness that everybody can rebuild from published data. Like Waterbirds (Sagawa et al. 2020) it
has four groups, class x scene, of 73, 4, 1 and 22 % of the training images, and balanced groups elsewhere. Every number
is an integer and every choice is by rule or by SplitMix64, so that all machines make the same bytes.

    split        images   garments of Fashion-MNIST   scenes of CIFAR-100       images a scene
                          (each is used once)         (disjoint between splits) on land, on water
    training     12,000   training, the first         1,200 on land, 400 sea    7 or 8, 7 or 8
    validation    2,000   training, those after them    300 on land, 100 sea    3 or 4, 10
    test          4,000   test                          300 on land, 100 sea    6 or 7, 20
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from drop.experiments.originals import Attribute, Original
from drop.selection import random_keys

EDGE = 32  # grey levels, from black, over which a garment's outline fades into the scene


@dataclass(frozen=True)
class Plan:
    """Which garments make the two classes, on which scenes; how many images each group gets, by class and scene."""

    garments: tuple[tuple[str, str], tuple[str, str]]
    scenes: tuple[tuple[str, ...], tuple[str, ...]]
    scene_names: tuple[str, str]
    train: tuple[tuple[int, int], tuple[int, int]]
    held_out: tuple[int, int]  # images of each group: of validation, of test
    side: int  # pixels of a garment's square, shrunk from 28


FULL = Plan(
    (("Pullover", "Coat"), ("Shirt", "T-shirt/top")), (("forest", "plain", "mountain"), ("sea",)),
    ("on land", "on water"), ((8760, 480), (120, 2640)), (500, 1000), 20,
)  # fmt: skip
MINI = Plan(
    (("Pullover", "Coat"), ("Shirt", "T-shirt/top")), (("Trouser",), ("Bag",)),
    ("on trousers", "on bags"), ((730, 40), (10, 220)), (100, 250), 16,
)  # fmt: skip


def compose(garments: Original, scenes: Original, plan: Plan) -> Original:
    """The images of a plan, uint8 (N, C, S, S) in the scenes' shape, group after group.

    A garment is used once: the training set has the first published training images of its kind, validation those that
    follow, test the first published test images. Of each kind of scene the first four fifths of the published training
    images are for training, the last fifth for validation, the test images for test; in each of these the scenes of a
    background take turns. Attribute.clusters numbers the scenes of the test set.
    """
    worn = [sum(row) // 2 for row in plan.train]  # training images of each kind of garment of a class
    cloth = [_splits(garments, kinds, n) for kinds, n in zip(plan.garments, worn, strict=True)]
    places = [_splits(scenes, kinds) for kinds in plan.scenes]
    validation, test = ([[n, n], [n, n]] for n in plan.held_out)
    made = []
    for split, sizes in enumerate((plan.train, validation, test)):
        in_turn = [np.stack(kinds[split], axis=1).reshape(-1, *scenes.train[0].shape[1:]) for kinds in places]
        made.append(_part([kinds[split] for kinds in cloth], in_turn, sizes, plan.side, seed=split))
    train, validation, test = ((images, labels) for images, labels, _, _ in made)
    attribute = Attribute(plan.scene_names, made[0][2], made[2][2], made[1][2], clusters=made[2][3])
    return Original(tuple(" or ".join(kinds) for kinds in plan.garments), train, test, validation, attribute)


def _splits(of: Original, names: tuple[str, ...], trained: int | None = None) -> list[list[np.ndarray]]:
    """Images for training, validation and test, of each of these classes in file order; default: 4/5 of it train."""
    (x, y), (z, t) = of.train, of.test
    kinds = [(x[y == k], z[t == k]) for k in map(of.classes.index, names)]
    parts = [np.split(a, [len(a) * 4 // 5 if trained is None else trained]) for a, _ in kinds]
    return [[train for train, _ in parts], [rest for _, rest in parts], [b for _, b in kinds]]


def _part(cloth: list[list[np.ndarray]], places: list[np.ndarray], sizes, side: int, seed: int) -> tuple:
    """Images, classes, backgrounds and numbers of the scenes of one split."""
    parts, taken, turns = [], [0, 0], [0, 0]
    for label, place in product(range(2), range(2)):
        half = sizes[label][place] // 2  # of each kind of garment, one kind after the other
        garments = np.concatenate([kind[taken[label] : taken[label] + half, 0] for kind in cloth[label]])
        scenes = (turns[place] + np.arange(len(garments))) % len(places[place])
        taken[label], turns[place] = taken[label] + half, turns[place] + len(garments)
        parts.append((shrink(garments, side), places[place][scenes], label, place, scenes + place * len(places[0])))
    garments, scenes = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    labels, where, numbers = (np.concatenate([np.full(len(p[0]), p[i]) for p in parts]) for i in (2, 3, 4))
    return paste(garments, scenes, seed), labels, where, numbers


def shrink(images: np.ndarray, side: int) -> np.ndarray:
    """Mean over areas, uint8 (N, S, S) -> (N, side, side), halves rounded up; the area of a pixel is side^2 parts."""
    size = images.shape[1]
    ends = np.minimum.outer(np.arange(1, side + 1) * size, np.arange(1, size + 1) * side)
    starts = np.maximum.outer(np.arange(side) * size, np.arange(size) * side)
    shares = np.maximum(ends - starts, 0).astype(float)  # (side, S): of each row in each new one, summing to S
    sums = (shares @ images @ shares.T).astype(np.int64)  # whole numbers, exact in float64 in whatever order
    return ((2 * sums + size**2) // (2 * size**2)).astype(np.uint8)


def paste(garments: np.ndarray, scenes: np.ndarray, seed: int) -> np.ndarray:
    """Garments uint8 (N, s, s), each somewhere on its scene uint8 (N, C, S, S), through which black shows it."""
    (n, side, _), size = garments.shape, scenes.shape[-1]
    room = np.uint64(size - side + 1)
    down, right = (random_keys(2 * n, seed) % room).astype(int).reshape(2, n)
    canvas = np.zeros((n, 1, size, size), np.int32)
    for i in range(n):
        canvas[i, 0, down[i] : down[i] + side, right[i] : right[i] + side] = garments[i]
    cover = np.minimum(canvas, EDGE)
    return ((scenes * (EDGE - cover) + canvas * cover + EDGE // 2) // EDGE).astype(np.uint8)
