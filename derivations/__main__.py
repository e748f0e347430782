"""``python -m derivations``.

Write the generated sources and the glossary from the ledger, or plant errors in it. ``chaintheory verify`` verifies it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from .ledger import Statement, select


def regenerate(folder: Path) -> None:
    """Write the generated sources into a folder."""
    from .emit import files

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        print(folder / name)


def plant_errors(chosen: list[Statement]) -> int:
    """Plant errors in statements, and print the rate of rejection, which must be 100%."""
    from .mutations import KINDS, plant

    record = []
    for statement in chosen:
        planted = plant(statement)
        verdicts = Counter(mutation.verdict for mutation in planted)
        print(f"{verdicts['rejected']:4} rejected  {verdicts['equivalent']:2} equivalent {statement.id}", flush=True)
        for mutation in planted:
            if mutation.verdict == "survived":
                print(f"     SURVIVED  {mutation.where}, {mutation.kind}: {mutation.detail}")
        record += planted
    verdicts = Counter(mutation.verdict for mutation in record)
    wrong = verdicts["rejected"] + verdicts["survived"]
    for kind in KINDS:
        print(f"{sum(mutation.kind == kind for mutation in record):6}  {kind}")
    part = 100 * verdicts["rejected"] / wrong
    print(f"{len(record)} errors planted in {len(chosen)} statements.")
    print(f"{verdicts['equivalent']} of them say the same as the original.")
    print(f"{verdicts['rejected']} of the other {wrong} rejected ({part:g}%).")
    return 1 if verdicts["survived"] else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m derivations", description=__doc__)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--mutations", action="store_true", help="plant errors and count how many are rejected")
    task.add_argument("--regenerate", action="store_true", help="write the generated sources")
    task.add_argument("--glossary", type=Path, metavar="FILE", help="write the table of symbols as Markdown")
    parser.add_argument("--only", action="append", metavar="ID", help="plant errors in this statement (repeatable)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("chaintheory_ext/generated"),
        metavar="DIR",
        help="where to write the generated sources (default: %(default)s)",
    )
    chosen = parser.parse_args(arguments)
    if chosen.mutations:
        try:
            return plant_errors(select(chosen.only))
        except LookupError as error:
            parser.error(str(error))
    if chosen.regenerate:
        regenerate(chosen.output)
    else:
        from .notation import glossary

        chosen.glossary.write_text(glossary(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
