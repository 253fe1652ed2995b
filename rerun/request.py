"""What a batch is asked for: the settings and the YAML list, checked against the notebooks' cells of parameters.

Papermill ignores a parameter that a notebook does not have; here a wrong name or value is an error before all work.
"""

from __future__ import annotations

import ast
import difflib
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from drop.experiments import benchmarks
from drop.experiments.ranges import densities_of, seeds_of
from publish import pages

PLAN = ("benchmark", "scale", "pruners", "densities", "seeds")  # what the runs of a measuring notebook follow from
REQUEST = ("scale", "benchmark", "seeds", "notebook", "list", "jobs", "pages")  # what --config may hold
RESERVED = ("notebook", "register")  # names in a list that are no parameters


@functools.cache
def defaults(source: Path) -> dict[str, Any]:
    """The parameters of a notebook with their values as Python; ValueError unless they are plain."""
    try:
        return {name: ast.literal_eval(text) for name, text in pages.parameters(source).items()}
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"{source.name}: its parameters cannot be read ({error})") from None


def source_of(name: str, folder: Path) -> Path:
    """The notebook of this name in notebooks/, or at this path; ValueError with the nearest names."""
    known = {path.stem: path for path in pages.sources()}
    path = known.get(name, folder / name)
    if path.suffix not in (".py", ".ipynb") or not path.is_file():
        raise ValueError(f"there is no notebook {name!r}; {_nearest(name, known)}")
    return path.resolve()


def _nearest(name: str, valid: Any) -> str:
    near = difflib.get_close_matches(str(name), list(valid), n=3, cutoff=0.3) or sorted(valid)
    return f"nearest: {', '.join(near)}"


class Strict(yaml.SafeLoader):
    """YAML in which a name that is given twice is an error, where the last value would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [name for name, _ in node.value if name.tag != "tag:yaml.org,2002:merge"]
        known: list[Any] = []
        for name in names:
            if (value := self.construct_object(name, deep=True)) in known:
                problem = f"{value!r} is given twice"
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=name.start_mark)
            known.append(value)
        return super().construct_mapping(node, deep)


def read_list(path: Path) -> list[dict[str, Any]]:
    """The entries of a YAML list; ValueError unless each is a mapping with a notebook."""
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Strict)
    except OSError as error:
        raise ValueError(f"list is {str(path)!r}, but no such file can be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "notebook" in entry for entry in entries):
        raise ValueError(f"{path} must be a list of entries, each with `notebook:` and parameters")
    return entries


def expand(entry: dict[str, Any], folder: Path) -> Iterator[tuple[Path, dict[str, Any], str]]:
    """(source, values, register) of every combination of an entry's values; ValueError for a wrong name or value.

    A list gives one execution an item, except where the notebook's own value is a list: there it is one value, and a
    list of lists gives one execution an item. Seeds and densities may be texts such as "0-4" and "core".
    """
    source = source_of(str(entry["notebook"]), folder)
    script = entry.get("register", "")
    register = str((folder / script).resolve()) if script and isinstance(script, str) else ""
    if "register" in entry and not (register and Path(register).is_file()):
        raise ValueError(f"register is {script!r}, but must be the path of a script")
    known = defaults(source)
    given = {name: value for name, value in entry.items() if name not in RESERVED}
    for name in given:
        if name not in known:
            raise ValueError(f"{source.name} has no parameter {name!r}; {_nearest(name, known)}")
    if "train" in known:
        if absent := [name for name in PLAN if name not in known]:
            raise ValueError(f"{source.name} measures, but has no parameters {absent}: its runs cannot be told")
        given.pop("train", None)
    choices = [[(name, value) for value in _choices(source, name, given[name], known[name])] for name in given]
    for combination in itertools.product(*choices):
        yield source, dict(combination), register


def _choices(source: Path, name: str, value: Any, default: Any) -> list[Any]:
    """The values that one parameter takes in turn."""
    if name == "seeds" and isinstance(value, (str, int)):
        value = seeds_of(str(value))
    if name == "densities" and isinstance(value, str):
        value = list(densities_of(value))
    several = isinstance(value, list) and not (isinstance(default, list) and not _lists(value))
    values = value if several else [value]
    for one in values:
        if not _fits(one, default):
            raise ValueError(f"{source.name}: {name} is {one!r}, but must be like {default!r}")
    if not values:
        raise ValueError(f"{source.name}: {name} is an empty list")
    return values


def _lists(value: list) -> bool:
    return bool(value) and all(isinstance(item, list) for item in value)


def _fits(value: Any, default: Any) -> bool:
    """Whether a value has the type of the default; a whole number is a number, and a list needs fitting items."""
    if isinstance(default, (list, tuple)):
        return isinstance(value, list) and len(value) > 0 and all(_fits(v, default[0]) for v in value if default)
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return default is None or type(value) is type(default)


def entries_of(request: dict[str, Any]) -> tuple[list[dict[str, Any]], Path]:
    """The entries that a request names, and the folder that their paths start from; ValueError for a wrong name."""
    for name in request:
        if name not in REQUEST:
            raise ValueError(f"a batch has no setting {name!r}; {_nearest(name, REQUEST)}")
    if request.get("list"):
        if clash := [name for name in REQUEST[:4] if request.get(name)]:
            raise ValueError(f"{', '.join(clash)} and a list were given; write these values into the list")
        path = Path(request["list"]).resolve()
        return read_list(path), path.parent
    scales = split(request.get("scale")) or ["laptop"]
    every = {p.stem: defaults(p) for p in pages.sources() if "train" in defaults(p)}
    there = {entry.name for entry in benchmarks.TABLE if entry.scale in scales}
    fit = [name for name, values in every.items() if request.get("benchmark") or values["benchmark"] in there]
    names = split(request.get("notebook")) or fit or list(every)
    given: dict[str, Any] = {"scale": scales}
    if request.get("benchmark"):
        given["benchmark"] = split(request["benchmark"])
    if request.get("seeds") not in (None, ""):
        given["seeds"] = str(request["seeds"])
    return [{"notebook": name, **given} for name in names], Path.cwd()


def split(value: Any) -> list[str]:
    return [part for part in str(value or "").split(",") if part]
