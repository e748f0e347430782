"""Laws of every interaction, each with a second way: quadrature, 30 digits, balls, the text of a file.

The cases are the same on each run of the suite; CHAINTHEORY_FUZZ draws new ones (conftest.py).
"""

from __future__ import annotations

import math
import os

import mpmath as mp
import numpy as np
import pytest
from flint import arb
from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st

import chaintheory as ct
from chaintheory.interactions.formula import FormulaInteraction, NumericalInteraction
from chaintheory.interactions.grammar import FUNCTIONS
from chaintheory.interactions.quadrature import spherical_bessel
from chaintheory.interactions.text import interaction_from_text, interaction_to_text

FUZZ = max(1, int(os.environ.get("CHAINTHEORY_FUZZ", "0")))
NAMES = {name: getattr(ct, name) for name in ct.__all__}


def cases(number):
    return settings(max_examples=number * FUZZ, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def log_uniform(low, high):
    return st.floats(math.log(low), math.log(high)).map(math.exp)


AMPLITUDE = st.one_of(st.floats(-4.0, 4.0).filter(lambda a: abs(a) > 1e-100), log_uniform(1e-20, 1e20))
WIDTH = log_uniform(1e-3, 1e3)
PLAIN = [ct.Gaussian, ct.Exponential, ct.Lorentzian, ct.Sech2, ct.SoftenedCoulomb, ct.SquareWell]
KINDS = {
    **{kind.__name__: st.builds(kind, AMPLITUDE, WIDTH) for kind in PLAIN},
    "Matern": st.builds(ct.Matern, AMPLITUDE, WIDTH, st.integers(0, 20)),
    "GaussianMixture": st.lists(st.tuples(AMPLITUDE, WIDTH), min_size=1, max_size=3).map(
        lambda parts: ct.GaussianMixture(*zip(*parts, strict=True))
    ),
}
NAMED = st.one_of(*KINDS.values())


def closed_transform(interaction, k):
    """The transform in 30 digits, from tables (Gradshteyn and Ryzhik 3.9), typed here once more."""
    if isinstance(interaction, ct.GaussianMixture):
        return mp.fsum(closed_transform(part, k) for part in interaction.parts)
    a, w = mp.mpf(interaction.amplitude), mp.mpf(interaction.width)
    q = abs(k) * w
    match interaction:
        case ct.Gaussian():
            return a * w * mp.sqrt(2 * mp.pi) * mp.exp(-q * q / 2)
        case ct.Exponential() | ct.Matern():
            nu = mp.mpf(interaction.order) + mp.mpf(1) / 2
            size = mp.sqrt(2 * mp.pi / nu) * mp.gamma(nu + mp.mpf(1) / 2) / mp.gamma(nu)
            w = w / mp.sqrt(2 * nu) if isinstance(interaction, ct.Exponential) else w  # exp(-r/w) is its order 0
            return a * w * mp.sqrt(2 * nu) * size / mp.sqrt(2 * nu) * 1 / (1 + (k * w) ** 2 / (2 * nu)) ** (nu + 0.5)
        case ct.Lorentzian():
            return a * w * mp.pi * mp.exp(-q)
        case ct.Sech2():
            return a * w * (mp.pi * q / mp.sinh(mp.pi * q / 2) if q else mp.mpf(2))
        case ct.SoftenedCoulomb():
            return 2 * a * w * mp.besselk(0, q)
        case ct.SquareWell():
            return 2 * a * w * (mp.sin(q) / q if q else mp.mpf(1))


@pytest.mark.parametrize("kind", KINDS)
@cases(20)
@given(st.data(), st.one_of(st.floats(-3.0, 3.0), st.sampled_from([0.0, -2.0, -1e-9, 1e-300, 30.0])))
def test_transform_and_its_enclosure_against_thirty_digits(kind, data, x):
    interaction = data.draw(KINDS[kind])
    k = x / interaction.width
    if isinstance(interaction, ct.SoftenedCoulomb) and k == 0.0:
        assert math.isinf(interaction.transform(k))
        assert not interaction.enclosed_transform(arb(k)).is_finite()
        return
    with mp.workdps(30):
        exact = closed_transform(interaction, mp.mpf(k))
        found = float(interaction.transform(k))
        size, kappa = abs(exact), x
        if isinstance(interaction, ct.GaussianMixture):
            size = mp.fsum(abs(closed_transform(part, mp.mpf(k))) for part in interaction.parts)
            kappa = k * max(interaction.widths)
        # The exponent's rounding, kappa^2/2 ulps, and that of sin(kappa); measured up to 3e-15 at kappa <= 3.
        assert abs(found - exact) <= 4e-16 * (8.0 + kappa * kappa) * size + 1e-300 + (
            1e-15 * abs(interaction.width * 3) if x > 3 else 0
        )
        ball = interaction.enclosed_transform(arb(k))
        assert ball.is_finite()
        middle, radius = mp.mpf(ball.mid().str(40, radius=False)), mp.mpf(ball.rad().str(10, radius=False))
        assert abs(middle - exact) <= radius * 1.01 + abs(exact) * mp.mpf("1e-27")
        assert radius <= 1e-12 * size + 1e-300


@cases(60)
@given(NAMED, st.floats(0.0, 3.0))
def test_an_enclosure_over_a_ball_holds_those_of_its_points(interaction, x):
    k = x / interaction.width
    wide = interaction.enclosed_transform(arb(k, 0.3 / interaction.width))
    for part in (-0.29, 0.0, 0.21):
        point = float(interaction.transform(k + part / interaction.width))
        assert not wide.is_finite() or wide.overlaps(arb(point, 1e-13 * abs(point)))


@cases(100)
@given(NAMED, st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=5))
def test_the_potential_is_even_its_slope_odd_and_their_differences_agree(interaction, places):
    r = interaction.width * np.array(places)
    assert np.array_equal(interaction.potential(-r), interaction.potential(r))
    if isinstance(interaction, ct.SquareWell):
        return
    assert np.array_equal(interaction.slope(-r), -interaction.slope(r))
    assert interaction.slope(0.0) == 0.0
    # Simpson's rule over a short interval that does not hold the cusp: error h^4 of a fifth derivative.
    h = 1e-3 * interaction.width
    a = np.abs(r) + h
    rise = interaction.potential(a + h) - interaction.potential(a)
    integral = h / 6.0 * (interaction.slope(a) + 4.0 * interaction.slope(a + 0.5 * h) + interaction.slope(a + h))
    size = np.sum(np.abs(getattr(interaction, "amplitudes", [getattr(interaction, "amplitude", 0.0)])))
    assert np.max(np.abs(rise - integral)) <= 2e-12 * size


@cases(60)
@given(NAMED, st.floats(0.1, 10.0), st.floats(-2.0, 2.0))
def test_stretching_an_interaction_stretches_its_transform(interaction, factor, x):
    parameters = dict(vars(interaction))
    for name in ("width", "widths"):
        if name in parameters:
            parameters[name] = np.asarray(parameters[name]) * factor if name == "widths" else parameters[name] * factor
    wide = type(interaction)(**parameters)
    k = (x or 0.5) / interaction.width
    at = interaction.transform(0.5 / interaction.width)
    assert wide.transform(k / factor) == pytest.approx(
        factor * interaction.transform(k), rel=1e-12, abs=1e-13 * abs(at)
    )


@cases(200)
@given(NAMED)
def test_what_is_written_reads_back_to_the_last_bit(interaction):
    again = interaction_from_text(interaction_to_text(interaction))
    assert again == interaction == eval(repr(interaction), NAMES)
    r = interaction.width * np.linspace(-3.0, 3.0, 31)
    assert np.array_equal(again.potential(r), interaction.potential(r))
    assert np.array_equal(again.transform(r + 0.01), interaction.transform(r + 0.01))


# Formulas ---------------------------------------------------------------------------------------------


# As a stranger types them: over the whole grammar, towers of powers and exponentials among them.
FUNCTION_NAMES = sorted(FUNCTIONS)
ENVELOPES = [
    "exp(-r^2)", "exp(-(r/{w})^2/2)", "exp(-r/{w})", "exp(-abs(r/{w})^3)", "sech(r/{w})", "1/(1+(r/{w})^2)^8", "erfc(r/{w})",
]  # fmt: skip
POWERS = ["2", "3", "4", "0.5", "1.5", "-1", "-2", "12", "40", "(1/3)", "(-r)"]
NUMBERS = ["0", "1", "2", "3", "0.5", "1/3", "7.77", "1e-9", "1e9", "1e300", "99", "pi", "e", "0.002", "50", "12"]


def typed_number(rng):
    if rng.random() < 0.8:
        return NUMBERS[rng.integers(len(NUMBERS))]
    return f"{rng.uniform(0.0, 10.0):.{rng.integers(1, 17)}g}"


def tower(rng):
    """Powers of powers, exponentials of exponentials."""
    levels = int(rng.integers(2, 12))
    kind = rng.integers(4)
    if kind == 0:
        return "exp(" * levels + str(rng.integers(1, 30)) + ")" * levels
    if kind == 1:
        return "(1+" * levels + "r" + ")^99" * levels
    if kind == 2:
        return rng.choice(["^", "**"]).join(str(rng.integers(1, 99)) for _ in range(levels))
    return "exp(-" * levels + f"r^{rng.integers(1, 99)}" + ")" * levels


def term(rng, depth):
    kind = rng.random()
    if depth <= 0 or kind < 0.15:
        return "r" if rng.random() < 0.55 else typed_number(rng)
    if kind < 0.45:
        sign = rng.choice(["+", "-", "*", "/"])
        return f"({term(rng, depth - 1)}{sign}{term(rng, depth - 1)})"
    if kind < 0.6:
        return f"({term(rng, depth - 1)})^{rng.choice(POWERS)}"
    if kind < 0.63:
        return tower(rng)
    if kind < 0.66:
        return f"({rng.uniform(0, 9):.4f}*exp(-((r-{rng.uniform(0, 40):.4f})/{10.0 ** rng.uniform(-4, 1):.4f})^2))"
    return f"{rng.choice(FUNCTION_NAMES)}({term(rng, depth - 1)})"


def formula(rng):
    """One formula; most have an envelope that makes them decay."""
    text = term(rng, int(rng.integers(1, 7)))
    if rng.random() < 0.75:
        envelope = ENVELOPES[rng.integers(len(ENVELOPES))].replace("{w}", f"{10.0 ** rng.uniform(-1, 1.5):.3g}")
        text = f"{envelope}*({text})"
    return text[:3000]


def check_formula(text):
    """The law of a formula: refused with a ValueError, or finite everywhere and the same after it was written."""
    try:
        own = ct.Interaction.from_expression(text)
    except ValueError as error:
        assert str(error).startswith("expression")
        return None
    r = np.concatenate([[0.0], np.geomspace(1e-12, 1e4, 100), np.linspace(0.0, 60.0, 241)])
    k = np.array([0.0, 1e-3, 0.3, 2.0, 30.0, 1e4, 1e300])
    k = k[1:] if isinstance(own, ct.SoftenedCoulomb) else k
    again = interaction_from_text(interaction_to_text(own))
    assert own == again == eval(repr(own), NAMES) and hash(own) == hash(again)
    for name, at in (("potential", r), ("slope", r), ("transform", k)):
        values = getattr(own, name)(at)
        assert np.isfinite(values).all(), (text, name)
        assert np.array_equal(values, getattr(again, name)(at))
    assert np.isfinite(own.curvature(r[1:])).sum() > 0.9 * r.size  # infinite at the kink of abs(x)^1.5
    assert isinstance(own.latex, str)
    return own


def dense_transform(own, k):
    """The transform by Gauss's rule on 3,001 equal pieces, and its change from 2,000: no panels of its own."""
    x, weights = np.polynomial.legendre.leggauss(20)
    results = []
    for pieces in (2000, 3001):
        half = 0.5 * own.end / pieces
        r = half * (2.0 * np.arange(pieces)[:, None] + 1.0 + x)
        results.append(2.0 * half * np.sum(weights * own.potential(r) * np.cos(k * r)))
    return results[1], abs(results[1] - results[0])


def test_generated_formulas_are_right_or_refused():
    rng = np.random.default_rng(20 if FUZZ == 1 else None)
    accepted = compared = 0
    for _ in range(150 * FUZZ):
        own = check_formula(formula(rng))
        accepted += own is not None
        if isinstance(own, NumericalInteraction) and compared < 30 * FUZZ and own.end < 100.0 * own.width:
            k = float(rng.uniform(0.0, 3.0)) / own.width
            expected, unsure = dense_transform(own, k)
            if unsure < 1e-10 * own.panels.integral(np.abs(own.panels.values)):
                compared += 1
                assert abs(float(own.transform(k)) - expected) <= own.transform_error + unsure
    assert accepted > 30 * FUZZ and compared > 10


ELEMENTS = [
    *[f"exp(-r^2)*({name}(0.3*r + 0.1) + 2)" for name in
      ("abs", "cos", "cosh", "erf", "erfc", "exp", "log", "sech", "sin", "sinh", "sqrt", "tanh")],
    "exp(-r^2)*(1+tan(exp(-r)))", "exp(-e*r^2)*(1+abs(r-1))", "exp(-pi*r^4)", "exp(-r^2)/(1+r)", "(2-r)*exp(-r)", "+exp(-r^3)",
    "exp(-r^2)*2^(r/9)^2^0.5", "0.1*exp(-1e-1*r**4)", "exp(-(r^2)^1.5)",
]  # fmt: skip


@pytest.mark.parametrize("text", ELEMENTS)
def test_every_element_of_the_grammar_reads_back(text):
    assert isinstance(check_formula(text), FormulaInteraction)


def test_constants_and_cutoff_read_back(tmp_path):
    own = ct.Interaction.from_expression("A/(1 + (r/w)^2)^1.1", A=0.1, w=3.0000000000000004, cutoff=77.7)
    again = interaction_from_text(interaction_to_text(own))
    assert again == own == eval(repr(own), NAMES)
    assert (again.constants, again.cutoff) == ({"A": 0.1, "w": 3.0000000000000004}, 77.7)
    table = ct.Interaction.from_samples(np.linspace(0.0, 9.0, 40), np.exp(-(np.linspace(0.0, 9.0, 40) ** 2) / 3.0))
    assert interaction_from_text(interaction_to_text(table)) == table
    chain = ct.Chain(10.0, 40.0)
    for number, interaction in enumerate(
        (own, table, ct.Matern(0.3, 4.0, 2), ct.GaussianMixture([0.1, -0.2], [3.0, 1.0]))
    ):
        run = ct.System(chain, interaction).simulate(20.0, 50.0, duration=0.05)
        run.save(tmp_path / f"{number}.nc")
        loaded = ct.Trajectory.load(tmp_path / f"{number}.nc")
        assert loaded.system.interaction == interaction
        assert np.array_equal(loaded.position, run.position)


def test_a_description_nested_too_deeply_is_refused_without_words_of_python():
    with pytest.raises(ValueError, match=r"described in JSON, got .*: brackets or tables are nested too deeply$"):
        interaction_from_text('{"name": "samples", "r": ' + "[" * 100_000 + "]" * 100_000 + "}")


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "{}", "3", '{"name": "Interaction"}', '{"name": "_Profile"}',
    '{"name": "Gaussian"}', '{"name": "Gaussian", "amplitude": "2", "width": 4}', '{"name": ["Gaussian"]}',
    '{"name": "expression", "expression": "exp(-r^4)", "constants": {"cutoff": 2}, "cutoff": null}',
    '{"name": "expression", "expression": 3, "constants": {}, "cutoff": null}', '{"name": "samples", "r": [1], "potential": 1}',
])  # fmt: skip
def test_a_description_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="interaction must be"):
        interaction_from_text(text)


def test_an_interaction_of_ones_own_class_is_not_written():
    class Mine(ct.Gaussian):
        pass

    with pytest.raises(TypeError, match="one of the package's own"):
        interaction_to_text(Mine(1.0, 2.0))


# Tables -----------------------------------------------------------------------------------------------


@cases(40)
@given(st.integers(12, 200), st.floats(0.3, 1.7), st.floats(0.05, 3.0), st.integers(0, 2**32 - 1))
def test_the_transform_of_a_table_is_that_of_its_spline_and_tail(count, stretch, x, seed):
    r = 30.0 * np.linspace(0.0, 1.0, count) ** stretch
    noise = 1.0 + 0.1 * np.random.default_rng(seed).standard_normal(count)
    try:
        table = ct.Interaction.from_samples(r, noise * np.exp(-r / 3.5))
    except ValueError as problem:  # noise of a tenth leaves the spline open where the distances crowd
        assert "splines that disagree by" in str(problem)
        reject()
    edges = np.concatenate([r[r > 0.0], np.linspace(r[-1], table.end, 65)[1:]])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    low, high = np.append(0.0, edges[:-1])[:, None], edges[:, None]
    at = 0.5 * (low + high) + 0.5 * (high - low) * nodes
    values = weights * 0.5 * (high - low) * table.potential(at)
    assert abs(table.transform(x) - 2.0 * np.sum(values * np.cos(x * at))) <= table.transform_error
    assert np.sum(np.abs(values) * at) * 2.0 <= table.transform_slope_bound <= 20.0 * np.sum(np.abs(values) * at)
    assert np.array_equal(table.samples[0], r)
    assert table.potential(r) == pytest.approx(noise * np.exp(-r / 3.5), rel=1e-9, abs=1e-12)


@cases(20)
@given(st.sampled_from([(2.0, 0.3), (50.0, 0.9), (0.01, 0.1)]), st.sampled_from(ENVELOPES), st.floats(0.3, 3.0))
def test_the_slope_of_a_transform_is_below_its_bound(place, envelope, width):
    own = FormulaInteraction(envelope.replace("{w}", f"{width:.3f}") + f"*cos({place[0]}*r)")
    k = np.linspace(0.0, 60.0 / own.width, 2000)
    steepest = np.max(np.abs(np.diff(own.transform(k)))) / k[1]
    assert steepest <= own.transform_slope_bound


# Bessel functions -------------------------------------------------------------------------------------


@cases(60)
@given(
    st.integers(1, 40),
    st.one_of(
        st.sampled_from([0.0, 1e-4, 1e-3, 0.02, 0.3, 39.9, 40.0]),
        log_uniform(1e-8, 1e5),
        st.integers(1, 30).map(lambda n: n * math.pi),
    ),
)
def test_spherical_bessel_functions_against_thirty_digits(orders, z):
    found = spherical_bessel(orders, np.array([z]))[:, 0]
    with mp.workdps(30):
        for n in range(orders):
            at = mp.mpf(z)
            exact = mp.sqrt(mp.pi / (2 * at)) * mp.besselj(n + mp.mpf(1) / 2, at) if z else mp.mpf(n == 0)
            assert abs(found[n] - exact) < 3e-15


# What is no number ------------------------------------------------------------------------------------

WRONG = [
    "3", b"3", bytearray(b"3"), memoryview(b"3"), True, np.True_, np.array(True), np.array("3"), np.void(b"123"), 1j,
    3 + 0j, np.complex128(2 + 3j), np.complex64(1), None, [], object(), np.datetime64(3, "s"), np.timedelta64(3, "s"),
]  # fmt: skip


@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value).split(" at ")[0])
def test_a_parameter_of_the_wrong_type_is_a_type_error(value):
    for make in (lambda: ct.Gaussian(value, 4.0), lambda: ct.Matern(2.0, value), lambda: ct.SquareWell(value, 1.0),
                 lambda: ct.GaussianMixture([value], [1.0]), lambda: ct.Matern(1.0, 1.0, value),
                 lambda: ct.Interaction.from_expression("a*exp(-r^4)", a=value),
                 lambda: ct.Gaussian(2.0, 4.0).reach(value)):  # fmt: skip
        with pytest.raises(TypeError):
            make()
    if value is not None:
        with pytest.raises(TypeError, match="cutoff"):
            ct.Interaction.from_expression("exp(-r^4)", cutoff=value)


ROWS = [
    "3", b"3333", bytearray(b"3"), memoryview(np.ones(3)), True, np.array([True, False]), np.array(["3"]), ["3"], None,
    np.ones(3, "V8"), np.array([1], dtype=object), np.ones(2, np.complex64), 1j, np.array([3], "M8[s]"),
]  # fmt: skip
INTERACTIONS = [
    ct.Gaussian(2.0, 4.0),
    ct.Matern(2.0, 4.0),
    ct.GaussianMixture([1.0], [2.0]),
    ct.Interaction.from_expression("exp(-r^4)"),
    ct.Interaction.from_samples(np.arange(20.0), np.exp(-np.arange(20.0))),
]


@pytest.mark.parametrize("interaction", INTERACTIONS, ids=lambda i: type(i).__name__)
@pytest.mark.parametrize("function", ["potential", "slope", "curvature", "transform", "shape"])
def test_rows_that_hold_no_numbers(interaction, function):
    called = getattr(interaction, function)
    for row in ROWS:
        with pytest.raises(TypeError):
            called(row)
    for row in (math.nan, math.inf, [1.0, math.nan], np.ma.masked_array([1.0, 2.0], mask=[False, True]),
                [np.ma.masked, 1.0], [np.ma.masked_array([1.0], mask=[True])], [[1.0, 2.0], [1.0]]):  # fmt: skip
        with pytest.raises(ValueError):
            called(row)
    unmasked = np.ma.masked_array([1.0, 2.0], mask=False)
    assert np.array_equal(called(unmasked), called([1.0, 2.0]))
    assert np.asarray(called(2)).shape == () and np.asarray(called(np.ones((2, 0, 3)))).shape == (2, 0, 3)


def test_masked_numbers_are_refused():
    with pytest.raises(ValueError, match="masked"):
        ct.Gaussian(np.ma.masked, 4.0)
    with pytest.raises(ValueError, match="masked"):
        ct.Interaction.from_samples(np.arange(20.0), np.ma.masked_less(np.exp(-np.arange(20.0)), 1e-3))
