"""Any harmonic chain at a temperature: the paper's chain by its springs, plain means over modes, an explicit ring."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

import chaintheory as ct
from benchmarks.bench_chains import loss, of_ring, omega_squared
from chaintheory.dissipation.validity import ValidityWarning
from chaintheory.lattice.thermal_field import ThermalField, fading_width
from chaintheory.simulation.settings import checked_run
from chaintheory.simulation.single_passes import prepared

PAPER = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
GENERAL = ct.System(ct.Chain.from_springs(1.0, [24.75, 1e-300], 40.0), PAPER.interaction)
PINNED = ct.System(ct.Chain.from_springs(0.6, [4.0, -0.5, 0.3], 30.0), ct.Gaussian(1.0, 3.0), mass=0.7)
ACOUSTIC = ct.System(ct.Chain.from_springs(0.0, [4.0, 0.7], 30.0), ct.Gaussian(1.0, 3.0), mass=0.7)
CRYSTAL = ct.System(ct.Chain.from_springs(2.0, [], 30.0), ct.Gaussian(1.0, 3.0), mass=0.7)
ALL = pytest.mark.parametrize("system", [PINNED, ACOUSTIC, CRYSTAL], ids=["pinned", "acoustic", "crystal"])


def modes(chain, count=1 << 16):
    """Frequencies at the middles of equal parts of the band."""
    return np.sqrt(omega_squared(chain, (np.arange(count) + 0.5) * (0.5 * math.pi / count)))


def energies(omega, heat, sampling):
    """Of modes, typed again."""
    if sampling == "classical":
        return np.full(omega.shape, heat)
    return 0.5 * omega / np.tanh(omega / (2.0 * heat)) if heat else 0.5 * omega


@pytest.mark.parametrize("sampling", ["quantum", "classical"])
def test_the_papers_chain_by_its_springs(sampling):
    assert not GENERAL.chain.minimal
    v, heat = np.array([15.0, 30.0, 90.0]), np.array([0.0, 3.0, 25.0])
    for of in (
        lambda s: s.loss_variance(v, heat, sampling),
        lambda s: s.single_pass_dissipation(v, temperature=heat, sampling=sampling),
        lambda s: s.chain.thermal_correlation([0, 1, 7], [0.0, 0.4, 3.0], 5.0, sampling),
    ):
        assert of(GENERAL) == pytest.approx(of(PAPER), rel=1e-12)
    one = {"sampling": sampling, "broadening": True}
    assert GENERAL.loss_variance(30.0, 5.0, **one) == pytest.approx(PAPER.loss_variance(30.0, 5.0, **one), rel=1e-11)
    assert fading_width(GENERAL.chain) == fading_width(PAPER.chain)


def test_the_papers_distribution_and_diffusion_by_its_springs():
    found, known = GENERAL.loss_distribution(50.0, 5.0), PAPER.loss_distribution(50.0, 5.0)
    assert found.density(found.points) == pytest.approx(known.density(found.points), rel=1e-10, abs=1e-15)
    with pytest.warns(ValidityWarning, match="correlated"):
        assert GENERAL.diffusion(5.0) == pytest.approx(PAPER.diffusion(5.0), rel=1e-12)


@ALL
@pytest.mark.parametrize("heat", [0.0, 0.2, 5.0])
def test_variance_and_recoil_are_plain_means_over_modes(system, heat):
    omega, v = modes(system.chain), 20.0
    for sampling in ("quantum", "classical"):

        def plain(speed, sampling=sampling):
            return np.mean(2.0 * loss(system, omega, speed) * energies(omega, heat, sampling))

        # The middles converge like their distance to the fourth power where omega^3 has a kink.
        assert system.loss_variance(v, heat, sampling) == pytest.approx(plain(v), rel=1e-12)
        step = 1e-3
        around = [plain(v * (1.0 + step * i)) for i in (-2, -1, 1, 2)]
        slope = (around[0] - 8.0 * around[1] + 8.0 * around[2] - around[3]) / (12.0 * step * v)
        per_energy = (2.0 * math.pi) ** 2 / (system.mass * v)
        mean = np.mean(loss(system, omega, v)) - 0.5 * slope * per_energy
        found = system.single_pass_dissipation(v, temperature=heat, sampling=sampling)
        assert found == pytest.approx(mean, rel=1e-8)


@pytest.mark.parametrize("system", [PINNED, CRYSTAL], ids=["pinned", "crystal"])
@pytest.mark.parametrize("heat", [0.0, 2.0])
def test_correlations_are_plain_means_over_modes(system, heat):
    count = 4096
    theta = (np.arange(count) + 0.5) * (math.pi / count)
    omega = np.sqrt(omega_squared(system.chain, theta))
    found = system.chain.thermal_correlation([0, 1, 5], [0.0, 0.6, 4.0], heat)
    for i, lag in enumerate([0, 1, 5]):
        for j, time in enumerate([0.0, 0.6, 4.0]):
            wave = np.cos(2 * lag * theta) * np.cos(2.0 * math.pi * time * omega)
            plain = np.mean(energies(omega, heat, "quantum") / omega**2 * wave)
            assert found[i, j] == pytest.approx(plain, abs=1e-13)


@ALL
@pytest.mark.parametrize("heat", [0.0, 3.0])
def test_the_distribution_has_its_characteristic_function(system, heat):
    strong = ct.System(system.chain, ct.Gaussian(6.0, 3.0))
    losses = strong.loss_distribution(30.0, heat)
    chance = losses.density(losses.points) * losses.resolution
    omega = modes(system.chain)
    rate = loss(strong, omega, 30.0) / omega
    occupied = 1.0 / np.expm1(omega / heat) if heat else 0.0 * omega
    for u in (0.3, 1.7):
        turn = np.exp(1j * u * omega)
        exact = np.exp(np.mean(rate * ((occupied + 1.0) * (turn - 1.0) + occupied * (1.0 / turn - 1.0))))
        found = losses.probability_of_no_loss + np.sum(chance * np.exp(1j * u * losses.points))
        assert abs(found - exact) < 2e-5  # (u resolution)^2
    # More than 14 phonons of one frequency lie beyond the grid: 7e-12 of a Poisson variable with the mean 1.26.
    assert losses.cumulative(1e9) == pytest.approx(1.0, abs=1e-12 if system.chain.couplings else 2e-11)
    assert losses.mean == pytest.approx(np.mean(loss(strong, omega, 30.0)), rel=1e-12)


@pytest.mark.parametrize("interaction", [ct.SoftenedCoulomb(8.0, 1.2), ct.Sech2(8.0, 1.2), ct.Gaussian(8.0, 1.2)])
@pytest.mark.parametrize(("wells", "heat"), [(0.0, 0.0), (0.0, 0.0024), (0.0, 22.0), (1e-12, 0.0), (1e-12, 22.0)])
def test_phonons_of_long_waves_against_an_adaptive_quadrature(interaction, wells, heat):
    """At theta = 0 the number of phonons has a kink, or the squared logarithm of a softened Coulomb interaction."""
    system = ct.System(ct.Chain.from_springs(wells, [1.57], 9.57), interaction)
    found = system.loss_distribution(3.4, heat)

    def of_modes(log_theta):  # over the logarithm of theta nothing is singular
        theta = np.exp(log_theta)
        omega = np.sqrt(omega_squared(system.chain, theta))
        quanta = 1.0 / np.tanh(omega / (2.0 * heat)) if heat else 1.0
        return theta * loss(system, omega, 3.4) / omega * quanta

    pieces = np.linspace(math.log(0.5 * math.pi) - 60.0, math.log(0.5 * math.pi), 61)
    exact = sum(quad(of_modes, *ends, epsabs=0.0, epsrel=1e-13)[0] for ends in itertools.pairwise(pieces))
    # 5e-15 measured; the trapezoidal rule was 4e-4 off.
    assert found.phonons == pytest.approx(exact / (0.5 * math.pi), rel=1e-13)


@pytest.mark.parametrize("interaction", [ct.SoftenedCoulomb(1.0, 0.7), ct.Lorentzian(1.0, 0.7), ct.Sech2(1.0, 0.7)])
def test_next_to_no_wells_is_none(interaction):
    """The loss of a pass, its variance and its mean at a temperature were refused; the mean loss named an inner k."""
    none, faint, fainter = (
        ct.System(ct.Chain.from_springs(wells, [1.0], 1.0), interaction) for wells in (0.0, 1e-12, 1e-300)
    )
    for calculate in (
        lambda system: system.single_pass_dissipation(5.0),
        lambda system: system.single_pass_dissipation(5.0, temperature=1.0, sampling="classical"),
        lambda system: system.loss_variance(5.0, 1.0),
        lambda system: system.finite_pass_dissipation(5.0, 3),
        lambda system: system.mean_dissipation(5.0),
    ):
        exact = float(calculate(none))
        # Wells of 1e-12 change frequencies of 1e-6 and more by their own size at most; 5e-12 measured.
        assert calculate(faint) == pytest.approx(exact, rel=1e-10)
        assert calculate(fainter) == pytest.approx(exact, rel=1e-12)


def test_a_hot_run_is_that_of_an_explicit_ring():
    """DOP853 with the springs written out, from the field at time 0; the ring has no echo within the run."""
    options = {"temperature": 3.0, "seed": 5, "time_step": 1.0 / 400.0}
    system = ct.System(PINNED.chain, PINNED.interaction, PINNED.mass, bias=0.05)
    run = checked_run(system, 15.0, 40.0, 2.0, **options)
    field = run.heat()
    u, p = field.window(0.0, -(field.size // 2), field.size)
    found = system.simulate(15.0, 40.0, 2.0, **options)
    ring = of_ring(system, 15.0, 40.0, float(found.time[-1]), field.size, np.stack((u, 2.0 * math.pi * p)))
    assert found.position[-1] == pytest.approx(ring.position, abs=1e-8)
    assert found.velocity[-1] == pytest.approx(ring.velocity, abs=1e-8)
    # The chain's gain is from its state beside the field's: rounding of energies of about 15. Measured: 1.3e-13.
    assert abs(found.balance.chain) > 0.1
    assert abs(found.balance.drift) < 1e-11
    cold = system.simulate(15.0, 40.0, 2.0, time_step=1.0 / 400.0)
    assert abs(cold.position[-1] - ring.position) > 1e-3


def test_the_field_has_the_correlations_of_its_chain():
    chain, heat, size = PINNED.chain, 5.0, 4096
    fields = [ThermalField.sampled(chain, heat, "quantum", seed, 0, size) for seed in range(16)]
    lags = [0, 1, 3]
    expected = chain.thermal_correlation(lags, [0.0], heat)[:, 0]
    alike = chain.thermal_correlation(np.arange(300), 0.0, heat)[:, 0] / expected[0]
    error = expected[0] * math.sqrt(2.0 * (2.0 * np.sum(alike**2) - 1.0) / (size * len(fields)))
    for time in (0.0, 1.3):
        now = [one.window(time, 0, size)[0] for one in fields]
        found = [np.mean([np.mean(u * np.roll(u, -lag)) for u in now]) for lag in lags]
        assert np.all(np.abs(found - expected) < 4.0 * error)


def test_simulated_losses_meet_mean_and_variance():
    weak = ct.System(PINNED.chain, ct.Gaussian(0.3, 3.0), mass=0.2)
    losses = weak.sample_losses(40.0, 4.0, 40000, seed=1, sampling="classical", antithetic=True)
    means = 0.5 * (losses[::2] + losses[1::2])
    error = means.std() / math.sqrt(means.size)
    recoil = weak.single_pass_dissipation(40.0, temperature=4.0, sampling="classical")
    assert abs(means.mean() - recoil) < 4.0 * error
    assert recoil > 8.0 * error  # so that the mean is seen at all
    broadened = weak.loss_variance(40.0, 4.0, "classical", broadening=True)
    assert losses.var() == pytest.approx(broadened, rel=0.04)
    passes = prepared(weak, 40.0, 4.0, "classical")
    assert passes.kernel[:50] == pytest.approx(weak.chain.memory_kernel(0, passes.time_step * np.arange(50))[0])


@pytest.mark.parametrize("call", [
    lambda s: s.chain.thermal_correlation(0, 0.0, 1.0), lambda s: s.sample_losses(50.0, 1.0, 3),
    lambda s: s.simulate(15.0, 40.0, 1.0, temperature=1.0), lambda s: s.loss_variance(50.0, 1.0, broadening=True),
])  # fmt: skip
def test_what_needs_the_variance_of_a_displacement_is_refused_without_wells(call):
    with pytest.raises(ValueError, match=r"^chain must have wells for .* no finite variance") as caught:
        call(ACOUSTIC)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", [
    lambda s: s.chain.thermal_correlation(0, 0.0, 1.0), lambda s: s.sample_losses(50.0, 1.0, 3),
    lambda s: s.simulate(15.0, 40.0, 1.0, temperature=1.0), lambda s: s.loss_variance(50.0, 1.0),
    lambda s: s.single_pass_dissipation(50.0, temperature=1.0), lambda s: s.loss_distribution(50.0, 1.0),
    lambda s: s.diffusion(1.0),
])  # fmt: skip
def test_a_temperature_with_damping_is_refused(call):
    system = ct.System(ct.Chain(10.0, 40.0, damping=0.1), ct.Gaussian(2.0, 4.0))
    with pytest.raises(ValueError, match=r"^chain must have no damping for a temperature \(give it damping=0\), got"):
        call(system)


@pytest.mark.filterwarnings("ignore:the loss")
def test_recoil_of_a_transform_that_is_infinite_without_wells():
    """log(k)^2 at the bottom of a band without a gap, whose slope needs a step like k; digits by mpmath."""
    system = ct.System(ct.Chain.from_springs(0.0, [0.94, 0.1], 1.0), ct.SoftenedCoulomb(1.0, 0.2))
    assert system.single_pass_dissipation(2.0, temperature=0.0) == pytest.approx(29.48383487779, rel=1e-11)
    assert system.single_pass_dissipation(2.0, temperature=1.0) == pytest.approx(56.369936869, rel=1e-10)
    # Classical: Delta - T dDelta/dE, by differences of Delta.
    around = [float(system.single_pass_dissipation(2.0 * (1.0 + 1e-3 * i))) for i in (-2, -1, 1, 2)]
    slope = (around[0] - 8.0 * around[1] + 8.0 * around[2] - around[3]) / (12.0 * 2e-3)
    expected = float(system.single_pass_dissipation(2.0)) - slope * (2.0 * math.pi) ** 2 / 2.0
    found = system.single_pass_dissipation(2.0, temperature=1.0, sampling="classical")
    assert found == pytest.approx(expected, rel=1e-8)
