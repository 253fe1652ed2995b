"""How fast this machine trains: real steps of a network, timed while as many train as `drop run` has at once."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Barrier

import numpy as np
import torch

from drop.experiments import machine
from drop.experiments.arena import Arena
from drop.experiments.arithmetic import name_of
from drop.experiments.benchmarks import Benchmark, Recipe
from drop.experiments.costs import Pace, Work, work_of
from drop.experiments.datasets import DataSet, Split
from drop.experiments.lanes import AHEAD, Job, Lane
from drop.experiments.models import PRETRAINED
from drop.experiments.training import advance_on

LIMIT, EACH, GRACE = 30.0, 12.0, 10.0  # seconds: of all timing, of one network, until who has not answered is ended
WARM = 3  # steps before the clock counts: kernels are chosen and memory is taken
ROOM = 2**25  # bytes of images, more than a core's caches hold
LONG = 100_000  # steps of a training that never ends


def of_this_machine(
    entries: Iterable[Benchmark], limit: float = LIMIT, workers: int | None = None, lanes: int = 4,
) -> Pace:  # fmt: skip
    """The pace of the networks of some benchmarks, within about `limit` seconds for all of them together.

    Networks that differ in nothing that a step's time depends on are timed once. Images are noise: nothing is loaded
    or downloaded. What cannot be timed is left out: images of unknown size, too little memory, steps that take longer
    than there is time. workers, lanes: as of `runs.measure`.
    """
    found = {work for entry in entries if (work := work_of(entry))}
    works = sorted(found, key=lambda work: (work.batch * work.side**2, work))  # what may take too long comes last
    on_gpu = torch.cuda.is_available()
    workers = 1 if on_gpu else workers or machine.workers()
    lanes, device = (lanes, "cuda") if on_gpu else (1, "cpu")
    at_once = lanes if on_gpu else workers
    how = f"{lanes} networks at a time, {name_of(device)}" if on_gpu else f"{workers} process{'es' * (workers > 1)}"
    told = _in_processes(works, device, workers, lanes, time.time() + limit) if works else []
    seconds = {work: [s for other, s in told if other == work] for work in works}
    return Pace({work: float(np.mean(each)) for work, each in seconds.items() if len(each) == workers}, at_once, how)


def _in_processes(works: Sequence[Work], device: str, workers: int, lanes: int, end: float) -> list[tuple[Work, float]]:
    """What each process says of each network, as far as it does in time."""
    spawn = multiprocessing.get_context("spawn")
    together, threads = spawn.Barrier(workers), max(1, machine.cores() // workers) if workers > 1 else 0
    pipes = [spawn.Pipe(duplex=False) for _ in range(workers)]
    team = [
        spawn.Process(target=_time_all, args=(works, device, lanes, threads, end, together, out), daemon=True)
        for _, out in pipes
    ]
    found, open_ends = [], {ours for ours, _ in pipes}
    try:
        for process in team:
            process.start()
        for _, out in pipes:
            out.close()
        while open_ends and (ready := wait(open_ends, max(0, end + GRACE - time.time()))):
            for ours in ready:
                try:
                    found.append(ours.recv())
                except EOFError:
                    open_ends.remove(ours)
    finally:
        for process in team:
            process.terminate()
            process.join()
    return found


def _time_all(works: Sequence[Work], device: str, lanes: int, threads: int, end: float, together: Barrier,
              out: Connection) -> None:  # fmt: skip
    """Time one network after the other, in what is left until `end`, and send (work, seconds of a step)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if threads:  # one process trains with as many as torch takes by itself
        torch.set_num_threads(threads)
    for number, work in enumerate(works):
        share = (end - time.time()) / (len(works) - number)
        with contextlib.suppress(RuntimeError, OSError, ValueError):  # too little memory, or images too small
            out.send((work, seconds_of_a_step(work, min(share, EACH), device, lanes, together)))


def seconds_of_a_step(
    work: Work, allowed: float, device: str = "cpu", lanes: int = 1, together: Barrier | None = None
) -> float:
    """Seconds that each of `lanes` networks takes for a step, after a few to warm up, timed for at most `allowed`.

    together: where other processes wait to begin at the same time. A slow network is judged by its last step alone.
    """
    end = time.perf_counter() + allowed
    recipe = Recipe(work.model.removesuffix(PRETRAINED), 1, work.batch, 0.1, 1e-4, shift=2, precision=work.precision,
                    evaluations=1)  # fmt: skip
    arena = Arena(_noise(work), recipe, device)
    size = len(arena.labels)
    job = Job(("pace",), dataclasses.replace(recipe, epochs=-(-LONG * work.batch // size)), np.arange(size))
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
        team = [Lane(arena) for _ in range(lanes)]
        advance = advance_on(arena.device)(team)

        def timed(steps: int) -> float:
            begin = time.perf_counter()
            for lane in team:
                lane.fill(steps)
            advance(team, steps)
            for lane in team:
                lane.collect(steps)
            torch.get_device_module(arena.device).synchronize()
            return time.perf_counter() - begin

        for lane in team:
            lane.load(job)
        for _ in range(WARM):
            last = timed(1)
            if time.perf_counter() + last > end:
                return last
        if together:
            with contextlib.suppress(threading.BrokenBarrierError):  # somebody is late, and busy
                together.wait(max(0.1, (end - time.perf_counter()) / 2))
        taken, done = 0.0, 0
        while not done or time.perf_counter() + last < end and done < LONG // 2:
            block = max(1, min(AHEAD, int((end - time.perf_counter()) / last)))
            taken, done = taken + timed(block), done + block
            last = taken / done
    return last


def _noise(work: Work) -> DataSet:
    """A data set of random images of this shape, in labels' order."""
    size = max(2 * work.batch, min(10**5, ROOM // (work.channels * work.side**2)))
    drawn = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        shape = (n, work.channels, work.side, work.side)
        images = torch.randint(256, shape, dtype=torch.uint8, generator=drawn)
        return Split(images, torch.arange(n) % work.classes)

    classes = tuple(map(str, range(work.classes)))
    return DataSet("noise", classes, split(size), split(work.classes), split(work.classes), "")
