r"""The exact steady drift: particle and chain as a travelling wave.

In steady drift with mean speed v every mass sees the same history one transit time T = alpha/v after its neighbour,

.. math:: \rho_n(\tau) - n\alpha = R(\tau - nT), \qquad \sigma(\tau) = v\tau + s(\tau), \qquad s(\tau + T) = s(\tau),

and one pulse of force on each mass, F = -Phi'(R - v tau - s), describes everything. With time t = tau/T and
:math:`\hat F(x) = \int F(t) e^{2\pi i x t} dt` the equations of motion (2)-(5) become

.. math:: \hat R(x) = \hat F(x)/\Lambda(x), \qquad s_k = \frac{T^2 \hat F(k)}{\mu k^2}\ (k \neq 0), \qquad
          \beta = \alpha \hat F(0),

with Lambda and its contour in lattice/green_function.py; the mean of s is 0, which fixes the phase. The last equation
is the balance of momentum: the bias beta that sustains this speed, the mean dissipation per pass, without any
approximation (masses recoil, the speed varies, pulses may overlap). It is independent of the balance of energy: what
the phonons carry off, a sum over the positive roots x_j of the resonance condition,

.. math:: \beta = \sum_j \frac{4\pi^2 x_j |\hat F(x_j)|^2}{|\Lambda'(x_j)|} .

**Solution.** Only F within the cutoff radius of the interaction is unknown, some 100 to 300 values. R - s = M F is
linear, and Newton's method solves F + Phi'(M F - alpha t) = 0 with the dense Jacobian. F is smooth and vanishes at
both ends, so that sums over the grid converge faster than any power of its spacing. Where the bias is small the sum
over the phonons is its accurate form: the balance of momentum loses to rounding some 1e-16 of the amplitude.

**Branch.** The equations may have several solutions. The one returned is continued from weak coupling: the amplitude
grows from 0 to its value in steps, each so small that Newton's method stays close to the prediction.

Eq. (10) is the limit of weak coupling. Reference: the paper's Eqs. (2)-(5), and the ledger's statements
``travelling_wave_*``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.lattice.green_function import GreenFunction, MovingDispersion, Zeros, green_function, zeros
from chaintheory.parameters import FOUR_PI_SQUARED, SystemParameters
from chaintheory.support.validation import number, positive, real_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]

TOLERANCE = 1e-10  # of the bias, relative
POINTS_PER_WIDTH = 5.0  # of the first grid
FINER = 1.4  # from one grid to the next
FEWEST_POINTS, MOST_POINTS = 48, 1600  # a dense Jacobian of 1,600 takes a quarter of a second
MOST_GRIDS = 12
CUT_FORCE = 1e-17  # of the largest: the pulse ends where the force of the interaction falls below
LONGEST_CUTOFF = 60.0  # in widths: an algebraic tail acts farther
FIRST_STEP, SHORTEST_STEP = 0.5, 1e-3  # of the amplitude's continuation from 0 to 1
LARGEST_CORRECTION = 0.1  # of the pulse, by Newton's method after a step of the continuation
CONVERGED = 1e-13  # last correction of Newton's method, of the pulse
MOST_CORRECTIONS = 12
LOW = 0.03  # strip in which the real zeros are looked for
RESOLVED = 1e-3  # spectrum of the pulse at the highest frequency of a grid that may begin a continuation


class NoSteadyDrift(ValueError):
    """There is no steady drift at this speed, or none that the method reaches; the message says why."""


class Curve(NamedTuple):
    """Values at times (in t_slow)."""

    time: Array
    value: Array


@dataclass(frozen=True)
class Phonons:
    """The phonons that carry the energy off, one entry for each positive root of the resonance condition.

    Attributes
    ----------
    wave_number
        x = q a/(2 pi), continued over all zones.
    frequency
        omega(x) in units of Omega_slow.
    group_velocity
        In l_slow/t_slow; negative for a wave that runs against the particle.
    energy
        Energy carried off per pass, in hbar Omega_slow; the energies sum to the bias.
    forward
        Whether the wave runs ahead of the particle: its group velocity exceeds the mean speed.
    """

    wave_number: Array
    frequency: Array
    group_velocity: Array
    energy: Array
    forward: NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """The points of a pulse, equidistant in v tau from -half_width to half_width (l_slow)."""

    half_width: float
    count: int
    spacing: float

    @property
    def step(self) -> float:
        """Distance of the points, in transit times."""
        return 2.0 * self.half_width / (self.spacing * self.count)

    @property
    def times(self) -> Array:
        """The points, in transit times."""
        return (np.arange(self.count) - 0.5 * (self.count - 1)) * self.step


@dataclass(frozen=True)
class Force:
    """Slope and curvature of the interaction, which vanish beyond ``cutoff``."""

    slope: Callable[[ArrayLike], Array]
    curvature: Callable[[ArrayLike], Array]
    cutoff: float
    width: float

    @classmethod
    def of(cls, system: SystemParameters) -> Force:
        """The force of a system's interaction; ValueError for a square well and for algebraic tails."""
        interaction = system.interaction
        interaction.slope(np.zeros(1))  # a square well refuses
        cutoff = interaction.reach(CUT_FORCE)
        if cutoff > LONGEST_CUTOFF * interaction.width:
            raise NoSteadyDrift(
                f"interaction {type(interaction).__name__} acts {cutoff / interaction.width:.1e} widths far, the "
                f"travelling wave is for at most {LONGEST_CUTOFF:g}"
            )
        return cls(interaction.slope, interaction.curvature, max(cutoff, interaction.width), interaction.width)


def toeplitz(values: NDArray[Any]) -> NDArray[Any]:
    """The matrix with elements values[i - j], the values of negative lags first."""
    count = (values.size + 1) // 2
    rows = np.lib.stride_tricks.sliding_window_view(values, count)
    return np.ascontiguousarray(rows[:, ::-1])


class WaveEquations:
    """The equations F + g Phi'(M F - alpha t) = 0 on one grid at one speed; g scales the amplitude.

    Parameters
    ----------
    system
        Chain, interaction and mass.
    speed
        Mean speed in l_slow/t_slow.
    grid
        The points of the pulse.
    """

    def __init__(self, system: SystemParameters, force: Force, speed: float, grid: Grid) -> None:
        self.system, self.force, self.speed, self.grid = system, force, speed, grid
        self.line = MovingDispersion(system.chain.omega_fast, speed / system.chain.spacing)
        self.green = self._green_function()
        self.harmonics = particle_harmonics(system, self.line.slope, grid.step)
        modulation = np.cos(2.0 * math.pi * np.outer(self.green.lags, self.harmonics[0])) @ (2.0 * self.harmonics[1])
        self.response = grid.step * toeplitz(self.green.values - modulation)
        self.undisturbed = system.chain.spacing * grid.times  # v tau

    def _green_function(self) -> GreenFunction:
        try:
            return green_function(self.line, self.grid.step, self.grid.count)
        except ArithmeticError as error:
            raise NoSteadyDrift(f"speed {self.speed!r}: {error}") from None

    def distance(self, pulse: Array) -> Array:
        """Distance R - v tau - s of the mass from the particle."""
        return self.response @ pulse - self.undisturbed

    def newton_step(self, pulse: Array, amplitude: float = 1.0) -> Array:
        """The correction of the pulse."""
        distance = self.distance(pulse)
        error = pulse + amplitude * self.force.slope(distance)
        return -np.linalg.solve(self._jacobian(distance, amplitude), error)

    def tangent(self, pulse: Array, amplitude: float) -> Array:
        """Derivative of the solution in the amplitude."""
        distance = self.distance(pulse)
        return -np.linalg.solve(self._jacobian(distance, amplitude), self.force.slope(distance))

    def _jacobian(self, distance: Array, amplitude: float) -> Array:
        jacobian = (amplitude * self.force.curvature(distance))[:, None] * self.response
        jacobian[np.diag_indices_from(jacobian)] += 1.0
        return jacobian

    def residual(self, pulse: Array) -> float:
        """Largest error of the equations, of the largest force."""
        return float(np.abs(pulse + self.force.slope(self.distance(pulse))).max() / max(np.abs(pulse).max(), 1e-300))

    def solve(self, pulse: Array, amplitude: float = 1.0, trust: float = math.inf) -> Array | None:
        """Newton's method from a pulse; None if it does not converge, or first corrects by more than ``trust``."""
        for index in range(MOST_CORRECTIONS):
            with np.errstate(all="ignore"):
                try:
                    change = self.newton_step(pulse, amplitude)
                except (np.linalg.LinAlgError, ValueError):  # singular, or a distance that is not finite
                    return None
            pulse = pulse + change
            size, scale = float(np.abs(change).max()), float(np.abs(pulse).max())
            if not size <= trust * scale * 0.3**index:  # in the trusted region each correction is much smaller
                return None
            if size <= CONVERGED * scale:
                return pulse
        return None

    def from_weak_coupling(self) -> Array:
        """The solution that grows continuously out of no interaction."""
        pulse: Array = np.zeros(self.grid.count)
        amplitude, step = 0.0, FIRST_STEP
        while amplitude < 1.0:
            step = min(step, 1.0 - amplitude)
            predicted = pulse + step * self.tangent(pulse, amplitude)
            solved = self.solve(predicted, amplitude + step, LARGEST_CORRECTION)
            if solved is not None:
                pulse, amplitude, step = solved, amplitude + step, 2.0 * step
            elif step > SHORTEST_STEP:
                step *= 0.5
            else:
                raise NoSteadyDrift(self._why_not(amplitude))
        return pulse

    def _why_not(self, amplitude: float) -> str:
        r = np.linspace(0.0, self.force.cutoff, 2001)
        barrier = float(np.max(self.system.interaction.potential(r)))
        energy = self.system.kinetic_energy(self.speed)
        reason = f"the kinetic energy at this speed is {energy:.4g}, the barrier {max(barrier, 0.0):.4g}"
        return (
            f"speed {self.speed:.6g} has no steady drift that continues from weak coupling: the solution ends at "
            f"{amplitude:.3g} of the amplitude ({reason}{cusp(self.system)})"
        )

    def transform(self, pulse: Array, x: Array) -> Complex:
        """Int F(t) exp(2 pi i x t) dt at wave numbers x."""
        return self.grid.step * np.exp(2j * math.pi * np.outer(x, self.grid.times)) @ pulse

    def bias(self, pulse: Array) -> float:
        """The bias that sustains the speed, from the balance of momentum."""
        return self.system.chain.spacing * self.grid.step * float(np.sum(pulse))

    @cached_property
    def resonant(self) -> Zeros:
        """The positive real zeros of Lambda, which carry energy off."""
        found = zeros(self.line, LOW)
        return found[(found.x.imag == 0.0) & (found.x.real > 0.0)]

    def phonons(self, pulse: Array) -> Phonons:
        """What is carried off."""
        x, slope = self.resonant.x.real, self.resonant.slope.real
        energy = FOUR_PI_SQUARED * x * np.abs(self.transform(pulse, x)) ** 2 / np.abs(slope)
        group = self.system.chain.spacing * (self.line.slope + slope / (2.0 * self.line.slope * x))
        return Phonons(x, self.line.slope * x, group, energy, self.resonant.ahead)

    def modulation(self, pulse: Array, times: Array) -> Array:
        """s, the displacement of the particle from uniform motion, at times in units of the transit time."""
        numbers, weights = self.harmonics
        coefficients = weights * self.transform(pulse, numbers)
        return 2.0 * (np.exp(-2j * math.pi * np.outer(times, numbers)) @ coefficients).real

    def widened(self, cutoff: float, pulse: Array) -> Grid:
        """A finer grid, which leaves room for the displacements of masses and particle."""
        displaced = float(np.abs(self.response @ pulse).max())
        half_width = max(self.grid.half_width, cutoff + 1.2 * displaced)
        count = math.ceil(FINER * self.grid.count * half_width / self.grid.half_width)
        return Grid(half_width, count, self.grid.spacing)


def particle_harmonics(system: SystemParameters, slope: float, step: float) -> tuple[Array, Array]:
    """Numbers k of the harmonics that a grid resolves, and s_k/F^(k) = T^2/(mu k^2)."""
    numbers = np.arange(1.0, math.floor(0.5 / step) + 1.0)
    return numbers, 1.0 / (slope**2 * system.mass * numbers**2)


def interpolated(pulse: Array, old: Grid, new: Grid) -> Array:
    """The band-limited function through the values of a pulse, at the points of another grid."""
    return np.sinc((new.times[:, None] - old.times) / old.step) @ pulse


def highest_frequencies(pulse: Array) -> float:
    """Spectrum of the pulse in the upper tenth of the frequencies of its grid, of its largest value."""
    spectrum = np.abs(np.fft.rfft(pulse))
    return float(spectrum[-max(2, spectrum.size // 10) :].max() / max(spectrum.max(), 1e-300))


@dataclass(frozen=True)
class TravellingWave:
    """The exact steady drift at one mean speed.

    Attributes
    ----------
    speed
        Mean speed, in l_slow/t_slow.
    bias
        The bias that sustains it, in hbar Omega_slow: the exact mean dissipation per pass.
    error
        Change of the bias from the last grid but one to the last, with another window and another contour.
    residual
        Largest error of the equations on the last grid, of the largest force.
    energy_balance
        Difference between what the phonons carry off (``bias``) and the bias from the balance of momentum, relative to
        ``bias``; where that is small, the rounding of the latter, some 1e-16 of the amplitude, shows.
    branch
        ``"weak coupling"``: the solution that continues from weak coupling.
    phonons
        The phonons that carry the energy off.
    """

    speed: float
    bias: float
    error: float
    residual: float
    energy_balance: float
    branch: str
    phonons: Phonons = field(repr=False)
    system: SystemParameters = field(repr=False)
    equations: WaveEquations = field(repr=False, compare=False)
    pulse: Array = field(repr=False, compare=False)

    @property
    def transit_time(self) -> float:
        """T = spacing/speed, in t_slow."""
        return self.system.chain.spacing / self.speed

    @property
    def force(self) -> Curve:
        """The pulse of force on a mass, in hbar Omega_slow/l_slow; at time 0 the particle would pass it at rest."""
        return Curve(self.transit_time * self.equations.grid.times, self.pulse)

    @property
    def mass(self) -> Curve:
        """Displacement R of a mass from its site while the particle acts on it, in l_slow."""
        grid, green = self.equations.grid, self.equations.green
        return Curve(self.transit_time * grid.times, grid.step * toeplitz(green.values) @ self.pulse)

    @property
    def particle(self) -> Curve:
        """Displacement s of the particle from uniform motion over one transit time, in l_slow."""
        times = np.linspace(-0.5, 0.5, 257)
        return Curve(self.transit_time * times, self.equations.modulation(self.pulse, times))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The displacements of a mass and of the particle, in l_slow, against time in transit times."""
        import matplotlib.pyplot as plt

        ax = ax or plt.figure().add_subplot()
        for name, curve in (("mass, $R$", self.mass), ("particle, $s$", self.particle)):
            ax.plot(curve.time / self.transit_time, curve.value, label=name)
        ax.set_xlabel(r"time $\tau v/\alpha$ (transit times)")
        ax.set_ylabel("displacement ($l_{slow}$)")
        ax.set_title(f"steady drift at {self.speed:.6g}, bias {self.bias:.6g}")
        ax.legend()
        return ax


def travelling_wave(system: SystemParameters, speed: float, *, tolerance: float = TOLERANCE) -> TravellingWave:
    """The steady drift at one mean speed: ``System.travelling_wave``, which describes it."""
    v = abs(number("speed", speed))
    tolerance = positive("tolerance", tolerance)
    if v == 0.0:
        raise NoSteadyDrift("speed must not be 0: a particle at rest does not drift")
    force = Force.of(system)
    count = max(FEWEST_POINTS, math.ceil(POINTS_PER_WIDTH * 2.0 * force.cutoff / force.width))
    grid = Grid(force.cutoff, count, system.chain.spacing)
    old: tuple[WaveEquations, Array, float] | None = None
    change = math.inf
    for _ in range(MOST_GRIDS):
        if grid.count > MOST_POINTS:
            break
        equations = WaveEquations(system, force, v, grid)
        pulse = None
        if old is not None:
            pulse = equations.solve(interpolated(old[1], old[0].grid, grid), trust=LARGEST_CORRECTION)
        if pulse is None:
            pulse = equations.from_weak_coupling()
        if not pulse.any():
            return _wave(equations, pulse, 0.0)
        bias = float(np.sum(equations.phonons(pulse).energy))
        if old is not None:
            change = abs(bias - old[2])
            if change <= tolerance * bias:
                return _wave(equations, pulse, change)
        old = (equations, pulse, bias) if highest_frequencies(pulse) < RESOLVED else None
        grid = equations.widened(force.cutoff, pulse)
    raise NoSteadyDrift(_not_converged(system, v, tolerance, change / old[2] if old else math.inf))


def _wave(equations: WaveEquations, pulse: Array, error: float) -> TravellingWave:
    phonons = equations.phonons(pulse)
    bias = float(np.sum(phonons.energy))
    return TravellingWave(
        speed=equations.speed,
        bias=bias,
        error=error,
        residual=equations.residual(pulse),
        energy_balance=abs(equations.bias(pulse) - bias) / max(bias, 1e-300),
        branch="weak coupling",
        phonons=phonons,
        system=equations.system,
        equations=equations,
        pulse=pulse,
    )


def _not_converged(system: SystemParameters, speed: float, tolerance: float, change: float) -> str:
    return (
        f"speed {speed:.6g}: the mean dissipation converges to a relative change of {change:.1e} only, not to the "
        f"tolerance {tolerance:.1e}{cusp(system)}; give a larger tolerance, or another speed"
    )


def cusp(system: SystemParameters) -> str:
    """What to say of an interaction that is not smooth."""
    interaction = system.interaction
    return "" if interaction.smooth else f"; {type(interaction).__name__} has a cusp, at which the force jumps"


def mean_dissipation(system: SystemParameters, speed: ArrayLike) -> NDArray[np.float64]:
    """The exact mean dissipation per pass at mean speeds of any shape, in hbar Omega_slow."""
    values = real_array("speed", speed)
    result = np.array([travelling_wave(system, v).bias for v in values.ravel().tolist()])
    return result.reshape(values.shape)[()]
