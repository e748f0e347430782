"""The ledger: every statement is verified, knows its symbols, and rejects a planted error."""

import dataclasses
import doctest
from collections import Counter
from importlib import import_module
from pathlib import Path

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
    "formulas",
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
    with pytest.raises(LookupError, match="no_such"):
        ledger.verify(["no_such"])


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(LookupError, match=r"^no statement has the id 'eq7'; nearest: eq07_"):
        ledger.find("eq7")
    with pytest.raises(LookupError, match="nearest: sound_cone,"):
        ledger.select(["soundcone"])


# Evidence propagates through parents --------------------------------------------------------

# Written out here, so that it does not follow the ledger's own list: the strongest evidence first.
ORDER = ("proved", "enclosed", "cited", "checked", "refuted", "failed")


def weakest_of_all_ancestors(statement):
    """The effective evidence by another way: the set of all statements below, and the weakest own evidence in it."""
    below, pending = set(), list(statement.parents)
    while pending:
        name = pending.pop()
        if name not in below:
            below.add(name)
            pending += ledger.find(name).parents
    found = {ledger.find(name).own.evidence for name in below}
    return "failed" if found & {"refuted", "failed"} else max({statement.own.evidence} | found, key=ORDER.index)


def overstated():
    """The statements whose evidence claims more than everything that they rest on."""
    return [s.id for s in ledger.statements() if s.verify().evidence != weakest_of_all_ancestors(s)]


def test_evidence_is_that_of_the_weakest_ancestor():
    assert not overstated()
    assert ledger.EVIDENCE == ORDER


def test_the_readme_counts_the_evidence():
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    counts = Counter(statement.verify().evidence for statement in ledger.statements())
    said = ", ".join(f"{counts[kind]} {kind}" for kind in ORDER if counts[kind])
    assert f"{len(ledger.statements())} statements ({said})" in readme


def resting_on(statement, *parents):
    return dataclasses.replace(statement, rests_on=parents)


def test_evidence_that_ignores_parents_is_noticed(monkeypatch):
    monkeypatch.setattr(ledger, "effective", lambda own, parents: own)
    ledger_of_now = [resting_on(s, *s.parents) for s in ledger.statements()]
    for new, s in zip(ledger_of_now, ledger.statements(), strict=True):
        vars(new)["own"] = s.own  # what its own steps give has been computed
    monkeypatch.setattr(ledger, "statements", lambda: ledger_of_now)
    assert "eq10_values" in overstated()


@pytest.mark.parametrize("own", ORDER[:4])
@pytest.mark.parametrize("inherited", ORDER)
def test_effective_evidence_of_two(own, inherited):
    expected = "failed" if inherited in ("refuted", "failed") else max(own, inherited, key=ORDER.index)
    assert ledger.effective(own, [inherited]) == ledger.effective(own, ["proved", inherited]) == expected


def test_a_planted_parent_changes_the_evidence():
    proved = ledger.find("eq08_fast_limit")
    assert proved.verify().evidence == "proved"
    cited = resting_on(proved, "kernel_late_time", *proved.parents).verify()
    assert (cited.evidence, cited.own) == ("cited", "proved")
    assert cited.detail.startswith("rests on kernel_late_time (cited); its own steps are proved")
    false = resting_on(proved, "capture_speed_as_printed").verify()
    assert (false.evidence, false.ok) == ("failed", False) and "capture_speed_as_printed (refuted)" in false.detail
    parent = ledger.find("eq07_gaussian_closed_form")
    wrong = parent.with_formula(sp.Eq(parent.formula.lhs, 2 * parent.formula.rhs, evaluate=False))
    assert resting_on(proved, wrong).verify().evidence == "failed"
    # ... and through more than one generation.
    grandchild = resting_on(ledger.find("eq08_next_order"), resting_on(proved, "kernel_late_time"))
    assert grandchild.verify().evidence == "cited"


def test_nothing_rests_on_what_is_refuted():
    refuted = {s.id for s in ledger.statements() if s.own.evidence == "refuted"}
    assert not [s.id for s in ledger.statements() if refuted & set(s.parents)]


def test_kinds_of_statements():
    kinds = {s.id: s.kind for s in ledger.statements()}
    assert set(kinds.values()) == set(ledger.KINDS)
    refuted = {s.id for s in ledger.statements() if s.own.evidence == "refuted"}
    assert refuted == {id for id in kinds if id.endswith(("_as_printed", "_as_read"))} | {"published_exponent"}
    for id in refuted:  # what is refuted is a print or a reading, and its name and its words say which
        assert kinds[id] == ("reading" if id.endswith("_as_read") else "printed")
        words = ledger.find(id).statement.split(":")[0]
        assert words == {"reading": "As the text may be read", "printed": "As printed"}[kinds[id]] or "script" in words
    with pytest.raises(ValueError, match="kind must be one of printed, reading, derived"):
        ledger.states("a", "b", "c", sp.Eq(notation.theta, 1), kind="guess")


def rounded(statement):
    """Whether a number of the formula was found by enclosure: it is rounded, and no equality."""
    return statement.own.evidence == "enclosed" and bool(statement.formula.args[1].atoms(sp.Rational))


def test_rounded_numbers_are_not_printed_as_equalities():
    enclosed = [s for s in ledger.statements() if rounded(s) and not s.formula.args[1].free_symbols]
    assert len(enclosed) >= 7
    for statement in enclosed:
        assert statement.relation == r"\approx" and " = " not in statement.latex and r"\frac" not in statement.latex
    assert ledger.find("first_drift_margin").latex.endswith(r"\approx -0.0000631")


def test_limits_are_not_printed_as_equalities():
    for name in ("eq08_fast_limit", "eq09_slow_limit", "kernel_late_time", "hankel_series", "fast_power_law"):
        statement = ledger.find(name)
        assert r"\sim" in statement.latex and " = " not in statement.latex.split(r"\sim")[0]


ERRATA = {
    "capture_speed_as_printed": "capture_speed",
    "spikes_as_printed": "resonance_lower_edge",
    "drift_is_a_zero_as_read": "drift_is_a_jump",
    "drift_measures_the_product_as_read": "drift_measures_the_ratio",
    "not_absorbed_as_read": "cusp_slow_limit",
    "finite_capture_time_as_read": "finite_capture_time",
    "published_exponent": "eq10_gaussian",
}


def kinds_of_evidence(statement):
    return {step.check.evidence for step in statement.steps}


def test_each_erratum_is_refuted_and_corrected():
    evidence = {statement.id: kinds_of_evidence(statement) for statement in ledger.statements()}
    for printed, corrected in ERRATA.items():
        assert "refuted" in evidence[printed]
        assert "refuted" not in evidence[corrected]
        assert corrected in ledger.find(printed).parents
    assert set(ERRATA) == {name for name, kinds in evidence.items() if "refuted" in kinds}


def test_all_equations_are_stated():
    places = {statement.equation for statement in ledger.statements()}
    assert {f"Eq. {number}" for number in range(1, 11)} <= places


def test_own_steps_of_at_least_three_in_four_are_proved():
    kinds = [kinds_of_evidence(statement) for statement in ledger.statements()]
    assert sum(kind == {"proved"} for kind in kinds) >= 0.75 * len(kinds)


@pytest.mark.parametrize("statement", ledger.statements(), ids=lambda statement: statement.id)
def test_shows_itself(statement):
    assert statement.statement.endswith(".") and statement.equation
    assert statement.relation in statement.latex
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
