# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   := $(VENV)/.ready-demo
DEV    := $(VENV)/.ready-dev
SOAK   := $(VENV)/.ready-soak
PYTEST_ARGS ?=
# A package index that does not answer for once is asked again for some minutes.
export PIP_RETRIES ?= 10
export PIP_DEFAULT_TIMEOUT ?= 60
# Test processes at a time: each has its own servers on its own ports. Two more than cores, since many wait.
JOBS ?= 4

# What decides is the core: its files (tests/house.py names them), branch by branch.
CORE_COVERAGE := 95

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench check format lint types arrows servers coverage clean

help:  ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

demo: $(DEMO)  ## set up, then run the main job on embedded servers and show what became of each mail
	$(BIN)/mailcase demo $(if $(KEEP),--keep)

test: $(DEV) servers  ## set up, then run all tests (Dovecot and PostgreSQL too)
	@$(BIN)/python -m compileall -q mailcase tests  # once, and not by each process that a test starts
	@# What pytest makes of the tests is kept for the next run, whatever the environment says of byte code.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

soak: $(SOAK) servers  ## the long tests, one PART=name [MINUTES=n] at a time; without PART: which there are
	@$(BIN)/python -m compileall -q mailcase soak tests
	@$(BIN)/python -m soak $(PART) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(TRY),--try)

bench: $(DEV) servers  ## measure: one PART=name (shipped: compare) [MAILS=n]; results go to docs/performance.md
	@$(BIN)/python -m compileall -q mailcase bench  # as an installation does
	@$(BIN)/python -m bench $(PART) $(if $(MAILS),--mails $(MAILS))

check: format lint types arrows test coverage  ## everything a change must pass: format, lint, types, arrows, tests, coverage

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

# Traced code takes two and a half times as long, so it is a run of its own: what decides, by the tests that ask it
# directly. Hypothesis repeats what is covered anyway.
coverage: $(DEV)  ## unit and golden tests again, and the core's branch coverage of them
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal --cov --cov-report= -m 'not hypothesis' tests/unit tests/golden
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

$(SOAK): pyproject.toml $(DEV)
	$(BIN)/python -m pip install --quiet --group soak
	@touch $@
