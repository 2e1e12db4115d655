# Every target sets up what it needs. What it installs has the exact versions of constraints/, and is made anew when
# they or pyproject.toml change. `make help` lists the targets.
PYTHON ?= python3
# Hundreds of processes of the tests would otherwise each compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
RUN := $(VENV)/bin/
INSTALLED := $(VENV)/.installed
BENCH_VENV := .venv-bench
BENCHED := $(BENCH_VENV)/.installed
PIP := -m pip --quiet --disable-pip-version-check
# Not `npm ci`, which refuses a lock that lacks another platform's binaries. This too installs what the lock has.
NPM := npm install --ignore-scripts --no-audit --no-fund --loglevel=error
PLANTINGS ?= 1000000
CUTS ?= 500
STRIPE_CLI := .stripe-cli
BENCH_SERVER := .bench-server
STRIPE_MOCK_VERSION := v0.203.0
LANGUAGES := .languages
LANGUAGE_TESTS := tests/test_examples.py tests/test_examples_run.py tests/test_examples_reference.py tests/test_sdk_wire_seen.py
AXE := .axe
PYRIGHT := .pyright
PYODIDE := .pyodide
WASM_TESTS := $(addprefix tests/test_,$(addsuffix .py,player player_state player_any_dispute player_options player_several \
	player_reports binding redaction leak_gate leak_gate_known cassette_file importing_run seal urls \
	sandbox_refusals sandbox_timing check plugin_marks))
BROWSER_VENV := .venv-browser
BROWSER_READY := $(BROWSER_VENV)/.installed
SEQUENCES ?= 5000
SECONDS ?= 60
LOAD_SECONDS ?= 600
REQUESTS ?= 100000
LONG_TESTS := tests/test_cassette_mutations.py tests/test_recording_tricks.py tests/test_recording_killed.py tests/test_recording_series.py tests/test_cassette_file_writing.py \
	tests/test_importing_faults.py tests/test_importing_generated.py tests/test_docs_recording.py tests/test_docs_drift.py \
	tests/test_recording.py tests/test_settle.py tests/test_recorded_suite.py tests/test_generated_programs.py \
	tests/test_recording_surroundings.py tests/test_canaries.py tests/test_leak_gate_planted.py \
	tests/test_recover_reads.py tests/test_player_index.py tests/test_plugin_record.py tests/test_plugin_record_again.py \
	tests/test_plugin_secrets.py tests/test_cli.py tests/test_readme.py
NEIGHBOUR_TESTS := tests/test_interception_neighbours.py tests/test_interception_more_clients.py \
	tests/test_interception_escapes.py tests/test_plugin_neighbours.py
SOURCE_DATE_EPOCH := 1795392000

.PHONY: help demo test test-newest test-lowest test-anywhere test-wasm pins coverage neighbours canaries cuts sequences ways-out languages stripe-cli redis redis-server wrk nginx chromium go lint types cassettes bench bench-short bench-server bench-server-short soak load fuzz long peers browser clean

demo: $(INSTALLED) ## the whole story on the embedded sandbox
	@$(RUN)replaydisputes demo

test: $(INSTALLED) ## the test suite; no network needed once it is set up
	$(RUN)python -m pytest -n 2

test-anywhere: $(INSTALLED) ## the same tests on other days, in other orders, as another user, under load: VARIANT=name FILES=some
	$(RUN)python -m tests.anywhere $(addprefix --variant ,$(VARIANT)) $(FILES)

test-wasm: $(INSTALLED) $(PYODIDE)/.installed ## on CPython 3.14 in WebAssembly: what needs no sockets, threads or processes
	@ulimit -s 120000 && node --stack-size=100000 tests/wasm/run.mjs $(VENV)/lib/python3.*/site-packages -q $(WASM_TESTS) \
		-k 'not wherever_a_test_names' # which needs pytest-asyncio

coverage: $(INSTALLED) ## the same tests, with branch coverage
	$(RUN)python -m pytest -n 2 --cov --cov-report=term:skip-covered

test-newest: ## the same tests on the newest release of everything, whatever constraints/ says
	@rm -rf $(VENV)-newest
	@$(PYTHON) -m venv $(VENV)-newest
	@$(VENV)-newest/bin/python $(PIP) install --upgrade pip
	@$(VENV)-newest/bin/python $(PIP) install --editable '.[test]'
	$(VENV)-newest/bin/python -m pytest -n 2

test-lowest: $(VENV)-lowest/.installed ## the same tests on the lowest versions that pyproject.toml allows
	$(VENV)-lowest/bin/python -m pytest -n 2 --ignore-glob 'tests/test_peers_*.py' # they tell what peers' newest releases do

pins: $(VENV)-pins/.installed ## take the newest versions of everything into constraints/, and print what moved
	$(VENV)-pins/bin/python -m constraints.refresh

neighbours: $(VENV)-neighbours/.installed $(VENV)-niquests/.installed ## beside other interceptors, and the heavy clients
	NEIGHBOURS_REQUIRED=1 $(VENV)-neighbours/bin/python -m pytest -p no:randomly $(NEIGHBOUR_TESTS)
	NEIGHBOURS_REQUIRED=1 $(VENV)-niquests/bin/python -m pytest -c tests/niquests/pytest.ini --rootdir tests/niquests tests/niquests

canaries: $(INSTALLED) ## secrets planted, redacted and looked for: PLANTINGS of them; SEED=n repeats a run
	$(RUN)python -m tests.canaries --plantings $(PLANTINGS) $(if $(SEED),--seed $(SEED))

cuts: $(INSTALLED) ## recordings over TLS whose connection breaks at any byte: CUTS of them; SEED=n repeats a run
	AT_LENGTH=1 CUTS=$(CUTS) $(if $(SEED),SEED=$(SEED)) $(RUN)python -m pytest -q -s tests/test_recording_cuts.py

long: $(INSTALLED) ## every test of these, also what is too long for `make test`: kills at each call, the commands of docs/
	AT_LENGTH=1 $(RUN)python -m pytest -n 2 $(LONG_TESTS)

sequences: $(INSTALLED) ## random calls of the sandbox, its invariants held: SEQUENCES of 30; SEED=n repeats a run
	$(RUN)python -m tests.sandbox_sequences --sequences $(SEQUENCES) $(if $(SEED),--seed $(SEED))

ways-out: $(INSTALLED) ## a hundred ways out, in a network namespace: no packet leaves a replay; needs root
	AT_LENGTH=1 $(RUN)python -m pytest -q -rs tests/test_ways_out.py

languages: $(INSTALLED) $(STRIPE_CLI)/.installed $(LANGUAGES)/.installed go ## the examples, with the real SDKs
	LANGUAGES_REQUIRED="python node stripe-cli" TOOLCHAINS_REQUIRED="node go gofmt" LANGUAGES_INSTALL=$(INSTALL) $(RUN)python -m pytest -rs $(LANGUAGE_TESTS)

stripe-cli: $(INSTALLED) $(STRIPE_CLI)/.installed ## the official Stripe CLI, from npm, against the sandbox
	STRIPE_CLI_REQUIRED=1 $(RUN)python -m pytest tests/test_stripe_cli.py

redis: $(INSTALLED) redis-server ## sessions in a real Redis
	AT_LENGTH=1 REDIS_REQUIRED=1 $(RUN)python -m pytest tests/test_serve_redis.py

lint: $(INSTALLED) ## style and types
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

types: $(INSTALLED) $(PYRIGHT)/.installed ## what users write, under mypy and pyright
	PATH="$(CURDIR)/$(PYRIGHT)/node_modules/.bin:$$PATH" TOOLCHAINS_REQUIRED=pyright $(RUN)python -m pytest tests/test_typing.py

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

redis-server wrk nginx chromium go: # each installed if it is missing and apt may be used
	@command -v $@ > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(@:go=golang-go) > /dev/null; } || \
		{ echo "$@ is needed, and could not be installed: install it with this system's packages" >&2; exit 1; }

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 22

clean: ## remove all that targets set up
	rm -rf $(VENV) $(VENV)-* $(BENCH_SERVER) $(AXE) $(PYRIGHT) $(STRIPE_CLI) $(LANGUAGES) .coverage .mypy_cache .ruff_cache

# $(call environment,DIRECTORY,NAME): a virtual environment with what constraints/NAME.txt lists, and nothing else.
# Its pip comes first, so that one version of pip installs all the rest; the setuptools of older Pythons' venv goes.
define environment
	@$(PYTHON) -c 'import sys; sys.exit("replaydisputes needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(1) (once, about a minute)…"
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/python $(PIP) install --no-deps "$$(grep '^pip==' constraints/$(2).txt)"
	@$(1)/bin/python $(PIP) uninstall --yes setuptools 2> /dev/null
	@$(1)/bin/python $(PIP) install --no-deps --requirement constraints/$(2).txt
endef

# The same, with this checkout in it. hatchling is pinned too, so the build needs no environment of its own.
define environment_of_ours
	$(environment)
	@$(1)/bin/python $(PIP) install --no-deps --no-build-isolation --editable .
	@$(1)/bin/python $(PIP) check || { echo "constraints/$(2).txt does not fit pyproject.toml: run make pins" >&2; exit 1; }
	@touch $(1)/.installed
endef

$(INSTALLED): pyproject.toml constraints/test.txt
	$(call environment_of_ours,$(VENV),test)

$(VENV)-lowest/.installed: pyproject.toml constraints/lowest.txt
	$(call environment_of_ours,$(VENV)-lowest,lowest)

$(VENV)-neighbours/.installed: pyproject.toml constraints/neighbours.txt
	$(call environment_of_ours,$(VENV)-neighbours,neighbours)

$(VENV)-niquests/.installed: pyproject.toml constraints/niquests.txt
	$(call environment_of_ours,$(VENV)-niquests,niquests)

$(BENCHED): pyproject.toml constraints/bench.txt # apart from $(VENV): the peers' pytest plugins would load in every test run
	$(call environment_of_ours,$(BENCH_VENV),bench)

$(BROWSER_READY): pyproject.toml constraints/browser.txt
	$(call environment_of_ours,$(BROWSER_VENV),browser)

$(VENV)-pins/.installed: constraints/pins.txt
	$(call environment,$(VENV)-pins,pins)
	@touch $@

$(STRIPE_CLI)/.installed: constraints/npm/stripe-cli/package-lock.json
	@mkdir -p $(STRIPE_CLI)
	@cp constraints/npm/stripe-cli/*.json $(STRIPE_CLI)
	$(NPM) --prefix $(STRIPE_CLI)
	@touch $@

$(LANGUAGES)/.installed: examples/node/package-lock.json
	@mkdir -p $(LANGUAGES)/node
	@cp examples/node/*.json $(LANGUAGES)/node
	$(NPM) --prefix $(LANGUAGES)/node
	@touch $@

$(PYODIDE)/.installed: constraints/npm/pyodide/package-lock.json
	@mkdir -p $(PYODIDE)
	@cp constraints/npm/pyodide/*.json $(PYODIDE)
	$(NPM) --prefix $(PYODIDE)
	@touch $@

$(AXE)/.installed: constraints/npm/axe/package-lock.json
	@mkdir -p $(AXE)
	@cp constraints/npm/axe/*.json $(AXE)
	$(NPM) --prefix $(AXE)
	@touch $@

$(PYRIGHT)/.installed: constraints/npm/pyright/package-lock.json
	@mkdir -p $(PYRIGHT)
	@cp constraints/npm/pyright/*.json $(PYRIGHT)
	$(NPM) --prefix $(PYRIGHT)
	@touch $@

# The peers that npm, Go and PyPI have; those that cannot be had are left out of the table.
$(BENCH_SERVER)/.installed: constraints/npm/bench-server/package-lock.json
	@mkdir -p $(BENCH_SERVER)
	@cp constraints/npm/bench-server/*.json $(BENCH_SERVER)
	-$(NPM) --prefix $(BENCH_SERVER)
	-GOBIN=$(CURDIR)/$(BENCH_SERVER) go install github.com/stripe/stripe-mock@$(STRIPE_MOCK_VERSION)
	-$(MAKE) --no-print-directory $(BENCH_SERVER)/mitmproxy/.installed
	@touch $@

$(BENCH_SERVER)/mitmproxy/.installed: constraints/mitmproxy.txt
	$(call environment,$(BENCH_SERVER)/mitmproxy,mitmproxy)
	@touch $@
