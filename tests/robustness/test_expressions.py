"""The parser of formulas: what it reads, and that it refuses the rest with its place."""

from __future__ import annotations

import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from chaintheory.interactions.grammar import FUNCTIONS, parse

r = sp.Symbol("r", real=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r", r),
        (" 2 * r ", 2 * r),
        ("-r**2", -(r**2)),
        ("2**3**2", sp.Integer(512)),
        ("2^-1", sp.Rational(1, 2)),
        ("r/2/3", r / 6),
        ("1 - 2 - 3", sp.Integer(-4)),
        (".5e1 + 1.", sp.Integer(6)),
        ("exp(-(r))", sp.exp(-r)),
        ("pi*e", sp.pi * sp.E),
        ("abs(r)", sp.Abs(r)),
        ("0.1", sp.Rational(1, 10)),
    ],
)
def test_reads(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early, at character 1"),
        ("2 +", "ends too early, at character 4"),
        ("(r", "ends too early, at character 3"),
        ("r)", r"'\)' at character 2"),
        ("2 r", "'r' at character 3"),
        ("r.real", "'.' at character 2"),
        ("r[0]", r"'\[' at character 2"),
        ("'r'", "at character 1"),
        ("__import__", "'__import__' at character 1 is not known"),
        ("exp", r"ends too early"),
        ("exp + 1", r"'\+' at character 5 stands where '\(' is needed"),
        ("exp(r, 2)", "'exp' at character 1 takes 1 argument, got 2"),
        ("sin()", r"'\)' at character 5"),
        ("lambda r: r", "':' at character 9"),
        ("r if r else 1", "'if' at character 3"),
        ("1/0", "division by zero at character 3"),
        ("1/(r - r)", "division by zero at character 3"),
        ("9**9**9", "the power at character 2 is larger than 100"),
        ("1e999", "'1e999' at character 1 is not a number"),
        ("sqrt(-1)", "not a finite real number"),
        ("log(0)", "not a finite real number"),
        ("r ** r ** " * 60 + "r", "nested deeper"),
        ("(" * 60 + "r" + ")" * 60, "nested deeper"),
        ("1+" * 1500 + "r", "at most 2000 characters"),
        ("r²", "'²' at character 2"),
        ("\x00", "at character 1"),
    ],
)
def test_refuses_with_the_place(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_towers_of_powers_stay_small():
    # 9**99**... as ((9**99)**99)**99: a million digits if it were exact.
    value = parse("((((9**99)**99)**99)**99)/1e300")
    assert value.is_number


def test_constants():
    assert parse("a*r", {"a": 0.5}) == r / 2
    for name in ("r", "pi", "exp", "1a", "a b"):
        with pytest.raises(ValueError, match="constants may not define"):
            parse("r", {name: 1.0})
    with pytest.raises(ValueError, match="constant a must be a finite real number"):
        parse("r", {"a": math.inf})


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="r0123456789.+-*/^(), eEpixabsqrt_[]{}'\"\\;:=@!", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        value = parse(text)
    except ValueError as error:
        assert str(error).startswith("expression")
    else:
        assert value.free_symbols <= {r}


numbers = st.integers(0, 20).map(str)
leaves = st.one_of(numbers, st.just("r"))


@settings(max_examples=100, deadline=None)
@given(st.recursive(leaves, lambda inner: st.one_of(
    st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    inner.map(lambda t: f"exp(-abs({t}))"),
), max_leaves=8))  # fmt: skip
def test_agrees_with_python(text):
    value = float(parse(text).subs(r, sp.Rational(3, 4)).evalf())
    names = {"r": 0.75, "exp": math.exp, "abs": abs, "__builtins__": {}}
    assert value == pytest.approx(eval(text, names), rel=1e-12, abs=1e-12)


def test_every_function_is_known_to_sympy():
    for name, (target, count) in FUNCTIONS.items():
        assert count == 1
        assert parse(f"{name}(r)").has(getattr(sp, target)) or name in ("sqrt",)
