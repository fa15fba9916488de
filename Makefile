# The commands of the project. Needs Python 3.11 or newer, pip and make; everything else is installed into .venv.
#
#   make demo        install what the demonstration needs, then run it
#   make test        lint, types and the tests
#   make test-all    the same, and the long randomised loops
#   make postgres    the tests of what is stored, on a PostgreSQL server that is there for them alone
#   make base-check  import every torch-free module in a second environment that has the base dependencies only
#   make site        the documentation as a site, in site/
#   make lint | types | docs | clean
#
# Another interpreter: make test PYTHON=python3.12. More parallel tests: make test WORKERS=8.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BASE_VENV := .venv-base
BIN := $(VENV)/bin
# Parallel processes with spinning OpenMP threads slow each other down by a large factor.
QUIET_THREADS := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
INPUTS := pyproject.toml constraints.txt

.PHONY: demo test test-all tests loops postgres lint types docs site base-check install install-dev clean help

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

demo: install
	$(BIN)/addenda demo

test: lint types tests

test-all: test loops

tests: install-dev
	$(QUIET_THREADS) $(BIN)/python -m pytest -n $(WORKERS) -m "not loop"

loops: install-dev
	$(QUIET_THREADS) $(BIN)/python -m pytest -m loop

postgres: install-dev
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[postgres]'
	.ci/postgres $(BIN)/python -m pytest -q -m "not loop" tests/test_database.py tests/ledger tests/memories/triples/test_triples_postgres.py tests/knowledge_base/test_kb_postgres.py

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev
	$(BIN)/pyright

docs: install-dev
	$(BIN)/python -c "from pathlib import Path; from addenda.settings import settings_markdown; \
	Path('docs/settings.md').write_text(settings_markdown(), encoding='utf-8')"
	$(BIN)/python -m addenda.surfaces.cli.reference > docs/cli.md
	$(BIN)/python -m tools.readme

site: install
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	$(BIN)/mkdocs build --quiet --site-dir site

# The package is copied, not linked, so that what is checked is what a user would install, package data included.
# build/ is removed first because a deleted module would be installed again from there.
base-check: $(BASE_VENV)/.installed
	rm -rf build
	$(BASE_VENV)/bin/python -m pip install --quiet --force-reinstall --no-deps .
	$(BASE_VENV)/bin/python -I .ci/base_check.py --installed

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "No '$(PYTHON)' was found. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.made $(INPUTS)
	$(BIN)/python -m pip install -c constraints.txt -e '.[local,plots,server]'
	@$(BIN)/python .ci/warn_cuda.py
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made $(INPUTS)
	$(BIN)/python -m pip install -c constraints.txt -e '.[local,plots,server,dev]'
	@$(BIN)/python .ci/warn_cuda.py
	@touch $@ $(VENV)/.installed

$(BASE_VENV)/.installed: $(VENV)/.made $(INPUTS)
	rm -rf $(BASE_VENV) build
	$(PYTHON) -m venv $(BASE_VENV)
	$(BASE_VENV)/bin/python -m pip install -c constraints.txt .
	@touch $@

clean:
	rm -rf $(VENV) $(BASE_VENV) build dist src/addenda.egg-info .pytest_cache .ruff_cache .hypothesis site addenda-demo addenda-demo-triples addenda-demo-notes addenda-demo-reflections
