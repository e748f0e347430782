"""Drift velocities under a bias: runs of both signs, and Eq. 10 right (paper's Fig. 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.with_published import speed_extrema
from chaintheory.dissipation.static_lattice import motion_of_mean_speed
from chaintheory.figures import style
from chaintheory.figures.cache import simulated_all
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Drift velocities"
CAPTION = """Runs under the bias 0.01 (amplitude 2 and -2, width 4, spacing 40): speed midway
between masses, (a) repelled, (b) attracted particles. Dashed: speed midway of the orbit whose mean
speed is a resonance near spacing/n (n = 1, 2, 3 named, the next below them);
dash-dotted: the capture speed. (c) Mean loss of Eq. (10),
with the exponent that the paper prints, infinite at each resonance,
beside the bias. Circles: locked drift velocities, where the curve jumps through the bias; the
first resonance, n = 1, does not reach down to it."""

STARTS = {
    "repulsive": (1.0, np.arange(13.0, 60.0, 2.0)),
    "attractive": (-1.0, np.arange(2.0, 60.0, 2.0)),
}
FULL, QUICK = 800.0, 200.0
TOP = 0.08  # of panel (c)


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the runs of both signs, the predicted speeds, and the curve of Eq. 10."""
    duration = QUICK if quick else FULL
    numbers: dict[str, Any] = {"duration": duration}
    for name, (sign, starts) in STARTS.items():
        system = System(Chain(10.0, 40.0), Gaussian(sign * 2.0, 4.0), mass=1.0, bias=0.01)
        chosen = starts[:: 3 if quick else 1]
        runs = simulated_all((system, {"position": 220.0, "speed": float(v), "duration": duration}) for v in chosen)
        extrema = [speed_extrema(run.time, run.position, maxima=sign > 0) for run in runs]
        # Attracted particles are never thrown back: they are held at higher orders too.
        resonances = [r for r in system.resonant_speeds(9.0 if sign > 0 else 4.9, 60.0) if r.edge == "lower"]
        numbers[name] = {
            "runs": [
                {"start": float(v), "time": time[::4], "speed": speed[::4]}
                for v, (time, speed) in zip(chosen, extrema, strict=True)
            ],
            "capture_speed": system.capture_speed,
            "resonances": [
                {"n": r.n, "mean": r.speed, "midway": motion_of_mean_speed(system, r.speed).speed} for r in resonances
            ],
        }
    curves = system.curves(9.0, 60.0)
    numbers["curve"] = {"speed": curves.speed, "eq10": curves.mean, "pieces": curves.pieces}
    numbers["bias"] = system.bias
    numbers["locked"] = [float(v.speed) for v in system.drift_velocities(9.0, 60.0) if v.kind == "locked"]
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the runs of both signs and the curve."""
    figure, panels = style.new(1.7, rows=3)
    looks = {"repulsive": style.REPULSIVE, "attractive": style.ATTRACTIVE}
    titles = (r"(a) repulsive, $\Phi_0 = 2$", r"(b) attractive, $\Phi_0 = -2$")
    for axes, (name, look), text in zip(panels, looks.items(), titles, strict=False):
        one = numbers[name]
        for run in one["runs"]:
            axes.plot(run["time"], run["speed"], color=look["color"], lw=0.7)
        for resonance in one["resonances"]:
            axes.axhline(resonance["midway"], color=style.BLACK, ls=(0, (4, 4)), lw=0.7, zorder=3)
            if resonance["n"] < 4:  # their names would run into each other
                axes.annotate(f"$n={resonance['n']}$", (1.0, resonance["midway"]), (2, 0), fontsize=7,
                              xycoords=("axes fraction", "data"), textcoords="offset points", va="center")  # fmt: skip
        if one["capture_speed"]:
            axes.axhline(one["capture_speed"], color=style.GREY, ls="-.", lw=0.8, label="capture speed")
            axes.plot([], [], color=style.BLACK, ls=(0, (4, 4)), lw=0.7, label="resonances")
            axes.legend(loc="lower left", ncols=2)
        axes.set(xlabel=style.TIME, ylabel=style.SPEED, xlim=(0, numbers["duration"]))
        axes.set(ylim=(0, 62))
        style.label(axes, text)
    below = panels[2]
    style.resonant_curve(below, numbers["curve"]["speed"], numbers["curve"]["eq10"], numbers["curve"]["pieces"], TOP)
    below.axhline(numbers["bias"], color=style.VERMILLION, lw=0.8, label="bias")
    locked = numbers["locked"]
    below.plot(locked, [numbers["bias"]] * len(locked), "o", color=style.GREEN, mfc="white",
               mew=0.9, ms=4, label="locked")  # fmt: skip
    below.set(xlabel="mean " + style.SPEED, ylabel=style.MEAN_LOSS, ylim=(0, TOP), xlim=(9, 60))
    below.legend(loc="upper right", frameon=True, framealpha=1.0, edgecolor="0.7")
    style.label(below, "(c) theory")
    return figure
