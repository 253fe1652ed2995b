"""Where a record comes from: device, versions, commit, date, and the hash of the code that made it.

What feeds a record follows from the imports: `runs` and everything that it imports, those of its imports too, wherever
in a file they stand. Names that only keep what was measured are listed in BESIDE.
"""

import ast
import datetime
import functools
import hashlib
import platform
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from drop.places import PACKAGE

FIRST = "experiments/runs.py"  # what a record is made by
BESIDE = ("__init__.py", "places.py", "experiments/__init__.py", "experiments/machine.py", "experiments/provenance.py",
          "experiments/record.py", "experiments/records.py")  # fmt: skip


def imported(file: Path, package: Path = PACKAGE) -> set[Path]:
    """The files of the package that one of them imports, lazily or not; the package bears the name of its folder."""
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        for name in _names(node):
            head, *parts = name.split(".")
            if head == package.name:
                found |= {path for path in _files(package.joinpath(*parts)) if path.is_file()}
    return found - {file}


def _names(node: ast.AST) -> Iterator[str]:
    """What an import statement may name: modules, and for `from a import b` both a and a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(place: Path) -> tuple[Path, Path]:
    return place.with_suffix(".py"), place / "__init__.py"


def feeding(package: Path = PACKAGE) -> list[Path]:
    """The files whose code decides what a record holds, sorted."""
    found, waiting = set(), [package / FIRST]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += imported(file, package)
    return sorted(file for file in found if file.relative_to(package).as_posix() not in BESIDE)


@functools.cache
def code_hash(package: Path = PACKAGE) -> str:
    """Return 16 hex digits of the syntax of all files that feed a record; comments and docstrings do not count."""
    trees = [(f.relative_to(package).as_posix(), _syntax(ast.parse(f.read_bytes()))) for f in feeding(package)]
    return hashlib.sha256(repr(trees).encode()).hexdigest()[:16]


def _syntax(node: Any) -> Any:
    """A syntax tree as tuples, without docstrings and without the empty fields in which Python versions differ."""
    if isinstance(node, list):
        kept = (item for item in node if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)))
        return tuple(_syntax(item) for item in kept)
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return (type(node).__name__, *((name, _syntax(value)) for name, value in fields))


def provenance(device: str) -> dict[str, Any]:
    """Return where a record comes from: device, versions, commit, time (UTC) and code; imports nothing heavy."""
    versions = {"python": platform.python_version(), "torch": version("torch"), "numpy": version("numpy")}
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {
        "device": str(device), **versions, "commit": _commit(), "clean": _clean(), "date": date, "code": code_hash(),
    }  # fmt: skip


@functools.cache
def _commit() -> str | None:
    """The commit of the checkout that holds the package, or None where there is none."""
    return _git("rev-parse", "--verify", "HEAD") or None


@functools.cache
def _clean() -> bool | None:
    """Whether the package's code was as committed when this process first asked; None: there is no checkout."""
    code = ("--", PACKAGE.name, f":(exclude){PACKAGE.name}/measured")  # records that come home change no result
    return None if _commit() is None else not _git("status", "--porcelain", *code)


def _git(*question: str) -> str:
    """What git says of the checkout that holds the package; "", with a warning where git cannot tell, if nothing.

    Whose checkout it is does not matter: its code is running already.
    """
    checkout = PACKAGE.parent
    if not (checkout / ".git").exists() or not shutil.which("git"):
        return ""
    git = ["git", "-c", f"safe.directory={checkout}", "-C", str(checkout), *question]
    done = subprocess.run(git, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        warnings.warn(f"records will not name their commit, for git fails in {checkout}: {reason}", stacklevel=3)
        return ""
    return done.stdout.strip()
