"""A chain at a temperature: theory against direct integrals, samples, a plain ring of masses, and laws."""

import math
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import special, stats

import chaintheory as ct
from chaintheory.comparison.faulty_runs import forgetful
from chaintheory.comparison.with_published_thermal import compare_drifts, compare_row, read_drifts, read_losses
from chaintheory.dissipation.loss_distribution import _on_grid
from chaintheory.dissipation.validity import ValidityWarning
from chaintheory.lattice.thermal_field import ThermalField, ring_modes
from chaintheory.simulation.run import Interrupted
from chaintheory.simulation.settings import checked_run
from chaintheory.simulation.single_passes import _with_step, prepared
from chaintheory_ext.single_passes import normal, philox

CHAIN = ct.Chain(10.0, 40.0)
PAPER = ct.System(CHAIN, ct.Gaussian(2.0, 4.0))


def modes(chain=CHAIN, count=4096):
    """Frequencies at the middles of equal parts of the band."""
    return chain.frequency((np.arange(count) + 0.5) * (0.5 * math.pi / count))


def taken(system, omega, v):
    """Energy that modes at rest take in a pass, Eq. 6, typed again."""
    return 8.0 * math.pi**4 * omega**2 * system.interaction.transform(2.0 * math.pi * omega / v) ** 2 / v**4


def test_deviations_worked_out_elsewhere():
    speeds = [20.0, 30.0, 50.0, 80.0]
    cold, hot = np.sqrt(PAPER.loss_variance(speeds, 0.0)), np.sqrt(PAPER.loss_variance(speeds, 25.0))
    assert cold == pytest.approx([0.16935, 0.18058, 0.17241, 0.17317], abs=5e-6)  # half a unit of the last digit
    assert hot == pytest.approx([1.09657, 1.05789, 0.81933, 0.64331], abs=5e-6)


@pytest.mark.parametrize("interaction", [ct.Gaussian(2.0, 4.0), ct.Exponential(-1.0, 2.0), ct.SquareWell(1.0, 3.0)])
def test_variance_is_the_plain_mean_over_modes(interaction):
    system, omega = ct.System(CHAIN, interaction), modes()
    for v, heat in ((25.0, 0.3), (60.0, 5.0)):
        plain = np.mean(taken(system, omega, v) * omega / np.tanh(omega / (2.0 * heat)))
        assert system.loss_variance(v, heat) == pytest.approx(plain, rel=1e-12)
        # fluctuation-dissipation: the classical one is 2 T times the loss in a cold chain
        cold = system.single_pass_dissipation(v, method="quadrature")
        assert system.loss_variance(v, heat, "classical") == pytest.approx(2.0 * heat * cold, rel=1e-12)


def test_variance_has_its_limits():
    # T to 0, where the cotangent is 1 + 2 exp(-1/T); the first quantum correction <s omega^2>/(6 T) at high T, whose
    # successor is below (omega/T)^2/60 of it.
    assert PAPER.loss_variance(40.0, 0.02) == pytest.approx(PAPER.loss_variance(40.0, 0.0), rel=1e-13)
    heat, omega = 200.0, modes()
    excess = PAPER.loss_variance(40.0, heat) - PAPER.loss_variance(40.0, heat, "classical")
    assert excess == pytest.approx(np.mean(taken(PAPER, omega, 40.0) * omega**2) / (6.0 * heat), rel=1e-3)
    assert PAPER.loss_variance(40.0, 0.0, "classical") == 0.0
    assert PAPER.loss_variance(0.0, 5.0) == 0.0


@pytest.mark.parametrize(
    "interaction",
    [ct.Gaussian(2.0, 4.0), ct.Lorentzian(2.0, 3.0), ct.Matern(2.0, 4.0, order=1), ct.SquareWell(1.0, 3.0)],
)
@pytest.mark.parametrize("sampling", ["quantum", "classical"])
def test_recoil_is_the_derivative_of_the_variance(interaction, sampling):
    system, v, heat, step = ct.System(CHAIN, interaction, mass=0.7), 45.0, 3.0, 1e-4
    energies = system.kinetic_energy(v * (1.0 + step * np.array([-1.0, 1.0])))
    variances = system.loss_variance(v * (1.0 + step * np.array([-1.0, 1.0])), heat, sampling)
    slope = np.diff(variances)[0] / np.diff(energies)[0]
    recoil = system.single_pass_dissipation(v, temperature=heat, sampling=sampling) - system.single_pass_dissipation(v)
    assert recoil == pytest.approx(-0.5 * slope, rel=1e-6)  # the difference is of second order in the step


def squared_transforms():
    """Interactions with their transforms in mpmath."""
    w = mpmath.mpf(3)
    return [
        (ct.Sech2(1.0, 3.0), lambda k: mpmath.pi * w * w * k / mpmath.sinh(mpmath.pi * k * w / 2)),
        (ct.SoftenedCoulomb(1.0, 3.0), lambda k: 2 * w * mpmath.besselk(0, k * w)),
        (ct.SquareWell(1.0, 3.0), lambda k: 2 * mpmath.sin(k * w) / k),
        (ct.Exponential(1.0, 3.0), lambda k: 2 * w / (1 + (k * w) ** 2)),
        (
            ct.GaussianMixture([1.0, -0.1], [3.0, 30.0]),
            lambda k: (
                mpmath.sqrt(2 * mpmath.pi) * w * (mpmath.exp(-((k * w) ** 2) / 2) - mpmath.exp(-50 * (k * w) ** 2))
            ),
        ),
    ]


@pytest.mark.parametrize(("interaction", "transform"), squared_transforms(), ids=lambda one: type(one).__name__)
def test_mean_loss_of_a_hot_chain_in_thirty_digits(interaction, transform):
    """Each mode's loss differentiated in the speed by mpmath: the square well was 3e-11 off, a cusp without bound."""
    omega_fast, mass, heat = 5.0, 0.02, 3.0
    system = ct.System(ct.Chain(omega_fast, 40.0), interaction, mass=mass)
    speeds = [0.03, 0.5, 20.0] if isinstance(interaction, ct.Exponential) else [6.5, 25.0]
    with mpmath.workdps(30):
        for v in speeds:
            loss = recoil = mpmath.mpf(0)
            count = 160  # twice as many change the 16th digit
            for j in range(count):
                angle = mpmath.pi * (j + mpmath.mpf(1) / 2) / (2 * count)
                omega = mpmath.sqrt(1 + (omega_fast**2 - 1) * mpmath.sin(angle) ** 2)

                def taken(u, omega=omega):
                    return 8 * mpmath.pi**4 * omega**2 / u**4 * transform(2 * mpmath.pi * omega / u) ** 2

                h = v * mpmath.mpf(10) ** -9
                slope = (taken(v + h) - taken(v - h)) / (2 * h)
                loss += taken(mpmath.mpf(v)) / count
                recoil -= heat * slope * 4 * mpmath.pi**2 / (mass * v) / count
            found = system.single_pass_dissipation(v, temperature=heat, sampling="classical")
            # Measured 3e-14 at most; a step of another size than the transform's own left 1e-12.
            assert abs(found - float(loss + recoil)) < 3e-13 * float(abs(loss) + abs(recoil))


def test_the_mean_loss_of_a_cusp_has_a_limit_at_vanishing_speed():
    """<2 s E 8 pi^2/(mu (2 pi omega width)^2)> beyond the loss: by the mean of omega^-4 in closed form."""
    system = ct.System(ct.Chain(10.0, 40.0), ct.Exponential(2.0, 4.0), mass=0.02)
    inverse = (100.0 + 1.0) / (2.0 * 10.0**3)  # band mean of 1/omega^4
    expected = 2.0 * 2.0**2 / 4.0**2 / 10.0 + 5.0 * 8.0 * 2.0**2 / (0.02 * 4.0**4) * inverse
    assert system.single_pass_dissipation(0.0, temperature=5.0, sampling="classical") == pytest.approx(
        expected, rel=1e-14
    )


def test_published_recoil_table():
    """Sampled elsewhere: 30,000 antithetic pairs, classical, T = 5, amplitude 0.3."""
    for v, mass, value in ((50.0, 0.1, 5.65e-4), (50.0, 0.2, 4.33e-4), (30.0, 0.3, 7.78e-4), (50.0, 1000.0, 3.02e-4)):
        system = ct.System(CHAIN, ct.Gaussian(0.3, 4.0), mass=mass)
        mean = system.single_pass_dissipation(v, temperature=5.0, sampling="classical")
        assert mean == pytest.approx(value, abs=1e-6)


def test_broadening_by_a_double_integral():
    """The force's correlation is integrated over wave number and time; without the integral over k done by hand."""
    v, heat = 30.0, 25.0
    k, dk = np.linspace(-3.0, 3.0, 1201, retstep=True)
    tau, dt = np.linspace(-3.0, 3.0, 3001, retstep=True)
    omega = modes(count=512)
    energy = 0.5 * omega / np.tanh(omega / (2.0 * heat))
    correlation = np.cos(2.0 * math.pi * np.outer(tau, omega)) @ (energy / omega**2) / omega.size
    spread = np.mean(energy / omega**2) - correlation
    weight = (k * PAPER.interaction.transform(k)) ** 2 * dk / (2.0 * math.pi)
    total = v * dt * sum(weight @ (np.cos(np.outer(k, v * t)) * np.exp(-np.outer(k**2, s))).sum(1) for t, s in
                         zip(np.array_split(tau, 30), np.array_split(spread, 30), strict=True))  # fmt: skip
    assert PAPER.loss_variance(v, heat, broadening=True) == pytest.approx(total, rel=1e-9)
    # A mixture of one is the Gaussian; a weak field broadens nothing.
    mixture = ct.System(CHAIN, ct.GaussianMixture([2.0], [4.0]))
    assert mixture.loss_variance(v, heat, broadening=True) == pytest.approx(total, rel=1e-9)
    narrow = ct.System(CHAIN, ct.Gaussian(2.0, 4000.0))
    assert narrow.loss_variance(30000.0, 0.0, broadening=True) == pytest.approx(
        narrow.loss_variance(30000.0, 0.0), rel=1e-6
    )


def test_distribution_of_losses():
    system = ct.System(CHAIN, ct.Gaussian(20.0, 4.0))
    cold = system.loss_distribution(120.0, 0.0)
    assert (cold.phonons, cold.probability_of_no_loss) == pytest.approx((0.137108, 0.871876), abs=5e-7)
    omega = modes()
    for heat in (0.0, 1.0, 25.0):
        losses = system.loss_distribution(120.0, heat)
        chance = losses.density(losses.points) * losses.resolution
        occupied = 1.0 / np.expm1(omega / heat) if heat else 0.0 * omega
        rate = taken(system, omega, 120.0) / omega
        # The characteristic function typed again, at arguments that the grid resolves (its error is (u h)^2).
        for u in (0.3, 1.7):
            turn = np.exp(1j * u * omega)
            exact = np.exp(np.mean(rate * ((occupied + 1.0) * (turn - 1.0) + occupied * (1.0 / turn - 1.0))))
            found = losses.probability_of_no_loss + np.sum(chance * np.exp(1j * u * losses.points))
            assert abs(found - exact) < 1e-5
        assert losses.cumulative(1e9) == pytest.approx(1.0, abs=1e-12)
        mean = np.sum(chance * losses.points)
        assert mean == pytest.approx(system.single_pass_dissipation(120.0), rel=1e-6)
        assert np.sum(chance * losses.points**2) - mean**2 == pytest.approx(losses.variance, rel=1e-6)
        if heat:
            x = losses.points[losses.points > 0.0][:4000]
            assert losses.density(-x) == pytest.approx(losses.density(x) * np.exp(-x / heat), rel=1e-9)


def cell_mean(system, heat):
    """Mean of exp(-U/T) over a cell, by the midpoint rule; U from midway, neighbour by neighbour."""
    x = (np.arange(4000) + 0.5) / 4000 * system.chain.spacing
    far = system.chain.spacing * np.arange(-20, 21)[:, None]
    energy = np.sum(system.interaction.potential(far - x), axis=0)
    midway = np.sum(system.interaction.potential(far - 0.5 * system.chain.spacing))
    return float(np.mean(np.exp(-(energy - midway) / heat)))


@pytest.mark.filterwarnings("ignore:the diffusion at temperature")
def test_diffusion_integral():
    heat, mass = 8.0, 2.0
    system = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), mass=mass)
    v = np.linspace(system.capture_speed, 300.0, 200001)
    unit = 2.0 * math.pi * math.sqrt(heat / mass)
    maxwell = 2.0 * np.exp(-0.5 * (v / unit) ** 2) / (unit * math.sqrt(2.0 * math.pi))
    exact = heat * 40.0 * np.trapezoid(maxwell * v / system.single_pass_dissipation(v), v)
    exact /= cell_mean(system, heat)
    assert system.diffusion(heat) == pytest.approx(exact, rel=1e-6)  # 2e-7 is the trapezoidal rule's, at the end
    # Below the smallest double where hardly a particle is above the capture speed.
    assert system.diffusion([0.0, 5e-324, 1e-300, 1e-3, heat])[:-1].tolist() == [0.0] * 4
    cold = 0.02
    v = system.capture_speed * (1.0 + np.linspace(0.0, 0.5, 200001))  # exp(-100) and a part of it
    unit = 2.0 * math.pi * math.sqrt(cold / mass)
    maxwell = 2.0 * np.exp(-0.5 * (v / unit) ** 2) / (unit * math.sqrt(2.0 * math.pi))
    exact = cold * 40.0 * np.trapezoid(maxwell * v / system.single_pass_dissipation(v), v) / cell_mean(system, cold)
    assert system.diffusion(cold) == pytest.approx(exact, rel=1e-6)
    with pytest.raises(ValueError, match="barrier"):
        ct.System(CHAIN, ct.Gaussian(-2.0, 4.0)).diffusion(heat)


def test_diffusion_is_named_uncertain_where_simulations_differ():
    """Runs of 448 particles have 137(11) where passes are correlated and strong, and 70 is found here."""
    strong = ct.System(ct.Chain(10.0, 4.0), ct.Gaussian(8.0, 1.0))
    v = strong.capture_speed + np.linspace(1e-4, 70.0, 3001)
    weight = v * np.exp(-strong.kinetic_energy(v) / 5.0)
    single, many = strong.single_pass_dissipation(v), strong.mean_dissipation(v)
    with pytest.warns(ValidityWarning, match="^the diffusion at temperature 5 is uncertain: a pass takes") as caught:
        found = strong.diffusion([0.0, 5.0])[1]
    line = str(caught[0].message)
    taken, steady, alone = (float(re.search(rf"{word} (\d[\d.]*)", line)[1]) for word in ("takes", "many it is", "not"))
    assert taken == pytest.approx(np.sum(weight) / np.sum(weight / single) / 5.0, rel=0.02)  # two digits
    assert steady == pytest.approx(found * np.sum(weight / many) / np.sum(weight / single), rel=0.01)
    assert alone == pytest.approx(found, rel=5e-3)
    # 224 runs over 60 t_slow with these: 611(145); a warning would be an error here.
    assert ct.System(ct.Chain(10.0, 12.0), ct.Gaussian(6.0, 2.0)).diffusion(5.0) == pytest.approx(737.25, rel=1e-4)


def test_streams_are_those_of_numpy():
    numbers = np.random.Philox(key=np.array([7, 123456789012], dtype=np.uint64)).random_raw(11)
    assert np.array_equal(philox(7, 123456789012, 11), numbers)
    drawn = np.sort(normal(3, 5, 20000))
    # Kolmogorov and Smirnov; a stream is fixed, so that this passes or fails for good.
    assert stats.kstest(drawn, "norm").pvalue > 0.01
    assert abs(np.mean(drawn[::-1] + drawn)) < 0.05


def test_field_has_the_energies_and_correlations():
    """Means over the ring and over seeds, whose deviation follows from the field's own correlations."""
    size, heat = 4096, 5.0
    lags, times = [0, 1, 3], [0.0, 0.07, 0.4]
    for sampling in ("quantum", "classical"):
        fields = [ThermalField.sampled(CHAIN, heat, sampling, seed, 0, size) for seed in range(16)]
        expected = CHAIN.thermal_correlation(lags, times, heat, sampling)
        # Sum of the squared correlations: masses in the ring that count as one.
        alike = CHAIN.thermal_correlation(np.arange(300), 0.0, heat, sampling)[:, 0] / expected[0, 0]
        error = expected[0, 0] * math.sqrt(2.0 * (2.0 * np.sum(alike**2) - 1.0) / (size * len(fields)))
        start = [one.window(0.0, 0, size)[0] for one in fields]
        for j, time in enumerate(times):
            later = [one.window(time, 0, size)[0] for one in fields]
            for i, lag in enumerate(lags):
                found = np.mean([np.mean(a * np.roll(b, -lag)) for a, b in zip(start, later, strict=True)])
                assert abs(found - expected[i, j]) < 4.0 * error
        momenta = np.mean([np.mean(one.window(0.0, 0, size)[1] ** 2) for one in fields])
        omega = modes()
        energy = np.mean(0.5 * omega / np.tanh(omega / (2.0 * heat))) if sampling == "quantum" else heat
        assert momenta == pytest.approx(energy, rel=5.0 * math.sqrt(2.0 / (size * len(fields))))
    # At one time the zero point has an elliptic integral; at two none is known to us.
    assert CHAIN.thermal_correlation(0, 0.0, 0.0)[0, 0] == pytest.approx(
        special.ellipk(0.99) / (10.0 * math.pi), rel=1e-13
    )
    assert CHAIN.thermal_correlation(0, 0.0, heat, "classical")[0, 0] == pytest.approx(heat / 10.0, rel=1e-14)


def ring_pass(passes, size, amplitudes, numbers):
    """Loss of one pass in a plain ring: u and p of every mass, moved by the exact flow, kicked at mass 0."""
    omega, _ = ring_modes(CHAIN, size)
    half = omega.size
    # The even field whose mass 0 has these amplitudes: the mode m is cos(2 pi m n/size) times its amplitude.
    wave = np.cos(2.0 * math.pi * np.outer(np.arange(size), np.arange(half)) / size)
    u, p = wave @ (amplitudes * numbers[:half]), wave @ (amplitudes * omega * numbers[half:])
    cosine, sine = np.cos(2.0 * math.pi * passes.time_step * omega), np.sin(2.0 * math.pi * passes.time_step * omega)
    position, q0 = -passes.start, passes.speed / (2.0 * math.pi)
    q, interaction = q0, PAPER.interaction
    while abs(position) <= passes.start:
        r = u[0] - position
        slope = float(interaction.slope(r)) if abs(r) < passes.cutoff else 0.0
        p[0] -= 2.0 * math.pi * passes.time_step * slope
        q += 2.0 * math.pi * passes.time_step / passes.mass * slope
        modes_u, modes_p = np.fft.rfft(u), np.fft.rfft(p)
        u = np.fft.irfft(cosine * modes_u + sine / omega * modes_p, n=size)
        p = np.fft.irfft(cosine * modes_p - omega * sine * modes_u, n=size)
        position += 2.0 * math.pi * passes.time_step * q
    return 0.5 * passes.mass * (q0**2 - q**2)


def test_passes_are_those_of_a_plain_ring():
    passes = prepared(PAPER, 40.0, 25.0, "quantum")
    half = passes.field.shape[1] // 2
    numbers = np.random.default_rng(4).standard_normal((3, 2 * half))
    losses = np.empty(3)
    passes.losses(0, 0, False, losses, numbers)
    ring = [ring_pass(passes, 2 * (half - 1), passes.field[0, :half], one) for one in numbers]
    assert losses == pytest.approx(ring, abs=1e-11)  # roundings over some hundred steps; losses are about 1


def test_a_pass_of_one_mass_does_not_know_the_spacing():
    """Once the interaction was cut at 32 spacings: -0.0345 for 0.0232 where it is 20 of them wide."""
    sparse, dense = (ct.System(ct.Chain(10.0, spacing), ct.Gaussian(2.0, 4.0)) for spacing in (40.0, 0.2))
    assert np.array_equal(sparse.sample_losses(30.0, 1.0, 4, seed=2), dense.sample_losses(30.0, 1.0, 4, seed=2))


def test_passes_depend_on_seed_and_number_alone():
    losses = PAPER.sample_losses(50.0, 5.0, 2500, seed=9, threads=1)
    assert np.array_equal(losses, PAPER.sample_losses(50.0, 5.0, 2500, seed=9, threads=2))
    assert np.array_equal(losses[1003:1700], PAPER.sample_losses(50.0, 5.0, 697, seed=9, first=1003))
    assert not np.array_equal(losses, PAPER.sample_losses(50.0, 5.0, 2500, seed=10))
    pairs = PAPER.sample_losses(50.0, 5.0, 100, seed=9, antithetic=True)
    assert np.array_equal(pairs[::2], losses[:50])


def test_passes_meet_mean_and_variance():
    weak = ct.System(CHAIN, ct.Gaussian(0.3, 4.0), mass=0.2)
    losses = weak.sample_losses(50.0, 5.0, 60000, seed=1, sampling="classical", antithetic=True)
    mean = ct.block_mean(losses)
    recoil = weak.single_pass_dissipation(50.0, temperature=5.0, sampling="classical")
    assert abs(mean.value - recoil) < 4.0 * mean.error
    # Second order leaves out about amplitude/energy of the variance; 30,000 pairs know it to 0.6 %.
    broadened = weak.loss_variance(50.0, 5.0, "classical", broadening=True)
    assert losses.var() == pytest.approx(broadened, rel=0.04)
    cold = PAPER.sample_losses(50.0, 0.0, 1, sampling="classical")[0]
    run = PAPER.simulate(20.0, 50.0, 0.9)  # the same pass in the chain, neighbours included
    assert cold == pytest.approx(run.passes["energy_lost"][0], abs=2e-5)


def test_detailed_balance_of_the_exact_motion():
    """Classical, strong coupling: the flux from a range of energies to another is that back, with weight exp(-E/T)."""
    heat = 5.0
    system = ct.System(CHAIN, ct.Gaussian(2.0, 4.0))
    edges = np.linspace(10.0, 12.0, 5)
    flux, squared = np.zeros((4, 4)), np.zeros((4, 4))
    for i, energy in enumerate(edges[0] + 0.1 * (np.arange(20) + 0.5)):
        losses = system.sample_losses(system.speed_of_energy(energy), heat, 600, seed=i, sampling="classical")
        after, weight = np.histogram(energy - losses, edges)[0], math.exp(-energy / heat)
        flux[i // 5] += after * weight
        squared[i // 5] += after * weight**2
    pairs = [(i, j) for i in range(4) for j in range(i)]
    chi = sum((flux[i, j] - flux[j, i]) ** 2 / (squared[i, j] + squared[j, i]) for i, j in pairs)
    assert stats.chi2.sf(chi, 6) > 0.01, f"chi squared {chi:.1f} of 6"


def test_run_is_that_of_a_plain_ring():
    system = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), bias=0.01)
    options = {"temperature": 25.0, "seed": 5, "order": 2, "steps_per_fast_period": 60}
    run = checked_run(system, 220.0, 50.0, 2.0, **options)
    field, step = run.heat(), run.time_step
    size = field.size
    u, p = field.window(0.0, field.origin, size)
    start = ring_energy(u, p)
    omega, _ = ring_modes(CHAIN, size)
    cosine, sine = np.cos(2.0 * math.pi * step * omega), np.sin(2.0 * math.pi * step * omega)
    masses = 40.0 * (field.origin + np.arange(size))
    x, q, path = 220.0, 50.0 / (2.0 * math.pi), [220.0]
    for _ in range(run.steps):
        for half in range(2):
            slope = system.interaction.slope(masses + u - x)
            p = p - math.pi * step * slope
            q = q + math.pi * step * (slope.sum() + 0.01 / 40.0)
            if half == 0:
                modes_u, modes_p = np.fft.rfft(u), np.fft.rfft(p)
                u = np.fft.irfft(cosine * modes_u + sine / omega * modes_p, n=size)
                p = np.fft.irfft(cosine * modes_p - omega * sine * modes_u, n=size)
                x += 2.0 * math.pi * step * q
        path.append(x)
    found = system.simulate(220.0, 50.0, 2.0, **options)
    assert np.max(np.abs(found.position - path)) < 1e-9  # roundings; positions are about 300
    assert found.chain_energy[-1] == pytest.approx(ring_energy(u, p) - start, abs=1e-8)


def ring_energy(u, p):
    return 0.5 * float(p @ p + u @ u + 99.0 / 4.0 * np.sum((np.roll(u, -1) - u) ** 2))


def test_hot_runs_conserve_energy_and_are_the_same_in_blocks(tmp_path):
    system = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), bias=0.01)
    for heat, sampling in ((0.0, "quantum"), (25.0, "classical")):
        run = system.simulate(220.0, 50.0, 60.0, temperature=heat, sampling=sampling, seed=3)
        assert abs(run.balance.drift) < 1e-6  # the time step's; the chain holds about 1e5 times T
        assert run.settings["temperature"] == heat
    still = system.simulate(220.0, 50.0, 20.0, temperature=0.0, sampling="classical")
    plain = system.simulate(220.0, 50.0, 20.0, time_step=still.time[1])
    assert np.array_equal(still.position, plain.position)
    on_top = system.simulate(still.position[-1], 45.0, 20.0, temperature=1.0, seed=3, chain=still.chain_state)
    assert abs(on_top.balance.drift) < 1e-6
    assert on_top.chain_energy[0] != 0.0
    several = system.simulate_many(220.0, 50.0, 20.0, temperature=5.0, seed=[1, 2])
    alone = system.simulate(220.0, 50.0, 20.0, temperature=5.0, seed=2)
    assert np.array_equal(several[1].position, alone.position)
    assert not np.array_equal(several[0].position, alone.position)
    of_one_seed = system.simulate_many(220.0, [50.0, 50.0], 20.0, temperature=5.0, seed=1)
    for one, other in zip(of_one_seed, several, strict=True):
        assert np.array_equal(one.position, other.position)
    path = tmp_path / "run.nc"
    system.simulate(220.0, 50.0, 20.0, temperature=5.0, seed=2, checkpoint=path)
    again = system.simulate(220.0, 50.0, 20.0, temperature=5.0, seed=2, checkpoint=path)
    assert np.array_equal(again.position, alone.position)
    with pytest.raises(ValueError, match="another run"):
        system.simulate(220.0, 50.0, 20.0, temperature=5.0, seed=3, checkpoint=path)


@pytest.mark.parametrize(
    ("order", "omega_fast", "width", "speed", "heat"),
    [(0, 10.0, 4.0, 1.0, 1.0), (0, 50.0, 4.0, 2.0, 1.0), (0, 315.7, 0.311, 0.8767, 0.0), (0, 315.7, 0.311, 0.8767, 1.0),
     (1, 10.0, 4.0, 0.01, 2.0), (2, 10.0, 4.0, 3.0, 1.0), (20, 10.0, 4.0, 3.0, 1.0)],
)  # fmt: skip
def test_the_recoil_of_a_matern_particle_at_low_speed(order, omega_fast, width, speed, heat):
    """Delta - (1/2) dVar/dE with the power of the transform differentiated by hand, by the midpoint rule."""
    interaction = ct.Matern(2.0, width, order) if order else ct.Exponential(2.0, width)
    system = ct.System(ct.Chain(omega_fast, 40.0), interaction)
    angle = 0.5 * math.pi * (np.arange(8192) + 0.5) / 8192
    omega = np.sqrt(1.0 + (omega_fast**2 - 1.0) * np.sin(angle) ** 2)
    square = (2.0 * math.pi * omega * width / speed) ** 2 / (2 * order + 1)
    transform = float(interaction.transform(0.0)) * (1.0 + square) ** -(order + 1.0)
    taken = 8.0 * math.pi**4 * omega**2 * transform**2 / speed**4
    spread = taken * omega / (np.tanh(0.5 * omega / heat) if heat else 1.0)
    slope = spread * ((4 * order + 4) * square / (1.0 + square) - 4.0)
    per_energy = 0.5 / (2.0 * system.kinetic_energy(speed))
    scale = np.mean(taken + (4 * order + 4) * spread * per_energy)  # of the parts, which nearly cancel for a cusp
    found = system.single_pass_dissipation(speed, temperature=heat)
    # Measured up to 6e-14 of the parts.
    assert found == pytest.approx(np.mean(taken - slope * per_energy), rel=0.0, abs=5e-13 * scale)


def test_a_hot_run_goes_on_from_its_checkpoint_to_the_last_bit(tmp_path, monkeypatch):
    """Stopped in the middle: the free motion is drawn again, the response is read. A longer ring is another field."""
    monkeypatch.setattr("chaintheory.simulation.light_cone.MOST_STEPS_AT_ONCE", 512)
    system = ct.System(CHAIN, ct.Gaussian(2.0, 4.0), bias=0.01)
    stop, heated, path, done = 3300, {"temperature": 25.0, "seed": 8}, tmp_path / "hot.nc", [0]

    def tick(steps):
        done[0] += steps
        if done[0] > stop:
            raise KeyboardInterrupt

    whole = system.simulate(220.0, 50.0, 80.0, **heated)
    with pytest.raises(Interrupted):
        system.simulate(220.0, 50.0, 80.0, **heated, checkpoint=path, progress=tick)
    assert stop < done[0] < whole.time.size - 1
    for other in (120.0, 60.0):
        with pytest.raises(ValueError, match=r"a hot run of another duration, .*ring .*: give that duration"):
            system.simulate(220.0, 50.0, other, **heated, checkpoint=path)
    with pytest.raises(ValueError, match="another run"):
        system.simulate(220.0, 50.0, 120.0, temperature=25.0, seed=9, checkpoint=path)
    told = []
    again = system.simulate(220.0, 50.0, 80.0, **heated, checkpoint=path, progress=told.append)
    assert 0 < told[0] <= done[0]  # it goes on and does not begin anew
    for name in ("time", "position", "velocity", "chain_energy"):
        assert np.array_equal(getattr(again, name), getattr(whole, name)), name
    assert np.array_equal(again.chain_state.state, whole.chain_state.state)


def test_fast_runs_are_not_exchanged_for_others(monkeypatch):
    """The motion is one that nobody watches: beginning anew where it is fast had halved the tail of speeds."""
    system = ct.System(ct.Chain(10.0, 10.0), ct.Gaussian(4.0, 2.0))
    options = {"temperature": 5.0, "sampling": "classical", "seed": [8, 9, 10, 11]}
    runs = system.simulate_many(5.0, 35.0, 40.0, **options)
    monkeypatch.setattr("chaintheory.simulation.settings.FASTER", math.inf)
    for run, unwatched in zip(runs, system.simulate_many(5.0, 35.0, 40.0, **options), strict=True):
        assert np.array_equal(run.position, unwatched.position)
    assert runs[2].speed.max() > 50.0  # of the start it is 35
    monkeypatch.undo()
    driven = ct.System(system.chain, ct.Gaussian(0.01, 2.0), bias=100.0)
    with pytest.raises(ValueError, match=r"^time_step must be given, shorter than [^\n]*$"):
        driven.simulate(5.0, 20.0, 10.0, temperature=0.1, sampling="classical")


def test_a_bound_particle_takes_the_temperature():
    """Starting at rest, bound to a mass at a frequency inside the band, it comes to the kinetic energy T/2."""
    system = ct.System(CHAIN, ct.Gaussian(-20.0, 1.5))
    runs = system.simulate_many(0.0, 0.0, 600.0, temperature=1.0, sampling="classical", seed=[10, 11])
    mean = ct.block_mean([run.kinetic_energy[run.time > 100.0] for run in runs])
    assert mean.error < 0.03
    assert abs(mean.value - 0.5) < 4.0 * mean.error


PUBLISHED = Path(__file__).parents[2].parent / "shared" / "published_thermal"


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published losses are not here")
def test_published_losses():
    rows = read_losses(PUBLISHED)
    assert len(rows) == 50
    chosen = [row for row in rows if (row["temperature"], row["speed"]) in {(0.0, 15.0), (5.0, 50.0), (25.0, 20.0)}]
    assert len(chosen) == 3
    for row in chosen:
        assert compare_row(row, 2000).ok
        # Planted: another deviation, another mean.
        assert not compare_row({**row, "std": 1.15 * row["std"]}, 2000).ok
        assert not compare_row({**row, "mean": row["mean"] + 0.25 * row["std"]}, 2000).ok


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published drifts are not here")
def test_published_drifts():
    speeds = read_drifts(PUBLISHED)
    assert list(speeds) == [0.0, 5.0, 25.0, 50.0]
    rows = compare_drifts(speeds[0.0], 0.0, 5)
    assert all(row.ok for row in rows)
    # Planted: a drag that is not there.
    slower = speeds[0.0] - np.array([0.0, 40.0, 50.0, 60.0, 70.0])
    assert not any(row.ok for row in compare_drifts(slower, 0.0, 5)[1:])


def test_drifts_that_are_refused(tmp_path):
    assert read_drifts(tmp_path) == {}
    (tmp_path / "drift_speeds_T5.csv").write_text("# tau\n1.0,2.0\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^--published-thermal must hold speeds at five times in drift_speeds_T5.csv"):
        read_drifts(tmp_path)


def test_what_is_forgotten_is_what_old_kicks_did():
    """Two runs, of which the one forgets what the other keeps, agree until then; in a cold chain the cut kernel of the
    direct method moves the particle as much."""
    system, cold = ct.System(CHAIN, ct.Gaussian(2.0, 4.0)), {"temperature": 0.0, "sampling": "classical"}
    exact = system.simulate(20.0, 50.0, 8.0)
    run = forgetful(system, 20.0, 50.0, 8.0, memory=3.0, heat_ring=64, **cold)
    before, after = exact.at(3.0)[0], exact.at(8.0)[0]
    assert abs(np.interp(3.0, run.time, run.position) - before) < 1e-3  # of linear interpolation
    cuts = [system.simulate(20.0, 50.0, 8.0, method="direct", kernel_cutoff=c).position[-1] for c in (2.5, 3.0, 3.5)]
    assert min(cuts) < run.position[-1] < max(cuts)
    assert abs(run.position[-1] - after) > 5e-3
    hot = {"temperature": 25.0, "seed": 4}
    kept = forgetful(system, 20.0, 50.0, 3.0, memory=5.0, heat_ring=4096, **hot)
    same = forgetful(system, 20.0, 50.0, 3.0, memory=3.6, heat_ring=4096, **hot)
    assert np.array_equal(kept.position, same.position)


@pytest.mark.parametrize("bad", [-1.0, math.inf, math.nan, 1j, "hot", 1e31, True])
def test_temperatures_that_are_refused(bad):
    calls = [
        lambda: PAPER.single_pass_dissipation(50.0, temperature=bad),
        lambda: PAPER.loss_variance(50.0, bad),
        lambda: PAPER.loss_distribution(50.0, bad),
        lambda: PAPER.diffusion(bad),
        lambda: PAPER.sample_losses(50.0, bad, 10),
        lambda: PAPER.simulate(20.0, 50.0, 1.0, temperature=bad),
        lambda: CHAIN.thermal_correlation(0, 0.0, bad),
    ]
    for call in calls:
        with pytest.raises((ValueError, TypeError), match=r"^temperature must .*, got [^\n]*$"):
            call()


def test_other_arguments_that_are_refused():
    for call, message in (
        (lambda: PAPER.loss_variance(50.0, 1.0, "bose"), "sampling must be one of"),
        (lambda: PAPER.loss_variance([50.0, 60.0], [1.0, 2.0, 3.0]), "shapes that broadcast"),
        (lambda: ct.System(CHAIN, ct.Exponential(1.0, 2.0)).loss_variance(50.0, 1.0, broadening=True), "broadening"),
        (lambda: PAPER.loss_variance(0.01, 1.0, broadening=True), "speed must be large enough"),
        (lambda: PAPER.single_pass_dissipation(50.0, temperature=1.0, log=True), "must not be given"),
        (lambda: PAPER.sample_losses(0.0, 1.0, 10), "speed must not be 0"),
        (lambda: PAPER.sample_losses(50.0, 1.0, 0), "samples must be"),
        (lambda: PAPER.sample_losses(50.0, 1.0, 10, seed=-1), "seed must be"),
        (lambda: PAPER.sample_losses(1e-3, 1.0, 10), "speed must be so high"),
        (lambda: PAPER.sample_losses(1e-99, 1.0, 10), "speed must be so high"),  # a ring for it is not looked for
        (lambda: PAPER.sample_losses(5e-324, 1.0, 10), "speed must be so high"),
        (lambda: PAPER.loss_variance(5e-324, 1.0, broadening=True), "speed must be large enough"),
        (lambda: PAPER.loss_variance(1e300, 1.0, broadening=True), r"speed must be at most 1e\+30"),
        (lambda: CHAIN.thermal_correlation(0, 1.7e308, 1.0), "times must be so few and short"),
        (lambda: PAPER.loss_distribution(0.0, 1.0), "speed must not be 0"),
        (lambda: PAPER.loss_distribution(1e-310, 1.0), "0 or at least 1e-100"),
        (lambda: PAPER.single_pass_dissipation([0.0, 1e-310], temperature=1.0), "0 or at least 1e-100"),
        (lambda: PAPER.simulate(20.0, 50.0, 1.0, temperature=1.0, method="direct"), "light-cone"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(("v", "heat"), [(12.0, 1.0), (50.0, 3.0)])
def test_phonons_of_a_pass_are_their_mean_over_the_band(v, heat):
    losses, omega = PAPER.loss_distribution(v, heat), modes()
    plain = np.mean(taken(PAPER, omega, v) / omega / np.tanh(omega / (2.0 * heat)))
    assert losses.phonons == pytest.approx(plain, rel=1e-12)
    others = losses.density(losses.points).sum() * losses.resolution
    assert others == pytest.approx(-math.expm1(-losses.phonons), rel=1e-12)


def test_phonons_of_long_springs_without_wells_are_resolved():
    """A spring of 31 spacings makes 31 periods of the band: the first nodes give 2.5e-6 too many."""
    chain = ct.Chain.from_springs(confinement=0.0, couplings=[1.0, *np.zeros(30), 50.0], spacing=40.0)
    system, theta = ct.System(chain, ct.Gaussian(2.0, 4.0)), (np.arange(2**12) + 0.5) * (0.5 * math.pi / 2**12)
    omega = np.sqrt(4.0 * np.sin(theta) ** 2 + 200.0 * np.sin(32 * theta) ** 2)
    plain = np.mean(taken(system, omega, 200.0) / omega / np.tanh(omega / 4.0))  # even and periodic in theta
    assert system.loss_distribution(200.0, 2.0).phonons == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize(
    "omega", [[1.0, 2.0, 4.0], [4.0, 2.5, 1.0], [1.0, 3.0, 5.0, 4.2], [2.0, 1.0, 3.0, 2.5, 4.0, 0.5], [1.0, 0.2, 3.3]]
)
def test_cells_share_the_phonons_of_each_interval(omega):
    """Those of an interval of the band lie evenly between its two frequencies, though it be the only one that falls."""
    step, half, rate = 0.3, 20, np.arange(1.0, len(omega) + 1.0)
    counted = np.zeros(half + 1)
    for i in range(len(omega) - 1):
        low, high = sorted(omega[i : i + 2])
        for cell in range(half + 1):
            within = min(high, (cell + 0.5) * step) - max(low, (cell - 0.5) * step)
            counted[cell] += max(within, 0.0) / (high - low) * 0.5 * (rate[i] + rate[i + 1]) / (len(omega) - 1)
    assert _on_grid(np.array(omega), rate, step, half) == pytest.approx(counted, abs=1e-14)


def test_a_kink_is_refused_and_a_jump_in_a_derivative_resolved():
    """The exponential interaction gained 0.1 from a chain at rest, Matern of order 1 lost 8 % too little."""
    for interaction in (ct.Exponential(2.0, 4.0), ct.SquareWell(2.0, 4.0)):
        with pytest.raises(ValueError, match="interaction must have no kink or jump for simulated passes"):
            ct.System(CHAIN, interaction).sample_losses(50.0, 0.0, 2)
    at_rest = {"temperature": 0.0, "samples": 1, "sampling": "classical"}
    for order, tolerance in ((1, 1e-3), (2, 1e-4)):  # 1.7e-4 and 1.4e-5 measured
        system = ct.System(ct.Chain(10.0, 200.0), ct.Matern(2.0, 4.0, order))
        # A run past one mass at 0, from far to far; half the step gives eight of its digits.
        run = system.simulate(-90.0, 50.0, 3.6, time_step=4e-4)
        lost = 0.5 * (run.velocity[0] ** 2 - run.velocity[-1] ** 2) / (4.0 * math.pi**2)
        assert system.sample_losses(50.0, **at_rest)[0] == pytest.approx(lost, rel=tolerance)
    # Analytic, but with features of 0.2 beside a width of 1: a tenth of the loss depended on the step.
    system = ct.System(ct.Chain(10.0, 200.0), ct.Morse(0.05, 1.0, 2.0, 0.2))
    run = system.simulate(-50.0, 300.0, 1.0 / 3.0, time_step=6e-5)
    lost = 0.5 * (run.velocity[0] ** 2 - run.velocity[-1] ** 2) / (4.0 * math.pi**2)
    assert system.sample_losses(300.0, **at_rest)[0] == pytest.approx(lost, rel=1e-3)  # 4e-5 measured
    with pytest.raises(
        ValueError, match="interaction must be smoother, or speed higher, for simulated passes at speed 1000, whose"
    ):
        ct.System(CHAIN, ct.Matern(2.0, 4.0, 1)).sample_losses(1000.0, **at_rest)


@pytest.mark.parametrize("v", [14.0, 16.0])
def test_the_step_of_sampled_losses_follows_a_slow_particle(v):
    """Beside the capture speed the loss to a chain at rest was 9e-4 and 3e-4 off, at every part of a step the same."""
    system = ct.System(ct.Chain(10.0, 400.0), ct.Gaussian(2.0, 4.0))
    run = system.simulate(-90.0, v, 180.0 / v, steps_per_fast_period=20.0)
    lost = 0.5 * (run.velocity[0] ** 2 - run.velocity[-1] ** 2) / (4.0 * math.pi**2)
    # Measured 5.5e-5 and 6.9e-5.
    assert system.sample_losses(v, 0.0, 1, sampling="classical")[0] == pytest.approx(lost, rel=1e-4)


def test_the_step_of_sampled_losses_follows_their_own_deviation():
    """Beside the capture speed they scatter by 0.098, in second order by 0.345: the error was 5e-4 of the former."""
    hot, sampled = (PAPER, 14.0, 5.0, "classical"), np.empty((2, 200))
    prepared(*hot).losses(5, 0, False, sampled[0])
    _with_step(*hot, 8).losses(5, 0, False, sampled[1])
    error = 16.0 / 15.0 * np.sqrt(np.mean(np.diff(sampled, axis=0) ** 2))  # of a step four times as long
    assert error < 2e-4 * sampled[1].std()  # measured 1.2e-4
    # Smooth, and of a scatter that is a hundred times that of second order: it was refused.
    heavy = ct.System(ct.Chain(2.0, 400.0), ct.Gaussian(-3.0, 4.0), mass=10.0)
    assert heavy.sample_losses(6.0, 5.0, 100, sampling="classical").std() == pytest.approx(0.32, rel=0.2)


def test_sampled_passes_begin_where_no_displacement_feels_the_force():
    """Six deviations of a mass beyond the cutoff, by the mean of 1/omega^2 over the band, which is 1/omega_fast."""
    passes = prepared(PAPER, 50.0, 5.0, "classical")
    assert passes.start - passes.cutoff == pytest.approx(6.0 * math.sqrt(5.0 / 10.0), rel=1e-12)
    felt = abs(PAPER.interaction.slope(passes.cutoff)) / abs(PAPER.interaction.slope(4.0))
    assert felt == pytest.approx(1e-8, rel=0.1)


def test_many_phonons_are_two_passes_of_half_as_many():
    """Phonons come independently: the distribution of a pass is that of two passes with half as many, here 400 each."""
    strong, half = (ct.System(CHAIN, ct.Gaussian(a, 4.0)) for a in (1528.0, 1528.0 / math.sqrt(2.0)))
    whole, part = strong.loss_distribution(120.0, 0.0), half.loss_distribution(120.0, 0.0)
    assert whole.phonons == pytest.approx(2.0 * part.phonons, rel=1e-13) and whole.phonons > 800.0
    loss = whole.mean + math.sqrt(whole.variance) * np.array([-1.5, 0.0, 2.0])
    chance = part.density(part.points) * part.resolution
    # The sum of two: the cumulative function of one, averaged over the other.
    exact = np.array([chance @ part.cumulative(one - part.points) for one in loss])
    assert part.probability_of_no_loss < 1e-170
    # Half a cell, 3.5e-5 of the standard deviation, moves a cumulative function by 7e-6; 6.5e-6 measured.
    assert whole.cumulative(loss) == pytest.approx(exact, abs=5e-5)
    assert whole.density(whole.points).sum() * whole.resolution == pytest.approx(1.0, abs=1e-11)


def test_what_is_beyond_doubles_is_refused():
    with pytest.raises(ValueError, match="phonons"):
        PAPER.loss_distribution(2.0, 1.0)
    with pytest.raises(ValueError, match="largest double"):
        ct.System(CHAIN, ct.Gaussian(0.01, 4.0)).diffusion(0.01)
    with pytest.raises(ValueError, match="speed must be at most"):
        PAPER.sample_losses(1e300, 1.0, 2)
