"""The phonon band of the free chain, Eq. 1: the one place of its dispersion relation.

omega(theta)^2 = 1 + (omega_fast^2 - 1) sin^2 theta with theta = q a/2, in units of Omega_slow.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.parameters import ChainParameters

Array = NDArray[np.float64]


def frequency(chain: ChainParameters, theta: ArrayLike) -> Array:
    """Phonon frequency omega(theta) in units of Omega_slow, in the shape of ``theta``."""
    sine = np.sin(np.asarray(theta, dtype=np.float64))
    return np.sqrt(1.0 + (chain.omega_fast**2 - 1.0) * sine * sine)


def sound_speed(chain: ChainParameters) -> float:
    """Largest group speed, pi spacing (omega_fast - 1), at sin^2 theta = 1/(omega_fast + 1); l_slow/t_slow."""
    return math.pi * chain.spacing * (chain.omega_fast - 1.0)
