"""Losses of one pass of a hot chain: mean and deviation against speed, and the spectrum of a quantum chain."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaintheory.figures import style
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

TITLE = "Losses in a chain at a temperature"
CAPTION = """(a) Standard deviation of the loss of one pass at k_B T = 0, 5 and 25 (amplitude 2, width 4): second order
with the width broadened by the thermal displacement, and simulated passes (dots, with their standard errors).
(b) Probability density of the losses of a heavy particle in a quantum chain (amplitude 20, speed 120), k_B T = 0 and 2:
phonons of the band, from 1 to 10, one by one and together; gains are suppressed by exp(-L/T)."""

TEMPERATURES = (0.0, 5.0, 25.0)


def compute(*, quick: bool = False) -> dict[str, Any]:
    """Return deviations by theory and from simulated passes, and two spectra."""
    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
    speed = np.linspace(24.0, 80.0, 15 if quick else 57)
    simulated = np.linspace(25.0, 80.0, 4 if quick else 12)
    samples = 500 if quick else 3000
    numbers: dict[str, Any] = {"deviations": []}
    for heat in TEMPERATURES:
        losses = [system.sample_losses(float(v), heat, samples, seed=1) for v in simulated]
        numbers["deviations"].append(
            {
                "temperature": heat,
                "speed": speed,
                "theory": np.sqrt(system.loss_variance(speed, heat, broadening=True)),
                "simulated_speed": simulated,
                "simulated": np.array([one[np.isfinite(one)].std() for one in losses]),
                "samples": samples,
            }
        )
    strong = System(Chain(10.0, 40.0), Gaussian(20.0, 4.0))
    loss = np.linspace(-12.0, 30.0, 2101)
    numbers["spectra"] = [
        {"temperature": heat, "loss": loss, "density": strong.loss_distribution(120.0, heat).density(loss)}
        for heat in (0.0, 2.0)
    ]
    return numbers


def draw(numbers: dict[str, Any]) -> style.Figure:
    """Draw deviations above spectra."""
    figure, (above, below) = style.new(1.2, rows=2)
    colors = (style.BLUE, style.ORANGE, style.VERMILLION)
    for one, color in zip(numbers["deviations"], colors, strict=True):
        above.plot(one["speed"], one["theory"], color=color, label=f"T = {one['temperature']:g}")
        error = one["simulated"] / np.sqrt(2.0 * one["samples"])
        above.errorbar(one["simulated_speed"], one["simulated"], error, ls="", marker="o", ms=2.4, color=color)
    above.set(xlabel=style.SPEED, ylabel=r"deviation of the loss $(\hbar\Omega_\mathrm{slow})$", ylim=(0.0, 1.3))
    above.legend(loc="upper right", ncols=3)
    style.label(above, "(a)")
    for one, color in zip(numbers["spectra"], colors, strict=False):
        below.plot(one["loss"], np.maximum(one["density"], 1e-12), color=color, label=f"T = {one['temperature']:g}")
    below.set(xlabel=style.LOSS, ylabel=r"density $(1/\hbar\Omega_\mathrm{slow})$", yscale="log", ylim=(1e-7, 1.0))
    below.legend(loc="upper right")
    style.label(below, "(b)")
    return figure
