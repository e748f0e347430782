"""The equations of a travelling wave on a grid: one pulse of force, F + Phi'(M F - v tau) = 0.

M = A - B is the response of the chain (lattice/green_function.py) less that of the particle; travelling_wave.py has
the physics. Time t is in transit times, so that the pulse on the next mass is F(t - 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.damped import response_integral
from chaintheory.lattice.dispersion import band_top, square
from chaintheory.lattice.green_function import MovingDispersion, Zeros, green_function, zeros
from chaintheory.parameters import SystemParameters
from chaintheory.support.equality import EqualFields
from chaintheory.support.threads import one_thread
from chaintheory_ext.generated import travelling_wave as generated
from chaintheory_ext.generated.dissipation import absorption

Array = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]

FINER = 1.4  # from one grid to the next
CUT_FORCE = 1e-17  # of the largest: the pulse ends where the force of the interaction falls below
LONGEST_CUTOFF = 60.0  # in widths: an algebraic tail acts farther
FIRST_STEP, SHORTEST_STEP = 0.5, 1e-3  # of the amplitude's continuation from 0 to 1
LARGEST_CORRECTION = 0.1  # of the pulse, by Newton's method after a step of the continuation
CONVERGED = 1e-13  # last correction of Newton's method, of the pulse
MOST_CORRECTIONS = 12
SMALL_RESPONSE = 0.25  # of the width: ten points then give the mean curvature on the way to rounding
WAY, WAY_WEIGHTS = (0.5 * values + offset for values, offset in zip(leggauss(10), (0.5, 0.0), strict=True))
LEAST_DAMPING = 1e-6  # of the largest frequency: the heat of less is lost to rounding, 1e-16 over it of the heat
MOST_AT_ONCE = 2**14  # wave numbers of a transform: some 50 MB
LOW = 0.03  # strip in which the real zeros are looked for


class NoSteadyDrift(ValueError):
    """There is no steady drift at this speed (l_slow/t_slow), or none that the method reaches; the message says why.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    >>> try:
    ...     system.travelling_wave(0.0)
    ... except ct.NoSteadyDrift as reason:
    ...     print(reason)
    speed must not be 0: a particle at rest does not drift
    """


@dataclass(frozen=True, eq=False)
class Phonons(EqualFields):
    """The phonons that carry the energy off, one entry for each positive root of the resonance condition.

    In a chain without wells one more, of wave number 0, is the sound that the mean force drives. In a chain with
    damping there is none: no phonon gets far.

    Attributes
    ----------
    wave_number
        x = q a/(2 pi), continued over all zones.
    frequency
        omega(x) in units of Omega_slow.
    group_velocity
        In l_slow/t_slow; negative for a wave that runs against the particle.
    energy
        Energy carried off per pass, in hbar Omega_slow; the energies sum to the bias if there is no damping.
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
        """The force of a system's interaction; ValueError for a step, a cusp and algebraic tails."""
        interaction = system.interaction
        interaction.slope(np.zeros(1))  # a square well refuses
        if not interaction.smooth:
            raise NoSteadyDrift(
                f"interaction {type(interaction).__name__} has a cusp, at which the force jumps, and the wave "
                "is for a continuous force (no grid resolves its pulse): take another approximation, or simulate"
            )
        cutoff = interaction.reach(CUT_FORCE)
        if cutoff > LONGEST_CUTOFF * interaction.width:
            raise NoSteadyDrift(
                f"interaction {type(interaction).__name__} acts {cutoff / interaction.width:.1e} widths far, the "
                f"travelling wave is for at most {LONGEST_CUTOFF:g} (its pulse of force would fill the chain): take "
                "another approximation, or simulate"
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
    force
        Its slope, curvature and cutoff.
    speed
        Spacing over transit time in l_slow/t_slow: the mean speed relative to masses that ``creep``.
    grid
        The points of the pulse.
    resonant
        A zero x of Lambda close to a resonance, if any. The wave 2 Re[a exp(-2 pi i x t)] that belongs to it is then
        an unknown of its own, with the equation Lambda'(x) a = 2 pi i F^(x): two more components, Re a and Im a,
        behind those of the pulse, and no divergence where Lambda'(x) = 0.
    """

    def __init__(
        self, system: SystemParameters, force: Force, speed: float, grid: Grid, resonant: complex | None = None
    ) -> None:
        self.system, self.force, self.speed, self.grid, self.resonant = system, force, speed, grid, resonant
        self.line = MovingDispersion(system.chain, speed / system.chain.spacing)
        try:
            self.green = green_function(self.line, self.grid.step, self.grid.count, resonant)
        except ArithmeticError as error:
            raise NoSteadyDrift(f"speed {self.speed!r}: {error}") from None
        self.harmonics = particle_harmonics(system, self.line.slope, grid.step)
        modulation = np.cos(2.0 * math.pi * np.outer(self.green.lags, self.harmonics[0])) @ (2.0 * self.harmonics[1])
        response = grid.step * toeplitz(self.green.values - modulation)
        constraints = np.empty((0, grid.count))
        if resonant is not None:
            wave = 2.0 * np.exp(-2j * math.pi * resonant * grid.times)
            response = np.column_stack([response, wave.real, -wave.imag])
            transform = -2j * math.pi * grid.step * np.exp(2j * math.pi * resonant * grid.times)
            slope = self.line.derivative(resonant)
            constraints = np.array(
                [[*transform.real, slope.real, -slope.imag], [*transform.imag, slope.imag, slope.real]]
            )
        self.response, self.constraints = response, constraints
        self.undisturbed = system.chain.spacing * grid.times  # v tau

    def pulse(self, unknowns: Array) -> Array:
        """The pulse of force, without the amplitude of a resonant wave."""
        return unknowns[: self.grid.count]

    def distance(self, unknowns: Array) -> Array:
        """Distance R - v tau - s of the mass from the particle."""
        return self.response @ unknowns - self.undisturbed

    def errors(self, unknowns: Array, amplitude: float = 1.0) -> Array:
        """What the equations leave."""
        forces = self.pulse(unknowns) + amplitude * self.force.slope(self.distance(unknowns))
        return np.concatenate([forces, self.constraints @ unknowns])

    def jacobian(self, unknowns: Array, amplitude: float = 1.0) -> Array:
        """Derivatives of the errors."""
        upper = (amplitude * self.force.curvature(self.distance(unknowns)))[:, None] * self.response
        upper[np.diag_indices(self.grid.count)] += 1.0
        return np.concatenate([upper, self.constraints])

    def tangent(self, pulse: Array, amplitude: float) -> Array:
        """Derivative of the solution in the amplitude."""
        with one_thread:
            return -np.linalg.solve(self.jacobian(pulse, amplitude), self.force.slope(self.distance(pulse)))

    def residual(self, pulse: Array) -> float:
        """Largest error of the equations, of the largest force."""
        return float(np.abs(self.errors(pulse)).max() / max(np.abs(pulse).max(), 1e-300))

    def solve(self, pulse: Array, amplitude: float = 1.0, trust: float = math.inf) -> Array | None:
        """Newton's method from a pulse; None if it does not converge, or first corrects by more than ``trust``."""
        with one_thread:
            return self._solve(pulse, amplitude, trust)

    def _solve(self, pulse: Array, amplitude: float, trust: float) -> Array | None:
        for index in range(MOST_CORRECTIONS):
            with np.errstate(all="ignore"):
                try:
                    change = -np.linalg.solve(self.jacobian(pulse, amplitude), self.errors(pulse, amplitude))
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
            f"{amplitude:.3g} of the amplitude ({reason})"
        )

    def creep(self, pulse: Array) -> float:
        """Velocity of the masses around the particle: not 0 without wells and damping, if it is slower than sound."""
        line = self.line
        if line.zeros_at_rest < 2 or line.slope > line.sound:
            return 0.0
        return float(generated.creep(line.sound, self.bias(pulse) / self.system.chain.spacing, math))

    def transform(self, pulse: Array, x: NDArray[Any]) -> NDArray[Any]:
        """Int F(t) exp(2 pi i x t) dt at wave numbers x."""
        parts = np.array_split(x, x.size // MOST_AT_ONCE + 1)
        turns = (np.exp(2j * math.pi * np.outer(part, self.grid.times)) for part in parts)
        return self.grid.step * np.concatenate([turn @ pulse for turn in turns])

    def bias(self, unknowns: Array) -> float:
        """The bias that sustains the speed, from the balance of momentum, of a solution.

        The forces almost cancel, and their sum loses 1e-16 of the amplitude to rounding. Those of particle and masses
        that do not respond cancel altogether; where the response u is small the change that it makes is
        F = -u times the mean curvature on the way, of which 1e-16 is lost.
        """
        displaced = self.response @ unknowns
        forces = self.pulse(unknowns)
        interaction = self.system.interaction
        if np.abs(displaced).max() < min(SMALL_RESPONSE * self.force.width, 0.5 * interaction.analytic_width):
            way = displaced * WAY[:, None] - self.undisturbed
            forces = -displaced * (WAY_WEIGHTS @ self.force.curvature(way))
        return self.system.chain.spacing * self.grid.step * float(np.sum(forces))

    @cached_property
    def radiated(self) -> Zeros:
        """The positive real zeros of Lambda, which carry energy off."""
        found = zeros(self.line, LOW / self.line.springs)
        return found[(found.x.imag == 0.0) & (found.x.real > 0.0)]

    def phonons(self, pulse: Array) -> Phonons:
        """What is carried off; nothing with damping."""
        x, slope = self.radiated.x.real, self.radiated.slope.real
        energy = generated.radiated(x, slope, self.transform(pulse, x))
        group = self.system.chain.spacing * (self.line.slope + slope / (2.0 * self.line.slope * x))
        ahead = self.radiated.ahead
        if self.line.zeros_at_rest == 2:
            sound, c, force = self.line.sound, self.line.slope, self.bias(pulse) / self.system.chain.spacing
            taken = (generated.sound_slower if c < sound else generated.sound_faster)(sound, c, force, math)
            if not x.size:  # with no other phonon the weak branch has no mean force: what is there is rounding
                taken = 0.0
            x, energy, ahead = np.append(x, 0.0), np.append(energy, taken), np.append(ahead, c < sound)
            group = np.append(group, self.system.chain.spacing * sound)
        return Phonons(x, self.line.slope * x, group, energy, ahead)

    def energy(self, pulse: Array) -> float:
        """Energy lost per pass: what the phonons carry off, or what the damping takes.

        Raises
        ------
        NoSteadyDrift
            A damping below 1e-6 of the largest frequency.
        """
        chain, c = self.system.chain, self.line.slope
        if not chain.damping:
            return float(np.sum(self.phonons(pulse).energy))
        least = LEAST_DAMPING * band_top(chain)
        if chain.damping < least:
            raise NoSteadyDrift(
                f"damping {chain.damping:g} is too little for a travelling wave: its heat is accurate from "
                f"{LEAST_DAMPING:g} of the largest frequency on, {least:.3g}; take that, or 0"
            )

        def density(x: NDArray[np.float64]) -> NDArray[np.float64]:
            mismatch = square(chain, math.pi * (x - np.floor(x))) - (c * x) ** 2
            return np.asarray(
                generated.absorbed(c, absorption(c * x, mismatch, chain.damping), self.transform(pulse, x))
            )

        # The transform of the pulse is that of a function on the window, resolved up to half the inverse step.
        return response_integral(chain, c, density, 0.5 / self.grid.step, 0.25 / (self.grid.step * self.grid.count))

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
    return numbers, generated.modulation(numbers, 0.0, slope, 1.0, system.mass, 1.0)


def interpolated(pulse: Array, old: Grid, new: Grid) -> Array:
    """The band-limited function through the values of a pulse, at the points of another grid."""
    return np.sinc((new.times[:, None] - old.times) / old.step) @ pulse


def highest_frequencies(pulse: Array) -> float:
    """Spectrum of the pulse in the upper tenth of the frequencies of its grid, of its largest value."""
    spectrum = np.abs(np.fft.rfft(pulse))
    return float(spectrum[-max(2, spectrum.size // 10) :].max() / max(spectrum.max(), 1e-300))
