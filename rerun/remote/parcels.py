"""Files on their way: bundled, packed, cut into pieces no larger than a copy may be, joined and verified over there."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import tarfile
from pathlib import Path

MIB = 2**20


def bundle(files: dict[str, Path], target: Path, row: int = 0) -> Path:
    """Write files under their names into one tar archive; nothing is done where it already holds just these.

    row: of images that are stored plainly, the bytes a row: then the archive is packed (xz over differences of rows,
    three quarters of CIFAR-10's size at 3 MB/s). 0: as they are.
    """
    stamp = [[name, path.stat().st_size, path.stat().st_mtime_ns] for name, path in sorted(files.items())]
    note = target.with_name(f"{target.name}.json")
    if target.exists() and note.exists() and json.loads(note.read_text(encoding="utf-8")) == stamp:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.tmp")
    filters = [{"id": lzma.FILTER_DELTA, "dist": row or 1}, {"id": lzma.FILTER_LZMA2, "preset": 1}]
    whole = lzma.open(part, "wb", filters=filters) if row else open(part, "wb")
    with whole, tarfile.open(fileobj=whole, mode="w|") as tar:
        for name in sorted(files):
            tar.add(files[name], name)
    os.replace(part, target)
    note.write_text(json.dumps(stamp), encoding="utf-8")
    return target


def deal(bundles: dict[str, Path], out: Path, limit: int) -> list[Path]:
    """Cut bundles, end to end, into folders out/1, out/2, ... of at most `limit` bytes each, and return these.

    Every folder lists all parts of all bundles, so that whoever receives them, in any order, knows what is missing.
    Earlier pieces there are removed. FileExistsError where another folder bears the name of a piece.
    """
    for old in out.glob("[0-9]*/manifest.json"):
        shutil.rmtree(old.parent)
    pieces, room, listed = [], 0, {}
    for name, path in bundles.items():
        parts = []
        with open(path, "rb") as file:
            while left := path.stat().st_size - file.tell():
                if room == 0:
                    pieces.append(out / str(len(pieces) + 1))
                    pieces[-1].mkdir(parents=True)
                    (pieces[-1] / "manifest.json").touch()  # a piece from now on, whatever happens
                    room = limit
                content = file.read(min(room, left))
                room -= len(content)
                parts.append([f"{name}.{len(parts):03d}", hashlib.sha256(content).hexdigest()])
                (pieces[-1] / parts[-1][0]).write_bytes(content)
        listed[name] = {"sha256": _sha256(path), "parts": parts}
    for piece in pieces:
        (piece / "manifest.json").write_text(json.dumps(listed, indent=1), encoding="utf-8")
    return pieces


def accept(piece: Path, box: Path) -> list[str]:
    """Take one piece in; unpack every bundle that is complete to box/<bundle>; return the parts still to come.

    Pieces may come in any order and again. ValueError for a part that was altered on its way.
    """
    waiting = box / "parts"
    waiting.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(piece / "manifest.json", box / "manifest.json")
    for name, entry in _expected(box).items():
        for part, sha256 in entry["parts"]:
            if (piece / part).exists() and not _is(waiting / part, sha256):
                shutil.copyfile(piece / part, waiting / part)
                if not _is(waiting / part, sha256):
                    (waiting / part).unlink()
                    raise ValueError(f"{piece / part} was altered on its way: copy it again")
        if all(_is(waiting / part, sha256) for part, sha256 in entry["parts"]):
            _unpack([waiting / part for part, _ in entry["parts"]], box / name)
            (box / f"{name}.unpacked").write_text(entry["sha256"], encoding="utf-8")
    return missing(box)


def missing(box: Path) -> list[str]:
    """The parts still to come, by the list of the last piece that was taken in; none where no piece was."""
    listed = [pair for entry in _expected(box).values() for pair in entry["parts"]]
    return [part for part, sha256 in listed if not _is(box / "parts" / part, sha256)]


def _expected(box: Path) -> dict[str, dict]:
    """The listed bundles that are not unpacked yet."""
    path = box / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    marks = {name: box / f"{name}.unpacked" for name in manifest}
    return {
        n: e
        for n, e in manifest.items()
        if not (marks[n].exists() and marks[n].read_text(encoding="utf-8") == e["sha256"])
    }


def _unpack(parts: list[Path], target: Path) -> None:
    whole = parts[0].with_name(f".{target.name}.tar")
    with open(whole, "wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    with tarfile.open(whole) as tar:  # packed or not
        tar.extractall(target, filter="data")
    for path in [whole, *parts]:
        path.unlink()


def _is(path: Path, sha256: str) -> bool:
    return path.exists() and _sha256(path) == sha256


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
