"""Docstrings, written as plain text for a terminal, as reStructuredText."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

# |F^|^2 in a sentence is no substitution, and rho_ is no link.
BARS = re.compile(r"(?<![`\\])\|")
TRAILING = re.compile(r"(?<=[A-Za-z0-9])_(?=[^A-Za-z0-9_]|$)")


def outside_literals(line: str) -> str:
    r"""Escape what reStructuredText would take for markup, except between double backticks.

    >>> outside_literals("the phonon |F^|^2 of ``a_``")
    'the phonon \\|F^\\|^2 of ``a_``'
    """
    parts = re.split(r"(``[^`]*``|:\w+(?::\w+)?:`[^`]*`|`[^`]*`_{0,2})", line)
    for place in range(0, len(parts), 2):
        parts[place] = BARS.sub(r"\\|", TRAILING.sub(r"\\_", parts[place])).replace("*", r"\*")
    return "".join(parts)


def escape(app, what, name, obj, options, lines: list[str]) -> None:
    """Escape the sentences of a docstring; examples, tables and formulas stay."""
    literal: int | None = None
    for place, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        if literal is None and not line.lstrip().startswith((">>>", "...", ":", "..")) and "====" not in line:
            lines[place] = outside_literals(line)
        if literal is None and (line.rstrip().endswith("::") or line.lstrip().startswith(".. math::")):
            literal = indent
        if line.lstrip().startswith(">>>"):
            literal = indent - 1  # until the blank line that ends the example
        if literal == indent - 1 and not line.strip():
            literal = None
    lines[:] = with_examples(lines)


def with_examples(lines: list[str]) -> list[str]:
    """Return a docstring whose examples, which follow the last section, have a heading that numpydoc knows.

    >>> with_examples(["Raises", "------", "ValueError", "    No.", "", ">>> 1", "1"])[4:]
    ['', 'Examples', '--------', '>>> 1', '1']
    """
    first = next((place for place, line in enumerate(lines) if line.startswith(">>>")), None)
    sections = any(re.fullmatch("-{3,}", line) for line in lines[:first])
    if first is None or not sections or "Examples" in lines:
        return lines
    return [*lines[:first], "Examples", "--------", *lines[first:]]


def setup(app: Sphinx) -> None:
    """Watch the docstrings."""
    app.connect("autodoc-process-docstring", escape, priority=300)
