"""Long runs in a hot chain as random walks: how far they come, how long they fly, when they leave a drift.

Runs differ in their seeds and starts, and are independent: errors are those of means by blocks of runs or of their
parts, whichever are independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaintheory.parameters import SystemParameters
from chaintheory.simulation.ensemble import simulate_many
from chaintheory.support.block_means import Estimate, block_mean

Array = NDArray[np.float64]

AT_ONCE = 16  # runs in memory
NEIGHBOURS = np.arange(-4, 6)  # masses whose interaction a start in the cell 0 .. spacing feels


class Rate(NamedTuple):
    """Escapes from a range of speeds at one temperature: their number in the time that was spent in the range."""

    temperature: float
    escapes: int
    time: float


class Fit(NamedTuple):
    """A law fitted to rates: its parameter with a standard error, the factor, and -2 ln of the likelihood ratio."""

    parameter: float
    error: float
    factor: float
    deviance: float


def thermal_starts(system: SystemParameters, temperature: float, count: int, seed: int) -> tuple[Array, Array]:
    """Positions in the cell of mass 0 by exp(-Phi/T) of the rigid lattice, and velocities by Maxwell."""
    random = np.random.default_rng(seed)
    spacing, found = system.chain.spacing, np.zeros(0)
    while found.size < count:
        x = random.uniform(0.0, spacing, 4 * count)
        energy = np.sum(system.interaction.potential(spacing * NEIGHBOURS[:, None] - x), axis=0)
        found = np.concatenate((found, x[random.random(x.size) < np.exp(-(energy - energy.min()) / temperature)]))
    return found[:count], system.speed_of_energy(0.5 * temperature) * random.standard_normal(count)


def sampled_runs(
    system: SystemParameters, position: Array, velocity: Array, duration: float, every: float, temperature: float,
    time_step: float | None = None, seed: int = 0,
) -> tuple[Array, Array]:  # fmt: skip
    """Positions and velocities of runs in a classical chain, one row each, at whole multiples of ``every``."""
    times = every * np.arange(math.floor(duration / every) + 1)
    rows = []
    for first in range(0, position.size, AT_ONCE):
        part = slice(first, first + AT_ONCE)
        seeds = [seed + first + i for i in range(position[part].size)]
        for run in simulate_many(
            system, position[part], velocity[part], duration, temperature=temperature, sampling="classical",
            seed=seeds, time_step=time_step,
        ):  # fmt: skip
            rows.append(np.stack([np.interp(times, run.time, run.position), np.interp(times, run.time, run.velocity)]))
    return np.array([x for x, _ in rows]), np.array([v for _, v in rows])


def mean_squared_displacement(position: Array, lag: int) -> Estimate:
    """Mean squared displacement of runs, one row each, over ``lag`` columns: the mean over all starts in all runs.

    >>> mean_squared_displacement(np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 6.0]]), 1)
    Estimate(value=5.0, error=4.0, blocks=2)
    """
    return block_mean((position[:, lag:] - position[:, :-lag]) ** 2)


def _squares(position: Array, lag: int) -> Array:
    """Mean squared displacement of each run over ``lag`` columns."""
    return np.asarray(np.mean((position[:, lag:] - position[:, :-lag]) ** 2, axis=1))


def growth(position: Array, short: int, long: int) -> Estimate:
    """Exponent p of a mean squared displacement ~ t^p between two lags: 2 in flight, 1 in normal diffusion.

    >>> growth(np.arange(9.0) * np.array([[1.0], [2.0]]), 2, 4)
    Estimate(value=2.0, error=0.0, blocks=2)
    """
    before, after = _squares(position, short), _squares(position, long)
    scatter = block_mean((after / after.mean() - before / before.mean())[:, None])
    ratio = math.log(long / short)
    return Estimate(math.log(after.mean() / before.mean()) / ratio, scatter.error / ratio, scatter.blocks)


def diffusion_constant(position: Array, every: float, short: int, long: int) -> Estimate:
    """Half the slope of the mean squared displacement between two lags, in columns ``every`` t_slow apart.

    What comes and goes within a cell, whatever the time, drops out.

    >>> diffusion_constant(np.arange(9.0) * np.array([[1.0], [2.0]]), 0.5, 2, 4)  # 12 and 48, twice a time of 1
    Estimate(value=15.0, error=9.0, blocks=2)
    """
    grown = _squares(position, long) - _squares(position, short)
    return block_mean(grown[:, None] / (2.0 * every * (long - short)))


def flights(position: Array, velocity: Array) -> list[Array]:
    """Ways between the turning points of runs, one row each, in the order of time.

    >>> flights(np.array([[0.0, 3.0, 5.0, 1.0, 2.0]]), np.array([[1.0, 1.0, -1.0, -1.0, 1.0]]))[0].tolist()
    [3.0]
    """
    turned = [np.flatnonzero(np.diff(np.signbit(v))) + 1 for v in velocity]
    return [np.abs(np.diff(x[places])) for x, places in zip(position, turned, strict=True)]


def tail_exponent(lengths: Sequence[Array], longer: float) -> Estimate:
    """Exponent a of a tail P(l) ~ l^-a of those that are ``longer`` (Hill 1975). Levy flights have one below 2.

    The lengths of each run are a series of their own, whose neighbours may be correlated.

    >>> tail_exponent([np.array([1.0, math.e, math.e])], 1.0).value
    1.5
    """
    inverse = block_mean([np.log(one[one >= longer] / longer) for one in lengths])
    return Estimate(1.0 / inverse.value, inverse.error / inverse.value**2, inverse.blocks)


def escapes(mean_speed: Array, window: float, low: float, high: float, temperature: float) -> Rate:
    """Runs, one row of mean speeds over windows of time each, whose mean speed leaves ``low`` .. ``high``.

    >>> escapes(np.array([[20.0, 20.0], [20.0, 10.0]]), 20.0, 15.0, 30.0, 1.0)
    Rate(temperature=1.0, escapes=1, time=80.0)
    """
    outside = (mean_speed < low) | (mean_speed > high)
    left = outside.any(axis=1)
    windows = np.where(left, outside.argmax(axis=1) + 1, mean_speed.shape[1])
    return Rate(temperature, int(left.sum()), float(window * windows.sum()))


def arrhenius(barrier: float, temperature: Array) -> Array:
    """exp(-U/T): a barrier U that is crossed at a rate of its own."""
    return np.asarray(np.exp(-barrier / temperature))


def kramers(barrier: float, temperature: Array) -> Array:
    """T exp(-U/T): the same where it is the heat that drives the walk of the energy, whose steps are 2 T Delta."""
    return np.asarray(temperature * np.exp(-barrier / temperature))


def power(exponent: float, temperature: Array) -> Array:
    """T^p: no barrier."""
    return np.asarray(temperature**exponent)


def fitted(rates: list[Rate], law: Callable[[float, Array], Array]) -> Fit:
    """The most likely parameter of a law for rates, the numbers of escapes being Poisson; a ValueError for too few.

    >>> exact = [Rate(T, 100, 100.0 / (T * math.exp(-0.5 / T))) for T in (0.5, 1.0, 2.0)]
    >>> fit = fitted(exact, kramers)
    >>> round(fit.parameter, 6), round(fit.factor, 6), abs(fit.deviance) < 1e-9
    (0.5, 1.0, True)
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import xlogy

    temperature = np.array([one.temperature for one in rates])
    count, time = np.array([one.escapes for one in rates], dtype=float), np.array([one.time for one in rates])

    if np.count_nonzero(count) < 2:
        raise ValueError(f"rates must have escapes at two temperatures or more, got {count.tolist()}")

    def deviance(parameter: float) -> float:
        weight = time * law(parameter, temperature)
        return 2.0 * float(np.sum(xlogy(count, count / (weight * count.sum() / weight.sum()))))

    best = float(minimize_scalar(deviance, (0.0, 1.0), tol=1e-9).x)
    step = 1e-3
    curvature = (deviance(best + step) - 2.0 * deviance(best) + deviance(best - step)) / step**2
    factor = float(count.sum() / np.sum(time * law(best, temperature)))
    return Fit(best, math.sqrt(2.0 / curvature), factor, deviance(best))
