"""The book builds without a warning, needs no network, shows what its sources say, and works in a browser."""

import base64
import importlib.metadata
import io
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image

from drop.chapters import figures
from publish import pages, render

ROOT = pages.ROOT
REMOTE = re.compile(r"^\s*(https?:)?//")


def chapters(entry: dict) -> Iterator[str]:
    yield from (entry[name] for name in ("root", "file") if name in entry)
    for part in ("parts", "chapters", "sections"):
        for child in entry.get(part, ()):
            yield from chapters(child)


def soups(book: Path) -> Iterator[tuple[str, BeautifulSoup]]:
    for path in sorted((book / "book").glob("*.html")):
        yield path.name, BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


# The frame


def test_jupyter_book_stays_on_1_x():
    """2.x builds another kind of book and ignores _config.yml without a word."""
    assert importlib.metadata.version("jupyter-book").startswith("1.")
    assert re.search(r"^jupyter-book==1\.", (ROOT / "requirements.txt").read_text(), flags=re.M)
    assert '"jupyter-book>=1.0.4.post1,<2"' in (ROOT / "pyproject.toml").read_text()


def test_every_requirement_of_the_package_is_pinned():
    lines = (ROOT / "requirements.txt").read_text().split()
    pins = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = sum(project["optional-dependencies"].values(), project["dependencies"])
    assert {re.match(r"[\w.-]+", name)[0].lower() for name in wanted} - pins == set()
    assert not [name for name in pins if re.match("nvidia|cuda|triton", name)]


def test_config_leaves_execution_to_make_pages_and_everything_local():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert config["execute"]["execute_notebooks"] == "off"
    assert config["only_build_toc_files"] is True
    assert config["sphinx"]["config"]["html_math_renderer"] == "mathml"
    assert "sphinx_thebe" not in config["sphinx"]["config"]["extensions"]


def test_contents_list_every_page_once():
    listed = list(chapters(yaml.safe_load((ROOT / "_toc.yml").read_text())))
    made = [*pages.sources(live=True), *pages.committed()]
    written = {path.stem for path in (ROOT / "book").glob("*.md")} | {page.stem for page in made}
    assert sorted(listed) == sorted(f"book/{name}" for name in written)


# Pages against their sources


@pytest.mark.parametrize("page", pages.committed(), ids=lambda page: page.stem)
def test_page_holds_the_cells_of_its_source(page: pages.Page):
    assert pages.is_current(page), f"run make pages: the page is not what notebooks/{page.source.name} says"


@pytest.mark.parametrize("page", pages.committed(), ids=lambda page: page.stem)
def test_cells_that_show_a_figure_are_kept_out_of_the_comparison(page: pages.Page):
    for cell in pages.nbformat.read(page.file, as_version=4).cells:
        if any("<svg" in output.get("data", {}).get("text/html", "") for output in cell.get("outputs", ())):
            assert "nbval-ignore-output" in cell.metadata.get("tags", ()), cell.source


def test_a_page_comes_out_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("SOURCES", "PAGES", "ROOT"):
        monkeypatch.setattr(pages, name, tmp_path)
    source = tmp_path / "99_stable.py"
    source.write_text(STABLE)
    page = pages.Page(source)
    assert "written" in pages.write(page)
    assert pages.is_current(page)
    before = page.file.stat().st_ino
    assert "unchanged" in pages.write(page)
    assert page.file.stat().st_ino != before  # replaced at one stroke: whoever reads it meanwhile has a whole page
    source.write_text(STABLE.replace("width = 3", "width = 4"))
    assert not pages.is_current(page)


STABLE = """# %% [markdown]
# # Title
# %% tags=["parameters"]
width = 3
# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from drop.chapters import figures
fig, ax = plt.subplots(figsize=(width, 2))
ax.plot([1, 2], label="line")
figures.show(fig, "A line", name="line")
print("one", flush=True)
print("two")
"""


def test_no_page_is_left_without_a_source():
    made = [*pages.sources(live=True), *pages.committed()]
    assert {path.stem for path in (ROOT / "book").glob("*.ipynb")} <= {page.stem for page in made}


def test_a_page_does_not_depend_on_how_its_output_was_cut_up():
    def stream(text: str, name: str = "stdout"):
        return pages.nbformat.v4.new_output("stream", text=text, name=name)

    joined = pages.joined([stream("a"), stream("b"), stream("c", "stderr"), stream("d")])
    assert [(output.name, output.text) for output in joined] == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]


def test_a_slim_figure_looks_the_same_in_fewer_bytes():
    random, (fig, ax) = np.random.default_rng(0), plt.subplots()
    ax.plot(*random.random((2, 50)), "o")
    ax.imshow(random.integers(0, 256, (8, 8, 3), np.uint8), extent=(0, 1, 0, 1))
    whole = figures.svg(fig)
    plt.close(fig)
    slim = pages.slim(whole)
    assert len(slim) < 0.8 * len(whole)
    places = [np.array(re.findall(r'<use [^>]*x="([^"]*)" y="([^"]*)"', text), float) for text in (whole, slim)]
    assert len(places[0]) > 50 and np.abs(places[0] - places[1]).max() <= 0.005
    images = [Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]*)", t)[1]))) for t in (whole, slim)]
    assert (images[0].format, images[1].format) == ("PNG", "WEBP")
    assert (np.asarray(images[0].convert("RGBA")) == np.asarray(images[1].convert("RGBA"))).all()
    looks = [BeautifulSoup(text, "html.parser").find_all("use") for text in (whole, slim)]
    before = [use["style"].replace(" ", "") for use in looks[0]]
    assert before == [use.get("style") or use.parent["style"] for use in looks[1]]
    names = [set(re.findall(pattern, slim)) for pattern in (r' id="([^"]+)"', r'#(f[0-9a-f]{8}-\w+)["\)]')]
    assert names[0] == names[1] != set()


@pytest.mark.parametrize(
    ("path", "short"),
    [("M 1 2 L 3.1234 4 L 5 6", "M 1 2 3.12 4 5 6"), ("M 0 1 L 4 1 L 4 3 L 0 3 z ", "M0 1H4V3H0z"),
     ("M 0 0 C 0.265 0 0.5199 0.1 1 1 z", "M 0 0 C 0.27 0 0.52 0.1 1 1 z")],
)  # fmt: skip
def test_a_slim_path_is_the_same_path(path: str, short: str):
    assert pages.slim(f'<path d="{path}" aria-label="r = 0.1234 "/>') == f'<path d="{short}" aria-label="r = 0.1234 "/>'


def test_a_page_with_a_warning_or_a_path_of_this_machine_is_refused():
    cell = pages.nbformat.v4.new_code_cell(outputs=[
        pages.nbformat.v4.new_output("stream", name="stderr", text="UserWarning: look"),
        pages.nbformat.v4.new_output("stream", name="stdout", text=f"saved to {ROOT}/x"),
    ])  # fmt: skip
    first, second = pages.complaints(pages.nbformat.v4.new_notebook(cells=[cell]))
    assert "UserWarning: look" in first and str(ROOT) in second


# The rendered book


def test_builds_clean(book: Path):
    assert (book / "index.html").exists()
    listed = list(chapters(yaml.safe_load((ROOT / "_toc.yml").read_text())))
    assert {f"book/{name.removesuffix('.html')}" for name, _ in soups(book)} == set(listed)


def test_a_broken_reference_fails_the_build(tmp_path: Path):
    (tmp_path / "_config.yml").write_text((ROOT / "_config.yml").read_text())
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    shutil.copytree(ROOT / "book" / "_static", tmp_path / "book" / "_static")
    shutil.copy(ROOT / "book" / "references.bib", tmp_path / "book")
    (tmp_path / "book" / "index.md").write_text("# Title\n\nSee {ref}`nowhere`.\n")
    with pytest.raises(RuntimeError, match="undefined label: 'nowhere'"):
        render.render(tmp_path, tmp_path)


def test_pages_load_nothing_from_the_network(book: Path):
    for name, soup in soups(book):
        loaders = soup.select("script[src], img[src], iframe[src], link[href]")
        loaded = [tag.get("src") or tag.get("href") or "" for tag in loaders]
        assert [url for url in loaded if REMOTE.match(url)] == [], name
        inline = " ".join(tag.string or "" for tag in soup.select("script:not([src]), style"))
        assert not re.search(r"""["'(](https?:)?//\w+\.\w+[^"')]*\.(js|css|woff2?)""", inline), name
    for sheet in (book / "_static").rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


def test_every_figure_says_in_words_what_it_shows(book: Path):
    for name, soup in soups(book):
        for figure in soup.select(".bd-article .drop-figure:has(svg)"):
            assert figure.get("role") == "img" and len(figure.get("aria-label", "")) >= 40, name
        for image in soup.select(".bd-article img"):
            assert len(image.get("alt", "")) >= 40, (name, image["src"])


def test_no_two_figures_share_an_id(book: Path):
    for name, soup in soups(book):
        ids = [tag["id"] for figure in soup.select(".drop-figure") for tag in figure.select("[id]")]
        assert len(ids) == len(set(ids)), name


def test_pages_show_no_traceback_and_no_path_of_this_machine(book: Path):
    for name, soup in soups(book):
        text = soup.select_one(".bd-article").get_text()
        assert "Traceback (most recent" not in text and str(ROOT) not in text, name


# In a browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_in_a_browser(book: Path, browser, theme: str):
    """Nothing is fetched, no script complains, mathematics is set, figures follow the theme, phones scroll one way."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(600_000)
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name, soup in soups(book):
        page.goto((book / "book" / name).as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        assert page.locator(".bd-article .math > math").count() == len(soup.select(".bd-article .math")), name
        grounds = page.evaluate(INK_AND_GROUND)
        assert all(abs(ink - ground) > 120 for ink, ground in grounds), (name, grounds)
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    context.close()


# For every figure: the brightness of its text colour and of the ground it stands on, 0 to 255.
INK_AND_GROUND = """() => [...document.querySelectorAll('.drop-figure')].map(figure => {
  const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number); return (r + g + b) / 3 };
  let ground = figure;
  const fill = element => getComputedStyle(element).backgroundColor;
  while (ground && /rgba\\(.*, 0\\)|transparent/.test(fill(ground))) ground = ground.parentElement;
  return [light(getComputedStyle(figure).color), ground ? light(fill(ground)) : 255];
})"""


def test_every_path_of_a_figure_is_whole():
    """Each command has all the numbers it takes: browsers draw a path up to the first that has not."""
    takes = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6}
    for page in sorted((ROOT / "book").glob("*.ipynb")):
        for path in re.findall(r' d=\\"([MLHVQCz0-9 .-]+)\\"', page.read_text(encoding="utf-8")):
            for command, numbers in re.findall(r"([MLHVQC])([^A-Za-z]*)", path):
                assert len(numbers.split()) % takes[command] == 0, (page.name, command, numbers)
