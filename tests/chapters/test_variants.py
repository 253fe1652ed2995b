"""What was measured of the definitions, as the chapter reads it."""

import numpy as np
import pytest

from drop.chapters import variants
from drop.chapters.variants import FIRST, SEED


@pytest.fixture(scope="module")
def found() -> variants.Definitions:
    return variants.read("fashion-mnist", "laptop", [0, 1, 2])


def test_another_seed_comes_first_and_needs_two_seeds(found):
    assert found.rows("el2n")[0].name == SEED and len(found.rows("el2n")[0].rows) == 3
    single = variants.read("fashion-mnist", "laptop", [1, 7])
    assert single.seeds == [1] and SEED not in [v.name for v in single.rows("el2n")]
    assert np.isnan(single.moved_by_seed())
    assert variants.read("fashion-mnist", "smoke", [0]) is None


def test_a_variant_is_the_mean_over_its_seeds(found):
    squared = found.variant("el2n", "squared")
    assert squared.mean("0.1") == pytest.approx(np.mean([row["0.1"]["replaced"] for row in squared.rows]))
    assert squared.correlation > 0.99
    with pytest.raises(KeyError):
        found.variant("el2n", "no such")


def test_what_quotas_move_is_half_of_all_changes(found):
    a, b = np.array([0.1, 0.1]), np.array([0.15, 0.05])
    two = variants.Definitions({"class_sizes": [100, 100]}, [])
    assert two.shift(a, b) == pytest.approx(0.25)
    assert found.moved(FIRST) == 0 < found.moved_by_seed() < found.moved("full query, last epoch, training images")
    assert found.ways[0] == FIRST and found.densities(FIRST).shape == (3, 10)


def test_gains_are_against_shuffles_and_sum_to_nothing(found):
    _, row = found.partial_ties()[-1]
    assert row["wanted"] < row["tied"] and variants.last_classes_gain(row)
    assert variants.gain([row], "sorted").sum() == pytest.approx(0, abs=0.1)
    swapped = row | {"sorted": row["reversed"], "reversed": row["sorted"]}
    assert not variants.last_classes_gain(swapped)
