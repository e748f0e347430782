r"""Formulas as MathML that wraps at its operators, so that a long one fits a narrow column.

A browser never breaks a line inside one ``math`` element. So a displayed formula becomes several of them in a row, cut
before a relation, a sum, or a factor where the piece is long; the browser wraps the row like a sentence. A fraction, a
root or a power that is too wide for a column in one piece is written so that it can be cut: with a slash, with
parentheses, with exp. What a wide column holds and a narrow one does not is there in both forms, of which the style
sheet shows one.

>>> breakable(r"a = b + c").count("<math")
3
>>> breakable(r"\frac{a + b}{c}").count("<math")
1
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
RELATIONS = set("=≈∼≠<>≤≥→≡∝⇔⇒:")
SIGNS = set("+-−±")
OPENING, CLOSING = set("([{⟨"), set(")]}⟩")
LONG = 24.0  # characters: a longer parenthesis is opened to be cut, and a longer piece is cut before a factor
SCRIPT = 0.7  # size of a script
BROAD, NARROW = 70.0, 30.0  # characters that a column of 880, or 336, pixels holds at a size that can be read

Element = ElementTree.Element


def mathml(latex: str) -> str:
    r"""Return a formula as MathML; subscripts that are words stand upright.

    >>> "<mtext>fast</mtext>" in mathml(r"\omega_{fast}")
    True
    """
    from latex2mathml.converter import convert

    if r"\\" not in latex:  # a stack of one line is no stack
        latex = latex.replace(r"\substack", "")
    latex = re.sub(r"(\d+\.\d{12})\d{4,}", r"\1\\ldots ", latex)  # no line holds fifty digits
    latex = re.sub(r"(?<![\d.])\d{21,}", in_powers_of_ten, latex)
    return convert(re.sub(r"_\{([a-z]{2,})\}", r"_{\\text{\1}}", latex), display="block")


def in_powers_of_ten(integer: re.Match[str]) -> str:
    r"""Write a whole number that no line holds by its first digits; the formula to copy has them all.

    >>> re.sub(r"\d{21,}", in_powers_of_ten, r"\frac{x}{4746884825265972078944013665697792000000}")
    '\\frac{x}{4.7468\\ldots \\cdot 10^{39}}'
    """
    digits = integer[0]
    return rf"{digits[0]}.{digits[1:5]}\ldots \cdot 10^{{{len(digits) - 1}}}"


def name(element: Element) -> str:
    """Return the element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def text(element: Element) -> str:
    """Return the text of a leaf."""
    return (element.text or "").strip()


def width(element: Element) -> float:
    """Estimate the width of a formula in characters.

    >>> piece = ElementTree.fromstring("<mfrac><mn>1</mn><mrow><mn>10</mn><mi>x</mi></mrow></mfrac>")
    >>> width(piece)
    3.0
    """
    kind, children = name(element), list(element)
    if not children:
        return len(text(element)) * (1.6 if kind == "mo" and text(element) in RELATIONS | SIGNS else 1.0)
    if kind in ("mfrac", "munder", "mover", "munderover"):
        return max(map(width, children))
    if kind in ("msub", "msup"):
        return width(children[0]) + SCRIPT * width(children[1])
    if kind == "msubsup":
        return width(children[0]) + SCRIPT * max(map(width, children[1:]))
    return sum(map(width, children))


def is_fence(element: Element) -> bool:
    """Whether the element is a parenthesis with what it holds, whose delimiters grow with it."""
    children = list(element)
    return name(element) == "mrow" and len(children) > 2 and children[0].get("fence") == "true"


def flat(elements: list[Element], room: float, most: float = BROAD) -> Iterator[Element]:
    """Yield the elements of a row, rows and long parentheses opened, and what is wider than ``most``."""
    for element in elements:
        if name(element) == "mfrac" and width(element[0]) > 1.5 * room > 0.75 * width(element[1]):
            yield from flat(beside(element), room, most)
        elif width(element) > most and (written := in_a_line(element)):
            yield from flat(written, room, most)
        elif is_fence(element) and width(element) > room:
            first, *inner, last = list(element)
            for delimiter in (first, last):
                delimiter.set("stretchy", "true")  # as tall as the piece it is in
            yield first
            yield from flat(inner, room, most)
            yield last
        elif name(element) == "mrow" and not is_fence(element) and element.get("class") is None:
            yield from flat(list(element), room, most)
        else:
            yield element


def beside(fraction: Element) -> list[Element]:
    """Return a fraction as one over its denominator, and its long numerator beside it, which can be cut.

    >>> long = ElementTree.fromstring("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>")
    >>> [text(one) or name(one) for one in beside(long)]
    ['mfrac', '(', 'a', '+', 'b', ')']
    """
    numerator, denominator = fraction
    over = ElementTree.Element(fraction.tag)
    ElementTree.SubElement(over, fraction.tag.replace("mfrac", "mn")).text = "1"
    over.append(denominator)
    row = list(flat([numerator], 0.5 * LONG))
    if not any(name(one) == "mo" and text(one) in SIGNS for one in row[1:]):
        return [over, *row]
    first, last = (ElementTree.Element(fraction.tag.replace("mfrac", "mo"), {"stretchy": "true"}) for _ in "()")
    first.text, last.text = "(", ")"
    return [over, first, *row, last]


def in_a_line(element: Element) -> list[Element]:
    """Return a wide fraction, root or power as a row that can be cut; nothing if it is none of them.

    >>> def written(xml):
    ...     return "".join("".join(one.itertext()) for one in in_a_line(ElementTree.fromstring(xml)))
    >>> written("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>")
    '(a+b)/c'
    >>> written("<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt>")
    '(a+b)1/2'
    >>> written("<msup><mi>e</mi><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></msup>")
    'exp(a+b)'
    """
    kind, children = name(element), list(element)
    prefix = element.tag[: -len(kind)]

    def made(kind: str, word: str = "", *inside: Element, **given: str) -> Element:
        one = ElementTree.Element(prefix + kind, given)
        one.text = word
        one.extend(inside)
        return one

    def fenced(inside: list[Element], power: Element | None = None) -> list[Element]:
        close = made("mo", ")", stretchy="true")
        return [made("mo", "(", stretchy="true"), *inside, close if power is None else made("msup", "", close, power)]

    def factor(one: Element, alone: bool) -> list[Element]:
        row = list(one) if name(one) == "mrow" and not is_fence(one) else [one]
        signs = any(name(part) == "mo" and text(part) in SIGNS for part in row)
        return fenced(row) if signs or (alone and len(row) > 1) else row

    if kind == "mfrac":
        return [*factor(children[0], False), made("mo", "/", form="infix"), *factor(children[1], True)]
    if kind == "msqrt":
        half = made("mrow", "", made("mn", "1"), made("mo", "/"), made("mn", "2"))
        return fenced(children, half)
    if kind == "msup" and is_fence(children[0]):
        return fenced(list(children[0])[1:-1], children[1])
    if kind == "msup" and name(children[0]) == "mi" and text(children[0]) == "e":
        return [made("mi", "exp"), *fenced([children[1]])]
    return []


def applied(before: Element | None) -> bool:
    """Whether a parenthesis after this element is an argument: a name stands before it."""
    if before is not None and name(before) == "msup" and len(text(before[0])) > 1:  # a power of a sine, say
        return True
    return before is not None and name(before) in ("mi", "msub", "mover", "mo")


def may_cut(before: Element, element: Element, so_far: float, long: float) -> bool:
    """Whether the row may be cut before this element."""
    kind = name(element)
    if kind == "mo":
        sign = text(element)
        if sign in RELATIONS:
            return True
        if sign in SIGNS:
            return not (name(before) == "mo" and text(before) in RELATIONS | SIGNS | OPENING)
        if sign in OPENING:
            return so_far > long / 3 and (so_far > long or not applied(before))
        return (sign in "∑∫∏" and so_far > long / 2) or (sign == "/" and so_far > long / 4)
    if name(before) == "mo" and text(before) not in CLOSING:
        return False
    if is_fence(element):
        return so_far > long / 3 and not applied(before)
    return so_far + width(element) > long and so_far > long / 4


def pieces(row: list[Element], long: float) -> list[list[Element]]:
    """Cut a row into pieces that a line may end between."""
    found: list[list[Element]] = [[]]
    so_far = 0.0
    for element in row:
        if found[-1] and may_cut(found[-1][-1], element, so_far, long):
            found.append([])
            so_far = 0.0
        found[-1].append(element)
        so_far += width(element)
    return found


def breakable(latex: str, most: float = BROAD) -> str:
    """Return a displayed formula as a row of ``math`` elements, cut where a line may end.

    ``most``: characters of the widest piece, where it can be helped.
    """
    ElementTree.register_namespace("", NAMESPACE)
    tree = ElementTree.fromstring(mathml(latex))
    if any(name(element) in ("mtable",) for element in tree.iter()):
        tree.attrib.pop("display", None)
        tree.set("displaystyle", "true")
        return ElementTree.tostring(tree, encoding="unicode")
    long = min(LONG, 0.5 * most)
    row = list(flat(list(tree), long, most))
    parts: list[str] = []
    for piece in pieces(row, long):
        math = ElementTree.Element(f"{{{NAMESPACE}}}math", {"displaystyle": "true"})
        inner = ElementTree.SubElement(math, f"{{{NAMESPACE}}}mrow")
        inner.extend(piece)
        math.set("style", f"--wide: {sum(map(width, piece)):.0f}")
        if name(piece[0]) == "mo" and len(parts) and text(piece[0]) in RELATIONS | SIGNS:
            piece[0].set("form", "infix")  # at the head of a row it would be taken for a prefix
        parts.append(ElementTree.tostring(math, encoding="unicode"))
    return " ".join(parts)


def displayed(latex: str, classes: str = "") -> str:
    """Return the block of a displayed formula; a keyboard can scroll it where even a piece is too wide."""
    lines = [line for line in latex.replace(r"\begin{aligned}", "").replace(r"\end{aligned}", "").split(r"\\") if line]
    if "\\begin" in latex:
        lines = [latex]
    if len(lines) > 1 or "&" in latex:
        lines = [line.replace("&", "") for line in lines]
    body = "<br>".join(map(breakable, lines))
    if any(float(wide) > NARROW for wide in re.findall(r"--wide: (\d+)", body)):
        narrow = "<br>".join(breakable(line, NARROW) for line in lines)
        body = f'<span class="broad">{body}</span><span class="narrow">{narrow}</span>'
    return f'<div class="formula {classes}" tabindex="0" role="group" aria-label="formula">{body}</div>'
