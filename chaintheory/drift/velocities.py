r"""Drift velocities: mean speeds at which the mean dissipation balances the bias.

Per lattice spacing a particle gains the bias and loses ``mean_dissipation(v)``. Its speed is stable where the loss
rises through the bias with the speed. That happens at zeros of the difference, and in the jumps at resonances: at the
lower edge of the band the loss jumps from a finite value below the bias to infinity, which holds the particle
(``"locked"``); at the upper edge it falls from infinity, which repels it. Stable and unstable solutions alternate.

None is missed: between two resonances, bounds of the mean dissipation over whole intervals exclude the bias
everywhere but in narrow intervals (gaps.py). None is taken on trust: each comes with an enclosure in ball arithmetic
(certify.py), or says that it is not certified.

The speeds are those of Eq. 10, a particle at constant speed. What a plot of the speed shows are its extremes along the
orbit through the rigid lattice with this mean speed (rigid.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.dissipation.steady_state import mean_dissipation, mean_dissipation_slope
from chaintheory.drift import isolation as gaps
from chaintheory.drift.resonances import ResonantSpeed, resonances_within, resonant_speeds, speed_range
from chaintheory.parameters import SystemParameters
from chaintheory.support.validation import number

if TYPE_CHECKING:
    import xarray as xr

    from chaintheory.dissipation.static_lattice import Orbit

__all__ = ["DriftVelocity", "ResonantSpeed", "drift_diagram", "drift_velocities", "resonant_speeds"]

MOST_RESONANCES = 1e4  # in one call: some seconds
MOST_CROSSINGS = 1e5  # that matter, of the lines that touch: each may have to be enclosed
MOST_ENCLOSED = 1e7  # of all their crossings, loud or not, which a certificate counts
CLOSE = 1e-11  # relative distance to a resonance within which its divergence alone is followed


@dataclass(frozen=True)
class DriftVelocity:
    """A mean speed at which the mean dissipation balances the bias.

    Attributes
    ----------
    speed
        The mean speed.
    kind
        ``"locked"``: held in the jump at a resonance with the lower edge; ``"stable"``: a zero where the loss
        rises through the bias; ``"unstable"``: a zero where it falls, or the jump at a resonance with the upper edge.
    resonance
        The resonance of a jump; None for a zero.
    slope
        Derivative of the mean dissipation; infinite in a jump.
    margin
        Of a jump: bias minus the mean dissipation on its finite side. What holds a locked particle.
    separation
        Relative distance to the nearest other solution or end of the range: a stable solution much closer to an
        unstable one than any perturbation of the speed is of no consequence.
    enclosure
        Two doubles between which the solution is proved to lie; None when not certified.

    """

    speed: float
    kind: str
    resonance: ResonantSpeed | None
    slope: float
    margin: float
    separation: float
    enclosure: tuple[float, float] | None
    system: SystemParameters = field(repr=False, compare=False)

    @property
    def certified(self) -> bool:
        """Whether ball arithmetic has proved it."""
        return self.enclosure is not None

    @cached_property
    def _orbit(self) -> Orbit | None:
        from chaintheory.dissipation.static_lattice import orbit_of_mean_speed

        try:
            return orbit_of_mean_speed(self.system, self.speed)
        except ValueError:
            return None

    @property
    def slowest(self) -> float:
        """Least speed along the orbit through the rigid lattice with this mean speed; nan if there is none."""
        return self._orbit.slowest if self._orbit else math.nan

    @property
    def fastest(self) -> float:
        """Largest speed along the orbit through the rigid lattice with this mean speed; nan if there is none."""
        return self._orbit.fastest if self._orbit else math.nan

    @property
    def relaxation_time(self) -> float:
        """Time in which a small deviation falls (or, if unstable, grows) by a factor e.

        From the linearised map of the energy, E -> E + bias - mean_dissipation(v(E)) per transit, with E the energy
        of the orbit through the rigid lattice. 0 in a jump, whose slope is infinite; nan without such an orbit.
        """
        if math.isinf(self.slope):
            return 0.0
        from chaintheory.dissipation.static_lattice import orbit_of_mean_speed

        step = 1e-4 * self.speed
        try:
            squares = [orbit_of_mean_speed(self.system, self.speed + s).speed ** 2 for s in (-step, step)]
        except ValueError:
            return math.nan
        energy_slope = self.system.mass / (8.0 * math.pi**2) * (squares[1] - squares[0]) / (2.0 * step)
        return energy_slope * self.system.chain.spacing / (self.speed * abs(self.slope))


def drift_velocities(
    system: SystemParameters, lowest: float, highest: float, *, certified: bool = True
) -> list[DriftVelocity]:
    """All drift velocities between two speeds: ``System.drift_velocities``, which describes them."""
    lowest, highest = speed_range(lowest, highest)
    if system.bias == 0.0:
        return []
    return _separated(list(_solutions(system, lowest, highest, certified)), lowest, highest)


def _solutions(
    system: SystemParameters, lowest: float, highest: float, certified: bool
) -> Iterator[tuple[DriftVelocity, float | None]]:
    """The solutions in order, each with its relative distance to the resonance it cannot be told from."""
    bias = abs(system.bias)
    resonances = resonances_within(system, lowest, highest, MOST_RESONANCES, MOST_CROSSINGS)
    if certified:
        length = 2.0 * system.chain.spacing * (system.chain.omega_fast - 1.0)
        enclosed = sum(length / item.speed for item in resonances)
        if enclosed > MOST_ENCLOSED:
            raise ValueError(
                f"lowest and highest must enclose resonances with at most {MOST_ENCLOSED:.0e} crossings to be "
                f"certified, got {enclosed:.3g} between {lowest:g} and {highest:g}; take parts, or certified=False"
            )
    search = gaps.Search(system, bias)
    left: ResonantSpeed | None = None
    for right in [*resonances, None]:
        low = lowest if left is None else left.speed * (1.0 + CLOSE)
        high = highest if right is None else right.speed * (1.0 - CLOSE)
        if left is not None and left.edge == "lower":
            yield from _beside(system, left, low, certified)
        if low < high:
            for a, b in search.undecided(low, high):
                for item in _zeros(system, a, b, certified):
                    yield item, None
        if right is not None and right.edge == "upper":
            yield from _beside(system, right, high, certified)
        if right is not None and bias - right.finite_side > -1e-13 * bias:
            yield _jump(system, right, certified), None
        left = right


def _jump(system: SystemParameters, resonance: ResonantSpeed, certified: bool) -> DriftVelocity:
    """The jump at a resonance."""
    kind, slope = ("locked", math.inf) if resonance.edge == "lower" else ("unstable", -math.inf)
    enclosure = None
    if certified:
        from chaintheory.drift import enclosures as certify

        enclosure = certify.jump(system, resonance)
    margin = abs(system.bias) - resonance.finite_side
    speed = _within(resonance.speed, enclosure)
    return DriftVelocity(speed, kind, resonance, slope, margin, 0.0, enclosure, system)


def _within(speed: float, enclosure: tuple[float, float] | None) -> float:
    """The nearest double of the enclosure: a speed in double precision may be a few units off."""
    return speed if enclosure is None else min(max(speed, enclosure[0]), enclosure[1])


def _beside(
    system: SystemParameters, resonance: ResonantSpeed, nearest: float, certified: bool
) -> Iterator[tuple[DriftVelocity, float]]:
    """The zero between a resonance and ``nearest``, on its infinite side, if the bias is reached there."""
    if not float(mean_dissipation(system, nearest)) < abs(system.bias):
        return
    margin = abs(system.bias) - resonance.finite_side
    distance = (resonance.strength / margin) ** 2 if margin > 0.0 else CLOSE
    side = 1.0 if resonance.edge == "lower" else -1.0
    with np.errstate(divide="ignore", over="ignore"):
        slope = float(-side * np.float64(margin) / (2.0 * np.float64(distance) * resonance.speed))
    enclosure = None
    if certified:
        from chaintheory.drift import enclosures as certify

        around = certify.resonance_speed(system, resonance)
        if around and certify.sign(system, nearest) < 0:
            enclosure = (min(around[0], nearest), max(around[1], nearest))
    kind = "unstable" if side > 0.0 else "stable"
    speed = _within(resonance.speed * (1.0 + side * distance), enclosure)
    yield DriftVelocity(speed, kind, None, slope, 0.0, 0.0, enclosure, system), distance


def _zeros(system: SystemParameters, low: float, high: float, certified: bool) -> Iterator[DriftVelocity]:
    """The zero in a narrow interval; or two, when the excess has one sign at both ends but may touch zero."""
    from scipy.optimize import brentq

    def excess(speed: float) -> float:
        return float(mean_dissipation(system, speed)) - abs(system.bias)

    at_low, at_high = excess(low), excess(high)
    if at_low == 0.0 or at_high == 0.0 or (at_low < 0.0) != (at_high < 0.0):
        root = (
            low
            if at_low == 0.0
            else high
            if at_high == 0.0
            else float(brentq(excess, low, high, xtol=1e-15 * low, rtol=1e-15))
        )
        rising = at_high > at_low
        enclosure = None
        if certified:
            from chaintheory.drift import enclosures as certify

            enclosure = certify.zero(system, root, rising)
        slope = float(mean_dissipation_slope(system, root))
        kind = "stable" if rising else "unstable"
        yield DriftVelocity(root, kind, None, slope, 0.0, 0.0, enclosure, system)
        return
    # The curve touches the bias within the resolution of doubles, or turns just before it.
    speeds = np.linspace(low, high, 129)
    values = np.asarray(mean_dissipation(system, speeds)) - abs(system.bias)
    nearest = int(np.argmin(np.abs(values)))
    crosses = (values[nearest] < 0.0) != (at_low < 0.0)
    if crosses:
        yield from _zeros(system, low, float(speeds[nearest]), certified)
        yield from _zeros(system, float(speeds[nearest]), high, certified)
    elif abs(values[nearest]) <= 1e-13 * abs(system.bias):
        for kind in ("unstable", "stable") if at_low > 0.0 else ("stable", "unstable"):
            yield DriftVelocity(float(speeds[nearest]), kind, None, 0.0, 0.0, 0.0, None, system)


def _separated(
    found: Sequence[tuple[DriftVelocity, float | None]], lowest: float, highest: float
) -> list[DriftVelocity]:
    """The solutions with their ``separation``."""
    if not found:
        return []
    distances = [math.inf]
    for (before, near_before), (after, near_after) in pairwise(found):
        distance = (after.speed - before.speed) / after.speed
        if after.resonance is None and before.resonance is not None and near_after is not None:
            distance = near_after
        elif before.resonance is None and after.resonance is not None and near_before is not None:
            distance = near_before
        distances.append(distance)
    distances.append(math.inf)
    result = []
    for (item, _), left, right in zip(found, distances[:-1], distances[1:], strict=True):
        ends = min(item.speed - lowest, highest - item.speed) / item.speed
        result.append(replace(item, separation=min(left, right, max(ends, 0.0))))
    return result


def drift_diagram(
    systems: Sequence[SystemParameters],
    biases: Sequence[float],
    lowest: float,
    highest: float,
    *,
    resolution: float = 1e-9,
    certified: bool = False,
) -> xr.Dataset:
    """Which drift velocities exist, over systems and biases.

    Parameters
    ----------
    systems, biases
        The plane of parameters; the systems' own biases (hbar Omega_slow) are replaced.
    lowest, highest
        Range of speeds in l_slow/t_slow.
    resolution
        Leave out solutions whose ``separation`` is below this.
    certified
        Enclose each in ball arithmetic.

    Returns
    -------
    xarray.Dataset
        Dimensions ``system``, ``bias`` and ``solution`` (padded with NaN and ""); variables ``speed``, ``kind``,
        ``edge``, ``n`` (-1 for a zero), ``margin``, ``slope`` and, over the first two, ``number``.

    Raises
    ------
    ValueError
        As ``System.drift_velocities``, and for a bias that is not finite.

    >>> from chaintheory import Chain, Gaussian, System
    >>> plane = drift_diagram([System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))], [0.005, 0.02], 15.0, 25.0)
    >>> plane.number.values.tolist()
    [[0, 1]]

    """
    import xarray as xr

    biases = [number("bias", bias) for bias in biases]
    table = [
        [
            [
                item
                for item in drift_velocities(replace(system, bias=bias), lowest, highest, certified=certified)
                if item.separation >= resolution
            ]
            for bias in biases
        ]
        for system in systems
    ]
    most = max((len(cell) for row in table for cell in row), default=0)
    shape = (len(systems), len(biases), most)

    def gather(value: Any, fill: Any, kind: str) -> tuple[list[str], Any]:
        array = np.full(shape, fill, dtype=kind)
        for i, row in enumerate(table):
            for j, cell in enumerate(row):
                for k, item in enumerate(cell):
                    array[i, j, k] = value(item)
        return ["system", "bias", "solution"], array

    return xr.Dataset(
        {
            "speed": gather(lambda d: d.speed, math.nan, "f8"),
            "kind": gather(lambda d: d.kind, "", "U8"),
            "edge": gather(lambda d: d.resonance.edge if d.resonance else "", "", "U5"),
            "n": gather(lambda d: d.resonance.n if d.resonance else -1, -1, "i8"),
            "margin": gather(lambda d: d.margin, math.nan, "f8"),
            "slope": gather(lambda d: d.slope, math.nan, "f8"),
            "number": (
                ["system", "bias"],
                np.array([[len(cell) for cell in row] for row in table]).reshape(shape[:2]),
            ),
        },
        coords={"bias": np.asarray(biases, dtype=np.float64)},
    )
