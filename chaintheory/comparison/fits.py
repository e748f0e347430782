"""Our run from the start of the data, and models with one parameter fitted to them by least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.noise import IN_A_PASS, Noise
from chaintheory.comparison.sampling import CELL, Rows, slopes
from chaintheory.parameters import SystemParameters
from chaintheory.simulation.energy_balance import EnergyBalanceError
from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.run import simulate
from chaintheory.simulation.settings import checked_run
from chaintheory.support.validation import number, shown

Array = NDArray[np.float64]

# Rows that a fit looks at, spread evenly; of rows with noise more, as their means know more.
MOST_ROWS, MOST_NOISY = 2000, 20_000
# What is known of our run: position to this part of a spacing, and as if its start were off by this part.
OWN_ERROR, START_ERROR = 1e-8, 1e-8
# Noise below this part of a spacing is not averaged.
AVERAGED = 1e-6
# Speeds at their extrema are read off backward differences: relative error.
EXTREMUM_ERROR = 2e-5
LEAVES = 5.0
SHORTER = 4  # parts that the start is fitted to: two passes and halves of the one before
EXPLAINED = 3.0  # tolerances of a residual that they explain
FEWEST = 8  # blocks that are judged
ENOUGH = 0.01  # of a sum of squares, in tolerances, that a fit may leave on the table
LEFT = 0.03  # of an error that was taken off
FARTHEST = 4.0  # errors by which a start may be off
RESTING = 2.0  # tolerances by which a particle at rest scatters
FIRST = 4.0  # passes in which factors are looked for on a grid
FIRST_STEPS, MOST_STEPS = 20_000, 100_000  # of a run through the first passes, and through all: a second or more
LONGEST_DIRECT = 30.0  # t_slow, of runs that cost as the square of their length


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
    """Parameters and start that fit best, and the misfit: root mean square residual in tolerances.

    ``explained``: noise and the error of our run explain what is left.
    """

    parameters: Array
    start: Start
    misfit: float
    error: Array
    explained: bool = False


class Problem:
    """The data, our run from their start, and what a residual of one tolerance is."""

    def __init__(
        self,
        system: SystemParameters,
        rows: Rows,
        start: Start,
        noise: Noise | None = None,
        tell: Callable[[str], None] = lambda what: None,
    ) -> None:
        self.system, self.rows, self.start, self.measured = system, rows, start, noise
        self.tell = tell  # what is tried next
        # Scatter that is as small as the error of our run is taken as one.
        averaged = noise is not None and noise.size > AVERAGED * system.chain.spacing
        self.noise = noise if averaged else None
        self.scatter = 0.0 if noise is None else noise.digits if averaged else noise.size
        keep = np.unique(
            np.linspace(0, rows.time.size - 1, MOST_ROWS if self.noise is None else MOST_NOISY).astype(int)
        )
        self.time, self.seen = rows.time[keep] - start.time, rows.seen[keep]

    def less(self, error: Array) -> Problem:
        """The same with a known error taken off the rows that fits look at; as far as it is known."""
        rows = Rows(self.time[: error.size] + self.start.time, *self._taken_off(error))
        other = Problem(self.system, rows, self.start, self.measured, self.tell)
        # What is left of the error is some per cent of it.
        if self.noise is None:
            other.__dict__["fitted_start"] = self.fitted_start
        other.__dict__["own_error"] = np.hypot(
            self.own_error[: error.size], LEFT * np.maximum.accumulate(np.abs(error))
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
    def usual_speed(self) -> float:
        """The larger one of the speed at the start and the mean speed."""
        way = 0.0 if self.rows.position is None else float(np.ptp(self.seen))
        return max(abs(self.start.velocity), way / self.duration)

    @property
    def at_rest(self) -> bool:
        """Whether the particle never moves, but for noise."""
        size = self._first_scale if self.noise is None else math.hypot(self._first_scale, self.noise.size)
        return self.rows.position is not None and float(np.std(self.seen)) <= RESTING * size

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
        longer = duration + 1e-3 * duration + min(0.05, 0.5 * duration)
        return simulate(system, start.position, start.velocity, longer, **options)

    def steps(self, duration: float) -> float:
        """Steps that our run of the system takes; infinite where it is refused."""
        try:
            return checked_run(self.system, self.start.position, self.start.velocity, duration).steps
        except ValueError:
            return math.inf

    @cached_property
    def too_long(self) -> str | None:
        """Why no fault is looked for, where each of the hundreds of runs that this costs would be long."""
        if self.steps(self.duration) <= MOST_STEPS:
            return None
        return (
            f"No fault was looked for, as each run would take more than {MOST_STEPS} steps: compare the first rows "
            "only, if time and position are in t_slow and l_slow."
        )

    @cached_property
    def _first_rows(self) -> int:
        """The most rows that are first ones: their run is short even where the particle hardly moves."""
        part = FIRST_STEPS / max(self.steps(self.duration), 1.0)
        return self.time.size if part >= 1.0 else int(np.searchsorted(self.time, part * self.duration))

    def plain(self, _: Array, start: Start, times: Array) -> Array:
        """The model without a fault."""
        return self.simulated(self.system, start, times)

    @cached_property
    def fitted_start(self) -> Start:
        """The start, moved within its errors to fit the first two passes; with noise, as much as our run explains."""
        return self.first_fit[0] if self.noise is None else self._followed[0]

    @cached_property
    def first_fit(self) -> tuple[Start, int]:
        """The start that fits the first two passes, and how many rows our run from it explains.

        A fault that acts earlier would move it: then less is fitted, if our run explains that.
        """
        fits: list[Fit] = []
        for last in dict.fromkeys(self.rows_of(0.5**n * 2.0) for n in range(SHORTER)):
            fits.append(self.fit(self.plain, np.empty(0), last))
            if fits[-1].explained:
                return fits[-1].start, last
        return fits[0].start, 0

    def rows_of(self, passes: float) -> int:
        """Rows of the first so many passes, of those that fits look at; enough to fit to."""
        least = 24 if self.noise is None else 4 * FEWEST
        many = min(int(np.searchsorted(self.time, passes * self.passing)), self._first_rows)
        return min(max(least, many), self.time.size)

    @property
    def followed_rows(self) -> int:
        """Of rows with noise: how many our run explains, from the start that fits them best; else 0."""
        return 0 if self.noise is None else self._followed[1]

    @cached_property
    def _followed(self) -> tuple[Start, int]:
        """Of rows with noise: the start that fits as many as our run explains, and how many these are."""
        start, good, whole = self.start, 0, self.time.size

        def fit(last: int) -> Fit:
            return self.fit(self.plain, np.empty(0), last, start)

        for last in sorted({self.rows_of(2.0 * 3.0**n) for n in range(12)}):
            found = fit(last)
            if not found.explained:
                break
            start, good = found.start, last
        else:
            return start, whole
        if not good:
            return found.start, 0
        while last - good > max(4, good // 16):
            middle = (good + last) // 2
            found = fit(middle)
            if found.explained:
                start, good = found.start, middle
            else:
                last = middle
        return start, good

    @cached_property
    def run(self) -> Trajectory:
        """Our run from the fitted start, half a pass longer than the data; at rest a pass would take for ever."""
        longer = min(0.5 * self.passing, self.duration)
        return self.carried(self.system, self.fitted_start, self.duration + longer)

    @cached_property
    def tolerance(self) -> Array:
        """Size of a residual that noise and the error of our run explain, at the rows that fits look at."""
        return self.own_error if self.noise is None else np.hypot(self.own_error, self.noise.size)

    @cached_property
    def own_error(self) -> Array:
        """The part of the tolerance that does not average out from row to row."""
        start, growth = self.fitted_start, np.maximum.accumulate(np.abs(self.growth))
        moved = START_ERROR * abs(start.velocity)
        if self.noise is None:  # with noise the start is fitted to all rows instead
            error, explained = start.velocity_error, self.first_fit[1]
            if explained:  # the rows themselves know it better than the slope at the first
                error = min(error, self._first_scale / float(np.sqrt(np.mean(growth[:explained] ** 2))))
            moved = max(moved, 0.3 * error)
        return np.hypot(self._first_scale, moved * growth)

    @cached_property
    def growth(self) -> Array:
        """Change of what is seen with the velocity at the start, at the rows that fits look at."""
        start = self.fitted_start
        step = max(1e-6 * abs(start.velocity), 1e-12)
        return self._change(replace(start, velocity=start.velocity + step), step)

    @cached_property
    def shifted(self) -> Array:
        """Change of what is seen with the position at the start, at the rows that fits look at."""
        step = 1e-6 * self.system.chain.spacing
        return self._change(replace(self.fitted_start, position=self.fitted_start.position + step), step)

    def _change(self, start: Start, step: float) -> Array:
        other = self.simulated(self.system, start, self.time)
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
        """When the data leave our run for good: the start of the last time that they are away from it.

        With noise: the end of the rows that our run explains, from the start that fits these best.
        """
        if self.noise is not None:
            last = self.followed_rows
            return None if last == self.time.size else float(self.time[last] + self.start.time)
        rest, tolerance = self.residual_of_run
        away = np.abs(rest) > LEAVES * tolerance
        # One row in a hundred may be away by chance or by a misprint.
        if np.count_nonzero(away) <= max(1, away.size // 100):
            return None
        return float(self.rows.time[int(np.argmax(away))])

    def misfit(self, model: Model, parameters: Array, start: Start, last: int) -> float:
        """Root mean square residual in tolerances over the first rows; infinite where the model is refused."""
        try:
            return self.size_of(self.seen[:last] - model(parameters, start, self.time[:last]))
        except (ValueError, EnergyBalanceError):
            return math.inf

    def size_of(self, rest: Array) -> float:
        """Root mean square of a residual in tolerances; of rows with noise, of their means over blocks."""
        return float(np.sqrt(np.mean(self.weighed(rest) ** 2)))

    def weighed(self, rest: Array) -> Array:
        """A residual of the first rows in tolerances: row by row, or with noise block by block."""
        own = self._own(rest.size)
        if self.noise is None:
            return rest / own
        first, count = self._blocks(rest.size)
        return (np.add.reduceat(rest, first) / count) / np.hypot(self.noise.size / np.sqrt(count), own[first])

    def explained(self, rest: Array, fitted: int = 0) -> bool:
        """Whether noise and the error of our run explain a residual of the first rows."""
        if self.noise is None:
            return self.size_of(rest) <= EXPLAINED
        first, count = self._blocks(rest.size)
        means = np.add.reduceat(rest, first) / count
        return self.noise.surprise(means, self._own(rest.size)[first], count, fitted) <= 1.0

    def shown(self, rest: Array) -> bool:
        """Whether a fault that moves all rows by so much would be seen: what another start explains is not."""
        moved = self.growth * self.start.velocity_error
        if self.noise is None:  # the start is fitted to the first passes
            first = self.rows_of(2.0)
            column, seen = (self.weighed(one[:first]) for one in (moved, rest))
            shift = float(column @ seen) / (1.0 + float(column @ column))
            away = np.abs(rest - min(max(shift, -FARTHEST), FARTHEST) * moved) > LEAVES * self.tolerance
            return int(np.count_nonzero(away)) > max(1, away.size // 100)
        both = np.stack([moved, self.shifted * self.start.position_error])
        columns = np.stack([np.append(self.weighed(one), np.eye(2)[i]) for i, one in enumerate(both)], axis=1)
        shifts = np.linalg.lstsq(columns, np.append(self.weighed(rest), np.zeros(2)), rcond=None)[0]
        at, count = self._blocks(rest.size)
        means = np.add.reduceat(rest - shifts @ both, at) / count
        return self.noise.shown(means, self._own(rest.size)[at], count)

    def _own(self, last: int) -> Array:
        """The error of our run at the first rows; at first, before the start is fitted, without that of the start."""
        return self.own_error[:last] if "own_error" in self.__dict__ else np.full(last, self._first_scale)

    def _blocks(self, last: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """First rows of the blocks that the first rows fall into, and how many they are."""
        block = self.passing / IN_A_PASS
        number = np.floor(self.time[:last] / block)
        if number[-1] - number[0] < FEWEST:
            number = np.floor(FEWEST * np.arange(last) / last)
        first = np.flatnonzero(np.diff(number, prepend=-1.0))
        return first, np.diff(first, append=last)

    @cached_property
    def _first_scale(self) -> float:
        """What is known of our run from a certain start, and of the rows but for their noise."""
        if self.rows.position is None:
            return EXTREMUM_ERROR * float(np.max(self.seen))
        return math.hypot(OWN_ERROR * self.system.chain.spacing, self.scatter)

    def fit(self, model: Model, parameters: Array, last: int, start: Start | None = None, rough: float = 0.0) -> Fit:
        """Least squares over the first rows, in the parameters and, within its errors, the start.

        ``rough``: the fit ends where it lowers the sum of squares by less than this part of it.
        """
        count, origin = parameters.size, self.start
        many = last if self.noise is None else self._blocks(last)[0].size
        free = [i for i, error in enumerate((origin.position_error, origin.velocity_error)) if error > 0.0]

        def unpack(x: Array) -> tuple[Array, Start]:
            shift = [0.0, 0.0]
            for i, value in zip(free, x[count:], strict=True):
                shift[i] = float(value)
            return x[:count], origin.moved(shift)

        def rest(x: Array) -> Array:
            try:
                weighted = self.weighed(self.seen[:last] - model(*unpack(x), self.time[:last]))
            except (ValueError, EnergyBalanceError):
                weighted = np.full(many, 1e30)
            return np.concatenate([weighted, x[count:]]) / math.sqrt(many)

        guess = np.concatenate([parameters, np.zeros(len(free))])
        if start is not None:
            now = (
                (start.position - origin.position) / origin.position_error if origin.position_error else 0.0,
                (start.velocity - origin.velocity) / origin.velocity_error if origin.velocity_error else 0.0,
            )
            guess[count:] = [FARTHEST * math.atanh(min(max(now[i] / FARTHEST, -0.99), 0.99)) for i in free]
        steps = np.concatenate([np.full(count, 1e-6), np.full(len(free), 0.3)])
        if guess.size:
            found, slope = least_squares(rest, guess, steps, ENOUGH / many, rough)
            best, where = unpack(found)
            error = np.sqrt(np.diag(np.linalg.pinv(slope.T @ slope))[:count] / many)
        else:
            best, where, error = parameters, origin, np.empty(0)
        try:
            left = self.seen[:last] - model(best, where, self.time[:last])
        except (ValueError, EnergyBalanceError):
            return Fit(best, where, math.inf, error)
        misfit = self.size_of(left)
        return Fit(best, where, misfit, error * max(misfit, 1.0), self.explained(left, guess.size))


def problem_of(
    system: SystemParameters,
    rows: Rows,
    given: Sequence[float] | None,
    noise: Noise | None,
    tell: Callable[[str], None],
) -> Problem:
    """The problem of comparing some rows, from a given start, or from the first row with the slope there."""
    return Problem(system, rows, _start(system, rows, given, noise), noise, tell)


def _start(system: SystemParameters, rows: Rows, given: Sequence[float] | None, noise: Noise | None) -> Start:
    """Where the run starts: as given, or the first row with the slope there."""
    if given is not None:
        try:
            time, position, velocity = given
        except (TypeError, ValueError):
            raise ValueError(f"start must be time, position and velocity, got {shown(given)}") from None
        values = number("start", time), number("start", position), number("start", velocity)
        if values[0] > rows.time[0]:
            raise ValueError(f"start must not be later than the first row at {rows.time[0]:g}, got {values[0]:g}")
        return Start(*values)
    if rows.position is None:
        raise ValueError("start must be given (time, position, velocity) where there are no positions")
    scatter = 0.0 if noise is None else noise.size
    found = slopes(rows.time, rows.position, rows.time[:1], within=CELL * system.chain.spacing, noise=scatter)
    velocity, error = float(found.velocity[0]), float(found.error[0])
    if rows.velocity is not None:
        velocity, error = float(rows.velocity[0]), 1e-9 * abs(float(rows.velocity[0]))
    # A start midway between masses is to stay there if it is off by rounding only.
    at = scatter if scatter > AVERAGED * system.chain.spacing else 0.0
    return Start(float(rows.time[0]), float(rows.position[0]), velocity, at, error)


MOST_TRIALS = 12


def least_squares(
    rest: Callable[[Array], Array], guess: Array, steps: Array, least: float, rough: float = 0.0
) -> tuple[Array, Array]:
    """Levenberg and Marquardt's method for a residual that costs a run: where its square is least, and the Jacobian.

    The Jacobian is measured with ``steps``, then corrected by what each trial shows (Broyden), and measured again only
    where it misleads. The search ends where a trial lowers the square by less than ``least``, or ``rough`` times it.

    >>> valley = lambda x: np.array([x[0] - 3.0, 10.0 * (x[1] - x[0])])
    >>> x, _ = least_squares(valley, np.ones(2), np.full(2, 1e-6), 1e-20)
    >>> x.round(6).tolist()
    [3.0, 3.0]
    """
    x, here = guess, rest(guess)

    def measured() -> Array:
        return np.stack([(rest(x + step) - here) / step.sum() for step in np.diag(steps)], axis=1)

    slope, fresh, damping = measured(), True, 0.0
    for _ in range(MOST_TRIALS):
        scale = np.maximum(np.sqrt(np.sum(slope**2, axis=0)), 1e-300)
        wide = np.concatenate([slope / scale, math.sqrt(damping) * np.eye(x.size)])
        move = np.linalg.lstsq(wide, np.concatenate([-here, np.zeros(x.size)]), rcond=None)[0] / scale
        new = rest(x + move)
        drop = float(here @ here - new @ new)
        if drop > 0.0:
            along = move * scale**2
            slope = slope + np.outer(new - here - slope @ move, along) / float(move @ along)
            x, here, fresh, damping = x + move, new, False, 0.1 * damping
            if drop < max(least, rough * float(here @ here)):
                break
        elif drop > -least:
            break
        elif not fresh:
            slope, fresh = measured(), True
        else:
            damping = max(10.0 * damping, 1e-3)
    return x, slope
