"""How a resonance builds up over N passes of a particle held at constant speed."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.figures.cache import simulated_all
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "A resonance needs hundreds of passes"
CAPTION = """Mean energy lost per pass over the first N passes at constant speed, around the
resonance near spacing/1 (amplitude 2, width 4). Lines: the mean over N passes, which joins Eq. (6)
(N = 1) to Eq. (10) (no end). Symbols: simulated with a particle too heavy to be slowed down."""

PASSES = (1, 10, 100, 1000)
LOWEST, HIGHEST = 38.0, 43.0
# So heavy that 1,000 passes at a loss of 0.1 each change the speed by less than 1e-9 of it.
HEAVY = 1e9


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return curves for each N, Eq. 10, and the simulated means with their predictions."""
    light = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
    heavy = System(light.chain, light.interaction, mass=HEAVY)
    counts = PASSES[:-1] if quick else PASSES
    (resonance,) = (r for r in light.resonant_speeds(39.0, 40.5) if r.edge == "lower")
    near = np.geomspace(1e-4, 1.0, 60)
    even = np.linspace(LOWEST, HIGHEST, 160 if quick else 900)
    speed = np.unique(np.concatenate([even, resonance.speed + near]))
    points = np.linspace(LOWEST + 0.15, HIGHEST - 0.15, 6 if quick else 12)
    runs = simulated_all((heavy, start(light.chain.spacing, float(v), max(counts))) for v in points)
    energies = [run.crossings["chain_energy"] for run in runs]
    return {
        "speed": speed,
        "eq10": light.mean_dissipation(speed),
        "finite": {str(n): light.finite_pass_dissipation(speed, n) for n in counts},
        "points": {
            "speed": points,
            "simulated": {str(n): [float(e[n] - e[0]) / n for e in energies] for n in counts},
            "predicted": {str(n): light.finite_pass_dissipation(points, n) for n in counts},
        },
    }


def start(spacing: float, speed: float, passes: int) -> dict[str, float]:
    """Return the start and duration of a run over so many passes."""
    duration = (passes + 0.5) * spacing / speed
    return {"position": 0.5 * spacing, "speed": speed, "duration": duration}


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw a curve and points for each N."""
    figure, axes = style.new(0.8)
    axes.plot(numbers["speed"], numbers["eq10"], color=style.BLACK, lw=0.8, label="Eq. (10)")
    points = numbers["points"]
    for (n, curve), colour, marker in zip(numbers["finite"].items(), style.CYCLE, ("o", "s", "^", "D"), strict=False):
        axes.plot(numbers["speed"], curve, color=colour, lw=0.8)
        axes.plot(points["speed"], points["simulated"][n], marker, color=colour, mfc="none", mew=0.7)
        axes.plot([], [], marker, color=colour, ls="-", lw=0.8, mfc="none", mew=0.7, label=f"$N = {n}$")
    axes.set(xlabel=style.SPEED, ylabel=r"mean loss over $N$ passes $(\hbar\Omega_\mathrm{slow})$", yscale="log")
    axes.set(xlim=(LOWEST, HIGHEST), ylim=(8e-3, 0.4))
    axes.legend(loc="upper right", ncols=2)
    return figure
