"""``python -m derivations``: verify the ledger, or write the generated sources."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .ledger import statements, verify


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m derivations", description=__doc__)
    parser.add_argument("--regenerate", action="store_true", help="write the generated sources")
    parser.add_argument("--output", type=Path, default=Path("chaintheory_ext/generated"), metavar="DIR",
                        help="where to write them (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    if chosen.regenerate:
        from .emit import files

        chosen.output.mkdir(parents=True, exist_ok=True)
        for name, text in files().items():
            (chosen.output / name).write_text(text, encoding="utf-8", newline="\n")
            print(chosen.output / name)
        return 0
    results = verify()
    for result in results:
        print(f"{result.evidence:8}  {result.equation:22}  {result.id}  {result.seconds:.2f} s")
        if not result.ok:
            print(f"          {result.detail}")
    proved = sum(result.evidence == "proved" for result in results)
    print(f"{len(statements())} statements, {proved} proved")
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
