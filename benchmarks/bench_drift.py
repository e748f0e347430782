"""Orbit theory against simulation: the loss in one pass, and the speeds of locked particles.

Locked runs start 0.3% above the resonance and last 1,500 time units; their mean and extreme speeds are averages over
the transits after 1,200. The bias is 1.5 times the finite side of the resonance and twice its strength.

    python -m benchmarks.bench_drift
"""

from __future__ import annotations

import math
import time

import numpy as np

import chaintheory as ct
from benchmarks.common import Figure, show
from chaintheory.comparison.passes import mean_speeds, single_pass_loss
from chaintheory.dissipation.static_lattice import orbit_of_mean_speed

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)


def single_passes() -> tuple[np.ndarray, np.ndarray]:
    """Relative deviations of orbit theory and of Eq. 7 from simulation, at 40 points."""
    orbit, uniform = [], []
    for sign in (1.0, -1.0):
        for amplitude in (0.5, 1.0, 2.0, 5.0):
            capture = math.sqrt(8.0 * math.pi**2 * amplitude)
            system = ct.System(CHAIN, ct.Gaussian(sign * amplitude, 4.0))
            for ratio in (1.2, 1.6, 2.2, 3.2, 5.0):
                speed = ratio * capture
                simulated = single_pass_loss(system, speed, order=4, steps_per_fast_period=20)
                orbit.append(system.single_pass_dissipation(speed, approximation="static-lattice") / simulated - 1.0)
                uniform.append(system.single_pass_dissipation(speed) / simulated - 1.0)
    return np.abs(orbit), np.abs(uniform)


def locked(amplitude: float, n: int, duration: float = 1500.0) -> tuple[float, float, float]:
    """Relative deviations of the mean, smallest and largest speed of a particle locked at the n-th resonance."""
    free = ct.System(CHAIN, ct.Gaussian(amplitude, 2.0))
    resonance = next(r for r in free.resonant_speeds(39.0 / n, 41.0 / n) if r.edge == "lower")
    bias = 1.5 * resonance.finite_side + 2.0 * resonance.strength
    system = ct.System(CHAIN, free.interaction, bias=bias)
    near = (0.999 * resonance.speed, 1.001 * resonance.speed)
    drift = next(d for d in system.drift_velocities(*near) if d.kind == "locked")
    start = orbit_of_mean_speed(system, 1.003 * drift.speed).speed
    run = system.simulate(20.0, start, duration, order=4, steps_per_fast_period=10)
    when, means = mean_speeds(run)
    late = 0.8 * duration
    marks = np.searchsorted(run.time, run.crossings["time"][run.crossings["time"] > late])
    slowest = np.minimum.reduceat(run.speed, marks)[:-1].mean()
    fastest = np.maximum.reduceat(run.speed, marks)[:-1].mean()
    return (
        abs(means[when > late].mean() / drift.speed - 1.0),
        abs(slowest / drift.slowest - 1.0),
        abs(fastest / drift.fastest - 1.0),
    )


def main() -> list[Figure]:
    """Measure and print."""
    orbit, uniform = single_passes()
    worse = int(np.sum(orbit > uniform))
    runs = np.array([locked(sign * 0.4, n) for sign in (1, -1) for n in (2, 3, 4, 5)])
    paper = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), bias=0.01)
    start = time.perf_counter()
    found = paper.drift_velocities(2.0, 200.0)
    seconds = time.perf_counter() - start
    sure = sum(drift.certified for drift in found)
    figures = [
        Figure("4. orbit theory, median deviation of 40 passes", float(np.median(orbit)), 0.01, "relative", False,
               f"largest {orbit.max():.2g}; Eq. 7 {np.median(uniform):.2g} and {uniform.max():.2g}"),
        Figure("4. points at which Eq. 7 is better", worse, 0, "of 40", False),
        Figure("5. mean speed when locked, n = 2 to 5", runs[:, 0].max(), 0.003, "relative", False),
        Figure("5. extreme speeds when locked", runs[:, 1:].max(), 0.01, "relative", False),
        Figure("   drift velocities certified, v = 2 to 200", sure, len(found), f"of {len(found)}",
               note=f"in {seconds:.2g} s"),
    ]  # fmt: skip
    show("Orbits and drift", figures)
    return figures


if __name__ == "__main__":
    main()
