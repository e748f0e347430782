"""The first drift velocity of the paper's Fig. 4, followed until it slips."""

from __future__ import annotations

from typing import Any

from chaintheory.comparison.passes import mean_speeds
from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "The first drift velocity is a transient"
CAPTION = """Mean speed of an attracted particle started at 46 under the bias 0.01 (amplitude -2,
width 4, spacing 40), far beyond the 800 of the paper's runs (shaded). Just below the first
resonance the mean loss is 0.01006, more than the bias, so that nothing holds the particle there:
it slips to the second, where the loss below the resonance is less than the bias, and stays."""

FULL, QUICK = 20_000.0, 12_000.0
PAPER = 800.0
# The mean loss is finite and smooth below a resonance of the lower edge.
JUST_BELOW = 1.0 - 1e-9


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the mean speed of every twentieth transit, and the two resonances."""
    system = System(Chain(10.0, 40.0), Gaussian(-2.0, 4.0), mass=1.0, bias=0.01)
    run = simulated(system, position=220.0, speed=46.0, duration=QUICK if quick else FULL)
    time, speed = mean_speeds(run)
    resonances = [r for r in system.resonant_speeds(15.0, 45.0) if r.edge == "lower"]
    below = [float(system.mean_dissipation(JUST_BELOW * r.speed)) for r in resonances]
    return {
        "duration": QUICK if quick else FULL,
        "time": time[::20],
        "mean_speed": speed[::20],
        "bias": system.bias,
        "resonances": [
            {"n": r.n, "speed": r.speed, "loss_below": loss, "margin": system.bias - loss}
            for r, loss in zip(resonances, below, strict=True)
        ],
        "final_mean_speed": float(speed[-200:].mean()),
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the mean speed and the resonances."""
    from matplotlib.ticker import MultipleLocator

    figure, axes = style.new(0.72)
    axes.axvspan(0.0, PAPER, color="0.88", lw=0, label="the paper's runs")
    for at, resonance in enumerate(numbers["resonances"]):
        axes.axhline(resonance["speed"], color=style.GREEN, ls="--", lw=0.8,
                     label=None if at else "resonance")  # fmt: skip
        axes.annotate(
            f"$n = {resonance['n']}$: loss just below {resonance['loss_below']:.5f}",
            (0.98, resonance["speed"]), xycoords=("axes fraction", "data"), fontsize=8,
            xytext=(0, 2.5), textcoords="offset points", ha="right",
        )  # fmt: skip
    axes.plot(numbers["time"], numbers["mean_speed"], color=style.BLUE, label="simulated")
    axes.set(xlabel=style.TIME, ylabel="mean " + style.SPEED)
    axes.set(xlim=(0, numbers["duration"]), ylim=(16, 48))
    axes.xaxis.set_major_locator(MultipleLocator(5000.0))
    axes.legend(loc="lower left", bbox_to_anchor=(0.02, 0.2))
    return figure
