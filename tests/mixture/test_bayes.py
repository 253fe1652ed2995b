"""Bayes rules: masses against a fine grid and against samples, the least favourable prior against its certificate."""

import numpy as np
import pytest

from drop.mixture.bayes import bayes_risks, least_favourable_prior, on_the_line, strips
from drop.mixture.classes import minimax_priors


def line(seed: int, size: int):
    rng = np.random.default_rng(seed)
    return np.sort(rng.normal(size=size)) * 2, rng.uniform(0.4, 1.2, size)


def plane(seed: int, size: int):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(size, 2, 2)) * 0.6 + np.eye(2) * 0.5
    return rng.normal(size=(size, 2)) * 2, roots @ roots.swapaxes(1, 2) + 0.05 * np.eye(2)


@pytest.mark.parametrize(
    "means, stds, ratio, risk", [((0, 1), (0.5, 1), 0.545, 0.2453), ((0, 0.3), (0.5, 2), 0.483, 0.2321)]
)
def test_least_favourable_prior_of_two_classes(means, stds, ratio, risk):
    prior, value, doubt = least_favourable_prior(on_the_line(np.array(means), np.array(stds)))
    assert prior[0] / prior[1] == pytest.approx(ratio, abs=5e-4)
    assert value == pytest.approx(risk, abs=5e-5) and doubt < 1e-7


def test_risks_on_the_line_agree_with_a_fine_grid():
    for seed in range(10):
        means, stds = line(seed, 4)
        priors = np.random.default_rng(seed).dirichlet(np.ones(4))
        x = np.linspace(-15, 15, 600_001)[:, None]
        densities = np.exp(-(((x - means) / stds) ** 2) / 2) / stds / np.sqrt(2 * np.pi)
        chosen = np.argmax(priors * densities, axis=1)
        right = [densities[chosen == k, k].sum() * 5e-5 for k in range(4)]
        assert bayes_risks(on_the_line(means, stds), priors) == pytest.approx(1 - np.array(right), abs=5e-5)


def test_risks_in_the_plane_agree_with_samples_and_with_more_strips():
    for seed in range(4):
        means, covariances = plane(seed, 4)
        rng, priors = np.random.default_rng(seed), np.array([0.1, 0.2, 0.3, 0.4])
        x = means[:, None] + rng.normal(size=(4, 100_000, 2)) @ np.linalg.cholesky(covariances).swapaxes(1, 2)
        apart = x[:, :, None] - means
        logs = -np.einsum("knli,lij,knlj->knl", apart, np.linalg.inv(covariances), apart) / 2
        logs += np.log(priors) - np.log(np.linalg.det(covariances)) / 2
        wrong = (logs.argmax(axis=-1) != np.arange(4)[:, None]).mean(axis=1)
        assert bayes_risks(strips(means, covariances), priors) == pytest.approx(wrong, abs=0.008)
        fine = bayes_risks(strips(means, covariances, 4000), priors)
        assert bayes_risks(strips(means, covariances), priors) == pytest.approx(fine, abs=0.004)


def test_the_least_favourable_prior_has_a_certificate_and_no_prior_has_a_larger_risk():
    for seed in range(12):
        lines = on_the_line(*line(seed, 4)) if seed < 8 else strips(*plane(seed, 4))
        prior, value, doubt = least_favourable_prior(lines)
        assert 0 <= doubt < 5e-6 and prior.sum() == pytest.approx(1)
        for other in np.random.default_rng(seed).dirichlet(np.ones(4), 100):
            assert other @ bayes_risks(lines, other) <= value + doubt
            assert bayes_risks(lines, other).max() >= value  # no Bayes rule, so no rule, has a better worst class


def test_equal_spreads_leave_no_difference_between_bayes_and_ordered_thresholds():
    means, stds = np.array([0.0, 1.0, 2.5]), np.full(3, 0.7)
    prior, _, _ = least_favourable_prior(on_the_line(means, stds))
    assert prior == pytest.approx(minimax_priors(means, stds), abs=1e-6)


def test_classes_far_from_all_others_leave_the_certificate_intact():
    means, stds = np.array([-300.0, 0, 1, 80]), np.array([0.5, 0.5, 1, 2])
    prior, value, doubt = least_favourable_prior(on_the_line(means, stds))
    assert value == pytest.approx(0.24533840, abs=4e-6) and doubt < 1e-5 and prior[[0, 3]].max() < 1e-5
