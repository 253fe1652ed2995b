"""Facts about recalls and what is read off them."""

import numpy as np
import pytest

from drop import metrics


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


def test_counts_that_misfit_are_refused():
    with pytest.raises(ValueError, match="correct and total must be"):
        metrics.tally({"correct": [1], "total": [2, 3]})


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
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
