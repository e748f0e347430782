"""The curves are those of the generated functions: shares of the mean dissipation, closed single passes."""

from __future__ import annotations

import numpy as np
import pytest

import chaintheory as ct

KINDS = {
    "gaussian": ct.Gaussian(2.0, 4.0),
    "exponential": ct.Exponential(2.0, 4.0),
    "matern32": ct.Matern(2.0, 4.0, order=1),
    "matern52": ct.Matern(2.0, 4.0, order=2),
    "lorentzian": ct.Lorentzian(2.0, 4.0),
    "sech2": ct.Sech2(2.0, 4.0),
    "softened_coulomb": ct.SoftenedCoulomb(2.0, 4.0),
    "square_well": ct.SquareWell(2.0, 4.0),
}


@pytest.mark.parametrize("name", KINDS)
def test_shares_are_the_generated_weights(probe, name):
    system = ct.System(ct.Chain(10.0, 40.0), KINDS[name])
    weight = getattr(probe, f"weight_{name}")
    for speed in (17.0, 50.0, 300.0):
        terms = system.mean_dissipation_terms(speed)
        generated = [weight(x, speed, 10.0, 40.0, 2.0, 4.0) for x in terms.crossing]
        # x of up to 24 carries its rounding into the sine, 3e-15, times the exponent and the inverse denominator.
        assert np.allclose(terms.share, generated, rtol=1e-11, atol=1e-16 * max(generated))
        assert all(abs(probe.crossing(x, speed, 10.0, 40.0)) < 1e-13 for x in terms.crossing)


@pytest.mark.parametrize("name", ["gaussian", "exponential", "matern32", "matern52"])
def test_closed_single_passes_are_the_generated_ones(probe, name):
    system = ct.System(ct.Chain(10.0, 40.0), KINDS[name])
    generated = getattr(probe, f"single_pass_{name}")
    for speed in (3.0, 20.0, 100.0, 2000.0):
        expected = generated(speed, 10.0, 2.0, 4.0)
        assert float(system.single_pass_dissipation(speed)) == pytest.approx(expected, rel=2e-14, abs=0)


def test_resonances_are_zeros_of_the_generated_tangency(probe):
    system = ct.System(ct.Chain(10.0, 40.0), KINDS["gaussian"])
    for resonance in system.resonant_speeds(5.0, 200.0):
        # omega^2 up to 100, x up to 80: some hundred units of rounding.
        scale = abs(probe.tangency_slope(resonance.crossing, 10.0)) * resonance.crossing
        assert abs(probe.tangency(resonance.crossing, 10.0)) < 1e-15 * scale + 1e-12
