"""Mathematics as MathML, made when the book is built: read without a script, by screen readers too."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

CLOSES = r"(?!\)|\]|&#x0(?:0029|005D|007D|007C|2016);)"
SPACING = [  # what the converter sets too wide, too tight or too tall
    (rf"(<mo\b[^>]*>{CLOSES}[^<]*</mo>)<mo>(&#x02212;|\u2212)</mo>", r'\1<mo form="prefix">\2</mo>'),  # a sign
    (r"<mo>(max|min|log|exp|arg|round)</mo>", r"<mi>\1</mi>"),
    (r"(<mi>log</mi>)(?=<m(?!o))", r'\1<mspace width="0.17em"/>'),
    (r"(<msub><mi>(?:min|max)</mi><m\w>[^<]*</m\w></msub>)(?=<m(?!o))", r'\1<mspace width="0.17em"/>'),
    (r"<mo>(&#x0221E;|&#x02026;)</mo>", r"<mi>\1</mi>"),  # infinity and dots are no operators
    (r'<mo(?: stretchy="false")?>(&#x0007C;|&#x02016;)</mo>', r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>'),
]


def mathml(latex: str, display: str = "inline") -> str:
    r"""LaTeX as one MathML element; ValueError for what it does not know.

    >>> mathml(r"r_k").count("<msub>")
    1
    """
    text = " ".join(latex.split())
    try:
        made = convert(text, display=display)
    except Exception as error:  # the converter's own errors have no common class
        raise ValueError(f"no MathML for {text!r}: {type(error).__name__} {error}") from error
    if "<mi>\\" in made or "<mo>\\" in made:
        raise ValueError(f"no MathML for {text!r}: it holds an unknown command")
    for pattern, better in SPACING:
        made = re.sub(pattern, better, made)
    return made.replace("<math ", f'<math alttext="{_quoted(text)}" ', 1)


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{mathml(node.astext())}</span>')
    raise nodes.SkipNode


def block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math", role="group", tabindex="0", **{"aria-label": "formula"}))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(mathml(node.astext(), "block") + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
