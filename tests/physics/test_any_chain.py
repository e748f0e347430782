"""Any harmonic chain against brute force: quadrature, dense searches, an explicit ring of masses, other units."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

import chaintheory as ct
from benchmarks.bench_chains import (
    brute_mean_dissipation,
    brute_roots,
    brute_single_pass,
    deviations,
    kernel_by_quadrature,
    of_ring,
    random_chain,
    random_system,
)
from chaintheory.dissipation import damped
from chaintheory.drift.any_chain import Loss, roots
from chaintheory.lattice import any_band
from chaintheory.lattice.dispersion import band_edges, frequency
from chaintheory.parameters import refuse_other_chains

PAPER = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
ACOUSTIC = ct.Chain.from_springs(confinement=0.0, couplings=[24.75], spacing=40.0)
DAMPED = ct.System(ct.Chain(10.0, 40.0, damping=0.1), ct.Gaussian(2.0, 4.0))


def in_general(system):
    """The same system, whose chain is treated as any other: an equal spring and one of strength 0 by rounding."""
    chain = ct.Chain.from_springs(1.0, [*system.chain.couplings, 1e-300], system.chain.spacing)
    assert not chain.minimal
    return ct.System(chain, system.interaction, system.mass, system.bias)


def test_the_papers_chain_by_its_springs():
    assert ct.Chain.from_springs(confinement=1, couplings=[24.75], spacing=40.0) == PAPER.chain
    assert ct.Chain.from_springs(confinement=1, couplings=[24.75, 0.0], spacing=40.0).minimal
    assert repr(DAMPED.chain) == "Chain(omega_fast=10.0, spacing=40.0, damping=0.1)"
    again = ct.Chain.from_springs(confinement=0.0, couplings=[24.75], spacing=40.0)
    assert again == ACOUSTIC
    assert hash(again) == hash(ACOUSTIC)


@pytest.mark.parametrize("wrong", [
    (-0.1, [1.0]), (0.0, []), (1.0, [1.0, -3.0]), (0.0, [1.0, -0.25]), (0.0, [-1.0]), (1.0, [math.nan]), (1.0, [[1.0]]),
    (1.0, [0.1] * 40), (1.0, [1e13]),
])  # fmt: skip
def test_what_is_no_stable_chain_is_refused_in_one_line(wrong):
    with pytest.raises(ValueError, match=r"confinement|couplings") as caught:
        ct.Chain.from_springs(*wrong, 40.0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"damping": -1.0}, {"damping": math.inf}])
def test_a_damping_is_not_negative(wrong):
    with pytest.raises(ValueError, match="damping must be"):
        ct.Chain(10.0, 40.0, **wrong)


def test_the_general_functions_give_the_papers_numbers():
    """Two independent implementations: compiled for the paper's band, and by bounds of derivatives for any."""
    general, v = in_general(PAPER), np.array([7.0, 21.0, 30.0, 39.99, 50.0, 90.0, 500.0, 1e6])
    # Rounding near the resonance at 39.98: speed/(2 distance) units.
    assert general.mean_dissipation(v) == pytest.approx(PAPER.mean_dissipation(v), rel=1e-12)
    assert general.single_pass_dissipation(v) == pytest.approx(PAPER.single_pass_dissipation(v), rel=1e-14)
    log = [one.single_pass_dissipation(3.0, log=True) for one in (general, PAPER)]
    assert log[0] == pytest.approx(log[1], rel=1e-15)
    for n in (1, 7):
        assert general.finite_pass_dissipation(30.0, n) == pytest.approx(
            PAPER.finite_pass_dissipation(30.0, n), rel=1e-13
        )
    rigid = {"approximation": "static-lattice"}
    assert general.mean_dissipation(30.0, **rigid) == pytest.approx(PAPER.mean_dissipation(30.0, **rigid), rel=1e-12)
    assert general.single_pass_dissipation(30.0, **rigid) == pytest.approx(
        PAPER.single_pass_dissipation(30.0, **rigid), rel=1e-12
    )
    assert general.validity(50.0).value == pytest.approx(PAPER.validity(50.0).value, rel=1e-9)
    found, known = general.resonant_speeds(12.0, 60.0), PAPER.resonant_speeds(12.0, 60.0)
    assert [(r.edge, r.n) for r in found] == [(r.edge, r.n) for r in known]
    for one, other in zip(found, known, strict=True):
        assert one.speed == pytest.approx(other.speed, rel=1e-15)
        assert one.singularity == pytest.approx(other.singularity, rel=1e-12)
        assert one.finite_limit == pytest.approx(other.finite_limit, rel=1e-12)


def test_the_general_search_finds_the_papers_drift_velocities():
    biased = ct.System(PAPER.chain, PAPER.interaction, bias=0.0145)
    found = in_general(biased).drift_velocities(28.0, 95.0)
    known = biased.drift_velocities(28.0, 95.0, certified=False)
    assert [d.kind for d in found] == [d.kind for d in known]
    assert [d.speed for d in found] == pytest.approx([d.speed for d in known], rel=1e-13)
    assert not any(d.certified for d in found)
    with pytest.raises(ValueError, match="certified must be False"):
        in_general(biased).drift_velocities(28.0, 95.0, certified=True)


def test_a_double_root_of_any_chain_is_unresolved():
    """Where the loss only touches the bias, at its largest value between two resonances; by a search of that value."""
    system = in_general(ct.System(ct.Chain(1.05, 40.0), ct.Gaussian(2.0, 4.0)))
    highest = minimize_scalar(
        lambda v: -float(system.mean_dissipation(v)), bounds=(17.6, 19.0), method="bounded", options={"xatol": 1e-12}
    )
    # Above the largest value, by less than the series are worth, there is no root that could stand in for it.
    touching = replace(system, bias=-float(highest.fun) * (1.0 + 1e-11))
    with pytest.warns(ct.UnresolvedWarning, match="unresolved"):
        found = touching.drift_velocities(17.0, 20.0)
    (interval,) = found.unresolved
    assert not found and interval[0] < highest.x < interval[1] and interval[1] - interval[0] < 1e-4 * highest.x
    assert replace(system, bias=-float(highest.fun) * 1.0001).drift_velocities(17.0, 20.0).unresolved == []


@pytest.mark.parametrize("distance", [1.5e-7, 2.5e-7])
def test_between_resonances_at_no_distance_the_number_of_roots_is_undecided(distance):
    """Each is left to itself within 1e-7 of its speed: nothing is known between two of them closer than that."""
    chain = ct.Chain.from_springs(confinement=0.5, couplings=[20.0, 3.0], spacing=40.0)
    system = ct.System(chain, ct.Gaussian(2.0, 4.0), bias=10.0)
    one = system.resonant_speeds(100.0, 110.0)[0]
    other = replace(one, speed=one.speed * (1.0 + distance))
    _, undecided = roots(Loss(system), 0.999 * one.speed, 1.001 * one.speed, [one, other])
    assert undecided == [(one.speed, other.speed)]


@pytest.mark.parametrize("bias", [0.01, 1e-40, 1e-66])
def test_peaks_too_thin_for_doubles_are_listed_as_those_of_the_papers_chain(bias):
    """A jump was left out where the transform at the resonance underflows; the root beside it stood alone."""
    system = replace(PAPER, bias=bias)
    certified, general = (one.drift_velocities(2.0, 2.2, certified=False) for one in (system, in_general(system)))
    assert sum(one.separation == 0.0 for one in certified) >= 10
    kinds = [[(one.kind, one.resonance and one.resonance.edge) for one in each] for each in (certified, general)]
    assert kinds[0] == kinds[1]
    assert [one.speed for one in general] == pytest.approx([one.speed for one in certified], rel=1e-14, abs=0)


@pytest.mark.parametrize("distance", [1e-9, 1e-8, 3e-8, 9e-8, 1.1e-7, 1e-6])
@pytest.mark.parametrize("confinement", [1.8718374973737932, 0.0])
def test_a_root_just_on_the_finite_side_of_a_resonance_is_found(confinement, distance):
    """Once those closer than 1e-7 were lost in silence: the bias is the loss at that distance itself.

    Measured: 7e-6 of the distance off, and the slope 7e-4 from the chord, whose other end is 1e-5 away.
    """
    chain = ct.Chain.from_springs(confinement, [2.0409191213851825, 0.7666995093942545, 0.08361976934515578], 5.5)
    system = ct.System(chain, ct.Sech2(1.0, 1.27))
    checked = 0
    for one in system.resonant_speeds(5.0, 16.0):
        away = -1.0 if one.edge == "lower" else 1.0
        speed, farther = one.speed * (1.0 + away * distance), one.speed * (1.0 + away * 1e-5)
        near = replace(system, bias=float(system.mean_dissipation(speed)))
        if one.finite_limit > 1e-6 and one.singularity > 1e-6:
            found = near.drift_velocities(0.999 * one.speed, 1.001 * one.speed)
            (root,) = (d for d in found if not d.resonance and abs(d.speed / speed - 1.0) < 1e-4 * distance + 4e-15)
            rise = float(system.mean_dissipation(farther)) - near.bias
            assert root.slope == pytest.approx(rise / (farther - speed), rel=0.01)
            checked += 1
    assert checked >= 2


@pytest.mark.parametrize("couplings, kind", [([1.0], "unstable"), ([0.94, 0.1], "unstable"), ([1.0, -0.2], "locked")])
@pytest.mark.parametrize("approximation", ["constant-velocity", "static-lattice"])
def test_the_loss_jumps_at_the_speed_of_sound(couplings, kind, approximation):
    """Once the search called the jump undecided, or a stable root. omega = c x - d x^3: the height in closed form."""
    spacing = 5.0
    chain = ct.Chain.from_springs(confinement=0.0, couplings=couplings, spacing=spacing)
    system = ct.System(chain, ct.Gaussian(0.1, 2.0))
    c = 2.0 * math.pi * math.sqrt(sum(one * j**2 for j, one in enumerate(couplings, 1)))
    d = sum(4.0 * one * (math.pi * j) ** 4 / 3.0 for j, one in enumerate(couplings, 1)) / (2.0 * c)
    sound = spacing * c
    before, after = system.mean_dissipation(sound * np.array([1.0 - 1e-7, 1.0 + 1e-7]), approximation=approximation)
    weight = 0.1 * 2.0 * math.sqrt(2.0 * math.pi)  # the transform of the Gaussian at k = 0
    height = 4.0 * math.pi**4 * c**3 * weight**2 / (sound**4 * d)
    if approximation == "constant-velocity":
        assert before - after == pytest.approx(height, rel=2e-6, abs=0)
    ends = (0.98 * sound, 1.02 * sound)
    for part in (0.01, 0.5, 0.99):
        bias = min(before, after) + part * abs(before - after)
        found = replace(system, bias=float(bias)).drift_velocities(*ends, approximation=approximation)
        (jump,) = (one for one in found if math.isinf(one.slope))
        assert (jump.kind, jump.resonance, found.unresolved) == (kind, None, [])
        assert jump.speed == pytest.approx(sound, rel=1e-15, abs=0)
        assert jump.margin == pytest.approx(part * abs(height), rel=1e-2, abs=0)
    for bias in (0.9 * min(before, after), 1.1 * max(before, after)):
        found = replace(system, bias=float(bias)).drift_velocities(*ends, approximation=approximation)
        assert not any(math.isinf(one.slope) for one in found)


def test_an_acoustic_chain():
    """The value at v = 8 is the scaled Bessel form of the band from 0; the kernel of mass 0 integrates J_0."""
    from scipy.special import ive, j0

    system = ct.System(ACOUSTIC, ct.Gaussian(1.0, 4.0))
    assert system.single_pass_dissipation(8.0) == pytest.approx(0.0175021380266, rel=1e-12)
    z = (2.0 * math.pi * 4.0 / 8.0) ** 2 * 2.0 * 24.75
    bessel = 8.0 * math.pi**4 / 8.0**4 * 2.0 * math.pi * 16.0 * 2.0 * 24.75 * (ive(0, z) - ive(1, z))
    assert system.single_pass_dissipation(8.0) == pytest.approx(bessel, rel=1e-12)
    top = band_edges(ACOUSTIC)[1]
    for time in (0.3, 2.0):
        expected = quad(lambda t: 2.0 * math.pi * j0(2.0 * math.pi * top * t), 0.0, time, epsabs=1e-13, limit=400)[0]
        assert ACOUSTIC.memory_kernel(0, time)[0, 0] == pytest.approx(expected, abs=1e-12)
    # An impulse moves a mass like J_2n: d Gamma_n/dtau = 2 pi J_2n(2 pi omega_top tau).
    from scipy.special import jv

    step = 1e-3
    for n in (1, 3):
        around = ACOUSTIC.memory_kernel(n, 0.7 + step * np.array([-2.0, -1.0, 1.0, 2.0]))[0]
        slope = (around[0] - 8.0 * around[1] + 8.0 * around[2] - around[3]) / (12.0 * step)
        assert slope == pytest.approx(2.0 * math.pi * jv(2 * n, 2.0 * math.pi * top * 0.7), abs=1e-6)
    for call in (system.mean_dissipation, system.single_pass_dissipation):
        with pytest.raises(ValueError, match="speed must not be 0 in a chain without wells"):
            call(0.0)
    assert system.mean_dissipation(1.1 * ACOUSTIC.sound_speed) == 0.0  # no phonon is as fast


def test_an_einstein_crystal_interferes_with_nothing():
    """Without springs every pass is the first."""
    system = ct.System(ct.Chain.from_springs(confinement=2.0, couplings=[], spacing=40.0), ct.Gaussian(1.0, 4.0))
    v = np.array([15.0, 40.0, 55.0])
    assert system.mean_dissipation(v) == pytest.approx(system.single_pass_dissipation(v), rel=1e-14)
    assert system.resonant_speeds(5.0, 100.0) == []


def test_a_square_well_in_a_damped_chain_is_refused_by_name():
    """x^2 |transform|^2 does not fall, the response like x^-2: the tail of 1/x is not summed to rounding."""
    well = ct.System(DAMPED.chain, ct.SquareWell(1.0, 3.0))
    for loss in (well.mean_dissipation, well.single_pass_dissipation):
        with pytest.raises(ValueError, match=r"^interaction must have no jump in a chain with damping"):
            loss(30.0)


def test_other_units_of_frequency():
    """With wells of stiffness s^2 the paper's chain has all speeds s times, and losses in hbar s: a law of scale."""
    s = 1.7
    chain = ct.Chain.from_springs(s**2, [s**2 * 24.75], 40.0)
    system = ct.System(chain, ct.Gaussian(2.0, 4.0))
    v = np.array([21.0, 30.0, 90.0])
    assert system.mean_dissipation(s * v) * s**2 == pytest.approx(PAPER.mean_dissipation(v), rel=1e-12)
    closed = system.single_pass_dissipation(s * v, method="closed")
    assert closed == pytest.approx(system.single_pass_dissipation(s * v), rel=1e-12)


def test_damping_removes_the_divergences():
    assert DAMPED.mean_dissipation([30.0, 50.0, 90.0]) == pytest.approx([0.0156426, 0.0147391, 0.00736811], rel=5e-6)
    at = [r.speed for r in PAPER.resonant_speeds(19.0, 41.0) if r.edge == "lower"]
    assert np.all(np.isfinite(DAMPED.mean_dissipation(at)))
    # To first order in the damping, away from resonances.
    loss = [ct.System(ct.Chain(10.0, 40.0, damping=g), PAPER.interaction).mean_dissipation(90.0) for g in (2e-5, 1e-5)]
    assert 2.0 * loss[1] - loss[0] == pytest.approx(PAPER.mean_dissipation(90.0), rel=1e-8)


@pytest.mark.parametrize("speed", [30.0, 53.0, 90.0])
def test_the_least_damping_is_right_to_nine_digits(speed):
    """Off the resonances the loss is analytic in the damping, with Eq. 10 at 0: an integral against a sum.

    What rounding leaves is up to 3e-10 there, and 2e-8 at a fiftieth of it.
    """
    interaction, damping = PAPER.interaction, 5.1e-6
    none, once, twice = (
        float(ct.System(ct.Chain(10.0, 40.0, damping=g), interaction).mean_dissipation(speed))
        for g in (0.0, 1e-4, 2e-4)
    )
    second = 0.5 * (twice - 2.0 * once + none)
    part = damping / 1e-4
    expected = none + part * (once - none - second) + part**2 * second
    found = ct.System(ct.Chain(10.0, 40.0, damping=damping), interaction).mean_dissipation(speed)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("interaction", [ct.SoftenedCoulomb(0.1, 3.0), ct.Lorentzian(0.1, 3.0)])
@pytest.mark.parametrize("damping", [0.5, 30.0])
def test_damping_without_wells_against_an_integral_over_the_logarithm(interaction, damping):
    """x^2 log(x)^2 of a softened Coulomb interaction is left at x = 0; over log(x) nothing is singular."""
    spacing, v = 1.0, 30.0
    system = ct.System(ct.Chain.from_springs(0.0, [1.0], spacing, damping=damping), interaction)

    def density(log_x):
        x = math.exp(log_x)
        nu, omega_squared = v * x / spacing, 4.0 * math.sin(math.pi * x) ** 2
        taken = damping * nu**2 / ((omega_squared - nu**2) ** 2 + (damping * nu) ** 2)
        power = float(interaction.transform(2.0 * math.pi * x / spacing)) ** 2
        return 16.0 * math.pi**3 / (spacing**3 * v) * x**3 * power * taken

    pieces = itertools.pairwise(np.linspace(-25.0, 5.0, 121))
    exact = sum(quad(density, *ends, epsabs=0.0, epsrel=1e-13)[0] for ends in pieces)
    # 8e-16 measured; 1e-7 where the cells did not shrink towards the logarithm.
    assert system.mean_dissipation(v) == pytest.approx(exact, rel=1e-13)
    # Wells of next to nothing were refused, after warnings of NumPy.
    faint = ct.System(ct.Chain.from_springs(1e-300, [1.0], spacing, damping=damping), interaction)
    assert faint.mean_dissipation(v) == pytest.approx(exact, rel=1e-13)


def test_low_speed_drag_is_ohmic_with_wells_and_damping():
    weak = ct.System(ct.Chain(10.0, 40.0, damping=0.5), ct.Gaussian(0.02, 4.0))
    mobility = weak.mobility([0.001, 0.002, 0.02])
    assert mobility == pytest.approx(np.full(3, mobility[0]), rel=1e-4)
    assert weak.friction_force(-3.0) == -weak.friction_force(3.0)
    assert weak.friction_force(3.0) * 40.0 == pytest.approx(weak.mean_dissipation(3.0), rel=1e-15)


@pytest.mark.parametrize("chain", [ct.Chain(10.0, 40.0, damping=0.5), ct.Chain.from_springs(1.3, [1.0, 0.3], 9.0, 7.0)])
def test_at_the_lowest_speeds_the_drag_is_the_ohmic_integral(chain):
    """The response at rest, gamma nu^2/omega^4, by the trapezoidal rule: far below where nu^2 is 0 in doubles."""
    system, speed = ct.System(chain, ct.Gaussian(0.02, 4.0)), np.array([1e-6, 3e-8, 1e-9, 1e-156, 1e-200, 1e-280])
    x, step = np.linspace(0.0, 20.0, 20001, retstep=True)
    wave = 2.0 * math.pi * x / chain.spacing
    weight = x**4 * (2.0 * math.pi * 0.08**2) * np.exp(-((4.0 * wave) ** 2)) * step
    weight *= 16.0 * math.pi**3 * chain.damping / chain.spacing**5
    response = chain.frequency(math.pi * x) ** -4.0
    drag = float(np.sum(weight * response))
    assert system.mean_dissipation(speed) / speed == pytest.approx(np.full(6, drag), rel=1e-12, abs=0.0)
    assert damped.mean_dissipation_slope(system, speed) == pytest.approx(np.full(6, drag), rel=1e-12, abs=0.0)
    assert system.mobility([*speed, -5e-324]) == pytest.approx(np.full(7, chain.spacing / drag), rel=1e-12)
    once = float(np.sum(weight) * np.mean(response[:20000]))  # a mass alone: the mean over the band
    assert system.single_pass_dissipation(speed) / speed == pytest.approx(np.full(6, once), rel=1e-11, abs=0.0)


@pytest.mark.parametrize("interaction", [ct.Exponential(0.02, 4.0), ct.Lorentzian(0.02, 4.0)], ids=repr)
def test_lowest_speeds_without_an_ohmic_limit_are_refused_in_words(interaction):
    chain = ct.Chain.from_springs(0.0, [1.0], 40.0, damping=0.5)
    for system in (ct.System(chain, interaction), ct.System(DAMPED.chain, ct.Exponential(0.02, 4.0))):
        for speed in (1e-200, 5e-324):
            for loss in (system.mean_dissipation, system.single_pass_dissipation):
                with pytest.raises(ValueError, match=r"^speed must be "):
                    loss(speed)


def test_a_locked_drift_becomes_a_stable_root_up_to_a_largest_bias():
    """Just above spacing/n the damped loss rises to a finite peak; beyond it the root is gone."""
    chain = ct.Chain(10.0, 40.0, damping=0.02)
    free = ct.System(chain, PAPER.interaction)
    speeds = np.linspace(39.8, 40.6, 801)
    peak = float(free.mean_dissipation(speeds).max())
    held = ct.System(chain, PAPER.interaction, bias=0.9 * peak).drift_velocities(39.5, 41.0)
    assert [d.kind for d in held] == ["stable", "unstable"]
    assert not ct.System(chain, PAPER.interaction, bias=1.001 * peak).drift_velocities(39.5, 41.0)


def test_damped_losses_against_adaptive_quadrature():
    chain = ct.Chain.from_springs(0.4, [2.0, -0.2], 30.0, damping=0.3)
    system = ct.System(chain, ct.Gaussian(1.0, 3.0))
    assert system.mean_dissipation(25.0) == pytest.approx(brute_mean_dissipation(system, 25.0), rel=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_random_chains_against_brute_force(seed):
    """The benchmark ``chains`` does the same for a hundred."""
    found = deviations(random_system(seed), seed)
    assert found["kernel"] < 1e-11
    assert found["single pass"] < 1e-9
    assert found["mean dissipation"] < 1e-7  # of the brute force: adaptive quadrature, or roots to 1e-12
    assert found["resonances"] < 1e-7
    assert found["drift"] < 1e-6


@pytest.mark.parametrize("chain", [
    ct.Chain.from_springs(0.0, [4.0], 40.0), ct.Chain.from_springs(0.5, [2.0, -0.3, 0.4], 40.0),
    ct.Chain.from_springs(0.0, [3.0, 0.5], 40.0, damping=0.2), ct.Chain.from_springs(0.7, [1.0], 40.0, damping=3.0),
    ct.Chain(3.0, 40.0, damping=0.1),
], ids=repr)  # fmt: skip
def test_runs_against_an_explicit_ring(chain):
    """DOP853 at 1e-11 on a ring that no wave crosses: positions, speeds and the energy that the damping took."""
    system = ct.System(chain, ct.Gaussian(2.0, 4.0), bias=0.05)
    run = system.simulate(20.0, 50.0, 3.0, time_step=1.0 / 400.0)
    ring = of_ring(system, 20.0, 50.0, float(run.time[-1]), masses=120)
    assert run.position[-1] == pytest.approx(ring.position, abs=1e-9)
    assert run.velocity[-1] == pytest.approx(ring.velocity, abs=1e-9)
    stored = run.chain_state.energy(chain)
    assert run.chain_energy[-1] - stored == pytest.approx(ring.dissipated, abs=1e-10)
    direct = system.simulate(20.0, 50.0, 0.5, method="direct", time_step=1.0 / 800.0)
    same = system.simulate(20.0, 50.0, 0.5, order=2, time_step=1.0 / 800.0)
    assert direct.position == pytest.approx(same.position, abs=1e-11)
    assert direct.chain_energy == pytest.approx(same.chain_energy, abs=1e-11)


def test_a_damped_run_goes_on_from_its_file(tmp_path):
    system = ct.System(DAMPED.chain, ct.Gaussian(2.0, 4.0), bias=0.05)
    whole = system.simulate(20.0, 50.0, 8.0)
    path = tmp_path / "run.nc"
    system.simulate(20.0, 50.0, 3.0, checkpoint=path)
    resumed = system.simulate(20.0, 50.0, 8.0, checkpoint=path)
    assert resumed.position == pytest.approx(whole.position, abs=1e-11)
    assert resumed.chain_energy == pytest.approx(whole.chain_energy, abs=1e-12)
    whole.save(tmp_path / "whole.nc")
    loaded = ct.Trajectory.load(tmp_path / "whole.nc")
    assert loaded.system == whole.system
    assert np.array_equal(loaded.position, whole.position)


REFUSING = [
    lambda s: s.mean_dissipation(50.0, approximation="third-order"),
    lambda s: s.single_pass_dissipation(50.0, approximation="third-order"),
    lambda s: s.chain.omega_fast,
    lambda s: refuse_other_chains(s.chain, "a test"),
]


@pytest.mark.parametrize("call", REFUSING)
@pytest.mark.parametrize("chain", [ACOUSTIC, DAMPED.chain], ids=["acoustic", "damped"])
def test_what_is_not_known_of_any_chain_refuses_it_by_name(call, chain):
    with pytest.raises(ValueError, match=r"^chain must be Chain\(omega_fast, spacing\)"):
        call(ct.System(chain, ct.Gaussian(2.0, 4.0), bias=0.01))


def test_an_error_is_seen():
    """The brute force tells a spring that is 1e-6 stiffer."""
    system = random_system(3)
    wrong = ct.System(
        ct.Chain.from_springs(
            system.chain.confinement, [system.chain.couplings[0] * (1.0 + 1e-6), *system.chain.couplings[1:]],
            system.chain.spacing, system.chain.damping,
        ),
        system.interaction,
    )  # fmt: skip
    times = np.array([0.7, 3.0])
    right = kernel_by_quadrature(system.chain, 1, times)
    assert abs(system.chain.memory_kernel(1, times)[0] - right).max() < 1e-11
    assert abs(wrong.chain.memory_kernel(1, times)[0] - right).max() > 1e-9


def test_roots_of_a_hundred_bands_against_a_dense_search():
    random = np.random.default_rng(7)
    for index in range(100):
        chain = random_chain(random, damped=False)
        top = band_edges(chain)[1]
        slope = top / random.uniform(1.0, 10.0)
        found = any_band.roots(chain, np.array([slope]), np.array([top / slope])).x
        expected = brute_roots(chain, slope, points=60_001)
        assert found.size == expected.size, (index, chain, slope)
        assert found == pytest.approx(expected, abs=1e-9)
        residual = np.asarray(frequency(chain, math.pi * found)) - slope * found
        assert abs(residual).max(initial=0.0) < 1e-11 * top


def test_the_root_next_to_the_origin_of_an_acoustic_chain():
    """Just below the sound speed omega(x) = c x has a root at a small x."""
    speed = ACOUSTIC.sound_speed * (1.0 - 1e-6)
    slope = speed / ACOUSTIC.spacing
    (x,) = any_band.roots(ACOUSTIC, np.array([slope]), np.array([1.0])).x
    top = band_edges(ACOUSTIC)[1]
    assert x == pytest.approx(
        brentq(lambda y: top * math.sin(math.pi * y) - slope * y, 1e-5, 0.5, xtol=1e-15), rel=1e-7
    )


@pytest.mark.filterwarnings("ignore::chaintheory.dissipation.validity.ValidityWarning")
def test_slow_passes_without_wells():
    """At low speed only phonons next to theta = 0 are excited, which few points over the band do not see."""
    system = ct.System(ACOUSTIC, ct.Gaussian(1.0, 4.0))
    assert system.single_pass_dissipation(0.2) == pytest.approx(0.6995478611744548, rel=1e-13)  # mpmath, over the band
    # The loss is carried by sound alone there: it grows like 1/v, up to (v/sound speed)^2.
    slow, slower = (v * system.single_pass_dissipation(v) for v in (0.1, 0.01))
    assert slower == pytest.approx(slow, rel=1e-6)
    with pytest.raises(ValueError, match="speed must be large enough"):
        system.single_pass_dissipation(1e-4)
    with pytest.raises(ValueError, match=r"speed must be at least 0\.125 in a chain without wells"):
        system.mean_dissipation(0.1)


def test_a_transform_that_is_infinite_at_the_frequency_0():
    """A softened Coulomb interaction with sound, which takes omega^2 log(omega)^2: it was not a number."""
    system = ct.System(ACOUSTIC, ct.SoftenedCoulomb(1.0, 4.0))
    one = system.single_pass_dissipation(8.0)
    assert one == pytest.approx(brute_single_pass(system, 8.0), rel=1e-9)
    assert system.finite_pass_dissipation(8.0, 1) == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize("last", [1e-310, -5e-324, 1e-30])
def test_a_spring_that_is_next_to_nothing(last):
    """Its polynomial of cos(2 theta) overflowed."""
    chain = ct.Chain.from_springs(0.5, [1.0, 0.2, last], 40.0)
    assert chain.band == pytest.approx(ct.Chain.from_springs(0.5, [1.0, 0.2], 40.0).band, rel=1e-15)


def test_with_damping_no_peak_is_infinite():
    """The line touches the band at the same speeds; the mean dissipation there is finite."""
    free, found = PAPER.resonant_speeds(10.0, 60.0), DAMPED.resonant_speeds(10.0, 60.0)
    assert [one.speed for one in found] == pytest.approx([one.speed for one in free], rel=1e-14)  # another search
    assert all(one.singularity == 0.0 for one in found)
    assert found[-1].finite_limit == DAMPED.mean_dissipation(found[-1].speed)
    curves = DAMPED.curves(39.0, 41.0, points=20)
    # The curve is flat between its points to half a percent.
    near = float(np.interp(39.98, curves.speed, curves.mean))
    assert near == pytest.approx(float(DAMPED.mean_dissipation(39.98)), rel=1e-2)
    assert curves.single_pass[0] == DAMPED.single_pass_dissipation(curves.speed[0])
    with pytest.raises(ValueError, match=r"damping must be 0 or at least 5e-06, 5e-07 of the largest frequency"):
        ct.System(ct.Chain(10.0, 40.0, 1e-13), ct.Gaussian(2.0, 4.0)).mean_dissipation(30.0)
