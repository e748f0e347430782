"""Conditions that end a run early: trapped, left a window, steady.

Each is a small immutable object with ``first_row(trajectory)``: the stored step at which the
condition is first met, or None. They are looked at whenever the whole chain is at one time, and the
run is then carried to exactly that step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chaintheory.support.validation import number, positive, whole

if TYPE_CHECKING:
    from chaintheory.simulation.record import Trajectory


class Stop(Protocol):
    """What ``simulate(stop=...)`` takes."""

    def first_row(self, run: Trajectory) -> int | None:
        """Return the first stored step at which the condition is met."""
        ...


@dataclass(frozen=True)
class Trapped:
    """The particle has turned back ``turns`` times without leaving the cell of one mass.

    >>> Trapped(turns=4)
    Trapped(turns=4)
    """

    turns: int = 6

    def __post_init__(self) -> None:
        object.__setattr__(self, "turns", whole("turns", self.turns, 1))

    def first_row(self, run: Trajectory) -> int | None:
        """Return the stored step after the last of those turns."""
        turned = np.flatnonzero(np.diff(np.signbit(run.speed))) + 1
        if turned.size < self.turns:
            return None
        cell = np.floor(run.position / run.system.chain.spacing + 0.5)
        hops = np.concatenate(([0], np.cumsum(np.diff(cell) != 0)))
        last = turned[self.turns - 1 :]
        first = turned[: turned.size - self.turns + 1]
        held = np.flatnonzero(hops[last] == hops[first])
        return int(last[held[0]]) if held.size else None


@dataclass(frozen=True)
class LeftWindow:
    """The particle is outside ``lowest`` .. ``highest`` (positions, l_slow)."""

    lowest: float
    highest: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lowest", number("lowest", self.lowest))
        object.__setattr__(self, "highest", number("highest", self.highest))
        if not self.lowest < self.highest:
            raise ValueError(f"highest must be above lowest, got {self.lowest}, {self.highest}")

    def first_row(self, run: Trajectory) -> int | None:
        """Return the first stored step outside."""
        outside = (run.position < self.lowest) | (run.position > self.highest)
        return int(np.argmax(outside)) if outside.any() else None


@dataclass(frozen=True)
class Steady:
    """The mean speed over ``passes`` passes repeats that of the passes before to ``tolerance``.

    ``tolerance`` is relative. A slow drift towards a distant drift velocity looks steady over few
    passes: choose ``passes`` of the order of the relaxation time.
    """

    tolerance: float = 1e-6
    passes: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "tolerance", positive("tolerance", self.tolerance))
        object.__setattr__(self, "passes", whole("passes", self.passes, 1))

    def first_row(self, run: Trajectory) -> int | None:
        """Return the first stored step after the pass that meets the condition."""
        crossings = run.crossings
        n = self.passes
        if crossings.size < 2 * n + 1:
            return None
        time, position = crossings["time"], crossings["position"]
        mean = (position[n:] - position[:-n]) / (time[n:] - time[:-n])
        steady = np.abs(mean[n:] - mean[:-n]) <= self.tolerance * np.abs(mean[n:])
        if not steady.any():
            return None
        met = time[2 * n + int(np.argmax(steady))]
        return min(int(np.searchsorted(run.time, met)), run.time.size - 1)
