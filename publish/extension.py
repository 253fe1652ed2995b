"""What the book asks of Sphinx beyond Jupyter Book: MathML, numbered figures, a foot to a page, search from disk."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

from drop import __version__
from drop.chapters import explorer
from drop.experiments import records
from publish import downloads, layout, mathml, preview

ROOT = Path(__file__).resolve().parent.parent
FONT_AWESOME = re.compile(r"<script[^>]*fontawesome\.js[^>]*></script>\s*|<link[^>]*fa-[\w-]+\.woff2[^>]*>\s*")
UNUSED = ("scripts/fontawesome.js", "scripts/*.map", "scripts/*.txt", "styles/*.map", "vendor", "webpack-macros.html")
CITE = "https://openreview.net/forum?id=fxv0FfmDAg"


def commit() -> str:
    """The short name of the commit that is rendered; empty outside a checkout."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def description(body: str) -> str:
    """The first sentences of a page, for search engines and link previews."""
    soup = BeautifulSoup(body, "html.parser")
    words = [p.get_text(" ", strip=True) for p in soup.select("p") if len(p.get_text(strip=True)) > 40]
    text = re.sub(r"\s+", " ", words[0] if words else "")
    return text if len(text) <= 200 else text[:197].rsplit(" ", 1)[0] + " …"


def on_page(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Number the figures of a page, and write its head and foot."""
    stem = name.rpartition("/")[2]
    if body := context.get("body"):
        body = re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', body)  # links in what cells put out
        context["body"] = layout.laid_out(body, stem) + foot(app, stem)
        title = html.escape(re.sub(r"<[^>]+>", "", context.get("title") or ""))
        said = html.escape(description(body), quote=True)
        context["metatags"] = context.get("metatags", "") + (
            f'<meta name="description" content="{said}"><meta property="og:title" content="{title}">'
            f'<meta property="og:description" content="{said}"><meta property="og:type" content="article">'
            f'<meta property="og:image" content="{picture(app, name)}"><meta property="og:image:alt" '
            f'content="{html.escape(preview.ALT, quote=True)}"><meta name="twitter:card" content="summary_large_image">'
        )


def picture(app: Sphinx, name: str) -> str:
    """Where the picture for link previews lies: absolute once the book has a public address (`html_baseurl`)."""
    base = app.config.html_baseurl.rstrip("/") or "/".join([".", *[".."] * name.count("/")])
    return f"{base}/_static/{preview.NAME}"


def on_search(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The texts that search quotes where it may not fetch a page: from a disk."""
    if name == "search":
        context["metatags"] = context.get("metatags", "") + '<script src="_static/texts.js"></script>'


def foot(app: Sphinx, stem: str) -> str:
    """Where to take the page from, how to cite it, which version it is."""
    repository = app.config.drop_repository
    links = []
    if (ROOT / "notebooks" / f"{stem}.py").exists():
        forms = ((".ipynb", "notebook"), ("-blank.ipynb", "notebook without results"), (".md", "Markdown"))
        made = ", ".join(f'<a href="../_downloads/{stem}{end}" download>{word}</a>' for end, word in forms)
        links.append(f"Take this page along: {made}")
        if repository:
            place = re.sub(r"^https://github\.com/", "", repository.rstrip("/"))
            colab = f"https://colab.research.google.com/github/{place}/blob/main/book/{stem}.ipynb"
            links.append(f'<a href="{colab}">Open in Colab</a>')
    version = " ".join(filter(None, [__version__, commit()]))
    source = f'<a href="{repository}">repository</a>' if repository else ""
    said = ['<a href="cite.html">How to cite</a>', f'<a href="{CITE}">the paper</a>', source, "MIT licence"]
    links.append(", ".join(filter(None, [*said, f"version {version}"])))
    return '<footer class="drop-foot">' + "".join(f"<p>{line}</p>" for line in links) + "</footer>"


def on_finish(app: Sphinx, problem: Exception | None) -> None:
    """Write the downloads and the texts that search shows; take away what no page uses."""
    if problem or app.builder.name != "html":
        return
    out = Path(app.outdir)
    book = Path(app.srcdir) / "book"
    downloads.write(sorted(book.glob("*.ipynb")), out / "_downloads", app.config.drop_repository)
    for pattern in UNUSED:
        for path in (out / "_static").glob(pattern):
            path.unlink() if path.is_file() else None
    for sheet in (out / "_static").rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        sheet.write_text(re.sub(r"@font-face\s*\{[^}]*fa-[\w-]+\.woff2[^}]*\}", "", text), encoding="utf-8")
    texts, pages = {}, []
    for path in sorted((out / "book").glob("*.html")):
        page = path.read_text(encoding="utf-8")
        slim = FONT_AWESOME.sub("", page)
        path.write_text(slim, encoding="utf-8")
        article = BeautifulSoup(slim, "html.parser").select_one("article")
        for part in article.select("svg, script, style, .headerlink, .drop-foot, details.hide"):
            part.decompose()
        texts[f"book/{path.stem}"] = re.sub(r"\s+", " ", article.get_text(" ", strip=True))
        pages.append(f"- [{article.h1.get_text(strip=True) if article.h1 else path.stem}](_downloads/{path.stem}.md)")
    for path in out.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(FONT_AWESOME.sub("", page), encoding="utf-8")
    written = json.dumps(texts, ensure_ascii=False, sort_keys=True)
    (out / "_static" / "texts.js").write_text(f"window.bookTexts = {written};\n", encoding="utf-8")
    preview.write(out / "_static" / preview.NAME)
    measured = json.dumps(explorer.cells(records.load(records.committed())), ensure_ascii=False, separators=(",", ":"))
    (out / "_static" / "explorer-data.js").write_text(f"window.explorerData = {measured};\n", encoding="utf-8")
    (out / "llms.txt").write_text(f"# {app.config.html_title}\n\n" + "\n".join(pages) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    mathml.setup(app)
    app.add_config_value("drop_repository", "", "html")
    app.connect("html-page-context", on_page)
    app.connect("html-page-context", on_search)
    app.connect("build-finished", on_finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
