"""Result files: plain NetCDF, written whole or not at all, and read without trust.

A file is made in memory and written beside its name, flushed to the disk and renamed; a full disk is an OSError and the
file that was there stays. What guards it: HDF5's own checksum (fletcher32) of every column, a digest of columns and
attributes as the attribute ``content_sha256``, and, after the end that HDF5 has noted, where other programs do not
look, a digest of all bytes. That last one is verified first, because HDF5 may crash on a damaged file. A file that
another program has saved again has lost it: it is opened in a process of its own first, and what it holds must still
match ``content_sha256``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chaintheory.support.files import check_target, existing_file, write_whole

if TYPE_CHECKING:
    import xarray

DIGEST = "content_sha256"
_MARK = b"\nsha256 "
# A file that another program has saved is given up if it cannot be read within this many seconds.
_LONGEST_READ = 120.0


def _checksum(content: bytes | memoryview) -> bytes:
    """What follows the bytes of a file: their digest."""
    return _MARK + hashlib.sha256(content).hexdigest().encode() + b"\n"


_CHECKSUM_LENGTH = len(_checksum(b""))


def write_dataset(path: str | os.PathLike[str], dataset: xarray.Dataset) -> xarray.Dataset:
    """Write a Dataset as NetCDF with its checksums, at once or not at all, and return what the file holds.

    OSError if it cannot be written.
    """
    target = check_target("path", path)
    dataset = dataset.assign_attrs({DIGEST: content_digest(dataset)})
    encoding = {
        name: {"fletcher32": True, "chunksizes": variable.shape}
        for name, variable in dataset.variables.items()
        if variable.ndim and variable.size and variable.dtype.kind in "iufb"
    }
    made = io.BytesIO()
    dataset.to_netcdf(made, engine="h5netcdf", encoding=encoding)
    content = made.getbuffer()
    write_whole(target, b"".join((content, _checksum(content))))
    return dataset


def format_of(path: Path) -> str | None:
    """The format that a whole file of this package states; None for any other file and a damaged one."""
    import h5py

    content = path.read_bytes()
    checksum, content = content[-_CHECKSUM_LENGTH:], content[:-_CHECKSUM_LENGTH]
    if checksum != _checksum(content):
        return None
    with h5py.File(io.BytesIO(content)) as opened:
        return str(opened.attrs.get("format"))


def content_digest(dataset: xarray.Dataset) -> str:
    """Digest of names, shapes and values of all columns and of the attributes."""
    digest = hashlib.sha256()
    for name in sorted(str(name) for name in dataset.variables):
        values = np.ascontiguousarray(dataset.variables[name].values)
        if values.dtype.kind in "iufb":
            content = values.astype("<f8" if values.dtype.kind == "f" else "<i8").tobytes()
        else:
            content = json.dumps([str(value) for value in values.ravel()]).encode()
        digest.update(f"{name} {values.shape} ".encode() + content)
    for name in sorted(str(name) for name in dataset.attrs):
        if name != DIGEST:
            value = dataset.attrs[name]
            digest.update(
                f"{name} {value if isinstance(value, str) else np.asarray(value, float).tolist()!r} ".encode()
            )
    return digest.hexdigest()


def read_dataset(path: Path, expected: str) -> xarray.Dataset:
    """Read a NetCDF file of this package into memory; ValueError, by name, for any other and for a damaged one."""
    content = existing_file("path", path).read_bytes()
    checksum = content[-_CHECKSUM_LENGTH:]
    if checksum.startswith(_MARK):
        content = content[:-_CHECKSUM_LENGTH]
        if checksum != _checksum(content):
            raise ValueError(f"{path} cannot be read: it is damaged (its checksum fails)")
    else:
        _check_foreign(path, content)
    try:
        data = _parsed(content)
        if data.attrs.get("format") != expected:
            raise ValueError(f"it is not a file of the kind {expected!r}, but {data.attrs.get('format')!r}")
        if data.attrs.get(DIGEST) != content_digest(data):
            raise ValueError(f"its content is not what was written (it does not match its attribute {DIGEST!r})")
    except Exception as problem:  # HDF5 reports damage by many kinds of exception
        raise ValueError(f"{path} cannot be read: {''.join(str(problem).splitlines()[:1])}") from None
    return data


def _parsed(content: bytes) -> xarray.Dataset:
    import xarray

    with xarray.open_dataset(io.BytesIO(content), engine="h5netcdf", decode_times=False) as opened:
        return opened.load()


_TRIAL = """
import io, sys, xarray
with xarray.open_dataset(io.BytesIO(sys.stdin.buffer.read()), engine="h5netcdf", decode_times=False) as opened:
    opened.load()
"""


def _check_foreign(path: Path, content: bytes) -> None:
    """ValueError unless another process can read a file whose bytes carry no digest: HDF5 crashes on some damage."""
    if len(content) < _length_noted(content):
        raise ValueError(f"{path} cannot be read: it is damaged, or is no NetCDF file of this package (cut short)")
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL], input=content, capture_output=True, timeout=_LONGEST_READ, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{path} cannot be read: it is damaged (it takes too long)") from None
    if trial.returncode:
        raise ValueError(f"{path} cannot be read: it is damaged, or is no NetCDF file of this package")


def _length_noted(content: bytes) -> float:
    """Length of an HDF5 file as its superblock has it; infinite for what is none."""
    if len(content) < 48 or content[:8] != b"\x89HDF\r\n\x1a\n":
        return float("inf")
    at = 28 if content[8] >= 2 else 40
    return int.from_bytes(content[at : at + 8], "little")
