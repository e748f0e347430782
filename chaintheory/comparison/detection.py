"""The smallest faults that a trajectory would show: each is made, and its residual judged as that of the data is."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.factors import SCALES, Scale
from chaintheory.comparison.faulty_runs import explicit_chain
from chaintheory.comparison.fits import Problem
from chaintheory.comparison.temperature import LEAST_LOSSES
from chaintheory.lattice.dispersion import band_top
from chaintheory.simulation.energy_balance import EnergyBalanceError

Array = NDArray[np.float64]

# Factors less one that are made; smaller ones follow from the first, as their residuals are in proportion.
LADDER = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 9.0)
# Halvings of the interval in which the smallest visible multiple of a small residual is looked for, in logarithms.
HALVINGS = 24
FINE = 60.0  # steps of Verlet in a fast period, where its error goes with the square of the step
COLD = 1e-6  # temperature, in kinetic energies of the particle, at which losses scatter in proportion to its root
SEEDS = (0, 1)


def detectable(problem: Problem) -> dict[str, float]:
    """The smallest fault of each kind that would be seen in nearly all data such as these; infinite where none would.

    Of factors: how far from 1 (relative); ``time-step``: of a Verlet integrator, in t_slow; ``temperature``: in hbar
    Omega_slow. A fault just as large is seen, a third of it is not (but for chance).
    """
    system = problem.system
    found = {}
    for scale in SCALES:
        if system.bias != 0.0 or scale.code not in ("energy-unit", "bias"):
            found[scale.code] = _smallest_factor(problem, scale)
    if problem.rows.position is None:
        return found
    top = band_top(system.chain)
    step = 1.0 / (top * FINE)
    # A step that is not stable is seen in any case.
    found["time-step"] = min(step * math.sqrt(_multiple(problem, _of_verlet(problem, step))), 1.0 / (math.pi * top))
    temperature = COLD * float(system.kinetic_energy(problem.start.velocity))
    rests = [_or_none(lambda seed=seed: _of_heat(problem, temperature, seed)) for seed in SEEDS]  # type: ignore[misc]
    visible = max(temperature * _multiple(problem, rest) ** 2 for rest in rests)
    # A temperature is named by the scatter of its losses, which a few passes do not show.
    found["temperature"] = visible if problem.run.passes.size >= LEAST_LOSSES else math.inf
    return found


def _smallest_factor(problem: Problem, scale: Scale) -> float:
    own = problem.look(problem.run, problem.time)
    for change in LADDER:
        rest = _or_none(
            lambda change=change: scale.predict(problem, 1.0 + change, problem.fitted_start, problem.time) - own  # type: ignore[misc]
        )
        if rest is not None and problem.shown(rest):
            return change * _multiple(problem, rest) if change == LADDER[0] else change
    return math.inf


def _or_none(made: Callable[[], Array]) -> Array | None:
    """A residual; None where a fault is refused."""
    try:
        return made()
    except (ValueError, EnergyBalanceError):
        return None


def _multiple(problem: Problem, rest: Array | None) -> float:
    """The smallest multiple of a residual that would be seen; infinite for none."""
    if rest is None or not np.any(rest):
        return math.inf
    low, high = -30.0, 30.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if problem.shown(math.exp(middle) * rest) else (middle, high)
    return math.exp(high)


def _of_verlet(problem: Problem, step: float) -> Array:
    """What Verlet adds at the rows, over the first part of the data."""
    start = problem.fitted_start
    duration = min(problem.duration, 12_000 * step)
    run = explicit_chain(problem.system, "Verlet", start.position, start.velocity, duration + 2.0 * step, step)
    last = int(np.searchsorted(problem.time, duration))
    rest = np.zeros(problem.time.size)
    rest[:last] = problem.look(run, problem.time[:last]) - problem.look(problem.run, problem.time[:last])
    return rest


def _of_heat(problem: Problem, temperature: float, seed: int) -> Array:
    hot = problem.simulated(
        problem.system, problem.fitted_start, problem.time, temperature=temperature, sampling="classical", seed=seed
    )
    return np.asarray(hot - problem.look(problem.run, problem.time))
