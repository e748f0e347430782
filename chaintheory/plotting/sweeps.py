"""Pictures of sweeps: one quantity over one or two of the axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chaintheory.plotting.style import CYCLE, KINDS, axes, legend_above, line, typeset
from chaintheory.support.validation import choice, shown

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

MOST_LINES = 8  # of one picture; more are drawn as a map
DECADES = 2.0  # beyond which an axis is logarithmic


def plot_sweep(dataset: xarray.Dataset, quantity: str, ax: Axes | None = None) -> Axes:
    r"""Draw one quantity of a sweep: lines over one axis, a line each or a map over two, drift velocities as points.

    Parameters
    ----------
    dataset
        What ``run_sweep`` returned, or its file, opened with xarray. Of more than two axes select first, with
        ``dataset.sel(width=4.0)``.
    quantity
        One of its variables, ``"mean_dissipation"`` for example; ``"drift_velocity"`` is drawn by kind.
    ax
        Matplotlib's axes to draw into; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        With the units that the file states, those of the model.

    Raises
    ------
    ValueError
        A quantity that the sweep does not hold, or one over more than two axes.
    ImportError
        Where Matplotlib is missing.

    >>> import xarray
    >>> data = xarray.Dataset({"mean_dissipation": ("speed", [1.0, 2.0], {"units": "hbar Omega_slow"})},
    ...                       {"speed": ("speed", [10.0, 20.0], {"units": "l_slow/t_slow"})})
    >>> plot_sweep(data, "mean_dissipation").get_xlabel()
    'speed ($l_\\mathrm{slow}/t_\\mathrm{slow}$)'
    """
    if not (hasattr(dataset, "data_vars") and hasattr(dataset, "coords")):
        raise TypeError(f"dataset must be what run_sweep returns, an xarray.Dataset, got {shown(dataset)}")
    choice("quantity", quantity, [str(name) for name in dataset.data_vars if name not in ("refused", "drift_kind")])
    values = dataset[quantity]
    over = [str(name) for name in values.dims if name in dataset.coords]
    along = [str(name) for name in values.dims if name not in dataset.coords]
    if not over or len(over) + len(along) > 2:
        raise ValueError(
            f"dataset must have one or two axes to be drawn, got {', '.join(map(str, values.dims)) or 'none'}; "
            "select with dataset.sel(...)"
        )
    if len(over) == 2 and dataset[over[0]].size <= MOST_LINES < dataset[over[1]].size:
        over = over[::-1]  # a line for each of the few
    ax = axes(ax)
    x = dataset[over[0]]
    if quantity == "drift_velocity":
        _draw_drift(ax, x.values, values.transpose(over[0], *along).values, dataset["drift_kind"].values)
    elif along:
        rows = values.transpose(over[0], along[0]).values
        for number, (place, row) in enumerate(zip(x.values, rows, strict=True)):
            ax.plot(np.arange(1, row.size + 1), row, **line(number), label=_name(over[0], place))
        if len(rows) <= MOST_LINES:
            legend_above(ax, columns=4)
    elif len(over) == 1:
        ax.plot(x.values, values.values, "o-", color=CYCLE[0], ms=3)
        _scale(ax, "y", values.values)
    else:
        _draw_two(ax, dataset, values, over)
    first = f"number of the {along[0]}" if along and quantity != "drift_velocity" else _label(x)
    ax.set_xlabel(first)
    if not ax.get_ylabel():
        ax.set_ylabel(_label(values))
    if not along:
        _scale(ax, "x", x.values)
    return ax


def _draw_two(ax: Axes, dataset: Any, values: Any, over: list[str]) -> None:
    """Lines for each value of the second axis, or a map of both where these are many."""
    x, y = dataset[over[0]].values, dataset[over[1]].values
    table = values.transpose(*over).values
    if y.size <= MOST_LINES:
        for number, place in enumerate(y):
            ax.plot(x, table[:, number], marker="o", ms=3, **line(number), label=_name(over[1], place))
        _scale(ax, "y", table)
        legend_above(ax, columns=4)
        return
    drawn = ax.pcolormesh(x, y, table.T, shading="nearest", norm="log" if _over_decades(table) else None)
    ax.figure.colorbar(drawn, ax=ax, label=_label(values))
    ax.set_ylabel(_label(dataset[over[1]]))
    _scale(ax, "y", y)


def _draw_drift(ax: Axes, x: Any, speeds: Any, kinds: Any) -> None:
    """Drift velocities over an axis, by kind."""
    for number, (kind, (colour, marker)) in enumerate(KINDS.items()):
        row, column = np.nonzero(kinds == number)
        if row.size:
            ax.plot(x[row], speeds[row, column], marker, color=colour, ms=5, mfc="none", label=kind)
    if ax.lines:
        legend_above(ax, columns=4)


def _scale(ax: Axes, which: Literal["x", "y"], values: Any) -> None:
    """A logarithmic axis for values over several decades; springs are words, which are written aslant."""
    if values.dtype.kind in "OU":
        ax.tick_params(which, rotation=20)
    elif _over_decades(values):
        ax.set(**{f"{which}scale": "log"})


def _over_decades(values: Any) -> bool:
    """Whether values, apart from those that a refused point lacks, are positive and differ by decades."""
    there = values[np.isfinite(values)] if values.dtype.kind == "f" else np.empty(0)
    return bool(there.size and there.min() > 0.0 and there.max() > 10.0**DECADES * there.min())


def _name(axis: str, place: Any) -> str:
    return f"{axis.replace('_', ' ')} {place if isinstance(place, str) else format(place, 'g')}"


def _label(values: Any) -> str:
    return typeset(str(values.name), str(values.attrs.get("units", "1")))
