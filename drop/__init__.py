"""A companion to "DRoP: Distributionally Robust Data Pruning" (Vysogorets, Ahuja, Kempe, ICLR 2025).

The one-liner for your own data is drop.prune(labels, recalls, density=0.3): the positions of the samples to keep.
"""

import importlib
import os
import sys
import warnings
from typing import Any

from drop import extras

__version__ = "0.1.0"
extras.watch()

_PUBLIC = {"prune": "planning", "plan": "planning", "Plan": "planning", "Sampler": "sampler", "EpochSampler": "sampler"}
_CORE = ("coreset", "gradients", "metrics", "mixture", "quotas", "released", "scores", "selection")
__all__ = [*_PUBLIC, *_CORE]


def __getattr__(name: str) -> Any:
    """Import a room on first use, so that `import drop` needs neither torch nor NumPy."""
    if name in _PUBLIC:
        return getattr(importlib.import_module(f"drop.{_PUBLIC[name]}"), name)
    if name in _CORE:
        return importlib.import_module(f"drop.{name}")
    raise AttributeError(f"module 'drop' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def _foreign() -> str | None:
    """The metadata of PyPI's package `drop`, an uploader, where it is installed too: it has the same import name."""
    for folder in sys.path:
        try:
            found = [name for name in os.listdir(folder or ".") if name.startswith("drop-") and name[5:6].isdigit()]
        except OSError:
            continue
        for name in found:
            if name.endswith((".dist-info", ".egg-info")):
                return os.path.join(folder, name)
    return None


if _other := _foreign():
    warnings.warn(
        f"another package named drop is installed too ({_other}) and overwrites parts of drop-companion: "
        "uninstall both, then install drop-companion again", stacklevel=2)  # fmt: skip
