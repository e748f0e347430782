"""Checkpoints of long runs: written whole or not at all, resumed to the last bit, never pickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.simulation.light_cone import LightCone, Records, Stretch
from chaintheory.simulation.record import read_dataset, system_attributes, write_atomically

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters

_FORMAT = "chaintheory checkpoint 1"
_COLUMNS = ("position", "speed", "acceleration", "energy")


def identity(system: SystemParameters, start: tuple[float, float], settings: dict[str, Any]) -> str:
    """What a checkpoint belongs to: system, start and settings, but not the duration."""
    return json.dumps({"system": system_attributes(system), "start": start, "settings": settings}, sort_keys=True)


def write(path: Path, belongs_to: str, state: LightCone, records: Records, rows: int) -> None:
    """Write state and records so far; the last good checkpoint stays if this one fails."""
    import xarray

    data = {name: ("row", getattr(records, name)[:rows]) for name in _COLUMNS}
    data["chain_u"] = ("mass", state.stretch.state[0])
    data["chain_p"] = ("mass", state.stretch.state[1])
    data["particle"] = ("coordinate", np.array([state.sigma, state.q, state.carried]))
    whole = [state.steps_done, state.lowest, state.highest, state.stretch.origin]
    data["counters"] = ("counter", np.array(whole, dtype=np.int64))
    attributes = {"format": _FORMAT, "belongs_to": belongs_to}
    write_atomically(path, xarray.Dataset(data, attrs=attributes))


def read(path: Path, belongs_to: str, state: LightCone, records: Records) -> int:
    """Fill state and records from a checkpoint and return the rows filled.

    Raises ValueError, by name, for a damaged or foreign file, one of another run, or one that is
    already beyond the run's end.
    """
    data = read_dataset(path, _FORMAT)
    if data.attrs.get("belongs_to") != belongs_to:
        raise ValueError(f"checkpoint {path} belongs to another run: start it in another file")
    try:
        counters = [int(n) for n in data["counters"].values]
        state.steps_done, state.lowest, state.highest, origin = counters
        chain = np.stack((data["chain_u"].values, data["chain_p"].values)).astype(np.float64)
        state.sigma, state.q, state.carried = (float(x) for x in data["particle"].values)
        columns = [np.asarray(data[name].values, dtype=np.float64) for name in _COLUMNS]
        rows = columns[0].size
        numbers = [chain, *columns, np.array([state.sigma, state.q, state.carried])]
        if not all(np.isfinite(values).all() for values in numbers):
            raise ValueError("it holds numbers that are not finite")
        if rows < 1 or any(column.shape != (rows,) for column in columns):
            raise ValueError("its records differ in length")
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"checkpoint {path} is damaged: {problem}") from None
    if rows > len(records):
        raise ValueError(f"checkpoint {path} is already beyond the duration asked for")
    for name, column in zip(_COLUMNS, columns, strict=True):
        getattr(records, name)[:rows] = column
    state.stretch = Stretch(origin, chain)
    return rows
