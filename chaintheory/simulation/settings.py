"""What defines a run: start, method, order and time step, checked; and what it will need."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.interactions.base import Interaction
from chaintheory.lattice.dispersion import band_top
from chaintheory.lattice.memory_kernel import even_fast_length, half_width
from chaintheory.lattice.thermal_field import ThermalField, checked_sampling, fading_width, mode_energy, one_temperature
from chaintheory.parameters import SystemParameters, acceleration, refuse_damping, refuse_no_wells
from chaintheory.simulation.force_table import cutoff_radius, depth
from chaintheory.simulation.light_cone import BYTES_PER_MASS, ChainSegment, Plan, speed_bound
from chaintheory.simulation.splittings import SCHEMES
from chaintheory.simulation.stopping import Event, checked_events
from chaintheory.support.files import check_target
from chaintheory.support.resources import available_memory, cores
from chaintheory.support.validation import bounded, choice, positive, scale, shown, whole

Array = NDArray[np.float64]

# Spacings that an interaction may reach. One that falls more slowly, like a power, is cut at the second number of them.
FARTHEST_REACH, LONGEST_CUTOFF = 256, 32
# Beyond the cut the force must be below this part of its largest. The run says how large it is (``dropped_force``).
CUT_FORCE = 1e-3
# Widths of the interaction within its cutoff radius that the table of its slope still resolves.
WIDTHS_IN_CUTOFF = 8192
# Widths from the origin at which the rounding of a position is still 1e-8 of the width.
FARTHEST = 1e8
# Bytes of a stored step: time, position, velocity, acceleration and energy of the chain.
BYTES_PER_STEP = 40.0
# Kernels of the direct method are made for as many times at once as fill so many numbers.
KERNEL_PORTION = 1 << 22

# Steps per fast period of the default (the chain's propagation is exact, so that they bound no error of the chain),
# and steps in the time scale of the motion: five and three of order 6 give an error of the position below 1e-6 at
# tau = 800 and the paper's parameters.
USUAL = {2: 60.0, 4: 10.0, 6: 5.0}
RESOLVING = {2: 15.0, 4: 5.0, 6: 3.0}
# Steps in 1/(2 pi gamma), the time in which damping stops a mass, of the default: parts of a step go back, where
# damped motion grows. The energy is off by 3e-7, 1e-8 and 1e-8 of the depth then (measured at damping 1 to 100 with and
# without springs between masses), positions at order 6 by less than 1e-6 of the width (150 random runs, cusps left
# out); a run with ten times the step is refused.
DAMPED = {2: 20.0, 4: 2.0, 6: 1.0}
# Steps in the time scale below which a step is refused: there the chain's energy is right to a percent at the paper's
# parameters, speeds of 20 to 120 and both signs of the amplitude; with two thirds of these it is up to 20 percent off.
LEAST = {2: 3.0, 4: 1.5, 6: 1.0}
# The default step is made finer once the particle is faster than it was chosen for by this factor.
FASTER = 1.1
# Energies of a hot chain, in units of the mean energy of a mode, that occur with a probability of e^-20.
HOTTEST = 20.0
# An interaction that is not smooth leaves no scheme its order: steps so many times as short with up to two continuous
# derivatives. With s of them the error falls like step^(s + 1) only (measured: Matern orders 1 to 3).
NOT_SMOOTH = 10.0


@dataclass(frozen=True)
class Run:
    """Everything that defines one run, checked."""

    system: SystemParameters
    position: float
    velocity: float
    duration: float
    method: str
    order: int
    rate: float
    chosen: bool
    cutoff: float
    kernel_cutoff: float | None
    events: tuple[Event, ...]
    chain: ChainSegment | None
    chain_window: tuple[int, int] | None
    chain_every: float
    every: int
    checkpoint: Path | None
    checkpoint_interval: float
    max_bytes: float
    temperature: float | None
    sampling: str
    seed: int

    @property
    def time_step(self) -> float:
        """Time step in units of t_slow."""
        return 1.0 / (band_top(self.system.chain) * self.rate)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return max(1, round(self.duration / self.time_step))

    @property
    def steps_per_picture(self) -> int:
        """Steps between two stored displacements of the masses in ``chain_window``."""
        return max(1, round(self.chain_every / self.time_step))

    @property
    def settings(self) -> dict[str, Any]:
        """What is written beside the results."""
        settings: dict[str, Any] = {
            "method": self.method,
            "order": self.order,
            "steps_per_fast_period": self.rate,
            "cutoff_radius": self.cutoff,
        }
        if self.kernel_cutoff is not None:
            settings["kernel_cutoff"] = self.kernel_cutoff
        if self.temperature is not None:
            settings |= {"temperature": self.temperature, "sampling": self.sampling, "seed": self.seed}
        return settings

    @property
    def identity(self) -> dict[str, Any]:
        """What a run that goes on from a checkpoint has in common with the one that wrote it: all but its duration."""
        settings = self.settings
        if self.chosen:
            settings["steps_per_fast_period"] = None
        if self.chain_window is not None:
            settings["chain_window"] = [*self.chain_window, self.chain_every]
        if self.chain is not None:
            settings["chain"] = self.chain.digest()
        if self.temperature is not None:
            settings["ring"] = self.ring
        return {"start": [self.position, self.velocity], **settings}

    @property
    def ring(self) -> int:
        """Masses of a ring on which the run feels no echo: what sound, correlations and the particle can span."""
        return even_fast_length(
            half_width(self.system.chain, self.duration) + fading_width(self.system.chain) + self.span
        )

    @property
    def span(self) -> int:
        """Masses that the particle may come near in a hot chain, generously; checked in the run."""
        system = self.system
        gained = acceleration(system, abs(system.bias) / system.chain.spacing) * self.duration
        kicks = system.speed_of_energy(16.0 * (self.temperature or 0.0) + 16.0)
        fastest = abs(self.velocity) + fall_speed(system, self.cutoff) + kicks + gained
        return 2 * math.ceil((fastest * self.duration + self.cutoff) / system.chain.spacing + 2.0)

    def heat(self) -> ThermalField | None:
        """The free motion of the chain at the temperature of the run, if it has one."""
        if self.temperature is None:
            return None
        chain, size = self.system.chain, self.ring
        origin = round(self.position / chain.spacing) - size // 2
        return ThermalField.sampled(chain, self.temperature, self.sampling, self.seed, origin, size)

    def finer(self) -> Run:
        """The same run with half the time step."""
        return replace(self, rate=2.0 * self.rate)

    def resolves(self, speed: float) -> bool:
        """Whether the time step, if it was chosen here, still keeps its promise at a speed of the particle."""
        return not self.chosen or FASTER * self.rate >= needed_rate(self.system, self.cutoff, speed, 0.0, self.order)

    @property
    def bytes_of_records(self) -> float:
        """Bytes of what is kept of every step."""
        return BYTES_PER_STEP * self.steps

    def bytes_needed(self) -> float:
        """Bytes that the run needs besides its records: generously, the chain or the kernel."""
        chain = self.system.chain
        duration = self.steps * self.time_step
        fastest = abs(self.velocity) + 2.0 * fall_speed(self.system, self.cutoff)
        passed = (fastest * duration + self.cutoff) / chain.spacing
        if self.method == "direct":
            return self.bytes_of_kernels(2.0 * passed + 10.0)
        first, last = self.chain_window or (0, -1)
        pictures = 8.0 * (last - first + 1) * (self.steps / self.steps_per_picture + 2)
        bound = speed_bound(self.system, self.velocity, 0.0)
        plan = Plan(self.system, self.order, self.time_step, self.cutoff, bound)
        given = 0 if self.chain is None else self.chain.state.shape[1]
        masses = half_width(chain, duration) + passed + given + (0 if self.temperature is None else self.ring)
        return 2.0 * BYTES_PER_MASS * masses + pictures + plan.memory + 5e6

    def bytes_of_kernels(self, lags: float) -> float:
        """Bytes that the direct method needs for kernel and kicks of as many masses."""
        ring = lags + half_width(self.system.chain, self.steps * self.time_step)
        return 24.0 * lags * self.steps + 64.0 * ring * min(kernel_portion(ring), self.steps + 1)


def kernel_portion(ring: float) -> int:
    """Times at which kernels on a ring of so many masses are made at once, to bound the memory in use."""
    return max(1, min(1024, int(KERNEL_PORTION / ring)))


def checked_run(
    system: SystemParameters,
    position: float,
    speed: float,
    duration: float,
    *,
    method: str = "light-cone",
    order: int | None = None,
    steps_per_fast_period: float | None = None,
    time_step: float | None = None,
    kernel_cutoff: float | None = None,
    events: Any = (),
    chain: ChainSegment | None = None,
    chain_window: tuple[int, int] | None = None,
    chain_every: float = 0.25,
    every: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_interval: float = 60.0,
    max_bytes: float | None = None,
    temperature: float | None = None,
    sampling: str = "quantum",
    seed: int = 0,
) -> Run:
    """Return the run that ``System.simulate`` was asked for; ValueError or TypeError, by name, for what cannot be."""
    position, speed = bounded("position", position), bounded("speed", speed)
    duration = scale("duration", duration)
    choice("method", method, ("light-cone", "direct"))
    events = checked_events(events)
    if order is not None and whole("order", order, 2) not in SCHEMES:
        raise ValueError(f"order must be 2, 4 or 6, got {order!r}")
    if method == "direct":
        if order not in (None, 2):
            raise ValueError(f"order must be 2 with method='direct', got {order!r}")
        order = 2
        if events or checkpoint is not None or chain_window is not None or chain is not None:
            raise ValueError("events, checkpoint, chain and chain_window need method='light-cone'")
    elif kernel_cutoff is not None:
        raise ValueError(f"kernel_cutoff goes with method='direct' only, got {shown(kernel_cutoff)}")
    if not isinstance(chain, ChainSegment | None):
        raise TypeError(f"chain must be the chain_state of a run, got {shown(chain)}")
    sampling, seed = checked_sampling(sampling), whole("seed", seed, 0, 2**64 - 1)
    if temperature is not None:
        temperature = one_temperature(temperature)
        refuse_damping(system.chain, "a temperature")
        refuse_no_wells(system.chain, "a temperature")
        if method == "direct":
            raise ValueError("temperature needs method='light-cone'")
    cutoff = _checked_cutoff(system, position)
    if order is None:
        order = 6 if system.interaction.smooth else 2
    rate = _given_rate(system, steps_per_fast_period, time_step)
    chosen = rate is None
    if rate is None:
        fall = math.hypot(fall_speed(system, cutoff), thermal_speed(system, temperature, sampling))
        rate = _chosen_rate(system, cutoff, speed, fall, order, duration)
    _refuse_too_long_steps(system, cutoff, speed, order, rate)
    step = 1.0 / (band_top(system.chain) * rate)
    if not duration / step < 2**53:
        raise ValueError(f"duration must be below 2^53 steps of {step:g}, got {duration!r}")
    if checkpoint is not None:
        checkpoint = check_target("checkpoint", checkpoint, BYTES_PER_STEP * duration / step)
    run = Run(
        system=system,
        position=position,
        velocity=speed,
        duration=duration,
        method=method,
        order=order,
        rate=rate,
        chosen=chosen,
        cutoff=cutoff,
        kernel_cutoff=None if kernel_cutoff is None else positive("kernel_cutoff", kernel_cutoff),
        events=events,
        chain=chain,
        chain_window=None if chain_window is None else _window(chain_window),
        chain_every=scale("chain_every", chain_every),
        every=whole("every", every, 1, 2**53),
        checkpoint=checkpoint,
        checkpoint_interval=positive("checkpoint_interval", checkpoint_interval),
        max_bytes=available_memory() if max_bytes is None else positive("max_bytes", max_bytes),
        temperature=temperature,
        sampling=sampling,
        seed=seed,
    )
    if temperature is not None and run.chain_window is not None:
        middle, (first, last) = round(position / system.chain.spacing), run.chain_window
        if not middle - run.ring // 2 <= first <= last < middle + run.ring // 2:
            raise ValueError(
                f"chain_window must lie within {run.ring // 2} masses of the start, got {shown(chain_window)}"
            )
    return run


def _given_rate(system: SystemParameters, steps_per_fast_period: float | None, time_step: float | None) -> float | None:
    """Steps in 1/omega_fast as asked for, by either name; None where neither is given."""
    if time_step is None:
        return None if steps_per_fast_period is None else scale("steps_per_fast_period", steps_per_fast_period)
    if steps_per_fast_period is not None:
        raise ValueError(f"time_step and steps_per_fast_period exclude each other, got {time_step!r} besides")
    return 1.0 / (band_top(system.chain) * scale("time_step", time_step))


def _chosen_rate(
    system: SystemParameters, cutoff: float, speed: float, fall: float, order: int, duration: float
) -> float:
    """Steps in 1/omega_fast where none are asked for; a run shorter than such a step is one step."""
    usual = USUAL[order] * (roughness(system.interaction) if system.interaction.smooth else 1.0)
    top = band_top(system.chain)
    damped = DAMPED[order] * 2.0 * math.pi * system.chain.damping / top
    return max(usual, needed_rate(system, cutoff, speed, fall, order), damped, 1.0 / (top * duration))


def _refuse_too_long_steps(system: SystemParameters, cutoff: float, speed: float, order: int, rate: float) -> None:
    """ValueError for steps that do not resolve the motion."""
    top = band_top(system.chain)
    least = LEAST[order] / (top * time_scale(system, cutoff, speed, fall_speed(system, cutoff)))
    if rate < least:
        raise ValueError(
            f"steps_per_fast_period must be at least {least:.3g} (time_step at most {1.0 / (top * least):.3g}) to "
            f"resolve amplitude, width and speed of this run, got {rate:g}"
        )


def cutoff_of(system: SystemParameters) -> float:
    """Distance up to which the interaction acts in a run: its reach, or where a tail like a power is cut."""
    reach, spacing = system.interaction.reach(), system.chain.spacing
    return reach if reach <= FARTHEST_REACH * spacing else LONGEST_CUTOFF * spacing


def _checked_cutoff(system: SystemParameters, position: float) -> float:
    """The cutoff of a run; ValueError where the interaction cannot be followed well."""
    spacing, interaction, cutoff = system.chain.spacing, system.interaction, cutoff_of(system)
    if cutoff < interaction.reach() and cutoff_radius(interaction, cutoff, CUT_FORCE) >= cutoff:
        raise ValueError(
            f"interaction must end within {FARTHEST_REACH} spacings, or fall to {CUT_FORCE:g} of its largest force "
            f"within {LONGEST_CUTOFF}, to be simulated, got width {interaction.width:g} with spacing {spacing:g}"
        )
    if cutoff > WIDTHS_IN_CUTOFF * interaction.width:
        raise ValueError(
            f"interaction must have a width of at least {cutoff / WIDTHS_IN_CUTOFF:.3g} to be simulated with spacing "
            f"{spacing:g}, as it reaches that far, got width {interaction.width:g}"
        )
    farthest = FARTHEST * interaction.width
    if abs(position) > farthest:
        raise ValueError(f"position must be at most {farthest:g} (1e8 widths) in magnitude, got {position!r}")
    return cutoff


def _window(window: tuple[int, int]) -> tuple[int, int]:
    """Check first and last mass."""
    if not isinstance(window, tuple | list) or len(window) != 2:  # type: ignore[redundant-expr]  # callers without types may pass anything
        raise ValueError(f"chain_window must be (first mass, last mass), got {shown(window)}")
    first = whole("chain_window", window[0], -(2**40))
    return first, whole("chain_window", window[1], first)


def fall_speed(system: SystemParameters, cutoff: float) -> float:
    """Speed gained by falling through the whole interaction with one mass, sqrt(8 pi^2 max|Phi|/mu)."""
    return system.speed_of_energy(depth(system.interaction, cutoff))


def thermal_speed(system: SystemParameters, temperature: float | None, sampling: str) -> float:
    """Speed that a hot chain gives to the particle or a mass beyond that of the start, with a probability of e^-20.

    As if all modes had the energy of the top frequency. The step of a hot run is chosen for it, once and for all: a run
    begun anew with a finer step is another motion where motions are unstable, and the fast ones would be lost.
    """
    if temperature is None:
        return 0.0
    energy = HOTTEST * float(mode_energy(np.array(band_top(system.chain)), temperature, sampling))
    return math.sqrt(max(system.mass, 1.0)) * float(system.speed_of_energy(energy))


def time_scale(system: SystemParameters, cutoff: float, speed: float, fall: float) -> float:
    """Shortest time of the motion: to cross the width, or 1/frequency in the potential's bottom."""
    width = system.interaction.width
    stiffness = acceleration(system, depth(system.interaction, cutoff) / width**2 * (1.0 + system.mass))
    return 1.0 / max(math.hypot(speed, fall) / width, math.sqrt(stiffness), 1e-300)


def needed_rate(system: SystemParameters, cutoff: float, speed: float, fall: float, order: int) -> float:
    """Steps per fast period that the motion at a speed, and after a fall into the interaction, needs."""
    per_time = 1.0 / (band_top(system.chain) * time_scale(system, cutoff, speed, fall))
    return RESOLVING[order] * per_time * roughness(system.interaction)


def roughness(interaction: Interaction) -> float:
    """How many times as short as for an analytic interaction the steps are, by its continuous derivatives."""
    return float(NOT_SMOOTH ** (2.0 / max(interaction.smoothness, 2.0)))


def refuse_too_large(runs: Sequence[Run], limit: float) -> None:
    """ValueError if the runs need more memory than they may have."""
    # Results stay; of the rest as much is in use at once as there are cores.
    working = sorted(run.bytes_needed() for run in runs)
    needed = sum(run.bytes_of_records for run in runs) + sum(working[-cores() :])
    if not needed <= limit:
        raise ValueError(
            f"duration {runs[0].duration:g} needs about {needed / 2**20:.0f} MiB of memory, allowed are "
            f"{limit / 2**20:.0f} MiB: take a shorter duration or fewer steps_per_fast_period"
        )
