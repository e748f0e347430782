"""The parameters of the model: a chain, and a particle that interacts with each of its masses.

Units throughout: length l_slow = sqrt(hbar/(m Omega_slow)), time t_slow = 2 pi/Omega_slow,
energy hbar Omega_slow, mass m. Every numeric function takes these frozen data; ``system.py`` adds the methods that
users call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chaintheory.interactions.base import Interaction
from chaintheory.support.validation import LARGEST, bandwidth, bounded, number, real_array, scale
from chaintheory_ext.generated import motion


@dataclass(frozen=True)
class ChainParameters:
    """Top of the phonon band (the bottom is 1) and lattice spacing (alpha, in l_slow), both checked."""

    omega_fast: float
    spacing: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "omega_fast", bandwidth("omega_fast", self.omega_fast))
        object.__setattr__(self, "spacing", scale("spacing", self.spacing))


@dataclass(frozen=True)
class SystemParameters:
    """Chain, interaction, mass of the particle (mu) and bias (beta, per lattice spacing), all checked."""

    chain: ChainParameters
    interaction: Interaction
    mass: float = 1.0
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.chain, ChainParameters):
            raise ValueError(f"chain must be a Chain, got {self.chain!r}")
        if not isinstance(self.interaction, Interaction):
            raise ValueError(f"interaction must be an Interaction, got {self.interaction!r}")
        object.__setattr__(self, "mass", scale("mass", self.mass))
        object.__setattr__(self, "bias", bounded("bias", self.bias))

    def kinetic_energy(self, speed: Any) -> Any:
        """Kinetic energy of the particle, mu v^2/(2 (2 pi)^2), in hbar Omega_slow; the shape of ``speed``.

        Raises
        ------
        ValueError, TypeError
            A speed that is not finite, or beyond 1e30; one that is no real number.
        """
        value = real_array("speed", speed)
        if np.any(np.abs(value) > LARGEST):
            raise ValueError(f"speed must be at most {LARGEST:g} in magnitude, got {speed!r}")
        return kinetic_energy(self, value[()])

    def speed_of_energy(self, energy: float) -> float:
        """Speed (l_slow/t_slow) of the particle at a kinetic energy (hbar Omega_slow) that is not negative.

        Raises
        ------
        ValueError, TypeError
            An energy that is negative, beyond 1e60 or not finite; one that is no real number.
        """
        value = number("energy", energy)
        if not 0.0 <= value <= LARGEST**2:
            raise ValueError(f"energy must be within 0 .. {LARGEST**2:g}, got {energy!r}")
        return float(motion.speed_of_energy(value, self.mass, math))


def kinetic_energy(system: SystemParameters, speed: Any) -> Any:
    """Kinetic energy of the particle, mu v^2/(2 (2 pi)^2), as ``SystemParameters.kinetic_energy``, of any double."""
    return motion.kinetic_energy(speed, system.mass)


def squared_speed(system: SystemParameters, speed: Any, potential: Any) -> Any:
    """v^2 - 8 pi^2 potential/mu at a potential (hbar Omega_slow), for the ``speed`` v (l_slow/t_slow) at potential 0.

    Both of one shape, real or complex; negative where a particle does not get to.

    >>> from chaintheory import Chain, Gaussian, System
    >>> round(squared_speed(System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)), 50.0, 2.0), 6)
    2342.08633
    """
    return motion.squared_speed(speed, potential, system.mass)


def acceleration(system: SystemParameters, force: Any) -> Any:
    """4 pi^2 force/mu in l_slow/t_slow^2, for a force in hbar Omega_slow/l_slow; the shape of ``force``.

    >>> from chaintheory import Chain, Gaussian, System
    >>> round(acceleration(System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)), 1.0), 6)
    39.478418
    """
    return motion.acceleration(force, system.mass)
