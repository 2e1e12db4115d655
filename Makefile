# Every target sets up what it needs: a virtual environment in .venv, made anew when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/
INSTALLED := $(VENV)/.installed
BENCH_VENV := .venv-bench
BENCHED := $(BENCH_VENV)/.installed
PLANTINGS ?= 1000000
CUTS ?= 500
SECONDS ?= 60
SOURCE_DATE_EPOCH := 1795392000

.PHONY: demo test coverage canaries cuts lint cassettes bench bench-short soak peers clean

demo: $(INSTALLED) ## the whole story on the embedded sandbox
	@$(RUN)replaydisputes demo

test: $(INSTALLED) ## the test suite; no network needed once it is set up
	$(RUN)python -m pytest -n 2

coverage: $(INSTALLED) ## the same tests, with branch coverage
	$(RUN)python -m pytest -n 2 --cov --cov-report=term:skip-covered

canaries: $(INSTALLED) ## secrets planted, redacted and looked for: PLANTINGS of them; SEED=n repeats a run
	$(RUN)python -m tests.canaries --plantings $(PLANTINGS) $(if $(SEED),--seed $(SEED))

cuts: $(INSTALLED) ## recordings over TLS whose connection breaks at any byte: CUTS of them; SEED=n repeats a run
	CUTS=$(CUTS) $(if $(SEED),SEED=$(SEED)) $(RUN)python -m pytest -q -s tests/test_recording_cuts.py

lint: $(INSTALLED) ## style and types
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

cassettes: $(INSTALLED) ## record the shipped cassettes again, from the sandbox
	rm -f cassettes/*.yaml
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(RUN)replaydisputes record --all --sandbox --cassettes cassettes

bench: $(BENCHED) ## speed against peers in one run of some ten minutes; writes benchmarks/ and the README's figures
	$(BENCH_VENV)/bin/python -m benchmarks

bench-short: $(INSTALLED) ## a look at the same in about a minute; writes nothing
	$(RUN)python -m benchmarks --short

soak: $(INSTALLED) ## 64 threads and 1,000 tasks, each with a cassette of its own, for SECONDS; SEED=n repeats a run
	$(RUN)python -m tests.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

peers: $(INSTALLED) ## each limit of a neighbour, shown on it and not here
	$(RUN)python -m pytest tests/test_peers_*.py

clean:
	rm -rf $(VENV) $(BENCH_VENV) .coverage .mypy_cache .ruff_cache

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("replaydisputes needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (once, about a minute)…"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(RUN)python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(BENCHED): pyproject.toml # apart from $(VENV): the peers' pytest plugins would load in every test run
	@rm -rf $(BENCH_VENV)
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@
