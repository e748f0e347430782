"""The table of theory against simulation: it passes, and each kind of row can fail, both ways."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from chaintheory.cli.main import main
from chaintheory.comparison.with_simulation import (
    NotCompared,
    Row,
    compare_system,
    of_system,
    usual_speeds,
)
from chaintheory.interactions.named import Gaussian, Sech2
from chaintheory.system import Chain, System


@pytest.fixture
def rows(theory_rows):
    return theory_rows


def test_every_row_is_as_theory_allows(rows):
    failed = [row.name for row in rows if not row.passed]
    assert not failed
    assert len(rows) >= 25


def test_names_are_unique_and_reasons_given(rows):
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.reason for row in rows)


@pytest.mark.parametrize("factor", [2.0, -1.0, 0.5, math.nan, math.inf])
def test_a_planted_factor_fails_every_row(rows, factor):
    assert not any(replace(row, simulated=factor * row.simulated).passed for row in rows)


def test_a_simulation_that_is_too_good_fails(rows):
    """Where theory knows by how much it errs: to agree with it exactly would be an error."""
    sharp = [row for row in rows if row.sharp]
    assert not any(replace(row, simulated=row.predicted).passed for row in sharp)
    # All but those of the bound states, whose frequencies are exact, one whose next order vanishes, and the eight
    # runs that start on the exact drift.
    assert len(rows) - len(sharp) == 3 + 8


def test_the_readme_counts_the_rows(rows):
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    assert f"in {len(rows)} rows: each states" in readme
    assert f"In {sum(row.sharp for row in rows)} rows the check also fails if the deviation is smaller" in readme


def test_the_expected_deviation_knows_the_sign(rows):
    assert not any(replace(row, expected=-row.expected).passed for row in rows if row.sharp)


def test_row_at_the_bound():
    row = Row("bound", 1.0, 1.5, expected=0.25, allowed=0.25, reason="")
    assert row.passed
    assert not replace(row, allowed=0.249).passed


# Other bands, lattices, masses, interactions, and a chain with more springs; how many of the four rows each has.
OWN = {
    "wide band": (System(Chain(30.0, 12.0), Gaussian(-0.3, 1.0), mass=2.0, bias=0.1), 4),
    "narrow band": (System(Chain(1.5, 32.0), Sech2(0.2, 3.0)), 4),
    "more springs": (System(Chain.from_springs(1.0, [3.0, 0.5], 30.0), Gaussian(0.3, 3.0)), 1),
}


@pytest.fixture(scope="module")
def own_rows():
    return {name: compare_system(system, [45.0]) for name, (system, _) in OWN.items()}


@pytest.mark.parametrize("name", OWN)
def test_rows_of_any_system(own_rows, name):
    rows = [row for row in own_rows[name] if isinstance(row, Row)]
    refused = [row for row in own_rows[name] if isinstance(row, NotCompared)]
    assert [row.name for row in rows if not row.passed] == []
    assert (len(rows), len(refused)) == (OWN[name][1], 4 - OWN[name][1]), refused
    assert all("chain must be Chain(omega_fast, spacing)" in one.refused for one in refused)
    # A loss that is off by as little as ten times what is allowed fails.
    for row in rows:
        assert row.allowed < 0.1
        off = row.simulated * (1.0 + 10.0 * row.allowed)
        assert not replace(row, simulated=off).passed


@pytest.mark.parametrize(
    ("system", "speed", "name", "reason"),
    [
        (System(Chain(5.0, 6.0), Gaussian(0.05, 3.0)), 45.0, "mean loss over 200 passes", "spacing must be at least"),
        (System(Chain(10.0, 40.0), Gaussian(0.1, 4.0)), 40.2, "mean loss over 200 passes", "farther from a resonance"),
        (System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)), 13.0, "single pass, second order", "change of the pulse"),
    ],
)
def test_what_no_tolerance_is_known_of_is_refused(system, speed, name, reason):
    refused = of_system(name, system, speed)
    assert isinstance(refused, NotCompared) and name in refused.name and reason in refused.refused


def test_a_wrong_system_fails(monkeypatch):
    """Of a run in a chain whose band is a thousandth wider no row passes."""
    system = System(Chain(10.0, 40.0), Gaussian(0.1, 4.0))
    simulate = System.simulate

    def other(self, *given, **options):
        chain = Chain(1.001 * self.chain.omega_fast, self.chain.spacing)
        return simulate(System(chain, self.interaction, self.mass, self.bias), *given, **options)

    monkeypatch.setattr(System, "simulate", other)
    rows = compare_system(system, [50.0])
    assert len(rows) == 4 and not any(row.passed for row in rows)


def test_the_command_takes_a_system(capsys):
    import json

    given = ["crosscheck", "--omega-fast", "3", "--spacing", "35", "--amplitude", "0.3", "--speed", "30", "--json"]
    with pytest.raises(SystemExit) as left:
        main(given)
    rows = json.loads(capsys.readouterr().out)["theory"]
    with pytest.raises(SystemExit):
        main(["crosscheck", "--damping", "0.1", "--speed", "30"])
    told = capsys.readouterr().out
    assert "1 of 1 comparisons as theory allows" in told and told.count("not compared: ") == 3
    system = System(Chain(3.0, 35.0), Gaussian(0.3, 4.0), bias=0.01)
    assert left.value.code == 0
    assert rows == [row.as_dict() for row in compare_system(system, [30.0]) if isinstance(row, Row)]


@pytest.mark.parametrize("own", [["--mass", "2"], ["--speed", "30"], ["--interaction", "Sech2"]])
def test_published_numbers_go_without_a_system(own, tmp_path, capsys):
    (tmp_path / "index.csv").write_text("")
    with pytest.raises(SystemExit) as left:
        main(["crosscheck", "--published", str(tmp_path), *own])
    assert left.value.code == 2
    assert f"--published goes without {own[0]}" in capsys.readouterr().err


def test_usual_speeds_are_above_capture():
    assert usual_speeds(System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))) == (30.0, 50.0, 80.0)
    slow = System(Chain(10.0, 40.0), Gaussian(200.0, 4.0))
    assert min(usual_speeds(slow)) == pytest.approx(2.0 * slow.capture_speed, rel=1e-5)
