r"""What a particle loses in one pass of a chain at a temperature: mean and variance.

To second order in the interaction, with s the energy that a mode takes in a pass of the chain at rest (Eq. 6) and E its
thermal energy, the variance of the loss is <2 s E> over the band, and the mean

    Delta - (1/2) dVar/dE_kin,

where the recoil of the particle in the thermal force, the second term, needs no dissipation. In a classical chain it is
what keeps exp(-E_kin/T) stationary. Statements ``loss_variance`` and ``mean_loss_with_recoil`` of the ledger.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import (
    VANISHING,
    OfMode,
    band_mean_of_transform,
    closed_loss,
    loss_at_rest,
    quadrature_loss,
    single_pass_dissipation,
    width_of,
)
from chaintheory.interactions.named import Gaussian, GaussianMixture, HalfIntegerMatern
from chaintheory.lattice.dispersion import band_edges, band_top
from chaintheory.lattice.memory_kernel import half_width
from chaintheory.lattice.thermal_field import checked_sampling, correlation, mode_energy, temperatures
from chaintheory.parameters import refuse_damping, refuse_no_wells
from chaintheory.support.validation import LARGEST, real_array, truth
from chaintheory_ext.generated import thermal as generated

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

# Part of the integral's absolute value below which rounding has taken too many digits of a broadened variance.
LEAST_LEFT = 1e-9
SLOWEST = 1e-100  # speed above 0
LEAST_WAVE = 1e-280  # stands for 0 in a transform that is infinite there
TENTH = (5 / 6, -5 / 21, 5 / 84, -5 / 504, 1 / 1260)  # central difference of tenth order: of n = 1 to 5 steps
# Of a broadened integral: its end in units of the width, and the largest table of correlations.
FARTHEST, MOST_NUMBERS = 13.0, 1 << 24


def _broadcast(speed: ArrayLike, temperature: ArrayLike) -> tuple[Array, Array, tuple[int, ...]]:
    """|speed| and temperature as flat arrays of one length, and the shape to return."""
    v, heat = np.abs(real_array("speed", speed)), temperatures(temperature)
    try:
        v, heat = np.broadcast_arrays(v, heat)
    except ValueError:
        raise ValueError(
            f"speed and temperature must have shapes that broadcast, got {v.shape} and {heat.shape}"
        ) from None
    refuse_slowest(v[v > 0.0])
    return v.ravel(), heat.ravel(), v.shape


def refuse_slowest(speed: Array) -> None:
    """Refuse speeds above 0 at which 1/v^2 or the exponent of a transform is beyond doubles."""
    if speed.size and speed.min() < SLOWEST:
        raise ValueError(
            f"speed must be large enough at a temperature, 0 or at least {SLOWEST:g}, got {float(speed.min())!r}"
        )


def loss_variance(
    system: SystemParameters,
    speed: ArrayLike,
    temperature: ArrayLike,
    sampling: str = "quantum",
    broadening: bool = False,
) -> Array:
    """Variance of the loss of one pass: ``System.loss_variance``, which describes it."""
    refuse_damping(system.chain, "a temperature")
    v, heat, shape = _broadcast(speed, temperature)
    sampling = checked_sampling(sampling)
    truth("broadening", broadening)
    if broadening and np.any(v > LARGEST):
        raise ValueError(f"speed must be at most {LARGEST:g} with broadening=True, got {float(v.max())!r}")
    result = np.zeros(v.shape)
    moving = v > 0.0
    if not moving.all():
        loss_at_rest(system)  # a ValueError where there is no limit of vanishing speed
        if not system.interaction.smooth:
            raise ValueError("speed must not be 0 for an interaction that is not smooth, got 0.0")
    of = _broadened if broadening else _variance
    result[moving] = of(system, v[moving], heat[moving], sampling)
    return result.reshape(shape)[()]


def _variance(system: SystemParameters, v: Array, heat: Array, sampling: str) -> Array:
    """<2 s E> over the band."""
    if sampling == "classical" and system.interaction.closed and system.chain.minimal:
        return np.asarray(generated.loss_variance(closed_loss(system, v, log=False), heat))
    return quadrature_loss(system, v, log=False, shape=_scattered(system, heat, sampling))


def _scattered(system: SystemParameters, heat: Array, sampling: str) -> OfMode:
    """2 s E of a mode, with the prefactor of the squared transform in s."""

    def scattered(rows: Any, omega: Array, wave: Array) -> Array:
        energy = mode_energy(omega, heat[rows, None], sampling)
        return np.asarray(generated.loss_variance(system.interaction.shape(np.maximum(wave, LEAST_WAVE)), energy))

    return scattered


def _variance_slope(system: SystemParameters, v: Array, heat: Array, sampling: str) -> Array:
    """Return v dVar/dv = -<2 E (4 + d ln|transform|^2/d ln k) s>."""
    interaction = system.interaction
    constant, width, power = interaction.decay

    def changed(rows: Any, omega: Array, wave: Array) -> Array:
        wave = np.maximum(wave, LEAST_WAVE)
        shape, energy = interaction.shape(wave), mode_energy(omega, heat[rows, None], sampling)
        if isinstance(interaction, HalfIntegerMatern):  # little is left of the 4 of a cusp at low speed
            share = 1.0 / (1.0 + np.minimum(wave * width, 1e150) ** 2 / (2 * interaction.order + 1))
            changes = shape * generated.matern_power(interaction.order, share)
        else:
            decay = power * constant[0] * (width * omega / v[rows, None]) ** float(power)
            changes = shape * (4.0 - decay) + wave * _slope(system, wave)
        return np.asarray(generated.loss_variance(changes, energy))

    # The terms cancel at some speed, but for a cusp: the quadrature's tolerance is relative to their magnitudes.
    mean, (exponents, _) = band_mean_of_transform(system, v, _scattered(system, heat, sampling))
    if isinstance(interaction, HalfIntegerMatern):
        powers = np.full(v.shape, 4.0 * interaction.order)
    else:
        oscillations = 0.0 if interaction.monotone else 2.0 * math.pi * band_top(system.chain) * width_of(system) / v
        powers = 4.0 + power * exponents + oscillations
    return -quadrature_loss(system, v, log=False, shape=changed, least=powers * mean)


def _slope(system: SystemParameters, k: Array) -> Array:
    """Derivative of the prefactor of the squared transform, to tenth order.

    The prefactor varies over 1/width, of an oscillating transform over half of 1/reach, and over k where it is singular
    at 0 (log(k)^2 of a softened Coulomb interaction).
    """
    interaction = system.interaction
    if isinstance(interaction, GaussianMixture):
        longest = max(interaction.widths)
    else:
        longest = interaction.width if interaction.monotone else width_of(system)
    step = np.minimum(0.03 / longest, 0.02 * k)
    shape = interaction.shape
    parts = (part * (shape(np.abs(k + n * step)) - shape(np.abs(k - n * step))) for n, part in enumerate(TENTH, 1))
    return np.asarray(sum(parts) / step)


def mean_loss(system: SystemParameters, speed: ArrayLike, temperature: ArrayLike, sampling: str = "quantum") -> Array:
    """Mean loss of one pass with the particle's recoil in the thermal force, for ``System.single_pass_dissipation``."""
    refuse_damping(system.chain, "a temperature")
    v, heat, shape = _broadcast(speed, temperature)
    sampling = checked_sampling(sampling)
    result = np.array(single_pass_dissipation(system, v), dtype=np.float64)
    if not system.interaction.smooth:  # a cusp, whose recoil has a limit other than 0 at vanishing speed
        v = np.where(v > 0.0, v, VANISHING * system.interaction.width * band_edges(system.chain)[0])
    moving = v > 0.0
    v, heat = v[moving], heat[moving]
    slope = _variance_slope(system, v, heat, sampling) / v * generated.speed_per_energy(v, system.mass)
    result[moving] = generated.mean_loss(result[moving], slope)
    return result.reshape(shape)[()]


def _broadened(system: SystemParameters, v: Array, heat: Array, sampling: str) -> Array:
    """The integral over tau with the widths broadened by lambda^2 -> lambda^2 + C(0) - C(tau), pairs of Gaussians."""
    interaction = system.interaction
    refuse_no_wells(system.chain, "broadening=True")
    if isinstance(interaction, Gaussian):
        parts = [interaction]
    elif isinstance(interaction, GaussianMixture):
        parts = list(interaction.parts)
    else:
        raise ValueError(
            f"broadening must be False for an interaction that is no Gaussian or mixture, got {interaction!r}"
        )
    pairs = [
        (a.amplitude * a.width * b.amplitude * b.width, 0.5 * (a.width**2 + b.width**2)) for a in parts for b in parts
    ]
    return np.array(
        [_broadened_integral(system, pairs, *one, sampling) for one in zip(v.tolist(), heat.tolist(), strict=True)]
    )


def _broadened_integral(
    system: SystemParameters, pairs: list[tuple[float, float]], v: float, heat: float, sampling: str
) -> float:
    """Trapezoidal rule, which converges geometrically; refined until two results agree."""
    chain = system.chain
    at_once = float(correlation(chain, 0, 0.0, heat, sampling)[0, 0])
    end = FARTHEST * math.sqrt(max(square for _, square in pairs) + 2.0 * at_once) / v
    narrow = math.sqrt(min(square for _, square in pairs))
    count = 16 * math.ceil(min(end, MOST_NUMBERS) * max(band_top(chain), v / narrow))
    before = math.nan
    while end <= MOST_NUMBERS and count * half_width(chain, end) <= MOST_NUMBERS:
        times = np.linspace(0.0, end, count + 1)
        spread = at_once - correlation(chain, 0, times, heat, sampling)[0]
        value = sum(
            strength * generated.broadened_variance(v, times, 1.0, 1.0, np.sqrt(square + spread))
            for strength, square in pairs
        )
        value[0] *= 0.5
        total, size = (2.0 * end / count * float(np.sum(part)) for part in (value, np.abs(value)))
        if abs(total - before) <= 1e-11 * size:
            if total < LEAST_LEFT * size:
                break
            return total
        before = total
        count *= 2
    raise ValueError(f"speed must be large enough for the broadened variance not to be lost to rounding, got {v:g}")
