"""What training costs, counted from the runs and a machine's pace: no clock, no data."""

import dataclasses

import pytest

from drop.experiments import benchmarks, costs, datasets, records, runs
from drop.experiments.benchmarks import TABLE, Run, benchmark, plan

FASHION = benchmark("fashion-mnist", "laptop")  # 9 epochs; queries: 5 x 1 epoch, and one of 30
AT = {("fashion-mnist", "laptop"): 90.0}


def test_cost_counts_steps_and_query_models_once_a_seed():
    full_and_half = plan(FASHION, ["random", "random+drop"], [0.5, 1.0], [0])
    assert costs.cost(full_and_half, AT) == pytest.approx(90 * (1 + 2 * 0.75) + 90 * 5 / 9)
    twice = plan(FASHION, ["random", "random+drop"], [0.5, 1.0], [0, 1])
    assert costs.cost(twice, AT) == pytest.approx(2 * costs.cost(full_and_half, AT))
    assert costs.cost(full_and_half, {}) is None and costs.networks(full_and_half, {}) is None


@pytest.mark.parametrize("rule, epochs", [
    *[(rule, 5 if rule != "balanced" else 0) for rule in benchmarks.RULES],
    ("el2nq", 5), ("forgettingq", 30),
])  # fmt: skip
def test_every_quota_rule_is_priced_with_the_query_models_it_needs(rule, epochs):
    run = Run(FASHION, f"random+{rule}", 0.5, 0)
    assert costs.cost([run], AT) == pytest.approx(90 * 0.75 + 90 * epochs / 9)
    assert {query.index < 0 for query in runs.needed_queries([run])} == {30: {True}, 5: {False}, 0: set()}[epochs]


@pytest.mark.parametrize("pruner", ["random-fresh", "random-fresh+drop", "el2n", "jtt:2:20", "cdb-w", "k-center+drop"])
def test_as_many_query_models_are_priced_as_are_trained(pruner):
    entry = dataclasses.replace(FASHION, chosen=(("jtt", (2, 20)),))
    run = Run(entry, pruner, 1.0 if pruner in ("cdb-w", "jtt:2:20") else 0.3, 0)
    [*queries, _] = costs.networks([run], AT)
    assert len(queries) == len(runs.needed_queries([run]))


@pytest.mark.parametrize("name", sorted({r["run"]["dataset"] for r in records.load(records.committed())}))
def test_sizes_are_those_of_the_data_that_were_measured(name):
    found = [record for record in records.load(records.committed()) if record["run"]["dataset"] == name]
    record = next(record for record in found if record["run"]["recipe"].get("validation", "test") == "test")
    size = costs.size_of(name)
    held_out = _total(record["validation"]) + _total(record["test"])
    classes = len(record["groups"]["of_classes"]) if record.get("groups") else len(record["classes"])
    assert (size.train, size.held_out, size.classes) == (sum(record["class_sizes"]), held_out, classes)


def _total(counts) -> int:
    return sum(total for _, total in records.right_and_total(counts))


@pytest.mark.parametrize(
    "name", ["fashion-mnist-mini", "garments-on-scenes-mini", "fashion-mnist-mini-tail100-hard-rare"]
)
def test_sizes_are_those_of_the_data_that_ship(name):
    data = datasets.load(name)
    n, *shape = data.train.images.shape
    held_out = len(data.validation.labels) + len(data.test.labels)
    assert costs.size_of(name) == (n, held_out, shape[0], shape[1], len(data.classes))


def test_every_benchmark_of_the_table_says_its_size_without_its_data(monkeypatch):
    monkeypatch.setenv("DROP_DATA", "/nowhere")
    assert all(costs.work_of(entry) for entry in TABLE)


def test_a_folder_is_counted_and_one_of_its_images_opened(tmp_path):
    from PIL import Image

    for part, number in (("train", 3), ("test", 2)):
        for label in ("ant", "bee"):
            (tmp_path / part / label).mkdir(parents=True)
            for i in range(number):
                Image.new("RGB", (24, 24)).save(tmp_path / part / label / f"{i}.png")
    assert costs.size_of(f"folder:{tmp_path}") == (6, 4, 3, 24, 2)
    assert costs.size_of(f"folder:{tmp_path / 'nowhere'}") is None and costs.size_of("metadata:/nowhere") is None


def pace(at_once: int = 1, **seconds: float) -> costs.Pace:
    """So many seconds a step, by benchmark of the laptop scale."""
    return costs.Pace({costs.work_of(benchmark(name, "laptop")): each for name, each in seconds.items()}, at_once)


def test_a_full_training_is_its_epochs_steps_and_evaluations():
    steps = (9 * 60_000 + 4 * 10_000 / 3) / 256
    assert pace(cifar10=1).table([FASHION]) == {}
    found = costs.Pace({costs.work_of(FASHION): 0.1}).table([FASHION, benchmark("cifar10", "laptop")])
    assert found == {("fashion-mnist", "laptop"): pytest.approx(0.1 * steps)}


def test_equal_networks_have_one_pace_and_costs_of_their_own():
    longer = benchmark("cifar10-longer", "laptop")
    table = pace(cifar10=0.1).table([benchmark("cifar10", "laptop"), longer])
    once = pytest.approx(3 * 0.1 * 7 * 50_000 / 256)  # three times 7 epochs more, and no evaluation more
    assert table["cifar10-longer", "laptop"] - table["cifar10", "laptop"] == once
    assert costs.work_of(longer) != costs.work_of(benchmark("cifar10", "desk"))


@pytest.mark.parametrize("seconds, at_once, expected", [
    ([4, 3, 2, 1], 1, 10), ([4, 3, 2, 1], 2, 5), ([4], 2, 4), ([1, 1, 1], 2, 2), ([], 2, 0),
])  # fmt: skip
def test_networks_are_shared_out_to_whoever_is_free(seconds, at_once, expected):
    assert costs.spread(seconds, at_once) == expected


def test_by_the_clock_runs_wait_for_all_query_models():
    found = costs.networks(plan(FASHION, ["random+drop"], [0.5], [0]), AT)  # 5 queries of 10 s, and a run of 67.5 s
    assert costs.wall(found, 2) == pytest.approx(30 + 67.5) and costs.wall(found, 1) == pytest.approx(50 + 67.5)


def test_a_training_set_that_gives_its_validation_images_is_smaller():
    recipe = dataclasses.replace(FASHION.recipe, validation="train", evaluations=0)
    assert costs.steps(recipe, costs.size_of("fashion-mnist")) == pytest.approx(0.9 * 9 * 60_000 / 256)


@pytest.mark.parametrize("seconds, said", [(45, "45 s"), (720, "12 min"), (12_240, "3.4 h"), (864_000, "10 days")])
def test_a_duration_is_said_in_its_unit(seconds, said):
    assert costs.clock(seconds) == said
