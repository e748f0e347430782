"""Displacements of a window of masses at times apart, as a run goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chaintheory.simulation.record import displacements_of

if TYPE_CHECKING:
    import xarray

    from chaintheory.simulation.light_cone import LightCone
    from chaintheory.simulation.settings import Run

Array = NDArray[np.float64]


@dataclass
class Pictures:
    """Displacements of the masses in ``chain_window`` at the ends of blocks, with the steps done there."""

    run: Run
    taken: list[tuple[int, Array]] = field(default_factory=list)

    def take(self, state: LightCone) -> None:
        """Store the displacements of a state."""
        if self.run.chain_window is not None:
            first, last = self.run.chain_window
            self.taken.append((state.steps_done, state.displaced(first, last - first + 1).state[0]))

    def dataset(self) -> xarray.Dataset | None:
        """The displacements (l_slow) over ``time`` (t_slow) and ``mass``, or None where none were asked for."""
        if self.run.chain_window is None:
            return None
        first, last = self.run.chain_window
        times = self.run.time_step * np.array([step for step, _ in self.taken])
        return displacements_of(times, np.arange(first, last + 1), np.stack([one for _, one in self.taken]))
