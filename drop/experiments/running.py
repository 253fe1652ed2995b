"""What is being trained into a record store, by the notes in its folder `running`."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

import psutil

from drop.experiments import records


def say(path: Path, what: str, since: str, done: int, steps: int) -> None:
    """Note that this process trains something: since when (ISO), and how many of its steps are done."""
    note = {"what": what, "since": since, "done": done, "steps": steps}
    mine = {"host": platform.node(), "process": os.getpid(), "born": psutil.Process().create_time()}
    records.write(path, json.dumps(note | mine))


def running(root: Path) -> list[dict[str, Any]]:
    """The trainings of a store that have not ended, each with `alive`: False where its process here is gone."""
    found = []
    for path in sorted((root / "running").glob("*.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            note["alive"] = note["host"] != platform.node() or _lives(note["process"], note.get("born"))
        except (OSError, ValueError, TypeError, KeyError):  # it ended a moment ago, or is no note
            continue
        found.append(note)
    return found


def _lives(process: int, born: float | None) -> bool:
    """Whether this process runs here, and is not another one that got its number later."""
    try:
        found = psutil.Process(process)
        same = born is None or abs(found.create_time() - born) < 1
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
