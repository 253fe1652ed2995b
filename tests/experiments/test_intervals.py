"""Facts about the intervals; that they cover is simulated by drop.chapters.coverage, here at a small size."""

import base64

import numpy as np
import pytest
from scipy.special import ndtri, polygamma

from drop.chapters import coverage
from drop.experiments import intervals, records
from drop.experiments.intervals import Estimate, Trials
from drop.experiments.trials import SUPERCLASS

ENDLESS = 2 * 1.959964  # twice the quantile of the normal: a 95 % interval without seeds, in standard errors


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


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: intervals.area([0.5, 0.1], [Estimate(0, 0, 0, 0, 1)] * 2), "increasing"),
        (lambda: intervals.estimate(trials([[0.5, 0.5]]), "worst"), "Unknown metric 'worst'"),
        (lambda: intervals.estimate(trials([[0.5, 0.5]]), "worst_superclass"), "Unknown metric 'worst_superclass'"),
        (lambda: intervals.difference(trials([[0.5]]), trials([[0.5, 0.5]])), "same classes and test images"),
        (lambda: intervals.difference(trials([[0.5, 0.5]]), trials([[0.5, 0.5]], 50)), "same classes and test images"),
        (lambda: Trials.of_records([]), "at least one record"),
        (lambda: Trials.of_records([record([1, 1], [1, 0]), record([1, 1], [1])]), "the same classes and test images"),
        (lambda: intervals.estimate(Trials.of_predictions([0, 1], [0, 0], 2), "worst_ten"), "there are none"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_trials_of_records():
    made = Trials.of_records([record([1, 0, 1], [0, 1]), record([1, 1, 1], [0, 0])])
    assert made.test.tolist() == made.validation.tolist() == [[2 / 3, 1 / 2], [1, 0]]
    assert made.sizes.tolist() == [3, 2]
    assert made.hits.tolist() == [[True, False, True, False, True], [True, True, True, False, False]]
    assert made.parents is None


def test_superclasses_are_twenty_of_five():
    assert np.bincount(SUPERCLASS).tolist() == [5] * 20
    recalls = np.where(SUPERCLASS == 7, 0.5, 0.9)
    recalls[np.flatnonzero(SUPERCLASS == 3)[0]] = 0.1
    made = trials([recalls] * 2, 50)
    made = Trials(made.test, made.validation, made.sizes, made.hits, SUPERCLASS)
    assert intervals.estimate(made, "worst_superclass").value == pytest.approx(0.5)
    assert intervals.estimate(made, "worst_class").value == pytest.approx(0.1)


@pytest.mark.parametrize("metric", ["worst_superclass", "gap"])
def test_rounding_breaks_no_tie(metric):
    rng, K = np.random.default_rng(0), 100
    test, validation = rng.binomial(50, 0.3, (2, 3, K)) / 50
    validation = np.round(validation, 1)  # many sums are equal
    hits, sizes, parents = np.repeat(test > 0.3, 50, axis=1), np.full(K, 50), SUPERCLASS
    found = [
        intervals.estimate(Trials(test, validation + 1e-15 * rng.standard_normal((3, K)), sizes, hits, parents), metric)
        for _ in range(5)
    ]
    assert all((e.value, e.low, e.high) == pytest.approx((found[0].value, found[0].low, found[0].high)) for e in found)


def test_the_ten_weakest_classes_are_each_networks_own():
    """Two networks, each weak in ten classes of its own on validation images, as on the test images."""
    recalls = np.full((2, 30), 0.9)
    recalls[0, :10] = recalls[1, 10:20] = 0.3
    validation = recalls - 0.1
    made = trials(recalls, 50)
    e = intervals.estimate(Trials(made.test, validation, made.sizes, made.hits), "worst_ten")
    assert e.value == e.chosen == pytest.approx(0.3)
    assert intervals.estimate(trials(recalls[:1, :4], 50), "worst_ten").value == pytest.approx(0.3)  # of fewer, all


def test_one_seed_bounds_nothing_beyond_the_metric_s_own_range():
    one = trials([[0.5, 0.7]])
    apart = intervals.difference(one, trials([[0.4, 0.7]] * 3), "gap")
    assert (apart.low, apart.high, apart.seeds) == (-1, 1, 1)
    for metric in ("worst_class", "average", "spread"):
        result = intervals.estimate(one, metric)
        assert (result.low, result.high, result.seeds) == (0, 1, 1)
        assert np.isfinite(result.value)


def test_test_noise_does_not_average_out_over_seeds():
    """Runs that agree exactly leave the binomial interval of one test set, however many they are."""
    widths = [width(intervals.estimate(trials([[0.7, 0.9]] * seeds))) for seeds in (2, 5, 50)]
    assert widths == pytest.approx([ENDLESS * np.sqrt(0.7 * 0.3 / 500)] * 3, rel=0.02)


def test_perfect_recall_is_not_certain():
    assert intervals.estimate(trials([[1.0, 1.0]] * 3, size=50)).low < 0.96


def test_a_difference_is_odd_and_neither_pairs_nor_needs_as_many_seeds():
    a = trials(np.array([[0.7, 0.9]]) + [[0.0], [0.1], [-0.1]])
    b = trials(np.array([[0.6, 0.8]]) + [[0.1], [-0.1], [0.0], [0.0]])
    there, back = intervals.difference(a, b), intervals.difference(b, a)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert (there.value, there.seeds) == (pytest.approx(0.1), 3)
    other = Trials(b.test[::-1], b.validation[::-1], b.sizes, b.hits[::-1])
    assert intervals.difference(a, other) == there


def test_shared_images_cancel_and_equal_answers_are_not_certain():
    """Recalls .7 and .72 of 500 images: 10 images differ, or 290 do; equal answers bound the difference by 2√2/n."""
    a, b = trials([[0.72]] * 3), trials([[0.70]] * 3)
    other = Trials(b.test, b.validation, b.sizes, b.hits[:, ::-1])
    assert width(intervals.difference(a, b)) == pytest.approx(ENDLESS * np.sqrt(10 + 2) / 500, rel=0.02)
    assert width(intervals.difference(a, other)) > 4 * width(intervals.difference(a, b))
    assert width(intervals.difference(a, a)) == pytest.approx(ENDLESS * np.sqrt(2) / 502, rel=0.01)


def test_seeds_that_err_on_different_images_share_the_test_noise():
    """Ten seeds, each wrong on 50 images of its own: their mean is .9 on all 500, which are therefore equally hard."""
    own = np.repeat(~np.eye(10, dtype=bool), 50, axis=1)
    spread = Trials(np.full((10, 1), 0.9), np.full((10, 1), 0.9), np.array([500]), own)
    assert width(intervals.estimate(spread)) == pytest.approx(ENDLESS * np.sqrt(2) / 502, rel=0.01)
    assert width(intervals.estimate(trials([[0.9]] * 10))) > 4 * width(intervals.estimate(spread))


def exact(recalls) -> Trials:
    """Trials whose recalls are known exactly, so that only seeds are uncertain."""
    recalls = np.asarray(recalls, dtype=float)
    return Trials(recalls, recalls, np.full(recalls.shape[1], 10**9))


def test_an_average_has_welchs_interval():
    """Against SciPy, of seeds that vary unequally and are not equally many."""
    from scipy.stats import ttest_ind

    x, y = np.array([0.71, 0.74, 0.70]), np.array([0.80, 0.81, 0.79, 0.83, 0.80])
    e = intervals.difference(exact(x[:, None]), exact(y[:, None]), "average")
    expected = ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    assert (e.low, e.high) == pytest.approx((expected.low, expected.high))


def test_the_prior_is_smyths():
    """Variances on f degrees of freedom whose truths vary on f0: both moments, and what is drawn towards the pool."""
    rng, f, f0, s0 = np.random.default_rng(0), 4, 6.0, 0.02
    truths = f0 * s0 / rng.chisquare(f0, 40_000)
    seen = truths * rng.chisquare(f, 40_000) / f
    assert intervals.prior_freedom(seen, f) == pytest.approx(f0, rel=0.1)
    drawn = intervals.moderated(seen, f, f0)
    assert drawn == pytest.approx((f0 * s0 + f * seen) / (f0 + f), rel=0.02)
    assert np.mean(seen / drawn > 3) < np.mean(seen / s0 > 3)  # moderated t² has lighter tails
    same = s0 * np.exp(np.linspace(-1, 1, 50))  # less unequal than the noise of two degrees of freedom
    assert intervals.prior_freedom(same, 2) == np.inf
    assert np.ptp(intervals.moderated(same, 2, np.inf)) == 0


def test_trigamma_is_inverted():
    for x in (0.3, 1.0, 4.0, 40.0):
        log = np.sqrt(polygamma(1, x) + polygamma(1, 1.0)) * np.array([-1, 1]) / np.sqrt(2)
        assert intervals.prior_freedom(np.exp(log), 2) == pytest.approx(2 * x)


def test_a_class_learns_from_the_others_how_much_seeds_vary():
    """Three seeds that happen to agree on the worst class, while all others vary by two points."""
    rng = np.random.default_rng(1)
    recalls = 0.8 + 0.02 * rng.standard_normal((3, 10))
    recalls[:, 0] = 0.5
    alone = intervals.estimate(exact(recalls[:, :1]))
    among = intervals.estimate(exact(recalls))
    assert width(alone) < 1e-4 and 0.03 < width(among) < 0.12


def test_a_class_that_varies_more_than_the_others_keeps_its_own_variance():
    recalls = np.tile(np.linspace(0.8, 0.9, 10), (5, 1)) + 0.001 * np.random.default_rng(0).standard_normal((5, 10))
    recalls[:, 0] = [0.3, 0.5, 0.4, 0.6, 0.2]
    own = recalls[:, 0].std(ddof=1) / np.sqrt(5)
    assert width(intervals.estimate(exact(recalls))) >= ENDLESS * own


def test_two_arrays_speak_of_the_test_images_alone():
    """A hundred images of three classes: 80, 60 and 90 right; the upper end is corrected for the choice of a class."""
    labels = np.repeat([2, 0, 1], 100)
    predictions = np.where(np.tile(np.arange(100), 3) < np.repeat([80, 60, 90], 100), labels, (labels + 1) % 3)
    e = intervals.estimate(Trials.of_predictions(labels, predictions, 3))
    step = np.sqrt((100 * 0.6 * 0.4 + 2) / 102**2)
    assert (e.value, e.seeds) == (pytest.approx(0.6), 0)
    assert (e.low, e.high) == pytest.approx((0.6 + ndtri(0.025) * step, 0.6 - ndtri(0.025 / 3) * step))
    better = Trials.of_predictions(labels, labels, 3)
    apart = intervals.difference(better, Trials.of_predictions(labels, predictions, 3))
    assert apart.value == pytest.approx(0.4) and 0.2 < apart.low < 0.4 < apart.high < 0.6


def test_a_p_value_is_the_level_at_which_the_interval_ends_at_the_margin():
    a, b = trials([[0.7, 0.9], [0.72, 0.9], [0.69, 0.91]]), trials([[0.6, 0.8], [0.62, 0.8], [0.6, 0.8]])
    for metric in ("worst_class", "average", "spread"):
        bound = intervals.lower(a, b, metric)
        p = intervals.p_value(bound, 0.03 if metric != "spread" else -0.03)
        e = intervals.difference(a, b, metric, level=1 - 2 * p)
        assert e.low == pytest.approx(0.03 if metric != "spread" else -0.03, abs=1e-6)
    assert intervals.p_value(intervals.lower(a, b), 0.2) == 1.0


def test_more_seeds_narrow_what_seeds_are_to_blame_for():
    bound = intervals.bounds(trials([[0.7], [0.74], [0.69]]), trials([[0.6], [0.62], [0.6]]), "average")
    ends = [bound.with_seeds(factor)(0.025) for factor in (1, 4, 1e6)]
    assert ends[0] < ends[1] < ends[2] < bound.value[0] - 0.01  # the images remain


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


FASHION = np.array([0.88, 0.97, 0.86, 0.92, 0.88, 0.97, 0.72, 0.95, 0.97, 0.74])
CIFAR = np.array([0.83, 0.84, 0.72, 0.63, 0.76, 0.70, 0.78, 0.77, 0.82, 0.81])


def world(a, b, effect=0.09, prior=8.0, within=0.7, between=0.6) -> coverage.World:
    roots = np.tile(effect * np.eye(len(a)), (2, 1, 1))
    return coverage.World("small", ndtri(np.array([a, b])), roots, prior, within, between)


@pytest.mark.parametrize("seeds", [(2, 2), (3, 3), (3, 8), (10, 10), ()], ids=str)
@pytest.mark.parametrize("recalls", [FASHION, CIFAR, np.full(10, 0.7), 0.3 * CIFAR - 0.18], ids="fcse")
def test_intervals_cover(recalls, seeds):
    """Ten classes of 200 images, alone and against a method that is better by three points: of 200 intervals."""
    cells = coverage.measure(world(recalls + 0.03, recalls), seeds, 200, 200, seed=3)
    assert {(c["metric"], c["kind"]) for c in cells if c["cover"] < 0.91} == set()  # 0.95, and noise
    assert np.mean([c["cover"] for c in cells]) > 0.935


def test_intervals_cover_with_a_hundred_classes():
    recalls = np.random.default_rng(0).uniform(0.2, 0.7, 100)
    cells = coverage.measure(world(recalls, recalls - 0.02), (3, 3), 20, 40, seed=4)
    assert len(cells) == 10 and {(c["metric"], c["kind"]) for c in cells if c["cover"] < 0.9} == set()


def test_intervals_are_not_idle():
    """Five seeds, 500 images a class: what mean width in points to expect at most."""
    cells = coverage.measure(world(FASHION + 0.02, FASHION, 0.05, 100.0, 0.9, 0.85), (5, 5), 500, 50, seed=5)
    widths = {(c["metric"], c["kind"]): c["width"] for c in cells}
    assert widths["worst_class", "alone"] < 9.5 and widths["worst_class", "difference"] < 12.5
    assert widths["average", "alone"] < 1.7 and widths["average", "difference"] < 1.6


def test_a_simulation_repeats_itself():
    again = [coverage.measure(world(FASHION, CIFAR), (2, 3), 20, 5, seed=0) for _ in range(2)]
    assert again[0] == again[1]


def test_the_recorded_coverage_is_that_of_these_intervals():
    """One cell again, with a fifth of the repeats."""
    [told] = [c for c in coverage.load() if (c["world"], c["images"], c["seeds"], c["metric"], c["kind"]) ==
              ("near the ceiling", 50, [3, 3], "worst_class", "difference")]  # fmt: skip
    ceiling = coverage.worlds(records.load(records.committed()))[3]
    [again] = [c for c in coverage.measure(ceiling, (3, 3), 50, 200, seed=3)
               if (c["metric"], c["kind"]) == ("worst_class", "difference")]  # fmt: skip
    assert again["cover"] == pytest.approx(told["cover"], abs=0.02)
    assert again["width"] == pytest.approx(told["width"], rel=0.05)
