"""Any harmonic chain: wells, springs to neighbours at any distance, and damping.

Each mass has an on-site spring of stiffness kappa and springs of stiffness K_j to the masses j = 1, 2, ... places away,
in units of m Omega^2 with a frequency Omega of choice; frequencies are in units of Omega, times in 2 pi/Omega. What is
proved here for any omega(theta) holds for the paper's chain, kappa = 1 and K_1 = (omega_fast^2 - 1)/4.

>>> spring_band(0)
0
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .checks import Reduce
from .lattice import band, band_squared, coupling
from .ledger import Step, states
from .notation import omega, reach, site, spring, theta, well

__all__ = ["STATEMENTS", "spring_band"]


def spring_band(angle: sp.Expr) -> sp.Expr:
    """Return what the springs between masses j apart add to omega^2, 4 K_j sin^2(j theta)."""
    return 4 * spring * sp.sin(reach * angle) ** 2


def restoring_force(displacement: Any, number: Any = site) -> sp.Expr:
    """Return the restoring force of a well and the springs of one range on a mass."""
    apart = 2 * displacement(number) - displacement(number + reach) - displacement(number - reach)
    return well * displacement(number) + spring * apart


@states(
    "band_of_springs",
    "beyond the paper",
    "In any harmonic chain a plane wave of phase 2 theta per mass is a mode; springs between masses j apart add "
    "4 K_j sin^2(j theta) to omega^2, which is linear in the springs, so that several ranges add up.",
    sp.Eq(omega**2, well + spring_band(theta), evaluate=False),
    parents=[band],
)
def band_of_springs(formula: sp.Basic) -> list[Step]:
    """Insert a plane wave; the paper's chain is kappa = 1 with one spring to each neighbour."""
    wave = lambda number: sp.exp(2 * sp.I * theta * number)  # noqa: E731
    return [
        Step(
            restoring_force(wave) / wave(site),
            formula.rhs,
            "insert a plane wave",
            Reduce("trigonometry"),
        ),
        Step(
            formula.rhs.diff(spring, 2) ** 2 + formula.rhs.diff(well, 2) ** 2 + formula.rhs.diff(well, spring) ** 2,
            sp.Integer(0),
            "linear in the springs",
            Reduce("expand"),
        ),
        Step(
            formula.rhs.subs({well: 1, spring: coupling, reach: 1}),
            band_squared(theta),
            "the paper's chain, Eq. 1",
            Reduce("expand"),
        ),
    ]


STATEMENTS = (band_of_springs,)
