"""A drift velocity held by the upper edge of the band, at the paper's own parameters."""

from __future__ import annotations

from typing import Any

from chaintheory.comparison.passes import mean_speeds
from chaintheory.figures import style
from chaintheory.figures.cache import simulated_all
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "A drift velocity at the upper band edge"
CAPTION = """Mean speed of particles under the paper's bias 0.01 (amplitude 2: solid, -2: dashed;
width 4, spacing 40), started on both sides of the drift velocity that Eq. (10) predicts below a
resonance of the upper band edge (dashed green; the resonance dotted). All of them come to it; the
paper does not mention this family."""

STARTS = (150.0, 155.0, 158.0, 160.4, 161.2)
LOWEST, HIGHEST = 155.0, 165.0
FULL, QUICK = 6000.0, 1000.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the mean speeds of all runs with the predicted drift velocity and the resonance."""
    runs = []
    for amplitude in (2.0, -2.0):
        system = System(Chain(10.0, 40.0), Gaussian(amplitude, 4.0), mass=1.0, bias=0.01)
        made = simulated_all(
            (system, {"position": 220.0, "speed": v, "duration": QUICK if quick else FULL}) for v in STARTS
        )
        for start, run in zip(STARTS, made, strict=True):
            time, speed = mean_speeds(run)
            final = float(speed[-200:].mean())
            runs.append(
                {"amplitude": amplitude, "start": start, "time": time[::100],
                 "mean_speed": speed[::100], "final": final}
            )  # fmt: skip
    found = system.drift_velocities(LOWEST, HIGHEST)
    return {
        "duration": QUICK if quick else FULL,
        "runs": runs,
        "predicted": next(float(v.speed) for v in found if v.kind == "stable"),
        "resonance": next(r.speed for r in system.resonant_speeds(LOWEST, HIGHEST) if r.edge == "upper"),
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the runs and the predicted speed."""
    figure, axes = style.new(0.72)
    axes.axhline(numbers["resonance"], color=style.ORANGE, ls=":", lw=1.0, label="resonance")
    axes.axhline(numbers["predicted"], color=style.GREEN, ls="--", lw=1.2, zorder=3, label="predicted")
    for at, run in enumerate(numbers["runs"]):
        repelled = run["amplitude"] > 0
        name = ("repulsive" if repelled else "attractive") if at % len(STARTS) == 0 else None
        axes.plot(run["time"], run["mean_speed"], lw=0.8, label=name,
                  color=style.VERMILLION if repelled else style.BLUE,
                  ls="-" if repelled else (0, (4, 2)))  # fmt: skip
    axes.set(xlabel=style.TIME, ylabel="mean " + style.SPEED, xlim=(0, numbers["duration"]))
    axes.set(ylim=(147, 163), yticks=(148, 152, 156, 160))
    axes.legend(loc="lower right", ncols=2)
    return figure
