"""What strangers' set-ups broke: each works now, or gets one sentence that names what is wrong and what to do."""

import errno
import getpass
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import warnings
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import jupytext
import pytest

from drop import places
from drop.experiments import datasets, provenance, records
from publish import kernels, pages
from rerun import batch, jobs, request

ROOT = pages.ROOT


@pytest.fixture
def nobody(monkeypatch):
    """A user id without a name and without a home."""

    def unknown(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


# Folders


@pytest.mark.parametrize("variable, folder", [
    ("DROP_RECORDS", records.default_root),
    ("DROP_RECORDS", lambda: jobs.home().parent),
    ("DROP_DATA", datasets.data_root),
])  # fmt: skip
@pytest.mark.parametrize("given, meant", [("here", "{0}/here"), ("~/there", "{0}/home/there"), ("/x y", "/x y")])
def test_a_folder_is_the_same_one_from_every_working_directory(variable, folder, given, meant, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(variable, given)
    places.settle()
    for place in (tmp_path, ROOT, "/"):
        monkeypatch.chdir(place)
        assert str(folder()) == meant.format(tmp_path)


@pytest.mark.parametrize("given, said", [
    ("{}/file/records", r"records cannot be written to .*/file/records \(Not a directory\)"),
    ("{}/file", r"records cannot be written to .*/file \(.*\)"),
])  # fmt: skip
def test_records_that_cannot_be_written_are_one_sentence_before_any_work(given, said, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DROP_RECORDS", given.format(tmp_path))
    monkeypatch.setattr(batch.os, "execv", None)
    assert batch.main(["scale=smoke", "seeds=0", "notebook=20_prune_by_class"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert re.fullmatch(f"error: {said}; name a folder that can be written by DROP_RECORDS", line)


def test_a_user_without_a_home_is_told_what_to_set(nobody, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("DROP_RECORDS", raising=False)
    monkeypatch.delenv("DROP_DATA", raising=False)
    assert batch.main(["dry=1", "scale=smoke", "seeds=0", "notebook=20_prune_by_class"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ~/.cache/drop cannot be found") and line.endswith("DROP_DATA and DROP_RECORDS")
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    assert batch.main(["dry=1", "scale=smoke", "seeds=0", "notebook=20_prune_by_class"]) == 0


def test_a_user_without_a_home_and_a_name_gets_both_for_what_is_started(nobody, monkeypatch, tmp_path):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "DROP_DATA"):
        monkeypatch.delenv(name, raising=False)
    for known in ("HOME", "LOGNAME"):
        monkeypatch.setenv(known, "")  # taken back at the end
        monkeypatch.delenv(known)
    places.shelter(tmp_path)
    assert (os.environ["HOME"], getpass.getuser()) == (str(tmp_path), "nobody")


def test_data_stay_where_they_were_looked_for_where_a_home_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DROP_DATA", "")
    monkeypatch.delenv("DROP_DATA")
    monkeypatch.setattr(places.os, "access", lambda *_: False)
    places.shelter(tmp_path / "other")
    assert os.environ["HOME"] == str(tmp_path / "other") and datasets.data_root() == tmp_path / ".cache" / "drop"


def test_a_full_folder_for_temporary_files_is_named(monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("TMPDIR", "/full")
    monkeypatch.setattr(kernels.tempfile, "TemporaryDirectory", full)
    with pytest.raises(OSError, match=r"the folder /full cannot be written \(No space left.*set TMPDIR"):
        kernels.check()


def test_an_error_of_snakemake_is_shown_and_its_progress_is_not(monkeypatch, tmp_path):
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path / "records"))
    command = batch.command({"notebook": "20_prune_by_class", "seeds": "x"})
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and "seeds is 'x'" in done.stderr and "Building DAG" not in done.stderr


# A user's own settings


def test_a_user_s_own_settings_do_not_reach_a_notebook(monkeypatch, tmp_path):
    foreign = tmp_path / "kernels" / "python3"
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    for folder in (foreign, startup):
        folder.mkdir(parents=True)
    (foreign / "kernel.json").write_text('{"argv": ["false"], "display_name": "x", "language": "python"}')
    (startup / "mine.py").write_text("mine = 1")
    (tmp_path / "mine.py").write_text("mine = 2")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 40\nfigure.facecolor: red\n")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "mine.py"))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("DROP_RECORDS", "mine")
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "one.py"
    source.write_text(
        "# %%\nimport os, sys\nimport matplotlib as mpl\nfrom drop.chapters import figures\n"
        "print(sys.executable, 'mine' in globals(), os.environ['DROP_RECORDS'])\n"
        "print(mpl.rcParams['figure.facecolor'], mpl.rcParams['lines.linewidth'] < 40)\n"
        "mpl.rcParams['lines.linewidth'] = 40\nfigures.style()\nprint(mpl.rcParams['lines.linewidth'] < 40)"
    )
    (tmp_path / "inside").mkdir()
    made = kernels.run(jupytext.read(source), None, {}, tmp_path / "inside")
    said = "".join(output.text for output in made.cells[0].outputs).split()
    assert said == [sys.executable, "False", f"{tmp_path}/mine", "white", "True", "True"]
    assert os.environ["DROP_RECORDS"] == "mine" and os.environ["PYTHONSTARTUP"]  # ours again


def test_a_kernel_says_nothing_of_its_own_end_and_all_of_a_notebook_s_tasks(tmp_path):
    source = tmp_path / "tasks.py"
    source.write_text("# %%\nimport logging\nfor text in ('coro=<Kernel.dispatch_control()>', 'coro=<mine()>'):\n"
                      "    logging.getLogger('asyncio').error(text)")  # fmt: skip
    made = kernels.run(jupytext.read(source), None, {}, tmp_path)
    assert [output.text.strip() for output in made.cells[0].outputs] == ["coro=<mine()>"]


# Parameter cells


@pytest.mark.parametrize("cell, found", [
    ('colour = "#ff0000"', {"colour": "#ff0000"}),
    ('q = "a=b"  # a comment', {"q": "a=b"}),
    ("n: int | None = None", {"n": None}),
    ("a = 1; b = 2", {"a": 1, "b": 2}),
    ("a = b = 1", {"a": 1, "b": 1}),
    ('"""Words."""\nimport os\nx = [\n    1,  # one\n    -2,\n]', {"x": [1, -2]}),
])  # fmt: skip
def test_whatever_a_parameters_cell_assigns_is_a_parameter(cell, found, tmp_path):
    source = tmp_path / "cell.py"
    source.write_text(f'# %% tags=["parameters"]\n{cell}\n')
    assert request.defaults(source) == found


@pytest.mark.parametrize("cell, said", [("a = (", "is not Python"), ("a = print", "cannot be read")])
def test_a_parameters_cell_that_cannot_be_read_is_named(cell, said, tmp_path):
    source = tmp_path / "cell.py"
    source.write_text(f'# %% tags=["parameters"]\n{cell}\n')
    with pytest.raises(ValueError, match=f"cell.py: its parameters.* {said}"):
        request.defaults(source)


def test_a_name_given_twice_in_a_list_is_an_error(tmp_path):
    (tmp_path / "list.yaml").write_text("- notebook: a\n  seeds: 0\n  seeds: 1\n")
    with pytest.raises(ValueError, match="'seeds' is given twice.*line 3"):
        request.read_list(tmp_path / "list.yaml")


def test_entries_of_a_list_may_be_merged(tmp_path):
    (tmp_path / "list.yaml").write_text("- &a {notebook: a, seeds: 0}\n- &b {<<: *a, seeds: 1}\n- {<<: *b, seeds: 2}\n")
    assert request.read_list(tmp_path / "list.yaml") == [{"notebook": "a", "seeds": k} for k in range(3)]


@pytest.mark.parametrize("given, said", [
    (["dry=maybe"], "dry is 'maybe', but must be 1 or 0"), (["scale=smoke", "SCALE=laptop"], "scale is given twice"),
    (["seeds=0-999999999"], "seeds is '0-999999999', which are 1,000,000,000; at most 10,000 can be asked for at once"),
    (["list={}/no.yaml"], "list is '{}/no.yaml', but no such file can be read (No such file or directory)"),
    (["list={}/type.yaml"], "register is ['a'], but must be the path of a script"),
    (["list={}/broken.yaml"], "register: {}/broken.py failed with ModuleNotFoundError: No module named 'nope'"),
])  # fmt: skip
def test_a_batch_that_cannot_be_asked_for_is_one_sentence(given, said, monkeypatch, tmp_path, capsys):
    (tmp_path / "broken.py").write_text("import nope\n")
    for name, script in (("type", "[a]"), ("broken", "broken.py")):
        entry = f"- {{notebook: 20_prune_by_class, scale: smoke, seeds: 0, register: {script}}}\n"
        (tmp_path / f"{name}.yaml").write_text(entry)
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    whole = [] if given[0].startswith("list") else ["notebook=20_prune_by_class"]
    assert batch.main([*(setting.format(tmp_path) for setting in given), *whole]) == 2
    assert capsys.readouterr().err == f"error: {said.format(tmp_path)}\n"


def test_no_is_no():
    assert batch.settings_of(["PAGES=no", "dry=0"]) == {} and batch.settings_of(["dry=yes"]) == {"dry": "1"}


# make


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose environment is a stand-in that writes down how it is called."""
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")
    place = tmp_path / "a place"
    (place / ".venv" / "bin").mkdir(parents=True)
    for name in ("requirements.txt", "pyproject.toml"):
        (place / name).touch()
    shutil.copy(ROOT / "Makefile", place)
    python = place / "python x"
    python.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$*" "LIST $LIST" >> "$HERE/calls"\n'
        'case "$*" in "-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; esac\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    shutil.copy(python, place / ".venv" / "bin" / "python")
    (place / ".venv" / "ready").write_text(str(place))
    return place


def made(place: Path, *arguments: str) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", *arguments], cwd=place, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (place / "calls").read_text().splitlines()


@pytest.mark.parametrize("value", [
    "list (1).yaml", "x;touch pwned", "$(touch pwned)", "$(shell touch pwned)", "$HOME", 'a"b', "it's", "`touch pwned`",
])  # fmt: skip
def test_make_hands_values_on_as_they_were_typed(value, checkout):
    assert made(checkout, "rerun", f"LIST={value}", "DRY=1") == ["-m rerun.batch --make", f"LIST {value}"]
    assert not (checkout / "pwned").exists()


def test_what_make_was_given_becomes_settings(monkeypatch):
    monkeypatch.setenv("MAKE_SETTINGS", "PYTHON LIST DROP_RECORDS SEDES")
    monkeypatch.setenv("LIST", "list (1).yaml")
    monkeypatch.setenv("SEDES", "0")
    assert batch.from_make() == ["LIST=list (1).yaml", "SEDES=0"]


@pytest.mark.parametrize("name", ["DRY", "SCALE", "BENCHMARK", "SEEDS", "NOTEBOOK", "LIST", "JOBS", "PAGES"])
def test_a_setting_before_make_is_an_error_and_not_hours_of_training(name, monkeypatch, capsys):
    monkeypatch.setattr(batch.os, "execv", lambda *_: pytest.fail("started"))
    monkeypatch.setenv("MAKE_SETTINGS", "PYTHON")
    monkeypatch.setenv(name, "1")
    assert batch.main(["--make"]) == 2
    said = f"{name} is set in the environment, where make passes it over: write it behind, make rerun {name}=1"
    assert capsys.readouterr().err == f"error: {said}\n"


def test_a_setting_behind_make_counts_whatever_the_environment_says(checkout, monkeypatch):
    monkeypatch.setenv("LIST", "before")
    assert made(checkout, "rerun", "LIST=behind")[-1] == "LIST behind"
    monkeypatch.setenv("MAKE_SETTINGS", "LIST")
    assert batch.from_make() == ["LIST=before"]  # what make exports is what was typed


def test_an_environment_that_was_moved_is_made_again_and_one_that_stayed_is_not(checkout):
    (checkout / ".venv" / "ready").write_text("elsewhere")
    (checkout / ".venv" / "old").touch()
    python = f"PYTHON={checkout / 'python x'}"
    calls = made(checkout, ".venv/ready", python)
    assert [call.split(" --")[0] for call in calls if call[0] == "-"][1:] == ["-m venv .venv", *["-m pip install"] * 2]
    assert (checkout / ".venv" / "ready").read_text() == str(checkout) and not (checkout / ".venv" / "old").exists()
    assert made(checkout, ".venv/ready", python) == calls
    moved = checkout.rename(checkout.with_name("another place"))
    (moved / "calls").unlink()
    assert "-m venv .venv" in made(moved, ".venv/ready", f"PYTHON={moved / 'python x'}")


# Workers


def test_a_worker_that_was_killed_is_one_sentence_with_what_to_try(monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from drop.cli import app
    from drop.experiments import runs

    class Broken:
        def __init__(self, *_, **__):
            self._processes = {}

        def submit(self, *_) -> Future:
            future = Future()
            future.set_exception(BrokenProcessPool("A process in the process pool was terminated abruptly"))
            return future

        def shutdown(self, **_) -> None:
            pass

    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    monkeypatch.setattr(runs, "ProcessPoolExecutor", Broken)
    outcome = CliRunner().invoke(app, "run fashion-mnist smoke --pruners random+drop --workers 4".split())
    assert outcome.exit_code == 2 and "Traceback" not in outcome.output
    said = outcome.stderr.strip().splitlines()[-1]
    assert said.startswith("error: one of 4 workers was killed") and said.endswith("go on with fewer, --workers 2")


# Git, archives


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A checkout that holds the package, and what records say of it."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@x.example"]
    if shutil.which("git") is None:
        pytest.skip("no git on this machine")
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path / "drop")
    return lambda: (provenance._commit.__wrapped__(), provenance._git("status", "--porcelain"))


def test_a_checkout_of_another_owner_has_its_commit_in_the_records(repository, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    commit, changes = repository()
    assert len(commit) == 40 and changes == ""


def test_records_without_a_commit_say_why(repository, monkeypatch, tmp_path):
    (tmp_path / ".git" / "HEAD").write_text("nonsense")
    with pytest.warns(UserWarning, match="will not name their commit, for git fails in .*: fatal: "):
        assert repository()[0] is None
    shutil.rmtree(tmp_path / ".git")
    with warnings.catch_warnings(action="error"):
        assert repository()[0] is None


def test_an_archive_that_was_cut_off_is_called_damaged(monkeypatch, tmp_path):
    source = datasets.Source(None, {"x": "0"}, {"http://127.0.0.1:9/data.tar.gz": "0" * 32}, ".")
    monkeypatch.setitem(datasets.SOURCES, "cifar10", source)
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "data.tar.gz").write_bytes(b"half")
    with pytest.raises(FileNotFoundError, match="data.tar.gz is damaged, cut off or altered: copy it again or delete"):
        datasets.load("cifar10", tmp_path)
