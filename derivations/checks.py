"""The checks that a step of the ledger can name, and the rewritings that a proof may use.

A proof is a list of *named rewritings* applied to ``before - after``; it passes when the result is
the number zero. ``simplify`` is not among them: a reader should be able to say which rule was
used.

>>> import sympy as sp
>>> a = sp.Symbol("a", real=True)
>>> Reduce("trigonometry").run(sp.sin(a)**2, 1 - sp.cos(a)**2, random.Random(0)).evidence
'proved'
>>> Reduce("trigonometry").run(sp.sin(a)**2, 1 + sp.cos(a)**2, random.Random(0)).evidence
'failed'
"""

from __future__ import annotations

import random
from dataclasses import KW_ONLY, dataclass, field
from itertools import pairwise
from typing import Any

import flint
import sympy as sp

from .balls import ball, roots, supremum
from .numeric import agree_at_points, value

__all__ = [
    "Apply",
    "Approaches",
    "Below",
    "Check",
    "Cited",
    "EnclosedSum",
    "Integrands",
    "NonNegative",
    "Numeric",
    "Outcome",
    "Reduce",
    "Refute",
]


@dataclass(frozen=True)
class Outcome:
    """The evidence a check gave (see ``ledger.EVIDENCE``), and how, in words.

    >>> Outcome("proved", "expand").evidence
    'proved'
    """

    evidence: str
    detail: str


def _trigonometry(expression: sp.Expr) -> sp.Expr:
    """Products and multiples of angles, through exponentials: exact for any argument."""
    exponentials = sp.powsimp(sp.expand(expression.rewrite(sp.exp)), combine="exp")
    constant = lambda e: isinstance(e, sp.exp) and e.args[0].is_number  # noqa: E731
    return sp.expand(exponentials.expand().replace(constant, sp.expand_complex))


def _bessel(expression: sp.Expr) -> sp.Expr:
    """Lower the order of I_n and J_n to 0 and 1 by their three-term recurrence."""
    order_down = {
        sp.besseli: lambda n, a: sp.besseli(n - 2, a) - 2 * (n - 1) / a * sp.besseli(n - 1, a),
        sp.besselj: lambda n, a: 2 * (n - 1) / a * sp.besselj(n - 1, a) - sp.besselj(n - 2, a),
    }

    def lower(node: Any) -> sp.Expr:
        n, a = node.args
        if n.is_Integer and n >= 2:
            return order_down[node.func](n, a)
        return node

    previous = None
    while previous != expression:
        previous = expression
        expression = expression.replace(lambda e: isinstance(e, (sp.besseli, sp.besselj)), lower)
    return sp.expand(expression)


def _powers_of(old: Any, new: Any, expression: sp.Expr) -> Any:
    """Write even powers of one of sine and cosine through the other."""
    return expression.replace(
        lambda e: e.is_Pow and isinstance(e.base, old) and e.exp.is_Integer and e.exp >= 2,
        lambda e: (1 - new(*e.base.args) ** 2) ** (e.exp // 2) * e.base ** (e.exp % 2),
    )


def _conjugated(expression: sp.Expr) -> sp.Expr:
    """The conjugate of an expression in real symbols: i becomes -i."""
    return expression.subs(sp.I, -sp.I)


def _same_sign(expression: sp.Expr) -> sp.Expr:
    """Bring absolute values of real arguments that differ by a positive factor to one of them."""
    magnitudes = sorted(expression.atoms(sp.Abs), key=sp.default_sort_key)
    for other in magnitudes[1:]:
        quotient = sp.cancel(sp.together(other.args[0] / magnitudes[0].args[0]))
        if not quotient.free_symbols and quotient.is_real:
            expression = expression.subs(other, abs(quotient) * magnitudes[0])
    return expression


REWRITINGS = {
    "evaluate": lambda e: e.doit(),
    "expand": sp.expand,
    "trigonometry": _trigonometry,
    "powers": lambda e: sp.powsimp(sp.powdenest(sp.expand(e))),
    "common denominator": lambda e: sp.cancel(sp.together(e)),
    "factorials": lambda e: sp.gammasimp(sp.combsimp(e)),
    "Bessel recurrence": _bessel,
    "logarithms": sp.expand_log,
    "exponentials": lambda e: sp.powsimp(
        sp.expand(sp.cancel(sp.together(sp.powsimp(e.rewrite(sp.exp))))), combine="exp"
    ),
    "hyperbolic": lambda e: sp.powsimp(sp.expand(e.rewrite(sp.exp)), combine="exp").expand(),
    "squares of the sine": lambda e: _powers_of(sp.sin, sp.cos, e),
    "squares of the cosine": lambda e: _powers_of(sp.cos, sp.sin, e),
    "sine over cosine": lambda e: e.replace(sp.tan, lambda a: sp.sin(a) / sp.cos(a)),
    "phase factors": lambda e: _trigonometry(e.replace(sp.conjugate, lambda a: _conjugated(a))),
    "same sign": _same_sign,
    "real part": lambda e: sp.expand(e.replace(sp.re, lambda a: (a + sp.conjugate(a)) / 2)),
    "Laplace transform": lambda e: e.replace(
        sp.LaplaceTransform, lambda f, a, b: sp.laplace_transform(f, a, b, noconds=True)
    ),
    "factored radicals": lambda e: sp.powdenest(
        sp.expand(e.replace(lambda p: p.is_Pow and not p.exp.is_Integer, lambda p: sp.Pow(sp.factor(p.base), p.exp)))
    ),
    "radicals": lambda e: sp.radsimp(sp.sqrtdenest(e)),
}


class Check:
    r"""What decides a step: ``run(before, after, random)`` gives an `Outcome`.

    ``evidence`` is the most that a check of this kind can give, ``relation`` the sign between the two sides in LaTeX.

    >>> Check.evidence, Refute.evidence, Refute.relation
    ('failed', 'refuted', '\\neq')
    """

    evidence = "failed"
    relation = "="

    def run(self, before: sp.Basic, after: sp.Basic, rng: random.Random) -> Outcome:
        """Decide whether the step holds."""
        raise NotImplementedError


class Reduce(Check):
    """The difference (or the ratio minus 1) reduces to zero by named rewritings, in this order.

    Raises
    ------
    ValueError
        A rewriting that ``REWRITINGS`` does not have.

    >>> import sympy as sp
    >>> a = sp.Symbol("a", positive=True)
    >>> Reduce("expand").run((a + 1) ** 2, a**2 + 2 * a + 1, random.Random(0))
    Outcome(evidence='proved', detail='expand')
    """

    evidence = "proved"

    def __init__(self, *rewritings: str, ratio: bool = False):
        unknown = set(rewritings) - set(REWRITINGS)
        if unknown:
            raise ValueError(f"no rewriting {unknown}; known: {sorted(REWRITINGS)}")
        self.rewritings = rewritings
        self.ratio = ratio

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Rewrite until zero, or fail."""
        remainder = before / after - 1 if self.ratio else before - after
        for name in self.rewritings:
            if remainder == 0:
                break
            remainder = REWRITINGS[name](remainder)
        if remainder == 0:
            return Outcome("proved", ", ".join(self.rewritings) or "by definition")
        return Outcome("failed", f"leaves {sp.sstr(remainder)[:200]} after {', '.join(self.rewritings)}")


@dataclass(eq=False)
class Numeric(Check):
    """Equality in 50-digit arithmetic at seeded points over the assumed ranges.

    Parameters
    ----------
    points, digits
        How many points, and the decimal digits to which both sides must agree at each.
    ranges
        Ranges other than those of the table of symbols.
    assuming
        Conditions that a point must meet; when no point meets them the check fails.

    >>> from derivations.notation import omega_fast
    >>> Numeric(points=2).run((omega_fast + 1) ** 2, omega_fast**2 + 2 * omega_fast + 1, random.Random(0)).evidence
    'checked'
    """

    points: int = 5
    digits: int = 40
    ranges: dict[sp.Symbol, Any] = field(default_factory=dict)
    assuming: tuple[Any, ...] = ()

    evidence = "checked"

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Evaluate both sides at points that meet the assumptions; none met is a failure."""
        met, worst = agree_at_points(before, after, rng, self.points, self.ranges, self.assuming)
        if not met:
            return Outcome("failed", "no point met the assumptions")
        if not worst < sp.Float(10) ** -self.digits:
            return Outcome("failed", f"largest relative deviation {sp.N(worst, 3)} at {met} points")
        return Outcome(self.evidence, f"{met} points met the assumptions, deviation at most 1e-{self.digits}")


class Cited(Numeric):
    """A named theorem, checked numerically besides (as `Numeric` does).

    >>> import sympy as sp
    >>> from derivations.notation import omega_fast
    >>> check = Cited("the addition theorem", points=1)
    >>> check.run(sp.sin(2 * omega_fast), 2 * sp.sin(omega_fast) * sp.cos(omega_fast), random.Random(0)).detail[:20]
    'the addition theorem'
    """

    evidence = "cited"

    def __init__(self, theorem: str, points: int = 3, digits: int = 40, **options: Any) -> None:
        super().__init__(points, digits, **options)
        self.theorem = theorem

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """As `Numeric`, naming the theorem."""
        outcome = super().run(before, after, rng)
        return Outcome(outcome.evidence, f"{self.theorem}; {outcome.detail}")


class Refute(Check):
    """Two exact numbers differ by more than one part in a thousand, decided at 50 digits.

    >>> import sympy as sp
    >>> Refute().run(sp.sqrt(2), sp.Rational(3, 2), random.Random(0)).evidence
    'refuted'
    """

    evidence = "refuted"
    relation = r"\neq"

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Compare the two numbers."""
        one, other = before.evalf(50), after.evalf(50)
        if not (one.is_number and other.is_number and one.is_finite and other.is_finite):
            return Outcome("failed", "a counterexample must be a pair of numbers")
        if abs(one - other) > sp.Rational(1, 1000) * max(abs(one), abs(other)):
            return Outcome("refuted", f"{sp.N(one, 8)} is not {sp.N(other, 8)}")
        return Outcome("failed", f"{sp.N(one, 8)} and {sp.N(other, 8)} do not differ")


def _gather(expression: sp.Expr) -> tuple[sp.Expr, tuple[Any, ...]]:
    """Write a sum of multiples of integrals over one range as a single integrand."""
    integrand: sp.Expr = sp.Integer(0)
    limits: Any = None
    for term in sp.Add.make_args(sp.expand(expression.doit(integrals=False))):
        factors = sp.Mul.make_args(term)
        integrals = [factor for factor in factors if isinstance(factor, sp.Integral)]
        if len(integrals) != 1:
            raise ValueError(f"not a multiple of one integral: {term}")
        if limits not in (None, integrals[0].limits):
            raise ValueError(f"two ranges of integration: {limits} and {integrals[0].limits}")
        limits = integrals[0].limits
        integrand += sp.Mul(*(f for f in factors if f is not integrals[0])) * integrals[0].function
    return integrand, limits


class Integrands(Check):
    """Two integrals over one range whose integrands agree (derivatives go under the integral sign).

    With ``change=(old, new, variable)`` the first integral is transformed by ``old =
    new(variable)`` before.

    >>> import sympy as sp
    >>> a, b = sp.symbols("a b", positive=True)
    >>> one, other = sp.Integral(sp.sin(a * b) / b, (b, 0, 1)), sp.Integral(sp.cos(a * b), (b, 0, 1))
    >>> Integrands().run(sp.Derivative(one, a), other, random.Random(0)).evidence
    'proved'
    """

    evidence = "proved"

    def __init__(self, *rewritings: str, change: tuple[Any, ...] | None = None):
        self.reduce = Reduce(*rewritings)
        self.change = change

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Compare the ranges, then reduce the difference of the integrands."""
        one, limits = _gather(before)
        if self.change:
            old, new, variable = self.change
            moved = sp.Integral(one, *limits).transform(old, (new, variable))
            one, limits = moved.function, moved.limits
        other, other_limits = _gather(after)
        if limits != other_limits:
            return Outcome("failed", f"the ranges {limits} and {other_limits} differ")
        outcome = self.reduce.run(one, other, rng)
        return Outcome(outcome.evidence, f"integrands: {outcome.detail}")


class Apply(Check):
    """Insert an equation that another statement established, with its symbols renamed.

    >>> import sympy as sp
    >>> a, b, c = sp.symbols("a b c")
    >>> Apply(sp.Eq(a, b**2), {a: c}).run(1 + c, 1 + b**2, random.Random(0)).evidence
    'proved'
    """

    evidence = "proved"

    def __init__(self, equation: sp.Eq, renamed: dict[sp.Symbol, Any] | None = None, *rewritings: str):
        self.equation, self.renamed, self.rewritings = equation, renamed or {}, rewritings

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Replace the left-hand side by the right-hand side and compare."""
        lhs, rhs = (side.subs(self.renamed, simultaneous=True) for side in self.equation.args)
        inserted = before.subs(lhs, rhs)
        if inserted == before:
            return Outcome("failed", f"{lhs} does not occur")
        return Reduce(*self.rewritings).run(inserted, after, rng)


GROWTH = 4  # of the variable, from one look at the deviation to the next


@dataclass(eq=False)
class Approaches(Check):
    """An asymptotic statement: the deviation falls like ``variable**-order`` as the variable grows.

    The theorem is named; the numbers show that the prefactor and the power are right, which a
    comparison at one point could not. `scale` is what the deviation is measured in (by default the value itself), `at`
    gives the other symbols' values; the variable starts at `start` and grows twice by a factor of four.

    >>> import sympy as sp
    >>> a = sp.Symbol("a", positive=True)
    >>> Approaches("geometric series", a, 10, 1).run(1 / (1 + a), 1 / a, random.Random(0)).evidence
    'cited'
    >>> Approaches("geometric series", a, 10, 2).run(1 / (1 + a), 1 / a, random.Random(0)).evidence
    'failed'
    """

    theorem: str
    variable: sp.Symbol
    start: Any
    order: Any
    _: KW_ONLY
    scale: Any = None
    at: dict[sp.Symbol, Any] = field(default_factory=dict)

    evidence = "cited"
    relation = r"\sim"

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Measure the deviation, over `scale` or over the value itself, at geometrically growing points."""
        deviations = []
        for grown in (1, GROWTH, GROWTH**2):
            point = {**self.at, self.variable: sp.sympify(self.start) * grown}
            rest = (before.free_symbols | after.free_symbols) - set(point)
            if rest:
                return Outcome("failed", f"no value given for {rest}")
            one, other = value(before, point), value(after, point)
            scale = one if self.scale is None else value(self.scale, point)
            deviations.append(abs((one - other) / scale))
        text = ", ".join(str(sp.N(d, 3)) for d in deviations)
        allowed = sp.Rational(3, 2) * sp.Float(GROWTH) ** -self.order
        for first, second in pairwise(deviations):
            if not second <= allowed * first:
                return Outcome("failed", f"{self.theorem}: deviations {text} do not fall as order {self.order}")
        return Outcome("cited", f"{self.theorem}; deviations {text} at {self.variable} growing by {GROWTH}")


@dataclass(eq=False)
class EnclosedSum(Check):
    """The sum of `before` over all roots of an equation is `after`, to the digits printed.

    Roots and sum are enclosed by ball arithmetic. `places` counts the decimals that are claimed,
    `count` how many roots there are. ``EnclosedSum(None)`` encloses the number `before` itself.

    >>> import sympy as sp
    >>> a = sp.Symbol("a")
    >>> check = EnclosedSum(a**2 - 2, a, 0, 2, 1, places=3)
    >>> check.run(a, sp.Float("1.414"), random.Random(0)).evidence
    'enclosed'
    """

    equation: Any
    variable: sp.Symbol = None
    low: Any = None
    high: Any = None
    count: int | None = None
    _: KW_ONLY
    places: int

    evidence = "enclosed"
    relation = r"\approx"

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Isolate the roots, sum, and compare with half a unit of the last printed digit."""
        with flint.ctx.workprec(200):  # bits
            return self._run(before, after)

    def _run(self, before: sp.Expr, after: sp.Expr) -> Outcome:
        if self.equation is None:
            found, total = [], ball(before, {})
        else:
            found = roots(self.equation, self.variable, self.low, self.high)
            total = sum((ball(before, {self.variable: root}) for root in found), flint.arb(0))
        if self.count is not None and len(found) != self.count:
            return Outcome("failed", f"{len(found)} roots, not {self.count}")
        half_unit = flint.arb(1) / (2 * 10**self.places)
        if abs(total - ball(after, {})) <= half_unit:
            roots_found = "" if self.equation is None else f"{len(found)} roots, "
            return Outcome("enclosed", f"{roots_found}{float(total):.10g}, error below {float(total.rad()):.0e}")
        return Outcome("failed", f"enclosed {float(total):.10g}, claimed {float(after):.10g}")


class Below(Check):
    """`before` is less than `after`, a number, everywhere in a box: ball arithmetic on a subdivided box.

    Parameters
    ----------
    box
        The range of each symbol; an end may depend on the symbols before it.
    slack
        The bound must be sharp: `before` exceeds ``after - slack abs(after)`` somewhere in the box. A bound that is
        twice too large is an error too.

    >>> import sympy as sp
    >>> a = sp.Symbol("a")
    >>> Below({a: (0, 1)}).run(a - a**2, sp.Rational(26, 100), random.Random(0)).evidence
    'enclosed'
    >>> Below({a: (0, 1)}).run(a - a**2, sp.Rational(1, 5), random.Random(0)).evidence
    'failed'
    """

    evidence = "enclosed"
    relation = "<"

    def __init__(self, box: dict[sp.Symbol, tuple[Any, Any]], slack: Any = 0.05) -> None:
        self.box = {symbol: (sp.sympify(low), sp.sympify(high)) for symbol, (low, high) in box.items()}
        self.slack = sp.nsimplify(slack)

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Enclose the largest value until the claim is decided."""
        where = ", ".join(f"{low} <= {symbol} <= {high}" for symbol, (low, high) in self.box.items())
        with flint.ctx.workprec(100):  # bits
            claimed = ball(after, {})
            sharp = claimed - ball(self.slack, {}) * abs(claimed)
            lower, upper = supremum(before, self.box, claimed, sharp)
            if not upper <= claimed:
                return Outcome("failed", f"the largest value may be {float(upper):.6g} for {where}")
            if not lower >= sharp:
                return Outcome("failed", f"the bound is not sharp: {float(lower):.6g} was reached for {where}")
            return Outcome("enclosed", f"for {where}; {float(lower):.6g} is reached")


class NonNegative(Check):
    """`before` minus `after` is a polynomial without negative coefficients in symbols that are not negative.

    The symbols' ranges are put in by substitution beforehand: ``1 - b`` for a number between 0 and 1, say.

    >>> import sympy as sp
    >>> a = sp.Symbol("a", nonnegative=True)
    >>> NonNegative().run((a + 1) ** 2, 2 * a, random.Random(0)).evidence
    'proved'
    >>> NonNegative().run(a**2, 2 * a, random.Random(0)).evidence
    'failed'
    """

    evidence = "proved"
    relation = r"\geq"

    def run(self, before: sp.Expr, after: sp.Expr, rng: random.Random) -> Outcome:
        """Expand, and look at every coefficient."""
        difference = sp.expand(before - after)
        symbols = sorted(difference.free_symbols, key=str)
        unsigned = [symbol for symbol in symbols if not symbol.is_nonnegative]
        if unsigned:
            return Outcome("failed", f"{unsigned} may be negative")
        if not symbols:
            coefficients = [difference]
        elif not difference.is_polynomial(*symbols):
            return Outcome("failed", f"not a polynomial: {sp.sstr(difference)[:200]}")
        else:
            coefficients = sp.Poly(difference, *symbols).coeffs()
        if all(coefficient.is_nonnegative for coefficient in coefficients) and difference != 0:
            return Outcome("proved", f"{len(coefficients)} coefficients, none negative")
        return Outcome("failed", f"a negative coefficient in {sp.sstr(difference)[:200]}")
