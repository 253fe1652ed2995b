"""K classes on a line: thresholds against brute force, minimax rules against each other, the best direction of two."""

from contextlib import suppress
from itertools import combinations_with_replacement, permutations

import numpy as np
import pytest
from scipy.special import ndtr

from drop.mixture import GaussianMixture
from drop.mixture.classes import (
    anderson_bahadur,
    average_optimal_thresholds,
    best_linear_rule,
    minimax_priors,
    minimax_risk,
    minimax_thresholds,
    project,
    reached_in_some_order,
    threshold_risks,
)


def random_classes(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.normal(size=size)) * 2, rng.uniform(0.4, 1.2, size)


def test_two_classes_agree_with_the_closed_forms():
    for seed in range(20):
        means, stds = random_classes(seed, 2)
        mixture = GaussianMixture(means, stds)
        hat = mixture.worst_class_threshold()
        assert minimax_thresholds(means, stds)[0] == pytest.approx(float(hat), abs=1e-9)
        assert minimax_risk(means, stds) == pytest.approx(float(mixture.worst_class_risk(hat)), abs=1e-14)
        assert minimax_priors(means, stds) == pytest.approx(stds / stds.sum(), rel=1e-8)
        cut = average_optimal_thresholds(means, stds, np.array([0.5, 0.5]))[0]
        assert cut == float(mixture.average_optimal_threshold())


def test_average_optimal_thresholds_beat_every_row_of_a_grid():
    for seed in range(6):
        means, stds = random_classes(seed, 4)
        priors = np.random.default_rng(seed).dirichlet(np.full(4, 5.0))
        ours = priors @ threshold_risks(means, stds, average_optimal_thresholds(means, stds, priors))
        grid = [-np.inf, *np.linspace(-5, 5, 21), np.inf]
        brute = min(priors @ threshold_risks(means, stds, cut) for cut in combinations_with_replacement(grid, 3))
        assert ours <= brute + 1e-15


def test_the_order_of_the_means_is_not_always_the_best():
    means, stds = np.array([-1.0, 0, 1]), np.array([0.1, 10, 0.1])
    wide_last = [0, 2, 1]
    best = minimax_risk(means[wide_last], stds[wide_last])
    assert (minimax_risk(means, stds), best) == pytest.approx((0.910, 0.539), abs=5e-4)
    assert reached_in_some_order(means, stds, best + 1e-9) and not reached_in_some_order(means, stds, best - 1e-9)


def test_reached_in_some_order_agrees_with_trying_all_orders():
    for seed in range(10):
        (means, stds), found = random_classes(seed, 4), []
        for order in map(list, permutations(range(4))):
            with suppress(ValueError):  # where a class has no risk that is below 1 by more than a rounding
                found.append(minimax_risk(means[order], stds[order] ** 3))
        least = min(found)
        assert reached_in_some_order(means, stds**3, least + 1e-9)
        assert not reached_in_some_order(means, stds**3, least - 1e-9)


def programmed(means: np.ndarray, stds: np.ndarray, priors: np.ndarray, points: int) -> float:
    """The least average risk of thresholds on a fine grid, by dynamic programming: the slow reference."""
    grid = np.linspace((means - 8 * stds).min(), (means + 8 * stds).max(), points)
    grid = np.concatenate([[-np.inf], grid, [np.inf]])
    below = priors[:, None] * ndtr((grid - means[:, None]) / stds[:, None])
    cost = np.zeros(points + 2)
    for step in below[1:] - below[:-1]:
        cost = np.minimum.accumulate(cost + step)
    return float(1 - priors[-1] + cost[-1])


def test_average_optimal_thresholds_are_exact_where_classes_are_dropped():
    dropped = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        means, stds = np.sort(rng.normal(size=6)) * 1.5, rng.uniform(0.2, 2, 6)
        priors = rng.dirichlet(np.ones(6))
        cuts = average_optimal_thresholds(means, stds, priors)
        assert (cuts[1:] >= cuts[:-1]).all()
        risk, reference = priors @ threshold_risks(means, stds, cuts), programmed(means, stds, priors, 8001)
        assert risk <= reference + 1e-14 and risk == pytest.approx(reference, abs=2e-5)
        dropped += (np.isinf(cuts) | np.append(cuts[1:] == cuts[:-1], False)).any()
    assert dropped > 50


def test_minimax_thresholds_have_equal_risks_and_are_stationary_at_their_priors():
    for seed in range(20):
        means, stds = random_classes(seed, 5)
        cuts = minimax_thresholds(means, stds)
        assert threshold_risks(means, stds, cuts) == pytest.approx(np.full(5, minimax_risk(means, stds)), abs=1e-9)
        assert (np.diff(cuts) > 0).all()
        priors, step = minimax_priors(means, stds), 1e-5
        for k in range(4):
            moved = [priors @ threshold_risks(means, stds, cuts + sign * step * np.eye(4)[k]) for sign in (-1, 1)]
            assert moved[0] == pytest.approx(moved[1], abs=1e-9)


def test_the_minimax_risk_is_certain_where_a_threshold_costs_a_class_nearly_all_of_it():
    means = np.array([-7.45078483, -3.40202926, -2.7452159, 3.4059763, 9.54548896])
    stds = np.array([0.52423541, 0.89096934, 0.92181571, 1.51878546, 0.44214836])
    risk = minimax_risk(means, stds)
    assert minimax_risk(means * (1 + 1e-13), stds) == pytest.approx(risk, abs=1e-12)
    assert np.ptp(threshold_risks(means, stds, minimax_thresholds(means, stds))) > 1e-5  # the thresholds are not


def test_anderson_bahadur_is_the_best_direction_of_a_fine_sweep():
    means = np.array([[0, 0], [1, 0.5]])
    covariances = np.array([[[1, 0.3], [0.3, 0.2]], [[0.5, -0.4], [-0.4, 0.8]]])
    w, offset = anderson_bahadur(means, covariances)
    best = project(means, covariances, w)
    assert best.class_risks(offset)[0] == pytest.approx(best.class_risks(offset)[1], rel=1e-9)
    angles = np.linspace(0, 2 * np.pi, 10_001)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    sweep = project(means, covariances, directions[directions @ (means[1] - means[0]) > 1e-6])
    assert best.worst_class_risk(offset) <= sweep.worst_class_risk(sweep.worst_class_threshold()).min() + 1e-12


def test_the_best_linear_rule_is_no_worse_than_a_fine_sweep_and_finds_the_stationary_direction():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        means, roots = np.array([[0.0, 0], rng.normal(size=2) * 2]), rng.normal(size=(2, 2, 2))
        covariances, priors = roots @ roots.swapaxes(1, 2) + 0.1 * np.eye(2), np.array([0.3, 0.7])
        w, b, risk = best_linear_rule(means, covariances, priors)
        angles = np.linspace(0, 2 * np.pi, 20_001)
        directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        seen = project(means, covariances, directions[directions @ (means[1] - means[0]) > 1e-6])
        seen = GaussianMixture(seen.means, seen.stds, priors)
        swept = seen.average_risk(seen.average_optimal_threshold()).min()
        assert risk <= swept + 1e-15 and risk == pytest.approx(swept, abs=1e-6)
        line = project(means, covariances, w)
        assert GaussianMixture(line.means, line.stds, priors).average_risk(b) == pytest.approx(risk, abs=1e-14)


def test_isotropic_classes_reduce_to_the_line_between_the_means():
    means = np.array([[0.0, 0, 0], [1, 2, -2]])
    covariances = np.array([np.eye(3) * 0.25, np.eye(3)])
    w, offset = anderson_bahadur(means, covariances)
    assert w == pytest.approx(np.array([1, 2, -2]) / 3)
    assert offset == pytest.approx(float(GaussianMixture((0, 3), (0.5, 1)).worst_class_threshold()))
