"""``chaintheory simulate`` and ``chaintheory crosscheck``: runs, alone and beside other numbers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chaintheory.commands.shared import (
    bar,
    json_option,
    option,
    print_json,
    print_table,
    system_options,
)
from chaintheory.model import System

if TYPE_CHECKING:
    from chaintheory.crosscheck import Comparison


@click.command(epilog="Example: chaintheory simulate --position 220 --speed 50 --duration 20")
@system_options
@option("position", 220.0, "Initial position; the masses rest at multiples of the spacing.")
@option("speed", 50.0, "Initial speed.")
@option("duration", 800.0, "Duration of the run.")
@click.option("--method", default="light-cone", show_default=True, help="light-cone or direct.")
@click.option("--order", type=int, help="Order of the splitting: 2, 4 or 6; chosen if left out.")
@option("steps_per_fast_period", None, "Time steps in 1/omega_fast; chosen if left out.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the trajectory (NetCDF).")
@click.option("--overwrite", is_flag=True, help="Replace the output file if it exists.")
@json_option
def simulate(
    system: System,
    duration: float,
    output: Path | None,
    overwrite: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Simulate the particle in the infinite chain, which starts at rest (Eqs. 2-5).

    The published map is --order 2 --steps-per-fast-period 60. Left out, order and step are chosen
    so that the position is right to 1e-6 at tau = 800 and the paper's parameters.
    """
    if output is not None:
        free_to_write(output, overwrite)
    run = system.simulate(duration=duration, progress=True, **given)
    if output is not None:
        run.save(output)
    end = {
        "time": run.time[-1],
        "position": run.position[-1],
        "speed": run.speed[-1],
        "chain_energy": run.chain_energy[-1],
        "steps": run.time.size - 1,
        "passes": run.passes.size,
    }
    if as_json:
        columns = {name: run.passes[name] for name in run.passes.dtype.names}
        print_json({**end, "passes": columns})
    else:
        print_table(end.items(), ("at the end", ""), floatfmt=".12g")


def free_to_write(output: Path, overwrite: bool) -> None:
    """Refuse, before any work is done, an output that exists or has no directory to go to."""
    if output.is_dir() or (output.exists() and not overwrite):
        raise ValueError(f"output must not exist (or give --overwrite), got {str(output)!r}")
    if not output.absolute().parent.is_dir():
        raise ValueError(f"output must lie in an existing directory, got {str(output)!r}")


@click.command(epilog="Example: chaintheory crosscheck --help")
@click.option(
    "--published",
    type=click.Path(path_type=Path),
    required=True,
    help="Directory with published trajectories and their index.csv.",
)
@json_option
def crosscheck(published: Path, as_json: bool) -> None:
    """Repeat the published runs and lay their speed extrema beside ours.

    Exit code 1 if the median deviation of any file is above 1e-3, or if extrema lack a partner.
    """
    from chaintheory.crosscheck import compare_published, read_published

    runs = read_published(published)
    with bar(len(runs), "simulating", "run") as progress:
        rows = compare_published(runs, progress=progress.update)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_comparisons(rows)
    if not all(row.passed for row in rows):
        raise click.exceptions.Exit(1)


def print_comparisons(rows: list[Comparison]) -> None:
    """Print one row per published file and a summary."""
    print_table(
        [
            (r.file, f"{r.matched}/{r.published}", r.unmatched, f"{r.median:.1e}",
             f"{r.largest:.1e}", f"{r.largest_at:.1f}", "" if r.passed else "FAILS")
            for r in rows
        ],
        ("file", "matched", "unmatched", "median", "largest", "at time", ""),
        disable_numparse=True,
        colalign=("left", "right", "right", "right", "right", "right", "left"),
    )  # fmt: skip
    good = sum(row.median <= 1e-4 for row in rows)
    passed = sum(row.passed for row in rows)
    click.echo(f"{len(rows)} files: median deviation at most 1e-4 in {good}, {passed} pass")
