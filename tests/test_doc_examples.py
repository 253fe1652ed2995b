"""Every public function of the core has an example in its docstring, and the examples are true."""

import doctest
import importlib
import inspect
from types import ModuleType
from typing import Any

import pytest

import drop
from drop.places import PACKAGE

ROOMS = [name for name in drop._CORE if name != "mixture"]
DOCUMENTED = [
    f"drop.{name}" for name in [*ROOMS, *sorted(set(drop._PUBLIC.values()))] if (PACKAGE / f"{name}.py").exists()
]


def public(module: ModuleType) -> dict[str, Any]:
    """The functions and classes that a module defines for others."""
    found = {name: thing for name, thing in vars(module).items() if not name.startswith("_")}
    return {n: t for n, t in found.items() if callable(t) and getattr(t, "__module__", "") == module.__name__}


def shows(thing: Any) -> bool:
    """Whether a function, or a class or one of its methods, has an example."""
    parts = [thing, *vars(thing).values()] if inspect.isclass(thing) else [thing]
    return any(">>>" in (getattr(part, "__doc__", None) or "") for part in parts)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_public_function_has_an_example(name):
    module = importlib.import_module(name)
    reached = {drop.__dict__.get(n, getattr(drop, n)) for n, room in drop._PUBLIC.items() if f"drop.{room}" == name}
    functions = {n: t for n, t in public(module).items() if t in reached or name.removeprefix("drop.") in ROOMS}
    assert [n for n, thing in functions.items() if inspect.isfunction(thing) and not shows(thing)] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in PACKAGE.glob("[a-z]*.py")))
def test_the_examples_are_true(name):
    assert doctest.testmod(importlib.import_module(f"drop.{name}")).failed == 0
