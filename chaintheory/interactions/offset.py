r"""Lennard-Jones, Morse and Buckingham potentials of a particle that moves on a line beside the chain.

At a distance ``offset`` from the chain the distance to a mass is :math:`\rho = \sqrt{r^2 + d^2}`, so that nothing
diverges. Each of these potentials is a sum of inverse powers and exponentials of it, with the transforms

.. math:: \int \frac{e^{ikr}}{(1 + r^2/d^2)^{3}}\,dr = \frac{\pi d}{8}(3 + 3\kappa + \kappa^2)\,e^{-\kappa},
          \qquad \int e^{-s\rho/d + ikr}\,dr = 2 d s\,\frac{K_1(z)}{z},\quad z = \sqrt{\kappa^2 + s^2},\ \kappa = k d

(statements ``transform_inverse_sixth``, ``transform_inverse_twelfth``, ``transform_exponential_beside``). All fall like
exp(-k d), which the exponent of ``decay`` holds.
"""

# ruff: noqa: D102 (methods without a docstring are described in Interaction)
from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.base import Decay, Interaction, clipped, floating
from chaintheory.interactions.grammar import number_in_latex
from chaintheory.support.double_double import FOUR_PI
from chaintheory.support.validation import bounded, real_array, scale
from chaintheory_ext.generated import interactions as generated

if TYPE_CHECKING:
    from flint import arb

Array = NDArray[np.float64]

MOST_LENGTHS = 300.0  # of an exponential's decay in the offset: beyond, the parts leave the range of doubles
EPSILON = float(np.finfo(float).eps)


class Part(NamedTuple):
    """``value`` at r = 0 times (1 + x^2)^-power or, for power 0, exp(-rate (sqrt(1 + x^2) - 1)), with x = r/offset."""

    value: Any
    power: int
    rate: Any = 0.0


class Beside(Interaction):
    """A sum of inverse powers and exponentials of the distance to a mass, seen from a line beside the chain."""

    monotone: ClassVar[bool] = False
    # Parameters that are energies times a power of a length, with that power; the others are lengths.
    ENERGIES: ClassVar[dict[str, int]]
    offset: float

    def __post_init__(self) -> None:
        for name in self._names:
            check = bounded if name in self.ENERGIES else scale
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if length := getattr(self, "length", None):
            for name in self._names:
                if name in ("offset", "distance") and getattr(self, name) > MOST_LENGTHS * length:
                    raise ValueError(
                        f"{name} must be at most {MOST_LENGTHS:g} decay lengths, "
                        f"got {getattr(self, name)!r} with length {length!r}"
                    )
        for part in self.parts():  # powers of it must be doubles
            bounded("the interaction at r = 0", part.value)

    @property
    def _names(self) -> list[str]:
        return [one.name for one in fields(self)]  # type: ignore[arg-type]  # each kind is a dataclass

    def _scaled(self, energy: float, length: float) -> Interaction:
        factors = {
            name: energy * length ** self.ENERGIES[name] if name in self.ENERGIES else length for name in self._names
        }
        values = {name: factor * getattr(self, name) for name, factor in factors.items()}
        return replace(self, **values)  # type: ignore[type-var]  # each kind is a dataclass

    @abstractmethod
    def parts(self, exact: Callable[[float], Any] = float) -> list[Part]:
        """The parts, their numbers made by ``exact`` (float, or balls) from the parameters."""

    @property
    def coefficients(self) -> tuple[float, ...]:
        return tuple(float(part.value) for part in self._parts)

    @property
    def analytic_width(self) -> float:
        return self.offset

    @property
    def decay(self) -> Decay:
        return Decay(FOUR_PI, self.offset, 1)

    @cached_property
    def _parts(self) -> list[Part]:
        return self.parts()

    @cached_property
    def width(self) -> float:  # type: ignore[override]  # fixed for most kinds, computed here
        """sqrt(max abs(Phi)/max abs(Phi'')), in l_slow, as the width of a Gaussian is."""
        r = self.offset * np.linspace(0.0, 20.0, 4001)
        bending = float(np.abs(self.curvature(r)).max())
        return math.sqrt(float(np.abs(self.potential(r)).max()) / bending) if bending > 0.0 else self.offset

    def _derivative(self, r: ArrayLike, order: int) -> Array:
        x = clipped(floating("r", r) / self.offset, 1e60)
        total = 0.0 * x
        for part in self._parts:
            total = total + part.value * (_power if part.power else _exponential)(x, part, order)
        return total[()] / self.offset**order

    def transform(self, k: ArrayLike) -> Array:
        kappa = self._kappa(k)
        return (self._prefactor(kappa) * np.exp(-kappa))[()]

    def shape(self, k: ArrayLike) -> Array:
        return (self._prefactor(self._kappa(k)) ** 2)[()]

    def _kappa(self, k: ArrayLike) -> Array:
        return np.minimum(np.abs(real_array("k", k)) * self.offset, 1e30)

    def _prefactor(self, kappa: Array) -> Array:
        """The transform without exp(-kappa)."""
        return self.offset * sum((part.value * _prefactor(kappa, part) for part in self._parts), 0.0 * kappa)

    def transform_rounding(self, k: Array) -> Array:
        """Bound of the error of ``transform`` by rounding, for k > 0 (energy times length); it falls with k."""
        kappa = self._kappa(k)
        size = sum((abs(part.value) * _prefactor(kappa, part) for part in self._parts), 0.0 * kappa)
        return 8.0 * EPSILON * self.offset * size * np.exp(-kappa) * (4.0 + kappa)

    @property
    def transform_slope_bound(self) -> float:
        moments = [
            1.0 / (part.power - 1) if part.power else 2.0 * (1.0 / part.rate + 1.0 / part.rate**2)
            for part in self._parts
        ]
        return self.offset**2 * sum(abs(part.value) * one for part, one in zip(self._parts, moments, strict=True))

    @property
    def transform_curvature_bound(self) -> float:
        """A bound of the transform's second derivative, 2 int_0^inf r^2 abs(Phi) dr: energy times length^3."""
        from scipy.special import beta, kve

        moments = [
            beta(1.5, part.power - 1.5) if part.power else 2.0 * kve(2, part.rate) / part.rate for part in self._parts
        ]
        total = sum(abs(part.value) * one for part, one in zip(self._parts, moments, strict=True))
        return float(self.offset**3 * total)

    def _enclosed(self, k: arb) -> arb:
        from flint import arb

        from chaintheory.support.balls import BALLS

        kappa = k * arb(self.offset)
        total = arb(0)
        for part in self.parts(arb):
            if part.power:
                total += part.value * _power_prefactor(kappa, part.power, BALLS) * (-kappa).exp()
            else:
                z = (kappa**2 + part.rate**2).sqrt()
                total += (
                    part.value * generated.exponential_beside_transform(z.bessel_k(1), z, part.rate) * part.rate.exp()
                )
        return arb(self.offset) * total

    def _reach(self, tolerance: float) -> float:
        x = self.offset * np.geomspace(1e-3, 1e6, 8001)
        slope = np.abs(self.slope(x))
        above = np.flatnonzero(slope >= tolerance * slope.max())
        return float(x[min(above[-1] + 1, x.size - 1)]) if slope.max() > 0.0 else 0.0


def _power(x: Array, part: Part, order: int) -> Array:
    """(1 + x^2)^-n and its derivatives."""
    n, base = part.power, generated.lorentzian_profile(x)
    if order == 0:
        return np.asarray(base**n)
    slope = generated.lorentzian_slope(x)
    if order == 1:
        return np.asarray(n * base ** (n - 1) * slope)
    return np.asarray(n * base ** (n - 2) * ((n - 1) * slope**2 + base * generated.lorentzian_curvature(x)))


def _exponential(x: Array, part: Part, order: int) -> Array:
    """exp(-s (g - 1)), g = sqrt(1 + x^2), and its derivatives."""
    inverse = generated.softened_coulomb_profile(x)  # 1/g
    # g - 1 = x^2/(g + 1), without cancellation
    value = np.exp(-part.rate * x * x * inverse / (1.0 + inverse))
    if order == 0:
        return np.asarray(value)
    slope = x * inverse
    if order == 1:
        return np.asarray(-part.rate * slope * value)
    return np.asarray(part.rate * (part.rate * slope**2 - inverse**3) * value)


def _power_prefactor(kappa: Any, power: int, m: Any = np) -> Any:
    """The transform of (1 + x^2)^-power over the offset, times exp(kappa), in an arithmetic."""
    if power == 3:
        return generated.inverse_sixth_prefactor(kappa, m)
    return generated.inverse_twelfth_prefactor(kappa, m)


def _prefactor(kappa: Array, part: Part) -> Array:
    """The transform of a part over its value and the offset, times exp(kappa)."""
    if part.power:
        return np.asarray(_power_prefactor(kappa, part.power))
    from scipy.special import k1e

    rate = part.rate
    z = np.hypot(kappa, rate)
    # exp(s + kappa - z), the difference without cancellation: 2 s kappa/(s + kappa + z)
    bessel = k1e(z) * np.exp(2.0 * rate * kappa / (rate + kappa + z))
    return np.asarray(generated.exponential_beside_transform(bessel, z, rate))


def _exp(number: Any) -> Any:
    return math.exp(number) if isinstance(number, float) else number.exp()


@dataclass(frozen=True)
class LennardJones(Beside):
    r"""4 depth ((sigma/rho)^12 - (sigma/rho)^6), rho = sqrt(r^2 + offset^2): a particle beside the chain.

    Parameters
    ----------
    depth
        Depth of the well at rho = 2^(1/6) sigma, in hbar Omega_slow.
    sigma
        Distance at which it is 0, in l_slow.
    offset
        Distance of the particle's line from the chain, in l_slow; positive.

    Raises
    ------
    ValueError
        A length that is not positive, or an offset so small that the core leaves the range of doubles.

    >>> round(float(LennardJones(depth=1.0, sigma=3.0, offset=3.0 * 2 ** (1 / 6)).potential(0.0)), 12)
    -1.0
    """

    depth: float
    sigma: float
    offset: float

    ENERGIES: ClassVar = {"depth": 0}
    tail: ClassVar[float] = 6.0

    def parts(self, exact: Callable[[float], Any] = float) -> list[Part]:
        sixth = (exact(self.sigma) / exact(self.offset)) ** 6
        return [Part(4 * exact(self.depth) * sixth**2, 6), Part(-4 * exact(self.depth) * sixth, 3)]

    @property
    def latex(self) -> str:
        depth, sigma, d = map(number_in_latex, (4.0 * self.depth, self.sigma, self.offset))
        return (
            rf"{depth}\left[\left(\frac{{{sigma}}}{{\rho}}\right)^{{12}} - \left(\frac{{{sigma}}}{{\rho}}\right)^6"
            rf"\right],\quad \rho^2 = r^2 + {d}^2"
        )


@dataclass(frozen=True)
class Morse(Beside):
    r"""depth (e^(-2 (rho - distance)/length) - 2 e^(-(rho - distance)/length)), rho = sqrt(r^2 + offset^2).

    Parameters
    ----------
    depth
        Depth of the well, in hbar Omega_slow.
    distance
        Where its bottom is, in l_slow.
    length
        Decay length, the inverse of Morse's a, in l_slow.
    offset
        Distance of the particle's line from the chain, in l_slow; positive.

    Raises
    ------
    ValueError
        A length that is not positive; an offset above 300 decay lengths.

    >>> float(Morse(depth=1.0, distance=3.0, length=0.5, offset=3.0).potential(0.0))
    -1.0
    """

    depth: float
    distance: float
    length: float
    offset: float

    ENERGIES: ClassVar = {"depth": 0}

    def parts(self, exact: Callable[[float], Any] = float) -> list[Part]:
        depth, length, offset = exact(self.depth), exact(self.length), exact(self.offset)
        step = _exp((exact(self.distance) - offset) / length)
        return [Part(depth * step**2, 0, 2 * offset / length), Part(-2 * depth * step, 0, offset / length)]

    @property
    def latex(self) -> str:
        depth, distance, length, d = map(number_in_latex, (self.depth, self.distance, self.length, self.offset))
        step = rf"(\rho - {distance})/{length}"
        return rf"{depth}\left[e^{{-2{step}}} - 2\,e^{{-{step}}}\right],\quad \rho^2 = r^2 + {d}^2"


@dataclass(frozen=True)
class Buckingham(Beside):
    r"""amplitude e^(-rho/length) - dispersion/rho^6, rho = sqrt(r^2 + offset^2): a particle beside the chain.

    Parameters
    ----------
    amplitude
        Of the exponential, in hbar Omega_slow.
    length
        Its decay length, in l_slow.
    dispersion
        Coefficient of the attraction, in hbar Omega_slow l_slow^6.
    offset
        Distance of the particle's line from the chain, in l_slow; positive.

    Raises
    ------
    ValueError
        A length that is not positive; an offset above 300 decay lengths.

    >>> round(float(Buckingham(amplitude=100.0, length=0.3, dispersion=10.0, offset=2.0).potential(0.0)), 6)
    -0.028987
    """

    amplitude: float
    length: float
    dispersion: float
    offset: float

    ENERGIES: ClassVar = {"amplitude": 0, "dispersion": 6}
    tail: ClassVar[float] = 6.0

    def parts(self, exact: Callable[[float], Any] = float) -> list[Part]:
        offset = exact(self.offset)
        rate = offset / exact(self.length)
        return [Part(exact(self.amplitude) * _exp(-rate), 0, rate), Part(-exact(self.dispersion) / offset**6, 3)]

    @property
    def latex(self) -> str:
        a, length, c, d = map(number_in_latex, (self.amplitude, self.length, self.dispersion, self.offset))
        return rf"{a}\,e^{{-\rho/{length}}} - \frac{{{c}}}{{\rho^6}},\quad \rho^2 = r^2 + {d}^2"
