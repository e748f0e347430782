r"""Losses against speed, refined until a line through the points is nearly the curve, resonances included.

The mean dissipation diverges like :math:`s/\sqrt{|v/v_r - 1|}` on one side of each resonance (resonances.py). Between
two resonances points lie closer and closer to both in a geometric row; then each interval is halved until the parabola
through three neighbours leaves no chord by half a percent, in the losses and in their logarithms: on either scale of
the axes.
A resonance whose singular part is above the finite side over less than 1e-9 of its speed is left out of the refinement.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation import damped
from chaintheory.dissipation.single_pass import single_pass_dissipation
from chaintheory.dissipation.steady_state import mean_dissipation
from chaintheory.drift.resonances import ResonantSpeed, ResonantSpeeds, resonant_speeds, speed_range
from chaintheory.parameters import SystemParameters, without_damping
from chaintheory.plotting.curves import plot_curves
from chaintheory.plotting.tables import html_table
from chaintheory.support.equality import EqualFields
from chaintheory.support.files import write_table
from chaintheory.support.validation import whole
from chaintheory.units import Scale, Units, scale_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

NEAREST = 1e-9  # relative distance of the last point from a resonance
FLATNESS = 4e-3  # largest deviation from a chord, relative, as a parabola through three points has it
FLOOR = 1e-12  # of the largest loss: below it the deviation is judged as if at it
ROUNDS = 30  # of halving
MOST_POINTS = 2_000_000
MOST_PEAKS = 20_000


@dataclass(frozen=True, eq=False)
class Curves(EqualFields):
    """Losses against speed; made by ``System.curves``.

    Attributes
    ----------
    speed
        Speeds in l_slow/t_slow, increasing, closer where the losses vary.
    single_pass, mean
        Energy lost per pass at these speeds in hbar Omega_slow: of a single pass (Eq. 6) and in the steady state
        (Eq. 10).
    resonances
        The speeds between which the mean dissipation is finite.
    """

    system: SystemParameters = field(repr=False)
    speed: Array = field(repr=False)
    single_pass: Array = field(repr=False)
    mean: Array = field(repr=False)
    resonances: ResonantSpeeds = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"Curves({self.speed.size} speeds from {self.speed[0]:g} to {self.speed[-1]:g}, "
            f"{len(self.resonances)} resonances)"
        )

    @cached_property
    def pieces(self) -> list[tuple[int, int]]:
        """First row and the row after the last of each piece of the curve between resonances."""
        cuts = np.unique(np.searchsorted(self.speed, [one.speed for one in self.resonances if has_peak(one)]))
        edges = [0, *(int(cut) for cut in cuts if 0 < cut < self.speed.size), self.speed.size]
        return list(pairwise(edges))

    @property
    def peaks(self) -> list[tuple[float, float]]:
        """Speed and mean dissipation of the last point on the infinite side of each resonance; nan if left out.

        >>> from chaintheory import Chain, Gaussian, System
        >>> curves = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).curves(39.0, 45.0)
        >>> [bool(height > 10.0) for _, height in curves.peaks[:1]]
        [True]
        """
        found = []
        for one in self.resonances:
            row = int(np.searchsorted(self.speed, one.speed, side="right" if one.edge == "lower" else "left"))
            row = row if one.edge == "lower" else row - 1
            inside = has_peak(one) and 0 <= row < self.speed.size
            found.append((float(self.speed[row]), float(self.mean[row])) if inside else (one.speed, np.nan))
        return found

    def plot(self, ax: Axes | None = None, *, single_pass: bool = True, units: str | Units | None = None) -> Axes:
        """Draw the losses against speed, infinite peaks as dashed lines to the top, and the bias.

        Parameters
        ----------
        ax
            Matplotlib's axes to draw into; new ones by default.
        single_pass
            Whether the loss of a single pass is drawn too.
        units
            ``"model"``, ``"SI"``, ``"metal"`` or ``Units``; by default those of the system.

        Returns
        -------
        matplotlib.axes.Axes
        """
        scale = scale_of(self.system.units, units)
        return plot_curves(self, ax, single_pass=single_pass, bias=abs(self.system.bias), scale=scale)

    def in_units(self, units: str | Units | None = None) -> xarray.Dataset:
        """The curves as an xarray Dataset over ``speed`` in other units, which its attributes name.

        >>> from chaintheory import Chain, Gaussian, System, Units
        >>> curves = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).curves(50.0, 60.0)
        >>> curves.in_units(Units(mass=6.6e-26, omega_slow=1e12)).speed.attrs["units"]
        'm/s'
        """
        import xarray

        scale = scale_of(self.system.units, units)
        attributes = {"units": scale.names["energy"]}
        return xarray.Dataset(
            {
                "single_pass_dissipation": ("speed", scale.energy * self.single_pass, attributes),
                "mean_dissipation": ("speed", scale.energy * self.mean, attributes),
            },
            {"speed": ("speed", scale.speed * self.speed, {"units": scale.names["speed"]})},
        )

    def to_xarray(self) -> xarray.Dataset:
        """The curves as an xarray Dataset over ``speed``, in the units of the model."""
        return self.in_units("model")

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each speed, in the units of the model."""
        import pandas as pd

        return pd.DataFrame(self._columns())

    def to_csv(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the rows as a table with a heading, in the units of the model; an OSError if it cannot be written.

        A table with these columns is replaced, any other file only with ``overwrite``: else a ValueError.
        """
        write_table(path, self._columns(), overwrite=overwrite)

    def _columns(self) -> dict[str, Array]:
        return {"speed": self.speed, "single_pass_dissipation": self.single_pass, "mean_dissipation": self.mean}

    def _repr_html_(self) -> str:
        scale: Scale = scale_of(self.system.units, None)
        rows: list[tuple[str, Any]] = [
            (f"speeds ({scale.names['speed']})", f"{self.speed.size}, {scale.speed * self.speed[0]:g} to "
             f"{scale.speed * self.speed[-1]:g}"),
            (f"largest loss of a single pass ({scale.names['energy']})", scale.energy * float(self.single_pass.max())),
            ("resonances, where the mean dissipation is infinite", len(self.resonances)),
        ]  # fmt: skip
        return html_table((), rows, "Losses against speed")


def curves(system: SystemParameters, lowest: float, highest: float, *, points: int = 300) -> Curves:
    """Losses between two speeds: ``System.curves``, which describes them."""
    lowest, highest = speed_range(lowest, highest)
    whole("points", points, 2, 1_000_000)
    # Next to the resonances of a chain without damping the peaks of one with damping are.
    free = replace(system, chain=without_damping(system.chain))
    resonances = resonant_speeds(free, lowest, highest)
    peaks = [one.speed for one in resonances if has_peak(one)]
    if len(peaks) > MOST_PEAKS:
        raise ValueError(
            f"lowest and highest must enclose at most {MOST_PEAKS} infinite peaks to be drawn, got {len(peaks)} "
            f"between {lowest:g} and {highest:g}; raise lowest"
        )
    speed = _start(lowest, highest, points, np.array(peaks))
    losses = _losses(system, speed)
    for _ in range(ROUNDS):
        middle = _uneven(speed, losses, np.array(peaks))
        if not middle.size or speed.size + middle.size > MOST_POINTS:
            break
        order = np.argsort(np.concatenate([speed, middle]), kind="stable")
        speed = np.concatenate([speed, middle])[order]
        losses = np.concatenate([losses, _losses(system, middle)], axis=1)[:, order]
    if system.chain.damping:
        resonances = resonant_speeds(system, lowest, highest)
    single, mean = losses
    return Curves(system, speed, single, mean, resonances)


def _losses(system: SystemParameters, speed: Array) -> Array:
    """Losses of a single pass and in the steady state, shape (2, speeds)."""
    if system.chain.damping:
        once = damped.single_pass_dissipation(system, speed, approximation="constant-velocity", method=None, log=False)
    else:
        once = single_pass_dissipation(system, speed)
    return np.stack([once, mean_dissipation(system, speed)])


def has_peak(resonance: ResonantSpeed) -> bool:
    """Whether the singular part exceeds the finite side over more than ``NEAREST`` of the speed."""
    return resonance.singularity > 0.0 and resonance.singularity**2 >= NEAREST * resonance.finite_limit**2


def _start(lowest: float, highest: float, points: int, peaks: Array) -> Array:
    """Speeds to begin with: equidistant ones, and rows that close in on each resonance from both sides."""
    parts = [np.linspace(lowest, highest, points)]
    ends = np.concatenate([[lowest], peaks, [highest]])
    for before, peak, after in zip(ends[:-2], peaks, ends[2:], strict=True):
        for side, room in ((-1.0, peak - before), (1.0, after - peak)):
            if room > 2.0 * NEAREST * peak:
                parts.append(peak + side * np.geomspace(NEAREST * peak, 0.5 * room, 24))
    speed = np.unique(np.concatenate(parts))
    return speed[~np.isin(speed, peaks)]


def _uneven(speed: Array, losses: Array, peaks: Array) -> Array:
    """Middles of the intervals in which a curve may leave its chord, none of them across a resonance.

    Two intervals are judged by the point between them: a parabola that leaves the chord of both there leaves that of
    either, in its middle, by a quarter of this times the ratio of its length to the other's.
    """
    step = np.diff(speed)
    part = step[:-1] / (speed[2:] - speed[:-2])
    before, after = 0.25 * step[:-1] / step[1:], 0.25 * step[1:] / step[:-1]
    split = np.zeros(step.size, dtype=bool)
    piece = np.searchsorted(peaks, speed)
    together = piece[2:] == piece[:-2]
    for curve in losses:
        floor = FLOOR * float(curve.max(initial=0.0))
        height = np.maximum(curve, floor) if floor else np.ones(curve.size)
        for values, allowed in ((height, FLATNESS * height[1:-1]), (np.log(height), FLATNESS)):
            bent = np.abs(values[1:-1] - values[:-2] - part * (values[2:] - values[:-2]))
            split[:-1] |= together & (before * bent > allowed)
            split[1:] |= together & (after * bent > allowed)
    # Steps that double across a bend, and neighbours that doubles hardly tell apart, stay as they are.
    split &= np.diff(speed) > 4.0 * NEAREST * speed[1:] * 1e-3
    middle = 0.5 * (speed[1:] + speed[:-1])
    return middle[split]
