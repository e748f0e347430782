"""Types of the compiled module; shapes are in its docstrings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OUTSIDE: int
DISPLACED: int

class NearField:
    """Windows around one particle, and the tables to step them."""

    state: tuple[float, float, float, float]
    def __init__(
        self,
        tables: Mapping[str, Any],
        interaction_kind: str,
        coefficients: Array,
        cutoff: float,
        mass: float,
        driving: float,
        spacing: float,
        windows: Sequence[Mapping[str, Any]],
        block_time: float,
        speed_bound: float,
        displaced: float,
        most_displaced: float,
    ) -> None: ...
    def advance(
        self,
        field: Array,
        origin: int,
        blocks: int,
        rest: int,
        position: Array,
        velocity: Array,
        acceleration: Array,
        energy: Array,
        rest_kernels: Array | None = None,
        heat: Array | None = None,
    ) -> int: ...

def rotate(
    spectrum: NDArray[np.complex128],
    cosine: Array,
    sine_over: Array,
    sine_times: Array,
) -> None: ...
