r"""Energy that the particle loses to one mass of a chain at rest (Eqs. 6-9).

Each phonon of frequency omega that the particle meets takes up, at constant speed v,

.. math:: A(\omega) = \frac{8\pi^4\omega^2}{v^4}\,\bigl|\hat\Phi(2\pi\omega/v)\bigr|^2 ,

with the transform of the interaction at the wave number 2 pi omega/v; with the speed varying along the orbit in the
rigid lattice, rigid.py has A. The single-pass dissipation is the mean of A over the band.

The sign of the speed does not matter. At speed 0 the limit of vanishing speed is returned, where there is one: 0 for
a smooth interaction, 2 amplitude^2/(width^2 omega_fast) for an exponential cusp.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.named import Gaussian, GaussianMixture, HalfIntegerMatern
from chaintheory.support.double_double import FOUR_PI_SQUARED, exponent
from chaintheory.support.validation import choice, number, real_array

if TYPE_CHECKING:
    from chaintheory.dissipation.static_lattice import Orbit
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

VALUES_AT_ONCE = 2**20
MOST_POINTS = 2**18  # of the trapezoidal rule: a tenth of a second for one speed
NARROW_BAND = 1e-4  # of sin^2: where less of the band than this is heard, the quadrature keeps to it
SLOWEST, FASTEST = 1e-75, 1e75  # beyond, a speed is as good as 0 or infinity: v^4 is a double


def speeds(speed: ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """|speed| as a flat array of finite doubles, and the shape to return."""
    values = real_array("speed", speed)
    return np.minimum(np.abs(values), FASTEST).ravel(), values.shape


def shaped(values: Array, shape: tuple[int, ...]) -> Array:
    """A NumPy float for a scalar argument, an array otherwise, as a ufunc returns them."""
    return values.reshape(shape)[()]


def band_width(system: SystemParameters) -> float:
    """omega_fast^2 - 1."""
    return (system.chain.omega_fast - 1.0) * (system.chain.omega_fast + 1.0)


def emitted(system: SystemParameters, omega: Array, speed: Array | float) -> Array:
    """A(omega) at constant speed, Eq. 6."""
    transform = system.interaction.transform(2.0 * math.pi * omega / speed)
    return 8.0 * math.pi**4 * (omega / speed * transform / speed) ** 2


def single_pass_dissipation(
    system: SystemParameters, speed: ArrayLike, *, method: str | None = None, log: bool = False
) -> Array:
    """Energy lost in one pass: ``System.single_pass_dissipation``, which describes it."""
    values, shape = speeds(speed)
    interaction = system.interaction
    if method is None:
        method = "closed" if interaction.closed else "quadrature"
    choice("method", method, ["closed", "quadrature", "orbit"])
    if method == "closed" and not interaction.closed:
        raise ValueError(
            "method must be 'quadrature' or 'orbit' for an interaction without a closed form "
            f"({type(interaction).__name__}), got 'closed'"
        )
    roads = {"closed": closed_loss, "quadrature": quadrature_loss, "orbit": orbit_loss}
    moving = values > SLOWEST
    result = np.empty(values.shape)
    with np.errstate(divide="ignore"):  # the logarithm of a loss of 0 is -inf
        if not moving.all():
            at_rest = np.float64(loss_at_rest(system))
            result[~moving] = np.log(at_rest) if log else at_rest
        result[moving] = roads[method](system, values[moving], log)
    return shaped(result, shape)


def loss_at_rest(system: SystemParameters) -> float:
    """Limit of the single-pass dissipation for vanishing speed."""
    interaction = system.interaction
    if isinstance(interaction, HalfIntegerMatern) and interaction.order == 0:
        return 2.0 * (interaction.amplitude / interaction.width) ** 2 / system.chain.omega_fast
    if not interaction.smooth:
        raise ValueError("speed must not be 0 for an interaction that is not smooth, got 0.0")
    return 0.0


def closed_loss(system: SystemParameters, speed: Array, log: bool) -> Array:
    """The closed forms: Bessel functions for Gaussians (Eq. 7), powers for the Matern family."""
    interaction = system.interaction
    if isinstance(interaction, Gaussian):
        return gaussian_loss(system, speed, interaction.width, log, interaction.amplitude)
    if isinstance(interaction, GaussianMixture):
        return mixture_loss(system, interaction, speed, log)
    assert isinstance(interaction, HalfIntegerMatern)
    return matern_loss(system, interaction, speed, log)


def gaussian_loss(system: SystemParameters, speed: Array, width: float, log: bool, amplitude: float = 1.0) -> Array:
    """Eq. 7 from the ledger, with the exponential to full precision."""
    from chaintheory_ext.curves import single_pass_gaussian

    loss = single_pass_gaussian(speed, system.chain.omega_fast, amplitude, width, log)
    if log:
        return loss
    return loss * (1.0 - rounding_of_exponent(speed, width))


def rounding_of_exponent(speed: Array, width: float) -> Array:
    """(2 pi width/v)^2 less its value in double precision, computed as the generated Eq. 7 does."""
    exact, remainder = exponent(FOUR_PI_SQUARED, width, speed, 2)
    rounded = FOUR_PI_SQUARED[0] * (width * width) / (speed * speed)
    return np.where(exact < 1e4, (exact - rounded) + remainder, 0.0)


def mixture_loss(system: SystemParameters, mixture: GaussianMixture, speed: Array, log: bool) -> Array:
    """Each pair of Gaussians acts as one of the mean squared width."""
    from scipy.special import logsumexp

    terms, factors = [], []
    for a in mixture.parts:
        for b in mixture.parts:
            width = a.width if a.width == b.width else math.hypot(a.width, b.width) / math.sqrt(2.0)
            factors.append(a.amplitude * b.amplitude * a.width * b.width / width**2)
            terms.append(gaussian_loss(system, speed, width, log))
    weights = np.array(factors)[:, None]
    if log:
        with np.errstate(divide="ignore"):  # a weight of 0 adds nothing
            size = np.log(np.abs(weights))
        return logsumexp(np.array(terms) + size, axis=0, b=np.sign(weights))
    return np.maximum(np.sum(weights * np.array(terms), axis=0), 0.0)


def matern_loss(system: SystemParameters, interaction: HalfIntegerMatern, speed: Array, log: bool) -> Array:
    r"""Eq. 6 for a transform that is a power of 1/u, u = 1 + (k width)^2/(2 nu).

    With A and C the values of u at the two edges of the band, 1/sqrt((A - t)(C - t)) generates the means of the
    powers of 1/u, and their derivative in (k width)^2 those of omega^2/u^m: a sum of positive terms, so that
    nothing cancels.
    """
    nu_twice = 2 * interaction.order + 1
    kappa = (2.0 * math.pi * interaction.width / speed) ** 2 / nu_twice
    top = system.chain.omega_fast**2
    low, high = 1.0 + kappa, 1.0 + kappa * top
    power = 2 * interaction.order + 1  # the transform squared is u^-(power + 1)
    central = [math.comb(2 * j, j) / 4.0**j for j in range(power)]
    mean = np.zeros(speed.shape)
    for j in range(power):
        i = power - 1 - j
        term = central[j] * central[i] * low ** -(j + 0.5) * high ** -(i + 0.5)
        mean += term * ((j + 0.5) / low + top * (i + 0.5) / high) / power
    size = interaction.amplitude * interaction.width * interaction.total
    if log:
        return np.log(8.0 * math.pi**4 * size**2 * mean) - 4.0 * np.log(speed)
    return 8.0 * math.pi**4 * (size / speed**2) ** 2 * mean


def quadrature_loss(system: SystemParameters, speed: Array, log: bool) -> Array:
    """Eq. 6 by quadrature over the band: shape and exponential apart, see interactions.Decay."""
    interaction = system.interaction
    constant, width, power = interaction.decay
    bottom, remainder = exponent(constant, width, speed, power)
    spread = band_width(system)
    # sin(theta)^2 up to which the phonons are heard: at low speed those next to the bottom of the band alone.
    heard = 60.0 / np.maximum(bottom, 1e-100)
    heard = np.minimum((heard if power == 2 else heard * (2.0 + heard)) / spread, 1.0)

    def taken(rows: Any, sine_squared: Array) -> Array:
        """omega^2 |transform|^2 exp(exponent at the bottom of the band)."""
        squared = 1.0 + spread * sine_squared
        omega = np.sqrt(squared)
        excess = spread * sine_squared / (1.0 if power == 2 else omega + 1.0)
        shape = interaction.shape(2.0 * math.pi * omega / speed[rows, None])
        return squared * shape * np.exp(-bottom[rows, None] * excess)

    def taken_near_bottom(rows: Any, sine_squared: Array) -> Array:
        """The same over the angle of sin(theta)/sqrt(heard), beyond which nothing is lost."""
        part = heard[rows, None]
        stretch = np.sqrt(part * (1.0 - sine_squared) / (1.0 - part * sine_squared))
        return stretch * taken(rows, part * sine_squared)

    # A transform that oscillates must be resolved before two results can agree by chance.
    oscillations = 0.0 if interaction.monotone else 4.0 * system.chain.omega_fast * width_of(system)
    mean = np.empty(speed.shape)
    for value, members in ((taken, heard > NARROW_BAND), (taken_near_bottom, heard <= NARROW_BAND)):
        (which,) = np.nonzero(members)
        mean[which] = band_mean(partial(_of, value, which), which.size, oscillations / speed[which])
    if log:
        return np.log(8.0 * math.pi**4 * mean) - 4.0 * np.log(speed) - bottom
    root = np.exp(-0.5 * bottom)  # squared in two steps, as the factor may be large
    return (8.0 * math.pi**4 * mean / speed**2 * root) / speed**2 * root * (1.0 - np.where(root > 0.0, remainder, 0.0))


def _of(value: Callable[[Any, Array], Array], which: NDArray[np.intp], rows: Any, sine_squared: Array) -> Array:
    """``value`` at some of the rows of all."""
    return value(which[rows], sine_squared)


def width_of(system: SystemParameters) -> float:
    """Distance over which the transform sees the interaction: its oscillations in k have this period's inverse."""
    return min(system.interaction.reach(), 50.0 * system.interaction.width)


def band_mean(
    value: Callable[[Any, Array], Array], rows: int, fewest: Array | float = 0.0,
    tolerance: float = 1e-14, most: int = MOST_POINTS,
) -> Array:  # fmt: skip
    """Mean over theta from 0 to pi/2 of ``value(rows, sin(theta)^2)``, shape (len(rows), points).

    The trapezoidal rule, whose error falls geometrically for a periodic analytic function; the points of each row
    are doubled until two results agree; the error of the second is about the square of their difference.
    """
    result = np.empty(rows)
    total = np.zeros(rows)
    open_rows = np.arange(rows)
    fewest = np.broadcast_to(fewest, rows)
    if rows and fewest.max() > most:
        raise ValueError(f"speed must be large enough for the band average to converge with {most} points")
    count = 32
    angle = 0.5 * math.pi * np.arange(count + 1) / count
    weights = np.ones(count + 1)
    weights[[0, -1]] = 0.5
    while open_rows.size:
        sine_squared = np.sin(angle) ** 2
        at_once = max(1, VALUES_AT_ONCE // angle.size)
        before = total[open_rows] / max(count // 2, 1)
        for some in np.array_split(open_rows, math.ceil(open_rows.size / at_once)):
            total[some] += value(some, sine_squared) @ weights
        now = total[open_rows] / count
        done = (np.abs(now - before) <= tolerance * now) & (count >= fewest[open_rows]) & (count > 32)
        result[open_rows[done]] = now[done]
        open_rows = open_rows[~done]
        if count >= most and open_rows.size:
            raise ValueError(f"speed must be large enough for the band average to converge with {most} points")
        angle = 0.5 * math.pi * (np.arange(count) + 0.5) / count
        weights = np.ones(count)
        count *= 2
    return result


def orbit_loss(system: SystemParameters, speed: Array, log: bool) -> Array:
    """Eq. 6 along the orbit past one rigid mass."""
    from chaintheory.dissipation.static_lattice import Orbit
    from chaintheory.lattice.rigid_lattice import mass_barrier

    different, index = np.unique(speed, return_inverse=True)
    orbits = [Orbit(system, float(v)) for v in different]
    for orbit in orbits:
        if not orbit.passes:
            least = system.speed_of_energy(mass_barrier(system))
            raise ValueError(
                f"speed must exceed the capture speed {least:.6g} with method='orbit', got {orbit.speed:g}"
            )
    result = np.array([log_orbit_mean(system, orbit) for orbit in orbits], dtype=np.float64)[index]
    return result if log else np.exp(result)


def log_orbit_mean(system: SystemParameters, orbit: Orbit) -> float:
    """Logarithm of the band average of A along one orbit."""
    from chaintheory.dissipation.static_lattice import SILENT, UNCERTAIN

    if orbit.uniform:
        return float(quadrature_loss(system, np.array([orbit.speed]), log=True)[0])
    lost = ValueError(f"speed {orbit.speed:.6g} is not allowed: the force integral along the orbit is lost to rounding")
    spread = band_width(system)
    # From the bottom of the band up to where the phonons are silent, as they are once A falls exponentially.
    grid = 1.0 + (system.chain.omega_fast - 1.0) * np.linspace(0.0, 1.0, 65) ** 4
    scale, heard = -math.inf, system.chain.omega_fast
    for some in np.split(grid[:-1], 8):
        value, noise = orbit.spectrum(some)
        scale = max(scale, float(value.max()))
        if noise.max() > scale + UNCERTAIN:
            raise lost
        if system.interaction.analytic_width and value[-1] < scale - SILENT:
            audible = np.flatnonzero(value >= scale - SILENT)
            heard = float(some[audible[-1] + 1] if audible.size else some[0])
            break
    if scale == -math.inf:
        return scale

    def taken(_: Array, sine_squared: Array) -> Array:
        stretch: Array | float = 1.0
        if heard < 0.7 * system.chain.omega_fast:  # over y in omega = cosh y, up to where it is silent
            end = math.acosh(heard)
            y = end * (2.0 / math.pi) * np.arcsin(np.sqrt(sine_squared))
            sine_squared = np.sinh(y) ** 2 / spread
            stretch = (2.0 / math.pi) * end * np.cosh(y) / np.sqrt(spread * (1.0 - sine_squared))
        value, noise = orbit.spectrum(np.sqrt(1.0 + spread * sine_squared))
        if noise.max() > scale + UNCERTAIN:
            raise lost
        return (stretch * np.exp(np.minimum(value - scale, 700.0)))[None, :]

    return math.log(float(band_mean(taken, 1, tolerance=1e-8, most=2**11)[0])) + scale


def speed_of_largest_loss(system: SystemParameters, lowest: float = 1e-3, highest: float = 1e6) -> float:
    """Speed at which the single-pass dissipation (constant speed) is largest.

    >>> from chaintheory import Chain, Gaussian, System
    >>> round(speed_of_largest_loss(System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))), 3)
    22.925
    """
    from scipy.optimize import minimize_scalar

    grid = np.geomspace(number("lowest", lowest), number("highest", highest), 400)
    loss = single_pass_dissipation(system, grid, log=True)
    best = int(np.argmax(loss))
    around = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        lambda v: -float(single_pass_dissipation(system, v, log=True)), bounds=around, method="bounded",
        options={"xatol": 1e-9 * grid[best]},
    )  # fmt: skip
    return float(found.x)
