"""Ensembles, thinned and joined runs: against single runs, one long run and a process of known correlation."""

import numpy as np
import pytest

import chaintheory as ct

PAPER = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)


def test_an_ensemble_is_its_runs_on_one_grid():
    runs = PAPER.simulate_many(220.0, [20.0, 50.0], 6.0, events=ct.LeftWindow(-1000.0, 400.0))
    assert runs[0].time[-1] > runs[1].time[-1]  # ragged
    data = runs.to_xarray(np.linspace(0.0, 6.0, 61))
    for run, row in zip(runs, data.position.values, strict=True):
        inside = data.time.values <= run.time[-1]
        np.testing.assert_array_equal(row[inside], run.at(data.time.values[inside])[0])
        assert np.isnan(row[~inside]).all()
    assert data.status.values.tolist() == ["duration reached", "left window"]
    table = runs.to_dataframe()
    assert table["velocity"].tolist() == [run.velocity[-1] for run in runs]
    ax = runs.plot(quantity="position")
    assert [line.get_ydata()[-1] for line in ax.lines] == [run.position[-1] for run in runs]
    ax.figure.clear()


def test_the_mean_loss_of_steady_passes():
    runs = PAPER.simulate_many(220.0, [49.9, 50.0, 50.1], 20.0)
    loss = runs.mean_loss(skip=5)
    lost = [run.passes["energy_lost"][5:] for run in runs]
    assert loss.value == pytest.approx(np.concatenate(lost).mean(), rel=1e-12, abs=0)
    # They swing about their mean with a period of some passes, so that they know it better than independent ones.
    assert loss == ct.block_mean(lost)
    assert loss.error < 0.9 * np.concatenate(lost).std() / np.sqrt(57)
    with pytest.raises(ValueError, match="at least 2 values"):
        runs.mean_loss(skip=100)


def test_thinned_runs_keep_exact_passes(tmp_path):
    whole = PAPER.simulate(220.0, 50.0, 8.0)
    thin = PAPER.simulate(220.0, 50.0, 8.0, every=37)
    assert thin.time.size == -(-(whole.time.size - 1) // 37) + 1
    np.testing.assert_array_equal(thin.position[:-1], whole.position[:-1:37])
    assert thin.position[-1] == whole.position[-1] and thin.balance == whole.balance
    np.testing.assert_array_equal(thin.passes, whole.passes)
    thin.save(tmp_path / "thin.nc")
    np.testing.assert_array_equal(ct.Trajectory.load(tmp_path / "thin.nc").passes, whole.passes)
    with pytest.raises(ValueError, match="every must be a whole number"):
        PAPER.simulate(220.0, 50.0, 8.0, every=0)


def test_joined_runs_are_one_long_run():
    step = 1.0 / 60.0
    options = {"time_step": step, "order": 6, "chain_window": (-5, 20), "chain_every": 0.5}
    long = PAPER.simulate(220.0, 50.0, 8.0, **options)
    first = PAPER.simulate(220.0, 50.0, 3.0, **options)
    second = PAPER.simulate(
        float(first.position[-1]), float(first.velocity[-1]), 5.0, chain=first.chain_state, **options
    )
    joined = first + second
    assert isinstance(joined, ct.Trajectory) and joined.time.size == long.time.size
    # The chain is brought to one time at the join: rounding of positions near 600, carried on.
    np.testing.assert_allclose(joined.position, long.position, rtol=0, atol=1e-10)
    np.testing.assert_allclose(joined.time, long.time, rtol=0, atol=1e-13)
    np.testing.assert_allclose(joined.chain_energy, long.chain_energy, rtol=0, atol=1e-12)
    np.testing.assert_allclose(joined.passes["energy_lost"], long.passes["energy_lost"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(joined.displacements.displacement, long.displacements.displacement, rtol=0, atol=1e-12)
    assert joined.balance.drift == pytest.approx(long.balance.drift, abs=1e-11)
    assert (
        np.max(
            np.abs(
                PAPER.simulate(float(first.position[-1]), float(first.velocity[-1]), 5.0, **options).position
                - second.position
            )
        )
        > 1e-4
    )  # without the chain's state it is another motion
    with pytest.raises(ValueError, match="start where the one before it ended"):
        second + first
    with pytest.raises(TypeError):
        first + 3


def test_masked_starts_are_refused():
    """The number behind the mask was taken."""
    for name in ("position", "speed"):
        start = {"position": 220.0, "speed": 50.0} | {name: np.ma.masked_array([5.0, 60.0], mask=[False, True])}
        with pytest.raises(ValueError, match=f"{name} must be a finite real number, got a masked value"):
            PAPER.simulate_many(**start, duration=0.1)


def test_arrays_of_several_dimensions_are_no_starts():
    for name in ("position", "speed", "seed"):
        start = {"position": 220.0, "speed": 50.0, "seed": 0} | {name: np.array([[1, 2], [3, 4]])}
        with pytest.raises(ValueError, match=rf"{name} must be a number or a sequence, got an array of \(2, 2\)"):
            PAPER.simulate_many(**start, duration=1.0)
