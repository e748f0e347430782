"""Capture by the chain: the speed below which a repulsive interaction turns the particle back.

>>> capture_speed().subs({amplitude: 2, mass: 1}).n(5)
12.566
"""

from __future__ import annotations

import sympy as sp

from .checks import Reduce
from .ledger import Step, refuted, states
from .notation import amplitude, mass, v_c

__all__ = ["STATEMENTS", "capture_speed"]



def capture_speed() -> sp.Expr:
    """Return sqrt(8 pi^2 Phi0/mu), the least speed that carries the particle over a mass (repulsive, no loss)."""
    return sp.sqrt(8 * sp.pi**2 * amplitude / mass)


def kinetic_energy(v: sp.Expr) -> sp.Expr:
    """Return mu v^2/(2 (2 pi)^2), in the paper's units."""
    return mass * v**2 / (2 * (2 * sp.pi) ** 2)


@states(
    "capture_speed",
    "Fig. 4 caption, corrected",
    "A repulsive interaction turns back a particle slower than sqrt(8 pi^2 Phi0/mu).",
    sp.Eq(v_c, capture_speed(), evaluate=False),
)
def capture(formula):
    """The kinetic energy at that speed is the height of the interaction."""
    return [
        Step(kinetic_energy(formula.rhs), amplitude, "kinetic energy equals the barrier", Reduce("expand")),
        Step(sp.sqrt(amplitude / kinetic_energy(1)), formula.rhs, "the positive root", Reduce("expand")),
    ]


@states(
    "capture_speed_as_printed",
    "Fig. 4 caption",
    "As printed: the capture speed is 8 pi^2 Phi0/mu (no square root).",
    sp.Eq(v_c, 8 * sp.pi**2 * amplitude / mass, evaluate=False),
    parents=[capture],
)
def capture_as_printed(formula):
    """At Phi0 = 2, mu = 1 (paper) the printed value is 157.9, the true one 12.57; another mass besides."""
    return [
        *refuted(formula.rhs, capture.formula.rhs, {amplitude: 2, mass: 1}, 16 * sp.pi**2, 4 * sp.pi),
        *refuted(formula.rhs, capture.formula.rhs, {amplitude: 3, mass: 6}, 4 * sp.pi**2, 2 * sp.pi),
    ]


STATEMENTS = (capture, capture_as_printed)
