"""A trapped particle rings at two frequencies outside the band."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Spectrum of a trapped particle"
CAPTION = """Spectrum of the motion of a particle bound to one mass (amplitude -400, width 4), let
go 0.01 away from it. Shaded: the phonon band, which takes the energy of whatever rings within it.
Dashed: the two frequencies outside the band that the linearised theory predicts, where nothing is
radiated; the inset shows the lower one, close to the band."""

AMPLITUDE, WIDTH, RELEASED = -400.0, 4.0, 0.01
# The lower frequency lies 0.0054 below the band: the longer run tells the two apart.
FULL, QUICK = 2000.0, 100.0


def outside_frequencies(system: System) -> tuple[float, float]:
    r"""Return the two frequencies outside the band at which a bound particle does not radiate.

    With the stiffness k = Phi''(0) of a Gaussian well at its bottom and the chain's response
    G(omega) = <1/(omega^2 - omega(theta)^2)> = -+ 1/sqrt((1 - omega^2)(omega_fast^2 - omega^2)),
    the coupled motion asks for k mu omega^2 G + k - mu omega^2 = 0.

    ValueError if the interaction does not bind.

    >>> from chaintheory import Chain, Gaussian, System
    >>> low, high = outside_frequencies(System(Chain(10.0, 40.0), Gaussian(-400.0, 4.0)))
    >>> round(low, 6), round(high, 6)
    (0.994628, 10.47147)
    """
    from scipy.optimize import brentq

    well, top, mass = system.interaction, system.chain.omega_fast, system.mass
    depth = -float(well.potential(0.0))
    stiffness = depth / well.width**2
    if not stiffness > 0.0:
        raise ValueError(f"amplitude must be negative for a bound particle, got {-depth!r}")

    def imbalance(omega: float) -> float:
        square = omega * omega
        root = math.sqrt((square - 1.0) * (square - top * top))
        response = -1.0 if omega < 1.0 else 1.0
        return response * stiffness * mass * square + (stiffness - mass * square) * root

    edge = 1e-12
    low = brentq(imbalance, 1e-9, 1.0 - edge, xtol=1e-14)
    highest = 2.0 * (top + math.sqrt(stiffness * (1.0 + 1.0 / mass)))
    high = brentq(imbalance, top * (1.0 + edge), highest, xtol=1e-14)
    return float(low), float(high)


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the spectrum of the motion and the predicted frequencies beside the peaks found."""
    system = System(Chain(10.0, 40.0), Gaussian(AMPLITUDE, WIDTH))
    run = simulated(system, position=RELEASED, speed=0.0, duration=QUICK if quick else FULL)
    frequency, amplitude = spectrum(run.time, run.position)
    low, high = outside_frequencies(system)
    shown = frequency <= 1.3 * system.chain.omega_fast
    return {
        "omega_fast": system.chain.omega_fast,
        "frequency": frequency[shown],
        "amplitude": amplitude[shown],
        "predicted": [low, high],
        "simulated": [peak(frequency, amplitude, near) for near in (low, high)],
    }


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


def draw(numbers: dict[str, Any]) -> Figure:
    """Draw the spectrum, the band and the predicted frequencies."""
    figure, axes = style.new(0.72)
    axes.axvspan(1.0, numbers["omega_fast"], color="0.88", lw=0, label="phonon band")
    for at, omega in enumerate(numbers["predicted"]):
        axes.axvline(omega, color=style.VERMILLION, ls="--", lw=0.8,
                     label=None if at else "predicted")  # fmt: skip
    axes.plot(numbers["frequency"], numbers["amplitude"], color=style.BLUE, lw=0.8,
              label="simulated")  # fmt: skip
    axes.set(xlabel=r"frequency $\omega$ $(\Omega_\mathrm{slow})$",
             ylabel=r"amplitude $(l_\mathrm{slow})$", yscale="log", xlim=(0, 12.5), xticks=range(0, 13, 2),
             ylim=(1e-9, 0.3))  # fmt: skip
    axes.legend(loc="center left", bbox_to_anchor=(0.47, 0.6), frameon=True, framealpha=1.0, edgecolor="0.7")
    # The lower of the two is close to the band.
    near = axes.inset_axes((0.15, 0.3, 0.28, 0.55))
    near.axvspan(1.0, numbers["omega_fast"], color="0.88", lw=0)
    near.axvline(numbers["predicted"][0], color=style.VERMILLION, ls="--", lw=0.8)
    near.plot(numbers["frequency"], numbers["amplitude"], color=style.BLUE, lw=0.8)
    near.set(xlim=(0.975, 1.015), xticks=(0.98, 1.0), ylim=axes.get_ylim(), yscale="log")
    near.tick_params(labelleft=False)
    return figure
