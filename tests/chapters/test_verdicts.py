"""How the ledger's verdicts are shown."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from drop.chapters import claims
from drop.chapters.judging import Cells
from drop.chapters.ledger import STATES, ledger
from drop.chapters.verdicts import Shown, titled
from tests.chapters.test_ledger import recorded

FASHION, CIFAR = "fashion-mnist-laptop", "cifar10-laptop"
BETTER = [{"worst_class": "random+drop @ 0.3 > random @ 0.3 + 0.01"}]
PARTS = [
    {"id": "X1a", "says": "It is better. Not blind: for some reason.", "benchmarks": [FASHION], "all": BETTER},
    {"id": "X1b", "says": "It is worse.", "benchmarks": [FASHION], "ours": True,
     "all": [{"worst_class": "random @ 0.3 > random+drop @ 0.3 + 0.01"}]},
    {"id": "X1c", "says": "Also there.", "benchmarks": [CIFAR], "all": BETTER},
]  # fmt: skip
CLAIM = {"id": "X1", "name": "it helps", "claim": "Quotas help.", "source": "paper, its figures", "parts": PARTS,
         "paper": "the values are not available to us; it is better by a lot"}  # fmt: skip
LATER = {**CLAIM, "id": "X2", "name": "later", "parts": [{**PARTS[2], "id": "X2a"}]}
CHANGED = {**LATER, "changes": [{"date": "2026-11-26", "reason": "a  reason"}]}


@pytest.fixture
def shown() -> Shown:
    document = {"level": 0.95, "claims": [CLAIM, CHANGED]}
    cells = Cells(recorded({("random", 0.3): 0.7, ("random+drop", 0.3): 0.85}))
    return Shown(document, ledger(document, cells), cells, SimpleNamespace(blind=lambda member, _: True))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda bundle, _: found.append(bundle))
    return found


def test_places_bear_the_names_that_people_use():
    assert [titled(place) for place in (FASHION, "cifar10-paper-fast", "mixtures", "mine-laptop")] == [
        "Fashion-MNIST", "CIFAR-10 (paper-fast scale)", "mixtures", "mine"]  # fmt: skip


def test_the_matrix_has_a_row_a_claim_and_says_what_lies_where(shown):
    assert shown.columns == [FASHION]
    first, second = shown.matrix()
    assert first == ["X1 it helps", ("holds ●", "1↑", "above"), None]
    assert second == ["X2 later", None, None]


def test_a_claim_is_told_with_its_tests_and_links(shown, published):
    shown.claim("X1")
    told, tests, besides, lines, links = published
    assert told["text/markdown"] == "**The paper** (its figures). Quotas help. It is better by a lot."
    rows = [
        row.get_text(" ", strip=True) for row in BeautifulSoup(tests["text/html"], "html.parser").select("tbody tr")
    ]
    assert rows == ["X1a: It is better. holds ● 1↑"] and "Registered, not measured: X1c." in tests["text/html"]
    assert re.search("X1b: More than the paper says: It is worse. .*fails", besides["text/plain"])
    assert lines["text/html"].count("<tbody>") == 1 and "random+drop @ 0.3" in lines["text/plain"]
    link = BeautifulSoup(links["text/html"], "html.parser").a["href"]
    assert link == "explorer.html#place=fashion-mnist-laptop&methods=random%2Bdrop%2Crandom"


def test_what_is_not_measured_says_so(shown, published):
    shown.claim("X2")
    assert published[1]["text/plain"] == "Registered, not measured yet: X2a."


def test_verdicts_that_differ_are_named_with_their_data_set():
    of = {
        place: SimpleNamespace(verdict=verdict, members=[], states=[], counts={state: 0 for state in STATES})
        for place, verdict in ((FASHION, "open"), (CIFAR, "open"), ("cifar100-laptop", "mixed"))
    }
    shown = Shown({"claims": []}, {}, Cells([]), SimpleNamespace(blind=lambda member, _: True))
    assert shown.together(of)[:2] == ("2 open, 1 mixed", "on 3 data sets; mixed on CIFAR-100")


def test_a_claim_on_other_data_alone_has_a_column_for_each_data_set(published):
    places = [f"cifar10-{way}-laptop" for way in ("longer", "query3", "query10")]
    part = {**PARTS[0], "id": "X3a", "benchmarks": places}
    document = {"level": 0.95, "claims": [CLAIM, {**LATER, "id": "X3", "parts": [part]}]}
    records = recorded({("random", 0.3): 0.7, ("random+drop", 0.3): 0.85})
    found = ledger(document, cells := Cells(records))
    like = found["X1", FASHION]
    found |= {("X3", place): replace(like, place=place, members=[replace(m, part=part) for m in like.members])
              for place in places}  # fmt: skip
    Shown(document, found, cells, SimpleNamespace(blind=lambda member, _: True)).claim("X3")
    tests = BeautifulSoup(published[1]["text/html"], "html.parser")
    assert {titled(place) for place in places} <= {head.get_text(strip=True) for head in tests.select("thead th")}
    assert not tests.details.has_attr("open")


def test_changes_stand_in_the_order_of_time(shown):
    assert shown.changes() == [("2026-11-26", "X2", "a reason")]


def test_every_claim_of_the_book_has_a_place_on_the_page():
    pytest.importorskip("jupytext")
    from publish.pages import SOURCES

    page = (SOURCES / "60_claims_ledger.py").read_text(encoding="utf-8")
    assert re.findall(r'shown\.claim\("(\w+)"\)', page) == [claim["id"] for claim in claims.load()["claims"]]
