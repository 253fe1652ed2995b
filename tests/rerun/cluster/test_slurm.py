"""A batch on a real SLURM cluster of two nodes; one crashes in the middle. Opt-in: DROP_CLUSTER=1, root, Debian."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drop.experiments import records

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = Path(__file__).with_name("cluster.sh")
LIST = ROOT / "tests" / "rerun" / "batches" / "list.yaml"
RUNS = 4 * 2 * 5

pytestmark = [
    pytest.mark.skipif(os.environ.get("DROP_CLUSTER") != "1", reason="sets a SLURM cluster up: DROP_CLUSTER=1"),
    pytest.mark.timeout(1800),
]


@pytest.fixture
def cluster(tmp_path: Path):
    folder = tmp_path / "slurm"
    subprocess.run([CLUSTER, "up", folder], check=True)
    yield folder
    subprocess.run([CLUSTER, "down", folder], check=True)


def start(store: Path) -> subprocess.Popen:
    """The batch as the page "Rerun it" says, on this cluster's partition and with quick looks at the queue."""
    resources = ["slurm_partition=main", "runtime=30", "mem_mb=2000", "cpus_per_task=1"]
    command = [sys.executable, "-m", "snakemake", "--snakefile", "rerun/Snakefile"]
    command += ["--profile", "rerun/profiles/slurm", "--default-resources", *resources]
    command += [
        "--slurm-status-command",
        "squeue",
        "--slurm-no-account",
        "--slurm-init-seconds-before-status-checks",
        "2",
        "--latency-wait",
        "10",
    ]
    command += ["--config", f"list={LIST}", "jobs=4"]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DROP_RECORDS": str(store)})


def finished(store: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in store.glob("*-*/*/*.json")}


def test_a_batch_loses_nothing_when_a_node_crashes_and_completes_on_rerun(cluster: Path, tmp_path: Path):
    store = tmp_path / "records"
    batch = start(store)
    while not finished(store) and batch.poll() is None:
        time.sleep(0.2)
    before = finished(store)
    assert 0 < len(before) < RUNS
    subprocess.run([CLUSTER, "kill", "n1", cluster], check=True)
    batch.kill()  # and the machine that watches goes at the same time
    batch.wait()
    subprocess.run([CLUSTER, "start", "n1"], check=True)
    subprocess.run(["scancel", "--user=root"], check=True)
    rerun = start(store)
    assert rerun.wait() == 0
    after = finished(store)
    assert before.items() <= after.items()
    assert len(records.Store(store, also=()).all()) == RUNS and not (store / "damaged").exists()
