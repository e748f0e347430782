"""Bounds of an interaction's Fourier transform and of its derivative over intervals of the wave number.

A named interaction whose transform falls monotonically is bounded by its values at the two ends and by its logarithmic
derivative; a square well, mixtures and numerical transforms by their values, slopes and a bound of the curvature,
abs(transform'') <= 2 int r^2 abs(Phi) dr.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.drift.intervals import ELEMENTARY, EPSILON, Interval, down, up
from chaintheory.interactions.base import Interaction
from chaintheory.interactions.named import (
    Gaussian,
    GaussianMixture,
    HalfIntegerMatern,
    Lorentzian,
    Sech2,
    SoftenedCoulomb,
    SquareWell,
)
from chaintheory.interactions.offset import Beside

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TransformBounds:
    """Bounds of the transform, and of either its logarithmic derivative or its derivative."""

    value: Interval
    logarithmic: Interval | None = None
    slope: Interval | None = None

    @property
    def relative_slope(self) -> Interval:
        """Bounds of transform'/transform; unbounded where the transform may be 0."""
        if self.logarithmic is not None:
            return self.logarithmic
        assert self.slope is not None
        return self.slope / self.value


def transform_bounds(interaction: Interaction, k: Interval) -> TransformBounds:
    """Bounds over each interval of wave numbers k > 0.

    >>> found = transform_bounds(Gaussian(2.0, 4.0), Interval(np.array([0.25]), np.array([0.5])))
    >>> bool(found.value.low[0] < Gaussian(2.0, 4.0).transform(0.3) < found.value.high[0])
    True
    """
    for kind, logarithmic in _MONOTONE.items():
        if isinstance(interaction, kind):
            low, high = np.abs(interaction.transform(k.high)), np.abs(interaction.transform(k.low))
            value = Interval(
                np.maximum(down(low, _units(interaction, k.high)), 0.0), up(high, _units(interaction, k.low))
            )
            return TransformBounds(value, logarithmic=logarithmic(interaction, k))
    if isinstance(interaction, GaussianMixture):
        return _mixture(interaction, k)
    if isinstance(interaction, SquareWell):
        return _square_well(interaction, k)
    return _numerical(interaction, k)


def envelope(interaction: Interaction, k: Array) -> Any:
    """An upper bound of abs(transform) at all wave numbers from k on, for a transform that falls monotonically."""
    return up(np.abs(interaction.transform(k)), _units(interaction, k))


def _units(interaction: Interaction, k: Any) -> Any:
    """Error of a monotone transform in units of its last place: that of exp(-E) is E times that of E."""
    kappa = np.minimum(np.abs(k) * interaction.width, 1e4)
    power = interaction.order + 1.0 if isinstance(interaction, HalfIntegerMatern) else 0.0
    exponent = 0.5 * kappa**2 if isinstance(interaction, Gaussian | GaussianMixture) else 0.5 * math.pi * kappa
    return 3.0 * ELEMENTARY + 4.0 * (power if power else exponent)


# Logarithmic derivatives of the transforms that fall monotonically, in the wave number ----------------


def _gaussian(interaction: Gaussian, k: Interval) -> Interval:
    """-k width^2."""
    return -(k * Interval.about(interaction.width**2))


def _matern(interaction: HalfIntegerMatern, k: Interval) -> Interval:
    """-2 (p + 1) width kappa/(2 p + 1 + kappa^2)."""
    width, order = Interval.of(interaction.width), interaction.order
    kappa = k.times(width)
    factor = Interval.of(2.0 * (order + 1)).times(width)
    return -(factor.times(kappa) / (Interval.of(2.0 * order + 1.0) + kappa.squared()))


def _lorentzian(interaction: Lorentzian, k: Interval) -> Interval:
    """-width."""
    return -Interval(np.full_like(k.low, interaction.width), np.full_like(k.high, interaction.width))


def _sech2(interaction: Sech2, k: Interval) -> Interval:
    """1/k - (pi width/2) coth(pi width k/2), which falls from 0."""
    half = 0.5 * math.pi * interaction.width

    def value(k: Array) -> tuple[Array, Array]:
        x = np.minimum(half * k, 1e300)
        # 1/x - coth(x): by its series where the two cancel, off by less than x^7/4725.
        series = -x / 3.0 + x**3 / 45.0 - 2.0 * x**5 / 945.0
        with np.errstate(divide="ignore", over="ignore"):
            direct = 1.0 / x - 1.0 / np.tanh(x)
        small = x < 0.05
        error = np.where(
            small, x**7 / 4725.0 + 4.0 * EPSILON * x, 4.0 * ELEMENTARY * EPSILON * (1.0 + 1.0 / (x + 1e-9))
        )
        return half * np.where(small, series, direct), half * error

    (top, error), (bottom, other) = value(k.low), value(k.high)
    return Interval(down(bottom - other, 4.0), np.minimum(up(top + error, 4.0), 0.0))


def _coulomb(interaction: SoftenedCoulomb, k: Interval) -> Interval:
    """-width K1(kappa)/K0(kappa), which rises from -infinity to -width."""
    from scipy.special import k0e, k1e

    def value(k: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = k1e(k * interaction.width) / k0e(k * interaction.width)
        return -interaction.width * np.where(np.isfinite(ratio), ratio, np.where(k > 1e-9, 1.0, np.inf))

    return Interval(down(value(k.low), 4.0 * ELEMENTARY), up(value(k.high), 4.0 * ELEMENTARY))


_MONOTONE: dict[type, Callable[..., Interval]] = {
    Gaussian: _gaussian,
    HalfIntegerMatern: _matern,
    Lorentzian: _lorentzian,
    Sech2: _sech2,
    SoftenedCoulomb: _coulomb,
}


# Transforms that may change sign ----------------------------------------------------------------------


def _mixture(interaction: GaussianMixture, k: Interval) -> TransformBounds:
    """The sum of the bounds of each Gaussian and of its derivative."""
    value = slope = Interval.of(np.zeros_like(k.low))
    for part in interaction.parts:
        bounds = transform_bounds(part, k)
        assert bounds.logarithmic is not None
        one = bounds.value if part.amplitude >= 0.0 else -bounds.value
        value, slope = value + one, slope + one * bounds.logarithmic
    if not interaction.monotone:
        return TransformBounds(value, slope=slope)
    # All of one sign: the logarithmic derivative is a mean of those of the parts.
    widths = [part.width for part in interaction.parts]
    widest, narrowest = (transform_bounds(Gaussian(1.0, w), k).logarithmic for w in (max(widths), min(widths)))
    assert widest is not None and narrowest is not None
    ratio = slope / value
    logarithmic = Interval(np.fmax(ratio.low, widest.low), np.fmin(ratio.high, narrowest.high))
    return TransformBounds(value.absolute(), logarithmic=logarithmic)


def _square_well(interaction: SquareWell, k: Interval) -> TransformBounds:
    """2 amplitude width sinc(kappa), and -2 amplitude width^2 j1(kappa)."""
    from scipy.special import spherical_jn

    size, width = abs(interaction.amplitude), interaction.width
    # sin(kappa)/kappa and j1(kappa) with an error in kappa of one unit: off by a few units of 1.
    error = 4.0 * ELEMENTARY * EPSILON * 2.0 * size * width
    values = [np.asarray(interaction.transform(at)) for at in (k.low, k.high)]
    slopes = [-2.0 * interaction.amplitude * width**2 * spherical_jn(1, at * width) for at in (k.low, k.high)]
    curvature = 2.0 / 3.0 * size * width**3 * (1.0 + 8.0 * EPSILON)
    return _between(k, values, error, curvature, slopes, 2.0 * error * width)


def _numerical(interaction: Interaction, k: Interval) -> TransformBounds:
    """By values with the error that the interaction states; the derivative by the secant."""
    error: Any = 2.0 * float(getattr(interaction, "transform_error", 0.0))
    curvature = 1.01 * interaction.reach() * interaction.transform_slope_bound  # r^2 <= reach r
    if isinstance(interaction, Beside):
        error, curvature = interaction.transform_rounding(k.low), 1.01 * interaction.transform_curvature_bound
    values = [np.asarray(interaction.transform(at)) for at in (k.low, k.high)]
    length = np.maximum(k.high - k.low, 1e-300)
    secant = (values[1] - values[0]) / length
    # The derivative equals the secant somewhere between.
    uncertain = curvature * length + 2.0 * error / length + 8.0 * EPSILON * np.abs(secant)
    bounds = _between(k, values, error, curvature, [secant, secant], uncertain)
    return TransformBounds(bounds.value, slope=Interval(secant - uncertain, secant + uncertain))


def _between(
    k: Interval,
    values: list[Array],
    error: float | Array,
    curvature: float,
    slopes: list[Array],
    slope_error: float | Array,
) -> TransformBounds:
    """Bounds from values and slopes at the two ends: linear interpolation is off by at most length^2/8 curvature."""
    length = up(k.high - k.low)
    bulge = up(0.125 * length**2 * curvature, 4.0) + error
    bend = up(0.5 * length * curvature, 4.0) + slope_error
    value = Interval(down(np.minimum(*values) - bulge), up(np.maximum(*values) + bulge))
    slope = Interval(down(np.minimum(*slopes) - bend), up(np.maximum(*slopes) + bend))
    return TransformBounds(value, slope=slope)
