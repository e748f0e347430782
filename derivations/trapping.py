"""Capture by the chain, and the oscillation of a captured particle.

A particle slower than the capture speed is turned back by the highest point of the rigid lattice's
potential. A particle trapped in a well of curvature K_w oscillates without loss only at frequencies
outside the band, where the lattice follows but does not radiate.

>>> capture_speed().subs({amplitude: 2, mass: 1}).n(5)
12.566
"""

from __future__ import annotations

import sympy as sp

from .checks import EnclosedSum, Reduce
from .drift import U, orbit_ends
from .lattice import band_squared, coupling, dynamical_operator, resolvent
from .ledger import Step, claim, equal, refuted, states
from .motion import kinetic_energy, units_particle
from .notation import (
    amplitude,
    lag,
    mass,
    omega,
    omega_fast,
    position,
    ratio,
    response,
    spacing,
    speed,
    stiffness,
    t,
    theta,
    u,
    v_c,
    width,
)
from .potentials import potential_gaussian
from .single_pass import band_average, mean_of_inverse

__all__ = ["capture_speed", "decay_ratio", "lattice_capture_speed", "response_above", "response_below"]


def capture_speed() -> sp.Expr:
    """Return sqrt(8 pi^2 Phi0/mu), the least speed over one repulsive mass (no loss), in l_slow/t_slow; Phi0 > 0.

    The limit of one narrow mass; `lattice_capture_speed` has the barrier of the whole lattice.

    >>> round(float(capture_speed().subs({amplitude: 2, mass: 1})), 3)
    12.566
    """
    return sp.sqrt(8 * sp.pi**2 * amplitude / mass)


def lattice_capture_speed(barrier: sp.Expr) -> sp.Expr:
    """Return sqrt(8 pi^2 barrier/mu), the least speed midway that passes the rigid lattice, in l_slow/t_slow.

    The barrier, in hbar Omega_slow, is max U - U(alpha/2) with U(u) = sum_n Phi(u - n alpha); 0 where there is none.

    >>> round(float(lattice_capture_speed(sp.Integer(2)).subs(mass, 1)), 3)
    12.566
    """
    return sp.sqrt(8 * sp.pi**2 * barrier / mass)


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


def decay_ratio(side: int) -> sp.Expr:
    """Return the ratio r of the displacements of neighbours, away from a force at a frequency outside the band.

    A pure number with abs(r) < 1; side -1 for a frequency below the band, r > 0, and 1 for one above it, r < 0.

    >>> round(float(decay_ratio(1).subs({omega_fast: 3, omega: 4})), 4)
    -0.1883
    """
    # The square root is real on both sides of the band.
    root = sp.sqrt((1 - omega**2) * (omega_fast**2 - omega**2)) / coupling
    return (2 + (1 - omega**2) / coupling + side * root) / 2


@states(
    "capture_speed",
    "Fig. 4 caption, corrected",
    "One repulsive mass at rest, with the highest value Phi0 of an interaction that vanishes far away, turns back a "
    "particle whose speed far away is below sqrt(8 pi^2 Phi0/mu) (no loss).",
    equal(v_c, capture_speed()),
    parents=[units_particle],
)
def capture(formula: sp.Basic) -> list[Step]:
    """The kinetic energy at that speed is the height of the interaction."""
    return [
        claim(kinetic_energy(formula.rhs), amplitude).by("kinetic energy equals the barrier", Reduce("expand")),
        claim(sp.sqrt(amplitude / kinetic_energy(1)), formula.rhs).by("the positive root", Reduce("expand")),
    ]


@states(
    "capture_speed_as_printed",
    "Fig. 4 caption",
    "As printed: the capture speed is 8 pi^2 Phi0/mu (no square root).",
    equal(v_c, 8 * sp.pi**2 * amplitude / mass),
    parents=[capture],
    kind="printed",
)
def capture_as_printed(formula: sp.Basic) -> list[Step]:
    """At Phi0 = 2, mu = 1 (paper) the printed value is 157.9, the true one 12.57; and for another mass."""
    return [
        *refuted(formula.rhs, capture.formula.rhs, {amplitude: 2, mass: 1}, 16 * sp.pi**2, 4 * sp.pi),
        *refuted(formula.rhs, capture.formula.rhs, {amplitude: 3, mass: 6}, 4 * sp.pi**2, 2 * sp.pi),
    ]


@states(
    "capture_speed_of_the_lattice",
    "Fig. 4 caption, corrected",
    "The rigid lattice, U(u) = sum_n Phi(u - n alpha) with its highest value at u = sigma, turns back a particle whose "
    "speed midway between two masses is below sqrt(8 pi^2 (U(sigma) - U(alpha/2))/mu) (no loss); for one narrow mass, "
    "U(alpha/2) = 0 and U(sigma) = Phi0, this is sqrt(8 pi^2 Phi0/mu).",
    equal(v_c, lattice_capture_speed(U(position) - U(spacing / 2))),
    parents=[orbit_ends, capture],
)
def lattice_capture(formula: sp.Basic) -> list[Step]:
    """The kinetic energy midway is the height of the barrier; the motion ends at its top."""
    barrier = U(position) - U(spacing / 2)
    at_top = orbit_ends.formula.rhs.subs({speed: formula.rhs, u: position})
    return [
        claim(kinetic_energy(formula.rhs), barrier).by("kinetic energy equals the barrier", Reduce("expand")),
        claim(sp.sqrt(barrier / kinetic_energy(1)), formula.rhs).by("the positive root", Reduce("factored radicals")),
        claim(at_top, formula.rhs**2 - v_c**2).by("the speed at the top, squared, vanishes at v_c", Reduce("expand")),
        claim(formula.rhs.subs(U(spacing / 2), 0).subs(U(position), amplitude), capture.formula.rhs).by(
            "one narrow mass", Reduce("expand")
        ),
    ]


@states(
    "capture_speed_of_gaussians",
    "Fig. 4 caption, corrected",
    "For repulsive Gaussians the top of the rigid lattice is at a mass and the barrier is Phi0 times "
    "sum_n (-1)^n exp(-n^2 alpha^2/(8 lambda^2)): with Phi0 = 2, mu = 1, alpha = 40 the capture speed is 12.57 for "
    "lambda = 4, and 8.966, 5.188, 2.386 for lambda = 12, 16, 20.",
    equal(
        v_c,
        lattice_capture_speed(
            amplitude * sp.Sum((-1) ** lag * sp.exp(-(lag**2) * spacing**2 / (8 * width**2)), (lag, -sp.oo, sp.oo))
        ),
    ),
    parents=[lattice_capture],
)
def gaussian_capture(formula: sp.Basic) -> list[Step]:
    """Even n are the masses seen from a mass, odd n those seen from midway.

    A Gaussian is the convolution of two narrower ones, and so is the lattice's potential, U = V * V with V even and
    periodic: 2 U(0) - 2 U(u) is proportional to the integral of (V(w) - V(u - w))^2 and not negative.
    """
    (total,) = formula.rhs.atoms(sp.Sum)
    term = total.function
    narrow = lambda distance: sp.exp(-(distance**2) / width**2)  # noqa: E731
    V = sp.Function("V")
    paper = {amplitude: 2, mass: 1, spacing: 40}
    first_terms = sum(term.subs(lag, n) for n in range(-12, 13))
    values = {4: "12.57", 12: "8.966", 16: "5.188", 20: "2.386"}
    return [
        claim(amplitude * term.subs(lag, 2 * lag), potential_gaussian(lag * spacing)).by(
            "even n: the potential at a mass, of the mass n/2", Reduce("powers")
        ),
        claim(amplitude * term.subs(lag, 2 * lag + 1), -potential_gaussian((lag + sp.Rational(1, 2)) * spacing)).by(
            "odd n: less that midway", Reduce("powers", "expand", "powers")
        ),
        claim(kinetic_energy(formula.rhs) / amplitude, total).by("the barrier over the amplitude", Reduce("expand")),
        claim(
            sp.Integral(narrow(t) * narrow(u - t), (t, -sp.oo, sp.oo)),
            sp.sqrt(sp.pi / 2) * width * potential_gaussian(u) / amplitude,
        ).by("a Gaussian is the convolution of two narrower ones", Reduce("evaluate", "expand", "powers")),
        claim((V(t) - V(u - t)) ** 2, V(t) ** 2 + V(u - t) ** 2 - 2 * V(t) * V(u - t)).by(
            "the integrals over a period of the first two are U(0), that of the third is U(u)", Reduce("expand")
        ),
        *(
            claim(formula.rhs.subs(total, first_terms).subs({**paper, width: lambda_}), sp.Rational(text)).by(
                f"lambda = {lambda_}; terms beyond n = 12 are below exp(-70)",
                EnclosedSum(None, places=len(text.partition(".")[2])),
            )
            for lambda_, text in values.items()
        ),
    ]


@states(
    "response_below_the_band",
    "beyond the paper",
    "Below the band the lattice answers a force on one mass by 1/sqrt((1 - omega^2)(omega_fast^2 - omega^2)).",
    equal(response, response_below()),
    parents=[resolvent],
)
def below(formula: sp.Basic) -> list[Step]:
    """Each mode responds by 1/(omega_mode^2 - omega^2); the band average contains both band edges."""
    modes = band_average(1 / (band_squared(theta) - omega**2))
    return mean_of_inverse(modes, 1 - omega**2, omega_fast**2 - omega**2, formula.rhs)


@states(
    "response_above_the_band",
    "beyond the paper",
    "Above the band the lattice answers in opposite phase, by -1/sqrt((omega^2 - 1)(omega^2 - omega_fast^2)).",
    equal(response, response_above()),
    parents=[resolvent],
)
def above(formula: sp.Basic) -> list[Step]:
    """As below the band, with every denominator negative."""
    modes = band_average(1 / (band_squared(theta) - omega**2))
    return mean_of_inverse(modes, omega**2 - 1, omega**2 - omega_fast**2, formula.rhs, sign=-1)


@states(
    "trapped_frequency",
    "beyond the paper",
    "A particle trapped at a mass by a well of curvature K has small oscillations, outside the band, where "
    "1/(mu omega^2) minus the lattice's response is 1/K.",
    equal(1 / (mass * omega**2) - response, 1 / stiffness),
    parents=[below, above],
)
def trapped(formula: sp.Basic) -> list[Step]:
    """Eliminate the mass, whose displacement is the response times the spring's force; then the particle's equation."""
    stretch = position  # particle minus mass
    displaced = response * stiffness * stretch
    particle = stretch + displaced
    newton = -mass * omega**2 * particle + stiffness * stretch
    required = (formula.lhs - formula.rhs) * stretch * mass * omega**2 * stiffness
    well = potential_gaussian(u).diff(u, 2).subs(u, 0)
    return [
        claim(newton, required).by(
            "the particle's equation of motion, times -1", Reduce("common denominator", "expand")
        ),
        claim(well, -amplitude / width**2).by(
            "curvature of the Gaussian well (attractive: positive)", Reduce("expand")
        ),
    ]


@states(
    "response_along_the_chain",
    "beyond the paper",
    "Outside the band the response falls off geometrically along the chain: r^n times that of the mass itself, "
    "with 0 < r < 1 below the band and -1 < r < 0 above it (neighbours in opposite phase).",
    equal(sp.Function("G")(lag), response * ratio**lag),
    parents=[below, above],
)
def along_chain(formula: sp.Basic) -> list[Step]:
    """Away from the force the recurrence (D - omega^2) G = 0 fixes r + 1/r; the root with abs(r) < 1 is taken.

    At the force it gives the response back, below the band and above it.
    """
    at = lambda number: formula.rhs.subs(lag, number)  # noqa: E731
    trace = 2 + (1 - omega**2) / coupling
    source = (1 - omega**2) * at(0) + coupling * (2 * at(0) - 2 * at(1))
    steps = [
        claim((dynamical_operator(at, lag) - omega**2 * at(lag)) / at(lag), coupling * (trace - ratio - 1 / ratio)).by(
            "away from the force", Reduce("powers", "common denominator", "expand")
        ),
        claim(2 - trace, (omega**2 - 1) / coupling).by("r + 1/r is above 2 below the band", Reduce("expand")),
        claim(-2 - trace, (omega**2 - omega_fast**2) / coupling).by(
            "and below -2 above it: r has that sign", Reduce("common denominator")
        ),
    ]
    for sign, place, known in ((-1, "below", response_below()), (1, "above", response_above())):
        root = sp.sqrt((1 - omega**2) * (omega_fast**2 - omega**2)) / coupling  # positive on both sides of the band
        decaying = decay_ratio(sign)
        steps += [
            claim(decaying + 1 / decaying, trace).by(
                f"{place} the band: a root of the recurrence", Reduce("common denominator")
            ),
            claim(sign * (decaying - 1 / decaying), root).by(
                "the one that decays, abs(r) < 1: abs(1/r) - abs(r) is positive", Reduce("common denominator")
            ),
            claim(source.subs(ratio, decaying), -sign * response * root * coupling).by(
                "at the force", Reduce("common denominator")
            ),
            claim((known * root * coupling) ** 2, 1).by(
                "is one, squared, with the response of the band average,", Reduce("common denominator")
            ),
            claim(
                (-sign * known * root * coupling).subs({omega_fast: 3, omega: {-1: sp.Rational(1, 2), 1: 4}[sign]}), 1
            ).by("and positive", Reduce("evaluate")),
        ]
    return steps


@states(
    "trapped_midway",
    "beyond the paper",
    "A particle held midway between two masses, by a curvature K on each side, oscillates "
    "where 2/(mu omega^2) minus the response (1 + r) G is 1/K, outside the band.",
    equal(2 / (mass * omega**2) - response * (1 + ratio), 1 / stiffness),
    parents=[along_chain],
)
def midway(formula: sp.Basic) -> list[Step]:
    """Both masses move alike: each responds to the force on itself and, by r G, to that on its neighbour."""
    stretch = position  # particle minus mass
    displaced = stiffness * stretch * (along_chain.formula.rhs.subs(lag, 0) + along_chain.formula.rhs.subs(lag, 1))
    particle = stretch + displaced
    newton = -mass * omega**2 * particle + 2 * stiffness * stretch
    required = (formula.lhs - formula.rhs) * stretch * mass * omega**2 * stiffness
    return [claim(newton, required).by("the particle's equation of motion", Reduce("common denominator", "expand"))]


@states(
    "trapped_frequency_below",
    "beyond the paper",
    "With Phi0 = -2, lambda = 4, mu = 1, omega_fast = 10 the small oscillation of a trapped particle below the band is "
    "at omega = 0.35122.",
    equal(omega, sp.Rational("0.35122")),
    parents=[trapped],
    relation=r"\approx",
)
def trapped_below(formula: sp.Basic) -> list[Step]:
    """The one root below the band, by interval Newton."""
    point = {mass: 1, stiffness: sp.Rational(1, 8), response: response_below()}
    condition = (trapped.formula.lhs - trapped.formula.rhs).subs(point).subs(omega_fast, 10)
    return [
        claim(omega, formula.rhs).by(
            "the root below the band",
            EnclosedSum(condition, omega, sp.Rational(1, 10), sp.Rational(9, 10), 1, places=5),
        )
    ]
