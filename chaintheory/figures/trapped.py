"""A trapped particle rings at two frequencies outside the band."""

from __future__ import annotations

from typing import Any

from chaintheory.comparison.bound_state import outside_frequencies, peak, spectrum
from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Spectrum of a trapped particle"
CAPTION = """Spectrum of the motion of a particle bound to one mass (amplitude -400, width 4), let
go 0.01 away from it. Shaded: the phonon band, which takes the energy of whatever rings within it.
Dashed: the two frequencies outside the band that the linearised theory predicts, where nothing is
radiated; the inset shows the lower one, close to the band."""

AMPLITUDE, WIDTH, RELEASED = -400.0, 4.0, 0.01
# The lower frequency lies 0.0054 below the band: the longer run tells the two apart.
FULL, QUICK = 2000.0, 100.0


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


def draw(numbers: dict[str, Any]) -> style.Figure:
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
