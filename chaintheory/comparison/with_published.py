"""Theory, simulation and the published trajectories, laid beside each other.

The published files list the particle's speed at its extrema, one per lattice spacing. A run here
is reduced in the same way (`speed_extrema`), its extrema are matched with the published ones one
to one in time (`match`), and each file becomes one row (`Comparison`).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.interactions.named import Gaussian
from chaintheory.support.resources import cores
from chaintheory.support.validation import number, positive, whole
from chaintheory.system import Chain, System

if TYPE_CHECKING:
    from chaintheory.simulation.record import Trajectory

Array = NDArray[np.float64]

# A file passes when half of its extrema agree within this. Runs that graze a separatrix differ for
# a while by up to 1e-2, so the bound is on the median; the largest deviation is shown beside it.
LARGEST_MEDIAN = 1e-3

# At most this share of a file's extrema may lack a partner: one pass more or less at the end of a
# run, and a pair or two where the particle turns round.
LARGEST_UNMATCHED = 0.02


@dataclass(frozen=True)
class PublishedRun:
    """One published trajectory: what was run, and the extrema of its speed."""

    file: str
    system: System
    position: float
    speed: float
    steps_per_fast_period: int
    times: Array = field(repr=False, compare=False)
    speeds: Array = field(repr=False, compare=False)


@dataclass(frozen=True)
class Comparison:
    """A published run beside a simulated one; deviations are in speed, times in t_slow."""

    file: str
    published: int
    matched: int
    unmatched: int
    median: float
    largest: float
    largest_at: float
    passed: bool


def read_published(directory: str | os.PathLike[str]) -> list[PublishedRun]:
    """Read ``index.csv`` of ``directory`` and the files it lists; ValueError on bad content."""
    folder = Path(directory)
    index = folder / "index.csv"
    if not index.is_file():
        raise ValueError(f"published must be a directory with an index.csv, got {str(folder)!r}")
    with index.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    if not rows:
        raise ValueError(f"{index.name} lists no run")
    return [_read_run(folder, row, line) for line, row in enumerate(rows, start=2)]


def _read_run(folder: Path, row: dict[str, str], line: int) -> PublishedRun:
    """Read one row of the index and the file that it names."""
    try:
        value = {key: float(text) for key, text in row.items() if key != "file"}
        path = folder / row["file"]
        if path.resolve().parent != folder.resolve():
            raise ValueError(f"file must lie beside index.csv, got {row['file']!r}")
        times, speeds = np.loadtxt(path, unpack=True, ndmin=2)
        # The published runs all have omega_fast = 10 and spacing 40; the index may say otherwise.
        return PublishedRun(
            file=row["file"],
            system=System(
                Chain(value.get("omega_fast", 10.0), value.get("spacing", 40.0)),
                Gaussian(value["amplitude"], value["width"]),
                mass=value["mass"],
                bias=value["bias"],
            ),
            position=number("initial_position", value["initial_position"]),
            speed=number("initial_speed", value["initial_speed"]),
            steps_per_fast_period=whole("steps_per_fast_period", int(value["steps_per_fast_period"]), 1),
            times=times,
            speeds=speeds,
        )
    except KeyError as missing:
        raise ValueError(f"index.csv lacks the column {missing}") from None
    except (TypeError, ValueError, FileNotFoundError) as error:
        raise ValueError(f"index.csv, line {line}: {error}") from None


def speed_extrema(time: Array, position: Array, *, maxima: bool) -> tuple[Array, Array]:
    """Return times and values of the local extrema of the backward-difference speed.

    ``(position[i] - position[i-1])/step`` is listed at ``time[i]``, as in the published files.

    >>> times, speeds = speed_extrema(np.arange(6.0), np.array([0, 1, 3, 6, 8, 9.0]), maxima=True)
    >>> times.tolist(), speeds.tolist()
    ([3.0], [3.0])
    """
    step = positive("time step", time[1] - time[0])
    speed = np.diff(position) / step
    height = speed if maxima else -speed
    inside = (height[1:-1] > height[:-2]) & (height[1:-1] >= height[2:])
    at = np.flatnonzero(inside) + 1
    return time[at + 1], speed[at]


def match(first: Array, second: Array, window: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair two sorted lists of times one to one: nearest both ways, and within ``window``.

    >>> [pairs.tolist() for pairs in match(np.array([1.0, 2, 3]), np.array([1.1, 3.2, 9]), 0.5)]
    [[0, 2], [0, 1]]
    """
    if not (first.size and second.size):
        nothing = np.empty(0, dtype=np.intp)
        return nothing, nothing
    there = nearest(first, second)
    back = nearest(second, first)
    index = np.arange(first.size)
    mutual = (back[there] == index) & (np.abs(first - second[there]) <= window)
    return index[mutual], there[mutual]


def nearest(values: Array, among: Array) -> NDArray[np.intp]:
    """Return, for each value, the index of the nearest of the sorted ``among``."""
    right = np.clip(np.searchsorted(among, values), 1, max(among.size - 1, 1))
    left = right - 1
    right = np.minimum(right, among.size - 1)
    return np.where(values - among[left] <= among[right] - values, left, right)


def compare(published: PublishedRun, run: Trajectory) -> Comparison:
    """Lay a simulated run beside the published one."""
    maxima = float(published.system.interaction.potential(0.0)) > 0.0
    times, speeds = speed_extrema(run.time, run.position, maxima=maxima)
    # Half a typical transit: two extrema farther apart belong to different passes.
    window = 0.5 * float(np.median(np.diff(published.times)))
    theirs, ours = match(published.times, times, window)
    beyond = published.times[-1] + window
    unmatched = (published.times.size - theirs.size) + (int((times <= beyond).sum()) - ours.size)
    if not theirs.size:
        return Comparison(published.file, published.times.size, 0, unmatched, np.inf, np.inf, np.nan, False)
    deviation = np.abs(published.speeds[theirs] - speeds[ours])
    worst = int(np.argmax(deviation))
    median = float(np.median(deviation))
    few = unmatched <= max(1.0, LARGEST_UNMATCHED * published.times.size)
    return Comparison(
        file=published.file,
        published=published.times.size,
        matched=theirs.size,
        unmatched=unmatched,
        median=median,
        largest=float(deviation[worst]),
        largest_at=float(published.times[theirs][worst]),
        passed=bool(median <= LARGEST_MEDIAN and few),
    )


def simulate_published(published: PublishedRun) -> Trajectory:
    """Repeat a published run with the published map (order 2), slightly past its last extremum."""
    transit = float(np.median(np.diff(published.times)))
    return published.system.simulate(
        position=published.position,
        speed=published.speed,
        duration=float(published.times[-1]) + 0.5 * transit,
        order=2,
        steps_per_fast_period=published.steps_per_fast_period,
    )


def compare_published(runs: list[PublishedRun], progress: Callable[[int], object] | None = None) -> list[Comparison]:
    """Simulate every published run, one per core at a time, and compare; rows in their order."""
    rows: dict[str, Comparison] = {}
    for row in _each(runs):
        rows[row.file] = row
        if progress is not None:
            progress(1)
    return [rows[run.file] for run in runs]


def _each(runs: list[PublishedRun]) -> Iterator[Comparison]:
    """Yield the rows as they are finished; on an error or interrupt start nothing more."""
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        tasks = [pool.submit(lambda run: compare(run, simulate_published(run)), run) for run in runs]
        try:
            for task in as_completed(tasks):
                yield task.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
