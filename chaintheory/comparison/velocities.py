"""Velocities beside positions: whether they are the slope of these."""

from __future__ import annotations

import numpy as np

from chaintheory.comparison.factors import named_factor
from chaintheory.comparison.finding import Finding
from chaintheory.comparison.sampling import Rows, slopes

POINTS = 40  # at which velocities are compared with slopes
OFF, STEADY = 5.0, 0.02  # errors of a slope by which a velocity may be off; scatter of a factor that is one


def of_velocities(rows: Rows, within: float) -> Finding | None:
    """Velocities that are not the slope of the positions: in other units, or at other times."""
    if rows.position is None or rows.velocity is None:
        return None
    near = np.unique(np.linspace(4, rows.time.size - 5, POINTS).astype(int))
    found = slopes(rows.time, rows.position, rows.time[near], within=within)
    given = rows.velocity[near]
    off = np.abs(given - found.velocity)
    usual = float(np.median(np.abs(found.velocity)))
    if np.median(off) <= OFF * np.median(found.error) + 1e-6 * usual:
        return None
    largest = float(np.median(off)) / usual
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = given / found.velocity
    low, middle, high = np.quantile(factor[np.isfinite(factor)], (0.25, 0.5, 0.75))
    if high - low <= STEADY * abs(middle) and abs(middle - 1.0) > STEADY:
        times = named_factor(float(middle), 0.5 * float(high - low))
        words = f"The velocities are {times} times the slope of the positions"
        parameters = {"factor": float(middle)}
    else:
        words = f"The velocities differ from the slope of the positions by {100.0 * largest:.2g} % (another time?)"
        parameters = {"difference": largest}
    improvement = float(np.median(off) / max(float(np.median(found.error)), 1e-300))
    return Finding("velocity-unit", f"{words}; they are not used.", improvement, parameters, harmless=largest < STEADY)
