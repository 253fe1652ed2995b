"""Facts about how definitions of a score are compared, and about ties that are broken by index."""

import dataclasses

import numpy as np
import pytest

from drop.chapters import definitions, material, release, ties
from drop.experiments.benchmarks import SMOKE, Benchmark
from drop.experiments.queries import queries_for
from drop.experiments.records import Store

QUICK = dataclasses.replace(
    SMOKE, model="small-4-8-8", epochs=1, batch=1000, evaluations=1, full_epochs=4, window=2, short_queries=1
)
MICRO = Benchmark("micro", "smoke", "fashion-mnist-mini", QUICK)
LABELS = np.repeat(np.arange(4), 25)


def test_a_ranking_agrees_with_itself_and_with_nothing_of_its_reverse():
    a = np.random.default_rng(0).normal(size=100)
    same, reverse = (definitions.compare(a, b, LABELS, (0, 0)) for b in (a**3, -a))
    assert same["spearman"] == 1 and same["0.3"] == {"replaced": 0, "jaccard": 1, "moved": 0}
    assert reverse["spearman"] == -1 and reverse["0.1"]["replaced"] == 1 and reverse["0.1"]["jaccard"] == 0


def test_samples_that_change_class_are_told_from_samples_that_change_places():
    a, b, c = (np.zeros(100) for _ in range(3))
    a[:30], b[10:40], c[70:] = 1, 1, 1  # the sets of density 0.3
    found = definitions.compare(a, b, LABELS, (0, 0))["0.3"]
    assert found["replaced"] == round(1 / 3, 4) and found["moved"] == round(1 / 3, 4)
    assert definitions.compare(a, c, LABELS, (0, 0))["0.3"] == {"replaced": 1, "jaccard": 0, "moved": 1}
    d, e = np.zeros(100), np.zeros(100)
    d[:30], e[:25], e[45:50] = 1, 1, 1
    assert definitions.compare(d, e, LABELS, (0, 0))["0.3"]["moved"] == 0
    assert definitions.compare(d, e, LABELS, (0, 0))["0.3"]["replaced"] == round(5 / 30, 4)


def test_a_ranking_of_a_part_has_no_rank_correlation():
    a = np.arange(1, 101.0)
    assert definitions.compare(a, np.where(a > 60, a, 0), LABELS, (0, 0))["spearman"] is None


def test_the_last_of_equal_scores_win_by_index_and_so_the_last_classes_of_sorted_data():
    labels = np.random.default_rng(1).permutation(LABELS)
    rows = {row["density"]: row for row in ties.study(np.zeros(100), labels)}
    assert rows[0.5]["sorted"].tolist() == [0, 0, 25, 25] and rows[0.5]["reversed"].tolist() == [25, 25, 0, 0]
    assert rows[0.5]["file"].tolist() == np.bincount(labels[50:], minlength=4).tolist()
    assert rows[0.5]["tied"] == 100 and rows[0.5]["wanted"] == 50
    assert abs(rows[0.5]["shuffled"] - 12.5).max() < 3 < rows[0.5]["noise"].max() * 4


def test_without_ties_the_order_of_the_samples_changes_nothing():
    labels = np.random.default_rng(1).permutation(LABELS)
    for row in ties.study(np.random.default_rng(2).normal(size=100), labels):
        assert row["tied"] == row["wanted"] == 1 and row["noise"].max() == 0
        for order in ("file", "sorted", "reversed"):
            np.testing.assert_array_equal(row[order], row["shuffled"])


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("records"), also=[])
    return store, definitions.measure(MICRO, [0, 1], store, passes=[0])


def test_all_variants_are_compared_in_every_seed(measured):
    _, found = measured
    both = {(row["score"], row["variant"]): [] for row in found["variants"]}
    for row in found["variants"]:
        both[row["score"], row["variant"]].append(row["seed"])
    assert both.pop(("forgetting", "in evaluation passes")) == [0]
    assert all(seeds in ([0, 1], [0], [1]) for seeds in both.values())  # ties: only where there are enough
    assert {name for name, _ in both} >= set(release.RANKINGS) - {"prototype"}
    assert [row["score"] for row in found["between_seeds"]] == list(release.RANKINGS)
    assert {len(row["recalls"]) for row in found["recalls"]} == {10}
    assert {sum(row["counts"]["0.1"]) for row in found["recalls"]} == {500}


def test_never_learned_samples_as_maximum_and_as_infinity_are_one_ranking(measured):
    _, found = measured
    rows = {(row["variant"], row["seed"]): row for row in found["variants"]}
    a, b = (rows[f"never learned: {rule}", 0] for rule in ("maximum", "infinity"))
    assert {k: v for k, v in a.items() if k != "variant"} == {k: v for k, v in b.items() if k != "variant"}


def test_what_is_kept_of_the_short_queries_is_made_again_when_they_change(measured):
    store, _ = measured
    squared, last = [], []
    for change in ({}, {"short_epochs": 2}, {"short_queries": 2}):
        entry = dataclasses.replace(MICRO, recipe=dataclasses.replace(QUICK, **change))
        m = material.Material(entry, 0, store, *release.train_missing(entry, [0], store))
        assert m.full.key == queries_for(MICRO, 0, "forgetting")[0].key
        squared.append(m.squared().sum())
        last.append(m.last_layer().sum())
    assert len(set(squared)) == len(set(last)) == 3


def test_looking_at_all_images_after_each_epoch_does_not_change_the_training(measured):
    store, _ = measured
    data, arena = release.train_missing(MICRO, [0], store)
    m = material.Material(MICRO, 0, store, data, arena)
    passes, trained = m.passes(), m.probabilities(m.full).argmax(axis=1)
    assert passes.shape == (4, 5000)
    assert (passes[-1] != (trained == m.labels)).mean() < 0.002  # rounding, where threads differ
