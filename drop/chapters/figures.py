"""The book's figures in one style: crisp at any zoom, readable on a phone, right in the light and in the dark theme.

    figures.style()
    fig, ax = plt.subplots()
    ax.plot(density, worst, **figures.method("random+drop").line)
    figures.label_ends(ax)
    figures.show(fig, caption="Worst-class accuracy against density (…, n = 5 seeds).", alt="At density 0.1 …")

Text in a figure stays text, in the font of the page. Prefer plain letters (dₖ, σ₁) to $…$,
which is set letter by letter.
"""

import hashlib
import html
import io
import re
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import accumulate
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drop.experiments.benchmarks import FRESH, SCORES
from drop.places import DATA

INK = "#2b2d30"  # stands for the page's text colour; `svg` turns it into currentColor
FAINT = "#c3c6ca"  # stands for the text colour at a fifth of its strength: grid lines, reference marks
MORE, LESS = "#0b8a80", "#b0651a"  # the two ends of the one diverging palette: above and below what is compared with
PANEL = 360  # CSS pixels: the width of one of several panels, so that two stand beside each other
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


class Method(NamedTuple):
    """How one method looks in every figure: label, colour (3:1 or better on white and on black), marker and dashes."""

    label: str
    colour: str
    marker: str | tuple[int, int, int]
    dashes: str = "-"

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments for `Axes.plot`."""
        return {"label": self.label, "color": self.colour, "marker": self.marker, "linestyle": self.dashes}


METHODS = {
    "full": Method("Full data", INK, "*", ":"),
    "random": Method("Random", "#7d8287", "o"),
    "random+drop": Method("Random+DRoP", "#d55e00", "D"),
    "random-fresh": Method("Fresh draw", "#4a6fa5", (4, 1, 0)),
    "cdb-w": Method("CDB-W", "#b3452c", "P"),
    "el2n": Method("EL2N", "#0f7fc4", "v"),
    "grand": Method("GraNd", "#6b5bd6", "^"),
    "forgetting": Method("Forgetting", "#009068", "<"),
    "dynamic-uncertainty": Method("Dynamic Uncertainty", "#c2559c", ">"),
    "k-center": Method("k-center", "#8a8312", "p"),
    "prototype": Method("Prototype", "#2b8f9b", "h"),
    "group-dro": Method("GroupDRO", "#3f7fbf", "8"),
    "jtt": Method("JTT", "#b0528f", "H"),
    "group-subsampling": Method("Subsampling", "#6f8f1f", "X"),
    "class-balanced": Method("Class-balanced loss", "#7d62b3", "s"),
    "ldam-drw": Method("LDAM-DRW", "#2f8f6f", "$L$"),
    "crt": Method("cRT", "#c4516e", "d"),
}
RANKINGS = (*SCORES, FRESH)
_RULES = {  # a quota rule's label, its colour where samples are random inside the classes, and its marker
    "drop": ("DRoP", "#d55e00", "D"), "half-balanced": ("½ DRoP", "#c4701f", "P"),
    "balanced": ("Balanced", "#a8740a", "s"), "size": ("Size rule", "#5d7a3a", "d"),
    "gamma0.5": ("γ = ½", "#9a6b4f", "v"), "gamma2": ("γ = 2", "#9a6b4f", "^"), "gamma0.7": ("γ = 0.7", "#9a6b4f", ">"),
    "shrunken": ("Shrunk", "#8a5193", "p"), "nucs": ("NUCS", "#5b8296", "h"), "iterated2": ("Iterated", "#c2415f", "H"),
    **{f"minimax{i}": (f"Minimax {i}", "#3f8f3a", marker) for i, marker in enumerate("<8X", 1)},
}  # fmt: skip


def method(name: str) -> Method:
    """The look of a pruner, `<ranking>` or `<ranking>+<quota>`.

    A quota keeps its strategy's colour and changes the marker; StrategyQ (`random+el2nq`) has the colour of the
    strategy that chose the quota. Raises ValueError for an unknown name.
    """
    if name in METHODS:
        return METHODS[name]
    ranking, _, quota = name.partition("+")
    if ranking in RANKINGS and quota in _RULES:
        (label, colour, marker), random = _RULES[quota], ranking == "random"
        return Method(f"{METHODS[ranking].label}+{label}", colour if random else METHODS[ranking].colour, marker,
                      "-" if random else "--")  # fmt: skip
    source = quota.removesuffix("q")
    if ranking in RANKINGS and quota.endswith("q") and source in METHODS:
        return Method(f"{METHODS[ranking].label}+{METHODS[source].label}Q", METHODS[source].colour, "X", ":")
    near = get_close_matches(name, METHODS, n=3) or list(METHODS)
    raise ValueError(f"no look for pruner {name!r}; did you mean {', '.join(near)}?")


def label(name: str) -> str:
    """The name of a pruner, as people write it."""
    return method(name).label


def style() -> None:
    """Set the book's style over Matplotlib's defaults: a user's own settings do not count."""
    mpl.style.use(["default", DATA / "book.mplstyle"])


def label_ends(ax: Axes, gap: float = 0.065) -> None:
    """Write each line's label beside its right end, no two closer than `gap` of the height; call it last."""
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) and line.get_label()[0] != "_"]
    ax.get_xlim(), ax.get_ylim()  # Matplotlib settles automatic limits when they are asked for
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = sorted(((to_axes.transform(line.get_xydata()[-1])[1], i) for i, line in enumerate(lines)))
    heights = list(accumulate((height for height, _ in ends), lambda below, height: max(height, below + gap)))
    lift = sum(placed - height for placed, (height, _) in zip(heights, ends, strict=True)) / max(len(ends), 1)
    for placed, (_, i) in zip(heights, ends, strict=True):
        ax.annotate(
            lines[i].get_label(), (lines[i].get_xdata()[-1], placed - lift), (9, 0), ("data", "axes fraction"),
            "offset points", color=lines[i].get_color(), va="center", annotation_clip=False)  # fmt: skip


def svg(fig: Figure) -> str:
    """The figure as an SVG element that follows the page's theme: same figure, same bytes, with ids of its own."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "drop"}):  # text as text; no random names
        fig.savefig(buffer, format="svg", transparent=True, metadata=dict.fromkeys("Date Creator Format Type".split()))
    text = re.search("<svg.*", buffer.getvalue(), re.S)[0]
    text = re.sub(r"<!--.*?-->|<style.*?</style>", "", text, flags=re.S)
    text = re.sub(r' transform="rotate\(-0 [^"]*"| xmlns:xlink="[^"]*"|xlink:', "", text)
    width = float(re.search(r'width="([\d.]+)pt"', text)[1]) / 0.75  # points to CSS pixels
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    text = re.sub(r'(<text style="[^"]*?)font-family: [^;"]*;? ?', r"\1", text)
    text = re.sub(rf"(stroke|fill): {FAINT}", r"\1: currentColor; \1-opacity: 0.2", text).replace(INK, "currentColor")
    used = set(re.findall(r"#(\w+)[\")]", text))
    text = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", text)
    text = re.sub(r"\s*\n\s*", " ", text)
    own = "f" + hashlib.sha256(text.encode()).hexdigest()[:8]
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{own}-", text)
    look = f"display: block; margin: auto; width: 100%; max-width: {width:.0f}px; height: auto; overflow: visible; "
    look += f"stroke-linejoin: round; font-family: {FONTS}"
    return text.replace("<svg ", f'<svg style="{look}" ', 1)


def show(fig: Figure | Sequence[Figure], alt: str, name: str = "", caption: str = "") -> None:
    """Publish a figure, or several panels that stand side by side where there is room.

    caption: can be read alone: what is drawn, data set, scale, n. alt: the finding, for a reader who cannot see the
    figure. name: lets another page paste the figure (`glue`).
    """
    import matplotlib.pyplot as plt

    if not alt.strip():
        raise ValueError("alt is empty: a figure needs a text alternative that says what it shows")
    panels = [fig] if isinstance(fig, Figure) else list(fig)
    drawings = [svg(panel).replace("<svg ", '<svg aria-hidden="true" ', 1) for panel in panels]
    for panel in panels:
        plt.close(panel)
    alt, caption = (" ".join(text.split()) for text in (alt, caption))
    width = "100%" if len(panels) == 1 else f"min(100%, {PANEL:g}px)"
    cells = "".join(f'<div style="flex: 1 1 300px; max-width: {width}">{drawing}</div>' for drawing in drawings)
    body = f'<div class="drop-figure" role="img" aria-label="{html.escape(alt)}" '
    body += f'style="display: flex; flex-wrap: wrap; gap: 1rem">{cells}</div>'
    if caption:
        body = f'<figure class="drop-figure-box">{body}<figcaption>{html.escape(caption)}</figcaption></figure>'
    publish({"text/html": body, "text/plain": "\n\n".join(filter(None, [caption, alt]))}, name)


def say(markdown: str, name: str = "") -> None:
    """Publish a paragraph whose numbers were computed.

    `name` lets another page paste it, as plain text: {glue:text}`20_prune_by_class.ipynb::NAME:s`.
    """
    publish({"text/markdown": markdown, "text/plain": re.sub(r"[*`]", "", markdown)}, name)


def publish(bundle: dict[str, str], name: str = "", prefix: str = "", **about: Any) -> None:
    """Put out one result in several forms (MIME type -> text).

    name: lets another page paste it; prefix: before its MIME types; about: what else its metadata say.
    """
    from IPython.display import publish_display_data

    glue = {"scrapbook": {"name": name, "mime_prefix": prefix}} if name else {}
    publish_display_data(bundle, {**glue, **about})
