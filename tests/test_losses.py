"""Weighted cross-entropy and CDB-W's class weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drop.losses import cdb_weights, cross_entropy

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.0], [0.0, 3.0, 1.0], [1.0, 1.0, 4.0]])
LABELS = torch.tensor([0, 1, 1, 2])


def test_without_weights_it_is_torchs() -> None:
    assert cross_entropy(LOGITS, LABELS) == F.cross_entropy(LOGITS, LABELS)


def test_class_weights_are_torchs() -> None:
    weights = torch.tensor([0.1, 0.9, 0.4])
    torch.testing.assert_close(cross_entropy(LOGITS, LABELS, weights), F.cross_entropy(LOGITS, LABELS, weights))


def test_a_sample_weight_of_two_counts_a_sample_twice() -> None:
    twice = torch.tensor([0, 1, 1, 2, 3])
    weighted = cross_entropy(LOGITS, LABELS, sample_weights=torch.tensor([1.0, 2.0, 1.0, 1.0]))
    torch.testing.assert_close(weighted, F.cross_entropy(LOGITS[twice], LABELS[twice]))


def test_class_and_sample_weights_multiply() -> None:
    classes, samples = torch.tensor([0.5, 1.0, 2.0]), torch.tensor([2.0, 1.0, 3.0, 0.5])
    torch.testing.assert_close(
        cross_entropy(LOGITS, LABELS, classes, samples),
        cross_entropy(LOGITS, LABELS, sample_weights=classes[LABELS] * samples),
    )


def test_a_batch_of_weight_zero_has_loss_and_gradient_zero() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = cross_entropy(logits, LABELS, torch.zeros(3))
    loss.backward()
    assert loss == 0 and logits.grad.eq(0).all()


def test_weights_refreshed_in_place_take_effect() -> None:
    weights = torch.ones(3)
    before = cross_entropy(LOGITS, LABELS, weights)
    weights.copy_(torch.tensor([1.0, 0.0, 0.0]))
    assert cross_entropy(LOGITS, LABELS, weights) != before


def test_cdb_weights_are_one_minus_recall() -> None:
    assert cdb_weights([0.9, 0.5, 1.0]).tolist() == pytest.approx([0.1, 0.5, 0.0])
    assert cdb_weights(np.array([0.9, 0.5]), tau=2).tolist() == pytest.approx([0.01, 0.25])
    assert cdb_weights(torch.tensor([0.9, 0.5]), tau=0).tolist() == [1, 1]


def test_cdb_weights_of_perfect_recalls_are_ones() -> None:
    assert cdb_weights([1.0, 1.0]).tolist() == [1, 1]


@pytest.mark.parametrize(
    "recalls, tau, sentence",
    [([0.5, 1.2], 1, "in \\[0, 1\\]"), ([0.5, float("nan")], 1, "nan"), ([[0.5]], 1, "per class"), ([0.5], -1, "tau")],
)
def test_bad_input_is_one_sentence(recalls: list, tau: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cdb_weights(recalls, tau)
