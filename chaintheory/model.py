"""The model: a chain, a particle's interaction with its masses, and the two together.

Units throughout (design of the paper): length l_slow = sqrt(hbar/(m Omega_slow)), time
t_slow = 2 pi/Omega_slow, energy hbar Omega_slow, mass m. The band is
omega(theta)^2 = 1 + (omega_fast^2 - 1) sin^2 theta with theta = q a/2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions import Interaction
from chaintheory.validation import bandwidth, bounded, real_array, scale

if TYPE_CHECKING:
    from chaintheory.dissipation import Terms
    from chaintheory.drift import DriftVelocity
    from chaintheory.physical import PhysicalChain, Units
    from chaintheory.resonances import ResonantSpeed
    from chaintheory.trajectory import Trajectory

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """An infinite chain of masses, each in its own harmonic well and coupled to its neighbours.

    Parameters
    ----------
    omega_fast
        Top of the phonon band (the bottom is 1); greater than 1.
    spacing
        Lattice spacing (alpha in the paper); positive.

    >>> Chain(omega_fast=10.0, spacing=40.0).sound_speed
    1130.9733552923256
    """

    omega_fast: float
    spacing: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "omega_fast", bandwidth("omega_fast", self.omega_fast))
        object.__setattr__(self, "spacing", scale("spacing", self.spacing))

    @property
    def sound_speed(self) -> float:
        """Largest group speed, pi spacing (omega_fast - 1), reached at sin^2 theta = 1/(omega_fast + 1)."""
        return math.pi * self.spacing * (self.omega_fast - 1.0)

    def frequency(self, theta: ArrayLike) -> Array:
        """Phonon frequency omega(theta) for theta = q a/2, any shape."""
        sine = np.sin(real_array("theta", theta))
        return np.sqrt(1.0 + (self.omega_fast**2 - 1.0) * sine * sine)

    @classmethod
    def from_physical(cls, mass: float, confinement: float, coupling: float, spacing: float) -> Chain:
        """The chain of masses (kg) in wells and with springs (N/m) at a spacing (m); see physical.py."""
        from chaintheory.physical import from_physical

        return from_physical(mass, confinement, coupling, spacing)

    def to_physical(self, units: Units) -> PhysicalChain:
        """The chain in physical units; see physical.py."""
        from chaintheory.physical import to_physical

        return to_physical(self, units)

    def memory_kernel(self, lags: ArrayLike, times: ArrayLike) -> Array:
        """Memory kernel Gamma_n(tau) of Eq. 5, shape (len(lags), len(times)); see kernel.py."""
        from chaintheory.kernel import memory_kernel

        return memory_kernel(self, lags, times)


@dataclass(frozen=True)
class System:
    """A particle of mass ``mass``, driven by ``bias`` per lattice spacing, in a chain.

    Parameters
    ----------
    chain, interaction
        The lattice and the particle's interaction with each of its masses.
    mass
        Mass of the particle in units of the chain masses (mu in the paper).
    bias
        Energy gained from the bias per lattice spacing (beta); the force is beta/alpha.

    >>> from chaintheory.interactions import Gaussian
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
    >>> round(system.capture_speed, 3)
    12.566
    """

    chain: Chain
    interaction: Interaction
    mass: float = 1.0
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.chain, Chain):
            raise ValueError(f"chain must be a Chain, got {self.chain!r}")
        if not isinstance(self.interaction, Interaction):
            raise ValueError(f"interaction must be an Interaction, got {self.interaction!r}")
        object.__setattr__(self, "mass", scale("mass", self.mass))
        object.__setattr__(self, "bias", bounded("bias", self.bias))

    @property
    def capture_speed(self) -> float:
        """Least speed midway between masses that passes a rigid mass, sqrt(8 pi^2 Phi(0)/mu).

        Zero for an attractive interaction. (The caption of the paper's Fig. 4 lacks the root.)
        """
        barrier = float(self.interaction.potential(0.0))
        return math.sqrt(8.0 * math.pi**2 * max(barrier, 0.0) / self.mass)

    def single_pass_dissipation(self, speed: ArrayLike, *, method: str | None = None, **options: Any) -> Array:
        """Energy lost in passing one mass of a chain at rest, Eqs. 6 and 7; see dissipation.py."""
        from chaintheory.dissipation import single_pass_dissipation

        return single_pass_dissipation(self, speed, method=method, **options)

    def mean_dissipation(self, speed: ArrayLike, *, method: str = "uniform", **options: Any) -> Array:
        """Mean energy lost per pass in the steady state, Eq. 10; see dissipation.py."""
        from chaintheory.dissipation import mean_dissipation

        return mean_dissipation(self, speed, method=method, **options)

    def mean_dissipation_terms(self, speed: float) -> Terms:
        """The phonons that the particle feeds at one mean speed; see dissipation.py."""
        from chaintheory.dissipation import mean_dissipation_terms

        return mean_dissipation_terms(self, speed)

    def resonant_speeds(self, lowest: float, highest: float) -> list[ResonantSpeed]:
        """Speeds at which the mean dissipation diverges on one side; see resonances.py."""
        from chaintheory.resonances import resonant_speeds

        return resonant_speeds(self, lowest, highest)

    def drift_velocities(self, lowest: float, highest: float, **options: Any) -> list[DriftVelocity]:
        """All solutions of mean_dissipation = bias between two speeds, typed; see drift.py."""
        from chaintheory.drift import drift_velocities

        return drift_velocities(self, lowest, highest, **options)

    @overload
    def simulate(self, position: float, speed: float, duration: float, **options: Any) -> Trajectory: ...

    @overload
    def simulate(
        self,
        position: float | Sequence[float] | Array,
        speed: float | Sequence[float] | Array,
        duration: float,
        **options: Any,
    ) -> Trajectory | list[Trajectory]: ...

    def simulate(
        self,
        position: float | Sequence[float] | Array,
        speed: float | Sequence[float] | Array,
        duration: float,
        **options: Any,
    ) -> Trajectory | list[Trajectory]:
        """Integrate the memory-kernel equations of motion, Eqs. 2-5; see simulate.py."""
        from chaintheory.simulate import simulate

        return simulate(self, position, speed, duration, **options)
