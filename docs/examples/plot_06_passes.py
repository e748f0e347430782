"""
From one pass to many
=====================

The mean loss over the first N passes joins Eq. (6) to Eq. (10); a resonance is sharp only after hundreds.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
speed = np.linspace(36.0, 46.0, 250)

figure, ax = plt.subplots()
for passes in (1, 10, 100):
    ax.plot(speed, system.finite_pass_dissipation(speed, passes), label=f"$N = {passes}$", lw=1)
ax.plot(speed, system.mean_dissipation(speed), "k--", lw=1, label="no end, Eq. (10)")
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel=r"mean loss per pass ($\hbar\Omega_\mathrm{slow}$)")
ax.set(ylim=(0.0, 0.06))
ax.legend()
