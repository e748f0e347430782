"""A particle bound to one mass: the two frequencies outside the band at which it does not radiate, and a run's."""

from __future__ import annotations

import math

import numpy as np

from chaintheory.parameters import SystemParameters


def outside_frequencies(system: SystemParameters) -> tuple[float, float]:
    r"""The two frequencies outside the band at which a bound particle does not radiate.

    With the stiffness k = Phi''(0) of the interaction at its bottom and the chain's response
    G(omega) = <1/(omega^2 - omega(theta)^2)> = -+ 1/sqrt((1 - omega^2)(omega_fast^2 - omega^2)),
    the coupled motion asks for k mu omega^2 G + k - mu omega^2 = 0.

    Frequencies are in units of Omega_slow. ValueError if the interaction does not bind.

    >>> from chaintheory import Chain, Gaussian, System
    >>> low, high = outside_frequencies(System(Chain(10.0, 40.0), Gaussian(-400.0, 4.0)))
    >>> round(low, 6), round(high, 6)
    (0.994628, 10.47147)
    """
    from scipy.optimize import brentq

    well, top, mass = system.interaction, system.chain.omega_fast, system.mass
    stiffness = float(well.curvature(0.0))
    if not stiffness > 0.0:
        raise ValueError(f"interaction must have a minimum at a mass to bind a particle, got curvature {stiffness:g}")

    def imbalance(omega: float, response: float) -> float:
        square = omega * omega
        root = math.sqrt(max((square - 1.0) * (square - top * top), 0.0))
        return response * stiffness * mass * square + (stiffness - mass * square) * root

    # The signs differ at the ends of both ranges; at the edge of the band rounding leaves a particle bound weakly.
    highest = 2.0 * (top + math.sqrt(stiffness * (1.0 + 1.0 / mass)))
    low = brentq(imbalance, 0.0, 1.0, args=(-1.0,), xtol=1e-100, rtol=1e-15)
    high = brentq(imbalance, top, highest, args=(1.0,), xtol=1e-14)
    return float(low), float(high)


def spectrum(time: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies (in Omega_slow) and amplitudes of the second half of a motion."""
    late = position[time.size // 2 :]
    window = np.hanning(late.size)
    step = float(time[1] - time[0])
    amplitude = np.abs(np.fft.rfft((late - late.mean()) * window, 4 * late.size))
    return np.fft.rfftfreq(4 * late.size, step), 2.0 * amplitude / window.sum()


def peak(frequency: np.ndarray, amplitude: np.ndarray, near: float) -> float:
    """Return the place of the highest point within 3 per cent of ``near``, by a parabola."""
    window = np.flatnonzero(np.abs(frequency - near) < 0.03 * near)
    at = window[np.argmax(amplitude[window])]
    left, middle, right = np.log(amplitude[at - 1 : at + 2])
    shift = 0.5 * (left - right) / (left - 2.0 * middle + right)
    return float(frequency[at] + shift * (frequency[1] - frequency[0]))
