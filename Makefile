# Everything runs in a virtual environment of the checkout. Outside of it only the user's cache is written to, which keeps
# the code that the machine's C compiler makes (~/.cache/reencoder).
VENV ?= .venv
PIP_ARGS ?=
PYTEST_ARGS ?=
ARGS ?=

# A version manager's placeholder can exist without working, so each candidate is run.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))' >/dev/null 2>&1 && echo $$p && break; done)

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TRITON := $(VENV)/.triton

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean
.DELETE_ON_ERROR:

help: ## show this help
	@echo "Targets:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Variables (make TARGET NAME=VALUE):"
	@echo "  VENV         folder of the virtual environment (now: $(VENV))"
	@echo "  PYTHON       interpreter to create it with, 3.11 or 3.12 (now: $(or $(PYTHON),none found))"
	@echo "  PIP_ARGS     additional arguments of 'pip install'"
	@echo "  PYTEST_ARGS  additional arguments of pytest"
	@echo "  ARGS         additional arguments of the demo and the benchmark"
	@echo
	@echo "On Linux, PyPI's PyTorch installs several gigabytes of CUDA libraries. For a CPU-only install:"
	@echo "  make setup PIP_ARGS=\"--extra-index-url https://download.pytorch.org/whl/cpu\""

setup: $(STAMP) ## install the project and its pinned dependencies into VENV (nothing if up to date)

$(STAMP): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "error: no Python 3.11 or 3.12 found; install one, or set its path: make setup PYTHON=/path/to/python3.11" >&2; exit 2; fi
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))' || { \
		echo "error: PYTHON=$(PYTHON) is not Python 3.11 or 3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "error: $(PYTHON) cannot create virtual environments; install its venv module (Debian: python3-venv)" >&2; exit 2; }
	$(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@"$(BIN)/python" -m pip install --disable-pip-version-check --quiet $(PIP_ARGS) -c constraints.txt -e '.[align]' || \
		echo "note: eflomal could not be built (it needs a C compiler); only 'data_prep prepare --phrase-pairs' needs it" >&2
	@touch "$@"

demo: setup ## train a small model on the embedded phrasebook, translate and score (no download)
	"$(BIN)/python" -m recipes.demo $(ARGS)

# CPU builds of PyTorch come without Triton, in whose interpreter the tests run the code for GPUs.
$(TRITON): $(STAMP)
	@"$(BIN)/python" -c 'import triton' 2>/dev/null || \
		"$(BIN)/python" -m pip install --disable-pip-version-check --quiet $(PIP_ARGS) --no-deps -c constraints.txt triton || true
	@"$(BIN)/python" -c 'import triton' 2>/dev/null && touch "$@" || \
		echo "note: Triton could not be installed; the tests of the kernels for GPUs are skipped" >&2

test: setup lint $(TRITON) ## check style and types, then run all tests
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest --numprocesses auto --dist loadfile $(PYTEST_ARGS)

lint: setup ## ruff (rules and format) and mypy
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"

bench: setup ## measure training and decoding speed
	"$(BIN)/python" -m eval.speed $(ARGS)

clean: ## remove VENV, caches and build output (never data or results)
	rm -rf "$(VENV)" build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
