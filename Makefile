# Two commands matter: `make demo` and `make test`. Needed beforehand: python3 (3.11 or newer), make, a package index.
# Every recipe runs from this folder with relative paths, so the folder's own path may hold spaces.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test slow kill-test lint types layers docs bench lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PATIENT ?= examples/patients/lines-and-age-spots.yaml
OUT ?= demo-out
# One more than two cores have: tests of pages wait for their browser.
WORKERS ?= 3
# A file's tests go to one worker: what they share (a server, a simulation, a plan) is made once. Long files are begun first.
WORKED := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PYTEST_ARGS ?=
# What PostgreSQL is asked to hold; pages in a browser, pictures and workers do not depend on the database.
NOT_POSTGRES := browser charts delivery_tablet demo diary_phone looks photos physics pictures planning security serving walk work
POSTGRES_TESTS := $(filter-out $(NOT_POSTGRES:%=tests/test_web_%.py),$(wildcard tests/test_web_*.py))
CODE := src tests scripts benchmarks
# Tests start many processes: where images forbid Python to keep what it has compiled, each would compile the package again.
export PYTHONDONTWRITEBYTECODE :=
# Tests run side by side; threads that wait for each other double the time.
export OPENBLAS_NUM_THREADS := 1

help:
	@echo "make demo    set up .venv, plan $(PATIENT), say where the report lies"
	@echo "make test    set up .venv, run the tests          make slow    run the slow ones too: before a release"
	@echo "make kill-test  kill the workstation's server a hundred times while people save"
	@echo "make lint    style          make types   strict types        make layers  import order"
	@echo "make docs    write pages     make bench   time the kernels"
	@echo "make lock    resolve the pinned requirements anew            make clean   remove what make made"

demo: $(VENV)/.demo
	$(BIN)/recutis plan "$(PATIENT)" --out "$(OUT)"
	@echo
	@echo "Report:    $(OUT)/report.pdf"
	@echo "Calendar:  $(OUT)/calendar.ics"
	@echo "Plan:      $(OUT)/plan.json"

test: $(VENV)/.test
	$(BIN)/python -m pytest $(WORKED) -m "not slow" $(PYTEST_ARGS)
	sh scripts/with-postgres.sh $(BIN)/python -m pytest $(WORKED) $(POSTGRES_TESTS)

slow: $(VENV)/.test # what takes long: every page by axe, graphics cards in a simulator against the twins, the whole card
	$(BIN)/python -m pytest $(WORKED) -m slow

kill-test: $(VENV)/.test # the server is killed a hundred times while people save
	RECUTIS_KILLS=100 $(BIN)/python -m pytest tests/test_web_killed.py
	RECUTIS_KILLS=100 RECUTIS_TEST_FSYNC=on sh scripts/with-postgres.sh $(BIN)/python -m pytest tests/test_web_killed.py

lint: $(VENV)/.test
	$(BIN)/python -m ruff check $(wildcard $(CODE))
	$(BIN)/python -m ruff format --check $(wildcard $(CODE))

types: $(VENV)/.test
	$(BIN)/python -m mypy

layers: $(VENV)/.test
	$(BIN)/lint-imports

docs: $(VENV)/.test
	$(BIN)/python scripts/build_docs.py
	$(BIN)/python -m recutis.scorecard.page docs/claims.md
	$(BIN)/python -m recutis.scorecard.clinical_page docs/clinical.md
	$(BIN)/python -m recutis.scorecard.physics_page docs/physics-score.md
	$(BIN)/python -m pytest tests/test_docs.py $(PYTEST_ARGS)

bench: $(VENV)/.test
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

# The environment. A stamp is newer than all that it was made from, so a second run starts at once.

$(VENV)/.made:
	python=$$(sh scripts/find-python.sh) && "$$python" -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made requirements/all.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements/all.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.made requirements/dev.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements/dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Locks name no index: hashes say which files are meant, wherever they come from. dev.lock holds all of all.lock.
COMPILE := $(BIN)/python -m piptools compile --quiet --upgrade --strip-extras --generate-hashes --allow-unsafe --no-header --no-annotate \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra web --extra cluster

lock: $(VENV)/.test
	$(COMPILE) --build-deps-for wheel --output-file requirements/all.lock pyproject.toml
	$(COMPILE) --build-deps-for wheel --extra dev --constraint requirements/all.lock --output-file requirements/dev.lock pyproject.toml

clean:
	rm -rf $(VENV) "$(OUT)" build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
