"""What the particle loses in one pass by one chain mass (Eqs. 6-9).

Each phonon mode is an oscillator driven by the particle's force; the energy left in it by the pass
is ``|2 pi int exp(2 pi i omega t) Phi'(sigma(t)) dt|^2 / 2``, and the dissipation Delta is the mean
of this over the band. The force is taken at the undisplaced mass and along the unperturbed motion
(the constant-velocity, second-order approximation): at constant speed v the integral is the
interaction's transform at the wave number ``2 pi omega/v``.

>>> gaussian_closed_form().subs({amplitude: 2, width: 4, omega_fast: 10, speed: 30}).n(8)
0.022375906
"""

from __future__ import annotations

import sympy as sp

from .checks import Apply, EnclosedSum, Integrands, NonNegative, Reduce
from .lattice import band, band_squared, resolvent
from .ledger import Step, claim, equal, refuted, states
from .motion import kinetic_energy, mode_energy, units_particle
from .notation import (
    amplitude,
    energy,
    gap,
    index,
    mass,
    offset,
    omega,
    omega_fast,
    phi,
    position,
    rate,
    resolvent_p,
    resolvent_q,
    spacing,
    speed,
    t,
    theta,
    time,
    u,
    wavenumber,
    width,
    z,
)
from .potentials import gaussian as gaussian_transform
from .potentials import transform, transform_gaussian
from .printer import i0e, i0e_minus_i1e, unscaled

__all__ = ["gaussian_closed_form", "loss_per_mode", "slowness"]

Delta = sp.Function("Delta")
Phi = sp.Function("Phi")

# Half the sum and half the difference of the band's edges, squared:
# omega^2 = middle - half_width cos(2 theta).
middle = (omega_fast**2 + 1) / 2
half_width = (omega_fast**2 - 1) / 2
slowness = (2 * sp.pi * width / speed) ** 2


def loss_per_mode(frequency_squared: sp.Expr, transform_value: sp.Expr) -> sp.Expr:
    """Return 8 pi^4 omega^2 |transform(2 pi omega/v)|^2 / v^4, the energy left in one mode (integrand of Eq. 6).

    Energy in hbar Omega_slow; constant speed v in l_slow/t_slow, transform in hbar Omega_slow l_slow.

    >>> loss_per_mode(sp.Integer(0), sp.Integer(1))
    0
    """
    return 8 * sp.pi**4 * frequency_squared / speed**4 * transform_value**2


def band_average(integrand: sp.Expr) -> sp.Integral:
    """Return the mean over the band, theta from 0 to pi/2."""
    return 2 / sp.pi * sp.Integral(integrand, (theta, 0, sp.pi / 2))


def mean_of_inverse(before: sp.Expr, at_bottom: sp.Expr, at_top: sp.Expr, after: sp.Expr, sign: int = 1) -> list[Step]:
    """Return the steps from the band average of an inverse to its closed form.

    What is inverted is linear in omega^2, with the values ``at_bottom`` and ``at_top`` at the band's edges.
    """
    split = sign * band_average(1 / (at_bottom * sp.cos(theta) ** 2 + at_top * sp.sin(theta) ** 2))
    return [
        claim(before, split).by(
            "split into squares of sine and cosine",
            Integrands("common denominator", "squares of the cosine", "common denominator"),
        ),
        claim(split, after).by(
            "the band average of the inverse",
            Apply(resolvent.formula, {resolvent_p: at_bottom, resolvent_q: at_top}, "expand"),
        ),
    ]


def scaled_bessel(order: int, argument: sp.Expr) -> sp.Expr:
    """Return exp(-x) I_order(x), which neither overflows nor underflows."""
    return sp.exp(-argument) * sp.besseli(order, argument)


def gaussian_closed_form() -> sp.Expr:
    """Return Eq. (7): Delta for the Gaussian interaction at constant speed; energy, any speed above 0.

    >>> from derivations.notation import amplitude, omega_fast, speed, width
    >>> paper = {omega_fast: 10, amplitude: 2, width: 4, speed: 30}
    >>> round(float(gaussian_closed_form().subs(paper)), 9)
    0.022375906
    """
    return (
        16
        * sp.pi**5
        * amplitude**2
        * width**2
        / speed**4
        * sp.exp(-slowness * middle)
        * (middle * sp.besseli(0, slowness * half_width) - half_width * sp.besseli(1, slowness * half_width))
    )


@states(
    "eq06_single_pass",
    "Eq. 6",
    "At constant speed, with the force taken at the undisplaced mass (second order in Phi) and an even Phi that "
    "vanishes at infinity, the loss in a pass is the band average of 8 pi^4 omega^2 |transform(2 pi omega/v)|^2 / v^4.",
    equal(
        Delta(speed),
        band_average(loss_per_mode(band_squared(theta), transform(2 * sp.pi * sp.sqrt(band_squared(theta)) / speed))),
    ),
    parents=[band, mode_energy],
    kind="printed",
)
def single_pass(formula: sp.Basic) -> list[Step]:
    """Force on a mode, its transform at 2 pi omega/v, the energy of the mode, the mean over the band."""
    k = 2 * sp.pi * omega / speed
    force = sp.Integral(sp.exp(2 * sp.pi * sp.I * omega * t) * Phi(u).diff(u).subs(u, speed * t), (t, -sp.oo, sp.oo))
    scaled = sp.Integral(sp.exp(sp.I * k * u) * Phi(u).diff(u) / speed, (u, -sp.oo, sp.oo))
    by_parts = sp.Derivative(sp.exp(sp.I * k * u) * Phi(u), u) / speed - sp.I * k / speed * sp.exp(sp.I * k * u) * Phi(
        u
    )
    force_transform = -sp.I * k / speed * transform(k)
    absorbed = (2 * sp.pi) ** 2 * force_transform * sp.conjugate(force_transform) / 2
    integrand = formula.rhs * sp.pi / 2  # undo the band average
    return [
        claim(force, scaled).by(
            "measure time by the distance u = v t", Integrands("evaluate", change=(t, u / speed, u))
        ),
        claim(scaled.function, by_parts).by(
            "integrate by parts (the boundary term vanishes)", Reduce("evaluate", "expand")
        ),
        # The transform is real, as the interaction is even.
        claim(absorbed.subs(sp.conjugate(transform(k)), transform(k)), loss_per_mode(omega**2, transform(k))).by(
            "energy of a mode after the pass", Reduce("expand")
        ),
        claim(
            sp.Integral(
                loss_per_mode(omega**2, transform(k)).subs(omega, sp.sqrt(band_squared(theta))), (theta, 0, sp.pi / 2)
            ),
            integrand,
        ).by("average over the band of Eq. (1)", Integrands("expand")),
    ]


@states(
    "bessel_integral",
    "above Eq. 7",
    "The mean of exp(z cos phi) over a half turn is the modified Bessel function I0(z).",
    equal(sp.Integral(sp.exp(z * sp.cos(phi)), (phi, 0, sp.pi)), sp.pi * sp.besseli(0, z)),
)
def bessel_integral(formula: sp.Basic) -> list[Step]:
    """Both sides solve z y'' + y' = z y, and agree at z = 0, where only one solution is regular."""
    integrand, bessel = formula.lhs.function, formula.rhs
    equation = lambda y: z * sp.diff(y, z, 2) + sp.diff(y, z) - z * y  # noqa: E731
    boundary = sp.sin(phi) * integrand
    ((_, low, high),) = formula.lhs.limits
    coefficient = sp.binomial(2 * index, index) / 4**index
    power = sp.cos(phi) ** (2 * index + 2)
    return [
        claim(equation(integrand), sp.Derivative(boundary, phi)).by(
            "the differential equation makes the integrand a total derivative", Reduce("evaluate", "trigonometry")
        ),
        claim(boundary.subs(phi, high) - boundary.subs(phi, low), 0).by("which vanishes at both ends", Reduce()),
        claim(equation(bessel), 0).by(
            "the Bessel function solves the same equation", Reduce("evaluate", "Bessel recurrence")
        ),
        claim(sp.Integral(integrand.subs(z, 0), (phi, low, high)), bessel.subs(z, 0)).by(
            "equal at z = 0, where only one solution is regular", Reduce("evaluate")
        ),
        # The same again term by term in the power series, for symbolic index, with no theorem.
        claim(
            sp.Derivative(sp.cos(phi) ** (2 * index + 1) * sp.sin(phi), phi),
            (2 * index + 2) * power - (2 * index + 1) * power / sp.cos(phi) ** 2,
        ).by(
            "recurrence between the means of cos^(2m+2) and cos^(2m)",
            Reduce("evaluate", "squares of the sine", "expand", "powers"),
        ),
        claim(coefficient.subs(index, index + 1) / coefficient, (2 * index + 1) / (2 * index + 2)).by(
            "solved by a binomial coefficient", Reduce("factorials", "common denominator")
        ),
        claim(coefficient / sp.factorial(2 * index), 1 / (4**index * sp.factorial(index) ** 2)).by(
            "times 1/(2m)! the coefficient of z^(2m) in I0", Reduce("factorials", "powers", ratio=True)
        ),
    ]


@states(
    "eq07_gaussian_closed_form",
    "Eq. 7",
    "The loss in a pass at constant speed, for the Gaussian interaction, in modified Bessel functions.",
    equal(Delta(speed), gaussian_closed_form()),
    parents=[single_pass, gaussian_transform, bessel_integral],
    kind="printed",
)
def gaussian_single_pass(formula: sp.Basic) -> list[Step]:
    """Insert the transform, double the angle, write omega^2 as a derivative in z, and recognise I0."""
    inserted = single_pass.formula.rhs.replace(transform, transform_gaussian)
    factor = 16 * sp.pi**5 * amplitude**2 * width**2 / speed**4
    squared = middle - half_width * sp.cos(phi)
    doubled = factor / sp.pi * sp.Integral(squared * sp.exp(-z * squared), (phi, 0, sp.pi))
    generating = sp.Integral(sp.exp(z * half_width * sp.cos(phi)), (phi, 0, sp.pi))
    in_theta = factor * band_average(band_squared(theta) * sp.exp(-slowness * band_squared(theta)))
    derivative = lambda mean: -factor / sp.pi * sp.Derivative(sp.exp(-z * middle) * mean, z)  # noqa: E731
    bessel = sp.besseli(0, z * half_width)
    return [
        claim(inserted, in_theta).by("insert the Gaussian's transform", Integrands("expand", "powers")),
        claim(in_theta, doubled.subs(z, slowness)).by(
            "double the angle, phi = 2 theta", Integrands("trigonometry", change=(theta, phi / 2, phi))
        ),
        claim(doubled, derivative(generating)).by(
            "omega^2 exp(-z omega^2) is minus the derivative in z", Integrands("expand", "powers")
        ),
        claim(derivative(generating), derivative(sp.pi * bessel)).by(
            "the integral is a Bessel function", Apply(bessel_integral.formula, {z: z * half_width})
        ),
        claim((-factor * sp.Derivative(sp.exp(-z * middle) * bessel, z)).doit().subs(z, slowness), formula.rhs).by(
            "differentiate and put z = (2 pi lambda/v)^2", Reduce("expand")
        ),
    ]


@states(
    "transform_of_a_shift",
    "below Eq. 6",
    "Moving the interaction by sigma multiplies its transform by exp(i k sigma): for an "
    "interaction that is not even, Eqs. (6) and (10) need the squared modulus.",
    equal(
        sp.Integral(Phi(u - position) * sp.exp(sp.I * wavenumber * u), (u, -sp.oo, sp.oo)),
        sp.exp(sp.I * wavenumber * position) * sp.Integral(Phi(t) * sp.exp(sp.I * wavenumber * t), (t, -sp.oo, sp.oo)),
    ),
    parents=[single_pass],
)
def shifted(formula: sp.Basic) -> list[Step]:
    """Measure the distance from the new centre; the phase has modulus one."""
    factor = formula.rhs / sp.Mul(*formula.rhs.atoms(sp.Integral))
    return [
        claim(formula.lhs, formula.rhs).by("u = t + sigma", Integrands("powers", change=(u, t + position, t))),
        claim(factor * sp.conjugate(factor), 1).by("a phase", Reduce("powers")),
    ]


@states(
    "even_in_speed",
    "beyond the paper",
    "For the Gaussian interaction the loss in a pass is even in the speed: the direction of motion does not matter.",
    equal(Delta(-speed), gaussian_single_pass.formula.rhs),
    parents=[gaussian_single_pass],
)
def even_in_speed(formula: sp.Basic) -> list[Step]:
    """The speed enters squared, here and in any even transform."""
    per_mode = loss_per_mode(omega**2, transform_gaussian(2 * sp.pi * omega / speed))
    return [
        claim(gaussian_single_pass.formula.rhs.subs(speed, -speed), formula.rhs).by("Eq. (7)", Reduce()),
        claim(per_mode.subs(speed, -speed), per_mode).by("each mode", Reduce()),
    ]


@states(
    "eq07_scaled",
    "Eq. 7",
    "Eq. (7) without overflow: exp(-z) times scaled Bessel functions, their difference kept as such.",
    equal(
        Delta(speed),
        16
        * sp.pi**5
        * amplitude**2
        * width**2
        / speed**4
        * sp.exp(-slowness)
        * (
            scaled_bessel(0, slowness * half_width)
            + half_width * (scaled_bessel(0, slowness * half_width) - scaled_bessel(1, slowness * half_width))
        ),
    ),
    parents=[gaussian_single_pass],
)
def gaussian_scaled(formula: sp.Basic) -> list[Step]:
    """The exponents add up to -z, as half the sum of the edges exceeds half their difference by 1."""
    return [
        claim(middle - half_width, 1).by("the edges", Reduce("expand")),
        claim(formula.rhs, gaussian_single_pass.formula.rhs).by("collect the exponentials", Reduce("expand", "powers")),
    ]


@states(
    "eq08_fast_limit",
    "Eq. 8",
    "For v to infinity v^4 times the loss in a pass tends to 8 pi^5 Phi0^2 lambda^2 (omega_fast^2 + 1).",
    equal(Delta(speed), 8 * sp.pi**5 * amplitude**2 * width**2 * (1 + omega_fast**2) / speed**4),
    parents=[gaussian_single_pass],
    kind="printed",
    relation=r"\sim",
)
def fast_limit(formula: sp.Basic) -> list[Step]:
    """Multiply Eq. (7) by v^4 and let v grow."""
    scaled = (gaussian_single_pass.formula.rhs * speed**4).subs(speed, 2 * sp.pi * width / sp.sqrt(z))
    claimed = formula.rhs * speed**4
    return [claim(scaled.subs(z, 0), claimed).by("v to infinity, that is z = (2 pi lambda/v)^2 to 0", Reduce("expand"))]


leading = 16 * sp.pi**5 * amplitude**2 * width**2 / speed**4
in_z = 2 * sp.pi * width / sp.sqrt(z)  # the speed as a function of z = (2 pi lambda/v)^2


@states(
    "eq08_next_order",
    "beyond Eq. 8",
    "The next order of Eq. (8) in z = (2 pi lambda/v)^2, from the mean of omega^4 over the band.",
    equal(Delta(speed), leading * (middle - slowness * (middle**2 + half_width**2 / 2))),
    parents=[gaussian_single_pass],
    relation=r"\sim",
)
def fast_next_order(formula: sp.Basic) -> list[Step]:
    """Expand Eq. (7), over its v^-4, to first order in z."""
    exact = (gaussian_single_pass.formula.rhs / leading).subs(speed, in_z)
    claimed = (formula.rhs / leading).subs(speed, in_z)
    return [
        claim(exact.subs(z, 0), claimed.subs(z, 0)).by("zeroth order", Reduce("expand")),
        claim(exact.diff(z).subs(z, 0), claimed.diff(z)).by("first order", Reduce("expand")),
        claim(claimed.diff(z, 2), 0).by("and nothing beyond first order", Reduce("expand")),
        claim(
            2 / sp.pi * sp.Integral(band_squared(theta) ** 2, (theta, 0, sp.pi / 2)), middle**2 + half_width**2 / 2
        ).by("the mean of omega^4", Reduce("evaluate", "expand")),
    ]


def slow_limit_formula() -> sp.Expr:
    """Return Eq. (9), proportional to exp(-(2 pi lambda/v)^2)/v^3."""
    return (
        8
        * sp.pi ** sp.Rational(7, 2)
        * amplitude**2
        * width
        * sp.exp(-slowness)
        / (speed**3 * sp.sqrt(omega_fast**2 - 1))
    )


def hankel(order: int, terms: int) -> sp.Expr:
    """Return the first terms of Hankel's series of sqrt(2 pi z) exp(-z) I_order(z) in 1/z."""
    total, term = sp.Integer(0), sp.Integer(1)
    for number in range(terms):
        total += term
        term = -term * (4 * order**2 - (2 * number + 1) ** 2) / (8 * (number + 1) * z)
    return total


def scaled_mean(polynomial: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr:
    """Return sqrt(2 pi z)/pi times the integral of exp(-2 z y) polynomial(y), y being the variable u."""
    return sp.sqrt(2 * sp.pi * z) / sp.pi * sp.Integral(sp.exp(-2 * z * u) * polynomial, (u, low, high))


@states(
    "hankel_series",
    "below Eq. 7",
    "Hankel's series: sqrt(2 pi z) exp(-z) I0(z) = 1 + 1/(8 z) + 9/(128 z^2) + R and sqrt(2 pi z) exp(-z) I1(z) = "
    "1 - 3/(8 z) - 15/(128 z^2) + R', where R and -R'/2 lie between -exp(-2 z) (1 + 1/z)^2/sqrt(z) and "
    "15 pi^7/(8192 z^3), for any z > 0.",
    equal(sp.sqrt(2 * sp.pi * z) * sp.exp(-z) * sp.besseli(0, z), 1 + 1 / (8 * z) + sp.Rational(9, 128) / z**2),
    parents=[bessel_integral],
    relation=r"\sim",
)
def hankel_series(formula: sp.Basic) -> list[Step]:
    """Write I0 and I1 as Laplace integrals and expand 1/sqrt(1 - y) with an explicit remainder (Watson's lemma).

    With b = sqrt(1 - y), 0 < b < 1, the remainders of the two expansions, times b, are polynomials in b. They lie
    between 0 and y^3 (I0) and between -2 y^3 and 0 (I1).
    """
    mean = sp.Integral(sp.exp(z * sp.cos(phi)), (phi, 0, sp.pi))
    weight = {0: sp.Integer(1), 1: 1 - 2 * u}  # cos(phi) = 1 - 2 y
    terms = {0: 1 + u / 2 + 3 * u**2 / 8, 1: 1 - 3 * u / 2 - 5 * u**2 / 8}
    series = {0: formula.rhs, 1: hankel(1, 3)}
    b, d = sp.symbols("b d", nonnegative=True)  # b = sqrt(1 - y) and d = 1 - b
    half_turn = (1 - sp.cos(phi)) / 2
    remainder = {order: (weight[order] - b * terms[order]).subs(u, 1 - b**2) for order in (0, 1)}
    factored = {0: d**3 * (3 * b**2 + 9 * b + 8) / 8, 1: -(d**3) * (5 * b**2 + 15 * b + 8) / 8}
    largest = d**3 * (1 + b) ** 3  # y^3
    tail = {  # what lies beyond y = 1 is exp(-2 z)/sqrt(z) times this, b being 1/z
        0: (15 + 5 * b + sp.Rational(3, 2) * b**2) / (8 * sp.sqrt(2 * sp.pi)),
        1: (25 + 11 * b + sp.Rational(5, 2) * b**2) / (8 * sp.sqrt(2 * sp.pi)),
    }
    full = (2 * theta**6 * sp.exp(-2 * z * (2 * theta / sp.pi) ** 2)).subs(theta, u)
    outside = {0: 1 + u / 2 + 3 * u**2 / 8, 1: 1 + 3 * u / 2 + 5 * u**2 / 8}
    steps = [
        claim(mean / sp.pi, sp.besseli(0, z)).by(
            "I0 as a mean; its derivative I1 has the weight cos(phi)", Apply(bessel_integral.formula)
        ),
        claim(mean.function.diff(z), sp.cos(phi) * mean.function).by("the weight of I1", Reduce()),
        claim(formula.lhs, sp.sqrt(2 * sp.pi * z) * sp.exp(-z) * sp.besseli(0, z)).by("scaled as claimed", Reduce()),
        claim(half_turn.diff(phi) ** 2, half_turn * (1 - half_turn)).by(
            "with y = (1 - cos phi)/2: dphi = dy/sqrt(y (1 - y))", Reduce("trigonometry")
        ),
        claim(z * sp.cos(phi) - z, -2 * z * half_turn).by("and exp(z cos(phi) - z) = exp(-2 z y)", Reduce("expand")),
    ]
    for order in (0, 1):
        steps += [
            claim(remainder[order], factored[order].subs(d, 1 - b)).by(
                f"I{order}: remainder of the expansion in y, times b", Reduce("expand")
            ),
            claim(scaled_mean(terms[order] / sp.sqrt(u), 0, sp.oo), series[order]).by(
                f"I{order}: the terms, integrated over all y", Reduce("evaluate", "expand")
            ),
            claim(scaled_mean(outside[order], 1, sp.oo), sp.exp(-2 * z) / sp.sqrt(z) * tail[order].subs(b, 1 / z)).by(
                f"I{order}: less what lies beyond y = 1, where 1/sqrt(y) < 1: exponentially small",
                Reduce("evaluate", "expand"),
            ),
        ]
    return [
        *steps,
        claim((1 + b) ** 2 - tail[0], 0).by("at most exp(-2 z) (1 + 1/z)^2/sqrt(z) for I0,", NonNegative()),
        claim(2 * (1 + b) ** 2 - tail[1], 0).by("and at most twice that for I1", NonNegative()),
        claim(factored[0], 0).by("the remainder of I0 is not negative,", NonNegative()),
        claim(largest.subs(d, 1 - b), (1 - b**2) ** 3).by("y^3 in b", Reduce("expand")),
        claim(largest - factored[0], 0).by("and at most y^3/b;", NonNegative()),
        claim(-factored[1], 0).by("that of I1 is not positive,", NonNegative()),
        claim(2 * largest + factored[1], 0).by("and at least -2 y^3/b", NonNegative()),
        claim(sp.sqrt(2 * sp.pi * z) / sp.pi * sp.Integral(full, (u, 0, sp.oo)), 15 * sp.pi**7 / (8192 * z**3)).by(
            "y = sin^2 with sin at least 2 theta/pi: the integral of y^3/b is of third order in 1/z",
            Reduce("evaluate", "expand"),
        ),
    ]


def inserted_series(terms: int) -> sp.Expr:
    """Return Eq. (7), over its v^-4 and its exponential, with so many terms of Hankel's series for I0 and I1."""
    argument = z * half_width
    bracket = (middle * hankel(0, terms) - half_width * hankel(1, terms)).subs(z, argument)
    return (bracket / sp.sqrt(2 * sp.pi * argument)).subs(omega_fast, sp.sqrt(1 + gap**2))


def over_leading(loss: sp.Expr) -> sp.Expr:
    """Return a loss over the factor v^-4 of Eq. (7) and exp(-z), in z and the gap."""
    return ((loss / leading).subs(speed, in_z) * sp.exp(z)).subs(omega_fast, sp.sqrt(1 + gap**2))


@states(
    "eq09_slow_limit",
    "Eq. 9",
    "For v to 0 the loss in a pass is exponentially small, exp(-(2 pi lambda/v)^2)/v^3 times a constant to leading "
    "order: the lower band edge decides.",
    equal(Delta(speed), slow_limit_formula()),
    parents=[gaussian_single_pass, hankel_series],
    kind="printed",
    relation=r"\sim",
)
def slow_limit(formula: sp.Basic) -> list[Step]:
    """Insert the leading terms of Hankel's series into Eq. (7); they differ in sign there, so that 1 is left.

    The same by Laplace's method: at the bottom of the band omega^2 = 1 + g^2 theta^2, and omega^2 may be taken as 1.
    """
    bottom = sp.Integral(sp.exp(-z * (1 + gap**2 * theta**2)), (theta, 0, sp.oo))
    exponent = -z * middle + z * half_width
    return [
        claim(exponent, -z).by("the exponentials of Eq. (7)", Reduce("expand")),
        claim(inserted_series(1), over_leading(formula.rhs)).by(
            "Eq. (7) with the leading terms of Hankel's series", Reduce("expand", "powers")
        ),
        claim(inserted_series(2) / inserted_series(1) - 1, (1 + 2 * gap**2) / (4 * gap**2 * z)).by(
            "the next terms vanish like 1/z, that is v^2", Reduce("common denominator")
        ),
        claim(sp.series(band_squared(theta), theta, 0, 3).removeO(), 1 + (omega_fast**2 - 1) * theta**2).by(
            "the band near its bottom", Reduce("expand")
        ),
        claim(2 / sp.pi * bottom, over_leading(formula.rhs) * sp.exp(-z)).by(
            "where omega^2 is 1, a Gaussian integral", Reduce("evaluate", "expand", "powers")
        ),
    ]


@states(
    "eq09_next_order",
    "beyond Eq. 9",
    "The next factor of Eq. (9) is 1 + 1/(2 z) + 1/(4 z (omega_fast^2 - 1)), z = (2 pi lambda/v)^2.",
    equal(Delta(speed), slow_limit_formula() * (1 + 1 / (2 * slowness) + 1 / (4 * slowness * (omega_fast**2 - 1)))),
    parents=[slow_limit, hankel_series],
    relation=r"\sim",
)
def slow_next_order(formula: sp.Basic) -> list[Step]:
    """Insert two terms of Hankel's series; the third is of second order in 1/z."""
    third = (9 * middle + 15 * half_width).subs(omega_fast, sp.sqrt(1 + gap**2)) / (128 * (z * gap**2 / 2) ** 2)
    return [
        claim(inserted_series(2), over_leading(formula.rhs)).by(
            "Eq. (7) with two terms of Hankel's series", Reduce("expand", "powers")
        ),
        claim((inserted_series(3) - inserted_series(2)) / inserted_series(1), third).by(
            "what the third adds is of second order in 1/z", Reduce("common denominator")
        ),
    ]


@states(
    "eq09_validity",
    "below Eq. 9",
    "At v = 25, lambda = 4, omega_fast = 10 the leading term, Eq. (9), is 0.6662 of Eq. (7), 33% low: it needs v well "
    "below 2 pi lambda.",
    equal(sp.Symbol("q", positive=True), sp.Rational("0.6662")),
    parents=[gaussian_single_pass],
    relation=r"\approx",
)
def slow_validity(formula: sp.Basic) -> list[Step]:
    """The quotient of Eq. (9) and Eq. (7), in ball arithmetic."""
    point = {omega_fast: 10, width: 4, amplitude: 1, speed: 25}
    quotient = (slow_limit.formula.rhs / gaussian_single_pass.formula.rhs).subs(point)
    return [claim(quotient, formula.rhs).by("Eq. (9) over Eq. (7)", EnclosedSum(None, places=4))]


@states(
    "band_mean_square",
    "above Eq. 8",
    "The mean of omega^2 over the band is (omega_fast^2 + 1)/2.",
    equal(band_average(band_squared(theta)), (omega_fast**2 + 1) / 2),
    parents=[band],
)
def band_mean(formula: sp.Basic) -> list[Step]:
    """SymPy integrates."""
    return [claim(formula.lhs, formula.rhs).by("integrate", Reduce("evaluate", "expand"))]


@states(
    "fast_power_law",
    "below Eq. 8",
    "For any interaction whose transform is continuous at k = 0 (one with a finite second moment, say), v^4 times the "
    "loss in a pass tends to 4 pi^4 (omega_fast^2 + 1) (int Phi du)^2 for v to infinity.",
    equal(Delta(speed), 4 * sp.pi**4 * (omega_fast**2 + 1) * transform(0) ** 2 / speed**4),
    parents=[single_pass, band_mean],
    relation=r"\sim",
)
def fast_power_law(formula: sp.Basic) -> list[Step]:
    """All wave numbers 2 pi omega/v of the band go to 0, uniformly: they are at most 2 pi omega_fast/v.

    The transform is continuous there: 1 - cos(k u) = 2 sin^2(k u/2) is at most (k u)^2/2, whence
    abs(transform(k) - transform(0)) <= k^2/2 int u^2 abs(Phi) du.
    """
    (integral,) = single_pass.formula.rhs.atoms(sp.Integral)
    scaled = (speed**4 * integral.function).replace(transform, lambda k: transform(k * speed * offset))
    return [
        claim(omega_fast**2 - band_squared(theta), (omega_fast**2 - 1) * sp.cos(theta) ** 2).by(
            "no frequency is above omega_fast", Reduce("squares of the cosine", "expand")
        ),
        claim(1 - sp.cos(wavenumber * u), 2 * sp.sin(wavenumber * u / 2) ** 2).by(
            "the transform at k and at 0 differ by the mean of this, at most (k u)^2/2", Reduce("trigonometry")
        ),
        claim(2 / sp.pi * sp.Integral(scaled.subs(offset, 0), integral.limits[0]), speed**4 * formula.rhs).by(
            "v^4 Delta as 1/v (written epsilon) goes to 0, uniformly over the band", Reduce("evaluate", "expand")
        ),
        claim(formula.rhs.replace(transform, transform_gaussian), fast_limit.formula.rhs).by(
            "the Gaussian as an instance: Eq. (8)", Reduce("expand")
        ),
    ]


@states(
    "loss_rate",
    "below Eq. 8",
    "If the loss per lattice spacing is C/v^4, the kinetic energy falls at the rate "
    "(C/alpha) (mu/(8 pi^2))^(3/2) E^(-3/2), averaged over a spacing.",
    equal(
        sp.Function("E")(time).diff(time),
        -rate / spacing * (mass / (8 * sp.pi**2)) ** sp.Rational(3, 2) * sp.Function("E")(time) ** sp.Rational(-3, 2),
    ),
    parents=[units_particle],
)
def loss_rate(formula: sp.Basic) -> list[Step]:
    """Loss per spacing times spacings per time, with v from the kinetic energy."""
    v = sp.sqrt(8 * sp.pi**2 * energy / mass)
    return [
        claim(kinetic_energy(v), energy).by("speed at this energy", Reduce("expand")),
        claim(-rate / speed**4 * (speed / spacing), formula.rhs.subs(sp.Function("E")(time), kinetic_energy(speed))).by(
            "loss per time", Reduce("expand", "powers")
        ),
    ]


@states(
    "finite_capture_time",
    "below Eq. 8",
    "If the energy falls at the rate C E^(-3/2), E^(5/2) falls linearly and nothing is left after the time "
    "2 E^(5/2)/(5 C).",
    equal(sp.Function("E")(time), (energy ** sp.Rational(5, 2) - sp.Rational(5, 2) * rate * time) ** sp.Rational(2, 5)),
    parents=[loss_rate],
)
def capture_time(formula: sp.Basic) -> list[Step]:
    """The solution starts at E, solves E' = -C E^(-3/2), and reaches zero at 2 E^(5/2)/(5 C)."""
    solution = formula.rhs
    return [
        claim(solution.subs(time, 0), energy).by("energy at the start", Reduce("powers")),
        claim(solution.diff(time), -rate * solution ** sp.Rational(-3, 2)).by("rate of loss", Reduce("powers")),
        claim(solution.subs(time, 2 * energy ** sp.Rational(5, 2) / (5 * rate)), 0).by("end", Reduce("expand")),
    ]


@states(
    "finite_capture_time_as_read",
    "below Eq. 8",
    "As the text may be read: a loss rate that follows E^(-3/2) lets the energy decay without end, say like 1/tau (the "
    "paper prints no solution).",
    equal(sp.Function("E")(time), energy * (1 + rate * time / energy ** sp.Rational(5, 2)) ** (-1)),
    parents=[capture_time],
    kind="reading",
)
def capture_time_as_read(formula: sp.Basic) -> list[Step]:
    """With E = 4, C = 8 nothing is left at tau = 8/5, while a decay that starts at the same rate keeps 80/37."""
    first = {energy: 4, rate: 8, time: sp.Rational(8, 5)}
    second = {energy: 1, rate: 3, time: sp.Rational(2, 15)}
    return [
        claim(formula.rhs.subs(time, 0), energy).by("both start at E", Reduce("expand")),
        claim(formula.rhs.diff(time).subs(time, 0), -rate * energy ** sp.Rational(-3, 2)).by(
            "at the same rate", Reduce("powers")
        ),
        *refuted(formula.rhs, capture_time.formula.rhs, first, sp.Rational(20, 7), 0),
        *refuted(formula.rhs, capture_time.formula.rhs, second, sp.Rational(5, 7), 0),
    ]


@states(
    "largest_loss",
    "beyond the paper",
    "The loss in a pass is stationary in the speed exactly where twice the mean of omega^2 exp(-z omega^2) equals z "
    "times that of omega^4 exp(-z omega^2); this z lies between 2/omega_fast^2 and 2.",
    equal(
        2 * (middle * sp.besseli(0, z * half_width) - half_width * sp.besseli(1, z * half_width)),
        z * (middle**2 + half_width**2) * sp.besseli(0, z * half_width)
        - (2 * z * middle * half_width + half_width) * sp.besseli(1, z * half_width),
    ),
    parents=[gaussian_single_pass],
)
def largest_loss(formula: sp.Basic) -> list[Step]:
    """Set the derivative of Eq. (7) in z to zero."""
    loss = z**2 * sp.exp(-z * middle) * formula.lhs / 2
    return [
        claim(loss.diff(z) * sp.exp(z * middle) / z, formula.lhs - formula.rhs).by(
            "differentiate z^2 times the mean, as v^-4 goes like z^2",
            Reduce("evaluate", "Bessel recurrence", "common denominator", "expand"),
        ),
        claim((gaussian_single_pass.formula.rhs / leading).subs(speed, in_z), sp.exp(-z * middle) * formula.lhs / 2).by(
            "the left-hand side is the mean in Eq. (7)", Reduce("expand")
        ),
        claim(
            band_squared(theta) ** 2 - band_squared(theta),
            (omega_fast**2 - 1) * band_squared(theta) * sp.sin(theta) ** 2,
        ).by("omega^4 is at least omega^2: z is at most 2,", Reduce("expand")),
        claim(
            omega_fast**2 * band_squared(theta) - band_squared(theta) ** 2,
            (omega_fast**2 - 1) * band_squared(theta) * sp.cos(theta) ** 2,
        ).by(
            "and at most omega_fast^2 omega^2: z is at least 2/omega_fast^2", Reduce("squares of the cosine", "expand")
        ),
    ]


@states(
    "largest_loss_speed",
    "Fig. 3(a)",
    "For lambda = 4, omega_fast = 10 the loss in a pass is stationary at one speed only, v = 22.92, and is largest "
    "there as it vanishes for v to 0 and to infinity.",
    equal(speed, sp.Rational("22.92")),
    parents=[largest_loss],
    relation=r"\approx",
)
def largest_loss_speed(formula: sp.Basic) -> list[Step]:
    """The condition has one root between z = 2/omega_fast^2 and 2; on both sides of it the loss is smaller."""
    argument = (z * half_width).subs(omega_fast, 10)
    condition = (largest_loss.formula.lhs - largest_loss.formula.rhs).subs(omega_fast, 10) * sp.exp(-argument)
    # In exp(-x) I0 and exp(-x) (I0 - I1), which cancel less and can be enclosed on an interval.
    scaled = (sp.Rational(103, 2) - z) * i0e(argument) + (
        sp.Rational(99, 2) - sp.Rational(101 * 99, 2) * z
    ) * i0e_minus_i1e(argument)
    loss = gaussian_single_pass.formula.rhs.subs({omega_fast: 10, width: 4, amplitude: 2})
    box = (sp.Rational(1, 50), sp.Integer(2))  # where largest_loss leaves room for a root
    return [
        claim(condition, unscaled(scaled)).by("the condition in scaled Bessel functions", Reduce("expand", "powers")),
        claim(8 * sp.pi / sp.sqrt(z), formula.rhs).by(
            "the only root of the condition", EnclosedSum(scaled, z, *box, count=1, places=2)
        ),
        claim(loss.subs(speed, formula.rhs), sp.Rational("0.025064")).by(
            "the loss there, Phi0 = 2", EnclosedSum(None, places=6)
        ),
        claim(loss.subs(speed, formula.rhs - 1), sp.Rational("0.024961")).by("slower", EnclosedSum(None, places=6)),
        claim(loss.subs(speed, formula.rhs + 1), sp.Rational("0.024978")).by("faster", EnclosedSum(None, places=6)),
    ]
