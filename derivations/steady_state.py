"""The mean loss per pass of a particle at constant speed through the whole chain (Eq. 10).

The forces on successive masses drive a phonon mode with the phase difference ``2 pi phi``, ``phi =
alpha omega/v - x``, x = theta/pi. Over N masses they add up to Fejer's kernel, which becomes a comb
as N grows: only modes with an integer phi are excited. In the extended zone scheme these are the
roots of the resonance (phase-matching, Cherenkov) condition ``omega(x) = x v/alpha``: the phase
velocity of the phonon is the speed of the particle. The mean dissipation is a sum over the roots.

>>> crossing_function().subs(x, 0)
1
"""

from __future__ import annotations

import sympy as sp

from .balls import roots
from .checks import Apply, Approaches, EnclosedSum, Integrands, Reduce
from .lattice import band, band_squared, geometric_sum
from .ledger import Step, claim, equal, refuted, states
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

__all__ = ["crossing_function", "tangency_function", "weight", "weight_gaussian"]

contribution = sp.Function("w")  # of one root of the resonance condition to Eq. (10)
mean_loss = sp.Function(r"\bar\Delta")
PAPER = {amplitude: 2, width: 4, omega_fast: 10, spacing: 40}


def band_continued() -> sp.Expr:
    """Return omega(x), continued over all zones: period 1."""
    return sp.sqrt(band_squared(sp.pi * x))


def crossing_function() -> sp.Expr:
    """Return omega(x) - x v/alpha, zero where the resonance (Cherenkov) condition of Eq. (10) holds; in Omega_slow.

    In units of Omega_slow; x = q a/(2 pi) in the extended zone scheme, x > 0 for v > 0.

    >>> crossing_function().subs(x, 0)
    1
    """
    return band_continued() - x * speed / spacing


def tangency_function() -> sp.Expr:
    """Return (omega_fast^2 - 1) pi x sin(pi x) cos(pi x) - omega^2, zero where group and phase velocity agree.

    A pure number, for x = q a/(2 pi) > 0; there the line x v/alpha is tangent to the band, and Eq. (10) is singular.

    >>> tangency_function().subs(x, 1)
    -1
    """
    return (omega_fast**2 - 1) * sp.pi * x * sp.sin(sp.pi * x) * sp.cos(sp.pi * x) - band_squared(sp.pi * x)


def weight(transform_value: sp.Expr) -> sp.Expr:
    """Return the term of Eq. (10) for the root x: loss per mode over the Jacobian |1 - alpha omega'/v|; energy.

    `transform_value` is the interaction's transform as a function of k. Infinite at a resonance (a tangency).

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
    """Return sin^2(pi N phi)/(N sin^2(pi phi)), the energy that N impulses in a row leave in a mode, per impulse."""
    return sp.sin(sp.pi * number * angle) ** 2 / (number * sp.sin(sp.pi * angle) ** 2)


def phase() -> sp.Expr:
    """Return phi = alpha omega/v - x, the phase from one impulse to the next, in cycles."""
    return spacing * band_continued() / speed - x


@states(
    "pushes_of_passes",
    "above Eq. 10",
    "N impulses in a row, each at the phase 2 pi phi after the last, leave sin^2(pi N phi)/sin^2(pi phi) times the "
    "energy of one impulse in a mode.",
    equal(
        sp.Sum(sp.exp(2 * sp.pi * sp.I * phi * harmonic), (harmonic, 0, masses - 1))
        * sp.Sum(sp.exp(-2 * sp.pi * sp.I * phi * harmonic), (harmonic, 0, masses - 1)),
        masses * fejer(masses),
    ),
    parents=[geometric_sum],
)
def impulses(formula: sp.Basic) -> list[Step]:
    """Two geometric sums, whose ratios are a phase and its conjugate."""
    sums = sorted(formula.lhs.atoms(sp.Sum), key=sp.default_sort_key)
    product, steps = formula.lhs / sp.Mul(*sums), []
    for total in sums:
        advance = total.function.subs(harmonic, 1) / total.function.subs(harmonic, 0)
        product *= geometric_sum.formula.rhs.subs(ratio, advance)
        ((_, low, high),) = total.limits
        steps += [
            claim(advance**harmonic, total.function).by("each impulse advances the phase alike", Reduce("powers")),
            claim(low, 0).by("from the first impulse", Reduce()),
            claim(high + 1, masses).by("N of them", Reduce()),
        ]
    denominator = sp.denom(sp.together(product))
    return [
        *steps,
        claim(sp.Integer(len(sums)), 2).by("one sum for the amplitude, one for its conjugate", Reduce()),
        claim(
            product * denominator * sp.sin(sp.pi * phi) ** 2, formula.rhs * denominator * sp.sin(sp.pi * phi) ** 2
        ).by("their product", Reduce("common denominator", "trigonometry")),
    ]


@states(
    "fejer_increments",
    "above Eq. 10",
    "Fejer's kernel is the band-limited comb 1 + 2 sum (1 - j/N) cos(2 pi j phi): it is not negative, its mean over a "
    "cycle is 1 for any N, and it is at most 1/(N sin^2(pi phi)): an approximate identity.",
    equal(
        masses * fejer(masses),
        masses + 2 * sp.Sum((masses - harmonic) * sp.cos(2 * sp.pi * harmonic * phi), (harmonic, 1, masses - 1)),
    ),
    parents=[impulses],
)
def fejer_series(formula: sp.Basic) -> list[Step]:
    """Induction: the second difference in N is the next harmonic, and both sides begin alike."""
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
        claim(second(term), 0).by("terms that stay change linearly", Reduce("expand")),
        claim(second(closed * sine**2), (second(rest) + entering) * sine**2).by(
            "the next harmonic enters", Reduce("trigonometry")
        ),
        claim(closed.subs(masses, 1), series.subs(masses, 1).doit()).by("one impulse", Reduce("trigonometry")),
        claim(closed.subs(masses, 2) * sine**2, series.subs(masses, 2).doit() * sine**2).by(
            "two impulses", Reduce("trigonometry")
        ),
        claim(sp.Integral(sp.cos(2 * sp.pi * (harmonic + 1) * phi), (phi, 0, 1)), 0).by(
            "harmonics have no mean", Reduce("evaluate")
        ),
        claim(1 / (masses * sine**2) - closed / masses, (sp.cos(sp.pi * masses * phi) / sine) ** 2 / masses).by(
            "what is missing from 1/(N sin^2) is a square: away from integer phi the kernel vanishes like 1/N",
            Reduce("common denominator", "squares of the cosine", "common denominator"),
        ),
    ]


@states(
    "finite_pass_mean",
    "beyond the paper",
    "The mean loss over the first N passes, chain at rest before, is the loss per mode weighted by Fejer's kernel of "
    "phi = alpha omega/v - x: at constant speed, with the force taken at undisplaced masses (second order in Phi).",
    equal(
        mean_loss(speed),
        sp.Integral(
            loss_per_mode(band_squared(sp.pi * x), transform(2 * sp.pi * band_continued() / speed))
            * fejer(passes, phase()),
            (x, 0, 1),
        ),
    ),
    parents=[single_pass, impulses],
)
def finite_mean(formula: sp.Basic) -> list[Step]:
    """The particle meets mass l at the time l alpha/v, where the plane wave has the phase 2 l theta.

    The amplitudes of N passes add up with these phases; one pass is Eq. (6), over a whole zone.
    """
    weighted = formula.rhs.function
    loss = loss_per_mode(band_squared(sp.pi * x), transform(2 * sp.pi * band_continued() / speed))
    impulse = sp.exp(2 * sp.pi * sp.I * omega * lag * spacing / speed - 2 * sp.I * theta * lag)
    frequency = band_continued()
    summed = impulses.formula.lhs.subs({masses: passes, phi: phase()})
    return [
        claim(impulse.subs({omega: frequency, theta: sp.pi * x}), sp.exp(2 * sp.pi * sp.I * lag * phase())).by(
            "the phase of the force by mass n", Reduce("powers", "expand")
        ),
        claim(loss * summed / passes, weighted).by(
            "the squared modulus of the summed amplitudes, per pass",
            Apply(impulses.formula, {masses: passes, phi: phase()}, "expand"),
        ),
        claim(weighted.subs(passes, 1), loss).by("one pass", Reduce("expand")),
        claim(
            2 * sp.Integral(loss, (x, 0, sp.Rational(1, 2))),
            2 / sp.pi * sp.Integral(loss.subs(x, theta / sp.pi), (theta, 0, sp.pi / 2)),
        ).by(
            "half a zone twice, as the band is even, is Eq. (6)", Integrands("expand", change=(x, theta / sp.pi, theta))
        ),
        claim(sp.Integral(formula.rhs.function.subs(passes, 1) / loss, *formula.rhs.limits), 1).by(
            "one zone", Reduce("evaluate")
        ),
    ]


@states(
    "fejer_limit",
    "above Eq. 10",
    "The Fejer mean of a function with the harmonics r^abs(j), abs(r) < 1, exactly for every N: it differs from the "
    "value at integer phi by less than 2 abs(r) (1 + abs(r)^N)/(N (1 - abs(r))^2).",
    equal(
        sp.Sum((1 - harmonic / masses) * ratio**harmonic, (harmonic, 1, masses - 1)) * 2 + 1,
        (1 + ratio) / (1 - ratio) - 2 * ratio * (1 - ratio**masses) / (masses * (1 - ratio) ** 2),
    ),
    parents=[fejer_series],
)
def fejer_limit(formula: sp.Basic) -> list[Step]:
    """Twice the induction over N; the value at integer phi is the sum of all harmonics."""
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
        claim(formula.lhs.subs(masses, 1).doit(), closed.subs(masses, 1)).by("one pass", Reduce("common denominator")),
        claim(formula.lhs.subs(masses, 2).doit(), closed.subs(masses, 2)).by(
            "two passes", Reduce("common denominator")
        ),
        claim(next_first, entering).by("one more pass, twice", Reduce("common denominator", "expand", "powers")),
        claim((closed - (1 + ratio) / (1 - ratio)) * masses, -2 * ratio * (1 - ratio**masses) / (1 - ratio) ** 2).by(
            "N times the difference from 1 + 2 sum r^j = (1 + r)/(1 - r), the value at integer phi, is bounded",
            Reduce("common denominator", "expand", "powers", "common denominator"),
        ),
    ]


@states(
    "eq10_mean_dissipation",
    "Eq. 10",
    "The mean over N passes tends, for N to infinity, to a sum over the roots of the resonance condition "
    "omega(x) = x v/alpha: each contributes the loss per mode over the Jacobian |1 - alpha omega'/v|, at speeds "
    "without a tangency, for constant speed and undisplaced masses.",
    equal(contribution(x), weight(transform)),
    parents=[band, finite_mean, fejer_series, fejer_limit],
    kind="printed",
)
def mean_dissipation(formula: sp.Basic) -> list[Step]:
    """Fejer's kernel is an approximate identity in phi: at each integer phi a point in x with the weight 1/|dphi/dx|.

    The limit, on the monotone branches of phi, is Fejer's theorem; it is compared with the means over 8, 32 and 128
    passes.
    """
    frequency = band_continued()
    loss = loss_per_mode(frequency**2, transform(2 * sp.pi * frequency / speed))
    chain = {amplitude: 1, width: sp.Rational(1, 2), omega_fast: 2, spacing: 5, speed: 4}
    term = formula.rhs.replace(transform, transform_gaussian).subs(chain)
    found = roots(crossing_function().subs(chain), x, sp.Rational(1, 2), 3)
    places = [sp.Float(root.str(60, radius=False), 50) for root in found]
    nodes = 24 * masses  # equidistant: geometric convergence, as the integrand is periodic and analytic
    integrand = finite_mean.formula.rhs.function.replace(transform, transform_gaussian).subs(chain)
    equidistant = integrand.subs(passes, masses).subs(x, (harmonic + sp.Rational(1, 3)) / nodes) / nodes
    return [
        claim(formula.rhs * sp.Abs(phase().diff(x)), loss).by(
            "dx = dphi/|dphi/dx| on a monotone branch of phi", Reduce("same sign", "expand")
        ),
        claim(phase() * speed / spacing, crossing_function()).by(
            "phi = 0 where the resonance condition holds (another integer phi: the same in another zone)",
            Reduce("expand"),
        ),
        claim(band_squared(sp.pi * (x + lag)), band_squared(sp.pi * x)).by(
            "the band repeats in every zone", Reduce("trigonometry")
        ),
        claim(sp.Sum(equidistant, (harmonic, 0, nodes - 1)), sum(term.subs(x, root) for root in places)).by(
            "mean over N passes (equidistant points) and the sum over the roots",
            Approaches("Fejer's theorem (approximate identity)", masses, 8, 1),
        ),
    ]


@states(
    "eq10_gaussian",
    "Eq. 10",
    "For the Gaussian interaction the loss per mode in Eq. (10) has the exponent -(2 pi lambda omega/v)^2.",
    equal(
        contribution(omega),
        16
        * sp.pi**5
        * amplitude**2
        * width**2
        * omega**2
        / speed**4
        * sp.exp(-((2 * sp.pi * width * omega / speed) ** 2)),
    ),
    parents=[mean_dissipation, gaussian],
)
def mean_dissipation_gaussian(formula: sp.Basic) -> list[Step]:
    """Insert the transform."""
    return [
        claim(
            loss_per_mode(omega**2, transform(2 * sp.pi * omega / speed)).replace(transform, transform_gaussian),
            formula.rhs,
        ).by("insert the Gaussian's transform", Reduce("expand"))
    ]


def mean_at(v: int | str, claimed: sp.Expr, rule: str, count: int, places: int = 6) -> Step:
    """Return the step that encloses Eq. (10) at the paper's parameters and compares it with a claim.

    All roots of the resonance condition lie below ``x = alpha omega_fast/v = 400/v``.
    """
    point = {**PAPER, speed: sp.Rational(v)}
    end = PAPER[spacing] * PAPER[omega_fast] / sp.Rational(v) + 1
    over_roots = EnclosedSum(crossing_function().subs(point), x, sp.Rational(1, 10), end, count, places=places)
    return claim(weight_gaussian().subs(point), claimed).by(rule, over_roots)


VALUES = ((21, "0.045841", 35), (30, "0.0150316", 23), (50, "0.0148695", 15), (90, "0.0073308", 7))


@states(
    "eq10_values",
    "Fig. 4(c), corrected",
    "Eq. (10) at v = 21, 30, 50, 90 for Phi0 = 2, lambda = 4, omega_fast = 10, alpha = 40, every root of the resonance "
    "condition found.",
    equal(sp.Tuple(*(mean_loss(v) for v, _, _ in VALUES)), sp.Tuple(*(sp.Rational(text) for _, text, _ in VALUES))),
    parents=[mean_dissipation_gaussian],
    relation=r"\approx",
)
def values(formula: sp.Basic) -> list[Step]:
    """Bisection isolates every root, interval Newton encloses it, and the contributions are summed as balls."""
    return [
        mean_at(v, claimed, f"sum over all roots, v = {v}", count, len(text.partition(".")[2]))
        for (v, text, count), claimed in zip(VALUES, formula.rhs, strict=True)
    ]


@states(
    "crossing_moves",
    "beyond the paper",
    "As the speed changes a root of the resonance condition moves at the rate dx/dv = x/(alpha omega' - v), which "
    "diverges at a tangency.",
    equal(sp.Function("x")(speed).diff(speed), x / (spacing * band_continued().diff(x) - speed)),
    parents=[band],
)
def crossing_moves(formula: sp.Basic) -> list[Step]:
    """The resonance condition stays fulfilled along the root."""
    total = crossing_function().diff(speed) + crossing_function().diff(x) * formula.rhs
    return [claim(total, 0).by("differentiate along the root", Reduce("common denominator"))]


@states(
    "published_exponent",
    "the published scripts",
    "As printed in the published scripts: the loss per mode in Eq. (10) has the exponent -2 pi^2 lambda^2 omega^4/v^2 "
    "(Fig. 4(c) is drawn with it).",
    equal(
        contribution(omega),
        16
        * sp.pi**5
        * amplitude**2
        * width**2
        * omega**2
        / speed**4
        * sp.exp(-2 * sp.pi**2 * width**2 * omega**4 / speed**2),
    ),
    parents=[mean_dissipation_gaussian],
    kind="printed",
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
        *refuted(formula.rhs, true, second, sp.pi / 9 * sp.exp(-sp.Rational(81, 18)), sp.pi / 9 * sp.exp(-1)),
        claim((slope * formula.rhs.subs(omega, band_continued())).subs({**PAPER, speed: 30}), wrong).by(
            "with the scripts' exponent, v = 30",
            EnclosedSum(crossing_function().subs({**PAPER, speed: 30}), x, sp.Rational(1, 10), 15, 23, places=5),
        ),
    ]
