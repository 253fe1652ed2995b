"""Random worlds: what the page prints does not hang on the last digits of its input."""

import numpy as np
import pytest
from scipy.special import ndtr

from drop.chapters import worlds
from drop.mixture import bayes

NOISE = 1e-13


def made(kind: str, seed: int, noise: float) -> worlds.World:
    rng, other = np.random.default_rng(seed), np.random.default_rng(seed + 1)

    def moved(parameters):
        return [values * (1 + noise * other.normal(size=values.shape)) for values in parameters]

    if kind == "ordered":
        return worlds.ordered(*moved(worlds.line_classes(rng, 5)))
    if kind == "bayes, line":
        return worlds.bayes_world(bayes.on_the_line(*moved(worlds.line_classes(rng, 5))))
    if kind == "bayes, plane":
        means, covariances = worlds.plane_classes(rng, 5)
        return worlds.bayes_world(bayes.strips(*moved([means]), covariances, count=40))
    return worlds.linear(*moved(worlds.isotropic_classes(rng)))[0]


@pytest.mark.parametrize("kind, count", [("ordered", 60), ("bayes, line", 25), ("bayes, plane", 8), ("linear", 3)])
def test_noise_in_the_thirteenth_digit_changes_nothing_that_is_printed(kind, count):
    size, used = 3 if kind == "linear" else 5, 0
    for seed in range(count):
        plain, noisy = (worlds.shares_closed(made(kind, seed, noise), size) for noise in (0, NOISE))
        assert (plain is None) == (noisy is None)
        if plain is not None:
            used += 1
            assert noisy[0] == pytest.approx(plain[0], abs=1e-10)
            assert noisy[1] == pytest.approx(plain[1], abs=1e-6)
    assert used > count / 2


def test_shares_are_1_at_the_best_and_none_where_nothing_is_to_be_closed():
    world = worlds.World(lambda priors: np.array([0.4, 0.1]) if priors[0] == 0.5 else np.array([0.2, 0.2]), 0.2)
    average, shares = worlds.shares_closed(world, 2)
    assert average == pytest.approx(0.25) and shares == pytest.approx(np.ones(3))
    assert worlds.shares_closed(worlds.World(lambda priors: np.array([0.2, 0.1996]), 0.1999), 2) is None


def test_quotas_cannot_lead_a_linear_learner_below_its_minimax_risk():
    for seed in range(3):
        world, led = worlds.linear(*worlds.isotropic_classes(np.random.default_rng(seed)))
        assert led >= world.least - 1e-10


def test_the_closest_pair_is_the_one_that_overlaps_most():
    overlap, ratio = worlds.closest_pair(np.array([-5.0, 0.0, 1.0]), np.array([1.0, 0.5, 1.5]))
    assert (overlap, ratio) == (pytest.approx(ndtr(-0.5)), 3)


def test_a_step_harms_where_the_closest_pair_of_a_mixture_overlaps_much():
    closest, error, harmed = worlds.crowd(40, 5, 0)
    assert len(closest) == len(error) == len(harmed) <= 40
    assert not harmed[closest[:, 0] < 0.1].any() and harmed[closest[:, 0] > 0.3].mean() > 0.5
