"""What rows of a trajectory say of the motion: speeds midway between masses, the loss in each pass, and their errors.

Midway between masses the motion is smooth. There the speed is the slope of a polynomial through the rows around. Its
error has two parts: the scatter of the rows about the polynomial, and the change from one order of the polynomial to
the next. The number of rows and the order with the smallest error are taken, the same for the whole trajectory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaintheory.parameters import SystemParameters
from chaintheory.simulation.record import from_arrays
from chaintheory.simulation.settings import fall_speed
from chaintheory.simulation.stated_units import in_model
from chaintheory.support.validation import increasing
from chaintheory.units import scale_of

Array = NDArray[np.float64]

# Rows on each side of a point, and pairs of orders, that are tried.
ROWS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
ORDERS = ((1, 3), (3, 5), (5, 7))
# Half of the way that a polynomial spans, in spacings: one that spans several cells sees the mean speed only.
CELL = 0.45
# Errors by which a slope with a smaller one may differ: where the spacing is not known, polynomials over several cells,
# which see the mean speed in every order, differ by more.
AGREE = 2.0
# Longest way between two rows, in widths and in spacings: beyond these the polynomials of order 7 see no pass, and
# their change from order to order does not bound their error (measured in tests/physics/test_your_data.py).
WIDTHS, SPACINGS = 1.0, 0.11
LEAST_ROWS = 16
# Times the fastest motion that the other rows and the wells of the chain allow: farther, the particle was displaced.
JUMP = 4.0


@dataclass(frozen=True)
class Rows:
    """Rows of a trajectory, checked: positions, or speeds at their extrema (one a pass), or both."""

    time: Array
    position: Array | None
    velocity: Array | None

    @property
    def duration(self) -> float:
        """From the first row to the last, in t_slow."""
        return float(self.time[-1] - self.time[0])

    @property
    def seen(self) -> Array:
        """What is compared: positions, or velocities where there are no positions."""
        seen = self.velocity if self.position is None else self.position
        assert seen is not None
        return seen


@dataclass(frozen=True)
class Midpoints:
    """Where the particle was midway between masses: time, position, velocity, and the error of the velocity."""

    time: Array
    position: Array
    velocity: Array
    error: Array
    noise: float


def checked_rows(system: SystemParameters, time: object, position: object, velocity: object) -> Rows:
    """The rows as arrays of doubles; ValueError or TypeError, in one line, for what cannot be a trajectory."""
    if position is None and velocity is None:
        raise ValueError("position must be given, or the speed at its extrema")
    given = {"time": time, "position": position, "velocity": velocity}
    columns = in_model(
        {name: column for name, column in given.items() if column is not None or name == "time"}, system.units
    )
    times = columns["time"]
    if times.ndim != 1:
        raise ValueError(f"time must be one-dimensional, got shape {times.shape}")
    for name, column in columns.items():
        if column.shape != times.shape:
            raise ValueError(f"{name} must have the {times.size} rows of time, got shape {column.shape}")
    least = LEAST_ROWS if "position" in columns else 3
    if times.size < least:
        raise ValueError(f"time must have at least {least} rows, got {times.size}")
    increasing("time", times)
    return Rows(times, columns.get("position"), columns.get("velocity"))


def refuse_jumps(system: SystemParameters, rows: Rows) -> None:
    """ValueError where the particle jumps from one row to the next."""
    if rows.position is None:
        return
    way, pace, fastest = _ways(system, rows)
    jumps = np.flatnonzero((pace > JUMP * fastest) & (way > _longest(system)))
    if jumps.size:
        row = int(jumps[0])
        raise ValueError(
            f"position must be continuous, got {rows.position[row]:g} and then {rows.position[row + 1]:g} in row "
            f"{row + 1}; unwrap it where it was folded into a periodic box (xu in LAMMPS, np.unwrap with period=)"
        )


def too_coarse(system: SystemParameters, rows: Rows) -> str | None:
    """What is wrong where the particle goes too far between two rows, with the step that would do."""
    if rows.position is None:
        return None
    way, _, fastest = _ways(system, rows)
    longest = _longest(system)
    # Steps that are rare are gaps, which harm only the passes around them.
    if float(np.quantile(way, 0.95)) <= longest:
        return None
    scale = scale_of(system.units, None)
    time, length = scale.names["time"], scale.names["length"]
    return (
        f"time must have rows at most {0.8 * longest / fastest * scale.time:.2g} {time} apart, so that the particle "
        f"moves at most {longest * scale.length:.3g} {length} between two, got "
        f"{float(np.median(np.diff(rows.time))) * scale.time:.2g} {time} apart"
    )


def _longest(system: SystemParameters) -> float:
    return min(WIDTHS * system.interaction.width, SPACINGS * system.chain.spacing)


def _ways(system: SystemParameters, rows: Rows) -> tuple[Array, Array, float]:
    """Way and mean speed between rows, and the fastest motion that most of these and the wells of the chain allow."""
    assert rows.position is not None
    way = np.abs(np.diff(rows.position))
    pace = way / np.diff(rows.time)
    return way, pace, math.hypot(float(np.quantile(pace, 0.95)), fall_speed(system, system.interaction.reach()))


def midpoints(system: SystemParameters, rows: Rows) -> Midpoints:
    """The passages midway between masses, with speeds from local polynomials (module docstring)."""
    assert rows.position is not None
    crossings = from_arrays(system, rows.time, rows.position, None, None).crossings
    if rows.velocity is not None:
        own = from_arrays(system, rows.time, rows.position, rows.velocity, None).crossings
        if own.size == crossings.size:
            error = np.abs(own["speed"] - crossings["speed"]) / 16.0  # order 5 of the derivative, against order 6
            return Midpoints(own["time"], own["position"], own["speed"], error, 0.0)
    if not crossings.size:
        nothing = np.empty(0)
        return Midpoints(nothing, nothing, nothing, nothing, 0.0)
    found = slopes(
        rows.time, rows.position, crossings["time"], crossings["position"], within=CELL * system.chain.spacing
    )
    return Midpoints(found.time, crossings["position"], found.velocity, found.error, found.noise)


@dataclass(frozen=True)
class Slopes:
    """Slopes of local polynomials: when, how steep, with what error; the scatter of the rows."""

    time: Array
    velocity: Array
    error: Array
    noise: float


def slopes(
    time: Array,
    position: Array,
    near: Array,
    level: Array | None = None,
    within: float = math.inf,
    noise: float | None = None,
) -> Slopes:
    """Velocities near some times, where the position is at a level (or just at those times), and their errors.

    Rows are used as far as ``within`` on each side, or four of them; ``noise`` is the scatter of the rows, if known.

    >>> t = np.linspace(0.0, 1.0, 50)
    >>> found = slopes(t, 3.0 * t + t**2, np.array([0.5]))
    >>> round(float(found.velocity[0]), 9), bool(found.error[0] < 1e-9)
    (4.0, True)
    """
    noise = scatter(time, position, near) if noise is None else noise
    best: Slopes | None = None
    usual = float(np.median(np.abs(np.diff(position))))
    for half in ROWS:
        if 2 * half > time.size or (half > ROWS[0] and half * usual > within):
            break
        fits = {}
        for order in sorted({order for pair in ORDERS for order in pair}):
            if order < 2 * half:
                fits[order] = _fit(time, position, near, level, half, order)
        for low, high in ORDERS:
            if high not in fits:
                continue
            at, velocity, spread = fits[high]
            change = np.abs(velocity - fits[low][1])
            # The change at one point may vanish by chance: the largest of three neighbours, not counting those whose
            # rows lie to one side, at the ends.
            whole = np.searchsorted(time, near) == _windows(time, near, half) + half
            padded = np.pad(np.where(whole, change, 0.0), 1)
            change = np.max(np.stack([padded[:-2], change, padded[2:]]), axis=0)
            found = Slopes(at, velocity, np.hypot(change, noise * spread), noise)
            if best is None or (
                float(np.median(found.error)) < float(np.median(best.error))
                and float(np.median(np.abs(velocity - best.velocity) / best.error)) <= AGREE
            ):
                best = found
    assert best is not None
    return best


def scatter(time: Array, position: Array, near: Array, half: int = 6) -> float:
    """Scatter of the rows about a polynomial of order 9 through 2 half of them: noise, and digits that were cut off."""
    order = 9
    first = _windows(time, near, half)
    index = first[:, None] + np.arange(2 * half)
    scaled = _scaled(time, index)
    basis = np.polynomial.legendre.legvander(scaled, order)
    q, _ = np.linalg.qr(basis)
    values = position[index] - position[first][:, None]
    rest = values - np.einsum("nij,nj->ni", q, np.einsum("nij,ni->nj", q, values))
    # So many squares are left of each window; the median of their sum (Wilson and Hilferty) no gap spoils.
    left = 2 * half - order - 1
    median = 2.0 * math.log(2.0) if left == 2 else left * (1.0 - 2.0 / (9.0 * left)) ** 3
    with np.errstate(over="ignore"):  # positions beyond all sense, which are refused
        return math.sqrt(float(np.median(np.sum(rest**2, axis=1))) / median)


def _windows(time: Array, near: Array, half: int) -> NDArray[np.int64]:
    """First rows of windows of 2 half rows around some times."""
    return np.clip(np.searchsorted(time, near) - half, 0, time.size - 2 * half)


def _scaled(time: Array, index: NDArray[np.int64]) -> Array:
    """Times of windows, scaled to -1 .. 1."""
    window = time[index]
    middle = 0.5 * (window[:, :1] + window[:, -1:])
    return (window - middle) / (0.5 * (window[:, -1:] - window[:, :1]))


def _fit(
    time: Array, position: Array, near: Array, level: Array | None, half: int, order: int
) -> tuple[Array, Array, Array]:
    """Time and slope of polynomials of an order through windows, and the spread of the slope for rows of unit noise."""
    first = _windows(time, near, half)
    index = first[:, None] + np.arange(2 * half)
    scale = 0.5 * (time[first + 2 * half - 1] - time[first])
    middle = 0.5 * (time[first + 2 * half - 1] + time[first])
    base = position[first + half]
    legendre = np.polynomial.legendre
    basis = legendre.legvander(_scaled(time, index), order)
    solve = np.linalg.pinv(basis)
    coefficients = np.einsum("nij,nj->ni", solve, position[index] - base[:, None])
    derivative = legendre.legder(np.eye(order + 1))  # of each polynomial, in the same basis

    def values(x: Array) -> Array:
        return np.asarray(legendre.legvander(x, order), dtype=np.float64)

    def rates(x: Array) -> Array:
        return np.asarray(legendre.legvander(x, order - 1) @ derivative)

    x = (near - middle) / scale
    if level is not None:
        for _ in range(8):
            height = np.sum(values(x) * coefficients, axis=1) - (level - base)
            rate = np.sum(rates(x) * coefficients, axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                move = np.where(rate != 0.0, height / rate, 0.0)
            x = np.clip(x - move, -1.2, 1.2)
    gradient = rates(x)
    velocity = np.sum(gradient * coefficients, axis=1) / scale
    spread: Array = np.sqrt(np.sum(np.einsum("ni,nij->nj", gradient, solve) ** 2, axis=1)) / scale
    return middle + scale * x, velocity, spread
