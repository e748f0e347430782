r"""Drift velocities: mean speeds at which the mean dissipation of Eq. 10 balances the bias.

Per lattice spacing a particle gains the bias and loses ``mean_dissipation(v)``. With the kinetic energy
E = mu v^2/(8 pi^2) a pass is the map

.. math:: E \to E + \beta - \bar\Delta(v(E)), \qquad \frac{dv}{dE} = \frac{4\pi^2}{\mu v} ,

whose fixed points are the drift velocities. A small deviation is multiplied in each pass by the growth factor

.. math:: g = 1 - \frac{4\pi^2}{\mu v}\frac{d\bar\Delta}{dv} ,

and a fixed point is stable for abs(g) < 1. Where the dissipation falls, g > 1 and deviations grow. Where it rises so
steeply that g < -1, they grow as well and change sign from pass to pass: the oscillatory instability.

The dissipation also jumps across the bias, at resonances. At the lower edge of the band it jumps from a one-sided limit
below the bias to infinity, which holds the particle (``"locked"``); at the upper edge it falls from infinity, which
repels it. In a chain without wells it jumps at the speed of sound too, from one finite value to another: there it holds
the particle where it rises, and repels it where it falls.

The search is complete: interval bounds exclude the bias or prove the dissipation monotone (isolation.py), and what they
do not decide is listed in ``DriftVelocities.unresolved``. Each solution comes with an enclosure in ball arithmetic
(enclosures.py) or says that it has none. What is enclosed is a root of Eq. 10, or a resonance at which it jumps: not a
speed of the motion. Eq. 10 is of second order in the interaction, for a particle at constant speed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.dissipation.steady_state import mean_dissipation, mean_dissipation_slope, refuse_lost_phase
from chaintheory.drift import any_chain
from chaintheory.drift.curves import curves
from chaintheory.drift.isolation import CLOSE, Isolation, Segment, Window
from chaintheory.drift.resonances import ResonantSpeed, resonances_within, resonant_speeds, speed_range
from chaintheory.lattice.dispersion import sound_speed
from chaintheory.parameters import SystemParameters, acceleration
from chaintheory.plotting.curves import plot_drift_velocities
from chaintheory.plotting.tables import Table
from chaintheory.support.validation import real_array, shown, truth
from chaintheory.units import Units, scale_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

    from chaintheory.dissipation.static_lattice import RigidLatticeMotion

__all__ = [
    "DriftVelocities",
    "DriftVelocity",
    "ResonantSpeed",
    "UnresolvedWarning",
    "drift_diagram",
    "drift_velocities",
    "resonant_speeds",
]

MOST_RESONANCES = 1e4  # in one call: some seconds
MOST_ROOTS = 1e5  # that matter, of the lines that touch: each may have to be enclosed
MOST_CERTIFIED = 2e3  # resonances whose solutions are enclosed in one call: half a minute
MOST_ENCLOSED = 1e7  # of all their roots of the resonance condition, which a certificate counts
LEAST_BIAS = 1e-120  # below some 1e-160 products of contributions underflow, and roots would be lost
MARGIN = 1e-12  # relative, by which the range is searched beyond its ends


class UnresolvedWarning(UserWarning):
    """The number of drift velocities in some interval of speed (l_slow/t_slow) is undecided.

    As an error, ``warnings.simplefilter("error", UnresolvedWarning)``, it refuses such a search. Raises nothing itself.

    >>> issubclass(UnresolvedWarning, UserWarning)
    True
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


@dataclass(frozen=True)
class DriftVelocity:
    """A mean speed at which the mean dissipation of Eq. 10 balances the bias.

    Attributes
    ----------
    speed
        The mean speed (l_slow/t_slow).
    kind
        ``"locked"``: held in a jump that rises with the speed, at a resonance with the lower band edge or at the speed
        of sound. ``"stable"``: a root with abs(growth_factor) < 1. ``"unstable"``: a root with abs(growth_factor) >= 1,
        or a jump that falls, at a resonance with the upper band edge or at the speed of sound.
    resonance
        The resonance of a jump; None for a root, and for the jump at the speed of sound of a chain without wells.
    slope
        Derivative of the mean dissipation in the speed; infinite in a jump.
    margin
        Of a jump: bias minus the lower one-sided limit of the mean dissipation. What holds a locked particle. 0 for a
        root.
    separation
        Distance to the nearest other solution, of the faster speed, or end of the range, of its own: a stable solution
        much closer to an unstable one than any perturbation of the speed is of no consequence.
    enclosure
        Two doubles between which a root of Eq. 10 is proved to lie, or a resonance at which it jumps across the bias.
        This says nothing on the motion beyond Eq. 10. None when not certified.

    """

    speed: float
    kind: str
    resonance: ResonantSpeed | None
    slope: float
    margin: float
    separation: float
    enclosure: tuple[float, float] | None
    system: SystemParameters = field(repr=False, compare=False)
    approximation: str = field(default="constant-velocity", repr=False)

    @property
    def certified(self) -> bool:
        """Whether ball arithmetic has proved that Eq. 10 has this root or jump; no statement on the motion."""
        return self.enclosure is not None

    @property
    def growth_factor(self) -> float:
        """Factor of a small deviation of the energy per pass: 1 - d loss/d energy, 1 - 4 pi^2 slope/(mass speed).

        In the static-lattice approximation the mean speed depends on the energy as in the rigid lattice.
        nan in a jump, where the map has no derivative.
        """
        if math.isinf(self.slope):
            return math.nan
        return 1.0 - self._loss_per_energy

    @property
    def oscillatory(self) -> bool:
        """Whether a deviation changes sign from pass to pass; with abs(growth_factor) > 1 it grows while it does."""
        return self.growth_factor < 0.0

    @property
    def _loss_per_energy(self) -> float:
        """Derivative of the loss in the energy of the particle: 1 - growth_factor, without rounding."""
        if self.approximation == "static-lattice" and self._motion:
            return self.slope * self._motion.mean_speed_per_energy
        return float(acceleration(self.system, self.slope)) / self.speed

    @cached_property
    def _motion(self) -> RigidLatticeMotion | None:
        from chaintheory.dissipation.static_lattice import motion_of_mean_speed

        try:
            return motion_of_mean_speed(self.system, self.speed)
        except ValueError:
            return None

    @property
    def slowest(self) -> float:
        """Least speed in the rigid lattice at this mean speed; nan where no such motion exists."""
        return self._motion.slowest if self._motion else math.nan

    @property
    def fastest(self) -> float:
        """Largest speed in the rigid lattice at this mean speed; nan where no such motion exists."""
        return self._motion.fastest if self._motion else math.nan

    @property
    def relaxation_time(self) -> float:
        """Time in which a small deviation falls (or, if unstable, grows) by a factor e, in t_slow.

        The time of a pass, spacing/speed, over abs(log(abs(growth_factor))). nan in a jump: the approach to a locked
        speed is not exponential.
        """
        change = self.growth_factor - 1.0
        if math.isnan(change):
            return math.nan
        exact = -self._loss_per_energy
        rate = math.log1p(exact) if exact > -0.5 else math.log(abs(1.0 + exact)) if exact != -1.0 else -math.inf
        return self.system.chain.spacing / self.speed / abs(rate) if rate else math.inf


_COLUMNS = ("speed", "kind", "slope", "growth_factor", "margin", "separation", "relaxation_time", "certified")
# Those of a table, whose types an empty one has too.
_TYPES = dict.fromkeys((*_COLUMNS, "edge", "n", "enclosure_low", "enclosure_high"), float) | {
    "kind": str, "certified": bool, "edge": str, "n": int,
}  # fmt: skip


class DriftVelocities(Table[DriftVelocity]):
    """The drift velocities in a range of speeds, sorted; a list that also says what is undecided.

    It has ``to_dataframe()``, ``in_units()`` and ``plot()``.

    Attributes
    ----------
    unresolved
        Intervals of speed in which the number of solutions is undecided: the dissipation comes as close to the bias as
        bounds in double precision can tell, at a tangency for instance. Solutions listed in them exist.

    >>> from chaintheory import Chain, Gaussian, System
    >>> found = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01).drift_velocities(19.7, 70.0)
    >>> found.to_dataframe()[["kind", "edge", "n"]].values.tolist()
    [['locked', 'lower', 2], ['unstable', '', -1]]
    """

    title = "drift velocities (l_slow/t_slow)"

    def __init__(
        self,
        found: Iterable[DriftVelocity] = (),
        unresolved: Sequence[tuple[float, float]] = (),
        system: SystemParameters | None = None,
        searched: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(found)
        self.unresolved = list(unresolved)
        self._system, self._range = system, searched

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary for each solution, in the units of the model; in a jump growth and relaxation are nan."""
        return [
            {name: getattr(one, name) for name in _COLUMNS}
            | {
                "edge": one.resonance.edge if one.resonance else "",
                "n": one.resonance.n if one.resonance else -1,
                "enclosure_low": one.enclosure[0] if one.enclosure else math.nan,
                "enclosure_high": one.enclosure[1] if one.enclosure else math.nan,
            }
            for one in self
        ]

    def to_dataframe(self) -> pd.DataFrame:
        """One row per solution."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=[*_TYPES]).astype(_TYPES)

    def in_units(self, units: str | Units | None = None) -> pd.DataFrame:
        """Speeds, relaxation times, kinds and resonances in other units; those of the system by default.

        The columns name them, as in ``speed (Å/ps)``.
        """
        import pandas as pd

        scale = scale_of(self._system.units if self._system else None, units)
        return pd.DataFrame(
            [
                {
                    f"speed ({scale.names['speed']})": scale.speed * one.speed,
                    "kind": one.kind,
                    "edge": one.resonance.edge if one.resonance else "",
                    "n": one.resonance.n if one.resonance else -1,
                    f"slowest ({scale.names['speed']})": scale.speed * one.slowest,
                    f"fastest ({scale.names['speed']})": scale.speed * one.fastest,
                    f"relaxation time ({scale.names['time']})": scale.time * one.relaxation_time,
                }
                for one in self
            ]
        )

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """Mark each drift velocity, by kind, at the height of the bias; Matplotlib's axes.

        Without axes the mean dissipation of the range that was searched is drawn below them.
        """
        system = self._system
        scale = scale_of(system.units if system else None, units)
        if ax is None and system is not None and self._range is not None:
            ax = curves(system, *self._range).plot(single_pass=False, units=units)
        return plot_drift_velocities(self, ax, system.bias if system else 0.0, scale)


def drift_velocities(
    system: SystemParameters,
    lowest: float,
    highest: float,
    *,
    certified: bool | None = None,
    approximation: str = "constant-velocity",
) -> DriftVelocities:
    """All drift velocities between two speeds: ``System.drift_velocities``, which describes them."""
    enclosable = system.chain.minimal and approximation == "constant-velocity"
    if certified is not None and truth("certified", certified) and not enclosable:
        raise ValueError(
            "certified must be False but for Eq. 10 in Chain(omega_fast, spacing): other roots are found, not enclosed"
        )
    certified = enclosable if certified is None else certified
    lowest, highest = speed_range(lowest, highest)
    refuse_lost_phase(system, lowest)
    if system.bias == 0.0:
        return DriftVelocities(system=system, searched=(lowest, highest))
    if abs(system.bias) < LEAST_BIAS:
        raise ValueError(
            f"bias must be 0 or at least {LEAST_BIAS:g} in magnitude for drift velocities, got {system.bias!r}"
        )
    unresolved: list[tuple[float, float]] = []
    found = [
        (item, near)
        for item, near in _solutions(
            any_chain.Loss(system, approximation),
            lowest * (1.0 - MARGIN),
            highest * (1.0 + MARGIN),
            certified,
            unresolved,
        )
        if lowest <= item.speed <= highest
    ]
    intervals: list[tuple[float, float]] = []
    for a, b in sorted(unresolved):
        if intervals and a <= intervals[-1][1]:
            intervals[-1] = intervals[-1][0], max(b, intervals[-1][1])
        elif b >= lowest and a <= highest:
            intervals.append((max(a, lowest), min(b, highest)))
    if intervals:
        a, b = intervals[0]
        warnings.warn(
            UnresolvedWarning(
                f"{len(intervals)} interval(s) of speed are unresolved, the first {a!r} .. {b!r}: there the mean "
                f"dissipation is as close to the bias {abs(system.bias):g} as bounds can tell; see .unresolved"
            ),
            stacklevel=3,
        )
    return DriftVelocities(_separated(found, lowest, highest), intervals, system, (lowest, highest))


def _solutions(
    loss: any_chain.Loss, lowest: float, highest: float, certified: bool, unresolved: list[tuple[float, float]]
) -> list[tuple[DriftVelocity, float | None]]:
    """The solutions in order, each with its relative distance to the resonance it cannot be told from."""
    system = loss.system
    resonances = resonances_within(
        system, lowest * (1.0 - 4.0 * CLOSE), highest * (1.0 + 4.0 * CLOSE), MOST_RESONANCES, MOST_ROOTS
    )
    if not system.chain.minimal or loss.approximation != "constant-velocity":
        return _by_series(loss, lowest, highest, resonances, unresolved)
    if certified:
        if len(resonances) > MOST_CERTIFIED:
            raise ValueError(
                f"lowest and highest must enclose at most {MOST_CERTIFIED:.0e} resonances to be certified, got "
                f"{len(resonances)} between {lowest:g} and {highest:g}; take parts, or certified=False"
            )
        length = 2.0 / math.pi * sound_speed(system.chain)
        enclosed = sum(length / item.speed for item in resonances)
        if enclosed > MOST_ENCLOSED:
            raise ValueError(
                f"lowest and highest must enclose resonances with at most {MOST_ENCLOSED:.0e} roots of the resonance "
                f"condition to be certified, got {enclosed:.3g} between {lowest:g} and {highest:g}; take parts, or "
                "certified=False"
            )
    isolation = Isolation(system, abs(system.bias))
    low = np.array([lowest, *(item.speed * (1.0 + CLOSE) for item in resonances)])
    high = np.array([*(item.speed * (1.0 - CLOSE) for item in resonances), highest])
    gap = low < high
    found: list[tuple[DriftVelocity, float | None]] = []
    for segment in isolation.gaps(low[gap], high[gap]):
        found += [(item, None) for item in _roots(system, segment, certified, unresolved)]
    crowded = low[1:-1] >= high[1:-1]  # two resonances within each other's window
    for index, window in enumerate(isolation.windows(resonances)):
        near = crowded[max(index - 1, 0) : index + 1]
        found += _at_resonance(system, window, certified, bool(near.any()), unresolved)
    return sorted(found, key=lambda one: one[0].speed)


def _by_series(
    loss: any_chain.Loss, lowest: float, highest: float, resonances: list[ResonantSpeed],
    unresolved: list[tuple[float, float]],
) -> list[tuple[DriftVelocity, float | None]]:  # fmt: skip
    """``_solutions`` for any springs and through the rigid lattice, not certified; with damping there are no jumps."""
    system = loss.system
    inside = [loss.at(one) for one in resonances if lowest < one.speed < highest]
    speeds, undecided = any_chain.roots(loss, lowest, highest, inside)
    unresolved += undecided
    found: list[tuple[DriftVelocity, float | None]] = [
        (_root(system, speed, slope, None, loss.approximation), None) for speed, slope in speeds
    ]
    for one in [] if system.chain.damping else inside:
        if (before := any_chain.on_the_finite_side(loss, one)) is not None:
            found.append((_root(system, *before, None, loss.approximation), None))
        if one.finite_limit < abs(system.bias):
            # Where the peak is too thin for doubles the two have one speed, and keep their order.
            pair: list[tuple[DriftVelocity, float | None]] = [
                (replace(_jump(system, one, False), approximation=loss.approximation), None)
            ]
            if (beside := any_chain.beside(loss, one)) is not None:
                speed, distance, slope = beside
                pair.append((_root(system, speed, slope, None, loss.approximation), distance))
            found += pair if one.edge == "lower" else reversed(pair)
    for sound in any_chain.long_waves(loss, lowest, highest):
        before, after = loss(sound * np.array([1.0 - CLOSE, 1.0 + CLOSE])).tolist()
        low, high = sorted((before, after))
        if low < abs(system.bias) < high:
            kind, slope = ("locked", math.inf) if before < after else ("unstable", -math.inf)
            margin = abs(system.bias) - low
            found.append((DriftVelocity(sound, kind, None, slope, margin, 0.0, None, system, loss.approximation), None))
        if min(abs(abs(system.bias) - one) for one in (low, high)) <= 10.0 * CLOSE * high:
            unresolved.append((sound * (1.0 - CLOSE), sound * (1.0 + CLOSE)))
    return sorted(found, key=lambda one: one[0].speed)


def _at_resonance(
    system: SystemParameters, window: Window, certified: bool, crowded: bool, unresolved: list[tuple[float, float]]
) -> Iterator[tuple[DriftVelocity, float | None]]:
    """The jump at a resonance and the root beside it."""
    speed = window.resonance.speed
    if crowded or not window.resolved:
        unresolved.append((speed * (1.0 - CLOSE), speed * (1.0 + CLOSE)))
    if window.jump:
        jump = _jump(system, window.resonance, certified)
        beside = [_beside(system, window, certified, jump.speed)] if window.beside else []
        yield from [(jump, None), *beside] if window.resonance.edge == "lower" else [*beside, (jump, None)]


def _jump(system: SystemParameters, resonance: ResonantSpeed, certified: bool) -> DriftVelocity:
    """The jump at a resonance."""
    kind, slope = ("locked", math.inf) if resonance.edge == "lower" else ("unstable", -math.inf)
    enclosure = None
    if certified:
        from chaintheory.drift import enclosures as certify

        enclosure = certify.jump(system, resonance)
    margin = abs(system.bias) - resonance.finite_limit
    speed = _within(resonance.speed, enclosure)
    return DriftVelocity(speed, kind, replace(resonance, speed=speed), slope, margin, 0.0, enclosure, system)


def _within(speed: float, enclosure: tuple[float, float] | None) -> float:
    """The nearest double of the enclosure: a speed in double precision may be a few units off."""
    return speed if enclosure is None else min(max(speed, enclosure[0]), enclosure[1])


def _beside(system: SystemParameters, window: Window, certified: bool, jump: float) -> tuple[DriftVelocity, float]:
    """The root on the infinite side of a resonance, closer to it than ``CLOSE``."""
    resonance = window.resonance
    speed, distance, slope = resonance.root_beside(abs(system.bias), CLOSE)
    enclosure = None
    if certified:
        from chaintheory.drift import enclosures as certify

        around = certify.resonance_speed(system, resonance)
        if around and certify.sign(system, window.end) < 0:
            enclosure = (min(around[0], window.end), max(around[1], window.end))
    speed = _within(speed, enclosure)
    speed = max(speed, jump) if resonance.edge == "lower" else min(speed, jump)
    return _root(system, speed, slope, enclosure), distance


def _root(
    system: SystemParameters,
    speed: float,
    slope: float,
    enclosure: tuple[float, float] | None,
    approximation: str = "constant-velocity",
) -> DriftVelocity:
    """A root, stable if the map from pass to pass contracts."""
    root = DriftVelocity(speed, "unstable", None, slope, 0.0, 0.0, enclosure, system, approximation)
    return replace(root, kind="stable") if abs(root.growth_factor) < 1.0 and slope > 0.0 else root


def _roots(
    system: SystemParameters, segment: Segment, certified: bool, unresolved: list[tuple[float, float]]
) -> Iterator[DriftVelocity]:
    """The root in a monotone segment, if the signs at its ends differ; in an undecided one at least one."""
    if segment.before * segment.after > 0 and segment.direction != 0:
        return
    if segment.before * segment.after == 0 or segment.direction == 0:
        unresolved.append((segment.low, segment.high))
    if segment.before * segment.after >= 0:
        return
    root = _bracketed(system, segment)
    enclosure = None
    if certified:
        from chaintheory.drift import enclosures as certify

        enclosure = certify.zero(system, root, segment.after > 0)
    yield _root(system, root, float(mean_dissipation_slope(system, root)), enclosure)


def _bracketed(system: SystemParameters, segment: Segment) -> float:
    """The root between two speeds at which the excess has proven signs."""
    from scipy.optimize import brentq

    def excess(speed: float) -> float:
        return float(mean_dissipation(system, speed)) - abs(system.bias)

    low, high = segment.low, segment.high
    at_low, at_high = excess(low), excess(high)
    if at_low * at_high >= 0.0:  # within rounding of one end
        return low if abs(at_low) <= abs(at_high) else high
    return float(brentq(excess, low, high, xtol=1e-15 * low, rtol=1e-15))


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

    biases = real_array("biases", biases).ravel().tolist()
    systems = list(systems)
    if not all(isinstance(system, SystemParameters) for system in systems):
        raise TypeError(f"systems must be a sequence of Systems, got {shown(systems)}")
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
