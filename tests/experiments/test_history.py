"""The history of the records: the first commit of each key, through renames of its file and other lines of the file."""

import subprocess

import pytest

from drop.experiments import records
from drop.experiments.history import first_commits
from drop.places import PACKAGE

LINE = '{{"curve":{{"loss":[{loss}]}},"key":"{key}","query_keys":["{query}"],"seconds":1}}\n'


@pytest.fixture
def commit(tmp_path, monkeypatch):
    """Commit what stands in a scratch repository and return the commit's name."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=Somebody", "-c", "user.email=some@body"]
        done = subprocess.run(["git", "-C", tmp_path, *who, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def committed(message: str) -> str:
        git("add", "--all")
        git("commit", "--quiet", "--message", message)
        return git("rev-parse", "HEAD")

    git("init", "--quiet")
    return committed


def line(key: str, loss: float = 1.0) -> str:
    return LINE.format(key=key * 16, loss=loss, query="f" * 16)


def test_a_record_is_found_by_its_key_in_any_path(tmp_path, commit):
    old, new = tmp_path / "book" / "records" / "random.jsonl", tmp_path / "drop" / "measured" / "full.jsonl"
    old.parent.mkdir(parents=True)
    old.write_text(line("a"))
    first = commit("one record")
    old.write_text(line("a") + line("b"))
    second = commit("two records")
    new.parent.mkdir(parents=True)
    old.rename(new)
    new.write_text(new.read_text() + line("c"))
    third = commit("another path, another name, and one record more")
    new.write_text(line("a") + line("a", 0.5) + line("c"))
    commit("a replicate comes, a record goes")
    found = first_commits(tmp_path)
    assert {key: found[key].name for key in found} == {"a" * 16: first, "b" * 16: second, "c" * 16: third}
    assert all(found[key].date.startswith("20") for key in found)


def test_a_record_that_was_never_committed_has_no_commit(tmp_path, commit):
    (tmp_path / "a.jsonl").write_text(line("a"))
    commit("one record")
    (tmp_path / "b.jsonl").write_text(line("b"))
    assert list(first_commits(tmp_path)) == ["a" * 16]


def test_where_there_is_no_history_it_says_so(tmp_path):
    with pytest.raises(ValueError, match="no history"):
        first_commits(tmp_path)


@pytest.mark.skipif(not (PACKAGE.parent / ".git").exists(), reason="no checkout")
def test_every_committed_record_has_a_first_commit():
    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", "-C", PACKAGE.parent, *arguments], capture_output=True).stdout.strip()

    if git("rev-parse", "--is-shallow-repository") != b"false":
        pytest.skip("a shallow clone does not know its history")
    if git("status", "--porcelain", "drop/measured/records"):
        pytest.skip("there are records that were not committed yet")
    first = first_commits()
    keys = {record["key"] for record in records.load(records.committed())}
    assert keys <= first.keys()
