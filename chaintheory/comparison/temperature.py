"""A chain at a temperature: no run repeats its random losses; their size, and that they are random, is compared."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.finding import SMALL, Finding
from chaintheory.comparison.fits import Problem
from chaintheory.comparison.losses import deviations
from chaintheory.comparison.sampling import Rows
from chaintheory.dissipation.thermal import loss_variance
from chaintheory.simulation.energy_balance import EnergyBalanceError

Array = NDArray[np.float64]

SEEDS = 6
BY_CHANCE = 1e-4  # that the mean of random losses differs so much from that of our run (of many: 4 standard errors)
LEAST_LOSSES = 8  # that show that they are random: six of a wrong width look so
RANDOM = 0.5  # correlation of neighbouring losses below which they are called random


def of_temperature(problem: Problem) -> Iterator[Finding]:
    r"""A chain at a temperature: losses scatter by sqrt(2 k T Delta), Delta being the single-pass dissipation.

    (A harmonic chain takes work that is Gaussian, and its mean and variance are bound by the fluctuation theorem.) The
    scatter gives the temperature; runs in a chain drawn at it must scatter alike.
    """
    if problem.rows.position is None:
        return
    from scipy.stats import ttest_1samp

    given, error, speed = deviations(problem, problem.rows)
    if given.size < LEAST_LOSSES:
        return
    rms = float(np.sqrt(np.mean(given**2)))
    unexplained = rms / max(float(np.sqrt(np.mean(error**2))), 1e-300)
    if unexplained < SMALL or ttest_1samp(given, 0.0).pvalue < BY_CHANCE:
        return
    try:
        per_energy = float(np.mean(loss_variance(problem.system, speed, 1.0, "classical")))
    except ValueError:
        return
    problem.tell("temperature")
    temperature = (rms**2 - float(np.mean(error**2))) / per_energy
    if not temperature < float(np.mean(problem.system.kinetic_energy(speed))):
        return  # the particle would not be seen to pass
    start = problem.fitted_start
    scatter, correlation = [], []
    for seed in range(SEEDS):
        try:
            run = problem.carried(
                problem.system, start, problem.duration, temperature=temperature, sampling="classical", seed=seed
            )
        except (ValueError, EnergyBalanceError):
            return
        lost, _, _ = deviations(problem, Rows(run.time + problem.start.time, run.position, None))
        scatter.append(float(np.sqrt(np.mean(lost**2))))
        correlation.append(_correlation(lost))
    # Losses of slow passes go together, as the chain has not forgotten: as much as in these runs.
    spread = max(float(np.std(correlation)), 1.0 / math.sqrt(given.size))
    if _correlation(given) > max(RANDOM, float(np.mean(correlation)) + 2.0 * spread):
        return
    variances = np.square(scatter)
    ratio = rms**2 / float(variances.mean())
    if not 0.25 < ratio < 4.0:
        return
    temperature *= ratio
    # One run's variance scatters as chi-squared does, more where losses go together, and the seeds' mean as well.
    relative = max(float(np.std(variances, ddof=1) / variances.mean()), math.sqrt(2.0 / given.size))
    uncertain = temperature * relative * math.sqrt(1.0 + 1.0 / SEEDS)
    words = (
        f"The losses of {given.size} passes scatter at random by {rms:.2g} hbar Omega_slow a pass, as in a chain at a "
        f"temperature of k T = {temperature:.2g} +- {uncertain:.1g} hbar Omega_slow"
    )
    found = {"temperature": temperature, "error": uncertain, "scatter": rms}
    yield Finding("temperature", words, unexplained, found, 1.0)


def _correlation(losses: Array) -> float:
    """Correlation of neighbouring losses."""
    apart = losses - losses.mean()
    return float(np.sum(apart[1:] * apart[:-1]) / max(float(np.sum(apart**2)), 1e-300))
