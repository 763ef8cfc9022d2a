# Evergrant: `make run` plays the main job and leaves it running; `make test` runs every test.
export UV_PYTHON_DOWNLOADS = never
PYTHON ?= python3
BIN = .venv/bin
UV = VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv

# Test runs start many processes of Python: they compile once, and beside the tree.
BYTECODE = test test-ci units conformance pictures docs
$(BYTECODE): export PYTHONDONTWRITEBYTECODE =
$(BYTECODE): export PYTHONPYCACHEPREFIX = $(CURDIR)/.pytest_cache/bytecode

.PHONY: setup run test test-ci clients conformance chromium check types units fmt bench docs pictures lock vendor clean

setup: .venv/.run  ## make .venv with what running needs

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Evergrant needs Python 3.11 or newer; set PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv; \
	  else echo "This Python cannot make virtual environments. Run: sudo apt-get install python3-venv"; exit 1; fi; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.lock

.venv/.run: requirements.lock pyproject.toml | .venv/bin/uv
	$(UV) pip install -q --require-hashes -r requirements.lock
	$(UV) pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	$(UV) pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

run: .venv/.run  ## play the demo; leave service and emulator running
	$(BIN)/evergrant demo

APT_GET = DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends
chromium:  ## the browser that tests the console's pages; quick when it is there
	@command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  apt-get update -q && { $(APT_GET) chromium-headless-shell || $(APT_GET) chromium; }; } || \
	  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  echo "The console's tests need a browser and will be skipped. Run: sudo apt-get install chromium-headless-shell"

test: .venv/.dev chromium  ## every test
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: .venv/.dev  ## lint, types, layers, unit tests: under 90 seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory --jobs=2 types units

types: .venv/.dev
	$(BIN)/mypy

units: .venv/.dev
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow"

clients: .venv/.dev  ## install the clients of npm and PyPI; quick when they are there
	$(BIN)/python tests/kits/install_clients.py

conformance: clients  ## those clients, unmodified, against the emulator; writes the table of the docs
	$(BIN)/python -m pytest -q tests/conformance --clients-table=docs/generator/clients.json

test-ci: clients chromium  ## every test, none left out
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

fmt: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/.dev  ## write the reference, and real output into the other pages
	$(BIN)/python docs/build.py

pictures: .venv/.dev chromium  ## the pictures of the tutorial, taken by the test that plays it
	$(BIN)/python -m pytest -q tests/browser/test_journeys.py -k blocked_app --tutorial=docs/assets

CORPUS = $(wildcard $(or $(EVERGRANT_SHARED),../shared)/corpus/dev.jsonl)
bench: .venv/.dev  ## every benchmark, one after another; the diagnosis' needs a corpus
	@for script in benchmarks/*.py; do echo "== $$script"; \
	  if [ $$script = benchmarks/diagnosis.py ] && [ -z "$(CORPUS)" ]; then echo "left out: EVERGRANT_SHARED holds no corpus"; \
	  else $(BIN)/python $$script $(CORPUS) || exit 1; fi; done

lock: .venv/bin/uv  ## renew the hash-locked requirements (no addresses in them)
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml --extra server --extra postgres --extra telemetry --group build -o requirements.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml --extra server --extra postgres --extra telemetry --extra mcp --group build --group dev -o requirements-dev.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate tests/conformance/requirements.in -o tests/conformance/requirements.lock
	echo uv | $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate - -o requirements-uv.lock

vendor:  ## remake the console's static files from npm; the results are committed
	@command -v npm >/dev/null || { echo "vendor needs node and npm: apt-get install nodejs npm"; exit 1; }
	cd assets && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error && node vendor.mjs

clean:
	rm -rf .venv .venv-conformance tests/conformance/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
