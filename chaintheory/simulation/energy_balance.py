"""Whether the energies of a run add up, and its time step still resolves the motion: looked at after each block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chaintheory.simulation.force_table import depth
from chaintheory.simulation.light_cone import Records
from chaintheory.simulation.record import Balance, Trajectory
from chaintheory.simulation.settings import LEAST, Run, time_scale

# Part of the energy that the chain took up by which a run's balance may be off.
BALANCE_TOLERANCE = 1e-2
# Largest energy, in units of the depth of the interaction times (step/time scale)^order, by which a splitting's own
# conserved energy differs from the true one while the particle is near a mass: h^2/6 by the formula for order 2; about
# three times what was measured of orders 4 and 6 over 300 runs each.
SHADOW = {2: 0.5, 4: 0.1, 6: 0.05}
# Rounding of the energies, relative to the largest, in a step.
ROUNDING = 1e-15


class EnergyBalanceError(RuntimeError):
    """The energies of a run (hbar Omega_slow) no longer add up: its time step does not resolve the motion.

    Raised by ``System.simulate``; a RuntimeError.

    >>> issubclass(EnergyBalanceError, RuntimeError)
    True
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class TooFast(Exception):
    """The particle has become so fast that the time step chosen for its start no longer resolves its motion."""


@dataclass
class Watch:
    """Largest speed (l_slow/t_slow), way travelled (l_slow), and what a hot chain gave and took (energy)."""

    run: Run
    fastest: float = 0.0
    travelled: float = 0.0
    exchanged: float = 0.0

    def follow(self, records: Records, first: int, last: int) -> None:
        """Take in the rows from ``first`` to ``last``; TooFast where the step chosen no longer resolves them."""
        rows = slice(first, last + 1)
        self.fastest = max(self.fastest, float(np.max(np.abs(records.velocity[rows]))))
        self.travelled += float(np.sum(np.abs(np.diff(records.position[rows]))))
        if self.run.temperature is not None:
            self.exchanged += float(np.sum(np.abs(np.diff(records.energy[rows]))))
        if not self.run.resolves(self.fastest):
            raise TooFast

    def check(self, ends: Trajectory, steps: int) -> None:
        """EnergyBalanceError unless the energies at start and end (the first and last row) add up."""
        balance = ends.balance
        allowed = self.allowed(balance, float(ends.chain_energy[0]), steps)
        if not abs(balance.drift) <= allowed:
            raise EnergyBalanceError(
                f"the energy balance broke before tau = {ends.time[-1]:g}, where it may be off by {allowed:.2g}: "
                f"{balance}; take more than {self.run.rate:g} steps_per_fast_period"
            )

    def allowed(self, balance: Balance, chain_at_start: float, steps: int) -> float:
        """By how much the energy balance may be off after so many steps (hbar Omega_slow).

        A part of what the chain took up; the difference between the energy that the splitting conserves and the true
        one; for a force that jumps (at the cutoff radius, at a cusp), half a step of the jump for each mass passed, on
        both sides; rounding.
        """
        run, system, interaction = self.run, self.run.system, self.run.system.interaction
        deepest = depth(interaction, run.cutoff)
        taken = max(abs(balance.chain - chain_at_start), self.exchanged)
        steps_in_scale = max(time_scale(system, run.cutoff, self.fastest, 0.0) / run.time_step, LEAST[run.order])
        # With s continuous derivatives of the interaction the difference falls like step^(s + 1) only.
        order = min(run.order, interaction.smoothness + 1.0)
        shadow = SHADOW[run.order] * deepest * steps_in_scale**-order
        jump = abs(float(interaction.slope(run.cutoff)))
        if not interaction.smooth:
            jump += abs(float(interaction.slope(1e-9 * interaction.width)))
        around = 2.0 * (run.cutoff / system.chain.spacing + 1.0)
        jumps = jump * self.fastest * run.time_step * (around + self.travelled / system.chain.spacing)
        largest = float(system.kinetic_energy(self.fastest)) + deepest * around + abs(balance.chain)
        return BALANCE_TOLERANCE * taken + shadow + jumps + ROUNDING * largest * (steps + 1)
