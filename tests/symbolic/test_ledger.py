"""The ledger: every statement is verified, knows its symbols, and rejects a planted error."""

import doctest
from importlib import import_module

import pytest
import sympy as sp

from derivations import ledger, notation
from derivations.checks import Cited, Numeric, Reduce, Refute

MODULES = ("notation", "numeric", "checks", "ledger", *ledger.MODULES, "balls", "printer", "user_code", "mutations", "emit")


@pytest.mark.parametrize("statement", ledger.statements(), ids=lambda statement: statement.id)
def test_verified(statement):
    result = statement.verify()
    assert result.ok, result.detail


@pytest.mark.parametrize("statement", ledger.statements(), ids=lambda statement: statement.id)
def test_symbols_are_in_the_table(statement):
    bound = set().union(*(set(i.variables) for i in statement.formula.atoms(sp.Integral, sp.Sum)), set())
    unknown = [s for s in statement.formula.free_symbols | bound if not notation.known(s)]
    assert not unknown


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    found = doctest.testmod(import_module(f"derivations.{name}"))
    assert found.failed == 0
    assert found.attempted > 0


@pytest.mark.parametrize("check", [Reduce("expand", "trigonometry"), Numeric(), Cited("a theorem")])
def test_check_rejects_a_planted_error(check):
    import random

    a = notation.theta
    truth, wrong = sp.sin(2 * a), 2 * sp.sin(a) * sp.cos(a)
    assert check.run(truth, wrong, random.Random(1)).evidence == check.evidence
    assert check.run(truth, -wrong, random.Random(1)).evidence == "failed"
    assert Refute().run(sp.pi, sp.pi + sp.Float("1e-9"), random.Random(1)).evidence == "failed"


def test_no_point_within_the_assumptions_is_a_failure():
    import random

    impossible = Numeric(assuming=(notation.speed < 0,))
    assert impossible.run(notation.speed, notation.speed, random.Random(1)).evidence == "failed"


def test_selection():
    assert [r.id for r in ledger.verify(equation=8)] == ["eq08_fast_limit"]
    assert [r.evidence for r in ledger.verify(["capture_speed_as_printed"], progress=list)] == ["refuted"]
    with pytest.raises(KeyError, match="no_such"):
        ledger.verify(["no_such"])
