"""Rules in mixtures of two classes: what is known of them holds; quotas scatter as recalls do."""

import numpy as np
import pytest

from drop.chapters.quota_rules import THEORY, Bench, Noise, misplaced
from drop.mixture import GaussianMixture

PAPER = Bench(GaussianMixture((-1, 1), (0.5, 1)), 0.1, 500, 5.0)


def test_a_rule_leaves_nothing_at_the_optimum_and_all_of_it_at_random():
    assert PAPER.left("random") == pytest.approx(1)
    best = PAPER.learnt(PAPER.mixture.stds * PAPER.mixture.priors[::-1])
    assert best.max() == pytest.approx(PAPER.floor())
    assert PAPER.left("random+drop") == pytest.approx((0.1112 - 0.0912) / (0.1210 - 0.0912), abs=5e-3)
    assert PAPER.left(THEORY) < 0.05


def test_rules_that_must_agree_do():
    assert PAPER.left("random+gamma1") == pytest.approx(PAPER.left("random+drop"))
    assert PAPER.left("random+size") == pytest.approx(PAPER.left("random+drop"))  # on equally large classes
    skewed = Bench(GaussianMixture((-1, 1), (0.5, 1), (0.7, 0.3)), 0.05, 500, 5.0)
    for rule in ("random+nucs", "random+balanced"):  # mean difficulty keeps equally many of both classes
        weights = skewed.weights(rule) * skewed.mixture.priors
        assert weights[0] == pytest.approx(weights[1], rel=1e-6)


def test_rounds_settle_where_the_rate_allows_it_and_their_factor_is_that_of_the_formula():
    star, largest, factor, iterated = PAPER.rate_row()
    assert largest == 2 * star and factor == pytest.approx(iterated, abs=1e-3)
    assert PAPER.learnt(PAPER.climb(20)[-1]).max() == pytest.approx(PAPER.floor(), abs=1e-6)
    fast = Bench(PAPER.mixture, 0.1, 500, 2.5 * star)
    assert fast.learnt(fast.climb(40)[-1]).max() > fast.floor() + 0.01
    assert PAPER.iterate(20)[-1].max() > PAPER.floor() + 0.1  # made anew, densities run away


def test_more_validation_images_misplace_less_and_more_query_models_too():
    rng = np.random.default_rng(0)
    recalls = np.clip(np.linspace(0.6, 0.98, 5) + 0.01 * rng.normal(size=(5, 5)), 0, 0.99)
    noise = Noise(recalls, np.full(5, 1000), 0.1, 500)
    truth = noise.shares(recalls.mean(axis=0))
    assert truth.sum() == pytest.approx(1)
    wrong = {n: misplaced(found[0], truth) for n, found in noise.of_images([20, 500], 200, rng).items()}
    assert wrong[500] < 0.3 * wrong[20]
    rows = noise.of_models(5, 200, rng)
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5] and rows[4][1] < 0.6 * rows[0][1]
