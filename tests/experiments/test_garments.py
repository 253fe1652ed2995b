"""garments-on-scenes: its groups, which garments and scenes go where, and every pixel of it."""

import numpy as np
import pytest

from drop.experiments import datasets, garments
from drop.experiments.garments import EDGE, FULL, MINI, Plan, compose, paste, shrink
from drop.experiments.originals import Original

rng = np.random.default_rng(0)


def pictures(classes: tuple[str, ...], train: int, test: int, shape: tuple[int, ...]) -> Original:
    """A published data set of random pictures, classes taking turns; the first pixel of each says which it is."""
    pairs = []
    for size, first in ((train, 0), (test, 100)):
        images = rng.integers(0, 256, (size * len(classes), *shape), dtype=np.uint8)
        labels = np.tile(np.arange(len(classes)), size)
        images[:, 0, 0, 0] = first + np.repeat(np.arange(size), len(classes))
        pairs.append((images, labels))
    return Original(classes, *pairs)


SMALL = Plan((("a", "b"), ("c", "d")), (("w", "x"), ("y",)), ("here", "there"), ((12, 4), (2, 8)), (2, 4), 2)
CLOTH, SCENES = pictures(tuple("dabc"), 10, 4, (1, 4, 4)), pictures(tuple("wxyz"), 5, 3, (3, 6, 6))


def test_groups_have_the_planned_sizes_and_classes_know_nothing_of_scenes():
    made = compose(CLOTH, SCENES, SMALL)
    assert made.classes == ("a or b", "c or d")
    assert made.groups == ("a or b here", "a or b there", "c or d here", "c or d there")
    for split, sizes in (("train", [12, 4, 2, 8]), ("validation", [2] * 4), ("test", [4] * 4)):
        images, labels, groups, *_ = made.columns(split)
        assert images.shape == (sum(sizes), 3, 6, 6) and images.dtype == np.uint8
        assert np.bincount(groups).tolist() == sizes and (groups // 2 == labels).all()


def test_garments_are_used_once_and_scenes_in_turn_each_in_its_own_split(monkeypatch):
    seen = []
    monkeypatch.setattr(
        garments, "paste", lambda cloth, scenes, seed: seen.append((cloth[:, 0, 0], scenes[:, 0, 0, 0]))
    )
    monkeypatch.setattr(garments, "shrink", lambda images, side: images)
    made = compose(CLOTH, SCENES, SMALL)
    train, validation, test = (cloth.tolist() for cloth, _ in seen)
    assert train == [*range(6), *range(6), 6, 7, 6, 7, 0, 0, *range(1, 5), *range(1, 5)]  # "a", "b"; "c", "d"
    assert validation == [8, 8, 9, 9, 5, 5, 6, 6]
    assert test == [100, 101, 100, 101, 102, 103, 102, 103] * 2
    train, validation, test = (scenes.tolist() for _, scenes in seen)
    assert set(train) == {0, 1, 2, 3} and set(validation) == {4} and set(test) == {100, 101, 102}
    assert train[:12] == [0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1]  # w and x take turns
    assert train[16:18] == [2, 2]  # and go on where the other class stopped
    here, there = (made.attribute.clusters[made.attribute.test == place] for place in (0, 1))
    assert here.tolist() == [0, 1, 2, 3, 4, 5, 0, 1] and there.tolist() == [6, 7, 8, 6, 7, 8, 6, 7]


@pytest.mark.parametrize("size, side", [(28, 20), (28, 16), (4, 2), (5, 3), (6, 6)])
def test_shrinking_takes_the_mean_over_the_area_of_a_new_pixel(size, side):
    image = rng.integers(0, 256, (size, size), dtype=np.uint8)
    fine = np.repeat(np.repeat(image.astype(float), side, 0), side, 1)  # each pixel as side x side parts
    means = fine.reshape(side, size, side, size).mean((1, 3))
    assert (shrink(image[None], side)[0] == np.floor(means + 0.5)).all()


def test_a_garment_covers_its_scene_where_it_is_bright_and_shows_it_where_it_is_black():
    cloth = np.array([[[0, 16], [EDGE, 255]]], np.uint8)
    scene = rng.integers(0, 256, (1, 3, 4, 4), dtype=np.uint8)
    found = paste(cloth, scene, seed=5)[0]
    places = [(i, j) for i in range(3) for j in range(3) if (found[:, i + 1, j + 1] == 255).all()]
    assert len(places) == 1
    [(i, j)] = places
    expected = scene[0].copy()
    expected[:, i, j + 1] = (scene[0, :, i, j + 1] * 16.0 + 16 * 16 + 16) // 32
    expected[:, i + 1, j], expected[:, i + 1, j + 1] = EDGE, 255
    assert (found == expected).all()


def test_garments_stand_everywhere_in_the_scene():
    found = paste(np.full((400, 2, 2), 255, np.uint8), np.zeros((400, 1, 5, 5), np.uint8), seed=1)
    corners = {tuple(np.argwhere(image[0])[0]) for image in found}
    assert corners == {(i, j) for i in range(4) for j in range(4)}


def test_the_plans_have_the_proportions_of_waterbirds():
    for plan, size in ((FULL, 12_000), (MINI, 1000)):
        assert (np.array(plan.train) / size).ravel().tolist() == [0.73, 0.04, 0.01, 0.22]


def test_the_smoke_version_is_made_from_what_ships():
    data = datasets.load("garments-on-scenes-mini")
    assert data.groups[2] == "Shirt or T-shirt/top on trousers" and data.strata == data.groups
    assert np.bincount(data.train.groups).tolist() == [730, 40, 10, 220]
    images = np.concatenate([split.images for split in (data.train, data.validation, data.test)])
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.skipif(
    not all((datasets.data_root() / path).exists() for path in ("FashionMNIST/raw", "cifar-100-python")),
    reason="the published data sets are not under DROP_DATA",
)
def test_the_benchmark_is_what_its_table_says():
    found = datasets.original("garments-on-scenes")  # verified by content
    uses = {0: [], 1: []}
    for place in (0, 1):
        clusters = found.attribute.clusters[found.attribute.test == place]
        uses[place] = np.unique(clusters, return_counts=True)[1]
    assert (len(uses[0]), len(uses[1])) == (300, 100)
    assert set(uses[0]) == {6, 7} and set(uses[1]) == {20}


def test_a_made_set_that_came_out_differently_is_refused(monkeypatch):
    monkeypatch.setattr(garments, "EDGE", EDGE - 1)
    with pytest.raises(ValueError, match="garments-on-scenes-mini was made with the content [0-9a-f]{64}, but should"):
        datasets.load("garments-on-scenes-mini")
