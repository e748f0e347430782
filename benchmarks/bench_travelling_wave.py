"""The exact steady drift: accuracy, speed, refinement, and every stable drift of the paper's system beside runs.

    python -m benchmarks travelling_wave

The table of drift velocities takes some minutes: the drag curve of both signs from 9 to 200 (two minutes each), and a
run to tau = 20,000 for each stable drift, with a second one for its relaxation. The bias is 0.01. Measured:

=========  =============  ==============  =========  ===============  =========================
amplitude  exact speed    kind            deviation  rate (1/t_slow)  in the run, relative
=========  =============  ==============  =========  ===============  =========================
+2         19.997352145   locked, n = 2   < 1e-15    -6.2e-8          too slow
+2         39.979546702   stable, n = 1   1e-15      none             none
+2         159.508097388  stable          1e-12      -1.916301e-3     7e-6
-2         39.979518940   stable, n = 1   4e-16      -4.0e-8          too slow
-2         159.510573423  stable          4e-13      -1.922414e-3     1.5e-5
=========  =============  ==============  =========  ===============  =========================
"""

from __future__ import annotations

import math
import time
from collections import Counter
from unittest import mock

import numpy as np
from tabulate import tabulate

import chaintheory as ct
from benchmarks.common import Figure, at_most
from chaintheory.comparison.steady_drifts import Followed, stable_drifts
from chaintheory.dissipation import wave_equations
from chaintheory.dissipation.wave_equations import Force, Grid, WaveEquations
from chaintheory.lattice import green_function

TITLE = "Exact steady drift"

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)
# omega_fast, width, spacing, mass, amplitude, speed, bias: by an independent implementation (two grids: 1e-10).
REFERENCES = (
    (5.743, 4.589, 52.408, 0.653, 1.3257, 26.407, 0.05859625920635),
    (1.316, 4.285, 49.99, 0.658, -5.4249, 44.049, 0.7326427333484),
    (2.382, 2.78, 23.08, 3.954, 4.7004, 24.766, 1.634611008725),
    (5.704, 4.956, 24.661, 1.466, -1.1865, 10.699, 3.537989225768e-05),
    (1.415, 3.06, 24.056, 1.531, -7.6955, 59.637, 0.2676140286312),
    (3.129, 1.015, 12.226, 0.6, 0.0492, 5.234, 0.0004033649442075),
    (4.367, 4.389, 43.261, 0.38, -2.1204, 71.612, 0.03229263889269),
    (4.346, 4.485, 29.846, 0.35, -1.2944, 35.497, 0.02342447386695),
    (2.801, 1.601, 19.033, 3.786, -0.3545, 13.68, 0.01454719865652),
    (5.476, 3.552, 36.512, 0.939, -1.0641, 15.5, 0.00738517667017),
)
POINTS_PER_WIDTH = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)


def references() -> tuple[float, float]:
    """Largest relative deviation of the bias, and largest energy balance, of the reference systems."""
    deviations, balances = [], []
    for omega_fast, width, spacing, mass, amplitude, speed, bias in REFERENCES:
        system = ct.System(ct.Chain(omega_fast, spacing), ct.Gaussian(amplitude, width), mass)
        wave = system.travelling_wave(speed)
        deviations.append(abs(wave.bias / bias - 1.0))
        balances.append(wave.energy_balance)
    return max(deviations), max(balances)


def random_systems(count: int = 200) -> tuple[float, int, Counter[str]]:
    """Processor time, the number that converged, and why the others did not; from weak to strong coupling."""
    rng, converged, reasons = np.random.default_rng(13), 0, Counter[str]()
    start = time.process_time()
    for _ in range(count):
        width = rng.uniform(1.0, 5.0)
        mass, speed = rng.uniform(0.3, 4.0), width * rng.uniform(3.0, 20.0)
        amplitude = rng.choice([-1.0, 1.0]) * 0.6 * rng.uniform(0.02, 1.0) * mass * speed**2 / (8.0 * math.pi**2)
        chain = ct.Chain(rng.uniform(1.2, 8.0), width * rng.uniform(3.0, 12.0))
        try:
            ct.System(chain, ct.Gaussian(amplitude, width), mass).travelling_wave(speed)
            converged += 1
        except ct.NoSteadyDrift as reason:
            reasons[str(reason).partition(":")[2][:60]] += 1
    return time.process_time() - start, converged, reasons


def refinement(amplitude: float = 2.0, speed: float = 30.0) -> list[tuple[str, float]]:
    """Relative change of the bias against grid, window and contour."""
    system = ct.System(CHAIN, ct.Gaussian(amplitude, 4.0))
    reference = system.travelling_wave(speed).bias

    def error(points: float, window: float = 1.0) -> float:
        force = Force.of(system)
        half_width = window * force.cutoff
        grid = Grid(half_width, round(2.0 * half_width * points / 4.0), CHAIN.spacing)
        equations = WaveEquations(system, force, speed, grid)
        return float(abs(np.sum(equations.phonons(equations.from_weak_coupling()).energy) / reference - 1.0))

    rows = [(f"{points:g} points in a width", error(points)) for points in POINTS_PER_WIDTH]
    rows += [(f"window times {window:g}, 5 points in a width", error(5.0, window)) for window in (0.5, 0.7, 1.0, 1.5)]
    for growth in (1.0, 2.0, 4.0, 8.0):  # the height of the contour
        with mock.patch.object(green_function, "LARGEST_GROWTH", growth):
            rows.append((f"contour at the height of growth exp({growth:g})", error(5.0)))
    with mock.patch.object(wave_equations, "CUT_FORCE", 1e-24):
        rows.append(("cutoff where the force is 1e-24", error(5.0)))
    return rows


def table(followed: dict[float, list[Followed]]) -> str:
    """Every stable drift, theory beside runs."""
    rows = [
        (
            f"{amplitude:+g}",
            one.drift.kind + (f" n={one.drift.resonance.n}" if one.drift.resonance else ""),
            f"{one.drift.speed:.12f}",
            f"{one.simulated:.12f}",
            f"{one.deviation:+.1e}",
            f"{one.rate:.6e}",
            f"{one.simulated_rate:.6e}",
        )
        for amplitude, found in followed.items()
        for one in found
    ]
    heads = ["amplitude", "kind", "exact speed", "run to 20,000", "deviation", "rate (1/t_slow)", "in the run"]
    return tabulate(rows, headers=heads, disable_numparse=True)


def measure() -> list[Figure]:
    """Measure and print."""
    deviation, balance = references()
    seconds, converged, reasons = random_systems()
    print(tabulate(refinement(), headers=["amplitude 2, speed 30", "relative change of the bias"], floatfmt=".1e"))
    followed = {a: stable_drifts(ct.System(CHAIN, ct.Gaussian(a, 4.0), bias=0.01), 9.0, 200.0) for a in (2.0, -2.0)}
    print(table(followed))
    every = [one for found in followed.values() for one in found]
    relaxing = [abs(one.simulated_rate / one.rate - 1.0) for one in every if math.isfinite(one.simulated_rate)]
    figures = [
        at_most("   exact bias of 10 reference systems, largest deviation", deviation, 1e-9, "relative"),
        at_most("   energy balance of the same", balance, 1e-10, "relative"),
        at_most("   200 random systems", seconds, 60.0, "s", f"{converged} converge; {dict(reasons) or 'all'}"),
        at_most("   stable drift velocities 9 to 200, largest deviation of runs",
                max(abs(one.deviation) for one in every), 1e-6, "relative", f"{len(every)} drifts"),
        at_most("   growth rates against the relaxation of runs", max(relaxing), 1e-3, "relative"),
    ]  # fmt: skip
    return figures
