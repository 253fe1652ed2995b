"""The wheel alone: small, whole, useful with NumPy only, and enough for every downloaded page, in any folder."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from publish import downloads, pages

ROOT = pages.ROOT
MOST = 15 * 2**20  # bytes
RUN = """
import sys, nbclient, nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default
class Here(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _(self):
        return KernelSpecManager(kernel_dirs=[])
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=None, kernel_manager_class=Here).execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "drop", copy / "drop", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", out, copy], check=True, capture_output=True, text=True)
    [made] = out.glob("*.whl")
    return made


def environment(folder: Path, wheel: Path) -> tuple[Path, Path]:
    """The Python and the packages' folder of a new environment with the wheel and nothing else."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip())
    zipfile.ZipFile(wheel).extractall(packages)
    return python, packages


def brought(names: Iterable[str]) -> set[str]:
    """What these distributions and all that they depend on put into the packages' folder."""
    found, waiting = set(), list(names)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            needs = [Requirement(line) for line in metadata.requires(name) or []]
            waiting += [each.name for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})]
    files = [file for name in found for file in metadata.files(name)]
    return {file.parts[0] for file in files} - {"..", "__pycache__"}


@pytest.fixture(scope="session")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with what the wheel depends on, and no extra."""
    python, packages = environment(tmp_path_factory.mktemp("plain"), wheel)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in brought(Requirement(line).name for line in project["dependencies"]):
        (packages / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    return python


@pytest.fixture(scope="session")
def whole(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and every third party's package, but nothing of this checkout."""
    python, packages = environment(tmp_path_factory.mktemp("whole"), wheel)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))  # whose own .pth files are not read
    return python


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run that Python in a folder, with no trace of this checkout in its surroundings."""
    home = {"HOME": str(folder), "DROP_RECORDS": str(folder / "records"), "OMP_NUM_THREADS": "1"}
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return subprocess.run([python, *arguments], cwd=folder, env=kept | home, capture_output=True, text=True)


def test_the_wheel_is_small_and_brings_what_pages_read(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.stat().st_size <= MOST
    needed = ["drop/py.typed", "drop/chapters/claims.yml", "drop/data/fashion-mnist-mini.npz.xz",
              "drop/measured/released/manifest.json", "drop/measured/query_times.json"]  # fmt: skip
    assert set(needed) <= set(names)
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files", "drop"], capture_output=True, text=True).stdout.split()
    assert [name for name in tracked if name not in names] == []
    assert {name.split("/")[0] for name in names} == {"drop", next(n for n in names if "METADATA" in n).split("/")[0]}


def test_without_extras_it_prunes_and_reads_what_was_released(plain: Path, tmp_path: Path):
    code = "import drop; print(drop.prune(['a'] * 6 + ['b'] * 6, {'a': (9, 10), 'b': (5, 10)}, 0.5).size)\n"
    code += "print(drop.released.load('cifar10', 'laptop').kept('random+drop', 0.1).size)"
    done = run(plain, tmp_path, "-c", code)
    assert done.stdout.split() == ["6", "5000"], done.stderr
    done = run(plain, tmp_path, "-m", "drop", "--version")
    assert done.stdout.startswith("drop-companion"), done.stderr
    assert "fashion-mnist" in run(plain, tmp_path, "-m", "drop", "table").stdout


@pytest.mark.parametrize("wanted, package, extra", [
    ("drop.mixture", "scipy", "chapters"),
    ("drop.chapters.figures", "matplotlib", "chapters"),
    ("drop.experiments.runs", "torch", "experiments"),
])  # fmt: skip
def test_a_missing_extra_is_one_sentence_with_its_command(plain: Path, tmp_path: Path, wanted, package, extra):
    said = run(plain, tmp_path, "-c", f"import {wanted}").stderr.strip().splitlines()[-1]
    assert f"needs {package}, which is not installed; it comes with the extra '{extra}'" in said
    assert f'pip install "drop-companion[{extra}]"' in said


def test_training_without_its_extra_is_one_line(plain: Path, tmp_path: Path):
    done = run(plain, tmp_path, "-m", "drop", "run", "fashion-mnist", "smoke", "--pruners", "random")
    assert done.returncode == 2 and "drop-companion[experiments]" in done.stderr and "Traceback" not in done.stderr


def test_nothing_is_packed_into_an_installed_package(plain: Path, tmp_path: Path):
    done = run(plain, tmp_path, "-m", "drop", "pack")
    assert done.returncode == 2 and "belongs to an installed package" in done.stderr


def test_the_surroundings_hold_nothing_of_this_checkout(whole: Path, tmp_path: Path):
    code = "import drop, importlib.util as u; print(drop.__file__, u.find_spec('publish'), u.find_spec('rerun'))"
    found = run(whole, tmp_path, "-c", code).stdout.split()
    assert str(ROOT) not in found[0] and found[1:] == ["None", "None"]


def shown(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """What each cell says: text and tables, without figures, which show nothing else, and targets of links."""
    said = []
    for cell in pages.stable(notebook).cells:
        said.append([])
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            text = (
                data.get("text/html") or data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
            )
            bare = re.sub(r"<svg.*?</svg>|base64,[^\"]*", "", text, flags=re.S)
            said[-1].append(re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", bare))
    return said


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", pages.committed(), ids=lambda page: page.stem)
def test_a_downloaded_page_shows_the_same_anywhere(page: pages.Page, whole: Path, tmp_path: Path):
    made = nbformat.read(page.file, as_version=4)
    nbformat.write(downloads.blank(made), tmp_path / "page.ipynb")
    done = run(whole, tmp_path, "-c", RUN, "page.ipynb", "done.ipynb")
    assert done.returncode == 0, done.stderr[-3000:]
    again = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    assert shown(again) == shown(made)
