"""Eq. (6) in closed form for other interactions: Gaussian mixtures, the cusp, Matern shapes.

A rational transform turns the band average into derivatives of ``<1/(p + z omega^2)> = 1/sqrt((p +
z)(p + z omega_fast^2))``, which is elementary.

>>> slow = {amplitude: 2, width: 4, omega_fast: 10, speed: sp.Rational(1, 1000)}
>>> exponential_closed_form().subs(slow).n(6)
0.0500000
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import sympy as sp

from .checks import Approaches, Integrands, Reduce
from .lattice import band_squared, resolvent
from .ledger import Step, refuted, states
from .notation import (
    amplitude,
    first_amplitude,
    first_width,
    omega,
    omega_fast,
    resolvent_p,
    resolvent_q,
    second_amplitude,
    second_width,
    speed,
    theta,
    wavenumber,
    width,
    z,
)
from .potentials import INTERACTIONS, exponential, gaussian, matern32, matern52, transform
from .single_pass import Delta, band_average, gaussian_single_pass, in_z, mean_of_inverse, single_pass, slowness

__all__ = ["CLOSED_FORMS", "STATEMENTS", "exponential_closed_form"]

p, q = resolvent_p, resolvent_q
inverse_mean = 1 / sp.sqrt((p + z) * (p + z * omega_fast**2))


@states(
    "band_average_of_pole",
    "beyond the paper",
    "The band average of 1/(p + z omega^2) is 1/sqrt((p + z)(p + z omega_fast^2)).",
    sp.Eq(band_average(1 / (p + z * band_squared(theta))), inverse_mean, evaluate=False),
    parents=[resolvent],
)
def pole(formula: sp.Basic) -> list[Step]:
    """Write p + z omega^2 as (p + z) cos^2 + (p + z omega_fast^2) sin^2."""
    return mean_of_inverse(formula.lhs, p + z, p + z * omega_fast**2, formula.rhs)


STRETCH = {1: 1, 2: 3, 3: 5}  # the a^2 of the transform, by its order


def _stages(order: int) -> list[sp.Expr]:
    """Return the derivatives of the simple pole's mean, over that mean: rational in p and z.

    First minus the derivative in z, then further derivatives in p, until the pole has the order
    ``2 order``.
    """
    along = {s: sp.cancel(sp.expand(inverse_mean.diff(s) / inverse_mean)) for s in (p, z)}
    stages = [-along[z]]
    for _ in range(2 * order - 2):
        stages.append(sp.factor(stages[-1].diff(p) + stages[-1] * along[p]))
    return stages


def _logarithmic(order: int) -> sp.Expr:
    """Return the mean of omega^2/(1 + z omega^2)^(2 order), over that of 1/(1 + z omega^2)."""
    return sp.factor((_stages(order)[-1] / sp.factorial(2 * order - 1)).subs(p, 1))


def _factor(name: str) -> sp.Expr:
    return 8 * sp.pi**4 / speed**4 * INTERACTIONS[name].transform(sp.Integer(0)) ** 2


def _closed(name: str, order: int) -> Any:
    """Return Delta for a transform proportional to (1 + z omega^2)^-order.

    Here z = (2 pi lambda/(a v))^2, a^2 being the stretch.
    """
    return _factor(name) * (_logarithmic(order) * inverse_mean.subs(p, 1)).subs(z, slowness / STRETCH[order])


def exponential_closed_form() -> sp.Expr:
    """Return Delta of the exponential cusp at constant speed: Eq. (6) averaged over the band in elementary functions.

    Energy in hbar Omega_slow, for any speed greater than 0; it tends to 2 Phi0^2/(lambda^2 omega_fast) at speed 0.

    >>> from derivations.notation import amplitude, omega_fast, speed, width
    >>> paper = {omega_fast: 10, amplitude: 2, width: 4, speed: 30}
    >>> round(float(exponential_closed_form().subs(paper)), 9)
    0.022291732
    """
    return _closed("exponential", 1)


CLOSED_FORMS = {
    "exponential": exponential_closed_form(),
    "matern32": _closed("matern32", 2),
    "matern52": _closed("matern52", 3),
}


def _rational(name: str, order: int, title: str, parent: Any) -> Any:
    @states(
        f"{name}_closed_form",
        "beyond the paper",
        f"The loss in a pass at constant speed, for {title}, is elementary.",
        sp.Eq(Delta(speed), CLOSED_FORMS[name], evaluate=False),
        parents=[single_pass, pole, parent],
    )
    def statement(formula: sp.Basic) -> list[Step]:
        """Insert the transform.

        A derivative of the pole in z, and in p for the Matern shapes; the band average.
        """
        inserted = single_pass.formula.rhs.replace(transform, INTERACTIONS[name].transform)
        stretch, factor = STRETCH[order], _factor(name)
        squared = omega**2
        target = squared / (p + z * squared) ** (2 * order)
        differentiated = -(1 / (p + z * squared)).diff(z)
        stages = _stages(order)
        if order > 1:
            differentiated = differentiated.diff(p, 2 * order - 2) / sp.factorial(2 * order - 1)
        in_poles = band_average(
            factor * band_squared(theta) / (1 + slowness / stretch * band_squared(theta)) ** (2 * order)
        )
        return [
            Step(inserted, in_poles, "insert the transform", Integrands("common denominator")),
            Step(
                differentiated,
                target,
                "a multiple pole as a derivative of a simple one",
                Reduce("common denominator"),
            ),
            Step(
                -inverse_mean.diff(z) / inverse_mean,
                stages[0],
                "the band average, differentiated in z",
                Reduce("expand", "common denominator"),
            ),
            *(
                Step(
                    stage.diff(p) + stage * sp.expand(inverse_mean.diff(p) / inverse_mean),
                    following,
                    "once more, in p, by the product rule",
                    Reduce("common denominator"),
                )
                for stage, following in pairwise(stages)
            ),
            Step(
                stages[-1].subs(p, 1) / sp.factorial(2 * order - 1),
                (formula.rhs / factor).subs(speed, in_z / sp.sqrt(stretch)) / inverse_mean.subs(p, 1),
                "over the band average itself",
                Reduce("common denominator"),
            ),
        ]

    return statement


cusp = _rational("exponential", 1, "the exponential cusp", exponential)
smooth_once = _rational("matern32", 2, "the Matern shape of order 3/2", matern32)
smooth_twice = _rational("matern52", 3, "the Matern shape of order 5/2", matern52)


@states(
    "gaussian_mixture",
    "beyond the paper",
    "For a mixture of Gaussians each pair adds Eq. (7) with the mean square of the two widths.",
    sp.Eq(
        Delta(speed),
        first_amplitude
        * second_amplitude
        * first_width
        * second_width
        / (amplitude**2 * width**2)
        * gaussian_single_pass.formula.rhs,
        evaluate=False,
    ),
    parents=[gaussian_single_pass, gaussian],
)
def mixture(formula: sp.Basic) -> list[Step]:
    """The product of two transforms is the square of one, of the mean square width."""
    k = wavenumber
    one = INTERACTIONS["gaussian"].transform(k).subs({amplitude: first_amplitude, width: first_width})
    other = INTERACTIONS["gaussian"].transform(k).subs({amplitude: second_amplitude, width: second_width})
    joint = sp.sqrt((first_width**2 + second_width**2) / 2)
    square = INTERACTIONS["gaussian"].transform(k) ** 2
    quotient = formula.rhs / gaussian_single_pass.formula.rhs
    return [
        Step(
            one * other / (quotient * square).subs(width, joint),
            sp.Integer(1),
            "the product of two transforms",
            Reduce("powers", "expand", "powers"),
        ),
        Step(
            quotient.subs(
                {
                    first_amplitude: amplitude,
                    second_amplitude: amplitude,
                    first_width: width,
                    second_width: width,
                }
            ),
            sp.Integer(1),
            "two equal Gaussians are one",
            Reduce(),
        ),
    ]


@states(
    "cusp_slow_limit",
    "below Eq. 9, corrected",
    "A cusp is felt at any speed: its loss tends to 2 Phi0^2/(lambda^2 omega_fast) as v goes to 0.",
    sp.Eq(Delta(speed), 2 * amplitude**2 / (width**2 * omega_fast), evaluate=False),
    parents=[cusp],
)
def cusp_slow(formula: sp.Basic) -> list[Step]:
    """Let v go to 0, that is z to infinity."""
    in_inverse = cusp.formula.rhs.subs(speed, 2 * sp.pi * width * sp.sqrt(z))  # z is 1/slowness here
    return [
        Step(
            sp.cancel(sp.together(in_inverse**2)).subs(z, 0),
            formula.rhs**2,
            "the square at v = 0",
            Reduce("common denominator"),
        ),
        Step(
            sp.Limit(in_inverse.subs({omega_fast: 3, amplitude: 1, width: 1}), z, 0, "+"),
            formula.rhs.subs({omega_fast: 3, amplitude: 1, width: 1}),
            "and the sign",
            Reduce("evaluate"),
        ),
    ]


@states(
    "cusp_fast_limit",
    "beyond the paper",
    "Fast particles lose 16 pi^4 (omega_fast^2 + 1) Phi0^2 lambda^2/v^4 to a cusp.",
    sp.Eq(
        Delta(speed),
        16 * sp.pi**4 * (1 + omega_fast**2) * amplitude**2 * width**2 / speed**4,
        evaluate=False,
    ),
    parents=[cusp],
)
def cusp_fast(formula: sp.Basic) -> list[Step]:
    """Multiply by v^4 and let z go to 0."""
    scaled = (cusp.formula.rhs * speed**4).subs(speed, in_z)
    return [Step(scaled.subs(z, 0), formula.rhs * speed**4, "v to infinity", Reduce("expand"))]


@states(
    "not_absorbed_as_printed",
    "below Eq. 9",
    "As printed: a potential that does not diverge is not absorbed at low speed.",
    sp.Eq(sp.Limit(Delta(speed), speed, 0), 0, evaluate=False),
    parents=[cusp_slow],
)
def not_absorbed(formula: sp.Basic) -> list[Step]:
    """The cusp does not diverge.

    And loses 0.05 for Phi0 = 2, lambda = 4, omega_fast = 10 at any low speed.
    """
    paper = {amplitude: 2, width: 4, omega_fast: 10}
    other = {amplitude: 3, width: 6, omega_fast: 2}
    return [
        *refuted(formula.rhs, cusp_slow.formula.rhs, paper, 0, sp.Rational(1, 20)),
        *refuted(formula.rhs, cusp_slow.formula.rhs, other, 0, sp.Rational(1, 4)),
        Step(
            cusp.formula.rhs.subs(other).subs(speed, 1 / z),
            cusp_slow.formula.rhs.subs(other),
            "the closed form goes there",
            Approaches("continuity", z, 4, 2),
        ),
    ]


STATEMENTS = (pole, cusp, smooth_once, smooth_twice, mixture, cusp_slow, cusp_fast, not_absorbed)
