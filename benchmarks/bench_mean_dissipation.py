"""The mean dissipation at the paper's 89,001 speeds: this package, SciPy root by root, vectorised NumPy.

All three find every root whose contribution can reach 1e-17 of the sum, in the same monotone branches of omega(x)/x,
and
are checked against each other before they are timed. SciPy's time is that of 300 of the speeds, spread over the
range, scaled to all of them; it is called with the cheapest function that does the job. The NumPy twin is the fastest
we found: blocks that stay in the processor's cache, Newton's method inside brackets, and only the roots still
open touched in each step.

    python -m benchmarks mean_dissipation
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

import chaintheory as ct
from benchmarks.common import Figure, at_least, at_most
from chaintheory.dissipation.single_pass import energy_emitted
from chaintheory.dissipation.steady_state import lines_above_cutoff
from chaintheory.lattice.resonance_condition import tangencies

TITLE = "Mean dissipation"

SYSTEM = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
SPEEDS = np.arange(1.0, 90.0005, 0.001)
WIDTH = SYSTEM.chain.omega_fast**2 - 1.0


def best(function: Callable[[], object], repeats: int = 5) -> float:
    """Least processor time of several runs: one core, whatever else the machine does."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def pieces(speed: np.ndarray) -> tuple[np.ndarray, ...]:
    """Owner, slope, low and high end of every monotone branch with a root; shared by both comparators."""
    slope = speed / SYSTEM.chain.spacing
    tangents = tangencies(SYSTEM)
    above, first, _, count = lines_above_cutoff(SYSTEM, tangents, speed)
    number = count.astype(int)
    owner = np.repeat(above, number)
    rank = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    period = np.repeat(first, number) + rank // 2
    onset = tangents.onset
    # Row 0 stands for the origin, from which the first piece falls.
    table = np.zeros((int(period.max()) + 3, 4))
    table[int(onset) :] = tangents.resonances(np.arange(onset, table.shape[0]))
    here = period.astype(int)
    falling = rank % 2 == 0
    below = np.where(here - 1 >= onset, here - 1 + table[here - 1, 2], 1e-300)
    low = np.where(falling, below, here + table[here, 0])
    high = np.where(falling, here + table[here, 0], here + table[here, 2])
    # Pieces come in the order falling, rising, falling of the next period: (n, D), (n, U), (n + 1, D) ...
    return owner, slope[owner], low, high


def summed(speed: np.ndarray, owner: np.ndarray, slope: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Eq. 10 from the roots."""
    offset = x - np.rint(x)
    sine, cosine = np.sin(math.pi * offset), np.cos(math.pi * offset)
    omega = np.sqrt(1.0 + WIDTH * sine * sine)
    jacobian = np.abs(math.pi * WIDTH * sine * cosine / (omega * slope) - 1.0)
    contribution = energy_emitted(SYSTEM, omega, speed[owner]) / jacobian
    return np.bincount(owner, contribution, speed.size)


def by_scipy(speed: np.ndarray) -> np.ndarray:
    """Brent's method on every piece, one after the other."""
    owner, slope, low, high = pieces(speed)
    sin, pi, width = math.sin, math.pi, WIDTH
    x = np.empty(owner.shape)
    for i, (s, a, b) in enumerate(zip(slope.tolist(), low.tolist(), high.tolist(), strict=True)):

        def f(x: float, s: float = s) -> float:
            sine = sin(pi * x)
            line = s * x
            return 1.0 + width * sine * sine - line * line

        x[i] = brentq(f, a, b, xtol=1e-15, rtol=1e-15)
    return summed(speed, owner, slope, x)


def by_numpy(speed: np.ndarray, block: int = 2**14) -> np.ndarray:
    """Newton's method inside the brackets, for blocks of roots at once."""
    owner, slope, low, high = pieces(speed)
    x = np.empty(owner.shape)
    for start in range(0, owner.size, block):
        part = slice(start, start + block)
        x[part] = _refined(slope[part], low[part], high[part])
    return summed(speed, owner, slope, x)


def _refined(slope: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    # Start where the band has the height of the line, as the compiled loop does.
    middle = 0.5 * (low + high)
    angle = np.arcsin(np.sqrt(np.clip(((slope * middle) ** 2 - 1.0) / WIDTH, 0.0, 1.0))) / math.pi
    edge = np.rint(middle)
    guess = np.where(middle > edge, edge + angle, edge - angle)
    margin = 1e-3 * (high - low)
    result = np.clip(guess, low + margin, high - margin)
    open_ = np.arange(slope.size)
    s, lo, hi, at = slope, low.copy(), high.copy(), result.copy()
    value = np.sin(math.pi * (lo - np.rint(lo)))
    sign_low = np.sign(1.0 + WIDTH * value * value - (s * lo) ** 2)
    # At a point of contact the sign at the end is rounding: the side inside the piece decides.
    middle = np.sin(math.pi * (hi - np.rint(hi)))
    sign_high = np.sign(1.0 + WIDTH * middle * middle - (s * hi) ** 2)
    sign_low = np.where(sign_low == sign_high, -sign_high, sign_low)
    for _ in range(100):
        near = at - np.rint(at)
        phase = math.pi * near
        sine = np.sin(phase)
        cosine = np.cos(phase)
        line = s * at
        value = 1.0 + WIDTH * sine * sine - line * line
        derivative = 2.0 * (math.pi * WIDTH * sine * cosine - s * line)
        left = value * sign_low > 0.0
        lo = np.where(left, at, lo)
        hi = np.where(left, hi, at)
        step = value / derivative
        newton = at - step
        settled = step * step * (2.0 * math.pi**2 * WIDTH) <= 1e-17 * np.abs(derivative)
        inside = (newton > lo) & (newton < hi)
        at = np.where(settled | inside, newton, 0.5 * (lo + hi))
        if settled.any():
            result[open_[settled]] = at[settled]
            keep = ~settled
            open_, s, lo, hi, at, sign_low = (array[keep] for array in (open_, s, lo, hi, at, sign_low))
        if open_.size == 0:
            break
    return result


def measure() -> list[Figure]:
    """Check the three against each other, measure and print."""
    few = SPEEDS[:: SPEEDS.size // 300]
    ours = SYSTEM.mean_dissipation(few)
    for other in (by_scipy(few), by_numpy(few)):
        worst = np.max(np.abs(other / ours - 1.0))
        # The nearest of these speeds to a resonance is 1e-5 off, which amplifies rounding by 1e5, and SciPy's
        # tolerance on a root of 40 by as much.
        if not worst < 1e-7:
            raise SystemExit(f"the comparators disagree by {worst:.1e}")
    mine = best(lambda: SYSTEM.mean_dissipation(SPEEDS))
    scipy = best(lambda: by_scipy(few), 3) * SPEEDS.size / few.size
    numpy = best(lambda: by_numpy(SPEEDS), 3)
    cusp = ct.System(SYSTEM.chain, ct.Exponential(2.0, 4.0))
    every = best(lambda: cusp.mean_dissipation(SPEEDS))
    figures = [
        at_most("1. mean dissipation at 89,001 speeds", mine, 0.2, "s", "one core"),
        at_most("1. the same for the cusp", every, 0.2, "s", "all 3.25 million roots matter"),
        at_least("1. faster than SciPy root by root", scipy / mine, 100.0, "times"),
        at_least("1. faster than vectorised NumPy", numpy / mine, 5.0, "times"),
    ]
    return figures
