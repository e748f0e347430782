# The commands of the README. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py $(shell find chaintheory chaintheory_ext derivations \
	-name '*.py' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -path '*/templates/*' \
	-o -path '*/src/*.c' 2>/dev/null)

.PHONY: report docs test regenerate explorer notebooks lab bench fuzz mutants sanitize lint types check wheel clean

report: $(VENV)/installed
	$(BIN)/chaintheory report --output report

# The site, docs/_build/html/index.html; it opens from the file system. Warnings are errors.
docs: $(VENV)/installed-docs
	$(BIN)/python docs/build.py

# From a directory outside the tree; `make wheel` runs the same suite against the wheel. Threads of the linear algebra
# cost more than they gain with matrices of a few hundred rows.
test wheel fuzz: export OPENBLAS_NUM_THREADS = 1
test: $(VENV)/installed-test
	cd $(VENV) && bin/python -m pytest -n auto --dist loadfile -c ../pyproject.toml --rootdir=.. ../tests ../notebooks

# Style, layout, spelling and the form of the repository.
lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/sp-repo-review .

types: $(VENV)/installed-lint $(VENV)/installed-test
	$(BIN)/mypy

# Everything that must hold before a change is kept; the suite holds the doctests, and runs the notebooks.
check: lint types test

# Wheel and source distribution, built apart from the tree, checked, and the suite against the installed wheel.
wheel: $(VENV)/installed-lint
	rm -rf dist build/lib* build/bdist*
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	rm -rf $(VENV)/wheel
	$(BIN)/python -m venv $(VENV)/wheel
	$(VENV)/wheel/bin/python -m pip install --quiet "$$(echo dist/*.whl)[test]"
	cd $(VENV)/wheel && bin/python -m pytest -n auto --dist loadfile -c ../../pyproject.toml --rootdir=../.. ../../tests

# Write the generated code again from the ledger.
regenerate: $(VENV)/installed
	$(BIN)/python -m derivations --regenerate
	$(BIN)/python -m derivations --glossary docs/glossary.md

# Compile the explorer's kernels again from the compiled loops; the compiler comes from the package index.
explorer: $(VENV)/installed
	$(BIN)/python -m pip install --quiet ziglang==0.17.1
	$(BIN)/python -m chaintheory.explorer.build

# Run the notebooks and keep their new outputs.
notebooks: $(VENV)/installed-test
	$(BIN)/python notebooks/execute.py

# New cases on every run: 28 times those of the suite, at least 100,000, and 10,000 damaged files. SYSTEMS=10000 compares
# the drift velocities of as many random systems with a dense scan (500 without).
fuzz: $(VENV)/installed-test
	cd $(VENV) && CHAINTHEORY_FUZZ=28 CHAINTHEORY_FUZZ_LEAST=100000 CHAINTHEORY_SYSTEMS=$(SYSTEMS) bin/python -m pytest -c ../pyproject.toml --rootdir=.. \
		../tests/robustness/test_properties.py ../tests/robustness/test_laws_drift.py ../tests/robustness/test_files.py

# The compiled part under the address and undefined-behaviour sanitizers, then with every index checked.
sanitize: $(VENV)/installed-test
	tests/robustness/sanitize.sh $(abspath $(BIN)/python)

# A seeded sample of planted errors in the numeric code, each against the tests that reach it; about an hour.
mutants: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[mutants]'
	$(BIN)/python -m tests.mutants

# Open the notebooks in Jupyter Lab.
lab: $(VENV)/installed-test
	$(BIN)/jupyter lab notebooks

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; set PYTHON=")'
	@command -v $${CC:-cc} > /dev/null || { echo "A C compiler is needed (gcc or clang); set CC="; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[all]'
	touch $@

$(VENV)/installed-test: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $(VENV)/installed $@

$(VENV)/installed-docs: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $(VENV)/installed $@

$(VENV)/installed-lint: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group lint --group package
	touch $@

clean:
	rm -rf $(VENV) build dist report docs/_build chaintheory.egg-info
