"""``chaintheory curves`` and ``chaintheory drift``: the analytic theory at any parameters."""

from __future__ import annotations

from typing import Any

import click

from chaintheory.commands.shared import (
    json_option,
    option,
    print_json,
    print_table,
    system_options,
)
from chaintheory.model import System


@click.command(epilog="Example: chaintheory curves --lowest 10 --highest 60 --points 6 --bias 0")
@system_options
@option("lowest", 1.0, "Lowest speed.")
@option("highest", 80.0, "Highest speed.")
@click.option("--points", type=int, default=80, show_default=True, help="Number of speeds.")
@click.option("--log", "logarithmic", is_flag=True, help="Space the speeds logarithmically.")
@json_option
def curves(system: System, lowest: float, highest: float, points: int, logarithmic: bool, as_json: bool) -> None:
    """Energy lost per pass against speed: single pass (Eq. 7) and steady state (Eq. 10)."""
    import numpy as np

    from chaintheory.validation import above, positive, whole

    above("highest", highest, positive("lowest", lowest))
    whole("points", points, 2, 10_000_000)
    space = np.geomspace if logarithmic else np.linspace
    speed = space(lowest, highest, points)
    columns = {
        "speed": speed,
        "single_pass_dissipation": system.single_pass_dissipation(speed),
        "mean_dissipation": system.mean_dissipation(speed),
    }
    if as_json:
        print_json(columns)
    else:
        print_table(zip(*columns.values(), strict=True), list(columns), floatfmt=".9g")


@click.command(epilog="Example: chaintheory drift --lowest 10 --highest 60 --amplitude -2")
@system_options
@option("lowest", 5.0, "Lowest speed.")
@option("highest", 80.0, "Highest speed.")
@json_option
def drift(system: System, lowest: float, highest: float, as_json: bool) -> None:
    """Drift velocities: speeds at which the mean dissipation balances the bias.

    Kinds: locked (the curve jumps across the bias at a resonance), stable, unstable (zeros).
    """
    from chaintheory.validation import above, positive

    above("highest", highest, positive("lowest", lowest))
    rows = [describe(velocity) for velocity in system.drift_velocities(lowest, highest)]
    if as_json:
        print_json(rows)
    elif rows:
        headers = ("speed", "kind", "edge", "n", "slope", "margin", "certified")
        cells = [[*list(row.values())[:-1], "yes" if row["enclosure"] is not None else "no"] for row in rows]
        formats = (".12g", "", "", "g", ".4g", ".4g", "")
        print_table(cells, headers, floatfmt=formats)
    else:
        click.echo(f"no drift velocity between {lowest:g} and {highest:g} at bias {system.bias:g}")


def describe(velocity: Any) -> dict[str, Any]:
    """Return one drift velocity as a plain row."""
    resonance = velocity.resonance
    return {
        "speed": float(velocity.speed),
        "kind": velocity.kind,
        "edge": resonance.edge if resonance is not None else None,
        "n": resonance.n if resonance is not None else None,
        "slope": float(velocity.slope),
        "margin": float(velocity.margin),
        "enclosure": getattr(velocity, "enclosure", None),
    }
