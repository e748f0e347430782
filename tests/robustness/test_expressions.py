"""The grammar of formulas: what it reads, compared with Python; what it refuses, with the place."""

from __future__ import annotations

import math
import os

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chaintheory as ct
from chaintheory.interactions import evaluation
from chaintheory.interactions.evaluation import Disc, Interval, disc, jet, value
from chaintheory.interactions.grammar import FUNCTIONS, MOST_OPERATIONS, Node, constant, parse

FUZZ = max(1, int(os.environ.get("CHAINTHEORY_FUZZ", "0")))
r = Node("r")
UNDERFLOW = 1e-150  # smaller values, of which a product vanishes, may be 0 in doubles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r", r),
        (" 2 * r ", Node("*", (constant(2.0), r))),
        ("-r**2", Node("*", (constant(-1.0), Node("^", (r, constant(2.0)))))),
        ("2**3**2", constant(512.0)),
        ("2^-1", constant(0.5)),
        ("r/2/3", Node("/", (Node("/", (r, constant(2.0))), constant(3.0)))),
        ("1 - 2 - 3", constant(-4.0)),
        (".5e1 + 1.", constant(6.0)),
        ("exp(-(r))", Node("exp", (Node("*", (constant(-1.0), r)),))),
        ("pi*e", constant(math.pi * math.e)),
        ("abs(r)", r),  # r is a distance
        ("sqrt(r^2)", r),
        ("(r^2)^1.5", Node("^", (r, constant(3.0)))),
        ("0.1", constant(0.1)),
        ("(\nr\n)", r),
        ("r^1", r),
    ],
)
def test_reads(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early, at character 1"),
        ("2 +", "ends too early, at character 4"),
        ("(r", r"'\(' at character 1"),
        ("r)", r"'\)' at character 2"),
        ("2 r", "'r' at character 3"),
        ("r.real", "'.' at character 2"),
        ("r[0]", r"'\[' at character 2"),
        ("'r'", "at character 1"),
        ("__import__", "'__import__' at character 1 is not known"),
        ("exp", "'exp' at character 1 is a function"),
        ("exp + 1", "'exp' at character 1 is a function"),
        ("exp(r, 2)", "'exp' at character 1 takes 1 argument, got 2"),
        ("sin()", "'sin' at character 1 takes 1 argument, got 0"),
        ("exp(*r)", "at character 5 does not belong here"),
        ("sinn(r)", r"'sinn' at character 1 is not a function \(did you mean 'sin'\?\)"),
        ("lambda r: r", "':' at character 9"),
        ("r if r else 1", "'r' at character 1"),
        ("r//2", "at character 3"),
        ("1/0", "division by zero at character 3"),
        ("9**9**9", "'9' at character 4 is a power larger than 100"),
        ("r^^2", r"'\^' at character 3"),
        ("(r^3)^^2", r"'\^' at character 7"),  # the place is counted in what was typed
        ("1e999", "'1e999' at character 1 is not a number"),
        ("sqrt(-1)", "not a finite real number"),
        ("log(0)", "not a finite real number"),
        ("(-8)^(1/3)*exp(-r)", "not a finite real number"),
        ("cos(exp(exp(20)))*exp(-r^4)", "not a finite real number"),
        ("exp(exp(exp(exp(exp(1)))))*exp(-r^4)", "not a finite real number"),
        ("r ** r ** " * 150 + "r", "nested deeper than 200 levels"),
        ("(" * 60 + "r" + ")" * 60, "nested deeper than 50 levels"),
        ("(1+" * 45 + "r^2" + ")^99" * 45, "finite"),
        ("1+" * 1500 + "r", "at most 2000 characters"),
        ("+".join(["r"] * 150 + ["(" + "+".join(["r"] * 40) + ")"] * 12), f"at most {MOST_OPERATIONS} operations"),
        ("r²", "'²' at character 2"),
        ("\x00", "at character 1"),
    ],
)
def test_refuses_with_the_place(text, message):
    with pytest.raises(ValueError, match=message):
        ct.Interaction.from_expression(text)


def test_constants():
    assert parse("a*r", {"a": 0.5}) == Node("*", (constant(0.5), r))
    for name in ("r", "pi", "exp", "1a", "a b"):
        with pytest.raises(ValueError, match="constants may not define"):
            parse("r", {name: 1.0})
    with pytest.raises(ValueError, match="constant a must be a finite real number"):
        parse("r", {"a": math.inf})
    with pytest.raises(TypeError, match="constant a must be a finite real number"):
        parse("r", {"a": "2"})
    with pytest.raises(ValueError, match=r"the constant 'widht' is not in 'exp\(-r/3\)'"):
        parse("exp(-r/3)", {"widht": 5.0})
    with pytest.raises(ValueError, match=r"'width' at character 8 is not known \(did you mean 'widht'\?\)"):
        parse("exp(-r/width)", {"widht": 5.0})
    with pytest.raises(ValueError, match=r"the constant 'widht' .*did you mean 'width'"):
        parse("exp(-r/width)", {"width": 5.0, "widht": 5.0})


@settings(max_examples=300 * FUZZ, deadline=None)
@given(st.text(alphabet="r0123456789.+-*/^(), eEpixabsqrt_[]{}'\"\\;:=@!#", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        tree = parse(text)
    except ValueError as error:
        assert str(error).startswith("expression")
    else:
        assert isinstance(tree.latex, str)


leaves = st.one_of(st.integers(1, 9).map(str), st.just("r"), st.just("r"), st.sampled_from(["pi", "e", "0.3"]))
FORMULAS = st.recursive(leaves, lambda inner: st.one_of(
    st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    st.tuples(inner, st.sampled_from([2, 3, -1, 0.5, 1.5])).map(lambda t: f"({t[0]})**({t[1]})"),
    st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda t: f"{t[0]}({t[1]})"),
), max_leaves=8)  # fmt: skip
PYTHON = {**FUNCTIONS, "pi": math.pi, "e": math.e, "__builtins__": {}}
EXACT = {
    "+": lambda x, y: x + y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "^": lambda x, y: x**y,
    "abs": lambda x: x if mp.re(x) > 0 else -x,
}


def readable(text):
    """The tree of a generated formula; None if its constants are not finite real numbers."""
    try:
        return parse(text)
    except ValueError as error:
        assert "finite real number" in str(error) or "division by zero" in str(error)
        return None


def exactly(node, at):
    """The tree at a real or complex distance, by mpmath; None where it is no number."""
    if node.operation in ("r", "number"):
        return at if node.operation == "r" else mp.mpf(node.value)
    arguments = [exactly(argument, at) for argument in node.arguments]
    if None in arguments:
        return None
    function = EXACT.get(node.operation) or getattr(mp, node.operation)
    try:
        result = function(*arguments)
    except (ArithmeticError, ValueError):
        return None
    return result if mp.isfinite(result) and abs(result) < 1e60 else None


@settings(max_examples=300 * FUZZ, deadline=None)
@given(FORMULAS, st.floats(0.01, 4.0))
def test_reads_as_python_does(text, at):
    node = readable(text)
    if node is None:
        return
    try:
        expected = eval(text, {**PYTHON, "r": at})
    except (ArithmeticError, TypeError, ValueError):  # TypeError: of a complex number
        return
    with np.errstate(all="ignore"):
        found = jet(node, np.array([at]))
    error = float(np.max(found.error))
    if isinstance(expected, float | int) and error < 1e-9 and abs(expected) < 1e9:
        # Both round; a constant that amplifies rounding does so in both.
        assert float(np.max(found.value)) == pytest.approx(expected, rel=1e-12, abs=20.0 * error + 1e-300)


@settings(max_examples=300 * FUZZ, deadline=None)
@given(FORMULAS, st.floats(0.01, 4.0))
def test_value_and_derivatives_against_forty_digits(text, at):
    node = readable(text)
    if node is None:
        return
    h = mp.mpf("1e-12")
    with mp.workdps(60), np.errstate(all="ignore"):
        exact, before, after = (exactly(node, mp.mpf(at) + j * h) for j in (0, -1, 1))
        found = jet(node, np.array([at]))
        error = float(np.max(found.error))
        if None in (exact, before, after) or any(mp.im(x) for x in (exact, before, after)):
            return
        size = float(max(map(abs, (exact, before, after))))
        if not error < 1e-3 * size:
            return  # lost to cancellation, and it says so
        # A bound to first order: twice it leaves room for the second.
        assert abs(float(np.max(found.value)) - exact) <= 2.0 * error + 1e-300
        assert np.array_equal(value(node, np.array([at])), found.value)
        slope, curvature = float((after - before) / (2 * h)), float((after - 2 * exact + before) / h**2)
        if error < 1e-13 * size and max(abs(slope), abs(curvature)) < 1e4 * size:
            # Derivatives that cancel lose what the value does not.
            assert float(np.max(found.slope)) == pytest.approx(slope, rel=1e-8, abs=1e-8 * size)
            assert float(np.max(found.curvature)) == pytest.approx(curvature, rel=1e-7, abs=1e-7 * size)


@settings(max_examples=300 * FUZZ, deadline=None)
@given(FORMULAS, st.floats(0.1, 4.0), st.floats(1e-3, 1.0), st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4))
def test_intervals_and_discs_hold_the_values(text, middle, width, places):
    node = readable(text)
    if node is None:
        return
    half = np.array([min(width, middle)])
    with mp.workdps(30), np.errstate(all="ignore"):
        low, high = (float(np.max(x)) for x in Interval(middle - half, middle + half).of(node))
        held = disc(node, Disc(np.array([middle]), half))
        centre, radius = float(np.max(held.centre)), float(np.max(held.radius))
        for turn, place in enumerate(places):
            on_line = exactly(node, mp.mpf(middle) + mp.mpf(place) * half[0])
            if on_line is not None and math.isfinite(low) and math.isfinite(high):
                slack = 1e-9 * (abs(low) + abs(high)) + UNDERFLOW
                assert low - slack <= on_line <= high + slack
            inside = exactly(node, mp.mpf(middle) + half[0] * abs(place) * mp.expjpi(mp.mpf(turn) / 4 + 0.1))
            if inside is not None and math.isfinite(radius):
                assert abs(inside - centre) <= radius * (1.0 + 1e-9) + 1e-9 * abs(centre) + UNDERFLOW


@pytest.mark.parametrize(
    "text",
    [
        "(exp(r)-2.7)*(r+1)",
        "(exp(r)-2.7)/(r+1)",
        "(r+1)/(exp(r)-2.7)",
        "(exp(r)-2.7)^3",
        "sin(exp(r)-2.7)",
        "(exp(r)-2.7)+r^9",
    ],
)
def test_rounding_errors_of_what_cancels_are_passed_on(text):
    node, at = parse(text), math.log(2.7) + np.linspace(1e-7, 1e-5, 50)
    found = jet(node, at)
    with mp.workdps(30):
        missed = np.array([float(abs(found.value[i] - exactly(node, mp.mpf(at[i])))) for i in range(at.size)])
    # exp is rounded by up to 1/2 of its last digit here, for which 4 are allowed; its neighbours by 1/2.
    assert np.all(missed <= found.error)
    assert np.median(found.error) <= 100.0 * missed.max()


@pytest.mark.parametrize("text", [*(f"{name}(r - 3)" for name in FUNCTIONS), "(r - 3)^3", "(r - 3)^-2", "(r - 3)^2.5",
    "(r - 3)^-0.7", "1/(r - 3)", "(r - 3)*(1 - r)", "exp(r - 3)/(r + 1)"])  # fmt: skip
def test_intervals_and_discs_of_every_operation(text):
    node, rng = parse(text), np.random.default_rng(3)
    middle = rng.uniform(0.0, 6.0, 50)
    half = middle * rng.uniform(0.0, 1.0, 50) ** 3
    turn = np.exp(2j * np.pi * np.arange(8) / 8)
    with np.errstate(all="ignore"):
        low, high = Interval(middle - half, middle + half).of(node)
        held = disc(node, Disc(middle, half))
    finite = 0
    for i in range(50):
        for x in np.linspace(-1.0, 1.0, 5):
            at = exactly(node, mp.mpf(middle[i] + x * half[i]))
            if at is not None and mp.im(at) == 0:
                assert low[i] - 1e-12 * (1.0 + abs(low[i])) <= at <= high[i] + 1e-12 * (1.0 + abs(high[i]))
        if math.isfinite(held.radius[i]):
            finite += 1
            for z in middle[i] + half[i] * turn:
                at = exactly(node, mp.mpc(z))
                assert abs(at - held.centre[i]) <= held.radius[i] * (1.0 + 1e-9) + 1e-12 * (1.0 + abs(held.centre[i]))
    assert finite > 8


def test_bounds_of_a_quotient_are_those_of_its_ends():
    """1/(r - 3) falls on either side of r = 3; bounds without limit are for the intervals that hold 3."""
    low, high = np.array([0.5, 2.2, 2.9, 2.9, 3.0, 3.1, 3.5]), np.array([1.5, 2.8, 2.99, 3.1, 3.5, 3.2, 9.0])
    with np.errstate(divide="ignore"):  # at an end
        found = Interval(low, high).of(parse("1/(r - 3)"))
    finite = np.array([True, True, True, False, False, True, True])
    # Rounding of the difference, next to 3: 1e-16 of 3 in 0.01.
    assert found[0][finite] == pytest.approx(1.0 / (high[finite] - 3.0), rel=1e-13, abs=0)
    assert found[1][finite] == pytest.approx(1.0 / (low[finite] - 3.0), rel=1e-13, abs=0)
    assert np.all(found[0][~finite] == -np.inf) and np.all(found[1][~finite] == np.inf)


def test_every_function_is_known_to_both_evaluators():
    for name, function in FUNCTIONS.items():
        node = parse(f"{name}(r)")
        at = np.array([0.5])
        assert float(value(node, at)[0]) == pytest.approx(function(0.5), rel=1e-15, abs=0)
    assert set(evaluation.FUNCTIONS) == set(FUNCTIONS) - {"sqrt"}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"sqrt"}))
def test_derivatives_of_each_function_against_those_in_many_digits(name):
    function, slope, curvature = evaluation.FUNCTIONS[name]
    precise = getattr(mp, {"abs": "fabs"}.get(name, name))
    for x in (0.3, 1.2, 2.9) if name == "log" else (0.3, 1.2, -0.7):
        y = function(x)
        with mp.workdps(40):
            expected = [float(mp.diff(precise, mp.mpf(x), n)) for n in (1, 2)]
        # Rounding: the tangent's derivatives are up to 20 at 1.2.
        assert [float(slope(x, y)), float(curvature(x, y))] == pytest.approx(expected, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize(
    ("text", "even"),
    [
        ("exp(-r^2)*cos(r)", True),
        ("r*sin(r)", True),
        ("r", False),
        ("r*exp(-r^2)", False),
        ("exp(-r)", None),
        ("r^3 + 1", None),
        ("sqrt(1 + r^4)", True),
        ("tanh(r)^2", True),
        ("erfc(r)", None),
        ("abs(r - 1)", None),
    ],
)
def test_parity(text, even):
    assert evaluation.even(parse(text)) is even


def test_latex_of_a_product_holds_both_factors():
    assert parse("r*exp(-r)").latex == r"r\,\exp\left(-r\right)"
    assert parse("0*r + 1").latex == r"0\,r + 1"
    assert parse("exp(-r)*(r + 1)").latex == r"\exp\left(-r\right)\,\left(r + 1\right)"


def test_signs_may_be_nested_as_deep_as_the_refusal_says():
    assert value(parse("-" * 200 + "r"), np.array(3.0)) == 3.0
    with pytest.raises(ValueError, match="nested deeper than 200 levels"):
        parse("-" * 201 + "r")


def test_latex_of_every_element():
    from matplotlib.mathtext import MathTextParser

    for name in FUNCTIONS:
        formula = parse(f"2*{name}(r + 1)^3/(1 - r^-2.5) - 1e-7*r")
        MathTextParser("path").parse(f"${formula.latex}$")
