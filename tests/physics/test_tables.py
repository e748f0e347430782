"""What a table states of its own error, against the functions that were sampled."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chaintheory as ct

# Each varies over two samples of the grids below at least, and is even and smooth but for the third.
SAMPLED = {
    "gaussian": lambda r: 2.0 * np.exp(-r * r / 32.0),
    "oscillating": lambda r: 2.0 * np.exp(-r * r / 20.0) * np.cos(r),
    "cusp": lambda r: 2.0 * np.exp(-r / 2.0),
    "morse": lambda r: 2.0 * (np.exp(-2.0 * (np.hypot(r, 2.0) - 3.0)) - 2.0 * np.exp(-(np.hypot(r, 2.0) - 3.0))),
    "sech2": lambda r: 2.0 / np.cosh(r / 2.0) ** 2,
}
MERGED = np.unique(np.concatenate([np.arange(0.0, 20.01, 0.5), np.arange(0.003, 20.0, 0.7)]))
DENSE = np.linspace(0.0, 20.0, 20_001)


def random_distances(random, count):
    return np.concatenate([[0.0], np.sort(random.uniform(0.0, 20.0, count - 2)), [20.0]])


def spoilt(values, how, random):
    """Values rounded to a number of digits, or with noise."""
    return np.round(values, how) if isinstance(how, int) else values + how * random.standard_normal(values.shape)


def test_no_table_is_worse_than_it_states():
    random = np.random.default_rng(12)
    ratios, refused = [], 0
    for number in range(240):
        function = list(SAMPLED.values())[number % 5]
        count = int(random.choice([30, 60, 100]))
        jitter = 20.0 / (count - 1) * 0.4 * random.uniform(-1.0, 1.0, count)
        r = [
            np.linspace(0.0, 20.0, count),
            random_distances(random, count),
            np.clip(np.linspace(0.0, 20.0, count) + jitter * (np.arange(count) % (count - 1) > 0), 0.0, 20.0),
            MERGED,
            (np.arange(count) + 0.5) * 20.0 / count,
        ][number // 5 % 5]
        values = spoilt(function(r), [0.0, 6, 4, 1e-6, 1e-4, 1e-3][number // 25 % 6], random)
        try:
            table = ct.Interaction.from_samples(r, values)
        except ValueError as problem:
            assert "splines that disagree" in str(problem) or "must decay" in str(problem)
            refused += 1
            continue
        inside = DENSE[DENSE <= r[-1]]
        ratios.append(table.error / np.abs(table.potential(inside) - function(inside)).max())
    assert len(ratios) > 180 and refused < 60
    assert min(ratios) > 1.0
    assert np.median(ratios) < 100.0  # 24 measured


@pytest.mark.parametrize(("digits", "true"), [(6, 6.2e-4), (4, 2.7e-3)])
def test_rounded_values_on_merged_grids(digits, true):
    function = SAMPLED["gaussian"]
    table = ct.Interaction.from_samples(MERGED, np.round(function(MERGED), digits))
    missed = np.abs(table.potential(DENSE) - function(DENSE)).max()
    assert missed == pytest.approx(true, rel=0.02, abs=0)  # 5e-7 and 5e-5 on an even grid
    assert missed < table.error < 20.0 * missed


def test_exact_values_at_random_distances():
    random = np.random.default_rng(10)
    function, ratios = SAMPLED["gaussian"], []
    for _ in range(60):
        r = random_distances(random, 40)
        table = ct.Interaction.from_samples(r, function(r))
        ratios.append(table.error / np.abs(table.potential(DENSE) - function(DENSE)).max())
    assert min(ratios) > 1.0 and np.median(ratios) < 500.0  # 211


@pytest.mark.parametrize("count", [41, 81, 161])
def test_good_tables_are_not_overstated(count):
    r = np.linspace(0.0, 20.0, count)
    for name in ("gaussian", "oscillating", "morse", "sech2"):
        table = ct.Interaction.from_samples(r, SAMPLED[name](r))
        missed = np.abs(table.potential(DENSE) - SAMPLED[name](DENSE)).max()
        assert missed < table.error < 1500.0 * missed


def test_a_spline_that_noise_leaves_open_is_refused_in_one_line():
    values = SAMPLED["gaussian"](MERGED) + 1e-2 * np.random.default_rng(1).standard_normal(MERGED.size)
    values[-1] = 0.0
    with pytest.raises(ValueError, match=r"splines that disagree by [^\n]*; take evenly spaced r[^\n]*less noise$"):
        ct.Interaction.from_samples(MERGED, values)


def test_the_transform_of_a_cusp_is_missed_by_less_than_error_allows():
    r = np.arange(0.0, 21.01, 0.05)
    table = ct.Interaction.from_samples(r, np.exp(-r / 3.0))
    k = np.linspace(0.0, 3.0, 61)
    missed = np.abs(table.transform(k) - 6.0 / (1.0 + 9.0 * k**2)).max()
    # By far more than transform_error, which is that of the spline; the tail beyond the end is an exponential too.
    assert 1e6 * table.transform_error < missed < 2.0 * r[-1] * table.error


GAUSSIAN = SAMPLED["gaussian"]


@pytest.mark.parametrize(
    "function",
    [
        lambda r: GAUSSIAN(r) + 0.5 * np.exp(-(((r - 7.1234) / 0.02) ** 2)),
        lambda r: GAUSSIAN(r) * (1.0 + 0.1 * np.cos(2.0 * math.pi * 64.0 * r / 26.0)),
        lambda r: GAUSSIAN(r) * (1.0 + 0.1 * np.sin(math.pi * 256.0 * r / 26.0) ** 2),
    ],
    ids=["narrow", "period of the samples", "zero at the samples"],
)
def test_a_function_is_judged_beside_its_samples(function):
    table = ct.Interaction.from_callable(function, 26.0, tolerance=1e-4)
    inside = np.linspace(0.0, 26.0, 100_001)
    missed = np.abs(table.potential(inside) - function(inside)).max()
    assert missed < table.error <= 2.05e-4
    assert table.scaled(3.0, 2.0).error == pytest.approx(3.0 * table.error, rel=1e-15, abs=0)


def test_what_16_thousand_samples_do_not_resolve_is_refused():
    with pytest.raises(ValueError, match="must be resolved to 1e-09 by 16384 samples"):
        ct.Interaction.from_callable(lambda r: GAUSSIAN(r) + 0.5 * np.exp(-(((r - 7.1234) / 0.01) ** 2)), 26.0)


def test_the_error_of_a_function_holds_its_tail():
    table = ct.Interaction.from_callable(lambda r: 2.0 / (1.0 + r * r), 40.0, tolerance=1e-6)
    beyond = np.linspace(40.0, 4000.0, 100_001)
    missed = np.abs(table.potential(beyond) - 2.0 / (1.0 + beyond**2)).max()
    assert missed > 1e-4  # 1.45e-4
    assert missed < table.error < 3.0 * missed

    def only_inside(r):
        if r > 40.0:
            raise ValueError("beyond the end")
        return 2.0 / (1.0 + r * r)

    known = ct.Interaction.from_callable(only_inside, 40.0, tolerance=1e-6)
    assert known == table and known.error < 2e-6
