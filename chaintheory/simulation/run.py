"""The memory-kernel equations of motion (Eqs. 2-5), integrated for the infinite chain.

    rho_n'' = (2 pi)^2 [-(D rho)_n - dPhi/drho_n]
    sigma'' = (2 pi)^2/mu [-sum_n dPhi/dsigma + beta/alpha]

The chain starts at rest, or in a given state. ``method="direct"`` is Eq. 2 verbatim, O(T^2); ``method="light-cone"``
gives the same to rounding at a cost that grows like T log T (light_cone.py).

A run is integrated in blocks between which the whole chain is at one time. ``_blocks`` yields the state after each of
them; whatever looks at a run, its events, its balance, its checkpoint, looks then.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import band_top
from chaintheory.parameters import SystemParameters, acceleration
from chaintheory.simulation import checkpoint
from chaintheory.simulation.direct import run_direct
from chaintheory.simulation.energy_balance import EnergyBalanceError, TooFast, Watch
from chaintheory.simulation.light_cone import ChainSegment, LightCone, Records
from chaintheory.simulation.pictures import Pictures
from chaintheory.simulation.record import Trajectory, interaction_energy, sum_over_masses
from chaintheory.simulation.settings import Run, checked_run, refuse_too_large
from chaintheory.simulation.status import Status
from chaintheory.simulation.stopping import first_event
from chaintheory.support.validation import truth

Array = NDArray[np.float64]
Progress = bool | Callable[[int], None]

# A chain that starts nearer than this holds mass 0 from the start; farther away it begins at the particle.
NEAR_THE_ORIGIN = 1024
# Halvings of the default time step before a run is given up.
MOST_HALVINGS = 12


class Interrupted(KeyboardInterrupt):
    """A run was interrupted; its checkpoint is whole."""


def simulate(
    system: SystemParameters, position: float, speed: float, duration: float, *, progress: Progress = False,
    **options: Any,
) -> Trajectory:  # fmt: skip
    """Integrate the motion of one particle: ``System.simulate``, which describes it.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    >>> round(float(simulate(system, 220.0, 50.0, 1.0).velocity[-1]), 3)
    49.933
    """
    run = checked_run(system, position, speed, duration, **options)
    refuse_too_large([run], run.max_bytes)
    with progress_bar(progress, run.steps) as tick:
        return integrate(run, tick)


@contextmanager
def progress_bar(progress: Progress, total: int) -> Iterator[Callable[[int], None] | None]:
    """What is given the steps done: a bar, a user's function, or None."""
    if callable(progress):
        yield progress
    elif truth("progress, where it is no function,", progress):
        from tqdm import tqdm

        with tqdm(total=total, unit="step", unit_scale=True, disable=None) as bar:
            yield bar.update
    else:
        yield None


def integrate(run: Run, tick: Callable[[int], None] | None) -> Trajectory:
    """Integrate one run to its end, with a finer step from the start where the motion became too fast for its step.

    The time step is that of the whole run, so that its rows are equidistant and a run is the same however it came
    about. Each attempt costs twice what the one before it would have, and ends once the step is too long. At a
    temperature none is made: the runs that go on to be fast would be exchanged for others.
    """
    return _integrated(run, tick).thinned(run.every)


def _integrated(run: Run, tick: Callable[[int], None] | None) -> Trajectory:
    if run.method == "direct":
        return _integrate_direct(run, tick)
    saved = checkpoint.read(run) if run.checkpoint is not None and run.checkpoint.exists() else None
    if saved is not None:
        run = saved.run
    for _ in range(MOST_HALVINGS):
        try:
            return _with_error(run, _integrate_light_cone(run, saved, tick))
        except TooFast:
            if run.temperature is not None:
                raise ValueError(
                    f"time_step must be given, shorter than {run.time_step:.3g}, where the particle of a hot run "
                    "becomes so fast: with another step an unstable motion is another one, so that none is chosen anew"
                ) from None
            run, saved = run.finer(), None
            refuse_too_large([run], run.max_bytes)
    raise EnergyBalanceError(f"the particle becomes too fast for any step above {run.time_step:g}")


def _with_error(run: Run, result: Trajectory) -> Trajectory:
    """The result with its ``position_error`` where the interaction has a cusp and the time step was chosen here."""
    if run.system.interaction.smooth or not run.chosen or result.time.size < 3:
        return result
    coarser = replace(
        run, rate=0.5 * run.rate, chosen=False, duration=float(result.time[-1]), events=(), checkpoint=None,
        chain_window=None,
    )  # fmt: skip
    try:
        other = _integrate_light_cone(coarser, None, None).position
    except EnergyBalanceError:
        return replace(result, position_error=math.inf)
    rows = min(other.size, result.position[::2].size)
    return replace(result, position_error=float(np.max(np.abs(other[:rows] - result.position[::2][:rows]))))


def _integrate_direct(run: Run, tick: Callable[[int], None] | None) -> Trajectory:
    while True:
        records = _started(run, run.chain)
        energy = run_direct(run, records, tick)
        watch = Watch(run)
        try:
            watch.follow(records, 0, run.steps)
        except TooFast:
            run = run.finer()
            refuse_too_large([run], run.max_bytes)
            continue
        if run.kernel_cutoff is None:  # what a kernel that is cut off forgets is missing from the balance
            watch.check(_ends(run, records, run.steps, final_interaction=energy), run.steps)
        return _trajectory(run, records, run.steps + 1, final_interaction=energy)


def _started(run: Run, chain: ChainSegment | None = None) -> Records:
    """Records of a run, the start being row 0, with the chain as it is there."""
    records = Records.empty(run.steps + 1)
    spacing = run.system.chain.spacing
    slope = run.system.interaction.slope
    force = run.system.bias / spacing + sum_over_masses(run.system, run.cutoff, run.position, chain, slope)
    start = (run.position, run.velocity, acceleration(run.system, force))
    energy = 0.0 if run.chain is None else run.chain.energy(run.system.chain)
    for column, value in zip(records.rows(0, 1), (*start, energy), strict=True):
        column[0] = value
    return records


def _state(run: Run, tick: Callable[[int], None] | None) -> LightCone:
    """State of the chain and the particle at the start of a run."""
    nearest = round(run.position / run.system.chain.spacing)
    start = nearest if abs(nearest) > NEAR_THE_ORIGIN else 0
    state = LightCone(
        run.system, run.order, run.time_step, run.cutoff, run.position, run.velocity / (2.0 * math.pi),
        lowest=start, highest=start, max_bytes=run.max_bytes - run.bytes_of_records, on_progress=tick, heat=run.heat(),
    )  # fmt: skip
    return state if run.chain is None else state.with_chain(run.chain)


def _near_start(run: Run, position: Array) -> bool:
    """Whether the particle stays where the ring of a hot chain has no echo."""
    return bool(np.max(np.abs(position - run.position)) <= 0.5 * run.span * run.system.chain.spacing)


def _interaction(run: Run, state: LightCone) -> float:
    """Energy of the interaction with the masses as they are displaced."""
    return interaction_energy(run.system, run.cutoff, state.sigma, state.whole_chain())


def _trajectory(run: Run, records: Records, rows: int, **more: Any) -> Trajectory:
    """The first so many rows of a run."""
    return _of_rows(run, np.arange(rows, dtype=np.float64), records.rows(0, rows), **more)


def _ends(run: Run, records: Records, last: int, **more: Any) -> Trajectory:
    """The first row of a run and its last one so far."""
    ends = np.array([0, last])
    columns = [column[ends] for column in records.rows(0, last + 1)]
    return _of_rows(run, ends.astype(np.float64), columns, **more)


def _of_rows(run: Run, times: Array, columns: Sequence[Array], **more: Any) -> Trajectory:
    times /= band_top(run.system.chain) * run.rate
    position, velocity, acceleration, energy = columns
    if run.chain is not None and run.temperature is None:
        more["initial_interaction"] = interaction_energy(run.system, run.cutoff, run.position, run.chain)
    return Trajectory(run.system, times, position, velocity, acceleration, energy, settings=run.settings, **more)


def _blocks(run: Run, state: LightCone, records: Records, at_once: int) -> Iterator[LightCone]:
    """The state after each block, until the run's end. Blocks end at whole multiples, however a run was resumed."""
    while state.steps_done < run.steps:
        steps = min(at_once - state.steps_done % at_once, run.steps - state.steps_done)
        state = state.advanced(steps, records)
        yield state


def _integrate_light_cone(run: Run, saved: checkpoint.Saved | None, tick: Callable[[int], None] | None) -> Trajectory:
    """Integrate one run block by block; TooFast where its step was chosen and no longer resolves the motion."""
    state, pictures = _state(run, tick), Pictures(run)
    records = _started(run, state.whole_chain())
    records.energy[0] = state.chain_energy()
    at_start = state
    at_once = run.steps_per_picture if run.chain_window else state.steps_at_once(run.steps)
    if saved is None:
        pictures.take(state)
    else:
        state = saved.restore(state, records, pictures)
        if tick is not None:
            tick(state.steps_done)
    watch = Watch(run)
    watch.follow(records, 0, state.steps_done)
    last_written = time.monotonic()

    # The energies at a temperature are known with the masses displaced by the heat.
    hot = run.temperature is not None
    initial = {"initial_interaction": _interaction(run, at_start)} if hot else {}

    def chain(state: LightCone) -> dict[str, Any]:
        final = {"final_interaction": _interaction(run, state)} if hot else {}
        return {"chain_state": state.whole_chain(), **initial, **final}

    def result(state: LightCone, **more: Any) -> Trajectory:
        return _trajectory(run, records, state.steps_done + 1, **chain(state), **more)

    met = first_event(run.events, result(state)) if run.events else None
    try:
        for after in _blocks(run, state, records, at_once) if met is None else ():
            met = first_event(run.events, result(after)) if run.events else None
            if met is not None and state.steps_done < met[0] < after.steps_done:
                after = state.without_progress().advanced(met[0] - state.steps_done, records)
            watch.follow(records, state.steps_done, after.steps_done)
            watch.check(_ends(run, records, after.steps_done, **chain(after)), after.steps_done)
            if hot and not _near_start(run, records.position[state.steps_done : after.steps_done + 1]):
                raise ValueError(
                    f"duration must be shorter: the particle came past {run.span} masses, those of the ring"
                )
            pictures.take(after)
            state = after
            if met is not None:
                break
            if run.checkpoint is not None and time.monotonic() - last_written > run.checkpoint_interval:
                checkpoint.write(run, state, records, pictures)
                last_written = time.monotonic()
        if run.checkpoint is not None:
            checkpoint.write(run, state, records, pictures)
    except KeyboardInterrupt:
        if run.checkpoint is None:
            raise
        checkpoint.write(run, state, records, pictures)
        raise Interrupted(
            f"interrupted at tau = {state.steps_done * run.time_step:g}; "
            f"{run.checkpoint} holds the run so far, the same call goes on from it"
        ) from None
    # At the end the chain's energy is known as a sum of squares.
    records.energy[state.steps_done] = state.chain_energy()
    status = Status.DURATION_REACHED if met is None else met[1]
    return result(state, displacements=pictures.dataset(), status=status)
