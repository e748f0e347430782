"""The particle's speed in passing a mass: simulation beside the motion past a mass at rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.parameters import squared_speed
from chaintheory.system import Chain, System

TITLE = "Speed over a pass"
CAPTION = """Speed of the particle in passing one mass of a chain at rest, started midway at speed
50 (amplitude 20 and -20, width 4). Symbols: simulated; lines: static-lattice approximation, past a mass at rest,
v(u)^2 = v^2 - 8 pi^2 Phi(u)/mu. The mass gives way, so that the simulated curves are not even about
its place, and both particles leave slower than they came."""

SPEED, AMPLITUDE = 50.0, 20.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return place and speed over the pass, simulated and past a mass at rest, for both signs."""
    numbers = {}
    for name, sign in (("repulsive", 1.0), ("attractive", -1.0)):
        system = System(Chain(10.0, 40.0), Gaussian(sign * AMPLITUDE, 4.0))
        run = system.simulate(position=20.0, speed=SPEED, duration=1.0, steps_per_fast_period=60)
        over = run.position <= 60.0
        place = run.position[over] - 40.0
        energy = system.interaction.potential(place)
        numbers[name] = {
            "place": place,
            "speed": run.speed[over],
            "rigid": np.sqrt(squared_speed(system, SPEED, energy)),
        }
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the two passes."""
    figure, axes = style.new(0.72)
    for name, look in (("attractive", style.ATTRACTIVE), ("repulsive", style.REPULSIVE)):
        one = numbers[name]
        axes.plot(one["place"], one["rigid"], color=look["color"], lw=0.9)
        axes.plot(one["place"][::9], one["speed"][::9], ls="", mfc="none", mew=0.7, label=name,
                  **look)  # fmt: skip
    axes.plot([], [], color=style.GREY, lw=0.9, label="mass at rest")
    axes.set(xlabel=r"distance from the mass at rest $u$ $(l_\mathrm{slow})$", ylabel=style.SPEED)
    axes.set(xlim=(-20, 20), ylim=(27, 74))
    axes.legend(loc="upper right")
    return figure
