"""The ledger rejects planted errors (``python -m derivations --mutations`` plants many more)."""

import pytest
import sympy as sp

from derivations import ledger, mutations
from derivations.checks import Reduce
from derivations.ledger import Step, states
from derivations.notation import theta

# Errors in these formulas make SymPy integrate for long; the full suite covers them.
SLOW = {"eq05_kernel", "finite_pass_mean", "mode_energy"}
QUICK = [statement for statement in ledger.statements() if statement.id not in SLOW]


@pytest.mark.parametrize("statement", QUICK, ids=lambda statement: statement.id)
def test_planted_errors_are_rejected(statement):
    record = mutations.plant(statement, limit=3, per_step=1)
    assert len(record) >= 3 and {mutation.kind for mutation in record} <= set(mutations.KINDS)
    assert not [mutation for mutation in record if mutation.verdict == "survived"]
    assert sum(mutation.verdict == "rejected" for mutation in record) >= 2


def test_every_kind_of_error_occurs():
    missing = set(mutations.KINDS)
    for statement in ledger.statements():
        if missing:
            missing -= {kind for kind, _ in mutations.mutants(statement.formula)}
    assert not missing


def test_a_hole_is_noticed():
    """A derivation that ignores its formula lets errors through, and the suite says so."""

    @states("hole", "nowhere", "Nothing is checked.", sp.Eq(sp.Symbol("y"), sp.sin(theta)))
    def hole(formula):
        return [Step(theta, theta, "trivially", Reduce())]

    assert "survived" in {mutation.verdict for mutation in mutations.plant(hole)}


def test_an_equivalent_error_is_recognised():
    @states("even", "nowhere", "A square.", sp.Eq(sp.Symbol("y"), sp.cos(theta) ** 2 - 1))
    def even(formula):
        return [Step(-(sp.sin(theta) ** 2), formula.rhs, "Pythagoras", Reduce("trigonometry"))]

    same = even.with_formula(sp.Eq(sp.Symbol("y"), -(sp.sin(theta) ** 2)))
    assert mutations._equivalent(same.formula, even.formula)
    assert not mutations._equivalent(sp.Eq(sp.Symbol("y"), sp.sin(theta) ** 2), even.formula)
