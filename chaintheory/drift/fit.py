r"""From measured drift velocities back to the lattice.

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

from chaintheory.support.validation import bandwidth, real_array, whole
from chaintheory.support.validation import scale as within_range

MOST_FIRST = 40  # largest number tried for the fastest drift velocity


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
    top: object = omega_fast  # a Decimal may refuse to be compared
    if not (isinstance(top, float) and top == math.inf):
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
