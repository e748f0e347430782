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
    OfMode,
    band_mean_of_transform,
    closed_loss,
    loss_at_rest,
    quadrature_loss,
    single_pass_dissipation,
    width_of,
)
from chaintheory.interactions.named import Gaussian, GaussianMixture, HalfIntegerMatern
from chaintheory.lattice.dispersion import band_top
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
        decay = power * constant[0] * (width * omega / v[rows, None]) ** float(power)
        changes = shape * (4.0 - decay) + wave * _slope(interaction.shape, wave, _step(system, wave))
        return np.asarray(generated.loss_variance(changes, energy))

    # The terms cancel at some speed: the quadrature's tolerance is relative to their magnitudes.
    oscillations = 0.0 if interaction.monotone else 2.0 * math.pi * band_top(system.chain) * width_of(system) / v
    mean, (exponents, _) = band_mean_of_transform(system, v, _scattered(system, heat, sampling))
    size = (4.0 + power * exponents + _algebraic(system) + oscillations) * mean
    return -quadrature_loss(system, v, log=False, shape=changed, least=size)


def _algebraic(system: SystemParameters) -> float:
    """Power of 1/k in the squared transform of a Matern interaction."""
    interaction = system.interaction
    return 4.0 * interaction.order + 4.0 if isinstance(interaction, HalfIntegerMatern) else 0.0


def _step(system: SystemParameters, k: Array) -> Array:
    """Step over which the prefactor of the squared transform is smooth enough for ``_slope``.

    A Matern transform is a power of its distance from the poles at k = +-i sqrt(2 order + 1)/width. With 0.01 of that
    distance over the power and 3 the slope is right to 2 0.01^6/140, and its rounding the same at every k; with a step
    that knows the width alone it would grow like k, until no two results agree. Other transforms have a singularity at
    k = 0 at most (log(k)^2 of a softened Coulomb interaction, exp(-k)): a hundredth of k is right to 1e-11 there.
    """
    interaction = system.interaction
    if isinstance(interaction, HalfIntegerMatern):
        poles = math.sqrt(2 * interaction.order + 1) / interaction.width
        return np.asarray(0.01 * np.hypot(k, poles) / (_algebraic(system) + 3.0))
    return np.asarray(np.minimum(0.02 / width_of(system), 0.01 * k))


def _slope(function: Any, k: Array, step: Array) -> Array:
    """Derivative of an even function that is smooth over ``step``, to sixth order."""
    values = [(function(np.abs(k + n * step)) - function(np.abs(k - n * step))) for n in (1, 2, 3)]
    return np.asarray((45.0 * values[0] - 9.0 * values[1] + values[2]) / (60.0 * step))


def mean_loss(system: SystemParameters, speed: ArrayLike, temperature: ArrayLike, sampling: str = "quantum") -> Array:
    """Mean loss of one pass with the particle's recoil in the thermal force, for ``System.single_pass_dissipation``."""
    refuse_damping(system.chain, "a temperature")
    v, heat, shape = _broadcast(speed, temperature)
    sampling = checked_sampling(sampling)
    result = np.array(single_pass_dissipation(system, v), dtype=np.float64)
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
