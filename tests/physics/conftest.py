"""The brute force of the benchmarks is that of the tests; they are not installed, and the tree is not on the path."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
_spec = spec_from_file_location("benchmarks", BENCHMARKS / "__init__.py", submodule_search_locations=[str(BENCHMARKS)])
sys.modules.setdefault("benchmarks", module_from_spec(_spec))
