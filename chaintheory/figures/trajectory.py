"""One run of the paper's Fig. 4 beside theory: largest and mean speed of each pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.passes import exact_loss, pass_by_pass
from chaintheory.comparison.with_published import speed_extrema
from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "A biased run beside theory"
CAPTION = """A repelled particle started at speed 50 under the bias 0.01 (amplitude 2, width 4,
spacing 40). Circles: largest speed of every twentieth pass; squares: mean speed over it. Lines: the
same from theory, where each pass gains the bias and loses the exact mean dissipation, that of the
travelling wave at its mean speed; dotted: with that of Eq. (10) instead, which does not know that
a repelled particle loses more here. Dashed: the resonance that the mean speed comes down to, near spacing/1."""

QUICK, FULL = 200.0, 800.0
EVERY = 20


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Simulate the run and return its speeds per pass with the predicted ones."""
    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
    duration = QUICK if quick else FULL
    run = system.simulate(position=220.0, speed=50.0, duration=duration)
    times, speeds = speed_extrema(run.time, run.position, maxima=True)
    crossing = run.crossings["time"]
    mean = system.chain.spacing / np.diff(crossing)
    (near,) = (r for r in system.resonant_speeds(35.0, 50.0) if r.edge == "lower")
    theory_time, theory_midway, theory_mean = pass_by_pass(system, 50.0, duration, exact_loss(system, near, 50.1))
    second_time, _, second_mean = pass_by_pass(system, 50.0, duration)
    return {
        "duration": duration,
        "largest": {"time": times, "speed": speeds},
        "mean": {"time": 0.5 * (crossing[1:] + crossing[:-1]), "speed": mean},
        "theory": {"time": theory_time, "largest": theory_midway, "mean": theory_mean},
        "second_order": {"time": second_time, "mean": second_mean},
        "resonances": [near.speed],
        "energy_absorbed": float(run.chain_energy[-1]),
        "energy_balance_drift": run.balance.drift,
        "final_mean_speed": {
            "simulated": float(mean[-1]),
            "theory": float(theory_mean[-1]),
            "second_order": float(second_mean[-1]),
        },
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the speeds per pass and the predicted ones."""
    figure, axes = style.new(0.72)
    theory = numbers["theory"]
    for name, look, text in (
        ("largest", style.REPULSIVE, "largest speed"),
        ("mean", {"color": style.BLUE, "marker": "s"}, "mean speed"),
    ):
        points = numbers[name]
        axes.plot(theory["time"], theory[name], color=look["color"], label=f"{text}, theory")
        axes.plot(points["time"][::EVERY], points["speed"][::EVERY], ls="", mfc="none", mew=0.7,
                  label=f"{text}, simulated", **look)  # fmt: skip
    second = numbers["second_order"]
    axes.plot(second["time"], second["mean"], color=style.BLACK, ls=":", lw=0.9, label="mean speed, Eq. (10)")
    for at, speed in enumerate(numbers["resonances"]):
        axes.axhline(speed, color=style.GREEN, ls="--", lw=0.8, label=None if at else "resonance")
    axes.set(xlabel=style.TIME, ylabel=style.SPEED, xlim=(0, numbers["duration"]))
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.06))
    return figure
