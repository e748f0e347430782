"""The loss in each pass of the data less that of our run in the same pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.fits import Problem
from chaintheory.comparison.sampling import CELL, Midpoints, Rows, Slopes, midpoints, slopes

Array = NDArray[np.float64]


def deviations(problem: Problem, rows: Rows) -> tuple[Array, Array, Array]:
    """Loss in each pass less that of our run in the same pass, its error, and the speed."""
    system, run = problem.system, problem.run
    found = midpoints(system, rows)
    nothing = np.empty(0), np.empty(0), np.empty(0)
    if not found.time.size or not run.crossings.size:
        return nothing
    # A start midway between masses may lie a little before or behind it.
    shift = int(np.argmax(run.crossings["position"] == found.position[0]))
    skip = int(np.argmax(found.position == run.crossings["position"][0])) if not shift else 0
    crossings = run.crossings[shift:]
    count = min(found.time.size - skip, crossings.size)
    same = found.position[skip : skip + count] == crossings["position"][:count]
    count = int(np.argmin(same)) if not same.all() else count
    if count < 2:
        return nothing
    part = slice(skip, skip + count)
    velocity, energy = np.abs(found.velocity[part]), 2.0 * float(system.kinetic_energy(1.0))
    moved = _beside_our_run(problem, rows, found.time[part])
    if moved is not None:
        lost = -np.diff(energy * found.velocity[part] * moved.velocity)
        return lost, *_of_pass(energy * velocity * moved.error, velocity)
    kinetic = np.asarray(system.kinetic_energy(velocity))
    own = np.asarray(system.kinetic_energy(crossings["speed"][:count]))
    return -np.diff(kinetic) + np.diff(own), *_of_pass(energy * velocity * found.error[part], velocity)


def _of_pass(error: Array, velocity: Array) -> tuple[Array, Array]:
    """Error of the loss in each pass from those of the energies, and the speed before it."""
    return np.hypot(error[1:], error[:-1]), velocity[:-1]


NEARBY = 0.05  # of the width: residuals within which energies differ by the slope of the residual alone


def _beside_our_run(problem: Problem, rows: Rows, near: Array) -> Slopes | None:
    """Deviations of the velocity from our run, and their errors, where rows follow it: the slope of a small residual.

    What the polynomials miss of the motion is in the run as well, and drops out.
    """
    assert rows.position is not None
    times = rows.time - problem.start.time
    inside = (times >= 0.0) & (times <= problem.run.time[-1])
    rest = rows.position[inside] - problem.run.at(times[inside])[0]
    way = float(np.median(np.abs(np.diff(rows.position))))
    usual = float(np.median(np.abs(np.diff(rest))))
    if np.max(np.abs(rest)) > NEARBY * problem.system.interaction.width or not usual > 0.0:
        return None
    return slopes(rows.time[inside], rest, near, within=CELL * problem.system.chain.spacing * usual / way)


def midpoints_beside(problem: Problem) -> Midpoints | None:
    """The passages midway between masses of rows that follow our run, as it has them but for the small residual."""
    rows, crossings = problem.rows, problem.run.crossings
    assert rows.position is not None
    near = crossings["time"] + problem.start.time
    crossings, near = crossings[near <= rows.time[-1]], near[near <= rows.time[-1]]
    moved = _beside_our_run(problem, rows, near) if near.size else None
    if moved is None:
        return None
    velocity = crossings["speed"] + moved.velocity
    late = np.interp(near, rows.time, problem.residual_of_run[0]) / velocity
    return Midpoints(near - late, crossings["position"], velocity, moved.error, moved.noise)
