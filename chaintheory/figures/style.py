"""The look of all figures: one column of a journal, Okabe-Ito colours, symbols besides colours."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chaintheory.plotting.style import BLACK as BLACK
from chaintheory.plotting.style import BLUE as BLUE
from chaintheory.plotting.style import CYCLE as CYCLE
from chaintheory.plotting.style import GREEN as GREEN
from chaintheory.plotting.style import GREY as GREY
from chaintheory.plotting.style import ORANGE as ORANGE
from chaintheory.plotting.style import PURPLE as PURPLE
from chaintheory.plotting.style import SKY as SKY
from chaintheory.plotting.style import VERMILLION as VERMILLION
from chaintheory.plotting.style import YELLOW as YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Figure

COLUMN = 8.6 / 2.54  # inches

# Sign of the amplitude: colour and symbol.
REPULSIVE = {"color": VERMILLION, "marker": "o"}
ATTRACTIVE = {"color": BLUE, "marker": "s"}

STYLE: dict[str, Any] = {
    "figure.dpi": 150,
    "savefig.dpi": 300,
    # Matplotlib brings this font along: the same letters in words and formulas, everywhere.
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
}

SPEED = r"speed $\dot\sigma$ $(l_\mathrm{slow}/t_\mathrm{slow})$"
TIME = r"time $\tau$ $(t_\mathrm{slow})$"
LOSS = r"energy lost per pass $\Delta$ $(\hbar\Omega_\mathrm{slow})$"
MEAN_LOSS = r"mean loss $\bar\Delta$ $(\hbar\Omega_\mathrm{slow})$"


def new(height: float = 0.72, rows: int = 1, columns: int = 1, **more: Any) -> tuple[Figure, Any]:
    """Return a figure one column wide, ``height`` columns high, and its axes."""
    from matplotlib.figure import Figure as Figure

    figure = Figure(figsize=(COLUMN, height * COLUMN), layout="constrained")
    return figure, figure.subplots(rows, columns, **more)


def resonant_curve(axes: Axes, speed: Any, loss: Any, pieces: Any, top: float) -> None:
    """Draw Eq. (10) between its resonances; the infinite end of each piece is led up to the top of the axes."""
    for at, (start, end) in enumerate(pieces):
        axes.plot(speed[start:end], loss[start:end], color=BLACK, lw=0.8, label=None if at else "Eq. (10)")
    # At a resonance one side is finite, the other is infinite: the higher of the two neighbours.
    for (_, end), (start, _) in pairwise(pieces):
        peak = max(end - 1, start, key=lambda row: loss[row])
        if loss[peak] < top:
            axes.plot([speed[peak]] * 2, [loss[peak], top], ls=":", lw=0.8, color=BLACK)


def label(axes: Axes, text: str) -> None:
    """Write a panel's label, such as "(a) repulsive", above its left corner, where no data are."""
    axes.set_title(text, loc="left", pad=3)
