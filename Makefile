# Every target sets up what it needs; nothing is installed outside .venv but bubblewrap, and that only when it may.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup agents demo test test-agents lint format type bench docs lock clean

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup: $(STAMP)  ## make .venv from the locked requirements, and bubblewrap where it may be installed

$(STAMP): requirements.lock pyproject.toml
	@sh scripts/setup.sh "$(PYTHON)" "$(VENV)"
	@touch $@

agents: $(STAMP) ## install the command-line agents that the tests drive, at their tested versions
	$(BIN)/assay agents install --all

demo: $(STAMP)   ## the whole job on simulated models: no key, no docker, no network
	$(BIN)/assay demo $(if $(OUT),--out $(OUT),)

test: $(STAMP)   ## the test suite; what this machine cannot run is skipped by name
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not browser and not agents" -rs
	$(BIN)/pytest -q -m browser -rs

test-agents: $(STAMP) ## the installed command-line agents in every contract case, and through the whole suite
	$(BIN)/pytest -q -n 2 --dist worksteal -m agents -rs

lint: $(STAMP)   ## ruff, check only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## ruff, rewriting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(STAMP)   ## mypy, strict, sources and tests
	$(BIN)/mypy

bench: $(STAMP)  ## measure what docs/benchmarks.md claims
	$(BIN)/python benchmarks/all.py

docs: $(STAMP)   ## what the program can say of itself, written into docs/
	$(BIN)/python scripts/docs.py

lock: $(STAMP)   ## write requirements.lock: versions and hashes, no hosts
	uv lock -q
	uv export -q --frozen --no-header --no-emit-project --no-annotate --group dev --format requirements.txt -o requirements.lock

clean:           ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
