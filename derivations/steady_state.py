"""The mean loss per pass of a particle at constant speed through the whole chain (Eq. 10).

Successive masses push a phonon with the phase ``2 pi phi``, ``phi = alpha omega/v - x``, x =
theta/pi. Over N masses the pushes add up to Fejer's kernel, which becomes a comb as N grows: only
phonons with a whole phi are fed. Continued over all zones these are the points where the line ``x
v/alpha`` crosses the band, and the mean dissipation is a sum over the crossings.

>>> crossing_function().subs(x, 0)
1
"""

from __future__ import annotations

import sympy as sp

from .checks import Approaches, EnclosedSum, Integrands, Reduce
from .lattice import band_squared, geometric_sum
from .ledger import Step, refuted, states
from .notation import (
    amplitude,
    harmonic,
    lag,
    masses,
    omega,
    omega_fast,
    passes,
    phi,
    ratio,
    spacing,
    speed,
    theta,
    width,
    x,
)
from .potentials import gaussian, transform, transform_gaussian
from .single_pass import loss_per_mode, single_pass

__all__ = ["STATEMENTS", "crossing_function", "tangency_function", "weight", "weight_gaussian"]

share = sp.Function("w")  # the term of Eq. (10) that belongs to one crossing
mean_loss = sp.Function(r"\bar\Delta")
PAPER = {amplitude: 2, width: 4, omega_fast: 10, spacing: 40}


def band_continued() -> sp.Expr:
    """Return omega(x), continued over all zones: period 1."""
    return sp.sqrt(band_squared(sp.pi * x))


def crossing_function() -> sp.Expr:
    """Return omega(x) - x v/alpha, zero at the phonons that the particle excites (Eq. 10); in units of Omega_slow.

    x = q a/(2 pi) runs over all zones, x > 0 for v > 0.

    >>> crossing_function().subs(x, 0)
    1
    """
    return band_continued() - x * speed / spacing


def tangency_function() -> sp.Expr:
    """Return (omega_fast^2 - 1) pi x sin(pi x) cos(pi x) - omega^2, zero where a line from the origin is tangent.

    A pure number, for x = q a/(2 pi) > 0; its roots are the resonances of Eq. (10).

    >>> tangency_function().subs(x, 1)
    -1
    """
    return (omega_fast**2 - 1) * sp.pi * x * sp.sin(sp.pi * x) * sp.cos(sp.pi * x) - band_squared(sp.pi * x)


def weight(transform_value: sp.Expr) -> sp.Expr:
    """Return the term of Eq. (10) for the crossing x: loss per mode over the Jacobian |1 - alpha omega'/v|; energy.

    `transform_value` is the interaction's transform as a function of k. Infinite at a resonance.

    >>> weight(lambda k: sp.Integer(0))
    0
    """
    frequency = band_continued()
    loss = loss_per_mode(frequency**2, transform_value(2 * sp.pi * frequency / speed))
    return loss / sp.Abs(1 - spacing * sp.diff(frequency, x) / speed)


def weight_gaussian() -> sp.Expr:
    """Return the term of Eq. (10) for the Gaussian interaction; energy in hbar Omega_slow.

    >>> weight_gaussian().has(sp.exp)
    True
    """
    return weight(transform_gaussian)


def fejer(number: sp.Expr, angle: sp.Expr = phi) -> sp.Expr:
    """Return sin^2(pi N phi)/(N sin^2(pi phi)), what N pushes in a row do to a phonon, per push."""
    return sp.sin(sp.pi * number * angle) ** 2 / (number * sp.sin(sp.pi * angle) ** 2)


def phase() -> sp.Expr:
    """Return phi = alpha omega/v - x, the phase from one push to the next, in turns."""
    return spacing * band_continued() / speed - x


@states(
    "pushes_of_passes",
    "above Eq. 10",
    "N pushes in a row, each a phase 2 pi phi after the last, feed a phonon sin^2(pi N "
    "phi)/sin^2(pi phi) times one push.",
    sp.Eq(
        sp.Sum(sp.exp(2 * sp.pi * sp.I * phi * harmonic), (harmonic, 0, masses - 1))
        * sp.Sum(sp.exp(-2 * sp.pi * sp.I * phi * harmonic), (harmonic, 0, masses - 1)),
        masses * fejer(masses),
        evaluate=False,
    ),
    parents=[geometric_sum],
)
def pushes(formula: sp.Basic) -> list[Step]:
    """Two geometric sums, whose ratios are a phase and its conjugate."""
    sums = sorted(formula.lhs.atoms(sp.Sum), key=sp.default_sort_key)
    product, steps = formula.lhs / sp.Mul(*sums), []
    for total in sums:
        turn = total.function.subs(harmonic, 1) / total.function.subs(harmonic, 0)
        product *= geometric_sum.formula.rhs.subs(ratio, turn)
        ((_, low, high),) = total.limits
        steps += [
            Step(turn**harmonic, total.function, "each push turns the phase alike", Reduce("powers")),
            Step(low, sp.Integer(0), "from the first push", Reduce()),
            Step(high + 1, masses, "N of them", Reduce()),
        ]
    turns = sp.denom(sp.together(product))
    return [
        *steps,
        Step(
            sp.Integer(len(sums)),
            sp.Integer(2),
            "one sum for the push, one for its conjugate",
            Reduce(),
        ),
        Step(
            product * turns * sp.sin(sp.pi * phi) ** 2,
            formula.rhs * turns * sp.sin(sp.pi * phi) ** 2,
            "their product",
            Reduce("common denominator", "trigonometry"),
        ),
    ]


@states(
    "fejer_increments",
    "above Eq. 10",
    "Fejer's kernel is the band-limited comb 1 + 2 sum (1 - j/N) cos(2 pi j phi): its mean over a turn is 1 for any N.",
    sp.Eq(
        masses * fejer(masses),
        masses + 2 * sp.Sum((masses - harmonic) * sp.cos(2 * sp.pi * harmonic * phi), (harmonic, 1, masses - 1)),
        evaluate=False,
    ),
    parents=[pushes],
)
def fejer_series(formula: sp.Basic) -> list[Step]:
    """Twice the induction.

    The second difference in N is the next harmonic, and both sides begin alike.
    """
    closed, series = formula.args
    sine = sp.sin(sp.pi * phi)
    second = lambda e: e.subs(masses, masses + 2) - 2 * e.subs(masses, masses + 1) + e  # noqa: E731
    # Two more terms enter; the others do not change, as the weight N - j is linear in N.
    (total,) = series.atoms(sp.Sum)
    term = series.coeff(total) * total.function
    rest = series.subs(total, 0)
    ((_, _, high),) = total.limits
    entering = (
        term.subs(masses, masses + 2).subs(harmonic, high + 1)
        + term.subs(masses, masses + 2).subs(harmonic, high + 2)
        - 2 * term.subs(masses, masses + 1).subs(harmonic, high + 1)
    )
    return [
        Step(second(term), sp.Integer(0), "terms that stay change linearly", Reduce("expand")),
        Step(
            second(closed * sine**2),
            (second(rest) + entering) * sine**2,
            "the next harmonic enters",
            Reduce("trigonometry"),
        ),
        Step(
            closed.subs(masses, 1),
            series.subs(masses, 1).doit(),
            "one push",
            Reduce("trigonometry"),
        ),
        Step(
            closed.subs(masses, 2) * sine**2,
            series.subs(masses, 2).doit() * sine**2,
            "two pushes",
            Reduce("trigonometry"),
        ),
        Step(
            sp.Integral(sp.cos(2 * sp.pi * (harmonic + 1) * phi), (phi, 0, 1)),
            sp.Integer(0),
            "harmonics have no mean",
            Reduce("evaluate"),
        ),
    ]


@states(
    "finite_pass_mean",
    "beyond the paper",
    "The mean loss over N passes is the loss per mode, weighted by Fejer's kernel of phi = alpha omega/v - x.",
    sp.Eq(
        mean_loss(speed),
        sp.Integral(
            loss_per_mode(band_squared(sp.pi * x), transform(2 * sp.pi * band_continued() / speed))
            * fejer(passes, phase()),
            (x, 0, 1),
        ),
        evaluate=False,
    ),
    parents=[single_pass, pushes],
)
def finite_mean(formula: sp.Basic) -> list[Step]:
    """One pass is Eq. (6), over a whole zone.

    The particle meets mass l at the time l alpha/v, at the phase 2 l theta.
    """
    weighted = formula.rhs.function
    loss = loss_per_mode(band_squared(sp.pi * x), transform(2 * sp.pi * band_continued() / speed))
    push = sp.exp(2 * sp.pi * sp.I * omega * lag * spacing / speed - 2 * sp.I * theta * lag)
    frequency = band_continued()
    return [
        Step(
            push.subs({omega: frequency, theta: sp.pi * x}),
            sp.exp(2 * sp.pi * sp.I * lag * phase()),
            "the phase of the push by mass n",
            Reduce("powers", "expand"),
        ),
        Step(weighted.subs(passes, 1), loss, "one pass", Reduce("expand")),
        Step(weighted / loss, fejer(passes, phase()), "N passes", Reduce("expand")),
        Step(
            2 * sp.Integral(loss, (x, 0, sp.Rational(1, 2))),
            2 / sp.pi * sp.Integral(loss.subs(x, theta / sp.pi), (theta, 0, sp.pi / 2)),
            "half a zone twice, as the band is even, is Eq. (6)",
            Integrands("expand", change=(x, theta / sp.pi, theta)),
        ),
        Step(
            sp.Integral(formula.rhs.function.subs(passes, 1) / loss, *formula.rhs.limits),
            sp.Integer(1),
            "one zone",
            Reduce("evaluate"),
        ),
    ]


@states(
    "fejer_limit",
    "above Eq. 10",
    "As N grows Fejer's kernel becomes a comb: the mean of a smooth function under it tends to its value at whole phi.",
    sp.Eq(
        sp.Sum((1 - harmonic / masses) * ratio**harmonic, (harmonic, 1, masses - 1)) * 2 + 1,
        (1 + ratio) / (1 - ratio) - 2 * ratio * (1 - ratio**masses) / (masses * (1 - ratio) ** 2),
        evaluate=False,
    ),
    parents=[fejer_series],
)
def fejer_limit(formula: sp.Basic) -> list[Step]:
    """For a function with harmonics r^j (any smooth one is a sum of such).

    Exact for every N, with a 1/N remainder.
    """
    closed = formula.rhs
    (total,) = formula.lhs.atoms(sp.Sum)
    scaled = lambda e: sp.expand(masses * e)  # noqa: E731
    first = scaled(closed).subs(masses, masses + 1) - scaled(closed)
    next_first = first.subs(masses, masses + 1) - first
    term = sp.expand(masses * total.function * formula.lhs.coeff(total))
    entering = (
        term.subs(masses, masses + 2).subs(harmonic, masses + 1)
        + term.subs(masses, masses + 2).subs(harmonic, masses)
        - 2 * term.subs(masses, masses + 1).subs(harmonic, masses)
    )
    return [
        Step(
            formula.lhs.subs(masses, 1).doit(),
            closed.subs(masses, 1),
            "one pass",
            Reduce("common denominator"),
        ),
        Step(
            formula.lhs.subs(masses, 2).doit(),
            closed.subs(masses, 2),
            "two passes",
            Reduce("common denominator"),
        ),
        Step(
            next_first,
            entering,
            "one more pass, twice",
            Reduce("common denominator", "expand", "powers"),
        ),
        Step(
            formula.lhs.subs(ratio, sp.Rational(1, 2)),
            ((1 + ratio) / (1 - ratio)).subs(ratio, sp.Rational(1, 2)),
            "the value at whole phi, as N grows",
            Approaches("Fejer's theorem", masses, 16, 1),
        ),
    ]


@states(
    "eq10_mean_dissipation",
    "Eq. 10",
    "Each crossing of the line x v/alpha with the band adds the loss per mode over the Jacobian |1 - alpha omega'/v|.",
    sp.Eq(share(x), weight(transform), evaluate=False),
    parents=[finite_mean, fejer_limit],
)
def mean_dissipation(formula: sp.Basic) -> list[Step]:
    """A comb in phi is, at each of its teeth, a point in x with the weight 1/|dphi/dx|."""
    frequency = band_continued()
    loss = loss_per_mode(frequency**2, transform(2 * sp.pi * frequency / speed))
    return [
        Step(
            formula.rhs * sp.Abs(phase().diff(x)),
            loss,
            "the density of teeth is |dphi/dx|",
            Reduce("same sign", "expand"),
        ),
        Step(
            phase() * speed / spacing,
            crossing_function(),
            "phi = 0 where the line crosses the band (a whole phi: the same in another zone)",
            Reduce("expand"),
        ),
        Step(
            band_squared(sp.pi * (x + lag)),
            band_squared(sp.pi * x),
            "the band repeats in every zone",
            Reduce("trigonometry"),
        ),
    ]


@states(
    "eq10_gaussian",
    "Eq. 10",
    "For the Gaussian interaction the weight carries exp(-(2 pi lambda omega/v)^2).",
    sp.Eq(
        share(omega),
        16
        * sp.pi**5
        * amplitude**2
        * width**2
        * omega**2
        / speed**4
        * sp.exp(-((2 * sp.pi * width * omega / speed) ** 2)),
        evaluate=False,
    ),
    parents=[mean_dissipation, gaussian],
)
def mean_dissipation_gaussian(formula: sp.Basic) -> list[Step]:
    """Insert the transform."""
    return [
        Step(
            loss_per_mode(omega**2, transform(2 * sp.pi * omega / speed)).replace(transform, transform_gaussian),
            formula.rhs,
            "insert the Gaussian's transform",
            Reduce("expand"),
        )
    ]


def mean_at(v: int | str, claimed: sp.Expr, rule: str, crossings: int, places: int = 6) -> Step:
    """Return the step that encloses Eq. (10) at the paper's parameters and compares it with a claim.

    The line ``x v/alpha`` leaves the band for good at ``x = alpha omega_fast/v = 400/v``.
    """
    point = {**PAPER, speed: sp.Rational(v)}
    end = PAPER[spacing] * PAPER[omega_fast] / sp.Rational(v) + 1
    every_crossing = EnclosedSum(crossing_function().subs(point), x, sp.Rational(1, 10), end, crossings, places=places)
    return Step(weight_gaussian().subs(point), claimed, rule, every_crossing)


VALUES = ((21, "0.045841", 35), (30, "0.0150316", 23), (50, "0.0148695", 15), (90, "0.0073308", 7))


@states(
    "eq10_values",
    "Fig. 4(c), corrected",
    "Eq. (10) at v = 21, 30, 50, 90 for Phi0 = 2, lambda = 4, omega_fast = 10, alpha = 40, every crossing found.",
    sp.Eq(
        sp.Tuple(*(mean_loss(v) for v, _, _ in VALUES)),
        sp.Tuple(*(sp.Rational(text) for _, text, _ in VALUES)),
        evaluate=False,
    ),
    parents=[mean_dissipation_gaussian],
)
def values(formula: sp.Basic) -> list[Step]:
    """Bisection finds every crossing, interval Newton encloses it.

    And the weights are summed as balls.
    """
    return [
        mean_at(v, claimed, f"sum over all crossings, v = {v}", count, len(text.partition(".")[2]))
        for (v, text, count), claimed in zip(VALUES, formula.rhs, strict=True)
    ]


@states(
    "crossing_moves",
    "beyond the paper",
    "As the speed changes a crossing moves at the rate x/(alpha omega' - v): fastest near a tangency.",
    sp.Eq(
        sp.Function("x")(speed).diff(speed),
        x / (spacing * band_continued().diff(x) - speed),
        evaluate=False,
    ),
    parents=[mean_dissipation],
)
def crossing_moves(formula: sp.Basic) -> list[Step]:
    """The crossing function stays zero along the crossing."""
    total = crossing_function().diff(speed) + crossing_function().diff(x) * formula.rhs
    return [Step(total, sp.Integer(0), "differentiate along the crossing", Reduce("common denominator"))]


@states(
    "published_exponent",
    "the published scripts",
    "As scripted: the weight carries exp(-2 pi^2 lambda^2 omega^4/v^2); Fig. 4(c) is drawn with it.",
    sp.Eq(
        share(omega),
        16
        * sp.pi**5
        * amplitude**2
        * width**2
        * omega**2
        / speed**4
        * sp.exp(-2 * sp.pi**2 * width**2 * omega**4 / speed**2),
        evaluate=False,
    ),
    parents=[mean_dissipation_gaussian],
)
def published_exponent(formula: sp.Basic) -> list[Step]:
    """At omega = 2, v = 8 pi, lambda = 4 the exponents are -8 and -4."""
    true = mean_dissipation_gaussian.formula.rhs
    first = {amplitude: 2, width: 4, omega: 2, speed: 8 * sp.pi}
    second = {amplitude: 1, width: 1, omega: 3, speed: 6 * sp.pi}
    wrong = sp.Rational("0.00952")
    slope = weight_gaussian() / mean_dissipation_gaussian.formula.rhs.subs(omega, band_continued())
    return [
        *refuted(formula.rhs, true, first, sp.pi * sp.exp(-8), sp.pi * sp.exp(-4)),
        *refuted(
            formula.rhs,
            true,
            second,
            sp.pi / 9 * sp.exp(-sp.Rational(81, 18)),
            sp.pi / 9 * sp.exp(-1),
        ),
        Step(
            (slope * formula.rhs.subs(omega, band_continued())).subs({**PAPER, speed: 30}),
            wrong,
            "with the scripts' exponent, v = 30",
            EnclosedSum(
                crossing_function().subs({**PAPER, speed: 30}),
                x,
                sp.Rational(1, 10),
                15,
                23,
                places=5,
            ),
        ),
    ]


STATEMENTS = (
    pushes,
    fejer_series,
    finite_mean,
    fejer_limit,
    mean_dissipation,
    mean_dissipation_gaussian,
    values,
    crossing_moves,
    published_exponent,
)
