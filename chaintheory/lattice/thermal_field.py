r"""The chain at a temperature: energies of its modes, correlations of its displacements, and the field itself.

Each normal mode is an oscillator with random phase and the mean energy

    omega/2 coth(omega/2T)  (quantum sampling, the zero point included),   T  (classical sampling),

Gaussian in both. T is k_B T/(hbar Omega_slow). At T = 0 quantum sampling leaves the zero-point field, classical
sampling leaves the chain at rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.lattice.dispersion import band_width, square
from chaintheory.lattice.memory_kernel import NEGLECTED, even_fast_length, half_width, phases, ring_frequencies
from chaintheory.parameters import refuse_damping, refuse_no_wells
from chaintheory.support.validation import LARGEST, choice, number, real_array
from chaintheory_ext.generated.thermal import displacement_variance, quantum_energy

if TYPE_CHECKING:
    from chaintheory.parameters import ChainParameters

Array = NDArray[np.float64]

SAMPLINGS = ("quantum", "classical")
# Numbers of a table of correlations at once.
LARGEST_TABLE = 1 << 26
WIDEST_SHIFT = 8.0  # of an angle into the complex plane


def temperatures(value: ArrayLike) -> Array:
    """Return temperatures as an array of doubles within 0 .. 1e30; ValueError or TypeError otherwise."""
    result = real_array("temperature", value)
    if np.any((result < 0.0) | (result > LARGEST)):
        raise ValueError(f"temperature must be within 0 .. {LARGEST:g}, got {value!r}")
    return result


def one_temperature(value: float) -> float:
    """Return one temperature within 0 .. 1e30.

    >>> one_temperature(-1.0)
    Traceback (most recent call last):
    ...
    ValueError: temperature must be within 0 .. 1e+30, got -1.0
    """
    number("temperature", value)
    return float(temperatures(value))


def checked_sampling(value: str) -> str:
    """Return ``"quantum"`` or ``"classical"``."""
    return choice("sampling", value, SAMPLINGS)


def mode_energy(omega: Array, temperature: Array | float, sampling: str) -> Array:
    """Mean energy of modes (hbar Omega_slow) at frequencies and temperatures that broadcast.

    >>> mode_energy(np.array([1.0, 2.0]), 0.0, "quantum").tolist()
    [0.5, 1.0]
    >>> mode_energy(np.array([0.0, 2.0]), 3.0, "quantum").round(6).tolist()  # T where the frequency is 0
    [3.0, 3.110297]
    """
    if sampling == "classical":
        return np.broadcast_to(temperature, np.broadcast_shapes(np.shape(omega), np.shape(temperature)))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        energy = np.asarray(quantum_energy(omega, np.divide(omega, temperature)))
    return np.where(np.equal(omega, 0.0), temperature, energy) if np.any(np.equal(omega, 0.0)) else energy


def fading_width(chain: ChainParameters) -> int:
    """Masses over which correlations at one time fall to 1e-16, from the imaginary angle at which omega^2 is zero."""
    if chain.minimal:
        shift = math.asinh(1.0 / math.sqrt(band_width(chain.omega_fast)))
    else:
        shift = _analytic_shift(chain)
    return math.ceil(-math.log(NEGLECTED) / (2.0 * shift))


@lru_cache(maxsize=32)
def _analytic_shift(chain: ChainParameters) -> float:
    """Imaginary angle up to which Re omega^2 > 0, so that no function of omega^2 meets its cut along omega^2 <= 0.

    Re omega^2 is harmonic: its least value in a strip is on the strip's edges, and falls as the strip widens.
    """
    angle = np.linspace(0.0, 0.5 * math.pi, 512 * (len(chain.couplings) + 1) + 1)
    low, high = 0.0, WIDEST_SHIFT
    for _ in range(60):
        middle = 0.5 * (low + high)
        if np.min(square(chain, angle + 1j * middle).real) > 0.0:
            low = middle
        else:
            high = middle
    return low


def correlation(
    chain: ChainParameters, lags: ArrayLike, times: ArrayLike, temperature: float, sampling: str = "quantum"
) -> Array:
    r"""Correlation of the displacements of two masses: ``Chain.thermal_correlation``, which describes it.

    The sum over the modes of a ring so long that neither sound nor correlations at one time get around it.
    """
    lag = np.atleast_1d(real_array("lags", lags))
    time = np.atleast_1d(real_array("times", times))
    if lag.ndim != 1 or time.ndim != 1:
        raise ValueError(f"lags and times must be one-dimensional, got shapes {lag.shape} and {time.shape}")
    if np.any(lag != np.rint(lag)) or np.any(np.abs(lag) > 2**20):
        raise ValueError(f"lags must be whole numbers up to 2^20, got {lag.tolist()!r}")
    heat, sampling = one_temperature(temperature), checked_sampling(sampling)
    refuse_damping(chain, "a temperature")
    refuse_no_wells(chain, "thermal correlations")
    index = np.abs(lag).astype(np.int64)
    width = int(index.max(initial=0))
    longest = float(np.max(np.abs(time), initial=0.0))
    size = LARGEST_TABLE + 1
    if longest <= LARGEST_TABLE:  # no ring is looked for where sound alone gets beyond it
        size = even_fast_length(width + half_width(chain, longest) + fading_width(chain) + 1)
    if size * max(time.size, 1) > LARGEST_TABLE:
        raise ValueError(f"times must be so few and short that {LARGEST_TABLE} numbers do, got up to {longest:g}")
    frequency = ring_frequencies(chain, size)
    omega = frequency.astype(np.float64)
    cosine, _ = phases(frequency, time)
    spectrum = displacement_variance(mode_energy(omega, heat, sampling), omega) * cosine
    return np.ascontiguousarray(np.fft.irfft(spectrum, n=size, axis=1)[:, index].T)


def ring_modes(chain: ChainParameters, size: int) -> tuple[Array, Array]:
    """Frequencies of the modes 0 .. size/2 of a ring, and the weight of each in the displacement of one mass.

    Of two modes of one frequency one is even about the mass and moves it, the other is odd.
    """
    omega = ring_frequencies(chain, size).astype(np.float64)
    weight = np.full(omega.size, math.sqrt(2.0 / size))
    weight[[0, -1]] = math.sqrt(1.0 / size)
    return omega, weight


@dataclass(frozen=True, eq=False)
class ThermalField:
    """A free motion of the chain at a temperature: a Gaussian random field, stationary in time.

    Of a ring of ``size`` masses, mass ``origin`` first, so long that nothing gets around it; the spectra of u and p are
    those at time 0. The displacement at a later time is the harmonic propagation from there, in one step.
    """

    chain: ChainParameters
    origin: int
    size: int
    spectrum: NDArray[np.complex128]

    @classmethod
    def sampled(
        cls, chain: ChainParameters, temperature: float, sampling: str, seed: int, origin: int, size: int
    ) -> ThermalField:
        """Draw the field from NumPy's Philox(key=(seed, 0)): white noise, filtered by the energies of the modes."""
        noise = np.random.Generator(np.random.Philox(key=np.array([seed, 0], dtype=np.uint64))).standard_normal(
            (2, size)
        )
        omega = ring_frequencies(chain, size).astype(np.float64)
        momentum = np.sqrt(mode_energy(omega, temperature, sampling))
        return cls(chain, origin, size, np.fft.rfft(noise) * np.stack((momentum / omega, momentum)))

    def window(self, time: float, first: int, count: int) -> Array:
        """Rows u and p of ``count`` masses from ``first`` on, at a time; around the ring as often as it takes."""
        return np.take(_at(self, time), first - self.origin + np.arange(count), axis=1, mode="wrap")


@lru_cache(maxsize=4)
def _at(field: ThermalField, time: float) -> Array:
    """The whole ring at a time."""
    frequency = ring_frequencies(field.chain, field.size)
    omega = frequency.astype(np.float64)
    (cosine,), (sine,) = phases(frequency, [time])
    u, p = field.spectrum
    return np.fft.irfft(np.stack((cosine * u + sine / omega * p, cosine * p - sine * omega * u)), n=field.size)
