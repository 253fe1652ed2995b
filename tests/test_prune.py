"""drop.prune, the one-liner, and the package itself: small, lazy, importable without torch."""

import doctest
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import drop
from drop import coreset, gradients, known, names, planning, quotas, rules, sampler, scores


@pytest.mark.parametrize("room", [coreset, gradients, known, names, planning, rules, sampler, scores])
def test_the_examples_of_the_docstrings_are_true(room):
    assert doctest.testmod(room, raise_on_error=True).attempted >= 1


def test_importing_drop_and_pruning_need_no_torch():
    code = (
        "import sys, drop; assert not {'numpy', 'torch'} & set(sys.modules);"
        "drop.prune([0, 1], {0: (30, 50), 1: (20, 50)}, 0.5, rule='proportional', at_least=0);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rooms_are_attributes_and_unknown_names_say_what_there_is():
    assert drop.quotas is quotas
    assert set(drop.__all__) < set(dir(drop))
    assert importlib.metadata.version("drop-companion") == drop.__version__
    with pytest.raises(AttributeError, match="no attribute 'prun'; it has prune, plan, "):
        drop.prun  # noqa: B018


def test_a_foreign_package_of_the_same_name_is_recognised(tmp_path):
    """PyPI's `drop` is somebody else's uploader: in the same environment it overwrites parts of this one."""
    code = "import drop; print(drop.__version__)"
    for kind in ("drop-0.4.1.dist-info", "drop-0.4.1-py3.11.egg-info"):
        (tmp_path / kind).mkdir()
        environment = {**os.environ, "PYTHONPATH": f"{Path(drop.__file__).parents[1]}{os.pathsep}{tmp_path}"}
        said = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
        assert "another package named drop is installed too" in said.stderr and kind in said.stderr
        (tmp_path / kind).rmdir()
