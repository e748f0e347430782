"""Physical units: there and back, and the lattice found again from its own drift velocities."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.drift.fit import fit_chain
from chaintheory.units import Units


def test_there_and_back():
    chain = ct.Chain.from_physical(mass=6.6e-26, confinement=0.07, coupling=1.5, spacing=1.6e-9)
    units = Units(6.6e-26, math.sqrt(0.07 / 6.6e-26))
    physical = chain.to_physical(units)
    assert physical.confinement == pytest.approx(0.07, rel=1e-14, abs=0)
    assert physical.coupling == pytest.approx(1.5, rel=1e-14, abs=0)
    assert physical.spacing == pytest.approx(1.6e-9, rel=1e-14, abs=0)


def test_units_are_consistent():
    units = Units(6.6e-26, 1e12)
    # energy = mass length^2 Omega^2: a mass at rest one length away from its place, twice its energy
    assert units.energy == pytest.approx(units.mass * (units.length * units.omega_slow) ** 2, rel=1e-14, abs=0)


def test_resonances_of_the_model_give_the_ratio_back():
    # Two crystals with one kappa/m, but masses three times apart: the fit sees the ratio, not the product.
    for mass in (6.6e-26, 3 * 6.6e-26):
        confinement = mass * 1e24
        chain = ct.Chain.from_physical(mass, confinement, 24.75 * confinement, 1.6e-9)
        system = ct.System(chain, ct.Gaussian(2.0, chain.spacing / 10))
        units = Units(mass, 1e12)
        lowest = 0.2 * chain.spacing
        speeds = [
            r.speed * units.speed for r in system.resonant_speeds(lowest, chain.spacing / 1.5) if r.edge == "lower"
        ]
        fit = fit_chain(speeds, 1.6e-9, uncertainty=1e-3, omega_fast=10.0)
        assert fit.numbers == (4, 3, 2)
        # The resonances of the fit are exact: rounding of the speeds alone.
        assert fit.confinement_over_mass == pytest.approx(1e24, rel=1e-13, abs=0)


def test_uncertainty_is_that_of_repeated_measurements():
    random = np.random.default_rng(1)
    true = np.array([1.6e-9 * 1e12 / (2 * math.pi * n) for n in (1, 2, 3)])
    samples = [true + random.normal(0, 0.5, 3) for _ in range(400)]
    fits = [fit_chain(sample, 1.6e-9, uncertainty=0.5, numbers=(1, 2, 3)) for sample in samples]
    scatter = np.std([f.omega_slow for f in fits])
    # 400 samples know their own scatter to 1/sqrt(800) = 3.5%; three of that.
    assert fits[0].omega_slow_error == pytest.approx(scatter, rel=0.11, abs=0)
    # Chi squared of two degrees of freedom has the mean 2 and the variance 4; three times its error in 400.
    assert np.mean([f.chi_squared for f in fits]) == pytest.approx(2.0, abs=0.3)
    assert {fit_chain(sample, 1.6e-9, uncertainty=0.5).numbers for sample in samples[:20]} == {(1, 2, 3)}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([1.0, -2.0], 1e-9), "drift_velocities"),
        (([1.0], 1e-9), "uncertainty"),
        (([], 1e-9), "drift_velocities must be positive and at least one"),
        (([1.0, 2.0], 0.0), "spacing"),
        (([3.0, 2.0, 2.02], 1e-9), "drift_velocities must be known well enough"),  # one resonance, measured twice
    ],
)
def test_bad_measurements(arguments, named):
    with pytest.raises(ValueError, match=named):
        fit_chain(*arguments)


@pytest.mark.parametrize("numbers", ["12", b"12", 3, [[1, 2]]])
def test_numbers_must_be_a_sequence(numbers):
    with pytest.raises(ValueError, match="numbers must be a sequence of whole numbers"):
        fit_chain([2.0, 1.0], 1e-9, numbers=numbers)


SPACING, SLOW = 1.6e-9, 1e12


def measured(numbers, omega_fast, error=0.0, random=None):
    """Speeds of the resonances, by bisection of the tangency x omega' = omega between x = n and the steepest point."""
    spread, result = omega_fast**2 - 1.0, []
    for n in numbers:
        low, high = float(n), n + math.asin(1.0 / math.sqrt(omega_fast + 1.0)) / math.pi
        for _ in range(200):
            x = 0.5 * (low + high)
            tangency = math.pi * spread * x * math.sin(math.pi * x) * math.cos(math.pi * x)
            low, high = (x, high) if tangency < 1.0 + spread * math.sin(math.pi * x) ** 2 else (low, x)
        result.append(math.sqrt(1.0 + spread * math.sin(math.pi * x) ** 2) / x)
    noise = 1.0 if random is None else 1.0 + error * random.normal(size=len(result))
    return SPACING * SLOW / (2.0 * math.pi) * np.array(result) * noise


def test_numbers_of_neighbours_are_distinct_or_refused():
    speed = [SPACING * SLOW / (2.0 * math.pi * n) for n in (20, 21)]
    with pytest.raises(ValueError, match=r"\(20, 21\).* fit, .* by chance"):
        fit_chain(speed, SPACING)
    fit = fit_chain(speed, SPACING, uncertainty=1e-5)
    assert fit.numbers == (20, 21) and fit.alternatives == ((40, 42),)
    assert fit.omega_slow == pytest.approx(SLOW, rel=1e-14, abs=0)
    with pytest.raises(ValueError, match="numbers must be distinct"):
        fit_chain(speed, SPACING, numbers=(20, 20))


def test_given_numbers_are_those_of_the_nearest_resonances_at_any_spacing():
    """Without an uncertainty the distances to the resonances decide, in metres and in the units of the model."""
    number = np.array([2, 3, 5])
    for spacing in (1.6e-9, 40.0):
        speed = spacing * SLOW / (2.0 * math.pi * number) * (1.0 + 1e-4 * np.array([1.0, -1.0, 0.5]))
        fit = fit_chain(speed, spacing, numbers=(2, 3, 5))
        assert fit.numbers == (2, 3, 5)
        # The fit is within the largest of the errors.
        assert fit.omega_slow == pytest.approx(SLOW, rel=1e-4, abs=0)
        with pytest.raises(ValueError, match=r"numbers must be those of the nearest .* nearer to number 5;"):
            fit_chain(speed, spacing, numbers=(2, 3, 6))
        with pytest.raises(ValueError, match=r"numbers must be those of the nearest .* nearer to number 5;"):
            fit_chain(speed, spacing, numbers=(2, 3, 4))


def test_a_narrow_band_is_recognised():
    random = np.random.default_rng(40)
    speed = measured((6, 5, 4, 3, 2, 1), 1.5, 1e-3, random)
    for uncertainty in (None, 1e-3 * speed):
        with pytest.raises(
            ValueError, match=r"omega_fast must be given: .* \(6, 5, 4, 3, 2, 1\) with omega_fast near 1.4"
        ):
            fit_chain(speed, SPACING, uncertainty=uncertainty)
    fit = fit_chain(speed, SPACING, uncertainty=1e-3 * speed, omega_fast=1.5)
    assert fit.numbers == (6, 5, 4, 3, 2, 1)
    assert abs(fit.omega_slow - SLOW) < 3.0 * fit.omega_slow_error
    with pytest.raises(ValueError, match="numbers must be at least 7, the first resonance"):
        fit_chain(measured((7, 8), 1.05), SPACING, numbers=(1, 2), omega_fast=1.05)


def test_two_assignments_that_fit_are_named():
    # With a narrow band 4:5:7 and its multiples differ a little, and errors of 0.001% leave two of them.
    speed = measured((40, 50, 70), 1.05)
    with pytest.raises(ValueError, match=r"one assignment of numbers, got 2: \(36, 45, 63\), \(40, 50, 70\)"):
        fit_chain(speed, SPACING, omega_fast=1.05, uncertainty=1e-5 * speed)


def test_a_fit_is_right_or_refused():
    random = np.random.default_rng(41)
    right = refused = 0
    for _ in range(80):
        omega_fast = 1.0 + 10.0 ** random.uniform(-1.0, 2.0)
        onset = math.floor(1.2 / math.sqrt(omega_fast - 1.0) if omega_fast < 2.0 else 1) + 2
        numbers = np.sort(random.choice(np.arange(onset, onset + 8), random.integers(2, 7), replace=False))
        error = 10.0 ** random.uniform(-5.0, -2.5)
        speed = measured(numbers, omega_fast, error, random)
        options = {"omega_fast": omega_fast} if random.random() < 0.5 else {}
        try:
            fit = fit_chain(speed, SPACING, uncertainty=error * speed, **options)
        except ValueError as refusal:
            assert "must" in str(refusal)
            refused += 1
            continue
        # A common factor is not in the data.
        factor = 1 if fit.numbers == tuple(numbers) else math.gcd(*(int(n) for n in numbers))
        assert fit.numbers == tuple(numbers // factor), (numbers, omega_fast, error, options, fit.numbers)
        right += 1
    assert right > 20, (right, refused)


@pytest.mark.parametrize("units", [None, 3.0, "SI", ct.Chain(10.0, 40.0)])
def test_units_must_be_units(units):
    with pytest.raises(TypeError, match="units"):
        ct.Chain(10.0, 40.0).to_physical(units)


def test_many_equal_velocities_are_refused_at_once():
    """Sixteen equal velocities have no distinct numbers: products of their choices would take hours."""
    with pytest.raises(ValueError, match="drift_velocities must be"):
        ct.fit_chain(np.ones(16), 8, omega_fast=1.01)


def test_units_whose_products_are_no_doubles_are_refused():
    """They ended in ZeroDivisionError and OverflowError."""
    for mass, omega in ((1e-200, 1e-200), (1e-30, 1e155), (1e300, 1.0)):
        with pytest.raises(ValueError, match=r"(mass|omega_slow) must be within 1e-100 \.\. 1e\+100, got "):
            ct.Units(mass, omega)
    for mass in (1e-100, 1e100):
        for omega in (1e-100, 1e100):
            for name in ("SI", "metal"):
                scale = ct.Units(mass, omega).scale(name)
                assert scale.length * scale.force == pytest.approx(scale.energy, rel=1e-12)
                assert scale.speed * scale.time == pytest.approx(scale.length, rel=1e-12)
