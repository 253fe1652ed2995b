"""What git says of the records: the first commit of each, whatever its file was called then."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from drop.places import PACKAGE

_COMMIT = re.compile(r"commit ([0-9a-f]{40}) (\S+)")
_ADDED = re.compile(r'\+.*"key":"([0-9a-f]{16})"')


class Commit(NamedTuple):
    """A commit and when it was made, ISO 8601."""

    name: str
    date: str


def first_commits(repository: Path = PACKAGE.parent) -> dict[str, Commit]:
    """The first commit that holds a record of each key, found by the key itself in any file of packed records.

    A file that was moved or renamed counts as the same. ValueError where there is no history to ask.
    """
    git = ["git", "-C", str(repository), "log", "--reverse", "--topo-order", "--unified=0", "--no-renames",
           "--no-color", "--no-ext-diff", "--patch", "--format=commit %H %cI", "--", "*.jsonl"]  # fmt: skip
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(f"{repository} has no history to ask, git says: {error}") from None
    found: dict[str, Commit] = {}
    commit = Commit("", "")
    for line in done.stdout.splitlines():
        if match := _COMMIT.fullmatch(line):
            commit = Commit(*match.groups())
        elif match := _ADDED.match(line):
            found.setdefault(match[1], commit)
    return found
