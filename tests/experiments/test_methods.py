"""The names and settings of the methods that train on all the data."""

import dataclasses

import numpy as np
import pytest
import torch

from drop.experiments import datasets, methods, records
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import Run, benchmark, parts, plan
from drop.experiments.lanes import Job, Lane
from drop.experiments.models import build
from drop.experiments.queries import Shelf
from drop.experiments.records import Store
from drop.experiments.runs import identification, job_of, keep, measure
from drop.experiments.training import train
from drop.metrics import recalls_of

SMOKE = dataclasses.replace(benchmark("garments-on-scenes", "smoke"), chosen=())
CHOSEN = dataclasses.replace(SMOKE, chosen=(("jtt", (4, 20)),))


def test_settings_come_from_the_name_or_from_what_was_chosen():
    assert Run(CHOSEN, "jtt", 1.0, 0).settings == {"epochs": 4, "weight": 20}
    assert Run(CHOSEN, "jtt:1:50", 1.0, 0).settings == {"epochs": 1, "weight": 50}
    assert Run(CHOSEN, "random+drop", 0.1, 0).settings == Run(CHOSEN, "cdb-w", 1.0, 0).settings == {}


def test_settings_change_the_key_of_their_method_and_of_no_other_run():
    other = dataclasses.replace(SMOKE, chosen=(("jtt", (4, 5)),))
    assert Run(CHOSEN, "jtt", 1.0, 0).key != Run(other, "jtt", 1.0, 0).key
    for pruner in ("full", "cdb-w", "random+drop"):
        assert Run(CHOSEN, pruner, 1.0, 0).key == Run(other, pruner, 1.0, 0).key == Run(SMOKE, pruner, 1.0, 0).key
        assert "settings" not in Run(CHOSEN, pruner, 1.0, 0).config()


def test_a_method_on_all_the_data_is_a_run_of_its_own():
    runs = plan(CHOSEN, ["jtt", "cdb-w", "random", "jtt:1:5"], [1.0])
    assert [run.pruner for run in runs] == ["jtt", "cdb-w", "full", "jtt:1:5"]
    assert [run.method for run in runs] == ["jtt", "cdb-w", None, "jtt"]
    assert parts("jtt:1:5") == ("random", None)


def test_every_method_has_the_same_number_of_trials():
    tuned = [name for name, settings in methods.SETTINGS.items() if settings]
    assert set(methods.TRIALS) == set(tuned)
    for name in tuned:
        assert len(set(methods.trials(name))) == 6
        for trial in methods.trials(name):
            assert tuple(methods.split(trial)[1].values()) in methods.TRIALS[name]


def test_what_was_chosen_is_the_best_trial_on_validation_images():
    """By the worst class or group, then by the average; trials are committed, with a seed that is not reported."""
    found: dict[tuple[str, str], list] = {}
    for record in records.load(records.committed()):
        run = record["run"]
        name, settings = methods.split(run["pruner"])
        if run["seed"] == methods.SEED and name in methods.TRIALS:
            recalls = recalls_of(record["validation"])
            place = (recalls.min(), recalls.mean(), tuple(settings.values()))
            found.setdefault((run["benchmark"], name), []).append(place)
    assert found and all(len(places) == 6 for places in found.values())
    for (name, method), places in found.items():
        assert dict(benchmark(name, "laptop").chosen)[method] == max(places)[2], (name, method)


@pytest.mark.parametrize("call, said", [
    (lambda: plan(SMOKE, ["jtt"], [1.0]), "no settings of jtt were chosen for garments-on-scenes.*as in jtt:1:5"),
    (lambda: plan(CHOSEN, ["jtt"], [0.5]), "jtt needs all the data, but the density is 0.5"),
    (lambda: parts("jtt:1"), "'jtt:1' gives jtt other settings than it has: write jtt:epochs:weight"),
    (lambda: parts("jtt:1:x"), "write jtt:epochs:weight, with numbers"),
    (lambda: parts("cdb-w:1"), "other settings than it has"),
    (lambda: parts("random:1"), "other settings than it has"),
    (lambda: parts("group-rdo:1"), "other settings|unknown pruner"),
])  # fmt: skip
def test_what_is_wrong_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()


# From the name to the trained network

QUICK = dataclasses.replace(SMOKE.recipe, epochs=2, evaluations=1)
MICRO = dataclasses.replace(SMOKE, name="micro-methods", recipe=QUICK)
ASKED = ["full", "class-balanced:0.99", "ldam-drw:0.5:10", "crt:0.3:0.1", "group-dro:0.1:1", "jtt:1:7",
         "group-subsampling:0.5"]  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return datasets.load(MICRO.dataset)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("records"), also=[])
    measure(plan(MICRO, ASKED, [1.0]), store, workers=1, device="cpu")
    return store


def run_of(pruner: str) -> Run:
    return Run(MICRO, pruner, 1.0, 0)


def job(pruner: str, data, store):
    groups = data.train.groups.numpy()
    return job_of(run_of(pruner), keep(run_of(pruner), groups, 4, store)[0], data, store)


def test_each_method_trains_another_network_and_says_how(store):
    found = {pruner: store.get(run_of(pruner).key) for pruner in ASKED}
    assert all(found.values()) and len({record["test_hits"] for record in found.values()}) == len(ASKED)
    assert found["jtt:1:7"]["run"]["settings"] == {"epochs": 1, "weight": 7}
    assert found["group-subsampling:0.5"]["kept"] == [10] * 4
    assert all(sum(found[pruner]["kept"]) == 1000 for pruner in ASKED[:-1])


def test_jtt_samples_the_errors_of_a_short_training_more_often(data, store):
    sampling = job("jtt:1:7", data, store).sampling
    wrong = Shelf(store.root).get(identification(run_of("jtt:1:7")))["wrong"]
    assert set(sampling) == {1, 7} and ((sampling == 7) == wrong).all()
    share = np.bincount(data.train.groups[torch.from_numpy(wrong)], minlength=4) / [730, 40, 10, 220]
    assert share.argmax() in (1, 2)  # a group whose scene is that of the other class


def test_group_dro_samples_all_groups_alike_and_subsampling_takes_its_share_of_the_steps(data, store):
    sampling, groups = job("group-dro:0.1:1", data, store).sampling, data.train.groups.numpy()
    assert [sampling[groups == g].sum() for g in range(4)] == pytest.approx([1, 1, 1, 1])
    cut = job("group-subsampling:0.5", data, store)
    assert len(cut.kept) == 40 and cut.recipe.epochs == 25  # 2 epochs of 1000, times 0.5, over 40


def test_samples_are_drawn_by_their_chances(data):
    arena = Arena(data, QUICK)
    chances = np.where(np.arange(1000) < 10, 99.0, 1.0)
    lane = Lane(arena)
    lane.load(Job(("chances",), QUICK, np.arange(1000), sampling=chances))
    lane.fill(31)
    assert (lane.progress.positions % 1000 < 10).float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_classifier_retraining_changes_the_head_alone(data):
    arena, bodies, heads = Arena(data, QUICK), [], []

    def look(network, _):
        bodies.append({name: value.clone() for name, value in network.body.state_dict().items()})
        heads.append(network.head.weight.clone())
        return {}

    jobs = [Job(("same",), QUICK, np.arange(1000), after=look, **more) for more in ({}, {"retrain": (0.5, 0.1)})]
    (_, plain), (_, again) = train(arena, jobs)
    assert all((value == bodies[1][name]).all() for name, value in bodies[0].items())
    assert not torch.equal(*heads) and (plain.hits != again.hits).any()


def test_a_cosine_head_gives_cosines_in_full_precision():
    network = build("small-8-16-16", 3, size=16, cosine=True)
    embeddings = torch.randn(5, 16, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        cosines = network.head(embeddings)
    expected = torch.cosine_similarity(embeddings.float()[:, None], network.head.weight[None], dim=2)
    assert cosines.dtype == torch.float32
    torch.testing.assert_close(cosines, expected)
