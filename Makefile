# The words of this project. Each line can be copied to a shell that has no make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
NODE_STAMP := tests/node/node_modules/.ready

.PHONY: run test check test-node bench contract clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "absim needs Python 3.11 or newer; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m compileall -q simulator
	touch $(STAMP)

run: $(STAMP)            ## the shipped scenarios between both fakes, over HTTP
	$(BIN)/absim run --door http --report junit,json

test: $(STAMP)           ## every test that needs Python only
	$(BIN)/python -m pytest -n auto --dist worksteal -q

check: $(STAMP)          ## lint, format, types, scenarios lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/absim lint

contract: $(STAMP)       ## generated requests against both fakes and the control plane
	$(BIN)/absim contract

bench: $(STAMP)          ## the figures, as ratios with a peer in the same run
	$(BIN)/python -m benchmarks

$(NODE_STAMP): tests/node/package.json
	cd tests/node && npm install --no-audit --no-fund --no-package-lock --silent
	touch $(NODE_STAMP)

test-node: $(STAMP) $(NODE_STAMP)  ## public Node clients against the served fakes
	cd tests/node && ../../$(BIN)/absim exec -- node --test

clean:
	rm -rf $(VENV) build dist absim-reports tests/node/node_modules
