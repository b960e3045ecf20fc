# make run    set up what is missing, then close coverage of one design on its real RTL
# make test   set up what is missing, then lint and test (what CI runs)
# make setup  what make test sets up: also what Verilator needs, and a browser
# make docs   the documentation as a site, in site/
.PHONY: run test test-full lint setup benchmarks docs clean

# Tests start Python hundreds of times: what it compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

DESIGN ?= mxint_softmax
PYTHON_FILES = agents coverage designs dv_agent eval prompts runners tests benchmarks scripts

run:
	@sh scripts/setup.sh
	@.venv/bin/dv-agent run --design $(DESIGN)

test: setup lint
	@.venv/bin/python -m pytest --numprocesses 2 --dist worksteal --quiet

# Everything that `make test` only checks by hash: proves each design anew and writes its proof.json.
test-full: setup lint
	@DV_AGENT_TEST_RECORDS=1 DV_AGENT_TEST_DOCS=1 DV_AGENT_EQUIVALENCE_TESTS=20 .venv/bin/python -m pytest --numprocesses 2 --dist worksteal --quiet
	@.venv/bin/dv-agent designs check --all --write-proof
	@.venv/bin/python benchmarks/native_equality.py

lint: setup
	@.venv/bin/ruff check --quiet $(PYTHON_FILES)
	@.venv/bin/ruff format --check --quiet $(PYTHON_FILES)
	@.venv/bin/mypy -p dv_agent --no-error-summary

setup:
	@sh scripts/setup.sh tests

benchmarks: setup
	@for file in benchmarks/*.py; do .venv/bin/python $$file || exit 1; done

docs: setup
	@NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict --quiet
	@echo site/index.html

clean:
	rm -rf .venv build dist site *.egg-info runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
