"""Runs that start on the exact steady drift stay on it: theory and simulation to ten digits."""

import math

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.comparison.on_the_wave import displacements, start_on_wave
from chaintheory.dissipation.wave_equations import Force, WaveEquations
from chaintheory.drift.continuation import ByDistance, grid_of, solution
from chaintheory.simulation.light_cone import ChainSegment

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)


def paper(amplitude, bias=0.0):
    return ct.System(CHAIN, ct.Gaussian(amplitude, 4.0), bias=bias)


@pytest.fixture(scope="module")
def wave():
    return paper(-2.0).travelling_wave(12.0)


def test_displacements_are_those_of_the_green_function(wave):
    """Within the pulse, by the other contour: a Fourier sum along one line for times of both signs."""
    found, _ = displacements(wave.equations, wave.pulse, wave.equations.grid.times)
    np.testing.assert_allclose(found, wave.mass.value, rtol=0, atol=1e-14)  # 6e-16 measured


def test_the_rate_is_the_derivative(wave):
    times, h = np.linspace(-3.0, 3.0, 41), 1e-4
    values = [displacements(wave.equations, wave.pulse, times + k * h)[0] for k in (-2, -1, 1, 2)]
    rate = (values[0] - 8.0 * values[1] + 8.0 * values[2] - values[3]) / (12.0 * h)
    # Rounding of the difference: 1e-16/1e-4.
    np.testing.assert_allclose(displacements(wave.equations, wave.pulse, times)[1], rate, rtol=0, atol=1e-10)


def driven(wave, amplitude, duration, **changes):
    start = {**start_on_wave(wave.equations, wave.pulse, duration), **changes}
    return paper(amplitude, wave.bias).simulate(duration=duration, order=6, steps_per_fast_period=8, **start)


def errors(wave, run):
    """Largest distance of the particle from theory (l_slow), and deviation of the mean loss."""
    times = 0.5 + run.time / wave.transit_time
    exact = CHAIN.spacing * times + wave.equations.modulation(wave.pulse, times)
    energy = run.crossings["chain_energy"]
    return np.abs(run.position - exact).max(), (energy[-1] - energy[0]) / (energy.size - 1) / wave.bias - 1.0


def test_a_run_stays_on_the_wave(wave):
    """The step is 6e-3 of the transit through the width; a finer one is closer (order 6)."""
    position, loss = errors(wave, driven(wave, -2.0, 50.0))
    assert position < 1e-8  # of 600; 3e-10 measured
    assert abs(loss) < 2e-10  # 2e-11 measured


@pytest.mark.parametrize("spoiled", ["chain at rest", "no velocities", "speed off by 1e-6", "position off by 1e-6"])
def test_another_start_is_not_on_the_wave(wave, spoiled):
    start = start_on_wave(wave.equations, wave.pulse, 50.0)
    displaced, velocities = start["chain"].state
    changed = {
        "chain at rest": {"chain": None},
        "no velocities": {"chain": ChainSegment(start["chain"].origin, np.stack([displaced, 0.0 * velocities]))},
        "speed off by 1e-6": {"speed": start["speed"] * (1.0 + 1e-6)},
        "position off by 1e-6": {"position": start["position"] + 1e-6},
    }[spoiled]
    assert errors(wave, driven(wave, -2.0, 50.0, **changed))[0] > 5e-7


def test_beside_a_resonance_both_forms_of_the_equations_give_one_chain():
    """With the amplitude of the resonant wave as an unknown of its own, or as the residue of the pulse."""
    system = paper(2.0)
    (resonance,) = (r for r in system.resonant_speeds(19.9, 20.1) if r.edge == "lower")
    plain = system.travelling_wave(resonance.speed * (1.0 + 2e-3)).equations
    pulse = plain.from_weak_coupling()
    family = ByDistance(system, plain.force, plain.grid, resonance)
    found = solution(family, family.of_speed(plain.speed), np.append(pulse, [0.0, 0.0]))
    again = WaveEquations(system, plain.force, found.speed, plain.grid)
    times = np.concatenate([np.linspace(-40.0, 40.0, 300), [-400.5, 399.5]])
    one = displacements(found.equations, found.unknowns, times)
    other = displacements(again, again.solve(pulse), times)
    assert math.hypot(*found.unknowns[-2:]) > 0.05
    # 2e-13 measured: rounding, times 1/p = 100 for the residue.
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-11)


@pytest.mark.parametrize("distance", [1e-8, -1e-8, 1e-5, -1e-5, 3e-3, -3e-3])
def test_close_to_a_resonance_the_wave_behind_is_the_partner_of_the_wave_ahead(distance):
    """Any pulse with any resonant wave that obeys Lambda' a = 2 pi i F^: within it both contours give one chain.

    The speed, to 1e-16, does not determine a distance of 1e-8.
    """
    system = paper(2.0)
    (resonance,) = (r for r in system.resonant_speeds(39.9, 40.1) if r.edge == "lower")
    force = Force.of(system)
    equations = ByDistance(system, force, grid_of(system, force), resonance).equations(distance)
    pulse = np.exp(-((equations.undisturbed / 3.0) ** 2))
    own = np.array([6.0, -3.0])
    # A smooth change of the pulse gives it the component that belongs to the wave.
    transform, slopes = equations.constraints[:, :-2], equations.constraints[:, -2:]
    change = np.exp(-((equations.undisturbed / 8.0) ** 2))[:, None] * transform.T
    pulse -= change @ np.linalg.solve(transform @ change, transform @ pulse + slopes @ own)
    unknowns = np.append(pulse, own)
    times = equations.grid.times
    found, _ = displacements(equations, unknowns, times)
    expected = equations.response @ unknowns + equations.modulation(pulse, times)
    # Measured 3e-19 (rounding of F^) over the distance, and 3e-14.
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-18 / abs(distance) + 1e-12)


def test_the_particle_is_shown_over_one_transit_time(wave):
    ends = np.array([-0.5, 0.5]) * wave.transit_time
    np.testing.assert_allclose(wave.particle.time[[0, -1]], ends, rtol=1e-15, atol=0)


def test_plots_name_their_axes_and_draw_the_curves(wave):
    ax = wave.plot()
    curves = {line.get_label(): line.get_xydata() for line in ax.lines}
    np.testing.assert_array_equal(curves["mass, $R$"][:, 1], wave.mass.value)
    times, displaced = curves["particle, $s$"].T
    # One transit time later the particle is displaced as before.
    inside = np.abs(times) <= 0.5
    expected = np.interp(times[inside], wave.particle.time / wave.transit_time, wave.particle.value)
    np.testing.assert_allclose(displaced[inside], expected, rtol=0, atol=1e-3)  # between 257 points, linearly
    assert "slow" in ax.get_ylabel() and "transit times" in ax.get_xlabel()
    assert {text.get_text() for text in ax.get_legend().get_texts()} == set(curves)


def test_a_drag_curve_draws_each_branch():
    curve = paper(2.0).drag_curve(30.0, 31.0)
    ax = curve.plot()
    drawn = [line for line in ax.lines if len(line.get_xdata())]
    assert len(drawn) == len(curve.branches)
    np.testing.assert_array_equal(drawn[0].get_xdata(), [one.speed for one in curve.branches[0].points])
    assert ax.get_yscale() == "log" and "Omega" in ax.get_ylabel() and "slow" in ax.get_xlabel()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["between resonances", "through a resonance"]
