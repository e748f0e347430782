"""Simulated losses of single passes of a chain at a temperature: exact motion, many passes at a time.

The particle comes from far, interacts with one mass of the infinite chain, and leaves. The mass's displacement is the
thermal field plus its response to the particle's kicks: with the exact flow nothing else of the chain is needed.

Pass k draws from the counter-based stream Philox(key = (seed, k)): it is the same to the last bit in any number of
samples, threads and workers.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import band_top
from chaintheory.lattice.memory_kernel import even_fast_length, half_width, memory_kernel
from chaintheory.lattice.thermal_field import (
    checked_sampling,
    correlation,
    fading_width,
    mode_energy,
    one_temperature,
    ring_modes,
)
from chaintheory.parameters import kinetic_energy, refuse_damping, refuse_no_wells, squared_speed
from chaintheory.simulation.force_table import cutoff_radius, depth, force_table
from chaintheory.simulation.settings import LONGEST_CUTOFF
from chaintheory.support.resources import cores
from chaintheory.support.validation import bounded, shown, whole

if TYPE_CHECKING:
    from chaintheory.parameters import ChainParameters, SystemParameters

Array = NDArray[np.float64]

# The pass begins and ends where the force is below this part of its largest, for displacements of so many deviations.
FELT, DEVIATIONS = 1e-8, 6.0
# In widths: farther than this only a tail that falls like a power is felt.
LONGEST_PASS = 100.0
# Steps within a width at the highest speed, and within a fast period, to begin with.
PER_WIDTH, PER_FAST_PERIOD = 5.0, 8.0
# Error of a loss from the time step, of the deviation; with an interaction that is not analytic.
STEP_ERROR, ROUGH_STEP_ERROR = 1e-4, 1e-3
FINER = (2, 4, 8, 16, 32)  # refinements of the step that are tried
PHASES = 4  # parts of a step, over which the loss of a pass must not vary
DRAWS = 16  # passes in a thermal field that are compared with half the step
# A particle that is not out after so many times the unhindered transit is captured.
PATIENCE = 3.0
MOST_NUMBERS = 1 << 26  # of the table of the thermal field
MOST_SAMPLES = 1 << 32
CHUNK = 1024  # passes of one task


@dataclass(frozen=True)
class PassTables:
    """What passes of one speed and temperature have in common: tables of field and kernel, force and time step."""

    field: Array
    kernel: Array
    kind: str
    coefficients: Array
    cutoff: float
    time_step: float
    mass: float
    start: float
    speed: float

    def losses(
        self, seed: int, first: int, antithetic: bool, result: Array, given: Array | None = None, through: bool = False
    ) -> None:
        """Fill ``result`` with the losses of the passes from number ``first`` on.

        With numbers ``given``, a row for each pass, the field is not drawn; with ``through`` particles that are turned
        back count as captured.
        """
        from chaintheory_ext.single_passes import losses

        losses(
            self.field, self.kernel, self.kind, self.coefficients, self.cutoff, self.time_step, self.mass, self.start,
            self.speed, seed, first, antithetic, result, given, through,
        )  # fmt: skip


def field_of_one_mass(chain: ChainParameters, size: int, times: Array, temperature: float, sampling: str) -> Array:
    """Displacement of one mass of a ring per standard normal number, shape (times, 2 (size/2 + 1)).

    Only the modes that are even about the mass move it: for each of them a cosine and a sine of its time.
    """
    omega, weight = ring_modes(chain, size)
    amplitude = weight * np.sqrt(mode_energy(omega, temperature, sampling)) / omega
    angle = 2.0 * math.pi * times[:, None] * omega
    return np.concatenate((amplitude * np.cos(angle), amplitude * np.sin(angle)), axis=1)


def prepared(system: SystemParameters, speed: float, temperature: float, sampling: str) -> PassTables:
    """Tables for passes at a speed and a temperature, with steps that resolve the interaction."""
    interaction = system.interaction
    if not interaction.smooth:
        raise ValueError(
            "interaction must have no kink or jump for simulated passes, whose losses would depend on the time step: "
            f"round it off, as Matern(amplitude, width, order=2) does, got {interaction!r}"
        )
    allowed = STEP_ERROR if interaction.analytic_width > 0.0 else ROUGH_STEP_ERROR
    rounding = 16.0 * np.finfo(float).eps * float(kinetic_energy(system, speed))
    passes = _with_step(system, speed, temperature, sampling, 1)
    for refinement in FINER:
        finer = _with_step(system, speed, temperature, sampling, refinement)
        size, error = _step_error(passes, finer)
        if error <= allowed * size + rounding:
            return passes
        passes = finer
    raise ValueError(
        f"interaction must be smoother, or speed higher, for simulated passes at speed {speed:g}, whose losses of "
        f"{size:.2g} depend on the time step by {error:.2g}: take one without narrow features and jumps of "
        f"derivatives, or simulate, got {interaction!r}"
    )


def _step_error(passes: PassTables, finer: PassTables) -> tuple[float, float]:
    """Deviation of the losses with that to a chain at rest, and the error of a loss from the time step.

    The step is seen in two ways. A pass of a chain at rest must not know at which part of a step it begins: features
    narrower than the width show there, and jumps of a derivative of the force. And the same passes in the same thermal
    field with half the step differ by three quarters of the error, which is of second order where the force is smooth.
    Passes that end in capture say nothing.
    """
    numbers = passes.field.shape[1]
    at_rest = np.zeros((1, numbers))
    begun = np.empty(PHASES)
    for k in range(PHASES):
        later = replace(passes, start=passes.start + k / PHASES * passes.speed * passes.time_step)
        later.losses(0, 0, False, begun[k : k + 1], at_rest)
    drawn = np.concatenate((at_rest, np.random.Generator(np.random.Philox(key=0)).standard_normal((DRAWS, numbers))))
    losses = np.empty((2, DRAWS + 1))
    for row, each in zip(losses, (passes, finer), strict=True):
        each.losses(0, 0, False, row, drawn)
    through = np.asarray(np.isfinite(losses).all(axis=0))
    change = np.where(through, losses[1] - losses[0], 0.0)
    hot, hot_change = losses[1, 1:][through[1:]], change[1:][through[1:]]
    size = math.hypot(losses[1, 0] if through[0] else 0.0, float(hot.std()) if hot.size else 0.0)
    error = 4.0 / 3.0 * max(abs(change[0]), math.sqrt(np.mean(hot_change**2)) if hot.size else 0.0)
    return size, max(error, float(np.ptp(begun)) if np.isfinite(begun).all() else 0.0)


def _with_step(
    system: SystemParameters, speed: float, temperature: float, sampling: str, refinement: int
) -> PassTables:
    """Tables with steps so many times as short as an analytic interaction needs."""
    chain, interaction = system.chain, system.interaction
    at_once = float(correlation(chain, 0, 0.0, temperature, sampling)[0, 0])
    longest = max(LONGEST_CUTOFF * chain.spacing, LONGEST_PASS * interaction.width)
    cutoff = cutoff_radius(interaction, min(interaction.reach(), longest), FELT)
    start = cutoff + DEVIATIONS * math.sqrt(at_once)
    fastest = math.sqrt(squared_speed(system, speed, -depth(interaction, cutoff)))
    step = 1.0 / (refinement * max(PER_WIDTH * fastest / interaction.width, PER_FAST_PERIOD * band_top(chain)))
    longest = PATIENCE * 2.0 * start / speed
    numbers = longest / step
    if numbers <= MOST_NUMBERS:
        steps = math.ceil(numbers)
        size = even_fast_length(half_width(chain, longest) + fading_width(chain))
        numbers = steps * (size + 2)
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"speed must be so high that {MOST_NUMBERS} numbers describe the chain during a pass, got {speed:g}"
        )
    kind, coefficients = force_table(interaction, cutoff)
    times = step * np.arange(-(-steps // 4) * 4, dtype=np.float64)
    return PassTables(
        field_of_one_mass(chain, size, times, temperature, sampling),
        np.ascontiguousarray(memory_kernel(chain, 0, times[:steps])[0]),
        kind, coefficients, cutoff, step, system.mass, start, speed,
    )  # fmt: skip


def between_midpoints(passes: PassTables, spacing: float, patience: float) -> PassTables:
    """The same passes from one midpoint between masses to the next, within so many times the unhindered transit."""
    steps = min(math.ceil(patience * spacing / passes.speed / passes.time_step), passes.kernel.size)
    rows = -(-steps // 4) * 4
    start = 0.5 * spacing
    return replace(
        passes, field=passes.field[:rows], kernel=passes.kernel[:steps], start=start, cutoff=min(passes.cutoff, start)
    )


def sample_losses(
    system: SystemParameters, speed: float, temperature: float, samples: int, seed: int, sampling: str,
    antithetic: bool, first: int, threads: int | None,
) -> Array:  # fmt: skip
    """Losses of simulated passes: ``System.sample_losses``, which describes it."""
    v = abs(bounded("speed", speed))
    if v == 0.0:
        raise ValueError(f"speed must not be 0, got {speed!r}")
    heat, sampling = one_temperature(temperature), checked_sampling(sampling)
    samples, seed = whole("samples", samples, 1, MOST_SAMPLES), whole("seed", seed, 0, 2**64 - 1)
    first = whole("first", first, 0, 2**63)
    if not isinstance(antithetic, bool | np.bool_):
        raise TypeError(f"antithetic must be True or False, got {shown(antithetic)}")
    refuse_damping(system.chain, "a temperature")
    refuse_no_wells(system.chain, "simulated losses at a temperature")
    workers = cores() if threads is None else whole("threads", threads, 1)
    passes = prepared(system, v, heat, sampling)
    result = np.empty(samples)

    def task(begin: int) -> None:
        passes.losses(seed, first + begin, bool(antithetic), result[begin : begin + CHUNK])

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(task, range(0, samples, CHUNK)))
    return result
