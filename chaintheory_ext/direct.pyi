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
    reach: float,
    mass: float,
    pull: float,
    spacing: float,
    time_step: float,
    sigma: float,
    q: float,
    lowest: int,
    memory_steps: int,
    sway: int,
    most_sway: float,
    position: Array,
    speed: Array,
    acceleration: Array,
    energy: Array,
    progress: Callable[[int], None] | None = None,
) -> int: ...
