"""Where the files that come with the package are, and the folders that the environment names."""

from __future__ import annotations

import contextlib
import getpass
import os
from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("drop")))
DATA = PACKAGE / "data"
MEASURED = PACKAGE / "measured"
NAMED = ("DROP_DATA", "DROP_RECORDS")  # environment variables that name folders


def in_checkout(file: Path) -> Path:
    """The file itself, if it may be written: what is measured goes into a checkout. OSError in an installed package."""
    if PACKAGE in file.parents and not (PACKAGE.parent / ".git").exists():
        hint = "name a folder, or work in a checkout of the repository"
        raise OSError(f"{file} belongs to an installed package, where nothing is written; {hint}")
    return file


def named(variable: str) -> Path | None:
    """The folder that a variable names, absolute, `~` resolved; None where it is not set."""
    return absolute(os.environ[variable]) if os.environ.get(variable) else None


def absolute(folder: str | Path) -> Path:
    """A folder seen from the present one, `~` resolved; OSError where this user has no home."""
    try:
        return Path(folder).expanduser().absolute()
    except RuntimeError:
        user = Path(folder).parts[0].removeprefix("~")
        whose = f"there is no user {user!r}" if user else "this user has no home folder"
        hint = "set HOME, or name folders by DROP_DATA and DROP_RECORDS"
        raise OSError(f"{folder} cannot be found, because {whose}; {hint}") from None


def settle() -> None:
    """Make the named folders absolute for this process and all that it starts, which may work in other folders."""
    for variable in NAMED:
        if folder := named(variable):
            os.environ[variable] = str(folder)


def shelter(folder: Path) -> None:
    """Where this user has no home that can be written, or no name, let what is started from here find both.

    Many programs keep something at home. Data stay where they were looked for before.
    """
    if not _home_can_be_written():
        with contextlib.suppress(OSError):
            os.environ.setdefault("DROP_DATA", str(absolute("~/.cache/drop")))
        os.environ["HOME"] = str(folder)
    try:
        getpass.getuser()
    except (KeyError, OSError, ImportError):
        os.environ["LOGNAME"] = "nobody"


def _home_can_be_written() -> bool:
    try:
        return os.access(Path.home(), os.W_OK)
    except RuntimeError:
        return False
