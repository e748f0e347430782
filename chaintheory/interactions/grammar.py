r"""Formulas typed by a user: Python's own parser, and a list of what may stand in them. Nothing is ever executed.

A formula has numbers, ``r``, ``pi``, ``e``, names whose values the caller gives, ``+ - * /``, ``**`` or ``^`` for
powers, parentheses and the functions of ``FUNCTIONS``. As in Python, ``-r**2`` is ``-(r**2)`` and ``2**3**2`` is
``2**(3**2)``. Anything else is refused with its place in the text. The length, the depth, the number of operations,
numbers and powers are bounded, and constants are evaluated in doubles as they are read, so that no text takes long.

>>> parse("exp(-abs(r)/w)", {"w": 3.0}).latex
'\\exp\\left(\\frac{-r}{3}\\right)'
>>> parse("1 + open(r)")  # doctest: +ELLIPSIS
Traceback (most recent call last):
...
ValueError: expression: 'open' at character 5 is not a function (functions: abs, cos, ...)
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from chaintheory.support.validation import nearest, number, shown

# The functions of a formula, for the constants in it; interactions/evaluation.py has them for arrays.
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "abs": abs, "cos": math.cos, "cosh": math.cosh, "erf": math.erf, "erfc": math.erfc, "exp": math.exp,
    "log": math.log, "sech": lambda x: 1.0 / math.cosh(x), "sin": math.sin, "sinh": math.sinh,
    "sqrt": math.sqrt, "tan": math.tan, "tanh": math.tanh,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: ("+", float.__add__),
    ast.Sub: ("-", float.__sub__),
    ast.Mult: ("*", float.__mul__),
    ast.Div: ("/", float.__truediv__),
    ast.Pow: ("^", math.pow),
}
VARIABLE = "r"

LONGEST = 2000  # characters
DEEPEST = 50  # parentheses
STEEPEST = 200  # levels of the tree: a sum of n terms has n
MOST_OPERATIONS = 500
LARGEST_POWER = 100.0

TOKEN = re.compile(
    r"\s*(?P<token>(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])|[A-Za-z_]\w*|\*\*|[-+*/^(),])\s*", re.ASCII
)


@dataclass(frozen=True)
class Node:
    """One operation of a formula: "number", the variable, one of ``+ - * / ^`` or a function, with its arguments."""

    operation: str
    arguments: tuple[Node, ...] = ()
    value: float = 0.0

    @property
    def latex(self) -> str:
        r"""The formula in LaTeX.

        >>> parse("2*r^2/(1 + r)").latex
        '\\frac{2\\,r^{2}}{1 + r}'
        """
        return _latex(self)[0]

    @property
    def size(self) -> int:
        """Number of operations, variables and numbers."""
        return 1 + sum(argument.size for argument in self.arguments)


def constant(value: float) -> Node:
    """The node of a number."""
    return Node("number", (), value)


def parse(text: str, constants: Mapping[str, float] | None = None) -> Node:
    """Return the tree of the formula that a text is.

    Parameters
    ----------
    text
        The formula, at most 2,000 characters.
    constants
        Names with their values, each of which the text must use; they may not hide ``r``, ``pi``, ``e`` or a function.

    Raises
    ------
    TypeError
        A text that is none, or a constant that is no number.
    ValueError
        With the place in the text, counted from 1, of what does not belong there; a formula that is too long, too deep
        or has too large powers; a constant that is not used.
    """
    return _Reader(text, constants or {}).tree()


class _Reader:
    """One reading of one text."""

    def __init__(self, text: str, constants: Mapping[str, float]) -> None:
        if not isinstance(text, str):
            raise TypeError(f"expression must be text, got {shown(text)}")
        if len(text) > LONGEST:
            raise ValueError(f"expression must have at most {LONGEST} characters, got {len(text)}")
        self.text = text
        self.names = {"pi": math.pi, "e": math.e}
        for name, value in constants.items():
            taken = name == VARIABLE or name in self.names or name in FUNCTIONS
            if taken or not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
                raise ValueError(f"constants may not define {name!r}")
            self.names[name] = number(f"constant {name}", value)
        self.constants = set(constants)
        self.used: set[str] = set()
        self.operations = 0

    def refuse(self, place: int, why: str, what: str | None = None) -> NoReturn:
        """Refuse what stands at a place of the text, counted from 0."""
        what = self.text[place : place + 1] if what is None else what
        if not what:
            raise ValueError(f"expression: {self.text!r} ends too early, at character {place + 1}")
        raise ValueError(f"expression: {what!r} at character {place + 1} {why}")

    def tree(self) -> Node:
        source, self.places = self.tokens()
        try:
            body = ast.parse(source, mode="eval").body
        except SyntaxError as error:
            place = (error.offset or len(self.places)) - 1
            self.refuse(self.places[min(place, len(self.places) - 1)], "does not belong here")
        except (MemoryError, RecursionError):
            self.too_deep(STEEPEST)
        result = self.node(body, 0)
        unused = sorted(self.constants - self.used)
        if unused:
            raise ValueError(
                f"expression: the constant {unused[0]!r} is not in {self.text!r}"
                + nearest(unused[0], re.findall(r"[A-Za-z_]\w*", self.text))
            )
        return result

    def too_deep(self, levels: int) -> NoReturn:
        raise ValueError(f"expression: {self.text[:40]!r} ... is nested deeper than {levels} levels")

    def tokens(self) -> tuple[str, list[int]]:
        """The text as Python writes it, and the place in the text of each of its characters and of its end."""
        source, places = "", []
        at = depth = 0
        while at < len(self.text):
            match = TOKEN.match(self.text, at)
            if match is None:
                rest = self.text[at:]
                self.refuse(at + len(rest) - len(rest.lstrip()), "does not belong here")
            token, start = match["token"], match.start("token")
            power = re.split("[eE]", token)[1:] if match["number"] else []
            if match["number"] and (len(token) > 40 or abs(int([*power, "0"][0])) > 300):
                self.refuse(start, "is not a number that a double holds", token)
            depth += (token == "(") - (token == ")")
            if depth > DEEPEST:
                self.too_deep(DEEPEST)
            written = " " + token.replace("^", "**")
            source += written
            places += [start] * len(written)
            at = match.end()
        return source.strip(), [*places[1:], len(self.text.rstrip())]

    def node(self, item: ast.expr, depth: int) -> Node:
        """The node of a piece of Python's syntax tree, if it is one that may stand in a formula."""
        place = self.places[item.col_offset]
        self.operations += 1
        if self.operations > MOST_OPERATIONS:
            raise ValueError(f"expression must have at most {MOST_OPERATIONS} operations, numbers and names")
        if depth > STEEPEST:
            self.too_deep(STEEPEST)
        match item:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return constant(float(value))
            case ast.Name(id=name):
                return self.named(name, place)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.node(operand, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.folded("*", float.__mul__, place, constant(-1.0), self.node(operand, depth + 1))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
                sign, function = ARITHMETIC[type(operator)]
                arguments = self.node(left, depth + 1), self.node(right, depth + 1)
                return self.folded(sign, function, self.places[right.col_offset], *arguments)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                return self.folded(name, FUNCTIONS[name], place, self.node(argument, depth + 1))
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in FUNCTIONS:
                self.refuse(place, f"takes 1 argument, got {len(arguments)}", name)
            case ast.Call(func=ast.Name(id=name)):
                self.refuse(
                    place, f"is not a function{nearest(name, FUNCTIONS)} (functions: {', '.join(FUNCTIONS)})", name
                )
        self.refuse(place, "does not belong here")

    def named(self, name: str, place: int) -> Node:
        if name == VARIABLE:
            return Node(VARIABLE)
        if name in FUNCTIONS:
            self.refuse(place, "is a function: give it an argument in parentheses", name)
        if name not in self.names:
            known = [VARIABLE, *self.names]
            self.refuse(place, f"is not known{nearest(name, known)} (names: {', '.join(sorted(known))})", name)
        self.used.add(name)
        return constant(self.names[name])

    def folded(self, operation: str, function: Callable[..., float], place: int, *arguments: Node) -> Node:
        """The node of an operation; a number if its arguments are."""
        if operation == "^" and arguments[1].operation == "number" and not abs(arguments[1].value) <= LARGEST_POWER:
            self.refuse(place, f"is a power larger than {LARGEST_POWER:g}")
        if operation == "/" and arguments[1] == constant(0.0):
            raise ValueError(f"expression: division by zero at character {place + 1}")
        if all(argument.operation == "number" for argument in arguments):
            try:
                value = function(*(argument.value for argument in arguments))
            except (ArithmeticError, ValueError):
                value = math.nan
            if not math.isfinite(value):
                self.refuse(place, f"makes {operation!r} of constants that is not a finite real number")
            return constant(value)
        return _simple(operation, *arguments)


def _simple(operation: str, *arguments: Node) -> Node:
    """The node of an operation, written by fewer of them; r is a distance and never negative."""
    first = arguments[0]
    if operation == "-":
        return Node("+", (first, _simple("*", constant(-1.0), arguments[1])))
    if operation == "sqrt":
        return _simple("^", first, constant(0.5))
    if operation == "abs" and first.operation in (VARIABLE, "abs"):
        return first
    if operation != "^":
        return Node(operation, arguments)
    exponent = arguments[1]
    if exponent.operation != "number":
        logarithm = constant(math.log(first.value)) if _positive(first) else Node("log", (first,))
        return Node("exp", (Node("*", (exponent, logarithm)),))
    power = exponent.value
    if power in (0.0, 1.0):
        return first if power else constant(1.0)
    if first.operation == "^" and first.arguments[1].value % 2.0 == 0.0 and power % 1.0:
        # (x^2)^q is abs(x)^(2 q): the square's root has a branch at 0 that this has not.
        base, inner = first.arguments
        return _simple("^", _simple("abs", base), constant(inner.value * power))
    return Node("^", arguments)


def _positive(node: Node) -> bool:
    return node.operation == "number" and node.value > 0.0


def _latex(node: Node) -> tuple[str, int]:
    """A node in LaTeX, and how tightly it binds: 0 a sum, 1 a product, 2 a power, 3 an atom."""

    def inside(argument: Node, tightness: int) -> str:
        text, binds = _latex(argument)
        return text if binds >= tightness else rf"\left({text}\right)"

    operation, arguments = node.operation, node.arguments
    if operation == "number":
        return number_in_latex(node.value), 3 if node.value >= 0.0 else 0
    if operation == VARIABLE:
        return VARIABLE, 3
    if operation == "+":
        text = f"{inside(arguments[0], 0)} + {inside(arguments[1], 1)}"
        return text.replace("+ -", "- "), 0
    if operation == "*":
        if arguments[0] == constant(-1.0):
            return f"-{inside(arguments[1], 1)}", 1
        return rf"{inside(arguments[0], 1)}\,{inside(arguments[1], 1)}", 1
    if operation == "/":
        return rf"\frac{{{inside(arguments[0], 0)}}}{{{inside(arguments[1], 0)}}}", 2
    if operation == "^" and arguments[1].value == 0.5:
        return rf"\sqrt{{{inside(arguments[0], 0)}}}", 3
    if operation == "^":
        return f"{inside(arguments[0], 3)}^{{{number_in_latex(arguments[1].value)}}}", 2
    if operation == "abs":
        return rf"\left|{inside(arguments[0], 0)}\right|", 3
    name = rf"\{operation}" if operation not in ("erf", "erfc", "sech") else rf"\mathrm{{{operation}}}"
    return rf"{name}\left({inside(arguments[0], 0)}\right)", 3


def number_in_latex(value: float) -> str:
    r"""The number as a physicist writes it, with a power of ten instead of an e.

    >>> print(number_in_latex(4e-7))
    (4\cdot 10^{-7})
    """
    mantissa, _, power = f"{value:.6g}".partition("e")
    return rf"({mantissa}\cdot 10^{{{int(power)}}})" if power else mantissa
