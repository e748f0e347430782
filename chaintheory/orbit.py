r"""The orbit of the particle in the rigid lattice: what joins mean and extreme speeds.

With the masses held at their places energy is conserved, v(u)^2 = v_mid^2 - 8 pi^2 (Phi(u) -
Phi(mid))/mu, and the transit time over one spacing turns the speed midway between masses, which the
paper plots, into the mean speed, which drift locks.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chaintheory.model import System

Array = NDArray[np.float64]

# Gauss-Legendre nodes per half spacing: the integrand is smooth above the capture speed, and twice
# as many change the mean speed by less than 1e-12 from 1 per cent above it.
_NODES = 200


@cache
def _gauss_legendre() -> tuple[Array, Array]:
    """Nodes and weights on -1 .. 1."""
    return np.polynomial.legendre.leggauss(_NODES)


def mean_speed(system: System, midway: float) -> float:
    """Return the mean speed over one spacing of the orbit with speed ``midway`` between masses.

    >>> from chaintheory import Chain, Gaussian
    >>> still = System(Chain(10.0, 40.0), Gaussian(0.0, 4.0))
    >>> round(mean_speed(still, 50.0), 12)
    50.0
    """
    spacing = system.chain.spacing
    nodes, weights = _gauss_legendre()
    place = 0.25 * spacing * (nodes + 1.0)  # from a mass to midway
    energy = lattice_potential(system, place) - lattice_potential(system, np.array(0.5 * spacing))
    square = midway**2 - 8.0 * math.pi**2 / system.mass * energy
    if not np.all(square > 0.0):
        raise ValueError(f"midway must exceed the capture speed, got {midway!r}")
    transit = 0.5 * spacing * float(weights @ (1.0 / np.sqrt(square)))
    return spacing / transit


def lattice_potential(system: System, place: Array) -> Array:
    """Return the potential of all masses at rest, for places within half a spacing of a mass."""
    spacing = system.chain.spacing
    reach = math.ceil(system.interaction.reach() / spacing) + 1
    masses = spacing * np.arange(-reach, reach + 1)
    return system.interaction.potential(np.subtract.outer(place, masses)).sum(axis=-1)


def midway_speed(system: System, mean: float) -> float:
    """Return the speed midway between masses of the orbit whose mean speed is ``mean``."""
    from scipy.optimize import brentq

    lowest = max(system.capture_speed * (1.0 + 1e-9), 1e-3 * mean)
    highest = 2.0 * mean + system.capture_speed
    return float(brentq(lambda speed: mean_speed(system, speed) - mean, lowest, highest))


def pass_by_pass(system: System, midway: float, duration: float) -> tuple[Array, Array, Array]:
    """Return what theory says of a run: times, speeds midway between masses, and mean speeds.

    In each pass the particle gains the bias and loses the mean dissipation (Eq. 10) at its mean
    speed. It ends early where the particle would be caught. The steady state is assumed to have
    built up, and Eq. 10 takes the motion within a pass as uniform.
    """
    time, rows = 0.0, []
    energy = system.mass * midway**2 / (8.0 * math.pi**2)
    least = system.mass * system.capture_speed**2 / (8.0 * math.pi**2)
    while time < duration and energy > least:
        midway = math.sqrt(8.0 * math.pi**2 * energy / system.mass)
        mean = mean_speed(system, midway)
        rows.append((time, midway, mean))
        time += system.chain.spacing / mean
        energy += system.bias - float(system.mean_dissipation(mean))
    return tuple(np.array(rows).T)
