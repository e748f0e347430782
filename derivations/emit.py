"""Statements to source code: C and Cython, as text.

Pure: nothing here writes a file (``python -m derivations --regenerate`` does).  Each function is emitted with
the expression it computes, the ledger statements it comes from and its operation count; the printer knows the
scaled Bessel functions and spells small powers as products.

>>> print(Routine("square_plus_pi", (x,), x**2 + sp.pi, (), "An example.").cython())
cdef inline double square_plus_pi(double x) noexcept nogil:
    # An example.
    # x**2 + pi   [2 operations]
    return (x*x) + 3.141592653589793
<BLANKLINE>
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.printing.c import C99CodePrinter

from .lattice import band_squared
from .notation import amplitude, omega_fast, spacing, speed, width, x
from .potentials import potential_gaussian
from .single_pass import half_width, slowness
from .steady_state import crossing_function, tangency_function, weight_gaussian

__all__ = ["Routine", "dissipation_pxd", "files", "interactions_h"]

# Names of the symbols in code, where they differ from the SymPy name.
CODE_NAMES = {speed: "v", width: "width", amplitude: "amplitude", omega_fast: "omega_fast", spacing: "spacing", x: "x"}


class i0e(sp.Function):
    """The scaled Bessel function exp(-|x|) I0(x)."""


class i0e_minus_i1e(sp.Function):
    """exp(-x) (I0(x) - I1(x)) for x >= 0, without the cancellation at large x."""


class Printer(C99CodePrinter):
    """Expressions as C that is also valid Cython."""

    def __init__(self, names):
        super().__init__({"user_functions": {"i0e": "i0e", "i0e_minus_i1e": "i0e_minus_i1e"}})
        self.names = names

    def _print_Symbol(self, expr):
        return self.names.get(expr, expr.name)

    def _print_Float(self, expr):
        return repr(float(expr))

    def _print_Abs(self, expr):
        return f"fabs({self._print(expr.args[0])})"

    def _print_Pow(self, expr):
        base, exponent = expr.args
        if exponent.is_Integer and 2 <= exponent <= 8 and base.is_Symbol:
            return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
        return super()._print_Pow(expr)

    def doprint(self, expr, assign_to=None):
        """Print, with constants such as 16 pi^5 multiplied out."""
        return super().doprint(_fold(expr), assign_to)


def _fold(expression: sp.Expr) -> sp.Expr:
    """Evaluate irrational constants, and products of them, to double precision.

    >>> _fold(16 * sp.pi**5 * x)
    4896.3149565645032522*x
    """
    if expression.is_number and not expression.is_Rational:
        return expression.evalf(20)
    if expression.is_Atom:
        return expression
    if expression.is_Mul:
        constant, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
        if constant.has(sp.pi) or not constant.is_Rational:
            return sp.Mul(constant.evalf(20), _fold(rest))
    return expression.func(*map(_fold, expression.args))


@dataclass(frozen=True)
class Routine:
    """A function to emit: name, arguments, expression, the ledger statements it comes from, and what it is.

    `periodic` replaces that argument by its distance from the nearest integer wherever it stands inside a sine or cosine of
    pi times it, which keeps full precision however far out in the extended zone.
    """

    name: str
    arguments: tuple[sp.Symbol, ...]
    expression: sp.Expr
    ledger: tuple[str, ...]
    doc: str
    periodic: sp.Symbol | None = None

    @property
    def operations(self) -> int:
        """Operations in the source expression, as SymPy counts them."""
        return int(sp.count_ops(self.expression))

    def body(self) -> tuple[list[tuple[str, str]], str]:
        """The assignments to temporaries, and the result."""
        expression, lines = self.expression, []
        names = dict(CODE_NAMES)
        if self.periodic is not None:
            near = sp.Symbol("near", real=True)
            expression = expression.replace(
                lambda e: isinstance(e, (sp.sin, sp.cos)), lambda e: e.subs(self.periodic, near)
            )
            lines.append(("near", f"{names[self.periodic]} - rint({names[self.periodic]})"))
        printer = Printer(names)
        temporaries, (result,) = sp.cse([expression], sp.numbered_symbols("t"), order="canonical")
        lines += [(symbol.name, printer.doprint(value)) for symbol, value in temporaries]
        return lines, printer.doprint(result)

    def cython(self) -> str:
        """The function as Cython."""
        lines, result = self.body()
        arguments = ", ".join(f"double {CODE_NAMES[a]}" for a in self.arguments)
        source = [f"cdef inline double {self.name}({arguments}) noexcept nogil:", f"    # {self.doc}"]
        source += self._comment("    # ")
        source += [f"    cdef double {name} = {value}" for name, value in lines]
        return "\n".join([*source, f"    return {result}", ""])

    def _comment(self, mark: str) -> list[str]:
        ledger = f"; ledger: {', '.join(self.ledger)}" if self.ledger else ""
        return [f"{mark}{sp.sstr(self.expression)}   [{self.operations} operations{ledger}]"]


def _header(mark: str, title: str, notes: tuple[str, ...]) -> str:
    lines = [
        title,
        "",
        "Generated by derivations/emit.py (python -m derivations --regenerate); do not edit.",
        f"Written with SymPy {sp.__version__}.",
        *notes,
    ]
    return "\n".join(f"{mark} {line}".rstrip() for line in lines) + "\n"


def _asymptotic(order: int, terms: int) -> list[sp.Rational]:
    """Return the coefficients of sqrt(2 pi x) exp(-x) I_order(x) in powers of 1/x."""
    coefficients, term = [], sp.Integer(1)
    for number in range(terms):
        coefficients.append(term)
        term = -term * (4 * order**2 - (2 * number + 1) ** 2) / (8 * (number + 1))
    return coefficients


def _difference_routine(terms: int = 14) -> str:
    """Return the Cython source of i0e - i1e: the difference itself, or its asymptotic series beyond x = 30."""
    pairs = zip(_asymptotic(0, terms), _asymptotic(1, terms), strict=True)
    differences = [float(a - b) for a, b in pairs][1:]  # the leading terms cancel
    horner = repr(differences[-1])
    for coefficient in reversed(differences[:-1]):
        horner = f"{coefficient!r} + y*({horner})"
    return f"""cdef inline double i0e_minus_i1e(double x) noexcept nogil:
    # exp(-x) (I0(x) - I1(x)), x >= 0: beyond 30 by the difference of the asymptotic series, whose leading
    # terms cancel exactly.
    cdef double y
    if x < 30.0:
        return i0e(x) - i1e(x)
    y = 1.0/x
    return y/sqrt(6.2831853071795865*x)*({horner})
"""


def _single_pass_parts() -> tuple[sp.Expr, sp.Expr]:
    """Return Eq. (7) as (factor, sum): exp(-z middle) I_n = exp(-z) times the scaled I_n, as middle - half_width = 1."""
    argument = slowness * half_width
    factor = 16 * sp.pi**5 * amplitude**2 * width**2 / speed**4
    return factor, i0e(argument) + half_width * i0e_minus_i1e(argument)


def routines() -> list[Routine]:
    """The functions of dissipation.pxd."""
    factor, bessels = _single_pass_parts()
    chain = (x, omega_fast)
    seven, ten = ("eq07_gaussian_closed_form",), ("eq10_mean_dissipation",)
    strength = sp.Abs(amplitude) * width
    return [
        Routine("single_pass_gaussian", (speed, omega_fast, amplitude, width), factor * sp.exp(-slowness) * bessels,
                seven, "Eq. (7), the loss in one pass; v > 0."),
        Routine("log_single_pass_gaussian", (speed, omega_fast, amplitude, width),
                sp.log(16 * sp.pi**5) + 2 * sp.log(strength) - 4 * sp.log(speed) - slowness + sp.log(bessels),
                seven, "Logarithm of Eq. (7), also where the loss underflows; v > 0, amplitude not 0."),
        Routine("band_squared", chain, band_squared(sp.pi * x), ("eq01_band",),
                "omega^2 at x = theta/pi, continued over all zones.", x),
        Routine("band", chain, sp.sqrt(band_squared(sp.pi * x)), ("eq01_band",),
                "omega at x = theta/pi, continued over all zones.", x),
        Routine("band_slope", chain, sp.diff(sp.sqrt(band_squared(sp.pi * x)), x), ("eq01_band",),
                "d omega/dx.", x),
        Routine("crossing", (x, speed, omega_fast, spacing), crossing_function(), ten,
                "Zero where the line x v/spacing meets the band.", x),
        Routine("crossing_slope", (x, speed, omega_fast, spacing), sp.diff(crossing_function(), x), ten,
                "d crossing/dx.", x),
        Routine("tangency", chain, tangency_function(), ten,
                "Zero where a line through the origin touches the band: the ends of the monotone pieces.", x),
        Routine("tangency_slope", chain, sp.diff(tangency_function(), x), ten, "d tangency/dx.", x),
        Routine("weight_gaussian", (x, speed, omega_fast, spacing, amplitude, width), weight_gaussian(), ten,
                "The term of Eq. (10) at the crossing x.", x),
    ]


def dissipation_pxd() -> str:
    """Return the Cython source of the dissipation functions."""
    listing = tuple(f"  {r.name}({', '.join(CODE_NAMES[a] for a in r.arguments)})" for r in routines())
    docs = tuple(f"{line:<66} {r.doc}" for line, r in zip(listing, routines(), strict=True))
    header = _header("#", "Single-pass and mean dissipation: Eqs. (7) and (10).", ("", *docs))
    imports = (
        "from libc.math cimport cos, exp, fabs, log, pow, rint, sin, sqrt\n"
        "from scipy.special.cython_special cimport i0e, i1e\n"
    )
    return "\n\n".join([header + "\n" + imports, _difference_routine(), *(r.cython() for r in routines())])


def interactions_h() -> str:
    """Return the C source of the interactions."""
    distance = sp.Symbol("r", real=True)
    names = {amplitude: "c[0]", width: "c[1]", distance: "r"}
    printer = Printer(names)
    blocks = []
    for name, potential in {"gaussian": potential_gaussian}.items():
        for suffix, expression in (
            ("potential", potential(distance)),
            ("slope", sp.diff(potential(distance), distance)),
        ):
            blocks.append(
                f"/* {sp.sstr(expression)}   [{int(sp.count_ops(expression))} operations; ledger: transform_{name}] */\n"
                f"static inline double {name}_{suffix}(double r, const double *c)\n"
                f"{{\n    return {printer.doprint(expression)};\n}}\n"
            )
    header = _header(" *", "Interactions: NAME_potential(r, c) and NAME_slope(r, c) = dPhi/dr.",
                     ("c[0] is the amplitude, c[1] the width.",))
    return "/*\n" + header + " */\n#ifndef CHAINTHEORY_INTERACTIONS_H\n#define CHAINTHEORY_INTERACTIONS_H\n\n" \
        "#include <math.h>\n\n" + "\n".join(blocks) + "\n#endif\n"


def files() -> dict[str, str]:
    """All generated files: name -> text."""
    return {"__init__.pxd": "# The generated declarations form a package; do not edit.\n",
            "dissipation.pxd": dissipation_pxd(), "interactions.h": interactions_h()}
