"""
Why a resonance has one infinite side
=====================================

A phonon is excited where the line of the particle meets the band. At a resonance the line is tangent: a faster particle
has two roots there, close together and with large weights, a slower one has none.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

chain = ct.Chain(omega_fast=10.0, spacing=40.0)
system = ct.System(chain, ct.Gaussian(amplitude=2.0, width=4.0))
resonance = next(r for r in system.resonant_speeds(15.0, 25.0) if r.edge == "lower")
x = np.linspace(0.0, 3.0, 6001)
band = chain.frequency(np.pi * x)

figure, (whole, near) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
for ax in (whole, near):
    ax.plot(x, band, color="black", lw=1.5)
for factor, label in ((1.02, "2 % faster: two roots"), (1.0, "at the resonance"), (0.98, "2 % slower: none")):
    line = factor * resonance.speed / chain.spacing * x
    roots = np.flatnonzero(np.diff(np.sign(band - line)))
    for ax in (whole, near):
        drawn = ax.plot(x, line, lw=1.2, label=label)
        if factor != 1.0:
            ax.plot(x[roots], line[roots], "o", ms=5, color=drawn[0].get_color())
whole.set(xlabel=r"$x = q a/2\pi$", ylabel=r"frequency ($\Omega_\mathrm{slow}$)", xlim=(0, 3), ylim=(0, 10.5))
near.set(
    xlabel=r"$x$", xlim=(1.98, 2.03), ylim=(0.95, 1.08), title=f"near x = {resonance.n}, speed {resonance.speed:.4f}"
)
near.legend(fontsize=8, loc="lower right")
