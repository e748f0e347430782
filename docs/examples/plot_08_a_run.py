"""
A run in the infinite chain
===========================

The energy of a run: what the particle loses, the chain takes.
"""

import matplotlib.pyplot as plt

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)
run = system.simulate(position=220.0, speed=30.0, duration=60.0)

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
early = run.time < 6.0
left.plot(run.time[early], run.velocity[early])
left.set(xlabel=r"time $\tau$ ($t_\mathrm{slow}$)", ylabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)")
right.plot(run.time, run.chain_energy)
right.set(xlabel=r"time $\tau$ ($t_\mathrm{slow}$)", ylabel=r"energy of the chain ($\hbar\Omega_\mathrm{slow}$)")
print(run)
