r"""Energy lost in a chain with damping, where phonons live for a time: integrals, not sums, finite at every speed.

In the steady state the particle's force has the frequency nu = c x, c = v/spacing, at the wave number x, and each mode
takes up energy in proportion to the imaginary part of its response:

.. math:: \bar\Delta(v) = \frac{16\pi^3}{\alpha^3 v}\int_0^\infty dx\, x^2 |\hat\Phi(2\pi x/\alpha)|^2\,
          \nu\,\mathrm{Im}\chi , \qquad
          \mathrm{Im}\chi = \frac{\gamma\nu}{(\omega(x)^2 - \nu^2)^2 + \gamma^2\nu^2} .

For gamma to 0 this is Eq. (10). A single pass is the same with the mean of Im chi over the band at each nu.

The integrand is analytic but for poles at a distance of about gamma from the real axis beside each root of the
resonance condition. Cells are halved until bounds of the derivatives show that no pole of the response lies within
twice their half-width, where Gauss-Legendre quadrature of 20 points converges to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import NO_WELLS, band_mean, energy_emitted, shaped, speeds, width_of
from chaintheory.lattice.any_band import bound_of_reduced_square, first_cell, largest_curvature
from chaintheory.lattice.dispersion import band_edges, slope_of_square, square
from chaintheory.support.validation import LARGEST, choice
from chaintheory_ext.generated.dissipation import absorption, absorption_slope

if TYPE_CHECKING:
    from chaintheory.parameters import ChainParameters, SystemParameters

Array = NDArray[np.float64]

MOST_CELLS = 2e6
SMALLEST = 1e-300  # divisor whose inverse is a double
# Of the largest frequency. The rounding of omega^2 - nu^2 shows beside the width of a resonance, up to 4e-16 over this
# ratio of the integral (measured against Eq. (10) and its first order in the damping): from here on less than 1e-9.
LEAST_DAMPING = 5e-7
CELLS_AT_ONCE = 2**15
# Ratio nu/omega, up to the damping over omega, whose square is beside 1 less than the rounding of the integral.
OHMIC = 1e-8
FINEST = 1e-5  # of the widest cell: the cell at the origin beside a logarithm, of which its cube is left out
NEGLIGIBLE_EXPONENT = 100.0
NEGLIGIBLE = 1e-15  # of the sum, that a further stretch of the integral may add
MOST_DOUBLINGS = 24  # of the range, for a transform that falls like a power
LARGEST_RADIUS = 0.2  # of the discs in x, over the longest spring: in it cosines grow by less than a factor of two
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def mean_dissipation(system: SystemParameters, speed: Array) -> Array:
    """The mean dissipation of a chain with damping, at speeds that are not negative."""
    return _each(system, speed, lambda v: _ohmic_below(system, v, lambda w: _steady(system, w, derivative=False)))


def mean_dissipation_slope(system: SystemParameters, speed: Array) -> Array:
    """Its derivative in the speed. Only nu depends on the speed, at a given x."""
    return _each(system, speed, lambda v: _steady(system, max(v, ohmic_speed(system)), derivative=True))


def single_pass_dissipation(
    system: SystemParameters, speed: ArrayLike, *, approximation: str, method: str | None, log: bool
) -> Array:
    """Energy lost in one pass of a chain with damping at rest: ``System.single_pass_dissipation``."""
    values, shape = speeds(speed)
    if approximation != "constant-velocity" or method == "closed":
        raise ValueError("approximation must be 'constant-velocity', and method not 'closed', in a chain with damping")
    choice("method", method or "quadrature", ["closed", "quadrature"])
    if values.size and values.min() == 0.0:
        raise ValueError("speed must not be 0 in a chain with damping, got 0.0")
    loss = _each(system, values, lambda v: _ohmic_below(system, v, lambda w: _single(system, w)))
    with np.errstate(divide="ignore"):
        return shaped(np.log(loss) if log else loss, shape)


def _each(system: SystemParameters, speed: Array, value: Callable[[float], float]) -> Array:
    different, index = np.unique(speed, return_inverse=True)
    least = LEAST_DAMPING * band_edges(system.chain)[1]
    if system.chain.damping < least:
        raise ValueError(
            f"damping must be 0 or at least {least:.3g}, {LEAST_DAMPING:g} of the largest frequency, "
            f"for the integral over all phonons, got {system.chain.damping:g}"
        )
    if system.interaction.discontinuous:
        raise ValueError(
            "interaction must have no jump in a chain with damping, whose integral over all phonons falls off like 1/x "
            f"then: soften the walls or take damping=0, got {system.interaction!r}"
        )
    if different.size and different[-1] > LARGEST:
        raise ValueError(f"speed must be at most {LARGEST:g} in a chain with damping, got {different[-1]!r}")
    return np.array([value(v) if v else 0.0 for v in different.tolist()], dtype=np.float64)[index.ravel()]


def ohmic_speed(system: SystemParameters) -> float:
    """Speed below which every loss is proportional to the speed to rounding; 0 without wells, or without that bound.

    A phonon takes gamma nu^2/omega^4 (1 + (2 - (gamma/omega)^2) (nu/omega)^2 + ...), and nu = k v/(2 pi) goes up to
    the k at which exp(-NEGLIGIBLE_EXPONENT) is left of the squared transform. Far below, nu^2 is 0 in doubles.
    """
    chain, interaction = system.chain, system.interaction
    constant, width, power = interaction.decay
    if not (chain.confinement and constant[0] and interaction.monotone):
        return 0.0
    lowest = band_edges(chain)[0]
    highest = (NEGLIGIBLE_EXPONENT / constant[0]) ** (1.0 / power) / width  # nu/v
    return OHMIC * lowest * min(1.0, lowest / chain.damping) / highest


def _ohmic_below(system: SystemParameters, speed: float, value: Callable[[float], float]) -> float:
    """The loss at a speed; far below all resonances in proportion to it."""
    ohmic = ohmic_speed(system)
    return speed / ohmic * value(ohmic) if speed < ohmic else value(speed)


def _steady(system: SystemParameters, speed: float, *, derivative: bool) -> float:
    chain = system.chain
    c, gamma, top = speed / chain.spacing, chain.damping, band_edges(chain)[1]
    farthest = top / max(c, SMALLEST)

    def density(x: Array) -> Array:
        nu = c * x
        mismatch = square(chain, math.pi * (x - np.floor(x))) - nu * nu
        loss = (2.0 / math.pi) * c * energy_emitted(system, nu, speed)
        taken = absorption(nu, mismatch, gamma)
        if not derivative:
            return np.asarray(loss * taken)
        return np.asarray(loss * (absorption_slope(nu, mismatch, gamma) * x / chain.spacing - taken / speed))

    # The loss beyond falls at least like x^-2; where the transform falls exponentially it is negligible long before.
    end, beyond = 1.5 * farthest + 1.0, True
    constant, width, power = system.interaction.decay
    rate = constant[0] * (width / chain.spacing) ** power if system.interaction.monotone else 0.0
    if rate:
        budget = 40.0 + 4.0 * math.log1p(top / gamma) + 4.0 * math.log1p(farthest)
        negligible = max((budget / rate) ** (1.0 / power), 1.0)
        end, beyond = min(end, negligible), end < negligible
    widest = 0.5 * _scale(system) * chain.spacing / (2.0 * math.pi)
    total, start, logarithm = 0.0, 0.0, diverges(system)
    for _ in range(MOST_DOUBLINGS):
        part = response_integral(chain, c, density, end, widest, start, logarithm)
        total += part
        if not beyond or abs(part) <= NEGLIGIBLE * abs(total):
            return total
        start, end = end, 2.0 * end
    raise ValueError(f"speed {speed!r} is not allowed: the integral over all wave numbers does not converge")


def response_integral(
    chain: ChainParameters, c: float, density: Callable[[Array], Array], end: float, widest: float,
    start: float = 0.0, logarithm: bool = False,
) -> float:  # fmt: skip
    """Integral over x of what is analytic but for the poles of the chain's response along the line nu = c x.

    Parameters
    ----------
    chain
        With damping.
    c
        v/spacing.
    density
        The integrand, of an array of x.
    end, start
        Bounds of x; from 0 on the first cell of a chain without wells has its own bounds of the poles.
    widest
        Largest half-width of a cell, on which the integrand without the response is smooth.
    logarithm
        That the integrand has the logarithm of x at the origin, as with a softened Coulomb interaction.

    >>> from chaintheory import Chain
    >>> einstein = Chain.from_springs(1.0, [], spacing=40.0, damping=0.1)
    >>> density = lambda x: absorption(x, 1.0 - x**2, 0.1)
    >>> round(response_integral(einstein, 1.0, density, 200.0, 0.1) + 0.1 / 200.0, 6)  # and the rest: pi/2
    1.570796
    """
    springs = max(len(chain.couplings), 1)
    bend = 2.0 * largest_curvature(chain) + 2.0 * c * c

    def radius(x: Array) -> Array:
        """Radius of a disc around x without a pole: |F - i gamma nu| falls no faster than its derivatives allow."""
        theta = math.pi * (x - np.floor(x))
        value = np.hypot(square(chain, theta) - (c * x) ** 2, gamma * c * x)
        change = np.hypot(slope_of_square(chain, theta) - 2.0 * c * c * x, gamma * c)
        return 2.0 * value / (change + np.sqrt(change * change + 2.0 * bend * value))

    def near_origin(x: Array) -> Array:
        """The same of F/x - i gamma c, for a chain without wells, whose F vanishes at x = 0."""
        value = np.hypot(square(chain, math.pi * x) / x - c * c * x, gamma * c)
        return value / (4.0 * bound_of_reduced_square(chain, 0) + c * c)

    def beside_logarithm(of_poles: Callable[[Array], Array]) -> Callable[[Array], Array]:
        return lambda x: np.minimum(of_poles(x), np.maximum(x, FINEST * widest)) if logarithm else of_poles(x)

    gamma, widest = chain.damping, min(LARGEST_RADIUS / springs, widest)
    lowest, top = band_edges(chain)
    if lowest > NO_WELLS * top or start:
        return _integral(density, beside_logarithm(radius), start, end, widest)
    first = min(first_cell(chain), end)
    total = _integral(density, beside_logarithm(near_origin), 0.0, first, widest)
    return total + (_integral(density, radius, first, end, widest) if end > first else 0.0)


def diverges(system: SystemParameters) -> bool:
    """Whether the transform is infinite at k = 0, where it has a logarithm: the softened Coulomb interaction's."""
    return not math.isfinite(float(system.interaction.transform(0.0)))


def _scale(system: SystemParameters) -> float:
    """Wave number on which the squared transform is smooth."""
    interaction = system.interaction
    return 1.0 / interaction.width if interaction.monotone else min(1.0 / interaction.width, 1.0 / width_of(system))


def _single(system: SystemParameters, speed: float) -> float:
    """The mean over theta of each mode's integral over nu, whose poles are known."""
    chain, gamma = system.chain, system.chain.damping
    top = band_edges(chain)[1]
    scale = 0.5 * _scale(system) * speed / (2.0 * math.pi)
    constant, width, power = system.interaction.decay
    rate = constant[0] * min(width / speed, 1e150) ** power if system.interaction.monotone else 0.0
    floor, logarithm = 1e-5 * min(scale, gamma), diverges(system)

    def mode(omega_squared: float) -> float:
        root = np.emath.sqrt(omega_squared - 0.25 * gamma * gamma)
        poles = np.array([root - 0.5j * gamma, -root - 0.5j * gamma])

        def radius(nu: Array) -> Array:
            # An overdamped mode has a pole next to nu = 0, where the loss per mode vanishes like nu^2.
            from_poles = np.maximum(np.abs(nu[:, None] - poles).min(axis=1), floor)
            return np.minimum(from_poles, np.maximum(nu, FINEST * scale)) if logarithm else from_poles

        def density(nu: Array) -> Array:
            return np.asarray(
                (2.0 / math.pi) * energy_emitted(system, nu, speed) * absorption(nu, omega_squared - nu * nu, gamma)
            )

        end = 1.5 * math.sqrt(omega_squared) + gamma + scale
        if rate:
            end = min(end, (NEGLIGIBLE_EXPONENT / rate) ** (1.0 / power))
        total, start = 0.0, 0.0
        for _ in range(MOST_DOUBLINGS):
            part = _integral(density, radius, start, end, scale)
            total += part
            if part <= NEGLIGIBLE * total:
                return total
            start, end = end, 2.0 * end
        raise ValueError(f"speed {speed!r} is not allowed: the integral over all frequencies does not converge")

    def taken(_: Array, sine_squared: Array) -> Array:
        squares = np.asarray(square(chain, np.arcsin(np.sqrt(sine_squared))))
        return np.array([[mode(max(one, 1e-200)) for one in squares.tolist()]])

    # Where the damping is small the rounding of omega^2 - nu^2 shows.
    return float(band_mean(taken, 1, tolerance=1e-11 + 1e-15 * top / gamma, most=2**12)[0])


def _integral(
    density: Callable[[Array], Array], radius: Callable[[Array], Array], start: float, end: float, widest: float
) -> float:
    """Quadrature in cells that are at most half as wide as a disc without a pole; ``widest`` is the largest half-width.

    >>> lorentzian = lambda x: 1e-6 / (x**2 + 1e-12)
    >>> whole = math.atan(7e5) + math.atan(3e5)
    >>> found = _integral(lorentzian, lambda x: np.hypot(x, 1e-6), -0.3, 0.7, 0.2)
    >>> abs(found / whole - 1.0) < 1e-13  # a pole elsewhere than at 0 would show the rounding of the distance from it
    True
    """
    if not end - start <= 2.0 * MOST_CELLS * widest:
        raise ValueError("speed must be larger: the integral over all phonons needs too many points")
    edges = np.linspace(start, end, math.ceil(0.5 * (end - start) / widest) + 1)
    low, high = edges[:-1], edges[1:]
    cells: list[tuple[Array, Array]] = []
    while low.size:
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        good = (radius(middle) >= 2.0 * half) | (half <= 1e-15 * np.abs(middle))
        cells.append((middle[good], half[good]))
        wide = ~good
        middle = middle[wide]
        low, high = np.concatenate([low[wide], middle]), np.concatenate([middle, high[wide]])
        if low.size > MOST_CELLS:
            raise ValueError("speed must be larger: the integral over all phonons needs too many points")
    middle, half = (np.concatenate(part) for part in zip(*cells, strict=True))
    total = 0.0
    for first in range(0, middle.size, CELLS_AT_ONCE):
        some = slice(first, first + CELLS_AT_ONCE)
        points = middle[some, None] + half[some, None] * NODES
        total += float(np.sum((density(points.ravel()).reshape(points.shape) @ WEIGHTS) * half[some]))
    return total
