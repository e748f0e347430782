"""``chaintheory curves`` and ``chaintheory drift``: the analytic theory at any parameters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chaintheory.cli.options import (
    check_outputs,
    csv_option,
    json_option,
    option,
    overwrite_option,
    plot_option,
    print_json,
    print_table,
    save_csv,
    save_plot,
    system_options,
)
from chaintheory.system import System

if TYPE_CHECKING:
    from chaintheory.drift.drag_curve import SteadyDrifts

FURTHER = ("static-lattice", "third-order", "travelling-wave")


@click.command(epilog="Example: chaintheory curves --interaction Lorentzian --lowest 10 --points 6")
@system_options
@option("lowest", 1.0, "Lowest speed.")
@option("highest", 80.0, "Highest speed.")
@click.option("--points", type=int, default=80, show_default=True, help="Number of speeds.")
@click.option("--log", "logarithmic", is_flag=True, help="Space the speeds logarithmically.")
@click.option(
    "--approximation",
    "approximations",
    multiple=True,
    metavar="NAME",
    help=f"Further columns of the mean dissipation, each {', '.join(FURTHER)} (exact); may be given several times.",
)
@option("temperature", None, "k_B T of the chain: two more columns, mean and deviation of the loss of a pass.")
@click.option("--sampling", default="quantum", show_default=True, help="Energies of the modes: quantum or classical.")
@plot_option
@csv_option
@overwrite_option
@json_option
def curves(
    system: System,
    lowest: float,
    highest: float,
    points: int,
    logarithmic: bool,
    approximations: tuple[str, ...],
    temperature: float | None,
    sampling: str,
    plot: Path | None,
    csv: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Energy lost per pass against speed: single pass (Eqs. 6 and 7) and steady state (Eq. 10).

    The picture of --plot takes as many speeds as it needs: it is refined where the losses vary, and a dashed line leads
    to the top at each resonance.

    A further column has no number at a speed at which its approximation does not apply.

    Validity, from 0 to 1: how far the second-order theory can be trusted; the exact mean dissipation over that of
    Eq. (10) is expected between it and its inverse.
    """
    import warnings

    import numpy as np

    from chaintheory.dissipation.validity import ValidityWarning
    from chaintheory.support.validation import above, choice, positive, whole

    check_outputs(overwrite)
    for name in approximations:
        choice("--approximation", name, FURTHER)
    choice("--sampling", sampling, ("quantum", "classical"))
    above("highest", highest, positive("lowest", lowest))
    whole("points", points, 2, 10_000_000)
    space = np.geomspace if logarithmic else np.linspace
    speed = space(lowest, highest, points)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)  # the last column says it
        columns: dict[str, Any] = {
            "speed": speed,
            "single_pass_dissipation": system.single_pass_dissipation(speed),
            "mean_dissipation": system.mean_dissipation(speed),
            # It is an estimate for chains without damping.
            "validity": np.full(points, math.nan) if system.chain.damping else system.validity(speed).value,
        }
        for name in dict.fromkeys(approximations):
            columns[f"mean_dissipation_{name.replace('-', '_')}"] = where_it_applies(system, speed, name)
        if temperature is not None:
            heat: Any = {"temperature": temperature, "sampling": sampling}
            columns["mean_loss"] = system.single_pass_dissipation(speed, **heat)
            columns["loss_deviation"] = np.sqrt(system.loss_variance(speed, **heat))
    if plot is not None:
        from chaintheory.plotting.style import legend_above

        ax = system.curves(lowest, highest, points=max(points, 300)).plot()
        for name in dict.fromkeys(approximations):
            key = f"mean_dissipation_{name.replace('-', '_')}"
            ax.plot(speed, columns[key], ".", ms=3, label=f"mean, {name}")
        ax.set_xscale("log" if logarithmic else "linear")
        legend_above(ax)
        save_plot(ax, plot)
    if csv is not None:
        save_csv(columns, csv)
    if as_json:
        print_json(columns)
    else:
        print_table(zip(*columns.values(), strict=True), list(columns), floatfmt=".9g")


def where_it_applies(system: System, speeds: Any, approximation: str) -> list[float]:
    """Return the mean dissipation at each speed, nan where it is refused; the first reason goes to stderr."""
    found, reasons = [], []
    for speed in speeds.tolist():
        try:
            found.append(float(system.mean_dissipation(speed, approximation=approximation)))
        except ValueError as error:
            found.append(math.nan)
            reasons.append(str(error))
    if reasons:
        click.echo(f"{approximation} does not apply at {len(reasons)} of {len(found)} speeds: {reasons[0]}", err=True)
    return found


APPROXIMATIONS = ("constant-velocity", "static-lattice", "travelling-wave")
CLOSEST = 1e-9  # relative separation of the solutions that the table shows by default


@click.command(epilog="Example: chaintheory drift --potential 'exp(-(r/4)**4)' --lowest 30")
@system_options
@option("lowest", 5.0, "Lowest speed.")
@option("highest", 80.0, "Highest speed.")
@click.option("--all", "everything", is_flag=True, help="Show also solutions closer to each other than 1e-9.")
@click.option(
    "--approximation",
    default="constant-velocity",
    show_default=True,
    metavar="NAME",
    help="constant-velocity (Eq. 10); static-lattice, about a second for each resonance in the range; or "
    "travelling-wave: exact, some ten seconds for each.",
)
@plot_option
@csv_option
@overwrite_option
@json_option
def drift(
    system: System,
    lowest: float,
    highest: float,
    everything: bool,
    approximation: str,
    plot: Path | None,
    csv: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Drift velocities: speeds at which the mean dissipation (Eq. 10) balances the bias.

    Kinds: locked (the curve jumps across the bias at a resonance with the lower band edge), stable (a root
    whose growth factor is below 1 in magnitude), unstable (another root, or a jump at the upper edge). A
    growth factor below -1 means growing oscillations from pass to pass. Slowest and fastest are the extremes
    in the rigid lattice at this mean speed. Enclosed: ball arithmetic proves a root or a jump of Eq. 10
    there; this says nothing on the motion beyond Eq. 10. JSON holds all solutions.

    With --approximation travelling-wave the exact steady drifts: locked and stable ones decay after any small
    disturbance, of unstable ones some disturbance grows. Error: change of the speed on a finer grid. Growth: real
    part of the largest growth rate, in 1/t_slow. Any chain has them, with --damping or without wells
    (--confinement 0) too.
    """
    from chaintheory.support.validation import above, choice, positive

    check_outputs(overwrite)
    above("highest", highest, positive("lowest", lowest))
    chosen: Any = choice("--approximation", approximation, APPROXIMATIONS)
    found: Any = system.drift_velocities(lowest, highest, approximation=chosen)
    if plot is not None:
        save_plot(found.plot(), plot)
    if csv is not None:
        save_csv(found.to_dataframe().to_dict("list"), csv)
    if chosen == "travelling-wave":
        print_exact(found, as_json, f"no steady drift between {lowest:g} and {highest:g} at bias {system.bias:g}")
        return
    for low, high in found.unresolved:
        click.echo(f"unresolved: the number of drift velocities between {low!r} and {high!r} is undecided", err=True)
    if as_json:
        print_json([describe(velocity) for velocity in found])
        return
    shown = [velocity for velocity in found if everything or velocity.separation >= CLOSEST]
    if shown:
        headers = ("speed", "kind", "edge", "n", "slope", "growth", "margin", "slowest", "fastest", "relaxation",
                   "enclosed")  # fmt: skip
        formats = (".12g", "", "", "g", ".4g", ".4g", ".4g", ".6g", ".6g", ".4g", "")
        print_table([cells(describe(velocity)) for velocity in shown], headers, floatfmt=formats)
    else:
        click.echo(f"no drift velocity between {lowest:g} and {highest:g} at bias {system.bias:g}")
    if len(found) > len(shown):
        click.echo(f"{len(found) - len(shown)} more, closer to each other than {CLOSEST:g} of their speed: --all")


def print_exact(found: SteadyDrifts, as_json: bool, none: str) -> None:
    """Print the exact steady drifts, or that there is none."""
    rows = [
        row if one.resonance is not None else row | {"edge": None, "n": None}
        for one, row in zip(found, found.rows(), strict=True)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            [list(row.values()) for row in rows], list(rows[0]), floatfmt=(".12g", "", "", "g", ".4g", ".1e", ".4g")
        )
    else:
        click.echo(none)


def cells(row: dict[str, Any]) -> list[Any]:
    """Return the row as the table shows it."""
    names = ("speed", "kind", "edge", "n", "slope", "growth_factor", "margin", "slowest", "fastest", "relaxation_time")
    return [*(row[name] for name in names), "yes" if row["certified"] else "no"]


def describe(velocity: Any) -> dict[str, Any]:
    """Return one drift velocity as a plain row."""
    resonance = velocity.resonance
    return {
        "speed": float(velocity.speed),
        "kind": velocity.kind,
        "edge": resonance.edge if resonance is not None else None,
        "n": resonance.n if resonance is not None else None,
        "slope": float(velocity.slope),
        "growth_factor": float(velocity.growth_factor),
        "margin": float(velocity.margin) if math.isinf(velocity.slope) else None,
        "separation": float(velocity.separation),
        "slowest": float(velocity.slowest),
        "fastest": float(velocity.fastest),
        "relaxation_time": float(velocity.relaxation_time),
        "certified": velocity.certified,
        "enclosure": velocity.enclosure,
    }
