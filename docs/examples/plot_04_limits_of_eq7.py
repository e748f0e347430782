"""
Eq. (7) and its fast limit
==========================

Fast particles lose like the inverse fourth power of the speed, Eq. (8), slow ones exponentially little. The limit is
read from the ledger, not typed.
"""

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

import chaintheory as ct
from derivations.ledger import find
from derivations.notation import amplitude, omega_fast, width
from derivations.notation import speed as v

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
speed = np.geomspace(8.0, 1000.0, 300)

paper = {amplitude: 2, width: 4, omega_fast: 10}
fast = sp.lambdify(v, find("eq08_fast_limit").formula.rhs.subs(paper))

figure, ax = plt.subplots()
exact = system.single_pass_dissipation(speed)
ax.loglog(speed, exact, label="Eq. (7)")
ax.loglog(speed, fast(speed), "--", label="Eq. (8), fast")
ax.set(xlabel=r"speed ($l_\mathrm{slow}/t_\mathrm{slow}$)", ylabel=r"loss in a pass ($\hbar\Omega_\mathrm{slow}$)")
ax.set(ylim=(1e-9, 1.0))
ax.legend()
print(f"Eq. (8) over Eq. (7) at the speed 1000: {fast(1000.0) / exact[-1]:.4f}")
