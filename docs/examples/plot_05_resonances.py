"""
Resonances of both band edges
=============================

The mean dissipation is infinite on one side of each resonance: from above at the lower band edge, from below at the
upper.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
resonances = system.resonant_speeds(18.0, 170.0)
near = 1.0 + np.concatenate([-np.geomspace(1e-6, 1e-2, 40), np.geomspace(1e-6, 1e-2, 40)])
beside = np.outer([r.speed for r in resonances], near)
speed = np.unique(np.concatenate([np.linspace(18.0, 170.0, 2000), beside.ravel()]))

figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.semilogy(speed, system.mean_dissipation(speed), lw=1)
for r in resonances:
    ax.axvline(r.speed, color="C1" if r.edge == "lower" else "C2", ls=":", lw=0.8)
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel=r"mean loss per pass ($\hbar\Omega_\mathrm{slow}$)")
ax.set(title="dotted: resonances of the lower (orange) and upper (green) edge", ylim=(1e-4, 1.0))
