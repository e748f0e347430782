r"""Energy that the particle loses per chain mass: once through a chain at rest, and in the steady state.

Each phonon of frequency omega that the particle meets takes up

.. math:: A(\omega) = \frac{8\pi^4\omega^2}{v^4}\,\bigl|\hat\Phi(2\pi\omega/v)\bigr|^2 ,

with the transform of the interaction at the wave number 2 pi omega/v. The single-pass dissipation is the mean of
A over the band (Eqs. 6 and 7). In the steady state the waves from all earlier passes interfere, and only the
phonons with spacing * omega(x)/v = x, the crossings of a line with the periodically continued band, are fed:

.. math:: \bar\Delta(v) = \sum_j \frac{A(\omega_j)}{|\alpha\,\omega'(x_j)/v - 1|} \qquad\text{(Eq. 10)}.

The sign of the speed does not matter. At speed 0 both losses are the limit, 0, for a smooth interaction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.validation import choice, real_array

if TYPE_CHECKING:
    from chaintheory.model import System
    from chaintheory_ext.curves import Band

Array = NDArray[np.float64]

CROSSINGS_AT_ONCE = 2**16  # keeps the arrays of one batch in the processor's cache
MOST_CROSSINGS = 2e8


def speeds(speed: ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """|speed| as a flat array of finite doubles, and the shape to return."""
    values = real_array("speed", speed)
    return np.abs(values).ravel(), values.shape


def shaped(values: Array, shape: tuple[int, ...]) -> Array:
    """A NumPy float for a scalar argument, an array otherwise, as a ufunc returns them."""
    return values.reshape(shape)[()]


def emitted(system: System, omega: Array, speed: Array) -> Array:
    """A(omega) of Eq. 6: energy that a phonon of frequency omega takes from a particle at constant speed."""
    transform = system.interaction.transform(2.0 * math.pi * omega / speed)
    return 8.0 * math.pi**4 * (omega / speed * transform / speed) ** 2


# One pass ------------------------------------------------------------------------------------------


def single_pass_dissipation(
    system: System, speed: ArrayLike, *, method: str = "closed", log: bool = False
) -> Array:
    """Energy lost in passing one mass of a chain at rest, at constant speed (Eqs. 6 and 7).

    Parameters
    ----------
    speed
        Speed midway between masses, any shape; the sign does not matter, 0 returns the limit 0.
    method
        ``"closed"`` (modified Bessel functions) or ``"quadrature"`` (trapezoidal rule over the band, which
        converges geometrically).
    log
        Return the natural logarithm instead, which also holds losses far below 1e-308.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> print(round(system.single_pass_dissipation(30.0), 9))
    0.022375906
    """
    values, shape = speeds(speed)
    choice("method", method, ["closed", "quadrature"])
    result = np.full(values.shape, -math.inf if log else 0.0)
    moving = values > 0.0
    if method == "closed":
        from chaintheory_ext.curves import single_pass_gaussian

        interaction = system.interaction
        result[moving] = single_pass_gaussian(
            values[moving], system.chain.omega_fast, interaction.amplitude, interaction.width, log
        )
    else:
        found = log_band_average(system, values[moving])
        result[moving] = found if log else np.exp(found)
    return shaped(result, shape)


def log_band_average(system: System, speed: Array) -> Array:
    """Logarithm of the band average of A(omega), Eq. 6, by the trapezoidal rule in theta.

    The integrand is periodic and analytic in theta, so that the error falls geometrically; the number of points
    is doubled until two results agree.
    """
    width = (system.chain.omega_fast - 1.0) * (system.chain.omega_fast + 1.0)
    decay, power = system.interaction.decay
    result = np.empty(speed.shape)
    for index, v in enumerate(speed):
        bottom = 2.0 * math.pi / v
        points, total, count = (np.arange(33) / 32.0, 0.0, 32)
        weights = np.ones(33)
        weights[[0, -1]] = 0.5
        before = -1.0
        while True:
            sine_squared = np.sin(0.5 * math.pi * points) ** 2
            squared = 1.0 + width * sine_squared
            omega = np.sqrt(squared)
            excess = decay * bottom**power * (width * sine_squared if power == 2 else omega - 1.0)
            total += float(np.sum(weights * squared * system.interaction.shape(bottom * omega) * np.exp(-excess)))
            average = total / count
            if abs(average - before) <= 1e-15 * average:
                break
            before = average
            points = (np.arange(count) + 0.5) / count
            weights = np.ones(count)
            count *= 2
        result[index] = math.log(8.0 * math.pi**4 * average) - 4.0 * math.log(v) - decay * bottom**power
    return result


# The steady state ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """The phonons that a particle in its steady state feeds: one entry per crossing, sorted by ``crossing``.

    Attributes
    ----------
    crossing
        x = q a/(2 pi), continued over all zones.
    frequency
        omega(x), between 1 and omega_fast.
    group_speed
        Speed of the emitted wave, spacing * d omega/dx; negative for a wave that runs backward.
    share
        Energy that it takes per lattice spacing; the shares sum to the mean dissipation.
    """

    crossing: Array
    frequency: Array
    group_speed: Array
    share: Array

    @property
    def forward(self) -> NDArray[np.bool_]:
        """Whether the wave runs in the direction of the particle."""
        return self.group_speed > 0.0


def band(system: System) -> Band:
    """The tangents of the chain's band, tabulated."""
    from chaintheory_ext.curves import Band

    return Band(system.chain.omega_fast)


def shares(system: System, speed: Array, owner: Array, omega: Array, group: Array) -> Array:
    """Terms of Eq. 10 at the crossings (omega, d omega/dx) of the lines numbered by ``owner``."""
    v = speed[owner]
    steepness = np.abs(group * (system.chain.spacing / v) - 1.0)
    return emitted(system, omega, v) / np.maximum(steepness, np.finfo(float).tiny)


def batches(crossings: Array) -> Iterator[slice]:
    """Consecutive slices that hold about ``CROSSINGS_AT_ONCE`` crossings each, at least one line."""
    ends = np.cumsum(crossings)
    start = 0
    while start < len(crossings):
        done = ends[start - 1] if start else 0.0
        stop = max(start + 1, int(np.searchsorted(ends, done + CROSSINGS_AT_ONCE, "right")))
        yield slice(start, stop)
        start = stop


def mean_dissipation(system: System, speed: ArrayLike, *, method: str = "uniform") -> Array:
    """Mean energy lost per pass in the steady state (Eq. 10), every crossing counted.

    Crossings whose share cannot reach 1e-17 of the sum are left out.

    Parameters
    ----------
    speed
        Mean speed, any shape; the sign does not matter, 0 returns the limit 0.
    method
        ``"uniform"``: the particle's speed is constant.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> [float(round(loss, 7)) for loss in system.mean_dissipation([21.0, 30.0, 50.0, 90.0])]
    [0.0458406, 0.0150316, 0.0148695, 0.0073308]
    """
    values, shape = speeds(speed)
    choice("method", method, ["uniform"])
    tangents = band(system)
    spacing = system.chain.spacing
    rate, power = system.interaction.decay
    decay = rate * (2.0 * math.pi / spacing) ** power
    result = np.zeros(values.shape)
    # Beyond an exponent of 800 even a phonon at a resonance takes less than 1e-330.
    audible = np.flatnonzero((values > 0.0) & (decay * spacing**power < 800.0 * values**power))
    slopes = values[audible] / spacing
    first, last, count = tangents.ranges(slopes, decay, power)
    if count.size and count.max() > MOST_CROSSINGS:
        slowest = float(values[audible][np.argmax(count)])
        raise ValueError(
            f"speed must be large enough for at most {MOST_CROSSINGS:.0e} crossings of the line with the band, "
            f"got {slowest!r} with {count.max():.1e}"
        )
    for part in batches(count):
        owner, _, _, omega, group = tangents.crossings(slopes[part], first[part], last[part])
        v = values[audible[part]]
        result[audible[part]] = np.bincount(
            owner, shares(system, v, owner, omega, group), minlength=v.size
        )
    return shaped(result, shape)


def mean_dissipation_terms(system: System, speed: float) -> Terms:
    """The phonons fed at one mean speed: every crossing, however small its share (Eq. 10).

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> terms = system.mean_dissipation_terms(90.0)
    >>> len(terms.crossing), int(terms.forward.sum()), round(float(terms.share.sum()), 7)
    (7, 3, 0.0073308)
    """
    v = np.array([abs(float(speed))])
    slopes = v / system.chain.spacing
    tangents = band(system)
    first, last, _ = tangents.ranges(slopes)
    owner, period, offset, omega, group = tangents.crossings(slopes, first, last)
    share = shares(system, v, owner, omega, group)
    return Terms(period + offset, omega, system.chain.spacing * group, share)
