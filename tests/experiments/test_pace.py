"""Timing this machine: one tiny network for a moment, and what cannot be timed."""

import pytest
from typer.testing import CliRunner

from drop.experiments import costs, pace
from drop.experiments.benchmarks import SMOKE, Benchmark, benchmark, plan

TINY = Benchmark("tiny", "laptop", "fashion-mnist-mini", SMOKE)
WORK = costs.work_of(TINY)


def test_equal_networks_are_timed_once_and_what_no_process_can_time_is_left_out(monkeypatch):
    asked = []

    def stand_in(works, device, workers, lanes, end):
        asked.extend(works)
        return [(work, 0.5) for work in works for _ in range(workers - (work.classes == 100))]

    monkeypatch.setattr(pace, "_in_processes", stand_in)
    monkeypatch.setattr(pace.torch.cuda, "is_available", lambda: False)
    names = ["cifar10", "cifar10-longer", "cifar10-query3", "cifar100", "fashion-mnist-long-tail", "fashion-mnist"]
    entries = [benchmark(name, "laptop") for name in names]
    found = pace.of_this_machine(entries, workers=2)
    assert len(asked) == 3 and set(asked) == set(map(costs.work_of, entries))
    assert found.at_once == 2 and found.how == "2 processes" and set(found.seconds.values()) == {0.5}
    assert {name for name, _ in found.table(entries)} == set(names) - {"cifar100"}


def test_a_tiny_network_is_timed_in_processes_of_their_own(monkeypatch):
    monkeypatch.setattr(pace, "GRACE", 300.0)  # a busy machine takes long to start a process
    found = pace.of_this_machine([TINY], limit=3, workers=2)
    if not pace.torch.cuda.is_available():
        assert found.at_once == 2
    assert found.seconds[WORK] > 0


def test_what_takes_longer_than_there_is_time_counts_by_one_step():
    assert pace.seconds_of_a_step(WORK, allowed=0) > 0


@pytest.mark.parametrize("work", [
    WORK._replace(model="vgg16"),  # whose poolings need larger images
    WORK._replace(model="no-such-model"),
])  # fmt: skip
def test_what_cannot_be_built_is_not_known(work, monkeypatch):
    monkeypatch.setattr(pace, "work_of", lambda entry: work)
    assert pace.of_this_machine([TINY], limit=1, workers=1).seconds == {}


def test_weights_are_not_downloaded_for_it(monkeypatch):
    monkeypatch.setattr("drop.experiments.models.imagenet_weights", lambda name: pytest.fail("asked for weights"))
    work = WORK._replace(model="resnet50-imagenet", batch=2)
    assert pace.seconds_of_a_step(work, allowed=0) > 0


def test_a_dry_run_says_the_cost_with_the_processes_that_were_asked_for(monkeypatch, tmp_path):
    from drop.cli import app

    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    asked = {}

    def stand_in(entries, workers, lanes):
        asked["workers"] = workers
        return costs.Pace({costs.work_of(entry): 0.1 for entry in entries}, workers, f"{workers} processes")

    monkeypatch.setattr(pace, "of_this_machine", stand_in)
    given = "run cifar10 desk --pruners random+drop --densities 0.3 --seeds 99 --dry-run --workers 3".split()
    said = CliRunner().invoke(app, given)
    entry = benchmark("cifar10", "desk")
    runs = plan(entry, ["random+drop"], [0.3], [99])
    table = costs.Pace({costs.work_of(entry): 0.1}).table([entry])
    seconds = costs.clock(costs.wall(costs.networks(runs, table), 3))
    assert said.exit_code == 0 and asked == {"workers": 3}
    assert f"estimated cost: about {seconds} on this machine (3 processes; timed just now)" in said.output
    monkeypatch.setattr(pace, "of_this_machine", lambda *_, **__: pytest.fail("timed"))
    assert CliRunner().invoke(app, ["run", "fashion-mnist", "smoke", "--seeds", "99", "--dry-run"]).exit_code == 0
