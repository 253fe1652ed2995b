"""A data set on its device, from first to last: batches, evaluation, the counts of a confusion matrix."""

from __future__ import annotations

import contextlib

import torch

from drop.experiments.arithmetic import decide
from drop.experiments.benchmarks import Recipe
from drop.experiments.datasets import DataSet, Split
from drop.experiments.models import Network


class Arena:
    """A data set on its device as uint8, with what turns it into batches.

    images: uint8 (N, (S + 2 shift)^2, C), padded with zeros once, so that mirroring and moving are one gather.
    """

    def __init__(self, data: DataSet, recipe: Recipe, device: str | torch.device = "cpu"):
        self.device, self.recipe, self.num_classes = torch.device(device), recipe, len(data.classes)
        self.arithmetic = decide(recipe.precision, self.device)
        self.labels = data.train.labels.to(self.device)
        self.images = self._padded(data.train, recipe.shift)
        _, self.channels, self.size, width = data.train.images.shape
        if width != self.size:
            raise ValueError(f"images are {width} x {self.size} pixels, but must be square: resize them first")
        pixels = data.train.images.flatten(2).permute(1, 0, 2).flatten(1)  # (C, N * S * S)
        counts = torch.stack([torch.bincount(channel, minlength=256) for channel in pixels]).double()
        levels = torch.arange(256, dtype=torch.float64) / 255
        mean = (counts * levels).sum(1) / counts.sum(1)
        variance = (counts * levels**2).sum(1) / counts.sum(1) - mean**2
        self.mean = mean.float().to(self.device)
        self.scale = variance.clamp_min(1e-6).rsqrt().float().to(self.device)
        self.held_out = {"validation": self._padded(data.validation, 0), "test": self._padded(data.test, 0)}
        self.held_out_labels = {"validation": data.validation.labels.to(device), "test": data.test.labels.to(device)}
        self.num_strata = len(data.strata)
        self.groups = data.train.strata.to(self.device)  # or classes, where there are none
        self.strata = {"validation": data.validation.strata.to(device), "test": data.test.strata.to(device)}

    def _padded(self, split: Split, shift: int) -> torch.Tensor:
        padded = torch.nn.functional.pad(split.images, (shift,) * 4)
        return padded.permute(0, 2, 3, 1).flatten(1, 2).contiguous().to(self.device)  # (N, pixels, C)

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 (..., C) -> float (..., C) with mean 0 and variance 1 over the training set."""
        return (images.float() / 255 - self.mean) * self.scale

    def nchw(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 (n, S * S, C) -> normalised float (n, C, S, S), channels last."""
        return self.normalise(images).unflatten(1, (self.size, self.size)).permute(0, 3, 1, 2)

    def send(self, values: torch.Tensor) -> torch.Tensor:
        """Values of the host on the device, without waiting until it has done what it was asked before."""
        return values.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else values

    def batches(self, indices: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Training images float (n, S, S, C) at these indices, augmented where a generator is given."""
        n, shift, side = len(indices), self.recipe.shift, self.size
        ramp = torch.arange(side, device=self.device)
        rows = columns = (ramp + shift).expand(n, side)
        if generator is not None:  # drawn on the CPU, so that every device sees the same images
            drawn = self.send(torch.rand(n, 3, 1, generator=generator))  # image by image, however they are cut up
            down, right = (drawn[:, :2] * (2 * shift + 1)).long().unbind(1)
            mirrored = (drawn[:, 2] < 0.5) & self.recipe.flip
            rows, columns = ramp + down, torch.where(mirrored, side - 1 - ramp, ramp) + right
        rows = (indices[:, None] * (side + 2 * shift) + rows) * (side + 2 * shift)
        pixels = (rows[:, :, None] + columns[:, None, :]).flatten()
        return self.normalise(self.images.flatten(0, 1).index_select(0, pixels)).view(n, side, side, -1)

    def autocast(self) -> contextlib.AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.arithmetic.name == "bf16")

    @torch.no_grad()
    def apply(self, network: Network, images: torch.Tensor, batch: int = 1000) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings float16 (N, D) and logits float32 (N, K) of uint8 images (N, S * S, C), in evaluation mode."""
        network.eval()
        embeddings, logits = [], []
        for part in images.split(batch):
            with self.autocast():
                features = network.features(self.nchw(part).to(self.arithmetic.weights))
                logits.append(network.head(features).float())
            embeddings.append(features.half())
        network.train()
        return torch.cat(embeddings), torch.cat(logits)

    def train_images(self) -> torch.Tensor:
        """The training images without padding, uint8 (N, S * S, C)."""
        side = self.size + 2 * self.recipe.shift
        inner = slice(self.recipe.shift, self.recipe.shift + self.size)
        return self.images.unflatten(1, (side, side))[:, inner, inner].flatten(1, 2)

    def predictions(self, network: Network, split: str) -> torch.Tensor:
        """Predicted classes int64 (n,) of the "validation" or "test" images, left on the device."""
        return self.apply(network, self.held_out[split])[1].argmax(1)

    def confusion(self, predictions: torch.Tensor, split: str) -> torch.Tensor:
        """Counts int64 (G, K), true group x predicted class; without groups (K, K), true class x predicted class."""
        G, K = self.num_strata, self.num_classes
        return torch.bincount(self.strata[split] * K + predictions, minlength=G * K).view(G, K)
