"""The escape of a particle from a drift in a classical hot chain: a walk of its energy, driven by the bias.

A pass takes the mean Delta - T dDelta/dE and the variance 2 T Delta, Delta being the mean dissipation, and the bias
gives beta. The walk has the stationary density exp(-S), dS/dE = (1 - beta/Delta)/T (statement ``driven_energy_walk`` of
the ledger), and leaves a range of energies after a mean time t that obeys

    d/dE (exp(-S) T Delta dt/dE) = -exp(-S) (time of a pass).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.static_lattice import motion_of_mean_speed
from chaintheory.dissipation.steady_state import mean_dissipation
from chaintheory.drift.resonances import resonant_speeds
from chaintheory.lattice.thermal_field import one_temperature
from chaintheory.parameters import kinetic_energy, refuse_damping
from chaintheory_ext.generated.thermal import walk_exponent_slope

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

NODES = 40  # between two resonances
LEAST_STRENGTH = 1e-6  # of a resonance that has nodes of its own, over the mean dissipation beside it


def escape_rate(system: SystemParameters, temperature: float, start: float, low: float, high: float) -> float:
    """One over the mean time until a particle leaves a range of mean speeds, in a classical chain, driven by the bias.

    The losses are those of the steady state, through the lattice at rest: it holds where the energy changes little
    until a steady state builds up. From half the first resonance of the system below, to 16.7 and 30, it meets the
    rates of simulated runs within their errors of a fifth to a half for T from 0.5 to 2, and is up to twice as high for
    T from 3 to 10; to 18 and 22, where a few passes are enough, it is ten times too high.

    Parameters
    ----------
    system
        The system, with its bias.
    temperature
        k_B T in hbar Omega_slow, above 0.
    start, low, high
        Mean speeds in l_slow/t_slow, low < start < high.

    Returns
    -------
    float
        In 1/t_slow; to about 1 %, 2 % where T is a tenth of the barrier.

    Raises
    ------
    ValueError
        A start out of the range, a temperature that is not above 0; a chain with damping; a mean speed that the static
        lattice does not allow.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    >>> print(f"{escape_rate(system, 1.0, 26.0, 24.0, 30.0):.4f}")
    0.0095
    """
    refuse_damping(system.chain, "a temperature")
    if not one_temperature(temperature) > 0.0:
        raise ValueError(f"temperature must be above 0, got {temperature!r}")
    if not low < start < high:
        raise ValueError(f"start must be between low and high, got {start!r} for {low!r} and {high!r}")
    speed, energy, loss = _losses(system, float(low), float(high))
    exponent = _cumulated(walk_exponent_slope(temperature, system.bias, loss), energy)
    exponent -= exponent.mean()
    before = _cumulated(system.chain.spacing / speed * np.exp(-exponent), energy)
    resistance = np.exp(exponent) / (temperature * loss)
    passage, late = _cumulated(resistance, energy), _cumulated(resistance * before, energy)
    time = late[-1] * passage / passage[-1] - late
    return 1.0 / float(np.interp(start, speed, time))


def barrier(system: SystemParameters, low: float, high: float) -> Array:
    """Barriers of the driven walk (hbar Omega_slow) at the ends of a range of mean speeds, from its likeliest energy.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    >>> barrier(system, 24.0, 26.0).round(2).tolist()
    [0.0, 0.67]
    """
    _, energy, loss = _losses(system, float(low), float(high))
    exponent = _cumulated(walk_exponent_slope(1.0, system.bias, loss), energy)
    return np.asarray(exponent[[0, -1]] - exponent.min())


def _cumulated(value: Array, energy: Array) -> Array:
    """Integral from the first energy, by the trapezoidal rule."""
    return np.concatenate(([0.0], np.cumsum(0.5 * (value[1:] + value[:-1]) * np.diff(energy))))


@lru_cache(maxsize=16)
def _losses(system: SystemParameters, low: float, high: float) -> tuple[Array, Array, Array]:
    """Mean speeds, energies and steady losses; dense at the resonances, where the inverse loss is like a root."""
    resonances = [
        one for one in resonant_speeds(system, low, high) if one.singularity > LEAST_STRENGTH * one.finite_limit
    ]
    edges = np.unique([low, *(one.speed for one in resonances), high])
    nearer = np.sin(0.5 * np.pi * (np.arange(NODES) + 0.5) / NODES) ** 2  # denser at both ends like the square
    speed = np.concatenate([[low], *(below + (above - below) * nearer for below, above in pairwise(edges)), [high]])
    energy = [kinetic_energy(system, motion_of_mean_speed(system, float(v)).speed) for v in speed]
    loss = mean_dissipation(system, speed, approximation="static-lattice")
    return speed, np.array(energy), loss
