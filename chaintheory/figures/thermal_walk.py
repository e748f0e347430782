"""What a particle does in a hot chain in the long run: it flies, it diffuses, it leaves a drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaintheory.drift.escape import escape_rate
from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.simulation.walks import (
    Rate,
    arrhenius,
    escapes,
    fitted,
    flights,
    kramers,
    mean_squared_displacement,
    power,
    sampled_runs,
    tail_exponent,
    thermal_starts,
)
from chaintheory.support.block_means import block_mean
from chaintheory.system import Chain, System
from chaintheory_ext.generated.motion import acceleration

if TYPE_CHECKING:
    from numpy.typing import NDArray

TITLE = "Flights, diffusion and escape in a hot chain"
CAPTION = """(a) Mean squared displacement over twice the time without a bias (spacing 10, amplitude 4, width 2, k_B T
= 5, classical): it rises like the time (line: 2 pi^2 T tau/mu) as long as flights last, and bends over towards normal
diffusion. Dashed: second order, T alpha <v/Delta>/<exp(-U/T)>, each pass independent of the last. (b) Part of the
flights between two turning points that is longer than a length. A Levy flight would be a line no steeper than l^-2
(grey); the slope grows with the length instead. (c) Rate at which the mean speed of a drift at half the first
resonance (bias 0.01, amplitude 2, width 4, spacing 40) leaves the range 16.7 to 30, half-way to the neighbouring
resonances. Line: the walk of the energy over its barrier of 1.85, without a parameter; dashed: the most likely T
exp(-U/T); open: no run left."""

HEAT = 5.0
FREE = System(Chain(10.0, 10.0), Gaussian(4.0, 2.0))
STEP, EVERY = 0.01, 0.2
LAGS = (1, 2, 5, 10, 25, 50, 100, 200, 400, 800)  # in EVERY

DRIVEN = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
LOW, HIGH = 50.0 / 3.0, 30.0
WINDOW = 20.0
# Temperatures and durations in which about half of the runs leave.
DURATIONS = {0.35: 2000.0, 0.5: 2000.0, 0.7: 2000.0, 1.0: 2000.0, 1.4: 1200.0, 2.0: 800.0, 3.0: 600.0, 5.0: 400.0}


def walk(runs: int, duration: float, seed: int = 0) -> dict[str, Any]:
    """Kinetic energy, mean squared displacements and flights of free runs from equilibrium."""
    x, v = sampled_runs(FREE, *thermal_starts(FREE, HEAT, runs, seed), duration, EVERY, HEAT, STEP, seed)
    lags = [lag for lag in LAGS if lag <= x.shape[1] // 3]
    squares = [mean_squared_displacement(x, lag) for lag in lags]
    flown, kinetic = flights(x, v), block_mean(FREE.kinetic_energy(v))
    return {
        "temperature": HEAT, "runs": runs, "duration": duration, "diffusion_by_theory": float(FREE.diffusion(HEAT)),
        "kinetic_energy": kinetic.value, "kinetic_energy_error": kinetic.error,
        "time": np.array(lags) * EVERY, "squared": np.array([one.value for one in squares]),
        "squared_error": np.array([one.error for one in squares]),
        "flights": np.sort(np.concatenate(flown)), "tail": tail(flown),
    }  # fmt: skip


def tail(flown: list[NDArray[np.float64]]) -> list[tuple[float, int, float, float]]:
    """Length, number of longer flights, exponent of their tail and its error, at doubling lengths."""
    rows = []
    length = FREE.chain.spacing
    while (longer := int(np.sum(np.concatenate(flown) >= length))) >= 10:
        found = tail_exponent(flown, length)
        rows.append((length, longer, found.value, found.error))
        length *= 2.0
    return rows


def escape(runs: int, shortened: float = 1.0, seed: int = 0) -> list[Rate]:
    """Rates at which runs leave the range, from a start on the drift, in durations so many times as short."""
    rates = []
    start = np.full(runs, 0.5 * DRIVEN.chain.spacing), np.full(runs, 21.2)
    for number, (heat, duration) in enumerate(DURATIONS.items()):
        x, _ = sampled_runs(DRIVEN, *start, duration / shortened, WINDOW, heat, seed=seed + number * runs)
        rates.append(escapes(np.diff(x) / WINDOW, WINDOW, LOW, HIGH, heat))
    return rates


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return squares, flights and rates, with the laws fitted to these."""
    free = walk(6, 40.0) if quick else walk(64, 300.0)
    rates = escape(4, 4.0) if quick else escape(12)
    walked = [
        (one.temperature, escape_rate(DRIVEN, one.temperature, 0.5 * DRIVEN.chain.spacing, LOW, HIGH)) for one in rates
    ]
    numbers: dict[str, Any] = {"free": free, "rates": rates, "walked": walked, "laws": {}}
    if sum(one.escapes > 0 for one in rates) > 1:
        numbers["laws"] = {law.__name__: fitted(rates, law)._asdict() for law in (arrhenius, kramers, power)}
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw squares, flights and rates."""
    figure, (above, middle, below) = style.new(2.0, rows=3)
    free = numbers["free"]
    time, scale = free["time"], 2.0 * free["time"]
    ballistic = float(acceleration(free["temperature"], 1.0))  # <v^2>/2 = 2 pi^2 T/mass
    above.errorbar(time, free["squared"] / scale, free["squared_error"] / scale, ls="", marker="o", color=style.BLUE)
    rising = np.array([time[0], 2.0 * free["diffusion_by_theory"] / ballistic])
    above.plot(rising, 0.5 * ballistic * rising, color=style.BLACK, lw=0.7, label=r"flight, $2\pi^2T\tau/\mu$")
    above.axhline(free["diffusion_by_theory"], color=style.GREY, ls="--", label="second order")
    squares = r"$\langle\Delta\sigma^2\rangle/2\tau$ $(l_\mathrm{slow}^2/t_\mathrm{slow})$"
    above.set(xscale="log", yscale="log", xlabel=style.TIME, ylabel=squares)
    above.legend(loc="lower right")
    style.label(above, "(a)")
    way = free["flights"][free["flights"] >= FREE.chain.spacing]
    middle.step(way, 1.0 - np.arange(way.size) / max(way.size, 1), where="post", color=style.BLUE)
    if way.size:
        line = np.geomspace(100.0, 1000.0, 2)
        middle.plot(line, 0.5 * (line / 100.0) ** -2, color=style.GREY, label=r"$l^{-2}$")
        middle.legend(loc="lower left")
    middle.set(xscale="log", yscale="log", xlabel=r"flight $l$ $(l_\mathrm{slow})$", ylabel="part that is longer")
    style.label(middle, "(b)")
    rates = numbers["rates"]
    found = np.array([one.escapes for one in rates if one.escapes])
    heat, spent = (np.array([getattr(one, name) for one in rates if one.escapes]) for name in ("temperature", "time"))
    walked = np.array(numbers["walked"])
    if found.size:
        error = np.sqrt(found) / spent
        below.errorbar(1.0 / heat, found / spent, np.minimum(error, 0.9 * found / spent), ls="", marker="s",
                       color=style.VERMILLION)  # fmt: skip
        grid = np.linspace(0.19, 3.0, 200)
        if fit := numbers["laws"].get(kramers.__name__):
            text = rf"$T\,e^{{-U/T}}$, $U$ = {fit['parameter']:.2f}({100 * fit['error']:.0f})"
            below.plot(grid, fit["factor"] * kramers(fit["parameter"], 1.0 / grid), "--", color=style.GREY, label=text)
    if none := [one for one in rates if not one.escapes]:  # exp(-3) = 0.05
        heat, most = np.array([(one.temperature, 3.0 / one.time) for one in none]).T
        below.plot(1.0 / heat, most, ls="", marker="v", mfc="none", color=style.VERMILLION, label="none: 95 % limit")
    below.plot(1.0 / walked[:, 0], walked[:, 1], color=style.BLACK, lw=0.8, label="walk of the energy")
    below.legend(loc="lower left")
    below.set(
        yscale="log",
        ylim=(1e-9, None),
        xlabel=r"$\hbar\Omega_\mathrm{slow}/k_\mathrm{B}T$",
        ylabel=r"rate $(1/t_\mathrm{slow})$",
    )
    style.label(below, "(c)")
    return figure
