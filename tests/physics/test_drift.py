"""Resonances and drift velocities: complete, typed, alternating, certified; and the certificate can fail."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.drift import enclosures as certify
from chaintheory.drift import isolation as gaps
from chaintheory.drift.resonances import resonant_speeds

PAPER = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)


def attracts(drift):
    return drift.kind in ("locked", "stable")


def test_resonances_are_tangencies():
    chain = PAPER.chain
    for item in resonant_speeds(PAPER, 3.0, 300.0):
        x, slope = item.crossing, item.speed / chain.spacing
        omega = float(chain.frequency(math.pi * x))
        sine, cosine = math.sin(math.pi * x), math.cos(math.pi * x)
        rise = math.pi * (chain.omega_fast**2 - 1) * sine * cosine / omega
        # x up to 100 costs two digits of the sine's argument.
        assert omega == pytest.approx(slope * x, rel=1e-12, abs=0)
        assert rise == pytest.approx(slope, rel=1e-10, abs=0)


def test_lower_resonances_follow_the_leading_order():
    lower = [r for r in PAPER.resonant_speeds(3.0, 50.0) if r.edge == "lower"]
    assert [r.n for r in lower] == list(range(13, 0, -1))
    for item in lower:
        leading = 40.0 / math.sqrt(item.n**2 + 1.0 / (99.0 * math.pi**2))
        assert item.speed == pytest.approx(leading, rel=2e-7, abs=0)  # next order: 1/(99 pi^2)^2 / n^4
        assert item.speed < 40.0 / item.n


@pytest.mark.parametrize("edge", ["lower", "upper"])
def test_strength_is_the_coefficient_of_the_divergence(edge):
    item = next(
        r for r in PAPER.resonant_speeds(18.0, 120.0) if r.edge == edge and r.n == (2 if edge == "lower" else 3)
    )
    side = 1.0 if edge == "lower" else -1.0
    distance = 1e-8
    near = PAPER.mean_dissipation(item.speed * (1.0 + side * distance))
    # The correction is a constant beside 1/sqrt(distance): the finite side, to 1e-4 in the sum.
    assert near == pytest.approx(item.finite_side + item.strength / math.sqrt(distance), rel=1e-4, abs=0)
    far = PAPER.mean_dissipation(item.speed * (1.0 - side * distance))
    assert far == pytest.approx(item.finite_side, rel=1e-6, abs=0)


def test_first_drift_velocity_of_the_paper_does_not_exist():
    first = next(r for r in PAPER.resonant_speeds(39.0, 40.0) if r.edge == "lower")
    # Just below the spacing the loss exceeds the bias, by 6.3e-5.
    assert PAPER.bias - first.finite_side == pytest.approx(-6.31e-5, rel=2e-3, abs=0)
    assert not [d for d in PAPER.drift_velocities(38.5, 41.5) if d.kind == "locked"]


@pytest.fixture(scope="module")
def paper_drifts():
    return PAPER.drift_velocities(6.0, 200.0)


def test_solutions_alternate_and_are_certified(paper_drifts):
    assert all(attracts(a) != attracts(b) for a, b in pairwise(paper_drifts))
    assert all(d.certified for d in paper_drifts)
    for drift in paper_drifts:
        low, high = drift.enclosure
        assert low <= drift.speed <= high
        assert high - low < 3e-11 * high
    assert [d.resonance.n for d in paper_drifts if d.kind == "locked"] == [6, 5, 4, 3, 2]


def test_zeros_balance_the_bias(paper_drifts):
    for drift in paper_drifts:
        if drift.resonance is None and drift.separation > 1e-6:
            loss = PAPER.mean_dissipation(drift.speed)
            # A speed known to 2 units in the last place, times the slope.
            assert abs(loss - PAPER.bias) < 4e-16 * drift.speed * abs(drift.slope) + 1e-16
            assert (drift.slope > 0.0) == (drift.kind == "stable")


def test_a_fine_scan_finds_nothing_more(paper_drifts):
    # Independent of gaps.py: signs on a grid of 400,000 speeds away from the resonances.
    speed = np.linspace(6.0, 200.0, 400_001)
    sign = np.sign(PAPER.mean_dissipation(speed) - PAPER.bias)
    changes = np.flatnonzero(np.diff(sign))
    step = speed[1] - speed[0]
    found = np.array([d.speed for d in paper_drifts])
    for at in speed[changes]:
        assert np.min(np.abs(found - at)) < 2 * step
    wide = [d for d in paper_drifts if d.separation * d.speed > 4 * step]
    for drift in wide:
        assert np.min(np.abs(speed[changes] - drift.speed)) < 2 * step


def test_certificate_rejects_a_wrong_root():
    root = next(d for d in PAPER.drift_velocities(60.0, 70.0) if d.resonance is None)
    assert certify.zero(PAPER, root.speed, rising=False) is not None
    assert certify.zero(PAPER, root.speed, rising=True) is None
    assert certify.zero(PAPER, root.speed * (1 + 1e-6), rising=False) is None
    first = next(r for r in PAPER.resonant_speeds(39.0, 40.0) if r.edge == "lower")
    assert certify.jump(PAPER, first) is None
    assert certify.jump(replace(PAPER, bias=0.0101), first) is not None


def test_certificate_rejects_a_lost_crossing(monkeypatch):
    from chaintheory_ext.curves import Band

    class Forgetful:
        """Loses the last period of crossings."""

        def __init__(self, omega_fast):
            self._band = Band(omega_fast)
            self.onset = self._band.onset
            self.resonances = self._band.resonances
            self.crossings = self._band.crossings

        def ranges(self, slopes):
            first, last, count = self._band.ranges(slopes)
            return first, last - 1.0, count

    monkeypatch.setattr(certify, "band", lambda system: Forgetful(system.chain.omega_fast))
    assert certify.sign(PAPER, 66.0) == 0


def test_bounds_hold_and_tighten():
    random = np.random.default_rng(5)
    for low, high in [(20.1, 21.0), (25.0, 25.4), (43.0, 46.0), (74.0, 88.0)]:
        least, most = gaps.bounds(PAPER, np.array([low]), np.array([high]))
        inside = PAPER.mean_dissipation(random.uniform(low, high, 200))
        assert least[0] <= inside.min()
        assert inside.max() <= most[0]
    narrow = gaps.bounds(PAPER, np.array([50.0]), np.array([50.0 + 1e-7]))
    assert (narrow[1] - narrow[0])[0] < 1e-6 * narrow[1][0]


@pytest.mark.parametrize(
    "interaction",
    [
        ct.Exponential(2.0, 4.0),
        ct.Matern(2.0, 4.0, order=2),
        ct.Lorentzian(1.0, 2.0),
        ct.Sech2(2.0, 4.0),
        ct.SoftenedCoulomb(-1.0, 2.0),
        ct.SquareWell(0.5, 4.0),
        ct.GaussianMixture([2.0, -1.0], [4.0, 2.0]),
    ],
    ids=lambda interaction: type(interaction).__name__,
)
def test_every_interaction_alternates_and_is_certified(interaction):
    system = ct.System(PAPER.chain, interaction)
    system = replace(system, bias=float(np.median(system.mean_dissipation(np.linspace(30, 60, 101)))))
    found = system.drift_velocities(30.0, 60.0)
    assert found
    assert all(d.certified for d in found)
    assert all(attracts(a) != attracts(b) for a, b in pairwise(found))
    speed = np.linspace(30.0, 60.0, 30_001)
    changes = np.flatnonzero(np.diff(np.sign(system.mean_dissipation(speed) - system.bias)))
    assert {int(np.argmin(np.abs(speed[changes] - d.speed))) for d in found if d.separation > 1e-3} <= set(
        range(changes.size)
    )
    for at in speed[changes]:
        assert min(abs(d.speed - at) for d in found) < 2e-3


def test_a_table_is_solved_but_not_certified():
    r = np.linspace(0.0, 40.0, 161)
    table = ct.Interaction.from_samples(r, 2.0 * np.exp(-(r**2) / 32.0))
    found = replace(PAPER, interaction=table).drift_velocities(60.0, 70.0)
    exact = PAPER.drift_velocities(60.0, 70.0)
    assert [d.kind for d in found if d.separation > 1e-9] == [d.kind for d in exact if d.separation > 1e-9]
    assert not any(d.certified for d in found)


def test_sign_of_bias_and_no_bias():
    forward = [d.speed for d in PAPER.drift_velocities(18.0, 70.0, certified=False)]
    backward = [d.speed for d in replace(PAPER, bias=-0.01).drift_velocities(18.0, 70.0, certified=False)]
    assert forward == backward
    assert replace(PAPER, bias=0.0).drift_velocities(18.0, 70.0) == []


def test_relaxation_time_without_speed_variation():
    # A heavy particle keeps its speed: tau = mu alpha/(4 pi^2 slope) for the energy mu v^2/(8 pi^2).
    heavy = replace(PAPER, mass=1e6)
    root = next(d for d in heavy.drift_velocities(60.0, 70.0) if d.resonance is None and d.separation > 1e-3)
    expected = heavy.mass * 40.0 / (4.0 * math.pi**2 * abs(root.slope))
    assert root.relaxation_time == pytest.approx(expected, rel=1e-5, abs=0)
    assert root.slowest == pytest.approx(root.speed, rel=1e-5, abs=0)


def test_bad_ranges_are_refused():
    with pytest.raises(ValueError, match="lowest must be greater than 0"):
        PAPER.drift_velocities(0.0, 10.0)
    with pytest.raises(ValueError, match="highest must be greater than lowest"):
        PAPER.resonant_speeds(10.0, 10.0)
    with pytest.raises(ValueError, match=r"1e\+06 resonances, got about 4.4e\+08"):
        PAPER.resonant_speeds(1e-6, 10.0)


def test_diagram_is_a_dataset():
    from chaintheory.drift.velocities import drift_diagram

    plane = drift_diagram([PAPER, replace(PAPER, mass=2.0)], [0.0, 0.01], 18.0, 22.0)
    assert dict(plane.sizes) == {"system": 2, "bias": 2, "solution": 1}
    assert plane.number.values.tolist() == [[0, 1], [0, 1]]
    assert plane.kind.values[0, 1, 0] == "locked"
