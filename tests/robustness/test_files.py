"""Result and checkpoint files: read right or refused by ValueError, whatever was done to them."""

import dataclasses
import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray

import chaintheory as ct
from chaintheory.cli.main import main
from chaintheory.simulation.files import read_dataset, write_dataset

FUZZ = int(os.environ.get("CHAINTHEORY_FUZZ", "0"))
# 2 kinds of file: 300 damaged ones in the suite, 10,000 or more by `make fuzz`.
DAMAGED = 150 if not FUZZ else max(5000, 150 * FUZZ)
SYSTEM = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
START = {"position": 20.0, "speed": 50.0}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    run = SYSTEM.simulate(**START, duration=0.5, checkpoint=folder / "checkpoint.nc")
    run.save(folder / "run.nc")
    return folder, run


def damaged(content, rng):
    """One of the ways in which a file can be spoilt."""
    content = bytearray(content)
    way = rng.randrange(6)
    if way == 0:
        del content[rng.randrange(len(content)) :]
    elif way == 1:
        for _ in range(rng.choice((1, 1, 1, 5, 100))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif way == 2:
        start = rng.randrange(len(content))
        del content[start : start + rng.randrange(1, 4096)]
    elif way == 3:
        start = rng.randrange(len(content))
        content[start:start] = rng.randbytes(rng.randrange(1, 4096))
    elif way == 4:
        start = rng.randrange(len(content))
        stop = min(start + rng.randrange(1, 4096), len(content))
        content[start:stop] = bytes(stop - start)
    else:
        return rng.randbytes(rng.randrange(0, 4096))
    return bytes(content)


@pytest.mark.parametrize("name", ["run.nc", "checkpoint.nc"])
def test_damaged_files_are_refused(files, tmp_path, name):
    folder, run = files
    content = (folder / name).read_bytes()
    rng = random.Random(os.urandom(8) if FUZZ else name)
    path = tmp_path / name
    for _ in range(DAMAGED):
        spoilt = damaged(content, rng)
        path.write_bytes(spoilt)
        try:
            if name == "run.nc":
                read = ct.Trajectory.load(path)
            else:
                read = SYSTEM.simulate(**START, duration=0.5, checkpoint=path)
        except ValueError as error:
            assert name in str(error)
        else:
            assert np.array_equal(read.position, run.position)


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 100, b"\x89HDF\r\n\x1a\n", b"CDF\x01" + b"\x00" * 64, b"\x80\x04N.", b"{}", b"#!/bin/sh"]
)
def test_foreign_files_are_refused(tmp_path, content):
    path = tmp_path / "foreign.nc"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"foreign\.nc"):
        ct.Trajectory.load(path)
    with pytest.raises(ValueError, match=r"foreign\.nc"):
        SYSTEM.simulate(**START, duration=0.5, checkpoint=path)
    assert path.read_bytes() == content


def test_each_kind_of_file_is_refused_as_the_other(files):
    folder, _ = files
    with pytest.raises(ValueError, match="kind"):
        ct.Trajectory.load(folder / "checkpoint.nc")
    with pytest.raises(ValueError, match="kind"):
        SYSTEM.simulate(**START, duration=0.5, checkpoint=folder / "run.nc")


def test_a_file_saved_again_by_another_program_loads(files, tmp_path):
    """xarray keeps the columns, the attributes and HDF5's own checksums, and not what follows the end of the file."""
    folder, run = files
    with xarray.open_dataset(folder / "run.nc", engine="h5netcdf") as opened:
        opened.load().to_netcdf(tmp_path / "again.nc", engine="h5netcdf")
    again = ct.Trajectory.load(tmp_path / "again.nc")
    assert np.array_equal(again.position, run.position) and again.balance == run.balance
    with h5py.File(tmp_path / "again.nc") as raw:
        assert raw["position"].fletcher32
    # Changed by hand, or damaged: refused, and Python goes on.
    with xarray.open_dataset(folder / "run.nc", engine="h5netcdf") as opened:
        changed = opened.load()
    changed["position"][3] += 1e-9
    changed.to_netcdf(tmp_path / "changed.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="content is not what was written"):
        ct.Trajectory.load(tmp_path / "changed.nc")
    content = (tmp_path / "again.nc").read_bytes()
    rng = random.Random(5)
    for _ in range(2 if not FUZZ else 200):
        spoilt = bytearray(content)
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
        (tmp_path / "spoilt.nc").write_bytes(spoilt)
        try:
            read = ct.Trajectory.load(tmp_path / "spoilt.nc")
        except ValueError as error:
            assert "spoilt.nc" in str(error)
        else:
            assert np.array_equal(read.velocity, run.velocity)


def test_columns_carry_the_checksums_of_hdf5(files):
    folder, _ = files
    for name in ("run.nc", "checkpoint.nc"):
        with h5py.File(folder / name) as raw:
            sized = [
                item
                for item in raw.values()
                if item.size and item.dtype.kind in "if" and item.attrs.get("NAME") is None
            ]
            assert all(item.fletcher32 for item in sized if item.name != "/mass")
            assert len(sized) > 5


def test_files_have_the_usual_mode(files, tmp_path):
    _, run = files
    before = os.umask(0o027)
    try:
        run.save(tmp_path / "run.nc")
        run.to_csv(tmp_path / "run.csv")
        (tmp_path / "mine.nc").touch(0o600)
        run.save(tmp_path / "mine.nc")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"run.nc": 0o640, "run.csv": 0o640, "mine.nc": 0o600}


@pytest.mark.parametrize("kind", ["fifo", "folder", "link", "dangling", "long", "nowhere", "device"])
def test_what_must_not_be_replaced_is_refused_before_the_run(files, tmp_path, kind):
    _, run = files
    path = tmp_path / "target.nc"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind in ("link", "dangling"):
        path.symlink_to(tmp_path / "other.nc")
        if kind == "link":
            (tmp_path / "other.nc").write_text("a stranger's")
    elif kind == "long":
        path = tmp_path / ("n" * 250 + ".netcdf")
    elif kind == "nowhere":
        path = tmp_path / "no" / "where.nc"
    else:
        path = Path("/dev/null")
    before = sorted(tmp_path.iterdir())
    told = []
    for attempt in (
        lambda: run.save(path),
        lambda: run.to_csv(path),
        lambda: SYSTEM.simulate(**START, duration=0.5, checkpoint=path, progress=told.append),
    ):
        with pytest.raises(ValueError, match=r"(path|checkpoint) must be"):
            attempt()
    assert told == [] and sorted(tmp_path.iterdir()) == before
    if kind == "link":
        assert (tmp_path / "other.nc").read_text() == "a stranger's"


def test_names_as_long_as_the_file_system_allows(files, tmp_path):
    _, run = files
    path = tmp_path / ("n" * 252 + ".nc")
    run.save(path)
    assert np.array_equal(ct.Trajectory.load(path).position, run.position)


def test_a_disk_too_small_for_the_run_is_refused_before_it(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000.0))
    with pytest.raises(ValueError, match="checkpoint must be on a disk with"):
        SYSTEM.simulate(**START, duration=5.0, checkpoint=tmp_path / "checkpoint.nc")


FULL = """
import resource, signal, sys
import chaintheory as ct
system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
run = system.simulate(20.0, 50.0, 40.0)
run.save(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for size in (1, 100, 5000, 20000, 60000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for attempt in (lambda: run.save(sys.argv[1]), lambda: run.to_csv(sys.argv[1] + ".csv"),
                    lambda: system.simulate(20.0, 50.0, 40.0, checkpoint=sys.argv[2])):
        try:
            attempt()
        except OSError as error:
            print(error.errno)
        else:
            print("written")
import gc; gc.collect()
"""


def test_a_full_disk_is_an_error_and_no_crash(tmp_path):
    """As a limit on the length of files; what was there stays, and nothing half is left."""
    pytest.importorskip("resource")
    targets = [str(tmp_path / name) for name in ("run.nc", "checkpoint.nc")]
    done = subprocess.run([sys.executable, "-c", FULL, *targets], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(errno.EFBIG)] * 15
    assert [path.name for path in tmp_path.iterdir()] == ["run.nc"]
    ct.Trajectory.load(tmp_path / "run.nc")


KILLED = """
import sys
import chaintheory as ct
system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
run = system.simulate(20.0, 50.0, 10.0)
run.save(sys.argv[1])
print("going", flush=True)
while True:
    run.save(sys.argv[1])
"""


@pytest.mark.parametrize("after", [0.013, 0.037])
def test_a_killed_save_leaves_the_file_whole(tmp_path, after):
    path = tmp_path / "run.nc"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "going\n"
        time.sleep(after)
        process.kill()
    assert ct.Trajectory.load(path).time.size == 501
    SYSTEM.simulate(**START, duration=0.5).save(path)  # what was left over is in nobody's way


@pytest.mark.parametrize("change", ["steps", "rows", "origin", "lowest", "rate", "sigma", "q", "energy"])
def test_a_checkpoint_whose_numbers_do_not_belong_together_is_refused(tmp_path, change):
    """Each with a right checksum."""
    path = tmp_path / "checkpoint.nc"
    SYSTEM.simulate(**START, duration=2.0, checkpoint=path)
    data = read_dataset(path, "chaintheory checkpoint 3")
    if change == "steps":
        data["counters"][0] = 10**9
    elif change == "rows":
        data = data.isel(row=slice(0, -3))
    elif change == "origin":
        data["counters"][3] += 1
    elif change == "lowest":
        data["counters"][1] -= 3
    else:
        index = {"sigma": 0, "q": 1, "rate": 3}.get(change)
        if index is None:
            data["energy"][-1] *= 1.001
        else:
            data["particle"][index] *= 1.0 + 1e-6
    write_dataset(path, data)
    with pytest.raises(ValueError, match=r"checkpoint\.nc is damaged"):
        SYSTEM.simulate(**START, duration=4.0, checkpoint=path)


@pytest.mark.parametrize("options", [{}, {"method": "direct"}, {"chain_window": (-3, 9)}, {"order": 4, "time_step": 0.004},
                                     {"events": ct.LeftWindow(0.0, 30.0)}])  # fmt: skip
@pytest.mark.parametrize("interaction", [
    ct.Gaussian(2.0, 4.0), ct.GaussianMixture([1.0, -0.5], [4.0, 6.0]), ct.Exponential(0.5, 4.0), ct.Matern(0.5, 4.0, 1),
    ct.Lorentzian(0.5, 4.0), ct.Sech2(0.5, 4.0), ct.SoftenedCoulomb(0.5, 2.0), ct.Interaction.from_expression("exp(-abs(r/4)^3)"),
], ids=lambda one: type(one).__name__)  # fmt: skip
def test_what_is_saved_loads_to_the_last_bit(tmp_path, interaction, options):
    run = ct.System(SYSTEM.chain, interaction, mass=1.0 / 3.0, bias=0.01).simulate(**START, duration=0.5, **options)
    run.save(tmp_path / "run.nc")
    again = ct.Trajectory.load(tmp_path / "run.nc")
    for field in (field for field in dataclasses.fields(run) if field.compare):
        one, other = getattr(run, field.name), getattr(again, field.name)
        if field.name == "chain_state" and one is not None:
            assert one.digest() == other.digest()
        elif field.name == "displacements" and one is not None:
            assert one.identical(other)
        elif isinstance(one, np.ndarray):
            assert np.array_equal(one, other)
        else:
            assert one == other, field.name
    assert again.balance == run.balance
    assert again == run
    again.position[-1] = np.nextafter(again.position[-1], np.inf)
    assert again != run


def test_given_arrays_are_saved_and_loaded(files, tmp_path):
    _, run = files
    for given in ({}, {"velocity": run.velocity}, {"velocity": run.velocity, "chain_energy": run.chain_energy}):
        mine = ct.Trajectory.from_arrays(SYSTEM, run.time, run.position, **given)
        repr(mine)
        mine.save(tmp_path / "mine.nc")
        again = ct.Trajectory.load(tmp_path / "mine.nc")
        assert again.status is ct.Status.GIVEN
        for name in ("time", "position", "velocity", "acceleration", "chain_energy"):
            assert np.array_equal(getattr(again, name), getattr(mine, name), equal_nan=True)
    # The velocity by a spline of order 5 through steps of 0.02: measured 3e-5.
    assert np.max(np.abs(mine.velocity - ct.Trajectory.from_arrays(SYSTEM, run.time, run.position).velocity)) < 1e-3
    assert np.array_equal(mine.velocity, run.velocity)


def test_a_table_keeps_every_digit(files, tmp_path):
    _, run = files
    run.to_csv(tmp_path / "run.csv")
    table = np.genfromtxt(tmp_path / "run.csv", delimiter=",", names=True)
    assert table.dtype.names == ("time", "position", "velocity", "acceleration", "chain_energy")
    assert all(np.array_equal(table[name], getattr(run, name)) for name in table.dtype.names)
    with pytest.raises(ValueError, match="to_csv writes tables"):
        run.save(tmp_path / "other.csv")


def test_no_file_of_others_is_replaced(files, tmp_path):
    """Runs replace saved runs and tables of runs, curves tables of curves; any other file with overwrite only."""
    _, run = files
    curves = SYSTEM.curves(45.0, 46.0, points=2)
    sweep = xarray.Dataset(attrs={"format": "chaintheory sweep 1"})
    made = {"run": run.save, "table": run.to_csv, "curves": curves.to_csv,
            "sweep": lambda path: write_dataset(path, sweep), "text": lambda path: path.write_text("time,position\n0,1\n"),
            "longer": lambda path: path.write_text("time,position,velocity,acceleration,chain_energy,mine\n")}  # fmt: skip
    replaced = {"run": run.save, "table": run.to_csv, "curves": curves.to_csv}
    for name, write in replaced.items():
        for other, make in made.items():
            path = tmp_path / f"{name}-{other}"
            make(path)
            before = path.read_bytes()
            if other == name:
                write(path)
                continue
            with pytest.raises(ValueError, match=r"path must be new or a .* \(or give overwrite=True\)"):
                write(path)
            assert path.read_bytes() == before
            with pytest.raises(TypeError, match="overwrite must be True or False"):
                write(path, overwrite="no")
            write(path, overwrite=True)
            assert path.read_bytes() != before
    damaged = tmp_path / "run-run"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    with pytest.raises(ValueError, match="path must be new or a saved run"):
        run.save(damaged)


def test_the_file_that_a_run_was_read_from_is_never_replaced(files, tmp_path):
    """Nor by what was made of it: thinned, joined, from a table; not through another name either."""
    _, run = files
    later = SYSTEM.simulate(run.position[-1], run.velocity[-1], 0.5, chain=run.chain_state)
    run.save(tmp_path / "run.nc")
    later.save(tmp_path / "later.nc")
    run.to_csv(tmp_path / "run.csv")
    os.link(tmp_path / "run.nc", tmp_path / "again.nc")
    loaded = ct.Trajectory.load(tmp_path / "run.nc")
    both = loaded + ct.Trajectory.load(tmp_path / "later.nc")
    tabled = ct.Trajectory.from_csv(SYSTEM, tmp_path / "run.csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for write, name in (
        (loaded.save, "run.nc"), (loaded.save, "again.nc"), (loaded.thinned(5).save, "run.nc"), (both.save, "run.nc"),
        (both.save, "later.nc"), (both.to_csv, "run.nc"), (tabled.to_csv, "run.csv"), (tabled.save, "run.csv"),
    ):  # fmt: skip
        for options in ({}, {"overwrite": True}):
            with pytest.raises(ValueError, match=r"path must not (be|end in)"):
                write(tmp_path / name, **options)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    loaded.save(tmp_path / "later.nc")  # a saved run, but not its own


def test_the_command_writes_what_the_name_says(tmp_path):
    for name in ("s.csv", "s.nc"):
        with pytest.raises(SystemExit, match=r"^0$"):
            main(["simulate", "--duration", "0.5", "--output", str(tmp_path / name), "--json"])
    table = np.genfromtxt(tmp_path / "s.csv", delimiter=",", names=True)
    assert np.array_equal(table["position"], ct.Trajectory.load(tmp_path / "s.nc").position)


def test_the_seal_is_nothing_to_other_programs(files):
    folder, run = files
    with xarray.open_dataset(folder / "run.nc", engine="h5netcdf") as opened:
        assert np.array_equal(opened["position"].values, run.position)


HOSTILE = ["", "{", "[]", "null", "1", '{"name": "__import__"}', '{"name": "Interaction"}', '{"name": "Any"}',
    '{"name": "Gaussian"}', '{"name": "Gaussian", "amplitude": "x", "width": 1}', '{"name": "_Profile"}',
    '{"name": "Gaussian", "amplitude": 1, "width": 1, "more": 2}', '{"name": "HalfIntegerMatern"}',
    '{"name": "expression", "expression": "__import__(1)"}', '{"name": "expression", "expression": 3}',
    '{"name": "samples", "r": [1], "potential": "x"}', "[" * 100_000, "\x7f",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("omega_fast", "spacing", "mass", "bias") for value in ("x", -1e300, np.nan)]
    + [("interaction", text) for text in HOSTILE]
    + [
        ("settings", text)
        for text in ("", "[]", "{}", '{"cutoff_radius": -1}', '{"cutoff_radius": "x"}', "[" * 100_000)
    ]
    + [("first_mass", "x")],
)
def test_sealed_files_with_wrong_attributes(files, tmp_path, name, value):
    _, run = files
    data = run.to_xarray()
    data.attrs[name] = value
    write_dataset(tmp_path / "wrong.nc", data)
    with pytest.raises(ValueError, match=r"wrong\.nc"):
        ct.Trajectory.load(tmp_path / "wrong.nc")


@pytest.mark.parametrize("name", ["time", "position", "velocity", "acceleration", "chain_energy", "chain_u", "chain_p"])
@pytest.mark.parametrize("way", ["missing", "text", "nan", "long"])
def test_sealed_files_with_wrong_columns(files, tmp_path, name, way):
    _, run = files
    data = run.to_xarray()
    if way == "missing":
        data = data.drop_vars(name)
        if name == "chain_u":
            pytest.skip("a run without the chain's state is whole")
    elif way == "text":
        data[name] = (f"{name}_", ["x", "y"])
    elif way == "nan":
        data[name] = data[name] * np.nan
    else:
        data = data.drop_vars(name)
        data[name] = (f"{name}_", np.arange(3.0))
    write_dataset(tmp_path / "wrong.nc", data)
    with pytest.raises(ValueError, match=r"wrong\.nc"):
        ct.Trajectory.load(tmp_path / "wrong.nc")


LONG = "x" * 100_000


@pytest.mark.parametrize(
    "use",
    [
        lambda grid: ct.Interaction.from_file(LONG),
        lambda grid: ct.Trajectory.load(LONG),
        lambda grid: ct.Trajectory.from_csv(SYSTEM, LONG),
        lambda grid: SYSTEM.simulate(**START, duration=0.2, checkpoint=LONG),
        lambda grid: SYSTEM.simulate(**START, duration=0.2).save(LONG),
        lambda grid: SYSTEM.simulate(**START, duration=0.2).to_csv(LONG),
        lambda grid: ct.read_sweep(LONG),
        lambda grid: ct.run_sweep(ct.read_sweep(grid), LONG, workers=1),
        lambda grid: ct.run_sweep(ct.read_sweep(grid), f"{LONG}/grid.nc", workers=1),
    ],
)
def test_a_path_that_is_too_long_makes_no_long_message(use, tmp_path):
    grid = tmp_path / "grid.toml"
    grid.write_text("axes = {amplitude = [2.0]}\ncompute = {quantities = ['mean_dissipation']}")
    with pytest.raises(ValueError, match="xxxx") as refusal:
        use(grid)
    assert len(str(refusal.value)) < 400


def test_a_sweep_returns_what_its_file_holds(tmp_path):
    (tmp_path / "grid.toml").write_text("axes = {amplitude = [2.0]}\ncompute = {quantities = ['mean_dissipation']}")
    given = ct.run_sweep(ct.read_sweep(tmp_path / "grid.toml"), tmp_path / "grid.nc", workers=1)
    with xarray.open_dataset(tmp_path / "grid.nc", engine="h5netcdf") as kept:
        assert given.attrs["content_sha256"] == kept.attrs["content_sha256"]
        assert set(given.attrs) == set(kept.attrs)


def test_another_file_is_refused_in_plain_words(tmp_path):
    xarray.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"cannot be read: it is not a file of the kind 'chaintheory trajectory"):
        ct.Trajectory.load(tmp_path / "other.nc")


@pytest.mark.parametrize(
    ("use", "name"),
    [
        *[
            (lambda log=log: SYSTEM.single_pass_dissipation(50.0, log=log), "log")
            for log in ("nan", b"x", 1, None, abs)
        ],
        (lambda: SYSTEM.simulate(**START, duration=0.2, progress="nan"), "progress"),
        (lambda: SYSTEM.loss_variance(50.0, 1.0, broadening=1), "broadening"),
        *[
            (lambda events=events: SYSTEM.simulate(**START, duration=0.2, events=events), "events")
            for events in (np.void(b"abc"), "", b"", {})
        ],
        (lambda: ct.Chain.from_springs(1.0, [True, 1.0], 40.0), "couplings"),
        (lambda: SYSTEM.mean_dissipation([[50.0], [np.True_]]), "speed"),
        (lambda: SYSTEM.mean_dissipation([50.0, np.False_]), "speed"),
    ],
)
def test_truth_values_are_no_numbers_and_words_no_truth_values(use, name):
    with pytest.raises(TypeError, match=rf"^{name}.* must (be|hold)"):
        use()


def test_an_empty_table_of_drifts_has_the_types_of_a_full_one():
    empty, full = SYSTEM.drift_velocities(79.0, 79.5), SYSTEM.drift_velocities(15.0, 25.0)
    assert not empty and full
    assert empty.to_dataframe().dtypes.equals(full.to_dataframe().dtypes)
