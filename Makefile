# `make demo` and `make test` do all of their own set-up in .venv; nothing else has to be installed first.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TESTED := .venv/.tested

.PHONY: demo test test-slow reliability bench gate grouping judging picks lint docs clean

demo: $(READY)
	$(BIN)/python -m demo demo-out

test: $(TESTED) lint
	$(BIN)/python -m pytest -m "not slow and not long" -n 2 --dist worksteal

test-slow: $(TESTED)
	$(BIN)/python -m pytest -m "long and not slow" -n 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m slow

reliability: $(TESTED)
	rm -rf build/reliability
	PROOFSHEET_WHOLE_TESTS=1 $(BIN)/python -m pytest tests/integration/test_by_itself.py tests/integration/test_hostile.py tests/integration/test_camera_facts.py tests/unit/proof/test_gate.py tests/reliability
	$(BIN)/python -m docs.reliability_page

lint: $(TESTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(TESTED)
	$(BIN)/python -m benchmarks

gate: $(TESTED)
	$(BIN)/python -m benchmarks.gate

grouping: $(TESTED)
	$(BIN)/python -m benchmarks.grouping

judging: $(TESTED)
	$(BIN)/python -m benchmarks.judging

picks: $(TESTED)
	$(BIN)/python -m benchmarks.picks

docs: $(TESTED)
	$(BIN)/python -m docs.generate

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	touch $(READY)

$(TESTED): $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[demo,dev]'
	touch $(TESTED)

clean:
	rm -rf .venv demo-out
