"""The house itself: imports run one way and never in circles, rooms stay small, the front needs NumPy only."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from drop.experiments.provenance import imported
from drop.places import PACKAGE

ROOT = PACKAGE.parent
ABOVE = {"drop/cli.py", "drop/__main__.py"}  # the door: stands above all rooms
LAZY = {"coreset", "gradients", "metrics", "mixture", "quotas", "released", "scores", "selection"}  # names of drop

# What each room may import besides itself.
MAY = {
    "core": set(),
    "mixture": {"core"},
    "experiments": {"core"},
    "commands": {"core", "experiments"},
    "chapters": {"core", "mixture", "experiments"},
    "notebooks": {"core", "mixture", "experiments", "chapters"},
    "publish": {"core", "experiments", "chapters"},
    "rerun": {"core", "experiments", "chapters", "publish"},
    "speed": {"core", "experiments"},
}
BUDGETS = {"core": 1650, "mixture": 450, "experiments": 3200, "commands": 650, "chapters": 3630}  # lines of code
FILE, FUNCTION, NOTEBOOK, NEW_NOTEBOOK = 250, 50, 300, 200
# Notebooks that are still longer than that, each with the most it may have: these numbers only fall.
LONG = {}
FIRST = """00_quickstart 10_why_class_densities_matter 11_beyond_two_classes 20_prune_by_class 30_bias_audit
31_what_pruners_keep 32_one_word_several_definitions 40_drop_against_the_field 41_deviations 43_imbalanced_data
50_how_good_are_the_quotas 60_claims_ledger 70_how_fast_it_trains 80_what_it_costs""".split()
FIRST_TOGETHER = 2650
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def files_of(room: str) -> list[Path]:
    """The Python files of a room, sorted; the core is what lies at the front of the module."""
    if room == "core":
        return sorted(path for path in PACKAGE.glob("*.py") if f"drop/{path.name}" not in ABOVE)
    folder = PACKAGE / room if (PACKAGE / room).is_dir() else ROOT / room
    return sorted(folder.rglob("*.py"))


def room_of(path: Path) -> str:
    first, *rest = path.relative_to(ROOT).parts
    if first != "drop":
        return first
    return rest[0] if len(rest) > 1 else "door" if f"drop/{rest[0]}" in ABOVE else "core"


def imports_of(path: Path) -> set[Path]:
    """What a file imports of this repository, at its top or anywhere in a function."""
    if path == PACKAGE / "__init__.py":
        return set()  # its lazy names are the one exemption, and tested below
    return set().union(*(imported(path, package) for package in (PACKAGE, ROOT / "publish", ROOT / "rerun")))


def code_lines(source: str) -> set[int]:
    """The lines that hold code: no blank ones, comments or docstrings."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {n for t in tokens if t.type not in NOT_CODE for n in range(t.start[0], t.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return lines


def size(path: Path) -> int:
    return len(code_lines(path.read_text(encoding="utf-8")))


by_room = pytest.mark.parametrize("room", MAY)
PYTHON = [path for room in MAY if room != "notebooks" for path in files_of(room)] + [
    ROOT / name for name in sorted(ABOVE)
]


# Which way imports run


@by_room
def test_a_room_imports_only_from_the_rooms_below_it(room):
    for path in files_of(room):
        for other in imports_of(path):
            assert room_of(other) in MAY[room] | {room}, f"{path.relative_to(ROOT)} imports {other.relative_to(ROOT)}"


def test_every_folder_of_code_is_a_room():
    assert {room_of(path) for path in PACKAGE.rglob("*.py")} <= {*MAY, "door"}
    assert {path.parent.name for path in ROOT.glob("*/*.py")} <= {*MAY, "drop", "tests"}


def test_the_door_opens_a_room_only_inside_a_command():
    top = "".join(ast.unparse(node) for node in ast.parse((PACKAGE / "cli.py").read_text()).body
                  if isinstance(node, (ast.Import, ast.ImportFrom)))  # fmt: skip
    assert "drop." not in top.replace("drop.commands", "") and "from drop import" not in top
    assert imports_of(PACKAGE / "__main__.py") == {PACKAGE / "cli.py"}


def test_nothing_imports_in_circles():
    graph = {path: imports_of(path) - {path} for path in PYTHON}
    done: set[Path] = set()

    def follow(path: Path, trail: tuple[Path, ...]) -> None:
        assert path not in trail, " imports ".join(p.relative_to(ROOT).as_posix() for p in (*trail, path))
        if path not in done:
            for other in graph[path]:
                follow(other, (*trail, path))
            done.add(path)

    for path in graph:
        follow(path, ())


def test_the_names_that_drop_imports_late_are_these():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    [core] = [node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "_CORE"]
    assert set(ast.literal_eval(core.value)) == LAZY


def test_no_import_hides_from_these_tests():
    for path in PYTHON:
        text = path.read_text(encoding="utf-8")
        relative = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level]
        assert not relative, f"{path.name} imports relatively"
        if path != PACKAGE / "__init__.py":
            assert not re.search(r"import_module\(f?[\"'](drop|publish|rerun)|__import__\(", text), path.name


def test_the_pages_folder_holds_no_python():
    assert list((ROOT / "book").rglob("*.py")) == []


# Budgets, in lines of code


@pytest.mark.parametrize("room", BUDGETS)
def test_a_room_keeps_its_budget(room):
    assert sum(map(size, files_of(room))) <= BUDGETS[room]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    lines = code_lines(text)
    assert len(lines) <= FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert len(lines & set(range(node.lineno, node.end_lineno + 1))) <= FUNCTION, node.name


@pytest.mark.parametrize("path", files_of("notebooks"), ids=lambda path: path.stem)
def test_a_notebook_stays_an_argument(path):
    most = LONG.get(path.stem, NOTEBOOK) if path.stem in FIRST else NEW_NOTEBOOK
    assert size(path) <= most


def test_the_first_notebooks_together_only_shrink():
    sizes = {path.stem: size(path) for path in files_of("notebooks") if path.stem in FIRST}
    assert len(sizes) == len(FIRST) and sum(sizes.values()) <= FIRST_TOGETHER
    assert [name for name in LONG if sizes[name] <= NOTEBOOK] == [], "these are no longer long: take them off the list"


# What a room needs

BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ALLOWED and not top.startswith("_"):
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)
sys.meta_path.insert(0, Absent())
import importlib
for name in MODULES:
    importlib.import_module(name)
"""
NEEDS = {
    "core": {"numpy"},
    "mixture": {"numpy", "scipy"},
    "door": {"typer", "rich", "click", "markdown_it", "mdurl", "pygments", "shellingham", "annotated_doc"},
}
TORCH = {  # what cannot be read without torch; everything else can
    "experiments": {"arena", "arithmetic", "checkpoints", "convergence", "lanes", "losses", "models", "pace", "queries",
                    "runs", "training"},
    "chapters": {"definitions", "photos", "material", "query_times", "release", "released_quotas"},
}  # fmt: skip


def run_without(allowed: set[str], modules: list[str], then: str = "") -> None:
    code = BLOCK.replace("ALLOWED", repr({"drop", *allowed})).replace("MODULES", repr(modules)) + then
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def modules_of(room: str) -> list[str]:
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files_of(room)]


def test_the_core_needs_numpy_only():
    then = "import drop; assert drop.prune([0, 0, 1, 1], [0.9, 0.5], 0.5).size == 2"
    run_without(NEEDS["core"], modules_of("core"), then)


def test_the_theory_needs_scipy_besides():
    run_without(NEEDS["mixture"], modules_of("mixture"))


def test_the_command_line_opens_without_any_room():
    shown = {"drop.cli", "drop.extras", *(f"drop.commands{name}" for name in ("", ".own", ".folder"))}
    then = f"SHOWN = {shown}; assert {{n for n in sys.modules if n.startswith('drop.')}} <= SHOWN"
    run_without(NEEDS["door"], ["drop.cli"], then)


@pytest.mark.parametrize("room", TORCH)
def test_reading_needs_no_torch(room):
    free = [name for name in modules_of(room) if name.rpartition(".")[2] not in TORCH[room]]
    code = f"import sys, importlib\nfor name in {free}:\n    importlib.import_module(name)\n    "
    code += "assert 'torch' not in sys.modules, name"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("room", MAY)
def test_text_is_utf_8_whatever_the_locale(room):
    for path in files_of(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
            if name == "write_text" or name == "read_text" and not node.args:
                assert any(word.arg == "encoding" for word in node.keywords), f"{path}, line {node.lineno}"


SILENT = {"drop/__main__.py", "rerun/batch.py", "rerun/job.py", "rerun/remote/shelf.py"}  # typer, NAME=VALUE, no people


def test_every_command_answers_help_instead_of_working():
    """A module that can be run reads its arguments, so that --help or a slip of the fingers starts no work."""
    programs = {path for path in PYTHON if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}
    names = {str(path.relative_to(ROOT)) for path in programs if "chapters/examples" not in str(path)}
    assert {n for n in names if "ArgumentParser(" not in (ROOT / n).read_text(encoding="utf-8")} <= SILENT
