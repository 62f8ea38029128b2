# Everything a person does here, one word each. Needs python3 (3.11 or newer), make and the package index.
#
# `.venv` holds the interpreter that python3 is, uv at one version, and what uv.lock says; nothing else
# is downloaded or touched. The stamp makes a second run do nothing until the lock changes.

SHELL := /bin/sh
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
STAMP := .venv/.installed

export UV_PYTHON_DOWNLOADS := never
# Compiled once, when installed: a load test starts half a dozen processes, each of which would compile
# all that it imports, or do so again every time where the environment says that Python writes no bytecode.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE
export UV_PROJECT_ENVIRONMENT := .venv
# uv follows an active environment only when told to; ours is the one beside this file.
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help install demo test check docs fmt clean
.DELETE_ON_ERROR:

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /|/' | awk -F'|' '{ printf "make %-9s %s\n", $$1, $$2 }'

install: $(STAMP) ## create .venv from uv.lock; afterwards the command is .venv/bin/footfall

demo: $(STAMP) ## simulate a day, play its busiest minutes at a real service, judge it
	$(BIN)/footfall demo

test: $(STAMP) ## run all tests
	$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## lint, format, types, import contracts, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q tests/house
	$(MAKE) --no-print-directory docs

docs: $(STAMP) ## build the documentation as a site in docs/_build/html; a broken link is an error
	$(BIN)/sphinx-build -q -E -W --keep-going -n docs docs/_build/html
	@echo "docs/_build/html/index.html"

fmt: $(STAMP) ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

clean: ## remove what was installed and what tools left behind
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml uv.lock Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) must be Python 3.11 or newer; name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(BIN)/uv sync --frozen --inexact --python $(BIN)/python || $(MAKE) --no-print-directory through-pip
	@touch $(STAMP)

# uv knows only the index that the lock names. A machine behind a mirror or a company's certificate has told
# pip, and only pip: it installs the same versions, held to the same hashes.
.PHONY: through-pip
through-pip:
	@echo "uv could not reach the index that uv.lock names; trying pip with its own settings" >&2
	@$(BIN)/uv export --frozen --no-emit-project --no-header -q -o .venv/lock.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .venv/lock.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
