"""Facts about runs: what each pruner keeps, what is recorded, and that interrupted work goes on where it stopped."""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import drop
from drop import quotas
from drop.experiments import datasets, queries, records
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import RULES, SCORES, SMOKE, Benchmark, Run, plan
from drop.experiments.lanes import Job, Lane
from drop.experiments.queries import Query, Shelf, queries_for
from drop.experiments.records import Store
from drop.experiments.runs import job_of, keep, measure, needed_queries
from drop.quotas import drop_counts

QUICK = dataclasses.replace(SMOKE, epochs=1, batch=256, evaluations=1, full_epochs=3, window=2, short_queries=2)
MICRO = Benchmark("micro", "smoke", "fashion-mnist-mini", QUICK)
CLI = [sys.executable, "-W", "error", "-m", "drop"]


@pytest.fixture(scope="module")
def labels():
    return datasets.load("fashion-mnist-mini").train.labels.numpy()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with the records of three pruners."""
    store = Store(tmp_path_factory.mktemp("records"), also=[])
    measure(plan(MICRO, ["random", "el2n", "random+drop"], [0.1, 1.0]), store, workers=1, device="cpu")
    return store


def test_every_run_has_a_valid_record_that_says_where_it_comes_from(store):
    runs = plan(MICRO, ["random", "el2n", "random+drop"], [0.1, 1.0])
    found = [store.get(run.key) for run in runs]
    assert len(found) == 4 and all(found)
    for run, record in zip(runs, found, strict=True):
        assert record["run"]["pruner"] == run.pruner and record["run"]["recipe"]["model"] == QUICK.model
        assert sum(record["kept"]) == round(run.density * 5000)
        assert np.sum(record["test"]) == np.sum(record["validation"]) == 2500
        assert records.hits_of(record).count("1") == np.trace(record["test"])
        assert record["provenance"]["device"].startswith("cpu (")
        assert (record["quota_recalls"] is not None) == (run.pruner == "random+drop")


def test_nothing_with_a_record_is_trained_again(store):
    calls = []
    again = measure(
        plan(MICRO, ["random", "random+drop"], [0.1, 1.0]), store, workers=1, device="cpu",
        report=lambda *what: calls.append(what),
    )  # fmt: skip
    assert again == calls == []


def test_a_lost_query_model_is_trained_again_and_a_damaged_one_too(store):
    shelf, [first, second] = Shelf(store.root), queries_for(MICRO, 0, "el2n")
    before = shelf.get(first)["el2n"]
    shelf.path(first).write_bytes(shelf.path(first).read_bytes()[:-5000])
    shelf.path(second).unlink()
    stages = []
    with pytest.warns(UserWarning, match="damaged"):
        measure(
            plan(MICRO, ["el2n"], [0.2]), store, workers=1, device="cpu",
            report=lambda stage, done, total, what, result: stages.append((stage, done, total)),
        )  # fmt: skip
    assert stages == [("query models", 1, 2), ("query models", 2, 2), ("runs", 1, 1)]
    np.testing.assert_array_equal(shelf.get(first)["el2n"], before)  # the same seed, the same network


def test_drop_s_counts_follow_from_the_recorded_recalls(store, labels):
    record = store.get(Run(MICRO, "random+drop", 0.1, 0).key)
    counts = drop_counts(np.bincount(labels), record["quota_recalls"], 0.1)
    assert record["kept"] == counts.tolist()


def test_el2n_keeps_the_highest_scores(store, labels):
    shelf = Shelf(store.root)
    kept, recalls = keep(Run(MICRO, "el2n", 0.1, 0), labels, 10, store)
    scores = shelf.score(MICRO, 0, "el2n", labels)
    assert recalls is None and len(kept) == 500
    assert scores[kept].min() >= np.delete(scores, kept).max()


def test_random_at_a_strategy_s_class_ratios_keeps_its_counts_but_not_its_samples(store, labels):
    strategy, _ = keep(Run(MICRO, "el2n", 0.1, 0), labels, 10, store)
    imitation, _ = keep(Run(MICRO, "random+el2nq", 0.1, 0), labels, 10, store)
    np.testing.assert_array_equal(np.bincount(labels[strategy]), np.bincount(labels[imitation]))
    assert len(np.intersect1d(strategy, imitation)) < 250


def test_a_ranking_inside_drop_s_quotas_keeps_the_best_of_each_class(store, labels):
    shelf = Shelf(store.root)
    kept, recalls = keep(Run(MICRO, "el2n+drop", 0.1, 0), labels, 10, store)
    scores, chosen = shelf.score(MICRO, 0, "el2n", labels), np.zeros(len(labels), bool)
    chosen[kept] = True
    np.testing.assert_array_equal(np.bincount(labels[kept]), drop_counts(np.bincount(labels), recalls, 0.1))
    for k in range(10):
        mine = labels == k
        assert scores[mine & chosen].min() >= scores[mine & ~chosen].max()


@pytest.mark.parametrize("pruner, queries", [
    ("random", 0), ("random+balanced", 0), ("el2n", 2), ("random+drop", 2), ("random+el2nq", 2), ("el2n+drop", 2),
    ("forgetting", 1), ("forgetting+drop", 3), ("random+dynamic-uncertaintyq", 1),
])  # fmt: skip
def test_only_the_query_models_that_a_pruner_reads_are_trained(pruner, queries):
    assert len(needed_queries([Run(MICRO, pruner, 0.3, 0)])) == queries
    assert needed_queries([Run(MICRO, "full", 1.0, 0)]) == []


def test_every_pruner_of_the_grammar_can_be_measured(tmp_path):
    pruners = [*SCORES[1:], *(f"{score}+drop" for score in SCORES), *(f"random+{score}q" for score in SCORES[1:])]
    store = Store(tmp_path, also=[])
    runs = plan(MICRO, [*pruners, "random+balanced"], [0.02])
    measure(runs, store, workers=1, device="cpu")
    kept = {run.pruner: store.get(run.key)["kept"] for run in runs}
    assert len(kept) == len(runs) and all(sum(counts) == 100 for counts in kept.values())
    assert kept["random+balanced"] == [10] * 10
    for score in SCORES[1:]:
        assert kept[f"random+{score}q"] == kept[score]
        assert kept[f"{score}+drop"] == kept["random+drop"]


def test_every_quota_rule_keeps_what_its_definition_says_and_rounds_build_on_the_round_before(tmp_path, labels):
    store, sizes = Store(tmp_path, also=[]), np.bincount(labels)
    runs = {rule: Run(MICRO, f"random+{rule}", 0.1, 0) for rule in RULES}
    asked = [runs[rule] for rule in reversed(RULES) if rule not in ("minimax1", "minimax2")]
    measure(asked, store, workers=1, device="cpu")
    found = {rule: store.get(run.key) for rule, run in runs.items()}
    assert all(found.values())  # the rounds before were trained though nobody asked for them
    recalls = Shelf(tmp_path).recalls(MICRO, 0)

    def after(rule):
        return np.diag(found[rule]["validation"]) / np.sum(found[rule]["validation"], axis=1)

    ones, rate = np.ones(10), 5.0
    first = quotas.minimax_weights(ones, recalls, rate)
    second = quotas.minimax_weights(first, after("minimax1"), rate)
    expected = {
        "drop": 1 - recalls, "size": 1 - recalls, "gamma0.5": (1 - recalls) ** 0.5,
        "gamma0.7": (1 - recalls) ** 0.7, "gamma2": (1 - recalls) ** 2,
        "iterated2": 1 - after("drop"), "minimax1": first, "minimax2": second, "balanced": ones,
        "minimax3": quotas.minimax_weights(second, after("minimax2"), rate),
        "half-balanced": (quotas.fill(sizes, 1 - (250 * recalls + 1) / 252, 0.1) + 0.1) / 2,
        "shrunken": 1 - quotas.shrunken_recalls(recalls * 250, [250] * 10),
        "nucs": quotas.difficulty_weights(Shelf(tmp_path).score(MICRO, 0, "el2n", labels), labels, 10),
    }  # fmt: skip
    assert expected.keys() == found.keys()
    for rule, weights in expected.items():
        assert found[rule]["kept"] == quotas.counts(sizes, weights, 0.1).tolist(), rule
    assert found["half-balanced"]["kept"] == pytest.approx(  # as drop.prune; equal remainders fall by chance there
        list(drop.plan(labels, (250 * recalls, [250] * 10), 0.1).counts.values()), abs=1
    )
    assert found["iterated2"]["quota_recalls"] == pytest.approx(after("drop"))
    assert found["nucs"]["quota_recalls"] is None


def test_later_rounds_wait_for_the_round_before_where_only_some_of_it_is_recorded(tmp_path):
    store = Store(tmp_path, also=[])
    measure(plan(MICRO, ["random+drop"], [0.02], [0]), store, workers=1, device="cpu")
    later = plan(MICRO, ["random+iterated2"], [0.02], [0, 1])
    measure(later, store, workers=1, device="cpu")
    assert all(store.get(run.key) for run in later)


def test_a_density_that_keeps_nothing_is_refused_before_any_training(tmp_path):
    with pytest.raises(ValueError, match="keeps none of 5000 images"):
        measure(plan(MICRO, ["random+drop"], [0.0001, 0.1]), Store(tmp_path, also=[]), workers=1, device="cpu")
    assert not (tmp_path / "queries").exists()


def test_a_query_model_with_a_damaged_byte_is_trained_again(tmp_path):
    path = tmp_path / "one.npz"
    np.savez_compressed(path, values=np.arange(10_000))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="damaged"):
        assert queries._read(path) is None


def test_cdb_w_trains_on_random_samples_and_on_all_of_them_with_weights_renewed_each_epoch(tmp_path, labels):
    runs = plan(MICRO, ["cdb-w", "random"], [0.1, 1.0])
    assert [run.pruner for run in runs] == ["cdb-w", "cdb-w", "random", "full"]
    np.testing.assert_array_equal(*(keep(run, labels, 10, Store(tmp_path, also=[]))[0] for run in (runs[0], runs[2])))
    data, store = datasets.load(MICRO.dataset), Store(tmp_path, also=[])
    job = job_of(runs[0], np.arange(500), data, store)
    assert job.loss == ("cdb-w", ()) and job.recipe.evaluations == job.recipe.epochs == 5
    assert job_of(runs[2], np.arange(500), data, store).loss == ("", ())
    measure(runs, store, workers=1, device="cpu")
    assert store.get(runs[0].key)["test_hits"] != store.get(runs[2].key)["test_hits"]
    assert len(store.get(runs[0].key)["curve"]["epoch"]) == 5


def test_a_fresh_draw_in_every_epoch_has_the_same_quotas_and_other_samples(store, labels):
    for pruner in ("random-fresh", "random-fresh+drop", "random-fresh+balanced"):
        [run] = plan(MICRO, [pruner], [0.1])
        draws, _ = keep(run, labels, 10, store)
        assert draws.shape == (MICRO.recipe_at(0.1).epochs + 1, 500)
        assert all(len(set(draw)) == 500 for draw in draws) and len(np.unique(draws)) > 1500
        if "+" in pruner:
            assert len({tuple(np.bincount(labels[draw], minlength=10)) for draw in draws}) == 1
        assert (keep(run, labels, 10, store)[0] == draws).all()


def test_every_epoch_of_a_fresh_draw_sees_its_own_samples():
    data = datasets.load("fashion-mnist-mini")
    kept = np.arange(3 * 256).reshape(3, 256)  # two epochs of one batch, and one more
    lane = Lane(Arena(data, QUICK))
    lane.load(Job(("fresh",), dataclasses.replace(QUICK, epochs=2), kept, augment=False))
    assert lane.progress.stops[-1] == 2
    lane.fill(2)
    seen = [set((p % kept.size).tolist()) for p in lane.progress.positions.split(256)]
    assert seen == [set(range(256)), set(range(256, 512))]
    assert (lane.labels[1].sort().values == data.train.labels[256:512].sort().values).all()


def test_grand_without_the_weights_of_its_query_model_says_what_to_do(tmp_path):
    shelf, query = Shelf(tmp_path), Query(MICRO, 0, 0)
    shelf.path(query).parent.mkdir(parents=True)
    np.savez(shelf.path(query), el2n=np.zeros(3))
    with pytest.raises(FileNotFoundError, match="holds no weights for GraNd; delete it"):
        shelf.grand(query)


def test_query_models_belong_to_their_seed_and_outlive_a_change_of_the_final_schedule():
    longer = dataclasses.replace(MICRO, recipe=dataclasses.replace(QUICK, epochs=9, flip=False))
    assert Query(MICRO, 0, 0).key == Query(longer, 0, 0).key
    assert len({Query(MICRO, seed, index).key for seed in (0, 1) for index in (-1, 0, 1)}) == 6


def test_a_store_that_cannot_be_written_is_refused_before_any_training(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="cannot be written"):
        measure(plan(MICRO, ["random"], [0.1]), Store(tmp_path / "file", also=[]), device="cpu", report=pytest.fail)


def run_cli(*arguments, store):
    """The command in its own session, listening to Ctrl-C: a background job, as this may be, is born deaf to it."""
    return subprocess.Popen(
        [*CLI, *arguments], env={**os.environ, "DROP_RECORDS": str(store)}, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


SWEEP = "run fashion-mnist smoke --pruners random,random+drop --densities 0.05,0.1 --workers 2".split()


def finished(store: Path) -> dict[str, float]:
    return {path.name: path.stat().st_mtime_ns for path in store.glob("*/*/*.json")}


def test_a_killed_sweep_loses_no_finished_run_repeats_none_and_leaves_no_worker_behind(tmp_path):
    chance, seen = random.Random(0), {}
    for attempt in range(2):
        process = run_cli(*SWEEP, store=tmp_path)
        first = process.stdout.readline()  # a network has finished
        assert first, process.stderr.read()
        time.sleep(chance.uniform(0, 2))
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate()
        assert finished(tmp_path).items() >= seen.items(), attempt
        seen = finished(tmp_path)
        while any(map(lives, workers)):  # they notice by themselves
            time.sleep(0.1)
    process = run_cli(*SWEEP, store=tmp_path)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert finished(tmp_path).items() >= seen.items() and len(finished(tmp_path)) == 4
    assert len(records.load(tmp_path)) == 4


@pytest.mark.parametrize("blow, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_the_end_of_time_end_with_their_codes_and_keep_what_is_finished(blow, code, tmp_path):
    process = run_cli(*SWEEP, store=tmp_path)
    process.stdout.readline()
    os.killpg(process.pid, blow)  # as a terminal and a batch system do: to all processes of the group
    _, errors = process.communicate()
    assert process.returncode == code, errors
    assert "what is finished is kept" in errors and "Traceback" not in errors
    assert len(list(tmp_path.rglob("*.npz"))) >= 1 and not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("arguments, said", [
    (("fashion-mnits", "smoke"), "nearest: fashion-mnist"),
    (("fashion-mnist", "smok"), "nearest: smoke"),
    (("fashion-mnist", "smoke", "--pruners", "random+dorp"), "nearest: random+drop"),
    (("fashion-mnist", "smoke", "--densities", "1.5"), "must lie in"),
    (("fashion-mnist", "smoke", "--densities", "some"), "must be core, extended, or numbers"),
    (("fashion-mnist", "smoke", "--seeds", "x"), "whole numbers and ranges"),
    (("fashion-mnist", "smoke", "--seeds", "4-0"), "whole numbers and ranges"),
    (("fashion-mnist", "smoke", "--seeds", "0-1-5"), "whole numbers and ranges"),
])  # fmt: skip
def test_the_command_line_answers_a_mistake_with_one_line(arguments, said, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from drop.cli import app

    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    outcome = CliRunner().invoke(app, ["run", *arguments])
    assert outcome.exit_code == 2 and not list(tmp_path.iterdir())
    assert len(outcome.stderr.strip().splitlines()) == 1 and said in outcome.stderr
