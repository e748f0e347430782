"""Interactions by a formula in the distance r, typed as text or given as a SymPy expression.

The text is read once (grammar.py) and stored as it was typed. A formula that is one of the named interactions, by
exact algebra on its tree, is returned as such, with the closed form of its transform. Of any other the transform is
that of polynomials on panels (quadrature.py), and the bound of its error, ``transform_error``, is absolute: where the
transform of a smooth interaction is exponentially small, at large k, what cancellation loses cannot be had back.
"""

# ruff: noqa: D102 (methods without a docstring are described in Interaction)
from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
from numpy.polynomial.polynomial import polyadd, polymul, polypow
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.base import Interaction
from chaintheory.interactions.evaluation import EPS, Disc, Interval, disc, even, jet, log_bound, value
from chaintheory.interactions.grammar import DEEPEST, LONGEST, VARIABLE, Node, parse
from chaintheory.interactions.named import Exponential, Gaussian, Lorentzian, Sech2, SoftenedCoulomb
from chaintheory.interactions.quadrature import MOST_PANELS, LegendrePanels, Unresolved, resolved
from chaintheory.support.validation import real_array, scale, shown

if TYPE_CHECKING:
    import sympy as sp

Array = NDArray[np.float64]

NEGLIGIBLE = 1e-17  # of the largest value: where the potential ends
FARTHEST = 1e4  # in half-widths: a potential that goes on beyond needs a cutoff
LOOKED_AT: Array = np.ldexp(1.0, np.arange(-30, 51))  # distances between which the end is looked for
MOST_WORK = 200_000  # panels times operations of the formula


class NumericalInteraction(Interaction):
    """An interaction known by its values up to a largest distance, with a polynomial on each of a row of panels.

    Attributes
    ----------
    transform_error
        Bound of the absolute error of ``transform``, the same for all k.
    """

    kind = "user"
    monotone = False
    transform_error: float
    end: float
    panels: LegendrePanels

    @property
    def transform_slope_bound(self) -> float:
        return 2.0 * self.panels.moment_bound

    def _derivative(self, r: ArrayLike, order: int) -> Array:
        r = real_array("r", r)
        distance = np.abs(r)
        # The curvature is that beside a cusp at 0.
        inside = np.clip(distance, 1e-12 * self.width if order == 2 else 0.0, self.end)
        values = np.where(distance <= self.end, self._value(inside, order), 0.0)
        return (np.sign(r) * values if order == 1 else values)[()]

    def transform(self, k: ArrayLike) -> Array:
        k = np.abs(real_array("k", k))
        return self._transform(k.ravel()).reshape(k.shape)[()]

    def _reach(self, tolerance: float) -> float:
        return self.end

    def _transform(self, k: Array) -> Array:
        return self.panels.transform(k)

    def _value(self, r: Array, order: int = 0) -> Array:
        raise NotImplementedError


class FormulaInteraction(NumericalInteraction):
    """An interaction with a formula in the distance r; made by ``Interaction.from_expression``.

    Two are equal when what was typed is.

    Parameters
    ----------
    text, constants
        What was typed, and the values of the names in it.
    cutoff
        Where it is cut off and shifted: Phi(r) - Phi(cutoff) below, 0 beyond; None: where it is negligible.

    Attributes
    ----------
    transform_error
        Bound of the absolute error of ``transform``, the same for all k: interpolation (over all r, by the formula's
        values in the complex plane), the part beyond the end, and rounding to first order.
    """

    def __init__(self, text: str, constants: Mapping[str, float] | None = None, cutoff: float | None = None) -> None:
        self.text = text
        self._node = parse(text, constants)
        self.constants = {name: float(given) for name, given in (constants or {}).items()}
        self.cutoff = None if cutoff is None else scale("cutoff", cutoff)
        with np.errstate(all="ignore"):
            self._prepare()

    def _prepare(self) -> None:
        self._shift = 0.0
        if not math.isfinite(float(value(self._node, np.zeros(())))):
            self._refuse(
                "is not finite at r = 0; an offset keeps it so, for instance r**2 + 0.1 in place of r**2, and "
                "ct.LennardJones, ct.Morse and ct.Buckingham have one"
            )
        self.end = self.cutoff or self._end()
        if self.cutoff is not None:
            self._shift = float(value(self._node, np.array(self.cutoff)))
            if not math.isfinite(self._shift):
                self._refuse(f"is not finite at the cutoff, r = {self.cutoff:g}")
        most = min(MOST_PANELS, MOST_WORK // self._node.size)
        try:
            edges, missed, cusps = resolved(self._largest, self._bounds, self.end, most)
        except Unresolved as found:
            self._refuse(
                "is not finite, or jumps, or has an infinite slope, or varies too fast or cancels too much to be "
                f"resolved near r = {found.place:.6g}"
            )
        self.panels = LegendrePanels(self._value, edges)
        at_nodes = jet(self._node, self.panels.nodes)
        for array in np.broadcast_arrays(self.panels.values, at_nodes.slope):
            if not np.isfinite(array).all():
                place = self.panels.nodes[~np.isfinite(array)][0]
                self._refuse(f"has no finite value and slope at r = {place:.6g}")
        size = np.abs(self.panels.values)
        peak, total = float(size.max()), self.panels.integral(size)
        if peak == 0.0:
            self._refuse("is zero everywhere")
        self.width = float(self.panels.nodes[size >= 0.5 * peak].max())
        if self.cutoff is None and self.end > FARTHEST * self.width:
            self._refuse(
                f"decays too slowly (half-width {self.width:.3g}, still above {NEGLIGIBLE:g} of its maximum at "
                f"r = {self.end:.3g}); cut it off with cutoff= (--cutoff), or give a table to "
                "Interaction.from_samples (--samples)"
            )
        rounding = self.panels.integral(np.broadcast_to(at_nodes.error, size.shape)) + 8.0 * EPS * total
        beyond = 0.0 if self.cutoff else NEGLIGIBLE * peak * self.end
        self.transform_error = missed + 2.0 * rounding + 2.0 * beyond
        start = 0.0 if even(self._node) else float(self._value(np.zeros(1), 1)[0])
        if self.cutoff is not None or cusps[1:].any() or abs(start) * self.width > 1e-12 * peak:
            self._smoothness: float = 0
        elif cusps.any():
            self._smoothness = 1
        else:
            self._smoothness = math.inf if even(self._node) else 2

    def _end(self) -> float:
        """The distance from which to the last of ``LOOKED_AT`` interval bounds show the formula to be negligible."""
        left: Array = np.concatenate([np.zeros(1), LOOKED_AT[:-1]])
        right: Array = LOOKED_AT
        end = 0.0
        some = np.abs(np.broadcast_to(value(self._node, LOOKED_AT), LOOKED_AT.shape))
        peak = float(some[np.isfinite(some)].max(initial=0.0))
        while left.size:
            # An interval counts unless one of two bounds shows the formula to be negligible there.
            interval = Interval(left, right)
            low, high = interval.of(self._node)
            bound = np.fmin(np.log(np.fmax(np.abs(low), np.abs(high))), log_bound(self._node, interval))
            unsure = ~(bound <= math.log(NEGLIGIBLE) + np.log(peak)) & (right > end)
            left, right = left[unsure], right[unsure]
            middle = 0.5 * (left + right)
            size = np.abs(np.broadcast_to(value(self._node, middle), middle.shape))
            if not np.isfinite(size).all():
                place = middle[~np.isfinite(size)][0]
                self._refuse(f"is not finite at r = {place:.6g}; if it is negligible there, cut it off with cutoff=")
            peak = max(peak, float(size.max(initial=0.0)))
            end = max(end, float(middle[size > NEGLIGIBLE * peak].max(initial=0.0)))
            narrow = right - left <= 2.0**-8 * np.fmax(right, LOOKED_AT[0])
            end = max(end, float(right[narrow].max(initial=0.0)))
            unsure = ~narrow & (right > end)
            left, middle, right = left[unsure], middle[unsure], right[unsure]
            left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
        if end >= LOOKED_AT[-1]:
            at = float(np.abs(value(self._node, LOOKED_AT[-1])))
            if at > 1e-3 * peak:
                self._refuse(f"does not decay, it is still {at:.3g} at r = {LOOKED_AT[-1]:.3g}")
        if end == 0.0:
            self._refuse("is zero everywhere")
        return end

    def _refuse(self, why: str) -> NoReturn:
        raise ValueError(f"expression: {self.text!r} {why}")

    def _largest(self, centre: Array, radius: Array) -> Array:
        held = disc(self._node, Disc(centre, radius))
        size = np.abs(held.centre - self._shift) + held.radius
        return np.broadcast_to(np.where(np.isnan(size), np.inf, size), centre.shape)

    def _bounds(self, left: Array, right: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        interval = Interval(left, right)
        low, high = interval.of(self._node)
        return (
            np.broadcast_to(low - self._shift, left.shape),
            np.broadcast_to(high - self._shift, left.shape),
            interval.kinks,
        )

    def _value(self, r: Array, order: int = 0) -> Array:
        with np.errstate(all="ignore"):
            result = jet(self._node, r)[order] if order else value(self._node, r) - self._shift
            return np.broadcast_to(result, r.shape)

    @property
    def smoothness(self) -> float:
        return self._smoothness

    @property
    def latex(self) -> str:
        if self.cutoff is None:
            return self._node.latex
        return rf"{self._node.latex} - \Phi_c\quad (|r| < {self.cutoff:g})"

    def _scaled(self, energy: float, length: float) -> Interaction:
        within = re.sub(rf"\b{VARIABLE}\b", f"({VARIABLE}*{1.0 / length!r})", self.text)
        cutoff = None if self.cutoff is None else length * self.cutoff
        return FormulaInteraction(f"{energy!r}*({within})", self.constants, cutoff)

    def _typed(self) -> tuple[Any, ...]:
        return self.text, tuple(sorted(self.constants.items())), self.cutoff

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FormulaInteraction) and self._typed() == other._typed()

    def __hash__(self) -> int:
        return hash(self._typed())

    def __repr__(self) -> str:
        given = dict(self.constants) if self.cutoff is None else {"cutoff": self.cutoff, **self.constants}
        options = "".join(f", {name}={number!r}" for name, number in given.items())
        return f"Interaction.from_expression({self.text!r}{options})"


def from_expression(
    _cls: type[Interaction], /, expression: str | sp.Expr, *, cutoff: float | None = None, **constants: float
) -> Interaction:
    """The interaction with a formula in the distance r, a text or a SymPy expression.

    Parameters
    ----------
    expression
        Phi(r) in hbar Omega_slow, r >= 0 in l_slow, continued evenly to negative r; it decays. The text has numbers, r,
        pi, e, names, + - * / and ** or ^, and the functions abs, cos, cosh, erf, erfc, exp, log, sech, sin, sinh, sqrt,
        tan, tanh. Nothing in it is ever executed. A formula that is a named interaction is returned as such.
    cutoff
        Distance in l_slow where an interaction that decays too slowly is cut off and shifted, so that it is continuous:
        Phi(r) - Phi(cutoff) below, 0 beyond. Without it the formula must fall below 1e-17 of its maximum within 10,000
        half-widths, as interval bounds show up to r = 1e15.
    constants
        Values of the names in the text, each of which it must use.

    Raises
    ------
    TypeError
        An expression that is neither text nor a SymPy expression; a constant that is no real number.
    ValueError
        A text that is no formula, with the place; one that is not finite, jumps, has an infinite slope, varies on too
        short a length to be resolved, or does not decay; a name without a value, a value without its name.

    >>> from chaintheory import Interaction
    >>> Interaction.from_expression("2*exp(-r**2/(2*w**2))", w=4.0)
    Gaussian(amplitude=2.0, width=4.0)
    >>> own = Interaction.from_expression("A*exp(-(r/4)**4)", A=2.0)
    >>> own
    Interaction.from_expression('A*exp(-(r/4)**4)', A=2.0)
    >>> round(float(own.transform(0.0)), 9), own.transform_error < 1e-13
    (14.502439633, True)
    """
    if not isinstance(expression, str):
        expression, cutoff, constants = text_of(expression), cutoff, dict(constants)
    named = recognised(parse(expression, constants)) if cutoff is None else None
    return named or FormulaInteraction(expression, constants, cutoff)


def text_of(expression: sp.Expr) -> str:
    """The text of a SymPy expression in r.

    >>> import sympy as sp
    >>> text_of(sp.exp(-sp.Abs(sp.Symbol("r")) / 3))
    'exp(-abs(r)/3)'
    """
    what = "expression must be text or a SymPy expression in r"
    if callable(expression) and not hasattr(expression, "free_symbols"):
        raise TypeError(f"{what}; a function goes to Interaction.from_callable, got {shown(expression)}")
    import sympy as sp
    from sympy.printing.str import StrPrinter

    if not isinstance(expression, sp.Expr):
        raise TypeError(f"{what}, got {shown(expression)}")
    _refuse_unwritable(expression)

    class Printer(StrPrinter):  # type: ignore[misc]  # SymPy has no types
        """Numbers as doubles, in the grammar's names."""

        def _print_Abs(self, expr: Any) -> str:
            return f"abs({self._print(expr.args[0])})"

        def _print_Exp1(self, expr: Any) -> str:
            return "e"

        def _print_Float(self, expr: Any) -> str:
            return repr(float(expr))

    return Printer().doprint(expression)


def _refuse_unwritable(expression: sp.Expr) -> None:
    """Look at each part before any is written: shared parts multiply in the text, and numbers may be no doubles."""
    waiting, seen = [(expression, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > LONGEST or depth > DEEPEST:
            raise ValueError(
                f"expression must have at most {LONGEST} parts, nested at most {DEEPEST} deep; this SymPy one has more"
            )
        if part.is_Symbol and part.name in ("e", "pi"):
            raise ValueError(f"expression must not have a symbol named {part.name}, which is a constant: rename it")
        if part.is_Number and part.is_finite:
            numbers = (part.p, part.q) if part.is_Rational else (part,)
            if any(abs(one) > sys.float_info.max or (one and not float(one)) for one in numbers):
                raise ValueError("expression must hold numbers that doubles hold, this SymPy one does not")
        waiting += [(one, depth + 1) for one in part.args]


Interaction.from_expression = classmethod(from_expression)  # type: ignore[assignment]


# Recognition ------------------------------------------------------------------------------------------

Polynomial = tuple[Fraction, ...]  # its coefficients, the lowest power first
MOST_DIGITS = 2000  # binary ones of an exact coefficient
HIGHEST = 4  # degree


class Form(NamedTuple):
    """factor * function(polynomial)^power, exactly; the function is "exp", "cosh" or "" for the polynomial itself."""

    factor: Fraction
    function: str
    polynomial: Polynomial
    power: Fraction


class _Unknown(Exception):
    """The formula is not of this form."""


def recognised(node: Node) -> Interaction | None:
    """The named interaction that this formula is, if exact algebra on its tree shows it to be one.

    Numbers are taken as the doubles that they are, pi and e as their doubles.

    >>> recognised(parse("3/(1 + (r/2)**2)"))
    Lorentzian(amplitude=3.0, width=2.0)
    >>> recognised(parse("exp(-(r/4)^2) + exp(-((r-30)/2)^2)"))
    """
    try:
        factor, function, polynomial, power = _form(node)
        constant, linear, square = (*polynomial, Fraction(0), Fraction(0))[:3]
        powers, size = {n for n, c in enumerate(polynomial) if n and c}, float(factor)
        if function == "exp" and powers in ({1}, {2}):
            slope = float(power * (linear + square))
            size *= math.exp(float(power * constant))
            if slope < 0.0:
                return Exponential(size, -1.0 / slope) if linear else Gaussian(size, 1.0 / math.sqrt(-2.0 * slope))
        elif function == "cosh" and powers == {1} and power == -2 and not constant:
            return Sech2(size, 1.0 / abs(float(linear)))
        elif function == "" and powers == {2} and constant > 0 and square > 0:
            kinds: dict[Fraction, Any] = {Fraction(-1): Lorentzian, Fraction(-1, 2): SoftenedCoulomb}
            if power in kinds:
                return kinds[power](size * float(constant) ** float(power), math.sqrt(constant / square))
    except (_Unknown, ArithmeticError, ValueError):
        pass  # it is none, or has a parameter out of range
    return None


def _form(node: Node) -> Form:
    if node.operation == "number":
        return _of_polynomial([Fraction(node.value)])
    if node.operation == VARIABLE:
        return _of_polynomial([Fraction(0), Fraction(1)])
    first, *more = (_form(argument) for argument in node.arguments)
    match node.operation:
        case "+":
            return _of_polynomial(polyadd(_polynomial(first), _polynomial(more[0])))
        case "*":
            return _multiplied(first, more[0])
        case "/":
            return _multiplied(first, _raised(more[0], Fraction(-1)))
        case "^":
            return _raised(first, Fraction(node.arguments[1].value))
        case "exp" | "cosh":
            return Form(Fraction(1), node.operation, _polynomial(first), Fraction(1))
        case "sech":
            return Form(Fraction(1), "cosh", _polynomial(first), Fraction(-1))
        case "abs" if all(c >= 0 for c in _polynomial(first)):
            return first
    raise _Unknown


def _polynomial(form: Form) -> Polynomial:
    if form.function or form.power != 1:
        raise _Unknown
    return tuple(form.factor * c for c in form.polynomial)


def _of_polynomial(coefficients: Iterable[Fraction]) -> Form:
    return _checked(Form(Fraction(1), "", tuple(coefficients), Fraction(1)))


def _checked(form: Form) -> Form:
    numbers = [form.factor, form.power, *form.polynomial]
    digits = max(max(n.numerator.bit_length(), n.denominator.bit_length()) for n in numbers)
    if digits > MOST_DIGITS or len(form.polynomial) > HIGHEST + 1:
        raise _Unknown
    return form


def _multiplied(a: Form, b: Form) -> Form:
    if not a.function and not b.function and a.power == b.power == 1:
        return _of_polynomial(polymul(_polynomial(a), _polynomial(b)))
    for one, other in ((a, b), (b, a)):
        if not one.function and one.power == 1 and len(one.polynomial) == 1:
            return _checked(other._replace(factor=other.factor * one.factor * one.polynomial[0]))
    if a.function == b.function and a.polynomial == b.polynomial:
        return _checked(a._replace(factor=a.factor * b.factor, power=a.power + b.power))
    raise _Unknown


def _raised(form: Form, power: Fraction) -> Form:
    if abs(power) > HIGHEST or (form.factor != 1 and power.denominator != 1):
        raise _Unknown
    if not form.function and form.power == 1 and power > 0 and power.denominator == 1:
        return _of_polynomial(polypow(_polynomial(form), int(power)))
    if not form.function and form.power == 1 and len(form.polynomial) == 1 and power.denominator == 1:
        return _of_polynomial([(form.factor * form.polynomial[0]) ** int(power)])
    factor = form.factor ** int(power) if power.denominator == 1 else Fraction(1)
    return _checked(form._replace(factor=factor, power=form.power * power))
