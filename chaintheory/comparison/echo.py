"""A ring of too few masses, whose sound comes back to the particle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.faulty_runs import ring
from chaintheory.comparison.finding import SMALL, Finding, fitted
from chaintheory.comparison.fits import LONGEST_DIRECT, Problem, Start
from chaintheory.lattice.dispersion import sound_speed
from chaintheory.support.resources import cores

Array = NDArray[np.float64]

MOST_TRIED, FEW_MASSES = 800, 64


def of_echo(problem: Problem) -> Iterator[Finding]:
    """A ring of N masses: sound that meets the particle head on has gone N spacings less the particle's way.

    It cannot have come later than the data leave our run, which bounds N from above.
    """
    leaves, system, start = problem.leaves_at, problem.system, problem.fitted_start
    assert leaves is not None
    since = leaves - problem.start.time
    closing = (sound_speed(system.chain) + abs(start.velocity)) / system.chain.spacing
    most = math.ceil(closing * (since + 0.3)) + 4
    least = 8 if most <= FEW_MASSES else math.floor(0.55 * most) - 8
    tried = list(range(most, least, -1))[:MOST_TRIED]
    if not tried:
        return
    problem.tell(f"echo in rings of {tried[-1]} to {tried[0]} masses")
    step = problem.run.time[1]
    last = max(24, int(np.searchsorted(problem.time, 1.1 * since + 1.5 * problem.passing)))
    last = min(last, problem.time.size)

    def predict(masses: int, at: Start, times: Array) -> Array:
        run = ring(system, masses, at.position, at.velocity, float(times[-1]) + 2.0 * step, step)
        return problem.look(run, times)

    def misfit(masses: int) -> float:
        return problem.misfit(lambda _, at, times: predict(masses, at, times), np.empty(0), start, last)

    with ThreadPoolExecutor(cores()) as pool:
        misfits = list(pool.map(misfit, tried))
    if not misfits or not math.isfinite(min(misfits)):
        return
    if min(misfits) > problem.misfit(problem.plain, np.empty(0), start, last) / SMALL:
        return
    best = tried[int(np.argmin(misfits))]
    last = problem.time.size
    if best <= FEW_MASSES:  # integrated as a whole, which takes ten milliseconds for each t_slow
        last = min(last, int(np.searchsorted(problem.time, since + LONGEST_DIRECT)))
    before = problem.misfit(problem.plain, np.empty(0), start, last)
    fit = problem.fit(lambda _, at, times: predict(best, at, times), np.empty(0), last, start)
    words = f"The chain is a ring of {best} masses, whose sound comes back"
    yield fitted("echo", words, before, fit, {"masses": float(best)})
