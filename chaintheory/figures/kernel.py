"""How an impulse to one mass spreads along the chain: the memory kernel, Eq. 5."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.lattice.dispersion import band_width
from chaintheory.system import Chain

TITLE = "Propagation of an impulse"
CAPTION = """Memory kernel of Eq. (5), a pure number, for a band top of 10. (a) Displacement of mass n at a time
after an impulse to mass 0 (colours on a symmetric logarithmic scale); lines: sound cone, the
largest group speed. (b) The mass itself, with the two oscillations of the band's edges that remain at
late times and fall only as the inverse root of time."""


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the kernel on a grid of masses and times, and on mass 0 for longer."""
    chain = Chain(10.0, 40.0)
    masses = np.arange(-70, 71)
    times = np.linspace(0.0, 2.0, 200)
    long = np.linspace(0.02, 6.0, 1200)
    half = chain.memory_kernel(np.arange(71), times)
    return {
        "omega_fast": chain.omega_fast,
        "masses": masses,
        "times": times,
        "kernel": half[np.abs(masses)],
        "masses_per_time": chain.sound_speed / chain.spacing,
        "long_times": long,
        "on_site": chain.memory_kernel([0], long)[0],
        "late": late(chain, long),
    }


def late(chain: Chain, times: np.ndarray) -> np.ndarray:
    """Return the late-time form of the kernel on the mass itself: one tone of each band edge."""
    top = chain.omega_fast
    low = np.sin(2.0 * np.pi * times + 0.25 * np.pi)
    high = np.cos(2.0 * np.pi * top * times + 0.25 * np.pi)
    # The upper edge is hit from below, so that its phase has the other sign.
    return (low - high / np.sqrt(top)) / np.sqrt(band_width(top) * times) / np.pi


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the map with the sound cone, and the cut."""
    from matplotlib.colors import SymLogNorm

    figure, (above, below) = style.new(1.3, rows=2, height_ratios=(1.5, 1))
    kernel = np.asarray(numbers["kernel"])
    norm = SymLogNorm(1e-3, vmin=-0.3, vmax=0.3, base=10)
    drawn = above.pcolormesh(numbers["times"], numbers["masses"], kernel, norm=norm, cmap="RdBu_r", rasterized=True)
    times = np.array([0.0, 2.0])
    for sign in (-1, 1):
        above.plot(times, sign * numbers["masses_per_time"] * times, color=style.BLACK, lw=0.8,
                   ls="--", label="sound cone" if sign > 0 else None)  # fmt: skip
    above.set(xlabel=style.TIME, ylabel="mass $n$", xlim=(0, 2), ylim=(-70, 70))
    above.legend(loc="lower left")
    figure.colorbar(drawn, ax=above, label=r"$\Gamma_n(\tau)$", pad=0.01)
    below.plot(numbers["long_times"], numbers["on_site"], color=style.BLUE, label=r"$\Gamma_0$")
    below.plot(numbers["long_times"], numbers["late"], color=style.VERMILLION, ls="--", lw=0.8,
               label="band edges")  # fmt: skip
    below.set(xlabel=style.TIME, ylabel=r"$\Gamma_0(\tau)$", xlim=(0, 6), ylim=(-0.12, 0.25))
    below.legend(loc="upper right", ncols=2)
    style.label(above, "(a) all masses")
    style.label(below, "(b) the mass itself")
    return figure
