"""What each chart draws, read from the lines and texts of the figure, on records made by hand."""

import matplotlib
import numpy as np
import pytest
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

from drop.chapters import charts, figures  # noqa: E402
from drop.chapters.charts import Row  # noqa: E402
from drop.chapters.grid import Grid  # noqa: E402
from drop.experiments.intervals import Estimate  # noqa: E402

PRUNERS = ["random", "random+drop", "el2n"]
DENSITIES = [0.1, 0.3, 0.5, 0.8, 1.0]


@pytest.fixture(scope="module")
def grid() -> Grid:
    return Grid("fashion-mnist", "laptop", PRUNERS, DENSITIES, [0, 1, 2])


@pytest.fixture(autouse=True)
def _style():
    with matplotlib.rc_context():
        figures.style()
        yield
    plt.close("all")


def drawn(fig, label: str) -> list:
    return [line for line in fig.axes[0].get_lines() if line.get_label() == label]


def texts(fig) -> list:
    return [text for text in fig.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text().strip()]


def words(fig) -> list[str]:
    return [text.get_text() for text in texts(fig)]


def every_chart(grid: Grid) -> dict:
    kept = {p: grid.kept(p, 0.1).mean(axis=0) for p in PRUNERS}
    rows = [Row("a", figures.method("el2n"), [Estimate(0.1, 0, 0, 0.2, 5)])]
    return {
        "curves": charts.curves(grid, ("worst_class", "average"), PRUNERS, DENSITIES),
        "differences": charts.differences(grid, [("random+drop", "random", 0.1)]),
        "forest": charts.forest(rows),
        "frontier": charts.frontier(grid, PRUNERS, 0.1),
        "ranked": charts.ranked(grid, "el2n", DENSITIES[:-1]),
        "classes": charts.classes(kept, grid.classes),
        "class_map": charts.class_map(kept, grid.classes, ratio=True),
    }


def test_text_is_read_at_ten_pixels_on_a_screen_and_on_a_phone(grid):
    """A panel is 360 pixels wide on a screen, and 328 where the screen has 360; a point is 4/3 pixels."""
    for name, fig in every_chart(grid).items():
        assert fig.get_figwidth() * 96 == figures.PANEL, name
        for text in texts(fig):
            assert text.get_fontsize() * 4 / 3 * 328 / figures.PANEL >= 10, (name, text.get_text())


def test_every_mark_of_a_method_has_its_colour_and_marker(grid):
    for name, fig in every_chart(grid).items():
        for line in fig.axes[0].get_lines():
            look = next((look for look in figures.METHODS.values() if look.label == line.get_label()), None)
            if look:
                assert (line.get_color(), line.get_marker()) == (look.colour, look.marker), name


def test_curves_draw_the_mean_recalls_every_seed_and_full_training(grid):
    fig = charts.curves(grid, "worst_class", PRUNERS, DENSITIES)
    [line] = drawn(fig, "EL2N")
    assert list(line.get_xdata()) == DENSITIES
    expected = [100 * grid.recalls("el2n", d).mean(axis=0).min() for d in DENSITIES]
    np.testing.assert_allclose(line.get_ydata(), expected)
    dots = drawn(fig, "_seeds")
    assert len(dots) == len(PRUNERS) and all(len(dot.get_ydata()) == 3 * len(DENSITIES) for dot in dots)
    np.testing.assert_allclose(dots[0].get_ydata()[:3], 100 * grid.recalls("random", 0.1).min(axis=1))
    [full] = drawn(fig, "_full")
    assert full.get_ydata()[0] == pytest.approx(100 * grid.value("full", 1.0, "worst_class"))


def test_the_legend_of_curves_has_the_order_at_the_left_end(grid):
    fig = charts.curves(grid, "worst_class", PRUNERS, DENSITIES)
    order = sorted(PRUNERS, key=lambda p: -grid.value(p, 0.1, "worst_class"))
    assert [text.get_text() for text in fig.axes[0].get_legend().get_texts()] == [
        figures.method(p).label for p in order
    ]


def test_curves_leave_out_what_has_no_record(grid):
    fig = charts.curves(grid, "worst_class", [*PRUNERS, "grand"], [0.1, 0.25])
    assert not drawn(fig, "GraNd") and list(drawn(fig, "Random")[0].get_xdata()) == [0.1]


def test_differences_draw_the_paired_interval(grid):
    e = grid.compare("random+drop", "random", 0.1)
    fig = charts.differences(grid, [("random+drop", "random", 0.1)])
    np.testing.assert_allclose(drawn(fig, "_interval")[0].get_xdata(), [100 * e.low, 100 * e.high])
    assert "Random" in words(fig)
    pairs = [(p, "random", 0.1) for p in PRUNERS[1:]]
    assert {"Random+DRoP", "EL2N"} <= set(words(charts.differences(grid, pairs)))  # named after what differs


def test_differences_without_two_shared_seeds_are_left_out(grid):
    assert "GraNd" not in words(charts.differences(grid, [("grand", "random", 0.1), ("el2n", "random", 0.1)]))


def test_an_estimate_beyond_the_reach_is_a_number_at_the_edge():
    look = figures.method("el2n")
    fig = charts.forest([Row("far", look, [Estimate(-0.55, 0, -0.6, -0.5, 5)])], reach=(-20, 20))
    assert "◂ −55" in words(fig) and not drawn(fig, "_interval")


@pytest.mark.parametrize(
    ("values", "text", "intervals"),
    [((-0.55, -0.61), "◂ −55 (−61)", 0), ((-0.55, -0.1), "◂ −55", 1), ((-0.1, -0.61), "◂ (−61)", 1)],
)
def test_of_two_estimates_each_is_drawn_or_stands_at_the_edge(values, text, intervals):
    both = [Estimate(value, 0, value - 0.05, value + 0.05, 5) for value in values]
    fig = charts.forest([Row("far", figures.method("el2n"), both)], reach=(-20, 20))
    assert text in words(fig) and len(drawn(fig, "_interval")) == intervals


def test_an_interval_that_is_cut_off_ends_in_an_arrowhead():
    row = Row("wide", figures.method("el2n"), [Estimate(0.1, 0, -0.3, 0.15, 5)])
    heads = [line.get_marker() for line in charts.forest([row], reach=(-20, 20)).axes[0].lines]
    assert CARETLEFTBASE in heads and CARETRIGHTBASE not in heads


def test_an_interval_from_fewer_than_five_seeds_is_dashed_and_a_single_seed_has_none():
    looks = {}
    for seeds in (1, 3, 5):
        fig = charts.forest([Row("a", figures.method("el2n"), [Estimate(0.1, 0.1, 0.0, 0.2, seeds)])])
        looks[seeds] = [line.is_dashed() for line in drawn(fig, "_interval")]
    assert looks == {1: [], 3: [True], 5: [False]}


def test_the_frontier_joins_those_that_nothing_beats_in_both():
    places = {"a": (90, 50), "b": (80, 60), "c": (79, 59), "d": (90, 50), "e": (70, 60)}
    assert charts.undominated(places) == ["b", "a", "d"]


def test_the_frontier_names_all_near_points_and_lists_the_others(grid):
    fig = charts.frontier(grid, PRUNERS, 0.1)
    assert {"Random", "DRoP", "Full data"} <= set(words(fig)) and len(drawn(fig, "Random+DRoP")) == 1
    assert drawn(fig, "EL2N") == [] and "Further down: EL2N" in words(fig)
    heights = sorted(t.xyann[1] for t in fig.axes[0].texts)
    assert min(np.diff(heights)) > 0.049 and 0 <= heights[0] and heights[-1] <= 1


def test_ranked_draws_sorted_class_densities_and_the_smallest_count(grid):
    fig = charts.ranked(grid, "el2n", [0.1, 0.3])
    np.testing.assert_allclose(drawn(fig, "0.3")[0].get_ydata(), np.sort(grid.kept("el2n", 0.3), axis=1).mean(axis=0))
    assert str(min(min(record["kept"]) for record in grid.of("el2n", 0.1))) in words(fig)


def test_classes_draw_a_mark_a_pruner_in_the_given_order(grid):
    fig = charts.classes({"random": [1, 2, 3], "el2n": [3, 2, 1]}, ["x", "y", "z"])
    assert list(drawn(fig, "EL2N")[0].get_xdata()) == [3, 2, 1]
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == ["x", "y", "z"]


@pytest.mark.parametrize(("values", "ratio"), [([[-80, 0, 20]], False), ([[0.25, 1, 2]], True)])
def test_a_class_map_is_deepest_at_its_largest_value_and_empty_where_nothing_changes(values, ratio):
    fig = charts.class_map({"random": values[0]}, ["a", "b", "c"], ratio=ratio)
    low, none, high = fig.axes[0].patches
    colours = [matplotlib.colors.to_hex(box.get_facecolor()) for box in (low, high)]
    assert colours == [figures.LESS, figures.MORE]
    assert low.get_alpha() == pytest.approx(0.65) and none.get_alpha() == 0 and 0 < high.get_alpha() < low.get_alpha()
    assert ("−80" if not ratio else "0.2") in words(fig)
