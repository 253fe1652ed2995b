"""Selection: the right number of each class, the best of each class, and the same indices everywhere."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drop.selection import random_keys, select, top

quick = settings(max_examples=60, derandomize=True, database=None)
LABELS = np.arange(20) % 3  # 7, 7 and 6 samples


@st.composite
def problems(draw):
    """Labels, feasible counts and scores with many ties."""
    labels = np.array(draw(st.lists(st.integers(0, 4), min_size=1, max_size=60)))
    counts = [draw(st.integers(0, int((labels == k).sum()))) for k in range(5)]
    scores = draw(st.lists(st.integers(0, 3), min_size=len(labels), max_size=len(labels)))
    return labels, counts, np.array(scores)


# the same indices everywhere


def test_keys_are_splitmix64_and_never_change():
    assert random_keys(3, 0).tolist() == [12035550249420947055, 12935080325729570654, 7141179953334974231]
    assert random_keys(1, 2**64 - 1).tolist() == [6755974106381971767]


def test_selections_never_change():
    assert select(LABELS, [3, 2, 1]).tolist() == [1, 3, 4, 6, 17, 18]
    assert select(LABELS, [3, 2, 1], seed=1).tolist() == [1, 3, 6, 11, 16, 18]
    assert select(LABELS, [3, 2, 1], scores=LABELS * 0 + np.arange(20) // 9, seed=1).tolist() == [9, 11, 15, 16, 18, 19]
    assert top(np.arange(20) // 5 % 2, 8, seed=1).tolist() == [5, 6, 7, 9, 15, 16, 17, 18]


def test_neither_container_nor_type_matters():
    scores = [0.5, 0.25, 0.5, 1.0, 0.0, 0.5]
    labels = [0, 0, 0, 1, 1, 1]
    first = select(labels, [2, 1], scores)
    assert first.dtype == np.int64
    for kind in (np.int8, np.uint64):
        assert (select(np.array(labels, kind), np.array([2, 1], kind), np.array(scores, np.float16)) == first).all()
    tensors = torch.tensor(labels), torch.tensor([2, 1]), torch.tensor(scores, dtype=torch.bfloat16)
    assert (select(*tensors) == first).all()


def test_sorting_in_two_steps_is_the_sort_by_score_and_key():
    rng = np.random.default_rng(0)
    for values in (np.zeros(500), rng.integers(0, 5, 500), rng.random(500)):
        expected = np.lexsort((random_keys(500, 3), values))
        assert top(values, 100, seed=3).tolist() == sorted(expected[400:].tolist())


def test_labels_may_be_whole_numbers_of_any_type():
    first = select([0, 1, 1, 0], [1, 1])
    assert select([0.0, 1.0, 1.0, 0.0], [1, 1]).tolist() == first.tolist()
    assert select([False, True, True, False], [1, 1]).tolist() == first.tolist()
    many = np.arange(70_000)  # more classes than 16 bits can number
    assert select(many, np.ones(70_000, int)).tolist() == many.tolist()


# random selection


@quick
@given(problems(), st.integers(0, 2**64 - 1))
def test_counts_are_met_and_indices_are_sorted_and_distinct(problem, seed):
    labels, counts, scores = problem
    for chosen in (None, scores):
        kept = select(labels, counts, chosen, seed)
        assert np.bincount(labels[kept], minlength=5).tolist() == counts
        assert (np.diff(kept) > 0).all()


@quick
@given(problems(), st.data())
def test_a_smaller_selection_is_a_subset_of_a_larger_one(problem, data):
    labels, counts, scores = problem
    fewer = [data.draw(st.integers(0, n)) for n in counts]
    for chosen in (None, scores):
        assert set(select(labels, fewer, chosen)) <= set(select(labels, counts, chosen))


def test_every_sample_and_every_pair_is_equally_likely():
    chosen = np.zeros((4000, 10))
    for seed in range(4000):
        chosen[seed, select(np.zeros(10, int), [4], seed=seed)] = 1
    together = chosen.T @ chosen / 4000
    assert np.diag(together) == pytest.approx(np.full(10, 0.4), abs=0.03)
    assert together[np.triu_indices(10, 1)] == pytest.approx(np.full(45, 4 / 10 * 3 / 9), abs=0.03)


def test_seeds_are_independent():
    draws = [set(select(np.zeros(1000, int), [500], seed=seed)) for seed in range(6)]
    overlaps = [len(a & b) for i, a in enumerate(draws) for b in draws[:i]]
    assert all(200 < overlap < 300 for overlap in overlaps)


def test_classes_do_not_disturb_each_other():
    both = select([0, 0, 0, 0, 1, 1, 1, 1], [2, 3])
    assert (both[both < 4] == select([0, 0, 0, 0, 1, 1, 1, 1], [2, 0])).all()


# selection by score


@quick
@given(problems())
def test_no_sample_left_out_scores_higher_than_one_kept_in_its_class(problem):
    labels, counts, scores = problem
    kept = select(labels, counts, scores)
    for k in range(5):
        inside = scores[kept[labels[kept] == k]]
        outside = scores[np.setdiff1d(np.flatnonzero(labels == k), kept)]
        assert not inside.size or not outside.size or outside.max() <= inside.min()


@quick
@given(problems(), st.data())
def test_top_keeps_the_highest_scores_whatever_the_class(problem, data):
    scores = problem[2]
    size = data.draw(st.integers(0, len(scores)))
    for ties in ("random", "index"):
        kept = top(scores, size, ties=ties)
        assert sorted(scores[kept]) == sorted(scores)[len(scores) - size :]


def test_ties_by_index_go_to_the_later_sample_as_in_the_released_code():
    assert select([0] * 6, [2], [1, 1, 5, 1, 1, 0], ties="index").tolist() == [2, 4]
    assert top([1, 1, 5, 1, 1, 0], 3, ties="index").tolist() == [2, 3, 4]


def test_ties_are_broken_by_the_seed_and_favour_no_place():
    kept = np.concatenate([top(np.zeros(100), 20, seed=seed) for seed in range(200)])
    assert kept.mean() == pytest.approx(49.5, abs=2)
    assert (top(np.zeros(100), 20, seed=1) != top(np.zeros(100), 20, seed=2)).any()


def test_infinite_scores_are_ranked():
    assert top([np.inf, 0, -np.inf, 1], 2).tolist() == [0, 3]


def test_nothing_and_everything():
    assert select(LABELS, [0, 0, 0]).tolist() == []
    assert select(LABELS, [7, 7, 6]).tolist() == list(range(20))
    assert select(LABELS, [0, 7, 0, 0]).tolist() == list(range(1, 20, 3))
    assert top(np.ones(3), 0).tolist() == []
    assert top(np.ones(3), 3).tolist() == [0, 1, 2]


BAD = [
    (lambda: select(LABELS, [8, 0, 0]), "class 0 should keep 8 samples, but it has 7"),
    (lambda: select(LABELS, [0, -1, 0]), "class 1 should keep -1 samples"),
    (lambda: select(LABELS, [1, 1]), "sample 2 has label 2; with 2 classes labels lie in"),
    (lambda: select([0, -1], [1]), "sample 1 has label -1"),
    (lambda: select([0.0, 1.5], [1, 1]), "labels must be N whole numbers"),
    (lambda: select(LABELS, [0.5, 1, 1]), "counts must be K whole numbers"),
    (lambda: select(LABELS, [1, 1, 1], np.zeros(3)), "there are 20 samples, but scores have shape"),
    (lambda: select([0, 0], [1], [1.0, np.nan]), "the score of sample 1 is NaN"),
    (lambda: select(LABELS, [1, 1, 1], ties="first"), "ties is 'first', but must be one of random, index"),
    (lambda: select(LABELS, [1, 1, 1], seed=-1), "seed is -1"),
    (lambda: select(LABELS, [1, 1, 1], seed=1.5), "seed is 1.5"),
    (lambda: select([0, 0], [1], ["0.5", "0.7"]), "scores must be real numbers, not <U3"),
    (lambda: select([0, 0], [1], [0.5, None]), "scores must be real numbers, not object"),
    (lambda: top([1.0, 2.0], 3), "size is 3, but between 0 and 2 samples can be kept"),
    (lambda: top(np.zeros((2, 2)), 1), "there are 2 samples, but scores have shape"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
