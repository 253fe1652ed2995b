"""Tables in every format, and files that appear complete or not at all."""

import io
import json

import numpy as np
import pytest

from drop.commands import files

LABELS = ["cat", "dog", "owl", "cat"]


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv_rows_come_back_as_they_stand(tmp_path):
    text = '\ufefflabel;text\ncat;"one;\ntwo ""lines"""\ndog; x \n\nowl;\r\ncat;last'
    table = files.read(written(tmp_path, "a.csv", text))
    assert table.columns == {"label": LABELS, "text": ['one;\ntwo "lines"', " x ", "", "last"]}
    assert table.content(np.array([0, 3]), ".csv").decode() == 'label;text\ncat;"one;\ntwo ""lines"""\ncat;last\n'
    assert table.content(np.array([0, 3]), ".txt") == b"0\n3\n"


def test_json_lines_tsv_text_and_arrays(tmp_path):
    lines = "".join(json.dumps({"id": i, "label": name}) + "\n" for i, name in enumerate(LABELS))
    table = files.read(written(tmp_path, "a.jsonl", lines))
    assert table.columns["label"] == LABELS and len(table) == 4
    assert table.content(np.array([1]), ".jsonl") == b'{"id": 1, "label": "dog"}\n'
    assert files.read(written(tmp_path, "a.tsv", "y\tx\n1\t2\n")).columns == {"y": ["1"], "x": ["2"]}
    assert files.read(written(tmp_path, "a.txt", "cat\ndog")).content(np.array([1]), ".txt") == b"1\n"
    np.save(tmp_path / "a.npy", np.arange(3))
    table = files.read(tmp_path / "a.npy")
    assert len(table) == 3
    (tmp_path / "kept.npy").write_bytes(table.content(np.array([2]), ".npy"))
    assert np.load(tmp_path / "kept.npy").tolist() == [2]
    rows = files.read(written(tmp_path, "a.json", json.dumps([{"label": "cat"}, {"label": "dog"}])))
    assert rows.columns == {"label": ["cat", "dog"]}
    assert json.loads(rows.content(np.array([1]), ".json")) == [{"label": "dog"}]
    assert json.loads(rows.content(np.array([], int), ".json")) == []


def test_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(arrow.table({"label": LABELS, "n": range(4)}), tmp_path / "a.parquet")
    table = files.read(tmp_path / "a.parquet")
    assert table.columns["label"] == LABELS
    (tmp_path / "b.parquet").write_bytes(table.content(np.array([1, 2]), ".parquet"))
    assert files.read(tmp_path / "b.parquet").columns == {"label": ["dog", "owl"], "n": [1, 2]}


def test_whole_numbers_in_text_are_numbers():
    assert files.whole(["10", "9", "-1"]) == [10, 9, -1]
    for other in (["01", "2"], ["1", "a"], ["1.0"], []):
        assert files.whole(other) == other


def pickled():
    buffer = io.BytesIO()
    np.save(buffer, np.array(LABELS, object))
    return buffer.getvalue()


BAD = [
    ("a.xlsx", "", "a.xlsx has a format that is not known: it must be one of .csv, "),
    ("a.csv", "", "a.csv is empty"),
    ("a.csv", "x,y\n1,2\n3\n", "row 3 has 1 fields, but the first row names 2 columns"),
    ("a.csv", b"x\n\xff\xfe\n", "is not in UTF-8: save it so"),
    ("a.npy", pickled(), r"holds Python objects: save text, np.save\(file, labels.astype\(str\)\)"),
    ("a.jsonl", '{"x": 1}\n{"x"\n', "line 2 is no JSON"),
    ("a.jsonl", "[1]\n", "must hold objects such as"),
    ("a.json", "{", "is no JSON"),
    ("a.npy", "text", "cannot be read as .npy"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD, ids=[message for *_, message in BAD])
def test_what_cannot_be_read_is_one_sentence(name, content, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        files.read(written(tmp_path, name, content))


def test_a_column_that_is_missing_lists_what_there_is(tmp_path):
    table = files.read(written(tmp_path, "a.csv", "a,b\n1,2\n"))
    with pytest.raises(ValueError, match="has no column 'c': --label takes one of 'a', 'b'"):
        table.column("c", (), "--label")
    with pytest.raises(ValueError, match="say which column of .*a.csv it is: --label takes one of"):
        table.column(None, ("label",), "--label")
    with pytest.raises(ValueError, match="can be written as .csv, or as positions in .npy or .txt"):
        table.content(np.array([0]), ".parquet")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        files.read(tmp_path / "none.csv")


def test_nothing_is_written_over_or_half(tmp_path):
    path = written(tmp_path, "kept.csv", "old")
    with pytest.raises(FileExistsError, match="is there already: name another file, or say --overwrite"):
        files.free(path, overwrite=False)
    files.free(path, overwrite=True)
    with pytest.raises(TypeError):
        files.write(path, "no bytes")
    assert path.read_text() == "old" and [entry.name for entry in tmp_path.iterdir()] == ["kept.csv"]
    files.write(path, b"new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o666 & ~files._umask()
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        files.free(tmp_path / "none" / "kept.csv", overwrite=False)
