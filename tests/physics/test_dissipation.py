"""The losses: closed form, quadrature and 50 digits agree; limits; orbit; finite passes; what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp

import chaintheory as ct
from chaintheory.dissipation.single_pass import energy_emitted
from chaintheory.dissipation.steady_state import mean_dissipation_slope
from derivations.closed_forms import matern
from derivations.notation import amplitude, wavenumber, width
from derivations.potentials import INTERACTIONS

PAPER = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)
NAMED = {
    "gaussian": ct.Gaussian,
    "exponential": ct.Exponential,
    "matern32": lambda a, w: ct.Matern(a, w, order=1),
    "matern52": lambda a, w: ct.Matern(a, w, order=2),
    "lorentzian": ct.Lorentzian,
    "sech2": ct.Sech2,
    "softened_coulomb": ct.SoftenedCoulomb,
    "square_well": ct.SquareWell,
}
SHAPES = {**INTERACTIONS, "matern32": matern(1), "matern52": matern(2)}


def in_50_digits(system: ct.System, speed: float, transform) -> mpmath.mpf:
    """Eq. 6 with a transform in mpmath, by the trapezoidal rule, doubled until 25 digits agree."""
    with mpmath.workdps(50):
        v, top = mpmath.mpf(speed), mpmath.mpf(system.chain.omega_fast)

        def term(angle):
            squared = 1 + (top**2 - 1) * mpmath.sin(angle) ** 2
            return squared * transform(2 * mpmath.pi * mpmath.sqrt(squared) / v) ** 2

        count = 16
        total = (term(0) + term(mpmath.pi / 2)) / 2
        total += mpmath.fsum(term(mpmath.pi * j / (2 * count)) for j in range(1, count))
        before = mpmath.mpf(0)
        while abs(total / count - before) > abs(before) * mpmath.mpf(10) ** -25:
            before = total / count
            total += mpmath.fsum(term(mpmath.pi * (2 * j + 1) / (4 * count)) for j in range(count))
            count *= 2
        return 8 * mpmath.pi**4 / v**4 * total / count


def ledger_transform(name: str, interaction):
    """The transform that the ledger derives, in mpmath."""
    formula = SHAPES[name].transform(wavenumber)
    formula = formula.subs({amplitude: sp.Rational(interaction.amplitude), width: sp.Rational(interaction.width)})
    return sp.lambdify(wavenumber, formula, "mpmath")


@pytest.mark.parametrize("interaction_width", [4.0, 0.01])
@pytest.mark.parametrize("omega_fast", [1.05, 10.0, 50.0])
def test_gaussian_three_roads_from_0_05_to_1e6(interaction_width, omega_fast):
    # 1e-13: the exponent, up to 690, is carried to twice double precision; what remains are the Bessel functions
    # and some twenty roundings, 5e-15.
    system = ct.System(ct.Chain(omega_fast, 40.0), ct.Gaussian(2.0, interaction_width))
    transform = ledger_transform("gaussian", system.interaction)
    speeds = np.concatenate([np.geomspace(0.05, 1e6, 9), [0.951, 1.01, 3.3, 7.7]])
    worst = 0.0
    for speed in speeds:
        logarithm = float(system.single_pass_dissipation(speed, log=True))
        if logarithm < math.log(1e-300):
            continue
        exact = in_50_digits(system, speed, transform)
        for method in ("closed", "quadrature"):
            value = mpmath.mpf(float(system.single_pass_dissipation(speed, method=method)))
            worst = max(worst, abs(float(value / exact - 1)))
        assert logarithm == pytest.approx(float(mpmath.log(exact)), rel=1e-14, abs=1e-13)
    assert worst < 1e-13


def test_the_exponent_is_not_rounded():
    # Losses of 1e-190 to 1e-300, with an exponent of up to 690 whose own rounding would cost 1e-13 (seen when the
    # correction is left out); what remains is a few units.
    speeds = np.random.default_rng(0).uniform(0.96, 1.2, 20)
    transform = ledger_transform("gaussian", PAPER.interaction)
    for speed in speeds:
        exact = in_50_digits(PAPER, speed, transform)
        for method in ("closed", "quadrature"):
            value = mpmath.mpf(float(PAPER.single_pass_dissipation(speed, method=method)))
            assert abs(float(value / exact - 1)) < 4e-15


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_interaction_against_the_ledger_in_50_digits(name):
    interaction = NAMED[name](-1.5, 2.0)
    system = ct.System(ct.Chain(6.0, 30.0), interaction)
    transform = ledger_transform(name, interaction)
    methods = ["quadrature", "closed"] if interaction.closed else ["quadrature"]
    for speed in (0.9, 6.0, 31.0, 1e3, 1e6):
        if name in ("square_well", "softened_coulomb") and not 6.0 <= speed <= 100.0:
            continue  # hundreds of oscillations, or of Bessel functions, in 50 digits take minutes
        exact = in_50_digits(system, speed, transform)
        for method in methods:
            value = float(system.single_pass_dissipation(speed, method=method))
            # A square well's sine has an argument of 24, rounded: 24 eps, twice.
            assert value == pytest.approx(float(exact), rel=1e-13, abs=0)


def test_quadrature_near_the_bottom_of_the_band():
    # At low speed only the phonons next to the bottom are heard. Against the closed form, beside whose exponent, up
    # to 6e14, a unit in the last place is all that either can keep.
    for speed in (1e-1, 1e-3, 1e-6):
        for omega_fast in (1.5, 10.0, 1e4):
            system = ct.System(ct.Chain(omega_fast, 40.0), ct.Gaussian(2.0, 4.0))
            closed, quadrature = (
                float(system.single_pass_dissipation(speed, method=m, log=True)) + (8.0 * math.pi / speed) ** 2
                for m in ("closed", "quadrature")
            )
            assert quadrature == pytest.approx(closed, rel=1e-13, abs=1e-15 * (8.0 * math.pi / speed) ** 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("speed", [5e-324, 1e-308, 1e-200, 1e-3])
def test_the_narrow_gaussian_of_a_mixture_decides_at_low_speed(speed):
    # The wide one is smaller by exp(-(2 pi 8/v)^2); below 3.5e-308 the wave number 2 pi/v is no double.
    mixture = replace(PAPER, interaction=ct.GaussianMixture([-3.8, -3.5], [0.024, 8.0]))
    narrow = replace(PAPER, interaction=ct.Gaussian(-3.8, 0.024))
    expected = narrow.single_pass_dissipation(speed, log=True)
    assert mixture.single_pass_dissipation(speed, log=True) == pytest.approx(expected, rel=1e-14)
    assert mixture.single_pass_dissipation(speed, method="quadrature") == 0.0


def test_mixture_of_one_is_a_gaussian_and_of_two_adds_amplitudes():
    speed = np.geomspace(1.0, 1e4, 30)
    alone = PAPER.single_pass_dissipation(speed)
    for mixture in (ct.GaussianMixture([2.0], [4.0]), ct.GaussianMixture([3.0, -1.0], [4.0, 4.0])):
        system = replace(PAPER, interaction=mixture)
        for method in ("closed", "quadrature"):
            assert np.allclose(system.single_pass_dissipation(speed, method=method), alone, rtol=1e-13, atol=0)
    two = replace(PAPER, interaction=ct.GaussianMixture([2.0, -1.0], [4.0, 2.5]))
    closed, quadrature = (two.single_pass_dissipation(speed, method=m) for m in ("closed", "quadrature"))
    # What cancels between the three terms costs a factor of a few.
    assert np.allclose(closed, quadrature, rtol=1e-12, atol=0)
    logs = two.single_pass_dissipation(speed, method="closed", log=True)
    assert np.allclose(logs, np.log(quadrature), rtol=1e-13, atol=1e-12)


def test_a_wrong_formula_is_seen():
    # The exponent of the published scripts instead of the printed one: half of it.
    wrong = replace(PAPER, interaction=ct.Gaussian(2.0, 4.0 / math.sqrt(2.0)))
    exact = in_50_digits(PAPER, 30.0, ledger_transform("gaussian", PAPER.interaction))
    assert abs(float(wrong.single_pass_dissipation(30.0)) / float(exact) - 1) > 0.1


def test_limits():
    # Eq. 8, and its next order 1 - z (mean of omega^4)/(mean of omega^2) with z = (2 pi width/v)^2.
    fast = 1e5
    eq8 = 8 * math.pi**5 * 4.0 * 16.0 * 101.0 / fast**4
    z = (2 * math.pi * 4.0 / fast) ** 2
    middle, half = 50.5, 49.5
    assert PAPER.single_pass_dissipation(fast) == pytest.approx(
        eq8 * (1 - z * (middle**2 + half**2 / 2) / middle), rel=1e-10, abs=0
    )
    # The cusp radiates at rest.
    cusp = replace(PAPER, interaction=ct.Exponential(2.0, 4.0))
    assert cusp.single_pass_dissipation(0.0) == 2 * 2.0**2 / (4.0**2 * 10.0)
    assert cusp.single_pass_dissipation(1e-4) == pytest.approx(cusp.single_pass_dissipation(0.0), rel=1e-9, abs=0)


def test_mean_dissipation_meets_the_simulated_table():
    # Particle held at constant speed in a simulated chain; the last digit given is uncertain.
    simulated = {21.0: 0.04582, 30.0: 0.015037, 50.0: 0.0148694, 90.0: 0.007329}
    for speed, loss in simulated.items():
        assert PAPER.mean_dissipation(speed) == pytest.approx(loss, rel=6e-4, abs=0)


def mean_in_50_digits(system: ct.System, speed: float, lowest_only: bool = False) -> mpmath.mpf:
    """Eq. 10 for the Gaussian, its roots found by bisection on a grid; of a slow particle those below 1.3 only."""
    with mpmath.workdps(50):
        v, spacing, top = (
            mpmath.mpf(speed),
            mpmath.mpf(system.chain.spacing),
            mpmath.mpf(system.chain.omega_fast),
        )
        a, w = mpmath.mpf(system.interaction.amplitude), mpmath.mpf(system.interaction.width)
        spread = top**2 - 1

        def band(x):
            return mpmath.sqrt(1 + spread * mpmath.sin(mpmath.pi * x) ** 2)

        def group(x):
            return mpmath.pi * spread * mpmath.sin(mpmath.pi * x) * mpmath.cos(mpmath.pi * x) / band(x)

        # Signs of omega(x) - x v/spacing on a grid fine enough for these speeds, which are far from a resonance.
        last = int((1.3 if lowest_only else top) * spacing / v) + 2
        grid = [mpmath.mpf(1) / 10**6] + [mpmath.mpf(j) / 64 for j in range(1, 64 * last)]
        signs = [band(x) > x * v / spacing for x in grid]
        total = mpmath.mpf(0)
        for left, right, before, after in zip(grid, grid[1:], signs, signs[1:], strict=False):
            if before != after and not (lowest_only and right * v / spacing > 1.3):
                x = mpmath.findroot(lambda x: band(x) - x * v / spacing, (left, right), solver="anderson", tol=1e-80)
                omega = band(x)
                taken = omega**2 * mpmath.exp(-((2 * mpmath.pi * w * omega / v) ** 2))
                total += taken / abs(spacing * group(x) / v - 1)
        return 16 * mpmath.pi**5 * a**2 * w**2 / v**4 * total


@pytest.mark.parametrize("speed", [21.0, 30.0, 50.0, 90.0, 300.0, 1e4])
def test_mean_dissipation_in_50_digits(speed):
    exact = mean_in_50_digits(PAPER, speed)
    # 1e-13: 25 terms with an exponent of up to 40 and a denominator of at least 0.05.
    assert float(PAPER.mean_dissipation(speed)) == pytest.approx(float(exact), rel=1e-13, abs=0)


@pytest.mark.parametrize("speed", [0.97, 1.1, 1.4, 2.1, 3.1])
def test_error_of_the_mean_dissipation_grows_with_its_exponent(speed):
    # Losses of 1e-290 to 1e-33. The frequency at a root has an error of about a unit in the last place, which the
    # exponent E multiplies by 2 E: 4e-16 E is what the docstring says.
    with mpmath.workdps(30):
        exact = mean_in_50_digits(PAPER, speed, lowest_only=True)
        deviation = abs(float(mpmath.mpf(float(PAPER.mean_dissipation(speed))) / exact - 1))
    assert deviation < 1e-14 + 4e-16 * (8.0 * math.pi / speed) ** 2


def test_terms_sum_to_the_mean():
    for speed in (7.0, 30.0, 90.0, 1e3, -50.0):
        terms = PAPER.mean_dissipation_terms(speed)
        assert terms.energy.sum() == pytest.approx(PAPER.mean_dissipation(speed), rel=1e-14, abs=0)
        assert terms.root.size % 2 == 1
        assert np.all(np.diff(terms.root) > 0)
        assert np.allclose(terms.frequency, terms.root * abs(speed) / 40.0, rtol=1e-14)
        assert terms.frequency.min() >= 1.0 and terms.frequency.max() <= 10.0
        assert np.abs(terms.group_speed).max() <= PAPER.chain.sound_speed
        # Waves that overtake the particle and those that fall behind alternate.
        ahead = terms.group_speed > abs(speed)
        assert np.all(ahead[1::2]) and not np.any(ahead[::2])


def test_a_wave_at_the_edge_of_the_band_stands():
    """At the speed of one spacing per slow period the first root is 1, where every mass does the same."""
    terms = PAPER.mean_dissipation_terms(40.0)
    assert (terms.root[0], terms.frequency[0], terms.group_speed[0]) == (1.0, 1.0, 0.0)
    assert terms.forward.tolist()[:2] == [False, True]


def test_finite_passes_join_the_two():
    speed = np.array([30.0, 50.0])
    assert np.allclose(PAPER.finite_pass_dissipation(speed, 1), PAPER.single_pass_dissipation(speed), rtol=1e-13)
    steady = PAPER.mean_dissipation(speed)
    for passes in (100, 1000):
        assert np.all(np.abs(PAPER.finite_pass_dissipation(speed, passes) / steady - 1) < 10.0 / passes)
    # The energies of all passes together, from the sum over pairs of passes of their interference.
    count = 5
    x = (np.arange(20000) + 0.5) / 20000
    omega = np.sqrt(1 + 99 * np.sin(np.pi * x) ** 2)
    waves = sum(np.exp(2j * np.pi * m * (40.0 * omega / 50.0 - x)) for m in range(count))
    direct = np.mean(energy_emitted(PAPER, omega, np.float64(50.0)) * np.abs(waves) ** 2) / count
    assert PAPER.finite_pass_dissipation(50.0, count) == pytest.approx(direct, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("chain", "interaction", "speed"),
    [
        (ct.Chain(1000.0, 1.0), ct.Gaussian(2.0, 4.0), 25.0),
        (ct.Chain(10.0, 1.0), ct.Gaussian(2.0, 4.0), 1.0),
        (ct.Chain(1000.0, 0.5), ct.Gaussian(2.0, 50.0), 157.0),
        (ct.Chain(10.0, 40.0), ct.SquareWell(2.0, 400.0), 50.0),
        (ct.Chain(1000.0, 1.0), ct.Exponential(2.0, 10.0), 300.0),
        (ct.Chain(1.001, 40.0), ct.Gaussian(2.0, 0.4), 30.0),
        (ct.Chain(10.0, 1.0), ct.Sech2(2.0, 20.0), 500.0),
        (ct.Chain(100.0, 40.0), ct.Lorentzian(2.0, 0.4), 0.2),
    ],
)
def test_one_pass_of_wide_bands_and_dense_lattices(chain, interaction, speed):
    system = ct.System(chain, interaction)
    one = float(system.finite_pass_dissipation(speed, 1))
    assert one == pytest.approx(float(system.single_pass_dissipation(speed)), rel=1e-12, abs=0)


@pytest.mark.parametrize("passes", [2, 7])
def test_few_passes_against_the_interference_of_each_pair(passes):
    """Low speed in a wide band: the sum over pairs of passes, each integrated by Gauss's rule on short panels."""
    system = ct.System(ct.Chain(30.0, 5.0), ct.Gaussian(2.0, 1.5))
    speed = 4.0
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.concatenate([[-0.5, -0.3], np.linspace(-0.1, 0.1, 161), [0.3, 0.5]])
    half, middle = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    x, weight = (middle + half * nodes).ravel(), (half * weights).ravel()
    omega = np.sqrt(1.0 + 899.0 * np.sin(np.pi * x) ** 2)
    taken = weight * energy_emitted(system, omega, speed)

    def correlation(m):
        return float(taken @ np.cos(2.0 * np.pi * m * (5.0 * omega / speed - x)))

    pairs = correlation(0) + 2.0 * sum((1.0 - m / passes) * correlation(m) for m in range(1, passes))
    # The pairs cancel a digit or two.
    assert float(system.finite_pass_dissipation(speed, passes)) == pytest.approx(pairs, rel=1e-12, abs=0)


@pytest.mark.parametrize("speed", [5e-324, 1e-310])
def test_an_infinite_wave_number_is_refused_as_a_large_one(speed):
    system = ct.System(PAPER.chain, ct.Matern(2.0, 4.0, 10))
    assert system.single_pass_dissipation(speed, method="quadrature") == 0.0
    with pytest.raises(ValueError, match="speed must be large enough for the transform to be resolved"):
        system.single_pass_dissipation(speed, method="quadrature", log=True)


def test_passes_that_cost_too_much_are_refused_with_the_cost():
    wide = ct.System(ct.Chain(1000.0, 40.0), ct.Gaussian(2.0, 0.1))
    with pytest.raises(
        ValueError, match=r"passes must be fewer at speed 1, .* the mean over 1000 passes needs more than"
    ):
        wide.finite_pass_dissipation(1.0, 1000)


@pytest.mark.parametrize(
    "chain", [ct.Chain(1.01, 44.0), ct.Chain.from_springs(0.0, [1.0], 3.0), ct.Chain.from_springs(1.0, [], 3.0)]
)
@pytest.mark.parametrize("interaction", [ct.Gaussian(1.0, 2.0), ct.Matern(1.0, 4.0, 2), ct.SquareWell(0.0, 5.6)])
def test_the_mean_over_passes_at_speeds_beyond_doubles(chain, interaction):
    """1/v overflows: the limit of vanishing speed, 0, or a refusal; with warnings as errors no other is left."""
    system = ct.System(chain, interaction)
    for speed in (5e-324, 1e-310, 1e-150):
        try:
            assert system.finite_pass_dissipation(speed, 7) == 0.0
        except ValueError as error:
            assert "phase of 7 passes" in str(error)
        try:
            assert system.validity(speed).value == 0.0
        except ValueError as error:
            assert "speed must be" in str(error)


@pytest.mark.parametrize("make", [
    lambda a: ct.Gaussian(a, 4.0), lambda a: ct.GaussianMixture([a, -0.5 * a], [4.0, 2.0]), lambda a: ct.Sech2(a, 4.0),
    lambda a: ct.Lorentzian(a, 4.0), lambda a: ct.Exponential(a, 4.0), lambda a: ct.SoftenedCoulomb(a, 4.0),
])  # fmt: skip
def test_the_faintest_interactions(make):
    """The loss goes like the square of the amplitude; below 1e-100 its logarithm was -inf."""
    faint, ordinary = (ct.System(PAPER.chain, make(a)) for a in (1e-99, 1.0))
    for speed in (3.0, 30.0):
        log = float(ordinary.single_pass_dissipation(speed, log=True)) - 198.0 * math.log(10.0)
        assert float(faint.single_pass_dissipation(speed, log=True)) == pytest.approx(log, rel=1e-14)
    with pytest.raises(ValueError, match="must be 0 or at least 1e-100 in magnitude, got"):
        make(1e-101)


def test_logarithms_at_any_speed():
    with mpmath.workdps(50):

        def matern(order, speed):  # the band mean of the transform's square, by quadrature
            nu2, w, v = 2 * order + 1, mpmath.mpf(4), mpmath.mpf(speed)
            total = mpmath.mpf(2) / mpmath.sqrt(nu2)
            total *= mpmath.factorial(order) ** 2 * mpmath.mpf(2) ** (2 * order) / mpmath.factorial(2 * order)

            def term(t):
                squared = 1 + 99 * mpmath.sin(t) ** 2
                return squared * (v**2 + squared * (2 * mpmath.pi * w) ** 2 / nu2) ** -(2 * order + 2)

            # Periodic and analytic: 2,000 points give 40 digits.
            mean = mpmath.fsum(term(mpmath.pi * (j + mpmath.mpf(1) / 2) / 4000) for j in range(2000)) / 2000
            return mpmath.log(8 * mpmath.pi**4 * (2 * w * total) ** 2 * mean) + 4 * order * mpmath.log(v)

        for order, speed in (
            (3, 1e-22), (20, 5e-4), (3, 1e-60), (1, 1e-300), (10, 3e-318), (1, 5e-324), (0, 5e-324), (0, 1e-280)
        ):  # fmt: skip
            system = ct.System(PAPER.chain, ct.Matern(2.0, 4.0, order) if order else ct.Exponential(2.0, 4.0))
            exact = matern(order, speed)
            assert float(system.single_pass_dissipation(speed, log=True)) == pytest.approx(float(exact), rel=1e-14)
            if exact > -700:
                assert float(system.single_pass_dissipation(speed)) == pytest.approx(
                    float(mpmath.exp(exact)), rel=1e-13
                )
        fast = mpmath.log(8 * mpmath.pi**4 * 2 * mpmath.pi * 64 * mpmath.mpf(101) / 2) - 4 * mpmath.log(
            mpmath.mpf(10) ** 100
        )
    assert float(PAPER.single_pass_dissipation(1e100, log=True)) == pytest.approx(float(fast), rel=1e-15)
    for exponent in (100, 150):  # in two doubles, and in one where the second would overflow
        logarithm = float(PAPER.single_pass_dissipation(10.0**-exponent, log=True))
        assert logarithm == pytest.approx(-((8.0 * math.pi * 10.0**exponent) ** 2), rel=1e-14, abs=0)


@pytest.mark.parametrize("excess", [1e-3, 1e-6, 1e-9])
def test_a_mixture_that_cancels_is_right(excess):
    mixture = ct.GaussianMixture([1.0, -1.0], [4.0, 4.0 * (1.0 + excess)])
    system = replace(PAPER, interaction=mixture)
    with mpmath.workdps(60):
        w1, w2 = (mpmath.mpf(w) for w in mixture.widths)
        root = mpmath.sqrt(2 * mpmath.pi)

        def transform(k):
            return root * (w1 * mpmath.exp(-((k * w1) ** 2) / 2) - w2 * mpmath.exp(-((k * w2) ** 2) / 2))

    for speed in (1.5, 30.0, 1e3):
        exact = in_50_digits(system, speed, transform)
        # The difference of the widths is a difference of two doubles, exact; 1e-13 as elsewhere.
        assert float(system.single_pass_dissipation(speed)) == pytest.approx(float(exact), rel=2e-13, abs=0)
        logarithm = float(system.single_pass_dissipation(speed, log=True))
        assert logarithm == pytest.approx(float(mpmath.log(exact)), rel=1e-14, abs=1e-12)


def test_a_mixture_that_cancels_beyond_doubles_is_refused():
    second_difference = ct.GaussianMixture([1.0, -2.0, 1.0], [4.0, 4.0 * (1.0 + 1e-7), 4.0 * (1.0 + 2e-7)])
    with pytest.raises(ValueError, match="amplitudes must not cancel to less than 1e-06"):
        replace(PAPER, interaction=second_difference).single_pass_dissipation(30.0)


def static_lattice_by_integration(system: ct.System, mean_speed: float) -> float:
    """The static-lattice mean with nothing shared: an integrated motion, and the pulse's transform by a sum over time.

    Good while the sum does not cancel.
    """
    from scipy.integrate import solve_ivp
    from scipy.optimize import brentq

    chain, alpha = system.chain, system.chain.spacing
    masses = np.arange(-3, 4) * alpha

    def force(u):
        near = u - alpha * np.rint(u / alpha)
        return -float(np.sum(system.interaction.slope(near - masses)))

    def motion(_, state):
        return [state[1], 4.0 * math.pi**2 / system.mass * force(state[0])]

    def crossing(_, state):
        return state[0] - 0.5 * alpha

    crossing.terminal = True
    options = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-13}

    def transit(at_mass):
        return 2.0 * solve_ivp(motion, (0.0, 1e3), [0.0, at_mass], events=crossing, **options).t_events[0][0]

    top = math.sqrt(8.0 * math.pi**2 * max(-float(system.interaction.potential(0.0)), 0.0) / system.mass)
    at_mass = brentq(
        lambda v: alpha / transit(v) - mean_speed, top + 1e-6, top + 2.0 * mean_speed, xtol=1e-13, rtol=1e-14
    )
    period = transit(at_mass)
    # The force of one mass along the motion through all others; beyond the next two masses it is below 1e-20.
    end = 2.5 * period
    time = np.linspace(0.0, end, 2**15 + 1)
    run = solve_ivp(motion, (0.0, end), [0.0, at_mass], t_eval=time, **options)
    pulse = system.interaction.slope(run.y[0])

    total = 0.0
    for omega, steep in excited_by_sign_changes(chain, mean_speed):
        # The pulse is odd in time.
        transform = 2.0 * (time[1] - time[0]) * float(np.sum(pulse * np.sin(2.0 * math.pi * omega * time)))
        total += 2.0 * math.pi**2 * transform**2 / steep
    return total


def static_lattice_by_series(system: ct.System, mean_speed: float) -> float:
    """The static-lattice mean by trapezoidal sums on the real axis and the Fourier series of the slowness 1/v.

    Both converge geometrically for an analytic interaction. Good while the sum does not cancel.
    """
    from scipy.optimize import brentq

    interaction, alpha = system.interaction, system.chain.spacing
    count = 256
    cell = np.arange(count) * alpha / count
    reach = math.ceil(24.0 * interaction.width / alpha) + 1
    masses = np.arange(-reach, reach + 2) * alpha
    energy = 8.0 * math.pi**2 / system.mass * interaction.potential(cell[:, None] - masses).sum(axis=1)
    energy -= energy.max()  # of the slowest place

    def mean(log_slowest):
        return 1.0 / np.mean(1.0 / np.sqrt(math.exp(log_slowest) - energy))

    high = 2.0 * math.log(mean_speed)
    slowest = brentq(lambda e: mean(e) - mean_speed, high - 5.0, high + 1e-9, xtol=1e-15, rtol=1e-15)
    slowness = 1.0 / np.sqrt(math.exp(slowest) - energy)
    series = 2.0 * np.fft.rfft(slowness).real[1 : count // 2] / count
    wave = 2.0 * math.pi / alpha * np.arange(1, count // 2)
    time_in_cell = np.sin(np.outer(cell, wave)) @ (series / wave)
    u = np.arange(reach * count) * alpha / count
    time = u / mean_speed + np.tile(time_in_cell, reach)
    force = interaction.slope(u) * np.tile(slowness, reach) * 2.0 * alpha / count
    total = 0.0
    for omega, steep in excited_by_sign_changes(system.chain, mean_speed):
        transform = float(force @ np.sin(2.0 * math.pi * omega * time))
        total += 2.0 * math.pi**2 * transform**2 / steep
    return total


def excited_by_sign_changes(chain: ct.Chain, speed: float) -> list[tuple[float, float]]:
    """Frequency and Jacobian of each root of the resonance condition, from sign changes on a dense grid."""
    from scipy.optimize import brentq

    alpha = chain.spacing

    def band(x):
        return np.sqrt(1.0 + (chain.omega_fast**2 - 1.0) * np.sin(math.pi * x) ** 2)

    def mismatch(x):
        return band(x) - x * speed / alpha

    grid = np.linspace(1e-9, chain.omega_fast * alpha / speed + 1.0, 400001)
    signs = np.sign(mismatch(grid))
    found = []
    for index in np.flatnonzero(signs[1:] != signs[:-1]):
        x = brentq(mismatch, grid[index], grid[index + 1], xtol=1e-15, rtol=1e-15)
        omega = float(band(x))
        group = (chain.omega_fast**2 - 1.0) * math.pi * math.sin(math.pi * x) * math.cos(math.pi * x) / omega
        found.append((omega, abs(alpha * group / speed - 1.0)))
    return found


@pytest.mark.parametrize(("amplitude", "speed"), [(-20.0, 3.0), (-20.0, 6.0), (-2.0, 5.0), (2.0, 16.0), (-2.0, 30.0)])
def test_static_lattice_mean_against_an_integrated_motion(amplitude, speed):
    system = ct.System(PAPER.chain, ct.Gaussian(amplitude, 4.0))
    loss = float(system.mean_dissipation(speed, approximation="static-lattice"))
    # 1e-8 is what the docstring says. The integrator's speed is good to 1e-12, and a loss changes 100 times as much.
    assert loss == pytest.approx(static_lattice_by_integration(system, speed), rel=1e-8, abs=0)


@pytest.mark.parametrize(
    ("omega_fast", "spacing", "interaction", "mass", "speed"),
    [
        (10.0, 10.0, ct.Gaussian(2.0, 10.0), 1.0, 400.0 / 3.0),
        (10.0, 4.0, ct.Gaussian(3.0, 3.0), 1.0, 24.0),
        (10.0, 4.0, ct.Gaussian(-3.0, 3.0), 1.0, 24.0),
        (
            18.26312542152976,
            1.8303144559660633,
            ct.Gaussian(3.356925963343006, 1.0924825125947852),
            6.72714464875665,
            22.0,
        ),
        (10.0, 4.0, ct.Gaussian(3.0, 3.2), 1.0, 53.6),
        (10.0, 10.0, ct.Gaussian(3.0, 3.0), 1.0, 70.0),
        (3.0, 4.0, ct.GaussianMixture([3.0, -1.0], [2.0, 4.0]), 1.0, 30.0),
        (10.0, 4.0, ct.Sech2(3.0, 1.2), 1.0, 24.0),
        (10.0, 4.0, ct.Sech2(-3.0, 2.0), 1.0, 60.0),
    ],
)
def test_static_lattice_mean_beside_a_branch_point(omega_fast, spacing, interaction, mass, speed):
    """The path that cancels least runs close below a branch point of the speed, of widths 0.3 to 1 spacing."""
    system = ct.System(ct.Chain(omega_fast, spacing), interaction, mass=mass)
    loss = float(system.mean_dissipation(speed, approximation="static-lattice"))
    # What the series loses by cancellation; 1e-8 is what the docstring says.
    assert loss == pytest.approx(static_lattice_by_series(system, speed), rel=1e-10, abs=0)


@pytest.mark.parametrize(
    ("omega_fast", "spacing", "interaction", "speed"),
    [
        (10.0, 10.0, ct.Gaussian(2.0, 10.0), 400.0 / 3.0),
        (1.1, 10.0, ct.Gaussian(2.0, 15.0), 14.74),
        (10.0, 10.0, ct.Gaussian(2.0, 30.0), 134.0),
        (3.0, 10.0, ct.Sech2(2.0, 30.0), 40.2),
        (3.0, 10.0, ct.Sech2(2.0, 100.0), 40.2),
    ],
)
def test_static_lattice_mean_without_a_barrier_is_eq10(omega_fast, spacing, interaction, speed):
    system = ct.System(ct.Chain(omega_fast, spacing), interaction)
    assert system.capture_speed < 1e-4 * speed  # so that the speed changes by less than 1e-8
    loss = float(system.mean_dissipation(speed, approximation="static-lattice"))
    assert loss == pytest.approx(float(system.mean_dissipation(speed)), rel=1e-8, abs=0)


def nodes_between(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights between edges, and for each node those of the rule from its edge up to it."""
    x, weight = np.polynomial.legendre.leggauss(16)
    x, weight = 0.5 * (x + 1.0), 0.5 * weight
    start, length = edges[:-1, None], np.diff(edges)[:, None]
    u = start + length * x
    return u, length * weight, start[..., None] + (u - start)[..., None] * x


def time_between(edges: np.ndarray, u: np.ndarray, weight: np.ndarray, slow: np.ndarray, slow_before: np.ndarray):
    """Time from the first edge to each node, from the slowness at both sets of nodes."""
    within = (u - edges[:-1, None]) * (slow_before @ np.polynomial.legendre.leggauss(16)[1]) * 0.5
    whole = (weight * slow).sum(axis=1)
    return np.concatenate([[0.0], np.cumsum(whole)[:-1]])[:, None] + within


def static_lattice_between_kinks(system: ct.System, mean_speed: float, kinks=()) -> float:
    """The static-lattice mean by Gauss-Legendre rules between the kinks of one cell, at all masses' distances.

    The time up to a node is a rule of its own. Good while the sum does not cancel.
    """
    from scipy.optimize import brentq

    interaction, alpha = system.interaction, system.chain.spacing
    reach = math.ceil(interaction.reach(1e-14) / alpha) + 1
    masses = np.arange(-reach, reach + 2) * alpha
    kinks = np.asarray(kinks, dtype=float)
    towards = 0.5 * alpha * 0.5 ** np.arange(1, 10)
    edges = [np.linspace(0.0, alpha, 17), kinks % alpha, -kinks % alpha, towards, alpha - towards]
    edges = np.unique(np.concatenate([*edges, 0.5 * alpha - towards, 0.5 * alpha + towards]).round(12))
    u, weight, before = nodes_between(edges)

    def energy(u):
        return 8.0 * math.pi**2 / system.mass * sum(interaction.potential(u - place) for place in masses)

    at, at_before = energy(u), energy(before)
    top = max(at.max(), energy(0.0), energy(0.5 * alpha))

    def slowness(log_slowest, at):
        return 1.0 / np.sqrt(math.exp(log_slowest) + top - at)

    high = 2.0 * math.log(mean_speed)
    slowest = brentq(
        lambda e: alpha / np.sum(weight * slowness(e, at)) - mean_speed, high - 8.0, high + 1e-9, xtol=1e-15, rtol=1e-15
    )
    slow = slowness(slowest, at)
    time_in_cell = time_between(edges, u, weight, slow, slowness(slowest, at_before)).ravel()
    cell = np.arange(reach)[:, None]
    force = 2.0 * interaction.slope(u.ravel() + alpha * cell) * (weight * slow).ravel()
    time = time_in_cell + alpha / mean_speed * cell
    return sum(
        2.0 * math.pi**2 * float(np.sum(force * np.sin(2.0 * math.pi * omega * time))) ** 2 / steep
        for omega, steep in excited_by_sign_changes(system.chain, mean_speed)
    )


def table(function, end: float, count: int) -> ct.Interaction:
    r = np.linspace(0.0, end, count)
    return ct.Interaction.from_samples(r, function(r))


# Interactions that are not analytic, of an amplitude and a width, and their kinks apart from the mass, in widths.
NOT_ANALYTIC = {
    "exponential": (ct.Exponential, ()),
    "matern": (lambda a, w: ct.Matern(a, w, order=2), ()),
    "table": (lambda a, w: table(lambda r: a * np.exp(-0.5 * (r / w) ** 2), 4.1 * w, 21), np.linspace(0.0, 4.1, 21)),
    "cut off": (lambda a, w: ct.Interaction.from_expression(f"{a}*exp(-r**2/{2 * w * w})", cutoff=2.37 * w), (2.37,)),
    "ring": (lambda a, w: ct.Interaction.from_expression(f"{a}*exp(-2*abs(abs(r)-{w})/{w})"), (1.0,)),
}
# Three hundred knots, and a cusp that the spline cannot follow.
FINE_TABLE = (lambda a, w: table(lambda r: a * np.exp(-r / w), 12.0 * w, 301), np.linspace(0.0, 12.0, 301))


@pytest.mark.parametrize("name", NOT_ANALYTIC)
@pytest.mark.parametrize(("width", "sign", "speed"), [(3.0, 1.0, 40.0), (6.0, -1.0, 16.0), (10.0, 1.0, 90.0)])
def test_static_lattice_mean_with_kinks(name, width, sign, speed):
    """The kinks at the other masses, or a table's knots, lie where the rules for the force would not see them."""
    make, kinks = NOT_ANALYTIC[name]
    system = ct.System(ct.Chain(10.0, 10.0), make(2.0 * sign, width))
    loss = float(system.mean_dissipation(speed, approximation="static-lattice"))
    second = static_lattice_between_kinks(system, speed, width * np.asarray(kinks))
    # 1e-8 is what the docstring says.
    assert loss == pytest.approx(second, rel=1e-8, abs=0)


@pytest.mark.parametrize("name", [*NOT_ANALYTIC, "fine table"])
@pytest.mark.parametrize(("sign", "speed"), [(1.0, 18.0), (-1.0, 60.0)])
def test_static_lattice_loss_with_kinks(name, sign, speed):
    """Past one mass; the mean over the band by the midpoint rule, which is spectral in the angle."""
    make, kinks = {**NOT_ANALYTIC, "fine table": FINE_TABLE}[name]
    interaction = make(2.0 * sign, 4.0)
    system = ct.System(PAPER.chain, interaction)
    reach = interaction.reach(1e-15)
    edges = np.concatenate(
        [np.linspace(0.0, min(reach, 40.0), 49), np.linspace(0.0, reach, 385), 4.0 * np.array(kinks)]
    )
    edges = np.unique(edges[edges <= reach].round(12))
    u, weight, before = nodes_between(edges)

    def slowness(u):
        return 1.0 / np.sqrt(speed**2 - 8.0 * math.pi**2 * interaction.potential(u))

    slow = slowness(u)
    time = time_between(edges, u, weight, slow, slowness(before)).ravel()
    force = 2.0 * (weight * slow * interaction.slope(u)).ravel()
    angle = 0.5 * math.pi * (np.arange(128) + 0.5) / 128
    omega = np.sqrt(1.0 + (system.chain.omega_fast**2 - 1.0) * np.sin(angle) ** 2)
    second = 2.0 * math.pi**2 * np.mean([np.sum(force * np.sin(2.0 * math.pi * w * time)) ** 2 for w in omega])
    loss = float(system.single_pass_dissipation(speed, approximation="static-lattice"))
    assert loss == pytest.approx(second, rel=1e-8, abs=0)  # 1e-8 is what the docstring says


@pytest.mark.parametrize("name", NOT_ANALYTIC)
def test_static_lattice_mean_with_kinks_and_no_barrier_is_eq10(name):
    system = ct.System(ct.Chain(10.0, 10.0), NOT_ANALYTIC[name][0](1e-10, 6.0))
    for speed in (24.0, 90.0):
        loss = float(system.mean_dissipation(speed, approximation="static-lattice"))
        assert loss == pytest.approx(float(system.mean_dissipation(speed)), rel=1e-8, abs=0)


def test_static_lattice_mean_at_low_speed_is_never_zero_in_silence():
    """The speed at the masses stays that of the well: what is emitted does not vanish with the mean speed."""
    attracted = ct.System(PAPER.chain, ct.Gaussian(-2.0, 4.0))
    for speed in (0.5, 0.889, 1.5, 2.0, 3.0):
        try:
            assert float(attracted.mean_dissipation(speed, approximation="static-lattice")) > 1e-6
        except ValueError as refused:
            assert "speed is not allowed" in str(refused)


def test_orbit_of_a_weak_interaction_is_eq7():
    weak = replace(PAPER, interaction=ct.Gaussian(1e-7, 4.0))
    for speed in (25.0, 60.0, 300.0):
        orbit = weak.single_pass_dissipation(speed, approximation="static-lattice")
        # First correction of order Phi0/v^2 times the exponent.
        assert orbit == pytest.approx(weak.single_pass_dissipation(speed), rel=1e-6, abs=0)
        assert weak.mean_dissipation(speed, approximation="static-lattice") == pytest.approx(
            weak.mean_dissipation(speed), rel=1e-6, abs=0
        )


@pytest.mark.parametrize("name", sorted(set(NAMED) - {"matern32", "square_well"}))
def test_orbit_of_any_weak_interaction_keeps_its_speed(name):
    # 1e-9 of the amplitude, times an exponent of up to 30; the mean cuts an algebraic tail off at 300 widths. A path
    # shifted so far that its panels do not resolve the singularity next to it is off by 1e-3.
    weak = replace(PAPER, interaction=NAMED[name](1e-9, 4.0))
    for speed in (8.0, 30.0, 300.0):
        for law, allowed in ((weak.single_pass_dissipation, 1e-7), (weak.mean_dissipation, 2e-6)):
            assert law(speed, approximation="static-lattice") == pytest.approx(law(speed), rel=allowed, abs=0)


def test_orbit_knows_the_sign():
    # Simulated: 0.00519 and 0.02220 (design), where Eq. 7 has one value for both.
    repulsive, attractive = (replace(PAPER, interaction=ct.Gaussian(a, 4.0)) for a in (2.0, -2.0))
    assert repulsive.single_pass_dissipation(16.0, approximation="static-lattice") == pytest.approx(0.00506, abs=5e-6)
    assert attractive.single_pass_dissipation(16.0, approximation="static-lattice") == pytest.approx(0.02227, abs=5e-6)
    assert repulsive.single_pass_dissipation(16.0) == attractive.single_pass_dissipation(16.0)


def force_integral(system: ct.System, speed: float, omega: float) -> float:
    """|F|^2 on the real axis by Gauss's rule, time within time: another way, good while F is not tiny."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    energy = 8 * math.pi**2 / system.mass

    def rate(u):
        return 1 / np.sqrt(speed**2 - energy * 2 * np.exp(-(u**2) / 32))

    start = total = 0.0
    for a in range(0, 40, 2):
        u = a + 1.0 + nodes
        half = 0.5 * (u - a)  # of the intervals from a to each u
        time = start + half * (rate(a + half[:, None] * (1.0 + nodes)) @ weights)
        force = np.sin(2 * np.pi * omega * time) * (-u / 8) * np.exp(-(u**2) / 32)
        total += float(weights @ (force * rate(u)))
        start += float(weights @ rate(u))
    return 4 * total**2


def test_force_integral_off_the_real_axis():
    from chaintheory.dissipation.static_lattice import RigidLatticeMotion

    for speed, omega in [(20.0, 1.5), (30.0, 2.0), (18.0, 1.2)]:
        taken = float(np.exp(RigidLatticeMotion(PAPER, speed).spectrum(np.array([omega]))[0])[0])
        assert taken == pytest.approx(2 * math.pi**2 * force_integral(PAPER, speed, omega), rel=1e-13, abs=0)


def test_phonons_at_rest_are_refused():
    with pytest.raises(ValueError, match="speed must not be 0, got 0"):
        PAPER.mean_dissipation_terms(0.0)


def test_slope_of_the_mean():
    for interaction in (PAPER.interaction, ct.Exponential(1.0, 4.0), ct.SquareWell(1.0, 4.0)):
        system = replace(PAPER, interaction=interaction)
        for speed in (21.0, 50.0, 90.0):
            h = 1e-5 * speed
            stencil = system.mean_dissipation(speed + h * np.array([-2, -1, 1, 2]))
            numeric = (stencil[0] - 8 * stencil[1] + 8 * stencil[2] - stencil[3]) / (12 * h)
            # Rounding of the differences, 1e-15 * value / h.
            assert mean_dissipation_slope(system, speed) == pytest.approx(numeric, rel=1e-7, abs=0)


@pytest.mark.parametrize("name", ["single_pass_dissipation", "mean_dissipation"])
def test_broadcasts_like_a_ufunc(name):
    loss = getattr(PAPER, name)
    assert isinstance(loss(30), np.float64)
    assert isinstance(loss(np.array(30.0)), np.float64)
    assert loss(np.zeros((0, 3))).shape == (0, 3)
    assert loss([]).shape == (0,)
    grid = loss(np.array([[30, -30], [50, 0]], dtype=np.float32))
    assert grid.shape == (2, 2)
    assert grid[0, 0] == grid[0, 1] == loss(30.0)
    assert grid[1, 1] == 0.0
    strided = np.arange(20.0, 60.0)[::-7]
    assert np.array_equal(loss(strided), [loss(v) for v in strided])
    assert np.all(loss([1e-300, 1e-30, 0.01, 1e30, 1e300]) == 0.0) or loss(1e30) > 0.0
    assert np.all(np.isfinite(loss([1e-300, 1e-30, 0.01, 1e30, 1e300])))


@pytest.mark.parametrize("bad", [math.nan, math.inf, [30.0, -math.inf], "fast", [True], None, [[1.0], [1.0, 2.0]]])
@pytest.mark.parametrize("name", ["single_pass_dissipation", "mean_dissipation"])
def test_bad_speeds_are_refused_by_name(name, bad):
    # house.md: wrong types are TypeError
    refusal = TypeError if bad in ("fast", [True], None) else ValueError
    with pytest.raises(refusal, match="speed must hold finite real numbers"):
        getattr(PAPER, name)(bad)


def test_a_square_well_whose_phase_is_lost_is_refused():
    width = 1e9
    system = ct.System(ct.Chain(2.0, 1.0), ct.SquareWell(2.0, width), bias=1.0)
    least = 2.0**-52 * 2.0 * math.pi * 2.0 * width / 1e-3
    speed = 1.01 * least
    # Just above it the term of each root is that of 40 digits, to the phase's error of 1e-3 of the envelope.
    terms = system.mean_dissipation_terms(speed)
    with mpmath.workdps(40):
        for at in np.linspace(0, terms.root.size - 1, 5).astype(int):
            x = mpmath.findroot(
                lambda x: 1 + 3 * mpmath.sin(mpmath.pi * x) ** 2 - (x * mpmath.mpf(speed)) ** 2,
                mpmath.mpf(float(terms.root[at])),
            )
            exact, rounded = (mpmath.sin(2 * mpmath.pi * y * width) for y in (x, mpmath.mpf(float(terms.root[at]))))
            assert abs(exact - rounded) < 3e-3 * max(1.0, 1.0 / abs(terms.group_speed[at] / speed - 1.0))
    for refused in (
        lambda: system.mean_dissipation(0.99 * least),
        lambda: system.drift_velocities(0.99 * least, 2.0 * least),
    ):
        with pytest.raises(ValueError, match=r"speed must be at least .* for a square well of width 1e\+09"):
            refused()


@pytest.mark.parametrize("speed", [0.0, 1e-170, 1e-5])
def test_no_motion_of_the_static_lattice_is_as_slow(speed):
    with pytest.raises(ValueError, match="speed must be the mean of a motion that passes the masses at rest"):
        PAPER.mean_dissipation(speed, approximation="static-lattice")


def test_refusals():
    with pytest.raises(ValueError, match=r"speed 12\.5664 of one mass with approximation=.static-lattice., got 5"):
        PAPER.single_pass_dissipation([30.0, 5.0], approximation="static-lattice")
    with pytest.raises(ValueError, match="did you mean 'closed'"):
        PAPER.single_pass_dissipation(30.0, method="close")
    lorentz = replace(PAPER, interaction=ct.Lorentzian(2.0, 4.0))
    with pytest.raises(ValueError, match="Lorentzian"):
        lorentz.single_pass_dissipation(30.0, method="closed")
    assert lorentz.single_pass_dissipation(30.0) > 0.0
    with pytest.raises(ValueError, match="passes"):
        PAPER.finite_pass_dissipation(30.0, 0)
    cusp = replace(PAPER, interaction=ct.Exponential(2.0, 4.0))
    with pytest.raises(ValueError, match=r"at most 1e\+05 roots"):
        cusp.mean_dissipation(1e-6)
    with pytest.raises(ValueError, match="speed must not be 0"):
        cusp.mean_dissipation([30.0, 0.0])
    with pytest.raises(ValueError, match="speed must not be 0"):
        replace(PAPER, interaction=ct.SquareWell(2.0, 4.0)).single_pass_dissipation(0.0)
    assert PAPER.mean_dissipation(1e-6) == 0.0


def test_low_speeds_of_an_algebraic_transform():
    # 72,000 crossings; a cusp's mean dissipation keeps the order of its single pass.
    cusp = replace(PAPER, interaction=ct.Exponential(2.0, 4.0))
    mean, single = cusp.mean_dissipation(0.0101), cusp.single_pass_dissipation(0.0101)
    assert 0.1 < mean / single < 10.0


@pytest.mark.parametrize("kind", [ct.Gaussian, ct.Exponential, ct.Sech2, ct.Lorentzian, ct.SoftenedCoulomb, ct.Matern])
@pytest.mark.parametrize("amplitude", [2.0, -2.0])
def test_fast_orbits_approach_constant_speed_as_the_square_of_the_speed(kind, amplitude):
    """The speed varies by amplitude/v^2, relatively, and so does the loss; it is never lost to rounding."""
    system = ct.System(ct.Chain(10.0, 40.0), kind(amplitude, 4.0))
    speed = np.array([2e4, 1e5, 1e7])
    orbit = system.single_pass_dissipation(speed, approximation="static-lattice")
    deviation = orbit / system.single_pass_dissipation(speed, method="quadrature") - 1.0
    assert 1e-7 < amplitude / 2.0 * deviation[0] < 5e-7
    # The logarithms of the softened Coulomb interaction bend the law a little.
    assert 20.0 < deviation[0] / deviation[1] < 35.0
    assert abs(deviation[2]) < 1e-11


@pytest.mark.parametrize("order", [0, 1, 2])
def test_matern_losses_at_vanishing_speed_by_quadrature(order):
    """Powers of the speed, where the transform is no double: 0 was returned for 0.05 and 5e-206."""
    interaction = ct.Matern(2.0, 4.0, order) if order else ct.Exponential(2.0, 4.0)
    system = ct.System(ct.Chain(10.0, 40.0), interaction)
    for v in (1e-5, 1e-20, 1e-50, 1e-100, 1e-300):
        for log in (False, True):
            closed = system.single_pass_dissipation(v, method="closed", log=log)
            assert system.single_pass_dissipation(v, method="quadrature", log=log) == pytest.approx(
                closed, rel=2e-13, abs=0.0
            )
    other = ct.System(ct.Chain.from_springs(0.3, [2.0, -0.1], 40.0), interaction)
    at, slower = other.single_pass_dissipation([1e-12, 1e-40], log=True)
    assert at - slower == pytest.approx(4.0 * order * 28.0 * math.log(10.0), rel=1e-14, abs=1e-13)
    if not order:
        assert other.single_pass_dissipation(1e-90) == pytest.approx(
            float(other.single_pass_dissipation(0.0)), rel=1e-13
        )


@pytest.mark.parametrize(
    ("chain", "interaction", "ends"),
    [
        (ct.Chain(5.0, 20.0), ct.SquareWell(1.0, 7.0), (15.0, 60.0)),
        (ct.Chain(3.0, 20.0), ct.Gaussian(1.0, 1.0), (6.0, 60.0)),
        (ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), (5.0, 1000.0)),
    ],
)
def test_lines_between_points_of_curves_are_the_curves(chain, interaction, ends):
    """In the middles of the intervals: 3 % and 6 % for the single pass, which was not looked at, and 0.9 %."""
    system = ct.System(chain, interaction)
    found = system.curves(*ends, points=40)
    middle = 0.5 * (found.speed[1:] + found.speed[:-1])
    peaks = [one.speed for one in found.resonances if one.singularity > 0.0]
    whole = np.searchsorted(peaks, found.speed[1:]) == np.searchsorted(peaks, found.speed[:-1])
    whole &= np.diff(found.speed) > 4e-12 * found.speed[1:]
    for values, loss in ((found.single_pass, system.single_pass_dissipation), (found.mean, system.mean_dissipation)):
        expected = loss(middle)
        seen = whole & (expected > 1e-12 * values.max())
        between = 0.5 * (values[1:] + values[:-1])
        assert np.abs(between / expected - 1.0)[seen].max() < 0.007  # measured 0.0051 at most


def test_speeds_of_curves_do_not_depend_on_the_amplitude():
    """All losses are proportional to its square, so that what is negligible of the largest is at the same speeds."""
    strong, weak = (ct.System(PAPER.chain, ct.Gaussian(a, 4.0)).curves(8.0, 30.0, points=40) for a in (2.0, 2.0**-29))
    assert np.array_equal(strong.speed, weak.speed)
    assert weak.mean == pytest.approx(2.0**-60 * strong.mean, rel=1e-13, abs=0)


def test_a_dense_lattice_leaves_the_speed_as_it_is(monkeypatch):
    """Its potential is no double above 0; the integral through it took minutes at 87 masses in a width."""
    from chaintheory.dissipation.static_lattice import RigidLatticeMotion

    dense = ct.System(ct.Chain(1.1, 5.0), ct.Gaussian(-0.0156, 437.0), mass=437.0)
    assert dense.mean_dissipation(300.0, approximation="static-lattice") == dense.mean_dissipation(300.0)
    systems = [ct.System(ct.Chain(1.1, 5.0), ct.Gaussian(2.0, width), mass=0.1) for width in (30.0, 43.0)]
    at_once = [system.mean_dissipation(89.4, approximation="static-lattice") for system in systems]
    monkeypatch.setattr(RigidLatticeMotion, "at_constant_speed", False)
    for system, found in zip(systems, at_once, strict=True):
        integrated = system.mean_dissipation(89.4, approximation="static-lattice")
        assert found == pytest.approx(float(integrated), rel=2e-13)  # measured 3e-14


def test_a_motion_that_nearly_stops_has_its_mean_speed():
    """Slowest at 4e-7 of the fastest, at speeds of thousands: the energy is found that the mean was made from."""
    from chaintheory.dissipation.static_lattice import RigidLatticeMotion, landscape, motion_of_mean_speed

    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2e6, 4.0))
    squared, _, midway = landscape(system)
    slowest = 4e-7 * math.sqrt(float(squared.max()))
    made = RigidLatticeMotion(system, math.sqrt(slowest**2 + midway), lattice=True)
    found = motion_of_mean_speed(system, made.mean_speed)
    assert found.mean_speed == pytest.approx(made.mean_speed, rel=1e-12) and made.mean_speed > 1000.0
    assert found.slowest == pytest.approx(slowest, rel=0.1)  # the mean knows its logarithm
