"""Formulas of the ledger against numbers from another method: linear algebra, quadrature, roots, iteration."""

import random

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from derivations import ledger, notation
from derivations.checks import Below, NonNegative
from derivations.closed_forms import matern_closed_form, matern_coefficient
from derivations.drift import growth_factor
from derivations.notation import amplitude, dissipation_slope, index, mass, omega_fast, spacing, speed, width
from derivations.resonances import lower_resonance, upper_resonance
from derivations.steady_state import tangency_function
from derivations.trapping import decay_ratio, lattice_capture_speed


@pytest.mark.parametrize(("omega", "side"), [(0.6, -1), (4.0, 1)])
def test_decay_outside_the_band_is_that_of_a_long_chain(omega, side):
    """Solve (D - omega^2) G = force on 201 masses; the band is 1 to 3, and 0.2^100 is below rounding."""
    coupling = (3.0**2 - 1.0) / 4.0
    dynamical = np.diag(np.full(201, 1.0 + 2.0 * coupling)) - coupling * (np.eye(201, k=1) + np.eye(201, k=-1))
    response = np.linalg.solve(dynamical - omega**2 * np.eye(201), np.eye(201)[100])
    claimed = float(decay_ratio(side).subs({omega_fast: 3, notation.omega: omega}))
    assert response[101] / response[100] == pytest.approx(claimed, rel=1e-12)
    assert abs(claimed) < 1.0 and claimed * side < 0.0


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 7, 12, 20])
def test_matern_closed_form_is_the_integral_over_the_band(order):
    """Eq. 6 by quadrature, with a transform that is itself the quadrature of the interaction at one wave number."""
    v, fast, strength, lam = 30.0, 4.0, 2.0, 5.0
    stretch = np.sqrt(2 * order + 1) / lam
    coefficients = [float(matern_coefficient(order, j)) for j in range(order + 1)]
    potential = lambda r: strength * np.polynomial.polynomial.polyval(stretch * r, coefficients) * np.exp(-stretch * r)  # noqa: E731
    assert potential(0.0) == strength

    def transform(k):
        return 2.0 * quad(potential, 0.0, 40.0 * lam, weight="cos", wvar=k, epsabs=1e-13, limit=400)[0]

    def loss(theta):
        squared = 1.0 + (fast**2 - 1.0) * np.sin(theta) ** 2
        return 8.0 * np.pi**4 * squared / v**4 * transform(2.0 * np.pi * np.sqrt(squared) / v) ** 2

    # equidistant points: geometric convergence for a periodic analytic integrand
    points = (np.arange(64) + 0.5) * np.pi / 128
    expected = np.mean([loss(theta) for theta in points])
    claimed = matern_closed_form().subs({speed: v, omega_fast: fast, amplitude: strength, width: lam, index: order})
    assert float(claimed.doit()) == pytest.approx(expected, rel=1e-9)  # measured: 2e-11 or less


def rigid_lattice(u, lam, alpha=40.0, strength=2.0):
    return sum(strength * np.exp(-((u - n * alpha) ** 2) / (2.0 * lam**2)) for n in range(-12, 13))


@pytest.mark.parametrize("lam", [4.0, 12.0, 16.0, 20.0])
def test_capture_speed_decides_who_passes(lam):
    """Integrate the motion in the rigid lattice: a little faster the particle passes the next mass, slower it turns."""
    grid = np.linspace(0.0, 40.0, 4001)
    barrier = rigid_lattice(grid, lam).max() - rigid_lattice(20.0, lam)
    claimed = float(lattice_capture_speed(sp.Float(barrier)).subs(mass, 1))
    statement = ledger.find("capture_speed_of_gaussians")
    stated = {4.0: 12.57, 12.0: 8.966, 16.0: 5.188, 20.0: 2.386}[lam]
    assert claimed == pytest.approx(stated, abs=0.005 if lam == 4.0 else 0.0005)
    assert f"{stated}" in statement.statement

    def force(u):
        return -(rigid_lattice(u + 1e-5, lam) - rigid_lattice(u - 1e-5, lam)) / 2e-5

    for factor, passes in ((1.001, True), (0.999, False)):
        start = [-20.0, factor * claimed]
        run = solve_ivp(lambda t, y: [y[1], 4.0 * np.pi**2 * force(y[0])], (0.0, 200.0 / claimed), start, rtol=1e-9,
                        events=[lambda t, y: y[0] - 1.0])  # fmt: skip
        assert bool(run.t_events[0].size) is passes


def test_growth_factor_is_that_of_the_iterated_energy_map():
    """Iterate one pass of a particle near a zero of dissipation minus bias, with slopes on all sides of the bounds."""
    v, mu = 20.0, 2.0
    steepest = mu * v / (2.0 * np.pi**2)
    for slope in (-0.1 * steepest, 0.3 * steepest, 0.9 * steepest, 1.1 * steepest):
        deviation = 1e-6
        after = np.sqrt((v + deviation) ** 2 - 8.0 * np.pi**2 / mu * slope * deviation)
        factor = float(growth_factor(sp.Float(slope)).subs({speed: v, mass: mu}))
        assert (after - v) / deviation == pytest.approx(factor, rel=1e-6)
        assert (abs(factor) < 1.0) is (0.0 < slope < steepest)
    passes = ledger.find("relaxation_passes").formula.rhs.subs({dissipation_slope: 0.3 * steepest, speed: v, mass: mu})
    assert (1.0 - 0.6) ** float(passes) == pytest.approx(np.exp(-1.0), rel=1e-12)


@pytest.mark.parametrize(("fast", "n"), [(1.5, 1), (2.0, 1), (3.0, 1), (3.0, 2), (10.0, 1), (10.0, 4), (100.0, 1)])
def test_remainder_of_the_resonances(fast, n):
    """The exact tangency by a root finder with 40 digits: c of the statements lies within the stated bounds."""
    gap = sp.sqrt(sp.Rational(fast) ** 2 - 1)
    function = sp.lambdify(notation.x, tangency_function().subs(omega_fast, sp.Rational(fast)), "mpmath")
    with mpmath.workdps(40):
        top, squared = mpmath.mpf(fast), mpmath.mpf(fast) ** 2 - 1

        def exact(low, high):
            x = mpmath.findroot(function, (low, high), solver="anderson", tol=1e-60)
            return x, (1 + squared * mpmath.sin(mpmath.pi * x) ** 2) / x**2

        lower = (lower_resonance() ** 2).subs({spacing: 1, notation.lag: n, notation.gap: gap})
        x, true = exact(n, n + mpmath.mpf(1) / (2 * mpmath.pi))
        c = (1 - true / mpmath.mpmathify(sp.N(lower, 40))) * 3 * mpmath.pi**4 * squared**3 * n**4
        assert n < x < n + 1 / (2 * mpmath.pi) and 0.9 < c < 1.4
        upper = (upper_resonance() ** 2).subs(
            {spacing: 1, notation.lag: n, notation.gap: gap, omega_fast: sp.Rational(fast)}
        )
        h, share = n + mpmath.mpf(1) / 2, squared / top**2
        if share * h < 1:
            return
        x, true = exact(h - 1 / (2 * mpmath.pi), h)
        c = (true / mpmath.mpmathify(sp.N(upper, 40)) - 1) * 3 * mpmath.pi**4 * share**3 * h**4
        assert h - 1 / (2 * mpmath.pi) < x < h and 0.9 < c < 1.7


def test_at_most_two_tangencies_in_the_first_half_of_a_zone():
    """A dense scan for sign changes, over many chains."""
    for fast in (1.02, 1.2, 2.0, 10.0, 300.0):
        function = sp.lambdify(notation.x, tangency_function().subs(omega_fast, sp.Float(fast)), "numpy")
        for zone in (0, 1, 2, 7):
            first = np.sign(function(zone + np.linspace(0.0, 0.5, 20001)))
            assert np.count_nonzero(np.diff(first)) in (0, 2)
            assert np.all(function(zone + np.linspace(0.5, 1.0, 20001)) < 0.0)


def test_hankel_remainders_lie_within_their_bounds():
    """exp(-z) I_n(z) to 40 digits against the series and the bounds that the statement states."""
    with mpmath.workdps(40):
        for z in (0.3, 1, 3, 10, 30, 100):
            scale = mpmath.sqrt(2 * mpmath.pi * z) * mpmath.exp(-z)
            rest = {
                0: scale * mpmath.besseli(0, z) - (1 + 1 / mpmath.mpf(8 * z) + 9 / mpmath.mpf(128 * z**2)),
                1: scale * mpmath.besseli(1, z) - (1 - 3 / mpmath.mpf(8 * z) - 15 / mpmath.mpf(128 * z**2)),
            }
            lowest = -mpmath.exp(-2 * z) * (1 + 1 / mpmath.mpf(z)) ** 2 / mpmath.sqrt(z)
            highest = 15 * mpmath.pi**7 / (8192 * mpmath.mpf(z) ** 3)
            assert lowest <= rest[0] <= highest and lowest <= -rest[1] / 2 <= highest


def test_loss_is_largest_at_the_only_stationary_speed():
    """A dense scan of Eq. 7 by quadrature: one change of sign of its slope, at the stated speed."""
    speeds = np.linspace(2.0, 400.0, 4000)
    theta = (np.arange(400) + 0.5) * np.pi / 800
    squared = 1.0 + 99.0 * np.sin(theta) ** 2
    z = (8.0 * np.pi / speeds[:, None]) ** 2
    loss = np.mean(squared * np.exp(-z * squared), axis=1) / speeds**4
    rising = np.diff(loss) > 0.0
    assert np.count_nonzero(np.diff(rising)) == 1

    def slope(v):
        exponent = (8.0 * np.pi / v) ** 2 * squared
        return np.mean(squared * (2.0 * exponent - 4.0) * np.exp(-exponent))

    assert brentq(slope, 20.0, 26.0) == pytest.approx(22.92, abs=0.005)


def test_bounds_that_do_not_hold_or_are_not_sharp_are_rejected():
    a, b = sp.symbols("a b")
    box = {a: (0, 2), b: (a, 3)}
    peak = sp.sin(a) + sp.cos(b - a)  # below 2, and 1.99 is reached
    run = lambda bound: Below(box).run(peak, sp.Rational(bound), random.Random(0)).evidence  # noqa: E731
    assert run("2.01") == "enclosed"
    assert run("1.9") == "failed"
    assert run("2.6") == "failed"
    positive = sp.Symbol("c", nonnegative=True)
    assert NonNegative().run((1 - positive) ** 2, sp.Integer(0), random.Random(0)).evidence == "failed"
    assert NonNegative().run(a**2, sp.Integer(0), random.Random(0)).evidence == "failed"
