"""
How far to trust second order
=============================

``validity`` estimates it from recoil, varying speed, loss and capture; here beside the ratio of the exact value to
Eq. (10).
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
speed = np.linspace(24.0, 38.0, 200)
value = system.validity(speed).value
few = np.linspace(24.0, 38.0, 8)
ratio = system.mean_dissipation(few, approximation="travelling-wave") / system.mean_dissipation(few)

figure, ax = plt.subplots()
ax.fill_between(speed, value, 1 / value, alpha=0.2, label="expected")
ax.plot(few, ratio, "o", label="exact / Eq. (10)")
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel="ratio")
ax.legend()
