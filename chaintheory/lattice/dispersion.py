"""The phonon band of the free chain, Eq. 1: the one place of its dispersion relation.

omega(theta)^2 = 1 + (omega_fast^2 - 1) sin^2 theta with theta = pi x = q a/2, in units of Omega_slow. What follows from
it (slope, curvature, the resonance condition and its tangencies) is generated from the ledger and stands here for all
other modules. These functions take any arithmetic: doubles, complex and extended numbers, and balls.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.parameters import ChainParameters
from chaintheory_ext.generated.dispersion import (
    band_width,
    frequency_curvature,
    frequency_squared,
    half_slope,
    largest_group_speed,
    neighbour_stiffness,
    resonance,
    resonance_curvature,
    resonance_slope,
    steepest_sine_squared,
    tangency,
    tangency_slope,
    top_of_lower_edge,
)

__all__ = [
    "band_width",
    "frequency",
    "frequency_curvature",
    "frequency_squared",
    "half_slope",
    "largest_group_speed",
    "neighbour_stiffness",
    "resonance",
    "resonance_curvature",
    "resonance_slope",
    "sound_speed",
    "steepest",
    "steepest_sine_squared",
    "tangency",
    "tangency_slope",
    "top_of_lower_edge",
]

Array = NDArray[np.float64]


def frequency(chain: ChainParameters, theta: ArrayLike) -> Array:
    """Phonon frequency omega(theta) in units of Omega_slow, in the shape of ``theta``."""
    sine = np.sin(np.asarray(theta, dtype=np.float64))
    return np.asarray(np.sqrt(frequency_squared(sine * sine, chain.omega_fast)))[()]


def sound_speed(chain: ChainParameters) -> float:
    """Largest group speed, pi spacing (omega_fast - 1), at sin^2 theta = 1/(omega_fast + 1); l_slow/t_slow."""
    return float(largest_group_speed(chain.omega_fast, chain.spacing, math))


def steepest(omega_fast: float) -> float:
    """Where the group velocity is largest: x = q a/(2 pi) between 0 and 1/2."""
    return math.asin(math.sqrt(steepest_sine_squared(omega_fast))) / math.pi
