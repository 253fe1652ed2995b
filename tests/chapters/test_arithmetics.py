"""Facts about the pairs of runs in two arithmetics: nothing else differs, and the rule is what was written down."""

import dataclasses
import json

import numpy as np
import pytest

from drop.chapters import arithmetics
from drop.experiments.benchmarks import SMOKE, Benchmark
from drop.experiments.records import Store


def pair(bf16, fp32, total=1000, benchmark="cifar10"):
    counts = {name: {"correct": [n, n + 10]} for name, n in (("bf16", bf16), ("fp32", fp32))}
    return {"benchmark": benchmark, "total": [total, total], **counts}


def test_differences_are_bf16_minus_fp32():
    found = [pair(900, 890), pair(900, 905)]
    np.testing.assert_allclose(arithmetics.differences(found), [0.01, -0.005])
    np.testing.assert_allclose(arithmetics.differences(found, "worst_class"), [0.01, -0.005])


def test_the_interval_is_student_s():
    values = np.array([1.0, 2.0, 3.0])
    assert arithmetics.interval(values) == pytest.approx((2, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))
    assert arithmetics.interval(values[:1])[1:] == (-np.inf, np.inf)


@pytest.mark.parametrize("differences, passed", [
    ([3, -3, 2, -2], True), ([12, 12, 12, 11], False), ([0, 40, -40, 0], False), ([8, 8, 8, 8], True),
])  # fmt: skip
def test_a_difference_of_a_point_fails_and_so_does_not_knowing(differences, passed):
    assert arithmetics.passed([pair(900 + d, 900) for d in differences]) == passed


def test_both_are_measured_from_the_start_and_nothing_else_differs(tmp_path, monkeypatch):
    monkeypatch.delenv("DROP_ARITHMETIC", raising=False)
    recipe = dataclasses.replace(
        SMOKE, model="small-2-2-2", epochs=1, batch=512, precision="bf16", short_queries=1, budget=0.0, evaluations=1
    )
    entry = Benchmark("micro", "smoke", "fashion-mnist-mini", recipe)
    runs = arithmetics.pairs(entry, seeds=[0])
    assert [run.pruner for run in runs] == list(arithmetics.PRUNERS)
    stores = arithmetics.measure(runs, Store(tmp_path, also=()), workers=1)
    made = [arithmetics.entry_of(run, {name: s.get(run.key) for name, s in stores.items()}) for run in runs]
    assert all(stores[name].root == tmp_path / "arithmetics" / name for name in arithmetics.NAMES)
    for one in made:
        here = {name: one[name]["provenance"] for name in arithmetics.NAMES}
        assert [here[name].pop("arithmetic") for name in here] == ["bf16", "fp32"]
        assert {**here["bf16"], "date": ""} == {**here["fp32"], "date": ""}
    assert made[1]["bf16"]["kept_digest"] == made[1]["fp32"]["kept_digest"]  # random: the same samples
    assert json.loads(json.dumps(made)) == made
    with pytest.raises(ValueError, match="trained in bf16, not fp32"):
        arithmetics.entry_of(runs[0], {"fp32": stores["bf16"].get(runs[0].key)})
