"""The architectures are the paper's, and their weights follow from the seed alone."""

import math

import pytest
import torch
from torch import nn

from drop.experiments import models

SIZES = {"lenet5": (1, 28), "resnet50": (3, 64), "small-8-16-16": (1, 28)}  # (channels, pixels); others take (3, 32)
ALL = (*models.NAMES, "small-8-16-16")


def shape(name: str) -> tuple[int, int]:
    return SIZES.get(name, (3, 32))


@pytest.mark.parametrize("name", ALL)
def test_logits_are_the_head_of_the_features(name: str) -> None:
    channels, size = shape(name)
    model = models.build(name, 7, channels, size).eval()
    images = torch.randn(3, channels, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, features = model(images), model.features(images)
        assert logits.shape == (3, 7) and features.shape == (3, model.head.in_features)
        torch.testing.assert_close(logits, model.head(features))


@pytest.mark.parametrize(
    "name, channels, size, count",
    [
        ("lenet5", 3, 32, 62_232),
        ("lenet5", 1, 28, 61_932),  # padded to 32 pixels: the first layer alone is smaller
        ("vgg16", 3, 32, 14_724_042),
        ("vgg19", 3, 32, 20_035_018),
        ("resnet18", 3, 32, 11_173_962),
        ("resnet50", 3, 32, 23_528_522),  # torchvision's 25,557,032 less 990 classes
        ("small-32-64-64", 1, 28, 144_234),
    ],
)
def test_numbers_of_parameters(name: str, channels: int, size: int, count: int) -> None:
    assert sum(p.numel() for p in models.build(name, 10, channels, size).parameters()) == count


@pytest.mark.parametrize("name", ALL)
def test_the_seed_alone_decides_the_weights(name: str) -> None:
    channels, size = shape(name)
    before = torch.get_rng_state()
    one = models.build(name, 4, channels, size, seed=5).state_dict()
    torch.rand(3)
    two = models.build(name, 4, channels, size, seed=5).state_dict()
    other = models.build(name, 4, channels, size, seed=6).state_dict()
    torch.set_rng_state(before)
    assert all(torch.equal(value, two[key]) for key, value in one.items())
    assert not torch.equal(one["head.weight"], other["head.weight"])


def test_building_leaves_torchs_global_generator_alone() -> None:
    before = torch.get_rng_state()
    for name in ALL:
        models.build(name, 4, *shape(name))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", ("lenet5", "vgg16", "resnet18"))
def test_weights_are_xavier_normal_with_gain_root_two(name: str) -> None:
    for module in models.build(name, 10).modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 10_000:
            fan = module.weight[0].numel() + module.weight[:, 0].numel()
            assert module.weight.std().item() == pytest.approx(math.sqrt(4 / fan), rel=0.03)
        if isinstance(module, nn.BatchNorm2d):
            assert module.weight.eq(1).all() and module.bias.eq(0).all() and module.running_var.eq(1).all()
        if getattr(module, "bias", None) is not None:
            assert module.bias.eq(0).all()


@pytest.mark.parametrize("name, momentum", [("vgg16", 0.01), ("vgg19", 0.01), ("lenet5", 0.01), ("resnet18", 0.1)])
def test_batch_norm_momentum_is_the_released_codes(name: str, momentum: float) -> None:
    norms = [m for m in models.build(name, 10).modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert norms and all(norm.momentum == momentum for norm in norms)


def layer_by_layer(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    for layer in model.modules():
        if not list(layer.children()):
            images = layer(images)
    return images


@pytest.mark.parametrize("channels, size", [(1, 28), (3, 32), (2, 18), (1, 17)])  # (N, 6, 7, 7) after the first stage
def test_lenets_fast_training_is_that_of_torchs_layers(channels: int, size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(9, channels, size, size, dtype=torch.float64, generator=generator)
    weights = torch.randn(9, 10, dtype=torch.float64, generator=generator)
    found = []
    for forward in (nn.Module.__call__, layer_by_layer):
        model, x = models.build("lenet5", 10, channels, size).double().train(), images.clone().requires_grad_()
        logits = forward(model, x)
        gradients = torch.autograd.grad((logits * weights).sum(), [x, *model.parameters()])
        found.append([logits, *gradients, *model.buffers()])
    for mine, usual in zip(*found, strict=True):
        torch.testing.assert_close(mine, usual, rtol=1e-9, atol=1e-9)


def test_lenets_fast_training_rounds_as_bf16_does() -> None:
    model, images = models.build("lenet5", 10, 1, 28).train(), torch.randn(64, 1, 28, 28)
    with torch.autocast("cpu", torch.bfloat16):
        mine, usual = model.body[0](images), layer_by_layer(model.body[0], images)
    assert mine.dtype == usual.dtype == torch.bfloat16
    torch.testing.assert_close(mine, usual, rtol=0.02, atol=0.02)


def test_resnet18_keeps_the_resolution_until_its_second_stage() -> None:
    model = models.build("resnet18", 10)
    seen = []
    model.body.layer1.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
    model(torch.zeros(2, 3, 32, 32))
    assert seen == [(2, 64, 32, 32)]


def test_convolutions_compute_in_channels_last() -> None:
    model = models.build("small-32-64-64", 10).eval()
    images = torch.zeros(2, 3, 32, 32).to(memory_format=torch.channels_last)
    assert model.body[:4](images).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("vgg61", 10), "unknown model 'vgg61'; nearest: vgg"),
        (("small-32-0", 10), "unknown model 'small-32-0'"),
        (("small", 10), "unknown model 'small'; nearest: small-32-64-64"),
        (("lenet5", 1), "at least 2 classes"),
        (("lenet5", 10, 0), "1 channel"),
        (("vgg16", 10, 3, 28), "vgg16 needs images of at least 32 pixels a side, got 28"),
        (("small-32-64-64", 10, 3, 15), "at least 16 pixels a side, got 15"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        models.build(*arguments)


@pytest.mark.parametrize("name", ("lenet5", "vgg16", "resnet18", "small-8-16-16"))
def test_the_smallest_size_works(name: str) -> None:
    size = models.smallest_size(name)
    assert models.build(name, 3, 1, size).eval()(torch.zeros(1, 1, size, size)).shape == (1, 3)
