"""Energy lost in passing one mass at rest: Eq. 7 and simulation, both signs (paper's Fig. 3a)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.figures import style
from chaintheory.interactions import Gaussian
from chaintheory.model import Chain, System
from chaintheory.passes import single_pass_loss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Single pass: theory and simulation"
CAPTION = """Energy lost by the particle in passing one mass of a chain at rest, against its speed.
Lines: Eq. (7). Crosses: simulated, repulsive; bars: simulated, attractive (width 4, band top 10).
Eq. (7) takes the speed as constant, so that points part from the lines where the interaction
changes the speed; repulsive points begin at the capture speed."""

AMPLITUDES = (0.1, 0.5, 1.0, 10.0)
LOWEST, HIGHEST = 7.5, 80.0
POINTS = 10


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the curves and, for each amplitude and sign, the simulated points."""
    speed = np.linspace(LOWEST, HIGHEST, 200)
    curves = []
    for amplitude in AMPLITUDES:
        repulsive = System(Chain(10.0, 40.0), Gaussian(amplitude, 4.0))
        attractive = System(Chain(10.0, 40.0), Gaussian(-amplitude, 4.0))
        # A particle that is slower than this is caught or thrown back.
        slowest = max(LOWEST, math.ceil(repulsive.capture_speed))
        curves.append(
            {
                "amplitude": amplitude,
                "speed": speed,
                "eq7": repulsive.single_pass_dissipation(speed),
                "repulsive": simulated(repulsive, slowest),
                "attractive": simulated(attractive, LOWEST),
            }
        )
    return {"curves": curves}


def simulated(system: System, slowest: float) -> dict[str, Any]:
    """Return speeds from ``slowest`` up, the loss simulated at each, and that of Eq. 7."""
    speeds = np.linspace(slowest, HIGHEST, POINTS)
    return {
        "speed": speeds,
        "loss": [single_pass_loss(system, float(speed)) for speed in speeds],
        "eq7": system.single_pass_dissipation(speeds),
    }


def draw(numbers: dict[str, Any]) -> Figure:
    """Draw the curves and points."""
    figure, axes = style.new(0.85)
    for curve, colour in zip(numbers["curves"], style.CYCLE, strict=False):
        axes.plot(
            curve["speed"], curve["eq7"], color=colour, label=f"$\\Phi_0 = {curve['amplitude']:g}$"
        )
        for sign, marker in (("repulsive", "x"), ("attractive", "_")):
            points = curve[sign]
            axes.plot(points["speed"], points["loss"], marker, color=colour, markersize=5)
    axes.plot([], [], "x", color="k", label=r"simulated, $+\Phi_0$")
    axes.plot([], [], "_", color="k", label=r"simulated, $-\Phi_0$")
    axes.set(xlabel=style.SPEED, ylabel=style.LOSS, yscale="log", xlim=(0, 82), ylim=(1e-8, 10))
    axes.legend(loc="lower right", ncols=2)
    return figure
