r"""Between the model's units and physical ones.

A chain of masses m, each in a well of stiffness kappa and coupled to its neighbours by springs of stiffness K, has the
band edges :math:`\Omega_\mathrm{slow} = \sqrt{\kappa/m}` and :math:`\Omega_\mathrm{fast} = \sqrt{(\kappa + 4K)/m}`.
The units are

    length sqrt(hbar/(m Omega_slow)),  time 2 pi/Omega_slow,  energy hbar Omega_slow,  mass m.

Physical numbers are read and written in one of two unit systems: ``"SI"`` (kg, m, s, J, N/m, N, K) or ``"metal"`` (u,
angstrom, ps, eV, eV/angstrom^2, eV/angstrom, K; the name is that of LAMMPS). Constants are those of CODATA, by SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaintheory.support.validation import choice, number, positive, shown

# How each unit system writes its unit of a kind.
KINDS = ("mass", "length", "time", "energy", "speed", "force", "stiffness", "temperature")
SYSTEMS = {
    "SI": dict(zip(KINDS, ("kg", "m", "s", "J", "m/s", "N", "N/m", "K"), strict=True)),
    "metal": dict(zip(KINDS, ("u", "Å", "ps", "eV", "Å/ps", "eV/Å", "eV/Å²", "K"), strict=True)),
}
for _own in SYSTEMS.values():
    _own["rate"] = f"1/{_own['time']}"
LARGEST = 1e100  # kg or rad/s: products of larger ones, or of inverses, are no doubles
MODEL = "model"


def unit(kind: str, system: str) -> float:
    """The SI value of a unit system's unit of a kind.

    >>> unit("energy", "metal")
    1.602176634e-19
    """
    if system == "SI":
        return 1.0
    mass, length, time, energy = constants().atomic_mass, 1e-10, 1e-12, constants().eV
    return {
        "mass": mass,
        "length": length,
        "time": time,
        "energy": energy,
        "speed": length / time,
        "force": energy / length,
        "stiffness": energy / length**2,
        "temperature": 1.0,
        "rate": 1.0 / time,
    }[kind]


def constants() -> Any:
    """CODATA's constants, by SciPy, which is loaded when they are first needed."""
    from scipy import constants

    return constants


@dataclass(frozen=True)
class Units:
    """The model's units in physical ones (SI).

    Parameters
    ----------
    mass
        Mass of a chain mass, kg.
    omega_slow
        Bottom of the phonon band, rad/s.
    shown
        Unit system in which results are shown, ``"SI"`` or ``"metal"`` (u, angstrom, ps, eV).

    Raises
    ------
    ValueError
        A parameter that is not within 1e-100 .. 1e100, or an unknown unit system.

    >>> units = Units(mass=6.6e-26, omega_slow=1e12)
    >>> f"{units.length:.3e} m, {units.time:.3e} s, {units.speed:.3g} m/s"
    '3.997e-11 m, 6.283e-12 s, 6.36 m/s'
    """

    mass: float
    omega_slow: float
    shown: str = "SI"

    def __post_init__(self) -> None:
        for name in ("mass", "omega_slow"):
            value = positive(name, getattr(self, name))
            if not 1.0 / LARGEST <= value <= LARGEST:
                raise ValueError(f"{name} must be within {1.0 / LARGEST:g} .. {LARGEST:g}, got {value:g}")
            object.__setattr__(self, name, value)
        choice("shown", self.shown, SYSTEMS)

    @property
    def length(self) -> float:
        """sqrt(hbar/(m Omega_slow)), m.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).length:.3e}"
        '3.997e-11'
        """
        return math.sqrt(constants().hbar / (self.mass * self.omega_slow))

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
        return constants().hbar * self.omega_slow

    @property
    def speed(self) -> float:
        """Length over time, m/s.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).speed:.3g}"
        '6.36'
        """
        return self.length / self.time

    @property
    def temperature(self) -> float:
        """Hbar Omega_slow/k_B, K.

        >>> f"{Units(mass=6.6e-26, omega_slow=1e12).temperature:.4f}"
        '7.6382'
        """
        return self.energy / constants().k

    def scale(self, units: str | None = None) -> Scale:
        """What one unit of the model is in a unit system, ``"SI"`` or ``"metal"``; left out, the one that is shown.

        A number of the model times the scale of its kind is the number in that system. A ValueError for another name.

        >>> scale = Units(mass=6.6e-26, omega_slow=1e12).scale("metal")
        >>> f"{50.0 * scale.speed:.4f} {scale.names['speed']}"
        '3.1809 Å/ps'
        """
        word = self.shown if units is None else choice("units", units, SYSTEMS)
        sizes = {
            "mass": self.mass,
            "length": self.length,
            "time": self.time,
            "energy": self.energy,
            "speed": self.speed,
            "force": self.energy / self.length,
            "stiffness": self.mass * self.omega_slow**2,
            "temperature": self.temperature,
        }
        return Scale(word, SYSTEMS[word], **{kind: size / unit(kind, word) for kind, size in sizes.items()})


@dataclass(frozen=True)
class Scale:
    """One unit of the model in another unit system: a factor of each kind, and the units' names.

    >>> Scale.of_model().speed, Scale.of_model().names["speed"]
    (1.0, 'l_slow/t_slow')
    """

    system: str
    names: dict[str, str]
    mass: float = 1.0
    length: float = 1.0
    time: float = 1.0
    energy: float = 1.0
    speed: float = 1.0
    force: float = 1.0
    stiffness: float = 1.0
    temperature: float = 1.0

    @classmethod
    def of_model(cls) -> Scale:
        """The model's own units."""
        energy = "hbar Omega_slow"
        own = ("m", "l_slow", "t_slow", energy, "l_slow/t_slow", f"{energy}/l_slow", "kappa", f"{energy}/k_B")
        return cls(MODEL, dict(zip(KINDS, own, strict=True)))


def scale_of(units: Units | None, wanted: str | Units | None) -> Scale:
    """The scale in which results of a system with these units are shown.

    Parameters
    ----------
    units
        Those of the system, None where it has none.
    wanted
        ``"model"``, ``"SI"``, ``"metal"``, other ``Units``; None for those of the system.

    Raises
    ------
    TypeError
        Something else in the place of the units.
    ValueError
        An unknown name, or physical units of a system that has none.

    >>> scale_of(None, None).system, scale_of(Units(6.6e-26, 1e12, "metal"), None).system
    ('model', 'metal')
    """
    if isinstance(wanted, Units):
        return wanted.scale()
    if wanted is not None:
        choice("units", wanted, (MODEL, *SYSTEMS))
    if wanted == MODEL or (wanted is None and units is None):
        return Scale.of_model()
    if units is None:
        raise ValueError(
            f"units must be 'model' or ct.Units(mass, omega_slow), as this system was not made by "
            f"System.from_physical, got {wanted!r}"
        )
    return units.scale(wanted)


def in_si(name: str, value: Any, kind: str, units: str) -> float:
    """A number in a unit system, or a pint quantity, as a number in SI.

    >>> round(in_si("spacing", 2.5, "length", "metal") * 1e10, 12)
    2.5
    """
    if hasattr(value, "magnitude") and hasattr(value, "to"):
        try:
            return number(name, value.to(SYSTEMS["SI"][kind]).magnitude)
        except Exception as problem:  # pint's own, of which there are many
            raise ValueError(f"{name} must be a {kind}, got {value}: {problem}") from None
    return number(name, value) * unit(kind, units)


@dataclass(frozen=True)
class PhysicalChain:
    """A chain in physical units: masses (kg), stiffness of wells and springs (N/m), spacing (m), damping (1/s).

    >>> PhysicalChain(mass=6.6e-26, confinement=0.066, couplings=(1.6335,), spacing=1.6e-9).coupling
    1.6335
    """

    mass: float
    confinement: float
    couplings: tuple[float, ...]
    spacing: float
    damping: float = 0.0

    @property
    def coupling(self) -> float:
        """Stiffness of the springs between neighbours, N/m.

        >>> PhysicalChain(6.6e-26, 0.066, (1.6335, 0.2), 1.6e-9).coupling
        1.6335
        """
        return self.couplings[0] if self.couplings else 0.0


def from_physical(
    mass: Any, confinement: Any, coupling: Any, spacing: Any, units: str = "SI"
) -> tuple[float, float, Units]:
    """omega_fast, spacing and units of a chain given in a unit system, or by pint quantities.

    >>> omega_fast, spacing, units = from_physical(6.6e-26, 0.066, 1.6335, 1.6e-9)
    >>> round(omega_fast, 9), round(spacing, 3)
    (10.0, 40.027)

    """
    for name, value in (("confinement", confinement), ("coupling", coupling)):
        positive(name, in_si(name, value, "stiffness", choice("units", units, SYSTEMS)))
    _, (ratio,), length, _, own = springs_from_physical(mass, confinement, [coupling], spacing, 0.0, units)
    return math.sqrt(1.0 + 4.0 * ratio), length, own


def springs_from_physical(
    mass: Any, confinement: Any, couplings: Any, spacing: Any, damping: Any, units: str = "SI"
) -> tuple[float, list[float], float, float, Units]:
    """Confinement, couplings, spacing, damping and units of any chain: its frequency sqrt(kappa/m), else sqrt(K_1/m).

    >>> well, springs, *_ = springs_from_physical(6.6e-26, 0.0, [0.066, -0.0033], 1.6e-9, 0.0)
    >>> well, [round(one, 12) for one in springs]
    (0.0, [1.0, -0.05])
    """
    choice("units", units, SYSTEMS)
    mass = positive("mass", in_si("mass", mass, "mass", units))
    spacing = positive("spacing", in_si("spacing", spacing, "length", units))
    well = in_si("confinement", confinement, "stiffness", units)
    springs = [in_si("coupling", one, "stiffness", units) for one in couplings]
    rate = in_si("damping", damping, "rate", units)
    stiffness = well if well > 0.0 or not springs else springs[0]
    if not stiffness > 0.0:
        raise ValueError(
            f"confinement, or else the first coupling, must be positive, got {confinement!r}, {couplings!r}"
        )
    own = Units(mass, positive("stiffness divided by mass", math.sqrt(stiffness / mass)), units)
    scaled = [one / stiffness for one in springs]
    return well / stiffness, scaled, spacing / own.length, rate / own.omega_slow, own


def to_physical(
    confinement: float, couplings: Sequence[float], spacing: float, damping: float, units: Units
) -> PhysicalChain:
    """The chain in physical units (SI).

    >>> physical = to_physical(1.0, [24.75], 40.0, 0.0, Units(mass=6.6e-26, omega_slow=1e12))
    >>> f"{physical.confinement:.4f} N/m, {physical.coupling:.4f} N/m, {physical.spacing:.4e} m"
    '0.0660 N/m, 1.6335 N/m, 1.5989e-09 m'

    """
    if not isinstance(units, Units):
        raise TypeError(f"units must be Units, got {shown(units)}")
    stiffness = units.scale("SI").stiffness
    springs = tuple(one * stiffness for one in couplings)
    return PhysicalChain(
        units.mass, confinement * stiffness, springs, spacing * units.length, damping * units.omega_slow
    )
