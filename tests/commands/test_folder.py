"""drop folder on small folders, with everything in them that people have in theirs."""

import functools
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drop.cli import app
from drop.commands import folder as folder_command
from drop.experiments import convergence


@pytest.fixture
def bugs(tmp_path, monkeypatch):
    """Three classes of different size, brightness and format, and files that are no photos."""
    rng = np.random.default_rng(0)
    for k, (name, count) in enumerate({"ant": 40, "bee": 30, "fly": 20}.items()):
        (tmp_path / "bugs" / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 90, (20 + i % 3, 30, 3), dtype=np.uint8) + np.uint8(40 * k)
            Image.fromarray(pixels).save(tmp_path / "bugs" / name / f"{i:02d}{('.png', '.jpg')[i % 2]}")
    (tmp_path / "bugs" / "ant" / "broken.png").write_text("no image")
    (tmp_path / "bugs" / "ant" / "photo.xyz").write_text("no image")
    (tmp_path / "bugs" / "bee" / "phone.heic").write_text("no image that Pillow reads")
    (tmp_path / "bugs" / "wasp").mkdir()
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr(convergence, "STEPS", 4)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(line):
    return CliRunner().invoke(app, line.split())


def test_a_folder_is_pruned_by_one_command_and_the_next_needs_no_training(bugs, monkeypatch):
    outcome = call("folder bugs --density 0.5 --size 16 -o kept.csv")
    assert outcome.exit_code == 0, outcome.stderr
    said = outcome.stderr
    assert "90 photos of 3 classes in bugs" in said and "left out, without a photo: wasp" in said
    assert "! cannot be read, neither kept nor dropped: ant/broken.png\n" in said
    if "pillow_heif" not in sys.modules:
        assert "by their ending, neither kept nor dropped: 1 .heic, 1 .xyz: ant/photo.xyz, bee/phone.heic\n" in said
        assert "! to read .heic: pip install pillow-heif" in said
    assert (
        "training a small model: " in said and "held-out photos right" in said and "45 of 90 photos -> kept.csv" in said
    )
    header, *rows = (bugs / "kept.csv").read_text().splitlines()
    files = [row.split(",")[0] for row in rows]
    assert header == "file,class" and len(set(files)) == 45 and all(Path(file).is_file() for file in files)

    monkeypatch.setattr(convergence.Teacher, "confusion", None)  # another density trains nothing
    told = json.loads(call("folder bugs --density 0.2 --size 16 --json").stdout)
    assert told["kept"] == len(told["files"]) == 18 and told["of"] == 90 and told["empty"] == ["wasp"]
    assert [row["total"] for row in told["plan"]["classes"]] == [8, 6, 4]
    printed = call("folder bugs --density 0.2 --size 16").stdout.splitlines()
    assert printed == told["files"]


def test_what_was_stopped_goes_on(bugs, monkeypatch):
    confusion, lengths = convergence.Teacher.confusion, []

    def once(self, epochs, kept=None):
        if kept is None:
            lengths.append(epochs)
            if len(lengths) == 2:
                raise KeyboardInterrupt
        return np.diag([8 - len(lengths)] * 3) + 1 if kept is None else confusion(self, epochs, kept)

    monkeypatch.setattr(convergence, "settled", lambda before, after: before is not None)
    monkeypatch.setattr(convergence.Teacher, "confusion", once)
    stopped = call("folder bugs --density 0.5 --size 16 -o kept.txt")
    assert stopped.exit_code == 130 and "Traceback" not in stopped.output and not (bugs / "kept.txt").exists()
    assert call("folder bugs --density 0.5 --size 16 -o kept.txt").exit_code == 0
    assert lengths[0] != lengths[1] == lengths[2]


def test_a_training_that_was_stopped_goes_on_where_it_was(bugs, monkeypatch):
    """It is kept every few seconds (here after each block of steps), and nothing of it stays behind."""
    steps, after = [], convergence.Watch.after

    def stop(self, lane):
        after(self, lane)
        steps.append(lane.progress.done)
        if len(steps) == 2:
            raise KeyboardInterrupt

    line = "folder bugs --density 0.5 --size 16 --epochs 200 --json"  # about 250 steps
    expected = json.loads(call(line + " --seed 0").stdout)
    for file in (bugs / "records" / "folders").iterdir():
        file.unlink()
    monkeypatch.setattr(convergence.Watch, "every", 0.0)
    monkeypatch.setattr(convergence.Watch, "__init__", functools.partialmethod(convergence.Watch.__init__, every=0.0))
    monkeypatch.setattr(convergence.Watch, "after", stop)
    stopped = call(line)
    assert stopped.exit_code == 130 and "what is finished is kept, and the same command goes on" in stopped.stderr
    assert {path.suffix for path in (bugs / "records" / "running").iterdir()} == {".json", ".pt"}
    told = json.loads(call(line).stdout)
    assert steps[0] < steps[1] < steps[2] and told == expected
    assert not list((bugs / "records" / "running").iterdir())


def test_whatever_is_in_a_folder_is_one_sentence(bugs):
    for name in ("ant", "bee", "fly"):
        for path in list((bugs / "bugs" / name).glob("[0-9]*"))[1:]:
            path.unlink()
    outcome = call("folder bugs --density 0.5 --size 16 --epochs 1")
    assert outcome.exit_code == 2 and "no class has two photos" in outcome.stderr and "Traceback" not in outcome.output
    for name in ("ant", "bee", "fly"):
        for path in (bugs / "bugs" / name).glob("[0-9]*"):
            path.write_text("no image")
    outcome = call("folder bugs --density 0.5 --size 16 --epochs 1")
    assert (
        outcome.exit_code == 2
        and "of the photos in bugs none can be read" in outcome.stderr
        and "Traceback" not in outcome.output
    )


@pytest.mark.parametrize("rule", ["balanced", "proportional"])
def test_rules_of_labels_alone_train_nothing(rule, bugs, monkeypatch):
    monkeypatch.setattr(convergence, "Teacher", None)
    told = json.loads(call(f"folder bugs --density 0.3 --size 16 --rule {rule} --json").stdout)
    kept = {"balanced": [9, 9, 9], "proportional": [12, 9, 6]}
    assert [row["kept"] for row in told["plan"]["classes"]] == kept[rule] and not (bugs / "records").exists()
    assert "class" in (outcome := call(f"folder bugs --density 0 --size 16 --rule {rule}")).stderr
    assert outcome.stdout == ""


def test_a_plan_that_cannot_be_is_known_before_anything_is_read(bugs, monkeypatch):
    monkeypatch.setattr(folder_command, "_decoded", None)
    for more, said in (
        ("--rule drp", "there is no rule 'drp'"),
        ("--at-least 100", "--at-least 100 needs 91 samples, but density 0.5 keeps 46"),
        ("--seed -1", "seed is -1"),
        ("-o nowhere/kept.txt", "there is no folder"),
    ):
        outcome = call(f"folder bugs --density 0.5 {more}")
        assert outcome.exit_code == 2 and said in outcome.stderr, outcome.output


def test_what_cannot_be_remembered_is_not_trained(bugs, monkeypatch):
    monkeypatch.setattr(convergence.Teacher, "confusion", None)
    (bugs / "records").touch()  # a file in the place of the folder
    outcome = call("folder bugs --density 0.5 --size 16")
    assert outcome.exit_code == 2 and "name a folder that can be written by DROP_RECORDS" in outcome.stderr


def test_a_floor_that_readable_photos_do_not_reach_is_known_before_training(bugs, monkeypatch):
    monkeypatch.setattr(folder_command, "_recalls", None)
    outcome = call("folder bugs --density 0.49 --size 16 --at-least 15")  # keeps 45 of 91, but 44 of the 90 readable
    assert outcome.exit_code == 2 and "--at-least 15 needs 45 samples, but density 0.49 keeps 44" in outcome.stderr


def test_a_class_named_train_is_not_taken_for_the_whole(bugs):
    (bugs / "bugs" / "wasp").rename(bugs / "bugs" / "train")
    for inner in ("one", "two"):  # in which there could be classes
        (bugs / "bugs" / "train" / inner).mkdir()
        Image.new("RGB", (9, 9)).save(bugs / "bugs" / "train" / inner / "1.png")
    told = json.loads(call("folder bugs --density 0.5 --size 16 --rule balanced --json").stdout)
    assert [(row["name"], row["size"]) for row in told["plan"]["classes"]][-1] == ("train", 2)
    assert json.loads(call("folder bugs/train --density 0.5 --size 16 --rule balanced --json").stdout)["of"] == 2
    (bugs / "alone").mkdir()
    (bugs / "bugs" / "train").rename(bugs / "alone" / "train")
    assert json.loads(call("folder alone --density 0.5 --size 16 --rule balanced --json").stdout)["of"] == 2
    (bugs / "alone" / "train" / "two" / "1.png").unlink()
    outcome = call("folder alone --density 0.5 --size 16 --rule balanced")
    said = (
        "alone/train holds 1 folders with images, but needs one folder for each class; what is pruned of alone is its"
    )
    assert outcome.exit_code == 2 and said in outcome.stderr


def test_names_of_any_bytes_are_printed_as_they_are(bugs):
    strange = os.fsencode(bugs / "bugs" / "bee") + b"/\xe9.png"
    Image.new("RGB", (9, 9)).save(bugs / "new.png")
    os.rename(bugs / "new.png", strange)
    outcome = call("folder bugs --density 1 --size 16 --rule balanced")
    assert b"bugs/bee/\xe9.png" in outcome.stdout_bytes.splitlines()


def test_photos_beside_train_set_the_quotas(bugs):
    (bugs / "bugs").rename(bugs / "train")
    (bugs / "all").mkdir()
    (bugs / "train").rename(bugs / "all" / "train")
    for name in ("ant", "fly"):
        (bugs / "all" / "test" / name).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(bugs / "all" / "test" / name / "1.png")
    told = json.loads(call("folder all --density 0.5 --size 16 --epochs 1 --json").stdout)
    assert [row["total"] for row in told["plan"]["classes"]] == [1, 0, 1]
    assert any("fewer than 30 samples" in note for note in told["plan"]["notes"])


@pytest.mark.parametrize("line, said", [
    ("folder none --density 0.5", "there is no folder none"),
    ("folder bugs/ant --density 0.5", "needs one folder for each class"),
    ("folder bugs --density 5", "density is 5"),
    ("folder bugs --density 0.5 --size 4", "size is 4, but must lie between 16 and 1024"),
    ("folder bugs --density 0.5 --holdout 1", "holdout is 1"),
    ("folder bugs --density 0.5 -o kept.pdf", "must end in .txt or .csv"),
    ("folder bugs --density 0.5 --size 16 --epochs 0", "epochs is 0, but training takes at least one"),
    ("folder bugs --density 0.5 --size 16 --epochs -1", "epochs is -1"),
])  # fmt: skip
def test_a_mistake_is_one_sentence_and_exit_code_2(line, said, bugs):
    outcome = call(line)
    assert outcome.exit_code == 2 and said in outcome.stderr and "Traceback" not in outcome.output
    assert not (bugs / "records").exists()
