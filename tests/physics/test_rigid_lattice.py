"""The rigid lattice: its potential and barrier against dense sums in many digits and closed forms; what passes it."""

import math

import mpmath
import numpy as np
import pytest

import chaintheory as ct
from chaintheory.comparison.passes import pass_by_pass
from chaintheory.dissipation.static_lattice import RigidLatticeMotion
from chaintheory.lattice.rigid_lattice import lattice_barrier, lattice_potential, mass_barrier

CHAIN = ct.Chain(10.0, 40.0)
PROFILES = {
    "Gaussian": lambda x: mpmath.exp(-x * x / 2),
    "Exponential": lambda x: mpmath.exp(-abs(x)),
    "Sech2": lambda x: mpmath.sech(x) ** 2,
    "Matern": lambda x: (1 + mpmath.sqrt(3) * abs(x)) * mpmath.exp(-mpmath.sqrt(3) * abs(x)),
}


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("width", [0.02, 0.4, 1.1, 5.0, 15.0])
def test_potential_against_the_sum_in_many_digits(name, width):
    # With wide interactions the masses cancel to 1e-50 and less of each; below 0.5 spacings a direct sum is used, whose
    # error is that of its largest term. At 15 spacings the barrier of a Gaussian is no double.
    if name == "Gaussian" and width == 15.0:
        assert lattice_barrier(ct.System(ct.Chain(10.0, 1.0), ct.Gaussian(1.0, width))) == 0.0
        return
    system = ct.System(ct.Chain(10.0, 1.0), getattr(ct, name)(1.0, width))
    with mpmath.workdps(300 if name == "Gaussian" else 140):
        width_ = mpmath.mpf(width)
        masses = range(-int(200 * width) - 3, int(200 * width) + 4)

        def potential(u):
            return mpmath.fsum(PROFILES[name]((u - n) / width_) for n in masses)

        midway = potential(mpmath.mpf(1) / 2)
        for u in (0.0, 0.1, 0.3):
            exact = float(potential(mpmath.mpf(u)) - midway)
            # The rounding of a Gaussian's exponent, up to 500, in wide sums; 2e-16 of the amplitude in direct ones.
            allowed = 1e-13 * abs(exact) + (2e-15 if width < 0.5 else 0.0)
            assert abs(float(lattice_potential(system, np.array(u))) - exact) <= allowed


@pytest.mark.parametrize("width", [0.001, 0.3, 0.45, 1.1, 4.0])
def test_lorentzian_against_its_closed_sum(width):
    system = ct.System(ct.Chain(10.0, 1.0), ct.Lorentzian(1.0, width))
    with mpmath.workdps(40):
        w = 2 * mpmath.pi * mpmath.mpf(width)

        def closed(u):
            return w / 2 * mpmath.sinh(w) / (mpmath.cosh(w) - mpmath.cos(2 * mpmath.pi * u))

        for u in (0.0, 0.2, 0.1 + 0.8j * width, 0.4 - 0.9j * width):
            exact = complex(closed(mpmath.mpmathify(u)) - closed(mpmath.mpf(1) / 2))
            assert complex(lattice_potential(system, np.array(u))) == pytest.approx(exact, rel=1e-14, abs=0)
        barrier = float(closed(mpmath.mpf(0)) - closed(mpmath.mpf(1) / 2))
        assert lattice_barrier(system) == pytest.approx(barrier, rel=1e-14, abs=0)


@pytest.mark.parametrize("width", [0.3, 1.1])
def test_lorentzian_against_the_sum_over_masses(width):
    """20,000 masses to each side; the rest, 2 w^2 (u^2 - 1/4) sum n^-4 ..., is below 1e-12."""
    system, n = ct.System(ct.Chain(10.0, 1.0), ct.Lorentzian(1.0, width)), np.arange(-20_000.0, 20_001.0)
    for u in (0.0, 0.2, 0.1 + 0.8j * width):
        total, midway = (np.sum(1.0 / (1.0 + ((place - n) / width) ** 2)) for place in (u, 0.5))
        assert complex(lattice_potential(system, np.array(u))) == pytest.approx(total - midway, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(
    ("interaction", "spacing"),
    [
        (ct.Gaussian(2.0, 4.0), 40.0),
        (ct.Gaussian(2.0, 16.0), 40.0),
        (ct.Gaussian(-2.0, 12.0), 40.0),
        (ct.GaussianMixture([-3.0, 2.0], [2.0, 6.0]), 40.0),
        (ct.GaussianMixture([-6.0, 5.0], [2.0, 5.0]), 40.0),
        (ct.GaussianMixture([6.0, -5.0], [2.0, 5.0]), 7.0),
        (ct.Interaction.from_expression("2*(r/4)**2*exp(1-(r/4)**2)"), 40.0),
        (ct.Interaction.from_expression("2*(r/4)**2*exp(1-(r/4)**2)"), 6.0),
        (ct.SquareWell(1.5, 3.0), 40.0),
        (ct.SquareWell(1.5, 21.0), 40.0),
        (ct.SquareWell(-1.5, 21.0), 40.0),
    ],
)
def test_capture_speed_against_a_dense_sum(interaction, spacing):
    system = ct.System(ct.Chain(10.0, spacing), interaction, mass=0.7)
    u = np.linspace(0.0, 0.5 * spacing, 40001)
    energy = sum(interaction.potential(u - n * spacing) for n in range(-30, 31))
    # The grid misses a maximum by 1e-9 at most.
    expected = math.sqrt(8.0 * math.pi**2 * max(float(energy.max() - energy[-1]), 0.0) / 0.7)
    assert system.capture_speed == pytest.approx(expected, rel=1e-8, abs=1e-7)


def test_barrier_of_one_mass():
    assert mass_barrier(ct.System(CHAIN, ct.Gaussian(-2.0, 4.0))) == 0.0
    assert mass_barrier(ct.System(CHAIN, ct.Gaussian(2.0, 16.0))) == 2.0
    ring = ct.Interaction.from_expression("2*(r/4)**2*exp(1-(r/4)**2)")
    assert mass_barrier(ct.System(CHAIN, ring)) == pytest.approx(2.0, rel=1e-14)
    mixture = ct.System(CHAIN, ct.GaussianMixture([-3.0, 2.0], [2.0, 6.0]))
    r = np.linspace(0.0, 40.0, 400001)
    assert mass_barrier(mixture) == pytest.approx(float(mixture.interaction.potential(r).max()), rel=1e-9)


@pytest.mark.parametrize("interaction", [ct.Gaussian(2.0, 16.0), ct.GaussianMixture([-6.0, 5.0], [2.0, 5.0])])
def test_the_capture_speed_divides_orbits(interaction):
    system = ct.System(CHAIN, interaction)
    speed = system.capture_speed
    assert RigidLatticeMotion(system, speed * (1.0 + 1e-6), lattice=True).passes
    assert not RigidLatticeMotion(system, speed * (1.0 - 1e-6), lattice=True).passes


def test_the_capture_speed_divides_runs():
    """A light particle, slow beside the masses' vibrations, is reflected by them where the rigid lattice does it."""
    system = ct.System(CHAIN, ct.Gaussian(0.02, 16.0), mass=0.01)
    for factor, passes in ((0.98, False), (1.02, True)):
        run = system.simulate(20.0, factor * system.capture_speed, 3.0 * 40.0 / system.capture_speed)
        assert bool(run.position.max() > 60.0) is passes


def test_theory_of_a_run_goes_on_to_the_true_capture_speed():
    system = ct.System(CHAIN, ct.Gaussian(2.0, 16.0), bias=-0.02)
    _, midway, _ = pass_by_pass(system, 9.0, 500.0)
    # The loss in a pass at this speed is 1e-8; each pass costs the bias.
    energy = system.kinetic_energy(midway)
    assert np.allclose(np.diff(energy), -0.02, rtol=1e-3)
    assert energy[-1] - 0.02 < system.kinetic_energy(system.capture_speed) < energy[-1]


def test_a_wide_cusp_is_the_sum_over_masses_on_both_sides():
    """The geometric series against the sum, mass by mass; a little beside a mass too, where the series turns."""
    system = ct.System(ct.Chain(10.0, 4.0), ct.Exponential(2.0, 6.0))
    u = np.array([-9.0, -2.0, -1.3, -0.5, -1e-3, 0.0, 1e-3, 0.5, 1.3, 2.0, 9.0])
    n = np.arange(-60, 61)  # exp(-4*60/6) = 4e-18

    def total(u):
        return np.sum(2.0 * np.exp(-np.abs(u[:, None] - 4.0 * n) / 6.0), axis=1)

    assert lattice_potential(system, u) == pytest.approx(total(u) - total(np.array([2.0])), rel=0, abs=1e-14)


@pytest.mark.parametrize("spacing", [10.0, 37.0, 90.0])
def test_an_exponential_tail_is_the_sum_over_masses(spacing):
    """The geometric series against the sum, mass by mass, of a table with a long tail and of a narrow cusp."""
    r = np.linspace(0.0, 100.0, 201)
    for interaction in (ct.Interaction.from_samples(r, 2.0 / (1.0 + (r / 2.0) ** 2)), ct.Exponential(2.0, 7.0)):
        system = ct.System(ct.Chain(10.0, spacing), interaction)
        n = np.arange(-(5000 // spacing), 5000 // spacing + 1)  # the table's tail falls over 50

        def total(u, interaction=interaction, n=n):
            return np.sum(interaction.potential(u[:, None] - spacing * n), axis=1)

        u = spacing * np.array([-0.8, -0.5, -0.21, -1e-4, 0.0, 1e-4, 0.3, 0.49, 2.1])
        # The rounding of the sum of some 2 (1 + 6/spacing).
        expected = total(u) - total(np.array([0.5 * spacing]))
        assert lattice_potential(system, u) == pytest.approx(expected, rel=0, abs=4e-15)


def test_too_many_masses_are_refused_with_their_number():
    # The wide Gaussian ends at some nine widths, a thousand masses away; the narrow one says nothing of the reach.
    system = ct.System(ct.Chain(10.0, 40.0), ct.GaussianMixture([1.9, 1.0], [1e-3, 4380.0]))
    with pytest.raises(
        ValueError, match=r"at most 1000 masses to each side .*, got 1,\d\d\d at the spacing 40"
    ) as told:
        _ = system.capture_speed
    number = float(str(told.value).split("got ")[1].split()[0].replace(",", ""))
    assert number == pytest.approx(system.interaction.reach(1e-16) / 40.0, rel=0.3)
