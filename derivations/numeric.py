"""Numbers to 50 digits for the checks: seeded points, quadrature and sums by mpmath.

>>> import sympy as sp
>>> a = sp.Symbol("a")
>>> str(value(sp.Integral(sp.exp(-a**2), (a, -sp.oo, sp.oo)) - sp.sqrt(sp.pi), {}))[:4] < "1e-4"
True
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import mpmath
import sympy as sp

from .notation import entry, known

__all__ = ["agree_at_points", "decimals", "draw", "value"]

WORKING_DIGITS = 60


def draw(symbol: sp.Symbol, rng: random.Random, ranges: dict[sp.Symbol, Any]) -> sp.Rational:
    """A random exact number in the range assumed for the symbol; a whole one for an integer symbol.

    >>> from derivations.notation import omega_fast
    >>> sp.Rational(21, 20) <= draw(omega_fast, random.Random(0), {}) <= 12
    True
    """
    low, high = ranges.get(symbol) or ((entry(symbol).low, entry(symbol).high) if known(symbol) else (1, 2))
    if symbol.is_integer:
        return sp.Integer(rng.randint(int(low), int(high)))
    return low + (high - low) * sp.Rational(rng.randint(1, 10**6 - 1), 10**6)


def _numbers(node: sp.Basic) -> sp.Basic:
    """Replace integrals and sums by numbers, innermost variables bound by Python functions."""
    if isinstance(node, sp.Integral):
        return _quadrature(node)
    if isinstance(node, sp.Sum):
        return _sum(node)
    if isinstance(node, (sp.Derivative, sp.Limit, sp.Subs)):
        return _numbers(node.doit())
    if node.is_Atom or not node.has(sp.Integral, sp.Sum, sp.Derivative, sp.Limit, sp.Subs):
        return node
    return node.func(*map(_numbers, node.args))


def _function(expression: sp.Expr, variable: sp.Symbol) -> Any:
    if expression.has(sp.Integral, sp.Sum):
        return lambda number: _mpmath(_numbers(expression.subs(variable, sp.Float(number, WORKING_DIGITS))))
    return sp.lambdify(variable, expression, "mpmath")


def _mpmath(expression: sp.Expr) -> Any:
    return sp.N(expression, WORKING_DIGITS)._to_mpmath(mpmath.mp.prec)


def _sympy(number: Any) -> sp.Expr:
    number = mpmath.mpmathify(number)
    real = sp.Float(number.real, WORKING_DIGITS)
    return real if number.imag == 0 else real + sp.I * sp.Float(number.imag, WORKING_DIGITS)


def _quadrature(node: sp.Integral) -> sp.Expr:
    ((variable, low, high),) = node.limits
    function = _function(node.function, variable)
    ends = [
        _mpmath(_numbers(end)) if end.is_finite is not False else mpmath.mpf(str(end).replace("oo", "inf"))
        for end in (low, high)
    ]
    if all(map(mpmath.isfinite, ends)):
        middle = [ends[0] + (ends[1] - ends[0]) * mpmath.mpf(part) / 4 for part in range(5)]
        return _sympy(mpmath.quad(function, middle))
    if ends == [-mpmath.inf, mpmath.inf]:
        return _sympy(mpmath.quad(function, [-mpmath.inf, -8, 0, 8, mpmath.inf]))
    return _sympy(mpmath.quad(function, [ends[0], ends[0] + 4, ends[0] + 16, ends[1]]))


def _sum(node: sp.Sum) -> sp.Expr:
    variable, low, high = node.limits[0]
    if high.is_finite is not False and (high - low) < 5000:
        function = _function(node.function, variable)
        return _sympy(mpmath.fsum(function(mpmath.mpf(int(low) + step)) for step in range(int(high - low) + 1)))
    function = _function(node.function, variable)
    return _sympy(mpmath.nsum(lambda number: function(int(number)), [int(low), mpmath.inf]))


def value(expression: sp.Expr, point: dict[sp.Symbol, Any]) -> sp.Expr:
    """The expression at a point, to about 50 digits.

    >>> a = sp.Symbol("a")
    >>> str(value(sp.sqrt(a), {a: sp.Integer(2)}))[:20]
    '1.414213562373095048'
    """
    with mpmath.workdps(WORKING_DIGITS):
        return sp.N(_numbers(sp.sympify(expression).subs(point)), WORKING_DIGITS)


def agree_at_points(
    before: sp.Expr, after: sp.Expr, rng: random.Random, points: int, ranges: Any, assuming: Any
) -> tuple[int, sp.Expr]:
    """How many points met the assumptions, and the largest relative deviation between the two sides.

    >>> from derivations.notation import omega_fast
    >>> met, worst = agree_at_points(omega_fast**2, omega_fast * omega_fast, random.Random(0), 3, {}, ())
    >>> met, worst == 0
    (3, True)
    """
    symbols = sorted(
        before.free_symbols | after.free_symbols | set().union(*(a.free_symbols for a in assuming), set()), key=str
    )
    met, worst = 0, sp.Integer(0)
    for _ in range(10 * points if assuming else points):
        point = {symbol: draw(symbol, rng, ranges) for symbol in symbols}
        if not all(condition.subs(point) == sp.true for condition in assuming):
            continue
        met += 1
        one, other = value(before, point), value(after, point)
        scale = max(abs(one), abs(other))
        deviation = abs(one - other) / scale if scale else sp.Integer(0)
        if not deviation.is_finite:
            return met, sp.oo
        worst = max(worst, deviation)
        if met == points:
            break
    return met, worst


def decimals(expression: sp.Basic) -> sp.Basic:
    """The expression with its decimal fractions written as decimal numbers, for print only.

    >>> decimals(sp.Rational("0.0100631")), decimals(sp.Rational(1, 3))
    (0.0100631, 1/3)
    """
    written = {}
    for number in expression.atoms(sp.Rational):
        if number.is_Integer or set(sp.factorint(number.q)) - {2, 5}:
            continue
        text = format(Decimal(int(number.p)) / Decimal(int(number.q)), "f")
        written[number] = sp.Symbol(text)
    return expression.xreplace(written)
