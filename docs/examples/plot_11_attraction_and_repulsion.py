"""
Attraction and repulsion
========================

Second order cannot distinguish them. The static-lattice approximation and the third order do.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

chain = ct.Chain(omega_fast=10.0, spacing=40.0)
speed = np.linspace(20.0, 40.0, 40)

figure, ax = plt.subplots()
for amplitude, color in ((0.5, "C0"), (-0.5, "C1")):
    system = ct.System(chain, ct.Gaussian(amplitude, 4.0))
    static = system.single_pass_dissipation(speed, approximation="static-lattice")
    third = system.single_pass_dissipation(speed, approximation="third-order")
    ax.plot(speed, static, color=color, label=f"static lattice, amplitude {amplitude:+g}")
    ax.plot(speed, third, "--", color=color, label=f"third order, amplitude {amplitude:+g}")
ax.plot(speed, system.single_pass_dissipation(speed), "k:", label="second order, both")
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel=r"loss in a pass ($\hbar\Omega_\mathrm{slow}$)")
ax.legend(fontsize=8)
