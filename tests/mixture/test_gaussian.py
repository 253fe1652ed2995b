"""The closed forms against 50-digit arithmetic, the paper's reference values, and the facts that the chapter proves."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drop import quotas
from drop.mixture import GaussianMixture, damped_exponent, empirical_threshold

MP = mpmath.mp.clone()
MP.dps = 50

# μ0, μ1, σ0, σ1 → t*, its risks, t̂, worst risk at t̂, ratio d0φ0/d1φ1 after one DRoP step, its risks (equal priors)
REFERENCE = [
    ((-1, 1, 0.5, 1), -0.1700, (0.0485, 0.1210), -0.3333, 0.0912, 0.401, (0.1112, 0.0823)),
    ((-1, 1, 0.3, 0.9), -0.3640, (0.0170, 0.0648), -0.5, 0.0478, 0.262, (0.0598, 0.0442)),
    ((-1, 1, 0.5, 0.75), -0.1251, (0.0401, 0.0668), -0.2, 0.0548, 0.600, (0.0593, 0.0519)),
    ((0, 1, 0.5, 1), 0.6188, (0.1079, 0.3515), 0.3333, 0.2525, 0.307, (0.4903, 0.1616)),
]


def adversarial(size: int, seed: int) -> np.ndarray:
    """Parameters (size, 6) of every awkward kind: ratios from 1 + 1e-12 to 1e3, tiny gaps, far means, double roots."""
    rng = np.random.default_rng(seed)
    kind = np.arange(size) % 8
    ratio = np.where(kind == 1, 1 + 10 ** rng.uniform(-12, -3, size), 10 ** rng.uniform(0, 3, size))
    ratio = np.where(kind == 2, 1.0, ratio)
    narrow = 10 ** rng.uniform(-2, 2, size)
    wide = narrow * ratio
    gap = wide * 10 ** np.where(kind == 3, rng.uniform(-9, -3, size), rng.uniform(-2, 1, size))
    first = rng.normal(size=size) * 10 ** np.where(kind == 4, rng.uniform(2, 6, size), 0.0)
    log_prior = np.where(kind == 5, rng.uniform(-30, 30, size), rng.uniform(-3, 3, size))
    double = -(gap**2) / (2 * np.maximum(wide**2 - narrow**2, 1e-300)) - np.log(ratio)  # the discriminant is 0 here
    nudge = rng.choice([-1, 1], size) * 10 ** rng.uniform(-16, -6, size)
    log_prior = np.where((kind == 6) & (abs(double) < 30), double + nudge * abs(double), log_prior)
    prior = 1 / (1 + np.exp(-log_prior))
    rows = np.stack([first, first + gap, narrow, wide, prior, 1 - prior], axis=-1)
    mirrored = rows[:, [1, 0, 3, 2, 5, 4]] * [-1, -1, 1, 1, 1, 1]
    return np.where((rng.random(size) < 0.5)[:, None], mirrored, rows)


def mixture(rows) -> GaussianMixture:
    rows = np.asarray(rows, dtype=float)
    return GaussianMixture(rows[..., :2], rows[..., 2:4], rows[..., 4:] if rows.shape[-1] == 6 else (0.5, 0.5))


def exact_threshold(row):
    """t* of one mixture at 50 digits by the textbook formula, or None without stationary point."""
    m0, m1, s0, s1, p0, p1 = map(MP.mpf, row)
    if s0 > s1:
        flipped = exact_threshold((-m1, -m0, s1, s0, p1, p0))
        return None if flipped is None else -flipped
    log_ratio = MP.log(p0 * s1 / (p1 * s0))
    if s0 == s1:
        return (m0 + m1) / 2 + s0**2 * log_ratio / (m1 - m0)
    root = (m1 - m0) ** 2 + 2 * (s1**2 - s0**2) * log_ratio
    return None if root <= 0 else (m0 * s1**2 - m1 * s0**2 + s0 * s1 * MP.sqrt(root)) / (s1**2 - s0**2)


def exact_risk(row, threshold):
    m0, m1, s0, s1, p0, p1 = map(MP.mpf, row)
    t = MP.mpf(threshold)
    return p0 * MP.ncdf((m0 - t) / s0) + p1 * MP.ncdf((t - m1) / s1)


def test_stationary_threshold_matches_50_digits_on_10000_mixtures():
    rows = adversarial(10_000, seed=0)
    rows = rows[rows[:, 0] < rows[:, 1]]
    ours = mixture(rows).stationary_threshold()
    exact = [exact_threshold(row) for row in rows]
    assert [t is None for t in exact] == np.isnan(ours).tolist()
    for row, t, reference in zip(rows, ours, exact, strict=True):
        if reference is not None:
            scale = max(abs(row[:4]))
            allowed = max(
                1e-9 * scale, 1e-13 * abs(float(reference))
            )  # a float cannot do better far away from the classes
            assert abs(MP.mpf(t) - reference) <= allowed, row


def test_average_optimal_rule_is_within_1e_12_of_the_best_at_ties_too():
    rows = adversarial(3_000, seed=1)
    rows = rows[rows[:, 0] < rows[:, 1]]
    for row, t in zip(rows, mixture(rows).average_optimal_threshold(), strict=True):
        local = exact_threshold(row)
        best = min([MP.mpf(row[4]), MP.mpf(row[5])] + ([] if local is None else [exact_risk(row, local)]))
        assert exact_risk(row, t) - best <= 1e-12, row


def test_at_the_tie_with_a_constant_rule_the_risk_is_the_least_reachable_one():
    low, high = 0.01, 0.5
    for _ in range(80):
        middle = (low + high) / 2
        constant = np.isinf(mixture((0, 1, 0.5, 2, middle, 1 - middle)).average_optimal_threshold())
        low, high = (middle, high) if constant else (low, middle)
    tie = mixture((0, 1, 0.5, 2, high, 1 - high))
    assert abs(tie.average_risk(tie.stationary_threshold()) - high) < 1e-15
    assert tie.worst_class_risk(tie.stationary_threshold()) == pytest.approx(tie.least_reachable_risk(), abs=1e-9)


@pytest.mark.parametrize("row, local, risks, minimax, worst, ratio, after", REFERENCE)
def test_reference_values_to_the_printed_digits(row, local, risks, minimax, worst, ratio, after):
    m = mixture(row)
    assert m.stationary_threshold() == pytest.approx(local, abs=5.1e-5)
    assert m.class_risks(m.stationary_threshold()) == pytest.approx(risks, abs=5.1e-5)
    assert m.worst_class_threshold() == pytest.approx(minimax, abs=5.1e-5)
    assert m.class_risks(m.worst_class_threshold()) == pytest.approx([worst, worst], abs=5.1e-5)
    step = m.prune_randomly(m.drop_densities(0.1))
    assert step.priors[0] / step.priors[1] == pytest.approx(ratio, abs=5.1e-4)
    assert m.class_risks(step.stationary_threshold()) == pytest.approx(after, abs=5.1e-5)


def test_after_one_step_under_heavy_overlap_predicting_1_everywhere_is_better_still():
    m = mixture(REFERENCE[3][0])
    assert m.prune_randomly(m.drop_densities(0.1)).average_optimal_threshold() == -np.inf


@pytest.mark.parametrize(
    "row, stationary, optimal",
    [
        ((0, 1, 1, 1, 0.5, 0.5), 0.5, 0.5),  # equal variances
        ((0, 1, 0.5, 2, 0.01, 0.99), np.nan, -np.inf),  # no stationary point
        ((-1, 0, 2, 0.5, 0.99, 0.01), np.nan, np.inf),  # its mirror image
        ((0, 1, 0.5, 1, 0.0, 1.0), np.nan, -np.inf),  # class 0 is gone
        ((0, 1, 0.5, 1, 1.0, 0.0), np.nan, np.inf),
    ],
)
def test_special_cases(row, stationary, optimal):
    np.testing.assert_equal(mixture(row).stationary_threshold(), stationary)
    np.testing.assert_equal(mixture(row).average_optimal_threshold(), optimal)


def test_local_but_not_global_minimum():
    m = mixture((0, 1, 0.5, 2, 0.19, 0.81))
    assert np.isfinite(m.stationary_threshold()) and m.average_optimal_threshold() == -np.inf


def test_thresholds_and_parameters_broadcast():
    m = GaussianMixture(np.zeros((3, 1)) + [0, 1], np.ones((4, 1, 2)), (0.3, 0.7))
    assert m.class_risks(0.2).shape == (4, 3, 2)
    assert m.average_risk(np.zeros((5, 1, 1))).shape == (5, 4, 3)
    assert m.prune_randomly(m.drop_densities(np.full((5, 1, 1), 0.3))).stationary_threshold().shape == (5, 4, 3)


rows_strategy = st.tuples(
    st.floats(-3, 3), st.floats(0.05, 5), st.floats(0.05, 5), st.floats(0.05, 5), st.floats(0.02, 0.98)
).map(lambda v: (v[0], v[0] + v[1], v[2], v[3], v[4], 1 - v[4]))


@given(rows_strategy, st.floats(0.01, 1))
@settings(max_examples=300)
def test_quotas_spend_the_budget_and_are_algorithm_1(row, density):
    m = mixture(row)
    for densities in (m.drop_densities(density), m.optimal_densities(density)):
        assert (densities >= 0).all() and (densities <= 1).all()
        assert (m.priors * densities).sum() == pytest.approx(density, rel=1e-9)
    risks = m.class_risks(m.average_optimal_threshold())
    if risks.min() > 1e-6:  # Algorithm 1 is given recalls, which cannot tell smaller risks apart
        expected = quotas.drop_densities(np.round(m.priors * 1e9).astype(int), 1 - risks, density)
        assert m.drop_densities(density) == pytest.approx(expected, rel=1e-6)


@given(rows_strategy, st.floats(0.01, 1))
@settings(max_examples=300)
def test_minimax_threshold_is_stationary_exactly_up_to_the_feasible_density(row, share):
    m = mixture(row)
    hat = m.worst_class_threshold()
    assert m.class_risks(hat)[0] == pytest.approx(m.class_risks(hat)[1], rel=1e-9)
    within = m.prune_randomly(m.optimal_densities(share * m.feasible_density()))
    assert within.stationary_threshold() == pytest.approx(hat, abs=1e-6 * max(abs(np.array(row[:4]))))
    full = m.prune_randomly(m.optimal_densities(1.0))
    np.testing.assert_allclose(full.priors, m.priors)
    # the minimum is global exactly where the condition says so
    if abs(m.class_risks(hat)[0] - min(row[2:4]) / sum(row[2:4])) > 1e-9:
        assert np.isfinite(within.average_optimal_threshold()) == m.minimax_reachable()


@given(rows_strategy)
@settings(max_examples=300)
def test_an_unsaturated_step_always_overshoots(row):
    m = mixture(row)
    risks = m.class_risks(m.stationary_threshold())
    if not np.isfinite(m.stationary_threshold()) or risks.min() < 1e-200:
        return
    before = np.log(row[4] / row[5]) - np.log(row[2] / row[3])
    after = before + np.log(risks[0] / risks[1])
    assert before * after <= 1e-12


@given(rows_strategy)
@settings(max_examples=200)
def test_mirror_images_agree(row):
    m, mirror = mixture(row), mixture((-row[1], -row[0], row[3], row[2], row[5], row[4]))
    for name in ("stationary_threshold", "average_optimal_threshold", "worst_class_threshold"):
        np.testing.assert_allclose(getattr(m, name)(), -getattr(mirror, name)(), rtol=1e-12, atol=1e-12)
    for name in ("least_reachable_risk", "feasible_density", "minimax_reachable"):
        np.testing.assert_allclose(getattr(m, name)(), getattr(mirror, name)(), rtol=1e-12)


@pytest.mark.parametrize("row", [(0, 1, 0.5, 2), (0, 0.3, 0.5, 2), (0, 1, 2, 0.5), (-1, 1, 0.5, 1)])
def test_no_prior_ratio_beats_the_least_reachable_risk(row):
    odds = np.exp(np.linspace(-6, 6, 20_001))
    m = GaussianMixture(row[:2], row[2:], np.stack([odds / (1 + odds), 1 / (1 + odds)], axis=-1))
    best = m.worst_class_risk(m.average_optimal_threshold()).min()
    assert mixture(row).least_reachable_risk() == pytest.approx(best, abs=2e-4)


def test_saturated_class_is_not_always_the_hard_one():
    m = mixture((0, 1, 0.5, 1, 0.2, 0.8))
    assert m.feasible_density() == pytest.approx(0.6)
    assert m.optimal_densities(0.8) == pytest.approx([1, 0.75])


def test_damped_steps_converge_to_the_minimax_threshold_and_plain_ones_need_not():
    easy, hard = mixture((-1, 1, 0.5, 1)), mixture((0, 0.7, 0.5, 0.8))
    for m, exponent in ((easy, 1.0), (hard, 0.4)):
        trained = m.prune_randomly(m.drop_densities(0.1, exponent, steps=60))
        assert trained.average_optimal_threshold() == pytest.approx(m.worst_class_threshold(), abs=1e-9)
    trained = hard.prune_randomly(hard.drop_densities(0.1, steps=60))
    assert abs(trained.average_optimal_threshold() - hard.worst_class_threshold()) > 0.1


def test_the_damped_exponent_lands_on_the_minimax_ratio_to_first_order():
    base = mixture((0, 1.2, 0.5, 0.8))
    exponent = damped_exponent(base.worst_class_risk(base.worst_class_threshold()))
    wanted = np.array([0.5, 0.8]) / 1.3 * [1.001, 1]  # a touch off the ratio σ0/σ1
    near = mixture((0, 1.2, 0.5, 0.8, *wanted / wanted.sum()))
    step = near.prune_randomly(near.drop_densities(0.1, float(exponent)))
    assert abs(np.log(step.priors[0] / step.priors[1] * 0.8 / 0.5)) < 1e-6
    assert damped_exponent([0.05, 0.6]) == pytest.approx([0.797, 0.116], abs=1e-3)


def test_empirical_threshold_is_the_best_of_all_cuts():
    rng = np.random.default_rng(3)
    for _ in range(50):
        x, y = rng.normal(size=12).round(1), rng.integers(0, 2, 12)  # some are equal
        distinct = np.unique(x)
        cuts = [-np.inf, *(distinct[1:] + distinct[:-1]) / 2, np.inf]
        errors = [((x > t) != y).sum() for t in cuts]
        assert ((x > empirical_threshold(x, y)) != y).sum() == min(errors)
    assert empirical_threshold([1.0, 2.0], [1, 1]) == -np.inf
    assert empirical_threshold([1.0, 2.0], [0, 0]) == np.inf


def test_samples_follow_the_mixture_and_the_seed():
    m = mixture((-1, 1, 0.5, 1, 0.3, 0.7))
    x, y = m.sample(100_000, seed=1)
    np.testing.assert_array_equal(x, m.sample(100_000, seed=1)[0])
    assert y.mean() == pytest.approx(0.7, abs=0.01)
    assert ((x > 0) != y).mean() == pytest.approx(float(m.average_risk(0.0)), abs=0.005)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(means=(0, 1), stds=(0, 1)), "stds must be positive, got 0"),
        (dict(means=(0, 1), stds=(1, -2)), "stds must be positive, got -2"),
        (dict(means=(0, 1), stds=(1, 1), priors=(0.5, 0.6)), "sum to 1, got"),
        (dict(means=(0, 1), stds=(1, 1), priors=(-0.5, 1.5)), "non-negative"),
        (dict(means=(1, 0), stds=(1, 1)), "means must increase"),
        (dict(means=(0, np.nan), stds=(1, 1)), "means must be finite, got nan"),
        (dict(means=(0, 1, 2), stds=(1, 1)), "means must hold one number for each of the two classes"),
        (dict(means=0.0, stds=(1, 1)), "means must hold"),
    ],
)
def test_invalid_parameters_get_one_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        GaussianMixture(**arguments)


def test_invalid_densities():
    m = mixture((-1, 1, 0.5, 1))
    for densities in ((0.5, 1.5), (-0.1, 0.5), (0.0, 0.0), (0.5,)):
        with pytest.raises(ValueError):
            m.prune_randomly(densities)
    with pytest.raises(ValueError, match="density must lie in"):
        m.drop_densities(1.2)
