"""The exact steady drift against references, laws, limits, refinement and simulation."""

import cmath
import dataclasses
import functools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

from benchmarks.bench_travelling_wave import REFERENCES
from chaintheory import Chain, Exponential, Gaussian, Interaction, Lorentzian, Matern, Sech2, SquareWell, System
from chaintheory.comparison.on_the_wave import start_on_wave
from chaintheory.dissipation import wave_stability
from chaintheory.dissipation.wave_equations import (
    Force,
    Grid,
    NoSteadyDrift,
    WaveEquations,
    highest_frequencies,
    interpolated,
    toeplitz,
)
from chaintheory.dissipation.wave_stability import Perturbation
from chaintheory.drift import continuation, drag_curve
from chaintheory.drift.continuation import (
    NEAR,
    NO_FURTHER,
    Branch,
    ByDistance,
    Continuation,
    grid_of,
    solution,
    through_resonance,
)
from chaintheory.lattice.green_function import MovingDispersion, green_function, zeros

PAPER = Chain(omega_fast=10.0, spacing=40.0)


def paper(amplitude=2.0, **more):
    return System(PAPER, Gaussian(amplitude, 4.0), **more)


@pytest.mark.parametrize("omega_fast, width, spacing, mass, amplitude, speed, bias", REFERENCES)
def test_reference_systems(omega_fast, width, spacing, mass, amplitude, speed, bias):
    wave = System(Chain(omega_fast, spacing), Gaussian(amplitude, width), mass).travelling_wave(speed)
    assert wave.bias == pytest.approx(bias, rel=1e-9)  # the references' own accuracy; measured 1e-10 and 6e-12 at worst
    assert wave.energy_balance < 1e-10  # measured 8e-12 where the bias is 4e-5
    assert wave.residual < 1e-14


@pytest.mark.parametrize(
    "speed, repulsive, attractive",
    [
        (21.0, 0.04657715, 0.04433838),
        (30.0, 0.01493705, 0.01506544),
        (50.0, 0.01505689, 0.01468662),
        (90.0, 0.00734730, 0.00731440),
    ],
)
def test_both_signs(speed, repulsive, attractive):
    for amplitude, bias in ((2.0, repulsive), (-2.0, attractive)):
        assert paper(amplitude).travelling_wave(speed).bias == pytest.approx(bias, abs=5e-9)  # as many digits are given


def test_random_systems():
    """Independent balances of momentum and energy, from weak to strong coupling, pulses that overlap among them."""
    rng = np.random.default_rng(20)
    for _ in range(12):
        width = rng.uniform(1.0, 5.0)
        mass, speed = rng.uniform(0.3, 4.0), width * rng.uniform(3.0, 20.0)
        amplitude = rng.choice([-1.0, 1.0]) * 0.6 * rng.uniform(0.02, 1.0) * mass * speed**2 / (8.0 * math.pi**2)
        chain = Chain(rng.uniform(1.2, 8.0), width * rng.uniform(0.5, 12.0))
        wave = System(chain, Gaussian(amplitude, width), mass).travelling_wave(speed)
        # Rounding of the momentum balance, 1e-16 of the amplitude, is all that separates the two; measured 0.2 of this.
        assert wave.energy_balance * wave.bias < 1e-14 * abs(amplitude)


@pytest.mark.parametrize("speed", [600.0, 1130.9, 1132.0, 2500.0, 8000.0])
def test_momentum_and_energy_balance_above_the_speed_of_sound(speed):
    """The sound speed is 1131; the bias falls to 1e-10 of the amplitude, where a plain sum of the forces has 5e-6."""
    for amplitude in (2.0, -2.0):
        wave = paper(amplitude).travelling_wave(speed)
        assert wave.energy_balance < 1e-10  # measured 2e-11
        plain = PAPER.spacing * wave.equations.grid.step * float(np.sum(wave.pulse))
        assert plain == pytest.approx(wave.bias, abs=1e-15)


def test_balances_that_differ_are_refused(monkeypatch):
    exact = WaveEquations.phonons

    def lossy(self, pulse):
        found = exact(self, pulse)
        return dataclasses.replace(found, energy=(1.0 - 3e-8) * found.energy)

    monkeypatch.setattr(WaveEquations, "phonons", lossy)
    with pytest.raises(NoSteadyDrift, match=r"differs from the work of the bias by 3.0e-08 of it, more than 1e-08"):
        paper().travelling_wave(30.0)


# c3 of bias = c2 amplitude^2 + c3 amplitude^3 + ..., to the digits that are known
@pytest.mark.parametrize(
    "speed, c3, digits",
    [(21.0, 1.5152e-4, 1e-4), (30.0, -7.7427e-6, 1e-4), (50.0, 2.3142588e-5, 1e-6), (90.0, 2.0562461e-6, 1e-6)],
)
def test_weak_coupling(speed, c3, digits):
    """Eq. 10 is the limit; what comes next is odd in the amplitude."""
    for amplitude in (0.02, 0.04):
        plus, minus = (paper(a).travelling_wave(speed).bias for a in (amplitude, -amplitude))
        second = paper(amplitude).mean_dissipation(speed)
        # The next even order: measured, 2e-3 amplitude^2 of Eq. 10 at speed 21, where it is largest.
        assert 0.5 * (plus + minus) == pytest.approx(second, rel=1e-2 * amplitude**2)
        assert 0.5 * (plus - minus) / amplitude**3 == pytest.approx(c3, rel=digits + 2e-2 * amplitude**2)


def test_scaling():
    """With lengths in units of the width only energies over width^2 and mass times width^2 over energy matter."""
    wave = System(Chain(3.0, 20.0), Gaussian(1.5, 3.0), 0.7).travelling_wave(25.0)
    scaled = System(Chain(3.0, 50.0), Gaussian(1.5 * 6.25, 7.5), 0.7).travelling_wave(62.5)
    assert scaled.bias == pytest.approx(6.25 * wave.bias, rel=1e-12)
    assert scaled.mass.value == pytest.approx(2.5 * wave.mass.value, abs=1e-12)


@pytest.mark.parametrize("interaction", [Gaussian(2.0, 4.0), Sech2(2.0, 4.0)])
def test_grid_converges_faster_than_any_power(interaction):
    system = System(PAPER, interaction)
    force = Force.of(system)
    reference = system.travelling_wave(30.0).bias

    def error(points_per_width):
        count = round(2.0 * force.cutoff * points_per_width / interaction.width)
        equations = WaveEquations(system, force, 30.0, Grid(force.cutoff, count, 40.0))
        return abs(np.sum(equations.phonons(equations.from_weak_coupling()).energy) / reference - 1.0)

    errors = [error(points) for points in (0.7, 1.0, 1.4, 2.0)]
    rates = np.diff(np.log(errors)) / np.diff(np.log([0.7, 1.0, 1.4, 2.0]))
    assert rates[-1] < rates[0] - 3.0  # the order grows with the number of points
    assert error(5.0) < 1e-13


@pytest.mark.parametrize("speed", [21.0, 90.0, 19.9975])
def test_window_and_contour_do_not_matter(speed, monkeypatch):
    expected = paper().travelling_wave(speed)
    monkeypatch.setattr("chaintheory.dissipation.wave_equations.CUT_FORCE", 1e-24)
    monkeypatch.setattr("chaintheory.lattice.green_function.LARGEST_GROWTH", 2.0)
    other = paper().travelling_wave(speed)
    assert other.equations.green.height != expected.equations.green.height
    assert other.equations.grid.half_width > 1.1 * expected.equations.grid.half_width
    # Beside the resonance at 19.9974 the relative distance 3e-6 decides, which 1e-16 of the speed changes by 4e-11.
    assert other.bias == pytest.approx(expected.bias, rel=1e-9 if speed < 20.0 else 1e-12)


def test_zeros_against_a_bracketing_search():
    """The positive real zeros are the sign changes of Lambda, and those that run ahead are faster than the particle."""
    line = MovingDispersion(PAPER, slope=0.47)
    x = np.linspace(1e-6, 25.0, 2_000_003)
    changes = x[np.flatnonzero(np.diff(np.sign(line.value(x))))]
    found = zeros(line, 0.02)
    real = found[(found.x.imag == 0.0) & (found.x.real > 0.0)]
    assert real.x.real == pytest.approx(changes, abs=2e-5)
    omega = np.sqrt(1.0 + 99.0 * np.sin(np.pi * real.x.real) ** 2)
    group = 99.0 * np.pi * np.sin(2.0 * np.pi * real.x.real) / (2.0 * omega)
    assert np.array_equal(real.ahead, group > line.slope)


@pytest.mark.parametrize("growth", [0.6 + 0.9j, 1.1])
def test_green_function_against_the_memory_kernel(growth):
    """R(tau) = 2 pi sum_n int Gamma_n(tau - tau') exp(-nu (tau - tau')) F(tau' - n T) dtau', over all the past."""
    chain, speed, step, count = Chain(2.0, 10.0), 23.0, 0.02, 41
    transit = chain.spacing / speed
    green = green_function(MovingDispersion(chain, 1.0 / transit, 1j * growth * transit / (2.0 * math.pi)), step, count)
    pulse = np.exp(-((np.arange(count) - 20) ** 2) / 25.0)
    response = step * toeplitz(green.values) @ pulse
    kernel = np.zeros(green.lags.size, dtype=complex)
    for n in range(-int(38.0 / (growth.real * transit)), 2):
        delay = np.maximum(transit * (green.lags - n), 0.0)
        kernel += chain.memory_kernel(n, delay)[0] * np.exp(-growth * delay)
    expected = 2.0 * math.pi * transit * step * toeplitz(kernel) @ pulse
    # The slope of the kernel jumps at delay 0: by Euler and Maclaurin the sum is off by step^2/12 of the jump.
    expected = expected + step**2 / 12.0 * (2.0 * math.pi * transit) ** 2 * pulse
    assert response == pytest.approx(expected, abs=3e-6)  # measured 1e-6, the next order, of values up to 0.2


def test_overlapping_pulses_and_other_interactions():
    for system in (
        System(Chain(3.0, 1.3), Gaussian(2.0, 4.0)),
        System(PAPER, Matern(2.0, 4.0, order=5)),
        System(PAPER, Interaction.from_expression("2*exp(-r^4/50)*(1+r^2/40)")),
    ):
        wave = system.travelling_wave(40.0)
        assert wave.energy_balance < 1e-10
        assert wave.error <= 1e-10 * wave.bias


def test_mean_dissipation_broadcasts():
    speeds = np.array([[30.0, -50.0]])
    bias = paper().mean_dissipation(speeds, approximation="travelling-wave")
    assert bias.shape == (1, 2)
    assert bias[0].tolist() == [paper().travelling_wave(v).bias for v in (30.0, 50.0)]
    assert paper().mean_dissipation(30.0, approximation="constant-velocity") == paper().mean_dissipation(30.0)


def test_no_interaction_no_dissipation():
    assert paper(0.0).travelling_wave(30.0).bias == 0.0


@pytest.mark.parametrize(
    "system, speed, reason",
    [
        (paper(), 0.0, "must not be 0"),
        (paper(), 19.997441872932008, "it is a resonance"),
        (System(PAPER, Gaussian(40.0, 4.0), 0.05), 8.0, "^speed 8 has no steady drift .*barrier 40"),
        (System(PAPER, Gaussian(40.0, 4.0), 0.05), -8.0, "^speed -8, the mirror image of 8: .*barrier 40"),
        (System(PAPER, Gaussian(40.0, 4.0), 0.05), -0.5, "^speed -0.5, the mirror image of 0.5: "),
        (System(PAPER, SquareWell(2.0, 4.0)), 30.0, "SquareWell has no finite slope"),
        (System(PAPER, Exponential(2.0, 4.0)), 30.0, "Exponential has a cusp"),
        (System(PAPER, Lorentzian(2.0, 4.0)), 30.0, "Lorentzian acts .* widths far.*or simulate"),
        (System(PAPER, Matern(2.0, 4.0, order=1)), 30.0, "give a larger tolerance"),
    ],
)
def test_refused_with_the_reason(system, speed, reason):
    with pytest.raises(ValueError, match=reason):
        system.travelling_wave(speed)


@pytest.mark.parametrize(
    "interaction, reason", [(Exponential(2.0, 4.0), "a cusp"), (Lorentzian(2.0, 4.0), "widths far")]
)
def test_branches_are_refused_with_the_reason_too(interaction, reason):
    system = System(PAPER, interaction, bias=0.01)
    for asked in (system.drag_curve, lambda a, b: system.drift_velocities(a, b, approximation="travelling-wave")):
        with pytest.raises(NoSteadyDrift, match=reason):
            asked(48.0, 70.0)


def test_refusal_is_of_its_own_kind():
    assert issubclass(NoSteadyDrift, ValueError)


# A second road: the particle driven by that bias, until the steady state is reached


def smooth_mean(time, value, begin):
    """Mean from ``begin`` to the end with a weight that vanishes smoothly at both, so that oscillations cancel."""
    chosen = time >= begin
    u = 2.0 * (time[chosen] - begin) / (time[-1] - begin) - 1.0
    weight = np.exp(-1.0 / np.maximum(1.0 - u * u, 1e-3))
    return float(np.sum(weight * value[chosen]) / np.sum(weight))


def speed_midway(wave):
    """Speed of the particle midway between masses, where a run can start with masses that are little displaced."""
    times, h = np.array([0.5 - 1e-5, 0.5 + 1e-5]), 2e-5 * wave.transit_time
    return wave.speed + float(np.diff(wave.equations.modulation(wave.pulse, times))[0]) / h


# Faster than sound, so that no phonon keeps up with the particle and deviations fall exponentially. Eq. 10 is 20 % off.
@pytest.mark.parametrize(
    "chain, interaction, mass, speed, duration",
    [
        (Chain(1.15, 14.4), Gaussian(0.63, 2.6), 1.35, 9.6, 1689.0),
        (Chain(1.24, 7.7), Gaussian(-0.21, 2.2), 1.46, 6.8, 595.0),
        (Chain(1.21, 13.0), Gaussian(0.51, 3.0), 0.93, 11.0, 314.0),
    ],
)
def test_a_long_simulation_with_that_bias_has_that_speed(chain, interaction, mass, speed, duration):
    wave = System(chain, interaction, mass).travelling_wave(speed)
    assert wave.stable
    system = System(chain, interaction, mass, wave.bias)
    run = system.simulate(position=0.5 * chain.spacing, speed=speed_midway(wave), duration=duration)
    mean = smooth_mean(run.time, run.velocity, 0.5 * duration)
    assert mean == pytest.approx(speed, rel=1e-8)  # measured 2e-10 and less
    # The modulation of the speed, too, where the particle is between two masses.
    t = np.linspace(-0.5, 0.5, 4001)
    modulation = wave.equations.modulation(wave.pulse, t)
    place = t + modulation / chain.spacing
    velocity = speed + np.gradient(modulation, t * wave.transit_time)
    last = run.time > duration - 3.0 * wave.transit_time
    phase = run.position[last] / chain.spacing
    expected = np.interp(phase - np.rint(phase), place, velocity, period=1.0)
    # The table's second difference, (pi/4000)^2 of the modulation, which is a tenth of the speed.
    assert run.velocity[last] == pytest.approx(expected, rel=2e-6)


# Stability


@pytest.fixture(scope="module")
def wobbling():
    """A drift with a weakly growing oscillation: no real rate is positive, the slope of the curve would say stable."""
    return System(Chain(3.03, 20.25), Gaussian(-9.88, 3.14), mass=1.43).travelling_wave(37.44)


def test_determinant_at_its_limits(wobbling):
    perturbation, transit = wobbling._perturbation, wobbling.transit_time
    assert perturbation.value(4e3 / transit) == pytest.approx(1.0, abs=5e-6)  # it comes like 1/nu^2; measured 1.6e-6
    rate = (0.3 + 0.7j) / transit
    value = perturbation.value(rate)
    # The highest frequency of the grid has no mirror image, and the last harmonic does not know that a shift by
    # 2 pi i/T is a change of notation; measured 7e-9 and 4e-6.
    assert perturbation.value(rate.conjugate()).conjugate() == pytest.approx(value, rel=1e-7)
    assert perturbation.value(rate + 2j * math.pi / transit) == pytest.approx(value, rel=2e-5)


def test_slow_mode_follows_the_slope_of_the_curve():
    """nu = -4 pi^2 (d bias/dv)/(mu spacing) for a slow change of the speed."""
    wave = paper().travelling_wave(159.508097)
    above, below = (paper().travelling_wave(159.508097 + dv).bias for dv in (1e-3, -1e-3))
    rule = -4.0 * math.pi**2 * (above - below) / 2e-3 / 40.0
    assert wave.stable
    assert wave.growth_rates.size == 1
    # The next order, (nu T)^2 = 2e-7 of nu, and an inertia of the waves that follow, second order in the interaction.
    assert wave.growth_rates[0] == pytest.approx(rule, rel=1e-4)
    unstable = paper().travelling_wave(66.0)
    assert not unstable.stable
    assert unstable.growth_rates[0].real > 0.0


def oscillation(deviations, center, half_width, frequency):
    """Amplitude of the oscillation with this frequency (per transit) around one transit."""
    k = np.arange(center - half_width, center + half_width + 1)
    weight = np.exp(-1.0 / (1.0 - ((k - center) / (half_width + 1.0)) ** 2))
    values = deviations[k] - np.sum(weight * deviations[k]) / np.sum(weight)
    return abs(np.sum(weight * values * np.exp(-1j * frequency * k))) / np.sum(weight)


def test_oscillating_instability_against_a_simulation(wobbling):
    """An instability that no slope of the bias shows: period 5.7 transits, growth 0.7 % per transit."""
    assert not wobbling.stable
    fast, conjugate, slow = wobbling.growth_rates * wobbling.transit_time
    assert fast == conjugate.conjugate()
    assert slow.real < 0.0
    system = System(wobbling.system.chain, wobbling.system.interaction, 1.43, wobbling.bias)
    run = system.simulate(position=0.5 * 20.25, speed=speed_midway(wobbling), duration=75.0)
    transits = np.diff(run.passes["time"]) / wobbling.transit_time
    frequencies = np.linspace(0.9, 1.3, 401)
    spectrum = [oscillation(transits, 85, 40, frequency) for frequency in frequencies]
    assert frequencies[np.argmax(spectrum)] == pytest.approx(fast.imag, rel=1e-2)  # measured 4e-3
    early, late = (oscillation(transits, center, 25, fast.imag) for center in (55, 105))
    # The amplitude, half a per cent of the transit time, shifts the rate: 7.2e-3 between these, 7.4e-3 later.
    assert math.log(late / early) / 50.0 == pytest.approx(fast.real, rel=0.1)


def test_a_stability_that_cannot_be_counted_is_unknown(wobbling, monkeypatch):
    """A planted zero of D on the contour itself, and one at a branch point, where D turns fast for another reason."""
    exact = Perturbation.logarithm

    def planted(place):
        def logarithm(self, rate):
            x = rate * self.transit_time
            return exact(self, rate) + cmath.log((x - place) * (x - place.conjugate()) / (x + 1.0) ** 2)

        monkeypatch.setattr(Perturbation, "logarithm", logarithm)
        return Perturbation(wobbling.equations, wobbling.pulse)

    with pytest.raises(ArithmeticError, match=r"is unknown: an oscillation with 1 rad"):
        _ = planted(1e-7 + 1e-12 + 1.0j).number_unstable
    # On either side, ten times as far as the finest arc, it is counted right.
    assert planted(1.1e-7 + 1.0j).number_unstable == 4
    assert planted(0.9e-7 + 1.0j).number_unstable == 2
    assert planted(-1e-9 + 1j * wobbling._perturbation.branch_points[0]).number_unstable == 2


def test_a_mode_close_to_the_contour_is_counted_and_found(monkeypatch):
    """It grows by 1.33e-7 per transit, 1.3e-5 from a branch point: its stability was called unknown."""
    system = System(Chain.from_springs(1.0, [3.0, -0.4], 20.0), Gaussian(1.5, 2.5), 0.8)
    wave = system.travelling_wave(19.645461148938168)
    assert not wave.stable
    fast, conjugate, slow = wave.growth_rates * wave.transit_time
    assert fast == conjugate.conjugate() and slow.real < 0.0
    # The determinant of another grid, beside its zero: a secant on the axis through it.
    old = wave.equations.grid
    grid = Grid(1.1 * old.half_width, math.ceil(1.6 * old.count), old.spacing)
    equations = WaveEquations(system, wave.equations.force, wave.speed, grid)
    other = Perturbation(equations, equations.solve(interpolated(wave.pulse, old, grid)))
    points = [complex(growth, fast.imag) for growth in (1e-8, 1e-6)]
    low, high = (other.value(one / wave.transit_time) for one in points)
    zero = points[0] - low * (points[1] - points[0]) / (high - low)
    assert zero.real == pytest.approx(fast.real, rel=0.1) and zero.imag == pytest.approx(fast.imag, abs=1e-8)
    monkeypatch.setattr(wave_stability, "NEGLIGIBLE", 2e-8)  # the contour five times as close, the arcs as coarse
    assert other.number_unstable == 2


def test_a_drift_of_unknown_stability_says_so(monkeypatch):
    def neutral(self):
        raise ArithmeticError("planted")

    monkeypatch.setattr(Perturbation, "number_unstable", property(neutral))
    curve = paper().drag_curve(30.0, 30.1)
    found = curve.solutions(curve.at_speed(30.05)[0])
    assert [one.kind for one in found] == ["unknown"]
    row = found.to_dataframe().iloc[0]
    assert row.kind == "unknown" and math.isnan(row.growth) and math.isnan(found[0].relaxation_time)
    with pytest.raises(ArithmeticError, match="planted"):
        _ = found[0].growth_rates
    assert [line.get_label() for line in found.plot().lines if "drift" in line.get_label()] == [
        "drift velocity, unknown"
    ]


def test_a_mode_that_grows_slower_than_any_run_shows_is_seen_by_the_slope():
    """Just below n = 1 the bias falls with the speed; what grows, the wave that keeps up, is very heavy."""
    resonance = next(r for r in paper().resonant_speeds(39.9, 40.1) if r.edge == "lower")
    distances = np.array([1.9e-6, 1.8e-6])
    slow, fast = (paper().travelling_wave(float(resonance.speed * (1.0 - d))) for d in distances)
    slope = (fast.bias - slow.bias) / (fast.speed - slow.speed)
    one = slow._perturbation
    assert slope < -1.0 and one.number_unstable == 0 and one.grows_slowly(slope)
    # The zero itself: what the bias gives too much per pass over the change of the energy stored in the wave.
    values = [one.value(rate / one.transit_time).real for rate in (1e-10, 1e-7)]
    assert values[0] < 0.0 < values[1]
    root = brentq(lambda rate: one.value(rate / one.transit_time).real, 1e-10, 1e-7, rtol=1e-3)
    stored = []
    for wave in (slow, fast):
        found = zeros(wave.equations.line, 0.03)
        nearest = np.argmin(np.abs(found.x - resonance.root - 1e-9j))
        x, residue = found.x[nearest], 2.0 * math.pi / abs(found.slope[nearest])
        amplitude = residue * abs(wave.equations.transform(wave.pulse, np.array([x]))[0])
        stored.append((wave.equations.line.slope * resonance.root * amplitude) ** 2 / (math.pi * x.imag))
    assert root == pytest.approx((slow.bias - fast.bias) / (stored[1] - stored[0]), rel=0.05)  # 2 % measured
    assert not one.grows_slowly(-slope)
    assert not slow.stable


@pytest.mark.parametrize(("speed", "growth"), [(300.0, 1e-8), (22.0, 2e-7)])
def test_a_particle_whose_loss_falls_is_unstable_however_heavy(speed, growth):
    """Its speed grows at the rate -4 pi^2 slope/(mass spacing); in a transit by less or more than what is counted."""
    light = System(PAPER, Gaussian(2.0, 4.0))
    slope = np.diff(light.mean_dissipation(speed + np.array([-0.001, 0.001])))[0] / 0.002
    mass = -4.0 * math.pi**2 * slope / PAPER.spacing * (PAPER.spacing / speed) / growth
    assert mass > 10.0
    wave = System(PAPER, light.interaction, mass=mass).travelling_wave(speed)
    assert wave.stable is False and wave.growth_rates.size == (growth > 1e-7)


def test_weak_instability_beside_a_branch_point():
    """A mode bound to a phonon that keeps up with the particle; its zero is within 1e-3 of the branch point."""
    wave = System(Chain(3.9, 14.2), Gaussian(5.9, 2.8), mass=1.4).travelling_wave(33.7)
    assert wave._perturbation.number_unstable == 2
    fast = wave.growth_rates[0] * wave.transit_time
    assert min(abs(fast.imag - point) for point in wave._perturbation.branch_points) < 2e-3
    system = System(wave.system.chain, wave.system.interaction, 1.4, wave.bias)
    run = system.simulate(position=0.5 * 14.2, speed=speed_midway(wave), duration=850.0)
    transits = np.diff(run.passes["time"]) / wave.transit_time
    early, late = (oscillation(transits, center, 250, fast.imag) for center in (700, 1700))
    # What was emitted at the start still falls like a power of time; 1.0e-4 to 1.5e-4 in other windows.
    assert math.log(late / early) / 1000.0 == pytest.approx(fast.real, rel=0.4)


# The drag curve at a resonance


@pytest.fixture(scope="module")
def near_resonance():
    """The bias against the speed through the resonance n = 2 with the lower edge of the band."""
    return paper().drag_curve(19.99, 20.005)


def test_a_branch_passes_the_resonance(near_resonance):
    (through,) = [branch for branch in near_resonance.branches if branch.resonance is not None]
    assert through.end == "left the resonance"
    speeds = [point.speed for point in through.points]
    assert speeds[0] < through.resonance.speed < speeds[-1]
    (at,) = [point for point in through.points if point.distance == 0.0]
    assert at.speed == pytest.approx(through.resonance.speed, rel=1e-15)
    # Another grid, window and code for the continuation gave 0.012255 and 6.0677 from both sides.
    assert at.bias == pytest.approx(0.012255, abs=2e-6)
    assert at.wave_amplitude == pytest.approx(6.0677, abs=1e-4)
    # The pulse has no component that would feed the wave in step with the particle.
    pulse = at.equations.pulse(at.unknowns)
    feeding = at.equations.transform(pulse, np.array([through.resonance.root]))
    assert abs(feeding[0]) < 1e-12 * np.abs(pulse).max()
    # The peak, between two points of the curve; it is flat there.
    assert max(point.bias for point in through.points) == pytest.approx(3.3917, abs=5e-4)


def test_branch_and_single_speeds_agree(near_resonance):
    """Without the resonant wave as an unknown: the Green's function of one speed, with its large residue."""
    through = next(branch for branch in near_resonance.branches if branch.resonance is not None)
    for point in through.points[3:-3:9]:
        if abs(point.distance) > 3e-4:
            wave = paper().travelling_wave(point.speed)
            # The speed is rounded: 1e-16 v/(v - v_r), at least 1e-12.
            assert wave.bias == pytest.approx(point.bias, rel=1e-9)


def test_energy_is_balanced_along_the_branch(near_resonance):
    """What all phonons carry off, the two that coalesce included, against the balance of momentum."""
    through = next(branch for branch in near_resonance.branches if branch.resonance is not None)
    x_r = through.resonance.root
    for point in through.points[::4]:
        if abs(point.distance) < 1e-6:
            continue
        equations, amplitude = point.equations, 0.5 * point.wave_amplitude
        phonons = equations.phonons(equations.pulse(point.unknowns))
        # The zeros are found again from the rounded speed: 1e-16 of c^2 x^2 = 1 moves Lambda'' p^2/2, Lambda'' = 2,000.
        rounding = 1e-8 + 4e-19 / point.distance**2
        assert np.sum(phonons.energy) == pytest.approx(point.bias, rel=rounding)
        if point.distance > 0.0:
            (ahead,) = np.flatnonzero(np.abs(phonons.wave_number - x_r - point.distance) < 1e-9)
            x = phonons.wave_number[ahead]
            carried = x * equations.line.derivative(x) * amplitude**2
            assert phonons.energy[ahead] == pytest.approx(carried, rel=rounding)


def test_locked_drift(near_resonance):
    """The paper's bias holds the particle at n = 2, on the slow side of the resonance."""
    (drift,) = near_resonance.solutions(0.01)
    assert drift.kind == "locked"
    assert drift.resonance.n == 2
    assert drift.error < 1e-10
    assert drift.speed == pytest.approx(19.9973521453, abs=1e-9)
    assert paper().travelling_wave(drift.speed).bias == pytest.approx(0.01, rel=1e-7)  # d bias/dv = 12
    (other,) = near_resonance.solutions(0.01001)
    assert 0.5 * (drift.slope + other.slope) == pytest.approx(1e-5 / (other.speed - drift.speed), rel=1e-3)


def test_solutions_that_share_a_speed_are_told_apart(near_resonance):
    """Beside a resonance the bias changes by per cents where the speed does by 1e-10."""
    (one,), (other,) = (near_resonance.solutions(bias) for bias in (0.0123, 0.0125))
    assert abs(one.speed - other.speed) < 1e-9 * one.speed
    assert not one.same_as(other)
    twice = drag_curve.DragCurve(near_resonance.branches * 2, near_resonance.system)
    assert [found.same_as(one) for found in twice.solutions(0.0123)] == [True]


def test_data_and_several_solutions_at_one_speed(near_resonance):
    data = near_resonance.data
    assert set(data) == {"speed", "bias", "branch", "edge", "n", "distance", "wave_amplitude"}
    assert data.bias.size == sum(len(branch.points) for branch in near_resonance.branches)
    (bias,) = near_resonance.at_speed(20.003)
    assert bias == pytest.approx(paper().travelling_wave(20.003).bias, rel=1e-9)


def test_drift_velocity_at_the_upper_edge():
    """Where runs go that start nearby: 159.51066 after tau = 4,000, and that is still approached."""
    (drift,) = paper(-2.0, bias=0.01).drift_velocities(159.5, 159.52, approximation="travelling-wave")
    assert drift.kind == "stable"
    assert drift.speed == pytest.approx(159.510573, abs=1e-6)
    assert drift.relaxation_time == pytest.approx(520.2, rel=1e-3)  # 1.9224e-3 by the slope of the curve


@pytest.mark.parametrize(
    "speed, bias, first, last",
    [
        (19.99736667713208, 0.0048, 0, 0),
        (19.99738756969927, 0.0058, 42, 66),
        (9.999560192142873, 0.001351174756, 6, 12),  # n = 4: at all biases
    ],
)
def test_a_flip_unlocks_the_attractive_particle(speed, bias, first, last):
    """Beside n = 2: a deviation that changes its sign from pass to pass grows above the bias of 0.0053 to 0.0058."""
    stable = not last
    wave = paper(-2.0).travelling_wave(speed)
    assert wave.bias == pytest.approx(bias, rel=1e-6)
    assert wave.stable == stable
    driven = paper(-2.0, bias=wave.bias)
    run = driven.simulate(duration=150.0, **start_on_wave(wave.equations, wave.pulse, 150.0))
    deviation = np.abs(np.diff(run.crossings["time"]) / wave.transit_time - 1.0)
    if stable:
        assert deviation.max() < 1e-10  # measured 1e-13: rounding
    else:
        flip = wave.growth_rates[0] * wave.transit_time
        assert flip.imag == pytest.approx(math.pi, abs=1e-9)
        # From rounding on; the rest of other modes, and 1e-7 itself at the end, are small against 1 per cent.
        grown = math.log(deviation[last] / deviation[first]) / (last - first)
        assert grown == pytest.approx(flip.real, rel=0.01)


def test_stability_is_lost_at_the_largest_bias_and_not_where_the_speed_folds(monkeypatch):
    """Above n = 2 at amplitude -2 the branch folds back in the speed, still stable, before its bias is largest."""
    monkeypatch.setattr(continuation, "MOST_POINTS", 59)  # a little beyond the peak
    system = paper(-2.0)
    resonance = next(r for r in system.resonant_speeds(19.9, 20.1) if r.edge == "lower")
    force = Force.of(system)
    family = ByDistance(system, force, grid_of(system, force), resonance)
    weak = WaveEquations(system, force, family.speed_beside(NEAR, above=False), family.grid).from_weak_coupling()
    points = through_resonance(family, -NEAR, np.append(weak, [0.0, 0.0]), NEAR).points
    fold, peak = (int(np.argmax([getattr(one, name) for one in points])) for name in ("speed", "bias"))
    assert fold + 2 < peak < len(points) - 2
    for before, at, after in zip(points[fold:], points[fold + 1 :], points[fold + 2 :], strict=False):
        if at is points[peak]:
            continue
        slope = (after.bias - before.bias) / (after.speed - before.speed)
        rising = after.bias > before.bias
        assert rising == (slope < 0.0)  # the speed falls all the way
        one = Perturbation(at.equations, at.unknowns)
        assert (one.value(1e-8 / one.transit_time).real > 0.0) == rising
        assert not one.grows_slowly(slope)  # beyond the peak what grows is fast enough to be counted
    one = Perturbation(points[peak - 2].equations, points[peak - 2].unknowns)
    assert one.kind(-1.0) == "stable"


@functools.cache
def beside_n_4(grid_factor=1.0):
    """The attracted particle below n = 4, where the masses swing by almost two widths, on a grid of any fineness."""
    system = paper(-2.0)
    resonance = next(r for r in system.resonant_speeds(9.9, 10.05) if r.edge == "lower" and r.n == 4)
    force = Force.of(system)
    first = grid_of(system, force)
    grid = Grid(first.half_width, math.ceil(grid_factor * first.count), first.spacing)
    family = ByDistance(system, force, grid, resonance)
    weak = WaveEquations(system, force, family.speed_beside(1.5e-3, above=False), grid).from_weak_coupling()
    points = [solution(family, -1.5e-3, np.append(weak, [0.0, 0.0]))]
    while points[-1].distance < -6e-5:
        points.append(solution(family, 0.6 * points[-1].distance, points[-1].unknowns))
    return family, points


def test_a_solution_of_a_drag_curve_is_sharp_however_coarse_the_curve():
    """The curve's own grid has 5 points in a width: its bias is off by 3e-7 there, a neutral shift in time by 1e-4."""
    family, points = beside_n_4()
    _, fine = beside_n_4(2.8)
    curve = drag_curve.DragCurve([Branch(points, "", family.resonance)], family.system)
    middle = solution(dataclasses.replace(family, grid=fine[-1].equations.grid), -5e-5, fine[-1].unknowns)
    (drift,) = curve.solutions(middle.bias)
    # 6.5 points in a width give that too, but a stability judged on 5 is that of another spectrum: 5e-4 at its end.
    assert drift.point.distance == pytest.approx(middle.distance, rel=1e-10)
    assert drift.speed == pytest.approx(middle.speed, rel=1e-14)
    examined = drift.perturbation
    assert highest_frequencies(examined.equations.pulse(examined.pulse)) < 1e-8
    wave = family.system.travelling_wave(drift.speed)
    assert wave.bias == pytest.approx(middle.bias, rel=1e-8)  # of the rounded speed: 1e-16 v/(v_r - v)
    assert wave.stable == (drift.kind != "unstable")


def test_branches_go_on_on_a_grid_that_resolves_them():
    family, points = beside_n_4()
    curve = Continuation(family, points[-2].distance, points[-2].unknowns)
    curve.along_parameter(0.1 * abs(points[-2].distance))
    here = curve.advance()
    assert here.equations.grid.count > points[-2].equations.grid.count
    assert highest_frequencies(here.equations.pulse(here.unknowns)) < continuation.RESOLVED
    _, fine = beside_n_4(2.8)
    there = solution(dataclasses.replace(family, grid=fine[-1].equations.grid), here.distance, fine[-2].unknowns)
    # The error is about the square of the spectrum; on the first grid it is 1e-7.
    assert here.bias == pytest.approx(there.bias, rel=10.0 * continuation.RESOLVED**2)


def test_a_tolerance_that_doubles_do_not_resolve_is_refused_at_once():
    with pytest.raises(ValueError, match="tolerance must be at least 1e-14, what doubles resolve, got 1e-300"):
        paper().travelling_wave(30.0, tolerance=1e-300)
    assert paper().travelling_wave(30.0, tolerance=1e-14).bias == pytest.approx(0.01493705, rel=1e-6)


STRONG = System(Chain(3.0, 10.0), Gaussian(4.0, 1.5), bias=0.5)


@pytest.fixture(scope="module")
def strong_curve():
    """Beside the resonance at 20.5379001, where the branch of weak coupling and a loop share speeds."""
    return STRONG.drag_curve(20.45, 20.65)


def test_the_branch_through_a_resonance_of_a_strong_system(strong_curve):
    """Begun without the resonant wave, Newton's method found nothing: no solution from 20.525 to 20.551, in silence.

    From 20.5247 to 20.546 there is a loop too, with the solutions of ``travelling_wave`` below the resonance.
    """
    for speed, count in ((20.53, 3), (20.536, 3), (20.5378, 3), (20.538, 3), (20.539, 3), (20.55, 1)):
        biases = strong_curve.at_speed(speed)
        single = STRONG.travelling_wave(speed).bias
        assert len(biases) == count
        assert min(abs(bias / single - 1.0) for bias in biases) < 1e-10  # 4e-12 measured; by rounding of the speed
    # Before the loop was known there was the first one alone.
    drifts = strong_curve.solutions(0.5)
    speeds = [20.53779498949931, 20.537866397277, 20.537895451261]
    assert [drift.speed for drift in drifts] == pytest.approx(speeds, rel=1e-12, abs=0)
    for drift in drifts:  # in a run, particle and chain begin with the wave
        driven = dataclasses.replace(STRONG, bias=0.5)
        run = driven.simulate(duration=1.5, **start_on_wave(drift.point.equations, drift.point.unknowns, 1.5))
        deviation = np.abs(np.diff(run.crossings["time"]) * drift.speed / 10.0 - 1.0)
        assert deviation.max() < 1e-6  # 1.3e-7 measured, where the speed is known to 1e-16 v/(v_r - v) of the wave


def test_a_loop_beside_a_resonance_is_closed_and_balanced(strong_curve):
    """Two solutions at the resonance itself, in which the pulse drives nothing, and energy is balanced all along."""
    (loop,) = [branch for branch in strong_curve.branches if branch.end == continuation.CLOSED]
    assert loop.points[0].speed == loop.points[-1].speed and loop.points[0].bias == loop.points[-1].bias
    at = [point for point in loop.points if point.distance == 0.0]
    assert [point.wave_amplitude for point in at] == pytest.approx([4.3384, 2.2640], abs=1e-4)
    for point in at:
        pulse = point.equations.pulse(point.unknowns)
        feeding = point.equations.transform(pulse, np.array([loop.resonance.root]))
        assert abs(feeding[0]) < 1e-12 * np.abs(pulse).max()
    for point in loop.points[1:-1:7]:
        if abs(point.distance) > 1e-4:
            phonons = point.equations.phonons(point.equations.pulse(point.unknowns))
            # As in test_energy_is_balanced_along_the_branch.
            assert np.sum(phonons.energy) == pytest.approx(point.bias, rel=1e-8 + 4e-19 / point.distance**2)
    for point in loop.points[1:-1:23]:  # on another grid, the wave not among the unknowns
        if abs(point.distance) > 1e-3:
            old = point.equations.grid
            grid = Grid(1.1 * old.half_width, math.ceil(1.7 * old.count), old.spacing)
            fine = WaveEquations(STRONG, point.equations.force, point.speed, grid)
            pulse = fine.solve(interpolated(point.equations.pulse(point.unknowns), old, grid))
            assert fine.bias(pulse) == pytest.approx(point.bias, rel=1e-8, abs=0)


def test_a_loop_of_the_papers_system_is_found_from_the_resonance(near_resonance):
    """At 19.997464811 the branch of weak coupling has the bias 3.00, and a loop that folds close by has 3.378."""
    (through,) = [branch for branch in near_resonance.branches if branch.resonance is not None]
    first, last = through.points[0], through.points[-1]
    family = ByDistance(paper(), first.equations.force, grid_of(paper(), first.equations.force), through.resonance)
    nearest = min(abs(first.distance), abs(last.distance))
    assert drag_curve._others(family, [through], nearest, nearest, loops=False) == []
    (loop,) = drag_curve._others(family, [through], nearest, nearest, loops=True)
    assert loop.end == continuation.CLOSED
    # Newton's method for all unknowns, on another grid from waves of one phase, found the loop's first wave at v_r.
    amplitudes = {round(point.wave_amplitude, 2): point.bias for point in loop.points if point.distance == 0.0}
    assert amplitudes == pytest.approx({5.55: 0.0200, 12.09: 0.02456}, rel=1e-3)
    # The fold, and a solution near it, as travelling waves of other code had them: 19.9974684 and 3.3780541679.
    assert max(point.speed for point in loop.points) == pytest.approx(19.9974684, abs=1e-7)
    both = drag_curve.DragCurve([through, loop], paper())
    biases = both.at_speed(19.997464811007124)
    assert biases[1:] == pytest.approx([3.001980648, 3.378054168], rel=1e-8)
    assert biases[1] == pytest.approx(paper().travelling_wave(19.997464811007124).bias, rel=1e-8)
    # The third one, with a larger wave, from the loop's way back.
    assert biases[0] == pytest.approx(2.98085, rel=1e-5)


def test_a_branch_through_a_resonance_that_is_not_found_is_told(monkeypatch):
    given = drag_curve.through_resonance
    monkeypatch.setattr(drag_curve, "through_resonance", lambda *g: dataclasses.replace(given(*g), points=[]))
    monkeypatch.setattr(drag_curve, "_others", lambda *g, **more: [])
    with pytest.warns(RuntimeWarning, match=r"left out: the branch .* at 20\.5379001 .* are missing"):
        STRONG.drag_curve(20.45, 20.65)


def test_a_landing_that_is_refused_leaves_the_continuation_as_it_was(near_resonance, monkeypatch):
    """Otherwise its secant, which points elsewhere, is followed: in the paper's system branches ended beside v_r."""
    through = next(branch for branch in near_resonance.branches if branch.resonance is not None)
    family = ByDistance(paper(), through.points[0].equations.force, through.points[0].equations.grid, through.resonance)
    near = min((one for one in through.points if one.distance > 0.0), key=lambda one: one.distance)
    curve = Continuation(family, near.distance, near.unknowns)
    curve.along_parameter(-1e-3 * near.distance)
    before = curve.parameter, curve.unknowns.copy(), curve.tangent.copy()
    monkeypatch.setattr("chaintheory.drift.continuation.LANDING", 0.0)
    assert curve.land() is None
    for one, other in zip(before, (curve.parameter, curve.unknowns, curve.tangent), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_branch_whose_second_solution_is_not_found_ends_with_the_first(near_resonance, monkeypatch):
    """It has no direction to go on; this was an AssertionError."""
    through = next(branch for branch in near_resonance.branches if branch.resonance is not None)
    first = through.points[0]
    family = ByDistance(paper(), first.equations.force, first.equations.grid, through.resonance)
    monkeypatch.setattr(Continuation, "along_parameter", lambda self, change: None)
    branch = through_resonance(family, first.distance, first.unknowns, NEAR)
    assert branch.end == NO_FURTHER and [point.distance for point in branch.points] == [first.distance]


def test_a_branch_is_followed_through_its_resonance_so_often_only(near_resonance, monkeypatch):
    through = next(branch for branch in near_resonance.branches if branch.resonance is not None)
    first = through.points[0]
    family = ByDistance(paper(), first.equations.force, first.equations.grid, through.resonance)
    monkeypatch.setattr("chaintheory.drift.continuation.MOST_PASSAGES", 0)
    branch = through_resonance(family, first.distance, first.unknowns, NEAR)
    assert branch.end == "followed through the resonance 0 times" and branch.points[-1].distance == 0.0


def test_a_drift_that_a_finer_grid_does_not_confirm_is_left_out_with_a_warning(monkeypatch):
    """Only that one: the other of the two speeds with this bias stays."""
    curve = paper(2.0).drag_curve(30.0, 30.1)
    bias = curve.at_speed(30.05)[0]
    twice = drag_curve.DragCurve(curve.branches * 2, curve.system)
    given = drag_curve._with_bias
    calls = []

    def failing(*arguments):
        calls.append(arguments)
        if len(calls) == 2:  # the finer grid of the first
            raise NoSteadyDrift("planted")
        return given(*arguments)

    monkeypatch.setattr(drag_curve, "_with_bias", failing)
    with pytest.warns(RuntimeWarning, match="left out: planted"):
        (kept,) = twice.solutions(bias)
    assert kept.speed == pytest.approx(30.05, rel=1e-9, abs=0)


def test_another_solution_on_the_finer_grid_is_left_out_with_a_warning(monkeypatch):
    curve = paper(2.0).drag_curve(30.0, 30.1)
    bias = curve.at_speed(30.05)[0]
    given = drag_curve._with_bias
    grids = []

    def jumping(family, *arguments):
        parameter, unknowns, change = given(family, *arguments)
        grids.append(family.grid.count)
        return parameter, (1.2 if family.grid.count > grids[0] else 1.0) * unknowns, change

    monkeypatch.setattr(drag_curve, "_with_bias", jumping)
    with pytest.warns(RuntimeWarning, match="another solution near speed 30.05"):
        assert not curve.solutions(bias)
