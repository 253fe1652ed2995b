"""What several test files share: the order and the cores they run on, the live pages, one clean build of the book."""

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests of a file stay on one core, as a notebook's cells must; these are long and share nothing with their neighbours.
ALONE = (
    "tests/publish/test_notebooks.py::test_runs_at_smoke_scale",
    "tests/publish/test_book.py::test_pages_in_a_browser",
    "tests/publish/test_browser.py::test_no_page_has_a_serious_barrier",
    "tests/rerun/test_batch.py::test_killing",
    "tests/rerun/test_remote.py::test_a_round_trip",
    "tests/experiments/test_runs.py::test_a_killed_sweep",
)
# What builds the book comes first, then what is long, so that no core stands idle at the end; all others follow.
ORDER = ("tests/publish/test_book.py::test_b", "tests/rerun", "tests/experiments", "book", "tests/publish")
PATIENCE = 600  # seconds: a slow machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
COMPLETE = importlib.util.find_spec("papermill") is not None  # else only the tests of drop/ can run
BOOK = ["publish", "rerun", "chapters/test_prose.py", "test_house.py", "test_setups.py", "test_speed.py"]
collect_ignore = [] if COMPLETE else BOOK


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    from drop.experiments import machine

    return machine.workers()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(ALONE) else nodeid.split("::")[0]

    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if hasattr(item, "output_timeout"):  # seconds that nbval gives a cell to say what it computed
            item.output_timeout = PATIENCE
    items.sort(key=lambda item: next((i for i, start in enumerate(ORDER) if item.nodeid.startswith(start)), len(ORDER)))


def pytest_configure(config: pytest.Config) -> None:
    """Kernels start as the book's do, and every process keeps to one core where several share the tests."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    if hasattr(config.option, "nbval_kernel_startup_timeout"):
        config.option.nbval_kernel_startup_timeout = PATIENCE
    if COMPLETE:
        from publish import kernels

        held = contextlib.ExitStack()
        held.enter_context(kernels.surroundings())
        config.add_cleanup(held.close)


@contextlib.contextmanager
def once(folder: Path, name: str) -> Iterator[bool]:
    """Whether something is still to be made, for one process at a time; it counts as made when nothing was raised."""
    from filelock import FileLock

    with FileLock(folder / f"{name}.lock"):
        made = folder / f"{name}.made"
        yield not made.exists()
        made.touch()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests, the same for all its processes."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="session")
def live_pages(shared: Path) -> list[Path]:
    """The pages that train when the book is built, executed now into a store of their own."""
    from publish import pages

    live = [pages.Page(source) for source in pages.sources(live=True)]
    with once(shared, "live-pages") as needed, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROP_RECORDS", str(shared / "live-records"))
        for page in live if needed else ():
            pages.write(page)
    return [page.file for page in live]


@pytest.fixture(scope="session")
def book(live_pages: list[Path], shared: Path) -> Path:
    """The folder of the rendered book, from a clean build with warnings as errors."""
    from publish import render

    with once(shared, "book") as needed:
        if needed:
            render.render(shared / "book")
    return shared / "book" / "_build" / "html"
