"""The house itself: the package stays small, its rooms look upwards only, and reading needs no torch."""

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import drop

PACKAGE = Path(drop.__file__).parent
ROOMS = (
    "quotas selection released metrics mixture mixture_distance mixture_classes folders datasets records benchmarks "
    "models losses training gradients coreset scores queries runs figures"
).split()  # in the order in which data flow
TORCH_FREE = "quotas selection released metrics mixture datasets records benchmarks figures scores".split()
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(source: str) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {n for t in tokens if t.type not in NOT_CODE for n in range(t.start[0], t.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def imported(path: Path) -> set[str]:
    """The rooms that a room imports when it is imported itself."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "drop":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("drop."):
            names.add(node.module.removeprefix("drop."))
    return names & set(ROOMS)


def test_the_package_stays_small():
    assert sum(code_lines(path.read_text()) for path in PACKAGE.glob("*.py")) <= 2500


def test_every_room_has_its_place():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__", *ROOMS}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_above_it(room):
    assert imported(PACKAGE / f"{room}.py") <= set(ROOMS[: ROOMS.index(room)])


def test_no_function_is_longer_than_a_screen():
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name}"


def test_torch_is_not_imported_until_needed():
    code = f"import sys, drop; [getattr(drop, room) for room in {TORCH_FREE}]; drop.prune"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True)
