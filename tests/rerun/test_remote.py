"""Facts about the kit for remote boxes: nothing is lost or altered on the way, and a whole round trip on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drop.experiments import records
from rerun.remote import box as there
from rerun.remote import parcels, send, shelf

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bundles(tmp_path):
    """Two bundles of a few files, the first packed."""
    rng, files = np.random.default_rng(0), {}
    for name in ("images/one", "images/two", "notes.txt"):
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.integers(0, 4, 5000, np.uint8).tobytes())
        files[name] = path
    few = {name: path for name, path in files.items() if "images" in name}
    return {
        "data": parcels.bundle(few, tmp_path / "data.tar.xz", row=32),
        "all": parcels.bundle(files, tmp_path / "all.tar"),
    }


@pytest.mark.parametrize("order", [1, -1])
def test_pieces_fit_come_in_any_order_and_again_and_give_the_files_back(bundles, tmp_path, order):
    pieces = parcels.deal(bundles, tmp_path / "out", 3000)
    assert len(pieces) > 3
    for piece in pieces:
        assert sum(part.stat().st_size for part in piece.iterdir() if part.name != "manifest.json") <= 3000
    left = [len(parcels.accept(piece, tmp_path / "box")) for piece in pieces[::order] for _ in range(2)]
    assert left[0] > 0 and left[-1] == 0 and left == sorted(left, reverse=True)
    for name in ("images/one", "images/two"):
        original = (tmp_path / "source" / name).read_bytes()
        assert (tmp_path / "box" / "data" / name).read_bytes() == original
        assert (tmp_path / "box" / "all" / name).read_bytes() == original
    assert not list((tmp_path / "box" / "parts").iterdir())
    assert parcels.accept(pieces[0], tmp_path / "box") == []


def test_a_part_that_was_altered_on_its_way_is_refused_and_can_be_sent_again(bundles, tmp_path):
    first, *others = parcels.deal(bundles, tmp_path / "out", 10**6)
    assert others == []
    part = first / "data.000"
    whole = part.read_bytes()
    part.write_bytes(whole[:-1] + b"!")
    with pytest.raises(ValueError, match="altered on its way"):
        parcels.accept(first, tmp_path / "box")
    part.write_bytes(whole)
    assert parcels.accept(first, tmp_path / "box") == []


def test_only_earlier_pieces_are_removed_from_the_folder_that_pieces_go_to(bundles, tmp_path):
    mine = tmp_path / "out" / "2024-photos" / "x"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert len(parcels.deal(bundles, tmp_path / "out", 3000)) > 1
    with pytest.raises(FileNotFoundError):  # interrupted in its second bundle
        parcels.deal({"all": bundles["all"], "lost": tmp_path / "nowhere"}, tmp_path / "out", 10**6)
    parcels.deal(bundles, tmp_path / "out", 10**6)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1", "2024-photos"]
    (tmp_path / "out" / "2024-photos").rename(tmp_path / "other").rename(tmp_path / "out" / "2")
    with pytest.raises(FileExistsError):
        parcels.deal(bundles, tmp_path / "out", 3000)
    assert (tmp_path / "out" / "2" / "x").read_text() == "mine"


def test_nothing_is_measured_as_long_as_a_piece_that_came_earlier_lacks_another(bundles, tmp_path, monkeypatch):
    first, *_ = parcels.deal(bundles, tmp_path / "out", 3000)
    assert parcels.missing(tmp_path / "box") == []  # nothing was sent: nothing lacks
    lacks = parcels.accept(first, tmp_path / "box")
    assert lacks and parcels.missing(tmp_path / "box") == lacks
    command = ["box.py", "--box", str(tmp_path / "box"), "--minutes", "1", "--home", str(tmp_path / "home")]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setattr(there, "Worker", None)
    with pytest.raises(SystemExit, match="measuring needs all pieces"):
        there.main()


def test_an_unchanged_bundle_is_not_packed_again_and_a_changed_one_is(bundles, tmp_path):
    files = {"notes.txt": tmp_path / "source" / "notes.txt"}
    target = parcels.bundle(files, tmp_path / "again.tar")
    before = target.stat().st_mtime_ns
    assert parcels.bundle(files, target).stat().st_mtime_ns == before
    files["notes.txt"].write_text("other words")
    assert parcels.bundle(files, target).stat().st_mtime_ns > before


def test_query_models_travel_without_weights_and_stay_where_grand_would_need_them(tmp_path):
    path = tmp_path / "queries" / "b-paper" / "k.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **{"el2n": np.ones(9), "weight:head": np.ones(9000)})
    assert not send.lacks_grand(path)
    light = shelf.slim(path, tmp_path / "slim" / "k.npz")
    assert np.load(light).files == ["el2n"] and light.stat().st_size < 1000
    os.replace(light, path)
    assert list(send.travelling("run b paper --pruners el2n", tmp_path)) == ["queries/b-paper/k.npz"]
    assert send.travelling("run b paper --pruners grand", tmp_path) == {}


def test_what_has_no_room_on_the_way_home_is_left_and_named(tmp_path):
    folder = tmp_path / "store" / "queries" / "b-paper"
    folder.mkdir(parents=True)
    np.savez(folder / "large.npz", el2n=np.random.default_rng(0).random(10_000))
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "log.txt").write_text("said")
    going, left = shelf.choose(tmp_path, 10_000)
    assert list(going) == ["results/log.txt"] and left == ["store/queries/b-paper/large.npz"]


def test_the_list_of_cells_names_only_what_exists():
    from drop.experiments import benchmarks
    from drop.experiments.ranges import densities_of, seeds_of

    options = {"--pruners": "random", "--densities": "core", "--seeds": "0"}
    cells = (ROOT / "rerun" / "remote" / "cells.txt").read_text()
    lines = [line for line in cells.splitlines() if line and line[0] != "#"]
    for line in lines:
        kind, first, *rest = line.split()
        if kind == "run":
            given = options | dict(zip(rest[1::2], rest[2::2], strict=True))
            entry, seeds = benchmarks.benchmark(first, rest[0]), seeds_of(given["--seeds"])
            assert benchmarks.plan(entry, given["--pruners"].split(","), densities_of(given["--densities"]), seeds)
        else:
            module = rest[0].replace(".", "/") if kind == "python" else f"notebooks/{first}"
            assert (ROOT / f"{module}.py").exists()


CELLS = """
run fashion-mnist smoke --pruners random,random+drop --densities 0.02   # a few seconds
python -c "print('a script ran', file=open('RESULTS/script.txt', 'a'))"
nonsense
run fashion-mnist smoke --densities 7
"""


def call(*command, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_round_trip_measures_comes_home_and_goes_on_where_it_stopped(bundles, tmp_path):
    (tmp_path / "cells.txt").write_text(CELLS)
    first, second = parcels.deal({"wrapped": bundles["all"]}, tmp_path / "out", 20_000)
    box = ["-m", "rerun.remote.box", "--box", tmp_path / "box", "--cells", tmp_path / "cells.txt", "--device", "cpu"]
    measuring = ["--minutes", 60, "--home", tmp_path / "back"]
    assert "still to come: wrapped.001" in call(*box, first)
    said = call(*box, second, *measuring)
    assert "no cell begins with 'nonsense'" in said and "exit code 2" in said and "must lie in" in said
    again = call(*box, *measuring)  # all is there: nothing is measured, checked or run twice
    assert again.count("exit code") == 1
    home = ["-m", "rerun.remote.home", *(tmp_path / "back").iterdir(), "--results", tmp_path / "results"]
    assert call(*home, DROP_RECORDS=str(tmp_path / "store")).startswith("2 records")
    found = records.load(tmp_path / "store")
    assert len(found) == 2 and all(record["provenance"]["device"].startswith("cpu") for record in found)
    assert len(list((tmp_path / "store" / "queries").glob("*/*.npz"))) == 2
    assert (tmp_path / "results" / "script.txt").read_text() == "a script ran\n"
    assert "fit" in (tmp_path / "results" / "log.txt").read_text().splitlines()
    manifest = json.loads((tmp_path / "back" / "1" / "manifest.json").read_text())
    assert list(manifest) == ["home"]
