"""The exact bias against the mean speed: the branches of weak coupling, through each resonance and through folds.

Between resonances the branch of weak coupling is followed in the speed, and through each resonance in the distance from
it (drift/continuation.py says what happens there). Solutions beside a resonance that are on none of these branches
begin others: those of ``travelling_wave`` at some speeds, and those at the resonance itself with a larger wave. With
damping the bias is smooth in the speed. Where a branch has the bias of the system, there is a steady drift; its
stability is that against all small perturbations (dissipation/wave_stability.py).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.wave_equations import FINER, Force, Grid, NoSteadyDrift, WaveEquations
from chaintheory.dissipation.wave_stability import Perturbation
from chaintheory.drift.continuation import (
    FARTHEST,
    MOST_ON_GRID,
    NEAR,
    Branch,
    ByDistance,
    BySpeed,
    Family,
    Point,
    at_resonance,
    between,
    both_ways,
    by_speed,
    finer,
    from_weak_coupling,
    grid_of,
    is_resolved,
    on_grid,
    passes,
    point,
    refuse_rough,
    same_pulse,
    solution,
    through_resonance,
)
from chaintheory.drift.locking import holding_biases
from chaintheory.drift.resonances import ResonantSpeed, resonant_speeds, speed_range
from chaintheory.parameters import SystemParameters
from chaintheory.plotting.curves import plot_drift_velocities
from chaintheory.plotting.style import axes, label, legend_above
from chaintheory.plotting.tables import Table
from chaintheory.support.equality import EqualFields
from chaintheory.support.validation import number
from chaintheory.units import Units, scale_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

Array = NDArray[np.floating[Any]]

NARROWEST = 3e-7  # a peak with p below this is narrower than 1e-12 of the speed and is left out
SHARP = 1e-8  # spectrum of a pulse at the end of its grid: what is neutral is so to 1e-8 of a transit
SAME_ON_FINER = 1e-12  # part of a speed by which it may change on the finest grid
CONFIRMED = 0.1  # part of the pulse by which a finer grid may change it: more is another solution
STRAY = 0.1  # part by which Newton's method may leave the interval in which a solution lies
MOST_CREEPS, SAME_SPEED = 12, 1e-14  # corrections for masses that creep, and when they end
ROUNDED = 1e-7  # a correction by less that no longer shrinks is rounding


@dataclass(frozen=True)
class SteadyDrift:
    """An exact drift velocity: a steady drift that the bias of the system sustains.

    Attributes
    ----------
    speed
        Mean speed, in l_slow/t_slow.
    kind
        ``"unstable"`` if any perturbation grows; else ``"locked"`` beside a resonance with the lower edge of the band
        if the bias exceeds what Eq. 10 loses on its finite side, or ``"stable"``. ``"unknown"`` where a mode is so
        close to neutral that the growing ones cannot be counted; ``growth_rates`` then raises the ArithmeticError. A
        falling bias is unstable even where it takes more than 1e7 transits, and ``growth_rates`` leaves that mode out.
    resonance
        The resonance whose branch it is on; None far from any.
    error
        Change of the speed on a finer grid.
    slope
        d bias/d speed along the branch.
    growth_rates
        Of all growing modes, and of the slow mode if it decays; 1/t_slow.
    """

    speed: float
    kind: str
    resonance: ResonantSpeed | None
    error: float
    slope: float
    point: Point = field(repr=False, compare=False)
    perturbation: Perturbation = field(repr=False, compare=False)

    @property
    def enclosure(self) -> None:
        """None: the speed has an estimated ``error``, not a proved enclosure."""

    @property
    def growth_rates(self) -> NDArray[np.complex128]:
        """Growth rates (1/t_slow) of the growing modes, and of the slow real mode if it decays."""
        return self.perturbation.growth_rates

    @property
    def growth(self) -> float:
        """The largest growth rate, 1/t_slow; nan where no mode grows or decays slowly, and where none was found."""
        try:
            rates = self.growth_rates
        except ArithmeticError:
            return math.nan
        return float(rates[0].real) if rates.size else math.nan

    def same_as(self, other: SteadyDrift) -> bool:
        """Whether both are one solution, found on two branches: beside a resonance several share one speed."""
        return same_pulse(self.point, other.point)

    @property
    def relaxation_time(self) -> float:
        """Time (t_slow) in which a deviation grows or falls by a factor e; nan where no slow mode was found."""
        return 1.0 / abs(self.growth)

    @cached_property
    def largest_bias(self) -> float:
        """The bias (hbar Omega_slow) up to which it stays locked, followed slowly; nan if not locked. A minute.

        See ``drift/locking.py``: beyond, a perturbation grows, or there is no steady drift.
        """
        if self.kind != "locked" or self.resonance is None:
            return math.nan
        holds = holding_biases(self.point.equations.system, self.resonance)
        return next((one.highest for one in holds if one.lowest <= self.point.bias <= one.highest), math.nan)


class SteadyDrifts(Table[SteadyDrift]):
    """The exact steady drifts at one bias, by rising speed; a list with ``to_dataframe()`` and ``plot()``."""

    title = "steady drifts (l_slow/t_slow)"

    def __init__(self, found: Iterable[SteadyDrift] = (), bias: float = 0.0, curve: DragCurve | None = None) -> None:
        super().__init__(found)
        self.bias, self.curve = bias, curve

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary for each drift, in the units of the model; ``growth`` is the largest growth rate."""
        return [
            {
                "speed": one.speed,
                "kind": one.kind,
                "edge": one.resonance.edge if one.resonance else "",
                "n": one.resonance.n if one.resonance else -1,
                "slope": one.slope,
                "error": one.error,
                "growth": one.growth,
            }
            for one in self
        ]

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """Mark each drift, by kind, at the height of the bias, on the drag curve if no axes are given.

        ``units``: ``"model"``, ``"SI"``, ``"metal"`` or ``Units``; by default those of the system.
        """
        scale = scale_of(self.curve.system.units if self.curve else None, units)
        if ax is None and self.curve is not None:
            ax = self.curve.plot(units=units)
        return plot_drift_velocities(self, ax, self.bias, scale)


@dataclass(frozen=True, eq=False)
class DragCurve(EqualFields):
    """The bias that sustains each mean speed, on the branches that were followed; the speeds in l_slow/t_slow.

    Attributes
    ----------
    branches
        Solutions in the order in which they were followed, between two resonances or through one.
    system
        Whose they are.

    The methods raise a ValueError for a speed or a bias that is not a finite number.

    >>> import chaintheory as ct
    >>> curve = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).drag_curve(30.0, 30.1)
    >>> curve
    DragCurve(speed 30 to 30.1, branches=1)
    >>> [round(bias, 7) for bias in curve.at_speed(30.0)], bool((curve["bias"].diff("point") < 0.0).all())
    ([0.0149371], True)
    """

    branches: list[Branch]
    system: SystemParameters = field(repr=False)

    def __repr__(self) -> str:
        speeds = [one.speed for branch in self.branches for one in branch.points]
        range_ = f"speed {min(speeds):.6g} to {max(speeds):.6g}, " if speeds else ""
        return f"DragCurve({range_}branches={len(self.branches)})"

    @property
    def data(self) -> xr.Dataset:
        """One row a solution: ``speed``, ``bias``, ``branch``, and of the resonance ``edge``, ``n`` and ``distance`` p.

        ``wave_amplitude`` is the largest displacement in the resonant wave (l_slow), nan far from a resonance.

        >>> import chaintheory as ct
        >>> empty = ct.DragCurve([], ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)))
        >>> list(empty.data)
        ['speed', 'bias', 'branch', 'edge', 'n', 'distance', 'wave_amplitude']
        """
        import xarray as xr

        columns: dict[str, list[Any]] = {
            name: [] for name in ("speed", "bias", "branch", "edge", "n", "distance", "wave_amplitude")
        }
        for index, branch in enumerate(self.branches):
            edge, n = (branch.resonance.edge, branch.resonance.n) if branch.resonance else ("", -1)
            for one in branch.points:
                row = (one.speed, one.bias, index, edge, n, one.distance, one.wave_amplitude)
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
        return xr.Dataset({name: ("point", np.array(column)) for name, column in columns.items()})

    def __getitem__(self, column: str) -> xr.DataArray:
        """One column of ``data``."""
        return self.data[column]

    def to_dataframe(self) -> pd.DataFrame:
        """``data`` as a table, one row a solution; in l_slow/t_slow and hbar Omega_slow. Raises nothing of its own.

        >>> import chaintheory as ct
        >>> empty = ct.DragCurve([], ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)))
        >>> empty.to_dataframe().columns.tolist()[:3]
        ['speed', 'bias', 'branch']
        """
        return self.data.to_dataframe()

    def at_speed(self, speed: float) -> list[float]:
        """The bias (hbar Omega_slow) of every branch at a speed (l_slow/t_slow), by rising bias.

        A ValueError is raised for a speed that is not finite.

        >>> import chaintheory as ct
        >>> empty = ct.DragCurve([], ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)))
        >>> empty.at_speed(30.0)
        []
        """
        speed = number("speed", speed)
        found = []
        for branch in self.branches:
            for before, after in pairwise(branch.points):
                if (before.speed - speed) * (after.speed - speed) <= 0.0 and before.speed != after.speed:
                    found += _bias_at(self.system, branch, before, after, speed)
        return _without_doubles(sorted(found))

    def solutions(self, bias: float) -> SteadyDrifts:
        """All steady drifts with a bias (hbar Omega_slow), typed by their stability; by rising speed.

        What a finer grid does not confirm is left out, with a warning that says where.

        A ValueError is raised for a bias that is not finite.

        >>> import chaintheory as ct
        >>> empty = ct.DragCurve([], ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)))
        >>> len(empty.solutions(0.01))
        0
        """
        bias = number("bias", bias)
        found = []
        for branch in self.branches:
            for before, after in pairwise(branch.points):
                if (before.bias - bias) * (after.bias - bias) <= 0.0 and before.bias != after.bias:
                    try:
                        found.append(_steady_drift(self.system, branch, before, after, bias))
                    except NoSteadyDrift as reason:
                        warnings.warn(f"left out: {reason}", RuntimeWarning, stacklevel=2)
        found.sort(key=lambda one: one.speed)
        # Branches overlap where one ends and the next begins, and two may be followed from both sides of a resonance.
        kept: list[SteadyDrift] = []
        for one in found:
            if not any(one.same_as(other) for other in kept):
                kept.append(one)
        return SteadyDrifts(kept, bias, self)

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """Bias against speed, the bias on a logarithmic scale; branches through a resonance have their own colour.

        ``units``: ``"model"``, ``"SI"``, ``"metal"`` or ``Units``; by default those of the system. An ImportError names
        the extra where Matplotlib is missing.

        >>> import chaintheory as ct
        >>> empty = ct.DragCurve([], ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)))
        >>> empty.plot().get_yscale()
        'log'
        """
        ax, scale = axes(ax), scale_of(self.system.units, units)
        for branch in self.branches:
            colour = "C0" if branch.resonance is None else "C1"
            speeds, biases = ([getattr(one, name) for one in branch.points] for name in ("speed", "bias"))
            ax.plot(scale.speed * np.array(speeds), scale.energy * np.array(biases), color=colour)
        ax.plot([], [], color="C0", label="between resonances")
        ax.plot([], [], color="C1", label="through a resonance")
        ax.set_xlabel(label("mean speed $v$", "speed", scale))
        ax.set_ylabel(label(r"bias $\beta$", "energy", scale))
        legend_above(ax)
        ax.set_yscale("log")
        return ax


def _bias_at(system: SystemParameters, branch: Branch, before: Point, after: Point, speed: float) -> list[float]:
    """The bias of the solution with a mean speed between two neighbours on a branch; [] if Newton's method finds none.

    Masses that creep are corrected for.
    """
    grid, _ = between(before, after, 0.0)
    family = _family(system, before.equations.force, grid, branch.resonance, 1.0)
    ends = _parameters(branch, before, after)
    relative = speed
    for _ in range(MOST_CREEPS):
        parameter = family.parameter_at(relative)
        found = solution(family, parameter, between(before, after, (parameter - ends[0]) / (ends[1] - ends[0]))[1])
        if found is None:
            break
        last, relative = relative, speed - found.equations.creep(found.unknowns)
        if abs(relative - last) <= SAME_SPEED * speed:
            break
    return [found.bias] if found else []


def _without_doubles(values: list[float]) -> list[float]:
    return [value for index, value in enumerate(values) if not index or value - values[index - 1] > 1e-9 * abs(value)]


def _steady_drift(system: SystemParameters, branch: Branch, before: Point, after: Point, bias: float) -> SteadyDrift:
    """The solution with a bias between two neighbours on a branch, on finer grids until it is sharp."""
    ends = _parameters(branch, before, after)
    part = (bias - before.bias) / (after.bias - before.bias)
    parameter = ends[0] + part * (ends[1] - ends[0])
    grid, start = _coarsest(system, before.equations.force, *between(before, after, part))
    found: list[Point] = []
    while True:
        family = _family(system, before.equations.force, grid, branch.resonance, abs(after.speed - before.speed))
        parameter, solved, change = _with_bias(family, parameter, start, bias, ends)
        moved = np.abs(solved - start)[: grid.count].max()
        if found and moved > CONFIRMED * np.abs(start[: grid.count]).max():
            raise NoSteadyDrift(f"bias {bias:.6g}: a finer grid has another solution near speed {found[0].speed:.9g}")
        found.append(point(family, parameter, solved, family.equations(parameter)))
        rough, fine = found[-2:] if len(found) > 1 else (None, found[0])
        if rough and _agree(system, rough, fine):
            break
        if finer(grid).count > MOST_ON_GRID:
            raise NoSteadyDrift(f"bias {bias:.6g}: {grid.count} points do not resolve the drift at {fine.speed:.9g}")
        start, grid = on_grid(solved, grid, finer(grid)), finer(grid)
    perturbation = Perturbation(rough.equations, rough.unknowns)
    resonance = branch.resonance
    locked = resonance is not None and resonance.edge == "lower" and bias > resonance.finite_limit
    with np.errstate(divide="ignore"):
        slope = float(1.0 / (np.float64(change) * family.speed_change(parameter)))
    kind = perturbation.kind(slope)
    if kind == "stable" and locked:
        kind = "locked"
    return SteadyDrift(fine.speed, kind, resonance, abs(fine.speed - rough.speed), slope, fine, perturbation)


def _parameters(branch: Branch, *points: Point) -> list[float]:
    """Of the family that a branch belongs to: speeds without the creep of the masses, or distances p."""
    return [one.equations.speed if branch.resonance is None else one.distance for one in points]


def _coarsest(system: SystemParameters, force: Force, grid: Grid, unknowns: Array) -> tuple[Grid, Array]:
    """The coarsest grid on which a pulse is sharp, as branches stay on the finest that they needed."""
    first = grid_of(system, force)
    for count in sorted({math.ceil(FINER**k * first.count) for k in range(9)}):
        coarser = Grid(grid.half_width, count, grid.spacing)
        if count >= grid.count:
            break
        there = on_grid(unknowns, grid, coarser)
        if is_resolved(system, there[:count], SHARP):
            return coarser, there
    return grid, unknowns


def _agree(system: SystemParameters, rough: Point, fine: Point) -> bool:
    """Whether a solution is sharp on one grid, and the same on a finer one; a force with kinks has two grids."""
    if math.isfinite(system.interaction.smoothness):
        return True
    sharp = is_resolved(system, rough.equations.pulse(rough.unknowns), SHARP)
    return sharp and abs(fine.speed - rough.speed) <= SAME_ON_FINER * fine.speed


def _family(
    system: SystemParameters, force: Force, grid: Grid, resonance: ResonantSpeed | None, scale: float
) -> Family:
    if resonance is None:
        return BySpeed(system, force, grid, scale)
    return ByDistance(system, force, grid, resonance)


def _with_bias(
    family: Family, parameter: float, unknowns: Array, bias: float, ends: list[float]
) -> tuple[float, Array, float]:
    """Parameter and unknowns of the solution with a bias between two parameters, and d parameter/d bias there."""
    grid = family.grid
    row = np.zeros(unknowns.size + 1)
    row[: grid.count] = grid.spacing * grid.step
    before = math.inf
    h = 1e-4 * (ends[1] - ends[0])  # for a difference: smaller, rounding of p would show in the slope
    beyond = abs(ends[1] - ends[0]) + STRAY * min(map(abs, ends))
    for _ in range(20):
        equations = family.equations(parameter)
        errors = equations.errors(unknowns)
        rate = (family.equations(parameter + h).errors(unknowns) - errors) / h
        matrix = np.block([[equations.jacobian(unknowns), rate[:, None]], [row[None, :]]])
        more = np.append(np.zeros(errors.size), 1.0)
        change, tangent = np.linalg.solve(
            matrix, np.column_stack([-np.append(errors, row[:-1] @ unknowns - bias), more])
        ).T
        unknowns, parameter = unknowns + change[:-1], parameter + float(change[-1])
        if not min(ends) - beyond <= parameter <= max(ends) + beyond:
            break
        size = float(np.abs(change[:-1]).max() / np.abs(unknowns).max())
        # Close to a resonance the distance p is known to 1e-16/p only, and the corrections end there.
        if size < 1e-12 or (size < ROUNDED and size > 0.1 * before):
            return parameter, unknowns, float(tangent[-1])
        before = size
    raise NoSteadyDrift(f"bias {bias:.6g}: the steady drift near speed {equations.speed:.9g} does not converge")


def _slack(system: SystemParameters, force: Force, grid: Grid, lowest: float) -> float:
    """What masses that creep may add to the speed relative to them: so much lower the curve is to begin."""
    if system.chain.confinement or system.chain.damping:
        return 0.0
    try:
        equations = WaveEquations(system, force, lowest, grid)
        return min(1.5 * equations.creep(equations.from_weak_coupling()), 0.5 * lowest)
    except NoSteadyDrift:
        return 0.0


def drag_curve(system: SystemParameters, lowest: float, highest: float, *, loops: bool = False) -> DragCurve:
    """The branches between two speeds: ``System.drag_curve``, which describes them."""
    lowest, highest = speed_range(lowest, highest)
    force = Force.of(system)
    grid = grid_of(system, force)
    lowest -= _slack(system, force, grid, lowest)
    # With damping a resonance is a peak that the speed itself passes.
    resonances = [] if system.chain.damping else resonant_speeds(system, lowest, highest)
    families = [ByDistance(system, force, grid, r) for r in resonances]
    families = [one for one in families if one.peak > NARROWEST]
    speeds = [one.resonance.speed for one in families]
    # Neighbouring resonances divide the room between them; some is left to the ends of the range.
    room = [
        min([FARTHEST, *(0.5 * abs(f.of_speed(v)) for v in (lowest, highest, *speeds) if v != f.resonance.speed)])
        for f in families
    ]
    near = [min(NEAR, one) for one in room]
    starts = [lowest, *(f.speed_beside(p, above=True) for f, p in zip(families, near, strict=True))]
    ends = [*(f.speed_beside(p, above=False) for f, p in zip(families, near, strict=True)), highest]
    between = [_between(system, force, grid, a, b) for a, b in zip(starts, ends, strict=True)]
    branches = [between[0]]
    for family, nearest, farthest, before, after in zip(families, near, room, between[:-1], between[1:], strict=True):
        through: list[Branch] = []
        for start in (*before.points[-1:], *after.points[:1]):
            here = replace(family, grid=start.equations.grid)
            parameter = here.of_speed(start.equations.speed)
            begun = solution(here, parameter, here.with_wave(parameter, start.unknowns))
            # A branch that came through from the other side is not followed back.
            if begun is not None and not any(passes(one.points, begun) for one in through):
                through.append(through_resonance(here, parameter, begun.unknowns, nearest))
        through += _others(family, through, nearest, farthest, loops=loops)
        if before.points and after.points and not any(one.points for one in through):
            why = "; ".join(one.end for one in through) or "no solution to begin with"
            warnings.warn(
                f"left out: the branch through the resonance at {family.resonance.speed:.9g} ({why}); "
                f"solutions from {before.points[-1].speed:.9g} to {after.points[0].speed:.9g} are missing",
                RuntimeWarning,
                stacklevel=3,
            )
        branches += through
        branches.append(after)
    return DragCurve([branch for branch in branches if branch.points], system)


def _others(family: ByDistance, known: list[Branch], nearest: float, farthest: float, *, loops: bool) -> list[Branch]:
    """Branches beside a resonance with solutions that none of the known ones has."""
    others: list[Branch] = []
    for seed in [*from_weak_coupling(family, nearest), *(at_resonance(family) if loops else [])]:
        if not any(passes(one.points, seed) for one in (*known, *others)):
            others.append(both_ways(family, seed, farthest))
    return others


def _between(system: SystemParameters, force: Force, grid: Grid, low: float, high: float) -> Branch:
    """The branch of weak coupling from one speed to another, with no resonance between."""
    if not low < high:
        return Branch([], "no room", None)
    middle = 0.5 * (low + high)
    try:
        equations = WaveEquations(system, force, middle, grid)
        unknowns = equations.from_weak_coupling()
    except NoSteadyDrift as reason:
        return Branch([], str(reason), None)
    refuse_rough(system, force, grid, middle)
    family = BySpeed(system, force, grid, max(0.1 * (high - low), 1e-6 * middle))
    start = point(family, middle, unknowns, equations)
    down, up = by_speed(family, start, low), by_speed(family, start, high)
    return Branch([*down.points[::-1], *up.points[1:]], f"below: {down.end}; above: {up.end}", None)


def drift_velocities(system: SystemParameters, lowest: float, highest: float) -> SteadyDrifts:
    """Exact drift velocities between two speeds: ``System.drift_velocities``, which describes them."""
    lowest, highest = speed_range(lowest, highest)
    if not system.bias:
        return SteadyDrifts()
    found = drag_curve(system, lowest, highest).solutions(abs(system.bias))
    if system.chain.confinement == 0.0:  # where the curve is longer than the range
        found[:] = [one for one in found if lowest <= one.speed <= highest]
    return found
