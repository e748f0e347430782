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
        assert fit.confinement_over_mass == pytest.approx(1e24, rel=1e-6, abs=0)  # next order of the tangency, 1e-7


def test_uncertainty_is_that_of_repeated_measurements():
    random = np.random.default_rng(1)
    true = np.array([1.6e-9 * 1e12 / (2 * math.pi * n) for n in (1, 2, 3)])
    fits = [fit_chain(true + random.normal(0, 0.5, 3), 1.6e-9, uncertainty=0.5) for _ in range(400)]
    scatter = np.std([f.omega_slow for f in fits])
    # 400 samples know their own scatter to 1/sqrt(800) = 3.5%; three of that.
    assert fits[0].omega_slow_error == pytest.approx(scatter, rel=0.11, abs=0)
    assert {f.numbers for f in fits} == {(1, 2, 3)}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([1.0, -2.0], 1e-9), "drift_velocities"),
        (([1.0], 1e-9), "uncertainty"),
        (([1.0, 2.0], 0.0), "spacing"),
        (([3.0, 2.0, 2.02], 1e-9), None),
    ],
)
def test_bad_measurements(arguments, named):
    if named is None:
        assert fit_chain(*arguments).numbers  # 2.02 and 2.0 are one resonance within 0.5%
    else:
        with pytest.raises(ValueError, match=named):
            fit_chain(*arguments)


@pytest.mark.parametrize("units", [None, 3.0, "SI", ct.Chain(10.0, 40.0)])
def test_units_must_be_units(units):
    with pytest.raises(ValueError, match="units"):
        ct.Chain(10.0, 40.0).to_physical(units)
