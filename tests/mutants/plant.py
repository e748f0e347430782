"""Mutations of one source file: Python by the operators of cosmic-ray, C and Cython by their tokens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Operators of cosmic-ray that change what is computed: arithmetic, comparisons, constants, signs, logic.
SWAPS = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Mul", "Mod_Mul")
COMPARISONS = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt", "LtE_GtE", "GtE_LtE", "Eq_NotEq", "NotEq_Eq")
OPERATORS = (
    *(f"core/ReplaceBinaryOperator_{name}" for name in SWAPS),
    *(f"core/ReplaceComparisonOperator_{name}" for name in COMPARISONS),
    "core/ReplaceUnaryOperator_USub_UAdd",
    "core/ReplaceUnaryOperator_Delete_Not",
    "core/NumberReplacer",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/AddNot",
)


@dataclass(frozen=True)
class Mutant:
    """One changed file: the text from ``start`` to ``end`` on ``line`` reads ``after`` instead of ``before``."""

    path: str
    line: int
    kind: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """File, line and change, as a person reads it."""
        return f"{self.path}:{self.line}: {self.before.strip()}  ->  {self.after.strip()}"


@dataclass(frozen=True)
class Place:
    """Where one file can be changed: the change is made when it is asked for."""

    path: str
    kind: str
    occurrence: int

    def mutant(self, root: Path) -> Mutant | None:
        """The changed file; None where the change cannot be made or leaves the same program (1e100 as 1e+100)."""
        source = (root / self.path).read_text(encoding="utf-8")
        if self.path.endswith(".py"):
            text = changed_python(source, self.kind, self.occurrence)
        else:
            text = list(token_mutants(source))[self.occurrence][1]
        line, before, after = first_difference(source, text or source)
        if before.strip() == after.strip() or same_program(self.path, source, text or source):
            return None
        return Mutant(self.path, line, self.kind, before, after, str(text))


def same_program(path: str, source: str, text: str) -> bool:
    """Whether two texts of Python are one syntax tree."""
    return path.endswith(".py") and ast.dump(ast.parse(source)) == ast.dump(ast.parse(text))


def places(root: Path, path: str) -> Iterator[Place]:
    """All places of one file."""
    source = (root / path).read_text(encoding="utf-8")
    if path.endswith(".py"):
        for kind, count in python_places(source):
            yield from (Place(path, kind, occurrence) for occurrence in range(count))
    else:
        yield from (Place(path, kind, occurrence) for occurrence, (kind, _) in enumerate(token_mutants(source)))


def first_difference(source: str, text: str) -> tuple[int, str, str]:
    """Number and both texts of the first line that differs."""
    for number, (before, after) in enumerate(zip(source.splitlines(), text.splitlines(), strict=False), start=1):
        if before != after:
            return number, before, after
    return 0, "", ""


def python_places(source: str) -> Iterator[tuple[str, int]]:
    """How often each operator applies to a Python source."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator

    nodes = list(ast_nodes(get_ast(source)))
    for name in OPERATORS:
        operator = get_operator(name)()
        yield name, sum(len(list(operator.mutation_positions(node))) for node in nodes)


def changed_python(source: str, name: str, occurrence: int) -> str | None:
    """A Python source with one operator applied once."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    text = mutate_code(source.encode(), get_operator(name)(), occurrence)
    return text.decode() if isinstance(text, bytes) else text


TOKENS = re.compile(
    r"""(?P<skip>/\*.*?\*/|//[^\n]*|\#[^\n]*|\"\"\".*?\"\"\"|"[^"\n]*"|'[^'\n]*')
      |(?P<number>\b\d+\.\d*(?:e[+-]?\d+)?\b|\b\d+\b)
      |(?P<compare><=|>=|==|!=)
      |(?P<double>\+\+|--|->|<<|>>|&&|\|\||\+=|-=|\*=|/=)
      |(?P<single>(?<=[\w\)\]])\s*[+\-*/<>]\s*(?=[\w\(\[\-&*.]))""",
    re.S | re.X,
)
CHANGES = {
    "+": "-", "-": "+", "*": "/", "/": "*", "<": "<=", ">": ">=", "<=": "<", ">=": ">", "==": "!=", "!=": "==",
    "+=": "-=", "-=": "+=", "*=": "/=", "&&": "||", "||": "&&",
}  # fmt: skip
# Lines that declare or import, in which a mutant would not compile or not change a number.
DECLARES = re.compile(
    r"^\s*(cimport|from|import|include|cdef extern|#|ctypedef|def |cdef class)|\w\s\*\w|\*restrict|\[::"
)


def token_mutants(source: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each mutant of a C or Cython source."""
    for found in TOKENS.finditer(source):
        start, end = found.span()
        line = source[source.rfind("\n", 0, start) + 1 : source.find("\n", start)]
        if found.lastgroup == "skip" or DECLARES.search(line):
            continue
        text = found.group()
        if found.lastgroup == "number":
            value = float(text)
            replaced = [str(int(text) + 1)] if text.isdigit() else [repr(value + 1.0), repr(-value)]
            if text.isdigit() and value:
                replaced.append(str(int(text) - 1))
        else:
            replaced = [text.replace(text.strip(), CHANGES[text.strip()])] if text.strip() in CHANGES else []
        for new in replaced:
            yield str(found.lastgroup), source[:start] + new + source[end:]
