"""Single pass at the paper's amplitude 2 for both signs, where Eq. 7 knows no sign."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.figures import style
from chaintheory.figures.single_pass import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Single pass at amplitude 2, both signs"
CAPTION = """Energy lost in passing one mass at rest for amplitude 2 and -2 (width 4). Line: Eq.
(7), the same for both signs. Symbols: simulated. Dashed: the capture speed, sqrt(8 pi^2 Phi0/mu),
below which a repelled particle is thrown back (the paper's caption lacks the root)."""

AMPLITUDE, HIGHEST = 2.0, 60.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return Eq. 7 and the points of both signs."""
    step = 2.0 if quick else 0.5
    repulsive = System(Chain(10.0, 40.0), Gaussian(AMPLITUDE, 4.0))
    attractive = System(Chain(10.0, 40.0), Gaussian(-AMPLITUDE, 4.0))
    capture = repulsive.capture_speed
    speed = np.linspace(1.0, HIGHEST, 300)
    return {
        "capture_speed": capture,
        "speed": speed,
        "eq7": repulsive.single_pass_dissipation(speed),
        "repulsive": simulated(repulsive, np.arange(math.ceil(capture), HIGHEST, step)),
        "attractive": simulated(attractive, np.arange(2.0, HIGHEST, step)),
    }


def draw(numbers: dict[str, Any]) -> Figure:
    """Draw the line, the points and the capture speed."""
    figure, axes = style.new(0.72)
    axes.axvline(numbers["capture_speed"], color=style.GREY, ls="--", lw=0.8, label="capture speed")
    axes.plot(numbers["speed"], numbers["eq7"], color=style.GREEN, label="Eq. (7)")
    for name, look in (("repulsive", style.REPULSIVE), ("attractive", style.ATTRACTIVE)):
        axes.plot(numbers[name]["speed"], numbers[name]["loss"], ls="", mfc="none", mew=0.7,
                  markersize=2.5, label=name, **look)  # fmt: skip
    axes.set(xlabel=style.SPEED, ylabel=style.LOSS, xlim=(0, HIGHEST), ylim=(0, 0.03))
    axes.legend(loc="lower right", labelspacing=0.3, borderaxespad=0.2)
    return figure
