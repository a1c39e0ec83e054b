# The doors of the house. None asks for root; all that is fetched comes from the package index.
# `make demo` and `make test` start from a clean checkout; a second run finds everything in .venv.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough; choose another with `make PYTHON=python3.12 demo`.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)
# A stamp file says that .venv holds what a door needs; a newer pyproject.toml makes it stale.
DEMO_READY := $(VENV)/.ready-demo
TEST_READY := $(VENV)/.ready-test
DEV_READY := $(VENV)/.ready-dev
TEST_EXTRAS := demo,web,mcp,grpc
TEST_ARGS ?=
# `make test STACK=no` leaves the stack's servers out.
STACK ?=

.PHONY: help demo test stack test-stack test-frameworks check generate tools bench bench-profile bench-gate bench-peers detection-report acceptance clean \
	check-format check-lint check-types check-layers check-sizes check-generated check-docs

help: ## Say what each door does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-16s %s\n", $$1, $$2}'

demo: $(DEMO_READY) ## Set everything up and watch a recorded agent run, with its cost and its trouble
	@$(BIN)/foretell demo

test: $(TEST_READY) ## Set everything up and pass the tests; those on the stack's servers too where make tools has built them
	@$(BIN)/python -m pytest -n auto --dist loadfile --durations=10 --durations-min=1 $(TEST_ARGS)
ifeq ($(TEST_ARGS)$(STACK),)
	@$(MAKE) test-stack
endif

stack: $(TEST_READY) ## Run the stack's real servers in the foreground, where there is no Docker (make tools first; needs root)
	@$(BIN)/python -m tests.stack.run

test-stack: $(TEST_READY) ## Start the stack's real servers natively and pass the tests on them (make tools first; needs root)
	@$(BIN)/python -m pytest -m stack -o faulthandler_timeout=900 tests/stack $(TEST_ARGS)

test-frameworks: $(TEST_READY) ## Prove real frameworks, each family in an environment of its own (twenty minutes the first time)
	@$(BIN)/python -m pytest -m frameworks -n 2 --dist loadgroup tests/contracts/frameworks $(TEST_ARGS)
	@$(BIN)/python -m tools.framework_pages --check

check: ## Format, lint, types, layers, sizes, generated files, docs: each is tried, all must pass
	@$(MAKE) $(DEV_READY)
	@$(MAKE) --keep-going check-format check-lint check-types check-layers check-sizes check-generated check-docs

check-format: $(DEV_READY)
	@$(BIN)/ruff format --check .
check-lint: $(DEV_READY)
	@$(BIN)/ruff check .
check-types: $(DEV_READY)
	@$(BIN)/mypy sdk/foretell tools bench tests/typing
	@$(BIN)/mypy --python-version 3.11 dashboards  # its SDK has types that only 3.11 reads
check-layers: $(DEV_READY)
	@$(BIN)/lint-imports --no-cache
check-sizes: $(DEV_READY)
	@$(BIN)/python tools/sizes.py
check-generated: $(DEV_READY)
	@$(BIN)/python tools/generate.py --check
check-docs: $(DEV_READY)
	@$(BIN)/zensical build --strict --clean --config-file docs/zensical.toml

generate: $(DEV_READY) ## Write the generated files anew
	@$(BIN)/python tools/generate.py

tools: ## Build the stack's servers natively, where there is no Docker
	@tools/servers.sh

bench: $(TEST_READY) ## Measure what a recorded call costs beside the bare OpenTelemetry SDK, and what the stack takes
	@$(BIN)/python bench/run.py $(BENCH_ARGS)
	@$(BIN)/python bench/stack/run.py

bench-profile: $(TEST_READY) ## Show where the worker's time goes, room by room
	@$(BIN)/python bench/profile.py $(BENCH_ARGS)

bench-gate: $(TEST_READY) ## Fail where recording has become clearly dearer, against the bare OpenTelemetry SDK
	@$(BIN)/python bench/gate.py

detection-report: $(TEST_READY) ## Play the fault suite to every trigger: recall, false alarms, time to detect; fails where one is not good enough
	@$(BIN)/python bench/detection/run.py $(REPORT_ARGS)

acceptance: $(TEST_READY) ## The same troubles by real programs in real time, three quarters of an hour (not in CI)
	@$(BIN)/python bench/detection/acceptance.py $(REPORT_ARGS)

bench-peers: $(TEST_READY) ## The same for other SDKs, each in an environment of its own
	@$(BIN)/python bench/peers/run.py $(BENCH_ARGS)

clean: ## Remove what the doors made (not your recorded runs in .foretell)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache docs/site dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO_READY): pyproject.toml
	@tools/set_up.sh "$(VENV)" "$(PYTHON)" --editable ".[demo]"
	@touch $@

$(TEST_READY): pyproject.toml
	@tools/set_up.sh "$(VENV)" "$(PYTHON)" --editable ".[$(TEST_EXTRAS)]" --group test
	@touch $(DEMO_READY) $@

$(DEV_READY): pyproject.toml
	@tools/set_up.sh "$(VENV)" "$(PYTHON)" --editable ".[$(TEST_EXTRAS)]" --group dev
	@touch $(DEMO_READY) $(TEST_READY) $@
