"""Planted errors: the ledger has to reject every wrong formula.

Errors are generated from the expression tree of every formula and of every step: a sign, a factor
2, a pi dropped, an exponent, an index, the band's edges swapped. A planted formula goes through
the statement's own derivation, so that it is the mathematics that has to notice. A mutant that
survives must be equivalent to the original, which is shown by reducing their difference to zero;
anything else is a hole in the ledger.

>>> from derivations.notation import theta
>>> [kind for kind, _ in mutants(1 + 2 * sp.sin(theta))]
['band edges', 'factor 2', 'factor 2', 'factor 2', 'sign', 'sign', 'sign']
"""

from __future__ import annotations

import contextlib
import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import sympy as sp

from . import ledger
from .checks import Outcome, Refute
from .numeric import agree_at_points

__all__ = ["Mutation", "mutants", "plant"]

KINDS = ("sign", "factor 2", "pi dropped", "exponent", "index", "band edges")
_SWAPPED = {sp.sin: sp.cos, sp.cos: sp.sin}


@contextlib.contextmanager
def _patience(seconds: float = 4) -> Iterator[None]:
    """Interrupt a check that a planted error makes long, after so much processor time.

    What is not verified in time is not accepted.
    """

    def interrupt(number: Any, frame: Any) -> NoReturn:
        raise TimeoutError(f"not verified within {seconds} s")

    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _in_time(check: Callable[[], Outcome | ledger.Result]) -> Outcome | ledger.Result:
    """What a check gives; a failure if it is not done in time, wherever the interruption met it."""
    try:
        with _patience():
            return check()
    except TimeoutError as error:
        return Outcome("failed", str(error))


@dataclass(frozen=True)
class Mutation:
    """An error planted in a statement, and what the ledger said: ``"rejected"``, ``"equivalent"`` or ``"survived"``.

    >>> Mutation("eq01_band", "formula", "sign", "rejected", "").verdict
    'rejected'
    """

    statement: str
    where: str
    kind: str
    verdict: str  # "rejected", "equivalent" or "survived"
    detail: str


def _here(node: sp.Basic) -> Iterator[tuple[str, sp.Basic]]:
    """The errors that can be made at this node itself."""
    if node is sp.pi:
        yield "pi dropped", sp.Integer(1)
    if node.is_Add:
        for term in node.args:
            yield "sign", node - 2 * term
            yield "factor 2", node + term
    if node.is_Pow and node.exp.is_Rational:
        yield "exponent", sp.Pow(node.base, node.exp + 1)
    if node.func in _SWAPPED:
        yield "band edges", _SWAPPED[node.func](*node.args)
    if isinstance(node, (sp.besseli, sp.besselj, sp.besselk)):
        yield "index", node.func(node.args[0] + 1, node.args[1])
    if isinstance(node, (sp.binomial, sp.factorial)):
        yield "index", node.func(node.args[0] + 1, *node.args[1:])


def _everywhere(node: sp.Basic) -> Iterator[tuple[str, sp.Basic]]:
    yield from _here(node)
    if isinstance(node, (sp.Integral, sp.Sum, sp.Derivative, sp.Subs)):
        inner = [(0, node.args[0])]  # the variables stay; the ranges are moved below
        if isinstance(node, sp.Sum):
            variable, low, high = node.limits[0]
            yield "index", sp.Sum(node.function, (variable, low + 1, high))
    else:
        inner = list(enumerate(node.args))
    for place, child in inner:
        for kind, wrong in _everywhere(child):
            arguments = list(node.args)
            arguments[place] = wrong
            try:
                yield kind, node.func(*arguments)
            except Exception:  # not every tree can be built
                continue


def mutants(expression: sp.Basic, limit: int | None = None) -> list[tuple[str, sp.Basic]]:
    """Wrong versions of an expression, each once; `limit` keeps all kinds as long as it can.

    >>> a = sp.Symbol("a")
    >>> sorted(kind for kind, wrong in mutants(a) if wrong in (-a, 2 * a))
    ['factor 2', 'sign']
    """
    found: dict[sp.Basic, str] = {}
    sides = list(expression.args) if isinstance(expression, sp.Eq) else [expression]
    for place, side in enumerate(sides):
        candidates = list(_everywhere(side))
        if isinstance(side, sp.Expr) and side != 0:
            candidates += [("sign", -side), ("factor 2", 2 * side)]
        elif side == 0:
            candidates += [("sign", sp.Integer(1)), ("factor 2", sp.Integer(2))]
        for kind, wrong in candidates:
            if wrong.has(sp.nan, sp.zoo) or wrong == side:
                continue
            if isinstance(expression, sp.Eq):
                both = list(sides)
                both[place] = wrong
                whole = ledger.equal(*both)
            else:
                whole = wrong
            found.setdefault(whole, kind)
    listed = sorted(((kind, wrong) for wrong, kind in found.items()), key=lambda pair: (pair[0], sp.srepr(pair[1])))
    if limit is None or len(listed) <= limit:
        return listed
    by_kind = {kind: [m for m in listed if m[0] == kind] for kind in KINDS}
    rng = random.Random(sp.srepr(expression))
    for members in by_kind.values():
        rng.shuffle(members)
    chosen: list[tuple[str, sp.Basic]] = []
    while len(chosen) < limit:
        for members in by_kind.values():
            if members and len(chosen) < limit:
                chosen.append(members.pop())
    return chosen


def _named(side: sp.Basic) -> bool:
    """Whether a side is only the name of what the other side claims."""
    if isinstance(side, (sp.Derivative, sp.Limit)) or side.is_Pow:
        return _named(side.args[0])
    return side.is_Symbol or isinstance(side, sp.core.function.AppliedUndef)


def _equivalent(one: sp.Basic, other: sp.Basic) -> bool:
    """Whether a surviving mutant says the same: equal side by side, or true for the same reason."""
    if isinstance(one, sp.Eq):
        quotient = sp.cancel(sp.together(one.lhs - one.rhs)) / sp.cancel(sp.together(other.lhs - other.rhs))
        if sp.cancel(quotient).is_number:  # the same equation, multiplied by a number
            return True
    pairs = zip(one.args, other.args, strict=True) if isinstance(one, sp.Eq) else [(one, other)]
    return all(_same(a, b) for a, b in pairs)


def _same(one: sp.Expr, other: sp.Expr) -> bool:
    if one == other:
        return True
    try:
        with _patience():
            met, worst = agree_at_points(one, other, random.Random(0), 3, {}, ())
            if not (met and worst < sp.Float("1e-40")):
                return False
        with _patience(20):
            return sp.simplify(sp.expand(one - other)) == 0
    except Exception:
        return False


def _formula_mutants(statement: ledger.Statement, limit: int) -> list[tuple[str, sp.Basic]]:
    formula = statement.formula
    if isinstance(formula, sp.Eq) and _named(formula.lhs):
        return [(kind, ledger.equal(formula.lhs, wrong)) for kind, wrong in mutants(formula.rhs, limit)]
    return mutants(formula, limit)


def plant(statement: ledger.Statement, limit: int = 6, per_step: int = 2) -> list[Mutation]:
    """Plant errors in a statement, at most `limit` in its formula and `per_step` in a step: what the ledger says.

    >>> {mutation.verdict for mutation in plant(ledger.find("eq08_fast_limit"), limit=2, per_step=1)}
    {'rejected'}
    """
    record = []
    for kind, wrong in _formula_mutants(statement, limit):
        result = _in_time(partial(getattr, statement.with_formula(wrong), "own"))
        if result.evidence == "failed":
            verdict = "rejected"
        else:
            verdict = "equivalent" if _equivalent(wrong, statement.formula) else "survived"
        record.append(Mutation(statement.id, "formula", kind, verdict, f"{wrong}: {result.detail}"[:400]))
    for number, step in enumerate(statement.steps):
        if isinstance(step.check, Refute):  # here the planted error is agreement
            wrongs = [("sign", step.before)]
        else:
            wrongs = mutants(step.after, per_step)
        for kind, wrong in wrongs:
            planted = ledger.Step(step.before, wrong, step.rule, step.check)
            outcome = _in_time(partial(planted.run, f"{statement.id}/{number}"))
            if outcome.evidence == "failed":
                verdict = "rejected"
            else:
                verdict = "equivalent" if _same(wrong, step.after) else "survived"
            record.append(
                Mutation(statement.id, f"step {number + 1}", kind, verdict, f"{wrong}: {outcome.detail}"[:400])
            )
    return record
