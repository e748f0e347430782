"""The static lattice against Eq. 7 and simulation, for both signs: what Eq. 7 cannot know."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.passes import single_pass_loss
from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "The static-lattice approximation splits the signs"
CAPTION = """Single-pass loss at amplitude 2 and -2 (width 4). Grey: Eq. (7), which takes the speed as constant and
knows no sign. Coloured lines: the static-lattice approximation, the same force integral along the motion past a mass
that is held. Symbols: simulated. Dashed: the capture speed, sqrt(8 pi^2 Phi0/mu), below which a repelled particle is
thrown back (the paper's caption lacks the root). Below, the deviation of both theories from the simulation: open
symbols Eq. (7), filled symbols static lattice."""

AMPLITUDE = 2.0
# Repelled particles pass above the capture speed of 12.57; the highest speed of the plot.
RANGES = {"repulsive": (1.0, 13.5, 60.0), "attractive": (-1.0, 4.0, 60.0)}


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return curves and points of both signs, with the relative deviations."""
    numbers: dict[str, Any] = {}
    for name, (sign, lowest, highest) in RANGES.items():
        system = System(Chain(10.0, 40.0), Gaussian(sign * AMPLITUDE, 4.0))
        # Close together at the slow end, where the curve bends.
        speed = lowest + (highest - lowest) * np.linspace(0.0, 1.0, 16 if quick else 160) ** 2
        points = np.linspace(lowest + 0.5, highest, 5 if quick else 30)
        loss = np.array([single_pass_loss(system, float(v)) for v in points])
        orbit = system.single_pass_dissipation(points, approximation="static-lattice")
        numbers[name] = {
            "curve": {
                "speed": speed,
                "orbit": system.single_pass_dissipation(speed, approximation="static-lattice"),
            },
            "points": {"speed": points, "loss": loss},
            "deviation_eq7": system.single_pass_dissipation(points) / loss - 1.0,
            "deviation_orbit": orbit / loss - 1.0,
        }
    speed = np.linspace(4.0, 60.0, 200)
    numbers["capture_speed"] = System(Chain(10.0, 40.0), Gaussian(AMPLITUDE, 4.0)).capture_speed
    numbers["eq7"] = {"speed": speed, "loss": system.single_pass_dissipation(speed)}
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the losses and the deviations."""
    figure, (above, below) = style.new(1.15, rows=2, sharex=True, height_ratios=(1.6, 1))
    above.axvline(numbers["capture_speed"], color=style.GREY, ls="--", lw=0.8, label="capture speed")
    above.plot(numbers["eq7"]["speed"], numbers["eq7"]["loss"], color=style.GREY, label="Eq. (7)")
    for name, look in (("repulsive", style.REPULSIVE), ("attractive", style.ATTRACTIVE)):
        one = numbers[name]
        points, colour = one["points"], look["color"]
        above.plot(one["curve"]["speed"], one["curve"]["orbit"], color=colour)
        above.plot(points["speed"], points["loss"], ls="", mfc="none", mew=0.7, **look)
        above.plot([], [], mfc="none", mew=0.7, label=name, **look)
        for key, filled in (("deviation_eq7", "none"), ("deviation_orbit", colour)):
            below.plot(points["speed"], np.abs(one[key]), ls="", mfc=filled, mew=0.7, ms=2.6, **look)
    above.set(ylabel=style.LOSS, ylim=(0, 0.03))
    above.legend(loc="lower right", labelspacing=0.3, borderaxespad=0.2)
    for text, filled in (("Eq. (7)", "none"), ("static lattice", style.GREY)):
        below.plot([], [], "o", color=style.GREY, mfc=filled, mew=0.7, ms=2.6, label=text)
    below.legend(loc="upper right", ncols=2)
    below.set(xlabel=style.SPEED, ylabel="relative deviation", yscale="log", xlim=(0, 61))
    return figure
