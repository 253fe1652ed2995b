"""Intervals of groups: whole scenes are drawn, and an average can have the training groups' weights."""

import dataclasses

import numpy as np
import pytest

from drop.experiments import intervals, records
from drop.experiments.benchmarks import Run, benchmark, plan
from drop.experiments.intervals import Trials, bounds, estimate, nothing
from drop.experiments.records import Store
from drop.experiments.runs import measure

SIZES = np.array([300, 200, 300, 200])
SCENES = np.concatenate([np.arange(300) % 60, 60 + np.arange(200) % 20] * 2)  # groups 0 and 2 share theirs, 1 and 3 too


def trials(seed: int, shared: float, seeds: int = 3) -> Trials:
    """Runs whose errors depend on the scene, `shared`, on the image and on the seed."""
    rng = np.random.default_rng(seed)
    scene, image, own = rng.normal(size=80), rng.normal(size=1000), rng.normal(size=(seeds, 1000))
    hits = shared * scene[SCENES] + image + 0.3 * own + 0.5 > 0
    parts = np.split(hits, np.cumsum(SIZES)[:-1], axis=1)
    recalls = np.stack([part.mean(axis=1) for part in parts], axis=1)
    return Trials(recalls, recalls, SIZES, hits, clusters=SCENES, training=np.array([0.73, 0.04, 0.01, 0.22]))


def drawn_anew(trials: Trials, weights, times: int = 2000) -> float:
    """The slow way: draw scenes, of each background as many as there are, and see how a weighted sum varies."""
    rng, per_image = np.random.default_rng(1), trials.hits.mean(axis=0)
    groups, sums = np.repeat(np.arange(4), SIZES), []
    right, total = (np.zeros((80, 4)) for _ in range(2))
    np.add.at(right, (SCENES, groups), per_image)
    np.add.at(total, (SCENES, groups), 1)
    for _ in range(times):
        drawn = np.concatenate([rng.integers(0, 60, 60), rng.integers(60, 80, 20)])
        sums.append((right[drawn].sum(0) / total[drawn].sum(0)) @ weights)
    return float(np.var(sums))


@pytest.mark.parametrize("metric, weights", [
    ("average", SIZES / 1000), ("reweighted_average", [0.73, 0.04, 0.01, 0.22]), ("worst_group", [0, 1, 0, 0]),
    ("gap", [1, -1, 0, 0]), ("gap", [1, 0, -1, 0]),
])  # fmt: skip
def test_the_variance_over_images_is_that_of_drawing_scenes(metric, weights):
    found = trials(0, shared=1.0)
    pair = (nothing(found), found) if metric == "gap" else (found, nothing(found))  # the gap is minus the least sum
    sums = [list(weights)] if "average" in metric else intervals._sums(metric, found).tolist()
    images = np.ravel(bounds(*pair, metric).images)[sums.index(list(weights))]
    assert images == pytest.approx(drawn_anew(found, np.array(weights, float)), rel=0.25)


def test_scenes_of_one_image_are_independent_images():
    found = trials(0, shared=0.0)
    single, free = (dataclasses.replace(found, clusters=c) for c in (np.arange(1000), None))
    for metric in ("average", "worst_group", "gap", "spread"):
        one, other = estimate(single, metric), estimate(free, metric)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=3e-4)


def test_shared_scenes_make_intervals_wider():
    found = trials(3, shared=1.0)
    free = dataclasses.replace(found, clusters=None)
    wide, narrow = estimate(found, "worst_group"), estimate(free, "worst_group")
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


def test_the_two_averages_are_those_of_their_names():
    found = trials(0, shared=0.5)
    recalls = found.test.mean(axis=0)
    assert estimate(found, "average").value == pytest.approx(found.hits.mean())
    assert estimate(found, "reweighted_average").value == pytest.approx(recalls @ [0.73, 0.04, 0.01, 0.22])
    with pytest.raises(ValueError, match="their sizes are not known"):
        estimate(dataclasses.replace(found, training=None), "reweighted_average")


def test_a_record_of_grouped_data_brings_its_scenes_and_training_groups(tmp_path):
    smoke = benchmark("garments-on-scenes", "smoke")
    micro = dataclasses.replace(smoke, name="micro-scenes", recipe=dataclasses.replace(smoke.recipe, epochs=1))
    store = Store(tmp_path, also=[])
    measure(plan(micro, ["full"], [1.0], [0, 1]), store, workers=1, device="cpu")
    found = Trials.of_records([store.get(Run(micro, "full", 1.0, seed).key) for seed in (0, 1)])
    assert found.training.tolist() == [0.73, 0.04, 0.01, 0.22]
    assert found.clusters.tolist() == records.clusters_of(store.get(Run(micro, "full", 1.0, 0).key))
