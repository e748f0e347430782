"""The picture of a comparison: speed, loss per pass, residual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.plotting.style import BLUE, GREEN, PURPLE, VERMILLION, ink, label, pyplot
from chaintheory.units import Scale

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

ENERGY = "hbar Omega_slow"
RUN, THEORY, EXACT, STATIC = VERMILLION, BLUE, PURPLE, GREEN


def draw(
    passes: xarray.Dataset, residual: xarray.Dataset, leaves_at: float | None, first: float, scale: Scale,
    axes: Any = None,
) -> Figure:  # fmt: skip
    """Draw the three panels of a comparison, given in the units of the model, into ``axes``, or into a new figure."""
    if axes is None:
        axes = pyplot().subplots(3, 1, sharex=True, figsize=(8.5, 8.0), layout="constrained")[1]
    axes = np.ravel(np.asarray(axes, dtype=object))
    if axes.size != 3:
        raise ValueError(f"ax must be three axes, got {axes.size}")
    time = scale.time * passes["time"].values
    speed, loss, rest = axes
    data = ink(speed)
    speed.plot(time, scale.speed * passes["speed"].values, ".", color=data, label="data")
    speed.plot(time, scale.speed * passes["run_speed"].values, color=RUN, label="our run")
    speed.set_ylabel(label("speed midway\n", "speed", scale))
    lost = {
        name: scale.energy * passes[name].values for name in passes.data_vars if passes[name].attrs["units"] == ENERGY
    }
    error = lost["energy_lost_error"]
    if np.isfinite(error).any():
        loss.errorbar(time, lost["energy_lost"], error, fmt=".", color=data, label="data", elinewidth=0.8)
    else:
        loss.plot(time, lost["energy_lost"], ".", color=data, label="data")
    loss.plot(time, lost["run_energy_lost"], color=RUN, label="our run")
    for name, text, style in (
        ("constant_velocity", "one pass, Eqs. 6, 7", {"color": THEORY, "ls": "--"}),
        ("steady_state", "steady state, Eq. 10", {"color": THEORY, "ls": "-"}),
        ("static_lattice", "static lattice", {"color": STATIC, "marker": "+", "ls": "none"}),
        ("travelling_wave", "exact steady state", {"color": EXACT, "marker": "x", "ls": "none"}),
    ):
        if np.isfinite(lost[name]).any():
            loss.plot(time, lost[name], label=text, lw=1.0, **style)
    loss.set_ylabel(label("lost per pass\n", "energy", scale))
    kind = "length" if residual["residual"].attrs["units"] == "l_slow" else "speed"
    factor = getattr(scale, kind)
    rows, tolerance = scale.time * residual["time"].values, factor * residual["tolerance"].values
    rest.fill_between(rows, -tolerance, tolerance, color="0.85", lw=0, label="tolerance")
    rest.plot(rows, factor * residual["residual"].values, color=data, lw=0.9, label="data minus our run")
    if leaves_at is not None:
        rest.axvline(scale.time * leaves_at, color=RUN, ls=":", lw=1.0, label="leaves our run")
    rest.set_ylabel(label("residual\n", kind, scale))
    rest.set_xlabel(label("time", "time", scale))
    for one in axes:
        one.set_xlim(min(scale.time * first, rows[0]), rows[-1])
        one.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return speed.figure
