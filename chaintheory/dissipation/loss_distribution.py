r"""The distribution of the losses of a heavy particle in one pass of a quantum chain.

Phonons are emitted and absorbed independently of one another, with the mean numbers s (n + 1)/omega and s n/omega in a
mode (``loss_spectrum`` of the ledger): the loss is a compound Poisson variable,

    ln <exp(i chi L)> = <(s/omega) [(n + 1)(exp(i chi omega) - 1) + n (exp(-i chi omega) - 1)]> over the band,

with a finite probability of no loss at all, and p(-L) = p(L) exp(-L/T).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import (
    SHALLOW,
    energy_emitted,
    quadrature_loss,
    single_pass_dissipation,
    width_of,
)
from chaintheory.dissipation.thermal import loss_variance, refuse_slowest
from chaintheory.lattice.dispersion import band_edges, frequency
from chaintheory.lattice.thermal_field import mode_energy, one_temperature
from chaintheory.parameters import refuse_damping
from chaintheory.plotting.style import axes, label
from chaintheory.support.equality import EqualFields
from chaintheory.support.validation import number, real_array
from chaintheory.units import Units, scale_of
from chaintheory_ext.generated.thermal import emission

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

# Distance of two points of the grid, in hbar Omega_slow, and the largest number of points.
RESOLUTION, MOST_POINTS = 2.0**-9, 1 << 21
# Intervals of the band, whose phonons are spread evenly over the frequencies between their ends.
INTERVALS = 1 << 16
LOWEST = 1e-8  # frequency, of the highest, that stands for 0
# Standard deviations and phonons beyond the mean that the grid extends to.
DEVIATIONS, PHONONS = 12.0, 12.0
# Of the angle theta, in each of which frequencies halve, where a chain has no wells; their parts at most.
OCTAVES, MOST_PARTS = 60, 1 << 12
FEWEST_PHONONS = 1e-12  # below, the cells' numbers of phonons round at the edges of the band


@dataclass(frozen=True, eq=False)
class LossDistribution(EqualFields):
    """Distribution of the loss of one pass: a probability of no loss, and a density of the others.

    Made by ``System.loss_distribution``; energies in hbar Omega_slow. The density is a mean over ``resolution``: at the
    edges of the band the density itself is infinite.

    Attributes
    ----------
    probability_of_no_loss
        That no phonon is emitted or absorbed: exp(-phonons).
    phonons
        Mean number of phonons emitted and absorbed in a pass.
    mean, variance
        Of the loss: the energy lost to a chain at rest, and ``loss_variance`` with quantum sampling.
    resolution
        Distance of the points at which the density is known.
    units
        Of the system, which ``plot`` shows; None where it has none.

    >>> import chaintheory as ct
    >>> losses = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(20.0, 4.0)).loss_distribution(120.0, 0.0)
    >>> round(losses.phonons, 6), round(losses.probability_of_no_loss, 6)
    (0.137108, 0.871876)
    """

    probability_of_no_loss: float
    phonons: float
    mean: float
    variance: float
    temperature: float
    resolution: float
    _gains: int = field(repr=False)
    _density: Array = field(repr=False)
    units: Units | None = field(default=None, repr=False)

    @property
    def points(self) -> Array:
        """Losses at which the density is known, in hbar Omega_slow, equidistant.

        >>> import chaintheory as ct
        >>> losses = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).loss_distribution(50.0, 1.0)
        >>> bool(losses.points[0] < 0.0 < losses.points[-1])
        True
        """
        return np.asarray(self.resolution * np.arange(-self._gains, self._density.size - self._gains), dtype=np.float64)

    def density(self, loss: ArrayLike) -> Array:
        """Probability density of a loss (1/(hbar Omega_slow)), that of no loss apart; any shape. Negative: a gain.

        Raises
        ------
        ValueError, TypeError
            A loss that is not finite; one that is no real number.

        >>> import chaintheory as ct
        >>> losses = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).loss_distribution(50.0, 1.0)
        >>> print(round(losses.density(-2.0) / losses.density(2.0) / np.exp(-2.0), 9))
        1.0
        """
        value = real_array("loss", loss)
        return np.asarray(np.interp(value, self.points, self._density, left=0.0, right=0.0))[()]

    def cumulative(self, loss: ArrayLike) -> Array:
        """Probability of a loss up to this one, that of no loss included from 0 on; any shape.

        Raises
        ------
        ValueError, TypeError
            As ``density``.

        >>> import chaintheory as ct
        >>> losses = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(20.0, 4.0)).loss_distribution(120.0, 0.0)
        >>> losses.cumulative([-0.5, 0.5, 100.0]).round(4).tolist()
        [0.0, 0.8719, 1.0]
        """
        value = real_array("loss", loss)
        edges = self.points[0] + self.resolution * (np.arange(self._density.size + 1) - 0.5)
        below = np.concatenate(([0.0], np.cumsum(self._density) * self.resolution))
        return np.asarray(np.interp(value, edges, below) + self.probability_of_no_loss * (value >= 0.0))[()]

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """Draw the density, with the probability of no loss in the legend; return the axes.

        Parameters
        ----------
        ax
            Matplotlib axes to draw into; new ones by default.
        units
            ``"model"``, ``"SI"``, ``"metal"`` or ``Units``; by default those of the system.

        >>> import chaintheory as ct
        >>> losses = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(20.0, 4.0)).loss_distribution(120.0, 1.0)
        >>> losses.plot().get_xlabel().partition(" (")[0]
        'energy lost in a pass'
        """
        ax, scale = axes(ax), scale_of(self.units, units)
        shown = self._density > 1e-6 * self._density.max(initial=0.0)
        points, density = scale.energy * self.points[shown], self._density[shown] / scale.energy
        ax.plot(points, density, label=f"no loss: {self.probability_of_no_loss:.4g}")
        ax.set_xlabel(label("energy lost in a pass", "energy", scale))
        ax.set_ylabel(label("probability density", "1/energy", scale))
        ax.set_yscale("log")
        ax.legend()
        return ax


def loss_distribution(system: SystemParameters, speed: float, temperature: float) -> LossDistribution:
    """Distribution of the loss of one pass: ``System.loss_distribution``, which describes it."""
    refuse_damping(system.chain, "a temperature")
    heat, v = one_temperature(temperature), abs(number("speed", speed))
    if v == 0.0:
        raise ValueError(f"speed must not be 0, got {speed!r}")
    refuse_slowest(np.array([v]))
    mean, variance = float(single_pass_dissipation(system, v)), float(loss_variance(system, v, heat))
    theta = (np.arange(INTERVALS + 1)) * (0.5 * math.pi / INTERVALS)
    omega = np.asarray(frequency(system.chain, theta))
    top = float(omega.max())
    rate = _emissions(system, np.maximum(omega, LOWEST * top), v, heat)  # without wells that at omega = 0 is a limit
    end = max(abs(mean) + DEVIATIONS * math.sqrt(variance), PHONONS * top)
    step = max(RESOLUTION, 2.0 * end / (MOST_POINTS - 2))
    if not system.chain.couplings:  # one frequency, which is to be a point of the grid
        step = top / math.ceil(top / step)
    half = math.ceil(end / step) + 1
    emissions = _on_grid(omega, rate, step, half)
    # Absorption is emission times exp(-omega/T); so is the whole distribution (its symmetry), point by point.
    points = step * np.arange(half + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        boltzmann = np.exp(-np.divide(points, heat)) if heat > 0.0 else np.zeros(half + 1)
    absorptions = emissions * boltzmann
    # A quadrature over theta is more accurate than the cells' sum, which it scales.
    counted = float(np.sum(emissions) + np.sum(absorptions))
    lowest, highest = band_edges(system.chain)
    phonons = (_phonons_of_long_waves if lowest < SHALLOW * highest else _phonons)(system, v, heat)
    if phonons < FEWEST_PHONONS:
        raise ValueError(f"speed must be such that a pass has at least {FEWEST_PHONONS:g} phonons, got {phonons:.3g}")
    scale = phonons / counted
    emissions, absorptions = scale * emissions, scale * absorptions
    size = 1 << (2 * half).bit_length()
    rates = np.zeros(size)
    rates[: half + 1] = emissions
    rates[0] += absorptions[0]
    rates[size - half :] += absorptions[:0:-1]
    none = math.exp(-phonons)
    # The probability of no loss is apart: few phonons are not lost beside it, and of many the exponential overflows.
    spectrum = np.fft.rfft(rates)
    excess = none * np.expm1(spectrum) if phonons < 1.0 else np.exp(spectrum - phonons) - none
    losses = np.maximum(np.fft.irfft(excess, n=size)[: half + 1], 0.0)
    density = np.concatenate(((losses * boltzmann)[:0:-1], losses)) / step
    return LossDistribution(none, phonons, mean, variance, heat, step, half, density, system.units)


def _emissions(system: SystemParameters, omega: Array, speed: float, heat: float) -> Array:
    """Mean number of phonons emitted into modes of these frequencies in a pass."""
    with np.errstate(divide="ignore", under="ignore"):
        return np.asarray(emission(energy_emitted(system, omega, speed), omega, np.divide(omega, heat)))


def _phonons(system: SystemParameters, speed: float, heat: float) -> float:
    """Mean number of phonons emitted and absorbed in a pass, <s (1 + 2 n)/omega>, and 1 + 2 n = 2 E/omega."""
    least = LOWEST * band_edges(system.chain)[1]

    def scattered(_: Any, omega: Array, wave: Array) -> Array:
        near = np.maximum(omega, least)
        quanta = 2.0 * mode_energy(near, heat, "quantum") / near
        return np.asarray(system.interaction.shape(wave) * quanta / near)

    return float(quadrature_loss(system, np.array([speed]), False, shape=scattered)[0])


def _phonons_of_long_waves(system: SystemParameters, speed: float, heat: float) -> float:
    """The same where the frequency goes down to 0, or nearly: over intervals in a ratio of two.

    At 0 the integrand has a kink, or the squared logarithm of a softened Coulomb interaction.
    """
    nodes, weights = leggauss(32)
    # A transform that oscillates must be resolved before two results can agree by chance.
    parts, before = 1 + math.ceil(band_edges(system.chain)[1] * width_of(system) / speed), math.nan
    while parts <= MOST_PARTS:
        edges = np.exp2(-np.arange(OCTAVES * parts + 1) / parts) * (0.5 * math.pi)
        middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[:-1] - edges[1:])
        omega = np.asarray(frequency(system.chain, middle[:, None] + half[:, None] * nodes))
        with np.errstate(divide="ignore", under="ignore"):
            both = _emissions(system, omega, speed, heat) * (1.0 + np.exp(-np.divide(omega, heat)))
        total = float(half @ (both @ weights)) / (0.5 * math.pi)
        if abs(total - before) <= 1e-13 * total:
            return total
        parts, before = 2 * parts, total
    raise ValueError(f"speed must be large enough for the number of phonons to converge, got {speed:g}")


def _on_grid(omega: Array, rate: Array, step: float, half: int) -> Array:
    """Mean number of phonons in each cell of the grid, from a rate over the band at its intervals' ends."""
    weight = 0.5 * (rate[1:] + rate[:-1]) / (omega.size - 1)
    edges = step * (np.arange(half + 2) - 0.5)
    counts = np.zeros(half + 1)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(omega)))) + 1
    for piece in np.split(np.arange(omega.size - 1), turns):
        ends = omega[[*piece, piece[-1] + 1]]
        below = np.concatenate(([0.0], np.cumsum(weight[piece])))
        if ends[-1] < ends[0]:
            ends, below = ends[::-1], below[-1] - below[::-1]
        counts += np.diff(np.interp(edges, ends, below))
    return counts
