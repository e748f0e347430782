"""A memory kernel that is cut off: what the chain forgets is missing from then on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.finding import Finding, fitted
from chaintheory.comparison.fits import EXPLAINED, LONGEST_DIRECT, Fit, Problem, Start
from chaintheory.comparison.time_step import StepError
from chaintheory.lattice.dispersion import band_top
from chaintheory.support.resources import cores

Array = NDArray[np.float64]


def of_cut_memory(problem: Problem, known: StepError | None = None, whole: Problem | None = None) -> Iterator[Finding]:
    """A memory kernel that is cut off: what it forgets is missing from the time of the cut on.

    ``known``: the error of the step that was taken off the data of ``whole``. That of the published scheme is made
    again, and runs laid beside the whole data.
    """
    judged, start, given = problem, problem.fitted_start, None
    if known is not None and whole is not None and known.scheme == "kick and exact chain":
        judged = whole
        start = replace(start, velocity=start.velocity + known.shift * whole.start.velocity_error)
        given = 1.0 / (known.settles_at * band_top(problem.system.chain))
    leaves, system = problem.leaves_at, problem.system
    assert leaves is not None
    since = leaves - problem.start.time
    if since > MOST_MEMORY:
        return
    problem.tell("memory that is cut off")
    rate = given or _coarse_rate(problem)
    fine_rate = given or 2.0 * rate

    def predict(cutoff: float, at: Start, times: Array, rate: float) -> Array:
        return judged.simulated(system, at, times, method="direct", kernel_cutoff=cutoff, steps_per_fast_period=rate)

    def misfit(cutoff: float, rate: float) -> float:
        last = min(problem.time.size, max(24, int(np.searchsorted(problem.time, since + 0.8 * problem.passing))))
        return judged.misfit(
            lambda x, at, times: predict(float(x[0]), at, times, rate), np.array([cutoff]), start, last
        )

    top = band_top(system.chain)
    grid = np.arange(max(0.02, since - 1.5 * problem.passing - 0.2), since + 0.05, 0.4 / top)
    with ThreadPoolExecutor(cores()) as pool:
        misfits = np.array(list(pool.map(lambda cutoff: misfit(cutoff, rate), grid.tolist())))
    if not misfits.size or not np.isfinite(misfits).any():
        return
    # The oscillations of the kernel at the top of the band give a minimum each: the three lowest are looked into.
    padded = np.pad(misfits, 1, constant_values=math.inf)
    lowest = np.flatnonzero((misfits <= padded[:-2]) & (misfits <= padded[2:]))
    lowest = lowest[np.argsort(misfits[lowest])][:3]
    fine = [cut for at in lowest for cut in np.linspace(grid[at] - 0.2 / top, grid[at] + 0.2 / top, 9)]
    fine = [float(cut) for cut in fine if cut > 0.0]
    with ThreadPoolExecutor(cores()) as pool:
        finer = list(pool.map(lambda cutoff: misfit(cutoff, fine_rate), fine))
    from scipy.optimize import minimize_scalar

    best = fine[int(np.argmin(finer))]
    with np.errstate(invalid="ignore"):  # differences of misfits that are infinite, where a run is refused
        found = minimize_scalar(lambda cutoff: misfit(cutoff, fine_rate), bounds=(best - 0.05 / top, best + 0.05 / top),
                                method="bounded", options={"xatol": 2e-4, "maxiter": 12})  # fmt: skip
    cutoff = float(found.x) if found.fun < min(finer) else best
    last = min(problem.time.size, int(np.searchsorted(problem.time, LONGEST_DIRECT)))

    def after(x: Array, at: Start, times: Array) -> Array:
        return predict(float(x[0]), at, times, fine_rate)

    if given is None:
        fit = judged.fit(lambda _, at, times: after(np.array([cutoff]), at, times), np.empty(0), last, start)
    else:  # of the step, the start is known better than of the slope
        left = judged.misfit(after, np.array([cutoff]), start, last)
        fit = Fit(np.array([cutoff]), start, left, np.zeros(1), left <= EXPLAINED)
    plain = judged.misfit(judged.plain, np.empty(0), start, last)
    words = f"The memory is cut off after {cutoff:.4g} t_slow"
    yield fitted("cut-memory", words, plain, fit, {"cutoff": cutoff})


MOST_MEMORY = 15.0  # that is looked for


def _coarse_rate(problem: Problem) -> float:
    """Steps per fast period of the direct method that is laid beside data first: half of the published ones."""
    from chaintheory.simulation.settings import fall_speed, time_scale

    system = problem.system
    cutoff = system.interaction.reach()
    fall = fall_speed(system, cutoff)
    per_time = 1.0 / (band_top(system.chain) * time_scale(system, cutoff, problem.start.velocity, fall))
    return max(30.0, 12.0 * per_time)
