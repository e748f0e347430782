"""``chaintheory figures``, ``report`` and ``explore``: what is looked at."""

from __future__ import annotations

from pathlib import Path

import click

from chaintheory.cli.options import INPUT_FILE, OUTPUT_DIRECTORY, OUTPUT_FILE, PUBLISHED, bar, paper_options
from chaintheory.parameters import SystemParameters


@click.command(epilog="Example: chaintheory figures single-pass --output figures --format svg")
@click.argument("names", nargs=-1)
@click.option(
    "--output",
    type=OUTPUT_DIRECTORY,
    default=Path("figures"),
    show_default=True,
    help="Directory for the pictures; a file is replaced only if this command made it.",
)
@click.option("--format", "form", default="png", show_default=True, help="png, pdf or svg.")
@click.option("--quick", is_flag=True, help="Fewer and shorter simulated runs.")
@click.option("--list", "listing", is_flag=True, help="List the figures and stop.")
def figures(names: tuple[str, ...], output: Path, form: str, quick: bool, listing: bool) -> None:
    """Draw the figures of the paper and the new ones; all of them, or those named."""
    from chaintheory.figures import available, check_place, make, save
    from chaintheory.support.validation import choice

    if listing:
        for name, title in available().items():
            click.echo(f"{name:<24} {title}")
        return
    choice("format", form, ("png", "pdf", "svg"))
    chosen = [choice("figure", name, available()) for name in names] or list(available())
    output.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        check_place(name, output, form)
    with bar(len(chosen), "drawing", "figure") as progress:
        for name in chosen:
            progress.set_postfix_str(name)
            path = save(make(name, quick=quick), output, form)
            progress.update(1)
            click.echo(path)


@click.command(epilog="Example: chaintheory report --quick --output report")
@click.option(
    "--output",
    type=OUTPUT_DIRECTORY,
    default=Path("report"),
    show_default=True,
    help="Directory to write; replaced only if this command made it.",
)
@click.option("--published", type=PUBLISHED, help="Directory with published trajectories, to be laid beside ours.")
@click.option("--benchmarks", type=INPUT_FILE, help="The file that `python -m benchmarks` wrote, to be shown.")
@click.option("--quick", is_flag=True, help="Fewer and shorter simulated runs.")
def report(output: Path, published: Path | None, benchmarks: Path | None, quick: bool) -> None:
    """Write the whole comparison as a directory that a browser opens with no network."""
    from chaintheory.report.page import write_report

    with bar(None, "report", "piece") as progress:

        def tell(done: str, pieces: int) -> None:
            progress.total = pieces
            progress.set_postfix_str(done)
            progress.update(1)

        passed = write_report(output, published=published, benchmarks=benchmarks, quick=quick, progress=tell)
    click.echo(output / "index.html")
    if not passed:
        click.echo("chaintheory: a check in the report failed", err=True)
        raise click.exceptions.Exit(1)


@click.command(epilog="Example: chaintheory explore --omega-fast 10 --output explorer.html")
@paper_options
@click.option(
    "--output",
    type=OUTPUT_FILE,
    default=Path("explorer.html"),
    show_default=True,
    help="File to write; replaced only if this command made it.",
)
def explore(system: SystemParameters, output: Path) -> None:
    """Write a page with sliders for the system, and a live run of the infinite chain.

    A browser opens it with no network: the compiled kernels are in it. The interaction is a Gaussian.
    """
    from chaintheory.explorer.page import write_explorer

    write_explorer(output, system)
    click.echo(output)
