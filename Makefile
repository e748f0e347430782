# The commands of the README. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py $(shell find chaintheory chaintheory_ext derivations \
	-name '*.py' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -path '*/templates/*' \
	-o -path '*/src/*.c' 2>/dev/null)

.PHONY: report test regenerate notebooks bench clean

report: $(VENV)/installed
	$(BIN)/chaintheory report --output report

# The suite runs against the installed package, from a directory outside the tree.
test: $(VENV)/installed-test
	cd $(VENV) && bin/python -m pytest -c ../pyproject.toml --rootdir=.. ../tests ../notebooks

# Write the generated code again from the ledger.
regenerate: $(VENV)/installed
	$(BIN)/python -m derivations --regenerate

# Run the notebooks and keep their new outputs.
notebooks: $(VENV)/installed-test
	$(BIN)/python notebooks/execute.py

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; set PYTHON=")'
	@command -v $${CC:-cc} > /dev/null || { echo "A C compiler is needed (gcc or clang); set CC="; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet .
	touch $@

$(VENV)/installed-test: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet '.[test]'
	touch $(VENV)/installed $@

clean:
	rm -rf $(VENV) build report chaintheory.egg-info
