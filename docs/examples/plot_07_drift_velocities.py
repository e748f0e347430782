"""
Drift velocities at a bias
==========================

Where the mean loss balances the bias, by kind; certified as roots of Eq. (10).
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)
found = system.drift_velocities(12.0, 170.0)

figure, ax = plt.subplots()
speed = np.linspace(12.0, 170.0, 5000)
ax.semilogy(speed, system.mean_dissipation(speed), lw=0.8, color="grey")
ax.axhline(system.bias, color="black", ls=":", lw=0.8)
for kind, marker in (("stable", "o"), ("unstable", "x"), ("locked", "s")):
    some = [v.speed for v in found if v.kind == kind]
    ax.plot(some, [system.bias] * len(some), marker, label=f"{kind}: {len(some)}")
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel=r"mean loss per pass ($\hbar\Omega_\mathrm{slow}$)")
ax.set(ylim=(1e-3, 1.0))
ax.legend()
