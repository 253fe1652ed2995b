"""drop.prune, the one-liner, and the package itself: small, lazy, importable without torch."""

import doctest
import importlib.metadata
import subprocess
import sys

import numpy as np
import pytest
import torch

import drop
from drop import quotas, selection


def test_the_example_of_the_docstring_is_true():
    assert doctest.testmod(selection, raise_on_error=True).attempted >= 3


def test_prune_is_quotas_and_then_selection():
    labels = np.arange(1000) % 4
    recalls = [0.9, 0.8, 0.7, 0.4]
    kept = drop.prune(labels, recalls, 0.3, seed=5)
    counts = quotas.drop_counts([250] * 4, recalls, 0.3)
    assert np.bincount(labels[kept]).tolist() == counts.tolist() == [25, 50, 75, 150]
    assert (kept == selection.select(labels, counts, seed=5)).all()


def test_prune_with_scores_keeps_the_best_of_each_class():
    labels, scores = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([3.0, 1, 2, 7, 9, 8])
    assert drop.prune(labels, [0.8, 0.6], 0.5, scores).tolist() == [0, 4, 5]


@pytest.mark.parametrize("density", [0, 1])
def test_prune_nothing_or_everything(density):
    assert len(drop.prune([0, 1, 1], [1.0, 0.5], density)) == 3 * density


BAD = [
    (lambda: drop.prune([0, 1, 2], [0.5, 0.5], 0.5), "sample 2 has label 2; with 2 classes"),
    (lambda: drop.prune([0, 0], [0.5, 0.5], 0.5), "class 1 has 0 samples, but every class needs at least one"),
    (lambda: drop.prune([0, 1], [0.5, 1.5], 0.5), "the recall of class 1 is 1.5"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 30), "density is 30"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, scores=[1.0]), "there are 2 samples, but scores have shape"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_importing_drop_and_pruning_need_no_torch():
    code = (
        "import sys, drop; assert not {'numpy', 'torch'} & set(sys.modules); drop.prune([0, 1], [0.5, 0.5], 0.5);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rooms_are_attributes_and_unknown_names_say_what_there_is():
    assert drop.quotas is quotas
    assert set(drop.__all__) < set(dir(drop))
    assert importlib.metadata.version("drop-companion") == drop.__version__
    with pytest.raises(AttributeError, match="no attribute 'prun'; it has prune, "):
        drop.prun  # noqa: B018
