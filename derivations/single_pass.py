"""What the particle loses in one pass by one chain mass (Eqs. 6-9).

Each phonon is an oscillator driven by the particle's force; after the pass it keeps the energy
``|2 pi int exp(2 pi i omega t) Phi'(sigma(t)) dt|^2 / 2``, and the dissipation Delta is the mean of this over the
band.  At constant speed v the integral is the interaction's transform at the wave number ``2 pi omega/v``.

>>> gaussian_closed_form().subs({amplitude: 2, width: 4, omega_fast: 10, speed: 30}).n(8)
0.022375906
"""

from __future__ import annotations

import sympy as sp

from .checks import Apply, Integrands, Reduce
from .lattice import band, band_squared
from .ledger import Step, chain, states
from .notation import amplitude, index, omega, omega_fast, phi, speed, t, theta, u, wavenumber, width, z
from .potentials import gaussian as gaussian_transform
from .potentials import transform, transform_gaussian

__all__ = ["STATEMENTS", "gaussian_closed_form", "loss_per_mode", "slowness"]

Delta = sp.Function("Delta")
Phi = sp.Function("Phi")

# Half the sum and half the difference of the band's edges: omega^2 = middle - half_width cos(2 theta).
middle = (omega_fast**2 + 1) / 2
half_width = (omega_fast**2 - 1) / 2
slowness = (2 * sp.pi * width / speed) ** 2


def loss_per_mode(frequency_squared: sp.Expr, transform_value: sp.Expr) -> sp.Expr:
    """Return 8 pi^4 omega^2 |transform(2 pi omega/v)|^2 / v^4, what a phonon of this frequency takes; energy."""
    return 8 * sp.pi**4 * frequency_squared / speed**4 * transform_value**2


def band_average(integrand: sp.Expr) -> sp.Integral:
    """Return the mean over the band, theta from 0 to pi/2."""
    return 2 / sp.pi * sp.Integral(integrand, (theta, 0, sp.pi / 2))


def gaussian_closed_form() -> sp.Expr:
    """Return Eq. (7): Delta for the Gaussian interaction at constant speed."""
    return (
        16 * sp.pi**5 * amplitude**2 * width**2 / speed**4
        * sp.exp(-slowness * middle)
        * (middle * sp.besseli(0, slowness * half_width) - half_width * sp.besseli(1, slowness * half_width))
    )


@states(
    "eq06_single_pass",
    "Eq. 6",
    "At constant speed the loss in a pass is the band average of 8 pi^4 omega^2 |transform(2 pi omega/v)|^2 / v^4.",
    sp.Eq(
        Delta(speed),
        band_average(loss_per_mode(band_squared(theta), transform(2 * sp.pi * sp.sqrt(band_squared(theta)) / speed))),
        evaluate=False,
    ),
    parents=[band],
)
def single_pass(formula):
    """Force on a phonon -> its transform at k = 2 pi omega/v -> its energy -> the mean over the band."""
    k = 2 * sp.pi * omega / speed
    force = sp.Integral(sp.exp(2 * sp.pi * sp.I * omega * t) * Phi(u).diff(u).subs(u, speed * t), (t, -sp.oo, sp.oo))
    scaled = sp.Integral(sp.exp(sp.I * k * u) * Phi(u).diff(u) / speed, (u, -sp.oo, sp.oo))
    by_parts = sp.Derivative(sp.exp(sp.I * k * u) * Phi(u), u) / speed - sp.I * k / speed * sp.exp(sp.I * k * u) * Phi(u)
    force_transform = -sp.I * k / speed * transform(k)
    absorbed = (2 * sp.pi) ** 2 * force_transform * sp.conjugate(force_transform) / 2
    integrand = formula.rhs * sp.pi / 2  # undo the band average
    return [
        Step(force, scaled, "measure time by the distance u = v t", Integrands("evaluate", change=(t, u / speed, u))),
        Step(scaled.function, by_parts, "integrate by parts (the boundary term vanishes)", Reduce("evaluate", "expand")),
        Step(
            absorbed.subs(sp.conjugate(transform(k)), transform(k)),  # real, as the interaction is even
            loss_per_mode(omega**2, transform(k)),
            "energy of a phonon after the pass",
            Reduce("expand"),
        ),
        Step(
            sp.Integral(
                loss_per_mode(omega**2, transform(k)).subs(omega, sp.sqrt(band_squared(theta))),
                (theta, 0, sp.pi / 2),
            ),
            integrand,
            "average over the band of Eq. (1)",
            Integrands("expand"),
        ),
    ]


@states(
    "bessel_integral",
    "above Eq. 7",
    "The mean of exp(z cos phi) over a half turn is the modified Bessel function I0(z).",
    sp.Eq(sp.Integral(sp.exp(z * sp.cos(phi)), (phi, 0, sp.pi)), sp.pi * sp.besseli(0, z), evaluate=False),
)
def bessel_integral(formula):
    """Both sides solve z y'' + y' = z y and agree, with the first derivative, at z = 0 (regular there)."""
    integrand, bessel = formula.lhs.function, formula.rhs
    equation = lambda y: z * sp.diff(y, z, 2) + sp.diff(y, z) - z * y  # noqa: E731
    boundary = sp.sin(phi) * integrand
    (_, low, high), = formula.lhs.limits
    coefficient = sp.binomial(2 * index, index) / 4**index
    power = sp.cos(phi) ** (2 * index + 2)
    return [
        Step(
            equation(integrand),
            sp.Derivative(boundary, phi),
            "the differential equation makes the integrand a total derivative",
            Reduce("evaluate", "trigonometry"),
        ),
        Step(boundary.subs(phi, high) - boundary.subs(phi, low), sp.Integer(0), "which vanishes at both ends", Reduce()),
        Step(equation(bessel), sp.Integer(0), "the Bessel function solves the same equation",
             Reduce("evaluate", "Bessel recurrence")),
        Step(
            sp.Integral(integrand.subs(z, 0), (phi, low, high)),
            bessel.subs(z, 0),
            "equal at z = 0, where only one solution is regular",
            Reduce("evaluate"),
        ),
        # The same again term by term in the power series, for symbolic index, with no theorem on equations.
        Step(
            sp.Derivative(sp.cos(phi) ** (2 * index + 1) * sp.sin(phi), phi),
            (2 * index + 2) * power - (2 * index + 1) * power / sp.cos(phi) ** 2,
            "recurrence between the means of cos^(2m+2) and cos^(2m)",
            Reduce("evaluate", "squares of the sine", "expand", "powers"),
        ),
        Step(
            coefficient.subs(index, index + 1) / coefficient,
            (2 * index + 1) / (2 * index + 2),
            "solved by a binomial coefficient",
            Reduce("factorials", "common denominator"),
        ),
        Step(
            coefficient / sp.factorial(2 * index),
            1 / (4**index * sp.factorial(index) ** 2),
            "times 1/(2m)! the coefficient of z^(2m) in I0",
            Reduce("factorials", "powers", ratio=True),
        ),
    ]


@states(
    "eq07_gaussian_closed_form",
    "Eq. 7",
    "The loss in a pass at constant speed, for the Gaussian interaction, in modified Bessel functions.",
    sp.Eq(Delta(speed), gaussian_closed_form(), evaluate=False),
    parents=[single_pass, gaussian_transform, bessel_integral],
)
def gaussian_single_pass(formula):
    """Insert the transform, double the angle, write omega^2 as a derivative in z, and recognise I0."""
    inserted = single_pass.formula.rhs.replace(transform, transform_gaussian)
    factor = 16 * sp.pi**5 * amplitude**2 * width**2 / speed**4
    squared = middle - half_width * sp.cos(phi)
    doubled = factor / sp.pi * sp.Integral(squared * sp.exp(-z * squared), (phi, 0, sp.pi))
    generating = sp.Integral(sp.exp(z * half_width * sp.cos(phi)), (phi, 0, sp.pi))
    return chain(
        inserted,
        ("insert the Gaussian's transform", Integrands("expand", "powers"),
         factor * band_average(band_squared(theta) * sp.exp(-slowness * band_squared(theta)))),
        ("double the angle, phi = 2 theta",
         Integrands("trigonometry", change=(theta, phi / 2, phi)), doubled.subs(z, slowness)),
    ) + chain(
        doubled,
        ("omega^2 exp(-z omega^2) is minus the derivative in z",
         Integrands("expand", "powers"), -factor / sp.pi * sp.Derivative(sp.exp(-z * middle) * generating, z)),
        ("the integral is a Bessel function",
         Apply(bessel_integral.formula, {z: z * half_width}),
         -factor / sp.pi * sp.Derivative(sp.exp(-z * middle) * sp.pi * sp.besseli(0, z * half_width), z)),
    ) + [
        Step(
            (-factor * sp.Derivative(sp.exp(-z * middle) * sp.besseli(0, z * half_width), z)).doit().subs(z, slowness),
            formula.rhs,
            "differentiate and put z = (2 pi lambda/v)^2",
            Reduce("expand"),
        )
    ]


@states(
    "eq08_fast_limit",
    "Eq. 8",
    "Fast particles lose energy as v^-4: the factor is 8 pi^5 Phi0^2 lambda^2 (omega_fast^2 + 1).",
    sp.Eq(Delta(speed), 8 * sp.pi**5 * amplitude**2 * width**2 * (1 + omega_fast**2) / speed**4, evaluate=False),
    parents=[gaussian_single_pass],
)
def fast_limit(formula):
    """Multiply Eq. (7) by v^4 and let v grow."""
    scaled = (gaussian_single_pass.formula.rhs * speed**4).subs(speed, 2 * sp.pi * width / sp.sqrt(z))
    claimed = formula.rhs * speed**4
    return [
        Step(scaled.subs(z, 0), claimed, "v to infinity, that is z = (2 pi lambda/v)^2 to 0", Reduce("expand"))
    ]


STATEMENTS = (single_pass, bessel_integral, gaussian_single_pass, fast_limit)
