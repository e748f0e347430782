"""The checks that a step of the ledger can name, and the rewritings that a proof may use.

A proof is a list of *named rewritings* applied to ``before - after``; it passes when the result is the number
zero.  ``simplify`` is not among them: a reader should be able to say which rule was used.

>>> import sympy as sp
>>> a = sp.Symbol("a", real=True)
>>> Reduce("trigonometry").run(sp.sin(a)**2, 1 - sp.cos(a)**2, random.Random(0)).evidence
'proved'
>>> Reduce("trigonometry").run(sp.sin(a)**2, 1 + sp.cos(a)**2, random.Random(0)).evidence
'failed'
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import sympy as sp

from .notation import phi
from .numeric import agree_at_points

__all__ = ["Apply", "Check", "Cited", "Integrands", "Numeric", "Outcome", "Reduce", "Refute"]


@dataclass(frozen=True)
class Outcome:
    """The evidence a check gave, and how."""

    evidence: str
    detail: str


def _trigonometry(expression):
    """Products and multiples of angles, through exponentials: exact for any argument."""
    return sp.powsimp(sp.expand(expression.rewrite(sp.exp)), combine="exp").expand()


def _bessel(expression):
    """Lower the order of I_n and J_n to 0 and 1 by their three-term recurrence."""
    order_down = {
        sp.besseli: lambda n, a: sp.besseli(n - 2, a) - 2 * (n - 1) / a * sp.besseli(n - 1, a),
        sp.besselj: lambda n, a: 2 * (n - 1) / a * sp.besselj(n - 1, a) - sp.besselj(n - 2, a),
    }

    def lower(node):
        n, a = node.args
        if n.is_Integer and n >= 2:
            return order_down[node.func](n, a)
        return node

    previous = None
    while previous != expression:
        previous = expression
        expression = expression.replace(lambda e: isinstance(e, (sp.besseli, sp.besselj)), lower)
    return sp.expand(expression)


REWRITINGS = {
    "evaluate": lambda e: e.doit(),
    "expand": sp.expand,
    "trigonometry": _trigonometry,
    "powers": lambda e: sp.powsimp(sp.powdenest(sp.expand(e))),
    "common denominator": lambda e: sp.cancel(sp.together(e)),
    "factorials": lambda e: sp.gammasimp(sp.combsimp(e)),
    "Bessel recurrence": _bessel,
    "logarithms": lambda e: sp.expand_log(e),
    "hyperbolic": lambda e: sp.powsimp(sp.expand(e.rewrite(sp.exp)), combine="exp").expand(),
    "squares of the sine": lambda e: e.subs(sp.sin(phi) ** 2, 1 - sp.cos(phi) ** 2),
    "radicals": lambda e: sp.radsimp(sp.sqrtdenest(e)),
}


class Check:
    """What decides a step: ``run(before, after, random)`` gives an `Outcome`."""

    evidence = "failed"
    relation = "="

    def run(self, before: sp.Basic, after: sp.Basic, rng: random.Random) -> Outcome:
        """Decide whether the step holds."""
        raise NotImplementedError


class Reduce(Check):
    """The difference (or the ratio minus 1) reduces to zero by these named rewritings, in this order."""

    evidence = "proved"

    def __init__(self, *rewritings: str, ratio: bool = False):
        unknown = set(rewritings) - set(REWRITINGS)
        if unknown:
            raise ValueError(f"no rewriting {unknown}; known: {sorted(REWRITINGS)}")
        self.rewritings = rewritings
        self.ratio = ratio

    def run(self, before, after, rng):
        """Rewrite until zero, or fail."""
        remainder = before / after - 1 if self.ratio else before - after
        for name in self.rewritings:
            if remainder == 0:
                break
            remainder = REWRITINGS[name](remainder)
        if remainder == 0:
            return Outcome("proved", ", ".join(self.rewritings) or "by definition")
        return Outcome("failed", f"leaves {sp.sstr(remainder)[:200]} after {', '.join(self.rewritings)}")


class Numeric(Check):
    """Equality in 50-digit arithmetic at seeded points over the assumed ranges."""

    evidence = "checked"

    def __init__(self, points: int = 5, digits: int = 40, ranges: dict | None = None, assuming: tuple = ()):
        self.points, self.digits, self.ranges, self.assuming = points, digits, ranges or {}, assuming

    def run(self, before, after, rng):
        """Evaluate both sides at points that meet the assumptions; none met is a failure."""
        met, worst = agree_at_points(before, after, rng, self.points, self.ranges, self.assuming)
        if not met:
            return Outcome("failed", "no point met the assumptions")
        if not worst < sp.Float(10) ** -self.digits:
            return Outcome("failed", f"largest relative deviation {sp.N(worst, 3)} at {met} points")
        return Outcome(self.evidence, f"{met} points met the assumptions, deviation at most 1e-{self.digits}")


class Cited(Numeric):
    """A named theorem, checked numerically besides."""

    evidence = "cited"

    def __init__(self, theorem: str, points: int = 3, digits: int = 40, **options):
        super().__init__(points, digits, **options)
        self.theorem = theorem

    def run(self, before, after, rng):
        """As `Numeric`, naming the theorem."""
        outcome = super().run(before, after, rng)
        return Outcome(outcome.evidence, f"{self.theorem}; {outcome.detail}")


class Refute(Check):
    """Two exact numbers differ by more than one part in a thousand, decided at 50 digits."""

    evidence = "refuted"
    relation = r"\neq"

    def run(self, before, after, rng):
        """Compare the two numbers."""
        one, other = before.evalf(50), after.evalf(50)
        if not (one.is_number and other.is_number and one.is_finite and other.is_finite):
            return Outcome("failed", "a counterexample must be a pair of numbers")
        if abs(one - other) > sp.Rational(1, 1000) * max(abs(one), abs(other)):
            return Outcome("refuted", f"{sp.N(one, 8)} is not {sp.N(other, 8)}")
        return Outcome("failed", f"{sp.N(one, 8)} and {sp.N(other, 8)} do not differ")


def _gather(expression: sp.Expr) -> tuple[sp.Expr, tuple]:
    """Write a sum of multiples of integrals over one range as the integrand of a single integral."""
    integrand, limits = sp.Integer(0), None
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

    With ``change=(old, new, variable)`` the first integral is transformed by ``old = new(variable)`` before.
    """

    evidence = "proved"

    def __init__(self, *rewritings: str, change: tuple | None = None):
        self.reduce = Reduce(*rewritings)
        self.change = change

    def run(self, before, after, rng):
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
    """Insert an equation that another statement established, with its symbols renamed."""

    evidence = "proved"

    def __init__(self, equation: sp.Eq, renamed: dict | None = None, *rewritings: str):
        self.equation, self.renamed, self.rewritings = equation, renamed or {}, rewritings

    def run(self, before, after, rng):
        """Replace the left-hand side by the right-hand side and compare."""
        lhs, rhs = (side.subs(self.renamed, simultaneous=True) for side in self.equation.args)
        inserted = before.subs(lhs, rhs)
        if inserted == before:
            return Outcome("failed", f"{lhs} does not occur")
        return Reduce(*self.rewritings).run(inserted, after, rng)
