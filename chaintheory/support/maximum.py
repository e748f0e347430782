"""The largest value of a smooth function on an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def highest(
    function: Callable[[Any], Any], points: Array, pieces: int, rounds: int, most: int | None = None
) -> tuple[float, float]:
    """Place and height of the largest value of a function of rows: the local maxima of ``points``, refined.

    Parameters
    ----------
    function, points
        The function is even about the first and the last point, which need no refinement.
    pieces, rounds
        The surroundings of a maximum are cut in so many pieces so often, half of them nearer each time.
    most
        How many local maxima are refined, the highest; left out, all.

    >>> place, height = highest(np.sin, np.linspace(0.0, 3.0, 7), 32, 5)
    >>> round(place, 5), round(height, 9)
    (1.5708, 1.0)
    """
    values = np.asarray(function(points))
    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])) + 1
    best = int(np.argmax(values))
    place, height = float(points[best]), float(values[best])
    for index in inner if most is None else inner[np.argsort(values[inner])[-most:]]:
        low, high = float(points[index - 1]), float(points[index + 1])
        for _ in range(rounds):
            finer = np.linspace(low, high, pieces + 1)
            at = np.asarray(function(finer))
            top = int(np.argmax(at))
            if at[top] > height:
                place, height = float(finer[top]), float(at[top])
            low, high = float(finer[max(top - 1, 0)]), float(finer[min(top + 1, pieces)])
    return place, height
