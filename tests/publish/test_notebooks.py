"""Every notebook runs at smoke scale into a temporary store, and has the form that the book and the batch rely on."""

import importlib.machinery
import re
import sys
from pathlib import Path

import jupytext
import pytest

from publish import pages

SMOKE = {"scale": "smoke", "train": "missing", "seeds": [0], "densities": [0.1, 1.0]}
SOURCES = pages.sources()
TRAINING = [source for source in SOURCES if "train" in pages.parameters(source)]
KINDS = ("20", "30", "36", "42", "44")  # one of each kind: pruners, groups, checkpoints; the others take longer
by_name = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def smoke_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that the notebooks executed by this process share: what two of them need is trained once."""
    return tmp_path_factory.mktemp("smoke-records")


@pytest.mark.parametrize("source", [
    pytest.param(source, id=source.stem, marks=() if source.stem.startswith(KINDS) else pytest.mark.full)
    for source in TRAINING])  # fmt: skip
def test_runs_at_smoke_scale(source: Path, monkeypatch: pytest.MonkeyPatch, smoke_records: Path):
    """The others have no scale: nbval runs all of their cells, and the quickstart is made with the book."""
    run_at_smoke_scale(source, smoke_records, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("source", TRAINING, ids=lambda path: path.stem)
def test_trains_all_that_it_needs(source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    run_at_smoke_scale(source, tmp_path, monkeypatch)


def run_at_smoke_scale(source: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROP_RECORDS", str(store))
    known = pages.parameters(source)
    pages.execute(pages.Page(source), {name: SMOKE[name] for name in SMOKE if name in known})


@by_name
def test_has_one_parameters_cell_with_plain_values(source: Path):
    tagged = [cell for cell in jupytext.read(source).cells if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    assert pages.parameters(source)


@by_name
def test_opens_with_a_title_and_keeps_cells_short(source: Path):
    cells = jupytext.read(source).cells
    assert cells[0].source.startswith("# ")
    assert max(len(cell.source.splitlines()) for cell in cells if cell.cell_type == "code") <= 70


@by_name
def test_name_is_a_number_and_a_topic_that_nothing_can_import(source: Path):
    assert re.fullmatch(r"\d\d_[a-z0-9_]+", source.stem)
    assert importlib.machinery.PathFinder.find_spec(source.stem, sys.path) is None


def test_every_source_is_a_numbered_notebook():
    assert sorted(path.stem for path in pages.SOURCES.glob("*.py")) == [path.stem for path in SOURCES]
