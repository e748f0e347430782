"""Interactions that a user brings: a formula in r, or a table.

Their transform is a quadrature, 2 int_0^R Phi(r) cos(k r) dr, by Gauss's rule on panels that resolve both Phi and
the cosine. Its error is absolute, ``transform_error``: what the transform of a smooth interaction loses to
cancellation at large k, where it is exponentially small, cannot be had back. A formula that is one of the named
interactions is therefore recognised and returned as such.
"""

# ruff: noqa: D102 (methods without a docstring are described in Interaction)
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions import named as interactions
from chaintheory.interactions.grammar import parse
from chaintheory.interactions.named import Interaction
from chaintheory.support.validation import real_array

if TYPE_CHECKING:
    import sympy as sp

Array = NDArray[np.float64]

NEGLIGIBLE = 1e-17  # of the largest value: where the potential ends
FARTHEST = 1e3  # in half-widths: a potential that goes on beyond decays too slowly for the quadrature
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
MOST_PANELS = 4000  # a pole asks for ever more
PHASE = 12.0  # of the cosine per panel, which 16 nodes integrate to rounding
PRODUCTS_AT_ONCE = 2**22


class NumericalInteraction(Interaction):
    """An interaction known by its values: a smooth function on each of a row of panels, 0 beyond the last."""

    kind = "user"
    monotone = False
    transform_error: float

    def _prepare(self, function: Callable[[Array], Array], edges: Array) -> None:
        """Choose the panels between ``edges`` and the error of the transform."""
        self._function = function
        total = _integrate(lambda r: np.minimum(np.abs(function(r)), 1e300), edges)
        self._edges = _refined(function, edges, 1e-15 * max(total, 1e-300))
        self.transform_error = 4.0 * np.finfo(float).eps * total
        self._rules: dict[int, tuple[Array, Array]] = {}

    @property
    def transform_slope_bound(self) -> float:
        return 2.0 * _integrate(lambda r: r * np.abs(self._function(r)), self._edges)

    def potential(self, r: ArrayLike) -> Array:
        r = np.abs(np.asarray(r, dtype=np.float64))
        return np.where(r < self._edges[-1], self._function(np.minimum(r, self._edges[-1])), 0.0)[()]

    def transform(self, k: ArrayLike) -> Array:
        k = np.abs(np.asarray(k, dtype=np.float64))
        flat = k.ravel()
        result = np.empty(flat.shape)
        longest = float(np.diff(self._edges).max())
        parts = np.maximum(np.ceil(np.log2(np.maximum(flat * longest / PHASE, 1.0))), 0.0).astype(int)
        for level in np.unique(parts):
            nodes, values = self._rule(int(level))
            (members,) = np.nonzero(parts == level)
            for some in np.array_split(members, 1 + members.size * nodes.size // PRODUCTS_AT_ONCE):
                result[some] = np.cos(flat[some, None] * nodes) @ values
        return result.reshape(k.shape)[()]

    def _rule(self, level: int) -> tuple[Array, Array]:
        """Nodes, and weights times 2 Phi, with every panel cut so that k up to 2^level PHASE/longest is resolved."""
        if level not in self._rules:
            lengths = np.diff(self._edges)
            pieces = np.maximum(np.ceil(lengths / lengths.max() * 2**level), 1).astype(int)
            edges = np.concatenate(
                [
                    np.linspace(a, b, n, endpoint=False)
                    for a, b, n in zip(self._edges[:-1], self._edges[1:], pieces, strict=True)
                ]
                + [self._edges[-1:]]
            )
            nodes, weights = _gauss(edges)
            self._rules[level] = nodes, 2.0 * weights * self._function(nodes)
        return self._rules[level]

    def reach(self, tolerance: float = NEGLIGIBLE) -> float:
        return float(self._edges[-1])


def _gauss(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights of Gauss's rule on each panel, flattened."""
    half = 0.5 * np.diff(edges)[:, None]
    middle = 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (middle + half * NODES).ravel(), (half * WEIGHTS).ravel()


def _integrate(function: Callable[[Array], Array], edges: Array) -> float:
    nodes, weights = _gauss(edges)
    with np.errstate(invalid="ignore", over="ignore"):
        return float(weights @ function(nodes))


def _refined(function: Callable[[Array], Array], edges: Array, tolerance: float) -> Array:
    """Cut panels in half until Gauss's rule agrees with itself on the halves; a pole never lets it."""
    done: list[float] = []
    todo = [(a, b, 0) for a, b in pairwise(edges)]
    while todo:
        a, b, depth = todo.pop()
        middle = 0.5 * (a + b)
        whole = _integrate(function, np.array([a, b]))
        halves = _integrate(function, np.array([a, middle, b]))
        if not abs(whole - halves) <= tolerance:
            if depth == 60 or len(done) > MOST_PANELS:
                raise ValueError(f"expression is not finite near r = {middle:.6g}")
            todo += [(a, middle, depth + 1), (middle, b, depth + 1)]
        else:
            done += [a, middle] if depth else [a]
    return np.append(np.unique(done), edges[-1])


# A formula --------------------------------------------------------------------------------------------


class ExpressionInteraction(NumericalInteraction):
    """An interaction with a formula in the distance r; made by ``Interaction.from_expression``.

    Two are equal when their formulas are.
    """

    def __init__(self, expression: sp.Expr) -> None:
        import sympy as sp

        (symbol,) = expression.free_symbols or {sp.Symbol("r", real=True)}
        distance = sp.Symbol("r", positive=True)
        self.expression = expression.subs(symbol, distance)
        self._derivative = compiled(sp.diff(self.expression, distance))
        self._second_derivative = compiled(sp.diff(self.expression, distance, 2))
        function = compiled(self.expression)
        self.width, end = _extent(function, str(expression))
        steps = max(8, math.ceil(end / self.width))
        self._prepare(function, np.linspace(0.0, end, steps + 1))
        start = float(self._derivative(np.array([1e-9 * self.width]))[0])
        peak = float(np.abs(function(np.linspace(0.0, end, 512))).max())
        self.smooth = abs(start) * self.width < 1e-6 * peak

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExpressionInteraction) and self.expression == other.expression

    def __hash__(self) -> int:
        return hash(self.expression)

    def __repr__(self) -> str:
        return f"Interaction.from_expression({str(self.expression)!r})"

    @property
    def latex(self) -> str:
        import sympy as sp

        return sp.latex(self.expression)

    def slope(self, r: ArrayLike) -> Array:
        r = np.asarray(r, dtype=np.float64)
        distance = np.clip(np.abs(r), 1e-12 * self.width, self._edges[-1])
        return np.where(np.abs(r) < self._edges[-1], np.sign(r) * self._derivative(distance), 0.0)[()]

    def curvature(self, r: ArrayLike) -> Array:
        r = np.asarray(r, dtype=np.float64)
        distance = np.clip(np.abs(r), 1e-12 * self.width, self._edges[-1])
        return np.where(np.abs(r) < self._edges[-1], self._second_derivative(distance), 0.0)[()]


def from_expression(expression: Any, constants: Mapping[str, float]) -> Interaction:
    """The interaction with this formula in the distance r >= 0 (so that it is even by itself).

    Parameters
    ----------
    expression
        Text for the grammar of expressions.py, or a SymPy expression in one symbol r.
    constants
        Values of further names in it.

    Raises
    ------
    ValueError
        A formula that does not parse, is not finite or does not decay, with the place.

    >>> from_expression("exp(-abs(r)/3)", {})
    Exponential(amplitude=1.0, width=3.0)
    >>> from_expression("r", {})
    Traceback (most recent call last):
    ...
    ValueError: expression: 'r' does not decay, it is still 1e+06 at r = 1e+06
    """
    import sympy as sp

    if isinstance(expression, str):
        formula = parse(expression, constants)
    else:
        formula = sp.sympify(expression, strict=True)
        if not isinstance(formula, sp.Expr):
            raise ValueError(f"expression must be text or a SymPy expression, got {expression!r}")
        formula = formula.subs({s: constants[s.name] for s in formula.free_symbols if s.name in constants})
        unknown = sorted(s.name for s in formula.free_symbols if s.name != "r")
        if unknown:
            raise ValueError(f"expression: {', '.join(unknown)} must be given a value in {formula}")
    return recognised(formula) or ExpressionInteraction(formula)


def recognised(formula: sp.Expr) -> Interaction | None:
    """The named interaction that this formula is, if it is one; compared in 30 digits.

    >>> from sympy.abc import r
    >>> recognised(3 / (1 + (r / 2) ** 2))
    Lorentzian(amplitude=3.0, width=2.0)
    """
    import mpmath as mp
    import sympy as sp

    (symbol,) = formula.free_symbols or {sp.Symbol("r")}
    profiles: dict[str, tuple[Callable[[Any], Any], Callable[[], Any]]] = {
        "Gaussian": (lambda x: mp.exp(-x * x / 2), lambda: mp.sqrt(2 * mp.log(2))),
        "Exponential": (lambda x: mp.exp(-x), lambda: mp.log(2)),
        "Lorentzian": (lambda x: 1 / (1 + x * x), lambda: mp.mpf(1)),
        "Sech2": (lambda x: mp.sech(x) ** 2, lambda: mp.acosh(mp.sqrt(2))),
        "SoftenedCoulomb": (lambda x: 1 / mp.sqrt(1 + x * x), lambda: mp.sqrt(3)),
    }
    with mp.workdps(30):

        def value(r: Any) -> Any:
            return mp.mpmathify(formula.evalf(30, subs={symbol: sp.Float(r, 30)}))

        try:
            top = value(mp.mpf(0))
            if not (mp.isfinite(top) and top != 0):
                return None
            half = mp.mpf(1)
            while value(half) / top > 0.5 and half < 1e6:
                half *= 2
            while value(half) / top < 0.5 and half > 1e-6:
                half /= 2
            half = mp.findroot(lambda r: value(r) / top - 0.5, (half, 2 * half), solver="anderson", tol=1e-25)
            for name, (profile, at_half) in profiles.items():
                width = half / at_half()
                points = (half * mp.mpf(j) / 3 for j in (1, 2, 4, 5, 9))
                if all(abs(value(r) / top - profile(r / width)) < 1e-20 for r in points):
                    return getattr(interactions, name)(float(top), float(width))
        except (TypeError, ValueError, ZeroDivisionError, ArithmeticError):
            return None
    return None


def compiled(expression: sp.Expr) -> Callable[[Array], Array]:
    """A NumPy function of an expression in one symbol: it walks the tree, and nothing is evaluated as Python."""
    import sympy as sp
    from scipy import special

    functions = {
        sp.Abs: np.abs, sp.cos: np.cos, sp.cosh: np.cosh, sp.erf: special.erf, sp.erfc: special.erfc,
        sp.exp: np.exp, sp.log: np.log, sp.sech: lambda x: 1.0 / np.cosh(x), sp.sign: np.sign, sp.sin: np.sin,
        sp.sinh: np.sinh, sp.tan: np.tan, sp.tanh: np.tanh,
    }  # fmt: skip

    def walk(node: sp.Expr, r: Array) -> Any:
        if node.is_Symbol:
            return r
        if node.is_number:
            return float(node)
        arguments = [walk(argument, r) for argument in node.args]
        if node.is_Add:
            return sum(arguments)
        if node.is_Mul:
            return math.prod(arguments, start=1.0)
        if node.is_Pow:
            if node.args[1].is_Integer:
                return np.asarray(arguments[0]) ** int(node.args[1])
            return np.power(arguments[0], arguments[1])
        if node.func in functions:
            return functions[node.func](*arguments)
        raise ValueError(f"expression: {node.func} is not among {', '.join(f.__name__ for f in functions)}")

    def function(r: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(walk(expression, r), dtype=np.float64), np.shape(r))

    return function


def _extent(function: Callable[[Array], Array], text: str) -> tuple[float, float]:
    """Half-width of the potential, and where it ends; refuses one that is not finite or does not decay."""
    r = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 6001)])
    value = np.abs(function(r))
    wrong = ~np.isfinite(value)
    if wrong.any():
        raise ValueError(f"expression: {text!r} is not finite at r = {r[np.argmax(wrong)]:.3g}")
    peak = float(value.max())
    if peak == 0.0:
        raise ValueError(f"expression: {text!r} is zero everywhere")
    if value[-1] > 1e-3 * peak:
        raise ValueError(f"expression: {text!r} does not decay, it is still {value[-1]:.3g} at r = 1e+06")
    half = float(r[np.flatnonzero(value >= 0.5 * peak)[-1]])
    last = int(np.flatnonzero(value > NEGLIGIBLE * peak)[-1])
    end = float(r[min(last + 1, r.size - 1)])
    if half == 0.0 or end > FARTHEST * half:
        raise ValueError(
            f"expression: {text!r} decays too slowly for the numerical transform (half-width {half:.3g}, "
            f"still above {NEGLIGIBLE:g} of its maximum at r = {r[last]:.3g})"
        )
    return half, end


# A table ----------------------------------------------------------------------------------------------


class SampledInteraction(NumericalInteraction):
    """An interaction through a table, by a spline of degree 5, even in r, with an exponential tail.

    Attributes
    ----------
    error
        Largest deviation, at the samples left out, of the spline through every second sample: an upper estimate of
        the error between the samples.

    >>> r = np.linspace(0.0, 30.0, 61)
    >>> table = SampledInteraction(r, 2.0 * np.exp(-r**2 / 32.0))
    >>> bool(abs(table.potential(3.21) - 2.0 * np.exp(-(3.21**2) / 32.0)) < table.error < 1e-4)
    True
    """

    def __init__(self, r: ArrayLike, potential: ArrayLike) -> None:
        distance = real_array("r", r)
        values = real_array("potential", potential)
        if distance.ndim != 1 or distance.shape != values.shape or distance.size < 12:
            raise ValueError(
                "r and potential must be rows of one length, at least 12, "
                f"got shapes {distance.shape} and {values.shape}"
            )
        if distance[0] < 0.0 or not np.all(np.diff(distance) > 0.0):
            place = int(np.argmax(np.diff(distance) <= 0.0)) + 1 if distance[0] >= 0.0 else 0
            raise ValueError(f"r must start at 0 or above and increase, got {distance[place]:g} at index {place}")
        if distance[0] > 2.0 * (distance[1] - distance[0]):
            raise ValueError(f"r must begin at or near 0, got {distance[0]:g}")
        peak = float(np.abs(values).max())
        if peak == 0.0 or abs(values[-1]) > 1e-3 * peak:
            raise ValueError(
                f"potential must decay to below 0.001 of its maximum {peak:.3g}, "
                f"got {values[-1]:.3g} at the end, r = {distance[-1]:g}"
            )
        self._r, self._values = distance, values
        self._spline = _even_spline(distance, values)
        half = _even_spline(distance[::2], values[::2])
        inside = distance <= distance[::2][-1]
        self.error = float(np.abs(half(distance[inside]) - values[inside]).max())
        self.width = float(distance[np.flatnonzero(np.abs(values) >= 0.5 * peak)[-1]]) or float(distance[1])
        self._last = float(distance[-1])
        self._derivative = self._spline.derivative()
        value, slope = float(self._spline(self._last)), float(self._derivative(self._last))
        # The tail falls with the slope at the end of the table, or within its last step if that slope rises.
        length = -value / slope if value * slope < 0.0 else float(distance[-1] - distance[-2])
        self._tail = min(length, self._last)
        end = self._last + self._tail * math.log(1e17)
        edges = np.concatenate([[0.0], distance[distance > 0.0], np.linspace(self._last, end, 17)[1:]])
        self._prepare(self._evaluate, edges)

    @property
    def samples(self) -> tuple[Array, Array]:
        """The table that it was made from: distances and potential."""
        return self._r.copy(), self._values.copy()

    def _evaluate(self, r: Array) -> Array:
        inside = np.minimum(r, self._last)
        return self._spline(inside) * np.exp((inside - r) / self._tail)

    def slope(self, r: ArrayLike) -> Array:
        r = np.asarray(r, dtype=np.float64)
        distance = np.abs(r)
        inside = np.minimum(distance, self._last)
        tail = -self._spline(inside) / self._tail * np.exp((inside - distance) / self._tail)
        return (np.sign(r) * np.where(distance < self._last, self._derivative(inside), tail))[()]

    def curvature(self, r: ArrayLike) -> Array:
        distance = np.abs(np.asarray(r, dtype=np.float64))
        inside = np.minimum(distance, self._last)
        tail = self._spline(inside) / self._tail**2 * np.exp((inside - distance) / self._tail)
        return np.where(distance < self._last, self._spline.derivative(2)(inside), tail)[()]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SampledInteraction)
            and np.array_equal(self._r, other._r)
            and np.array_equal(self._values, other._values)
        )

    def __hash__(self) -> int:
        return hash((self._r.tobytes(), self._values.tobytes()))

    def __repr__(self) -> str:
        return f"<interaction through {self._r.size} samples up to r = {self._last:g}>"

    @property
    def latex(self) -> str:
        return rf"\text{{spline through {self._r.size} samples}}"


def _even_spline(r: Array, values: Array) -> Any:
    """The spline of degree 5 through the table and its mirror image."""
    from scipy.interpolate import make_interp_spline

    mirrored = r > 0.0
    return make_interp_spline(
        np.concatenate([-r[mirrored][::-1], r]),
        np.concatenate([values[mirrored][::-1], values]),
        k=5,
    )
