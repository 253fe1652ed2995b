"""The claims file is read soundly, and what could never be judged is refused."""

from dataclasses import replace

import pytest
import yaml

from drop.chapters import claims
from drop.chapters.claims import Line

FASHION = "fashion-mnist-laptop"


def test_values_are_put_into_every_line():
    part = {
        "id": "X",
        "for": {"S": ["el2n", "grand"], "d": [0.1, 0.3]},
        "all": [{"gap": "{S}+drop @ {d} > full - 0.02"}],
    }
    lines = claims.lines_of(part, FASHION)
    assert [line.left for line in lines] == [(f"{s}+drop", d) for s in ("el2n", "grand") for d in (0.1, 0.3)]
    assert (lines[0].values, lines[0].template) == (("el2n", "0.1"), "{S}+drop @ {d} > full - 0.02")
    assert replace(lines[0], template="", values=()) == Line(
        FASHION, "gap", "el2n+drop @ 0.1 > full - 0.02", ("el2n+drop", 0.1), ("full", 1.0), -0.02
    )


@pytest.mark.parametrize(
    "benchmark, line, message",
    [
        (FASHION, {"worst": "full > full"}, "unknown metric 'worst'"),
        (FASHION, {"gap": "__import__('os') @ 0.1 > full"}, "unknown pruner"),
        (FASHION, {"gap": "randon @ 0.3 > full"}, "nearest: random"),
        (FASHION, {"gap": "random @ 0.3 >= full"}, "is no test"),
        (FASHION, {"gap": "random > full"}, "needs a density"),
        ("fashion-mnist-desktop", {"gap": "full > full"}, "unknown"),
        ("mixture -1 1 0.5 1", {"gap": "full > full"}, "must be one of threshold, closed"),
        ("mixture -1 1 0.5 1", {"closed": "el2n @ 0.3 > full"}, "of a mixture"),
    ],
)
def test_a_line_that_cannot_be_judged_is_refused(benchmark, line, message):
    with pytest.raises(ValueError, match=message):
        claims.lines_of({"id": "X", "all": [line]}, benchmark)


def test_planned_names_are_registered_before_the_code_knows_them():
    part = {"id": "X", "all": [{"sharpness": "mystic @ 0.1 > random @ 0.1"}]}
    planned = {"benchmarks": ["cifar10-cellar"], "pruners": {"mystic": "to come"}, "metrics": ["sharpness"]}
    [line] = claims.lines_of(part, "cifar10-cellar", planned)
    assert (line.metric, line.left, line.right) == ("sharpness", ("mystic", 0.1), ("random", 0.1))
    for kind, message in (("benchmarks", "unknown"), ("pruners", "unknown pruner"), ("metrics", "unknown metric")):
        with pytest.raises(ValueError, match=message):
            claims.lines_of(part, "cifar10-cellar", {**planned, kind: []})


def test_ids_are_unique_and_lines_stand_under_one_word(tmp_path):
    part = {"id": "C1", "benchmarks": [FASHION], "all": []}
    (tmp_path / "claims.yml").write_text(yaml.safe_dump({"claims": [{"id": "C1", "parts": [part]}]}))
    with pytest.raises(ValueError, match="'C1' is used 2 times"):
        claims.load(tmp_path / "claims.yml")
    with pytest.raises(ValueError, match="under `all` or under `any`"):
        claims.lines_of({"id": "X"}, FASHION)


def test_the_registered_claims():
    document = claims.load()
    assert [claim["id"] for claim in document["claims"]][:8] == [f"C{n}" for n in range(1, 9)]
    for claim in document["claims"]:
        assert {"name", "claim", "source", "paper", "registered"} <= set(claim)
        assert claim["parts"] or claim["not_tested"]
        metrics = {metric for part in claim["parts"] for how in ("given", "all", "any")
                   for line in part.get(how, []) for metric in line}  # fmt: skip
        assert metrics <= set(document["estimands"])
        for part in claim["parts"]:
            assert ("Not blind" in part["says"]) == (not part.get("blind", True))


def test_lines_that_compare_the_same_count_as_one():
    texts = ("el2n @ 0.3 > random @ 0.3 - 0.01", "random @ 0.3 > el2n @ 0.3 - 0.02", "el2n @ 0.1 > random @ 0.1")
    there, back, other = (claims.line_of(FASHION, "average", text, {}) for text in texts)
    assert there.compared == back.compared != other.compared
