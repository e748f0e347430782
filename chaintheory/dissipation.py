r"""Energy that the particle loses per chain mass: once through a chain at rest, and in the steady state.

Each phonon of frequency omega that the particle meets takes up, at constant speed v,

.. math:: A(\omega) = \frac{8\pi^4\omega^2}{v^4}\,\bigl|\hat\Phi(2\pi\omega/v)\bigr|^2 ,

with the transform of the interaction at the wave number 2 pi omega/v; with the speed varying along
the orbit in the rigid lattice, rigid.py has A. The single-pass dissipation is the mean of A over the
band (Eqs. 6 and 7). In the steady state the waves from all earlier passes interfere, and only the
phonons with x = spacing omega(x)/v, the crossings of a line with the periodically continued band, are
fed:

.. math:: \bar\Delta(v) = \sum_j \frac{A(\omega_j)}{|\alpha\,\omega'(x_j)/v - 1|}
          \qquad\text{(Eq. 10)}.

The sign of the speed does not matter to either. At speed 0 both return the limit of vanishing speed,
where there is one: 0 for a smooth interaction, 2 amplitude^2/(width^2 omega_fast) for the single pass
by an exponential cusp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions import Gaussian, GaussianMixture, HalfIntegerMatern
from chaintheory.precise import FOUR_PI_SQUARED, exponent
from chaintheory.validation import choice, number, real_array, whole

if TYPE_CHECKING:
    from chaintheory.model import System
    from chaintheory.rigid import Orbit
    from chaintheory_ext.curves import Band

Array = NDArray[np.float64]

CROSSINGS_AT_ONCE = 2**15  # keeps the arrays of one batch in the processor's cache
MOST_CROSSINGS = 1e5  # of one line: a tenth of a second, and 20 MB
VALUES_AT_ONCE = 2**20
MOST_POINTS = 2**18  # of the trapezoidal rule: a tenth of a second for one speed
MOST_TURNS = 2**20  # of the phase over the band, with the waves of many passes
NARROW_BAND = 1e-4  # of sin^2: where less of the band than this is heard, the quadrature keeps to it
SLOWEST, FASTEST = 1e-100, 1e75  # beyond, a speed is as good as 0 or infinity: v^4 is a double


def speeds(speed: ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """|speed| as a flat array of finite doubles, and the shape to return."""
    values = real_array("speed", speed)
    return np.minimum(np.abs(values), FASTEST).ravel(), values.shape


def shaped(values: Array, shape: tuple[int, ...]) -> Array:
    """A NumPy float for a scalar argument, an array otherwise, as a ufunc returns them."""
    return values.reshape(shape)[()]


def band_width(system: System) -> float:
    """omega_fast^2 - 1."""
    return (system.chain.omega_fast - 1.0) * (system.chain.omega_fast + 1.0)


def emitted(system: System, omega: Array, speed: Array | float) -> Array:
    """A(omega) at constant speed, Eq. 6."""
    transform = system.interaction.transform(2.0 * math.pi * omega / speed)
    return 8.0 * math.pi**4 * (omega / speed * transform / speed) ** 2


# One pass --------------------------------------------------------------------------------------------


def single_pass_dissipation(system: System, speed: ArrayLike, *, method: str | None = None, log: bool = False) -> Array:
    """Energy lost in passing one mass of a chain at rest (Eqs. 6 and 7).

    Parameters
    ----------
    system
        Chain, interaction and, for ``"orbit"``, mass.
    speed
        Speed far from the mass, any shape; the sign does not matter.
    method
        ``"closed"``: constant speed, a closed form (Gaussian, GaussianMixture, Exponential, Matern).
        ``"quadrature"``: constant speed, the trapezoidal rule over the band, which converges
        geometrically; any interaction. ``"orbit"``: the variation of the speed in the rigid lattice
        kept. By default the first that applies.
    log
        Return the natural logarithm instead, which also holds losses far below 1e-308.

    Returns
    -------
    numpy.float64 or numpy.ndarray
        Energy (or its logarithm), in the shape of ``speed``. The relative error is below 1e-13 at constant
        speed; a mixture of opposite signs loses what cancels, and an interaction without a formula for its
        transform resolves nothing below its ``transform_error``.

    Raises
    ------
    ValueError
        A speed that is not finite, or 0 where the loss has no limit; with ``"orbit"`` a speed that does not
        exceed the capture speed; a method that does not apply.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> print(round(system.single_pass_dissipation(30.0), 9))
    0.022375906
    >>> print(round(system.single_pass_dissipation(0.5, log=True), 6))
    -2517.978061

    """
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


def loss_at_rest(system: System) -> float:
    """Limit of the single-pass dissipation for vanishing speed."""
    interaction = system.interaction
    if isinstance(interaction, HalfIntegerMatern) and interaction.order == 0:
        return 2.0 * (interaction.amplitude / interaction.width) ** 2 / system.chain.omega_fast
    if not interaction.smooth:
        raise ValueError("speed must not be 0 for an interaction that is not smooth, got 0.0")
    return 0.0


def closed_loss(system: System, speed: Array, log: bool) -> Array:
    """The closed forms: Bessel functions for Gaussians (Eq. 7), powers for the Matern family."""
    interaction = system.interaction
    if isinstance(interaction, Gaussian):
        return gaussian_loss(system, speed, interaction.width, log, interaction.amplitude)
    if isinstance(interaction, GaussianMixture):
        return mixture_loss(system, interaction, speed, log)
    assert isinstance(interaction, HalfIntegerMatern)
    return matern_loss(system, interaction, speed, log)


def gaussian_loss(system: System, speed: Array, width: float, log: bool, amplitude: float = 1.0) -> Array:
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


def mixture_loss(system: System, mixture: GaussianMixture, speed: Array, log: bool) -> Array:
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
        return logsumexp(np.array(terms), axis=0, b=weights)
    return np.maximum(np.sum(weights * np.array(terms), axis=0), 0.0)


def matern_loss(system: System, interaction: HalfIntegerMatern, speed: Array, log: bool) -> Array:
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


def quadrature_loss(system: System, speed: Array, log: bool) -> Array:
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


def width_of(system: System) -> float:
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


def orbit_loss(system: System, speed: Array, log: bool) -> Array:
    """Eq. 6 along the orbit past one rigid mass."""
    from chaintheory.rigid import Orbit

    different, index = np.unique(speed, return_inverse=True)
    orbits = [Orbit(system, float(v)) for v in different]
    for orbit in orbits:
        if not orbit.passes:
            raise ValueError(
                f"speed must exceed the capture speed {system.capture_speed:.6g} with method='orbit', "
                f"got {orbit.speed:g}"
            )
    result = np.array([log_orbit_mean(system, orbit) for orbit in orbits], dtype=np.float64)[index]
    return result if log else np.exp(result)


def log_orbit_mean(system: System, orbit: Orbit) -> float:
    """Logarithm of the band average of A along one orbit."""
    from chaintheory.rigid import SILENT, UNCERTAIN

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


def speed_of_largest_loss(system: System, lowest: float = 1e-3, highest: float = 1e6) -> float:
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
    return _band(system.chain.omega_fast)


@lru_cache(maxsize=64)
def _band(omega_fast: float) -> Band:
    from chaintheory_ext.curves import Band

    return Band(omega_fast)


def steepness(system: System, speed: Array, group: Array) -> Array:
    """The denominator |spacing omega'(x)/v - 1| of Eq. 10; at a resonance not 0 but what rounding leaves of it."""
    return np.maximum(np.abs(group * (system.chain.spacing / speed) - 1.0), np.finfo(float).epsneg)


def shares(system: System, speed: Array, owner: NDArray[np.intp], omega: Array, group: Array) -> Array:
    """Terms of Eq. 10 at the crossings (omega, d omega/dx) of the lines numbered by ``owner``."""
    v = speed[owner]
    return emitted(system, omega, v) / steepness(system, v, group)


def batches(crossings: Array) -> Iterator[slice]:
    """Consecutive slices that hold about ``CROSSINGS_AT_ONCE`` crossings each, at least one line."""
    ends = np.cumsum(crossings)
    start = 0
    while start < len(crossings):
        done = ends[start - 1] if start else 0.0
        stop = max(start + 1, int(np.searchsorted(ends, done + CROSSINGS_AT_ONCE, "right")))
        yield slice(start, stop)
        start = stop


def mean_dissipation(system: System, speed: ArrayLike, *, method: str = "uniform", passes: int | None = None) -> Array:
    """Mean energy lost per pass in the steady state (Eq. 10), every crossing counted.

    Crossings whose share cannot reach 1e-17 of the sum are left out.

    Parameters
    ----------
    system
        Chain, interaction and, for ``"orbit"``, mass.
    speed
        Mean speed, any shape; the sign does not matter.
    method
        ``"uniform"``: constant speed. ``"orbit"``: the orbit through the rigid lattice in the force integral, the
        mean speed in the condition of resonance.
    passes
        The mean over this many passes from a chain at rest instead, which joins the single pass (1) to the steady
        state; constant speed only.

    Returns
    -------
    numpy.float64 or numpy.ndarray
        Energy, in the shape of ``speed``. The relative error is about 1e-14, times speed/(2 distance) at a small
        distance from a resonance, where the speed itself decides.

    Raises
    ------
    ValueError
        A speed that is not finite, 0 where there is no limit, or so small that it has more than 1e5 crossings that
        matter.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> [float(round(loss, 7)) for loss in system.mean_dissipation([21.0, 30.0, 50.0, 90.0])]
    [0.0458406, 0.0150316, 0.0148695, 0.0073308]
    >>> [float(round(system.mean_dissipation(50.0, passes=n), 7)) for n in (1, 10, 1000)]
    [0.0134159, 0.014827, 0.0148695]

    """
    values, shape = speeds(speed)
    choice("method", method, ["uniform", "orbit"])
    if passes is not None:
        if method != "uniform":
            raise ValueError(f"method must be 'uniform' when passes are given, got {method!r}")
        return shaped(mean_over_passes(system, values, whole("passes", passes, 1, 10**6)), shape)
    if not system.interaction.smooth and values.size and values.min() <= SLOWEST:
        raise ValueError("speed must not be 0 for an interaction that is not smooth, got 0.0")
    result = np.zeros(values.shape)
    tangents = band(system)
    audible, first, last, count = audible_lines(system, tangents, values)
    along = shares if method == "uniform" else orbit_shares
    for part in batches(count):
        v = values[audible[part]]
        owner, _, _, omega, group = tangents.crossings(v / system.chain.spacing, first[part], last[part])
        share = along(system, v, owner, omega, group)
        result[audible[part]] = np.bincount(owner, share, minlength=v.size)
    return shaped(result, shape)


def decay_in_x(system: System) -> tuple[float, float]:
    """Rate and power of exp(-rate x^power), the factor of A at the crossing x; rate 0 where it may not be used."""
    constant, width, power = system.interaction.decay
    rate = constant[0] * (width / system.chain.spacing) ** power if system.interaction.monotone else 0.0
    return rate, float(power)


def slowest_audible(system: System) -> float:
    """Speed below which every phonon takes less than 1e-330, exp(-E) with E above 800."""
    constant, width, power = system.interaction.decay
    return max(SLOWEST, (constant[0] / 800.0) ** (1.0 / power) * width)


def audible_lines(system: System, tangents: Band, speed: Array) -> tuple[NDArray[np.intp], Array, Array, Array]:
    """Indices of the speeds with a loss above 1e-330; their first and last period and number of crossings."""
    audible = np.flatnonzero(speed > slowest_audible(system))
    first, last, count = tangents.ranges(speed[audible] / system.chain.spacing, *decay_in_x(system))
    if count.size and count.max() > MOST_CROSSINGS:
        slowest = float(speed[audible][np.argmax(count)])
        raise ValueError(
            f"speed must be large enough for at most {MOST_CROSSINGS:.0e} crossings of the line with the "
            f"band, got {slowest!r} with {count.max():.1e}"
        )
    return audible, first, last, count


def orbit_shares(system: System, speed: Array, owner: NDArray[np.intp], omega: Array, group: Array) -> Array:
    """Terms of Eq. 10 along the orbit with this mean speed, as ``shares``."""
    from chaintheory.rigid import UNCERTAIN_TAIL, orbit_of_mean_speed

    share = np.empty(owner.shape)
    ends = np.searchsorted(owner, np.arange(speed.size + 1))
    known: dict[float, Array] = {}
    for index, v in enumerate(speed):
        mine = slice(ends[index], ends[index + 1])
        if float(v) in known:
            share[mine] = known[float(v)]
            continue
        value, uncertain = orbit_of_mean_speed(system, float(v)).spectrum(omega[mine])
        steep = steepness(system, v, group[mine])
        share[mine] = known[float(v)] = np.exp(value) / steep
        noise = np.exp(uncertain) / steep
        if noise.sum() > math.exp(UNCERTAIN_TAIL) * share[mine].sum():
            raise ValueError(f"speed {v:.6g} is not allowed: the force integral along the orbit is lost to rounding")
    return share


def mean_over_passes(system: System, speed: Array, passes: int) -> Array:
    r"""Mean over the first N passes: Fejer's kernel of the phase from one mass to the next.

    :math:`\Delta_N = \int_0^1 dx\, A(x) \sin^2(\pi N\phi)/(N\sin^2\pi\phi)`, phi = spacing omega/v - x.
    """
    result = np.empty(speed.shape)
    spread, spacing = band_width(system), system.chain.spacing
    for index, v in enumerate(speed):
        if v <= SLOWEST:
            result[index] = loss_at_rest(system)
            continue
        turns = 2.0 * passes * (2.0 + spacing / v * (system.chain.omega_fast - 1.0))
        if turns > MOST_TURNS:
            raise ValueError(f"passes must be fewer at speed {v:g}, got {passes}")
        count = 2 ** max(8, math.ceil(math.log2(8.0 * turns)))
        means = []
        for start in range(0, count, VALUES_AT_ONCE):
            x = (np.arange(start, min(start + VALUES_AT_ONCE, count)) + 0.5) / count
            omega = np.sqrt(1.0 + spread * np.sin(math.pi * x) ** 2)
            phase = spacing * omega / v - x
            phase = math.pi * (phase - np.rint(phase))
            small = np.abs(phase) < 1e-9
            safe = np.where(small, 1.0, phase)
            kernel = np.where(small, float(passes), (np.sin(passes * safe) / np.sin(safe)) ** 2 / passes)
            means.append(np.mean(emitted(system, omega, float(v)) * kernel))
        result[index] = np.mean(means)
    return result


def mean_dissipation_slope(system: System, speed: ArrayLike) -> Array:
    """Derivative of the mean dissipation (constant speed) in the speed, term by term.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> near = system.mean_dissipation([50.0 - 1e-4, 50.0 + 1e-4])
    >>> print(round(mean_dissipation_slope(system, 50.0), 10), round((near[1] - near[0]) / 2e-4, 10))
    -0.0005552834 -0.0005552834

    """
    values, shape = speeds(speed)
    spacing, spread = system.chain.spacing, band_width(system)
    result = np.zeros(values.shape)
    tangents = band(system)
    audible, first, last, count = audible_lines(system, tangents, values)
    step = 1e-3 / width_of(system)
    for part in batches(count):
        speed_here = values[audible[part]]
        owner, period, offset, omega, group = tangents.crossings(speed_here / spacing, first[part], last[part])
        share = shares(system, speed_here, owner, omega, group)
        v, x = speed_here[owner], period + offset
        k = 2.0 * math.pi * x / spacing
        # d log |transform|^2/dk by differences of fourth order.
        at = [system.interaction.transform(k + j * step) for j in (-2, -1, 1, 2)]
        derivative = (at[0] - 8.0 * at[1] + 8.0 * at[2] - at[3]) / (12.0 * step)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = 2.0 * derivative / system.interaction.transform(k) * (2.0 * math.pi / spacing)
        growth = np.where(np.isfinite(growth), growth, 0.0)
        curvature = (spread * math.pi**2 * np.cos(2.0 * math.pi * offset) - group**2) / omega
        lead = spacing * group - v
        along = (2.0 / x + growth - spacing * curvature / lead) * x / lead
        change = share * (along + 1.0 / lead - 1.0 / v)
        result[audible[part]] = np.bincount(owner, change, minlength=speed_here.size)
    return shaped(result * np.where(np.ravel(real_array("speed", speed)) < 0.0, -1.0, 1.0), shape)


def mean_dissipation_terms(system: System, speed: float) -> Terms:
    """The phonons fed at one mean speed: every crossing, however small its share (Eq. 10).

    Raises
    ------
    ValueError
        A speed that is not finite, is 0, or has more than 1e5 crossings.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> terms = system.mean_dissipation_terms(90.0)
    >>> len(terms.crossing), int(terms.forward.sum()), float(round(terms.share.sum(), 7))
    (7, 3, 0.0073308)

    """
    v = np.array([abs(number("speed", speed))])
    slopes = v / system.chain.spacing
    if v[0] <= SLOWEST:
        raise ValueError(f"speed must not be 0, got {speed!r}")
    tangents = band(system)
    first, last, count = tangents.ranges(slopes)
    if count[0] > MOST_CROSSINGS:
        raise ValueError(
            f"speed must be large enough for at most {MOST_CROSSINGS:.0e} crossings, got {speed!r} with {count[0]:.1e}"
        )
    owner, period, offset, omega, group = tangents.crossings(slopes, first, last)
    share = shares(system, v, owner, omega, group)
    return Terms(period + offset, omega, system.chain.spacing * group, share)
