"""An integrator with a finite step: the error of each scheme is made, and fitted to data minus our run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.faulty_runs import explicit_chain
from chaintheory.comparison.finding import ALIKE, KEPT, Finding, fitted
from chaintheory.comparison.fits import Fit, Problem
from chaintheory.comparison.losses import deviations
from chaintheory.lattice.dispersion import band_top
from chaintheory.simulation.energy_balance import EnergyBalanceError

Array = NDArray[np.float64]

MOST_STEPS, LONGER = 12_000, 4.0  # of an explicit chain; of few rows far apart so many times as many
# Schemes, each with the power of the step at which its error falls.
SCHEMES = {"kick and exact chain": 2, "Verlet": 2, "symplectic Euler": 1, "Runge-Kutta": 4}
# Steps in a fast period that are tried first: where the error is in proportion to a power of the step, and coarser.
RATES = (100.0, 60.0, 20.0, 10.0, 7.0, 5.5, 4.5, 3.6)
TRIALS, SETTLED = 4, 1e-3  # of the step until it changes by less
HARMLESS = 0.05  # of the losses
SURE = 100.0  # fall of the residual at which the scheme itself is believed, though a part is left


@dataclass(frozen=True)
class StepError:
    """The error that a scheme makes at the first rows: scaled, and the start shifted, to fit them.

    ``left`` and ``before``: misfits of what it was fitted to, with and without.
    """

    scheme: str
    time_step: float
    scale: float
    shift: float
    error: Array
    left: float
    before: float

    @property
    def settles_at(self) -> float:
        """The step whose error needs no scale, if it goes with its power."""
        return float(self.time_step * self.scale ** (1.0 / SCHEMES[self.scheme]))


def step_errors(problem: Problem, passes: float) -> Iterator[StepError]:
    """The error of each scheme, at the step that fits the first passes best: what comes later may be another fault."""
    top = band_top(problem.system.chain)
    first = float(problem.time[problem.rows_of(passes) - 1])
    for scheme in SCHEMES:
        problem.tell(f"time step of {scheme}")
        tried = [_fitted_error(problem, scheme, 1.0 / (top * rate), first) for rate in RATES]
        best = _settled(problem, min((one for one in tried if one is not None), key=lambda one: one.left, default=None))
        if best is None:
            continue
        whole = _error_of(problem, scheme, best.time_step, problem.duration)
        if whole is not None:
            whole = best.scale * whole + best.shift * problem.growth[: whole.size] * problem.start.velocity_error
            yield replace(best, error=whole)


def _settled(problem: Problem, best: StepError | None) -> StepError | None:
    """The step that its error in proportion to a power of it leads to, until that changes little."""
    for _ in range(TRIALS if best is not None else 0):
        assert best is not None
        if abs(best.settles_at / best.time_step - 1.0) < SETTLED:
            break
        found = _fitted_error(problem, best.scheme, best.settles_at, float(problem.time[best.error.size - 1]))
        if found is None or found.left >= best.left:
            break
        best = found
    return best


def _fitted_error(problem: Problem, scheme: str, step: float, duration: float) -> StepError | None:
    """The error at one step, scaled (and the start shifted) to fit; None where it is not like that of the data."""
    if not step < STABLE[scheme] / (math.pi * band_top(problem.system.chain)):
        return None
    error = _error_of(problem, scheme, step, duration)
    if error is None:
        return None
    rest = problem.residual[: error.size]
    moved = problem.growth[: error.size] * problem.start.velocity_error
    columns = np.stack([problem.weighed(error), problem.weighed(moved)], axis=1)
    weighed = problem.weighed(rest)
    # The slope of rows that a scheme made is not its velocity, by a power of the step: the shift is free.
    scale, shift = np.linalg.lstsq(columns, weighed, rcond=None)[0]
    if not 1e-4 < scale < 1e4:
        return None
    fitted = scale * error + shift * moved
    return StepError(scheme, step, scale, shift, fitted, problem.size_of(rest - fitted), problem.size_of(rest))


# Largest stable step, in units of 1/(pi omega_fast).
STABLE = {"kick and exact chain": 1.0, "Verlet": 1.0, "symplectic Euler": 1.0, "Runge-Kutta": 1.4}


def _error_of(problem: Problem, scheme: str, step: float, duration: float) -> Array | None:
    """What a scheme sees at the rows of the first part of the data, less what our run does; None where it is refused.

    An explicit chain is carried no longer than it is worth.
    """
    start = problem.fitted_start
    if scheme != "kick and exact chain":
        duration = min(duration, MOST_STEPS * step / (4.0 if scheme == "Runge-Kutta" else 1.0))
    last = min(max(24, int(np.searchsorted(problem.time, duration, "right"))), problem.time.size)
    times = problem.time[:last]
    if scheme != "kick and exact chain" and times[-1] > LONGER * MOST_STEPS * step:
        return None  # a step so small that no error of it shows
    try:
        if scheme == "kick and exact chain":
            other = problem.simulated(problem.system, start, times, order=2, time_step=step)
        else:
            whole = float(times[-1]) + 2.0 * step
            run = explicit_chain(problem.system, scheme, start.position, start.velocity, whole, step)
            other = problem.look(run, times)
    except (ValueError, EnergyBalanceError):
        return None
    return np.asarray(other - problem.look(problem.run, times))


def of_time_step(problem: Problem, errors: Sequence[StepError]) -> Iterator[Finding]:
    """An integrator of finite step, judged over as much of the data as its explicit chain was carried."""
    least = min((one.left for one in errors), default=math.inf)
    tried: list[tuple[StepError, Fit, float]] = []
    for early in errors:
        if early.left > KEPT * max(least, 1.0):
            continue
        one = _settled(problem, _fitted_error(problem, early.scheme, early.settles_at, problem.duration))
        if one is None:
            continue
        rest = problem.residual[: one.error.size]
        left = rest - one.error
        fit = Fit(np.empty(0), problem.fitted_start, problem.size_of(left), np.empty(0), problem.explained(left, 2))
        tried.append((one, fit, problem.size_of(rest)))
    if not tried:
        return
    # Euler's symplectic method is Verlet's with velocities of another time: the usual name comes first.
    best, fit, before = tried[0]
    for one, other, size in tried[1:]:
        if max(other.misfit, 1.0) * ALIKE < max(fit.misfit, 1.0):
            best, fit, before = one, other, size
    order = SCHEMES[best.scheme]
    alike = [
        one.scheme
        for one, other, _ in tried
        if SCHEMES[one.scheme] == order and max(other.misfit, 1.0) <= ALIKE * max(fit.misfit, 1.0)
    ]
    if len(alike) > 1:
        kind = f"{' or '.join(alike)}, which the data do not tell apart"
    else:
        sure = fit.explained or before >= SURE * fit.misfit
        kind = best.scheme if sure else f"nearest to {best.scheme}, but the scheme is not told apart"
    words = f"The integrator is one of order {order} ({kind}) with a step of {best.settles_at:.3g} t_slow"
    found = {"order": float(order), "time_step": best.settles_at}
    yield fitted("time-step", words, before, fit, found, harmless=_harmless(problem))


def _harmless(problem: Problem) -> bool:
    """Whether the losses are those of our run to a few per cent."""
    if problem.rows.position is None:
        return float(np.max(np.abs(problem.residual))) < 1e-3 * float(np.max(problem.seen))
    deviation, _, _ = deviations(problem, problem.rows)
    lost = problem.run.passes["energy_lost"]
    if not deviation.size or not lost.size:
        return True
    return float(np.sqrt(np.mean(deviation**2))) < HARMLESS * float(np.sqrt(np.mean(lost**2)))
