"""
The memory kernel
=================

The displacement of a mass after a unit impulse on another, Eq. (5). What arrives before the sound is tiny, and falls
faster than any power of the distance.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

chain = ct.Chain(omega_fast=10.0, spacing=40.0)
times = np.linspace(0.0, 2.0, 800)
kernel = chain.memory_kernel([0, 10, 30], times)

figure, ax = plt.subplots()
for lag, row in zip((0, 10, 30), kernel):
    (line,) = ax.plot(times, row, label=f"lag {lag}")
    ax.axvline(lag * chain.spacing / chain.sound_speed, color=line.get_color(), ls=":", lw=1)
ax.set(xlabel=r"time $\tau$ ($t_\mathrm{slow}$)", ylabel=r"$\Gamma_n(\tau)$", title="dotted: arrival of sound")
ax.legend()
