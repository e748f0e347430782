"""Lennard-Jones, Morse and Buckingham potentials beside the chain, functions and files: against independent roads."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import mpmath
import numpy as np
import pytest
from flint import arb, ctx

import chaintheory as ct
from chaintheory.cli.main import run as command
from chaintheory.interactions.text import interaction_from_text, interaction_to_text
from chaintheory.simulation.readers import read_columns
from chaintheory.support import files
from chaintheory.sweep.run import assemble
from chaintheory.sweep.specification import compute_point, parse_sweep, read_sweep

LENNARD_JONES = ct.LennardJones(depth=0.7, sigma=3.0, offset=3.2)
MORSE = ct.Morse(depth=2.0, distance=5.0, length=2.0, offset=4.0)
BUCKINGHAM = ct.Buckingham(amplitude=100.0, length=0.3, dispersion=10.0, offset=2.0)
# Written again from the textbook, in the distance to a mass.
TEXTBOOK = {
    LENNARD_JONES: lambda rho, m: 4 * 0.7 * ((3 / rho) ** 12 - (3 / rho) ** 6),
    MORSE: lambda rho, m: 2 * (m.exp(-(rho - 5)) - 2 * m.exp(-(rho - 5) / 2)),
    BUCKINGHAM: lambda rho, m: 100 * m.exp(-rho / 0.3) - 10 / rho**6,
}
ALL = pytest.mark.parametrize("interaction", TEXTBOOK, ids=lambda one: type(one).__name__)


@ALL
def test_the_potential_is_that_of_the_textbook(interaction):
    def exact(r):
        return TEXTBOOK[interaction](mpmath.sqrt(r * r + mpmath.mpf(interaction.offset) ** 2), mpmath)

    r = np.array([0.0, 0.3, 1.7, 4.0, 25.0])
    with mpmath.workdps(30):
        for order, found in enumerate((interaction.potential, interaction.slope, interaction.curvature)):
            expected = [float(mpmath.diff(exact, mpmath.mpf(place), order)) for place in r]
            # Two parts of opposite sign: rounding of the larger, some units of 1e-16.
            size = max(abs(part.value) for part in interaction.parts()) / interaction.offset**order
            np.testing.assert_allclose(found(r), expected, rtol=1e-14, atol=3e-15 * size)
    np.testing.assert_array_equal(interaction.potential(-r), interaction.potential(r))


@ALL
def test_the_transform_is_the_integral(interaction):
    d = interaction.offset
    nodes, weights = np.polynomial.legendre.leggauss(16)
    ends = np.concatenate([np.arange(0.0, 60.0, 0.25), np.geomspace(60.0, 4000.0, 4000)])
    half = 0.5 * np.diff(ends)[:, None]
    # Along Im r = 0.7 d the integrand is smaller by exp(-0.7 k d): less cancels.
    r = half * nodes + 0.5 * (ends[1:] + ends[:-1])[:, None] + 0.7j * d
    potential = TEXTBOOK[interaction](np.sqrt(r * r + d * d), np)
    for k in (0.3, 1.0, 6.0):
        exact = 2.0 * float(np.sum(half * weights * (potential * np.exp(1j * k * r)).real))
        # What is left out beyond 4,000 falls like r^-5; the rest is rounding of the integrand.
        size = float(np.sum(half * weights * np.abs(potential))) * math.exp(-0.7 * k * d)
        assert float(interaction.transform(k)) == pytest.approx(exact, rel=1e-13, abs=3e-15 * size)


@ALL
def test_the_enclosure_holds_the_transform(interaction):
    before, ctx.prec = ctx.prec, 120
    try:
        for k in (0.0, 0.4, 9.0):
            ball = interaction.enclosed_transform(arb(k))
            value = float(interaction.transform(k))
            rounding = float(interaction.transform_rounding(np.array([k]))[0])
            assert float(ball.rad()) < 1e-9 * abs(value)
            assert abs(value - float(ball.mid())) <= rounding
    finally:
        ctx.prec = before


@ALL
def test_bounds_of_moments(interaction):
    def moment(power):
        def integrand(r):
            return r**power * abs(
                TEXTBOOK[interaction](mpmath.sqrt(r * r + mpmath.mpf(interaction.offset) ** 2), mpmath)
            )

        return float(2 * mpmath.quad(integrand, [*mpmath.linspace(0, 20, 30), 60, 1000, 1e5]))

    assert moment(1) <= interaction.transform_slope_bound <= 8.0 * moment(1)
    assert moment(2) <= interaction.transform_curvature_bound <= 8.0 * moment(2)


@ALL
def test_losses_are_those_of_the_formula_by_quadrature(interaction):
    """The same potential as a formula, its transform by panels: to the error that it states."""
    texts = {
        LENNARD_JONES: "4*e0*((s^2/(r^2+d^2))^6 - (s^2/(r^2+d^2))^3)",
        MORSE: "D*(exp(-2*(sqrt(r^2+d^2)-b)/l) - 2*exp(-(sqrt(r^2+d^2)-b)/l))",
        BUCKINGHAM: "A*exp(-sqrt(r^2+d^2)/l) - C/(r^2+d^2)^3",
    }
    constants = {
        LENNARD_JONES: {"e0": 0.7, "s": 3.0, "d": 3.2},
        MORSE: {"D": 2.0, "b": 5.0, "l": 2.0, "d": 4.0},
        BUCKINGHAM: {"A": 100.0, "l": 0.3, "C": 10.0, "d": 2.0},
    }
    formula = ct.Interaction.from_expression(texts[interaction], **constants[interaction])
    chain = ct.Chain(3.0, 12.0)
    for v in (20.0, 60.0):
        own, other = (ct.System(chain, one).mean_dissipation(v) for one in (interaction, formula))
        assert own == pytest.approx(other, rel=1e-9, abs=0)


def test_losses_that_quadrature_cannot_resolve():
    """Far below the cancellation of a numerical transform: the closed form against 40 digits."""
    system = ct.System(ct.Chain(10.0, 40.0), LENNARD_JONES)
    with mpmath.workdps(40):

        def emitted(theta):
            omega = mpmath.sqrt(1 + 99 * mpmath.sin(theta) ** 2)
            q = 2 * mpmath.pi * omega * 2 * mpmath.mpf("3.2")
            sixth = (mpmath.mpf(3) / mpmath.mpf("3.2")) ** 6
            twelfth = mpmath.pi / 3840 * (q**5 + 15 * q**4 + 105 * q**3 + 420 * q**2 + 945 * q + 945)
            transform = (
                mpmath.mpf("2.8")
                * mpmath.mpf("3.2")
                * mpmath.exp(-q)
                * (sixth**2 * twelfth - sixth * mpmath.pi / 8 * (q * q + 3 * q + 3))
            )
            return 8 * mpmath.pi**4 * omega**2 * transform**2 * 16

        exact = 2 / mpmath.pi * mpmath.quad(emitted, mpmath.linspace(0, mpmath.pi / 2, 30))
    assert 0.0 < float(exact) < 1e-20
    assert float(system.single_pass_dissipation(0.5)) == pytest.approx(float(exact), rel=1e-11, abs=0)


def test_a_simulated_pass_is_that_of_theory():
    """Weak coupling: the energy that a slow pass leaves is that of Eq. 6, whose next order is a few per cent here."""
    system = ct.System(ct.Chain(3.0, 60.0), ct.Morse(0.02, 5.0, 2.0, 4.0))
    run = system.simulate(30.0, 40.0, 1.6)
    assert run.passes["energy_absorbed"][0] == pytest.approx(
        float(system.single_pass_dissipation(40.0)), rel=5e-3, abs=0
    )


def test_drift_velocities_of_a_morse_particle():
    system = ct.System(ct.Chain(10.0, 40.0), MORSE, bias=0.033)
    (root,) = [one for one in system.drift_velocities(45.0, 60.0) if one.resonance is None and one.certified]
    assert float(system.mean_dissipation(root.speed)) == pytest.approx(0.033, rel=1e-12, abs=0)


@ALL
def test_kept_as_text_and_in_other_units(interaction):
    assert interaction_from_text(interaction_to_text(interaction)) == interaction
    scaled = interaction.scaled(2.0, 10.0)
    r = np.array([0.0, 2.0, 7.0])
    np.testing.assert_allclose(scaled.potential(10.0 * r), 2.0 * interaction.potential(r), rtol=1e-12)
    assert r"\rho" in interaction.latex


@pytest.mark.parametrize(
    "one",
    [
        ct.GaussianMixture([1.0, -0.5], [4.0, 6.0]),
        ct.Matern(1.0, 3.0, 2),
        ct.Interaction.from_expression("a*exp(-(r/4)^4)", a=2.0),
        ct.Interaction.from_expression("1/(1+r)", cutoff=20.0),
        ct.Interaction.from_samples(np.arange(30.0), np.exp(-np.arange(30.0) / 2)),
    ],
)
def test_every_interaction_in_other_units(one):
    r = np.array([0.1, 2.0, 7.0])
    np.testing.assert_allclose(one.scaled(2.0, 10.0).potential(10.0 * r), 2.0 * one.potential(r), rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ct.LennardJones(1.0, 3.0, 0.0), "offset must be greater than 0"),
        (lambda: ct.LennardJones(1.0, 3.0, 1e-4), "must be at most 1e"),
        (lambda: ct.Morse(1.0, 3.0, 0.001, 3.0), "at most 300 decay lengths"),
        (lambda: ct.Buckingham(1.0, -1.0, 1.0, 1.0), "length must be greater than 0"),
        (lambda: ct.Interaction.from_expression("4*((3/r)^12-(3/r)^6)"), r"ct\.LennardJones"),
        (lambda: ct.Interaction.from_callable(math.cos, 30.0), "must decay"),
        (lambda: ct.Interaction.from_callable(lambda r: 1.0 / (r + 0.0), 30.0), "division|finite"),
        (
            lambda: ct.Interaction.from_callable(lambda r: math.exp(-r) * math.sin(r * r * 90.0), 30.0),
            "larger tolerance",
        ),
        (lambda: ct.Interaction.from_file("nowhere.csv"), "samples must be a file that exists, got 'nowhere.csv'"),
    ],
)
def test_refused_by_name(make, said):
    with pytest.raises((ValueError, ZeroDivisionError), match=said):
        make()


def test_a_function_and_a_file(tmp_path):
    own = ct.Interaction.from_callable(lambda r: 2.0 * math.exp(-r * r / 32.0), end=30.0)
    assert own.error < 2e-9 and own.potential(3.21) == pytest.approx(2.0 * math.exp(-(3.21**2) / 32.0), rel=1e-8, abs=0)
    r, values = own.samples
    for separator, heading in ((",", "distance,potential\n"), (";", "# from molecular dynamics\n"), ("\t", "")):
        path = tmp_path / "table.txt"
        path.write_text(
            heading + "".join(f"{a!r}{separator}{b!r}\n" for a, b in zip(r.tolist(), values.tolist(), strict=True))
        )
        assert ct.Interaction.from_file(path) == own
    path.write_text("0 1\n1 x\n")
    with pytest.raises(ValueError, match="line 2: must be a distance and a potential"):
        ct.Interaction.from_file(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO on this system")
@pytest.mark.parametrize(
    "read",
    [
        ct.Interaction.from_file,
        read_sweep,
        lambda path: parse_sweep(f"interaction = {{samples = '{path}'}}"),
        lambda path: read_columns(path, time=0, position=1),
    ],
    ids=["table", "sweep", "samples of a sweep", "trajectory"],
)
def test_what_never_ends_is_not_read(read, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")

    def opened(*_, **__):  # would wait for a writer, or take all memory
        raise AssertionError("opened")

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(Path, "read_text", opened)
    for path in (tmp_path / "fifo", "/dev/zero", tmp_path):
        with pytest.raises(ValueError, match=r"must be a file that exists, got '[^\n]*'$"):
            read(path)


def test_a_text_of_any_length_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_TEXT", 20)
    path = tmp_path / "long.csv"
    path.write_text("0 1\n" * 5)
    with pytest.raises(ValueError, match="must hold at least 12 lines"):  # of 20 characters, and so read
        ct.Interaction.from_file(path)
    path.write_text("0 1\n" * 5 + " ")
    for read in (ct.Interaction.from_file, read_sweep):
        with pytest.raises(ValueError, match=r"must be a text file of at most 20 characters, got '[^\n]*'$"):
            read(path)


def test_by_command(capsys, tmp_path):
    def curve(*options):
        capsys.readouterr()
        code = command(["curves", "--lowest", "40", "--points", "2", "--json", *options])
        out, err = capsys.readouterr()
        return json.loads(out)["mean_dissipation"] if code == 0 else err

    chain, speeds = ct.Chain(10.0, 40.0), [40.0, 80.0]
    given = [f"--parameter={name}={value}" for name, value in (("depth", 0.7), ("sigma", 3), ("offset", 3.2))]
    expected = ct.System(chain, LENNARD_JONES).mean_dissipation(speeds).tolist()
    assert curve("--interaction", "lennard-jones", *given) == expected
    assert "needs sigma, offset: give --parameter sigma=..." in curve("--interaction", "LennardJones", given[0])
    path = tmp_path / "table.csv"
    path.write_text("".join(f"{0.5 * r},{2.0 * math.exp(-((0.5 * r) ** 2) / 32.0)!r}\n" for r in range(80)))
    np.testing.assert_allclose(
        curve("--samples", str(path)), ct.System(chain, ct.Gaussian(2.0, 4.0)).mean_dissipation(speeds), rtol=1e-6
    )
    assert (
        curve("--potential", "a/(1+r/4)", "--parameter", "a=2", "--cutoff", "30")
        == ct.System(chain, ct.Interaction.from_expression("a/(1+r/4)", cutoff=30.0, a=2.0))
        .mean_dissipation(speeds)
        .tolist()
    )


def test_sweeps_of_any_potential(tmp_path):
    def swept(text):
        sweep = parse_sweep(text + '\n[compute]\nquantities = ["mean_dissipation"]\n')
        return assemble(sweep, [compute_point(one, sweep.quantities, sweep.drift_range) for one in sweep.points()])

    chain = ct.Chain(10.0, 40.0)
    data = swept('interaction = {name = "morse", distance = 5, length = 2, offset = 4}\naxes = {depth = [0, 2]}')
    assert data.depth.attrs["units"] == "hbar Omega_slow"
    assert data.mean_dissipation.values.tolist() == [0.0, float(ct.System(chain, MORSE).mean_dissipation(50.0))]
    data = swept('interaction = {potential = "A*exp(-abs(r/w)^3)", w = 4}\naxes = {A = [-1, 2]}')
    own = ct.Interaction.from_expression("A*exp(-abs(r/w)^3)", A=2.0, w=4.0)
    assert float(data.mean_dissipation[1]) == float(ct.System(chain, own).mean_dissipation(50.0))
    path = tmp_path / "table.csv"
    path.write_text("".join(f"{r},{math.exp(-r / 2)}\n" for r in range(30)))
    data = swept(f'interaction = {{samples = "{path}"}}\naxes = {{speed = [50]}}')
    own = ct.Interaction.from_file(path)
    assert float(data.mean_dissipation[0]) == float(ct.System(chain, own).mean_dissipation(50.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('interaction = {name = "morse", depth = 1}', "must have distance, length, offset"),
        ('interaction = {name = "mors"}', "did you mean 'Morse'"),
        ('interaction = {potential = "A*exp(-r)", B = 2}', "A|B"),
        ('interaction = {name = "Gaussian", potential = "exp(-r)"}', "one of name, potential and samples"),
        ("interaction = {cutoff = 3}", "goes with potential"),
        ('interaction = {name = "LennardJones", depth = 1, sigma = -1, offset = 1}', "sigma must be greater"),
        ('interaction = {samples = "nowhere.csv"}', "samples must be a file that exists"),
        ('system = {depth = 1}\ninteraction = {name = "Gaussian"}', "unknown key in"),
    ],
)
def test_sweeps_refuse_by_name(text, said):
    with pytest.raises(ValueError, match=said):
        parse_sweep(text + '\n[compute]\nquantities = ["mean_dissipation"]\n')
