"""The parameters of the model: a chain, and a particle that interacts with each of its masses.

Units throughout: length l_slow = sqrt(hbar/(m Omega_slow)), time t_slow = 2 pi/Omega_slow,
energy hbar Omega_slow, mass m. Every numeric function takes these frozen data; ``system.py`` adds the methods that
users call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chaintheory.interactions.base import Interaction
from chaintheory.support.validation import bandwidth, bounded, scale

FOUR_PI_SQUARED = 4.0 * math.pi**2


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
        """Kinetic energy of the particle, mu v^2/(2 (2 pi)^2), in hbar Omega_slow; the shape of ``speed``."""
        return 0.5 * self.mass * speed**2 / FOUR_PI_SQUARED

    def speed_of_energy(self, energy: float) -> float:
        """Speed (l_slow/t_slow) of the particle at a kinetic energy (hbar Omega_slow) that is not negative."""
        return math.sqrt(2.0 * FOUR_PI_SQUARED * energy / self.mass)
