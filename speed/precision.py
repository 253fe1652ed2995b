"""Does bf16 change what is learnt? python -m speed.precision [--benchmark cifar10 --scale paper-fast --out FILE]

The same networks, trained on the same random samples in the same order, once in bf16 autocast and once in fp32: average
and worst-class test accuracy at each density and seed. On a GPU, fp32 is fp32 (no TF32), so it takes several times as
long.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import torch

from drop import metrics
from drop.experiments import datasets
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import benchmark
from drop.experiments.lanes import Job
from drop.experiments.training import train
from drop.selection import top
from speed.training import save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", default="cifar10")
    parser.add_argument("--scale", default="paper-fast")
    parser.add_argument("--densities", type=float, nargs="*", default=[1.0, 0.1])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--out", type=Path, help="where to write the results as JSON")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    entry = benchmark(options.benchmark, options.scale)
    data, rows = datasets.load(entry.dataset), []
    n = len(data.train.labels)
    for precision in ("bf16", "fp32"):
        arena = Arena(data, dataclasses.replace(entry.recipe, precision=precision), device)
        jobs = {}
        for seed in options.seeds:
            for density in options.densities:
                recipe = dataclasses.replace(entry.recipe_at(density), precision=precision)
                kept = top(np.zeros(n), round(density * n), seed)
                jobs[Job(("final", seed), recipe, kept)] = (density, seed)
        for job, result in train(arena, jobs, len(jobs) if device == "cuda" else 1):
            recalls = metrics.recalls_of(result.test[-1])
            rows.append([precision, *jobs[job], recalls.mean(), recalls.min(), round(result.seconds, 1)])
            print("{} density {:g} seed {}: average {:.4f}, worst class {:.4f}, {} s".format(*rows[-1]), flush=True)
    if options.out:
        names = ["precision", "density", "seed", "average", "worst_class", "seconds"]
        found = [dict(zip(names, row, strict=True)) for row in rows]
        save({"device": device, "rows": found}, options.out)


if __name__ == "__main__":
    main()
