r"""Where the mean dissipation can equal the bias: bounds over whole intervals of speed, not samples.

Between two resonances the same crossings persist, each moving monotonically along its piece of the band. Over an
interval of speeds a crossing therefore stays between its places at the two ends, and its share

.. math:: T = \frac{8\pi^4 x^2\,|\hat\Phi(2\pi x/\alpha)|^2}{\alpha^2 v\,|\alpha\,\omega'(x) - v|}

is bounded by the bounds of the factors. An interval whose bounds exclude the bias holds no solution; the others are
cut in half until they are narrow.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.steady_state import decay_in_x
from chaintheory.lattice.resonance_condition import band, batches
from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

MOST_CROSSINGS = 1e7  # in one search: some seconds
NARROW = 1e-9  # relative width of the intervals that are left
SLACK = 1e-10  # rounding of the bounds, generously
GRADES = 4.0 ** -np.arange(1, 20)  # of the first intervals towards a resonance


class Search:
    """The search for solutions at one bias, ``level``; its work is counted."""

    def __init__(self, system: SystemParameters, level: float) -> None:
        self.system, self.level = system, level
        self._crossings = 0.0

    def undecided(self, low: float, high: float) -> Array:
        """Narrow intervals between two neighbouring resonances that hold every solution; shape (number, 2).

        Neighbouring intervals are merged.
        """
        span = high - low
        edges = np.unique(np.concatenate([[low, high, 0.5 * (low + high)], low + span * GRADES, high - span * GRADES]))
        edges = edges[(edges >= low) & (edges <= high)]
        left, right = edges[:-1], edges[1:]
        found: list[Array] = []
        while left.size:
            self._count(left)
            least, most = bounds(self.system, left, right)
            open_ = (least <= self.level) & (most >= self.level)
            left, right = left[open_], right[open_]
            narrow = right - left <= NARROW * right
            found.append(np.stack([left[narrow], right[narrow]], axis=1))
            left, right = left[~narrow], right[~narrow]
            middle = 0.5 * (left + right)
            left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
        return merged(np.concatenate(found) if found else np.empty((0, 2)))

    def _count(self, speeds: Array) -> None:
        """Refuse a range over which the loss turns too often, as that of a wide square well does."""
        count = band(self.system).ranges(speeds / self.system.chain.spacing, *decay_in_x(self.system))[2]
        self._crossings += float(count.sum())
        if self._crossings > MOST_CROSSINGS:
            raise ValueError(
                "lowest and highest must be closer together: bounds of the loss at more than "
                f"{MOST_CROSSINGS:.0e} crossings did not decide where it equals the bias"
            )


def merged(intervals: Array) -> Array:
    """Sorted, with those that touch made one."""
    intervals = intervals[np.argsort(intervals[:, 0])]
    result: list[list[float]] = []
    for a, b in intervals.tolist():
        if result and a <= result[-1][1]:
            result[-1][1] = b
        else:
            result.append([a, b])
    return np.array(result).reshape(-1, 2)


def bounds(system: SystemParameters, low: Array, high: Array) -> tuple[Array, Array]:
    """Lower and upper bounds of the mean dissipation over intervals free of resonances."""
    chain, tangents = system.chain, band(system)
    spacing, decay = chain.spacing, decay_in_x(system)
    first, last, _ = tangents.ranges(low / spacing, *decay)
    other_first, other_last, _ = tangents.ranges(high / spacing, *decay)
    last = np.maximum(last, other_last)
    whole = tangents.ranges(high / spacing)[1], tangents.ranges(low / spacing)[1]
    last = np.minimum(last, np.minimum(*whole))
    first = np.maximum(first, other_first)
    least, most = np.empty(low.shape), np.empty(low.shape)
    for part in batches(2.0 * (last - first) + 3.0):
        args = first[part], last[part]
        owner, n, at_low, _, slope_low = tangents.crossings(low[part] / spacing, *args)
        _, _, at_high, _, slope_high = tangents.crossings(high[part] / spacing, *args)
        start, stop = np.minimum(at_low, at_high), np.maximum(at_low, at_high)
        flattest, steepest = slope_bounds(chain.omega_fast, start, stop, slope_low, slope_high)
        v1, v2 = low[part][owner], high[part][owner]
        # Pieces alternate, and the first falls: there the line is steeper than the band.
        begins = np.concatenate([[True], owner[1:] != owner[:-1]])
        position = np.arange(owner.size) - np.maximum.accumulate(np.where(begins, np.arange(owner.size), 0))
        falls = position % 2 == 0
        near = np.where(falls, v1 - spacing * steepest, spacing * flattest - v2)
        far = np.where(falls, v2 - spacing * flattest, spacing * steepest - v1)
        weak, strong = power_bounds(system, (n + start) / spacing, (n + stop) / spacing)
        with np.errstate(divide="ignore", over="ignore"):
            share_least = weak / (v2 * np.maximum(far, np.finfo(float).tiny))
            share_most = np.where(near > 0.0, strong / (v1 * np.maximum(near, np.finfo(float).tiny)), np.inf)
        share_most = np.where(strong > 0.0, share_most, 0.0)
        size = low[part].size
        least[part] = np.bincount(owner, share_least, size) * (1.0 - SLACK)
        most[part] = np.bincount(owner, share_most, size) * (1.0 + SLACK)
    return least, most


def slope_bounds(omega_fast: float, start: Array, stop: Array, *ends: Array) -> tuple[Array, Array]:
    """Bounds of d omega/dx between two offsets of one period, given its values at the ends."""
    steepest = math.asin(1.0 / math.sqrt(omega_fast + 1.0)) / math.pi
    largest = math.pi * (omega_fast - 1.0)
    low, high = np.minimum(*ends), np.maximum(*ends)
    high = np.where((start <= steepest) & (stop >= steepest), largest, high)
    # Offsets reach from -1 to 1/2: the descent is steepest at -steepest only.
    low = np.where((start <= -steepest) & (stop >= -steepest), -largest, low)
    return low, high


def power_bounds(system: SystemParameters, low: Array, high: Array) -> tuple[Array, Array]:
    """Bounds of 8 pi^4 q^2 |transform(2 pi q)|^2 over low <= q <= high, q = x/spacing."""
    interaction = system.interaction
    factor = 8.0 * math.pi**4
    if interaction.monotone:
        at_low = interaction.transform(2.0 * math.pi * low) ** 2
        at_high = interaction.transform(2.0 * math.pi * high) ** 2
        return factor * low**2 * at_high, factor * high**2 * at_low
    middle = np.abs(interaction.transform(math.pi * (low + high)))
    spread = interaction.transform_slope_bound * math.pi * (high - low) + 1e-15 * middle
    return (
        factor * (low * np.maximum(middle - spread, 0.0)) ** 2,
        factor * (high * (middle + spread)) ** 2,
    )
