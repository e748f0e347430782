"""Eq. (6) in closed form for other interactions: Gaussian mixtures, the cusp, Matern shapes.

A rational transform turns the band average into derivatives of ``<1/(p + z omega^2)> = 1/sqrt((p +
z)(p + z omega_fast^2))``, which is elementary: one formula serves the Matern shapes of every half-integer order.

>>> slow = {amplitude: 2, width: 4, omega_fast: 10, speed: sp.Rational(1, 1000)}
>>> exponential_closed_form().subs(slow).n(6)
0.0500000
"""

from __future__ import annotations

import sympy as sp

from .checks import Apply, Reduce
from .lattice import band_squared, resolvent
from .ledger import Step, claim, equal, refuted, states
from .notation import (
    amplitude,
    first_amplitude,
    first_width,
    harmonic,
    index,
    omega,
    omega_fast,
    resolvent_p,
    second_amplitude,
    second_width,
    speed,
    theta,
    u,
    wavenumber,
    width,
    z,
)
from .potentials import Interaction, exponential, gaussian, transform, transform_gaussian
from .single_pass import (
    Delta,
    band_average,
    gaussian_single_pass,
    in_z,
    loss_per_mode,
    mean_of_inverse,
    single_pass,
    slowness,
)

__all__ = ["exponential_closed_form", "matern", "matern_closed_form", "matern_coefficient", "matern_transform"]

p = resolvent_p
inverse_mean = 1 / sp.sqrt((p + z) * (p + z * omega_fast**2))


@states(
    "band_average_of_pole",
    "beyond the paper",
    "The band average of 1/(p + z omega^2) is 1/sqrt((p + z)(p + z omega_fast^2)).",
    equal(band_average(1 / (p + z * band_squared(theta))), inverse_mean),
    parents=[resolvent],
)
def pole(formula: sp.Basic) -> list[Step]:
    """Write p + z omega^2 as (p + z) cos^2 + (p + z omega_fast^2) sin^2."""
    return mean_of_inverse(formula.lhs, p + z, p + z * omega_fast**2, formula.rhs)


# The half-integer Matern family of any order m: what the NumPy and compiled code evaluate. The exponential cusp is that
# of order 0.


def matern_coefficient(order: sp.Expr, number: sp.Expr) -> sp.Expr:
    """Return the coefficient of y^number in the Matern interaction's polynomial; y = sqrt(2 order + 1) r/lambda.

    >>> [matern_coefficient(2, number) for number in range(3)]
    [1, 1, 1/3]
    """
    return (
        sp.factorial(order)
        * sp.factorial(2 * order - number)
        * 2**number
        / (sp.factorial(2 * order) * sp.factorial(order - number) * sp.factorial(number))
    )


def matern_transform(order: sp.Expr, k: sp.Expr) -> sp.Expr:
    """Return the transform of the Matern interaction of half-integer order, energy times length.

    >>> from derivations.notation import amplitude, width
    >>> matern_transform(sp.Integer(0), 0) == 2 * amplitude * width
    True
    """
    total = 2 ** (2 * order + 1) * sp.factorial(order) ** 2 / (sp.factorial(2 * order) * sp.sqrt(2 * order + 1))
    return amplitude * width * total / (1 + (k * width) ** 2 / (2 * order + 1)) ** (order + 1)


def matern(order: int) -> Interaction:
    """Return the Matern shape of half-integer order: a polynomial of that degree in y = sqrt(2 order + 1) r/lambda.

    >>> matern(0).potential(width)
    Phi_0*exp(-1)
    """

    def potential(distance: sp.Expr) -> sp.Expr:
        y = sp.sqrt(2 * order + 1) * distance / width
        polynomial = sum(matern_coefficient(order, number) * y**number for number in range(order + 1))
        return amplitude * polynomial * sp.exp(-y)

    title = f"a Matern shape of order {2 * order + 1}/2"
    return Interaction(f"matern{2 * order + 1}2", title, potential, lambda k: matern_transform(sp.Integer(order), k))


@states(
    "transform_matern",
    "beyond the paper",
    "The Fourier transform of the Matern interaction of half-integer order m + 1/2, a reverse Bessel polynomial in "
    "y = sqrt(2 m + 1) r/lambda times exp(-y), for symbolic m.",
    equal(transform(wavenumber), matern_transform(index, wavenumber)),
)
def transform_matern(formula: sp.Basic) -> list[Step]:
    """By induction in the order.

    With f_m = P_m exp(-y): f_m - f_m'' = (2 P_m' - P_m'') exp(-y) = 2 m/(2 m - 1) f_(m-1), and f_m has no cusp for
    m >= 1, so that the transform is divided by 1 + q^2 from one order to the next; q = k lambda/sqrt(2 m + 1).
    """
    shape, polynomial = sp.Function("f")(u), sp.Function("P")(u)
    q_scaled, j = sp.Symbol("q", positive=True), harmonic
    in_y = (formula.rhs / (amplitude * width) * sp.sqrt(2 * index + 1)).subs(
        wavenumber, q_scaled * sp.sqrt(2 * index + 1) / width
    )
    growth = 2 * index / (2 * index - 1)
    raised = 2 * (j + 1) * matern_coefficient(index, j + 1) - (j + 2) * (j + 1) * matern_coefficient(index, j + 2)
    wave = sp.cos(q_scaled * u)
    boundary = shape.diff(u) * wave + q_scaled * shape * sp.sin(q_scaled * u)
    return [
        claim(2 * sp.Integral(sp.exp(-u) * wave, (u, 0, sp.oo)), in_y.subs(index, 0)).by(
            "order 0, the exponential cusp", Reduce("evaluate", "common denominator")
        ),
        claim(
            (polynomial * sp.exp(-u) - (polynomial * sp.exp(-u)).diff(u, 2)) * sp.exp(u),
            2 * polynomial.diff(u) - polynomial.diff(u, 2),
        ).by("f - f''", Reduce("evaluate", "expand")),
        claim(raised / matern_coefficient(index - 1, j), growth).by(
            "its coefficients are those of the order below, for symbolic m and j",
            Reduce("factorials", "common denominator"),
        ),
        claim(matern_coefficient(index, 1), matern_coefficient(index, 0)).by(
            "no cusp: f'(0) = P'(0) - P(0) = 0", Reduce("factorials", "common denominator")
        ),
        claim(boundary.diff(u), wave * shape.diff(u, 2) + q_scaled**2 * wave * shape).by(
            "integrate by parts twice: the transform of -f'' is q^2 times that of f", Reduce("evaluate", "expand")
        ),
        claim(in_y * (1 + q_scaled**2) / in_y.subs(index, index - 1), growth).by(
            "one order more", Reduce("factorials", "powers", "common denominator")
        ),
    ]


def central(number: sp.Expr) -> sp.Expr:
    """Return binomial(2 j, j)/4^j, the coefficient of t^j in 1/sqrt(1 - t)."""
    return sp.binomial(2 * number, number) * 2 ** (-2 * number)


def matern_term(order: sp.Expr, number: sp.Expr, stretched: sp.Expr) -> sp.Expr:
    """Return a term of the band average of omega^2/w^(2 order + 2), w = 1 + stretched omega^2; all are positive."""
    half, rest = sp.Rational(1, 2), 2 * order - number
    low, high = 1 + stretched, 1 + stretched * omega_fast**2
    weights = (number + half) / low + omega_fast**2 * (rest + half) / high
    return (
        central(number) * central(rest) * low ** -(number + half) * high ** -(rest + half) * weights / (2 * order + 1)
    )


def matern_closed_form() -> sp.Expr:
    """Return Delta for the Matern interaction of half-integer order (the symbol index), at constant speed; energy.

    >>> from derivations.notation import amplitude, index, omega_fast, speed, width
    >>> paper = {omega_fast: 10, amplitude: 2, width: 4, speed: 30, index: 0}
    >>> round(float(matern_closed_form().subs(paper).doit()), 9)
    0.022291732
    """
    factor = 8 * sp.pi**4 / speed**4 * matern_transform(index, sp.Integer(0)) ** 2
    return factor * sp.Sum(matern_term(index, harmonic, slowness / (2 * index + 1)), (harmonic, 0, 2 * index))


@states(
    "matern_closed_form",
    "beyond the paper",
    "The loss in a pass at constant speed (Eq. 6) for the Matern interaction of half-integer order m + 1/2 is a sum of "
    "2 m + 1 positive terms, for symbolic m.",
    equal(Delta(speed), matern_closed_form()),
    parents=[single_pass, pole, transform_matern],
)
def any_matern(formula: sp.Basic) -> list[Step]:
    """The mean of 1/w^n is the coefficient of t^(n - 1) in the mean of 1/(w - t), a product of two binomial series.

    The derivative in z of the mean of 1/w^(2 m + 1) gives that of omega^2/w^(2 m + 2); w = 1 + z omega^2, and z
    stands for (2 pi lambda/v)^2/(2 m + 1).
    """
    in_stretched = formula.rhs.subs(speed, in_z / sp.sqrt(2 * index + 1))
    (total,) = in_stretched.atoms(sp.Sum)
    ((_, first, last),) = total.limits
    w, shifted = 1 + z * omega**2, sp.Symbol("t", positive=True)
    power, half = 2 * index + 1, sp.Rational(1, 2)
    edge = lambda number, top: (1 + z * top) ** -(number + half)  # noqa: E731
    binomials = central(harmonic) * central(2 * index - harmonic)
    product = edge(harmonic, 1) * edge(2 * index - harmonic, omega_fast**2)
    k = 2 * sp.pi * omega / speed
    return [
        claim(
            (loss_per_mode(omega**2, matern_transform(index, k))).subs(speed, in_z / sp.sqrt(2 * index + 1))
            / (in_stretched / total),
            omega**2 * w ** -(power + 1),
        ).by("insert the transform", Reduce("powers", "expand", "powers", ratio=True)),
        claim(-(w**-power).diff(z) / power, omega**2 * w ** -(power + 1)).by(
            "as a derivative in z", Reduce("powers", "common denominator")
        ),
        claim((1 / (w - shifted)).diff(shifted), 1 / (w - shifted) ** 2).by(
            "1/(w - t) is the geometric series of t/w: the mean of 1/w^n is a Taylor coefficient",
            Reduce("common denominator"),
        ),
        claim(
            band_average(1 / (p + z * band_squared(theta))), 1 / (sp.sqrt(p + z) * sp.sqrt(p + z * omega_fast**2))
        ).by("the mean of 1/(w - t), with p for 1 - t", Apply(pole.formula, {}, "factored radicals")),
        claim(central(harmonic + 1) / central(harmonic), (harmonic + half) / (harmonic + 1)).by(
            "1/sqrt(a - t) = sum_j c_j t^j a^-(j + 1/2): both sides solve 2 (a - t) y' = y, c_(j+1)/c_j = "
            "(j + 1/2)/(j + 1)",
            Reduce("factorials", "common denominator"),
        ),
        claim(-product.diff(z) / power, total.function / binomials).by(
            "over c_j c_(2 m - j): the coefficient of t^(2 m) in the product of two such series, differentiated in z",
            Reduce("powers", "common denominator", ratio=True),
        ),
        claim(first, 0).by("from j = 0", Reduce()),
        claim(last, power - 1).by("to j = 2 m", Reduce("expand")),
    ]


def exponential_closed_form() -> sp.Expr:
    """Return Delta of the exponential cusp at constant speed: Eq. (6) averaged over the band in elementary functions.

    Energy in hbar Omega_slow, for any speed greater than 0; it tends to 2 Phi0^2/(lambda^2 omega_fast) at speed 0.

    >>> from derivations.notation import amplitude, omega_fast, speed, width
    >>> paper = {omega_fast: 10, amplitude: 2, width: 4, speed: 30}
    >>> round(float(exponential_closed_form().subs(paper)), 9)
    0.022291732
    """
    return matern_closed_form().subs(index, 0).doit()


@states(
    "exponential_closed_form",
    "beyond the paper",
    "The loss in a pass at constant speed (Eq. 6), for the exponential cusp, is elementary.",
    equal(Delta(speed), exponential_closed_form()),
    parents=[any_matern, exponential],
)
def cusp(formula: sp.Basic) -> list[Step]:
    """The cusp is the Matern interaction of order 0; the loss from the mean of 1/(p + z omega^2), differentiated in z.

    That mean is 1/sqrt((p + z)(p + z omega_fast^2)).
    """
    factor = loss_per_mode(sp.Integer(1), exponential.formula.rhs.subs(wavenumber, 0))
    return [
        claim(matern_transform(sp.Integer(0), wavenumber), exponential.formula.rhs).by(
            "the Matern interaction of order 0", Reduce("common denominator")
        ),
        claim((factor * -inverse_mean.diff(z).subs(p, 1)).subs(z, slowness), formula.rhs).by(
            "the mean of omega^2/(1 + z omega^2)^2, z = (2 pi lambda/v)^2", Reduce("expand", "common denominator")
        ),
    ]


@states(
    "gaussian_mixture",
    "beyond the paper",
    "For a sum of Gaussians each pair contributes Eq. (7) with the root mean square of the two widths (the loss is "
    "quadratic in the transform).",
    equal(
        Delta(speed),
        first_amplitude
        * second_amplitude
        * first_width
        * second_width
        / (amplitude**2 * width**2)
        * gaussian_single_pass.formula.rhs,
    ),
    parents=[gaussian_single_pass, gaussian],
)
def mixture(formula: sp.Basic) -> list[Step]:
    """The product of two transforms is the square of one, of the mean square width."""
    k = wavenumber
    one = transform_gaussian(k).subs({amplitude: first_amplitude, width: first_width})
    other = transform_gaussian(k).subs({amplitude: second_amplitude, width: second_width})
    joint = sp.sqrt((first_width**2 + second_width**2) / 2)
    square = transform_gaussian(k) ** 2
    quotient = formula.rhs / gaussian_single_pass.formula.rhs
    return [
        claim(one * other / (quotient * square).subs(width, joint), 1).by(
            "the product of two transforms", Reduce("powers", "expand", "powers")
        ),
        claim(
            quotient.subs(
                {first_amplitude: amplitude, second_amplitude: amplitude, first_width: width, second_width: width}
            ),
            1,
        ).by("two equal Gaussians are one", Reduce()),
    ]


@states(
    "cusp_slow_limit",
    "below Eq. 9, corrected",
    "The loss to an exponential cusp at constant speed does not vanish for v to 0: it tends to "
    "2 Phi0^2/(lambda^2 omega_fast).",
    equal(Delta(speed), 2 * amplitude**2 / (width**2 * omega_fast)),
    parents=[cusp],
    relation=r"\sim",
)
def cusp_slow(formula: sp.Basic) -> list[Step]:
    """Let v go to 0, that is z to infinity."""
    in_inverse = cusp.formula.rhs.subs(speed, 2 * sp.pi * width * sp.sqrt(z))  # z is 1/slowness here
    return [
        claim(sp.cancel(sp.together(in_inverse**2)).subs(z, 0), formula.rhs**2).by(
            "the square at v = 0", Reduce("common denominator")
        ),
        claim(
            sp.Limit(in_inverse.subs({omega_fast: 3, amplitude: 1, width: 1}), z, 0, "+"),
            formula.rhs.subs({omega_fast: 3, amplitude: 1, width: 1}),
        ).by("and the sign", Reduce("evaluate")),
    ]


@states(
    "cusp_fast_limit",
    "beyond the paper",
    "For v to infinity v^4 times the loss to a cusp tends to 16 pi^4 (omega_fast^2 + 1) Phi0^2 lambda^2.",
    equal(Delta(speed), 16 * sp.pi**4 * (1 + omega_fast**2) * amplitude**2 * width**2 / speed**4),
    parents=[cusp],
    relation=r"\sim",
)
def cusp_fast(formula: sp.Basic) -> list[Step]:
    """Multiply by v^4 and let z go to 0."""
    scaled = (cusp.formula.rhs * speed**4).subs(speed, in_z)
    return [claim(scaled.subs(z, 0), formula.rhs * speed**4).by("v to infinity", Reduce("expand"))]


@states(
    "not_absorbed_as_read",
    "below Eq. 9",
    "As the text may be read: the loss in a pass vanishes at low speed for every interaction that does not diverge "
    "(the paper prints no formula).",
    equal(sp.Limit(Delta(speed), speed, 0), 0),
    parents=[cusp_slow],
    kind="reading",
)
def not_absorbed(formula: sp.Basic) -> list[Step]:
    """The cusp does not diverge; its loss tends to 0.05 for Phi0 = 2, lambda = 4, omega_fast = 10."""
    paper = {amplitude: 2, width: 4, omega_fast: 10}
    other = {amplitude: 3, width: 6, omega_fast: 2}
    return [
        *refuted(formula.rhs, cusp_slow.formula.rhs, paper, 0, sp.Rational(1, 20)),
        *refuted(formula.rhs, cusp_slow.formula.rhs, other, 0, sp.Rational(1, 4)),
        claim(sp.Limit(cusp.formula.rhs.subs(other), speed, 0, "+"), cusp_slow.formula.rhs.subs(other)).by(
            "the limit of the closed form", Reduce("evaluate")
        ),
    ]
