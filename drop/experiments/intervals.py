"""How well a handful of runs and a finite test set determine what is read off class recalls.

The quantities are functions of the expected recalls p_k = E[recall of class k], the expectation being over seeds and
test images. Each is built from weighted sums of recalls. The difference of two methods' sums, estimated by means over
S_a and S_b seeds, has the bounds

    value  ∓  sqrt( t_f² (s_a²/S_a + s_b²/S_b)  +  z² (v + 2 max_k c_k²/(n_k+2)²) )

The first term covers seeds, which are not paired; f are Welch's degrees of freedom. The second covers the test set and
does not shrink to 0 with more seeds, because all are tested on the same images: v is the spread over images of the
difference of what the methods' seeds say on average of an image. Adding squared half-widths is the MOVER of Zou &
Donner (2008, Statistics in Medicine 27:1693); the two more squares, once a contrast, are those of Bonett & Price (2012,
J. Educational and Behavioral Statistics 37:479).

The worst class is min_k p_k, and the gap and the worst superclass are least (greatest) sums likewise. Below: the least
of the sums' lower bounds; no correction for their number is needed, since only the truly least must be bounded
(intersection-union; Berger 1982, Technometrics 24:295). Above: any fixed sum bounds the least, so one is chosen on
validation images, for each seed by the other seeds' runs, and reported on test images. Their variances over seeds come
from few seeds but many classes, so they are moderated (Smyth 2004, Statistical Applications in Genetics and Molecular
Biology 3:3): on the scale on which classes vary alike, and upwards only.
Averages have one sum and keep their own variance.

Of data with groups, a class is a group in all of this. Where test images share a scene, whole scenes are drawn: v is
the spread over scenes of the sums over their images, of all groups together (Cameron, Gelbach and Miller 2011, J.
Business & Economic Statistics 29:238); as no object stands on two scenes, that covers the objects, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from scipy.special import digamma, ndtri, stdtrit, zeta  # ndtri, stdtrit: quantiles of the normal, of Student's t

from drop.experiments.trials import Trials, nothing
from drop.metrics import spread, worst_class

METRICS = ("average", "worst_class", "gap")
ALL = (*METRICS, "spread", "worst_ten", "worst_superclass", "worst_group", "reweighted_average")
WEAKEST = 10  # classes, of `worst_ten`
LEAST = 0.01  # of a pool's mean variance: less is taken for that, since recalls move in steps of an image


@dataclass(frozen=True)
class Estimate:
    """A quantity of the expected recalls: plug-in value, value of the class chosen on validation, interval, seeds.

    seeds: of the method that has fewer; 0 where the interval speaks of the test images alone.
    """

    value: float
    chosen: float
    low: float
    high: float
    seeds: int


class Bounds(NamedTuple):
    """Lower bounds of differences (M,), of which the least counts, or the mean of the k least."""

    value: np.ndarray
    seeds: np.ndarray  # variance over seeds
    freedom: np.ndarray  # its degrees of freedom
    images: np.ndarray  # variance over draws of the test images
    choices: int = 1  # sums that one was chosen from on the test images themselves
    k: int = 1

    def __call__(self, tail: float) -> float:
        """The bound at a one-sided error of `tail`."""
        p = 1 - tail / self.choices
        t = np.where(np.isinf(self.freedom), ndtri(p), stdtrit(np.minimum(self.freedom, 1e9), p))
        with np.errstate(invalid="ignore"):
            reach = np.sqrt(np.nan_to_num(t**2 * self.seeds, nan=0.0, posinf=np.inf) + ndtri(p) ** 2 * self.images)
        return float(np.sort(self.value - reach)[: self.k].mean())

    def with_seeds(self, factor: float) -> "Bounds":
        """What to expect of `factor` times as many seeds if values and variances stay."""
        return self._replace(seeds=self.seeds / factor, freedom=self.freedom * factor)


def _sums(metric: str, like: Trials) -> np.ndarray:
    """Weights (M, K): the metric is their smallest weighted sum of recalls (the gap is minus it)."""
    K = len(like.sizes)
    if metric in ("worst_class", "worst_group"):
        return np.eye(K)
    if metric == "gap":
        return _differences(K)
    if metric == "worst_superclass" and like.parents is not None:
        members = like.parents == np.unique(like.parents)[:, None]
        return members / members.sum(axis=1, keepdims=True)
    raise ValueError(f"Unknown metric {metric!r} of {K} classes: it must be one of {', '.join(ALL)}.")


@cache
def _differences(K: int) -> np.ndarray:
    """Weights (K (K-1), K) of the differences of any two of K recalls; of one recall, nothing."""
    pairs = np.array([(i, j) for i in range(K) for j in range(K) if i != j] or [(0, 0)])
    return np.eye(K)[pairs[:, 0]] - np.eye(K)[pairs[:, 1]]


def _weights(metric: str, trials: Trials) -> np.ndarray | None:
    """Weights (S, K) of a metric that is one weighted sum of each run's recalls; None for others."""
    if metric == "average":
        return np.broadcast_to(trials.sizes / trials.sizes.sum(), trials.test.shape)
    if metric == "reweighted_average":
        if trials.training is None:
            raise ValueError("The average is re-weighted to the training groups, but their sizes are not known.")
        return np.broadcast_to(trials.training, trials.test.shape)
    if metric == "worst_ten":
        if trials.validation is None:
            raise ValueError("The ten weakest classes are chosen on validation images, and there are none.")
        ranks = trials.validation.argsort(axis=1, kind="stable").argsort(axis=1)
        return (ranks < WEAKEST) / min(WEAKEST, ranks.shape[1])
    return None


def _per_image(trials: Trials, weights: np.ndarray | None = None) -> np.ndarray | float:
    """What the seeds say of each image on average (n,), with weights (S, K) or none, less the mean of its class.

    0 where the recalls are known exactly.
    """
    if trials.hits is None:
        return 0.0
    hits = trials.hits if weights is None else trials.hits * np.repeat(weights, trials.sizes, axis=1)
    mean = hits.mean(axis=0)
    return mean - np.repeat(np.add.reduceat(mean, _starts(trials)) / trials.sizes, trials.sizes)


def _by_scene(trials: Trials, deviations: np.ndarray) -> np.ndarray:
    """What the images of each scene add to the mean of each group (scenes, K), from deviations of images (n,)."""
    clusters = np.asarray(trials.clusters)
    K, scenes = len(trials.sizes), int(clusters.max()) + 1
    groups = np.repeat(np.arange(K), trials.sizes)
    each = np.broadcast_to(deviations, len(groups))
    sums = np.bincount(clusters * K + groups, each, minlength=scenes * K).reshape(scenes, K)
    return sums / (trials.sizes + 2) * np.sqrt(scenes / (scenes - 1))


def _starts(trials: Trials) -> np.ndarray:
    return np.cumsum(trials.sizes) - trials.sizes


def _by_class(trials: Trials, products: np.ndarray | float) -> np.ndarray:
    """(Co)variances (K,), over draws of the images, of class means, from products (n,) of deviations of images."""
    if np.ndim(products) == 0:  # nothing varies
        return np.zeros(len(trials.sizes))
    return np.add.reduceat(products, _starts(trials)) / (trials.sizes + 2) ** 2


def prior_freedom(variances: np.ndarray, freedom: float) -> float:
    """Smyth's f0: to how many degrees of freedom a pool (M,) tells one of its variances; inf: all are the same.

    The variance of log s² over the pool is trigamma(f/2), the noise of f degrees of freedom, plus trigamma(f0/2).
    """
    excess = np.log(variances).var(ddof=1) - zeta(2, freedom / 2)  # zeta(2, x) is trigamma(x),
    if excess <= 0:
        return np.inf
    x = 0.5 + 1 / excess
    for _ in range(12):  # Newton's method for trigamma(x) = excess, on 1 / trigamma, which is nearly straight
        now = zeta(2, x)
        x += now * (now / excess - 1) / (2 * zeta(3, x))  # -2 zeta(3, x) its slope
    return float(2 * x)


def moderated(variances: np.ndarray, freedom: float, prior: float) -> np.ndarray:
    """Variances (M,) on f degrees of freedom, drawn towards their pool's s0²: (f0 s0² + f s²) / (f0 + f)."""
    level = np.log(variances).mean() - digamma(freedom / 2) + np.log(freedom / 2)
    if np.isinf(prior):
        return np.full(len(variances), np.exp(level))
    common = np.exp(level + digamma(prior / 2) - np.log(prior / 2))
    return (prior * common + freedom * variances) / (prior + freedom)


def _scale(trials: Trials, sums: np.ndarray) -> np.ndarray:
    """How much sums (M, K) vary where all classes vary alike on the probit scale: the squares of c times φ(Φ⁻¹(p))²."""
    p = (trials.test.mean(axis=0) * trials.sizes + 1) / (trials.sizes + 2)
    return sums**2 @ np.exp(-(ndtri(p) ** 2))


def _own(trials: Trials, values: np.ndarray) -> tuple[np.ndarray, float]:
    """Variance (M,) over seeds of values (S, M), and its degrees of freedom; a single seed bounds nothing."""
    if trials.fixed:
        return np.zeros(values.shape[1]), np.inf
    return (
        (values.var(axis=0, ddof=1), len(values) - 1.0) if len(values) > 1 else (np.full(values.shape[1], np.inf), 1.0)
    )


def _over_seeds(methods: tuple[Trials, Trials], sums: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """For both methods the moderated variance (M,) over seeds of sums (M, K) of one run, and its degrees of freedom."""
    found = [_own(trials, trials.test @ sums.T) for trials in methods]
    pooled = [i for i, (variances, _) in enumerate(found) if 0 < variances.max() < np.inf]
    if len(sums) < 3 or not pooled:
        return found
    scales = {i: _scale(methods[i], sums) for i in pooled}
    mean = np.mean([found[i][0] / scales[i] for i in pooled], axis=0)
    least = LEAST * mean.mean()
    prior = prior_freedom(np.maximum(mean, least), sum(found[i][1] for i in pooled))
    for i in pooled:
        variances, f = found[i]
        drawn = scales[i] * moderated(np.maximum(variances / scales[i], least), f, prior)
        # A variance is never taken for less than its own, and the whole pool has only so many degrees of freedom.
        found[i] = np.maximum(drawn, variances), min(f + prior, f * len(methods[i].sizes))
    return found


def _welch(first: np.ndarray, f: float, second: np.ndarray, g: float) -> tuple[np.ndarray, np.ndarray]:
    """The sum of two variances (M,) known to f and g degrees of freedom, and its own degrees of freedom."""
    both = first + second
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = both**2 / (first**2 / f + second**2 / g)
    return both, np.where((both > 0) & np.isfinite(both), freedom, 1.0)


def _one_sum(a: Trials, b: Trials, metric: str) -> Bounds:
    """Lower bound of the difference of a metric that is one weighted sum in each run."""
    weights = [_weights(metric, t) for t in (a, b)]
    values = [(t.test * w).sum(axis=1, keepdims=True) for t, w in zip((a, b), weights, strict=True)]
    (first, f), (second, g) = (_own(t, v) for t, v in zip((a, b), values, strict=True))
    u, v = (_per_image(t, w) for t, w in zip((a, b), weights, strict=True))
    largest = np.max([w.max(axis=0) for w in weights], axis=0)
    if a.clusters is None:
        images = _by_class(a, (u - v) ** 2).sum()
    else:
        images = (_by_scene(a, u - v).sum(axis=1) ** 2).sum()
    images = images + _squares(a, b, largest[None])
    value = values[0].mean(axis=0) - values[1].mean(axis=0)
    return Bounds(value, *_welch(first / len(a.test), f, second / len(b.test), g), images)


def _squares(a: Trials, b: Trials, weights: np.ndarray) -> np.ndarray:
    """The two more squares (M,) of a contrast with weights (M, K), at its class that counts most."""
    exact = a.hits is None and b.hits is None
    return 0 * weights[:, 0] if exact else (2 * weights**2 / (a.sizes + 2) ** 2).max(axis=1)


def _least(a: Trials, b: Trials, metric: str, k: int) -> Bounds:
    """Lower bounds of m(a) - m(b), m the least of some sums: every sum for a, for b those chosen on validation."""
    sums = _sums(metric, a)
    chosen = _chosen(b, sums, k)
    weights = sums[chosen].mean(axis=1)  # (S_b, K)
    (mine, f), (theirs, g) = _over_seeds((a, b), sums)
    one = (np.sqrt(theirs[chosen]).mean(axis=1) ** 2).mean()  # k sums vary at most as if they did so together
    seeds, freedom = _welch(mine / len(a.test), f, np.full(len(sums), one / len(b.test)), g)
    u, v = _per_image(a), _per_image(b, weights)
    if a.clusters is None:
        images = sums**2 @ _by_class(a, u * u) + _by_class(a, v * v).sum() - 2 * sums @ _by_class(a, u * v)
    else:
        images = ((sums @ _by_scene(a, u).T - _by_scene(a, v).sum(axis=1)) ** 2).sum(axis=1)
    images = images + _squares(a, b, np.maximum(abs(sums), abs(weights).max(axis=0) * (b.hits is not None)))
    value = (a.test @ sums.T).mean(axis=0) - (b.test * weights).sum(axis=1).mean()
    return Bounds(value, seeds, freedom, images, len(sums) if b.validation is None else 1, k)


def bounds(a: Trials, b: Trials, metric: str = "worst_class", k: int = 1) -> Bounds:
    """Lower bounds of metric(a) - metric(b); upper ones are minus those of metric(b) - metric(a)."""
    if a.test.shape[1] != b.test.shape[1] or (a.sizes != b.sizes).any():
        raise ValueError(f"A difference needs the same classes and test images, got {a.sizes} and {b.sizes} a class.")
    if metric in ("average", "reweighted_average", "worst_ten"):
        return _one_sum(a, b, metric)
    return _least(b, a, metric, k) if metric == "gap" else _least(a, b, metric, k)


def difference(a: Trials, b: Trials, metric: str = "worst_class", level: float = 0.95, k: int = 1) -> Estimate:
    """Metric of a minus metric of b with its interval; both tested on the same images, in one order.

    Seeds need not be the same or as many. `k` > 1: the mean of the k worst classes. The interval ends where differences
    do, at -1 and 1.
    """
    tail = (1 - level) / 2
    value, chosen = (_value(a, metric, k, which) - _value(b, metric, k, which) for which in ("value", "chosen"))
    ends = lower(a, b, metric, k)(tail), -lower(b, a, metric, k)(tail)
    seeds = min(a.seeds, b.seeds)
    return Estimate(value, chosen, max(ends[0], -1.0), min(ends[1], 1.0), int(seeds) if np.isfinite(seeds) else 0)


def lower(a: Trials, b: Trials, metric: str = "worst_class", k: int = 1) -> Callable[[float], float]:
    """The lower bound of metric(a) - metric(b) as a function of its one-sided error."""
    return partial(_spread_below, a, b) if metric == "spread" else bounds(a, b, metric, k)


def p_value(bound: Callable[[float], float], margin: float) -> float:
    """The least one-sided error at which a lower bound lies above a margin; 1 where it does not at one half."""
    if not bound(0.5) > margin:
        return 1.0
    low, high = np.log([1e-12, 0.5])
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if bound(np.exp(middle)) > margin else (middle, high)
    return float(np.exp(high))


def estimate(trials: Trials, metric: str = "worst_class", level: float = 0.95, k: int = 1) -> Estimate:
    """Metric of one method with its interval: the difference to a method that is never right for sure.

    The plug-in minimum is biased low (it picks the unluckiest class), the class chosen on validation biased high. The
    interval ends where the metric does, at 0 and 1.
    """
    e = difference(trials, nothing(trials), metric, level, k)
    return replace(e, low=max(e.low, 0.0), high=min(e.high, 1.0))


def _value(trials: Trials, metric: str, k: int, which: str) -> float:
    """The metric of the mean recalls, or ("chosen") of the sums that the other seeds' validation recalls choose."""
    if metric == "spread":
        ends = _spread(trials, 0.5)
        return ends[0] if which == "value" else ends[1]
    weights = _weights(metric, trials)
    if weights is not None:
        return float((trials.test * weights).sum(axis=1).mean())
    sums = _sums(metric, trials)
    sign = -1.0 if metric == "gap" else 1.0
    if which == "value":
        return sign * float(worst_class(trials.test.mean(axis=0) @ sums.T, k))
    return sign * float((trials.test * sums[_chosen(trials, sums, k)].mean(axis=1)).sum(axis=1).mean())


def _chosen(trials: Trials, sums: np.ndarray, k: int) -> np.ndarray:
    """The k sums (S, k) that look least on the other seeds' validation images; without any, on the test images.

    Of equal sums the first: recalls are fractions of few images, and rounding must not break a tie.
    """
    return np.argsort((_others(trials) @ sums.T).round(12), axis=1, kind="stable")[:, :k]


def _others(trials: Trials) -> np.ndarray:
    """For each seed the mean validation recalls of the others (S, K), so that a choice is independent of its judge."""
    seen = trials.test if trials.validation is None else trials.validation
    return seen if len(seen) == 1 else (seen.sum(axis=0) - seen) / (len(seen) - 1)


def _spread(trials: Trials, tail: float) -> tuple[float, float, float, float]:
    """Standard deviation over classes of the expected recalls: value, value along chosen weights, conservative ends.

    It is the largest c·p/√K over unit vectors c that sum to 0. Below: the c of the other seeds' validation recalls.
    Above: the plug-in value plus the widest half-width that any c can have.
    """
    root = np.sqrt(trials.test.shape[1])
    c = _others(trials)
    c = c - c.mean(axis=1, keepdims=True)
    c = c / np.maximum(np.linalg.norm(c, axis=1, keepdims=True), 1e-12) / root
    along, own = (trials.test * c).sum(axis=1), _per_image(trials)
    each = _by_class(trials, own**2) if trials.clusters is None else (_by_scene(trials, own) ** 2).sum(axis=0)
    each = each + (0 if trials.hits is None else 2 / (trials.sizes + 2) ** 2)
    # The longest axis of the runs' cloud, as S values with the largest standard deviation that any c can give.
    left, length, _ = np.linalg.svd(trials.test - trials.test.mean(axis=0), full_matrices=False)
    value, ends = float(spread(trials.test.mean(axis=0))), []
    for center, values, images in (
        (along.mean(), along, c.mean(axis=0) ** 2 @ each),
        (-value, left[:, 0] * length[0] / root, each.max() / root**2),
    ):
        variance, f = _own(trials, values[:, None])
        ends.append(Bounds(np.array([center]), variance / len(values), np.array([f]), np.array([images]))(tail))
    return value, float(along.mean()), ends[0], -ends[1]


def _spread_below(a: Trials, b: Trials, tail: float) -> float:
    """Lower bound of the difference of two spreads, by the MOVER from those of each; that they share images is lost."""
    (first, _, low, _), (second, _, _, high) = _spread(a, tail), _spread(b, tail)
    return first - second - float(np.hypot(max(first - low, 0.0), max(high - second, 0.0)))


def area(densities, estimates: list[Estimate]) -> Estimate:
    """Area under a curve over density d (linear in d, trapezoids), divided by the range of d: the curve's mean height.

    Bounds are integrated like values: right for any dependence between densities, and wide when there is little.
    """
    d = np.asarray(densities, dtype=float)
    if d.ndim != 1 or len(d) < 2 or len(d) != len(estimates) or (np.diff(d) <= 0).any():
        raise ValueError(f"An area needs at least two increasing densities, one an estimate, got {d.tolist()}.")

    def mean_height(name: str) -> float:
        return float(np.trapezoid([getattr(e, name) for e in estimates], d) / (d[-1] - d[0]))

    return Estimate(*map(mean_height, ("value", "chosen", "low", "high")), min(e.seeds for e in estimates))
