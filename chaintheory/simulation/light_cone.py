"""The light-cone integrator: an infinite chain, for as long as the run lasts.

The propagator of a free chain is known for any time. Only the masses near the particle are kicked,
and need short steps. So the chain is stepped on levels, each in blocks four times as long as those
of the level below and in a window about as many times as wide: the whole window is propagated over
one block as if it were free, a smaller window around the particle is stepped through the same time
on the level below, and the part of it that its edges cannot have influenced is pasted in. The lowest
levels, four at most, are compiled (chaintheory_ext/light_cone.pyx), the upper ones go by FFT, and the
uppermost holds every mass that the sound cone has reached: it grows with the cone. All margins follow
from the domain of dependence (see ``Plan``): kernels are neglected where they are below 1e-16. The cost
per unit time grows with the logarithm of the run's duration.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import band_top, frequency
from chaintheory.lattice.memory_kernel import even_fast_length, half_width, mode_propagators, propagators
from chaintheory.lattice.thermal_field import ThermalField
from chaintheory.parameters import acceleration, squared_speed
from chaintheory.simulation.force_table import force_table, surplus_radius
from chaintheory.simulation.splittings import SCHEMES, Scheme
from chaintheory.support.equality import EqualFields

if TYPE_CHECKING:
    from chaintheory.parameters import ChainParameters, SystemParameters

Array = NDArray[np.float64]

# Blocks of one level in a block of the level above.
RATIO = 4
# Windows whose kernels reach farther than this many masses are propagated by FFT.
WIDEST_STENCIL = 160
# The chain is brought to one time at least as often as this: checkpoints and stops happen then.
MOST_STEPS_AT_ONCE = 1 << 21
# Kicks in the shortest block: more of them cost more inside the block, fewer cost more around it.
KICKS_PER_BLOCK = 60
# Bytes that a mass of the far field takes: its state and the copies and spectra that propagate it.
BYTES_PER_MASS = 250.0
# Masses within the cutoff radius are looked for as if displaced by up to this many spacings; more only where one is.
DISPLACED = 0.1
# Masses are numbered by whole numbers that a double holds exactly.
MOST_MASSES = 2.0**52
# Rows of tables are padded to whole vectors.
_VECTOR = 8


def _padded(length: int) -> int:
    return -(-length // _VECTOR) * _VECTOR


def on_cache_line(array: Array) -> Array:
    """Flat copy of an array that begins on a cache line."""
    space = np.empty(array.size + _VECTOR)
    first = -(space.ctypes.data // 8) % _VECTOR
    flat = space[first : first + array.size]
    flat[:] = array.ravel()
    return flat


def block_steps(scheme: Scheme, chain: ChainParameters, time_step: float, kicks: int) -> int:
    """Steps in the shortest block: about ``kicks`` kicks, but no more than a fast period."""
    by_kicks = max(1, kicks // scheme.stages)
    by_time = max(1, round(1.0 / (band_top(chain) * time_step)))
    return min(by_kicks, by_time)


@lru_cache(maxsize=32)
def block_tables(chain: ChainParameters, order: int, time_step: float, steps: int) -> dict[str, Any]:
    """Kernels from a block's start to each kick, between kicks, and to the block's end."""
    scheme = SCHEMES[order]
    stages, kicks = scheme.stages, steps * scheme.stages
    count = np.arange(kicks + 1)
    times = time_step * (count // stages + scheme.times[count % stages])
    end = steps * time_step
    # Stages may lie beside the block; the bound covers the longest time between any two.
    width = half_width(chain, -float(np.max(times) - np.min(times)))
    row, end_row = _padded(kicks + 1), _padded(2 * width + 1)

    def by_lag(kernel: Array) -> Array:
        table = np.zeros((width + 1, row))
        table[:, : kernel.shape[0]] = kernel.T
        return table

    def later_by_lag(kernel: Array) -> Array:
        table = np.zeros((width + 1, _VECTOR + row))
        table[:, _VECTOR + 1 : _VECTOR + kernel.shape[0]] = kernel.T[:, 1:]
        return table

    c, s, d = propagators(chain, times, width)
    forced_s = np.zeros((stages, width + 1, _VECTOR + row))
    forced_c = np.zeros((stages, width + 1, _VECTOR + row))
    for stage in range(stages):
        later = time_step * ((stage + count) // stages + scheme.times[(stage + count) % stages])
        stage_c, stage_s, _ = propagators(chain, later - times[stage], width)
        forced_s[stage], forced_c[stage] = later_by_lag(stage_s), later_by_lag(stage_c)
    to_end_c, to_end_s, _ = propagators(chain, end - times, width)
    mirrored = np.abs(np.arange(-width, width + 1))
    end_s, end_c = np.zeros((kicks + 1, end_row)), np.zeros((kicks + 1, end_row))
    end_s[:, : 2 * width + 1] = to_end_s[:, mirrored]
    end_c[:, : 2 * width + 1] = to_end_c[:, mirrored]
    return {
        "steps": steps,
        "stages": stages,
        "width": width,
        "row": row,
        "end_row": end_row,
        "free_c": on_cache_line(by_lag(c)),
        "free_s": on_cache_line(by_lag(s)),
        "free_d": on_cache_line(by_lag(d)),
        "forced_s": on_cache_line(forced_s),
        "forced_c": on_cache_line(forced_c),
        "end_s": on_cache_line(end_s),
        "end_c": on_cache_line(end_c),
        "weight": time_step * np.array(scheme.kicks),
        "drift": time_step * np.array(scheme.flows),
        "half_damping": 0.5 * chain.damping,
    }


@lru_cache(maxsize=256)
def flow_spectrum(chain: ChainParameters, size: int, duration: float) -> tuple[Array, Array, Array]:
    """Multipliers cos, sin/omega and omega sin that propagate a ring of ``size`` masses.

    In double precision: the rounding of the phase is that of the frequency, one part in 10^16.
    """
    omega = frequency(chain, np.arange(size // 2 + 1) * (math.pi / size))
    if not chain.minimal:
        c, s, d = mode_propagators(chain, omega.astype(np.longdouble), [duration])
        return c[0], s[0], d[0]
    cycles = duration * omega
    angle = (2.0 * math.pi) * (cycles - np.rint(cycles))
    sine = np.sin(angle)
    return np.cos(angle), sine / omega, sine * omega


@dataclass(eq=False)
class ChainSegment(EqualFields):
    """A segment of chain: rows u and p = u'/(2 pi) of the masses ``origin``, ``origin`` + 1, ... in l_slow.

    In a chain with damping gamma the second row is p + gamma u/2, in which the flow has the same form.
    """

    origin: int
    state: Array

    def digest(self) -> str:
        """Digest of the masses and their state."""
        return hashlib.sha256(np.int64(self.origin).tobytes() + np.ascontiguousarray(self.state).tobytes()).hexdigest()

    def window(self, origin: int, size: int) -> ChainSegment:
        """Return a copy of ``size`` masses; what lies outside this segment is at rest."""
        copy = np.zeros((2, size))
        first = max(origin, self.origin)
        last = min(origin + size, self.origin + self.state.shape[1])
        if last > first:
            copy[:, first - origin : last - origin] = self.state[:, first - self.origin : last - self.origin]
        return ChainSegment(origin, copy)

    def paste(self, other: ChainSegment, centre: int, within: int) -> None:
        """Overwrite the masses at most ``within`` from ``centre`` by those of ``other``."""
        first = max(centre - within, self.origin, other.origin)
        last = min(centre + within + 1, self.origin + self.state.shape[1], other.origin + other.state.shape[1])
        if last > first:
            self.state[:, first - self.origin : last - self.origin] = other.state[
                :, first - other.origin : last - other.origin
            ]

    def flow(self, chain: ChainParameters, duration: float) -> None:
        """Propagate the segment over ``duration`` as if it were a free ring.

        What travels around the ring spoils the same masses at the edges as an open end would.
        """
        if not self.state.any():
            return
        size = self.state.shape[1]
        from chaintheory_ext.light_cone import rotate

        spectrum = np.fft.rfft(self.state)
        rotate(spectrum, *flow_spectrum(chain, size, duration))
        self.state = np.fft.irfft(spectrum, n=size)

    def energy(self, chain: ChainParameters) -> float:
        """Energy of the chain as a sum of squares (nothing cancels), outside being at rest."""
        u, p = self.state
        moving = np.stack((u, p - 0.5 * chain.damping * u if chain.damping else p))
        reach = len(chain.couplings)
        return 0.5 * ChainSegment(0, moving).energy_with(chain, np.pad(moving, ((0, 0), (reach, reach))))

    def energy_with(self, chain: ChainParameters, other: Array) -> float:
        """Energy of this motion and another beyond the sum of theirs, conserved while both are free.

        ``other``: rows u and p of the masses of this segment and of as many more at each end as the springs reach.
        """
        u, p = self.state
        reach, size = len(chain.couplings), u.size
        within = other[:, reach : reach + size]
        # np.sum, not a dot product: its order does not depend on the number of threads.
        total = np.sum(p * within[1]) + chain.confinement * np.sum(u * within[0])
        for apart, coupling in enumerate(chain.couplings, 1):
            at_rest = np.zeros(apart)
            bonds = np.concatenate([u, at_rest]) - np.concatenate([at_rest, u])
            other_bonds = other[0, reach : reach + size + apart] - other[0, reach - apart : reach + size]
            total = total + coupling * np.sum(bonds * other_bonds)
        return float(total)


def _coarse_length(size: int) -> int:
    """Round up to a quarter of a power of two: few sizes, so that spectra can be kept."""
    quarter = 1 << max(1, (size - 1).bit_length() - 3)
    return -(-size // quarter) * quarter


class OutsideWindow(Exception):
    """The particle went farther within a block than the windows allow for."""


class DisplacedTooFar(Exception):
    """A mass near the particle went farther from its place than the windows allow for."""


@dataclass
class Records:
    """What is kept of every step: position, velocity, acceleration and the energy of the chain."""

    position: Array
    velocity: Array
    acceleration: Array
    energy: Array

    @classmethod
    def empty(cls, rows: int) -> Records:
        """Space for ``rows`` rows."""
        return cls(*(np.empty(rows) for _ in range(4)))

    def __len__(self) -> int:
        return self.position.size

    def rows(self, first: int, last: int) -> tuple[Array, Array, Array, Array]:
        """Views of rows ``first`` .. ``last`` - 1."""
        chosen = slice(first, last)
        return (self.position[chosen], self.velocity[chosen], self.acceleration[chosen], self.energy[chosen])


@dataclass(frozen=True)
class Plan:
    """Levels and windows for one system, one step and bounds on the speed and on the masses' displacements.

    Domain of dependence. Over a time T all kernels are below 1e-16 beyond N(T) lags (``half_width``). In one block of a
    level, of duration T, a particle that starts at mass c and is never faster than v acts on masses n only with

        |n - c| <= a(T) = (v T + cutoff)/spacing + 1 + largest displacement        (``allowance``),

    so that what its kicks have changed at the block's end lies within

        |n - c| <= a(T) + N(T)                                                     (``influence``).

    The error of a window that takes the masses outside it as at rest is a free motion that starts outside: it enters a
    window of half-width r no farther than N(T) masses. What is pasted back is right if a(T) + N(T) <= r - N(T), hence

        r = a(T) + 2 N(T) + 1                                                      (``radius``).

    Beyond a(T) + N(T) the level above has propagated the chain as free, which it was. The bounds on v and on the
    displacement are checked in every block; where one does not hold the block is done again with a larger one.
    """

    system: SystemParameters
    order: int
    time_step: float
    cutoff: float
    speed_bound: float
    kicks_per_block: int = KICKS_PER_BLOCK
    displaced: float = DISPLACED

    @cached_property
    def block(self) -> int:
        """Steps in the shortest block."""
        return block_steps(SCHEMES[self.order], self.system.chain, self.time_step, self.kicks_per_block)

    def steps(self, level: int) -> int:
        """Steps in one block of a level."""
        return self.block * RATIO**level

    def duration(self, level: int) -> float:
        """Duration of one block of a level."""
        return self.steps(level) * self.time_step

    @cached_property
    def near_levels(self) -> int:
        """Levels that are compiled; the windows above go by FFT."""
        level = 1
        while level < 4 and half_width(self.system.chain, self.duration(level)) <= WIDEST_STENCIL:
            level += 1
        return level

    def allowance(self, level: int) -> int:
        """Masses on each side of the middle that may be kicked during one block of a level."""
        spacing = self.system.chain.spacing
        return (
            math.ceil((self.duration(level) * self.speed_bound + self.cutoff) / spacing) + 1 + math.ceil(self.displaced)
        )

    def influence(self, level: int) -> int:
        """Half-width of what the particle can have changed in one block of a level."""
        return self.allowance(level) + half_width(self.system.chain, self.duration(level))

    def radius(self, level: int) -> int:
        """Half-width of the window that lives through one block of ``level``."""
        return self.influence(level) + half_width(self.system.chain, self.duration(level)) + 1

    def window_size(self, level: int) -> int:
        """Masses in the window that lives through one block of the uppermost compiled level, or of one above it."""
        masses = 2 * self.radius(level) + 1
        return masses if level == self.near_levels else even_fast_length(masses)

    @property
    def memory(self) -> float:
        """Bytes of the compiled levels: their windows, kernels, tables of a block and work space."""
        chain, scheme = self.system.chain, SCHEMES[self.order]
        kicks = self.block * scheme.stages + 1
        # Stages may lie beside the block; twice its length covers the longest time between any two.
        width = half_width(chain, -2.0 * self.duration(0)) + 1
        kernels = sum(half_width(chain, self.duration(level)) for level in range(self.near_levels))
        windows = sum(self.radius(level + 1) for level in range(self.near_levels))
        sites = 2 * self.allowance(1) + 1
        return 64.0 * windows + 300.0 * kernels + width * kicks * (250.0 + 32.0 * scheme.stages) + 40.0 * sites * kicks

    def near_field(self) -> Any:
        """Return the compiled levels, stepping a window through one block of ``near_levels``."""
        from chaintheory_ext.light_cone import NearField

        chain, interaction = self.system.chain, self.system.interaction
        windows = []
        for level in range(self.near_levels):
            width = half_width(chain, self.duration(level))
            c, s, d = propagators(chain, [self.duration(level)], width)
            windows.append(
                {
                    "radius": self.radius(level + 1),
                    "halo": max(width, half_width(chain, self.duration(0))),
                    "width": width,
                    "paste": self.influence(level + 1),
                    "allowance": self.allowance(level + 1),
                    "blocks": RATIO,
                    "c": c[0],
                    "s": s[0],
                    "d": d[0],
                }
            )
        kind, coefficients = force_table(interaction, self.cutoff)
        return NearField(
            block_tables(chain, self.order, self.time_step, self.block),
            kind,
            coefficients,
            self.cutoff,
            self.system.mass,
            self.system.bias / chain.spacing,
            chain.spacing,
            windows,
            self.duration(0),
            self.speed_bound,
            self.displaced,
            self.displaced * chain.spacing + surplus_radius(interaction, self.cutoff),
        )


def speed_bound(system: SystemParameters, speed: float, duration: float) -> float:
    """Speed that a particle of ``speed`` should not exceed within ``duration``: by energy, and by the bias."""
    spacing = system.chain.spacing
    masses = np.arange(-64, 65) * spacing
    potential = max(float(np.abs(system.interaction.potential(masses + shift)).sum()) for shift in (0.0, 0.5 * spacing))
    gained = acceleration(system, abs(system.bias) / spacing) * duration
    bound = math.sqrt(squared_speed(system, speed, -2.0 * potential)) + gained
    # Rounded up to a coarse scale: few different plans, and they follow from the state.
    return math.exp2(math.ceil(4.0 * math.log2(max(bound, 1e-3 * spacing))) / 4.0)


@dataclass(frozen=True)
class LightCone:
    """State of a run between two blocks of the uppermost level; ``residual`` is what rounding left out of ``sigma``.

    In a chain at a temperature ``heat`` is its free motion and ``chain_state`` the response of the chain to the
    particle, which starts at rest: the two are superposed, as the chain is linear, and the particle feels the sum.
    ``dissipated`` is the energy that the damping has taken out of the chain.

    ``advanced`` makes the state after one more such block, so that an interrupt leaves this one whole. Plans depend on
    the state alone, so that a run resumed from a saved state continues to the last bit.
    """

    system: SystemParameters
    order: int
    time_step: float
    cutoff: float
    sigma: float
    q: float
    residual: float = 0.0
    dissipated: float = 0.0
    chain_state: ChainSegment = field(default_factory=lambda: ChainSegment(0, np.zeros((2, 0))))
    steps_done: int = 0
    lowest: int = 0
    highest: int = 0
    kicks_per_block: int = KICKS_PER_BLOCK
    max_bytes: float = math.inf
    on_progress: Callable[[int], None] | None = None
    heat: ThermalField | None = None
    _plans: dict[tuple[float, float], tuple[Plan, Any]] = field(default_factory=dict, repr=False)

    def speed_bound(self, duration: float) -> float:
        """Speed that the particle should not exceed within ``duration`` (checked, not trusted)."""
        return speed_bound(self.system, 2.0 * math.pi * abs(self.q), duration)

    def steps_at_once(self, steps: int) -> int:
        """Steps of the uppermost level's blocks in a run of ``steps``: the chain is whole between.

        A window as long as the chain itself would be of no use.
        """
        plan, _ = self.plan(self.speed_bound(steps * self.time_step))
        whole = 2 * half_width(self.system.chain, steps * self.time_step)
        level = plan.near_levels
        while 1.5 * plan.window_size(level + 1) < whole and plan.steps(level) < MOST_STEPS_AT_ONCE:
            level += 1
        return min(steps, plan.steps(level))

    def plan(self, speed_bound: float, displaced: float = DISPLACED) -> tuple[Plan, Any]:
        """Return the plan for bounds on the speed and the displacements, with its compiled levels."""
        key = speed_bound, displaced
        if key not in self._plans:
            plan = Plan(
                self.system, self.order, self.time_step, self.cutoff, speed_bound, self.kicks_per_block, displaced
            )
            self._refuse_bytes(plan.memory, speed_bound)
            self._plans[key] = (plan, plan.near_field())
        return self._plans[key]

    def _refuse_bytes(self, needed: float, speed_bound: float) -> None:
        """ValueError if what a bound on the speed asks for is more memory than allowed."""
        if not needed <= self.max_bytes:
            raise ValueError(
                f"speed may come up to {speed_bound:g} in this run, which needs about {needed / 2**20:.0f} MiB of "
                f"memory; allowed are {self.max_bytes / 2**20:.0f} MiB"
            )

    def with_chain(self, chain_state: ChainSegment) -> LightCone:
        """The same start in a chain that is not at rest."""
        last = chain_state.origin + chain_state.state.shape[1] - 1
        return replace(
            self, chain_state=chain_state, lowest=min(self.lowest, chain_state.origin), highest=max(self.highest, last)
        )

    @property
    def time(self) -> float:
        """Time since the start, in t_slow."""
        return self.steps_done * self.time_step

    def chain_energy(self) -> float:
        """Energy that the chain holds or has dissipated; at a temperature what it has gained, with no cancellation."""
        chain, response = self.system.chain, self.chain_state
        gained = response.energy(chain) + self.dissipated
        if self.heat is not None and response.state.any():
            reach = len(chain.couplings)
            heat = self.heat.window(self.time, response.origin - reach, response.state.shape[1] + 2 * reach)
            gained += response.energy_with(chain, heat)
        return gained

    def displaced(self, first: int, count: int) -> ChainSegment:
        """The masses from ``first`` on as they are: response and heat."""
        segment = self.chain_state.window(first, count)
        if self.heat is not None:
            segment.state += self.heat.window(self.time, first, count)
        return segment

    def whole_chain(self) -> ChainSegment:
        """All masses that are known to move: the response at a cold chain, the ring about the particle at a hot one."""
        if self.heat is None:
            return self.chain_state
        return self.displaced(round(self.sigma / self.system.chain.spacing) - self.heat.size // 2, self.heat.size)

    def without_progress(self) -> LightCone:
        """The same state, which reports no progress."""
        return replace(self, on_progress=None)

    def advanced(self, steps: int, records: Records) -> LightCone:
        """The state after so many more steps, each of which fills a row of the records; this one stays as it is."""
        duration = steps * self.time_step
        bound, displaced = self.speed_bound(duration), DISPLACED
        for _ in range(20):
            try:
                return self._attempt(steps, bound, displaced, records)
            except OutsideWindow:
                bound *= 2.0
            except DisplacedTooFar:
                displaced *= 4.0
        raise ValueError(
            f"the particle left every window near position {self.sigma!r}, "
            f"speed {2.0 * math.pi * self.q!r}: the time step cannot resolve its motion"
        )

    def _attempt(self, steps: int, bound: float, displaced: float, records: Records) -> LightCone:
        plan, near = self.plan(bound, displaced)
        chain, row = self.system.chain, self.steps_done + 1
        near.state = (self.sigma, self.residual, self.q, self.chain_energy())
        total = (self.steps_done + steps) * self.time_step
        travel = math.ceil((steps * self.time_step * bound + self.cutoff) / chain.spacing) + 2
        here = round(self.sigma / chain.spacing)
        lowest, highest = min(self.lowest, here - travel), max(self.highest, here + travel)
        cone = half_width(chain, total)
        self._refuse_bytes(plan.memory + BYTES_PER_MASS * (highest - lowest + 2.0 * cone), bound)
        segment = self.chain_state.window(lowest - cone, _coarse_length(highest - lowest + 2 * cone + 1))
        level = plan.near_levels
        while plan.steps(level) < steps:
            level += 1
        self._step_window(plan, near, segment, self._heat_around(plan, level), level + 1, steps, records, row)
        lowest, highest = self.extent(records.position[row : row + steps])
        sigma, residual, q, absorbed = near.state
        return replace(
            self,
            sigma=sigma,
            residual=residual,
            dissipated=absorbed - segment.energy(chain) if chain.damping else 0.0,
            q=q,
            chain_state=segment,
            steps_done=self.steps_done + steps,
            lowest=min(self.lowest, lowest),
            highest=max(self.highest, highest),
        )

    def _heat_around(self, plan: Plan, level: int) -> ChainSegment | None:
        """The heat in the window that lives through one block of ``level``."""
        if self.heat is None:
            return None
        size = plan.window_size(level)
        origin = round(self.sigma / self.system.chain.spacing) - size // 2
        return ChainSegment(origin, self.heat.window(self.time, origin, size))

    def extent(self, positions: Array) -> tuple[int, int]:
        """First and last mass that a particle at these positions may have kicked."""
        spacing = self.system.chain.spacing
        first = math.floor((float(positions.min()) - self.cutoff) / spacing) - 1
        return first, math.ceil((float(positions.max()) + self.cutoff) / spacing) + 1

    def _step_window(
        self,
        plan: Plan,
        near: Any,
        segment: ChainSegment,
        heat: ChainSegment | None,
        level: int,
        steps: int,
        records: Records,
        row: int,
    ) -> None:
        """Step a segment over at most one block of ``level``, in blocks of the level below."""
        chain = self.system.chain
        below = level - 1
        is_near = below == plan.near_levels
        size = plan.window_size(below)
        for start in range(0, steps, plan.steps(below)):
            part = min(plan.steps(below), steps - start)
            sigma = near.state[0]
            if not abs(sigma) < MOST_MASSES * chain.spacing:
                raise OutsideWindow
            centre = round(sigma / chain.spacing)
            window = segment.window(centre - size // 2, size)
            segment.flow(chain, part * self.time_step)
            warm = None if heat is None else heat.window(window.origin, size)
            if is_near:
                self._step_compiled_window(plan, near, window, warm, part, records, row + start)
            else:
                self._step_window(plan, near, window, warm, below, part, records, row + start)
            if heat is not None and start + part < steps:
                heat.flow(chain, part * self.time_step)
            segment.paste(window, centre, plan.influence(below))

    def _step_compiled_window(
        self,
        plan: Plan,
        near: Any,
        window: ChainSegment,
        heat: ChainSegment | None,
        steps: int,
        records: Records,
        row: int,
    ) -> None:
        """Step the uppermost compiled window over at most one of its blocks."""
        from chaintheory_ext.light_cone import OUTSIDE

        blocks, rest = divmod(steps, plan.block)
        kernels = rest_kernels(plan, rest) if rest else None
        warm = None if heat is None else heat.state
        status = near.advance(window.state, window.origin, blocks, rest, *records.rows(row, row + steps), kernels, warm)
        if status:
            raise OutsideWindow if status == OUTSIDE else DisplacedTooFar
        if self.on_progress is not None:
            self.on_progress(steps)


@lru_cache(maxsize=64)
def _rest_kernels(chain: ChainParameters, duration: float, longest: float) -> Array:
    return np.concatenate(propagators(chain, [duration], half_width(chain, longest)))


def rest_kernels(plan: Plan, steps: int) -> Array:
    """Kernels C, S, D of a block cut short, as wide as those of a whole one."""
    return _rest_kernels(plan.system.chain, steps * plan.time_step, plan.duration(0))
