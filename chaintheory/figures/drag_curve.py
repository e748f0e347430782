"""The exact bias against the mean speed, both signs, beside its approximations and simulated runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.comparison.on_the_wave import start_on_wave
from chaintheory.dissipation import steady_state
from chaintheory.dissipation.wave_equations import Force, WaveEquations
from chaintheory.drift.continuation import ByDistance, grid_of, solution
from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Bias that sustains a steady drift"
CAPTION = """Bias that sustains a mean speed, which is the mean dissipation per pass (amplitude 2 and -2,
width 4, spacing 40, band top 10). (a) Solid: exact steady drift, the travelling wave, repulsive and
attractive; symbols: mean loss of runs that start on the wave, particle and chain, equal to nine digits;
dashed: Eq. (10), the same for both signs; dotted: static-lattice approximation. (b) Resonance n = 2 at the
speed v_2. Eq. (10) diverges from above; the exact bias has a finite peak and passes through the resonance
(symbols) with a vertical tangent, at the bias that the other phonons carry off. The line of the attracted
particle ends where its branch folds back."""

CHAIN = Chain(10.0, 40.0)
AMPLITUDES = {"repulsive": 2.0, "attractive": -2.0}
LOWEST, HIGHEST = 14.0, 60.0
SIMULATED, DURATION = (16.0, 21.0, 25.0, 32.0, 45.0, 55.0), 30.0
# Distances p from the resonance in panel (b), from below through it; the other way a branch is followed to its peak.
FARTHEST = 5e-3
DISTANCES: Any = np.concatenate([
    -np.geomspace(FARTHEST, 1e-5, 16), [0.0], np.geomspace(1e-6, 1.5e-5, 6), np.linspace(2e-5, 1.2e-4, 14),
    np.geomspace(1.5e-4, FARTHEST, 14),
])  # fmt: skip
PEAK = 28  # 6.6e-5


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return the curves of both signs, the simulated points, and the branches through the resonance n = 2."""
    numbers: dict[str, Any] = {}
    for name, amplitude in AMPLITUDES.items():
        system = System(CHAIN, Gaussian(amplitude, 4.0))
        resonances = [r for r in system.resonant_speeds(LOWEST, HIGHEST) if r.edge == "lower"]
        speed = speeds([r.speed for r in resonances], quick=quick)
        waves = [system.travelling_wave(v) for v in (SIMULATED[1::3] if quick else SIMULATED)]
        (second,) = (r for r in resonances if r.n == 2)
        branches = [through(system, second, DISTANCES)]
        if len(branches[0]["bias"]) < DISTANCES.size:
            branches.append(through(system, second, DISTANCES[: PEAK - 1 : -1]))
        numbers[name] = {
            "speed": speed,
            "exact": system.mean_dissipation(speed, approximation="travelling-wave"),
            "eq10": system.mean_dissipation(speed),
            "static_lattice": system.mean_dissipation(speed, approximation="static-lattice"),
            "simulated": [{"speed": w.speed, "exact": w.bias, "simulated": simulated(system, w)} for w in waves],
            "resonance": {"speed": second.speed, "branches": branches},
        }
        detuning = np.concatenate([-np.geomspace(3e-4, 1e-8, 30), np.geomspace(1e-8, 3e-4, 60)])
        # The face would warn that Eq. 10 exceeds the kinetic energy here, which the picture shows.
        eq10 = steady_state.mean_dissipation(system, second.speed * (1.0 + detuning))
        numbers[name]["resonance"] |= {"detuning": detuning, "eq10": eq10}
    return numbers


def speeds(resonances: list[float], *, quick: bool) -> Any:
    """Speeds that are dense on both sides of each resonance of the lower edge, as far as the picture shows."""
    near = np.geomspace(3e-3, 2.0, 3 if quick else 14)
    all_ = [np.linspace(LOWEST, HIGHEST, 10 if quick else 90)]
    all_ += [v + side * near for v in resonances for side in (-1.0, 1.0)]
    found = np.unique(np.concatenate(all_))
    return found[(found >= LOWEST) & (found <= HIGHEST)]


def simulated(system: System, wave: Any) -> float:
    """Mean loss per pass of a run that starts on the wave."""
    driven = System(system.chain, system.interaction, bias=wave.bias)
    run = driven.simulate(duration=DURATION, **start_on_wave(wave.equations, wave.pulse, DURATION))
    energy = run.crossings["chain_energy"]
    return float(energy[-1] - energy[0]) / (energy.size - 1)


def through(system: System, resonance: Any, distances: Any) -> dict[str, list[float]]:
    """Speeds and biases of the branch that begins at the first distance, until it turns back.

    On the grid of branches, 5 points in a width: on one twice as fine the biases differ by 3e-8 of them at most.
    """
    force = Force.of(system)
    grid = grid_of(system, force)
    family = ByDistance(system, force, grid, resonance)
    first = family.speed_beside(FARTHEST, above=distances[0] > 0.0)
    unknowns = np.append(WaveEquations(system, force, first, grid).from_weak_coupling(), [0.0, 0.0])
    rows: dict[str, list[float]] = {"detuning": [], "bias": []}
    for distance in distances.tolist():
        found = solution(family, distance, unknowns)
        # A large change of the pulse is a jump to another branch.
        if found is None or (rows["bias"] and np.abs((found.unknowns - unknowns)[:-2]).max() > 0.3):
            break
        unknowns = found.unknowns
        rows["detuning"].append(found.speed / resonance.speed - 1.0)
        rows["bias"].append(found.bias)
    return rows


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw the curves of both signs, and the resonance n = 2."""
    figure, (axes, near) = style.new(1.5, rows=2)
    looks = {"repulsive": style.REPULSIVE, "attractive": style.ATTRACTIVE}
    scale = 1e3 * numbers["repulsive"]["resonance"]["speed"]
    for name, look in looks.items():
        one = numbers[name]
        colour = look["color"]
        axes.plot(one["speed"], one["exact"], color=colour, label=f"exact, {name}")
        axes.plot(one["speed"], one["static_lattice"], color=colour, ls=":", lw=0.9)
        points = one["simulated"]
        axes.plot(
            [p["speed"] for p in points], [p["simulated"] for p in points], ls="", mfc="white", mew=0.8, ms=4, **look
        )
        for branch in one["resonance"]["branches"]:
            near.plot(scale * np.array(branch["detuning"]), branch["bias"], color=colour)
            if 0.0 in branch["detuning"]:
                at = branch["detuning"].index(0.0)
                near.plot(0.0, branch["bias"][at], mfc="white", mew=0.8, ms=4, **look)
    one = numbers["repulsive"]
    axes.plot(one["speed"], one["eq10"], color=style.BLACK, ls="--", lw=0.7, label="Eq. (10)")
    axes.plot([], [], color=style.GREY, ls=":", lw=0.9, label="static lattice")
    axes.plot([], [], "o", color=style.GREY, mfc="white", mew=0.8, ms=4, label="simulated")
    one = one["resonance"]
    for side in (one["detuning"] < 0.0, one["detuning"] > 0.0):
        near.plot(scale * one["detuning"][side], one["eq10"][side], color=style.BLACK, ls="--", lw=0.7)
    bias = r"bias $\beta$ $(\hbar\Omega_\mathrm{slow})$"
    axes.set(xlabel="mean " + style.SPEED, ylabel=bias, yscale="log", xlim=(LOWEST, HIGHEST), ylim=(6e-4, 1.0))
    axes.legend(loc="lower right", ncols=2)
    style.label(axes, "(a) between resonances")
    unit = r"$(10^{-3}\,l_\mathrm{slow}/t_\mathrm{slow})$"
    near.set(xlabel=f"mean speed beside the resonance $v - v_2$ {unit}", ylabel=bias, yscale="log")
    near.set(xlim=(-0.4, 1.2), ylim=(2e-3, 8.0))
    style.label(near, "(b) through the resonance $n = 2$")
    return figure
