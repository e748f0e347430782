"""Events that end a run early: the particle is trapped, has left a window, moves steadily.

Each is a small immutable object with ``first_row(trajectory)``, the stored step at which the event first happens, or
None, and a ``status``, what the run then reports. They are looked at whenever the whole chain is at one time, and the
run ends at exactly that step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.status import Status
from chaintheory.support.validation import number, positive, shown, whole


class Event(Protocol):
    """What ``simulate(events=...)`` takes."""

    status: ClassVar[Status]

    def first_row(self, run: Trajectory) -> int | None:
        """Return the first stored step at which the event happens, or None."""
        ...


@dataclass(frozen=True)
class Trapped:
    """The particle has turned back ``turning_points`` times within one lattice spacing, at a mass or between two.

    Parameters
    ----------
    turning_points
        How many, at least 1; a pure number.

    Raises
    ------
    ValueError
        A number that is not whole or is below 1.

    >>> from chaintheory import Chain, Gaussian, System
    >>> well = System(Chain(3.0, 10.0), Gaussian(-2.0, 1.0))
    >>> run = well.simulate(0.3, 0.5, duration=400.0, events=Trapped(turning_points=4))
    >>> run.status, bool(run.time[-1] < 20.0)
    (<Status.TRAPPED: 'trapped'>, True)
    """

    turning_points: int = 6

    status: ClassVar[Status] = Status.TRAPPED

    def __post_init__(self) -> None:
        object.__setattr__(self, "turning_points", whole("turning_points", self.turning_points, 1))

    def first_row(self, run: Trajectory) -> int | None:
        """Return the stored step after the last of those turning points, or None; times in t_slow.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> Trapped().first_row(run) is None
        True

        Raises nothing: an AttributeError for what is no Trajectory.
        """
        turned = np.flatnonzero(np.diff(np.signbit(run.velocity))) + 1
        if turned.size < self.turning_points:
            return None
        swings = np.lib.stride_tricks.sliding_window_view(run.position[turned], self.turning_points)
        held = np.flatnonzero(np.ptp(swings, axis=1) < run.system.chain.spacing)
        return int(turned[held[0] + self.turning_points - 1]) if held.size else None


@dataclass(frozen=True)
class LeftWindow:
    """The particle is outside the positions ``lowest`` .. ``highest``.

    Parameters
    ----------
    lowest, highest
        Ends of the window, in l_slow.

    Raises
    ------
    ValueError
        Ends that are not finite numbers, or not in this order.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
    >>> run = system.simulate(20.0, 50.0, duration=100.0, events=LeftWindow(0.0, 500.0))
    >>> run.status, bool(run.position[-2] <= 500.0 < run.position[-1])
    (<Status.LEFT_WINDOW: 'left window'>, True)
    """

    lowest: float
    highest: float

    status: ClassVar[Status] = Status.LEFT_WINDOW

    def __post_init__(self) -> None:
        object.__setattr__(self, "lowest", number("lowest", self.lowest))
        object.__setattr__(self, "highest", number("highest", self.highest))
        if not self.lowest < self.highest:
            raise ValueError(f"highest must be above lowest, got {self.lowest}, {self.highest}")

    def first_row(self, run: Trajectory) -> int | None:
        """Return the first stored step outside the window (l_slow), or None.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> LeftWindow(30.0, 40.0).first_row(run)
        0

        Raises nothing: an AttributeError for what is no Trajectory.
        """
        outside = (run.position < self.lowest) | (run.position > self.highest)
        return int(np.argmax(outside)) if outside.any() else None


@dataclass(frozen=True)
class Steady:
    """The mean speed over ``passes`` passes repeats that of the passes before to ``tolerance``.

    A slow drift towards a distant drift velocity looks steady over few passes: choose ``passes`` of the order of the
    relaxation time.

    Parameters
    ----------
    tolerance
        Relative change of the mean speed; a pure number, positive.
    passes
        How many passes, at least 1.

    Raises
    ------
    ValueError
        A tolerance that is not positive, passes that are not a whole number of at least 1.

    >>> from chaintheory import Chain, Gaussian, System
    >>> free = System(Chain(10.0, 40.0), Gaussian(1e-3, 4.0))
    >>> run = free.simulate(220.0, 50.0, duration=100.0, events=Steady(tolerance=1e-3, passes=5))
    >>> run.status, bool(run.time[-1] < 10.0)
    (<Status.STEADY: 'steady'>, True)
    """

    tolerance: float = 1e-6
    passes: int = 100

    status: ClassVar[Status] = Status.STEADY

    def __post_init__(self) -> None:
        object.__setattr__(self, "tolerance", positive("tolerance", self.tolerance))
        object.__setattr__(self, "passes", whole("passes", self.passes, 1))

    def first_row(self, run: Trajectory) -> int | None:
        """Return the first stored step after the pass at which the mean speed (l_slow/t_slow) repeats, or None.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> Steady().first_row(run) is None
        True

        Raises nothing: an AttributeError for what is no Trajectory.
        """
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


def checked_events(events: Any) -> tuple[Event, ...]:
    """Return one event or several as a tuple; TypeError for anything else."""
    try:
        several: tuple[Any, ...] = tuple(events)
    except TypeError:
        several = (events,)
    if not several and not isinstance(events, tuple | list):  # empty text, a record of NumPy
        several = (events,)
    for one in several:
        if isinstance(one, type) or not callable(getattr(one, "first_row", None)) or not hasattr(one, "status"):
            raise TypeError(f"events must be Trapped, LeftWindow, Steady or several of them, got {shown(events)}")
    return several


def first_event(events: tuple[Event, ...], run: Trajectory) -> tuple[int, Status] | None:
    """The earliest step at which one of the events happens, and what it reports; None if none does."""
    rows = [(row, event.status) for event in events if (row := event.first_row(run)) is not None]
    return min(rows, key=lambda met: met[0]) if rows else None
