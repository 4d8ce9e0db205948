# Everything a person does with this repository; `make` alone tells what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3.13
BIN := .venv/bin
SAM := .venv-sam/bin/sam
ARCHITECTURE ?= arm64
ROOT := PYTHONPATH=.

.PHONY: help
help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- setting up -------------------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.done .venv/bin/everlabel ## install what the laptop world and the tests need into .venv

.venv/.done: requirements/dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

.venv/bin/everlabel: cli/everlabel .venv/.done
	install -m 755 $< $@

.venv-sam/.done: requirements/sam.txt
	$(PYTHON) -m venv .venv-sam
	.venv-sam/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/sam.txt
	touch $@

# ---- the laptop world -------------------------------------------------------------------------------------------

# What is given reaches the shell as an environment variable, so that a path may have spaces.
export CLIP FUNCTION EVENT PORT API_PORT SEEDS ROUNDS

.PHONY: demo
demo: setup ## real clips all the way on a laptop, to a report and a dataset (CLIP=video.mp4 takes yours)
	$(ROOT) $(BIN)/python -m local.demo $(if $(CLIP),"$$CLIP")

.PHONY: up
up: setup ## the same world, staying up on 127.0.0.1, until Ctrl-C (PORT=4599 API_PORT=4600)
	@$(ROOT) $(BIN)/python -m local up --seed-events \
	  $(if $(PORT),--port "$$PORT") $(if $(API_PORT),--api-port "$$API_PORT")

WHAT = $(if $(FUNCTION),"$$FUNCTION") $(if $(EVENT),--event "$$EVENT") \
  $(if $(PORT),--endpoint-url "http://127.0.0.1:$$PORT")
.PHONY: invoke
invoke: setup ## one function on one event without a container: FUNCTION=TriggerLabeling [EVENT=events/trigger_labeling.json]
	@$(ROOT) $(BIN)/python -m local invoke $(WHAT)

.PHONY: container
container: setup ## the same in SAM's container, against `make up`; first make build ARCHITECTURE=x86_64
	@$(ROOT) $(BIN)/python -m local.container $(WHAT)

# ---- a stack --------------------------------------------------------------------------------------------------------

.PHONY: everlabel
everlabel: setup ## the command line on a stack: ARGS="tasks list --stack everlabel"; or .venv/bin/everlabel
	@$(BIN)/everlabel $(ARGS)

.PHONY: submit-thousand
submit-thousand: setup ## 1,000 clips into a laptop world, interrupted half-way and submitted again; minutes
	$(ROOT) $(BIN)/python -m local.submitting

# ---- checks -----------------------------------------------------------------------------------------------------

.PHONY: test
test: setup ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: test-browser
test-browser: setup ## a report in a real browser (needs chromium and chromedriver)
	$(BIN)/python -m pytest tests/browser

SIMULATION = PYTHONPATH=.:layers/everlabel:functions $(BIN)/python -m tests.simulation

.PHONY: simulate
simulate: setup ## 200 seeds of clips, people and faults in virtual time; prints the table
	@$(SIMULATION) stories
	@$(SIMULATION) run $(if $(SEEDS),--seeds "$$SEEDS")

.PHONY: replay
replay: setup ## what a seed, or a part of one, brings: ARGS="--plan simulation-seed-7.json" or ARGS=7
	@$(SIMULATION) replay $(ARGS)

.PHONY: control
control: setup ## what the algorithm that this set out from loses, beside ours: ARGS="--seeds 2 --clips 30 --days 160"
	@PYTHONPATH=.:layers/everlabel:functions $(BIN)/python -m tests.simulation.source_a $(ARGS)

.PHONY: knock-outs
knock-outs: setup ## each defence removed from a copy, and what misses it
	@$(SIMULATION) knock-outs

.PHONY: exhaustive
exhaustive: setup ## a crash at each AWS call, and all that is undocumented in every combination
	@$(SIMULATION) crash-points
	@$(SIMULATION) undocumented

.PHONY: simulate-long
simulate-long: setup ## 10,000 clips and a year in one world
	@$(SIMULATION) run --seeds 1 --clips 10000 --days 365 --jobs 1 --no-known --control 0

.PHONY: check
check: setup .venv-sam/.done ## formatting, types, security, the template, and both builds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive functions layers cli --configfile pyproject.toml
	$(BIN)/bandit --quiet --recursive local --severity-level medium --configfile pyproject.toml
	$(BIN)/cfn-lint template.yaml
	$(SAM) validate --lint
	$(ROOT) $(BIN)/python -m local.builds

.PHONY: bench
bench: setup ## ours beside what others would use: ratios (ROUNDS=3 ONLY=frame_extraction)
	@PYTHONPATH=.:functions:layers/everlabel:cli $(BIN)/python -m bench \
	  $(if $(ROUNDS),--rounds "$$ROUNDS") $(foreach name,$(ONLY),--only $(name))

.PHONY: docs
docs: setup ## draw the state machine and a contact sheet, write the OpenAPI document
	PYTHONPATH=.:functions:layers/everlabel $(BIN)/python -m local.openapi
	$(ROOT) $(BIN)/python -m local.state_machine_diagram
	PYTHONPATH=.:cli:layers/everlabel $(BIN)/python -m local.drawn_street

# ---- the cloud --------------------------------------------------------------------------------------------------

.PHONY: build
build: .venv-sam/.done ## sam build, with byte code (ARCHITECTURE=arm64 or x86_64)
	$(SAM) build --parameter-overrides Architecture=$(ARCHITECTURE)
	@$(ROOT) .venv-sam/bin/python -m local.byte_code .aws-sam/build

.PHONY: deploy
deploy: build ## sam deploy; asks what it must know
	$(SAM) deploy --guided --parameter-overrides Architecture=$(ARCHITECTURE)

# ---- dependencies -----------------------------------------------------------------------------------------------

COMPILE = uv pip compile --quiet --universal --python-version 3.13 --no-annotate --no-header --no-emit-index-url --generate-hashes
.PHONY: lock
lock: ## write the locked dependencies anew (needs uv)
	$(COMPILE) --upgrade --group local --group test --group check layers/*/requirements.in -o requirements/dev.txt
	for layer in everlabel video api; do $(COMPILE) layers/$$layer/requirements.in -c requirements/dev.txt -o layers/$$layer/requirements.txt; done
	$(COMPILE) --upgrade requirements/sam.in -o requirements/sam.txt
