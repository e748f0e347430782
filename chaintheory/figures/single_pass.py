"""Energy lost in passing one mass at rest: Eq. 7 and simulation, both signs (paper's Fig. 3)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chaintheory.comparison.passes import single_pass_loss
from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Single pass: theory and simulation"
CAPTION = """Energy lost by the particle in passing one mass of a chain at rest, against its speed:
(a) slow, (b) fast. Lines: Eq. (7). Crosses: simulated, repulsive; bars, between them: simulated, attractive
(width 4, band top 10). Eq. (7) takes the speed as constant, so that points part from the lines
where the interaction changes the speed; repulsive points begin at the capture speed."""

# Panel: amplitudes, speeds, points along each curve.
PANELS = {
    "slow": ((0.1, 0.5, 1.0, 10.0), (7.0, 80.0), 37),
    "fast": ((20.0, 30.0, 40.0, 50.0), (100.0, 1250.0), 24),
}
QUICK_POINTS = 10


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return for each panel and amplitude the curve and the simulated points of both signs."""
    panels = {}
    for name, (amplitudes, (lowest, highest), points) in PANELS.items():
        count = QUICK_POINTS if quick else points
        panels[name] = [curve(amplitude, lowest, highest, count) for amplitude in amplitudes]
    return panels


def curve(amplitude: float, lowest: float, highest: float, points: int) -> dict[str, Any]:
    """Return one curve of Eq. 7 and its simulated points, both signs."""
    repulsive = System(Chain(10.0, 40.0), Gaussian(amplitude, 4.0))
    attractive = System(Chain(10.0, 40.0), Gaussian(-amplitude, 4.0))
    speed = np.linspace(lowest, highest, 200)
    # A repelled particle slower than this is thrown back.
    slowest = max(lowest, math.ceil(repulsive.capture_speed))
    return {
        "amplitude": amplitude,
        "speed": speed,
        "eq7": repulsive.single_pass_dissipation(speed),
        "repulsive": simulated(repulsive, np.linspace(slowest, highest, points)),
        # Between the others, so that neither sign hides the other.
        "attractive": simulated(attractive, lowest + (highest - lowest) * (np.arange(points) + 0.5) / points),
    }


def simulated(system: System, speeds: np.ndarray) -> dict[str, Any]:
    """Return the loss simulated at each speed beside that of Eq. 7."""
    return {
        "speed": speeds,
        "loss": [single_pass_loss(system, float(speed)) for speed in speeds],
        "eq7": system.single_pass_dissipation(speeds),
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the curves and points of both panels."""
    figure, panels = style.new(1.55, rows=2)
    for axes, name, text in zip(panels, ("slow", "fast"), ("(a) slow", "(b) fast"), strict=True):
        for one, colour in zip(numbers[name], style.CYCLE, strict=False):
            axes.plot(one["speed"], one["eq7"], color=colour)
            # Each curve is named at its end, so that colours need not be told apart.
            axes.annotate(f"{one['amplitude']:g}", (1.0, one["eq7"][-1]), (3, 0), xycoords=("axes fraction", "data"),
                          textcoords="offset points", va="center", fontsize=7, color=colour)  # fmt: skip
            for sign, marker in (("repulsive", "x"), ("attractive", "|")):
                points = one[sign]
                axes.plot(points["speed"], points["loss"], marker, color=colour, mew=0.8)
        axes.annotate(
            r"$|\Phi_0|$", (1.0, 1.0), (3, 3), xycoords="axes fraction", textcoords="offset points", fontsize=8
        )
        axes.plot([], [], color="k", label="Eq. (7)")
        axes.plot([], [], "x", color="k", mew=0.8, label=r"simulated, $+\Phi_0$")
        axes.plot([], [], "|", color="k", mew=0.8, label=r"simulated, $-\Phi_0$")
        axes.set(xlabel=style.SPEED, ylabel=style.LOSS, yscale="log")
        style.label(axes, text)
    panels[0].set(xlim=(0, 82), ylim=(1e-8, 10))
    panels[0].legend(loc="lower right")
    panels[1].set(xlim=(60, 1290))
    panels[1].legend(loc="upper right")
    return figure
