"""Times and positions whose units were lost: each pair of units is tried on the first passes, which takes little.

In the right units our run gives the rows to rounding, in any others it gives another motion: what it leaves of them
differs by many orders. Where the data have a fault besides, it is the nearest by less, and its units are likely ones,
in which the fault is then looked for. In wrong units a run may be absurdly long: none is followed over more than
``MOST_STEPS``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.factors import LENGTHS, TIMES
from chaintheory.comparison.finding import LARGER, SMALL, Finding
from chaintheory.comparison.fits import Fit, Problem, problem_of
from chaintheory.comparison.noise import noise_of
from chaintheory.comparison.sampling import Rows
from chaintheory.parameters import SystemParameters
from chaintheory.simulation.stated_units import in_si_units, size_of

Array = NDArray[np.float64]

MOST_STEPS = 5000  # of a run through the first passes of one reading: a tenth of a second
PASSES, NOISY_PASSES = 2.0, 16.0  # means over more rows know more
ROUGH = 0.9  # of a sum of squares, which a trial of the right units lowers by more
# Of a spacing: the way between two rows at most, and over all rows at least, of a particle that is seen to pass.
FARTHEST, LEAST = 0.5, 0.2


@dataclass(frozen=True)
class Reading:
    """Rows read in some units (of those that are not named, the model's), and our run fitted to the first of them."""

    units: dict[str, str]
    problem: Problem
    fit: Fit

    def finding(self, improvement: float, sure: bool) -> Finding:
        """The units that were lost."""
        units = self.problem.system.units
        assert units is not None
        sizes = {what: size_of(what, units) / in_si_units(name, what) for what, name in self.units.items()}
        seem = "are" if sure else "seem to be"
        columns = {"time": "Times", "position": "positions" if len(sizes) == 2 else "Positions"}
        be = {"time": f" {seem}", "position": "" if len(sizes) == 2 else f" {seem}"}
        words = " and ".join(f"{columns[what]}{be[what]} in {name}" for what, name in self.units.items())
        own = " and ".join({"time": "t_slow", "position": "l_slow"}[what] for what in sizes)
        text = f"{words}, not in {own}: of all units, our run is nearest to them in these, by a factor of"
        code = "units" if len(sizes) == 2 else {"time": "time-unit", "position": "length-unit"}[next(iter(sizes))]
        parameters = {{"position": "length"}.get(what, what): size for what, size in sizes.items()}
        return Finding(code, f"{text} {improvement:.3g}.", improvement, parameters, self.fit.misfit)


def readings(
    system: SystemParameters, rows: Rows, given: Sequence[float] | None, tell: Callable[[str], None]
) -> Iterator[tuple[Problem, Finding | None, bool]]:
    """The problem of comparing the rows in the units that they may be in, these units, and whether they are sure.

    Units that are only likely come first, where a fault that explains the data confirms them; then the model's own.
    """
    own = problem_of(system, rows, given, None if rows.position is None else noise_of(rows.time, rows.position), tell)
    found: list[Reading] = []
    if system.units is not None and rows.position is not None:
        plain = _reading({}, own) if _passes(system, rows) else None
        if plain is None or not plain.fit.explained:
            tell("units that were lost")
            found = [one for one in (plain, *_others(own, given)) if one is not None]
            found.sort(key=lambda one: one.fit.misfit)
    if found and found[0].units:
        best = found[0]
        # Where no other reading is of passes, uniform motion is what else there is.
        other = found[1].fit.misfit if len(found) > 1 else _of_line(best)
        left = max(best.fit.misfit, 1.0)
        sure = other >= (SMALL if best.fit.explained else LARGER) * left
        if sure or other >= SMALL * left:
            yield best.problem, best.finding(other / max(best.fit.misfit, 1e-300), sure), sure
            if sure:
                return
    yield own, None, True


def _of_line(reading: Reading) -> float:
    """The misfit of uniform motion."""
    return reading.problem.size_of(_off_line(reading.problem, _rows_judged(reading.problem)))


def _off_line(problem: Problem, last: int) -> Array:
    """What uniform motion leaves of the first rows."""
    line = np.polynomial.Polynomial.fit(problem.time[:last], problem.seen[:last], 1)
    return np.asarray(problem.seen[:last] - line(problem.time[:last]))


def _rows_judged(problem: Problem) -> int:
    """The first rows that show a unit: of uniform motion, which runs in many units give, more are taken."""
    last = problem.rows_of(PASSES if problem.noise is None else NOISY_PASSES)
    while last < problem.time.size and problem.explained(_off_line(problem, last)):
        last = min(2 * last, problem.time.size)
    return last


def _others(own: Problem, given: Sequence[float] | None) -> Iterator[Reading | None]:
    """The rows in each pair of units but the model's own."""
    units, rows = own.system.units, own.rows
    assert units is not None and rows.position is not None
    for time in (None, *TIMES):
        for position in (None, *LENGTHS):
            names = {what: name for what, name in (("time", time), ("position", position)) if name is not None}
            if not names:
                continue
            sizes = {what: in_si_units(name, what) / size_of(what, units) for what, name in names.items()}
            t, x = sizes.get("time", 1.0), sizes.get("position", 1.0)
            velocity = None if rows.velocity is None else x / t * rows.velocity
            start = None if given is None else (t * given[0], x * given[1], x / t * given[2])
            noise = own.measured and replace(own.measured, size=x * own.measured.size, digits=x * own.measured.digits)
            read = Rows(t * rows.time, x * rows.position, velocity)
            if _passes(own.system, read):
                yield _reading(names, problem_of(own.system, read, start, noise, own.tell))


def _passes(system: SystemParameters, rows: Rows) -> bool:
    """Whether a particle is seen to pass masses."""
    ways = np.abs(np.diff(rows.seen))
    return bool(
        np.median(ways) <= FARTHEST * system.chain.spacing and np.ptp(rows.seen) >= LEAST * system.chain.spacing
    )


def _reading(names: dict[str, str], problem: Problem) -> Reading | None:
    """Our run fitted to the first passes; None where it would be too long, or is refused."""
    last = _rows_judged(problem)
    if not problem.steps(float(problem.time[last - 1])) <= MOST_STEPS:
        return None
    fit = problem.fit(problem.plain, np.empty(0), last, rough=ROUGH)
    return Reading(names, problem, fit) if math.isfinite(fit.misfit) else None
