# Needs Python 3.11+ and make; everything else lands in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(VENV)/uv/bin/uv
STAMP  := $(VENV)/.ready
# A third of the tests' time is waiting for disks, servers and other processes: one worker more than there are cores. Whole
# files, because theirs share what they build, in the order of tests/conftest.py.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
PYTEST  = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help env demo test test-duckdb2 lint types package dev load lock clean
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

env: $(STAMP) ## the environment in .venv: locked, hashed, compiled

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("leadershift needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say: make PYTHON=python3.11 env" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@test -x $(UV) || { $(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'; }
	$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode --quiet requirements.lock
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --quiet --editable .
	@touch $@

demo: env ## a rehearsal world through the whole pipeline, to a page you can open
	$(BIN)/leadershift rehearse demo

test: env ## the test suite
	$(PYTEST)

test-duckdb2: env ## the tests of the tables once more, on DuckDB 2.0; what it installs lets `make test` compare both row by row
	$(UV) pip install --quiet --target $(VENV)/duckdb2 --no-deps --require-hashes --requirement duckdb2.lock
	PYTHONPATH=$(VENV)/duckdb2 $(PYTEST) tests/sql tests/warehouse/test_release.py

lint: env ## ruff, sqlfluff and the registry's own check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/sqlfluff lint --disable-progress-bar sql
	$(BIN)/leadershift registry check

types: env ## mypy, strict
	$(BIN)/mypy

package: env ## build the wheel and use it from another folder
	$(BIN)/python tests/packaging_check.py

dev: env ## the Dagster UI with schedules on, at 127.0.0.1:3000
	$(BIN)/leadershift dev

load: env ## long load runs; results go to docs/benchmarks.md
	$(BIN)/python -m tests.load.run

lock: ## resolve the lock anew (hashes, no index named)
	@test -x $(UV) || { $(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/python -m pip install --quiet 'uv>=0.9'; }
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra dev --constraint constraints.txt --output-file requirements.lock pyproject.toml
	echo duckdb==2.0.0 | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-deps --output-file duckdb2.lock -

clean: ## remove the environment (never data)
	rm -rf $(VENV) build dist
