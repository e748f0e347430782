"""The mean dissipation in ball arithmetic: enclosures of the roots of Eq. 10 that hold whatever the rounding.

The roots of the resonance condition are counted by proof (on which side of the line the tangents of the first and the
last period lie), each is enclosed by the interval Newton method, and as a monotone branch holds at most one, as many
disjoint enclosures as branches are all of them. Contributions far below the bias are bounded in interval arithmetic
instead (isolation.py). What is proved is a sign of the mean dissipation less the bias: Eq. 10 has a root, or jumps. No
statement is made on the motion of a particle.

Balls are python-flint's ``arb`` with 128 bits. Its precision belongs to the whole process: it is set under a lock and
restored, so that threads do not change each other's.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, ctx

from chaintheory.drift.isolation import Isolation
from chaintheory.drift.resonances import ResonantSpeed, merging_pieces
from chaintheory.lattice.dispersion import (
    frequency_squared,
    half_slope,
    resonance,
    resonance_slope,
    steepest_sine_squared,
    tangency,
    tangency_slope,
)
from chaintheory.lattice.resonance_condition import tangencies
from chaintheory.support.balls import BALLS
from chaintheory_ext.generated.dissipation import loss_per_mode

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters
    from chaintheory_ext.curves import TangencyTable

BITS = 128
NEGLIGIBLE = 1e-25  # of the bias: contributions below are bounded in double precision

_PRECISION = threading.RLock()


class Uncertain(Exception):
    """The enclosures are too wide to decide."""


@contextmanager
def precision(bits: int = BITS) -> Iterator[None]:
    """Work with this many bits; one thread at a time."""
    with _PRECISION:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


class EnclosedBand:
    """The band of a chain in ball arithmetic."""

    def __init__(self, omega_fast: float) -> None:
        self.top = arb(omega_fast)
        self.steepest = steepest_sine_squared(self.top).sqrt().asin() / BALLS.pi

    def squared(self, offset: arb) -> arb:
        """omega^2; the offset may lie beyond its own period."""
        return frequency_squared(offset.sin_pi() ** 2, self.top)

    def half_slope(self, offset: arb) -> arb:
        """Omega omega', half the derivative of omega^2."""
        return half_slope((2 * offset).sin_pi(), self.top, BALLS)

    def tangency(self, period: int, offset: arb) -> arb:
        """Omega (x omega' - omega)."""
        return tangency(period + offset, offset.sin_pi() ** 2, (2 * offset).sin_pi(), self.top, BALLS)

    def tangent(self, period: int, edge: str, near: float) -> tuple[arb, arb]:
        """Offset and slope of the line that touches the band in this period; ``near`` is a double."""

        def derivative(offset: arb) -> arb:
            twice = 2 * offset
            return tangency_slope(period + offset, twice.sin_pi(), twice.cos_pi(), self.top, BALLS)

        offset = newton(lambda x: self.tangency(period, x), derivative, near)
        lower = offset < self.steepest if edge == "lower" else offset > self.steepest
        if not lower:
            raise Uncertain
        return offset, self.squared(offset).sqrt() / (period + offset)

    def root(self, period: int, slope: arb, near: float) -> arb:
        """Offset of a root."""
        return newton(
            lambda x: resonance(x.sin_pi() ** 2, slope * (period + x), self.top),
            lambda x: resonance_slope((2 * x).sin_pi(), slope * (period + x), slope, self.top, BALLS),
            near,
        )


def newton(function: Callable[[arb], arb], derivative: Callable[[arb], arb], near: float) -> arb:
    """The one zero near a double: a ball that the interval Newton step maps into itself, then shrunk."""
    centre = arb(near)
    for _ in range(3):  # first to full precision, from the middle alone
        centre = (centre - function(centre) / derivative(centre)).mid()
    for exponent in (-100, -80, -60, -45):
        ball = arb(centre, 2.0**exponent * max(abs(near), 1e-6))
        image = ball.mid() - function(ball.mid()) / derivative(ball)
        if image.is_finite() and ball.contains_interior(image):
            return image
    raise Uncertain


def excess(system: SystemParameters, speed: arb, near: float, without: ResonantSpeed | None = None) -> arb:
    """Mean dissipation less the bias.

    Parameters
    ----------
    system, speed
        The system, and the speed as a ball.
    near
        A double within the ball.
    without
        Leave out the two roots that merge at this resonance, whose speed is ``speed``.

    Raises
    ------
    Uncertain
        When a root cannot be enclosed.

    """
    chain, tangents = system.chain, tangencies(system)
    enclosed = EnclosedBand(chain.omega_fast)
    slope = speed / arb(chain.spacing)
    slopes = np.array([near / chain.spacing])
    if without is not None:
        row = tangents.resonances(np.array([float(without.n)]))[0]
        slopes[0] = row[1] if without.edge == "lower" else row[3]
    first, last, _ = tangents.ranges(slopes)
    prove_count(enclosed, tangents, slope, int(first[0]), int(last[0]), without)
    _, period, offset, _, _ = tangents.roots(slopes, first, last)
    keep = np.ones(period.shape, dtype=bool)
    if without is not None:
        start, stop = merging_pieces(tangents, without.edge, np.array([float(without.n)]))
        keep = (period + offset <= start) | (period + offset >= stop)
    high, rest = Isolation(system, abs(system.bias)).upper_bounds(near, without)
    kept = np.flatnonzero(keep)
    small = np.ones(kept.size, dtype=bool)  # those without a bound of their own are bounded by ``rest``
    small[: high.size] = ~(high > NEGLIGIBLE * abs(system.bias))
    left_out = rest + float(high[small[: high.size]].sum()) * (1.0 + 1e-9)
    if not math.isfinite(left_out):
        raise Uncertain
    total = arb(0, left_out)
    before: arb | None = None
    for index in kept[~small]:
        n = int(period[index])
        at = enclosed.root(n, slope, float(offset[index]))
        x = n + at
        if before is not None and not x > before:
            raise Uncertain
        before = x
        total += _share(system, enclosed, speed, slope, at, x)
    return total - arb(abs(system.bias))


def _share(system: SystemParameters, band: EnclosedBand, speed: arb, slope: arb, offset: arb, x: arb) -> arb:
    """One term of Eq. 10, with omega = slope x."""
    omega = slope * x
    transform = system.interaction.enclosed_transform(2 * BALLS.pi * omega / speed)
    if transform is None:
        raise Uncertain
    steep = abs(band.half_slope(offset) / (omega * slope) - 1)
    energy = loss_per_mode(omega, speed, transform, BALLS) / steep
    if not energy.is_finite():
        raise Uncertain
    return energy


def prove_count(
    enclosed: EnclosedBand,
    tangents: TangencyTable,
    slope: arb,
    first: int,
    last: int,
    without: ResonantSpeed | None = None,
) -> None:
    """Prove which periods' tangents lie on which side of the line: there are 2 (last - first) + 3 roots.

    ``without`` is the resonance that the line itself touches. Raises Uncertain.
    """
    onset = int(tangents.onset)
    steepest = enclosed.steepest
    proved = enclosed.tangency(onset, steepest) > 0 and (onset == 1 or enclosed.tangency(onset - 1, steepest) < 0)

    def tangent(period: int, edge: str) -> arb:
        row = tangents.resonances(np.array([float(period)]))[0]
        return enclosed.tangent(period, edge, row[0] if edge == "lower" else row[2])[1]

    def touches(period: int, edge: str) -> bool:
        return without is not None and (without.edge, without.n) == (edge, period)

    proved = proved and (touches(first, "lower") or tangent(first, "lower") < slope)
    if first > onset:
        proved = proved and (touches(first - 1, "lower") or tangent(first - 1, "lower") > slope)
    if last >= onset:
        proved = proved and (touches(last, "upper") or tangent(last, "upper") > slope)
    following = max(last + 1, onset)
    proved = proved and (touches(following, "upper") or tangent(following, "upper") < slope)
    if not proved:
        raise Uncertain


def zero(system: SystemParameters, near: float, rising: bool) -> tuple[float, float] | None:
    """Two doubles around ``near`` between which the excess proves to change sign; None if it does not."""
    for distance in (4e-16, 1e-14, 1e-12, 1e-10, 1e-8):
        low, high = near * (1.0 - distance), near * (1.0 + distance)
        if sign(system, low) == (-1 if rising else 1) and sign(system, high) == (1 if rising else -1):
            return low, high
    return None


def sign(system: SystemParameters, speed: float) -> int:
    """Proved sign of the excess at a double; 0 if it cannot be proved."""
    with precision():
        try:
            value = excess(system, arb(speed), speed)
        except Uncertain:
            return 0
        return 1 if value > 0 else -1 if value < 0 else 0


def _tangent_speed(system: SystemParameters, resonance: ResonantSpeed) -> arb:
    """The speed of a resonance, enclosed."""
    row = tangencies(system).resonances(np.array([float(resonance.n)]))[0]
    near = row[0] if resonance.edge == "lower" else row[2]
    enclosed = EnclosedBand(system.chain.omega_fast)
    _, slope = enclosed.tangent(resonance.n, resonance.edge, near)
    return slope * arb(system.chain.spacing)


def resonance_speed(system: SystemParameters, resonance: ResonantSpeed) -> tuple[float, float] | None:
    """Two doubles around the speed of a resonance."""
    with precision():
        try:
            return outward(_tangent_speed(system, resonance))
        except Uncertain:
            return None


def jump(system: SystemParameters, resonance: ResonantSpeed) -> tuple[float, float] | None:
    """Two doubles around the resonance if its finite side proves to be below the bias; None otherwise."""
    with precision():
        try:
            speed = _tangent_speed(system, resonance)
            below = excess(system, speed, resonance.speed, without=resonance) < 0
            return outward(speed) if below else None
        except Uncertain:
            return None


def outward(ball: arb) -> tuple[float, float]:
    """Doubles below and above a ball."""
    return (
        math.nextafter(float(ball.lower()), -math.inf),
        math.nextafter(float(ball.upper()), math.inf),
    )
