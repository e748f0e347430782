"""The memory-kernel equations of motion (Eqs. 2-5), integrated for the infinite chain.

    rho_n'' = (2 pi)^2 [-(D rho)_n - dPhi/drho_n]
    sigma'' = (2 pi)^2/mu [-sum_n dPhi/dsigma + beta/alpha]

The chain starts at rest. ``method="direct"`` is Eq. 2 verbatim, O(T^2); ``method="light-cone"``
gives the same to rounding at a cost that grows like T log T (light_cone.py).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.kernel import half_width, propagators
from chaintheory.light_cone import LightCone, Records, force_table
from chaintheory.schemes import SCHEMES
from chaintheory.trajectory import Trajectory
from chaintheory.validation import choice, number, positive, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaintheory.model import System

Array = NDArray[np.float64]
Progress = bool | Callable[[int], None]


def simulate(
    system: System,
    position: float | Sequence[float],
    speed: float | Sequence[float],
    duration: float,
    *,
    method: str = "light-cone",
    order: int | None = None,
    steps_per_fast_period: float | None = None,
    memory: float | None = None,
    progress: Progress = False,
    memory_limit: float | None = None,
) -> Trajectory | list[Trajectory]:
    """Integrate the motion of a particle from ``position`` with ``speed`` through a chain at rest.

    Parameters
    ----------
    position, speed
        Where and how fast the particle starts; sequences give one run each, side by side on all
        cores, every one the same to the last bit as if it were run alone.
    duration
        Time to run, in units of t_slow; rounded to whole steps.
    method
        ``"light-cone"``, or ``"direct"`` (order 2 only; the reference, O(T^2)).
    order, steps_per_fast_period
        Order of the splitting (2, 4 or 6) and steps in 1/omega_fast. ``order=2,
        steps_per_fast_period=60`` is the map of the published code. Left out, they are chosen
        so that the position error at tau = 800 is below 1e-6 at the paper's parameters.
    memory
        Direct method only: forget kicks older than this time, as the published code can.
    progress
        True for a progress bar, or a callable that is given the steps done.
    memory_limit
        Bytes that the run may need; by default what the machine has free.

    Returns
    -------
    Trajectory, or a list of them.

    Raises
    ------
    ValueError
        For parameters out of range, or a run that needs more memory than allowed.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    >>> run = system.simulate(position=220.0, speed=50.0, duration=10.0)
    >>> round(float(run.position[-1]), 4)
    715.759
    """
    positions, speeds = np.broadcast_arrays(
        np.asarray(position, dtype=object), np.asarray(speed, dtype=object)
    )
    if positions.ndim > 1:
        raise ValueError(f"position and speed must be numbers or sequences, got {positions.ndim}-d")
    starts = [
        (number("position", x), number("speed", v))
        for x, v in zip(positions.ravel(), speeds.ravel(), strict=True)
    ]
    duration = positive("duration", duration)
    choice("method", method, ("light-cone", "direct"))
    if order is not None and whole("order", order, 2) not in SCHEMES:
        raise ValueError(f"order must be 2, 4 or 6, got {order!r}")
    if steps_per_fast_period is not None:
        positive("steps_per_fast_period", steps_per_fast_period)
    if memory is not None:
        positive("memory", memory)
        if method != "direct":
            raise ValueError(f"memory goes with method='direct' only, got {memory!r}")
    if method == "direct" and order not in (None, 2):
        raise ValueError(f"order must be 2 with method='direct', got {order!r}")

    def steps_for(v: float) -> tuple[int, float, int]:
        chosen, rate = default_steps(system, v) if method != "direct" else (2, 60.0)
        chosen = order if order is not None else chosen
        if steps_per_fast_period is not None:
            rate = float(steps_per_fast_period)
        elif order == 2:
            rate = 60.0
        time_step = 1.0 / (system.chain.omega_fast * rate)
        return chosen, rate, max(1, round(duration / time_step))

    plans = [steps_for(v) for _, v in starts]
    workers = min(len(starts), os.cpu_count() or 1)
    needed = sum(
        sorted(
            (
                estimated_memory(system, v, duration, steps, method)
                for (_, v), (_, _, steps) in zip(starts, plans, strict=True)
            ),
        )[-workers:]
    ) + sum(40 * (steps + 1) for _, _, steps in plans)
    limit = available_memory() if memory_limit is None else positive("memory_limit", memory_limit)
    if needed > limit:
        raise ValueError(
            f"duration {duration:g} needs about {needed / 2**20:.0f} MiB of memory, "
            f"allowed are {limit / 2**20:.0f} MiB: take a shorter duration or fewer steps"
        )

    run = _run_light_cone if method == "light-cone" else _run_direct
    total = sum(steps for _, _, steps in plans)
    with _progress(progress, total) as tick:

        def one(index: int) -> Trajectory:
            (x, v), (chosen, rate, steps) = starts[index], plans[index]
            settings = {"method": method, "order": chosen, "steps_per_fast_period": rate}
            if memory is not None:
                settings["memory"] = memory
            return run(system, x, v, steps, settings, tick)

        if positions.ndim == 0:
            return one(0)
        with ThreadPoolExecutor(max(1, workers)) as pool:
            return list(pool.map(one, range(len(starts))))


def default_steps(system: System, speed: float) -> tuple[int, float]:
    """Order and steps per fast period: the step resolves the interaction, not the band."""
    width = system.interaction.width
    barrier = abs(float(system.interaction.potential(0.0)))
    fastest = math.sqrt(speed**2 + 8.0 * math.pi**2 * barrier / system.mass)
    # Time in which the particle passes the width, and in which it falls across it.
    crossing = width / max(fastest, 1e-300)
    rate = max(1.25, 0.25 / (system.chain.omega_fast * crossing) * 4.0)
    return 4, max(5.0, rate)


def estimated_memory(
    system: System, speed: float, duration: float, steps: int, method: str
) -> float:
    """Bytes that a run needs besides its records (a generous estimate)."""
    chain = system.chain
    fastest = abs(speed) + 4.0 * math.pi * math.sqrt(
        2.0 * abs(float(system.interaction.potential(0.0))) / system.mass
    )
    passed = (fastest * duration + system.interaction.reach()) / chain.spacing
    if method == "direct":
        return 24.0 * (2.0 * passed + 10.0) * steps
    return 200.0 * (2.0 * half_width(chain, duration) + 2.0 * passed) + 5e6


def available_memory() -> float:
    """Bytes of memory that are free, as far as the operating system tells."""
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    try:
        return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return math.inf


@contextmanager
def _progress(progress: Progress, total: int) -> Iterator[Callable[[int], None] | None]:
    if callable(progress):
        yield progress
    elif progress:
        from tqdm import tqdm

        with tqdm(total=total, unit="step", unit_scale=True, disable=None) as bar:
            yield bar.update
    else:
        yield None


def _initial_acceleration(system: System, position: float) -> float:
    """Acceleration of the particle in the chain at rest."""
    spacing = system.chain.spacing
    around = math.ceil(system.interaction.reach() / spacing) + 1
    masses = spacing * (round(position / spacing) + np.arange(-around, around + 1))
    force = float(np.sum(system.interaction.slope(masses - position)))
    return 4.0 * math.pi**2 / system.mass * (force + system.bias / spacing)


def _started(system: System, position: float, speed: float, steps: int) -> Records:
    """Records of a run, the start being row 0."""
    records = Records.empty(steps + 1)
    start = (position, speed, _initial_acceleration(system, position), 0.0)
    for column, value in zip(records.rows(0, 1), start, strict=True):
        column[0] = value
    return records


def _trajectory(
    system: System, records: Records, settings: dict[str, Any], **more: Any
) -> Trajectory:
    rate = system.chain.omega_fast * settings["steps_per_fast_period"]
    time = np.arange(len(records), dtype=np.float64)
    time /= rate
    return Trajectory(
        system,
        time,
        records.position,
        records.speed,
        records.acceleration,
        records.energy,
        settings=settings,
        **more,
    )


def _run_light_cone(
    system: System,
    position: float,
    speed: float,
    steps: int,
    settings: dict[str, Any],
    tick: Callable[[int], None] | None,
) -> Trajectory:
    time_step = 1.0 / (system.chain.omega_fast * settings["steps_per_fast_period"])
    records = _started(system, position, speed, steps)
    state = LightCone(
        system,
        settings["order"],
        time_step,
        system.interaction.reach(),
        position,
        speed / (2.0 * math.pi),
        on_progress=tick,
    )
    at_once = state.steps_at_once(steps)
    while state.steps_done < steps:
        state.advance(min(at_once, steps - state.steps_done), records, state.steps_done + 1)
    # At the end the chain's energy is known as a sum of squares.
    records.energy[-1] = state.stretch.energy(system.chain)
    return _trajectory(system, records, settings, chain_state=state.stretch)


def _run_direct(
    system: System,
    position: float,
    speed: float,
    steps: int,
    settings: dict[str, Any],
    tick: Callable[[int], None] | None,
) -> Trajectory:
    from chaintheory_ext.direct import run

    chain, spacing = system.chain, system.chain.spacing
    time_step = 1.0 / (chain.omega_fast * settings["steps_per_fast_period"])
    reach = system.interaction.reach()
    kind, coefficients = force_table(system.interaction, reach)
    memory = settings.get("memory", math.inf)
    memory_steps = steps if memory >= steps * time_step else int(memory / time_step)
    records = _started(system, position, speed, steps)
    # Masses that the particle may come near; doubled until it does not leave them.
    span = abs(speed) * steps * time_step + reach
    while True:
        lowest = math.floor((position - span) / spacing) - 2
        lags = math.ceil((position + span) / spacing) + 3 - lowest
        times = time_step * np.arange(steps, -1, -1)
        momentum, displacement = _kernel_rows(chain, times, lags)
        done = run(
            displacement, momentum, kind == "gaussian", coefficients, reach, system.mass,
            system.bias / spacing, spacing, time_step, position, speed / (2.0 * math.pi),
            lowest, memory_steps,
            *records.rows(1, steps + 1), tick,
        )  # fmt: skip
        if done == steps:
            return _trajectory(system, records, settings)
        span *= 2.0


def _kernel_rows(chain: Any, times: Array, lags: int) -> tuple[Array, Array]:
    """C and S for lags 0 .. lags - 1, one row per lag, made in portions of the times."""
    rows = np.empty((2, lags, times.size))
    for first in range(0, times.size, 1024):
        portion = slice(first, min(first + 1024, times.size))
        c, s, _ = propagators(chain, times[portion], lags - 1)
        rows[0, :, portion], rows[1, :, portion] = c.T, s.T
    return rows[0], rows[1]
