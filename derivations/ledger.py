"""The ledger: what is claimed, from what it follows, and what was run to check it.

A `Statement` carries a formula and a derivation; the derivation turns the formula into `Step` s,
each of which claims that ``before`` equals ``after`` and names the check that decides. The
physics modules only state: all checks live here, and a check *computes*: nothing is marked as
proved by hand.

    ===========  ==============================================================================
    evidence     meaning
    ===========  ==============================================================================
    proved       SymPy reduces every step to zero, under the assumptions on the symbols
    cited        one step is a named theorem, checked numerically besides
    enclosed     ball arithmetic over a stated box
    checked      50-digit arithmetic at seeded points over the assumed range
    refuted      the printed statement is false: a counterexample was computed
    failed       a step did not pass
    ===========  ==============================================================================

A statement is worth what its weakest step is worth, and is understood given its parents.

>>> [result.evidence for result in verify(["eq08_fast_limit"])]
['proved']
"""

from __future__ import annotations

import random
import time as clock
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import sympy as sp

from .checks import Check, Outcome, Refute

__all__ = [
    "EVIDENCE",
    "Result",
    "Statement",
    "Step",
    "chain",
    "find",
    "statements",
    "states",
    "verify",
]

EVIDENCE = ("proved", "cited", "enclosed", "checked", "refuted", "failed")  # strongest first

# The paper's order: one module per physical idea, each with a tuple STATEMENTS.
MODULES = (
    "lattice",
    "motion",
    "potentials",
    "single_pass",
    "closed_forms",
    "steady_state",
    "resonances",
    "drift",
    "trapping",
    "third_order",
)


@dataclass(frozen=True)
class Step:
    """The claim that `before` equals `after`, the rule that takes one to the other, and the check that decides it.

    >>> step = find("eq08_fast_limit").steps[0]
    >>> step.run("any seed").evidence
    'proved'
    """

    before: sp.Basic
    after: sp.Basic
    rule: str
    check: Check

    def run(self, seed: str) -> Outcome:
        """Run the check; an exception inside it is a failure, never a pass."""
        try:
            return self.check.run(self.before, self.after, random.Random(seed))
        except Exception as error:
            return Outcome("failed", f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class Statement:
    """One claim of the paper, or beyond it.

    Attributes
    ----------
    id
        Its name, for good; ``find`` takes it.
    equation
        Its place in the paper, for instance ``"Eq. 7"``.
    statement
        The claim in words.
    formula
        The claim as a SymPy relation; its symbols are those of ``notation.TABLE``, which tells units and ranges.
    derivation
        From the formula to its steps.
    parents
        The ids of the statements that it builds on.

    >>> find("eq07_gaussian_closed_form").parents
    ('eq06_single_pass', 'transform_gaussian', 'bessel_integral')
    """

    id: str
    equation: str
    statement: str
    formula: sp.Basic
    derivation: Callable[[sp.Basic], Sequence[Step]] = field(repr=False, compare=False)
    parents: tuple[str, ...] = ()

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, computed from the formula, so that a wrong formula makes wrong steps."""
        return tuple(self.derivation(self.formula))

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return sp.latex(self.formula)

    @property
    def evidence_kinds(self) -> tuple[str, ...]:
        """The kind of evidence that each step's check can give."""
        return tuple(step.check.evidence for step in self.steps)

    def derivation_latex(self) -> list[tuple[str, str]]:
        """The steps as pairs (rule, LaTeX), in order."""
        return [
            (step.rule, f"{sp.latex(step.before)} {step.check.relation} {sp.latex(step.after)}") for step in self.steps
        ]

    def with_formula(self, formula: sp.Basic) -> Statement:
        """The same derivation applied to another formula: this is how errors are planted."""
        return Statement(self.id, self.equation, self.statement, formula, self.derivation, self.parents)

    def verify(self) -> Result:
        """Run every step; the weakest decides.

        >>> find("eq01_band").verify().evidence
        'proved'
        """
        started = clock.perf_counter()
        try:
            steps = self.steps
        except Exception as error:  # a derivation that cannot even be written down
            return Result(self, "failed", f"{type(error).__name__}: {error}", clock.perf_counter() - started)
        outcomes = [step.run(f"{self.id}/{number}") for number, step in enumerate(steps)]
        if not outcomes:
            outcomes = [Outcome("failed", "no step: nothing was checked")]
        weakest = max((outcome.evidence for outcome in outcomes), key=EVIDENCE.index)
        lines = [f"{step.rule}: {outcome.detail}" for step, outcome in zip(steps, outcomes, strict=False)]
        if weakest == "failed":
            lines = [
                f"{step.rule}: {outcome.detail}"
                for step, outcome in zip(steps, outcomes, strict=False)
                if outcome.evidence == "failed"
            ] or [outcomes[0].detail]
        return Result(self, weakest, "; ".join(lines), clock.perf_counter() - started)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{rule}</td><td>$\\displaystyle {latex}$</td></tr>" for rule, latex in self.derivation_latex()
        )
        return (
            f"<p><b>{self.equation}</b> (<code>{self.id}</code>): {self.statement}</p>"
            f"<p>$\\displaystyle {self.latex}$</p><table>{rows}</table>"
        )


@dataclass(frozen=True)
class Result:
    """What verifying a statement gave: its weakest evidence, how each step was decided, and the seconds it took.

    >>> result = find("eq08_fast_limit").verify()
    >>> result.evidence, result.ok
    ('proved', True)
    """

    source: Statement
    evidence: str
    detail: str
    seconds: float

    @property
    def id(self) -> str:
        """The statement's id."""
        return self.source.id

    @property
    def equation(self) -> str:
        """The statement's place in the paper."""
        return self.source.equation

    @property
    def statement(self) -> str:
        """The statement in words."""
        return self.source.statement

    @property
    def ok(self) -> bool:
        """Whether every step passed (a printed claim that is refuted as stated is in order)."""
        return self.evidence != "failed"


def states(
    id: str,
    equation: str,
    statement: str,
    formula: sp.Basic,
    parents: Sequence[Statement | str] = (),
) -> Callable[[Callable[[sp.Basic], Sequence[Step]]], Statement]:
    """Turn a derivation ``formula -> steps`` into the `Statement` that it derives.

    Parameters
    ----------
    id, equation, statement, formula, parents
        See `Statement`; parents may be given themselves or by id.

    >>> from derivations.checks import Reduce
    >>> a = sp.Symbol("a")
    >>> @states("square", "nowhere", "The square of a sum.", sp.Eq((a + 1) ** 2, a**2 + 2 * a + 1))
    ... def square(formula):
    ...     return chain(formula.lhs, ("expand", Reduce("expand"), formula.rhs))
    >>> square.verify().evidence
    'proved'
    """
    names = tuple(parent if isinstance(parent, str) else parent.id for parent in parents)
    return lambda derivation: Statement(id, equation, statement, formula, derivation, names)


def chain(start: sp.Basic, *links: tuple[str, Check, sp.Basic]) -> list[Step]:
    """Steps start = a = b = ... from links (rule, check, expression).

    >>> from derivations.checks import Reduce
    >>> a = sp.Symbol("a")
    >>> len(chain(a + a, ("collect", Reduce(), 2 * a), ("write as a difference", Reduce("expand"), 3 * a - a)))
    2
    """
    steps = []
    for rule, check, after in links:
        steps.append(Step(start, after, rule, check))
        start = after
    return steps


def statements() -> list[Statement]:
    """All statements, in the paper's order, parents before children.

    Raises
    ------
    ValueError
        Two statements of one id, or one that stands before its parents.

    >>> [statement.id for statement in statements()][:2]
    ['lattice_forces', 'eq01_band']
    """
    collected: list[Statement] = []
    for name in MODULES:
        collected.extend(import_module(f"derivations.{name}").STATEMENTS)
    seen: set[str] = set()
    for statement in collected:
        missing = [parent for parent in statement.parents if parent not in seen]
        if missing or statement.id in seen:
            raise ValueError(f"{statement.id}: duplicate, or stated before its parents {missing}")
        seen.add(statement.id)
    return collected


def find(id: str) -> Statement:
    """The statement of this id.

    Raises
    ------
    KeyError
        No statement has it.

    >>> find("eq07_gaussian_closed_form").equation
    'Eq. 7'
    """
    for statement in statements():
        if statement.id == id:
            return statement
    raise KeyError(f"no statement {id!r}")


def select(ids: Iterable[str] | None = None, equation: str | int | None = None) -> list[Statement]:
    """The statements of these ids and of this equation (``7`` or ``"Eq. 7"``).

    Raises
    ------
    KeyError
        An id that no statement has.

    >>> [statement.id for statement in select(equation=7)]
    ['eq07_gaussian_closed_form', 'eq07_scaled']
    """
    chosen = statements()
    if ids is not None:
        wanted = [ids] if isinstance(ids, str) else list(ids)
        unknown = set(wanted) - {statement.id for statement in chosen}
        if unknown:
            raise KeyError(f"no statement {', '.join(sorted(unknown))}")
        chosen = [statement for statement in chosen if statement.id in wanted]
    if equation is not None:
        place = str(equation).strip()
        place = f"Eq. {place}" if place.isdigit() else place
        chosen = [statement for statement in chosen if statement.equation == place]
    return chosen


def verify(
    ids: Iterable[str] | None = None,
    equation: str | int | None = None,
    progress: Callable[[Sequence[Statement]], Iterable[Statement]] | None = None,
) -> list[Result]:
    """Run the checks of all statements, or of those chosen, in the paper's order.

    Parameters
    ----------
    ids, equation
        Those of these ids, and of this equation (``7`` or ``"Eq. 7"``); by default all.
    progress
        Wraps the sequence of statements (for instance ``tqdm.tqdm``).

    Raises
    ------
    KeyError
        An id that no statement has.

    >>> [(result.id, result.evidence) for result in verify(equation=8)]
    [('eq08_fast_limit', 'proved')]
    """
    chosen = select(ids, equation)
    return [statement.verify() for statement in (progress(chosen) if progress else chosen)]


def refuted(
    printed: sp.Basic,
    truth: sp.Basic,
    point: dict[sp.Symbol, Any],
    printed_value: sp.Expr,
    true_value: sp.Expr,
) -> list[Step]:
    """Steps of a refutation: both sides evaluated at a point, and found to differ.

    The two values are part of the claim, so that neither formula can be changed unnoticed.
    """
    at = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
    from .checks import Reduce

    return [
        Step(printed.subs(point), sp.sympify(printed_value), f"as printed, at {at}", Reduce()),
        Step(truth.subs(point), sp.sympify(true_value), f"as derived, at {at}", Reduce()),
        Step(sp.sympify(printed_value), sp.sympify(true_value), "the two differ", Refute()),
    ]
