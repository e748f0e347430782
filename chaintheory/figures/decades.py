"""The same single-pass loss over 20 decades, with one amplitude."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.passes import single_pass_loss
from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Twenty decades of one loss"
CAPTION = """Energy lost in passing one mass at rest, from slow to fast with one amplitude (1e-10,
width 4, masses 160 apart so that the particle is out of reach at both ends). Above: Eq. (7) and
simulation. Below: how far the simulation lies from Eq. (7), with the deviation that the static-lattice approximation
expects because the interaction changes the speed (line). The chain's energy is a sum of squares,
so that small losses are not lost in a difference of large kinetic energies."""

AMPLITUDE, SPACING = 1e-10, 160.0
LOWEST, HIGHEST = 3.4, 20_000.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return Eq. 7 on a line and the simulated losses on points, with both deviations."""
    system = System(Chain(10.0, SPACING), Gaussian(AMPLITUDE, 4.0))
    speed = np.geomspace(LOWEST, HIGHEST, 60 if quick else 200)
    eq7 = system.single_pass_dissipation(speed)
    slow = speed[speed < 60.0]  # beyond, rounding drowns the expected deviation
    orbit = system.single_pass_dissipation(slow, approximation="static-lattice")
    points = np.geomspace(LOWEST, HIGHEST, 10 if quick else 30)
    simulated = np.array([single_pass_loss(system, float(v)) for v in points])
    return {
        "speed": speed,
        "eq7": eq7,
        "expected": {"speed": slow, "deviation": orbit / eq7[: slow.size] - 1.0},
        "points": {"speed": points, "loss": simulated},
        "deviation": simulated / system.single_pass_dissipation(points) - 1.0,
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the loss and the deviations."""
    figure, (above, below) = style.new(1.1, rows=2, sharex=True, height_ratios=(2.0, 1))
    points = numbers["points"]
    above.plot(numbers["speed"], numbers["eq7"], color=style.GREEN, label="Eq. (7)")
    above.plot(points["speed"], points["loss"], "o", color=style.BLUE, mfc="none", mew=0.7,
               label="simulated")  # fmt: skip
    above.set(ylabel=style.LOSS, xscale="log", yscale="log")
    above.legend(loc="lower right")
    expected = numbers["expected"]
    below.plot(expected["speed"], np.abs(expected["deviation"]), color=style.GREEN, lw=0.9,
               label="expected")  # fmt: skip
    below.plot(points["speed"], np.abs(numbers["deviation"]), "o", color=style.BLUE, mfc="none",
               mew=0.7, label="simulated")  # fmt: skip
    below.set(xlabel=style.SPEED, ylabel="relative deviation", yscale="log", ylim=(1e-14, 1e-4))
    below.legend(loc="upper right")
    return figure
