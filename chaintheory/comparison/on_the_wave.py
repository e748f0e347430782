r"""Runs that start on an exact steady drift, particle and chain, and so have no transient.

The displacements R of the travelling wave (dissipation/travelling_wave.py) are known at all times: an integral along
a line in the upper half plane of the wave number for masses ahead, one in the lower half plane for masses behind, and
the waves 2 pi i F^(x_j) exp(-2 pi i x_j t)/Lambda'(x_j) of the zeros between line and contour. Far away the waves
alone are left. The masses that a run of some duration can feel, those within its sound cone, are finite in number;
beyond them the chain is at rest.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.wave_equations import WaveEquations
from chaintheory.lattice.dispersion import sound_speed, spring_term
from chaintheory.lattice.green_function import DIGITS, MovingDispersion, zeros
from chaintheory.simulation.light_cone import ChainSegment

Array = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]

HIGHEST = 0.5  # imaginary part of the wave number up to which zeros are looked for
NEWTON = 12  # steps; the zeros beside a tangency are known to some per cent of their distance
BEYOND_THE_CONE = 60  # masses: ahead of the sound cone a signal falls faster than exponentially


def start_on_wave(equations: WaveEquations, unknowns: Array, duration: float) -> dict[str, Any]:
    """What ``System.simulate`` needs to start midway between two masses of an exact steady drift.

    Parameters
    ----------
    equations, unknowns
        Of a ``TravellingWave`` its ``equations`` and ``pulse``; of a ``SteadyDrift`` those of its ``point``.
    duration
        For how long (t_slow) the run must not feel that the chain was at rest far away.

    Returns
    -------
    dict
        ``position`` (l_slow), ``speed`` (l_slow/t_slow) and ``chain``, a ``ChainSegment`` (l_slow). The bias is that
        of the wave; energies of the run agree with theory to about 1e-10, the error of the integrator.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
    >>> wave = system.travelling_wave(50.0)
    >>> driven = ct.System(system.chain, system.interaction, bias=wave.bias)
    >>> run = driven.simulate(duration=10.0, **start_on_wave(wave.equations, wave.pulse, duration=10.0))
    >>> lost = np.diff(run.crossings["chain_energy"])
    >>> bool(abs(lost / wave.bias - 1.0).max() < 1e-8)
    True
    """
    chain, slope = equations.system.chain, equations.line.slope
    if chain.confinement == 0.0:
        raise ValueError(
            f"chain must have wells for a start on the wave, whose masses are at rest far away, got {chain!r}"
        )
    reached = math.ceil(sound_speed(chain) / chain.spacing * duration) + BEYOND_THE_CONE
    place = 0.5  # in spacings
    masses = np.arange(-reached, math.ceil(slope * duration) + reached + 1)
    displacement, rate = displacements(equations, unknowns, place - masses)
    numbers, weights = equations.harmonics
    waves = 2.0 * weights * equations.transform(equations.pulse(unknowns), numbers)
    waves = waves * np.exp(-2j * math.pi * place * numbers)
    return {
        "position": chain.spacing * place + float(np.sum(waves.real)),
        "speed": slope * (chain.spacing + float(np.sum((-2j * math.pi * numbers * waves).real))),
        "chain": ChainSegment(
            int(masses[0]),
            np.stack([displacement, slope * rate / (2.0 * math.pi) + 0.5 * chain.damping * displacement]),
        ),
    }


def displacements(equations: WaveEquations, unknowns: Array, times: Array) -> tuple[Array, Array]:
    """Displacement R of a mass (l_slow) and its derivative, at times in units of the transit time."""
    line, step, pulse = equations.line, equations.grid.step, equations.pulse(unknowns)
    found = zeros(line, HIGHEST)
    heights = np.unique(np.concatenate([[0.0, HIGHEST], np.minimum(np.abs(found.x.imag), HIGHEST)]))
    widest = int(np.argmax(np.diff(heights)))
    height, clearance = 0.5 * (heights[widest + 1] + heights[widest]), 0.5 * (heights[widest + 1] - heights[widest])
    near = DIGITS / (2.0 * math.pi * height)  # farther away the integral along the line is below 1e-16
    wave_numbers, ahead = found.x, found.ahead
    with np.errstate(all="ignore"):  # of two that coalesce, which are replaced
        amplitudes = 2j * math.pi * equations.transform(pulse, found.x) / found.slope
    if equations.resonant is not None:
        tangency, pair, slopes = coalescing_pair(line, equations.resonant)
        both = [np.argsort(np.abs(found.x - one))[:2] for one in (tangency, -tangency)]
        own = [complex(*unknowns[pulse.size :]), *(2j * math.pi * equations.transform(pulse, pair[1:]) / slopes[1:])]
        wave_numbers = np.concatenate([np.delete(found.x, both), pair, -pair.conj()])
        amplitudes = np.concatenate([np.delete(amplitudes, both), own, np.conj(own)])
        ahead = np.concatenate([np.delete(found.ahead, both), [True, False, True, False]])
    count = math.ceil((DIGITS / (2.0 * math.pi * clearance) + 2.0 * near + 4.0) / step)
    real = np.fft.fftfreq(count, step)
    result = np.zeros((2, times.size))
    for side, here in ((1.0, times <= 0.0), (-1.0, times > 0.0)):
        waves = (np.abs(wave_numbers.imag) < height) & (ahead == (side > 0.0))
        _add(result, here, times, wave_numbers[waves], side * amplitudes[waves])
        x = real + 1j * side * height
        spectrum = equations.transform(pulse, x) / (line.value(x) * count * step)
        _add(result, here & (np.abs(times) < near), times, x, spectrum)
    return result[0], result[1]


def coalescing_pair(line: MovingDispersion, x: complex) -> tuple[float, Complex, Complex]:
    """The tangency e with Lambda'(e) = 0 near a zero x, that zero and the other one beside e, and Lambda' at both.

    The speed determines their distance 2 d to 1e-16/d only, and not at all where d is 1e-8. So d is taken from
    Lambda'(x) = h'(d), as the equations of the wave have it, and the other zero from h(d') = h(d), where
    h(d) = Lambda(e + d) - Lambda(e) is computed without cancellation.

    >>> import chaintheory as ct
    >>> line = MovingDispersion(ct.Chain(10.0, 40.0), slope=0.9995)
    >>> x = min(zeros(line, 0.03).x, key=lambda zero: abs(zero - 1.0))
    >>> e, pair, slopes = coalescing_pair(line, x)
    >>> bool(abs(line.value(pair)).max() < 1e-13), bool(abs(line.derivative(pair) - slopes).max() < 1e-12)
    (True, True)
    """
    e, slope = float(complex(x).real), complex(line.derivative(x))
    for _ in range(NEWTON):
        e -= float(line.derivative(e) / line.second_derivative(e))
    springs = [
        (j, spring_term(1.0, one), math.sin(2.0 * math.pi * j * e), math.cos(2.0 * math.pi * j * e))
        for j, one in enumerate(line.chain.couplings, 1)
    ]

    def h(d: complex) -> complex:
        total = -((line.slope * d) ** 2)
        for j, wide, sine, cosine in springs:
            y = 2.0 * math.pi * j * d
            cubic = -(y**3) / 6.0 * (1.0 - y**2 / 20.0 * (1.0 - y**2 / 42.0 * (1.0 - y**2 / 72.0)))  # sin y - y
            total += wide * (cosine * cmath.sin(0.5 * y) ** 2 + 0.5 * sine * cubic)
        return total

    def rate(d: complex) -> complex:
        total = -2.0 * line.slope**2 * d
        for j, wide, sine, cosine in springs:
            y = 2.0 * math.pi * j * d
            total += math.pi * j * wide * (cosine * cmath.sin(y) - 2.0 * sine * cmath.sin(0.5 * y) ** 2)
        return total

    curvature = float(line.second_derivative(e))
    here = complex(x) - e
    for _ in range(NEWTON):
        here += (slope - rate(here)) / curvature
    there = -here
    for _ in range(NEWTON if here else 0):
        there += (h(here) - h(there)) / rate(there)
    return e, np.array([x, x + there - here]), np.array([slope, rate(there)])


def _add(result: Array, where: NDArray[np.bool_], times: Array, x: NDArray[Any], amplitudes: NDArray[Any]) -> None:
    """Add the waves with wave numbers x, and their derivatives, at the chosen times."""
    chosen = np.flatnonzero(where)
    for some in np.array_split(chosen, math.ceil(chosen.size * x.size / 2**22) or 1):  # 64 MB at once
        phases = np.exp(-2j * math.pi * np.outer(times[some], x))
        result[0, some] += (phases @ amplitudes).real
        result[1, some] += (phases @ (-2j * math.pi * x * amplitudes)).real
