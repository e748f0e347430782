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
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from chaintheory.interactions.named import Gaussian
from chaintheory.support.resources import cores
from chaintheory.support.validation import choice, number, positive, shown, whole
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

# Columns of index.csv.
_NEEDED = (
    "file", "initial_position", "initial_speed", "width", "amplitude", "mass", "steps_per_fast_period", "bias",
)  # fmt: skip
_OPTIONAL = ("omega_fast", "spacing", "last_time", "rows")


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

    HEADINGS: ClassVar = ("file", "matched", "unmatched", "median", "largest", "at time")

    @property
    def cells(self) -> tuple[str, ...]:
        """What a table shows under ``HEADINGS``."""
        return (
            self.file, f"{self.matched}/{self.published}", str(self.unmatched), f"{self.median:.1e}",
            f"{self.largest:.1e}", f"{self.largest_at:.1f}",
        )  # fmt: skip


def read_published(directory: str | os.PathLike[str]) -> list[PublishedRun]:
    """Read ``index.csv`` of ``directory`` and the files it lists.

    Parameters
    ----------
    directory
        A directory with ``index.csv``, which has a header and a row for each run: ``file`` (a file beside it),
        ``initial_position`` (l_slow), ``initial_speed`` (l_slow/t_slow), ``width`` (l_slow) and ``amplitude``
        (hbar Omega_slow) of the Gaussian, ``mass``, ``bias`` (hbar Omega_slow) and ``steps_per_fast_period``;
        ``omega_fast`` (10 if left out), ``spacing`` (40 if left out), and ``last_time`` and ``rows``, which the file
        must match. A file has two columns, the times (t_slow) and values (l_slow/t_slow) of the speed's extrema.

    Raises
    ------
    ValueError
        Anything else, with the file and the line.
    """
    folder = Path(directory)
    index = folder / "index.csv"
    if not index.is_file():
        raise ValueError(f"published must be a directory with an index.csv, got {shown(str(folder))}")
    runs: dict[str, PublishedRun] = {}
    with index.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines, strict=True)
        try:
            header = _checked_header(next(rows, []))
            for cells in filter(None, rows):
                run = _read_run(folder, header, cells)
                if run.file in runs:
                    raise ValueError(f"file {run.file!r} is listed twice")
                runs[run.file] = run
        except (csv.Error, OSError, ValueError) as problem:
            raise ValueError(f"index.csv, line {max(rows.line_num, 1)}: {problem}") from None
    if not runs:
        raise ValueError("index.csv lists no run")
    return list(runs.values())


def _checked_header(header: list[str]) -> list[str]:
    """The columns of the index; ValueError if one is missing, unknown or there twice."""
    for name in _NEEDED:
        if name not in header:
            raise ValueError(f"it lacks the column {name!r}")
    for name in header:
        choice("column", name, (*_NEEDED, *_OPTIONAL))
        if header.count(name) > 1:
            raise ValueError(f"it has the column {name!r} twice")
    return header


def _read_run(folder: Path, header: list[str], cells: list[str]) -> PublishedRun:
    """Read one row of the index and the file that it names."""
    if len(cells) != len(header):
        raise ValueError(f"it must have {len(header)} cells, got {len(cells)}")
    row = dict(zip(header, cells, strict=True))
    file = row.pop("file")
    value = {name: _number(name, text) for name, text in row.items()}
    path = folder / file
    if os.path.dirname(os.path.realpath(path)) != os.path.realpath(folder):
        raise ValueError(f"file must lie beside index.csv, got {file!r}")
    if not path.is_file():
        raise ValueError(f"file must exist, got {file!r}")
    steps = value["steps_per_fast_period"]
    if not steps.is_integer():
        raise ValueError(f"steps_per_fast_period must be a whole number, got {row['steps_per_fast_period']!r}")
    times, speeds = _read_extrema(path)
    if value.get("rows", times.size) != times.size:
        raise ValueError(f"rows is {row['rows']}, but {file!r} has {times.size}")
    if abs(value.get("last_time", times[-1]) - times[-1]) > 1e-9 * times[-1]:
        raise ValueError(f"last_time is {row['last_time']}, but that of {file!r} is {times[-1]!r}")
    return PublishedRun(
        file=file,
        # The published runs all have omega_fast = 10 and spacing 40; the index may say otherwise.
        system=System(
            Chain(value.get("omega_fast", 10.0), value.get("spacing", 40.0)),
            Gaussian(value["amplitude"], value["width"]),
            mass=value["mass"],
            bias=value["bias"],
        ),
        position=value["initial_position"],
        speed=value["initial_speed"],
        steps_per_fast_period=whole("steps_per_fast_period", int(steps), 1),
        times=times,
        speeds=speeds,
    )


def _read_extrema(path: Path) -> tuple[Array, Array]:
    """Times and speeds in a published file; ValueError, with the line, for what is not two columns of numbers."""
    times: list[float] = []
    speeds: list[float] = []
    line = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for line, text in enumerate(lines, start=1):  # noqa: B007  # named by what is refused
                cells = text.partition("#")[0].split()
                if not cells:
                    continue
                if len(cells) != 2:
                    raise ValueError(f"it must have 2 cells, got {len(cells)}")
                times.append(_number("time", cells[0]))
                speeds.append(_number("speed", cells[1]))
                if times[-1] <= (times[-2] if len(times) > 1 else 0.0):
                    raise ValueError(f"time must be greater than that of the row before, got {cells[0]}")
        if len(times) < 2:
            raise ValueError(f"it must have at least 2 rows, got {len(times)}")
    except (OSError, ValueError) as problem:
        raise ValueError(f"{path.name!r}, line {line}: {problem}") from None
    return np.array(times), np.array(speeds)


def _number(name: str, text: str) -> float:
    """The finite number that a cell holds."""
    try:
        return number(name, float(text))
    except ValueError:
        raise ValueError(f"{name} must be a finite number, got {text:.40}") from None


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
    """Repeat a published run with the published map (order 2), slightly past its last extremum.

    A run that is refused says which file it is of.
    """
    transit = float(np.median(np.diff(published.times)))
    try:
        return published.system.simulate(
            position=published.position,
            speed=published.speed,
            duration=float(published.times[-1]) + 0.5 * transit,
            order=2,
            steps_per_fast_period=published.steps_per_fast_period,
        )
    except ValueError as problem:
        raise ValueError(f"{published.file!r}: {problem}") from None


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
