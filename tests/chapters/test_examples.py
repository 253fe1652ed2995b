"""The examples of "Prune your own data" run from raw data to the picture, at a small size, in at most 30 lines each."""

import ast
import csv
from pathlib import Path

import numpy as np
import pytest

from drop.chapters import own_data
from drop.chapters.own_data import Before

EXAMPLES = Path(own_data.__file__).parent / "examples"
PHOTOS = Path(__file__).parents[1] / "data" / "trashnet"


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def seen(before: Before, classes: list[str], folder: Path) -> None:
    assert list(before.names) == classes and set(before.recalls) == {"full", "random", "drop"}
    assert all(
        len(values) == len(classes) and 0 <= min(values) <= max(values) <= 1 for values in before.recalls.values()
    )
    before.picture(str(folder / "picture.png"))
    assert (folder / "picture.png").stat().st_size > 5000


def test_photos(tmp_path):
    from drop.chapters.examples import photos

    before = photos.main(str(PHOTOS), 0.5, size=16, epochs=1)
    seen(before, ["cardboard", "glass", "metal", "paper", "plastic", "trash"], tmp_path)
    assert sum(before.kept) == 20 and min(before.kept) >= 1


def test_texts(tmp_path):
    pytest.importorskip("sklearn")
    from drop.chapters.examples import texts

    rng, words = np.random.default_rng(0), {"cook": "salt pan oven", "play": "ball goal oven", "sail": "wind rope ball"}
    rows = [(" ".join(rng.choice(words[name].split(), 4)), name) for name in words for _ in range(40)]
    before = texts.main(write(tmp_path / "t.csv", [("text", "label"), *rows]), 0.3)
    seen(before, ["cook", "play", "sail"], tmp_path)
    assert sum(before.kept) == 25


def test_table(tmp_path):
    pytest.importorskip("sklearn")
    from drop.chapters.examples import table

    rng = np.random.default_rng(0)
    rows = [(*rng.normal(k, 1, 3).round(3), name) for k, name in enumerate("abc") for _ in range(90 - 30 * k)]
    before = table.main(write(tmp_path / "t.csv", [("x", "y", "z", "label"), *rows]), 0.5)
    seen(before, ["a", "b", "c"], tmp_path)
    assert sum(before.kept) == 63


@pytest.mark.parametrize("name", ["photos", "texts", "table"])
def test_each_takes_at_most_30_lines(name):
    text = (EXAMPLES / f"{name}.py").read_text()
    [main] = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    code = [line for line in text.splitlines()[1:] if line.strip()]
    assert main.name == "main" and len(code) <= 32 and main.end_lineno - main.lineno <= 22


def test_the_recorded_runs_are_several_and_complete():
    found = own_data.examples()
    assert set(found) == {"photos", "texts", "table"}
    for runs in found.values():
        assert len(runs) >= 3
        mean = own_data.together(runs)
        assert len(mean.names) == len(mean.kept) == len(mean.recalls["drop"])
