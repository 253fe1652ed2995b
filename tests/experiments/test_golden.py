"""A golden curve of each family of networks: what training does today, to be compared with what it does tomorrow.

The losses of 30 steps on a few small images, in double precision, so that every instruction set and every number of
threads gives the same. In single precision none does for long: batch norm rounds at 1e-5, one ReLU or maximum in 1e5
then falls to the other side, which is one percent of a gradient, and after 30 steps two instruction sets are as far
apart as two learning rates. The first steps of fp32 are held to the same curve. After a change that is meant to change
results, `python tests/experiments/test_golden.py` writes the curves anew.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch.nn.functional as F

from drop.experiments import datasets
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SMOKE
from drop.experiments.datasets import DataSet, Split
from drop.experiments.lanes import Job, Lane

FILE = Path(__file__).with_suffix(".json")
STEPS, CLOSE = 30, 1e-6
FIRST, SINGLE = 2, 1e-3  # steps of fp32, and how close
FAMILIES = {  # network: side of the images, batch
    "small-8-16-16": (28, 32), "wide-4-8-8": (28, 32), "lenet5": (28, 32), "vgg16": (32, 2), "resnet18": (8, 8),
}  # fmt: skip


def resized(data: DataSet, side: int) -> DataSet:
    """A fifth of the images, cut or filled with black to another side."""
    cut = (side - data.train.images.shape[3]) // 2

    def part(split: Split) -> Split:
        return Split(F.pad(split.images[::5], (cut,) * 4), split.labels[::5])

    return dataclasses.replace(data, train=part(data.train), validation=part(data.validation), test=part(data.test))


def curve(model: str, steps: int = STEPS, factor: float = 1.0, dropped: int = 0, precision: str = "fp64") -> np.ndarray:
    """The losses of the first steps, at `factor` times the rate and without so many of the images."""
    side, batch = FAMILIES[model]
    how = {"model": model, "batch": batch, "precision": precision, "rate": 0.005 * factor}
    recipe = dataclasses.replace(SMOKE, **how, shift=2, epochs=1, drops=(1,))
    lane = Lane(Arena(resized(datasets.load("fashion-mnist-mini"), side), recipe))
    lane.load(Job(("golden", model), recipe, np.arange(1000 - dropped)))
    lane.fill(steps)
    for _ in range(steps):
        lane.step()
    return lane.losses[:steps].double().numpy()


def apart(model: str, steps: int = STEPS, **changes) -> float:
    """How far a curve is from the golden one, relatively, at its worst step."""
    golden = np.array(json.loads(FILE.read_text())[model][:steps])
    return float(np.abs(curve(model, steps, **changes) / golden - 1).max())


@pytest.mark.parametrize("model", FAMILIES)
def test_training_does_what_it_did(model):
    assert apart(model) < CLOSE


@pytest.mark.parametrize("model", FAMILIES)
def test_single_precision_begins_as_double_precision_does(model):
    assert apart(model, FIRST, precision="fp32") < SINGLE


@pytest.mark.parametrize("model", FAMILIES)
def test_a_rate_that_is_two_percent_higher_or_one_image_less_would_show(model):
    assert apart(model, 10, factor=1.02) > 100 * CLOSE
    assert apart(model, 10, dropped=1) > 100 * CLOSE


if __name__ == "__main__":
    FILE.write_text(json.dumps({model: curve(model).round(9).tolist() for model in FAMILIES}, indent=1) + "\n")
