"""Weighted cross-entropy and CDB-W's class weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drop.experiments.losses import cdb_weights, cross_entropy

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.0], [0.0, 3.0, 1.0], [1.0, 1.0, 4.0]])
LABELS = torch.tensor([0, 1, 1, 2])


def test_with_equal_weights_it_is_torchs() -> None:
    torch.testing.assert_close(cross_entropy(LOGITS, LABELS, torch.ones(3)), F.cross_entropy(LOGITS, LABELS))


def test_class_weights_are_torchs() -> None:
    weights = torch.tensor([0.1, 0.9, 0.4])
    torch.testing.assert_close(cross_entropy(LOGITS, LABELS, weights), F.cross_entropy(LOGITS, LABELS, weights))


def test_a_batch_of_weight_zero_has_loss_and_gradient_zero() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = cross_entropy(logits, LABELS, torch.zeros(3))
    loss.backward()
    assert loss == 0 and logits.grad.eq(0).all()


def test_smoothing_mixes_the_label_with_the_mean_over_classes() -> None:
    logits, labels = torch.randn(7, 4), torch.tensor([0, 1, 2, 3, 0, 1, 2])
    rows = -logits.log_softmax(1)
    expected = (0.8 * rows.gather(1, labels[:, None])[:, 0] + 0.2 * rows.mean(1)).mean()
    torch.testing.assert_close(cross_entropy(logits, labels, torch.ones(4), 0.2), expected)


def test_weights_refreshed_in_place_take_effect() -> None:
    weights = torch.ones(3)
    before = cross_entropy(LOGITS, LABELS, weights)
    weights.copy_(torch.tensor([1.0, 0.0, 0.0]))
    assert cross_entropy(LOGITS, LABELS, weights) != before


def test_cdb_weights_are_one_minus_recall() -> None:
    assert cdb_weights([0.9, 0.5, 1.0]).tolist() == pytest.approx([0.1, 0.5, 0.0])
    assert cdb_weights(np.array([0.9, 0.5])).tolist() == pytest.approx([0.1, 0.5])


def test_cdb_weights_of_perfect_recalls_are_ones() -> None:
    assert cdb_weights([1.0, 1.0]).tolist() == [1, 1]


@pytest.mark.parametrize("recalls, sentence", [([0.5, 1.2], "in .0, 1"), ([0.5, np.nan], "nan"), ([[0.5]], "class")])
def test_bad_input_is_one_sentence(recalls: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cdb_weights(recalls)
