"""``python -m derivations``.

Verify the ledger, plant errors in it, or write the generated sources.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from .ledger import EVIDENCE, statements, verify


def regenerate(folder: Path) -> int:
    """Write the generated sources into a folder."""
    from .emit import files

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        print(folder / name)
    return 0


def plant_errors(ids: list[str] | None) -> int:
    """Plant errors in all statements, or in some, and print the rate of rejection, which must be 100%."""
    from .mutations import KINDS, plant

    chosen = [s for s in statements() if not ids or s.id in ids]
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
    share = 100 * verdicts["rejected"] / wrong
    print(f"{len(record)} errors planted in {len(chosen)} statements.")
    print(f"{verdicts['equivalent']} of them say the same as the original.")
    print(f"{verdicts['rejected']} of the other {wrong} rejected ({share:g}%).")
    return 1 if verdicts["survived"] else 0


def verify_all(ids: list[str] | None) -> int:
    """Verify the ledger; print a line for each statement, the reason for each failure, and the counts."""
    results = verify(ids)
    for result in results:
        print(f"{result.evidence:8}  {result.kind:7}  {result.equation:26}  {result.id}  {result.seconds:.2f} s")
        if not result.ok:
            print(f"          {result.detail}")
    counts = Counter(result.evidence for result in results)
    shares = ", ".join(f"{counts[kind]} {kind}" for kind in EVIDENCE if counts[kind])
    share = 100 * counts["proved"] / len(results)
    seconds = sum(result.seconds for result in results)
    print(f"{len(results)} statements: {shares}; {share:.0f}% proved, {seconds:.0f} s")
    return 1 if counts["failed"] else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m derivations", description=__doc__)
    parser.add_argument("--only", action="append", metavar="ID", help="only this statement (repeatable)")
    parser.add_argument("--mutations", action="store_true", help="plant errors and count how many are rejected")
    parser.add_argument("--regenerate", action="store_true", help="write the generated sources")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("chaintheory_ext/generated"),
        metavar="DIR",
        help="where to write them (default: %(default)s)",
    )
    parser.add_argument("--glossary", type=Path, metavar="FILE", help="write the table of symbols as Markdown")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.only or ()) - {statement.id for statement in statements()}
    if unknown:
        parser.error(f"no statement {', '.join(sorted(unknown))}")
    if chosen.glossary:
        from .notation import glossary

        chosen.glossary.write_text(glossary(), encoding="utf-8", newline="\n")
        return 0
    if chosen.regenerate:
        return regenerate(chosen.output)
    return plant_errors(chosen.only) if chosen.mutations else verify_all(chosen.only)


if __name__ == "__main__":
    sys.exit(main())
