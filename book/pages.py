"""Write the book's executed pages: notebooks/NN_topic.py → jupytext → papermill → book/NN_topic.ipynb.

    python book/pages.py                        every committed page (what `make pages` runs)
    python book/pages.py 20_prune_by_class      one page
    python book/pages.py --live                 the pages that train when the book is built and are not committed

A page runs with the values in its notebook's parameters cell. What is written depends on the source, the package and
the records alone: times, paths, versions and random cell names are left out, so running this again changes nothing.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "notebooks"
PAGES = ROOT / "book"
LIVE = ("00_quickstart",)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def sources(live: bool | None = None) -> list[Path]:
    """The notebooks in the order of the book; live: only those that run at every build, or only those that do not."""
    found = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    return [path for path in found if live is None or (path.stem in LIVE) == live]


def page_of(source: Path) -> Path:
    return PAGES / f"{source.stem}.ipynb"


def read(source: Path) -> NotebookNode:
    """The notebook of a source as it stands before execution: named cells, the closing note, no volatile metadata."""
    notebook = jupytext.read(source)
    notebook.cells.append(nbformat.v4.new_markdown_cell(closing_note(source, parameters(source))))
    notebook.metadata = NotebookNode(kernelspec=dict(KERNEL), language_info={"name": "python"})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{number:02d}-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
    return notebook


def parameters(source: Path) -> dict[str, str]:
    """The names in the parameters cell and their values as written there; ValueError where there is no such cell."""
    notebook = jupytext.read(source)
    if not any("parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells):
        raise ValueError(f"{source.name} has no cell tagged 'parameters'")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.ipynb"
        notebook.metadata["kernelspec"] = dict(KERNEL)
        nbformat.write(notebook, path)
        return {name: entry["default"] for name, entry in papermill.inspect_notebook(str(path)).items()}


def closing_note(source: Path, values: dict[str, str]) -> str:
    """The last cell of every page: how it was made."""
    given = ", ".join(f"`{name} = {value}`" for name, value in values.items())
    link = f"[notebooks/{source.name}](../notebooks/{source.name})"
    return (
        f"---\n*How this page was made.* Papermill executed {link} with {given}. "
        "[Rerun it](rerun.md) with values of your own."
    )


def execute(source: Path, values: dict[str, Any]) -> NotebookNode:
    """Run a notebook through papermill in the folder of the pages; the first error in a cell is raised."""
    return papermill.execute_notebook(
        read(source),
        None,
        parameters=values,
        cwd=str(PAGES),
        progress_bar=False,
        kernel_name=KERNEL["name"],
        language="python",
        extra_arguments=["--IPKernelApp.log_level=50"],  # no lines about its own sockets and signals
    )


def stable(notebook: NotebookNode) -> NotebookNode:
    """The executed notebook without what changes from run to run: times, paths, how output was cut in pieces."""
    notebook.metadata = NotebookNode(kernelspec=dict(KERNEL), language_info={"name": "python"})
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    return notebook


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
    places = [place for place in (str(ROOT), f"{Path.home()}/") if place in json.dumps(outputs)]
    return [f"a cell wrote to stderr: {text}" for text in said] + [
        f"an output holds the path {place}" for place in places
    ]


def is_current(source: Path) -> bool:
    """Whether the page holds exactly the cells of its source (what they put out is compared by executing them)."""
    if not page_of(source).exists():
        return False
    page = nbformat.read(page_of(source), as_version=4)
    return [_face(cell) for cell in page.cells] == [_face(cell) for cell in read(source).cells]


def _face(cell: NotebookNode) -> tuple[str, str, str, tuple[str, ...]]:
    return cell.id, cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ()))


def write(source: Path) -> str:
    """Make one page and say what happened; RuntimeError for a page that is not fit to be committed."""
    begun = time.perf_counter()
    notebook = stable(execute(source, {}))
    if problems := complaints(notebook):
        raise RuntimeError(f"{source.name}: " + "; ".join(problems))
    target = page_of(source)
    text = nbformat.writes(notebook) + "\n"
    fresh = not target.exists() or target.read_text(encoding="utf-8") != text
    target.write_text(text, encoding="utf-8")
    return f"{target.relative_to(ROOT)}: {'written' if fresh else 'unchanged'} ({time.perf_counter() - begun:.0f} s)"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Write the book's executed pages.")
    parser.add_argument("names", nargs="*", metavar="NN_topic", help="notebooks to run; none: every committed page")
    parser.add_argument("--live", action="store_true", help="run the notebooks whose pages are not committed")
    options = parser.parse_args(arguments)
    chosen = sources(live=options.live)
    if not options.live:  # the last digits of a sum depend on the number of threads
        os.environ["OMP_NUM_THREADS"] = "1"
    if options.names:
        known = {path.stem: path for path in sources()}
        if unknown := [name for name in options.names if name not in known]:
            parser.error(f"no notebook called {', '.join(unknown)}; there are {', '.join(known)}")
        chosen = [known[name] for name in options.names]
    for source in chosen:
        print(f"  {source.stem} ...", flush=True)
        try:
            print(f"  {write(source)}", flush=True)
        except (papermill.PapermillExecutionError, RuntimeError) as problem:
            print(f"  {source.name} failed: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    sys.exit(main(sys.argv[1:]))
