"""Pictures of runs: columns against time, passes, ensembles, and the moving chain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.plotting.style import BLUE, GREY, VERMILLION, axes, ink, label, legend_above, line, pyplot
from chaintheory.support.validation import choice, positive, whole
from chaintheory.units import Scale

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# What a picture of a run shows: the words on the axis, and the kind of its unit.
QUANTITIES = {
    "velocity": ("velocity", "speed"),
    "speed": ("speed", "speed"),
    "position": ("position", "length"),
    "kinetic_energy": ("kinetic energy", "energy"),
    "chain_energy": ("energy of the chain", "energy"),
}
MOST_POINTS = 4000  # of a line: what a screen shows
CROWD = 12  # runs of an ensemble above which they are drawn thin, with their mean


def thinned(x: Array, y: Array, most: int = MOST_POINTS) -> tuple[Array, Array]:
    """The rows that a picture needs: of each of many equal parts the lowest and the highest, in order, and the ends.

    >>> x = np.arange(1e5)
    >>> thinned(x, np.sin(x))[0].size <= MOST_POINTS + 2
    True
    """
    if x.size <= most:
        return x, y
    edges = np.linspace(0, x.size, most // 2 + 1).astype(int)
    lowest = [a + int(np.argmin(y[a:b])) for a, b in pairwise(edges.tolist())]
    highest = [a + int(np.argmax(y[a:b])) for a, b in pairwise(edges.tolist())]
    rows = np.unique([0, *lowest, *highest, x.size - 1])
    return x[rows], y[rows]


def words(runs: Sequence[Any], quantity: str) -> tuple[str, str]:
    """What the axis says of a quantity, and the kind of its unit; a damped chain's energy has its heat in it."""
    what, kind = QUANTITIES[choice("quantity", quantity, QUANTITIES)]
    damped = quantity == "chain_energy" and any(run.system.chain.damping > 0.0 for run in runs)
    return (f"{what} and heat of its damping" if damped else what), kind


def plot_run(run: Any, ax: Axes | None, quantity: str, scale: Scale) -> Axes:
    """One column of a run against time; of the velocity also the mean over each pass."""
    what, kind = words([run], quantity)
    factor = getattr(scale, kind)
    ax = axes(ax)
    ax.plot(*thinned(scale.time * run.time, factor * getattr(run, quantity)), color=BLUE, lw=0.9, label=what)
    crossings = run.crossings
    if quantity in ("velocity", "speed") and crossings.size > 1:
        times, places = crossings["time"], crossings["position"]
        means = np.diff(places) / np.diff(times)
        means = np.abs(means) if quantity == "speed" else means
        middles = 0.5 * (times[1:] + times[:-1])
        ax.plot(*thinned(scale.time * middles, factor * means), color=VERMILLION, lw=1.4, label="mean over a pass")
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)  # the line fills the axes
    ax.set_xlabel(label("time", "time", scale))
    ax.set_ylabel(label(what, kind, scale))
    return ax


def plot_passes(passes: Any, ax: Axes | None, scale: Scale) -> Axes:
    """The energy lost and absorbed in each pass, against the time at which it ends."""
    ax = axes(ax)
    for name, colour, marker, text in (
        ("energy_lost", VERMILLION, "o", "lost by the particle"),
        ("energy_absorbed", BLUE, "+", "absorbed by the chain"),
    ):
        ax.plot(
            scale.time * passes["time"], scale.energy * passes[name], marker, color=colour, ms=4, mfc="none", label=text
        )
    ax.axhline(0.0, color=GREY, lw=0.6)
    ax.set_xlabel(label("time at the end of the pass", "time", scale))
    ax.set_ylabel(label("energy per pass", "energy", scale))
    ax.legend()
    return ax


def plot_runs(runs: Sequence[Any], ax: Axes | None, quantity: str, scale: Scale) -> Axes:
    """One column of many runs against time; of more than a dozen also the mean, where all of them go on."""
    what, kind = words(runs, quantity)
    factor = getattr(scale, kind)
    ax = axes(ax)
    crowded = len(runs) > CROWD
    for number, run in enumerate(runs):
        style: dict[str, Any] = {"color": GREY, "lw": 0.5} if crowded else {**line(number), "lw": 0.9}
        ax.plot(
            *thinned(scale.time * run.time, factor * getattr(run, quantity)), **style,
            label="each run" if crowded and not number else None if crowded else f"run {number}",
        )  # fmt: skip
    if crowded:
        first, last = max(run.time[0] for run in runs), min(run.time[-1] for run in runs)
        if last > first:
            grid = np.linspace(first, last, 400)
            mean = np.mean([np.interp(grid, run.time, getattr(run, quantity)) for run in runs], axis=0)
            ax.plot(scale.time * grid, factor * mean, color=ink(ax), lw=1.6, label="mean")
    ax.set_xlabel(label("time", "time", scale))
    ax.set_ylabel(label(what, kind, scale))
    if runs:
        legend_above(ax, columns=6)
    return ax


def animate(run: Any, frames: int, interval: float, magnification: float | None, scale: Scale) -> FuncAnimation:
    """The chain and the particle as they move: masses at their sites, displacements magnified."""
    from matplotlib.animation import FuncAnimation

    if run.displacements is None:
        raise ValueError(
            "run must hold displacements to be animated: simulate(..., chain_window=(first mass, last mass))"
        )
    whole("frames", frames, 2)
    positive("interval", interval)
    plt = pyplot()
    times, masses, u = (run.displacements[name].values for name in ("time", "mass", "displacement"))
    rows = np.unique(np.linspace(0, times.size - 1, min(frames, times.size)).round().astype(int))
    spacing = run.system.chain.spacing
    largest = float(np.abs(u).max())
    if magnification is None:
        magnification = 0.25 * spacing / largest if largest > 0.0 else 1.0
    else:
        magnification = positive("magnification", magnification)
    sites = spacing * masses
    position, _ = run.at(np.clip(times, run.time[0], run.time[-1]))
    figure, ax = plt.subplots(figsize=(7.0, 2.4), layout="constrained")
    (chain,) = ax.plot([], [], "o", color=BLUE, ms=6, label=f"masses, displacements × {magnification:.3g}")
    (particle,) = ax.plot([], [], "o", color=VERMILLION, ms=9, label="particle")
    ax.plot(scale.length * sites, np.zeros(sites.size), "|", color=GREY, ms=18, zorder=0)
    ax.set_xlim(scale.length * (sites[0] - 0.75 * spacing), scale.length * (sites[-1] + 0.75 * spacing))
    ax.set_ylim(-1.0, 1.6)
    ax.set_yticks([])
    ax.set_xlabel(label("position", "length", scale))
    ax.legend(loc="upper right", ncols=2)

    def show(row: int) -> tuple[Any, ...]:
        chain.set_data(scale.length * (sites + magnification * u[row]), np.zeros(sites.size))
        particle.set_data([scale.length * position[row]], [0.45])
        ax.set_title(f"{label('time', 'time', scale)}: {scale.time * times[row]:.4g}", loc="left")
        return chain, particle

    return FuncAnimation(figure, show, frames=rows.tolist(), interval=interval, blit=False)
