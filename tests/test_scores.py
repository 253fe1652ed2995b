"""Each score against a slow version of its definition, written here from the definition."""

import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drop import coreset, scores
from drop.experiments import models
from drop.selection import top

NAN = float("nan")


def softmax(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return torch.softmax(torch.from_numpy(3 * rng.standard_normal(shape)), -1).numpy()


# EL2N


def slow_el2n(probabilities, labels, power):
    scores_of = []
    for n, label in enumerate(labels):
        lengths = []
        for model in probabilities:
            target = [float(k == label) for k in range(len(model[n]))]
            lengths.append(sum((p - t) ** 2 for p, t in zip(model[n], target, strict=True)) ** (power / 2))
        scores_of.append(sum(lengths) / len(lengths))
    return scores_of


@pytest.mark.parametrize("squared", [False, True])
def test_el2n_averages_the_lengths_of_error_vectors(squared: bool) -> None:
    rng = np.random.default_rng(0)
    p, y = softmax(rng, 4, 30, 5), rng.integers(0, 5, 30)
    np.testing.assert_allclose(scores.el2n(p, y, squared), slow_el2n(p, y, 2 if squared else 1), rtol=1e-12)


def test_el2n_of_one_model_and_of_tensors() -> None:
    rng = np.random.default_rng(1)
    p, y = softmax(rng, 20, 3), rng.integers(0, 3, 20)
    np.testing.assert_array_equal(scores.el2n(p, y), scores.el2n(p[None], y))
    low = torch.from_numpy(p).bfloat16()
    np.testing.assert_allclose(scores.el2n(low, torch.from_numpy(y)), scores.el2n(p, y), atol=0.02)


def test_el2n_is_zero_for_a_sure_hit_and_root_two_for_a_sure_miss() -> None:
    assert scores.el2n([[1.0, 0.0], [1.0, 0.0]], [0, 1]).tolist() == [0, 2**0.5]


def test_el2n_takes_logits() -> None:
    rng = np.random.default_rng(2)
    z, y = 30 * rng.standard_normal((2, 20, 4)), rng.integers(0, 4, 20)
    p = torch.from_numpy(z).softmax(2).numpy()
    np.testing.assert_allclose(scores.el2n(logits=z, labels=y), scores.el2n(p, y), rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="sample 0 has no softmax output, .*; pass logits= what softmax"):
        scores.el2n(z, y)
    with pytest.raises(ValueError, match="sample 3 has no softmax output"):
        scores.el2n(logits=np.where(np.arange(20)[:, None] == 3, np.inf, z[0]), labels=y)
    with pytest.raises(ValueError, match="these logits are probabilities, rows in .* that sum to 1: pass them as such"):
        scores.el2n(logits=p, labels=y)
    assert scores.el2n(logits=np.zeros((0, 4)), labels=np.zeros(0, int)).shape == (0,)
    for arguments in ({}, {"logits": z}, {"probabilities": p, "logits": z, "labels": y}, {"probabilities": p}):
        with pytest.raises(ValueError, match="labels and either probabilities or logits="):
            scores.el2n(**arguments)
    with pytest.raises(ValueError, match=r"4 samples but 20 labels; transpose what is"):
        scores.el2n(p[0].T, y)


@pytest.mark.parametrize(
    "probabilities, labels, sentence",
    [
        ([[0.5, 0.5]], [0, 1], "1 samples but 2 labels"),
        ([[0.5, 0.5]], [2], "sample 0 has label 2"),
        ([[0.5, 0.5], [3.0, -2.5]], [0, 1], "sample 1 has no softmax output, its probabilities sum to 0.5"),
        ([[0.5, NAN]], [0], "sample 0 has no softmax output"),
        ([0.5, 0.5], [0, 1], r"not \(2,\)"),
    ],
)
def test_el2n_names_what_is_wrong(probabilities, labels, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        scores.el2n(probabilities, labels)


# GraNd


def shaken(name: str, channels: int, size: int) -> torch.nn.Module:
    """A network whose batch norms have random statistics and parameters, so that no term of the gradient vanishes."""
    model, generator = models.build(name, 5, channels, size, seed=1), torch.Generator().manual_seed(2)
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            for tensor, low, high in [
                (layer.running_mean, -0.3, 0.3), (layer.running_var, 0.5, 2),
                (layer.weight, 0.5, 1.5), (layer.bias, -0.3, 0.3),
            ]:  # fmt: skip
                tensor.data.uniform_(low, high, generator=generator)
    return model


def one_at_a_time(model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor, part=None) -> list[float]:
    parameters = [parameter for parameter in (part or model).parameters() if parameter.requires_grad]
    model.eval()
    norms = []
    for image, label in zip(images, labels, strict=True):
        loss = torch.nn.functional.cross_entropy(model(image[None]), label[None])
        gradients = torch.autograd.grad(loss, parameters)
        norms.append(sum(g.double().square().sum().item() for g in gradients) ** 0.5)
    return norms


def batch(count: int, channels: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    images = torch.randn(count, channels, size, size, generator=generator)
    return images, torch.randint(0, 5, (count,), generator=generator)


@pytest.mark.parametrize(
    "name, channels, size",
    [
        ("lenet5", 1, 28), ("lenet5", 3, 32), ("vgg16", 3, 32), ("vgg19", 3, 32), ("resnet18", 3, 32),
        ("resnet50", 3, 64), ("small-32-64-64", 1, 28), ("small-8-16-16", 3, 32),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scope", ["full", "last"])
def test_grand_is_the_norm_of_each_samples_gradient(name: str, channels: int, size: int, scope: str) -> None:
    model = shaken(name, channels, size).double()  # rounding aside, the two are equal
    images, labels = batch(4, channels, size)
    part = model if scope == "full" else model.head
    expected = one_at_a_time(model, images.double(), labels, part)
    np.testing.assert_allclose(scores.grand(model, images.double(), labels, scope, batch=3), expected, rtol=1e-9)
    single = scores.grand(model.float(), images, labels, scope, batch=3)
    np.testing.assert_allclose(single, expected, rtol=3e-4)  # ResNet-50's own forward pass rounds by 1e-4


def test_grand_knows_strides_biases_and_uneven_kernels() -> None:
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 6, (3, 5), stride=(2, 1), padding=(0, 2)),
        torch.nn.ReLU(),
        torch.nn.Conv2d(6, 40, 4, stride=3, padding=1),  # few pixels, many channels: the Gram form
        torch.nn.Flatten(),
        torch.nn.Linear(120, 5),
    )
    images, labels = batch(5, 2, 9)
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.3, generator=generator)
    expected = one_at_a_time(model, images, labels)
    np.testing.assert_allclose(scores.grand(model, images, labels), expected, rtol=1e-5)


def test_grand_does_not_depend_on_batch_memory_format_or_array_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    model = shaken("small-8-16-16", 3, 32)
    images, labels = batch(7, 3, 32)
    norms = scores.grand(model, images, labels)
    last = images.to(memory_format=torch.channels_last)
    np.testing.assert_allclose(scores.grand(model, last, labels, batch=1), norms, rtol=1e-5)
    monkeypatch.setattr("drop.layers.PATCHES", 1)  # one image's patches at a time
    np.testing.assert_allclose(scores.grand(model, images.numpy(), labels.numpy()), norms, rtol=1e-5)


def test_grand_leaves_the_model_as_it_was() -> None:
    model = shaken("small-8-16-16", 3, 32).train()
    model.head.requires_grad_(False)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    scores.grand(model, *batch(3, 3, 32))
    assert model.training and not model.head.weight.requires_grad and model.body[0].weight.requires_grad
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters()) and not model.body[0]._forward_hooks


def test_grand_counts_trainable_parameters_only() -> None:
    model, (images, labels) = shaken("small-8-16-16", 3, 32).double(), batch(4, 3, 32)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not name.startswith("body.0") and name != "head.bias"
    expected = one_at_a_time(model, images.double(), labels)
    np.testing.assert_allclose(scores.grand(model, images.double(), labels), expected, rtol=1e-9)
    assert [name for name, p in model.named_parameters() if not p.requires_grad][-1] == "head.bias"


class Model(torch.nn.Module):
    """A model out of layers by name and a forward function of (model, x)."""

    def __init__(self, forward, **layers: torch.nn.Module):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.function = forward

    def forward(self, *given, **named):
        return self.function(self, *given, **named)


def convolution(**how) -> torch.nn.Module:
    layer = torch.nn.Conv2d(4, 8, 3, **how)
    width = layer(torch.zeros(1, 4, 7, 7)).numel()
    norm, head = torch.nn.GroupNorm(2, 8), torch.nn.Linear(width, 5)
    return torch.nn.Sequential(layer, torch.nn.ReLU(inplace=True), norm, torch.nn.Flatten(), head)


def stack(*layers: torch.nn.Module, width: int) -> torch.nn.Module:
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(width, 5))


def layer_twice() -> torch.nn.Module:
    return Model(lambda m, x: m.head(m.a(m.a(x).relu())), a=torch.nn.Linear(6, 6), head=torch.nn.Linear(6, 5))


def shared() -> torch.nn.Module:
    a, b = torch.nn.Linear(6, 6), torch.nn.Linear(6, 6)
    b.weight = a.weight
    return torch.nn.Sequential(a, torch.nn.ReLU(), b, torch.nn.Linear(6, 5))


def functional() -> torch.nn.Module:
    def forward(m, x):
        return m.head(torch.nn.functional.linear(m.a(x).relu(), m.a.weight, m.a.bias))

    return Model(forward, a=torch.nn.Linear(6, 6), head=torch.nn.Linear(6, 5))


def transformer() -> torch.nn.Module:
    block = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return Model(lambda m, x: m.head(m.block(m.words(x)).mean(1)),
                 words=torch.nn.Embedding(11, 8), block=block, head=torch.nn.Linear(8, 5))  # fmt: skip


def tokens() -> torch.nn.Module:
    parts = torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.GELU()
    return torch.nn.Sequential(torch.nn.Unflatten(1, (2, 3)), *parts, torch.nn.Flatten(), torch.nn.Linear(8, 5))


def merged() -> torch.nn.Module:
    return Model(lambda m, x: m.head(m.a(x.view(-1, 3)).view(len(x), -1)),
                 a=torch.nn.Linear(3, 4), head=torch.nn.Linear(8, 5))  # fmt: skip


RANDOM = torch.Generator().manual_seed(4)
VECTORS, IMAGES = torch.randn(6, 6, generator=RANDOM), torch.randn(6, 4, 7, 7, generator=RANDOM)
WORDS = torch.randint(0, 11, (6, 5), generator=RANDOM)
SIX = [0, 1, 2, 3, 4, 0]  # labels
FAST = {
    "in-place ReLU": (lambda: stack(torch.nn.Linear(6, 6), torch.nn.ReLU(inplace=True), width=6), VECTORS),
    "tokens, layer norm": (tokens, VECTORS),
    "instance norm": (lambda: stack(torch.nn.InstanceNorm2d(4, affine=True), width=196), IMAGES),
} | {
    f"convolution {how}": (lambda how=how: convolution(**how), IMAGES)
    for how in (
        {}, {"groups": 2}, {"groups": 4, "bias": False}, {"dilation": 2}, {"padding": "same", "dilation": 2},
        {"padding": 1, "padding_mode": "reflect"}, {"stride": 2, "padding": (1, 2), "groups": 2},
    )
}  # fmt: skip
SLOW = {
    "shared parameter": (shared, VECTORS, "2.weight is shared"),
    "shared layer": (layer_twice, VECTORS, "Linear is used twice"),
    "functional use": (functional, VECTORS, "outside of their layers"),
    "rows are no samples": (merged, VECTORS, "one row a sample"),
    "attention, embedding": (transformer, WORDS, "Embedding.weight"),
    "Conv1d": (lambda: stack(torch.nn.Conv1d(4, 3, 2), width=18), IMAGES[:, :, 0], "Conv1d.weight"),
    "half precision": (lambda: torch.nn.Linear(6, 5).bfloat16(), VECTORS.bfloat16(), "torch.bfloat16"),
}


@pytest.mark.parametrize("name", FAST)
def test_grand_has_formulas_for_every_conv2d_and_norm(name: str) -> None:
    build, given = FAST[name]
    torch.manual_seed(0)
    model, labels = build().double(), torch.tensor(SIX)
    expected = one_at_a_time(model, given.double(), labels)
    np.testing.assert_allclose(scores.grand(model, given.double(), labels, batch=4), expected, rtol=1e-9)


@pytest.mark.parametrize("name", SLOW)
def test_grand_is_exact_for_everything_else_and_says_so(name: str) -> None:
    build, given, reason = SLOW[name]
    torch.manual_seed(0)
    model, labels = build(), torch.tensor(SIX)
    expected = one_at_a_time(model, given, labels)
    with pytest.warns(UserWarning, match=f"sample by sample through torch.func, exact but slower: .*{reason}"):
        found = scores.grand(model, given, labels, batch=4)
    np.testing.assert_allclose(found, expected, rtol=0.1 if name == "half precision" else 1e-5)
    np.testing.assert_allclose(one_at_a_time(model, given, labels), expected, rtol=1e-5)  # the model is as it was


def test_grand_takes_dictionaries_and_outputs_with_logits() -> None:
    torch.manual_seed(0)
    plain, labels = torch.nn.Linear(6, 5), torch.tensor(SIX)
    expected = scores.grand(plain, VECTORS, labels)
    for wrap in (
        lambda logits: {"logits": logits},
        lambda logits: (logits, None),
        lambda z: types.SimpleNamespace(logits=z),
    ):
        model = Model(lambda m, pixels, mask, wrap=wrap: wrap(m.head(pixels * mask)), head=plain)
        given = {"pixels": VECTORS, "mask": torch.ones(6, 1)}
        np.testing.assert_allclose(scores.grand(model, given, labels), expected, rtol=1e-6)


def branching(m, x):
    return m.head(x) if x.sum() > 0 else m.head(-x)


def test_grand_refuses_what_torch_func_cannot_follow_unless_asked_to_loop() -> None:
    torch.manual_seed(0)
    model, labels = Model(branching, head=torch.nn.Linear(6, 5)), torch.tensor(SIX)
    same_sign = VECTORS.abs()
    with pytest.raises(ValueError, match="cannot follow this model.*how='loop' takes one sample at a time"):
        scores.grand(model, same_sign, labels)
    looped = scores.grand(model, same_sign, labels, how="loop")
    np.testing.assert_allclose(looped, one_at_a_time(model, same_sign, labels), rtol=1e-6)


@pytest.mark.parametrize("name", ["batch norm", "by hand"])
def test_grand_refuses_batch_statistics(name: str) -> None:
    norm = torch.nn.BatchNorm1d(6, track_running_stats=False)
    model = torch.nn.Sequential(norm, torch.nn.Linear(6, 5))
    if name == "by hand":
        model = Model(lambda m, x: m.head(x - x.mean(0)), head=torch.nn.Linear(6, 5))
    for how in ("auto", "loop"):
        with pytest.raises(ValueError, match="so that no(ne| sample) has a gradient of its own"):
            scores.grand(model, VECTORS, SIX, how=how)


def test_grand_names_what_is_wrong() -> None:
    model, (images, labels) = shaken("small-8-16-16", 3, 32), batch(3, 3, 32)
    frozen = torch.nn.Linear(6, 5).requires_grad_(False)
    cases = [
        ((model, images, labels, "first"), "'first'"),
        ((model, images, labels, "full", 9, "slow"), "'auto' or 'loop'"),
        ((model, images, labels[:2]), "3 and 2"),
        ((model, images, [0.5, 1, 2]), "labels must be N whole numbers"),
        ((model, images, [0, 1, 5]), "there is a label 5, but the model knows 5 classes"),
        ((model, images, [0, -100, 1]), "sample 1 has label -100"),
        ((model, images[:, :2], labels), "the model cannot take these images"),
        ((frozen, VECTORS[:3], labels), "no parameter of the model is trainable"),
        ((torch.nn.Conv2d(3, 5, 3), images, labels, "last"), "needs a linear layer"),
        ((torch.nn.Conv2d(3, 5, 3), images, labels), r"must return logits .*not shape \(3, 5, 30, 30\)"),
        ((model, images * NAN, labels), "gradient of sample 0 is not finite"),
    ]  # fmt: skip
    for arguments, sentence in cases:
        with pytest.raises(ValueError, match=sentence):
            scores.grand(*arguments)
    assert scores.grand(model, images, labels.double()).tolist() == scores.grand(model, images, labels).tolist()


# Forgetting


def slow_forgetting(correct: np.ndarray, never: float) -> list[float]:
    counts = []
    for history in correct.T.tolist():
        events = sum(1 for before, after in zip(history, history[1:], strict=False) if before and not after)
        counts.append(events if any(history) else never)
    return counts


@settings(max_examples=60)
@given(st.integers(2, 9), st.integers(1, 20), st.integers(0, 999))
def test_forgetting_counts_falls_from_correct_to_wrong(epochs: int, samples: int, seed: int) -> None:
    correct = np.random.default_rng(seed).random((epochs, samples)) < 0.4
    for rule, never in (("zero", 0), ("infinity", np.inf), ("maximum", epochs)):
        assert scores.forgetting(correct, rule).tolist() == slow_forgetting(correct, never)


def test_forgetting_by_the_released_codes_running_counter() -> None:
    rng = np.random.default_rng(0)
    correct = rng.random((12, 40)) < 0.5
    previous, count = np.zeros(40), np.zeros(40)
    for now in correct.astype(float):
        count += now < previous
        previous = now
    assert scores.forgetting(torch.from_numpy(correct)).tolist() == count.tolist()
    assert scores.forgetting(correct.astype(np.uint8)).tolist() == count.tolist()


@pytest.mark.parametrize(
    "correct, rule, sentence",
    [
        ([[True, False]], "zero", "1 epochs, but this score needs at least 2"),
        ([True, False], "zero", r"\(epochs, samples\)"),
        ([[0.3], [1.0]], "zero", "true and false"),
        ([[NAN], [1.0]], "zero", "true and false"),
        ([[True], [False]], "none", "one of zero, infinity, maximum"),
    ],
)
def test_forgetting_names_what_is_wrong(correct: list, rule: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        scores.forgetting(correct, rule)


def test_transposed_dynamics_are_recognised_where_shapes_allow() -> None:
    correct = np.zeros((6, 500), bool)
    with pytest.raises(ValueError, match="500 epochs of 6 samples look transposed"):
        scores.forgetting(correct.T)
    with pytest.raises(ValueError, match="500 epochs of 6 samples look transposed"):
        scores.dynamic_uncertainty(correct.T.astype(float), 2)
    assert len(scores.forgetting(correct.T, samples=6)) == 6
    with pytest.raises(ValueError, match=r"shape \(6, 500\), but there are 6 samples: epochs come first"):
        scores.forgetting(correct, samples=6)
    with pytest.raises(ValueError, match="but there are 7 samples$"):
        scores.forgetting(correct, samples=7)


# Dynamic Uncertainty


def slow_uncertainty(p: np.ndarray, window: int) -> list[float]:
    results = []
    for history in p.T:
        deviations = []
        for k in range(len(history) - window + 1):
            inside = [float(x) for x in history[k : k + window]]
            mean = sum(inside) / window
            deviations.append((sum((x - mean) ** 2 for x in inside) / (window - 1)) ** 0.5)
        results.append(sum(deviations) / len(deviations))
    return results


def released_uncertainty(p: np.ndarray, window: int) -> np.ndarray:
    """The released code's bookkeeping: deviations are added before the epoch's row arrives, then the oldest leaves."""
    rows: list[np.ndarray] = []
    total = np.zeros(p.shape[1])
    for epoch, row in enumerate(p, start=1):
        if epoch >= window:
            total += np.std(rows, axis=0, ddof=1)
            rows = rows[1:]
        rows.append(row)
    return total / (len(p) - window)


@settings(max_examples=40)
@given(st.integers(3, 6), st.integers(1, 8), st.integers(1, 12), st.integers(0, 999))
def test_dynamic_uncertainty_in_both_variants(window: int, more: int, samples: int, seed: int) -> None:
    p = np.random.default_rng(seed).random((window + more, samples))
    np.testing.assert_allclose(scores.dynamic_uncertainty(p, window), slow_uncertainty(p, window), rtol=1e-10)
    released = scores.dynamic_uncertainty(p, window, "released")
    np.testing.assert_allclose(released, released_uncertainty(p, window), rtol=1e-10)


def test_dynamic_uncertainty_takes_float16_and_any_number_of_samples() -> None:
    p = np.random.default_rng(0).random((8, 5000)).astype(np.float16)
    result = scores.dynamic_uncertainty(torch.from_numpy(p), 4)
    some = [0, 2047, 2048, 4999]
    np.testing.assert_allclose(result[some], slow_uncertainty(p[:, some], 4), rtol=1e-10)


def test_constant_probabilities_tie_exactly() -> None:
    p = np.tile([0.0, 1.0, 0.25], (12, 1))
    assert scores.dynamic_uncertainty(p, 5).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "epochs, window, variant, sentence",
    [
        (4, 5, "paper", "4 epochs, but this score needs at least 5"),
        (5, 5, "released", "5 epochs, but this score needs at least 6"),
        (4, 1, "paper", "window is 1"),
        (4, 2, "released", "at least 3 epochs"),
        (4, 2, "other", "'paper' or 'released'"),
    ],
)
def test_dynamic_uncertainty_names_what_is_wrong(epochs: int, window: int, variant: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        scores.dynamic_uncertainty(np.full((epochs, 3), 0.5), window, variant)
    for bad in (NAN, 1.5):
        with pytest.raises(ValueError, match="in \\[0, 1\\], without NaN"):
            scores.dynamic_uncertainty(np.full((9, 3), bad), 3)


# k-center


def slow_k_center(x: np.ndarray, size: int, start: int) -> list[int]:
    order, distances = [start], np.full(len(x), np.inf)
    while len(order) < size:
        distances = np.minimum(distances, ((x - x[order[-1]]) ** 2).sum(axis=1))
        distances[order] = -1
        order.append(int(np.argmax(distances)))
    return order


@settings(max_examples=60)
@given(st.integers(3, 60), st.integers(2, 6), st.integers(1, 30), st.integers(0, 999), st.booleans())
def test_k_center_is_greedy(samples: int, features: int, candidates: int, seed: int, whole: bool) -> None:
    """Whole coordinates give many exact ties and duplicates: of equals the lowest index is next."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (samples, features)).astype(float) if whole else rng.standard_t(2, (samples, features))
    x[:2, :2] = [[0, 5], [5, 0]]
    x[2] = 0  # never on one line
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coreset, "CANDIDATES", candidates)
        patch.setattr(coreset, "BLOCK", 7)
        assert scores.k_center_order(x, samples, start=1).tolist() == slow_k_center(x, samples, 1)


@pytest.mark.parametrize("spread", ["normal", "clusters", "heavy tails"])
def test_k_center_on_larger_sets(spread: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_t(3, (1500, 8)) if spread == "heavy tails" else rng.standard_normal((1500, 8))
    if spread == "clusters":
        x = x / 8 + 5 * rng.standard_normal((10, 8))[rng.integers(0, 10, 1500)]
    first = int(np.argmin(((x - x.mean(axis=0)) ** 2).sum(axis=1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coreset, "CANDIDATES", 100)
        assert scores.k_center_order(x, 400).tolist() == slow_k_center(x, 400, first)


def test_k_center_is_nested_and_takes_tensors() -> None:
    x = torch.randn(300, 5, generator=torch.Generator().manual_seed(0))
    order = scores.k_center_order(x, 200)
    assert order.dtype == np.int64 and len(set(order.tolist())) == 200
    assert scores.k_center_order(x.numpy(), 50).tolist() == order[:50].tolist()
    assert scores.k_center_order(x, 0).tolist() == []


def test_k_center_scores_fall_strictly_along_its_order() -> None:
    """So the highest n scores are the coreset of size n: what is kept is what the order keeps."""
    x = np.random.default_rng(0).standard_normal((80, 4))
    order, values = scores.k_center_order(x, 80), scores.k_center(x)
    assert (np.diff(values[order]) < 0).all()
    assert values.tolist() == scores.scores_of_order(order, 80).tolist()
    for n in (0, 7, 80):
        assert top(values, n).tolist() == sorted(order[:n].tolist())
    few = scores.k_center(x, 10)
    assert few[order[:10]].tolist() == list(range(80, 70, -1)) and (np.delete(few, order[:10]) == 0).all()


def test_an_order_as_scores_is_high_first() -> None:
    assert scores.scores_of_order([2, 0], 4).tolist() == [3, 0, 4, 0]


# Prototype distance


def test_prototype_distance_is_the_distance_to_the_class_mean() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 6)), rng.integers(0, 3, 40) * 2  # class 1 and 3 are empty
    expected = []
    for row, label in zip(x, y, strict=True):
        mean = sum(x[j] for j in range(40) if y[j] == label) / (y == label).sum()
        expected.append(sum((a - b) ** 2 for a, b in zip(row, mean, strict=True)) ** 0.5)
    np.testing.assert_allclose(scores.prototype_distance(torch.from_numpy(x), y), expected, rtol=1e-12)


LINE = np.outer(np.arange(6.0), [1, 2, -1]) + 7


@pytest.mark.parametrize(
    "embeddings, sentence",
    [
        (np.ones(5), r"matrix \(samples, features\), not an array of shape \(5,\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.array([[1.0, 2], [NAN, 0], [1, 1]]), "embedding of sample 1 is not finite"),
        (np.ones((4, 3)), "all lie on one line"),
        (LINE, "the 6 embeddings all lie on one line"),
        (LINE.astype(np.float32) * 1e-4, "all lie on one line"),
    ],
)
def test_embeddings_that_say_nothing_are_named(embeddings: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        scores.k_center(embeddings, 1)
    with pytest.raises(ValueError, match=sentence):
        scores.prototype_distance(embeddings, np.zeros(len(embeddings), dtype=int))


def test_geometry_names_what_else_is_wrong() -> None:
    x = np.random.default_rng(0).standard_normal((5, 2))
    for size, start, sentence in [(6, "mean", "size is 6"), (2, "median", "'median'"), (2, 5, "start is 5")]:
        with pytest.raises(ValueError, match=sentence):
            scores.k_center(x, size, start)
    with pytest.raises(ValueError, match="5 embeddings but 4 labels"):
        scores.prototype_distance(x, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="labels must be N whole numbers"):
        scores.prototype_distance(x, ["a", "b", "a", "b", "a"])
    for order in ([1, 1], [-1], [5]):
        with pytest.raises(ValueError, match=r"order must hold distinct indices in \[0, 5\)"):
            scores.scores_of_order(order, 5)


# Ties, and what an import costs


def test_share_of_ties() -> None:
    assert scores.share_of_ties([1, 2, 2, 3, 3, 3, 4, 5]) == 5 / 8
    assert scores.share_of_ties(torch.arange(3)) == 0 and scores.share_of_ties([]) == 0
    assert scores.share_of_ties([np.inf, np.inf]) == 1
    with pytest.raises(ValueError, match="without NaN"):
        scores.share_of_ties([1, NAN])


def test_importing_the_scores_does_not_import_torch() -> None:
    code = "import sys, drop.scores; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
