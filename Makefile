# Everything sets itself up: a virtual environment in .venv, from the lock files.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: serve test standard check cover gate gate-update lock clean

serve: $(VENV)/.installed
	@exec $(BIN)/hedgerow serve

# Some tests measure (memory, tenths of seconds, start-up): nothing runs beside those.
test: $(VENV)/.developing
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not alone"
	$(BIN)/python -m pytest -q -m alone tests/system

# The same gateway with the libraries' parts instead of our own, as `[server] fast = []` has it.
standard: $(VENV)/.developing
	HEDGEROW_FAST=none $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not alone" \
	  tests/clients tests/system tests/gateway/test_http.py tests/gateway/test_http_race.py

# The pure parts must be covered: decisions, journal, dialects.
cover: $(VENV)/.developing
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/policies tests/state tests/providers \
	  --cov=policies --cov=state --cov=providers --cov-branch --cov-report=term:skip-covered --cov-fail-under=95

# Rules of flake8-async that are not asked. 127 wants another HTTP client: ours is the owner's choice, and used so
# that its faults cannot bite. 9xx (a checkpoint on every path), 114 and 124 are off by default; 124 would have routes
# be plain functions, which Quart runs in threads; 128 does not see a task_status that is handed on.
NOT_ASKED := ASYNC114,ASYNC124,ASYNC127,ASYNC128,ASYNC900,ASYNC910,ASYNC911,ASYNC912,ASYNC913
SOURCES    = $(shell find gateway providers policies state benchmarks -name '*.py')

check: $(VENV)/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m flake8_async --disable $(NOT_ASKED) $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

# Fails when a request takes a quarter more instructions than is kept in benchmarks/gate/kept.json. Needs valgrind.
gate: $(VENV)/.developing
	$(BIN)/hedgerow bench gate

gate-update: $(VENV)/.developing
	$(BIN)/hedgerow bench gate --update

lock: $(VENV)/.developing
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m pip install --user virtualenv && $(PYTHON) -m virtualenv $(VENV); }

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.developing: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
