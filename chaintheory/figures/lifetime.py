"""The mean dissipation near a resonance where phonons have a lifetime: a peak that is finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Resonances with a lifetime"
CAPTION = """Mean loss per pass around the resonance at spacing/2 (amplitude 2, width 4, spacing 40, band top 10).
Black: without damping, Eq. (10), infinite from above. Colours: every chain mass is damped at the rate that is given in
units of Omega_slow, so that phonons have a lifetime; the peak is finite, and a bias above it is held no longer. Ticks:
resonances at the upper edge of the band, which even a weak damping washes out."""

LOWEST, HIGHEST = 19.7, 20.7
RATES = (0.001, 0.01, 0.1)


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the curves without and with damping."""
    interaction = Gaussian(2.0, 4.0)
    free = System(Chain(10.0, 40.0), interaction)
    resonances = free.resonant_speeds(LOWEST, HIGHEST)
    main = next(one.speed for one in resonances if one.edge == "lower")
    near = np.geomspace(1e-3, 0.5, 30 if quick else 80)
    speed = np.unique(np.concatenate([np.linspace(LOWEST, HIGHEST, 60 if quick else 400), main - near, main + near]))
    fine = np.unique(np.concatenate([speed, *(one.speed + s * near for one in resonances for s in (-1.0, 1.0))]))
    fine = fine[(fine >= LOWEST) & (fine <= HIGHEST)]
    damped = {
        f"{rate:g}": System(Chain(10.0, 40.0, damping=rate), interaction).mean_dissipation(speed) for rate in RATES
    }
    return {
        "speed": speed,
        "damped": damped,
        "fine_speed": fine,
        "undamped": free.mean_dissipation(fine),
        "resonances": [{"speed": one.speed, "edge": one.edge, "n": one.n} for one in resonances],
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the peak with and without damping."""
    figure, axes = style.new(0.72)
    axes.plot(numbers["fine_speed"], numbers["undamped"], color=style.BLACK, lw=0.8, label="no damping")
    for (rate, loss), color in zip(
        numbers["damped"].items(), (style.VERMILLION, style.ORANGE, style.GREEN), strict=True
    ):
        axes.plot(numbers["speed"], loss, color=color, lw=1.2, label=f"damping {rate}")
    upper = [one["speed"] for one in numbers["resonances"] if one["edge"] == "upper"]
    axes.plot(upper, np.full(len(upper), 6e-3), "|", ms=5, mew=0.8, color=style.BLACK)
    axes.set(xlabel=style.SPEED, ylabel=style.MEAN_LOSS, yscale="log", xlim=(LOWEST, HIGHEST), ylim=(5e-3, 3))
    axes.legend(loc="upper right")
    return figure
