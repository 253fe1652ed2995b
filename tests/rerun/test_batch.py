"""A batch: its list is checked before it starts, it loses nothing when it is killed, and says what it did."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import jupytext
import matplotlib
import nbformat
import psutil
import pytest
import yaml
from typer.testing import CliRunner

from drop.experiments import benchmarks, costs, records
from publish import pages
from rerun import batch, report
from rerun.jobs import Job, home, jobs_of, registered
from rerun.request import defaults

HERE = Path(__file__).parent / "batches"
EXAMPLES = pages.ROOT / "rerun" / "lists"
PRUNE = "20_prune_by_class"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> records.Store:
    """A store of the test's own, for this process and for all that it starts."""
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return records.Store()


@pytest.fixture
def timing(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine that takes 0.1 s for a step of Fashion-MNIST's network; `asked`: what it was to time."""
    work = costs.work_of(benchmarks.benchmark("fashion-mnist", "laptop"))
    found = SimpleNamespace(asked=[], pace=costs.Pace({work: 0.1}, 2, "2 processes"))
    monkeypatch.setattr(report, "timed", lambda entries: found.asked.extend(entries) or found.pace)
    return found


def listed(folder: Path, *entries: dict) -> dict:
    """The request for a list with these entries."""
    path = folder / "list.yaml"
    path.write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
    return {"list": str(path)}


def measuring(**values) -> dict:
    return {"notebook": str(HERE / "measure.py"), "register": str(HERE / "tiny.py"), **values}


@pytest.mark.parametrize("entry, message", [
    ({"notebook": PRUNE, "seedz": 0}, "no parameter 'seedz'; nearest: seeds"),
    ({"notebook": PRUNE, "scale": "lapto"}, "nearest: laptop"),
    ({"notebook": PRUNE, "benchmark": "fashion-mnits"}, "nearest: fashion-mnist"),
    ({"notebook": PRUNE, "pruners": ["randm"]}, "nearest: random"),
    ({"notebook": PRUNE, "densities": [0.0]}, "density is 0"),
    ({"notebook": PRUNE, "densities": ["0.1"]}, r"densities is \['0.1'\], but must be like"),
    ({"notebook": PRUNE, "densities": "cor"}, "must be core, extended"),
    ({"notebook": PRUNE, "seeds": []}, "seeds is"),
    ({"notebook": "11_beyond_two_classes", "mixtures": "many"}, "mixtures is 'many', but must be like 150"),
    ({"notebook": "21_prune_by_class"}, f"nearest: {PRUNE}"),
    ({"notebook": PRUNE, "register": "nowhere.py"}, "must be the path of a script"),
    ({"scale": "smoke"}, "each with `notebook:`"),
])  # fmt: skip
def test_what_a_notebook_does_not_have_is_an_error_before_anything_starts(entry, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        jobs_of(listed(tmp_path, entry))
    assert not home().exists()


@pytest.mark.parametrize("values, expected", [
    ({"seed": [0, 1], "size": [100, 200]}, [(0, 100), (0, 200), (1, 100), (1, 200)]),
    ({"means": [-1, 1.0]}, [[-1, 1.0]]),
    ({"means": [[-1, 1], [-2, 2]]}, [[-1, 1], [-2, 2]]),
])  # fmt: skip
def test_lists_expand_unless_the_notebook_itself_has_a_list(values, expected, tmp_path):
    jobs = jobs_of(listed(tmp_path, {"notebook": "12_how_far_the_theory_reaches", **values}))
    found = [tuple(job.values.values()) if len(values) > 1 else job.values["means"] for job in jobs]
    assert found == expected and len({job.name for job in jobs}) == len(jobs)


def test_a_job_is_one_seed_and_at_smoke_scale_as_many_seeds_as_keep_all_busy():
    seeds = lambda **request: [job.values["seeds"] for job in jobs_of({"notebook": PRUNE, **request})]  # noqa: E731
    assert seeds(seeds="0-2") == [[0], [1], [2]]
    assert seeds(seeds="0-4", scale="smoke", jobs=2) == [[0, 2, 4], [1, 3]]
    assert seeds(seeds="0", scale="smoke", jobs=8) == [[0]]


@pytest.mark.parametrize("source", [s for s in pages.sources() if "train" in defaults(s)], ids=lambda s: s.stem)
def test_what_every_measuring_notebook_measures_follows_from_its_parameters(source):
    [first, *_] = jobs_of({"notebook": source.stem})
    assert first.runs


@pytest.mark.parametrize("name", [PRUNE, "30_bias_audit", "45_how_we_measured"])
def test_a_batch_knows_all_that_a_chapter_trains(name, monkeypatch):
    """These train more than their pruners; the first cell after the parameters is where."""
    trained = []
    monkeypatch.setattr("drop.experiments.runs.measure", lambda plan, *_, **__: trained.extend(plan))
    monkeypatch.setattr(records.Store, "all", lambda *_, **__: [])
    [source] = [path for path in pages.sources() if path.stem == name]
    codes = [cell for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    given, setup, *_ = codes[[("parameters" in cell.metadata.get("tags", ())) for cell in codes].index(True) :]
    scope = {}
    exec(given.source, scope)
    with matplotlib.rc_context(), contextlib.suppress(ValueError):  # there are no records to show
        exec(setup.source, scope | {"train": "missing"})
    assert set(trained) == set(Job(source, {}).runs) and trained


def test_prose_makes_nothing_stale_and_code_only_what_has_no_records(tmp_path):
    def name(source: str, change: tuple[str, str]) -> str:
        path = tmp_path / source
        path.write_text((HERE / source).read_text(encoding="utf-8").replace(*change), encoding="utf-8")
        defaults.cache_clear()
        register = str(HERE / "tiny.py")
        return Job(path, {"divisor": 2}, register).name

    for source, prose, code in [
        ("measure.py", ("# # The", "# # Oh, the"), ("len(found)", "3")),
        ("fails.py", ("# %%\n", "# %% [markdown]\n# Prose.\n# %%\n"), ("1 /", "2 /")),
    ]:  # fmt: skip
        unchanged = name(source, ("", ""))
        assert name(source, prose) == unchanged
        assert (name(source, code) == unchanged) == (source == "measure.py")


def test_the_dry_run_says_what_exists_and_what_the_rest_costs(capsys, timing, tmp_path):
    assert batch.main(["dry=1", f"notebook={PRUNE}", "seeds=0,99"]) == 0
    out = capsys.readouterr().out
    assert "exists  24 runs" in out and "24 of 24 runs, about" in out and "1 to run, 1 exist already" in out
    assert batch.main(["DRY=1", f"NOTEBOOK={PRUNE}", "SEEDS=99", "SCALE=paper", "BENCHMARK=cifar10"]) == 0
    assert "cost not known" in capsys.readouterr().out
    for wrong, message in [
        ("seeds=x", "seeds is 'x'"),
        ("SEDS=0", "nearest: seeds"),
        ("jobs=0", "jobs is '0'"),
        ("pages=1", "records of smoke scale"),
    ]:
        assert batch.main(["dry=1", "scale=smoke", wrong]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "records").exists()


def test_a_setting_of_zero_means_no(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(batch.os, "execv", lambda _, command: started.append(command))
    batch.main(["DRY=0", "pages=0", "scale=smoke", "seeds=0", f"notebook={PRUNE}"])
    assert len(started) == 1 and {"scale=smoke", "seeds=0"} <= set(started[0]) and "pages=0" not in started[0]


def test_smoke_scale_and_what_exists_are_not_timed(monkeypatch):
    monkeypatch.setattr(report, "timed", lambda entries: pytest.fail("timed"))
    text = report.plan_text(jobs_of({"notebook": PRUNE, "scale": "smoke", "seeds": "99"}))
    assert "1 to run" in text and text.endswith("estimated cost: not measured yet for 1 of the notebooks")
    assert "0 to run" in report.plan_text(jobs_of({"notebook": PRUNE, "seeds": "0"}))


def test_the_plan_says_the_time_by_the_clock_and_counts_shared_networks_once(timing):
    jobs = jobs_of({"notebook": f"{PRUNE},36_how_sure_is_a_worst_class", "seeds": "99"})
    text = report.plan_text(jobs)
    assert [entry.name for entry in timing.asked] == ["fashion-mnist"]
    both = list(dict.fromkeys(run for job in jobs for run in job.runs))
    table = timing.pace.table(timing.asked)
    first, all_of_it = (costs.networks(runs, table) for runs in (jobs[0].runs, both))
    rest = {which: seconds for which, seconds in all_of_it.items() if which not in first}
    parts = [costs.wall(networks, 2) for networks in (first, rest)]
    said = [f"about {costs.clock(seconds)} " for seconds in (*parts, sum(parts))]
    assert all(words in line for words, line in zip(said, text.splitlines()[:2] + text.splitlines()[-1:], strict=True))
    assert text.endswith("on this machine (2 processes; timed just now)")


def test_what_could_not_be_timed_is_said(timing, monkeypatch):
    monkeypatch.setattr(report, "timed", lambda entries: costs.Pace({}, 2, "2 processes"))
    text = report.plan_text(jobs_of({"notebook": PRUNE, "seeds": "99"}))
    assert "24 of 24 runs, cost not known" in text and text.endswith("cost: not known for 1 of the notebooks")


def test_earlier_rounds_without_a_record_are_priced_too(store, timing, tmp_path):
    rules = [f"random+minimax{n}" for n in (1, 2, 3)]
    first, second, third = plan = benchmarks.plan(benchmarks.benchmark("fashion-mnist", "laptop"), rules, [0.1], [99])
    assert report.rounds_before([third], store) == [first, second]
    assert report.rounds_before([third, second, first], store) == []
    assert report.rounds_before([third], SimpleNamespace(get={first.key: "recorded"}.get)) == [second]
    jobs = jobs_of(listed(tmp_path, {"notebook": PRUNE, "pruners": rules[2:], "densities": [0.1], "seeds": [99]}))
    table = timing.pace.table([first.benchmark])
    assert f"1 of 1 runs, about {costs.clock(costs.wall(costs.networks(plan, table), 2))} " in report.plan_text(jobs)


def test_a_benchmark_of_ones_own_takes_less_than_twenty_lines(tmp_path):
    script = EXAMPLES / "own_benchmark.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) < 20
    entry = {"notebook": PRUNE, "register": str(script), "benchmark": "my-birds", "seeds": 0}
    [job] = jobs_of(listed(tmp_path, entry))
    assert {run.benchmark.name for run in job.runs} == {"my-birds"}


def test_the_example_list_is_valid():
    assert len(jobs_of({"list": str(EXAMPLES / "example.yaml"), "jobs": 2})) == 4


def start(request: dict) -> subprocess.Popen:
    command = [sys.executable, "-m", "rerun.batch", f"list={request['list']}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_failed_notebook_stops_no_other_and_says_where_to_look(tmp_path, store):
    fails = {"notebook": str(HERE / "fails.py")}
    request = listed(tmp_path, fails, measuring(densities=[0.1], seeds=0))
    ended = start(request)
    out, _ = ended.communicate()
    failed, good = jobs_of(request)
    assert ended.returncode != 0 and "1 done, 0 skipped (nothing was missing), 1 not done" in out, out
    assert good.done(store) and not failed.done(store)
    page = nbformat.read(home() / f"{failed.name}.ipynb", as_version=4)
    assert page.cells[0].source.startswith("# Failed: fails.py") and "ZeroDivisionError" in page.cells[0].source
    assert str(home() / f"{failed.name}.ipynb") in out and "ZeroDivisionError: division by zero" in out
    page = nbformat.read(home() / f"{good.name}.ipynb", as_version=4)
    assert page.cells[0].source.startswith("# Done: measure.py") and "`seeds = [0]`" in page.cells[0].source


def finished(store: records.Store) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.root.glob("*-*/*/*.json")}


def of_batch(store: records.Store, word: str = "") -> list[psutil.Process]:
    """The living processes of this store's batch whose command holds a word."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("DROP_RECORDS") == str(store.root) and process.pid != os.getpid()
            if mine and process.status() != psutil.STATUS_ZOMBIE and word in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_killing_the_batch_or_a_worker_loses_at_most_what_was_in_flight(tmp_path, store):
    plenty = [round(0.1 + i / 100, 2) for i in range(14)]
    request = listed(tmp_path, measuring(pruners=["random", "random+drop"], densities=plenty, seeds=0))
    [job] = jobs_of(request)
    before: dict[Path, bytes] = {}
    for victim in ("snakemake", "ipykernel_launcher"):
        running = start(request)
        while len(finished(store)) < len(before) + 3 and running.poll() is None:
            time.sleep(0.02)
        for process in of_batch(store, victim):
            process.send_signal(signal.SIGKILL)
        out, _ = running.communicate()
        assert running.returncode != 0, out
        while of_batch(store):  # a killed batch takes its kernel along
            time.sleep(0.1)
        after = finished(store)
        assert before.items() <= after.items() and len(after) < len(job.runs), out
        before = after
    assert "not done" in out and "DeadKernelError" in out
    ended = start(request)
    out, _ = ended.communicate()
    assert ended.returncode == 0 and "1 done" in out, out
    assert before.items() <= finished(store).items() and len(finished(store)) == len(job.runs)
    assert not (store.root / "damaged").exists()


def test_records_come_home_from_another_machine(tmp_path, store):
    [mine, theirs] = records.load(records.committed())[:2]
    other = records.Store(tmp_path / "copied", also=())
    store.put(mine)
    for record in (theirs, mine | {"seconds": mine["seconds"] + 1}):
        other.put(record)
    done = subprocess.run([sys.executable, "-m", "drop", "merge", str(other.root)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("2 records merged"), done.stderr
    assert len(records.Store(store.root, also=()).all()) == 2  # the first of each key
    replicates = records.Store(store.root, also=()).all(replicates=True)
    assert len(replicates) == 3 and {record["seconds"] for record in replicates} >= {
        mine["seconds"],
        mine["seconds"] + 1,
    }


def test_what_other_code_measured_is_trained_again_when_asked_and_kept_beside_the_first(store):
    from drop.cli import app
    from drop.experiments.runs import measure

    registered(str(HERE / "tiny.py"))
    [run] = benchmarks.plan(benchmarks.benchmark("tiny", "smoke"), ["random"], [0.1])
    arguments = "run tiny smoke --pruners random --densities 0.1 --workers 1 --again".split()
    other = records.Store(store.root.with_name("other"), also=())
    measure([run], other, workers=1)
    store.put(other.get(run.key) | {"seconds": 99, "provenance": other.get(run.key)["provenance"] | {"code": "older"}})
    for _ in range(2):  # the second time there is nothing left to do
        assert CliRunner().invoke(app, arguments).exit_code == 0
    found = records.Store(store.root, also=()).all(replicates=True)
    assert [record["provenance"]["code"] for record in found] == ["older", records.code_hash()]
