"""Trajectories of both signs over the motion of the chain, with the sound cone (paper's Fig. 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Particle, chain and sound cone"
CAPTION = """A particle shot into a chain at rest with speed 120: (a) amplitude 20, (b) amplitude
-20 (width 4). Colours: displacement of the masses (symmetric logarithmic scale); black: the
particle; dashed: sound cone of its start. (c) The whole way of both: they slow down, and stop when
they can no longer pass a mass."""

AMPLITUDE, SPEED, START = 20.0, 120.0, 220.0
WINDOW = 6.0  # time of the colour maps
FULL, QUICK = 125.0, 40.0
MASSES = np.arange(-180, 200)


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


def draw(numbers: dict[str, Any]) -> Figure:
    """Draw both maps and the whole trajectories."""
    from matplotlib.colors import SymLogNorm

    figure, panels = style.new(1.9, rows=3)
    places = np.asarray(numbers["masses"]) * numbers["spacing"] / 1000.0
    norm = SymLogNorm(1e-3, vmin=-1.0, vmax=1.0, base=10)
    looks = {"repulsive": style.REPULSIVE, "attractive": style.ATTRACTIVE}
    titles = (r"(a) repulsive, $\Phi_0 = 20$", r"(b) attractive, $\Phi_0 = -20$")
    for axes, (name, look), text in zip(panels, looks.items(), titles, strict=False):
        one = numbers[name]
        drawn = axes.pcolormesh(one["map_times"], places, np.asarray(one["displacements"]).T,
                                norm=norm, cmap="RdBu_r", rasterized=True)  # fmt: skip
        times = np.array([0.0, WINDOW])
        for sign in (-1, 1):
            cone = START + sign * numbers["sound_speed"] * times
            axes.plot(times, cone / 1000.0, color=style.BLACK, lw=0.6, ls="--",
                      label="sound cone" if sign > 0 else None)  # fmt: skip
        axes.plot(one["time"], np.asarray(one["position"]) / 1000.0, color=style.BLACK, lw=1.0, label="particle")
        axes.legend(loc="lower left")
        axes.set(xlim=(0, WINDOW), ylim=(places[0], places[-1]), yticks=(-6, -3, 0, 3, 6))
        axes.set(xlabel=style.TIME, ylabel=r"position $(10^3\, l_\mathrm{slow})$")
        figure.colorbar(drawn, ax=axes, label=r"displacement $(l_\mathrm{slow})$", pad=0.01)
        style.label(axes, text)
        panels[2].plot(one["time"], np.asarray(one["position"]) / 1000.0, color=look["color"],
                       ls="-" if name == "repulsive" else "--", label=name)  # fmt: skip
    panels[2].set(xlabel=style.TIME, ylabel=r"position $(10^3\, l_\mathrm{slow})$")
    panels[2].legend(loc="lower right")
    style.label(panels[2], "(c) the whole way")
    return figure
