"""Every generated function, compiled, against exact arithmetic of its source expression."""

import math
import random

import mpmath
import pytest
import sympy as sp

from derivations import emit
from derivations.notation import amplitude, omega, omega_fast, spacing, speed, width, x

RANGES = {
    x: (0.05, 9.0),
    speed: (2.0, 90.0),
    omega_fast: (1.05, 20.0),
    spacing: (5.0, 60.0),
    amplitude: (-3.0, 3.0),
    width: (0.5, 6.0),
    omega: (1.0, 20.0),
}
EXACT = {
    "i0e": lambda a: mpmath.exp(-a) * mpmath.besseli(0, a),
    "i0e_minus_i1e": lambda a: mpmath.exp(-a) * (mpmath.besseli(0, a) - mpmath.besseli(1, a)),
    "k0": lambda a: mpmath.besselk(0, a),
    "k1": lambda a: mpmath.besselk(1, a),
    "unit_sign": mpmath.sign,
    "expm1": mpmath.expm1,
}
ROUTINES = emit.routines() + emit.derivative_routines()


def relative_allowance(routine):
    """Rounding in a handful of operations.

    The derivatives are sums in which a digit or two can cancel.
    """
    return 1e-12 if "_by_" in routine.name else 5e-14


@pytest.mark.parametrize("routine", ROUTINES, ids=lambda routine: routine.name)
def test_against_exact_arithmetic(probe, routine):
    rng = random.Random(routine.name)
    function = sp.lambdify(routine.arguments, routine.expression, [EXACT, "mpmath"])
    compared = 0
    with mpmath.workdps(40):
        for _ in range(8):
            point = [rng.uniform(*RANGES[symbol]) for symbol in routine.arguments]
            true = function(*map(mpmath.mpf, point))
            if abs(true) < 1e-290 or compared == 3:
                continue
            computed = getattr(probe, routine.name)(*point)
            # How much the value itself changes when an argument changes by its rounding.
            moved = ([*point[:i], point[i] * (1 + 1e-12), *point[i + 1 :]] for i in range(len(point)))
            change = sum(abs(function(*map(mpmath.mpf, other)) - true) for other in moved)
            allowed = relative_allowance(routine) * abs(true) + 1e-3 * change
            assert abs(computed - true) <= allowed, (point, computed, mpmath.nstr(true, 17))
            compared += 1
    assert compared > 1


def test_no_overflow_from_slow_to_fast(probe):
    for v in [10.0**power for power in range(-2, 7)]:
        loss = probe.single_pass_gaussian(v, 10.0, 2.0, 4.0)
        mean = probe.band_mean_gaussian(v, 10.0, 4.0)
        assert math.isfinite(loss) and loss >= 0
        assert math.isfinite(mean)
        if loss > 1e-300:
            logarithm = math.log(16 * math.pi**5 * 64.0 * mean) - 4 * math.log(v) - (8 * math.pi / v) ** 2
            assert math.isclose(math.log(loss), logarithm, rel_tol=1e-13)
        for name in emit.INTERACTIONS:
            for f in (1.0, 3.3, 10.0):
                assert math.isfinite(getattr(probe, f"loss_per_mode_{name}")(f, v, 2.0, 4.0))
            assert math.isfinite(getattr(probe, f"weight_{name}")(1.3, v, 10.0, 40.0, 2.0, 4.0))


@pytest.mark.parametrize("name", [name for name in emit.INTERACTIONS if name != "square_well"])
def test_interactions(probe, name):
    potential, slope = (getattr(probe, f"{name}_{kind}") for kind in ("potential", "slope"))
    r = sp.Symbol("r", positive=True)
    shape = emit.INTERACTIONS[name].potential(r).subs({amplitude: -sp.Rational(3, 2), width: sp.Rational(5, 2)})
    for distance in (1e-6, 0.1, 0.7, 2.0, 5.0, 30.0):
        true = float(shape.subs(r, sp.Float(distance, 40)).evalf(40))
        force = float(shape.diff(r).subs(r, sp.Float(distance, 40)).evalf(40))
        assert potential(distance, -1.5, 2.5) == pytest.approx(true, rel=1e-14)
        assert potential(-distance, -1.5, 2.5) == potential(distance, -1.5, 2.5)
        assert slope(distance, -1.5, 2.5) == pytest.approx(force, rel=2e-14)
        assert slope(-distance, -1.5, 2.5) == -slope(distance, -1.5, 2.5)
    assert potential(0.0, -1.5, 2.5) == -1.5
    assert slope(0.0, -1.5, 2.5) == 0.0
    for far in (1e3, 1e6, 1e100):
        assert math.isfinite(potential(far, -1.5, 2.5)) and abs(potential(far, -1.5, 2.5)) < 4e-3
        assert math.isfinite(slope(-far, -1.5, 2.5))
