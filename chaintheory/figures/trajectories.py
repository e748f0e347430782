"""Trajectories of both signs over the motion of the chain, with the sound cone (paper's Fig. 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.figures import style
from chaintheory.figures.cache import simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.lattice.dispersion import frequency, sound_speed
from chaintheory.system import Chain, System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chaintheory.simulation.record import Trajectory

TITLE = "Particle, chain and sound cone"
CAPTION = """A particle shot into a chain at rest with speed 120: (a) amplitude 20, (b) amplitude
-20 (width 4). Colours: displacement of the masses (symmetric logarithmic scale); black: the
particle; dashed: sound cone of its start. (c) The whole way of both: they slow down, and stop when
they can no longer pass a mass."""

AMPLITUDE, SPEED, START = 20.0, 120.0, 220.0
WINDOW = 6.0  # time of the colour maps
FULL, QUICK = 125.0, 40.0
MASSES = np.arange(-180, 200)


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return both trajectories and the displacement of the chain around the start."""
    numbers: dict[str, Any] = {"masses": MASSES}
    for name, sign in (("repulsive", 1.0), ("attractive", -1.0)):
        system = System(Chain(10.0, 40.0), Gaussian(sign * AMPLITUDE, 4.0))
        run = simulated(system, position=START, speed=SPEED, duration=QUICK if quick else FULL)
        times, displacements = chain_motion(run, WINDOW, MASSES)
        every = max(1, run.time.size // 1500)
        numbers[name] = {
            "time": run.time[::every],
            "position": run.position[::every],
            "map_times": times,
            "displacements": np.round(displacements, 7),
        }
    numbers["sound_speed"] = system.chain.sound_speed
    numbers["spacing"] = system.chain.spacing
    return numbers


def chain_motion(run: Trajectory, until: float, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times and the displacements of ``masses``, shape (times, masses), from a run's forces.

    A ring of masses, too long to be gone round in the time, is carried by its modes and kicked at
    every stored step by the force that the run's particle exerts on the masses near it.
    """
    system, spacing = run.system, run.system.chain.spacing
    step = float(run.time[1] - run.time[0])
    rows = round(until / step)
    cone = int(until * sound_speed(system.chain) / spacing)
    size = 1 << int(np.ceil(np.log2(4 * cone + 2 * masses.size)))
    wave = 2.0 * np.pi * np.arange(size // 2 + 1) / size
    omega = frequency(system.chain, 0.5 * wave)
    cosine, sine = np.cos(2 * np.pi * step * omega), np.sin(2 * np.pi * step * omega)
    u = np.zeros(wave.size, dtype=complex)  # mode amplitudes of displacement and of u'/(2 pi)
    p = np.zeros_like(u)
    around = np.arange(-2, 3)
    every = max(1, rows // 300)
    maps = []
    for row in range(rows + 1):
        position = run.position[row]
        near = round(float(position) / spacing) + around
        phase = np.exp(1j * np.outer(near, wave))
        # Twice the real part, but mode 0 and the last one count once.
        weight = np.full(wave.size, 2.0)
        weight[[0, -1]] = 1.0
        shift = (phase * (weight * u)).real.sum(axis=1) / size
        force = -system.interaction.slope(near * spacing + shift - position)
        p += 2.0 * np.pi * step * (1.0 if row else 0.5) * (force[:, None] * phase.conj()).sum(axis=0)
        if row % every == 0:
            maps.append(np.fft.irfft(u, size)[masses % size])
        u, p = cosine * u + sine / omega * p, cosine * p - omega * sine * u
    return step * every * np.arange(len(maps)), np.array(maps)


def draw(numbers: dict[str, Any]) -> Figure:
    """Draw both maps and the whole trajectories."""
    from matplotlib.colors import SymLogNorm

    figure, panels = style.new(1.9, rows=3)
    places = np.asarray(numbers["masses"]) * numbers["spacing"] / 1000.0
    norm = SymLogNorm(1e-3, vmin=-1.0, vmax=1.0, base=10)
    looks = {"repulsive": style.REPULSIVE, "attractive": style.ATTRACTIVE}
    titles = (r"(a) repulsive, $\Phi_0 = 20$", r"(b) attractive, $\Phi_0 = -20$")
    for axes, (name, look), text in zip(panels, looks.items(), titles, strict=False):
        one = numbers[name]
        drawn = axes.pcolormesh(one["map_times"], places, np.asarray(one["displacements"]).T,
                                norm=norm, cmap="RdBu_r", rasterized=True)  # fmt: skip
        times = np.array([0.0, WINDOW])
        for sign in (-1, 1):
            cone = START + sign * numbers["sound_speed"] * times
            axes.plot(times, cone / 1000.0, color=style.BLACK, lw=0.6, ls="--",
                      label="sound cone" if sign > 0 else None)  # fmt: skip
        axes.plot(one["time"], np.asarray(one["position"]) / 1000.0, color=style.BLACK, lw=1.0, label="particle")
        axes.legend(loc="lower left")
        axes.set(xlim=(0, WINDOW), ylim=(places[0], places[-1]), yticks=(-6, -3, 0, 3, 6))
        axes.set(xlabel=style.TIME, ylabel=r"position $(10^3\, l_\mathrm{slow})$")
        figure.colorbar(drawn, ax=axes, label=r"displacement $(l_\mathrm{slow})$", pad=0.01)
        style.label(axes, text)
        panels[2].plot(one["time"], np.asarray(one["position"]) / 1000.0, color=look["color"],
                       ls="-" if name == "repulsive" else "--", label=name)  # fmt: skip
    panels[2].set(xlabel=style.TIME, ylabel=r"position $(10^3\, l_\mathrm{slow})$")
    panels[2].legend(loc="lower right")
    style.label(panels[2], "(c) the whole way")
    return figure
