"""``chaintheory compare``: a trajectory of one's own beside the theory and beside our own run."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from chaintheory.cli.options import (
    INPUT_FILE,
    NUMBER,
    check_outputs,
    csv_option,
    json_option,
    option,
    overwrite_option,
    plot_option,
    print_json,
    print_table,
    save_plot,
    system_options,
)
from chaintheory.support.files import write_whole
from chaintheory.system import System

SHOWN = (
    "time", "speed", "energy_lost", "energy_lost_error", "run_energy_lost", "constant_velocity", "steady_state",
)  # fmt: skip


@click.command(epilog="Example: chaintheory compare run.csv --time t --position x --bias 0.01")
@click.argument("file", type=INPUT_FILE)
@click.option("--time", "time_column", metavar="COLUMN", help="Column of the times, by name or number from 0.")
@click.option("--position", "position_column", metavar="COLUMN", help="Column of the positions.")
@click.option(
    "--velocity", "velocity_column", metavar="COLUMN", help="Column of the velocities; alone: at their extrema."
)
@option("time_unit", None, "Unit of the times in t_slow (1 if left out).")
@option("position_unit", None, "Unit of the positions in l_slow (1 if left out).")
@click.option("--atom", type=int, help="Id of the particle in a dump of LAMMPS.")
@option("time_step", None, "Time of one step where the file lists steps, in its own unit of time.")
@click.option("--start", type=NUMBER, nargs=3, help="Time, position and velocity of the start; else the first row.")
@system_options
@plot_option
@csv_option
@overwrite_option
@json_option
def compare(
    system: System,
    file: Path,
    time_column: str | None,
    position_column: str | None,
    velocity_column: str | None,
    time_unit: float | None,
    position_unit: float | None,
    atom: int | None,
    time_step: float | None,
    start: tuple[float, float, float] | None,
    plot: Path | None,
    csv: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Lay a trajectory in FILE beside the theory and beside our own run from the same start.

    FILE: a table with any delimiter, NetCDF, a dump or the log of LAMMPS. Where the data leave our run, known faults
    are tried (echo in a short chain, memory cut off, units, time step, amplitude, mass, bias, temperature), and those
    that give the data are named. Exit code 1 if the data do not agree with our run.
    """
    from chaintheory.comparison.your_data import compare as lay_beside
    from chaintheory.simulation.readers import read_columns

    check_outputs(overwrite)
    rows = read_columns(
        file, time_column, position_column, velocity_column, time_unit=time_unit, position_unit=position_unit,
        atom=atom, time_step=time_step, units=system.units,
    )  # fmt: skip
    compared = lay_beside(
        system, rows.time, rows.position, velocity=rows.velocity, start=start, progress=sys.stderr.isatty()
    )
    if plot is not None:
        save_plot(compared.plot(), plot)
    frame = compared.to_dataframe()
    if csv is not None:
        write_whole(csv, frame.to_csv().encode())
    if as_json:
        print_json(
            {
                "verdict": compared.verdict,
                "agrees": compared.agrees,
                "leaves_at": compared.leaves_at,
                "largest_residual": compared.largest,
                "findings": [asdict(finding) for finding in compared.findings],
                "passes": {name: frame[name].to_numpy() for name in frame},
            }
        )
    else:
        if len(frame):
            print_table(frame[list(SHOWN)].to_numpy().tolist(), SHOWN, floatfmt=".6g")
            click.echo()
        click.echo(compared.verdict)
    if not compared.agrees:
        raise click.exceptions.Exit(1)
