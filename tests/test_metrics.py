"""Facts about recalls and their intervals; coverage is checked by seeded simulation at the stated level."""

import base64

import numpy as np
import pytest
from scipy.special import ndtri

from drop import metrics
from drop.experiments import intervals
from drop.experiments.intervals import Estimate, Trials

LEVEL = 0.95


def test_class_recalls_of_a_small_table():
    labels, predictions = [0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 1, 0, 2]
    assert metrics.class_recalls(labels, predictions, 3).tolist() == [0.75, 0.5, 1.0]


@pytest.mark.parametrize("labels, predictions, said", [
    ([0, 0], [0, 1], "Class 1 has no samples"),
    ([0, 2], [0, 1], r"labels lie in \[0, 2\)"),
    ([0, 1], [0, -1], "label -1"),
    ([0.5, 1.0], [0, 1], "whole numbers"),
    ([0, 1], [0], "2 labels, but 1 predictions"),
])  # fmt: skip
def test_class_recalls_refuse_what_makes_no_sense(labels, predictions, said):
    with pytest.raises(ValueError, match=said):
        metrics.class_recalls(labels, predictions, 2)


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
        (lambda: metrics.recalls_of([[0, 0], [1, 1]]), "Class 0 has no samples"),
        (lambda: metrics.recalls_of([[1, 2]]), "shape"),
        (lambda: metrics.recalls_of({"correct": [3], "total": [2]}), "between 0"),
        (lambda: metrics.worst_class([0.1, 0.2], k=3), "k must lie in 1..2"),
        (lambda: intervals.area([0.5, 0.1], [Estimate(0, 0, 0, 0, 1)] * 2), "increasing"),
        (lambda: intervals.estimate(trials([[0.5, 0.5]]), "worst"), "Unknown metric 'worst'"),
        (lambda: intervals.difference(trials([[0.5, 0.5]]), trials([[0.5, 0.5]] * 2)), "same seeds and test images"),
        (lambda: intervals.difference(trials([[0.5, 0.5]]), trials([[0.5, 0.5]], 50)), "same seeds and test images"),
        (lambda: Trials.of_records([]), "at least one record"),
        (lambda: Trials.of_records([record([1, 1], [1, 0]), record([1, 1], [1])]), "the same classes and test images"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def trials(recalls, size=500) -> Trials:
    """Trials whose validation recalls equal the test recalls; the first images of a class are right in every seed."""
    recalls = np.asarray(recalls, dtype=float)
    hits = np.arange(size) < np.round(recalls * size)[..., None]  # (S, K, size)
    return Trials(recalls, recalls, np.full(recalls.shape[1], size), hits.reshape(len(recalls), -1))


def record(*hits) -> dict:
    """The parts of a record that trials need, from the hits of each class."""
    counts = {"correct": [sum(of_class) for of_class in hits], "total": [len(of_class) for of_class in hits]}
    packed = base64.b64encode(np.packbits(np.concatenate(hits))).decode()
    return {"test": counts, "validation": counts, "test_hits": packed}


def test_trials_of_records():
    made = Trials.of_records([record([1, 0, 1], [0, 1]), record([1, 1, 1], [0, 0])])
    assert made.test.tolist() == made.validation.tolist() == [[2 / 3, 1 / 2], [1, 0]]
    assert made.sizes.tolist() == [3, 2]
    assert made.hits.tolist() == [[True, False, True, False, True], [True, True, True, False, False]]


def test_one_seed_bounds_nothing_beyond_the_metric_s_own_range():
    one = trials([[0.5, 0.7]])
    apart = intervals.difference(one, trials([[0.4, 0.7]]), "gap")
    assert (apart.low, apart.high, apart.seeds) == (-1, 1, 1)
    for result in (intervals.estimate(one), intervals.estimate(one, "spread")):
        assert (result.low, result.high, result.seeds) == (0, 1, 1)
        assert np.isfinite(result.value)


def test_test_noise_does_not_average_out_over_seeds():
    """Runs that agree exactly leave the binomial interval of one test set, however many they are."""
    widths = [np.diff([(e := intervals.estimate(trials([[0.7, 0.9]] * seeds))).low, e.high])[0] for seeds in (2, 5, 50)]
    assert widths == pytest.approx([2 * 1.96 * np.sqrt(0.7 * 0.3 / 500)] * 3, rel=0.02)


def test_perfect_recall_is_not_certain():
    assert intervals.estimate(trials([[1.0, 1.0]] * 3, size=50)).low < 0.96


def test_a_difference_is_odd_and_pairs_seeds():
    shared = np.array([[0.0], [0.1], [-0.1]])
    a, b = trials([[0.7, 0.9]] + shared), trials([[0.6, 0.8]] + shared)
    there, back = intervals.difference(a, b), intervals.difference(b, a)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    alone = intervals.estimate(a)
    assert there.value == pytest.approx(0.1) and there.high - there.low < (alone.high - alone.low) / 2


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def test_shared_images_cancel_and_equal_answers_are_not_certain():
    """Recalls .7 and .72 of 500 images: 10 images differ, or 290 do; equal answers bound the difference by 4/n."""
    a, b = trials([[0.72]] * 3), trials([[0.70]] * 3)
    other = Trials(b.test, b.validation, b.sizes, b.hits[:, ::-1])
    assert width(intervals.difference(a, b)) == pytest.approx(2 * 1.96 * np.sqrt(10 + 4) / 500, rel=0.02)
    assert width(intervals.difference(a, other)) > 4 * width(intervals.difference(a, b))
    assert width(intervals.difference(a, a)) == pytest.approx(2 * 4 / 502, rel=0.03)


def test_seeds_that_err_on_different_images_share_the_test_noise():
    """Ten seeds, each wrong on 50 images of its own: their mean is .9 on all 500, which are therefore equally hard."""
    own = np.repeat(~np.eye(10, dtype=bool), 50, axis=1)
    spread = Trials(np.full((10, 1), 0.9), np.full((10, 1), 0.9), np.array([500]), own)
    assert width(intervals.estimate(spread)) == pytest.approx(2 * 1.96 * np.sqrt(2) / 502, rel=0.01)
    assert width(intervals.estimate(trials([[0.9]] * 10))) > 4 * width(intervals.estimate(spread))


def test_area_is_the_mean_height():
    estimates = [Estimate(v, v, v - 0.1, v + 0.1, 3) for v in (0.2, 0.6, 0.6)]
    result = intervals.area([0.1, 0.3, 0.9], estimates)
    assert result.value == pytest.approx((0.4 * 0.2 + 0.6 * 0.6) / 0.8)
    assert (result.low, result.high) == pytest.approx((result.value - 0.1, result.value + 0.1))
    assert intervals.area([0.1, 0.9], [Estimate(0.7, 0.7, 0.7, 0.7, 2)] * 2).value == pytest.approx(0.7)


def test_the_plug_in_minimum_is_biased_low():
    """K = 100, 50 test images a class, recall .70 everywhere: expected minimum .53, and .70 is the other end."""
    rng = np.random.default_rng(0)
    plug_in, chosen = np.array([bracket(rng) for _ in range(300)]).T
    assert plug_in.mean() == pytest.approx(0.53, abs=0.01)
    assert chosen.mean() == pytest.approx(0.70, abs=0.015)


def bracket(rng) -> tuple[float, float]:
    test, validation = rng.binomial(50, 0.7, (2, 1, 100)) / 50
    result = intervals.estimate(Trials(test, validation, np.full(100, 50)))
    return result.value, result.chosen


FLAT, FASHION = np.full(10, 0.7), np.array([0.88, 0.97, 0.86, 0.92, 0.88, 0.97, 0.72, 0.95, 0.97, 0.74])


UP = FLAT + 0.02
SHARED, OWN, ONCE = 1.0, 0.15, 0.3  # an image's difficulty: to every method, to this method, in this seed


def simulate(rng, recalls, seeds, size, effect, own=OWN, once=ONCE) -> list[Trials]:
    """Trials of methods with expected recalls (methods, K) on the same images, some hard for all methods, some for one.

    An image is right where a sum of normal terms is positive: a method's skill in its class, the image's difficulties,
    and an `effect` of the seed on the whole class. So two runs disagree on a tenth of the images at recall .75, as two
    networks on the shirts of Fashion-MNIST do. Draws are float32 for speed.
    """
    methods, classes = np.shape(recalls)
    skill = ndtri(recalls) * np.sqrt(SHARED**2 + own**2 + once**2 + effect**2)
    luck = skill[:, None] + rng.normal(0, effect, (methods, seeds, classes))
    shape = (methods, seeds, classes, size)
    test, validation = (luck[..., None] + _difficulty(rng, shape, own, once) > 0 for _ in range(2))
    made = zip(test, test.mean(axis=-1), validation.mean(axis=-1), strict=True)
    return [Trials(t, v, np.full(classes, size), hits.reshape(seeds, -1)) for hits, t, v in made]


def _difficulty(rng, shape, own, once) -> np.ndarray:
    methods, _, *images = shape
    terms = ((SHARED, images), (own, (methods, 1, *images)), (once, shape))
    return sum(sd * rng.standard_normal(size, np.float32) for sd, size in terms)


QUANTITIES = {
    "worst_class": np.min,
    "average": np.mean,
    "gap": np.ptp,
    "3 worst": lambda p: np.sort(p)[:3].mean(),
    "spread": np.std,
}


def measure(function, quantity, *trials) -> Estimate:
    return function(*trials, "worst_class", k=3) if quantity == "3 worst" else function(*trials, quantity)


def covered(estimates, truth) -> float:
    return np.mean([e.low <= truth <= e.high for e in estimates])


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("recalls, effect", [(FLAT, 0.09), (FASHION, 0.05)], ids=["flat", "fashion"])
def test_coverage_with_ten_classes(seeds, recalls, effect):
    rng = np.random.default_rng(1)
    made = [simulate(rng, [recalls], seeds, 500, effect)[0] for _ in range(200)]
    for quantity, truth in QUANTITIES.items():
        assert covered([measure(intervals.estimate, quantity, t) for t in made], truth(recalls)) >= LEVEL, quantity


@pytest.mark.parametrize("seeds", [2, 5])
def test_coverage_with_a_hundred_classes(seeds):
    rng = np.random.default_rng(2)
    made = [simulate(rng, np.full((1, 100), 0.7), seeds, 50, 0.09)[0] for _ in range(200)]
    assert covered(map(intervals.estimate, made), 0.7) >= LEVEL


@pytest.mark.parametrize("own, once, effect", [(OWN, ONCE, 0.05), (0.05, 0.6, 0.02), (0.6, 0.3, 0.05), (0.02, 0.05, 0)])
@pytest.mark.parametrize("seeds", [2, 5])
def test_coverage_of_differences(seeds, own, once, effect):
    """Two methods on the same images: alike, noisy, unlike each other, and nearly the same."""
    rng = np.random.default_rng(3)
    made = [simulate(rng, [UP, FLAT], seeds, 300, effect, own, once) for _ in range(200)]
    for quantity in ("worst_class", "average", "gap"):
        truth = QUANTITIES[quantity](UP) - QUANTITIES[quantity](FLAT)
        assert covered([measure(intervals.difference, quantity, *pair) for pair in made], truth) >= LEVEL, quantity


def test_intervals_are_not_idle():
    """Five seeds, 500 images a class: what half-width in points to expect at most."""
    rng = np.random.default_rng(4)
    better = FASHION + 0.03 * (FASHION < 0.8)
    made = [simulate(rng, [better, FASHION], 5, 500, 0.03) for _ in range(50)]
    for metric, alone, together in (("worst_class", 4.5, 4.5), ("average", 0.9, 0.8)):
        assert np.median([50 * width(intervals.estimate(a, metric)) for a, _ in made]) < alone
        assert np.median([50 * width(intervals.difference(*pair, metric)) for pair in made]) < together


# Wilson's interval


def test_wilson_s_interval_of_the_textbook():
    low, high = metrics.wilson([10, 0, 20], [20, 10, 20])
    assert low == pytest.approx([0.2993, 0.0, 0.8389], abs=1e-4)
    assert high == pytest.approx([0.7007, 0.2775, 1.0], abs=1e-4)


def test_wilson_s_interval_holds_the_share_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for share, total in ((0.5, 30), (0.9, 100), (0.97, 250)):
        low, high = metrics.wilson(rng.binomial(total, share, 20_000), total)
        assert ((low <= share) & (share <= high)).mean() == pytest.approx(LEVEL, abs=0.02)


@pytest.mark.parametrize("given", [([1], [0]), ([3], [2]), ([-1], [2]), ([1], [2], 1.0)])
def test_wilson_s_interval_refuses_what_makes_no_sense(given):
    with pytest.raises(ValueError, match="must lie|lies between"):
        metrics.wilson(*given)
