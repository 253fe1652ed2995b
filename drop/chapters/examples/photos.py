"""A folder of photos, one folder a class: python -m drop.chapters.examples.photos ~/birds 0.3"""

import sys
from pathlib import Path

import drop
from drop.chapters.own_data import Before
from drop.experiments import convergence, photos
from drop.selection import top


def main(folder: str, density: float, seed: int = 0, size: int = 32, epochs: int | None = None) -> Before:
    found = photos.find(Path(folder).expanduser())
    images, _ = photos.read(found.files, size)
    labels, names = found.labels, found.classes
    test = photos.cut(labels, 0.3, seed)  # these report,
    held_out = photos.cut(labels, 0.2, seed + 1) & ~test  # and these set the quotas
    part = lambda chosen: (images[chosen], labels[chosen])  # noqa: E731
    query = convergence.Teacher(photos.data_set(names, part(~test & ~held_out), part(held_out)), seed)
    *_, (epochs, counts) = convergence.longer_and_longer(query, epochs, {})  # until recalls stay
    plan = drop.plan(labels[~test], (counts.diagonal(), counts.sum(1)), density, seed=seed)
    print(plan)
    final = convergence.Teacher(photos.data_set(names, part(~test), part(test)), seed)
    size = len(labels[~test])
    kept = {"full": None, "random": top([0] * size, round(density * size), seed), "drop": plan.positions()}
    steps = {name: epochs if chosen is None else round(epochs / density) for name, chosen in kept.items()}
    recalls = {name: final.recalls(steps[name], chosen) for name, chosen in kept.items()}
    return Before(names, recalls, [row.kept for row in plan.rows], [row.size for row in plan.rows])


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2])).picture("before_and_after.png")
