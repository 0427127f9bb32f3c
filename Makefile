PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check faults

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

# kills parts of the product at random for ten minutes on each database
faults: $(VENV)/installed-dev
	FAULTS_SECONDS=$${FAULTS_SECONDS:-600} $(BIN)/python -m pytest -n0 -s tests/faults
