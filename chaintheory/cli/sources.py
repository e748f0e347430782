"""``chaintheory generate``: source code for an interaction of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from chaintheory.cli.options import OUTPUT_FILE, of_formula


@click.command(epilog="Example: chaintheory generate --potential 'exp(-abs(r)/3)' --language c")
@click.option(
    "--potential",
    "--interaction",
    "interaction",
    required=True,
    metavar="FORMULA",
    help="Potential as a formula in the distance r.",
)
@click.option(
    "--language",
    type=click.Choice(["c", "cython", "python"]),
    default="python",
    show_default=True,
    help="Language of the source.",
)
@click.option("--output", type=OUTPUT_FILE, help="File to write; default: print.")
def generate(interaction: str, language: str, output: Path | None) -> None:
    """Source code for an interaction of one's own, in one file that needs no other.

    It holds the potential, its slope and transform, and the loss per phonon, crossing and weight
    functions of Eqs. 6 and 10 with their slopes. The formula knows numbers, r, pi, e, + - * / ** and
    functions such as exp, sqrt, abs, tanh; nothing in it is run as a program.
    """
    from chaintheory.interactions.grammar import parse
    from derivations.user_code import generate as source_of

    of_formula(interaction)  # refuses what is not finite or does not decay
    source = source_of(parse(interaction), language)
    if output is None:
        click.echo(source, nl=False)
    else:
        output.write_text(source, encoding="utf-8", newline="\n")
        click.echo(f"{output}: {len(source.splitlines())} lines of {language}", err=True)
