"""Source code for a user's own interaction: C, Cython or Python, self-contained.

>>> print(generate(sp.exp(-sp.Symbol("r")**2), "python").splitlines()[0])
# Drag on a particle in a one-dimensional crystal: an interaction and its dissipation.
"""

from __future__ import annotations

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from .notation import omega, x
from .printer import CODE_NAMES, Printer, fold, header, unit_sign
from .single_pass import loss_per_mode
from .steady_state import crossing_function, tangency_function, weight

__all__ = ["LANGUAGES", "generate"]

LANGUAGES = ("c", "cython", "python")

# Gauss-Legendre nodes per piece of the transform's quadrature.
NODES = 12


class PythonPrinter(PythonCodePrinter):
    """Expressions for the math module, with constants multiplied out."""

    def doprint(self, expr: sp.Expr) -> str:
        return super().doprint(fold(expr))

    def _print_Float(self, expr: sp.Expr) -> str:
        return repr(float(expr))

    def _print_unit_sign(self, expr: sp.Expr) -> str:
        return f"math.copysign(1.0, {self._print(expr.args[0])})"


def _bounded(expression: sp.Expr) -> sp.Expr:
    """Write quotients by cosh so that nothing overflows: 2 exp(-|a|)/(1 + exp(-2 |a|)).

    >>> _bounded(sp.sech(sp.Symbol("r", real=True)))
    2*exp(-Abs(r))/(1 + exp(-2*Abs(r)))
    """

    def secant(argument: sp.Expr) -> sp.Expr:
        decay = sp.exp(-sp.Abs(argument))
        return 2 * decay / (1 + decay**2)

    expression = expression.replace(sp.sech, secant)
    return expression.replace(
        lambda e: e.is_Pow and isinstance(e.base, sp.cosh) and e.exp.could_extract_minus_sign(),
        lambda e: secant(*e.base.args) ** -e.exp,
    )


def _slope(potential: sp.Expr, distance: sp.Symbol) -> sp.Expr:
    """Return dPhi/dr, with hyperbolic sines as tangents, whose quotients do not overflow."""
    slope = sp.diff(potential, distance)
    if slope.has(sp.cosh):
        slope = slope.replace(sp.sinh, lambda a: sp.tanh(a) * sp.cosh(a))
    return slope


def _legendre() -> list[tuple[float, float]]:
    """Return nodes and weights on [-1, 1], to double precision."""
    unknown = sp.Symbol("y")
    polynomial = sp.legendre_poly(NODES, unknown, polys=True)
    slope = polynomial.diff(unknown).as_expr()
    listed = []
    for root in polynomial.nroots(n=40, maxsteps=200):
        weight = 2 / ((1 - root**2) * slope.subs(unknown, root) ** 2)
        listed.append((float(root), float(weight)))
    return listed


def _user_functions(expression: sp.Expr) -> list[tuple[str, tuple[str, ...], sp.Expr, str]]:
    """Name, arguments, expression and description of what is emitted for a user's interaction."""
    distance = sp.Symbol("r", real=True)
    named_r = [symbol for symbol in expression.free_symbols if symbol.name == "r"]
    others = sorted(symbol.name for symbol in expression.free_symbols if symbol.name != "r")
    if others:
        raise ValueError(f"the interaction may depend on r only, not on {', '.join(others)}")
    potential = expression.subs(dict.fromkeys(named_r, distance))
    transform_value = sp.Symbol("transform", real=True)
    loss = loss_per_mode(omega**2, transform_value)
    return [
        ("potential", ("r",), _bounded(potential), "the interaction"),
        ("slope", ("r",), _bounded(_slope(potential, distance)), "d potential/dr"),
        (
            "loss_per_mode",
            ("omega", "v", "transform"),
            loss,
            "what a phonon takes in a pass; transform: of the interaction, at 2 pi omega/v",
        ),
        (
            "crossing",
            ("x", "v", "omega_fast", "spacing"),
            crossing_function(),
            "zero at a crossing (Eq. 10)",
        ),
        (
            "crossing_slope",
            ("x", "v", "omega_fast", "spacing"),
            sp.diff(crossing_function(), x),
            "d crossing/dx",
        ),
        (
            "tangency",
            ("x", "omega_fast"),
            tangency_function(),
            "zero where the line touches the band",
        ),
        ("tangency_slope", ("x", "omega_fast"), sp.diff(tangency_function(), x), "d tangency/dx"),
        (
            "weight",
            ("x", "v", "omega_fast", "spacing", "transform"),
            weight(lambda k: transform_value),
            "the term of Eq. (10) at the crossing x; transform: of the interaction, at 2 pi omega(x)/v",
        ),
    ]


_FRAMES = {
    "c": ("static inline double interaction_{name}({arguments})\n{{\n    return {result};\n}}\n", "double "),
    "cython": ("cpdef double {name}({arguments}) noexcept nogil:\n    return {result}\n", "double "),
    "python": ("def {name}({arguments}):\n    return {result}\n", ""),
}

_QUADRATURE = {
    "c": """/* transform(k): int Phi(u) cos(k u) du over |u| < reach; Gauss-Legendre, {nodes} points on each of
   the pieces of a half line */
static inline double interaction_transform(double k, double reach, int pieces)
{{
    static const double node[{nodes}] = {{{node}}};
    static const double weight[{nodes}] = {{{weight}}};
    const double half = 0.5*reach/pieces;
    double total = 0.0;
    for (int piece = 0; piece < pieces; ++piece)
        for (int i = 0; i < {nodes}; ++i) {{
            const double u = half*(2*piece + 1 + node[i]);
            total += weight[i]*(interaction_potential(u) + interaction_potential(-u))*cos(k*u);
        }}
    return half*total;
}}
""",
    "cython": """cdef double[{nodes}] _node = [{node}]
cdef double[{nodes}] _weight = [{weight}]


cpdef double transform(double k, double reach, int pieces) noexcept nogil:
    # int Phi(u) cos(k u) du over |u| < reach; Gauss-Legendre, {nodes} points on each of the pieces
    cdef double half = 0.5*reach/pieces
    cdef double total = 0.0
    cdef double u
    cdef int piece, i
    for piece in range(pieces):
        for i in range({nodes}):
            u = half*(2*piece + 1 + _node[i])
            total += _weight[i]*(potential(u) + potential(-u))*cos(k*u)
    return half*total
""",
    "python": """_NODE = ({node})
_WEIGHT = ({weight})


def transform(k, reach, pieces):
    # int Phi(u) cos(k u) du over |u| < reach; Gauss-Legendre, {nodes} points on each of the pieces
    half = 0.5 * reach / pieces
    total = 0.0
    for piece in range(pieces):
        for node, weight in zip(_NODE, _WEIGHT):
            u = half * (2 * piece + 1 + node)
            total += weight * (potential(u) + potential(-u)) * math.cos(k * u)
    return half * total
""",
}


_LIBC = """from libc.math cimport acos, acosh, asin, asinh, atan, atanh, cbrt, ceil, copysign, cos
from libc.math cimport cosh, erf, erfc, exp, expm1, fabs, floor, fmax, fmin, lgamma, log, log10
from libc.math cimport log1p, log2, pow, rint, sin, sinh, sqrt, tan, tanh, tgamma"""


def generate(expression: sp.Expr, language: str) -> str:
    """Return self-contained source code for a user's interaction, an expression in the distance r.

    The source holds the potential and its slope, the interaction's transform by quadrature, and
    what Eqs. (6) and (10) need: loss per mode, crossing and tangency functions with their slopes,
    the weight of a crossing. ``language`` is "c" (a header of functions ``interaction_*``),
    "cython" or "python" (a module).

    >>> module = {}
    >>> exec(generate(sp.exp(-sp.Abs(sp.Symbol("r")) / 3), "python"), module)
    >>> module["potential"](-3.0) == module["math"].exp(-1.0)
    True
    >>> abs(module["transform"](0.5, 120.0, 200) - 2 * 3 / (1 + 1.5**2)) < 1e-12
    True
    """
    if language not in LANGUAGES:
        raise ValueError(f"language = {language!r}: must be one of {', '.join(LANGUAGES)}")
    expression = sp.sympify(expression)
    printer = PythonPrinter({"fully_qualified_modules": True}) if language == "python" else Printer(CODE_NAMES)
    frame, typed = _FRAMES[language]
    mark = {"c": " *", "cython": "#", "python": "#"}[language]
    blocks = []
    for name, arguments, formula, description in _user_functions(expression):
        formula = formula.replace(sp.sign, unit_sign)
        if language == "python":
            formula = formula.subs({symbol: sp.Symbol(code, real=True) for symbol, code in CODE_NAMES.items()})
        try:
            result = printer.doprint(formula)
        except Exception as error:
            raise ValueError(f"{name}: {formula} cannot be written in {language}: {error}") from None
        if "ot supported" in result:
            raise ValueError(f"{name}: {formula} cannot be written in {language}")
        comment = f"{name}: {description}; {int(sp.count_ops(formula))} operations"
        comment = f"/* {comment} */" if language == "c" else f"# {comment}"
        body = frame.format(name=name, arguments=", ".join(typed + a for a in arguments), result=result)
        blocks.append(f"{comment}\n{body}")
    nodes = _legendre()
    blocks.insert(
        2,
        _QUADRATURE[language].format(
            nodes=NODES,
            node=", ".join(repr(n) for n, _ in nodes),
            weight=", ".join(repr(w) for _, w in nodes),
        ),
    )
    notes = (
        "",
        f"Interaction: {sp.sstr(expression)}",
        "Ledger: eq01_band, eq06_single_pass, eq10_mean_dissipation, tangency, crossing_count.",
    )
    head = header(
        mark,
        "Drag on a particle in a one-dimensional crystal: an interaction and its dissipation.",
        notes,
    )
    head = head.replace("(python -m derivations --regenerate); do not edit", "(chaintheory generate)")
    if language == "c":
        return (
            "/*\n"
            + head
            + " */\n#ifndef INTERACTION_H\n#define INTERACTION_H\n\n#include <math.h>\n\n"
            + "\n".join(blocks)
            + "\n#endif\n"
        )
    if language == "cython":
        return f"# cython: language_level=3, cdivision=True\n{head}\n{_LIBC}\n\n\n" + "\n\n".join(blocks)
    return f"{head}\nimport math\n\n\n" + "\n\n".join(blocks)
