"""The ledger: every statement is verified, knows its symbols, and rejects a planted error."""

import doctest
from importlib import import_module

import pytest
import sympy as sp

from derivations import ledger, notation
from derivations.checks import Cited, Numeric, Reduce, Refute

MODULES = (
    "notation",
    "numeric",
    "checks",
    "ledger",
    *ledger.MODULES,
    "balls",
    "printer",
    "mutations",
    "emit",
)


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


ERRATA = {
    "capture_speed_as_printed": "capture_speed",
    "spikes_as_printed": "resonance_lower_edge",
    "drift_is_a_zero_as_printed": "drift_is_a_jump",
    "drift_measures_the_product_as_printed": "drift_measures_the_ratio",
    "not_absorbed_as_printed": "cusp_slow_limit",
    "finite_capture_time_as_printed": "finite_capture_time",
    "published_exponent": "eq10_gaussian",
}


def test_each_erratum_is_refuted_and_corrected():
    evidence = {statement.id: set(statement.evidence_kinds) for statement in ledger.statements()}
    for printed, corrected in ERRATA.items():
        assert "refuted" in evidence[printed]
        assert "refuted" not in evidence[corrected]
        assert corrected in ledger.find(printed).parents
    assert set(ERRATA) == {name for name, kinds in evidence.items() if "refuted" in kinds}


def test_all_equations_are_stated():
    places = {statement.equation for statement in ledger.statements()}
    assert {f"Eq. {number}" for number in range(1, 11)} <= places


def test_at_least_three_in_four_are_proved():
    kinds = [set(statement.evidence_kinds) for statement in ledger.statements()]
    assert sum(kind == {"proved"} for kind in kinds) >= 0.75 * len(kinds)


@pytest.mark.parametrize("statement", ledger.statements(), ids=lambda statement: statement.id)
def test_shows_itself(statement):
    assert statement.statement.endswith(".") and statement.equation
    assert "=" in statement.latex or r"\lim" in statement.latex
    steps = statement.derivation_latex()
    assert len(steps) == len(statement.steps) >= 1
    assert all(rule and latex for rule, latex in steps)
    assert statement.id in statement._repr_html_()
    assert statement.latex in statement._repr_latex_()


def test_a_statement_before_its_parents_is_refused(monkeypatch):
    monkeypatch.setattr(ledger, "MODULES", ("single_pass", "lattice"))
    with pytest.raises(ValueError, match="before its parents"):
        ledger.statements()


def test_a_failing_check_is_reported_and_not_raised():
    band = ledger.find("eq01_band")
    wrong = band.with_formula(sp.Eq(band.formula.lhs, 2 * band.formula.rhs, evaluate=False))
    result = wrong.verify()
    assert result.evidence == "failed" and not result.ok
    assert "insert a plane wave" in result.detail
