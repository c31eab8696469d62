# Each command does all its own set-up: Python 3.11 and make are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready
PYTEST := $(BIN)/python -m pytest
WORLDS ?= 500

.PHONY: help demo test laws kills spark bench catalogue mutations clean

help:
	@echo "make demo             an invented call centre, every report for every demo viewer, files under out/"
	@echo "make test             ruff, mypy and the tests"
	@echo "make laws WORLDS=500  who may see what, over that many invented worlds per law"
	@echo "make kills            kill a scheduled run at each of its steps: nobody gets anything twice, or not at all"
	@echo "make spark WORLDS=50  every report on a Spark cluster beside DuckDB, over that many invented worlds"
	@echo "make bench            time and memory of loading and of reports, beside plain DuckDB"
	@echo "make catalogue        the reports' list in README and docs/catalogue.md, from the reports themselves"
	@echo "make mutations        break the code on purpose: each break must fail a test"
	@echo "make clean            remove the environment, caches and what the commands made"

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "okireports needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[xlsx,schedule,postgres,mysql,spark,dev]'
	@touch $@

demo: $(READY)
	$(BIN)/okireports demo centers/demo --out out --force

# A file's tests stay on one core, so that what they prepare is prepared once.
test: $(READY)
	$(BIN)/ruff check
	$(BIN)/mypy
	$(PYTEST) --numprocesses auto --dist loadfile

laws: $(READY)
	WORLDS=$(WORLDS) $(PYTEST) --numprocesses auto -m laws

kills: $(READY)
	KILL_EVERY=1 $(PYTEST) tests/test_schedule_killed.py

spark: $(READY)
	WORLDS=$(WORLDS) $(PYTEST) tests/test_lake.py tests/test_spark.py

bench: $(READY)
	for script in tests/benchmarks/*.py; do PYTHONPATH=tests $(BIN)/python $$script || exit 1; done

catalogue: $(READY)
	$(BIN)/python -m okireports.catalogue .

mutations: $(READY)
	$(BIN)/python tests/mutations.py

clean:
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info out centers/demo
