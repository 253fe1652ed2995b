"""Pruning by distance to the class mean: densities, the local and the global minimiser, and the margin of the jump."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drop.mixture import GaussianMixture
from drop.mixture.distance import KEEP, DistancePruned, class_margins, jump_margin, shared_margin

EXAMPLE = GaussianMixture((-1, 1), (0.5, 1))


def pruned(margin, keep="far", mixture=EXAMPLE) -> DistancePruned:
    return DistancePruned(mixture, np.broadcast_to(margin, 2), keep)


@pytest.mark.parametrize(
    "margin, density, threshold, own_ratio",
    [
        (0.2, 0.765, -0.1700, -0.215),
        (0.4, 0.556, -0.1700, -0.283),
        (0.6, 0.389, -1.6, -0.378),
        (0.8, 0.267, -1.8, -0.510),
    ],
)
def test_reference_values(margin, density, threshold, own_ratio):
    p = pruned(margin)
    assert p.density() == pytest.approx(density, abs=5.1e-4)
    assert p.average_optimal_threshold() == pytest.approx(threshold, abs=5.1e-5)
    same_ratio = EXAMPLE.prune_randomly(p.densities())
    assert same_ratio.stationary_threshold() == pytest.approx(own_ratio, abs=5.1e-4)


def test_the_jump_comes_long_before_the_local_minimum_is_lost():
    assert jump_margin(EXAMPLE) == pytest.approx(0.4909, abs=5e-5)
    assert EXAMPLE.stationary_threshold() + 1 == pytest.approx(0.830, abs=5e-4)
    before, after = (pruned(jump_margin(EXAMPLE) + step).average_optimal_threshold() for step in (-1e-6, 1e-6))
    assert before == EXAMPLE.stationary_threshold()
    assert after == pytest.approx(-1 - 0.4909, abs=1e-3)
    assert EXAMPLE.class_risks(-1.6)[0] == pytest.approx(0.885, abs=5e-4)


def test_no_jump_margin_where_the_stationary_threshold_is_not_the_best_or_not_between_the_means():
    assert np.isnan(jump_margin(GaussianMixture((0, 1), (0.5, 2), (0.19, 0.81))))
    assert np.isnan(jump_margin(GaussianMixture((0, 1), (1, 1), (0.95, 0.05))))


parameters = st.tuples(
    *[st.floats(0.2, 3)] * 3, st.floats(0.1, 0.9), st.floats(0, 2), st.floats(0, 2), st.sampled_from(KEEP)
)


@given(parameters)
@settings(max_examples=100)
def test_no_threshold_of_a_fine_grid_beats_the_minimiser(values):
    gap, s0, s1, prior, first, second, keep = values
    p = DistancePruned(GaussianMixture((0, gap), (s0, s1), (prior, 1 - prior)), (first, second), keep)
    if p.density() < 1e-3:
        return
    grid = np.concatenate([[-np.inf], np.linspace(-15, 18, 3001), [np.inf]])
    assert p.average_risk(p.average_optimal_threshold()) <= p.average_risk(grid).min() + 1e-12


@given(parameters)
@settings(max_examples=100)
def test_far_and_near_make_up_the_whole(values):
    gap, s0, s1, prior, first, second, _ = values
    mixture = GaussianMixture((0, gap), (s0, s1), (prior, 1 - prior))
    far, near = (DistancePruned(mixture, (first, second), keep) for keep in KEEP)
    assert far.densities() + near.densities() == pytest.approx([1, 1])
    whole = [p._errors(0.3) for p in (far, near)]
    assert sum(whole) == pytest.approx(float(mixture.average_risk(0.3)))


@pytest.mark.parametrize("keep", KEEP)
def test_margins_keep_the_asked_density(keep):
    densities = np.array([0.1, 0.5, 0.9, 1.0])
    shared = DistancePruned(EXAMPLE, shared_margin(EXAMPLE, densities, keep), keep)
    assert shared.density() == pytest.approx(densities)
    own = DistancePruned(EXAMPLE, class_margins(EXAMPLE, densities, keep), keep)
    assert own.densities() == pytest.approx(np.stack([densities, densities], axis=-1))


def test_samples_agree_with_the_closed_form():
    x, y = EXAMPLE.sample(200_000, seed=2)
    far = abs(x - EXAMPLE.means[y]) >= 0.5
    assert far.mean() == pytest.approx(float(pruned(0.5).density()), abs=0.005)
    assert ((x[far] > 0) != y[far]).mean() == pytest.approx(float(pruned(0.5).average_risk(0.0)), abs=0.005)


def test_invalid_arguments():
    with pytest.raises(ValueError, match="keep must be one of"):
        pruned(0.5, "middle")
    with pytest.raises(ValueError, match="margins must be non-negative, got -1"):
        pruned(-1.0)
