"""The theory book from the ledger: chapters, statements with permanent addresses, errata.

``{ledger} MODULE`` writes every statement of a module as a section whose anchor is its id, ``{statement}`id` `` links
to one, ``{errata}`` and ``{statements}`` write the tables of all.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any

import sympy as sp
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sympy.printing.latex import LatexPrinter

from chaintheory.report.prose import typeset
from chaintheory.report.topics import homes, title, words
from derivations.ledger import EVIDENCE, Statement, find, statements
from derivations.notation import TABLE

# Long numerators stand beside their denominator, where a line can end between the factors.
LatexPrinter.set_global_settings(long_frac_ratio=2)

MEANING = {
    "proved": "SymPy reduces every step to zero, here and in all that it rests on.",
    "enclosed": "A step is decided by ball arithmetic: rigorous bounds on a stated box or for stated numbers.",
    "cited": "A step is a named theorem, which is checked numerically besides.",
    "checked": "A step holds to 50 digits at seeded points of the stated range.",
    "refuted": "The statement is false: a counterexample was computed. The corrected one stands beside it.",
}
KIND = {
    "printed": "printed in the paper or its scripts",
    "reading": "a reading of the paper's words, which the authors did not print as a formula",
    "derived": "derived here",
}


@lru_cache(maxsize=1)
def children() -> dict[str, list[str]]:
    """Return what rests on each statement."""
    found: dict[str, list[str]] = {one.id: [] for one in statements()}
    for one in statements():
        for parent in one.parents:
            found[parent].append(one.id)
    return found


def python_of(statement: Statement) -> str:
    """Return the right side as a Python expression over math and SciPy, or how to get it where there is none."""
    formula = statement.formula
    right = formula.rhs if isinstance(formula, sp.Equality) else formula
    call = f'from derivations.ledger import find\n\nformula = find("{statement.id}").formula'
    try:
        from sympy.printing.numpy import SciPyPrinter

        if right.has(sp.Integral, sp.Sum, sp.Derivative, sp.Limit) or right.atoms(sp.core.function.AppliedUndef):
            raise NotImplementedError
        printer = SciPyPrinter({"fully_qualified_modules": True})
        code = printer.doprint(right)
        if "Not supported" in code or not right.free_symbols:
            raise NotImplementedError
        modules = sorted(module for module in printer.module_imports if module)
    except Exception:
        return f"{call}\n# with integrals, sums or functions left open: formula.rhs.subs(...).evalf()"
    names = {line.symbol: line.code for line in TABLE}
    arguments = sorted({str(symbol) for symbol in right.free_symbols})
    said = ", ".join(f"{symbol} is {names[symbol]}" for symbol in sorted(right.free_symbols, key=str)
                     if symbol in names and names[symbol] != str(symbol))  # fmt: skip
    head = "".join(f"import {module}\n" for module in modules)
    note = f"    # {said}\n" if said else ""
    function = re.sub(r"\W", "_", statement.id)
    if any(not argument.isidentifier() or argument == "lambda" for argument in arguments):
        renamed = {
            symbol: sp.Symbol(names.get(symbol, re.sub(r"\W", "_", str(symbol)))) for symbol in right.free_symbols
        }
        right = right.xreplace(renamed)
        code = SciPyPrinter({"fully_qualified_modules": True}).doprint(right)
        arguments, note = sorted(str(symbol) for symbol in right.free_symbols), ""
    return f"{head}\n\ndef {function}({', '.join(arguments)}):\n{note}    return {code}"


# The nodes of a statement -----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def titles() -> dict[str, str]:
    """Return the heading of each statement."""
    return {one.id: title(one) for one in statements()}


def link(id: str, label: str | None = None) -> nodes.reference:
    """Return a link to a statement, from a page one folder below the root."""
    return nodes.reference("", label or titles()[id], internal=True, refuri=f"../theory/{homes()[id]}.html#{id}")


def linked(ids: list[str]) -> list[nodes.Node]:
    """Return links, with commas."""
    found: list[nodes.Node] = []
    for id in ids:
        found += [nodes.Text(", ")] if found else []
        found.append(link(id))
    return found


def block(latex: str) -> nodes.math_block:
    """Return a displayed formula."""
    return nodes.math_block(latex, latex, nowrap=True, number=None, label=None, classes=[])


def opened(summary: str, *content: nodes.Node, classes: str = "") -> list[nodes.Node]:
    """Return a part that a click opens."""
    start = f'<details class="{classes}"><summary>{summary}</summary>'
    return [nodes.raw("", start, format="html"), *content, nodes.raw("", "</details>", format="html")]


def code(text: str, language: str) -> nodes.literal_block:
    """Return a block of code with its button to copy."""
    return nodes.literal_block(text, text, language=language, classes=["wrap"])


def table(header: list[str], rows: list[list[list[nodes.Node]]], classes: list[str]) -> nodes.table:
    """Return a table; each cell is a list of nodes."""
    group = nodes.tgroup("", cols=len(header))
    group += [nodes.colspec("", colwidth=1) for _ in header]
    head, body = nodes.thead(), nodes.tbody()
    head += nodes.row("", *(nodes.entry("", nodes.paragraph("", label)) for label in header))
    for cells in rows:
        body += nodes.row("", *(nodes.entry("", *cell) for cell in cells))
    group += [head, body]
    return nodes.table("", group, classes=classes)


def said(*content: nodes.Node | str) -> nodes.paragraph:
    """Return a paragraph of text and nodes."""
    return nodes.paragraph("", "", *(nodes.Text(one) if isinstance(one, str) else one for one in content))


def sentence(text: str) -> nodes.paragraph:
    """Return a sentence of the ledger as a paragraph, its symbols typeset."""
    return said(nodes.raw("", typeset(text), format="html"))


def assumptions(statement: Statement) -> list[nodes.Node]:
    """Return the table of the symbols that the formula holds."""
    lines = [line for line in TABLE if line.symbol in statement.formula.free_symbols]
    if not lines:
        return []
    rows = [
        [[nodes.paragraph("", "", nodes.math(latex := sp.latex(line.symbol), latex))], [said(line.meaning)],
         [said(line.unit)], [said(line.assumptions)]]
        for line in lines
    ]  # fmt: skip
    count = f"{len(lines)} symbol{'s' * (len(lines) > 1)}"
    return opened(f"Assumptions on {count}", table(["symbol", "meaning", "unit", "assumed"], rows, ["symbols"]))


def derivation(statement: Statement, detail: str) -> list[nodes.Node]:
    """Return the steps, each with its rule and formula, and what was run."""
    content: list[nodes.Node] = []
    doc = (statement.derivation.__doc__ or "").strip()
    if doc:
        content.append(sentence(" ".join(doc.split())))
    steps = nodes.enumerated_list("", enumtype="arabic", prefix="", suffix=".")
    for rule, latex in statement.derivation_latex():
        steps += nodes.list_item("", sentence(rule[:1].upper() + rule[1:] + "."), block(latex))
    content.append(steps)
    content.append(nodes.paragraph("", f"What was run: {detail}", classes=["detail"]))
    count = len(steps)
    return opened(f"Derivation in {count} step{'s' * (count > 1)}", *content)


def section(statement: Statement) -> nodes.section:
    """Return a statement as a section with its id as its address."""
    result = statement.verify()
    made = nodes.section(ids=[statement.id], names=[statement.id], classes=["statement", result.evidence])
    made += nodes.title("", title(statement))
    place = "" if statement.equation.startswith("Eq.") else f"{statement.equation}; "
    badge = nodes.inline("", result.evidence, classes=["evidence", result.evidence])
    made += nodes.paragraph("", "", badge, nodes.Text(f" {place}{KIND[statement.kind]} "),
                            nodes.literal("", statement.id), classes=["origin"])  # fmt: skip
    made += sentence(statement.statement)
    made += block(statement.latex)
    if result.evidence == "refuted":
        made += said("Refuted. What is right: ", *linked(list(statement.parents)), ".")
    elif statement.parents:
        made += said("Rests on: ", *linked(list(statement.parents)), ".")
    if children()[statement.id]:
        made += said("Used by: ", *linked(children()[statement.id]), ".")
    made += assumptions(statement)
    made += derivation(statement, result.detail)
    sympy = f'from derivations.ledger import find\n\nfind("{statement.id}").formula\n\n# which is\n{statement.formula}'
    made += opened("LaTeX, SymPy, Python", code(statement.latex, "latex"), code(sympy, "python"),
                   code(python_of(statement), "python"))  # fmt: skip
    return made


# Directives -------------------------------------------------------------------------------------------


class Ledger(SphinxDirective):
    """The statements of one module."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write them, in their order."""
        return [section(statement) for statement in statements() if statement.module == self.arguments[0]]


class Errata(SphinxDirective):
    """What is false as printed, or as it may be read, beside what is right."""

    def run(self) -> list[nodes.Node]:
        """Write one section for each."""
        found: list[nodes.Node] = []
        for bad in statements():
            if bad.verify().evidence != "refuted":
                continue
            good = find(bad.parents[0])
            made = nodes.section(ids=[f"erratum-{bad.id}"], names=[])
            place = bad.equation.removesuffix(", corrected")
            made += nodes.title("", f"{place[:1].upper()}{place[1:]}: {words(good.id)}")
            made += said(nodes.strong("", f"{bad.kind.capitalize()}, refuted. "), *sentence(bad.statement))
            made += block(bad.latex)
            made += said(nodes.strong("", f"Corrected, {good.verify().evidence}. "), *sentence(good.statement))
            made += block(good.latex)
            made += said("Addresses: ", link(bad.id, bad.id), ", ", link(good.id, good.id), ".")
            found.append(made)
        return found


class Statements(SphinxDirective):
    """All statements in one table, or those that go beyond the paper."""

    option_spec = {"beyond": lambda _: True}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        rows = []
        for one in statements():
            evidence = one.verify().evidence
            if "beyond" in self.options and not one.equation.startswith("beyond"):
                continue
            badge = nodes.inline("", evidence, classes=["evidence", evidence])
            place = nodes.paragraph("", "", badge, nodes.Text(f" {one.equation}"), classes=["origin"])
            rows.append([[said(link(one.id)), place], [sentence(one.statement)]])
        counts = Counter(one.verify().evidence for one in statements())
        total = ", ".join(f"{counts[kind]} {kind}" for kind in EVIDENCE if counts[kind])
        head = said(f"{len(rows)} statements here; {len(statements())} in all: {total}.")
        return [head, table(["statement, evidence, place", "what it says"], rows, ["statements"])]


class Evidence(SphinxDirective):
    """The kinds of evidence."""

    def run(self) -> list[nodes.Node]:
        """Write the list, the strongest first."""
        counts = Counter(one.verify().evidence for one in statements())
        items = nodes.definition_list()
        for kind in EVIDENCE:
            if kind in MEANING:
                term = nodes.term("", "", nodes.inline("", kind, classes=["evidence", kind]),
                                  nodes.Text(f" {counts[kind]} of {len(statements())}"))  # fmt: skip
                items += nodes.definition_list_item("", term, nodes.definition("", said(MEANING[kind])))
        return [items]


class StatementRole(SphinxRole):
    """A link to a statement."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Write it, or complain about an id that no statement has."""
        label, _, id = self.text.rpartition("<")
        id = id.rstrip(">").strip()
        if id not in homes():
            return [], [self.inliner.reporter.error(f"no statement has the id {id!r}", line=self.lineno)]
        made = link(id, label.strip() or None)
        depth = self.env.docname.count("/")
        made["refuri"] = "../" * depth + made["refuri"].removeprefix("../")
        return [made], []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the role."""
    for label, made in (("ledger", Ledger), ("errata", Errata), ("statements", Statements), ("evidence", Evidence)):
        app.add_directive(label, made)
    app.add_role("statement", StatementRole())
    return {"parallel_read_safe": True}
