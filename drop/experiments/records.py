"""The store of records: what was measured, kept so that nothing is lost and nothing half-written is read.

One run = one record = one file `<root>/<benchmark>-<scale>/<pruner>/<key>.json`, complete or absent, never half there.
`pack` merges the files into the repository, one line a record. The first record of a key stays canonical, later ones
are replicates. What does not validate as a record is set aside and reported, never used and never deleted.
"""

import contextlib
import functools
import hashlib
import json
import os
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from drop import places
from drop.experiments.provenance import code_hash, provenance
from drop.experiments.record import (
    PROTOCOL,
    PROVENANCE_FIELDS,
    RUN_FIELDS,
    Record,
    clusters_of,
    hits_of,
    key,
    packed_clusters,
    place,
    plain,
    right_and_total,
    text,
    validate,
)
from drop.places import MEASURED

__all__ = [
    "PROTOCOL", "PROVENANCE_FIELDS", "RUN_FIELDS", "Record", "Store", "clusters_of", "code_hash", "committed",
    "default_root", "hits_of", "key", "load", "pack", "packed_clusters", "place", "plain", "provenance",
    "right_and_total", "status", "text", "validate", "write",
]  # fmt: skip
Reject = Callable[[Path, str], None]  # what to do with a file or line that is no record, and the reason


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
    Records of other protocols are left out (None: all). What is no record is skipped with a warning; among the records
    of the repository it is an error, and so is their absence: nothing is shown of a part of them as if it were all.
    """
    sources = [_whole(committed()) if Path(folder) == committed() else _read(Path(folder), _warn) for folder in folders]
    return _gather(sources, replicates, protocol)


def _whole(folder: Path) -> list[Record]:
    """The records of the repository; ValueError where there are none, and for a line that is damaged."""
    if not (found := list(_read(folder, _refuse))):
        raise ValueError(f"{folder} holds no records: check them out, or install the package, again")
    return found


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
    raise ValueError(f"{path} is no valid record ({reason}); correct or remove it, or check it out again")


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
    that a union merge leaves. Before anything is written: ValueError for a line that is no record, OSError for the
    folder of an installed package.
    """
    folder = places.in_checkout(Path(folder or committed()))
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
    part = places.in_checkout(path).with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
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
    if os.name == "posix":  # elsewhere folders cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)  # the name survives a power failure too
        os.close(folder)
    return True
