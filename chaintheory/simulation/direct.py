"""The direct method: Eq. 2 verbatim, every past impulse convolved with the memory kernel, at a cost of O(T^2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.memory_kernel import half_width, propagators
from chaintheory.simulation.force_table import force_table, surplus_radius
from chaintheory.simulation.settings import kernel_portion

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaintheory.parameters import ChainParameters
    from chaintheory.simulation.light_cone import Records
    from chaintheory.simulation.settings import Run

Array = NDArray[np.float64]


def run_direct(run: Run, records: Records, tick: Callable[[int], None] | None) -> float:
    """Fill the records of a run and return the particle's interaction energy with the masses at its end."""
    from chaintheory_ext.direct import run as integrate

    chain, spacing, steps = run.system.chain, run.system.chain.spacing, run.steps
    interaction = run.system.interaction
    kind, coefficients = force_table(interaction, run.cutoff)
    kernel_cutoff = math.inf if run.kernel_cutoff is None else run.kernel_cutoff
    memory_steps = steps if kernel_cutoff >= steps * run.time_step else int(kernel_cutoff / run.time_step)
    surplus = surplus_radius(interaction, run.cutoff)
    # Masses that the particle may come near, and displacements of these in spacings: doubled until they suffice.
    span, displaced = abs(run.velocity) * steps * run.time_step + run.cutoff, 0 if surplus else 1
    while True:
        reached = span + displaced * spacing
        needed = run.bytes_of_kernels(2.0 * reached / spacing + 5.0)
        if not needed <= run.max_bytes:
            raise ValueError(
                f"speed takes the particle {span:g} far in this run, which needs about {needed / 2**20:.0f} MiB of "
                f"memory; allowed are {run.max_bytes / 2**20:.0f} MiB"
            )
        lowest = math.floor((run.position - reached) / spacing) - 2
        lags = math.ceil((run.position + reached) / spacing) + 3 - lowest
        times = run.time_step * np.arange(steps, -1.0, -1.0, dtype=np.float64)
        momentum, displacement = _kernel_rows(chain, times, lags)
        final = np.zeros(lags)
        done = integrate(
            displacement, momentum, kind == "gaussian", coefficients, run.cutoff, run.system.mass,
            run.system.bias / spacing, spacing, run.time_step, run.position,
            run.velocity / (2.0 * math.pi), lowest, memory_steps, displaced, displaced * spacing + surplus,
            *records.rows(1, steps + 1), final, tick,
        )  # fmt: skip
        if done == steps:
            r = (lowest + np.arange(lags)) * spacing + final - records.position[steps]
            within = interaction.potential(r[np.abs(r) < run.cutoff]) - interaction.potential(run.cutoff)
            return float(np.sum(within))
        if done < 0:
            displaced = max(1, 2 * displaced)
        else:
            span *= 2.0


def _kernel_rows(chain: ChainParameters, times: Array, lags: int) -> tuple[Array, Array]:
    """Momentum and displacement after an impulse, one row per lag 0 .. lags - 1, made in portions of the times."""
    rows = np.empty((2, lags, times.size))
    size = kernel_portion(lags + half_width(chain, float(times[0])))
    for first in range(0, times.size, size):
        portion = slice(first, min(first + size, times.size))
        c, s, _ = propagators(chain, times[portion], lags - 1)
        if chain.damping:  # the momentum itself
            c = c - 0.5 * chain.damping * s
        rows[0, :, portion], rows[1, :, portion] = c.T, s.T
    return rows[0], rows[1]
