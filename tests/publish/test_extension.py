"""Mathematics, numbered figures, downloads: what the build adds to the pages."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from publish import downloads, pages, preview
from publish.extension import description
from publish.layout import laid_out, number_figures
from publish.mathml import mathml

v4 = nbformat.v4


def test_a_sign_after_a_relation_is_a_prefix_and_functions_are_words():
    assert '<mo form="prefix">' in mathml("t = -\\infty") and '<mo form="prefix">' not in mathml("a - b")
    assert "<mi>max</mi>" in mathml("\\max(a, b)")
    assert "prefix" not in mathml("F(t) - F(s)") and "prefix" not in mathml("\\big[a\\big] - b")


def test_the_source_of_a_formula_stands_in_its_alternative_text():
    made = BeautifulSoup(mathml('a < "b"'), "html.parser").math
    assert made["alttext"] == 'a < "b"'


@pytest.mark.parametrize("latex", ["\\nonsense", "a + \\unknown_k"])
def test_what_cannot_be_set_fails_the_build_and_names_the_formula(latex):
    with pytest.raises(ValueError, match="no MathML for"):
        mathml(latex)


def test_figures_are_numbered_in_order_with_the_number_of_their_page():
    body = '<figure class="drop-figure-box"><div></div><figcaption>One.</figcaption></figure>' * 2
    found = BeautifulSoup(number_figures(body, "30_bias_audit"), "html.parser").find_all("figure")
    assert [figure["id"] for figure in found] == ["figure-30-1", "figure-30-2"]
    assert found[1].figcaption.get_text() == "Figure 30.2. One."


def test_a_formula_keeps_the_sign_after_it():
    made = laid_out('so <span class="math"><math><mi>x</mi></math></span>, <span class="math"><math/></span> y', "page")
    assert BeautifulSoup(made, "html.parser").select_one(".whole").get_text() == "x,"


def test_a_folded_table_says_what_it_is_about():
    made = laid_out("<details><summary>Table (9 rows)</summary><p>Risks (%). More.</p></details>", "page")
    assert BeautifulSoup(made, "html.parser").summary.get_text() == "Table (9 rows): Risks (%)"


def test_long_names_of_rows_may_break():
    rows = f'<th scope="row">short</th><th scope="row">{"word " * 12}</th>'
    assert laid_out(rows, "page").count('class="long"') == 1


def test_a_number_with_its_second_one_in_brackets_stays_whole():
    assert laid_out("<td>k-center 73 (86) %</td><td>2 (of 3)</td>", "page") == (
        "<td>k-center 73\u00a0(86)\u00a0%</td><td>2 (of 3)</td>"
    )


EXECUTED = """<p>At 30 % of it</p>
<div class="cell tag_parameters tag_hide-input"><details class="hide"><summary>Code</summary><div class="cell_input">
<div class="highlight-python"><div class="highlight"><pre>density = 30 % 7</pre></div>
</div></div></details></div>
<p>Text.</p>{box}<hr class="docutils" />
<p><em>How this page was made.</em> Papermill executed <a href="x.py">x.py</a> with <code>1</code>.
<a href="rerun.html">Rerun it</a> with values of your own.</p>"""


@pytest.mark.parametrize(
    "box", ["", '<details class="drop-made"><summary>How this was made</summary><p>So.</p></details>']
)
def test_parameters_and_the_closing_note_stand_in_one_box_at_the_end(box):
    made = BeautifulSoup(laid_out(EXECUTED.replace("{box}", box), "30_x"), "html.parser")
    (fold,) = made.select("details")
    assert fold.find_previous("p").get_text() == "Text." and "How this page was made" not in made.get_text()
    assert fold.pre.get_text() == "density = 30 % 7"  # code keeps its spaces
    assert [link.get_text() for link in fold.select("a")] == ["x.py", "rerun it"]
    assert made.p.get_text() == "At 30\u00a0% of it"


def test_the_picture_of_a_link_has_the_size_that_previews_ask_for(tmp_path):
    preview.write(tmp_path / preview.NAME)
    with Image.open(tmp_path / preview.NAME) as picture:
        assert picture.size == (1200, 630)


def test_a_description_is_the_first_paragraph_cut_at_a_word():
    assert description("<p>short</p><p>" + "word " * 100 + "</p>").endswith("word …")


@pytest.fixture
def notebook():
    shown = v4.new_output("display_data", {"text/plain": "+3.1 points"}, metadata={"scrapbook": {"name": "gain"}})
    figure = v4.new_output("display_data", {"text/html": "<figure>", "text/plain": "A figure."})
    cells = [
        v4.new_markdown_cell("DRoP gains {glue:text}`gain` over {term}`random <pruner>`, see {cite:t}`paul2021diet`."),
        v4.new_code_cell("1 + 1", outputs=[shown, figure], execution_count=1),
    ]
    return v4.new_notebook(cells=cells)


def test_pasted_values_stand_as_values_in_every_download(notebook):
    filled = downloads.executed(notebook, {})
    assert filled.cells[0].source == "DRoP gains +3.1 points over random, see paul2021diet."
    text = downloads.markdown(filled)
    assert "+3.1 points over random" in text and "A figure." in text and "1 + 1" not in text
    assert downloads.with_values("{glue:text}`20_x.ipynb::gain:s`", {}, {"20_x": {"gain": "4"}}) == "4"
    with pytest.raises(KeyError):
        downloads.with_values("{glue:text}`missing`", {}, {})


def test_a_blank_notebook_has_no_outputs_and_installs_the_package_where_the_repository_is_known(notebook):
    assert all(not cell.get("outputs") for cell in downloads.blank(notebook).cells)
    made = downloads.blank(notebook, "https://example.org/drop")
    assert "%pip install" in made.cells[0].source and "https://example.org/drop" in made.cells[0].source


def test_no_download_of_the_book_holds_a_pasted_name(tmp_path):
    made = downloads.write([page.file for page in pages.committed()], tmp_path)
    assert len(made) == 3 * len(pages.committed())
    for path in made:
        assert "{glue" not in path.read_text(encoding="utf-8"), path.name
