"""Facts about the table of benchmarks, pruner names and plans."""

import dataclasses

import pytest

from drop.experiments import benchmarks, records
from drop.experiments.benchmarks import CORE, EXTENDED, TABLE, Benchmark, Run, benchmark, parts, plan

SMOKE = benchmark("fashion-mnist", "smoke")


def test_every_entry_is_found_under_its_name_and_names_real_models_and_data():
    from drop.experiments import datasets, metadata, models

    for entry in TABLE:
        assert benchmark(entry.name, entry.scale) is entry
        assert entry.dataset in (*datasets.NAMES, *metadata.NAMED) and entry.scale in benchmarks.SCALES
        models._check(entry.recipe.model, 10, 3, 32)


def test_the_laptop_scale_records_dynamics_for_30_epochs_and_every_window_fits():
    for entry in TABLE:
        recipe = entry.recipe
        assert recipe.full_epochs >= 30 or entry.scale == "smoke"
        assert recipe.window == (10 if entry.scale == "paper" else max(2, round(recipe.full_epochs / 16)))


@pytest.mark.parametrize("density, share", [(1.0, 1.0), (0.5, 0.75), (0.1, 0.55), (0.05, 0.525)])
def test_the_budget_rule_gives_steps_of_half_plus_half_the_density(density, share):
    for entry in TABLE:
        recipe = entry.recipe_at(density)
        wanted = {0.0: density, 1.0: 1.0}.get(entry.recipe.budget, share)  # equal epochs, equal steps
        assert recipe.epochs * density == pytest.approx(entry.recipe.epochs * wanted, abs=density)


def test_a_run_at_density_one_is_full_training_whatever_the_pruner():
    runs = plan(SMOKE, ["random", "el2n", "full"], [1.0], [0])
    assert runs == [Run(SMOKE, "full", 1.0, 0)]


def test_a_plan_goes_seed_by_seed_without_repeats():
    runs = plan(SMOKE, ["random", "random", "random+drop"], EXTENDED, range(2))
    assert len(runs) == len(set(runs)) == 2 * (1 + 2 * 7)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)
    assert set(CORE) < set(EXTENDED)


def test_the_key_tells_everything_apart_that_changes_a_result():
    longer = dataclasses.replace(SMOKE, recipe=dataclasses.replace(SMOKE.recipe, epochs=7))
    runs = [
        Run(SMOKE, "random", 0.3, 0), Run(SMOKE, "random", 0.3, 1), Run(SMOKE, "random", 0.5, 0),
        Run(SMOKE, "el2n", 0.3, 0), Run(longer, "random", 0.3, 0),
    ]  # fmt: skip
    assert len({run.key for run in runs}) == len(runs)


@pytest.mark.parametrize("name, score, quota", [
    ("random", "random", None), ("random+drop", "random", "drop"), ("random+el2nq", "random", "el2nq"),
    ("dynamic-uncertainty+drop", "dynamic-uncertainty", "drop"), ("random+balanced", "random", "balanced"),
    ("cdb-w", "random", None), ("random+gamma0.5", "random", "gamma0.5"), ("el2n+minimax2", "el2n", "minimax2"),
])  # fmt: skip
def test_pruner_names_say_what_ranks_and_what_sets_the_quotas(name, score, quota):
    assert parts(name) == (score, quota)


@pytest.mark.parametrize("call, said", [
    (lambda: benchmark("fashion-mnits", "smoke"), "unknown benchmark 'fashion-mnits'; nearest: fashion-mnist"),
    (lambda: benchmark("cifar10", "laptp"), "unknown scale of cifar10 'laptp'; nearest: laptop"),
    (lambda: parts("random+dorp"), "nearest: random\\+drop"),
    (lambda: parts("random+randomq"), "unknown pruner"),
    (lambda: parts("cdb-w+drop"), "unknown pruner"),
    (lambda: plan(SMOKE, ["random"], [0.0]), "density is 0"),
    (lambda: plan(SMOKE, ["random"], [1.2]), "1.2"),
    (lambda: plan(SMOKE, ["random"], [float("nan")]), "nan"),
    (lambda: plan(SMOKE, ["random"], [0.5], [-1]), "seed is -1"),
    (lambda: benchmarks.register(dataclasses.replace(SMOKE, dataset="cifar10")), "already is another"),
])  # fmt: skip
def test_what_is_wrong_is_said_with_what_is_right(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_a_benchmark_of_ones_own_takes_a_few_lines(monkeypatch):
    monkeypatch.setattr(benchmarks, "_TABLE", dict(benchmarks._TABLE))
    mine = Benchmark("mine", "laptop", "fashion-mnist-mini", dataclasses.replace(SMOKE.recipe, model="lenet5"))
    benchmarks.register(mine)
    assert benchmark("mine", "laptop") == mine


def test_a_field_that_came_later_changes_no_key_until_it_is_set():
    entry = benchmark("cifar10", "laptop")
    assert "smoothing" not in entry.recipe.settings()
    other = dataclasses.replace(entry, recipe=dataclasses.replace(entry.recipe, smoothing=0.1))
    assert other.recipe.settings()["smoothing"] == 0.1
    assert Run(other, "random", 0.1, 0).key != Run(entry, "random", 0.1, 0).key


def test_every_committed_record_has_the_key_of_its_run_in_the_table():
    found = records.load(records.committed())
    assert len(found) >= 545
    for record in found:
        run = record["run"]
        entry = benchmark(run["benchmark"], run["scale"])
        assert record["key"] == Run(entry, run["pruner"], run["density"], run["seed"]).key
