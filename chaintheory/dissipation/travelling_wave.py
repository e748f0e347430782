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
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.wave_equations import (
    LARGEST_CORRECTION,
    Force,
    Grid,
    NoSteadyDrift,
    Phonons,
    WaveEquations,
    highest_frequencies,
    interpolated,
    toeplitz,
)
from chaintheory.dissipation.wave_stability import Perturbation, UnknownStability
from chaintheory.parameters import SystemParameters
from chaintheory.plotting.style import axes, label, with_unit
from chaintheory.support.equality import EqualFields
from chaintheory.support.validation import number, positive, real_array
from chaintheory.units import Units, scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.floating[Any]]

TOLERANCE = 1e-10  # of the bias, relative
POINTS_PER_WIDTH = 5.0  # of the first grid
FEWEST_POINTS, MOST_POINTS = 48, 1600  # a dense Jacobian of 1,600 takes a quarter of a second
MOST_GRIDS = 12
UNBALANCED = 1e-8  # relative, of energy and momentum: more is an error
ROUNDING = 1e-14  # of the momentum, of force times displacement
MOST_CREEPS = 12  # corrections of the relative speed, each some 1e-4 of the one before
ROUNDED = 4e-16  # of the speed
SLOPE_STEP = 1e-8  # of the speed, for the slope of the bias: as far as a speed is from a resonance, at least
LEAST_TOLERANCE = 1e-14  # of the bias: rounding changes it by up to half as much from a grid to the next
RESOLVED = 1e-3  # spectrum of the pulse at the highest frequency of a grid that may begin a continuation


class Curve(NamedTuple):
    """Values at times (in t_slow)."""

    time: Array
    value: Array


@dataclass(frozen=True, eq=False)
class TravellingWave(EqualFields):
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
        Difference between what the phonons carry off, or the damping takes (``bias``), and the bias from the balance
        of momentum, relative to ``bias``. It is rounding: of the momentum, 1e-16 of the largest force times
        displacement, over ``bias``; of the speed, 1e-16/abs(v/v_r - 1) beside a resonance v_r; and of the heat, 1e-16
        of the largest frequency over the damping. Elsewhere it is below 1e-10; above 1e-8 (or a hundred tolerances)
        and not the first, the speed is refused.
    branch
        ``"weak coupling"``: the solution that continues from weak coupling.
    phonons
        The phonons that carry the energy off.

    Made by ``System.travelling_wave``, which raises a ValueError, ``NoSteadyDrift``, where there is none.

    >>> import chaintheory as ct
    >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
    >>> repr(wave)[:40], wave.stable
    ('TravellingWave(speed=50.0, bias=0.015056', False)
    >>> bool(abs(wave.phonons.energy.sum() - wave.bias) < 1e-15)
    True
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
        """T = spacing/speed, in t_slow, of a speed relative to masses that creep.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> wave.transit_time
        0.8
        """
        return 1.0 / self.equations.line.slope

    @property
    def force(self) -> Curve:
        """The pulse of force on a mass, in hbar Omega_slow/l_slow; at time 0 the particle would pass it at rest.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> bool(abs(wave.force.value.sum() * np.diff(wave.force.time)[0] * wave.speed - wave.bias) < 1e-12)
        True
        """
        return Curve(self.transit_time * self.equations.grid.times, self.pulse)

    @property
    def mass(self) -> Curve:
        """Displacement R of a mass from its site while the particle acts on it, in l_slow.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> round(float(wave.mass.value.max()), 4)
        0.0271
        """
        grid, green = self.equations.grid, self.equations.green
        return Curve(self.transit_time * grid.times, grid.step * toeplitz(green.values) @ self.pulse)

    @property
    def particle(self) -> Curve:
        """Displacement s of the particle from uniform motion over one transit time, in l_slow.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> bool(abs(wave.particle.value[:-1].mean()) < 1e-12)
        True
        """
        times = np.linspace(-0.5, 0.5, 257)
        return Curve(self.transit_time * times, self.equations.modulation(self.pulse, times))

    @cached_property
    def _perturbation(self) -> Perturbation:
        return Perturbation(self.equations, self.pulse)

    @property
    def stable(self) -> bool:
        """Whether no small perturbation grows, a truth value; where the bias falls with the speed, however slowly.

        UnknownStability, an ArithmeticError, says where one is so close to neutral that they cannot be counted: an
        oscillation that grows by 1e-7 (a pure number) per transit, to 1e-9. One that grows less counts as neutral.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> wave.stable  # a particle that is a little faster loses less
        False
        """
        return self._perturbation.number_unstable == 0 and not self._perturbation.grows_slowly(self._slope)

    @cached_property
    def _slope(self) -> float:
        """Derivative of the bias in the speed, on the same grid, relative to masses that creep."""
        here = self.equations
        moved = WaveEquations(here.system, here.force, (1.0 + SLOPE_STEP) * here.speed, here.grid)
        pulse = moved.solve(self.pulse)
        if pulse is None:
            raise UnknownStability(f"the stability at speed {self.speed!r} is unknown: the bias has no slope there")
        return (moved.energy(pulse) - here.energy(self.pulse)) / (moved.speed - here.speed)

    @property
    def growth_rates(self) -> NDArray[np.complex128]:
        """Growth rates nu (1/t_slow) of all growing modes, largest first, and the slow real mode if it decays.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> bool(wave.growth_rates[0].real > 0.0)
        True
        """
        return self._perturbation.growth_rates

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """The displacements of a mass and of the particle against time in transit times.

        ``units``: ``"model"``, ``"SI"``, ``"metal"`` or ``Units``; by default those of the system.
        An ImportError names the extra where Matplotlib is missing.

        >>> import chaintheory as ct
        >>> wave = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).travelling_wave(50.0)
        >>> [line.get_label() for line in wave.plot().lines]
        ['mass, $R$', 'particle, $s$']
        """
        ax, scale = axes(ax), scale_of(self.system.units, units)
        times = self.equations.grid.times
        ax.plot(times, scale.length * self.mass.value, label="mass, $R$")
        ax.plot(times, scale.length * self.equations.modulation(self.pulse, times), label="particle, $s$")
        ax.set_xlabel(r"time $\tau v/\alpha$ (transit times)")
        ax.set_ylabel(label("displacement", "length", scale))
        speed = with_unit(scale.speed * self.speed, "speed", scale)
        bias = with_unit(scale.energy * self.bias, "energy", scale)
        ax.set_title(f"steady drift: mean speed {speed},\nbias {bias}", fontsize="medium")
        ax.legend()
        return ax


def travelling_wave(system: SystemParameters, speed: float, *, tolerance: float = TOLERANCE) -> TravellingWave:
    """The steady drift at one mean speed: ``System.travelling_wave``, which describes it."""
    given = number("speed", speed)
    tolerance = positive("tolerance", tolerance)
    if tolerance < LEAST_TOLERANCE:
        raise ValueError(f"tolerance must be at least {LEAST_TOLERANCE:g}, what doubles resolve, got {tolerance:g}")
    if given == 0.0:
        raise NoSteadyDrift("speed must not be 0: a particle at rest does not drift")
    try:
        return _drift_at(system, abs(given), tolerance)
    except NoSteadyDrift as refusal:
        if given > 0.0:
            raise
        raise NoSteadyDrift(f"speed {given:.6g}, the mirror image of {-given:.6g}: {refusal}") from None


def _drift_at(system: SystemParameters, v: float, tolerance: float) -> TravellingWave:
    """The steady drift at one positive speed, relative to the chain far away."""
    relative = v
    for _ in range(MOST_CREEPS):
        equations, pulse, error = _solved(system, relative, tolerance)
        creep = equations.creep(pulse)
        if abs(relative + creep - v) <= ROUNDED * v:
            return _wave(equations, pulse, v, error, tolerance)
        relative = v - creep
        if not relative > 0.0:
            break
    raise NoSteadyDrift(f"speed {v:.6g}: the masses around the particle creep at {creep:.6g}, as fast as that")


def _solved(system: SystemParameters, v: float, tolerance: float) -> tuple[WaveEquations, Array, float]:
    """Equations, pulse, and change of the bias from the last grid, at a speed relative to the creeping masses."""
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
            return equations, pulse, 0.0
        bias = equations.energy(pulse)
        if old is not None:
            change = abs(bias - old[2])
            if change <= tolerance * bias:
                return equations, pulse, change
        old = (equations, pulse, bias) if highest_frequencies(pulse) < RESOLVED else None
        grid = equations.widened(force.cutoff, pulse)
    raise NoSteadyDrift(_not_converged(v, tolerance, change / old[2] if old else math.inf))


def _wave(equations: WaveEquations, pulse: Array, speed: float, error: float, tolerance: float) -> TravellingWave:
    bias = equations.energy(pulse)
    unbalanced = abs(equations.bias(pulse) - bias)
    rounding = ROUNDING * float(np.abs(pulse).max() * np.abs(equations.response @ pulse).max())
    if unbalanced > max(UNBALANCED, 100.0 * tolerance) * bias + rounding:
        what = "the energy that the phonons carry off", "within 1e-8 of a resonance the speed is too coarse a number"
        if equations.system.chain.damping:
            what = "the heat of the damping", "one of the two integrals is not accurate"
        raise NoSteadyDrift(
            f"speed {equations.speed!r}: {what[0]} differs from the work of the bias by {unbalanced / bias:.1e} of it, "
            f"more than {max(UNBALANCED, 100.0 * tolerance):.0e}; {what[1]}: take system.drag_curve"
        )
    return TravellingWave(
        speed=speed,
        bias=bias,
        error=error,
        residual=equations.residual(pulse),
        energy_balance=unbalanced / max(bias, 1e-300),
        branch="weak coupling",
        phonons=equations.phonons(pulse),
        system=equations.system,
        equations=equations,
        pulse=pulse,
    )


def _not_converged(speed: float, tolerance: float, change: float) -> str:
    return (
        f"speed {speed:.6g}: the mean dissipation converges to a relative change of {change:.1e} only, not to the "
        f"tolerance {tolerance:.1e}; give a larger tolerance, or another speed"
    )


def mean_dissipation(system: SystemParameters, speed: ArrayLike) -> NDArray[np.float64]:
    """The exact mean dissipation per pass at mean speeds of any shape, in hbar Omega_slow."""
    values = real_array("speed", speed)
    result = np.array([travelling_wave(system, v).bias for v in values.ravel().tolist()])
    return result.reshape(values.shape)[()]
