"""Resonances and drift velocities: complete, typed, alternating, enclosed; and the enclosure can fail.

Completeness over the whole range of parameters is in tests/robustness/test_laws_drift.py.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.dissipation.static_lattice import RigidLatticeMotion, motion_of_mean_speed
from chaintheory.drift import enclosures as certify
from chaintheory.drift.isolation import Isolation
from chaintheory.drift.resonances import resonant_speeds

PAPER = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)


def rises(drift):
    """Whether the dissipation rises through the bias, in a jump or at a root."""
    return drift.slope > 0.0


def test_resonances_are_tangencies():
    chain = PAPER.chain
    for item in resonant_speeds(PAPER, 3.0, 300.0):
        x, slope = item.root, item.speed / chain.spacing
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


@pytest.mark.parametrize(("edge", "n"), [("lower", 2), ("upper", 3), ("upper", 1)])
def test_strength_is_the_coefficient_of_the_divergence(edge, n):
    (item,) = (r for r in PAPER.resonant_speeds(18.0, 300.0) if (r.edge, r.n) == (edge, n))
    side = 1.0 if edge == "lower" else -1.0
    distance = 1e-8
    near = PAPER.mean_dissipation(item.speed * (1.0 + side * distance))
    # The correction is a constant beside 1/sqrt(distance): the finite side, to 1e-4 in the sum.
    assert near == pytest.approx(item.finite_limit + item.singularity / math.sqrt(distance), rel=1e-4, abs=0)
    far = PAPER.mean_dissipation(item.speed * (1.0 - side * distance))
    assert far == pytest.approx(item.finite_limit, rel=1e-6, abs=0)


def test_first_drift_velocity_of_the_paper_does_not_exist():
    first = next(r for r in PAPER.resonant_speeds(39.0, 40.0) if r.edge == "lower")
    # Just below the spacing the loss exceeds the bias, by 6.3e-5.
    assert PAPER.bias - first.finite_limit == pytest.approx(-6.31e-5, rel=2e-3, abs=0)
    assert not [d for d in PAPER.drift_velocities(38.5, 41.5) if d.kind == "locked"]


@pytest.fixture(scope="module")
def paper_drifts():
    return PAPER.drift_velocities(6.0, 200.0)


def test_solutions_alternate_and_are_certified(paper_drifts):
    assert all(rises(a) != rises(b) for a, b in pairwise(paper_drifts))
    assert all(d.certified for d in paper_drifts)
    for drift in paper_drifts:
        low, high = drift.enclosure
        assert low <= drift.speed <= high
        assert high - low < 3e-11 * high
    assert [d.resonance.n for d in paper_drifts if d.kind == "locked"] == [6, 5, 4, 3, 2]


def test_an_enclosure_moves_no_speed_that_is_in_it(paper_drifts):
    """The speed of a jump is the resonance in double precision, known without the enclosure."""
    resonances = [one.speed for one in PAPER.resonant_speeds(18.0, 70.0)]
    jumps = [one for one in paper_drifts if one.kind == "locked"]
    inside = [one for one in jumps if any(one.enclosure[0] < speed < one.enclosure[1] for speed in resonances)]
    assert inside and all(one.speed in resonances for one in inside)


def test_two_roots_of_a_small_system_are_as_close():
    """Lengths a million times shorter, energies by the square: speeds are so much lower, by 1e-5 on either side."""
    system, scale = ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0)), 1e-6
    _, largest = extremum_of_the_loss(system, 17.6, 19.0)
    small = ct.System(ct.Chain(1.05, 40.0 * scale), ct.Gaussian(2.0 * scale**2, 4.0 * scale))
    bias = largest * (1.0 - 1e-8)
    ours = replace(system, bias=bias).drift_velocities(17.0, 20.0)
    theirs = replace(small, bias=bias * scale**2).drift_velocities(17.0 * scale, 20.0 * scale)
    assert [one.kind for one in theirs] == [one.kind for one in ours] and len(ours) == 2 and not theirs.unresolved
    # The bias is rounded to 1e-16, and 1e-8 below the maximum.
    assert [one.speed / scale for one in theirs] == pytest.approx([one.speed for one in ours], rel=1e-11, abs=0)


def test_zeros_balance_the_bias(paper_drifts):
    for drift in paper_drifts:
        if drift.resonance is None and drift.separation > 1e-6:
            loss = PAPER.mean_dissipation(drift.speed)
            # A speed known to 2 units in the last place, times the slope.
            assert abs(loss - PAPER.bias) < 4e-16 * drift.speed * abs(drift.slope) + 1e-16
            # Derived apart: the energy map contracts for 0 < slope < mass speed/(2 pi^2).
            assert (drift.kind == "stable") == (0.0 < drift.slope < PAPER.mass * drift.speed / (2.0 * math.pi**2))


def test_a_fine_scan_finds_nothing_more(paper_drifts):
    # Independent of the isolation: signs on a grid of 400,000 speeds away from the resonances.
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
    from chaintheory_ext.curves import TangencyTable

    class Forgetful:
        """Loses the last period of crossings."""

        def __init__(self, omega_fast):
            self._band = TangencyTable(omega_fast)
            self.onset = self._band.onset
            self.resonances = self._band.resonances
            self.roots = self._band.roots

        def ranges(self, slopes):
            first, last, count = self._band.ranges(slopes)
            return first, last - 1.0, count

    monkeypatch.setattr(certify, "tangencies", lambda system: Forgetful(system.chain.omega_fast))
    assert certify.sign(PAPER, 66.0) == 0


def test_bounds_hold_and_tighten():
    random = np.random.default_rng(5)
    for low, high in [(20.1, 21.0), (25.0, 25.4), (43.0, 46.0), (74.0, 88.0)]:
        bounds = Isolation(PAPER, 0.01).bounds(np.array([low]), np.array([high]))
        inside = PAPER.mean_dissipation(random.uniform(low, high, 200))
        assert bounds.low[0] <= inside.min()
        assert inside.max() <= bounds.high[0]
    narrow = Isolation(PAPER, 0.01).bounds(np.array([50.0]), np.array([50.0 + 1e-7]))
    # The relative slope there is 0.037: 4e-9 over the interval, and the bounds add as much again.
    assert (narrow.high - narrow.low)[0] < 1e-8 * narrow.high[0]


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
    assert all(rises(a) != rises(b) for a, b in pairwise(found))
    speed = np.linspace(30.0, 60.0, 30_001)
    changes = np.flatnonzero(np.diff(np.sign(system.mean_dissipation(speed) - system.bias)))
    # Each sign change is a solution, and each solution farther from its neighbours than two cells is a sign change.
    for at in speed[changes]:
        assert min(abs(d.speed - at) for d in found) < 2e-3
    for drift in found:
        if drift.separation * drift.speed > 2e-3:
            assert np.min(np.abs(speed[changes] - drift.speed)) < 1.01e-3, drift


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


def test_solutions_that_a_search_between_resonances_lost():
    # Narrow bands: the first branch of omega(x)/x spans many periods, and the period of the root changes along it.
    found = ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0), bias=0.5).drift_velocities(15.0, 100.0)
    assert [(d.kind, round(d.speed, 5)) for d in found] == [("stable", 17.49994), ("unstable", 19.23481)]
    wide = ct.System(ct.Chain(10.0, 40.0), ct.Sech2(2.0, 10.05232454144246), bias=3.895433108905954e-06)
    assert [round(d.speed, 3) for d in wide.drift_velocities(518.17, 4712.0)] == [1452.068]


def passes_of(system, speed, number):
    """Speeds after each pass of the map E -> E + bias - mean_dissipation(v(E)), iterated on the kinetic energy."""
    energy, speeds = system.mass * speed**2 / (8.0 * math.pi**2), [speed]
    for _ in range(number):
        energy += system.bias - float(system.mean_dissipation(speeds[-1]))
        speeds.append(math.sqrt(8.0 * math.pi**2 * energy / system.mass))
    return np.array(speeds)


@pytest.mark.parametrize(
    ("system", "near", "kind", "oscillatory"),
    [
        (ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0), bias=0.5), 17.5, "stable", False),
        (ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0), mass=0.3, bias=0.5), 17.5, "stable", True),
        (ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0), bias=0.5), 19.23, "unstable", False),
        (ct.System(ct.Chain(1.2, 16.016), ct.Lorentzian(-5.935, 3.658), mass=0.1, bias=1.452), 10.67, "unstable", True),
    ],
)
def test_growth_factor_is_that_of_the_iterated_map(system, near, kind, oscillatory):
    (drift,) = system.drift_velocities(0.998 * near, 1.002 * near)
    assert (drift.kind, drift.oscillatory) == (kind, oscillatory)
    deviation = passes_of(system, drift.speed * (1.0 + 1e-7), 2) - drift.speed
    # The second derivative adds a deviation of the order of 1e-7, times the largest factor squared.
    assert deviation[1] / deviation[0] == pytest.approx(drift.growth_factor, rel=3e-5, abs=0)
    # Relaxation: the deviation after N passes is the factor to the N, and 1/e (or e) when it says.
    per_pass = system.chain.spacing / drift.speed
    assert abs(drift.growth_factor) ** (drift.relaxation_time / per_pass) == pytest.approx(
        math.exp(-1.0 if kind == "stable" else 1.0), rel=1e-9, abs=0
    )


def test_relaxation_time_of_a_heavy_particle():
    # Slow relaxation, where the factor is 1 to 1e-10: tau = mu alpha/(4 pi^2 slope).
    heavy = replace(PAPER, mass=1e6)
    root = next(d for d in heavy.drift_velocities(60.0, 70.0) if d.resonance is None and d.separation > 1e-3)
    expected = heavy.mass * 40.0 / (4.0 * math.pi**2 * abs(root.slope))
    assert root.relaxation_time == pytest.approx(expected, rel=1e-9, abs=0)
    assert root.slowest == pytest.approx(root.speed, rel=1e-5, abs=0)


def test_a_root_beside_a_resonance_has_the_slope_of_the_inverse_square_root():
    """At the relative distance d the loss is finite + singularity/sqrt(d), which falls towards the infinite side."""
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=1e6)
    found = system.drift_velocities(15.0, 25.0, certified=False)
    resonances = [one for one in system.resonant_speeds(15.0, 25.0) if one.singularity > 1e-100]
    assert len(resonances) >= 2
    for one in resonances:
        (root,) = [each for each in found if each.resonance is None and abs(each.speed / one.speed - 1.0) < 1e-9]
        margin, side = 1e6 - one.finite_limit, 1.0 if one.edge == "lower" else -1.0
        distance = (one.singularity / margin) ** 2
        assert root.slope == pytest.approx(-side * margin / (2.0 * distance * one.speed), rel=1e-9, abs=0)


def test_a_jump_has_no_growth_factor():
    (held,) = (d for d in PAPER.drift_velocities(19.0, 21.0) if d.kind == "locked")
    assert math.isnan(held.growth_factor) and math.isnan(held.relaxation_time) and not held.oscillatory


def extremum_of_the_loss(system, low, high):
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda v: -float(system.mean_dissipation(v)), bounds=(low, high), method="bounded",
                            options={"xatol": 1e-12})  # fmt: skip
    return float(found.x), -float(found.fun)


def test_a_double_root_is_unresolved_and_its_neighbours_are_not():
    system = ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0))
    at, largest = extremum_of_the_loss(system, 17.6, 19.0)
    for bias in (largest, -largest):
        with pytest.warns(ct.UnresolvedWarning, match="unresolved"):
            found = replace(system, bias=bias).drift_velocities(17.0, 20.0)
        (interval,) = found.unresolved
        # Rounding of 1e-14 in the loss leaves sqrt(1e-14) in the speed.
        assert interval[0] < at < interval[1] and interval[1] - interval[0] < 1e-5 * at
    assert replace(system, bias=largest * (1.0 + 1e-11)).drift_velocities(17.0, 20.0) == []
    two = replace(system, bias=largest * (1.0 - 1e-11)).drift_velocities(17.0, 20.0)
    assert [rises(d) for d in two] == [True, False] and all(d.certified for d in two) and not two.unresolved
    assert two[0].speed < at < two[1].speed


def test_a_bias_at_the_one_sided_limit_of_a_resonance_is_unresolved():
    first = next(r for r in PAPER.resonant_speeds(39.0, 40.0) if r.edge == "lower")
    with pytest.warns(ct.UnresolvedWarning):
        found = replace(PAPER, bias=first.finite_limit).drift_velocities(39.5, 40.5)
    assert any(low <= first.speed <= high for low, high in found.unresolved)


def test_a_range_within_the_window_of_a_resonance():
    """Between its ends there is no interval free of the resonance to search; what lies at it is found all the same."""
    locked = [d for d in PAPER.drift_velocities(18.0, 70.0) if d.resonance]
    assert locked
    for one in locked:
        found = PAPER.drift_velocities(one.speed * (1.0 - 3e-12), one.speed * (1.0 + 3e-12))
        assert [(d.speed, d.kind, d.margin) for d in found if d.resonance] == [(one.speed, one.kind, one.margin)]


def test_the_range_ends_at_a_solution():
    whole = PAPER.drift_velocities(18.0, 70.0)
    low, high = whole[0].enclosure[0], whole[-1].enclosure[1]
    again = PAPER.drift_velocities(low, high)
    assert [d.kind for d in again] == [d.kind for d in whole]
    assert [d.speed for d in again] == pytest.approx([d.speed for d in whole], rel=4e-16, abs=0)


def test_a_table_of_results():
    found = PAPER.drift_velocities(18.0, 70.0)
    table = found.to_dataframe()
    assert table.speed.tolist() == [d.speed for d in found]
    assert table.kind.tolist() == [d.kind for d in found]
    assert (table.enclosure_low <= table.speed).all() and (table.speed <= table.enclosure_high).all()
    assert PAPER.drift_velocities(50.0, 51.0).to_dataframe().shape == (0, table.shape[1])


def test_precision_is_restored_and_threads_do_not_share_it():
    from flint import arb, ctx

    systems = [replace(PAPER, bias=bias) for bias in np.linspace(0.008, 0.012, 8)]
    alone = [[d.enclosure for d in system.drift_velocities(55.0, 80.0)] for system in systems]
    assert all(enclosure is not None for one in alone for enclosure in one)
    before, stop = ctx.prec, threading.Event()

    def other():
        while not stop.is_set():
            with certify.precision(20):
                assert arb(1) / 3 != arb(1)

    noise = threading.Thread(target=other)
    noise.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda one: [d.enclosure for d in one.drift_velocities(55.0, 80.0)], systems * 2))
    finally:
        stop.set()
        noise.join()
    assert together == alone * 2
    assert ctx.prec == before


def test_small_contributions_are_bounded_where_the_transform_changes_sign():
    # At a zero of the square well's transform a double of a contribution is no bound; those of the excess must hold.
    system = ct.System(ct.Chain(10.0, 40.0), ct.SquareWell(0.5, 4.0), bias=0.01)
    from flint import arb

    with certify.precision():
        for speed in np.random.default_rng(3).uniform(25.0, 60.0, 20):
            value = certify.excess(system, arb(float(speed)), float(speed))
            assert value.rad() < 1e-20
            assert float(value) == pytest.approx(float(system.mean_dissipation(speed)) - 0.01, rel=0, abs=1e-14)
    high, rest = Isolation(system, 0.01).upper_bounds(40.1, None)
    terms = system.mean_dissipation_terms(40.1).energy
    assert rest == 0.0 and np.all(high >= terms) and np.all(high <= terms * (1.0 + 1e-6) + 1e-20)


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


def test_a_jump_and_its_resonance_have_one_speed_inside_the_enclosure():
    """A resonance in double precision may be a unit off its enclosure: found by an independent check."""
    system = ct.System(
        ct.Chain(14.079996483786774, 17.535355599001544),
        ct.Matern(3.289810153798545, 31.64742597692696, order=9),
        mass=0.19753714926974925,
        bias=3.868847641258546e-27,
    )
    jumps = [item for item in system.drift_velocities(10.3, 11.2) if item.resonance is not None]
    assert jumps
    for jump in jumps:
        assert jump.speed == jump.resonance.speed
        assert jump.enclosure[0] <= jump.speed <= jump.enclosure[1]
    # The tangency of the line with the band to 60 digits, by an independent program.
    assert any(abs(jump.speed - 10.50725590192739373554) < 4e-15 for jump in jumps)


WIDE = ct.Chain(3.3824037187837517, 4.898363108893535)


@pytest.mark.parametrize("bias", [2.7760162332445386e-175, -1e-121])
def test_a_bias_at_which_contributions_underflow_is_refused(bias):
    """A root near 2.9266 was lost at the first, and the middle of an interval returned: an independent check."""
    well = ct.Lorentzian(-0.09092952459137058, 82.03596001025602)
    with pytest.raises(ValueError, match="bias"):
        ct.System(WIDE, well, mass=73.3, bias=bias).drift_velocities(2.7, 3.0)


def test_just_above_the_least_bias_the_root_is_found():
    """The same well made stronger: the root is where the mean dissipation is the bias."""
    well = ct.Lorentzian(-1e24, 82.03596001025602)
    bias = float(ct.System(WIDE, well).mean_dissipation(4.4))
    assert 1e-120 < bias < 1e-115
    found = ct.System(WIDE, well, mass=73.3, bias=bias).drift_velocities(4.3, 4.5)
    assert any(abs(item.speed - 4.4) < 1e-12 for item in found)


def test_static_lattice_drift_velocities_against_a_dense_scan():
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(-2.0, 4.0), bias=0.0105)
    found = system.drift_velocities(38.0, 72.0, approximation="static-lattice")
    resonance = 39.97954670183098
    assert [one.kind for one in found if one.resonance] == ["locked"]
    (locked,) = [one for one in found if one.resonance]
    below = system.mean_dissipation(resonance * (1.0 - 1e-10), approximation="static-lattice")
    assert locked.speed == pytest.approx(resonance, rel=1e-12)
    assert locked.margin == pytest.approx(0.0105 - float(below), rel=1e-4)  # the limit is taken at 1e-9 of the speed
    # Where the loss crosses the bias on a grid, but for the jump.
    grid = np.concatenate([np.linspace(38.0, 39.97, 12), np.linspace(39.99, 72.0, 60)])
    excess = system.mean_dissipation(grid, approximation="static-lattice") - 0.0105
    crossings = [i for i in np.flatnonzero(np.diff(np.sign(excess))) if not grid[i] < resonance < grid[i + 1]]
    roots = [one for one in found if not one.resonance]
    assert len(roots) == len(crossings) == 2
    for root, index in zip(roots, crossings, strict=True):
        assert grid[index] < root.speed < grid[index + 1]
        loss = float(system.mean_dissipation(root.speed, approximation="static-lattice"))
        assert loss == pytest.approx(0.0105, rel=1e-8)  # what the force integral is good for


@pytest.mark.parametrize("amplitude", [2.0, -2.0])
def test_the_growth_factor_through_the_rigid_lattice_is_that_of_the_map_of_energies(amplitude):
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(amplitude, 4.0))
    system = replace(system, bias=float(system.mean_dissipation(25.0, approximation="static-lattice")))
    (root,) = system.drift_velocities(24.7, 25.3, approximation="static-lattice")

    def after_a_pass(energy):
        speed = math.sqrt(8.0 * math.pi**2 * energy)  # mass 1, midway between masses
        mean = RigidLatticeMotion(system, speed, lattice=True).mean_speed
        return energy + system.bias - float(system.mean_dissipation(mean, approximation="static-lattice"))

    at = motion_of_mean_speed(system, root.speed).speed ** 2 / (8.0 * math.pi**2)
    assert root.speed == pytest.approx(25.0, rel=1e-8)
    slope = (after_a_pass(at * 1.0005) - after_a_pass(at * 0.9995)) / (0.001 * at)
    assert root.growth_factor - 1.0 == pytest.approx(slope - 1.0, rel=1e-3)  # what both differences leave out
    at_constant_speed = 4.0 * math.pi**2 * root.slope / root.speed
    assert abs((root.growth_factor - 1.0) / -at_constant_speed - 1.0) > 3e-3  # the rigid lattice matters
    with pytest.raises(ValueError, match="certified must be False"):
        system.drift_velocities(60.0, 70.0, approximation="static-lattice", certified=True)


def test_as_many_resonances_as_are_certified_in_half_a_minute():
    """3,590 resonances with a locked drift and one beside it took a minute of processor time."""
    narrow = ct.System(ct.Chain(1.0002077, 5.0), ct.Gaussian(-3.76, 2.08e-4), mass=4.83, bias=0.0687)
    with pytest.raises(
        ValueError, match=r"enclose at most 2e\+03 resonances to be certified, got 35\d\d .* certified=False"
    ):
        narrow.drift_velocities(2.077e-4, 2.2445e-4)
    few, same = (narrow.drift_velocities(2.077e-4, 2.078e-4, certified=one) for one in (True, False))
    assert [drift.speed for drift in few] == pytest.approx([drift.speed for drift in same], rel=1e-14) and len(few) > 40
