"""Train final networks on the class counts of the released code's quota loop: drop/measured/released_quotas.json.

    python -m drop.chapters.released_quotas

Everything but the class counts is as in random+drop's record of the same seed: the recalls that set its quotas, the
job, the recipe, and the order in which a class's samples are chosen. Each network is written down when it is trained;
those that are there already are not trained again. Then page 41 compares the two in pairs.
"""

import argparse
import json

import numpy as np
import torch

from drop.chapters import deviations
from drop.experiments import benchmarks, datasets, records
from drop.experiments.collect import collect
from drop.experiments.records import Store
from drop.experiments.runs import Trainer, job_of, record_of
from drop.places import MEASURED
from drop.selection import select

PATH = MEASURED / "released_quotas.json"
NAME, SCALE, DENSITIES, SEEDS = "fashion-mnist", "laptop", (0.8, 0.9), (0, 1, 2)
ROUNDING = 10  # samples of a class: below that the two quota rules are one
FIELDS = "class_sizes kept quota_recalls validation test test_hits seconds provenance".split()


def measure(entry: benchmarks.Benchmark, done: dict[str, dict]) -> None:
    """Add to `done` what is missing, and write it to PATH network by network."""
    data = datasets.load(entry.dataset, validation=entry.recipe.validation)
    labels = data.train.labels.numpy()
    given = collect(benchmarks.plan(entry, ["random+drop"], DENSITIES, SEEDS))
    with Trainer(entry, data, "cpu", 1, 1) as trainer:
        for run, record in given.items():
            name, recalls = f"{NAME}-{SCALE}-{run.density:g}-seed{run.seed}", np.array(record["quota_recalls"])
            counts = deviations.released_counts(record["class_sizes"], recalls, run.density, run.seed)
            if name in done or abs(counts - record["kept"]).max() <= ROUNDING:
                print(f"{name}: {'measured before' if name in done else 'the same quotas'}", flush=True)
                continue
            kept = select(labels, counts, None, run.seed)
            [(_, result)] = trainer([(run, job_of(run, kept, data, Store()))])
            made = record_of(run, data, kept, recalls, result)
            done[name] = records.plain({field: made[field] for field in FIELDS})
            lines = [f"{json.dumps(key)}: {records.text(value)}" for key, value in sorted(done.items())]
            records.write(PATH, "{\n" + ",\n".join(lines) + "\n}\n")
            print(f"{name}: {result.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    torch.set_num_threads(1)
    known = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    measure(benchmarks.benchmark(NAME, SCALE), known)
