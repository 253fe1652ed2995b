"""Pairs of classes as mixtures: two errors place a pair, and quotas move it as the mixture says."""

import numpy as np
import pytest

from drop.chapters.pairs import Pairs
from drop.mixture import GaussianMixture


def confusion(mixture: GaussianMixture, images: int = 10_000_000) -> np.ndarray:
    """What the learner of a mixture with equal priors makes of so many images of each class."""
    risks = mixture.class_risks(mixture.stationary_threshold())
    return images * np.array([[1 - risks[0], risks[0]], [risks[1], 1 - risks[1]]])


@pytest.mark.parametrize("gap, ratio", [(2.0, 1.0), (3.0, 2.0), (2.5, 0.7)])
def test_two_errors_place_a_pair(gap, ratio):
    pairs = Pairs.of(confusion(GaussianMixture((0, gap), (1, ratio))))
    assert pairs.gap == pytest.approx([gap], abs=1e-5) and pairs.ratio == pytest.approx([ratio], abs=1e-5)
    hat = GaussianMixture((0, gap), (1, ratio))
    assert pairs.overlap() == pytest.approx([float(hat.worst_class_risk(hat.worst_class_threshold()))], abs=1e-6)
    assert pairs.widths() == pytest.approx([max(ratio, 1 / ratio)], abs=1e-5)


def test_quotas_move_a_pair_as_they_move_its_mixture():
    mixture = GaussianMixture((0, 2.5), (1, 1.4))
    for kept in ([100, 100], [300, 100], [50, 400]):
        pruned = mixture.prune_randomly(np.divide(kept, 1000))
        expected = mixture.class_risks(pruned.average_optimal_threshold())
        assert Pairs.of(confusion(mixture)).risks(kept) == pytest.approx(expected, abs=1e-5)


def test_at_equal_sizes_the_errors_of_a_class_are_those_of_the_matrix():
    rng = np.random.default_rng(0)
    matrix = rng.integers(20, 60, (5, 5)) + np.diag(np.full(5, 500))
    foretold = Pairs.of(matrix).risks(np.ones(5))
    assert foretold == pytest.approx(1 - matrix.diagonal() / matrix.sum(axis=1), abs=0.004)


def test_a_pair_with_few_confusions_is_symmetric():
    pairs = Pairs.of([[490, 8, 2], [2, 490, 8], [10, 20, 470]])
    assert pairs.counts.tolist() == [2, 2, 8]
    assert pairs.ratio[:2].tolist() == [1, 1] and pairs.ratio[2] != 1
    assert [len(part) for part in pairs.places()] == [1, 1]


def test_the_minimax_risk_lies_below_that_of_equal_sizes_and_is_level():
    rng = np.random.default_rng(1)
    matrix = rng.integers(5, 80, (6, 6)) + np.diag(np.full(6, 400))
    pairs = Pairs.of(matrix)
    even, least = pairs.risks(np.ones(6)), pairs.minimax_risk()
    assert even.mean() < least < even.max()
    assert pairs.minimax_risk(6000) == pytest.approx(least, abs=5e-4)
