# Executable companion to "DRoP: Distributionally Robust Data Pruning". `make help` lists what there is.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export MPLBACKEND := agg

help:
	@echo "make book    set up, train the quickstart live, render the book        -> _build/html/index.html"
	@echo "make test    set up, run every test, every notebook and a clean build"
	@echo "make pages   execute the notebooks again and write the committed pages -> book/*.ipynb"
	@echo "make rerun   measure through papermill what has no record yet: SCALE=laptop BENCHMARK=... SEEDS=0-4 JOBS=1 LIST=... DRY=1"
	@echo "make clean   remove what was built (the environment in .venv stays)"
	@echo "PYTHON=python3.12 make book   uses another Python (3.11 or newer) for the environment"

# Needs the network only when requirements.txt or pyproject.toml ask for what is not installed yet.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || { echo "environment: creating .venv"; $(PYTHON) -m venv .venv; }
	@echo "environment: installing the versions in requirements.txt (the first time takes two to three minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY)
	@echo "book: running the quickstart live (real training at smoke scale)"
	@$(BIN)/python -m publish.pages --live
	@echo "book: rendering every page"
	@$(BIN)/python -m publish.render
	@echo "book: done, open $(CURDIR)/_build/html/index.html"

test: $(READY)
	@echo "test: unit tests, notebooks at smoke scale, committed pages executed again, a clean build of the book"
	@$(BIN)/python -m pytest tests book --nbval --nbval-current-env --ignore=book/00_quickstart.ipynb
	@echo "test: done, everything passed"

pages: $(READY)
	@echo "pages: executing the notebooks and writing their pages to book/"
	@$(BIN)/python -m publish.pages
	@echo "pages: done, see git status for what changed"

# Every NAME=VALUE is passed on, so that a misspelt one is an error.
rerun: $(READY)
	@$(BIN)/python -m rerun.batch $(filter-out PYTHON=%,$(MAKEOVERRIDES))

clean:
	@rm -rf _build book/00_quickstart.ipynb
	@echo "clean: removed _build and the quickstart's page"

.PHONY: help book test pages rerun clean
