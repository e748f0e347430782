"""Types of the compiled module; shapes are in its docstrings."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LANES: int

def philox(seed: int, index: int, count: int) -> NDArray[np.uint64]: ...
def normal(seed: int, index: int, count: int) -> Array: ...
def losses(
    field: Array,
    kernel: Array,
    kind: str,
    coefficients: Array,
    cutoff: float,
    time_step: float,
    mass: float,
    start: float,
    speed: float,
    seed: int,
    first: int,
    antithetic: bool,
    result: Array,
    given: Array | None = None,
    through: bool = False,
) -> None: ...
