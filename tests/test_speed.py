"""Facts about speed that can be checked without a clock, and the benchmark of training on a few images."""

import json
import multiprocessing
import sys
import threading

import pytest

from speed import precision, sweep
from speed import training as benchmark


def test_the_work_of_a_training_image_is_counted():
    assert benchmark.flops("vgg16") == pytest.approx(1.88e9, rel=0.01)  # 0.313 GMAC forward, three times, two each
    macs = 784 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10  # of LeNet-5, whatever its fast path does
    assert benchmark.flops("lenet5", 1, 28) == 2 * (3 * macs - 784 * 6 * 25)  # images need no gradient


def test_the_rate_of_products_is_positive_and_leaves_the_threads_alone():
    import torch

    threads = torch.get_num_threads()
    assert benchmark.matrix_rate("cpu", 64, repeats=1) > 0  # large products would take minutes where bf16 is emulated
    assert torch.get_num_threads() == threads


def test_part_of_a_split_holds_every_class():
    from drop.experiments import datasets

    split = datasets.load("fashion-mnist-mini").test
    for size in (10, 100):
        few = benchmark.part(split, size)
        assert len(few.images) == size and len(few.labels.unique()) > 5


def test_the_benchmark_of_training_runs_and_says_where(tmp_path, monkeypatch):
    monkeypatch.setitem(benchmark.NETWORKS, "lenet5", ("fashion-mnist-mini", benchmark.NETWORKS["lenet5"][1]))
    monkeypatch.setitem(benchmark.SHAPES, "fashion-mnist-mini", (1, 28))
    monkeypatch.setattr(benchmark, "ours", lambda name, seconds: 1000.0)
    peaks = {"bf16": 4e10, "fp32": 1e10}
    monkeypatch.setattr(benchmark, "matrix_rate", lambda device, size, arithmetic: peaks[arithmetic])
    monkeypatch.setattr(benchmark, "native_bf16", lambda device: (True, "AMX"))
    monkeypatch.setenv("DROP_ARITHMETIC", "")
    monkeypatch.setattr(sys, "argv", ["training.py", "--networks", "lenet5", "--out", str(tmp_path / "r.json")])
    benchmark.main()
    found = json.loads((tmp_path / "r.json").read_text())
    shares = [row.pop("share_of_peak") for row in found["cpu"]]
    assert 0 < shares[0] < shares[1] < 1
    same = {"network": "lenet5", "dataset": "fashion-mnist-mini", "batch": 128, "ours": 1000.0}
    assert found["cpu"] == [same | {"arithmetic": "bf16"}, same | {"arithmetic": "fp32"}]
    assert {"date", "device", "cores", "load", "torch", "instructions"} <= set(found["machine"])


def test_a_cpu_without_bf16_is_measured_in_fp32_only(monkeypatch):
    monkeypatch.setattr(benchmark, "native_bf16", lambda device: (False, "AVX2"))
    assert benchmark.arithmetics() == ["fp32"]


@pytest.mark.parametrize("torch, rate, before", [
    ("2.16", 899, "1000 with 2.15"), ("2.16", 901, None), ("2.15", 500, "9000 with 2.14"),
])  # fmt: skip
def test_a_torch_that_trains_slower_than_the_last_other_one_is_warned_of(tmp_path, torch, rate, before):
    def run(torch, date, ours, arithmetic="fp32"):
        machine = {"torch": torch, "date": date, "device": "a CPU", "cores": 2}
        return {"machine": machine, "cpu": [{"network": "lenet5", "arithmetic": arithmetic, "ours": ours}]}

    for i, earlier in enumerate((run("2.15", "2026-01", 1000), run("2.14", "2025-01", 9000))):
        (tmp_path / f"training{i}.json").write_text(json.dumps(earlier))
    said = f"warning: lenet5 in fp32: {rate} images a second with torch {torch}, {before}"
    assert benchmark.slower(run(torch, "2027-01", rate), tmp_path) == ([said] if before else [])
    assert benchmark.slower(run(torch, "2027-01", rate, "bf16"), tmp_path) == []


def test_results_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "r.json"
    benchmark.save({"rows": 1}, path)
    with pytest.raises(TypeError):
        benchmark.save({"rows": object()}, path)
    assert json.loads(path.read_text()) == {"rows": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_results_in_two_precisions_replace_earlier_ones_at_one_stroke(tmp_path, monkeypatch):
    path, earlier = tmp_path / "r.json", tmp_path / "earlier.json"
    earlier.write_text("whole")
    path.hardlink_to(earlier)
    command = f"precision.py --benchmark fashion-mnist --scale smoke --seeds --out {path}"
    monkeypatch.setattr(sys, "argv", command.split())
    precision.main()
    assert json.loads(path.read_text())["rows"] == [] and earlier.read_text() == "whole"


def test_missing_data_are_an_error_before_any_process_starts(monkeypatch):
    monkeypatch.setitem(benchmark.NETWORKS, "lenet5", ("nowhere", benchmark.NETWORKS["lenet5"][1]))
    monkeypatch.setattr(benchmark.multiprocessing, "get_context", None)
    with pytest.raises(ValueError, match="'nowhere'"):
        benchmark.ours("lenet5", 1)


def test_a_process_that_does_not_get_ready_is_not_waited_for_long(monkeypatch):
    monkeypatch.setitem(benchmark.NETWORKS, "lenet5", ("fashion-mnist-mini", benchmark.NETWORKS["lenet5"][1]))
    monkeypatch.setattr(benchmark, "PATIENCE", 0.1)
    try:
        with pytest.raises(threading.BrokenBarrierError):
            benchmark.ours("lenet5", 1)
    finally:
        for process in multiprocessing.active_children():
            process.kill()


def test_images_a_second_count_training_and_evaluation():
    from drop.experiments import datasets

    _, recipe = benchmark.NETWORKS["lenet5"]
    assert benchmark.timed(datasets.load("fashion-mnist-mini"), recipe, 256) > 0


def test_a_repeated_experiment_is_compared_with_the_records(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "PRUNERS", ("random",))
    monkeypatch.setattr(sweep, "SEEDS", (0,))
    monkeypatch.setattr(sweep.benchmarks, "EXTENDED", (0.1, 0.3))
    committed = tmp_path / "committed"
    monkeypatch.setattr(sweep.records, "committed", lambda: committed)
    plan = sweep.benchmarks.plan(sweep.benchmarks.benchmark("fashion-mnist", "smoke"), ("random",), (0.1, 0.3))
    assert sweep.measured(plan, sweep.Store(committed, also=())) > 0
    monkeypatch.setattr(sys, "argv", f"sweep.py --scale smoke --out {tmp_path / 'r.json'}".split())
    sweep.main()
    found = json.loads((tmp_path / "r.json").read_text())
    assert (found["runs"], found["compared"], found["identical"]) == (2, 2, 2)
    assert found["largest_difference"] == {"average": 0, "worst_class": 0}


def test_runs_that_differ_are_said_to_differ():
    one, other = sweep.records.load(sweep.records.committed())[:2]
    assert sweep._apart(one, one) == {"images": 0, "average": 0, "worst_class": 0}
    recalls = [[right / total for right, total in sweep.records.right_and_total(r["test"])] for r in (one, other)]
    apart = sweep._apart(one, other)
    assert apart["images"] >= abs(sweep.records.hits_of(one).count("1") - sweep.records.hits_of(other).count("1")) > 0
    assert apart["worst_class"] == pytest.approx(min(recalls[0]) - min(recalls[1]))
    assert apart["average"] == pytest.approx(sum(recalls[0]) / 10 - sum(recalls[1]) / 10)
