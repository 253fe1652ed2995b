"""What a process may use: its affinity, and whatever limit any control group sets."""

import os

import pytest

from drop.experiments import machine

GIB = 2**30
TWO, ONE = "0::/a/b\n", "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n1:name=systemd:/docker/x\n"


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A function that lays control groups out: what /proc/self/cgroup says, and files with their content."""
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "MINE", tmp_path / "mine")
    monkeypatch.setattr(machine.psutil, "virtual_memory", lambda: type("", (), {"available": 500 * GIB}))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)

    def lay(mine: str, **files: str) -> None:
        (tmp_path / "mine").write_text(mine)
        for name, content in files.items():
            path = tmp_path / "cgroup" / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return lay


@pytest.mark.parametrize("mine, files, cores", [
    (TWO, {}, 64),
    (TWO, {"a__b__cpu_DOT_max": "max 100000\n"}, 64),
    (TWO, {"a__b__cpu_DOT_max": "150000 100000\n"}, 2),
    (TWO, {"a__b__cpu_DOT_max": "max 100000\n", "a__cpu_DOT_max": "400000 100000\n"}, 4),
    (TWO, {"cpu_DOT_max": "10000 100000\n"}, 1),
    ("0::/../../elsewhere\n", {"cpu_DOT_max": "200000 100000\n"}, 2),
    (ONE, {"cpu__cpu_DOT_cfs_quota_us": "-1\n", "cpu__cpu_DOT_cfs_period_us": "100000\n"}, 64),
    (ONE, {"cpu__cpu_DOT_cfs_quota_us": "300000\n", "cpu__cpu_DOT_cfs_period_us": "100000\n"}, 3),
])  # fmt: skip
def test_cores_are_those_of_the_affinity_and_of_every_quota(groups, mine, files, cores):
    groups(mine, **files)
    assert machine.cores() == cores


def test_an_affinity_counts_where_there_are_no_groups(groups, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert machine.cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")  # macOS, Windows
    assert machine.cores() == os.cpu_count()


@pytest.mark.parametrize("mine, files, workers", [
    (TWO, {}, 64),
    (TWO, {"a__b__memory_DOT_max": "max\n", "a__b__memory_DOT_current": f"{9 * GIB}\n"}, 64),
    (TWO, {"a__b__memory_DOT_max": f"{4 * GIB}\n", "a__b__memory_DOT_current": f"{GIB}\n"}, 2),
    (TWO, {"a__memory_DOT_max": f"{4 * GIB}\n", "a__memory_DOT_current": f"{4 * GIB}\n"}, 1),
    (TWO, {"memory_DOT_max": f"{4 * GIB}\n", "memory_DOT_current": f"{4 * GIB}\n",
           "memory_DOT_stat": f"anon {GIB}\ninactive_file {3 * GIB}\n"}, 2),
    (ONE, {"memory__memory_DOT_limit_in_bytes": f"{3 * GIB}\n", "memory__memory_DOT_usage_in_bytes": "0\n"}, 2),
])  # fmt: skip
def test_no_more_workers_start_than_the_memory_holds(groups, mine, files, workers):
    groups(mine, **files)
    assert machine.workers() == workers
