"""Where records come from, and what registered tests still lack."""

import pytest

from drop.chapters import status
from drop.experiments import records


def test_every_record_has_an_origin_and_older_ones_say_what_is_not_known():
    found = records.load(records.committed())
    rows = status.origins(found)
    assert sum(row[0] for row in rows) == len(found)
    assert any(row[2:5] == ["not known"] * 3 for row in rows)
    assert {"AMD EPYC, 2 cores", "Intel Xeon, 2 cores"} <= {row[1] for row in rows}


def test_a_cell_without_a_record_is_missing_with_its_command_and_a_measured_one_is_not():
    found = records.load(records.committed())
    missing = status.missing(found)
    places = {(place, seeds): words for place, seeds, _, words in missing.rows}
    assert "random+drop" not in places.get(("fashion-mnist-laptop", 3), "").split("; ")[0]
    assert ("fashion-mnist-long-tail-laptop", 8) not in places  # its arms have their eight seeds
    without = [r for r in found if (r["run"]["benchmark"], r["run"]["pruner"]) != ("cifar10", "random+drop")]
    rows = {place: words for place, seeds, _, words in status.missing(without).rows if seeds == 3}
    assert "random+drop" in rows["cifar10-laptop"]
    assert "python -m drop run cifar10 laptop --pruners" in status.missing(without).commands


def test_a_cell_with_two_of_three_seeds_is_missing():
    found = records.load(records.committed())
    fewer = [r for r in found if (r["run"]["pruner"], r["run"]["seed"]) != ("random+drop", 2)]
    rows = {place: words for place, seeds, _, words in status.missing(fewer).rows if seeds == 3}
    assert "random+drop" in rows["fashion-mnist-laptop"]


def test_the_commands_of_one_experiment_can_be_asked_for(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["status", "cifar10-paper"])
    status.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("python -m drop run cifar10 paper --pruners ") for line in lines)
    monkeypatch.setattr("sys.argv", ["status", "cifar10-dusk"])
    with pytest.raises(SystemExit):
        status.main()
    assert "nothing is missing of cifar10-dusk" in capsys.readouterr().err


def test_the_longest_scale_is_taken():
    assert status.split("cifar10-paper-fast") == ("cifar10", "paper-fast")
    assert status.split("cifar10-desk") == ("cifar10", "desk")
