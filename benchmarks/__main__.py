"""Run all benchmarks, or those named: ``python -m benchmarks [integrator ...]``.

The figures of a complete run are kept in ``benchmarks/results.json``, which the report shows.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from tabulate import tabulate

# An installed package goes before the source tree, whose compiled part need not be built.
ROOT = Path(__file__).resolve().parent.parent
sys.path = [*(path for path in sys.path if Path(path).resolve() != ROOT), str(ROOT)]


def main(names: list[str]) -> int:
    """Run each benchmark in turn; 2 for a name that is none."""
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"benchmark must be one of {', '.join(known)}, got {unknown[0]!r}", file=sys.stderr)
        return 2
    rows = []
    for name in names or known:
        benchmark = import_module(f"benchmarks.bench_{name}")
        measured = [figure.row for figure in benchmark.measure()]
        print(f"\n{benchmark.TITLE}\n{tabulate(measured, headers='keys')}", flush=True)
        rows += measured
    if not names:
        results = Path(__file__).parent / "results.json"
        results.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
