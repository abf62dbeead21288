# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   := $(VENV)/.ready-demo
DEV    := $(VENV)/.ready-dev
PYTEST_ARGS ?=
# Test processes at a time: each has its own servers on its own ports. One more than cores, since many wait.
JOBS ?= 3

# What decides is the core: its files (tests/house.py names them), branch by branch.
CORE_COVERAGE := 95

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types arrows servers coverage clean

help:  ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

demo: $(DEMO)  ## set up, then run the main job on embedded servers and show what became of each mail
	$(BIN)/mailcase demo $(if $(KEEP),--keep)

test: $(DEV) servers  ## set up, then run all tests (Dovecot and PostgreSQL too) and check the core's coverage
	$(BIN)/pytest -n $(JOBS) --dist worksteal --cov --cov-report= $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory coverage

check: format lint types arrows test  ## everything a change must pass: format, lint, types, arrows, tests

format: $(DEV)  ## the formatter finds nothing to change
	$(BIN)/ruff format --check .

lint: $(DEV)  ## the linter finds nothing to say
	$(BIN)/ruff check .

types: $(DEV)  ## mypy, strict
	$(BIN)/mypy

arrows: $(DEV)  ## who may import whom
	$(BIN)/pytest -q tests/unit/test_architecture.py

servers:  # Dovecot and PostgreSQL from the system's packages, if missing and allowed
	@scripts/servers.sh

coverage: $(DEV)  # of the last test run
	@$(BIN)/coverage report --include="$$($(BIN)/python -m tests.house)" --skip-covered --fail-under=$(CORE_COVERAGE)

clean:  ## remove the virtual environment and what tools leave behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build mailcase.egg-info

$(BIN)/python:
	scripts/venv.sh $(PYTHON) $(VENV)

$(DEMO): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[demo]' --group dev
	@touch $@ $(DEMO)
