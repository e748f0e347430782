"""Interval arithmetic on arrays of doubles, rounded outward.

The four operations of IEEE arithmetic are correctly rounded. Each result is therefore moved outward by one unit in the
last place at least, and the interval holds the exact result whatever the rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPSILON = 2.0**-52
SMALLEST = 1e-305  # below the rounding of a subnormal result
# NumPy's sine and exponential are good to 4 units in the last place, its arguments below to 1.2 units.
ELEMENTARY = 8.0


def down(value: Any, units: Any = 1.0) -> Any:
    """A double below every number that rounds to ``value``, or lies within ``units`` of its last place."""
    return value - (np.abs(value) * (units * EPSILON) + SMALLEST)


def up(value: Any, units: Any = 1.0) -> Any:
    """A double above every number that rounds to ``value``, or lies within ``units`` of its last place."""
    return value + (np.abs(value) * (units * EPSILON) + SMALLEST)


@dataclass(frozen=True)
class Interval:
    """Closed intervals from ``low`` to ``high``, arrays of one shape or numbers.

    >>> third = Interval.of(1.0) / Interval.of(3.0)
    >>> bool(third.low < third.high), bool((third * Interval.of(3.0)).low < 1.0)
    (True, True)
    """

    low: Any
    high: Any

    @classmethod
    def of(cls, value: Any) -> Interval:
        """The double itself."""
        return cls(value, value)

    @classmethod
    def about(cls, value: Any, units: float = 1.0) -> Interval:
        """The double with an error of so many units in its last place."""
        return cls(down(value, units), up(value, units))

    @classmethod
    def hull(cls, *parts: Interval) -> Interval:
        """The smallest interval that holds all parts."""
        low, high = parts[0].low, parts[0].high
        for part in parts[1:]:
            low, high = np.minimum(low, part.low), np.maximum(high, part.high)
        return cls(low, high)

    def __add__(self, other: Interval | float) -> Interval:
        other = _interval(other)
        return Interval(down(self.low + other.low), up(self.high + other.high))

    def __radd__(self, other: float) -> Interval:
        return self + other

    def __sub__(self, other: Interval | float) -> Interval:
        other = _interval(other)
        return Interval(down(self.low - other.high), up(self.high - other.low))

    def __rsub__(self, other: float) -> Interval:
        return _interval(other) - self

    def __mul__(self, other: Interval | float) -> Interval:
        other = _interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        # 0 times an infinite bound is 0, and is left out: another product is 0 as well.
        low = np.fmin(np.fmin(ends[0], ends[1]), np.fmin(ends[2], ends[3]))
        high = np.fmax(np.fmax(ends[0], ends[1]), np.fmax(ends[2], ends[3]))
        return Interval(down(low), up(high))

    def __rmul__(self, other: float) -> Interval:
        return self * other

    def __truediv__(self, other: Interval) -> Interval:
        return self * other.reciprocal()

    def __pow__(self, exponent: int) -> Interval:
        if exponent not in (2, 4):
            raise ValueError(f"exponent must be 2 or 4, got {exponent!r}")
        return self.squared() if exponent == 2 else self.squared().squared()

    def reciprocal(self) -> Interval:
        """1 over the interval; unbounded if it holds 0."""
        holds = (self.low <= 0.0) & (self.high >= 0.0)
        safe = Interval(np.where(holds, 1.0, self.low), np.where(holds, 1.0, self.high))
        return Interval(
            np.where(holds, -np.inf, down(1.0 / safe.high)),
            np.where(holds, np.inf, up(1.0 / safe.low)),
        )

    def times(self, other: Interval) -> Interval:
        """The product of two intervals without negative numbers: two products instead of four."""
        low, high = down(self.low * other.low), up(self.high * other.high)
        return Interval(np.maximum(low, 0.0), np.where(np.isnan(high), np.inf, high))

    def squared(self) -> Interval:
        """The squares."""
        holds = (self.low <= 0.0) & (self.high >= 0.0)
        a, b = np.abs(self.low), np.abs(self.high)
        low = np.where(holds, 0.0, np.minimum(a, b))
        return Interval(np.maximum(down(low * low), 0.0), up(np.maximum(a, b) ** 2, 2.0))

    def absolute(self) -> Interval:
        """The magnitudes."""
        holds = (self.low <= 0.0) & (self.high >= 0.0)
        a, b = np.abs(self.low), np.abs(self.high)
        return Interval(np.where(holds, 0.0, np.minimum(a, b)), np.maximum(a, b))

    def root(self) -> Interval:
        """The square roots; of intervals without negative numbers."""
        return Interval(np.maximum(down(np.sqrt(self.low)), 0.0), up(np.sqrt(self.high)))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def where(self, condition: Any, other: Interval) -> Interval:
        """These where the condition holds, the others elsewhere."""
        return Interval(np.where(condition, self.low, other.low), np.where(condition, self.high, other.high))


def _interval(value: Interval | float) -> Interval:
    """The interval itself, or a number as one."""
    return value if isinstance(value, Interval) else Interval.of(value)


PI = Interval(3.141592653589793, 3.1415926535897936)


class INTERVALS:
    """Intervals as an arithmetic of the generated formulas: their argument ``m``."""

    pi = PI


def summed(owner: NDArray[np.intp], terms: Interval, size: int) -> Interval:
    """The sums of the terms of each owner."""
    number = np.bincount(owner, minlength=size)
    low, high = (np.bincount(owner, part, size) for part in (terms.low, terms.high))
    # Recursive summation of m terms is off by less than m units of the sum of magnitudes.
    with np.errstate(invalid="ignore"):
        low = low - (number + 1.0) * EPSILON * np.bincount(owner, np.abs(terms.low), size)
        high = high + (number + 1.0) * EPSILON * np.bincount(owner, np.abs(terms.high), size)
    return Interval(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))
