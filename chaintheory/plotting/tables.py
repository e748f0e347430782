"""Lists of results that are tables: ``to_dataframe()``, and how they are shown in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from chaintheory.units import Scale

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

One = TypeVar("One")

SHOWN = 20  # rows of a table in a notebook


def html_table(headers: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """A table in HTML; everything in it is escaped.

    >>> html_table(["a"], [["<1>"]])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;1&gt;</td></tr></tbody></table>'
    """

    def row(cells: Sequence[Any], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell_text(cell))}</{tag}>" for cell in cells) + "</tr>"

    head = f"<thead>{row(headers, 'th')}</thead>" if headers else ""
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{above}{head}<tbody>{''.join(row(cells, 'td') for cells in rows)}</tbody></table>"


def cell_text(value: Any) -> str:
    """A number with eight digits, anything else as text."""
    if value is None:
        return ""
    return f"{value:.8g}" if isinstance(value, float) else str(value)


class Table(list[One], Generic[One]):
    """A list of results that knows its columns; subclasses give ``rows``."""

    title = ""

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary for each result."""
        raise NotImplementedError

    def to_dataframe(self) -> pd.DataFrame:
        """The results as a pandas DataFrame, one row each."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def _repr_html_(self) -> str:
        rows = self.rows()
        more = f", {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        return html_table(
            list(rows[0]) if rows else [],
            [list(row.values()) for row in rows[:SHOWN]],
            f"{len(rows)} {self.title}{more}",
        )


class Passes(np.ndarray[Any, Any]):
    """The passes of a run: a structured array, one row a pass, that knows ``to_dataframe()`` and ``plot()``.

    In the units of the model; ``scale`` is what a plot shows.
    """

    scale: Scale = Scale.of_model()

    @classmethod
    def of(cls, rows: NDArray[Any], scale: Scale) -> Passes:
        """The rows with the scale of their system."""
        passes = rows.view(cls)
        passes.scale = scale
        return passes

    def __array_finalize__(self, made_from: Any) -> None:
        self.scale = getattr(made_from, "scale", Passes.scale)

    def __getitem__(self, index: Any) -> Any:
        """A column as a plain array; rows as passes."""
        found = super().__getitem__(index)
        return found.view(np.ndarray) if isinstance(index, str) else found

    def to_dataframe(self) -> pd.DataFrame:
        """One row a pass, in the units of the model."""
        import pandas as pd

        return pd.DataFrame({name: self[name] for name in self.dtype.names or ()})

    def plot(self, ax: Axes | None = None) -> Axes:
        """The energy lost by the particle, and absorbed by the chain, in each pass."""
        from chaintheory.plotting.runs import plot_passes

        return plot_passes(self, ax, self.scale)

    def _repr_html_(self) -> str:
        names = self.dtype.names or ()
        rows = [[float(cell) for cell in row] for row in np.atleast_1d(self)[:SHOWN].tolist()]
        more = f", {self.size - SHOWN} more" if self.size > SHOWN else ""
        return html_table(names, rows, f"{self.size} passes{more}")
