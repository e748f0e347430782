"""Types of the compiled module: the crossings of Eq. 10, and Eq. 7."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

class TangencyTable:
    """The lines through the origin that touch the band omega(x), x = q a/(2 pi); slopes are speed/spacing > 0."""

    omega_fast: float
    onset: float
    def __init__(self, omega_fast: float, tabulated: int = 512) -> None: ...
    def resonances(self, periods: ArrayLike) -> Array:
        """Offset and slope of the lower and of the upper tangent: shape (len(periods), 4).

        A ValueError for a period before ``onset``.
        """

    def ranges(self, slopes: Array, decay: float = 0.0, power: float = 1.0) -> tuple[Array, Array, Array]:
        """First and last period that matter to each line, and the number of crossings up to there."""

    def roots(self, slopes: Array, first: Array, last: Array) -> tuple[NDArray[np.intp], Array, Array, Array, Array]:
        """Owner, period, offset, omega and d omega/dx of each crossing, sorted by line and x."""

def band_mean_gaussian(speed: Array, omega_fast: float, width: float) -> Array:
    """Eq. 7 without prefactor and exponential, a pure number, at each speed (l_slow/t_slow, positive; 1-d)."""
