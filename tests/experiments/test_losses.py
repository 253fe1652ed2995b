"""Weighted cross-entropy and CDB-W's class weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drop.experiments.losses import (
    CdbW,
    ClassBalanced,
    GroupDro,
    LdamDrw,
    Loss,
    cdb_weights,
    cross_entropy,
    effective_weights,
    retrain_head,
)

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


# Methods that train on all the data: each against a slow or a closed form

SIZES, GROUP_SIZES = torch.tensor([1000, 100, 10]), torch.tensor([900, 100, 90, 10, 8, 2])
GROUPS = torch.tensor([0, 2, 3, 5])  # of LABELS: two groups a class


def started(kind: type[Loss], **settings) -> Loss:
    loss = kind(3, 6, device="cpu", **settings)
    loss.begin(SIZES, GROUP_SIZES)
    return loss


def test_effective_weights_are_the_inverse_of_a_geometric_sum() -> None:
    beta = 0.99
    slow = np.array([1 / sum(beta**i for i in range(n)) for n in SIZES.tolist()])
    np.testing.assert_allclose(effective_weights(SIZES, beta), slow / slow.mean(), rtol=1e-6)
    assert effective_weights(SIZES, 0.0).tolist() == [1, 1, 1]
    inverse = 1 / SIZES.double()
    np.testing.assert_allclose(effective_weights(SIZES, 1 - 1e-9), inverse / inverse.mean(), rtol=1e-3)
    assert effective_weights(torch.tensor([5, 0]), 0.9).tolist() == [2, 0]


def test_the_class_balanced_loss_is_cross_entropy_with_these_weights() -> None:
    loss = started(ClassBalanced, beta=0.9)
    expected = F.cross_entropy(LOGITS, LABELS, effective_weights(SIZES, 0.9))
    torch.testing.assert_close(loss(LOGITS, LABELS, GROUPS), expected)


def test_ldam_takes_a_margin_from_the_true_class_and_weighs_late() -> None:
    loss = started(LdamDrw, margin=0.5, scale=30.0)
    root = SIZES.double() ** 0.25
    expected_margins = 0.5 * root.min() / root
    cosines = LOGITS / 5
    total = 0.0
    for row, y in zip(cosines, LABELS, strict=True):  # -log e^{s (z_y - m_y)} / (e^{s (z_y - m_y)} + sum e^{s z_j})
        true = torch.exp(30 * (row[y] - expected_margins[y]))
        others = sum(torch.exp(30 * row[j]) for j in range(3) if j != y)
        total += -torch.log(true / (true + others))
    torch.testing.assert_close(loss(cosines, LABELS, GROUPS), (total / 4).float())
    loss.evaluated(torch.ones(3), 0.6)
    assert loss.class_weights.tolist() == [1, 1, 1]
    loss.evaluated(torch.ones(3), 0.8)
    torch.testing.assert_close(loss.class_weights, effective_weights(SIZES, 0.9999))
    loss.begin(SIZES, GROUP_SIZES)
    assert loss.class_weights.tolist() == [1, 1, 1]


def test_group_dro_climbs_with_the_losses_of_the_groups() -> None:
    loss, q = started(GroupDro, step=0.3, adjustment=2.0), np.full(6, 1 / 6)
    for scale in (1.0, 0.5):  # two steps
        each = F.cross_entropy(scale * LOGITS, LABELS, reduction="none").numpy()
        means = np.zeros(6)
        for g in range(6):
            mine = [each[i] for i in range(4) if GROUPS[i] == g]
            means[g] = (np.mean(mine) if mine else 0) + 2 / np.sqrt(GROUP_SIZES[g].item())
            q[g] *= np.exp(0.3 * means[g])
        q /= q.sum()
        assert loss(scale * LOGITS, LABELS, GROUPS).item() == pytest.approx((q * means).sum(), rel=1e-5)
    np.testing.assert_allclose(loss.q, q, rtol=1e-5)


def test_group_dro_s_gradient_is_that_of_the_weighted_group_means() -> None:
    logits, again = (LOGITS.clone().requires_grad_() for _ in range(2))
    loss = started(GroupDro, step=0.1, adjustment=0.0)
    loss(logits, LABELS, GROUPS).backward()
    (F.cross_entropy(again, LABELS, reduction="none") * loss.q[GROUPS]).sum().backward()  # one sample a group
    torch.testing.assert_close(logits.grad, again.grad)


def test_cdb_w_follows_the_recalls() -> None:
    loss = started(CdbW)
    assert loss(LOGITS, LABELS, GROUPS) == F.cross_entropy(LOGITS, LABELS)
    loss.evaluated(torch.tensor([0.9, 0.5, 1.0]), 0.1)
    torch.testing.assert_close(loss.class_weights, cdb_weights([0.9, 0.5, 1.0]))


def test_a_retrained_head_minimises_the_class_balanced_loss() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.repeat_interleave(torch.arange(2), torch.tensor([900, 60]))
    embeddings = torch.randn(960, 2, generator=random) + labels[:, None]
    head = torch.nn.Linear(2, 2)
    retrain_head(head, embeddings, labels, steps=4000, batch=64, rate=0.1, generator=random)
    slow = torch.nn.Linear(2, 2)
    weights = 1 / torch.bincount(labels).float()
    optimizer = torch.optim.LBFGS(slow.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(slow(embeddings), labels, weights)
        value.backward()
        return value

    optimizer.step(closure)
    margins = [(x(embeddings)[:, 1] - x(embeddings)[:, 0]).detach() for x in (head, slow)]
    assert (margins[0] - margins[1]).abs().max() < 0.15 < 3 < margins[1].abs().max()
