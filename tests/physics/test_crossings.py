"""Every crossing of a line with the band is found, judged by ball arithmetic on random systems."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb

from chaintheory.drift.enclosures import EnclosedBand, Uncertain, precision, prove_count
from chaintheory_ext.curves import TangencyTable

SYSTEMS = 1000
JUDGED = 24  # crossings enclosed in each system: the first ones, the last ones and some between


def random_systems(number, seed=20):
    random = np.random.default_rng(seed)
    omega_fast = 1.0 + np.exp(random.uniform(np.log(0.05), np.log(49.0), number))
    spacing = np.exp(random.uniform(np.log(1.5), np.log(100.0), number))  # in widths
    speed = 10.0 ** random.uniform(-2.0, 4.0, number)
    return zip(omega_fast.tolist(), (speed / spacing).tolist(), strict=True)


def judge(omega_fast, slope, first, last, period, offset, random):
    """Raise Uncertain or fail unless the crossings given are all there are."""
    with precision():
        enclosed = EnclosedBand(omega_fast)
        line = arb(slope)
        prove_count(enclosed, TangencyTable(omega_fast), line, int(first), int(last), None)
        assert period.size == max(2 * int(last - first) + 3, 1)
        assert np.all(np.diff(period + offset) > 0.0)
        chosen = np.unique(
            np.concatenate([np.arange(min(8, period.size)), period.size - 1 - np.arange(min(8, period.size)),
                            random.integers(0, period.size, JUDGED - 16)])
        )  # fmt: skip
        before = arb(0)
        for index in chosen:
            n = int(period[index])
            at = enclosed.root(n, line, float(offset[index]))
            assert n + at > before  # disjoint, so that no crossing is counted twice
            before = n + at
            # Rounding of the offset itself, and of x in the value whose zero it is.
            allowed = 4e-16 * max(abs(offset[index]), float(abs(n + at)), 1e-3)
            steep = float(abs(enclosed.half_slope(at) / (line * (n + at)) - line) / line)
            assert abs(float(at) - offset[index]) <= allowed * (1.0 + 10.0 / min(steep, 1.0))


def test_every_crossing_of_random_systems():
    random = np.random.default_rng(7)
    for omega_fast, slope in random_systems(SYSTEMS):
        tangents = TangencyTable(omega_fast)
        slopes = np.array([slope])
        first, last, count = tangents.ranges(slopes)
        _, period, offset, _, _ = tangents.roots(slopes, first, last)
        assert count[0] == period.size
        judge(omega_fast, slope, first[0], last[0], period, offset, random)


def test_the_first_crossing_beside_tangencies_that_have_just_appeared():
    """There the two tangencies of a period are close, and the crossing lies just beyond the upper one."""
    for period in range(2, 9):
        low, high = 1.0, 10.0  # of the band in which the period has tangencies
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if TangencyTable(middle).onset <= period else (middle, high)
        omega_fast = 1.0 + (high - 1.0) * (1.0 + 1e-7)
        tangents = TangencyTable(omega_fast)
        lower = tangents.resonances(np.array([float(period)]))[0, 1]
        slopes = lower * (1.0 - 10.0 ** np.arange(-12.0, -2.0))
        owner, at, offset, _, _ = tangents.roots(slopes, *tangents.ranges(slopes)[:2])
        begins = np.append(True, owner[1:] != owner[:-1])
        x = (at + offset)[begins]
        exact = np.sqrt(1.0 + (omega_fast**2 - 1.0) * np.sin(np.pi * offset[begins]) ** 2)
        assert np.all(x > period) and np.all(np.abs(exact / (slopes * x) - 1.0) < 1e-14), period


def test_the_judge_misses_nothing():
    tangents = TangencyTable(10.0)
    slopes = np.array([0.7])
    first, last, _ = tangents.ranges(slopes)
    _, period, offset, _, _ = tangents.roots(slopes, first, last)
    random = np.random.default_rng(1)
    judge(10.0, 0.7, first[0], last[0], period, offset, random)
    with pytest.raises(Uncertain):
        judge(10.0, 0.7, first[0], last[0] - 1, period[:-2], offset[:-2], random)
    with pytest.raises((AssertionError, Uncertain)):
        doubled = offset.copy()
        doubled[3] = offset[4] if period[3] == period[4] else offset[4] + 1.0
        judge(10.0, 0.7, first[0], last[0], period, doubled, random)
    with pytest.raises((AssertionError, Uncertain)):
        judge(10.0, 0.7, first[0], last[0], period, offset + 1e-12, random)


@pytest.mark.parametrize("omega_fast", [1.0001, 1.05, 1.5, 10.0, 50.0])
def test_left_out_crossings_are_negligible(omega_fast):
    # The whole sum against the sum over the periods that ``ranges`` keeps, for an exponent of order 1 to 1000.
    tangents = TangencyTable(omega_fast)
    slopes = 10.0 ** np.random.default_rng(3).uniform(-2.0, 2.0, 40)
    for decay, power in [(0.4, 2.0), (2.0, 1.0)]:
        kept = tangents.ranges(slopes, decay, power)
        whole = tangents.ranges(slopes)
        sums = []
        for first, last, _ in (kept, whole):
            owner, period, offset, _, group = tangents.roots(slopes, first, last)
            x = period + offset
            begin = np.full(slopes.size, np.inf)
            np.minimum.at(begin, owner, x)
            share = x**2 * np.exp(-decay * (x**power - begin[owner] ** power))
            sums.append(np.bincount(owner, share / np.abs(group / slopes[owner] - 1.0)))
        assert np.max(np.abs(sums[0] / sums[1] - 1.0)) < 1e-15
