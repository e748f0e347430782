"""
The exact steady drift
======================

A travelling wave of particle and chain, without approximation: both balances of it agree to rounding.
"""

import chaintheory as ct

system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0))
wave = system.travelling_wave(30.0)
wave.plot()
print(f"exact {wave.bias:.8f}, second order {float(system.mean_dissipation(30.0)):.8f}")
print(f"energy balance {wave.energy_balance:.0e}; {'stable' if wave.stable else 'unstable'}")
