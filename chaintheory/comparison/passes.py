"""Passes of a particle, one or many: what simulation gives and what theory expects of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.static_lattice import RigidLatticeMotion
from chaintheory.lattice.rigid_lattice import lattice_barrier
from chaintheory.system import System

if TYPE_CHECKING:
    from chaintheory.drift.resonances import ResonantSpeed
    from chaintheory.simulation.record import Trajectory

Array = NDArray[np.float64]


def single_pass_loss(system: System, speed: float, **options: Any) -> float:
    """Return the energy that the chain keeps when the particle has passed one mass at ``speed``.

    The particle starts midway between masses with no bias. The energy is the chain's own at the end
    of a run, a sum of squares, so that small losses are not differences of large numbers.
    ``options`` go to `System.simulate`. ValueError if the particle does not come through.
    """
    spacing = system.chain.spacing
    free = System(system.chain, system.interaction, system.mass, bias=0.0)
    # Slow particles take longer than the free transit; three of them are ample unless caught.
    start = {"position": 0.5 * spacing, "speed": speed, **options}
    passes = free.simulate(duration=3.0 * spacing / speed, **start).passes
    if not passes.size or passes["position"][0] != 1.5 * spacing:
        raise ValueError(f"speed must carry the particle past the mass, got {speed!r}")
    return float(free.simulate(duration=float(passes["time"][0]), **start).chain_energy[-1])


def mean_speeds(run: Trajectory) -> tuple[Array, Array]:
    """Return, for each transit from midpoint to midpoint, its middle time and its mean speed."""
    crossings = run.crossings
    duration = np.diff(crossings["time"])
    distance = np.abs(np.diff(crossings["position"]))
    middle = 0.5 * (crossings["time"][1:] + crossings["time"][:-1])
    return middle, distance / duration


def pass_by_pass(
    system: System, midway: float, duration: float, loss: Callable[[float], float] | None = None
) -> tuple[Array, Array, Array]:
    """Return what theory says of a run: times, speeds midway between masses, and mean speeds.

    In each pass the particle gains the bias and loses the mean dissipation at the mean speed of its motion through the
    rigid lattice: ``loss``, or Eq. 10, which takes the motion in a pass as uniform. It ends early where the particle
    would be caught. The steady state is assumed to have built up.
    """
    loss = loss or (lambda mean: float(system.mean_dissipation(mean)))
    time, energy = 0.0, float(system.kinetic_energy(midway))
    barrier = lattice_barrier(system)
    rows = []
    while time < duration and energy > barrier:
        midway = system.speed_of_energy(energy)
        mean = RigidLatticeMotion(system, midway, lattice=True).mean_speed
        rows.append((time, midway, mean))
        time += system.chain.spacing / mean
        energy += system.bias - loss(mean)
    times, speeds, means = np.array(rows).T
    return times, speeds, means


def exact_loss(system: System, resonance: ResonantSpeed, highest: float, nodes: int = 16) -> Callable[[float], float]:
    """Return the exact mean dissipation between a resonance of the lower edge and a speed, as an interpolation.

    It is a polynomial in sqrt(v - v_r), divided by that: so it rises beside a resonance.
    """
    low, high = 0.2, math.sqrt(highest - resonance.speed)
    root = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(math.pi * (np.arange(nodes) + 0.5) / nodes)
    losses = system.mean_dissipation(resonance.speed + root**2, approximation="travelling-wave")
    fit = np.polynomial.Chebyshev.fit(root, losses * root, nodes - 1, domain=[low, high])

    def loss(speed: float) -> float:
        u = math.sqrt(speed - resonance.speed)
        return float(fit(u)) / u

    return loss
