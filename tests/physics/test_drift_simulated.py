"""Static lattice and drift velocities against simulation: the figures of benchmarks/bench_drift.py, fewer points."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.comparison.passes import mean_speeds, single_pass_loss
from chaintheory.dissipation.static_lattice import motion_of_mean_speed

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_orbit_theory_beats_eq7(sign):
    deviations = []
    for amplitude, ratio in [(0.5, 2.2), (1.0, 1.6), (2.0, 2.2), (5.0, 3.2)]:
        system = ct.System(CHAIN, ct.Gaussian(sign * amplitude, 4.0))
        speed = ratio * math.sqrt(8.0 * math.pi**2 * amplitude)
        simulated = single_pass_loss(system, speed, order=4, steps_per_fast_period=20)
        orbit = system.single_pass_dissipation(speed, approximation="static-lattice") / simulated - 1.0
        uniform = system.single_pass_dissipation(speed) / simulated - 1.0
        assert abs(orbit) < abs(uniform)
        deviations.append(abs(orbit))
    # What is left is the recoil of the mass, of the order of the loss over the kinetic energy.
    assert np.median(deviations) < 0.006


@pytest.mark.parametrize(("amplitude", "n"), [(0.4, 2), (0.4, 4), (-0.4, 3), (-0.4, 5)])
def test_a_locked_particle_has_the_predicted_speeds(amplitude, n):
    free = ct.System(CHAIN, ct.Gaussian(amplitude, 2.0))
    resonance = next(r for r in free.resonant_speeds(39.0 / n, 41.0 / n) if r.edge == "lower")
    bias = 1.5 * resonance.finite_limit + 2.0 * resonance.singularity
    system = ct.System(CHAIN, free.interaction, bias=bias)
    near = (0.999 * resonance.speed, 1.001 * resonance.speed)
    (drift,) = (d for d in system.drift_velocities(*near) if d.kind == "locked")
    start = motion_of_mean_speed(system, 1.003 * drift.speed).speed
    run = system.simulate(20.0, start, 1500.0, order=4, steps_per_fast_period=10)
    when, means = mean_speeds(run)
    # It creeps up to the resonance like 1/time: 0.03 to 0.06% after 1,200 (a fifth of that after 6,000).
    assert means[when > 1200].mean() == pytest.approx(drift.speed, rel=1e-3, abs=0)
    marks = np.searchsorted(run.time, run.crossings["time"][run.crossings["time"] > 1200])
    slowest = np.minimum.reduceat(run.speed, marks)[:-1].mean()
    fastest = np.maximum.reduceat(run.speed, marks)[:-1].mean()
    assert slowest == pytest.approx(drift.slowest, rel=3e-3, abs=0)
    assert fastest == pytest.approx(drift.fastest, rel=3e-3, abs=0)
    # The prediction without the orbit, one speed for all, would be off by several per cent.
    assert fastest / slowest > 1.035
