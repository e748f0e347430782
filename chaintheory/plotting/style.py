"""Colours, axes and labels with their units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chaintheory.support.validation import shown
from chaintheory.units import MODEL, Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito: told apart with every kind of colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#7f7f7f"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

# Kind of a drift velocity: colour and symbol.
KINDS = {"locked": (VERMILLION, "s"), "stable": (GREEN, "o"), "unstable": (BLUE, "x"), "unknown": (GREY, "D")}

_ENERGY = r"\hbar\Omega_\mathrm{slow}"
_MODEL = {
    "mass": "$m$",
    "length": r"$l_\mathrm{slow}$",
    "time": r"$t_\mathrm{slow}$",
    "energy": f"${_ENERGY}$",
    "speed": r"$l_\mathrm{slow}/t_\mathrm{slow}$",
    "force": rf"${_ENERGY}/l_\mathrm{{slow}}$",
}


class MissingExtra(ImportError):
    """A package that an extra brings is not installed."""


def pyplot() -> Any:
    """``matplotlib.pyplot``, or ``MissingExtra`` with the command that installs it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtra("a plot needs Matplotlib: pip install 'chaintheory[plot]'") from None
    return plt


def axes(ax: Axes | None) -> Axes:
    """The axes to draw into: those given, or those of a new figure."""
    plt = pyplot()
    if ax is None:
        return plt.figure(layout="constrained").add_subplot()
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be Matplotlib's Axes, got {shown(ax)}")
    return ax


def label(what: str, kind: str, scale: Scale) -> str:
    r"""A label with its unit, such as "time (ps)".

    >>> label("speed", "speed", Scale.of_model())
    'speed ($l_\\mathrm{slow}/t_\\mathrm{slow}$)'
    """
    return f"{what} ({_MODEL[kind] if scale.system == MODEL else scale.names[kind]})"
