r"""The orbit of the particle in the rigid lattice: what joins mean and extreme speeds.

With the masses held at their places energy is conserved, v(u)^2 = v_mid^2 - 8 pi^2 (Phi(u) -
Phi(mid))/mu, and the transit time over one spacing turns the speed midway between masses, which the
paper plots, into the mean speed, which drift locks.
"""

from __future__ import annotations

import math

import numpy as np

from chaintheory.model import System

# Gauss-Legendre nodes per half spacing: the integrand is smooth above the capture speed, and twice
# as many change the mean speed by less than 1e-12 from 1 per cent above it.
_NODES = 200


def mean_speed(system: System, midway: float) -> float:
    """Return the mean speed over one spacing of the orbit with speed ``midway`` between masses.

    >>> from chaintheory import Chain, Gaussian
    >>> still = System(Chain(10.0, 40.0), Gaussian(0.0, 4.0))
    >>> round(mean_speed(still, 50.0), 12)
    50.0
    """
    spacing = system.chain.spacing
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    place = 0.25 * spacing * (nodes + 1.0)  # from a mass to midway
    energy = lattice_potential(system, place) - lattice_potential(system, np.array(0.5 * spacing))
    square = midway**2 - 8.0 * math.pi**2 / system.mass * energy
    if not np.all(square > 0.0):
        raise ValueError(f"midway must exceed the capture speed, got {midway!r}")
    transit = 0.5 * spacing * float(weights @ (1.0 / np.sqrt(square)))
    return spacing / transit


def lattice_potential(system: System, place: np.ndarray) -> np.ndarray:
    """Return the potential of all masses at rest, for places within half a spacing of a mass."""
    spacing = system.chain.spacing
    reach = math.ceil(system.interaction.reach() / spacing) + 1
    return sum(system.interaction.potential(place - n * spacing) for n in range(-reach, reach + 1))
