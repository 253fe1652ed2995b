"""The paper's architectures, and the small network of the laptop scale.

Every network is a `Network`: a body that turns images into embeddings, and one linear head. Its name is one of
the paper's, or a specification of the small network such as "small-32-64-64", with the widths of its blocks; "wide-…"
is the same with a stem that keeps the resolution.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from pathlib import Path

import torch
from torch import nn

VGG_WIDTHS = {  # output channels of the 3x3 convolutions; "pool" halves the image
    "vgg16": (64, 64, "pool", 128, 128, "pool", *3 * (256,), "pool", *3 * (512,), "pool", *3 * (512,), "pool"),
    "vgg19": (64, 64, "pool", 128, 128, "pool", *4 * (256,), "pool", *4 * (512,), "pool", *4 * (512,), "pool"),
}
PRETRAINED = "-imagenet"  # at the end of a name: torchvision's weights, but for the head
NAMES = ("lenet5", "vgg16", "vgg19", "resnet18", "resnet50", "small-32-64-64", "wide-64-128-256")
PAPER_MOMENTUM = 0.01  # torch's convention: a new batch weighs 1 %, the running statistics 99 %


class Network(nn.Module):
    """A classifier in two parts: `head(features(images))`.

    Images are float (N, channels, size, size), embeddings (N, D), logits (N, num_classes).
    """

    def __init__(self, body: nn.Module, width: int, num_classes: int):
        super().__init__()
        self.body = body
        self.head = nn.Linear(width, num_classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Embeddings (N, D): what the linear head sees."""
        return self.body(images)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))


class Cosine(nn.Linear):
    """A head that gives cosines, in fp32 also under autocast: they are multiplied by 10 to 30 before they are used."""

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        with torch.autocast(embeddings.device.type, enabled=False):
            return nn.functional.linear(*(nn.functional.normalize(x.float()) for x in (embeddings, self.weight)))


class Patches(torch.autograd.Function):
    """The 6 x 6 pixels that 2 x 2 outputs of a 5 x 5 convolution see: (C, H, W, N) -> (36 C, (H/2 - 2) (W/2 - 2) N)."""

    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.unfold(1, 6, 2).unfold(2, 6, 2).permute(0, 4, 5, 1, 2, 3).reshape(36 * len(x), -1)

    @staticmethod
    def backward(ctx, g):
        (C, H, _, N), half = ctx.shape, ctx.shape[1] // 2 - 2
        x = g.new_zeros(C, H // 2, 2, H // 2, 2, N)
        g = g.view(C, 3, 2, 3, 2, half, half, N).permute(1, 3, 0, 5, 2, 6, 4, 7)
        for i in range(3):
            for j in range(3):
                x[:, i : i + half, :, j : j + half] += g[i, j]
        return x.view(ctx.shape)


class Stage(nn.Sequential):
    """A 5 x 5 convolution, batch norm, ReLU and means of 2 x 2 pixels; in training the convolution is a matrix product.

    PyTorch's kernels are slow where channels are few. Here samples vary fastest in memory, and the four outputs that
    are averaged come from one column of patches: the same function, rounding aside. Images of odd size are left to the
    layers, and so is evaluation, where GraNd watches them.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        convolution, norm, relu, _ = self
        if not self.training or x.shape[2] % 2:
            return super().forward(x)
        (O, C), p = convolution.weight.shape[:2], convolution.padding[0]
        x = x.permute(1, 2, 3, 0)  # (C, H, W, N)
        x = nn.functional.pad(x, (0, 0, p, p, p, p)) if p else x.contiguous()
        w = nn.functional.pad(convolution.weight, (1,) * 4).unfold(2, 6, 1).unfold(3, 6, 1)  # (O, C, 2, 2, 6, 6)
        y = w.permute(0, 2, 3, 1, 4, 5).reshape(4 * O, 36 * C) @ Patches.apply(x)
        y = relu(norm(y.view(1, O, 4, -1))).mean(2)
        return y.view(O, x.shape[1] // 2 - 2, -1, x.shape[3]).permute(3, 0, 1, 2)


def build(
    name: str, num_classes: int, channels: int = 3, size: int = 32, seed: int = 0, cosine: bool = False
) -> Network:
    """A freshly initialised network in channels_last memory format, on the CPU.

    The same seed gives the same weights; torch's global generators are neither read nor advanced. Weights are Xavier
    normal with gain sqrt(2), biases zero, as in the paper's released code.

    name: one of `NAMES`, or "small-A-B-…" with the widths of its blocks
    channels, size: of the square images
    cosine: let the head give the cosines of embeddings with class directions instead of logits
    ValueError for an unknown name, fewer than two classes, or images too small for the network's poolings.
    """
    _check(name, num_classes, channels, size)
    with torch.device("meta"):  # shapes only: torch's own initialisation would advance its global generator
        if name == "lenet5":
            network = _lenet5(num_classes, channels, size)
        elif name in VGG_WIDTHS:
            network = _vgg(VGG_WIDTHS[name], num_classes, channels, size)
        elif name.startswith("resnet"):
            network = _resnet(name, num_classes, channels)
        else:
            network = _small(small_widths(name), num_classes, channels, 1 if name.startswith("wide") else 2)
        if cosine:
            network.head = Cosine(network.head.in_features, num_classes, bias=False)
    network = network.to_empty(device="cpu")
    _initialise(network, torch.Generator().manual_seed(seed))
    if name.endswith(PRETRAINED):
        network.body.load_state_dict(imagenet_weights(name.removesuffix(PRETRAINED)))
    return network.to(memory_format=torch.channels_last)


def small_widths(name: str) -> tuple[int, ...]:
    """The widths of a small or wide network's blocks: "small-32-64-64" -> (32, 64, 64); empty for any other name."""
    return tuple(map(int, name.split("-")[1:])) if re.fullmatch(r"(small|wide)(-[1-9]\d*)+", name) else ()


def smallest_size(name: str) -> int:
    """Side of the smallest image, in pixels, that survives the network's poolings."""
    if widths := small_widths(name):
        return 2 ** (len(widths) + 1)
    return {"lenet5": 16, "vgg16": 32, "vgg19": 32}.get(name, 1)


@functools.cache
def imagenet_weights(name: str) -> dict[str, torch.Tensor]:
    """torchvision's first weights for ImageNet without the head, from its cache or the network; else OSError."""
    from torchvision.models import get_model_weights

    weights = get_model_weights(name)["IMAGENET1K_V1"]
    try:
        state = weights.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        where = Path(torch.hub.get_dir(), "checkpoints")
        raise OSError(
            f"the ImageNet weights of {name} could not be downloaded ({error}): put {Path(weights.url).name} "
            f"({weights.url}) into {where}, or train from scratch with the model {name!r}"
        ) from error
    return {parameter: value for parameter, value in state.items() if not parameter.startswith("fc.")}


def _check(name: str, num_classes: int, channels: int, size: int) -> None:
    if name not in (*NAMES, f"resnet50{PRETRAINED}") and not small_widths(name):
        near = difflib.get_close_matches(name, NAMES, n=2, cutoff=0.4) or NAMES
        raise ValueError(f"unknown model {name!r}; nearest: {', '.join(near)} (small-A-B-C takes any widths)")
    if num_classes < 2 or channels < 1:
        raise ValueError(f"a classifier needs at least 2 classes and 1 channel, got {num_classes} and {channels}")
    if size < smallest_size(name):
        raise ValueError(f"{name} needs images of at least {smallest_size(name)} pixels a side, got {size}")


def _initialise(network: nn.Module, generator: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_normal_(module.weight, gain=math.sqrt(2), generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_parameters()  # ones and zeros


def _lenet5(num_classes: int, channels: int, size: int) -> Network:
    """LeNet-5 with batch norm, as released with the paper; pads images of 28 pixels to 32, as LeCun et al. (1998)."""
    padding = 2 if size == 28 else 0
    side = ((size + 2 * padding - 4) // 2 - 4) // 2
    body = nn.Sequential(
        Stage(*_convolution(channels, 6, kernel=5, padding=padding, momentum=PAPER_MOMENTUM), nn.AvgPool2d(2)),
        Stage(*_convolution(6, 16, kernel=5, padding=0, momentum=PAPER_MOMENTUM), nn.AvgPool2d(2)),
        nn.Flatten(),  # (N, 400)
        *_linear(16 * side**2, 120),
        *_linear(120, 84),
    )
    return Network(body, 84, num_classes)


def _linear(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs, momentum=PAPER_MOMENTUM), nn.ReLU()]


def _vgg(widths: tuple, num_classes: int, channels: int, size: int) -> Network:
    """VGG with batch norm and one linear layer (Simonyan and Zisserman 2015, in the released code's form)."""
    layers: list[nn.Module] = []
    for width in widths:
        if width == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += _convolution(channels, width, kernel=3, padding=1, momentum=PAPER_MOMENTUM)
            channels = width
    return Network(nn.Sequential(*layers, nn.Flatten()), channels * (size // 32) ** 2, num_classes)


def _resnet(name: str, num_classes: int, channels: int) -> Network:
    """torchvision's ResNet; ResNet-18 with a 3x3 stem and no max-pool, for small images."""
    from torchvision.models import resnet

    body = getattr(resnet, name.removesuffix(PRETRAINED))(weights=None)
    if name == "resnet18":
        body.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
        body.maxpool = nn.Identity()
    else:
        body.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
    width, body.fc = body.fc.in_features, nn.Identity()
    return Network(body, width, num_classes)


def _small(widths: tuple[int, ...], num_classes: int, channels: int, stride: int) -> Network:
    """A narrow network after airbench (Jordan 2024): a cheap stem, then blocks that pool before they normalise."""
    stem = max(1, widths[0] // 2)
    layers = [nn.Conv2d(channels, stem, 2, stride=stride, bias=False), nn.BatchNorm2d(stem), nn.ReLU()]
    for before, width in zip((stem, *widths), widths, strict=False):
        layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.MaxPool2d(2)]
        layers += [nn.BatchNorm2d(width), nn.ReLU(), *_convolution(width, width, kernel=3, padding=1, momentum=0.1)]
    return Network(nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten()), widths[-1], num_classes)


def _convolution(inputs: int, outputs: int, kernel: int, padding: int, momentum: float) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False)
    return [convolution, nn.BatchNorm2d(outputs, momentum=momentum), nn.ReLU()]
