"""Facts about arithmetic: each kind of device has its answer, which is said, can be overridden and is recorded."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from drop.experiments import arithmetic, datasets, records
from drop.experiments.arena import Arena
from drop.experiments.arithmetic import decide, instructions
from drop.experiments.benchmarks import SMOKE, Benchmark, Run, plan
from drop.experiments.lanes import Lane
from drop.experiments.queries import Shelf, queries_for
from drop.experiments.records import Store
from drop.experiments.runs import measure

HALF = dataclasses.replace(
    SMOKE, model="small-2-2-2", epochs=1, batch=512, precision="bf16", short_queries=1, budget=0.0, evaluations=1
)
LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", arithmetic.SETTING)
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


@pytest.fixture
def cpu(monkeypatch):
    """A CPU of one's choice; nothing set in the environment."""
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)

    def set_up(capability, bf16=False, amx=False, limit=None, maker="AMD EPYC"):
        monkeypatch.setattr(arithmetic, "processor", lambda: maker)
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16, raising=False)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
        if limit:
            monkeypatch.setenv(LIMITS[0], limit)

    return set_up


def test_bf16_without_amx_is_slower_than_fp32_on_intel(cpu):
    cpu("AVX512", bf16=True, maker="Intel(R) Xeon(R) Processor")
    assert decide("bf16").name == "fp32"
    cpu("AVX512", bf16=True, amx=True, maker="Intel(R) Xeon(R) Processor")
    assert decide("bf16").name == "bf16"


@pytest.mark.parametrize("capability, bf16, amx, limit, name, words", [
    ("AVX512", True, True, None, "bf16", "AVX512 AVX512-BF16 AMX"),
    ("AVX512", True, False, None, "bf16", "AVX512 AVX512-BF16"),
    ("AVX512", False, False, None, "fp32", "AVX512"),
    ("AVX2", False, False, None, "fp32", "AVX2"),
    ("AVX2", True, True, None, "fp32", "AVX2"),  # held back by ATEN_CPU_CAPABILITY
    ("AVX512", True, True, "AVX512_CORE", "fp32", "AVX512"),
    ("AVX512", True, True, "avx512_core_bf16", "bf16", "AVX512 AVX512-BF16"),
    ("AVX512", True, True, "AVX512_CORE_AMX", "bf16", "AVX512 AVX512-BF16 AMX"),
    ("SVE256", False, False, None, "fp32", "SVE256"),
    ("NO AVX", False, False, None, "fp32", "NO AVX"),
])  # fmt: skip
def test_each_kind_of_cpu_has_an_answer(cpu, capability, bf16, amx, limit, name, words):
    cpu(capability, bf16, amx, limit)
    assert decide("bf16").name == name and decide("bf16").reason.startswith(f"{words};")
    assert decide("fp32").name == "fp32"


@pytest.mark.parametrize("capability, name", [((7, 5), "fp32"), ((8, 0), "bf16"), ((9, 0), "bf16")])
def test_cuda_multiplies_bf16_from_ampere_on(monkeypatch, capability, name):
    monkeypatch.delenv(arithmetic.SETTING, raising=False)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "A GPU")
    decision = decide("bf16", "cuda")
    assert decision.name == name and decision.reason.startswith(f"A GPU, capability {capability[0]}.{capability[1]}")


def test_the_environment_overrides_the_device_but_no_recipe_of_fp32(cpu, monkeypatch):
    for there, wanted in ((True, "fp32"), (False, "bf16")):
        cpu("AVX512", bf16=there)
        monkeypatch.setenv(arithmetic.SETTING, wanted)
        assert str(decide("bf16")) == f"arithmetic: {wanted} products (set by DROP_ARITHMETIC)"
        assert decide("fp32").name == "fp32"


def test_what_is_neither_bf16_nor_fp32_is_refused_before_any_work(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="precision is 'fp16', but must be bf16 or fp32"):
        decide("fp16")
    monkeypatch.setenv(arithmetic.SETTING, "tf32")
    with pytest.raises(ValueError, match="DROP_ARITHMETIC is 'tf32', but must be bf16 or fp32"):
        measure(plan(Benchmark("a", "smoke", "fashion-mnist-mini", HALF), ["full"]), Store(tmp_path, also=()))
    assert not list(tmp_path.iterdir())


def test_torch_and_the_system_see_the_same_cpu():
    info = Path("/proc/cpuinfo")
    if not info.exists() or any(os.environ.get(name) for name in (*LIMITS, "ATEN_CPU_CAPABILITY")):
        pytest.skip("the system tells no flags, or torch is held back")
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", info.read_text(encoding="utf-8"), re.M)[1].split()
    words = instructions().split()
    assert ("AMX" in words, "AVX512-BF16" in words) == ("amx_bf16" in flags, "avx512_bf16" in flags)


@pytest.mark.parametrize("wanted, dtype", [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_networks_are_trained_and_asked_in_the_arithmetic_decided_for(monkeypatch, wanted, dtype):
    monkeypatch.setenv(arithmetic.SETTING, wanted)
    arena = Arena(datasets.load("fashion-mnist-mini"), HALF)
    lane, seen = Lane(arena), []
    lane.network.head.register_forward_hook(lambda _module, _inputs, output: seen.append(output.dtype))
    lane.step()
    arena.apply(lane.network, arena.held_out["test"][:9])
    assert lane.images.dtype == dtype and seen == [dtype, dtype]


def test_a_record_and_a_query_model_say_how_they_were_trained_and_the_key_does_not(monkeypatch, tmp_path):
    entry = Benchmark("micro", "smoke", "fashion-mnist-mini-long-tail", HALF)
    [run] = plan(entry, ["random+drop"], [0.1])
    made, lines = {}, []
    for wanted in arithmetic.CHOICES:
        monkeypatch.setenv(arithmetic.SETTING, wanted)
        store = Store(tmp_path / wanted, also=())
        measure([run], store, workers=1, device="cpu", say=lines.append)
        [query] = queries_for(entry, 0, "el2n")
        made[wanted] = store.get(run.key)
        how = Shelf(store.root).how(query)
        assert how == {k: made[wanted]["provenance"][k] for k in ("device", "arithmetic", "instructions", "threads")}
        assert how["arithmetic"] == wanted and how["instructions"] == instructions()
        assert made[wanted]["query_keys"] == [query.key]
        assert made[wanted]["provenance"]["processes"] == 1
    assert lines == [f"arithmetic: {wanted} products (set by DROP_ARITHMETIC)" for wanted in arithmetic.CHOICES]
    one, other = made.values()
    assert one["key"] == other["key"]
    assert one["cut"] == other["cut"] == datasets.load("fashion-mnist-mini-long-tail").cut


def test_the_cut_is_the_digest_of_the_published_images_that_are_trained_on():
    whole = datasets.original("fashion-mnist-mini").train
    tail, carved = (datasets.original(f"fashion-mnist-mini{which}") for which in ("-long-tail", ""))
    np.testing.assert_array_equal(whole[0][tail.indices], tail.train[0])
    assert carved.indices is None and datasets.load("fashion-mnist-mini").cut is None
    assert datasets.load("fashion-mnist-mini-long-tail").cut == datasets.digest_of(tail.indices)
    place = np.concatenate([np.flatnonzero(whole[1] == k)[50:] for k in range(10)])  # a tenth of 500 validates
    assert datasets.load("fashion-mnist-mini", validation="train").cut == datasets.digest_of(np.sort(place))
    assert datasets.digest_of(np.arange(3)) == "ab25350e3e65efeb"  # on every machine


def test_an_emulated_avx2_machine_trains_a_recipe_of_bf16_in_fp32(tmp_path):
    code = """
import test_arithmetic as t
[run] = t.plan(t.Benchmark("micro", "smoke", "fashion-mnist-mini", t.HALF), ["random"], [0.1])
t.measure([run], t.Store(None), workers=1, device="cpu")
print(t.json.dumps(t.Store(None).get(run.key)["provenance"]))
"""
    environment = {k: v for k, v in os.environ.items() if k not in LIMITS} | AVX2 | {"DROP_RECORDS": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    assert found.returncode == 0, found.stderr
    made = json.loads(found.stdout)
    assert made["arithmetic"] == "fp32" and made["instructions"] in ("AVX2", torch.backends.cpu.get_cpu_capability())
    assert found.stderr.splitlines() == [
        f"arithmetic: fp32 products ({made['instructions']}; DROP_ARITHMETIC=bf16 or fp32 overrides)"
    ]


def test_a_command_sets_the_arithmetic(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from drop.cli import app

    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    monkeypatch.setenv(arithmetic.SETTING, "")
    arguments = "run fashion-mnist smoke --pruners full --arithmetic half".split()
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 2 and "'half', but must be bf16 or fp32" in outcome.stderr


def test_keys_know_nothing_of_arithmetic(monkeypatch):
    run = Run(Benchmark("micro", "smoke", "fashion-mnist-mini", HALF), "random", 0.1, 0)
    assert records.key(run.config(), datasets.digest("fashion-mnist-mini")) == run.key
    assert "arithmetic" not in json.dumps(run.config())
