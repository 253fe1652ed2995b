"""DRoP against the field: who is ahead of whom at one density, and what each method costs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

from drop.chapters import judging
from drop.chapters.charts import place, undominated
from drop.chapters.grid import Grid

NEEDS = {
    "Random": (), "Random+DRoP": ("short",), "EL2N, GraNd": ("short",), "the same +DRoP": ("short",),
    "Forgetting, Dynamic Uncertainty": ("full",), "these +DRoP": ("full", "short"),
}  # fmt: skip  # the query models that a method trains


class Standing(NamedTuple):
    """A method at one density, and the methods that are ahead of it in both metrics."""

    pruner: str
    average: float  # percent
    worst: float
    best: bool  # no other method is ahead in one metric without being behind in the other
    ahead: list[str]
    surely: list[str]  # those of them whose whole intervals are ahead


def standings(grid: Grid, pruners: Sequence[str], density: float) -> list[Standing]:
    """Every measured method, the best worst class first."""
    places = {p: place(grid, p, density) for p in pruners if grid.of(p, density)}
    best, found = undominated(places), []
    for p in sorted(places, key=lambda p: -places[p][1]):
        ahead = [q for q in places if min(np.subtract(places[q], places[p])) > 0]
        found.append(Standing(p, *places[p], p in best, ahead, [q for q in ahead if _surely(grid, q, p, density)]))
    return found


def _surely(grid: Grid, a: str, b: str, density: float) -> bool:
    both = [grid.compare(a, b, density, metric) for metric in ("average", "worst_class")]
    return all(e is not None and e.low > 0 for e in both)


def passes(grid: Grid) -> dict[str, float]:
    """Passes over the training images of the short queries together and of the full one; a full training is 1."""
    recipe = grid.entry.recipe
    return {
        "short": recipe.short_queries * recipe.short_epochs / recipe.epochs,
        "full": recipe.full_epochs / recipe.epochs,
    }


def costs(grid: Grid, densities: Sequence[float]) -> dict[str, list[float | None]]:
    """By method, in full trainings: the query models in passes and as measured, and all with the final model."""
    recipe, queries = grid.entry.recipe, passes(grid)
    timed = [s for (name, _), s in judging.query_times().items() if name == f"{grid.benchmark}-{grid.scale}"]
    whole = [record["seconds"] for record in grid.of("full", 1.0)]
    found = {}
    for name, needs in NEEDS.items():
        counted = sum(queries[kind] for kind in needs)
        seconds = sum(median(times[kind] for times in timed) for kind in needs) if timed else None
        measured = seconds / median(whole) if seconds is not None and whole else None
        shares = [recipe.budget + (1 - recipe.budget) * d for d in densities]
        found[name] = [counted, measured, *(counted + share for share in shares)]
    return found
