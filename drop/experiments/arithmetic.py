"""The arithmetic of a machine: what its products are computed in, and what a record should know of it.

A recipe's "bf16" means bf16 products where the device multiplies bf16 natively, and fp32 elsewhere. It is the same run
with the same key; the record says which it was. What bf16 makes of the rate of fp32, one thread, a 3 x 3 convolution
with its gradients (an instruction set "alone": the next better one switched off by ONEDNN_MAX_CPU_ISA):

    CUDA from Ampere (capability 8.0)    bf16   tensor cores; before it bf16 is emulated (not run here)
    AMX                                  bf16   3.3 times
    AVX-512-BF16 alone, AMD              bf16   not compared on one machine: 4.1 times the released code's rate, where
                                                fp32 with AVX2 alone has 3.3 times (small-32-64-64, two machines)
    AVX-512-BF16 alone, Intel            fp32   0.6 times (measured on a Xeon with its AMX hidden)
    AVX-512 without bf16                 fp32   0.2 times
    AVX2                                 fp32   0.1 times
    ARM, and whatever else               fp32   not tried: set DROP_ARITHMETIC=bf16 to try it
"""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from drop.experiments import machine

SETTING = "DROP_ARITHMETIC"
CHOICES = ("bf16", "fp32")
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32, "fp64": torch.float64}


@dataclass(frozen=True)
class Arithmetic:
    """What products are computed in, "bf16", "fp32" or "fp64", and why."""

    name: str
    reason: str

    @property
    def dtype(self) -> torch.dtype:
        """The type of what is multiplied."""
        return DTYPES[self.name]

    @property
    def weights(self) -> torch.dtype:
        """The type of weights, batch norm and loss."""
        return torch.float64 if self.name == "fp64" else torch.float32

    def __str__(self) -> str:
        return f"arithmetic: {self.name} products ({self.reason})"


def decide(precision: str, device: str | torch.device = "cpu") -> Arithmetic:
    """The arithmetic of a recipe of this precision on a device; $DROP_ARITHMETIC overrides what the device suggests.

    A recipe of fp32 is fp32 everywhere; one of fp64 is the tests' reference, free of rounding for their purposes.
    ValueError for any other precision, or a setting that is neither bf16 nor fp32.
    """
    wanted = os.environ.get(SETTING, "")
    if precision not in DTYPES:
        raise ValueError(f"precision is {precision!r}, but must be bf16 or fp32 (or fp64, to compare with)")
    if wanted and wanted not in CHOICES:
        raise ValueError(f"{SETTING} is {wanted!r}, but must be bf16 or fp32")
    if precision != "bf16":
        return Arithmetic(precision, "the recipe's")
    if wanted:
        return Arithmetic(wanted, f"set by {SETTING}")
    native, what = native_bf16(torch.device(device))
    return Arithmetic("bf16" if native else "fp32", f"{what}; {SETTING}=bf16 or fp32 overrides")


def native_bf16(device: torch.device) -> tuple[bool, str]:
    """Whether a device multiplies bf16 natively, and what says so."""
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        return major >= 8, f"{torch.cuda.get_device_name(device)}, capability {major}.{minor}"
    found = instructions()
    return "AMX" in found or "BF16" in found and "Intel" not in processor(), found


def instructions() -> str:
    """The CPU's instruction set as torch and oneDNN use it, such as "AVX512 AVX512-BF16 AMX", "AVX2" or "NEON"."""
    capability = torch.backends.cpu.get_cpu_capability()  # heeds ATEN_CPU_CAPABILITY
    if capability != "AVX512":
        return capability
    limit = (os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "ALL").upper()
    amx = limit in ("ALL", "DEFAULT") or "AMX" in limit
    bf16 = amx or any(name in limit for name in ("BF16", "FP16", "AVX10"))
    names = {"AVX512-BF16": bf16 and _has("_is_avx512_bf16_supported"), "AMX": amx and _has("_is_amx_tile_supported")}
    return " ".join([capability, *(name for name, there in names.items() if there)])


def _has(question: str) -> bool:
    return getattr(torch.cpu, question, lambda: False)()


def circumstances(arithmetic: Arithmetic, device: torch.device) -> dict[str, Any]:
    """What of this process and its device speed and last digits depend on, for the provenance of a result."""
    on_cpu = device.type == "cpu"
    return {
        "device": name_of(device), "arithmetic": arithmetic.name, "instructions": instructions() if on_cpu else None,
        "threads": torch.get_num_threads() if on_cpu else None,
    }  # fmt: skip


def name_of(device: str | torch.device) -> str:
    """The name of a GPU, or of the CPU with the number of cores this process may use."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({processor()}, {machine.cores()} cores)"


@functools.cache
def processor() -> str:
    """The CPU's model name, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.*)$", info.read_text(encoding="utf-8"), re.M) if info.exists() else []
    return models[0] if models else platform.processor() or platform.machine()


def to_the_terminal(line: str) -> None:
    """Say a line where a person watches, and not in the output of a notebook's cell."""
    if sys.__stderr__ is not None:
        print(line, file=sys.__stderr__, flush=True)
