"""K classes: thresholds against brute force, minimax rules against each other, the published numbers of two classes."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.optimize import minimize

from drop.mixture import GaussianMixture
from drop.mixture.classes import (
    anderson_bahadur,
    average_optimal_thresholds,
    bayes_risks,
    least_favourable_prior,
    line_cells,
    minimax_offsets,
    minimax_priors,
    minimax_thresholds,
    offset_risks,
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


def circle(size: int) -> np.ndarray:
    angles = 2 * np.pi * (np.arange(size) + 0.5) / size
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


SIGNS = np.array([[1.0], [-1.0]])  # every direction there is on the line


def test_offsets_of_two_classes_in_the_plane_are_thresholds():
    means, stds, directions = np.array([[0.3, -0.2], [1.5, 1.4]]), np.array([0.5, 1.0]), circle(4096)
    gap = float(np.linalg.norm(means[1] - means[0]))
    line = GaussianMixture((0.0, gap), stds, (0.4, 0.6))
    offsets = minimax_offsets(means, stds, directions)
    risks, jacobian = offset_risks(means, stds, offsets, directions)
    assert risks == pytest.approx(line.class_risks(line.worst_class_threshold()), abs=1e-5)
    assert stds / stds.sum() @ jacobian == pytest.approx(np.zeros(2), abs=2e-4)  # stationary at the ratio σ0/σ1
    learner = minimize(lambda b: line.priors @ offset_risks(means, stds, b, directions)[0], offsets).x
    expected = line.class_risks(line.average_optimal_threshold())
    assert offset_risks(means, stds, learner, directions)[0] == pytest.approx(expected, abs=1e-3)


def test_offsets_on_the_line_are_ordered_thresholds():
    for seed in range(10):
        means, stds = random_classes(seed, 4)
        offsets = minimax_offsets(means[:, None], stds, SIGNS)
        risks, jacobian = offset_risks(means[:, None], stds, offsets, SIGNS)
        assert (offsets[:-1] - offsets[1:]) / np.diff(means) == pytest.approx(minimax_thresholds(means, stds), abs=1e-6)
        assert minimax_priors(means, stds) @ jacobian == pytest.approx(np.zeros(4), abs=1e-6)


def test_the_jacobian_of_offset_risks_is_their_derivative():
    rng = np.random.default_rng(0)
    means, stds, offsets, directions = (
        rng.normal(size=(4, 2)) * 2,
        rng.uniform(0.4, 1.2, 4),
        rng.normal(size=4),
        circle(64),
    )
    for k, step in enumerate(1e-6 * np.eye(4)):
        ends = [offset_risks(means, stds, offsets + sign * step, directions)[0] for sign in (-1, 1)]
        slope = offset_risks(means, stds, offsets, directions)[1][:, k]
        assert (ends[1] - ends[0]) / 2e-6 == pytest.approx(slope, abs=1e-6)


def test_with_equal_spreads_minimax_offsets_are_the_least_favourable_bayes_rule():
    means, stds, directions = np.array([[0.0, 0], [1.5, 0.2], [0.4, 1.7]]), np.full(3, 0.7), circle(1024)
    risks = offset_risks(means, stds, minimax_offsets(means, stds, directions), directions)[0]
    cells = sample_cells(means, np.array([np.eye(2) * 0.49] * 3), size=40_000)
    prior = least_favourable_prior(cells)
    assert risks == pytest.approx(np.full(3, risks[0]), abs=1e-8)
    assert risks[0] == pytest.approx(prior @ bayes_risks(cells, prior), abs=5e-3)
