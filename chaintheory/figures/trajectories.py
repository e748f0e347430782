"""Trajectories of both signs over the motion of the chain, with the sound cone (paper's Fig. 2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Particle, chain and sound cone"
CAPTION = """A particle shot into a chain at rest with speed 120 (width 4). (a) Amplitude 20. Colours:
displacement of the masses (symmetric logarithmic scale); black: the particle; dashed: sound cone of
its start. (b) The chain at time 1, and that of amplitude -20, almost its mirror image. Dotted: the
particle; dashed: sound cone. (c) The whole way of both: they slow down, and stop when they can
no longer pass a mass."""

AMPLITUDE, SPEED, START = 20.0, 120.0, 220.0
WINDOW, INSTANT = 6.0, 1.0  # times of the map, and of the chain alone
FULL, QUICK = 125.0, 40.0
MASSES = np.arange(-180, 200)
PLACE = r"position $(10^3\, l_\mathrm{slow})$"


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return both trajectories and the displacement of the chain around the start."""
    numbers: dict[str, Any] = {"masses": MASSES}
    window: dict[str, Any] = {
        "duration": WINDOW,
        "chain_window": (int(MASSES[0]), int(MASSES[-1])),
        "chain_every": WINDOW / (150 if quick else 300),
    }
    for name, sign in (("repulsive", 1.0), ("attractive", -1.0)):
        system = System(Chain(10.0, 40.0), Gaussian(sign * AMPLITUDE, 4.0))
        start = {"position": START, "speed": SPEED}
        run = simulated(system, **start, duration=QUICK if quick else FULL)
        moved = simulated(system, **start, **window).displacements
        assert moved is not None
        every = max(1, run.time.size // 1500)
        numbers[name] = {
            "time": run.time[::every],
            "position": run.position[::every],
            "map_times": moved["time"].values,
            "displacements": np.round(moved["displacement"].values, 7),
        }
    numbers["sound_speed"] = system.chain.sound_speed
    numbers["spacing"] = system.chain.spacing
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the map, the displacements at its end, and the whole trajectories."""
    from matplotlib.colors import SymLogNorm

    figure, (top, middle, bottom) = style.new(1.9, rows=3)
    places = np.asarray(numbers["masses"]) * numbers["spacing"] / 1000.0
    cone = numbers["sound_speed"] * WINDOW / 1000.0
    start, one = START / 1000.0, numbers["repulsive"]
    drawn = top.pcolormesh(one["map_times"], places, np.asarray(one["displacements"]).T,
                           norm=SymLogNorm(1e-3, vmin=-1.0, vmax=1.0, base=10), cmap="RdBu_r",
                           rasterized=True)  # fmt: skip
    for sign in (-1, 1):
        top.plot((0.0, WINDOW), (start, start + sign * cone), color=style.BLACK, lw=0.6, ls="--",
                 label="sound cone" if sign > 0 else None)  # fmt: skip
        middle.axvline(start + sign * cone * INSTANT / WINDOW, color=style.BLACK, lw=0.6, ls="--")
    top.plot(one["time"], np.asarray(one["position"]) / 1000.0, color=style.BLACK, lw=1.0, label="particle")
    top.legend(loc="lower left")
    top.set(xlim=(0, WINDOW), ylim=(places[0], places[-1]), yticks=(-6, -3, 0, 3, 6))
    top.set(xlabel=style.TIME, ylabel=PLACE)
    figure.colorbar(drawn, ax=top, label=r"displacement $(l_\mathrm{slow})$", pad=0.01)
    for name, look, line in (("repulsive", style.REPULSIVE, "-"), ("attractive", style.ATTRACTIVE, "--")):
        one = numbers[name]
        row = int(np.argmin(np.abs(np.asarray(one["map_times"]) - INSTANT)))
        middle.plot(places, np.asarray(one["displacements"])[row], **look, ms=2, ls=line, lw=0.8, label=name)
        bottom.plot(one["time"], np.asarray(one["position"]) / 1000.0, color=look["color"], ls=line, label=name)
    place = float(np.interp(INSTANT, one["time"], one["position"])) / 1000.0
    middle.axvline(place, ymax=0.75, color=style.BLACK, lw=0.8, ls=":")
    middle.set(xlim=(-1.1, 1.6), ylim=(-0.1, 0.14), xlabel=PLACE, ylabel=r"displacement $(l_\mathrm{slow})$")
    middle.legend(loc="upper center", ncols=2)
    bottom.set(xlabel=style.TIME, ylabel=PLACE)
    bottom.legend(loc="lower right")
    for axes, text in zip(
        (top, middle, bottom),
        (r"(a) repulsive", rf"(b) the chain at $\tau = {INSTANT:g}$", "(c) the whole way"),
        strict=True,
    ):
        style.label(axes, text)
    return figure
