# Everything a developer or an operator runs by hand. Needs Python 3.11 or newer and make only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Changes when what is installed should: a second `make setup` does nothing.
STAMP := $(VENV)/.set-up
UV_VERSION := 0.13.9
TRAPPAN_HOME ?= $(CURDIR)/var
DEMO_HOME := ./var/demo
# Extra words for pytest and for `make lock`, e.g. PYTEST_ARGS='-k belonging', LOCK_ARGS=--upgrade
PYTEST_ARGS ?=
# The files of `make check`, from the project's root.
FILES ?=
LOCK_ARGS ?=
# What `make mutants` plants faults in, e.g. MUTANTS="sql/flags/levels.sql --most 10"
MUTANTS ?=
# How often `make search` tries each property.
EXAMPLES ?= 100

.DEFAULT_GOAL := help
.PHONY: help setup demo lint check test test-fast search mutants format ui lock docs samples benchmark clean

help: ## Say what there is
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv with exactly what requirements.lock says

$(STAMP): pyproject.toml requirements.lock
	@command -v $(PYTHON) > /dev/null || { \
	echo "There is no $(PYTHON). Install Python 3.11 or newer, or name it: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; ok = sys.version_info >= (3, 11); sys.exit(None if ok else \
	"$(PYTHON) is Python %d.%d, but 3.11 or newer is needed. Install one and run: make setup PYTHON=python3.12" \
	% sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Set up. Try: make demo, or $(BIN)/trappan --help"

demo: setup ## Take two weeks of sample files in and write the lists of four schools
	@rm -rf $(DEMO_HOME)
	@echo "A night before Monday 16 November 2026, that week's lists, and the same a week later."
	@echo "Open a list in a browser or spreadsheet: a folder per school under $(DEMO_HOME)/lists/current"
	@# Status 3: all is made, and some lists wait; the last lines say which and why.
	@$(BIN)/trappan --home $(DEMO_HOME) nightly --inbox data_samples/inbox --as-of 2026-11-15 > /dev/null || test $$? -eq 3
	@$(BIN)/trappan --home $(DEMO_HOME) publish --week 2026-W46 > /dev/null || test $$? -eq 3
	@$(BIN)/trappan --home $(DEMO_HOME) nightly --inbox data_samples/inbox_week_47 --as-of 2026-11-22 || test $$? -eq 3
	@echo "What would be sent to whom, if there were a target and a mail server (docs/delivery.md):"
	@$(BIN)/trappan --home $(DEMO_HOME) deliver --dry-run

lint: setup ## Style, types, SQL and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint sql
	@$(BIN)/lint-imports

test: lint ## Lint, then every test
	@# A file's tests share what they are costly with; the longest files are collected first.
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-fast: setup ## The tests that need no night of a school: under two minutes, without lint
	@# Left out are the two that look at whole towns and samples: half of the time of tests/unit.
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
	--ignore=tests/unit/test_oracle_towns.py --ignore=tests/unit/test_samples.py \
	tests/unit tests/sql tests/architecture tests/tools $(PYTEST_ARGS)

search: setup ## Look for faults with towns that no run has seen: an evening, EXAMPLES=500 for a night
	@TRAPPAN_ORACLE_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n auto --dist loadfile \
	--hypothesis-profile=search tests/property $(PYTEST_ARGS)

check: setup ## Format and check some files, and run the tests nearest to them: make check FILES="a.py b.sql"
	@$(BIN)/python -m tests.tools.check_files $(FILES)

mutants: setup ## Plant faults in what decides; the nearest tests have to find each: for a night
	@$(BIN)/python -m tests.tools.mutants $(MUTANTS)

format: setup ## Put Python and SQL into the house style
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format
	@$(BIN)/sqlfluff fix sql

ui: setup ## Dagster's pages on http://127.0.0.1:3000, with schedules running
	@umask 077 && mkdir -p "$(TRAPPAN_HOME)/dagster" && chmod 700 "$(TRAPPAN_HOME)/dagster" && \
	home=$$(cd "$(TRAPPAN_HOME)" && pwd) && \
	export DAGSTER_HOME="$(CURDIR)" TRAPPAN_HOME="$$home" TRAPPAN_DAGSTER_STORAGE="$$home/dagster" && \
	exec $(BIN)/dagster dev -h 127.0.0.1 -p 3000 -m pipelines.definitions

lock: setup ## Write requirements.lock again from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS) \
	pyproject.toml --extra dev --output-file requirements.lock
	@# Versions and hashes only: where a package comes from is each machine's own setting.
	@! grep -nE 'pypi|pythonhosted|[/@]' requirements.lock

docs: setup ## Write docs/data-dictionary.md again from assets/lake/tables.py
	@$(BIN)/python -c 'from assets.lake.tables import data_dictionary; print(data_dictionary(), end="")' \
	> docs/data-dictionary.md

samples: setup ## Write data_samples/ again: the inboxes, and what is expected of them
	@$(BIN)/python data_samples/make_samples.py
	@$(BIN)/python -m tests.tools.sample_expectations

benchmark: setup ## Measure speed; not part of the tests
	@$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-disable-gc $(PYTEST_ARGS)

clean: ## Remove what is made again: .venv, caches, builds. Homes under var/ stay.
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	.import_linter_cache .benchmarks
	@find pipelines assets rules tests -name __pycache__ -type d -prune -exec rm -rf {} +
