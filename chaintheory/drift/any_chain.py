r"""Roots of mean dissipation = bias, for any chain and in the static-lattice approximation.

Between two neighbouring resonances the mean dissipation is analytic, and at each of them finite on one side and an
inverse square root on the other. In the angle phi of :math:`v = \tfrac12(a + b) - \tfrac12(b - a)\cos\phi` the product
:math:`(\bar\Delta(v) - \beta)\sin\phi` is therefore analytic on the whole interval: a Chebyshev series in cos(phi)
converges geometrically, and the interval is halved where it has not converged. All roots of the series are the roots
sought; each is refined on the mean dissipation itself.

Within ``CLOSE`` of a resonance rounding decides, and the inverse square root stands alone.

In a chain without wells the loss jumps at the speed of sound as well, from one finite value to another: there the root
of longest waves appears, whose energy and whose divisor vanish alike.

This is not the certified search of the paper's chain (isolation.py): what it rests on is the convergence of the series,
to ``RESOLVED`` of its largest values. With damping there are no jumps, and no factor sin(phi).

The resonances are those of the mean speed in both approximations: the motion through the rigid lattice is periodic too,
and only the force integral in front of each inverse square root differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.steady_state import mean_dissipation, mean_dissipation_slope
from chaintheory.drift.resonances import ResonantSpeed
from chaintheory.lattice.dispersion import group_velocity
from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

CLOSE = 1e-7  # relative distance from a resonance, where the mean dissipation is known to 1e-9
RESOLVED = 1e-7  # of the largest value: where the last coefficients of a series have fallen to
RESOLVED_INTEGRAL = 1e-5  # the same where each value is an integral, with damping or through the rigid lattice
TERMS = 24  # of a series: an interval on which they do not converge is halved
SHORTEST = 1e-9  # relative length of an interval that is not halved


@dataclass(frozen=True)
class Loss:
    """The mean dissipation in one of its two approximations of second order, as a function of the mean speed."""

    system: SystemParameters
    approximation: str = "constant-velocity"

    @property
    def resolved(self) -> float:
        """Where the last coefficients of a series of it must have fallen to, of its largest value."""
        by_integral = self.system.chain.damping > 0.0 or self.approximation == "static-lattice"
        return RESOLVED_INTEGRAL if by_integral else RESOLVED

    def __call__(self, speed: ArrayLike) -> Array:
        """The mean dissipation at speeds."""
        return np.asarray(mean_dissipation(self.system, speed, approximation=self.approximation))

    def slope(self, speed: Array, resonances: list[ResonantSpeed]) -> Array:
        """Derivative in the speed; through the rigid lattice a difference, exact to about 1e-4."""
        if self.approximation == "constant-velocity":
            return np.atleast_1d(mean_dissipation_slope(self.system, speed))
        room = np.abs(speed[:, None] - np.array([one.speed for one in resonances])).min(axis=1, initial=np.inf)
        step = np.minimum(1e-4 * speed, 0.01 * room)
        return (self(speed + step) - self(speed - step)) / (2.0 * step)

    def at(self, resonance: ResonantSpeed) -> ResonantSpeed:
        """The resonance with the finite limit and the singularity that this approximation gives it.

        >>> from chaintheory import Chain, Gaussian, System
        >>> system = System(Chain(10.0, 40.0), Gaussian(0.02, 4.0))
        >>> ((one),) = system.resonant_speeds(39.0, 40.0)
        >>> weak = Loss(system, "static-lattice").at(one)  # at weak coupling both approximations are one
        >>> abs(weak.singularity / one.singularity - 1.0) < 0.01, abs(weak.finite_limit / one.finite_limit - 1.0) < 0.01
        (True, True)
        """
        if self.approximation == "constant-velocity":
            return resonance
        finite, high = self(resonance.speed * (1.0 + resonance.side * np.array([-1e-2 * CLOSE, CLOSE])))
        return replace(resonance, finite_limit=float(finite), singularity=float((high - finite) * math.sqrt(CLOSE)))


def roots(
    loss: Loss, lowest: float, highest: float, resonances: list[ResonantSpeed]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Speeds at which the mean dissipation equals the bias, with its slope, and intervals with an undecided number.

    Those within ``CLOSE`` of a resonance are left to ``beside`` and ``on_the_finite_side``.

    >>> from chaintheory import Chain, Gaussian, System
    >>> chain = Chain.from_springs(confinement=0.0, couplings=[24.75], spacing=40.0)
    >>> bias = float(System(chain, Gaussian(2.0, 4.0)).mean_dissipation(65.0))
    >>> found, _ = roots(Loss(System(chain, Gaussian(2.0, 4.0), bias=bias)), 62.0, 72.0, [])
    >>> [round(v, 9) for v, _ in found]
    [65.0]
    """
    bias, damped = abs(loss.system.bias), loss.system.chain.damping > 0.0
    found: list[float] = []
    unresolved: list[tuple[float, float]] = []
    breaks = sorted([*(one.speed for one in resonances), *long_waves(loss, lowest, highest)])
    ends = [lowest, *breaks, highest]
    singular = [False, *(not damped for _ in breaks), False]
    for low, high, left, right in zip(ends[:-1], ends[1:], singular[:-1], singular[1:], strict=True):
        start, end = low * (1.0 + left * CLOSE), high * (1.0 - right * CLOSE)
        if end <= start * (1.0 + CLOSE):
            if (left and right) or high > low * (1.0 + SHORTEST):
                unresolved.append((low, high))
            continue
        if not left and not right:
            _search(lambda v: loss(v) - bias, low, high, found, unresolved, loss.resolved)
            continue
        # In phi the distance to an end is quadratic: an inverse square root at it becomes a simple pole.
        middle, half = 0.5 * (low + high), 0.5 * (high - low)

        def excess(phi: Array, middle: float = middle, half: float = half) -> Array:
            return np.asarray((loss(middle - half * np.cos(phi)) - bias) * np.sin(phi))

        phases: list[float] = []
        open_phases: list[tuple[float, float]] = []
        first, last = (math.acos(min(max((middle - v) / half, -1.0), 1.0)) for v in (start, end))
        _search(excess, first, last, phases, open_phases, loss.resolved)
        found += [middle - half * math.cos(phi) for phi in phases]
        unresolved += [(middle - half * math.cos(a), middle - half * math.cos(b)) for a, b in open_phases]
    slopes = loss.slope(np.array(found), resonances)
    return sorted(zip(found, slopes.tolist(), strict=True)), unresolved


def beside(loss: Loss, resonance: ResonantSpeed) -> tuple[float, float, float] | None:
    """The root on the infinite side of a resonance within ``CLOSE``, if any: speed, relative distance, slope."""
    bias = abs(loss.system.bias)
    if resonance.finite_limit < bias and float(loss(resonance.speed * (1.0 + resonance.side * CLOSE))) < bias:
        return resonance.root_beside(bias, CLOSE)
    return None


def on_the_finite_side(loss: Loss, resonance: ResonantSpeed) -> tuple[float, float] | None:
    """The root within ``CLOSE`` of a resonance on its finite side, if any, and the slope: there the loss is a line."""
    end = resonance.speed * (1.0 - resonance.side * CLOSE)
    bias = abs(loss.system.bias)
    far, near = float(loss(end)) - bias, resonance.finite_limit - bias
    if far * near >= 0.0:
        return None
    slope = (near - far) / (resonance.speed - end)
    return end - far / slope, slope


def long_waves(loss: Loss, lowest: float, highest: float) -> list[float]:
    """The speed of sound of a chain without wells and damping, if it lies between two speeds: there the loss jumps.

    >>> from chaintheory import Chain, Gaussian, System
    >>> chain = Chain.from_springs(confinement=0.0, couplings=[1.0], spacing=5.0)
    >>> [round(v / math.pi, 12) for v in long_waves(Loss(System(chain, Gaussian(1.0, 2.0))), 20.0, 40.0)]
    [10.0]
    """
    chain = loss.system.chain
    if chain.confinement > 0.0 or chain.damping > 0.0:
        return []
    sound = float(group_velocity(chain, 0.0))
    return [sound] if lowest < sound < highest else []


def _search(
    function: Callable[[Array], Array],
    low: float,
    high: float,
    found: list[float],
    unresolved: list[tuple[float, float]],
    resolved: float,
) -> None:
    """Append the roots between two points; halve the interval until a Chebyshev series represents the function."""
    from scipy.optimize import brentq

    waiting = [(low, high)]
    while waiting:
        a, b = waiting.pop()
        middle, half = 0.5 * (a + b), 0.5 * (b - a)
        nodes = np.cos(math.pi * (np.arange(TERMS) + 0.5) / TERMS)
        values = function(middle + half * nodes)
        series = 2.0 / TERMS * np.cos(np.outer(np.arange(TERMS), np.arccos(nodes))) @ values
        series[0] *= 0.5
        size = float(np.abs(values).max())
        if not np.abs(series[-4:]).max() <= resolved * size:
            if b - a > SHORTEST * max(abs(a), abs(b)):
                waiting += [(a, middle), (middle, b)]
            elif np.min(values) * np.max(values) <= 0.0:
                unresolved.append((a, b))
            continue
        kept = np.trim_zeros(np.where(np.abs(series) > 1e-15 * size, series, 0.0), "b")
        if kept.size < 2:
            continue
        # Real places where the function or its slope vanishes: between them it is monotone.
        turns = _real(chebyshev.chebroots(chebyshev.chebder(kept))) if kept.size > 2 else np.empty(0)
        places = np.unique(np.concatenate([[-1.0], turns, [1.0]]))
        heights = function(middle + half * places)
        for index in np.flatnonzero(np.abs(heights[1:-1]) <= 10.0 * resolved * size) + 1:
            unresolved.append((middle + half * (places[index] - 1e-4), middle + half * (places[index] + 1e-4)))
        for left, right, before, after in zip(places[:-1], places[1:], heights[:-1], heights[1:], strict=True):
            if (before > 0.0) != (after > 0.0):
                at = (middle + half * left, middle + half * right)
                found.append(float(brentq(lambda y: float(function(np.array([y]))[0]), *at, xtol=1e-14 * abs(at[1]))))


def _real(places: NDArray[Any]) -> Array:
    """Those on the interval, to rounding."""
    near = (np.abs(places.imag) < 1e-6) & (np.abs(places.real) < 1.0)
    return np.sort(places.real[near])
