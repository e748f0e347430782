"""How the compiled loops evaluate the force: the Gaussian by its coefficients, any other interaction by a table."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chaintheory.interactions.base import Interaction

Array = NDArray[np.float64]

# Aimed at: error of a table relative to the largest slope. Worse than the other, the table is refused.
TABLE_ERROR = 1e-13
LARGEST_TABLE_ERROR = 1e-7
# Pieces of the shortest and of the longest table.
FEWEST_PIECES, MOST_PIECES = 1 << 10, 1 << 17
# Relative to the largest force: what a mass may feel that is displaced farther than looked for, and is missed.
MISSED = 1e-6


def sampled_distances(interaction: Interaction, cutoff: float) -> Array:
    """Distances up to the cutoff radius, dense near the mass, at which an interaction shows its features."""
    return np.geomspace(1e-3 * min(interaction.width, cutoff), cutoff, 2048)


def depth(interaction: Interaction, cutoff: float) -> float:
    """Largest magnitude of the potential (hbar Omega_slow); at r = 0 only where it is largest there."""
    if cutoff == 0.0:
        return 0.0
    largest = np.max(np.abs(interaction.potential(sampled_distances(interaction, cutoff))))
    return float(max(largest, abs(float(interaction.potential(0.0)))))


def cutoff_radius(interaction: Interaction, farthest: float, part: float) -> float:
    """Distance up to ``farthest`` beyond which the force is below ``part`` of its largest."""
    if farthest == 0.0:
        return 0.0
    r = sampled_distances(interaction, farthest)
    force = np.abs(interaction.slope(r))
    above = np.flatnonzero(force >= part * force.max())
    return float(r[min(above[-1] + 1, r.size - 1)])


def dropped_force(interaction: Interaction, cutoff: float) -> float:
    """Largest force beyond a cutoff radius, relative to the largest of all; 0 where the interaction ends before it.

    >>> from chaintheory import Gaussian, Lorentzian
    >>> dropped_force(Gaussian(2.0, 4.0), 40.0), round(dropped_force(Lorentzian(2.0, 4.0), 400.0), 8)
    (0.0, 3.08e-06)
    """
    reach = interaction.reach()
    if reach <= cutoff:
        return 0.0
    largest = np.max(np.abs(interaction.slope(sampled_distances(interaction, reach))))
    return float(np.max(np.abs(interaction.slope(np.geomspace(cutoff, reach, 256)))) / largest)


def surplus_radius(interaction: Interaction, cutoff: float) -> float:
    """Part of the cutoff radius in which the force is so small that a mass there may be missed."""
    return cutoff - cutoff_radius(interaction, cutoff, MISSED)


def force_table(interaction: Interaction, cutoff: float) -> tuple[str, Array]:
    """Return what the compiled loop evaluates: coefficients of the Gaussian, or a table.

    Raises
    ------
    ValueError
        A slope that is not finite, or that no table of 2^17 pieces gives to 1e-7 of the largest.
    """
    if interaction.kind == "gaussian":
        return "gaussian", np.array(interaction.coefficients)
    table, error = interpolation_table(interaction, cutoff)
    if not error <= LARGEST_TABLE_ERROR:
        raise ValueError(
            f"interaction must vary so slowly that {MOST_PIECES} pieces follow its slope to {LARGEST_TABLE_ERROR:g} of "
            f"the largest within {cutoff:g}, {interaction!r} is followed to {error:.1g} only"
        )
    return "table", table


@lru_cache(maxsize=4)  # the runs of a comparison or an ensemble share a table
def interpolation_table(interaction: Interaction, cutoff: float) -> tuple[Array, float]:
    """Cubic Hermite table of dPhi/dr on 0 .. cutoff, and its largest error relative to the largest slope.

    The table holds cutoff, 1/step, the number of pieces, and value and derivative * step at each
    node. Pieces are halved until the error, looked for at three points in each, is below 1e-13 of
    the largest slope, or there are 2^17. An interaction that is even but has a cusp at r = 0 keeps
    it: the table begins with the slope just beside the cusp.

    Raises ValueError if the slope is not finite.
    """
    from scipy.interpolate import CubicSpline

    cutoff = max(cutoff, 1e-12 * interaction.width)
    pieces = FEWEST_PIECES
    while True:
        r = np.linspace(0.0, cutoff, pieces + 1)
        step = cutoff / pieces
        r[0] = 1e-12 * step
        value = np.asarray(interaction.slope(r), dtype=np.float64)
        if not np.isfinite(value).all():
            raise ValueError(f"interaction must have a finite slope, {interaction!r} has not")
        spline = CubicSpline(r, value)
        inside = (r[:-1, None] + step * np.array([0.21, 0.5, 0.79])).ravel()
        largest = float(np.max(np.abs(value)))
        error = float(np.max(np.abs(spline(inside) - interaction.slope(inside))))
        if error <= TABLE_ERROR * largest or pieces == MOST_PIECES:
            break
        pieces *= 2
    nodes = np.stack((value, spline(r, 1) * step), axis=1)
    table = np.concatenate(([cutoff, 1.0 / step, pieces], nodes.ravel()))
    return table, error / largest if largest > 0.0 else math.copysign(0.0, 1.0)
