"""Formulas typed by a user, read by a small grammar: nothing is ever evaluated as Python.

    sum     = product (("+" | "-") product)*
    product = power (("*" | "/") power)*
    power   = ("+" | "-") power | atom (("**" | "^") power)?
    atom    = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"

A name is the variable, a constant (``pi``, ``e`` or one that the caller supplies) or one of ``FUNCTIONS``. As in
Python, ``-r**2`` is ``-(r**2)`` and ``2**3**2`` is ``2**(3**2)``. Anything else is refused with its place in the text.

>>> parse("2*exp(-abs(r)/w)", {"w": 3.0})
2*exp(-Abs(r)/3)
>>> parse("1 + open(r)")  # doctest: +ELLIPSIS
Traceback (most recent call last):
...
ValueError: expression: 'open' at character 5 is not known (names: e, pi, r; functions: abs, cos, ...)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["FUNCTIONS", "parse"]

# Name in the text -> SymPy function, and the number of arguments it takes.
FUNCTIONS: dict[str, tuple[str, int]] = {
    "abs": ("Abs", 1),
    "cos": ("cos", 1),
    "cosh": ("cosh", 1),
    "erf": ("erf", 1),
    "erfc": ("erfc", 1),
    "exp": ("exp", 1),
    "log": ("log", 1),
    "sech": ("sech", 1),
    "sin": ("sin", 1),
    "sinh": ("sinh", 1),
    "sqrt": ("sqrt", 1),
    "tan": ("tan", 1),
    "tanh": ("tanh", 1),
}
LONGEST = 2000
DEEPEST = 50

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|[-+*/^(),]))",
    re.ASCII,
)


def parse(text: str, constants: Mapping[str, float] | None = None, variable: str = "r") -> sp.Expr:
    """Return the SymPy expression that a text stands for.

    Parameters
    ----------
    text
        The formula, at most 2,000 characters.
    constants
        Names with values; they may not hide the variable, ``pi``, ``e`` or a function.
    variable
        Name of the variable, which becomes a real SymPy symbol.

    Raises
    ------
    ValueError
        With the place in the text, counted from 1, of what does not belong there.
    """
    return _Parser(text, dict(constants or {}), variable).run()


class _Parser:
    """One reading of one text, left to right."""

    def __init__(self, text: str, constants: dict[str, float], variable: str) -> None:
        import sympy as sp

        if not isinstance(text, str):
            raise ValueError(f"expression must be text, got {text!r}")
        if len(text) > LONGEST:
            raise ValueError(f"expression must have at most {LONGEST} characters, got {len(text)}")
        self.sp = sp
        self.text = text
        self.depth = 0
        self.names: dict[str, Any] = {
            variable: sp.Symbol(variable, real=True),
            "pi": sp.pi,
            "e": sp.E,
        }
        for name, value in constants.items():
            if name in self.names or name in FUNCTIONS or not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
                raise ValueError(f"constants may not define {name!r}")
            from chaintheory.support.validation import number

            self.names[name] = self._number(repr(number(f"constant {name}", value)))
        self.tokens = list(self._tokens())
        self.at = 0

    def _tokens(self) -> Iterator[tuple[str, str, int]]:
        place = 0
        end = len(self.text.rstrip())
        while place < end:
            match = TOKEN.match(self.text, place)
            if match is None:
                start = place + len(self.text[place:]) - len(self.text[place:].lstrip())
                self.refuse(self.text[start], start)
            kind = str(match.lastgroup)
            yield kind, match[kind], match.start(kind)
            place = match.end()
        yield "end", "", end

    def refuse(self, what: str, place: int, why: str = "does not belong here") -> NoReturn:
        if not what:
            raise ValueError(f"expression: {self.text!r} ends too early, at character {place + 1}")
        raise ValueError(f"expression: {what!r} at character {place + 1} {why}")

    def next(self, *signs: str) -> str | None:
        """Take the next token if it is one of these signs."""
        kind, word, _ = self.tokens[self.at]
        if kind == "sign" and word in signs:
            self.at += 1
            return word
        return None

    def expect(self, sign: str) -> None:
        if not self.next(sign):
            _, word, place = self.tokens[self.at]
            self.refuse(word, place, f"stands where {sign!r} is needed")

    def run(self) -> sp.Expr:
        result = self.sum()
        kind, word, place = self.tokens[self.at]
        if kind != "end":
            self.refuse(word, place)
        if result.has(self.sp.zoo, self.sp.nan, self.sp.oo, self.sp.I):
            raise ValueError(f"expression: {self.text!r} is not a finite real number")
        return result

    def sum(self) -> sp.Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            _, word, place = self.tokens[self.at]
            self.refuse(word, place, f"is nested deeper than {DEEPEST} levels")
        result = self.product()
        while sign := self.next("+", "-"):
            term = self.product()
            result = result + term if sign == "+" else result - term
        self.depth -= 1
        return result

    def product(self) -> sp.Expr:
        result = self.power()
        while sign := self.next("*", "/"):
            place = self.tokens[self.at][2]
            factor = self.power()
            if sign == "/" and factor.is_zero:
                raise ValueError(f"expression: division by zero at character {place + 1}")
            result = result * factor if sign == "*" else result / factor
        return result

    def power(self) -> sp.Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            _, word, place = self.tokens[self.at]
            self.refuse(word, place, f"is nested deeper than {DEEPEST} levels")
        if sign := self.next("+", "-"):
            result = self.power()
            result = -result if sign == "-" else result
        else:
            result = self.atom()
            place = self.tokens[self.at][2]
            if self.next("**", "^"):
                exponent = self.power()
                if exponent.is_number and not abs(exponent) <= 100:
                    raise ValueError(f"expression: the power at character {place + 1} is larger than 100")
                if result.is_Rational and len(str(result)) > 20:
                    result = self.sp.Float(result, 30)  # a tower of powers would fill the memory
                result = result**exponent
        self.depth -= 1
        return result

    def atom(self) -> sp.Expr:
        kind, word, place = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return self._number(word, place)
        if kind == "name":
            if word in FUNCTIONS:
                return self.call(word, place)
            if word in self.names:
                return self.names[word]
            self.refuse(
                word, place,
                f"is not known (names: {', '.join(sorted(self.names))}; "
                f"functions: {', '.join(FUNCTIONS)})",
            )  # fmt: skip
        if word == "(":
            result = self.sum()
            self.expect(")")
            return result
        self.refuse(word, place)

    def call(self, name: str, place: int) -> sp.Expr:
        function, needed = FUNCTIONS[name]
        self.expect("(")
        arguments = [self.sum()]
        while self.next(","):
            arguments.append(self.sum())
        self.expect(")")
        if len(arguments) != needed:
            self.refuse(name, place, f"takes {needed} argument, got {len(arguments)}")
        return getattr(self.sp, function)(*arguments)

    def _number(self, word: str, place: int = 0) -> sp.Expr:
        """The exact value of a decimal number."""
        if len(word) > 40 or abs(int([*re.split("[eE]", word), "0"][1])) > 300:
            self.refuse(word, place, "is not a number that a double holds")
        return self.sp.Rational(word)
