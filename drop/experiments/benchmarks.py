"""A benchmark = data set + model + training recipe at one scale; the table of all of them; and what a run of one is.

    benchmark("fashion-mnist", "laptop")                                      one entry of the table
    plan(benchmark(...), ["random", "random+drop"], densities, seeds)         the runs of an experiment, without repeats

To add one of your own, give `register` a Benchmark; see the page "Rerun it".
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from drop.experiments import datasets, methods, records
from drop.quotas import check_density

CORE = (0.1, 0.3, 0.5, 0.8, 1.0)
EXTENDED = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.9, 1.0)
SCALES = ("smoke", "laptop", "desk", "paper-fast", "paper")
SCORES = ("random", "el2n", "grand", "forgetting", "dynamic-uncertainty", "k-center", "prototype")
SHORT = ("el2n", "grand")  # the scores of the short queries; all others, but random, are those of the full one
RULES = "drop half-balanced size gamma0.5 gamma0.7 gamma2 shrunken nucs iterated2 minimax1 minimax2 minimax3".split()
RULES += ["balanced"]  # the only one that needs no query model
FRESH = "random-fresh"  # another random subset in every epoch (RS2, Okanovic et al. 2024), with or without quotas
ROUNDS = {"iterated2": "drop", "minimax2": "minimax1", "minimax3": "minimax2"}  # quotas from the recalls of that rule


def later(default: Any) -> Any:
    """A field that recipes of earlier records lack: at its default it is left out, so that keys stay."""
    return dataclasses.field(default=default, metadata={"later": True})


@dataclass(frozen=True)
class Recipe:
    """How every network of a benchmark is trained: all that changes a result, besides the data."""

    model: str
    epochs: int  # of training on all the data; pruned data are seen longer, see `recipe_at`
    batch: int
    rate: float  # learning rate: the peak of a triangle, or the first of the steps
    weight_decay: float
    drops: tuple[int, ...] = ()  # epochs after which the rate falls to a fifth; none = up for `warmup`, then down to 0
    warmup: float = 0.2  # fraction of the steps
    nesterov: bool = True
    momentum: float = 0.9
    flip: bool = True  # augmentation of final models: mirror half of the images,
    shift: int = 0  # and move each by at most so many pixels; query models see the images as they are
    precision: str = "bf16"  # autocast with batch norm and loss in fp32, or "fp32"
    budget: float = 0.5  # steps(d) = steps(1) * (budget + (1 - budget) d)
    short_queries: int = 5  # networks that EL2N, GraNd and DRoP's recalls are averaged over
    short_epochs: int = 1  # a tenth of the epochs
    full_epochs: int = 30  # of the one query that Forgetting, Dynamic Uncertainty and the embeddings come from
    window: int = 2  # epochs, of Dynamic Uncertainty
    evaluations: int = 4  # of a final model on its way, the last at the end
    validation: str = "test"  # where the validation set is carved from
    smoothing: float = later(0.0)  # of the labels in the cross-entropy, of query models too

    def settings(self) -> dict[str, Any]:
        """All fields by name, as a configuration keeps them; those that came later only where they are set."""
        added = {f.name: f.default for f in dataclasses.fields(self) if f.metadata.get("later")}
        given = dataclasses.asdict(self)
        return {name: value for name, value in given.items() if name not in added or value != added[name]}


@dataclass(frozen=True)
class Benchmark:
    name: str
    scale: str
    dataset: str
    recipe: Recipe
    chosen: tuple[tuple[str, tuple[float, ...]], ...] = ()  # settings of methods, see methods.py

    def recipe_at(self, density: float) -> Recipe:
        """The recipe on pruned data: more epochs, so that steps(d) = steps(1) * (budget + (1 - budget) d)."""
        whole = self.recipe
        share = whole.budget + (1 - whole.budget) * density
        epochs = max(1, math.floor(whole.epochs * share / density + 1e-9))  # the paper's, see paper and released code
        return dataclasses.replace(whole, epochs=epochs, drops=tuple(d * epochs // whole.epochs for d in whole.drops))


@dataclass(frozen=True)
class Run:
    """One final model. At density 1 every pruner keeps everything, so all that are no method are one run, "full"."""

    benchmark: Benchmark
    pruner: str
    density: float
    seed: int

    def config(self) -> dict[str, Any]:
        """The configuration that a record keeps, in JSON's types."""
        recipe = self.benchmark.recipe.settings()
        place = {"benchmark": self.benchmark.name, "scale": self.benchmark.scale, "dataset": self.benchmark.dataset}
        settings = {"settings": self.settings} if self.settings else {}
        return {**place, "pruner": self.pruner, "density": self.density, "seed": self.seed, "recipe": recipe} | settings

    @property
    def method(self) -> str | None:
        """The name of the method that trains on all the data, or None; see methods.py."""
        name = self.pruner.partition(":")[0]
        return name if name in methods.SETTINGS else None

    @property
    def settings(self) -> dict[str, float]:
        """The settings of the method, if any; ValueError where none are given and none were chosen."""
        where = f"{self.benchmark.name} at scale {self.benchmark.scale}"
        return methods.settings_of(self.pruner, dict(self.benchmark.chosen), where) if self.method else {}

    @functools.cached_property
    def key(self) -> str:
        return records.key(self.config(), datasets.digest(self.benchmark.dataset))

    @property
    def previous(self) -> Run | None:
        """The run of the round before, whose final model's recalls set the quotas; None: the query models' do."""
        score, _, quota = self.pruner.partition("+")
        return dataclasses.replace(self, pruner=f"{score}+{ROUNDS[quota]}") if quota in ROUNDS else None


SMOKE = Recipe("small-8-16-16", 4, 128, 0.2, 1e-3, precision="fp32", short_queries=2, full_epochs=8, evaluations=1)
FASHION = Recipe("small-32-64-64", 9, 256, 0.15, 2e-3)
LONG_TAIL = dataclasses.replace(FASHION, epochs=12, short_epochs=2)  # of 24,000 images instead of 60,000
GARMENTS = Recipe("small-32-64-64", 20, 256, 0.15, 1e-3, shift=2, short_epochs=2)  # of 12,000 images
CIFAR = Recipe("small-48-96-128", 7, 256, 0.15, 1e-3, shift=2)
# Three trials with seed 100, judged by validation images after training on everything: this one has 52 % of them right
# in 111 CPU seconds, small-64-128-192 for 8 epochs 58 % in 190, small-96-192-256 for 10 epochs 61 % in 402.
CIFAR100 = dataclasses.replace(CIFAR, rate=0.2)
# Trials likewise: 12 epochs have 90.9 % of the validation images right in 761 CPU seconds, 16 have 91.5 % in 942;
# without augmentation, as query models see the images, 5 epochs have 87.0 %.
DESK = dataclasses.replace(CIFAR, model="wide-64-128-256", epochs=16, rate=0.2, smoothing=0.1, short_queries=3,
                           short_epochs=6)  # fmt: skip
VGG16 = Recipe("vgg16", 160, 128, 0.1, 1e-4, drops=(80, 120), nesterov=False, shift=4, short_epochs=16,
               full_epochs=160, window=10, evaluations=8)  # fmt: skip
VGG19 = dataclasses.replace(VGG16, model="vgg19", weight_decay=5e-4)
RESNET18 = dataclasses.replace(VGG16, model="resnet18", epochs=200, drops=(100, 150), rate=0.2, batch=256,
                               short_epochs=20, full_epochs=200)  # fmt: skip
WATERBIRDS = Recipe("resnet50-imagenet", 300, 128, 1e-3, 1e-4, drops=(300,), nesterov=False, shift=16, short_epochs=30,
                    full_epochs=300, window=10)  # of Sagawa et al. (2020), but for crops of random scale  # fmt: skip
TAILS = {  # fewer images than the balanced data, hence more epochs
    "fashion-mnist-tail10": LONG_TAIL, "fashion-mnist-tail100": dataclasses.replace(LONG_TAIL, epochs=18),
    "cifar10-tail10": dataclasses.replace(CIFAR, epochs=14, short_epochs=2),
    "cifar10-tail100": dataclasses.replace(CIFAR, epochs=22, short_epochs=2),
}  # fmt: skip
FAST16 = Recipe("vgg16", 24, 256, 0.2, 5e-4, shift=4, short_epochs=2)
FAST19 = dataclasses.replace(FAST16, model="vgg19")

TABLE = [
    Benchmark("fashion-mnist", "smoke", "fashion-mnist-mini", SMOKE),
    Benchmark("fashion-mnist", "laptop", "fashion-mnist", FASHION),
    Benchmark("fashion-mnist-long-tail", "smoke", "fashion-mnist-mini-long-tail", SMOKE),
    Benchmark("fashion-mnist-long-tail", "laptop", "fashion-mnist-long-tail", LONG_TAIL),
    Benchmark(
        "garments-on-scenes",
        "smoke",
        "garments-on-scenes-mini",
        dataclasses.replace(SMOKE, epochs=8, batch=64),
        methods.FIRST,
    ),
    Benchmark(
        "garments-on-scenes",
        "laptop",
        "garments-on-scenes",
        GARMENTS,
        (("group-dro", (0.1, 2)), ("jtt", (1, 50)), ("group-subsampling", (0.5,))),
    ),
    Benchmark("cifar10", "smoke", "cifar10", SMOKE),
    Benchmark("cifar10", "laptop", "cifar10", CIFAR),
    Benchmark("cifar10", "paper", "cifar10", VGG16),
    Benchmark("cifar10", "desk", "cifar10", DESK),
    Benchmark("cifar10", "paper-fast", "cifar10", FAST16),
    Benchmark("cifar100", "laptop", "cifar100", CIFAR100),
    Benchmark("cifar100", "paper", "cifar100", VGG19),
    Benchmark("cifar100", "paper-fast", "cifar100", FAST19),
    Benchmark("tiny-imagenet", "paper", "tiny-imagenet", RESNET18),
    Benchmark("waterbirds", "paper", "waterbirds", WATERBIRDS),
]
# Chosen by the worst class on the validation images of cifar10-tail100-hard-rare, six trials each with seed 100.
LOSSES = (("class-balanced", (0.9999,)), ("ldam-drw", (0.3, 30)), ("crt", (0.1, 0.03)))
TABLE += [
    Benchmark(f"{name}-{order}", "laptop", f"{name}-{order}", recipe, LOSSES)
    for name, recipe in TAILS.items() for order in ("hard-rare", "hard-frequent")
]  # fmt: skip


def changed(recipe: Recipe) -> dict[str, Recipe]:
    """How else one could have measured: the recipe with one setting changed, by the ending of the benchmark's name."""
    return {
        "longer": dataclasses.replace(recipe, epochs=4 * recipe.epochs),
        "query3": dataclasses.replace(recipe, short_epochs=3),
        "query10": dataclasses.replace(recipe, short_epochs=10),
        "equal-epochs": dataclasses.replace(recipe, budget=0.0),
        "equal-steps": dataclasses.replace(recipe, budget=1.0),
        "swapped": dataclasses.replace(recipe, validation="swapped"),
    }


TABLE += [
    Benchmark(name, "smoke", name.replace("mnist", "mnist-mini"), SMOKE, methods.FIRST)
    for name in (entry.name for entry in TABLE[-8:]) if name.startswith("fashion")
]  # fmt: skip
TABLE += [
    Benchmark(f"{name}-{ending}", "laptop", name, other)
    for name, recipe in (("fashion-mnist", FASHION), ("cifar10", CIFAR)) for ending, other in changed(recipe).items()
]  # fmt: skip
_TABLE = {(entry.name, entry.scale): entry for entry in TABLE}


def register(entry: Benchmark) -> Benchmark:
    """Add a benchmark to the table; ValueError where its name and scale are taken."""
    if _TABLE.setdefault((entry.name, entry.scale), entry) != entry:
        raise ValueError(f"there already is another benchmark {entry.name!r} at scale {entry.scale!r}")
    return entry


def benchmark(name: str, scale: str) -> Benchmark:
    """Look a benchmark up; ValueError with the nearest valid names."""
    _known("benchmark", name, sorted({known for known, _ in _TABLE}))
    _known(f"scale of {name}", scale, [known for owner, known in _TABLE if owner == name])
    return _TABLE[name, scale]


def parts(pruner: str) -> tuple[str, str | None]:
    """Split "<score>[+<quota>]" into the score that ranks and the quota rule; ValueError with the nearest valid names.

    Quotas are one of RULES (see `runs.weights_of`), or "<score>q": the class ratios of the set that this score alone
    would keep. Or it is a method of methods.py, on all the data or on random samples.
    """
    method, _ = methods.split(pruner)
    score, _, quota = pruner.partition("+")
    strategies = [f"{other}q" for other in SCORES[1:]]
    ranks = [*SCORES, FRESH]
    known = [*ranks, *(f"{score}+{rule}" for score in ranks for rule in [*RULES, *strategies])]
    _known("pruner", method, ["full", *methods.SETTINGS, *known])
    return "random" if method in methods.SETTINGS else score, quota or None


def plan(benchmark: Benchmark, pruners: Iterable[str], densities: Iterable[float] = CORE,
         seeds: Iterable[int] = (0,)) -> list[Run]:  # fmt: skip
    """The runs of pruners x densities x seeds, without repeats, seed by seed; ValueError for any invalid part."""
    pruners, densities, seeds = list(pruners), list(densities), list(seeds)
    for pruner in pruners:
        parts(pruner)
    for density in densities:
        if check_density(density) == 0:
            raise ValueError("density is 0, but a run needs samples: densities of runs lie in (0, 1]")
    for seed in seeds:
        if not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise ValueError(f"seed is {seed!r}, but seeds are whole numbers in [0, 2^31)")
    runs = [
        Run(benchmark, pruner if density < 1 or method in methods.SETTINGS else "full",
            1.0 if pruner == "full" else float(density), seed)
        for seed in seeds for pruner in pruners for method in [methods.split(pruner)[0]] for density in densities
    ]  # fmt: skip
    for run in runs:
        if run.density < 1 and run.method in methods.ON_ALL:
            raise ValueError(f"{run.method} needs all the data, but the density is {run.density:g}: give 1")
        _ = run.settings  # or say that they are missing
    return list(dict.fromkeys(runs))


def with_rounds_before(runs: Iterable[Run]) -> list[Run]:
    """The runs and the earlier rounds that their quotas build on, those first, without repeats."""
    found: dict[Run, None] = {}
    for run in runs:
        found |= dict.fromkeys([*(with_rounds_before([run.previous]) if run.previous else []), run])
    return list(found)


def _known(kind: str, name: str, valid: list[str]) -> None:
    if name not in valid:
        near = difflib.get_close_matches(str(name), valid, n=3, cutoff=0.3) or valid
        raise ValueError(f"unknown {kind} {name!r}; nearest: {', '.join(near)}")
