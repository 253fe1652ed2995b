"""The simulated rules of the released code, against what is known of it and against the paper's rules."""

import json

import numpy as np
import pytest

from drop import quotas
from drop.chapters import deviations
from drop.experiments import benchmarks
from drop.places import MEASURED

SIZES, RECALLS = np.array([5000, 2500, 1000, 500]), np.array([0.95, 0.9, 0.8, 0.6])


def test_the_size_rule_as_it_was_released():
    """Worked out from the released code itself: 399/798/1000/500, where Algorithm 1 gives 786/786/628/500."""
    keep = deviations.scheduled_size(9000, 0.3)
    assert deviations.released_quotas(SIZES, RECALLS, keep).tolist() == [399, 798, 1000, 500]
    assert quotas.drop_counts(SIZES, RECALLS, 0.3).tolist() == [786, 786, 628, 500]


@pytest.mark.parametrize("samples, density, kept", [(50000, 0.1, 4999), (60000, 0.2, 11999), (50000, 0.3, 15000)])
def test_the_number_to_keep_is_truncated(samples, density, kept):
    assert deviations.scheduled_size(samples, density) == kept


def test_balanced_classes_that_do_not_fill_up_get_algorithm_1_but_for_rounding():
    sizes, recalls = np.full(10, 5000), np.linspace(0.6, 0.95, 10)
    keep = deviations.scheduled_size(50000, 0.3)
    asked = deviations.released_quotas(sizes, recalls, keep)
    assert 0 <= keep - asked.sum() <= 10
    assert abs(asked - quotas.drop_counts(sizes, recalls, 0.3)).max() <= 1


def test_the_class_after_one_that_fills_up_is_passed_over():
    """Class 0 is too small at once; its surplus fills class 1 in the next round, and class 2 gets nothing in it."""
    sizes, errors = np.array([100, 60, 1000, 1000]), np.array([0.3, 0.1, 0.1, 0.1])
    asked = deviations.released_quotas(sizes, 1 - errors, 300)
    assert asked[0] == 100 and asked[1] == 60
    assert asked[3] > asked[2] + 10  # equal errors, equal sizes
    exact = quotas.counts(sizes, quotas.size_weights(sizes, 1 - errors), 300 / sizes.sum())
    assert abs(exact[2] - exact[3]) <= 1
    assert 0 <= 300 - asked.sum() <= 4


def test_at_density_1_only_what_is_truncated_is_missing():
    missing = SIZES - deviations.released_quotas(SIZES, RECALLS, SIZES.sum())
    assert missing.min() == 0 and missing.max() <= 2


def test_the_released_set_is_topped_up_to_its_size_by_a_seed():
    counts = deviations.released_counts(SIZES, RECALLS, 0.3, seed=1)
    keep = deviations.scheduled_size(9000, 0.3)
    extra = counts - deviations.taken(deviations.released_quotas(SIZES, RECALLS, keep), SIZES, keep)
    assert counts.sum() == keep and (counts <= SIZES).all() and (extra >= 0).all()
    assert counts.tolist() == deviations.released_counts(SIZES, RECALLS, 0.3, seed=1).tolist()


def test_clipping_more_of_the_scores_moves_more_of_the_budget():
    moved = deviations.clipped_difficulty("fashion-mnist", "laptop", 0.1, (0.0, 0.01, 0.1))
    assert moved[0.0] == 0 < moved[0.01] < moved[0.1] < 1
    assert deviations.clipped_difficulty("fashion-mnist", "smoke", 0.1, (0.1,)) == {}


def test_measured_sets_are_those_of_the_released_quotas():
    """Each network in the file was trained on the counts that its own recalls give."""
    path = MEASURED / "released_quotas.json"
    for name, record in json.loads(path.read_text(encoding="utf-8")).items() if path.exists() else ():
        density, seed = name.split("-")[-2:]
        given = record["class_sizes"], record["quota_recalls"], float(density), int(seed.removeprefix("seed"))
        assert deviations.released_counts(*given).tolist() == record["kept"], name


def test_what_is_taken_is_truncated_again_and_a_quota_of_0_takes_all():
    sizes, asked = np.full(3, 500), np.array([0, 29, 71])
    taken = deviations.taken(asked, sizes, 100)
    assert taken[0] == 500
    assert taken[1:].tolist() == [int(n / 100 * 100) for n in (29, 71)] == [28, 71]  # 0.29 * 100 is just below 29


def test_steps_of_one_stream_and_of_short_batches():
    """CIFAR-10 at the paper's scale: 391 batches an epoch, the last one short; 880 epochs of 5000 at density 0.1."""
    entry = benchmarks.benchmark("cifar10", "paper")
    asked, ours, released = deviations.step_shares(entry, 50_000, 0.1)
    assert asked == pytest.approx(0.55)
    assert ours == pytest.approx(880 * 5000 / (160 * 50_000), abs=1e-5)
    assert released == pytest.approx(880 * 40 / (160 * 391))


def test_the_released_codes_accuracy_of_a_class_counts_all_images():
    matrix = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 10]])
    assert deviations.one_against_rest(matrix) == pytest.approx([27 / 30, 27 / 30, 1])


def test_half_of_the_random_crops_show_less_than_half_of_a_square_image():
    low, middle, high = deviations.crop_shares((0, 0.5, 1))
    assert low == pytest.approx(0.08) and 0.4 < middle < 0.5 and high <= 1


def test_simulated_learning_curves_rise_and_are_the_same_everywhere():
    curves = deviations.learning_curves(200, 30, seed=1)
    assert curves.shape == (30, 200) and ((curves > 0) & (curves <= 1)).all()
    assert curves[-5:].mean() > curves[:5].mean() + 0.1
    assert curves == pytest.approx(deviations.learning_curves(200, 30, seed=1))
