"""Which images of your own to keep, by DRoP: the files, one a line; the recalls and class counts go to stderr.

    python batches/prune_folder.py ~/birds 0.3 > kept.txt     ~/birds/train/<class>/*.png and ~/birds/test/<class>/*.png

Five short query models give the recalls, and one network is trained on what is kept, to show what that does. All of it
is recorded: another density needs no new query models. Half of test/ sets the quotas, the other half reports.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np

from drop import datasets, folders, records, runs
from drop.benchmarks import CIFAR, Benchmark, plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("density", type=float, help="fraction of the images in train/ to keep")
    parser.add_argument("--pruner", default="random+drop", help="or el2n, random+nucs, ... (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=5, help="of each query model: recalls must mean something")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    recipe = dataclasses.replace(CIFAR, short_epochs=given.epochs)
    entry = Benchmark(given.folder.resolve().name, "laptop", f"folder:{given.folder.resolve()}", recipe)
    [run] = plan(entry, [given.pruner], [given.density], [given.seed])
    data, store = datasets.load(entry.dataset), records.Store()
    runs.measure([run], store, report=lambda stage, done, total, *_: say(f"{stage}: {done} of {total}"))
    kept, recalls = runs.keep(run, data.train.labels.numpy(), len(data.classes), store)
    found = store.get(run.key)
    recalls = np.full(len(data.classes), np.nan) if recalls is None else recalls
    for name, n, of, recall, (right, total) in zip(
        data.classes, found["kept"], found["class_sizes"], recalls, records.right_and_total(found["test"]), strict=True
    ):
        say(f"{name}: recall {recall:.2f}, keeps {n} of {of}; trained on these, {right} of {total} test images right")
    files = [file for file, _ in folders.index(given.folder)[1]["train"]]
    print(*(files[i] for i in kept), sep="\n")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
