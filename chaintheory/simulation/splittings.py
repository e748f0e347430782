"""Splittings of the equations of motion: kicks of the interaction between exact free flows.

The kinetic energy is quadratic and the chain harmonic, so that the free motion (chain and particle
apart) is known exactly and the time step is limited by the interaction alone. Order 2 is the map of
the published code; orders 4 and 6 are the Runge-Kutta-Nystroem splittings SRKN_6^b and SRKN_11^b of
Blanes and Moan, J. Comput. Appl. Math. 142 (2002) 313, tables 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scheme:
    """A symmetric splitting that begins and ends a step with half of its first kick.

    ``kicks[q]`` and ``flows[q]`` are fractions of the time step: the q-th kick (the first being
    both halves of the kick at the step's ends) and the free flow that follows it.
    """

    order: int
    kicks: tuple[float, ...]
    flows: tuple[float, ...]

    @property
    def stages(self) -> int:
        """Kicks in one step."""
        return len(self.kicks)

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """Times of the kicks within a step, as fractions of it (not always rising)."""
        return np.concatenate(([0.0], np.cumsum(self.flows)[:-1]))


def _symmetric(order: int, kicks: list[float], flows: list[float]) -> Scheme:
    """Complete a scheme from the coefficients of its first half, as they are published."""
    if len(kicks) > len(flows):  # the middle is a kick
        kicks = [*kicks, 1.0 - 2.0 * sum(kicks)]
        flows = [*flows, 0.5 - sum(flows)]
        inner, all_flows = kicks[1:] + kicks[-2:0:-1], flows + flows[::-1]
    else:  # the middle is a flow
        kicks = [*kicks, 0.5 - sum(kicks)]
        flows = [*flows, 1.0 - 2.0 * sum(flows)]
        inner, all_flows = kicks[1:] + kicks[:0:-1], flows + flows[-2::-1]
    return Scheme(order, (2.0 * kicks[0], *inner), tuple(all_flows))


SCHEMES = {
    2: Scheme(2, (1.0,), (1.0,)),
    4: _symmetric(
        4,
        kicks=[0.0829844064174052, 0.3963098014983680, -0.0390563049223486],
        flows=[0.2452989571842710, 0.6048726657110800],
    ),
    6: _symmetric(
        6,
        kicks=[0.0414649985182624, 0.1981286719180670, -0.0400061921041533, 0.0752539843015807, -0.0115113874206879],
        flows=[0.1232297759462710, 0.2905537977995580, -0.1270492126254170, -0.2463317610620750, 0.3572088727959280],
    ),
}
