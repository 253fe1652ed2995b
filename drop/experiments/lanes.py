"""One network on its way through a job: a `Lane` with static buffers that its steps read and write.

One named deviation from the usual loop: the permutations of all epochs form one stream, cut into batches of equal size.
What would be a short last batch is filled up from the next epoch, and each sample is still seen exactly once an epoch.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from drop.experiments.arena import Arena
from drop.experiments.arithmetic import circumstances
from drop.experiments.benchmarks import Recipe
from drop.experiments.losses import loss_of, retrain_head
from drop.experiments.models import Network, build

AHEAD = 32  # batches that are drawn and augmented at once
KEPT = ("order", "done", "drawn", "losses", "evaluated", "dynamics", "guesses")  # of the progress, by a checkpoint
Named = tuple[str, tuple[tuple[str, float], ...]]  # a loss and its settings


def seed_of(*names: Any) -> int:
    """A seed for everything that bears these names, the same on every machine, in [0, 2^63)."""
    return int.from_bytes(hashlib.sha256(repr(names).encode()).digest()[:8], "little") >> 1


@dataclass(frozen=True, eq=False)
class Job:
    """One network to train."""

    name: tuple  # what its seeds are made from: its initialisation, its order of samples, its augmentation
    recipe: Recipe  # model, batch and precision as the arena's; its evaluations are evenly spread, the last at the end
    kept: np.ndarray  # int64 (n,) indices into the training set, or (epochs + 1, n): another subset in every epoch
    augment: bool = True
    record_dynamics: bool = False
    loss: Named = ("", ())  # one of losses.LOSSES with its settings, or cross-entropy
    sampling: np.ndarray | None = None  # float (n,): chances of the samples, drawn with replacement; None: permutations
    retrain: tuple[float, float] | None = None  # classifier re-training at the end: share of the steps, learning rate
    after: Callable[[Network, Arena], dict[str, np.ndarray]] | None = None  # what to read off the trained network
    label: str = ""  # for people

    @property
    def size(self) -> int:
        """Samples seen in an epoch."""
        return self.kept.shape[-1]


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a job."""

    validation: np.ndarray  # int64 (evaluations, G, K): true group (or class, where there are none) x predicted class
    test: np.ndarray
    hits: np.ndarray  # bool (test images,): right at the end, group after group, within a group in file order
    epochs: np.ndarray  # float (evaluations,): when
    losses: np.ndarray  # float (evaluations,): mean training loss since the last evaluation
    seconds: float
    outputs: dict[str, np.ndarray]  # of `Job.after`, and the dynamics, float16 and bool (epochs, n)
    how: dict[str, Any]  # arithmetic, device, threads: see `arithmetic.circumstances`


def rates(recipe: Recipe, steps: int, samples: int) -> torch.Tensor:
    """The learning rate of every step, float32 (steps,): a fifth after each of the drops, or a triangle."""
    step = torch.arange(steps, dtype=torch.float64)
    if recipe.drops:
        epoch = step * recipe.batch // samples
        return (recipe.rate * 0.2 ** (epoch[:, None] >= torch.tensor(recipe.drops)).sum(1)).float()
    part = (step + 0.5) / steps
    return (recipe.rate * torch.minimum(part / recipe.warmup, (1 - part) / (1 - recipe.warmup))).float()


@dataclass
class Progress:
    """Where a lane stands in its job."""

    job: Job
    shuffling: torch.Generator
    augmenting: torch.Generator | None
    rates: torch.Tensor  # float (steps,)
    stops: list[int]  # the steps after which to evaluate
    order: torch.Tensor  # int64: what remains of the permutations drawn so far, as epoch * n + sample
    began: float = field(default_factory=time.perf_counter)
    saved: float = field(default_factory=time.perf_counter)  # when a checkpoint was last written
    done: int = 0  # steps
    drawn: int = 0  # epochs
    losses: list[torch.Tensor] = field(default_factory=list)
    evaluated: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = field(default_factory=list)
    dynamics: dict[str, torch.Tensor] = field(default_factory=dict)
    guesses: torch.Tensor | None = None  # int64 (test images,): the last evaluation's predictions
    positions: torch.Tensor | None = None  # int64 (steps * B,): epoch * n + sample of what is in the buffers

    @property
    def until_stop(self) -> int:
        """Steps until the next evaluation."""
        return next(stop for stop in self.stops if stop > self.done) - self.done


class Lane:
    """One network, its optimiser, and the static buffers that its step reads and writes."""

    def __init__(self, arena: Arena, loss: Named = ("", ())):
        recipe, device, side = arena.recipe, arena.device, arena.size
        self.arena, self.weights = arena, arena.arithmetic.weights
        self.loss = loss_of(*loss, arena.num_classes, arena.num_strata, device, recipe.smoothing)
        self.network = self.fresh(seed=0).to(device, self.weights).train()
        shape = (AHEAD, recipe.batch, side, side, arena.channels)
        self.images = torch.zeros(shape, dtype=arena.arithmetic.dtype, device=device)
        self.labels, self.groups = torch.zeros(2, AHEAD, recipe.batch, dtype=torch.int64, device=device)
        self.rates, self.losses = torch.zeros(2, AHEAD, dtype=self.weights, device=device)
        self.probabilities = torch.zeros(AHEAD, recipe.batch, dtype=torch.float16, device=device)
        self.correct = torch.zeros(AHEAD, recipe.batch, dtype=torch.bool, device=device)
        self.cursor = torch.zeros(1, dtype=torch.int64, device=device)  # the next batch in the buffers
        self.rate = torch.zeros((), device=device)
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=self.rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay,
            nesterov=recipe.nesterov, fused=True)  # fmt: skip
        for parameter in self.network.parameters():  # a first step with momentum 0 is what torch does by itself
            self.optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        self.progress: Progress  # from the first `load` on

    def fresh(self, seed: int) -> Network:
        """The network as it is before training, on the CPU."""
        arena = self.arena
        return build(arena.recipe.model, arena.num_classes, arena.channels, arena.size, seed, self.loss.cosine)

    def step(self) -> None:
        """One step of SGD on the buffered batch under the cursor."""
        at = self.cursor
        images = self.images.index_select(0, at)[0].permute(0, 3, 1, 2)  # (B, C, S, S), channels last
        labels = self.labels.index_select(0, at)[0]
        self.rate.copy_(self.rates.index_select(0, at)[0])
        with self.arena.autocast():
            logits = self.network(images)
        logits = logits.to(self.weights)
        loss = self.loss(logits, labels, self.groups.index_select(0, at)[0] if self.loss.by_group else labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            probability = logits.softmax(1).gather(1, labels[:, None]).T  # (1, B)
            self.losses.index_copy_(0, at, loss.detach()[None])
            self.probabilities.index_copy_(0, at, probability.half())
            self.correct.index_copy_(0, at, (logits.argmax(1) == labels)[None])
            self.cursor += 1

    @torch.no_grad()
    def load(self, job: Job) -> None:
        """Start a job: fresh weights and momentum in the same memory."""
        arena, recipe = self.arena, self.arena.recipe
        fresh = self.fresh(seed_of("weights", *job.name) % 2**32)
        for mine, new in zip(self.network.state_dict().values(), fresh.state_dict().values(), strict=True):
            mine.copy_(new)
        for state in self.optimizer.state.values():
            state["momentum_buffer"].zero_()
        of = (arena.labels, arena.num_classes), (arena.groups, arena.num_strata)
        kept = arena.send(torch.from_numpy(job.kept.reshape(-1)))
        self.loss.begin(*(torch.bincount(members[kept], minlength=number) for members, number in of))
        steps = -(-job.recipe.epochs * job.size // recipe.batch)
        times = min(job.recipe.evaluations, steps)
        self.progress = Progress(
            job, _generator("order", job), _generator("augmentation", job) if job.augment else None,
            rates(job.recipe, steps, job.size), [steps * (i + 1) // times for i in range(times)],
            torch.empty(0, dtype=torch.int64),
        )  # fmt: skip
        if job.record_dynamics:
            shape = (job.recipe.epochs, job.size)
            kinds = {"probability": torch.float16, "correct": torch.bool}
            self.progress.dynamics = {k: torch.zeros(shape, dtype=t, device=arena.device) for k, t in kinds.items()}

    def fill(self, steps: int) -> None:
        """Draw and augment the next batches into the buffers."""
        p, B = self.progress, self.arena.recipe.batch
        n = p.job.size
        while len(p.order) < steps * B:
            if p.job.sampling is None:
                drawn = torch.randperm(n, generator=p.shuffling)
            else:
                drawn = torch.multinomial(torch.from_numpy(p.job.sampling), n, True, generator=p.shuffling)
            p.order = torch.cat([p.order, drawn + p.drawn * n])
            p.drawn += 1
        p.positions, p.order = p.order[: steps * B], p.order[steps * B :]
        kept = self.arena.send(torch.from_numpy(p.job.kept).view(-1)[p.positions % p.job.kept.size])
        span = B if self.arena.device.type == "cpu" else steps * B  # what a CPU's cache holds; few kernels on a GPU
        for at in range(0, steps * B, span):
            images = self.arena.batches(kept[at : at + span], p.augmenting)
            self.images[at // B : (at + span) // B] = images.unflatten(0, (-1, B))
        self.labels[:steps], self.groups[:steps] = (
            of[kept].view(steps, B) for of in (self.arena.labels, self.arena.groups)
        )
        self.rates[:steps] = self.arena.send(p.rates[p.done : p.done + steps])
        self.cursor.zero_()

    def collect(self, steps: int) -> None:
        """Take what the steps left in the buffers; evaluate where it is time."""
        p = self.progress
        p.done += steps
        p.losses.append(self.losses[:steps].mean() * steps)
        if p.dynamics:  # they stay on the device until the end
            # the last batch may reach into one epoch more
            inside = int((p.positions < p.dynamics["correct"].numel()).sum())
            places = self.arena.send(p.positions[:inside])
            for name, buffer in (("probability", self.probabilities), ("correct", self.correct)):
                p.dynamics[name].view(-1)[places] = buffer[:steps].flatten()[:inside]
        if p.done in p.stops:
            if p.job.retrain and p.done == p.stops[-1]:
                self.retrain(*p.job.retrain)
            guesses = {split: self.arena.predictions(self.network, split) for split in ("validation", "test")}
            validation, test = (self.arena.confusion(guess, split) for split, guess in guesses.items())
            p.evaluated.append((validation, test, torch.stack(p.losses).sum()))
            p.guesses = guesses["test"]
            p.losses.clear()
            of_classes = validation.view(self.arena.num_classes, -1, self.arena.num_classes).sum(1)
            self.loss.evaluated(of_classes.diagonal() / of_classes.sum(1), p.done / p.stops[-1])

    def retrain(self, share: float, rate: float) -> None:
        """Train the head anew on the embeddings of the images as they are, as often of every class."""
        job, arena = self.progress.job, self.arena
        kept = arena.send(torch.from_numpy(job.kept))
        embeddings, _ = arena.apply(self.network, arena.train_images()[kept])
        steps = max(1, round(share * self.progress.stops[-1]))
        retrain_head(self.network.head, embeddings.float(), arena.labels[kept], steps, job.recipe.batch, rate,
                     _generator("head", job))  # fmt: skip

    def state(self) -> dict[str, Any]:
        """All that the lane needs to go on, between two blocks of steps: tensors, numbers, lists and dictionaries."""
        p, generators = self.progress, (self.progress.shuffling, self.progress.augmenting)
        return {
            "network": self.network.state_dict(), "loss": self.loss.state(),
            "momenta": [self.optimizer.state[each]["momentum_buffer"] for each in self.network.parameters()],
            "generators": [None if each is None else each.get_state() for each in generators],
            "progress": {name: getattr(p, name) for name in KEPT}, "seconds": time.perf_counter() - p.began,
        }  # fmt: skip

    @torch.no_grad()
    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a state, whose tensors lie on the CPU, in the job it was taken in, which has just been loaded."""
        p, device = self.progress, self.arena.device
        self.network.load_state_dict(state["network"])
        for name, value in state["loss"].items():
            getattr(self.loss, name).copy_(value)
        for parameter, value in zip(self.network.parameters(), state["momenta"], strict=True):
            self.optimizer.state[parameter]["momentum_buffer"].copy_(value)
        for generator, value in zip((p.shuffling, p.augmenting), state["generators"], strict=True):
            if generator is not None:
                generator.set_state(value)
        for name, value in state["progress"].items():
            setattr(p, name, value if name == "order" else _to(device, value))
        p.began = time.perf_counter() - state["seconds"]

    def result(self) -> Result:
        p = self.progress
        outputs = {name: values.cpu().numpy() for name, values in p.dynamics.items()}
        if p.job.after is not None:
            outputs |= p.job.after(self.network, self.arena)
        validation, test = (torch.stack([entry[i] for entry in p.evaluated]).cpu().numpy() for i in (0, 1))
        lengths = np.diff([0, *p.stops])
        losses = torch.stack([entry[2] for entry in p.evaluated]).cpu().numpy() / lengths
        epochs = np.array(p.stops) * self.arena.recipe.batch / p.job.size
        right = p.guesses == self.arena.held_out_labels["test"]
        hits = right[self.arena.strata["test"].argsort(stable=True)].cpu().numpy()
        how = circumstances(self.arena.arithmetic, self.arena.device)
        return Result(validation, test, hits, epochs, losses, time.perf_counter() - p.began, outputs, how)


def _to(device: torch.device, value: Any) -> Any:
    """Tensors, in lists, tuples and dictionaries, on a device."""
    if isinstance(value, (list, tuple)):
        return type(value)(_to(device, each) for each in value)
    if isinstance(value, dict):
        return {name: _to(device, each) for name, each in value.items()}
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _generator(use: str, job: Job) -> torch.Generator:
    return torch.Generator().manual_seed(seed_of(use, *job.name))
