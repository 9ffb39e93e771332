# The README's two commands. PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# glibc gives big blocks back to the system after each step and faults them in again: training is several times slower without this
MALLOC := MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=268435456

.PHONY: demo news-demo test lint model clean

demo: $(VENV)/.classify ## set up what classifying needs (no torch) and classify the examples
	$(BIN)/fauxwatch classify examples/listings.csv -o out/verdicts.jsonl
	$(BIN)/fauxwatch report out/verdicts.jsonl -o out/report.html

news-demo: $(VENV)/.news ## poll the example feeds, served on this machine, and show their digest
	$(BIN)/fauxwatch news demo examples/feeds -o out/news

test: $(VENV)/.dev ## set up everything and run the checks and the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

model: $(VENV)/.dev ## make the base encoder (wants a graphics card) and the bundled model (an hour on two cores) again
	$(MALLOC) $(BIN)/python -m training.encoder --data ../shared/data/corpora -o runs/encoder
	$(MALLOC) $(BIN)/python -m training.build --base runs/encoder/final --config training/configs/bundled.toml -o runs/model
	rm -rf nlp/models/fauxwatch-small && cp -r runs/model nlp/models/fauxwatch-small
	cp nlp/models/fauxwatch-small/README.md model_cards/fauxwatch-small.md

$(VENV)/.classify: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.news: pyproject.toml | $(VENV)/.classify
	$(BIN)/pip install --quiet --editable '.[news]'
	touch $@

# torch first and alone, so that nothing draws in a build for graphics cards that is not wanted here; see docs/decisions.md
$(VENV)/.dev: pyproject.toml | $(VENV)/.classify
	$(BIN)/pip install --quiet 'torch==2.13.0'
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
