r"""Values of a formula: at points with slope and rounding error, over intervals, over discs of the complex plane.

Four readings of one tree (grammar.py), all vectorised:

- ``value``: Phi(r);
- ``jet``: Phi and two derivatives by the chain rule, and a bound to first order of the rounding error of Phi;
- ``Interval``: lowest and highest value over a range of r, for where the potential ends and whether it is finite;
- ``Disc``: a disc that holds all values over a disc of complex r, infinite unless the formula is analytic there. This
  bounds the error of interpolation (quadrature.py).

Intervals and discs enclose in exact arithmetic; they are not rounded outwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaintheory.interactions.grammar import VARIABLE, Node

Array = NDArray[np.float64]

EPS = float(np.finfo(float).eps)
FUNCTION_ERROR = 4.0 * EPS  # of a function of NumPy or SciPy; erfc errs most, by 2.5
ROOT_PI = math.sqrt(math.pi)


def _error_function(x: Any) -> Any:
    from scipy.special import erf

    return erf(x)


def _complementary(x: Any) -> Any:
    from scipy.special import erfc

    return erfc(x)


def _bell(x: Any) -> Any:
    return 2.0 / ROOT_PI * np.exp(-x * x)


def _inverse_cosh(x: Any) -> Any:
    return 1.0 / np.cosh(x)


Derivative = Callable[[Any, Any], Any]
# Name -> the function, and its first and second derivative from argument x and value y.
FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Derivative, Derivative]] = {
    "abs": (np.abs, lambda x, y: np.sign(x), lambda x, y: 0.0),
    "cos": (np.cos, lambda x, y: -np.sin(x), lambda x, y: -y),
    "cosh": (np.cosh, lambda x, y: np.sinh(x), lambda x, y: y),
    "erf": (_error_function, lambda x, y: _bell(x), lambda x, y: -2.0 * x * _bell(x)),
    "erfc": (_complementary, lambda x, y: -_bell(x), lambda x, y: 2.0 * x * _bell(x)),
    "exp": (np.exp, lambda x, y: y, lambda x, y: y),
    "log": (np.log, lambda x, y: 1.0 / x, lambda x, y: -1.0 / (x * x)),
    "sech": (_inverse_cosh, lambda x, y: -y * np.tanh(x), lambda x, y: y * (1.0 - 2.0 * y * y)),
    "sin": (np.sin, lambda x, y: np.cos(x), lambda x, y: -y),
    "sinh": (np.sinh, lambda x, y: np.cosh(x), lambda x, y: y),
    "tan": (np.tan, lambda x, y: 1.0 + y * y, lambda x, y: 2.0 * y * (1.0 + y * y)),
    "tanh": (np.tanh, lambda x, y: _inverse_cosh(x) ** 2, lambda x, y: -2.0 * y * _inverse_cosh(x) ** 2),
}


def _power(x: Any, exponent: float) -> Any:
    return np.sqrt(x) if exponent == 0.5 else x * x if exponent == 2.0 else np.power(x, exponent)


def value(node: Node, r: Array) -> Any:
    """Phi at the distances r, which are not negative.

    >>> from chaintheory.interactions.grammar import parse
    >>> value(parse("1/(1 + r^2)"), np.array([0.0, 3.0])).tolist()
    [1.0, 0.1]
    """
    if node.operation == VARIABLE:
        return r
    if node.operation == "number":
        return node.value
    x, *more = (value(argument, r) for argument in node.arguments)
    match node.operation:
        case "+":
            return x + more[0]
        case "*":
            return x * more[0]
        case "/":
            return np.divide(x, more[0])
        case "^":
            return _power(x, more[0])
    return FUNCTIONS[node.operation][0](x)


class Jet(NamedTuple):
    """Value, two derivatives in r and a first-order bound of the value's rounding error."""

    value: Any
    slope: Any
    curvature: Any
    error: Any


def jet(node: Node, r: Array) -> Jet:
    """Phi, its derivatives (from the right, at r = 0) and its rounding error at distances r.

    >>> from chaintheory.interactions.grammar import parse
    >>> at = jet(parse("exp(-2*r)"), np.array([0.0]))
    >>> at.slope.tolist(), at.curvature.tolist()
    ([-2.0], [4.0])
    """
    if node.operation == VARIABLE:
        return Jet(r, 1.0, 0.0, 0.0)
    if node.operation == "number":
        return Jet(node.value, 0.0, 0.0, 0.5 * EPS * abs(node.value))
    x, *more = (jet(argument, r) for argument in node.arguments)
    if more and node.operation != "^":
        y = more[0]
        match node.operation:
            case "+":
                both = x.value + y.value
                slope, curvature = x.slope + y.slope, x.curvature + y.curvature
                error = x.error + y.error
            case "*":
                both = x.value * y.value
                slope = x.slope * y.value + x.value * y.slope
                curvature = x.curvature * y.value + 2.0 * x.slope * y.slope + x.value * y.curvature
                error = np.abs(x.value) * y.error + np.abs(y.value) * x.error
            case _:
                both = np.divide(x.value, y.value)
                slope = (x.slope - both * y.slope) / y.value
                curvature = (x.curvature - 2.0 * slope * y.slope - both * y.curvature) / y.value
                error = (x.error + np.abs(both) * y.error) / np.abs(y.value)
        return Jet(both, slope, curvature, error + 0.5 * EPS * np.abs(both))
    if more:
        n = more[0].value
        result, first = _power(x.value, n), n * _power(x.value, n - 1.0)
        second = n * (n - 1.0) * _power(x.value, n - 2.0)
    else:
        function, once, twice = FUNCTIONS[node.operation]
        result = function(x.value)
        first, second = once(x.value, result), twice(x.value, result)
        if node.operation == "abs":  # from the right of a zero
            first = np.where(x.value, first, np.where(x.slope, np.sign(x.slope), np.sign(x.curvature)))
    curvature = second * x.slope * x.slope + first * x.curvature
    return Jet(result, first * x.slope, curvature, np.abs(first) * x.error + FUNCTION_ERROR * np.abs(result))


def even(node: Node) -> bool | None:
    """True for a formula whose even continuation to negative r is analytic at 0; False if it is odd; None: neither.

    >>> from chaintheory.interactions.grammar import parse
    >>> even(parse("cos(r)*exp(-r^2)")), even(parse("r*cosh(r)")), even(parse("exp(-r)"))
    (True, False, None)
    """
    if node.operation in ("number", VARIABLE):
        return node.operation == "number"
    x, *more = (even(argument) for argument in node.arguments)
    match node.operation:
        case "+":
            return x if x == more[0] else None
        case "*" | "/":
            return None if x is None or more[0] is None else x == more[0]
        case "^":
            power = node.arguments[1].value
            return x if power % 2.0 == 1.0 or x else (True if x is False and power % 2.0 == 0.0 else None)
        case "cos" | "cosh" | "sech":
            return None if x is None else True
        case "sin" | "sinh" | "tan" | "tanh" | "erf":
            return x
    return True if x else None


# Intervals --------------------------------------------------------------------------------------------


@dataclass
class Interval:
    """Lowest and highest values of formulas over intervals of r; ``kinks`` marks those that hold a cusp."""

    low: Array
    high: Array
    kinks: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.kinks = np.zeros(np.shape(self.low), dtype=bool)

    def of(self, node: Node) -> tuple[Any, Any]:
        """Bounds of a formula; infinite where it is not finite.

        >>> from chaintheory.interactions.grammar import parse
        >>> Interval(np.array([1.0]), np.array([2.0])).of(parse("1/(1 + r)"))
        (array([0.33333333]), array([0.5]))
        """
        if node.operation == VARIABLE:
            return self.low, self.high
        if node.operation == "number":
            return node.value, node.value
        (low, high), *more = (self.of(argument) for argument in node.arguments)
        match node.operation:
            case "+":
                return _known(low + more[0][0], high + more[0][1])
            case "*":
                return _product(low, high, *more[0])
            case "/":
                return _product(low, high, *_reciprocal(*more[0]))
            case "^":
                return self._power(low, high, more[0][0])
            case "abs":
                self.kinks |= (low <= 0.0) & (high >= 0.0)
                return _absolute(low, high)
            case "cosh":
                return _known(*map(np.cosh, _absolute(low, high)))
            case "sech":
                least, most = _absolute(low, high)
                return _known(1.0 / np.cosh(most), 1.0 / np.cosh(least))
            case "sin" | "cos":
                middle, half = FUNCTIONS[node.operation][0](0.5 * (low + high)), 0.5 * (high - low)
                return np.fmax(middle - half, -1.0), np.fmin(middle + half, 1.0)
            case "log":  # and infinite at 0, whatever is made of that
                return _known(np.where(low > 0.0, np.log(low), np.nan), np.log(high))
            case "tan":
                branch = np.floor(low / math.pi + 0.5) == np.floor(high / math.pi + 0.5)
                return _known(np.where(branch, np.tan(low), np.nan), np.where(branch, np.tan(high), np.nan))
        function = FUNCTIONS[node.operation][0]
        bounds = function(low), function(high)
        return _known(*(bounds[::-1] if node.operation == "erfc" else bounds))

    def _power(self, low: Any, high: Any, exponent: float) -> tuple[Any, Any]:
        if exponent < 0.0:
            return _reciprocal(*self._power(low, high, -exponent))
        if exponent % 1.0:
            self.kinks |= low <= 0.0
            if exponent < 1.0:  # its slope is infinite at 0
                low = np.where(low <= 0.0, np.nan, low)
        elif exponent % 2.0 == 0.0:
            low, high = _absolute(low, high)
        return _known(np.power(low, exponent), np.power(high, exponent))


def log_bound(node: Node, r: Interval) -> Any:
    """A bound of log abs(Phi) over intervals, where the values themselves leave the range of doubles.

    >>> from chaintheory.interactions.grammar import parse
    >>> log_bound(parse("exp(-r^2)*cosh(r)"), Interval(np.array([1e3]), np.array([1.1e3]))).tolist()
    [-998900.0]
    """
    x = node.arguments[0] if node.arguments else node
    match node.operation:
        case "+":
            return np.logaddexp(log_bound(x, r), log_bound(node.arguments[1], r))
        case "*":
            return log_bound(x, r) + log_bound(node.arguments[1], r)
        case "/":
            low, high = _absolute(*r.of(node.arguments[1]))
            return log_bound(x, r) - np.log(low)
        case "^" if node.arguments[1].value > 0.0:
            return node.arguments[1].value * log_bound(x, r)
        case "exp":
            return r.of(x)[1]
        case "sinh" | "cosh":
            return _absolute(*r.of(x))[1]
        case "sech":
            return math.log(2.0) - _absolute(*r.of(x))[0]
    low, high = _absolute(*r.of(node))
    return np.log(high)


def _known(low: Any, high: Any) -> tuple[Any, Any]:
    """Bounds; without limit where there is no number."""
    unknown = np.isnan(low) | np.isnan(high)
    return np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)


def _absolute(low: Any, high: Any) -> tuple[Any, Any]:
    inside = (low <= 0.0) & (high >= 0.0)
    ends = np.abs(low), np.abs(high)
    return np.where(inside, 0.0, np.fmin(*ends)), np.fmax(*ends)


def _product(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    products = np.stack(np.broadcast_arrays(a * c, a * d, b * c, b * d))
    return _known(products.min(axis=0), products.max(axis=0))


def _reciprocal(low: Any, high: Any) -> tuple[Any, Any]:
    across = (low <= 0.0) & (high >= 0.0)
    return _known(np.where(across, np.nan, np.divide(1.0, high)), np.where(across, np.nan, np.divide(1.0, low)))


# Discs ------------------------------------------------------------------------------------------------


class Disc(NamedTuple):
    """Discs of the complex plane with real centres; of infinite radius where nothing is known."""

    centre: Any
    radius: Any


def disc(node: Node, r: Disc) -> Disc:
    """A disc that holds the formula's values over the disc ``r`` of complex distances; infinite if not analytic there.

    >>> from chaintheory.interactions.grammar import parse
    >>> disc(parse("log(r)"), Disc(np.array([2.0, 2.0]), np.array([1.0, 3.0]))).radius.round(6).tolist()
    [0.693147, inf]
    """
    if node.operation == VARIABLE:
        return r
    if node.operation == "number":
        return Disc(node.value, 0.0)
    x, *more = (disc(argument, r) for argument in node.arguments)
    match node.operation:
        case "+":
            return Disc(x.centre + more[0].centre, x.radius + more[0].radius)
        case "*":
            return _disc_product(x, more[0])
        case "/":
            return _disc_product(x, _disc_power(more[0], -1.0))
        case "^":
            return _disc_power(x, more[0].centre)
        case "abs":
            return Disc(np.abs(x.centre), np.where(np.abs(x.centre) > x.radius, x.radius, np.inf))
    centre = FUNCTIONS[node.operation][0](x.centre)
    return Disc(centre, _finite(_disc_radius(node.operation, x.centre, x.radius)))


def _finite(radius: Any) -> Any:
    return np.where(np.isnan(radius), np.inf, radius)


def _disc_product(x: Disc, y: Disc) -> Disc:
    radius = np.abs(x.centre) * y.radius + np.abs(y.centre) * x.radius + x.radius * y.radius
    return Disc(x.centre * y.centre, _finite(radius))


def _disc_power(x: Disc, exponent: float) -> Disc:
    c, rho = x
    size = np.abs(c)
    if exponent % 1.0 == 0.0 and exponent > 0.0:
        return Disc(_power(c, exponent), _finite(np.power(size + rho, exponent) - np.power(size, exponent)))
    # |(1 + t)^q - 1| <= (1 - |t|)^-|q| - 1 for |t| < 1, term by term in the binomial series
    inside = (rho < size) if exponent % 1.0 == 0.0 else (rho < c)
    growth = np.expm1(-abs(exponent) * np.log1p(-np.where(inside, rho / size, 0.0)))
    centre = _power(c, exponent)
    return Disc(centre, np.where(inside, _finite(np.abs(centre) * growth), np.inf))


def _disc_radius(function: str, c: Any, rho: Any) -> Any:
    """How far a function strays from its value at c within the distance rho, by the largest of its derivative."""
    size = np.abs(c)
    beside = np.fmax(size - rho, 0.0)  # least abs(Re z)
    match function:
        case "exp":
            return np.exp(c + rho) - np.exp(c)
        case "log":
            return np.where(rho < c, -np.log1p(-np.where(rho < c, rho / c, 0.0)), np.inf)
        case "sin" | "cos":
            return rho * np.cosh(rho)
        case "sinh" | "cosh":
            return rho * np.cosh(size + rho)
        case "erf" | "erfc":
            return rho * 2.0 / ROOT_PI * np.exp(rho * rho - beside * beside)
        case "tan":
            away = np.abs(np.abs(c / math.pi % 1.0 - 0.5) * math.pi) - rho  # from the nearest pole
            return np.where(away > 0.0, rho / np.sin(np.fmax(away, 1e-300)) ** 2, np.inf)
    # tanh and sech: abs(cosh z)^2 = sinh^2(Re z) + cos^2(Im z), at least `least`.
    least = np.fmax(np.sinh(beside) ** 2, np.where(rho < 0.5 * math.pi, np.cos(rho) ** 2, 0.0))
    steepest = np.where(least > 0.0, 1.0 / least, np.inf)  # of sech^2
    return rho * (steepest if function == "tanh" else np.sqrt(steepest) * np.sqrt(1.0 + steepest))
