"""Run all benchmarks, or those named: ``python -m benchmarks [integrator ...]``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> int:
    """Run each benchmark in turn; 2 for a name that is none."""
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"benchmark must be one of {', '.join(known)}, got {unknown[0]!r}", file=sys.stderr)
        return 2
    for name in names or known:
        import_module(f"benchmarks.bench_{name}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
