"""Training: several networks side by side on one device, with the data on the device from first to last.

A lane's `step` reads the next batch from its buffers and waits for nothing, so that on CUDA one captured graph replays
the steps of all lanes, each on a stream of its own; on a CPU the same steps run one after another. A lane that has
finished a job takes the next one, of any length, so the device stays busy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from drop.experiments.arena import Arena
from drop.experiments.arithmetic import name_of, to_the_terminal
from drop.experiments.checkpoints import Keeper
from drop.experiments.lanes import AHEAD, Job, Lane, Result


def train(
    arena: Arena, jobs: Iterable[Job], lanes: int = 1, keeper: Keeper | None = None
) -> Iterator[tuple[Job, Result]]:
    """Train all jobs, `lanes` networks at a time, and yield each as soon as it has finished.

    keeper: keeps checkpoints of what takes long, and takes up what an earlier process left; whoever has written a
    result calls its `end`. OSError where the GPU's memory is too small, with how many networks would fit.
    """
    jobs = list(jobs)
    for loss in dict.fromkeys(job.loss for job in jobs):
        mine = [job for job in jobs if job.loss == loss]
        try:
            yield from _train(arena, mine, lanes, keeper)
            continue
        except torch.OutOfMemoryError:  # the frames that hold the networks go with it
            pass
        raise OSError(_too_large(arena, mine[0], min(lanes, len(mine))))


def _train(arena: Arena, jobs: list[Job], lanes: int, keeper: Keeper | None) -> Iterator[tuple[Job, Result]]:
    """All jobs of one loss: a lane, and the graph of its step, are made for it."""
    waiting = deque(jobs)

    def begin(lane: Lane) -> None:
        lane.load(waiting.popleft())
        if keeper:
            keeper.begin(lane)

    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):  # shapes are fixed; fp32 is fp32
        team = [Lane(arena, jobs[0].loss) for _ in range(min(lanes, len(waiting)))]
        advance = advance_on(arena.device)(team)
        for lane in team:
            begin(lane)
        while team:
            steps = min(AHEAD, *(lane.progress.until_stop for lane in team))
            for lane in team:
                lane.fill(steps)
            advance(team, steps)
            for lane in list(team):
                lane.collect(steps)
                if lane.progress.done == lane.progress.stops[-1]:
                    yield lane.progress.job, lane.result()
                    begin(lane) if waiting else team.remove(lane)
                elif keeper:
                    keeper.after(lane)


def _too_large(arena: Arena, job: Job, lanes: int) -> str:
    """What to say when so many networks side by side do not fit into a GPU's memory: one is tried, and measured."""
    memory = torch.get_device_module(arena.device)
    memory.empty_cache()
    memory.reset_peak_memory_stats(arena.device)
    before, (_, total) = memory.memory_allocated(arena.device), memory.mem_get_info(arena.device)
    try:
        Lane(arena, job.loss).step()
        one = max(1, memory.max_memory_allocated(arena.device) - before)
        fit = min(lanes - 1, int((0.9 * total - before) // one))
    except torch.OutOfMemoryError:
        fit = 0
    advice = f"about {fit} would fit: --lanes {fit}" if fit > 0 else "not even one fits: take smaller batches"
    return f"{lanes} networks side by side need more than the {total / 1e9:.0f} GB of {name_of(arena.device)}; {advice}"


def advance_on(device: torch.device) -> type[Eager | Graphs]:
    """What takes the steps of a team on this kind of device."""
    return Graphs if device.type == "cuda" else Eager


class Eager:
    """Steps one after another: on a CPU, and the plain twin of the graphs."""

    def __init__(self, team: list[Lane]):
        """There is nothing to prepare."""

    def __call__(self, team: list[Lane], steps: int) -> None:
        for lane in team:
            for _ in range(steps):
                lane.step()


class Graphs:
    """One CUDA graph with a step of every lane, each on its own stream; captured anew when a lane has left the team.

    A capture is replayed on the same memory: the lanes' buffers, weights and momenta outlive it, whatever a step
    allocates (activations, gradients, casts of weights) belongs to the graph and goes with it.
    """

    def __init__(self, team: list[Lane]):
        self.device = torch.get_device_module(team[0].arena.device)  # `torch.cuda`; `torch.cpu` bears the same names
        self.main, *others = [self.device.Stream() for _ in range(1 + len(team))]  # in a row, hence all different
        self.streams = dict(zip(team, others, strict=True))
        self.lanes: tuple[Lane, ...] = ()
        self.graph: Any = None
        self.refused = False  # whether a capture has failed
        for _ in range(3):  # libraries choose kernels and take workspaces, stream by stream; `load` undoes the rest
            self.step(team)

    def __call__(self, team: list[Lane], steps: int) -> None:
        if tuple(team) != self.lanes and not self.refused:
            self.device.synchronize()
            self._free()
            self.graph, self.lanes = None, tuple(team)
            try:
                self.graph = self.capture()
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                self.refused = True
                self._free()
                to_the_terminal(f"warning: the steps cannot be captured ({str(error).splitlines()[0]}): "
                                "training goes on without a graph, slower, with the same results")  # fmt: skip
        if self.refused:
            return Eager(team)(team, steps)
        for _ in range(steps):
            self.graph.replay()

    def _free(self) -> None:
        """Let go of the gradients, which lie in the memory of the graph that goes."""
        for lane in self.streams:
            lane.optimizer.zero_grad(set_to_none=True)

    def step(self, lanes: Iterable[Lane]) -> None:
        """A step of every lane: all streams leave the current one before any comes back to it, so that they overlap."""
        main = self.device.current_stream()
        for lane in lanes:
            self.streams[lane].wait_stream(main)
            with self.device.stream(self.streams[lane]):
                lane.step()
        for lane in lanes:
            main.wait_stream(self.streams[lane])

    def capture(self) -> Any:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.main):
            self.step(self.lanes)
        return graph
