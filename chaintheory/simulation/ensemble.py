"""Many runs side by side on all cores, each the same to the last bit as if run alone."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.parameters import SystemParameters
from chaintheory.plotting.runs import plot_runs
from chaintheory.plotting.tables import Table
from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.run import Progress, integrate, progress_bar
from chaintheory.simulation.settings import Run, checked_run, refuse_too_large
from chaintheory.support.block_means import Estimate, block_mean
from chaintheory.support.resources import available_memory, cores
from chaintheory.support.validation import masked, positive, real_array, refuse_units, shown, whole
from chaintheory.units import Units, scale_of

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
One = TypeVar("One", bound=Trajectory)

MOST_TIMES = 100_000


class Ensemble(Table[One]):
    """Several runs: a list of trajectories that is one table, one Dataset and one picture.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    >>> runs = system.simulate_many(220.0, [40.0, 50.0], duration=4.0)
    >>> runs.to_xarray().sizes["run"], len(runs.to_dataframe())
    (2, 2)
    """

    title = "runs (t_slow, l_slow, hbar Omega_slow)"

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary for each run: its start, its end, and what ended it."""
        return [
            {
                "bias": run.system.bias,
                "start": float(run.position[0]),
                "start_velocity": float(run.velocity[0]),
                "duration": float(run.time[-1]),
                "position": float(run.position[-1]),
                "velocity": float(run.velocity[-1]),
                "chain_energy": float(run.chain_energy[-1]),
                "passes": int(run.passes.size),
                "status": str(run.status),
            }
            for run in self
        ]

    def to_xarray(self, times: ArrayLike | None = None) -> xarray.Dataset:
        """Position and velocity of all runs over ``run`` and ``time``, on one grid of times; NaN after a run's end.

        Parameters
        ----------
        times
            The grid, in t_slow; by default as many equidistant times as the longest run has rows, at most 100,000.

        Raises
        ------
        ValueError
            An ensemble without runs; times that are not a row of finite numbers.
        """
        import xarray

        if not self:
            raise ValueError("an ensemble must hold a run to be made a Dataset")
        if times is None:
            longest = max(self, key=lambda run: float(run.time[-1]))
            grid: Array = np.linspace(0.0, float(longest.time[-1]), min(longest.time.size, MOST_TIMES))
        else:
            grid = real_array("times", times)
        if grid.ndim != 1:
            raise ValueError(f"times must be one-dimensional, got shape {grid.shape}")
        columns = np.full((2, len(self), grid.size), np.nan)
        for number, run in enumerate(self):
            inside = (grid >= run.time[0]) & (grid <= run.time[-1])
            columns[:, number, inside] = run.at(grid[inside])
        shown = {"position": "l_slow", "velocity": "l_slow/t_slow"}
        data: dict[str, Any] = {
            name: (("run", "time"), column, {"units": unit})
            for (name, unit), column in zip(shown.items(), columns, strict=True)
        }
        rows = self.rows()
        data |= {
            name: ("run", [row[name] for row in rows], {})
            for name in ("bias", "start", "start_velocity", "duration", "status")
        }
        return xarray.Dataset(data, {"run": np.arange(len(self)), "time": ("time", grid, {"units": "t_slow"})})

    def mean_loss(self, skip: int = 0) -> Estimate:
        """Mean energy lost by the particle in a pass (hbar Omega_slow), over all runs, with ``block_mean``'s error.

        ``skip`` passes at the start of each run are left out. A ValueError if fewer than two are left.
        """
        return block_mean([run.passes["energy_lost"][whole("skip", skip, 0) :] for run in self])

    def plot(self, ax: Axes | None = None, *, quantity: str = "velocity", units: str | Units | None = None) -> Axes:
        """A column of all runs against time, as ``Trajectory.plot``; Matplotlib's axes."""
        scale = scale_of(self[0].system.units if self else None, units)
        return plot_runs(self, ax, quantity, scale)


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
) -> Ensemble[Trajectory]:
    """Integrate several motions: ``System.simulate_many``, which describes it.

    Here ``system`` may be a sequence too, of the same length as ``position`` (l_slow), ``speed`` (l_slow/t_slow) and
    ``seed`` where these are sequences. It raises what ``System.simulate_many`` raises: ValueError, TypeError and
    EnergyBalanceError.

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
        for one, x, v, drawn in _starts(system, position, speed, seed, options.get("temperature") is not None)
    ]
    refuse_too_large(runs, limit)
    with progress_bar(progress, sum(run.steps for run in runs)) as tick:
        return Ensemble(_side_by_side(runs, tick))


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
        tasks = [pool.submit(integrate, run, watched) for run in runs]
        try:
            done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
            for task in done:
                task.result()
            return [task.result() for task in tasks]
        finally:
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _starts(
    system: SystemParameters | Sequence[SystemParameters], position: ArrayLike, speed: ArrayLike, seed: ArrayLike,
    heated: bool,
) -> list[tuple[SystemParameters, float, float, int]]:  # fmt: skip
    """System, position, speed and seed of every run."""
    systems: list[Any] = [system]
    if not isinstance(system, SystemParameters) and isinstance(system, Iterable):
        systems = list(system)
    if not all(isinstance(one, SystemParameters) for one in systems):
        raise TypeError(f"system must be a System or a sequence of them, got {shown(system)}")
    columns: list[list[Any]] = [systems]
    for name, value in (("position", position), ("speed", speed), ("seed", seed)):
        refuse_units(name, value)
        if masked(value):
            raise ValueError(f"{name} must be a finite real number, got a masked value")
        array = np.asarray(value, dtype=object)
        if array.ndim > 1:
            raise ValueError(f"{name} must be a number or a sequence, got an array of {array.shape}")
        columns.append(list(np.atleast_1d(array)))
    lengths = {len(column) for column in columns} - {1}
    if len(lengths) > 1:
        raise ValueError(f"system, position, speed and seed must have one length, got {sorted(lengths)}")
    count = lengths.pop() if lengths else 1
    if len(columns[-1]) == 1 and heated:  # the same thermal field for all would make copies of runs that start alike
        drawn = whole("seed", columns[-1][0], 0)
        columns[-1] = [drawn + k for k in range(count)]
    columns = [column * (count if len(column) == 1 else 1) for column in columns]
    return list(zip(*columns, strict=True))
