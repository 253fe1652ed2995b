"""A companion to "DRoP: Distributionally Robust Data Pruning" (Vysogorets, Ahuja, Kempe, ICLR 2025).

The one-liner for your own data is drop.prune(labels, recalls, density=0.3): the indices of the samples to keep.
"""

import importlib

from drop import extras

__version__ = "0.1.0"
extras.watch()

_CORE = ("coreset", "gradients", "metrics", "mixture", "quotas", "released", "scores", "selection")
__all__ = ["prune", *_CORE]


def __getattr__(name: str):
    """Import a room on first use, so that `import drop` needs neither torch nor NumPy."""
    if name == "prune":
        return importlib.import_module("drop.selection").prune
    if name in _CORE:
        return importlib.import_module(f"drop.{name}")
    raise AttributeError(f"module 'drop' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
