"""Many runs side by side on all cores, each the same to the last bit as if run alone."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chaintheory.parameters import SystemParameters
from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.run import Progress, carry, progress_bar
from chaintheory.simulation.settings import Run, checked_run, refuse_too_large
from chaintheory.support.resources import available_memory, cores
from chaintheory.support.validation import positive


def simulate_many(
    system: SystemParameters | Sequence[SystemParameters],
    position: ArrayLike,
    speed: ArrayLike,
    duration: float,
    *,
    progress: Progress = False,
    max_bytes: float | None = None,
    seed: int | Sequence[int] = 0,
    **options: Any,
) -> list[Trajectory]:
    """Integrate several motions: ``System.simulate_many``, which describes it.

    Here ``system`` may be a sequence too, of the same length as ``position``, ``speed`` and ``seed`` where these are
    sequences.

    >>> import chaintheory as ct
    >>> both = [ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(a, 4.0)) for a in (2.0, -2.0)]
    >>> [round(float(run.velocity[-1]), 3) for run in simulate_many(both, 220.0, 50.0, duration=1.0)]
    [49.933, 50.073]
    """
    if options.get("checkpoint") is not None:
        raise ValueError("checkpoint goes with one run: use simulate")
    limit = available_memory() if max_bytes is None else positive("max_bytes", max_bytes)
    runs = [
        checked_run(one, x, v, duration, max_bytes=limit, seed=drawn, **options)
        for one, x, v, drawn in _starts(system, position, speed, seed)
    ]
    refuse_too_large(runs, limit)
    with progress_bar(progress, sum(run.steps for run in runs)) as tick:
        return _side_by_side(runs, tick)


class _Cancelled(Exception):
    """Another run failed or was interrupted."""


def _side_by_side(runs: list[Run], tick: Any) -> list[Trajectory]:
    """All runs on all cores; an error or an interrupt ends every one of them within a block."""
    cancelled = threading.Event()

    def watched(steps: int) -> None:
        if cancelled.is_set():
            raise _Cancelled
        if tick is not None:
            tick(steps)

    with ThreadPoolExecutor(cores()) as pool:
        tasks = [pool.submit(carry, run, watched) for run in runs]
        try:
            done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
            for task in done:
                task.result()
            return [task.result() for task in tasks]
        finally:
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _starts(
    system: SystemParameters | Sequence[SystemParameters], position: ArrayLike, speed: ArrayLike, seed: ArrayLike
) -> list[tuple[SystemParameters, float, float, int]]:
    """System, position, speed and seed of every run."""
    systems: list[Any] = [system]
    if not isinstance(system, SystemParameters) and isinstance(system, Iterable):
        systems = list(system)
    if not all(isinstance(one, SystemParameters) for one in systems):
        raise TypeError(f"system must be a System or a sequence of them, got {system!r}")
    columns: list[list[Any]] = [systems]
    for name, value in (("position", position), ("speed", speed), ("seed", seed)):
        array = np.asarray(value, dtype=object)
        if array.ndim > 1:
            raise ValueError(f"{name} must be a number or a sequence, got an array of {array.shape}")
        columns.append(list(np.atleast_1d(array)))
    lengths = {len(column) for column in columns} - {1}
    if len(lengths) > 1:
        raise ValueError(f"system, position, speed and seed must have one length, got {sorted(lengths)}")
    count = lengths.pop() if lengths else 1
    columns = [column * (count if len(column) == 1 else 1) for column in columns]
    return list(zip(*columns, strict=True))
