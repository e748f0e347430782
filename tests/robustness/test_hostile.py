"""Formulas meant to do harm: every one refused at once, whatever it would do to an evaluator."""

import signal

import pytest

from chaintheory import Interaction
from chaintheory.interactions.grammar import FUNCTIONS, parse

DUNDER = ["__class__", "__bases__", "__subclasses__", "__globals__", "__builtins__", "__import__", "__dict__", "__mro__",
    "__init__", "__reduce__", "__getattribute__", "__code__", "__closure__", "__doc__", "__name__"]  # fmt: skip
CALLS = ["open", "exec", "eval", "compile", "input", "print", "getattr", "setattr", "globals", "locals", "vars", "dir",
    "exit", "quit", "breakpoint", "help", "memoryview", "bytearray", "type", "object", "super", "lambda", "sympify",
    "Symbol", "Function", "Integer", "factorial", "gamma", "Sum", "integrate", "limit", "diff", "solve", "oo", "zoo",
    "nan", "inf", "I", "os", "sys", "np", "sp", "self", "Abs", "EXP", "Exp"]  # fmt: skip
SHAPES = [
    *[f"r.{name}" for name in DUNDER], *[f"().{name}" for name in DUNDER], *[f"{name}(r)" for name in DUNDER],
    *[f"exp.{name}" for name in DUNDER[:6]], *[f"{name}(r)" for name in CALLS], *[f"{name}" for name in CALLS[:20]],
    *[f"r + {name}('rm')" for name in CALLS[:8]], *[f"(r).{name}()" for name in CALLS[:6]],
]  # fmt: skip
BOMBS = [
    "9**9**9", "9^9^9", "9**9**9**9", "9**(9**9)", "r**9**9", "r**(9**9)", "exp(9**9**9)", "2**2**2**2**2**2",
    "(((9**99)**99)**99)**99**99", "10**1000", "10**101", "1e400", "1e-400", "1e999999999", "9" * 41, "9" * 1999,
    "r**1e9", "r**101", "0**(-1)", "1/0", "1/(1-1)", "log(0)", "0/0", "r/0", "sqrt(-1)", "log(-1)", "(-1)**0.5",
    "exp(-r^2)*((((r)^(1/3)*(1/3/1e300)))^2)", "abs(sech((sqrt(r)-1e9)))", "exp(-r)*1e-200*1e-200*r", "tan(pi/2)", "1/sin(0)", "abs(r)**1e300",
]  # fmt: skip
DEEP = [
    "(" * 60 + "r" + ")" * 60, "(" * 1900, ")" * 1900, "-" * 1900 + "r", "+" * 1900, "sin(" * 200 + "r" + ")" * 200,
    "sqrt(" * 60 + "r" + ")" * 60, "r**" * 200 + "r", "r^" * 60 + "2", "exp(-" * 300 + "r", "(" * 60 + "r", "abs(" * 60,
    "r+" * 1500 + "r", "x" * 2001, "r" * 2001, " " * 2001, "1+" * 999, "r " * 999,
]  # fmt: skip
ODD = [
    "", " ", "\n", "\t", "\x00", "r\x00", "r\x00r", "\x1b[31mr", "r;r", "r\nr", "r=1", "r:=1", "r==1", "r<1", "r>1", "r!=1", "r if r",
    "r,r", "[r]", "{r}", "r[0]", "'r'", '"r"', "`r`", "r!", "r%2", "r//2", "r&r", "r|r", "~r", "r@r", "r<<1", "r?1:2",
    "#r", "\\r", "$r", "r_", "_r", "__", "_", "1_000", "0x10", "0b1", "0o7", "1j", "1e", "1e+", ".", "..", "1..2", "1.2.3",
    "r r", "2 r", "2r", "r2", "r(2)", "2(r)", "exp", "exp()", "exp(r", "exp r", "exp(r,r)", "exp(,)", "sin(r,1)", "*r",
    "r*", "r**", "r***r", "/r", "r/", "()", "r()", "(r", "r)", ")r(", "r^^2", "f'{r}'", "r.real", "1.real",
]  # fmt: skip
UNICODE = [
    "ｒ", "ｅｘｐ(r)", "еxp(r)", "r²", "r³", "π", "∞", "√r", "−r", "r×2", "r÷2", "２*r", "٣*r", "r\u200b", "\u202er",
    "\ufeffr", "r\u00a0\u2028r", "ℯ", "𝐫", "𝓇", "r\u0301", "\ud800", "\U0001f4a3", "ｅval(r)", "ﬁ", "K", "r⁠*2", "½*r",
    "r**２", "__ımport__", "ex\u0440(r)",
]  # fmt: skip
HOSTILE = [*SHAPES, *BOMBS, *DEEP, *ODD, *UNICODE]


def test_the_corpus_is_large():
    assert len(set(HOSTILE)) >= 200


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    parse("exp(-r**2)")  # SymPy, before anything is timed


@pytest.mark.parametrize("text", [pytest.param(text, id=ascii(text)[:40]) for text in sorted(set(HOSTILE))])
def test_refused(text):
    def ring(*_):
        raise AssertionError("no answer within 5 seconds")  # in truth a tenth of one; the machine may be busy

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 5.0)
    try:
        with pytest.raises(ValueError, match=r"expression|potential|finite") as refusal:
            Interaction.from_expression(text)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(str(refusal.value)) < 2600


@pytest.mark.parametrize("thing", [None, 3, b"r", ["r"], {"r": 1}, object()])
def test_what_is_no_text_is_refused(thing):
    with pytest.raises(TypeError, match="expression must be text or a SymPy expression"):
        Interaction.from_expression(thing)


@pytest.mark.parametrize("function", [lambda r: r, abs, print, Interaction])
def test_a_function_is_pointed_to_samples(function):
    with pytest.raises(TypeError, match=r"Interaction\.from_callable"):
        Interaction.from_expression(function)


@pytest.mark.parametrize("name", ["r", "pi", "e", *FUNCTIONS, "a b", "", "é", "1a", "a\x00", "a;b"])
def test_constants_hide_nothing(name):
    with pytest.raises(ValueError, match="constants"):
        parse("exp(-r)", {name: 1.0})
