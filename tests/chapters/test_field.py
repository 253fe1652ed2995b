"""Who is ahead of whom, and what a method costs."""

import pytest

from drop.chapters import field
from drop.chapters.grid import Grid

PRUNERS = ["random", "random+drop", "el2n", "random+el2nq"]


@pytest.fixture(scope="module")
def grid() -> Grid:
    return Grid("fashion-mnist", "laptop", PRUNERS, [0.1, 1.0], [0, 1, 2])


def test_standings_go_by_worst_class_and_name_those_ahead_in_both(grid):
    found = {s.pruner: s for s in field.standings(grid, PRUNERS, 0.1)}
    worst = [s.worst for s in found.values()]
    assert worst == sorted(worst, reverse=True) and set(found) == set(PRUNERS)
    for s in found.values():
        expected = {q for q, other in found.items() if other.worst > s.worst and other.average > s.average}
        assert set(s.ahead) == expected and set(s.surely) <= expected
        assert s.best == (not expected)
    assert set(found["el2n"].surely) == {"random", "random+drop", "random+el2nq"}


def test_costs_count_queries_and_the_final_model_in_full_trainings(grid):
    recipe, found = grid.entry.recipe, field.costs(grid, [0.1, 1.0])
    assert found["Random"] == [0, 0, pytest.approx(recipe.budget + (1 - recipe.budget) * 0.1), pytest.approx(1)]
    short = recipe.short_queries * recipe.short_epochs / recipe.epochs
    assert found["Random+DRoP"][0] == pytest.approx(short)
    assert found["these +DRoP"][0] == pytest.approx(short + recipe.full_epochs / recipe.epochs)
    assert found["Random+DRoP"][3] == pytest.approx(short + 1) and found["Random+DRoP"][1] > 0
