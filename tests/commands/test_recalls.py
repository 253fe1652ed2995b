"""What files say of classes: numbers in every form, and one sentence about what is none."""

import json

import numpy as np
import pytest

from drop.commands import recalls


def written(folder, name, content):
    path = folder / name
    path.write_text(content)
    return path


def test_arrays_are_passed_as_they_are(tmp_path):
    for array in (np.array([[20, 5], [10, 15]]), np.array([0.9, 0.6], np.float32)):
        np.save(tmp_path / "a.npy", array)
        found = recalls.recalls(tmp_path / "a.npy", None)
        assert found.dtype == array.dtype and found.tolist() == array.tolist()
    assert recalls.recalls(written(tmp_path, "a.txt", "0.9\n 0.5\n\n"), None) == [0.9, 0.5]


def test_text_becomes_numbers(tmp_path):
    found = recalls.recalls(written(tmp_path, "a.csv", "class,Recall,support\n0,0.5,4\n1,1,2.0\n"), None)
    assert found == {0: {"recall": 0.5, "support": 4.0}, 1: {"recall": 1.0, "support": 2.0}}
    found = recalls.recalls(written(tmp_path, "b.csv", "class,right,total\ncat,2,4\n"), None)
    assert found == {"cat": (2.0, 4.0)}
    report = {"cat": {"recall": "0.5", "support": 4}, "accuracy": None, "macro avg": {"recall": ""}}
    found = recalls.recalls(written(tmp_path, "c.json", json.dumps(report)), None)
    assert found == {**report, "cat": {"recall": 0.5, "support": 4.0}}
    assert np.isnan(recalls.recalls(written(tmp_path, "d.json", '{"cat": NaN}'), None)["cat"])


SHARE = "but must be a fraction between 0 and 1, such as 0.8 for 80 %"
WRONG = [
    ("a.json", '{"cat": null}', f"a.json: the recall of 'cat' is missing, {SHARE}"),
    ("a.json", '{"cat": true}', "the recall of 'cat' is True"),
    ("a.json", '{"cat": {"recall": null}}', "the recall of 'cat' is missing"),
    ("a.json", '{"cat": {"recall": 0.8, "support": null}}', "the support of 'cat' is missing, but must be a number"),
    ("a.json", '{"cat": {"right": 1, "total": "many"}}', "the total of 'cat' is 'many'"),
    ("a.json", '{"cat": [45, null]}', "the total of 'cat' is missing"),
    ("a.json", '{"cat": [45, Infinity]}', "the total of 'cat' is inf"),
    ("a.json", '{"cat": [1, 2, 3]}', r"the recall of 'cat' is \[1, 2, 3\]"),
    ("a.csv", "class,recall\ncat,80%\n", f"a.csv: the recall of 'cat' is '80%', {SHARE}"),
    ("a.csv", "class,recall,support\ncat,0.8,\n", "a.csv: the support of 'cat' is missing"),
    ("a.csv", "class;recall\ncat;0,8\n", "the recall of 'cat' is '0,8'"),
    ("a.csv", "class,right,total\ncat,1,NaN\n", "the total of 'cat' is 'NaN'"),
    ("a.csv", ",cat,dog\nrecall,0.9,\n", "the recall of 'dog' is missing"),
    ("a.jsonl", '{"class": "cat", "recall": 0.9}\n{"class": "dog"}\n', "the recall of 'dog' is missing"),
    ("a.txt", "0.9\n80%\n", "a.txt: the recall in line 2 is '80%'"),
    ("a.txt", "   precision recall support\n", "a.txt is no list of recalls, one a line"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), WRONG)
def test_what_is_no_number_is_named_with_its_file_and_class(name, content, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        recalls.recalls(written(tmp_path, name, content), None)


def test_an_array_of_anything_else_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array(["0.9"]))
    with pytest.raises(ValueError, match="a.npy holds <U3, but recalls are numbers"):
        recalls.recalls(tmp_path / "a.npy", None)


def test_predictions_alone_are_no_labels(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    files = [tmp_path / "a.npy", written(tmp_path, "a.txt", "0\n1\n"), written(tmp_path, "a.csv", "prediction\n0\n")]
    for path in files:
        with pytest.raises(ValueError, match="holds one column, but --predictions needs the classes of the validation"):
            recalls.validation(path, None, None, None)


def test_labels_and_predictions_are_two_columns(tmp_path):
    path = written(tmp_path, "a.csv", "label,prediction,g\ncat,dog,1\ndog,dog,2\n")
    assert recalls.validation(path, None, None, "g") == (["cat", "dog"], ["dog", "dog"], [1, 2])
    for label, prediction in ((None, "label"), ("prediction", None)):
        with pytest.raises(ValueError, match="labels and predictions are both column"):
            recalls.validation(path, label, prediction, None)
