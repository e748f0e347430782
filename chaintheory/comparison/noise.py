"""How much of a residual the noise of the rows explains: block means and an F-test.

Noise that differs from row to row averages out over a block of rows; the error of a run, and digits that were cut off,
do not. A small fault is therefore seen in means over blocks, and one that builds up slowly in means over long blocks.
The noise itself is only estimated, so that the test of its excess is an F-test.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.sampling import scatter

Array = NDArray[np.float64]

# Blocks in a pass, and how many of them are joined for the next coarser test.
IN_A_PASS, JOINED = 8, 4
# Chance of a false alarm of one test: a comparison makes some tens of them.
CHANCE = 1e-6
# Rows on each side of the window that the noise is read off first, and of a longer one that knows it better.
SHORT, LONG, ORDER = 6, 12, 9
# The longer window is taken where it gives the same noise but for chance, so that the polynomial follows the motion.
SAME = 1.3
MOST_WINDOWS = 2000


@dataclass(frozen=True)
class Noise:
    """Scatter of the rows (l_slow), degrees of freedom of its estimate, and the step of the digits (l_slow)."""

    size: float
    freedom: float
    digits: float = 0.0

    def surprise(self, values: Array, own: Array, count: NDArray[np.int64], fitted: int) -> float:
        """How far block means lie beyond what noise explains: above 1 they are not explained.

        ``values``: means over ``count`` rows; ``own``: errors that do not average out; ``fitted``: parameters.
        """
        return max(
            square / max(blocks - fitted, 1) / self._most(max(blocks - fitted, 1))
            for square, blocks in self._coarser(values, own, count)
        )

    def shown(self, values: Array, own: Array, count: NDArray[np.int64]) -> bool:
        """Whether a fault that moves the block means by ``values`` would be seen in nearly all data with this noise.

        The square of noise and fault scatters (noncentral chi-squared); two standard deviations of it are granted.
        """
        for square, blocks in self._coarser(values, own, count):
            scatter = math.sqrt(2.0 * blocks + 4.0 * square) / blocks
            if 1.0 + square / blocks - 2.0 * scatter > self._most(blocks):
                return True
        return False

    def _most(self, free: int) -> float:
        """Largest mean square that is chance."""
        from scipy.stats import f

        return float(f.isf(CHANCE, free, self.freedom))

    def _coarser(self, values: Array, own: Array, count: NDArray[np.int64]) -> Iterator[tuple[float, int]]:
        """Sum of squares, in units of the noise, over blocks of growing length, and how many blocks."""
        while True:
            yield float(np.sum(values**2 / (self.size**2 / count + own**2))), values.size
            if values.size < 2 * JOINED:
                return
            first = np.arange(0, values.size - JOINED + 1, JOINED)
            rows = np.add.reduceat(count, first)
            values = np.add.reduceat(values * count, first) / rows
            own, count = np.maximum.reduceat(own, first), rows


def noise_of(time: Array, position: Array) -> Noise:
    """The noise of rows, from polynomials through windows all along them.

    >>> t = np.linspace(0.0, 10.0, 4000)
    >>> found = noise_of(t, np.sin(t) + 0.1 * np.random.default_rng(1).normal(size=t.size))
    >>> bool(abs(found.size - 0.1) < 3.0 * 0.1 / math.sqrt(2.0 * found.freedom))
    True
    """
    size, freedom = _scatter(time, position, SHORT)
    if 2 * LONG <= time.size:
        longer = _scatter(time, position, LONG)
        if longer[0] <= SAME * size:
            size, freedom = longer
    return Noise(size, freedom, _digits(position) / math.sqrt(12.0))


def _scatter(time: Array, position: Array, half: int) -> tuple[float, float]:
    """Scatter in windows side by side, and its degrees of freedom: 0.63 to 0.48 of each, as their median is taken."""
    near = time[half :: 2 * half]
    near = near[:: max(1, near.size // MOST_WINDOWS)]
    each = 2 * half - ORDER - 1
    return scatter(time, position, near, half), max(1.0, (0.48 if each < 4 else 0.6) * each * near.size)


def _digits(position: Array) -> float:
    """The largest power of ten that all positions of some part of the rows are whole multiples of; 0 if below 1e-9."""
    coarsest = 0.0
    for part in np.array_split(position, 8):
        scale = max(1.0, float(np.max(np.abs(part))))
        for power in range(0, 10):
            unit = 10.0**-power
            if np.all(np.abs(part / unit - np.round(part / unit)) < 1e-13 * scale / unit + 1e-9):
                coarsest = max(coarsest, unit)
                break
    return coarsest
