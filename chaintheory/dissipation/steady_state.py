r"""Energy that the particle loses per pass in the steady state, where the waves of all passes interfere (Eq. 10).

Only the phonons with x = spacing omega(x)/v are excited, the roots of the resonance condition:

.. math:: \bar\Delta(v) = \sum_j \frac{A(\omega_j)}{|\alpha\,\omega'(x_j)/v - 1|} ,

with A the energy that a phonon takes up in a single pass (single_pass.py). Every root is counted before it is found:
there is at most one in each monotone branch of omega(x)/x. In a chain with damping the sum is an integral (damped.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation import damped
from chaintheory.dissipation.single_pass import NO_WELLS, UNAFFECTED, energy_emitted, shaped, speeds, width_of
from chaintheory.lattice import any_band
from chaintheory.lattice.dispersion import band_edges, curvature, frequency, slope_of_square, sound_speed
from chaintheory.lattice.resonance_condition import batches, tangencies
from chaintheory.support.equality import EqualFields
from chaintheory.support.validation import choice, number, real_array
from chaintheory.units import MODEL, Units, scale_of
from chaintheory_ext.generated.dissipation import loss_prefactor

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from chaintheory.parameters import SystemParameters
    from chaintheory_ext.curves import TangencyTable

Array = NDArray[np.float64]

MOST_ROOTS = 1e5  # of one line: a tenth of a second, and 20 MB
# Least speed in a chain without wells, of that of sound: there the rounding of the roots is 2e-11 of the mean, and it
# grows like 1/speed^2.
LEAST_OF_SOUND = 1e-4
NEGLIGIBLE = 1e-9  # what the static-lattice sum leaves out
LOST_PHASE = 1e-3  # rounding of the phase of a transform, from which on a number would be one of rounding
SMALLEST_EXPONENT = 745.0  # exp(-745) is the smallest double


@dataclass(frozen=True, eq=False)
class EmittedPhonons(EqualFields):
    """The phonons that a particle in its steady state excites: one entry per root, sorted by ``root``.

    Attributes
    ----------
    root
        x = q a/(2 pi), continued over all zones.
    frequency
        omega(x), within the band.
    group_speed
        Speed of the emitted wave, spacing * d omega/dx; negative for a wave that runs backward.
    energy
        Energy that it takes per lattice spacing; the contributions sum to the mean dissipation.
    units
        Those of the system, in which ``plot`` shows what is here in the model's; None where it has none.
    """

    root: Array
    frequency: Array
    group_speed: Array
    energy: Array
    units: Units | None = field(default=None, repr=False)

    @property
    def forward(self) -> NDArray[np.bool_]:
        """Whether the wave runs in the direction of the particle."""
        return self.group_speed > 0.0

    def to_dataframe(self) -> pd.DataFrame:
        """One row per root, with its columns and ``forward``; Omega_slow, l_slow/t_slow, hbar Omega_slow.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
        >>> frame = system.mean_dissipation_terms(90.0).to_dataframe()
        >>> bool(abs(frame["energy"].sum() / system.mean_dissipation(90.0) - 1.0) < 1e-12)
        True
        """
        import pandas as pd

        names = ("root", "frequency", "group_speed", "energy", "forward")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """Draw the energy per spacing of each phonon against its frequency.

        ``units``: ``"model"``, ``"SI"``, ``"metal"`` or ``Units``; by default those of the system.

        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
        >>> len(system.mean_dissipation_terms(30.0).plot().containers)
        2
        """
        from chaintheory.plotting.style import BLUE, VERMILLION, axes, frequency_label, label

        ax, scale = axes(ax), scale_of(self.units, units)
        frequency = self.frequency if scale.system == MODEL else self.frequency * (2.0 * math.pi / scale.time)
        for name, chosen, colour in (("forward", self.forward, BLUE), ("backward", ~self.forward, VERMILLION)):
            if chosen.any():
                heights = scale.energy * self.energy[chosen]
                stems = ax.stem(frequency[chosen], heights, basefmt=" ", label=f"{name} wave")
                stems.markerline.set_color(colour)
                stems.stemlines.set_color(colour)
        ax.set_ylim(bottom=0.0)
        ax.set_xlabel(frequency_label("angular frequency", scale))
        ax.set_ylabel(label("energy emitted per pass", "energy", scale))
        ax.legend()
        return ax


def slopes_of(system: SystemParameters, speed: Array) -> Array:
    """Slope v/spacing of the line omega = x v/spacing; beyond 1e300 its only root is at omega = 1 all the same."""
    with np.errstate(over="ignore"):
        return np.minimum(speed / system.chain.spacing, 1e300)


def jacobian(system: SystemParameters, speed: Array, group: Array) -> Array:
    """The denominator |spacing omega'(x)/v - 1| of Eq. 10; at a resonance not 0 but what rounding leaves of it."""
    return np.maximum(np.abs(group * (system.chain.spacing / speed) - 1.0), np.finfo(float).epsneg)


def contributions(system: SystemParameters, speed: Array, owner: NDArray[np.intp], omega: Array, group: Array) -> Array:
    """Terms of Eq. 10 at the roots (omega, d omega/dx) of the lines numbered by ``owner``."""
    v = speed[owner]
    return energy_emitted(system, omega, v) / jacobian(system, v, group)


def mean_dissipation(system: SystemParameters, speed: ArrayLike, *, approximation: str = "constant-velocity") -> Array:
    """Mean energy lost per pass: ``System.mean_dissipation``, which describes it."""
    values, shape = speeds(speed)
    choice("approximation", approximation, ["constant-velocity", "static-lattice"])
    if values.size and values.min() == 0.0:
        if not system.interaction.smooth:
            raise ValueError("speed must not be 0 for an interaction that is not smooth, got 0.0")
        if system.chain.confinement == 0.0:
            raise ValueError("speed must not be 0 in a chain without wells, where the loss diverges there, got 0.0")
    least = LEAST_OF_SOUND * sound_speed(system.chain) if system.chain.confinement == 0.0 else 0.0
    if np.any((values > 0.0) & (values < least)):
        raise ValueError(
            f"speed must be at least {least:.3g} in a chain without wells, below which rounding shows in the roots, "
            f"got {float(values.min()):g}"
        )
    if system.chain.damping:
        if approximation != "constant-velocity":
            raise ValueError(
                f"approximation must be 'constant-velocity' in a chain with damping, got {approximation!r}"
            )
        return shaped(damped.mean_dissipation(system, values), shape)
    if approximation == "static-lattice":
        different, index = np.unique(values, return_inverse=True)
        losses = np.array([static_lattice_mean(system, float(v)) for v in different], dtype=np.float64)
        return shaped(losses[index.ravel()], shape)
    result = np.zeros(values.shape)
    for lines, found in excited(system, values):
        v = values[lines]
        energy = contributions(system, v, found.owner, found.omega, found.group)
        result[lines] = np.bincount(found.owner, energy, minlength=v.size)
    return shaped(result, shape)


@dataclass(frozen=True)
class Excited:
    """Roots x = period + offset of the lines numbered by ``owner``, with omega and d omega/dx there."""

    owner: NDArray[np.intp]
    period: Array
    offset: Array
    omega: Array
    group: Array


def excited(
    system: SystemParameters, speed: Array, *, whole: bool = False
) -> Iterator[tuple[NDArray[np.intp], Excited]]:
    """The roots that matter (all of them, if ``whole``), in batches of speeds, with the indices of these speeds."""
    refuse_lost_phase(system, speed)
    if not system.chain.minimal:
        yield from _excited_in_any_chain(system, speed, whole)
        return
    tangents = tangencies(system)
    if whole:
        above = np.arange(speed.size)
        first, last, count = tangents.ranges(slopes_of(system, speed))
        refuse_too_many(speed, count)
    else:
        above, first, last, count = lines_above_cutoff(system, tangents, speed)
    for part in batches(count):
        v = speed[above[part]]
        yield above[part], Excited(*tangents.roots(slopes_of(system, v), first[part], last[part]))


def _excited_in_any_chain(
    system: SystemParameters, speed: Array, whole: bool
) -> Iterator[tuple[NDArray[np.intp], Excited]]:
    """``excited`` for any springs: no root beyond omega_top/c, nor where the interaction's transform is negligible."""
    chain = system.chain
    lowest, top = band_edges(chain)
    above = np.flatnonzero(speed > (0.0 if whole else cutoff_speed(system)))
    slope = np.minimum(slopes_of(system, speed[above]), 1e100)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        furthest, steep = top / slope, math.pi + sound_speed(chain) / (chain.spacing * slope)
        first = np.maximum(np.ceil(lowest / slope), 1.0)
    rate, power = decay_in_x(system)
    if rate and not whole:
        # One root lies at or before the first whole number beyond lowest/c, if omega(x) > c x anywhere before it. Its
        # term is at least exp(-rate x^power) times powers that 1e-9 allows for.
        budget = math.log(1e26) + 4.0 * np.log(np.maximum(furthest, 1.0)) + np.log(steep)
        furthest = np.minimum(furthest, (first**power + budget / rate) ** (1.0 / power))
    count = 2.0 * furthest * max(len(chain.couplings), 1)
    refuse_too_many(speed[above], count)
    for part in batches(count):
        c = slope[part]
        found = any_band.roots(chain, c, furthest[part])
        none = np.bincount(found.owner, minlength=c.size) == 0
        if none.any():  # the first root may be one that the cutoff has left out
            found = any_band.roots(chain, c, np.where(none, top / c, furthest[part]))
        omega = np.asarray(frequency(chain, math.pi * found.offset))
        group = 0.5 * slope_of_square(chain, math.pi * found.offset) / omega
        yield above[part], Excited(found.owner, found.period, found.offset, omega, group)


def refuse_lost_phase(system: SystemParameters, speed: ArrayLike) -> None:
    """ValueError if rounding of k = 2 pi omega/speed loses the phase k width of a square well's transform."""
    values = np.asarray(speed, dtype=np.float64)
    if system.interaction.discontinuous and values.size:
        wave = 2.0 * math.pi * band_edges(system.chain)[1]
        least = np.finfo(float).eps * wave * system.interaction.width / LOST_PHASE
        if values.min() < least:
            raise ValueError(
                f"speed must be at least {least:.3g} for a square well of width {system.interaction.width:g}, "
                f"below which rounding decides the phase of its transform, got {float(values.min()):g}"
            )


def refuse_too_many(speed: Array, count: Array) -> None:
    """ValueError if a line has more roots than allowed."""
    if count.size and not np.all(count <= MOST_ROOTS):  # nan: beyond doubles
        slowest = float(speed[np.argmax(count)])
        raise ValueError(
            f"speed must be large enough for at most {MOST_ROOTS:.0e} roots of the resonance condition, "
            f"got {slowest!r} with {count.max():.1e}"
        )


def decay_in_x(system: SystemParameters) -> tuple[float, float]:
    """Rate and power of exp(-rate x^power), the factor of A at the root x; rate 0 where it may not be used."""
    constant, width, power = system.interaction.decay
    rate = constant[0] * (width / system.chain.spacing) ** power if system.interaction.monotone else 0.0
    return rate, float(power)


def cutoff_speed(system: SystemParameters) -> float:
    """Speed below which the mean dissipation is less than the smallest double; 0 without an exponential decay.

    At the exponent E a term is at most 8 pi^4 omega_fast^2 shape exp(-E)/v^4 times the inverse resolution of a double.
    """
    constant, width, power = system.interaction.decay
    lowest, top = band_edges(system.chain)
    if constant[0] == 0.0 or lowest < NO_WELLS * top:  # a speed that nobody asks for
        return 0.0
    threshold, speed = SMALLEST_EXPONENT, math.inf
    for _ in range(4):  # the prefactor grows like a power of the exponent
        speed = lowest * width * (constant[0] / threshold) ** (1.0 / power)
        wave = 2.0 * math.pi * np.array([lowest, top]) / speed
        shape = float(np.max(system.interaction.shape(wave), initial=1e-300))
        prefactor = math.log(loss_prefactor() * top**2 * shape / np.finfo(float).eps) - 4.0 * math.log(speed)
        threshold = SMALLEST_EXPONENT + max(prefactor, 0.0)
    return 0.9 * speed


def lines_above_cutoff(
    system: SystemParameters, tangents: TangencyTable, speed: Array
) -> tuple[NDArray[np.intp], Array, Array, Array]:
    """Indices of the speeds whose loss is a double; their first and last period and number of roots."""
    above = np.flatnonzero(speed > cutoff_speed(system))
    first, last, count = tangents.ranges(slopes_of(system, speed[above]), *decay_in_x(system))
    refuse_too_many(speed[above], count)
    return above, first, last, count


def static_lattice_mean(system: SystemParameters, speed: float) -> float:
    """Eq. 10 at one mean speed, with the particle's motion through the rigid lattice in the force integral.

    The roots are taken in the order of their frequency, until the bound of the force integral's modulus says that
    all further ones together cannot reach ``NEGLIGIBLE`` of the sum.
    """
    from chaintheory.dissipation.static_lattice import UNCERTAIN, UNCERTAIN_TAIL, motion_of_mean_speed

    if speed > UNAFFECTED:
        return float(mean_dissipation(system, speed))
    motion = motion_of_mean_speed(system, speed)
    if motion.at_constant_speed:
        return float(mean_dissipation(system, speed))
    ((_, found),) = excited(system, np.array([speed]), whole=True)
    omega, group = found.omega, found.group
    order = np.argsort(omega, kind="stable")
    omega, steep = omega[order], jacobian(system, np.array(speed), group[order])
    left = np.cumsum((1.0 / steep)[::-1])[::-1]  # what the terms from here on have in their denominators
    total, uncertain, start, size = 0.0, 0.0, 0, 16
    while start < omega.size:
        block = slice(start, start + size)
        value, noise, bound = motion.spectrum(omega[block])
        total += float((np.exp(value) / steep[block]).sum())
        uncertain += float((np.exp(noise) / steep[block]).sum())
        start, size = start + size, 2 * size
        if start < omega.size and math.exp(min(bound, 700.0)) * left[start] <= NEGLIGIBLE * total:
            break
    algebraic = math.isfinite(system.interaction.tail)
    if uncertain > math.exp(UNCERTAIN_TAIL if algebraic else UNCERTAIN) * total:
        raise ValueError(
            f"speed {speed:.6g} is not allowed: the force integral through the rigid lattice is lost to rounding"
        )
    return total


def mean_dissipation_slope(system: SystemParameters, speed: ArrayLike) -> Array:
    """Derivative of the mean dissipation (constant speed) in the speed, term by term.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
    >>> near = system.mean_dissipation([50.0 - 1e-4, 50.0 + 1e-4])
    >>> print(round(mean_dissipation_slope(system, 50.0), 10), round((near[1] - near[0]) / 2e-4, 10))
    -0.0005552834 -0.0005552834

    """
    values, shape = speeds(speed)
    if system.chain.damping:
        derivative = damped.mean_dissipation_slope(system, values)
        return shaped(derivative * np.where(np.ravel(real_array("speed", speed)) < 0.0, -1.0, 1.0), shape)
    spacing = system.chain.spacing
    result = np.zeros(values.shape)
    step = 1e-3 / width_of(system)
    for lines, found in excited(system, values):
        speed_here, owner, omega, group = values[lines], found.owner, found.omega, found.group
        energy = contributions(system, speed_here, owner, omega, group)
        v, x = speed_here[owner], found.period + found.offset
        k = 2.0 * math.pi * x / spacing
        # d log |transform|^2/dk by differences of fourth order.
        at = [system.interaction.transform(k + j * step) for j in (-2, -1, 1, 2)]
        derivative = (at[0] - 8.0 * at[1] + 8.0 * at[2] - at[3]) / (12.0 * step)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = 2.0 * derivative / system.interaction.transform(k) * (2.0 * math.pi / spacing)
        growth = np.where(np.isfinite(growth), growth, 0.0)
        bend = curvature(system.chain, omega, group, math.pi * found.offset)
        lead = spacing * group - v
        along = (2.0 / x + growth - spacing * bend / lead) * x / lead
        change = energy * (along + 1.0 / lead - 1.0 / v)
        result[lines] = np.bincount(owner, change, minlength=speed_here.size)
    return shaped(result * np.where(np.ravel(real_array("speed", speed)) < 0.0, -1.0, 1.0), shape)


def mean_dissipation_terms(system: SystemParameters, speed: float) -> EmittedPhonons:
    """Phonons excited at one mean speed: ``System.mean_dissipation_terms``, which describes them."""
    v = np.array([abs(number("speed", speed))])
    if v[0] == 0.0:
        raise ValueError(f"speed must not be 0, got {speed!r}")
    if system.chain.damping:
        raise ValueError("chain must have no damping for a list of phonons: with it all frequencies are excited")
    ((_, found),) = excited(system, v, whole=True)
    energy = contributions(system, v, found.owner, found.omega, found.group)
    return EmittedPhonons(
        found.period + found.offset, found.omega, system.chain.spacing * found.group, energy, system.units
    )
