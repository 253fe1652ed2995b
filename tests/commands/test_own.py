"""drop prune, plan and score as somebody types them."""

import json
import os
import shlex
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import drop
from drop import scores
from drop.cli import app

NAMES = ["cat"] * 60 + ["dog"] * 40
COUNTS = {"cat": (45, 50), "dog": (30, 50)}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.csv").write_text(
        "id,animal,group\n" + "".join(f"{i},{n},{i % 2}\n" for i, n in enumerate(NAMES))
    )
    (tmp_path / "recalls.csv").write_text("class,right,total\ndog,30,50\ncat,45,50\n")
    predicted = ["cat"] * 45 + ["dog"] * 35 + ["cat"] * 20
    rows = zip(["cat"] * 50 + ["dog"] * 50, predicted, strict=True)
    (tmp_path / "validation.csv").write_text("animal,prediction\n" + "".join(f"{a},{b}\n" for a, b in rows))
    return tmp_path


def call(line):
    return CliRunner().invoke(app, line.split())


def test_prune_writes_the_rows_to_keep(here):
    outcome = call("prune train.csv --label animal --recalls recalls.csv --density 0.3 -o kept.csv")
    assert outcome.exit_code == 0 and outcome.stdout == "" and "30 of 100 samples -> kept.csv" in outcome.stderr
    expected = drop.prune(NAMES, COUNTS, 0.3)
    lines = (here / "train.csv").read_text().splitlines()
    assert (here / "kept.csv").read_text().splitlines() == [lines[0], *(lines[1 + i] for i in expected)]
    printed = call("prune train.csv --label animal --predictions validation.csv --density 0.3")
    assert [int(line) for line in printed.stdout.split()] == expected.tolist() and printed.stderr == ""
    again = call("prune train.csv --label animal --recalls recalls.csv --density 0.3 -o kept.csv")
    assert again.exit_code == 2 and "kept.csv is there already" in again.stderr
    forced = call("prune train.csv --label animal --recalls recalls.csv --density 0.1 -o kept.csv --overwrite")
    assert forced.exit_code == 0 and len((here / "kept.csv").read_text().splitlines()) == 11


def test_plan_prints_what_prune_would_do_and_writes_nothing(here):
    before = set(here.iterdir())
    outcome = call("plan train.csv --label animal --recalls recalls.csv --density 0.3")
    assert outcome.stdout.strip() == str(drop.plan(NAMES, COUNTS, 0.3)) and set(here.iterdir()) == before
    told = json.loads(call("plan train.csv --label animal --recalls recalls.csv --density 0.3 --json").stdout)
    assert [row["kept"] for row in told["classes"]] == [12, 18]


def test_json_rules_floors_groups_and_scores(here):
    told = json.loads(call("prune train.csv --label animal --recalls recalls.csv --density 0.3 --json").stdout)
    assert told["kept"] == 30 and told["of"] == 100 and told["positions"] == drop.prune(NAMES, COUNTS, 0.3).tolist()
    bare = call("plan train.csv --label animal --recalls recalls.csv --density 0.3 --rule drop --at-least 0 --json")
    assert [row["kept"] for row in json.loads(bare.stdout)["classes"]] == [8, 22]
    (here / "groups.csv").write_text("group,right,total\n0,45,50\n1,30,50\n")
    grouped = call("plan train.csv --label animal --group group --recalls groups.csv --density 0.3 --json")
    assert [row["name"] for row in json.loads(grouped.stdout)["classes"]] == [0, 1]
    highest = call("prune train.csv --label animal --recalls recalls.csv --density 0.3 --scores id")
    assert [int(line) for line in highest.stdout.split()] == [*range(48, 60), *range(82, 100)]
    np.save(here / "s.npy", -np.arange(100))
    lowest = call("prune train.csv --label animal --recalls recalls.csv --density 0.3 --scores s.npy")
    assert [int(line) for line in lowest.stdout.split()] == [*range(12), *range(60, 78)]


def test_recalls_in_every_file(here):
    expected = call("plan train.csv --label animal --recalls recalls.csv --density 0.3 --json").stdout
    report = {n: {"precision": 1, "recall": c / t, "f1-score": 1, "support": t} for n, (c, t) in COUNTS.items()}
    (here / "report.json").write_text(json.dumps({**report, "accuracy": 0.75, "macro avg": report["cat"]}))
    (here / "named.json").write_text(json.dumps(COUNTS))
    (here / "r.csv").write_text("animal,recall,support\ncat,0.9,50\ndog,0.6,50\n")
    for name in ("report.json", "named.json", "r.csv"):
        assert call(f"plan train.csv --label animal --recalls {name} --density 0.3 --json").stdout == expected
    bare = here / "bare.json"
    bare.write_text('{"cat": 0.9, "dog": 0.6}')
    noted = call("prune train.csv --label animal --recalls bare.json --density 0.3 -o k.txt")
    assert "! recalls come without counts" in noted.stderr and noted.exit_code == 0
    np.save(here / "y.npy", np.repeat([0, 1], [60, 40]))
    np.save(here / "r.npy", np.array([0.9, 0.6]))
    assert call("prune y.npy --recalls r.npy --density 0.3 -o k.npy").exit_code == 0
    assert len(np.load(here / "k.npy")) == 30


def test_reports_of_scikit_learn_as_files(here):
    expected = call("plan train.csv --label animal --recalls recalls.csv --density 0.3 --json").stdout
    (here / "rows.csv").write_text(
        ",precision,recall,f1-score,support\ncat,1,0.9,1,50\ndog,1,0.6,1,50\naccuracy,1,1,1,1\n"
    )
    (here / "columns.csv").write_text(
        ",cat,dog,accuracy,macro avg\nprecision,1,1,1,1\nrecall,0.9,0.6,0.75,0.75\nsupport,50,50,0.75,100\n"
    )
    for name in ("rows.csv", "columns.csv"):
        assert call(f"plan train.csv --label animal --recalls {name} --density 0.3 --json").stdout == expected
    (here / "printed.txt").write_text("        precision  recall\n   cat   1.00   0.90\n")
    outcome = call("plan train.csv --label animal --recalls printed.txt --density 0.3")
    assert outcome.exit_code == 2 and "of a report save classification_report(…, output_dict=True)" in outcome.stderr


def test_predictions_in_columns_of_any_name(here):
    expected = call("plan train.csv --label animal --predictions validation.csv --density 0.3 --json").stdout
    text = (here / "validation.csv").read_text()
    for header, more in (("y_true,y_pred", ""), ("animal,model_b", "--prediction model_b"), ("label,Prediction", "")):
        (here / "other.csv").write_text(text.replace("animal,prediction", header))
        told = call(f"plan train.csv --label animal --predictions other.csv {more} --density 0.3 --json")
        assert told.stdout == expected, told.stderr


def test_a_confusion_matrix_is_recalls(here):
    np.save(here / "y.npy", np.repeat([0, 1], [60, 40]))
    np.save(here / "cm.npy", np.array([[45, 5], [20, 30]]))
    told = json.loads(call("plan y.npy --recalls cm.npy --density 0.3 --json").stdout)
    rows = [(row["recall"], row["total"], row["kept"]) for row in told["classes"]]
    assert rows == [(0.9, 50, 12), (0.6, 50, 18)]


def test_nothing_kept_prints_nothing(here):
    outcome = call("prune train.csv --label animal --recalls recalls.csv --density 0")
    assert outcome.exit_code == 0 and outcome.stdout == ""


def test_balanced_classes_need_labels_only(here):
    told = json.loads(call("plan train.csv --label animal --density 0.3 --rule balanced --json").stdout)
    assert [row["kept"] for row in told["classes"]] == [15, 15]
    outcome = call("plan train.csv --label animal --density 0.3 --rule drop")
    assert outcome.exit_code == 2 and "--rule balanced needs neither" in outcome.stderr


def test_messages_speak_of_options(here):
    (here / "bare.csv").write_text("class,recall\ncat,0.9\ndog,0.6\n")
    shown = call("plan train.csv --label animal --recalls bare.csv --density 0.02 --rule drop").stdout
    assert "is not known: give right and total, or --predictions" in shown
    (here / "sure.csv").write_text("class,right,total\ncat,50,50\ndog,30,50\n")
    shown = call("plan train.csv --label animal --recalls sure.csv --density 0.3 --rule drop --at-least 0").stdout
    assert "nothing is kept of class 'cat' (its recall is 1): --at-least keeps some" in shown
    np.save(here / "r.npy", np.array([0.9, 0.6]))
    for line in ("--recalls r.npy", "--recalls bare.csv --at-least 99", "--recalls recalls.csv --label id"):
        outcome = call(f"plan train.csv --label animal {line} --density 0.3")
        assert outcome.exit_code == 2 and not any(word in outcome.stderr for word in ("at_least", "=(", "={", "=["))


def test_score_refuses_probabilities_as_logits(here):
    np.save(here / "p.npy", np.full((100, 2), 0.5))
    outcome = call("score p.npy --labels train.csv --label animal")
    assert outcome.exit_code == 2 and "these logits are probabilities" in outcome.stderr
    assert call("score p.npy --labels train.csv --label animal --probabilities").exit_code == 0


def test_score_writes_el2n_from_logits(here):
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((3, 100, 2))
    np.save(here / "logits.npy", logits)
    y = np.repeat([0, 1], [60, 40])
    assert call("score logits.npy --labels train.csv --label animal -o scores.npy").exit_code == 0
    assert np.load(here / "scores.npy").tolist() == scores.el2n(logits=logits, labels=y).tolist()
    assert call("score logits.npy --labels train.csv --label animal --classes dog,cat -o t.txt").exit_code == 0
    swapped = np.loadtxt(here / "t.txt")
    np.testing.assert_allclose(swapped, scores.el2n(logits=logits, labels=1 - y), rtol=1e-8)
    np.save(here / "p.npy", np.full((100, 12), 1 / 12))
    (here / "numbers.csv").write_text("label\n" + "10\n" * 100)  # numbers are columns, whichever of them occur
    printed = call("score p.npy --labels numbers.csv --probabilities")
    assert len(printed.stdout.split()) == 100 and float(printed.stdout.split()[0]) == pytest.approx((11 / 12) ** 0.5)


WRONG = [
    ("prune none.csv --recalls recalls.csv --density 0.3", "there is no file none.csv"),
    ("prune train.csv --label animal --density 0.3", "say either --recalls FILE or --predictions FILE"),
    ("prune train.csv --recalls recalls.csv --density 0.3", "--label takes one of 'id', 'animal', 'group'"),
    ("prune train.csv --label kind --recalls recalls.csv --density 0.3", "has no column 'kind'"),
    ("prune train.csv --label animal --recalls recalls.csv --density 30", "density is 30.0"),
    ("prune train.csv --label animal --recalls train.csv --density 0.3", "names a class twice"),
    ("prune train.csv --label animal --recalls validation.csv --density 0.3", "names a class twice"),
    ("prune train.csv --label animal --recalls recalls.csv --density 0.3 -o no/kept.csv", "there is no folder"),
    ("prune train.csv --label animal --recalls recalls.csv --density 0.3 -o kept.parquet", "can be written as .csv"),
    ("prune train.csv --label animal --recalls recalls.csv --density 0.3 --rule best", "there is no rule 'best'"),
    ("prune train.csv --label animal --recalls recalls.csv --density 0.3 --scores animal", "holds what is no number"),
    (
        "prune train.csv --label id --recalls recalls.csv --density 0.3",
        "there is no recall for 0, 1, 2, 3, 4 and 95 more",
    ),
    ("score train.csv --labels train.csv", "train.csv must be .npy"),
    ("score l.npy --labels train.csv -o s.csv", "s.csv must end in .npy or .txt"),
    ("plan preds.npy --predictions preds.npy --density 0.3", "preds.npy holds one column, but --predictions needs"),
    ("plan bare.csv --rule balanced --density 0.3", "the first row of bare.csv, 'cat', may be a sample"),
    (
        "plan blank.csv --rule balanced --density 0.3",
        "labels lack 2 values, the first that of sample 1: drop these samples or give them a class",
    ),
    (
        "plan train.csv --label animal --recalls percent.csv --density 0.3",
        "percent.csv: the recall of 'cat' is '90%', but must be a fraction between 0 and 1, such as 0.8 for 80 %",
    ),
    ("plan over.json --label dog --density 0.3 --rule balanced", "over.json holds no samples: give a list of objects"),
    ("plan train.csv --label animal --recalls over.json --density 0.3", "2 of 1 are right: give right and total"),
    ("plan . --rule balanced --density 0.3", ". is a folder: name a file"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_mistake_is_one_line_and_exit_code_2(line, said, here):
    np.save(here / "preds.npy", np.arange(9))
    for name, text in (
        ("bare.csv", "cat\ndog\ncat\n"), ("blank.csv", "id,label\n0,cat\n1,\n2, \n"),
        ("percent.csv", "class,recall\ncat,90%\ndog,60%\n"), ("over.json", '{"cat": [2, 1], "dog": 1}'),
    ):  # fmt: skip
        (here / name).write_text(text)
    before = set(here.iterdir())
    outcome = call(line)
    assert outcome.exit_code == 2 and said in outcome.stderr and len(outcome.stderr.strip().splitlines()) == 1
    assert set(here.iterdir()) == before


@pytest.mark.parametrize("command", ["prune", "plan", "folder", "score"])
def test_help_shows_an_example(command):
    shown = " ".join(call(f"{command} --help").stdout.replace("│", " ").split())
    assert f"drop {command} " in shown and "--density 0.3" in shown or command == "score"


def test_completion_and_version():
    done = subprocess.run([sys.executable, "-m", "drop", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"drop-companion {drop.__version__}\n"


PLAN = [sys.executable, "-m", "drop", "plan", "train.csv", "--label", "animal", "--recalls", "recalls.csv"]


def test_a_closed_stream_and_a_poor_encoding_are_no_errors(here):
    command = [*PLAN, "--density", "0.3"]
    closed = subprocess.run(f"{shlex.join(command)} >&-", shell=True, capture_output=True, text=True)
    assert closed.returncode == 0 and closed.stderr == ""
    poor = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert poor.returncode == 0 and "0.79 ? 0.96         12  0.67 ? random pruning" in poor.stdout
    command[3] = "prune"
    silent = subprocess.run(f"{shlex.join([*command, '-o', 'k.txt'])} 2>&-", shell=True, capture_output=True, text=True)
    assert silent.returncode == 0 and silent.stdout == ""  # what is said does not become what is printed


def test_a_pipe_is_to_be_saved_first(here):
    command = ["bash", "-c", f"{sys.executable} -m drop plan <(cat train.csv) --rule balanced --density 0.3"]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert outcome.returncode == 2 and "is no regular file: save it first, and name that" in outcome.stderr


def test_a_file_named_drop_and_a_dash_does_not_stop_the_import(here):
    (here / "drop-").touch()
    code = "import warnings; warnings.simplefilter('error'); import drop"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_whoever_reads_only_the_first_lines_sees_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "drop", "table"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        program.stdout.close()  # as head does when it has enough
        assert program.stderr.read() == ""
    assert program.returncode == 0
