"""What several test files share: the live pages and one clean build of the book."""

from pathlib import Path

import pytest

from publish import pages, render


@pytest.fixture(scope="session")
def live_pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The pages that train when the book is built, executed now into a store of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROP_RECORDS", str(tmp_path_factory.mktemp("records")))
        live = [pages.Page(source) for source in pages.sources(live=True)]
        for page in live:
            pages.write(page)
    return [page.file for page in live]


@pytest.fixture(scope="session")
def book(live_pages: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the rendered book, from a clean build with warnings as errors."""
    return render.render(tmp_path_factory.mktemp("book")).parent
