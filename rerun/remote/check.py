"""Is the device fit to measure? python -m rerun.remote.check [--device cuda], at most 90 seconds; exit code 0 if it is.

Captured steps against eager ones in fp32, one network and three; the paper's network in its own precision, four at a
time, with the time of a step; and one short run from query models to its record.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time

import numpy as np
import torch

from drop.experiments import datasets
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SMOKE, Benchmark, benchmark, plan
from drop.experiments.datasets import DataSet, Split
from drop.experiments.lanes import Job, Lane
from drop.experiments.records import Store
from drop.experiments.runs import measure
from drop.experiments.training import Eager, Graphs

STEPS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    device = parser.parse_args().device
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU that torch can use")
    print(torch.__version__, torch.version.cuda, torch.cuda.get_device_name() if device == "cuda" else "cpu")
    twin(device)
    paper(device)
    run(device)
    print("fit")


def losses(arena: Arena, kind: type, count: int, samples: int) -> tuple[np.ndarray, float]:
    """Losses (count, STEPS) of as many networks, and the seconds of a second round of steps."""
    job = Job(("check",), dataclasses.replace(arena.recipe, epochs=99, evaluations=1), np.arange(samples))
    lanes = [Lane(arena) for _ in range(count)]
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
        advance = kind(lanes)
        for number, lane in enumerate(lanes):
            lane.load(dataclasses.replace(job, name=("check", number)))
            lane.fill(STEPS)
        advance(lanes, STEPS)
        found = torch.stack([lane.losses[:STEPS] for lane in lanes]).cpu().numpy()
        for lane in lanes:
            lane.fill(STEPS)
        begin = time.perf_counter()
        advance(lanes, STEPS)
        torch.stack([lane.losses.sum() for lane in lanes]).tolist()  # waits for the device
    return found, time.perf_counter() - begin


def twin(device: str) -> None:
    """Captured steps are eager steps."""
    arena = Arena(datasets.load("fashion-mnist-mini"), dataclasses.replace(SMOKE, batch=64), device)
    for count in (1, 3):
        eager, _ = losses(arena, Eager, count, 1280)
        captured, _ = losses(arena, Graphs if device == "cuda" else Eager, count, 1280)
        np.testing.assert_allclose(captured, eager, rtol=2e-3)
        print(f"{count} captured against eager: largest relative difference {abs(captured / eager - 1).max():.1e}")


def paper(device: str) -> None:
    """The paper's network learns random labels a little, and as fast as it should."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (512, 3, 32, 32), np.uint8), rng.integers(0, 10, 512)
    split = Split(torch.from_numpy(images), torch.from_numpy(labels))
    data = DataSet("noise", tuple("0123456789"), split, split, split, "")
    recipe = benchmark("cifar10", "paper").recipe
    if device == "cpu":  # a rehearsal
        recipe = dataclasses.replace(recipe, model=SMOKE.model, batch=2)
    for count in (1, 4) if device == "cuda" else (1,):
        found, seconds = losses(Arena(data, recipe, device), Graphs if device == "cuda" else Eager, count, 512)
        assert np.isfinite(found).all(), "a loss is not finite"
        each = 1e3 * seconds / STEPS / count
        print(f"{count} x {recipe.model}, batch {recipe.batch}: {each:.3f} ms a step and network")


def run(device: str) -> None:
    """One run with its query models, into a store of its own."""
    recipe = dataclasses.replace(SMOKE, epochs=1, short_queries=1, precision="bf16")
    runs = plan(Benchmark("check", "smoke", "fashion-mnist-mini", recipe), ["random+drop"], [0.5])
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder, also=())
        measure(runs, store, workers=1, device=device, lanes=2)
        found = [store.get(each.key) for each in runs]
    assert all(found), "a run left no record"
    print(f"{len(found)} runs left their records, {[round(record['seconds'], 1) for record in found]} s")


if __name__ == "__main__":
    main()
