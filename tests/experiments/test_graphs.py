"""Facts about the CUDA path: all but the capture itself also on a CPU, through the same code; the rest needs a GPU."""

import contextlib
import dataclasses
import types

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from drop.experiments import datasets, training
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SMOKE
from drop.experiments.lanes import Job, Lane
from drop.experiments.training import Eager, Graphs, train

on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
RECIPE = dataclasses.replace(SMOKE, epochs=2, batch=32, evaluations=2, shift=2)
CDB = ("cdb-w", ())


@pytest.fixture(scope="module")
def data():
    whole = datasets.load("fashion-mnist-mini")
    held_out = datasets.Split(whole.validation.images[::10], whole.validation.labels[::10])
    return dataclasses.replace(whole, validation=held_out, test=held_out)


def job(seed=0, n=200, epochs=2, **others):
    recipe = dataclasses.replace(RECIPE, epochs=epochs)
    return Job(("graphs", seed), recipe, np.arange(n), **others)


class Uncaptured(Graphs):
    """The graphs with one thing left out: a replay takes the step that a capture would have recorded."""

    captures = 0

    def capture(self):
        Uncaptured.captures += 1
        assert all(p.grad is None for lane in self.streams for p in lane.network.parameters())
        return types.SimpleNamespace(replay=lambda: self.step(self.lanes))


def test_warming_up_and_changing_the_team_leave_no_trace_in_the_results(data, monkeypatch):
    arena = Arena(data, RECIPE)
    jobs = [job(0), job(1, 130, record_dynamics=True), job(2, 100, epochs=3), job(3, 70), job(4, 60, loss=CDB)]
    plain = {each.name: result for each, result in train(arena, jobs)}
    monkeypatch.setattr(training, "advance_on", lambda device: Uncaptured)
    graphs = {each.name: result for each, result in train(arena, jobs, lanes=3)}
    assert Uncaptured.captures == 3 + 1  # three lanes, two, one, of which one took a second job; then one for CDB-W
    for name, result in plain.items():
        np.testing.assert_array_equal(result.test, graphs[name].test)
        np.testing.assert_allclose(result.losses, graphs[name].losses, rtol=1e-6)
        for kind, values in result.outputs.items():
            np.testing.assert_array_equal(values, graphs[name].outputs[kind])


class Refused(Graphs):
    """A device that records nothing."""

    tried = 0

    def capture(self):
        Refused.tried += 1
        raise RuntimeError("operation not permitted when stream is capturing\nmore of it")


def test_a_step_that_cannot_be_captured_is_one_line_and_training_goes_on_with_the_same_results(data, monkeypatch):
    arena, lines = Arena(data, RECIPE), []
    jobs = [job(0), job(1, 130, record_dynamics=True), job(2, 100, epochs=3)]
    plain = {each.name: result for each, result in train(arena, jobs)}
    monkeypatch.setattr(training, "advance_on", lambda device: Refused)
    monkeypatch.setattr(training, "to_the_terminal", lines.append)
    refused = {each.name: result for each, result in train(arena, jobs, lanes=2)}
    assert Refused.tried == 1 and len(lines) == 1
    assert "cannot be captured (operation not permitted when stream is capturing)" in lines[0] and "\n" not in lines[0]
    for name, result in plain.items():
        np.testing.assert_array_equal(result.test, refused[name].test)
        np.testing.assert_allclose(result.losses, refused[name].losses, rtol=1e-6)


@pytest.mark.parametrize("one, said", [(20e9, "about 3 would fit: --lanes 3"), (100e9, "not even one fits")])
def test_too_little_memory_says_how_many_networks_would_fit(data, monkeypatch, one, said):
    taken = iter((1e9, 1e9 + one))
    memory = types.SimpleNamespace(
        empty_cache=lambda: None, reset_peak_memory_stats=lambda device: None, mem_get_info=lambda device: (0, 80e9),
        memory_allocated=lambda device: next(taken), max_memory_allocated=lambda device: next(taken),
    )  # fmt: skip
    monkeypatch.setattr(training.torch, "get_device_module", lambda device: memory)

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(training, "_train", full)
    arena = Arena(data, RECIPE)
    with pytest.raises(OSError, match=f"4 networks side by side need more than the 80 GB of cpu .*; {said}"):
        list(train(arena, [job(seed) for seed in range(9)], lanes=4))


def test_all_streams_leave_before_any_comes_back():
    said = []

    class Stream:
        def __init__(self, name):
            self.name = name

        def wait_stream(self, other):
            said.append(f"{self.name} waits for {other.name}")

    class Walker:
        def step(self):
            said.append("step")

    graphs, lanes = object.__new__(Graphs), [Walker(), Walker()]
    graphs.streams = dict(zip(lanes, map(Stream, "ab"), strict=True))
    graphs.device = types.SimpleNamespace(current_stream=lambda: Stream("main"), stream=contextlib.nullcontext)
    graphs.step(lanes)
    assert said == ["a waits for main", "step", "b waits for main", "step", "main waits for a", "main waits for b"]


class Blindfold(TorchDispatchMode):
    """Raises where a value, or a shape that hangs on values, is asked for: a GPU would wait, and no capture may."""

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        name = function.overloadpacket.__name__
        assert name not in ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal"), name
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize("model, precision, loss", [
    ("vgg16", "bf16", ("", ())), ("resnet18", "fp32", CDB), (SMOKE.model, "bf16", ("class-balanced", (("beta", 0.9),))),
    (SMOKE.model, "bf16", ("ldam-drw", (("margin", 0.5), ("scale", 10)))),
    (SMOKE.model, "bf16", ("group-dro", (("step", 0.1), ("adjustment", 1)))),
])  # fmt: skip
def test_a_step_never_asks_for_a_value(data, model, precision, loss):
    recipe = dataclasses.replace(RECIPE, model=model, precision=precision, batch=2)
    if model == "vgg16":  # needs 32 pixels
        data = dataclasses.replace(data, train=datasets.Split(torch.zeros(8, 3, 32, 32).byte(), data.train.labels[:8]))
    lane = Lane(Arena(data, recipe), loss)
    with Blindfold():
        lane.step()
        with pytest.raises(AssertionError, match="_local_scalar_dense"):
            lane.losses[0].item()
    assert lane.cursor.tolist() == [1]


@on_cuda
@pytest.mark.parametrize("count", [1, 3])
def test_a_captured_graph_takes_the_same_20_steps_as_its_eager_twin(data, count):
    arena = Arena(data, RECIPE, "cuda")
    losses = {}
    for kind in (Eager, Graphs):
        lanes = [Lane(arena) for _ in range(count)]
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
            advance = kind(lanes)
            for seed, lane in enumerate(lanes):
                lane.load(job(seed, 320))
                lane.fill(20)
            advance(lanes, 20)
        losses[kind] = torch.stack([lane.losses[:20] for lane in lanes]).cpu().numpy()
    np.testing.assert_allclose(losses[Graphs], losses[Eager], rtol=1e-3)


@on_cuda
def test_graphs_of_a_shrinking_team_give_the_results_of_single_runs(data):
    arena = Arena(data, RECIPE, "cuda")
    jobs = [job(0), job(1, 130, record_dynamics=True), job(2, 100, epochs=3), job(3, 70), job(4, 60, loss=CDB)]
    alone = {each.name: result for each in jobs for _, result in train(arena, [each])}
    for each, result in train(arena, jobs, lanes=3):
        np.testing.assert_allclose(result.losses, alone[each.name].losses, rtol=1e-2)


@on_cuda
def test_memory_of_finished_trainings_is_given_back(data):
    arena = Arena(data, RECIPE, "cuda")
    used = []
    for _ in range(3):
        list(train(arena, [job(0), job(1)], lanes=2))
        used.append(torch.cuda.memory_allocated())
    assert used[2] <= used[1] * 1.01


@on_cuda
def test_filling_and_stepping_wait_for_nothing(data):
    lane = Lane(Arena(data, RECIPE, "cuda"))
    lane.load(job(0, 320))
    torch.cuda.set_sync_debug_mode("error")
    try:
        lane.fill(5)
        for _ in range(5):
            lane.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
