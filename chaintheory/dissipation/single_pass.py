r"""Energy that the particle loses to one mass of a chain at rest (Eqs. 6-9).

Each phonon of frequency omega takes up, in the constant-velocity (second-order, Born) approximation,

.. math:: A(\omega) = \frac{8\pi^4\omega^2}{v^4}\,\bigl|\hat\Phi(2\pi\omega/v)\bigr|^2 ,

with the transform of the interaction at the wave number 2 pi omega/v; static_lattice.py has A where the speed varies.
The single-pass dissipation is the mean of A over the band.

The sign of the speed does not matter. At speed 0 the limit of vanishing speed is returned, where there is one: 0 for
a smooth interaction, 2 amplitude^2/(width^2 omega_fast) for an exponential cusp.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.formula import NumericalInteraction
from chaintheory.interactions.named import Gaussian, GaussianMixture, HalfIntegerMatern
from chaintheory.lattice.any_band import largest_curvature
from chaintheory.lattice.dispersion import band_edges, band_width, frequency_squared, square
from chaintheory.lattice.rigid_lattice import mass_barrier
from chaintheory.support.double_double import exponent
from chaintheory.support.validation import choice, real_array
from chaintheory_ext.generated.dissipation import loss_per_mode, loss_prefactor

if TYPE_CHECKING:
    from chaintheory.dissipation.static_lattice import RigidLatticeMotion
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]
OfMode = Callable[[Any, Array, Array], Array]  # of rows of speeds, frequencies and wave numbers

VALUES_AT_ONCE = 2**20
MOST_POINTS = 2**18  # of the trapezoidal rule: a tenth of a second for one speed
NEGLIGIBLE_EXPONENT = 60.0  # the quadrature leaves out the part of the band that takes exp(-60) of the lowest phonon
SHALLOW, NO_WELLS = 0.01, 1e-30  # bottom of the band over its top: of shallow wells, and of next to none
MOST_CANCELLATION = 100.0  # of the closed form of a mixture, before the quadrature takes over
LEAST_LEFT = 1e-6  # of the transform of a mixture after cancellation
VANISHING = 1e-9  # speed over width times the lowest frequency, whose square makes no difference
UNAFFECTED = 1e100  # speed whose square no interaction changes in double precision


def speeds(speed: ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """|speed| as a flat array of finite doubles, and the shape to return."""
    values = real_array("speed", speed)
    return np.abs(values).ravel(), values.shape


def shaped(values: Array, shape: tuple[int, ...]) -> Array:
    """A NumPy float for a scalar argument, an array otherwise, as a ufunc returns them."""
    return values.reshape(shape)[()]


def energy_emitted(system: SystemParameters, omega: Array, speed: Array | float) -> Array:
    """Energy A(omega) that a phonon takes in one pass at constant velocity, Eq. 6, in hbar Omega_slow."""
    transform = system.interaction.transform(wave_number(omega, np.asarray(speed)))
    with np.errstate(over="ignore"):
        return np.asarray(loss_per_mode(omega, speed, transform))[()]


def single_pass_dissipation(
    system: SystemParameters,
    speed: ArrayLike,
    *,
    approximation: str = "constant-velocity",
    method: str | None = None,
    log: bool = False,
) -> Array:
    """Energy lost in one pass: ``System.single_pass_dissipation``, which describes it."""
    values, shape = speeds(speed)
    choice("approximation", approximation, ["constant-velocity", "static-lattice"])
    if system.chain.damping:
        raise ValueError("chain must have no damping here; System.single_pass_dissipation and damped.py allow for it")
    if approximation == "static-lattice":
        if method is not None:
            raise ValueError(f"method must not be given with approximation='static-lattice', got {method!r}")
        return shaped(static_lattice_loss(system, values, log), shape)
    interaction = system.interaction
    if method is None:
        method = "closed" if interaction.closed and system.chain.minimal else "quadrature"
    choice("method", method, ["closed", "quadrature"])
    if method == "closed" and not interaction.closed:
        raise ValueError(
            f"method must be 'quadrature' for an interaction without a closed form ({type(interaction).__name__}), "
            "got 'closed'"
        )
    if method == "closed" and not system.chain.minimal:
        if len(system.chain.couplings) != 1 or system.chain.confinement == 0.0:
            raise ValueError(
                "method must be 'quadrature' in a chain without wells or with springs other than between neighbours, "
                "got 'closed'"
            )
        other, unit = in_units_of_the_wells(system)
        scaled = single_pass_dissipation(other, values / unit, method="closed", log=log)
        return shaped(scaled - 2.0 * math.log(unit) if log else scaled / unit**2, shape)
    moving = values > 0.0
    result = np.empty(values.shape)
    with np.errstate(divide="ignore"):  # the logarithm of a loss of 0 is -inf
        if not moving.all():
            at_rest = np.float64(loss_at_rest(system))
            result[~moving] = np.log(at_rest) if log else at_rest
    loss = closed_loss if method == "closed" else quadrature_loss
    result[moving] = loss(system, values[moving], log)
    return shaped(result, shape)


def in_units_of_the_wells(system: SystemParameters) -> tuple[SystemParameters, float]:
    """A system whose chain has one spring between neighbours, with the paper's chain: in units of the wells.

    With the frequency sqrt(confinement) as the unit speeds are divided by it, and losses multiplied by its square.
    """
    chain = system.chain
    unit = math.sqrt(chain.confinement)
    minimal = type(chain).from_springs(1.0, [chain.couplings[0] / chain.confinement], chain.spacing)
    return replace(system, chain=minimal), unit


def loss_at_rest(system: SystemParameters) -> float:
    """Limit of the single-pass dissipation for vanishing speed."""
    interaction = system.interaction
    if system.chain.confinement == 0.0:
        raise ValueError("speed must not be 0 in a chain without wells, where the loss diverges there, got 0.0")
    if isinstance(interaction, HalfIntegerMatern) and interaction.order == 0:
        if not system.chain.minimal:
            inverse = band_mean(lambda _, s: 1.0 / square(system.chain, np.arcsin(np.sqrt(s)))[None, :], 1)
            return 2.0 * (interaction.amplitude / interaction.width) ** 2 * float(inverse[0])
        return 2.0 * (interaction.amplitude / interaction.width) ** 2 / system.chain.omega_fast
    if not interaction.smooth:
        raise ValueError("speed must not be 0 for an interaction that is not smooth, got 0.0")
    return 0.0


def from_mean(mean: Array, exponents: tuple[Array, Array], speed: Array, log: bool) -> Array:
    """8 pi^4 ``mean`` exp(-E)/v^4 or its logarithm; E as two doubles, each factor apart so that none underflows."""
    high, low = exponents
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        if log:
            return np.log(loss_prefactor() * mean) - 4.0 * np.log(speed) - high
        root = np.exp(-0.5 * high)
        loss = loss_prefactor() * mean * root / speed / speed * root / speed / speed
        loss = loss * (1.0 - np.where(root > 0.0, low, 0.0))
    return np.where(root > 0.0, loss, 0.0)


def closed_loss(system: SystemParameters, speed: Array, log: bool) -> Array:
    """The closed forms: Bessel functions for Gaussians (Eq. 7), powers for the Matern family."""
    interaction = system.interaction
    if isinstance(interaction, Gaussian):
        prefactor = 2.0 * math.pi * (interaction.amplitude * interaction.width) ** 2
        mean = prefactor * gaussian_mean(system, speed, interaction.width)
        return from_mean(mean, exponent_of(system, speed), speed, log)
    if isinstance(interaction, GaussianMixture):
        return mixture_loss(system, interaction, speed, log)
    assert isinstance(interaction, HalfIntegerMatern)
    return matern_loss(system, interaction, speed, log)


def exponent_of(system: SystemParameters, speed: Array) -> tuple[Array, Array]:
    """Exponent of the squared transform at the bottom of the band as two doubles; infinite where it is no double."""
    constant, width, power = system.interaction.decay
    if constant[0] == 0.0:
        return np.zeros(speed.shape), np.zeros(speed.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        high, low = exponent(constant, width, speed, power)
        lost = ~np.isfinite(high) | ~np.isfinite(low)
        beyond = constant[0] * (width / speed) ** float(power) if lost.any() else high
    return np.where(lost, beyond, high), np.where(lost, 0.0, low)


def wave_number(omega: ArrayLike, speed: Array) -> Array:
    """2 pi omega/speed, at most 1e300: that of the slowest speeds is no double, and 0 times infinity no number."""
    return np.minimum(2.0 * math.pi * np.asarray(omega) / np.maximum(speed, 1e-300), 1e300)


def gaussian_mean(system: SystemParameters, speed: Array, width: float) -> Array:
    """Band mean of omega^2 exp(-z (omega^2 - 1)), z = (2 pi width/v)^2, from the ledger's Eq. 7."""
    from chaintheory_ext.curves import band_mean_gaussian

    return band_mean_gaussian(speed, system.chain.omega_fast, width)


def mixture_loss(system: SystemParameters, mixture: GaussianMixture, speed: Array, log: bool) -> Array:
    """Each pair of Gaussians acts as one of the mean squared width; the quadrature where the pairs cancel."""
    narrow = mixture.width
    total, size = np.zeros(speed.shape), np.zeros(speed.shape)
    for a in mixture.parts:
        for b in mixture.parts:
            # (a^2 + b^2)/2 - narrow^2, from differences of the widths.
            excess = 0.5 * ((a.width - narrow) * (a.width + narrow) + (b.width - narrow) * (b.width + narrow))
            mean = gaussian_mean(system, speed, math.sqrt(narrow**2 + excess))
            with np.errstate(over="ignore"):
                wave = wave_number(1.0, speed)
                mean = mean * np.exp(-excess * wave * wave)
            mean = 2.0 * math.pi * (a.amplitude * a.width) * (b.amplitude * b.width) * mean
            total, size = total + mean, size + np.abs(mean)
    result = from_mean(np.maximum(total, 0.0), exponent_of(system, speed), speed, log)
    cancelled = total * MOST_CANCELLATION < size
    if cancelled.any():
        result[cancelled] = quadrature_loss(system, speed[cancelled], log)
    return result


def matern_loss(system: SystemParameters, interaction: HalfIntegerMatern, speed: Array, log: bool) -> Array:
    r"""Eq. 6 for a transform that is a power of 1/u, u = 1 + (k width)^2/(2 nu).

    With A and C the values of u at the two edges of the band, 1/sqrt((A - t)(C - t)) generates the means of the
    powers of 1/u, and their derivative in (k width)^2 those of omega^2/u^m: a sum of positive terms, so that
    nothing cancels. Powers of the speed are taken together, so that none is beyond doubles unless the loss is.
    """
    order = interaction.order
    count = 2 * order + 1  # the transform squared is u^-(count + 1)
    scale = 2.0 * math.pi * interaction.width / math.sqrt(count)
    omega_fast = system.chain.omega_fast
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        low, high = np.hypot(speed, scale), np.hypot(speed, scale * omega_fast)  # v sqrt(A), v sqrt(C)
        ratio = (low / high) ** 2
        central = [math.comb(2 * j, j) / 4.0**j for j in range(count)]
        mean = np.zeros(speed.shape)
        for j in range(count):
            i = count - 1 - j
            term = central[j] * central[i] * ratio ** (i + 0.5)
            mean += term * ((j + 0.5) + omega_fast**2 * (i + 0.5) * ratio) / count
        size = abs(interaction.amplitude) * interaction.width * interaction.total
        if log:
            # speed/low is less accurate than a double below 1e-300, and 0 in the end.
            decades = np.where(speed > 1e-290, np.log(speed / low), np.log(speed) - np.log(low))
            powers = 4.0 * order * decades - 4.0 * np.log(low)
            return np.log(loss_prefactor() * mean) + 2.0 * np.log(size) + powers
        return loss_prefactor() * (size / low / low) ** 2 * (speed / low) ** (4 * order) * mean


def quadrature_loss(
    system: SystemParameters, speed: Array, log: bool, shape: OfMode | None = None, least: Array | float = 0.0
) -> Array:
    """Eq. 6 by quadrature over the band: prefactor and exponential of the squared transform apart.

    ``shape(rows, omega, wave number)``, given, stands in the place of the transform's prefactor: a weighted loss. Where
    it changes sign, ``least`` is a scale of the mean (``band_mean_of_transform``) that bounds the error.
    """
    given, interaction = speed, system.interaction
    if isinstance(interaction, HalfIntegerMatern):  # what a mode takes is a power of the speed, before it is no double
        speed = np.maximum(speed, VANISHING * interaction.width * band_edges(system.chain)[0])
    mean, exponents = band_mean_of_transform(system, speed, shape, least)
    if log:
        refuse_unresolved(system, mean, speed)
    result = from_mean(mean, exponents, speed, log)
    if not isinstance(interaction, HalfIntegerMatern):
        return result
    power = 4.0 * interaction.order
    return result + power * (np.log(given) - np.log(speed)) if log else result * (given / speed) ** power


def band_mean_of_transform(
    system: SystemParameters, speed: Array, shape: OfMode | None = None, least: Array | float = 0.0
) -> tuple[Array, tuple[Array, Array]]:
    """Band mean of omega^2 ``shape`` exp(E(bottom) - E(omega)), E the exponent of the squared transform; E(bottom).

    At low speed the phonons next to the bottom of the band take everything. The angle phi of
    sin(theta)^2 = part sin(phi)^2 keeps to them; with part = 1 it is theta.
    """
    if not system.chain.minimal:
        return _mean_in_any_chain(system, speed, shape, least)
    interaction = system.interaction
    power = interaction.decay.power
    exponents = exponent_of(system, speed)
    bottom = exponents[0]
    spread = band_width(system.chain.omega_fast)
    above = NEGLIGIBLE_EXPONENT / np.clip(bottom, 1e-100, 1e300)  # of omega^power
    part = np.minimum((above if power == 2 else above * (2.0 + above)) / spread, 1.0)
    if isinstance(interaction, GaussianMixture):
        refuse_cancellation(system, interaction, speed)

    def taken(rows: Any, sine_squared: Array) -> Array:
        """omega^2 |transform|^2 exp(exponent at the bottom of the band) dtheta/dphi."""
        kept = part[rows, None]
        jacobian = np.sqrt(kept * (1.0 - sine_squared) / np.maximum(1.0 - kept * sine_squared, 1e-300))
        jacobian = np.where(kept < 1.0, jacobian, 1.0)
        square = spread * kept * sine_squared
        omega = np.sqrt(1.0 + square)
        excess = square / (1.0 if power == 2 else omega + 1.0)
        with np.errstate(over="ignore", under="ignore"):
            wave = wave_number(omega, speed[rows, None])
            decay = np.exp(-np.minimum(bottom[rows, None], 1e300) * excess)
        prefactor = interaction.shape(wave) if shape is None else shape(rows, omega, wave)
        return jacobian * omega**2 * prefactor * decay

    # A transform that oscillates must be resolved before two results can agree by chance.
    oscillations = 0.0 if interaction.monotone else 4.0 * system.chain.omega_fast * width_of(system)
    with np.errstate(over="ignore"):
        return band_mean(taken, speed.size, oscillations / speed, least=least), exponents


def _mean_in_any_chain(
    system: SystemParameters, speed: Array, shape: OfMode | None, least: Array | float
) -> tuple[Array, tuple[Array, Array]]:
    """``band_mean_of_transform`` for any springs: the trapezoidal rule over theta.

    omega^2 and every even function of omega are analytic and periodic in theta, without wells too. A transform may be
    none (exp(-k), log(k)): its singularity at theta = 0, or near it, is then taken off.
    """
    interaction, chain = system.interaction, system.chain
    power, (lowest, top) = interaction.decay.power, band_edges(chain)
    if isinstance(interaction, GaussianMixture):
        refuse_cancellation(system, interaction, speed)
    constant, width, _ = interaction.decay
    singular = singular_at_bottom(system)
    with np.errstate(over="ignore"):
        exponents = exponent_of(system, speed / lowest) if lowest else (np.zeros(speed.shape), np.zeros(speed.shape))
        per_power = constant[0] * np.minimum((width / speed) ** float(power), 1e300)

    def taken(rows: Any, sine_squared: Array) -> Array:
        theta, weight = flattened(np.arcsin(np.sqrt(sine_squared)), singular)
        squares = square(chain, theta)
        omega = np.sqrt(squares)
        excess = np.maximum(squares - lowest**2 if power == 2 else omega - lowest, 0.0)
        with np.errstate(over="ignore", under="ignore"):
            wave = wave_number(omega, speed[rows, None])
            decay = np.exp(-per_power[rows, None] * excess)
        prefactor = interaction.shape(wave) if shape is None else shape(rows, omega, wave)
        # Without wells a phonon of frequency 0 takes nothing, where the transform is infinite too (softened Coulomb).
        return np.asarray(weight * squares * np.where(squares > 0.0, prefactor, 0.0) * decay)

    # The bottom of the band must be resolved, where exp(-per_power omega^power) falls within an angle of
    # (2/(per_power^(2/power) (omega^2)''))^(1/2): else two results agree by chance at low speed.
    oscillations = 0.0 if interaction.monotone else 4.0 * top * width_of(system)
    with np.errstate(over="ignore"):
        narrow = 1.5 * per_power ** (1.0 / power) * math.sqrt(largest_curvature(chain))
        fewest = np.maximum(oscillations / speed, narrow)
        return band_mean(taken, speed.size, fewest, least=least), exponents


def singular_at_bottom(system: SystemParameters) -> bool:
    """Whether the transform is singular at theta = 0, or so near it (``SHALLOW`` wells) that a quadrature sees it."""
    lowest, top = band_edges(system.chain)
    return not system.chain.minimal and lowest < SHALLOW * top and system.interaction.decay.power == 1


def flattened(angle: Array, singular: bool) -> tuple[Array, Array | float]:
    """The angle theta = phi - sin(4 phi)/4, cubic at 0 and pi/2, and dtheta/dphi; phi where nothing is singular."""
    if not singular:
        return angle, 1.0
    return angle - 0.25 * np.sin(4.0 * angle), 2.0 * np.sin(2.0 * angle) ** 2


def refuse_cancellation(system: SystemParameters, mixture: GaussianMixture, speed: Array) -> None:
    """Refuse a mixture whose Gaussians cancel to less than ``LEAST_LEFT`` over the whole band."""
    omega = np.linspace(*band_edges(system.chain), 65)
    with np.errstate(over="ignore", under="ignore"):
        left, largest = mixture.cancellation(wave_number(omega, speed[:, None]))
        wave = np.minimum(2.0 * math.pi * mixture.width / speed[:, None], 1e100)
        weight = np.exp(-0.5 * wave**2 * band_width(omega))  # of the narrowest Gaussian
    lost = (left * weight).max(axis=1) < LEAST_LEFT * (largest * weight).max(axis=1)
    if lost.any():
        raise ValueError(
            f"amplitudes must not cancel to less than {LEAST_LEFT:g} of the largest, which rounding cannot resolve, "
            f"got {mixture!r} at speed {float(speed[lost][0])!r}"
        )


def refuse_unresolved(system: SystemParameters, mean: Array, speed: Array) -> None:
    """Refuse the logarithm of a loss that lies below what the transform resolves."""
    interaction = system.interaction
    least = np.full(speed.shape, 1e-290 if not interaction.decay.constant[0] else 0.0)
    if isinstance(interaction, NumericalInteraction):
        least = least + (10.0 * interaction.transform_error) ** 2
    zero = interaction.reach() == 0.0
    lost = (mean < least) & (not zero)
    if lost.any():
        raise ValueError(
            "speed must be large enough for the transform to be resolved at the wave number 2 pi/speed if log=True, "
            f"got {float(speed[lost][0])!r}"
        )


def width_of(system: SystemParameters) -> float:
    """Distance over which the transform sees the interaction: its oscillations in k have this period's inverse."""
    return min(system.interaction.reach(), 50.0 * system.interaction.width)


def band_mean(
    value: Callable[[Any, Array], Array], rows: int, fewest: Array | float = 0.0,
    tolerance: float = 1e-14, most: int = MOST_POINTS, least: Array | float = 0.0,
) -> Array:  # fmt: skip
    """Mean over theta from 0 to pi/2 of ``value(rows, sin(theta)^2)``, shape (len(rows), points).

    The trapezoidal rule, whose error falls geometrically for a periodic analytic function; the points of each row
    are doubled until two results agree, relative to the mean or to ``least`` where that is more; the error of the
    second is about the square of their difference.
    """
    result = np.empty(rows)
    total = np.zeros(rows)
    open_rows = np.arange(rows)
    fewest, least = np.broadcast_to(fewest, rows), np.broadcast_to(least, rows)
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
        close = np.abs(now - before) <= tolerance * np.maximum(now, least[open_rows])
        done = close & (count >= fewest[open_rows]) & (count > 32)
        result[open_rows[done]] = now[done]
        open_rows = open_rows[~done]
        if count >= most and open_rows.size:
            raise ValueError(
                f"speed must be large enough for the band average to converge with {most} points, and not one at which "
                "the transform vanishes all over a narrow band"
            )
        angle = 0.5 * math.pi * (np.arange(count) + 0.5) / count
        weights = np.ones(count)
        count *= 2
    return result


def static_lattice_loss(system: SystemParameters, speed: Array, log: bool) -> Array:
    """Eq. 6 with the particle's motion past one mass at rest in the force integral."""
    from chaintheory.dissipation.static_lattice import RigidLatticeMotion

    different, index = np.unique(speed, return_inverse=True)
    if different.size and different[-1] > UNAFFECTED:
        result = np.empty(speed.shape)
        fast = speed > UNAFFECTED
        result[fast] = quadrature_loss(system, speed[fast], log)
        result[~fast] = static_lattice_loss(system, speed[~fast], log)
        return result
    motions = [RigidLatticeMotion(system, float(v)) for v in different]
    for motion in motions:
        if not motion.passes:
            least = system.speed_of_energy(mass_barrier(system))
            raise ValueError(
                f"speed must exceed the capture speed {least:.6g} of one mass with approximation='static-lattice', "
                f"got {motion.speed:g}"
            )
    result = np.array([log_static_lattice_mean(system, motion) for motion in motions], dtype=np.float64)[index]
    return result if log else np.exp(result)


def log_static_lattice_mean(system: SystemParameters, motion: RigidLatticeMotion) -> float:
    """Logarithm of the band average of A along one motion through the rigid lattice."""
    from chaintheory.dissipation.static_lattice import LEFT_OUT, UNCERTAIN

    if motion.at_constant_speed:
        return float(quadrature_loss(system, np.array([motion.speed]), log=True)[0])
    lost = ValueError(f"speed {motion.speed:.6g} is not allowed: the force integral is lost to rounding")
    if not system.chain.minimal:
        return _static_lattice_in_any_chain(system, motion)
    spread = band_width(system.chain.omega_fast)
    # From the bottom of the band up to where nothing is left of A, once it falls exponentially.
    grid = 1.0 + (system.chain.omega_fast - 1.0) * np.linspace(0.0, 1.0, 65) ** 4
    scale, cutoff = -math.inf, system.chain.omega_fast
    for some in np.split(grid[:-1], 8):
        value, noise, _ = motion.spectrum(some)
        scale = max(scale, float(value.max()))
        if noise.max() > scale + UNCERTAIN:
            raise lost
        if system.interaction.analytic_width and value[-1] < scale - LEFT_OUT:
            above = np.flatnonzero(value >= scale - LEFT_OUT)
            cutoff = float(some[above[-1] + 1] if above.size else some[0])
            break
    if scale == -math.inf:
        return scale

    def taken(_: Array, sine_squared: Array) -> Array:
        stretch: Array | float = 1.0
        if cutoff < 0.7 * system.chain.omega_fast:  # over y in omega = cosh y, up to the cutoff
            end = math.acosh(cutoff)
            y = end * (2.0 / math.pi) * np.arcsin(np.sqrt(sine_squared))
            sine_squared = np.sinh(y) ** 2 / spread
            stretch = (2.0 / math.pi) * end * np.cosh(y) / np.sqrt(spread * (1.0 - sine_squared))
        value, noise, _bound = motion.spectrum(np.sqrt(frequency_squared(sine_squared, system.chain.omega_fast)))
        if noise.max() > scale + UNCERTAIN:
            raise lost
        return (stretch * np.exp(np.minimum(value - scale, 700.0)))[None, :]

    return math.log(float(band_mean(taken, 1, tolerance=1e-8, most=2**11)[0])) + scale


def _static_lattice_in_any_chain(system: SystemParameters, motion: RigidLatticeMotion) -> float:
    """``log_static_lattice_mean`` for any springs, over theta; phonons of frequency 0 take nothing."""
    from chaintheory.dissipation.static_lattice import UNCERTAIN

    chain = system.chain
    grid = np.sqrt(square(chain, 0.5 * math.pi * (np.arange(65) + 0.5) / 65))
    scale = float(motion.spectrum(np.sort(grid))[0].max())

    def taken(_: Array, sine_squared: Array) -> Array:
        omega = np.sqrt(square(chain, np.arcsin(np.sqrt(sine_squared))))
        result = np.zeros(omega.shape)
        moving = omega > 0.0
        value, noise, _bound = motion.spectrum(omega[moving])
        if noise.max() > scale + UNCERTAIN:
            raise ValueError(f"speed {motion.speed:.6g} is not allowed: the force integral is lost to rounding")
        result[moving] = np.exp(np.minimum(value - scale, 700.0))
        return result[None, :]

    return math.log(float(band_mean(taken, 1, tolerance=1e-8, most=2**11)[0])) + scale
