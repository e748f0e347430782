"""Exact drift velocities, their relaxation, and what a resonance holds, beside runs that start on the wave."""

import dataclasses

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.comparison.steady_drifts import deviations, follow, from_wave
from chaintheory.dissipation.wave_stability import Perturbation
from chaintheory.drift import continuation
from chaintheory.drift.locking import holding_biases, least_bias

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)


@pytest.fixture(scope="module")
def upper():
    system = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), bias=0.01)
    (drift,) = system.drift_velocities(159.5, 159.52, approximation="travelling-wave")
    return system, drift


def test_a_stable_drift_is_kept_and_relaxes_at_its_rate(upper):
    system, drift = upper
    followed = follow(system, drift, duration=1000.0)
    assert abs(followed.deviation) < 1e-11  # 4e-13 measured; 7e-14 at tau = 20,000
    # Measured 1e-5 at 20,000; here the second order of the deviation, 1e-6, and other modes are all that is left.
    assert followed.simulated_rate == pytest.approx(followed.rate, rel=1e-3, abs=0)


def largest_deviation(system, point, duration):
    """Of the mean speed over a transit from that of the steady drift, relative, in a run from it under its bias."""
    driven = ct.System(system.chain, system.interaction, system.mass, point.bias)
    return np.abs(deviations(from_wave(driven, point, duration), point.speed)[1]).max()


def test_another_speed_and_another_bias_are_seen(upper):
    system, drift = upper
    faster = dataclasses.replace(drift, speed=drift.speed * (1.0 + 1e-9))
    assert abs(follow(system, faster, duration=50.0).deviation) > 5e-10
    wrong = ct.System(CHAIN, system.interaction, bias=0.01 * (1.0 + 1e-6))
    assert abs(follow(wrong, drift, duration=200.0).deviation) > 1e-9
    assert largest_deviation(system, drift.point, 50.0) < 1e-11


def test_only_resonances_of_the_lower_edge_hold(upper):
    system, _ = upper
    resonance = next(one for one in system.resonant_speeds(150.0, 170.0) if one.edge == "upper")
    with pytest.raises(ValueError, match="lower band edge"):
        holding_biases(system, resonance)
    with pytest.raises(ValueError, match="lower band edge"):
        least_bias(system, resonance)


def lower_edge(system, n):
    near = system.resonant_speeds(39.6 / n, 40.04 / n)
    return next(one for one in near if one.edge == "lower" and one.n == n)


def test_what_cannot_be_counted_and_what_grows_slowly_does_not_hold(monkeypatch):
    """n = 2, amplitude -2: the bias falls to 0.00314 and rises to its peak, 3.176. No mode is fast enough to count."""

    def counted(self):
        if 0.1 < self.equations.bias(self.pulse) < 1.0:
            raise ArithmeticError("planted")
        return 0

    monkeypatch.setattr(Perturbation, "number_unstable", property(counted))
    monkeypatch.setattr(Perturbation, "value", lambda self, rate: 1.0 + 0.0j)
    monkeypatch.setattr(continuation, "MOST_POINTS", 59)  # a little beyond the peak
    system = ct.System(CHAIN, ct.Gaussian(-2.0, 4.0))
    first, second = holding_biases(system, lower_edge(system, 2), looks=24)
    assert first.lowest == pytest.approx(0.00314, rel=0.01)
    assert (first.ended_by, second.ended_by) == ("unknown", "peak")
    # Planted at 0.1 and 1; the ends are known to a per cent.
    assert (first.highest, second.lowest) == (pytest.approx(0.1, rel=0.02), pytest.approx(1.0, rel=0.02))
    assert second.highest == pytest.approx(3.176, rel=1e-3)


@pytest.mark.parametrize(("amplitude", "n"), [(-2.0, 1), (2.0, 3), (-2.0, 2)])
def test_the_least_bias_is_the_minimum_below_a_resonance(amplitude, n):
    system = ct.System(CHAIN, ct.Gaussian(amplitude, 4.0))
    resonance = lower_edge(system, n)
    least = least_bias(system, resonance)
    below = 1.0 - least.speed / resonance.speed
    speeds = resonance.speed * (1.0 - below * np.array([0.8, 1.0, 1.25]))
    # Newton's method on other grids, without the wave in step among the unknowns.
    faster, there, slower = system.mean_dissipation(speeds, approximation="travelling-wave")
    assert there == pytest.approx(least.bias, rel=1e-7, abs=0)  # 2e-9 measured
    assert min(faster, slower) > 1.01 * least.bias
    held = dataclasses.replace(system, bias=least.bias)
    assert largest_deviation(held, least, 50.0) < 1e-11


def test_the_least_bias_is_resolved_where_the_pulse_is_sharp():
    """Masses swing by 5.4 l_slow below n = 4 at the amplitude -20: on the grid of the search it was off by 1.6e-4."""
    system = ct.System(CHAIN, ct.Gaussian(-20.0, 4.0))
    least = least_bias(system, lower_edge(system, 4))
    there = system.mean_dissipation(least.speed, approximation="travelling-wave")
    assert there == pytest.approx(least.bias, rel=1e-7, abs=0)


@pytest.mark.parametrize(("amplitude", "n", "way"), [(2.0, 1, "falls"), (2.0, 2, "rises"), (-1e-6, 1, "falls")])
def test_without_a_minimum_there_is_no_least_bias(amplitude, n, way):
    system = ct.System(CHAIN, ct.Gaussian(amplitude, 4.0))
    with pytest.raises(ValueError, match=f"{way} towards it; follow system.drag_curve"):
        least_bias(system, lower_edge(system, n))


def test_the_least_bias_is_for_smooth_interactions():
    system = ct.System(CHAIN, ct.Matern(-2.0, 4.0, order=1))
    with pytest.raises(ValueError, match="interaction must have all derivatives"):
        least_bias(system, lower_edge(system, 1))


def test_a_curve_that_the_kinks_of_a_force_would_falsify_is_refused():
    # Of order 1 the bias on the branches' grid is off by 2 per cent (and a drift between 66 and 68 was lost); of order
    # 5 it is not.
    system = ct.System(CHAIN, ct.Matern(2.0, 4.0, order=1), bias=0.01)
    with pytest.raises(ct.NoSteadyDrift, match=r"Matern has kinks.*take travelling_wave at single speeds"):
        system.drag_curve(66.0, 67.0)
    with pytest.raises(ct.NoSteadyDrift, match="Matern has kinks"):
        system.drift_velocities(66.0, 67.0, approximation="travelling-wave")
    fine = ct.System(CHAIN, ct.Matern(2.0, 4.0, order=5), bias=0.01)
    assert fine.drag_curve(66.4, 66.5).at_speed(66.45) == pytest.approx([fine.travelling_wave(66.45).bias], rel=1e-6)
