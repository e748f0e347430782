r"""Roots of the resonance condition: the phonons that a particle at mean speed v excites in the steady state.

A phonon is in phase with every pass of the particle (the phase-matching, or Cherenkov, condition omega = q v) where

.. math:: \omega(x) = \frac{v}{\alpha}\,x , \qquad x = \frac{q\,a}{2\pi} \text{ continued over all zones.}

omega(x)/x is monotone between the tangencies, at which the group velocity equals the speed of the particle. Each
monotone branch therefore holds at most one root, and every root is counted before it is found. The roots themselves are
computed in ``chaintheory_ext.curves``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters
    from chaintheory_ext.curves import TangencyTable

Array = NDArray[np.float64]

ROOTS_AT_ONCE = 2**15  # keeps the arrays of one batch in the processor's cache


def tangencies(system: SystemParameters) -> TangencyTable:
    """The tangencies of the chain's band, tabulated."""
    return table_of(system.chain.omega_fast)


@lru_cache(maxsize=64)
def table_of(omega_fast: float) -> TangencyTable:
    """The tangencies of a band up to ``omega_fast``, tabulated."""
    from chaintheory_ext.curves import TangencyTable

    return TangencyTable(omega_fast)


def batches(roots: Array) -> Iterator[slice]:
    """Consecutive slices of the lines that hold about ``ROOTS_AT_ONCE`` roots each, at least one line."""
    ends = np.cumsum(roots)
    start = 0
    while start < len(roots):
        done = ends[start - 1] if start else 0.0
        stop = max(start + 1, int(np.searchsorted(ends, done + ROOTS_AT_ONCE, "right")))
        yield slice(start, stop)
        start = stop
