"""Sweeps: the schema, the same bits however they are run, resuming, and a killed worker."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xarray

from chaintheory.interactions.named import Gaussian
from chaintheory.plotting.sweeps import plot_sweep
from chaintheory.simulation.files import write_dataset
from chaintheory.sweep.journal import ROLLBACK, Journal, JournalWarning
from chaintheory.sweep.run import Interrupted, assemble, run_sweep
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


@pytest.mark.parametrize(
    "text",
    [
        "system = '%s'",
        "interaction = {potential = ['%s']}",
        "interaction = {cutoff = '%s'}",
        "system = {omega_fast = 2.0, couplings = '%s'}",
        "%s = 1",
        "axes = {bias = {start = 1.0, stop = 2.0, count = 2, '%s' = 1}}",
    ],
)
def test_a_refusal_repeats_no_long_value(text):
    with pytest.raises(ValueError, match=r"xxx \.\.\.") as refused:
        parse_sweep(text % ("x" * 100_000))
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("key", ["[%s]", "%s = 1", "system = {%s = 1}"])
@pytest.mark.parametrize("part", ["a", "'a'", '"a b"'])
def test_a_key_of_many_parts_is_refused_before_it_is_read(key, part):
    """Reading it takes a time that grows with the square of the parts; a text may hold as many dots as it likes."""
    with pytest.raises(ValueError, match="keys of at most 20 parts"):
        parse_sweep(key % " . ".join([part] * 2_000))
    few = "axes.bias = [0.1]\ncompute.quantities = ['mean_dissipation']\n"
    numbers = f"axes.amplitude = {[0.125 + i for i in range(60)]} # {'. ' * 60} {'...' * 60}\n"
    formula = f"interaction.potential = '{'+'.join(['0.5*exp(-r**2)'] * 60)}'\n"
    assert parse_sweep(few + numbers).shape == (1, 60) and parse_sweep(few + formula).shape == (1,)


@pytest.mark.parametrize("axes", ["bias = " + "[" * 3000 + "]" * 3000, "bias = " + "{a=" * 3000 + "1" + "}" * 3000])
def test_a_file_nested_too_deeply_is_refused_without_words_of_python(axes):
    with pytest.raises(ValueError, match=r"^sweep file is not TOML: brackets or tables are nested too deeply$"):
        parse_sweep(f"[axes]\n{axes}\n")


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
    return Journal(output.with_name(f".{output.name}.journal"), sweep.digest, sweep.variables)


@pytest.fixture(scope="module")
def results(sweep):
    return [compute_point(p, sweep.quantities, sweep.drift_range) for p in sweep.points()]


@pytest.fixture
def recomputed(results, monkeypatch):
    """The points that a sweep computes, which are then taken from ``results``."""
    asked = []

    def on_cores(sweep, missing, workers):
        asked.extend(missing)
        yield from ((index, results[index]) for index in missing)

    monkeypatch.setattr("chaintheory.sweep.run.on_cores", on_cores)
    return asked


def filled(sweep, output, results, which):
    """The bytes of a journal that holds some points."""
    with journal_of(sweep, output) as journal:
        for index in which:
            assert journal.add(index, results[index])
            assert not journal.add(index, results[index])
    return output.with_name(f".{output.name}.journal")


def test_a_stopped_sweep_resumes(sweep, expected, results, recomputed, tmp_path):
    output = tmp_path / "grid.nc"
    filled(sweep, output, results, (4, 1, 2))
    assert run_sweep(sweep, output).equals(expected)
    assert recomputed == [0, 3, 5]
    assert [path.name for path in tmp_path.iterdir()] == ["grid.nc"]


@pytest.mark.filterwarnings("ignore::chaintheory.sweep.journal.JournalWarning")
def test_no_flipped_bit_changes_a_number(sweep, expected, results, recomputed, tmp_path):
    """Every byte of a row, and seeded places elsewhere: the same numbers in the end, or one line that refuses."""
    output = tmp_path / "grid.nc"
    path = filled(sweep, output, results, range(6))
    whole, draw = path.read_bytes(), np.random.default_rng(5)
    refused = 0
    for place in draw.integers(0, len(whole), 120).tolist():
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(draw.integers(8))
        path.write_bytes(flipped)
        recomputed.clear()
        try:
            assert run_sweep(sweep, output).equals(expected)
            output.unlink()
        except ValueError as problem:
            assert str(path) in str(problem)
            assert path.read_bytes() == flipped  # refused, and left as it is
            refused += 1
        path.unlink(missing_ok=True)
    assert refused < 60


def test_a_damaged_row_is_computed_again(sweep, expected, results, recomputed, tmp_path):
    output = tmp_path / "grid.nc"
    path = filled(sweep, output, results, range(6))
    content = path.read_bytes()
    number = repr(results[3]["final_position"]).encode()
    assert content.count(number) == 1
    path.write_bytes(content.replace(number, number[:-1] + (b"1" if number[-1:] != b"1" else b"2")))
    with pytest.warns(JournalWarning, match="1 points of the journal"):
        assert run_sweep(sweep, output).equals(expected)
    assert recomputed == [3]


def test_a_row_that_is_no_text_any_more_is_computed_again(sweep, expected, results, recomputed, tmp_path):
    output = tmp_path / "grid.nc"
    path = filled(sweep, output, results, range(6))
    content = bytearray(path.read_bytes())
    content[content.index(repr(results[3]["final_position"]).encode()) + 1] ^= 0x80
    path.write_bytes(content)
    with pytest.warns(JournalWarning, match="1 points of the journal"):
        assert run_sweep(sweep, output).equals(expected)
    assert recomputed == [3]


@pytest.mark.filterwarnings("ignore::chaintheory.sweep.journal.JournalWarning")
def test_a_schema_that_is_no_text_any_more_is_refused_by_name(sweep, results, tmp_path):
    """SQLite quotes the damaged text in its message, which then cannot be decoded."""
    output = tmp_path / "grid.nc"
    path = filled(sweep, output, results, range(6))
    content, refused = path.read_bytes(), 0
    for table in (b"CREATE TABLE sweep", b"CREATE TABLE point"):
        start = content.index(table)
        for place in range(start, content.index(b")", start) + 1):
            flipped = bytearray(content)
            flipped[place] ^= 0x80
            path.write_bytes(flipped)
            try:
                with journal_of(sweep, output) as journal:
                    assert all(results[number] == result for number, result in journal.results.items())
            except ValueError as problem:
                assert str(path) in str(problem)
                refused += 1
    assert refused > 50


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.filterwarnings("ignore::chaintheory.sweep.journal.JournalWarning")
def test_a_journal_cut_short_is_refused_or_completed(sweep, expected, results, recomputed, tmp_path, part):
    output = tmp_path / "grid.nc"
    path = filled(sweep, output, results, range(6))
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    try:
        assert run_sweep(sweep, output).equals(expected)
    except ValueError as problem:
        assert str(path) in str(problem) and path.exists()


def test_an_interrupt_keeps_what_is_done(sweep, results, tmp_path, monkeypatch):
    def on_cores(sweep, missing, workers):
        yield 3, results[3]
        raise KeyboardInterrupt

    monkeypatch.setattr("chaintheory.sweep.run.on_cores", on_cores)
    output = tmp_path / "grid.nc"
    with pytest.raises(Interrupted, match="after 1 of 6 points; the same command goes on"):
        run_sweep(sweep, output)
    assert not output.exists()
    with journal_of(sweep, output) as journal:
        assert journal.results == {3: results[3]}


@pytest.mark.parametrize("hot", [False, True])
def test_a_sweep_that_was_killed_while_it_removed_its_journal_is_run_again(
    sweep, expected, results, recomputed, tmp_path, hot
):
    """The database is gone and SQLite's rollback file is still there, used or not: nothing of it is taken."""
    output = tmp_path / "grid.nc"
    program = (
        "import json, os, sys, pathlib\n"
        "from chaintheory.sweep.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1]), 'another', ('value',)).__enter__()\n"
        "journal.add(0, {'value': 1.0})\n"
        "if len(sys.argv) > 2:\n"
        "    journal._base.execute('pragma cache_size = 1')\n"
        "    journal._base.execute('begin')\n"
        "    for number in range(1, 2000): journal.add(number, {'value': 2.0})\n"
        "journal.path.unlink()\n"
        "os._exit(0)\n"
    )
    path = output.with_name(".grid.nc.journal")
    subprocess.run([sys.executable, "-c", program, str(path), *(["hot"] if hot else [])], check=True)
    left = path.with_name(path.name + "-journal")
    assert left.exists() and not path.exists()
    assert (left.read_bytes()[:8] == ROLLBACK) == hot
    assert run_sweep(sweep, output).equals(expected)
    assert recomputed == list(range(6))
    assert [one.name for one in tmp_path.iterdir()] == ["grid.nc"]


def test_a_worker_that_cannot_be_started_is_told(sweep, tmp_path, monkeypatch):
    """Its end of the pipe is closed before the first point is there; Click would leave in silence on that error."""

    def submit(*_):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("chaintheory.sweep.run.ProcessPoolExecutor.submit", submit)
    with pytest.raises(ChildProcessError, match=r"no worker process could start.*the same command goes on"):
        run_sweep(sweep, tmp_path / "grid.nc", workers=2)
    assert list(tmp_path.iterdir()) == []


SCRIPT = """
import pathlib
import chaintheory as ct
with pathlib.Path("ran").open("a") as count:
    count.write("x")
grid = pathlib.Path("grid.toml")
grid.write_text("axes = {amplitude = [-2.0, 2.0]}\\ncompute = {quantities = ['mean_dissipation']}")
"""
CALL = "print(ct.run_sweep(ct.read_sweep(grid), 'grid.nc', workers=%d).mean_dissipation.values.tolist())\n"


@pytest.mark.parametrize(("guard", "workers"), [("", 1), ("", 2), ("if __name__ == '__main__': ", 2)])
def test_a_script_with_and_without_its_guard(tmp_path, guard, workers):
    """Each of two processes runs the script again, and without the guard fails; one worker needs neither."""
    (tmp_path / "script.py").write_text(SCRIPT + guard + CALL % workers)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    if workers == 2 and not guard:
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("ChildProcessError: no worker process could start: a script must call run_sweep under")
        assert 'if __name__ == "__main__":' in last and "workers=1" in last
        return
    system = [System(Chain(10.0, 40.0), Gaussian(a, 4.0), bias=0.01) for a in (-2.0, 2.0)]
    assert done.stdout == f"{[float(one.mean_dissipation(50.0)) for one in system]}\n", done.stderr
    assert len((tmp_path / "ran").read_text()) in ([1] if workers == 1 else [2, 3])


def test_an_interrupt_that_a_library_makes_an_error_of_is_no_refusal(sweep, monkeypatch):
    def computed(*_):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as problem:
            raise RuntimeError("Error calling __set_name__") from problem

    monkeypatch.setattr("chaintheory.sweep.specification._computed", computed)
    with pytest.raises(KeyboardInterrupt):
        compute_point(next(iter(sweep.points())), sweep.quantities, sweep.drift_range)


@pytest.mark.parametrize("room", [0, 3000, 5000])
def test_a_disk_with_no_room_for_a_journal_leaves_none(sweep, tmp_path, room):
    """A full disk is no damage: nobody should remove what stands there."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OSError, match=r"the journal .*grid\.nc\.journal' cannot be written"):
            run_sweep(sweep, tmp_path / "grid.nc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_loses_nothing(sweep, expected, results, recomputed, tmp_path):
    """The limit of the size of a file lets SQLite write some points; the others follow once there is room."""
    resource = pytest.importorskip("resource")
    output, before = tmp_path / "grid.nc", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (14000, before[1]))
    try:
        with pytest.raises(OSError, match=r"the journal .*grid\.nc\.journal' cannot be written"):
            run_sweep(sweep, output)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not output.exists()
    recomputed.clear()
    assert run_sweep(sweep, output).equals(expected)
    assert 0 < len(recomputed) < 6


def test_the_journal_of_another_sweep_is_refused(sweep, results, tmp_path):
    output = tmp_path / "grid.nc"
    path = output.with_name(".grid.nc.journal")
    with Journal(path, "another", sweep.variables) as journal:
        journal.add(0, results[0])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="journal of another sweep"):
        run_sweep(sweep, output)
    assert path.read_bytes() == before


def test_two_writers_are_safe(sweep, expected, results, recomputed, tmp_path):
    """The second is refused while the first is at work, and takes nothing of it away."""
    output = tmp_path / "grid.nc"
    with journal_of(sweep, output) as first:
        with pytest.raises(ValueError, match="another sweep writes to"):
            run_sweep(sweep, output)
        assert first.add(2, results[2])
        with pytest.raises(ValueError, match="another sweep writes to"):
            run_sweep(sweep, output)
        assert first.add(5, results[5])
    assert run_sweep(sweep, output).equals(expected)
    assert recomputed == [0, 1, 3, 4]


@pytest.mark.parametrize("side", ["", "-journal", "-wal"])
@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "directory", "pipe"])
def test_what_is_in_the_way_is_left_as_it_is(sweep, results, tmp_path, side, kind):
    output, target = tmp_path / "grid.nc", tmp_path / "target"
    path = tmp_path / f".grid.nc.journal{side}"
    target.write_text("mine")
    if kind == "file":
        path.write_text("mine")
    elif kind == "link":
        path.symlink_to(target)
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    before = {one: os.lstat(one) for one in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"grid\.nc\.journal"):
        run_sweep(sweep, output)
    after = {one: os.lstat(one) for one in tmp_path.iterdir()}
    assert {p: (s.st_ino, s.st_mtime_ns, s.st_size) for p, s in before.items()} == {
        p: (s.st_ino, s.st_mtime_ns, s.st_size) for p, s in after.items()
    }
    assert target.read_text() == "mine"


@pytest.mark.parametrize(
    "result",
    [{}, {"final_position": 1.0}, {"refused": 1}, [], "text", {"final_position": "1.0"}, {"final_position": None}],
)
def test_only_results_of_the_sweep_are_kept(sweep, tmp_path, result):
    with journal_of(sweep, tmp_path / "grid.nc") as journal, pytest.raises(ValueError, match="not what a point"):
        journal.add(0, result)
    assert list(tmp_path.iterdir()) == []


def test_a_point_that_is_refused_does_not_end_the_sweep(tmp_path):
    text = """
    [system]
    width = 1e-6
    [axes]
    speed = [1e-3, 50.0]
    [compute]
    quantities = ["mean_dissipation"]
    """
    dataset = run_sweep(parse_sweep(text), tmp_path / "grid.nc", workers=1)
    first, second = dataset.refused.values.tolist()
    assert "speed must be" in first and second == ""
    assert np.isnan(dataset.mean_dissipation.values).tolist() == [True, False]
    assert float(dataset.mean_dissipation[1]) == float(
        System(Chain(10.0, 40.0), Gaussian(2.0, 1e-6)).mean_dissipation(50.0)
    )


# Values of an axis, those of them that are possible, and why the others are refused.
IMPOSSIBLE = {
    "omega_fast": ([0.5, 1.0, 3.0, 10.0], [3.0, 10.0], "omega_fast must be greater than 1"),
    "spacing": ([40.0, -1.0], [40.0], "spacing must be greater than 0"),
    "mass": ([0.0, 2.0], [2.0], "mass must be greater than 0"),
    "width": ([-4.0, 4.0], [4.0], "width must be greater than 0"),
    "damping": ([-0.1, 0.1], [0.1], "damping must be"),
    "temperature": ([-1.0, 2.0], [2.0], "temperature must be within"),
    "duration": ([-2.0, 1.0], [1.0], "duration must be greater than 0"),
    "order": ([1, 2, 3, 4], [2, 4], "order must be"),
    "seed": ([3, -1], [3], "seed must be"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_values_of_an_axis_are_refused_points(name, tmp_path):
    """The sweep goes on past them, and the other points are the single runs."""
    values, possible, reason = IMPOSSIBLE[name]
    run = {"duration": 2.0, **({"temperature": 2.0} if name == "seed" else {})}
    run.pop(name, None)
    sweep = parse_sweep(
        "\n".join(["[run]", *(f"{key} = {value}" for key, value in run.items()), "[axes]", f"{name} = {values}",
                   "[compute]", 'quantities = ["mean_dissipation", "final_state"]'])
    )  # fmt: skip
    data = assemble(sweep, [compute_point(p, sweep.quantities, sweep.drift_range) for p in sweep.points()])
    assert data[name].values.tolist() == values
    for value in values:
        found = data.sel({name: value})
        if value not in possible:
            assert reason in str(found.refused.item())
            assert np.isnan(found.mean_dissipation) and np.isnan(found.final_position)
            continue
        given = {"omega_fast": 10.0, "spacing": 40.0, "damping": 0.0, "mass": 1.0, "width": 4.0, **run, name: value}
        chain = Chain(given.pop("omega_fast"), given.pop("spacing"), given.pop("damping"))
        system = System(chain, Gaussian(2.0, given.pop("width")), mass=given.pop("mass"), bias=0.01)
        assert found.refused.item() == ""
        assert float(found.mean_dissipation) == system.mean_dissipation(50.0)
        assert float(found.final_position) == system.simulate(position=220.0, speed=50.0, **given).position[-1]


def test_impossible_values_are_refused_where_nothing_needs_them():
    sweep = parse_sweep('[axes]\nduration = [-2.0, 1.0]\n[compute]\nquantities = ["mean_dissipation"]')
    refused, right = [compute_point(p, sweep.quantities, sweep.drift_range) for p in sweep.points()]
    assert "duration must be greater than 0" in refused["refused"] and "mean_dissipation" in right


def test_an_axis_without_a_possible_value_is_refused():
    with pytest.raises(ValueError, match="omega_fast must be greater than 1, got"):
        parse_sweep('[axes]\nomega_fast = [0.5, 1.0]\n[compute]\nquantities = ["mean_dissipation"]')


def test_overwrite_replaces_a_file_only(sweep, expected, recomputed, tmp_path):
    output, target = tmp_path / "grid.nc", tmp_path / "target"
    output.write_text("old")
    assert run_sweep(sweep, output, overwrite=True).equals(expected)
    target.write_text("mine")
    output.unlink()
    output.symlink_to(target)
    with pytest.raises(ValueError, match="output must be a plain file or a new one, no link"):
        run_sweep(sweep, output, overwrite=True)
    assert target.read_text() == "mine"


def test_what_a_sweep_reads_is_not_replaced(tmp_path, monkeypatch, capsys):
    """Its own file and its table of samples, by the Python interface and by the command."""
    from chaintheory.cli.main import main

    monkeypatch.chdir(tmp_path)
    r = np.linspace(0.0, 40.0, 801)
    np.savetxt("table.csv", np.stack([r, 2.0 * np.exp(-((r / 4.0) ** 2) / 2.0)], axis=1), delimiter=",")
    text = '[interaction]\nsamples = "table.csv"\n[axes]\nbias = [0.0]\n[compute]\nquantities = ["mean_dissipation"]'
    Path("grid.toml").write_text(text)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    sweep = read_sweep("grid.toml")
    assert sweep == parse_sweep(text) and sweep.digest == parse_sweep(text).digest
    for name in before:
        with pytest.raises(ValueError, match="output must not be a file that was read"):
            run_sweep(sweep, name, overwrite=True)
    for options in (["--output", "table.csv"], ["--output", "new.nc", "--plot", "table.png"]):
        if options[-1] == "table.png":
            os.link("table.csv", "table.png")
        with pytest.raises(SystemExit, match=r"^2$"):
            main(["sweep", "grid.toml", *options, "--overwrite"])
        assert "must not be a file that was read" in capsys.readouterr().err
    os.unlink("table.png")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_worker_of_another_version_is_refused(sweep):
    with pytest.raises(ValueError, match="a worker runs chaintheory"):
        compute_point(next(iter(sweep.points())), sweep.quantities, sweep.drift_range, "0.0")


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
    command = [sys.executable, "-m", "chaintheory", "sweep", str(tmp_path / "grid.toml")]
    command += ["--output", str(output), "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    running = subprocess.Popen(command, start_new_session=True, env=environment)
    journal = tmp_path / ".grid.nc.journal"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        if journal.exists() and b"final_position" in journal.read_bytes():
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


HOT = """
[run]
duration = 12.0
sampling = "classical"
[axes]
temperature = [0.5, 25.0]
seed = [3, 4, 5]
[compute]
quantities = ["single_pass_dissipation", "final_state"]
"""


@pytest.mark.filterwarnings("ignore")
def test_seeds_on_a_cluster_are_those_of_simulate_many(tmp_path, deadline):
    """The same bits on a scheduler with workers in this process, in the sweep's own, and side by side."""
    distributed = pytest.importorskip("distributed")
    hot = parse_sweep(HOT)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as one:
        far = run_sweep(hot, tmp_path / "far.nc", scheduler=one.scheduler_address)
    assert far.equals(run_sweep(hot, tmp_path / "here.nc", workers=1))
    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    for heat in (0.5, 25.0):
        heated = {"temperature": heat, "sampling": "classical"}
        runs = system.simulate_many(220.0, 50.0, 12.0, seed=[3, 4, 5], **heated)
        found = far.sel(temperature=heat)
        for name, column in (("position", "position"), ("speed", "velocity"), ("chain_energy", "chain_energy")):
            assert found[f"final_{name}"].values.tolist() == [float(getattr(run, column)[-1]) for run in runs]
        # The recoil is there, and the seeds are not all one.
        mean = float(system.single_pass_dissipation(50.0, **heated))
        assert set(found["single_pass_dissipation"].values.tolist()) == {mean}
        assert len(set(found["final_position"].values.tolist())) == 3


@pytest.mark.parametrize(("run", "message"), [
    ("temperature = -1.0", "temperature must be within"),
    ("seed = 3", "seed goes with a temperature"),
    ('sampling = "quantum"', "sampling goes with a temperature"),
    ('temperature = 1.0\nsampling = "bose"', "sampling must be one of"),
    ("temperature = 1.0\nseed = -1", "seed must be"),
])  # fmt: skip
def test_heat_that_is_refused(run, message):
    with pytest.raises(ValueError, match=message):
        parse_sweep(f'[run]\n{run}\n[axes]\nbias = [0.01]\n[compute]\nquantities = ["final_state"]')


@pytest.mark.filterwarnings("ignore")
def test_dask_scheduler_that_is_killed(tmp_path, monkeypatch, deadline):
    """One line says so, and the same sweep goes on from its journal."""
    pytest.importorskip("distributed")
    for noisy in (
        "distributed.scheduler",
        "distributed.nanny",
        "distributed.core",
        "distributed.client",
        "distributed.comm",
    ):
        monkeypatch.setattr(logging.getLogger(noisy), "disabled", True)
    long = parse_sweep(LONG)
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask_command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1"]
    scheduler = subprocess.Popen([*dask_command, "--no-dashboard", "--scheduler-file", str(file)], **quiet)
    worker = None
    try:
        until = time.monotonic() + 60
        while not file.exists() or not file.read_text().strip():
            assert time.monotonic() < until
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        worker = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--no-dashboard",
             "--nthreads", "1", "--death-timeout", "60"], env=environment, **quiet,
        )  # fmt: skip
        told = []

        def progress(done, total):
            told.append(done)
            if len(told) == 2:
                scheduler.kill()

        with pytest.raises(ChildProcessError, match=r"scheduler at .* was lost .*the same command goes on"):
            run_sweep(long, tmp_path / "grid.nc", scheduler=address, progress=progress)
    finally:
        for process in (scheduler, worker):
            if process is not None:
                process.kill()
                process.wait()
    kept = len(told) - 1
    told.clear()
    dataset = run_sweep(long, tmp_path / "grid.nc", progress=lambda done, total: told.append(done))
    assert told[0] >= kept >= 1
    results = [compute_point(p, long.quantities, long.drift_range) for p in long.points()]
    assert dataset.equals(assemble(long, results))


def test_an_absent_scheduler_is_one_line(sweep, tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(ValueError, match="scheduler"):
        run_sweep(sweep, tmp_path / "grid.nc", scheduler="nonsense://")
    assert list(tmp_path.iterdir()) == []
    # Neither Dask nor xarray, which asks Dask, takes it for the scheduler of all that follows.
    dask = pytest.importorskip("dask")
    assert dask.base.get_scheduler() is None


def test_a_sweep_that_fails_at_its_first_point_leaves_nothing(sweep, tmp_path, monkeypatch):
    def on_cores(*_):
        raise ValueError("no point")
        yield

    monkeypatch.setattr("chaintheory.sweep.run.on_cores", on_cores)
    with pytest.raises(ValueError, match="no point"):
        run_sweep(sweep, tmp_path / "grid.nc")
    assert list(tmp_path.iterdir()) == []


SPRINGS = """
[axes]
{axes}
[compute]
quantities = ["single_pass_dissipation", "mean_dissipation"]
[run]
speed = 33.0
[system]
{system}
"""


def springs(axes, system=""):
    return parse_sweep(SPRINGS.format(axes=axes, system=system))


def test_a_sweep_over_springs_and_damping():
    """Each point is the system's own number; without springs the file and its digest are those of before."""
    found = springs("confinement = [0.0, 0.7]\ndamping = [0.0, 0.3]", "couplings = [2.0, -0.1]")
    data = assemble(found, [compute_point(p, found.quantities, found.drift_range) for p in found.points()])
    assert data.mean_dissipation.shape == (2, 2)
    for i, confinement in enumerate((0.0, 0.7)):
        for j, damping in enumerate((0.0, 0.3)):
            chain = Chain.from_springs(confinement, [2.0, -0.1], 40.0, damping)
            one = System(chain, Gaussian(2.0, 4.0), bias=0.01)
            assert data.mean_dissipation.values[i, j] == one.mean_dissipation(33.0)
            assert data.single_pass_dissipation.values[i, j] == one.single_pass_dissipation(33.0)
    assert len(np.unique(data.mean_dissipation.values)) == 4
    assert data.confinement.attrs["units"] == "m Omega^2"
    damped = springs("damping = [0.1]", "omega_fast = 10.0")
    (point,) = damped.points()
    value = compute_point(point, damped.quantities, damped.drift_range)["mean_dissipation"]
    assert value == System(Chain(10.0, 40.0, damping=0.1), Gaussian(2.0, 4.0)).mean_dissipation(33.0)
    assert not {"damping", "couplings", "confinement"} & set(springs("bias = [0.1]").fixed)


@pytest.mark.parametrize("axes, system, reason", [
    ("confinement = [1.0]", "", "confinement goes with couplings"),
    ("omega_fast = [2.0]", "couplings = [1.0]", "omega_fast and couplings exclude each other"),
    ("couplings = [[1.0]]", "omega_fast = 2.0", "omega_fast and couplings exclude each other"),
    ("couplings = [[1.0]]", "couplings = [1.0]", "couplings must be either fixed or an axis"),
    ("bias = [0.1]", "couplings = 1.0", "couplings must be a list of numbers"),
    ("bias = [0.1]", 'couplings = ["a"]', "couplings"),
    ("couplings = [1.0]", "", "couplings must be a list of numbers, in .axes. a list of such lists, got 1.0"),
    ("couplings = [[1.0], [1.0]]", "", "axis couplings must not repeat a value"),
    ("couplings = {start = 1.0, stop = 2.0, count = 3}", "", "couplings must be a list of numbers"),
])  # fmt: skip
def test_springs_that_are_refused(axes, system, reason):
    with pytest.raises(ValueError, match=reason):
        springs(axes, system)


def test_an_unstable_chain_is_a_refused_point():
    sweep = springs("confinement = [0.1, 5.0]", "couplings = [-0.5]")
    refused, right = [compute_point(p, sweep.quantities, sweep.drift_range) for p in sweep.points()]
    assert "stable chain" in refused["refused"]
    assert right["mean_dissipation"] >= 0.0


EXACT = """
[axes]
{axes}
[system]
{system}
[interaction]
amplitude = 0.5
width = 3.0
[run]
speed = 23.0
[compute]
quantities = ["mean_dissipation"]
approximation = "travelling-wave"
"""


def computed(text):
    found = parse_sweep(text)
    return assemble(found, [compute_point(p, found.quantities, found.drift_range) for p in found.points()])


def test_travelling_waves_over_springs(tmp_path):
    """Springs as an axis, one for each chain: numbers; several: words. The file has them, and a picture too."""
    data = computed(EXACT.format(axes="couplings = [[2.0], [2.0, -0.1], []]\ndamping = [0.0, 0.3]", system=""))
    assert data.couplings.values.tolist() == ["2.0", "2.0, -0.1", "none"]
    for i, springs in enumerate(([2.0], [2.0, -0.1], [])):
        for j, damping in enumerate((0.0, 0.3)):
            system = System(Chain.from_springs(1.0, springs, 40.0, damping), Gaussian(0.5, 3.0))
            assert data.mean_dissipation.values[i, j] == system.travelling_wave(23.0).bias
            assert data.mean_dissipation.values[i, j] != system.mean_dissipation(23.0)
    assert json.loads(data.attrs["fixed_parameters"])["approximation"] == "travelling-wave"
    write_dataset(tmp_path / "springs.nc", data)
    with xarray.open_dataset(tmp_path / "springs.nc") as again:
        row = again.mean_dissipation.sel(couplings="2.0, -0.1")
        assert row.values.tolist() == data.mean_dissipation.values[1].tolist()
    drawn = plot_sweep(data, "mean_dissipation")
    assert [text.get_text() for text in drawn.get_xticklabels()] == ["2.0", "2.0, -0.1", "none"]
    turned = plot_sweep(data.transpose("damping", "couplings"), "mean_dissipation")
    assert [line.get_label() for line in turned.lines] == ["couplings 2.0", "couplings 2.0, -0.1", "couplings none"]
    plain = computed(EXACT.format(axes="couplings = [[2.0], [3.0]]", system="confinement = 0.5"))
    assert plain.couplings.values.tolist() == [2.0, 3.0]
    assert plain.couplings.attrs["units"] == "m Omega^2"


def test_exact_drift_velocities_in_a_sweep():
    """Of a chain without wells."""
    text = EXACT.format(axes="bias = [0.02]", system="confinement = 0.0\ncouplings = [1.0]\nspacing = 10.0")
    text = text.replace('"mean_dissipation"', '"drift_velocities"').replace("23.0", "12.0")
    data = computed(text + "lowest = 11.8\nhighest = 12.2")
    system = System(Chain.from_springs(0.0, [1.0], 10.0), Gaussian(0.5, 3.0), bias=0.02)
    found = system.drift_velocities(11.8, 12.2, approximation="travelling-wave")
    assert data.drift_velocity.values[0].tolist() == [one.speed for one in found]


@pytest.mark.parametrize("quantity, given, reason", [
    ("mean_dissipation", '"exact"', "approximation of mean_dissipation must be"),
    ("single_pass_dissipation", '"travelling-wave"', "approximation of single_pass_dissipation must be"),
    ("final_state", '"travelling-wave"', "approximation goes with one of the quantities"),
    ("drift_velocities", "3", "approximation of drift_velocities must be"),
])  # fmt: skip
def test_an_approximation_that_a_quantity_has_not_is_refused(quantity, given, reason):
    text = EXACT.format(axes="bias = [0.1]", system="").replace("mean_dissipation", quantity)
    with pytest.raises(ValueError, match=reason):
        parse_sweep(text.replace('"travelling-wave"', given))
