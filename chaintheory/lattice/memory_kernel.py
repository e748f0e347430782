r"""Memory kernel and exact propagators of the free chain.

The free chain obeys u'' = -(2 pi)^2 D u. With p = u'/(2 pi) its flow over a time tau is

    u -> C u + S p,    p -> -D u + C p,

with the kernels C_n = <cos(2 pi tau omega)>, S_n = <sin(2 pi tau omega)/omega> and
D_n = <omega sin(2 pi tau omega)>, where <f>_n is the average of f(theta) cos(2 n theta) over the
band. S_n is the memory kernel Gamma_n(tau) of Eq. 5. All three integrands are periodic and
analytic in theta, so that the equidistant sum over a ring of N masses differs from the integral
over the infinite chain only by what has travelled around the ring, and one real FFT gives all n.

With a damping gamma, u'' = -(2 pi)^2 D u - 2 pi gamma u', the same form holds for u and p = u'/(2 pi) + gamma u/2, with
W = sqrt(omega^2 - gamma^2/4) in the place of omega and a factor exp(-pi gamma tau) in all three kernels; W is imaginary
for an overdamped mode. S_n remains the response of the displacement to an impulse.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.lattice.dispersion import frequency_squared, square
from chaintheory.support.validation import real_array

if TYPE_CHECKING:
    from chaintheory.parameters import ChainParameters

Array = NDArray[np.float64]

# What is neglected of a kernel, relative to its largest values.
NEGLECTED = 1e-16
# Kernels are made in portions of about this many numbers, to bound the memory in use.
_PORTION = 1 << 21
# Masses of the largest ring: about 1 GiB.
LARGEST_RING = 1 << 23


@lru_cache(maxsize=1024)
def half_width(chain: ChainParameters, duration: float, neglected: float = NEGLECTED) -> int:
    r"""Return n beyond which a bound of all kernels over ``duration`` is below ``neglected``.

    Shifting the path of integration to theta + i b bounds each kernel by
    exp(-2 n b + 2 pi \|duration\| M(b)) times its prefactor, M(b) being the largest imaginary part
    of omega on the shifted path; every b gives a bound, the best of a grid is taken. At b -> 0 this is the sound cone.
    A negative duration is one backward in time, where a damped chain spreads farther.

    >>> from chaintheory import Chain
    >>> half_width(Chain(10.0, 40.0), 1 / 600)
    6
    """
    if duration == 0.0:
        return 0
    shift, growth, prefactor = _shifted_paths(chain.omega_fast) if chain.minimal else _any_shifted_paths(chain)
    # Backward in time a damped chain grows.
    growth = np.maximum(growth - math.copysign(0.5 * chain.damping, duration), 0.0) if chain.damping else growth
    elapsed = 2.0 * math.pi * abs(duration)
    exponent = elapsed * growth + prefactor - math.log(neglected)
    if not chain.minimal:
        exponent = exponent + math.log1p(elapsed)
    return math.ceil(float(np.min(exponent / (2.0 * shift))))


@lru_cache(maxsize=32)
def _shifted_paths(omega_fast: float) -> tuple[Array, Array, Array]:
    r"""Shifts b, the largest \|Im omega(theta + i b)\|, and the log of a bound on \|omega\|."""
    shift = np.geomspace(1e-6, 8.0, 600)
    # With c = cos 2 theta, omega^2 = z = 1 + (omega_fast^2 - 1)/2 (1 - c cosh 2b + i sin 2 theta sinh 2b) and
    # (Im omega)^2 = (|z| - Re z)/2. Its derivative with respect to c vanishes once, at c = cosh 2b (omega_fast - 1)/
    # (omega_fast + 1); where that is above 1 the largest value is at c = 1.
    place = np.minimum(np.cosh(2.0 * shift) * (omega_fast - 1.0) / (omega_fast + 1.0), 1.0)
    wave = place * np.cosh(2.0 * shift) - 1j * np.sqrt(1.0 - place**2) * np.sinh(2.0 * shift)
    frequency = np.sqrt(frequency_squared(0.5 * (1.0 - wave), omega_fast))
    # One part in 10^9 for the rounding.
    return shift, (1.0 + 1e-9) * frequency.imag, np.log(omega_fast * np.cosh(shift))


@lru_cache(maxsize=32)
def _any_shifted_paths(chain: ChainParameters) -> tuple[Array, Array, Array]:
    r"""``_shifted_paths`` of any chain: the largest \|Im W(theta + i b)\| on a grid of angles, and what lies between.

    Beside a point of the grid omega^2 = z differs by at most delta, the distance times a bound of its slope, and the
    square roots of two numbers differ by at most sqrt(delta), or delta/sqrt(\|z\| - delta) far from 0.
    """
    shift = np.geomspace(1e-4, 8.0, 160)
    count = 512 * (len(chain.couplings) + 1)
    angle = math.pi * np.arange(count // 2 + 1) / count
    growth, size = np.empty(shift.size), np.empty(shift.size)
    for index, b in enumerate(shift):
        z = square(chain, angle + 1j * b) - 0.25 * chain.damping**2
        slope = sum(abs(4.0 * j * one) * math.cosh(2.0 * j * b) for j, one in enumerate(chain.couplings, 1))
        delta = 0.5 * math.pi / count * slope
        far = np.abs(z) - delta
        between = np.where(far > delta, delta / np.sqrt(np.maximum(far, 1e-300)), math.sqrt(delta))
        growth[index] = (1.0 + 1e-9) * float(np.max(np.abs(np.sqrt(z).imag) + between))
        size[index] = math.sqrt(float(np.max(np.abs(z))) + delta)
    return shift, growth, np.log(np.maximum(size, 1.0))


def ring_frequencies(chain: ChainParameters, size: int) -> NDArray[np.longdouble]:
    """Frequencies of a ring of ``size`` masses, modes 0 .. size//2, in extended precision; without the damping."""
    theta = np.arange(size // 2 + 1, dtype=np.longdouble) * (_PI / size)
    if not chain.minimal:
        return np.asarray(np.sqrt(square(chain, theta)))
    sine = np.sin(theta)
    top = np.longdouble(chain.omega_fast)
    return np.asarray(np.sqrt(frequency_squared(sine * sine, top)))


# pi to the precision of the longdouble at hand: the double and its remainder.
_PI = np.longdouble(math.pi) + np.longdouble(1.2246467991473532e-16)


def phases(frequency: NDArray[np.longdouble], times: ArrayLike) -> tuple[Array, Array]:
    """Cosine and sine of 2 pi times frequency, shape (len(times), len(frequency)).

    The whole cycles are taken off in extended precision: at tau = 1000 a double product has lost
    five digits of the phase.
    """
    cycles = np.asarray(times, dtype=np.longdouble)[:, None] * frequency[None, :]
    angle = (2.0 * math.pi) * (cycles - np.rint(cycles)).astype(np.float64)
    return np.cos(angle), np.sin(angle)


def mode_propagators(
    chain: ChainParameters, frequency: NDArray[np.longdouble], times: ArrayLike
) -> tuple[Array, Array, Array]:
    """The multipliers of the modes in C, S and D, shape (len(times), len(frequency)), of any chain."""
    if not chain.damping:
        cosine, sine = phases(frequency, times)
        omega = frequency.astype(np.float64)
        if omega.size and omega[0] > 0.0:
            return cosine, sine / omega, sine * omega
        over = np.divide(sine, omega, out=np.zeros_like(sine), where=omega > 0.0)
        over[:, omega == 0.0] = 2.0 * math.pi * np.asarray(times, dtype=np.float64)[:, None]
        return cosine, over, sine * omega
    half = 0.5 * chain.damping
    squared = frequency * frequency - np.longdouble(half) * half
    elapsed = 2.0 * math.pi * np.asarray(times, dtype=np.float64)[:, None]
    root = np.sqrt(np.abs(squared))
    cosine, sine = phases(root, times)
    decay, width = np.exp(-half * elapsed), root.astype(np.float64)
    small = np.abs(elapsed * width) < 1e-4
    safe = np.where(width > 0.0, width, 1.0)
    over = np.where(small, elapsed * (1.0 - (elapsed * width) ** 2 / 6.0), sine / safe)
    c, s, d = decay * cosine, decay * over, decay * sine * width
    overdamped = np.flatnonzero(squared < 0.0)
    if overdamped.size:
        rate = width[overdamped]
        # rate - gamma/2 without cancellation, and cosh, sinh as sums of two decaying exponentials.
        slow = -(frequency[overdamped] ** 2 / (root[overdamped] + half)).astype(np.float64)
        grown, left = np.exp(elapsed * slow), -np.expm1(-2.0 * elapsed * rate)
        few = small[:, overdamped]
        early = decay * elapsed * (1.0 + (elapsed * rate) ** 2 / 6.0)
        over = np.where(few, early, 0.5 * grown * left / safe[overdamped])
        c[:, overdamped], s[:, overdamped] = 0.5 * grown * (2.0 - left), over
        d[:, overdamped] = -over * rate * rate
    return c, s, d


def propagators(chain: ChainParameters, times: ArrayLike, width: int) -> tuple[Array, Array, Array]:
    """Kernels C, S, D for lags 0 .. width at each time, each of shape (len(times), width + 1).

    The ring is so large that what travels around it is below 1e-16 within ``width``.
    """
    times = np.asarray(times, dtype=np.float64)
    longest = float(np.max(np.abs(times), initial=0.0))
    backward = bool(chain.damping) and float(np.min(times, initial=0.0)) < 0.0
    size = even_fast_length(width + half_width(chain, -longest if backward else longest) + 1)
    frequency = ring_frequencies(chain, size)

    def kernel(spectrum: Array) -> Array:
        return np.ascontiguousarray(np.fft.irfft(spectrum, n=size, axis=1)[:, : width + 1])

    c, s, d = mode_propagators(chain, frequency, times)
    return kernel(c), kernel(s), kernel(d)


def memory_kernel(chain: ChainParameters, lags: ArrayLike, times: ArrayLike) -> Array:
    r"""Memory kernel of Eq. 5, the response of mass l + n at tau to an impulse on mass l at 0.

    Gamma_n(tau) = (2/pi) int_0^{pi/2} cos(2 n theta) sin(2 pi tau omega)/omega dtheta

    Parameters
    ----------
    chain
        The chain.
    lags
        Whole numbers n, one-dimensional (or one number); the kernel is even in n.
    times
        Times tau in units of t_slow, one-dimensional (or one number); odd in tau, not negative with damping.

    Returns
    -------
    Array of shape (len(lags), len(times)), error about 1e-15 (where ``numpy.longdouble`` is wider
    than a double; elsewhere about 1e-16 times the largest 2 pi tau omega_fast).

    Raises
    ------
    ValueError
        For lags that are no whole numbers, or anything not finite.

    >>> from chaintheory import Chain
    >>> memory_kernel(Chain(10.0, 40.0), [0, 1], [0.0, 0.25]).round(6)
    array([[0.      , 0.06207 ],
           [0.      , 0.034863]])
    """
    lag = np.atleast_1d(real_array("lags", lags))
    time = np.atleast_1d(real_array("times", times))
    for name, array in (("lags", lag), ("times", time)):
        if array.ndim != 1:
            raise ValueError(f"{name} must be one-dimensional, got an array of shape {array.shape}")
    if chain.damping and np.any(time < 0.0):
        raise ValueError(f"times must not be negative for a chain with damping, got {float(time.min())!r}")
    if np.any(lag != np.rint(lag)) or np.any(np.abs(lag) > 2**40):
        raise ValueError(f"lags must be whole numbers, got {lag[lag != np.rint(lag)][:1]}")
    longest = float(np.max(np.abs(time), initial=0.0))
    # The cone is at most pi (omega_fast - 1) masses wide per unit time.
    if longest > LARGEST_RING or half_width(chain, longest) > LARGEST_RING:
        raise ValueError(f"times must be so short that sound reaches at most {LARGEST_RING} masses, got {longest:g}")
    index = np.abs(lag).astype(np.int64)
    result = np.zeros((lag.size, time.size))
    order = np.argsort(np.abs(time), kind="stable")
    start = 0
    while start < order.size:
        # Times of a like length share a ring: its size follows the longest of them.
        first = max(abs(time[order[start]]), 0.1)
        within = half_width(chain, min(2.0 * first, float(np.abs(time[order[-1]]))))
        rows = max(1, _PORTION // (within + 64))
        chosen = order[start : start + rows]
        chosen = chosen[np.abs(time[chosen]) <= 2.0 * first]
        start += chosen.size
        within = half_width(chain, float(np.abs(time[chosen[-1]])))
        inside = index <= within  # beyond, the kernel is below 1e-16
        if not inside.any():
            continue
        width = int(index[inside].max())
        size = even_fast_length(width + within + 1)
        frequency = ring_frequencies(chain, size)
        _, response, _ = mode_propagators(chain, frequency, time[chosen])
        kernel = np.fft.irfft(response, n=size, axis=1)
        result[np.ix_(np.flatnonzero(inside), chosen)] = kernel[:, index[inside]].T
    return result


def even_fast_length(size: int) -> int:
    """Smallest even number of at least ``size`` with no prime factor above 5.

    >>> even_fast_length(2 * 7 * 11)
    160
    """
    from scipy.fft import next_fast_len

    return 2 * next_fast_len((size + 1) // 2, real=True)
