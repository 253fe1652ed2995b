"""The calculator and the explorer in a real browser: the numbers are those of the Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup

from drop import quotas, rules
from drop.chapters import explorer
from drop.experiments import methods, records

BOOK = Path(__file__).resolve().parents[2] / "book"
WEIGHTS = {
    "Random": lambda n, r: np.ones(len(n)),
    "Balanced": lambda n, r: 1 / n,
    "DRoP": lambda n, r: quotas.error_weights(r),
    "DRoP, exponent 0.7": lambda n, r: quotas.error_weights(r, 0.7),
    "Released code (size rule)": quotas.size_weights,
}
MIXED = {"Half DRoP, half random": "half-bare", "drop.prune": "half-balanced"}


def tool(page: str) -> str:
    """The raw HTML of a tool's page, without its scripts."""
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    raw = text.split("```{raw} html\n")[1].split("```")[0]
    soup = BeautifulSoup(raw, "html.parser")
    for tag in soup.select("script, link, noscript"):
        tag.decompose()
    return f"<!doctype html><body>{soup}</body>"


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(600_000)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []


def opened(page, name: str, *scripts: Path, data: str = "") -> None:
    page.set_content(tool(name))
    if data:
        page.add_script_tag(content=data)
    for script in scripts:
        page.add_script_tag(content=script.read_text(encoding="utf-8"))
    page.evaluate("document.dispatchEvent(new Event('DOMContentLoaded'))")


@pytest.mark.filterwarnings("ignore:.*classes of weight 0")
def test_the_calculator_s_quotas_are_those_of_the_module(page):
    opened(page, "calculator", BOOK / "_static" / "calculator.js")
    rng, cases = np.random.default_rng(0), []
    for _ in range(200):
        K = int(rng.integers(2, 12))
        sizes, recalls = rng.integers(1, 900, K), rng.random(K).round(int(rng.integers(1, 4)))
        cases.append((sizes, recalls, float(rng.integers(0, 101)) / 100))
    given = [{"sizes": n.tolist(), "recalls": r.tolist(), "density": d} for n, r, d in cases]
    for rule, weights in WEIGHTS.items():
        found = page.evaluate("([rule, cases]) => cases.map(c => dropQuotas.quotas(rule, c, c.density))", [rule, given])
        for (sizes, recalls, density), made in zip(cases, found, strict=True):
            assert made == quotas.counts(sizes, weights(sizes, recalls), density).tolist(), (rule, sizes, recalls)
    for rule, name in MIXED.items():
        found = page.evaluate("([rule, cases]) => cases.map(c => dropQuotas.quotas(rule, c, c.density))", [rule, given])
        for (sizes, recalls, density), made in zip(cases, found, strict=True):
            known = rules.Evidence(sizes, recalls, np.full(len(sizes), rules.ASSUMED))
            wanted = quotas.counts(sizes, rules.RULES[name](known, density), density)
            assert made == wanted.tolist(), (rule, sizes, recalls)


@pytest.mark.parametrize("text, said", [
    ("", "nothing to read"), ("cat, 10", "has 2 parts"), ("cat, x, 0.5\ndog, y, 0.5", "Line 2: the size is y"),
    ("cat, 0, 0.5", "whole number from 1"), ("cat, 10, 1.5", "between 0 and 1"),
    ("cat, 10, 0.5\ncat, 10, 0.4", "appears twice"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_in_one_sentence(page, text, said):
    opened(page, "calculator", BOOK / "_static" / "calculator.js")
    page.locator("textarea").fill(text)
    assert said in page.locator(".message").inner_text()
    assert page.locator(".result table").count() == 0


def test_the_calculator_is_used_by_keyboard_and_names_classes_that_vanish(page):
    opened(page, "calculator", BOOK / "_static" / "calculator.js")
    page.locator("textarea").fill("cat, 200, 0.98\ndog, 200, 1.0\nbird, 200, 0.95")
    assert "DRoP keeps nothing of dog." in page.locator(".message").inner_text()
    page.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("output").inner_text() == "31 %"
    link = page.locator("a[download]").get_attribute("href")
    assert link.startswith("data:text/csv") and "cat%2C200%2C0.98" in link


def test_a_confusion_matrix_gives_sizes_and_recalls(page):
    opened(page, "calculator", BOOK / "_static" / "calculator.js")
    found = page.evaluate("dropQuotas.parse('8, 2\\n5, 15')")
    assert found["sizes"] == [10, 20] and found["recalls"] == [0.8, 0.75]


@pytest.fixture(scope="module")
def measured():
    return explorer.cells(records.load(records.committed()))


def test_every_record_but_the_trials_of_settings_stands_in_the_explorer(measured):
    found = [record for record in records.load(records.committed()) if record["run"]["seed"] != methods.SEED]
    assert sum(cell["seeds"] for place in measured.values() for cell in place["cells"]) == len(found)
    cell = measured["cifar10-laptop"]["cells"][0]
    assert cell["worst_class"][1] <= cell["worst_class"][0] <= cell["average"][0]


def test_the_explorer_shows_what_the_records_say_and_keeps_the_choice_in_the_address(page, measured):
    data = f"window.explorerData = {json.dumps(measured)}"
    static = BOOK / "_static"
    opened(page, "explorer", static / "uplot" / "uPlot.iife.min.js", static / "explorer.js", data=data)
    page.select_option("#explorer-place", "cifar10-laptop")
    page.select_option("#explorer-metric", "average")
    boxes = page.locator(".methods input")
    for i in range(boxes.count()):
        boxes.nth(i).set_checked(boxes.nth(i).get_attribute("value") == "random+drop")
    shown = page.locator(".result tbody tr").all_inner_texts()
    wanted = [c for c in measured["cifar10-laptop"]["cells"] if c["pruner"] == "random+drop"]
    assert len(shown) == len(wanted)
    for cell in wanted:
        start, end = f"Random+DRoP\t{cell['density']:g}\t", f"\t{cell['seeds']}"
        assert any(r.startswith(start) and r.endswith(end) and f"{cell['average'][0]:.1f}" in r for r in shown)
    assert page.locator(".chart canvas").count() == 1
    assert "methods=random%2Bdrop" in page.evaluate("location.hash")
