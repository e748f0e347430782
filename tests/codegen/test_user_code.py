"""Source code for a user's interaction: the three languages agree with exact arithmetic."""

import math

import pytest
import sympy as sp

from derivations.emit import generate

r = sp.Symbol("r")
SHAPES = {
    "cusp": sp.exp(-sp.Abs(r) / 3),
    "mexican_hat": 2 * (1 - r**2 / 4) * sp.exp(-(r**2) / 8),
    "secant": sp.Rational(3, 2) / sp.cosh(r / 2) ** 2,
    "rational": -sp.pi / (1 + r**2) ** 3,
}
POINTS = (-7.5, -0.3, 0.4, 2.0, 30.0)
ARGUMENTS = {
    "loss_per_mode": (3.0, 20.0, 1.7),
    "crossing": (2.3, 20.0, 10.0, 40.0),
    "crossing_slope": (2.3, 20.0, 10.0, 40.0),
    "tangency": (2.3, 10.0),
    "tangency_slope": (2.3, 10.0),
    "weight": (2.3, 20.0, 10.0, 40.0, 1.7),
}


def python_module(expression):
    module = {}
    exec(generate(expression, "python"), module)
    return module


@pytest.mark.parametrize("name", SHAPES)
def test_python_against_exact(name):
    module, variable = python_module(SHAPES[name]), sp.Symbol("r", real=True)
    shape = SHAPES[name].subs(r, variable)
    for point in POINTS:
        exact = sp.Float(point, 40)
        assert module["potential"](point) == pytest.approx(
            float(shape.subs(variable, exact).n(30)), rel=1e-13, abs=1e-300
        )
        slope = float(shape.diff(variable).subs(variable, exact).n(30))
        assert module["slope"](point) == pytest.approx(slope, rel=1e-13, abs=1e-300)
    assert math.isfinite(module["potential"](1e4)) and math.isfinite(module["slope"](-1e4))


def test_transform_by_quadrature():
    module = python_module(SHAPES["cusp"])
    for k in (0.0, 0.3, 2.0):
        assert module["transform"](k, 120.0, 200) == pytest.approx(6 / (1 + 9 * k * k), rel=1e-12)


def test_cython_and_c_agree_with_python(compile_source):
    shape = SHAPES["secant"] + SHAPES["cusp"]
    module = python_module(shape)
    cython = compile_source("user_cython", generate(shape, "cython"))
    names = ["potential", "slope", "transform", *ARGUMENTS]
    arguments = {"potential": (0.7,), "slope": (-0.7,), "transform": (0.4, 60.0, 50), **ARGUMENTS}
    lines = ['cdef extern from "user.h":']
    wrappers = []
    for name in names:
        typed = ["int" if isinstance(a, int) else "double" for a in arguments[name]]
        listed = ", ".join(f"{kind} a{i}" for i, kind in enumerate(typed))
        lines.append(f"    double interaction_{name}({listed})")
        passed = ", ".join(f"a{i}" for i in range(len(typed)))
        wrappers.append(f"def {name}({listed}):\n    return interaction_{name}({passed})\n")
    c = compile_source("user_c", "\n".join([*lines, "", *wrappers]), {"user.h": generate(shape, "c")})
    for name in names:
        expected = module[name](*arguments[name])
        assert getattr(cython, name)(*arguments[name]) == pytest.approx(expected, rel=1e-13)
        assert getattr(c, name)(*arguments[name]) == pytest.approx(expected, rel=1e-13)


def test_refused():
    with pytest.raises(ValueError, match="language = 'fortran'"):
        generate(r, "fortran")
    with pytest.raises(ValueError, match="not on q"):
        generate(sp.exp(-r * sp.Symbol("q")), "c")
    for language in ("c", "cython", "python"):
        with pytest.raises(ValueError, match="cannot be written"):
            generate(sp.Function("mystery")(r), language)
