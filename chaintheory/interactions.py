"""Interactions between the particle and one chain mass at distance r.

Every interaction is even in r and decays. Units: energy hbar Omega_slow, length l_slow (notation
table of the ledger).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.validation import number, positive


@dataclass(frozen=True)
class Interaction:
    """An even, decaying interaction potential Phi(r) of amplitude ``amplitude`` and width ``width``."""

    amplitude: float
    width: float

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplitude", number("amplitude", self.amplitude))
        for field in fields(self):
            if field.name != "amplitude":
                object.__setattr__(self, field.name, positive(field.name, getattr(self, field.name)))

    @property
    def coefficients(self) -> tuple[float, ...]:
        """What the generated C functions take: amplitude, width and any further parameters."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Gaussian(Interaction):
    r"""Phi(r) = amplitude exp(-r^2 / (2 width^2)), the interaction of the paper.

    >>> float(Gaussian(amplitude=2.0, width=4.0).potential(0.0))
    2.0
    """

    kind: ClassVar[str] = "gaussian"

    def potential(self, r: ArrayLike) -> NDArray[np.float64]:
        """Phi(r)."""
        x = np.asarray(r, dtype=np.float64) / self.width
        return self.amplitude * np.exp(-0.5 * x * x)

    def slope(self, r: ArrayLike) -> NDArray[np.float64]:
        """dPhi/dr."""
        x = np.asarray(r, dtype=np.float64) / self.width
        return -self.amplitude / self.width * x * np.exp(-0.5 * x * x)

    def transform(self, k: ArrayLike) -> NDArray[np.float64]:
        """Fourier transform, the integral of Phi(r) exp(i k r) over all r."""
        x = np.asarray(k, dtype=np.float64) * self.width
        return math.sqrt(2.0 * math.pi) * self.amplitude * self.width * np.exp(-0.5 * x * x)

    def shape(self, k: ArrayLike) -> NDArray[np.float64]:
        """The squared transform without its factor exp(-rate k^power), see ``decay``."""
        return np.full_like(k, 2.0 * math.pi * (self.amplitude * self.width) ** 2, dtype=np.float64)

    @property
    def decay(self) -> tuple[float, int]:
        """Rate and power of the factor exp(-rate k^power) of the squared transform."""
        return self.width**2, 2

    def reach(self, tolerance: float = 1e-17) -> float:
        """Distance beyond which |dPhi/dr| is below ``tolerance`` times |amplitude|/width."""
        x = math.sqrt(-2.0 * math.log(tolerance))
        for _ in range(4):  # x exp(-x^2/2) = tolerance
            x = math.sqrt(2.0 * math.log(x / tolerance))
        return x * self.width
