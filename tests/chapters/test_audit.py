"""The bias audit's differences, correlations and counts, on the committed records."""

import numpy as np
import pytest

from drop.chapters.audit import Audit, correlation
from drop.chapters.grid import Grid

PRUNERS = ["random", "el2n", "forgetting", "random+balanced", "random+drop"]


@pytest.fixture(scope="module")
def audit() -> Audit:
    more = [(["random+el2nq"], [0.1, 0.3])]
    grid = Grid("fashion-mnist", "laptop", PRUNERS, [0.1, 0.3, 1.0], [0, 1, 2], more=more)
    return Audit(grid, PRUNERS, [0.1, 0.2, 0.3, 1.0], ["el2n"])


def test_only_densities_that_most_pruners_have_count(audit):
    assert audit.pruned == [0.1, 0.3]
    assert set(audit.places) == {(p, d) for p in PRUNERS for d in (0.1, 0.3)}


def test_pairs_are_sorted_by_what_their_intervals_say(audit):
    assert ("random+drop", 0.1) not in audit.scored and ("el2n", 0.1) in audit.failing
    for pair in audit.holding:
        assert audit.to_random[pair]["average"].low > -0.01
    both = audit.among(audit.scored, "worst_class", 1), audit.among(audit.scored, "worst_class", -1)
    assert not set(both[0]) & set(both[1]) and ("el2n", 0.1) in both[1]


def test_the_choice_is_random_samples_at_the_ratios_minus_the_strategys_own(audit):
    assert set(audit.choice) == {("el2n", 0.1), ("el2n", 0.3)}
    assert audit.choice["el2n", 0.1]["average"] == audit.grid.compare("random+el2nq", "el2n", 0.1, "average")


def test_areas_are_mean_heights_best_first(audit):
    values = [e["worst_class"].value for e in audit.areas.values()]
    assert values == sorted(values, reverse=True)
    expected = np.mean([audit.grid.value("el2n", d, "worst_class") for d in (0.1, 0.3)])
    assert audit.areas["el2n"]["worst_class"].value == pytest.approx(expected)


def test_equal_shares_have_no_correlation_and_balanced_is_flat(audit):
    assert audit.is_flat("random+balanced") and not audit.is_flat("el2n")
    assert audit.relations("random+balanced", 0.1) == audit.relations("random", 0.1) == (None, None)
    assert audit.smallest("random+balanced", 0.1)[0] == 600


def test_a_strategy_and_random_samples_at_its_ratios_lean_alike(audit):
    both = Audit(audit.grid, [*PRUNERS, "random+el2nq"], audit.densities)
    for d in (0.1, 0.3):
        (mine, _), (copied, _) = both.relations("el2n", d), both.relations("random+el2nq", d)
        assert both.leaning("el2n", d) == both.leaning("random+el2nq", d) and mine != copied
    expected = np.corrcoef(audit.grid.kept("el2n", 0.1).mean(axis=0), audit.grid.recalls("full", 1.0).mean(axis=0))
    assert both.leaning("el2n", 0.1).value == pytest.approx(expected[0, 1])
    assert both.leaning("random", 0.1) is both.leaning("random+balanced", 0.1) is None


def test_a_correlation_has_fishers_interval():
    x = np.arange(10.0)
    r = correlation(x, x + np.sin(3 * x))
    z = np.arctanh(r.value)
    assert (np.arctanh(r.low), np.arctanh(r.high)) == pytest.approx((z - 1.96 / 7**0.5, z + 1.96 / 7**0.5))
    assert correlation(np.ones(10), x) is None and correlation(x[:3], x[:3]) is None


def test_the_numbers_of_a_row(audit):
    seeds, average, worst, chosen, few, gap, spread = audit.numbers("el2n", 0.1)
    assert seeds == 3 and average == audit.grid.estimate("el2n", 0.1, "average")
    assert chosen == 100 * worst.chosen and few.value > worst.value and gap.value > spread.value
