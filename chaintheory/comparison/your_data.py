"""A trajectory of one's own beside the theory and beside our own run from the same start."""

from __future__ import annotations

import html
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.comparison.detection import detectable
from chaintheory.comparison.factors import LARGEST_LOGARITHM
from chaintheory.comparison.finding import LARGER, Finding
from chaintheory.comparison.findings import find_faults
from chaintheory.comparison.fits import FIRST_STEPS, Problem, Start
from chaintheory.comparison.losses import midpoints_beside
from chaintheory.comparison.lost_units import readings
from chaintheory.comparison.noise import Noise, noise_of
from chaintheory.comparison.picture import ENERGY, draw
from chaintheory.comparison.sampling import CELL, Midpoints, Rows, checked_rows, midpoints, refuse_jumps, too_coarse
from chaintheory.comparison.temperature import LEAST_LOSSES
from chaintheory.comparison.velocities import of_velocities
from chaintheory.dissipation.validity import ValidityWarning
from chaintheory.lattice.rigid_lattice import lattice_barrier
from chaintheory.simulation import record
from chaintheory.simulation.energy_balance import EnergyBalanceError
from chaintheory.support.validation import shown, whole
from chaintheory.system import System, Trajectory
from chaintheory.units import Scale, Units, scale_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

UNITS = {
    "time": "t_slow",
    "position": "l_slow",
    "speed": "l_slow/t_slow",
    "speed_error": "l_slow/t_slow",
    "mean_speed": "l_slow/t_slow",
    "run_speed": "l_slow/t_slow",
}
# The mean over N passes takes a time that grows with N: it is computed up to this one.
MOST_PASSES = 100
# The data agree with our run where they differ by at most this: of a spacing in position, relative in speed.
OF_SPACING, OF_SPEED = 1e-3, 1e-3
OWN_UNITS = (
    "time and position must be in t_slow and l_slow, or state their units (a system of from_physical knows its own): "
    "so read,"
)
PASSED = 3.0  # spacings of the rows that have passed masses for sure
# Noise about our run is taken where it is less than this part of that of the rows.
LESS = 0.8


def compare(
    system: System,
    time: ArrayLike | record.Trajectory,
    position: ArrayLike | None = None,
    *,
    velocity: ArrayLike | None = None,
    start: Sequence[float] | None = None,
    theory_points: int = 12,
    progress: bool | Callable[[str], None] = False,
) -> Comparison:
    """Lay a trajectory of one's own beside the theory, and beside our own run from the same start.

    Parameters
    ----------
    system
        The system that the trajectory is meant to be of; the masses rest at multiples of its spacing.
    time, position
        In t_slow (increasing, at any steps) and l_slow: sequences, arrays, columns of pandas or xarray, which are
        converted where they state physical units, as quantities of pint are. A ``Trajectory`` may stand in place of
        both.
    velocity
        In l_slow/t_slow, where it is known. Without positions: the speed at its extrema, one row a pass, as the
        published files list it.
    start
        Time, position and velocity at which the chain was at rest; left out, the first row.
    theory_points
        The static lattice and the exact steady state take seconds for each speed: they are computed for so many
        passes, spread evenly, and are NaN for the others.
    progress
        True, or a callable that is given the words, to be told which fault ``findings`` tries next (True: on stderr).
        The search takes seconds; of rows with noise over many passes, minutes.

    Returns
    -------
    Comparison
        ``passes``, ``run``, ``residual``, ``findings``, ``agrees``, ``to_dataframe()``, ``plot()``.

    Raises
    ------
    TypeError
        Something else in the place of the system, or columns that hold no real numbers.
    ValueError
        Columns of different lengths, too short, masked or not finite; times that do not increase; rows so far apart
        that the passes cannot be seen (the step that would do is named).

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    >>> mine = system.simulate(position=220.0, speed=50.0, duration=8.0)
    >>> compared = ct.compare(system, mine.time, mine.position)
    >>> compared.agrees, compared.findings
    (True, [])
    """
    if not isinstance(system, System):
        raise TypeError(f"system must be a System, got {shown(system)}")
    whole("theory_points", theory_points, 0)
    if not (isinstance(progress, bool) or callable(progress)):
        raise TypeError(f"progress must be True, False or a function of a text, got {shown(progress)}")
    tell = progress if callable(progress) else _to_stderr if progress else _to_nobody
    if isinstance(time, record.Trajectory):
        if position is not None:
            raise ValueError("position must be left out where a Trajectory is given")
        times: ArrayLike = time.time
        position = time.position
    else:
        times = time
    rows = checked_rows(system, times, position, velocity)
    remarks = [of_velocities(rows, CELL * system.chain.spacing)]
    if remarks[0] is not None:
        rows = replace(rows, velocity=None)
    for problem, units, sure in readings(system, rows, start, tell):
        known = tuple(one for one in (*remarks, units) if one is not None)
        try:
            compared = _compared(system, problem, theory_points, known)
        except ValueError:
            if sure:
                raise
            continue
        if sure or any(one.explains or one.improvement >= LARGER for one in compared.findings[len(known) :]):
            return compared
    raise AssertionError("the last reading is sure")


def _compared(system: System, problem: Problem, theory_points: int, remarks: tuple[Finding, ...]) -> Comparison:
    """The comparison of rows in the model's units; ValueError for jumps, and for rows too far apart."""
    rows, first = problem.rows, problem.start
    refuse_jumps(system, rows)
    _refuse_absurd(problem)
    if problem.noise is not None and (finer := _noise_about_run(problem, first)) is not None:
        problem = Problem(system, rows, replace(first, position_error=finer.size), finer, problem.tell)
    if (coarse := too_coarse(system, rows)) and not _sampled_by_run(problem):
        raise ValueError(coarse)
    return Comparison(system, rows, problem, theory_points, remarks)


def _to_stderr(what: str) -> None:
    print(f"trying: {what}", file=sys.stderr)


def _to_nobody(_: str) -> None:
    """Say nothing."""


def _refuse_absurd(problem: Problem) -> None:
    """ValueError where a run through the first rows is absurdly long, or the particle too slow by any likely factor."""
    system, rows = problem.system, problem.rows
    if rows.position is None:
        return
    if problem.steps(float(problem.time[problem.rows_of(0.0) - 1])) > FIRST_STEPS:
        raise ValueError(f"{OWN_UNITS} a run through the first rows takes more than {FIRST_STEPS} steps")
    if np.ptp(rows.position) < PASSED * system.chain.spacing:
        return
    try:
        barrier = lattice_barrier(system)
    except ValueError:  # an interaction that reaches too many masses
        return
    speed, least = problem.usual_speed, system.speed_of_energy(barrier)
    if math.exp(LARGEST_LOGARITHM) * speed < least and abs(system.bias) < 0.5 * barrier:
        raise ValueError(
            f"{OWN_UNITS} the particle passes masses at {speed:.2g} l_slow/t_slow, which takes {least:.2g}"
        )


def _sampled_by_run(problem: Problem) -> bool:
    """Whether rows that are too coarse by themselves follow our run, so that it says what is between them."""
    exact = problem.noise is None and problem.first_fit[1] > 0
    return exact and problem.leaves_at is None and midpoints_beside(problem) is not None


def _noise_about_run(problem: Problem, start: Start) -> Noise | None:
    """The noise of what is left of our run, if it is less: of coarse rows polynomials miss more than of that."""
    assert problem.noise is not None
    times = problem.rows.time - start.time
    try:
        rest = problem.rows.seen - problem.simulated(problem.system, start, times)
    except (ValueError, EnergyBalanceError):
        return None
    found = replace(noise_of(problem.rows.time, rest), digits=problem.noise.digits)
    return found if found.size < LESS * problem.noise.size else None


@dataclass(eq=False)
class Comparison:
    """A trajectory of one's own beside the theory; made by ``compare``, which raises a ValueError for bad data.

    Units: t_slow, l_slow, hbar Omega_slow.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
    >>> ct.compare(system, mine.time, mine.position, theory_points=0).passes.sizes["row"]
    4
    """

    system: System
    rows: Rows
    problem: Problem
    theory_points: int = 12
    remarks: tuple[Finding, ...] = ()

    @cached_property
    def run(self) -> Trajectory:
        """Our run from the same start, whose speed is fitted within its error to the first passes; l_slow, t_slow.

        Its time is counted from its start, ``comparison.start.time``.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> round(float(compared.run.velocity[0]), 6)
        50.0
        """
        return Trajectory._of(self.problem.run)

    @property
    def start(self) -> Start:
        """Time (t_slow), position (l_slow) and velocity (l_slow/t_slow) of the start, with their errors.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> compared.start.time, compared.start.position
        (0.0, 220.0)
        """
        return self.problem.fitted_start

    @cached_property
    def _midpoints(self) -> Midpoints:
        rows = self.rows
        if rows.position is not None:
            beside = midpoints_beside(self.problem) if too_coarse(self.system, rows) else None
            return midpoints(self.system, rows) if beside is None else beside
        assert rows.velocity is not None
        # Extrema of the speed, one a pass: where they lie does not matter, as all lie alike.
        place = self.start.position + self.system.chain.spacing * np.arange(rows.time.size, dtype=np.float64)
        # The extremum is flat: what the rows lose of it is second order in the step of the integrator.
        return Midpoints(rows.time, place, rows.velocity, np.full(rows.time.size, math.nan), 0.0)

    @cached_property
    def passes(self) -> xarray.Dataset:
        """One row for each lattice spacing passed, as an xarray.Dataset with units.

        ``time``, ``position``, ``speed`` (and its error) at the point midway between masses that is reached;
        ``energy_lost`` since the one before, in hbar Omega_slow, and its error from sampling; ``mean_speed`` in
        between; our own run: ``run_speed`` and ``run_energy_lost``; theory: ``constant_velocity`` (Eqs. 6, 7),
        ``static_lattice``, ``mean_over_passes`` (over the passes so far, of the first hundred), ``steady_state``
        (Eq. 10), and ``travelling_wave``, the exact steady state. NaN where theory does not apply or was not asked for.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> compared.passes["energy_lost"].values.round(4).tolist()
        [0.0137, 0.0166, 0.0167, 0.0151]
        """
        import xarray

        found = self._midpoints
        turn = np.diff(found.position) != 0.0
        if found.time.size < 2:
            turn = np.zeros(0, dtype=bool)

        def after(values: Array) -> Array:
            return values[1:][turn]

        kinetic = np.asarray(self.system.kinetic_energy(found.velocity))
        slope = 2.0 * np.asarray(self.system.kinetic_energy(1.0)) * np.abs(found.velocity) * found.error
        work = self.system.bias * np.diff(found.position) / self.system.chain.spacing
        time = np.diff(found.time)[turn]
        columns: dict[str, Array] = {
            "time": after(found.time),
            "position": after(found.position),
            "speed": np.abs(after(found.velocity)),
            "speed_error": after(found.error),
            "energy_lost": (work - np.diff(kinetic))[turn],
            "energy_lost_error": np.hypot(slope[1:], slope[:-1])[turn],
            "mean_speed": self.system.chain.spacing / time,
        }
        speed = np.abs(found.velocity[:-1][turn])
        columns |= self._of_run(columns["time"], columns["position"])
        columns |= self._theory(speed, columns["mean_speed"])
        data = {name: ("row", values, {"units": UNITS.get(name, ENERGY)}) for name, values in columns.items()}
        return xarray.Dataset(data, coords={"row": np.arange(1, time.size + 1)})

    def _of_run(self, time: Array, position: Array) -> dict[str, Array]:
        """Speed and loss of our run at the same points; NaN where it does not get there."""
        speed, lost = np.full(time.size, math.nan), np.full(time.size, math.nan)
        run = self.run
        if self.rows.position is None:
            inside = time - self.start.time <= run.time[-1]
            speed[inside] = np.abs(run.at(time[inside] - self.start.time)[1])
            before = np.concatenate([np.abs(self._midpoints.velocity[:1]), speed[:-1]])
            lost = self.system.bias - np.asarray(self.system.kinetic_energy(1.0)) * (speed**2 - before**2)
            lost[:1] = math.nan
        else:
            passes = run.passes
            place: dict[float, list[int]] = {}
            for index, at in enumerate(passes["position"].tolist()):
                place.setdefault(at, []).append(index)
            for row, at in enumerate(position.tolist()):
                if place.get(at):
                    index = place[at].pop(0)
                    speed[row], lost[row] = abs(passes["speed"][index]), passes["energy_lost"][index]
        return {"run_speed": speed, "run_energy_lost": lost}

    def _theory(self, speed: Array, mean: Array) -> dict[str, Array]:
        """What theory says of each pass, from the speed before it and the mean speed in it."""
        system, count = self.system, speed.size
        nothing = np.full(count, math.nan)
        columns = {
            name: nothing.copy()
            for name in ("constant_velocity", "static_lattice", "mean_over_passes", "steady_state", "travelling_wave")
        }
        chosen = np.unique(np.linspace(0, max(count - 1, 0), min(self.theory_points, count)).astype(int))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ValidityWarning)  # the data beside it say more
            _fill_all(columns["constant_velocity"], speed, system.single_pass_dissipation)
            _fill_all(columns["steady_state"], mean, system.mean_dissipation)
            for row in range(min(count, MOST_PASSES)):
                _fill(columns["mean_over_passes"], row, lambda r: system.finite_pass_dissipation(mean[r], r + 1))
            for row in chosen:
                _fill(
                    columns["static_lattice"], int(row),
                    lambda r: system.single_pass_dissipation(speed[r], approximation="static-lattice"),
                )  # fmt: skip
                _fill(
                    columns["travelling_wave"], int(row),
                    lambda r: system.mean_dissipation(mean[r], approximation="travelling-wave"),
                )  # fmt: skip
        return columns

    @cached_property
    def residual(self) -> xarray.Dataset:
        """Data minus our run, row by row, as an xarray.Dataset over ``time`` (t_slow).

        ``residual`` of the position (l_slow), or of the speed (l_slow/t_slow) where the data have no positions;
        ``tolerance``: how far noise, sampling and the error of our run explain one.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> bool(abs(compared.residual["residual"]).max() < 1e-8)
        True
        """
        import xarray

        unit = "l_slow/t_slow" if self.rows.position is None else "l_slow"
        rest, tolerance = self.problem.residual_of_run
        return xarray.Dataset(
            {"residual": ("time", rest, {"units": unit}), "tolerance": ("time", tolerance, {"units": unit})},
            coords={"time": ("time", self.rows.time, {"units": "t_slow"})},
        )

    @property
    def leaves_at(self) -> float | None:
        """When the data leave our run by more than five times the tolerance, in t_slow; None if they never do.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> print(compared.leaves_at)
        None
        """
        return self.problem.leaves_at

    @property
    def largest(self) -> float:
        """The largest residual in magnitude, in l_slow (of speeds alone in l_slow/t_slow).

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> compared.largest < 1e-8
        True
        """
        return float(np.max(np.abs(self.residual["residual"].values)))

    @cached_property
    def findings(self) -> list[Finding]:
        """Why the data leave our run: the faults that, once made on purpose, give the data; the best first.

        Each has ``code``, ``text``, ``improvement`` (the factor by which the residual falls) and ``parameters``
        (numbers in t_slow, l_slow, hbar Omega_slow); ``chaintheory/comparison/findings.py`` says how they are tested.
        Empty where the data follow our run.

        >>> import chaintheory as ct
        >>> chain, gaussian = ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)
        >>> heavy = ct.System(chain, gaussian, mass=1.3, bias=0.01).simulate(220.0, 50.0, duration=4.0)
        >>> light = ct.System(chain, gaussian, mass=1.0, bias=0.01)
        >>> [(found.code, round(found.parameters["factor"], 4)) for found in ct.compare(light, heavy).findings]
        [('mass', 1.3)]
        """
        return [*self.remarks, *find_faults(self.problem)]

    @cached_property
    def detectable(self) -> dict[str, float]:
        """The smallest fault of each kind that these data would show, by its code; infinite where none would be seen.

        Factors: how far from 1; ``time-step`` of a Verlet integrator in t_slow; ``temperature`` in hbar Omega_slow.
        Each is made and judged as the data are. Rows with much noise, or few passes, hide much: a smaller fault than
        these may be in data that agree.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> 0.0 < compared.detectable["mass"] < 0.001
        True
        """
        return detectable(self.problem)

    @property
    def agrees(self) -> bool:
        """Whether the data follow our run: within 1e-3 of a spacing (l_slow), or but for a harmless time step.

        Rows with noise are judged by their means over blocks, from the start that fits them best. What they hide is in
        ``detectable``; ``start=``, where it is known, lets them show more.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> compared.agrees
        True
        """
        if self.leaves_at is None or self.largest <= self._allowed:
            return all(remark.harmless for remark in self.remarks)
        return bool(self.findings) and all(finding.harmless for finding in self.findings)

    @property
    def _allowed(self) -> float:
        if self.rows.position is None:
            return OF_SPEED * float(np.max(np.abs(self.rows.seen)))
        return OF_SPACING * self.system.chain.spacing

    @property
    def verdict(self) -> str:
        """The result in one or more sentences, in the units of the system; of findings in t_slow, l_slow.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> compared.verdict.partition(":")[0]
        'The data follow our run over 4 passes'
        """
        count = int(np.count_nonzero(np.diff(self._midpoints.position)))
        scale = scale_of(self.system.units, None)
        kind = "speed" if self.rows.position is None else "length"
        unit, factor = scale.names[kind], getattr(scale, kind)
        largest, allowed = factor * self.largest, factor * self._allowed
        where = f"{count} passes"
        if self.leaves_at is None:
            text = f"The data follow our run over {where}: the largest residual is {largest:.2g} {unit}."
            texts = [text, *(remark.text for remark in self.remarks)]
            return " ".join(texts if self.problem.noise is None else [*texts, self._hidden(self.problem.noise)])
        leaves = f"{scale.time * self.leaves_at:.4g} {scale.names['time']}"
        reasons = " ".join(finding.text for finding in self.findings)
        if self.largest <= self._allowed:
            text = (
                f"The data agree with our run over {where}: the largest residual is {largest:.2g} {unit}, less "
                f"than {allowed:.2g} {unit}. From {leaves} on it is beyond the tolerance"
            )
            return f"{text}. {reasons}" if reasons else f"{text}; no fault that was tried explains it."
        text = f"The data leave our run at {leaves}; the largest residual over {where} is {largest:.2g} {unit}"
        if reasons:
            return f"{text}. {reasons}"
        if self.problem.too_long:
            return f"{text}. {self.problem.too_long}"
        few = count < LEAST_LOSSES and self.rows.position is not None and not self.problem.at_rest
        hidden = f" A temperature shows in {LEAST_LOSSES} passes or more." if few else ""
        return f"{text}. No fault that was tried explains it.{hidden}"

    def _hidden(self, noise: Noise) -> str:
        """What noise hides, in one sentence."""
        scale = scale_of(self.system.units, None)
        kinds = {"time-step": "time", "temperature": "energy"}

        def limit(code: str, least: float) -> str:
            if least == math.inf:
                return f"{code} of any size"
            if kind := kinds.get(code):
                return f"{code} below {getattr(scale, kind) * least:.2g} {scale.names[kind]}"
            return f"{code} off by less than " + (
                f"{100.0 * least:.2g} %" if least < 0.5 else f"{1.0 + least:.2g} times"
            )

        words = ", ".join(limit(*one) for one in self.detectable.items())
        return f"Noise of {scale.length * noise.size:.2g} {scale.names['length']} hides these faults: {words}."

    def to_dataframe(self) -> pd.DataFrame:
        """The passes as a pandas DataFrame, one row each, in the units of ``passes`` (l_slow, t_slow, hbar Omega_slow).

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> compared.to_dataframe()[["energy_lost", "run_energy_lost"]].round(4).values.tolist()[:2]
        [[0.0137, 0.0137], [0.0166, 0.0166]]
        """
        return self.passes.to_dataframe()

    def in_units(self, units: str | Units | None = None) -> xarray.Dataset:
        """The passes in other units, which the attributes ``units`` name, as an xarray Dataset over ``row``.

        ``units``: ``"SI"``, ``"metal"`` (angstrom, ps, eV), ``Units``, or ``"model"``; by default those of the system.
        A TypeError or ValueError for others, and for physical units of a system that has none.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> lost = compared.in_units(ct.Units(mass=6.6e-26, omega_slow=1e12, shown="metal"))["energy_lost"]
        >>> lost.values[:2].round(8).tolist(), lost.attrs["units"]
        ([8.99e-06, 1.091e-05], 'eV')
        """
        scale = scale_of(self.system.units, units)
        kinds = {name: kind for kind, name in Scale.of_model().names.items()}

        def converted(column: xarray.DataArray) -> xarray.DataArray:
            kind = kinds[column.attrs["units"]]
            return (getattr(scale, kind) * column).assign_attrs(units=scale.names[kind])

        return self.passes.assign({name: converted(column) for name, column in self.passes.items()})

    def plot(self, ax: Any = None, *, units: str | Units | None = None) -> Figure:
        """Draw speed, loss per pass and residual: data, theory, our run.

        ``ax``: three axes, or None for a new figure. ``units``: ``"model"`` (t_slow, l_slow, hbar Omega_slow),
        ``"SI"``, ``"metal"`` or ``Units``; by default those of the system. Returns the Matplotlib figure. A ValueError
        for another number of axes or unknown units, an ImportError where Matplotlib is missing.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
        >>> mine = system.simulate(position=220.0, speed=50.0, duration=4.0)
        >>> compared = ct.compare(system, mine.time, mine.position, theory_points=0)
        >>> len(compared.plot().axes)
        3
        """
        return draw(self.passes, self.residual, self.leaves_at, self.start.time, scale_of(self.system.units, units), ax)

    def __repr__(self) -> str:
        rows = self.rows.time
        return f"Comparison({rows.size} rows, tau = {rows[0]:g} .. {rows[-1]:g}: {self.verdict})"

    def _repr_html_(self) -> str:
        passes = self.in_units()
        table = passes.to_dataframe().rename(columns={name: f"{name} ({passes[name].units})" for name in passes})
        head = table.head(12).to_html(float_format="{:.6g}".format)
        more = f"<p>and {len(table) - 12} more passes</p>" if len(table) > 12 else ""
        return f"<p>{html.escape(self.verdict)}</p>{head}{more}"


def _fill(column: Array, row: int, value: Any) -> None:
    """Put a value into a row; where theory refuses it stays NaN."""
    try:
        column[row] = float(value(row))
    except ValueError:
        pass


def _fill_all(column: Array, speed: Array, value: Any) -> None:
    """Put the values at all speeds into a column; one by one where theory refuses some of them."""
    try:
        column[:] = value(speed)
    except ValueError:
        for row in range(speed.size):
            _fill(column, row, lambda r: value(speed[r]))
