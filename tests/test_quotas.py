"""Quotas: Algorithm 1 against its own listing, exact totals, and the cases that the listing leaves out."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drop import quotas
from drop.quotas import (
    balanced_counts,
    counts,
    counts_of,
    difficulty_weights,
    drop_counts,
    drop_densities,
    error_weights,
    fill,
    minimax_weights,
    proportional_counts,
    shrunken_recalls,
    size_weights,
)

PAPER = ((5000, 2500, 1000, 500), (0.95, 0.9, 0.8, 0.6), 0.3)
quick = settings(max_examples=60, derandomize=True, database=None)


def algorithm_1(N, r, d):
    """The listing of the paper, line by line; NaN-free only where it covers the case."""
    K = len(N)
    U, E, densities = set(range(K)), d * sum(N), [0.0] * K
    for _ in range(K):
        if E <= 1e-9:
            break
        Z = sum(N[k] * (1 - r[k]) for k in U) / E
        for k in sorted(U):
            densities[k] += (1 - r[k]) / Z
            E -= N[k] * (1 - r[k]) / Z
            if densities[k] > 1:
                U = U - {k}
                E += N[k] * (densities[k] - 1)
                densities[k] = 1.0
    return densities


@st.composite
def problems(draw, perfect=False):
    """Class sizes, recalls and a density."""
    K = draw(st.integers(1, 8))
    sizes = draw(st.lists(st.integers(1, 3000), min_size=K, max_size=K))
    highest = 1.0 if perfect else 0.999
    recalls = draw(st.lists(st.floats(0, highest), min_size=K, max_size=K))
    return sizes, recalls, draw(st.floats(0, 1))


def quietly(function, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments)


# Algorithm 1


def test_the_papers_numbers_where_densities_follow_the_errors():
    assert drop_counts(*PAPER).tolist() == [786, 786, 628, 500]
    assert drop_densities(*PAPER) == pytest.approx([0.3 * 11 / 21, 0.3 * 22 / 21, 0.3 * 44 / 21, 1])


def test_densities_are_the_formula_where_nothing_saturates():
    N, r, d = np.array([100, 200, 50]), np.array([0.9, 0.8, 0.85]), 0.1
    Z = (N / N.sum() * (1 - r)).sum()
    assert drop_densities(N, r, d) == pytest.approx(d * (1 - r) / Z, rel=1e-14)


@quick
@given(problems())
def test_algorithm_1_line_by_line_gives_the_same_densities(problem):
    N, r, d = problem
    assert drop_densities(N, r, d) == pytest.approx(algorithm_1(N, r, d), rel=1e-9, abs=1e-12)


def test_one_saturated_class_can_saturate_the_next():
    assert drop_densities([10, 10, 100], [0.0, 0.5, 0.9], 0.35).tolist() == [1, 1, pytest.approx(0.22)]


@quick
@given(problems(perfect=True))
def test_densities_use_the_whole_budget_and_stay_below_one(problem):
    N, r, d = problem
    densities = quietly(drop_densities, N, r, d)
    assert densities.dtype == np.float64
    assert ((densities >= 0) & (densities <= 1)).all()
    assert math.fsum(np.array(N) * densities) == pytest.approx(d * sum(N), rel=1e-9, abs=2e-6)


@pytest.mark.parametrize("d", [0, 0.0, 1, 1.0])
def test_nothing_and_everything(d):
    assert drop_densities([7, 5], [1.0, 0.5], d).tolist() == [d, d]
    assert drop_counts([7, 5], [1.0, 1.0], d).tolist() == ([7, 5] if d else [0, 0])


def test_perfect_classes_receive_nothing_while_others_have_room():
    assert drop_counts([100, 100, 50], [1, 0.5, 1], 0.4).tolist() == [0, 100, 0]


def test_perfect_classes_share_in_proportion_when_all_others_are_whole_with_a_warning():
    with pytest.warns(UserWarning, match="75 samples go to the 2 classes of weight 0"):
        assert drop_densities([100, 100, 50], [1, 0.5, 1], 0.7).tolist() == [0.5, 1, 0.5]


def test_all_perfect_classes_are_pruned_alike_with_a_warning():
    with pytest.warns(UserWarning, match="weight 0"):
        assert drop_counts([100, 50], [1, 1], 0.5).tolist() == [50, 25]


@pytest.mark.parametrize("weights", [[1e-320, 1e-310], [1e300, 1e308], [1e-300, 1.0], [1e-320, 1e308]])
def test_weights_of_any_magnitude_fill_the_budget(weights):
    assert counts([100, 100], weights, 0.75).sum() == 150
    assert fill([100, 100], weights, 0.75).max() <= 1


# whole samples


@quick
@given(problems(perfect=True))
def test_counts_are_exact_and_never_above_the_class(problem):
    N, r, d = problem
    n = quietly(drop_counts, N, r, d)
    assert n.dtype == np.int64
    assert n.sum() == round(d * sum(N))
    assert ((n >= 0) & (n <= N)).all()
    assert (np.abs(n - np.array(N) * quietly(drop_densities, N, r, d)) < 1 + 1e-6).all()


@quick
@given(problems(), st.data())
def test_a_larger_weight_never_means_fewer_samples(problem, data):
    N, r, d = problem
    k = data.draw(st.integers(0, len(N) - 1))
    w = error_weights(r)
    more = w.copy()
    more[k] *= data.draw(st.floats(1, 10))
    assert counts(N, more, d)[k] >= counts(N, w, d)[k]
    assert fill(N, more, d)[k] >= fill(N, w, d)[k] * (1 - 1e-12)


@quick
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(problem, rng):
    N, r, d = np.array(problem[0]), np.array(problem[1]), problem[2]
    order = rng.sample(range(len(N)), len(N))
    densities = drop_densities(N, r, d)
    assert (drop_densities(N[order], r[order], d) == densities[order]).all()
    remainders = np.round(densities * N, 6) % 1
    assume(len(set(remainders)) == len(N))
    assert (drop_counts(N[order], r[order], d) == drop_counts(N, r, d)[order]).all()


@quick
@given(problems(), st.integers(-30, 30))
def test_only_ratios_of_weights_matter(problem, power):
    N, r, d = problem
    assert (counts(N, error_weights(r) * 2.0**power, d) == counts(N, error_weights(r), d)).all()


def test_equal_remainders_go_to_the_lower_class():
    assert proportional_counts([5, 5, 5, 5], 0.5).tolist() == [3, 3, 2, 2]


@pytest.mark.parametrize(("N", "d", "total"), [([5], 0.5, 2), ([7], 0.5, 4), ([35], 0.1, 4), ([100], 0.29, 29)])
def test_the_total_is_pythons_round_half_to_even(N, d, total):
    assert proportional_counts(N, d).sum() == total == round(d * N[0])


def test_proportional_keeps_one_density():
    assert proportional_counts([5000, 2500, 1000, 500], 0.3).tolist() == [1500, 750, 300, 150]


def test_balanced_keeps_one_number_and_small_classes_whole():
    assert balanced_counts([5000, 2500, 1000, 500], 0.2).tolist() == [450, 450, 450, 450]
    assert balanced_counts([5000, 2500, 1000, 500], 0.3).tolist() == [734, 733, 733, 500]


@quick
@given(problems())
def test_balanced_is_water_filling(problem):
    N, _, d = problem
    n = balanced_counts(N, d)
    highest = n.max()
    assert all(n_k == N_k or n_k >= highest - 1 for n_k, N_k in zip(n, N, strict=True))


def test_counts_of_a_selection():
    assert counts_of([0, 2, 2, 0, 1], [1, 2, 4], 4).tolist() == [0, 1, 2, 0]
    assert counts_of(torch.tensor([0, 1]), [], 2).tolist() == [0, 0]


# the other rules


def released_sizes(N, r, size):
    """Class sizes in proportion to 1 - r, cut to whole numbers before and after, as the released code does."""
    e = [1 - r_k for r_k in r]
    n, over = [int(size * e_k / sum(e)) for e_k in e], 0
    while excess := sum(max(0, n_k - N_k) for n_k, N_k in zip(n, N, strict=True)):
        n = [min(n_k, N_k) for n_k, N_k in zip(n, N, strict=True)]
        room = sum(e_k for e_k, n_k, N_k in zip(e, n, N, strict=True) if n_k < N_k)
        added = [int((over + excess) * e_k / room) * (n_k < N_k) for e_k, n_k, N_k in zip(e, n, N, strict=True)]
        n, over = [n_k + a for n_k, a in zip(n, added, strict=True)], over + excess - sum(added)
    return n


def test_the_released_codes_rule_makes_sizes_follow_the_errors():
    N, r, d = PAPER
    assert counts(N, size_weights(N, r), d).tolist() == [400, 800, 1000, 500]
    assert released_sizes(N, r, 2700) == [399, 798, 1000, 500]  # three samples are lost in truncation


@quick
@given(problems(), st.integers(1, 3000))
def test_both_rules_agree_on_balanced_data(problem, size):
    _, r, d = problem
    N = [size] * len(r)
    assert (counts(N, size_weights(N, r), d) == drop_counts(N, r, d)).all()


def test_gamma_interpolates_between_no_rebalancing_and_the_worst_class():
    N, r, d = PAPER
    assert counts(N, error_weights(r, 0), d).tolist() == proportional_counts(N, d).tolist()
    assert counts(N, error_weights(r, 1), d).tolist() == drop_counts(N, r, d).tolist()
    assert counts(N, error_weights(r, 50), 0.05).tolist() == [0, 0, 0, 450]


def test_shrinkage_is_the_beta_binomial_posterior_mean():
    correct, n = np.array([90, 20, 85, 60]), np.array([100, 120, 90, 100])
    r = correct / n
    p = correct.sum() / n.sum()
    between = (n * (r - p) ** 2).sum() / (p * (1 - p))
    rho = (between - 3) / (n.sum() - (n**2).sum() / n.sum() - 3)
    strength = (1 - rho) / rho
    assert shrunken_recalls(correct, n) == pytest.approx((correct + strength * p) / (n + strength), rel=1e-12)


def test_recalls_that_differ_by_chance_only_are_pooled():
    assert shrunken_recalls([85, 84, 86], [100, 100, 100]) == pytest.approx([0.85] * 3)
    assert shrunken_recalls([1, 0], [1, 1]) == pytest.approx([0.5, 0.5])
    assert shrunken_recalls([3], [4]).tolist() == [0.75]


def test_recalls_of_large_samples_are_left_alone():
    assert shrunken_recalls([900_000, 500_000], [10**6, 10**6]) == pytest.approx([0.9, 0.5], abs=1e-5)
    assert shrunken_recalls([50, 0], [50, 50]).tolist() == [1, 0]
    assert shrunken_recalls([50, 50], [50, 50]).tolist() == [1, 1]


@quick
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=8))
def test_shrunken_recalls_lie_between_the_recalls_and_their_mean(pairs):
    correct, n = np.array([(min(c, n), n) for c, n in pairs]).T
    r, p, s = correct / n, correct.sum() / n.sum(), shrunken_recalls(correct, n)
    assert ((s >= np.minimum(r, p) - 1e-12) & (s <= np.maximum(r, p) + 1e-12)).all()


def test_shrinkage_recovers_most_of_what_noise_costs():
    rng = np.random.default_rng(0)
    truth = rng.beta(40, 10, size=(200, 20))
    correct = rng.binomial(50, truth)
    shrunken = np.array([shrunken_recalls(c, np.full(20, 50)) for c in correct])
    assert ((shrunken - truth) ** 2).mean() < 0.65 * ((correct / 50 - truth) ** 2).mean()


def test_minimax_rounds_find_the_least_favourable_weights():
    """Two classes whose risks under weights w are w_1/(w_0 + w_1) and 0.25: equal at w_1 = w_0 / 3."""
    w = np.ones(2)
    for _ in range(300):
        w = minimax_weights(w, recalls=[1 - w[1] / w.sum(), 0.75], rate=0.5)
    assert w == pytest.approx([1.5, 0.5], rel=1e-6)


def test_a_minimax_round_is_one_exponential_step():
    w = minimax_weights([1, 1, 2], [0.9, 0.5, 1.0], rate=2)
    assert w / w[2] == pytest.approx([0.5 * math.exp(0.2), 0.5 * math.exp(1), 1])
    assert w.mean() == pytest.approx(1)
    assert np.isfinite(minimax_weights([1, 1], [0, 1], rate=1e6)).all()


def test_difficulty_is_the_winsorized_class_mean():
    scores, labels = [0.0, 1.0, 2.0, 3.0, 100.0, 5.0], [0, 0, 0, 0, 0, 1]
    assert difficulty_weights(scores, labels, 2).tolist() == [21.2, 5]
    assert difficulty_weights(scores, labels, 2, tail=0.25).tolist() == [2, 5]  # 1, 1, 2, 3, 3


# inputs


def test_tensors_of_any_type_are_accepted_and_numpy_comes_back():
    N, r = torch.tensor([10, 10]), torch.tensor([0.5, 0.75], dtype=torch.bfloat16, requires_grad=True)
    n = drop_counts(N, r, 0.3)
    assert isinstance(n, np.ndarray)
    assert n.tolist() == [4, 2]


def test_the_density_may_be_a_scalar_of_numpy_or_torch():
    for density in (np.float32(0.5), np.array(0.5), torch.tensor(0.5)):
        assert proportional_counts([10, 20], density).tolist() == [5, 10]


BAD = [
    (lambda: drop_counts([10, 10], [0.5, 1.2], 0.3), "the recall of class 1 is 1.2, but recalls must lie in"),
    (lambda: drop_counts([10, 10], [-0.1, 0.2], 0.3), "the recall of class 0 is -0.1"),
    (lambda: drop_counts([10, 10], [0.5, math.nan], 0.3), "the recall of class 1 is nan"),
    (lambda: drop_counts([10, 10], [0.5], 0.3), "there are 2 classes, but the recalls or weights have shape"),
    (lambda: drop_counts([10, 10], 0.5, 0.3), "recalls must be one number a class"),
    (lambda: drop_counts([10, 0], [0.5, 0.5], 0.3), "class 1 has 0 samples"),
    (lambda: drop_counts([10, -3], [0.5, 0.5], 0.3), "class 1 has -3 samples"),
    (lambda: drop_counts([10.5, 3], [0.5, 0.5], 0.3), "class_sizes must be K >= 1 whole numbers"),
    (lambda: counts([], [], 0.3), "class_sizes must be K >= 1"),
    (lambda: drop_counts([10], [0.5], 1.5), "density is 1.5, but the fraction to keep must lie in"),
    (lambda: drop_counts([10], [0.5], -0.1), "density is -0.1"),
    (lambda: drop_counts([10], [0.5], math.nan), "density is nan"),
    (lambda: drop_counts([10], [0.5], "0.3"), "density is '0.3'"),
    (lambda: drop_counts([10], [0.5], [0.3]), "density is \\[0.3\\]"),
    (lambda: balanced_counts([10, 0], 0.5), "class 1 has 0 samples"),
    (lambda: counts([10, 10], [1, -1], 0.5), "the weight of class 1 is -1.0"),
    (lambda: counts([10, 10], [1, math.inf], 0.5), "the weight of class 1 is inf"),
    (lambda: error_weights([0.5], -1), "gamma is -1"),
    (lambda: counts_of([0, 3], [0], 2), "sample 1 has label 3; with 2 classes labels lie in"),
    (lambda: counts_of([0, 1], [1, 1], 2), "distinct indices in"),
    (lambda: counts_of([0, 1], [2], 2), "distinct indices in"),
    (lambda: drop_counts([10, 10], {"a": 0.5}, 0.3), "not a dictionary: drop.plan takes recalls by name"),
    (lambda: counts_of([0, 1], np.array([True, False]), 2), "not shape .2,. of bool; of a mask take np.flatnonzero"),
    (lambda: counts_of([0, 0, 1], [0.7, 1.9], 2), "kept must be whole numbers"),
    (lambda: minimax_weights([1, 1], [0.5, 0.6], math.nan), "rate is nan"),
    (lambda: difficulty_weights([1.0, 2.0], [0, 0, 1], 2), "scores must be 3 finite numbers, one a label"),
    (lambda: difficulty_weights([1.0, math.nan], [0, 1], 2), "scores must be 2 finite numbers"),
    (lambda: difficulty_weights([1.0, 2.0], [0, 1], 2, tail=0.9), "tail is 0.9"),
    (lambda: shrunken_recalls([11], [10]), "the recall of class 0 is 1.1"),
    (lambda: difficulty_weights([1.0], [0], 2), "class 1 has 0 samples"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_quotas_need_no_torch():
    assert "torch" not in vars(quotas)
