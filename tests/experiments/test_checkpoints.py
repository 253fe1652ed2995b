"""Facts about checkpoints: a training that was killed goes on to the same result, and what is running is listed."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from drop.experiments import checkpoints, datasets, records, running
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SMOKE
from drop.experiments.checkpoints import Keeper
from drop.experiments.lanes import Job
from drop.experiments.training import train

RECIPE = dataclasses.replace(SMOKE, model="small-2-4", epochs=60, batch=32, evaluations=5, shift=1)
JOBS = {
    "plain": {}, "dynamics": {"record_dynamics": True, "augment": False}, "cdb-w": {"loss": ("cdb-w", ())},
}  # fmt: skip


def job(kind="plain", n=100):
    """188 steps in seven blocks: those of 32, cut at five evaluations."""
    return Job(("kept", 0), RECIPE, np.arange(n), after=weights, label="a training", **JOBS[kind])


def weights(network, _):
    return {name: value.numpy().copy() for name, value in network.state_dict().items()}


@pytest.fixture(scope="module")
def arena():
    whole = datasets.load("fashion-mnist-mini")
    few = datasets.Split(whole.test.images[::10], whole.test.labels[::10])
    return Arena(dataclasses.replace(whole, validation=few, test=few), RECIPE)


class Killed(Exception):
    """Instead of a signal, after so many blocks."""


class Mortal(Keeper):
    """Keeps a checkpoint after every block, and dies after the third."""

    def after(self, lane):
        super().after(lane)
        if lane.progress.done >= 90:
            raise Killed


def same(one, other):
    for name in ("validation", "test", "hits", "epochs", "losses"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.outputs.keys() == other.outputs.keys()
    for name, value in one.outputs.items():
        np.testing.assert_array_equal(value, other.outputs[name], err_msg=name)


@pytest.mark.parametrize("kind", JOBS)
def test_a_training_that_was_killed_goes_on_to_the_same_bits(arena, tmp_path, kind, monkeypatch):
    [(_, whole)] = train(arena, [job(kind)])
    with pytest.raises(Killed):
        list(train(arena, [job(kind)], keeper=Mortal(tmp_path, "d", every=0)))
    steps, keeper = [], Keeper(tmp_path, "d")
    step = checkpoints.Lane.step
    monkeypatch.setattr(checkpoints.Lane, "step", lambda lane: (steps.append(1), step(lane)))
    [(_, result)] = train(arena, [job(kind)], keeper=keeper)
    assert len(steps) < 100  # it did go on
    same(result, whole)
    assert keeper.path(job(kind), "pt").exists()  # until its record has been written
    keeper.end(job(kind))
    assert not list((tmp_path / "running").iterdir())


@pytest.mark.parametrize("change", ["code", "threads"])
def test_a_checkpoint_of_other_code_or_another_machine_is_not_taken_up(arena, tmp_path, change, monkeypatch):
    with pytest.raises(Killed):
        list(train(arena, [job()], keeper=Mortal(tmp_path, "d", every=0)))
    where = checkpoints._where
    monkeypatch.setattr(checkpoints, "_where", lambda lane: where(lane) | {change: "other"})
    monkeypatch.setattr(checkpoints.Lane, "resume", pytest.fail)
    assert len(list(train(arena, [job()], keeper=Keeper(tmp_path, "d")))) == 1


def test_a_damaged_checkpoint_is_said_and_the_training_begins_anew(arena, tmp_path):
    keeper = Keeper(tmp_path, "d")
    records.write(keeper.path(job(), "pt"), b"half of a")
    with pytest.warns(UserWarning, match="damaged .*begins anew"):
        [(_, result)] = train(arena, [job()], keeper=keeper)
    [(_, whole)] = train(arena, [job()])
    same(result, whole)


def test_what_takes_short_leaves_no_checkpoint(arena, tmp_path):
    keeper = Keeper(tmp_path, "d")
    [_] = train(arena, [job()], keeper=keeper)
    assert not keeper.path(job(), "pt").exists() and keeper.path(job(), "json").exists()


def test_another_job_or_other_data_have_files_of_their_own(tmp_path):
    paths = {Keeper(tmp_path, data).path(each, "pt") for data in "de" for each in (job(), job("cdb-w"), job(n=99))}
    assert len(paths) == 6
    assert Keeper(tmp_path, "d").path(job(), "pt") == Keeper(tmp_path, "d", every=1).path(job(), "pt")


def test_the_order_is_write_sync_rename_sync_of_the_folder(tmp_path, monkeypatch):
    said, path = [], tmp_path / "a" / "one.pt"
    path.parent.mkdir()

    def spy(name, what):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, **kwargs: (said.append(what(*args)), real(*args, **kwargs))[1])

    spy("fsync", lambda fd: f"sync {'folder' if Path(f'/proc/self/fd/{fd}').is_dir() else 'file'}")
    spy("replace", lambda old, new: f"rename {Path(old).read_bytes()!r} to {Path(new).name}")
    records.write(path, b"whole")
    assert said == ["sync file", "rename b'whole' to one.pt", "sync folder"]


def test_a_process_that_was_killed_or_ended_leaves_its_checkpoint_and_another_goes_on(arena, tmp_path):
    code = f"""
import test_checkpoints as t, datetime, pathlib, time
class Slow(t.Keeper):
    def after(self, lane):
        super().after(lane)
        if lane.progress.done >= 90: time.sleep(60)
t.torch.set_num_threads({torch.get_num_threads()})
whole = t.datasets.load("fashion-mnist-mini")
few = t.datasets.Split(whole.test.images[::10], whole.test.labels[::10])
arena = t.Arena(t.dataclasses.replace(whole, validation=few, test=few), t.RECIPE)
list(t.train(arena, [t.job()], keeper=Slow(pathlib.Path({str(tmp_path)!r}), "d", every=0)))
"""
    [(_, whole)] = train(arena, [job()])
    for blow in (signal.SIGKILL, signal.SIGTERM):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            notes = running.running(tmp_path)
            if notes and notes[0]["done"] >= 90 and notes[0]["process"] == process.pid:
                break
            time.sleep(0.1)
        assert notes[0]["alive"] and notes[0]["what"] == "a training" and notes[0]["steps"] == 188
        process.send_signal(blow)
        assert process.wait(30) == -blow
        assert not running.running(tmp_path)[0]["alive"]
    [(_, result)] = train(arena, [job()], keeper=Keeper(tmp_path, "d"))
    same(result, whole)


def test_status_says_what_is_running_since_when(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from drop.cli import app

    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    running.say(tmp_path / "running" / "one.json", "cifar10 paper random 0.1 seed 0", "2026-01-02T03:04:05+00:00", 7, 9)
    gone = {"what": "query", "since": "x", "done": 0, "steps": 9, "host": running.platform.node(), "process": 2**22 + 1}
    (tmp_path / "running" / "two.json").write_text(json.dumps(gone))
    (tmp_path / "running" / "three.json").write_text("[]")
    said = CliRunner().invoke(app, ["status"]).stdout
    assert "running since 2026-01-02T03:04:05+00:00: cifar10 paper random 0.1 seed 0, step 7 of 9" in said
    assert "interrupted, the same command goes on: query, step 0 of 9" in said


def test_another_process_that_got_the_number_is_not_the_one_that_trained(tmp_path):
    note = tmp_path / "running" / "one.json"
    running.say(note, "a training", "x", 0, 9)
    assert running.running(tmp_path)[0]["alive"]
    note.write_text(json.dumps(json.loads(note.read_text()) | {"born": 1.0}))
    assert not running.running(tmp_path)[0]["alive"]
