"""Means of values that are correlated along their series, and of independent series, with a standard error by blocks.

Means of blocks that are longer than the correlation are independent, and their scatter gives the error of the mean.
Longer blocks are fewer and know it less well: the shortest that suffice are taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.support.validation import real_array, shown

Array = NDArray[np.float64]

FEWEST_BLOCKS = 8  # of one series: their scatter is known to a quarter


class Estimate(NamedTuple):
    """A mean, its standard error, and the number of independent blocks that gave it."""

    value: float
    error: float
    blocks: int


def block_mean(series: ArrayLike | Sequence[ArrayLike]) -> Estimate:
    r"""The mean of correlated values, with its standard error.

    Blocks of 1, 2, 4, ... neighbours are averaged, each counts by its length. Of N values, blocks of b suffice when
    :math:`b^3 > 2N(\sigma_b/\sigma_1)^4`, :math:`\sigma_b` being the error of the mean that they give as if they were
    independent: what longer blocks would add to it is then less than it scatters (Lee et al., Phys. Rev. E 83, 066706
    (2011), after Flyvbjerg and Petersen, J. Chem. Phys. 91, 461 (1989)). Where none of 8 blocks or more do, whole
    series are the blocks.

    Parameters
    ----------
    series
        One series of values, or several that are independent of each other, in any unit; their lengths may differ.

    Returns
    -------
    Estimate
        ``value``, the mean of all values; ``error``, infinite where a single series has no blocks that suffice, because
        its values are correlated over too much of it; ``blocks``, their number: n of them know the error to one part in
        the root of 2n.

    Raises
    ------
    ValueError, TypeError
        Fewer than two values; values that are not finite, as those of captured particles, or not real.

    >>> block_mean([1.0, 3.0] * 32)  # neighbours make up for each other: independent values had an error of 0.126
    Estimate(value=2.0, error=0.0, blocks=32)
    >>> block_mean([[1.0, 1.0, 1.0], [3.0, 3.0, 3.0]])  # two independent series, each of one value in effect
    Estimate(value=2.0, error=1.0, blocks=2)
    """
    several = [one for one in _rows(series) if one.size]
    total = np.concatenate(several) if several else np.zeros(0)
    if total.size < 2:
        raise ValueError(f"a mean with an error needs at least 2 values, got {total.size}")
    value, longest, length = float(total.mean()), max(one.size for one in several), 1
    single, count = _error(several, value, length)
    error = single
    while single > 0.0 and length**3 <= 2 * total.size * (error / single) ** 4:
        length *= 2
        error, count = _error(several, value, length)
        if count < FEWEST_BLOCKS:
            error, count = _error(several, value, longest)
            break
    return Estimate(value, error, count)


def _rows(series: Any) -> list[Array]:
    """Series as arrays; one series as a list of one."""
    if not isinstance(series, Iterable) or isinstance(series, str | bytes):
        raise TypeError(f"series must be a series of numbers or several of them, got {shown(series)}")
    several: list[Any] = list(series)
    if all(np.ndim(one) == 0 for one in several):
        several = [several]
    rows = [real_array("series", one) for one in several]
    if any(row.ndim != 1 for row in rows):
        raise ValueError(f"series must be one-dimensional, got shapes {[row.shape for row in rows]!r}")
    return rows


def _error(several: list[Array], value: float, length: int) -> tuple[float, int]:
    """Standard error of the mean by blocks of a length, and their number; what is left of a series is a shorter one."""
    off = np.concatenate([np.add.reduceat(one - value, np.arange(0, one.size, length)) for one in several])
    if off.size == 1:
        return math.inf, 1
    size = sum(one.size for one in several)
    return float(math.sqrt(np.sum(off**2) * off.size / (off.size - 1)) / size), off.size
