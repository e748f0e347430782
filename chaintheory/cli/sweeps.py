"""``chaintheory sweep``: grids of systems, computed on all cores or on a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from chaintheory.cli.options import (
    INPUT_FILE,
    OUTPUT_FILE,
    PICTURE,
    address,
    bar,
    check_outputs,
    overwrite_option,
    save_plot,
)
from chaintheory.support.files import refuse_input


@click.command(epilog="Example: chaintheory sweep grid.toml --output grid.nc")
@click.argument("file", type=INPUT_FILE)
@click.option("--output", type=OUTPUT_FILE, required=True, help="NetCDF file to write.")
@click.option("--workers", type=int, help="Processes on this machine; all cores if left out.")
@click.option("--scheduler", callback=address, help="Address of a Dask scheduler, such as tcp://127.0.0.1:8786.")
@click.option("--plot", type=PICTURE, help="Draw the first quantity into this file; over one or two axes.")
@overwrite_option
def sweep(
    file: Path, output: Path, workers: int | None, scheduler: str | None, plot: Path | None, overwrite: bool
) -> None:
    """Compute a grid of systems described by a TOML FILE and write it as NetCDF.

    The file has the tables [system] (fixed parameters), [interaction] (name, or potential = "FORMULA", or samples =
    "FILE", and parameters), [run] (position, speed, duration), [axes]
    (lists, or grids such as {start = 0.001, stop = 0.1, count = 9, spacing = "log"}) and [compute]
    (quantities: single_pass_dissipation, mean_dissipation, drift_velocities, passes, final_state).
    A sweep that was stopped is resumed by the same command. A point that is refused does not end it: the reason is in
    the variable `refused` of the file.
    """
    from chaintheory.sweep.run import run_sweep
    from chaintheory.sweep.specification import read_sweep

    check_outputs(overwrite)
    grid = read_sweep(file)
    if plot is not None:
        refuse_input("--plot", plot, grid.read_from)
    with bar(None, "sweeping", "point") as progress:

        def tell(done: int, total: int) -> None:
            progress.total = total
            progress.update(done)

        dataset = run_sweep(grid, output, workers=workers, scheduler=scheduler, progress=tell, overwrite=overwrite)
    if plot is not None:
        from chaintheory.plotting.sweeps import plot_sweep

        save_plot(plot_sweep(dataset, next(str(name) for name in dataset.data_vars if name != "refused")), plot)
    sizes = ", ".join(f"{name} {size}" for name, size in dataset.sizes.items())
    click.echo(f"{output}: {', '.join(map(str, dataset.data_vars))} over {sizes}")
    if "refused" in dataset:
        reasons = [reason for reason in dataset.refused.values.ravel().tolist() if reason]
        click.echo(f"{len(reasons)} points were refused, the first because: {reasons[0]}", err=True)
