"""The bias of the smallest recall: exact sums against simulation and against cases known by hand."""

import numpy as np
import pytest

from drop.chapters import minimum


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
