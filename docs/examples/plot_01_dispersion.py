"""
The phonon band
===============

Frequency and group velocity of the chain's phonons, Eq. (1). The largest group velocity is the sound speed.
"""

import matplotlib.pyplot as plt
import numpy as np

import chaintheory as ct

chain = ct.Chain(omega_fast=10.0, spacing=40.0)
theta = np.linspace(0.0, np.pi / 2, 400)
omega = chain.frequency(theta)
# The phase between neighbours is 2 theta, and a frequency of 1 is 2 pi per unit of time.
group = np.pi * chain.spacing * np.gradient(omega, theta)

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
left.plot(2 * theta / np.pi, omega)
left.set(xlabel=r"wave number $q a/\pi$", ylabel=r"frequency ($\Omega_\mathrm{slow}$)")
right.plot(2 * theta / np.pi, group)
right.axhline(chain.sound_speed, color="grey", ls=":", label="sound speed")
right.set(xlabel=r"wave number $q a/\pi$", ylabel=r"group velocity ($l_\mathrm{slow}/t_\mathrm{slow}$)")
right.legend()
print(f"sound speed {chain.sound_speed:.4f}, largest group velocity {group.max():.4f}")
