"""Groups from the data set to the record: what is per group, what knows classes only, and what is refused."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from drop.experiments import datasets, records
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SMOKE, Benchmark, Run, plan
from drop.experiments.originals import Attribute, Original, check_groups
from drop.experiments.queries import Shelf
from drop.experiments.records import Store
from drop.experiments.runs import measure
from drop.metrics import right_of
from drop.quotas import drop_counts

QUICK = dataclasses.replace(SMOKE, epochs=2, evaluations=2, full_epochs=3)
MICRO = Benchmark("micro-groups", "smoke", "garments-on-scenes-mini", QUICK)
PRUNERS = ["random", "random+drop", "random+balanced", "el2n", "random+el2nq", "cdb-w"]


@pytest.fixture(scope="module")
def data():
    return datasets.load(MICRO.dataset)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("records"), also=[])
    measure(plan(MICRO, PRUNERS, [0.2, 1.0]), store, workers=1, device="cpu")
    return store


def record(store, pruner: str, density: float = 0.2):
    return store.get(Run(MICRO, pruner, density, 0).key)


def test_right_of_takes_the_class_of_each_group():
    confusion = np.arange(1, 13).reshape(6, 2)  # three groups of each of two classes
    assert right_of(confusion).tolist() == [1, 3, 5, 8, 10, 12]
    square = np.arange(9).reshape(3, 3)
    assert right_of(np.stack([square, square + 1])).tolist() == [[0, 4, 8], [1, 5, 9]]


def test_a_record_counts_groups_where_others_count_classes(store, data):
    for pruner in PRUNERS:
        found = record(store, pruner)
        assert found["classes"] == list(data.groups) and found["groups"]["of_classes"] == list(data.classes)
        assert found["class_sizes"] == [730, 40, 10, 220] and sum(found["kept"]) == 200
        assert found["validation"]["total"] == [100] * 4 and found["test"]["total"] == [250] * 4
        records.validate(json.loads(records.text(found)))


def test_quotas_follow_the_recalls_of_groups(store):
    found, recalls = record(store, "random+drop"), Shelf(store.root).recalls(MICRO, 0)
    assert found["quota_recalls"] == pytest.approx(recalls) and len(recalls) == 4
    assert found["kept"] == drop_counts(found["class_sizes"], recalls, 0.2).tolist()
    assert record(store, "random+balanced")["kept"] == [75, 40, 10, 75]
    assert record(store, "random+el2nq")["kept"] == record(store, "el2n")["kept"]


def test_networks_have_as_many_outputs_as_there_are_classes(data):
    arena = Arena(data, QUICK)
    assert arena.num_classes == 2 and arena.labels.max() == 1
    always_second = torch.ones(len(data.test.labels), dtype=torch.int64)
    assert arena.confusion(always_second, "test").tolist() == [[0, 250]] * 4


def test_hits_and_clusters_go_group_after_group(store, data):
    found = record(store, "full", 1.0)
    hits, clusters = records.hits_of(found), records.clusters_of(found)
    assert [hits[250 * g : 250 * (g + 1)].count("1") for g in range(4)] == found["test"]["correct"]
    order = data.test.groups.argsort(stable=True)
    assert clusters == data.test.clusters[order].tolist() and set(clusters) == set(range(1000))


def test_damaged_or_wrong_groups_make_no_record(store):
    found = record(store, "random")
    for damage, said in (
        ({"of_classes": ["a", "b", "c"], "clusters": None}, "4 groups are not as many of each of 3 classes"),
        ({"of_classes": ["a", "b"], "clusters": records.packed_clusters([1, 2])}, "not of 1000 test images"),
        ({"of_classes": ["a", "b"], "clusters": "AAAA"}, "clusters are damaged"),
        ({"of_classes": ["a", "b"]}, None),
    ):
        changed = {**found, "groups": damage}
        if said is None:
            records.validate(changed)
        else:
            with pytest.raises(ValueError, match=said):
                records.validate(changed)


def two_by_two(**attribute) -> Original:
    labels, values = np.repeat([0, 1], 6), np.tile([0, 1], 6)
    pair = (np.zeros((12, 1, 4, 4), np.uint8), labels)
    given = {"names": ("dry", "wet"), "train": values, "test": values, **attribute}
    return Original(("ant", "bee"), pair, pair, None, Attribute(**given))


def load(monkeypatch, found: Original, **options):
    monkeypatch.setattr(datasets, "original", lambda *_: found)
    return datasets.load("fashion-mnist-mini", **options)


def test_without_a_validation_set_it_is_carved_group_by_group(monkeypatch):
    data = load(monkeypatch, two_by_two())
    assert data.groups == ("ant dry", "ant wet", "bee dry", "bee wet")
    assert torch.bincount(data.validation.groups).tolist() == [1] * 4
    assert torch.bincount(data.test.groups).tolist() == [2] * 4


@pytest.mark.parametrize("attribute, said", [
    ({"train": np.zeros(11, int)}, "there are 12 training images, but 11 values of their attribute"),
    ({"test": np.tile([0, 2], 6)}, "attribute of the test images must lie in .0, 2., found 2"),
    ({"names": ("dry",)}, "the attribute has one value, 'dry': groups need two, or leave it out"),
    ({"train": np.repeat([0, 1], 6)}, "no training image of the group 'ant wet'.*merge it with another"),
    ({"test": np.repeat([0, 1], 6)}, "group 'ant wet' has 0 test images: it takes at least 2"),
])  # fmt: skip
def test_groups_that_do_not_fit_are_refused_in_one_sentence(monkeypatch, attribute, said):
    with pytest.raises(ValueError, match=said):
        load(monkeypatch, two_by_two(**attribute))


def test_a_group_without_validation_images_is_named_with_what_to_do():
    with pytest.raises(ValueError, match="no validation image of the group 'b': .*validation='train'.*or merge it"):
        check_groups({"training": np.array([0, 1]), "validation": np.array([0])}, ("a", "b"))
