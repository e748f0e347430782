"""``chaintheory simulate`` and ``chaintheory crosscheck``: runs, alone and beside other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chaintheory.cli.options import (
    OUTPUT_FILE,
    PUBLISHED,
    THERMAL,
    bar,
    check_outputs,
    csv_option,
    given_options,
    json_option,
    option,
    overwrite_option,
    plot_option,
    print_json,
    print_table,
    save_plot,
    system_options,
)
from chaintheory.support.files import check_target
from chaintheory.support.validation import positive, whole
from chaintheory.system import System

if TYPE_CHECKING:
    from chaintheory.comparison.with_published import Comparison
    from chaintheory.comparison.with_simulation import Row


@click.command(epilog="Example: chaintheory simulate --position 220 --speed 50 --duration 20")
@system_options
@option("position", 220.0, "Initial position; the masses rest at multiples of the spacing.")
@option("speed", 50.0, "Initial speed.")
@option("duration", 800.0, "Duration of the run.")
@click.option("--method", default="light-cone", show_default=True, help="light-cone or direct.")
@click.option("--order", type=int, help="Order of the splitting: 2, 4 or 6; chosen if left out.")
@option("steps_per_fast_period", None, "Time steps in 1/omega_fast; chosen if left out.")
@option("temperature", None, "k_B T of the chain; at rest if left out.")
@click.option("--sampling", default="quantum", show_default=True, help="Energies of the modes: quantum or classical.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the thermal motion.")
@click.option("--output", type=OUTPUT_FILE, help="Write the trajectory (.csv: a table; else NetCDF).")
@plot_option
@csv_option
@overwrite_option
@json_option
def simulate(
    system: System,
    duration: float,
    output: Path | None,
    overwrite: bool,
    plot: Path | None,
    csv: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Simulate the particle in the infinite chain, which starts at rest or at a temperature (Eqs. 2-5).

    The published map is --order 2 --steps-per-fast-period 60. Left out, order and step are chosen
    so that the position is right to 1e-6 at tau = 800 and the paper's parameters.
    """
    check_outputs(overwrite)
    if output is not None:
        check_target("--output", output)
    run = system.simulate(duration=duration, progress=True, **given)
    if output is not None and output.suffix.lower() == ".csv":
        run.to_csv(output, overwrite=overwrite)
    elif output is not None:
        run.save(output, overwrite=overwrite)
    if plot is not None:
        save_plot(run.plot(), plot)
    if csv is not None:
        run.to_csv(csv, overwrite=overwrite)
    end = {
        "time": run.time[-1],
        "position": run.position[-1],
        "speed": run.velocity[-1],
        "chain_energy": run.chain_energy[-1],
        "steps": run.time.size - 1,
        "passes": run.passes.size,
    }
    if as_json:
        columns = {name: run.passes[name] for name in run.passes.dtype.names or ()}
        print_json({**end, "passes": columns})
    else:
        print_table(end.items(), ("at the end", ""), floatfmt=".12g")


@click.command(epilog="Example: chaintheory crosscheck --omega-fast 3 --amplitude 0.5 --speed 60")
@system_options
@option(
    "speed",
    None,
    "Speed at which the system is compared; may be given several times. Three if left out.",
    multiple=True,
)
@click.option("--published", type=PUBLISHED, help="Directory with published trajectories and their index.csv.")
@click.option(
    "--published-thermal",
    type=THERMAL,
    help="Directory with published losses in a hot chain, single_pass_losses.csv: these alone are compared.",
)
@click.option(
    "--drifts",
    type=int,
    help="With --published-thermal: compare drift_speeds_T*.csv instead, with so many runs at each temperature.",
)
@json_option
def crosscheck(
    system: System,
    speed: tuple[float, ...],
    published: Path | None,
    published_thermal: Path | None,
    drifts: int | None,
    as_json: bool,
) -> None:
    """Lay simulations beside theory, and beside the published runs when they are given.

    Each row tells the number predicted, the number simulated, their deviation, the deviation that
    the neglected order predicts, and by how much the two may differ. Exit code 1 if a row fails, or
    if the median deviation of a published file is above 1e-3 or its extrema lack a partner.

    With an option of a system, or a speed, the rows are of that system: single pass, mean over 200 passes and exact
    steady drift at each speed. One that the system does not allow gives the reason. Without, they are of the paper's
    chain: besides these locked and stable drifts, the sound cone and a trapped particle.
    """
    own = [*given_options(), *(["--speed"] if speed else [])]
    if own and (published is not None or published_thermal is not None):
        name = "--published" if published is not None else "--published-thermal"
        raise click.UsageError(f"{name} goes without {own[0]}: the published numbers are of systems of their own")
    if drifts is not None and published_thermal is None:
        raise click.UsageError("--drifts goes with --published-thermal, which must be given too")
    if published_thermal is not None:
        if drifts is None:
            crosscheck_thermal(published_thermal, as_json)
        else:
            crosscheck_drifts(published_thermal, whole("--drifts", drifts, 2, 1000), as_json)
        return
    if own:
        crosscheck_system(system, speed, as_json)
        return
    from chaintheory.comparison.with_published import compare_published, read_published
    from chaintheory.comparison.with_simulation import TABLE, compare_with_theory

    runs = read_published(published) if published is not None else []
    with bar(len(TABLE) + len(runs), "comparing", "run") as progress:
        theory = compare_with_theory(progress=progress.update)
        files = compare_published(runs, progress=progress.update)
    if as_json:
        print_json({"theory": [row.as_dict() for row in theory], "published": [asdict(row) for row in files]})
    else:
        passed = sum(row.passed for row in theory)
        print_comparisons(theory, f"{passed} of {len(theory)} comparisons as theory allows")
        if files:
            click.echo()
            good, passed = sum(row.median <= 1e-4 for row in files), sum(row.passed for row in files)
            print_comparisons(files, f"{len(files)} files: median deviation at most 1e-4 in {good}, {passed} pass")
    if not (all(row.passed for row in theory) and all(row.passed for row in files)):
        raise click.exceptions.Exit(1)


def crosscheck_system(system: System, speeds: tuple[float, ...], as_json: bool) -> None:
    """The rows of any system, and the reasons why some are missing."""
    from chaintheory.comparison.with_simulation import ANY_SYSTEM, NotCompared, Row, compare_system, usual_speeds

    chosen = [positive("--speed", speed) for speed in speeds] or usual_speeds(system)
    with bar(len(chosen) * len(ANY_SYSTEM), "comparing", "run") as progress:
        theory = compare_system(system, chosen, progress=progress.update)
    rows = [row for row in theory if isinstance(row, Row)]
    refused = [row for row in theory if isinstance(row, NotCompared)]
    if as_json:
        print_json({"theory": [row.as_dict() if isinstance(row, Row) else asdict(row) for row in theory]})
    else:
        print_comparisons(rows, f"{sum(row.passed for row in rows)} of {len(rows)} comparisons as theory allows")
        for one in refused:
            click.echo(f"not compared: {one.name}: {one.refused}")
    if not (rows and all(row.passed for row in rows)):
        raise click.exceptions.Exit(1)


def crosscheck_thermal(directory: Path, as_json: bool) -> None:
    """Published losses in a hot chain beside theory and our own passes, in standard errors."""
    from chaintheory.comparison.with_published_thermal import as_columns, compare_losses, read_losses

    published = read_losses(directory)
    with bar(len(published), "comparing", "row") as progress:
        rows = compare_losses(published, progress=progress.update)
    if as_json:
        print_json([{**one, "ok": row.ok} for one, row in zip(as_columns(rows), rows, strict=True)])
    else:
        print_table(
            [
                (f"{r.temperature:g}", f"{r.speed:g}", f"{r.mean:.5f}", f"{r.theory_mean:.5f}", f"{r.mean_off:+.1f}",
                 f"{r.own_mean_off:+.1f}", f"{r.std:.5f}", f"{r.theory_std:.5f}", f"{r.std_off:+.1f}",
                 f"{r.own_std_off:+.1f}", f"{r.own_quantiles_off:.1f}", "" if r.ok else "FAILS")
                for r in rows
            ],
            ("T", "speed", "mean", "theory", "off", "own", "deviation", "theory", "off", "own", "quantiles", ""),
            disable_numparse=True,
        )  # fmt: skip
        click.echo(f"{sum(row.ok for row in rows)} of {len(rows)} rows agree; off and own are in standard errors")
    if not all(row.ok for row in rows):
        raise click.exceptions.Exit(1)


def crosscheck_drifts(directory: Path, runs: int, as_json: bool) -> None:
    """Published speeds under a bias in a hot chain beside our runs: with the whole kernel, and with theirs, cut off."""
    from chaintheory.comparison.with_published_thermal import (
        PUBLISHED_MEMORY,
        as_columns,
        compare_drifts,
        read_drifts,
    )

    published = read_drifts(directory)
    if not published:
        raise click.UsageError(f"--published-thermal must hold drift_speeds_T*.csv, got {directory}")
    rows: dict[str, list[Any]] = {"whole": [], "cut": []}
    with bar(2 * len(published), "comparing", "temperature") as progress:
        for heat, speeds in published.items():
            for kernel, memory in (("whole", None), ("cut", PUBLISHED_MEMORY)):
                rows[kernel] += compare_drifts(speeds, heat, runs, memory)
                progress.update()
    if as_json:
        print_json([{"kernel": kernel, **one, "ok": row.ok} for kernel, several in rows.items()
                    for one, row in zip(as_columns(several), several, strict=True)])  # fmt: skip
    else:
        print_table(
            [
                (kernel, f"{r.temperature:g}", f"{r.time:g}", f"{r.change:.2f}", f"{r.own_change:.2f}",
                 f"{r.own_error:.2f}", f"{r.off:+.1f}", f"{r.spread:.2f}", f"{r.own_spread:.2f}", f"{r.likeness:.2g}",
                 "" if r.ok else "FAILS")
                for kernel, several in rows.items() for r in several
            ],
            ("kernel", "T", "time", "change", "own", "error", "off", "spread", "own", "likeness", ""),
            disable_numparse=True,
        )  # fmt: skip
    if not all(row.ok for row in rows["whole"]):
        raise click.exceptions.Exit(1)


def print_comparisons(rows: Sequence[Row | Comparison], summary: str) -> None:
    """Print one row for each comparison, and a summary."""
    print_table(
        [(*row.cells, "" if row.passed else "FAILS") for row in rows], (*rows[0].HEADINGS, ""), disable_numparse=True,
        colalign=("left", *["right"] * 5, "left"),
    )  # fmt: skip
    click.echo(summary)
