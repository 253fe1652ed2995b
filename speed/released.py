"""The paper's released code as a benchmark sees it: its own Trainer on its own data pipeline, a few images only."""

from __future__ import annotations

import importlib
import logging
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Subset

from drop.experiments import datasets
from drop.experiments.models import build


def mount(checkout: Path) -> None:
    """Make the checkout importable as `theirs`, whatever its folder is called."""
    package = sys.modules.setdefault("theirs", types.ModuleType("theirs"))
    package.__path__ = [str(checkout)]
    importlib.import_module("torchvision")  # looks at every installed package: before the stand-in below
    try:
        importlib.import_module("sklearn.metrics")
    except ImportError:  # without it their metrics cost nothing, which favours them
        sys.modules["sklearn"] = types.ModuleType("sklearn")
        sys.modules["sklearn.metrics"] = types.ModuleType("sklearn.metrics")
        sys.modules["sklearn.metrics"].precision_recall_fscore_support = lambda *_, **__: np.ones((4, 2))
    logging.disable(logging.INFO)


def throughput(checkout: Path, network: str, dataset: str, batch: int, seconds: float) -> float:
    """Training images a second, validation included: one epoch on as many images as fit into the time."""
    mount(checkout)
    data = data_of(dataset, 32 if network != "small-32-64-64" else 28)
    held_out = {split: data.full_datasets[split] for split in ("val", "test")}

    def epoch(samples: int) -> float:
        data.selected_idxs = list(range(samples))
        for split, whole in held_out.items():  # as many of the test images as of the training images
            size = max(1, round(samples * len(whole) / data.full_length))
            data.full_datasets[split] = Subset(whole, [i * len(whole) // size for i in range(size)])
        begin = time.perf_counter()
        trainer(network, data, batch).train()
        return samples / (time.perf_counter() - begin)

    probe = epoch(batch)
    return epoch(min(data.full_length, max(batch, int(probe * seconds) // batch * batch)))


def trainer(network: str, data, batch: int):
    """Their Trainer as their main program makes it, for one epoch."""
    module = importlib.import_module("theirs.trainer")
    return module.Trainer(
        model=model_of(network, data), data=data, aug_key=True, lr=0.1, weight_decay=1e-4, batch_size=batch,
        early_stopping=False, patience=0, epochs=1, lr_drops=[], init_id=-1, iter_id=0, ckpt_path="", fileid="",
        scorer=None, select_size=0, verbose=True,
    )  # fmt: skip


def model_of(network: str, data):
    """Their LeNet-5 or VGG-16; the laptop's network, which they do not have, in their base class."""
    models = importlib.import_module("theirs.models")
    names = {"lenet5": "LeNet5", "vgg16": "VGG16"}
    if network in names:
        how = {"in_shape": data.in_shape, "num_classes": data.num_classes, "dropout": 0, "device": torch.device("cpu")}
        return models.ModelFactory(names[network], **how)
    model = models.ClassificationModelBase(torch.device("cpu"))
    inner = build(network, data.num_classes, *data.in_shape[:2]).to(memory_format=torch.contiguous_format)
    model.extractor, model.classifier = inner.body, inner.head
    model.initialize()
    return model


def data_of(dataset: str, size: int):
    """Their CIFAR-10; Fashion-MNIST, which they do not have, in their base class, mirrored as ours is."""
    vision = importlib.import_module("theirs.data.vision.vision_data")
    how = {"strategy": 1, "start_frac": 1.0}
    if dataset == "cifar10":
        return importlib.import_module("theirs.data.vision.cifar10").CIFAR10(path=datasets.data_root(), **how)
    from torchvision.datasets import FashionMNIST
    from torchvision.transforms import Compose, Normalize, Pad, RandomHorizontalFlip, ToTensor

    plain = [Pad((size - 28) // 2), ToTensor(), Normalize((0.2860,), (0.3530,))]

    class Fashion(vision.VisionDataBase):
        def __init__(self, path: Path):
            train = {
                augmented: FashionMNIST(
                    path, train=True, transform=Compose([RandomHorizontalFlip()] * augmented + plain)
                )
                for augmented in (True, False)
            }
            self.full_datasets = {"train": train, "test": FashionMNIST(path, train=False, transform=Compose(plain))}
            self.num_classes, self.in_shape = 10, (1, size, size)
            super().__init__(**how)

    return Fashion(datasets.data_root())
