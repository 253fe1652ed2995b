"""Write the book's executed pages: notebooks/NN_topic.py → jupytext → papermill → book/NN_topic.ipynb.

    python -m publish.pages                        every committed page (what `make pages` runs)
    python -m publish.pages 20_prune_by_class      one page
    python -m publish.pages --live                 the pages that train when the book is built and are not committed

A page runs with the values in its notebook's parameters cell. What is written depends on the source, the package and
the records alone: times, paths, versions and random cell names are left out, so running this again changes nothing.
"""

import argparse
import ast
import base64
import hashlib
import io
import json
import os
import re
import sys
import time
import tokenize
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
import papermill
from nbformat import NotebookNode
from PIL import Image

from drop import places
from drop.experiments import records
from publish import kernels
from publish.kernels import KERNEL

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "notebooks"
PAGES = ROOT / "book"
LIVE = ("00_quickstart",)


def sources(live: bool | None = None) -> list[Path]:
    """The notebooks in the order of the book; live: only those that run at every build, or only those that do not."""
    found = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    return [path for path in found if live is None or (path.stem in LIVE) == live]


class Page(NamedTuple):
    """A page of the book, by the notebook that makes it."""

    source: Path

    @property
    def stem(self) -> str:
        return self.source.stem

    @property
    def file(self) -> Path:
        return PAGES / f"{self.stem}.ipynb"


def committed() -> list[Page]:
    """Every page that is part of the repository, in the order of their numbers."""
    return [Page(path) for path in sources(live=False)]


def read(page: Page) -> NotebookNode:
    """The notebook of a page as it stands before execution: named cells, the closing note, no volatile metadata."""
    notebook, given = jupytext.read(page.source), parameters(page.source)
    notebook.cells.append(nbformat.v4.new_markdown_cell(closing_note(page.source, given)))
    notebook.metadata = NotebookNode(kernelspec=dict(KERNEL), language_info={"name": "python"})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{number:02d}-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
    return notebook


def parameters(source: Path) -> dict[str, str]:
    """The names that the parameters cell gives values to, and the values as written there.

    ValueError where there is no such cell, or where it is not Python.
    """
    cells = [cell for cell in jupytext.read(source).cells if "parameters" in cell.metadata.get("tags", ())]
    if not cells:
        raise ValueError(f"{source.name} has no cell tagged 'parameters'")
    text = cells[0].source
    try:
        found = [(node, ast.get_source_segment(text, node.value)) for node in ast.parse(text).body if _gives(node)]
    except SyntaxError as error:
        raise ValueError(f"{source.name}: its parameters cell is not Python ({error})") from None
    return {name.id: value for node, value in found for name in getattr(node, "targets", None) or [node.target]}


def _gives(node: ast.stmt) -> bool:
    """Whether a statement gives plain names a value: a = 1, a = b = 1 or a: int = 1."""
    names = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    given = isinstance(node, ast.Assign) or (isinstance(node, ast.AnnAssign) and node.value is not None)
    return given and all(isinstance(name, ast.Name) for name in names)


def _line(value: str) -> str:
    """A value as written, without line ends and comments."""
    lines = value.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(value).readline) if len(lines) > 1 else ():
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    return "".join(line.strip() for line in lines)


def closing_note(source: Path, values: dict[str, str]) -> str:
    """The last cell of every page: how it was made."""
    spaced = {name: re.sub(r",(?=[^\s\]])", ", ", _line(value)).replace(",]", "]") for name, value in values.items()}
    given = ", ".join(f"`{name} = {value}`" for name, value in spaced.items())
    link = f"[notebooks/{source.name}](../notebooks/{source.name})"
    return (
        f"---\n*How this page was made.* Papermill executed {link} with {given}. "
        "[Rerun it](rerun.md) with values of your own."
    )


def execute(page: Page, values: dict[str, Any]) -> NotebookNode:
    """Run a page's notebook through papermill in the folder of the pages; the first error in a cell is raised."""
    return kernels.run(read(page), None, values, PAGES)


def stable(notebook: NotebookNode) -> NotebookNode:
    """The executed notebook without what changes from run to run: times, paths, how output was cut in pieces.

    Its figures are made a fifth smaller (`slim`).
    """
    notebook.metadata = NotebookNode(kernelspec=dict(KERNEL), language_info={"name": "python"})
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
        for output in cell.get("outputs", ()):
            if html := output.get("data", {}).get("text/html"):
                output.data["text/html"] = slim(html)
    return notebook


def slim(figure: str) -> str:
    """A figure that looks the same in fewer bytes: hundredths of a point, short paths, looks and names, one look for a
    group of markers, no empty or single-child groups, WebP."""
    figure = re.sub(r"data:image/png;base64,([^\"]*)", _as_webp, figure)
    figure = re.sub(r' (d|x|y|style|transform|viewBox)="([^"]*)"', _short, figure)
    figure = re.sub(r"<g>\s*(<(?:text|path)\b[^>]*(?:/>|>[^<]*</text>))\s*</g>", r"\1", figure.replace("<g/> ", ""))
    for svg in re.findall(r"<svg.*?</svg>", figure, flags=re.S):
        names = dict.fromkeys(re.findall(r'id="(f[0-9a-f]{8}-\w+)"', svg))
        short = {name: f"{name.partition('-')[0]}-{i}" for i, name in enumerate(names)}
        figure = figure.replace(svg, re.sub(r"f[0-9a-f]{8}-\w+", lambda found: short.get(found[0], found[0]), svg))  # noqa: B023
    return re.sub(r"<g([^>]*)>((?:\s*<use [^>]*>)+\s*)</g>", _with_one_look, figure)


def _short(attribute: re.Match) -> str:
    name, value = attribute[1], re.sub(r"(?<=[\s(\"])-?\d+\.\d{3,}(?=[\s,)\"]|$)", _hundredths, attribute[2])
    if name == "style":
        value = value.replace(": ", ":").replace("; ", ";")
    if name == "d":  # a box by its corners; lines without their letters
        value = re.sub(r"M (\S+) (\S+) L (\S+) \2 L \3 (\S+) L \1 \4 z", r"M\1 \2H\3V\4H\1z", value.strip())
        value = value if re.search("[QCSTA]", value) else value.replace(" L ", " ")  # a move or a line goes on as lines
    return f' {name}="{value}"'


def _hundredths(number: re.Match) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _with_one_look(markers: re.Match) -> str:
    looks = set(re.findall(r' style="[^"]*"', markers[2]))
    bare = re.sub(r' style="[^"]*"', "", markers[2])
    return f"<g{markers[1]}{looks.pop()}>{bare}</g>" if len(looks) == 1 else markers[0]


def _as_webp(png: re.Match) -> str:
    """Without loss, but for photographs that need less than half of that at a quality of 90."""
    image, ways = Image.open(io.BytesIO(base64.b64decode(png[1]))), []
    for way in ({"lossless": True, "quality": 100}, {"quality": 90, "method": 6}):
        content = io.BytesIO()
        image.save(content, "webp", **way)
        ways.append(content.getvalue())
    exact, small = ways
    return "data:image/webp;base64," + base64.b64encode(small if 2 * len(small) < len(exact) else exact).decode()


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs with consecutive pieces of one stream put together."""
    result: list[NotebookNode] = []
    for output in outputs:
        if result and output.output_type == "stream" == result[-1].output_type and output.name == result[-1].name:
            result[-1].text += output.text
        else:
            result.append(output)
    return result


def complaints(notebook: NotebookNode) -> list[str]:
    """What must not stand on a page: warnings and paths of the machine that made it."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    said = [output.text.strip()[:300] for output in outputs if output.get("name") == "stderr"]
    own = [str(ROOT), *([f"{home}/"] if (home := os.path.expanduser("~")) not in ("~", "/") else [])]
    said += ["(a figure that stayed open)" for output in outputs if "image/png" in output.get("data", {})]
    return [f"a cell wrote to stderr or drew by itself: {text}" for text in said] + [
        f"an output holds the path {place}" for place in own if place in json.dumps(outputs)
    ]


def broken(notebook: NotebookNode) -> list[str]:
    """The sentences of a page that its records or parameters contradict (drop.chapters.prose)."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [sentence for output in outputs for sentence in output.get("metadata", {}).get("broken", ())]


def is_current(page: Page) -> bool:
    """Whether the page holds exactly the cells of its source (what they put out is compared by executing them)."""
    if not page.file.exists():
        return False
    written = nbformat.read(page.file, as_version=4)
    return [_face(cell) for cell in written.cells] == [_face(cell) for cell in read(page).cells]


def _face(cell: NotebookNode) -> tuple[str, str, str, tuple[str, ...]]:
    return cell.id, cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ()))


def write(page: Page) -> str:
    """Make one page and say what happened; RuntimeError for a page that is not fit to be committed."""
    begun = time.perf_counter()
    notebook = stable(execute(page, {}))
    if problems := complaints(notebook):
        raise RuntimeError(f"{page.stem}: " + "; ".join(problems))
    target = page.file
    text = nbformat.writes(notebook) + "\n"
    fresh = not target.exists() or target.read_text(encoding="utf-8") != text
    records.write(target, text)
    return f"{target.relative_to(ROOT)}: {'written' if fresh else 'unchanged'} ({time.perf_counter() - begun:.0f} s)"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Write the book's executed pages.")
    parser.add_argument("names", nargs="*", metavar="NN_topic", help="notebooks to run; none: every committed page")
    parser.add_argument("--live", action="store_true", help="run the notebooks whose pages are not committed")
    options = parser.parse_args(arguments)
    places.settle()
    live = [Page(path) for path in sources(live=True)]
    chosen = live if options.live else committed()
    if not options.live:  # the last digits of a sum depend on the number of threads
        os.environ["OMP_NUM_THREADS"] = "1"
    if options.names:
        known = {page.stem: page for page in [*live, *committed()]}
        if unknown := [name for name in options.names if name not in known]:
            parser.error(f"no page called {', '.join(unknown)}; there are {', '.join(known)}")
        chosen = [known[name] for name in options.names]
    said = []
    for page in chosen:
        print(f"  {page.stem} ...", flush=True)
        try:
            print(f"  {write(page)}", flush=True)
        except (papermill.PapermillExecutionError, RuntimeError, OSError) as problem:
            print(f"  {page.stem} failed: {problem}", file=sys.stderr)
            return 1
        said += [f"{page.stem}: {sentence}" for sentence in broken(nbformat.read(page.file, as_version=4))]
    if said:
        print("  Sentences that the records contradict:", *said, sep="\n  - ", file=sys.stderr)
    return bool(said)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    sys.exit(main(sys.argv[1:]))
