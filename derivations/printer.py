"""Expressions to C, Cython and Python: scaled Bessel functions, powers as products, folded constants.

>>> Printer({}).doprint(x**2 + sp.pi)
'(x*x) + 3.141592653589793'
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.c import C99CodePrinter
from sympy.printing.pycode import PythonCodePrinter

from .notation import amplitude, entry, known, mass, omega, omega_fast, spacing, speed, width, x

__all__ = ["CODE_NAMES", "Printer", "PythonPrinter", "fold", "header", "i0e", "i0e_minus_i1e", "unscaled"]

# Names of the symbols in code, where they differ from the SymPy name.
CODE_NAMES = {
    speed: "v",
    width: "width",
    amplitude: "amplitude",
    omega_fast: "omega_fast",
    spacing: "spacing",
    x: "x",
    omega: "omega",
    mass: "mass",
}


class i0e(sp.Function):
    """The scaled Bessel function exp(-x) I0(x), x >= 0.

    >>> i0e(sp.Symbol("x")).diff()
    -i0e_minus_i1e(x)
    """

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """D i0e/dx = i1e - i0e."""
        return -i0e_minus_i1e(self.args[0])


class i0e_minus_i1e(sp.Function):
    """exp(-x) (I0(x) - I1(x)) for x >= 0, without the cancellation at large x.

    >>> i0e_minus_i1e(sp.Symbol("x")).func.__name__
    'i0e_minus_i1e'
    """

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """D (i0e - i1e)/dx = -2 (i0e - i1e) + i1e/x."""
        argument = self.args[0]
        return -2 * self + (i0e(argument) - self) / argument


def unscaled(expression: sp.Expr) -> sp.Expr:
    """The expression with the scaled Bessel functions written out.

    >>> unscaled(i0e(sp.Symbol("x")))
    exp(-x)*besseli(0, x)
    """
    scaled = lambda order, a: sp.exp(-a) * sp.besseli(order, a)  # noqa: E731
    expression = expression.replace(i0e_minus_i1e, lambda a: scaled(0, a) - scaled(1, a))
    return expression.replace(i0e, lambda a: scaled(0, a))


class Printer(C99CodePrinter):
    """Expressions as C that is also valid Cython; `names` are the symbols' names in code.

    >>> Printer({}).doprint(sp.Symbol("x") ** 2 + sp.Rational(1, 2))
    '(x*x) + 1.0/2.0'
    """

    def __init__(self, names: dict[sp.Symbol, str]) -> None:
        functions = {name: name for name in ("i0e", "i0e_minus_i1e")}
        super().__init__({"user_functions": functions})
        self.names = names

    def _print_Symbol(self, expr: sp.Expr) -> str:
        return self.names.get(expr, expr.name)

    def _print_Float(self, expr: sp.Expr) -> str:
        return repr(float(expr))

    def _print_Abs(self, expr: sp.Expr) -> str:
        return f"fabs({self._print(expr.args[0])})"

    def _print_Pow(self, expr: sp.Expr) -> str:
        base, exponent = expr.args
        if exponent.is_Integer and 2 <= exponent <= 8 and base.is_Symbol:
            return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
        return super()._print_Pow(expr)

    def doprint(self, expr: sp.Expr, assign_to: Any = None) -> str:
        """Print, with constants such as 16 pi^5 multiplied out."""
        return super().doprint(fold(expr), assign_to)


class PythonPrinter(PythonCodePrinter):
    """Expressions as Python in any arithmetic: functions and pi are taken from the namespace ``m``.

    >>> PythonPrinter().doprint(sp.sqrt(sp.pi) * sp.exp(-speed**2 / 2))
    'm.sqrt(m.pi)*m.exp(-0.5*speed**2)'
    """

    def _print_Symbol(self, expr: sp.Expr) -> str:
        return entry(expr).code if known(expr) and expr != x else str(expr.name)

    def _print_Pi(self, expr: sp.Expr) -> str:
        return "m.pi"

    def _print_Rational(self, expr: sp.Expr) -> str:
        value = float(expr)
        if sp.Rational(value) != expr:  # a ball would not hold it
            raise ValueError(f"{expr} is no double")
        return repr(value)

    def _print_Function(self, expr: sp.Expr) -> str:
        return f"m.{expr.func.__name__}({', '.join(map(self._print, expr.args))})"

    def _print_exp(self, expr: sp.Expr) -> str:
        return self._print_Function(expr)

    _print_tanh = _print_expm1 = _print_exp

    def _print_Abs(self, expr: sp.Expr) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Pow(self, expr: sp.Expr, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return f"m.sqrt({self._print(base)})"
        if exponent == -sp.Rational(1, 2):
            return f"1/m.sqrt({self._print(base)})"
        return str(self._hprint_Pow(expr, rational=rational, sqrt="m.sqrt"))


def fold(expression: sp.Expr) -> sp.Expr:
    """Evaluate irrational constants, and products of them, to double precision.

    >>> fold(16 * sp.pi**5 * x)
    4896.3149565645032522*x
    """
    if expression.is_number and not expression.is_Rational:
        return expression.evalf(20)
    if expression.is_Atom:
        return expression
    if expression.is_Mul:
        constant, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
        if constant.has(sp.pi) or not constant.is_Rational:
            return sp.Mul(constant.evalf(20), fold(rest))
    return expression.func(*map(fold, expression.args))


def header(mark: str, title: str, notes: tuple[str, ...]) -> str:
    """Return the head of a generated file as comment lines.

    >>> header("//", "A title", ()).splitlines()[0]
    '// A title'
    """
    lines = [
        title,
        "",
        "Generated by derivations/emit.py (python -m derivations --regenerate); do not edit.",
        f"Written with SymPy {sp.__version__}.",
        *notes,
    ]
    return "\n".join(f"{mark} {line}".rstrip() for line in lines) + "\n"
