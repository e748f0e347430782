r"""From measured drift velocities back to the lattice.

Drift locks the speed at the resonances with the lower band edge,

.. math:: v_n = \frac{a\,\Omega_\mathrm{slow}}{2\pi}\,s_n , \qquad s_n \approx (n^2 + c)^{-1/2} , \qquad
          c = \frac{1}{\pi^2(\omega_\mathrm{fast}^2-1)} ,

with s_n the slope of the line that is tangent to the band in period n. hbar and m do not appear: a measured drift
velocity gives kappa/m. (The paper says the product.)

The numbers n follow from the ratios of the velocities. Distinct velocities have distinct numbers. An assignment is
admissible if every velocity lies within five standard errors of its fit, and chi squared is one that is exceeded more
often than once in 10,000. It is significant if velocities at random would be met as well by chance less than once in a
hundred, with all smaller numbers counted: dense combs fit anything. A common factor of all numbers cannot be told from
the law 1/n; the smallest are chosen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.lattice.dispersion import top_of_lower_edge
from chaintheory.lattice.resonance_condition import table_of
from chaintheory.support.validation import bandwidth, real_array, shown, whole
from chaintheory.support.validation import scale as within_range

Array = NDArray[np.float64]
Numbers = tuple[int, ...]

MOST_FIRST = 40  # largest number tried for the fastest drift velocity
MOST_TRIED = 4_000  # assignments
MOST_STEPS = 100_000  # of a search for distinct numbers, 0.1 s
LIMIT = 5.0  # standard errors within which every velocity must lie
UNLIKELY = 1e-4  # probability of a chi squared as large
CHANCE = 0.01  # with which velocities at random would fit as well


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
    alternatives
        Other assignments that fit, the smallest numbers first: multiples, and dense ones that chance explains.
    residuals
        Measured less fitted velocities, m/s.
    chi_squared
        Sum of the squared residuals in units of their uncertainty.

    """

    omega_slow: float
    omega_slow_error: float
    confinement_over_mass: float
    confinement_over_mass_error: float
    numbers: Numbers
    residuals: tuple[float, ...]
    chi_squared: float
    alternatives: tuple[Numbers, ...] = ()


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
        Measured drift velocities, m/s, in any order; one for each resonance (average repeated measurements).
    spacing
        Lattice spacing, m.
    uncertainty
        Standard error of each (or of all), m/s; without it the scatter about the fit gives the error, which needs at
        least two velocities.
    numbers
        The resonance of each, where it is known; numbers that do not fit are refused. Otherwise they are found from the
        ratios. Either way each velocity must lie within five standard errors of the fit (of 0.5% where ``uncertainty``
        is not given; given numbers must then be those of the nearest resonances).
    omega_fast
        Top of the band over its bottom, for the exact resonances. By default the law 1/n of a wide band is taken, which
        is 5% off at n = 1 for ``omega_fast`` 1.4 and 0.05% for 10.

    Raises
    ------
    ValueError
        Velocities that are not positive, fit no assignment or several; numbers that are not distinct, that do not fit,
        or of resonances that a narrow band does not have; an ``omega_fast`` that no ``Chain`` may have.

    >>> true = 1e12
    >>> measured = [1.6e-9 * true / (2 * 3.141592653589793 * n) for n in (2, 3, 4)]
    >>> fit = fit_chain(measured, spacing=1.6e-9, uncertainty=0.1)
    >>> fit.numbers, f"{fit.omega_slow:.4e} +- {fit.omega_slow_error:.1e}", fit.alternatives[0]
    ((2, 3, 4), '1.0000e+12 +- 6.0e+08', (4, 6, 8))

    """
    spacing = within_range("spacing", spacing)
    top: object = omega_fast  # a Decimal may refuse to be compared
    if not (isinstance(top, float) and top == math.inf):
        omega_fast = bandwidth("omega_fast", omega_fast)
    speed = real_array("drift_velocities", drift_velocities).ravel()
    if speed.size and not (np.all(np.abs(speed) <= 1e30) and np.all(np.abs(speed) >= 1e-30)):
        raise ValueError(f"drift_velocities must be within 1e-30 .. 1e+30, got {shown(drift_velocities)}")
    if speed.size == 0 or not np.all(speed > 0.0):
        raise ValueError(f"drift_velocities must be positive and at least one, got {shown(drift_velocities)}")
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
            raise ValueError(f"uncertainty must be greater than 0 and within 1e-30 .. 1e+30, got {shown(uncertainty)}")
    if numbers is not None:
        if isinstance(numbers, str | bytes) or not np.ndim(numbers) == 1:
            raise ValueError(f"numbers must be a sequence of whole numbers, got {shown(numbers)}")
        n = np.array([whole("numbers", number, 1) for number in numbers], dtype=float)
        if n.shape != speed.shape:
            raise ValueError(f"numbers must be {speed.size} whole numbers, got {len(n)}")
        if np.unique(n).size < n.size:
            raise ValueError(f"numbers must be distinct, one for each resonance, got {shown(numbers)}")
        if not np.isfinite(_slopes(n, omega_fast)).all():
            raise ValueError(
                f"numbers must be at least {table_of(omega_fast).onset:g}, the first resonance of a band with "
                f"omega_fast {omega_fast:g}, got {shown(numbers)}"
            )
        alternatives: tuple[Numbers, ...] = ()
    else:
        chosen, alternatives = _assigned(speed, sigma, omega_fast)
        n = np.array(chosen, dtype=float)
    scale, residual = _fitted(speed, sigma, n, spacing, omega_fast)
    chi_squared = float(np.sum((residual / sigma) ** 2))
    if known and not _admissible(residual, sigma):
        raise ValueError(
            f"numbers must fit drift_velocities within the uncertainty, got {[int(one) for one in n]} with chi squared "
            f"{chi_squared:.3g}; give other numbers, omega_fast or a larger uncertainty"
        )
    if not known:
        _check_nearest(speed, scale * spacing / (2.0 * math.pi), n, omega_fast)
    design = spacing / (2.0 * math.pi) * _slopes(n, omega_fast)
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
        alternatives,
    )


def _slopes(n: Array, omega_fast: float) -> Array:
    """Slopes s_n of the tangents at the lower band edge, 1/n for an infinite band; nan where there is none."""
    if omega_fast == math.inf:
        return 1.0 / n
    table = table_of(omega_fast)
    slope = table.resonances(np.maximum(n, table.onset))[:, 1]
    return np.where(n >= table.onset, slope, np.nan)


def _fitted(speed: Array, sigma: Array, n: Array, spacing: float, omega_fast: float) -> tuple[float, Array]:
    """Omega_slow by least squares, and the residuals."""
    design = spacing / (2.0 * math.pi) * _slopes(n, omega_fast)
    weight = 1.0 / sigma**2
    scale = float(np.sum(weight * design * speed) / np.sum(weight * design * design))
    return scale, speed - scale * design


def _admissible(residual: Array, sigma: Array) -> bool:
    """Whether each velocity is within its error of the fit, and all together are not too unlikely."""
    from scipy.special import gammaincc

    within = bool(np.all(np.abs(residual) <= LIMIT * sigma))
    freedom = residual.size - 1
    chi_squared = float(np.sum((residual / sigma) ** 2))
    return within and (freedom == 0 or bool(gammaincc(0.5 * freedom, 0.5 * chi_squared) > UNLIKELY))


def _check_nearest(speed: Array, scale: float, n: Array, omega_fast: float) -> None:
    """ValueError where a velocity, of unknown uncertainty, is nearer to another resonance than to its own."""
    own = np.abs(speed - scale * _slopes(n, omega_fast))
    for other in (n - 1.0, n + 1.0):
        slope = _slopes(np.maximum(other, 1.0), omega_fast)
        nearer = (np.abs(speed - scale * slope) < own) & (other >= 1.0)
        if nearer.any():
            at = int(np.argmax(nearer))
            raise ValueError(
                f"numbers must be those of the nearest resonances where no uncertainty is given, got "
                f"{[int(one) for one in n]} for drift_velocities {speed.tolist()!r}: the fit puts {speed[at]:g} nearer "
                f"to number {other[at]:g}; give other numbers, omega_fast or the uncertainty"
            )


def _assigned(speed: Array, sigma: Array, omega_fast: float) -> tuple[Numbers, tuple[Numbers, ...]]:
    """The one significant assignment, and all other admissible ones."""
    if speed.size < 2:
        raise ValueError("numbers must be given for a single drift velocity: any would fit it")
    admissible: list[tuple[float, Numbers]] = []
    for n in itertools.islice(_candidates(speed, sigma, omega_fast), MOST_TRIED):
        _, residual = _fitted(speed, sigma, np.array(n, dtype=float), 1.0, omega_fast)
        if _admissible(residual, sigma):
            admissible.append((float(np.sum((residual / sigma) ** 2)), n))
    narrow = _narrow(speed, sigma) if omega_fast == math.inf else None
    if narrow and not any(max(n) <= max(narrow[0]) for _, n in admissible):
        raise ValueError(
            f"omega_fast must be given: drift_velocities fit numbers {narrow[0]} with omega_fast near {narrow[1]:.3g}, "
            f"and no numbers as small in a wide band, got {speed.tolist()!r}"
        )
    if not admissible:
        hint = "; below omega_fast of about 3 it must be given" if omega_fast == math.inf else ""
        raise ValueError(
            f"drift_velocities must be near one speed over distinct numbers from 1 to {MOST_FIRST} for the fastest, "
            f"within the uncertainty, got {speed.tolist()!r}{hint}"
        )
    admissible.sort()
    significant = [(chi, n) for chi, n in admissible if _chance(speed, sigma, n) <= CHANCE]
    rivals: list[Numbers] = []
    for chi, n in sorted(significant, key=lambda one: max(one[1])):
        if chi <= significant[0][0] + LIMIT**2 and not any(_multiple(n, smaller) for smaller in rivals):
            rivals.append(n)
    if not rivals:
        first = ", ".join(str(n) for _, n in admissible[:3])
        raise ValueError(
            f"drift_velocities must be known well enough to number them: numbers {first} fit, {len(admissible)} in "
            "all, and as many would fit by chance; give numbers, a smaller uncertainty or more velocities"
        )
    if len(rivals) > 1:
        raise ValueError(
            f"drift_velocities must fit one assignment of numbers, got {len(rivals)}: "
            f"{', '.join(map(str, rivals[:4]))}; give numbers, omega_fast or a smaller uncertainty"
        )
    others = (n for _, n in admissible if n != rivals[0])
    return rivals[0], tuple(sorted(others, key=max))


def _candidates(speed: Array, sigma: Array, omega_fast: float) -> Iterator[Numbers]:
    """Assignments of distinct numbers that may be admissible, the smallest number of the fastest velocity first."""
    fastest = int(np.argmax(speed))
    for first in range(1, MOST_FIRST + 1):
        slope = float(_slopes(np.array([float(first)]), omega_fast)[0])
        if not math.isfinite(slope):
            continue
        choices = []
        for v, error in zip(speed, sigma, strict=True):
            ratio = v / speed[fastest]
            spread = LIMIT * (error / v + sigma[fastest] / speed[fastest])
            # s_n lies between 1/(n + 1) and 1/n.
            low = max(1, math.floor(1.0 / (slope * ratio * (1.0 + spread))) - 1)
            high = math.ceil(1.0 / (slope * ratio * max(1.0 - spread, 0.1))) + 1
            n = np.arange(low, min(high, low + 1000) + 1, dtype=float)
            near = np.abs(_slopes(n, omega_fast) / slope / ratio - 1.0) <= spread
            choices.append([int(one) for one in n[near]])
        choices[fastest] = [first]
        yield from _distinct(choices)


def _distinct(choices: list[list[int]]) -> Iterator[Numbers]:
    """All ways to take a number from each list, no number twice.

    >>> list(_distinct([[1], [1, 2], [2, 3]]))
    [(1, 2, 3)]
    """
    taken: list[int] = []
    steps = itertools.count()

    def placed() -> Iterator[Numbers]:
        if len(taken) == len(choices):
            yield tuple(taken)
            return
        for number in choices[len(taken)]:
            if number in taken:
                continue
            if next(steps) >= MOST_STEPS:
                raise ValueError(
                    "drift_velocities must be far enough apart to be of different resonances: too many are close to "
                    "each other; average repeated measurements, give numbers or a smaller uncertainty"
                )
            taken.append(number)
            yield from placed()
            taken.pop()

    return placed()


def _chance(speed: Array, sigma: Array, numbers: Numbers) -> float:
    """Expected number of assignments up to these that meet velocities at random within two standard errors."""
    fastest = int(np.argmax(speed))
    others = np.arange(speed.size) != fastest
    first = np.arange(1, numbers[fastest] + 1)[:, None]
    n = first * (speed[fastest] / speed[others])
    error = np.hypot(sigma[others] / speed[others], sigma[fastest] / speed[fastest])
    return float(np.sum(np.prod(np.minimum(4.0 * error * n, 1.0), axis=1)))


def _multiple(numbers: Numbers, smaller: Numbers) -> bool:
    """Whether the numbers are the smaller ones times a common factor."""
    factor = reduce(math.gcd, numbers) // reduce(math.gcd, smaller)
    return factor > 0 and numbers == tuple(factor * n for n in smaller)


def _narrow(speed: Array, sigma: Array) -> tuple[Numbers, float] | None:
    """The smallest consecutive numbers that fit with the leading correction c of a narrow band, and its omega_fast.

    1/v^2 is linear in n^2: its intercept over its slope is c.
    """
    if speed.size < 3:
        return None
    order = np.argsort(-speed)
    inverse, weight = speed[order] ** -2.0, (speed[order] ** 3 / (2.0 * sigma[order])) ** 2
    for first in range(1, MOST_FIRST + 1):
        n = first + np.arange(speed.size, dtype=float)
        mean = np.average(n * n, weights=weight)
        moment = np.sum(weight * (n * n - mean) ** 2)
        slope = float(np.sum(weight * (n * n - mean) * inverse) / moment)
        if slope <= 0.0:
            continue
        intercept = float(np.average(inverse, weights=weight) - slope * mean)
        c = intercept / slope
        # The next order changes v_n by about c^2/n^4.
        error = LIMIT / np.sqrt(weight) + 2.0 * c * c / n**4 * inverse
        significant = intercept > 3.0 * math.sqrt(1.0 / np.sum(weight) + mean**2 / moment)
        if significant and np.all(np.abs(inverse - slope * n * n - intercept) <= error) and c < 1.0:
            numbers = np.empty(speed.size, dtype=int)
            numbers[order] = n.astype(int)
            return tuple(int(one) for one in numbers), top_of_lower_edge(c, math)
    return None
