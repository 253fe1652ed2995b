"""A companion to "DRoP: Distributionally Robust Data Pruning" (Vysogorets, Ahuja, Kempe, ICLR 2025).

import drop
kept = drop.prune(labels, recalls, density=0.3)  # indices of the samples to keep
"""

import importlib

__version__ = "0.1.0"

_ROOMS = (
    "metrics", "quotas", "selection", "mixture", "records", "datasets", "models", "losses",
    "benchmarks", "training", "scores", "runs", "claims", "figures",
)  # fmt: skip
__all__ = ["prune", *_ROOMS]


def __getattr__(name: str):
    """Import a room on first use, so that `import drop` needs neither torch nor NumPy."""
    if name == "prune":
        return importlib.import_module("drop.selection").prune
    if name in _ROOMS:
        return importlib.import_module(f"drop.{name}")
    raise AttributeError(f"module 'drop' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
