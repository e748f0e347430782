"""Formulas of the site: MathML that wraps at its operators, as in the report."""

from __future__ import annotations

from docutils import nodes

from chaintheory.report.formulas import breakable, displayed


def visit_inline(translator, node: nodes.math) -> None:
    """Write a formula in a sentence."""
    math = breakable(node.astext()).replace(' displaystyle="true"', "")
    translator.body.append(f'<span class="math">{math}</span>')
    raise nodes.SkipNode


def visit_block(translator, node: nodes.math_block) -> None:
    """Write a displayed formula."""
    translator.body.append(displayed(node.astext(), " ".join(node.get("classes", ()))))
    raise nodes.SkipNode
