"""What the scores cost, beside the paper's released code: python -m speed.scores [CHECKOUT] [--json FILE]

CHECKOUT is a clone of github.com/avysogorets/fair-data-pruning; without it only this package is measured. Nothing else
may run meanwhile. Images and embeddings are random: the cost does not depend on them. "scaled" in a row means that the
released code ran on a part only, and that its time was multiplied up.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import platform
import sys
import time
import tracemalloc
import types
from pathlib import Path

import numpy as np
import torch

from drop import scores
from drop.experiments import models
from speed.training import save

SAMPLES, CLASSES, EPOCHS, WINDOW, BATCH = 50_000, 10, 160, 10, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", nargs="?", type=Path, help="a clone of the released code")
    parser.add_argument("--json", type=Path, help="where to write the results")
    arguments = parser.parse_args()
    if arguments.checkout and not (arguments.checkout / "scorers").is_dir():
        parser.error(f"{arguments.checkout} holds no scorers/: it is no checkout of the released code")
    released = bool(arguments.checkout)
    if released:
        mount(arguments.checkout)
    rows = []
    for measure in (grand, k_center, dynamics):
        for found in measure(released):
            rows.append(found)
            beside = f"released {found['released']:>9.3g}   {found['times']:>6.1f} times" if released else ""
            line = f"{found['what']:<52} {found['unit']:<10} {found['ours']:>9.3g}   {beside}   {found['note']}"
            print(line, flush=True)
    if arguments.json:
        save({"machine": machine(), "rows": rows}, arguments.json)


def mount(checkout: Path) -> None:
    """Make the checkout importable as `released` without running its package files, which import what we don't need."""
    importlib.import_module("tqdm.auto").tqdm = lambda steps, **_: steps  # no progress bars
    for name, path in [("released", checkout), *((f"released.{d}", checkout / d) for d in ("models", "scorers"))]:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [str(path)]
    try:
        importlib.import_module("sklearn.metrics")
    except ImportError:  # only its metrics use it, and they aren't measured here
        sys.modules["sklearn"] = types.ModuleType("sklearn")
        sys.modules["sklearn.metrics"] = types.ModuleType("sklearn.metrics")
        sys.modules["sklearn.metrics"].precision_recall_fscore_support = None


def grand(released: bool) -> list[dict]:
    """Samples a second on LeNet-5, 32 x 32 pixels, one channel; both codes get the same weights and must agree."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(5_000, 1, 32, 32, generator=generator)
    labels = torch.randint(0, CLASSES, (5_000,), generator=generator)
    model = models.build("lenet5", CLASSES, 1, 32)
    ours = len(images) / best(lambda: scores.grand(model, images, labels))
    if not released:
        return [row("GraNd, LeNet-5", "samples/s", ours)]
    theirs = importlib.import_module("released.models.lenet5").LeNet5(torch.device("cpu"), (1, 32, 32), CLASSES, 0.0)
    shared = zip(theirs.state_dict(), model.state_dict().values(), strict=True)
    theirs.load_state_dict({name: value.reshape(theirs.state_dict()[name].shape) for name, value in shared})
    scorer = importlib.import_module("released.scorers.gradient").GradientBased(
        ly_name="oracle", strategy=1, aug_key=False
    )
    few = 500
    pool = list(zip(images[:few], labels[:few].tolist(), strict=True))
    data = types.SimpleNamespace(pool_idxs=range(few), num_classes=CLASSES, get_pool_dataset=lambda _: pool)
    seconds = best(lambda: scorer.score(theirs, data), repeats=2)
    worst = np.abs(scorer.score(theirs, data) / scores.grand(model, images[:few], labels[:few]) - 1).max()
    return [row("GraNd, LeNet-5", "samples/s", ours, few / seconds, f"largest relative difference {worst:.1e}")]


def k_center(released: bool) -> list[dict]:
    """Seconds for 10 % of 60,000 embeddings of width 64, and the peak of memory that they take."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((10, 64))[rng.integers(0, 10, 60_000)] + rng.standard_normal((60_000, 64)), 0)
    x = x.astype(np.float32)
    ours = best(lambda: scores.k_center_order(x, 6_000))
    tracemalloc.start()
    scores.k_center_order(x, 6_000)
    what = f"k-center, 6,000 of 60,000 x 64, peak {tracemalloc.get_traced_memory()[1] / 1e9:.2f} GB"
    tracemalloc.stop()
    if not released:
        return [row(what, "seconds", ours)]
    scorer = importlib.import_module("released.scorers.coreset").CoreSet(strategy=1, aug_key=False)
    first = scores.k_center_order(x, 1)
    steps = 40
    seconds = best(lambda: scorer._greedy_k_center(x[first], x, steps), repeats=2) * 6_000 / steps
    same = scorer._greedy_k_center(x[first], x, steps) == scores.k_center_order(x, steps + 1)[1:].tolist()
    note = f"scaled from {steps} steps; the same centres: {'yes' if same else 'no'}"
    return [row(what, "seconds", ours, seconds, note)]


def dynamics(released: bool) -> list[dict]:
    """Seconds for the scores of 50,000 samples from five models' probabilities, or from 160 epochs of dynamics."""
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.standard_normal((5, SAMPLES, CLASSES), dtype=np.float32))
    labels = rng.integers(0, CLASSES, SAMPLES)
    probabilities = logits.softmax(-1)
    correct, confidence = rng.random((EPOCHS, SAMPLES)) < 0.8, rng.random((EPOCHS, SAMPLES)).astype(np.float16)
    ours = {
        "EL2N of 5 models": best(lambda: scores.el2n(probabilities, labels)),
        "Forgetting over 160 epochs": best(lambda: scores.forgetting(correct)),
        "Dynamic Uncertainty over 160 epochs": best(lambda: scores.dynamic_uncertainty(confidence, WINDOW)),
    }
    if not released:
        return [row(what, "seconds", seconds) for what, seconds in ours.items()]
    el2n = importlib.import_module("released.scorers.el2n").EL2N("oracle", strategy=1, aug_key=False)
    forgetting = importlib.import_module("released.scorers.forgetting").Forgetting(SAMPLES, strategy=1, aug_key=False)
    uncertainty = importlib.import_module("released.scorers.dynamic_uncertainty").DynamicUncertainty(
        SAMPLES, J=2, strategy=1, aug_key=False
    )  # windows of one epoch cost least, so the comparison is fair to it in two epochs
    targets = torch.from_numpy(labels)
    theirs = {
        "EL2N of 5 models": best(lambda: [el2n._oracle_ly(p, targets) for p in probabilities]),
        "Forgetting over 160 epochs": epoch(forgetting, logits[0], targets) * EPOCHS,
        "Dynamic Uncertainty over 160 epochs": epoch(uncertainty, logits[0], targets) * EPOCHS,
    }
    notes = ["", "scaled from 1 epoch", "scaled from 1 epoch"]
    return [row(what, "seconds", ours[what], theirs[what], note) for what, note in zip(ours, notes, strict=True)]


def epoch(scorer, logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Seconds that the released code's scorer adds to one epoch of training (its first, which costs least)."""
    begin = time.perf_counter()
    for step, indices in enumerate(torch.arange(SAMPLES).split(BATCH)):
        scorer.score(idxs=indices, logits=logits[indices], y=labels[indices], iter=step)
    return time.perf_counter() - begin


def best(work, repeats: int = 3) -> float:
    """Seconds of the fastest of a few calls."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def row(what: str, unit: str, ours: float, released: float | None = None, note: str = "") -> dict:
    times = None if released is None else (released / ours if unit == "seconds" else ours / released)
    return {"what": what, "unit": unit, "ours": ours, "released": released, "times": times, "note": note}


def machine() -> dict:
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),  # other work on the machine makes all numbers indicative
        "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
    }  # fmt: skip


if __name__ == "__main__":
    main()
