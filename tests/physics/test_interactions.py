"""Interactions: potential, slope and transform agree with the ledger and with each other; formulas and tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from flint import arb
from scipy.integrate import quad

import chaintheory as ct
from chaintheory.drift.enclosures import precision
from derivations.notation import amplitude, wavenumber, width
from derivations.potentials import INTERACTIONS

ALL = {
    "gaussian": ct.Gaussian(-1.5, 2.0),
    "exponential": ct.Exponential(-1.5, 2.0),
    "matern32": ct.Matern(-1.5, 2.0, order=1),
    "matern52": ct.Matern(-1.5, 2.0, order=2),
    "lorentzian": ct.Lorentzian(-1.5, 2.0),
    "sech2": ct.Sech2(-1.5, 2.0),
    "softened_coulomb": ct.SoftenedCoulomb(-1.5, 2.0),
    "square_well": ct.SquareWell(-1.5, 2.0),
}
R = np.array([0.0, 0.1, 1.0, 1.9, 2.1, 5.0, 17.0])
K = np.array([1e-6, 0.01, 0.3, 1.0, 3.0, 9.0])


def of_ledger(formula, symbol):
    values = {amplitude: sp.Rational(-3, 2), width: 2}
    return sp.lambdify(symbol, formula.subs(values), ["scipy", "numpy"])


@pytest.mark.parametrize("name", ALL)
def test_potential_and_transform_are_those_of_the_ledger(name):
    distance = sp.Symbol("distance", nonnegative=True)
    interaction, shape = ALL[name], INTERACTIONS[name]
    potential = of_ledger(shape.potential(distance), distance)
    assert np.allclose(interaction.potential(R), [float(potential(r)) for r in R], rtol=1e-14, atol=0)
    assert np.array_equal(interaction.potential(-R), interaction.potential(R))
    transform = of_ledger(shape.transform(wavenumber), wavenumber)
    # scipy's K0 and sinh are good to some units; sin at 18 loses as many.
    assert np.allclose(interaction.transform(K), transform(K), rtol=2e-14, atol=1e-15)


@pytest.mark.parametrize("name", ALL)
def test_shape_times_exponential_is_the_square(name):
    interaction = ALL[name]
    constant, scale, power = interaction.decay
    # E = constant (width omega/speed)^power, k = 2 pi omega/speed
    exponent = constant[0] * (scale * K / (2 * math.pi)) ** power
    assert np.allclose(interaction.shape(K) * np.exp(-exponent), interaction.transform(K) ** 2, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", [n for n in ALL if n != "square_well"])
def test_slope_is_the_derivative(name):
    interaction = ALL[name]
    r = R[1:]
    h = 1e-3
    numeric = sum(c * interaction.potential(r + j * h) for j, c in ((-2, 1), (-1, -8), (1, 8), (2, -1))) / (12 * h)
    # Fourth order: h^4 times a fifth derivative of order 10, and rounding 1e-15/h.
    assert np.allclose(interaction.slope(r), numeric, rtol=1e-9, atol=1e-11)
    assert np.array_equal(interaction.slope(-R), -interaction.slope(R))
    assert interaction.slope(0.0) == 0.0


@pytest.mark.parametrize("name", ALL)
def test_ball_arithmetic_encloses_the_transform(name):
    interaction = ALL[name]
    for k in K:
        with precision():
            ball = interaction.enclosed_transform(arb(float(k)))
        value = interaction.transform(k)
        assert abs(float(ball.mid()) - value) <= 1e-14 * abs(value) + 1e-15


@pytest.mark.parametrize("name", ["gaussian", "matern32", "sech2"])
def test_reach_is_where_the_slope_ends(name):
    interaction = ALL[name]
    largest = np.abs(interaction.slope(np.linspace(0, 20, 20001))).max()
    end = interaction.reach(1e-10)
    assert abs(interaction.slope(1.001 * end)) < 1e-10 * largest < abs(interaction.slope(0.999 * end))


def test_matern_of_high_order_is_nearly_gaussian():
    smooth = ct.Matern(1.0, 2.0, order=20)
    r = np.linspace(0, 6, 50)
    # Deviation of order 1/nu.
    assert np.allclose(smooth.potential(r), np.exp(-(r**2) / 8), atol=0.02)
    total, _ = quad(lambda x: 2 * float(smooth.potential(x)), 0, 60, epsabs=1e-13)
    assert smooth.transform(0.0) == pytest.approx(total, rel=1e-10, abs=0)


@pytest.mark.parametrize("interaction", [*ALL.values(), ct.GaussianMixture([1.0, -2.0], [1.0, 3.0])], ids=repr)
def test_latex_can_be_typeset(interaction):
    from matplotlib.mathtext import MathTextParser

    assert f"{interaction.width:g}" in interaction.latex
    MathTextParser("path").parse(interaction._repr_latex_())


def test_numbers_in_latex_have_powers_of_ten():
    assert ct.Lorentzian(-2.0, 4e-7).latex == r"\frac{-2}{1 + (r/(4\cdot 10^{-7}))^2}"
    assert ct.Gaussian(2.0, 4.0)._repr_latex_() == r"$\Phi(r) = 2\,e^{-r^2/(2\cdot 4^2)}$"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*exp(-r**2/32)", ct.Gaussian(2.0, 4.0)),
        ("exp(-abs(r)/3)", ct.Exponential(1.0, 3.0)),
        ("-2/(1 + (r/4)^2)", ct.Lorentzian(-2.0, 4.0)),
        ("2*sech(r/3)**2", ct.Sech2(2.0, 3.0)),
        ("2/cosh(r/3)**2", ct.Sech2(2.0, 3.0)),
        ("1/sqrt(1 + r*r/9)", ct.SoftenedCoulomb(1.0, 3.0)),
    ],
)
def test_named_formulas_are_recognised(text, expected):
    assert ct.Interaction.from_expression(text) == expected


def test_a_formula_of_ones_own():
    own = ct.Interaction.from_expression("A*exp(-r**2/32)*(1 + cos(r/5))/2", A=2)
    assert own.kind == "user"
    # cos(r/5) exp(-r^2/32): two displaced Gaussians in k
    k = np.array([0.0, 0.1, 0.5, 1.0])

    def bell(q):
        return 2.0 * math.sqrt(2 * math.pi) * 4.0 * np.exp(-8.0 * q**2)

    expected = bell(k) / 2 + (bell(k - 0.2) + bell(k + 0.2)) / 4
    assert np.max(np.abs(own.transform(k) - expected)) < 4 * own.transform_error
    r = np.array([0.3, 2.0, 7.0])
    h = 1e-4
    assert np.allclose(own.slope(r), (own.potential(r + h) - own.potential(r - h)) / (2 * h), atol=1e-8)
    system = ct.System(ct.Chain(10.0, 40.0), own)
    assert np.all(np.isfinite(system.mean_dissipation([20.0, 60.0])))
    assert system.single_pass_dissipation(60.0) > 0


def test_an_unrecognised_gaussian_has_the_losses_of_a_gaussian():
    from chaintheory.interactions.formula import FormulaInteraction

    own = ct.System(ct.Chain(10.0, 40.0), FormulaInteraction("2*exp(-r^2/32)"))
    exact = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    for speed in (20.0, 40.0, 200.0):
        # The transform is good to 1e-15 of its value at k = 0, which is 20 times that at speed 20.
        assert own.single_pass_dissipation(speed) == pytest.approx(
            exact.single_pass_dissipation(speed), rel=1e-12, abs=0
        )
        assert own.mean_dissipation(speed) == pytest.approx(exact.mean_dissipation(speed), rel=1e-12, abs=0)
        assert own.single_pass_dissipation(speed, approximation="static-lattice") == pytest.approx(
            exact.single_pass_dissipation(speed, approximation="static-lattice"), rel=1e-8, abs=0
        )


def test_a_table_states_its_error():
    r = np.linspace(0.0, 40.0, 81)
    table = ct.Interaction.from_samples(r, 2.0 * np.exp(-(r**2) / 32.0))
    dense = np.linspace(0.0, 40.0, 4001)
    true = np.abs(table.potential(dense) - 2.0 * np.exp(-(dense**2) / 32.0)).max()
    assert true < table.error < 1e-4
    finer = ct.Interaction.from_samples(
        r[-1] * np.linspace(0, 1, 321), 2.0 * np.exp(-((r[-1] * np.linspace(0, 1, 321)) ** 2) / 32.0)
    )
    assert finer.error < table.error / 100
    exact = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    system = ct.System(ct.Chain(10.0, 40.0), finer)
    assert system.mean_dissipation(50.0) == pytest.approx(exact.mean_dissipation(50.0), rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("r**2", "does not decay"),
        ("cos(r)", "does not decay"),
        ("1", "does not decay"),
        ("1/r", "not finite at r = 0"),
        ("exp(-r**2)/(r - 2)", "is not finite, .* near r = 2"),
        ("0*r", "zero everywhere"),
        ("1/(1 + r**2)**0.75", "decays too slowly"),
        ("exp(-b*r)", "'b' at character 6 is not known"),
        ("log(r)", "not finite at r = 0"),
    ],
)
def test_formulas_that_are_no_interaction(expression, message):
    with pytest.raises(ValueError, match=message):
        ct.Interaction.from_expression(expression)


@pytest.mark.parametrize(
    ("r", "values", "message"),
    [
        (np.arange(20.0), np.ones(20), "must decay to below 0.001 of its maximum 1, got 1 at the end, r = 19"),
        (np.arange(20.0)[::-1], np.exp(-np.arange(20.0)), "increase"),
        (np.arange(20.0), np.exp(-np.arange(19.0)), "one length"),
        (np.arange(5.0), np.exp(-np.arange(5.0)), "at least 12"),
        (5 + np.arange(20.0), np.exp(-np.arange(20.0)), "begin at or near 0"),
        (np.arange(20.0), np.where(np.arange(20) == 3, np.nan, 0.0), "index \\(3,\\)"),
    ],
)
def test_tables_that_are_refused(r, values, message):
    with pytest.raises(ValueError, match=message):
        ct.Interaction.from_samples(r, values)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ct.Gaussian(2.0, -4.0), "width must be greater than 0"),
        (lambda: ct.Gaussian(math.nan, 4.0), "amplitude must be a finite"),
        (lambda: ct.Matern(2.0, 4.0, order=-1), "order must be a whole number"),
        (lambda: ct.GaussianMixture([1.0], [1.0, 2.0]), "one length"),
        (lambda: ct.GaussianMixture([], []), "at least 1"),
        (lambda: ct.SquareWell(1.0, 1.0).slope(0.5), "no finite slope"),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("tolerance", [0.0, -1.0, 1.0, 3.0, np.nan, "x", None])
def test_reach_refuses_a_tolerance_that_is_none(tolerance):
    # house.md: wrong types are TypeError
    refusal = ValueError if isinstance(tolerance, float) else TypeError
    for interaction in (ct.Gaussian(2.0, 4.0), ct.Interaction.from_expression("exp(-r^4)")):
        with pytest.raises(refusal, match="tolerance"):
            interaction.reach(tolerance)


def test_a_mixture_hears_nothing_at_the_largest_wave_numbers():
    mixture = ct.GaussianMixture([0.5, 2.0], [2.0, 1e6])
    for k in (-3.7e169, 1.7e308):  # the narrow one is left; the other's exponent, and k in widths, are no doubles
        assert mixture.shape(k) == 2.0 * math.pi


@pytest.mark.parametrize(
    "interaction",
    [
        ct.Gaussian(2.0, 4.0),
        ct.Matern(2.0, 4.0, order=1),
        ct.Matern(2.0, 4.0, order=4),
        ct.Exponential(2.0, 4.0),
        ct.Lorentzian(2.0, 4.0),
        ct.Sech2(2.0, 4.0),
        ct.SoftenedCoulomb(2.0, 4.0),
        ct.GaussianMixture([1.0, -2.0], [2.0, 3.0]),
        ct.Interaction.from_expression("2*exp(-r^4/50)*(1+r^2)"),
        ct.Interaction.from_samples(np.linspace(0.0, 30.0, 200), np.exp(-(np.linspace(0.0, 30.0, 200) ** 2) / 30.0)),
    ],
)
def test_curvature_is_the_derivative_of_the_slope(interaction):
    r, h = np.linspace(-9.3, 9.4, 40), 1e-4  # none within h of 0, where a cusp has no second derivative
    near, far = (interaction.slope(r + d) - interaction.slope(r - d) for d in (h, 2.0 * h))
    # Differences of fourth order lose 1e-16/h of the slope, and their own error is h^4; measured 3e-11 for the formula.
    assert interaction.curvature(r) == pytest.approx((8.0 * near - far) / (12.0 * h), abs=1e-10)
