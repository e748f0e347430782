"""Resonances: where the line x v/alpha is tangent to the band, and Eq. (10) diverges on one side.

At the lower band edge the mean dissipation is infinite just above ``v_n`` (two crossings merge
there) and finite just below; at the upper edge it is the other way round. A tangent through the
origin asks for ``x omega' = omega``.

>>> lower_resonance().subs({lag: 1, spacing: 40, gap: sp.sqrt(99)}).n(7)
39.97955
"""

from __future__ import annotations

import sympy as sp

from .checks import EnclosedSum, Reduce
from .lattice import band_squared, sound_cone
from .ledger import Step, refuted, states
from .notation import (
    curvature,
    excess,
    gap,
    lag,
    offset,
    omega_fast,
    spacing,
    speed,
    strength,
    theta,
    weight_of_mode,
    x,
)
from .steady_state import (
    band_continued,
    crossing_function,
    mean_at,
    mean_dissipation,
    mean_loss,
    tangency_function,
)

__all__ = ["STATEMENTS", "lower_resonance", "upper_resonance"]


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
    """Return pi alpha d omega/d theta, the speed of a wave packet."""
    return (sp.pi * spacing * sp.sqrt(band_squared(theta)).diff(theta)).subs(theta, angle)


@states(
    "tangency",
    "below Eq. 10, corrected",
    "A line through the origin touches the band where (omega_fast^2 - 1) pi x sin(pi x) cos(pi x) = omega^2.",
    sp.Eq(
        x * band_continued().diff(x) - band_continued(),
        tangency_function() / band_continued(),
        evaluate=False,
    ),
    parents=[mean_dissipation],
)
def tangency(formula: sp.Basic) -> list[Step]:
    """The line meets the band with the band's slope; the Jacobian of Eq. (10) vanishes there."""
    touching = spacing * band_continued() / x  # the speed of the line through (x, omega(x))
    jacobian = 1 - spacing * band_continued().diff(x) / touching
    return [
        Step(
            formula.lhs,
            formula.rhs,
            "height of the tangent over the origin",
            Reduce("common denominator"),
        ),
        Step(
            -jacobian * band_continued(),
            formula.rhs,
            "the Jacobian of Eq. (10) on this line",
            Reduce("common denominator"),
        ),
    ]


@states(
    "resonance_is_group_speed",
    "below Eq. 10",
    "The Jacobian of Eq. (10) is 1 - c/v with the phonon's group speed c: at a resonance the "
    "phonon travels with the particle.",
    sp.Eq(
        1 - spacing * band_continued().diff(x) / speed,
        1 - group_speed(sp.pi * x) / speed,
        evaluate=False,
    ),
    parents=[tangency, sound_cone],
)
def travels_along(formula: sp.Basic) -> list[Step]:
    """The group speed is alpha pi d omega/d theta.

    It never exceeds the sound speed, so no resonance is faster.
    """
    bound = sound_cone.formula.rhs**2 - group_speed(theta) ** 2
    lead = (omega_fast**2 - 1) * sp.sin(theta) ** 2 - (omega_fast - 1)
    return [
        Step(formula.lhs, formula.rhs, "x is theta/pi", Reduce("expand")),
        Step(
            bound,
            (sp.pi * spacing * lead) ** 2 / band_squared(theta),
            "no group speed is above the sound speed",
            Reduce("squares of the cosine", "common denominator"),
        ),
    ]


@states(
    "crossing_count",
    "beyond the paper",
    "There is at most one crossing in each monotone piece of omega(x)/x, and the pieces end at "
    "the tangencies, at most one "
    "between neighbouring zeros of 2 pi x cos(2 pi x) - sin(2 pi x).",
    sp.Eq(
        tangency_function().diff(x),
        sp.pi * (omega_fast**2 - 1) / 2 * (2 * sp.pi * x * sp.cos(2 * sp.pi * x) - sp.sin(2 * sp.pi * x)),
        evaluate=False,
    ),
    parents=[tangency],
)
def crossing_count(formula: sp.Basic) -> list[Step]:
    """The slope of omega/x has the sign of the tangency function.

    Its own slope changes sign once in each half zone.
    """
    half_slope = formula.rhs / sp.cos(2 * sp.pi * x)
    return [
        Step(
            (band_continued() / x).diff(x),
            tangency_function() / (x**2 * band_continued()),
            "slope of omega/x",
            Reduce("common denominator"),
        ),
        Step(formula.lhs, formula.rhs, "slope of the tangency function", Reduce("trigonometry")),
        Step(
            -half_slope.diff(x),
            sp.pi**2 * (omega_fast**2 - 1) * (sp.sin(2 * sp.pi * x) / sp.cos(2 * sp.pi * x)) ** 2,
            "over the cosine it falls monotonically from one pole to the next: one change of sign between them",
            Reduce(
                "expand",
                "squares of the cosine",
                "common denominator",
                "squares of the cosine",
                "common denominator",
                "trigonometry",
            ),
        ),
    ]


def _parabola_step(rule: str, squared: sp.Expr, centre: sp.Expr, place: sp.Expr) -> Step:
    """The tangency condition on a parabola, at the place where it holds."""
    condition = (centre + offset) * squared.diff(offset) / 2 - squared
    return Step(condition.subs(offset, place), sp.Integer(0), rule, Reduce("common denominator", "expand"))


@states(
    "resonance_lower_edge",
    "below Eq. 10, corrected",
    "The n-th resonance of the lower band edge is at alpha/sqrt(n^2 + 1/((omega_fast^2 - 1) pi^2)), to leading order.",
    sp.Eq(speed, lower_resonance(), evaluate=False),
    parents=[tangency],
)
def lower_edge(formula: sp.Basic) -> list[Step]:
    """Exact for the parabola that the band's square follows at its lower edge."""
    parabola = 1 + gap**2 * sp.pi**2 * offset**2
    place = 1 / (lag * sp.pi**2 * gap**2)
    band = band_squared(sp.pi * (lag + offset)).subs(omega_fast, sp.sqrt(1 + gap**2))
    return [
        Step(
            sp.series(band, offset, 0, 3).removeO(),
            parabola,
            "the band near its lower edge",
            Reduce("evaluate", "expand"),
        ),
        _parabola_step("where the line touches", parabola, lag, place),
        Step(
            spacing**2 * parabola.subs(offset, place) / (lag + place) ** 2,
            formula.rhs**2,
            "its slope, squared",
            Reduce("common denominator"),
        ),
        Step(
            formula.rhs.subs({lag: 1, spacing: 40, gap: 1 / (sp.sqrt(3) * sp.pi)}),
            sp.Integer(20),
            "and positive",
            Reduce(),
        ),
    ]


@states(
    "resonance_lower_edge_next",
    "beyond the paper",
    "The next orders in 1/n of the resonances of the lower band edge, q = 1/((omega_fast^2 - 1) pi^2).",
    sp.Eq(
        speed**2,
        spacing**2
        / lag**2
        * (1 - 1 / (sp.pi**2 * gap**2 * lag**2) + (1 / (sp.pi**4 * gap**4) - 1 / (3 * sp.pi**4 * gap**6)) / lag**4),
        evaluate=False,
    ),
    parents=[tangency, lower_edge],
)
def lower_edge_next(formula: sp.Basic) -> list[Step]:
    """Insert an expansion of the tangency's place in h = 1/n.

    The tangency function vanishes order by order.
    """
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
        Step(condition.coeff(h, 0), sp.Integer(0), "the tangency function, order 0", Reduce("expand")),
        Step(condition.coeff(h, 2), sp.Integer(0), "order 2", Reduce("expand")),
        Step(
            sp.series(slope, h, 0, 7).removeO(),
            claimed,
            "speed squared, to order 6 in 1/n",
            Reduce("expand"),
        ),
    ]


@states(
    "resonance_upper_edge",
    "beyond the paper",
    "A second family, at the upper band edge, is near 2 alpha omega_fast/(2 n + 1); Eq. (10) "
    "is infinite just below it.",
    sp.Eq(speed, upper_resonance(), evaluate=False),
    parents=[tangency],
)
def upper_edge(formula: sp.Basic) -> list[Step]:
    """Exact for the parabola that the band's square follows at its upper edge."""
    fast = sp.sqrt(1 + gap**2)
    parabola = omega_fast**2 - gap**2 * sp.pi**2 * offset**2
    centre = lag + sp.Rational(1, 2)
    place = -(omega_fast**2) / (gap**2 * sp.pi**2 * centre)
    band = band_squared(sp.pi * (centre + offset)).subs(omega_fast, fast)
    return [
        Step(
            sp.series(band, offset, 0, 3).removeO(),
            parabola.subs(omega_fast, fast),
            "the band near its upper edge",
            Reduce("evaluate", "expand", "trigonometry"),
        ),
        _parabola_step("where the line touches", parabola, centre, place),
        Step(
            spacing**2 * parabola.subs(offset, place) / (centre + place) ** 2,
            formula.rhs**2,
            "its slope, squared",
            Reduce("common denominator"),
        ),
        Step(
            formula.rhs.subs({lag: 1, omega_fast: 3, spacing: 2, gap: 6 / (sp.sqrt(5) * sp.pi)}),
            sp.Integer(6),
            "and positive",
            Reduce(),
        ),
    ]


@states(
    "resonance_curvature",
    "beyond the paper",
    "At a tangency the band's curvature is (omega_fast^2 - 1) pi^2 cos(2 pi x)/omega - omega/x^2.",
    sp.Eq(
        curvature,
        sp.pi**2 * (omega_fast**2 - 1) * sp.cos(2 * sp.pi * x) / band_continued() - band_continued() / x**2,
        evaluate=False,
    ),
    parents=[tangency],
)
def resonance_curvature(formula: sp.Basic) -> list[Step]:
    """Half the second derivative of omega^2 is omega omega'' + omega'^2.

    And omega' is omega/x at a tangency.
    """
    frequency = band_continued()
    return [
        Step(
            band_squared(sp.pi * x).diff(x, 2) / 2,
            frequency * frequency.diff(x, 2) + frequency.diff(x) ** 2,
            "second derivative of omega^2",
            Reduce("common denominator"),
        ),
        Step(
            band_squared(sp.pi * x).diff(x, 2) / 2 - (frequency / x) ** 2,
            sp.expand(frequency * formula.rhs),
            "with the slope of the tangent",
            Reduce("expand", "trigonometry"),
        ),
    ]


@states(
    "resonance_strength",
    "beyond the paper",
    "On its infinite side a resonance diverges like an inverse square root: A v sqrt(2/(alpha "
    "x omega'' dv)), A the loss per mode.",
    sp.Eq(strength, weight_of_mode * speed * sp.sqrt(2 / (spacing * x * curvature)), evaluate=False),
    parents=[tangency],
)
def resonance_strength(formula: sp.Basic) -> list[Step]:
    """Two crossings lie a distance sqrt(2 x dv/(alpha omega'')) to both sides of the tangency."""
    distance = sp.sqrt(2 * x * excess / (spacing * curvature))
    miss = curvature * offset**2 / 2 - x * excess / spacing  # the crossing function near the tangency
    jacobian = spacing / speed * miss.diff(offset).subs(offset, distance)
    return [
        Step(miss.subs(offset, distance), sp.Integer(0), "crossing on one side", Reduce("expand")),
        Step(miss.subs(offset, -distance), sp.Integer(0), "crossing on the other", Reduce("expand")),
        Step(
            2 * weight_of_mode / jacobian,
            formula.rhs / sp.sqrt(excess),
            "the sum of the two weights",
            Reduce("powers"),
        ),
    ]


@states(
    "resonance_finite_side",
    "Fig. 4(c), corrected",
    "Just below alpha, at v = 39.9795, the mean dissipation is finite and is 0.0100631: more "
    "than the paper's bias of 0.01.",
    sp.Eq(mean_loss(sp.Rational("39.9795")), sp.Rational("0.0100631"), evaluate=False),
    parents=[mean_dissipation, lower_edge],
)
def finite_side(formula: sp.Basic) -> list[Step]:
    """The resonance lies between 39.9795 and 39.9796.

    Below it two crossings fewer remain, above it Eq. (10) is large.
    """
    at = tangency_function().subs(omega_fast, 10)
    return [
        Step(
            (40 * band_continued() / x).subs(omega_fast, 10),
            sp.Rational("39.9795"),
            "the resonance itself, exactly",
            EnclosedSum(at, x, sp.Rational("1.0001"), sp.Rational("1.01"), 1, places=4),
        ),
        mean_at("39.9795", formula.rhs, "below the resonance", 17, places=7),
        mean_at("39.98", sp.Rational("1.1208"), "above the resonance", 19, places=4),
    ]


@states(
    "spikes_as_printed",
    "below Eq. 10",
    "As printed: the mean dissipation has spikes at alpha/n.",
    sp.Eq(speed, spacing / lag, evaluate=False),
    parents=[lower_edge, finite_side],
)
def spikes_as_printed(formula: sp.Basic) -> list[Step]:
    """At alpha/n a crossing is at the band's very edge, where the Jacobian is 1.

    Nothing diverges.
    """
    first = {lag: 1, spacing: 40, gap: 1 / (sp.sqrt(3) * sp.pi)}
    second = {lag: 2, spacing: 24, gap: 1 / (sp.sqrt(5) * sp.pi)}
    jacobian = 1 - spacing * band_continued().diff(x) / speed
    return [
        *refuted(formula.rhs, lower_edge.formula.rhs, first, 40, 20),
        *refuted(formula.rhs, lower_edge.formula.rhs, second, 12, 8),
        Step(
            crossing_function().subs({x: lag, speed: formula.rhs}),
            sp.Integer(0),
            "a crossing at the edge",
            Reduce("expand"),
        ),
        Step(
            jacobian.subs({x: lag, speed: formula.rhs}),
            sp.Integer(1),
            "where the Jacobian is 1",
            Reduce("expand"),
        ),
        mean_at("40", sp.Rational("0.1754"), "the mean dissipation at alpha itself", 19, places=4),
    ]


STATEMENTS = (
    tangency,
    travels_along,
    crossing_count,
    lower_edge,
    lower_edge_next,
    upper_edge,
    resonance_curvature,
    resonance_strength,
    finite_side,
    spikes_as_printed,
)
