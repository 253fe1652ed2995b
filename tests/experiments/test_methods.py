"""The names and settings of the methods that train on all the data."""

import dataclasses

import pytest

from drop.experiments import methods
from drop.experiments.benchmarks import Run, benchmark, parts, plan

SMOKE = benchmark("garments-on-scenes", "smoke")
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
