r"""Resonances: speeds at which the mean dissipation diverges on one side.

At a mean speed v the fed phonons lie where the line x v/spacing crosses the band omega(x). There are
speeds at which the line only touches the band: two crossings merge, and with them the mean dissipation
diverges like :math:`s/\sqrt{|v/v_r - 1|}` with the strength

.. math:: s = A(\omega)\,\frac{v_r}{\alpha}\sqrt{\frac{2}{|\omega''|\,\omega}} .

At the lower edge of the band, near spacing/n, it diverges on the fast side of :math:`v_r`; at the upper
edge, near 2 spacing omega_fast/(2 n + 1), on the slow side. The other side stays finite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation import band, band_width, batches, decay_in_x, emitted, shares
from chaintheory.model import System
from chaintheory.validation import scale

if TYPE_CHECKING:
    from chaintheory_ext.curves import Band

Array = NDArray[np.float64]

EDGES = ("lower", "upper")
if TYPE_CHECKING:
    from chaintheory_ext.curves import Band

MOST_RESONANCES = 1e6


@dataclass(frozen=True)
class ResonantSpeed:
    """A speed at which the line x v/spacing touches the band.

    Attributes
    ----------
    speed
        The speed of the tangent line.
    edge
        ``"lower"`` (infinite just above ``speed``) or ``"upper"`` (infinite just below).
    n
        Number of the period: near spacing/n, or near 2 spacing omega_fast/(2 n + 1).
    crossing
        x at which the line touches the band.
    strength
        The mean dissipation diverges like strength/sqrt(abs(v/speed - 1)).
    finite_side
        Limit of the mean dissipation on the other side.

    """

    speed: float
    edge: str
    n: int
    crossing: float
    strength: float
    finite_side: float


def resonant_speeds(system: System, lowest: float, highest: float) -> list[ResonantSpeed]:
    """All resonances between two speeds, both band edges, sorted by speed.

    Raises
    ------
    ValueError
        A range that is not positive, is empty, or holds more than a million resonances.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> [(r.edge, r.n, round(r.speed, 3)) for r in system.resonant_speeds(39.0, 45.0)]
    [('lower', 1, 39.98), ('upper', 9, 42.129)]

    """
    lowest, highest = speed_range(lowest, highest)
    chain = system.chain
    low, high = lowest / chain.spacing, highest / chain.spacing
    total = (1.0 + chain.omega_fast) * (1.0 / low - 1.0 / high)
    if total > MOST_RESONANCES:
        raise ValueError(
            f"lowest and highest must enclose at most {MOST_RESONANCES:.0e} resonances, "
            f"got about {total:.3g} between {lowest:g} and {highest:g}"
        )
    found = [item for edge in EDGES for item in _at_edge(system, edge, low, high)]
    return sorted(found, key=lambda item: item.speed)


def speed_range(lowest: float, highest: float) -> tuple[float, float]:
    """The two speeds, positive and in order."""
    lowest, highest = scale("lowest", lowest), scale("highest", highest)
    if not highest > lowest:
        raise ValueError(f"highest must be greater than lowest ({lowest:g}), got {highest:g}")
    return lowest, highest


def _at_edge(system: System, edge: str, low: float, high: float) -> list[ResonantSpeed]:
    """The resonances with one edge of the band, for slopes of the line from ``low`` to ``high``."""
    chain, tangents = system.chain, band(system)
    column, top = (0, 1.0) if edge == "lower" else (2, chain.omega_fast)
    first = max(tangents.onset, math.floor(top / high) - 2.0)
    period = np.arange(first, max(first, math.ceil(top / low)) + 3.0)
    offset, slope = tangents.resonances(period)[:, column : column + 2].T
    inside = (slope >= low) & (slope <= high)
    period, offset, slope = period[inside], offset[inside], slope[inside]
    omega, speed = slope * (period + offset), slope * chain.spacing
    curvature = (band_width(system) * math.pi**2 * np.cos(2.0 * math.pi * offset) - slope**2) / omega
    strength = emitted(system, omega, speed) * slope * np.sqrt(2.0 / (np.abs(curvature) * omega))
    finite_side = _finite_side(system, edge, period, slope)
    columns = (speed, period, period + offset, strength, finite_side)
    return [
        ResonantSpeed(v, edge, int(n), x, s, f) for v, n, x, s, f in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _finite_side(system: System, edge: str, period: Array, slope: Array) -> Array:
    """Mean dissipation at the resonances without the two crossings that merge at each."""
    tangents = band(system)
    first, last, count = tangents.ranges(slope, *decay_in_x(system))
    start, stop = merging_pieces(tangents, edge, period)
    result = np.empty(slope.shape)
    for part in batches(count):
        owner, n, offset, omega, group = tangents.crossings(slope[part], first[part], last[part])
        share = shares(system, slope[part] * system.chain.spacing, owner, omega, group)
        merges = (n + offset > start[part][owner]) & (n + offset < stop[part][owner])
        result[part] = np.bincount(owner, np.where(merges, 0.0, share), slope[part].size)
    return result


def merging_pieces(tangents: Band, edge: str, period: Array) -> tuple[Array, Array]:
    """The two monotone pieces of omega(x)/x on both sides of each point of contact, from start to stop."""
    if edge == "lower":
        before = period - 1.0 + tangents.resonances(np.maximum(period - 1.0, tangents.onset))[:, 2]
        return np.where(period > tangents.onset, before, 0.0), period + tangents.resonances(period)[:, 2]
    return period + tangents.resonances(period)[:, 0], period + 1.0 + tangents.resonances(period + 1.0)[:, 0]
