# `make demo` and `make test` do all of their own set-up in .venv; nothing else has to be installed first.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test test-slow reliability lint docs clean

demo: $(READY)
	$(BIN)/python -m demo demo-out

test: $(READY) lint
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

reliability: $(READY)
	rm -rf build/reliability
	$(BIN)/python -m pytest tests/dagster_project/test_by_itself.py tests/reliability
	$(BIN)/python -m docs.reliability_page

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m docs.generate

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[demo,dev]'
	touch $(READY)

clean:
	rm -rf .venv demo-out
