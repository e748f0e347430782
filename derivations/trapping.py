"""Capture by the chain, and the oscillation of a captured particle.

A repulsive interaction turns back what is slower than the capture speed. A particle trapped in a
well of curvature K_w oscillates without loss only at frequencies outside the band, where the
lattice follows but does not radiate.

>>> capture_speed().subs({amplitude: 2, mass: 1}).n(5)
12.566
"""

from __future__ import annotations

import sympy as sp

from .checks import EnclosedSum, Reduce
from .lattice import band_squared, coupling, dynamical_operator, resolvent
from .ledger import Step, refuted, states
from .motion import kinetic_energy
from .notation import (
    amplitude,
    lag,
    mass,
    omega,
    omega_fast,
    position,
    ratio,
    response,
    stiffness,
    theta,
    u,
    v_c,
    width,
)
from .potentials import potential_gaussian
from .single_pass import band_average, mean_of_inverse

__all__ = ["STATEMENTS", "capture_speed", "response_above", "response_below"]


def capture_speed() -> sp.Expr:
    """Return sqrt(8 pi^2 Phi0/mu), the least speed over a repulsive mass (without loss), l_slow/t_slow; Phi0 > 0.

    >>> round(float(capture_speed().subs({amplitude: 2, mass: 1})), 3)
    12.566
    """
    return sp.sqrt(8 * sp.pi**2 * amplitude / mass)


def response_below() -> sp.Expr:
    """Return the displacement of a mass per unit force at a frequency omega below the band, 0 <= omega < 1.

    l_slow per m Omega_slow^2 l_slow: the band average of 1/(omega(theta)^2 - omega^2).

    >>> response_below().subs(omega, 0)
    1/omega_fast
    """
    return 1 / (sp.sqrt(1 - omega**2) * sp.sqrt(omega_fast**2 - omega**2))


def response_above() -> sp.Expr:
    """Return the same above the band, omega > omega_fast: in opposite phase.

    >>> response_above().subs({omega_fast: 2, omega: 3}) < 0
    True
    """
    return -1 / (sp.sqrt(omega**2 - 1) * sp.sqrt(omega**2 - omega_fast**2))


@states(
    "capture_speed",
    "Fig. 4 caption, corrected",
    "A repulsive interaction turns back a particle slower than sqrt(8 pi^2 Phi0/mu).",
    sp.Eq(v_c, capture_speed(), evaluate=False),
)
def capture(formula: sp.Basic) -> list[Step]:
    """The kinetic energy at that speed is the height of the interaction."""
    return [
        Step(
            kinetic_energy(formula.rhs),
            amplitude,
            "kinetic energy equals the barrier",
            Reduce("expand"),
        ),
        Step(
            sp.sqrt(amplitude / kinetic_energy(1)),
            formula.rhs,
            "the positive root",
            Reduce("expand"),
        ),
    ]


@states(
    "capture_speed_as_printed",
    "Fig. 4 caption",
    "As printed: the capture speed is 8 pi^2 Phi0/mu (no square root).",
    sp.Eq(v_c, 8 * sp.pi**2 * amplitude / mass, evaluate=False),
    parents=[capture],
)
def capture_as_printed(formula: sp.Basic) -> list[Step]:
    """At Phi0 = 2, mu = 1 (paper) the printed value is 157.9, the true one 12.57.

    Another mass besides.
    """
    return [
        *refuted(formula.rhs, capture.formula.rhs, {amplitude: 2, mass: 1}, 16 * sp.pi**2, 4 * sp.pi),
        *refuted(formula.rhs, capture.formula.rhs, {amplitude: 3, mass: 6}, 4 * sp.pi**2, 2 * sp.pi),
    ]


@states(
    "response_below_the_band",
    "beyond the paper",
    "Below the band the lattice answers a force on one mass by 1/sqrt((1 - omega^2)(omega_fast^2 - omega^2)).",
    sp.Eq(response, response_below(), evaluate=False),
    parents=[resolvent],
)
def below(formula: sp.Basic) -> list[Step]:
    """Each mode answers by 1/(omega_mode^2 - omega^2).

    The band average has both band edges in it.
    """
    modes = band_average(1 / (band_squared(theta) - omega**2))
    return mean_of_inverse(modes, 1 - omega**2, omega_fast**2 - omega**2, formula.rhs)


@states(
    "response_above_the_band",
    "beyond the paper",
    "Above the band the lattice answers in opposite phase, by -1/sqrt((omega^2 - 1)(omega^2 - omega_fast^2)).",
    sp.Eq(response, response_above(), evaluate=False),
    parents=[resolvent],
)
def above(formula: sp.Basic) -> list[Step]:
    """As below the band, with every denominator negative."""
    modes = band_average(1 / (band_squared(theta) - omega**2))
    return mean_of_inverse(modes, omega**2 - 1, omega**2 - omega_fast**2, formula.rhs, sign=-1)


@states(
    "trapped_frequency",
    "beyond the paper",
    "A particle trapped at a mass by a well of curvature K oscillates where 1/(mu omega^2) "
    "minus the lattice's response is 1/K.",
    sp.Eq(1 / (mass * omega**2) - response, 1 / stiffness, evaluate=False),
    parents=[below, above],
)
def trapped(formula: sp.Basic) -> list[Step]:
    """Eliminate the mass: its displacement is the response times the spring's force.

    Then the particle's own equation.
    """
    stretch = position  # particle minus mass
    displaced = response * stiffness * stretch
    particle = stretch + displaced
    newton = -mass * omega**2 * particle + stiffness * stretch
    claim = (formula.lhs - formula.rhs) * stretch * mass * omega**2 * stiffness
    well = potential_gaussian(u).diff(u, 2).subs(u, 0)
    return [
        Step(
            newton,
            claim,
            "the particle's equation of motion, times -1",
            Reduce("common denominator", "expand"),
        ),
        Step(
            well,
            -amplitude / width**2,
            "curvature of the Gaussian well (attractive: positive)",
            Reduce("expand"),
        ),
    ]


@states(
    "response_along_the_chain",
    "beyond the paper",
    "Outside the band the response falls off geometrically along the chain: r^n times that of the mass itself.",
    sp.Eq(sp.Function("G")(lag), response * ratio**lag, evaluate=False),
    parents=[below, above],
)
def along_chain(formula: sp.Basic) -> list[Step]:
    """Away from the force the recurrence (D - omega^2) G = 0 fixes r + 1/r.

    At the force it gives the response back.
    """
    at = lambda number: formula.rhs.subs(lag, number)  # noqa: E731
    trace = 2 + (1 - omega**2) / coupling
    root = sp.sqrt((1 - omega**2) * (omega_fast**2 - omega**2)) / coupling
    decaying = (trace - root) / 2
    source = (1 - omega**2) * at(0) + coupling * (2 * at(0) - 2 * at(1))
    return [
        Step(
            (dynamical_operator(at, lag) - omega**2 * at(lag)) / at(lag),
            coupling * (trace - ratio - 1 / ratio),
            "away from the force",
            Reduce("powers", "common denominator", "expand"),
        ),
        Step(
            decaying + 1 / decaying,
            trace,
            "for the root r that decays",
            Reduce("common denominator"),
        ),
        Step(
            source.subs(ratio, decaying),
            response * root * coupling,
            "at the force: one, with the response below the band",
            Reduce("common denominator"),
        ),
        Step(
            (response * root * coupling).subs(response, response_below()) ** 2,
            sp.Integer(1),
            "so that the response is that of the band average",
            Reduce("common denominator"),
        ),
    ]


@states(
    "trapped_midway",
    "beyond the paper",
    "A particle held midway between two masses, by a curvature K on each side, oscillates "
    "where 2/(mu omega^2) minus the "
    "response (1 + r) G is 1/K.",
    sp.Eq(2 / (mass * omega**2) - response * (1 + ratio), 1 / stiffness, evaluate=False),
    parents=[along_chain],
)
def midway(formula: sp.Basic) -> list[Step]:
    """Both masses move alike.

    Each answers to the force on itself and, by r G, to that on its neighbour.
    """
    stretch = position  # particle minus mass
    displaced = stiffness * stretch * (along_chain.formula.rhs.subs(lag, 0) + along_chain.formula.rhs.subs(lag, 1))
    particle = stretch + displaced
    newton = -mass * omega**2 * particle + 2 * stiffness * stretch
    claim = (formula.lhs - formula.rhs) * stretch * mass * omega**2 * stiffness
    return [
        Step(
            newton,
            claim,
            "the particle's equation of motion",
            Reduce("common denominator", "expand"),
        )
    ]


@states(
    "trapped_frequency_below",
    "beyond the paper",
    "With Phi0 = -2, lambda = 4, mu = 1, omega_fast = 10 a trapped particle oscillates at "
    "0.35122 slow frequencies, without loss.",
    sp.Eq(omega, sp.Rational("0.35122"), evaluate=False),
    parents=[trapped],
)
def trapped_below(formula: sp.Basic) -> list[Step]:
    """The one root below the band, by interval Newton."""
    point = {mass: 1, stiffness: sp.Rational(1, 8), response: response_below()}
    condition = (trapped.formula.lhs - trapped.formula.rhs).subs(point).subs(omega_fast, 10)
    return [
        Step(
            omega,
            formula.rhs,
            "the root below the band",
            EnclosedSum(condition, omega, sp.Rational(1, 10), sp.Rational(9, 10), 1, places=5),
        ),
    ]


STATEMENTS = (
    capture,
    capture_as_printed,
    below,
    above,
    trapped,
    along_chain,
    midway,
    trapped_below,
)
