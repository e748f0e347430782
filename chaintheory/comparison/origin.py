"""Positions counted from another origin than the masses, which rest at multiples of the spacing; another start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.finding import LARGER, Finding, fitted
from chaintheory.comparison.fits import FIRST, Problem, Start, problem_of

Array = NDArray[np.float64]

TRIED = 24  # origins in a spacing, at least; and at least two in a width of the interaction
GRID = 0.05  # passes from one time of the start to the next
LEAST_SHIFT = 1e-4  # of a spacing: one that is smaller is an error of the start
FOLLOWED = (FIRST, 12.0, np.inf)  # passes


def of_start(problem: Problem, before: float) -> Iterator[Finding]:
    """A start that was given and is not that of the data: their first row is, or the same start at another time."""
    if problem.rows.position is None or problem.start.velocity_error > 0.0:  # of one that was read off the rows
        return
    problem.tell("start at the first row")
    other = problem_of(problem.system, problem.rows, None, problem.measured, problem.tell)
    if other.leaves_at is None:
        first, misfit = other.fitted_start, other.size_of(other.residual)
        words = (
            f"The chain was at rest at the first row (time {first.time:.4g}, position {first.position:.6g}, velocity "
            f"{first.velocity:.6g}), not at the start given"
        )
        found = {"time": first.time, "position": first.position, "velocity": first.velocity}
        yield Finding("start", words, before / max(misfit, 1e-300), found, misfit)
    if other.leaves_at is not None or other.noise is not None:
        yield from _of_time(problem, before)


def _of_time(problem: Problem, before: float) -> Iterator[Finding]:
    """The same start up to four passes earlier or later, looked for in the first passes of the rows."""
    start, passing, first = problem.start, problem.passing, float(problem.time[0])

    def model(x: Array, _: Start, times: Array) -> Array:
        late = float(x[0]) * passing
        if late > first:
            raise ValueError("start must not be later than the first row")
        return problem.simulated(problem.system, start, times - late)

    last = problem.rows_of(first / passing + FIRST)
    grid = np.arange(-FIRST, min(first / passing, FIRST), GRID)
    if not grid.size:
        return
    best = grid[[int(np.argmin([problem.misfit(model, np.array([late]), start, last) for late in grid.tolist()]))]]
    fit = problem.fit(model, best, last)
    fit = problem.fit(model, fit.parameters, problem.time.size)
    late = float(fit.parameters[0]) * passing
    words = f"The start is {abs(late):.4g} t_slow {'later' if late > 0.0 else 'earlier'} than the one given"
    yield fitted("start", words, before, fit, {"time": start.time + late}, enough=LARGER)


def of_origin(problem: Problem, before: float) -> Iterator[Finding]:
    """An offset of all positions, modulo the spacing: looked for on a grid in the first passes, then followed."""
    if problem.rows.position is None:
        return
    spacing = problem.system.chain.spacing

    def model(x: Array, start: Start, times: Array) -> Array:
        offset = float(x[0]) * spacing
        return problem.simulated(problem.system, replace(start, position=start.position - offset), times) + offset

    def misfit(part: float) -> float:
        return problem.misfit(model, np.array([part]), problem.fitted_start, first)

    problem.tell("origin of the positions")
    first = problem.rows_of(FIRST)
    grid = np.linspace(-0.5, 0.5, max(TRIED, int(2.0 * spacing / problem.system.interaction.width)), endpoint=False)
    parameters, at = grid[[int(np.argmin([misfit(part) for part in grid.tolist()]))]], problem.fitted_start
    for passes in FOLLOWED:
        fit = problem.fit(model, parameters, problem.rows_of(passes), at)
        parameters, at = fit.parameters, fit.start
    part = float(parameters[0]) - round(float(parameters[0]))
    if abs(part) < max(LEAST_SHIFT, 5.0 * float(fit.error[0])):
        return
    shift = "half a spacing" if abs(abs(part) - 0.5) < LEAST_SHIFT else f"{part * spacing:.4g} l_slow"
    words = f"The positions are shifted by {shift} from the masses, which rest at multiples of the spacing"
    yield fitted("origin", words, before, fit, {"shift": part * spacing}, enough=LARGER)
