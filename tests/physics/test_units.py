"""Physical units end to end: against conversions by hand, pint and the equations of motion in SI."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chaintheory as ct

# CODATA 2018/2022: eV and hbar are exact, the unit of mass is known to 1e-9.
EV, HBAR, U, KB = 1.602176634e-19, 1.054571817646156e-34, 1.66053906892e-27, 1.380649e-23
CRYSTAL = {"chain_mass": 40.08, "confinement": 0.2, "coupling": 1.2, "spacing": 4.0, "particle_mass": 39.1}
MORSE = ct.Morse(depth=0.02, distance=3.2, length=0.9, offset=3.0)
SYSTEM = ct.System.from_physical(**CRYSTAL, force=2e-4, interaction=MORSE, units="metal")


def test_against_conversions_by_hand():
    kappa, mass = 0.2 * EV / 1e-20, 40.08 * U
    omega = math.sqrt(kappa / mass)
    length, energy, time = math.sqrt(HBAR / (mass * omega)), HBAR * omega, 2.0 * math.pi / omega
    assert SYSTEM.chain.omega_fast == pytest.approx(math.sqrt(1.0 + 4.0 * 1.2 / 0.2), rel=1e-14, abs=0)
    assert SYSTEM.chain.spacing == pytest.approx(4e-10 / length, rel=1e-8, abs=0)
    assert SYSTEM.mass == pytest.approx(39.1 / 40.08, rel=1e-14, abs=0)
    assert SYSTEM.bias == pytest.approx(2e-4 * 4.0 * EV / energy, rel=1e-8, abs=0)
    assert SYSTEM.interaction.depth == pytest.approx(0.02 * EV / energy, rel=1e-8, abs=0)
    assert SYSTEM.interaction.offset == pytest.approx(3e-10 / length, rel=1e-8, abs=0)
    scale = SYSTEM.units.scale()
    assert scale.speed == pytest.approx(length / time / 100.0, rel=1e-8, abs=0)
    assert scale.energy == pytest.approx(energy / EV, rel=1e-8, abs=0)
    assert scale.force == pytest.approx(energy / length / (EV / 1e-10), rel=1e-8, abs=0)
    assert scale.stiffness == pytest.approx(0.2, rel=1e-8, abs=0)
    assert SYSTEM.units.temperature == pytest.approx(energy / KB, rel=1e-8, abs=0)


def test_si_and_metal_are_one_system():
    si = ct.System.from_physical(
        40.08 * U, 0.2 * EV / 1e-20, 1.2 * EV / 1e-20, 4e-10, MORSE.scaled(EV, 1e-10), 39.1 * U, bias=8e-4 * EV
    )
    for name in ("mass", "bias"):
        assert getattr(si, name) == pytest.approx(getattr(SYSTEM, name), rel=1e-8, abs=0)
    assert si.mean_dissipation(30.0) == pytest.approx(float(SYSTEM.mean_dissipation(30.0)), rel=1e-7, abs=0)
    assert si.units.shown == "SI" and SYSTEM.units.shown == "metal"


def test_quantities_of_pint():
    pint = pytest.importorskip("pint")
    unit = pint.UnitRegistry()
    found = ct.System.from_physical(
        chain_mass=40.08 * unit.unified_atomic_mass_unit, confinement=0.2 * unit.eV / unit.angstrom**2,
        coupling=(1.2 * unit.eV / unit.angstrom**2).to("N/m"), spacing=0.4 * unit.nanometer, interaction=MORSE,
        particle_mass=39.1 * unit.unified_atomic_mass_unit, force=(2e-4 * unit.eV / unit.angstrom).to("pN"),
        units="metal",
    )  # fmt: skip
    # pint's unit of mass may be that of an older CODATA: 4e-10.
    assert found.chain.spacing == pytest.approx(SYSTEM.chain.spacing, rel=1e-8, abs=0)
    assert found.bias == pytest.approx(SYSTEM.bias, rel=1e-8, abs=0)
    length = found.units.length * unit.meter
    assert found.chain.spacing * length.to("angstrom").magnitude == pytest.approx(4.0, rel=1e-12, abs=0)
    with pytest.raises(ValueError, match="spacing must be a length"):
        ct.System.from_physical(**{**CRYSTAL, "spacing": 4.0 * unit.second}, interaction=MORSE, units="metal")


def test_a_run_obeys_newton_in_si():
    """Far from the masses only the force acts: the particle gains F dt/M."""
    system = ct.System.from_physical(
        **CRYSTAL, force=0.05, interaction=ct.Gaussian(1e-12, 0.1), units="metal"
    )  # fmt: skip
    run = system.simulate(system.chain.spacing / 2.0, 1.0, 0.05)
    data = run.in_units("SI")
    gained = float(data.velocity[-1] - data.velocity[0])
    duration = float(data.time[-1])
    assert gained == pytest.approx(0.05 * EV / 1e-10 / (39.1 * U) * duration, rel=1e-6, abs=0)
    energy = 0.5 * 39.1 * U * data.velocity.values**2
    np.testing.assert_allclose(data.kinetic_energy, energy, rtol=1e-8)
    assert data.kinetic_energy.attrs["units"] == "J"


def test_results_come_back_in_the_units_given(tmp_path):
    run = SYSTEM.simulate(SYSTEM.chain.spacing / 2.0, 30.0, 2.0)
    assert run.in_units().velocity.attrs["units"] == "Å/ps"
    run.save(tmp_path / "run.nc")
    again = ct.Trajectory.load(tmp_path / "run.nc")
    assert again.system.units == SYSTEM.units
    np.testing.assert_array_equal(again.in_units().position, run.in_units().position)
    curves = SYSTEM.curves(20.0, 40.0).in_units()
    np.testing.assert_allclose(
        curves.mean_dissipation, SYSTEM.mean_dissipation(curves.speed.values / SYSTEM.units.scale().speed)
        * SYSTEM.units.scale().energy, rtol=1e-6,
    )  # fmt: skip  # the last points lie 1e-9 of the speed from a resonance: its rounding, 1e-16, shows as 1e-7
    assert "Å" in SYSTEM._repr_html_() and "Å/ps" in run._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"bias": 1.0, "force": 1.0}, ValueError, "exclude each other"),
        ({"units": "metall"}, ValueError, "did you mean 'metal'"),
        ({"interaction": 3}, TypeError, "interaction must be an Interaction"),
        ({"chain_mass": "40"}, TypeError, "mass must be a finite real number"),
        ({"spacing": -4.0}, ValueError, "spacing must be greater than 0"),
    ],
)
def test_refused_by_name(change, error, said):
    with pytest.raises(error, match=said):
        ct.System.from_physical(**{**CRYSTAL, "interaction": MORSE, "units": "metal"} | change)
    with pytest.raises(TypeError, match="units must be Units"):
        ct.System(SYSTEM.chain, MORSE, units="metal")


def test_any_chain_in_physical_units():
    """The modes by hand, in rad/s: m W^2 = kappa + sum of 4 K_j sin^2(j theta); there and back; other units."""
    mass, springs, theta = 6.6e-26, [1.6, -0.1, 0.05], np.linspace(0.1, 1.5, 5)
    for confinement in (0.0, 0.07):
        chain = ct.Chain.from_physical(mass, confinement, springs, 1.6e-9, damping=2e11)
        units = ct.Units(mass, math.sqrt((confinement or springs[0]) / mass))
        squares = sum(4.0 * k * np.sin(j * theta) ** 2 for j, k in enumerate(springs, 1)) + confinement
        assert units.omega_slow * chain.frequency(theta) == pytest.approx(np.sqrt(squares / mass), rel=1e-13)
        # A free mass: dp/dt = -2e11/s p, and gamma is the rate per radian of the unit frequency.
        assert chain.damping * units.omega_slow == pytest.approx(2e11, rel=1e-14)
        back = chain.to_physical(units)
        assert (back.mass, back.confinement) == pytest.approx((mass, confinement), rel=1e-14)
        assert (*back.couplings, back.coupling) == pytest.approx((*springs, springs[0]), rel=1e-14)
        assert (back.spacing, back.damping) == pytest.approx((1.6e-9, 2e11), rel=1e-14)
    metal = ct.Chain.from_physical(63.5, 0.5, [3.0, 0.1], 2.55, damping=0.2, units="metal")
    si = ct.Chain.from_physical(63.5 * U, 0.5 * EV * 1e20, [3.0 * EV * 1e20, 0.1 * EV * 1e20], 2.55e-10, damping=2e11)
    for name in ("confinement", "spacing", "damping", "couplings"):
        assert getattr(metal, name) == pytest.approx(getattr(si, name), rel=1e-8)  # of the constants


def test_a_loss_in_any_chain_does_not_depend_on_the_unit_of_frequency():
    """A list of one spring is the paper's chain; and a loss in eV does not depend on the unit of frequency."""
    crystal = {"chain_mass": 63.5, "spacing": 2.55, "interaction": ct.Gaussian(0.01, 0.6), "particle_mass": 40.0}
    plain = ct.System.from_physical(**crystal, confinement=0.5, coupling=3.0, units="metal")
    listed = ct.System.from_physical(**crystal, confinement=0.5, coupling=[3.0], units="metal")
    assert listed.chain == plain.chain
    two = ct.System.from_physical(**crystal, confinement=0.5, coupling=[3.0, 0.2], damping=0.3, units="metal")
    # The same with another unit of frequency, by the scale's own numbers.
    scale, s = two.units.scale(), 1.3
    chain = ct.Chain.from_springs(
        s**2, [s**2 * k for k in two.chain.couplings], two.chain.spacing / math.sqrt(s), s * two.chain.damping
    )
    shape = ct.Gaussian(two.interaction.amplitude * s, two.interaction.width / math.sqrt(s))
    other = ct.System(chain, shape, two.mass)
    v = 8.0 / scale.speed
    assert s * float(two.mean_dissipation(v)) == pytest.approx(
        float(other.mean_dissipation(v * math.sqrt(s))), rel=1e-9
    )


@pytest.mark.parametrize("confinement, coupling", [(0.0, []), (0.0, [-1.0]), (-0.1, [1.0]), (0.5, ["a"])])
def test_springs_that_are_no_chain_are_refused(confinement, coupling):
    with pytest.raises((ValueError, TypeError), match=r"confinement|coupling"):
        ct.Chain.from_physical(6.6e-26, confinement, coupling, 1.6e-9)


@pytest.mark.parametrize("coupling", [1e300, [1e300]])
def test_a_chain_without_a_unit_of_length_is_refused(coupling):
    """The unit of length would underflow to 0: for a stiffness as for a list of them."""
    with pytest.raises(ValueError, match=r"mass must be within 1e-100 \.\. 1e\+100"):
        ct.Chain.from_physical(1e300, 1e300, coupling, 1.0)
