r"""Resonances: speeds at which the mean dissipation diverges on one side.

At a mean speed v the emitted phonons lie where the line x v/spacing crosses the band omega(x). There are
speeds at which the line only touches the band: two roots merge, and with them the mean dissipation
diverges like :math:`s/\sqrt{|v/v_r - 1|}` with the coefficient

.. math:: s = A(\omega)\,\frac{v_r}{\alpha}\sqrt{\frac{2}{|\omega''|\,\omega}} .

At the lower edge of the band, near spacing/n, it diverges on the fast side of :math:`v_r`; at the upper
edge, near 2 spacing omega_fast/(2 n + 1), on the slow side. The other side stays finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation import damped
from chaintheory.dissipation.single_pass import energy_emitted
from chaintheory.dissipation.steady_state import contributions, cutoff_speed, decay_in_x, excited
from chaintheory.lattice import any_band
from chaintheory.lattice.dispersion import band_edges, curvature, frequency_curvature
from chaintheory.lattice.resonance_condition import batches, tangencies
from chaintheory.parameters import SystemParameters, without_damping
from chaintheory.plotting.curves import plot_resonances
from chaintheory.plotting.tables import Table
from chaintheory.support.validation import scale
from chaintheory.units import Units, scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chaintheory_ext.curves import TangencyTable

Array = NDArray[np.float64]

EDGES = ("lower", "upper")
MOST_RESONANCES = 1e6
MERGED = 1e-5  # distance in x within which rounding leaves the two roots that coalesce at a resonance
MOST_ROOTS = 3e6  # in the finite sides of all of them: some seconds


@dataclass(frozen=True)
class ResonantSpeed:
    """A speed at which the line x v/spacing touches the band.

    Attributes
    ----------
    speed
        The speed of the tangent line.
    edge
        ``"lower"`` (infinite just above ``speed``) or ``"upper"`` (infinite just below).
    n
        Number of the period: near spacing/n, or near 2 spacing omega_fast/(2 n + 1); in a chain with more springs there
        may be several with one number.
    root
        x at which the line touches the band.
    singularity
        The mean dissipation diverges like singularity/sqrt(abs(v/speed - 1)).
    finite_limit
        Limit of the mean dissipation on the other side; in a chain with damping the mean dissipation there, and the
        singularity is 0.

    """

    speed: float
    edge: str
    n: int
    root: float
    singularity: float
    finite_limit: float

    @property
    def side(self) -> float:
        """On which side the mean dissipation is infinite: 1.0 above the speed, at a lower edge; -1.0 below it.

        >>> ResonantSpeed(40.0, "upper", 1, 1.0, singularity=0.25, finite_limit=0.5).side
        -1.0
        """
        return 1.0 if self.edge == "lower" else -1.0

    def root_beside(self, level: float, farthest: float) -> tuple[float, float, float]:
        """Where finite_limit + singularity/sqrt(abs(v/speed - 1)) is a level: speed, relative distance and slope there.

        The distance is at most ``farthest``, which it is for a level below the finite limit. Where the peak is too thin
        for doubles the speed is the resonance's. The slope stays finite, as that of a root.

        >>> ResonantSpeed(40.0, "lower", 1, 1.0, singularity=0.25, finite_limit=0.5).root_beside(1.5, farthest=0.1)
        (42.5, 0.0625, -0.2)
        """
        margin = level - self.finite_limit
        distance = min((self.singularity / margin) ** 2, farthest) if margin > 0.0 else farthest
        with np.errstate(divide="ignore", over="ignore"):
            slope = float(-self.side * np.float64(margin) / (2.0 * np.float64(distance) * self.speed))
        return self.speed * (1.0 + self.side * distance), distance, min(max(slope, -1e300), 1e300)


class ResonantSpeeds(Table[ResonantSpeed]):
    """The resonances in a range of speeds, sorted; a list with ``to_dataframe()`` and ``plot()``."""

    title = "resonances (speed in l_slow/t_slow, energies in hbar Omega_slow)"

    def __init__(
        self,
        found: Iterable[ResonantSpeed] = (),
        units: Units | None = None,
        within: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(found)
        self.units, self.within = units, within

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary for each resonance, in the units of the model."""
        names = ("speed", "edge", "n", "root", "singularity", "finite_limit")
        return [{name: getattr(one, name) for name in names} for one in self]

    def plot(self, ax: Axes | None = None, *, units: str | Units | None = None) -> Axes:
        """Singularity and finite limit of each resonance against its speed; a remark where there is none."""
        return plot_resonances(self, ax, scale_of(self.units, units), self.within)


def resonant_speeds(system: SystemParameters, lowest: float, highest: float) -> ResonantSpeeds:
    """All resonances between two speeds: ``System.resonant_speeds``, which describes them."""
    lowest, highest = speed_range(lowest, highest)
    found = resonances_within(system, lowest, highest, MOST_RESONANCES, MOST_ROOTS)
    if system.chain.damping:  # the line touches the band, and the mean dissipation is finite
        limits = damped.mean_dissipation(system, np.array([one.speed for one in found]))
        found = [
            replace(one, singularity=0.0, finite_limit=float(limit)) for one, limit in zip(found, limits, strict=True)
        ]
    return ResonantSpeeds(found, system.units, (lowest, highest))


def resonances_within(
    system: SystemParameters, lowest: float, highest: float, most_resonances: float, most_roots: float
) -> list[ResonantSpeed]:
    """``resonant_speeds`` with bounds of the work that what is done with them may take."""
    chain = system.chain
    low, high = lowest / chain.spacing, highest / chain.spacing
    lowest_frequency, top = band_edges(chain)
    total = (lowest_frequency + top) * max(len(chain.couplings), 1) * (1.0 / low - 1.0 / high)
    if total > most_resonances:
        raise ValueError(
            f"lowest and highest must enclose at most {most_resonances:.0e} resonances, "
            f"got about {total:.3g} between {lowest:g} and {highest:g}"
        )
    if not chain.minimal:
        return _in_any_chain(system, low, high)
    touching = [_Touching(system, edge, low, high) for edge in EDGES]
    roots = sum(float(edge.count.sum()) for edge in touching)
    if roots > most_roots:
        raise ValueError(
            f"lowest and highest must enclose resonances with at most {most_roots:.0e} roots above the cutoff, "
            f"got {roots:.3g} between {lowest:g} and {highest:g}"
        )
    return sorted((item for edge in touching for item in edge.resonances()), key=lambda item: item.speed)


def speed_range(lowest: float, highest: float) -> tuple[float, float]:
    """The two speeds, positive and in order."""
    lowest, highest = scale("lowest", lowest), scale("highest", highest)
    if not highest > lowest:
        raise ValueError(f"highest must be greater than lowest ({lowest:g}), got {highest:g}")
    return lowest, highest


def _in_any_chain(system: SystemParameters, low: float, high: float) -> list[ResonantSpeed]:
    """The resonances of any springs: every extremum of omega(x)/x, a minimum being a lower edge.

    With damping they are finite peaks, listed where those of the same chain without it are.
    """
    chain = without_damping(system.chain)
    system = replace(system, chain=chain)
    x, slope, minimum = any_band.tangencies(chain, low, high)
    order = np.argsort(slope, kind="stable")
    x, slope, minimum = x[order], slope[order], minimum[order]
    omega, speed = slope * x, slope * chain.spacing
    theta = math.pi * (x - np.floor(x))
    bend = np.asarray(curvature(chain, omega, slope, theta))
    strength = energy_emitted(system, omega, speed) * slope * np.sqrt(2.0 / (np.abs(bend) * omega))
    finite = np.zeros(x.shape)
    for lines, found in excited(system, speed):
        energy = contributions(system, speed[lines], found.owner, found.omega, found.group)
        merges = np.abs(found.period + found.offset - x[lines][found.owner]) < MERGED
        finite[lines] = np.bincount(found.owner, np.where(merges, 0.0, energy), minlength=lines.size)
    # Near spacing/n at a lower edge, between n and n + 1 at an upper one.
    number = np.where(minimum, np.rint(x), np.floor(x))
    columns = (speed, minimum, number, x, strength, finite)
    return [
        ResonantSpeed(v, "lower" if least else "upper", int(n), at, s, f)
        for v, least, n, at, s, f in zip(*(c.tolist() for c in columns), strict=True)
    ]


class _Touching:
    """The lines that touch one edge of the band, for slopes from ``low`` to ``high``."""

    def __init__(self, system: SystemParameters, edge: str, low: float, high: float) -> None:
        self.system, self.edge, tangents = system, edge, tangencies(system)
        column, top = (0, 1.0) if edge == "lower" else (2, system.chain.omega_fast)
        first = max(tangents.onset, math.floor(top / high) - 2.0)
        period = np.arange(first, max(first, math.ceil(top / low)) + 3.0)
        offset, slope = tangents.resonances(period)[:, column : column + 2].T
        inside = (slope >= low) & (slope <= high)
        self.period, self.offset, self.slope = period[inside], offset[inside], slope[inside]
        self.above = np.flatnonzero(self.slope * system.chain.spacing > cutoff_speed(system))
        self.first, self.last, self.count = tangents.ranges(self.slope[self.above], *decay_in_x(system))

    def resonances(self) -> list[ResonantSpeed]:
        """The resonances."""
        system, slope = self.system, self.slope
        omega, speed = slope * (self.period + self.offset), slope * system.chain.spacing
        curvature = frequency_curvature(omega, slope, np.cos(2.0 * math.pi * self.offset), system.chain.omega_fast)
        singularity = energy_emitted(system, omega, speed) * slope * np.sqrt(2.0 / (np.abs(curvature) * omega))
        columns = (speed, self.period, self.period + self.offset, singularity, self.finite_limit())
        return [
            ResonantSpeed(v, self.edge, int(n), x, s, f)
            for v, n, x, s, f in zip(*(c.tolist() for c in columns), strict=True)
        ]

    def finite_limit(self) -> Array:
        """Mean dissipation without the two roots that merge at each resonance."""
        tangents = tangencies(self.system)
        result = np.zeros(self.slope.shape)
        for part in batches(self.count):
            lines = self.above[part]
            slope = self.slope[lines]
            start, stop = merging_pieces(tangents, self.edge, self.period[lines])
            owner, n, offset, omega, group = tangents.roots(slope, self.first[part], self.last[part])
            energy = contributions(self.system, slope * self.system.chain.spacing, owner, omega, group)
            merges = (n + offset > start[owner]) & (n + offset < stop[owner])
            result[lines] = np.bincount(owner, np.where(merges, 0.0, energy), slope.size)
        return result


def merging_pieces(tangents: TangencyTable, edge: str, period: Array) -> tuple[Array, Array]:
    """The two monotone pieces of omega(x)/x on both sides of each point of contact, from start to stop."""
    if edge == "lower":
        before = period - 1.0 + tangents.resonances(np.maximum(period - 1.0, tangents.onset))[:, 2]
        return np.where(period > tangents.onset, before, 0.0), period + tangents.resonances(period)[:, 2]
    return period + tangents.resonances(period)[:, 0], period + 1.0 + tangents.resonances(period + 1.0)[:, 0]
