"""Errors of means by blocks, against processes whose mean has a known variance."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

import chaintheory as ct


def autoregressive(phi, shape, seed):
    """Stationary x_(n+1) = phi x_n + noise of unit variance, along the last axis."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    noise[..., 0] /= math.sqrt(1.0 - phi * phi)
    return lfilter([1.0], [1.0, -phi], noise, axis=-1)


def exact_error(phi, count, series=1):
    """Of the mean of ``count`` values in each of so many series: the sum over all pairs of phi^|i - j|, typed again."""
    lag = np.arange(1, count)
    pairs = count + 2.0 * np.sum((count - lag) * phi**lag)
    return math.sqrt(pairs / (1.0 - phi * phi) / series) / count


@pytest.mark.parametrize(
    ("phi", "series", "count"),
    [(0.0, 1, 512), (0.0, 40, 1), (-0.6, 1, 1024), (0.8, 1, 4096), (0.8, 8, 512), (0.98, 1, 32768), (0.98, 64, 64),
     (0.98, 16, 2048), (0.999, 64, 256)],
)  # fmt: skip
def test_errors_are_those_of_correlated_processes(phi, series, count):
    """The error on the average, and how often the mean is within two of them: of a Gaussian 95 of 100 are."""
    means = [ct.block_mean(rows) for rows in autoregressive(phi, (300, series, count), seed=1)]
    exact = exact_error(phi, count, series)
    errors = np.array([one.error for one in means]) / exact
    within = np.mean([abs(one.value) < 2.0 * one.error for one in means])
    assert 0.95 < errors.mean() < (1.15 if phi < 0.0 else 1.02)  # measured 0.97 to 1.00, 1.10 where neighbours cancel
    assert errors.std() < 0.16  # measured 0.07 to 0.13: 30 blocks know it to 0.13
    assert 0.92 < within < 0.99
    assert min(one.blocks for one in means) >= 8


def test_what_is_correlated_over_too_much_of_its_series_has_no_error():
    """The mean of a walk says nothing; several independent walks know their mean by their scatter."""
    walks = np.cumsum(np.random.default_rng(2).standard_normal((16, 4096)), axis=1)
    assert [ct.block_mean(one).error for one in walks] == [math.inf] * 16
    together = ct.block_mean(walks)
    assert together.blocks == 16
    assert together.error == pytest.approx(walks.mean(axis=1).std(ddof=1) / 4.0, rel=1e-12)


def test_series_count_by_their_lengths():
    """Whole series of unequal lengths: the mean of all values has the error of the weighted mean of the series."""
    random, lengths = np.random.default_rng(3), np.array([10, 20, 40, 80] * 5)
    exact = math.sqrt(np.sum(lengths**2)) / lengths.sum()  # of one number of unit variance for each series
    found = [ct.block_mean([np.full(n, random.standard_normal()) for n in lengths]) for _ in range(300)]
    assert {one.blocks for one in found} == {20}
    assert np.mean([one.error**2 for one in found]) == pytest.approx(exact**2, rel=0.1)
    assert np.std([one.value for one in found]) == pytest.approx(exact, rel=4.0 / math.sqrt(600))


def test_short_series_are_not_left_out():
    """Sixty single values that scatter ten times as much as four long series."""
    random, exact = np.random.default_rng(5), math.sqrt(60 * 10.0**2 + 4 * 64) / (60 + 4 * 64)
    found = [
        ct.block_mean([*10.0 * random.standard_normal((60, 1)), *random.standard_normal((4, 64))]) for _ in range(200)
    ]
    assert np.mean([one.error**2 for one in found]) == pytest.approx(exact**2, rel=0.1)


def test_antithetic_passes_know_their_mean():
    """Pairs cancel most of the scatter: single losses would give an error three times as large."""
    weak = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(0.3, 4.0), mass=0.2)
    losses = weak.sample_losses(50.0, 5.0, 20_000, sampling="classical", antithetic=True)
    pairs = 0.5 * (losses[::2] + losses[1::2])
    found = ct.block_mean(losses)
    assert found.value == pytest.approx(pairs.mean(), rel=1e-9)
    assert found.error == pytest.approx(pairs.std() / 100.0, rel=0.3)


def test_series_that_are_refused():
    for series, kind, message in (
        ([1.0], ValueError, "a mean with an error needs at least 2 values, got 1"),
        ([], ValueError, "at least 2 values, got 0"),
        ([1.0, math.nan], ValueError, r"series must hold finite real numbers, got .*nan.* at index \(1,\)"),
        (3.0, TypeError, "series must be a series of numbers or several of them, got 3.0"),
        ("12", TypeError, "series must be a series of numbers"),
        (np.zeros((2, 2, 2)), ValueError, r"one-dimensional, got shapes \[\(2, 2\), \(2, 2\)\]"),
    ):
        with pytest.raises(kind, match=message):
            ct.block_mean(series)
