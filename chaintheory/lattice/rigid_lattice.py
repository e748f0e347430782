r"""The potential of the rigid lattice, all masses held at their sites, and the speed that its barrier demands.

.. math:: U(u) = \sum_n \Phi(u - n\alpha)
               = \frac{1}{\alpha}\sum_k \hat\Phi(2\pi k/\alpha)\, e^{2\pi i k u/\alpha} .

The first sum serves short interactions. The second, Poisson's, serves wide ones, where the contributions of the
masses nearly cancel, so that a barrier of 1e-30 of the amplitude keeps its digits.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.interactions.formula import NumericalInteraction
from chaintheory.interactions.named import Exponential, Lorentzian
from chaintheory.parameters import SystemParameters
from chaintheory.support.maximum import highest

Array = NDArray[np.float64]

MOST_MASSES = 1000  # to each side
MOST_HARMONICS = 2**16  # a kink in the third derivative, as Matern's of order 1 has, takes 18,000
MASSES_BEFORE_TAIL = 16  # to each side; an algebraic tail beyond is summed by Euler and Maclaurin's formula
NEGLIGIBLE = 1e-17  # harmonic beside the largest
VALUES_AT_ONCE = 2**21
REFINED: Any = {"pieces": 64, "rounds": 5, "most": 5}  # a maximum, to 1e-7 of a distance in which it is quadratic


def lattice_potential(system: SystemParameters, u: NDArray[Any]) -> NDArray[Any]:
    """Energy of the particle at ``u`` in the rigid lattice, less that midway between two masses.

    Parameters
    ----------
    system
        Chain and interaction.
    u
        Distance from a mass (l_slow), any shape; complex within the interaction's ``analytic_width``.

    Returns
    -------
    numpy.ndarray
        Energy in hbar Omega_slow. The error is about 1e-16 of the sum over masses of the interaction's size, where
        the width is below half the spacing (1e-10 with an algebraic tail but the Lorentzian's), and of the result
        itself where it is larger.

    Raises
    ------
    ValueError
        An interaction that reaches more than 1000 masses and has no transform that falls fast.

    >>> from chaintheory import Chain, Gaussian, System
    >>> wide = System(Chain(10.0, 4.0), Gaussian(2.0, 8.0))
    >>> print(f"{float(lattice_potential(wide, np.array(0.0))):.6e}")
    2.054433e-33
    """
    shape, u = np.shape(u), np.atleast_1d(u)
    interaction, spacing = system.interaction, system.chain.spacing
    near = u - spacing * np.rint(u.real / spacing)
    if isinstance(interaction, Exponential) and interaction.width > spacing:  # a geometric series
        to_midway = (0.5 * spacing - np.where(near.real < 0.0, -near, near)) / (2.0 * interaction.width)
        energy = 2.0 * interaction.amplitude * np.sinh(to_midway) ** 2 / math.sinh(0.5 * spacing / interaction.width)
        return energy.reshape(shape)
    if isinstance(interaction, Lorentzian):  # Poisson's sum is a geometric series
        decay, angle = math.pi * interaction.width / spacing, math.pi / spacing * near
        if decay > 350.0:  # less than 1e-300 of the amplitude, from numbers beyond doubles
            return np.zeros_like(near).reshape(shape)
        wave = np.cos(angle) ** 2 / (math.sinh(decay) ** 2 + np.sin(angle) ** 2)
        return np.asarray(interaction.amplitude * decay * math.tanh(decay) * wave).reshape(shape)
    coefficients = _harmonics(system, float(np.abs(near.imag).max(initial=0.0)))
    if coefficients.size:
        return _sum_of_harmonics(coefficients, near / spacing).reshape(shape)
    return (_sum_of_masses(system, near) - _sum_of_masses(system, np.array([0.5 * spacing]))).reshape(shape)


@lru_cache(maxsize=256)
def masses_within(system: SystemParameters) -> float:
    """Number of masses to each side within the cutoff radius; infinite for an algebraic tail."""
    if math.isfinite(system.interaction.tail):
        return math.inf
    return math.ceil(min(system.interaction.reach() / system.chain.spacing, 1e9)) + 1


def terms_of_sum(system: SystemParameters) -> int:
    """Number of terms of one value of ``lattice_potential`` off the real axis."""
    most = MASSES_BEFORE_TAIL * math.ceil(max(system.interaction.width / system.chain.spacing, 1.0))
    return 2 * int(min(masses_within(system), most, MOST_MASSES)) + 1


@lru_cache(maxsize=256)
def _harmonics(system: SystemParameters, off_axis: float) -> Array:
    """Fourier coefficients of U, as many as matter at imaginary parts up to ``off_axis``; none where masses are fewer.

    A transform by quadrature has an absolute error, so that such an interaction has its masses summed.
    """
    interaction, spacing = system.interaction, system.chain.spacing
    if interaction.discontinuous or isinstance(interaction, NumericalInteraction):
        return np.empty(0)
    masses = math.inf  # of wide interactions, which cancel
    if interaction.width < 0.5 * spacing:
        masses = min(masses_within(system), MASSES_BEFORE_TAIL if off_axis else 512)
    count = 8
    while count <= MOST_HARMONICS and (off_axis or count < 2 * masses):
        wave = 2.0 * math.pi / spacing * np.arange(1.0, count + 1.0)
        coefficient = 2.0 / spacing * np.asarray(interaction.transform(wave))
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.nan_to_num(np.abs(coefficient) * np.exp(wave * off_axis))
        matter = np.flatnonzero(size > NEGLIGIBLE * size.max())
        needed = int(matter[-1]) + 1 if matter.size else 1
        if wave[needed - 1] * off_axis > 600.0:  # its cosine may be beyond doubles: near a singularity masses serve
            return np.empty(0)
        if needed <= count // 2:
            return coefficient[:needed] if needed < masses else np.empty(0)
        count *= 2
    return np.empty(0)


def _sum_of_harmonics(coefficients: Array, x: NDArray[Any]) -> NDArray[Any]:
    """The sum of c_k (cos(2 pi k x) - cos(pi k)), at x in spacings."""
    flat = x.ravel()
    if np.abs(coefficients).max() < 1e-300:  # a cosine far off the real axis would be beyond doubles
        return np.zeros_like(x)
    wave = 2.0 * math.pi * np.arange(1.0, coefficients.size + 1.0)
    midway = float(coefficients[::2].sum() - coefficients[1::2].sum())
    parts = np.array_split(flat, 1 + flat.size * wave.size // VALUES_AT_ONCE)
    # An even sum, so that equal distances give equal energies.
    total = np.concatenate([np.cos(np.outer(part, wave)) @ coefficients for part in parts])
    return (total + midway).reshape(x.shape)


def _sum_of_masses(system: SystemParameters, near: NDArray[Any]) -> NDArray[Any]:
    """The sum over masses, without the constant of a tail.

    Beyond ``MASSES_BEFORE_TAIL`` masses an algebraic tail enters by the square and the fourth power of the distance.
    The exponential tails of both sides are geometric series, whose sum is proportional to cosh(distance/length) - 1.
    """
    interaction, spacing = system.interaction, system.chain.spacing
    within = masses_within(system)
    start, length = interaction.exponential_tail or (math.inf, 0.0)
    if within == math.inf:
        most = MASSES_BEFORE_TAIL * math.ceil(max(interaction.width / spacing, 1.0))
    else:
        most = int(min(within, max(math.ceil(start / spacing - 0.5), 0) if length else math.inf))
    if most > MOST_MASSES:
        raise ValueError(
            f"interaction must reach at most {MOST_MASSES} masses to each side for the rigid lattice, "
            f"got {most:,} at the spacing {spacing:g}"
        )
    energy = sum((interaction.potential(near - n * spacing) for n in range(-most, most + 1)), np.zeros_like(near))
    if most < within < math.inf:
        nearest = interaction.potential((most + 1) * spacing - np.abs(near))
        energy = energy - nearest * np.expm1(-np.abs(near) / length) ** 2 / math.expm1(-spacing / length)
    if within == math.inf:
        end = (most + 0.5) * spacing
        curved = (interaction.tail + 1.0) * (interaction.tail + 2.0) / end**2  # third derivative to first, of a power
        square = near**2
        terms = square * (1.0 + curved * (square / 12.0 - spacing**2 / 24.0))
        energy = energy - terms * float(interaction.slope(end)) / spacing
    return energy


def _distances(width: float, end: float, extra: Array) -> Array:
    """Distances from 0 to ``end``, dense near the mass on the scale of the width, and evenly beyond."""
    near = 0.25 * min(width, end)
    dense = near * np.sinh(np.arange(0.0, math.asinh(end / near), 0.04))
    return np.unique(np.concatenate([dense, np.linspace(0.0, end, 257), extra[(extra > 0.0) & (extra < end)]]))


@lru_cache(maxsize=256)
def barrier_place(system: SystemParameters) -> tuple[float, float]:
    """Distance from a mass (0 to half the spacing) at which U is largest, and how far it is above the point midway."""
    half = 0.5 * system.chain.spacing
    edge = system.interaction.width % system.chain.spacing  # of a square well that overlaps
    edge = min(edge, system.chain.spacing - edge)
    points = _distances(system.interaction.width, half, np.array([0.5 * edge, 0.5 * (edge + half)]))
    place, height = highest(lambda u: lattice_potential(system, u), points, **REFINED)
    return (place, height) if height > 0.0 else (half, 0.0)


def lattice_barrier(system: SystemParameters) -> float:
    """Height of the rigid lattice's potential above the point midway between two masses; 0 where that is the top.

    max U(u) - U(spacing/2), in hbar Omega_slow, found on some five hundred distances and refined: a ring thinner than
    a hundredth of the spacing and of its own radius may be missed.

    Raises
    ------
    ValueError
        An interaction that reaches more than 1000 masses and has no transform that falls fast.

    >>> from chaintheory import Chain, GaussianMixture, System
    >>> ring = System(Chain(10.0, 40.0), GaussianMixture([-6.0, 5.0], [2.0, 5.0]))
    >>> round(lattice_barrier(ring), 3)
    2.858
    """
    return barrier_place(system)[1]


def capture_speed(system: SystemParameters) -> float:
    """Least speed midway between masses that passes them at rest: ``System.capture_speed``, which describes it."""
    return system.speed_of_energy(lattice_barrier(system))


@lru_cache(maxsize=256)
def mass_barrier(system: SystemParameters) -> float:
    """Largest potential of a single mass, in hbar Omega_slow: what a particle from far away must overcome."""
    interaction = system.interaction
    end = interaction.reach()
    if math.isfinite(interaction.tail):
        end = min(end, 1e3 * interaction.width)
    if end == 0.0:
        return 0.0
    points = _distances(interaction.width, end, np.empty(0))
    return max(highest(interaction.potential, points, **REFINED)[1], 0.0)
