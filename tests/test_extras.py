"""A missing extra is named in one sentence with the command that installs it, and only where our own files want it."""

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest

from drop import extras
from drop.places import PACKAGE

ABSENT = "nowhere_to_be_found"


@pytest.fixture(autouse=True)
def absent(monkeypatch):
    monkeypatch.setitem(extras.EXTRAS, ABSENT, "files")


def run_as(name: str) -> None:
    exec(compile(f"import {ABSENT}", name, "exec"), {"__name__": name})


def test_a_room_without_its_extra_says_what_to_install():
    with pytest.raises(ModuleNotFoundError) as error:
        run_as("drop.somewhere")
    said = f"drop.somewhere needs {ABSENT}, which is not installed; it comes with the extra 'files': pip install "
    assert str(error.value).startswith(said) and error.value.name == ABSENT


def test_a_lazy_import_is_answered_too():
    code = {"__name__": "drop.somewhere"}
    exec(f"def late():\n    import {ABSENT}.part", code)
    with pytest.raises(ModuleNotFoundError, match="extra 'files'"):
        code["late"]()


def test_other_peoples_imports_are_their_own():
    with pytest.raises(ModuleNotFoundError, match=f"^No module named '{ABSENT}'$"):
        run_as("somebody.else")
    assert importlib.util.find_spec(ABSENT) is None


@pytest.mark.parametrize("origin, command", [
    (None, 'pip install "drop-companion[files]"'),
    ({"url": "file:///a/b.whl", "archive_info": {}}, 'pip install "drop-companion[files] @ file:///a/b.whl"'),
    ({"url": "https://host/r.git", "vcs_info": {"vcs": "git"}},
     'pip install "drop-companion[files] @ git+https://host/r.git"'),
])  # fmt: skip
def test_the_command_names_where_the_package_came_from(origin, command, monkeypatch):
    given = SimpleNamespace(read_text=lambda name: origin and json.dumps(origin))
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: given)
    assert extras.command("files") == command


def test_without_an_installation_the_command_still_names_the_extra(monkeypatch):
    def nothing(name):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "distribution", nothing)
    assert extras.command("files") == 'pip install "drop-companion[files]"'


def test_every_extra_brings_what_it_is_said_to():
    names = {"IPython": "ipython", "yaml": "pyyaml", "PIL": "pillow"}
    project = PACKAGE.parent / "pyproject.toml"
    listed = tomllib.loads(project.read_text())["project"]["optional-dependencies"]
    for module, extra in extras.EXTRAS.items():
        if module != ABSENT:
            brought = {re.match(r"[\w-]+", line)[0] for line in listed[extra]}
            assert names.get(module, module) in brought, f"{extra} lacks {module}"


def test_watching_twice_asks_once():
    extras.watch()
    assert sys.meta_path.count(extras.Hint) == 1


def test_nothing_is_asked_where_nothing_is_missing():
    code = "import sys, drop.extras as e; e.command = None; import drop.experiments.intervals"
    subprocess.run([sys.executable, "-c", code], check=True)
