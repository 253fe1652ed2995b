"""Text that is held to the records: values that Markdown pastes, sentences that are checked, the box at the end."""

import pytest

from drop.chapters import prose
from drop.chapters.grid import Grid
from drop.experiments.intervals import Estimate
from publish import pages

GAIN = Estimate(0.107, 0.1, 0.051, 0.163, 5)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list:
    found = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda *given: found.append(given))
    return found


def notebook(published: list):
    node = pages.nbformat.v4.new_output
    outputs = [node("display_data", data=bundle, metadata=metadata) for bundle, metadata in published]
    return pages.nbformat.v4.new_notebook(cells=[pages.nbformat.v4.new_code_cell(outputs=outputs)])


def test_a_value_can_be_pasted_and_is_not_shown(published):
    prose.values({"gain": lambda: prose.points(GAIN)})
    [(bundle, metadata)] = published
    assert bundle == {f"{prose.HIDDEN}text/plain": "'+10.7 [+5.1, +16.3]'"}
    assert metadata == {"scrapbook": {"name": "gain", "mime_prefix": prose.HIDDEN}}


def test_a_value_that_is_not_known_is_a_dash_and_is_said(published):
    prose.values({"gain": lambda: prose.points(None), "other": lambda: {}["missing"]})
    assert [list(bundle.values())[0] for bundle, _ in published[:2]] == ["'–'", "'–'"]
    assert pages.broken(notebook(published)) == ["gain is not known", "other is not known"]


def test_sentences_that_hold_say_nothing_and_others_are_listed(published):
    prose.holds({"one is one": lambda: True})
    assert published == []
    prose.holds({"one is two": lambda: 1 == 2, "it is known": lambda: None.low > 0, "fine": lambda: True})
    assert pages.broken(notebook(published)) == ["one is two", "it is known"]
    assert "one is two; it is known" in published[0][0]["text/plain"]


@pytest.mark.parametrize(
    ("given", "text"),
    [(0.649, "64.9 %"), (Estimate(0.649, 0.6, 0.615, 0.684, 5), "64.9 % [61.5, 68.4]"),
     (Estimate(0.649, 0.6, 0.615, 0.684, 3), "64.9 % [61.5, 68.4]³"), (Estimate(0.649, 0.6, 0, 1, 1), "64.9 %")],
)  # fmt: skip
def test_shares_in_words(given, text):
    assert prose.percent(given) == text


def test_the_box_says_what_was_measured_and_offers_nothing_where_nothing_is_missing(published):
    grid = Grid("fashion-mnist", "laptop", ["random"], [0.1, 1.0], [0, 1], also=[(["random+el2nq"], [0.1], [0])])
    prose.made([grid], "More.")
    text = published[0][0]["text/plain"]
    assert "All 4 runs of the plan have records; shown beside it: 1." in text
    assert "torch" in text and text.endswith("More.") and "python" not in text
    assert "<details" in published[0][0]["text/html"] and "<pre>" not in published[0][0]["text/html"]


def test_the_box_names_what_the_plan_lacks_and_no_more(published):
    grid = Grid("fashion-mnist", "laptop", ["random"], [0.1, 1.0], [0, 1, 97])
    prose.made([grid])
    text = published[0][0]["text/plain"]
    assert "4 of 6 runs of the plan have records" in text and "To measure what has no record yet:" in text
    assert text.splitlines()[-2:] == [
        "python -m drop run fashion-mnist laptop --pruners random --densities 0.1 --seeds 97",
        "python -m drop run fashion-mnist laptop --pruners full --densities 1 --seeds 97"]  # fmt: skip


def test_runs_that_are_missing_alike_share_a_command():
    grid = Grid("fashion-mnist", "laptop", ["random", "random+drop"], [0.1, 0.3], [97, 98])
    assert grid.command() == (
        "python -m drop run fashion-mnist laptop --pruners random,random+drop --densities 0.1,0.3 --seeds 97,98"
    )
    done = Grid("fashion-mnist", "laptop", ["random", "random+drop"], [0.1, 0.3], [0, 1])
    assert done.command() == ""


def test_grids_side_by_side_leave_out_what_has_not_been_measured():
    found = prose_grids(["cifar10", "fashion-mnist", "cifar10-tail10-hard-rare", "no-such-data"])
    assert found == ["fashion-mnist", "cifar10"]
    with pytest.raises(ValueError, match="has no record yet"):
        prose_grids([], seeds=[77])


def test_a_grid_without_records_says_so_when_it_is_read():
    grid = Grid("cifar10", "paper", ["random"], [0.1], [0])
    for read in (lambda: grid.classes, grid.recipe_in_words):
        with pytest.raises(ValueError, match="cifar10 at paper scale has no record yet; give train = 'missing'"):
            read()


def prose_grids(beside: list[str], seeds=(0,)) -> list[str]:
    from drop.chapters.grid import side_by_side

    return [g.benchmark for g in side_by_side("fashion-mnist", beside, "laptop", ["random"], [0.1], seeds)]
