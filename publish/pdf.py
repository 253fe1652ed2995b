"""The printed edition: one PDF of the rendered book, with contents, page numbers and links, by headless Chromium.

python -m publish.pdf            -> _build/drop.pdf, from the book that `make book` rendered

All pages are put into one document, tables unfolded and code left out. It is printed twice: the first time tells on
which page each chapter begins, the second time the table of contents says it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

from publish.render import ROOT

FOOT = '<div style="font: 8px sans-serif; width: 100%; text-align: center"><span class="pageNumber"></span></div>'
INTERACTIVE = (
    "#calculator, #explorer, .drop-mixture, script, noscript, iframe, .toggle-button, .sd-card a.sd-stretched-link"
)
CODE = "details.hide, .cell_input, .dropdown:has(.highlight), details.drop-made:has(> summary + pre)"


def order(toc: dict) -> list[tuple[str, list[str]]]:
    """The parts of the book, each with its pages, as _toc.yml lists them."""
    first = [("", [toc["root"]])]
    return first + [(part["caption"], [entry["file"] for entry in part["chapters"]]) for part in toc["parts"]]


def chapter(html: Path, page: str) -> Tag:
    """One page's article, ready for print: its ids and links carry the page's name."""
    soup = BeautifulSoup((html / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    article, stem = soup.select_one("article"), page.rpartition("/")[2]
    for part in article.select(f"{INTERACTIVE}, {CODE}, .drop-foot"):
        part.decompose()
    for fold in article.select("details"):
        fold["open"] = ""
    for tag in article.select("[id]"):
        tag["id"] = f"{stem}--{tag['id']}"
    for link in article.select("a[href]"):
        link["href"] = _target(link["href"], stem)
    for use in article.select("use"):  # markers of figures refer to shapes by their id
        name = "xlink:href" if use.has_attr("xlink:href") else "href"
        use[name] = f"#{stem}--{use[name].removeprefix('#')}"
    for tag in article.select("[clip-path]"):
        tag["clip-path"] = tag["clip-path"].replace("url(#", f"url(#{stem}--")
    for image in article.select("img[src]"):
        if not image["src"].startswith("data:"):
            image["src"] = (html / page).parent.joinpath(image["src"]).resolve().as_uri()
    article.name, article["id"], article["class"] = "section", f"{stem}--", "chapter bd-article"
    return article


def _target(href: str, stem: str) -> str:
    if re.match(r"[a-z]+:", href):
        return href
    page, _, anchor = href.partition("#")
    anchor = "" if "=" in anchor else anchor  # what a tool shows
    return f"#{Path(page).stem if page else stem}--{anchor}"


def document(html: Path, toc: dict, numbers: dict[str, int]) -> str:
    """The whole book as one page of HTML; `numbers` are the pages of the contents, where they are known."""
    entries, bodies = [], []
    for caption, pages in order(toc):
        if caption:
            entries.append(f'<li class="part"><span>{caption}</span></li>')
        for page in pages:
            body, stem = chapter(html, page), page.rpartition("/")[2]
            title = body.h1.get_text().rstrip("#").strip() if body.h1 else stem
            entries.append(f'<li><a href="#{stem}--">{title}</a><span>{numbers.get(stem, "")}</span></li>')
            bodies.append(str(body))
    sheets = "".join(f'<link rel="stylesheet" href="{path.as_uri()}">' for path in _sheets(html))
    return (
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>DRoP, executable</title>'
        f'{sheets}</head><body><div class="title-page"><h1>DRoP, executable</h1><p>A companion to “DRoP: '
        f"Distributionally Robust Data Pruning”<br>(Vysogorets, Ahuja, Kempe, ICLR 2025)</p></div>"
        f'<nav class="contents chapter"><h1>Contents</h1><ul>{"".join(entries)}</ul></nav>'
        f"{''.join(bodies)}</body></html>"
    )


def _sheets(html: Path) -> list[Path]:
    static = html / "_static"
    return [path for name in ("basic.css", "book.css", "print.css") if (path := static / name).exists()]


def starts(pdf: Path) -> dict[str, int]:
    """The page, from 1, on which each chapter begins, by the named places that its links lead to."""
    from pypdf import PdfReader

    reader = PdfReader(pdf)
    places = reader.named_destinations
    found = {name.lstrip("/"): reader.get_destination_page_number(place) + 1 for name, place in places.items()}
    return {name.removesuffix("--"): page for name, page in found.items() if name.endswith("--")}


def make(html: Path, target: Path) -> int:
    """Print the rendered book into `target` and return its number of pages; FileNotFoundError where there is none."""
    from playwright.sync_api import sync_playwright
    from pypdf import PdfReader

    if not (html / "index.html").exists():
        raise FileNotFoundError(f"there is no rendered book in {html}; run make book first")
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        raise FileNotFoundError("the printed edition needs Chromium: apt install chromium, or your system's package")
    toc, source = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")), html / "printed.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page, numbers = browser.new_page(), {}
        for _ in range(2):
            source.write_text(document(html, toc, numbers), encoding="utf-8")
            page.goto(source.as_uri())
            page.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True,
                     display_header_footer=True, header_template="<span></span>", footer_template=FOOT)  # fmt: skip
            numbers = starts(target)
        browser.close()
    source.unlink()
    return len(PdfReader(target).pages)


def main() -> int:
    begun, target = time.perf_counter(), ROOT / "_build" / "drop.pdf"
    try:
        pages = make(ROOT / "_build" / "html", target)
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"  {target.relative_to(ROOT)}: {pages} pages in {time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    sys.exit(main())
