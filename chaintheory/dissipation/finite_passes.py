r"""Mean energy lost in the first N passes of a chain at rest: from one (Eq. 6) to the steady state (Eq. 10).

The waves of N passes interfere. Each mass is passed one transit time after the last, so that the phase between the
waves of neighbouring passes is phi = spacing omega/v - x turns, and Fejer's kernel weighs the energy A of a phonon:

.. math:: \Delta_N = \int_{-1/2}^{1/2} A(\omega(x))\, \frac{\sin^2(\pi N\phi)}{N\sin^2(\pi\phi)}\, dx .

N = 1 is Eq. 6; for N to infinity the kernel becomes a comb with a tooth at each root of the resonance condition.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import (
    NEGLIGIBLE_EXPONENT,
    VALUES_AT_ONCE,
    exponent_of,
    flattened,
    from_mean,
    loss_at_rest,
    refuse_cancellation,
    shaped,
    singular_at_bottom,
    speeds,
    width_of,
)
from chaintheory.interactions.named import GaussianMixture
from chaintheory.lattice.dispersion import band_edges, band_width, frequency, largest_group_speed, sound_speed
from chaintheory.support.validation import whole

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

MOST_POINTS = 2**22  # of the trapezoidal rule for one speed: a second
TOLERANCE = 1e-13
LARGEST_PHASE_ERROR = 0.01  # beyond, the interference of the passes is lost


def finite_pass_dissipation(system: SystemParameters, speed: ArrayLike, passes: int) -> Array:
    """Mean energy lost in the first passes: ``System.finite_pass_dissipation``, which describes it."""
    values, shape = speeds(speed)
    number = whole("passes", passes, 1, 10**6)
    if system.chain.damping:
        raise ValueError("chain must have no damping for the mean over the first passes")
    different, index = np.unique(values, return_inverse=True)
    losses = np.array([_loss(system, v, number) for v in different], dtype=np.float64)
    return shaped(losses[index.ravel()], shape)


def _loss(system: SystemParameters, speed: float, passes: int) -> float:
    """One speed.

    The angle phi of sin(pi x) = sqrt(part) sin(phi) keeps to the phonons at the bottom of the band that take
    anything; with part = 1 it is pi x, in which the integrand is periodic.
    """
    if speed == 0.0:
        return loss_at_rest(system)
    interaction, chain = system.interaction, system.chain
    if isinstance(interaction, GaussianMixture):
        refuse_cancellation(system, interaction, np.array([speed]))
    lowest, top = band_edges(chain)
    # The exponential of the lowest phonon stands apart.
    exponents = exponent_of(system, np.array([speed / lowest])) if lowest else (np.zeros(1), np.zeros(1))
    bottom, power = float(exponents[0][0]), interaction.decay.power
    if bottom > 1e6:  # far below the smallest double, whatever the prefactor
        return 0.0
    spread = band_width(chain.omega_fast) if chain.minimal else 1.0
    # The kernel is at most N, and rarely below 1/N.
    above = (NEGLIGIBLE_EXPONENT + 2.0 * math.log(passes)) / max(bottom, 1e-100)
    part = min((above if power == 2 else above * (2.0 + above)) / spread, 1.0)
    # The integrand's fastest oscillation in phi: of the kernel, and of a transform that is not monotone.
    group = sound_speed(chain) / chain.spacing
    if chain.minimal:
        group = min(largest_group_speed(chain.omega_fast, 1.0), math.pi * spread * math.sqrt(part))
    else:
        part = 1.0
    oscillations = 0.0 if interaction.monotone else 4.0 * top * width_of(system)
    constant, width, _ = interaction.decay
    singular = singular_at_bottom(system)
    with np.errstate(over="ignore"):
        rate = passes * (chain.spacing * group / speed + 1.0) * math.sqrt(part) + oscillations / speed
        rate *= 2.0 if singular else 1.0
        rate_of_decay = min((width / speed) ** power, 1e300) * constant[0]
        # The phase of the last pass is rounded to a unit in its last place.
        phase_error = 1e-15 * passes * 2.0 * math.pi * (chain.spacing * top / speed + 1.0) if passes > 1 else 0.0
    if phase_error > LARGEST_PHASE_ERROR:
        raise ValueError(f"speed must be so large that the phase of {passes} passes is known, got {float(speed)!r}")

    def taken(angle: Array) -> Array:
        angle, jacobian = flattened(angle, singular)
        sine_squared = np.sin(angle) ** 2
        if part < 1.0:
            jacobian = np.sqrt(part * (1.0 - sine_squared) / (1.0 - part * sine_squared))
        if chain.minimal:
            square = spread * part * sine_squared
            omega = np.sqrt(1.0 + square)
            decay = np.exp(-bottom * square / (1.0 if power == 2 else omega + 1.0))
        else:
            omega = np.asarray(frequency(chain, angle))
            excess = omega**2 - lowest**2 if power == 2 else omega - lowest
            decay = np.exp(-rate_of_decay * np.maximum(excess, 0.0))
        phase = chain.spacing * omega / speed - np.arcsin(math.sqrt(part) * np.sin(angle)) / math.pi
        phase = math.pi * (phase - np.rint(phase))
        tooth = np.abs(phase) < 1e-9
        safe = np.where(tooth, 1.0, phase)
        kernel = np.where(tooth, float(passes), (np.sin(passes * safe) / np.sin(safe)) ** 2 / passes)
        with np.errstate(divide="ignore"):
            prefactor = np.where(omega > 0.0, interaction.shape(2.0 * math.pi * omega / speed), 0.0)
        return np.asarray(jacobian * omega**2 * prefactor * decay * kernel)

    count = 2 ** max(6, math.ceil(math.log2(max(4.0 * min(rate, MOST_POINTS), 1.0))))
    mean = _mean(taken, count, TOLERANCE + phase_error)
    if mean is None:
        raise ValueError(
            f"passes must be fewer at speed {speed:g}, or the speed larger: the mean over {passes} passes needs "
            f"more than {MOST_POINTS} points of the band"
        )
    return float(from_mean(np.array([mean]), exponents, np.array([speed]), False)[0])


def _mean(function: Callable[[Array], Array], count: int, tolerance: float) -> float | None:
    """Mean of a periodic function over -pi/2 .. pi/2 by the trapezoidal rule, with twice the points until two agree.

    It begins with ``count`` points; None where ``MOST_POINTS`` are too few.
    """
    total, before, offset = 0.0, -math.inf, 0.0
    while count <= MOST_POINTS:
        points = count if offset == 0.0 else count // 2  # those between the points that were there
        step = math.pi / points
        for start in range(0, points, VALUES_AT_ONCE):
            index = np.arange(start, min(start + VALUES_AT_ONCE, points), dtype=np.float64)
            total += float(function((index + offset) * step - 0.5 * math.pi).sum())
        mean = total / count
        if abs(mean - before) <= tolerance * mean:
            return mean
        before, offset, count = mean, 0.5, 2 * count
    return None
