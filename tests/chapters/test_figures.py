"""The look of the figures: the same bytes each time, readable on any ground, one look for one method."""

import re

import matplotlib
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

from drop.chapters import figures  # noqa: E402
from drop.experiments import benchmarks  # noqa: E402


def drawing(title: str = "A title"):
    figures.style()
    fig, ax = plt.subplots()
    for name, values in (("random", [1, 2, 3.00]), ("random+drop", [1, 3, 3.01]), ("full", [2, 2, 3.02])):
        ax.plot([0, 1, 2], values, **figures.method(name).line)
    ax.set(title=title, xlabel="density dₖ < 1")
    figures.label_ends(ax)
    return fig


@pytest.fixture(autouse=True)
def _closed():
    with matplotlib.rc_context():
        yield
    plt.close("all")


def luminance(colour: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    weights = (0.2126, 0.7152, 0.0722)
    return sum(weight * linear(value) for weight, value in zip(weights, matplotlib.colors.to_rgb(colour), strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


RULES = [f"random+{rule}" for rule in benchmarks.RULES]


def test_every_score_has_a_look():
    assert [name for name in figures.RANKINGS if name not in figures.METHODS] == []


@pytest.mark.parametrize("name", [*(name for name in figures.METHODS if name != "full"), *RULES])
@pytest.mark.parametrize("ground", ["#ffffff", "#121212"])
def test_method_colours_are_seen_on_the_light_and_the_dark_ground(name: str, ground: str):
    assert contrast(figures.method(name).colour, ground) >= 3


def test_a_colour_means_one_thing_in_the_whole_book():
    rules = {figures.method(name).colour for name in RULES if name != "random+drop"}
    methods = {look.colour for look in figures.METHODS.values()}
    assert not rules & methods and not {figures.MORE, figures.LESS} & (rules | methods)


def test_methods_differ_in_colour_and_in_marker():
    for field in ("colour", "marker", "label"):
        assert len({getattr(look, field) for look in figures.METHODS.values()}) == len(figures.METHODS)


@pytest.mark.parametrize(
    ("name", "label", "colour_of"),
    [
        ("el2n+drop", "EL2N+DRoP", "el2n"),
        ("grand+balanced", "GraNd+Balanced", "grand"),
        ("random+el2nq", "Random+EL2NQ", "el2n"),
        ("random+dynamic-uncertaintyq", "Random+Dynamic UncertaintyQ", "dynamic-uncertainty"),
        ("random+drop", "Random+DRoP", "random+drop"),
        ("grand+minimax2", "GraNd+Minimax 2", "grand"),
        ("cdb-w", "CDB-W", "cdb-w"),
        ("random-fresh", "Fresh draw", "random-fresh"),
        ("random-fresh+drop", "Fresh draw+DRoP", "random-fresh"),
    ],
)
def test_pruners_of_the_grammar_have_a_look(name: str, label: str, colour_of: str):
    assert figures.method(name).label == label
    assert figures.method(name).colour == figures.METHODS[colour_of].colour


def test_quota_rules_differ_in_look_where_samples_are_random():
    looks = [figures.method(f"random+{rule}") for rule in benchmarks.RULES]
    for field in ("marker", "label"):
        assert len({getattr(look, field) for look in looks}) == len(looks)


@pytest.mark.parametrize("name", ["el2m", "random+dorp", "full+drop", "cdb-w+drop", "random+q", ""])
def test_unknown_pruners_are_errors_that_name_the_nearest(name: str):
    with pytest.raises(ValueError, match=f"no look for pruner {re.escape(repr(name))}"):
        figures.method(name)


def test_svg_is_the_same_each_time():
    assert figures.svg(drawing()) == figures.svg(drawing())


def test_svg_has_ids_of_its_own_and_no_loose_references():
    one, other = figures.svg(drawing()), figures.svg(drawing("Another"))
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (one, other)]
    assert not ids[0] & ids[1]
    assert set(re.findall(r"#(f[0-9a-f]{8}-\w+)", one)) == ids[0]


def test_svg_follows_the_theme_and_keeps_its_text():
    text = figures.svg(drawing())
    assert figures.INK not in text and figures.FAINT not in text and "#000000" not in text
    assert "currentColor" in text and "density dₖ &lt; 1" in text
    assert "<style" not in text and "DejaVu" not in text and "<metadata" not in text and "\n" not in text


def test_end_labels_do_not_overlap():
    labels = re.findall(r'y="([\d.]+)"[^>]*>(?:Random|Random\+DRoP|Full data)<', figures.svg(drawing()))
    places = [float(y) for y in labels]
    assert len(places) == 3
    assert min(abs(a - b) for i, a in enumerate(places) for b in places[:i]) > 11


def test_show_publishes_figure_and_words(monkeypatch):
    published = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda *arguments: published.append(arguments))
    figures.show([drawing(), drawing("Two")], 'Two panels,\n  "quoted" & <plain>', name="front")
    (bundle, metadata) = published[0]
    assert bundle["text/plain"] == 'Two panels, "quoted" & <plain>'
    assert 'aria-label="Two panels, &quot;quoted&quot; &amp; &lt;plain&gt;"' in bundle["text/html"]
    assert bundle["text/html"].count("<svg ") == 2
    assert metadata["scrapbook"]["name"] == "front"
    assert plt.get_fignums() == []


def test_a_caption_stands_below_the_figure_and_in_its_text(monkeypatch):
    published = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda bundle, _: published.append(bundle))
    figures.show(drawing(), caption="A < B,\n n = 3.", alt="A is smaller.")
    assert "<figcaption>A &lt; B, n = 3.</figcaption></figure>" in published[0]["text/html"]
    assert published[0]["text/plain"] == "A < B, n = 3.\n\nA is smaller."


def test_a_figure_without_words_is_an_error():
    with pytest.raises(ValueError, match="alt is empty"):
        figures.show(drawing(), " ")
