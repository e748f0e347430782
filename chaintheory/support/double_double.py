"""Exponents to twice double precision.

A loss of 1e-300 carries an exponent of 690, whose rounding error alone would be 1e-13 of the loss. The exponents
below are therefore kept as an unevaluated sum of two doubles (T. J. Dekker, Numer. Math. 18, 224 (1971)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Double and remainder.
FOUR_PI = (12.566370614359172, 4.898587196589413e-16)
FOUR_PI_SQUARED = (39.47841760435743, 2.5061182034958845e-15)
TWO_PI_SQUARED = (19.739208802178716, 1.2530591017479423e-15)

_SPLITTER = 134217729.0  # 2^27 + 1


def product(a: Array | float, b: Array | float) -> tuple[Array, Array]:
    """A b as a double and its exact remainder.

    >>> high, low = product(1.0 + 2.0**-30, 1.0 + 2.0**-30)
    >>> bool(low == 2.0**-60)
    True
    """
    high = np.multiply(a, b)
    a1 = np.multiply(a, _SPLITTER)
    a1 = a1 - (a1 - a)
    b1 = np.multiply(b, _SPLITTER)
    b1 = b1 - (b1 - b)
    a2, b2 = a - a1, b - b1
    return high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2


def exponent(constant: tuple[float, float], width: float, speed: Array, power: int) -> tuple[Array, Array]:
    """Constant (width/speed)^power as two doubles, for power 1 or 2 and speed greater than 0.

    >>> high, low = exponent(FOUR_PI, 3.0, np.array([7.0]), 1)
    >>> from mpmath import mp, mpf
    >>> with mp.workdps(40):
    ...     bool(abs(mpf(high[0]) + mpf(low[0]) - 12 * mp.pi / 7) < 1e-30)
    True
    """
    ratio = width / speed
    back, back_low = product(ratio, speed)
    ratio_low = ((width - back) - back_low) / speed
    if power == 2:
        square, square_low = product(ratio, ratio)
        ratio, ratio_low = square, square_low + 2.0 * ratio * ratio_low
    high, low = product(constant[0], ratio)
    low = low + constant[1] * ratio + constant[0] * ratio_low
    total = high + low
    return total, low - (total - high)
