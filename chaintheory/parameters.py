"""The parameters of the model: a chain, and a particle that interacts with each of its masses.

Units throughout: length l_slow = sqrt(hbar/(m Omega_slow)), time t_slow = 2 pi/Omega_slow,
energy hbar Omega_slow, mass m. Every numeric function takes these frozen data; ``system.py`` adds the methods that
users call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.polynomial import chebyshev

from chaintheory.interactions.base import Interaction
from chaintheory.support.validation import LARGEST, WIDEST, bandwidth, bounded, number, real_array, scale, shown
from chaintheory.units import Units
from chaintheory_ext.generated import motion
from chaintheory_ext.generated.dispersion import neighbour_stiffness, spring_term

MOST_COUPLINGS = 32
NO_SPRING = 1e-18  # of all springs: so weak a one at the end moves no extremum of the band
STABLE = 1e-12  # least omega^2 inside the zone, of the sum of all springs: less is lost to rounding


@dataclass(frozen=True, init=False, repr=False)
class ChainParameters:
    """A harmonic chain: springs, lattice spacing (alpha, in l_slow) and damping, all checked.

    ``ChainParameters(omega_fast, spacing)`` is the paper's chain, one spring between neighbours and a band from 1 to
    omega_fast; ``from_springs`` makes any other. A chain at equilibrium must be stable: omega^2 > 0 in the whole zone,
    except at its centre, where a chain without wells has omega = 0.

    Attributes
    ----------
    confinement
        Stiffness kappa of the on-site springs, in units of m Omega^2 with the unit frequency Omega.
    couplings
        Stiffness K_j of the springs between masses j = 1, 2, ... apart, in the same unit.
    spacing
        Lattice spacing.
    damping
        gamma, the rate of damping of each mass in units of Omega: rho'' = ... - 2 pi gamma rho'.
    """

    confinement: float
    couplings: tuple[float, ...]
    spacing: float
    damping: float
    _top: float | None  # omega_fast as it was given

    def __init__(self, omega_fast: float, spacing: float, damping: float = 0.0) -> None:
        top = bandwidth("omega_fast", omega_fast)
        self._set(1.0, (neighbour_stiffness(top),), spacing, damping, top)

    def _set(self, *values: Any) -> None:
        confinement, couplings, spacing, damping, top = values
        damping = number("damping", damping)
        if not 0.0 <= damping <= WIDEST:
            raise ValueError(f"damping must be within 0 .. {WIDEST:g}, got {damping!r}")
        values = confinement, couplings, scale("spacing", spacing), damping, top
        for name, value in zip(("confinement", "couplings", "spacing", "damping", "_top"), values, strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def from_springs(cls, confinement: float, couplings: Sequence[float], spacing: float, damping: float = 0.0) -> Self:
        """The chain with these springs: ``Chain.from_springs``, which describes it."""
        well, springs = _springs(confinement, couplings)
        chain = cls.__new__(cls)
        top = math.sqrt(1.0 + spring_term(1.0, springs[0])) if well == 1.0 and len(springs) == 1 else 0.0
        try:
            chain._set(well, springs, spacing, damping, bandwidth("omega_fast", top))
        except ValueError:
            chain._set(well, springs, spacing, damping, None)
        return chain

    @classmethod
    def of(cls, chain: ChainParameters) -> Self:
        """The same chain, of this class.

        A TypeError for anything but a chain.
        """
        if not isinstance(chain, ChainParameters):
            raise TypeError(f"chain must be a Chain, got {shown(chain)}")
        if isinstance(chain, cls):
            return chain
        made = cls.__new__(cls)
        made._set(chain.confinement, chain.couplings, chain.spacing, chain.damping, chain._top)
        return made

    @property
    def minimal(self) -> bool:
        """Whether this is the paper's chain: confinement 1, one spring between neighbours, no damping."""
        return self._top is not None and self.damping == 0.0

    @property
    def omega_fast(self) -> float:
        """Top of the band of the paper's chain, whose bottom is 1; every other chain refuses to have one.

        What assumes the paper's dispersion relation reads this number, so that it refuses every other chain.
        """
        if not self.minimal or self._top is None:
            raise ValueError(
                f"chain must be Chain(omega_fast, spacing), without damping or other springs, for this, got {self!r}"
            )
        return self._top

    def __repr__(self) -> str:
        name, damped = type(self).__name__, f", damping={self.damping!r}" if self.damping else ""
        if self._top is not None:
            return f"{name}(omega_fast={self._top!r}, spacing={self.spacing!r}{damped})"
        springs = f"confinement={self.confinement!r}, couplings={list(self.couplings)!r}"
        return f"{name}.from_springs({springs}, spacing={self.spacing!r}{damped})"


def refuse_other_chains(chain: ChainParameters, what: str) -> None:
    """ValueError unless this is the paper's chain, for what is not known of any other."""
    if not chain.minimal:
        raise ValueError(f"chain must be Chain(omega_fast, spacing), without damping, for {what}, got {chain!r}")


def refuse_damping(chain: ChainParameters, what: str) -> None:
    """ValueError in a chain with damping, for what is not known there."""
    if chain.damping:
        raise ValueError(f"chain must have no damping for {what} (give it damping=0), got {chain!r}")


def refuse_no_wells(chain: ChainParameters, what: str) -> None:
    """ValueError in a chain without wells, for what needs a mean squared displacement."""
    if chain.confinement == 0.0:
        raise ValueError(
            f"chain must have wells for {what}, as its thermal displacements have no finite variance, got {chain!r}"
        )


def without_damping(chain: ChainParameters) -> ChainParameters:
    """The same springs without the damping."""
    if not chain.damping:
        return chain
    if chain._top is not None:
        return ChainParameters(chain._top, chain.spacing)
    return ChainParameters.from_springs(chain.confinement, chain.couplings, chain.spacing)


def _springs(confinement: float, couplings: Sequence[float]) -> tuple[float, tuple[float, ...]]:
    """The springs of a stable chain, checked; those that are 0 at the end are left out."""
    well = number("confinement", confinement)
    given = real_array("couplings", couplings)
    if given.ndim != 1 or given.size > MOST_COUPLINGS:
        raise ValueError(f"couplings must be a list of at most {MOST_COUPLINGS} numbers, got {shown(couplings)}")
    springs = tuple(np.trim_zeros(given, "b").tolist())
    if not 0.0 <= well <= WIDEST**2 or any(abs(one) > WIDEST**2 for one in springs):
        raise ValueError(
            f"confinement must be within 0 .. {WIDEST**2:g} and couplings within +-{WIDEST**2:g}, got {confinement!r} "
            f"and {couplings!r}"
        )
    lowest, bending = _lowest(well, springs)
    scale_of_all = well + sum(abs(spring_term(1.0, one)) for one in springs)
    if not lowest > STABLE * scale_of_all or not (well > 0.0 or bending > STABLE * scale_of_all):
        raise ValueError(
            "confinement and couplings must make a stable chain, omega(theta)^2 = confinement + sum of 4 K_j "
            f"sin^2(j theta) > 0 for theta > 0, got {confinement!r} and {couplings!r} with "
            f"{min(lowest, bending if well == 0.0 else lowest):.3g}"
        )
    return well, springs


def _lowest(well: float, springs: tuple[float, ...]) -> tuple[float, float]:
    """Least omega^2 where it is stationary inside the zone or at its end, and omega^2/theta^2 - kappa there at 0."""
    angles = np.array([0.5 * math.pi])
    if len(springs) > 1:
        # omega^2 is a polynomial of cos(2 theta).
        series = np.array([0.0, *(-0.5 * spring_term(1.0, one) for one in springs)])
        series = chebyshev.chebtrim(series, NO_SPRING * float(np.abs(series).sum()))
        places = chebyshev.chebroots(chebyshev.chebder(series)).real
        angles = np.append(angles, 0.5 * np.arccos(places[np.abs(places) < 1.0]))
    sines = np.sin(np.outer(np.arange(1.0, len(springs) + 1.0), angles))
    squares = well + sum((spring_term(row * row, one) for row, one in zip(sines, springs, strict=True)), 0.0 * angles)
    bending = sum(spring_term(float(j * j), one) for j, one in enumerate(springs, 1))
    return float(np.min(squares)), float(bending)


@dataclass(frozen=True)
class SystemParameters:
    """Chain, interaction, mass of the particle (mu) and bias (beta, per lattice spacing), all checked.

    ``units`` says what the model's units are in physical ones, where that is known.
    """

    chain: ChainParameters
    interaction: Interaction
    mass: float = 1.0
    bias: float = 0.0
    units: Units | None = field(default=None, repr=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.chain, ChainParameters):
            raise TypeError(f"chain must be a Chain, got {shown(self.chain)}")
        if not isinstance(self.interaction, Interaction):
            raise TypeError(f"interaction must be an Interaction, got {shown(self.interaction)}")
        object.__setattr__(self, "mass", scale("mass", self.mass))
        object.__setattr__(self, "bias", bounded("bias", self.bias))
        if not isinstance(self.units, Units | None):
            raise TypeError(f"units must be Units(mass, omega_slow), got {shown(self.units)}")

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
