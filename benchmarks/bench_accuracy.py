"""Every root of the resonance condition enclosed in balls, and the losses against 50 digits.

python -m benchmarks accuracy
"""

from __future__ import annotations

import math

import mpmath
import numpy as np
from flint import arb

import chaintheory as ct
from benchmarks.common import Figure, at_least, at_most
from chaintheory.drift.enclosures import EnclosedBand, precision, prove_count
from chaintheory_ext.curves import TangencyTable

TITLE = "Accuracy of the curves"

MOST_ENCLOSED = 400  # roots per system; of more, the first, the last and a random choice


def judged_systems(number: int) -> tuple[int, int]:
    """Systems whose roots of the resonance condition are all proved to be found, and roots enclosed on the way."""
    random = np.random.default_rng(2)
    proved = enclosed_roots = 0
    for _ in range(number):
        omega_fast = 1.0 + math.exp(random.uniform(math.log(0.05), math.log(49.0)))
        spacing = math.exp(random.uniform(math.log(1.5), math.log(100.0)))
        slope = 10.0 ** random.uniform(-2.0, 4.0) / spacing
        tangents = TangencyTable(omega_fast)
        slopes = np.array([slope])
        first, last, _ = tangents.ranges(slopes)
        _, period, offset, _, _ = tangents.roots(slopes, first, last)
        chosen = np.arange(period.size)
        if period.size > MOST_ENCLOSED:
            some = random.integers(0, period.size, MOST_ENCLOSED - 200)
            chosen = np.unique(np.concatenate([chosen[:100], chosen[-100:], some]))
        with precision():
            band, line, before = EnclosedBand(omega_fast), arb(slope), arb(0)
            prove_count(band, tangents, line, int(first[0]), int(last[0]))
            good = period.size == max(2 * int(last[0] - first[0]) + 3, 1)
            for index in chosen:
                x = int(period[index]) + band.root(int(period[index]), line, float(offset[index]))
                good = good and x > before
                before = x
                enclosed_roots += 1
        proved += good
    return proved, enclosed_roots


def worst_deviation() -> tuple[float, int]:
    """Largest relative deviation of closed form and quadrature from 50 digits, and the number of comparisons."""
    worst, compared = 0.0, 0
    for width in (4.0, 0.3, 0.01):
        for omega_fast in (1.05, 10.0, 50.0):
            system = ct.System(ct.Chain(omega_fast, 40.0), ct.Gaussian(2.0, width))
            for speed in np.geomspace(0.05, 1e6, 25):
                if float(system.single_pass_dissipation(speed, log=True)) < math.log(1e-300):
                    continue
                exact = in_50_digits(omega_fast, width, speed)
                for method in ("closed", "quadrature"):
                    value = mpmath.mpf(float(system.single_pass_dissipation(speed, method=method)))
                    worst = max(worst, abs(float(value / exact - 1)))
                    compared += 1
    return worst, compared


def in_50_digits(omega_fast: float, width: float, speed: float) -> mpmath.mpf:
    """Eq. 7 as printed, in mpmath."""
    with mpmath.workdps(50):
        top, w, v = mpmath.mpf(omega_fast), mpmath.mpf(width), mpmath.mpf(float(speed))
        z = (2 * mpmath.pi * w / v) ** 2
        middle, half = (top**2 + 1) / 2, (top**2 - 1) / 2
        with mpmath.workdps(50 + 2 * int(mpmath.log10(1 + z * half)) + 10):
            bessel = middle * mpmath.besseli(0, z * half) - half * mpmath.besseli(1, z * half)
            return 16 * mpmath.pi**5 * 4 * w**2 / v**4 * mpmath.exp(-z * middle) * bessel


def measure() -> list[Figure]:
    """Measure and print."""
    proved, roots = judged_systems(1000)
    worst, compared = worst_deviation()
    figures = [
        at_least("2. random systems with every root proved", proved, 1000, "of 1000",
                 note=f"{roots} roots enclosed"),
        at_most("3. deviation from 50 digits, v from 0.05 to 1e6", worst, 1e-13, "relative",
                f"{compared} comparisons"),
    ]  # fmt: skip
    return figures
