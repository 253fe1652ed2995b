"""What a run is (its configuration, its key) and the store of records: what was measured, where, when, by which code.

One run = one record = one file `<root>/<benchmark>-<scale>/<pruner>/<key>.json`, complete or absent, never half there.
`pack` merges the files into the repository, one line a record. The first record of a key stays canonical, later ones
are replicates. What does not validate as a record is set aside and reported, never used and never deleted.
"""

import ast
import base64
import contextlib
import datetime
import functools
import hashlib
import json
import math
import os
import platform
import re
import shutil
import subprocess
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from drop import places
from drop.places import MEASURED, PACKAGE

PROTOCOL = 1  # raised when a change of the code changes results: records of several protocols are never mixed
FIELDS = "key protocol run data classes class_sizes kept quota_recalls validation test test_hits".split()
FIELDS += "curve seconds provenance".split()
RUN_FIELDS = "benchmark scale pruner density seed recipe".split()
CURVE_FIELDS = "epoch loss validation_average validation_worst".split()
PROVENANCE_FIELDS = "device python torch numpy commit date code".split()
# The files that feed a record; these of `experiments` do not.
FEEDING = ("quotas.py", "selection.py", "scores.py", "gradients.py", "coreset.py", "experiments/**/*.py")
READING = ("__init__", "records", "intervals", "collect")
Record = dict[str, Any]
Reject = Callable[[Path, str], None]  # what to do with a file or line that is no record, and the reason


def plain(value: Any, whole: bool = False) -> Any:
    """Return a value in JSON's types: arrays become lists, NaN and infinity null; with `whole`, 1.0 becomes 1."""
    if isinstance(value, dict):
        return {str(name): plain(item, whole) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, whole) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist(), whole)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value


def text(value: Any) -> str:
    """Return the one JSON text of a value: sorted names, no spaces, shortest exact floats."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def key(run: dict[str, Any], digest: str, protocol: int = PROTOCOL) -> str:
    """Return the 16 hex digits that identify a run on data of this digest under this protocol; 1 equals 1.0."""
    _require(all(name in run for name in RUN_FIELDS), f"a run has {', '.join(RUN_FIELDS)}, this one only {list(run)}")
    configuration = plain({"run": run, "data": digest, "protocol": protocol}, whole=True)
    return hashlib.sha256(text(configuration).encode()).hexdigest()[:16]


def place(run: dict[str, Any]) -> str:
    """Return `<benchmark>-<scale>/<pruner>`, where the records of a run stand."""
    names = (f"{run['benchmark']}-{run['scale']}", run["pruner"])
    return "/".join(re.sub(r"[^A-Za-z0-9._+-]", "_", name) for name in names)


@functools.cache
def code_hash() -> str:
    """Return 16 hex digits of the syntax of all rooms that feed a record; comments and docstrings do not count."""
    files = {file for pattern in FEEDING for file in PACKAGE.glob(pattern) if file.stem not in READING}
    trees = [(file.relative_to(PACKAGE).as_posix(), _syntax(ast.parse(file.read_bytes()))) for file in sorted(files)]
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


def provenance(device: str) -> dict[str, str | None]:
    """Return where a record comes from: device, versions, commit, time (UTC) and code; imports nothing heavy."""
    versions = {"python": platform.python_version(), "torch": version("torch"), "numpy": version("numpy")}
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {
        "device": str(device), **versions, "commit": _commit(), "clean": _clean(), "date": date, "code": code_hash(),
    }  # fmt: skip


@functools.cache
def _commit() -> str | None:
    """The commit of the checkout that holds the package, or None."""
    if not (PACKAGE.parent / ".git").exists() or not shutil.which("git"):
        return None
    git = ["git", "-C", str(PACKAGE.parent), "rev-parse", "--verify", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True).stdout.strip() or None


@functools.cache
def _clean() -> bool | None:
    """Whether the checkout of the package was as committed when this process first asked; None: there is none."""
    if _commit() is None:
        return None
    git = ["git", "-C", str(PACKAGE.parent), "status", "--porcelain"]
    return not subprocess.run(git, capture_output=True, text=True).stdout.strip()


def validate(record: Record) -> None:
    """Raise ValueError, in one sentence, unless a record is complete and its numbers agree with each other."""
    try:
        _check(record)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"a part of it has the wrong type or lacks a name ({error!r})") from error


def _check(record: Record) -> None:
    _require(isinstance(record, dict), "a record is a JSON object")
    _require(all(name in record for name in FIELDS), f"the record lacks {[n for n in FIELDS if n not in record]}")
    run, K = record["run"], len(record["classes"])
    _require(all(isinstance(run[name], str) for name in RUN_FIELDS[:3]), "benchmark, scale and pruner are names")
    density = run["density"]
    _require(_whole(run["seed"]) and 0 < density <= 1, f"density {density} or seed {run['seed']} is wrong")
    expected = key(run, record["data"], record["protocol"])
    _require(record["key"] == expected, f"its key is {record['key']}, but run, data and protocol give {expected}")
    sizes, kept, recalls = record["class_sizes"], record["kept"], record["quota_recalls"]
    _require(len(sizes) == len(kept) == K >= 1, f"{K} classes, {len(sizes)} class sizes, {len(kept)} kept counts")
    for n, N in zip(kept, sizes, strict=True):
        _require(_whole(n) and _whole(N) and n <= N, f"{n} of {N} samples of a class are kept")
    total = round(run["density"] * sum(sizes))
    _require(sum(kept) == total, f"{sum(kept)} samples are kept, but density {run['density']} means {total}")
    if recalls is not None:
        _require(len(recalls) == K and all(0 <= r <= 1 for r in recalls), f"the quota recalls are {recalls}")
    for split in ("validation", "test"):
        _require(_counted(record[split], K), f"the {split} counts are not those of {K} classes with samples in each")
    hits, start = hits_of(record), 0
    for k, (right, total) in enumerate(right_and_total(record["test"])):
        found = hits[start : start + total].count("1")
        _require(found == right, f"test_hits has {found} images of class {k} right, but the test counts have {right}")
        start += total
    lengths = {len(record["curve"][name]) for name in CURVE_FIELDS}
    _require(len(lengths) == 1, f"the columns of the curve have {sorted(lengths)} epochs")
    _require(record["seconds"] >= 0, f"seconds is {record['seconds']}")
    absent = [name for name in PROVENANCE_FIELDS if name not in record["provenance"]]
    _require(not absent, f"the provenance lacks {absent}")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _whole(n: Any) -> bool:
    return type(n) is int and n >= 0


def right_and_total(counts: Any) -> list[tuple[int, int]]:
    """Correctly classified and all images of each class, from a confusion matrix or from correct and total."""
    if isinstance(counts, dict):
        return list(zip(counts["correct"], counts["total"], strict=True))
    return [(row[k], sum(row)) for k, row in enumerate(counts)]


def hits_of(record: Record) -> str:
    """One digit a test image, "1" where it was classified correctly: class after class, in file order within a class.

    Records hold them packed, eight images a byte, in base64: they pair two methods image by image.
    """
    count = sum(total for _, total in right_and_total(record["test"]))
    digits = "".join(f"{byte:08b}" for byte in base64.b64decode(record["test_hits"], validate=True))
    _require(len(digits) == -(-count // 8) * 8, f"test_hits has {len(digits)} digits for {count} test images")
    return digits[:count]


def _counted(counts: Any, K: int) -> bool:
    """Whether counts are those of K classes with samples in every class."""
    square = isinstance(counts, dict) or all(len(row) == len(counts) and all(map(_whole, row)) for row in counts)
    pairs = right_and_total(counts)
    return square and len(pairs) == K and all(_whole(c) and _whole(n) and c <= n and n > 0 for c, n in pairs)


def committed() -> Path:
    """Return the folder of the records that are part of the repository."""
    return MEASURED / "records"


def default_root() -> Path:
    """Return where new records go: $DROP_RECORDS, or `records` in the data root."""
    from drop.experiments.datasets import data_root

    return places.named("DROP_RECORDS") or data_root() / "records"


def load(*folders: str | Path, replicates: bool = False, protocol: int | None = PROTOCOL) -> list[Record]:
    """Return the valid records of packed folders and stores, sorted by benchmark, scale, pruner, density, seed, key.

    Of the records of one key the first is canonical (earlier folders win) and comes alone, or with `replicates` first.
    Records of other protocols are left out (None: all). What is no record is skipped with a warning.
    """
    return _gather([_read(Path(folder), _warn) for folder in folders], replicates, protocol)


def status(records: Iterable[Record]) -> list[tuple[Record, str]]:
    """Return the records made under another protocol or by other code than the present one, each with the reason."""
    return [(record, reason) for record in records if (reason := _stale(record))]


def _stale(record: Record) -> str | None:
    if record["protocol"] != PROTOCOL:
        return f"protocol {record['protocol']}, now {PROTOCOL}"
    return None if record["provenance"]["code"] == code_hash() else "other code"


def _gather(sources: list[Iterable[Record]], replicates: bool, protocol: int | None) -> list[Record]:
    groups: dict[str, list[Record]] = {}
    for record in (record for source in sources for record in source if protocol in (None, record["protocol"])):
        same = groups.setdefault(record["key"], [])
        if not same or (replicates and record not in same):
            same.append(record)
    return sorted((record for same in groups.values() for record in same), key=_rank)


def _rank(record: Record) -> tuple:
    return *(record["run"][name] for name in RUN_FIELDS[:5]), record["key"]


def _read(folder: Path, reject: Reject) -> Iterator[Record]:
    """The valid records of a packed folder or a store."""
    for path in sorted(folder.glob("*/*.jsonl")):
        yield from _lines(path, reject)
    for path in sorted(folder.glob("*/*/*.json")):  # <key>.json comes before <key>.replicate-*.json
        if record := _parse(path, _bytes(path), reject):
            yield record


def _lines(path: Path, reject: Reject) -> Iterator[Record]:
    for number, line in enumerate((_bytes(path) or b"").splitlines(), 1):
        if line.strip() and (record := _parse(Path(f"{path}, line {number}"), line, reject)):
            yield record


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # moved by another process since the folder was listed
        return None


def _parse(path: Path, content: bytes | None, reject: Reject) -> Record | None:
    if content is None:
        return None
    try:
        record = json.loads(content)
        validate(record)
        return record
    except (ValueError, RecursionError) as error:
        reject(path, str(error))
        return None


def _warn(path: Path, reason: str) -> None:
    warnings.warn(f"{path} is no valid record and was skipped ({reason})", stacklevel=3)


def _refuse(path: Path, reason: str) -> None:
    raise ValueError(f"{path} is no valid record ({reason}); correct or remove it, then pack again")


class Store:
    """The records under one root, safe for many processes at a time; `also` are folders that are only read.

    root: default $DROP_RECORDS or `records` in the data root. also: default the committed records, which come first.
    """

    def __init__(self, root: str | Path | None = None, also: Iterable[str | Path] | None = None):
        self.root = Path(root) if root is not None else default_root()
        self.also = [Path(folder) for folder in ([committed()] if also is None else also)]

    def check(self) -> "Store":
        """Return itself, or raise OSError, before any work, where records cannot be written."""
        probe = self.root / f".probe-{uuid.uuid4().hex}"
        try:
            write(probe, " " * 2**20)
        except OSError as error:
            hint = "name a folder that can be written by DROP_RECORDS"
            raise OSError(f"records cannot be written to {self.root} ({error.__cause__.strerror}); {hint}") from None
        probe.unlink()
        return self

    def get(self, key: str) -> Record | None:
        """Return the canonical record of a key, or None."""
        if key in self._packed:
            return self._packed[key]
        found = (self._file(path) for path in self.root.glob(f"*/*/{key}.json"))
        return next((record for record in found if record and record["key"] == key), None)

    def all(self, replicates: bool = False, protocol: int | None = PROTOCOL) -> list[Record]:
        """Return the records of `also` and the root as `load` does; damaged files of the root are set aside."""
        sources = [*(_read(folder, _warn) for folder in self.also), _read(self.root, self._set_aside)]
        return _gather(sources, replicates, protocol)

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the keys that have no valid record, in their order."""
        return [key for key in keys if self.get(key) is None]

    def put(self, record: Record) -> Path:
        """Write a record and return its file; where the key has another record, that one stays and this goes beside it.

        ValueError for an invalid record, OSError where it cannot be written; then nothing has changed.
        """
        record = plain(record)
        validate(record)
        line = text(record)
        path = self.root / place(record["run"]) / f"{record['key']}.json"
        while not write(path, line, replace=False):
            first = self._file(path)  # None: it was damaged, and the name is free again
            if first is not None:
                if text(first) == line:
                    break
                path = path.with_suffix(f".replicate-{hashlib.sha256(line.encode()).hexdigest()[:8]}.json")
        return path

    def merge(self, *folders: str | Path) -> int:
        """Put all records of other stores or packed folders and return how many there were."""
        return len([self.put(record) for record in load(*folders, replicates=True, protocol=None)])

    @functools.cached_property
    def _packed(self) -> dict[str, Record]:
        return {record["key"]: record for record in load(*self.also, protocol=None)}

    def _file(self, path: Path) -> Record | None:
        return _parse(path, _bytes(path), self._set_aside)

    def _set_aside(self, path: Path, reason: str) -> None:
        """Move a damaged file to <root>/damaged and leave the reason beside it."""
        target = self.root / "damaged" / f"{time.time_ns()}-{path.name}"
        with contextlib.suppress(OSError):  # another process was faster, or the store is read-only
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)
            write(target.with_suffix(".txt"), f"{path.relative_to(self.root)}\n{reason}\n")
        warnings.warn(f"{path} is no valid record and was set aside in {target.parent} ({reason})", stacklevel=3)


def pack(store: Store, folder: str | Path | None = None) -> list[Path]:
    """Copy a store's own records to <folder>/<benchmark>-<scale>/<pruner>.jsonl and return the files that changed.

    Those of smoke scale stay where they are. folder: default the repository's. One sorted line a record: lines of one
    key keep their order and new ones follow, so the canonical record stays. Also tidies the repeated and unsorted lines
    that a union merge leaves. ValueError, before anything is written, for a line that is no record.
    """
    folder = Path(folder or committed())
    files = {path: {text(r): r for r in _lines(path, _refuse)} for path in sorted(folder.glob("*/*.jsonl"))}
    for record in Store(store.root, also=()).all(replicates=True, protocol=None):
        if record["run"]["scale"] == "smoke":  # a rehearsal
            continue
        lines = files.setdefault(folder / f"{place(record['run'])}.jsonl", {})
        lines.setdefault(text(record), record)
    changed = []
    for path, lines in files.items():
        content = "".join(f"{line}\n" for line in sorted(lines, key=lambda line: _rank(lines[line])))
        if content.encode() != _bytes(path):
            write(path, content)
            changed.append(path)
    return changed


def write(path: Path, content: str | bytes, replace: bool = True) -> bool:
    """Write a file at one stroke, complete and on the disk or not at all; False if it exists and should stay."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
            file.flush()
            os.fsync(file.fileno())
        return _publish(part, path, replace)
    except OSError as error:
        raise OSError(f"{path.name} cannot be written to {path.parent}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _publish(part: Path, path: Path, replace: bool) -> bool:
    """Give a complete file its name; without `replace` by a hard link, which never overwrites what another just put."""
    try:
        os.replace(part, path) if replace else os.link(part, path)
    except FileExistsError:
        return False
    except OSError:
        if replace:
            raise
        if path.exists():
            return False
        os.replace(part, path)  # a file system without hard links
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # the name survives a power failure too
    os.close(folder)
    return True
