"""``chaintheory verify``: the ledger of formulas, every step checked."""

from __future__ import annotations

from collections import Counter

import click

from chaintheory.cli.options import bar, json_option, print_json, print_table


@click.command(epilog="Example: chaintheory verify --equation 7")
@click.argument("ids", nargs=-1)
@click.option("--equation", help="Only the statements of this equation of the paper, such as 7.")
@json_option
def verify(ids: tuple[str, ...], equation: str | None, as_json: bool) -> None:
    """Verify the formulas of the theory, step by step; all of them, or those named.

    Evidence: proved (SymPy reduces every step to zero), enclosed (a step is decided by ball arithmetic),
    cited (a step is a named theorem, checked numerically besides), checked (50 digits at seeded points),
    refuted (the statement is false; the corrected one is given). A statement has the weakest evidence of
    its own steps and of all that it rests on. Kind: printed (in the paper or its scripts), reading (words
    of the paper, put into a formula) or derived here. Exit code 1 if a statement fails.
    """
    from chaintheory.support.validation import choice
    from derivations.ledger import EVIDENCE, select, statements
    from derivations.ledger import verify as verify_ledger

    try:
        select(list(ids))
    except LookupError as error:
        raise ValueError(str(error)) from None
    if equation is not None:
        equation = f"Eq. {equation}" if equation.isdigit() else equation
        choice("equation", equation, sorted({statement.equation for statement in statements()}))
    results = verify_ledger(
        list(ids) or None, equation, progress=lambda chosen: bar(len(chosen), "verifying", "statement", iterable=chosen)
    )
    if as_json:
        fields = ("id", "equation", "kind", "statement", "evidence", "own", "detail", "ok", "seconds")
        print_json([{name: getattr(result, name) for name in fields} for result in results])
    else:
        print_table(
            [(r.id, r.equation, r.kind, r.evidence, "" if r.ok else "FAILS", r.seconds, r.statement) for r in results],
            ("id", "equation", "kind", "evidence", "", "seconds", "statement"),
            floatfmt=".2f",
            maxcolwidths=[None, 12, None, None, None, None, 70],
            disable_numparse=[1],
        )
        failed = [result for result in results if not result.ok]
        for result in failed:
            click.echo(f"{result.id} fails: {result.detail}", err=True)
        counts = Counter(result.evidence for result in results)
        shares = ", ".join(f"{counts[evidence]} {evidence}" for evidence in EVIDENCE if counts[evidence])
        click.echo(f"{len(results)} statements: {shares}")
    if not all(result.ok for result in results):
        raise click.exceptions.Exit(1)
