"""Random walks of hot runs: the measures on walks that are known, starts and escapes against plain means."""

import math

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.simulation.walks import (
    Rate,
    arrhenius,
    escapes,
    fitted,
    flights,
    kramers,
    mean_squared_displacement,
    power,
    sampled_runs,
    tail_exponent,
    thermal_starts,
)


def test_squares_of_a_walk_of_independent_steps():
    """Lag times the step's variance; ballistic motion gives the square of the way. The error is that over the runs."""
    steps = np.random.default_rng(1).standard_normal((400, 200))
    for lag in (1, 10, 50):
        found = mean_squared_displacement(np.cumsum(steps, axis=1), lag)
        # Of 200/lag independent pieces in each run, a little fewer: the relative error is about sqrt(2 lag/80,000).
        assert found.error / lag == pytest.approx(math.sqrt(4.0 / 3.0 * lag / 80_000), rel=0.4)
        assert abs(found.value - lag) < 4.0 * found.error
    flying = np.arange(30.0) * np.array([[2.0], [3.0]])
    assert mean_squared_displacement(flying, 5).value == pytest.approx(0.5 * (10.0**2 + 15.0**2), rel=1e-14)


def test_flights_are_the_ways_between_turning_points():
    time = np.linspace(0.0, 10.0, 4001)
    x, v = 3.0 * np.sin(2.0 * math.pi * time), 6.0 * math.pi * np.cos(2.0 * math.pi * time)
    way = flights(np.stack([x, 0.1 * x]), np.stack([v, 0.1 * v]), 1.0)
    assert way.size == 19  # twenty turning points; those of a tenth of the amplitude are too short
    assert way == pytest.approx(6.0, rel=(2.0 * math.pi / 400.0) ** 2 / 2.0)  # between two samples, at both ends


@pytest.mark.parametrize("exponent", [0.7, 3.0])
def test_the_exponent_of_a_known_tail(exponent):
    drawn = np.random.default_rng(2).pareto(exponent, 20_000) + 1.0
    for longer in (1.0, 2.0):
        found = tail_exponent(drawn, longer)
        assert abs(found.value - exponent) < 3.0 * found.error
    # An exponential has no exponent: it grows with the length.
    other = np.random.default_rng(2).exponential(1.0, 20_000)
    assert tail_exponent(other, 4.0).value > tail_exponent(other, 1.0).value + 2.0


def test_rates_of_a_known_law_give_it_back():
    """Poisson numbers: the parameter within its error, the deviance that of chi-squared, the wrong law rejected."""
    temperatures, random = np.array([0.2, 0.3, 0.5, 1.0, 2.0, 4.0]), np.random.default_rng(3)
    off, deviances = [], []
    for _ in range(30):
        rate = 1e-3 * kramers(0.8, temperatures)
        spent = 200.0 / rate
        rates = [Rate(float(heat), int(random.poisson(200.0)), float(time))
                 for heat, time in zip(temperatures, spent, strict=True)]  # fmt: skip
        fit = fitted(rates, kramers)
        off.append((fit.parameter - 0.8) / fit.error)
        deviances.append(fit.deviance)
        assert fitted(rates, power).deviance > 40.0 and fitted(rates, arrhenius).deviance > 40.0
        assert fit.factor == pytest.approx(1e-3, rel=0.2)
    assert abs(np.mean(off)) < 4.0 / math.sqrt(30) and 0.7 < np.std(off) < 1.3
    assert abs(np.mean(deviances) - 4.0) < 4.0 * math.sqrt(8.0 / 30.0)  # six numbers, two parameters


def test_a_law_needs_escapes_at_two_temperatures():
    with pytest.raises(ValueError, match=r"^rates must have escapes at two temperatures or more, got \[3.0, 0.0\]$"):
        fitted([Rate(1.0, 3, 100.0), Rate(2.0, 0, 100.0)], kramers)


def test_escapes_are_counted_once_and_time_ends_with_them():
    speeds = np.array([[20.0, 31.0, 10.0, 20.0], [20.0, 20.0, 20.0, 20.0], [16.0, 20.0, 20.0, 20.0]])
    assert escapes(speeds, 5.0, 17.0, 30.0, 2.0) == Rate(2.0, 2, 5.0 * (2 + 4 + 1))


def test_starts_are_those_of_equilibrium():
    system, heat = ct.System(ct.Chain(10.0, 10.0), ct.Gaussian(4.0, 2.0), mass=0.5), 3.0
    x, v = thermal_starts(system, heat, 20_000, seed=1)
    assert np.mean(system.kinetic_energy(v)) == pytest.approx(0.5 * heat, rel=4.0 * math.sqrt(2.0 / 20_000))
    assert 0.0 <= x.min() < 0.1 and 9.9 < x.max() < 10.0
    grid = (np.arange(1000) + 0.5) / 100.0
    weight = np.exp(-sum(system.interaction.potential(10.0 * n - grid) for n in range(-3, 5)) / heat)
    for wave in (1, 2):
        expected = np.sum(weight * np.cos(0.2 * math.pi * wave * grid)) / np.sum(weight)
        assert np.mean(np.cos(0.2 * math.pi * wave * x)) == pytest.approx(expected, abs=4.0 / math.sqrt(20_000))


def test_runs_are_those_of_simulate():
    system = ct.System(ct.Chain(10.0, 10.0), ct.Gaussian(4.0, 2.0))
    x, v = sampled_runs(system, np.full(17, 5.0), np.linspace(20.0, 36.0, 17), 2.0, 0.5, 5.0, 0.0125, seed=3)
    assert x.shape == v.shape == (17, 5)
    alone = system.simulate(5.0, 36.0, 2.0, temperature=5.0, sampling="classical", seed=19, time_step=0.0125)
    assert x[16] == pytest.approx(alone.at(np.arange(5) * 0.5)[0], abs=1e-9)  # columns are steps here
