"""Checkpoints of long runs: written whole or not at all, resumed to the last bit, never pickled."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.simulation.files import read_dataset, write_dataset
from chaintheory.simulation.light_cone import ChainSegment, LightCone, Records
from chaintheory.simulation.pictures import Pictures
from chaintheory.simulation.record import system_attributes
from chaintheory.simulation.settings import Run

Array = NDArray[np.float64]

FORMAT = "chaintheory checkpoint 3"
_COLUMNS = ("position", "velocity", "acceleration", "energy")
# Relative to the largest energies: how far the two ways to the chain's energy, and to the particle's last speed, may
# differ by rounding.
_ROUNDING = 1e-9
_RING = re.compile(r'"ring": (\d+)')  # of ``_belongs_to``: what the duration of a hot run enters


def _belongs_to(run: Run) -> str:
    return json.dumps({"system": system_attributes(run.system), **run.identity}, sort_keys=True)


def write(run: Run, state: LightCone, records: Records, pictures: Pictures) -> None:
    """Write state and records so far; the last good checkpoint stays if this one fails."""
    import xarray

    assert run.checkpoint is not None
    rows, chain = state.steps_done + 1, state.chain_state
    data: dict[str, Any] = {name: ("row", getattr(records, name)[:rows]) for name in _COLUMNS}
    data["chain_mass"] = ("mass", chain.origin + np.arange(chain.state.shape[1]))
    data["chain_u"] = ("mass", chain.state[0])
    data["chain_p"] = ("mass", chain.state[1])
    data["particle"] = ("coordinate", np.array([state.sigma, state.q, state.residual, run.rate, state.dissipated]))
    counters = [state.steps_done, state.lowest, state.highest, chain.origin]
    data["counters"] = ("counter", np.array(counters, dtype=np.int64))
    taken = [(step, displacement) for step, displacement in pictures.taken if step <= state.steps_done]
    if taken:
        data["picture_step"] = ("picture", np.array([step for step, _ in taken], dtype=np.int64))
        data["picture"] = (("picture", "shown"), np.stack([displacement for _, displacement in taken]))
    write_dataset(run.checkpoint, xarray.Dataset(data, attrs={"format": FORMAT, "belongs_to": _belongs_to(run)}))


@dataclass(frozen=True)
class Saved:
    """What a checkpoint holds, checked as far as it can be without its run.

    ``run`` has the time step in use, ``state`` what differs from the state at the start.
    """

    run: Run
    columns: tuple[Array, ...]
    state: dict[str, Any]
    taken: list[tuple[int, Array]]

    def restore(self, fresh: LightCone, records: Records, pictures: Pictures) -> LightCone:
        """Fill records and pictures and return the state; ValueError where they cannot belong to one run."""
        start = [column[0] for column in records.rows(0, 1)]
        state = replace(fresh, **self.state)
        position, velocity, _, energy = self.columns
        extent, chain = (fresh.lowest, fresh.highest), state.chain_state
        if state.steps_done:
            first, last = fresh.extent(position[1:])
            extent = min(fresh.lowest, first), max(fresh.highest, last)
        kinetic = fresh.system.kinetic_energy(np.max(np.abs(velocity)))
        off = abs(state.chain_energy() - energy[-1])
        held = (
            [column[0] for column in self.columns] == start,
            position[-1] == state.sigma,
            abs(velocity[-1] - 2.0 * np.pi * state.q) <= _ROUNDING * np.max(np.abs(velocity)),
            (state.lowest, state.highest) == extent,
            bool(off <= _ROUNDING * (kinetic + np.max(energy))),
            # the chain holds all masses that may have been kicked
            not state.steps_done
            or (chain.origin <= state.lowest and state.highest < chain.origin + chain.state.shape[1]),
        )
        if not all(held):
            raise ValueError(f"checkpoint {self.run.checkpoint} is damaged: its numbers do not belong together")
        for name, column in zip(_COLUMNS, self.columns, strict=True):
            getattr(records, name)[: column.size] = column
        pictures.taken.extend(self.taken)
        return state


def read(run: Run) -> Saved:
    """Read the checkpoint of a run.

    Raises ValueError, by name, for a damaged or foreign file, one of another run, or one that is
    already beyond the run's end.
    """
    assert run.checkpoint is not None
    path = run.checkpoint
    data = read_dataset(path, FORMAT)
    theirs, ours = str(data.attrs.get("belongs_to")), _belongs_to(run)
    if theirs != ours:
        if _RING.sub("", theirs) == _RING.sub("", ours):
            raise ValueError(
                f"checkpoint {path} belongs to a hot run of another duration, which sets the ring of its thermal field "
                f"({_RING.findall(theirs)[0]} masses, not {run.ring}): give that duration, or start it in another file"
            )
        raise ValueError(f"checkpoint {path} belongs to another run: start it in another file")
    try:
        steps_done, lowest, highest, origin = (int(n) for n in data["counters"].values)
        sigma, q, residual, rate, dissipated = (float(x) for x in data["particle"].values)
        chain = np.stack((data["chain_u"].values, data["chain_p"].values)).astype(np.float64)
        columns = tuple(np.asarray(data[name].values, dtype=np.float64) for name in _COLUMNS)
        numbers = [chain, *columns, data["particle"].values]
        if not all(np.isfinite(values).all() for values in numbers):
            raise ValueError("it holds numbers that are not finite")
        if any(column.shape != (steps_done + 1,) for column in columns):
            raise ValueError("its records differ in length")
        if not np.array_equal(data["chain_mass"].values, origin + np.arange(chain.shape[1])):
            raise ValueError("its masses are not numbered as they should be")
        halvings = np.log2(rate / run.rate)
        if halvings < 0.0 or halvings % 1.0 or (halvings and not run.chosen):
            raise ValueError("its time step is another one")
        taken = _pictures(data, replace(run, rate=rate), steps_done)
    except (ArithmeticError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"checkpoint {path} is damaged: {problem}") from None
    run = replace(run, rate=rate)
    if steps_done > run.steps:
        raise ValueError(f"checkpoint {path} is already beyond the duration asked for")
    state = {
        "sigma": sigma, "q": q, "residual": residual, "dissipated": dissipated,
        "chain_state": ChainSegment(origin, chain), "steps_done": steps_done, "lowest": lowest, "highest": highest,
    }  # fmt: skip
    return Saved(run, columns, state, taken)


def _pictures(data: Any, run: Run, steps_done: int) -> list[tuple[int, Array]]:
    """Displacements stored so far, those at whole multiples of ``chain_every``."""
    if run.chain_window is None:
        return []
    steps, shown = data["picture_step"].values, np.asarray(data["picture"].values, dtype=np.float64)
    first, last = run.chain_window
    if shown.shape != (steps.size, last - first + 1) or not np.isfinite(shown).all():
        raise ValueError("its displacements are not those asked for")
    every = run.steps_per_picture
    taken = [(int(step), row) for step, row in zip(steps, shown, strict=True) if step % every == 0]
    if [step for step, _ in taken] != list(range(0, steps_done + 1, every)):
        raise ValueError("its displacements are not complete")
    return taken
