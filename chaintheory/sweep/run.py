"""How a sweep is run: workers on this machine or on a cluster, a journal to resume from, and the finished file.

A sweep that is stopped, by an interrupt or a power cut, is resumed from its journal; a point that comes back twice
(from a worker thought dead) is kept once. A point that the theory or the simulation refuses does not end the sweep: its
reason is in the result. When all points are there the NetCDF file is written in one rename and the journal removed.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory import __version__
from chaintheory.simulation.files import write_dataset
from chaintheory.support.files import check_target, refuse_input
from chaintheory.support.resources import cores
from chaintheory.support.validation import shown, whole
from chaintheory.sweep.journal import Journal, Result
from chaintheory.sweep.specification import KINDS, QUANTITIES, UNITS, Sweep, compute_point

if TYPE_CHECKING:
    import xarray

FORMAT = "chaintheory sweep 1"
# Seconds without a result after which the cluster is asked whether it has workers left.
PATIENCE = 60.0


def run_sweep(
    sweep: Sweep,
    output: str | os.PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], object] | None = None,
    overwrite: bool = False,
) -> xarray.Dataset:
    r"""Compute every point of a sweep and write the NetCDF file ``output``.

    Parameters
    ----------
    sweep
        From `read_sweep`.
    output
        The file to write; it must not exist, unless ``overwrite``. A journal beside it resumes a stopped sweep.
    workers
        Processes on this machine; all cores by default. One, or a sweep of one point, computes in this process. Each
        other first imports the script that calls: there the call stands under ``if __name__ == "__main__":``.
    scheduler
        Address of a Dask scheduler, instead of processes on this machine.
    progress
        Called with the number of points just done (those resumed first) and of all points.
    overwrite
        Replace a file at ``output`` when the sweep is done; never one that the sweep reads, such as its samples.

    Returns
    -------
    xarray.Dataset
        What the file holds: the quantities over the axes, NaN where a point was refused, and there the reason in the
        variable ``refused`` (if there is one).

    Raises
    ------
    ValueError
        An output that exists, a journal of another sweep or one that is in use, or a bad number of workers.
    ChildProcessError
        Workers, or the scheduler, that died; the same call goes on from the journal. Workers that could not start,
        such as those of a script without ``if __name__ == "__main__":``.
    Interrupted
        An interrupt; the same call goes on from the journal.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from chaintheory.sweep.specification import read_sweep
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     grid = Path(folder) / "grid.toml"
    ...     _ = grid.write_text("axes = {amplitude = [2.0]}\ncompute = {quantities = ['mean_dissipation']}")
    ...     data = run_sweep(read_sweep(grid), Path(folder) / "grid.nc", workers=1)
    >>> round(float(data.mean_dissipation[0]), 6), data.mean_dissipation.attrs["units"]
    (0.014869, 'hbar Omega_slow')
    """
    if not isinstance(sweep, Sweep):
        raise TypeError(f"sweep must be what read_sweep returns, got {shown(sweep)}")
    output = check_target("output", output)
    refuse_input("output", output, sweep.read_from)
    if output.exists() and not overwrite:
        raise ValueError(f"output must not exist, got {shown(str(output))}; overwrite replaces it")
    workers = cores() if workers is None else whole("workers", workers, 1)
    points = list(sweep.points())
    tell = progress or (lambda done, total: None)
    with Journal(output.with_name(f".{output.name}.journal"), sweep.digest, sweep.variables) as journal:
        done = journal.results
        tell(len(done), len(points))
        missing = {index: point for index, point in enumerate(points) if index not in done}
        source = on_cluster(sweep, missing, scheduler) if scheduler else on_cores(sweep, missing, workers)
        try:
            for index, result in source:
                if journal.add(index, result):
                    tell(1, len(points))
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted after {len(done)} of {len(points)} points; the same command goes on from there"
            ) from None
        dataset = assemble(sweep, [done[index] for index in range(len(points))])
        dataset = write_dataset(output, dataset)
        journal.remove()
    return dataset


class Interrupted(KeyboardInterrupt):
    """A sweep was interrupted; its journal is whole."""


def on_cores(sweep: Sweep, points: dict[int, dict[str, Any]], workers: int) -> Iterator[tuple[int, Result]]:
    """Compute the points in processes on this machine, in whatever order they finish; with one worker, in this one."""
    if min(workers, len(points)) <= 1:
        for index, point in points.items():
            yield index, compute_point(point, sweep.quantities, sweep.drift_range)
        return
    # Spawned processes inherit no threads and no half-held locks.
    context = get_context("spawn")
    started = context.Event()
    pool = ProcessPoolExecutor(min(workers, len(points)), context, started.set)
    try:
        tasks = {
            pool.submit(compute_point, point, sweep.quantities, sweep.drift_range, __version__): index
            for index, point in points.items()
        }
        for task in as_completed(tasks):
            yield tasks[task], task.result()
    except (BrokenProcessPool, BrokenPipeError):  # it died at work, or while it was started
        if not started.is_set():
            raise ChildProcessError(
                'no worker process could start: a script must call run_sweep under if __name__ == "__main__": (or with '
                "workers=1); else the same command goes on where this one stopped"
            ) from None
        raise ChildProcessError(
            "a worker process was killed; the same command goes on where this one stopped"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def on_cluster(sweep: Sweep, points: dict[int, dict[str, Any]], address: str) -> Iterator[tuple[int, Result]]:
    """Compute the points on a Dask cluster; those of a worker that dies are given to another."""
    try:
        from distributed import Client
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise ValueError("scheduler needs Dask: pip install 'chaintheory[sweep]'") from None
    try:
        # Not the default one: that would stay so, for xarray too, where the scheduler cannot be reached.
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"scheduler cannot be reached at {address!r}: {error}") from None
    stopped = "; the same command goes on where this one stopped"
    with client, client.as_current():
        try:
            yield from _from_cluster(client, sweep, points, address)
        except KilledWorker as error:
            raise ChildProcessError(
                f"the workers that computed one point died, again and again: {error}{stopped}"
            ) from None
        except (CancelledError, CommClosedError, OSError) as error:
            if isinstance(error, ChildProcessError):
                raise
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ChildProcessError(f"the scheduler at {address!r} was lost ({reason}){stopped}") from None


def _from_cluster(
    client: Any, sweep: Sweep, points: dict[int, dict[str, Any]], address: str
) -> Iterator[tuple[int, Result]]:
    """The results of the points as they come from the cluster."""
    from distributed import wait

    tasks = {
        client.submit(
            compute_point, point, sweep.quantities, sweep.drift_range, __version__,
            key=f"{sweep.digest[:16]}-{index}", retries=3,
        ): index
        for index, point in points.items()
    }  # fmt: skip
    by_key = {task.key: index for task, index in tasks.items()}
    pending = set(tasks)
    while pending:
        try:
            done, pending = wait(pending, timeout=PATIENCE, return_when="FIRST_COMPLETED")
        except TimeoutError:
            if client.nthreads():
                continue  # a long point
            raise ChildProcessError(
                f"no worker has been on the cluster at {address!r} for {PATIENCE:g} s; "
                "the same command goes on where this one stopped"
            ) from None
        for task in done:
            result = task.result()
            # Kept from here on: a worker that dies must not have it computed again.
            task.release()
            yield by_key[task.key], result


def assemble(sweep: Sweep, results: list[Result]) -> xarray.Dataset:
    """Lay the results out over the axes; lists are padded with NaN to the longest."""
    import xarray

    dimensions = tuple(sweep.axes)
    variables: dict[str, Any] = {}
    refused = [result.get("refused", "") for result in results]
    if any(refused):
        variables["refused"] = (dimensions, np.array(refused, dtype=object).reshape(sweep.shape), {"units": "1"})
    for quantity in sweep.quantities:
        for name, (unit, along) in QUANTITIES[quantity].items():
            values = [result.get(name, math.nan if along is None else []) for result in results]
            if along is None:
                shape, dims = sweep.shape, dimensions
                data = np.array(values, dtype=float).reshape(shape)
            else:
                longest = max((len(row) for row in values), default=0)
                rows = np.full((len(values), longest), np.nan)
                for row, value in zip(rows, values, strict=True):
                    row[: len(value)] = value
                data, dims = rows.reshape(*sweep.shape, longest), (*dimensions, along)
            variables[name] = (dims, data, {"units": unit})
    coordinates = {
        name: (name, _coordinate(values), {"units": UNITS.get(name, "1")}) for name, values in sweep.axes.items()
    }
    return xarray.Dataset(variables, coordinates, attrs=provenance(sweep))


def _coordinate(values: tuple[Any, ...]) -> NDArray[Any]:
    """Numbers; springs of which some chain has several, or none, as text, ``"2.0, -0.1"``."""
    if all(isinstance(one, tuple) for one in values):
        if any(len(one) != 1 for one in values):
            return np.array([", ".join(map(repr, one)) or "none" for one in values], dtype=object)
        values = tuple(one for (one,) in values)
    return np.array(values, dtype=float)


def provenance(sweep: Sweep) -> dict[str, Any]:
    """Return what the numbers depend on, as attributes of the file."""
    fixed = {name: value for name, value in sweep.fixed.items() if value is not None}
    return {
        "format": FORMAT,
        "chaintheory_version": __version__,
        "commit": commit() or "unknown",
        "sweep": sweep.digest,
        "fixed_parameters": json.dumps(fixed, sort_keys=True),
        "quantities": json.dumps(sweep.quantities),
        "drift_range": list(sweep.drift_range),
        "drift_kinds": ", ".join(KINDS),
    }


def commit() -> str | None:
    """Return the commit of the source tree this runs from, None for an installed package."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=5, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()
