r"""Resonances of the mean dissipation, and the speeds at which it balances the bias.

The line x v/spacing touches the band omega(x) at discrete speeds. There two crossings merge and the mean dissipation
diverges like ``strength/sqrt(|v/v_r - 1|)``: at the lower edge of the band on the fast side of ``v_r`` (near
spacing/n), at the upper edge on the slow side (near 2 spacing omega_fast/(2 n + 1)); the other side stays finite.

Between two resonances the mean dissipation is smooth. A particle at mean speed v gains the bias and loses
``mean_dissipation(v)`` per lattice spacing, so that a speed is stable where the loss rises through the bias, be it
at a zero of the difference or in the jump at a resonance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation import band, emitted, mean_dissipation, shares
from chaintheory.model import System
from chaintheory.validation import positive

Array = NDArray[np.float64]

MOST_RESONANCES = 1e6
NODES = 96  # sampling points between two resonances


@dataclass(frozen=True)
class ResonantSpeed:
    """A speed at which the line x v/spacing touches the band, so that the mean dissipation diverges.

    Attributes
    ----------
    speed
        The speed of the tangent line.
    edge
        ``"lower"`` (infinite just above ``speed``) or ``"upper"`` (infinite just below).
    n
        Number of the period: ``speed`` is near spacing/n or 2 spacing omega_fast/(2 n + 1).
    crossing
        x at which the line touches the band.
    strength
        The divergence is strength/sqrt(abs(v/speed - 1)).
    finite
        Mean dissipation on the other side.
    """

    speed: float
    edge: str
    n: int
    crossing: float
    strength: float
    finite: float


@dataclass(frozen=True)
class DriftVelocity:
    """A mean speed at which the mean dissipation balances the bias.

    Attributes
    ----------
    speed
        The mean speed.
    kind
        ``"locked"``: held in the jump at a lower-edge resonance; ``"stable"``: the loss rises through the bias;
        ``"unstable"``: it falls through the bias, or jumps down at an upper-edge resonance.
    resonance
        The resonance of a jump; None for a zero.
    slope
        Derivative of the mean dissipation; infinite in a jump.
    margin
        Bias minus the finite side of the jump: what holds the particle there. 0 for a zero.
    """

    speed: float
    kind: str
    resonance: ResonantSpeed | None
    slope: float
    margin: float


def resonant_speeds(system: System, lowest: float, highest: float) -> list[ResonantSpeed]:
    """All resonances between two speeds, both band edges, sorted by speed.

    Raises
    ------
    ValueError
        For more than a million resonances, or a range that is empty or not positive.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> [(r.edge, r.n, round(r.speed, 3)) for r in system.resonant_speeds(39.0, 45.0)]
    [('lower', 1, 39.98), ('upper', 9, 42.129)]
    """
    lowest, highest = speed_range(lowest, highest)
    chain = system.chain
    tangents = band(system)
    low, high = lowest / chain.spacing, highest / chain.spacing
    # The tangents are never flatter than the edge itself: slope_n >= 1/sqrt(n^2 + 1/((omega_fast^2-1) pi^2)).
    counts = {"lower": 1.0 / low - 1.0 / high, "upper": chain.omega_fast * (1.0 / low - 1.0 / high)}
    total = sum(counts.values())
    if total > MOST_RESONANCES:
        raise ValueError(
            f"lowest and highest must enclose at most {MOST_RESONANCES:.0e} resonances, "
            f"got about {total:.3g} between {lowest:g} and {highest:g}"
        )
    found = []
    for edge, column, top in (("lower", 0, 1.0), ("upper", 2, chain.omega_fast)):
        first = max(tangents.onset, math.floor(top / high) - 2.0)
        periods = np.arange(first, math.ceil(top / low) + 3.0)
        table = tangents.resonances(periods)
        for n, offset, slope in zip(
            periods, table[:, column].tolist(), table[:, column + 1].tolist(), strict=True
        ):
            if low <= slope <= high:
                found.append(resonance(system, edge, int(n), offset, slope))
    return sorted(found, key=lambda item: item.speed)


def speed_range(lowest: float, highest: float) -> tuple[float, float]:
    """The two speeds, positive and in order."""
    lowest, highest = positive("lowest", lowest), positive("highest", highest)
    if not highest > lowest:
        raise ValueError(f"highest must be greater than lowest ({lowest:g}), got {highest:g}")
    return lowest, highest


def resonance(system: System, edge: str, n: int, offset: float, slope: float) -> ResonantSpeed:
    """The resonance of the line of this slope, which touches the band at x = n + offset."""
    chain = system.chain
    speed = slope * chain.spacing
    width = (chain.omega_fast - 1.0) * (chain.omega_fast + 1.0)
    omega = slope * (n + offset)
    curvature = (width * math.pi**2 * math.cos(2.0 * math.pi * offset) - slope**2) / omega
    fed = float(emitted(system, np.array(omega), np.array(speed)))
    strength = fed * slope * math.sqrt(2.0 / (abs(curvature) * omega))
    return ResonantSpeed(speed, edge, n, n + offset, strength, finite_side(system, edge, n, slope))


def finite_side(system: System, edge: str, n: int, slope: float) -> float:
    """Mean dissipation at the resonance without the two crossings that merge there."""
    tangents = band(system)
    slopes = np.array([slope])
    owner, period, offset, omega, group = tangents.crossings(slopes, *tangents.ranges(slopes)[:2])
    x = period + offset
    table = tangents.resonances(np.array([max(n - 1, tangents.onset), n, n + 1], dtype=float))
    if edge == "lower":
        start = n - 1 + table[0, 2] if n > tangents.onset else 0.0
        merging = (x > start) & (x < n + table[1, 2])
    else:
        merging = (x > n + table[1, 0]) & (x < n + 1 + table[2, 0])
    share = shares(system, slopes * system.chain.spacing, owner, omega, group)
    return float(share[~merging].sum())


def drift_velocities(system: System, lowest: float, highest: float) -> list[DriftVelocity]:
    """All mean speeds between two speeds at which the mean dissipation balances the bias, sorted.

    A negative bias drives the particle the other way; speeds are magnitudes. Without a bias there are none.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    >>> [(d.kind, round(d.speed, 3)) for d in system.drift_velocities(18.0, 21.0)]
    [('unstable', 18.607), ('unstable', 19.515), ('locked', 19.997)]
    """
    lowest, highest = speed_range(lowest, highest)
    bias = abs(system.bias)
    if bias == 0.0:
        return []
    resonances = resonant_speeds(system, lowest, highest)
    edges = np.array([lowest, *(r.speed for r in resonances), highest])
    start, stop = edges[:-1, None], edges[1:, None]
    # Nodes that crowd doubly exponentially towards both ends.
    fraction = 1.0 / (1.0 + np.exp(-math.pi * np.sinh(np.linspace(-2.4, 2.4, NODES))))
    nodes = np.where(
        fraction < 0.5, start + (stop - start) * fraction, stop - (stop - start) * fraction[::-1]
    )
    excess = mean_dissipation(system, nodes) - bias
    found = []
    for left, right in zip(*np.nonzero(np.diff(np.sign(excess), axis=1)), strict=True):
        from scipy.optimize import brentq

        a, b = nodes[left, right], nodes[left, right + 1]
        root = brentq(
            lambda v: float(mean_dissipation(system, v)) - bias, a, b, xtol=1e-13 * a, rtol=1e-14
        )
        h = min(root - start[left, 0], stop[left, 0] - root) * 1e-3
        slope = float(np.diff(mean_dissipation(system, [root - h, root + h]))[0] / (2.0 * h))
        found.append(
            DriftVelocity(float(root), "stable" if slope > 0.0 else "unstable", None, slope, 0.0)
        )
    for item in resonances:
        margin = bias - item.finite
        if margin > 0.0:
            kind, slope = ("locked", math.inf) if item.edge == "lower" else ("unstable", -math.inf)
            found.append(DriftVelocity(item.speed, kind, item, slope, margin))
    return sorted(found, key=lambda item: item.speed)
