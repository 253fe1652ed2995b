"""What becomes of a page's HTML after Sphinx: numbered figures, folds that say what they hold, one box at the end."""

from __future__ import annotations

import re

FIGURE = re.compile(r'<figure class="drop-figure-box"(.*?)<figcaption>', re.S)
FOLD = re.compile(r"<summary>Table \((\d+ rows?)\)</summary><p>(.*?)</p>", re.S)
PARAMETERS = re.compile(
    r'<div class="cell tag_parameters.*?(<div class="highlight-.*?</div>\s*</div>).*?</details>\s*</div>\s*', re.S
)
NOTE = re.compile(r'<hr class="docutils" />\s*<p><em>How this page was made\.</em>(.*?)</p>', re.S)
FORMULA = re.compile(r'(<span class="math">(?:(?!</math>).)*</math></span>[.,;:)]+)', re.S)  # and the sign after it
LINK = re.compile(r"<a .*?</a>", re.S)
MADE = re.compile(r'(<details class="drop-made">.*?)(</details>)', re.S)
LONG_ROW = re.compile(r'<th scope="row">(?=[^<]{45})')
KEPT = re.compile(r"(<(pre|code|script|style|textarea|math)\b.*?</\2>|<[^>]*>)", re.S)


def laid_out(body: str, page: str) -> str:
    """The article of page NN_topic as it is shown."""
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')  # of a list
    body = body.replace(' id="proof-content"', "")  # every theorem has it
    body = FORMULA.sub(r'<span class="whole">\1</span>', body)
    return number_figures(unbroken(name_tables(one_box(body))), page)


def number_figures(body: str, page: str) -> str:
    """Give every captioned figure of page NN_topic its number: "Figure NN.1"."""
    found = re.match(r"(\d+)_", page)
    prefix, count = (f"{int(found[1])}." if found else ""), 0

    def numbered(figure: re.Match) -> str:
        nonlocal count
        count += 1
        label = f"figure-{prefix.replace('.', '-')}{count}"
        caption = f'<figcaption><a class="figure-number" href="#{label}">Figure {prefix}{count}.</a> '
        return f'<figure class="drop-figure-box" id="{label}"{figure[1]}{caption}'

    return FIGURE.sub(numbered, body)


def name_tables(body: str) -> str:
    """A folded table says what it is about: the first sentence of its caption stands beside the number of rows.

    Long names of rows may be broken into lines.
    """

    def named(fold: re.Match) -> str:
        words = re.split(r"(?<=[\w)])\. ", fold[2].removesuffix("."))[0]
        return f'<summary>Table ({fold[1]})<span class="about">: {words}</span></summary><p>{fold[2]}</p>'

    return FOLD.sub(named, LONG_ROW.sub('<th scope="row" class="long">', body))


def one_box(body: str) -> str:
    """Move the parameters and the closing note of an executed page into its box "How this was made"."""
    note, parameters = NOTE.search(body), PARAMETERS.search(body)
    if not (note and parameters):
        return body
    source, again = LINK.findall(note[1])[:2]
    said = f"<p>Papermill executed {source} with the parameters below; {_small(again)} with others.</p>{parameters[1]}"
    body = PARAMETERS.sub("", NOTE.sub("", body, count=1), count=1)
    boxes = list(MADE.finditer(body))
    if not boxes:
        box = f'<details class="drop-made"><summary>How this was made</summary>{said}</details>'
        return body[: note.start() - len(parameters[0])] + box + body[note.start() - len(parameters[0]) :]
    end = boxes[-1].start(2)
    return body[:end] + said + body[end:]


def _small(link: str) -> str:
    return re.sub(r">Rerun it<", ">rerun it<", link)


def unbroken(body: str) -> str:
    """Keep together: numbers with their percent sign, "65 (88) %" whole, and "n = 5"; code and formulas stay."""
    parts = KEPT.split(body)
    for i in range(0, len(parts), 3):
        words = re.sub(r"(?<=[\d)]) (?=%)|(?<=\d) (?=\(\d+\) %)", "\u00a0", parts[i])
        parts[i] = re.sub(r"\bn = (?=\d)", "n\u00a0=\u00a0", words)
        parts[i + 2 : i + 3] = [""] * bool(parts[i + 2 : i + 3])  # the name of the element
    return "".join(parts)
