"""Facts about recalls and their intervals; coverage is checked by seeded simulation at the stated level."""

import numpy as np
import pytest

from drop import metrics
from drop.metrics import Estimate, Trials

LEVEL = 0.95


def test_recalls_of_a_small_table():
    labels, predictions = [0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 1, 0, 2]
    assert metrics.confusion_matrix(labels, predictions, 3).tolist() == [[3, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert metrics.class_recalls(labels, predictions, 3).tolist() == [0.75, 0.5, 1.0]


def test_matrix_and_totals_say_the_same():
    matrix = np.array([[8, 2], [1, 3]])
    counts = {"correct": [8, 3], "total": [10, 4]}
    assert metrics.recalls_of(matrix).tolist() == metrics.recalls_of(counts).tolist() == [0.8, 0.75]
    assert metrics.average_of(matrix) == metrics.average_of(counts) == 11 / 14


@pytest.mark.parametrize(
    "function, expected",
    [
        (metrics.worst_class, 0.2),
        (lambda r: metrics.worst_class(r, k=2), 0.3),
        (lambda r: metrics.worst_class(r, k=4), 0.55),
        (metrics.gap, 0.8),
        (metrics.spread, np.sqrt((0.35**2 + 0.15**2 + 0.05**2 + 0.45**2) / 4)),
    ],
)
def test_metrics_of_one_row(function, expected):
    recalls = [0.2, 0.4, 0.6, 1.0]
    assert function(recalls) == pytest.approx(expected)
    assert function([recalls, recalls]) == pytest.approx([expected] * 2)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: metrics.class_recalls([0, 0], [0, 1], 2), "Class 1 has no samples"),
        (lambda: metrics.class_recalls([0, 2], [0, 1], 2), "labels must lie in 0..1"),
        (lambda: metrics.class_recalls([0, 1], [0, -1], 2), "predictions must lie in 0..1"),
        (lambda: metrics.class_recalls([0.0, 1.0], [0, 1], 2), "must be integers"),
        (lambda: metrics.class_recalls([0, 1], [0], 2), "one shape"),
        (lambda: metrics.recalls_of([[1, 2]]), "shape"),
        (lambda: metrics.recalls_of({"correct": [3], "total": [2]}), "between 0"),
        (lambda: metrics.worst_class([0.1, 0.2], k=3), "k must lie in 1..2"),
        (lambda: metrics.area([0.5, 0.1], [Estimate(0, 0, 0, 0, 1)] * 2), "increasing"),
        (lambda: metrics.estimate(trials([[0.5, 0.5]]), "worst"), "Unknown metric 'worst'"),
        (lambda: metrics.difference(trials([[0.5, 0.5]]), trials([[0.5, 0.5]] * 2)), "same seeds"),
        (lambda: Trials.of([], []), "at least one run"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def trials(recalls, size=500) -> Trials:
    """Trials whose validation recalls equal the test recalls."""
    recalls = np.asarray(recalls, dtype=float)
    return Trials(recalls, recalls, np.full(recalls.shape[1], size))


def test_one_seed_bounds_nothing():
    for result in (
        metrics.estimate(trials([[0.5, 0.7]])),
        metrics.spread_estimate(trials([[0.5, 0.7]])),
        metrics.difference(trials([[0.5, 0.7]]), trials([[0.4, 0.7]]), "gap"),
    ):
        assert (result.low, result.high, result.seeds) == (-np.inf, np.inf, 1)
        assert np.isfinite(result.value)


def test_test_noise_does_not_average_out_over_seeds():
    """Runs that agree exactly leave the binomial interval of one test set, however many they are."""
    widths = [np.diff([(e := metrics.estimate(trials([[0.7, 0.9]] * seeds))).low, e.high])[0] for seeds in (2, 5, 50)]
    assert widths == pytest.approx([2 * 1.96 * np.sqrt(0.7 * 0.3 / 500)] * 3, rel=0.02)


def test_perfect_recall_is_not_certain():
    assert metrics.estimate(trials([[1.0, 1.0]] * 3, size=50)).low < 0.96


def test_a_difference_is_odd_and_pairs_seeds():
    shared = np.array([[0.0], [0.1], [-0.1]])
    a, b = trials([[0.7, 0.9]] + shared), trials([[0.6, 0.8]] + shared)
    there, back = metrics.difference(a, b), metrics.difference(b, a)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    alone = metrics.estimate(a)
    assert there.value == pytest.approx(0.1) and there.high - there.low < (alone.high - alone.low) / 2


def test_area_is_the_mean_height():
    estimates = [Estimate(v, v, v - 0.1, v + 0.1, 3) for v in (0.2, 0.6, 0.6)]
    result = metrics.area([0.1, 0.3, 0.9], estimates)
    assert result.value == pytest.approx((0.4 * 0.2 + 0.6 * 0.6) / 0.8)
    assert (result.low, result.high) == pytest.approx((result.value - 0.1, result.value + 0.1))
    assert metrics.area([0.1, 0.9], [Estimate(0.7, 0.7, 0.7, 0.7, 2)] * 2).value == pytest.approx(0.7)


def test_the_plug_in_minimum_is_biased_low():
    """K = 100, 50 test images a class, recall .70 everywhere: expected minimum .53, and .70 is the other end."""
    rng = np.random.default_rng(0)
    plug_in, chosen = np.array([bracket(rng) for _ in range(300)]).T
    assert plug_in.mean() == pytest.approx(0.53, abs=0.01)
    assert chosen.mean() == pytest.approx(0.70, abs=0.015)


def bracket(rng) -> tuple[float, float]:
    test, validation = rng.binomial(50, 0.7, (2, 1, 100)) / 50
    result = metrics.estimate(Trials(test, validation, np.full(100, 50)))
    return result.value, result.chosen


FLAT, FASHION = np.full(10, 0.7), np.array([0.88, 0.97, 0.86, 0.92, 0.88, 0.97, 0.72, 0.95, 0.97, 0.74])


def simulate(rng, recalls, seeds, size, seed_sd, shared=None):
    """Trials with expected recalls p: a share 2p - 1 of the images is always right, the rest a coin of each seed.

    `shared` holds the always-right counts of other trials on the same images.
    """
    sure = 2 * np.asarray(recalls) - 1
    effects = rng.normal(0, seed_sd, (seeds, len(sure))) / (1 - sure)
    fixed = rng.binomial(size, sure, (2, len(sure))) if shared is None else shared
    coin = np.clip(0.5 + effects, 0, 1)
    test, validation = [(f + rng.binomial(size - f, coin)) / size for f in fixed]
    return Trials(test, validation, np.full(len(sure), size)), fixed


QUANTITIES = {
    "worst_class": (metrics.estimate, np.min),
    "average": (lambda t: metrics.estimate(t, "average"), np.mean),
    "gap": (lambda t: metrics.estimate(t, "gap"), np.ptp),
    "3 worst": (lambda t: metrics.estimate(t, k=3), lambda p: np.sort(p)[:3].mean()),
    "spread": (metrics.spread_estimate, np.std),
}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("recalls, seed_sd", [(FLAT, 0.03), (FASHION, 0.01)], ids=["flat", "fashion"])
def test_coverage_with_ten_classes(quantity, seeds, recalls, seed_sd):
    estimate, truth = QUANTITIES[quantity]
    rng = np.random.default_rng(1)
    results = [estimate(simulate(rng, recalls, seeds, 500, seed_sd)[0]) for _ in range(200)]
    assert np.mean([r.low <= truth(recalls) <= r.high for r in results]) >= LEVEL


@pytest.mark.parametrize("seeds", [2, 5])
def test_coverage_with_a_hundred_classes(seeds):
    rng = np.random.default_rng(2)
    results = [metrics.estimate(simulate(rng, np.full(100, 0.7), seeds, 50, 0.03)[0]) for _ in range(200)]
    assert np.mean([r.low <= 0.7 <= r.high for r in results]) >= LEVEL


@pytest.mark.parametrize("metric, truth", [("worst_class", 0.02), ("average", 0.02), ("gap", 0.0)])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_coverage_of_differences(metric, truth, seeds):
    """Two methods on the same images: the easy images of one are mostly those of the other."""
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(200):
        b, fixed = simulate(rng, FLAT, seeds, 500, 0.02)
        a, _ = simulate(rng, FLAT + 0.02, seeds, 500, 0.02, shared=fixed + rng.binomial(500 - fixed, 0.04 / 0.6))
        result = metrics.difference(a, b, metric)
        hits.append(result.low <= truth <= result.high)
    assert np.mean(hits) >= LEVEL


def test_intervals_are_not_idle():
    """Five seeds, 500 images a class: about four points to either side in the worst class, one on average."""
    rng = np.random.default_rng(4)
    results = [simulate(rng, FASHION, 5, 500, 0.01)[0] for _ in range(50)]
    for metric, width in (("worst_class", 0.11), ("average", 0.03)):
        estimates = [metrics.estimate(t, metric) for t in results]
        assert np.median([e.high - e.low for e in estimates]) < width
