#!/bin/sh
# Build the compiled part with sanitizers in a temporary directory and run the tests of the physics on it;
# then once more with every index checked. Usage: sanitize.sh [PYTHON]
set -eu
PYTHON=${1:-python3}
CC=${CC:-cc}
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT INT TERM
TESTS="tests/physics/test_kernel.py tests/physics/test_integrators.py tests/physics/test_crossings.py
    tests/physics/test_dissipation.py tests/physics/test_interactions.py tests/physics/test_drift.py
    tests/robustness/test_files.py tests/robustness/test_determinism.py"
# Only a chain at a temperature uses all rows of a window, the last of which would be written beyond, and single_passes.
for name in streams_are_those_of_numpy passes_are_those_of_a_plain_ring \
    hot_runs_conserve_energy_and_are_the_same_in_blocks; do
    TESTS="$TESTS tests/physics/test_thermal.py::test_$name"
done

copy() {
    mkdir "$WORK/$1"
    for part in pyproject.toml setup.py README.md LICENSE benchmarks chaintheory chaintheory_ext derivations tests; do
        cp -R "$ROOT/$part" "$WORK/$1/"
    done
    find "$WORK/$1" \( -name '*.so' -o -name '__pycache__' \) -prune -exec rm -rf {} +
    rm -f "$WORK/$1"/chaintheory_ext/*.c
    cd "$WORK/$1"
}

copy sanitized
FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1"
CFLAGS="$FLAGS" LDFLAGS="-fsanitize=address,undefined" "$PYTHON" setup.py -q build_ext --inplace
# What a sanitizer finds goes past pytest to stderr. It keeps freed memory, so that growth is not its to measure.
LD_PRELOAD="$("$CC" -print-file-name=libasan.so) $("$CC" -print-file-name=libstdc++.so.6)" \
    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
    "$PYTHON" -m pytest -q -p no:cacheprovider --capture=sys -k "not memory_does_not_grow" $TESTS

copy checked
CHAINTHEORY_DEBUG=1 "$PYTHON" setup.py -q build_ext --inplace
"$PYTHON" -m pytest -q -p no:cacheprovider tests/physics tests/robustness/test_files.py
echo "sanitize: nothing found"
