"""How much the definitions of one score differ: rank correlations and kept sets, on the same query models.

    python -m drop.chapters.definitions fashion-mnist laptop --seeds 0-2 --passes 0

writes drop/measured/released/<benchmark>-<scale>-definitions.json, which the chapter "One word, several
definitions" reads. Only `--passes` trains: one full query again for each of its seeds, to look at every training image
after every epoch too.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from drop import scores
from drop.chapters import release, ties
from drop.chapters.material import Material
from drop.experiments import records
from drop.experiments.benchmarks import Benchmark, benchmark
from drop.experiments.ranges import seeds_of
from drop.experiments.records import Store
from drop.metrics import recalls_of
from drop.quotas import drop_counts
from drop.released import FOLDER
from drop.selection import top

DENSITIES = (0.1, 0.3)
Variant = tuple[str, str, str, Callable[[Material], np.ndarray]]  # score, variant, what it varies, its values


def variants(entry: Benchmark, passes: bool) -> list[Variant]:
    """The definitions to compare, each with what it varies: a score of this book, or "J = " another window."""
    epochs, J = entry.recipe.full_epochs, entry.recipe.window
    listed: list[Variant] = [
        ("el2n", "squared lengths", "", Material.squared),
        ("el2n", "one query model", "", lambda m: m.shelf.get(m.short[0])["el2n"]),
        ("el2n", "end of the full query", "", Material.late),
        ("grand", "last layer only", "", Material.last_layer),
        ("grand", "one query model", "", lambda m: m.shelf.grand(m.short[0])),
        ("grand", "one model, untrained", "", Material.untrained),
        ("grand", "EL2N in its place", "", lambda m: m.score("el2n")),
        ("forgetting", "never learned: maximum", "", lambda m: m.forgetting("maximum")),
        ("forgetting", "never learned: infinity", "", lambda m: m.forgetting("infinity")),
        ("forgetting", "first half of the epochs", "", lambda m: m.forgetting(epochs=epochs // 2)),
        *[("forgetting", "in evaluation passes", "", lambda m: scores.forgetting(m.passes()))] * passes,
    ]
    for window in sorted({5, 10, epochs} - {J}):
        if window <= epochs:
            listed.append(("dynamic-uncertainty", f"windows of {window} epochs", f"J = {J}", _windows(window)))
    for window in sorted({5, 10}):
        if window < epochs:
            label = f"released code, J = {window}"
            listed.append(("dynamic-uncertainty", label, f"J = {window}", _windows(window, "released")))
    return [*listed, ("k-center", "another first centre", "", lambda m: m.other_centre(max(DENSITIES)))]


def _windows(window: int, variant: str = "paper") -> Callable[[Material], np.ndarray]:
    return functools.partial(Material.dynamic_uncertainty, window=window, variant=variant)


def compare(
    a: np.ndarray, b: np.ndarray, labels: np.ndarray, seeds: Sequence[int], rule: str = "random"
) -> dict[str, Any]:
    """Rank correlation of two rankings and, by density, the shares of `a`'s kept set that `b` replaces, and that it
    moves to another class.

    seeds: of the shuffles that break their ties; rule: how `b`'s are broken. A ranking of a part, with the rest tied at
    0, has no rank correlation.
    """
    partial = (b == 0).mean() > 0.5 > (a == 0).mean()
    found: dict[str, Any] = {"spearman": None if partial else round(float(stats.spearmanr(a, b).statistic), 4)}
    for density in DENSITIES:
        size = round(density * len(labels))
        first, second = top(a, size, seeds[0]), top(b, size, seeds[1], rule)
        shared = len(np.intersect1d(first, second))
        counts = [np.bincount(labels[kept], minlength=int(labels.max()) + 1) for kept in (first, second)]
        moved = np.abs(counts[0] - counts[1]).sum() / 2
        found[f"{density:g}"] = {
            "replaced": round(1 - shared / size, 4), "jaccard": round(shared / (2 * size - shared), 4),
            "moved": round(float(moved / size), 4),
        }  # fmt: skip
    return found


def in_one_seed(m: Material, passes: bool) -> list[dict[str, Any]]:
    """Every variant against what it varies; and each score with ties against itself, its ties broken otherwise."""
    rows = []
    for name, variant, base, values in variants(m.entry, passes):
        before = _windows(int(base[4:]))(m) if base else m.score(name)
        found = compare(before, values(m), m.labels, (m.seed, m.seed))
        rows.append({"score": name, "variant": variant, "base": base, "seed": m.seed, **found})
    for name in release.RANKINGS:
        values = m.score(name)
        if scores.share_of_ties(values) > 0.01:
            for variant, second, rule in (("ties: another shuffle", m.seed + 1000, "random"),
                                          ("ties: by index", m.seed, "index")):  # fmt: skip
                found = compare(values, values, m.labels, (m.seed, second), rule)
                rows.append({"score": name, "variant": variant, "base": "", "seed": m.seed, **found})
    return rows


def between_seeds(materials: Sequence[Material]) -> list[dict[str, Any]]:
    """Every score against itself in another seed: other query models, another shuffle of the ties."""
    pairs = list(itertools.combinations(materials, 2))
    return [
        {"score": name, "seeds": [a.seed, b.seed], **compare(a.score(name), b.score(name), a.labels, (a.seed, b.seed))}
        for name in release.RANKINGS for a, b in pairs
    ]  # fmt: skip


def ways_to_read_recalls(m: Material) -> list[dict[str, Any]]:
    """Class recalls (K,) read at other times and on other images, and the quotas that DRoP makes of them."""
    sizes, full = np.bincount(m.labels), m.dynamics["validation"]
    first, last = m.shelf.get(m.short[0])["validation"], m.dynamics["correct"][-1]
    ways = {
        "short queries, best epoch": m.shelf.recalls(m.entry, m.seed),
        "short queries, last epoch": np.mean([recalls_of(m.shelf.get(q)["validation"][-1]) for q in m.short], axis=0),
        "one short query, best epoch": recalls_of(first[first.trace(axis1=1, axis2=2).argmax()]),
        "short queries, other half of the test set": m.other_half(),
        "full query, best epoch": recalls_of(full[full.trace(axis1=1, axis2=2).argmax()]),
        "full query, last epoch": recalls_of(full[-1]),
        "full query, last epoch, training images": np.bincount(m.labels, weights=last) / sizes,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # recalls of 1 leave DRoP nothing to go by: a finding, and shown
        return [
            {"way": way, "seed": m.seed, "recalls": np.round(recalls, 5),
             "counts": {f"{d:g}": drop_counts(sizes, recalls, d) for d in DENSITIES}}
            for way, recalls in ways.items()
        ]  # fmt: skip


def measure(entry: Benchmark, seeds: Sequence[int], store: Store, passes: Sequence[int] = ()) -> dict[str, Any]:
    """All comparisons of one benchmark, in JSON's types; passes: the seeds whose full query is trained once more."""
    data, arena = release.train_missing(entry, seeds, store)
    materials = [Material(entry, seed, store, data, arena) for seed in seeds]
    for m in materials:
        for query in m.short:
            m.shelf.grand(query, arena)
    labels = data.train.labels.numpy()
    return records.plain({
        "benchmark": entry.name, "scale": entry.scale, "data": data.digest, "classes": data.classes,
        "class_sizes": np.bincount(labels), "epochs": entry.recipe.full_epochs, "window": entry.recipe.window,
        "seeds": seeds, "queries": {m.seed: [query.key for query in [*m.short, m.full]] for m in materials},
        "ties": {m.seed: {n: round(scores.share_of_ties(m.score(n)), 5) for n in release.RANKINGS} for m in materials},
        "variants": [row for m in materials for row in in_one_seed(m, m.seed in passes)],
        "between_seeds": between_seeds(materials),
        "recalls": [row for m in materials for row in ways_to_read_recalls(m)],
        "orders": [{"score": name, "seed": m.seed, **row} for m in materials for name in ("forgetting", "el2n")
                   for row in ties.study(m.score(name), labels)],
        "provenance": release.provenance(entry, data, arena),
    })  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Compare the definitions of each score on the same query models.")
    parser.add_argument("benchmark")
    parser.add_argument("scale")
    parser.add_argument("--seeds", default="0", help="such as 0-2")
    parser.add_argument("--passes", default="", help="seeds whose full query is trained once more; default: none")
    options = parser.parse_args(arguments)
    try:
        entry = benchmark(options.benchmark, options.scale)
        again = seeds_of(options.passes) if options.passes else []
        found = measure(entry, seeds_of(options.seeds), Store(), again)
        path = FOLDER / f"{entry.name}-{entry.scale}-definitions.json"
        records.write(path, json.dumps(found, indent=1, sort_keys=True) + "\n")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path.parent.name}/{path.name}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
