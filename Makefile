PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

run: $(VENV)/installed
	@exec $(BIN)/pilot run

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
