"""How a sweep is run and kept: workers, a journal to resume from, and the finished file.

Each point that is done is one line of a journal beside the output. A sweep that is stopped, by an
interrupt or a power cut, is resumed from it: a line that was torn is computed again, a point that
comes back twice (from a worker thought dead) is kept once. When all points are there the NetCDF
file is written in one rename and the journal removed.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory import __version__
from chaintheory.simulation.record import write_atomically
from chaintheory.support.resources import cores
from chaintheory.support.validation import whole
from chaintheory.sweep.specification import KINDS, QUANTITIES, UNITS, Sweep, compute_point

if TYPE_CHECKING:
    import xarray

Result = dict[str, Any]
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
) -> xarray.Dataset:
    """Compute every point of a sweep and write the NetCDF file ``output``.

    Parameters
    ----------
    sweep
        From `read_sweep`.
    output
        The file to write; it must not exist. A journal beside it resumes a stopped sweep.
    workers
        Processes on this machine; all cores by default.
    scheduler
        Address of a Dask scheduler, instead of processes on this machine.
    progress
        Called with the number of points just done (those resumed first) and of all points.

    Raises
    ------
    ValueError
        An output that exists, a journal of another sweep, or a bad number of workers.
    """
    output = Path(output).absolute()
    if output.exists():
        raise ValueError(f"output must not exist, got {str(output)!r}")
    if not output.parent.is_dir():
        raise ValueError(f"output must lie in an existing directory, got {str(output)!r}")
    workers = cores() if workers is None else whole("workers", workers, 1)
    points = list(sweep.points())
    tell = progress or (lambda done, total: None)
    with Journal(output.with_name(f".{output.name}.journal"), sweep.digest) as journal:
        done = journal.results
        tell(len(done), len(points))
        missing = {index: point for index, point in enumerate(points) if index not in done}
        source = on_cluster(sweep, missing, scheduler) if scheduler else on_cores(sweep, missing, workers)
        for index, result in source:
            if journal.add(index, result):
                tell(1, len(points))
        dataset = assemble(sweep, [done[index] for index in range(len(points))])
        write_atomically(output, dataset)
        journal.remove()
    return dataset


class Journal:
    """The points that are done, one JSON line each, after a first line that names the sweep."""

    def __init__(self, path: Path, digest: str) -> None:
        self.path = path
        self.header = {"sweep": digest, "version": __version__}
        self.results: dict[int, Result] = {}

    def __enter__(self) -> Journal:
        """Read what is there; cut off a torn last line; open for more."""
        whole_lines = self._read() if self.path.exists() else 0
        self._file = self.path.open("r+b" if whole_lines else "wb")
        self._file.truncate(whole_lines)
        self._file.seek(whole_lines)
        if not whole_lines:
            self._write(self.header)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; if it holds a result it stays for the next try."""
        self._file.close()
        if not self.results:
            self.remove()

    def _read(self) -> int:
        """Read all whole lines and return how many bytes they are."""
        size = 0
        for number, line in enumerate(self.path.read_bytes().splitlines(keepends=True)):
            try:
                entry = json.loads(line)
                if not line.endswith(b"\n") or not isinstance(entry, dict):
                    break
                if number == 0 and entry != self.header:
                    raise OtherSweep
                if number:
                    self.results[int(entry["index"])] = entry["result"]
            except OtherSweep:
                raise ValueError(
                    f"output has a journal of another sweep beside it, {str(self.path)!r}: "
                    "remove it or choose another output"
                ) from None
            except (KeyError, TypeError, ValueError):
                break
            size += len(line)
        return size

    def add(self, index: int, result: Result) -> bool:
        """Keep a result; False, and nothing is kept, if the point is there already."""
        if index in self.results:
            return False
        self._write({"index": index, "result": result})
        self.results[index] = result
        return True

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def remove(self) -> None:
        """Remove the journal of a finished sweep."""
        self.path.unlink(missing_ok=True)


class OtherSweep(Exception):
    """The journal belongs to another sweep or version."""


def on_cores(sweep: Sweep, points: dict[int, dict[str, Any]], workers: int) -> Iterator[tuple[int, Result]]:
    """Compute the points in processes on this machine, in whatever order they finish."""
    if not points:
        return
    # Spawned processes inherit no threads and no half-held locks.
    pool = ProcessPoolExecutor(min(workers, len(points)), mp_context=get_context("spawn"))
    try:
        tasks = {
            pool.submit(compute_point, point, sweep.quantities, sweep.drift_range): index
            for index, point in points.items()
        }
        for task in as_completed(tasks):
            yield tasks[task], task.result()
    except BrokenProcessPool:
        raise ChildProcessError(
            "a worker process was killed; the same command goes on where this one stopped"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def on_cluster(sweep: Sweep, points: dict[int, dict[str, Any]], address: str) -> Iterator[tuple[int, Result]]:
    """Compute the points on a Dask cluster; those of a worker that dies are given to another."""
    try:
        from distributed import Client, wait
    except ImportError:
        raise ValueError("scheduler needs Dask: pip install 'chaintheory[cluster]'") from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ValueError(f"scheduler cannot be reached at {address!r}: {error}") from None
    with client:
        tasks = {
            client.submit(
                compute_point, point, sweep.quantities, sweep.drift_range,
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
    variables = {}
    for quantity in sweep.quantities:
        for name, (unit, along) in QUANTITIES[quantity].items():
            values = [result[name] for result in results]
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
        name: (name, np.array(values, dtype=float), {"units": UNITS[name]}) for name, values in sweep.axes.items()
    }
    return xarray.Dataset(variables, coordinates, attrs=provenance(sweep))


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
