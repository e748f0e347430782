"""Every generated function against exact arithmetic of the ledger's formula."""

import ctypes
import math
import random
import shlex
import subprocess
import sysconfig
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.core.function import AppliedUndef

from chaintheory_ext.curves import band_mean_gaussian
from derivations.formulas import band_mean, formulas
from derivations.notation import entry, known, x

FORMULAS = [(file, one) for file, listed in formulas().items() if file != "dissipation.h" for one in listed]
NAMES = [formula.name for _, formula in FORMULAS]
EXACT = {
    "i0e": lambda a: mpmath.exp(-a) * mpmath.besseli(0, a),
    "i0e_minus_i1e": lambda a: mpmath.exp(-a) * (mpmath.besseli(0, a) - mpmath.besseli(1, a)),
    "expm1": mpmath.expm1,
}
UNIT = 2.0**-53
GENERATED = Path(__file__).parents[2] / "chaintheory_ext" / "generated"


def exact(arguments, expression):
    """A function of multi-precision numbers."""
    return sp.lambdify(arguments, expression, [EXACT, "mpmath"])


def of_one_chain(expression):
    """The expression with omega(x)^2 of one chain where it is written for any: three springs, and a constant."""
    band = 1 + 3 * sp.sin(sp.pi * x) ** 2 + sp.sin(3 * sp.pi * x) ** 2
    return sp.sympify(expression).subs({any_band: band for any_band in expression.atoms(AppliedUndef)}).doit()


def number(value):
    """A double, or a complex one."""
    return complex(value) if mpmath.im(value) else float(value)


def drawn(symbol, rng):
    """A number from the range of the table of symbols; x may lie in any zone."""
    low, high = (0.05, 9.0) if symbol == x else (0.1, 3.0)
    if known(symbol) and symbol != x:
        low, high = float(entry(symbol).low), float(entry(symbol).high)
    return mpmath.mpf(rng.uniform(low, high))


@pytest.mark.parametrize(("file", "formula"), FORMULAS, ids=NAMES)
def test_against_exact_arithmetic(generated, file, formula):
    rng = random.Random(formula.name)
    function = generated(file, formula.name)
    given = [argument for argument in formula.arguments if argument not in formula.where]
    formula_of_chain = of_one_chain(formula.exact)
    where = {argument: of_one_chain(value) for argument, value in formula.where.items()}
    relevant = formula_of_chain.free_symbols.union(given, *(value.free_symbols for value in where.values()))
    symbols = sorted(relevant - set(where), key=str)
    true_of = exact(symbols, formula_of_chain)
    stands = [exact(symbols, where.get(argument, argument)) for argument in formula.arguments]
    written = formula.result
    for symbol, value in reversed(formula.steps):
        written = written.subs(symbol, value)
    on_arguments = exact(formula.arguments, written)
    with mpmath.workdps(40):
        for _ in range(5):
            point = [drawn(symbol, rng) for symbol in symbols]
            true = true_of(*point)
            arguments = [value(*point) for value in stands]
            # The arguments are rounded, and so is each operation: as if each argument were off by some units.
            moved = (
                [*arguments[:i], a * (1 + mpmath.mpf(2) ** -60), *arguments[i + 1 :]] for i, a in enumerate(arguments)
            )
            change = sum(abs(on_arguments(*other) - true) for other in moved) * 2**60
            computed = function(*map(number, arguments))
            # At most some ten operations, each good to a unit (pi included).
            assert abs(computed - true) <= 8 * UNIT * (abs(true) + change), (point, computed, mpmath.nstr(true, 17))


@pytest.mark.parametrize("kind", [np.complex128, np.longdouble])
def test_any_arithmetic(generated, kind):
    """Arrays of complex and of extended numbers keep their type, and their real values."""
    for file, formula in FORMULAS:
        if file in ("dispersion.py", "interactions.py") and formula.arguments:
            function = generated(file, formula.name)
            values = [np.array([0.3, 1.7]) + 1.5 * i for i in range(len(formula.arguments))]
            result = function(*(value.astype(kind) for value in values))
            assert result.dtype == kind
            assert np.allclose(result.astype(np.complex128), function(*values), rtol=1e-14, atol=1e-14)


def test_balls_enclose_the_formula(generated):
    from flint import arb

    from chaintheory.drift.enclosures import precision
    from chaintheory.support.balls import BALLS

    for file, formula in FORMULAS:
        if file == "dispersion.py" or formula.name in ("loss_per_mode", "gaussian_transform", "lorentzian_transform"):
            function = generated(file, formula.name)
            point = [1.75 + 0.5 * i for i in range(len(formula.arguments))]
            takes_arithmetic = "m" in function.__code__.co_varnames[: function.__code__.co_argcount]
            written = formula.result
            for symbol, value in reversed(formula.steps):
                written = written.subs(symbol, value)
            with precision(128), mpmath.workdps(50):
                ball = function(*map(arb, point), *([BALLS] if takes_arithmetic else []))
                true = mpmath.mpf(exact(formula.arguments, written)(*map(mpmath.mpf, point)))
                assert ball.contains(arb(mpmath.nstr(true, 45)))
                assert float(ball.rad()) <= 1e-33 * abs(true)


def test_compiled_band_mean():
    """Production's array function beside the ledger's formula, from slow to fast: no overflow, every digit."""
    formula = band_mean()
    function = exact(formula.arguments, formula.exact)
    for width, top in ((4.0, 10.0), (0.5, 1.05), (6.0, 20.0)):
        speeds = np.array([10.0**power for power in range(-2, 7)] + [2.0, 17.0, 31.0, 90.0])
        with mpmath.workdps(40):
            true = [float(function(mpmath.mpf(v), mpmath.mpf(top), mpmath.mpf(width))) for v in speeds]
        # The Bessel functions are good to some units in the last place, i0e - i1e below 30 to 60 times that.
        assert np.allclose(band_mean_gaussian(speeds, top, width), true, rtol=5e-14, atol=0.0)
        assert all(math.isfinite(value) for value in true)


def test_the_header_has_the_same_band_mean(tmp_path):
    """dissipation.h, without SciPy, beside production: across x = 30, where the series takes over."""
    names = "double v, double omega_fast, double width"
    source = f'#include "dissipation.h"\ndouble mean({names}) {{ return band_mean_gaussian(v, omega_fast, width); }}\n'
    (tmp_path / "probe.c").write_text(source, encoding="utf-8")
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, "-shared", "-fPIC", f"-I{GENERATED}", "-o", "probe.so", "probe.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    function = ctypes.CDLL(str(tmp_path / "probe.so")).mean
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * 3
    for width, top in ((4.0, 10.0), (0.5, 1.05), (6.0, 20.0)):
        edge = 2 * math.pi * width * math.sqrt((top**2 - 1) / 60.0)  # the speed at which x is 30
        speeds = np.concatenate([edge * np.linspace(0.99, 1.01, 21), edge * np.geomspace(1e-3, 1e3, 61)])
        found = [function(speed, top, width) for speed in speeds]
        # Both are good to some units in the last place; i0e - i1e of production below x = 30 to 60 times that.
        assert np.allclose(found, band_mean_gaussian(speeds, top, width), rtol=5e-14, atol=0.0)


def test_every_statement_named_is_in_the_ledger():
    from derivations.ledger import statements

    names = {statement.id for statement in statements()}
    assert {name for _, formula in FORMULAS for name in formula.ledger} <= names
