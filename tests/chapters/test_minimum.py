"""The bias of the smallest recall: exact sums against simulation and against cases known by hand."""

import numpy as np
import pytest

from drop.chapters import minimum
from drop.experiments.trials import Trials


@pytest.mark.parametrize("p", [[0.7] * 5, [0.5, 0.6, 0.9], [0.1, 0.1, 0.8]])
def test_exact_means_are_those_of_a_simulation(p):
    exact = minimum.expected_minimum(p, 40), minimum.expected_chosen(p, 40)
    assert minimum.simulated(p, 40, draws=40_000) == pytest.approx(exact, abs=0.002)


def test_the_true_worst_class_lies_between_the_two_means():
    p = np.array([0.6, 0.62, 0.7, 0.9])
    assert minimum.expected_minimum(p, 50) < p.min() < minimum.expected_chosen(p, 50)


def test_a_single_class_has_no_bias():
    for estimator in (minimum.expected_minimum, minimum.expected_chosen):
        assert estimator([0.37], 25) == pytest.approx(0.37)


def test_two_coins_are_known_by_hand():
    assert minimum.expected_minimum([0.5, 0.5], 1) == pytest.approx(0.25)  # both hit
    assert minimum.expected_chosen([0.0, 1.0], 1) == pytest.approx(0.0)


def test_the_images_make_part_of_an_interval_and_all_of_it_where_seeds_agree():
    rng = np.random.default_rng(0)
    sizes, p = np.full(3, 200), np.array([0.6, 0.7, 0.8])
    hits = rng.random((4, 600)) < np.repeat(p, sizes)
    recalls = hits.reshape(4, 3, 200).mean(axis=2)
    whole, part = minimum.half_widths(Trials(recalls, recalls, sizes, hits))
    assert 0 < part < whole
    fixed, all_of_it = minimum.half_widths(Trials(recalls[:1], recalls[:1], sizes, hits[:1], fixed=True))
    assert fixed == pytest.approx(all_of_it) and all_of_it == pytest.approx(1.96 * (0.24 / 200) ** 0.5, rel=0.1)
