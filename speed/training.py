"""What training costs, beside the paper's released code: python -m speed.training [--released CHECKOUT] [--out FILE]

CHECKOUT is a clone of github.com/avysogorets/fair-data-pruning; without it only this package is measured. Nothing else
may run meanwhile. The CPU's part takes about six minutes, the GPU's (--device cuda) under three.

On a CPU each code runs as its user would run it: theirs its Trainer, a DataLoader in the main process and validation
after every epoch; ours one process a core, as `drop run` does, evaluation as in the recipe. Both train on real images
with augmentation. On a GPU: images a second for 1, 2, 4 and 8 networks side by side, their share of the measured bf16
matrix rate, and what a full run and the paper's grid follow from it.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import multiprocessing
import os
import platform
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from drop.experiments import datasets, records
from drop.experiments.arena import Arena
from drop.experiments.arithmetic import DTYPES, SETTING, instructions, native_bf16
from drop.experiments.benchmarks import FASHION, VGG16, Recipe, benchmark
from drop.experiments.datasets import DataSet, Split
from drop.experiments.lanes import Job
from drop.experiments.machine import cores
from drop.experiments.models import build
from drop.experiments.training import train
from drop.places import MEASURED

NETWORKS = {  # on a CPU: data set, recipe
    "lenet5": ("fashion-mnist", dataclasses.replace(FASHION, model="lenet5", batch=128)),
    "small-32-64-64": ("fashion-mnist", dataclasses.replace(FASHION, batch=128)),
    "vgg16": ("cifar10", VGG16),
}
SHAPES = {"fashion-mnist": (1, 28), "cifar10": (3, 32)}  # channels, side
PATIENCE = 300  # seconds within which all processes must be ready to be timed
GRID = 162  # full runs that the paper's CIFAR-10 grid is worth: 8 pruners, 9 densities, 3 seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--released", type=Path, help="a clone of the released code")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seconds", type=float, default=15, help="how long to measure each network in each code")
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--out", type=Path, help="where to write the results as JSON")
    options = parser.parse_args()
    if options.released and not (options.released / "trainer.py").is_file():
        parser.error(f"{options.released} holds no trainer.py: it is no checkout of the released code")
    found = {"machine": machine(options.device)}
    if options.device == "cuda":
        found["gpu"] = gpu(options.seconds)
    else:
        found["cpu"] = []
        found["peak_flops"] = {name: matrix_rate("cpu", 2048, name) * cores() for name in arithmetics()}
        print(f"{len(options.networks)} networks, up to {6 * options.seconds:.0f} s each", flush=True)
        for name in options.networks:
            theirs = released(name, options.released, options.seconds)
            for arithmetic, peak in found["peak_flops"].items():
                found["cpu"].append(beside(name, arithmetic, options.seconds, peak, theirs))
        slower(found)
    found["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    if options.out:
        save(found, options.out)


def save(found: dict, path: Path) -> None:
    """Write results as JSON, at one stroke: what is there is whole, whenever the measurement is interrupted."""
    records.write(path, json.dumps(found, indent=1) + "\n")


def arithmetics() -> list[str]:
    """What this CPU is measured in: fp32, and bf16 where it has it; elsewhere that would take minutes a product."""
    return ["bf16", "fp32"] if native_bf16(torch.device("cpu"))[0] else ["fp32"]


def released(name: str, checkout: Path | None, seconds: float) -> float | None:
    """Training images a second of one network in the released code."""
    if not checkout:
        return None
    from speed.released import throughput

    dataset, recipe = NETWORKS[name]
    return round(throughput(checkout, name, dataset, recipe.batch, seconds), 1)


def beside(name: str, arithmetic: str, seconds: float, peak: float, theirs: float | None) -> dict:
    """Images a second of one network in one arithmetic, beside the released code's, and our share of the peak in it."""
    dataset, recipe = NETWORKS[name]
    row = {"network": name, "arithmetic": arithmetic, "dataset": dataset, "batch": recipe.batch}
    os.environ[SETTING] = arithmetic  # the processes that train read it
    row["ours"] = round(ours(name, seconds), 1)
    row["share_of_peak"] = round(row["ours"] * flops(name, *SHAPES[dataset]) / peak, 3)
    if theirs:
        row |= {"released": theirs, "times": round(row["ours"] / theirs, 1)}
    print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


def slower(found: dict, folder: Path = MEASURED / "speed") -> list[str]:
    """Warn of every network that trains slower, by more than a tenth, than in the last measurement on such a CPU.

    Of measurements with another version of torch, so that a new one that is slower does not pass unseen.
    """
    here, earlier = (
        found["machine"],
        [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("training*.json")],
    )
    alike = [run for run in earlier if "cpu" in run and run["machine"]["torch"] != here["torch"]
             and all(run["machine"][name] == here[name] for name in ("device", "cores"))]  # fmt: skip
    if not alike:
        return []
    last = max(alike, key=lambda run: run["machine"]["date"])
    before = {(row["network"], row.get("arithmetic", "bf16")): row["ours"] for row in last["cpu"]}
    lines = []
    for row in found["cpu"]:
        rate = before.get((row["network"], row["arithmetic"]), 0)
        if row["ours"] < 0.9 * rate:
            lines.append(f"warning: {row['network']} in {row['arithmetic']}: {row['ours']} images a second with torch "
                         f"{here['torch']}, {rate} with {last['machine']['torch']}")  # fmt: skip
            print(lines[-1], flush=True)
    return lines


def ours(name: str, seconds: float) -> float:
    """Images a second of as many processes as there are cores, each training a network of its own on one thread.

    Missing data are an error before any process starts; BrokenBarrierError where one of them does not get ready.
    """
    datasets.load(NETWORKS[name][0])
    count = cores()
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(count + 1, timeout=PATIENCE), context.Queue()
    workers = [context.Process(target=_work, args=(name, seconds, start, results), daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    start.wait()
    rates = [results.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    return sum(rates)


def _work(name: str, seconds: float, start, results) -> None:
    torch.set_num_threads(1)
    dataset, recipe = NETWORKS[name]
    data = datasets.load(dataset)
    rate = timed(data, recipe, 4 * recipe.batch)
    samples = max(8 * recipe.batch, int(rate * seconds) // recipe.batch * recipe.batch)
    start.wait()
    results.put(timed(data, recipe, samples))


def timed(data: DataSet, recipe: Recipe, samples: int, device: str = "cpu") -> float:
    """Images a second of one training on so many images, seen once, with its share of the recipe's evaluations."""
    whole = recipe.epochs * len(data.train.labels)
    held_out = max(1, round(samples * recipe.evaluations * len(data.test.labels) / whole))
    few = dataclasses.replace(data, validation=part(data.validation, held_out), test=part(data.test, held_out))
    once = dataclasses.replace(recipe, epochs=1, evaluations=1)
    arena = Arena(few, once, device)
    jobs = [Job(("speed",), once, np.arange(samples) % len(data.train.labels))]
    begin = time.perf_counter()
    list(train(arena, jobs))
    return samples / (time.perf_counter() - begin)


def part(split: Split, size: int) -> Split:
    """Images from all over a split, so that every class is there."""
    chosen = torch.arange(size) * len(split.labels) // size
    return Split(split.images[chosen], split.labels[chosen])


def gpu(seconds: float) -> dict:
    """Rates of VGG-16 on CIFAR-10 on one GPU, and what they mean for a full run and for the paper's grid."""
    data, peak = datasets.load("cifar10"), matrix_rate("cuda", 8192)
    work = flops("vgg16")
    print(f"{peak / 1e12:.0f} TFLOP/s in bf16 matrix products of 8192, {work / 1e9:.3f} GFLOP a training image")
    rows = []
    for scale in ("paper", "paper-fast"):
        recipe = benchmark("cifar10", scale).recipe
        cases = [(k, "bf16") for k in (1, 2, 4, 8)] + [(1, "fp32")] if scale == "paper" else [(4, "bf16")]
        for lanes, precision in cases:
            rows.append(row := several(data, dataclasses.replace(recipe, precision=precision), lanes, seconds / 3))
            row |= {"scale": scale, "share_of_peak": round(row["images_per_second"] * work / peak, 3)}
            print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    best = min(row["seconds_per_run"] for row in rows if row["scale"] == "paper")
    print(f"a full run {best} s, the paper's grid of {GRID} {GRID * best / 3600:.1f} h")
    return {"peak_flops": peak, "flops_per_image": work, "rows": rows, "grid_hours": round(GRID * best / 3600, 2)}


def several(data: DataSet, recipe: Recipe, lanes: int, seconds: float) -> dict:
    """Images a second of so many networks side by side: the difference of a longer and a shorter training."""
    arena, n = Arena(data, recipe, "cuda"), len(data.train.labels)
    torch.cuda.reset_peak_memory_stats()

    def run(epochs: int) -> float:
        once = dataclasses.replace(recipe, epochs=epochs, drops=(epochs,), evaluations=1)
        torch.cuda.synchronize()
        begin = time.perf_counter()
        list(train(arena, [Job(("speed", k), once, np.arange(n)) for k in range(lanes)], lanes))
        torch.cuda.synchronize()
        return time.perf_counter() - begin

    base = run(1)
    epochs = 1 + max(1, min(6, round(seconds / base)))
    rate = lanes * n * (epochs - 1) / (run(epochs) - base)
    evaluation = recipe.evaluations * 2 * len(data.test.labels) / 3  # images forward: a third of the work of training
    return {
        "lanes": lanes, "precision": recipe.precision, "images_per_second": round(rate),
        "seconds_per_run": round((recipe.epochs * n + evaluation) / rate, 1),
        "peak_memory_gb": round(torch.cuda.max_memory_reserved() / 1e9, 2),
    }  # fmt: skip


def matrix_rate(device: str, size: int, arithmetic: str = "bf16", repeats: int = 10) -> float:
    """FLOP/s of matrix products of random numbers; on a CPU those of one thread."""
    a, b = (torch.randn(size, size, device=device).to(DTYPES[arithmetic]) for _ in range(2))
    wait, threads = torch.get_device_module(device).synchronize, torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(3):
        a @ b
    wait()
    begin = time.perf_counter()
    for _ in range(repeats):
        a @ b
    wait()
    torch.set_num_threads(threads)
    return 2 * size**3 * repeats / (time.perf_counter() - begin)


def flops(model: str, channels: int = 3, side: int = 32) -> int:
    """Floating-point operations of a training step for one image, layer by layer."""
    network = build(model, 10, channels, side).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.randn(2, channels, side, side)).sum().backward()
    return counter.get_total_flops() // 2


def machine(device: str) -> dict:
    """Where and when: other work on the machine (`load`) makes all numbers indicative."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "device": torch.cuda.get_device_name() if device == "cuda" else processor(), "cores": cores(),
        "instructions": instructions() if device == "cpu" else None,
        "load": round(os.getloadavg()[0], 2), "python": platform.python_version(), "torch": torch.__version__,
    }  # fmt: skip


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    main()
