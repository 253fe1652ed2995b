# Executable companion to "DRoP: Distributionally Robust Data Pruning". `make help` lists what there is.
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/ready
export MPLBACKEND := agg
# What is given as NAME=VALUE reaches programs through the environment, as it was typed: no shell reads it.
export MAKE_SETTINGS := $(strip $(foreach name,$(.VARIABLES),$(if $(findstring command,$(origin $(name))),$(name))))
$(foreach name,$(MAKE_SETTINGS),$(eval override $(name) := $$(value $(name)))$(eval export $(name)))
export PYTHON
export HERE := $(CURDIR)

help:
	@echo "make book    set up, train the quickstart live, render the book        -> _build/html/index.html"
	@echo "make check   set up, then within half a minute: ruff, mypy, the examples in docstrings, the house's own rules"
	@echo "make test    make check, then most tests, every page again and a clean build"
	@echo "make test-full   make test, then what takes too long for it, such as every notebook at smoke scale"
	@echo "make pages   execute the notebooks again and write the committed pages -> book/*.ipynb"
	@echo "make pdf     print the rendered book into one file                     -> _build/drop.pdf (needs chromium)"
	@echo "make rerun   measure through papermill what has no record yet: SCALE=laptop BENCHMARK=... SEEDS=0-4 JOBS=1 LIST=... DRY=1"
	@echo "make clean   remove what was built (the environment in .venv stays)"
	@echo "PYTHON=python3.12 make book   uses another Python (3.11 or newer) for the environment"

# Needs the network only when requirements.txt or pyproject.toml ask for what is not installed yet, or when the checkout
# was moved: an environment holds the path where it was made.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): requirements.txt pyproject.toml
	@"$$PYTHON" -c 'import os, sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; " + os.environ["PYTHON"] + " is " + sys.version.split()[0])'
	@if test -e $@ && test "$$(cat $@)" != "$$HERE"; then echo "environment: made at $$(cat $@), so it is made again here"; rm -rf .venv; fi
	@test -x $(PY) || { echo "environment: creating .venv"; "$$PYTHON" -m venv .venv; }
	@echo "environment: installing the versions in requirements.txt (the first time takes two to three minutes)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@printf %s "$$HERE" > $@

book: $(READY)
	@echo "book: running the quickstart live (real training at smoke scale)"
	@$(PY) -m publish.pages --live
	@echo "book: rendering every page"
	@$(PY) -m publish.render
	@echo "book: done, open $$HERE/_build/html/index.html"

check: $(READY)
	@echo "check: lint, format, types, examples, imports and budgets"
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy --no-error-summary
	@$(PY) -m pytest --quiet --quiet tests/test_house.py tests/test_doc_examples.py
	@echo "check: done"

test: check
	@echo "test: unit tests, some notebooks at smoke scale, committed pages executed again, a clean build of the book"
	@$(PY) -m pytest --numprocesses auto tests book --nbval --nbval-current-env --ignore=book/00_quickstart.ipynb
	@echo "test: done, everything passed"

test-full: test
	@echo "test-full: what takes too long for make test"
	@$(PY) -m pytest --numprocesses auto -m full tests
	@echo "test-full: done, everything passed"

pages: $(READY)
	@echo "pages: executing the notebooks and writing their pages to book/"
	@$(PY) -m publish.pages
	@echo "pages: done, see git status for what changed"

pdf: book
	@echo "pdf: printing the rendered book"
	@$(PY) -m publish.pdf

# Every NAME=VALUE is a setting, so that a misspelt one is an error.
rerun: $(READY)
	@$(PY) -m rerun.batch --make

clean:
	@rm -rf _build book/00_quickstart.ipynb
	@echo "clean: removed _build and the quickstart's page"

.PHONY: help book check test test-full pages pdf rerun clean
