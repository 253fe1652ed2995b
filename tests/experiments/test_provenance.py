"""Where a record comes from: the code hash covers exactly the files that feed a record, wherever they are imported."""

import shutil
import subprocess
import sys

import pytest

from drop.experiments import provenance
from drop.experiments.provenance import code_hash, feeding, imported
from drop.experiments.record import PROVENANCE_FIELDS
from drop.places import PACKAGE

NESTED = """import numpy as np

def scale(x):
    return 2 * np.asarray(x)
"""


@pytest.fixture
def copy(tmp_path):
    """The package's code, to be changed: it bears the package's name, which its imports say."""
    code = shutil.ignore_patterns("measured", "data", "__pycache__")
    return shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=code)


def hashed(package):
    code_hash.cache_clear()
    return code_hash(package)


def change(package, file, old, new):
    path = package / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_records_need_neither_torch_nor_numpy():
    code = "import sys, drop.experiments.records as r; r.provenance('cpu')\n"
    code += "assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_provenance_is_complete():
    made = provenance.provenance("cpu")
    assert list(made) == [*PROVENANCE_FIELDS[:5], "clean", *PROVENANCE_FIELDS[5:]]
    assert made["date"].endswith("+00:00")
    assert len(made["code"]) == 16


def test_what_feeds_a_record_is_what_its_making_imports():
    names = {file.relative_to(PACKAGE).as_posix() for file in feeding()}
    made = {"runs", "queries", "training", "models", "losses", "datasets", "folders", "benchmarks"}
    assert {f"experiments/{name}.py" for name in made} <= names
    assert {f"{name}.py" for name in ("quotas", "selection", "scores", "gradients", "coreset")} <= names
    assert not [name for name in names if name.startswith(("chapters/", "mixture/", "cli"))]


def test_what_only_keeps_records_is_imported_where_they_are_made():
    assert [name for name in provenance.BESIDE if not (PACKAGE / name).is_file()] == []


@pytest.mark.parametrize("file, old, new", [
    ("experiments/lanes.py", "momentum=recipe.momentum", "momentum=0.5 * recipe.momentum"),
    ("quotas.py", "1 - ", "2 - "),
    ("gradients.py", "expected.max()", "expected.min()"),  # imported by the scores, which the query models import
])  # fmt: skip
def test_a_change_of_code_that_feeds_a_record_is_another_hash(copy, file, old, new):
    before = hashed(copy)
    change(copy, file, old, new)
    assert hashed(copy) != before


def test_comments_docstrings_and_what_feeds_no_record_change_nothing(copy):
    before = hashed(copy)
    change(copy, "experiments/training.py", "import torch\n", "import torch  # the engine\n")
    change(copy, "experiments/losses.py", '"""What a step', '"""That which a step')
    change(copy, "released.py", "def load(", "def load_it(")
    change(copy, "experiments/records.py", "replicate-", "again-")
    assert hashed(copy) == before == hashed(PACKAGE)


def test_a_nested_file_counts_from_the_moment_it_is_imported_even_inside_a_function(copy):
    folder = copy / "experiments" / "deep" / "deeper"
    folder.mkdir(parents=True)
    (folder / "nested.py").write_text(NESTED)
    before = hashed(copy)
    change(copy, "experiments/losses.py", "def cross_entropy(",
           "def late():\n    from drop.experiments.deep.deeper import nested\n\n\ndef cross_entropy(")  # fmt: skip
    used = hashed(copy)
    (folder / "nested.py").write_text(NESTED.replace("2", "3"))
    assert len({before, used, hashed(copy)}) == 3


def test_imports_are_seen_in_every_form(tmp_path):
    package = tmp_path / "drop"
    for name in ("__init__", "a", "b/__init__", "b/c", "b/d", "e"):
        path = package / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    file = package / "e.py"
    file.write_text("import drop.a\nfrom drop.b import c, nothing\ndef f():\n    import drop.b.d as g\nimport numpy.a")
    assert {path.relative_to(package).as_posix() for path in imported(file, package)} == {
        "a.py", "b/__init__.py", "b/c.py", "b/d.py",
    }  # fmt: skip


def test_a_tree_is_clean_while_its_code_is_as_committed(tmp_path, monkeypatch):
    package = tmp_path / "drop"
    (package / "measured").mkdir(parents=True)
    (package / "one.py").write_text("1\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(provenance, "PACKAGE", package)

    def clean():
        provenance._commit.cache_clear()
        provenance._clean.cache_clear()
        return provenance._clean()

    assert clean() is True
    (package / "measured" / "records.jsonl").write_text("{}\n")
    (tmp_path / "notes.txt").write_text("mine\n")
    assert clean() is True
    (package / "two.py").write_text("2\n")
    assert clean() is False
    monkeypatch.undo()
    clean()
