"""The chain by itself: dispersion relation, normal modes, memory kernel, group velocity (Eqs. 1, 3, 5).

Each mass has an on-site spring (unit stiffness, frequency 1) and is coupled to its neighbours by
springs of stiffness ``(omega_fast^2 - 1)/4``. In units of ``Omega_slow`` the frequencies fill the
phonon band from 1 to ``omega_fast``; the particle acts on the chain, and the chain on the
particle, through this band alone.

The memory kernel ``Gamma_n(tau)``, the retarded displacement Green's function, is the displacement
of mass l + n at the time tau after a unit impulse on mass l; time is counted in slow periods,
whence the factors 2 pi.

>>> band_squared(sp.pi / 2)
omega_fast**2
>>> kernel_finite(sp.Integer(0)).subs({masses: 1, time: sp.Rational(1, 4)}).doit()
1
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .checks import Approaches, Cited, Reduce
from .ledger import Step, claim, equal, states
from .notation import (
    c_s,
    gap,
    harmonic,
    lag,
    laplace,
    masses,
    omega,
    omega_fast,
    ratio,
    resolvent_p,
    resolvent_q,
    site,
    spacing,
    t,
    theta,
    time,
)

__all__ = ["band_squared", "dynamical_operator", "kernel", "kernel_finite"]

rho = sp.Function("rho")
Gamma = sp.Function("Gamma")
coupling = (omega_fast**2 - 1) / 4  # springs between neighbours, in units of the on-site spring


def band_squared(angle: sp.Expr) -> sp.Expr:
    """Return omega(theta)^2, the dispersion relation of Eq. (1): 1 at the zone centre, omega_fast^2 at its boundary.

    In units of Omega_slow^2; theta = q a/2, any real angle.

    >>> band_squared(0), band_squared(sp.pi / 2)
    (1, omega_fast**2)
    """
    return 1 + (omega_fast**2 - 1) * sp.sin(angle) ** 2


def dynamical_operator(displacement: Any, number: Any = site) -> sp.Expr:
    """Return (D rho)_l, the restoring force on mass l; the displacement is a function of l.

    Force in units of m Omega_slow^2 l_slow for a displacement in l_slow; springs are (omega_fast^2 - 1)/4 (Eq. 1).

    >>> dynamical_operator(lambda l: 1)
    1
    """
    return displacement(number) + coupling * (
        2 * displacement(number) - displacement(number + 1) - displacement(number - 1)
    )


def oscillation(angle: sp.Expr) -> sp.Expr:
    """Return sin(2 pi tau omega)/omega, the response of an oscillator to an impulse at tau = 0."""
    frequency = sp.sqrt(band_squared(angle))
    return sp.sin(2 * sp.pi * time * frequency) / frequency


def mode_response(number: sp.Expr, angle: sp.Expr) -> sp.Expr:
    """Return the contribution of one mode to the kernel, cos(2 n theta) sin(2 pi tau omega)/omega."""
    return sp.cos(2 * number * angle) * oscillation(angle)


def kernel_finite(number: sp.Expr) -> sp.Expr:
    """Return Eq. (3): the kernel of a ring of N masses, theta = pi j/N; a pure number, odd in tau and even in the lag.

    >>> kernel_finite(0).subs({masses: 1, time: 0}).doit()
    0
    """
    return sp.Sum(mode_response(number, sp.pi * harmonic / masses), (harmonic, 0, masses - 1)) / masses


def kernel(number: sp.Expr) -> sp.Expr:
    """Return Eq. (5): the kernel of the infinite chain, a pure number, odd in tau and even in the lag.

    >>> sp.diff(kernel(0), time).subs(time, 0).doit()
    2*pi
    """
    return 2 / sp.pi * sp.Integral(mode_response(number, theta), (theta, 0, sp.pi / 2))


@states(
    "lattice_forces",
    "above Eq. 1",
    "The force on a chain mass is minus the derivative of the chain's potential energy.",
    equal(dynamical_operator(rho), rho(site) + coupling * (2 * rho(site) - rho(site + 1) - rho(site - 1))),
)
def forces(formula: sp.Basic) -> list[Step]:
    """Only three terms of the potential energy contain rho_l."""
    tied = lambda number: coupling * (rho(number + 1) - rho(number)) ** 2 / 2  # noqa: E731
    energy = rho(site) ** 2 / 2 + tied(site) + tied(site - 1)
    return [
        claim(energy.diff(rho(site)), side).by("derivative of the potential energy", Reduce("expand"))
        for side in formula.args
    ]


@states(
    "eq01_band",
    "Eq. 1",
    "A plane wave of phase 2 theta per mass is a mode of the chain, and its frequency fills "
    "the band from 1 to omega_fast.",
    equal(omega**2, band_squared(theta)),
    parents=[forces],
    kind="printed",
)
def band(formula: sp.Basic) -> list[Step]:
    """Insert exp(2 i theta l) into the restoring force; both band edges follow."""
    wave = lambda number: sp.exp(2 * sp.I * theta * number)  # noqa: E731
    return [
        claim(dynamical_operator(wave) / wave(site), formula.rhs).by("insert a plane wave", Reduce("trigonometry")),
        claim(formula.rhs.subs(theta, 0), 1).by("lower edge of the band", Reduce()),
        claim(formula.rhs.subs(theta, sp.pi / 2), omega_fast**2).by("upper edge of the band", Reduce("expand")),
    ]


@states(
    "geometric_sum",
    "above Eq. 3",
    "The sum of a geometric progression of N terms, for symbolic N.",
    equal(sp.Sum(ratio**harmonic, (harmonic, 0, masses - 1)), (ratio**masses - 1) / (ratio - 1)),
)
def geometric_sum(formula: sp.Basic) -> list[Step]:
    """By induction: one term for N = 1, and r^N more for one more term."""
    closed = formula.rhs
    ((_, _, high),) = formula.lhs.limits
    return [
        claim(formula.lhs.subs(masses, 1).doit(), closed.subs(masses, 1)).by(
            "a single term", Reduce("common denominator")
        ),
        claim(closed.subs(masses, masses + 1) - closed, formula.lhs.function.subs(harmonic, high + 1)).by(
            "one more term", Reduce("common denominator", "expand", "powers")
        ),
    ]


@states(
    "modes_orthonormal",
    "above Eq. 3",
    "The N plane waves j = 0 ... N - 1 of a ring of N masses are orthonormal, for symbolic N.",
    equal(
        sp.Sum(sp.exp(2 * sp.pi * sp.I * harmonic * site / masses), (site, 0, masses - 1)) / masses,
        sp.KroneckerDelta(harmonic, 0),
    ),
    parents=[geometric_sum],
)
def orthonormal(formula: sp.Basic) -> list[Step]:
    """Equal waves (j = 0) add up to N.

    Different ones (0 < j < N) add up to a geometric sum whose ratio is an N-th root of one, and not one itself.
    """
    (waves,) = (formula.lhs / formula.lhs.coeff(formula.lhs.atoms(sp.Sum).pop())).atoms(sp.Sum)
    ((_, low, high),) = waves.limits
    same = formula.lhs.subs(harmonic, 0).doit()
    different, others = sp.symbols("j m", integer=True, positive=True)  # 0 < j < N = j + m
    term = waves.function.subs(harmonic, different)
    step = sp.powsimp(term.subs(site, site + 1) / term)
    root = sp.powsimp(step ** (high - low + 1))
    distance = ((step - 1) * (1 / step - 1)).subs(masses, different + others)
    return [
        claim(same, formula.rhs.subs(harmonic, 0)).by("two equal modes", Reduce("expand")),
        claim(
            geometric_sum.formula.rhs.subs(ratio, step).subs(step**masses, sp.powdenest(root, force=False)),
            formula.rhs.subs(harmonic, different),
        ).by("two different modes: the ratio is an N-th root of one", Reduce("expand")),
        claim(distance, 4 * sp.sin(sp.pi * different / (different + others)) ** 2).by(
            "which is not one for 0 < j < N = j + m: its distance from one, squared, is positive",
            Reduce("trigonometry"),
        ),
        claim(term.subs(site, high + 1), term.subs(site, low)).by(
            "after N masses the wave returns to where it began", Reduce("powers")
        ),
    ]


@states(
    "eq03_kernel_finite",
    "Eq. 3",
    "The kernel of a ring of N masses is a sum over modes: it solves the equation of motion after a unit impulse.",
    equal(Gamma(time), kernel_finite(site)),
    parents=[band, orthonormal],
    kind="printed",
)
def kernel_of_ring(formula: sp.Basic) -> list[Step]:
    """Each mode solves the equation of motion.

    The initial velocities add up to 2 pi on the mass of the impulse, and to 0 elsewhere, by orthonormality.
    """
    (total,) = formula.rhs.atoms(sp.Sum)
    mode = total.function * formula.rhs.coeff(total) * masses
    moved = lambda number: mode.subs(site, number)  # noqa: E731
    ((_, low, high),) = total.limits
    return [
        claim(
            (mode.diff(time, 2) + (2 * sp.pi) ** 2 * dynamical_operator(moved))
            / oscillation(sp.pi * harmonic / masses),
            0,
        ).by("each mode solves the free equation of motion", Reduce("expand", "trigonometry")),
        claim(mode.subs(time, 0), 0).by("no initial displacement", Reduce()),
        claim(mode.diff(time).subs(time, 0), 2 * sp.pi * sp.re(sp.exp(2 * sp.pi * sp.I * harmonic * site / masses))).by(
            "the initial velocities are the plane waves, which add up to an impulse on one mass",
            Reduce("real part", "trigonometry"),
        ),
        claim(high - low + 1, masses).by("every mode once", Reduce()),
        claim(sp.Sum(mode.diff(time).subs({time: 0, site: 0}), total.limits[0]).doit() / masses, 2 * sp.pi).by(
            "the mass of the impulse starts with velocity 2 pi", Reduce("expand")
        ),
    ]


@states(
    "eq05_kernel",
    "Eq. 5",
    "In the infinite chain the sum over modes is an integral over the band; it solves the same problem.",
    equal(Gamma(time), kernel(lag)),
    parents=[kernel_of_ring],
    kind="printed",
)
def kernel_of_chain(formula: sp.Basic) -> list[Step]:
    """The equation of motion under the integral; no initial displacement; initial velocity of mass 0 alone."""
    (integral,) = formula.rhs.atoms(sp.Integral)
    factor = formula.rhs.coeff(integral)
    moved = lambda number: integral.function.subs(lag, number)  # noqa: E731
    impulse = factor * integral.function.diff(time).subs(time, 0)
    return [
        claim(
            integral.function.diff(time, 2) / oscillation(theta),
            -((2 * sp.pi) ** 2) * dynamical_operator(moved, lag) / oscillation(theta),
        ).by("the equation of motion, under the integral", Reduce("expand", "trigonometry")),
        claim(integral.function.subs(time, 0), 0).by("no initial displacement", Reduce()),
        claim(sp.Integral(impulse.subs(lag, 0), *integral.limits), 2 * sp.pi).by(
            "initial velocity of the mass of the impulse", Reduce("evaluate")
        ),
        claim(sp.Integral(impulse, *integral.limits), 0).by(
            "initial velocity of all other masses", Reduce("evaluate", "expand")
        ),
    ]


# The band average of 1/(p cos^2 + q sin^2): the Laplace transform of the kernel, the response to a force at
# one frequency and the loss to a cusp follow from it.


@states(
    "band_average_of_inverse",
    "beyond the paper",
    "The band average of 1/(p cos^2 + q sin^2) is 1/sqrt(p q).",
    equal(
        2
        / sp.pi
        * sp.Integral(1 / (resolvent_p * sp.cos(theta) ** 2 + resolvent_q * sp.sin(theta) ** 2), (theta, 0, sp.pi / 2)),
        1 / sp.sqrt(resolvent_p * resolvent_q),
    ),
)
def resolvent(formula: sp.Basic) -> list[Step]:
    """The antiderivative is an arc tangent, which rises from 0 to pi/2 over the band."""
    (integral,) = formula.lhs.atoms(sp.Integral)
    root = sp.sqrt(resolvent_q / resolvent_p)
    antiderivative = sp.atan(root * sp.tan(theta)) / sp.sqrt(resolvent_p * resolvent_q)
    ((_, low, high),) = integral.limits
    return [
        claim(
            antiderivative.diff(theta).rewrite(sp.cos).subs(sp.cos(theta - sp.pi / 2), sp.sin(theta)), integral.function
        ).by(
            "differentiate the antiderivative",
            Reduce(
                "sine over cosine", "common denominator", "squares of the sine", "common denominator", "trigonometry"
            ),
        ),
        claim(
            formula.lhs.coeff(integral)
            * (sp.Limit(antiderivative, theta, high, "-").doit() - antiderivative.subs(theta, low)),
            formula.rhs,
        ).by("its rise over the band", Reduce("powers")),
    ]


edge_slow = laplace**2 + (2 * sp.pi) ** 2
edge_fast = laplace**2 + (2 * sp.pi * omega_fast) ** 2
# Half of r + 1/r, for the ratio r of neighbours in c (r + 1/r - 2) = 1 + s^2/(2 pi)^2.
half_trace = 1 + edge_slow / (2 * (2 * sp.pi) ** 2 * coupling)


@states(
    "kernel_laplace",
    "beyond the paper",
    "The Laplace transform of the kernel falls off geometrically along the chain, n >= 0: 2 pi "
    "r^n/sqrt((s^2 + 4 pi^2)(s^2 + 4 pi^2 omega_fast^2)), 0 < r < 1.",
    equal(Gamma(laplace), 2 * sp.pi * ratio**lag / sp.sqrt(edge_slow * edge_fast)),
    parents=[band],
)
def kernel_laplace(formula: sp.Basic) -> list[Step]:
    """The recurrence away from the mass of the impulse, and at it."""
    fold = lambda number: formula.rhs.subs(lag, number)  # noqa: E731
    trace = 2 * half_trace
    at_zero = laplace**2 * fold(0) + (2 * sp.pi) ** 2 * (fold(0) + coupling * (2 * fold(0) - 2 * fold(1)))
    decaying = half_trace - sp.sqrt(edge_slow * edge_fast) / (2 * (2 * sp.pi) ** 2 * coupling)
    return [
        claim(
            sp.Integral(sp.sin(2 * sp.pi * omega * time) / omega * sp.exp(-laplace * time), (time, 0, sp.oo)),
            2 * sp.pi / (laplace**2 + (2 * sp.pi * omega) ** 2),
        ).by("the transform of one mode", Reduce("evaluate", "common denominator")),
        claim(
            (laplace**2 * fold(lag) + (2 * sp.pi) ** 2 * dynamical_operator(fold, lag)) / fold(lag),
            (2 * sp.pi) ** 2 * coupling * (trace - ratio - 1 / ratio),
        ).by(
            "away from the impulse the transform solves the recurrence",
            Reduce("powers", "common denominator", "expand"),
        ),
        claim(decaying + 1 / decaying, trace).by(
            "with this root r", Reduce("common denominator", "expand", "common denominator")
        ),
        claim(1 / decaying - decaying, sp.sqrt(edge_slow * edge_fast) / ((2 * sp.pi) ** 2 * coupling)).by(
            "which decays: r + 1/r and 1/r - r are positive, so 0 < r < 1",
            Reduce("common denominator", "expand", "common denominator"),
        ),
        claim(at_zero.subs(ratio, decaying), 2 * sp.pi).by(
            "and the impulse on the mass itself", Reduce("expand", "common denominator", "expand")
        ),
    ]


@states(
    "kernel_bessel_convolution",
    "beyond the paper",
    "On the mass itself the kernel is 2 pi times the convolution of two Bessel functions, one for each band edge.",
    equal(
        Gamma(time),
        2
        * sp.pi
        * sp.Integral(sp.besselj(0, 2 * sp.pi * t) * sp.besselj(0, 2 * sp.pi * omega_fast * (time - t)), (t, 0, time)),
    ),
    parents=[kernel_of_chain, kernel_laplace],
)
def kernel_convolution(formula: sp.Basic) -> list[Step]:
    """The transform is the product of two transforms of J0, and a function is fixed by its transform."""
    product = sp.Integer(1)
    for edge in (2 * sp.pi, 2 * sp.pi * omega_fast):
        product *= sp.LaplaceTransform(sp.besselj(0, edge * time), time, laplace)
    return [
        claim(2 * sp.pi * product, kernel_laplace.formula.rhs.subs(lag, 0)).by(
            "the transform of J0, twice", Reduce("Laplace transform", "powers")
        ),
        claim(kernel(0), formula.rhs).by(
            "a function is fixed by its transform",
            Cited("Lerch's theorem", points=1, digits=30, ranges={time: (sp.Rational(1, 2), 1), omega_fast: (2, 3)}),
        ),
    ]


def edge_oscillation(frequency: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """Return one of the two band-edge oscillations of the kernel at late times, with amplitude tau^(-1/2)."""
    return sp.sin(2 * sp.pi * frequency * time + shift) / (sp.pi * gap * sp.sqrt(frequency * time))


@states(
    "kernel_late_time",
    "beyond the paper",
    "At late times the kernel of a mass itself is the sum of two band-edge oscillations, whose amplitudes fall like "
    "tau^(-1/2).",
    equal(Gamma(time), edge_oscillation(1, sp.pi / 4) + edge_oscillation(omega_fast, -sp.pi / 4)),
    parents=[kernel_of_chain],
    relation=r"\sim",
)
def kernel_late(formula: sp.Basic) -> list[Step]:
    """Both band edges are stationary points of the phase, and each gives a Fresnel integral.

    Compared with a ring that is long enough to have no echo.
    """
    curvature = sp.Symbol("b", positive=True)
    fresnel = sp.Integral(sp.sin(theta + curvature * t**2), (t, 0, sp.oo))
    frequency = sp.sqrt(band_squared(theta))
    n_ring = 400
    ring = kernel_finite(sp.Integer(0)).subs(masses, n_ring)
    two_oscillations = formula.rhs.subs(gap, sp.sqrt(omega_fast**2 - 1))
    return [
        claim(frequency.diff(theta, 2).subs(theta, 0), omega_fast**2 - 1).by(
            "curvature at the lower edge", Reduce("expand")
        ),
        claim(frequency.diff(theta, 2).subs(theta, sp.pi / 2), -(omega_fast**2 - 1) / omega_fast).by(
            "curvature at the upper edge", Reduce("expand", "common denominator")
        ),
        claim(fresnel, sp.sqrt(sp.pi / curvature) / 2 * sp.sin(theta + sp.pi / 4)).by(
            "the Fresnel integral", Reduce("evaluate", "trigonometry", "expand")
        ),
        claim(
            2 / sp.pi * (sp.sqrt(sp.pi / (sp.pi * time * gap**2)) / 2 * sp.sin(2 * sp.pi * time + sp.pi / 4)),
            edge_oscillation(1, sp.pi / 4),
        ).by("with the curvature of the lower edge, b = pi tau g^2", Reduce("expand")),
        claim(ring, two_oscillations).by(
            "only the stationary points count at late times",
            Approaches(
                "method of stationary phase",
                time,
                sp.Rational(13, 3),
                1,
                scale=1 / sp.sqrt(time),
                at={omega_fast: 2},
            ),
        ),
    ]


@states(
    "sound_cone",
    "below Eq. 5",
    "No group velocity exceeds pi alpha (omega_fast - 1), which is reached at sin^2 theta = 1/(omega_fast + 1). "
    "Beyond this sound cone the memory kernel is not zero: that of the neighbouring mass starts like tau^3.",
    equal(c_s, sp.pi * spacing * (omega_fast - 1)),
    parents=[band],
    kind="printed",
)
def sound_cone(formula: sp.Basic) -> list[Step]:
    """The claim, squared, exceeds the group velocity squared by a square that vanishes once.

    The kernel is analytic in time and its derivatives at tau = 0 are not all zero: no sharp front.
    """
    frequency = sp.sqrt(band_squared(theta))
    group_speed = sp.pi * spacing * frequency.diff(theta)
    lead = (omega_fast**2 - 1) * sp.sin(theta) ** 2 - (omega_fast - 1)
    return [
        claim(formula.rhs**2 - group_speed**2, (sp.pi * spacing) ** 2 * lead**2 / band_squared(theta)).by(
            "what is left is a square", Reduce("squares of the cosine", "common denominator")
        ),
        claim(lead.subs(sp.sin(theta), 1 / sp.sqrt(omega_fast + 1)), 0).by(
            "which vanishes at sin^2 theta = 1/(omega_fast + 1)", Reduce("common denominator")
        ),
        claim(
            group_speed.subs(sp.cos(theta), sp.sqrt(1 - sp.sin(theta) ** 2))
            .subs(sp.sin(theta), 1 / sp.sqrt(omega_fast + 1))
            .subs(omega_fast, 1 + gap),
            formula.rhs.subs(omega_fast, 1 + gap),
        ).by("where the group velocity has this value and sign", Reduce("factored radicals", "common denominator")),
        claim(
            2 / sp.pi * sp.Integral(mode_response(1, theta).diff(time, 3).subs(time, 0), (theta, 0, sp.pi / 2)),
            (2 * sp.pi) ** 3 * coupling,
        ).by("the neighbour's kernel starts with tau^3, at once", Reduce("evaluate", "expand")),
    ]
