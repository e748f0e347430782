"""Resonances: where the line x v/alpha is tangent to the band, and Eq. (10) diverges on one side.

There the group velocity of the phonon equals the speed of the particle (a van Hove singularity of
the resonance condition). Near the lower band edge the mean dissipation tends to infinity just above
``v_n``, where two roots coalesce, and has a finite one-sided limit just below; near the upper edge
it is the other way round. A line through the origin is tangent where ``x omega' = omega``.

>>> lower_resonance().subs({lag: 1, spacing: 40, gap: sp.sqrt(99)}).n(7)
39.97955
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .checks import Below, EnclosedSum, Reduce, Refute
from .lattice import band, band_squared, sound_cone
from .ledger import Step, claim, equal, states
from .notation import curvature, gap, lag, offset, omega_fast, spacing, speed, strength, theta, weight_of_mode, x
from .steady_state import band_continued, crossing_function, mean_at, mean_dissipation, mean_loss, tangency_function

__all__ = ["lower_resonance", "upper_resonance"]


def lower_resonance() -> sp.Expr:
    """Return alpha/sqrt(n^2 + 1/(g^2 pi^2)), g^2 = omega_fast^2 - 1: the lower band edge, n = 1, 2, ...

    Speed in l_slow/t_slow, to leading order in 1/(g^2 pi^2 n^2); just below alpha/n.

    >>> from derivations.notation import gap, lag, spacing
    >>> round(float(lower_resonance().subs({spacing: 40, gap: sp.sqrt(99), lag: 1})), 3)
    39.98
    """
    return spacing / sp.sqrt(lag**2 + 1 / (gap**2 * sp.pi**2))


def upper_resonance() -> sp.Expr:
    """Return alpha omega_fast/sqrt((n + 1/2)^2 - omega_fast^2/(g^2 pi^2)): the upper band edge.

    Speed in l_slow/t_slow, to leading order; for n with (n + 1/2) g pi > omega_fast.

    >>> from derivations.notation import gap, lag, omega_fast, spacing
    >>> round(float(upper_resonance().subs({spacing: 40, gap: sp.sqrt(99), omega_fast: 10, lag: 9})), 3)
    42.129
    """
    half_way = lag + sp.Rational(1, 2)
    return spacing * omega_fast / sp.sqrt(half_way**2 - omega_fast**2 / (gap**2 * sp.pi**2))


def group_speed(angle: sp.Expr) -> sp.Expr:
    """Return the group velocity pi alpha d omega/d theta."""
    return (sp.pi * spacing * sp.sqrt(band_squared(theta)).diff(theta)).subs(theta, angle)


@states(
    "tangency",
    "below Eq. 10, corrected",
    "A line through the origin is tangent to the band where (omega_fast^2 - 1) pi x sin(pi x) cos(pi x) = omega^2.",
    equal(x * band_continued().diff(x) - band_continued(), tangency_function() / band_continued()),
    parents=[band],
)
def tangency(formula: sp.Basic) -> list[Step]:
    """The line and the band have one slope; the Jacobian 1 - alpha omega'/v of Eq. (10) vanishes there."""
    touching = spacing * band_continued() / x  # the speed of the line through (x, omega(x))
    jacobian = 1 - spacing * band_continued().diff(x) / touching
    return [
        claim(formula.lhs, formula.rhs).by("height of the tangent over the origin", Reduce("common denominator")),
        claim(-jacobian * band_continued(), formula.rhs).by(
            "the Jacobian of Eq. (10) on this line", Reduce("common denominator")
        ),
    ]


@states(
    "resonance_is_group_speed",
    "below Eq. 10",
    "The Jacobian of Eq. (10) is 1 - v_group/v: at a resonance the group velocity is the speed of the particle, so "
    "that no resonance is faster than the largest group velocity.",
    equal(1 - spacing * band_continued().diff(x) / speed, 1 - group_speed(sp.pi * x) / speed),
    parents=[tangency, sound_cone],
)
def travels_along(formula: sp.Basic) -> list[Step]:
    """The group velocity is alpha pi d omega/d theta, and it does not exceed that of the sound cone."""
    bound = sound_cone.formula.rhs**2 - group_speed(theta) ** 2
    lead = (omega_fast**2 - 1) * sp.sin(theta) ** 2 - (omega_fast - 1)
    return [
        claim(formula.lhs, formula.rhs).by("x is theta/pi", Reduce("expand")),
        claim(bound, (sp.pi * spacing * lead) ** 2 / band_squared(theta)).by(
            "no group velocity is above that of the sound cone", Reduce("squares of the cosine", "common denominator")
        ),
    ]


@states(
    "crossing_count",
    "beyond the paper",
    "The tangency function is concave in the first half of each zone and negative in the second: at most two "
    "tangencies in a zone, both in its first half. Between neighbouring tangencies omega(x)/x is strictly monotone, so "
    "that the resonance condition omega(x)/x = v/alpha has at most one root there.",
    equal(
        tangency_function().diff(x),
        sp.pi * (omega_fast**2 - 1) / 2 * (2 * sp.pi * x * sp.cos(2 * sp.pi * x) - sp.sin(2 * sp.pi * x)),
    ),
    parents=[tangency],
)
def crossing_count(formula: sp.Basic) -> list[Step]:
    """The slope of omega/x has the sign of the tangency function; between two roots it would have a zero (Rolle)."""
    return [
        claim((band_continued() / x).diff(x), tangency_function() / (x**2 * band_continued())).by(
            "slope of omega/x: a positive factor times the tangency function", Reduce("common denominator")
        ),
        claim(formula.lhs, formula.rhs).by("slope of the tangency function", Reduce("trigonometry")),
        claim(formula.rhs.diff(x), -2 * sp.pi**3 * (omega_fast**2 - 1) * x * sp.sin(2 * sp.pi * x)).by(
            "its second derivative is negative for sin(2 pi x) > 0, in the first half of each zone: at most two zeros",
            Reduce("expand"),
        ),
        claim(
            tangency_function() + band_squared(sp.pi * x), sp.pi * (omega_fast**2 - 1) * x * sp.sin(2 * sp.pi * x) / 2
        ).by("in the second half, sin(2 pi x) <= 0, it is at most -omega^2: no zero", Reduce("trigonometry")),
    ]


def tangent_to_parabola(edge: str, parabola: sp.Expr, centre: sp.Expr, place: sp.Expr, squared: sp.Expr) -> list[Step]:
    """Return the steps to the leading order: the parabola beside a band edge, and where a line is tangent to it."""
    fast = sp.sqrt(1 + gap**2)
    near = band_squared(sp.pi * (centre + offset)).subs(omega_fast, fast)
    condition = (centre + offset) * parabola.diff(offset) / 2 - parabola
    return [
        claim(sp.series(near, offset, 0, 3).removeO(), parabola.subs(omega_fast, fast)).by(
            f"the band near its {edge} edge", Reduce("evaluate", "expand", "trigonometry")
        ),
        claim(condition.subs(offset, place), 0).by("where the line is tangent", Reduce("common denominator", "expand")),
        claim(spacing**2 * parabola.subs(offset, place) / (centre + place) ** 2, squared).by(
            "its slope, squared", Reduce("common denominator")
        ),
    ]


# The exact tangency beside a band edge, at the distance a = pi (x - n) from it, in sin(a) = a S and cos(a): the
# resonance n and its speed are explicit functions of a and omega_fast, so that the error of a leading order is too.
edge_distance = sp.Symbol("a", positive=True)
scaled_gap = sp.Symbol("b", positive=True)  # a g^2 at the lower edge, g^2/omega_fast^2 at the upper one
sine_deficit, cosine_deficit = sp.symbols("p q", positive=True)  # (1 - sin(a)/a)/a^2 and (1 - cos(a))/a^2


def _deficits(expression: sp.Expr, sine: sp.Symbol, cosine: sp.Symbol) -> sp.Expr:
    """Write sine and cosine of a small angle through their deficits, in which no power of a cancels."""
    a = edge_distance
    return expression.subs({sine: a * (1 - a**2 * sine_deficit), cosine: 1 - a**2 * cosine_deficit})


def error_of_leading_order(bend: sp.Expr, cosine: sp.Expr) -> sp.Expr:
    """Return what makes the relative error of the leading v^2, times -g^2 a^4 or, at the upper edge, G a^4.

    ``bend`` says how omega^2 departs from the edge, by the factor 1 + bend (sin(a)/a)^2; ``cosine`` is that of a.
    """
    a, p, q = edge_distance, sine_deficit, cosine_deficit
    shrunk = 1 - a**2 * p
    bent = bend * p * (2 - a**2 * p) * shrunk**2 * cosine**2 / (1 + bend * shrunk**2)
    return cosine**2 * p * (2 - a**2 * p) - a**2 * (q - p) ** 2 - bent


def constant_of_remainder(bend: sp.Expr) -> sp.Expr:
    """Return the constant c of the remainder: 3 times the same, times the fourth power of pi n a g^2 over omega^2."""
    a, shrunk = edge_distance, 1 - edge_distance**2 * sine_deficit
    number = (1 + bend * shrunk**2) / (shrunk * sp.cos(a)) - bend
    return 3 * error_of_leading_order(bend, sp.cos(a)) * number**4


half = sp.Rational(1, 2)


def edge_box(top: sp.Expr) -> dict[sp.Symbol, Any]:
    """Return the box 0 <= a <= 1/2, 0 <= b <= top, with the ranges of the deficits at each a."""
    inner = sp.sinc(edge_distance / 2) ** 2
    return {
        edge_distance: (0, half),
        scaled_gap: (0, top),
        # (1 - sin(a)/a)/a^2 = int_0^1 t^2/2 sinc^2(a t/2) dt, between its values with sinc at 1 and at 0
        sine_deficit: (inner / 6, sp.Rational(1, 6)),
        cosine_deficit: (inner / 2, inner / 2),
    }


@states(
    "resonance_lower_edge",
    "below Eq. 10, corrected",
    "The n-th resonance of the lower band edge is at alpha/sqrt(n^2 + 1/((omega_fast^2 - 1) pi^2)), to leading order: "
    "for (omega_fast^2 - 1) n >= 1 the exact v^2 is lower by the relative amount c/(3 pi^4 (omega_fast^2 - 1)^3 n^4) "
    "with 0.9 < c < 1.4.",
    equal(speed, lower_resonance()),
    parents=[tangency],
    relation=r"\sim",
)
def lower_edge(formula: sp.Basic) -> list[Step]:
    """Exact for the parabola that omega^2 follows at its lower edge; the remainder in terms of the exact tangency.

    The exact tangency at x = n + a/pi has n and v as explicit functions of a: v/alpha = pi g^2 s c/omega and
    n = omega^2/(pi g^2 s c) - a/pi, with s = sin(a), c = cos(a). The bounds hold for 0 < a < 1/2 and
    b = g^2 a < 2/5, which follows from g^2 n >= 1.
    """
    parabola = 1 + gap**2 * sp.pi**2 * offset**2
    place = 1 / (lag * sp.pi**2 * gap**2)
    s, c = sp.symbols("s c", positive=True)
    a, b = edge_distance, scaled_gap
    squared = 1 + gap**2 * s**2
    number = squared / (sp.pi * gap**2 * s * c) - a / sp.pi
    exact = (spacing * sp.pi * gap**2 * s * c) ** 2 / squared / (formula.rhs**2).subs(lag, number) - 1
    tangent = (tangency_function() / (sp.pi * x)).subs(omega_fast, sp.sqrt(1 + gap**2))
    cosine = 1 - a**2 * cosine_deficit
    error, bounded = error_of_leading_order(b * a, cosine), constant_of_remainder(b * a)
    return [
        *tangent_to_parabola("lower", parabola, lag, place, formula.rhs**2),
        claim(formula.rhs.subs({lag: 1, spacing: 40, gap: 1 / (sp.sqrt(3) * sp.pi)}), 20).by("and positive", Reduce()),
        claim(tangent.subs(sp.sin(sp.pi * x), s).subs(sp.cos(sp.pi * x), c).subs(x, number + a / sp.pi), 0).by(
            "the exact tangency at x = n + a/pi", Reduce("common denominator")
        ),
        claim(_deficits(exact, s, c), (-(gap**2) * a**4 * error).subs(b, gap**2 * a)).by(
            "relative error of v^2, in p = (1 - sin(a)/a)/a^2 and q = (1 - cos(a))/a^2: of fourth order in a",
            Reduce("common denominator"),
        ),
        claim(
            _deficits(3 * gap**6 * (sp.pi * number) ** 4 * gap**2 * a**4 * error, s, c).subs(gap, sp.sqrt(b / a)),
            bounded.subs(sp.cos(a), cosine),
        ).by("times 3 pi^4 g^6 n^4, with b = g^2 a", Reduce("common denominator")),
        claim(sp.sin(half) * sp.cos(half) * (sp.pi + half) - sp.sin(half) ** 2, sp.Rational("1.30")).by(
            "at a = 1/2 the tangency function is at least g^2 n times this, less 1: positive, so a < 1/2",
            EnclosedSum(None, places=2),
        ),
        claim(bounded, sp.Rational("1.4")).by("upper bound", Below(edge_box(sp.Rational(2, 5)), sp.Rational(1, 4))),
        claim(-bounded, -sp.Rational("0.9")).by("lower bound", Below(edge_box(sp.Rational(2, 5)), sp.Rational(1, 4))),
        claim(1 / (sp.sinc(a) * sp.cos(a) * (sp.pi + a) - a * sp.sinc(a) ** 2), sp.Rational(2, 5)).by(
            "b at the tangency n = 1, and less for n > 1", Below({a: (0, sp.Rational(1, 2))}, sp.Rational(1, 4))
        ),
    ]


@states(
    "resonance_lower_edge_next",
    "beyond the paper",
    "The squared speed of the resonances of the lower band edge to order 6 in 1/n (a formal expansion of the exact "
    "tangency; resonance_lower_edge encloses the remainder of its leading order).",
    equal(
        speed**2,
        spacing**2
        / lag**2
        * (1 - 1 / (sp.pi**2 * gap**2 * lag**2) + (1 / (sp.pi**4 * gap**4) - 1 / (3 * sp.pi**4 * gap**6)) / lag**4),
    ),
    parents=[tangency],
    relation=r"\sim",
)
def lower_edge_next(formula: sp.Basic) -> list[Step]:
    """Insert an expansion of the tangency's place in h = 1/n; the tangency function vanishes order by order."""
    h, q = offset, 1 / (sp.pi**2 * gap**2)
    place = q * h + sp.Rational(2, 3) * sp.pi**2 * q**3 * h**3
    fast = sp.sqrt(1 + gap**2)
    small = lambda e: e.replace(sp.sin, lambda a: a - a**3 / 6 + a**5 / 120).replace(  # noqa: E731
        sp.cos, lambda a: 1 - a**2 / 2 + a**4 / 24
    )
    # One zone is like another: near x = 1/h + place the sines and cosines are those of pi * place.
    condition = small(
        gap**2 * sp.pi * (1 / h + place) * sp.sin(sp.pi * place) * sp.cos(sp.pi * place)
        - band_squared(sp.pi * place).subs(omega_fast, fast)
    )
    slope = small(band_squared(sp.pi * place).subs(omega_fast, fast)) / (1 / h + place) ** 2
    condition, claimed = sp.expand(condition), (formula.rhs / spacing**2).subs(lag, 1 / h)
    return [
        claim(condition.coeff(h, 0), 0).by("the tangency function, order 0", Reduce("expand")),
        claim(condition.coeff(h, 2), 0).by("order 2", Reduce("expand")),
        claim(sp.series(slope, h, 0, 7).removeO(), claimed).by("speed squared, to order 6 in 1/n", Reduce("expand")),
    ]


@states(
    "resonance_upper_edge",
    "beyond the paper",
    "A second family of resonances, at the upper band edge, is near 2 alpha omega_fast/(2 n + 1), to leading order at "
    "v^2 = alpha^2 omega_fast^2/(h^2 - 1/(pi^2 G)): with G = 1 - 1/omega_fast^2 and h = n + 1/2, for G h >= 1, the "
    "exact v^2 is higher than this by the relative amount c/(3 pi^4 G^3 h^4) with 0.9 < c < 1.7.",
    equal(speed, upper_resonance()),
    parents=[tangency],
    relation=r"\sim",
)
def upper_edge(formula: sp.Basic) -> list[Step]:
    """Exact for the parabola that omega^2 follows at its upper edge; the remainder in terms of the exact tangency.

    The exact tangency at x = h - a/pi has v/alpha = pi g^2 s c/omega and h = omega^2/(pi g^2 s c) + a/pi, with
    s = sin(a), c = cos(a); b = G lies between 0 and 1, and a < 1/2 follows from G h >= 1.
    """
    parabola = omega_fast**2 - gap**2 * sp.pi**2 * offset**2
    centre = lag + sp.Rational(1, 2)
    place = -(omega_fast**2) / (gap**2 * sp.pi**2 * centre)
    s, c = sp.symbols("s c", positive=True)
    a, b = edge_distance, scaled_gap
    squared = omega_fast**2 - gap**2 * s**2
    number = squared / (sp.pi * gap**2 * s * c) + a / sp.pi
    claimed = (formula.rhs**2).subs(lag, number - sp.Rational(1, 2))
    exact = (spacing * sp.pi * gap**2 * s * c) ** 2 / squared / claimed - 1
    cosine = 1 - a**2 * cosine_deficit
    error, bounded = error_of_leading_order(-b * a**2, cosine), constant_of_remainder(-b * a**2)
    top = gap / sp.sqrt(b)  # omega_fast, as b = g^2/omega_fast^2
    return [
        *tangent_to_parabola("upper", parabola, centre, place, formula.rhs**2),
        claim(formula.rhs.subs({lag: 1, omega_fast: 3, spacing: 2, gap: 6 / (sp.sqrt(5) * sp.pi)}), 6).by(
            "and positive", Reduce()
        ),
        claim(sp.pi * gap**2 * (number - a / sp.pi) * s * c - squared, 0).by(
            "the exact tangency at x = h - a/pi, where sin(pi x) cos(pi x) = s c and omega^2 = omega_fast^2 - g^2 s^2",
            Reduce("common denominator"),
        ),
        claim((sp.sin(sp.pi * x) * sp.cos(sp.pi * x)).subs(x, sp.Rational(1, 2) - a / sp.pi), sp.sin(a) * sp.cos(a)).by(
            "sine and cosine there", Reduce("trigonometry")
        ),
        claim(_deficits(exact, s, c).subs(omega_fast, top), b * a**4 * error).by(
            "relative error of v^2, in p = (1 - sin(a)/a)/a^2 and q = (1 - cos(a))/a^2: of fourth order in a",
            Reduce("common denominator"),
        ),
        claim(
            _deficits(3 * b**3 * (sp.pi * number) ** 4 * b * a**4 * error, s, c).subs(omega_fast, top),
            bounded.subs(sp.cos(a), cosine),
        ).by("times 3 pi^4 G^3 h^4", Reduce("common denominator")),
        claim(sp.pi * sp.sin(half) * sp.cos(half), sp.Rational("1.32")).by(
            "at a = 1/2 the tangency function is more than omega_fast^2 (G h times this, less 1): positive, so a < 1/2",
            EnclosedSum(None, places=2),
        ),
        claim(bounded, sp.Rational("1.7")).by("upper bound", Below(edge_box(sp.Integer(1)), sp.Rational(1, 4))),
        claim(-bounded, -sp.Rational("0.9")).by("lower bound", Below(edge_box(sp.Integer(1)), sp.Rational(1, 4))),
    ]


@states(
    "resonance_curvature",
    "beyond the paper",
    "At a tangency the band's curvature is (omega_fast^2 - 1) pi^2 cos(2 pi x)/omega - omega/x^2.",
    equal(
        curvature, sp.pi**2 * (omega_fast**2 - 1) * sp.cos(2 * sp.pi * x) / band_continued() - band_continued() / x**2
    ),
    parents=[tangency],
)
def resonance_curvature(formula: sp.Basic) -> list[Step]:
    """Half the second derivative of omega^2 is omega omega'' + omega'^2, and omega' is omega/x at a tangency."""
    frequency = band_continued()
    return [
        claim(band_squared(sp.pi * x).diff(x, 2) / 2, frequency * frequency.diff(x, 2) + frequency.diff(x) ** 2).by(
            "second derivative of omega^2", Reduce("common denominator")
        ),
        claim(band_squared(sp.pi * x).diff(x, 2) / 2 - (frequency / x) ** 2, sp.expand(frequency * formula.rhs)).by(
            "with the slope of the tangent", Reduce("expand", "trigonometry")
        ),
    ]


@states(
    "resonance_strength",
    "beyond the paper",
    "At a speed dv above a tangency with omega'' > 0 the two roots that coalesce there contribute R/sqrt(dv) to Eq. "
    "(10), to leading order in dv, with R = A v sqrt(2/(alpha x omega'')) and A the loss per mode.",
    equal(strength, weight_of_mode * speed * sp.sqrt(2 / (spacing * x * curvature))),
    parents=[tangency],
)
def resonance_strength(formula: sp.Basic) -> list[Step]:
    """With dv = epsilon^2 the roots are at +-epsilon y1 + epsilon^2 y2, for any third derivative of the band.

    The resonance condition changes sign on both sides of this place, so that a root is there; the Jacobian to
    leading order gives R.
    """
    third, miss, small = sp.Symbol("c", real=True), sp.Symbol("d", real=True), offset
    first = sp.sqrt(2 * x / (spacing * curvature))
    second = (1 / spacing - third * first**2) / curvature
    place = lambda sign: sign * small * first + small**2 * (second + miss)  # noqa: E731
    # omega(x + y) - (x + y)(v + dv)/alpha, where omega = x v/alpha and omega' = v/alpha, to third order in y
    condition = lambda y: curvature * y**2 / 2 + third * y**3 - (x + y) * small**2 / spacing  # noqa: E731
    jacobian = lambda y: (small**2 - spacing * (curvature * y + 3 * third * y**2)) / (speed + small**2)  # noqa: E731
    steps = []
    for sign, side in ((1, "right"), (-1, "left")):
        inserted = sp.expand(condition(place(sign)))
        steps += [
            claim(inserted.coeff(small, 2), 0).by(f"root to the {side}, first order", Reduce("expand")),
            claim(inserted.coeff(small, 3), sign * curvature * first * miss).by(
                "second order: away from it by d the condition has the sign of d, or its opposite", Reduce("expand")
            ),
        ]
    leading = [sp.expand(jacobian(place(sign)) * (speed + small**2) / small).subs(small, 0) for sign in (1, -1)]
    return [
        *steps,
        claim(leading[0], -leading[1]).by("the Jacobians have opposite signs", Reduce("expand")),
        claim(2 * weight_of_mode * speed / leading[1], formula.rhs).by(
            "the sum of the two contributions, times epsilon = sqrt(dv), as epsilon goes to 0", Reduce("powers")
        ),
    ]


@states(
    "resonance_finite_side",
    "Fig. 4(c), corrected",
    "Just below alpha, at v = 39.9795, Eq. (10) is finite, 0.0100631: more than the paper's bias of 0.01.",
    equal(mean_loss(sp.Rational("39.9795")), sp.Rational("0.0100631")),
    parents=[mean_dissipation, lower_edge],
    relation=r"\approx",
)
def finite_side(formula: sp.Basic) -> list[Step]:
    """The resonance lies between 39.9795 and 39.9796: below are two roots fewer, above Eq. (10) is large."""
    at = tangency_function().subs(omega_fast, 10)
    return [
        claim((40 * band_continued() / x).subs(omega_fast, 10), sp.Rational("39.9795")).by(
            "the exact resonance", EnclosedSum(at, x, sp.Rational("1.0001"), sp.Rational("1.01"), 1, places=4)
        ),
        mean_at("39.9795", formula.rhs, "below the resonance", 17, places=7),
        mean_at("39.98", sp.Rational("1.1208"), "above the resonance", 19, places=4),
    ]


def exact_resonance(rule: str, place: tuple[sp.Expr, sp.Expr], chain: dict[sp.Symbol, Any], claimed: str) -> Step:
    """Return the step that encloses the speed of the tangency in an interval of x."""
    line = (spacing * band_continued() / x).subs(chain)
    places = len(claimed.partition(".")[2])
    return claim(line, sp.Rational(claimed)).by(
        rule, EnclosedSum(tangency_function().subs(chain), x, *place, 1, places=places)
    )


@states(
    "spikes_as_printed",
    "below Eq. 10",
    "As printed: the mean dissipation has spikes at alpha/n.",
    equal(speed, spacing / lag),
    parents=[lower_edge, finite_side],
    kind="printed",
)
def spikes_as_printed(formula: sp.Basic) -> list[Step]:
    """At alpha/n a root is at the band's very edge, where the Jacobian is 1: nothing diverges.

    The resonances near alpha for omega_fast = 3 and near alpha/2 for omega_fast = 2, enclosed, lie elsewhere.
    """
    jacobian = 1 - spacing * band_continued().diff(x) / speed
    near = lambda n: (n + sp.Rational(1, 10**4), n + sp.Rational(1, 10))  # noqa: E731
    cases = (({lag: 1, spacing: 40}, 3, "39.7489"), ({lag: 2, spacing: 24}, 2, "11.9496"))
    steps = []
    for point, top, true in cases:
        printed = formula.rhs.subs(point)
        chain = {omega_fast: top, spacing: point[spacing]}
        steps += [
            claim(printed, sp.Rational(point[spacing], point[lag])).by("as printed", Reduce()),
            exact_resonance(f"the exact resonance, omega_fast = {top}", near(point[lag]), chain, true),
            claim(printed, sp.Rational(true)).by("the two differ", Refute()),
        ]
    return [
        *steps,
        claim(crossing_function().subs({x: lag, speed: formula.rhs}), 0).by("a root at the edge", Reduce("expand")),
        claim(jacobian.subs({x: lag, speed: formula.rhs}), 1).by("where the Jacobian is 1", Reduce("expand")),
        mean_at("40", sp.Rational("0.1754"), "Eq. (10) at alpha itself", 19, places=4),
    ]
