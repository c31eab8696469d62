# Each command does all its own set-up: Python 3.11 and make are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready
PYTEST := $(BIN)/python -m pytest
WORLDS ?= 500
SCALE ?= 10
BENCH := PYTHONPATH=tests $(BIN)/python tests/benchmarks
PATIENT := $(if $(PATIENCE),--patience $(PATIENCE))

.PHONY: help demo test laws kills spark bench parts slopes catalogue mutations clean

help:
	@echo "make demo             an invented call centre, every report for every demo viewer, exports under out/"
	@echo "make test             ruff, mypy and the tests"
	@echo "make laws WORLDS=500  who may see what, over that many invented worlds per law"
	@echo "make kills            kill a scheduled run at each of its steps: nobody gets anything twice, or not at all"
	@echo "make spark WORLDS=50  every report on a Spark cluster beside DuckDB, over that many invented worlds"
	@echo "make bench SCALE=10   every report beside SQL by hand, ten beside other engines, over so many million calls"
	@echo "make parts            time and memory of loading, logs, exports, pages, the explorer, admin changes"
	@echo "make slopes           how time and memory grow with calls, projects, users, and not with hidden rows"
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

# CENTER names the folder of a centre that is there already; without it one is made. What was measured stays measured.
# PATIENCE=10 COLD=year: an evening is enough for 10 million calls; without, every median is of 7.
bench: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(PYTEST) tests/test_benchmarks.py
	if [ -z "$(CENTER)" ] && [ ! -e centers/bench-$(SCALE)/CURRENT ]; then \
		mkdir -p centers && $(BENCH)/centres.py centers/bench-$(SCALE) $(SCALE)000000; fi
	$(BENCH)/every_report.py --centre $(or $(CENTER),centers/bench-$(SCALE)) $(PATIENT) --cold $(or $(COLD),all)
	$(BENCH)/ten_reports.py --centre $(or $(CENTER),centers/bench-$(SCALE)) $(PATIENT) --keep centers/bench-rows
	$(BENCH)/told.py

parts: $(READY)
	for part in admin explorer exports load logs memory pages scope targets; do $(BENCH)/$$part.py || exit 1; done

slopes: $(READY)
	$(BENCH)/slopes.py $(PATIENT)
	$(BENCH)/told.py

catalogue: $(READY)
	$(BIN)/python -m okireports.catalogue .

mutations: $(READY)
	$(BIN)/python tests/mutations.py

clean:
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info out centers/demo
