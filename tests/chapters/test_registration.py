"""When tests were registered and records made is read from the history, and no test is loosened silently."""

import copy
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from drop.chapters import claims, registration
from drop.chapters.judging import Cells, Judged
from drop.chapters.ledger import Member
from drop.experiments.history import Commit

FASHION = "fashion-mnist-laptop"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def versions() -> list[registration.Version]:
    try:
        return registration.versions(ROOT)
    except ValueError as error:
        pytest.skip(str(error))


def test_no_committed_claim_was_loosened_silently(versions):
    assert len(versions) > 10 and {"C1", "C8"} <= {claim["id"] for claim in versions[-1].document["claims"]}
    assert registration.silent_changes(claims.load(), [version.document for version in versions]) == []


def test_what_was_written_down_of_the_history_is_so(versions):
    told, since = registration.Registered(), registration.registrations(versions)
    assert len(told.parts) > 40
    other = {name for name in told.parts if since.get(name) != told.parts[name]}  # changed since it was written down
    assert all(since[name].date > told.parts[name].date for name in other if name in since)


class Scratch:
    """A repository of its own."""

    def __init__(self, root: Path):
        self.root = root
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments: str) -> str:
        somebody = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", "-C", str(self.root), *somebody, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, path: str, document: dict) -> str:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(document))
        self("add", "-A")
        self("commit", "-q", "-m", "x")
        return self("rev-parse", "HEAD")


def document(*parts: tuple[str, str]) -> dict:
    tests = [{"id": name, "benchmarks": [FASHION], "all": [{"average": text}]} for name, text in parts]
    return {"level": 0.95, "estimands": {}, "claims": [{"id": "X1", "parts": tests}]}


def test_the_claims_are_followed_through_a_move(tmp_path):
    """Loosened in the commit that moves the file: `git log -- path` would begin at the move and see nothing."""
    git = Scratch(tmp_path)
    first = git.commit("book/claims.yml", document(("X1a", "full > 0.5"), ("X1b", "full > 0.2")))
    (tmp_path / "book/claims.yml").unlink()
    second = git.commit("drop/chapters/claims.yml", document(("X1a", "full > 0.1"), ("X1b", "full > 0.2")))
    found = registration.versions(tmp_path)
    assert [version.commit.name for version in found] == [first, second]
    assert registration.silent_changes(found[-1].document, [found[0].document]) == ["X1a"]
    since = registration.registrations(found)
    assert {name: commit.name for name, commit in since.items()} == {"X1a": second, "X1b": first}


def test_lines_that_move_within_a_claim_keep_their_commit(tmp_path):
    """X1a is split in two and loses a value; the others ask for more: a condition, a value, another benchmark."""

    def part(name, lines, values=("el2n", "grand"), **more):
        return {"id": name, "benchmarks": [FASHION], "for": {"S": list(values)}, "all": lines, **more}

    first, second = {"average": "{S} @ 0.1 > 0.5"}, {"gap": "{S} @ 0.1 > 0.2"}
    git = Scratch(tmp_path)
    old = git.commit("claims.yml", {"claims": [{"id": "X1", "parts": [part("X1a", [first, second])]}]})
    parts = [
        part("X1a", [first]),
        part("X1b", [second], ["grand"]),
        part("X1c", [first], given=[second]),
        part("X1d", [first], ["el2n", "forgetting"]),
        part("X1e", [first]) | {"benchmarks": ["cifar10-laptop"]},
    ]
    new = git.commit("claims.yml", {"claims": [{"id": "X1", "parts": parts}]})
    since = registration.registrations(registration.versions(tmp_path))
    assert {name: commit.name for name, commit in since.items()} == {
        "X1a": old, "X1b": old, "X1c": new, "X1d": new, "X1e": new,
    }  # fmt: skip


def test_a_shallow_clone_says_so(tmp_path):
    (tmp_path / "whole").mkdir()
    git = Scratch(tmp_path / "whole")
    for text in ("full > 0.5", "full > 0.4"):
        git.commit("claims.yml", document(("X1a", text)))
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{git.root}", tmp_path / "part"], check=True)
    with pytest.raises(ValueError, match="shallow"):
        registration.versions(tmp_path / "part")


def test_a_folder_without_history_says_so(tmp_path):
    with pytest.raises(ValueError, match="has no history"):
        registration.versions(tmp_path)


def test_a_record_is_younger_than_a_test_by_its_commit_or_its_date(tmp_path):
    git = Scratch(tmp_path)
    before = git.commit("other.yml", {})
    test = git.commit("claims.yml", document(("X1a", "full > 0.5")))
    after = git.commit("other.yml", {"a": 1})
    found = registration.ancestors([before, after, "0" * 40], [test], tmp_path)
    assert found == {before: [], after: [test]}
    told = {"parts": {"X1a": [test, "2026-11-26T12:00:00+00:00"]}, "ancestors": found, "records": {}}
    (tmp_path / "registered.json").write_text(json.dumps(told))
    registered = registration.Registered(tmp_path / "registered.json")
    late, early = "2026-11-27T00:00:00+00:00", "2026-11-25T00:00:00+00:00"
    for commit, clean, date, expected in (
        (after, True, early, (True, True)),
        (before, None, late, (False, True)),
        (after, False, early, (False, False)),
        (None, None, late, (True, False)),
        ("0" * 40, True, early, (False, False)),
    ):
        record = {"provenance": {"commit": commit, "clean": clean, "date": date}}
        assert registered.younger(record, "X1a") == expected
        assert registered.younger(record, "X1z") == (False, False)


def test_what_is_compared_was_unknown_if_one_side_was(tmp_path):
    """Of random pruning an old record, of DRoP new ones: what their difference would be, nobody knew."""
    told = {"parts": {"X1a": ["a" * 40, "2026-11-26T12:00:00+00:00"]}, "ancestors": {}, "records": {}}
    (tmp_path / "registered.json").write_text(json.dumps(told))
    registered = registration.Registered(tmp_path / "registered.json")

    class Given(Cells):
        def records(self, benchmark, side):
            days = {"random": [25], "random+drop": [27, 28], "el2n": [25, 27]}.get(side[0], [])
            return [{"provenance": {"commit": None, "date": f"2026-11-{day}T00:00:00+00:00"}} for day in days]

    for text, blind in (
        ("random+drop @ 0.1 > random @ 0.1", True),
        ("el2n @ 0.1 > random @ 0.1", False),
        ("forgetting @ 0.1 > random @ 0.1", False),
    ):
        test = Judged(claims.line_of(FASHION, "average", text, {}), 0.0)
        assert registered.blind(Member({"id": "X1a"}, [test], []), Given([])) == blind


def test_parts_and_records_have_the_commits_that_first_hold_them():
    told = registration.Registered()
    assert told.parts["C3c"].date < told.parts["C3f"].date
    assert all(isinstance(commit, Commit) and len(commit.name) == 40 for commit in told.records.values())


REASON = {"date": "2026-12-01", "reason": "the margin was below the noise"}


def edited(document, where, value):
    """A copy of the claims with the entry at a path of keys replaced, or removed where value is None."""
    new = copy.deepcopy(document)
    *path, last = where
    target = new
    for step in path:
        target = target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return new


@pytest.mark.parametrize(
    "where, value, found",
    [
        (("claims", 0, "parts", 0, "all", 0), {"worst_class": "random @ {d} > {S} @ {d} + 0.01"}, ["C1a"]),
        (("claims", 0, "parts", 0, "for", "d"), [0.1], ["C1a"]),
        (("claims", 0, "parts", 0, "benchmarks"), [FASHION], ["C1a"]),
        (("claims", 0, "parts", 1), None, ["C1b"]),
        (("claims", 3), None, ["C4a", "C4b", "C4c"]),
        (("level",), 0.9, ["level or estimands"]),
        (("estimands", "gap"), "something else", ["level or estimands"]),
        (("claims", 6, "parts", 1, "ours"), None, ["C7b"]),
        (("claims", 0, "parts", 1, "given"), None, ["C1b"]),
        (("claims", 0, "paper"), "71.3 %, Table 2", []),
        (("estimands", "luck"), "a new one", []),
        (("interval", "images"), "none", ["interval"]),
        (("verdicts",), None, ["verdicts"]),
        (("replication", "rule"), "the better of the two", ["replication"]),
        (("planned",), {}, []),
    ],
)
def test_a_silent_change_is_found(where, value, found):
    old = claims.load()
    assert registration.silent_changes(edited(old, where, value), [old]) == found


def test_a_change_with_its_reason_is_allowed_and_a_reason_serves_once():
    old = claims.load()
    first = edited(edited(old, ("claims", 1, "parts", 0, "for", "d"), [0.1]), ("claims", 1, "changes"), [REASON])
    assert registration.silent_changes(first, [old]) == []
    second = edited(first, ("claims", 1, "parts", 0, "for", "d"), [0.3])
    assert registration.silent_changes(second, [first, old]) == ["C2a"]
    assert registration.silent_changes(edited(first, ("claims", 1, "changes"), [{"date": "2026-12-01"}]), [old]) == [
        "C2a"
    ]
    third = edited(edited(old, ("verdicts", "holds"), "most do"), ("verdicts", "changes"), [REASON])
    assert registration.silent_changes(third, [old]) == []


def test_claims_and_parts_may_be_added():
    old = claims.load()
    new = copy.deepcopy(old)
    new["claims"].append({"id": "C9", "parts": []})
    new["claims"][0]["parts"].append({"id": "C1z", "benchmarks": [FASHION], "all": [{"gap": "full > 0.1"}]})
    assert registration.silent_changes(new, [old]) == []
