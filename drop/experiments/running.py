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
    records.write(path, json.dumps(note | {"host": platform.node(), "process": os.getpid()}))


def running(root: Path) -> list[dict[str, Any]]:
    """The trainings of a store that have not ended, each with `alive`: False where its process here is gone."""
    found = []
    for path in sorted((root / "running").glob("*.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it ended a moment ago
            continue
        note["alive"] = note["host"] != platform.node() or psutil.pid_exists(note["process"])
        found.append(note)
    return found
