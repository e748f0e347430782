r"""The next order of the dissipation in the interaction, odd in the amplitude: recoil and variation of the speed.

Eqs. 6 and 10 are of second order: the particle moves at constant speed past masses at rest. The force that its first
order, of spectrum -i f, exerts on mass and particle displaces both; the pulse of stiffness, of spectrum -K, turns the
difference of the displacements into a force of second order. A phonon of frequency omega_j then takes, besides the
energy of Eq. 6,

.. math:: 4\pi^2 f(\omega_j)\,q(\omega_j), \qquad
          q(\omega) = \mathrm{PV}\!\!\int_0^\infty\! [K(\omega-w) - K(\omega+w)]\,f(w)\,g(w)\,dw ,

with g the response of the mass less that of the particle. Only the part of the response in phase with the force
enters, hence the principal value. In a single pass g is the mean of 1/(omega(theta)^2 - w^2) over the band, which
vanishes for w inside it, less 1/(mu w^2). In the steady state g is 1/Lambda(w), the response to a force that travels
along the chain, whose poles are the roots of the resonance condition of Eq. 10; the particle responds at the
multiples of v/alpha only, so that its part of the integral is a sum. (Ledger: ``in_phase_force_single_pass``,
``third_order_single_pass``, ``in_phase_force_steady``, ``third_order_mean_dissipation``.)

The part p of the force of second order that is out of phase enters at the fourth order. The root mean square of
(p, q)/f over the phonons, weighted with the energy they take, says how much the pulse changes: the ``change`` of an
`Expansion`. The third order is at most twice ``change`` times the second. What is left out is typically the square of
``change`` times the second order; it is no bound, as the force of third order is not in it. Beside the exact steady
state of 349 random systems with a change below 0.1 (Gaussian, band tops 1.2 to 12, spacings 4 to 30 widths, up to
half of the kinetic energy) the error was 0.02 per cent in the middle, below 1.9 in 99 of 100 and 2.5 at most; Eq. 10
alone is off by 0.7 in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import shaped, single_pass_dissipation, speeds
from chaintheory.dissipation.steady_state import jacobian, mean_dissipation_terms
from chaintheory.interactions.named import HalfIntegerMatern
from chaintheory.lattice.dispersion import frequency, resonance
from chaintheory.parameters import SystemParameters
from chaintheory_ext.generated.dissipation import (
    energy_of_force,
    force_spectrum,
    stiffness_spectrum,
    third_order_energy,
)

Array = NDArray[np.float64]
Integrand = Callable[[Array], tuple[Array, Array | float]]  # of n frequencies: (phonons, n), and its relative rounding

MOST_CHANGE = 0.1  # of the pulse: an error of at most 2.5 per cent in all systems tried, 6 beside a resonance
TOLERANCE = 1e-11  # of the third order, relative to the integral of the modulus
HOPELESS = 10.0  # change of the pulse
MOST_PHONONS = 2048
MOST_VALUES = 2**25  # of the integrand, nodes times phonons, over one range: some seconds
VALUES_AT_ONCE = 2**20
ROUNDING = 2.0 * np.finfo(float).eps
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)  # an even number: no node in the middle, where a pole may lie


@dataclass(frozen=True)
class Expansion:
    """The first two orders of a dissipation in the interaction, in the shape of the speed.

    Attributes
    ----------
    second, third
        Energy (hbar Omega_slow) at second order, Eq. 6 or 10, and at third order.
    change
        Relative change of the pulse of force by the response, a pure number; its square times ``second`` is the
        typical size of what is left out, and the sixfold of that beside a resonance.
    """

    second: Array
    third: Array
    change: Array

    @property
    def total(self) -> Array:
        """Both orders together; a ValueError where the change of the pulse exceeds 0.1."""
        worst = float(np.max(self.change, initial=0.0))
        if not worst <= MOST_CHANGE:
            raise ValueError(
                f"approximation 'third-order' allows a change of the pulse of at most {MOST_CHANGE:g}, "
                f"got {worst:.3g}; use a smaller amplitude, or a speed that is higher or farther from a resonance"
            )
        return self.second + self.third


def single_pass_expansion(system: SystemParameters, speed: ArrayLike) -> Expansion:
    """Energy lost in passing one mass of a chain at rest, to third order in the interaction.

    The particle comes from far and interacts with one mass of an infinite chain only.

    Parameters
    ----------
    system
        Any interaction without a jump.
    speed
        Speed far from the mass, in l_slow/t_slow, any shape; the sign does not matter.

    Returns
    -------
    Expansion
        The error of ``third`` is below 1e-11 of ``2 change second``; an interaction without a formula for its
        transform resolves nothing below its ``transform_error``.

    Raises
    ------
    ValueError
        A speed that is not finite, is 0, or so small that nothing is lost in doubles; an interaction with a jump; an
        integral that does not converge.

    >>> from chaintheory import Chain, Gaussian, System
    >>> repulsive = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=0.2, width=4.0))
    >>> expansion = single_pass_expansion(repulsive, 50.0)
    >>> print(f"{expansion.second:.8e} {expansion.third:.8e}")
    1.34159355e-04 2.43551183e-07
    """
    return _each(system, speed, _single_pass)


def mean_expansion(system: SystemParameters, speed: ArrayLike) -> Expansion:
    """Mean energy lost per pass in the steady state, to third order in the interaction.

    Parameters
    ----------
    system
        Any interaction without a jump.
    speed
        Mean speed in l_slow/t_slow, any shape; the sign does not matter.

    Returns
    -------
    Expansion
        The error of ``third`` is below 1e-11 of ``2 change second``, times speed/distance near a resonance; an
        interaction without a formula for its transform resolves nothing below its ``transform_error``.

    Raises
    ------
    ValueError
        A speed that is not finite, is 0, so small that nothing is lost in doubles, or that excites more than 2048
        phonons; an interaction with a jump; an integral that does not converge (on top of a resonance).

    >>> from chaintheory import Chain, Gaussian, System
    >>> repulsive = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=1.0, width=4.0))
    >>> expansion = mean_expansion(repulsive, [50.0, 90.0])
    >>> [f"{value:.7e}" for value in expansion.third]
    ['2.3142588e-05', '2.0562461e-06']
    """
    return _each(system, speed, _mean)


def _each(
    system: SystemParameters, speed: ArrayLike, expand: Callable[[SystemParameters, float], tuple[float, float, float]]
) -> Expansion:
    """The expansion at each speed."""
    values, shape = speeds(speed)
    interaction = system.interaction
    if not (interaction.smooth or isinstance(interaction, HalfIntegerMatern)):
        raise ValueError(
            "interaction must be smooth, Exponential or Matern for the third order, "
            f"got {type(interaction).__name__}, whose force is not finite"
        )
    rows = np.array([expand(system, float(v)) for v in values]).reshape(values.size, 3)
    return Expansion(*(shaped(np.ascontiguousarray(column), shape) for column in rows.T))


def _single_pass(system: SystemParameters, speed: float) -> tuple[float, float, float]:
    """Second order, third order and change of the pulse in a single pass."""
    second = _lost(system, speed, float(single_pass_dissipation(system, speed)) if speed else 0.0)
    if second == 0.0:
        return 0.0, 0.0, 0.0
    top, previous = system.chain.omega_fast, math.inf
    emitting = _emitting_angle(system, speed)
    for points in (32 * 2**level for level in range(6)):
        nodes, mean = np.polynomial.legendre.leggauss(points)
        omega = frequency(system.chain, 0.5 * emitting * (1.0 + nodes))
        mean *= emitting / math.pi
        pulse = Pulse(system, speed, omega)
        weights = third_order_energy(pulse.force, mean)

        def below(phi: Array, pulse: Pulse = pulse) -> tuple[Array, float]:
            sine = np.sin(phi)
            return pulse.mixing(sine) / np.sqrt((top - sine) * (top + sine)), ROUNDING

        def above(phi: Array, pulse: Pulse = pulse) -> tuple[Array, float]:
            sine = np.sin(phi)
            return -pulse.mixing(top / sine) / np.sqrt((top - sine) * (top + sine)), ROUNDING

        def moving(w: Array, pulse: Pulse = pulse) -> tuple[Array, Array]:
            return -pulse.mixing(w) / (system.mass * w**2), ROUNDING * (1.0 + 1.0 / w)

        def quarter(start: float, end: float, step: float = pulse.unit) -> tuple[Array, Array]:
            """Panels of the angle at which top/sin(phi) lies between two frequencies."""
            first, last = (math.asin(top / max(w, top)) for w in (end, start))
            edges = np.linspace(first, last, _panels(last - first, min(1.0, max(step, start / 8.0) / top)))
            return edges[:-1], edges[1:]

        slow = np.linspace(0.0, 0.5 * math.pi, _panels(0.5 * math.pi, min(1.0, pulse.unit)))
        reach, line = _first_range(system, speed), partial(_around, np.empty(0), step=pulse.unit)
        parts = [
            _integral(below, slow[:-1], slow[1:], weights),
            _to_infinity(above, reach, quarter, weights)[:2],
            _to_infinity(moving, reach, line, weights)[:2],
        ]
        in_phase, modulus = sum(part for part, _ in parts), sum(size for _, size in parts)
        third = float(weights @ in_phase)
        out_of_phase = math.pi * (pulse.received(omega) @ (pulse.force * mean / (2.0 * omega)))
        change = _change(float(mean @ energy_of_force(in_phase, out_of_phase)), second, speed)
        if abs(third - previous) <= TOLERANCE * modulus:
            return second, third, change
        previous = third
    raise ValueError(f"speed {speed:.6g} is not allowed: the mean over the band at third order does not converge")


def _mean(system: SystemParameters, speed: float) -> tuple[float, float, float]:
    """Second order, third order and change of the pulse in the steady state."""
    chain = system.chain
    second = 0.0
    if speed:
        terms = mean_dissipation_terms(system, speed)
        second = float(np.sum(terms.energy))
    second = _lost(system, speed, second)
    if second == 0.0:
        return 0.0, 0.0, 0.0
    if terms.frequency.size > MOST_PHONONS:
        raise ValueError(
            f"speed must be large enough for at most {MOST_PHONONS} phonons at third order, got {speed!r} "
            f"with {terms.frequency.size}"
        )
    rate = speed / chain.spacing
    pulse = Pulse(system, speed, terms.frequency)
    denominator = jacobian(system, np.array(speed), terms.group_speed / chain.spacing)
    weights = third_order_energy(pulse.force, 1.0 / denominator)
    poles = np.sort(terms.frequency)

    def recoil(w: Array) -> tuple[Array, Array]:
        denominator = resonance(np.sin(math.pi * w / rate) ** 2, w, chain.omega_fast)
        # The sine carries the rounding of its argument.
        lost = ROUNDING * (w**2 + chain.omega_fast**2 * (1.0 + 2.0 * math.pi * w / rate)) / np.abs(denominator)
        return pulse.mixing(w) / denominator, lost

    line = partial(_around, poles, step=min(pulse.unit, 0.5 * rate))
    response, _, end = _to_infinity(recoil, _first_range(system, speed), line, weights)
    number = np.arange(1.0, math.ceil(end / rate) + 1.0)
    moved = np.sum(pulse.mixing(number * rate) / (system.mass * rate * number**2), axis=1)
    in_phase = response - moved
    out_of_phase = math.pi * (pulse.received(terms.frequency) @ (pulse.force / (2.0 * terms.frequency * denominator)))
    changed = float(np.sum(energy_of_force(in_phase, out_of_phase) / denominator))
    return second, float(weights @ in_phase), _change(changed, second, speed)


def _lost(system: SystemParameters, speed: float, second: float) -> float:
    """The second order, or a refusal where doubles hold none of an interaction that is not zero."""
    if speed == 0.0:
        raise ValueError("speed must not be 0 at third order, got 0.0")
    if second < 1e-280 and np.any(system.interaction.potential(np.linspace(0.0, 1.0, 9) * system.interaction.width)):
        raise ValueError(f"speed {speed:.6g} is not allowed: what is lost at second order is below 1e-280")
    return second


def _emitting_angle(system: SystemParameters, speed: float) -> float:
    """Angle theta of the band above which no phonon takes part in doubles: f^(3/2) is below 1e-20 of its top.

    The third order falls with the wave number like this power for a Gaussian.
    """
    theta = np.linspace(0.0, 0.5 * math.pi, 1025) ** 2 / (0.5 * math.pi)
    force = np.abs(Pulse(system, speed, frequency(system.chain, theta)).force)
    last = np.flatnonzero(force**1.5 > 1e-20 * np.max(force) ** 1.5)[-1]
    return float(theta[min(last + 1, theta.size - 1)])


def _change(changed: float, second: float, speed: float) -> float:
    """Root mean square change of the pulse; a refusal where the expansion has no meaning."""
    change = math.sqrt(changed / second)
    if change > HOPELESS:
        raise ValueError(
            f"speed {speed:.6g} is not allowed: the expansion in the interaction does not converge there, "
            f"as the force changes by a factor of {change:.1e}; use a smaller amplitude, or a speed that is "
            "higher or farther from a resonance"
        )
    return change


class Pulse:
    """The spectra of force and stiffness at one speed, for the phonons of given frequencies."""

    def __init__(self, system: SystemParameters, speed: float, omega: Array) -> None:
        self.interaction, self.speed, self.omega = system.interaction, speed, omega
        self.unit = speed / (2.0 * math.pi * system.interaction.width)  # frequency over which the spectra vary
        self.force = self._force(omega)

    def _transform(self, w: Array) -> Array:
        # A transform that is infinite at 0 is multiplied by w; one that is computed by quadrature has a noise.
        value = self.interaction.transform(np.maximum(np.abs(w), 1e-300) * (2.0 * math.pi / self.speed))
        noise = getattr(self.interaction, "transform_error", 0.0)
        return np.where(np.abs(value) > noise, value, 0.0)

    def _force(self, w: Array) -> Array:
        return force_spectrum(w, self.speed, self._transform(w))

    def _stiffness(self, w: Array) -> Array:
        return stiffness_spectrum(w, self.speed, self._transform(w))

    def mixing(self, w: Array) -> Array:
        """(K(omega - w) - K(omega + w)) f(w) for every phonon and every w."""
        omega = self.omega[:, np.newaxis]
        return (self._stiffness(omega - w) - self._stiffness(omega + w)) * self._force(w)

    def received(self, w: Array) -> Array:
        """K(omega - w) + K(omega + w): what is out of phase in the response at w drives the phonons by this."""
        omega = self.omega[:, np.newaxis]
        return self._stiffness(omega - w) + self._stiffness(omega + w)


def _first_range(system: SystemParameters, speed: float) -> float:
    """A frequency beyond which the spectra have no structure but their decay."""
    return 2.0 * system.chain.omega_fast + 2.0 * speed / (2.0 * math.pi * system.interaction.width)


def _panels(length: float, step: float) -> int:
    """How many edges cut a length in steps of at most ``step``."""
    count = math.ceil(length / step) + 1
    if count > 2**16:
        raise ValueError(f"the third order needs {count:.1e} panels; use a higher speed or a smaller width")
    return count


def _to_infinity(
    integrand: Integrand, reach: float, panels: Callable[[float, float], tuple[Array, Array]], weights: Array
) -> tuple[Array, float, float]:
    """Integral from the frequency 0 to infinity, that of the weighted modulus, and where the integrand is nothing."""
    start, end = 0.0, reach
    total, modulus = np.zeros(weights.shape), 0.0
    while True:
        part, size = _integral(integrand, *panels(start, end), weights, modulus)
        total, modulus = total + part, modulus + size
        if size <= 1e-3 * TOLERANCE * modulus:
            return total, modulus, end
        start, end = end, 1.5 * end


def _around(poles: Array, start: float, end: float, step: float) -> tuple[Array, Array]:
    """Panels from one frequency to another, at most ``step`` or an eighth of it long; each pole amid its own."""
    poles, step = poles[(poles > start) & (poles < end)], max(step, start / 8.0)
    gaps = np.diff(np.concatenate(([start], poles, [end])))
    half = 0.4 * np.minimum(np.minimum(gaps[:-1], gaps[1:]), step)
    if np.any(half < 1e-12 * poles):
        raise ValueError("speed lies on top of a resonance, where the third order is infinite; choose another")
    edges = [np.concatenate(([start], poles + half)), np.concatenate((poles - half, [end]))]
    pieces = [np.linspace(a, b, max(2, _panels(b - a, step))) for a, b in zip(*edges, strict=True)]
    low = np.concatenate([piece[:-1] for piece in pieces] + [poles - half])
    high = np.concatenate([piece[1:] for piece in pieces] + [poles + half])
    return low, high


def _integral(integrand: Integrand, low: Array, high: Array, weights: Array, known: float = 0.0) -> tuple[Array, float]:
    """Integral over the panels, each cut in three until its thirds agree with it, and that of the weighted modulus.

    The middle third has the same middle, so that a pole there stays where the rule gives the principal value.
    """
    coarse, modulus, _ = _panel_sums(integrand, low, high, weights)
    scale = modulus.sum() + known
    total, spent = np.zeros(weights.shape), low.size
    while low.size:
        third = (high - low) / 3.0
        starts = np.stack((low, low + third, high - third))
        ends = np.stack((low + third, high - third, high))
        fine, _, lost = _panel_sums(integrand, starts.ravel(), ends.ravel(), weights)
        together = fine.reshape(weights.size, 3, -1).sum(axis=1)
        allowed = 1e-3 * TOLERANCE * scale + lost.reshape(3, -1).sum(axis=0)
        off = np.abs(weights @ (together - coarse)) > allowed
        total += together[:, ~off].sum(axis=1)
        again = np.tile(off, 3)
        low, high, coarse = starts.ravel()[again], ends.ravel()[again], fine[:, again]
        spent += low.size
        if spent * NODES.size * weights.size > MOST_VALUES:
            raise ValueError(
                "the integral of the third order does not converge; choose a speed farther from a resonance"
            )
    return total, float(modulus.sum())


def _panel_sums(integrand: Integrand, low: Array, high: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Gauss-Legendre sums of each panel, (phonons, panels); of the weighted modulus and of its rounding, (panels,)."""
    sums, sizes, rounding = np.empty((weights.size, low.size)), np.empty(low.size), np.empty(low.size)
    at_once = max(1, VALUES_AT_ONCE // (NODES.size * weights.size))
    for begin in range(0, low.size, at_once):
        part = slice(begin, begin + at_once)
        half = 0.5 * (high[part] - low[part])
        w = (0.5 * (high[part] + low[part]))[:, np.newaxis] + half[:, np.newaxis] * NODES
        values, lost = integrand(w.ravel())
        sums[:, part] = values.reshape(weights.size, *w.shape) @ WEIGHTS * half
        size = np.abs(weights @ values)
        sizes[part] = size.reshape(w.shape) @ WEIGHTS * half
        rounding[part] = (size * lost).reshape(w.shape) @ WEIGHTS * half
    return sums, sizes, rounding
