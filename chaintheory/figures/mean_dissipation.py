"""Mean energy lost per pass in the steady state, Eq. 10, with its resonances (paper's Fig. 4c)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Mean dissipation and its resonances"
CAPTION = """Mean energy lost per pass in the steady state, Eq. (10), with the exponent that the
paper prints (amplitude 2, width 4, spacing 40, band top 10). Dashed: resonances at the lower edge
of the band, infinite from above; ticks: at the upper edge, infinite from below, most of them too
narrow to be seen. Where a peak is so narrow that the curve ends below the top, a dotted line goes on.
Horizontal: the bias of 0.01, which the curve meets at a zero or crosses in a
jump."""

LOWEST, HIGHEST, TOP = 9.0, 90.0, 1.0


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the curve, refined around each resonance, the resonances and the drift velocities."""
    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
    resonances = system.resonant_speeds(LOWEST, HIGHEST)
    curves = system.curves(LOWEST, HIGHEST)
    return {
        "bias": system.bias,
        "speed": curves.speed,
        "mean_dissipation": curves.mean,
        "pieces": curves.pieces,
        "peaks": [peak for peak in curves.peaks if np.isfinite(peak[1])],
        "resonances": [{"speed": r.speed, "edge": r.edge, "n": r.n} for r in resonances],
        "drift_velocities": [
            {"speed": float(v.speed), "kind": v.kind} for v in system.drift_velocities(LOWEST, HIGHEST)
        ],
    }


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the curve, its resonances and the bias."""
    figure, axes = style.new(0.72)
    lower, upper = ([r["speed"] for r in numbers["resonances"] if r["edge"] == edge] for edge in ("lower", "upper"))
    for speed in lower:
        axes.axvline(speed, ls="--", lw=0.7, color=style.GREEN, zorder=0)
    axes.plot([], [], ls="--", lw=0.7, color=style.GREEN, label="resonance, lower edge")
    axes.plot(upper, np.full(len(upper), 1.4e-4), "|", ms=5, mew=0.8, color=style.ORANGE,
              label="resonance, upper edge")  # fmt: skip
    for start, end in numbers["pieces"]:
        axes.plot(numbers["speed"][start:end], numbers["mean_dissipation"][start:end], color=style.BLACK, lw=0.9)
    for speed, height in numbers["peaks"]:
        if height < TOP:
            axes.plot([speed, speed], [height, TOP], ls=":", lw=0.9, color=style.BLACK)
    axes.axhline(numbers["bias"], color=style.VERMILLION, lw=0.8, label="bias")
    axes.set(xlabel=style.SPEED, ylabel=style.MEAN_LOSS, yscale="log")
    axes.set(xlim=(LOWEST, HIGHEST), ylim=(1e-4, TOP))
    axes.legend(loc="lower right", bbox_to_anchor=(0.98, 0.12))
    return figure
