"""Where drift can lock: bias against amplitude, with simulated runs on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.passes import mean_speeds
from chaintheory.drift.locking import least_bias
from chaintheory.figures import style
from chaintheory.figures.cache import simulated_all
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Phase diagram of locked drift"
CAPTION = """Where drift of attracted particles locks to the resonance near spacing/n (width 4, spacing 40,
band top 10). Solid lines: the smallest bias of an exact locked drift, the minimum of the exact mean
dissipation just below the resonance. Dotted: the mean dissipation there in the static-lattice
approximation, without the large wave in step with the particle. Symbols: simulated, started just
above a resonance; filled: held there, open: slipped. Between the lines a locked drift exists
(on the solid line stable up to amplitude 6, 2 and 1 for n = 1, 2 and 3, flipping from pass to pass from
8, 3 and 2 on), but its wave fills so slowly that a particle that comes without it slips past: to be held it
needs the bias of the dotted line. The cross is the bias and amplitude of the paper's Fig. 4, just below
the dotted line n = 1."""

LOWEST, HIGHEST = 0.5, 8.0
ORDERS = (1, 2, 3)
# Simulated at these amplitudes, at these multiples of the bias on the line.
POINTS = {1: (1.0, 2.0, 4.0), 2: (0.7, 1.4, 2.8)}
MULTIPLES = (0.7, 0.9, 1.15, 1.5)
FULL, QUICK = 4000.0, 1500.0
# A held particle keeps its mean speed within this of the resonance; one that slips at 0.9 of the
# line has left it by ten times as much.
HELD = 5e-3


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the lines and the simulated points."""
    lines = {}
    along = np.geomspace(LOWEST, HIGHEST, 4 if quick else 12)
    for n in ORDERS:
        near = [(attracted(a), resonance(a, n)) for a in along]
        lines[str(n)] = {
            "amplitude": along,
            "exact": [least_bias(system, at).bias for system, at in near],
            "static_lattice": [loss_below(system, at) for system, at in near],
        }
    wanted = []
    for n, amplitudes in POINTS.items():
        for amplitude in amplitudes[: 1 if quick else None]:
            at = resonance(amplitude, n)
            wanted += [(n, amplitude, multiple, at) for multiple in MULTIPLES]
    runs = simulated_all(start(amplitude, multiple, at, quick) for _, amplitude, multiple, at in wanted)
    points = []
    for (n, amplitude, multiple, at), run in zip(wanted, runs, strict=True):
        final = float(mean_speeds(run)[1][-50:].mean())
        line = loss_below(attracted(amplitude), at)
        point = {"n": n, "amplitude": amplitude, "bias": multiple * line, "line": line}
        point |= {"resonance": at.speed, "final_mean_speed": final}
        point |= {"held": abs(final / at.speed - 1.0) < HELD, "predicted_held": multiple > 1.0}
        points.append(point)
    return {"lines": lines, "points": points}


def resonance(amplitude: float, n: int) -> Any:
    """Return the resonance near spacing/n at the lower band edge."""
    system = System(Chain(10.0, 40.0), Gaussian(amplitude, 4.0))
    near = 40.0 / n
    found = system.resonant_speeds(0.99 * near, 1.001 * near)
    return next(r for r in found if r.edge == "lower" and r.n == n)


def attracted(amplitude: float, bias: float = 0.0) -> System:
    """Return the system of an attracted particle."""
    return System(Chain(10.0, 40.0), Gaussian(-amplitude, 4.0), mass=1.0, bias=bias)


def loss_below(system: System, at: Any) -> float:
    """Return the mean dissipation just below a resonance in the static-lattice approximation."""
    return float(system.mean_dissipation((1.0 - 1e-6) * at.speed, approximation="static-lattice"))


def start(amplitude: float, multiple: float, at: Any, quick: bool) -> tuple[System, dict[str, float]]:
    """Return the system and start of one simulated point."""
    system = attracted(amplitude, multiple * loss_below(attracted(amplitude), at))
    duration = QUICK if quick else FULL
    return system, {"position": 220.0, "speed": 1.002 * at.speed, "duration": duration}


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the lines and the points."""
    figure, axes = style.new(0.85)
    markers = {"1": "o", "2": "s", "3": ""}
    for (n, line), colour in zip(numbers["lines"].items(), style.CYCLE, strict=False):
        axes.plot(line["amplitude"], line["exact"], color=colour)
        axes.plot([], [], color=colour, marker=markers[n], mfc=colour, ms=4, label=f"$n = {n}$")
        axes.plot(line["amplitude"], line["static_lattice"], color=colour, lw=0.9, ls=":")
        for point in numbers["points"]:
            if str(point["n"]) == n:
                axes.plot(point["amplitude"], point["bias"], markers[n], color=colour,
                          mfc=colour if point["held"] else "white", mew=0.8, ms=4)  # fmt: skip
    axes.plot([], [], color=style.GREY, label="exact")
    axes.plot([], [], color=style.GREY, lw=0.9, ls=":", label="static lattice")
    axes.add_artist(axes.legend(loc="upper left"))
    runs = [
        *axes.plot(2.0, 0.01, "x", color=style.BLACK, ms=5, mew=0.9, label="paper's Fig. 4"),
        *axes.plot([], [], "o", color=style.GREY, label="held"),
        *axes.plot([], [], "o", color=style.GREY, mfc="white", label="slipped"),
    ]
    axes.set(xlabel=r"amplitude $|\Phi_0|$ $(\hbar\Omega_\mathrm{slow})$", xscale="log",
             ylabel=r"bias $\beta$ $(\hbar\Omega_\mathrm{slow})$", yscale="log",
             xlim=(0.5, 8), ylim=(5e-5, 0.2))  # fmt: skip
    axes.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
    axes.minorticks_off()
    axes.legend(handles=runs, loc="lower right")
    return figure
