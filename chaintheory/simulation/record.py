"""The result of a run, step by step and pass by pass, with its energy balance."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.text import interaction_from_text, interaction_to_text
from chaintheory.parameters import ChainParameters, SystemParameters
from chaintheory.plotting.runs import QUANTITIES, animate, plot_run
from chaintheory.plotting.tables import Passes, html_table
from chaintheory.simulation.files import format_of, read_dataset, write_dataset
from chaintheory.simulation.force_table import dropped_force
from chaintheory.simulation.light_cone import ChainSegment
from chaintheory.simulation.stated_units import in_model
from chaintheory.simulation.status import Status
from chaintheory.support.equality import EqualFields
from chaintheory.support.files import check_replaced, existing_file, unreadable, write_table
from chaintheory.support.validation import increasing, real_array, shown, whole
from chaintheory.units import Scale, Units, scale_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

PASS_FIELDS = np.dtype(
    [("time", float), ("position", float), ("speed", float), ("energy_lost", float), ("energy_absorbed", float)]
)
CROSSING_FIELDS = np.dtype([("time", float), ("position", float), ("speed", float), ("chain_energy", float)])
COLUMNS = ("time", "position", "velocity", "acceleration", "chain_energy")
FORMAT = "chaintheory trajectory 2"
_KNOWN = ("initial_interaction", "final_interaction", "position_error")


@dataclass(frozen=True)
class Balance:
    """Where the energy is at the end of a run, in units of hbar Omega_slow.

    ``particle`` + ``interaction`` + ``chain`` - ``bias_work`` is conserved; ``drift`` is by how
    much it has changed since the start (the error of the time step). ``chain`` holds the heat that damping has
    dissipated too.

    >>> print(Balance(particle=1.0, interaction=0.0, chain=0.5, bias_work=0.5, drift=0.0))
    particle 1, interaction 0, chain 0.5, work of the bias 0.5, balance off by 0
    """

    particle: float
    interaction: float
    chain: float
    bias_work: float
    drift: float

    def __str__(self) -> str:
        return (
            f"particle {self.particle:.9g}, interaction {self.interaction:.3g}, "
            f"chain {self.chain:.9g}, work of the bias {self.bias_work:.9g}, "
            f"balance off by {self.drift:.2g}"
        )


@dataclass(eq=False)
class Trajectory(EqualFields):
    """A simulated run. Times in t_slow, lengths in l_slow, energies in hbar Omega_slow.

    ``time``, ``position``, ``velocity``, ``acceleration`` and ``chain_energy`` have one length: a row for the start
    and one for each stored step. ``chain_energy`` is the mechanical energy of the chain and the heat that its damping
    has dissipated, together: what the chain has absorbed, where it was at rest at the start. ``chain_state`` is the
    chain at the end, and ``chain_state.energy(system.chain)`` its mechanical energy alone, where it was cold;
    ``displacements``, where asked for, is an xarray.Dataset with ``displacement`` (l_slow) over ``time`` (t_slow) and
    ``mass``; ``status`` says what ended the run. ``position_error`` is given for an interaction with a cusp, with
    which no time step is right to many digits: the largest difference of the positions (l_slow) from those of a run
    with twice the step. Made by ``System.simulate``, ``Trajectory.load`` and ``Trajectory.from_arrays``, which check
    what goes in and raise a ValueError.

    >>> from chaintheory import Chain, Gaussian, System
    >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01).simulate(220.0, 50.0, duration=10.0)
    >>> run.time.shape, run.passes.size, round(float(run.chain_energy[-1]), 6)
    ((501,), 12, 0.188014)
    >>> damped = System(Chain(10.0, 40.0, damping=0.5), Gaussian(2.0, 4.0)).simulate(220.0, 50.0, duration=10.0)
    >>> round(float(damped.chain_energy[-1]), 6), round(damped.chain_state.energy(damped.system.chain), 6)
    (0.160415, 0.004166)
    """

    system: SystemParameters
    time: Array
    position: Array
    velocity: Array
    acceleration: Array
    chain_energy: Array
    settings: dict[str, Any] = field(default_factory=dict)
    chain_state: ChainSegment | None = field(default=None, repr=False)
    displacements: xarray.Dataset | None = field(default=None, repr=False)
    status: Status = Status.DURATION_REACHED
    initial_interaction: float | None = field(default=None, repr=False)
    final_interaction: float | None = field(default=None, repr=False)
    position_error: float | None = None
    kept_crossings: NDArray[Any] | None = field(default=None, repr=False)
    read_from: tuple[Path, ...] = field(default=(), repr=False, compare=False)  # files that are not to be replaced

    def __repr__(self) -> str:
        return (
            f"Trajectory(tau = {self.time[0]:g} .. {self.time[-1]:g}, {self.time.size} rows, "
            f"velocity {self.velocity[0]:g} -> {self.velocity[-1]:.6g}, {self.status}; "
            f"energy: {self.balance})"
        )

    @cached_property
    def dropped_force(self) -> float:
        """Force of a mass that the run left out, relative to the largest; 0 for an interaction that was not cut.

        Tails that fall like a power are cut at 32 spacings (``settings["cutoff_radius"]``, in l_slow), whatever the
        time step, and the balance does not show it. Over ten spacings the position was off by 0.001 to 4 times so many
        spacings, in 13 random systems beside runs that were cut eight times as far.

        >>> from chaintheory import Chain, Lorentzian, System
        >>> f"{System(Chain(10.0, 40.0), Lorentzian(0.2, 4.0)).simulate(20.0, 50.0, duration=0.1).dropped_force:.1e}"
        '9.4e-08'
        """
        cutoff = self.settings.get("cutoff_radius")
        return 0.0 if cutoff is None else dropped_force(self.system.interaction, cutoff)

    @cached_property
    def speed(self) -> Array:
        """Modulus of the velocity, in l_slow/t_slow, one row per stored step.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, -50.0, duration=0.1)
        >>> float(run.velocity[0]), float(run.speed[0])
        (-50.0, 50.0)
        """
        return np.abs(self.velocity)

    @cached_property
    def kinetic_energy(self) -> Array:
        """Kinetic energy of the particle, mass speed^2/(2 (2 pi)^2) in hbar Omega_slow, one row per stored step.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> round(float(run.kinetic_energy[0]), 6)
        31.66287
        """
        return np.asarray(self.system.kinetic_energy(self.velocity))

    @cached_property
    def balance(self) -> Balance:
        """Energies at the end, in hbar Omega_slow, and by how much their sum has drifted.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.8)
        >>> abs(run.balance.drift) < 1e-6
        True
        """
        system = self.system
        particle = float(self.kinetic_energy[-1])
        chain = float(self.chain_energy[-1])
        interaction = self._interaction_energy(-1, self.chain_state, self.final_interaction)
        at_start = self._interaction_energy(0, None, self.initial_interaction)
        work = system.bias * float(self.position[-1] - self.position[0]) / system.chain.spacing
        start = float(self.kinetic_energy[0]) + at_start + float(self.chain_energy[0])
        return Balance(particle, interaction, chain, work, particle + interaction + chain - work - start)

    def _interaction_energy(self, row: int, chain: ChainSegment | None, known: float | None) -> float:
        """Interaction energy at a row: as known, or with the masses displaced as in a chain, or with none displaced."""
        if known is not None:
            return known
        cutoff = self.settings.get("cutoff_radius", self.system.interaction.reach())
        return interaction_energy(self.system, cutoff, float(self.position[row]), chain)

    def at(self, times: ArrayLike) -> tuple[Array, Array]:
        """Position and speed at any times within the run.

        Quintic Hermite interpolation through position, speed and acceleration of the stored steps: of order 6 in the
        position and 5 in the speed, its derivative. (Six rows of the speed alone give order 6, but at steps in use an
        error thirty times as large; speed and acceleration of three rows one as large.)

        Parameters
        ----------
        times
            In t_slow, any shape.

        Returns
        -------
        position, speed
            In l_slow and l_slow/t_slow, two arrays in the shape of ``times``.

        Raises
        ------
        ValueError
            Times outside the run.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> position, speed = run.at([0.0, 0.05])
        >>> position.round(2).tolist()
        [20.0, 22.5]
        """
        wanted = real_array("times", times)
        if wanted.size and not (wanted.min() >= self.time[0] and wanted.max() <= self.time[-1]):
            raise ValueError(
                f"times must lie within {self.time[0]:g} .. {self.time[-1]:g}, got {wanted.min():g} .. {wanted.max():g}"
            )
        if self.time.size == 1:
            return np.full(wanted.shape, self.position[0]), np.full(wanted.shape, self.velocity[0])
        row = np.clip(np.searchsorted(self.time, wanted, side="right") - 1, 0, self.time.size - 2)
        return self._hermite(row, wanted - self.time[row])

    def _hermite(self, row: NDArray[np.int64], after: Array) -> tuple[Array, Array]:
        """Position and speed at a time ``after`` row ``row`` (before the next row)."""
        h = self.time[row + 1] - self.time[row]
        v0, v1 = self.velocity[row], self.velocity[row + 1]
        a0, a1 = self.acceleration[row], self.acceleration[row + 1]
        # Deviations from the parabola through the first row; differences first, lest digits cancel.
        dx = self.position[row + 1] - self.position[row] - h * (v0 + 0.5 * h * a0)
        dv = h * (v1 - v0 - h * a0)
        da = h * h * (a1 - a0)
        c3, c4, c5 = (10.0 * dx - 4.0 * dv + 0.5 * da, -15.0 * dx + 7.0 * dv - da, 6.0 * dx - 3.0 * dv + 0.5 * da)
        x = after / h
        position = self.position[row] + after * (v0 + 0.5 * a0 * after) + x**3 * (c3 + x * (c4 + x * c5))
        speed = v0 + a0 * after + x * x * (3.0 * c3 + x * (4.0 * c4 + x * 5.0 * c5)) / h
        return position, speed

    @cached_property
    def crossings(self) -> NDArray[Any]:
        """Crossings of the points midway between masses, in order.

        A structured array: time (t_slow), position (of the midpoint, l_slow), speed, chain_energy (hbar Omega_slow).

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=1.0)
        >>> run.crossings["position"].tolist()
        [20.0, 60.0]
        """
        if self.kept_crossings is not None:
            return self.kept_crossings
        spacing = self.system.chain.spacing
        cell = np.floor(self.position / spacing - 0.5)
        # A start exactly midway counts as a crossing; the step that leaves it does not.
        starts_midway = self.position[0] / spacing - 0.5 == cell[0]
        if starts_midway and self.position.size > 1 and self.position[1] < self.position[0]:
            cell[0] -= 1.0
        rows = np.flatnonzero(np.diff(cell))
        hops = np.diff(cell)[rows].astype(np.int64)
        # A fast particle can pass several midpoints in one step.
        row = np.repeat(rows, np.abs(hops))
        position = np.empty(row.size)
        filled = 0
        for here, hop in zip(rows, hops, strict=True):
            between = np.arange(1, abs(hop) + 1) if hop > 0 else -np.arange(0, abs(hop))
            position[filled : filled + abs(hop)] = (cell[here] + 0.5 + between) * spacing
            filled += abs(hop)
        h = self.time[row + 1] - self.time[row]
        low, high = np.zeros(row.size), h.copy()
        rising = self.position[row + 1] > self.position[row]
        for _ in range(60):  # bisection: safe where the particle turns back within the step
            middle = 0.5 * (low + high)
            beyond = (self._hermite(row, middle)[0] > position) == rising
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        after = 0.5 * (low + high)
        result = np.zeros(row.size + int(starts_midway), dtype=CROSSING_FIELDS)
        body = result[int(starts_midway) :]
        body["time"] = self.time[row] + after
        body["position"] = position
        body["speed"] = self._hermite(row, after)[1]
        body["chain_energy"] = self._chain_energy_at(row, after / h)
        if starts_midway:
            result[0] = (self.time[0], self.position[0], self.velocity[0], self.chain_energy[0])
        return result

    def _chain_energy_at(self, row: NDArray[np.int64], fraction: Array) -> Array:
        """Chain energy within steps, by the polynomial through six stored rows around them."""
        points = min(6, self.time.size)
        first = np.clip(row - (points // 2 - 1), 0, self.time.size - points)
        x = row - first + fraction
        total = np.zeros(row.size)
        base = self.chain_energy[row] if row.size else total
        for i in range(points):
            weight = np.ones(row.size)
            for j in range(points):
                if j != i:
                    weight *= (x - j) / (i - j)
            total += weight * (self.chain_energy[first + i] - base)
        return base + total

    def thinned(self, every: int) -> Trajectory:
        """The run with every k-th of its rows, and the last; crossings and passes are those of all rows.

        Interpolation (``at``) is that of the rows that are left. A ValueError for a number below 1.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=2.0)
        >>> thin = run.thinned(10)
        >>> run.time.size, thin.time.size, bool((thin.passes == run.passes).all())  # times in t_slow
        (101, 11, True)
        """
        if whole("every", every, 1, 2**53) == 1:
            return self
        rows = np.unique(np.append(np.arange(0, self.time.size, every), self.time.size - 1))
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns, kept_crossings=self.crossings)

    def __add__(self, later: object) -> Trajectory:
        """The run, and one that started where it ended: ``simulate(..., chain=run.chain_state)``."""
        if not isinstance(later, Trajectory):
            return NotImplemented
        if later.system != self.system:
            raise ValueError("runs must be of one system to be joined")
        for name in ("position", "velocity"):
            ends, starts = float(getattr(self, name)[-1]), float(getattr(later, name)[0])
            if ends != starts:
                raise ValueError(f"a run must start where the one before it ended, got {name} {ends!r} and {starts!r}")
        start, end = float(self.time[-1]), self.time.size - 1
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(self, name)[:end], getattr(later, name)]) for name in COLUMNS
        }
        columns["time"][end:] += start
        after = later.crossings.copy()
        after["time"] += start
        if self.crossings.size and after.size and after["time"][0] == self.crossings["time"][-1]:
            after = after[1:]  # a start midway counts as a crossing
        moved = None
        if self.displacements is not None and later.displacements is not None:
            import xarray

            shifted = later.displacements.assign_coords(time=later.displacements.time + start)
            moved = xarray.concat([self.displacements, shifted.isel(time=slice(1, None))], "time")
        errors = [one.position_error for one in (self, later) if one.position_error is not None]
        return replace(
            later,
            **columns,
            displacements=moved,
            initial_interaction=self.initial_interaction,
            position_error=max(errors) if errors else None,
            kept_crossings=np.concatenate([self.crossings, after]),
            read_from=self.read_from + later.read_from,
        )

    @cached_property
    def passes(self) -> Passes:
        """Passes of one mass, from one midpoint between masses to the next; one row each.

        Fields: ``time``, ``position`` and ``speed`` at the midpoint reached; ``energy_lost`` by the
        particle since the midpoint before (kinetic energy and the work of the bias) and
        ``energy_absorbed`` by the chain in the same time, in hbar Omega_slow. Where the particle turns back and crosses
        the same midpoint again there is no pass.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=1.0)
        >>> run.passes["energy_lost"].round(4).tolist(), run.passes["energy_absorbed"].round(4).tolist()
        ([0.0137], [0.0137])
        """
        crossings = self.crossings
        if crossings.size < 2:
            return Passes.of(np.zeros(0, dtype=PASS_FIELDS), self._scale())
        kinetic = self.system.kinetic_energy(crossings["speed"])
        step = np.diff(crossings["position"])
        work = self.system.bias * step / self.system.chain.spacing
        result = np.zeros(crossings.size - 1, dtype=PASS_FIELDS)
        for name in ("time", "position", "speed"):
            result[name] = crossings[name][1:]
        result["energy_lost"] = work - np.diff(kinetic)
        result["energy_absorbed"] = np.diff(crossings["chain_energy"])
        return Passes.of(result[step != 0.0], self._scale())

    def _scale(self, units: str | Units | None = None) -> Scale:
        return scale_of(self.system.units, units)

    def plot(self, ax: Axes | None = None, *, quantity: str = "velocity", units: str | Units | None = None) -> Axes:
        r"""Draw a column of the run against time; of the velocity also its mean over each pass.

        Parameters
        ----------
        ax
            Matplotlib's axes to draw into; new ones by default.
        quantity
            ``"velocity"``, ``"speed"``, ``"position"``, ``"kinetic_energy"`` or ``"chain_energy"``.
        units
            ``"model"`` (t_slow, l_slow, hbar Omega_slow), ``"SI"``, ``"metal"`` or ``Units``; by default those of the
            system.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            An unknown quantity, or physical units of a system that has none.
        ImportError
            Where Matplotlib is missing.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=2.0)
        >>> run.plot().get_ylabel()
        'velocity ($l_\\mathrm{slow}/t_\\mathrm{slow}$)'
        """
        return plot_run(self, ax, quantity, self._scale(units))

    def animate(
        self,
        *,
        frames: int = 200,
        interval: float = 40.0,
        magnification: float | None = None,
        units: str | Units | None = None,
    ) -> FuncAnimation:
        """The chain and the particle as they move; needs ``simulate(..., chain_window=(first, last))``.

        ``run.animate().save("run.gif")`` writes a GIF (by Pillow), ``.save("run.mp4")`` a film where ffmpeg is.

        Parameters
        ----------
        frames
            Their largest number: rows of ``displacements``, evenly chosen.
        interval
            Time between frames, ms.
        magnification
            Factor of the displacements; left out, the largest is drawn as a quarter of the spacing.
        units
            As in ``plot``; times in t_slow and lengths in l_slow in the model's.

        Returns
        -------
        matplotlib.animation.FuncAnimation

        Raises
        ------
        ValueError
            A run without displacements, or a number that is not positive.

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=2.0)
        >>> run.animate()
        Traceback (most recent call last):
        ...
        ValueError: run must hold displacements to be animated: simulate(..., chain_window=(first mass, last mass))
        """
        return animate(self, frames, interval, magnification, self._scale(units))

    def in_units(self, units: str | Units | None = None) -> xarray.Dataset:
        """The rows as an xarray Dataset over ``time`` in other units, which the attributes ``units`` name.

        Parameters
        ----------
        units
            ``"SI"``, ``"metal"`` (u, angstrom, ps, eV), ``Units``, or ``"model"`` (l_slow, t_slow, hbar Omega_slow); by
            default those of the system.

        Returns
        -------
        xarray.Dataset
            ``position``, ``velocity``, ``kinetic_energy``, ``chain_energy``.

        Raises
        ------
        ValueError
            An unknown name, or physical units of a system that has none.

        >>> from chaintheory import Chain, Gaussian, System, Units
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> data = run.in_units(Units(mass=6.6e-26, omega_slow=1e12, shown="metal"))
        >>> round(float(data.velocity[0]), 4), data.velocity.attrs["units"]
        (3.1809, 'Å/ps')
        """
        import xarray

        scale = self._scale(units)
        columns = {
            name: ("time", getattr(scale, kind) * getattr(self, name), {"units": scale.names[kind]})
            for name, (_, kind) in QUANTITIES.items()
            if name != "speed"
        }
        time = ("time", scale.time * self.time, {"units": scale.names["time"]})
        return xarray.Dataset(columns, coords={"time": time})

    def to_dataframe(self) -> pd.DataFrame:
        """The rows as a pandas DataFrame, in the units of the model (t_slow, l_slow, hbar Omega_slow).

        >>> from chaintheory import Chain, Gaussian, System
        >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> list(run.to_dataframe())
        ['time', 'position', 'velocity', 'acceleration', 'chain_energy']
        """
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name) for name in COLUMNS})

    def _repr_html_(self) -> str:
        scale = self._scale()
        time, length, speed, energy = (scale.names[kind] for kind in ("time", "length", "speed", "energy"))
        heat = " and heat of its damping" if self.system.chain.damping > 0.0 else ""
        rows: list[tuple[str, Any]] = [
            (f"time ({time})", f"{scale.time * self.time[0]:g} to {scale.time * self.time[-1]:g}"),
            (f"position at the end ({length})", scale.length * float(self.position[-1])),
            (f"velocity at start and end ({speed})", f"{scale.speed * self.velocity[0]:.6g}, "
             f"{scale.speed * self.velocity[-1]:.6g}"),
            ("rows", self.time.size),
            ("passes", self.passes.size),
            (f"kinetic energy of the particle ({energy})", scale.energy * self.balance.particle),
            (f"energy of the chain{heat} ({energy})", scale.energy * self.balance.chain),
            (f"balance off by ({energy})", scale.energy * self.balance.drift),
            ("ended by", str(self.status)),
        ]  # fmt: skip
        return html_table((), rows, "A run")

    def to_xarray(self) -> xarray.Dataset:
        """Return the run as an xarray Dataset over ``time``, with units and all parameters.

        >>> from chaintheory import Chain, Gaussian, System
        >>> data = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1).to_xarray()
        >>> data.position.attrs["units"], data.attrs["spacing"]
        ('l_slow', 40.0)
        """
        import xarray

        units = {"position": "l_slow", "velocity": "l_slow/t_slow", "chain_energy": "hbar Omega_slow"}
        units["acceleration"] = "l_slow/t_slow^2"
        data: dict[str, Any] = {name: ("time", getattr(self, name), {"units": unit}) for name, unit in units.items()}
        attributes = {
            "format": FORMAT,
            **system_attributes(self.system),
            "settings": json.dumps(self.settings, sort_keys=True),
            "status": str(self.status),
        }
        for name in _KNOWN:
            if getattr(self, name) is not None:
                attributes[name] = getattr(self, name)
        if self.displacements is not None:
            times, masses, u = (self.displacements[name].values for name in ("time", "mass", "displacement"))
            data["displacement"] = (("chain_time", "chain_mass"), u, {"units": "l_slow"})
            data["chain_time"] = ("chain_time", times, {"units": "t_slow"})
            data["chain_mass"] = ("chain_mass", masses)
        if self.kept_crossings is not None:
            for name in CROSSING_FIELDS.names or ():
                data[f"crossing_{name}"] = ("crossing", self.kept_crossings[name])
        if self.chain_state is not None:
            data["chain_u"] = ("mass", self.chain_state.state[0], {"units": "l_slow"})
            data["chain_p"] = ("mass", self.chain_state.state[1], {"units": "l_slow"})
            attributes["first_mass"] = self.chain_state.origin
        return xarray.Dataset(data, coords={"time": ("time", self.time, {"units": "t_slow"})}, attrs=attributes)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the run to a NetCDF file, at once or not at all; xarray opens it. An OSError if it cannot be written.

        A file that is there is replaced if it is a saved run; any other only with ``overwrite``, and the one that this
        run was read from never: a ValueError.

        >>> import tempfile
        >>> import chaintheory as ct
        >>> system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
        >>> run = system.simulate(20.0, 50.0, duration=0.1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run.save(f"{folder}/run.nc")
        ...     bool((ct.Trajectory.load(f"{folder}/run.nc").position == run.position).all())
        True
        """
        if str(path).lower().endswith(".csv"):
            raise ValueError(
                f"path must not end in .csv, as NetCDF is written (to_csv writes tables), got {shown(str(path))}"
            )
        check_replaced(
            path,
            "a saved run",
            lambda target: format_of(target) == FORMAT,
            overwrite=overwrite,
            inputs=self.read_from,
        )
        write_dataset(path, self.to_xarray())

    def to_csv(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the rows as a table with a heading, every number with all its digits, at once or not at all.

        An OSError if it cannot be written, a ValueError for a path that cannot be. Columns: time (t_slow), position
        (l_slow), velocity, acceleration (l_slow/t_slow^2) and chain_energy (hbar Omega_slow).

        A table with these columns is replaced; any other file only with ``overwrite``, and the one that this run was
        read from never: a ValueError.

        >>> import tempfile
        >>> from pathlib import Path
        >>> import chaintheory as ct
        >>> run = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run.to_csv(f"{folder}/run.csv")
        ...     print(Path(f"{folder}/run.csv").read_text().splitlines()[0])
        time,position,velocity,acceleration,chain_energy
        """
        columns = {name: getattr(self, name) for name in COLUMNS}
        write_table(path, columns, overwrite=overwrite, inputs=self.read_from)


def read(path: str | os.PathLike[str]) -> Trajectory:
    """The run that ``Trajectory.save`` wrote to a file; ValueError, by name, for anything else."""
    data = read_dataset(existing_file("path", path), FORMAT)
    try:
        attributes = data.attrs
        system = SystemParameters(
            _chain_of(attributes),
            interaction_from_text(str(attributes["interaction"])),
            float(attributes["mass"]),
            float(attributes["bias"]),
            units=_units(attributes),
        )
        rows: dict[str, Any] = {name: np.array(data.variables[name].values, dtype=np.float64) for name in COLUMNS}
        state = None
        if "chain_u" in data:
            state = ChainSegment(
                int(attributes["first_mass"]),
                np.stack((data["chain_u"].values, data["chain_p"].values)).astype(np.float64),
            )
        displacements = None
        if "displacement" in data:
            times, masses, u = (np.array(data[name].values) for name in ("chain_time", "chain_mass", "displacement"))
            displacements = displacements_of(times, masses, u)
        crossings = None
        if "crossing_time" in data:
            crossings = np.zeros(data.sizes["crossing"], dtype=CROSSING_FIELDS)
            for name in CROSSING_FIELDS.names or ():
                crossings[name] = data[f"crossing_{name}"].values
        settings = json.loads(str(attributes["settings"]))
        status = Status(str(attributes["status"]))
        check_columns(rows, given=status is Status.GIVEN)
        if not isinstance(settings, dict) or not (status is Status.GIVEN or float(settings["cutoff_radius"]) >= 0.0):
            raise ValueError("its settings are incomplete")
        if state is not None and not np.isfinite(state.state).all():
            raise ValueError("its chain holds numbers that are not finite")
        known: dict[str, Any] = {name: float(attributes[name]) for name in _KNOWN if name in attributes}
        return Trajectory(
            system,
            **rows,
            settings=settings,
            chain_state=state,
            displacements=displacements,
            status=status,
            kept_crossings=crossings,
            read_from=(Path(path).absolute(),),
            **known,
        )
    except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError) as problem:
        raise ValueError(f"{path} is not a whole trajectory file: {unreadable(problem)}") from None


def _chain_of(attributes: Any) -> ChainParameters:
    """The chain that the attributes of a file describe."""
    spacing = float(attributes["spacing"])
    if "omega_fast" in attributes:
        return ChainParameters(float(attributes["omega_fast"]), spacing)
    couplings = json.loads(str(attributes["couplings"]))
    confinement, damping = float(attributes["confinement"]), float(attributes["damping"])
    return ChainParameters.from_springs(confinement, couplings, spacing, damping)


def from_arrays(
    system: SystemParameters,
    time: ArrayLike,
    position: ArrayLike,
    velocity: ArrayLike | None,
    chain_energy: ArrayLike | None,
) -> Trajectory:
    """``Trajectory.from_arrays``, which describes it."""
    from scipy.interpolate import make_interp_spline

    if not isinstance(system, SystemParameters):
        raise TypeError(f"system must be a System, got {shown(system)}")
    given = {"time": time, "position": position, "velocity": velocity, "chain_energy": chain_energy}
    columns = {name: column for name, column in given.items() if column is not None or name in ("time", "position")}
    rows: dict[str, Any] = dict(in_model(columns, system.units))
    if rows["time"].ndim != 1 or rows["time"].size < 2:
        raise ValueError(f"time must be one-dimensional with at least 2 rows, got shape {rows['time'].shape}")
    for name, column in rows.items():
        if column.shape != rows["time"].shape:
            raise ValueError(f"{name} must have the shape {rows['time'].shape} of time, got {column.shape}")
    increasing("time", rows["time"])
    degree = 5 if rows["time"].size > 5 else 1

    def derivative(column: Array) -> Array:
        return np.asarray(make_interp_spline(rows["time"], column, k=degree)(rows["time"], 1), dtype=np.float64)

    if velocity is None:
        rows["velocity"] = derivative(rows["position"])
    rows["acceleration"] = derivative(rows["velocity"])
    rows.setdefault("chain_energy", np.full(rows["time"].size, math.nan))
    return Trajectory(system, **rows, settings={"method": "given"}, status=Status.GIVEN)


def displacements_of(times: Array, masses: NDArray[np.int64], displacement: Array) -> xarray.Dataset:
    """Displacements (times by masses) as a Dataset."""
    import xarray

    coordinates = {"time": ("time", times, {"units": "t_slow"}), "mass": ("mass", masses)}
    return xarray.Dataset({"displacement": (("time", "mass"), displacement, {"units": "l_slow"})}, coordinates)


def interaction_energy(system: SystemParameters, cutoff: float, sigma: float, chain: ChainSegment | None) -> float:
    """Interaction energy of the particle with the masses within the cutoff radius, counted from its value there.

    The force is cut at that radius, so that this is the energy that the motion conserves.
    """
    potential = system.interaction.potential
    edge = float(potential(cutoff))
    return sum_over_masses(system, cutoff, sigma, chain, lambda r: potential(r) - edge)


def check_columns(rows: dict[str, Array], *, given: bool) -> None:
    """ValueError unless columns have one length, are finite, and time increases; a given run may lack energies."""
    time = rows["time"]
    if time.ndim != 1 or not time.size or any(row.shape != time.shape for row in rows.values()):
        raise ValueError("its columns differ in length")
    if not all(np.isfinite(row).all() for name, row in rows.items() if not (given and name == "chain_energy")):
        raise ValueError("its columns hold numbers that are not finite")
    if np.any(np.diff(time) <= 0.0):
        raise ValueError("its times do not increase")


def sum_over_masses(
    system: SystemParameters,
    cutoff: float,
    sigma: float,
    chain: ChainSegment | None,
    function: Callable[[Array], Array],
) -> float:
    """Sum of a function of the distances of the masses within the cutoff radius, displaced as in ``chain``."""
    spacing = system.chain.spacing
    displaced = 0.0 if chain is None else float(np.max(np.abs(chain.state[0]), initial=0.0))
    around = math.ceil((cutoff + displaced) / spacing) + 1
    masses = round(sigma / spacing) + np.arange(-around, around + 1)
    shift = np.zeros(masses.size) if chain is None else chain.window(int(masses[0]), masses.size).state[0]
    r = masses * spacing + shift - sigma
    return float(np.sum(function(r[np.abs(r) < cutoff])))


def system_attributes(system: SystemParameters) -> dict[str, float | str]:
    """All parameters of a system, as attributes of a file."""
    chain = system.chain
    described: dict[str, float | str] = {"omega_fast": chain.omega_fast} if chain.minimal else {
        "confinement": chain.confinement, "couplings": json.dumps(chain.couplings), "damping": chain.damping,
    }  # fmt: skip
    attributes: dict[str, float | str] = {
        **described,
        "spacing": chain.spacing,
        "mass": system.mass,
        "bias": system.bias,
        "interaction": interaction_to_text(system.interaction),
    }
    if system.units is not None:
        attributes["chain_mass_kg"] = system.units.mass
        attributes["omega_slow_rad_per_s"] = system.units.omega_slow
        attributes["units_shown"] = system.units.shown
    return attributes


def _units(attributes: dict[Any, Any]) -> Units | None:
    """The physical units among the attributes of a file; None where there are none."""
    if "chain_mass_kg" not in attributes:
        return None
    return Units(
        float(attributes["chain_mass_kg"]), float(attributes["omega_slow_rad_per_s"]), str(attributes["units_shown"])
    )
