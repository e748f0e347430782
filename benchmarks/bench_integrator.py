"""The light-cone integrator against the published algorithm, an explicit chain and the direct sum.

Everything of one figure is measured in one run, the comparators compiled with the same flags and the
same choice of vector widths (comparators.c). Starting speed 50 from 220, Phi0 = 2, lambda = 4,
omega_fast = 10, alpha = 40, beta = 0.01: a trajectory of the paper's Fig. 4.

    python -m benchmarks integrator
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import numpy as np
from scipy.integrate import quad

import chaintheory as ct
from benchmarks.common import Figure, at_least, at_most, comparators, median_seconds
from chaintheory.simulation.light_cone import LightCone, Records

TITLE = "Integrator"

CHAIN = ct.Chain(omega_fast=10.0, spacing=40.0)
SYSTEM = ct.System(CHAIN, ct.Gaussian(amplitude=2.0, width=4.0), mass=1.0, bias=0.01)
START, SPEED, STEP = 220.0, 50.0, 1.0 / 600.0
TAIL = (2.0, 4.0, 1.0, 0.01, 40.0)  # amplitude, width, mass, bias, spacing
PUBLISHED = {"order": 2, "steps_per_fast_period": 60.0}


def published_algorithm(library, duration: float) -> tuple[float, float]:
    """Seconds and end position of the published algorithm (100 tracked masses)."""
    steps = round(duration / STEP)
    kernel = np.ascontiguousarray(CHAIN.memory_kernel(np.arange(100), STEP * np.arange(steps + 1)))
    future = np.zeros_like(kernel)
    begin = time.perf_counter()
    end = library.published_map(kernel, future, 100, steps, *TAIL, STEP, START, SPEED)
    return time.perf_counter() - begin, end


def explicit_chain(library, duration: float, step: float = STEP) -> tuple[float, float]:
    """Seconds and end position of a leapfrog chain just long enough for no echo to return."""
    sound = math.pi * (CHAIN.omega_fast - 1.0)
    moved = SPEED * duration / CHAIN.spacing
    left = int(0.5 * (sound * duration - 0.9 * moved)) + 60
    right = int(0.5 * (sound * duration + moved)) + 60
    masses, steps = left + right, round(duration / step)
    u, w = np.zeros(masses + 2), np.zeros(masses + 2)
    begin = time.perf_counter()
    end = library.leapfrog_chain(u, w, masses, 5 - left, steps, CHAIN.omega_fast, *TAIL, step, START, SPEED)
    return time.perf_counter() - begin, end


def speed_against_comparators(library) -> list[Figure]:
    """Figures 1 and 2: published algorithm, explicit chain, equal accuracy."""
    published = {duration: published_algorithm(library, duration)[0] for duration in (10, 20, 40)}
    exponent = np.polyfit(np.log(list(published)), np.log(list(published.values())), 1)[0]
    direct = {
        duration: median_seconds(lambda t=duration: SYSTEM.simulate(START, SPEED, t, method="direct"), 1)
        for duration in (10, 20, 40)
    }
    SYSTEM.simulate(START, SPEED, 800.0, **PUBLISHED)
    ours, chain_seconds, chain_end = [], [], math.nan
    for _ in range(3):  # in turn, so that a drift of the machine meets both
        ours.append(median_seconds(lambda: SYSTEM.simulate(START, SPEED, 800.0, **PUBLISHED), 3))
        seconds, chain_end = explicit_chain(library, 800.0)
        chain_seconds.append(seconds)
    ratio = float(np.median(np.array(chain_seconds) / np.array(ours)))
    # T^2 from the longest run: the least favourable to us, as the fitted exponent is above 2.
    scaled = published[40] * (800.0 / 40.0) ** 2
    scaled_direct = direct[40] * (800.0 / 40.0) ** 2

    best = SYSTEM.simulate(START, SPEED, 800.0, order=6, steps_per_fast_period=20.0)
    setting = {"order": 4, "steps_per_fast_period": 5.0}
    run = SYSTEM.simulate(START, SPEED, 800.0, **setting)
    error = np.max(np.abs(run.position - best.position[:: 20 // 5]))
    fast = median_seconds(lambda: SYSTEM.simulate(START, SPEED, 800.0, **setting), 5)
    # The chain's error at tau = 800 from its measured order, at half the duration and three steps.
    reference = SYSTEM.simulate(START, SPEED, 100.0, order=6, steps_per_fast_period=20.0).position[-1]
    steps = np.array([STEP, STEP / 2, STEP / 4])
    errors = [abs(explicit_chain(library, 100.0, step)[1] - reference) for step in steps]
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    chain_error = abs(chain_end - best.position[-1])
    finer = max(1.0, (chain_error / 1e-4) ** (1.0 / order))
    return [
        at_least(
            "1. published algorithm / light cone, tau = 800", scaled / np.median(ours), 50_000, "times",
            note=f"{scaled:.0f} s (T^2 from tau = 40; fitted T^{exponent:.2f}: "
            f"{published[40] * 20.0**exponent:.0f} s) / {np.median(ours):.3f} s",
        ),
        at_least(
            "1. own direct method / light cone", scaled_direct / np.median(ours), 1_000, "times",
            note=f"{scaled_direct:.0f} s, no goal of the issue",
        ),
        at_least(
            "1. explicit chain / light cone, same step", ratio, 20, "times",
            note=f"{np.median(chain_seconds):.2f} s; its end is off by {chain_error:.2g}",
        ),
        at_least(
            "2. explicit chain / light cone, error 1e-4", np.median(chain_seconds) * finer / fast, 1_000,
            "times",
            note=f"chain: order {order:.2f}, step / {finer:.0f}; ours: order 4, 5 steps per fast "
            f"period, {fast:.3f} s, error {error:.1g}",
        ),
    ]  # fmt: skip


def growth() -> list[Figure]:
    """Figure 3: time and memory of a run ten times as long."""
    ratios = []
    for _ in range(5):
        short = median_seconds(lambda: SYSTEM.simulate(START, SPEED, 800.0), 3)
        ratios.append(median_seconds(lambda: SYSTEM.simulate(START, SPEED, 8000.0), 1) / short)
    # VmHWM, and not getrusage: the latter would count what the parent held when it forked.
    code = (
        "import chaintheory as ct\n"
        "system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)\n"
        "system.simulate(220.0, 50.0, 8000.0)\n"
        "status = open('/proc/self/status').read()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, check=True)
    peak = float(done.stdout)
    return [
        at_most("3. time(tau = 8000) / time(tau = 800)", float(np.median(ratios)), 12, "times"),
        at_most("3. peak memory of a process with tau = 8000", peak, 200, "MiB"),
    ]


def agreement() -> list[Figure]:
    """Figure 4: light cone against the direct sum, and against other block sizes."""
    figures = []
    for duration, goal in ((10.0, 1e-10), (100.0, 1e-8)):
        fast = SYSTEM.simulate(START, SPEED, duration, **PUBLISHED)
        slow = SYSTEM.simulate(START, SPEED, duration, method="direct")
        off = np.max(np.abs(fast.position - slow.position))
        figures.append(at_most(f"4. |light cone - direct|, tau = {duration:g}", off, goal))
    positions = []
    for kicks in (60, 24, 47, 130):
        records = Records.empty(6001)
        state = LightCone(
            SYSTEM, 2, STEP, SYSTEM.interaction.reach(), START, SPEED / (2 * math.pi), kicks_per_block=kicks
        )
        state.advanced(6000, records)
        positions.append(records.position[1:])
    off = max(np.max(np.abs(positions[0] - other)) for other in positions[1:])
    return [*figures, at_most("4. other block sizes, tau = 10", off, 1e-10)]


def many_runs() -> list[Figure]:
    """Figure 5: the 102 starts of the paper's Fig. 4."""
    both = [ct.System(CHAIN, ct.Gaussian(amplitude, 4.0), mass=1.0, bias=0.01) for amplitude in (2.0, -2.0)]
    starts = [(system, v) for system in both for v in np.linspace(2.0, 92.0, 51)]
    systems, speeds = zip(*starts, strict=True)
    begin = time.perf_counter()
    from chaintheory.simulation.ensemble import simulate_many

    simulate_many(list(systems), START, list(speeds), 800.0)
    seconds = time.perf_counter() - begin
    one = median_seconds(lambda: SYSTEM.simulate(START, SPEED, 800.0), 7)
    return [
        at_most("5. 102 starts, tau = 800, default setting", seconds, 20, "s"),
        at_most("5. one of them", one, 0.25, "s"),
    ]


def kernel() -> list[Figure]:
    """Figure 6: the memory kernel against adaptive quadrature, one number at a time."""
    import mpmath

    lags, times = np.arange(300), np.linspace(0.0, 10.0, 10_000)
    whole = median_seconds(lambda: CHAIN.memory_kernel(lags, times), 3)
    values = CHAIN.memory_kernel(lags, times)
    rng = np.random.default_rng(1)
    chosen = list(zip(rng.integers(0, 300, 60), rng.integers(0, 10_000, 60), strict=True))

    def integrand(theta: float, lag: int, tau: float) -> float:
        omega = math.sqrt(1.0 + 99.0 * math.sin(theta) ** 2)
        return math.cos(2 * lag * theta) * math.sin(2.0 * math.pi * tau * omega) / omega

    begin = time.perf_counter()
    for lag, row in chosen:
        quad(integrand, 0.0, 0.5 * math.pi, (lag, times[row]), limit=500, epsabs=1e-13, epsrel=1e-13)
    each = (time.perf_counter() - begin) / len(chosen)
    worst = 0.0
    with mpmath.workdps(30):
        for lag, row in chosen[:12]:
            lag, tau = int(lag), mpmath.mpf(float(times[row]))

            def exact(theta, lag=lag, tau=tau):
                omega = mpmath.sqrt(1 + 99 * mpmath.sin(theta) ** 2)
                return mpmath.cos(2 * lag * theta) * mpmath.sin(2 * mpmath.pi * tau * omega) / omega

            edges = mpmath.linspace(0, mpmath.pi / 2, int(20 + lag + 10 * tau))
            value = float(2 / mpmath.pi * mpmath.quad(exact, edges))
            worst = max(worst, abs(value - values[lag, row]))
    return [
        at_least(
            "6. kernel, 300 lags x 10,000 times: quad / FFT", each * values.size / whole, 1_000, "times",
            note=f"{each * 1e3:.1f} ms each / {whole:.2f} s for all",
        ),
        at_most("6. error against 30 digits", worst, 1e-13),
    ]  # fmt: skip


def weak_single_pass() -> list[Figure]:
    """Figure 7: simulated loss of one pass against quadrature of Eq. 6, over 20 decades of loss.

    The particle is heavy, so that its speed is the constant one of Eq. 6, and the masses are far
    apart, so that it meets one; the chain's energy is a sum of squares and resolves losses that no
    difference of kinetic energies could show. At the slow end the waves left behind are 1e-10 of the
    displacement during the pass, and rounding is 1e-6 of them: each loss there is the mean of 16 runs
    that start at different places.

    Eq. 6 is of second order in the amplitude. The next order decays half as fast at low speed (two
    Gaussians multiply to a narrower one), so that amplitude 1e-4 is not small over 20 decades: the
    deviation is shown beside, and falls in proportion to the amplitude.
    """
    chain = ct.Chain(omega_fast=10.0, spacing=160.0)
    speeds = np.concatenate(([3.46, 3.6], np.geomspace(4.0, 300.0, 12)))

    def deviations(amplitude: float, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        system = ct.System(chain, ct.Gaussian(amplitude, 4.0), mass=1e9)
        exact = system.single_pass_dissipation(speeds, method="quadrature")
        losses = [
            np.mean([system.simulate(-x, v, 2.0 * x / v).chain_state.energy(chain) for x in starts]) for v in speeds
        ]
        return exact, np.abs(np.array(losses) / exact - 1.0)

    exact, weak = deviations(1e-11, np.linspace(36.5, 42.0, 16))
    _, single = deviations(1e-11, np.array([40.0]))
    _, stated = deviations(1e-4, np.array([40.0]))
    decades = math.log10(exact.max() / exact.min())
    close = exact > 1e-6 * exact.max()
    return [
        at_least("7. decades of loss, speeds 3.46 to 300", decades, 20, "decades"),
        at_most(
            "7. deviation from Eq. 6, amplitude 1e-11", weak.max(), 1e-6, "relative",
            note=f"single runs {single.max():.1g}",
        ),
        at_most(
            "7. the same at amplitude 1e-4, uppermost 6 decades", stated[close].max(), 1e-6, "relative",
            f"{stated.max():.2g} at the slow end: next order in the amplitude",
        ),
    ]  # fmt: skip


def measure() -> list[Figure]:
    """Measure and print all figures."""
    library = comparators()
    figures = []
    for part in (agreement, many_runs, growth, kernel, weak_single_pass):
        figures += part()
    figures += speed_against_comparators(library)
    return figures
