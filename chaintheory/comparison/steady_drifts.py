"""Exact drift velocities beside runs: each stable one kept for long, its relaxation, and what unlocks a locked one.

A run starts on the wave, particle and chain (on_the_wave.py), so that it has no transient, or with the particle's speed
changed by a part in a million, so that it relaxes at the rate that the determinant of the perturbations has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.on_the_wave import start_on_wave
from chaintheory.drift.continuation import Point
from chaintheory.drift.drag_curve import SteadyDrift
from chaintheory.system import System

if TYPE_CHECKING:
    from chaintheory.system import Trajectory

Array = NDArray[np.float64]

KICK = 1e-6  # of the particle's speed: what relaxes is far above rounding and far below what is not linear
SPARE = 1.02  # the chain is in motion somewhat farther away than the run can feel
LEAST_DECAY = 0.3  # exponent of the relaxation over a run, below which it is not measured
LONGEST_DECAY = 4.0  # exponent up to which it is followed
SETTLED = 0.25  # part of the relaxation that other modes, which a kick excites as well, are given to decay


@dataclass(frozen=True)
class Followed:
    """An exact drift velocity beside the run that starts on it.

    Attributes
    ----------
    drift
        What theory says.
    simulated
        Mean speed over the second half of the run, in l_slow/t_slow.
    simulated_rate
        Rate (1/t_slow, negative) at which a changed speed relaxes in a second run; nan where the slow mode decays by
        less than a quarter in the duration, as where a locked drift fills the wave in step with it.
    """

    drift: SteadyDrift
    simulated: float
    simulated_rate: float

    @property
    def deviation(self) -> float:
        """Relative deviation of the simulated mean speed."""
        return self.simulated / self.drift.speed - 1.0

    @property
    def rate(self) -> float:
        """The rate of the slow mode, 1/t_slow; nan where there is none."""
        return self.drift.growth


def follow(system: System, drift: SteadyDrift, duration: float = 20000.0) -> Followed:
    """Run a steady drift of the system from its own wave, and once more with the speed changed.

    A run to 20,000 takes some ten seconds.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    >>> drift, = system.drift_velocities(159.4, 159.6, approximation="travelling-wave")
    >>> abs(follow(system, drift, duration=20.0).deviation) < 1e-11
    True
    """
    run = from_wave(system, drift.point, duration)
    kept = Followed(drift, mean_speed(run), math.nan)
    decay = -kept.rate * duration
    if not decay > LEAST_DECAY:
        return kept
    kicked = from_wave(system, drift.point, duration * min(1.0, LONGEST_DECAY / decay), kick=KICK)
    time, left = deviations(kicked, drift.speed)
    late = time > SETTLED * time[-1]
    return Followed(drift, kept.simulated, float(np.polyfit(time[late], np.log(np.abs(left[late])), 1)[0]))


def from_wave(system: System, point: Point, duration: float, kick: float = 0.0) -> Trajectory:
    """A run of the system that starts on a steady drift, with the particle's speed changed by a part ``kick``."""
    start = start_on_wave(point.equations, point.unknowns, SPARE * duration)
    return system.simulate(duration=duration, **{**start, "speed": (1.0 + kick) * start["speed"]})


def mean_speed(run: Trajectory) -> float:
    """Mean speed over the second half of a run, from midpoint to midpoint, in l_slow/t_slow."""
    crossings = run.crossings
    first = crossings.size // 2
    distance = abs(float(crossings["position"][-1] - crossings["position"][first]))
    return distance / float(crossings["time"][-1] - crossings["time"][first])


def deviations(run: Trajectory, speed: float) -> tuple[Array, Array]:
    """Times in the middle of each transit, and the relative deviation of its mean speed from a speed."""
    time = run.crossings["time"]
    spacing = run.system.chain.spacing
    return 0.5 * (time[1:] + time[:-1]), spacing / (np.diff(time) * speed) - 1.0


def stable_drifts(system: System, lowest: float, highest: float, duration: float = 20000.0) -> list[Followed]:
    """Every stable exact drift velocity between two speeds beside its runs; minutes."""
    found = system.drift_velocities(lowest, highest, approximation="travelling-wave")
    return [follow(system, drift, duration) for drift in found if drift.kind in ("locked", "stable")]
