"""The book's tables: the same bytes each time, the same numbers in every form, marks and signs where they belong."""

import csv
import io
import re
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

from drop.chapters import tables
from drop.experiments.intervals import Estimate

FIVE = Estimate(0.8341, 0.84, 0.82, 0.849, 5)
GAIN = Estimate(0.062, 0.06, 0.011, 0.114, 3)
LOSS = Estimate(-0.2, -0.2, -0.31, -0.12, 5)
ROWS = [["Random", 60000, FIVE, None], ["Random+DRoP", 6000, GAIN, GAIN], ["<EL2N>", 6, LOSS, LOSS]]
COLUMNS = ["pruner", "kept", "average", "minus Random"]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch):
    def shown(*arguments, **options) -> dict[str, str]:
        published = []
        monkeypatch.setattr("IPython.display.publish_display_data", lambda bundle, _: published.append(bundle))
        tables.show(*arguments, **options)
        return published[0]

    return shown


@pytest.fixture
def bundle(show) -> dict[str, str]:
    return show(ROWS, COLUMNS, "A & B.", best=["average"], least=["kept"], signed=["minus Random"])


def test_the_same_rows_give_the_same_bytes(show, bundle):
    again = show(ROWS, COLUMNS, "A & B.", best=["average"], least=["kept"], signed=["minus Random"])
    assert again == bundle and "T_" not in bundle["text/html"] and "<style" not in bundle["text/html"]


def test_a_table_is_folded_under_the_number_of_its_rows(show, bundle):
    soup = BeautifulSoup(bundle["text/html"], "html.parser")
    assert soup.details.summary.text == "Table (3 rows)" and not soup.details.has_attr("open")
    assert soup.p.text == "A & B. " + tables.NOTE
    assert [th["scope"] for th in soup.select("thead th, tbody th")] == ["col"] * 4 + ["row"] * 3
    assert '<details class="drop-table" open>' in show(ROWS, COLUMNS, "A.", folded=False)["text/html"]


def test_words_stand_above_their_small_print(show):
    bundle = show([["C1", tables.Words("holds", "2 <", "above")]], ["claim", "verdict"], "A.")
    cell = BeautifulSoup(bundle["text/html"], "html.parser").td
    assert cell.small["class"] == ["under"] and cell.get_text("|") == "holds|2 <" and cell.span["class"] == ["above"]
    assert bundle["text/plain"].endswith(" holds 2 <")
    assert "holds%20(2%20%3C)" in bundle["text/html"]


def test_html_and_plain_text_have_the_same_numbers(bundle):
    soup = BeautifulSoup(bundle["text/html"], "html.parser")
    for raised in soup.select("sup"):
        raised.extract()
    numbers = [re.findall(r"[−+]?\d[\d,]*\.?\d*", text) for text in (soup.table.get_text(" "), bundle["text/plain"])]
    assert numbers[0] == numbers[1] and numbers[0][:4] == ["60,000", "83.4", "82.0", "84.9"]


def test_plain_text_stands_in_columns_and_marks_the_best_and_few_seeds(bundle):
    assert bundle["text/plain"].splitlines()[2:] == [
        "pruner         kept               average          minus Random",
        "Random       60,000    83.4* [82.0, 84.9]                     –",
        "Random+DRoP   6,000      6.2 [1.1, 11.4]³   +6.2 [+1.1, +11.4]³",
        "<EL2N>           6*  −20.0 [−31.0, −12.0]  −20.0 [−31.0, −12.0]",
    ]


def test_best_least_and_sides_of_zero_are_marked(bundle):
    soup = BeautifulSoup(bundle["text/html"], "html.parser")
    assert [tag.text for tag in soup.select(".best")] == ["83.4", "6"]
    assert [tag.text for tag in soup.select(".above")] == ["+6.2"]
    assert [tag.text for tag in soup.select(".below")] == ["−20.0"]  # only in the column of differences


def test_an_interval_that_holds_zero_has_no_colour(show):
    html = show([["a", Estimate(0.1, 0, -0.1, 0.3, 5), 0.0]], ["x", "y", "z"], "C.", signed=["y", "z"])["text/html"]
    assert "+10.0" in html and "above" not in html and ">0.0<" in html


def test_the_link_saves_plain_numbers_with_bounds_in_columns_of_their_own(bundle):
    link = BeautifulSoup(bundle["text/html"], "html.parser").a
    head, body = link["href"].split(",", 1)
    assert (head, link["download"]) == ("data:text/csv;charset=utf-8", "table.csv")
    rows = list(csv.reader(io.StringIO(unquote(body))))
    assert rows[0][1:] == ["kept", "average", "average low", "average high", "minus Random", "minus Random low",
                           "minus Random high"]  # fmt: skip
    assert rows[1] == ["Random", "60000", "83.4", "82.0", "84.9", "", "", ""]
    assert rows[3] == ["<EL2N>", "6", "-20.0", "-31.0", "-12.0", "-20.0", "-31.0", "-12.0"]


def test_a_single_seed_has_no_interval(show):
    assert "[" not in show([["a", Estimate(0.5, 0.5, 0.0, 1.0, 1)]], ["x", "y"], "C.")["text/plain"]


def test_a_table_without_rows_says_that_records_are_missing(show):
    bundle = show([], ["x", "y"], "Gains.")
    assert bundle == {"text/markdown": "*No records: Gains.*", "text/plain": "No records: Gains."}


def test_a_long_text_may_be_broken_into_lines(show):
    html = show([["a", "word " * 20, "word"]], ["x", "says", "short"], "C.")["text/html"]
    assert html.count('class="said"') == 1


def test_groups_make_a_second_head_row(show):
    columns = ["pruner", ("CIFAR-10", "average"), ("CIFAR-10", "worst"), ("Fashion-MNIST", "average")]
    bundle = show([["a", 1.0, 2.0, 3.0]], columns, "C.", best=[("CIFAR-10", "worst")])
    heads = BeautifulSoup(bundle["text/html"], "html.parser").select("thead tr")
    assert [th.text for th in heads[0].select("th")] == ["", "CIFAR-10", "Fashion-MNIST"]
    assert [th.text for th in heads[1].select("th")] == ["pruner", "average", "worst", "average"]
    assert "CIFAR-10 worst" in bundle["text/plain"]


def test_rows_and_marks_that_do_not_fit_the_columns_are_errors(show):
    with pytest.raises(ValueError, match="2 cells, but there are 1 columns"):
        show([["a", "b"]], ["one"], "C.")
    with pytest.raises(ValueError, match="no column three; there are two"):
        show([["a", "b"]], ["one", "two"], "C.", best=["three"])
