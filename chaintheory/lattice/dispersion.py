"""The phonon band of the free chain, Eq. 1: the one place of its dispersion relation.

omega(theta)^2 = 1 + (omega_fast^2 - 1) sin^2 theta with theta = pi x = q a/2, in units of Omega_slow. What follows from
it (slope, curvature, the resonance condition and its tangencies) is generated from the ledger and stands here for all
other modules. These functions take any arithmetic: doubles, complex and extended numbers, and balls.

Any harmonic chain has omega(theta)^2 = kappa + sum_j 4 K_j sin^2(j theta). The functions that take a chain hold for
every chain; those that take ``omega_fast`` are those of the paper's, and no other chain has an ``omega_fast`` to give.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.parameters import ChainParameters
from chaintheory.support.maximum import highest
from chaintheory_ext.generated.dispersion import (
    band_width,
    frequency_curvature,
    frequency_squared,
    half_slope,
    inverse_response,
    inverse_response_curvature,
    inverse_response_slope,
    largest_group_speed,
    neighbour_stiffness,
    resonance,
    resonance_slope,
    spring_curvature,
    spring_slope,
    spring_term,
    steepest_sine_squared,
    tangency,
    tangency_slope,
    top_of_lower_edge,
)

__all__ = [
    "band_edges",
    "band_top",
    "band_width",
    "curvature",
    "curvature_of_square",
    "frequency",
    "frequency_curvature",
    "frequency_squared",
    "group_velocity",
    "half_slope",
    "inverse_response",
    "inverse_response_curvature",
    "inverse_response_slope",
    "largest_group_speed",
    "neighbour_stiffness",
    "resonance",
    "resonance_slope",
    "slope_of_square",
    "sound_speed",
    "spring_curvature",
    "spring_slope",
    "spring_term",
    "square",
    "steepest",
    "steepest_sine_squared",
    "tangency",
    "tangency_slope",
    "top_of_lower_edge",
]

Array = NDArray[np.float64]


POINTS_PER_SPRING = 256  # of the grid on which extrema of the band are looked for, in half a zone


def square(chain: ChainParameters, theta: Any) -> Any:
    """omega(theta)^2 of any chain: real, extended or complex angles."""
    if chain.minimal:
        return frequency_squared(np.sin(theta) ** 2, chain.omega_fast)
    terms = (spring_term(np.sin(j * theta) ** 2, one) for j, one in enumerate(chain.couplings, 1))
    return sum(terms, 0.0 * theta + chain.confinement)


def slope_of_square(chain: ChainParameters, theta: Any) -> Any:
    """Derivative of omega^2 in x at theta = pi x, of any chain."""
    return _sum([spring_slope(np.sin(2 * j * theta), one, j) for j, one in enumerate(chain.couplings, 1)], theta)


def curvature_of_square(chain: ChainParameters, theta: Any) -> Any:
    """Second derivative of omega^2 in x at theta = pi x, of any chain."""
    return _sum([spring_curvature(np.cos(2 * j * theta), one, j) for j, one in enumerate(chain.couplings, 1)], theta)


def _sum(terms: list[Any], theta: Any) -> Any:
    """The sum in the arithmetic of theta, 0 without springs; begun with its first term, as Newton's method waits."""
    return sum(terms[1:], terms[0]) if terms else 0.0 * theta


def frequency(chain: ChainParameters, theta: ArrayLike) -> Array:
    """Phonon frequency omega(theta) in the unit frequency (Omega_slow), in the shape of ``theta``."""
    return np.asarray(np.sqrt(square(chain, np.asarray(theta, dtype=np.float64))))[()]


def group_velocity(chain: ChainParameters, theta: ArrayLike) -> Array:
    """Group velocity spacing d omega/dx at theta = pi x; at omega = 0 its limit from above. Damping plays no part."""
    angle = np.asarray(theta, dtype=np.float64)
    omega = np.asarray(frequency(chain, angle))
    still = omega == 0.0
    # There omega^2 is quadratic, so that omega is linear.
    limit = np.sqrt(np.maximum(0.5 * curvature_of_square(chain, angle), 0.0))
    slope = 0.5 * slope_of_square(chain, angle) / np.where(still, 1.0, omega)
    return np.asarray(chain.spacing * np.where(still, limit, slope))[()]


def curvature(chain: ChainParameters, omega: Any, slope: Any, theta: Any) -> Any:
    """Second derivative of omega in x at theta = pi x, from omega and its slope d omega/dx there; of any chain."""
    if chain.minimal:
        return frequency_curvature(omega, slope, np.cos(2.0 * theta), chain.omega_fast)
    return (0.5 * curvature_of_square(chain, theta) - slope * slope) / omega


@lru_cache(maxsize=256)
def band_edges(chain: ChainParameters) -> tuple[float, float]:
    """Lowest and highest frequency of the band.

    >>> from chaintheory import Chain
    >>> band_edges(Chain(10.0, 40.0))
    (1.0, 10.0)
    >>> lowest, highest = band_edges(Chain.from_springs(confinement=0.0, couplings=[1.0, 1.0], spacing=40.0))
    >>> lowest, round(highest**2, 12)
    (0.0, 6.25)
    """
    if chain.minimal:
        return 1.0, chain.omega_fast
    lowest = -_largest(chain, lambda theta: -square(chain, theta))
    return math.sqrt(max(lowest, 0.0)), math.sqrt(_largest(chain, lambda theta: square(chain, theta)))


def band_top(chain: ChainParameters) -> float:
    """Highest frequency of the band: omega_fast of the paper's chain."""
    return band_edges(chain)[1]


@lru_cache(maxsize=256)
def sound_speed(chain: ChainParameters) -> float:
    """Largest group speed; pi spacing (omega_fast - 1) of the paper's chain, at sin^2 theta = 1/(omega_fast + 1).

    >>> from chaintheory import Chain
    >>> round(sound_speed(Chain.from_springs(confinement=0.0, couplings=[0.25], spacing=1.0)) / np.pi, 12)
    1.0
    """
    if chain.minimal:
        return float(largest_group_speed(chain.omega_fast, chain.spacing, math))
    return _largest(chain, lambda theta: np.abs(group_velocity(chain, theta)))


def _largest(chain: ChainParameters, function: Any) -> float:
    """Largest value of an even function of theta, smooth on the scale of the shortest wave that the springs make."""
    count = POINTS_PER_SPRING * (len(chain.couplings) + 1)
    points = 0.5 * math.pi * np.arange(count + 1) / count
    return highest(function, points, pieces=32, rounds=4)[1]


def steepest(omega_fast: float) -> float:
    """Where the group velocity is largest: x = q a/(2 pi) between 0 and 1/2."""
    return math.asin(math.sqrt(steepest_sine_squared(omega_fast))) / math.pi
