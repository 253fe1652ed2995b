"""Which images of your own to keep, by DRoP: the files, one a line; the recalls and class counts go to stderr.

    python -m rerun.prune_folder ~/birds 0.3 > kept.txt     ~/birds/train/<class>/*.png and ~/birds/test/<class>/*.png

Five short query models give the recalls, and one network is trained on what is kept, to show what that does. All of it
is recorded: another density needs no new query models. Half of test/ sets the quotas, the other half reports.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

from drop.experiments import datasets, folders, records, runs
from drop.experiments.benchmarks import CIFAR, Benchmark, Recipe, plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("density", type=float, help="fraction of the images in train/ to keep")
    parser.add_argument("--pruner", default="random+drop", help="or el2n, random+nucs, ... (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="of a training on all images (default: the fewer images, the more)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    data, store = datasets.load(f"folder:{given.folder.resolve()}"), records.Store()
    recipe = recipe_for(len(data.train.labels), given.epochs)
    entry = Benchmark(given.folder.resolve().name, "laptop", data.name, recipe)
    [run] = plan(entry, [given.pruner], [given.density], [given.seed])
    runs.measure([run], store, report=lambda stage, done, total, *_: say(f"{stage}: {done} of {total}"))
    kept, recalls = runs.keep(run, data.train.labels.numpy(), len(data.classes), store)
    found = store.get(run.key)
    for k, (right, total) in enumerate(records.right_and_total(found["test"])):
        known = "" if recalls is None else f"recall {recalls[k]:.2f}, "
        counts = f"{known}keeps {found['kept'][k]} of {found['class_sizes'][k]}"
        say(f"{data.classes[k]}: {counts}; trained on these, {right} of {total} test images right")
    files = [file for file, _ in folders.index(given.folder)[1]["train"]]
    print(*(files[i] for i in kept), sep="\n")


def recipe_for(images: int, epochs: int | None) -> Recipe:
    """The laptop's recipe for CIFAR-10, with smaller batches and more epochs where there are fewer images."""
    epochs = epochs or min(100, max(CIFAR.epochs, 350_000 // images))
    small = {"batch": 64, "rate": CIFAR.rate / 2} if images < 10_000 else {}
    return dataclasses.replace(CIFAR, epochs=epochs, short_epochs=-(-epochs // 10), full_epochs=epochs, **small)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
