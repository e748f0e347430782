r"""Roots and tangencies of the resonance condition for any harmonic chain, isolated by bounds of derivatives.

A root is a zero of :math:`F(x) = \omega(x)^2 - c^2 x^2`, c = v/spacing; a tangency, where omega(x)/x is stationary, is
a zero of :math:`T(x) = \tfrac12 x (\omega^2)' - \omega^2`. On a cell of half-width h around m, with a bound M of the
second derivative, a function f has

    no zero        where |f(m)| > |f'(m)| h + M h^2/2,
    at most one    where |f'(m)| > M h, and then one where its signs at the ends differ.

Cells that are neither are halved. No zero is lost, whatever the springs, as far as doubles resolve f; two that are
closer than ``FINEST`` count as a double one. Without wells omega^2 = x^2 g(x^2), and x = 0 is a zero of no meaning: the
cell next to it looks at g(u) - c^2 and at dg/du in u = x^2 instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import (
    band_top,
    curvature_of_square,
    slope_of_square,
    spring_curvature,
    spring_term,
    square,
)
from chaintheory.parameters import ChainParameters

Array = NDArray[np.float64]
Owner = NDArray[np.intp]

FINEST = 1e-12  # half-width in x at which two zeros count as one double zero
SHIFT = 0.1375923  # the cells' ends are where no natural speed has a root
ROUNDING = 32.0 * np.finfo(float).eps
MOST_STEPS = 200  # of safeguarded Newton: bisection alone takes 53
TERMS = 14  # of the series of sin^2(r)/r^2 for r below 1/2
# s(t) = sin^2(r)/r^2, t = r^2, has |s''| <= 4/45 and |s'''| <= 2/105, their values at 0.
SERIES = np.array([(-1) ** k * 2.0 ** (2 * k + 1) / math.factorial(2 * k + 2) for k in range(TERMS)])


@dataclass(frozen=True)
class Roots:
    """Zeros x = period + offset, one entry each, of the lines numbered by ``owner``, sorted by owner and x."""

    owner: Owner
    period: Array
    offset: Array

    @property
    def x(self) -> Array:
        """Period + offset."""
        return self.period + self.offset


@dataclass(frozen=True)
class _Cells:
    owner: Owner
    period: Array
    low: Array
    high: Array
    finest: Array

    def __getitem__(self, keep: Any) -> _Cells:
        return _Cells(self.owner[keep], self.period[keep], self.low[keep], self.high[keep], self.finest[keep])

    def halved(self) -> _Cells:
        middle = 0.5 * (self.low + self.high)
        return _Cells(
            np.repeat(self.owner, 2), np.repeat(self.period, 2),
            np.stack([self.low, middle], axis=1).ravel(), np.stack([middle, self.high], axis=1).ravel(),
            np.repeat(self.finest, 2),
        )  # fmt: skip


# Value, derivative, and bounds of the second derivative and of the rounding of the value on cells.
_Function = Callable[[Owner, Array, Array], tuple[Array, Array, Array, Array]]


def first_cell(chain: ChainParameters) -> float:
    """End of the cell next to x = 0."""
    return SHIFT / max(len(chain.couplings), 1)


def roots(chain: ChainParameters, slope: Array, furthest: Array) -> Roots:
    """All roots of omega(x) = c x with 0 < x <= ``furthest`` (and some beyond) for each slope c.

    >>> from chaintheory import Chain
    >>> acoustic = Chain.from_springs(confinement=0.0, couplings=[24.75], spacing=40.0)
    >>> roots(acoustic, np.array([5.0]), np.array([2.0])).x.round(6).tolist()
    [0.858088, 1.207555, 1.680044]
    """
    curve = largest_curvature(chain)
    size = band_top(chain) ** 2

    def excess(owner: Owner, period: Array, offset: Array) -> tuple[Array, Array, Array, Array]:
        c, x = slope[owner], period + offset
        line = c * c * x
        value = square(chain, math.pi * offset) - line * x
        change = slope_of_square(chain, math.pi * offset) - 2.0 * line
        return value, change, curve + 2.0 * c * c, ROUNDING * (size + np.abs(line * x))

    def reduced(owner: Owner, _: Array, u: Array) -> tuple[Array, Array, Array, Array]:
        c = slope[owner]
        g, g1, _g2 = _reduced_square(chain, u)
        return g - c * c, g1, np.full(u.shape, bound_of_reduced_square(chain, 2)), ROUNDING * (np.abs(g) + c * c)

    return _all_zeros(chain, excess, reduced, furthest)


def tangencies(chain: ChainParameters, lowest: float, highest: float) -> tuple[Array, Array, Array]:
    """Extrema of omega(x)/x with a slope between two slopes: x, the slope, and whether it is a minimum.

    >>> from chaintheory import Chain
    >>> x, slope, minimum = tangencies(Chain.from_springs(1.0, [24.75], 40.0, damping=0.1), 0.97, 1.06)
    >>> (40.0 * slope).round(3).tolist(), minimum.tolist()
    ([39.98, 42.129], [True, False])
    """
    third = sum(2.0 * math.pi * j * abs(spring_curvature(1.0, one, j)) for j, one in enumerate(chain.couplings, 1))
    size = band_top(chain) ** 2

    def stationary(_: Owner, period: Array, offset: Array) -> tuple[Array, Array, Array, Array]:
        x, angle = period + offset, math.pi * offset
        first, second = slope_of_square(chain, angle), curvature_of_square(chain, angle)
        value = 0.5 * x * first - square(chain, angle)
        return value, 0.5 * (x * second - first), 0.5 * (x + 0.5) * third, ROUNDING * (size + np.abs(x * first))

    def reduced(_owner: Owner, _: Array, u: Array) -> tuple[Array, Array, Array, Array]:
        _g, g1, g2 = _reduced_square(chain, u)
        return (
            g1,
            g2,
            np.full(u.shape, bound_of_reduced_square(chain, 3)),
            ROUNDING * bound_of_reduced_square(chain, 1) * np.ones(u.shape),
        )

    if not chain.couplings:
        return np.empty(0), np.empty(0), np.empty(0, dtype=bool)
    found = _all_zeros(chain, stationary, reduced, np.array([band_top(chain) / lowest]))
    x, angle = found.x, math.pi * found.offset
    slope = np.sqrt(square(chain, angle)) / x
    # d^2 (omega/x)/dx^2 has the sign of (omega^2)'' - 2 c^2 there.
    minimum = curvature_of_square(chain, angle) > 2.0 * slope * slope
    inside = (slope >= lowest) & (slope <= highest)
    return x[inside], slope[inside], minimum[inside]


def largest_curvature(chain: ChainParameters) -> float:
    """A bound of the second derivative of omega^2 in x."""
    return float(sum(abs(spring_curvature(1.0, one, j)) for j, one in enumerate(chain.couplings, 1)))


def _reduced_square(chain: ChainParameters, u: Array) -> tuple[Array, Array, Array]:
    """omega^2/x^2 = g(u), u = x^2, of a chain without wells, and its two derivatives in u; u up to the first cell."""
    total = [np.zeros(u.shape) for _ in range(3)]
    for j, one in enumerate(chain.couplings, 1):
        wave = math.pi * j
        rate = wave * wave
        for order, part in enumerate(total):
            series = np.polynomial.polynomial.polyder(SERIES, order)
            part += spring_term(rate ** (order + 1), one) * np.polynomial.polynomial.polyval(rate * u, series)
    return total[0], total[1], total[2]


def bound_of_reduced_square(chain: ChainParameters, order: int) -> float:
    """A bound of a derivative of g: each term is largest in magnitude at u = 0."""
    largest = abs(SERIES[order]) * math.factorial(order)
    waves = [math.pi * j for j in range(1, len(chain.couplings) + 1)]
    terms = zip(chain.couplings, waves, strict=True)
    return float(sum(abs(spring_term(wave ** (2 * order + 2), one)) for one, wave in terms) * largest)


def _all_zeros(chain: ChainParameters, function: _Function, reduced: _Function, furthest: Array) -> Roots:
    """The zeros of a function of x, and of the reduced one of u = x^2 in the first cell of a chain without wells."""
    start = first_cell(chain)
    # Beyond ``furthest`` there is no root, so that the first cell may be small at a high speed.
    end = np.minimum(1.01 * furthest, start)
    count = np.maximum(np.ceil(2.0 * (furthest - start)), 0.0).astype(np.intp)
    owner = np.repeat(np.arange(furthest.size), count)
    number = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    period = np.floor(0.5 * number)
    low = start + 0.5 * (number - 2.0 * period)
    lines = np.arange(furthest.size)
    first = _Cells(lines, np.zeros(lines.size), np.zeros(lines.size), end, FINEST * end)
    cells = _Cells(owner, period, low, low + 0.5, np.full(owner.size, FINEST))
    if chain.confinement > 0.0:
        found = [_zeros(function, first), _zeros(function, cells)]
    else:
        near = _zeros(reduced, _Cells(first.owner, first.period, first.low, end**2, FINEST * end**2))
        found = [(near[0], near[1], np.sqrt(near[2])), _zeros(function, cells)]
    owner, period, offset = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((period + offset, owner))
    return Roots(owner[order], period[order], offset[order])


def _zeros(function: _Function, cells: _Cells) -> tuple[Owner, Array, Array]:
    """All zeros in the cells."""
    alone: list[_Cells] = []
    double: list[_Cells] = []
    while cells.owner.size:
        middle, half = 0.5 * (cells.low + cells.high), 0.5 * (cells.high - cells.low)
        value, change, bound, error = function(cells.owner, cells.period, middle)
        none = np.abs(value) > np.abs(change) * half + 0.5 * bound * half * half + error
        single = ~none & (np.abs(change) > bound * half * (1.0 + 1e-9))
        alone.append(cells[single])
        rest = ~none & ~single
        stop = rest & (half < cells.finest)
        double.append(cells[stop])
        cells = cells[rest & ~stop].halved()
    one = _concatenated(alone)
    at_low, at_high = (function(one.owner, one.period, end)[0] for end in (one.low, one.high))
    one = one[(at_low > 0.0) != (at_high > 0.0)]
    offset = _refined(function, one)
    twice = _merged(_concatenated(double))
    again = 0.5 * (twice.low + twice.high)
    return (
        np.concatenate([one.owner, twice.owner, twice.owner]),
        np.concatenate([one.period, twice.period, twice.period]),
        np.concatenate([offset, again, again]),
    )


def _concatenated(parts: list[_Cells]) -> _Cells:
    if not parts:
        return _Cells(np.empty(0, dtype=np.intp), *(np.empty(0) for _ in range(4)))
    names = ("owner", "period", "low", "high", "finest")
    return _Cells(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _merged(cells: _Cells) -> _Cells:
    """Neighbouring undecided cells hold one double zero."""
    if not cells.owner.size:
        return cells
    cells = cells[np.lexsort((cells.low, cells.period, cells.owner))]
    new = np.ones(cells.owner.size, dtype=bool)
    new[1:] = (np.diff(cells.owner) != 0) | (np.diff(cells.period + cells.low) > 1e3 * cells.finest[1:])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], cells.owner.size) - 1
    return _Cells(cells.owner[starts], cells.period[starts], cells.low[starts], cells.high[ends], cells.finest[starts])


def _refined(function: _Function, cells: _Cells) -> Array:
    """The zero in each cell, which holds exactly one: Newton's method within shrinking brackets."""
    low, high = cells.low.copy(), cells.high.copy()
    rising = function(cells.owner, cells.period, high)[0] > 0.0
    x = 0.5 * (low + high)
    open_ = np.arange(x.size)
    for _ in range(MOST_STEPS):
        if not open_.size:
            break
        at = x[open_]
        value, change, _bound, error = function(cells.owner[open_], cells.period[open_], at)
        above = (value > 0.0) == rising[open_]
        high[open_], low[open_] = np.where(above, at, high[open_]), np.where(above, low[open_], at)
        with np.errstate(divide="ignore", invalid="ignore"):
            guess = at - value / change
        inside = (guess >= low[open_]) & (guess <= high[open_])
        x[open_] = np.where(inside, guess, 0.5 * (low[open_] + high[open_]))
        moved = np.abs(x[open_] - at)
        done = (moved <= 4e-16 * (np.abs(at) + cells.period[open_])) | (np.abs(value) <= error / 64.0)
        open_ = open_[~done]
    return x
