"""Types of the compiled module; shapes are in its docstrings."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

def run(
    position_kernel: Array,
    momentum_kernel: Array,
    gaussian: bool,
    coefficients: Array,
    cutoff: float,
    mass: float,
    driving: float,
    spacing: float,
    time_step: float,
    sigma: float,
    q: float,
    lowest: int,
    memory_steps: int,
    displaced: int,
    most_displaced: float,
    position: Array,
    velocity: Array,
    acceleration: Array,
    energy: Array,
    final: Array,
    progress: Callable[[int], None] | None = None,
) -> int: ...
