"""
Capture
=======

An attracted particle that is slow enough is caught. The run ends by itself when it has turned back four times.
"""

import matplotlib.pyplot as plt

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=-2.0, width=4.0))
run = system.simulate(position=220.0, speed=2.0, duration=600.0, events=ct.Trapped(turning_points=4))
print(f"{run.status} at tau = {run.time[-1]:.1f}")

figure, ax = plt.subplots()
ax.plot(run.time, run.position / system.chain.spacing)
ax.set(xlabel=r"time $\tau$ ($t_\mathrm{slow}$)", ylabel="position (lattice spacings)")
