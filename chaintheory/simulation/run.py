"""The memory-kernel equations of motion (Eqs. 2-5), integrated for the infinite chain.

    rho_n'' = (2 pi)^2 [-(D rho)_n - dPhi/drho_n]
    sigma'' = (2 pi)^2/mu [-sum_n dPhi/dsigma + beta/alpha]

The chain starts at rest. ``method="direct"`` is Eq. 2 verbatim, O(T^2); ``method="light-cone"``
gives the same to rounding at a cost that grows like T log T (light_cone.py).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.memory_kernel import half_width, propagators
from chaintheory.parameters import SystemParameters
from chaintheory.simulation.light_cone import (
    BYTES_PER_MASS,
    LightCone,
    Plan,
    Records,
    audible_reach,
    force_table,
    speed_bound,
    surplus_reach,
)
from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.splittings import SCHEMES
from chaintheory.support.resources import available_memory, cores
from chaintheory.support.validation import bounded, choice, positive, scale, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaintheory.simulation.stopping import Stop

Array = NDArray[np.float64]
Progress = bool | Callable[[int], None]

# A slowly decaying interaction is cut at this many lattice spacings.
LONGEST_REACH = 32
# Beyond it the force must be below this part of its largest, or the cut would be felt.
CUT_FORCE = 1e-3
# Widths of the interaction within its reach that the table of its slope still resolves.
WIDTHS_IN_REACH = 8192
# Widths from the origin at which the rounding of a position is still 1e-8 of the width.
FARTHEST = 1e8
# A chain that starts nearer than this holds mass 0 from the start; farther away it begins at the particle.
NEAR_THE_ORIGIN = 1024
# Energy, relative to the largest of the run, by which a run's balance may be off.
BALANCE_TOLERANCE = 1e-2


class EnergyBalanceError(RuntimeError):
    """The energies of a run no longer add up: the time step does not resolve the motion."""


class Interrupted(KeyboardInterrupt):
    """A run was interrupted; its checkpoint is whole."""


@dataclass(frozen=True)
class Run:
    """Everything that defines one run, checked."""

    system: SystemParameters
    position: float
    speed: float
    steps: int
    method: str
    order: int
    rate: float
    reach: float
    memory: float | None = None
    stop: tuple[Stop, ...] = ()
    chain_window: tuple[int, int] | None = None
    chain_every: int = 0
    checkpoint: Path | None = None
    checkpoint_interval: float = 60.0
    memory_limit: float = math.inf

    @property
    def time_step(self) -> float:
        """Time step in units of t_slow."""
        return 1.0 / (self.system.chain.omega_fast * self.rate)

    @property
    def settings(self) -> dict[str, Any]:
        """What is written beside the results."""
        settings: dict[str, Any] = {
            "method": self.method,
            "order": self.order,
            "steps_per_fast_period": self.rate,
            "reach": self.reach,
        }
        if self.memory is not None:
            settings["memory"] = self.memory
        return settings

    @property
    def records_memory(self) -> float:
        """Bytes of what is kept of every step."""
        return 40.0 * self.steps

    def memory_needed(self) -> float:
        """Bytes that the run needs besides its records: generously, the chain or the kernel."""
        chain = self.system.chain
        duration = self.steps * self.time_step
        fastest = abs(self.speed) + 2.0 * _potential_speed(self.system)
        passed = (fastest * duration + self.reach) / chain.spacing
        cone = half_width(chain, duration)
        if self.method == "direct":
            return self.kernel_memory(2.0 * passed + 10.0)
        first, last = self.chain_window or (0, -1)
        pictures = 8.0 * (last - first + 1) * (self.steps / max(self.chain_every, 1) + 2)
        bound = speed_bound(self.system, self.speed, 0.0)
        plan = Plan(self.system, self.order, self.time_step, self.reach, bound)
        return 2.0 * BYTES_PER_MASS * (cone + passed) + pictures + plan.memory + 5e6

    def kernel_memory(self, lags: float) -> float:
        """Bytes that the direct method needs for kernel and kicks of as many masses."""
        ring = lags + half_width(self.system.chain, self.steps * self.time_step)
        return 24.0 * lags * self.steps + 64.0 * ring * min(_kernel_portion(ring), self.steps + 1)


def simulate(
    system: SystemParameters | Sequence[SystemParameters],
    position: float | Sequence[float] | Array,
    speed: float | Sequence[float] | Array,
    duration: float,
    *,
    method: str = "light-cone",
    order: int | None = None,
    steps_per_fast_period: float | None = None,
    memory: float | None = None,
    stop: Stop | Iterable[Stop] = (),
    chain_window: tuple[int, int] | None = None,
    chain_every: float = 0.25,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_interval: float = 60.0,
    progress: Progress = False,
    memory_limit: float | None = None,
) -> Trajectory | list[Trajectory]:
    """Integrate the motion of a particle: ``System.simulate``, which describes it.

    Here ``system`` may also be a sequence, of the same length as ``position`` and ``speed`` where these are sequences;
    the runs go side by side on all cores.

    >>> import chaintheory as ct
    >>> both = [ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(a, 4.0)) for a in (2.0, -2.0)]
    >>> [round(float(run.speed[-1]), 3) for run in simulate(both, 220.0, 50.0, duration=1.0)]
    [49.933, 50.073]
    """
    starts, single = _starts(system, position, speed)
    stops = _stops(stop)
    duration = scale("duration", duration)
    choice("method", method, ("light-cone", "direct"))
    if order is not None and whole("order", order, 2) not in SCHEMES:
        raise ValueError(f"order must be 2, 4 or 6, got {order!r}")
    if steps_per_fast_period is not None:
        steps_per_fast_period = scale("steps_per_fast_period", steps_per_fast_period)
    if method == "direct":
        if order not in (None, 2):
            raise ValueError(f"order must be 2 with method='direct', got {order!r}")
        order = 2
        if stops or checkpoint is not None or chain_window is not None:
            raise ValueError("stop, checkpoint and chain_window need method='light-cone'")
    elif memory is not None:
        raise ValueError(f"memory goes with method='direct' only, got {memory!r}")
    if not isinstance(checkpoint, str | os.PathLike | None):
        raise ValueError(f"checkpoint must be a path, got {checkpoint!r}")
    if checkpoint is not None and not single:
        raise ValueError(f"checkpoint goes with one run, got {len(starts)} runs")
    limit = available_memory() if memory_limit is None else positive("memory_limit", memory_limit)

    runs = []
    for one_system, x, v in starts:
        reach = _checked_reach(one_system, x)
        run_order, rate = _resolved_steps(one_system, v, duration, order, steps_per_fast_period)
        step = 1.0 / (one_system.chain.omega_fast * rate)
        if not duration / step < 2**53:
            raise ValueError(f"duration must be below 2^53 steps of {step:g}, got {duration!r}")
        runs.append(
            Run(
                one_system,
                x,
                v,
                max(1, round(duration / step)),
                method,
                run_order,
                rate,
                reach,
                None if memory is None else positive("memory", memory),
                stops,
                None if chain_window is None else _window(chain_window),
                max(1, round(scale("chain_every", chain_every) / step)),
                None if checkpoint is None else Path(checkpoint),
                positive("checkpoint_interval", checkpoint_interval),
                limit,
            )
        )
    _refuse_too_large(runs, duration, limit)

    carry = _run_light_cone if method == "light-cone" else _run_direct
    with _progress(progress, sum(run.steps for run in runs)) as tick:
        if single:
            return carry(runs[0], tick)
        with ThreadPoolExecutor(cores()) as pool:
            return list(pool.map(lambda run: carry(run, tick), runs))


def _starts(
    system: SystemParameters | Sequence[SystemParameters],
    position: float | Sequence[float] | Array,
    speed: float | Sequence[float] | Array,
) -> tuple[list[tuple[SystemParameters, float, float]], bool]:
    """Checked starts of all runs, and whether there is just one, asked for by plain numbers."""
    systems: list[Any] = [system]
    if not isinstance(system, SystemParameters) and isinstance(system, Iterable):
        systems = list(system)
    if not all(isinstance(one, SystemParameters) for one in systems):
        raise ValueError(f"system must be a System or a sequence of them, got {system!r}")
    columns = []
    single = isinstance(system, SystemParameters)
    for name, value in (("position", position), ("speed", speed)):
        array = np.asarray(value, dtype=object)
        if array.ndim > 1:
            raise ValueError(f"{name} must be a number or a sequence, got an array of {array.shape}")
        single = single and array.ndim == 0
        values: list[Any] = list(np.atleast_1d(array))
        columns.append([bounded(name, one) for one in values])
    lengths = {len(systems), len(columns[0]), len(columns[1])} - {1}
    if len(lengths) > 1:
        raise ValueError(f"system, position and speed must have one length, got {sorted(lengths)}")
    count = lengths.pop() if lengths else 1
    columns = [column * (count if len(column) == 1 else 1) for column in columns]
    systems = systems * (count if len(systems) == 1 else 1)
    return list(zip(systems, *columns, strict=True)), single


def _stops(stop: Stop | Iterable[Stop]) -> tuple[Stop, ...]:
    """Check the stop conditions."""
    try:
        stops: tuple[Any, ...] = tuple(stop)  # type: ignore[arg-type]  # one condition alone is no iterable
    except TypeError:
        stops = (stop,)
    if not all(callable(getattr(one, "first_row", None)) and not isinstance(one, type) for one in stops):
        raise ValueError(f"stop must be Trapped, LeftWindow, Steady or several of them, got {stop!r}")
    return stops


def _checked_reach(system: SystemParameters, position: float) -> float:
    """Distance up to which the interaction acts in a run; ValueError where it cannot be followed well."""
    spacing, interaction = system.chain.spacing, system.interaction
    longest = LONGEST_REACH * spacing
    reach = interaction.reach()
    if reach > longest and audible_reach(interaction, longest, CUT_FORCE) >= longest:
        raise ValueError(
            f"interaction must fall to {CUT_FORCE:g} of its largest force within {LONGEST_REACH} spacings to be "
            f"simulated, got width {interaction.width:g} with spacing {spacing:g}"
        )
    reach = min(reach, longest)
    if reach > WIDTHS_IN_REACH * interaction.width:
        raise ValueError(
            f"interaction must have a width of at least {reach / WIDTHS_IN_REACH:.3g} to be simulated with spacing "
            f"{spacing:g}, as it reaches that far, got width {interaction.width:g}"
        )
    farthest = FARTHEST * interaction.width
    if abs(position) > farthest:
        raise ValueError(f"position must be at most {farthest:g} (1e8 widths) in magnitude, got {position!r}")
    return reach


def _window(window: tuple[int, int]) -> tuple[int, int]:
    """Check first and last mass."""
    if not isinstance(window, tuple | list) or len(window) != 2:  # type: ignore[redundant-expr]  # callers without types may pass anything
        raise ValueError(f"chain_window must be (first mass, last mass), got {window!r}")
    first = whole("chain_window", window[0], -(2**40))
    return first, whole("chain_window", window[1], first)


def _potential_speed(system: SystemParameters) -> float:
    """Speed gained by falling through the interaction, sqrt(8 pi^2 |Phi(0)|/mu)."""
    depth = abs(float(system.interaction.potential(0.0)))
    return math.sqrt(8.0 * math.pi**2 * depth / system.mass)


def time_scale(system: SystemParameters, speed: float) -> float:
    """Shortest time of the motion: to cross the width, or 1/frequency in the potential's bottom."""
    width = system.interaction.width
    fastest = math.hypot(speed, _potential_speed(system))
    depth = abs(float(system.interaction.potential(0.0)))
    stiffness = 4.0 * math.pi**2 * depth / width**2 * (1.0 + 1.0 / system.mass)
    return 1.0 / max(fastest / width, math.sqrt(stiffness), 1e-300)


def _resolved_steps(
    system: SystemParameters, speed: float, duration: float, order: int | None, rate: float | None
) -> tuple[int, float]:
    """Order and steps per fast period: as asked for, refused if too coarse, or chosen.

    The flow of the chain is exact, so that only the interaction sets the step; five steps in a fast
    period are the longest whose error at the paper's parameters is below 1e-6 at tau = 800.
    """
    per_time = 1.0 / (system.chain.omega_fast * time_scale(system, speed))
    if order is None:
        # A cusp leaves no scheme more than its first order: small, cheap steps.
        order = 6 if rate is None and system.interaction.smooth else 2
    if rate is None:
        usual, resolving = {2: (60.0, 15.0), 4: (10.0, 5.0), 6: (5.0, 3.0)}[order]
        rate = max(usual, resolving * per_time * (1.0 if system.interaction.smooth else 10.0))
        # A run shorter than such a step is one step.
        rate = max(rate, 1.0 / (system.chain.omega_fast * duration))
    # Beyond this many time scales a step is no resolution at all (kicks per step: 1, 6, 11).
    least = per_time / {2: 1.0, 4: 2.5, 6: 4.0}[order]
    if rate < least:
        raise ValueError(
            f"steps_per_fast_period must be at least {least:.3g} to resolve amplitude, width and "
            f"speed of this run, got {rate:g}"
        )
    return order, rate


def _refuse_too_large(runs: list[Run], duration: float, limit: float) -> None:
    """ValueError if the runs need more memory than they may have."""
    # Results stay; of the rest as much is in use at once as there are cores.
    working = sorted(run.memory_needed() for run in runs)
    needed = sum(run.records_memory for run in runs) + sum(working[-cores() :])
    if not needed <= limit:
        raise ValueError(
            f"duration {duration:g} needs about {needed / 2**20:.0f} MiB of memory, allowed are "
            f"{limit / 2**20:.0f} MiB: take a shorter duration or fewer steps_per_fast_period"
        )


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


def _started(run: Run) -> Records:
    """Records of a run, the start being row 0."""
    records = Records.empty(run.steps + 1)
    spacing = run.system.chain.spacing
    around = math.ceil(run.reach / spacing) + 1
    masses = spacing * (round(run.position / spacing) + np.arange(-around, around + 1))
    r = masses - run.position
    force = float(np.sum(run.system.interaction.slope(r[np.abs(r) < run.reach])))
    force += run.system.bias / spacing
    acceleration = 4.0 * math.pi**2 / run.system.mass * force
    for column, value in zip(records.rows(0, 1), (run.position, run.speed, acceleration, 0.0), strict=True):
        column[0] = value
    return records


def _trajectory(run: Run, records: Records, rows: int, **more: Any) -> Trajectory:
    times = np.arange(rows, dtype=np.float64)
    times /= run.system.chain.omega_fast * run.rate
    position, speed, acceleration, energy = records.rows(0, rows)
    return Trajectory(run.system, times, position, speed, acceleration, energy, settings=run.settings, **more)


def _run_light_cone(run: Run, tick: Callable[[int], None] | None) -> Trajectory:
    """Carry one run block by block; between blocks the whole chain is at one time."""
    from chaintheory.simulation import checkpoint

    records = _started(run)
    nearest = round(run.position / run.system.chain.spacing)
    start = nearest if abs(nearest) > NEAR_THE_ORIGIN else 0
    state = LightCone(
        run.system,
        run.order,
        run.time_step,
        run.reach,
        run.position,
        run.speed / (2.0 * math.pi),
        lowest=start,
        highest=start,
        memory_limit=run.memory_limit - run.records_memory,
        on_progress=tick,
    )
    belongs_to = checkpoint.identity(run.system, (run.position, run.speed), run.settings)
    if run.checkpoint is not None and run.checkpoint.exists():
        checkpoint.read(run.checkpoint, belongs_to, state, records)
        if tick is not None:
            tick(state.steps_done)
    at_once = run.chain_every if run.chain_window else state.steps_at_once(run.steps)
    seen = [_displacements(run, state)]
    last_written = time.monotonic()
    stopped = "duration reached"

    def save() -> None:
        if run.checkpoint is not None:
            checkpoint.write(run.checkpoint, belongs_to, state, records, state.steps_done + 1)

    try:
        while state.steps_done < run.steps:
            before = replace(state)
            # Blocks end at whole multiples, so that a resumed run has the same blocks.
            steps = min(at_once - state.steps_done % at_once, run.steps - state.steps_done)
            state.advance(steps, records, state.steps_done + 1)
            met = _first_stop(run, records, state)
            if met is not None and met[0] > before.steps_done:
                state, stopped = before, met[1]
                if met[0] < before.steps_done + steps:
                    state.on_progress = None
                    state.advance(met[0] - before.steps_done, records, before.steps_done + 1)
            _check_balance(run, records, state)
            seen.append(_displacements(run, state))
            if met is not None:
                break
            if time.monotonic() - last_written > run.checkpoint_interval:
                save()
                last_written = time.monotonic()
    except KeyboardInterrupt:
        if run.checkpoint is None:
            raise
        state = before
        save()
        raise Interrupted(
            f"interrupted at tau = {state.steps_done * run.time_step:g}; "
            f"{run.checkpoint} holds the run so far, the same call goes on from it"
        ) from None
    save()
    rows = state.steps_done + 1
    # At the end the chain's energy is known as a sum of squares.
    records.energy[rows - 1] = state.stretch.energy(run.system.chain)
    displacements = None
    if run.chain_window:
        first, last = run.chain_window
        displacements = (
            run.time_step * np.array([step for step, _ in seen]),
            np.arange(first, last + 1),
            np.stack([u for _, u in seen]),
        )
    return _trajectory(
        run,
        records,
        rows,
        chain_state=state.stretch,
        displacements=displacements,
        stopped=stopped,
    )


def _displacements(run: Run, state: LightCone) -> tuple[int, Array]:
    """Steps done, and the displacements of the masses asked for."""
    if not run.chain_window:
        return state.steps_done, np.empty(0)
    first, last = run.chain_window
    return state.steps_done, state.stretch.window(first, last - first + 1).state[0]


def _first_stop(run: Run, records: Records, state: LightCone) -> tuple[int, str] | None:
    """First step at which a stop condition is met, and its name."""
    if not run.stop:
        return None
    so_far = _trajectory(run, records, state.steps_done + 1)
    rows = [(stop.first_row(so_far), repr(stop)) for stop in run.stop]
    met = [(row, name) for row, name in rows if row is not None]
    return min(met) if met else None


def _check_balance(run: Run, records: Records, state: LightCone) -> None:
    """EnergyBalanceError when the energies no longer add up."""
    rows = state.steps_done + 1
    so_far = _trajectory(run, records, rows, chain_state=state.stretch)
    balance = so_far.balance
    depth = abs(float(run.system.interaction.potential(0.0)))
    scale = depth + balance.chain + max(balance.particle, float(so_far.kinetic_energy[0]))
    if not abs(balance.drift) <= BALANCE_TOLERANCE * scale:
        raise EnergyBalanceError(
            f"the energy balance broke before tau = {so_far.time[-1]:g}: {balance}; "
            f"take more than {run.rate:g} steps_per_fast_period"
        )


def _run_direct(run: Run, tick: Callable[[int], None] | None) -> Trajectory:
    from chaintheory_ext.direct import run as integrate

    chain, spacing, steps = run.system.chain, run.system.chain.spacing, run.steps
    kind, coefficients = force_table(run.system.interaction, run.reach)
    memory = math.inf if run.memory is None else run.memory
    memory_steps = steps if memory >= steps * run.time_step else int(memory / run.time_step)
    records = _started(run)
    surplus = surplus_reach(run.system.interaction, run.reach)
    # Masses that the particle may come near, and displacements of these: doubled until they suffice.
    span, sway = abs(run.speed) * steps * run.time_step + run.reach, 0 if surplus else 1
    while True:
        reached = span + sway * spacing
        needed = run.kernel_memory(2.0 * reached / spacing + 5.0)
        if not needed <= run.memory_limit:
            raise ValueError(
                f"speed takes the particle {span:g} far in this run, which needs about {needed / 2**20:.0f} MiB of "
                f"memory; allowed are {run.memory_limit / 2**20:.0f} MiB"
            )
        lowest = math.floor((run.position - reached) / spacing) - 2
        lags = math.ceil((run.position + reached) / spacing) + 3 - lowest
        times = run.time_step * np.arange(steps, -1.0, -1.0, dtype=np.float64)
        momentum, displacement = _kernel_rows(chain, times, lags)
        done = integrate(
            displacement, momentum, kind == "gaussian", coefficients, run.reach, run.system.mass,
            run.system.bias / spacing, spacing, run.time_step, run.position,
            run.speed / (2.0 * math.pi), lowest, memory_steps, sway, sway * spacing + surplus,
            *records.rows(1, steps + 1), tick,
        )  # fmt: skip
        if done == steps:
            return _trajectory(run, records, steps + 1)
        if done < 0:
            sway = max(1, 2 * sway)
        else:
            span *= 2.0


def _kernel_rows(chain: Any, times: Array, lags: int) -> tuple[Array, Array]:
    """C and S for lags 0 .. lags - 1, one row per lag, made in portions of the times."""
    rows = np.empty((2, lags, times.size))
    size = _kernel_portion(lags + half_width(chain, float(times[0])))
    for first in range(0, times.size, size):
        portion = slice(first, min(first + size, times.size))
        c, s, _ = propagators(chain, times[portion], lags - 1)
        rows[0, :, portion], rows[1, :, portion] = c.T, s.T
    return rows[0], rows[1]


def _kernel_portion(ring: float) -> int:
    """Times at which kernels on a ring of so many masses are made at once, to bound the memory in use."""
    return max(1, min(1024, int((1 << 22) / ring)))
