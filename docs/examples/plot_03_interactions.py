"""
Shapes of the interaction
=========================

One amplitude, one width, six shapes: how fast the transform falls decides the loss of slow particles.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

chain = ct.Chain(omega_fast=10.0, spacing=40.0)
speed = np.geomspace(8.0, 300.0, 200)

figure, ax = plt.subplots()
for shape in (ct.Gaussian, ct.Exponential, ct.Lorentzian, ct.Sech2, ct.SoftenedCoulomb, ct.SquareWell):
    system = ct.System(chain, shape(amplitude=0.1, width=4.0))
    ax.loglog(speed, system.single_pass_dissipation(speed), label=shape.__name__)
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel=r"loss in a pass ($\hbar\Omega_\mathrm{slow}$)")
ax.set(ylim=(1e-9, 1e-1))
ax.legend(fontsize=8)
