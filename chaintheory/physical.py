r"""Between the model's units and physical ones, and from measured drift velocities back to the lattice.

A chain of masses m, each in a well of stiffness kappa and coupled to its neighbours by springs of stiffness K, has the
band edges :math:`\Omega_\mathrm{slow} = \sqrt{\kappa/m}` and :math:`\Omega_\mathrm{fast} = \sqrt{(\kappa + 4K)/m}`.
The units are

    length sqrt(hbar/(m Omega_slow)),  time 2 pi/Omega_slow,  energy hbar Omega_slow,  mass m.

Drift locks the speed at the resonances with the lower band edge,

.. math::

    v_n = \frac{a\,\Omega_\mathrm{slow}}{2\pi n}\Bigl(1 + \frac{1}{n^2\pi^2(\omega_\mathrm{fast}^2-1)}\Bigr)^{-1/2} ,

in which hbar and m do not appear: a measured drift velocity gives kappa/m. (The paper says the product.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from chaintheory.model import Chain
from chaintheory.validation import bandwidth, positive, real_array, whole
from chaintheory.validation import scale as within_range

HBAR = 1.054571817e-34  # J s, exact in the SI up to its last digit
MOST_FIRST = 40  # largest number tried for the fastest drift velocity


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


def from_physical(mass: float, confinement: float, coupling: float, spacing: float) -> Chain:
    """The chain of masses (kg) in wells and with springs (stiffness, N/m) at a spacing (m).

    >>> chain = from_physical(mass=6.6e-26, confinement=0.066, coupling=1.6335, spacing=1.6e-9)
    >>> round(chain.omega_fast, 9), round(chain.spacing, 3)
    (10.0, 40.027)

    """
    mass, spacing = positive("mass", mass), positive("spacing", spacing)
    confinement, coupling = positive("confinement", confinement), positive("coupling", coupling)
    units = Units(mass, positive("confinement divided by mass", math.sqrt(confinement / mass)))
    try:
        return Chain(math.sqrt(1.0 + 4.0 * coupling / confinement), spacing / units.length)
    except ArithmeticError:
        raise ValueError(
            f"mass and confinement must give a unit of length that is a number, got {mass!r} kg and {confinement!r} N/m"
        ) from None


def to_physical(chain: Chain, units: Units) -> PhysicalChain:
    """The chain in physical units.

    >>> units = Units(mass=6.6e-26, omega_slow=1e12)
    >>> physical = to_physical(Chain(10.0, 40.0), units)
    >>> f"{physical.confinement:.4f} N/m, {physical.coupling:.4f} N/m, {physical.spacing:.4e} m"
    '0.0660 N/m, 1.6335 N/m, 1.5989e-09 m'

    """
    if not isinstance(units, Units):
        raise ValueError(f"units must be Units, got {units!r}")
    confinement = units.mass * units.omega_slow**2
    coupling = 0.25 * (chain.omega_fast - 1.0) * (chain.omega_fast + 1.0) * confinement
    return PhysicalChain(units.mass, confinement, coupling, chain.spacing * units.length)


@dataclass(frozen=True)
class ChainFit:
    """What drift velocities say about a lattice.

    Attributes
    ----------
    omega_slow, omega_slow_error
        Bottom of the band (rad/s) and its standard error.
    confinement_over_mass, confinement_over_mass_error
        kappa/m = omega_slow^2 (N/(m kg)) and its standard error.
    numbers
        The resonance that each velocity was assigned to.
    residuals
        Measured less fitted velocities, m/s.
    chi_squared
        Sum of the squared residuals in units of their uncertainty.

    """

    omega_slow: float
    omega_slow_error: float
    confinement_over_mass: float
    confinement_over_mass_error: float
    numbers: tuple[int, ...]
    residuals: tuple[float, ...]
    chi_squared: float


def fit_chain(
    drift_velocities: ArrayLike,
    spacing: float,
    *,
    uncertainty: ArrayLike | None = None,
    numbers: Sequence[int] | None = None,
    omega_fast: float = math.inf,
) -> ChainFit:
    """Fit the bottom of the band to locked drift velocities.

    Parameters
    ----------
    drift_velocities
        Measured drift velocities, m/s, in any order.
    spacing
        Lattice spacing, m.
    uncertainty
        Standard error of each (or of all), m/s; without it the scatter about the fit gives the error, which needs at
        least two velocities.
    numbers
        The resonance of each, where it is known. Otherwise the smallest numbers that fit within five standard errors
        (0.5% without one) are chosen.
    omega_fast
        Top of the band over its bottom, for the small correction; by default the correction is left out.

    Raises
    ------
    ValueError
        Velocities that are not positive, or fit no assignment; an ``omega_fast`` that no ``Chain`` may have.

    >>> true = 1e12
    >>> measured = [1.6e-9 * true / (2 * 3.141592653589793 * n) for n in (2, 3, 4)]
    >>> fit = fit_chain(measured, spacing=1.6e-9, uncertainty=0.1)
    >>> fit.numbers, f"{fit.omega_slow:.4e} +- {fit.omega_slow_error:.1e}"
    ((2, 3, 4), '1.0000e+12 +- 6.0e+08')

    """
    spacing = within_range("spacing", spacing)
    if not np.array_equal(omega_fast, math.inf):
        omega_fast = bandwidth("omega_fast", omega_fast)
    speed = real_array("drift_velocities", drift_velocities).ravel()
    if speed.size and not (np.all(np.abs(speed) <= 1e30) and np.all(np.abs(speed) >= 1e-30)):
        raise ValueError(f"drift_velocities must be within 1e-30 .. 1e+30, got {drift_velocities!r}")
    if speed.size == 0 or not np.all(speed > 0.0):
        raise ValueError(f"drift_velocities must be positive and at least one, got {drift_velocities!r}")
    if uncertainty is None:
        sigma, known = np.full(speed.shape, 0.005) * speed, False
        if speed.size < 2:
            raise ValueError("uncertainty must be given for a single drift velocity")
    else:
        given = real_array("uncertainty", uncertainty).ravel()
        if given.size not in (1, speed.size):
            raise ValueError(f"uncertainty must be one number or {speed.size}, got {given.size}")
        sigma = np.broadcast_to(given, speed.shape)
        known = True
        if not np.all((sigma > 1e-30) & (sigma < 1e30)):
            raise ValueError(f"uncertainty must be greater than 0 and within 1e-30 .. 1e+30, got {uncertainty!r}")
    if numbers is not None:
        if isinstance(numbers, str | bytes) or not np.ndim(numbers) == 1:
            raise ValueError(f"numbers must be a sequence of whole numbers, got {numbers!r}")
        n = np.array([whole("numbers", number, 1) for number in numbers], dtype=float)
        if n.shape != speed.shape:
            raise ValueError(f"numbers must be {speed.size} whole numbers, got {len(n)}")
    else:
        n = _assigned(speed, sigma, spacing, omega_fast)
    scale, residual = _fitted(speed, sigma, n, spacing, omega_fast)
    chi_squared = float(np.sum((residual / sigma) ** 2))
    design = spacing / (2.0 * math.pi) / _order(n, omega_fast)
    error = 1.0 / math.sqrt(float(np.sum((design / sigma) ** 2)))
    if not known:
        error *= math.sqrt(chi_squared / (speed.size - 1))
    return ChainFit(
        scale,
        error,
        scale**2,
        2.0 * scale * error,
        tuple(int(number) for number in n),
        tuple(float(r) for r in residual),
        chi_squared,
    )


def _order(n: np.ndarray, omega_fast: float) -> np.ndarray:
    """The order n with the leading correction of the tangency."""
    correction = 0.0 if omega_fast == math.inf else 1.0 / (math.pi**2 * (omega_fast**2 - 1.0))
    return np.sqrt(n * n + correction)


def _fitted(
    speed: np.ndarray, sigma: np.ndarray, n: np.ndarray, spacing: float, omega_fast: float
) -> tuple[float, np.ndarray]:
    """Omega_slow by least squares, and the residuals."""
    design = spacing / (2.0 * math.pi) / _order(n, omega_fast)
    weight = 1.0 / sigma**2
    scale = float(np.sum(weight * design * speed) / np.sum(weight * design * design))
    return scale, speed - scale * design


def _assigned(speed: np.ndarray, sigma: np.ndarray, spacing: float, omega_fast: float) -> np.ndarray:
    """The smallest distinct numbers whose fit stays within five standard errors."""
    fastest = speed.max()
    for first in range(1, MOST_FIRST + 1):
        n = np.maximum(np.rint(first * fastest / speed), 1.0)
        _, residual = _fitted(speed, sigma, n, spacing, omega_fast)
        if np.all(np.abs(residual) <= 5.0 * sigma):
            return n
    raise ValueError(
        f"drift_velocities must be near one speed over 1, 2, ..., within the uncertainty, got {speed.tolist()!r}"
    )
