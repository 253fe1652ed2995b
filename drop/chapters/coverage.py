"""How often the intervals cover: a seeded simulation, fitted to the committed records, and what it found.

    python -m drop.chapters.coverage            simulates every cell again and writes measured/coverage.json

An image is right where a sum of normal terms is positive: the class's skill, a draw of the seed on the whole class, the
image's difficulty to all methods and to this one, and what differs from seed to seed. Skills, the seeds' draws (their
covariance over classes, and how unequal methods are in it) and the images' correlations are those of the records.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from drop.experiments import intervals, records
from drop.experiments.trials import SUPERCLASS, Trials
from drop.places import MEASURED

PATH = MEASURED / "coverage.json"
TARGET = (0.93, 0.98)
UNEQUAL = 4.0  # degrees of freedom of a world whose classes vary far more unequally than those of the records
TRUTH = {
    "average": np.mean,
    "worst_class": np.min,
    "gap": np.ptp,
    "worst_superclass": lambda p: p[np.argsort(SUPERCLASS)].reshape(20, 5).mean(axis=1).min(),
}


@dataclass(frozen=True, eq=False)
class World:
    """Two methods' expected recalls, as skills (2, K) on the probit scale, and what varies about them.

    roots: square roots (2, K, K) of the seeds' covariances; prior: degrees of freedom of their inequality over classes;
    within, between: correlations over images of two seeds of one method, and of two methods.
    """

    name: str
    skills: np.ndarray
    roots: np.ndarray
    prior: float
    within: float
    between: float


def draw(world: World, seeds: tuple[int, ...], size: int, rng: np.random.Generator, alone: bool = False) -> list:
    """For both methods trials on `size` test (and validation) images a class, and the true expected recalls (K,).

    alone: two arrays of one network each, whose own recalls on all possible images are the truth.
    """
    K, made = world.skills.shape[1], []
    shared = rng.standard_normal((2, K, size), np.float32)  # of test and of validation images
    for skill, root, S in zip(world.skills, world.roots, (1, 1) if alone else seeds, strict=True):
        unequal = np.sqrt(world.prior / rng.chisquare(world.prior, K))
        level = (skill + rng.standard_normal((S, K)) @ root.T * unequal).astype(np.float32)[:, :, None]
        right = []
        for difficulty in shared:
            own = _mix(
                world.between, difficulty, world.within - world.between, rng.standard_normal((K, size), np.float32)
            )
            right.append(level + own + _mix(1 - world.within, rng.standard_normal((S, K, size), np.float32)) > 0)
        test, validation = (hits.mean(axis=2) for hits in right)
        parents = SUPERCLASS if K == len(SUPERCLASS) else None
        seen = (test, None if alone else validation, np.full(K, size), right[0].reshape(len(test), -1))
        truth = level[0, :, 0] if alone else skill / np.sqrt(1 + (root**2).sum(axis=1) * unequal**2)
        made.append((Trials(*seen, parents, fixed=alone), ndtr(truth)))
    return made


def _mix(*terms) -> np.ndarray:
    """The sum of arrays, each times the square root of the share before it."""
    return sum(np.float32(np.sqrt(share)) * array for share, array in zip(terms[::2], terms[1::2], strict=True))


def measure(world: World, seeds: tuple[int, ...], size: int, repeats: int, seed: int) -> list[dict]:
    """Coverage, errors to either side and mean width (points) of each quantity, alone and as a difference.

    seeds: of both methods; none: two arrays of one network each.
    """
    rng, metrics = np.random.default_rng(seed), ["average", "worst_class", "gap"]
    metrics += ["worst_superclass", "worst_ten"] * (world.skills.shape[1] == len(SUPERCLASS) and bool(seeds))
    found: dict[tuple[str, str], list[tuple[bool, bool, float]]] = {}
    for _ in range(repeats):
        (a, p), (b, q) = draw(world, seeds, size, rng, alone=not seeds)
        for metric in metrics:
            true: Callable[[np.ndarray], float] = TRUTH.get(metric, lambda _: np.nan)
            for kind, e, truth in (
                ("alone", intervals.estimate(a, metric), true(p)),
                ("difference", intervals.difference(a, b, metric), true(p) - true(q)),
            ):
                found.setdefault((metric, kind), []).append((e.low, e.high, e.value, truth))
    cells = []
    for (metric, kind), rows in found.items():
        low, high, value, truth = np.array(rows).T
        truth = value.mean() if metric == "worst_ten" else truth  # which is an average over networks by definition
        above, below, width = (low > truth).mean(), (high < truth).mean(), 100 * (high - low).mean()
        where = {
            "world": world.name,
            "K": world.skills.shape[1],
            "images": size,
            "seeds": list(seeds),
            "metric": metric,
        }
        numbers = {"cover": round(1 - above - below, 4), "above": round(above, 4), "below": round(below, 4)}
        cells.append({**where, "kind": kind, **numbers, "width": round(width, 2), "repeats": repeats})
    return cells


def worlds(measured: list[dict]) -> list[World]:
    """Pairs of methods as the records have them: alike, one or both collapsed, near the ceiling, flat, 100 classes."""
    cells: dict[tuple[str, float, str], list[dict]] = {}
    for record in measured:
        run = record["run"]
        if run["scale"] == "laptop" and run["seed"] < 3:
            cells.setdefault((run["benchmark"], run["density"], run["pruner"]), []).append(record)
    trials = {where: Trials.of_records(found) for where, found in cells.items() if len(found) == 3}
    pairs = {
        "alike": ("cifar10", 0.3, "random+drop", "random"),
        "one collapsed": ("cifar10", 0.1, "random", "el2n"),
        "both collapsed": ("cifar10", 0.1, "el2n", "grand"),
        "near the ceiling": ("fashion-mnist", 0.8, "random+drop", "random"),
    }
    made = [_world(name, *where, trials) for name, where in pairs.items()]
    flat, like = np.full((2, 10), ndtri(0.7)), made[0]
    made.append(World("all classes alike", flat, like.roots, *_rest(like)))
    made.append(World("unequal classes", like.skills, like.roots, UNEQUAL, *_rest(like)[1:]))
    skill = np.tile(ndtri(0.45) + 0.45 * ndtri((np.arange(100) + 0.5) / 100)[np.argsort(SUPERCLASS)], (2, 1))
    effect = np.sqrt(np.mean([np.diag(root @ root.T).mean() for root in like.roots]))
    hundred = World("hundred classes", skill, np.tile(effect * np.eye(100), (2, 1, 1)), *_rest(like))
    shifted = np.array([skill[0] + 0.1 * (skill[0] < 0), skill[1]])
    return [*made, World(hundred.name, shifted, hundred.roots, *_rest(hundred))]


def _rest(world: World) -> tuple[float, float, float]:
    return world.prior, world.within, world.between


def _world(name: str, benchmark: str, density: float, a: str, b: str, trials: dict) -> World:
    """The world of two methods: recalls are theirs, the seeds' covariance that of all methods at this density."""
    here = {p: t for (where, d, p), t in trials.items() if (where, d) == (benchmark, density)}
    skills = np.array([_probit(here[p]).mean(axis=0) for p in (a, b)])
    left = np.concatenate([z - z.mean(axis=0) for z in map(_probit, here.values())])
    covariance = left.T @ left / (len(left) - len(here)) - np.diag(np.mean([_luck(t) for t in here.values()], axis=0))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    scaled = np.array([_probit(t).var(axis=0, ddof=1) for t in here.values()])
    scaled = scaled[:, scaled.min(axis=0) > 0]
    prior = min(np.median([intervals.prior_freedom(column, 2) for column in scaled.T]), 30.0)
    within = np.median([_correlation(t.hits[0], t.hits[1], t.sizes) for t in here.values()])
    between = np.median([_correlation(here[a].hits[s], here[b].hits[s], here[a].sizes) for s in range(3)])
    return World(name, skills, np.array([root, root]), float(prior), float(within), float(np.clip(between, 0, within)))


def _probit(trials: Trials) -> np.ndarray:
    """Test recalls (S, K) on the probit scale, kept off 0 and 1."""
    return ndtri((trials.test * trials.sizes + 1) / (trials.sizes + 2))


def _luck(trials: Trials) -> np.ndarray:
    """Variance (K,) of a seed's probit that images which differ from seed to seed account for."""
    each = np.add.reduceat(trials.hits.var(axis=0, ddof=1), np.cumsum(trials.sizes) - trials.sizes) / trials.sizes**2
    z = _probit(trials).mean(axis=0)
    return each * 2 * np.pi * np.exp(z**2)


def _correlation(first: np.ndarray, second: np.ndarray, sizes: np.ndarray) -> float:
    """Median over classes of the correlation of the normal variables behind two rows of hits (n,)."""
    found = []
    for x, y in zip(*(np.split(row, np.cumsum(sizes)[:-1]) for row in (first, second)), strict=True):
        if 0.05 < min(x.mean(), y.mean()) and max(x.mean(), y.mean()) < 0.97:
            at = ndtri([x.mean(), y.mean()])
            joint = lambda r, at=at: multivariate_normal.cdf(at, cov=[[1, r], [r, 1]])  # noqa: E731
            both = np.mean(x & y)
            found.append(brentq(lambda r, f=joint, g=both: f(r) - g, -0.5, 0.999) if joint(0.999) > both else 0.999)
    return float(np.median(found))


def plan(K: int) -> list[tuple[tuple[int, ...], int, int]]:
    """What is simulated with K classes: seeds of both methods (none: two arrays), images a class, repeats."""
    if K == 100:
        return [*((seeds, 50, 400) for seeds in ((2, 2), (3, 3), (5, 5), (10, 10), (3, 8))), ((3, 3), 500, 100)]
    several = ((2, 2), (3, 3), (5, 5), (10, 10), (3, 8), ())
    return [*((seeds, 500, 1000) for seeds in several), *((seeds, 50, 1000) for seeds in ((2, 2), (3, 3), (5, 5), ()))]


def everywhere(measured: list[dict], share: float = 1.0) -> list[dict]:
    """Every cell of `plan` in every world, with `share` of the repeats."""
    cells = []
    for number, world in enumerate(worlds(measured)):
        for seeds, size, repeats in plan(world.skills.shape[1]):
            cells += measure(world, seeds, size, round(share * repeats), seed=number)
            print(world.name, seeds, size, flush=True)
    return cells


@cache
def load(path: Path = PATH) -> list[dict]:
    """The cells as they were simulated last, each with `inside`: whether its coverage lies in `TARGET`."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "inside": TARGET[0] <= cell["cover"] <= TARGET[1]} for cell in cells]


def of(metric: str, kind: str, classes: int, images: int, seeds: int) -> tuple[float, float] | None:
    """Least and greatest coverage of the simulated cells that are nearest to an interval; None where none is alike.

    kind: "alone" or "difference"; seeds: of the method that has fewer, 0 for two arrays of one network each.
    """
    alike = [cell for cell in load() if (cell["metric"], cell["kind"]) == (metric, kind)]
    for name, value in (("K", classes), ("images", images), ("seeds", seeds)):
        far = [abs(np.log((_number(cell[name]) + 1) / (value + 1))) for cell in alike]
        alike = [cell for cell, distance in zip(alike, far, strict=True) if distance == min(far)]
    return (min(cell["cover"] for cell in alike), max(cell["cover"] for cell in alike)) if alike else None


def _number(value: int | list[int]) -> int:
    return min(value, default=0) if isinstance(value, list) else value


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate how often the intervals cover.")
    parser.add_argument("--share", type=float, default=1.0, help="of the repeats, for a quick look")
    share, measured = parser.parse_args().share, records.load(records.committed())
    facts = {world.name: [round(float(x), 3) for x in _rest(world)] for world in worlds(measured)}
    cells = ",\n  ".join(json.dumps(cell) for cell in everywhere(measured, share))
    head = json.dumps({"prior, within, between": facts}, indent=1)[:-2]
    records.write(PATH, f'{head},\n "cells": [\n  {cells}\n ]\n}}\n')


if __name__ == "__main__":
    main()
