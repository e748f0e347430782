"""``chaintheory drift``, and the interactions that commands take."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.cli.main import main
from chaintheory.interactions.build import PLAIN


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    printed = capsys.readouterr()
    return left.value.code, printed.out, printed.err


def test_drift_prints_the_typed_table(capsys):
    code, out, _ = run(capsys, "drift", "--lowest", "6", "--highest", "200")
    assert code == 0
    locked = [line.split() for line in out.splitlines() if " locked " in line]
    assert [row[3] for row in locked] == ["6", "5", "4", "3", "2"]
    assert all(row[-1] == "yes" for row in locked)
    assert "more, closer to each other than 1e-09 of their speed: --all" in out


def test_drift_as_json_holds_everything(capsys):
    code, out, _ = run(capsys, "drift", "--lowest", "18", "--highest", "70", "--json")
    rows = json.loads(out)
    assert code == 0
    # Roots within 1e-130 of an upper resonance are infinitely steep, and so unstable.
    assert [row["kind"] for row in rows] == ["unstable"] * 4 + ["locked", "unstable"]
    assert rows[0]["growth_factor"] < -1.0
    last = rows[-1]
    assert last["enclosure"][0] <= last["speed"] <= last["enclosure"][1]
    assert last["slowest"] < last["speed"] < last["fastest"]
    assert rows[4]["slope"] is None and rows[4]["relaxation_time"] is None


def curve(capsys, *options):
    code, out, err = run(capsys, "curves", "--lowest", "20", "--highest", "30", "--points", "2", "--json", *options)
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("name", PLAIN)
def test_every_interaction_by_name(capsys, name):
    speed = np.array([20.0, 30.0])
    system = ct.System(ct.Chain(10.0, 40.0), getattr(ct, name)(1.5, 3.0), bias=0.01)
    for spelt in (name, name.lower()):
        told = curve(capsys, "--interaction", spelt, "--amplitude", "1.5", "--width", "3")
        assert told["single_pass_dissipation"] == system.single_pass_dissipation(speed).tolist()
        assert told["mean_dissipation"] == system.mean_dissipation(speed).tolist()


def test_a_matern_interaction_of_any_order(capsys):
    told = curve(capsys, "--interaction", "Matern", "--matern-order", "3")
    system = ct.System(ct.Chain(10.0, 40.0), ct.Matern(2.0, 4.0, 3), bias=0.01)
    assert told["mean_dissipation"] == system.mean_dissipation([20.0, 30.0]).tolist()


def test_a_potential_of_ones_own(capsys):
    told = curve(capsys, "--potential", "2*exp(-r**2/32)")
    assert told == curve(capsys)
    assert told != curve(capsys, "--potential", "exp(-abs(r)/4)")
    code, out, _ = run(
        capsys, "simulate", "--potential", "2*exp(-r**2/32)", "--duration", "1", "--order", "6", "--json"
    )
    assert code == 0
    run_of_name = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01).simulate(220.0, 50.0, 1.0)
    assert json.loads(out)["position"] == run_of_name.position[-1]


def test_curves_of_other_approximations(capsys):
    names = ("static-lattice", "third-order", "travelling-wave")
    told = curve(capsys, *(word for name in names for word in ("--approximation", name)))
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    for name in names:
        expected = [float(system.mean_dissipation(v, approximation=name)) for v in (20.0, 30.0)]
        assert told[f"mean_dissipation_{name.replace('-', '_')}"] == expected
    assert told["mean_dissipation_travelling_wave"][1] == pytest.approx(0.01493705484, rel=1e-9, abs=0)


def test_where_an_approximation_does_not_apply_is_empty_with_the_reason(capsys):
    options = ("--lowest", "20", "--highest", "30", "--points", "2", "--interaction", "Lorentzian", "--json")
    code, out, err = run(capsys, "curves", *options, "--approximation", "travelling-wave")
    assert code == 0
    assert json.loads(out)["mean_dissipation_travelling_wave"] == [None, None]
    assert "travelling-wave does not apply at 2 of 2 speeds: interaction Lorentzian" in err and err.count("\n") == 1


def test_an_exact_drift_velocity(capsys):
    code, out, _ = run(
        capsys, "drift", "--lowest", "66.3", "--highest", "66.45", "--approximation", "travelling-wave", "--json"
    )
    (row,) = json.loads(out)
    assert code == 0 and row["kind"] == "unstable" and row["growth"] > 0.0
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    sustained = system.mean_dissipation(row["speed"], approximation="travelling-wave")
    assert sustained == pytest.approx(0.01, rel=1e-9, abs=0)


def test_a_static_lattice_drift_velocity(capsys):
    arguments = ("--amplitude", "-2", "--lowest", "65.5", "--highest", "66", "--approximation", "static-lattice")
    code, out, _ = run(capsys, "drift", *arguments, "--json")
    (row,) = json.loads(out)
    assert code == 0 and row["kind"] == "unstable" and not row["certified"]
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(-2.0, 4.0))
    sustained = system.mean_dissipation(row["speed"], approximation="static-lattice")
    assert sustained == pytest.approx(0.01, rel=1e-8, abs=0)


@pytest.mark.parametrize(("command", "name"), [("curves", "travelling-wav"), ("drift", "rigid")])
def test_an_unknown_approximation_is_refused(capsys, command, name):
    code, out, err = run(capsys, command, "--approximation", name)
    assert code == 2 and out == "" and "--approximation must be one of" in err and "travelling-wave" in err


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--interaction", "Lorenzian"], ["interaction", "'Lorenzian'", "did you mean 'Lorentzian'?"]),
        (["--interaction", "gaussain"], ["interaction", "did you mean 'Gaussian'?"]),
        (["--interaction", "GaussianMixture"], ["interaction", "must be one of"]),
        (["--interaction", "Interaction"], ["interaction", "must be one of"]),
        (["--interaction", "__class__"], ["interaction", "must be one of"]),
        (["--matern-order", "2"], ["--matern-order", "--interaction Matern", "Gaussian"]),
        (["--interaction", "Matern", "--matern-order", "-1"], ["order", "at least 0", "-1"]),
        (["--potential", "exp(-r**2)", "--width", "4"], ["--width", "--potential"]),
        (["--potential", "exp(-r**2)", "--interaction", "Sech2"], ["--interaction", "--potential"]),
        (["--potential", "r"], ["--potential", "does not decay"]),
        (["--potential", ""], ["--potential"]),
        (["--potential", "exp(-q)"], ["--potential", "'q' at character 6"]),
        (["--potential", "().__class__"], ["--potential"]),
    ],
)
@pytest.mark.parametrize("command", ["curves", "drift", "simulate"])
def test_an_interaction_that_is_none_is_refused_in_one_line(capsys, command, options, parts):
    code, out, err = run(capsys, command, *options)
    assert code == 2 and out == "" and err.count("\n") == 1
    for part in parts:
        assert part in err
