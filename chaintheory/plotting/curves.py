"""Pictures of losses against speed: curves with their infinite peaks, resonances, drift velocities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.plotting.style import (
    GREEN,
    GREY,
    KINDS,
    ORANGE,
    VERMILLION,
    axes,
    ink,
    label,
    legend_above,
    with_unit,
)
from chaintheory.units import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

HEADROOM = 4.0  # of the axes above the curve where it is not close to a resonance
NEAR = 1e-3  # relative distance from a resonance that counts as close
SHOWN_BELOW = 1e-12  # of the largest value that is drawn
DECADES = 8.0  # below the top that the axes show at most
EDGES = {"lower": GREEN, "upper": ORANGE}


def plot_curves(curves: Any, ax: Axes | None, *, single_pass: bool, bias: float, scale: Scale) -> Axes:
    """Losses against speed on a logarithmic axis.

    The mean dissipation is infinite on one side of each resonance. A dashed line leads from the last point of the curve
    to the top of the axes there, with an arrow. A tick marks a resonance whose peak the curve does not resolve.
    """
    ax = axes(ax)
    speed, mean = curves.speed, np.where(curves.mean > 0.0, curves.mean, np.nan)
    apart = np.ones(speed.size, dtype=bool)
    for one in curves.resonances:
        apart &= np.abs(speed / one.speed - 1.0) > NEAR
    shown = [mean[apart & np.isfinite(mean)] if np.any(apart & np.isfinite(mean)) else mean[np.isfinite(mean)]]
    if single_pass:
        once = np.where(curves.single_pass > 0.0, curves.single_pass, np.nan)
        shown.append(once[np.isfinite(once)])
        ax.plot(scale.speed * speed, scale.energy * once, color=GREY, lw=1.0, label="single pass, Eq. (6)")
    if bias:
        shown.append(np.array([bias]))
        ax.axhline(scale.energy * bias, color=VERMILLION, lw=0.8, label="bias")
    for number, (start, end) in enumerate(curves.pieces):
        ax.plot(
            scale.speed * speed[start:end], scale.energy * mean[start:end], color=ink(ax), lw=1.1,
            label=None if number else "steady state, Eq. (10)",
        )  # fmt: skip
    values = np.concatenate(shown) if any(one.size for one in shown) else np.ones(1)
    top = HEADROOM * float(values.max())
    bottom = max(0.5 * float(values.min()), top * 10.0**-DECADES)
    ax.set_yscale("log")
    ax.set_ylim(scale.energy * bottom, scale.energy * top)
    ax.set_xlim(scale.speed * speed[0], scale.speed * speed[-1])
    draw_resonances(ax, curves.resonances, curves.peaks, top, scale)
    ax.set_xlabel(label("speed", "speed", scale))
    ax.set_ylabel(label("energy lost per pass", "energy", scale))
    legend_above(ax)
    return ax


def draw_resonances(
    ax: Axes, resonances: Sequence[Any], peaks: Sequence[tuple[float, float]], top: float, scale: Scale
) -> None:
    """Dashed lines to the top of the axes at infinite peaks; ``peaks`` holds speed and loss of each curve's last point.

    Where there is none the resonance is a tick.
    """
    labelled: set[str] = set()
    for one, (last, height) in zip(resonances, peaks, strict=True):
        colour, name = EDGES[one.edge], f"resonance, {one.edge} band edge"
        text = None if one.edge in labelled else name
        labelled.add(one.edge)
        if not np.isfinite(height):
            ax.plot(
                [scale.speed * one.speed], [1.0], "|", color=colour, ms=7, label=text, gid=f"tick {one.edge} {one.n}",
                transform=ax.get_xaxis_transform(),
            )  # fmt: skip
            continue
        ax.plot(
            [scale.speed * last, scale.speed * one.speed], scale.energy * np.array([min(height, top), top]),
            "--", color=colour, lw=0.9, gid=f"peak {one.edge} {one.n}",
        )  # fmt: skip
        if text:  # most of these lines are shorter than their arrow: the legend shows both
            ax.plot([], [], "--^", color=colour, lw=0.9, ms=4, label=text)
        ax.plot(
            [scale.speed * one.speed], [1.0], "^", color=colour, ms=4, clip_on=False, zorder=3,
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip


def plot_resonances(
    resonances: Sequence[Any], ax: Axes | None, scale: Scale, within: tuple[float, float] | None = None
) -> Axes:
    """The singularity of each resonance, and the limit on its finite side, against its speed.

    ``within``: the speeds (l_slow/t_slow) between which they were looked for, which an empty picture states.
    """
    ax = axes(ax)
    for edge, colour in EDGES.items():
        chosen = [one for one in resonances if one.edge == edge]
        if chosen:
            speeds = scale.speed * np.array([one.speed for one in chosen])
            ax.plot(
                speeds, [scale.energy * one.singularity for one in chosen], "^", color=colour, ms=5,
                label=f"{edge} band edge: $s$ of $s/\\sqrt{{|v/v_r - 1|}}$",
            )  # fmt: skip
            ax.plot(
                speeds, [scale.energy * one.finite_limit for one in chosen], "_", color=colour, ms=8, mew=1.5,
                label=f"{edge} band edge: finite side",
            )  # fmt: skip
    if resonances and any(one.singularity > 0.0 or one.finite_limit > 0.0 for one in resonances):
        ax.set_yscale("log")
        highest = scale.energy * max(max(one.singularity, one.finite_limit) for one in resonances)
        lowest, _ = ax.get_ylim()
        ax.set_ylim(max(lowest, SHOWN_BELOW * highest), 3.0 * highest)
    ax.set_xlabel(label("speed", "speed", scale))
    ax.set_ylabel(label("energy per pass", "energy", scale))
    if resonances:  # above the axes: points lie all over them
        legend_above(ax)
    elif within is not None:
        low, high = (scale.speed * one for one in within)
        ax.set(xlim=(low, high), yticks=[])
        ax.text(
            0.5, 0.5, f"no resonance between {low:.6g}\nand {with_unit(high, 'speed', scale)}",
            ha="center", va="center", transform=ax.transAxes,
        )  # fmt: skip
    return ax


def plot_drift_velocities(found: Sequence[Any], ax: Axes | None, bias: float, scale: Scale) -> Axes:
    """The drift velocities at the height of the bias, a symbol and a colour for each kind."""
    ax = axes(ax)
    for kind, (colour, marker) in KINDS.items():
        speeds = [scale.speed * one.speed for one in found if one.kind == kind]
        if speeds:
            ax.plot(
                speeds, np.full(len(speeds), scale.energy * abs(bias)), marker, color=colour, ms=6, mfc="none",
                mew=1.4, zorder=4, label=f"drift velocity, {kind}",
            )  # fmt: skip
    ax.set_xlabel(label("speed", "speed", scale))
    if not ax.get_ylabel():
        ax.set_ylabel(label("energy lost per pass", "energy", scale))
    if found:
        legend_above(ax, columns=2 if len(ax.get_legend_handles_labels()[1]) <= 6 else 3)
    return ax
