"""Linear rules with free offsets: exact risks against rays and samples, the learner against a certificate."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammainc, gammaincc

from drop.mixture import GaussianMixture
from drop.mixture.bayes import least_favourable_prior, strips
from drop.mixture.classes import minimax_priors, minimax_risk, minimax_thresholds
from drop.mixture.offsets import OffsetLearner, minimax_offsets, offset_risks, stationary_priors


def round_classes(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, 2)) * 2, rng.uniform(0.4, 1.6, size)


def along_rays(means, stds, offsets, count: int) -> np.ndarray:
    """Class risks as means over rays from each class's mean, on which the probability is exact: the slow reference."""
    angles = 2 * np.pi * (np.arange(count) + 0.5) / count
    directions, risks = np.stack([np.cos(angles), np.sin(angles)], axis=-1), []
    scores = means @ means.T + offsets  # of class l at the mean of class k
    for k in range(len(means)):
        others = np.delete(np.arange(len(means)), k)
        slopes = stds[k] * directions @ (means[others] - means[k]).T
        meets = (scores[k, k] - scores[k, others]) / slopes
        inner = np.maximum(np.where(slopes < 0, meets, -np.inf).max(axis=1), 0)
        outer = np.maximum(np.where(slopes > 0, meets, np.inf).min(axis=1), inner)
        risks.append((gammainc(1, inner**2 / 2) + gammaincc(1, outer**2 / 2)).mean())
    return np.array(risks)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_risks_agree_with_rays(size):
    for seed in range(8):
        means, stds = round_classes(seed, size)
        offsets = np.random.default_rng(seed).normal(size=size) * 2 - (means**2).sum(axis=-1) / 2
        assert offset_risks(means, stds, offsets)[0] == pytest.approx(
            along_rays(means, stds, offsets, 20_000), abs=2e-6
        )


def test_risks_take_many_offsets_at_once_and_no_region_is_a_risk_of_1():
    means, stds = round_classes(0, 3)
    offsets = np.array([[[0.0, 1, 2], [50, 0, 0]], [[0, 0, 0], [-300, 1, 0]]])
    risks, jacobian = offset_risks(means, stds, offsets)
    assert risks.shape == (2, 2, 3) and jacobian.shape == (2, 2, 3, 3)
    for place in np.ndindex(2, 2):
        assert risks[place] == pytest.approx(offset_risks(means, stds, offsets[place])[0], abs=1e-15)
    assert risks[1, 1, 0] == 1 and jacobian[1, 1, 0] == pytest.approx(np.zeros(3))


def test_the_jacobian_of_offset_risks_is_their_derivative():
    for seed in range(5):
        means, stds = round_classes(seed, 4)
        offsets = np.random.default_rng(seed).normal(size=4) - (means**2).sum(axis=-1) / 2
        for k, step in enumerate(1e-5 * np.eye(4)):
            ends = [offset_risks(means, stds, offsets + sign * step)[0] for sign in (-1, 1)]
            slope = offset_risks(means, stds, offsets)[1][:, k]
            assert (ends[1] - ends[0]) / 2e-5 == pytest.approx(slope, abs=1e-8)


def test_two_classes_are_thresholds():
    means, stds = np.array([[0.3, -0.2], [1.5, 1.4]]), np.array([0.5, 1.0])
    line = GaussianMixture((0.0, np.linalg.norm(means[1] - means[0])), stds, (0.4, 0.6))
    risks, rates = offset_risks(means, stds, minimax_offsets(means, stds))
    assert risks == pytest.approx(line.class_risks(line.worst_class_threshold()), abs=1e-12)
    assert stationary_priors(rates) == pytest.approx(stds / stds.sum(), rel=1e-9)  # the ratio σ0/σ1


def test_offsets_of_classes_on_a_line_are_ordered_thresholds():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        means, stds = np.sort(rng.normal(size=4)) * 2, rng.uniform(0.4, 1.2, 4)
        flat = np.stack([means, 0 * means], axis=-1)
        offsets = minimax_offsets(flat, stds)
        risks, rates = offset_risks(flat, stds, offsets)
        assert (offsets[:-1] - offsets[1:]) / np.diff(means) == pytest.approx(minimax_thresholds(means, stds), abs=1e-7)
        assert risks == pytest.approx(np.full(4, minimax_risk(means, stds)), abs=1e-9)
        assert stationary_priors(rates) == pytest.approx(minimax_priors(means, stds), abs=1e-6)


def test_with_equal_spreads_minimax_offsets_are_the_least_favourable_bayes_rule():
    means, stds = np.array([[0.0, 0], [1.5, 0.2], [0.4, 1.7]]), np.full(3, 0.7)
    risks = offset_risks(means, stds, minimax_offsets(means, stds))[0]
    assert risks == pytest.approx(np.full(3, risks[0]), abs=1e-12)
    _, value, _ = least_favourable_prior(strips(means, np.array([np.eye(2) * 0.49] * 3), 4000))
    assert risks[0] == pytest.approx(value, abs=1e-5)


def certified(means, stds, priors, tolerance: float) -> float:
    """The least average risk that the learner found, after a proof that no offsets have one lower by `tolerance`.

    A class's risk falls with its own offset and rises with the others', so on a box of offsets it is least in a corner.
    Boxes that may hold a better rule are quartered until none is left.
    """

    def risks(first, second):
        return offset_risks(means, stds, np.stack([0 * first, first, second], axis=-1))[0]

    best, reach = OffsetLearner(means, stds).risks(priors) @ priors, 100.0
    low, size = np.array([[-reach, -reach]]), 2 * reach
    while len(low):
        (a, b), (c, d) = low.T, (low + size).T
        bound = risks(a, b) @ (priors * [1, 0, 0]) + risks(c, b) @ (priors * [0, 1, 0])
        bound += risks(a, d) @ (priors * [0, 0, 1])
        low = low[bound < best - tolerance]
        assert len(low) < 300_000
        size /= 2
        low = np.concatenate([low + np.array(shift) * size for shift in ((0, 0), (0, 1), (1, 0), (1, 1))])
    return best


@pytest.mark.parametrize("seed", range(6))
def test_no_offsets_are_better_than_the_learners_by_a_certificate(seed):
    means, stds = round_classes(seed, 3)
    for priors in (np.full(3, 1 / 3), np.random.default_rng(seed).dirichlet(np.full(3, 4.0))):
        certified(means, stds, priors, 5e-4)


@pytest.mark.parametrize("seed", range(6))
def test_no_descent_from_many_starts_ends_lower(seed):
    means, stds = round_classes(seed, 3)
    learner, rng = OffsetLearner(means, stds), np.random.default_rng(seed)
    for priors in rng.dirichlet(np.ones(3), 3):
        ours = learner.risks(priors)
        starts = -(means**2).sum(axis=-1) / 2 + rng.normal(size=(12, 3)) * rng.choice([1, 4, 15], (12, 1))
        ends = [minimize(lambda b: priors @ offset_risks(means, stds, b)[0], b, options={"gtol": 1e-8}) for b in starts]  # noqa: B023
        assert priors @ ours <= min(end.fun for end in ends) + 1e-12
        fine = OffsetLearner(means, stds, 91).risks(priors)
        assert ours == pytest.approx(fine, abs=1e-7)
