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

from chaintheory.dissipation import band, emitted, shares
from chaintheory.model import System
from chaintheory.validation import positive

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
    tangents = band(system)
    low, high = lowest / chain.spacing, highest / chain.spacing
    total = (1.0 + chain.omega_fast) * (1.0 / low - 1.0 / high)
    if total > MOST_RESONANCES:
        raise ValueError(
            f"lowest and highest must enclose at most {MOST_RESONANCES:.0e} resonances, "
            f"got about {total:.3g} between {lowest:g} and {highest:g}"
        )
    found = []
    for edge, column, top in (("lower", 0, 1.0), ("upper", 2, chain.omega_fast)):
        first = max(tangents.onset, math.floor(top / high) - 2.0)
        periods = np.arange(first, max(first, math.ceil(top / low)) + 3.0)
        table = tangents.resonances(periods)[:, column : column + 2]
        inside = (table[:, 1] >= low) & (table[:, 1] <= high)
        for n, (offset, slope) in zip(periods[inside], table[inside].tolist(), strict=True):
            found.append(_resonance(system, edge, int(n), offset, slope))
    return sorted(found, key=lambda item: item.speed)


def speed_range(lowest: float, highest: float) -> tuple[float, float]:
    """The two speeds, positive and in order."""
    lowest, highest = positive("lowest", lowest), positive("highest", highest)
    if not highest > lowest:
        raise ValueError(f"highest must be greater than lowest ({lowest:g}), got {highest:g}")
    return lowest, highest


def _resonance(system: System, edge: str, n: int, offset: float, slope: float) -> ResonantSpeed:
    """The resonance of the line of this slope, which touches the band at x = n + offset."""
    chain = system.chain
    speed = slope * chain.spacing
    width = (chain.omega_fast - 1.0) * (chain.omega_fast + 1.0)
    omega = slope * (n + offset)
    curvature = (width * math.pi**2 * math.cos(2.0 * math.pi * offset) - slope**2) / omega
    taken = float(emitted(system, np.array(omega), np.array(speed)))
    strength = taken * slope * math.sqrt(2.0 / (abs(curvature) * omega))
    return ResonantSpeed(speed, edge, n, n + offset, strength, _finite_side(system, edge, n, slope))


def _finite_side(system: System, edge: str, n: int, slope: float) -> float:
    """Mean dissipation at the resonance without the two crossings that merge there."""
    tangents = band(system)
    slopes = np.array([slope])
    owner, period, offset, omega, group = tangents.crossings(slopes, *tangents.ranges(slopes)[:2])
    start, stop = merging_pieces(tangents, edge, n)
    x = period + offset
    share = shares(system, slopes * system.chain.spacing, owner, omega, group)
    return float(share[(x <= start) | (x >= stop)].sum())


def merging_pieces(tangents: Band, edge: str, n: int) -> tuple[float, float]:
    """The two monotone pieces of omega(x)/x on both sides of a point of contact, from start to stop."""
    before, here, after = tangents.resonances(np.array([max(n - 1, tangents.onset), n, n + 1], dtype=np.float64))
    if edge == "lower":
        return (n - 1 + before[2] if n > tangents.onset else 0.0), n + here[2]
    return n + here[0], n + 1 + after[0]
