"""Colours, axes and labels with their units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chaintheory.support.validation import shown
from chaintheory.units import MODEL, Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito: told apart with every kind of colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#7f7f7f"
STYLES = ("-", "--", ":")  # of the lines that go round the colours once, twice, three times
WIDEST_LEGEND = 1.2  # of the width of the axes, beside which their labels have room too
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

# Kind of a drift velocity: colour and symbol.
KINDS = {"locked": (VERMILLION, "s"), "stable": (GREEN, "o"), "unstable": (BLUE, "x"), "unknown": (GREY, "D")}

_OMEGA = r"$\Omega_\mathrm{slow}$"
_ENERGY = r"\hbar\Omega_\mathrm{slow}"
_MODEL = {
    "mass": "$m$",
    "length": r"$l_\mathrm{slow}$",
    "time": r"$t_\mathrm{slow}$",
    "energy": f"${_ENERGY}$",
    "speed": r"$l_\mathrm{slow}/t_\mathrm{slow}$",
    "force": rf"${_ENERGY}/l_\mathrm{{slow}}$",
}


# Symbols of the model's units, as files write them.
_SYMBOLS = {
    "hbar Omega_slow": _ENERGY,
    "Omega_slow": r"\Omega_\mathrm{slow}",
    "Omega": r"\Omega",
    "l_slow": r"l_\mathrm{slow}",
    "t_slow": r"t_\mathrm{slow}",
    "k_B": r"k_\mathrm{B}",
    "kappa": r"\kappa",
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


def ink(ax: Axes) -> str:
    """The colour of lines and marks in black: that of the labels, which is light on a dark ground."""
    from matplotlib.colors import to_hex

    return to_hex(ax.xaxis.label.get_color())


def line(number: int) -> dict[str, Any]:
    """Colour and style of one of many lines: no two of the first 18 are the same.

    >>> line(1)["color"] == line(7)["color"], line(1)["ls"], line(7)["ls"]
    (True, '-', '--')
    """
    return {"color": CYCLE[number % len(CYCLE)], "ls": STYLES[number // len(CYCLE) % len(STYLES)]}


def legend_above(ax: Axes, columns: int = 2) -> None:
    """The legend above the axes, where lines that fill them are not hidden by it; in fewer columns where it is wide.

    On a linear axis it leaves room for the power of ten that Matplotlib writes there.
    """
    for count in range(columns, 0, -1):
        legend = ax.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=count, fontsize=8, frameon=False, labelspacing=0.3,
            borderpad=0.1, borderaxespad=1.5 if ax.get_yscale() == "linear" else 0.3,
        )  # fmt: skip
        if legend.get_window_extent().width <= WIDEST_LEGEND * ax.bbox.width:
            break


def label(what: str, kind: str, scale: Scale) -> str:
    r"""A label with its unit, such as "time (ps)".

    >>> label("speed", "speed", Scale.of_model())
    'speed ($l_\\mathrm{slow}/t_\\mathrm{slow}$)'
    >>> label("density", "1/length", Scale.of_model())
    'density ($1/l_\\mathrm{slow}$)'
    """
    return f"{what} ({_unit(kind, scale)})"


def frequency_label(what: str, scale: Scale) -> str:
    """A label with the unit of an angular frequency.

    >>> from chaintheory.units import Units
    >>> frequency_label("frequency", Units(6.6e-26, 1e12).scale("metal"))
    'frequency (rad/ps)'
    """
    return f"{what} ({_OMEGA if scale.system == MODEL else 'rad/' + scale.names['time']})"


def with_unit(value: float, kind: str, scale: Scale) -> str:
    r"""A number in a scale with its unit, for a title or a remark.

    >>> with_unit(50.0, "speed", Scale.of_model())
    '50 $l_\\mathrm{slow}/t_\\mathrm{slow}$'
    """
    return f"{value:.6g} {_unit(kind, scale)}"


def _unit(kind: str, scale: Scale) -> str:
    if kind.startswith("1/"):
        return _unit(kind[2:], scale).replace("$", "$1/", 1) if scale.system == MODEL else f"1/{_unit(kind[2:], scale)}"
    return _MODEL[kind] if scale.system == MODEL else scale.names[kind]


def typeset(name: str, unit: str) -> str:
    r"""A label from the name of a variable of a file and the unit that it states.

    >>> typeset("mean_dissipation", "hbar Omega_slow"), typeset("seed", "1")
    ('mean dissipation ($\\hbar\\Omega_\\mathrm{slow}$)', 'seed')
    >>> print(typeset("loss", "$x^$"))  # of a stranger's file: no formula
    loss (\$x^\$)
    """
    words = name.replace("_", " ").replace("$", r"\$")
    if unit in ("", "1"):
        return words
    known = "|".join(map(re.escape, _SYMBOLS))
    rest = re.sub(known, "", unit)
    if rest != unit and re.fullmatch(r"(?:[^\W_]|[\s/*().-]|\^-?\d+)*", rest):
        return f"{words} (${re.sub(known, lambda found: _SYMBOLS[found[0]], unit)}$)"
    return words + " (" + unit.replace("$", r"\$") + ")"
