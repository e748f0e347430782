"""The ledger: what is claimed, from what it follows, and what was run to check it.

A `Statement` carries a formula and a derivation; the derivation turns the formula into `Step` s,
each of which claims that ``before`` equals ``after`` and names the check that decides:
``claim(before, after).by(rule, check)``. The physics modules only state: all checks live in
checks.py, and a check *computes*: nothing is marked as proved by hand.

    ===========  ==============================================================================
    evidence     meaning
    ===========  ==============================================================================
    proved       SymPy reduces every step to zero, under the assumptions on the symbols
    enclosed     one step is decided by ball arithmetic, over a stated box or for stated numbers
    cited        one step is a named theorem, checked numerically besides
    checked      one step is 50-digit arithmetic at seeded points over the assumed range
    refuted      the statement is false: a counterexample was computed
    failed       a step did not pass
    ===========  ==============================================================================

The table is in order, the strongest first. A statement is worth what its weakest step is worth, and
no more than any statement that it rests on (`effective`): a proof that uses a cited formula is
cited. Nothing may rest on a refuted statement, so a statement with a refuted parent fails. A
refutation is a counterexample; it stays a refutation whatever the corrected formula rests on.

Where a formula comes from is its ``kind``: ``"printed"`` (the paper, or its scripts, print it),
``"reading"`` (words of the paper, put into a formula here: the authors printed none), ``"derived"``
(stated and derived here).

>>> [result.evidence for result in verify(["eq08_fast_limit"])]
['proved']
"""

from __future__ import annotations

import random
import time as clock
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

import sympy as sp
from sympy.printing.latex import LatexPrinter

from .checks import Check, Outcome, Reduce, Refute
from .numeric import decimals

__all__ = [
    "EVIDENCE",
    "KINDS",
    "Result",
    "Statement",
    "Step",
    "claim",
    "effective",
    "equal",
    "find",
    "statements",
    "states",
    "verify",
]

EVIDENCE = ("proved", "enclosed", "cited", "checked", "refuted", "failed")  # strongest first
KINDS = ("printed", "reading", "derived")

# The paper's order: one module per physical idea.
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
    "harmonic_chain",
    "travelling_wave",
    "locking",
    "thermal",
)


def effective(own: str, parents: Iterable[str]) -> str:
    """The evidence of a statement, from that of its own steps and the (effective) evidence of its parents.

    The weakest of all of them; ``"failed"`` if a parent is refuted or failed, as anything follows from what is false.

    >>> effective("proved", ["proved", "cited"]), effective("cited", ["enclosed"])
    ('cited', 'cited')
    >>> effective("refuted", ["cited"]), effective("proved", ["refuted"])
    ('refuted', 'failed')
    """
    inherited = list(parents)
    if {"refuted", "failed"} & set(inherited):
        return "failed"
    return max([own, *inherited], key=EVIDENCE.index)


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

    def __post_init__(self) -> None:
        for side in ("before", "after"):  # which may be plain numbers
            object.__setattr__(self, side, sp.sympify(getattr(self, side)))

    def run(self, seed: str) -> Outcome:
        """Run the check; an exception inside it is a failure, never a pass."""
        try:
            return self.check.run(self.before, self.after, random.Random(seed))
        except Exception as error:
            return Outcome("failed", f"{type(error).__name__}: {error}")


class _Sides(NamedTuple):
    before: Any
    after: Any

    def by(self, rule: str, check: Check) -> Step:
        return Step(self.before, self.after, rule, check)


def claim(before: Any, after: Any) -> _Sides:
    """The two sides of a step; ``by`` names what takes one to the other, and the check that decides it.

    >>> from derivations.checks import Reduce
    >>> a = sp.Symbol("a")
    >>> claim((a + 1) ** 2, a**2 + 2 * a + 1).by("expand", Reduce("expand")).run("any seed").evidence
    'proved'
    """
    return _Sides(before, after)


@dataclass(frozen=True)
class Statement:
    r"""One claim of the paper, or beyond it.

    Attributes
    ----------
    id
        Its name, for good; ``find`` takes it.
    equation
        Its place in the paper, for instance ``"Eq. 7"``.
    statement
        The claim in words: exactly what the steps establish.
    formula
        The claim as a SymPy relation; its symbols are those of ``notation.TABLE``, which states units and ranges.
    derivation
        From the formula to its steps.
    rests_on
        The statements that it builds on, themselves or their ids.
    kind
        ``"printed"`` (the paper or its scripts print this formula), ``"reading"`` (words of the paper, put into a
        formula here) or ``"derived"``.
    relation
        The sign between the two sides, in LaTeX: ``"="``, ``r"\approx"`` where a number is rounded, ``r"\sim"`` for
        a leading order.

    >>> find("eq07_gaussian_closed_form").parents
    ('eq06_single_pass', 'transform_gaussian', 'bessel_integral')
    """

    id: str
    equation: str
    statement: str
    formula: sp.Basic
    derivation: Callable[[sp.Basic], Sequence[Step]] = field(repr=False, compare=False)
    rests_on: tuple[Statement | str, ...] = field(default=(), repr=False, compare=False)
    kind: str = "derived"
    relation: str = "="

    @property
    def parents(self) -> tuple[str, ...]:
        """The ids of the statements that it builds on."""
        return tuple(parent if isinstance(parent, str) else parent.id for parent in self.rests_on)

    @property
    def module(self) -> str:
        """The module of the ledger that states it.

        >>> find("eq01_band").module
        'lattice'
        """
        return str(self.derivation.__module__.rpartition(".")[2])

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, computed from the formula, so that a wrong formula makes wrong steps."""
        return tuple(self.derivation(self.formula))

    @property
    def latex(self) -> str:
        """The formula as LaTeX, with the sign that is true between its sides."""
        if self.relation == "=":
            return latex(self.formula)
        return _line(self.formula.args[0], self.relation, self.formula.args[1])

    def derivation_latex(self) -> list[tuple[str, str]]:
        """The steps as pairs (rule, LaTeX), in order."""
        return [(step.rule, _line(step.before, step.check.relation, step.after)) for step in self.steps]

    def with_formula(self, formula: sp.Basic) -> Statement:
        """The same derivation applied to another formula: this is how errors are planted."""
        return replace(self, formula=formula)

    @cached_property
    def own(self) -> Result:
        """What its own steps give, run once, whatever the parents are worth: the weakest step decides.

        >>> find("eq01_band").own.evidence
        'proved'
        """
        started = clock.process_time()
        try:
            steps = self.steps
        except Exception as error:  # a derivation that cannot even be written down
            return Result(self, "failed", f"{type(error).__name__}: {error}", clock.process_time() - started, "failed")
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
        return Result(self, weakest, "; ".join(lines), clock.process_time() - started, weakest)

    @cached_property
    def inherited(self) -> dict[str, str]:
        """The effective evidence of each parent, by id."""
        parents = [find(parent) if isinstance(parent, str) else parent for parent in self.rests_on]
        return {parent.id: effective(parent.own.evidence, parent.inherited.values()) for parent in parents}

    def verify(self) -> Result:
        """Run every step, and those of all statements that it rests on; the weakest decides.

        >>> find("eq01_band").verify().evidence
        'proved'
        """
        evidence = effective(self.own.evidence, self.inherited.values())
        detail = self.own.detail
        decisive = {"refuted", "failed"} if evidence == "failed" else {evidence}
        if evidence != self.own.evidence:
            weakest = ", ".join(f"{id} ({found})" for id, found in self.inherited.items() if found in decisive)
            detail = f"rests on {weakest}; its own steps are {self.own.evidence}: {detail}"
        return Result(self, evidence, detail, self.own.seconds, self.own.evidence)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{rule}</td><td>$\\displaystyle {latex}$</td></tr>" for rule, latex in self.derivation_latex()
        )
        return (
            f"<p><b>{self.equation}</b> (<code>{self.id}</code>, {self.kind}): {self.statement}</p>"
            f"<p>$\\displaystyle {self.latex}$</p><table>{rows}</table>"
        )


class _Printer(LatexPrinter):
    """As SymPy prints, but a derivative at a place is written with primes, h''(place): half as wide as with a bar."""

    def _print_Subs(self, expr: sp.Subs) -> str:
        inner, variables, places = expr.args
        if isinstance(inner, sp.Derivative) and inner.expr.args == tuple(variables) and inner.derivative_count < 4:
            return str(self._print_Function(inner.expr.func(*places), exp=r"\prime" * inner.derivative_count))
        return str(super()._print_Subs(expr))


def latex(expression: sp.Basic) -> str:
    r"""An expression as LaTeX.

    >>> h, y = sp.Function("h"), sp.Symbol("y")
    >>> latex(h(y**2).diff(y))
    '2 y h^{\\prime}{\\left(y^{2} \\right)}'
    """
    return str(_Printer().doprint(expression))


def _line(before: sp.Basic, relation: str, after: sp.Basic) -> str:
    """One relation in LaTeX; a rounded number is a decimal number, not a fraction that looks exact."""
    if relation == r"\approx":
        before, after = decimals(before), decimals(after)
    return f"{latex(before)} {relation} {latex(after)}"


@dataclass(frozen=True)
class Result:
    """What verifying a statement gave.

    Attributes
    ----------
    source
        The statement.
    evidence
        The weakest evidence among its own steps and all that it rests on (`effective`).
    detail
        How each step was decided; what it rests on, where that decides.
    seconds
        The processor time that its own steps took.
    own
        The weakest evidence among its own steps.

    >>> result = find("eq08_fast_limit").verify()
    >>> result.evidence, result.own, result.ok
    ('proved', 'proved', True)
    """

    source: Statement
    evidence: str
    detail: str
    seconds: float
    own: str

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
    def kind(self) -> str:
        """Where the formula comes from: printed, a reading, or derived."""
        return self.source.kind

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
    kind: str = "derived",
    relation: str = "=",
) -> Callable[[Callable[[sp.Basic], Sequence[Step]]], Statement]:
    """Turn a derivation ``formula -> steps`` into the `Statement` that it derives.

    Parameters
    ----------
    id, equation, statement, formula, kind, relation
        See `Statement`.
    parents
        The statements that it rests on, themselves or their ids.

    Raises
    ------
    ValueError
        A kind that ``KINDS`` does not have.

    >>> from derivations.checks import Reduce
    >>> a = sp.Symbol("a")
    >>> @states("square", "nowhere", "The square of a sum.", sp.Eq((a + 1) ** 2, a**2 + 2 * a + 1))
    ... def square(formula):
    ...     return [claim(formula.lhs, formula.rhs).by("expand", Reduce("expand"))]
    >>> square.verify().evidence
    'proved'
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    return lambda derivation: Statement(id, equation, statement, formula, derivation, tuple(parents), kind, relation)


def equal(left: Any, right: Any) -> sp.Eq:
    """The claim that two sides are equal, as it stands: SymPy neither decides it nor turns it round.

    >>> equal(sp.Symbol("a"), 2)
    Eq(a, 2)
    """
    return sp.Eq(left, right, evaluate=False)


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
        found = vars(import_module(f"derivations.{name}")).values()
        collected.extend(one for one in found if isinstance(one, Statement) and one.module == name)
    seen: set[str] = set()
    for statement in collected:
        missing = [parent for parent in statement.parents if parent not in seen]
        if missing or statement.id in seen:
            raise ValueError(f"{statement.id}: duplicate, or stated before its parents {missing}")
        seen.add(statement.id)
    return collected


def nearest(id: str, among: Iterable[str], count: int = 3) -> list[str]:
    """The names most like this one, the likeliest first: by their beginnings, so that ``eq7`` finds ``eq07_...``.

    >>> nearest("eq7", ["eq05_kernel", "eq07_scaled", "units_band"], 1)
    ['eq07_scaled']
    """

    def likeness(name: str) -> float:
        parts = (name, name[: len(id) + 1])
        return max(SequenceMatcher(None, id.lower(), part).ratio() for part in parts)

    return sorted(among, key=likeness, reverse=True)[:count]


def _unknown(id: str, among: Iterable[str]) -> LookupError:
    return LookupError(f"no statement has the id {id!r}; nearest: {', '.join(nearest(id, among))}")


def find(id: str) -> Statement:
    """The statement of this id.

    Raises
    ------
    LookupError
        No statement has it; the message names the nearest.

    >>> find("eq07_gaussian_closed_form").equation
    'Eq. 7'
    """
    known = {statement.id: statement for statement in statements()}
    if id not in known:
        raise _unknown(id, known)
    return known[id]


def select(ids: Iterable[str] | None = None, equation: str | int | None = None) -> list[Statement]:
    """The statements of these ids and of this equation (``7`` or ``"Eq. 7"``).

    Raises
    ------
    LookupError
        An id that no statement has; the message names the nearest.

    >>> [statement.id for statement in select(equation=7)]
    ['eq07_gaussian_closed_form', 'eq07_scaled']
    """
    chosen = statements()
    if ids is not None:
        wanted = [ids] if isinstance(ids, str) else list(ids)
        known = [statement.id for statement in chosen]
        for id in wanted:
            if id not in known:
                raise _unknown(id, known)
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
    LookupError
        An id that no statement has; the message names the nearest.

    >>> [(result.id, result.evidence) for result in verify(equation=8)]
    [('eq08_fast_limit', 'proved')]
    """
    chosen = select(ids, equation)
    return [statement.verify() for statement in (progress(chosen) if progress else chosen)]


def refuted(
    printed: sp.Basic, truth: sp.Basic, point: dict[sp.Symbol, Any], printed_value: sp.Expr, true_value: sp.Expr
) -> list[Step]:
    """Steps of a refutation: both sides evaluated at a point, and found to differ.

    The two values are part of the claim, so that neither formula can be changed unnoticed.
    """
    at = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
    return [
        claim(printed.subs(point), printed_value).by(f"as printed, at {at}", Reduce()),
        claim(truth.subs(point), true_value).by(f"as derived, at {at}", Reduce()),
        claim(printed_value, true_value).by("the two differ", Refute()),
    ]
