"""What this process may use of its machine: cores and memory, and how many workers that makes.

A container's limits count: Linux keeps them in control groups, of which the process is in one for cores and one for
memory (version 1) or in one for both (version 2), and every group above it limits it too. Elsewhere there are none.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

WORKER = 1.1e9  # bytes that a process takes to train a network of the laptop scale
GROUPS, MINE = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def cores() -> int:
    """The cores this process may use, at least 1: by its affinity and by the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.ceil(share) for share in _shares())]))


def memory() -> float:
    """The bytes that this process and those it starts may still take."""
    return min([psutil.virtual_memory().available, *_room()])


def workers() -> int:
    """How many processes should train at a time: one a core, as far as the memory reaches, at least 1."""
    return max(1, min(cores(), int(memory() // WORKER)))


def _shares() -> Iterator[float]:
    """The cores that each control group allows, where it limits them."""
    for folder in _groups("cpu"):
        quota = _numbers(folder / "cpu.max") or _numbers(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")
        if len(quota) == 2 and quota[0] > 0:
            yield quota[0] / quota[1]


def _room() -> Iterator[float]:
    """The bytes that each control group has left, where it limits them; files that it holds in memory make room."""
    for folder in _groups("memory"):
        for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            if len(numbers := _numbers(folder / limit, folder / used)) == 2:
                yield max(0, numbers[0] - numbers[1] + _cached(folder))


def _cached(folder: Path) -> float:
    try:
        lines = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return 0
    return float(lines.get("inactive_file") or lines.get("total_inactive_file") or 0)


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process's control group and of those above it, as far as they can be seen from here."""
    try:
        lines = [line.split(":", 2) for line in MINE.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return
    for _, controllers, path in lines:
        if controllers == "" or controller in controllers.split(","):
            root = GROUPS / controller if controllers else GROUPS
            inside = root / path.strip("/").replace("../", "")
            yield from (folder for folder in (inside, *inside.parents) if folder.is_relative_to(root))


def _numbers(*files: Path) -> list[float]:
    """The numbers in some files; none where one is missing or says "max"."""
    try:
        return [float(word) for file in files for word in file.read_text(encoding="utf-8").split()]
    except (OSError, ValueError):
        return []
