"""Ball arithmetic: a number with a proved error bound, and roots that cannot be missed.

Every function of a SymPy expression is evaluated on balls (python-flint); the result holds for
*all* points of the argument's ball. Roots are isolated by bisection, where the derivative's ball
decides that an interval holds exactly one, and refined by interval Newton steps.

>>> import sympy as sp
>>> a = sp.Symbol("a")
>>> [float(root) for root in roots(a**2 - 2, a, 0, 3)]
[1.4142135623730951]
"""

from __future__ import annotations

from itertools import product
from typing import Any

import flint
import sympy as sp

from .printer import i0e, i0e_minus_i1e

__all__ = ["ball", "roots", "supremum"]

_UNARY = {
    sp.sin: "sin",
    sp.cos: "cos",
    sp.exp: "exp",
    sp.log: "log",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tan: "tan",
    sp.sinc: "sinc",
}


def _interval(low: flint.arb, high: flint.arb) -> flint.arb:
    return low.union(high)


def _scaled(orders: tuple[int, ...], argument: flint.arb) -> flint.arb:
    """exp(-x) I0(x), less exp(-x) I1(x) for two orders: between its values at the two ends of x >= 0, as it falls."""
    ends = []
    for end in (flint.arb(argument.lower()), flint.arb(argument.upper())):
        values = [(-end).exp() * end.bessel_i(order) for order in orders]
        ends.append(values[0] - sum(values[1:], flint.arb(0)))
    return _interval(*ends)


def ball(expression: sp.Expr, values: dict[sp.Symbol, Any]) -> flint.arb:
    """The expression on balls: the result contains its value at every point of `values`.

    Sums, products, powers, absolute values, I_n and the elementary functions are known; another function is a
    ``KeyError``, a symbol that `values` lacks an error of its own kind.

    >>> import flint
    >>> import sympy as sp
    >>> a = sp.Symbol("a")
    >>> ball(sp.sin(a), {a: flint.arb(0, 0.1)}).contains(flint.arb(0.05))
    True
    """
    if expression in values:
        return values[expression]
    if expression.is_Rational:
        return flint.arb(int(expression.p)) / int(expression.q)
    if expression is sp.pi:
        return flint.arb.pi()
    if expression.is_Float:
        return flint.arb(str(expression))
    arguments = [ball(argument, values) for argument in expression.args]
    if expression.is_Add:
        return sum(arguments[1:], arguments[0])
    if expression.is_Mul:
        product = arguments[0]
        for factor in arguments[1:]:
            product *= factor
        return product
    if expression.is_Pow:
        exponent = expression.exp
        if exponent.is_Integer:
            return arguments[0] ** int(exponent)
        if exponent.is_Rational and exponent.q == 2:
            return arguments[0].sqrt() ** int(exponent.p)
        return arguments[0] ** arguments[1]
    if isinstance(expression, sp.besseli):
        return arguments[1].bessel_i(arguments[0])
    if isinstance(expression, (i0e, i0e_minus_i1e)):
        return _scaled((0,) if isinstance(expression, i0e) else (0, 1), arguments[0])
    if isinstance(expression, sp.Abs):
        return abs(arguments[0])
    return getattr(arguments[0], _UNARY[expression.func])()


def roots(function: sp.Expr, variable: sp.Symbol, low: Any, high: Any, precision: int = 200) -> list[flint.arb]:
    """Every simple root in [low, high], each enclosed by a ball, in order.

    Raises
    ------
    ArithmeticError
        Where this cannot be decided: a double root, or one at an end.

    >>> import sympy as sp
    >>> a = sp.Symbol("a")
    >>> [round(float(root), 9) for root in roots(a**2 - a - 1, a, -1, 2)]
    [-0.618033989, 1.618033989]
    """
    with flint.ctx.workprec(precision):
        return _roots(function, variable, low, high)


def _roots(function: sp.Expr, variable: sp.Symbol, low: Any, high: Any) -> list[flint.arb]:
    """Every simple root, at the precision that is set."""
    slope = sp.diff(function, variable)
    low, high = (ball(sp.sympify(end), {}) for end in (low, high))
    found: list[flint.arb] = []
    pending = [(low.mid(), high.mid(), 0)]
    while pending:
        left, right, depth = pending.pop()
        whole = _interval(left, right)
        if not ball(function, {variable: whole}).contains(0):
            continue
        slope_there = ball(slope, {variable: whole})
        middle = whole.mid()
        # The mean-value form is tighter on short intervals, where cancellation widens the plain one.
        if not (ball(function, {variable: middle}) + slope_there * (whole - middle)).contains(0):
            continue
        if not slope_there.contains(0):
            ends = [ball(function, {variable: end}) for end in (left, right)]
            if any(end.contains(0) for end in ends):
                raise ArithmeticError(f"a root at the end of [{left}, {right}]")
            if (ends[0] > 0) != (ends[1] > 0):
                found.append(_refine(function, slope, variable, whole))
            continue
        if depth > 60:
            raise ArithmeticError(f"a double root near {left}")
        pending += [(left, middle, depth + 1), (middle, right, depth + 1)]
    return sorted(found, key=float)


def _refine(function: sp.Expr, slope: sp.Expr, variable: sp.Symbol, whole: Any) -> Any:
    """Interval Newton, with bisection where a step does not shrink the ball."""
    for _ in range(400):
        middle = whole.mid()
        moved = middle - ball(function, {variable: middle}) / ball(slope, {variable: whole})
        if not moved.overlaps(whole):
            raise ArithmeticError("the root left its enclosure")
        if moved.rad() < whole.rad():
            whole = moved.intersection(whole)
        else:
            at_middle = ball(function, {variable: middle})
            if at_middle.contains(0):
                return whole
            low = whole.lower()
            same = (ball(function, {variable: low}) > 0) == (at_middle > 0)
            whole = _interval(middle, whole.upper()) if same else _interval(low, middle)
        if whole.rad() < flint.arb(2) ** -120:
            break
    return whole


def supremum(
    expression: sp.Expr, box: dict[sp.Symbol, tuple[Any, Any]], claimed: flint.arb, sharp: flint.arb, most: int = 3_000
) -> tuple[flint.arb, flint.arb]:
    """A value that the expression reaches in the box, and one that it nowhere exceeds.

    The box is halved across the symbol that matters most where the ball of the expression allows more than `claimed`,
    for at most `most` parts; `sharp` is the value that has to be reached. Ends of a range may depend on
    symbols that stand before it in the box.

    >>> import flint
    >>> import sympy as sp
    >>> a = sp.Symbol("a")
    >>> lower, upper = supremum(a * (1 - a), {a: (0, 1)}, flint.arb("0.26"), flint.arb("0.24"))
    >>> bool(lower >= 0.24), bool(upper <= 0.26)
    (True, True)
    """
    symbols = list(box)

    def place(parts: tuple[tuple[flint.arb, flint.arb], ...]) -> dict[sp.Symbol, flint.arb]:
        """The balls of the symbols on a part of the unit cube."""
        values: dict[sp.Symbol, flint.arb] = {}
        for symbol, (left, right) in zip(symbols, parts, strict=True):
            low, high = (ball(sp.sympify(end), values) for end in box[symbol])
            values[symbol] = low + (high - low) * _interval(left, right)
        return values

    def bound(values: dict[sp.Symbol, flint.arb]) -> flint.arb:
        """An upper bound on a part: plain, or by monotonicity, or by the mean value, whichever is least."""
        plain = ball(expression, values).upper()
        if plain <= claimed:
            return plain
        centre = {symbol: value.mid() for symbol, value in values.items()}
        ends, mean = dict(values), ball(expression, centre)
        for symbol, slope in slopes.items():
            there = ball(slope, values)
            mean += there * (values[symbol] - centre[symbol])
            if there >= 0:
                ends[symbol] = flint.arb(values[symbol].upper())
            elif there <= 0:
                ends[symbol] = flint.arb(values[symbol].lower())
        best = plain
        for other in (mean.upper(), ball(expression, ends).upper()):
            best = other if other < best or not best.is_finite() else best
        return best

    slopes = {symbol: sp.diff(expression, symbol) for symbol in symbols}
    unit = (flint.arb(0), flint.arb(1))
    lower, upper = flint.arb("-inf"), flint.arb("-inf")
    for corner in product(range(5), repeat=len(symbols)):  # of a grid: is the bound reached somewhere?
        if lower >= sharp:
            break
        value = ball(expression, place(tuple((flint.arb(number) / 4,) * 2 for number in corner))).lower()
        lower = value if value.is_finite() and value > lower else lower
    pending, seen = [tuple(unit for _ in symbols)], 0
    while pending:
        parts = pending.pop()
        seen += 1
        above = bound(place(parts))
        if above <= claimed or seen > most:
            upper = above if not above <= upper else upper
            if seen > most:
                break
            continue
        values = place(parts)
        effect = [float((abs(ball(slopes[symbol], values)) * values[symbol].rad()).upper()) for symbol in symbols]
        widest = max(range(len(parts)), key=lambda number: effect[number])
        left, right = parts[widest]
        middle = (left + right) / 2
        for half in ((left, middle), (middle, right)):
            pending.append((*parts[:widest], half, *parts[widest + 1 :]))
    return lower, upper
