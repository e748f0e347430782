"""The static-lattice approximation against simulation: the loss in one pass, and the speeds of locked particles.

Locked runs start 0.3% above the resonance and last 1,500 time units; their mean and extreme speeds are averages over
the transits after 1,200. The bias is 1.5 times the finite side of the resonance and twice its strength.

    python -m benchmarks drift
"""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

import chaintheory as ct
from benchmarks.common import Figure, at_least, at_most
from chaintheory.comparison.passes import mean_speeds, single_pass_loss
from chaintheory.dissipation.static_lattice import motion_of_mean_speed

TITLE = "Static lattice and drift"

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)


def single_passes() -> tuple[np.ndarray, np.ndarray]:
    """Relative deviations of the static lattice and of Eq. 7 from simulation, at 40 points."""
    static, constant = [], []
    for sign in (1.0, -1.0):
        for amplitude in (0.5, 1.0, 2.0, 5.0):
            capture = math.sqrt(8.0 * math.pi**2 * amplitude)
            system = ct.System(CHAIN, ct.Gaussian(sign * amplitude, 4.0))
            for ratio in (1.2, 1.6, 2.2, 3.2, 5.0):
                speed = ratio * capture
                simulated = single_pass_loss(system, speed, order=4, steps_per_fast_period=20)
                static.append(system.single_pass_dissipation(speed, approximation="static-lattice") / simulated - 1.0)
                constant.append(system.single_pass_dissipation(speed) / simulated - 1.0)
    return np.abs(static), np.abs(constant)


def locked(amplitude: float, n: int, duration: float = 1500.0) -> tuple[float, float, float]:
    """Relative deviations of the mean, smallest and largest speed of a particle locked at the n-th resonance."""
    free = ct.System(CHAIN, ct.Gaussian(amplitude, 2.0))
    resonance = next(r for r in free.resonant_speeds(39.0 / n, 41.0 / n) if r.edge == "lower")
    bias = 1.5 * resonance.finite_limit + 2.0 * resonance.singularity
    system = ct.System(CHAIN, free.interaction, bias=bias)
    near = (0.999 * resonance.speed, 1.001 * resonance.speed)
    drift = next(d for d in system.drift_velocities(*near) if d.kind == "locked")
    start = motion_of_mean_speed(system, 1.003 * drift.speed).speed
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


def sampled_search(system: ct.System, lowest: float, highest: float, points: int = 50) -> list[float]:
    """Roots of loss = bias by signs at points between resonances and Brent's method: what it loses it does not say."""
    edges = [lowest, *(r.speed for r in system.resonant_speeds(lowest, highest)), highest]
    found = []
    for a, b in pairwise(edges):
        speed = np.linspace(a, b, points + 2)[1:-1]
        excess = system.mean_dissipation(speed) - abs(system.bias)
        for index in np.flatnonzero(excess[1:] * excess[:-1] < 0.0):
            found.append(
                brentq(lambda v: float(system.mean_dissipation(v)) - abs(system.bias), speed[index], speed[index + 1])
            )
    return found


def cost_of_completeness() -> tuple[float, float, int]:
    """Time of the complete search, and of the enclosed one, over that of sampling, and roots the latter loses."""
    random = np.random.default_rng(4)
    times, lost = np.zeros(3), 0
    for _ in range(20):
        chain = ct.Chain(1.0 + 10.0 ** random.uniform(-1.5, 1.5), 40.0)
        free = ct.System(chain, ct.Gaussian(2.0, 10.0 ** random.uniform(0.3, 1.0)))
        lowest = 40.0 * 10.0 ** random.uniform(-0.7, 0.3)
        system = ct.System(chain, free.interaction, bias=float(free.mean_dissipation(1.3 * lowest)))
        if not system.bias > 1e-100:
            continue
        marks = [time.perf_counter()]
        sampled = sampled_search(system, lowest, 3.0 * lowest)
        marks.append(time.perf_counter())
        complete = system.drift_velocities(lowest, 3.0 * lowest, certified=False)
        marks.append(time.perf_counter())
        system.drift_velocities(lowest, 3.0 * lowest)
        marks.append(time.perf_counter())
        times += np.diff(marks)
        lost += sum(drift.resonance is None for drift in complete) - len(sampled)
    return times[1] / times[0], times[2] / times[0], lost


def measure() -> list[Figure]:
    """Measure and print."""
    static, constant = single_passes()
    worse = int(np.sum(static > constant))
    runs = np.array([locked(sign * 0.4, n) for sign in (1, -1) for n in (2, 3, 4, 5)])
    paper = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), bias=0.01)
    start = time.perf_counter()
    found = paper.drift_velocities(2.0, 200.0)
    seconds = time.perf_counter() - start
    complete, enclosed, lost = cost_of_completeness()
    sure = sum(drift.certified for drift in found)
    figures = [
        at_most("4. static lattice, median deviation of 40 passes", float(np.median(static)), 0.01, "relative",
                f"largest {static.max():.2g}; Eq. 7 {np.median(constant):.2g} and {constant.max():.2g}"),
        at_most("4. points at which Eq. 7 is better", worse, 0, "of 40"),
        at_most("5. mean speed when locked, n = 2 to 5", runs[:, 0].max(), 0.003, "relative"),
        at_most("5. extreme speeds when locked", runs[:, 1:].max(), 0.01, "relative"),
        at_most("   complete search of drift velocities, time over 50 samples per gap", complete, 10.0, "times",
                f"enclosed in balls {enclosed:.2g} times; the samples lose {lost} roots"),
        at_least("   drift velocities certified, v = 2 to 200", sure, len(found), f"of {len(found)}",
                 note=f"in {seconds:.2g} s"),
    ]  # fmt: skip
    return figures
