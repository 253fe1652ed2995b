"""K classes: thresholds against brute force, minimax rules against each other, the published numbers of two classes."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from drop.mixture import GaussianMixture
from drop.mixture_classes import (
    anderson_bahadur,
    average_optimal_thresholds,
    bayes_risks,
    least_favourable_prior,
    line_cells,
    minimax_priors,
    minimax_thresholds,
    project,
    sample_cells,
    threshold_risks,
)


def random_classes(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.normal(size=size)) * 2, rng.uniform(0.4, 1.2, size)


@pytest.mark.parametrize(
    "means, stds, ratio, risk", [((0, 1), (0.5, 1), 0.545, 0.2453), ((0, 0.3), (0.5, 2), 0.483, 0.232)]
)
def test_least_favourable_prior_of_two_classes(means, stds, ratio, risk):
    cells = line_cells(np.array(means), np.array(stds), points=20_001)
    prior = least_favourable_prior(cells)
    assert prior[0] / prior[1] == pytest.approx(ratio, abs=2e-3)
    assert prior @ bayes_risks(cells, prior) == pytest.approx(risk, abs=5e-4 if risk == 0.232 else 5e-5)


def test_two_classes_agree_with_the_closed_forms():
    for seed in range(20):
        means, stds = random_classes(seed, 2)
        mixture = GaussianMixture(means, stds)
        assert minimax_thresholds(means, stds)[0] == pytest.approx(float(mixture.worst_class_threshold()), abs=1e-9)
        assert minimax_priors(means, stds) == pytest.approx(stds / stds.sum(), rel=1e-8)
        cut = average_optimal_thresholds(means, stds, np.array([0.5, 0.5]))[0]
        expected = float(mixture.average_optimal_threshold())
        risks = [mixture.average_risk(cut), mixture.average_risk(expected)]
        assert risks[0] == pytest.approx(risks[1], abs=1e-9)


def test_average_optimal_thresholds_beat_every_row_of_a_grid():
    for seed in range(6):
        means, stds = random_classes(seed, 4)
        priors = np.random.default_rng(seed).dirichlet(np.full(4, 5.0))
        ours = priors @ threshold_risks(means, stds, average_optimal_thresholds(means, stds, priors))
        grid = [-np.inf, *np.linspace(-5, 5, 21), np.inf]
        brute = min(priors @ threshold_risks(means, stds, cut) for cut in combinations_with_replacement(grid, 3))
        assert ours <= brute + 1e-9


def test_minimax_thresholds_have_equal_risks_and_are_stationary_at_their_priors():
    for seed in range(20):
        means, stds = random_classes(seed, 5)
        cuts = minimax_thresholds(means, stds)
        risks = threshold_risks(means, stds, cuts)
        assert risks == pytest.approx(np.full(5, risks[0]), abs=1e-9)
        assert (np.diff(cuts) > 0).all()
        priors, step = minimax_priors(means, stds), 1e-5
        for k in range(4):
            moved = [priors @ threshold_risks(means, stds, cuts + sign * step * np.eye(4)[k]) for sign in (-1, 1)]
            assert moved[0] == pytest.approx(moved[1], abs=1e-9)


def test_the_least_favourable_prior_has_the_largest_bayes_risk_and_level_class_risks():
    for seed in range(10):
        cells = line_cells(*random_classes(seed, 4))
        prior = least_favourable_prior(cells)
        value = prior @ bayes_risks(cells, prior)
        assert bayes_risks(cells, prior).max() - value < 5e-3
        for other in np.random.default_rng(seed).dirichlet(np.ones(4), 100):
            assert other @ bayes_risks(cells, other) <= value + 1e-6


def test_equal_spreads_leave_no_difference_between_bayes_and_ordered_thresholds():
    means, stds = np.array([0.0, 1.0, 2.5]), np.full(3, 0.7)
    cells = line_cells(means, stds, points=20_001)
    assert least_favourable_prior(cells) == pytest.approx(minimax_priors(means, stds), abs=2e-3)


def test_random_cells_agree_with_the_line():
    means, stds = np.array([0.0, 1.0, 2.5]), np.array([0.5, 1.0, 0.7])
    cells = sample_cells(means[:, None], (stds**2)[:, None, None], size=40_000, seed=1)
    priors = np.array([0.2, 0.5, 0.3])
    assert bayes_risks(cells, priors) == pytest.approx(bayes_risks(line_cells(means, stds), priors), abs=0.01)


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


def test_isotropic_classes_reduce_to_the_line_between_the_means():
    means = np.array([[0.0, 0, 0], [1, 2, -2]])
    covariances = np.array([np.eye(3) * 0.25, np.eye(3)])
    w, offset = anderson_bahadur(means, covariances)
    assert w == pytest.approx(np.array([1, 2, -2]) / 3)
    assert offset == pytest.approx(float(GaussianMixture((0, 3), (0.5, 1)).worst_class_threshold()))
