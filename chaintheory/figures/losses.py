"""Energy lost pass by pass along a whole trajectory, beside theory and both resonance families."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.passes import mean_speeds
from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Losses along a trajectory"
CAPTION = """Energy absorbed by the chain in each pass of a particle that slows down freely from 120
(width 4, no bias), against its mean speed over the pass: (a) amplitude 20, (b) amplitude -20.
Lines: mean loss of Eq. (10), infinite on one side of each resonance.
Dashed: resonances at the lower band edge; ticks: at the upper one.
The particle crosses a resonance too fast for it to build up, so that the peaks are rounded."""

AMPLITUDE, START, FASTEST, TOP = 20.0, 120.0, 125.0, 20.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the losses of both signs with the curve of Eq. 10 and the resonances."""
    numbers: dict[str, Any] = {}
    for name, sign in (("repulsive", 1.0), ("attractive", -1.0)):
        system = System(Chain(10.0, 40.0), Gaussian(sign * AMPLITUDE, 4.0))
        run = simulated(system, position=220.0, speed=START, duration=60.0 if quick else 125.0)
        _, mean = mean_speeds(run)
        forward = np.diff(run.crossings["position"]) > 0.0
        curves = system.curves(10.0, FASTEST)
        numbers[name] = {
            "mean_speed": mean[forward],
            "energy_absorbed": np.diff(run.crossings["chain_energy"])[forward],
            "capture_speed": system.capture_speed,
            "curve": {"speed": curves.speed, "eq10": curves.mean, "pieces": curves.pieces},
        }
    found = system.resonant_speeds(10.0, FASTEST)
    numbers["resonances"] = [{"speed": r.speed, "edge": r.edge, "n": r.n} for r in found]
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw both signs, one above the other."""
    figure, panels = style.new(1.2, rows=2, sharex=True)
    looks = {"repulsive": style.REPULSIVE, "attractive": style.ATTRACTIVE}
    titles = (r"(a) repulsive, $\Phi_0 = 20$", r"(b) attractive, $\Phi_0 = -20$")
    for axes, (name, look), text in zip(panels, looks.items(), titles, strict=True):
        one = numbers[name]
        lower, upper = ([r["speed"] for r in numbers["resonances"] if r["edge"] == edge] for edge in ("lower", "upper"))
        for speed in lower:
            axes.axvline(speed, ls="--", lw=0.6, color=style.GREEN, zorder=0)
        curve = one["curve"]
        style.resonant_curve(axes, curve["speed"], curve["eq10"], curve["pieces"], TOP)
        axes.plot(one["mean_speed"], one["energy_absorbed"], ls="", mfc="none", mew=0.5, ms=2.4,
                  label="simulated", **look)  # fmt: skip
        axes.plot([], [], ls="--", lw=0.6, color=style.GREEN, label="lower edge")
        axes.plot(upper, np.full(len(upper), 0.13), "|", ms=5, mew=0.7, color=style.ORANGE, label="upper edge")
        axes.set(ylabel=style.LOSS, yscale="log", ylim=(0.1, TOP), xlim=(10, FASTEST))
        axes.legend(loc="upper right", ncols=2, columnspacing=1.2, frameon=True, framealpha=1.0, edgecolor="0.7")
        style.label(axes, text)
    panels[1].set(xlabel="mean " + style.SPEED)
    return figure
