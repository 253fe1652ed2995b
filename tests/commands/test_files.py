"""Tables in every format, and files that appear complete or not at all."""

import io
import json
import os
from pathlib import Path

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
    kept = '\ufefflabel;text\ncat;"one;\ntwo ""lines"""\nowl;\r\ncat;last\n'
    assert table.content(np.array([0, 2, 3]), ".csv").decode() == kept
    assert table.content(np.array([0, 3]), ".txt") == b"0\n3\n"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_stay_what_they_are(end, tmp_path):
    text = end.join(["label,text", f'cat,"a{end}b"', "dog,x", "cat,y"])
    table = files.read(written(tmp_path, "a.csv", text))
    assert table.columns == {"label": ["cat", "dog", "cat"], "text": [f"a{end}b", "x", "y"]}
    assert table.content(np.array([0, 2]), ".csv").decode() == end.join(["label,text", f'cat,"a{end}b"', "cat,y", ""])


def test_lines_end_at_line_feeds_alone(tmp_path):
    text = '\ufeff{"label": "a\u2028b"}\r\n\n{"label": "c\x85"}'
    table = files.read(written(tmp_path, "a.jsonl", text))
    assert table.columns == {"label": ["a\u2028b", "c\x85"]}
    assert table.content(np.array([0, 1]), ".jsonl").decode() == text.replace("\n\n", "\n") + "\r\n"
    assert files.read(written(tmp_path, "a.txt", "a\x0cb\r\n\nc\n \n\n")).columns == {"value": ["a\x0cb", "", "c"]}


def test_the_usual_names_are_tried_in_their_order(tmp_path):
    table = files.read(written(tmp_path, "a.csv", "x,Y,label\n1,2,cat\n"))
    assert table.column(None, ("label", "y"), "--label") == ["cat"]
    assert table.column(None, ("class", "y"), "--label") == [2]
    table = files.read(written(tmp_path, "b.csv", "Label,label\n1,2\n"))
    with pytest.raises(ValueError, match="say which column of .*b.csv it is: --label takes one of 'Label', 'label'"):
        table.column(None, ("label",), "--label")
    assert table.column("label", ("label",), "--label") == [2]


SAMPLES = [  # whose first row may be a sample
    (
        "cat\ndog\ncat\n",
        None,
        r"'cat', may be a sample: .* \(or say --label 'cat' where that is it\), or save the values",
    ),
    ("cat\ndog\nowl\n", None, "'cat', may be a sample"),
    ("cat\ndog\ncat\n", "cat", "'cat', may be a sample: give a header such as label, or save the values alone as .txt"),
    ("y\nn\ny\n", None, "'y', may be a sample"),
    ("0,cat\n1,dog\n2,cat\n", "cat", "'cat', may be a sample: give a header such as label$"),
]


@pytest.mark.parametrize(("content", "name", "message"), SAMPLES)
def test_the_first_sample_is_no_header(content, name, message, tmp_path):
    table = files.read(written(tmp_path, "a.csv", content))
    with pytest.raises(ValueError, match=message):
        table.column(name, ("label", "y"), "--label")


def test_a_header_that_is_one_is_believed(tmp_path):
    for content, name in (("animal\ncat\ndog\n", "animal"), ("y\ncat\ndog\n", None), ("id,y\n1,cat\n2,dog\n", None)):
        assert files.read(written(tmp_path, "a.csv", content)).column(name, ("y",), "--label") == ["cat", "dog"]
    assert files.read(written(tmp_path, "a.csv", "id,y\n1,y\n2,n\n")).column(None, ("y",), "--label") == ["y", "n"]
    assert files.read(written(tmp_path, "a.txt", "cat\ncat")).column(None, (), "--label") == ["cat", "cat"]


def test_what_is_blank_is_missing(tmp_path):
    for name, content in (
        ("a.csv", "label,x\ncat,1\n,2\n  ,3\n"), ("b.csv", 'label\ncat\n\n""\n\n'), ("c.txt", "cat\n\n \nx"),
        ("d.jsonl", '{"label": "cat"}\n{"x": 1}\n{"label": ""}\n'),
    ):  # fmt: skip
        assert files.read(written(tmp_path, name, content)).column(None, ("label",), "--label")[:3] == [
            "cat",
            None,
            None,
        ]
    np.save(tmp_path / "a.npy", np.array(["cat", ""]))
    assert files.read(tmp_path / "a.npy").column(None, (), "--label") == ["cat", None]


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
    twice = arrow.Table.from_arrays([arrow.array([1]), arrow.array([2])], names=["label", "label"])
    parquet.write_table(twice, tmp_path / "c.parquet")
    with pytest.raises(ValueError, match="c.parquet names column 'label' twice"):
        files.read(tmp_path / "c.parquet")


def test_whole_numbers_in_text_are_numbers():
    assert files.whole(["10", "9", "-1"]) == [10, 9, -1]
    for other in (["01", "2"], ["1", "a"], ["1.0"], []):
        assert files.whole(other) == other


def pickled():
    buffer = io.BytesIO()
    np.save(buffer, np.array(LABELS, object))
    return buffer.getvalue()


def zipped():
    buffer = io.BytesIO()
    np.savez(buffer, a=[1], b=[2])
    return buffer.getvalue()


BAD = [
    ("a.xlsx", "", "a.xlsx has a format that is not known: it must be one of .csv, "),
    ("a.csv", "", "a.csv is empty"),
    ("a.jsonl", "\n", "a.jsonl is empty"),
    ("a.json", "{}", "a.json is empty"),
    ("a.csv", "x,y\n1,2\n3\n", "row 3 has 1 fields, but the first row names 2 columns"),
    ("a.csv", b"x\n\xff\xfe\n", "is not in UTF-8: save it so"),
    ("a.npy", pickled(), r"holds Python objects: save text, np.save\(file, labels.astype\(str\)\)"),
    ("a.jsonl", '{"x": 1}\n{"x"\n', "line 2 is no JSON"),
    ("a.jsonl", "[1]\n", "must hold objects such as"),
    ("a.json", "{", "is no JSON"),
    ("a.npy", "text", "cannot be read as .npy"),
    ("a.npy", zipped(), "cannot be read as .npy: it holds several arrays"),
    ("a.csv", "label,x,label\n1,2,3\n", "a.csv names column 'label' twice: give each a name of its own"),
    ("a.csv", 'id,label\n1,"cat\n2,dog\n', "a.csv, row 2: a quote opens there that never closes"),
    ("a.json", '{"cat": 0.9, "cat": 0.8}', "a.json names 'cat' twice"),
    ("a.jsonl", '{"x": 1}\n{"x": 1, "x": 2}\n', "a.jsonl, line 2 names 'x' twice"),
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
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileExistsError, match="folder.csv is a folder: name another file"):
        files.free(tmp_path / "folder.csv", overwrite=True)
    with pytest.raises(FileExistsError, match="/dev/null is no regular file: name another file"):
        files.free(Path("/dev/null"), overwrite=True)


def test_where_a_file_cannot_be_written_is_known_before(tmp_path, monkeypatch):
    with pytest.raises(OSError, match=r"x cannot be written \(File name too long\): name another file"):
        files.free(tmp_path / ("x" * 256), overwrite=False)

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)  # root may write everywhere
    with pytest.raises(OSError, match=r"kept.csv cannot be written \(Permission denied\): name another file"):
        files.free(tmp_path / "kept.csv", overwrite=False)


def test_the_longest_name_that_a_file_can_have(tmp_path):
    path = tmp_path / ("x" * 251 + ".txt")
    files.free(path, overwrite=False)
    files.write(path, b"0\n")
    assert path.read_bytes() == b"0\n"


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path):
    target, link = written(tmp_path, "old.txt", "old"), tmp_path / "link.txt"
    link.symlink_to("old.txt")
    files.write(link, b"new")
    assert link.is_symlink() and target.read_text() == "new"
    target.unlink()  # now it points to nothing
    with pytest.raises(FileExistsError, match="is there already"):
        files.free(link, overwrite=False)
    files.free(link, overwrite=True)
    files.write(link, b"again")
    assert link.is_symlink() and target.read_text() == "again"


def test_what_is_no_file_says_what_it_is(tmp_path):
    with pytest.raises(ValueError, match="is a folder: name a file"):
        files.read(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ValueError, match="pipe.csv is no regular file: save it first"):
        files.read(tmp_path / "pipe.csv")
