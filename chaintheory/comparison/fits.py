"""Our run from the start of the data, and models with one parameter fitted to them by least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.sampling import Rows
from chaintheory.parameters import SystemParameters
from chaintheory.simulation.energy_balance import EnergyBalanceError
from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.run import simulate

Array = NDArray[np.float64]

MOST_ROWS = 2000  # that a fit looks at, spread evenly
# What is known of our run: position to this part of a spacing, and as if its start were off by this part.
OWN_ERROR, START_ERROR = 1e-8, 1e-8
# Speeds at their extrema are read off backward differences: relative error.
EXTREMUM_ERROR = 2e-5
LEAVES = 5.0
LEFT = 0.03  # of an error that was taken off
FARTHEST = 4.0  # errors by which a start may be off


@dataclass(frozen=True)
class Start:
    """Where a run starts, and the errors of position and velocity; t_slow, l_slow, l_slow/t_slow."""

    time: float
    position: float
    velocity: float
    position_error: float = 0.0
    velocity_error: float = 0.0

    def moved(self, shift: Sequence[float]) -> Start:
        """The start moved by so many errors, but never by more than ``FARTHEST``."""
        x, v = (FARTHEST * math.tanh(one / FARTHEST) for one in shift)
        return replace(
            self,
            position=self.position + x * self.position_error,
            velocity=self.velocity + v * self.velocity_error,
        )

    @property
    def certain(self) -> bool:
        """Whether there is nothing to fit."""
        return self.position_error == 0.0 and self.velocity_error == 0.0


# Parameters, start and times (t_slow, from the start on) to what the data would be.
Model = Callable[[Array, Start, Array], Array]


@dataclass(frozen=True)
class Fit:
    """Parameters and start that fit best, and the misfit: root mean square residual in tolerances."""

    parameters: Array
    start: Start
    misfit: float
    error: Array


class Problem:
    """The data, our run from their start, and what a residual of one tolerance is."""

    def __init__(self, system: SystemParameters, rows: Rows, start: Start) -> None:
        self.system, self.rows, self.start = system, rows, start
        keep = np.unique(np.linspace(0, rows.time.size - 1, MOST_ROWS).astype(int))
        self.time, self.seen = rows.time[keep] - start.time, rows.seen[keep]

    def less(self, error: Array) -> Problem:
        """The same with a known error taken off the rows that fits look at; as far as it is known."""
        rows = Rows(self.time[: error.size] + self.start.time, *self._taken_off(error))
        other = Problem(self.system, rows, self.start)
        # What is left of the error is some per cent of it.
        other.__dict__["fitted_start"] = self.fitted_start
        other.__dict__["tolerance"] = np.hypot(
            self.tolerance[: error.size], LEFT * np.maximum.accumulate(np.abs(error))
        )
        return other

    def _taken_off(self, error: Array) -> tuple[Array | None, Array | None]:
        seen = self.seen[: error.size] - error
        return (None, seen) if self.rows.position is None else (seen, None)

    @property
    def passing(self) -> float:
        """Time of one pass at the speed of the start."""
        return self.system.chain.spacing / max(abs(self.start.velocity), 1e-30)

    @cached_property
    def duration(self) -> float:
        """From the start to the last row."""
        return float(self.time[-1])

    def look(self, run: Trajectory, times: Array) -> Array:
        """What the data show of a run: positions, or speeds."""
        position, velocity = run.at(np.clip(times, 0.0, run.time[-1]))
        beyond = np.maximum(times - run.time[-1], 0.0)
        return np.abs(velocity) if self.rows.position is None else position + beyond * run.velocity[-1]

    def simulated(self, system: SystemParameters, start: Start, times: Array, **options: Any) -> Array:
        """A run in the infinite chain as the data show it, at times after its start."""
        return self.look(self.carried(system, start, float(times[-1]), **options), times)

    def carried(self, system: SystemParameters, start: Start, duration: float, **options: Any) -> Trajectory:
        """A run in the infinite chain, a little longer than asked."""
        longer = duration + 1e-3 * duration + 0.05
        return simulate(system, start.position, start.velocity, longer, **options)

    def plain(self, _: Array, start: Start, times: Array) -> Array:
        """The model without a fault."""
        return self.simulated(self.system, start, times)

    @cached_property
    def fitted_start(self) -> Start:
        """The start, moved within its errors to fit the first two passes."""
        if self.start.certain:
            return self.start
        first = max(16, int(np.searchsorted(self.time, 2.0 * self.passing)))
        return self.fit(self.plain, np.empty(0), first).start

    @cached_property
    def run(self) -> Trajectory:
        """Our run from the fitted start, half a pass longer than the data."""
        return self.carried(self.system, self.fitted_start, self.duration + 0.5 * self.passing)

    @cached_property
    def tolerance(self) -> Array:
        """Size of a residual that noise and the error of our run explain, at the rows that fits look at."""
        start, growth = self.fitted_start, np.maximum.accumulate(np.abs(self.growth))
        moved = max(START_ERROR * abs(start.velocity), 0.3 * start.velocity_error) * growth
        if self.rows.position is None:
            own = np.full(self.time.size, EXTREMUM_ERROR * float(np.max(self.seen)))
        else:
            own = np.full(self.time.size, math.hypot(OWN_ERROR * self.system.chain.spacing, start.position_error))
        return np.hypot(own, moved)

    @cached_property
    def growth(self) -> Array:
        """Change of what is seen with the velocity at the start, at the rows that fits look at."""
        start = self.fitted_start
        step = max(1e-6 * abs(start.velocity), 1e-12)
        other = self.simulated(self.system, replace(start, velocity=start.velocity + step), self.time)
        return np.asarray((other - self.look(self.run, self.time)) / step)

    @cached_property
    def residual(self) -> Array:
        """Data minus our run at the rows that fits look at."""
        return np.asarray(self.seen - self.look(self.run, self.time))

    @cached_property
    def residual_of_run(self) -> tuple[Array, Array]:
        """Data minus our run, and the tolerance, at all rows."""
        times = self.rows.time - self.start.time
        return self.rows.seen - self.look(self.run, times), np.interp(times, self.time, self.tolerance)

    @cached_property
    def leaves_at(self) -> float | None:
        """When the data leave our run for good: the start of the last time that they are away from it."""
        rest, tolerance = self.residual_of_run
        away = np.abs(rest) > LEAVES * tolerance
        # One row in a hundred may be away by chance or by a misprint.
        if np.count_nonzero(away) <= max(1, away.size // 100):
            return None
        return float(self.rows.time[int(np.argmax(away))])

    def misfit(self, model: Model, parameters: Array, start: Start, last: int) -> float:
        """Root mean square residual in tolerances over the first rows; infinite where the model is refused."""
        try:
            rest = self._weighted(model, parameters, start, last)
        except (ValueError, EnergyBalanceError):
            return math.inf
        return float(np.sqrt(np.mean(rest**2)))

    def _weighted(self, model: Model, parameters: Array, start: Start, last: int) -> Array:
        scale = self._first_scale if "tolerance" not in self.__dict__ else self.tolerance[:last]
        return (self.seen[:last] - model(parameters, start, self.time[:last])) / scale

    @property
    def _first_scale(self) -> float:
        """Scale of the residual before the tolerance is known, which needs the fitted start."""
        if self.rows.position is None:
            return EXTREMUM_ERROR * float(np.max(self.seen))
        return math.hypot(OWN_ERROR * self.system.chain.spacing, self.start.position_error)

    def fit(self, model: Model, parameters: Array, last: int, start: Start | None = None) -> Fit:
        """Least squares over the first rows, in the parameters and, within its errors, the start."""
        from scipy.optimize import least_squares

        count, origin = parameters.size, self.start
        free = [i for i, error in enumerate((origin.position_error, origin.velocity_error)) if error > 0.0]

        def unpack(x: Array) -> tuple[Array, Start]:
            shift = [0.0, 0.0]
            for i, value in zip(free, x[count:], strict=True):
                shift[i] = float(value)
            return x[:count], origin.moved(shift)

        root = math.sqrt(last)

        def rest(x: Array) -> Array:
            try:
                weighted = self._weighted(model, *unpack(x), last)
            except (ValueError, EnergyBalanceError):
                weighted = np.full(last, 1e30)
            return np.concatenate([weighted / root, x[count:] / root])

        def slope(x: Array) -> Array:
            here = rest(x)
            return np.stack([(rest(x + step) - here) / step.sum() for step in np.diag(steps)], axis=1)

        guess = np.concatenate([parameters, np.zeros(len(free))])
        if start is not None:
            now = (
                (start.position - origin.position) / origin.position_error if origin.position_error else 0.0,
                (start.velocity - origin.velocity) / origin.velocity_error if origin.velocity_error else 0.0,
            )
            guess[count:] = [FARTHEST * math.atanh(min(max(now[i] / FARTHEST, -0.99), 0.99)) for i in free]
        if not guess.size:
            return Fit(parameters, origin, self.misfit(model, parameters, origin, last), np.empty(0))
        steps = np.concatenate([np.full(count, 1e-6), np.full(len(free), 0.3)])
        found = least_squares(rest, guess, jac=slope, method="lm", xtol=1e-12, ftol=1e-8, gtol=1e-14, max_nfev=10)
        best, where = unpack(found.x)
        covariance = np.linalg.pinv(found.jac.T @ found.jac) / last
        misfit = self.misfit(model, best, where, last)
        return Fit(best, where, misfit, np.sqrt(np.diag(covariance)[:count]) * max(misfit, 1.0))
