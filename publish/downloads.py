"""What readers take home of a page: the executed notebook, a blank one, Markdown; values stand where they were pasted.

In the sources a sentence refers to a value by name, {glue:text}`name`; outside the book nothing would put it in.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

GLUE = re.compile(r"\{glue:(?:text|md)?\}`(?:(?P<page>[\w.-]+)::)?(?P<name>[^:`]+)(?::[^`]*)?`")
ROLE = re.compile(r"\{(?:term|ref|doc|cite:?[a-z]*|eq)\}`(?:([^`<]+?)\s*<[^`>]+>|([^`<]+))`")
INSTALL = '%pip install --quiet "drop-companion[chapters] @ git+{}"  # once, where the package is not installed'


def values(notebook: NotebookNode) -> dict[str, str]:
    """The named values of an executed notebook, as plain text."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if name:
                found[name] = output.data.get("text/plain", "").strip().strip("'")
    return found


def with_values(text: str, own: dict[str, str], others: dict[str, dict[str, str]]) -> str:
    """Markdown with the pasted values put in and the book's roles as words; KeyError for a name that no page gives."""

    def value(found: re.Match) -> str:
        page = found["page"]
        given = own if page is None else others[Path(page).stem]
        return given[found["name"]]

    return ROLE.sub(lambda found: found[1] or found[2], GLUE.sub(value, text))


def executed(notebook: NotebookNode, others: dict[str, dict[str, str]]) -> NotebookNode:
    """The notebook as it can be read anywhere."""
    made, own = copy.deepcopy(notebook), values(notebook)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = with_values(cell.source, own, others)
    return made


def blank(notebook: NotebookNode, repository: str = "") -> NotebookNode:
    """The same without outputs, ready to be run; with a repository its first cell installs the package."""
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if repository:
        made.cells.insert(0, nbformat.v4.new_code_cell(INSTALL.format(repository), id="install"))
    return made


def markdown(notebook: NotebookNode) -> str:
    """Prose, figures' captions and tables as text, without code."""
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            text = data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
            named = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if text.strip() and not (named and "text/html" not in data):
                parts.append(text.strip() if "text/markdown" in data else f"```\n{text.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def write(sources: list[Path], folder: Path, repository: str = "") -> list[Path]:
    """Write the three forms of every executed notebook into a folder and return the files."""
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in sources}
    given = {stem: values(notebook) for stem, notebook in notebooks.items()}
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for stem, notebook in notebooks.items():
        filled = executed(notebook, given)
        forms = {
            f"{stem}.ipynb": nbformat.writes(filled), f"{stem}-blank.ipynb": nbformat.writes(blank(filled, repository)),
            f"{stem}.md": markdown(filled),
        }  # fmt: skip
        for name, text in forms.items():
            (folder / name).write_text(text, encoding="utf-8")
            made.append(folder / name)
    return made
