# Everything a developer or an operator runs by hand. Needs Python 3.11 or newer and make only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Newer than what should be installed: a second `make setup` or `make dev` does nothing.
STAMP := $(VENV)/.set-up
DEV_STAMP := $(VENV)/.set-up-dev
# uv and what builds the project; what runs; and beside them what tests and lint need. All by hash.
SETUP_LOCK := requirements-setup.lock
LOCK := requirements.lock
DEV_LOCK := requirements-dev.lock
# Every Python that is supported, as pyproject.toml has it.
TYPED := 3.11 3.12 3.13
# What lint looks at beside style.
LINTS := $(TYPED:%=types-%) lint-sql lint-imports
# A second Python of this machine for `make test-newest`, with a folder of its own.
NEWEST := .venv-newest
NEWEST_SECONDS := 240
# Certificates of the machine, as pip and browsers take them: a proxy that looks into TLS has its own.
export UV_SYSTEM_CERTS ?= true
TRAPPAN_HOME ?= $(CURDIR)/var
DEMO_HOME := ./var/demo
CITY_HOME := ./var/city
# Where `make ui` and `make ui-demo` show their pages, on this machine only.
PORT ?= 3000
PORTAL_PORT ?= 8100
# Images for containers often ask Python to keep nothing that it compiled: then every process that a
# test or a demo starts compiles the whole program, and each test process all tests, seconds each.
export PYTHONDONTWRITEBYTECODE :=
# Extra words for pytest and for `make lock`, e.g. PYTEST_ARGS='-k belonging', LOCK_ARGS=--upgrade
PYTEST_ARGS ?=
# The files of `make check`, from the project's root.
FILES ?=
LOCK_ARGS ?=
# UI_ARGS=--writing: pages that start runs and backfills, and delete runs.
UI_ARGS ?=
# Compiled once here, so that no command waits for it.
COMPILED := --compile-bytecode
# What `make mutants` plants faults in, e.g. MUTANTS="sql/flags/levels.sql --most 10"
MUTANTS ?=
# Of `make benchmark`: how much of the city, which parts of it, and where: 26 GB for all of it.
SIZE ?= 1
PARTS ?=
BENCHMARKS ?= build/benchmarks
# How often `make search` tries each property.
EXAMPLES ?= 100

# What tests write lies in memory where there is room: databases wait for a disk at each commit.
IN_MEMORY = folder=$$($(BIN)/python -m tests.memory_folder); TMPDIR="$${folder:-$${TMPDIR:-/tmp}}"

.DEFAULT_GOAL := help
.PHONY: help setup setup-small dev demo demo-city lint check test test-fast test-long test-newest search mutants format ui ui-demo portal lock docs site sbom samples benchmark year clean $(LINTS)

help: ## Say what there is
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

# Puts exactly the packages of some locks into .venv, $(1), and the project itself. pip takes nothing
# of requirements-setup.lock whose hash is not there; all else is uv's.
define install
$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
-r $(SETUP_LOCK) && export VIRTUAL_ENV=$(VENV) && \
$(BIN)/uv pip sync --quiet $(COMPILED) --require-hashes $(SETUP_LOCK) $(1) && \
$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
endef

setup: $(STAMP) ## Make .venv with what runs: exactly what requirements.lock says

setup-small: ## The same without what only tests need, also where a developer has worked
	@rm -f $(STAMP) $(DEV_STAMP)
	@$(MAKE) --no-print-directory SMALL=yes setup

dev: $(DEV_STAMP) ## The same and what tests and lint need: requirements-dev.lock

$(VENV)/bin/python:
	@command -v $(PYTHON) > /dev/null || { \
	echo "There is no $(PYTHON). Install Python 3.11 or newer, or name it: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; ok = sys.version_info >= (3, 11); sys.exit(None if ok else \
	"$(PYTHON) is Python %d.%d, but 3.11 or newer is needed. Install one and run: make setup PYTHON=python3.12" \
	% sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml $(SETUP_LOCK) $(LOCK) | $(VENV)/bin/python
	@# Where a developer works, the developer's part stays.
	@$(call install,$(LOCK) $(if $(SMALL),,$(if $(wildcard $(BIN)/pytest),$(DEV_LOCK))))
	@touch $@
	@echo "Set up. Try: make demo, or $(BIN)/trappan --help"

$(DEV_STAMP): pyproject.toml $(SETUP_LOCK) $(LOCK) $(DEV_LOCK) | $(VENV)/bin/python
	@$(call install,$(LOCK) $(DEV_LOCK))
	@touch $(STAMP) $@

# Status 3: all is made, and some lists wait; the last lines say which and why.
NIGHT = $(BIN)/trappan --home $(1) nightly --as-of $(2)
OR_WAITS := || test $$? -eq 3
# What to open and to ask, with the home and the program as they are called here.
SAY = @sed 's|HOME|$(1)|g; s|trappan --home|$(BIN)/trappan --home|' $(2)

demo: setup ## Two weeks of sample files, the lists of four schools, and what to ask of them
	@rm -rf $(DEMO_HOME) && mkdir -p -m 700 $(DEMO_HOME)/inbox
	@install -m 600 data_samples/roles.yaml $(DEMO_HOME)/roles.yaml
	@echo "A night before Monday 16 November 2026, that week's lists, and the same a week later."
	@$(call NIGHT,$(DEMO_HOME),2026-11-15) --inbox data_samples/inbox > /dev/null $(OR_WAITS)
	@$(BIN)/trappan --home $(DEMO_HOME) publish --week 2026-W46 > /dev/null $(OR_WAITS)
	@$(call NIGHT,$(DEMO_HOME),2026-11-22) --inbox data_samples/inbox_week_47 $(OR_WAITS)
	@echo
	@echo "Another home: three senders, of whom skola-99999901 speaks for others too (docs/trust.md). Its night says:"
	@rm -rf $(DEMO_HOME)-senders && mkdir -p -m 700 $(DEMO_HOME)-senders
	@install -m 600 data_samples/senders.yaml $(DEMO_HOME)-senders/senders.yaml
	@$(call NIGHT,$(DEMO_HOME)-senders,2026-11-15) --inbox data_samples/inbox_senders > /dev/null $(OR_WAITS)
	@echo
	@echo "What would be sent to whom, if there were a target and a mail server (docs/delivery.md):"
	@$(BIN)/trappan --home $(DEMO_HOME) deliver --dry-run
	$(call SAY,$(DEMO_HOME),data_samples/ask-demo.txt)

demo-city: setup ## A simulated city of 900 pupils, where estimates and what-if mean something
	@rm -rf $(CITY_HOME) && mkdir -p -m 700 $(CITY_HOME)/inbox
	@echo "32 weeks of three invented schools, 900 pupils and 700,000 lessons: about a minute."
	@$(BIN)/trappan simulate --pupils 900 --schools 3 --from 2025-08-18 --to 2026-03-29 --seed 7 --out $(CITY_HOME)/inbox
	@$(call NIGHT,$(CITY_HOME),2026-03-29) $(OR_WAITS)
	$(call SAY,$(CITY_HOME),data_samples/ask-city.txt)

lint: dev ## Style, types, SQL and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@# Two at a time: the types of one Python take a minute of one core.
	@$(MAKE) --no-print-directory -j 2 $(LINTS)

$(TYPED:%=types-%): types-%:
	@# Types for every Python from this one on: of an older one the installed packages know nothing.
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] > tuple(map(int, sys.argv[1].split("."))))' $* \
	|| exit 0; echo "mypy for Python $*"; $(BIN)/mypy --python-version $*

lint-sql:
	@$(BIN)/sqlfluff lint sql

lint-imports:
	@$(BIN)/lint-imports

test: lint ## Lint, then every test
	@# A file's tests share what they are costly with; the longest files are collected first.
	@$(IN_MEMORY) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-long: dev ## What takes minutes a test: real daemons, pages and portals, killed and started again
	@$(BIN)/python -m pytest -q tests/long/test_*.py $(PYTEST_ARGS)

test-fast: dev ## The tests that need no night of a school: under two minutes, without lint
	@# Left out are the two that look at whole towns and samples: half of the time of tests/unit.
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
	--ignore=tests/unit/test_oracle_towns.py --ignore=tests/unit/test_samples.py \
	tests/unit tests/sql tests/architecture tests/tools $(PYTEST_ARGS)

test-newest: dev ## The fast tests on the newest Python of this machine, four minutes at most
	@python=$$($(BIN)/python -m tests.tools.newest_python) && \
	if [ -z "$$python" ]; then echo "There is no newer Python here than $$($(BIN)/python --version)."; exit 0; fi && \
	$(MAKE) --no-print-directory VENV=$(NEWEST) PYTHON="$$python" COMPILED= dev && \
	$(NEWEST)/bin/python --version && \
	{ timeout $(NEWEST_SECONDS) $(NEWEST)/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
	--maxfail=1 -q --ignore=tests/unit/test_oracle_towns.py --ignore=tests/unit/test_samples.py \
	tests/unit tests/sql $(PYTEST_ARGS) || { status=$$?; test $$status -eq 124 && \
	echo "Stopped after $(NEWEST_SECONDS) seconds; nothing had failed."; }; }

search: dev ## Look for faults with towns that no run has seen: an evening, EXAMPLES=500 for a night
	@TRAPPAN_ORACLE_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n auto --dist loadfile \
	--hypothesis-profile=search tests/property $(PYTEST_ARGS)

check: dev ## Format and check some files, and run the tests nearest to them: make check FILES="a.py b.sql"
	@$(BIN)/python -m tests.tools.check_files $(FILES)

mutants: dev ## Plant faults in what decides; the nearest tests have to find each: for a night
	@$(BIN)/python -m tests.tools.mutants $(MUTANTS)

format: dev ## Put Python and SQL into the house style
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format
	@$(BIN)/sqlfluff fix sql

ui: setup ## Dagster's pages on http://127.0.0.1:3000 (PORT=…), with schedules running; they only show
	@echo "Home: $(TRAPPAN_HOME). Another: make ui TRAPPAN_HOME=…, or make ui-demo."
	@exec $(BIN)/trappan --home "$(TRAPPAN_HOME)" ui --port $(PORT) $(UI_ARGS)

ui-demo: ## The home of make demo, with the runs of its nights; only to look at, no schedule runs
	@test -d $(DEMO_HOME)/dagster || { echo "There is no demo yet. Run: make demo"; exit 1; }
	@exec $(BIN)/trappan --home $(DEMO_HOME) ui --port $(PORT) --no-schedules

portal: ## The portal for the demo's schools on http://127.0.0.1:8100 (PORTAL_PORT=…): choose who to be
	@test -d $(DEMO_HOME)/lists || { echo "There is no demo yet. Run: make demo"; exit 1; }
	@TRAPPAN_PORTAL_DEMO=true TRAPPAN_PORTAL_DEMO_DAY=2026-11-23 \
	exec $(BIN)/trappan --home $(DEMO_HOME) portal --port $(PORTAL_PORT)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
--no-emit-index-url --custom-compile-command "make lock"

lock: setup ## Write the three locks again from pyproject.toml
	@# What runs decides; the other two have no version of a package that differs from it. What runs on
	@# Windows only, tests may need everywhere.
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml --extra scale-out --output-file $(LOCK)
	@$(COMPILE) $(LOCK_ARGS) --group setup --constraint $(LOCK) --output-file $(SETUP_LOCK)
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml --extra dev --constraint $(LOCK) --constraint $(SETUP_LOCK) \
	$$(sed -nE "/; sys_platform == 'win32'/d; s/^([a-z0-9][a-z0-9._-]*)==.*/--no-emit-package \1/p" $(LOCK) $(SETUP_LOCK)) \
	--output-file $(DEV_LOCK)
	@# Versions and hashes only: where a package comes from is each machine's own setting.
	@! grep -nE 'pypi|pythonhosted|[/@]' $(SETUP_LOCK) $(LOCK) $(DEV_LOCK)

docs: setup ## Write docs/data-dictionary*.md, personal-data.md and runbook-*.md again from the code
	@$(BIN)/python -m tests.tools.data_dictionary
	@$(BIN)/python -m tests.tools.personal_data_page
	@$(BIN)/python -m tests.tools.runbook_page

site: dev ## The pages as a site that needs no network: build/site/index.html
	@$(BIN)/python docs/build_site.py && echo "Open build/site/index.html"

sbom: dev ## What runs, as a bill of materials (CycloneDX): build/sbom.json
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements $(LOCK) --pyproject pyproject.toml --output-reproducible --validate \
	--spec-version 1.6 --output-format JSON --output-file build/sbom.json 2> build/sbom.log || { cat build/sbom.log; exit 1; }
	@echo "build/sbom.json: what requirements.lock installs"

samples: dev ## Write data_samples/ again: the inboxes, and what is expected of them
	@$(BIN)/python data_samples/make_samples.py
	@$(BIN)/python -m tests.tools.sample_expectations

benchmark: dev ## Measure all speeds anew: SIZE=0.1 for a tenth of the city, PARTS="month commands"
	@$(BIN)/python -m tests.benchmarks.everything $(BENCHMARKS) --size $(SIZE) --parts $(PARTS)

year: dev ## A school year of nights with every fault, against one clean load: three quarters of an hour
	@$(BIN)/python -m tests.benchmarks.everything $(BENCHMARKS) --parts hard_year

clean: ## Remove what is made again: .venv, caches, builds. Homes under var/ stay.
	@rm -rf $(VENV) $(NEWEST) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	.import_linter_cache
	@find pipelines assets rules tests -name __pycache__ -type d -prune -exec rm -rf {} +
