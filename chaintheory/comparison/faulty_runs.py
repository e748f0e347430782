"""Runs with a fault on purpose: a ring of few masses, an explicit chain with a plain integrator.

They are what `findings.py` lays beside data that leave our run. Energies of the chain are not recorded here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import sound_speed
from chaintheory.lattice.memory_kernel import half_width, ring_frequencies
from chaintheory.lattice.thermal_field import ThermalField
from chaintheory.parameters import SystemParameters, acceleration, refuse_damping
from chaintheory.simulation.force_table import cutoff_radius
from chaintheory.simulation.light_cone import (
    ChainSegment,
    LightCone,
    Plan,
    Records,
    rest_kernels,
    speed_bound,
)
from chaintheory.simulation.record import Trajectory, from_arrays
from chaintheory.simulation.settings import checked_run, cutoff_of

Array = NDArray[np.float64]

ORDER = 4
TWO_PI = 2.0 * math.pi


@dataclass(frozen=True)
class ShortPlan(Plan):
    """The windows of the light cone with one compiled level, which fits into a short ring."""

    @property
    def near_levels(self) -> int:
        """One."""
        return 1


def ring(
    system: SystemParameters, masses: int, position: float, speed: float, duration: float, time_step: float
) -> Trajectory:
    """A run in a ring of so many masses, at rest at the start, as the particle goes around it.

    The map of the light cone (order 4, exact propagation of the chain), whose uppermost level is the ring itself. A
    ring so short that a block of steps goes around it is integrated as a whole by SciPy's method of order 8.

    Raises
    ------
    ValueError
        A ring that the interaction goes around.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    >>> free = system.simulate(20.0, 50.0, 10.0).position[-1]
    >>> apart = [abs(ring(system, n, 20.0, 50.0, 10.0, 0.02).position[-1] - free) for n in (400, 100)]
    >>> bool(apart[0] < 1e-5 < apart[1])
    True
    """
    chain = system.chain
    cutoff = cutoff_of(system)
    steps = math.ceil(duration / time_step)
    bound = speed_bound(system, speed, duration)
    for kicks in (60, 30, 12, 6):
        plan = ShortPlan(system, ORDER, time_step, cutoff, bound, kicks)
        if 2 * plan.influence(1) < masses:
            break
    else:
        return short_ring(system, masses, position, speed, duration, time_step)
    near = plan.near_field()
    near.state = (position, 0.0, speed / TWO_PI, 0.0)
    records = Records.empty(steps + 1)
    records.position[0], records.velocity[0] = position, speed
    around = ChainSegment(0, np.zeros((2, masses)))
    size, paste = 2 * plan.radius(1) + 1, plan.influence(1)
    for first in range(0, steps, plan.steps(1)):
        part = min(plan.steps(1), steps - first)
        centre = round(near.state[0] / chain.spacing)
        origin = centre - size // 2
        window = np.ascontiguousarray(around.state[:, np.arange(origin, origin + size) % masses])
        around.flow(chain, part * time_step)
        blocks, rest = divmod(part, plan.block)
        kernels = rest_kernels(plan, rest) if rest else None
        if near.advance(window, origin, blocks, rest, *records.rows(first + 1, first + part + 1), kernels):
            raise ValueError(f"speed must stay below {bound:g} in a ring of {masses} masses")
        chosen = np.arange(centre - paste, centre + paste + 1)
        around.state[:, chosen % masses] = window[:, chosen - origin]
    time = time_step * np.arange(steps + 1)
    return from_arrays(system, time, records.position, records.velocity, None)


def short_ring(
    system: SystemParameters, masses: int, position: float, speed: float, duration: float, time_step: float
) -> Trajectory:
    """``ring`` for few masses: all equations of motion at once, by SciPy's DOP853 to 1e-11 of a spacing.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(3.0, 40.0), ct.Gaussian(2.0, 4.0))
    >>> one, other = (made(system, 60, 20.0, 50.0, 6.0, 0.02) for made in (ring, short_ring))
    >>> bool(abs(one.position - other.position).max() < 1e-7)
    True
    """
    from scipy.integrate import solve_ivp

    chain, spacing = system.chain, system.chain.spacing
    cutoff = cutoff_radius(system.interaction, cutoff_of(system), 1e-12)
    around = math.ceil(cutoff / spacing) + 1
    if masses <= 2 * around + 1:
        raise ValueError(f"masses must be more than {2 * around + 1}, got {masses}")
    slope, offsets, friction = _fast_slope(system, cutoff), np.arange(-around, around + 1), TWO_PI * chain.damping
    own, drive, square = acceleration(system, 1.0), acceleration(system, system.bias / spacing), TWO_PI * TWO_PI

    def rates(_: float, state: Array) -> Array:
        """Velocities and accelerations of masses and particle."""
        u, x = state[:masses], state[-2]
        near = round(x / spacing) + offsets
        pull = slope(spacing * near + u[near % masses] - x)
        out = np.empty_like(state)
        out[:masses], out[-2] = state[masses:-2], state[-1]
        force = -chain.confinement * u
        for reach, coupling in enumerate(chain.couplings, 1):
            force += coupling * (np.roll(u, reach) + np.roll(u, -reach) - 2.0 * u)
        force[near % masses] -= pull
        out[masses:-2] = square * force - friction * state[masses:-2]
        out[-1] = drive + own * float(pull.sum())
        return out

    start = np.concatenate([np.zeros(2 * masses), [position, speed]])
    time = time_step * np.arange(math.ceil(duration / time_step) + 1)
    found = solve_ivp(rates, (0.0, time[-1]), start, "DOP853", time, rtol=1e-11, atol=1e-11 * spacing)
    return from_arrays(system, time, found.y[-2], found.y[-1], None)


def forgetful(
    system: SystemParameters, position: float, speed: float, duration: float, *, memory: float, heat_ring: int,
    temperature: float, sampling: str = "quantum", seed: int = 0,
) -> Trajectory:  # fmt: skip
    """A hot run whose memory kernel is cut off: what kicks did to the chain is taken out of it after some time.

    Kicks are forgotten in portions of one time unit, after ``memory`` less half a unit to ``memory`` and half a unit.
    The heat is that of a ring of so many masses. Energies of the chain are not recorded.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    >>> heat = {"temperature": 0.0, "sampling": "classical", "heat_ring": 64}
    >>> exact = system.simulate(20.0, 50.0, 8.0).at(8.0)[0]
    >>> apart = [abs(forgetful(system, 20.0, 50.0, 8.0, memory=m, **heat).position[-1] - exact) for m in (9.0, 2.0)]
    >>> bool(apart[0] < 1e-6 < apart[1])
    True
    """
    run = checked_run(system, position, speed, duration, temperature=temperature, sampling=sampling, seed=seed)
    chain, step = system.chain, run.time_step
    portion = round(1.0 / step)
    kept = max(1, round((memory - 0.5) / (portion * step)))
    field = ThermalField.sampled(chain, temperature, sampling, seed, -(heat_ring // 2), heat_ring)
    omega = ring_frequencies(chain, heat_ring).astype(np.float64)
    turn, rise = np.cos(TWO_PI * portion * step * omega), np.sin(TWO_PI * portion * step * omega)
    reach = half_width(chain, (kept + 2) * portion * step) + 2
    state = LightCone(
        system, run.order, step, run.cutoff, position, speed / TWO_PI, max_bytes=run.max_bytes, heat=field
    ).with_chain(ChainSegment(round(position / chain.spacing), np.zeros((2, 1))))
    records, own = Records.empty(run.steps + 1), []
    records.position[0], records.velocity[0] = position, speed
    for first in range(0, run.steps, portion):
        part = min(portion, run.steps - first)
        before, rows = state.chain_state, Records(*records.rows(first, first + part + 1))
        after = state.advanced(part, rows)
        centre, size = round(after.sigma / chain.spacing), 2 * reach + 1
        response = after.chain_state.window(centre - reach, size)
        old = before.window(after.chain_state.origin, after.chain_state.state.shape[1])
        old.flow(chain, part * step)
        kicked = old.window(response.origin, size)
        own.append(ChainSegment(response.origin, response.state - kicked.state))
        if len(own) > kept:
            forgotten = own.pop(0).window(response.origin - reach, size + 2 * reach)
            forgotten.flow(chain, kept * portion * step)
            response.state -= forgotten.window(response.origin, size).state
        u, p = field.spectrum
        field = replace(field, spectrum=np.stack((turn * u + rise / omega * p, turn * p - omega * rise * u)))
        state = replace(
            after, chain_state=response, steps_done=0, lowest=response.origin, highest=centre + reach, heat=field
        )
    return from_arrays(system, step * np.arange(run.steps + 1), records.position, records.velocity, None)


def explicit_chain(
    system: SystemParameters, scheme: str, position: float, speed: float, duration: float, time_step: float
) -> Trajectory:
    """A chain whose springs are integrated with a plain scheme too: long enough that no echo returns.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(3.0, 40.0), ct.Gaussian(2.0, 4.0))
    >>> ours = system.simulate(20.0, 50.0, 5.0).at(4.0)[0]
    >>> apart = [abs(explicit_chain(system, "Verlet", 20.0, 50.0, 4.0, h).position[-1] - ours) for h in (0.02, 0.01)]
    >>> round(float(apart[0] / apart[1]), 1)  # order 2
    4.0
    """
    chain, spacing = system.chain, system.chain.spacing
    steps = math.ceil(duration / time_step)
    cutoff = cutoff_radius(system.interaction, cutoff_of(system), 1e-12)
    around = math.ceil(cutoff / spacing) + 1
    refuse_damping(chain, "a plain integrator of the explicit chain")
    springs = list(enumerate(chain.couplings, 1))
    stiffness, farthest = chain.confinement + 2.0 * sum(chain.couplings), len(springs) or 1
    side = math.ceil(sound_speed(chain) / spacing * duration) + 30 + around
    travel = math.ceil((abs(speed) + 1.0) * 1.5 * duration / spacing) + 1
    first = round(position / spacing) - side - (travel if speed < 0.0 else 0)
    masses = 2 * side + travel
    slope = _fast_slope(system, cutoff)
    own, drive = acceleration(system, 1.0), acceleration(system, system.bias / spacing)
    offsets = np.arange(-around, around + 1)
    places = spacing * (first + np.arange(masses))

    def forces(x: float, u: Array, low: int, high: int, out: Array) -> float:
        """Fill the accelerations of the masses low .. high - 1 and return that of the particle."""
        np.multiply(u[low:high], -stiffness, out=out[low:high])
        for reach, coupling in springs:
            out[low:high] += coupling * u[low - reach : high - reach]
            out[low:high] += coupling * u[low + reach : high + reach]
        near = round(x / spacing) - first + offsets
        pull = slope(places[near] + u[near] - x)
        out[near] -= pull
        return drive + own * float(pull.sum())

    # Times in t_slow: a mass has the acceleration (2 pi)^2 times the force, velocities are du/dtau.
    square = TWO_PI * TWO_PI
    u, v, a = np.zeros(masses), np.zeros(masses), np.zeros(masses)
    x, speed_now = position, speed
    xs, vs = np.empty(steps + 1), np.empty(steps + 1)
    xs[0], vs[0] = x, speed_now
    here, reach = round(position / spacing) - first, sound_speed(chain) / spacing
    low, high = farthest, masses - farthest

    def span(step: int, now: float) -> tuple[int, int]:
        """The masses that anything can have reached by a step."""
        out = around + 30 + math.ceil(reach * step * time_step)
        place = round(now / spacing) - first
        return max(farthest, min(here, place) - out), min(masses - farthest, max(here, place) + out)

    force = forces(x, u, *span(0, x), a)
    for step in range(1, steps + 1):
        low, high = span(step, x)
        cut = slice(low, high)
        if scheme == "Verlet":
            v[cut] += (0.5 * time_step * square) * a[cut]
            speed_now += 0.5 * time_step * force
            u[cut] += time_step * v[cut]
            x += time_step * speed_now
            force = forces(x, u, low, high, a)
            v[cut] += (0.5 * time_step * square) * a[cut]
            speed_now += 0.5 * time_step * force
        elif scheme == "symplectic Euler":
            force = forces(x, u, low, high, a)
            v[cut] += (time_step * square) * a[cut]
            speed_now += time_step * force
            u[cut] += time_step * v[cut]
            x += time_step * speed_now
        else:
            x, speed_now = _runge_kutta(forces, u, v, x, speed_now, low, high, time_step)
        xs[step], vs[step] = x, speed_now
    return from_arrays(system, time_step * np.arange(steps + 1), xs, vs, None)


def _runge_kutta(
    forces: Callable[..., float], u: Array, v: Array, x: float, w: float, low: int, high: int, h: float
) -> tuple[float, float]:
    """One step of the classical Runge-Kutta method of order 4, in place; the particle's position and velocity."""
    square = TWO_PI * TWO_PI
    rates: list[tuple[Array, Array, float, float]] = []
    for weight in (0.0, 0.5 * h, 0.5 * h, h):
        a = np.zeros_like(u)
        if not rates:
            u1, v1, x1, w1 = u, v, x, w
        else:
            du, dv, dx, dw = rates[-1]
            u1, v1, x1, w1 = u + weight * du, v + weight * dv, x + weight * dx, w + weight * dw
        force = forces(x1, u1, low, high, a)
        rates.append((v1.copy(), square * a, w1, force))
    for weight, (du, dv, dx, dw) in zip((h / 6, h / 3, h / 3, h / 6), rates, strict=True):
        u += weight * du
        v += weight * dv
        x, w = x + weight * dx, w + weight * dw
    return x, w


def _fast_slope(system: SystemParameters, cutoff: float) -> Callable[[Array], Array]:
    """The slope of the interaction within the cutoff radius, by a cubic spline through many points."""
    from scipy.interpolate import CubicSpline

    grid = np.linspace(-cutoff, cutoff, 2 * math.ceil(400.0 * cutoff / system.interaction.width) + 1)
    spline: Any = CubicSpline(grid, system.interaction.slope(grid))

    def slope(r: Array) -> Array:
        return np.where(np.abs(r) < cutoff, spline(np.clip(r, -cutoff, cutoff)), 0.0)

    return slope
