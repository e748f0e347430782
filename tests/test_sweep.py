"""Sweeps: the schema, the same bits however they are run, resuming, and a killed worker."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from chaintheory.interactions.named import Gaussian
from chaintheory.sweep.run import Journal, assemble, run_sweep
from chaintheory.sweep.specification import Sweep, compute_point, parse_sweep, read_sweep
from chaintheory.system import Chain, System

FILE = """
[run]
duration = 4.0
[axes]
amplitude = [-2.0, 2.0]
speed = { start = 30, stop = 50, count = 3 }
[compute]
quantities = ["mean_dissipation", "drift_velocities", "passes", "final_state"]
lowest = 15.0
highest = 45.0
[system]
bias = 0.01
"""


@pytest.fixture(scope="module")
def sweep():
    return parse_sweep(FILE)


@pytest.fixture(scope="module")
def expected(sweep):
    """The same points one after the other, here."""
    results = [compute_point(p, sweep.quantities, sweep.drift_range) for p in sweep.points()]
    return assemble(sweep, results)


def test_schema(sweep):
    assert sweep.axes == {"amplitude": (-2.0, 2.0), "speed": (30.0, 40.0, 50.0)}
    assert sweep.fixed["bias"] == 0.01
    assert sweep.fixed["position"] == 220.0
    assert "speed" not in sweep.fixed
    points = list(sweep.points())
    assert len(points) == 6
    assert [(p["amplitude"], p["speed"]) for p in points[:2]] == [(-2.0, 30.0), (-2.0, 40.0)]


def test_log_grid_and_no_axes():
    text = '[axes]\nbias = {start = 0.001, stop = 0.1, count = 3, spacing = "log"}\n'
    text += '[compute]\nquantities = ["mean_dissipation"]\n'
    np.testing.assert_allclose(parse_sweep(text).axes["bias"], [0.001, 0.01, 0.1])
    single = parse_sweep('[compute]\nquantities = ["mean_dissipation"]')
    assert single.shape == () and len(list(single.points())) == 1


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("[run]", "[rum]"), ["'rum'", "'run'"]),
        (("duration", "duratoin"), ["'duratoin'", "'duration'"]),
        (("amplitude", "amplitud"), ["'amplitud'", "'amplitude'"]),
        (("count", "cuont"), ["'cuont'", "'count'"]),
        (('"passes"', '"pases"'), ["'pases'", "'passes'"]),
        (("lowest", "lowset"), ["'lowset'", "'lowest'"]),
        (("duration = 4.0", "duration = -4.0"), ["duration", "greater than 0", "-4"]),
        (("duration = 4.0", "duration = nan"), ["duration", "finite", "nan"]),
        (("duration = 4.0", 'duration = "long"'), ["duration", "finite", "long"]),
        (("[-2.0, 2.0]", "[2.0, 2.0]"), ["amplitude", "repeat"]),
        (("[-2.0, 2.0]", "[]"), ["amplitude", "list", "[]"]),
        (("[-2.0, 2.0]", "2.0"), ["amplitude", "list", "2.0"]),
        (("[-2.0, 2.0]", "[inf]"), ["amplitude", "finite", "inf"]),
        (("count = 3", "count = 0"), ["count", "at least 1", "0"]),
        (("count = 3", "count = 2.5"), ["count", "2.5"]),
        (("count = 3", "count = 1000000000"), ["count", "at most"]),
        (("highest = 45.0", "highest = 5.0"), ["highest", "greater than 15", "5"]),
        (("bias = 0.01", "speed = 3"), ["speed", "[system]"]),
        (("bias = 0.01", "amplitude = 3.0"), ["amplitude", "both"]),
        (("[run]", "[run"), ["TOML"]),
    ],
)
def test_bad_files_are_refused_by_name(change, parts):
    with pytest.raises(ValueError, match=r".") as refused:
        parse_sweep(FILE.replace(*change))
    for part in parts:
        assert part in str(refused.value)


def test_too_many_points_are_refused():
    grid = "{start = 1, stop = 2, count = 2000}"
    text = f'[axes]\nbias = {grid}\nmass = {grid}\n[compute]\nquantities = ["mean_dissipation"]\n'
    with pytest.raises(ValueError, match="at most 1000000 points, got 4000000"):
        parse_sweep(text)


def test_missing_file():
    with pytest.raises(ValueError, match=r"nowhere\.toml"):
        read_sweep("nowhere.toml")


def test_results_are_those_of_the_package(expected):
    point = expected.sel(amplitude=2.0, speed=40.0)
    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    assert float(point.mean_dissipation) == system.mean_dissipation(40.0)
    run = system.simulate(position=220.0, speed=40.0, duration=4.0)
    assert float(point.final_position) == run.position[-1]
    times = point.pass_time.values
    np.testing.assert_array_equal(times[~np.isnan(times)], run.passes["time"])
    drift = point.drift_velocity.values
    found = [v.speed for v in system.drift_velocities(15.0, 45.0)]
    np.testing.assert_array_equal(drift[~np.isnan(drift)], found)


def test_units_and_provenance(expected):
    assert expected.speed.attrs["units"] == "l_slow/t_slow"
    assert all(variable.attrs["units"] for variable in expected.data_vars.values())
    assert expected.attrs["chaintheory_version"]
    assert json.loads(expected.attrs["fixed_parameters"])["bias"] == 0.01


@pytest.mark.parametrize("workers", [1, 2])
def test_same_bits_on_any_number_of_processes(sweep, expected, tmp_path, workers):
    import xarray

    told = []
    output = tmp_path / "grid.nc"
    run_sweep(sweep, output, workers=workers, progress=lambda *step: told.append(step))
    assert [path.name for path in tmp_path.iterdir()] == ["grid.nc"]
    assert told[0] == (0, 6) and sum(done for done, _ in told) == 6
    with xarray.open_dataset(output, engine="h5netcdf") as kept:
        assert kept.load().equals(expected)


def journal_of(sweep: Sweep, output):
    return output.with_name(f".{output.name}.journal")


@pytest.mark.parametrize("torn", [1, 10])
def test_a_stopped_sweep_resumes(sweep, expected, tmp_path, monkeypatch, torn):
    """Two points are in the journal, and a third that was torn while being written."""
    points = list(sweep.points())
    output = tmp_path / "grid.nc"
    with Journal(journal_of(sweep, output), sweep.digest) as journal:
        for index in (4, 1, 2):
            result = compute_point(points[index], sweep.quantities, sweep.drift_range)
            assert journal.add(index, result)
            assert not journal.add(index, result)
    path = journal_of(sweep, output)
    path.write_bytes(path.read_bytes()[:-torn])

    asked = []

    def on_cores(sweep, missing, workers):
        asked.extend(missing)
        for index, point in missing.items():
            yield index, compute_point(point, sweep.quantities, sweep.drift_range)

    monkeypatch.setattr("chaintheory.sweep.run.on_cores", on_cores)
    dataset = run_sweep(sweep, output)
    assert asked == [0, 2, 3, 5]
    assert dataset.equals(expected)
    assert not path.exists()


def test_an_interrupt_keeps_what_is_done(sweep, tmp_path, monkeypatch):
    def on_cores(sweep, missing, workers):
        yield 3, {"final_position": 1.0}
        raise KeyboardInterrupt

    monkeypatch.setattr("chaintheory.sweep.run.on_cores", on_cores)
    output = tmp_path / "grid.nc"
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep, output)
    assert not output.exists()
    with Journal(journal_of(sweep, output), sweep.digest) as journal:
        assert list(journal.results) == [3]


def test_the_journal_of_another_sweep_is_refused(sweep, tmp_path):
    output = tmp_path / "grid.nc"
    with Journal(journal_of(sweep, output), "another") as journal:
        journal.add(0, {"final_position": 1.0})
    with pytest.raises(ValueError, match="journal of another sweep"):
        run_sweep(sweep, output)


def test_an_output_that_exists_is_left_alone(sweep, tmp_path):
    output = tmp_path / "grid.nc"
    output.write_text("mine")
    with pytest.raises(ValueError, match="output must not exist"):
        run_sweep(sweep, output)
    assert output.read_text() == "mine"


def test_command_line_killed_and_resumed(tmp_path, expected):
    """The real command is killed without warning after its first points, and run again."""
    import xarray

    (tmp_path / "grid.toml").write_text(FILE)
    output = tmp_path / "grid.nc"
    command = [sys.executable, "-m", "chaintheory.cli.main", "sweep", str(tmp_path / "grid.toml")]
    command += ["--output", str(output), "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    running = subprocess.Popen(command, start_new_session=True, env=environment)
    journal = tmp_path / ".grid.nc.journal"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") >= 2:
            os.killpg(running.pid, signal.SIGKILL)
            break
        time.sleep(0.01)
    running.wait(timeout=60)
    subprocess.run(command, check=False, env=environment, capture_output=True, timeout=120)
    with xarray.open_dataset(output, engine="h5netcdf") as kept:
        assert kept.load().equals(expected)


# A dozen points of a tenth of a second each: the first is there while all the others are still to come.
LONG = """
[run]
duration = 300.0
order = 2
steps_per_fast_period = 60
[axes]
speed = { start = 30, stop = 50, count = 12 }
[compute]
quantities = ["final_state"]
"""


@pytest.fixture
def deadline():
    """Fail, and do not wait for ever, where a cluster loses a point."""

    def late(*_):
        raise TimeoutError("the cluster did not finish")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.filterwarnings("ignore")  # Dask warns of what its own dependencies deprecate
def test_dask_cluster_with_a_killed_worker(tmp_path, monkeypatch, deadline):
    """Two worker processes, one of which is killed mid-run: nothing lost, nothing kept twice."""
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    for noisy in ("distributed.scheduler", "distributed.nanny", "distributed.core", "distributed.client"):
        monkeypatch.setattr(logging.getLogger(noisy), "disabled", True)
    long = parse_sweep(LONG)
    told, kept, victims = [], [], []
    with (
        # A result that was on the dead worker is asked for there until a connection is given up.
        dask.config.set({"distributed.comm.timeouts.connect": "10s"}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
    ):
        scheduler = cluster.scheduler

        def progress(done, total):
            told.append(done)
            if len(told) == 2:  # the first point is there, and the cluster has forgotten it
                until = time.monotonic() + 5.0
                while len(scheduler.tasks) == total and time.monotonic() < until:
                    time.sleep(0.005)
                kept.extend({f"{long.digest[:16]}-{index}" for index in range(total)} - set(scheduler.tasks))
                busy = [one for one in cluster.workers.values() if scheduler.workers[one.worker_address].processing]
                victims.append(busy[0].pid)
                os.kill(victims[0], signal.SIGKILL)

        dataset = run_sweep(long, tmp_path / "grid.nc", scheduler=cluster.scheduler_address, progress=progress)
        computed = Counter(step.key for step in scheduler.transition_log if step.finish == "memory")
        assert victims[0] not in [one.pid for one in cluster.workers.values()]
    results = [compute_point(p, long.quantities, long.drift_range) for p in long.points()]
    assert dataset.equals(assemble(long, results))
    assert told == [0] + [1] * 12
    assert len(computed) == 12  # nothing lost
    assert kept and all(computed[key] == 1 for key in kept)  # and what was kept is not computed again


def test_an_absent_scheduler_is_one_line(sweep, tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(ValueError, match="scheduler"):
        run_sweep(sweep, tmp_path / "grid.nc", scheduler="nonsense://")
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_that_fails_at_its_first_point_leaves_nothing(sweep, tmp_path, monkeypatch):
    def on_cores(*_):
        raise ValueError("no point")
        yield

    monkeypatch.setattr("chaintheory.sweep.run.on_cores", on_cores)
    with pytest.raises(ValueError, match="no point"):
        run_sweep(sweep, tmp_path / "grid.nc")
    assert list(tmp_path.iterdir()) == []
