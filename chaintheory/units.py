r"""Between the model's units and physical ones.

A chain of masses m, each in a well of stiffness kappa and coupled to its neighbours by springs of stiffness K, has the
band edges :math:`\Omega_\mathrm{slow} = \sqrt{\kappa/m}` and :math:`\Omega_\mathrm{fast} = \sqrt{(\kappa + 4K)/m}`.
The units are

    length sqrt(hbar/(m Omega_slow)),  time 2 pi/Omega_slow,  energy hbar Omega_slow,  mass m.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chaintheory.parameters import ChainParameters
from chaintheory.support.validation import positive
from chaintheory_ext.generated.dispersion import neighbour_stiffness

HBAR = 1.054571817e-34  # J s, exact in the SI up to its last digit


@dataclass(frozen=True)
class Units:
    """The model's units in physical ones (SI).

    Parameters
    ----------
    mass
        Mass of a chain mass, kg.
    omega_slow
        Bottom of the phonon band, rad/s.

    Raises
    ------
    ValueError
        A parameter that is not positive.

    >>> units = Units(mass=6.6e-26, omega_slow=1e12)
    >>> f"{units.length:.3e} m, {units.time:.3e} s, {units.speed:.3g} m/s"
    '3.997e-11 m, 6.283e-12 s, 6.36 m/s'
    """

    mass: float
    omega_slow: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "mass", positive("mass", self.mass))
        object.__setattr__(self, "omega_slow", positive("omega_slow", self.omega_slow))

    @property
    def length(self) -> float:
        """sqrt(hbar/(m Omega_slow)), m.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).length:.3e}"
        '3.997e-11'
        """
        return math.sqrt(HBAR / (self.mass * self.omega_slow))

    @property
    def time(self) -> float:
        """2 pi/Omega_slow, s.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).time:.3e}"
        '6.283e-12'
        """
        return 2.0 * math.pi / self.omega_slow

    @property
    def energy(self) -> float:
        """The quantum hbar Omega_slow, J.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).energy:.3e}"
        '1.055e-22'
        """
        return HBAR * self.omega_slow

    @property
    def speed(self) -> float:
        """Length over time, m/s.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).speed:.3g}"
        '6.36'
        """
        return self.length / self.time


@dataclass(frozen=True)
class PhysicalChain:
    """A chain in physical units: masses (kg), stiffness of wells and springs (N/m), spacing (m)."""

    mass: float
    confinement: float
    coupling: float
    spacing: float


def from_physical(mass: float, confinement: float, coupling: float, spacing: float) -> ChainParameters:
    """The chain of masses (kg) in wells and with springs (stiffness, N/m) at a spacing (m).

    >>> chain = from_physical(mass=6.6e-26, confinement=0.066, coupling=1.6335, spacing=1.6e-9)
    >>> round(chain.omega_fast, 9), round(chain.spacing, 3)
    (10.0, 40.027)

    """
    mass, spacing = positive("mass", mass), positive("spacing", spacing)
    confinement, coupling = positive("confinement", confinement), positive("coupling", coupling)
    units = Units(mass, positive("confinement divided by mass", math.sqrt(confinement / mass)))
    try:
        return ChainParameters(math.sqrt(1.0 + 4.0 * coupling / confinement), spacing / units.length)
    except ArithmeticError:
        raise ValueError(
            f"mass and confinement must give a unit of length that is a number, got {mass!r} kg and {confinement!r} N/m"
        ) from None


def to_physical(chain: ChainParameters, units: Units) -> PhysicalChain:
    """The chain in physical units.

    >>> units = Units(mass=6.6e-26, omega_slow=1e12)
    >>> from chaintheory import Chain
    >>> physical = to_physical(Chain(10.0, 40.0), units)
    >>> f"{physical.confinement:.4f} N/m, {physical.coupling:.4f} N/m, {physical.spacing:.4e} m"
    '0.0660 N/m, 1.6335 N/m, 1.5989e-09 m'

    """
    if not isinstance(units, Units):
        raise ValueError(f"units must be Units, got {units!r}")
    confinement = units.mass * units.omega_slow**2
    coupling = neighbour_stiffness(chain.omega_fast) * confinement
    return PhysicalChain(units.mass, confinement, coupling, chain.spacing * units.length)
