"""A formula once: no second copy of the dispersion relation or of a prefactor, and no formula without a caller."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest

from derivations.formulas import formulas

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "chaintheory").rglob("*.py"))
COMPILED = [
    path
    for pattern in ("*.pyx", "src/*.c", "src/*.h")
    for path in sorted((ROOT / "chaintheory_ext").glob(pattern))
]  # fmt: skip
# Numbers in two doubles: exponents of the transforms, which are split for the sake of their last digits.
EXEMPT = {"chaintheory/support/double_double.py"}
TOPS = {"omega_fast", "top"}  # what the top of the band is called
WIDTHS = {"spread", "band_width"}  # and its width in omega^2
PREFACTORS = [n * math.pi**power for power in (2, 3, 4) for n in (0.5, 1, 2, 4, 8, 16)]


def name_of(node: ast.AST) -> str:
    """The last part of a name: chain.omega_fast is omega_fast, band_width(...) is band_width."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_number(node: ast.AST, value: float) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == value


def factors(node: ast.AST, power: int = 1) -> list[tuple[ast.AST, int]]:
    """The factors of a product with their powers."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sign = -1 if isinstance(node.op, ast.Div) else 1
        return factors(node.left, power) + factors(node.right, sign * power)
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and isinstance(node.right, ast.Constant)
        and isinstance(node.right.value, int)
    ):
        return factors(node.left, power * node.right.value)
    if isinstance(node, ast.UnaryOp):
        return factors(node.operand, power)
    return [(node, power)]


def copies(text: str) -> list[str]:
    """What a Python source types again."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and type(node.value) is float:
            if any(math.isclose(abs(node.value), value, rel_tol=1e-7) for value in PREFACTORS):
                found.append(f"line {node.lineno}: a power of pi as a number")
        if not isinstance(node, ast.BinOp):
            continue
        parts = factors(node)
        if sum(abs(power) for part, power in parts if name_of(part).lower() in ("pi", "_pi")) >= 2:
            found.append(f"line {node.lineno}: a power of pi")
        shifted = {
            (type(part.op), name_of(part.left))
            for part, power in parts
            if power > 0
            and isinstance(part, ast.BinOp)
            and isinstance(part.op, ast.Add | ast.Sub)
            and is_number(part.right, 1)
        }
        if any({(ast.Add, top), (ast.Sub, top)} <= shifted for top in TOPS):
            found.append(f"line {node.lineno}: omega_fast^2 - 1")
        if isinstance(node.op, ast.Sub) and is_number(node.right, 1):
            square = factors(node.left)
            if sum(power for part, power in square if name_of(part) in TOPS) == 2 and all(
                name_of(part) in TOPS for part, _ in square
            ):
                found.append(f"line {node.lineno}: omega_fast^2 - 1")
        if isinstance(node.op, ast.Add):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                product = [part for part, _ in factors(other)]
                wave = any(re.search("sin|square", ast.dump(part)) for part in product)
                if is_number(one, 1) and wave and any(name_of(part) in WIDTHS for part in product):
                    found.append(f"line {node.lineno}: the dispersion relation")
    return found


PATTERNS = {
    "omega_fast^2 - 1": r"(omega_fast|top)\s*\*\s*(self\.)?\1\s*-\s*1",
    "omega_fast^2 - 1 in factors": r"\(\s*(?:self\.)?omega_fast\s*[-+]\s*1(?:\.0)?\s*\)\s*\*\s*\(",
    "a power of pi": r"\b((?:\w*_)?PI|pi)\s*\*\s*((?:\w*_)?PI|pi)\b",
    "the dispersion relation": r"\b1(?:\.0)?\s*\+\s*(?:band_)?width\s*\*",
}


def code(text: str) -> str:
    """A source in C or Cython without its comments and strings."""
    text = re.sub(r'"""[\s\S]*?"""|/\*[\s\S]*?\*/|"(?:\\.|[^"\\\n])*"', " ", text)
    return re.sub(r"//.*|#(?!define|include|if|endif|else).*", " ", text)


def compiled_copies(text: str) -> list[str]:
    """What a source in C or Cython types again."""
    text = code(text)
    found = [name for name, pattern in PATTERNS.items() if re.search(pattern, text)]
    for number in re.findall(r"(?<![\w.])\d+\.\d+(?:[eE][-+]?\d+)?", text):
        # The series of sin(pi x) has powers of pi of its own, over factorials.
        if any(math.isclose(float(number), value, rel_tol=1e-7) for value in PREFACTORS):
            found.append(f"a power of pi as the number {number}")
    return found


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_second_copy(path):
    if str(path.relative_to(ROOT).as_posix()) not in EXEMPT:
        assert not copies(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_second_copy_in_compiled_sources(path):
    assert not compiled_copies(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "planted",
    [
        "chain.omega_fast**2 - 1.0",
        "top * top - 1",
        "(omega_fast - 1.0) * (omega_fast + 1.0)",
        "0.25 * (c.omega_fast + 1) * x * (c.omega_fast - 1)",
        "np.sqrt(1.0 + spread * sine * sine)",
        "np.sqrt(band_width(top) * sine_squared + 1.0)",
        "4.0 * math.pi**2 / mass",
        "8.0 * np.pi**2 * energy",
        "x * math.pi * 8.0 * math.pi * y",
        "8 * band.pi**4",
        "(2.0 * math.pi) ** 2 / mass",
        "speed**2 / (8.0 * math.pi**2)",
        "39.47841760435743 * force",
        "779.2727282720195",
    ],
)
def test_a_planted_copy_is_found(planted):
    assert copies(f"y = {planted}\n")


@pytest.mark.parametrize(
    "planted",
    [
        "double w = omega_fast * omega_fast - 1.0;",
        "w = self.omega_fast * self.omega_fast - 1.0",
        "(omega_fast - 1.0) * (omega_fast + 1.0)",
        "TWO_PI * TWO_PI / mass * force",
        "PI * PI * width",
        "sqrt(1.0 + width * sine_squared)",
        "39.47841760435743 * force",
    ],
)
def test_a_planted_copy_is_found_in_compiled_sources(planted):
    assert compiled_copies(planted)


@pytest.mark.parametrize("clean", ["2.0 * math.pi * x / math.sqrt(y)", "omega_fast**2 * x - 1.0", "omega_fast - 1.0"])
def test_what_is_no_copy_passes(clean):
    assert not copies(f"y = {clean}\n")


def test_every_generated_function_is_called():
    """By name, in a source that is installed, or handed on as ``generated.name``: imports do not count."""
    called: set[str] = set()
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called.add(name_of(node.func))
            elif isinstance(node, ast.Attribute) and name_of(node.value) == "generated":
                called.add(node.attr)
    for path in COMPILED:
        text = code(path.read_text(encoding="utf-8"))
        text = re.sub(r"cdef extern[^\n]*\n(?:[ \t]+[^\n]*\n|\n)*", "", text)
        called.update(re.findall(r"(\w+)\s*\(", text))
    names = [formula.name for listed in formulas().values() for formula in listed]
    assert not [name for name in names if name not in called]
