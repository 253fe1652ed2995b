"""What a reader's browser meets: pages of readable height, nothing cut off, no barrier, no dead link."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup

TALLEST = 9000  # pixels at a width of 1280
HEAVIEST = 1_500_000  # bytes of all that one page loads
MOST_REQUESTS = 40
CUT_OFF = """() => [...document.querySelectorAll(':is(table, pre, svg, img)')].filter(e => e.closest('.bd-article'))
  .filter(e => e.offsetParent !== null || e.getClientRects().length)
  .filter(e => { const scrolls = box => /(auto|scroll)/.test(getComputedStyle(box).overflowX);
    let box = e;
    while (box !== document.body && !scrolls(box)) box = box.parentElement;
    return box === document.body && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 })
  .map(e => e.outerHTML.slice(0, 120))"""
# Signs that only an icon font could show, of which the book has none.
SIGNS = r"""() => { const empty = (e, end) => /[\uE000-\uF8FF]/.test(getComputedStyle(e, end).content);
  return [...document.querySelectorAll('*')].filter(e => e.getClientRects().length)
    .filter(e => empty(e, '::before') || empty(e, '::after')).map(e => e.outerHTML.slice(0, 120)) }"""


def pages_of(book: Path) -> list[Path]:
    return sorted((book / "book").glob("*.html"))


def test_no_link_and_no_anchor_is_dead(book: Path):
    soups = {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in pages_of(book)}
    ids = {path: {tag["id"] for tag in soup.select("[id]")} for path, soup in soups.items()}
    dead = []
    for path, soup in soups.items():
        for link in soup.select("a[href]"):
            href, anchor = urldefrag(link["href"])
            if re.match(r"[a-z]+:", href) or (not href and not anchor):
                continue
            target = (path.parent / unquote(href)).resolve() if href else path
            if not target.exists():
                dead.append((path.name, link["href"]))
            elif anchor and "=" not in anchor and target in ids and unquote(anchor) not in ids[target]:  # = : a state
                dead.append((path.name, link["href"]))
    assert dead == []


def test_pages_are_short_and_light_and_nothing_is_cut_off(book: Path, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(600_000)
    found: list[tuple] = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    for path in pages_of(book):
        loaded: list[str] = []
        page.goto(path.as_uri())
        page.wait_for_load_state()
        height = page.evaluate("document.querySelector('article').getBoundingClientRect().height")
        found += [(path.stem, "is high", height)] * (height > TALLEST)
        files = [Path(unquote(url.removeprefix("file://").split("?")[0])) for url in loaded if url.startswith("file:")]
        weight = sum(file.stat().st_size for file in set(files) if file.exists())
        found += [(path.stem, "weighs", weight)] * (weight > HEAVIEST)
        found += [(path.stem, "requests", len(files))] * (len(files) > MOST_REQUESTS)
        found += [(path.stem, "cut off", part) for part in page.evaluate(CUT_OFF)]
        found += [(path.stem, "an empty box for a sign", part) for part in page.evaluate(SIGNS)]
    context.close()
    assert found == []


def test_on_a_phone_the_front_table_fits_and_wider_ones_say_that_they_scroll(book: Path, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(600_000)
    page.goto((book / "book" / "index.html").as_uri())
    width = "e => e.scrollWidth - e.clientWidth"
    assert page.locator(".drop-table[open] > div").evaluate_all(f"all => all.map({width})") == [0]
    page.goto((book / "book" / "60_claims_ledger.html").as_uri())
    wide = page.locator(".drop-table[open] > div").first
    assert wide.evaluate(width) > 0
    shades = wide.evaluate("e => getComputedStyle(e).backgroundImage.match(/linear-gradient/g).length")
    clear = wide.locator("td").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert (shades, clear) == (4, "rgba(0, 0, 0, 0)")
    page.goto((book / "book" / "22_prune_your_own_data.html").as_uri())
    plan = page.locator(".cell_output .highlight pre").first
    assert plan.evaluate("e => getComputedStyle(e).whiteSpace") == "pre"
    page.close()


DARK = {"runOnly": ["color-contrast"]}  # the themes differ in nothing else
SOME = r"index|notation|(20|22|30|60)_.*"  # a front page, a glossary, a tool, figures, tables


@pytest.mark.parametrize("theme, rules, which", [
    ("light", {}, SOME),
    pytest.param("light", {}, ".*", marks=pytest.mark.full), pytest.param("dark", DARK, ".*", marks=pytest.mark.full),
])  # fmt: skip
def test_no_page_has_a_serious_barrier(book: Path, browser, theme: str, rules: dict, which: str):
    """All rules in the light theme; in the dark one those that look at colours."""
    from axe_core_python.sync_playwright import Axe

    context, barriers = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme), []
    page = context.new_page()
    page.set_default_timeout(600_000)
    for path in [path for path in pages_of(book) if re.fullmatch(which, path.stem)]:
        page.goto(path.as_uri())
        for found in Axe().run(page, context="article", options={"resultTypes": ["violations"], **rules})["violations"]:
            if found["impact"] in ("serious", "critical"):
                nodes = found["nodes"]
                barriers.append((path.stem, found["id"], len(nodes), nodes[0]["html"][:160]))
    context.close()
    assert barriers == []


def test_search_quotes_pages_from_a_disk(book: Path, browser):
    page = browser.new_page()
    page.set_default_timeout(600_000)
    page.goto((book / "search.html").as_uri() + "?q=saturation")
    page.wait_for_selector("#search-results li")
    page.wait_for_function("document.querySelector('#search-results p.context, #search-results .context')")
    assert "satur" in page.locator("#search-results .context").first.inner_text().lower()
    page.close()
