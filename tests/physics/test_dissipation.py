"""The losses against each other: closed form, quadrature, 50 digits, simulation, and the table of the design."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import chaintheory as ct

PAPER = ct.System(
    ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01
)


def single_pass_in_50_digits(system: ct.System, speed: float) -> mpmath.mpf:
    """Eq. 6 by the trapezoidal rule in 50 digits; 2,000 points are far beyond convergence at these speeds."""
    with mpmath.workdps(50):
        v, top = mpmath.mpf(speed), mpmath.mpf(system.chain.omega_fast)
        strength = mpmath.mpf(system.interaction.amplitude) * system.interaction.width
        slowness = (2 * mpmath.pi * mpmath.mpf(system.interaction.width) / v) ** 2
        points = 2000
        squared = [
            1 + (top**2 - 1) * mpmath.sin(mpmath.pi * j / points) ** 2 for j in range(points)
        ]
        mean = mpmath.fsum(w * mpmath.exp(-slowness * (w - 1)) for w in squared) / points
        return 16 * mpmath.pi**5 * strength**2 / v**4 * mean * mpmath.exp(-slowness)


@pytest.mark.parametrize("speed", [2.0, 6.0, 30.0, 1e3, 1e6])
def test_three_roads_to_the_single_pass(speed):
    exact = single_pass_in_50_digits(PAPER, speed)
    for method in ("closed", "quadrature"):
        value = PAPER.single_pass_dissipation(speed, method=method)
        assert abs(mpmath.mpf(float(value)) / exact - 1) < 1e-13
        logarithm = PAPER.single_pass_dissipation(speed, method=method, log=True)
        assert float(logarithm) == pytest.approx(float(mpmath.log(exact)), rel=1e-14)


def test_mean_dissipation_meets_the_simulated_table():
    # Particle held at constant speed in a simulated chain; the last digit given is uncertain.
    simulated = {21.0: 0.04582, 30.0: 0.015037, 50.0: 0.0148694, 90.0: 0.007329}
    for speed, loss in simulated.items():
        assert PAPER.mean_dissipation(speed) == pytest.approx(loss, rel=6e-4)


@pytest.mark.parametrize("name", ["single_pass_dissipation", "mean_dissipation"])
def test_broadcasts_like_a_ufunc(name):
    loss = getattr(PAPER, name)
    assert isinstance(loss(30), np.float64)
    assert loss(np.zeros((0, 3))).shape == (0, 3)
    grid = loss(np.array([[30, -30], [50, 0]], dtype=np.float32))
    assert grid.shape == (2, 2)
    assert grid[0, 0] == grid[0, 1] == loss(30.0)
    assert grid[1, 1] == 0.0
    with pytest.raises(ValueError, match="speed"):
        loss([30.0, np.nan])
