r"""Stability of an exact steady drift.

A small perturbation grows like exp(nu tau): :math:`\delta\sigma = e^{\nu\tau} p(\tau)` with p of period T, and
:math:`\delta\rho_n = e^{\nu\tau} Q(\tau - nT)`. It obeys the linearised equations of the travelling wave with the
frequency x replaced by x + z, z = i nu T/(2 pi), but not in the phase from a mass to the next:

.. math:: f + \Phi''\,(A_\nu - B_\nu) f = 0, \qquad
          \Lambda_\nu(x) = \omega(\pi x)^2 - c^2 (x + z)^2 - i\gamma c (x + z), \qquad
          p_k = \frac{T^2 \hat f(k)}{\mu (k + z)^2},

k = 0 included. The growth rates are the zeros of the determinant in Re nu > 0. It has the period 2 pi i/T, so that it
is a function of q = exp(-nu T), analytic inside the unit circle. With

.. math:: D(q) = (1 - q) \det\left(1 + \Phi'' (A_\nu - B_\nu)\right), \qquad D(0) = 1 ,

the double pole of B at nu = 0 is gone, and with it the simple zero that the determinant has there besides (any steady
drift may be shifted in time). D(1) is finite. It changes its sign where the bias is
largest or least along a branch, and not where the branch folds back in the speed: it has the sign of d bias/d speed
times that of the determinant of the wave's own equations. Where it is negative there is an odd number of real growth
rates. The number of zeros inside the circle, oscillating modes included, is the winding number of D around it. On the
circle D has branch points, where two phonons coalesce; its argument jumps there by a quarter turn.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.wave_equations import WaveEquations, toeplitz
from chaintheory.lattice.dispersion import POINTS_PER_SPRING, frequency, group_velocity
from chaintheory.lattice.green_function import MovingDispersion, green_function
from chaintheory.parameters import without_damping
from chaintheory_ext.generated import travelling_wave as generated

NEGLIGIBLE = 1e-7  # Re nu T: what grows more slowly than exp(1e-7) per transit counts as neutral
FIRST_POINTS = 33  # on the half circle
NEAR_A_BRANCH_POINT = np.geomspace(1e-7, 0.1, 13)  # of Im nu T
LARGEST_TURN = 0.6  # of the argument of D from a point to the next, in radians
SHORTEST_ARC = 1e-9  # of nu T: a zero of D that is farther from the half circle is seen to be inside or outside
JUMP, ACROSS_A_JUMP = 1e-5, 1e-7  # of nu T: beside a branch point D turns in less, and how short an arc is there
SLOW = 3e-4  # nu T over which D is differenced: far above rounding and below the branch points
SLOWEST_MODE = 0.5  # abs(nu T) within which the slow decay of a stable drift is looked for


class UnknownStability(ArithmeticError):
    """The growing modes of a steady drift cannot be counted, or not be found: one is too close to neutral."""


@dataclass(frozen=True)
class Perturbation:
    """The determinant D of the perturbations of one travelling wave, and its zeros."""

    equations: WaveEquations
    pulse: NDArray[Any]

    @property
    def transit_time(self) -> float:
        """T, in t_slow."""
        return 1.0 / self.equations.line.slope

    @cached_property
    def _curvature(self) -> NDArray[Any]:
        return self.equations.force.curvature(self.equations.distance(self.pulse))

    def logarithm(self, rate: complex) -> complex:
        """Log D at nu = ``rate`` (1/t_slow), its imaginary part between -pi and pi."""
        equations, grid = self.equations, self.equations.grid
        transit, mass = self.transit_time, equations.system.mass
        z = 0.5j * rate * transit / math.pi
        line = MovingDispersion(equations.line.chain, equations.line.slope, z)
        green = green_function(line, grid.step, grid.count)
        numbers = equations.harmonics[0]
        kernel = green.values.astype(np.complex128)
        for k in (numbers, -numbers):
            moved = generated.modulation(k, z, line.slope, 1.0, mass, 1.0)
            kernel -= np.exp(-2j * math.pi * np.outer(green.lags, k)) @ moved
        # The mean displacement of the particle relative to masses that sound moves, k = 0, is an unknown of its own,
        # so that nothing is large at small nu.
        matrix = np.empty((grid.count + 1, grid.count + 1), dtype=np.complex128)
        matrix[:-1, :-1] = self._curvature[:, None] * (grid.step * toeplitz(kernel))
        matrix[:-1, -1] = -self._curvature
        matrix[-1, :-1] = -grid.step * (transit**2 / mass - green.constant * z**2)
        matrix[np.diag_indices(grid.count)] += 1.0
        matrix[-1, -1] = z**2
        sign, size = np.linalg.slogdet(matrix)
        factor = -np.expm1(-rate * transit) / z**2
        return complex(size, 0.0) + cmath.log(sign * factor)

    def value(self, rate: complex) -> complex:
        """D at nu = ``rate`` (1/t_slow)."""
        return cmath.exp(self.logarithm(rate))

    @cached_property
    def branch_points(self) -> list[float]:
        """Im nu T between 0 and pi at which two phonons coalesce: omega(x) = c (x + z) with omega'(x) = c.

        A mode that couples weakly to the phonons that keep up with the particle has its zero of D very close to one.
        With damping they are those of the same springs without it, to the left of the imaginary axis.
        """
        from scipy.optimize import brentq

        slope, springs = self.equations.line.slope, without_damping(self.equations.line.chain)

        def excess(x: float) -> float:
            return abs(float(group_velocity(springs, math.pi * x))) / springs.spacing - slope

        grid = np.linspace(0.0, 0.5, POINTS_PER_SPRING * self.equations.line.springs + 1)
        signs = np.abs(group_velocity(springs, math.pi * grid)) / springs.spacing > slope
        found = [brentq(excess, grid[i], grid[i + 1], xtol=1e-15) for i in np.flatnonzero(signs[1:] != signs[:-1])]
        # Where the frequency falls it is the wave number -x that keeps up.
        places = [math.copysign(x, float(group_velocity(springs, math.pi * x))) for x in found]
        turns = [x - float(frequency(springs, math.pi * x)) / slope for x in places]
        return [abs(math.remainder(2.0 * math.pi * turn, 2.0 * math.pi)) for turn in turns]

    @cached_property
    def number_unstable(self) -> int:
        """Number of modes that grow by more than 1e-7 per transit: D winds so often around 0 inside the circle.

        Raises
        ------
        UnknownStability
            The argument of D turns fast between two close rates, so that the number is unknown: a mode is neutral.
        """
        transit = self.transit_time
        regular = np.linspace(0.0, math.pi, FIRST_POINTS)[1:]
        close = [angle + side * NEAR_A_BRANCH_POINT for angle in self.branch_points for side in (-1.0, 1.0)]
        angles = np.unique(np.concatenate([regular, *close]))
        angles = angles[(angles >= NEGLIGIBLE) & (angles <= math.pi)].tolist()
        # By symmetry half the circle is enough; at both its ends D is real.
        begin = cmath.phase(self.value(NEGLIGIBLE / transit))
        todo = [(angle, self.logarithm(complex(NEGLIGIBLE, angle) / transit).imag) for angle in reversed(angles)]
        here, phase = 0.0, 0.0 if abs(begin) < 0.5 * math.pi else math.pi
        total = 0.0
        while todo:
            angle, there = todo[-1]
            turn = math.remainder(there - phase, 2.0 * math.pi)
            beside = self._beside_a_jump(here, angle)
            if abs(turn) > LARGEST_TURN and angle - here > (ACROSS_A_JUMP if beside else SHORTEST_ARC) and here > 0.0:
                middle = 0.5 * (here + angle)
                todo.append((middle, self.logarithm(complex(NEGLIGIBLE, middle) / transit).imag))
                continue
            if abs(turn) > LARGEST_TURN and here > 0.0 and not beside:
                raise UnknownStability(
                    f"the stability at speed {self.equations.speed!r} is unknown: an oscillation with {angle:.6g} "
                    "radians per transit neither grows nor decays, to 1e-7 per transit"
                )
            total += turn
            here, phase = todo.pop()
        return round(-total / math.pi)

    def kind(self, slope: float) -> str:
        """``"stable"``, ``"unstable"``, or ``"unknown"`` where the growing modes cannot be counted.

        ``slope`` is d bias/d speed along the branch: a mode that it shows counts however slowly it grows.
        """
        try:
            return "unstable" if self.number_unstable or self.grows_slowly(slope) else "stable"
        except ArithmeticError:
            return "unknown"

    def grows_slowly(self, slope: float) -> bool:
        """Whether a real mode grows by less than 1e-7 per transit, which ``number_unstable`` leaves out.

        D(1) has the sign of d bias/d speed times the determinant of the travelling wave's own equations, which changes
        its sign with the slope where the branch folds back in the speed; another sign of D at 1e-7 per transit has a
        zero between.
        """
        folded = np.linalg.slogdet(self.equations.jacobian(self.pulse))[0]
        return slope * folded < 0.0 < self.value(NEGLIGIBLE / self.transit_time).real

    def _beside_a_jump(self, *angles: float) -> bool:
        return any(abs(angle - jump) < JUMP for angle in angles for jump in self.branch_points)

    @cached_property
    def growth_rates(self) -> NDArray[np.complex128]:
        """The growth rates of all growing modes, and the rate of the slow real mode if it decays; largest first.

        Of a pair of complex conjugates both are listed.

        Raises
        ------
        UnknownStability
            Growing modes that are counted but not found.
        """
        transit = self.transit_time
        found = [*self._real_rates(0.0), *self._real_rates(math.pi / transit)] if self.number_unstable else []
        starts: Iterator[complex] = iter(())
        if len(found) < self.number_unstable:
            starts = chain.from_iterable(map(self._beside_branch_point, self.branch_points))
            starts = chain(starts, iter(self._promising))
        while len(found) < self.number_unstable:
            start = next(starts, None)
            if start is None:
                raise UnknownStability(
                    f"{self.number_unstable} growing modes are counted at speed {self.equations.speed:.6g}, "
                    f"{len(found)} of them found"
                )
            rate = self._secant(start)
            if rate is not None and rate.real > 0.0 and all(abs(rate - one) > 1e-6 / transit for one in found):
                found += [rate, rate.conjugate()]
        slow = self._slow_decay()
        rates = sorted(found + ([] if slow is None else [slow]), key=lambda rate: (-rate.real, -rate.imag))
        return np.array(rates, dtype=np.complex128)

    def _real_rates(self, frequency: float) -> list[complex]:
        """Zeros with Im nu = ``frequency``, 0 or pi/T, where D is real."""
        from scipy.optimize import brentq

        transit = self.transit_time

        def value(growth: float) -> float:
            return self.value(complex(growth / transit, frequency)).real

        grid = np.concatenate([[NEGLIGIBLE], np.geomspace(1e-4, 10.0, 26)])
        values = [value(growth) for growth in grid]
        return [
            complex(brentq(value, grid[i], grid[i + 1], xtol=1e-9 * grid[i]) / transit, frequency)
            for i in range(grid.size - 1)
            if values[i] * values[i + 1] < 0.0
        ]

    def _beside_branch_point(self, angle: float) -> list[complex]:
        """Where D would vanish if it were d_0 + d_1/s with s^2 = nu T - i ``angle``, as it is for weak coupling."""
        transit = self.transit_time
        s = np.array([3e-4, 1e-3, 3e-3])
        products = np.array([one * self.value(complex(one**2, angle) / transit) for one in s])
        slopes = np.diff(products) / np.diff(s)
        rates = [((s[i] - products[i] / slopes[i]) ** 2 + 1j * angle) / transit for i in (0, 1)]
        return [complex(abs(rate.real) + 1e-9 / transit, rate.imag) for rate in rates]

    @cached_property
    def _promising(self) -> list[complex]:
        """Rates beside the half circle at which abs(D) is least, where weakly growing oscillations begin."""
        transit = self.transit_time
        angles = np.linspace(0.0, math.pi, 66)[1:-1]
        rates = [complex(growth, angle) / transit for growth in (0.01, 0.1, 0.4) for angle in angles]
        rates += [
            complex(growth, angle + offset) / transit
            for angle in self.branch_points
            for growth in np.geomspace(1e-6, 0.03, 8)
            for offset in (-growth, growth)
        ]
        return sorted(rates, key=lambda rate: self.logarithm(rate).real)

    def _secant(self, start: complex) -> complex | None:
        """A zero of D near ``start``; None if the secant method does not converge."""
        transit = self.transit_time
        before, here = start, start + 1e-3 * start.real
        value_before = self.value(before)
        for _ in range(30):
            value = self.value(here)
            if value == value_before:
                break
            step = -value * (here - before) / (value - value_before)
            before, value_before = here, value
            # Beside a branch point the distance from it is the scale on which D varies.
            scale = min([0.3, *(abs(here * transit - 1j * angle) for angle in self.branch_points)])
            here += step * min(1.0, 0.7 * scale / (transit * abs(step)))
            if not 0.0 < here.real * transit < 20.0:
                return None
            if abs(step) < 1e-10 * abs(here):
                return here
        return None

    @cached_property
    def quasi_steady(self) -> tuple[float, float]:
        r"""Rate :math:`-D/D'` at nu = 0 (1/t_slow) and delay :math:`D''/2D'` (t_slow) of a slow change of the speed.

        A steady drift whose bias is not quite that of the system changes its speed at the rate times the difference of
        the two speeds; memory delays that. Other than the zeros of D, both exist where nothing decays slowly.
        """
        nearest, step = NEGLIGIBLE / self.transit_time, SLOW / self.transit_time
        at = [self.value(nearest + k * step).real for k in range(3)]
        slope = (-1.5 * at[0] + 2.0 * at[1] - 0.5 * at[2]) / step
        return nearest - at[0] / slope, (at[0] - 2.0 * at[1] + at[2]) / (2.0 * step**2 * slope)

    def _slow_decay(self) -> complex | None:
        """The real mode nearest to 0 if it decays: what a deviation of the speed does after a disturbance."""
        transit = self.transit_time
        before, here = NEGLIGIBLE / transit, 2.0 * NEGLIGIBLE / transit
        value_before = self.value(before).real
        for _ in range(30):
            value = self.value(here).real
            if value == value_before:
                return None
            step = -value * (here - before) / (value - value_before)
            before, value_before = here, value
            here += step
            if not -SLOWEST_MODE < here * transit < NEGLIGIBLE:
                return None
            if abs(step) < 1e-9 * abs(here):
                return complex(here)
        return None
