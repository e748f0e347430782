"""The escape from a drift in a hot chain: the mean time of the walk against other solutions of it."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_bvp
from scipy.interpolate import CubicSpline

import chaintheory as ct
from chaintheory.drift.escape import barrier, escape_rate

DRIVEN = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
LOW, START, HIGH = 24.0, 26.0, 30.0  # no resonance between them


@pytest.fixture(scope="module")
def loss():
    """Mean dissipation of the static lattice against the energy midway, which a mean speed belongs to."""
    position = (np.arange(4000) + 0.5) / 100.0
    masses = 40.0 * np.arange(-2, 4)[:, None]
    energy = np.sum(DRIVEN.interaction.potential(masses - position), axis=0)
    energy -= np.sum(DRIVEN.interaction.potential(masses - 20.0))
    midway = np.linspace(6.0, 13.0, 200)
    mean = [1.0 / np.mean(1.0 / (2.0 * math.pi * np.sqrt(2.0 * (one - energy)))) for one in midway]
    of_speed = CubicSpline(mean, midway)
    speed = np.linspace(LOW, HIGH, 25)
    return of_speed, CubicSpline(of_speed(speed), DRIVEN.mean_dissipation(speed, approximation="static-lattice"))


@pytest.mark.parametrize("heat", [0.25, 1.0, 5.0])
def test_rate_is_that_of_the_backward_equation(loss, heat):
    """(beta - Delta + T Delta') t' + T Delta t'' = -(time of a pass), t = 0 at both ends, by collocation."""
    of_speed, taken = loss
    low, start, high = (float(of_speed(v)) for v in (LOW, START, HIGH))
    to_speed = CubicSpline(of_speed(np.linspace(20.5, 31.0, 300)), np.linspace(20.5, 31.0, 300))

    def slopes(energy, t):
        drift = DRIVEN.bias - taken(energy) + heat * taken(energy, 1)
        return np.stack((t[1], -(40.0 / to_speed(energy) + drift * t[1]) / (heat * taken(energy))))

    grid = np.linspace(low, high, 200)
    solved = solve_bvp(slopes, lambda a, b: np.array([a[0], b[0]]), grid, np.zeros((2, 200)), tol=1e-8)
    # The trapezoidal rule of 40 steps over an exponent of up to 2.3/0.25; measured 6.5e-3 at 0.25.
    rate = escape_rate(DRIVEN, heat, START, LOW, HIGH)
    assert rate == pytest.approx(1.0 / float(solved.sol(start)[0]), rel=1e-2)


def test_barriers_are_integrals_over_the_energy(loss):
    of_speed, taken = loss
    energy = np.linspace(of_speed(LOW), of_speed(HIGH), 4001)
    lost = np.trapezoid(1.0 - DRIVEN.bias / taken(energy), energy)
    assert barrier(DRIVEN, LOW, HIGH) == pytest.approx([0.0, lost], rel=1e-3, abs=1e-12)
    driven = ct.System(
        ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.05
    )  # more than any loss here: up is downhill
    gained = np.trapezoid(0.05 / taken(energy) - 1.0, energy)
    assert barrier(driven, LOW, HIGH) == pytest.approx([gained, 0.0], rel=1e-3, abs=1e-12)


def test_bad_arguments_are_refused():
    for arguments, message in (
        ((1.0, 31.0, LOW, HIGH), "start must be between low and high"),
        ((0.0, START, LOW, HIGH), "temperature must be above 0"),
        ((-1.0, START, LOW, HIGH), "temperature must be within"),
        ((math.inf, START, LOW, HIGH), "temperature must"),
        ((1.0, 3.0, 2.0, 4.0), "speed"),
    ):
        with pytest.raises(ValueError, match=message):
            escape_rate(DRIVEN, *arguments)
    damped = ct.System(ct.Chain(10.0, 40.0, damping=0.1), ct.Gaussian(2.0, 4.0), bias=0.01)
    with pytest.raises(ValueError, match="damping"):
        escape_rate(damped, 1.0, START, LOW, HIGH)
