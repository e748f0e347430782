"""Diffusion of a particle in a classical hot chain without a bias, as its energy walks from pass to pass.

A pass takes the mean Delta - T dDelta/dE and the variance 2 T Delta; above the barrier of the rigid lattice the
particle moves on, below it is trapped. Statement ``thermal_diffusion`` of the ledger.
"""

from __future__ import annotations

import math
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import single_pass_dissipation
from chaintheory.dissipation.static_lattice import transit_panels
from chaintheory.dissipation.steady_state import mean_dissipation
from chaintheory.dissipation.validity import ValidityWarning
from chaintheory.lattice.rigid_lattice import capture_speed, lattice_potential
from chaintheory.lattice.thermal_field import temperatures
from chaintheory.parameters import kinetic_energy, refuse_damping
from chaintheory_ext.generated import thermal as generated

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

LEAST_EXPONENT, MOST_EXPONENT = -800.0, 700.0  # exp(-745.1) and exp(709.8) are beyond doubles
SPEEDS = 4000  # at which the mean dissipation is laid beside the loss of a single pass
# Simulated diffusion agrees where the mean dissipation changes the result by less, and a pass takes less of T.
MOST_CHANGE, MOST_TAKEN = 1.25, 0.1


def diffusion(system: SystemParameters, temperature: ArrayLike) -> Array:
    """Diffusion constant of the particle: ``System.diffusion``, which describes it."""
    refuse_damping(system.chain, "a temperature")
    heat = temperatures(temperature)
    lowest = capture_speed(system)
    if not lowest > 0.0:
        raise ValueError(
            "interaction must be a barrier for the particle (capture_speed above 0) for it to diffuse by passes, got "
            f"{system.interaction!r}"
        )
    found = [_diffusion(system, float(one), lowest) for one in heat.ravel()]
    for one, (_, doubt) in zip(heat.ravel(), found, strict=True):
        if doubt:
            warnings.warn(f"the diffusion at temperature {one:g} is uncertain: {doubt}", ValidityWarning, stacklevel=3)
            break
    return np.array([value for value, _ in found]).reshape(heat.shape)[()]


def _diffusion(system: SystemParameters, heat: float, lowest: float) -> tuple[float, str]:
    """T alpha <v/Delta(v)> over the speeds above ``lowest``, over the mean of exp(-U/T); and why it may be wrong."""
    from scipy.integrate import quad

    unit = system.speed_of_energy(0.5 * heat)  # standard deviation of a thermal velocity
    if unit == 0.0:
        return 0.0, ""

    def logarithm(y: float) -> float:
        v = unit * y
        loss = float(single_pass_dissipation(system, v, log=True))
        of_speed = generated.diffusion(heat, system.chain.spacing, v, 1.0, 1.0)
        return math.log(of_speed) - loss - kinetic_energy(system, v) / heat

    start = lowest / unit
    grid = start + np.concatenate(([0.0], np.geomspace(1e-3, 40.0, 200)))
    values = np.array([logarithm(float(y)) for y in grid])
    largest = float(values.max())
    if largest < LEAST_EXPONENT:
        return 0.0, ""
    inside = np.flatnonzero(values > largest - 45.0)
    edges = grid[max(inside[0] - 1, 0)], float(grid[int(np.argmax(values))]), grid[min(inside[-1] + 1, grid.size - 1)]
    total = sum(
        quad(lambda y: math.exp(logarithm(y) - largest), low, high, epsabs=0.0, epsrel=1e-9, limit=200)[0]
        for low, high in pairwise(edges)
        if high > low
    )
    exponent = largest + math.log(math.sqrt(2.0 / math.pi) * total) - _log_cell_mean(system, heat)
    if exponent > MOST_EXPONENT:
        raise ValueError(f"temperature must be such that the diffusion is below the largest double, got {heat:g}")
    value = math.exp(exponent)
    return value, _doubt(system, heat, unit * np.linspace(edges[0], edges[-1], SPEEDS), value) if value else ""


def _log_cell_mean(system: SystemParameters, heat: float) -> float:
    """Logarithm of the mean of exp(-U/T) over a cell, U from midway between two masses."""
    panels = transit_panels(system)
    exponent = -lattice_potential(system, panels.nodes) / heat
    largest = float(exponent.max())
    return largest + math.log(float(panels.weights @ np.exp(exponent - largest)) / float(panels.weights.sum()))


def _doubt(system: SystemParameters, heat: float, speed: Array, value: float) -> str:
    """What a diffusion constant from these speeds leaves out, in a line; empty where simulations agree with it."""
    loss = single_pass_dissipation(system, speed)
    energy = kinetic_energy(system, speed) / heat
    weight = speed * np.exp(energy.min() - energy)
    contribution = weight / loss
    reasons = []
    taken = float(weight.sum() / contribution.sum() / heat)
    if taken > MOST_TAKEN:
        reasons.append(f"a pass takes {taken:.2g} of the temperature, too much for a walk of small steps")
    try:
        with np.errstate(divide="ignore"):
            change = float(np.sum(weight / mean_dissipation(system, speed)) / contribution.sum())
    except ValueError as error:
        reasons.append(f"whether passes are correlated is not known ({error})")
    else:
        if not 1.0 / MOST_CHANGE < change < MOST_CHANGE:
            reasons.append(
                f"passes are correlated through the chain: with the mean dissipation of many it is "
                f"{change * value:.3g}, not {value:.3g}"
            )
    return "; ".join(reasons)
