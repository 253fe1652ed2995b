"""When tests were registered and records made, from the history of the repository, and what changed in between.

python -m drop.chapters.registration        writes measured/registered.json, which pages read instead of a history
"""

import argparse
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from drop.chapters.claims import Side
from drop.chapters.judging import Cells, Judged
from drop.chapters.ledger import Member
from drop.experiments import history, records
from drop.experiments.history import Commit
from drop.places import MEASURED, PACKAGE

PATH = MEASURED / "registered.json"
PROMISED = ("benchmarks", "for", "given", "all", "any", "ours", "blind", "by_definition")  # by a part
RULES = ("replication", "interval", "verdicts", "measured_next")  # of a claims file, registered like its tests


class Version(NamedTuple):
    """A claims file as a commit left it."""

    commit: Commit
    document: dict[str, Any]


def versions(repository: Path = PACKAGE.parent) -> list[Version]:
    """Every committed version of the claims file, oldest first, wherever it lay then.

    ValueError where there is no history, or not all of it.
    """
    if _git(repository, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise ValueError("the history of this clone is shallow: it begins too late to tell what was registered when")
    told = _git(repository, "log", "--reverse", "--topo-order", "--no-renames", "--diff-filter=AM", "--name-only",
                "--format=commit %H %cI", "--", ":(glob)**/claims.yml")  # fmt: skip
    found, commit = [], Commit("", "")
    for line in told.splitlines():
        if line.startswith("commit "):
            commit = Commit(*line.split()[1:])
        elif line:
            content = _git(repository, "show", f"{commit.name}:{line}")
            found.append(Version(commit, yaml.safe_load(content)))
    return found


def _git(repository: Path, *arguments: str) -> str:
    try:
        command = ["git", "-C", str(repository), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(f"{repository} has no history to ask, git says: {error}") from None


def registrations(found: Iterable[Version]) -> dict[str, Commit]:
    """By part the first commit from which on its test stood as it stands in the last version.

    Lines that moved from one part of a claim to another, or were left over, keep the commit they had.
    """
    since: dict[str, Commit] = {}
    before: dict[str, list[dict]] = {}  # parts by claim
    for commit, document in found:
        now = {claim["id"]: claim["parts"] for claim in document["claims"]}
        new = {}
        for name, parts in now.items():
            for part in parts:
                old = [since[other["id"]] for other in before.get(name, []) if covers(other, part)]
                new[part["id"]] = min(old, key=lambda it: it.date) if old else commit
        since, before = new, now
    return since


def covers(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether all that a part tests was tested by another, in the same way."""
    lines = all(line in old.get("all", []) for line in new.get("all", [])) and new.get("any") == old.get("any")
    values, had = new.get("for", {}), old.get("for", {})
    return (
        lines and new.get("given") == old.get("given") and set(new["benchmarks"]) <= set(old["benchmarks"])
        and values.keys() == had.keys() and all(set(values[name]) <= set(had[name]) for name in values)
    )  # fmt: skip


def ancestors(of: Iterable[str], among: Iterable[str], repository: Path = PACKAGE.parent) -> dict[str, list[str]]:
    """By commit those of `among` that it descends from; without commits that the history does not hold."""
    wanted, found = set(among), {}
    for commit in sorted(set(of)):
        try:
            found[commit] = sorted(wanted & set(_git(repository, "rev-list", commit).split()))
        except ValueError:
            continue
    return found


def write(path: Path = PATH, repository: Path = PACKAGE.parent) -> None:
    """Write down the registering commit of each part, and of which of them each record's commit is a descendant."""
    tests = registrations(versions(repository))
    made = {record["provenance"]["commit"] for record in records.load(records.committed())} - {None}
    names = {commit.name for commit in tests.values()}
    document = {
        "parts": {name: list(commit) for name, commit in tests.items()},
        "ancestors": ancestors(made, names, repository),
        "records": {key: list(commit) for key, commit in sorted(history.first_commits(repository).items())},
    }
    records.write(path, json.dumps(document, indent=0) + "\n")


class Registered:
    """What `write` wrote down."""

    def __init__(self, path: Path = PATH):
        told = json.loads(path.read_text(encoding="utf-8"))
        self.parts = {name: Commit(*commit) for name, commit in told["parts"].items()}
        self.records = {key: Commit(*commit) for key, commit in told["records"].items()}
        self._ancestors = told["ancestors"]

    def younger(self, record: dict, part: str) -> tuple[bool, bool]:
        """Whether a record is younger than a part's test, and whether that is known from commits (else from dates).

        No record is younger than a part that was registered after this was written down.
        """
        made = record["provenance"]
        if part not in self.parts:
            return False, False
        if made.get("commit") in self._ancestors and made.get("clean") is not False:
            return self.parts[part].name in self._ancestors[made["commit"]], True
        return made["date"] > self.parts[part].date, False

    def blind(self, member: Member, cells: Cells) -> bool:
        """Whether a member of a family was registered before what it compares was known.

        So it was if of every line at least one side has younger records only. What is computed was never unknown.
        """
        part = member.part["id"]
        return all(
            any(self._unknown(side, test, part, cells) for side in (test.line.left, test.line.right))
            for test in member.tests
        )

    def _unknown(self, side: Side, test: Judged, part: str, cells: Cells) -> bool:
        found = cells.records(test.line.benchmark, side)
        return bool(found) and all(self.younger(record, part)[0] for record in found)


def silent_changes(now: dict[str, Any], earlier: Iterable[dict[str, Any]]) -> list[str]:
    """What a version of the claims lacks or has changed against earlier ones without saying so; empty is good.

    Claims and parts may be added. Whatever a part promised (its lines, values and benchmarks), the level, the estimands
    and the rules of judging may only change with one more entry {date, reason} under `changes` of the claim, the rule,
    or the file.
    """
    found, claims = set(), {claim["id"]: claim for claim in now["claims"]}
    for old in earlier:
        kept = all(now["estimands"].get(name) == text for name, text in old["estimands"].items())
        if not (kept and now["level"] == old["level"] or _explained(old, now)):
            found.add("level or estimands")
        rules = [(name, old[name], now.get(name, {})) for name in RULES if name in old]
        found.update(name for name, was, new in rules if not (_rule(was) == _rule(new) or _explained(was, new)))
        for claim in old["claims"]:
            new = claims.get(claim["id"], {"parts": []})
            tests = {part["id"]: promise(part) for part in new["parts"]}
            changed = [part["id"] for part in claim["parts"] if tests.get(part["id"]) != promise(part)]
            if claim["id"] not in claims or changed and not _explained(claim, new):
                found.update(changed or [claim["id"]])
    return sorted(found)


def _rule(section: dict[str, Any]) -> dict[str, Any]:
    return {name: text for name, text in section.items() if name != "changes"}


def promise(part: dict[str, Any]) -> dict[str, Any]:
    """What of a part may not change silently."""
    return {name: part[name] for name in PROMISED if name in part}


def _explained(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the new version keeps the old entries under `changes` and has one more, each with date and reason."""
    before, after = old.get("changes", []), new.get("changes", [])
    new, complete = after[len(before) :], all(entry.get("date") and entry.get("reason") for entry in after)
    return bool(new) and complete and after[: len(before)] == before


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    write()
