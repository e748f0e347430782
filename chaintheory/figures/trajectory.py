"""One run of the paper's Fig. 4 beside theory: extreme and mean speeds, and where they lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.crosscheck import speed_extrema
from chaintheory.figures import style
from chaintheory.interactions import Gaussian
from chaintheory.model import Chain, System
from chaintheory.orbit import mean_speed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "A biased run beside theory"
CAPTION = """A repelled particle started at speed 50 under the bias 0.01 (amplitude 2, width 4,
spacing 40, tau = 800). Circles: largest speed of every eighth pass; line: mean speed over a pass.
Dashed: locked drift velocities of Eq. (10), which the mean speed must meet; dotted: the largest speed that
belongs to them on the orbit in the rigid lattice. Dash-dotted: the capture speed."""

QUICK, FULL = 200.0, 800.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Simulate the run and return its speeds per pass with the predicted ones."""
    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
    run = system.simulate(position=220.0, speed=50.0, duration=QUICK if quick else FULL)
    times, speeds = speed_extrema(run.time, run.position, maxima=True)
    crossing = run.passes["time"]
    mean = system.chain.spacing / np.diff(crossing)
    locked = [v for v in system.drift_velocities(15.0, 55.0) if v.kind == "locked"]
    return {
        "duration": float(run.time[-1]),
        "extreme": {"time": times, "speed": speeds},
        "mean": {"time": 0.5 * (crossing[1:] + crossing[:-1]), "speed": mean},
        "capture_speed": system.capture_speed,
        "locked": [
            {"mean_speed": float(v.speed), "extreme_speed": extreme_speed(system, float(v.speed))}
            for v in locked
        ],
        "final_mean_speed": float(np.mean(mean[-20:])),
        "final_extreme_speed": float(np.mean(speeds[-20:])),
    }


def extreme_speed(system: System, mean: float) -> float:
    """Return the speed midway between masses of the rigid-lattice orbit whose mean is ``mean``."""
    from scipy.optimize import brentq

    highest = 2.0 * mean + system.capture_speed
    lowest = max(system.capture_speed * (1.0 + 1e-9), 1e-3 * mean)
    return float(brentq(lambda speed: mean_speed(system, speed) - mean, lowest, highest))


def draw(numbers: dict[str, Any]) -> Figure:
    """Draw the speeds per pass and the predicted ones."""
    figure, axes = style.new(0.72)
    for at, one in enumerate(numbers["locked"]):
        axes.axhline(one["mean_speed"], color=style.GREEN, ls="--", lw=0.8,
                     label=None if at else "locked mean speed")  # fmt: skip
        axes.axhline(one["extreme_speed"], color=style.VERMILLION, ls=":", lw=0.8,
                     label=None if at else "its largest speed")  # fmt: skip
    axes.axhline(numbers["capture_speed"], color=style.GREY, ls="-.", lw=0.8, label="capture speed")
    extreme, mean = numbers["extreme"], numbers["mean"]
    axes.plot(extreme["time"][::8], extreme["speed"][::8], "o", color=style.VERMILLION,
              markersize=2, label="largest speed")  # fmt: skip
    axes.plot(mean["time"], mean["speed"], color=style.BLUE, lw=0.9, label="mean speed")
    axes.set(xlabel=style.TIME, ylabel=style.SPEED, xlim=(0, numbers["duration"]), ylim=(10, 54))
    axes.legend(loc="lower left", ncols=2)
    return figure
