"""Random walks of hot runs: the measures on walks that are known, starts and escapes against plain means."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

import chaintheory as ct
from chaintheory.figures import thermal_walk
from chaintheory.simulation.walks import (
    Rate,
    arrhenius,
    diffusion_constant,
    escapes,
    fitted,
    flights,
    growth,
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
    found = mean_squared_displacement(flying, 5)
    assert found.value == pytest.approx(0.5 * (10.0**2 + 15.0**2), rel=1e-14)
    assert (found.error, found.blocks) == (pytest.approx(0.5 * (15.0**2 - 10.0**2), rel=1e-14), 2)  # each run is one


def test_growth_and_diffusion_of_a_walk_with_a_memory():
    """Velocities that forget by phi in a column; a swing within the cell does not change D."""
    phi, every, random = 0.8, 0.5, np.random.default_rng(4)
    found, exponents = [], []
    for _ in range(60):
        noise = math.sqrt(1.0 - phi * phi) * random.standard_normal((32, 600))
        noise[:, 0] /= math.sqrt(1.0 - phi * phi)
        x = np.cumsum(lfilter([1.0], [1.0, -phi], noise, axis=1), axis=1)
        swing = 5.0 * np.where(random.random(x.shape) < 0.5, -1.0, 1.0)
        found.append(diffusion_constant(x + swing, every, 20, 40))
        exponents.append(growth(x, 20, 40))
        assert growth(x, 1, 2).value > 1.8
    # <x^2> = 9 n - 40 (1 - phi^n), typed again.
    before, after = (9.0 * n - 40.0 * (1.0 - phi**n) for n in (20, 40))
    exact = (after - before) / (2.0 * every * 20)
    for several, value in ((found, exact), (exponents, math.log(after / before) / math.log(2.0))):
        values, errors = np.array([one[:2] for one in several]).T
        assert abs(values.mean() - value) < 4.0 * values.std() / math.sqrt(60)
        assert errors.mean() == pytest.approx(values.std(), rel=0.35)  # the scatter of 60 is known to a tenth


def test_flights_are_the_ways_between_turning_points():
    time = np.linspace(0.0, 10.0, 4001)
    x, v = 3.0 * np.sin(2.0 * math.pi * time), 6.0 * math.pi * np.cos(2.0 * math.pi * time)
    found = flights(np.stack([x, 0.1 * x[::-1]]), np.stack([v, -0.1 * v[::-1]]))
    for way, size in zip(found, (6.0, 0.6), strict=True):
        assert way.size == 19  # between twenty turning points
        assert way == pytest.approx(size, rel=(2.0 * math.pi / 400.0) ** 2 / 2.0)  # between two samples, at both ends
    # In the order of time, each turning point once: 1 up to 7, down to 2, up to 4.
    rising = flights(
        np.array([[3.0, 1.0, 5.0, 7.0, 2.0, 4.0, 3.0]]), np.array([[-1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0]])
    )
    assert rising[0].tolist() == [6.0, 5.0, 2.0]


@pytest.mark.parametrize("exponent", [0.7, 3.0])
def test_the_exponent_of_a_known_tail(exponent):
    drawn = np.random.default_rng(2).pareto(exponent, 20_000) + 1.0
    for longer in (1.0, 2.0):
        found = tail_exponent(np.split(drawn, 50), longer)
        assert abs(found.value - exponent) < 3.0 * found.error
        count = np.sum(drawn >= longer)
        assert found.error == pytest.approx(exponent / math.sqrt(count), rel=0.2)  # independent lengths (Hill)
    # Lengths that come four times each are a quarter as many.
    repeated = tail_exponent([np.repeat(drawn, 4)], 1.0)
    assert repeated.error == pytest.approx(exponent / math.sqrt(20_000), rel=0.2)
    # An exponential has no exponent: it grows with the length.
    other = np.random.default_rng(2).exponential(1.0, 20_000)
    assert tail_exponent([other], 4.0).value > tail_exponent([other], 1.0).value + 2.0


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
    count = 100_000
    system, heat = ct.System(ct.Chain(10.0, 10.0), ct.Gaussian(4.0, 2.0), mass=0.5), 3.0
    x, v = thermal_starts(system, heat, count, seed=1)
    unit = 2.0 * math.pi * math.sqrt(heat / 0.5)
    assert stats.kstest(v / unit, "norm").pvalue > 0.01
    for far in (2.0, 3.0, 3.5):  # Maxwell's tails, each by itself
        expected = count * stats.norm.sf(far)
        for tail in (np.sum(v > far * unit), np.sum(v < -far * unit)):
            assert abs(tail - expected) < 4.0 * math.sqrt(expected)
    assert 0.0 <= x.min() < 0.1 and 9.9 < x.max() < 10.0
    grid = (np.arange(1000) + 0.5) / 100.0
    weight = np.exp(-sum(system.interaction.potential(10.0 * n - grid) for n in range(-3, 5)) / heat)
    share = np.histogram(x, 20, (0.0, 10.0))[0] / count
    expected = weight.reshape(20, 50).sum(axis=1) / weight.sum()
    assert np.sum((share - expected) ** 2 / expected) * count < stats.chi2.isf(0.01, 19)
    assert abs(np.corrcoef(x, v)[0, 1]) < 4.0 / math.sqrt(count)


def test_runs_are_those_of_simulate():
    system = ct.System(ct.Chain(10.0, 10.0), ct.Gaussian(4.0, 2.0))
    start = np.linspace(20.0, 36.0, 17)
    x, v = sampled_runs(system, np.full(17, 5.0), start, 2.0, 0.5, 5.0, 0.0125, seed=3)
    assert x.shape == v.shape == (17, 5)
    for k in (0, 7, 16):  # each has a seed of its own
        alone = system.simulate(5.0, start[k], 2.0, temperature=5.0, sampling="classical", seed=3 + k, time_step=0.0125)
        expected = alone.at(np.arange(5) * 0.5)  # columns are steps here
        assert x[k] == pytest.approx(expected[0], abs=1e-9) and v[k] == pytest.approx(expected[1], abs=1e-9)


def test_no_two_runs_of_the_figure_share_a_seed(monkeypatch):
    """Runs of one noise at several temperatures are not independent, as the fit of the rates takes them to be."""
    drawn = []

    def spy(system, position, *_, seed, **__):
        drawn.extend(range(seed, seed + position.size))
        return np.zeros((position.size, 3)), np.zeros((position.size, 3))

    monkeypatch.setattr(thermal_walk, "sampled_runs", spy)
    thermal_walk.escape(5, seed=100)
    assert len(set(drawn)) == len(drawn) == 5 * len(thermal_walk.DURATIONS)
