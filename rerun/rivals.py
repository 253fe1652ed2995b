"""What other libraries keep of one small case, by class, into drop/measured/rivals.json: python -m rerun.rivals

Wanted beside this package, in an environment of its own: datacull, dprune, imbalanced-learn, datasets, transformers.
The case: three classes of unequal size and difficulty, of which 30 % shall stay. Each library is asked twice.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np

import drop
from drop.experiments.records import write
from drop.places import MEASURED

FILE = MEASURED / "rivals.json"
SIZES, RIGHT, TOTAL, DENSITY = (600, 200, 60), (198, 160, 30), (200, 200, 50), 0.3
LABELS = np.repeat(np.arange(3), SIZES)
RECALLS = np.array(RIGHT) / TOTAL
LOSSES = np.random.default_rng(0).exponential(1 - RECALLS[LABELS])  # a hard class has high ones


def ours() -> np.ndarray:
    return drop.prune(LABELS, (RIGHT, TOTAL), DENSITY)


def under_sampler() -> np.ndarray:
    from imblearn.under_sampling import RandomUnderSampler

    sampler = RandomUnderSampler(random_state=0)
    sampler.fit_resample(LABELS[:, None], LABELS)
    return sampler.sample_indices_


def metriq() -> np.ndarray:
    from datacull import DCDataset, MetriQDataLoader

    loader = MetriQDataLoader(DCDataset(Listed()), DENSITY, RECALLS)
    loader.resample(None)
    return np.array(loader.subset_indices)


def rcap() -> np.ndarray:
    from datacull import DCDataset, RCAPDataLoader, RCAPImportance

    data = DCDataset(Listed())
    with tempfile.TemporaryDirectory() as folder:
        logger = SimpleNamespace(trajectory_dir=folder, save_every_k_epoch=1)  # the first epoch has nothing to read
        importance = RCAPImportance(data, logger, beta=1.0)
    loader = RCAPDataLoader(data, DENSITY)
    loader.resample(importance.compute_importance())
    return np.array(loader.subset_indices)


def dpruned(name: str) -> Callable[[], np.ndarray]:
    def run() -> np.ndarray:
        import dprune.pruners.selection as pruners
        from datasets import Dataset

        data = Dataset.from_dict({"id": np.arange(len(LABELS)), "score": LOSSES})
        return np.array(getattr(pruners, name)(DENSITY).prune(data)["id"])

    return run


class Listed:
    """A data set as torchvision's are."""

    targets = LABELS.tolist()

    def __len__(self) -> int:
        return len(LABELS)

    def __getitem__(self, i: int) -> tuple[int, int]:
        return i, int(LABELS[i])


WAYS = {  # library, what is called
    ("drop-companion", "drop.prune"): ours,
    ("imbalanced-learn", "RandomUnderSampler"): under_sampler,
    ("datacull", "MetriQDataLoader"): metriq,
    ("datacull", "RCAPDataLoader, first epoch"): rcap,
    ("dprune", "RandomPruner"): dpruned("RandomPruner"),
    ("dprune", "StratifiedPruner by loss"): dpruned("StratifiedPruner"),
    ("dprune", "TopKPruner by loss"): dpruned("TopKPruner"),
}


def main() -> None:
    rows = []
    for (library, what), run in WAYS.items():
        first, second = np.sort(run()), np.sort(run())
        kept = np.bincount(LABELS[first], minlength=3)
        rows.append({"library": library, "version": version(library), "what": what, "kept": kept.tolist(),
                     "again": first.tolist() == second.tolist()})  # fmt: skip
    case = {"sizes": SIZES, "right": RIGHT, "total": TOTAL, "density": DENSITY}
    lines = ",\n".join(map(json.dumps, rows))
    write(FILE, f'{{"case": {json.dumps(case)}, "rows": [\n{lines}\n]}}\n'.encode())


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    main()
