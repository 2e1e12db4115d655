# Every target sets up what it needs: a virtual environment in .venv, made anew when pyproject.toml changes.
PYTHON ?= python3
# Hundreds of processes of the tests would otherwise each compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
RUN := $(VENV)/bin/
INSTALLED := $(VENV)/.installed
BENCH_VENV := .venv-bench
BENCHED := $(BENCH_VENV)/.installed
PLANTINGS ?= 1000000
CUTS ?= 500
STRIPE_CLI := .stripe-cli
STRIPE_CLI_VERSION := 1.52.0
BENCH_SERVER := .bench-server
WIREMOCK_VERSION := 3.13.2
PRISM_VERSION := 5.16.0
STRIPE_MOCK_VERSION := v0.203.0
LANGUAGES := .languages
LANGUAGE_TESTS := tests/test_examples_run.py tests/test_examples_reference.py tests/test_sdk_wire_seen.py
AXE := .axe
AXE_VERSION := 4.14.1
BROWSER_VENV := .venv-browser
BROWSER_READY := $(BROWSER_VENV)/.installed
SEQUENCES ?= 5000
SECONDS ?= 60
LOAD_SECONDS ?= 600
REQUESTS ?= 100000
LONG_TESTS := tests/test_recording_killed.py tests/test_recording_series.py tests/test_cassette_file_writing.py \
	tests/test_importing_faults.py tests/test_docs_recording.py tests/test_docs_drift.py \
	tests/test_recording.py tests/test_settle.py
NEIGHBOUR_TESTS := tests/test_interception_neighbours.py tests/test_interception_more_clients.py
SOURCE_DATE_EPOCH := 1795392000

.PHONY: demo test coverage neighbours canaries cuts sequences languages stripe-cli redis redis-server wrk nginx chromium lint cassettes bench bench-short bench-server bench-server-short soak load fuzz long peers browser clean

demo: $(INSTALLED) ## the whole story on the embedded sandbox
	@$(RUN)replaydisputes demo

test: $(INSTALLED) ## the test suite; no network needed once it is set up
	$(RUN)python -m pytest -n 2

coverage: $(INSTALLED) ## the same tests, with branch coverage
	$(RUN)python -m pytest -n 2 --cov --cov-report=term:skip-covered

neighbours: ## beside other interceptors, and the heavy clients, in virtual environments of their own
	@test -d $(VENV)-neighbours || $(PYTHON) -m venv $(VENV)-neighbours
	@$(VENV)-neighbours/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test-neighbours]'
	$(VENV)-neighbours/bin/python -m pytest $(NEIGHBOUR_TESTS)
	@test -d $(VENV)-niquests || $(PYTHON) -m venv $(VENV)-niquests
	@$(VENV)-niquests/bin/python -m pip install --quiet --disable-pip-version-check niquests pytest --editable .
	$(VENV)-niquests/bin/python -m pytest -c tests/niquests/pytest.ini --rootdir tests/niquests tests/niquests

canaries: $(INSTALLED) ## secrets planted, redacted and looked for: PLANTINGS of them; SEED=n repeats a run
	$(RUN)python -m tests.canaries --plantings $(PLANTINGS) $(if $(SEED),--seed $(SEED))

cuts: $(INSTALLED) ## recordings over TLS whose connection breaks at any byte: CUTS of them; SEED=n repeats a run
	AT_LENGTH=1 CUTS=$(CUTS) $(if $(SEED),SEED=$(SEED)) $(RUN)python -m pytest -q -s tests/test_recording_cuts.py

long: $(INSTALLED) ## every test of these, also what is too long for `make test`: kills at each call, the commands of docs/
	AT_LENGTH=1 $(RUN)python -m pytest -n 2 $(LONG_TESTS)

sequences: $(INSTALLED) ## random calls of the sandbox, its invariants held: SEQUENCES of 30; SEED=n repeats a run
	$(RUN)python -m tests.sandbox_sequences --sequences $(SEQUENCES) $(if $(SEED),--seed $(SEED))

languages: $(INSTALLED) $(STRIPE_CLI)/.installed $(LANGUAGES)/.installed ## the examples, with the real SDKs
	LANGUAGES_REQUIRED="python node stripe-cli" LANGUAGES_INSTALL=$(INSTALL) $(RUN)python -m pytest -rs $(LANGUAGE_TESTS)

stripe-cli: $(INSTALLED) $(STRIPE_CLI)/.installed ## the official Stripe CLI, from npm, against the sandbox
	STRIPE_CLI_REQUIRED=1 $(RUN)python -m pytest tests/test_stripe_cli.py

redis: $(INSTALLED) redis-server ## sessions in a real Redis
	AT_LENGTH=1 REDIS_REQUIRED=1 $(RUN)python -m pytest tests/test_serve_redis.py

lint: $(INSTALLED) ## style and types
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

cassettes: $(INSTALLED) ## record the shipped cassettes again, from the sandbox
	rm -f cassettes/*.yaml
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(RUN)replaydisputes record --all --sandbox --cassettes cassettes

bench: $(BENCHED) ## speed against peers, measured in one run; writes benchmarks/ and the README's figures
	$(BENCH_VENV)/bin/python -m benchmarks

bench-short: $(INSTALLED) ## a look at the same in about a minute; writes nothing
	$(RUN)python -m benchmarks --short

bench-server: $(INSTALLED) $(BENCH_SERVER)/.installed wrk nginx ## the replay server beside others; writes benchmarks/server.md
	$(RUN)python -m benchmarks.server

bench-server-short: $(INSTALLED) wrk ## a look at the same in about half a minute; writes nothing
	$(RUN)python -m benchmarks.server --short

soak: $(INSTALLED) ## 64 threads and 1,000 tasks, each with a cassette of its own, for SECONDS; SEED=n repeats a run
	AT_LENGTH=1 $(RUN)python -m pytest -q tests/test_soak.py
	$(RUN)python -m tests.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

load: $(INSTALLED) redis-server ## 1,000 sessions on two workers and Redis, both killed, for LOAD_SECONDS; SEED=n repeats a run
	AT_LENGTH=1 REDIS_REQUIRED=1 $(RUN)python -m pytest -q tests/test_load.py -k 'not mutated and not mixes'
	$(RUN)python -m tests.load --seconds $(LOAD_SECONDS) $(if $(SEED),--seed $(SEED))

fuzz: $(INSTALLED) ## REQUESTS mutated requests to a live server, beside 10,000 idle connections; SEED=n repeats a run
	AT_LENGTH=1 $(RUN)python -m pytest -q tests/test_load.py -k 'mutated or mixes'
	$(RUN)python -m tests.fuzz --requests $(REQUESTS) $(if $(SEED),--seed $(SEED))

peers: $(INSTALLED) ## each limit of a neighbour, shown on it and not here
	$(RUN)python -m pytest tests/test_peers_*.py

browser: $(BROWSER_READY) $(AXE)/.installed chromium ## the demo page in Debian's Chromium, under axe-core; SCREENSHOTS=dir keeps the pictures
	BROWSER_REQUIRED=1 $(BROWSER_VENV)/bin/python -m pytest tests/browser

redis-server wrk nginx chromium: # each installed where it is missing and apt may be used
	@command -v $@ > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $@ > /dev/null; } || \
		{ echo "$@ is needed, and could not be installed: install it with this system's packages" >&2; exit 1; }

clean:
	rm -rf $(VENV) $(VENV)-neighbours $(VENV)-niquests $(BENCH_VENV) $(BENCH_SERVER) $(BROWSER_VENV) $(AXE) $(STRIPE_CLI) $(LANGUAGES) .coverage .mypy_cache .ruff_cache

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("replaydisputes needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (once, about a minute)…"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(RUN)python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(STRIPE_CLI)/.installed: Makefile
	npm install --prefix $(STRIPE_CLI) --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error @stripe/cli@$(STRIPE_CLI_VERSION)
	@touch $@

$(LANGUAGES)/.installed: examples/node/package.json
	@mkdir -p $(LANGUAGES)/node
	@cp $< $(LANGUAGES)/node
	npm install --prefix $(LANGUAGES)/node --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(BENCH_SERVER)/.installed: Makefile # the peers that npm, Go and PyPI have; those that cannot be had are left out of the table
	-npm install --prefix $(BENCH_SERVER) --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error wiremock@$(WIREMOCK_VERSION) @stoplight/prism-cli@$(PRISM_VERSION)
	-GOBIN=$(CURDIR)/$(BENCH_SERVER) go install github.com/stripe/stripe-mock@$(STRIPE_MOCK_VERSION)
	-$(PYTHON) -m venv $(BENCH_SERVER)/mitmproxy && $(BENCH_SERVER)/mitmproxy/bin/python -m pip install --quiet --disable-pip-version-check mitmproxy
	@touch $@

$(BENCHED): pyproject.toml # apart from $(VENV): the peers' pytest plugins would load in every test run
	@rm -rf $(BENCH_VENV)
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(BROWSER_READY): pyproject.toml
	@rm -rf $(BROWSER_VENV)
	@$(PYTHON) -m venv $(BROWSER_VENV)
	@$(BROWSER_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test-browser]'
	@touch $@

$(AXE)/.installed: Makefile
	npm install --prefix $(AXE) --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error axe-core@$(AXE_VERSION)
	@touch $@
