"""Result and checkpoint files: read right or refused by ValueError, whatever was done to them."""

import os
import random

import numpy as np
import pytest
import xarray

import chaintheory as ct
from chaintheory.simulation.files import write_dataset

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
