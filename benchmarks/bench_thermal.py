"""A chain at a temperature: rate of passes beside a plain NumPy ring, recoil in their mean, and what long runs do.

python -m benchmarks thermal
"""

from __future__ import annotations

import math
import time
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import xlogy

import chaintheory as ct
from benchmarks.common import Figure, at_least, at_most, median_seconds
from chaintheory.drift.escape import escape_rate
from chaintheory.figures.thermal_walk import DRIVEN, DURATIONS, HEAT, HIGH, LOW, escape, walk
from chaintheory.lattice.thermal_field import SAMPLINGS, ThermalField
from chaintheory.simulation.walks import (
    arrhenius,
    diffusion_constant,
    fitted,
    growth,
    kramers,
    power,
    sampled_runs,
    thermal_starts,
)

TITLE = "A chain at a temperature"

PASSES, SPEED, TEMPERATURE = 100_000, 50.0, 5.0
RING = 96  # masses of the plain ring
RECOIL = ((50.0, 0.1), (50.0, 0.2), (30.0, 0.3), (30.0, 1.0))  # speeds and masses
PAIRS = 60_000


def ring_losses(system: ct.System, passes: int, seed: int = 0) -> np.ndarray:
    """Losses of passes in plain rings of 96 masses, all at once: exact flow, steps of 1/8 fast period."""
    random = np.random.default_rng(seed)
    omega = system.chain.frequency(np.arange(RING // 2 + 1) * (math.pi / RING))
    energy = 0.5 * omega / np.tanh(0.5 * omega / TEMPERATURE)
    noise = np.fft.rfft(random.standard_normal((2, passes, RING)))
    u, p = (
        np.fft.irfft(np.sqrt(energy) / power * part, n=RING) for part, power in zip(noise, (omega, 1.0), strict=True)
    )
    step = 1.0 / (8.0 * system.chain.omega_fast)
    cosine, sine = np.cos(2.0 * math.pi * step * omega), np.sin(2.0 * math.pi * step * omega)
    position, q = np.full(passes, -28.0), np.full(passes, SPEED / (2.0 * math.pi))
    amplitude, width = 2.0, 4.0
    for _ in range(math.ceil(1.1 * 56.0 / SPEED / step)):
        r = u[:, 0] - position
        slope = -amplitude / width**2 * r * np.exp(-0.5 * (r / width) ** 2)
        p[:, 0] -= 2.0 * math.pi * step * slope
        q += 2.0 * math.pi * step * slope
        modes_u, modes_p = np.fft.rfft(u), np.fft.rfft(p)
        u = np.fft.irfft(cosine * modes_u + sine / omega * modes_p, n=RING)
        p = np.fft.irfft(cosine * modes_p - omega * sine * modes_u, n=RING)
        position += 2.0 * math.pi * step * q
    return 0.5 * ((SPEED / (2.0 * math.pi)) ** 2 - q**2)


def rate() -> list[Figure]:
    """Wall time of 100,000 passes, and of the plain ring for as many."""
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    plain = 1000
    slow = median_seconds(lambda: ring_losses(system, plain), 3) / plain
    fast = median_seconds(lambda: system.sample_losses(SPEED, TEMPERATURE, PASSES), 1)
    return [
        at_most("100,000 passes at a temperature", fast, 12.0, "s"),
        at_least(
            "plain NumPy ring / passes", slow * PASSES / fast, 5.0, "", note=f"{1e3 * slow:.2f} ms a pass in the ring"
        ),
    ]


def field(rings: int = 16, size: int = 1 << 20) -> list[Figure]:
    """Energies and correlations in sampled fields, off the exact ones, times the root of the number of fields.

    The energies are read off the field after some time: kinetic and potential, in each quarter of the modes.
    """
    chain, lags, times = ct.Chain(10.0, 40.0), np.array([0, 1, 2, 5]), np.array([0.0, 0.1, 0.4])
    omega = chain.frequency(np.arange(size // 2 + 1) * (math.pi / size))
    figures = []
    for sampling in SAMPLINGS:
        exact = chain.thermal_correlation(lags, times, TEMPERATURE, sampling)
        energy = 0.5 * omega / np.tanh(0.5 * omega / TEMPERATURE) if sampling == "quantum" else TEMPERATURE
        found, parts = np.zeros(exact.shape), np.zeros((2, 4))
        for seed in range(rings):
            sampled = ThermalField.sampled(chain, TEMPERATURE, sampling, seed, 0, size)
            u, _ = sampled.window(0.0, 0, size)
            for j, time_apart in enumerate(times):
                later, p = sampled.window(time_apart, 0, size)
                found[:, j] += [np.mean(u * np.roll(later, -lag)) / rings for lag in lags]
            for row, modes in enumerate((np.fft.rfft(p), omega * np.fft.rfft(later))):
                quarters = np.array_split(np.abs(modes) ** 2 / (size * energy), 4)
                parts[row] += [quarter.mean() / rings for quarter in quarters]
        for what, off in (("energies", parts - 1.0), ("correlations", (found - exact) / exact[0, 0])):
            figures.append(
                at_most(f"{what} of the field, {sampling}, off", math.sqrt(rings) * float(np.abs(off).max()), 1e-2,
                        "/sqrt(fields)", note=f"largest of {off.size}, {rings} rings of {size}")
            )  # fmt: skip
    return figures


def recoil() -> list[Figure]:
    """Mean losses of a light particle beside Delta - (1/2) dVar/dE, in standard errors, and Delta's distance."""
    figures = []
    for speed, mass in RECOIL:
        system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(0.3, 4.0), mass=mass)
        predicted = float(system.single_pass_dissipation(speed, temperature=TEMPERATURE, sampling="classical"))
        cold = float(system.single_pass_dissipation(speed))
        for antithetic in (True, False):
            draw = partial(system.sample_losses, speed, TEMPERATURE, 2 * PAIRS, seed=7, sampling="classical")
            losses = draw(antithetic=antithetic)
            mean, error, _ = ct.block_mean(losses)
            off = (mean - predicted) / error
            what = f"recoil, mass {mass:g}, v {speed:g}, {'antithetic' if antithetic else 'independent'}"
            note = (
                f"{mean:.3e} +- {error:.1e}, with recoil {predicted:.3e}, without {cold:.3e} "
                f"({(mean - cold) / error:.1f} errors away)"
            )
            figures.append(at_most(what, abs(off), 3.0, "errors", note))
    return figures


def detailed_balance(bins: int = 4, starts: int = 10, samples: int = 3000) -> list[Figure]:
    """Flux of energies exp(-E/T) p(E -> E') between bins, there and back: chi-squared of strongly coupled passes."""
    figures = []
    for amplitude, width, low, high in ((2.0, 4.0, 10.0, 12.0), (4.0, 2.0, 14.0, 18.0)):
        system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(amplitude, width))
        edges = np.linspace(low, high, bins + 1)
        flux, squared = np.zeros((bins, bins)), np.zeros((bins, bins))
        for i, energy in enumerate(low + (high - low) / (bins * starts) * (np.arange(bins * starts) + 0.5)):
            speed = float(system.speed_of_energy(energy))
            losses = system.sample_losses(speed, TEMPERATURE, samples, seed=i, sampling="classical")
            after, weight = np.histogram(energy - losses, edges)[0], math.exp(-energy / TEMPERATURE)
            flux[i // starts] += after * weight
            squared[i // starts] += after * weight**2
        there, back = np.triu_indices(bins, 1)
        differences = (flux - flux.T)[there, back] ** 2 / (squared + squared.T)[there, back]
        what = f"detailed balance at E = {low:g} to {high:g}: chi-squared of {there.size}"
        # 22.5 is exceeded once in a thousand times.
        figures.append(at_most(what, float(differences.sum()), 22.5))
    return figures


def long_run() -> list[Figure]:
    """Memory and time of a hot run of tau = 1000."""
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    before, start = resident(), time.perf_counter()
    run = system.simulate(220.0, 50.0, 1000.0, temperature=TEMPERATURE, seed=1)
    seconds, used = time.perf_counter() - start, resident() - before
    off = abs(run.balance.drift)
    return [
        at_most("hot run, tau = 1,000", seconds, 10.0, "s"),
        at_most("its memory", used, 200.0, "MiB", f"energy balance off by {off:.1e}"),
    ]


def long_times(runs: int = 128, duration: float = 400.0, driven: int = 32) -> list[Figure]:
    """Equilibrium, diffusion and flights of free runs, and laws of the escape from a drift; some minutes."""
    free = walk(runs, duration, seed=20_000)
    mean, error = free["kinetic_energy"], free["kinetic_energy_error"]
    squares = [f"{t:g}: {m / (2 * t):.0f}({e / (2 * t):.0f})" for t, m, e in
               zip(free["time"], free["squared"], free["squared_error"], strict=True)]  # fmt: skip
    last = free["squared"][-1] / (2.0 * free["time"][-1])
    sigma = free["squared_error"][-1] / (2.0 * free["time"][-1])
    tails = free["tail"]
    exponents = [f"{length:g}: {value:.2f}({100 * off:.0f})" for length, _, value, off in tails]
    figures = [
        at_most("kinetic energy, off T/2", abs(mean - 0.5 * HEAT) / error, 3.0, "errors",
                note=f"{mean:.3f} +- {error:.3f}"),
        at_most("squares over 2 t, off second order", abs(last - free["diffusion_by_theory"]) / sigma, 3.0, "errors",
                ", ".join(squares)),
        at_least("growth of the exponent of the tail", tails[-1][2] - tails[0][2], 1.0, "", ", ".join(exponents)),
    ]  # fmt: skip
    rates = escape(driven, seed=20_000)
    freedom = len(DURATIONS) - 2
    for law in (kramers, power, arrhenius):
        fit = fitted(rates, law)
        note = f"parameter {fit.parameter:.2f} +- {fit.error:.2f}, {sum(one.escapes for one in rates)} escapes"
        most = math.inf if law is arrhenius else 2.0 * freedom + 4.0
        what = f"escape, {law.__name__}: chi-squared of {freedom}"
        figures.append(at_most(what, fit.deviance, most, "", note))
    found = np.array([one.escapes for one in rates])
    start = 0.5 * DRIVEN.chain.spacing
    expected = np.array([one.time * escape_rate(DRIVEN, one.temperature, start, LOW, HIGH) for one in rates])
    off = 2.0 * float(np.sum(xlogy(found, found / expected) - found + expected))
    # The walk has no parameter; it is up to twice as fast where the chain is hot.
    note = f"expected {', '.join(f'{one:.1f}' for one in expected)}; found {', '.join(map(str, found))}"
    what = f"escape, walk of the energy: chi-squared of {len(DURATIONS)}"
    figures.append(at_most(what, off, math.inf, "", note))
    return figures


def normal_diffusion(runs: int = 192, duration: float = 60.0, every: float = 0.2) -> list[Figure]:
    """Growth of the squares where passes follow each other so closely that a speed is forgotten within a few t_slow."""
    system = ct.System(ct.Chain(10.0, 4.0), ct.Gaussian(8.0, 1.0))
    x, _ = sampled_runs(system, *thermal_starts(system, HEAT, runs, 9), duration, every, HEAT, 0.007, seed=90_000)
    lags = (20, 40, 60)
    exponents = [growth(x, lag, 2 * lag) for lag in lags]
    found, theory = diffusion_constant(x, every, 60, 120), float(system.diffusion(HEAT))
    v = system.capture_speed + np.linspace(1e-4, 70.0, 1501)
    weight = v * np.exp(-system.kinetic_energy(v) / HEAT)
    losses = (system.mean_dissipation(v), system.single_pass_dissipation(v))
    steady = theory * float(np.divide(*(np.trapezoid(weight / loss, v) for loss in losses)))
    note = ", ".join(f"{every * lag:g}-{2 * every * lag:g}: {p.value:.2f}({100 * p.error:.0f})"
                     for lag, p in zip(lags, exponents, strict=True))  # fmt: skip
    early = diffusion_constant(x, every, 20, 40)
    return [
        at_most("slope of squares from 12 to 24, off that from 4 to 8",
                abs(found.value - early.value) / math.hypot(found.error, early.error), 3.0, "errors",
                f"exponents {note}"),
        at_most("relative error of that slope", found.error / found.value, 0.15, "",
                note=f"D = {found.value:.0f} +- {found.error:.0f}; second order {theory:.0f} for passes apart, "
                     f"{steady:.0f} with the mean dissipation"),
    ]  # fmt: skip


def resident() -> float:
    """Largest resident memory so far, MiB; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM"))


def measure() -> list[Figure]:
    """Run all and print them."""
    figures = [*rate(), *long_run(), *field(), *recoil(), *detailed_balance(), *normal_diffusion(), *long_times()]
    return figures
